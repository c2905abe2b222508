// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every implementation of every suite: published packets, all lengths against
 * the reference, and that a forged packet yields nothing.
 */
#include "selftest.h"

#include <linux/bottom_half.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <uapi/linux/vtun.h>

#include "../compat.h"
#include "../crypto_impl.h"

#define ICV_LEN		16
#define MAX_TEXT	1600
#define BUF_LEN		(VTUN_SEAL_HEAD + MAX_TEXT + VTUN_CRYPTO_TAIL)

/* memory of one test run; @buf is what the cipher works on */
struct bench {
	const struct vtun_suite *suite;
	const struct vtun_crypto_ops *ops;
	struct vtun_crypto c;
	u8 iv[16];
	u8 key[VTUN_KEY_MAX];
	u8 plain[MAX_TEXT];
	u8 want[MAX_TEXT + ICV_LEN];
	u8 buf[BUF_LEN];
};

static u8 *text_of(struct bench *b)
{
	return b->buf + VTUN_SEAL_HEAD;
}

static int run(struct bench *b, struct vtun_crypto_op *op, bool seal)
{
	int err;

	op->text = text_of(b);
	local_bh_disable();
	err = seal ? b->ops->seal(&b->c, op) : b->ops->open(&b->c, op);
	local_bh_enable();
	return err;
}

static int complain(const struct bench *b, const char *what,
		    const struct vtun_crypto_op *op)
{
	pr_err("vtun: %s by %s: %s, %u octets, esn %d\n", b->suite->name,
	       b->ops->describe(&b->c), what, op->len, op->esn);
	return -EINVAL;
}

/* seals @plain to get @want, opens it to get @plain again */
static int there_and_back(struct bench *b, struct vtun_crypto_op *op)
{
	unsigned int iv_len = b->suite->iv_len;
	u8 *text = text_of(b);

	op->iv = b->iv;
	memcpy(text, b->plain, op->len);
	if (run(b, op, true))
		return complain(b, "seal refused", op);
	if (memcmp(text, b->want, op->len + ICV_LEN))
		return complain(b, "seal is wrong", op);
	if (memcmp(text - iv_len, op->iv, iv_len))
		return complain(b, "IV is not in its place", op);
	memset(b->buf, 0xa5, VTUN_SEAL_HEAD - iv_len);
	memset(text + op->len + ICV_LEN, 0x5a, VTUN_CRYPTO_TAIL - ICV_LEN);
	if (run(b, op, false))
		return complain(b, "open refused", op);
	if (memcmp(text, b->plain, op->len))
		return complain(b, "open is wrong", op);
	return 0;
}

static int test_kat(struct bench *b, const struct esp_kat *kat)
{
	unsigned int len = strlen(kat->plain) / 2;
	struct vtun_crypto_op op = {
		.spi = cpu_to_be32(kat->spi),
		.esn = kat->esn,
		.seq = kat->seq,
		.len = len,
	};
	int err;

	if (len > MAX_TEXT || strlen(kat->key) / 2 != b->suite->key_len)
		return 0;
	if (hex2bin(b->key, kat->key, b->suite->key_len) ||
	    hex2bin(b->key + b->suite->key_len, kat->salt, 4) ||
	    hex2bin(b->iv, kat->iv, 8) ||
	    hex2bin(b->plain, kat->plain, len) ||
	    strlen(kat->packet) != 2 * (16 + len + ICV_LEN) ||
	    hex2bin(b->want, kat->packet + 2 * 16, len + ICV_LEN)) {
		pr_err("vtun: vector %s is malformed\n", kat->name);
		return -EINVAL;
	}
	err = vtun_crypto_init_with(&b->c, b->ops, b->suite, b->key);
	if (err)
		return err;
	err = there_and_back(b, &op);
	if (err)
		pr_err("vtun: vector %s failed\n", kat->name);
	b->ops->destroy(&b->c);
	return err;
}

static int test_len(struct bench *b, unsigned int len, bool esn)
{
	struct vtun_crypto_op op = { .esn = esn, .len = len };
	u8 nonce[12], aad[12];

	get_random_bytes(&op.spi, sizeof(op.spi));
	get_random_bytes(&op.seq, sizeof(op.seq));
	get_random_bytes(b->iv, 8);
	get_random_bytes(b->plain, len);
	memcpy(nonce, b->key + b->suite->key_len, 4);
	memcpy(nonce + 4, b->iv, 8);
	memcpy(aad, &op.spi, 4);
	put_unaligned_be64(op.seq, aad + 4);
	if (!esn)
		put_unaligned_be32(lower_32_bits(op.seq), aad + 4);
	memcpy(b->want, b->plain, len);
	vtun_reference_seal(b->suite->encr, b->key, b->suite->key_len, nonce,
			    aad, esn ? 12 : 8, b->want, len, b->want + len);
	return there_and_back(b, &op);
}

/* one wrong bit anywhere: refused, and no plaintext in the memory */
static int test_forgery(struct bench *b, unsigned int len)
{
	struct vtun_crypto_op good = {
		.spi = cpu_to_be32(0x12345678), .seq = 7, .len = len,
	};
	unsigned int bit, bits = 8 * (len + ICV_LEN);
	u8 *text = text_of(b);

	get_random_bytes(b->plain, len);
	memcpy(text, b->plain, len);
	if (run(b, &good, true))
		return complain(b, "seal refused", &good);
	memcpy(b->want, text, len + ICV_LEN);
	for (bit = 0; bit < bits + 64 + 64; bit += 1 + bit / 128) {
		struct vtun_crypto_op op = good;

		memcpy(text, b->want, len + ICV_LEN);
		put_unaligned_be64(good.seq, text - 8);
		if (bit < bits)
			text[bit / 8] ^= 1 << bit % 8;
		else if (bit < bits + 32)
			op.spi ^= cpu_to_be32(1U << (bit - bits));
		else if (bit < bits + 64)
			op.seq ^= 1U << (bit - bits - 32);
		else
			text[-8 + (int)(bit - bits - 64) / 8] ^= 1 << bit % 8;
		if (run(b, &op, false) != -EBADMSG)
			return complain(b, "forgery accepted", &op);
		if (!memcmp(text, b->plain, min(len, 16U)))
			return complain(b, "forgery left plaintext", &op);
	}
	return 0;
}

static int test_suite(struct bench *b)
{
	unsigned int i, len;
	int err = 0;

	for (i = 0; i < vtun_n_esp_kats && !err; i++)
		if (vtun_esp_kats[i].encr == b->suite->encr)
			err = test_kat(b, &vtun_esp_kats[i]);
	if (err)
		return err;

	get_random_bytes(b->key, sizeof(b->key));
	err = vtun_crypto_init_with(&b->c, b->ops, b->suite, b->key);
	if (err)
		return err;
	for (len = 0; len < 608 && !err; len += len < 80 ? 1 : 11)
		err = test_len(b, len, len & 1 ?: len & 2);
	for (; len < MAX_TEXT && !err; len += 173)
		err = test_len(b, len, len & 1);
	err = err ?: test_forgery(b, 20) ?: test_forgery(b, 700);
	b->ops->destroy(&b->c);
	return err;
}

int vtun_selftest_crypto(void)
{
	const struct vtun_crypto_ops *ops;
	const struct vtun_suite *suite;
	unsigned int i, k;
	struct bench *b;
	int err = 0;

	/* all in one page run, as packets are; not on the stack: see sg_init */
	b = kzalloc(sizeof(*b), GFP_KERNEL);
	if (!b)
		return -ENOMEM;
	for (i = 0; (suite = vtun_suite_at(i)) && !err; i++)
		for (k = 0; (ops = vtun_crypto_candidate(k)) && !err; k++) {
			if (ops->encr != suite->encr)
				continue;
			b->suite = suite;
			b->ops = ops;
			if (vtun_crypto_init_with(&b->c, ops, suite, b->key))
				continue;	/* not in this kernel */
			ops->destroy(&b->c);
			err = test_suite(b);
		}
	kfree_sensitive(b);
	return err;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every implementation of every suite: published packets, all lengths against
 * the reference, that a forged packet yields nothing, and that IVs are new.
 */
#include "selftest.h"

#include <linux/bottom_half.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <uapi/linux/vtun.h>

#include "../compat.h"
#include "../crypto_etm.h"
#include "../crypto_impl.h"

#define MAX_TEXT	2100
#define MAX_IV		16
#define BUF_LEN		(VTUN_SEAL_HEAD + MAX_TEXT + VTUN_CRYPTO_TAIL)
#define BUF_ORDER	1

/**
 * struct bench - memory of the tests
 * @suite: under test
 * @ops: under test
 * @c: keyed with @key
 * @buf: 2^BUF_ORDER pages, for the text and what is around it
 * @shift: where the packet begins in @buf, different each time: a page may end
 *	anywhere in a text
 * @iv: of the packet
 * @key: key material
 * @plain: text before
 * @want: text after, and ICV
 * @cipher: ciphertext of all of @plain
 */
struct bench {
	const struct vtun_suite *suite;
	const struct vtun_crypto_ops *ops;
	struct vtun_crypto c;
	u8 *buf;
	unsigned int shift;
	u8 iv[MAX_IV];
	u8 key[VTUN_KEY_MAX];
	u8 plain[MAX_TEXT];
	u8 want[MAX_TEXT + VTUN_ICV_MAX];
	u8 cipher[MAX_TEXT];
};

static u8 *text_of(struct bench *b)
{
	return b->buf + b->shift + VTUN_SEAL_HEAD;
}

static void move_text(struct bench *b)
{
	b->shift = get_random_u32() % ((PAGE_SIZE << BUF_ORDER) - BUF_LEN);
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
	char name[64];

	b->ops->describe(&b->c, name, sizeof(name));
	pr_err("vtun: %s by %s: %s, %u octets, esn %d\n", b->suite->name,
	       name, what, op->len, op->esn);
	return -EINVAL;
}

/* seals @plain to get @want, opens it to get @plain again */
static int there_and_back(struct bench *b, struct vtun_crypto_op *op)
{
	unsigned int iv_len = b->suite->iv_len, icv_len = b->suite->icv_len;
	u8 *text;

	move_text(b);
	text = text_of(b);
	op->iv = iv_len ? b->iv : NULL;
	memcpy(text, b->plain, op->len);
	if (run(b, op, true))
		return complain(b, "seal refused", op);
	if (memcmp(text, b->want, op->len + icv_len))
		return complain(b, "seal is wrong", op);
	if (memcmp(text - iv_len, b->iv, iv_len))
		return complain(b, "IV is not in its place", op);
	memset(text - VTUN_SEAL_HEAD, 0xa5, VTUN_SEAL_HEAD - iv_len);
	memset(text + op->len + icv_len, 0x5a, VTUN_CRYPTO_TAIL - icv_len);
	if (run(b, op, false))
		return complain(b, "open refused", op);
	if (memcmp(text, b->plain, op->len))
		return complain(b, "open is wrong", op);
	return 0;
}

static int test_kat(struct bench *b, const struct esp_kat *kat)
{
	const struct vtun_suite *suite = b->suite;
	unsigned int len = strlen(kat->plain) / 2, head = 8 + suite->iv_len;
	struct vtun_crypto_op op = {
		.spi = cpu_to_be32(kat->spi),
		.esn = kat->esn,
		.seq = kat->seq,
		.len = len,
	};
	int err;

	if (kat->encr != suite->encr || kat->integ != suite->integ ||
	    strlen(kat->key) != 2 * vtun_suite_keymat(suite) || len > MAX_TEXT)
		return 0;
	if (strlen(kat->iv) != 2 * suite->iv_len ||
	    strlen(kat->packet) != 2 * (head + len + suite->icv_len) ||
	    hex2bin(b->key, kat->key, vtun_suite_keymat(suite)) ||
	    hex2bin(b->iv, kat->iv, suite->iv_len) ||
	    hex2bin(b->plain, kat->plain, len) ||
	    hex2bin(b->want, kat->packet + 2 * head, len + suite->icv_len)) {
		pr_err("vtun: vector %s is malformed\n", kat->name);
		return -EINVAL;
	}
	err = vtun_crypto_init_with(&b->c, b->ops, suite, b->key);
	if (err)
		return err;
	err = there_and_back(b, &op);
	if (err)
		pr_err("vtun: vector %s failed\n", kat->name);
	b->ops->destroy(&b->c);
	return err;
}

static void random_packet(struct bench *b, struct vtun_crypto_op *op)
{
	get_random_bytes(&op->spi, sizeof(op->spi));
	get_random_bytes(&op->seq, sizeof(op->seq));
	get_random_bytes(b->iv, sizeof(b->iv));
	get_random_bytes(b->plain, sizeof(b->plain));
}

/* one length, everything else by chance */
static int test_len(struct bench *b, unsigned int len, bool esn)
{
	struct vtun_crypto_op op = { .esn = esn, .len = len };

	random_packet(b, &op);
	memcpy(b->want, b->plain, len);
	vtun_reference_begin(b->suite, b->key, &op, b->iv);
	vtun_reference_encrypt(b->want, len);
	vtun_reference_icv(b->want, len, b->want + len);
	return there_and_back(b, &op);
}

/* every length there is, of one packet */
static int test_all_lens(struct bench *b, bool esn)
{
	unsigned int align = b->suite->align == 16 ? 16 : 1;
	unsigned int most = round_down(MAX_TEXT, align);
	struct vtun_crypto_op op = { .esn = esn };
	int err = 0;

	random_packet(b, &op);
	memcpy(b->cipher, b->plain, most);
	vtun_reference_begin(b->suite, b->key, &op, b->iv);
	vtun_reference_encrypt(b->cipher, most);
	for (op.len = 0; op.len <= most && !err; op.len += align) {
		memcpy(b->want, b->cipher, op.len);
		vtun_reference_icv(b->cipher, op.len, b->want + op.len);
		/* implementations that take any length know no other case */
		if (b->suite->align != 4 || b->suite->encr != VTUN_ENCR_NULL ||
		    op.len % 4 == 0)
			err = there_and_back(b, &op);
	}
	return err;
}

/*
 * Change number @i to a packet that was good; false = there is none such.
 * Octets of text and ICV, of the IV, of the header.
 */
static bool forge(struct bench *b, struct vtun_crypto_op *op, unsigned int i)
{
	unsigned int body = op->len + b->suite->icv_len;
	unsigned int iv_len = b->suite->iv_len;
	u8 *text = text_of(b), bit = 1 << i % 8;

	if (i < body) {
		text[i] ^= bit;
	} else if (i < body + iv_len) {
		*(text - iv_len + (i - body)) ^= bit;
	} else if (i < body + iv_len + 32) {
		op->spi ^= cpu_to_be32(1U << (i - body - iv_len));
	} else {
		i -= body + iv_len + 32;
		if (i >= (op->esn ? 64 : 32))
			return false;
		op->seq ^= 1ULL << i;
	}
	return true;
}

/* one wrong bit in any octet: refused, and no plaintext in the memory */
static int test_forgery(struct bench *b, unsigned int len, bool esn)
{
	unsigned int iv_len = b->suite->iv_len;
	struct vtun_crypto_op good = {
		.spi = cpu_to_be32(0x12345678), .seq = 7, .len = len,
		.esn = esn,
	}, op = good;
	u8 *text, iv[MAX_IV];
	unsigned int i;

	move_text(b);
	text = text_of(b);
	get_random_bytes(b->plain, len);
	memcpy(text, b->plain, len);
	if (run(b, &good, true))
		return complain(b, "seal refused", &good);
	memcpy(iv, text - iv_len, iv_len);
	memcpy(b->want, text, len + b->suite->icv_len);
	for (i = 0; forge(b, &op, i); i++) {
		if (run(b, &op, false) != -EBADMSG)
			return complain(b, "forgery accepted", &op);
		if (b->suite->encr != VTUN_ENCR_NULL &&
		    !memcmp(text, b->plain, min(len, 16U)))
			return complain(b, "forgery left plaintext", &op);
		op = good;
		memcpy(text - iv_len, iv, iv_len);
		memcpy(text, b->want, len + b->suite->icv_len);
	}
	return 0;
}

/* a text that is no multiple of the block was made by nobody */
static int test_odd_len(struct bench *b)
{
	struct vtun_crypto_op op = { .len = 160 - 1 };

	if (b->suite->align == 16 && run(b, &op, false) != -EBADMSG)
		return complain(b, "odd length accepted", &op);
	return 0;
}

/* the cipher's own IV: right for the reference, and another for each packet */
static int test_own_iv(struct bench *b)
{
	unsigned int iv_len = b->suite->iv_len, i;
	u8 before[MAX_IV] = { };
	struct vtun_crypto_op op = { .len = 64 };
	u8 *text = text_of(b);

	random_packet(b, &op);
	for (i = 0; i < 4; i++) {
		memcpy(text, b->plain, op.len);
		if (run(b, &op, true))
			return complain(b, "seal refused", &op);
		memcpy(b->iv, text - iv_len, iv_len);
		memcpy(b->want, b->plain, op.len);
		vtun_reference_begin(b->suite, b->key, &op, b->iv);
		vtun_reference_encrypt(b->want, op.len);
		vtun_reference_icv(b->want, op.len, b->want + op.len);
		if (memcmp(text, b->want, op.len + b->suite->icv_len))
			return complain(b, "IV is not what was used", &op);
		if (iv_len && !memcmp(b->iv, before, iv_len))
			return complain(b, "same IV again", &op);
		/* a counter would leave most of it as it was */
		if (iv_len == 16 && !memcmp(b->iv, before, 8))
			return complain(b, "IV is predictable", &op);
		memcpy(before, b->iv, iv_len);
		op.seq++;
	}
	return 0;
}

static int test_suite(struct bench *b)
{
	unsigned int align = b->suite->align, i;
	int err = 0;

	for (i = 0; i < vtun_n_esp_kats && !err; i++)
		err = test_kat(b, &vtun_esp_kats[i]);
	if (err)
		return err;

	get_random_bytes(b->key, sizeof(b->key));
	err = vtun_crypto_init_with(&b->c, b->ops, b->suite, b->key);
	if (err)
		return err;
	/* an implicit IV makes no difference to what is done with the text */
	if (b->suite->encr == b->ops->encr)
		err = test_all_lens(b, false) ?: test_all_lens(b, true);
	err = err ?: test_own_iv(b);
	for (i = 0; i < MAX_TEXT / align && !err; i += 1 + i / 8)
		err = test_len(b, i * align, i & 1);
	if (!err && b->suite->icv_len)
		err = test_forgery(b, 32, false) ?:
		      test_forgery(b, 320, true) ?: test_odd_len(b);
	b->ops->destroy(&b->c);
	return err;
}

static int test_candidates(struct bench *b)
{
	const struct vtun_crypto_ops *ops;
	unsigned int i;
	int err = 0;

	for (i = 0; (ops = vtun_crypto_candidate(i)) && !err; i++) {
		if (ops->encr != vtun_crypto_cipher(b->suite))
			continue;
		b->ops = ops;
		if (vtun_crypto_init_with(&b->c, ops, b->suite, b->key))
			continue;	/* not in this kernel */
		ops->destroy(&b->c);
		err = test_suite(b);
	}
	return err;
}

int vtun_selftest_crypto(void)
{
	struct bench *b;
	unsigned int i;
	int err = 0;

	/* not on the stack: see sg_init_one() */
	b = kzalloc(sizeof(*b), GFP_KERNEL);
	if (!b)
		return -ENOMEM;
	b->buf = (u8 *)__get_free_pages(GFP_KERNEL, BUF_ORDER);
	if (!b->buf)
		err = -ENOMEM;
	for (i = 0; (b->suite = vtun_suite_at(i)) && !err; i++)
		err = test_candidates(b);
	free_pages((unsigned long)b->buf, BUF_ORDER);
	kfree_sensitive(b);
	return err;
}

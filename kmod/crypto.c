// SPDX-License-Identifier: GPL-2.0-only
/*
 * Table of cipher suites. Which implementation stands behind a suite is decided
 * when the module is loaded, by timing a packet: what is fastest differs by
 * kernel version and machine, and some ways to ask for a cipher are many times
 * slower than others without looking it.
 */
#include "crypto.h"

#include <linux/bottom_half.h>
#include <linux/bug.h>
#include <linux/crypto.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <uapi/linux/vtun.h>

#include "compat.h"
#include "crypto_impl.h"

/* IANA "Transform Type 1 - Encryption Algorithm Transform IDs" */
#define ENCR_AES_GCM_16			20
#define ENCR_CHACHA20_POLY1305		28

#define TIMED_LEN	1408	/* plaintext of a full-sized tunnel packet */
#define TIMED_ROUNDS	8
#define TIMED_PACKETS	16

static struct vtun_suite suites[] = {
	{
		.encr = ENCR_CHACHA20_POLY1305, .key_len = 32, .salt_len = 4,
		.iv_len = 8, .icv_len = 16, .align = 4,
		.name = "chacha20poly1305",
	}, {
		.encr = ENCR_AES_GCM_16, .key_len = 16, .salt_len = 4,
		.iv_len = 8, .icv_len = 16, .align = 4,
		.name = "aes128gcm16",
	}, {
		.encr = ENCR_AES_GCM_16, .key_len = 32, .salt_len = 4,
		.iv_len = 8, .icv_len = 16, .align = 4,
		.name = "aes256gcm16",
	},
};

static char impl_names[ARRAY_SIZE(suites)][CRYPTO_MAX_ALG_NAME];

static const struct vtun_crypto_ops *const candidates[] = {
	&vtun_chacha_lib_ops,
	&vtun_gcm_internal_ops,
	&vtun_gcm_plain_ops,
	&vtun_gcm_sync_ops,
};

/**
 * vtun_suite_find() - look up a suite
 * @encr: IANA transform ID of the cipher
 * @key_len: octets of its key without salt
 * @integ: IANA transform ID of the integrity algorithm, 0 for an AEAD
 *
 * Return: the suite, or NULL when it is unknown or this kernel lacks it.
 */
const struct vtun_suite *vtun_suite_find(u16 encr, unsigned int key_len,
					 u16 integ)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(suites); i++)
		if (suites[i].encr == encr && suites[i].key_len == key_len &&
		    suites[i].integ == integ && suites[i].ops)
			return &suites[i];
	return NULL;
}

/**
 * vtun_suite_at() - enumerate the suites this kernel can do
 * @i: index
 *
 * Return: the suite, NULL past the end.
 */
const struct vtun_suite *vtun_suite_at(unsigned int i)
{
	unsigned int k;

	for (k = 0; k < ARRAY_SIZE(suites); k++)
		if (suites[k].ops && i-- == 0)
			return &suites[k];
	return NULL;
}

int vtun_crypto_init_with(struct vtun_crypto *c,
			  const struct vtun_crypto_ops *ops,
			  const struct vtun_suite *suite, const u8 *key)
{
	int err;

	BUILD_BUG_ON(sizeof(c->salt) != 4);

	c->suite = suite;
	c->priv = NULL;
	memcpy(c->salt, key + suite->key_len, suite->salt_len);
	err = ops->init(c, key);
	if (err)
		memzero_explicit(c, sizeof(*c));
	return err;
}

/**
 * vtun_crypto_init() - key a cipher
 * @c: contents do not matter
 * @suite: of vtun_suite_find()
 * @key: key, then salt, as cut from KEYMAT; the caller wipes it
 *
 * Return: 0 or -errno; then @c is zeroed.
 */
int vtun_crypto_init(struct vtun_crypto *c, const struct vtun_suite *suite,
		     const u8 *key)
{
	return vtun_crypto_init_with(c, suite->ops, suite, key);
}

/**
 * vtun_crypto_destroy() - wipe a cipher
 * @c: keyed or zeroed; no packet uses it any more
 */
void vtun_crypto_destroy(struct vtun_crypto *c)
{
	if (c->suite)
		c->suite->ops->destroy(c);
	memzero_explicit(c, sizeof(*c));
}

/**
 * vtun_crypto_seal() - encrypt a packet in place, IV in front, ICV behind
 * @c: keyed cipher
 * @op: packet; its memory must belong to the caller alone (rule: never in
 *	place in memory somebody else may see)
 *
 * Return: 0 or -errno.
 */
int vtun_crypto_seal(const struct vtun_crypto *c,
		     const struct vtun_crypto_op *op)
{
	return c->suite->ops->seal(c, op);
}

/**
 * vtun_crypto_open() - authenticate a packet, then decrypt it in place
 * @c: keyed cipher
 * @op: packet, IV in front, ICV behind; memory as for vtun_crypto_seal()
 *
 * Return: 0, -EBADMSG when the ICV is wrong (no plaintext is left in the
 * memory), another -errno when the cipher refused.
 */
int vtun_crypto_open(const struct vtun_crypto *c,
		     const struct vtun_crypto_op *op)
{
	return c->suite->ops->open(c, op);
}

unsigned int vtun_crypto_aad(const struct vtun_crypto_op *op, u8 *start)
{
	put_unaligned(op->spi, (__be32 *)start);
	if (!op->esn) {
		put_unaligned_be32(op->seq, start + 4);
		return 8;
	}
	put_unaligned_be64(op->seq, start + 4);
	return 12;
}

const struct vtun_crypto_ops *vtun_crypto_candidate(unsigned int i)
{
	return i < ARRAY_SIZE(candidates) ? candidates[i] : NULL;
}

/* nanoseconds for TIMED_PACKETS packets, the best of some rounds */
static u64 time_seal(const struct vtun_crypto *c,
		     const struct vtun_crypto_ops *ops, u8 *buf)
{
	struct vtun_crypto_op op = {
		.text = buf + VTUN_SEAL_HEAD,
		.len = TIMED_LEN,
	};
	u64 best = U64_MAX;
	int round, i;

	for (round = 0; round < TIMED_ROUNDS; round++) {
		u64 start;

		local_bh_disable();
		start = ktime_get_ns();
		for (i = 0; i < TIMED_PACKETS; i++) {
			op.seq++;
			if (ops->seal(c, &op)) {
				local_bh_enable();
				return U64_MAX;
			}
		}
		best = min(best, ktime_get_ns() - start);
		local_bh_enable();
	}
	return best;
}

/*
 * Portable code wins only where there is nothing else: a noisy moment must not
 * talk us out of the vector unit.
 */
static bool is_generic(const char *impl)
{
	return strstr(impl, "generic");
}

static void choose(struct vtun_suite *suite, char *impl, u8 *buf)
{
	u8 key[VTUN_KEY_MAX];
	u64 best = U64_MAX;
	unsigned int i;

	suite->impl = impl;
	get_random_bytes(key, sizeof(key));
	for (i = 0; i < ARRAY_SIZE(candidates); i++) {
		const struct vtun_crypto_ops *ops = candidates[i];
		struct vtun_crypto c;
		u64 took;

		if (ops->encr != suite->encr ||
		    vtun_crypto_init_with(&c, ops, suite, key))
			continue;
		took = time_seal(&c, ops, buf);
		pr_debug("vtun: %s: %s takes %llu ns for %d octets\n",
			 suite->name, ops->describe(&c),
			 took / TIMED_PACKETS, TIMED_LEN);
		if (is_generic(ops->describe(&c)))
			took = max(took, U64_MAX / 2);
		if (took < best) {
			best = took;
			suite->ops = ops;
			strscpy(impl, ops->describe(&c), CRYPTO_MAX_ALG_NAME);
		}
		ops->destroy(&c);
	}
	if (suite->ops)
		pr_info("vtun: %s: using %s\n", suite->name, suite->impl);
	else
		pr_warn("vtun: %s: not available in this kernel\n",
			suite->name);
}

/**
 * vtun_crypto_module_init() - choose the implementation of every suite
 *
 * Return: 0, or -errno when there is no memory or no usable suite at all.
 */
int vtun_crypto_module_init(void)
{
	unsigned int i;
	u8 *buf;
	int err;

	/* kmalloc aligns powers of two: the text lies in one page, as in use */
	BUILD_BUG_ON(VTUN_SEAL_HEAD + TIMED_LEN + VTUN_CRYPTO_TAIL > 2048);
	buf = kzalloc(2048, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	err = vtun_gcm_module_init();
	if (err)
		goto out;
	for (i = 0; i < ARRAY_SIZE(suites); i++)
		choose(&suites[i], impl_names[i], buf);
	if (!vtun_suite_at(0)) {
		vtun_gcm_module_exit();
		err = -EOPNOTSUPP;
	}
out:
	kfree(buf);
	return err;
}

/**
 * vtun_crypto_module_exit() - undo vtun_crypto_module_init()
 *
 * No vtun_crypto exists any more.
 */
void vtun_crypto_module_exit(void)
{
	vtun_gcm_module_exit();
}

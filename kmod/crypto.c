// SPDX-License-Identifier: GPL-2.0-only
/*
 * Table of cipher suites. Which implementation stands behind a suite is decided
 * when the module is loaded, by timing a packet: what is fastest differs by
 * kernel version and machine, and some ways to ask for a cipher are many times
 * slower than others without looking it.
 */
#include "crypto.h"

#include <crypto/sha2.h>
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
#include "crypto_hmac.h"
#include "crypto_impl.h"

#define TIMED_LEN	1408	/* plaintext of a full-sized tunnel packet */
#define TIMED_ROUNDS	8
#define TIMED_PACKETS	16

/* RFC 4106, RFC 7634, RFC 8750 */
#define AEAD(_encr, _octets, _iv, _name) {				\
	.encr = _encr, .key_len = _octets, .salt_len = 4,		\
	.iv_len = _iv, .icv_len = 16, .align = 4, .name = _name,	\
}

/* RFC 3602 with RFC 2404 or RFC 4868 */
#define CBC(_octets, _integ, _key, _icv, _name) {			\
	.encr = VTUN_ENCR_AES_CBC, .key_len = _octets,			\
	.integ = _integ, .integ_key_len = _key,				\
	.iv_len = 16, .icv_len = _icv, .align = 16, .name = _name,	\
}

static struct vtun_suite suites[] = {
	AEAD(VTUN_ENCR_CHACHA20_POLY1305, 32, 8, "chacha20poly1305"),
	AEAD(VTUN_ENCR_AES_GCM_16, 16, 8, "aes128gcm16"),
	AEAD(VTUN_ENCR_AES_GCM_16, 24, 8, "aes192gcm16"),
	AEAD(VTUN_ENCR_AES_GCM_16, 32, 8, "aes256gcm16"),
	AEAD(VTUN_ENCR_CHACHA20_POLY1305_IIV, 32, 0, "chacha20poly1305-iiv"),
	AEAD(VTUN_ENCR_AES_GCM_16_IIV, 16, 0, "aes128gcm16-iiv"),
	AEAD(VTUN_ENCR_AES_GCM_16_IIV, 24, 0, "aes192gcm16-iiv"),
	AEAD(VTUN_ENCR_AES_GCM_16_IIV, 32, 0, "aes256gcm16-iiv"),
	CBC(16, VTUN_AUTH_HMAC_SHA1_96, 20, 12, "aes128cbc-sha1"),
	CBC(16, VTUN_AUTH_HMAC_SHA2_256_128, 32, 16, "aes128cbc-sha256"),
	CBC(16, VTUN_AUTH_HMAC_SHA2_384_192, 48, 24, "aes128cbc-sha384"),
	CBC(16, VTUN_AUTH_HMAC_SHA2_512_256, 64, 32, "aes128cbc-sha512"),
	CBC(24, VTUN_AUTH_HMAC_SHA1_96, 20, 12, "aes192cbc-sha1"),
	CBC(24, VTUN_AUTH_HMAC_SHA2_256_128, 32, 16, "aes192cbc-sha256"),
	CBC(24, VTUN_AUTH_HMAC_SHA2_384_192, 48, 24, "aes192cbc-sha384"),
	CBC(24, VTUN_AUTH_HMAC_SHA2_512_256, 64, 32, "aes192cbc-sha512"),
	CBC(32, VTUN_AUTH_HMAC_SHA1_96, 20, 12, "aes256cbc-sha1"),
	CBC(32, VTUN_AUTH_HMAC_SHA2_256_128, 32, 16, "aes256cbc-sha256"),
	CBC(32, VTUN_AUTH_HMAC_SHA2_384_192, 48, 24, "aes256cbc-sha384"),
	CBC(32, VTUN_AUTH_HMAC_SHA2_512_256, 64, 32, "aes256cbc-sha512"),
#ifdef DEBUG
	{
		/* there is no SA without a key: this one is not used */
		.encr = VTUN_ENCR_NULL, .key_len = 16,
		.align = 4, .name = "null",
	}, {
		.encr = VTUN_ENCR_NULL, .align = 4, .name = "null-sha256",
		.integ = VTUN_AUTH_HMAC_SHA2_256_128, .integ_key_len = 32,
		.icv_len = 16,
	},
#endif
};

#define IMPL_LEN	(2 * CRYPTO_MAX_ALG_NAME)

static char impl_names[ARRAY_SIZE(suites)][IMPL_LEN];

static const struct vtun_crypto_ops *const candidates[] = {
	&vtun_chacha_lib_ops,
	&vtun_gcm_internal_ops,
	&vtun_gcm_plain_ops,
	&vtun_gcm_sync_ops,
	&vtun_cbc_internal_ops,
	&vtun_cbc_plain_ops,
	&vtun_cbc_sync_ops,
#ifdef DEBUG
	&vtun_null_ops,
#endif
};

u16 vtun_crypto_cipher(const struct vtun_suite *suite)
{
	switch (suite->encr) {
	case VTUN_ENCR_AES_GCM_16_IIV:
		return VTUN_ENCR_AES_GCM_16;
	case VTUN_ENCR_CHACHA20_POLY1305_IIV:
		return VTUN_ENCR_CHACHA20_POLY1305;
	default:
		return suite->encr;
	}
}

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

/*
 * Ciphers differ by kernel and machine, not by what surrounds them: a suite
 * takes what the first one with its cipher and key length has. NULL: it is the
 * first one.
 */
static const struct vtun_suite *alike(const struct vtun_suite *suite)
{
	const struct vtun_suite *other;

	for (other = suites; other < suite; other++)
		if (other->ops && other->key_len == suite->key_len &&
		    other->ops->encr == vtun_crypto_cipher(suite))
			return other;
	return NULL;
}

static void try(struct vtun_suite *suite, const struct vtun_crypto_ops *ops,
		const u8 *key, char *impl, u64 *best, u8 *buf)
{
	char name[IMPL_LEN];
	struct vtun_crypto c;
	u64 took = 0;

	if (vtun_crypto_init_with(&c, ops, suite, key))
		return;
	ops->describe(&c, name, sizeof(name));
	if (buf) {
		took = time_seal(&c, ops, buf);
		pr_debug("vtun: %s: %s takes %llu ns for %d octets\n",
			 suite->name, name, took / TIMED_PACKETS, TIMED_LEN);
		if (is_generic(name))
			took = max(took, U64_MAX / 2);
	}
	if (took < *best) {
		*best = took;
		suite->ops = ops;
		strscpy(impl, name, IMPL_LEN);
	}
	ops->destroy(&c);
}

static void choose(struct vtun_suite *suite, char *impl, u8 *buf)
{
	const struct vtun_suite *other = alike(suite);
	u8 key[VTUN_KEY_MAX];
	u64 best = U64_MAX;
	unsigned int i;

	suite->impl = impl;
	get_random_bytes(key, sizeof(key));
	if (other)
		try(suite, other->ops, key, impl, &best, NULL);
	for (i = 0; i < ARRAY_SIZE(candidates) && !other; i++)
		if (candidates[i]->encr == vtun_crypto_cipher(suite))
			try(suite, candidates[i], key, impl, &best, buf);
	if (suite->ops && other)
		pr_debug("vtun: %s: using %s\n", suite->name, suite->impl);
	else if (suite->ops)
		pr_info("vtun: %s: using %s\n", suite->name, suite->impl);
	else
		pr_warn("vtun: %s: not available in this kernel\n",
			suite->name);
}

u32 vtun_crypto_fingerprint(const struct vtun_suite *suite, const u8 *key)
{
	unsigned int len = vtun_suite_keymat(suite);
	u8 text[8 + VTUN_KEY_MAX], digest[SHA256_DIGEST_SIZE];

	memcpy(text, "vtun-key", 8);
	memcpy(text + 8, key, len);
	sha256(text, 8 + len, digest);
	memzero_explicit(text, sizeof(text));
	return get_unaligned_be32(digest);
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
	err = vtun_cbc_module_init();
	if (err) {
		vtun_gcm_module_exit();
		goto out;
	}
	for (i = 0; i < ARRAY_SIZE(suites); i++)
		choose(&suites[i], impl_names[i], buf);
	if (!vtun_suite_at(0)) {
		vtun_crypto_module_exit();
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
	vtun_cbc_module_exit();
	vtun_gcm_module_exit();
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * HMAC in ESP (RFC 2404, RFC 4868) over the API for synchronous hashes. It
 * takes one piece of memory and needs no request; a keyed hash holds the state
 * after the padded key, so that a packet does not pay for that again.
 */
#include "crypto_hmac.h"

#include <crypto/hash.h>
#include <linux/crypto.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kmod.h>
#include <linux/string.h>

#include "compat.h"
#include "crypto.h"

static struct {
	u16 integ;
	const char *name;
	/* what stands behind it was settled at load: SAs ask for it by name */
	char driver[CRYPTO_MAX_ALG_NAME];
} macs[] = {
	{ VTUN_AUTH_HMAC_SHA1_96, "hmac(sha1)" },
	{ VTUN_AUTH_HMAC_SHA2_256_128, "hmac(sha256)" },
	{ VTUN_AUTH_HMAC_SHA2_384_192, "hmac(sha384)" },
	{ VTUN_AUTH_HMAC_SHA2_512_256, "hmac(sha512)" },
};

/**
 * vtun_hmac_module_init() - see what this kernel has; loads it
 */
void vtun_hmac_module_init(void)
{
	static const char *const parts[] = { "sha1", "sha256", "sha512" };
	struct crypto_shash *tfm;
	unsigned int i;

	/* asked for by name, the kernel is content with portable code it has */
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		request_module("crypto-%s", parts[i]);
	for (i = 0; i < ARRAY_SIZE(macs); i++) {
		tfm = crypto_alloc_shash(macs[i].name, 0, 0);
		if (IS_ERR(tfm))
			continue;
		strscpy(macs[i].driver, vtun_hmac_name(tfm),
			sizeof(macs[i].driver));
		crypto_free_shash(tfm);
	}
}

/**
 * vtun_hmac_alloc() - a keyed MAC
 * @suite: whose
 * @key: suite->integ_key_len octets
 *
 * Return: it, or an ERR_PTR.
 */
struct crypto_shash *vtun_hmac_alloc(const struct vtun_suite *suite,
				     const u8 *key)
{
	struct crypto_shash *tfm;
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(macs); i++)
		if (macs[i].integ == suite->integ && macs[i].driver[0])
			break;
	if (i == ARRAY_SIZE(macs))
		return ERR_PTR(-ENOENT);
	tfm = crypto_alloc_shash(macs[i].driver, 0, CRYPTO_NOLOAD);
	if (IS_ERR(tfm))
		return tfm;
	err = crypto_shash_setkey(tfm, key, suite->integ_key_len);
	/* what vtun_hmac() has on its stack */
	if (!err && crypto_shash_descsize(tfm) > HASH_MAX_DESCSIZE)
		err = -EOPNOTSUPP;
	if (err) {
		crypto_free_shash(tfm);
		return ERR_PTR(err);
	}
	return tfm;
}

/**
 * vtun_hmac_free() - wipe a keyed MAC
 * @tfm: of vtun_hmac_alloc(), or NULL
 */
void vtun_hmac_free(struct crypto_shash *tfm)
{
	if (tfm)
		crypto_free_shash(tfm);
}

/**
 * vtun_hmac() - MAC of one piece of memory
 * @tfm: keyed
 * @data: the memory
 * @len: its octets
 * @digest: room for all octets of the digest
 *
 * The hash wipes its state, which lies on the stack, when it is done.
 *
 * Return: 0 or -errno.
 */
int vtun_hmac(struct crypto_shash *tfm, const u8 *data, unsigned int len,
	      u8 *digest)
{
	SHASH_DESC_ON_STACK(desc, tfm);

	desc->tfm = tfm;
	return crypto_shash_digest(desc, data, len, digest);
}

const char *vtun_hmac_name(struct crypto_shash *tfm)
{
	return crypto_tfm_alg_driver_name(crypto_shash_tfm(tfm));
}

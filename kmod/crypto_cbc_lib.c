// SPDX-License-Identifier: GPL-2.0-only
/*
 * AES-CBC with HMAC over library functions, where the kernel has them: plain
 * memory in, plain memory out, no objects to look up and nothing per CPU.
 */
#include "crypto_impl.h"

#include <linux/errno.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "compat.h"
#include "crypto_etm.h"
#include "crypto_hmac.h"

#ifdef VTUN_HAVE_AES_CBC_LIB

/**
 * struct cbc_lib_key - priv of a keyed cipher
 * @secret: makes IVs unpredictable, see vtun_etm_encrypt()
 * @aes: cipher
 * @integ: which of the MACs below
 * @sha1: keyed MAC
 * @sha256: keyed MAC
 * @sha384: keyed MAC
 * @sha512: keyed MAC
 */
struct cbc_lib_key {
	u8 secret[VTUN_ETM_IV];
	struct aes_key aes;
	u16 integ;
	union {
		struct hmac_sha1_key sha1;
		struct hmac_sha256_key sha256;
		struct hmac_sha384_key sha384;
		struct hmac_sha512_key sha512;
	};
};

static int init_mac(struct cbc_lib_key *k, const u8 *key, unsigned int len)
{
	switch (k->integ) {
	case VTUN_AUTH_HMAC_SHA1_96:
		hmac_sha1_preparekey(&k->sha1, key, len);
		return 0;
	case VTUN_AUTH_HMAC_SHA2_256_128:
		hmac_sha256_preparekey(&k->sha256, key, len);
		return 0;
	case VTUN_AUTH_HMAC_SHA2_384_192:
		hmac_sha384_preparekey(&k->sha384, key, len);
		return 0;
	case VTUN_AUTH_HMAC_SHA2_512_256:
		hmac_sha512_preparekey(&k->sha512, key, len);
		return 0;
	}
	return -EOPNOTSUPP;
}

static int lib_init(struct vtun_crypto *c, const u8 *key)
{
	unsigned int key_len = c->suite->key_len;
	struct cbc_lib_key *k = kzalloc(sizeof(*k), GFP_KERNEL);
	int err;

	if (!k)
		return -ENOMEM;
	k->integ = c->suite->integ;
	get_random_bytes(k->secret, sizeof(k->secret));
	err = aes_preparekey(&k->aes, key, key_len) ?:
	      init_mac(k, key + key_len, c->suite->integ_key_len);
	if (err)
		kfree_sensitive(k);
	else
		c->priv = k;
	return err;
}

static void lib_destroy(struct vtun_crypto *c)
{
	kfree_sensitive(c->priv);
	c->priv = NULL;
}

static int lib_encrypt(void *priv, u8 *text, unsigned int len, u8 *iv)
{
	const struct cbc_lib_key *k = priv;

	aes_cbc_encrypt(text, text, len, iv, &k->aes);
	return 0;
}

static int lib_decrypt(void *priv, u8 *text, unsigned int len, u8 *iv)
{
	const struct cbc_lib_key *k = priv;

	aes_cbc_decrypt(text, text, len, iv, &k->aes);
	return 0;
}

static int lib_mac(void *priv, const u8 *data, unsigned int len, u8 *digest)
{
	const struct cbc_lib_key *k = priv;

	switch (k->integ) {
	case VTUN_AUTH_HMAC_SHA1_96:
		hmac_sha1(&k->sha1, data, len, digest);
		return 0;
	case VTUN_AUTH_HMAC_SHA2_256_128:
		hmac_sha256(&k->sha256, data, len, digest);
		return 0;
	case VTUN_AUTH_HMAC_SHA2_384_192:
		hmac_sha384(&k->sha384, data, len, digest);
		return 0;
	default:
		hmac_sha512(&k->sha512, data, len, digest);
		return 0;
	}
}

static int lib_seal(const struct vtun_crypto *c,
		    const struct vtun_crypto_op *op)
{
	const struct cbc_lib_key *k = c->priv;

	return vtun_etm_seal(c, op, k->secret, lib_encrypt, lib_mac);
}

static int lib_open(const struct vtun_crypto *c,
		    const struct vtun_crypto_op *op)
{
	return vtun_etm_open(c, op, lib_decrypt, lib_mac);
}

static void lib_describe(const struct vtun_crypto *c, char *buf, size_t size)
{
	strscpy(buf, "aes-cbc-lib + hmac-lib", size);
}

const struct vtun_crypto_ops vtun_cbc_lib_ops = {
	.encr = VTUN_ENCR_AES_CBC,
	.init = lib_init,
	.destroy = lib_destroy,
	.seal = lib_seal,
	.open = lib_open,
	.describe = lib_describe,
};

#endif /* VTUN_HAVE_AES_CBC_LIB */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * ENCR_NULL (RFC 2410), for tests and measurements in debug builds alone: with
 * a MAC as RFC 4303 wants it, or with nothing at all, which shows what
 * everything but the ciphers costs.
 */
#include "crypto_impl.h"

#include <linux/err.h>

#include "crypto_etm.h"
#include "crypto_hmac.h"

#ifdef DEBUG

static int null_init(struct vtun_crypto *c, const u8 *key)
{
	struct crypto_shash *hmac;

	if (!c->suite->integ)
		return 0;
	hmac = vtun_hmac_alloc(c->suite, key + c->suite->key_len);
	if (IS_ERR(hmac))
		return PTR_ERR(hmac);
	c->priv = hmac;
	return 0;
}

static void null_destroy(struct vtun_crypto *c)
{
	vtun_hmac_free(c->priv);
	c->priv = NULL;
}

static int null_mac(void *priv, const u8 *data, unsigned int len, u8 *digest)
{
	return vtun_hmac(priv, data, len, digest);
}

static int null_seal(const struct vtun_crypto *c,
		     const struct vtun_crypto_op *op)
{
	if (!c->priv)
		return 0;
	return vtun_etm_seal(c, op, NULL, NULL, null_mac);
}

static int null_open(const struct vtun_crypto *c,
		     const struct vtun_crypto_op *op)
{
	if (!c->priv)
		return 0;
	return vtun_etm_open(c, op, NULL, null_mac);
}

static void null_describe(const struct vtun_crypto *c, char *buf, size_t size)
{
	strscpy(buf, c->priv ? vtun_hmac_name(c->priv) : "nothing", size);
}

const struct vtun_crypto_ops vtun_null_ops = {
	.encr = VTUN_ENCR_NULL,
	.init = null_init,
	.destroy = null_destroy,
	.seal = null_seal,
	.open = null_open,
	.describe = null_describe,
};

#endif /* DEBUG */

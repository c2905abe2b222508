// SPDX-License-Identifier: GPL-2.0-or-later
/* Second provider: OpenSSL 3. AES-GCM on every CPU, and SHA-1. */
#include "crypto_provider.h"

#include <errno.h>
#include <limits.h>

#include <openssl/evp.h>

#include "ike.h"

static int ossl_start(void)
{
	return 0;
}

static bool ossl_aead_ok(uint16_t encr, size_t key_len)
{
	switch (encr) {
	case IKE_ENCR_CHACHA20_POLY1305:
		return key_len == 32;
	case IKE_ENCR_AES_GCM_16:
		return key_len == 16 || key_len == 32;
	default:
		return false;
	}
}

static const EVP_CIPHER *ossl_cipher(const struct ike_crypto_aead *a)
{
	if (a->encr == IKE_ENCR_CHACHA20_POLY1305)
		return EVP_chacha20_poly1305();
	return a->key_len == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
}

/* cipher, key, nonce and associated data; NULL on failure */
static EVP_CIPHER_CTX *ossl_begin(const struct ike_crypto_aead *a, int enc)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	if (!ctx)
		return NULL;
	if (EVP_CipherInit_ex(ctx, ossl_cipher(a), NULL, a->key, a->nonce,
			      enc) != 1)
		goto err_free;
	if (a->aad_len &&
	    EVP_CipherUpdate(ctx, NULL, &n, a->aad, (int)a->aad_len) != 1)
		goto err_free;
	return ctx;

err_free:
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

static int ossl_seal(const struct ike_crypto_aead *a, const uint8_t *in,
		     size_t len, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx;
	int n, ret = -EIO;

	if (len > INT_MAX || a->aad_len > INT_MAX)
		return -EINVAL;
	ctx = ossl_begin(a, 1);
	if (!ctx)
		return -EIO;
	if (len && EVP_CipherUpdate(ctx, out, &n, in, (int)len) != 1)
		goto out_free;
	if (EVP_CipherFinal_ex(ctx, out + len, &n) != 1)
		goto out_free;
	if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, IKE_CRYPTO_TAG_LEN,
				out + len) != 1)
		goto out_free;
	ret = 0;
out_free:
	EVP_CIPHER_CTX_free(ctx);
	return ret;
}

static int ossl_open(const struct ike_crypto_aead *a, const uint8_t *in,
		     size_t len, uint8_t *out)
{
	size_t plain = len - IKE_CRYPTO_TAG_LEN;
	uint8_t tag[IKE_CRYPTO_TAG_LEN], none[16];
	EVP_CIPHER_CTX *ctx;
	int n, ret = -EBADMSG;

	if (len > INT_MAX || a->aad_len > INT_MAX)
		return -EINVAL;
	ctx = ossl_begin(a, 0);
	if (!ctx)
		return -EIO;
	for (n = 0; n < IKE_CRYPTO_TAG_LEN; n++)
		tag[n] = in[plain + n];
	if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof(tag),
				tag) != 1)
		goto out_free;
	if (plain && EVP_CipherUpdate(ctx, out, &n, in, (int)plain) != 1)
		goto out_free;
	/* checks the tag; neither mode has octets left to write */
	if (EVP_CipherFinal_ex(ctx, none, &n) != 1)
		goto out_free;
	ret = 0;
out_free:
	EVP_CIPHER_CTX_free(ctx);
	return ret;
}

static int ossl_sha1(const struct ike_crypto_seg *seg, size_t n_seg,
		     uint8_t *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ret = -EIO;
	size_t i;

	if (!ctx)
		return -ENOMEM;
	if (EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) != 1)
		goto out_free;
	for (i = 0; i < n_seg; i++)
		if (EVP_DigestUpdate(ctx, seg[i].data, seg[i].len) != 1)
			goto out_free;
	if (EVP_DigestFinal_ex(ctx, out, NULL) != 1)
		goto out_free;
	ret = 0;
out_free:
	EVP_MD_CTX_free(ctx);
	return ret;
}

const struct ike_crypto_provider ike_crypto_openssl = {
	.name = "openssl",
	.init = ossl_start,
	.aead_ok = ossl_aead_ok,
	.seal = ossl_seal,
	.open = ossl_open,
	.sha1 = ossl_sha1,
};

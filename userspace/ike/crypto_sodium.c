// SPDX-License-Identifier: GPL-2.0-or-later
/* Base provider: libsodium. AES-GCM only where the CPU has the instructions. */
#include "crypto_provider.h"

#include <errno.h>

#include <sodium.h>

#include "ike.h"

static int sodium_start(void)
{
	return sodium_init() < 0 ? -EIO : 0;
}

static bool sodium_aead_ok(uint16_t encr, size_t key_len)
{
	switch (encr) {
	case IKE_ENCR_CHACHA20_POLY1305:
		return key_len == crypto_aead_chacha20poly1305_ietf_KEYBYTES;
	case IKE_ENCR_AES_GCM_16:
		return key_len == crypto_aead_aes256gcm_KEYBYTES &&
		       crypto_aead_aes256gcm_is_available();
	default:
		return false;
	}
}

static int chacha_seal(const struct ike_crypto_aead *a, const uint8_t *in,
		       size_t len, uint8_t *out)
{
	return crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, len,
							 a->aad, a->aad_len,
							 NULL, a->nonce,
							 a->key);
}

static int chacha_open(const struct ike_crypto_aead *a, const uint8_t *in,
		       size_t len, uint8_t *out)
{
	return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, in,
							 len, a->aad,
							 a->aad_len, a->nonce,
							 a->key);
}

static int gcm_seal(const struct ike_crypto_aead *a, const uint8_t *in,
		    size_t len, uint8_t *out)
{
	return crypto_aead_aes256gcm_encrypt(out, NULL, in, len, a->aad,
					     a->aad_len, NULL, a->nonce,
					     a->key);
}

static int gcm_open(const struct ike_crypto_aead *a, const uint8_t *in,
		    size_t len, uint8_t *out)
{
	return crypto_aead_aes256gcm_decrypt(out, NULL, NULL, in, len, a->aad,
					     a->aad_len, a->nonce, a->key);
}

static int sodium_seal(const struct ike_crypto_aead *a, const uint8_t *in,
		       size_t len, uint8_t *out)
{
	bool chacha = a->encr == IKE_ENCR_CHACHA20_POLY1305;

	return (chacha ? chacha_seal : gcm_seal)(a, in, len, out) ? -EIO : 0;
}

static int sodium_open(const struct ike_crypto_aead *a, const uint8_t *in,
		       size_t len, uint8_t *out)
{
	bool chacha = a->encr == IKE_ENCR_CHACHA20_POLY1305;

	return (chacha ? chacha_open : gcm_open)(a, in, len, out) ? -EBADMSG :
								    0;
}

const struct ike_crypto_provider ike_crypto_sodium = {
	.name = "libsodium",
	.init = sodium_start,
	.aead_ok = sodium_aead_ok,
	.seal = sodium_seal,
	.open = sodium_open,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Providers behind crypto.h; included by crypto*.c only. */
#ifndef VTUN_IKE_CRYPTO_PROVIDER_H
#define VTUN_IKE_CRYPTO_PROVIDER_H

#include "crypto.h"

/**
 * struct ike_crypto_provider - one library's implementation
 * @name: for show
 * @init: 0, or -errno: then the provider is left out
 * @aead_ok: can it do this AEAD on this CPU?
 * @seal: as ike_crypto_seal(), arguments checked by the caller
 * @open: as ike_crypto_open(), likewise; need not wipe @out on failure
 * @sha1: as ike_crypto_sha1(), NULL = not implemented
 */
struct ike_crypto_provider {
	const char *name;
	int (*init)(void);
	bool (*aead_ok)(uint16_t encr, size_t key_len);
	int (*seal)(const struct ike_crypto_aead *a, const uint8_t *in,
		    size_t len, uint8_t *out);
	int (*open)(const struct ike_crypto_aead *a, const uint8_t *in,
		    size_t len, uint8_t *out);
	int (*sha1)(const struct ike_crypto_seg *seg, size_t n_seg,
		    uint8_t *out);
};

extern const struct ike_crypto_provider ike_crypto_sodium;
extern const struct ike_crypto_provider ike_crypto_openssl;

#endif /* VTUN_IKE_CRYPTO_PROVIDER_H */

// SPDX-License-Identifier: GPL-2.0-or-later
#include "crypto.h"

#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "crypto_provider.h"
#include "ike.h"

/* in order of preference; the first one able to do an operation does it */
static const struct ike_crypto_provider *const providers[] = {
	&ike_crypto_sodium,
	&ike_crypto_openssl,
};

#define N_PROVIDERS	(sizeof(providers) / sizeof(providers[0]))

static bool provider_up[N_PROVIDERS];
static bool initialised;

int ike_crypto_init(void)
{
	size_t i;

	if (initialised)
		return 0;
	for (i = 0; i < N_PROVIDERS; i++)
		provider_up[i] = providers[i]->init() == 0;
	/* PRF, X25519 and Ed25519 call libsodium directly */
	if (!provider_up[0])
		return -EIO;
	initialised = true;
	return 0;
}

static const struct ike_crypto_provider *find_aead(uint16_t encr,
						   size_t key_len)
{
	size_t i;

	for (i = 0; i < N_PROVIDERS; i++)
		if (provider_up[i] && providers[i]->aead_ok(encr, key_len))
			return providers[i];
	return NULL;
}

const char *ike_crypto_provider(uint16_t encr, size_t key_len)
{
	const struct ike_crypto_provider *p = find_aead(encr, key_len);

	return p ? p->name : "none";
}

/* ---- PRF ---- */

union hmac_state {
	crypto_auth_hmacsha256_state sha256;
	crypto_auth_hmacsha512_state sha512;
};

size_t ike_crypto_prf_len(uint16_t prf)
{
	switch (prf) {
	case IKE_PRF_HMAC_SHA2_256:
		return crypto_auth_hmacsha256_BYTES;
	case IKE_PRF_HMAC_SHA2_512:
		return crypto_auth_hmacsha512_BYTES;
	default:
		return 0;
	}
}

static void hmac_init(union hmac_state *st, uint16_t prf, const uint8_t *key,
		      size_t key_len)
{
	/* libsodium wants a pointer even to no key at all */
	if (!key_len)
		key = (const uint8_t *)"";
	if (prf == IKE_PRF_HMAC_SHA2_256)
		crypto_auth_hmacsha256_init(&st->sha256, key, key_len);
	else
		crypto_auth_hmacsha512_init(&st->sha512, key, key_len);
}

static void hmac_update(union hmac_state *st, uint16_t prf, const void *data,
			size_t len)
{
	if (!len)
		return;
	if (prf == IKE_PRF_HMAC_SHA2_256)
		crypto_auth_hmacsha256_update(&st->sha256, data, len);
	else
		crypto_auth_hmacsha512_update(&st->sha512, data, len);
}

static void hmac_final(union hmac_state *st, uint16_t prf, uint8_t *out)
{
	if (prf == IKE_PRF_HMAC_SHA2_256)
		crypto_auth_hmacsha256_final(&st->sha256, out);
	else
		crypto_auth_hmacsha512_final(&st->sha512, out);
	sodium_memzero(st, sizeof(*st));
}

int ike_crypto_prf(uint16_t prf, const uint8_t *key, size_t key_len,
		   const struct ike_crypto_seg *seg, size_t n_seg,
		   uint8_t *out)
{
	union hmac_state st;
	size_t i;

	if (!ike_crypto_prf_len(prf))
		return -EOPNOTSUPP;
	hmac_init(&st, prf, key, key_len);
	for (i = 0; i < n_seg; i++)
		hmac_update(&st, prf, seg[i].data, seg[i].len);
	hmac_final(&st, prf, out);
	return 0;
}

int ike_crypto_prf_plus(uint16_t prf, const uint8_t *key, size_t key_len,
			const struct ike_crypto_seg *seg, size_t n_seg,
			uint8_t *out, size_t out_len)
{
	size_t block = ike_crypto_prf_len(prf), done = 0, take, i;
	uint8_t t[IKE_CRYPTO_PRF_MAX], count = 0;
	union hmac_state st;

	if (!block)
		return -EOPNOTSUPP;
	/* the counter is one octet, RFC 7296 2.13 */
	if (out_len > 255 * block)
		return -EINVAL;
	while (done < out_len) {
		count++;
		hmac_init(&st, prf, key, key_len);
		if (done)
			hmac_update(&st, prf, t, block);
		for (i = 0; i < n_seg; i++)
			hmac_update(&st, prf, seg[i].data, seg[i].len);
		hmac_update(&st, prf, &count, 1);
		hmac_final(&st, prf, t);
		take = out_len - done < block ? out_len - done : block;
		memcpy(out + done, t, take);
		done += take;
	}
	sodium_memzero(t, sizeof(t));
	return 0;
}

/* ---- AEAD ---- */

size_t ike_crypto_aead_key_len(uint16_t encr, uint16_t key_bits)
{
	switch (encr) {
	case IKE_ENCR_CHACHA20_POLY1305:
		return key_bits ? 0 : 32 + IKE_CRYPTO_SALT_LEN;
	case IKE_ENCR_AES_GCM_16:
		if (key_bits != 128 && key_bits != 256)
			return 0;
		return key_bits / 8 + IKE_CRYPTO_SALT_LEN;
	default:
		return 0;
	}
}

int ike_crypto_seal(const struct ike_crypto_aead *a, const uint8_t *in,
		    size_t len, uint8_t *out)
{
	const struct ike_crypto_provider *p = find_aead(a->encr, a->key_len);
	int ret;

	if (!p)
		return -EOPNOTSUPP;
	ret = p->seal(a, in, len, out);
	/* in place, that would be plaintext where ciphertext is expected */
	if (ret)
		sodium_memzero(out, len + IKE_CRYPTO_TAG_LEN);
	return ret;
}

int ike_crypto_open(const struct ike_crypto_aead *a, const uint8_t *in,
		    size_t len, uint8_t *out)
{
	const struct ike_crypto_provider *p = find_aead(a->encr, a->key_len);
	int ret;

	if (!p)
		return -EOPNOTSUPP;
	if (len < IKE_CRYPTO_TAG_LEN)
		return -EBADMSG;
	ret = p->open(a, in, len, out);
	if (ret)
		sodium_memzero(out, len - IKE_CRYPTO_TAG_LEN);
	return ret;
}

/* ---- X25519, Ed25519 ---- */

int ike_crypto_x25519_public(const uint8_t secret[32], uint8_t public[32])
{
	return crypto_scalarmult_base(public, secret) ? -EIO : 0;
}

int ike_crypto_x25519_shared(const uint8_t secret[32], const uint8_t peer[32],
			     uint8_t shared[32])
{
	/* libsodium refuses points of small order; ask again all the same */
	if (crypto_scalarmult(shared, secret, peer) ||
	    sodium_is_zero(shared, 32)) {
		sodium_memzero(shared, 32);
		return -EBADMSG;
	}
	return 0;
}

int ike_crypto_ed25519_keypair(const uint8_t seed[32], uint8_t public[32],
			       uint8_t secret[64])
{
	return crypto_sign_seed_keypair(public, secret, seed) ? -EIO : 0;
}

int ike_crypto_ed25519_sign(const uint8_t secret[64], const uint8_t *msg,
			    size_t len, uint8_t sig[64])
{
	if (crypto_sign_detached(sig, NULL, msg, len, secret)) {
		sodium_memzero(sig, IKE_CRYPTO_ED25519_SIG);
		return -EIO;
	}
	return 0;
}

int ike_crypto_ed25519_verify(const uint8_t public[32], const uint8_t *msg,
			      size_t len, const uint8_t *sig, size_t sig_len)
{
	if (sig_len != IKE_CRYPTO_ED25519_SIG)
		return -EBADMSG;
	if (crypto_sign_verify_detached(sig, msg, len, public))
		return -EBADMSG;
	return 0;
}

/* ---- the rest ---- */

int ike_crypto_sha1(const struct ike_crypto_seg *seg, size_t n_seg,
		    uint8_t out[IKE_CRYPTO_SHA1_LEN])
{
	size_t i;

	for (i = 0; i < N_PROVIDERS; i++)
		if (provider_up[i] && providers[i]->sha1)
			return providers[i]->sha1(seg, n_seg, out);
	return -EOPNOTSUPP;
}

bool ike_crypto_equal(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}

void ike_crypto_wipe(void *p, size_t len)
{
	if (p)
		sodium_memzero(p, len);
}

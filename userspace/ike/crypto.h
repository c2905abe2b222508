/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cryptographic primitives of libvtike.
 *
 * A table of providers stands behind these functions: libsodium is the base,
 * OpenSSL 3 the second one (AES-GCM on every CPU, SHA-1). No function here
 * takes randomness of its own: ephemeral secrets are octets of the caller.
 *
 * Returns are 0 or -errno: -EOPNOTSUPP no provider or unknown transform,
 * -EINVAL wrong length, -EBADMSG what the peer sent fails the check. On any
 * error the output is wiped, so nothing half made can be used by mistake.
 */
#ifndef VTUN_IKE_CRYPTO_H
#define VTUN_IKE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IKE_CRYPTO_PRF_MAX	64	/* octets of the longest PRF output */
#define IKE_CRYPTO_SALT_LEN	4
#define IKE_CRYPTO_IV_LEN	8
#define IKE_CRYPTO_NONCE_LEN	12	/* salt then IV */
#define IKE_CRYPTO_TAG_LEN	16
#define IKE_CRYPTO_AEAD_KEY_MAX	36	/* 256 bit key and salt */
#define IKE_CRYPTO_X25519_LEN	32
#define IKE_CRYPTO_ED25519_SIG	64
#define IKE_CRYPTO_SHA1_LEN	20

/* one piece of a message that is hashed or signed as the concatenation */
struct ike_crypto_seg {
	const void *data;
	size_t len;
};

/**
 * struct ike_crypto_aead - one AEAD operation, everything but the payload
 * @encr: IANA transform ID, 20 (AES-GCM, 16 octet ICV) or 28
 * @key: cipher key without salt
 * @key_len: 16 or 32 for ENCR 20, 32 for ENCR 28
 * @nonce: salt then explicit IV (RFC 5282 3.1, RFC 7634 2)
 * @aad: associated data
 * @aad_len: octets in @aad
 */
struct ike_crypto_aead {
	uint16_t encr;
	const uint8_t *key;
	size_t key_len;
	uint8_t nonce[IKE_CRYPTO_NONCE_LEN];
	const uint8_t *aad;
	size_t aad_len;
};

/**
 * ike_crypto_init() - choose providers; must be called before anything else
 *
 * May be called again; later calls do nothing.
 * Return: 0, or -EIO when libsodium does not start.
 */
int ike_crypto_init(void);

/**
 * ike_crypto_prf_len() - output, and preferred key, length of a PRF
 * @prf: IANA transform ID
 * Return: octets, 0 = PRF unknown
 */
size_t ike_crypto_prf_len(uint16_t prf);

/**
 * ike_crypto_prf() - prf(key, concatenation of seg[])
 * @prf: IANA transform ID
 * @key: any length, 0 included
 * @key_len: octets in @key
 * @seg: pieces of the message
 * @n_seg: number of pieces
 * @out: ike_crypto_prf_len() octets
 */
int ike_crypto_prf(uint16_t prf, const uint8_t *key, size_t key_len,
		   const struct ike_crypto_seg *seg, size_t n_seg,
		   uint8_t *out);

/**
 * ike_crypto_prf_plus() - prf+ of RFC 7296 2.13
 * @out_len: at most 255 PRF outputs, else -EINVAL
 *
 * Other arguments as for ike_crypto_prf(), with at most 8 pieces.
 */
int ike_crypto_prf_plus(uint16_t prf, const uint8_t *key, size_t key_len,
			const struct ike_crypto_seg *seg, size_t n_seg,
			uint8_t *out, size_t out_len);

/**
 * ike_crypto_aead_key_len() - octets an AEAD takes from the key material
 * @encr: IANA transform ID
 * @key_bits: as in struct ike_suite: 0 for ENCR 28, 128 or 256 for ENCR 20
 * Return: octets with the salt, 0 = this combination does not exist here
 */
size_t ike_crypto_aead_key_len(uint16_t encr, uint16_t key_bits);

/**
 * ike_crypto_seal() - encrypt and authenticate
 * @a: key, nonce, associated data
 * @in: plaintext
 * @len: octets in @in
 * @out: @len + IKE_CRYPTO_TAG_LEN octets; may be the same pointer as @in
 */
int ike_crypto_seal(const struct ike_crypto_aead *a, const uint8_t *in,
		    size_t len, uint8_t *out);

/**
 * ike_crypto_open() - check and decrypt
 * @a: key, nonce, associated data
 * @in: ciphertext and tag
 * @len: octets in @in, the tag included
 * @out: @len - IKE_CRYPTO_TAG_LEN octets; may be the same pointer as @in.
 *	Holds zeros when the tag is wrong.
 * Return: 0, -EBADMSG when the tag is wrong or @len is shorter than a tag
 */
int ike_crypto_open(const struct ike_crypto_aead *a, const uint8_t *in,
		    size_t len, uint8_t *out);

/* public value of a secret of 32 random octets (clamped inside, RFC 7748 5) */
int ike_crypto_x25519_public(const uint8_t secret[32], uint8_t public[32]);

/**
 * ike_crypto_x25519_shared() - Diffie-Hellman value
 * Return: 0, or -EBADMSG for an all-zero result (RFC 7748 6.1, RFC 8031 5)
 */
int ike_crypto_x25519_shared(const uint8_t secret[32], const uint8_t peer[32],
			     uint8_t shared[32]);

/* Ed25519 key pair from a 32 octet seed; @secret is libsodium's form */
int ike_crypto_ed25519_keypair(const uint8_t seed[32], uint8_t public[32],
			       uint8_t secret[64]);
int ike_crypto_ed25519_sign(const uint8_t secret[64], const uint8_t *msg,
			    size_t len, uint8_t sig[64]);
/* 0, or -EBADMSG when the signature is not @public's over @msg */
int ike_crypto_ed25519_verify(const uint8_t public[32], const uint8_t *msg,
			      size_t len, const uint8_t *sig, size_t sig_len);

/* SHA-1, for NAT detection only; -EOPNOTSUPP without OpenSSL */
int ike_crypto_sha1(const struct ike_crypto_seg *seg, size_t n_seg,
		    uint8_t out[IKE_CRYPTO_SHA1_LEN]);

/* constant time in the octets; lengths are public */
bool ike_crypto_equal(const void *a, const void *b, size_t len);
/* not optimised away; NULL is fine */
void ike_crypto_wipe(void *p, size_t len);

/* name of the provider in use for an AEAD, for show and tests; "none" */
const char *ike_crypto_provider(uint16_t encr, size_t key_len);

#endif /* VTUN_IKE_CRYPTO_H */

// SPDX-License-Identifier: GPL-2.0-or-later
#include "sk.h"

#include <errno.h>
#include <string.h>

#include "wire_get.h"

int ike_sk_key_set(struct ike_sk_key *k, const struct ike_suite *suite,
		   const uint8_t *key, size_t len)
{
	memset(k, 0, sizeof(*k));
	if (!len || len != ike_crypto_aead_key_len(suite->encr,
						   suite->key_bits))
		return -EINVAL;
	k->encr = suite->encr;
	k->key_len = (uint8_t)(len - IKE_CRYPTO_SALT_LEN);
	memcpy(k->key, key, k->key_len);
	memcpy(k->salt, key + k->key_len, IKE_CRYPTO_SALT_LEN);
	return 0;
}

void ike_sk_key_wipe(struct ike_sk_key *k)
{
	ike_crypto_wipe(k, sizeof(*k));
}

static void aead_set(struct ike_crypto_aead *a, const struct ike_sk_key *k,
		     const uint8_t *iv, const uint8_t *aad, size_t aad_len)
{
	a->encr = k->encr;
	a->key = k->key;
	a->key_len = k->key_len;
	memcpy(a->nonce, k->salt, IKE_CRYPTO_SALT_LEN);
	memcpy(a->nonce + IKE_CRYPTO_SALT_LEN, iv, IKE_CRYPTO_IV_LEN);
	a->aad = aad;
	a->aad_len = aad_len;
}

void ike_sk_begin(struct ike_build *b)
{
	size_t start = b->len;

	if (b->sk_off && !b->err)
		b->err = -EINVAL;
	ike_build_open(b, IKE_WIRE_P_SK);
	ike_build_u64(b, 0);
	/* payloads that follow stand inside and chain from SK's own header */
	b->open_off = 0;
	b->sk_off = start;
}

/* pad length, room for the tag, both length fields */
static void sk_complete(struct ike_build *b)
{
	static const uint8_t tag[IKE_CRYPTO_TAG_LEN];

	if ((b->open_off || !b->sk_off) && !b->err)
		b->err = -EINVAL;
	ike_build_u8(b, 0);
	ike_build_put(b, tag, sizeof(tag));
	ike_build_patch_u16(b, b->sk_off + 2, (uint16_t)(b->len - b->sk_off));
	ike_build_patch_u16(b, 24, 0);
	ike_build_patch_u16(b, 26, (uint16_t)b->len);
}

int ike_sk_finish(struct ike_build *b, struct ike_sk_key *k, size_t *len)
{
	size_t iv = b->sk_off + IKE_WIRE_GEN_LEN, text = iv + IKE_CRYPTO_IV_LEN;
	struct ike_crypto_aead a;

	*len = 0;
	sk_complete(b);
	/* the last IV is never used, so the counter cannot start again */
	if (!b->err && (!k->key_len || k->iv == UINT64_MAX))
		b->err = -EOVERFLOW;
	if (!b->err) {
		ike_wire_put64(b->data + iv, k->iv++);
		aead_set(&a, k, b->data + iv, b->data, iv);
		b->err = ike_crypto_seal(&a, b->data + text,
					 b->len - text - IKE_CRYPTO_TAG_LEN,
					 b->data + text);
		ike_crypto_wipe(&a, sizeof(a));
	}
	if (b->err) {
		ike_crypto_wipe(b->data, b->len);
		return b->err;
	}
	*len = b->len;
	return 0;
}

int ike_sk_decrypt(const struct ike_sk_key *k, const uint8_t *data, size_t len,
		   const struct ike_wire_set *outer, uint8_t *plain,
		   struct ike_wire_set *inner, struct ike_wire_err *err)
{
	const struct ike_wire_view *sk = &outer->sk;
	struct ike_crypto_aead a;
	size_t n, pad;
	int ret;

	memset(inner, 0, sizeof(*inner));
	if (!k->key_len || !sk->data || sk->data < data + IKE_WIRE_HDR_LEN ||
	    sk->data + sk->len != data + len) {
		ike_wire_fail(err, 0, IKE_WIRE_P_SK, 0, "no SK payload or key");
		return -EINVAL;
	}
	if (sk->len < IKE_CRYPTO_IV_LEN + 1 + IKE_CRYPTO_TAG_LEN)
		return ike_wire_fail(err, 0, IKE_WIRE_P_SK, 0,
				     "SK payload of %zu octets is too short",
				     sk->len + IKE_WIRE_GEN_LEN);
	aead_set(&a, k, sk->data, data, (size_t)(sk->data - data));
	ret = ike_crypto_open(&a, sk->data + IKE_CRYPTO_IV_LEN,
			      sk->len - IKE_CRYPTO_IV_LEN, plain);
	ike_crypto_wipe(&a, sizeof(a));
	if (ret)
		return ike_wire_fail(err, 0, IKE_WIRE_P_SK, 0,
				     "SK payload is not authentic");

	n = sk->len - IKE_CRYPTO_IV_LEN - IKE_CRYPTO_TAG_LEN;
	pad = plain[n - 1];
	if (pad + 1 > n)
		return ike_wire_fail(err, IKE_WIRE_N_INVALID_SYNTAX,
				     IKE_WIRE_P_SK, 0,
				     "pad length %zu of %zu octets", pad, n);
	return ike_wire_parse_chain(outer->sk_first, plain, n - 1 - pad, inner,
				    err);
}

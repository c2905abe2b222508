// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a peer that holds the keys may put into SK: the first octet is the type
 * of the first payload, the rest the plaintext with its padding. The message
 * is sealed with a known key, so the input reaches the parser behind it.
 */
#include <string.h>

#include "fuzz.h"
#include "ike/sk.h"
#include "ike/wire_get.h"

#define HEAD	(IKE_WIRE_HDR_LEN + IKE_WIRE_GEN_LEN + IKE_CRYPTO_IV_LEN)

static struct ike_sk_key key;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct ike_suite suite = { .encr = IKE_ENCR_CHACHA20_POLY1305 };
	uint8_t octets[36] = { 1 };

	return ike_crypto_init() || ike_sk_key_set(&key, &suite, octets, 36);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t msg[65536], plain[65536];
	struct ike_wire_set outer, inner;
	struct ike_wire_err err = { 0 };
	struct ike_crypto_aead a = {
		.encr = key.encr, .key = key.key, .key_len = key.key_len,
		.aad = msg, .aad_len = IKE_WIRE_HDR_LEN + IKE_WIRE_GEN_LEN,
	};
	struct ike_wire_hdr hdr;
	size_t len;
	int ret;

	if (size < 2 || size > 4096)
		return 0;
	memset(msg, 0, HEAD);
	len = HEAD + size - 1 + IKE_CRYPTO_TAG_LEN;
	msg[0] = 1;
	msg[16] = IKE_WIRE_P_SK;
	msg[17] = IKE_WIRE_VERSION;
	msg[18] = IKE_WIRE_X_INFORMATIONAL;
	ike_wire_put32(msg + 24, (uint32_t)len);
	msg[28] = data[0];
	ike_wire_put16(msg + 30, (uint16_t)(len - IKE_WIRE_HDR_LEN));
	FUZZ_ASSERT(!ike_crypto_seal(&a, data + 1, size - 1, msg + HEAD));

	FUZZ_ASSERT(!ike_wire_parse(msg, len, &hdr, &outer, &err));
	ret = ike_sk_decrypt(&key, msg, len, &outer, plain, &inner, &err);
	/* it was authentic: a refusal names what the peer must be told */
	FUZZ_ASSERT(!ret || (err.notify && err.text[0] && !inner.n));
	if (!ret) {
		FUZZ_ASSERT(!inner.sk.data);
		FUZZ_ASSERT(memcmp(plain, data + 1, size - 1) == 0);
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "auth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire_get.h"

#define OID_LEN	7

/* AlgorithmIdentifier of id-Ed25519, no parameters: RFC 8420 A.1 */
static const uint8_t ed25519_oid[OID_LEN] = {
	0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70,
};

static const char key_pad[] = "Key Pad for IKEv2";

static bool input_ok(const struct ike_auth_in *in)
{
	return in->message.data && in->message.len >= IKE_WIRE_HDR_LEN &&
	       in->nonce.len && in->id_body.len > 4 && in->sk_p_len;
}

/* prf(SK_p, RestOfIDPayload): what ties the identity to this IKE SA */
static int maced_id(const struct ike_auth_in *in,
		    uint8_t mac[IKE_CRYPTO_PRF_MAX])
{
	const struct ike_crypto_seg id = { in->id_body.data, in->id_body.len };

	return ike_crypto_prf(in->prf, in->sk_p, in->sk_p_len, &id, 1, mac);
}

static int psk_auth(const struct ike_auth_in *in,
		    const struct ike_auth_key *key,
		    uint8_t out[IKE_CRYPTO_PRF_MAX])
{
	const struct ike_crypto_seg pad = { key_pad, sizeof(key_pad) - 1 };
	uint8_t mac[IKE_CRYPTO_PRF_MAX], padded[IKE_CRYPTO_PRF_MAX];
	const struct ike_crypto_seg octets[] = {
		{ in->message.data, in->message.len },
		{ in->nonce.data, in->nonce.len },
		{ mac, ike_crypto_prf_len(in->prf) },
	};
	int ret;

	/* an empty key would make anybody the peer */
	if (!key->psk || !key->psk_len)
		return -EINVAL;
	ret = maced_id(in, mac);
	if (!ret)
		ret = ike_crypto_prf(in->prf, key->psk, key->psk_len, &pad, 1,
				     padded);
	if (!ret)
		ret = ike_crypto_prf(in->prf, padded,
				     ike_crypto_prf_len(in->prf), octets, 3,
				     out);
	ike_crypto_wipe(padded, sizeof(padded));
	return ret;
}

/* the signed octets in one piece, as signatures want them; free() them */
static int gather(const struct ike_auth_in *in, uint8_t **octets, size_t *len)
{
	size_t mac_len = ike_crypto_prf_len(in->prf);
	uint8_t mac[IKE_CRYPTO_PRF_MAX], *p;
	int ret;

	ret = maced_id(in, mac);
	if (ret)
		return ret;
	*len = in->message.len + in->nonce.len + mac_len;
	p = malloc(*len);
	if (!p)
		return -ENOMEM;
	*octets = p;
	memcpy(p, in->message.data, in->message.len);
	p += in->message.len;
	memcpy(p, in->nonce.data, in->nonce.len);
	memcpy(p + in->nonce.len, mac, mac_len);
	return 0;
}

static int make_ed25519(const struct ike_auth_in *in,
			const struct ike_auth_key *key,
			struct ike_auth_data *out)
{
	uint8_t *octets;
	size_t len;
	int ret;

	if (!key->private_key)
		return -EINVAL;
	ret = gather(in, &octets, &len);
	if (ret)
		return ret;
	out->data[0] = OID_LEN;
	memcpy(out->data + 1, ed25519_oid, OID_LEN);
	ret = ike_crypto_ed25519_sign(key->private_key, octets, len,
				      out->data + 1 + OID_LEN);
	free(octets);
	out->len = 1 + OID_LEN + IKE_CRYPTO_ED25519_SIG;
	out->method = IKE_WIRE_AUTH_SIGNATURE;
	return ret;
}

int ike_auth_make(const struct ike_auth_in *in, const struct ike_auth_key *key,
		  struct ike_auth_data *out)
{
	int ret;

	memset(out, 0, sizeof(*out));
	if (!input_ok(in))
		return -EINVAL;
	switch (key->auth) {
	case IKE_AUTH_PSK:
		ret = psk_auth(in, key, out->data);
		out->len = ike_crypto_prf_len(in->prf);
		out->method = IKE_WIRE_AUTH_PSK;
		break;
	case IKE_AUTH_ED25519:
		ret = make_ed25519(in, key, out);
		break;
	default:
		ret = -EINVAL;
	}
	if (ret)
		ike_crypto_wipe(out, sizeof(*out));
	return ret;
}

static int refuse(struct ike_wire_err *err, const char *what)
{
	return ike_wire_fail(err, IKE_WIRE_N_AUTHENTICATION_FAILED,
			     IKE_WIRE_P_AUTH, 0, "%s", what);
}

static int verify_psk(const struct ike_auth_in *in,
		      const struct ike_auth_key *key, uint8_t method,
		      struct ike_wire_view data, struct ike_wire_err *err)
{
	uint8_t want[IKE_CRYPTO_PRF_MAX];
	bool same;

	if (method != IKE_WIRE_AUTH_PSK)
		return refuse(err, "peer does not use a pre-shared key");
	if (psk_auth(in, key, want))
		return refuse(err, "cannot compute the pre-shared key's AUTH");
	same = data.len == ike_crypto_prf_len(in->prf) &&
	       ike_crypto_equal(want, data.data, data.len);
	ike_crypto_wipe(want, sizeof(want));
	if (!same)
		return refuse(err, "pre-shared keys differ");
	return 0;
}

static int verify_ed25519(const struct ike_auth_in *in,
			  const struct ike_auth_key *key, uint8_t method,
			  struct ike_wire_view data, struct ike_wire_err *err)
{
	uint8_t *octets;
	size_t len;
	int ret;

	if (method != IKE_WIRE_AUTH_SIGNATURE)
		return refuse(err, "peer does not use a digital signature");
	if (data.len < 1 + OID_LEN || data.data[0] != OID_LEN ||
	    memcmp(data.data + 1, ed25519_oid, OID_LEN))
		return refuse(err, "signature algorithm is not Ed25519");
	if (data.len != 1 + OID_LEN + IKE_CRYPTO_ED25519_SIG)
		return refuse(err, "Ed25519 signature has a wrong length");
	if (!key->public_key || gather(in, &octets, &len))
		return refuse(err, "cannot check the peer's signature");
	ret = ike_crypto_ed25519_verify(key->public_key, octets, len,
					data.data + 1 + OID_LEN,
					IKE_CRYPTO_ED25519_SIG);
	free(octets);
	if (ret)
		return refuse(err, "signature is not by the peer's key");
	return 0;
}

int ike_auth_verify(const struct ike_auth_in *in,
		    const struct ike_auth_key *key, uint8_t method,
		    struct ike_wire_view data, struct ike_wire_err *err)
{
	if (!input_ok(in) || !data.data)
		return refuse(err, "AUTH or what it covers is missing");
	switch (key->auth) {
	case IKE_AUTH_PSK:
		return verify_psk(in, key, method, data, err);
	case IKE_AUTH_ED25519:
		return verify_ed25519(in, key, method, data, err);
	default:
		return refuse(err, "no method is configured for the peer");
	}
}

bool ike_auth_hash_ok(const struct ike_wire_notify *n)
{
	size_t i;

	for (i = 0; i + 2 <= n->data.len; i += 2)
		if (ike_wire_get16(n->data.data + i) == IKE_WIRE_HASH_IDENTITY)
			return true;
	return false;
}

size_t ike_auth_hash_data(uint8_t out[2])
{
	ike_wire_put16(out, IKE_WIRE_HASH_IDENTITY);
	return 2;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "keymat.h"

#include <errno.h>
#include <string.h>

#include "proposal.h"
#include "wire_get.h"

static bool nonce_ok(struct ike_wire_view n)
{
	return n.data && n.len >= IKE_WIRE_NONCE_MIN &&
	       n.len <= IKE_WIRE_NONCE_MAX;
}

static bool input_ok(const struct ike_keymat_in *in)
{
	return nonce_ok(in->ni) && nonce_ok(in->nr);
}

/* moves @len octets of key material on into @out */
static void cut(const uint8_t **from, uint8_t *out, size_t len)
{
	memcpy(out, *from, len);
	*from += len;
}

/* prf+(SKEYSEED, Ni | Nr | SPIi | SPIr) = SK_d | SK_ei | er | pi | pr */
static int expand(const uint8_t *skeyseed, size_t skeyseed_len,
		  const struct ike_suite *suite,
		  const struct ike_keymat_in *in, struct ike_keys *keys)
{
	uint8_t spi_i[8], spi_r[8];
	uint8_t km[3 * IKE_CRYPTO_PRF_MAX + 2 * IKE_CRYPTO_AEAD_KEY_MAX];
	const struct ike_crypto_seg seg[] = {
		{ in->ni.data, in->ni.len }, { in->nr.data, in->nr.len },
		{ spi_i, sizeof(spi_i) }, { spi_r, sizeof(spi_r) },
	};
	size_t p = ike_crypto_prf_len(suite->prf);
	size_t e = ike_crypto_aead_key_len(suite->encr, suite->key_bits);
	const uint8_t *from = km;
	int ret;

	if (!p || !e)
		return -EOPNOTSUPP;
	ike_wire_put64(spi_i, in->spi_i);
	ike_wire_put64(spi_r, in->spi_r);
	ret = ike_crypto_prf_plus(suite->prf, skeyseed, skeyseed_len, seg, 4,
				  km, 3 * p + 2 * e);
	if (!ret) {
		keys->prf = suite->prf;
		keys->prf_len = p;
		keys->e_len = e;
		cut(&from, keys->d, p);
		cut(&from, keys->ei, e);
		cut(&from, keys->er, e);
		cut(&from, keys->pi, p);
		cut(&from, keys->pr, p);
	}
	ike_crypto_wipe(km, sizeof(km));
	return ret;
}

int ike_keymat_init(const struct ike_suite *suite,
		    const struct ike_keymat_in *in, struct ike_keys *keys)
{
	uint8_t nonces[2 * IKE_WIRE_NONCE_MAX], skeyseed[IKE_CRYPTO_PRF_MAX];
	const struct ike_crypto_seg seg = { in->g_ir.data, in->g_ir.len };
	int ret;

	memset(keys, 0, sizeof(*keys));
	if (!input_ok(in) || !in->g_ir.len)
		return -EINVAL;
	memcpy(nonces, in->ni.data, in->ni.len);
	memcpy(nonces + in->ni.len, in->nr.data, in->nr.len);
	ret = ike_crypto_prf(suite->prf, nonces, in->ni.len + in->nr.len, &seg,
			     1, skeyseed);
	if (!ret)
		ret = expand(skeyseed, ike_crypto_prf_len(suite->prf), suite,
			     in, keys);
	ike_crypto_wipe(skeyseed, sizeof(skeyseed));
	return ret;
}

int ike_keymat_rekey(const struct ike_keys *old, const struct ike_suite *suite,
		     const struct ike_keymat_in *in, struct ike_keys *keys)
{
	const struct ike_crypto_seg seg[] = {
		{ in->g_ir.data, in->g_ir.len },
		{ in->ni.data, in->ni.len }, { in->nr.data, in->nr.len },
	};
	uint8_t skeyseed[IKE_CRYPTO_PRF_MAX];
	int ret;

	if (keys == old)
		return -EINVAL;
	memset(keys, 0, sizeof(*keys));
	if (!input_ok(in) || !in->g_ir.len || !old->prf_len)
		return -EINVAL;
	ret = ike_crypto_prf(old->prf, old->d, old->prf_len, seg, 3, skeyseed);
	if (!ret)
		ret = expand(skeyseed, old->prf_len, suite, in, keys);
	ike_crypto_wipe(skeyseed, sizeof(skeyseed));
	return ret;
}

int ike_keymat_child(const struct ike_keys *keys, const struct ike_suite *suite,
		     const struct ike_keymat_in *in,
		     struct ike_child_keys *child)
{
	const struct ike_crypto_seg seg[] = {
		{ in->g_ir.data, in->g_ir.len },
		{ in->ni.data, in->ni.len }, { in->nr.data, in->nr.len },
	};
	size_t len = ike_suite_esp_key_len(suite->encr, suite->key_bits);
	uint8_t km[2 * IKE_CRYPTO_AEAD_KEY_MAX];
	/* without PFS the first piece is left out */
	bool pfs = suite->ke != IKE_KE_NONE;
	size_t skip = pfs ? 0 : 1;
	int ret;

	memset(child, 0, sizeof(*child));
	if (!len)
		return -EOPNOTSUPP;
	if (!input_ok(in) || !keys->prf_len || pfs == !in->g_ir.len)
		return -EINVAL;
	ret = ike_crypto_prf_plus(keys->prf, keys->d, keys->prf_len,
				  seg + skip, 3 - skip, km, 2 * len);
	if (!ret) {
		memcpy(child->i2r, km, len);
		memcpy(child->r2i, km + len, len);
		child->len = len;
	}
	ike_crypto_wipe(km, sizeof(km));
	return ret;
}

void ike_keymat_wipe(struct ike_keys *keys)
{
	ike_crypto_wipe(keys, sizeof(*keys));
}

void ike_keymat_wipe_child(struct ike_child_keys *child)
{
	ike_crypto_wipe(child, sizeof(*child));
}

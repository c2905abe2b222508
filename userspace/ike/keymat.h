/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Key schedule: RFC 7296 2.13, 2.14, 2.17, 2.18 for AEAD suites, which have no
 * SK_a (RFC 5282 5) and take the salt from the end of each encryption key.
 */
#ifndef VTUN_IKE_KEYMAT_H
#define VTUN_IKE_KEYMAT_H

#include "crypto.h"
#include "wire.h"

/**
 * struct ike_keys - keys of one IKE SA; wipe with ike_keymat_wipe()
 * @prf: transform they were made with and that SK_d, SK_p* are keys of
 * @prf_len: octets in @d, @pi, @pr
 * @e_len: octets in @ei, @er, salt included
 */
struct ike_keys {
	uint16_t prf;
	size_t prf_len, e_len;
	uint8_t d[IKE_CRYPTO_PRF_MAX];
	uint8_t pi[IKE_CRYPTO_PRF_MAX], pr[IKE_CRYPTO_PRF_MAX];
	uint8_t ei[IKE_CRYPTO_AEAD_KEY_MAX], er[IKE_CRYPTO_AEAD_KEY_MAX];
};

/* what goes into an IKE SA's keys; nonces without payload header */
struct ike_keymat_in {
	struct ike_wire_view ni, nr;
	struct ike_wire_view g_ir;	/* shared secret */
	uint64_t spi_i, spi_r;		/* of the (new) IKE SA */
};

/* keys of a child in both directions, salt included */
struct ike_child_keys {
	uint8_t i2r[IKE_KEY_MAX];	/* exchange initiator to responder */
	uint8_t r2i[IKE_KEY_MAX];
	size_t len;			/* octets in each */
};

/* IKE_SA_INIT: SKEYSEED = prf(Ni | Nr, g^ir), RFC 7296 2.14. 0 or -errno */
int ike_keymat_init(const struct ike_suite *suite,
		    const struct ike_keymat_in *in, struct ike_keys *keys);

/*
 * IKE SA rekey: SKEYSEED = prf(SK_d (old), g^ir | Ni | Nr), RFC 7296 2.18. The
 * old SA's PRF makes SKEYSEED, the new suite's PRF expands it. @keys must not
 * be @old. In @in initiator means who started the rekey.
 */
int ike_keymat_rekey(const struct ike_keys *old, const struct ike_suite *suite,
		     const struct ike_keymat_in *in, struct ike_keys *keys);

/*
 * KEYMAT = prf+(SK_d, [g^ir |] Ni | Nr), RFC 7296 2.17. Without PFS @g_ir is
 * empty; a suite with a KE and no @g_ir, or the reverse, is -EINVAL. Nonces are
 * those of the exchange that makes the child (IKE_SA_INIT's in IKE_AUTH).
 */
int ike_keymat_child(const struct ike_keys *keys, const struct ike_suite *suite,
		     const struct ike_keymat_in *in,
		     struct ike_child_keys *child);

void ike_keymat_wipe(struct ike_keys *keys);
void ike_keymat_wipe_child(struct ike_child_keys *child);

#endif /* VTUN_IKE_KEYMAT_H */

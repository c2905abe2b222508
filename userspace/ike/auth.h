/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AUTH payload contents: PSK (RFC 7296 2.15) and Ed25519 as Digital Signature
 * (method 14, RFC 7427 with RFC 8420).
 */
#ifndef VTUN_IKE_AUTH_H
#define VTUN_IKE_AUTH_H

#include "crypto.h"
#include "wire.h"

#define IKE_AUTH_DATA_MAX	96	/* longest AUTH data made here */

/**
 * struct ike_auth_in - the octets one end signs, RFC 7296 2.15
 * @prf: negotiated PRF
 * @message: that end's first IKE_SA_INIT message (the one that was answered,
 *	cookie and all), from the header on, without non-ESP marker
 * @nonce: nonce of the *other* end, without payload header
 * @id_body: body of that end's ID payload as sent: set.idi or set.idr
 * @sk_p: SK_pi if the IKE SA's initiator signs, SK_pr otherwise
 * @sk_p_len: octets in @sk_p
 */
struct ike_auth_in {
	uint16_t prf;
	struct ike_wire_view message, nonce, id_body;
	const uint8_t *sk_p;
	size_t sk_p_len;
};

/* contents of an AUTH payload */
struct ike_auth_data {
	uint8_t method;			/* enum ike_wire_auth_method */
	size_t len;
	uint8_t data[IKE_AUTH_DATA_MAX];
};

/* secrets or public key of one end, out of struct ike_conn_cfg */
struct ike_auth_key {
	enum ike_auth auth;
	const uint8_t *psk;		/* IKE_AUTH_PSK */
	size_t psk_len;
	const uint8_t *private_key;	/* IKE_AUTH_ED25519, to make: 64 */
	const uint8_t *public_key;	/* IKE_AUTH_ED25519, to verify: 32 */
};

/* make our own AUTH data; 0 or -errno, then @out is wiped */
int ike_auth_make(const struct ike_auth_in *in, const struct ike_auth_key *key,
		  struct ike_auth_data *out);

/**
 * ike_auth_verify() - check the peer's AUTH payload
 * @key: what the configuration demands of this peer; another method fails
 * @method: set.auth_method
 * @data: set.auth
 * Return: 0 = this peer holds the key. -EBADMSG otherwise, with @err filled
 * (AUTHENTICATION_FAILED; the text is for our log only)
 */
int ike_auth_verify(const struct ike_auth_in *in,
		    const struct ike_auth_key *key, uint8_t method,
		    struct ike_wire_view data, struct ike_wire_err *err);

/* does a SIGNATURE_HASH_ALGORITHMS notify list Identity (RFC 8420 2)? */
bool ike_auth_hash_ok(const struct ike_wire_notify *n);
/* its data for our own notify: Identity; octets written */
size_t ike_auth_hash_data(uint8_t out[2]);

#endif /* VTUN_IKE_AUTH_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encrypted payload SK with AEADs: RFC 7296 3.14, RFC 5282 3 and 5, RFC 7634.
 *
 * Associated data is everything from the IKE header to the end of SK's generic
 * header. The IV is a counter in the key, so one key never sees an IV twice as
 * long as the key is used through these functions and never copied. Answer a
 * retransmission with the stored octets, never by building again.
 */
#ifndef VTUN_IKE_SK_H
#define VTUN_IKE_SK_H

#include "build.h"
#include "crypto.h"
#include "wire.h"

/* one direction of an IKE SA; wipe with ike_sk_key_wipe() */
struct ike_sk_key {
	uint16_t encr;
	uint8_t key_len;		/* without salt */
	uint8_t key[32];
	uint8_t salt[IKE_CRYPTO_SALT_LEN];
	uint64_t iv;			/* next IV to send */
};

/* octets SK adds around its payloads: header, IV, pad length, tag */
#define IKE_SK_OVERHEAD	(IKE_WIRE_GEN_LEN + IKE_CRYPTO_IV_LEN + 1 + \
			 IKE_CRYPTO_TAG_LEN)

/* from struct ike_keys .ei or .er; 0, -EINVAL wrong length for the suite */
int ike_sk_key_set(struct ike_sk_key *k, const struct ike_suite *suite,
		   const uint8_t *key, size_t len);
void ike_sk_key_wipe(struct ike_sk_key *k);

/*
 * ike_build_begin(), [outer payloads], ike_sk_begin(), payloads …,
 * ike_sk_finish() instead of ike_build_finish(). No payload at all is fine: an
 * empty INFORMATIONAL. No padding is added (RFC 5282 3: none is needed).
 */
void ike_sk_begin(struct ike_build *b);
/* pads, encrypts, patches lengths. 0 or -errno, then the buffer is wiped */
int ike_sk_finish(struct ike_build *b, struct ike_sk_key *k, size_t *len);

/**
 * ike_sk_decrypt() - check and decrypt the SK payload of a message
 * @k: the *peer's* direction
 * @data: the whole message, as given to ike_wire_parse()
 * @len: its length
 * @outer: as filled by ike_wire_parse(); its @sk must be present
 * @plain: room for at least @len octets; @inner points into it
 * @inner: the authenticated payloads
 * Return: 0; -EBADMSG: @err->notify is 0 when the message is not authentic
 * (drop it without a trace but a counter), an error notify when it is authentic
 * and malformed inside. -EINVAL misuse.
 */
int ike_sk_decrypt(const struct ike_sk_key *k, const uint8_t *data, size_t len,
		   const struct ike_wire_set *outer, uint8_t *plain,
		   struct ike_wire_set *inner, struct ike_wire_err *err);

#endif /* VTUN_IKE_SK_H */

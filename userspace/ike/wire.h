/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IKEv2 message codec, RFC 7296 section 3.
 *
 * Parsing validates the whole message first: every length, the payload chain,
 * the critical bit, duplicates and the fixed part of every payload's body.
 * Only a message without a fault comes out, as views into the caller's octets.
 * SA and TS bodies are validated by proposal.h and ts.h.
 */
#ifndef VTUN_IKE_WIRE_H
#define VTUN_IKE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ike.h"
#include "wire_num.h"

#define IKE_WIRE_HDR_LEN	28
#define IKE_WIRE_GEN_LEN	4	/* generic payload header */
#define IKE_WIRE_PAYLOADS_MAX	64	/* per level: outer, or inside SK */
#define IKE_WIRE_NOTIFY_MAX	24	/* more: refused */
#define IKE_WIRE_DELETE_MAX	8
#define IKE_WIRE_NONCE_MIN	16	/* RFC 7296 3.9 */
#define IKE_WIRE_NONCE_MAX	256
#define IKE_WIRE_MSG_MAX	65535

/* octets inside somebody else's buffer; data NULL = absent */
struct ike_wire_view {
	const uint8_t *data;
	size_t len;
};

/* the fixed header, RFC 7296 3.1; SPIs as numbers (first octet highest) */
struct ike_wire_hdr {
	uint64_t spi_i, spi_r;
	uint8_t next;			/* type of the first payload */
	uint8_t version;		/* major in the upper half */
	uint8_t exchange;		/* enum ike_wire_exchange, or unknown */
	uint8_t flags;			/* IKE_WIRE_F_*; others are ignored */
	uint32_t mid;
	uint32_t len;			/* equals the datagram's length */
};

struct ike_wire_notify {
	uint16_t type;
	uint8_t protocol;		/* 0 = none */
	struct ike_wire_view spi;	/* len 0, 4 or 8 */
	struct ike_wire_view data;	/* len may be 0 */
};

struct ike_wire_delete {
	uint8_t protocol;		/* IKE: n 0; AH, ESP: 4 octet SPIs */
	uint16_t n;
	const uint8_t *spis;		/* n * 4, ike_wire_delete_spi() */
};

/**
 * struct ike_wire_set - the payloads of one level of a message
 * @sa: body of the SA payload; ike_proposal_parse()
 * @ke: public value; @ke_group its group
 * @idi, @idr: whole body (type, reserved, data) as it enters the signed octets
 * @auth: authentication data without method; @auth_method
 * @nonce: 16 to 256 octets
 * @tsi, @tsr: bodies; ike_ts_parse()
 * @sk: body of the SK payload (IV .. ICV); outer level only
 * @sk_first: type of the first payload inside SK
 * @seen: bit (type - 33) for each payload type 33..64 that occurred
 * @n: payloads on this level, skipped ones included
 */
struct ike_wire_set {
	struct ike_wire_view sa, ke, idi, idr, auth, nonce, tsi, tsr, sk;
	uint16_t ke_group;
	uint8_t auth_method;
	uint8_t sk_first;
	struct ike_wire_notify notify[IKE_WIRE_NOTIFY_MAX];
	unsigned int n_notify;
	struct ike_wire_delete del[IKE_WIRE_DELETE_MAX];
	unsigned int n_del;
	uint32_t seen;
	unsigned int n;
};

/**
 * struct ike_wire_err - what was wrong, and where
 * @notify: error notify RFC 7296 wants for it (INVALID_SYNTAX …); 0 = the
 *	message deserves no answer at all
 * @payload: type of the payload at fault, 0 = header
 * @off: offset of the fault in the octets that were parsed
 * @text: words for the log, printable ASCII
 */
struct ike_wire_err {
	uint16_t notify;
	uint8_t payload;
	size_t off;
	char text[128];
};

/**
 * ike_wire_parse_hdr() - the header alone, to find the IKE SA
 * @data: datagram (after the non-ESP marker on port 4500)
 * @len: its length; the header's length field must say the same
 * Return: 0, or -EBADMSG with @err filled. A higher major version gives
 * INVALID_MAJOR_VERSION with @hdr filled, so that it can be answered.
 */
int ike_wire_parse_hdr(const uint8_t *data, size_t len,
		       struct ike_wire_hdr *hdr, struct ike_wire_err *err);

/**
 * ike_wire_parse() - header and outer payloads
 * @set: points into @data afterwards
 *
 * An SK payload must be the last one. An unknown payload with the critical
 * bit gives UNSUPPORTED_CRITICAL_PAYLOAD and its type in @err->payload.
 * Nothing outside SK is authenticated: except in IKE_SA_INIT act on the inner
 * set only.
 */
int ike_wire_parse(const uint8_t *data, size_t len, struct ike_wire_hdr *hdr,
		   struct ike_wire_set *set, struct ike_wire_err *err);

/**
 * ike_wire_parse_chain() - payloads that stand in @data, first one of @first
 *
 * For the octets inside SK (ike_sk_decrypt() calls it). SK inside is refused.
 */
int ike_wire_parse_chain(uint8_t first, const uint8_t *data, size_t len,
			 struct ike_wire_set *set, struct ike_wire_err *err);

/* first notify of @type, NULL = none */
const struct ike_wire_notify *
ike_wire_find_notify(const struct ike_wire_set *set, uint16_t type);

/* i-th SPI of a Delete payload, i < n; host byte order */
uint32_t ike_wire_delete_spi(const struct ike_wire_delete *d, unsigned int i);

/* 4 octet SPI of a notify in host byte order, 0 = it has none */
uint32_t ike_wire_notify_spi(const struct ike_wire_notify *n);

/* identity from a body (set.idi, set.idr); -EBADMSG wrong type or length */
int ike_wire_id(struct ike_wire_view body, struct ike_id *id,
		struct ike_wire_err *err);
bool ike_wire_id_equal(const struct ike_id *a, const struct ike_id *b);
/* text form with everything but printable ASCII escaped; returns @buf */
const char *ike_wire_id_text(const struct ike_id *id, char *buf, size_t size);

/* fills @err, returns -EBADMSG; for the codecs */
int ike_wire_fail(struct ike_wire_err *err, uint16_t notify, uint8_t payload,
		  size_t off, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* names for logs: never NULL; "notify 1234" style numbers are static too */
const char *ike_wire_exchange_name(uint8_t exchange);
const char *ike_wire_payload_name(uint8_t type);
const char *ike_wire_notify_name(uint16_t type);

#endif /* VTUN_IKE_WIRE_H */

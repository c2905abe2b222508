/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building IKEv2 messages into a buffer of fixed size.
 *
 * Errors stick: after the first one every call does nothing, and
 * ike_build_finish() reports it. So a message is written as a straight list of
 * calls with one check at the end. Lengths and the next-payload chain are
 * patched by open/close.
 */
#ifndef VTUN_IKE_BUILD_H
#define VTUN_IKE_BUILD_H

#include "wire.h"

/**
 * struct ike_build - a message under construction; use the functions only
 * @data: caller's buffer of @size octets
 * @len: octets written
 * @next_off: where the type of the next payload goes
 * @open_off: start of the open payload, 0 = none
 * @sk_off: start of the SK payload, 0 = none (sk.h)
 * @err: first error, 0 = none
 */
struct ike_build {
	uint8_t *data;
	size_t size, len;
	size_t next_off, open_off, sk_off;
	int err;
};

/* starts with the header; hdr.next, .version and .len are ignored */
void ike_build_begin(struct ike_build *b, uint8_t *data, size_t size,
		     const struct ike_wire_hdr *hdr);

/* a payload: open, put …, close; they do not nest */
void ike_build_open(struct ike_build *b, uint8_t type);
void ike_build_close(struct ike_build *b);
void ike_build_put(struct ike_build *b, const void *data, size_t len);
void ike_build_u8(struct ike_build *b, uint8_t v);
void ike_build_u16(struct ike_build *b, uint16_t v);
void ike_build_u32(struct ike_build *b, uint32_t v);
void ike_build_u64(struct ike_build *b, uint64_t v);
/* overwrite 1 or 2 octets already written at @off */
void ike_build_patch_u8(struct ike_build *b, size_t off, uint8_t v);
void ike_build_patch_u16(struct ike_build *b, size_t off, uint16_t v);

/* whole payloads */
void ike_build_ke(struct ike_build *b, uint16_t group, const uint8_t *data,
		  size_t len);
void ike_build_nonce(struct ike_build *b, const uint8_t *data, size_t len);
/* @type IKE_WIRE_P_IDI or _IDR */
void ike_build_id(struct ike_build *b, uint8_t type, const struct ike_id *id);
void ike_build_auth(struct ike_build *b, uint8_t method, const uint8_t *data,
		    size_t len);
/* protocol 0 and no SPI */
void ike_build_notify(struct ike_build *b, uint16_t type, const void *data,
		      size_t len);
/* about an ESP SA: REKEY_SA, CHILD_SA_NOT_FOUND … (RFC 7296 3.10) */
void ike_build_notify_esp(struct ike_build *b, uint16_t type, uint32_t spi);
void ike_build_delete_ike(struct ike_build *b);
void ike_build_delete_esp(struct ike_build *b, const uint32_t *spis,
			  unsigned int n);
void ike_build_vendor(struct ike_build *b, const void *data, size_t len);

/**
 * ike_build_finish() - patch the header's length
 * @len: set to the length of the message
 * Return: 0, -EMSGSIZE buffer too small, -EINVAL misuse (payload left open …)
 */
int ike_build_finish(struct ike_build *b, size_t *len);

/* body of an ID payload as it enters the signed octets; 0 = @size too small */
size_t ike_build_id_body(const struct ike_id *id, uint8_t *out, size_t size);

#endif /* VTUN_IKE_BUILD_H */

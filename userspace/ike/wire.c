// SPDX-License-Identifier: GPL-2.0-or-later
/* Strict parser of IKEv2 messages; RFC 7296 section 3 in its order. */
#include "wire.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wire_get.h"

#define CRITICAL	0x80

int ike_wire_fail(struct ike_wire_err *err, uint16_t notify, uint8_t payload,
		  size_t off, const char *fmt, ...)
{
	va_list ap;

	err->notify = notify;
	err->payload = payload;
	err->off = off;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -EBADMSG;
}

/* a payload being validated; body is what follows its generic header */
struct payload {
	uint8_t type, next;
	size_t off;			/* of the generic header */
	struct ike_wire_view body;
};

static int bad(struct ike_wire_err *err, const struct payload *p,
	       const char *what)
{
	return ike_wire_fail(err, IKE_WIRE_N_INVALID_SYNTAX, p->type, p->off,
			     "%s payload at %zu, %zu octets: %s",
			     ike_wire_payload_name(p->type), p->off,
			     p->body.len + IKE_WIRE_GEN_LEN, what);
}

int ike_wire_parse_hdr(const uint8_t *data, size_t len,
		       struct ike_wire_hdr *hdr, struct ike_wire_err *err)
{
	if (len < IKE_WIRE_HDR_LEN)
		return ike_wire_fail(err, 0, 0, len,
				     "%zu octets are no IKE header", len);
	hdr->spi_i = ike_wire_get64(data);
	hdr->spi_r = ike_wire_get64(data + 8);
	hdr->next = data[16];
	hdr->version = data[17];
	hdr->exchange = data[18];
	hdr->flags = data[19];
	hdr->mid = ike_wire_get32(data + 20);
	hdr->len = ike_wire_get32(data + 24);

	/* the version comes first: a later one may have another layout */
	if (hdr->version >> 4 > IKE_WIRE_VERSION >> 4)
		return ike_wire_fail(err, IKE_WIRE_N_INVALID_MAJOR_VERSION, 0,
				     17, "IKE version %u.%u",
				     hdr->version >> 4, hdr->version & 15);
	if (hdr->version >> 4 < IKE_WIRE_VERSION >> 4)
		return ike_wire_fail(err, 0, 0, 17, "IKE version %u.%u",
				     hdr->version >> 4, hdr->version & 15);
	if (hdr->len != len)
		return ike_wire_fail(err, 0, 0, 24,
				     "length field %u, datagram %zu octets",
				     hdr->len, len);
	if (!hdr->spi_i)
		return ike_wire_fail(err, 0, 0, 0, "initiator SPI is zero");
	return 0;
}

/* ---- one function per payload that has a body of its own ---- */

static int take_once(struct ike_wire_view *slot, const struct payload *p,
		     size_t min, struct ike_wire_err *err)
{
	if (slot->data)
		return bad(err, p, "second of its kind");
	if (p->body.len < min)
		return bad(err, p, "too short");
	*slot = p->body;
	return 0;
}

static int take_ke(struct ike_wire_set *set, const struct payload *p,
		   struct ike_wire_err *err)
{
	int ret = take_once(&set->ke, p, 5, err);

	if (ret)
		return ret;
	set->ke_group = ike_wire_get16(p->body.data);
	set->ke.data += 4;
	set->ke.len -= 4;
	return 0;
}

static int take_auth(struct ike_wire_set *set, const struct payload *p,
		     struct ike_wire_err *err)
{
	int ret = take_once(&set->auth, p, 5, err);

	if (ret)
		return ret;
	set->auth_method = p->body.data[0];
	set->auth.data += 4;
	set->auth.len -= 4;
	return 0;
}

static int take_nonce(struct ike_wire_set *set, const struct payload *p,
		      struct ike_wire_err *err)
{
	if (p->body.len > IKE_WIRE_NONCE_MAX)
		return bad(err, p, "longer than 256 octets");
	return take_once(&set->nonce, p, IKE_WIRE_NONCE_MIN, err);
}

/* does this SPI size go with this protocol? RFC 7296 3.10 */
static bool spi_len_ok(uint8_t protocol, uint8_t spi_len)
{
	if (!spi_len)
		return true;
	switch (protocol) {
	case IKE_WIRE_PROTO_IKE:
		return spi_len == 8;
	case IKE_WIRE_PROTO_AH:
	case IKE_WIRE_PROTO_ESP:
		return spi_len == 4;
	default:
		return false;
	}
}

static int take_notify(struct ike_wire_set *set, const struct payload *p,
		       struct ike_wire_err *err)
{
	const uint8_t *b = p->body.data;
	struct ike_wire_notify *n;

	if (p->body.len < 4)
		return bad(err, p, "too short");
	if (b[1] > p->body.len - 4)
		return bad(err, p, "SPI longer than the payload");
	if (!spi_len_ok(b[0], b[1]))
		return bad(err, p, "SPI size does not fit the protocol");
	/* without its SPI it would ask to rekey nothing in particular */
	if (ike_wire_get16(b + 2) == IKE_WIRE_N_REKEY_SA && b[1] != 4)
		return bad(err, p, "REKEY_SA without the SPI of a child");
	if (set->n_notify == IKE_WIRE_NOTIFY_MAX)
		return bad(err, p, "too many of them");
	n = &set->notify[set->n_notify++];
	n->protocol = b[0];
	n->type = ike_wire_get16(b + 2);
	n->spi.data = b + 4;
	n->spi.len = b[1];
	n->data.data = b + 4 + b[1];
	n->data.len = p->body.len - 4 - b[1];
	return 0;
}

static int take_delete(struct ike_wire_set *set, const struct payload *p,
		       struct ike_wire_err *err)
{
	const uint8_t *b = p->body.data;
	struct ike_wire_delete *d;
	uint16_t n;

	if (p->body.len < 4)
		return bad(err, p, "too short");
	n = ike_wire_get16(b + 2);
	switch (b[0]) {
	case IKE_WIRE_PROTO_IKE:
		if (b[1] || n)
			return bad(err, p, "IKE SA with SPIs");
		break;
	case IKE_WIRE_PROTO_AH:
	case IKE_WIRE_PROTO_ESP:
		if (b[1] != 4)
			return bad(err, p, "SPI size is not 4");
		break;
	default:
		return bad(err, p, "unknown protocol");
	}
	if ((size_t)n * b[1] != p->body.len - 4)
		return bad(err, p, "number of SPIs does not fit the length");
	if (set->n_del == IKE_WIRE_DELETE_MAX)
		return bad(err, p, "too many of them");
	d = &set->del[set->n_del++];
	d->protocol = b[0];
	d->n = n;
	d->spis = b + 4;
	return 0;
}

static int take_id(struct ike_wire_view *slot, const struct payload *p,
		   struct ike_wire_err *err)
{
	return take_once(slot, p, 5, err);
}

/* SK: the type in its "next payload" is that of the first one inside */
static int take_sk(struct ike_wire_set *set, const struct payload *p,
		   size_t rest, bool inner, struct ike_wire_err *err)
{
	if (inner)
		return bad(err, p, "inside another one");
	if (rest)
		return bad(err, p, "not the last payload");
	set->sk_first = p->next;
	return take_once(&set->sk, p, 1, err);
}

static int take(struct ike_wire_set *set, const struct payload *p, size_t rest,
		bool inner, struct ike_wire_err *err)
{
	switch (p->type) {
	case IKE_WIRE_P_SA:
		return take_once(&set->sa, p, 8, err);
	case IKE_WIRE_P_KE:
		return take_ke(set, p, err);
	case IKE_WIRE_P_IDI:
		return take_id(&set->idi, p, err);
	case IKE_WIRE_P_IDR:
		return take_id(&set->idr, p, err);
	case IKE_WIRE_P_AUTH:
		return take_auth(set, p, err);
	case IKE_WIRE_P_NONCE:
		return take_nonce(set, p, err);
	case IKE_WIRE_P_NOTIFY:
		return take_notify(set, p, err);
	case IKE_WIRE_P_DELETE:
		return take_delete(set, p, err);
	case IKE_WIRE_P_TSI:
		return take_once(&set->tsi, p, 4, err);
	case IKE_WIRE_P_TSR:
		return take_once(&set->tsr, p, 4, err);
	case IKE_WIRE_P_SK:
		return take_sk(set, p, rest, inner, err);
	default:
		/* CERT, CERTREQ, CP, EAP, Vendor ID, unknown: skipped */
		return 0;
	}
}

static bool is_known(uint8_t type)
{
	return type >= IKE_WIRE_P_SA && type <= IKE_WIRE_P_EAP;
}

/*
 * Walks a chain in data[off..len). Only an SK payload ends it early: its "next
 * payload" belongs to the level below.
 */
static int walk(uint8_t type, const uint8_t *data, size_t off, size_t len,
		bool inner, struct ike_wire_set *set, struct ike_wire_err *err)
{
	struct payload p;
	size_t plen;
	int ret;

	while (type != IKE_WIRE_P_NONE) {
		p.type = type;
		p.off = off;
		p.body.len = 0;
		if (len - off < IKE_WIRE_GEN_LEN)
			return bad(err, &p, "message ends before its header");
		plen = ike_wire_get16(data + off + 2);
		if (plen < IKE_WIRE_GEN_LEN)
			return bad(err, &p, "shorter than its header");
		p.body.len = plen - IKE_WIRE_GEN_LEN;
		if (plen > len - off)
			return bad(err, &p, "longer than what is left");
		p.next = data[off];
		p.body.data = data + off + IKE_WIRE_GEN_LEN;
		if (set->n == IKE_WIRE_PAYLOADS_MAX)
			return bad(err, &p, "too many payloads");
		if (!is_known(type) && data[off + 1] & CRITICAL) {
			ret = bad(err, &p, "critical and unknown");
			err->notify = IKE_WIRE_N_UNSUPPORTED_CRITICAL_PAYLOAD;
			return ret;
		}
		off += plen;
		ret = take(set, &p, len - off, inner, err);
		if (ret)
			return ret;
		set->n++;
		if (is_known(type))
			set->seen |= 1U << (type - IKE_WIRE_P_SA);
		type = type == IKE_WIRE_P_SK ? IKE_WIRE_P_NONE : p.next;
	}
	if (off != len)
		return ike_wire_fail(err, IKE_WIRE_N_INVALID_SYNTAX, 0, off,
				     "%zu octets after the last payload",
				     len - off);
	return 0;
}

int ike_wire_parse(const uint8_t *data, size_t len, struct ike_wire_hdr *hdr,
		   struct ike_wire_set *set, struct ike_wire_err *err)
{
	int ret;

	memset(set, 0, sizeof(*set));
	ret = ike_wire_parse_hdr(data, len, hdr, err);
	if (!ret)
		ret = walk(hdr->next, data, IKE_WIRE_HDR_LEN, len, false, set,
			   err);
	if (ret)
		memset(set, 0, sizeof(*set));
	return ret;
}

int ike_wire_parse_chain(uint8_t first, const uint8_t *data, size_t len,
			 struct ike_wire_set *set, struct ike_wire_err *err)
{
	int ret;

	memset(set, 0, sizeof(*set));
	ret = walk(first, data, 0, len, true, set, err);
	if (ret)
		memset(set, 0, sizeof(*set));
	return ret;
}

/* ---- access ---- */

const struct ike_wire_notify *
ike_wire_find_notify(const struct ike_wire_set *set, uint16_t type)
{
	unsigned int i;

	for (i = 0; i < set->n_notify; i++)
		if (set->notify[i].type == type)
			return &set->notify[i];
	return NULL;
}

uint32_t ike_wire_delete_spi(const struct ike_wire_delete *d, unsigned int i)
{
	return i < d->n ? ike_wire_get32(d->spis + 4 * i) : 0;
}

uint32_t ike_wire_notify_spi(const struct ike_wire_notify *n)
{
	return n->spi.len == 4 ? ike_wire_get32(n->spi.data) : 0;
}

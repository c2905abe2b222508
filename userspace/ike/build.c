// SPDX-License-Identifier: GPL-2.0-or-later
#include "build.h"

#include <errno.h>
#include <string.h>

#include "wire_get.h"

#define NO_NEXT	((size_t)-1)

static void build_init(struct ike_build *b, uint8_t *data, size_t size)
{
	memset(b, 0, sizeof(*b));
	b->data = data;
	b->size = size < IKE_WIRE_MSG_MAX ? size : IKE_WIRE_MSG_MAX;
}

void ike_build_begin(struct ike_build *b, uint8_t *data, size_t size,
		     const struct ike_wire_hdr *hdr)
{
	build_init(b, data, size);
	ike_build_u64(b, hdr->spi_i);
	ike_build_u64(b, hdr->spi_r);
	b->next_off = b->len;
	ike_build_u8(b, IKE_WIRE_P_NONE);
	ike_build_u8(b, IKE_WIRE_VERSION);
	ike_build_u8(b, hdr->exchange);
	ike_build_u8(b, hdr->flags);
	ike_build_u32(b, hdr->mid);
	ike_build_u32(b, 0);
}

static void fail(struct ike_build *b, int err)
{
	if (!b->err)
		b->err = err;
}

void ike_build_put(struct ike_build *b, const void *data, size_t len)
{
	if (b->err)
		return;
	if (len > b->size - b->len) {
		fail(b, -EMSGSIZE);
		return;
	}
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
}

void ike_build_u8(struct ike_build *b, uint8_t v)
{
	ike_build_put(b, &v, 1);
}

void ike_build_u16(struct ike_build *b, uint16_t v)
{
	uint8_t o[2];

	ike_wire_put16(o, v);
	ike_build_put(b, o, sizeof(o));
}

void ike_build_u32(struct ike_build *b, uint32_t v)
{
	uint8_t o[4];

	ike_wire_put32(o, v);
	ike_build_put(b, o, sizeof(o));
}

void ike_build_u64(struct ike_build *b, uint64_t v)
{
	uint8_t o[8];

	ike_wire_put64(o, v);
	ike_build_put(b, o, sizeof(o));
}

void ike_build_patch_u8(struct ike_build *b, size_t off, uint8_t v)
{
	if (b->err)
		return;
	if (off >= b->len)
		fail(b, -EINVAL);
	else
		b->data[off] = v;
}

void ike_build_patch_u16(struct ike_build *b, size_t off, uint16_t v)
{
	ike_build_patch_u8(b, off, v >> 8);
	ike_build_patch_u8(b, off + 1, v & 0xff);
}

void ike_build_open(struct ike_build *b, uint8_t type)
{
	/* offset 0 is the header's: no payload starts there */
	if (b->open_off || b->len < IKE_WIRE_HDR_LEN) {
		fail(b, -EINVAL);
		return;
	}
	ike_build_patch_u8(b, b->next_off, type);
	b->open_off = b->len;
	b->next_off = b->len;
	ike_build_u32(b, 0);
}

void ike_build_close(struct ike_build *b)
{
	if (!b->open_off) {
		fail(b, -EINVAL);
		return;
	}
	/* the message limit keeps this below 65536 */
	ike_build_patch_u16(b, b->open_off + 2,
			    (uint16_t)(b->len - b->open_off));
	b->open_off = 0;
}

int ike_build_finish(struct ike_build *b, size_t *len)
{
	*len = 0;
	/* SK payloads end in ike_sk_finish() */
	if (b->open_off || b->sk_off)
		fail(b, -EINVAL);
	if (b->err)
		return b->err;
	ike_wire_put32(b->data + 24, (uint32_t)b->len);
	*len = b->len;
	return 0;
}

/* ---- whole payloads ---- */

void ike_build_ke(struct ike_build *b, uint16_t group, const uint8_t *data,
		  size_t len)
{
	ike_build_open(b, IKE_WIRE_P_KE);
	ike_build_u16(b, group);
	ike_build_u16(b, 0);
	ike_build_put(b, data, len);
	ike_build_close(b);
}

void ike_build_nonce(struct ike_build *b, const uint8_t *data, size_t len)
{
	if (len < IKE_WIRE_NONCE_MIN || len > IKE_WIRE_NONCE_MAX)
		fail(b, -EINVAL);
	ike_build_open(b, IKE_WIRE_P_NONCE);
	ike_build_put(b, data, len);
	ike_build_close(b);
}

void ike_build_id(struct ike_build *b, uint8_t type, const struct ike_id *id)
{
	uint8_t body[4 + sizeof(id->data)];
	size_t len = ike_build_id_body(id, body, sizeof(body));

	if (!len)
		fail(b, -EINVAL);
	ike_build_open(b, type);
	ike_build_put(b, body, len);
	ike_build_close(b);
}

void ike_build_auth(struct ike_build *b, uint8_t method, const uint8_t *data,
		    size_t len)
{
	ike_build_open(b, IKE_WIRE_P_AUTH);
	ike_build_u32(b, (uint32_t)method << 24);
	ike_build_put(b, data, len);
	ike_build_close(b);
}

void ike_build_notify(struct ike_build *b, uint16_t type, const void *data,
		      size_t len)
{
	ike_build_open(b, IKE_WIRE_P_NOTIFY);
	ike_build_u16(b, 0);
	ike_build_u16(b, type);
	ike_build_put(b, data, len);
	ike_build_close(b);
}

void ike_build_notify_esp(struct ike_build *b, uint16_t type, uint32_t spi)
{
	ike_build_open(b, IKE_WIRE_P_NOTIFY);
	ike_build_u8(b, IKE_WIRE_PROTO_ESP);
	ike_build_u8(b, 4);
	ike_build_u16(b, type);
	ike_build_u32(b, spi);
	ike_build_close(b);
}

void ike_build_delete_ike(struct ike_build *b)
{
	ike_build_open(b, IKE_WIRE_P_DELETE);
	ike_build_u32(b, (uint32_t)IKE_WIRE_PROTO_IKE << 24);
	ike_build_close(b);
}

void ike_build_delete_esp(struct ike_build *b, const uint32_t *spis,
			  unsigned int n)
{
	unsigned int i;

	ike_build_open(b, IKE_WIRE_P_DELETE);
	ike_build_u8(b, IKE_WIRE_PROTO_ESP);
	ike_build_u8(b, 4);
	ike_build_u16(b, (uint16_t)n);
	for (i = 0; i < n; i++)
		ike_build_u32(b, spis[i]);
	ike_build_close(b);
}

void ike_build_vendor(struct ike_build *b, const void *data, size_t len)
{
	ike_build_open(b, IKE_WIRE_P_VENDOR);
	ike_build_put(b, data, len);
	ike_build_close(b);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Big-endian numbers at any alignment. */
#ifndef VTUN_IKE_WIRE_GET_H
#define VTUN_IKE_WIRE_GET_H

#include <stdint.h>

static inline uint16_t ike_wire_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t ike_wire_get32(const uint8_t *p)
{
	return (uint32_t)ike_wire_get16(p) << 16 | ike_wire_get16(p + 2);
}

static inline uint64_t ike_wire_get64(const uint8_t *p)
{
	return (uint64_t)ike_wire_get32(p) << 32 | ike_wire_get32(p + 4);
}

static inline void ike_wire_put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v & 0xff;
}

static inline void ike_wire_put32(uint8_t *p, uint32_t v)
{
	ike_wire_put16(p, v >> 16);
	ike_wire_put16(p + 2, v & 0xffff);
}

static inline void ike_wire_put64(uint8_t *p, uint64_t v)
{
	ike_wire_put32(p, v >> 32);
	ike_wire_put32(p + 4, (uint32_t)v);
}

#endif /* VTUN_IKE_WIRE_GET_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and traffic selectors as every part of userspace sees them. */
#ifndef VTUN_ADDR_H
#define VTUN_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define VTUN_ADDR_STRLEN	46	/* INET6_ADDRSTRLEN */
#define VTUN_TS_STRLEN		128

/* an address without a port; family 0 = none */
struct vtun_addr {
	sa_family_t family;		/* AF_INET or AF_INET6 */
	uint8_t addr[16];		/* network byte order, 4 or 16 used */
};

/* one traffic selector, RFC 7296 3.13.1; the members match struct ike_ts */
struct vtun_ts {
	sa_family_t family;
	uint8_t proto;			/* 0 = any */
	uint16_t port_start, port_end;	/* 0..65535 = any */
	uint8_t start[16], end[16];
};

static inline size_t vtun_addr_len(sa_family_t family)
{
	return family == AF_INET6 ? 16 : family == AF_INET ? 4 : 0;
}

#endif /* VTUN_ADDR_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The UDP sockets of IKE. */
#ifndef VTKEYD_UDP_H
#define VTKEYD_UDP_H

#include <event2/event.h>

#include "ike/ike.h"

#define KEYD_IKE_PORT	500

struct keyd_udp;

/*
 * One socket per address family, @rx gets each datagram. NULL with errno:
 * neither could be opened.
 */
struct keyd_udp *keyd_udp_open(struct event_base *base,
			       void (*rx)(void *ctx,
					  const struct ike_addr *local,
					  const struct ike_addr *remote,
					  const uint8_t *data, size_t len),
			       void *ctx);
void keyd_udp_close(struct keyd_udp *u);	/* NULL is fine */
/* Sends from @local's address. 0 or -errno. */
int keyd_udp_send(struct keyd_udp *u, const struct ike_addr *local,
		  const struct ike_addr *remote, const uint8_t *data,
		  size_t len);

#endif /* VTKEYD_UDP_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configured children and the kernel children that realise them. */
#ifndef VTKEYD_TUNNEL_H
#define VTKEYD_TUNNEL_H

#include "keyd.h"

/*
 * Brings kernel children in line with @cfg: what fits is kept with its SAs,
 * what does not is replaced, what nobody configures any more is deleted.
 * Devices are created where missing. A child that cannot be made is logged and
 * has kernel_id 0.
 */
int keyd_tunnels_apply(struct keyd *d, const struct keyd_config *cfg);
/*
 * Creates again what somebody deleted from the kernel and gives the engine the
 * new id. 0 or -errno: the kernel could not be asked.
 */
int keyd_tunnels_repair(struct keyd *d);
/* deletes all of them with their SAs */
void keyd_tunnels_delete(struct keyd *d);
void keyd_tunnels_free(struct keyd *d);

const struct keyd_tunnel *keyd_tunnel_by_id(const struct keyd *d, uint32_t id);
struct keyd_tunnel *keyd_tunnel_find(const struct keyd *d, const char *conn,
				     const char *child);
/* hands a conn with its kernel ids to the engine; 0 or -errno */
int keyd_conn_start(struct keyd *d, const struct keyd_conn *conn);

#endif /* VTKEYD_TUNNEL_H */

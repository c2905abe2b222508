/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Server side of the control protocol, lib/control.h. */
#ifndef VTKEYD_SERVER_H
#define VTKEYD_SERVER_H

#include <jansson.h>

#include "keyd.h"

#define KEYD_CLIENTS_MAX	32
/* a monitor that reads too slowly for this much is cut off */
#define KEYD_BACKLOG_MAX	(4 * 1024 * 1024)

struct keyd_server;

/* NULL: reported */
struct keyd_server *keyd_server_open(struct keyd *d, const char *path);
void keyd_server_close(struct keyd_server *s);	/* NULL is fine */
/* an event for everybody who monitors */
void keyd_server_event(struct keyd_server *s, const struct ike_notify *n);

/* ---- show.c ---- */

/* members "ike" and "children" of the reply to show; @conn NULL = all */
void keyd_show_fill(struct keyd *d, const char *conn, json_t *reply);
json_t *keyd_show_event(const struct ike_notify *n, uint64_t seq);

#endif /* VTKEYD_SERVER_H */

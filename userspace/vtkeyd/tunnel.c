// SPDX-License-Identifier: GPL-2.0-or-later
#include "tunnel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/kernel.h"
#include "log.h"
#include "system.h"
#include "udp.h"

/* ---- lookup ---- */

const struct keyd_tunnel *keyd_tunnel_by_id(const struct keyd *d, uint32_t id)
{
	unsigned int i;

	for (i = 0; id && i < d->n_tunnels; i++)
		if (d->tunnels[i].kernel_id == id)
			return &d->tunnels[i];
	return NULL;
}

struct keyd_tunnel *keyd_tunnel_find(const struct keyd *d, const char *conn,
				     const char *child)
{
	unsigned int i;

	for (i = 0; i < d->n_tunnels; i++)
		if (!strcmp(d->tunnels[i].conn, conn) &&
		    !strcmp(d->tunnels[i].child, child))
			return &d->tunnels[i];
	return NULL;
}

/* ---- what the kernel child should look like ---- */

static void to_addr(const struct ike_addr *from, struct vtun_addr *to)
{
	to->family = from->family;
	memcpy(to->addr, from->addr, sizeof(to->addr));
}

static void to_ts(const struct keyd_ts_list *from, struct vtun_ts *to,
		  unsigned int *n)
{
	unsigned int i;

	for (i = 0; i < from->n; i++) {
		to[i].family = from->ts[i].family;
		to[i].proto = from->ts[i].proto;
		to[i].port_start = from->ts[i].port_start;
		to[i].port_end = from->ts[i].port_end;
		memcpy(to[i].start, from->ts[i].start, sizeof(to[i].start));
		memcpy(to[i].end, from->ts[i].end, sizeof(to[i].end));
	}
	*n = from->n;
}

static void want_child(const struct keyd_conn *conn,
		       const struct keyd_child *child, uint32_t ifindex,
		       struct vtun_k_child *want)
{
	vtun_k_child_init(want);
	keyd_child_kernel_name(conn, child, want->name);
	want->ifindex = ifindex;
	want->mode = VTUN_MODE_TUNNEL;
	to_addr(&conn->local, &want->local);
	to_addr(&conn->remote, &want->remote);
	to_ts(&child->local_ts, want->ts_local, &want->n_ts_local);
	to_ts(&child->remote_ts, want->ts_remote, &want->n_ts_remote);
	if (child->start == KEYD_START_ON_DEMAND)
		want->flags = VTUN_CHILD_F_ON_DEMAND;
	want->hold_packets = (uint32_t)child->hold_packets;
	want->hold_bytes = (uint32_t)child->hold_bytes;
	want->hold_ms = (uint32_t)child->hold_ms;
}

static bool ts_same(const struct vtun_ts *a, unsigned int na,
		    const struct vtun_ts *b, unsigned int nb)
{
	unsigned int i;
	size_t len;

	if (na != nb)
		return false;
	for (i = 0; i < na; i++) {
		len = vtun_addr_len(a[i].family);
		if (a[i].family != b[i].family || a[i].proto != b[i].proto ||
		    a[i].port_start != b[i].port_start ||
		    a[i].port_end != b[i].port_end ||
		    memcmp(a[i].start, b[i].start, len) ||
		    memcmp(a[i].end, b[i].end, len))
			return false;
	}
	return true;
}

static bool addr_same(const struct vtun_addr *a, const struct vtun_addr *b)
{
	return a->family == b->family &&
	       !memcmp(a->addr, b->addr, vtun_addr_len(a->family));
}

/* what differs, NULL = nothing */
static const char *child_differs(const struct vtun_k_child *a,
				 const struct vtun_k_child *b)
{
	if (a->ifindex != b->ifindex)
		return "device";
	if (!addr_same(&a->local, &b->local) ||
	    !addr_same(&a->remote, &b->remote))
		return "addresses";
	if (!ts_same(a->ts_local, a->n_ts_local, b->ts_local, b->n_ts_local) ||
	    !ts_same(a->ts_remote, a->n_ts_remote, b->ts_remote,
		     b->n_ts_remote))
		return "selectors";
	if (a->flags != b->flags)
		return "start";
	if (a->hold_packets != b->hold_packets ||
	    a->hold_bytes != b->hold_bytes || a->hold_ms != b->hold_ms)
		return "hold limits";
	return NULL;
}

/* ---- making it so ---- */

static int device_up(struct keyd *d, const char *name, uint32_t *ifindex)
{
	bool created = false;
	int err;

	err = vtun_k_link_add(d->k, name, ifindex, &created);
	if (err)
		keyd_err("no device dev=%s: %s", name, vtun_k_error(d->k));
	else if (created)
		keyd_info("created dev=%s", name);
	return err;
}

/* finds, keeps, replaces or creates one kernel child */
static int child_apply(struct keyd *d, const struct keyd_conn *conn,
		       const struct keyd_child *child, struct keyd_tunnel *t)
{
	struct vtun_k_child want, have;
	const char *differs;
	uint32_t ifindex;
	int err;

	t->kernel_id = 0;
	if (!conn->remote.family) {
		keyd_warn("not-served conn=%s child=%s text=\"remote-addr any: a kernel child needs the peer's address\"",
			  t->conn, t->child);
		return -EOPNOTSUPP;
	}
	err = device_up(d, child->dev, &ifindex);
	if (err)
		return err;
	want_child(conn, child, ifindex, &want);
	err = vtun_k_child_get(d->k, 0, want.name, &have);
	if (!err) {
		differs = child_differs(&want, &have);
		if (!differs) {
			t->kernel_id = have.id;
			return 0;
		}
		keyd_warn("replaced conn=%s child=%s kernel_child=%u text=\"the kernel child has other %s\"",
			  t->conn, t->child, have.id, differs);
		vtun_k_child_del(d->k, have.id, NULL);
	}
	err = vtun_k_child_add(d->k, &want, &t->kernel_id);
	if (err)
		keyd_err("no kernel child conn=%s child=%s: %s", t->conn,
			 t->child, vtun_k_error(d->k));
	else
		keyd_info("created conn=%s child=%s kernel_child=%u dev=%s",
			  t->conn, t->child, t->kernel_id, child->dev);
	return err;
}

static bool configured(const struct keyd_config *cfg, const char *kernel_name)
{
	char name[IKE_NAME_MAX + 1];
	unsigned int i, j;

	for (i = 0; i < cfg->n_conns; i++)
		for (j = 0; j < cfg->conns[i].n_children; j++) {
			keyd_child_kernel_name(&cfg->conns[i],
					       &cfg->conns[i].children[j],
					       name);
			if (!strcmp(name, kernel_name))
				return true;
		}
	return false;
}

/* names written down by this daemon or the one before, gone from the file */
static void delete_forgotten(struct keyd *d, const struct keyd_config *cfg)
{
	char **names;
	unsigned int i, n;

	names = keyd_state_read(d, &n);
	for (i = 0; i < n; i++) {
		if (!configured(cfg, names[i]) &&
		    !vtun_k_child_del(d->k, 0, names[i]))
			keyd_info("deleted kernel child name=%s text=\"not configured any more\"",
				  names[i]);
		free(names[i]);
	}
	free(names);
}

int keyd_tunnels_apply(struct keyd *d, const struct keyd_config *cfg)
{
	struct keyd_tunnel *tunnels, *t;
	unsigned int i, j, n = 0;

	for (i = 0; i < cfg->n_conns; i++)
		n += cfg->conns[i].n_children;
	tunnels = calloc(n + 1, sizeof(*tunnels));
	if (!tunnels)
		return -ENOMEM;
	delete_forgotten(d, cfg);
	t = tunnels;
	for (i = 0; i < cfg->n_conns; i++)
		for (j = 0; j < cfg->conns[i].n_children; j++, t++) {
			const struct keyd_child *c = &cfg->conns[i].children[j];

			memcpy(t->conn, cfg->conns[i].b.name, sizeof(t->conn));
			memcpy(t->child, c->b.name, sizeof(t->child));
			keyd_child_kernel_name(&cfg->conns[i], c,
					       t->kernel_name);
		}
	free(d->tunnels);
	d->tunnels = tunnels;
	d->n_tunnels = n;
	/* written first: what a crash leaves behind is known to the next one */
	keyd_state_write(d);
	t = tunnels;
	for (i = 0; i < cfg->n_conns; i++)
		for (j = 0; j < cfg->conns[i].n_children; j++, t++)
			child_apply(d, &cfg->conns[i],
				    &cfg->conns[i].children[j], t);
	return 0;
}

void keyd_tunnels_delete(struct keyd *d)
{
	unsigned int i;

	for (i = 0; i < d->n_tunnels; i++) {
		if (d->tunnels[i].kernel_id)
			vtun_k_child_del(d->k, d->tunnels[i].kernel_id, NULL);
		d->tunnels[i].kernel_id = 0;
	}
	keyd_tunnels_free(d);
	keyd_state_write(d);
}

void keyd_tunnels_free(struct keyd *d)
{
	free(d->tunnels);
	d->tunnels = NULL;
	d->n_tunnels = 0;
}

/* ---- towards the engine ---- */

int keyd_conn_start(struct keyd *d, const struct keyd_conn *conn)
{
	struct ike_conn_cfg cfg;
	const struct keyd_tunnel *t;
	unsigned int i;
	int err;

	err = keyd_ike_conn_fill(conn, NULL, &cfg);
	if (err)
		return err;
	for (i = 0; i < conn->n_children; i++) {
		t = keyd_tunnel_find(d, conn->b.name, conn->children[i].b.name);
		cfg.children[i].kernel_id = t ? t->kernel_id : 0;
	}
	cfg.local.port = KEYD_IKE_PORT;
	if (cfg.remote.family)
		cfg.remote.port = KEYD_IKE_PORT;
	err = ike_engine_conn_add(d->engine, keyd_now(), &cfg);
	if (err)
		keyd_err("conn refused conn=%s: %s", conn->b.name,
			 strerror(-err));
	keyd_ike_conn_clear(&cfg);
	return err;
}

/* 1 = something was created anew */
static int conn_repair(struct keyd *d, const struct keyd_conn *conn,
		       const struct vtun_k_child *list, unsigned int n)
{
	struct keyd_tunnel *t;
	unsigned int i, j;
	int made = 0;

	for (i = 0; i < conn->n_children; i++) {
		t = keyd_tunnel_find(d, conn->b.name, conn->children[i].b.name);
		if (!t || !conn->remote.family)
			continue;
		for (j = 0; j < n; j++)
			if (t->kernel_id && list[j].id == t->kernel_id &&
			    !strcmp(list[j].name, t->kernel_name))
				break;
		if (j < n)
			continue;
		if (t->kernel_id)
			keyd_warn("child-gone conn=%s child=%s kernel_child=%u text=\"deleted by somebody else\"",
				  t->conn, t->child, t->kernel_id);
		if (!child_apply(d, conn, &conn->children[i], t))
			made = 1;
	}
	return made;
}

int keyd_tunnels_repair(struct keyd *d)
{
	struct vtun_k_child *list = NULL;
	const struct keyd_conn *conn;
	unsigned int i, n = 0;
	int err;

	err = vtun_k_child_list(d->k, &list, &n);
	if (err) {
		keyd_warn("cannot read the state of the module: %s",
			  vtun_k_error(d->k));
		return err;
	}
	for (i = 0; i < d->cfg->n_conns; i++) {
		conn = &d->cfg->conns[i];
		/* the engine's SAs of this conn live in a child that is gone */
		if (conn_repair(d, conn, list, n)) {
			ike_engine_conn_del(d->engine, keyd_now(),
					    conn->b.name);
			keyd_conn_start(d, conn);
		}
	}
	free(list);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
#include "tunnel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/kernel.h"
#include "log.h"
#include "policy.h"
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

	if (na != nb)
		return false;
	for (i = 0; i < na; i++)
		if (!keyd_ts_same(&a[i], &b[i]))
			return false;
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

/**
 * struct pass - one way through all children
 * @spd: our policies when it began
 * @spd_err: they could not be read
 * @incomplete: something that policies should lead to is not there yet
 *
 * Policies and their children come first, then those of devices. What they
 * take the place of goes when all are there, so that no packet finds neither.
 */
struct pass {
	struct keyd_spd spd;
	int spd_err;
	bool incomplete;
};

static void pass_begin(struct keyd *d, struct pass *p)
{
	unsigned int i;

	memset(p, 0, sizeof(*p));
	for (i = 0; i < d->n_tunnels && !d->tunnels[i].policy; i++)
		;
	/* others may have very many: not for nothing, time and again */
	if (i == d->n_tunnels && !d->unclean)
		return;
	p->spd_err = keyd_spd_read(d, &p->spd);
	p->incomplete = p->spd_err;
}

static void delete_sas(struct keyd *d, uint32_t child_id)
{
	struct vtun_k_sa *list = NULL;
	unsigned int i, n = 0;

	if (vtun_k_sa_list(d->k, &list, &n))
		keyd_warn("cannot read the SAs of the module: %s",
			  vtun_k_error(d->k));
	for (i = 0; i < n; i++)
		if (list[i].child_id == child_id)
			vtun_k_sa_del(d->k, (enum vtun_dir)list[i].dir,
				      child_id, list[i].spi);
	free(list);
}

/* makes room for one of the same name behind another door */
static int child_remove(struct keyd *d, const struct pass *p,
			const struct keyd_tunnel *t,
			const struct vtun_k_child *have, const char *differs)
{
	if (have->policies > keyd_spd_count(&p->spd, have->id)) {
		keyd_err("not replaced conn=%s child=%s kernel_child=%u text=\"policies of others name the kernel child, which has other %s\"",
			 t->conn, t->child, have->id, differs);
		return -EBUSY;
	}
	if (have->policies && p->incomplete) {
		keyd_err("not replaced conn=%s child=%s kernel_child=%u text=\"policies of other children are missing\"",
			 t->conn, t->child, have->id);
		return -EAGAIN;
	}
	keyd_warn("replaced conn=%s child=%s kernel_child=%u text=\"the kernel child has other %s\"",
		  t->conn, t->child, have->id, differs);
	keyd_policies_delete(d, &p->spd, have->id);
	return vtun_k_child_del(d->k, have->id, NULL);
}

/*
 * Policies hold on to their child, so it is changed where it is. SAs that were
 * negotiated for something else go first.
 */
static int child_change(struct keyd *d, const struct keyd_tunnel *t,
			struct vtun_k_child *want, const char *differs)
{
	int err;

	keyd_warn("changed conn=%s child=%s kernel_child=%u text=\"the kernel child had other %s\"",
		  t->conn, t->child, want->id, differs);
	delete_sas(d, want->id);
	want->given = VTUN_K_BIT(VTUN_A_CHILD_LOCAL) |
		      VTUN_K_BIT(VTUN_A_CHILD_REMOTE) |
		      VTUN_K_BIT(VTUN_A_CHILD_TS_LOCAL) |
		      VTUN_K_BIT(VTUN_A_CHILD_TS_REMOTE) |
		      VTUN_K_BIT(VTUN_A_CHILD_FLAGS) |
		      VTUN_K_BIT(VTUN_A_CHILD_HOLD_PACKETS) |
		      VTUN_K_BIT(VTUN_A_CHILD_HOLD_BYTES) |
		      VTUN_K_BIT(VTUN_A_CHILD_HOLD_MS);
	err = vtun_k_child_set(d->k, want);
	if (err)
		keyd_err("kernel child unchanged conn=%s child=%s: %s",
			 t->conn, t->child, vtun_k_error(d->k));
	return err;
}

static int child_create(struct keyd *d, const struct keyd_tunnel *t,
			const char *dev, struct vtun_k_child *want)
{
	int err;

	err = vtun_k_child_add(d->k, want, &want->id);
	if (err)
		keyd_err("no kernel child conn=%s child=%s: %s", t->conn,
			 t->child, vtun_k_error(d->k));
	else
		keyd_info("created conn=%s child=%s kernel_child=%u %s%s",
			  t->conn, t->child, want->id,
			  t->policy ? "door=policy" : "dev=", dev);
	return err;
}

/* finds, keeps, changes, replaces or creates one kernel child */
static int child_fit(struct keyd *d, struct pass *p, const char *dev,
		     const struct keyd_tunnel *t, struct vtun_k_child *want)
{
	const char *differs = NULL;
	struct vtun_k_child have;
	int err = 0;

	if (!vtun_k_child_get(d->k, 0, want->name, &have)) {
		differs = child_differs(want, &have);
		if (!differs || (t->policy && !have.ifindex))
			want->id = have.id;
		else
			err = child_remove(d, p, t, &have, differs);
	}
	if (!err && !want->id) {
		differs = NULL;
		err = child_create(d, t, dev, want);
	}
	/* before the child: what it takes no more is dropped meanwhile */
	if (!err && t->policy)
		err = keyd_policies_add(d, &p->spd, t, want);
	if (!err && differs)
		err = child_change(d, t, want, differs);
	return err;
}

/* kernel_id is set when all that belongs to it is there */
static int child_apply(struct keyd *d, struct pass *p,
		       const struct keyd_conn *conn,
		       const struct keyd_child *child, struct keyd_tunnel *t)
{
	struct vtun_k_child want = { .id = 0 };
	uint32_t ifindex = 0;
	int err = 0;

	t->kernel_id = 0;
	if (!conn->remote.family) {
		keyd_warn("not-served conn=%s child=%s text=\"remote-addr any: a kernel child needs the peer's address\"",
			  t->conn, t->child);
		return -EOPNOTSUPP;
	}
	if (t->policy)
		err = p->spd_err;
	else
		err = device_up(d, child->dev, &ifindex);
	if (!err) {
		want_child(conn, child, ifindex, &want);
		err = child_fit(d, p, child->dev, t, &want);
	}
	if (!err)
		t->kernel_id = want.id;
	else if (t->policy)
		p->incomplete = true;
	return err;
}

/* ---- what is not wanted any more ---- */

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

/* 0: there is none of that name any more */
static int forget(struct keyd *d, const struct keyd_spd *spd, const char *name,
		  const char *why)
{
	struct vtun_k_child have;
	int err;

	err = vtun_k_child_get(d->k, 0, name, &have);
	if (err)
		return err == -ENOENT ? 0 : err;
	keyd_policies_delete(d, spd, have.id);
	err = vtun_k_child_del(d->k, have.id, NULL);
	if (!err) {
		keyd_info("deleted kernel child name=%s text=\"%s\"", name,
			  why);
		return 0;
	}
	keyd_warn("cannot delete kernel child name=%s: %s", name,
		  vtun_k_error(d->k));
	/* where policies of others hold on to it, these drop from now on */
	delete_sas(d, have.id);
	return err;
}

/* names written down by this daemon or the one before, gone from the file */
static char **forgotten(struct keyd *d, const struct keyd_config *cfg,
			unsigned int *n)
{
	char **names = keyd_state_read(d, n);
	unsigned int i;

	for (i = 0; i < *n; i++)
		if (configured(cfg, names[i])) {
			free(names[i]);
			names[i] = NULL;
		}
	return names;
}

static void free_names(char **names, unsigned int n)
{
	while (n)
		free(names[--n]);
	free(names);
}

/* those that cannot be deleted stay written down */
static void forget_all(struct keyd *d, const struct keyd_spd *spd,
		       char **names, unsigned int n, const char *why)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (names[i] && !forget(d, spd, names[i], why)) {
			free(names[i]);
			names[i] = NULL;
		}
	keyd_state_write(d, names, n);
}

static void prune(struct keyd *d, const struct pass *p,
		  const struct keyd_config *cfg)
{
	const struct keyd_tunnel *t;
	const struct keyd_conn *conn;
	struct vtun_k_child want;
	unsigned int i, j;

	for (i = 0; i < cfg->n_conns; i++) {
		conn = &cfg->conns[i];
		for (j = 0; j < conn->n_children; j++) {
			t = keyd_tunnel_find(d, conn->b.name,
					     conn->children[j].b.name);
			if (!t || !t->policy || !t->kernel_id)
				continue;
			want_child(conn, &conn->children[j], 0, &want);
			want.id = t->kernel_id;
			keyd_policies_prune(d, &p->spd, t, &want);
		}
	}
	/* somebody flushed the children: they have successors by now */
	keyd_policies_delete(d, &p->spd, 0);
}

static void pass_end(struct keyd *d, struct pass *p,
		     const struct keyd_config *cfg)
{
	unsigned int n;
	char **names;

	if (!p->incomplete) {
		prune(d, p, cfg);
		if (d->unclean) {
			names = forgotten(d, cfg, &n);
			forget_all(d, &p->spd, names, n,
				   "not configured any more");
			free_names(names, n);
		}
		d->unclean = false;
	}
	keyd_spd_free(&p->spd);
}

static struct keyd_tunnel *make_tunnels(const struct keyd_config *cfg,
					unsigned int *n)
{
	struct keyd_tunnel *tunnels, *t;
	const struct keyd_child *c;
	unsigned int i, j;

	for (*n = 0, i = 0; i < cfg->n_conns; i++)
		*n += cfg->conns[i].n_children;
	tunnels = calloc(*n + 1, sizeof(*tunnels));
	for (t = tunnels, i = 0; t && i < cfg->n_conns; i++)
		for (j = 0; j < cfg->conns[i].n_children; j++, t++) {
			c = &cfg->conns[i].children[j];
			memcpy(t->conn, cfg->conns[i].b.name, sizeof(t->conn));
			memcpy(t->child, c->b.name, sizeof(t->child));
			keyd_child_kernel_name(&cfg->conns[i], c,
					       t->kernel_name);
			t->policy = c->policy;
			t->policy_priority = (uint32_t)c->policy_priority;
		}
	return tunnels;
}

static void apply_doors(struct keyd *d, struct pass *p,
			const struct keyd_config *cfg, bool policy)
{
	struct keyd_tunnel *t = d->tunnels;
	unsigned int i, j;

	for (i = 0; i < cfg->n_conns; i++)
		for (j = 0; j < cfg->conns[i].n_children; j++, t++)
			if (t->policy == policy)
				child_apply(d, p, &cfg->conns[i],
					    &cfg->conns[i].children[j], t);
}

int keyd_tunnels_apply(struct keyd *d, const struct keyd_config *cfg)
{
	struct keyd_tunnel *tunnels;
	unsigned int n;
	struct pass p;
	char **names;

	tunnels = make_tunnels(cfg, &n);
	if (!tunnels)
		return -ENOMEM;
	free(d->tunnels);
	d->tunnels = tunnels;
	d->n_tunnels = n;
	/* written first: what a crash leaves behind is known to the next one */
	names = forgotten(d, cfg, &n);
	keyd_state_write(d, names, n);
	free_names(names, n);
	d->unclean = true;
	pass_begin(d, &p);
	apply_doors(d, &p, cfg, true);
	apply_doors(d, &p, cfg, false);
	pass_end(d, &p, cfg);
	return 0;
}

void keyd_tunnels_delete(struct keyd *d)
{
	static const char why[] = "the daemon ends";
	struct keyd_spd spd;
	unsigned int i, n;
	char **names;

	keyd_spd_read(d, &spd);
	for (i = 0; i < d->n_tunnels; i++)
		forget(d, &spd, d->tunnels[i].kernel_name, why);
	keyd_policies_delete(d, &spd, 0);
	keyd_tunnels_free(d);
	names = keyd_state_read(d, &n);
	forget_all(d, &spd, names, n, why);
	free_names(names, n);
	keyd_spd_free(&spd);
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

/* the kernel child is there; are the policies that lead to it? */
static void policies_repair(struct keyd *d, struct pass *p,
			    const struct keyd_conn *conn,
			    const struct keyd_child *child,
			    const struct keyd_tunnel *t)
{
	struct vtun_k_child want;

	if (!t->policy || p->spd_err)
		return;
	want_child(conn, child, 0, &want);
	want.id = t->kernel_id;
	if (keyd_policies_add(d, &p->spd, t, &want))
		p->incomplete = true;
}

static bool is_listed(const struct keyd_tunnel *t,
		      const struct vtun_k_child *list, unsigned int n)
{
	unsigned int i;

	for (i = 0; t->kernel_id && i < n; i++)
		if (list[i].id == t->kernel_id &&
		    !strcmp(list[i].name, t->kernel_name))
			return true;
	return false;
}

static void repair_doors(struct keyd *d, struct pass *p,
			 const struct vtun_k_child *list, unsigned int n,
			 bool policy)
{
	const struct keyd_child *child;
	const struct keyd_conn *conn;
	struct keyd_tunnel *t;
	unsigned int i, j;

	for (i = 0; i < d->cfg->n_conns; i++) {
		conn = &d->cfg->conns[i];
		for (j = 0; j < conn->n_children; j++) {
			child = &conn->children[j];
			t = keyd_tunnel_find(d, conn->b.name, child->b.name);
			if (!t || t->policy != policy || !conn->remote.family)
				continue;
			if (is_listed(t, list, n)) {
				policies_repair(d, p, conn, child, t);
				continue;
			}
			if (t->kernel_id)
				keyd_warn("child-gone conn=%s child=%s kernel_child=%u text=\"deleted by somebody else\"",
					  t->conn, t->child, t->kernel_id);
			t->anew = !child_apply(d, p, conn, child, t);
		}
	}
}

/* the engine's SAs of these conns live in a child that is gone */
static void restart_conns(struct keyd *d)
{
	const struct keyd_conn *conn;
	unsigned int i, j;
	bool anew;

	for (i = 0; i < d->cfg->n_conns; i++) {
		conn = &d->cfg->conns[i];
		for (j = 0, anew = false; j < d->n_tunnels; j++) {
			if (strcmp(d->tunnels[j].conn, conn->b.name))
				continue;
			anew = anew || d->tunnels[j].anew;
			d->tunnels[j].anew = false;
		}
		if (!anew)
			continue;
		ike_engine_conn_del(d->engine, keyd_now(), conn->b.name);
		keyd_conn_start(d, conn);
	}
}

int keyd_tunnels_repair(struct keyd *d)
{
	struct vtun_k_child *list = NULL;
	unsigned int n = 0;
	struct pass p;
	int err;

	err = vtun_k_child_list(d->k, &list, &n);
	if (err) {
		keyd_warn("cannot read the state of the module: %s",
			  vtun_k_error(d->k));
		return err;
	}
	pass_begin(d, &p);
	repair_doors(d, &p, list, n, true);
	repair_doors(d, &p, list, n, false);
	restart_conns(d);
	pass_end(d, &p, d->cfg);
	free(list);
	return 0;
}

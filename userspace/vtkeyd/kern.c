// SPDX-License-Identifier: GPL-2.0-or-later
#include "kern.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kernel.h"
#include "lib/names.h"
#include "log.h"
#include "tunnel.h"

/* ---- requests ---- */

static void fill_sa(const struct ike_ksa *from, enum vtun_dir dir,
		    uint32_t child, struct vtun_k_sa *to)
{
	memset(to, 0, sizeof(*to));
	to->dir = dir;
	to->spi = from->spi;
	to->child_id = child;
	to->encr = from->encr;
	to->key_len = from->key_len;
	if (from->key_len <= sizeof(to->key))
		memcpy(to->key, from->key, from->key_len);
	to->esn = from->esn;
	to->replay_window = dir == VTUN_DIR_IN ? from->replay_window : 0;
	to->limits.soft_time_ms = from->limits.soft_time_ms;
	to->limits.hard_time_ms = from->limits.hard_time_ms;
	to->limits.soft_bytes = from->limits.soft_bytes;
	to->limits.hard_bytes = from->limits.hard_bytes;
	to->limits.soft_packets = from->limits.soft_packets;
	to->limits.hard_packets = from->limits.hard_packets;
}

static int install(struct keyd *d, const struct ike_kreq *req)
{
	struct vtun_k_sa in = { }, out = { };
	struct vtun_k_install ins = {
		.child_id = req->kernel_child,
		.in = req->in.spi ? &in : NULL,
		.out = req->out.spi ? &out : NULL,
		.sw = req->kswitch == IKE_KSWITCH_STANDBY ?
		      VTUN_SWITCH_STANDBY : VTUN_SWITCH_NOW,
		.prove = req->prove && req->kswitch == IKE_KSWITCH_NOW,
	};
	int err;

	if (ins.sw == VTUN_SWITCH_STANDBY)
		ins.deadline_ms = req->deadline_ms;
	fill_sa(&req->in, VTUN_DIR_IN, req->kernel_child, &in);
	fill_sa(&req->out, VTUN_DIR_OUT, req->kernel_child, &out);
	err = vtun_k_sa_install(d->k, &ins);
	sodium_memzero(&in, sizeof(in));
	sodium_memzero(&out, sizeof(out));
	return err;
}

static int query(struct keyd *d, const struct ike_kreq *req,
		 struct ike_kresult *res)
{
	struct vtun_k_sa sa;
	int err;

	err = vtun_k_sa_get(d->k, (enum vtun_dir)req->dir, req->kernel_child,
			    req->spi, &sa);
	if (err)
		return err;
	res->bytes = sa.bytes;
	res->packets = sa.packets;
	res->idle_ms = sa.used ? sa.idle_ms : UINT64_MAX;
	return 0;
}

static const char *const request_names[] = {
	[IKE_KREQ_ALLOC_SPI] = "alloc-spi",
	[IKE_KREQ_INSTALL] = "install",
	[IKE_KREQ_ACTIVATE] = "activate",
	[IKE_KREQ_DEL_SA] = "delete-sa",
	[IKE_KREQ_QUERY_SA] = "query-sa",
};

void keyd_kern_request(struct keyd *d, const struct ike_kreq *req,
		       struct ike_kresult *res)
{
	memset(res, 0, sizeof(*res));
	res->id = req->id;
	switch (req->type) {
	case IKE_KREQ_ALLOC_SPI:
		res->err = vtun_k_spi_alloc(d->k, req->kernel_child, 0, 0,
					    &res->spi);
		break;
	case IKE_KREQ_INSTALL:
		res->err = install(d, req);
		break;
	case IKE_KREQ_ACTIVATE:
		res->err = vtun_k_sa_activate(d->k, req->kernel_child,
					      req->spi);
		break;
	case IKE_KREQ_DEL_SA:
		res->err = vtun_k_sa_del(d->k, (enum vtun_dir)req->dir,
					 req->kernel_child, req->spi);
		break;
	case IKE_KREQ_QUERY_SA:
		res->err = query(d, req, res);
		break;
	}
	if (!res->err)
		return;
	snprintf(res->text, sizeof(res->text), "%s", vtun_k_error(d->k));
	/* an SA that is gone already is what a deletion wants */
	keyd_log(res->err == -ENOENT && req->type != IKE_KREQ_INSTALL &&
		 req->type != IKE_KREQ_ALLOC_SPI ? KEYD_LOG_DEBUG :
		 KEYD_LOG_WARNING,
		 "kernel-refused request=%s kernel_child=%u spi=0x%08x error=%s text=\"%s\"",
		 request_names[req->type], req->kernel_child,
		 req->type == IKE_KREQ_INSTALL ? req->in.spi : req->spi,
		 strerror(-res->err), res->text);
}

/* ---- events ---- */

static void feed_expire(struct keyd *d, uint32_t child, unsigned int dir,
			uint32_t spi, bool hard, unsigned int cause)
{
	struct ike_kevent ev = {
		.type = IKE_KEV_EXPIRE,
		.kernel_child = child,
		.dir = (enum ike_dir)dir,
		.spi = spi,
		.hard = hard,
		.cause = (uint8_t)cause,
	};

	ike_input_kevent(d->engine, keyd_now(), &ev);
}

static void feed_acquire(struct keyd *d, uint32_t child)
{
	struct ike_kevent ev = {
		.type = IKE_KEV_ACQUIRE,
		.kernel_child = child,
	};

	ike_input_kevent(d->engine, keyd_now(), &ev);
}

static void feed_switch(struct keyd *d, uint32_t child, uint32_t spi,
			unsigned int cause)
{
	struct ike_kevent ev = {
		.type = IKE_KEV_SWITCH,
		.kernel_child = child,
		.dir = IKE_DIR_OUT,
		.spi = spi,
		.cause = (uint8_t)cause,
	};

	ike_input_kevent(d->engine, keyd_now(), &ev);
}

static void log_event(const struct keyd_tunnel *t,
		      const struct vtun_k_event *ev)
{
	switch (ev->type) {
	case VTUN_K_EV_ACQUIRE:
		keyd_info("acquire conn=%s child=%s", t->conn, t->child);
		break;
	case VTUN_K_EV_EXPIRE:
		keyd_info("expire conn=%s child=%s dir=%s spi=0x%08x level=%s cause=%s",
			  t->conn, t->child, vtun_name_dir(ev->dir), ev->spi,
			  vtun_name_level(ev->level),
			  vtun_name_cause(ev->cause));
		break;
	case VTUN_K_EV_SWITCH:
		keyd_info("switch conn=%s child=%s spi_out=0x%08x old_spi_out=0x%08x cause=%s",
			  t->conn, t->child, ev->spi, ev->old_spi,
			  vtun_name_switch(ev->cause));
		break;
	case VTUN_K_EV_RESYNC:
	case VTUN_K_EV_PEER_MOVED:
	case VTUN_K_EV_AUDIT:
		break;
	}
}

struct lookup {
	const struct keyd_tunnel *t;
	struct ike_child_info info;
	bool found;
};

static void find_child(void *ctx, const struct ike_child_info *info)
{
	struct lookup *l = ctx;

	if (strcmp(info->conn, l->t->conn) || strcmp(info->name, l->t->child))
		return;
	l->info = *info;
	l->found = true;
}

/*
 * Traffic asks for an SA that the engine believes to be there: somebody
 * deleted it behind our back, so the engine has to be told first.
 */
static bool acquire_is_odd(struct keyd *d, const struct keyd_tunnel *t)
{
	struct lookup l = { .t = t };

	ike_engine_each_child(d->engine, keyd_now(), find_child, &l);
	return l.found && l.info.spi_out && l.info.n_pairs;
}

static void one_event(struct keyd *d, const struct vtun_k_event *ev,
		      bool *resync)
{
	const struct keyd_tunnel *t;

	if (ev->type == VTUN_K_EV_RESYNC) {
		keyd_warn("events-lost count=%u text=\"reading the state of the module\"",
			  ev->lost);
		*resync = true;
		return;
	}
	t = keyd_tunnel_by_id(d, ev->child_id);
	if (!t)
		return;			/* manually keyed: not ours */
	log_event(t, ev);
	switch (ev->type) {
	case VTUN_K_EV_ACQUIRE:
		if (acquire_is_odd(d, t))
			*resync = true;
		else
			feed_acquire(d, ev->child_id);
		break;
	case VTUN_K_EV_EXPIRE:
		feed_expire(d, ev->child_id, ev->dir, ev->spi,
			    ev->level == VTUN_EXPIRE_HARD, ev->cause);
		break;
	case VTUN_K_EV_SWITCH:
		feed_switch(d, ev->child_id, ev->spi, ev->cause);
		break;
	case VTUN_K_EV_RESYNC:
	case VTUN_K_EV_PEER_MOVED:
	case VTUN_K_EV_AUDIT:
		break;
	}
}

void keyd_kern_events(struct keyd *d)
{
	struct vtun_k_event ev;
	bool resync = false;
	int n;

	while ((n = vtun_k_event_read(d->k, &ev)) > 0)
		one_event(d, &ev, &resync);
	if (n < 0)
		keyd_warn("kernel events: %s", vtun_k_error(d->k));
	if (resync || n < 0)
		keyd_kern_resync(d);
}

/* ---- state ---- */

struct snapshot {
	struct vtun_k_child *children;
	struct vtun_k_sa *sas;
	unsigned int n_children, n_sas;
};

static int snapshot_take(struct keyd *d, struct snapshot *s)
{
	int err;

	memset(s, 0, sizeof(*s));
	err = vtun_k_child_list(d->k, &s->children, &s->n_children);
	if (!err)
		err = vtun_k_sa_list(d->k, &s->sas, &s->n_sas);
	if (err)
		keyd_warn("cannot read the state of the module: %s",
			  vtun_k_error(d->k));
	return err;
}

static void snapshot_free(struct snapshot *s)
{
	free(s->children);
	free(s->sas);
}

static const struct vtun_k_sa *find_sa(const struct snapshot *s,
				       unsigned int dir, uint32_t child,
				       uint32_t spi)
{
	unsigned int i;

	for (i = 0; i < s->n_sas; i++)
		if (s->sas[i].dir == dir && s->sas[i].spi == spi &&
		    s->sas[i].child_id == child)
			return &s->sas[i];
	return NULL;
}

/* an SA that the engine has and the module has not is as good as expired */
static void feed_missing(struct keyd *d, const struct snapshot *s,
			 const struct keyd_tunnel *t)
{
	struct lookup l = { .t = t };

	ike_engine_each_child(d->engine, keyd_now(), find_child, &l);
	if (!l.found)
		return;
	if (l.info.spi_out &&
	    !find_sa(s, VTUN_DIR_OUT, t->kernel_id, l.info.spi_out)) {
		keyd_warn("sa-gone conn=%s child=%s dir=out spi=0x%08x text=\"deleted by somebody else\"",
			  t->conn, t->child, l.info.spi_out);
		feed_expire(d, t->kernel_id, VTUN_DIR_OUT, l.info.spi_out,
			    true, VTUN_CAUSE_TIME);
	} else if (l.info.spi_in &&
		   !find_sa(s, VTUN_DIR_IN, t->kernel_id, l.info.spi_in)) {
		keyd_warn("sa-gone conn=%s child=%s dir=in spi=0x%08x text=\"deleted by somebody else\"",
			  t->conn, t->child, l.info.spi_in);
		feed_expire(d, t->kernel_id, VTUN_DIR_IN, l.info.spi_in, true,
			    VTUN_CAUSE_TIME);
	}
}

static void feed_state(struct keyd *d, const struct snapshot *s)
{
	const struct keyd_tunnel *t;
	const struct vtun_k_sa *sa;
	unsigned int i;

	for (i = 0; i < s->n_sas; i++) {
		sa = &s->sas[i];
		if (!sa->child_id || !keyd_tunnel_by_id(d, sa->child_id))
			continue;
		if (sa->hard_cause)
			feed_expire(d, sa->child_id, sa->dir, sa->spi, true,
				    sa->hard_cause);
		else if (sa->soft_cause)
			feed_expire(d, sa->child_id, sa->dir, sa->spi, false,
				    sa->soft_cause);
		else if (sa->dir == VTUN_DIR_OUT &&
			 sa->state == VTUN_SA_ACTIVE)
			feed_switch(d, sa->child_id, sa->spi, sa->switched);
	}
	for (i = 0; i < s->n_children; i++) {
		t = keyd_tunnel_by_id(d, s->children[i].id);
		if (t && s->children[i].acquiring)
			feed_acquire(d, t->kernel_id);
	}
}

void keyd_kern_resync(struct keyd *d)
{
	struct snapshot s;
	unsigned int i;

	if (keyd_tunnels_repair(d))
		return;
	if (!snapshot_take(d, &s)) {
		for (i = 0; i < d->n_tunnels; i++)
			if (d->tunnels[i].kernel_id)
				feed_missing(d, &s, &d->tunnels[i]);
		feed_state(d, &s);
	}
	snapshot_free(&s);
}

/* ---- adoption ---- */

static void adopt_pair(struct keyd *d, const struct keyd_tunnel *t,
		       uint32_t spi_in, uint32_t spi_out)
{
	int err;

	err = ike_engine_adopt(d->engine, keyd_now(), t->kernel_id, spi_in,
			       spi_out);
	keyd_info("adopted conn=%s child=%s spi_in=0x%08x spi_out=0x%08x%s%s",
		  t->conn, t->child, spi_in, spi_out, err ? " error=" : "",
		  err ? strerror(-err) : "");
}

/* what carries no traffic any more, or never did, is only in the way */
static void drop_sa(struct keyd *d, const struct keyd_tunnel *t,
		    const struct vtun_k_sa *sa, const char *why)
{
	keyd_info("deleted conn=%s child=%s dir=%s spi=0x%08x text=\"%s\"",
		  t->conn, t->child, vtun_name_dir(sa->dir), sa->spi, why);
	if (vtun_k_sa_del(d->k, (enum vtun_dir)sa->dir, sa->child_id, sa->spi))
		keyd_warn("cannot delete spi=0x%08x: %s", sa->spi,
			  vtun_k_error(d->k));
}

static bool live_in(const struct vtun_k_sa *sa)
{
	return sa->dir == VTUN_DIR_IN && sa->state == VTUN_SA_ACTIVE;
}

static void add_stray(struct keyd *d, const struct vtun_k_sa *sa)
{
	struct keyd_stray *strays;

	strays = realloc(d->strays, (d->n_strays + 1) * sizeof(*strays));
	if (!strays)
		return;
	d->strays = strays;
	strays[d->n_strays].kernel_id = sa->child_id;
	strays[d->n_strays].spi_in = sa->spi;
	d->n_strays++;
}

static void drop_strays(struct keyd *d)
{
	const struct keyd_stray *s;
	unsigned int i;

	for (i = 0; i < d->n_strays; i++) {
		s = &d->strays[i];
		if (!vtun_k_sa_del(d->k, VTUN_DIR_IN, s->kernel_id, s->spi_in))
			keyd_info("deleted dir=in spi=0x%08x text=\"left behind by an earlier daemon\"",
				  s->spi_in);
	}
	d->n_strays = 0;
}

/* current and standby outbound SAs with their inbound halves */
static void adopt_out(struct keyd *d, const struct snapshot *s,
		      const struct keyd_tunnel *t, const struct vtun_k_sa *out)
{
	const struct vtun_k_sa *in;

	if (out->state != VTUN_SA_ACTIVE && out->state != VTUN_SA_STANDBY) {
		drop_sa(d, t, out, "no longer in use");
		return;
	}
	in = find_sa(s, VTUN_DIR_IN, t->kernel_id, out->pair_spi);
	adopt_pair(d, t, in && live_in(in) ? in->spi : 0, out->spi);
}

static bool has_live_out(const struct snapshot *s, const struct vtun_k_sa *in)
{
	const struct vtun_k_sa *out;

	out = find_sa(s, VTUN_DIR_OUT, in->child_id, in->pair_spi);
	return out && (out->state == VTUN_SA_ACTIVE ||
		       out->state == VTUN_SA_STANDBY);
}

/*
 * An inbound SA whose outbound half is gone stays for a while: the peer may
 * not know yet that it was replaced.
 */
static void adopt_child(struct keyd *d, const struct snapshot *s,
			const struct keyd_tunnel *t)
{
	const struct vtun_k_sa *sa;
	unsigned int i;

	for (i = 0; i < s->n_sas; i++) {
		sa = &s->sas[i];
		if (sa->child_id != t->kernel_id)
			continue;
		if (sa->dir == VTUN_DIR_OUT)
			adopt_out(d, s, t, sa);
		else if (!live_in(sa))
			drop_sa(d, t, sa, "no longer in use");
		else if (!has_live_out(s, sa))
			add_stray(d, sa);
	}
}

void keyd_kern_audit(struct keyd *d)
{
	drop_strays(d);
	keyd_kern_resync(d);
}

void keyd_kern_adopt(struct keyd *d)
{
	struct snapshot s;
	unsigned int i;

	if (!snapshot_take(d, &s))
		for (i = 0; i < d->n_tunnels; i++)
			if (d->tunnels[i].kernel_id)
				adopt_child(d, &s, &d->tunnels[i]);
	snapshot_free(&s);
}

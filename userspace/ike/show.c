// SPDX-License-Identifier: GPL-2.0-or-later
/* State for show and for the simulator, and its names. */
#include "ikesa.h"

#include <stdio.h>
#include <string.h>

static void fill_sa(const struct ike_sa *sa, uint64_t now,
		    struct ike_sa_info *info)
{
	const struct ike_conn_cfg *cfg = &sa->conn->cfg;

	memset(info, 0, sizeof(*info));
	strcpy(info->conn, cfg->name);
	info->spi_i = sa->spi_i;
	info->spi_r = sa->spi_r;
	info->initiator = sa->initiator;
	info->state = sa->state;
	if (sa->state == IKE_SA_UP && sa->own.kind == IKE_EXCH_REKEY_IKE)
		info->state = IKE_SA_REKEYING;
	info->suite = sa->suite;
	info->local = sa->local;
	info->remote = sa->remote;
	info->local_id = cfg->local_id;
	info->remote_id = sa->remote_id;
	info->local_auth = cfg->local_auth;
	info->remote_auth = cfg->remote_auth;
	info->nat_local = sa->nat_local;
	info->nat_remote = sa->nat_remote;
	info->age_ms = now - (sa->up_at ? sa->up_at : sa->created);
	if (sa->state == IKE_SA_UP && sa->rekey_at > now)
		info->rekey_in_ms = sa->rekey_at - now;
	info->send_mid = sa->own_mid;
	info->recv_mid = sa->peer_mid;
}

void ike_engine_each_sa(const struct ike_engine *e, uint64_t now,
			void (*cb)(void *ctx, const struct ike_sa_info *),
			void *ctx)
{
	const struct ike_sa *sa;
	struct ike_sa_info info;

	ike_list_for_each(sa, &e->sas, node) {
		if (!sa->conn)
			continue;
		fill_sa(sa, now, &info);
		cb(ctx, &info);
	}
}

static bool attempt_running(const struct ike_conn *c)
{
	const struct ike_sa *sa;

	ike_list_for_each(sa, &c->e->sas, node)
		if (sa->conn == c && (sa->state == IKE_SA_INIT_SENT ||
				      sa->state == IKE_SA_AUTH_SENT))
			return true;
	return false;
}

/* beside the live one; an orphan that only listens is no longer a pair */
static bool counts(const struct ike_pair *p)
{
	return (p->state == IKE_PAIR_UP && (p->sa || !p->out_gone)) ||
	       p->state == IKE_PAIR_CLOSING;
}

static enum ike_child_state state_of(const struct ike_child *c,
				     const struct ike_pair *live)
{
	const struct ike_pair *p;

	ike_list_for_each(p, &c->pairs, node)
		if (p->state == IKE_PAIR_NEW ||
		    (live && p != live && counts(p)))
			return live ? IKE_CHILD_REKEYING : IKE_CHILD_STARTING;
	if (live)
		return IKE_CHILD_UP;
	return ike_child_needed(c) && attempt_running(c->conn) ?
	       IKE_CHILD_STARTING : IKE_CHILD_DOWN;
}

static void fill_child(const struct ike_child *c, struct ike_child_info *info)
{
	const struct ike_pair *live = ike_child_live(c), *p = live;

	memset(info, 0, sizeof(*info));
	strcpy(info->conn, c->conn->cfg.name);
	strcpy(info->name, c->cfg.name);
	info->state = state_of(c, live);
	if (!live)
		snprintf(info->reason, sizeof(info->reason), "%s",
			 c->reason[0] ? c->reason : c->conn->reason);
	/* an orphan or adopted pair still carries traffic */
	if (!p)
		p = c->cur;
	if (p) {
		info->spi_in = p->spi_in;
		info->spi_out = p->spi_out;
		info->suite = p->suite;
		memcpy(info->ts_local, p->ts_local.ts, sizeof(info->ts_local));
		memcpy(info->ts_remote, p->ts_remote.ts,
		       sizeof(info->ts_remote));
		info->n_ts_local = p->ts_local.n;
		info->n_ts_remote = p->ts_remote.n;
	}
	ike_list_for_each(p, &c->pairs, node)
		info->n_pairs += counts(p);
	info->rekeys = c->rekeys;
	info->cfg = c->cfg;
	/* S-13: shown as it works */
	info->cfg.keepalive |= c->cfg.auto_negotiate;
}

void ike_engine_each_child(const struct ike_engine *e, uint64_t now,
			   void (*cb)(void *ctx, const struct ike_child_info *),
			   void *ctx)
{
	const struct ike_conn *conn;
	const struct ike_child *c;
	struct ike_child_info info;

	ike_list_for_each(conn, &e->conns, node) {
		if (conn->deleted)
			continue;
		ike_list_for_each(c, &conn->children, node) {
			fill_child(c, &info);
			cb(ctx, &info);
		}
	}
}

const char *ike_notify_name(enum ike_notify_type t)
{
	static const char * const names[] = {
		[IKE_NTF_IKE_UP] = "ike-up",
		[IKE_NTF_IKE_DOWN] = "ike-down",
		[IKE_NTF_IKE_REKEYED] = "ike-rekeyed",
		[IKE_NTF_CHILD_UP] = "child-up",
		[IKE_NTF_CHILD_DOWN] = "child-down",
		[IKE_NTF_CHILD_REKEYED] = "child-rekeyed",
		[IKE_NTF_CHILD_REKEYING] = "child-rekeying",
		[IKE_NTF_FAILED] = "failed",
		[IKE_NTF_INFO] = "info",
	};

	return t < sizeof(names) / sizeof(names[0]) && names[t] ?
	       names[t] : "unknown";
}

const char *ike_sa_state_name(enum ike_sa_state s)
{
	static const char * const names[] = {
		[IKE_SA_INIT_SENT] = "init-sent",
		[IKE_SA_AUTH_SENT] = "auth-sent",
		[IKE_SA_HALF_OPEN] = "half-open",
		[IKE_SA_UP] = "up",
		[IKE_SA_REKEYING] = "rekeying",
		[IKE_SA_REKEYED] = "rekeyed",
		[IKE_SA_DELETING] = "deleting",
	};

	return s < sizeof(names) / sizeof(names[0]) && names[s] ?
	       names[s] : "unknown";
}

const char *ike_child_state_name(enum ike_child_state s)
{
	static const char * const names[] = {
		[IKE_CHILD_DOWN] = "down",
		[IKE_CHILD_STARTING] = "starting",
		[IKE_CHILD_UP] = "up",
		[IKE_CHILD_REKEYING] = "rekeying",
	};

	return s < sizeof(names) / sizeof(names[0]) && names[s] ?
	       names[s] : "unknown";
}

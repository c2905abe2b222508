// SPDX-License-Identifier: GPL-2.0-or-later
/* Configured peers: adding, replacing, removing, finding. */
#include "ikesa.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIFE_DEFAULT_MS		86400000
#define RETRY_DEFAULT_MS	5000

static struct ike_child *child_new(struct ike_conn *c,
				   const struct ike_child_cfg *cfg)
{
	struct ike_child *child = calloc(1, sizeof(*child));

	if (!child)
		abort();
	child->conn = c;
	child->cfg = *cfg;
	ike_list_init(&child->pairs);
	ike_list_add_tail(&child->node, &c->children);
	return child;
}

static void child_free(struct ike_child *child)
{
	struct ike_pair *p, *tmp;

	ike_list_for_each_safe(p, tmp, &child->pairs, node)
		ike_pair_free(p);
	ike_sa_forget_child(child->conn->e, child);
	ike_list_del(&child->node);
	free(child);
}

/* the configuration takes it away: SAs go, the peer is told about them */
static void child_remove(struct ike_child *child)
{
	struct ike_pair *p, *tmp;
	struct ike_sa *sa;

	ike_list_for_each_safe(p, tmp, &child->pairs, node) {
		sa = p->sa;
		if (sa && (p->state == IKE_PAIR_UP ||
			   p->state == IKE_PAIR_CLOSING))
			ike_sa_delete_later(sa, p->spi_in);
		ike_pair_drop(p);
	}
	child_free(child);
}

void ike_conn_free(struct ike_conn *c)
{
	struct ike_child *child, *tmp;

	ike_list_for_each_safe(child, tmp, &c->children, node)
		child_free(child);
	ike_list_del(&c->node);
	ike_crypto_wipe(&c->cfg, sizeof(c->cfg));
	free(c);
}

void ike_conn_free_all(struct ike_engine *e)
{
	struct ike_conn *c, *tmp;

	ike_list_for_each_safe(c, tmp, &e->conns, node)
		ike_conn_free(c);
}

struct ike_conn *ike_conn_find(struct ike_engine *e, const char *name)
{
	struct ike_conn *c;

	ike_list_for_each(c, &e->conns, node)
		if (!c->deleted && !strcmp(c->cfg.name, name))
			return c;
	return NULL;
}

struct ike_child *ike_conn_child(struct ike_conn *c, const char *name)
{
	struct ike_child *child;

	ike_list_for_each(child, &c->children, node)
		if (!strcmp(child->cfg.name, name))
			return child;
	return NULL;
}

struct ike_child *ike_conn_kernel_child(struct ike_engine *e, uint32_t id)
{
	struct ike_child *child;
	struct ike_conn *c;

	ike_list_for_each(c, &e->conns, node)
		ike_list_for_each(child, &c->children, node)
			if (child->cfg.kernel_id == id && !c->deleted)
				return child;
	return NULL;
}

static bool same_host(const struct ike_addr *a, const struct ike_addr *b)
{
	return a->family == b->family &&
	       !memcmp(a->addr, b->addr, a->family == AF_INET ? 4 : 16);
}

bool ike_conn_match_addr(const struct ike_conn *c, const struct ike_addr *local,
			 const struct ike_addr *remote)
{
	if (c->deleted)
		return false;
	if (c->cfg.local.family && !same_host(&c->cfg.local, local))
		return false;
	return !c->cfg.remote.family || same_host(&c->cfg.remote, remote);
}

struct ike_sa *ike_conn_sa(const struct ike_conn *c)
{
	struct ike_sa *sa;

	ike_list_for_each(sa, &c->e->sas, node)
		if (sa->conn == c && sa->state == IKE_SA_UP &&
		    !sa->superseded && !sa->redundant && !sa->close &&
		    !sa->expired)
			return sa;
	return NULL;
}

bool ike_conn_has_sa(const struct ike_conn *c, const struct ike_sa *except)
{
	struct ike_sa *sa;

	ike_list_for_each(sa, &c->e->sas, node)
		if (sa->conn == c && sa != except && sa->up_at &&
		    sa->state != IKE_SA_DELETING)
			return true;
	return false;
}

static bool same_ts(const struct ike_ts *a, const struct ike_ts *b,
		    unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (!ike_ts_equal(&a[i], &b[i]))
			return false;
	return true;
}

static bool same_suites(const struct ike_suite *a, const struct ike_suite *b,
			unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (a[i].encr != b[i].encr || a[i].key_bits != b[i].key_bits ||
		    a[i].prf != b[i].prf || a[i].ke != b[i].ke ||
		    a[i].esn != b[i].esn)
			return false;
	return true;
}

/* may an installed pair of @a serve @b? */
static bool same_child(const struct ike_child_cfg *a,
		       const struct ike_child_cfg *b)
{
	return a->kernel_id == b->kernel_id && a->n_suites == b->n_suites &&
	       same_suites(a->suites, b->suites, a->n_suites) &&
	       a->n_ts_local == b->n_ts_local &&
	       a->n_ts_remote == b->n_ts_remote &&
	       same_ts(a->ts_local, b->ts_local, a->n_ts_local) &&
	       same_ts(a->ts_remote, b->ts_remote, a->n_ts_remote) &&
	       a->replay_window == b->replay_window;
}

static bool same_addr(const struct ike_addr *a, const struct ike_addr *b)
{
	return (!a->family && !b->family) ||
	       (same_host(a, b) && a->port == b->port);
}

/* may an IKE SA of @a serve @b? */
static bool same_peer(const struct ike_conn_cfg *a,
		      const struct ike_conn_cfg *b)
{
	return same_addr(&a->local, &b->local) &&
	       same_addr(&a->remote, &b->remote) &&
	       ike_wire_id_equal(&a->local_id, &b->local_id) &&
	       ike_wire_id_equal(&a->remote_id, &b->remote_id) &&
	       a->local_auth == b->local_auth &&
	       a->remote_auth == b->remote_auth &&
	       a->psk_len == b->psk_len &&
	       !memcmp(a->psk, b->psk, a->psk_len) &&
	       !memcmp(a->private_key, b->private_key, 64) &&
	       !memcmp(a->remote_public, b->remote_public, 32) &&
	       a->n_suites == b->n_suites &&
	       same_suites(a->suites, b->suites, a->n_suites);
}

static void set_cfg(struct ike_conn *c, const struct ike_conn_cfg *cfg)
{
	c->cfg = *cfg;
	c->cfg.children = NULL;
	c->cfg.n_children = 0;
	if (!c->cfg.life_ms)
		c->cfg.life_ms = LIFE_DEFAULT_MS;
	if (!c->cfg.retry_ms)
		c->cfg.retry_ms = RETRY_DEFAULT_MS;
	if (c->cfg.local.family && !c->cfg.local.port)
		c->cfg.local.port = 500;
	if (c->cfg.remote.family && !c->cfg.remote.port)
		c->cfg.remote.port = 500;
}

static void merge_children(struct ike_conn *c, const struct ike_conn_cfg *cfg)
{
	struct ike_child *child, *tmp;
	unsigned int i;

	ike_list_for_each_safe(child, tmp, &c->children, node) {
		for (i = 0; i < cfg->n_children; i++)
			if (!strcmp(child->cfg.name, cfg->children[i].name))
				break;
		if (i < cfg->n_children &&
		    same_child(&child->cfg, &cfg->children[i]))
			child->cfg = cfg->children[i];
		else
			child_remove(child);
	}
	for (i = 0; i < cfg->n_children; i++)
		if (!ike_conn_child(c, cfg->children[i].name))
			child_new(c, &cfg->children[i]);
}

static struct ike_conn *conn_new(struct ike_engine *e,
				 const struct ike_conn_cfg *cfg)
{
	struct ike_conn *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->e = e;
	c->grid = UINT64_MAX;
	ike_list_init(&c->children);
	set_cfg(c, cfg);
	ike_list_add_tail(&c->node, &e->conns);
	return c;
}

static int check_cfg(const struct ike_conn_cfg *cfg)
{
	unsigned int i;

	if (!cfg->name[0] || !cfg->n_suites || cfg->n_suites > IKE_SUITES_MAX)
		return -EINVAL;
	for (i = 0; i < cfg->n_suites; i++)
		if (!ike_suite_valid(IKE_PROPOSAL_IKE, &cfg->suites[i]))
			return -EINVAL;
	for (i = 0; i < cfg->n_children; i++) {
		const struct ike_child_cfg *ch = &cfg->children[i];

		if (!ch->name[0] || !ch->n_suites || !ch->n_ts_local ||
		    !ch->n_ts_remote || ch->n_suites > IKE_SUITES_MAX ||
		    ch->n_ts_local > IKE_TS_MAX ||
		    ch->n_ts_remote > IKE_TS_MAX)
			return -EINVAL;
		/* a dial-up responder cannot start anything (S-15) */
		if (ch->auto_negotiate && !cfg->remote.family)
			return -EINVAL;
	}
	return 0;
}

/* drops what the configuration no longer covers; SAs close in their own time */
static void conn_retire(struct ike_conn *c)
{
	struct ike_child *child, *tmp;
	struct ike_sa *sa, *ts;

	c->deleted = true;
	ike_list_for_each_safe(sa, ts, &c->e->sas, node) {
		if (sa->conn != c)
			continue;
		if (sa->up_at)
			ike_sa_close(sa, "connection removed");
		else
			ike_sa_free(sa);
	}
	ike_list_for_each_safe(child, tmp, &c->children, node) {
		struct ike_pair *p, *tp;

		ike_list_for_each_safe(p, tp, &child->pairs, node)
			ike_pair_drop(p);
		child_free(child);
	}
}

int ike_engine_conn_add(struct ike_engine *e, uint64_t now,
			const struct ike_conn_cfg *cfg)
{
	struct ike_conn *c;
	int err = check_cfg(cfg);

	if (err)
		return err;
	e->now = now;
	c = ike_conn_find(e, cfg->name);
	if (c && !same_peer(&c->cfg, cfg)) {
		conn_retire(c);
		c = NULL;
	}
	if (!c)
		c = conn_new(e, cfg);
	else
		set_cfg(c, cfg);
	merge_children(c, cfg);
	ike_desire_run(e);
	return 0;
}

int ike_engine_conn_del(struct ike_engine *e, uint64_t now, const char *name)
{
	struct ike_conn *c = ike_conn_find(e, name);

	if (!c)
		return -ENOENT;
	e->now = now;
	conn_retire(c);
	ike_desire_run(e);
	return 0;
}

void ike_conn_set_reason(struct ike_conn *c, const char *text)
{
	snprintf(c->reason, sizeof(c->reason), "%s", text);
}

void ike_child_set_reason(struct ike_child *c, const char *text)
{
	snprintf(c->reason, sizeof(c->reason), "%s", text);
}

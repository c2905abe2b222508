// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a child is: SA, KE and TS payloads, both roles (RFC 7296 2.7, 2.9, 2.17,
 * 1.3.1). Used by IKE_AUTH (no KE, nonces of IKE_SA_INIT) and CREATE_CHILD_SA.
 */
#include "exch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SPI_MIN	256	/* RFC 4303 2.1 */

/*
 * Pairs of one child that an authenticated peer can make us keep: those that
 * work, and with those that only wait for packets in flight. Both ends rekeying
 * at once need four.
 */
#define PAIRS_MAX	16
#define PAIRS_GONE_MAX	2048

static enum ike_proposal_kind kind_of(bool first)
{
	return first ? IKE_PROPOSAL_FIRST_CHILD : IKE_PROPOSAL_CHILD;
}

/* appends the configured suites with or without a KE transform */
static void add_suites(struct ike_exch *x, const struct ike_child_cfg *cfg,
		       bool ke)
{
	struct ike_suite *s;
	unsigned int i;

	for (i = 0; i < cfg->n_suites; i++) {
		s = &x->offer[x->n_offer++];
		*s = cfg->suites[i];
		if (!ke)
			s->ke = IKE_KE_NONE;
		else if (s->ke == IKE_KE_NONE)
			s->ke = IKE_KE_X25519;
	}
}

/* a rekey keeps what was agreed (2.9.2) */
static void offered_ts(const struct ike_exch *x, struct ike_ts_list *local,
		       struct ike_ts_list *remote)
{
	const struct ike_child_cfg *cfg = &x->child->cfg;

	if (x->old && x->old->ts_local.n) {
		*local = x->old->ts_local;
		*remote = x->old->ts_remote;
	} else {
		ike_ts_list_set(local, cfg->ts_local, cfg->n_ts_local);
		ike_ts_list_set(remote, cfg->ts_remote, cfg->n_ts_remote);
	}
}

void ike_negotiate_offer(struct ike_sa *sa, struct ike_exch *x,
			 struct ike_build *b, bool first)
{
	const struct ike_child_cfg *cfg = &x->child->cfg;
	struct ike_ts_list local, remote;

	x->n_offer = 0;
	add_suites(x, cfg, x->group != IKE_KE_NONE);
	ike_proposal_build_offer(b, kind_of(first), x->offer, x->n_offer,
				 x->pair->spi_in, 4);
	if (!first) {
		ike_build_nonce(b, x->ni.data, x->ni.len);
		if (x->group != IKE_KE_NONE)
			ike_build_ke(b, x->group, x->public,
				     sizeof(x->public));
	}
	offered_ts(x, &local, &remote);
	ike_ts_build(b, IKE_WIRE_P_TSI, &local);
	ike_ts_build(b, IKE_WIRE_P_TSR, &remote);
}

/* ---- responder ---- */

struct wish {
	struct ike_proposal_list sa;
	struct ike_ts_list tsi, tsr;
};

static int parse_wish(const struct ike_wire_set *set, struct wish *w,
		      struct ike_wire_err *err)
{
	if (!set->sa.data || !set->tsi.data || !set->tsr.data)
		return ike_wire_fail(err, IKE_WIRE_N_INVALID_SYNTAX, 0, 0,
				     "SA, TSi or TSr is missing");
	if (ike_proposal_parse(set->sa, &w->sa, err) ||
	    ike_ts_parse(set->tsi, &w->tsi, err) ||
	    ike_ts_parse(set->tsr, &w->tsr, err))
		return -EBADMSG;
	return 0;
}

static int narrow(const struct ike_child *c, const struct wish *w,
		  struct ike_ts_list *local, struct ike_ts_list *remote)
{
	struct ike_ts_list ours;
	int err;

	ike_ts_list_set(&ours, c->cfg.ts_local, c->cfg.n_ts_local);
	err = ike_ts_narrow(&w->tsr, &ours, local);
	if (err)
		return err;
	ike_ts_list_set(&ours, c->cfg.ts_remote, c->cfg.n_ts_remote);
	return ike_ts_narrow(&w->tsi, &ours, remote);
}

/* the child that fits: all of what was asked for, else a part, free first */
static struct ike_child *pick(struct ike_conn *conn, const struct wish *w)
{
	struct ike_ts_list local, remote;
	struct ike_child *c, *best = NULL;
	int score, top = -1;

	ike_list_for_each(c, &conn->children, node) {
		if (narrow(c, w, &local, &remote))
			continue;
		score = ike_ts_list_equal(&local, &w->tsr) +
			ike_ts_list_equal(&remote, &w->tsi);
		score = 2 * score + !ike_child_live(c);
		if (score > top) {
			top = score;
			best = c;
		}
	}
	return best;
}

static void explain_ts(const struct ike_conn *conn, const struct wish *w,
		       char *text, size_t size)
{
	char tsi[64], tsr[64], local[64], remote[64];
	const struct ike_child *c;
	struct ike_ts_list l = { .n = 0 }, r = { .n = 0 };

	ike_list_for_each(c, &conn->children, node) {
		ike_ts_list_set(&l, c->cfg.ts_local, c->cfg.n_ts_local);
		ike_ts_list_set(&r, c->cfg.ts_remote, c->cfg.n_ts_remote);
		break;
	}
	snprintf(text, size,
		 "TS_UNACCEPTABLE: theirs: %s to %s; ours: %s to %s",
		 ike_ts_list_text(&w->tsi, tsi, sizeof(tsi)),
		 ike_ts_list_text(&w->tsr, tsr, sizeof(tsr)),
		 ike_ts_list_text(&r, remote, sizeof(remote)),
		 ike_ts_list_text(&l, local, sizeof(local)));
}

static uint16_t check_ke(struct ike_sa *sa, struct ike_exch *x,
			 const struct ike_wire_set *set, char *text,
			 size_t size)
{
	uint16_t group = x->choice.suite.ke;

	if (group == IKE_KE_NONE)
		return 0;
	if (!set->ke.data || set->ke_group != group) {
		x->group = group;
		snprintf(text, size, "INVALID_KE_PAYLOAD: theirs: group %u; "
			 "ours: group %u", set->ke_group, group);
		return IKE_WIRE_N_INVALID_KE_PAYLOAD;
	}
	if (ike_exch_ephemeral(sa, x, group) ||
	    set->ke.len != IKE_CRYPTO_X25519_LEN ||
	    ike_crypto_x25519_shared(x->secret, set->ke.data, x->shared)) {
		snprintf(text, size, "KE value is not usable");
		return IKE_WIRE_N_INVALID_SYNTAX;
	}
	return 0;
}

/* with PFS ours with KE only; else both, in the order the peer likes */
static void accept_suites(struct ike_exch *x, const struct ike_child_cfg *cfg,
			  const struct ike_wire_set *set, bool first)
{
	bool ke = set->ke.data && !first;

	x->n_offer = 0;
	if (first) {
		add_suites(x, cfg, false);
		return;
	}
	add_suites(x, cfg, cfg->pfs || ke);
	if (!cfg->pfs)
		add_suites(x, cfg, !ke);
}

static bool crowded(const struct ike_child *c)
{
	unsigned int all = 0, work = 0;
	const struct ike_pair *p;

	ike_list_for_each(p, &c->pairs, node) {
		all++;
		work += p->state != IKE_PAIR_GONE;
	}
	return work >= PAIRS_MAX || all >= PAIRS_GONE_MAX;
}

uint16_t ike_negotiate_request(struct ike_sa *sa, struct ike_exch *x,
			       const struct ike_wire_set *set, bool first,
			       char *text, size_t size)
{
	char words[IKE_PROPOSAL_TEXT];
	struct ike_ts_list local, remote;
	struct ike_wire_err err;
	struct ike_pair *p;
	struct wish w;
	uint16_t bad;

	if (parse_wish(set, &w, &err)) {
		snprintf(text, size, "%s", err.text);
		return err.notify;
	}
	x->child = x->old ? x->old->child : pick(sa->conn, &w);
	if (!x->child || narrow(x->child, &w, &local, &remote)) {
		explain_ts(sa->conn, &w, text, size);
		return IKE_WIRE_N_TS_UNACCEPTABLE;
	}
	if (crowded(x->child)) {
		snprintf(text, size, "NO_ADDITIONAL_SAS: too many of this child");
		return IKE_WIRE_N_NO_ADDITIONAL_SAS;
	}
	accept_suites(x, &x->child->cfg, set, first);
	if (ike_proposal_select(kind_of(first), &w.sa, x->offer, x->n_offer, 4,
				&x->choice) || x->choice.spi < SPI_MIN) {
		snprintf(text, size, "NO_PROPOSAL_CHOSEN: %s",
			 ike_proposal_explain(kind_of(first), &w.sa, x->offer,
					      x->n_offer, words,
					      sizeof(words)));
		return IKE_WIRE_N_NO_PROPOSAL_CHOSEN;
	}
	if (first)
		x->choice.suite.ke = IKE_KE_NONE;
	bad = check_ke(sa, x, set, text, size);
	if (bad)
		return bad;
	p = ike_pair_new(x->child, sa, false);
	p->spi_out = x->choice.spi;
	p->suite = x->choice.suite;
	p->ts_local = local;
	p->ts_remote = remote;
	p->nonce = *ike_nonce_min(&x->ni, &x->nr);
	p->first = first;
	x->pair = p;
	return 0;
}

void ike_negotiate_answer(struct ike_exch *x, struct ike_build *b, bool first)
{
	ike_proposal_build_choice(b, kind_of(first), &x->choice,
				  x->pair->spi_in, 4);
	if (!first) {
		ike_build_nonce(b, x->nr.data, x->nr.len);
		if (x->choice.suite.ke != IKE_KE_NONE)
			ike_build_ke(b, x->group, x->public,
				     sizeof(x->public));
	}
	ike_ts_build(b, IKE_WIRE_P_TSI, &x->pair->ts_remote);
	ike_ts_build(b, IKE_WIRE_P_TSR, &x->pair->ts_local);
}

/* ---- initiator ---- */

static int check_answer(struct ike_exch *x, const struct wish *w,
			char *text, size_t size)
{
	struct ike_ts_list local, remote;

	offered_ts(x, &local, &remote);
	if (!ike_ts_subset(&w->tsi, &local) ||
	    !ike_ts_subset(&w->tsr, &remote)) {
		snprintf(text, size,
			 "peer answered with selectors outside those we offered");
		return -1;
	}
	if (x->choice.spi < SPI_MIN) {
		snprintf(text, size, "peer chose the reserved SPI %u",
			 (unsigned int)x->choice.spi);
		return -1;
	}
	return 0;
}

static int answer_ke(struct ike_exch *x, const struct ike_wire_set *set,
		     char *text, size_t size)
{
	if (x->choice.suite.ke == IKE_KE_NONE)
		return 0;
	if (set->ke.data && set->ke_group == x->group &&
	    set->ke.len == IKE_CRYPTO_X25519_LEN &&
	    !ike_crypto_x25519_shared(x->secret, set->ke.data, x->shared))
		return 0;
	snprintf(text, size, "peer's KE value is not usable");
	return -1;
}

int ike_negotiate_response(struct ike_sa *sa, struct ike_exch *x,
			   const struct ike_wire_set *set, bool first,
			   char *text, size_t size)
{
	struct ike_pair *p = x->pair;
	struct ike_wire_err err;
	struct wish w;

	if (parse_wish(set, &w, &err) ||
	    ike_proposal_verify(kind_of(first), &w.sa, x->offer, x->n_offer, 4,
				&x->choice, &err)) {
		snprintf(text, size, "peer's answer is not usable: %s",
			 err.text);
		return -1;
	}
	if (first)
		x->choice.suite.ke = IKE_KE_NONE;
	if (check_answer(x, &w, text, size) || answer_ke(x, set, text, size))
		return -1;
	p->spi_out = x->choice.spi;
	p->suite = x->choice.suite;
	p->ts_local = w.tsi;
	p->ts_remote = w.tsr;
	p->nonce = *ike_nonce_min(&x->ni, &x->nr);
	p->first = first;
	return 0;
}

int ike_negotiate_keys(struct ike_sa *sa, struct ike_exch *x,
		       struct ike_child_keys *keys)
{
	struct ike_keymat_in in = {
		.ni = { x->ni.data, x->ni.len },
		.nr = { x->nr.data, x->nr.len },
	};

	if (x->choice.suite.ke != IKE_KE_NONE) {
		in.g_ir.data = x->shared;
		in.g_ir.len = sizeof(x->shared);
	}
	return ike_keymat_child(&sa->keys, &x->choice.suite, &in, keys);
}

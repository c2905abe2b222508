// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CREATE_CHILD_SA for children, RFC 7296 1.3.1 and 1.3.3, and rekeying of them
 * from both ends at once, 2.8.1 and 2.25.
 *
 *      initiator                                     responder
 *   kernel: inbound SPI
 *      | -- SK{ [N(REKEY_SA, old)], SA, Ni, [KE], TSi, TSr } --> |
 *      |                                       kernel: SPI, install
 *      | <------------- SK{ SA, Nr, [KE], TSi, TSr } ----------- |
 *   kernel: install, switch, prove  ~~~ ESP on the new SA ~~~> switch
 *      | -- SK{ D(old) } --------------------------------------> |
 *      | <------------------------------------- SK{ D(old) } --- |
 */
#include "exch.h"

#include <stdio.h>
#include <string.h>

/* pause before a request the peer could not take now, 2.25 */
#define RETRY_MIN_MS	100
#define RETRY_SPREAD_MS	900

static uint64_t retry_at(struct ike_engine *e)
{
	return e->now + RETRY_MIN_MS +
	       ike_engine_random_below(e, RETRY_SPREAD_MS);
}

/* ---- initiator ---- */

/* has it become pointless while the kernel looked for an SPI? */
static bool obsolete(const struct ike_sa *sa)
{
	const struct ike_exch *x = &sa->own;
	const struct ike_pair *live;

	if (sa->superseded || sa->close || sa->state != IKE_SA_UP)
		return true;
	if (x->kind == IKE_EXCH_REKEY_CHILD)
		return !x->old || x->old->superseded ||
		       x->old->state != IKE_PAIR_UP;
	live = ike_child_live(x->child);
	return live && !live->sa->redundant && !live->sa->expired;
}

static void send_request(struct ike_sa *sa)
{
	struct ike_exch *x = &sa->own;
	struct ike_msg m;

	x->step = IKE_EXCH_SENT;
	ike_msg_request(&m, sa, IKE_WIRE_X_CREATE_CHILD_SA);
	if (x->kind == IKE_EXCH_REKEY_CHILD)
		ike_build_notify_esp(&m.b, IKE_WIRE_N_REKEY_SA,
				     x->old->spi_in);
	ike_negotiate_offer(sa, x, &m.b, false);
	if (ike_msg_send_request(&m, sa)) {
		struct ike_child *c = x->child;

		ike_pair_drop(x->pair);
		ike_exch_end(x);
		ike_child_failed(c, sa, "request does not fit into a message");
	}
}

static void spi_done(struct ike_pair *p, const struct ike_kresult *res)
{
	struct ike_sa *sa = p->sa;
	struct ike_exch *x = &sa->own;
	struct ike_child *c = p->child;
	char text[200];

	if (res->err) {
		snprintf(text, sizeof(text), "kernel gives no SPI: %s",
			 res->text[0] ? res->text : strerror(-res->err));
		if (x->old)
			x->old->rekey_at = sa->e->now + sa->conn->cfg.retry_ms;
		ike_pair_drop(p);
		ike_exch_end(x);
		ike_child_failed(c, sa, text);
		return;
	}
	p->spi_in = res->spi;
	x->new_spi = res->spi;
	if (obsolete(sa)) {
		ike_pair_drop(p);
		ike_exch_end(x);
		return;
	}
	send_request(sa);
}

static void start(struct ike_sa *sa, enum ike_exch_kind kind,
		  struct ike_child *c, struct ike_pair *old)
{
	struct ike_exch *x = &sa->own;
	uint16_t group = IKE_KE_NONE;

	ike_exch_begin(sa, kind);
	sa->n_dead = 0;
	x->step = IKE_EXCH_PREPARE;
	x->child = c;
	x->old = old;
	if (c->cfg.pfs || c->need_ke)
		group = c->cfg.suites[0].ke ? c->cfg.suites[0].ke :
					      IKE_KE_X25519;
	ike_exch_nonce(sa->e, &x->ni);
	if (ike_exch_ephemeral(sa, x, group)) {
		ike_exch_end(x);
		ike_child_failed(c, sa, "KE group not available");
		return;
	}
	x->pair = ike_pair_new(c, sa, true);
	ike_pair_alloc(x->pair, spi_done);
}

void ike_child_start_new(struct ike_sa *sa, struct ike_child *c)
{
	start(sa, IKE_EXCH_NEW_CHILD, c, NULL);
}

void ike_child_start_rekey(struct ike_sa *sa, struct ike_pair *old)
{
	/* by enum vtun_expire_cause; without one somebody asked for it */
	static const char *const causes[] = {
		"command", "time", "bytes", "packets", "sequence",
	};
	struct ike_about about = { .child = old->child, .pair = old };

	ike_action_notify(sa->e, IKE_NTF_CHILD_REKEYING, &about,
			  "negotiating a successor, cause: %s",
			  old->soft_cause < sizeof(causes) / sizeof(causes[0]) ?
			  causes[old->soft_cause] : "?");
	start(sa, IKE_EXCH_REKEY_CHILD, old->child, old);
}

/* the peer wants a KE although we do not need one: once more with it (S-26) */
static bool wants_ke(const struct ike_exch *x, const struct ike_wire_notify *n)
{
	if (x->group != IKE_KE_NONE || !x->child)
		return false;
	if (n->type == IKE_WIRE_N_INVALID_KE_PAYLOAD)
		return n->data.len == 2 && n->data.data[0] == 0 &&
		       n->data.data[1] == IKE_KE_X25519;
	return n->type == IKE_WIRE_N_NO_PROPOSAL_CHOSEN &&
	       x->kind == IKE_EXCH_REKEY_CHILD;
}

static void try_later(struct ike_sa *sa, uint64_t at)
{
	struct ike_exch *x = &sa->own;

	if (x->old)
		x->old->rekey_at = at;
	else if (x->child)
		x->child->next_try = at;
	if (x->pair)
		ike_pair_drop(x->pair);
	ike_exch_end(x);
	sa->e->again = true;
}

static void rekey_refused(struct ike_sa *sa, const struct ike_wire_notify *n)
{
	struct ike_pair *old = sa->own.old;
	struct ike_child *c = sa->own.child;
	struct ike_about about = { .child = c, .pair = old };

	try_later(sa, sa->e->now + sa->conn->cfg.retry_ms);
	if (!c || (old && old->superseded))
		return;
	ike_action_notify(sa->e, IKE_NTF_FAILED, &about,
			  "peer refused to rekey with %s",
			  ike_wire_notify_name(n->type));
	/* an unproven one it may not have yet */
	if (n->type != IKE_WIRE_N_CHILD_SA_NOT_FOUND || !old ||
	    old->state != IKE_PAIR_UP || !old->proven)
		return;
	/* it has lost this one: make a new child instead, 2.25.1 */
	ike_pair_retire(old);
	if (!ike_child_live(c)) {
		c->want = true;
		c->next_try = 0;
	}
}

void ike_child_response(struct ike_sa *sa, const struct ike_in *in)
{
	const struct ike_wire_notify *n = ike_exch_error(in->set);
	struct ike_exch *x = &sa->own;

	if (!n || in->set->sa.data) {
		if (ike_exch_set_nonce(&x->nr, in->set->nonce))
			x->nr.len = 0;
		ike_install_answered(sa, in->set, NULL, false);
	} else if (n->type == IKE_WIRE_N_TEMPORARY_FAILURE) {
		try_later(sa, retry_at(sa->e));
	} else if (wants_ke(x, n)) {
		x->child->need_ke = true;
		try_later(sa, sa->e->now);
	} else if (x->kind == IKE_EXCH_REKEY_CHILD) {
		rekey_refused(sa, n);
	} else {
		ike_install_answered(sa, in->set, n, false);
	}
}

/* ---- responder ---- */

/* limits need not match (2.8), but who wonders finds the reason (S-31, D-07) */
static void note_peer_first(const struct ike_pair *p,
			    const struct ike_pair *old)
{
	struct ike_about about = { .child = p->child, .pair = p, .old = old };

	if (!old->ours || old->soft_cause || old->rekey ||
	    p->child->peer_first)
		return;
	p->child->peer_first = true;
	ike_action_notify(p->e, IKE_NTF_INFO, &about,
			  "peer rekeyed before our soft limit: its limits are lower than ours, or it was told to");
}

void ike_child_respond(struct ike_sa *sa)
{
	struct ike_exch *x = &sa->peer;
	struct ike_pair *p = x->pair, *old = x->old;
	uint64_t started = x->started;
	uint8_t group[2] = { x->group >> 8, x->group };
	struct ike_msg m;

	if (!p) {
		ike_exch_reply_notify(sa, IKE_WIRE_X_CREATE_CHILD_SA,
				      x->notify, group,
				      x->notify ==
				      IKE_WIRE_N_INVALID_KE_PAYLOAD ? 2 : 0);
		ike_exch_end(x);
		return;
	}
	ike_msg_reply(&m, sa, IKE_WIRE_X_CREATE_CHILD_SA);
	ike_negotiate_answer(x, &m.b, false);
	ike_msg_send_reply(&m, sa);
	ike_exch_end(x);
	ike_pair_up(p);
	if (old && old->state == IKE_PAIR_UP)
		old->superseded = true;
	ike_install_report(p, old, started);
	if (old)
		note_peer_first(p, old);
}

static void installed(struct ike_pair *p, const struct ike_kresult *res)
{
	ike_install_peer_done(p, res, ike_child_respond);
}

static void peer_spi_done(struct ike_pair *p, const struct ike_kresult *res)
{
	ike_install_peer_spi(p, res, installed,
			     ike_child_respond);
}

/* 0, or the error that answers a request to rekey, 2.25.1 */
static uint16_t find_old(struct ike_sa *sa, const struct ike_wire_notify *n,
			 struct ike_pair **old)
{
	uint32_t spi = ike_wire_notify_spi(n);

	if (n->protocol != IKE_WIRE_PROTO_ESP || !spi)
		return IKE_WIRE_N_CHILD_SA_NOT_FOUND;
	*old = ike_pair_by_out(sa->conn, spi);
	if (!*old) {
		/* it may come with the answer to our own request */
		if (sa->own.kind == IKE_EXCH_NEW_CHILD ||
		    sa->own.kind == IKE_EXCH_REKEY_CHILD)
			return IKE_WIRE_N_TEMPORARY_FAILURE;
		return IKE_WIRE_N_CHILD_SA_NOT_FOUND;
	}
	if ((*old)->state != IKE_PAIR_UP || (*old)->superseded)
		return IKE_WIRE_N_TEMPORARY_FAILURE;
	return 0;
}

static void not_found(struct ike_sa *sa, uint32_t spi)
{
	struct ike_msg m;

	ike_msg_reply(&m, sa, IKE_WIRE_X_CREATE_CHILD_SA);
	ike_build_notify_esp(&m.b, IKE_WIRE_N_CHILD_SA_NOT_FOUND, spi);
	ike_msg_send_reply(&m, sa);
}

void ike_child_request(struct ike_sa *sa, const struct ike_in *in)
{
	const struct ike_wire_notify *n =
		ike_wire_find_notify(in->set, IKE_WIRE_N_REKEY_SA);
	struct ike_about about = { .sa = sa };
	struct ike_exch *x = &sa->peer;
	struct ike_pair *old = NULL;
	uint16_t error = 0;
	char text[200];

	/* the IKE SA itself is being replaced or closed, 2.25.2 */
	if (sa->superseded || sa->close || sa->state != IKE_SA_UP ||
	    sa->own.kind == IKE_EXCH_REKEY_IKE)
		error = IKE_WIRE_N_TEMPORARY_FAILURE;
	else if (n)
		error = find_old(sa, n, &old);
	if (error == IKE_WIRE_N_CHILD_SA_NOT_FOUND) {
		not_found(sa, ike_wire_notify_spi(n));
		return;
	}
	if (error) {
		ike_exch_reply_notify(sa, IKE_WIRE_X_CREATE_CHILD_SA, error,
				      NULL, 0);
		return;
	}
	ike_exch_end(x);
	x->kind = n ? IKE_EXCH_REKEY_CHILD : IKE_EXCH_NEW_CHILD;
	x->started = sa->e->now;
	x->old = old;
	ike_exch_set_nonce(&x->ni, in->set->nonce);
	ike_exch_nonce(sa->e, &x->nr);
	x->notify = ike_negotiate_request(sa, x, in->set, false, text,
					  sizeof(text));
	if (x->notify) {
		about.child = x->child;
		ike_action_notify(sa->e, IKE_NTF_FAILED, &about,
				  "%s refused: %s", n ? "rekey" : "child",
				  text);
		ike_child_respond(sa);
		return;
	}
	ike_pair_alloc(x->pair, peer_spi_done);
}

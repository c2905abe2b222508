// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a negotiated child to SAs in the kernel, both roles.
 *
 * The responder installs before it answers (requirement D-30), so the peer may
 * send the moment it has the answer; its own outbound SA waits on standby for
 * proof that the peer has installed as well (RFC 7296 2.8). The initiator
 * switches at once and sends that proof.
 */
#include "exch.h"

#include <stdio.h>
#include <string.h>

/*
 * Standby without proof becomes current after this, even without a daemon. By
 * then the peer has had time for nearly all its retransmissions. Where no
 * other pair works ike_pair_settle() does not wait that long.
 */
#define DEADLINE_MS	30000

static void cause(char *buf, size_t size, const struct ike_kresult *res)
{
	snprintf(buf, size, "kernel refused the SAs: %s",
		 res->text[0] ? res->text : strerror(-res->err));
}

/* the peer deleted it before its answer reached us (bug B28) */
static bool dead_on_arrival(const struct ike_sa *sa, const struct ike_pair *p)
{
	unsigned int i;

	for (i = 0; i < sa->n_dead; i++)
		if (sa->dead_spis[i] == p->spi_out)
			return true;
	return false;
}

void ike_install_report(struct ike_pair *p, struct ike_pair *old,
			uint64_t started)
{
	struct ike_about about = {
		.child = p->child, .sa = p->sa, .pair = p, .old = old,
		.duration_ms = p->e->now - started,
	};
	char suite[64];

	ike_suite_text(IKE_PROPOSAL_CHILD, &p->suite, suite, sizeof(suite));
	if (old)
		p->child->rekeys++;
	ike_action_notify(p->e, old ? IKE_NTF_CHILD_REKEYED : IKE_NTF_CHILD_UP,
			  &about, "%s by %s: %s", old ? "rekeyed" : "up",
			  p->ours ? "us" : "peer", suite);
}

static void own_done(struct ike_pair *p, const struct ike_kresult *res)
{
	struct ike_sa *sa = p->sa;
	struct ike_exch *x = &sa->own;
	struct ike_pair *old = x->old;
	struct ike_child *c = p->child;
	char text[200];

	if (res->err) {
		cause(text, sizeof(text), res);
		ike_sa_delete_later(sa, p->spi_in);
		ike_pair_drop(p);
		if (old)
			old->rekey_at = sa->e->now + sa->conn->cfg.retry_ms;
		ike_exch_end(x);
		ike_child_failed(c, sa, text);
		return;
	}
	ike_pair_up(p);
	if (old)
		old->superseded = true;
	ike_install_report(p, old, x->started);
	ike_exch_end(x);
	if (dead_on_arrival(sa, p)) {
		ike_pair_retire(p);
		ike_child_lost(c);
	}
}

static int install_own(struct ike_sa *sa)
{
	struct ike_exch *x = &sa->own;
	struct ike_pair *p = x->pair, *live = ike_child_live(p->child);
	struct ike_child_keys keys;
	struct ike_pair_install ins = { .keys = &keys, .done = own_done };

	if (ike_negotiate_keys(sa, x, &keys))
		return -1;
	/*
	 * The other end made one at the same time and that one stays: this one
	 * must be able to receive, but nothing is sent on it (2.8.1).
	 */
	p->up_at = sa->e->now;
	x->failed = live && live != x->old && ike_pair_loses(p, live);
	ins.mode = x->failed ? IKE_KSWITCH_STANDBY : IKE_KSWITCH_NOW;
	ins.prove = !x->failed;
	x->step = IKE_EXCH_INSTALL;
	ike_pair_install(p, &ins);
	ike_keymat_wipe_child(&keys);
	return 0;
}

static int install_peer(struct ike_sa *sa,
			void (*done)(struct ike_pair *p,
				     const struct ike_kresult *res))
{
	struct ike_exch *x = &sa->peer;
	struct ike_child_keys keys;
	struct ike_pair_install ins = {
		.keys = &keys, .done = done, .mode = IKE_KSWITCH_STANDBY,
		.deadline_ms = DEADLINE_MS,
	};

	if (ike_negotiate_keys(sa, x, &keys))
		return -1;
	ike_pair_install(x->pair, &ins);
	ike_keymat_wipe_child(&keys);
	return 0;
}

void ike_install_answered(struct ike_sa *sa, const struct ike_wire_set *set,
			  const struct ike_wire_notify *error, bool first)
{
	struct ike_exch *x = &sa->own;
	struct ike_child *c = x->child;
	char text[200];

	if (!x->pair) {
		/* the configuration lost this child meanwhile */
		if (!error)
			ike_sa_delete_later(sa, x->new_spi);
		ike_exch_end(x);
		return;
	}
	if (error) {
		snprintf(text, sizeof(text), "peer refused the child with %s",
			 ike_wire_notify_name(error->type));
	} else if (!ike_negotiate_response(sa, x, set, first, text,
					   sizeof(text))) {
		if (!install_own(sa))
			return;
		snprintf(text, sizeof(text), "cannot derive the keys");
	}
	/* the peer has installed it already */
	if (!error)
		ike_sa_delete_later(sa, x->new_spi);
	if (x->old)
		x->old->rekey_at = sa->e->now + sa->conn->cfg.retry_ms;
	ike_pair_drop(x->pair);
	ike_exch_end(x);
	ike_child_failed(c, sa, text);
}

/* @p cannot be: the peer gets an error for the child */
static void peer_failed(struct ike_pair *p, const char *text,
			void (*respond)(struct ike_sa *sa))
{
	struct ike_sa *sa = p->sa;
	struct ike_about about = { .sa = sa, .child = p->child };

	ike_action_notify(sa->e, IKE_NTF_FAILED, &about, "%s", text);
	sa->peer.notify = IKE_WIRE_N_TEMPORARY_FAILURE;
	ike_pair_drop(p);
	respond(sa);
}

void ike_install_peer_spi(struct ike_pair *p, const struct ike_kresult *res,
			  void (*installed)(struct ike_pair *p,
					    const struct ike_kresult *res),
			  void (*respond)(struct ike_sa *sa))
{
	char text[200];

	if (res->err) {
		cause(text, sizeof(text), res);
		peer_failed(p, text, respond);
		return;
	}
	p->spi_in = res->spi;
	if (install_peer(p->sa, installed))
		peer_failed(p, "cannot derive the keys", respond);
}

void ike_install_peer_done(struct ike_pair *p, const struct ike_kresult *res,
			   void (*respond)(struct ike_sa *sa))
{
	char text[200];

	if (res->err) {
		cause(text, sizeof(text), res);
		peer_failed(p, text, respond);
		return;
	}
	respond(p->sa);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Several pairs of one child: who stays, who goes, who says so.
 *
 * Nothing here remembers how two pairs came to exist side by side. The rules
 * look at what both ends know (creator, nonces, age), so they cover rekeys
 * from both ends (RFC 7296 2.8.1), children created by both ends at once, and
 * two IKE SAs started at once, and both ends decide alike:
 *
 *   - a pair whose successor serves is closed by the successor's creator;
 *   - of two pairs made at about the same time by different ends the one with
 *     the lowest nonce is closed by its creator; else the older one goes;
 *   - who should close and does not is helped after a while (close_at);
 *   - nothing is closed before the pair that stays is known to be installed
 *     at the peer, so there is always one that works.
 */
#include "ikesa.h"

#include <linux/vtun.h>

#define CLOSE_LATE_MS	25000
#define UNPROVEN_MS	2000

bool ike_pair_loses(const struct ike_pair *p, const struct ike_pair *to)
{
	if (!p->sa || !to->sa)
		return !p->sa && to->sa;
	if (p->sa->redundant != to->sa->redundant)
		return p->sa->redundant;
	if (p->ours == to->ours || !ike_collide(p->up_at, to->up_at))
		return p->up_at < to->up_at;
	return ike_nonce_cmp(&p->nonce, &to->nonce) < 0;
}

struct ike_pair *ike_child_live(const struct ike_child *c)
{
	struct ike_pair *p, *best = NULL;

	ike_list_for_each(p, &c->pairs, node) {
		if (p->state != IKE_PAIR_UP || !p->sa || p->superseded)
			continue;
		if (!best || ike_pair_loses(best, p))
			best = p;
	}
	return best;
}

bool ike_child_serving(const struct ike_child *c)
{
	const struct ike_pair *p;

	ike_list_for_each(p, &c->pairs, node)
		if (p->state == IKE_PAIR_UP && p->sa)
			return true;
	return false;
}

void ike_pair_heard(struct ike_sa *sa, bool request)
{
	struct ike_child *c;
	struct ike_pair *p;

	if (!sa->conn)
		return;
	ike_list_for_each(c, &sa->conn->children, node)
		ike_list_for_each(p, &c->pairs, node)
			if (p->sa == sa && p->state == IKE_PAIR_UP &&
			    (request || p->first))
				p->proven = true;
}

/*
 * Somebody else's turn to close @p; do it ourselves in the end, and before the
 * deadline of a standby SA could make a loser current.
 */
static void close_late(struct ike_pair *p)
{
	if (!p->close_at)
		p->close_at = p->e->now + CLOSE_LATE_MS;
	if (p->close_at > p->e->now)
		ike_engine_timer_at(p->e, p->close_at);
	else if (p->sa)
		ike_pair_close(p);
	else
		ike_pair_retire(p);
}

static bool has_predecessor(const struct ike_child *c)
{
	const struct ike_pair *p;

	ike_list_for_each(p, &c->pairs, node)
		if (p->superseded && p->sa && p->state == IKE_PAIR_UP &&
		    c->cur == p)
			return true;
	return false;
}

/* @p is not the one that stays, @w is */
static void settle_loser(struct ike_child *c, struct ike_pair *p,
			 struct ike_pair *w)
{
	bool safe = w->proven || c->cur == w;

	if (!p->sa) {
		if (w->ours) {
			/* the peer may still send on it: it gets a Delete */
			p->sa = w->sa;
			p->superseded = true;
			p->e->again = true;
		} else if (safe) {
			ike_pair_stop(p);
			close_late(p);
		}
		return;
	}
	if (p->superseded) {
		if (w->ours && c->cur == w)
			ike_pair_close(p);
		else if (w->proven)
			close_late(p);
		return;
	}
	if (p->proven && !w->proven && !p->ours)
		return;
	if (!p->ours || (p->sa->own.kind == IKE_EXCH_REKEY_CHILD &&
			 p->sa->own.old == p)) {
		close_late(p);
	} else if (w->proven || has_predecessor(c)) {
		/* the peer has another one to use when this one goes */
		if (c->cur == p)
			ike_pair_activate(w);
		ike_pair_close(p);
	} else if (!w->sa->check && w->sa->own.kind != IKE_EXCH_LIVENESS) {
		w->sa->check = true;
		p->e->again = true;
	}
}

/* nothing is current and packets are waiting: proof or not, it is used soon */
static void use_unproven(struct ike_child *c, struct ike_pair *w)
{
	if (w->up_at + UNPROVEN_MS <= w->e->now)
		ike_pair_activate(w);
	else
		ike_engine_timer_at(w->e, w->up_at + UNPROVEN_MS);
}

/*
 * The peer asked for @w and has shown no sign of it for long: our answer got
 * lost and the peer with it, or it gave up. The pair before it goes on serving;
 * should the answer arrive after all, the Delete did too (bug B28).
 */
static bool forget_unproven(struct ike_child *c, struct ike_pair *w)
{
	struct ike_pair *p, *alt = NULL;

	if (w->proven || w->ours)
		return false;
	ike_list_for_each(p, &c->pairs, node)
		if (p != w && p->sa && p->superseded && p->proven && !p->hard &&
		    p->state == IKE_PAIR_UP)
			alt = p;
	if (!alt)
		return false;
	if (w->up_at + CLOSE_LATE_MS > c->conn->e->now) {
		ike_engine_timer_at(c->conn->e, w->up_at + CLOSE_LATE_MS);
		return false;
	}
	alt->superseded = false;
	alt->close_at = 0;
	ike_pair_close(w);
	return true;
}

void ike_pair_settle(struct ike_child *c)
{
	struct ike_engine *e = c->conn->e;
	struct ike_pair *p, *tmp, *w;

	ike_list_for_each_safe(p, tmp, &c->pairs, node) {
		if (p->hard && p->state == IKE_PAIR_UP)
			ike_pair_hard(p);
		else if (p->state != IKE_PAIR_GONE)
			continue;
		else if (p->gone_at <= e->now)
			ike_pair_drop(p);
		else
			ike_engine_timer_at(e, p->gone_at);
	}
	w = ike_child_live(c);
	if (!w) {
		/* the successor died young: the old one serves again */
		ike_list_for_each(p, &c->pairs, node)
			if (p->superseded && p->sa &&
			    p->state == IKE_PAIR_UP) {
				p->superseded = false;
				p->close_at = 0;
				e->again = true;
			}
		return;
	}
	if (forget_unproven(c, w))
		return;
	/* one being installed is or will be; else an older event misled us */
	if (c->cur && c->cur->state == IKE_PAIR_NEW)
		return;
	if (w->proven)
		ike_pair_activate(w);
	else if (!c->cur)
		use_unproven(c, w);
	ike_list_for_each_safe(p, tmp, &c->pairs, node) {
		if (p != w && p->state == IKE_PAIR_UP)
			settle_loser(c, p, w);
	}
}

void ike_pair_switched(struct ike_child *c, const struct ike_kevent *ev)
{
	struct ike_pair *p = ike_pair_by_spi(c, IKE_DIR_OUT, ev->spi);

	if (!p)
		return;
	c->cur = p;
	/* at the deadline the peer has had time for all retransmissions */
	if (ev->cause == VTUN_SWITCH_RX_PROOF ||
	    ev->cause == VTUN_SWITCH_DEADLINE)
		p->proven = true;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Life of an IKE SA, and which of several stays. */
#include "exch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* a closed SA still answers a repeated Delete for that long */
#define LINGER_MS	10000
/* a duplicate its creator does not close is closed by us after that long */
#define CLOSE_LATE_MS	IKE_COLLISION_MS

const char *ike_addr_text(const struct ike_addr *a, char *buf, size_t size)
{
	char ip[INET6_ADDRSTRLEN];

	if (!a->family || !inet_ntop(a->family, a->addr, ip, sizeof(ip)))
		snprintf(buf, size, "any");
	else
		snprintf(buf, size, "%s", ip);
	return buf;
}

struct ike_sa *ike_sa_new(struct ike_engine *e, struct ike_conn *conn,
			  bool initiator)
{
	struct ike_sa *sa = calloc(1, sizeof(*sa));
	uint64_t spi;

	if (!sa)
		abort();
	sa->e = e;
	sa->conn = conn;
	sa->initiator = initiator;
	sa->created = e->now;
	sa->heard = e->now;
	sa->rtx.next = UINT64_MAX;
	sa->order = ++e->order;
	do {
		ike_engine_random(e, &spi, sizeof(spi));
	} while (!spi);
	if (initiator)
		sa->spi_i = spi;
	else
		sa->spi_r = spi;
	ike_list_add_tail(&sa->node, &e->sas);
	return sa;
}

/* what an unfinished exchange was making is undone */
static void abort_exchange(struct ike_sa *sa, struct ike_exch *x)
{
	struct ike_pair *p = x->pair;

	x->pair = NULL;
	if (p && p->state == IKE_PAIR_NEW)
		ike_pair_drop(p);
	ike_exch_end(x);
}

void ike_sa_free(struct ike_sa *sa)
{
	struct ike_pair *p, *tp;
	struct ike_child *c;
	struct ike_sa *other;
	unsigned int i;

	abort_exchange(sa, &sa->own);
	abort_exchange(sa, &sa->peer);
	if (sa->conn)
		ike_list_for_each(c, &sa->conn->children, node)
			ike_list_for_each_safe(p, tp, &c->pairs, node)
				if (p->sa == sa)
					ike_pair_orphan(p);
	ike_list_for_each(other, &sa->e->sas, node)
		if (other->old == sa)
			other->old = NULL;
	if (sa->half_open)
		sa->e->half_open--;
	for (i = 0; i < sa->n_defer; i++)
		ike_buf_free(&sa->defer[i].msg);
	ike_buf_free(&sa->init_req);
	ike_buf_free(&sa->init_resp);
	ike_buf_free(&sa->cookie);
	ike_buf_free(&sa->reply);
	ike_buf_free(&sa->rtx.msg);
	ike_list_del(&sa->node);
	sa->e->again = true;
	ike_crypto_wipe(sa, sizeof(*sa));
	free(sa);
}

int ike_sa_set_keys(struct ike_sa *sa)
{
	const struct ike_keys *k = &sa->keys;
	struct ike_sk_key *i = sa->initiator ? &sa->tx : &sa->rx;
	struct ike_sk_key *r = sa->initiator ? &sa->rx : &sa->tx;
	int err = ike_sk_key_set(i, &sa->suite, k->ei, k->e_len);

	return err ? err : ike_sk_key_set(r, &sa->suite, k->er, k->e_len);
}

const struct ike_nonce *ike_sa_nonce(const struct ike_sa *sa)
{
	return ike_nonce_min(&sa->ni, &sa->nr);
}

uint64_t ike_sa_spi_in(const struct ike_sa *sa)
{
	return sa->initiator ? sa->spi_i : sa->spi_r;
}

/*
 * Or early: the responder may send requests the moment it has answered
 * IKE_AUTH, and they may overtake that answer.
 */
bool ike_sa_busy(const struct ike_sa *sa, bool request)
{
	if (request && sa->state == IKE_SA_AUTH_SENT)
		return true;
	return sa->peer.kind != IKE_EXCH_NONE ||
	       (sa->own.kind != IKE_EXCH_NONE &&
		sa->own.step == IKE_EXCH_INSTALL);
}

void ike_sa_forget_pair(struct ike_engine *e, const struct ike_pair *p)
{
	struct ike_sa *sa;

	ike_list_for_each(sa, &e->sas, node) {
		if (sa->own.pair == p)
			sa->own.pair = NULL;
		if (sa->own.old == p)
			sa->own.old = NULL;
		if (sa->peer.pair == p)
			sa->peer.pair = NULL;
		if (sa->peer.old == p)
			sa->peer.old = NULL;
	}
}

void ike_sa_forget_child(struct ike_engine *e, const struct ike_child *c)
{
	struct ike_sa *sa;

	ike_list_for_each(sa, &e->sas, node) {
		if (sa->own.child == c)
			sa->own.child = NULL;
		if (sa->peer.child == c)
			sa->peer.child = NULL;
	}
}

void ike_sa_delete_later(struct ike_sa *sa, uint32_t spi_in)
{
	if (sa->n_del < IKE_DEL_MAX)
		sa->del_spis[sa->n_del++] = spi_in;
	sa->e->again = true;
}

void ike_sa_inherit(struct ike_sa *sa, struct ike_sa *old)
{
	struct ike_child *c;
	struct ike_pair *p;
	unsigned int i;

	ike_list_for_each(c, &sa->conn->children, node)
		ike_list_for_each(p, &c->pairs, node)
			if (p->sa == old && p->state != IKE_PAIR_NEW) {
				p->sa = sa;
				p->delete_sent = false;
				sa->e->again = true;
			}
	for (i = 0; i < old->n_del; i++)
		ike_sa_delete_later(sa, old->del_spis[i]);
	old->n_del = 0;
}

/* attempts of ours that did not get beyond IKE_SA_INIT are not needed now */
static void drop_attempts(struct ike_sa *up)
{
	struct ike_sa *sa, *tmp;

	ike_list_for_each_safe(sa, tmp, &up->e->sas, node)
		if (sa->conn == up->conn && sa->state == IKE_SA_INIT_SENT)
			ike_sa_free(sa);
}

static void nat_notice(struct ike_sa *sa)
{
	struct ike_about about = { .sa = sa };

	if (sa->nat_local || sa->nat_remote)
		ike_action_notify(sa->e, IKE_NTF_INFO, &about,
				  "NAT found in front of %s: UDP encapsulation is not available yet, ESP may not get through",
				  sa->nat_local && sa->nat_remote ?
				  "both ends" : sa->nat_local ? "us" :
				  "the peer");
}

void ike_sa_up(struct ike_sa *sa, const char *how)
{
	struct ike_about about = { .sa = sa };
	struct ike_engine *e = sa->e;
	struct ike_conn *c = sa->conn;
	uint64_t life = c->cfg.life_ms;
	/* who made it renews first, so that the ends rarely meet */
	uint64_t mille = sa->initiator ? 850 : 920;

	mille += ike_engine_random_below(e, 40);
	sa->state = IKE_SA_UP;
	sa->up_at = e->now;
	sa->up_order = ++e->order;
	sa->heard = e->now;
	sa->proven = sa->initiator;
	sa->rekey_at = e->now + life / 1000 * mille +
		       life % 1000 * mille / 1000;
	sa->life_end = e->now + life;
	if (sa->half_open)
		e->half_open--;
	sa->half_open = false;
	ike_buf_free(&sa->init_req);
	ike_buf_free(&sa->init_resp);
	ike_buf_free(&sa->cookie);
	c->grid = UINT64_MAX;
	c->reason[0] = '\0';
	if (sa->old)
		return;
	sa->line.order = sa->order;
	sa->line.ours = sa->initiator;
	sa->line.up_at = e->now;
	sa->line.nonce = *ike_sa_nonce(sa);
	about.duration_ms = e->now - sa->created;
	ike_action_notify(e, IKE_NTF_IKE_UP, &about, "%s", how);
	nat_notice(sa);
	drop_attempts(sa);
}

void ike_sa_failed(struct ike_sa *sa, const char *fmt, ...)
{
	struct ike_about about = { .sa = sa };
	struct ike_conn *c = sa->conn;
	struct ike_child *child;
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	about.duration_ms = sa->e->now - sa->created;
	ike_action_notify(sa->e, IKE_NTF_FAILED, &about, "%s", text);
	if (c && sa->initiator) {
		ike_conn_set_reason(c, text);
		if (!ike_conn_sa(c))
			ike_list_for_each(child, &c->children, node)
				ike_child_give_up(child, text);
	}
	ike_sa_free(sa);
}

/*
 * Two lines of IKE SAs are compared by their first ones, which both ends know,
 * whatever has been rekeyed since; within a line by the rekey itself.
 */
static bool sa_loses(const struct ike_sa *sa, const struct ike_sa *to)
{
	const struct ike_line *a = &sa->line, *b = &to->line;

	if (sa->expired != to->expired)
		return sa->expired;
	if (a->order != b->order) {
		if (a->ours == b->ours || !ike_collide(a->up_at, b->up_at))
			return a->order < b->order;
		return ike_nonce_cmp(&a->nonce, &b->nonce) < 0;
	}
	/* rekeyed on while its rival was still on its way: that one lost */
	if (sa->gen != to->gen)
		return sa->gen < to->gen;
	if (sa->initiator == to->initiator ||
	    !ike_collide(sa->up_at, to->up_at))
		return sa->order < to->order;
	return ike_nonce_cmp(ike_sa_nonce(sa), ike_sa_nonce(to)) < 0;
}

/*
 * Who inherits a rekeyed SA's children: the best of its own line, even where
 * another line is to stay, since that is who has them at the peer.
 */
static struct ike_sa *successor(const struct ike_sa *sa)
{
	struct ike_sa *next, *best = NULL;

	ike_list_for_each(next, &sa->e->sas, node) {
		if (next->conn != sa->conn || next->state != IKE_SA_UP ||
		    next->close || next->superseded ||
		    next->line.order != sa->line.order || next->gen <= sa->gen)
			continue;
		if (!best || sa_loses(best, next))
			best = next;
	}
	if (best)
		return best;
	next = ike_conn_sa(sa->conn);
	return next != sa ? next : NULL;
}

/*
 * After a rekey the successor takes the children and its creator closes the
 * old SA (RFC 7296 2.8). While our own rekey of it is still open it is not
 * known which of two successors stays (2.8.2).
 */
void ike_sa_settle_old(struct ike_sa *sa)
{
	struct ike_about about = { .sa = sa };
	struct ike_engine *e = sa->e;
	struct ike_sa *next;

	if (!sa->superseded || sa->close || sa->state == IKE_SA_DELETING ||
	    sa->own.kind == IKE_EXCH_REKEY_IKE)
		return;
	next = successor(sa);
	if (!next) {
		ike_sa_close(sa, "its successor is gone");
		return;
	}
	ike_sa_inherit(next, sa);
	if (!sa->inherited) {
		about.sa = next;
		ike_action_notify(e, IKE_NTF_IKE_REKEYED, &about,
				  "rekeyed by %s, was %016llx_i %016llx_r",
				  next->initiator ? "us" : "peer",
				  (unsigned long long)sa->spi_i,
				  (unsigned long long)sa->spi_r);
		sa->inherited = true;
		sa->close_at = e->now + CLOSE_LATE_MS;
	}
	if (next->initiator || sa->close_at <= e->now)
		ike_sa_close(sa, "rekeyed");
	else
		ike_engine_timer_at(e, sa->close_at);
}

void ike_sa_dead(struct ike_sa *sa, const char *fmt, ...)
{
	struct ike_about about = { .sa = sa };
	struct ike_engine *e = sa->e;
	struct ike_conn *conn = sa->conn;
	struct ike_child *c;
	struct ike_pair *p, *tp;
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (sa->superseded && successor(sa)) {
		/* the peer may never have had our answer that made it */
		if (!successor(sa)->proven)
			successor(sa)->check = true;
		ike_sa_inherit(successor(sa), sa);
		ike_sa_free(sa);
		return;
	}
	ike_action_notify(e, IKE_NTF_IKE_DOWN, &about, "%s", text);
	sa->state = IKE_SA_DELETING;
	ike_list_for_each(c, &conn->children, node) {
		struct ike_pair *live = ike_child_live(c);

		if (!live || live->sa != sa)
			continue;
		about.child = c;
		about.pair = live;
		ike_list_for_each_safe(p, tp, &c->pairs, node)
			if (p->sa == sa)
				ike_pair_orphan(p);
		if (ike_child_live(c))
			continue;
		ike_action_notify(e, IKE_NTF_CHILD_DOWN, &about, "%s", text);
		ike_child_set_reason(c, text);
		ike_child_lost(c);
	}
	ike_sa_free(sa);
}

void ike_sa_close(struct ike_sa *sa, const char *fmt, ...)
{
	va_list ap;

	if (sa->close || sa->state == IKE_SA_DELETING)
		return;
	va_start(ap, fmt);
	vsnprintf(sa->close_text, sizeof(sa->close_text), fmt, ap);
	va_end(ap);
	sa->close = true;
	sa->e->again = true;
}

/*
 * Children die with their IKE SA (RFC 7296 1.4.1), with grace for packets in
 * flight, except where a successor inherits them.
 */
void ike_sa_release(struct ike_sa *sa)
{
	struct ike_about about = { .sa = sa };
	struct ike_pair *p, *tp;
	struct ike_child *c;
	bool lost;

	if (sa->superseded && successor(sa))
		ike_sa_inherit(successor(sa), sa);
	ike_list_for_each(c, &sa->conn->children, node) {
		lost = false;
		ike_list_for_each_safe(p, tp, &c->pairs, node) {
			if (p->sa != sa)
				continue;
			about.pair = p;
			about.child = c;
			if (p->state == IKE_PAIR_UP && !p->superseded) {
				lost = true;
				ike_action_notify(sa->e, IKE_NTF_CHILD_DOWN,
						  &about, "%s",
						  sa->close_text);
			}
			ike_pair_retire(p);
		}
		if (!lost || ike_child_live(c))
			continue;
		ike_child_set_reason(c, sa->close_text);
		ike_child_lost(c);
	}
}

/* the peer has seen the Delete, or never will */
void ike_sa_finish(struct ike_sa *sa, bool linger)
{
	struct ike_about about = { .sa = sa };

	if (sa->state != IKE_SA_DELETING && !sa->superseded && sa->up_at)
		ike_action_notify(sa->e, IKE_NTF_IKE_DOWN, &about, "%s",
				  sa->close_text);
	sa->state = IKE_SA_DELETING;
	/* the peer closes it because it has the successor */
	if (linger && sa->superseded && successor(sa))
		successor(sa)->proven = true;
	ike_sa_release(sa);
	if (!linger) {
		ike_sa_free(sa);
		return;
	}
	abort_exchange(sa, &sa->own);
	ike_window_stop(sa);
	sa->linger = sa->e->now + LINGER_MS;
	sa->e->again = true;
}

/* would closing @sa leave a child with nothing the peer has for certain? */
static bool depends(const struct ike_conn *c, const struct ike_sa *sa)
{
	const struct ike_child *child;
	const struct ike_pair *p, *live;

	ike_list_for_each(child, &c->children, node) {
		live = ike_child_live(child);
		ike_list_for_each(p, &child->pairs, node) {
			if (p->sa != sa)
				continue;
			if (p->state == IKE_PAIR_NEW)
				return true;
			if (p->state == IKE_PAIR_UP &&
			    (!live || live->sa == sa || !live->proven))
				return true;
		}
	}
	return false;
}

static void settle_redundant(struct ike_conn *c, struct ike_sa *sa,
			     struct ike_sa *best)
{
	struct ike_engine *e = c->e;

	if (!best->proven) {
		if (!best->check && best->own.kind != IKE_EXCH_LIVENESS) {
			best->check = true;
			e->again = true;
		}
		return;
	}
	if (!sa->close_at)
		sa->close_at = e->now + CLOSE_LATE_MS;
	if (sa->close_at > e->now)
		ike_engine_timer_at(e, sa->close_at);
	else
		sa->overdue = true;
	/* its predecessor's children are still to come */
	if (sa->old && sa->old->superseded && !sa->old->inherited)
		return;
	if ((sa->initiator || sa->expired || sa->overdue) && !depends(c, sa))
		ike_sa_close(sa, "duplicate of another IKE SA");
}

/* exactly one IKE SA per connection stays; same rules as in settle.c */
void ike_sa_settle(struct ike_conn *c)
{
	struct ike_sa *sa, *best = NULL;

	ike_list_for_each(sa, &c->e->sas, node) {
		if (sa->conn != c || sa->state != IKE_SA_UP ||
		    sa->superseded || sa->close)
			continue;
		if (!best || sa_loses(best, sa))
			best = sa;
	}
	if (!best)
		return;
	best->redundant = false;
	best->close_at = 0;
	best->overdue = false;
	ike_list_for_each(sa, &c->e->sas, node) {
		if (sa->conn != c || sa->state != IKE_SA_UP || sa == best ||
		    sa->superseded || sa->close)
			continue;
		sa->redundant = true;
		settle_redundant(c, sa, best);
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The desired-state loop: what should be true, what is true, next step.
 *
 * It runs after every input, over everything, until no step is left. Timers
 * are not kept anywhere: a step that is not due yet says when it will be, and
 * the earliest of these is the engine's next timer. Auto-negotiation, traffic,
 * loss, adoption and commands are facts this loop looks at, never paths of
 * their own.
 *
 * When an IKE SA dies its pairs stay in the kernel as orphans while a new
 * negotiation is wanted (auto-negotiate, or traffic within the last minute)
 * and are replaced by it; when nobody wants one, or the attempt fails and
 * nothing retries, they are deleted, so that the next packet asks again.
 */
#include "exch.h"

#define REPLACE_MIN_MS	1000	/* a command does not cut an attempt short */
#define OVERTIME_MS	30000	/* an expired IKE SA waits for its heir */
#define UNKNOWN_MS	8000	/* most of the peer's retransmissions */
#define ROUNDS_MAX	1000	/* a loop of steps would be a bug; it ends */
#define LATER_MS	1000	/* and goes on then */

/* ---- one IKE SA ---- */

/* an exchange whose child the configuration took away */
static bool step_orphaned(struct ike_sa *sa)
{
	struct ike_exch *x = &sa->own;

	if (sa->peer.kind != IKE_EXCH_NONE && !sa->peer.pair) {
		sa->peer.notify = IKE_WIRE_N_TEMPORARY_FAILURE;
		if (sa->peer.kind == IKE_EXCH_AUTH)
			ike_auth_respond(sa);
		else
			ike_child_respond(sa);
		return true;
	}
	if (x->kind == IKE_EXCH_NONE || x->step == IKE_EXCH_SENT || x->pair)
		return false;
	if (x->step == IKE_EXCH_INSTALL)
		ike_sa_delete_later(sa, x->new_spi);
	if (sa->state == IKE_SA_AUTH_SENT)
		ike_sa_failed(sa, "the child was taken away meanwhile");
	else
		ike_exch_end(x);
	return true;
}

static bool has_closing(const struct ike_sa *sa)
{
	const struct ike_child *c;
	const struct ike_pair *p;

	if (sa->n_del)
		return true;
	ike_list_for_each(c, &sa->conn->children, node)
		ike_list_for_each(p, &c->pairs, node)
			if (p->sa == sa && p->state == IKE_PAIR_CLOSING)
				return true;
	return false;
}

static bool rekey_child(struct ike_sa *sa)
{
	struct ike_engine *e = sa->e;
	struct ike_child *c;
	struct ike_pair *p;

	ike_list_for_each(c, &sa->conn->children, node) {
		p = ike_child_live(c);
		if (!p || p->sa != sa || !p->rekey)
			continue;
		if (p->rekey_at <= e->now) {
			ike_child_start_rekey(sa, p);
			return true;
		}
		ike_engine_timer_at(e, p->rekey_at);
	}
	return false;
}

static bool new_child(struct ike_sa *sa)
{
	struct ike_engine *e = sa->e;
	struct ike_child *c;

	ike_list_for_each(c, &sa->conn->children, node) {
		if (!ike_child_needed(c))
			continue;
		if (c->next_try <= e->now) {
			ike_child_start_new(sa, c);
			return true;
		}
		ike_engine_timer_at(e, c->next_try);
	}
	return false;
}

/* worth renewing: an IKE SA nobody uses may end */
static bool in_use(const struct ike_sa *sa)
{
	const struct ike_child *c;

	ike_list_for_each(c, &sa->conn->children, node)
		if (ike_child_live(c) || ike_child_needed(c))
			return true;
	return false;
}

static bool rekey_ike(struct ike_sa *sa)
{
	struct ike_engine *e = sa->e;

	if (sa->life_end <= e->now) {
		/* could not be rekeyed: another one first, if it is needed */
		if (sa->life_end + OVERTIME_MS <= e->now || !in_use(sa) ||
		    !sa->conn->cfg.remote.family) {
			ike_sa_close(sa, "lifetime is over");
			return true;
		}
		ike_engine_timer_at(e, sa->life_end + OVERTIME_MS);
		if (!sa->expired)
			e->again = true;
		sa->expired = true;
		return false;
	}
	ike_engine_timer_at(e, sa->life_end);
	if (sa->rekey_at > e->now) {
		ike_engine_timer_at(e, sa->rekey_at);
		return false;
	}
	if (!in_use(sa) && !sa->forced)
		return false;
	/* not before it is known to be the successor that stays (2.8.2) */
	if (sa->old && sa->old->own.kind == IKE_EXCH_REKEY_IKE)
		return false;
	sa->forced = false;
	ike_rekey_start(sa);
	return true;
}

static bool liveness(struct ike_sa *sa)
{
	uint64_t dpd = sa->conn->cfg.dpd_ms, at;

	if (sa->check) {
		ike_info_start_liveness(sa);
		return true;
	}
	if (!dpd)
		return false;
	/* one end asks first: its request is a sign of life for both */
	at = sa->heard + dpd + (sa->initiator ? 0 : dpd / 10);
	if (at > sa->e->now) {
		ike_engine_timer_at(sa->e, at);
		return false;
	}
	ike_info_start_liveness(sa);
	return true;
}

/*
 * Answered a rekey of the IKE SA: the peer does not know this one before it has
 * our answer, and requests on it would run out of tries. Its Delete of the old
 * one, or a request on this one, says that it does.
 */
static bool too_early(const struct ike_sa *sa)
{
	uint64_t at = sa->up_at + UNKNOWN_MS;

	if (sa->proven || !sa->gen || at <= sa->e->now)
		return false;
	ike_engine_timer_at(sa->e, at);
	return true;
}

/* the window is free: the most urgent request there is */
static bool next_request(struct ike_sa *sa)
{
	if (too_early(sa))
		return false;
	if (sa->close) {
		ike_info_start_delete_ike(sa);
		return true;
	}
	if (has_closing(sa) && !sa->superseded) {
		ike_info_start_delete_child(sa);
		return true;
	}
	if (sa->superseded)
		return false;
	if (rekey_child(sa))
		return true;
	if (sa == ike_conn_sa(sa->conn) && new_child(sa))
		return true;
	if (!sa->redundant && rekey_ike(sa))
		return true;
	return liveness(sa);
}

/* true = a step was taken and SAs may be gone */
static bool step_sa(struct ike_sa *sa)
{
	struct ike_engine *e = sa->e;

	if (ike_window_replay(sa) || step_orphaned(sa) || ike_window_tick(sa))
		return true;
	switch (sa->state) {
	case IKE_SA_HALF_OPEN:
		if (sa->peer.kind != IKE_EXCH_NONE)
			return false;
		if (sa->created + IKE_HALF_OPEN_MS <= e->now) {
			ike_sa_free(sa);
			return true;
		}
		ike_engine_timer_at(e, sa->created + IKE_HALF_OPEN_MS);
		return false;
	case IKE_SA_INIT_SENT:
		if (!sa->fail_at)
			return false;
		if (sa->fail_at <= e->now) {
			ike_sa_failed(sa, "%s", sa->hint);
			return true;
		}
		ike_engine_timer_at(e, sa->fail_at);
		return false;
	case IKE_SA_DELETING:
		if (!sa->linger)
			return false;
		if (sa->linger <= e->now) {
			ike_sa_free(sa);
			return true;
		}
		ike_engine_timer_at(e, sa->linger);
		return false;
	case IKE_SA_UP:
	case IKE_SA_REKEYED:
		ike_sa_settle_old(sa);
		if (ike_sa_busy(sa, true) || sa->own.kind != IKE_EXCH_NONE)
			return false;
		return next_request(sa);
	default:
		return false;
	}
}

/* ---- one connection ---- */

static struct ike_sa *attempt_of(const struct ike_conn *c)
{
	struct ike_sa *sa;

	ike_list_for_each(sa, &c->e->sas, node)
		if (sa->conn == c && (sa->state == IKE_SA_INIT_SENT ||
				      sa->state == IKE_SA_AUTH_SENT))
			return sa;
	return NULL;
}

/*
 * Attempts stand on a grid of retry_ms that starts with the first one after a
 * loss and never drifts (requirement S-06); a little jitter on top keeps a
 * rebooted site from asking in step.
 */
static void plan_next(struct ike_conn *c)
{
	uint64_t step = c->cfg.retry_ms, now = c->e->now;

	c->tried_at = now;
	c->poked = false;
	if (c->grid == UINT64_MAX)
		c->grid = now;
	c->next_try = c->grid + ((now - c->grid) / step + 1) * step +
		      ike_engine_random_below(c->e, step / 20 + 1);
}

/* nothing came back: a fresh attempt, as if the peer had just appeared */
static bool replace_attempt(struct ike_conn *c, struct ike_sa *sa)
{
	struct ike_about about = { .sa = sa };

	uint64_t at = sa->created + REPLACE_MIN_MS;

	if (sa->state != IKE_SA_INIT_SENT && !sa->hinted)
		return false;
	if (c->next_try > at)
		at = c->next_try;
	if (at > c->e->now) {
		ike_engine_timer_at(c->e, at);
		return false;
	}
	ike_conn_set_reason(c, sa->hint[0] ? sa->hint : "no answer from peer");
	ike_action_notify(c->e, IKE_NTF_FAILED, &about, "%s, trying again",
			  c->reason);
	ike_sa_free(sa);
	return true;
}

static void step_conn(struct ike_conn *c)
{
	bool needed = false, keep_trying = c->poked;
	struct ike_engine *e = c->e;
	struct ike_child *child;
	struct ike_sa *sa;

	ike_list_for_each(child, &c->children, node) {
		if (!ike_child_needed(child))
			continue;
		needed = true;
		if (child->cfg.auto_negotiate && !child->held)
			keep_trying = true;
	}
	if (!needed || ike_conn_sa(c))
		return;
	sa = attempt_of(c);
	if (sa && (!keep_trying || !replace_attempt(c, sa)))
		return;
	if (c->next_try > e->now) {
		ike_engine_timer_at(e, c->next_try);
		return;
	}
	plan_next(c);
	ike_init_start(c, keep_trying && !c->reason[0] ? "wanted" :
		       c->reason[0] ? c->reason : "wanted");
}

static void step_pairs(struct ike_child *c)
{
	struct ike_engine *e = c->conn->e;
	struct ike_pair *p;

	ike_pair_settle(c);
	ike_list_for_each(p, &c->pairs, node) {
		if (!p->idle_at || p->state != IKE_PAIR_UP || p->rekey)
			continue;
		if (p->idle_at <= e->now) {
			p->idle_at = 0;
			ike_pair_query(p);
		} else {
			ike_engine_timer_at(e, p->idle_at);
		}
	}
}

/* the connection is removed; a rekey under way may have made an SA since */
static bool unused(struct ike_conn *c)
{
	struct ike_sa *sa;
	bool any = false;

	ike_list_for_each(sa, &c->e->sas, node) {
		if (sa->conn != c)
			continue;
		any = true;
		if (sa->state == IKE_SA_UP)
			ike_sa_close(sa, "connection removed");
	}
	return !any;
}

static void run_conns(struct ike_engine *e)
{
	struct ike_conn *c, *tmp;
	struct ike_child *child;

	ike_list_for_each_safe(c, tmp, &e->conns, node) {
		if (c->deleted) {
			if (unused(c))
				ike_conn_free(c);
			continue;
		}
		ike_sa_settle(c);
		ike_list_for_each(child, &c->children, node)
			step_pairs(child);
		step_conn(c);
	}
}

static void run_sas(struct ike_engine *e)
{
	unsigned int rounds = 0;
	struct ike_sa *sa;

again:
	ike_list_for_each(sa, &e->sas, node) {
		if (!step_sa(sa))
			continue;
		e->again = true;
		/* any SA may be gone now */
		if (++rounds < ROUNDS_MAX)
			goto again;
		return;
	}
}

void ike_desire_run(struct ike_engine *e)
{
	unsigned int rounds = 0;

	do {
		e->again = false;
		e->next = UINT64_MAX;
		run_conns(e);
		run_sas(e);
	} while (e->again && ++rounds < ROUNDS_MAX);
	if (e->again)
		ike_engine_timer_at(e, e->now + LATER_MS);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What ends a pair: soft and hard limits, and the loss of its IKE SA.
 *
 * A soft limit asks whether a successor is wanted (requirements S-02 to S-04);
 * the loop of desire.c then negotiates it. A hard limit ends the pair.
 */
#include "ikesa.h"

#include <linux/vtun.h>
#include <stdio.h>

/* a pair that carried nothing for that long does not deserve a new IKE SA */
#define ORPHAN_IDLE_MS	60000

static void soft_expired(struct ike_pair *p, uint8_t cause)
{
	const struct ike_child_cfg *cfg = &p->child->cfg;
	uint64_t ms = p->e->now - p->up_at;

	if (p->soft_cause || p->superseded || p->state != IKE_PAIR_UP)
		return;
	p->soft_cause = cause;
	if (!ms)
		ms = 1;
	if (cause == VTUN_CAUSE_BYTES)
		p->child->rate = p->limits.soft_bytes * 1000 / ms;
	if (cause == VTUN_CAUSE_PACKETS)
		p->child->packet_rate = p->limits.soft_packets * 1000 / ms;
	/* volume is traffic; time asks (S-02, S-03) unless kept up (S-04) */
	if (cause != VTUN_CAUSE_TIME || cfg->keepalive || cfg->auto_negotiate)
		p->rekey = true;
	else
		ike_pair_query(p);
	p->e->again = true;
}

static const char *cause_text(uint8_t cause)
{
	switch (cause) {
	case VTUN_CAUSE_BYTES:
		return "byte limit";
	case VTUN_CAUSE_PACKETS:
		return "packet limit";
	case VTUN_CAUSE_SEQUENCE:
		return "sequence numbers used up";
	default:
		return "lifetime";
	}
}

/*
 * A hard limit was reached. While our rekey of the pair is under way the peer
 * still needs to find it; ike_pair_settle() comes back to it afterwards.
 */
void ike_pair_hard(struct ike_pair *p)
{
	struct ike_child *c = p->child;
	struct ike_about about = { .child = c, .pair = p };

	if (p->sa && p->sa->own.kind != IKE_EXCH_NONE && p->sa->own.old == p)
		return;
	if (!p->superseded && ike_child_live(c) == p) {
		snprintf(c->reason, sizeof(c->reason), "expired%s: %s",
			 p->rekey || p->traffic ? "" : "-idle",
			 cause_text(p->hard));
		ike_action_notify(p->e, IKE_NTF_CHILD_DOWN, &about,
				  "hard limit reached: %s", c->reason);
		if (p->hard != VTUN_CAUSE_TIME || p->rekey)
			c->want = true;
	}
	ike_pair_close(p);
	ike_child_lost(c);
}

void ike_pair_expire(struct ike_pair *p, const struct ike_kevent *ev)
{
	if (ev->hard)
		p->hard = ev->cause ? ev->cause : VTUN_CAUSE_TIME;
	if (p->hard && p->state == IKE_PAIR_UP)
		ike_pair_hard(p);
	else if (!ev->hard)
		soft_expired(p, ev->cause);
}

/* ike_pair_query() was answered: p->traffic, p->idle_ms */
void ike_pair_asked(struct ike_pair *p)
{
	struct ike_engine *e = p->e;
	uint64_t rest;

	if (p->state != IKE_PAIR_UP)
		return;
	if (!p->sa) {
		/* its IKE SA died: worth one attempt while it is in use */
		if (p->traffic && p->idle_ms < ORPHAN_IDLE_MS) {
			p->child->want = true;
			p->renew = true;
		} else if (!p->adopted) {
			ike_pair_drop(p);
		}
		e->again = true;
		return;
	}
	if (p->traffic) {
		p->rekey = true;
		e->again = true;
		return;
	}
	/* idle so far; traffic may still come before the hard limit */
	rest = p->up_at + p->limits.hard_time_ms;
	rest = rest > e->now ? rest - e->now : 0;
	if (rest > 1000)
		p->idle_at = e->now + rest / 4;
}

/* @p lost its IKE SA without a word from the peer */
void ike_pair_orphan(struct ike_pair *p)
{
	switch (p->state) {
	case IKE_PAIR_NEW:
	case IKE_PAIR_CLOSING:
		ike_pair_drop(p);
		return;
	case IKE_PAIR_GONE:
		p->sa = NULL;
		return;
	case IKE_PAIR_UP:
		break;
	}
	p->sa = NULL;
	p->superseded = false;
	p->close_at = 0;
	p->rekey = false;
	p->e->again = true;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* A configured child: is a negotiation needed, and for how long is one good? */
#include "ikesa.h"

#include <string.h>

/*
 * Headroom kept below a volume limit, in time at the last rate (D-06): for the
 * end that made the pair, half of it for the other one.
 */
#define HEADROOM_MS	2000
/* rates while none is known: a fast link, so that the first pair is not late */
#define BYTES_PER_S	50000000
#define PACKETS_PER_S	50000

bool ike_child_needed(const struct ike_child *c)
{
	struct ike_pair *p, *live = ike_child_live(c);
	bool orphan = false;

	if (c->conn->deleted || !c->conn->cfg.remote.family)
		return false;
	/* on the losing one of two IKE SAs: who closes that one re-creates */
	if (live && !live->sa->expired &&
	    !(live->sa->redundant &&
	      (live->sa->initiator || live->sa->overdue)))
		return false;
	ike_list_for_each(p, &c->pairs, node) {
		if (p->state == IKE_PAIR_NEW)
			return false;
		if (p->state == IKE_PAIR_UP && !p->sa &&
		    (p->adopted || p->renew || p->rekey))
			orphan = true;
	}
	if (live)
		return true;
	if (c->want)
		return true;
	return !c->held && (c->cfg.auto_negotiate || orphan);
}

/*
 * Nobody will retry by himself: what a dead IKE SA left behind goes now, so
 * that the next packet asks again instead of vanishing. Adopted pairs stay
 * until their hard limit (the peer may well still have them).
 */
static void drop_orphans(struct ike_child *c)
{
	struct ike_pair *p, *tmp;

	ike_list_for_each_safe(p, tmp, &c->pairs, node)
		if (p->state == IKE_PAIR_UP && !p->sa && !p->adopted)
			ike_pair_drop(p);
}

void ike_child_give_up(struct ike_child *c, const char *text)
{
	if (ike_child_live(c))
		return;
	ike_child_set_reason(c, text);
	c->want = false;
	if (!c->cfg.auto_negotiate)
		drop_orphans(c);
	c->conn->e->again = true;
}

void ike_child_failed(struct ike_child *c, struct ike_sa *sa, const char *text)
{
	struct ike_about about = { .child = c, .sa = sa };
	struct ike_engine *e = c->conn->e;

	ike_action_notify(e, IKE_NTF_FAILED, &about, "%s", text);
	c->next_try = e->now + c->conn->cfg.retry_ms;
	ike_child_give_up(c, text);
}

void ike_child_lost(struct ike_child *c)
{
	struct ike_conn *conn = c->conn;
	struct ike_pair *p, *tmp;

	if (ike_child_live(c))
		return;
	conn->e->again = true;
	if (c->cfg.auto_negotiate || conn->deleted ||
	    !conn->cfg.remote.family)
		return;
	ike_list_for_each_safe(p, tmp, &c->pairs, node) {
		if (p->state != IKE_PAIR_UP || p->sa)
			continue;
		if (c->cfg.keepalive)
			c->want = true;
		else
			ike_pair_query(p);
	}
}

/*
 * Soft limit below @hard. The end that made the pair comes first, so that the
 * two do not meet by default (RFC 7296 2.8 lets either rekey; D-06): @from to
 * @to per mille of the hard limit, jittered.
 */
static uint64_t soft_of(struct ike_engine *e, uint64_t hard, unsigned int from,
			unsigned int to)
{
	unsigned int mille = from + ike_engine_random_below(e, to - from + 1);
	uint64_t soft;

	if (hard < 2)
		return hard;
	/* hard * mille / 1000 without overflow */
	soft = hard / 1000 * mille + hard % 1000 * mille / 1000;
	if (!soft)
		soft = 1;
	return soft < hard ? soft : hard - 1;
}

static uint64_t soft_volume(struct ike_engine *e, bool ours, uint64_t hard,
			    uint64_t rate)
{
	uint64_t soft = ours ? soft_of(e, hard, 600, 650) :
			       soft_of(e, hard, 780, 830);
	uint64_t least = ours ? soft_of(e, hard, 150, 200) :
				soft_of(e, hard, 330, 380);
	uint64_t ms = ours ? HEADROOM_MS : HEADROOM_MS / 2;
	uint64_t room = rate < UINT64_MAX / ms ? rate * ms / 1000 : UINT64_MAX;

	if (!hard || room <= hard - soft)
		return soft;
	if (room >= hard || hard - room < least)
		return least;
	return hard - room;
}

void ike_child_limits(struct ike_child *c, bool ours, struct ike_limits *lim)
{
	const struct ike_life *life = &c->cfg.life;
	struct ike_engine *e = c->conn->e;

	memset(lim, 0, sizeof(*lim));
	lim->hard_time_ms = life->time_ms;
	lim->hard_bytes = life->bytes;
	lim->hard_packets = life->packets;
	lim->soft_time_ms = ours ? soft_of(e, life->time_ms, 800, 850) :
				   soft_of(e, life->time_ms, 890, 930);
	lim->soft_bytes = soft_volume(e, ours, life->bytes,
				      c->rate ? c->rate : BYTES_PER_S);
	lim->soft_packets = soft_volume(e, ours, life->packets,
					c->packet_rate ? c->packet_rate :
							 PACKETS_PER_S);
}

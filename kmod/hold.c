// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hold queue: packets of an on-demand child that has no SA yet wait here,
 * bounded by count, octets and age, and leave in order when one comes. Nothing
 * that waits here ever leaves unprotected.
 */
#include <linux/hrtimer.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <net/ipv6.h>

#include "child.h"
#include "compat.h"
#include "device.h"
#include "esp.h"
#include "events.h"
#include "lifetime.h"
#include "net.h"
#include "sa.h"

/* an unanswered ACQUIRE is repeated at most this often, while packets come */
#define ACQUIRE_REPEAT_MS	1000

struct hold_cb {
	u64 until;			/* ms of CLOCK_BOOTTIME */
};

static struct hold_cb *hold_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct hold_cb) > sizeof(skb->cb));
	return (struct hold_cb *)skb->cb;
}

static void drop(struct vtun_child *child, struct sk_buff *skb,
		 enum vtun_drop why)
{
	vtun_child_drop(child, why, 1);
	kfree_skb(skb);
}

static struct sk_buff *hold_pop(struct vtun_child *child)
{
	struct sk_buff *skb = __skb_dequeue(&child->hold);

	lockdep_assert_held(&child->hold.lock);
	if (skb)
		child->hold_bytes -= skb->len;
	return skb;
}

static void hold_arm(struct vtun_child *child)
{
	struct sk_buff *skb = skb_peek(&child->hold);

	lockdep_assert_held(&child->hold.lock);
	if (skb && !child->dead)
		hrtimer_start(&child->hold_timer,
			      ms_to_ktime(hold_cb(skb)->until),
			      HRTIMER_MODE_ABS_SOFT);
}

static enum hrtimer_restart hold_timer(struct hrtimer *timer)
{
	struct vtun_child *child = container_of(timer, struct vtun_child,
						hold_timer);
	u64 now = vtun_lifetime_now();
	struct sk_buff *skb;

	spin_lock_bh(&child->hold.lock);
	while ((skb = skb_peek(&child->hold)) && hold_cb(skb)->until <= now)
		drop(child, hold_pop(child), VTUN_DROP_HOLD_AGE);
	hold_arm(child);
	spin_unlock_bh(&child->hold.lock);
	return HRTIMER_NORESTART;
}

/* makes room by dropping the oldest; false: @skb alone is too much */
static bool hold_room(struct vtun_child *child, const struct sk_buff *skb)
{
	if (!child->hold_max.packets || skb->len > child->hold_max.bytes)
		return false;
	while (skb_queue_len(&child->hold) >= child->hold_max.packets ||
	       child->hold_bytes + skb->len > child->hold_max.bytes)
		drop(child, hold_pop(child), VTUN_DROP_HOLD_FULL);
	return true;
}

/* true: it is time to tell userspace */
static bool want_acquire(struct vtun_child *child, u64 now)
{
	lockdep_assert_held(&child->hold.lock);
	if (child->acquire_at && now < child->acquire_last + ACQUIRE_REPEAT_MS)
		return false;
	if (!child->acquire_at)
		child->acquire_at = now;
	child->acquire_last = now;
	return true;
}

static void hold_queue(struct vtun_child *child, struct sk_buff *skb, u64 now)
{
	bool first = skb_queue_empty(&child->hold);

	if (!hold_room(child, skb)) {
		drop(child, skb, VTUN_DROP_HOLD_FULL);
		return;
	}
	/*
	 * Nothing here may depend on the read side the packet came in; at the
	 * policy door its device is that of its own route and may go, and a
	 * socket would keep a namespace that is to end.
	 */
	skb_orphan(skb);
	skb->dev = child->dev;
	skb_dst_drop(skb);
	nf_reset_ct(skb);
	hold_cb(skb)->until = now + child->hold_max.ms;
	__skb_queue_tail(&child->hold, skb);
	child->hold_bytes += skb->len;
	WRITE_ONCE(child->holding, true);
	if (first)
		hold_arm(child);
}

/*
 * What the kernel itself says on every link, unasked: neighbour and multicast
 * listener discovery, IGMP. Nobody waits for a tunnel to carry it.
 */
static bool link_chatter(const struct vtun_flow *flow)
{
	if (flow->family == AF_INET)
		return flow->proto == IPPROTO_IGMP;
	return flow->proto == IPPROTO_ICMPV6 &&
	       ipv6_addr_is_multicast(&flow->dst) &&
	       IPV6_ADDR_MC_SCOPE(&flow->dst) <= IPV6_ADDR_SCOPE_LINKLOCAL;
}

void vtun_hold_add(struct vtun_child *child, struct sk_buff *skb)
{
	u64 now = vtun_lifetime_now();
	bool acquire = false;
	struct vtun_flow flow;
	struct vtun_sa *sa;

	/* while the headers are at hand: the queue may not keep the packet */
	vtun_flow_parse(&flow, skb);
	spin_lock_bh(&child->hold.lock);
	sa = rcu_dereference(child->out);
	/* about to be taken out of its place by whoever found it expired */
	if (sa && READ_ONCE(sa->state) == VTUN_SA_EXPIRED)
		sa = NULL;
	if (sa && !child->holding) {
		spin_unlock_bh(&child->hold.lock);
		vtun_esp_output(child, sa, skb, VTUN_DOOR_NONE);
		return;
	}
	if (child->dead || (!sa && link_chatter(&flow))) {
		drop(child, skb, VTUN_DROP_NO_SA);
	} else {
		acquire = !sa && want_acquire(child, now);
		hold_queue(child, skb, now);
	}
	spin_unlock_bh(&child->hold.lock);
	if (acquire)
		vtun_event_acquire(child, &flow);
}

/*
 * One CPU at a time sends; packets that arrive meanwhile queue behind. They
 * may do so only until what waited in the beginning is gone: else a fast
 * sender would keep this loop busy for ever. From then on new packets pass the
 * few that remain.
 */
void vtun_hold_flush(struct vtun_child *child)
{
	unsigned int budget;
	struct sk_buff *skb;
	struct vtun_sa *sa;

	spin_lock_bh(&child->hold.lock);
	if (rcu_access_pointer(child->out))
		child->acquire_at = 0;
	if (child->flushing)
		goto unlock;
	child->flushing = true;
	budget = skb_queue_len(&child->hold);
	while ((sa = rcu_dereference(child->out)) && (skb = hold_pop(child))) {
		if (!budget--)
			WRITE_ONCE(child->holding, false);
		spin_unlock(&child->hold.lock);
		vtun_esp_output(child, sa, skb, VTUN_DOOR_NONE);
		spin_lock(&child->hold.lock);
	}
	if (skb_queue_empty(&child->hold))
		WRITE_ONCE(child->holding, false);
	child->flushing = false;
unlock:
	spin_unlock_bh(&child->hold.lock);
}

/* may a packet go on waiting? */
static bool may_wait(const struct vtun_child *child, const struct sk_buff *skb)
{
	return (READ_ONCE(child->flags) & VTUN_CHILD_F_ON_DEMAND ||
		rcu_access_pointer(child->out)) &&
	       vtun_child_match(child, skb, VTUN_DIR_OUT);
}

/* what waits keeps the age it may reach */
void vtun_hold_set(struct vtun_child *child, u32 packets, u32 bytes, u32 ms)
{
	struct sk_buff *skb, *tmp;

	rcu_read_lock();
	spin_lock_bh(&child->hold.lock);
	child->hold_max.packets = packets;
	child->hold_max.bytes = bytes;
	child->hold_max.ms = ms;
	skb_queue_walk_safe(&child->hold, skb, tmp) {
		if (may_wait(child, skb))
			continue;
		__skb_unlink(skb, &child->hold);
		child->hold_bytes -= skb->len;
		drop(child, skb, VTUN_DROP_NO_SA);
	}
	while (skb_queue_len(&child->hold) > packets ||
	       child->hold_bytes > bytes)
		drop(child, hold_pop(child), VTUN_DROP_HOLD_FULL);
	if (!(READ_ONCE(child->flags) & VTUN_CHILD_F_ON_DEMAND))
		child->acquire_at = 0;
	if (skb_queue_empty(&child->hold) && !child->flushing)
		WRITE_ONCE(child->holding, false);
	hold_arm(child);
	spin_unlock_bh(&child->hold.lock);
	rcu_read_unlock();
}

void vtun_hold_stop(struct vtun_child *child)
{
	struct sk_buff *skb;

	spin_lock_bh(&child->hold.lock);
	child->dead = true;
	while ((skb = hold_pop(child)))
		drop(child, skb, VTUN_DROP_NO_SA);
	spin_unlock_bh(&child->hold.lock);
	/* the callback re-arms under the lock, and sees dead */
	hrtimer_cancel(&child->hold_timer);
}

void vtun_hold_init(struct vtun_child *child)
{
	skb_queue_head_init(&child->hold);
	vtun_hrtimer_setup(&child->hold_timer, hold_timer, CLOCK_BOOTTIME,
			   HRTIMER_MODE_ABS_SOFT);
}

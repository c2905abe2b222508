// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lifetimes, RFC 4301 4.4.2.1: one decision, asked by the packet path and by
 * the timer. A packet, or a super-packet as a whole, takes vtun_sa.lock for a
 * few instructions; only the one that crosses a limit takes vtun_net.lock.
 */
#include "lifetime.h"

#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/netlink.h>
#include <linux/rcupdate.h>
#include <linux/timekeeping.h>

#include "child.h"
#include "compat.h"
#include "events.h"
#include "net.h"
#include "sa.h"

u64 vtun_lifetime_now(void)
{
	return ktime_to_ms(ktime_get_boottime());
}

u64 vtun_lifetime_now_coarse(void)
{
	return ktime_to_ms(ktime_get_coarse_boottime());
}

/* the coarse clock at a tick: as coarse as that, so asked once in each */
struct tick {
	unsigned long tick;
	u64 now;
};

static DEFINE_PER_CPU(struct tick, ticks);

/* BH off */
static u64 now_of(unsigned long tick)
{
	struct tick *last = this_cpu_ptr(&ticks);

	if (unlikely(last->tick != tick || !last->now)) {
		last->now = vtun_lifetime_now_coarse();
		last->tick = tick;
	}
	return last->now;
}

void vtun_lifetime_set_seq(struct vtun_limits *limits, bool esn)
{
	limits->hard_seq = esn ? U64_MAX : U32_MAX;
	limits->soft_seq = limits->hard_seq - limits->hard_seq / 4;
}

struct vtun_expiry vtun_lifetime_check(const struct vtun_limits *limits,
				       const struct vtun_usage *now)
{
	struct vtun_expiry e = { .level = VTUN_EXPIRE_HARD };

	if (limits->hard_time && now->age >= limits->hard_time)
		e.cause = VTUN_CAUSE_TIME;
	else if (limits->hard_bytes && now->bytes > limits->hard_bytes)
		e.cause = VTUN_CAUSE_BYTES;
	else if (limits->hard_packets && now->packets > limits->hard_packets)
		e.cause = VTUN_CAUSE_PACKETS;
	else if (limits->hard_seq && now->seq > limits->hard_seq)
		e.cause = VTUN_CAUSE_SEQUENCE;
	else if (limits->hard_idle && now->idle >= limits->hard_idle)
		e.cause = VTUN_CAUSE_IDLE;
	if (e.cause)
		return e;

	e.level = VTUN_EXPIRE_SOFT;
	if (limits->soft_time && now->age >= limits->soft_time)
		e.cause = VTUN_CAUSE_TIME;
	else if (limits->soft_bytes && now->bytes >= limits->soft_bytes)
		e.cause = VTUN_CAUSE_BYTES;
	else if (limits->soft_packets && now->packets >= limits->soft_packets)
		e.cause = VTUN_CAUSE_PACKETS;
	else if (limits->soft_seq && now->seq >= limits->soft_seq)
		e.cause = VTUN_CAUSE_SEQUENCE;
	else if (limits->soft_idle && now->idle >= limits->soft_idle)
		e.cause = VTUN_CAUSE_IDLE;
	else if (limits->margin && now->remain < limits->margin)
		e.cause = VTUN_CAUSE_RATE;
	if (!e.cause)
		e.level = 0;
	return e;
}

/* @sa leaves for good: no packet may be charged to it any more */
static bool expire_hard(struct vtun_sa *sa, struct vtun_expiry e, u64 now)
{
	struct vtun_child *child = sa->child;
	struct vtun_sa *next;
	bool current_out;

	lockdep_assert_held(&sa->net->lock);

	if (sa->hard.level)
		return false;
	/* who has the lock next is refused: the event comes after the last */
	spin_lock(&sa->lock);
	sa->hard = e;
	vtun_meter_close(&sa->meter);
	spin_unlock(&sa->lock);
	sa->hard_at = now;
	current_out = rcu_access_pointer(child->out) == sa;
	WRITE_ONCE(sa->state, VTUN_SA_EXPIRED);
	WRITE_ONCE(sa->proof_wanted, false);
	if (current_out) {
		RCU_INIT_POINTER(child->out, NULL);
		vtun_child_update_usable(child);
	}
	vtun_event_expire(sa, e.level, e.cause);
	vtun_sa_wipe(sa);
	if (!current_out)
		return false;
	next = vtun_sa_standby(child);
	if (!next)
		return false;
	vtun_sa_make_current(next, sa, VTUN_SWITCH_EXPIRED);
	return true;
}

/* true: another SA became current, send what its child holds */
static bool expire(struct vtun_sa *sa, struct vtun_expiry e, u64 now)
{
	if (!e.level || sa->dead || sa->hard.level)
		return false;
	if (e.level == VTUN_EXPIRE_HARD)
		return expire_hard(sa, e, now);
	if (sa->soft.level)
		return false;
	sa->soft_at = now;
	spin_lock(&sa->lock);
	sa->soft = e;
	vtun_meter_set_fence(&sa->meter, &sa->limits, true);
	spin_unlock(&sa->lock);
	vtun_event_expire(sa, e.level, e.cause);
	return false;
}

/* from the packet path */
static void announce(struct vtun_sa *sa, struct vtun_expiry e)
{
	u64 now = vtun_lifetime_now();
	bool switched;

	spin_lock_bh(&sa->net->lock);
	switched = expire(sa, e, now);
	spin_unlock_bh(&sa->net->lock);
	if (switched)
		vtun_hold_flush(sa->child);
}

/*
 * Uses up volume; @e is what is to be announced for it. False: a hard limit
 * forbids it, @cause is which.
 */
static __always_inline bool use(struct vtun_sa *sa, u64 packets, u64 bytes,
				struct vtun_expiry *e,
				enum vtun_expire_cause *cause)
{
	unsigned long tick = jiffies;
	u64 now = sa->last_used;

	lockdep_assert_held(&sa->lock);
	if (unlikely(tick != sa->tick))
		now = now_of(tick);
	e->level = 0;
	if (likely(vtun_meter_is_free(&sa->meter, packets, bytes, now))) {
		vtun_meter_add(&sa->meter, packets, bytes);
	} else {
		*cause = sa->hard.cause;
		if (sa->hard.level)
			return false;
		*e = vtun_meter_look(&sa->meter, &sa->limits, packets, bytes,
				     now, sa->soft.level);
		*cause = e->cause;
		if (e->level == VTUN_EXPIRE_HARD)
			return false;
	}
	if (unlikely(tick != sa->tick)) {
		WRITE_ONCE(sa->last_used, now);
		sa->tick = tick;
	}
	return true;
}

/* what a packet dies of on an SA that expired hard */
static enum vtun_drop hard_drop(enum vtun_expire_cause cause)
{
	return cause == VTUN_CAUSE_SEQUENCE ? VTUN_DROP_SEQUENCE :
					      VTUN_DROP_HARD_EXPIRED;
}

enum vtun_drop vtun_sa_charge(struct vtun_sa *sa, unsigned int packets,
			      u64 bytes, u64 *first)
{
	enum vtun_expire_cause cause;
	struct vtun_expiry e;
	bool ok;

	spin_lock(&sa->lock);
	*first = sa->meter.count + 1;
	ok = use(sa, packets, bytes, &e, &cause);
	spin_unlock(&sa->lock);
	if (unlikely(e.level))
		announce(sa, e);
	return likely(ok) ? 0 : hard_drop(cause);
}

enum vtun_drop vtun_sa_credit(struct vtun_sa *sa, u64 seq, u64 bytes)
{
	struct vtun_expiry e = {};
	enum vtun_expire_cause cause;
	enum vtun_drop why;

	spin_lock(&sa->lock);
	why = vtun_replay_accept(&sa->replay, seq);
	if (likely(!why) && unlikely(!use(sa, 1, bytes, &e, &cause)))
		why = VTUN_DROP_HARD_EXPIRED;
	spin_unlock(&sa->lock);
	if (unlikely(e.level))
		announce(sa, e);
	if (unlikely(READ_ONCE(sa->proof_wanted)) && !why)
		vtun_sa_proof(sa);
	return why;
}

/* under sa->lock */
static void read_usage(const struct vtun_sa *sa, u64 now,
		       struct vtun_usage *usage)
{
	u64 used = max(sa->last_used, sa->meter.installed);

	lockdep_assert_held(&sa->lock);
	vtun_meter_read(&sa->meter, &sa->limits, now, usage);
	usage->idle = now > used ? now - used : 0;
	if (sa->dir == VTUN_DIR_IN)
		usage->seq = sa->replay.top;
}

void vtun_sa_read_usage(const struct vtun_sa *sa, struct vtun_usage *usage)
{
	spinlock_t *lock = (spinlock_t *)&sa->lock;	/* changes nothing */
	u64 now = vtun_lifetime_now();

	spin_lock_bh(lock);
	read_usage(sa, now, usage);
	spin_unlock_bh(lock);
}

static int check_limits(const struct vtun_limits *limits,
			struct netlink_ext_ack *extack)
{
	if ((limits->hard_time && limits->soft_time > limits->hard_time) ||
	    (limits->hard_idle && limits->soft_idle > limits->hard_idle) ||
	    (limits->hard_bytes && limits->soft_bytes > limits->hard_bytes) ||
	    (limits->hard_packets &&
	     limits->soft_packets > limits->hard_packets)) {
		NL_SET_ERR_MSG(extack, "a soft limit is above its hard limit");
		return -EINVAL;
	}
	if (limits->margin && !limits->hard_bytes && !limits->hard_packets) {
		NL_SET_ERR_MSG(extack,
			       "the margin needs a hard limit of volume");
		return -EINVAL;
	}
	return 0;
}

/* true: another SA became current */
static bool change_limits(struct vtun_sa *sa, const struct vtun_limits *limits)
{
	u64 now = vtun_lifetime_now();
	struct vtun_usage usage;
	struct vtun_expiry e;
	bool switched;

	lockdep_assert_held(&sa->net->lock);
	spin_lock(&sa->lock);
	sa->limits = *limits;
	read_usage(sa, now, &usage);
	/* announced, and no limit anybody could move: others can be again */
	if (sa->soft.level && usage.seq >= limits->soft_seq)
		sa->limits.soft_seq = 0;
	e = vtun_lifetime_check(&sa->limits, &usage);
	if (!e.level)
		sa->soft = (struct vtun_expiry) {};
	vtun_meter_set_fence(&sa->meter, &sa->limits, sa->soft.level);
	spin_unlock(&sa->lock);
	switched = expire(sa, e, now);
	vtun_lifetime_timer_start(sa);
	return switched;
}

int vtun_sa_set_limits(struct vtun_sa *sa, const struct vtun_limits *limits,
		       struct netlink_ext_ack *extack)
{
	struct vtun_limits changed = *limits;
	struct vtun_net *vn = sa->net;
	bool switched = false;
	int err;

	lockdep_assert_held(&vn->ctl);
	err = check_limits(limits, extack);
	if (err)
		return err;
	rcu_read_lock();
	spin_lock_bh(&vn->lock);
	changed.soft_seq = sa->limits.soft_seq;
	changed.hard_seq = sa->limits.hard_seq;
	if (sa->dead || sa->state == VTUN_SA_LARVAL) {
		NL_SET_ERR_MSG(extack, "a reserved SPI has no limits");
		err = -EINVAL;
	} else if (sa->hard.level) {
		NL_SET_ERR_MSG(extack, "the SA expired hard, it has no keys");
		err = -EKEYEXPIRED;
	} else {
		switched = change_limits(sa, &changed);
	}
	spin_unlock_bh(&vn->lock);
	if (switched)
		vtun_hold_flush(sa->child);
	rcu_read_unlock();
	return err;
}

static bool deadline_passed(struct vtun_sa *sa, u64 now)
{
	struct vtun_sa *out;

	if (sa->state != VTUN_SA_STANDBY || !sa->deadline || now < sa->deadline)
		return false;
	sa->deadline = 0;
	/* an SA installed after this one may be current: do not go back */
	out = rcu_dereference_protected(sa->child->out,
					lockdep_is_held(&sa->net->lock));
	if (out && !vtun_sa_newer(sa, out))
		return false;
	vtun_sa_make_current(sa, out, VTUN_SWITCH_DEADLINE);
	return true;
}

static enum hrtimer_restart lifetime_timer(struct hrtimer *timer)
{
	struct vtun_sa *sa = container_of(timer, struct vtun_sa, timer);
	u64 now = vtun_lifetime_now();
	bool switched = false, gone = false;
	struct vtun_net *vn = sa->net;
	struct vtun_usage usage;

	rcu_read_lock();
	spin_lock_bh(&vn->lock);
	if (sa->dead)
		goto unlock;
	if (sa->state == VTUN_SA_LARVAL) {
		gone = now >= sa->deadline;
		if (gone)
			vtun_sa_unlink(sa);
	} else {
		vtun_sa_read_usage(sa, &usage);
		switched = expire(sa, vtun_lifetime_check(&sa->limits, &usage),
				  now);
		switched |= deadline_passed(sa, now);
	}
	if (!gone)
		vtun_lifetime_timer_start(sa);
unlock:
	spin_unlock_bh(&vn->lock);
	if (switched)
		vtun_hold_flush(sa->child);
	rcu_read_unlock();
	/*
	 * Softirq context is a read side: the memory outlives this function,
	 * and the timer core looks at the timer no more after NORESTART.
	 */
	if (gone)
		vtun_sa_put(sa);
	return HRTIMER_NORESTART;
}

void vtun_lifetime_timer_init(struct vtun_sa *sa)
{
	vtun_hrtimer_setup(&sa->timer, lifetime_timer, CLOCK_BOOTTIME,
			   HRTIMER_MODE_ABS_SOFT);
}

/* @span 0: does not count */
static void earlier(u64 *next, u64 since, u64 span)
{
	/* beyond what a timer can be set to: never */
	if (!span || span > KTIME_MAX / NSEC_PER_MSEC - since)
		return;
	if (!*next || since + span < *next)
		*next = since + span;
}

void vtun_lifetime_timer_start(struct vtun_sa *sa)
{
	u64 used = max(READ_ONCE(sa->last_used), sa->meter.installed);
	const struct vtun_limits *limits = &sa->limits;
	u64 next = 0;

	lockdep_assert_held(&sa->net->lock);
	if (sa->dead || sa->hard.level)
		return;
	if (sa->state == VTUN_SA_LARVAL)
		next = sa->deadline;
	if (!sa->soft.level) {
		earlier(&next, sa->meter.installed, limits->soft_time);
		earlier(&next, used, limits->soft_idle);
	}
	earlier(&next, sa->meter.installed, limits->hard_time);
	/* packets move it on; the timer looks when they stopped */
	earlier(&next, used, limits->hard_idle);
	if (sa->state == VTUN_SA_STANDBY && sa->deadline)
		earlier(&next, 0, sa->deadline);
	if (next)
		hrtimer_start(&sa->timer, ms_to_ktime(next),
			      HRTIMER_MODE_ABS_SOFT);
}

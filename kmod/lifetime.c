// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lifetimes, RFC 4301 4.4.2.1: one decision, asked by the packet path and by
 * the timer. Packets reserve sequence numbers and octets without a lock; only
 * the one that crosses a limit takes vtun_net.lock.
 */
#include "lifetime.h"

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
	if (!e.cause)
		e.level = 0;
	return e;
}

/* the coarse clock lags behind the exact one by up to a tick */
static u64 age_at(const struct vtun_sa *sa, u64 now)
{
	return now > sa->installed ? now - sa->installed : 0;
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
	current_out = rcu_access_pointer(child->out) == sa;
	WRITE_ONCE(sa->state, VTUN_SA_EXPIRED);
	WRITE_ONCE(sa->proof_wanted, false);
	sa->hard = e;
	sa->hard_at = now;
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
	sa->soft.cause = e.cause;
	WRITE_ONCE(sa->soft.level, e.level);
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

static void touch(struct vtun_sa *sa, u64 now)
{
	if (READ_ONCE(sa->last_used) != now)
		WRITE_ONCE(sa->last_used, now);
}

static void count(struct vtun_sa *sa, u64 packets, u64 bytes)
{
	struct vtun_sa_usage *use = this_cpu_ptr(sa->usage);

	u64_stats_update_begin(&use->syncp);
	u64_stats_add(&use->packets, packets);
	u64_stats_add(&use->bytes, bytes);
	u64_stats_update_end(&use->syncp);
}

/* what a packet dies of on an SA that expired hard; cause may not be set yet */
static enum vtun_drop hard_drop(enum vtun_expire_cause cause)
{
	return cause == VTUN_CAUSE_SEQUENCE ? VTUN_DROP_SEQUENCE :
					      VTUN_DROP_HARD_EXPIRED;
}

enum vtun_drop vtun_sa_charge(struct vtun_sa *sa, unsigned int packets,
			      u64 bytes, u64 *first)
{
	u64 now = vtun_lifetime_now_coarse();
	struct vtun_usage use = { .age = age_at(sa, now) };
	struct vtun_expiry e;
	s64 old;

	if (unlikely(READ_ONCE(sa->state) == VTUN_SA_EXPIRED))
		return hard_drop(READ_ONCE(sa->hard.cause));
	if (sa->counted)
		use.bytes = atomic64_add_return(bytes, &sa->bytes);
	old = atomic64_read(&sa->seq);
	do {
		use.seq = (u64)old + packets;
		use.packets = use.seq - sa->seq_start;
		e = vtun_lifetime_check(&sa->limits, &use);
		if (unlikely(use.seq < packets)) {	/* beyond 2^64 */
			e.level = VTUN_EXPIRE_HARD;
			e.cause = VTUN_CAUSE_SEQUENCE;
		}
		if (unlikely(e.level == VTUN_EXPIRE_HARD))
			goto drop_hard;
	} while (!atomic64_try_cmpxchg(&sa->seq, &old, use.seq));

	if (!sa->counted)
		count(sa, packets, bytes);
	touch(sa, now);
	if (unlikely(e.level) && !READ_ONCE(sa->soft.level))
		announce(sa, e);
	*first = (u64)old + 1;
	return 0;

drop_hard:
	if (sa->counted)
		atomic64_sub(bytes, &sa->bytes);
	announce(sa, e);
	return hard_drop(e.cause);
}

enum vtun_drop vtun_sa_credit(struct vtun_sa *sa, u64 bytes)
{
	u64 now = vtun_lifetime_now_coarse();
	struct vtun_usage use = { .age = age_at(sa, now) };
	struct vtun_expiry e;

	if (unlikely(READ_ONCE(sa->state) == VTUN_SA_EXPIRED))
		return VTUN_DROP_HARD_EXPIRED;
	if (sa->counted) {
		use.bytes = atomic64_add_return(bytes, &sa->bytes);
		use.packets = atomic64_inc_return(&sa->packets);
	}
	e = vtun_lifetime_check(&sa->limits, &use);
	if (unlikely(e.level == VTUN_EXPIRE_HARD)) {
		if (sa->counted) {
			atomic64_sub(bytes, &sa->bytes);
			atomic64_dec(&sa->packets);
		}
		announce(sa, e);
		return VTUN_DROP_HARD_EXPIRED;
	}
	if (!sa->counted)
		count(sa, 1, bytes);
	touch(sa, now);
	if (unlikely(e.level) && !READ_ONCE(sa->soft.level))
		announce(sa, e);
	if (unlikely(READ_ONCE(sa->proof_wanted)))
		vtun_sa_proof(sa);
	return 0;
}

void vtun_sa_read_usage(const struct vtun_sa *sa, struct vtun_usage *usage)
{
	const struct vtun_sa_usage *use;
	unsigned int start;
	u64 bytes, packets;
	int cpu;

	usage->age = age_at(sa, vtun_lifetime_now());
	usage->seq = atomic64_read(&sa->seq);
	usage->bytes = atomic64_read(&sa->bytes);
	usage->packets = atomic64_read(&sa->packets);
	if (!sa->counted && sa->usage) {
		for_each_possible_cpu(cpu) {
			use = per_cpu_ptr(sa->usage, cpu);
			do {
				start = u64_stats_fetch_begin(&use->syncp);
				bytes = u64_stats_read(&use->bytes);
				packets = u64_stats_read(&use->packets);
			} while (u64_stats_fetch_retry(&use->syncp, start));
			usage->bytes += bytes;
			usage->packets += packets;
		}
	}
	if (sa->dir == VTUN_DIR_OUT)
		usage->packets = usage->seq - sa->seq_start;
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
		gone = now >= sa->expires;
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

static void earlier(u64 *next, u64 at)
{
	if (!*next || at < *next)
		*next = at;
}

void vtun_lifetime_timer_start(struct vtun_sa *sa)
{
	const struct vtun_limits *limits = &sa->limits;
	u64 next = 0;

	lockdep_assert_held(&sa->net->lock);
	if (sa->dead || sa->hard.level)
		return;
	if (sa->state == VTUN_SA_LARVAL)
		next = sa->expires;
	if (limits->soft_time && !sa->soft.level)
		earlier(&next, sa->installed + limits->soft_time);
	if (limits->hard_time)
		earlier(&next, sa->installed + limits->hard_time);
	if (sa->state == VTUN_SA_STANDBY && sa->deadline)
		earlier(&next, sa->deadline);
	if (next)
		hrtimer_start(&sa->timer, ms_to_ktime(next),
			      HRTIMER_MODE_ABS_SOFT);
}

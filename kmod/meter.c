// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an SA has used up, how fast, and where its next limit is. Nothing here
 * knows SAs or clocks, so that tests can run a life in no time.
 */
#include "meter.h"

#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>

/* points of measurement on the way to a hard limit; close to it finer ones */
#define STEPS		64

/* nothing is faster than this, a second; products with times fit 64 bits */
#define RATE_MAX	BIT_ULL(40)
#define VOLUME_MAX	BIT_ULL(50)
/* ms; a tick of the coarse clock is a small part of it */
#define WINDOW_MIN	100
#define WINDOW_MAX	2000

/*
 * A burst counts as if it took so long at least: what matters is the volume of
 * the next @margin ms, not the speed of the wire.
 */
static u64 window(const struct vtun_limits *limits)
{
	return clamp_t(u64, limits->margin / 4, WINDOW_MIN, WINDOW_MAX);
}

/* a second; rises at once, falls in the course of some windows */
static u64 rate_now(const struct vtun_rate *r, u64 volume, u64 now, u64 span)
{
	u64 d = min(volume - r->then, VOLUME_MAX) * MSEC_PER_SEC;
	u64 dt = min_t(u64, now > r->since ? now - r->since : 0, U32_MAX);
	u64 mean = div64_u64(r->rate * span + d, span + dt);

	return min(max(mean, div64_u64(d, max(dt, span))), RATE_MAX);
}

static void rate_update(struct vtun_rate *r, u64 volume, u64 now, u64 span)
{
	if (now < r->since + span)
		return;
	r->rate = rate_now(r, volume, now, span);
	r->since = now;
	r->then = volume;
}

/* ms until @left is used up, U64_MAX = never at this rate */
static u64 time_left(u64 left, u64 rate)
{
	if (!rate)
		return U64_MAX;
	/* an age and a half is as good as never, but in range */
	if (left > U64_MAX / MSEC_PER_SEC)
		return div64_u64(left, rate) * MSEC_PER_SEC;
	return div64_u64(left * MSEC_PER_SEC, rate);
}

static u64 sat_sub(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

static u64 sat_add(u64 a, u64 b)
{
	return a + b < a ? U64_MAX : a + b;
}

static u64 remain(const struct vtun_meter *m, const struct vtun_limits *limits,
		  u64 now)
{
	u64 span = window(limits), ms = U64_MAX;

	if (limits->hard_bytes)
		ms = time_left(sat_sub(limits->hard_bytes, m->bytes),
			       rate_now(&m->bytes_rate, m->bytes, now, span));
	if (limits->hard_packets)
		ms = min(ms, time_left(sat_sub(limits->hard_packets,
					       m->count - m->start),
				       rate_now(&m->count_rate, m->count, now,
						span)));
	return ms;
}

void vtun_meter_read(const struct vtun_meter *m,
		     const struct vtun_limits *limits, u64 now,
		     struct vtun_usage *usage)
{
	/* the coarse clock lags behind the exact one by up to a tick */
	usage->age = sat_sub(now, m->installed);
	usage->bytes = m->bytes;
	usage->packets = m->count - m->start;
	usage->seq = m->count;
	usage->idle = 0;
	usage->remain = remain(m, limits, now);
}

void vtun_meter_init(struct vtun_meter *m, u64 start, u64 now)
{
	*m = (struct vtun_meter) {
		.count = start,
		.start = start,
		.installed = now,
		.bytes_rate.since = now,
		.count_rate.since = now,
		.count_rate.then = start,
	};
	vtun_meter_close(m);
}

void vtun_meter_close(struct vtun_meter *m)
{
	m->fence.count = m->count;
	m->fence.bytes = m->bytes;
	m->fence.time = 0;
}

/*
 * Volume until the rate is measured again, on the way to @hard: a fraction of
 * it, and at most a quarter of the way to where the margin begins, but no
 * smaller steps than a small part of what the margin takes.
 */
static u64 step(u64 used, u64 hard, u64 rate, u32 margin)
{
	u64 left = sat_sub(hard, used), need, most = hard / STEPS;

	if (!margin)
		return most;
	need = mul_u64_u32_div(rate, margin, MSEC_PER_SEC);
	return min(max(sat_sub(left, need) / 4, need / 16), most);
}

/* the last value that is below a soft limit; without one there is no last */
static u64 below(u64 soft)
{
	return soft ? soft - 1 : U64_MAX;
}

void vtun_meter_set_fence(struct vtun_meter *m,
			  const struct vtun_limits *limits, bool soft_done)
{
	u64 bytes = U64_MAX, packets = U64_MAX, seq = U64_MAX, time = U64_MAX;
	u64 used = m->count - m->start;

	if (limits->hard_bytes)
		bytes = min(limits->hard_bytes,
			    sat_add(m->bytes, step(m->bytes, limits->hard_bytes,
						   m->bytes_rate.rate,
						   limits->margin)));
	if (limits->hard_packets)
		packets = min(limits->hard_packets,
			      sat_add(used, step(used, limits->hard_packets,
						 m->count_rate.rate,
						 limits->margin)));
	if (limits->hard_seq)
		seq = limits->hard_seq;
	if (limits->hard_time)
		time = limits->hard_time;
	if (!soft_done) {
		bytes = min(bytes, below(limits->soft_bytes));
		packets = min(packets, below(limits->soft_packets));
		seq = min(seq, below(limits->soft_seq));
		if (limits->soft_time)
			time = min(time, limits->soft_time);
	}
	m->fence.count = max(m->count, min(seq, sat_add(m->start, packets)));
	m->fence.bytes = max(m->bytes, bytes);
	m->fence.time = sat_add(m->installed, time);
}

struct vtun_expiry vtun_meter_look(struct vtun_meter *m,
				   const struct vtun_limits *limits,
				   u64 packets, u64 bytes, u64 now,
				   bool soft_done)
{
	struct vtun_expiry e = {
		.level = VTUN_EXPIRE_HARD,
		.cause = VTUN_CAUSE_SEQUENCE,
	};
	struct vtun_meter then = *m;
	struct vtun_usage usage;
	u64 span = window(limits);

	vtun_meter_add(&then, packets, bytes);
	if (then.count < packets)		/* beyond 2^64 */
		return e;
	vtun_meter_read(&then, limits, now, &usage);
	e = vtun_lifetime_check(limits, &usage);
	if (e.level == VTUN_EXPIRE_HARD)
		return e;
	rate_update(&then.bytes_rate, then.bytes, now, span);
	rate_update(&then.count_rate, then.count, now, span);
	vtun_meter_set_fence(&then, limits, soft_done);
	*m = then;
	if (soft_done)
		e = (struct vtun_expiry) {};
	return e;
}

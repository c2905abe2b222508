// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decision about expiry as a table; then the meter, which looks at limits
 * only where one may be near, against who looks at every packet; then whole
 * lives of SAs at many speeds.
 */
#include "selftest.h"

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/sizes.h>

#include "../meter.h"

static const struct {
	const char *name;
	struct vtun_limits limits;
	struct vtun_usage now;
	u8 level, cause;
} cases[] = {
	{ "nothing configured", {}, { 1, 1, 1, 1, 1 } },
	{ "below all", { 5, 10, 5, 10, 5, 10, 5, 10 }, { 4, 4, 4, 4, 4 } },
	{ "soft time reached", { .soft_time = 5 }, { .age = 5 },
	  VTUN_EXPIRE_SOFT, VTUN_CAUSE_TIME },
	{ "hard time reached", { 5, 10 }, { .age = 10 },
	  VTUN_EXPIRE_HARD, VTUN_CAUSE_TIME },
	{ "soft octets reached", { .soft_bytes = 5 }, { .bytes = 5 },
	  VTUN_EXPIRE_SOFT, VTUN_CAUSE_BYTES },
	{ "hard octets used up", { .hard_bytes = 10 }, { .bytes = 10 } },
	{ "hard octets exceeded", { .hard_bytes = 10 }, { .bytes = 11 },
	  VTUN_EXPIRE_HARD, VTUN_CAUSE_BYTES },
	{ "soft packets reached", { .soft_packets = 1 }, { .packets = 1 },
	  VTUN_EXPIRE_SOFT, VTUN_CAUSE_PACKETS },
	{ "hard packets used up", { .hard_packets = 1 }, { .packets = 1 } },
	{ "hard packets exceeded", { .hard_packets = 1 }, { .packets = 2 },
	  VTUN_EXPIRE_HARD, VTUN_CAUSE_PACKETS },
	{ "last number", { .hard_seq = U32_MAX }, { .seq = U32_MAX } },
	{ "beyond the last number", { .hard_seq = U32_MAX },
	  { .seq = 1ULL << 32 }, VTUN_EXPIRE_HARD, VTUN_CAUSE_SEQUENCE },
	{ "last number of 64 bits", { .hard_seq = U64_MAX },
	  { .seq = U64_MAX } },
	{ "soft idle not reached", { .soft_idle = 5 },
	  { .age = 9, .idle = 4 } },
	{ "soft idle reached", { .soft_idle = 5 }, { .age = 9, .idle = 5 },
	  VTUN_EXPIRE_SOFT, VTUN_CAUSE_IDLE },
	{ "hard idle reached", { .soft_idle = 5, .hard_idle = 6 },
	  { .idle = 6 }, VTUN_EXPIRE_HARD, VTUN_CAUSE_IDLE },
	{ "more left than the margin", { .margin = 500 }, { .remain = 500 } },
	{ "less left than the margin", { .margin = 500 }, { .remain = 499 },
	  VTUN_EXPIRE_SOFT, VTUN_CAUSE_RATE },
	{ "no margin", { .hard_bytes = 9 }, { .remain = 0 } },
	{ "no rate", { .margin = U32_MAX }, { .remain = U64_MAX } },
	{ "soft equals hard", { .soft_bytes = 10, .hard_bytes = 10 },
	  { .bytes = 10 }, VTUN_EXPIRE_SOFT, VTUN_CAUSE_BYTES },
	{ "hard wins over soft", { .soft_time = 1, .hard_packets = 1 },
	  { .age = 2, .packets = 2 }, VTUN_EXPIRE_HARD, VTUN_CAUSE_PACKETS },
	{ "time comes first", { 0, 1, 0, 1, 0, 1, 0, 1 }, { 9, 9, 9, 9, 9 },
	  VTUN_EXPIRE_HARD, VTUN_CAUSE_TIME },
	{ "then octets", { 0, 0, 0, 1, 0, 1, 0, 1 }, { 9, 9, 9, 9, 9 },
	  VTUN_EXPIRE_HARD, VTUN_CAUSE_BYTES },
	{ "then packets", { 0, 0, 0, 1, 0, 0, 0, 1 }, { 9, 9, 9, 9, 9 },
	  VTUN_EXPIRE_HARD, VTUN_CAUSE_PACKETS },
	{ "then idleness", { 0, 0, 1, 1 }, { 9, 9, 9, 9, 9 },
	  VTUN_EXPIRE_HARD, VTUN_CAUSE_IDLE },
	{ "and last the rate", { .soft_idle = 1, .margin = 1 }, { .idle = 1 },
	  VTUN_EXPIRE_SOFT, VTUN_CAUSE_IDLE },
};

static int test_cases(void)
{
	struct vtun_expiry e;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		e = vtun_lifetime_check(&cases[i].limits, &cases[i].now);
		if (e.level == cases[i].level && e.cause == cases[i].cause)
			continue;
		pr_err("vtun: lifetime: %s: level %d cause %d\n",
		       cases[i].name, e.level, e.cause);
		return -EINVAL;
	}
	return 0;
}

static int test_seq(void)
{
	struct vtun_limits limits = {};

	vtun_lifetime_set_seq(&limits, false);
	if (limits.soft_seq != 0xc0000000 || limits.hard_seq != U32_MAX)
		return -EINVAL;
	vtun_lifetime_set_seq(&limits, true);
	if (limits.soft_seq != 0xc000000000000000 ||
	    limits.hard_seq != U64_MAX)
		return -EINVAL;
	return 0;
}

/* as the packet path does it */
static struct vtun_expiry charge(struct vtun_meter *m,
				 const struct vtun_limits *limits, u64 packets,
				 u64 bytes, u64 now, bool soft_done)
{
	struct vtun_expiry none = {};

	if (!vtun_meter_is_free(m, packets, bytes, now))
		return vtun_meter_look(m, limits, packets, bytes, now,
				       soft_done);
	vtun_meter_add(m, packets, bytes);
	return none;
}

/* 0 half of the time */
static u64 dice(u32 sides)
{
	return get_random_u32() & 1 ? get_random_u32() % sides : 0;
}

/* one life with limits by lot, down to the hard end or 3000 packets */
static int test_life(u64 start)
{
	struct vtun_limits limits = {
		.soft_time = dice(3000), .hard_time = dice(6000),
		.soft_bytes = dice(200000), .hard_bytes = dice(400000),
		.soft_packets = dice(1000), .hard_packets = dice(3000),
		.hard_seq = start + 1 + dice(5000) + 3000,
	};
	u64 now = 1000, packets = 0, bytes = 0;
	struct vtun_expiry want, got;
	struct vtun_meter m;
	bool soft = false;
	int i;

	if (limits.hard_seq < start)
		limits.hard_seq = U64_MAX;
	limits.soft_seq = limits.hard_seq - 1000;
	vtun_meter_init(&m, start, now);
	vtun_meter_set_fence(&m, &limits, false);
	for (i = 0; i < 3000; i++) {
		u32 n = dice(10) + 1, len = n * (dice(500) + 1);
		struct vtun_usage use = {
			.bytes = bytes + len,
			.packets = packets + n,
			.seq = start + packets + n,
		};

		now += dice(5);
		use.age = now - 1000;
		want = vtun_lifetime_check(&limits, &use);
		if (use.seq < n)
			want = (struct vtun_expiry) { VTUN_EXPIRE_HARD,
						      VTUN_CAUSE_SEQUENCE };
		if (want.level == VTUN_EXPIRE_SOFT && soft)
			want = (struct vtun_expiry) {};
		got = charge(&m, &limits, n, len, now, soft);
		if (got.level != want.level || got.cause != want.cause)
			goto err_say;
		if (want.level == VTUN_EXPIRE_HARD)
			return 0;
		packets += n;
		bytes += len;
		if (m.count != start + packets || m.bytes != bytes)
			goto err_say;
		if (want.level) {
			soft = true;
			vtun_meter_set_fence(&m, &limits, true);
		}
	}
	return 0;

err_say:
	pr_err("vtun: meter: packet %d: level %d cause %d, wanted %d %d\n", i,
	       got.level, got.cause, want.level, want.cause);
	return -EINVAL;
}

/* a closed meter lets nothing pass, not even a packet of no octets */
static int test_closed(void)
{
	struct vtun_limits limits = {};
	struct vtun_meter m;

	vtun_meter_init(&m, 7, 1);
	if (vtun_meter_is_free(&m, 1, 0, 1))
		return -EINVAL;
	vtun_meter_set_fence(&m, &limits, false);
	if (!vtun_meter_is_free(&m, 1, U32_MAX, U32_MAX))
		return -EINVAL;
	vtun_meter_close(&m);
	return vtun_meter_is_free(&m, 1, 0, 0) ? -EINVAL : 0;
}

/*
 * An SA of @hard octets at @speed octets a second in packets of @len: the
 * announcement leaves @margin ms where there are so many, and does not come
 * earlier than after 85 % of the volume or half a margin before that.
 */
static int test_speed(u64 hard, u64 speed, u32 len, u32 margin)
{
	struct vtun_limits limits = { .hard_bytes = hard, .margin = margin };
	struct vtun_expiry e = {};
	u64 ns = 0, gap, left, most;
	struct vtun_meter m;

	gap = div64_u64((u64)len * NSEC_PER_SEC, speed);
	vtun_meter_init(&m, 0, 0);
	vtun_meter_set_fence(&m, &limits, false);
	while (!e.level) {
		ns += gap;
		/* a coarse clock */
		e = charge(&m, &limits, 1, len,
			   div64_u64(ns, 4 * NSEC_PER_MSEC) * 4, false);
	}
	left = div64_u64((hard - m.bytes) * MSEC_PER_SEC, speed);
	/* a quarter is what it takes to see how fast it begins */
	most = max_t(u64, margin + margin / 2,
		     div64_u64(hard * MSEC_PER_SEC, speed) * 15 / 100);
	if (e.level == VTUN_EXPIRE_SOFT && e.cause == VTUN_CAUSE_RATE &&
	    (left >= margin * 3 / 4 || m.bytes < hard / 3) && left <= most)
		return 0;
	pr_err("vtun: rate: %llu of %llu octets at %llu/s, margin %u: %llu ms left, level %d cause %d\n",
	       m.bytes, hard, speed, margin, left, e.level, e.cause);
	return -EINVAL;
}

static int test_speeds(void)
{
	u64 speed;
	int err = 0;

	/* 1 Mbit/s to 10 Gbit/s, 300 ms round trip; also a small volume */
	for (speed = 125000; speed <= 1250000000 && !err; speed *= 10) {
		err = test_speed(64 * SZ_1M, speed, 1400, 300) ?:
		      test_speed(64 * SZ_1M, speed, 1400, 3000);
		if (!err && speed <= 1250000)
			err = test_speed(5 * SZ_1M, speed, 1400, 300);
		if (!err && speed <= 12500000)
			err = test_speed(64 * SZ_1M, speed, 65000, 300);
	}
	return err;
}

/* a soft limit moved ahead counts again, one that was passed does not */
static int test_moved(void)
{
	struct vtun_limits limits = { .soft_packets = 10, .hard_packets = 30 };
	struct vtun_expiry e = {};
	struct vtun_meter m;
	bool soft;
	int i;

	vtun_meter_init(&m, 0, 0);
	vtun_meter_set_fence(&m, &limits, false);
	for (i = 1; i <= 30; i++) {
		e = charge(&m, &limits, 1, 100, 0, i > 10 && i <= 15);
		soft = e.level == VTUN_EXPIRE_SOFT;
		if (soft != (i == 10 || i == 20))
			return -EINVAL;
		if (i == 10)
			vtun_meter_set_fence(&m, &limits, true);
		if (i == 15) {
			limits.soft_packets = 20;
			vtun_meter_set_fence(&m, &limits, false);
		}
		if (i == 20)
			limits.soft_packets = 0;
	}
	e = charge(&m, &limits, 1, 100, 0, false);
	return e.level == VTUN_EXPIRE_HARD && m.count == 30 ? 0 : -EINVAL;
}

int vtun_selftest_lifetime(void)
{
	int err, i;

	err = test_cases() ?: test_seq() ?: test_closed() ?: test_moved() ?:
	      test_speeds();
	for (i = 0; i < 300 && !err; i++)
		err = test_life(i % 3 == 0 ? 0 : i % 3 == 1 ? U32_MAX - 2000 :
						 U64_MAX - 2000);
	return err;
}

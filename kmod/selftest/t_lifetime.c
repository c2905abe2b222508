// SPDX-License-Identifier: GPL-2.0-only
/* The decision about expiry as a table. */
#include "selftest.h"

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/printk.h>

#include "../lifetime.h"

static const struct {
	const char *name;
	struct vtun_limits limits;
	struct vtun_usage now;
	u8 level, cause;
} cases[] = {
	{ "nothing configured", {}, { 1, 1, 1, 1 } },
	{ "below all", { 5, 10, 5, 10, 5, 10, 5, 10 }, { 4, 4, 4, 4 } },
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
	{ "soft equals hard", { 0, 0, 10, 10 }, { .bytes = 10 },
	  VTUN_EXPIRE_SOFT, VTUN_CAUSE_BYTES },
	{ "hard wins over soft", { .soft_time = 1, .hard_packets = 1 },
	  { .age = 2, .packets = 2 }, VTUN_EXPIRE_HARD, VTUN_CAUSE_PACKETS },
	{ "time comes first", { 0, 1, 0, 1, 0, 1, 0, 1 }, { 9, 9, 9, 9 },
	  VTUN_EXPIRE_HARD, VTUN_CAUSE_TIME },
	{ "then octets", { 0, 0, 0, 1, 0, 1, 0, 1 }, { 9, 9, 9, 9 },
	  VTUN_EXPIRE_HARD, VTUN_CAUSE_BYTES },
	{ "then packets", { 0, 0, 0, 0, 0, 1, 0, 1 }, { 9, 9, 9, 9 },
	  VTUN_EXPIRE_HARD, VTUN_CAUSE_PACKETS },
};

int vtun_selftest_lifetime(void)
{
	struct vtun_limits limits = {};
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
	vtun_lifetime_set_seq(&limits, false);
	if (limits.soft_seq != 0xc0000000 || limits.hard_seq != U32_MAX)
		return -EINVAL;
	vtun_lifetime_set_seq(&limits, true);
	if (limits.soft_seq != 0xc000000000000000 ||
	    limits.hard_seq != U64_MAX)
		return -EINVAL;
	return 0;
}

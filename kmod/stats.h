/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_STATS_H
#define VTUN_STATS_H

#include <linux/atomic.h>
#include <uapi/linux/vtun.h>

struct sk_buff;

/**
 * struct vtun_drops - packets dropped, by reason
 * @n: indexed by enum vtun_drop. Drops are the rare path: one atomic each,
 *	shared by all CPUs, is cheaper than 25 per-CPU words per SA.
 */
struct vtun_drops {
	atomic64_t n[__VTUN_DROP_MAX];
};

static inline void vtun_drops_inc(struct vtun_drops *d, enum vtun_drop why)
{
	atomic64_inc(&d->n[why]);
}

static inline void vtun_drops_add(struct vtun_drops *d, enum vtun_drop why,
				  unsigned int count)
{
	atomic64_add(count, &d->n[why]);
}

#endif /* VTUN_STATS_H */

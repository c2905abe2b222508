/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_STATS_H
#define VTUN_STATS_H

#include <linux/atomic.h>
#include <uapi/linux/vtun.h>

/**
 * struct vtun_drops - packets dropped, by reason
 * @n: indexed by enum vtun_drop. Drops are the rare path: one atomic each,
 *	shared by all CPUs, is cheaper than 25 per-CPU words per SA. SAs and
 *	children have thousands of siblings and get theirs at the first drop.
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

/**
 * vtun_drops_note() - count at an object that may never have a drop
 * @d: its counters, NULL until the first drop; RCU or the object itself keeps
 *	them
 * @spare: counts instead while there is no memory
 * @why: reason
 * @count: packets
 *
 * Any context.
 */
void vtun_drops_note(struct vtun_drops **d, struct vtun_drops *spare,
		     enum vtun_drop why, unsigned int count);

const char *vtun_drop_name(enum vtun_drop why);
/*
 * Packets lost in one direction. What can happen in both counts as outbound;
 * dummy packets are no loss.
 */
u64 vtun_drops_sum(const struct vtun_drops *d, enum vtun_dir dir);

enum vtun_object {
	VTUN_OBJECT_DEVICE,
	VTUN_OBJECT_CHILD,
	VTUN_OBJECT_SA,
	VTUN_OBJECT_SOCKET,
	VTUN_OBJECTS
};

/* one more came to life or was freed: the parameter "objects" shows both */
void vtun_object_created(enum vtun_object type);
void vtun_object_destroyed(enum vtun_object type);

#endif /* VTUN_STATS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_METER_H
#define VTUN_METER_H

#include <linux/compiler.h>
#include <linux/types.h>

#include "lifetime.h"

/**
 * struct vtun_rate - how fast a volume is used up
 * @since: ms of CLOCK_BOOTTIME when the window began that is being measured
 * @then: volume at that time
 * @rate: a second, as of that time
 */
struct vtun_rate {
	u64 since, then, rate;
};

/**
 * struct vtun_fence - how far an SA may go before a limit needs a look
 * @count: last value of vtun_meter.count, never below it
 * @bytes: last value of vtun_meter.bytes, never below it
 * @time: ms of CLOCK_BOOTTIME, first that needs a look
 *
 * Limits are many and far away. The nearest of each kind is all that a packet
 * compares with; between two limits there are points where the rate is
 * measured, so that it costs nothing elsewhere.
 */
struct vtun_fence {
	u64 count, bytes, time;
};

/**
 * struct vtun_meter - what an SA has used up
 * @count: out: last sequence number handed out; in: packets
 * @bytes: octets of inner packets
 * @fence: where to look at the limits again
 * @start: @count at installation
 * @installed: ms of CLOCK_BOOTTIME
 * @bytes_rate: of @bytes
 * @count_rate: of @count
 *
 * vtun_sa.lock.
 */
struct vtun_meter {
	u64			count, bytes;
	struct vtun_fence	fence;
	u64			start, installed;
	struct vtun_rate	bytes_rate, count_rate;
};

/* begins at @start; the fence is closed until vtun_meter_set_fence() */
void vtun_meter_init(struct vtun_meter *m, u64 start, u64 now);

/* is this much certainly below every limit? */
static inline bool vtun_meter_is_free(const struct vtun_meter *m, u64 packets,
				      u64 bytes, u64 now)
{
	return packets <= m->fence.count - m->count &&
	       bytes <= m->fence.bytes - m->bytes && now < m->fence.time;
}

static inline void vtun_meter_add(struct vtun_meter *m, u64 packets, u64 bytes)
{
	m->count += packets;
	m->bytes += bytes;
}

/**
 * vtun_meter_look() - use more, where the fence is in the way
 * @m: meter
 * @limits: of the SA
 * @packets: to be added
 * @bytes: to be added
 * @now: ms of CLOCK_BOOTTIME
 * @soft_done: a soft expiry was announced already
 *
 * Return: level 0, or soft: it was added; hard: it was not.
 */
struct vtun_expiry vtun_meter_look(struct vtun_meter *m,
				   const struct vtun_limits *limits,
				   u64 packets, u64 bytes, u64 now,
				   bool soft_done);

/* after limits changed or a soft expiry was announced */
void vtun_meter_set_fence(struct vtun_meter *m,
			  const struct vtun_limits *limits, bool soft_done);
/* nothing is free any more */
void vtun_meter_close(struct vtun_meter *m);

/* consumption for vtun_lifetime_check(), idle time left out */
void vtun_meter_read(const struct vtun_meter *m,
		     const struct vtun_limits *limits, u64 now,
		     struct vtun_usage *usage);

#endif /* VTUN_METER_H */

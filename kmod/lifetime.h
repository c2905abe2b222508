/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_LIFETIME_H
#define VTUN_LIFETIME_H

#include <linux/atomic.h>
#include <linux/hrtimer.h>
#include <linux/types.h>
#include <uapi/linux/vtun.h>

/* configured limits, RFC 4301 4.4.2.1; 0 = no limit. Times in ms. */
struct vtun_limits {
	u64 soft_time, hard_time;
	u64 soft_bytes, hard_bytes;
	u64 soft_packets, hard_packets;
	u64 soft_seq, hard_seq; /* last number that may be sent; from ESN */
};

/* consumption so far */
struct vtun_usage {
	u64 age; /* ms of CLOCK_BOOTTIME since installation */
	u64 bytes, packets, seq;
};

/* verdict of the one function that decides expiry */
struct vtun_expiry {
	enum vtun_expire_level level;	/* 0 = nothing expired */
	enum vtun_expire_cause cause;
};

/**
 * vtun_lifetime_check() - decide soft and hard expiry
 * @limits: configured
 * @now: consumption including what is about to be used
 *
 * The only place where (configured, current, now) becomes a verdict; the timer
 * and the packet path both call it. A hard limit of N allows exactly N; a soft
 * limit of N fires when N is reached. Hard wins over soft; among several causes
 * the order is time, bytes, packets, sequence. Pure: any context.
 */
struct vtun_expiry vtun_lifetime_check(const struct vtun_limits *limits,
				       const struct vtun_usage *now);

/* fills soft_seq and hard_seq for 32- or 64-bit numbers */
void vtun_lifetime_set_seq(struct vtun_limits *limits, bool esn);

/* ms of CLOCK_BOOTTIME; exact, and good to a tick but cheap */
u64 vtun_lifetime_now(void);
u64 vtun_lifetime_now_coarse(void);

struct vtun_sa;

/* The timer of an SA: time limits, standby deadline, larval end. */
void vtun_lifetime_timer_init(struct vtun_sa *sa);
/* arms it for whatever comes first; vtun_net.lock, not after @dead */
void vtun_lifetime_timer_start(struct vtun_sa *sa);

#endif /* VTUN_LIFETIME_H */

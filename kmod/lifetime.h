/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_LIFETIME_H
#define VTUN_LIFETIME_H

#include <linux/atomic.h>
#include <linux/hrtimer.h>
#include <linux/types.h>
#include <uapi/linux/vtun.h>

struct netlink_ext_ack;
struct vtun_sa;

/**
 * struct vtun_limits - configured lifetimes, RFC 4301 4.4.2.1; 0 = no limit
 * @soft_time: ms of CLOCK_BOOTTIME since installation
 * @hard_time: likewise
 * @soft_idle: ms without a packet, counted from installation
 * @hard_idle: likewise
 * @soft_bytes: octets of inner packets
 * @hard_bytes: likewise
 * @soft_packets: packets
 * @hard_packets: likewise
 * @margin: soft expiry when, at the rate seen, less than so many ms are left
 *	until @hard_bytes or @hard_packets
 * @soft_seq: last numbers that may be sent; from ESN, not configured
 * @hard_seq: likewise
 */
struct vtun_limits {
	u64 soft_time, hard_time;
	u64 soft_idle, hard_idle;
	u64 soft_bytes, hard_bytes;
	u64 soft_packets, hard_packets;
	u32 margin;
	u64 soft_seq, hard_seq;
};

/**
 * struct vtun_usage - consumption so far
 * @age: ms of CLOCK_BOOTTIME since installation
 * @bytes: octets of inner packets
 * @packets: packets
 * @seq: out: last number handed out; in: highest one seen
 * @idle: ms since the last packet, or since installation
 * @remain: ms until a hard volume limit at the rate seen, U64_MAX = unknown
 */
struct vtun_usage {
	u64 age;
	u64 bytes, packets, seq;
	u64 idle, remain;
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
 * limit of N fires when N is reached. Hard wins over soft; several causes have
 * the order of enum vtun_expire_cause. Pure: any context.
 */
struct vtun_expiry vtun_lifetime_check(const struct vtun_limits *limits,
				       const struct vtun_usage *now);

/* fills soft_seq and hard_seq for 32- or 64-bit numbers */
void vtun_lifetime_set_seq(struct vtun_limits *limits, bool esn);

/* ms of CLOCK_BOOTTIME; exact, and good to a tick but cheap */
u64 vtun_lifetime_now(void);
u64 vtun_lifetime_now_coarse(void);

/**
 * vtun_sa_set_limits() - give an installed SA other lifetimes
 * @sa: not larval
 * @limits: all of them as they shall be; @soft_seq and @hard_seq do not matter
 * @extack: says what is wrong
 *
 * Whole or not at all. A soft expiry that was announced is forgotten when no
 * soft limit is reached under the new ones: it will be announced again. An SA
 * that expired hard stays so. vtun_net.ctl.
 *
 * Return: 0, -EKEYEXPIRED, -EINVAL.
 */
int vtun_sa_set_limits(struct vtun_sa *sa, const struct vtun_limits *limits,
		       struct netlink_ext_ack *extack);

/* The timer of an SA: time limits, standby deadline, larval end. */
void vtun_lifetime_timer_init(struct vtun_sa *sa);
/* arms it for whatever comes first; vtun_net.lock, not after @dead */
void vtun_lifetime_timer_start(struct vtun_sa *sa);

#endif /* VTUN_LIFETIME_H */

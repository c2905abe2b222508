/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTBENCH_H
#define VTBENCH_H

#include <linux/completion.h>
#include <linux/skbuff.h>
#include <linux/types.h>

#include "compat.h"

/* packets between two readings of the clock */
#define BENCH_BURST	64

enum bench_kind {
	BENCH_UDP,		/* one datagram */
	BENCH_TCPGSO,		/* super-packet of TCP segments */
	BENCH_UDPGSO,		/* super-packet of UDP datagrams */
};

/**
 * struct bench_job - what a command asks for
 * @kind: of packets
 * @size: octets of an inner packet, IP header included; of a segment of a
 *	super-packet
 * @count: packets or super-packets to send
 * @src: inner source address, host byte order
 * @dst: inner destination address of the first target
 * @dsts: targets: consecutive multiples of @step behind @dst
 * @step: distance of two targets
 * @dport: destination port of the first flow
 * @flows: five-tuples per target, by source port
 * @cpus: that send at once
 * @policy: look up the route with protocol and ports, so that policies of XFRM
 *	find their packets
 * @suite: primitive to measure
 * @store: keep what came out for a replay
 */
struct bench_job {
	enum bench_kind kind;
	u32 size, count;
	u32 src, dst, dsts, step;
	u32 dport, flows, cpus;
	bool policy, store;
	char suite[16];
};

/**
 * struct bench_result - what a command answers
 * @packets: on the wire, or out of the tunnel
 * @insns: instructions they took, if the clock counts these
 * @lost: packets that never arrived
 * @extra: packets nobody had sent: duplicates
 */
struct bench_result {
	u64 packets, insns, lost, extra;
};

/**
 * struct bench_gauge - counts packets at one place and stops the clock
 * @seen: packets so far
 * @want: the last of these stops the clock
 * @stop: reading of the clock at that packet
 * @done: completed then
 */
struct bench_gauge {
	u64 seen, want, stop;
	struct completion done;
};

static inline void bench_gauge_count(struct bench_gauge *g, unsigned int n)
{
	bool before = g->seen < g->want;

	g->seen += n;
	if (before && g->seen >= g->want) {
		g->stop = rdtsc_ordered();
		complete(&g->done);
	}
}

static inline unsigned int bench_packets_of(const struct sk_buff *skb)
{
	return max_t(unsigned int, 1, skb_shinfo(skb)->gso_segs);
}

/*
 * No-operations that a profiler in the emulator knows: it counts between start
 * and stop, and writes down and forgets what it counted at a page end.
 */
enum {
	BENCH_MARK_STOP = 0x78,
	BENCH_MARK_PAGE,
	BENCH_MARK_ENCAP,
	BENCH_MARK_DECAP,
	BENCH_MARK_FLOOR,
};

static __always_inline void bench_mark(const int what)
{
	asm volatile(".byte 0x0f,0x1f,0x84,0x00,%c0,0x56,0x34,0x12" : :
		     "i" (what));
}

static __always_inline u64 bench_start(const int what)
{
	bench_mark(what);
	return rdtsc_ordered();
}

/* link.c */
extern struct net_device *bench_ends[2];
extern struct bench_gauge bench_out;
extern struct sk_buff_head bench_store;
extern bool bench_storing, bench_dropping, bench_counting;
int bench_link_init(void);
void bench_link_exit(void);

/* make.c */
struct sk_buff *bench_make(const struct bench_job *job, u32 nr);
unsigned int bench_segments(const struct bench_job *job);
int bench_make_init(void);
void bench_make_exit(void);

/* measure.c; RTNL not held, process context */
int bench_encap(const struct bench_job *job, struct bench_result *res);
int bench_decap(const struct bench_job *job, struct bench_result *res);
int bench_send(struct net *net, const struct bench_job *job,
	       struct sk_buff *skb);

/* scaling.c; RTNL not held, process context */
int bench_scaling(const struct bench_job *job, struct bench_result *res);
void bench_scaling_count(unsigned int n);

/* floor.c */
int bench_floor(const struct bench_job *job, struct bench_result *res);

#endif /* VTBENCH_H */

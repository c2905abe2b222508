/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_TS_H
#define VTUN_TS_H

#include <linux/in6.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <uapi/linux/vtun.h>

struct sk_buff;

/**
 * struct vtun_ts - one traffic selector, RFC 4301 4.4.1.1
 * @family: AF_INET or AF_INET6
 * @proto: 0 = any
 * @port_start: with @port_end, host byte order; 0..65535 = any
 * @start: first address; IPv4 in s6_addr32[0]
 * @end: last address
 */
struct vtun_ts {
	u8 family, proto;
	u16 port_start, port_end;
	struct in6_addr start, end;
};

/**
 * struct vtun_flow - what selectors look at in an inner packet
 * @family: AF_INET or AF_INET6
 * @proto: upper-layer protocol, behind IPv6 extension headers; of a later
 *	fragment of IPv6 what it claims
 * @ports: @sport and @dport are known: the protocol has some, and this is not
 *	a fragment without them
 * @fragment: a fragment other than the first one, or a first one that leaves to
 *	the next what selectors look at
 * @sport: host byte order; ICMP: type and code in both (RFC 4301 4.4.1.1)
 * @src: IPv4 in s6_addr32[0]
 */
struct vtun_flow {
	u8 family, proto;
	bool ports, fragment;
	u16 sport, dport;
	struct in6_addr src, dst;
};

/* does selecting by port make sense for @proto? */
bool vtun_ts_has_ports(u8 proto);
static inline bool vtun_ts_any_port(const struct vtun_ts *ts)
{
	return !ts->port_start && ts->port_end == U16_MAX;
}

/* from a packet whose IP header was validated, network header set */
void vtun_flow_parse(struct vtun_flow *flow, const struct sk_buff *skb);

/* the same flow as the other end sees it */
static inline void vtun_flow_swap(struct vtun_flow *flow)
{
	swap(flow->src, flow->dst);
	swap(flow->sport, flow->dport);
}

/* is @addr with @port, one end of @flow, inside @ts? */
bool vtun_ts_covers(const struct vtun_ts *ts, const struct vtun_flow *flow,
		    const struct in6_addr *addr, u16 port);
/* bits of the number of addresses behind the first one: 0 = one, 8 = a /24 */
unsigned int vtun_ts_width(const struct vtun_ts *ts);

/**
 * struct vtun_selectors - what a child may carry
 * @n_local: selectors in @local, 0 = any
 * @n_remote: likewise
 * @local: RFC 4301 "local" side: inner source when sending; in @ts
 * @remote: inner destination when sending; in @ts
 * @rcu: to free it
 * @ts: both sides
 *
 * Never changes; vtun_child.ts points to it and is replaced as a whole: written
 * under vtun_net.ctl, read under RCU.
 */
struct vtun_selectors {
	u8 n_local, n_remote;
	const struct vtun_ts *local, *remote;
	struct rcu_head rcu;
	struct vtun_ts ts[];
};

/* copies both sides; process context; NULL: no memory */
struct vtun_selectors *vtun_selectors_new(const struct vtun_ts *local,
					  u8 n_local,
					  const struct vtun_ts *remote,
					  u8 n_remote);
static inline void vtun_selectors_free(struct vtun_selectors *ts)
{
	if (ts)
		kfree_rcu(ts, rcu);
}

/* do they leave everything open? */
static inline bool vtun_selectors_any(const struct vtun_selectors *ts)
{
	return !ts->n_local && !ts->n_remote;
}

/* do some of them look at ports, which fragments but the first do not have? */
bool vtun_selectors_port(const struct vtun_selectors *ts);

/* is the packet inside the selectors? @dir as for vtun_child_match() */
bool vtun_selectors_match(const struct vtun_selectors *ts,
			  const struct vtun_flow *flow, enum vtun_dir dir);

/* of two pairs the one with the lower order is more specific; NULL: any */
u64 vtun_ts_order(const struct vtun_ts *local, const struct vtun_ts *remote);

#endif /* VTUN_TS_H */

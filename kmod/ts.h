/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_TS_H
#define VTUN_TS_H

#include <linux/in6.h>
#include <linux/limits.h>
#include <linux/types.h>
#include <uapi/linux/vtun.h>

struct sk_buff;
struct vtun_child;

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
 * @proto: upper-layer protocol, behind IPv6 extension headers
 * @ports: @sport and @dport are known: the protocol has some, and this is not
 *	a fragment without them
 * @sport: host byte order; ICMP: type and code in both (RFC 4301 4.4.1.1)
 * @src: IPv4 in s6_addr32[0]
 */
struct vtun_flow {
	u8 family, proto;
	bool ports;
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

/* is the packet inside the selectors? @dir as for vtun_child_match() */
bool vtun_child_match_flow(const struct vtun_child *child,
			   const struct vtun_flow *flow, enum vtun_dir dir);

/* order of children on a device: < 0 when @a is more specific than @b */
int vtun_child_compare(const struct vtun_child *a, const struct vtun_child *b);

#endif /* VTUN_TS_H */

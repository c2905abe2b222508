// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traffic selectors, RFC 4301 4.4.1.1 and RFC 7296 3.13.1.
 *
 * Of the children of a device the one with the most specific pair of a local
 * and a remote selector around the packet gets it: where the remote one covers
 * fewer addresses, then where the local one does, then where a protocol or
 * ports are named, then the child with the lower id. A side without selectors
 * is wider than any selector.
 */
#include "ts.h"

#include <linux/bitops.h>
#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/ipv6.h>

/* width of "any address of any family", wider than all of IPv6 */
#define WIDTH_ANY	129

bool vtun_ts_has_ports(u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return true;
	}
	return false;
}

static void parse_ports(struct vtun_flow *flow, const struct sk_buff *skb,
			int offset)
{
	const u8 *p;
	u8 buf[4];

	if (!vtun_ts_has_ports(flow->proto))
		return;
	if (flow->proto == IPPROTO_ICMP || flow->proto == IPPROTO_ICMPV6) {
		p = skb_header_pointer(skb, offset, 2, buf);
		if (!p)
			return;
		flow->sport = p[0] << 8 | p[1];
		flow->dport = flow->sport;
	} else {
		p = skb_header_pointer(skb, offset, 4, buf);
		if (!p)
			return;
		flow->sport = p[0] << 8 | p[1];
		flow->dport = p[2] << 8 | p[3];
	}
	flow->ports = true;
}

static void parse_ipv4(struct vtun_flow *flow, const struct sk_buff *skb)
{
	const struct iphdr *ip = ip_hdr(skb);

	flow->family = AF_INET;
	flow->proto = ip->protocol;
	flow->src.s6_addr32[0] = ip->saddr;
	flow->dst.s6_addr32[0] = ip->daddr;
	flow->fragment = ip->frag_off & htons(IP_OFFSET);
	if (!flow->fragment)
		parse_ports(flow, skb, skb_network_offset(skb) + ip->ihl * 4);
}

static void parse_ipv6(struct vtun_flow *flow, const struct sk_buff *skb)
{
	const struct ipv6hdr *ip = ipv6_hdr(skb);
	struct frag_hdr buf;
	const struct frag_hdr *frag;
	__be16 frag_off = 0;
	int offset;

	flow->family = AF_INET6;
	flow->proto = ip->nexthdr;
	flow->src = ip->saddr;
	flow->dst = ip->daddr;
	offset = ipv6_skip_exthdr(skb, skb_network_offset(skb) + sizeof(*ip),
				  &flow->proto, &frag_off);
	if (!(frag_off & htons(IP6_OFFSET))) {
		if (offset >= 0)
			parse_ports(flow, skb, offset);
		/* a first one that hides what the next one has, RFC 7112 5 */
		flow->fragment = frag_off && !flow->ports &&
				 (offset < 0 || vtun_ts_has_ports(flow->proto));
		return;
	}
	flow->fragment = true;
	/*
	 * What its own header says need not be so: the first fragment decides,
	 * and options there hide the protocol here (RFC 8200 4.5).
	 */
	if (offset < 0 || flow->proto != NEXTHDR_FRAGMENT)
		return;
	frag = skb_header_pointer(skb, offset, sizeof(buf), &buf);
	if (frag)
		flow->proto = frag->nexthdr;
}

void vtun_flow_parse(struct vtun_flow *flow, const struct sk_buff *skb)
{
	memset(flow, 0, sizeof(*flow));
	if (ip_hdr(skb)->version == 4)
		parse_ipv4(flow, skb);
	else
		parse_ipv6(flow, skb);
}

static int compare_addr(u8 family, const struct in6_addr *a,
			const struct in6_addr *b)
{
	u32 x, y;

	if (family == AF_INET6)
		return memcmp(a, b, sizeof(*a));
	x = be32_to_cpu(a->s6_addr32[0]);
	y = be32_to_cpu(b->s6_addr32[0]);
	return x < y ? -1 : x > y;
}

bool vtun_ts_covers(const struct vtun_ts *ts, const struct vtun_flow *flow,
		    const struct in6_addr *addr, u16 port)
{
	if (ts->family != flow->family ||
	    (ts->proto && ts->proto != flow->proto))
		return false;
	if (!vtun_ts_any_port(ts) &&
	    (!flow->ports || port < ts->port_start || port > ts->port_end))
		return false;
	return compare_addr(ts->family, &ts->start, addr) <= 0 &&
	       compare_addr(ts->family, addr, &ts->end) <= 0;
}

static bool side_covers(const struct vtun_ts *ts, unsigned int n,
			const struct vtun_flow *flow,
			const struct in6_addr *addr, u16 port)
{
	unsigned int i;

	if (!n)
		return true;
	for (i = 0; i < n; i++)
		if (vtun_ts_covers(&ts[i], flow, addr, port))
			return true;
	return false;
}

bool vtun_selectors_match(const struct vtun_selectors *ts,
			  const struct vtun_flow *flow, enum vtun_dir dir)
{
	bool out = dir == VTUN_DIR_OUT;

	return side_covers(ts->local, ts->n_local, flow,
			   out ? &flow->src : &flow->dst,
			   out ? flow->sport : flow->dport) &&
	       side_covers(ts->remote, ts->n_remote, flow,
			   out ? &flow->dst : &flow->src,
			   out ? flow->dport : flow->sport);
}

unsigned int vtun_ts_width(const struct vtun_ts *ts)
{
	int i = ts->family == AF_INET ? 0 : 3, last = i;
	unsigned int width = 0;
	bool borrow = false;
	u64 start, end;

	for (; i >= 0; i--) {
		start = (u64)be32_to_cpu(ts->start.s6_addr32[i]) + borrow;
		end = be32_to_cpu(ts->end.s6_addr32[i]);
		borrow = end < start;
		if ((u32)(end - start))
			width = (last - i) * 32 + fls((u32)(end - start));
	}
	return width;
}

u64 vtun_ts_order(const struct vtun_ts *local, const struct vtun_ts *remote)
{
	const struct vtun_ts *sides[] = { remote, local };
	unsigned int open = 0, i;
	u64 order = 0;

	for (i = 0; i < ARRAY_SIZE(sides); i++) {
		order = order << 8 |
			(sides[i] ? vtun_ts_width(sides[i]) : WIDTH_ANY);
		open += sides[i] ? !sides[i]->proto +
				   vtun_ts_any_port(sides[i]) : 3;
	}
	return order << 8 | open;
}

bool vtun_selectors_port(const struct vtun_selectors *ts)
{
	unsigned int i;

	for (i = 0; i < ts->n_local + ts->n_remote; i++)
		if (!vtun_ts_any_port(&ts->ts[i]))
			return true;
	return false;
}

struct vtun_selectors *vtun_selectors_new(const struct vtun_ts *local,
					  u8 n_local,
					  const struct vtun_ts *remote,
					  u8 n_remote)
{
	struct vtun_selectors *new;

	new = kzalloc(struct_size(new, ts, n_local + n_remote),
		      GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	new->n_local = n_local;
	new->n_remote = n_remote;
	memcpy(new->ts, local, n_local * sizeof(*local));
	memcpy(new->ts + n_local, remote, n_remote * sizeof(*remote));
	new->local = new->ts;
	new->remote = new->ts + n_local;
	return new;
}

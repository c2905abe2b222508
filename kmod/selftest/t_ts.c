// SPDX-License-Identifier: GPL-2.0-only
/*
 * Selectors against a naive second opinion that compares octet by octet, the
 * order of their pairs against a search for the narrowest, and what is seen of
 * fragments of IPv6.
 */
#include "selftest.h"

#include <linux/errno.h>
#include <linux/ipv6.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/ipv6.h>

#include "../child.h"
#include "../ts.h"

#define CHILDREN	24
#define FLOWS		4000
#define SELECTORS	3

struct fixture {
	struct vtun_child child[CHILDREN];
	struct vtun_selectors *ts[CHILDREN];
};

/* a pair of selectors that covers a flow */
struct covering {
	int child, remote, local;	/* widths as naive_width() has them */
	u64 order;
};

/* few values, so that selectors overlap and borders are hit */
static void random_addr(struct in6_addr *addr, u8 family)
{
	static const u8 octets[] = { 0, 1, 2, 127, 128, 254, 255 };
	unsigned int len = family == AF_INET ? 4 : 16, i;

	memset(addr, 0, sizeof(*addr));
	addr->s6_addr[0] = 10;
	for (i = 1; i < len; i++)
		if (i < 2 || i > len - 3)
			addr->s6_addr[i] = octets[get_random_u32() %
						  ARRAY_SIZE(octets)];
}

static u8 random_proto(void)
{
	static const u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP,
				     IPPROTO_ESP };

	return protos[get_random_u32() % ARRAY_SIZE(protos)];
}

static u16 random_port(void)
{
	static const u16 ports[] = { 0, 1, 80, 443, 1024, 65534, 65535 };

	return ports[get_random_u32() % ARRAY_SIZE(ports)];
}

static void random_ts(struct vtun_ts *ts)
{
	u16 port;

	ts->family = get_random_u32() & 1 ? AF_INET : AF_INET6;
	random_addr(&ts->start, ts->family);
	random_addr(&ts->end, ts->family);
	if (memcmp(&ts->start, &ts->end, sizeof(ts->start)) > 0)
		swap(ts->start, ts->end);
	ts->proto = get_random_u32() & 1 ? random_proto() : 0;
	ts->port_start = 0;
	ts->port_end = U16_MAX;
	if (!vtun_ts_has_ports(ts->proto) || get_random_u32() & 1)
		return;
	ts->port_start = random_port();
	ts->port_end = random_port();
	if (ts->port_start > ts->port_end) {
		port = ts->port_start;
		ts->port_start = ts->port_end;
		ts->port_end = port;
	}
}

static struct vtun_selectors *random_selectors(void)
{
	u8 n_local = get_random_u32() % (SELECTORS + 1);
	u8 n_remote = get_random_u32() % (SELECTORS + 1);
	struct vtun_ts ts[2 * SELECTORS];
	unsigned int i;

	memset(ts, 0, sizeof(ts));
	for (i = 0; i < n_local + n_remote; i++)
		random_ts(&ts[i]);
	return vtun_selectors_new(ts, n_local, ts + n_local, n_remote);
}

static int random_children(struct fixture *f)
{
	struct vtun_child *child;
	unsigned int i;

	for (i = 0; i < CHILDREN; i++) {
		kfree(f->ts[i]);
		f->ts[i] = random_selectors();
		if (!f->ts[i])
			return -ENOMEM;
		child = &f->child[i];
		child->id = i + 1;
		RCU_INIT_POINTER(child->ts, f->ts[i]);
	}
	return 0;
}

static void random_flow(struct vtun_flow *flow)
{
	flow->family = get_random_u32() & 1 ? AF_INET : AF_INET6;
	random_addr(&flow->src, flow->family);
	random_addr(&flow->dst, flow->family);
	flow->proto = random_proto();
	flow->ports = vtun_ts_has_ports(flow->proto) && get_random_u32() % 4;
	flow->sport = random_port();
	flow->dport = random_port();
}

/* -1, 0, 1; an IPv4 address is followed by zeros in either operand */
static int naive_compare(const struct in6_addr *a, const struct in6_addr *b)
{
	int i;

	for (i = 0; i < 16; i++)
		if (a->s6_addr[i] != b->s6_addr[i])
			return a->s6_addr[i] < b->s6_addr[i] ? -1 : 1;
	return 0;
}

static bool naive_covers(const struct vtun_ts *ts,
			 const struct vtun_flow *flow,
			 const struct in6_addr *addr, u16 port)
{
	bool whole = ts->port_start == 0 && ts->port_end == 65535;

	return ts->family == flow->family &&
	       (ts->proto == 0 || ts->proto == flow->proto) &&
	       naive_compare(addr, &ts->start) >= 0 &&
	       naive_compare(addr, &ts->end) <= 0 &&
	       (whole || (flow->ports && port >= ts->port_start &&
			  port <= ts->port_end));
}

/* bits of the distance of both ends, octet by octet; NULL = any */
static int naive_width(const struct vtun_ts *ts)
{
	int octets, i, digit, borrow = 0, width = 0;

	if (!ts)
		return 129;
	octets = ts->family == AF_INET ? 4 : 16;
	for (i = octets - 1; i >= 0; i--) {
		digit = ts->end.s6_addr[i] - ts->start.s6_addr[i] - borrow;
		borrow = digit < 0;
		digit &= 0xff;
		if (digit)
			width = (octets - 1 - i) * 8 + fls(digit);
	}
	return width;
}

static bool is_worse(const struct covering *a, const struct covering *b)
{
	return a->remote != b->remote ? a->remote > b->remote :
					a->local > b->local;
}

/* the pairs of child @i that cover @flow: how many, the first and narrowest */
static int naive_child(struct fixture *f, unsigned int i,
		       const struct vtun_flow *flow, struct covering *first,
		       struct covering *narrowest)
{
	const struct vtun_selectors *ts = f->ts[i];
	const struct vtun_ts *local, *remote;
	struct covering pair = { .child = i + 1 };
	int j, k, n = 0;

	for (j = 0; j < max_t(int, ts->n_local, 1); j++) {
		local = ts->n_local ? &ts->local[j] : NULL;
		if (local &&
		    !naive_covers(local, flow, &flow->src, flow->sport))
			continue;
		for (k = 0; k < max_t(int, ts->n_remote, 1); k++) {
			remote = ts->n_remote ? &ts->remote[k] : NULL;
			if (remote && !naive_covers(remote, flow, &flow->dst,
						    flow->dport))
				continue;
			pair.local = naive_width(local);
			pair.remote = naive_width(remote);
			pair.order = vtun_ts_order(local, remote);
			if (!first->child || pair.order < first->order)
				*first = pair;
			if (!narrowest->child || is_worse(narrowest, &pair))
				*narrowest = pair;
			n++;
		}
	}
	return n;
}

/* no pair may be narrower than the one that comes first by its order */
static int check_flow(struct fixture *f, const struct vtun_flow *flow)
{
	struct covering first = { }, narrowest = { };
	bool got, want;
	unsigned int i;

	for (i = 0; i < CHILDREN; i++) {
		got = vtun_selectors_match(f->ts[i], flow, VTUN_DIR_OUT);
		want = naive_child(f, i, flow, &first, &narrowest);
		if (got != want) {
			pr_err("vtun: ts: child %u matches %d, not %d\n",
			       i + 1, got, want);
			return -EINVAL;
		}
	}
	if (first.child && is_worse(&first, &narrowest)) {
		pr_err("vtun: ts: a selector of child %d is narrower than that of %d\n",
		       narrowest.child, first.child);
		return -EINVAL;
	}
	return 0;
}

/* what comes in is what would go out with both ends exchanged */
static int check_mirror(struct fixture *f, const struct vtun_flow *flow)
{
	struct vtun_flow back = *flow;
	unsigned int i;

	swap(back.src, back.dst);
	swap(back.sport, back.dport);
	for (i = 0; i < CHILDREN; i++)
		if (vtun_selectors_match(f->ts[i], flow, VTUN_DIR_OUT) !=
		    vtun_selectors_match(f->ts[i], &back, VTUN_DIR_IN))
			return -EINVAL;
	return 0;
}

#define DST	NEXTHDR_DEST
#define FRAG	NEXTHDR_FRAGMENT
#define TCP	NEXTHDR_TCP

/**
 * struct fragment_case - what is seen of an IPv6 packet
 * @name: of the case
 * @next: next header of the IPv6 header
 * @head: what follows it, @len octets
 * @len: see @head
 * @proto: what is to be seen, as all below
 * @ports: likewise
 * @fragment: likewise
 */
struct fragment_case {
	const char *name;
	u8 next, head[24], len, proto;
	bool ports, fragment;
};

static const struct fragment_case fragment_cases[] = {
	{ "whole", TCP, { 0, 80, 1, 187 }, 4, TCP, true },
	{ "options", DST, { TCP, 0, 1, 4, 0, 0, 0, 0, 0, 80, 1, 187 }, 12, TCP,
	  true },
	{ "first", FRAG, { TCP, 0, 0, 1, 1, 2, 3, 4, 0, 80, 1, 187 }, 12, TCP,
	  true },
	{ "first, ports cut off", FRAG, { TCP, 0, 0, 1, 1, 2, 3, 4, 0, 80 }, 10,
	  TCP, false, true },
	{ "first, options alone", FRAG, { DST, 0, 0, 1, 1, 2, 3, 4, TCP, 1 },
	  10, TCP, false, true },
	{ "first, cut in options", FRAG, { DST, 0, 0, 1, 1, 2, 3, 4, TCP }, 9,
	  FRAG, false, true },
	{ "first, no ports", FRAG, { 50, 0, 0, 1, 1, 2, 3, 4 }, 8, 50 },
	{ "later", FRAG, { TCP, 0, 0, 8, 1, 2, 3, 4, 0, 80, 1, 187 }, 12, TCP,
	  false, true },
	{ "later, options", FRAG, { DST, 0, 0, 8, 1, 2, 3, 4, 0, 80, 1, 187 },
	  12, DST, false, true },
	{ "atomic", FRAG, { TCP, 0, 0, 0, 1, 2, 3, 4, 0, 80, 1, 187 }, 12, TCP,
	  true },
};

static int check_fragment(const struct fragment_case *c)
{
	struct ipv6hdr *ip6h;
	struct vtun_flow flow;
	struct sk_buff *skb;

	skb = alloc_skb(sizeof(*ip6h) + sizeof(c->head), GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	skb_reset_network_header(skb);
	ip6h = skb_put_zero(skb, sizeof(*ip6h));
	ip6h->version = 6;
	ip6h->nexthdr = c->next;
	ip6h->payload_len = htons(c->len);
	skb_put_data(skb, c->head, c->len);
	vtun_flow_parse(&flow, skb);
	kfree_skb(skb);
	if (flow.proto == c->proto && flow.ports == c->ports &&
	    flow.fragment == c->fragment &&
	    flow.dport == (c->ports ? 443 : 0))
		return 0;
	pr_err("vtun: ts: %s: protocol %u, ports %d %u, fragment %d\n", c->name,
	       flow.proto, flow.ports, flow.dport, flow.fragment);
	return -EINVAL;
}

int vtun_selftest_ts(void)
{
	struct vtun_flow flow;
	struct fixture *f;
	unsigned int i;
	int err = 0;

	f = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;
	for (i = 0; i < FLOWS && !err; i++) {
		if (i % 100 == 0)
			err = random_children(f);
		random_flow(&flow);
		err = err ?: check_flow(f, &flow) ?: check_mirror(f, &flow);
	}
	for (i = 0; i < ARRAY_SIZE(fragment_cases) && !err; i++)
		err = check_fragment(&fragment_cases[i]);
	for (i = 0; i < CHILDREN; i++)
		kfree(f->ts[i]);
	kfree(f);
	return err;
}

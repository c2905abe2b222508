// SPDX-License-Identifier: GPL-2.0-only
/*
 * Selectors against a naive second opinion that compares octet by octet, and
 * the order of children against a search for the narrowest of all that match.
 */
#include "selftest.h"

#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "../child.h"
#include "../ts.h"

#define CHILDREN	24
#define FLOWS		4000
#define SELECTORS	3

struct fixture {
	struct vtun_child child[CHILDREN];
	struct vtun_selectors *ts[CHILDREN];
	struct list_head sorted;
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

static void insert_sorted(struct fixture *f, struct vtun_child *child)
{
	struct list_head *before = &f->sorted;
	struct vtun_child *other;

	list_for_each_entry(other, &f->sorted, dev_node) {
		if (vtun_selectors_compare(f->ts[child->id - 1],
					   f->ts[other->id - 1]) < 0) {
			before = &other->dev_node;
			break;
		}
	}
	list_add_tail(&child->dev_node, before);
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

	INIT_LIST_HEAD(&f->sorted);
	for (i = 0; i < CHILDREN; i++) {
		kfree(f->ts[i]);
		f->ts[i] = random_selectors();
		if (!f->ts[i])
			return -ENOMEM;
		child = &f->child[i];
		child->id = i + 1;
		RCU_INIT_POINTER(child->ts, f->ts[i]);
		insert_sorted(f, child);
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

static bool naive_side(const struct vtun_ts *ts, unsigned int n, u8 family,
		       u8 proto, const struct in6_addr *addr, bool ports,
		       u16 port)
{
	unsigned int i;
	bool whole;

	for (i = 0; i < n; i++) {
		whole = ts[i].port_start == 0 && ts[i].port_end == 65535;
		if (ts[i].family == family &&
		    (ts[i].proto == 0 || ts[i].proto == proto) &&
		    naive_compare(addr, &ts[i].start) >= 0 &&
		    naive_compare(addr, &ts[i].end) <= 0 &&
		    (whole || (ports && port >= ts[i].port_start &&
			       port <= ts[i].port_end)))
			return true;
	}
	return n == 0;
}

/* the widest selector of a side, as the number of its low bits that vary */
static int naive_width(const struct vtun_ts *ts, unsigned int n)
{
	int widest = n ? 0 : 129, bits, bit, first;
	unsigned int i;

	for (i = 0; i < n; i++) {
		bits = ts[i].family == AF_INET ? 32 : 128;
		for (first = 0; first < bits; first++) {
			bit = 0x80 >> first % 8;
			if ((ts[i].start.s6_addr[first / 8] & bit) !=
			    (ts[i].end.s6_addr[first / 8] & bit))
				break;
		}
		widest = max(widest, bits - first);
	}
	return widest;
}

/* no matching child may be narrower than the one the order found first */
static int check_flow(struct fixture *f, const struct vtun_flow *flow)
{
	struct vtun_child *child, *found = NULL;
	const struct vtun_selectors *ts, *best = NULL;
	bool got, want;
	unsigned int i;

	list_for_each_entry(child, &f->sorted, dev_node) {
		ts = f->ts[child->id - 1];
		got = vtun_selectors_match(ts, flow, VTUN_DIR_OUT);
		want = naive_side(ts->local, ts->n_local,
				  flow->family, flow->proto, &flow->src,
				  flow->ports, flow->sport) &&
		       naive_side(ts->remote, ts->n_remote,
				  flow->family, flow->proto, &flow->dst,
				  flow->ports, flow->dport);
		if (got != want) {
			pr_err("vtun: ts: child %u matches %d, not %d\n",
			       child->id, got, want);
			return -EINVAL;
		}
		if (got && !found) {
			found = child;
			best = ts;
		}
	}
	for (i = 0; found && i < CHILDREN; i++) {
		ts = f->ts[i];
		if (vtun_selectors_match(ts, flow, VTUN_DIR_OUT) &&
		    naive_width(ts->remote, ts->n_remote) <
		    naive_width(best->remote, best->n_remote)) {
			pr_err("vtun: ts: child %u is more specific than %u\n",
			       i + 1, found->id);
			return -EINVAL;
		}
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
	for (i = 0; i < CHILDREN; i++)
		kfree(f->ts[i]);
	kfree(f);
	return err;
}

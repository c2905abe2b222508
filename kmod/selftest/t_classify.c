// SPDX-License-Identifier: GPL-2.0-only
/*
 * The classifier against a list that is searched from end to end: random rules
 * of both families come and go, flows are asked for in between, so that
 * remembered answers have to be forgotten at the right time.
 */
#include "selftest.h"

#include <linux/bottom_half.h>
#include <linux/errno.h>
#include <linux/in.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/socket.h>

#include "../classify.h"

#define RULES		160
#define CHANGES		1500
#define ASKED		12	/* flows after each change */

struct entry {
	struct vtun_rule rule;
	struct vtun_ts local, remote;
	bool in;
	struct rcu_head rcu;
};

struct fixture {
	struct vtun_classify table;
	struct entry *entry[RULES];
	u32 next_id;
};

static u32 below(u32 n)
{
	return get_random_u32() % n;
}

/* few values, so that rules overlap and borders are hit */
static void random_addr(struct in6_addr *addr, u8 family)
{
	static const u8 octets[] = { 0, 1, 2, 127, 128, 254, 255 };
	unsigned int len = family == AF_INET ? 4 : 16, i;

	memset(addr, 0, sizeof(*addr));
	for (i = 0; i < len; i++)
		if (i < 2 || i > len - 3)
			addr->s6_addr[i] = octets[below(ARRAY_SIZE(octets))];
}

static void random_prefix(struct vtun_ts *ts)
{
	unsigned int bits = ts->family == AF_INET ? 32 : 128, i;
	unsigned int len = below(bits + 1);

	random_addr(&ts->start, ts->family);
	ts->end = ts->start;
	for (i = len; i < bits; i++) {
		ts->start.s6_addr[i / 8] &= ~(0x80 >> i % 8);
		ts->end.s6_addr[i / 8] |= 0x80 >> i % 8;
	}
}

static void random_side(struct vtun_ts *ts, u8 family, u8 proto)
{
	static const u16 ports[] = { 0, 1, 79, 80, 443, 1024, 65534, 65535 };

	memset(ts, 0, sizeof(*ts));
	ts->family = family;
	ts->proto = below(4) ? proto : 0;
	if (below(3)) {
		random_prefix(ts);
	} else {
		random_addr(&ts->start, family);
		random_addr(&ts->end, family);
		if (memcmp(&ts->start, &ts->end, sizeof(ts->start)) > 0)
			swap(ts->start, ts->end);
	}
	ts->port_end = U16_MAX;
	if (!vtun_ts_has_ports(ts->proto) || below(2))
		return;
	ts->port_start = below(2) ? ports[below(ARRAY_SIZE(ports))] :
				    get_random_u32();
	ts->port_end = below(2) ? ts->port_start : get_random_u32();
	if (ts->port_start > ts->port_end)
		swap(ts->port_start, ts->port_end);
}

static u8 random_proto(void)
{
	static const u8 protos[] = { 0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP,
				     IPPROTO_ESP };

	return protos[below(ARRAY_SIZE(protos))];
}

static int add(struct fixture *f, struct entry *e)
{
	u8 family = below(2) ? AF_INET : AF_INET6, proto = random_proto();
	int err;

	memset(e, 0, sizeof(*e));
	random_side(&e->local, family, proto);
	/* now and then a rule that cannot match anything */
	if (!below(20))
		proto = random_proto();
	random_side(&e->remote, family, proto);
	e->rule.local = &e->local;
	e->rule.remote = &e->remote;
	e->rule.order = below(40);
	e->rule.id = f->next_id++;
	err = vtun_classify_add(&f->table, &e->rule);
	e->in = !err;
	return err;
}

/* packets of other CPUs may look at it: none do here, yet it is the rule */
static int change(struct fixture *f, unsigned int i)
{
	struct entry *e = f->entry[i];

	if (e && e->in) {
		vtun_classify_del(&f->table, &e->rule);
		f->entry[i] = NULL;
		kfree_rcu(e, rcu);
		return 0;
	}
	e = kmalloc(sizeof(*e), GFP_KERNEL);
	if (!e)
		return -ENOMEM;
	f->entry[i] = e;
	return add(f, e);
}

/* one end of a flow at or beside a border of a rule */
static void near_border(struct in6_addr *addr, const struct vtun_ts *ts)
{
	unsigned int last = ts->family == AF_INET ? 3 : 15;

	*addr = below(2) ? ts->start : ts->end;
	if (!below(4))
		addr->s6_addr[last] += below(3) - 1;
	if (!below(8))
		addr->s6_addr[below(last + 1)] ^= 1 << below(8);
}

static void random_flow(struct fixture *f, struct vtun_flow *flow)
{
	struct entry *e = f->entry[below(RULES)];

	memset(flow, 0, sizeof(*flow));
	flow->family = below(2) ? AF_INET : AF_INET6;
	random_addr(&flow->src, flow->family);
	random_addr(&flow->dst, flow->family);
	flow->proto = random_proto() ?: IPPROTO_GRE;
	flow->sport = get_random_u32();
	flow->dport = get_random_u32();
	if (e && below(5)) {
		flow->family = e->local.family;
		near_border(&flow->src, &e->local);
		near_border(&flow->dst, &e->remote);
		flow->proto = e->local.proto ?: flow->proto;
		flow->sport = e->local.port_start + below(3) - 1;
		flow->dport = e->remote.port_end + below(3) - 1;
	}
	flow->ports = vtun_ts_has_ports(flow->proto) && below(5);
	if (!flow->ports) {
		flow->sport = 0;
		flow->dport = 0;
		flow->fragment = below(2);
	}
}

static bool covers(const struct vtun_rule *rule, const struct vtun_flow *flow)
{
	return vtun_ts_covers(rule->local, flow, &flow->src, flow->sport) &&
	       vtun_ts_covers(rule->remote, flow, &flow->dst, flow->dport);
}

static struct vtun_rule *naive(struct fixture *f, const struct vtun_flow *flow)
{
	struct vtun_rule *rule, *found = NULL;
	unsigned int i;

	for (i = 0; i < RULES; i++) {
		if (!f->entry[i] || !f->entry[i]->in)
			continue;
		rule = &f->entry[i]->rule;
		if (covers(rule, flow) &&
		    (!found || rule->order < found->order ||
		     (rule->order == found->order && rule->id < found->id)))
			found = rule;
	}
	return found;
}

static int ask(struct fixture *f, const struct vtun_flow *flow)
{
	struct vtun_rule *want = naive(f, flow), *got, *again;

	/* as a packet asks: RCU, and BH off */
	local_bh_disable();
	rcu_read_lock();
	got = vtun_classify_find(&f->table, flow);
	again = vtun_classify_find(&f->table, flow);
	rcu_read_unlock();
	local_bh_enable();
	if (got == want && again == want)
		return 0;
	pr_err("vtun: classify: %pI6 > %pI6 proto %u ports %u %u: rule %d, not %d\n",
	       &flow->src, &flow->dst, flow->proto, flow->sport, flow->dport,
	       got ? (int)got->id : -1, want ? (int)want->id : -1);
	return -EINVAL;
}

int vtun_selftest_classify(void)
{
	struct vtun_flow flow, kept;
	struct fixture *f;
	unsigned int i, j;
	int err;

	f = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;
	err = vtun_classify_init(&f->table);
	if (err)
		goto free_fixture;
	random_flow(f, &kept);
	for (i = 0; i < CHANGES && !err; i++) {
		err = change(f, below(RULES)) ?: ask(f, &kept);
		for (j = 0; j < ASKED && !err; j++) {
			random_flow(f, &flow);
			err = ask(f, &flow);
		}
		if (!below(8))
			kept = flow;
	}
	for (i = 0; i < RULES; i++)
		if (f->entry[i] && f->entry[i]->in)
			err = err ?: change(f, i);
	if (!err && (rcu_access_pointer(f->table.tuples[0]) ||
		     rcu_access_pointer(f->table.tuples[1]) ||
		     atomic_read(&f->table.slots.nelems))) {
		pr_err("vtun: classify: something is left in an empty table\n");
		err = -EINVAL;
	}
	for (i = 0; i < RULES; i++)
		kfree(f->entry[i]);
	vtun_classify_destroy(&f->table);
free_fixture:
	kfree(f);
	return err;
}

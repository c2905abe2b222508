// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which of many selectors decides about a packet: policies of a namespace,
 * children of a device.
 *
 * A range of addresses or ports is a handful of prefixes; a rule so becomes a
 * few cells, each with four prefix lengths and a protocol or none. The lengths
 * are the shape of the cell. All cells of one shape lie in a hash table under
 * what their prefixes say, so one probe per shape finds them, however many they
 * are. Tables have few shapes: those are asked in the order of the best rule
 * they ever held, and no more of them once none can hold a better one than was
 * found. Cells of the same shape and the same prefixes share a slot, in order.
 *
 * A range that is too ragged is put under the narrowest prefix around it, and
 * its borders are compared when a packet gets there.
 *
 * In front of all tables together every CPU keeps the answers for the flows it
 * saw last. An answer belongs to the generation of the table that gave it; the
 * number is unique among all tables and all their states, so nothing has to be
 * invalidated. Who reads the old generation is inside a grace period that began
 * before the rule was removed: the rule behind the answer is still there. Where
 * flows are likely to be more than it remembers, a table of few shapes is asked
 * directly.
 */
#include "classify.h"

#include <linux/cache.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rbtree.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/socket.h>

#include "prefix.h"
#include "table.h"

#define FLOW_WORDS	(sizeof(struct vtun_flow) / sizeof(u64))
#define CELLS_MAX	64	/* of one rule */
#define CACHE_BITS	10	/* flows remembered per CPU, a power of 2 */
#define FEW		2	/* shapes that cost no more than a miss there */

/* what a shape leaves of a flow, and the shape itself */
struct cell_key {
	u64 flow[FLOW_WORDS];
	u64 shape;
};

/**
 * struct tuple - a shape in use
 * @best: no rule in it has a lower order
 * @mask: what it looks at
 * @shape: see shape_of()
 * @slots: how many there are; writers only
 */
struct tuple {
	u64 best;
	u64 mask[FLOW_WORDS];
	u32 shape;
	u32 slots;
};

struct vtun_tuples {
	struct rcu_head rcu;
	unsigned int n;
	struct tuple tuple[];	/* lowest best first */
};

/**
 * struct slot - cells that look for the same thing
 * @node: vtun_classify.slots
 * @key: what they look for
 * @cells: in order; RCU to read
 * @tree: the same in order, to find a place in @cells
 * @rcu: to free it
 */
struct slot {
	struct rhash_head	node;
	struct cell_key		key;
	struct list_head	cells;
	struct rb_root		tree;
	struct rcu_head		rcu;
};

/**
 * struct cell - a part of a rule
 * @link: slot.cells
 * @node: slot.tree
 * @slot: where it is, NULL = nowhere
 * @rule: what it is a part of
 * @exact: all that the key stands for is inside the rule
 */
struct cell {
	struct list_head	link;
	struct rb_node		node;
	struct slot		*slot;
	struct vtun_rule	*rule;
	bool			exact;
};

struct vtun_rule_cells {
	struct rcu_head rcu;
	unsigned int n;
	struct cell cell[];
};

/* an answer; no rule is one, too */
struct answer {
	unsigned long generation;
	u64 flow[FLOW_WORDS];
	struct vtun_rule *rule;
} __aligned(64);

static DEFINE_PER_CPU(struct answer *, answers);
static DEFINE_MUTEX(answers_mutex);
static bool answers_complete;
static atomic_long_t generations = ATOMIC_LONG_INIT(0);

/* --- the hash table of slots */

/*
 * Multiplication by odd constants, the high bits count. Whoever sends packets
 * cannot fill a slot with what is not there, only miss what a CPU remembers.
 * The second half of IPv4 addresses is zero.
 */
static u32 hash_flow(const u64 *flow, u64 hash)
{
	hash += flow[0] * 0x9e3779b97f4a7c15ULL;
	hash += flow[1] * 0xc2b2ae3d27d4eb4fULL;
	hash += flow[3] * 0x165667b19e3779f9ULL;
	if (flow[2] | flow[4])
		hash += flow[2] * 0x27d4eb2f165667c5ULL +
			flow[4] * 0x85ebca77c2b2ae63ULL;
	hash ^= hash >> 32;
	return (hash * 0xff51afd7ed558ccdULL) >> 32;
}

/* not 0: it does; compilers do not unroll as short a loop by themselves */
static u64 flow_differs(const u64 *a, const u64 *b)
{
	return (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) |
	       (a[4] ^ b[4]);
}

static void flow_mask(u64 *masked, const u64 *flow, const u64 *mask)
{
	masked[0] = flow[0] & mask[0];
	masked[1] = flow[1] & mask[1];
	masked[2] = flow[2] & mask[2];
	masked[3] = flow[3] & mask[3];
	masked[4] = flow[4] & mask[4];
}

static u32 slot_hash(const void *data, u32 len, u32 seed)
{
	const struct cell_key *key = data;

	return hash_flow(key->flow, key->shape * 0xd6e8feb86659fd93ULL + seed);
}

static int slot_compare(struct rhashtable_compare_arg *arg, const void *object)
{
	const struct cell_key *a = arg->key;
	const struct cell_key *b = &((const struct slot *)object)->key;

	return ((a->shape ^ b->shape) | flow_differs(a->flow, b->flow)) != 0;
}

static const struct rhashtable_params slot_params = {
	.nelem_hint = 4,
	.key_len = sizeof(struct cell_key),
	.key_offset = offsetof(struct slot, key),
	.head_offset = offsetof(struct slot, node),
	.hashfn = slot_hash,
	.obj_cmpfn = slot_compare,
	.automatic_shrinking = true,
};

/* --- rules to prefixes */

enum { LOCAL, REMOTE, LOCAL_PORT, REMOTE_PORT, SIDES };

struct plan {
	struct vtun_prefixes side[SIDES];
	u8 family, proto;
};

static unsigned int plan_cells(const struct plan *plan)
{
	unsigned int n = 1, i;

	for (i = 0; i < SIDES; i++)
		n *= plan->side[i].n;
	return n;
}

/* false: no packet can be in both sides of the rule */
static bool plan_rule(struct plan *plan, const struct vtun_rule *rule)
{
	const struct vtun_ts *local = rule->local, *remote = rule->remote;
	unsigned int bits = local->family == AF_INET ? 32 : 128, i, most;

	if (local->family != remote->family ||
	    (local->proto && remote->proto && local->proto != remote->proto))
		return false;
	plan->family = local->family;
	plan->proto = local->proto ?: remote->proto;
	vtun_prefixes_addr(&plan->side[LOCAL], local);
	vtun_prefixes_addr(&plan->side[REMOTE], remote);
	vtun_prefixes_ports(&plan->side[LOCAL_PORT], local);
	vtun_prefixes_ports(&plan->side[REMOTE_PORT], remote);
	while (plan_cells(plan) > CELLS_MAX) {
		for (most = 0, i = 1; i < SIDES; i++)
			if (plan->side[i].n > plan->side[most].n)
				most = i;
		vtun_prefixes_coarsen(&plan->side[most],
				      most < LOCAL_PORT ? bits : 16);
	}
	return true;
}

/* --- shapes */

static u32 shape_of(const struct plan *plan, const struct vtun_prefix *p[])
{
	return p[LOCAL]->len | p[REMOTE]->len << 8 |
	       p[LOCAL_PORT]->len << 16 | p[REMOTE_PORT]->len << 21 |
	       (plan->proto ? 1 << 26 : 0) |
	       (plan->family == AF_INET6 ? 1 << 27 : 0);
}

static bool shape_has_ports(u32 shape)
{
	return shape & 0x3ff << 16;
}

static void shape_mask(u64 *mask, const struct plan *plan,
		       const struct vtun_prefix *p[])
{
	unsigned int bits = plan->family == AF_INET ? 32 : 128;
	struct vtun_number local = vtun_number_mask(p[LOCAL]->len, bits);
	struct vtun_number remote = vtun_number_mask(p[REMOTE]->len, bits);
	struct vtun_flow flow;

	memset(&flow, 0, sizeof(flow));
	flow.family = U8_MAX;
	flow.proto = plan->proto ? U8_MAX : 0;
	flow.sport = vtun_number_mask(p[LOCAL_PORT]->len, 16).low;
	flow.dport = vtun_number_mask(p[REMOTE_PORT]->len, 16).low;
	vtun_number_put(plan->family, &flow.src, &local);
	vtun_number_put(plan->family, &flow.dst, &remote);
	memcpy(mask, &flow, sizeof(flow));
}

static void shape_key(struct cell_key *key, const struct plan *plan,
		      const struct vtun_prefix *p[])
{
	struct vtun_flow flow;

	memset(&flow, 0, sizeof(flow));
	flow.family = plan->family;
	flow.proto = plan->proto;
	flow.sport = p[LOCAL_PORT]->value.low;
	flow.dport = p[REMOTE_PORT]->value.low;
	vtun_number_put(plan->family, &flow.src, &p[LOCAL]->value);
	vtun_number_put(plan->family, &flow.dst, &p[REMOTE]->value);
	memcpy(key->flow, &flow, sizeof(flow));
	key->shape = shape_of(plan, p);
}

static struct vtun_tuples *tuples_of(struct vtun_classify *t, u32 shape)
{
	return rcu_dereference_protected(t->tuples[shape >> 27], 1);
}

static struct tuple *tuple_find(struct vtun_classify *t, u32 shape)
{
	struct vtun_tuples *all = tuples_of(t, shape);
	unsigned int i;

	for (i = 0; all && i < all->n; i++)
		if (all->tuple[i].shape == shape)
			return &all->tuple[i];
	return NULL;
}

static void tuples_replace(struct vtun_classify *t, u32 shape,
			   struct vtun_tuples *new)
{
	struct vtun_tuples *old = tuples_of(t, shape);

	rcu_assign_pointer(t->tuples[shape >> 27], new);
	if (old)
		kvfree_rcu(old, rcu);
}

/* packets are going to look for rules of this shape and order */
static int tuple_ensure(struct vtun_classify *t, u32 shape, const u64 *mask,
			u64 order)
{
	struct vtun_tuples *old = tuples_of(t, shape), *new;
	struct tuple *is = tuple_find(t, shape);
	unsigned int n = old ? old->n : 0, i;
	struct tuple tuple = { .shape = shape };

	if (is && is->best <= order)
		return 0;
	if (is)
		tuple = *is;
	else
		memcpy(tuple.mask, mask, sizeof(tuple.mask));
	tuple.best = order;
	new = kvmalloc(struct_size(new, tuple, n + 1), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	new->n = 0;
	for (i = 0; i < n && old->tuple[i].best <= order; i++)
		new->tuple[new->n++] = old->tuple[i];
	new->tuple[new->n++] = tuple;
	for (; i < n; i++)
		if (old->tuple[i].shape != shape)
			new->tuple[new->n++] = old->tuple[i];
	tuples_replace(t, shape, new);
	return 0;
}

/* an unused shape costs packets a probe; without memory it stays */
static void tuple_prune(struct vtun_classify *t, u32 shape)
{
	struct vtun_tuples *old = tuples_of(t, shape), *new = NULL;
	unsigned int i;

	if (old->n > 1) {
		new = kvmalloc(struct_size(new, tuple, old->n - 1),
			       GFP_KERNEL_ACCOUNT);
		if (!new)
			return;
		new->n = 0;
		for (i = 0; i < old->n; i++)
			if (old->tuple[i].shape != shape)
				new->tuple[new->n++] = old->tuple[i];
	}
	tuples_replace(t, shape, new);
}

/* --- slots and cells */

static bool rule_before(const struct vtun_rule *a, const struct vtun_rule *b)
{
	return a->order != b->order ? a->order < b->order : a->id < b->id;
}

static struct slot *slot_get(struct vtun_classify *t,
			     const struct cell_key *key)
{
	struct slot *slot;
	int err;

	slot = rhashtable_lookup_fast(&t->slots, key, slot_params);
	if (slot)
		return slot;
	slot = kzalloc(sizeof(*slot), GFP_KERNEL_ACCOUNT);
	if (!slot)
		return ERR_PTR(-ENOMEM);
	slot->key = *key;
	INIT_LIST_HEAD(&slot->cells);
	slot->tree = RB_ROOT;
	vtun_table_settle(&t->slots);
	err = rhashtable_insert_fast(&t->slots, &slot->node, slot_params);
	if (err) {
		kfree(slot);
		return ERR_PTR(err);
	}
	tuple_find(t, key->shape)->slots++;
	return slot;
}

static void slot_put(struct vtun_classify *t, struct slot *slot)
{
	struct tuple *tuple;

	if (!list_empty(&slot->cells))
		return;
	rhashtable_remove_fast(&t->slots, &slot->node, slot_params);
	tuple = tuple_find(t, slot->key.shape);
	if (!--tuple->slots)
		tuple_prune(t, slot->key.shape);
	kfree_rcu(slot, rcu);
}

static void cell_insert(struct slot *slot, struct cell *cell)
{
	struct rb_node **link = &slot->tree.rb_node, *parent = NULL;
	struct list_head *before = &slot->cells;
	struct cell *other;

	while (*link) {
		parent = *link;
		other = rb_entry(parent, struct cell, node);
		if (rule_before(cell->rule, other->rule)) {
			link = &parent->rb_left;
			before = &other->link;
		} else {
			link = &parent->rb_right;
		}
	}
	rb_link_node(&cell->node, parent, link);
	rb_insert_color(&cell->node, &slot->tree);
	list_add_tail_rcu(&cell->link, before);
	cell->slot = slot;
}

static void cell_remove(struct vtun_classify *t, struct cell *cell)
{
	struct slot *slot = cell->slot;

	if (!slot)
		return;
	rb_erase(&cell->node, &slot->tree);
	list_del_rcu(&cell->link);
	slot_put(t, slot);
}

static int cell_add(struct vtun_classify *t, struct cell *cell,
		    const struct plan *plan, const struct vtun_prefix *p[])
{
	u64 mask[FLOW_WORDS];
	struct cell_key key;
	struct slot *slot;
	int err;

	shape_mask(mask, plan, p);
	shape_key(&key, plan, p);
	err = tuple_ensure(t, key.shape, mask, cell->rule->order);
	if (err)
		return err;
	slot = slot_get(t, &key);
	if (IS_ERR(slot)) {
		if (!tuple_find(t, key.shape)->slots)
			tuple_prune(t, key.shape);
		return PTR_ERR(slot);
	}
	cell_insert(slot, cell);
	return 0;
}

static void cells_remove(struct vtun_classify *t, struct vtun_rule *rule)
{
	unsigned int i;

	if (!rule->cells)
		return;
	for (i = 0; i < rule->cells->n; i++)
		cell_remove(t, &rule->cells->cell[i]);
	kvfree_rcu(rule->cells, rcu);
	rule->cells = NULL;
}

static int cells_add(struct vtun_classify *t, struct vtun_rule *rule,
		     const struct plan *plan)
{
	const struct vtun_prefix *p[SIDES];
	unsigned int i, j, rest;
	struct cell *cell;
	bool exact = true;
	int err;

	for (j = 0; j < SIDES; j++)
		exact &= !plan->side[j].cover;
	for (i = 0; i < rule->cells->n; i++) {
		cell = &rule->cells->cell[i];
		for (rest = i, j = 0; j < SIDES; j++) {
			p[j] = &plan->side[j].prefix[rest % plan->side[j].n];
			rest /= plan->side[j].n;
		}
		cell->rule = rule;
		cell->exact = exact;
		err = cell_add(t, cell, plan, p);
		if (err)
			return err;
	}
	return 0;
}

/* --- memory of flows */

/* without memory there are no remembered answers, and all of them are right */
static void answers_alloc(void)
{
	bool complete = true;
	struct answer *all;
	int cpu;

	if (READ_ONCE(answers_complete))
		return;
	mutex_lock(&answers_mutex);
	for_each_possible_cpu(cpu) {
		if (READ_ONCE(per_cpu(answers, cpu)))
			continue;
		all = kvzalloc_node(sizeof(*all) << CACHE_BITS, GFP_KERNEL,
				    cpu_to_node(cpu));
		complete &= !!all;
		/* zeroes first: see answer_of() */
		smp_store_release(&per_cpu(answers, cpu), all);
	}
	WRITE_ONCE(answers_complete, complete);
	mutex_unlock(&answers_mutex);
}

void vtun_classify_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kvfree(per_cpu(answers, cpu));
}

static struct answer *answer_of(const u64 *flow)
{
	/* zeroes come first by the dependency */
	struct answer *all = READ_ONCE(*this_cpu_ptr(&answers));

	if (!all)
		return NULL;
	return all + (hash_flow(flow, 0) >> (32 - CACHE_BITS));
}

static bool answer_fits(const struct answer *a, const u64 *flow,
			unsigned long generation)
{
	return a->generation == generation && !flow_differs(a->flow, flow);
}

/* what was remembered about this table is not true any more */
static void changed(struct vtun_classify *t)
{
	/* the change first: see vtun_classify_generation() */
	smp_store_release(&t->generation,
			  (unsigned long)atomic_long_inc_return(&generations));
}

/* --- in and out */

int vtun_classify_init(struct vtun_classify *t)
{
	BUILD_BUG_ON(sizeof(struct vtun_flow) != 5 * sizeof(u64));
	BUILD_BUG_ON(offsetof(struct vtun_flow, src) != sizeof(u64));
	RCU_INIT_POINTER(t->tuples[0], NULL);
	RCU_INIT_POINTER(t->tuples[1], NULL);
	changed(t);
	return rhashtable_init(&t->slots, &slot_params);
}

static void slot_free(void *slot, void *arg)
{
	kfree(slot);
}

void vtun_classify_destroy(struct vtun_classify *t)
{
	rhashtable_free_and_destroy(&t->slots, slot_free, NULL);
	kvfree(rcu_dereference_protected(t->tuples[0], 1));
	kvfree(rcu_dereference_protected(t->tuples[1], 1));
}

int vtun_classify_add(struct vtun_classify *t, struct vtun_rule *rule)
{
	struct plan *plan;
	unsigned int n;
	int err = 0;

	rule->live = false;
	rule->cells = NULL;
	plan = kmalloc(sizeof(*plan), GFP_KERNEL);
	if (!plan)
		return -ENOMEM;
	if (!plan_rule(plan, rule))
		goto free_plan;
	answers_alloc();
	n = plan_cells(plan);
	rule->cells = kvzalloc(struct_size(rule->cells, cell, n),
			       GFP_KERNEL_ACCOUNT);
	if (!rule->cells) {
		err = -ENOMEM;
		goto free_plan;
	}
	rule->cells->n = n;
	err = cells_add(t, rule, plan);
	if (err) {
		cells_remove(t, rule);
	} else {
		/* its parts appear together */
		smp_store_release(&rule->live, true);
		changed(t);
	}
free_plan:
	kfree(plan);
	return err;
}

void vtun_classify_del(struct vtun_classify *t, struct vtun_rule *rule)
{
	WRITE_ONCE(rule->live, false);
	cells_remove(t, rule);
	changed(t);
}

/* --- packets */

static bool rule_covers(const struct vtun_rule *rule,
			const struct vtun_flow *flow)
{
	return vtun_ts_covers(rule->local, flow, &flow->src, flow->sport) &&
	       vtun_ts_covers(rule->remote, flow, &flow->dst, flow->dport);
}

static struct vtun_rule *slot_find(const struct slot *slot,
				   const struct vtun_flow *flow)
{
	struct cell *cell;

	list_for_each_entry_rcu(cell, &slot->cells, link)
		if (READ_ONCE(cell->rule->live) &&
		    (cell->exact || rule_covers(cell->rule, flow)))
			return cell->rule;
	return NULL;
}

/* @words: those of @flow */
static struct vtun_rule *find(struct vtun_classify *t,
			      const struct vtun_tuples *all,
			      const struct vtun_flow *flow, const u64 *words)
{
	struct vtun_rule *rule, *found = NULL;
	const struct tuple *tuple;
	const struct slot *slot;
	struct cell_key key;
	unsigned int i;

	for (i = 0; i < all->n; i++) {
		tuple = &all->tuple[i];
		if (found && tuple->best > found->order)
			break;
		if (!flow->ports && shape_has_ports(tuple->shape))
			continue;
		flow_mask(key.flow, words, tuple->mask);
		key.shape = tuple->shape;
		slot = rhashtable_lookup(&t->slots, &key, slot_params);
		if (!slot)
			continue;
		rule = slot_find(slot, flow);
		if (rule && (!found || rule_before(rule, found)))
			found = rule;
	}
	return found;
}

struct vtun_rule *vtun_classify_find(struct vtun_classify *t,
				     const struct vtun_flow *flow)
{
	unsigned long generation = vtun_classify_generation(t);
	const struct vtun_tuples *all;
	struct vtun_rule *rule;
	struct answer *answer;
	u64 words[FLOW_WORDS];

	all = rcu_dereference(t->tuples[flow->family == AF_INET6]);
	if (!all)
		return NULL;
	memcpy(words, flow, sizeof(*flow));
	if (t->scattered && all->n <= FEW)
		return find(t, all, flow, words);
	answer = answer_of(words);
	if (likely(answer && answer_fits(answer, words, generation)))
		return answer->rule;
	rule = find(t, all, flow, words);
	if (answer) {
		answer->generation = generation;
		memcpy(answer->flow, words, sizeof(words));
		answer->rule = rule;
	}
	return rule;
}

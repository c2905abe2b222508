// SPDX-License-Identifier: GPL-2.0-only
/*
 * The security policy database of a namespace, RFC 4301 4.4.1.
 *
 * The first policy that covers a packet decides. They are asked in this order:
 * lower priority number, narrower remote addresses, narrower local addresses,
 * protocol named before any protocol, narrower remote ports, narrower local
 * ports, lower id. How wide a range is counts in bits, see vtun_ts_width().
 * Inbound packets are compared with the sides exchanged.
 *
 * A protect policy holds on to its child, also when that was deleted: the
 * policy goes on to cover its packets, which are dropped. While there is any
 * policy the module cannot be removed, since without it they would pass.
 */
#include "policy.h"

#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

#include "child.h"
#include "hook.h"
#include "net.h"

struct vtun_policy_stats {
	u64_stats_t packets[2], bytes[2];	/* out, in */
	struct u64_stats_sync syncp;
};

/* what a later fragment is compared with */
struct vtun_policy_fragment {
	struct vtun_rule rule;
	struct vtun_ts local, remote;
};

static struct vtun_policy *policy_of(struct vtun_rule *rule)
{
	return container_of(rule, struct vtun_policy, rule);
}

unsigned int vtun_policy_count(struct vtun_net *vn)
{
	struct vtun_spd *spd = READ_ONCE(vn->spd);

	return spd ? READ_ONCE(spd->n) : 0;
}

struct vtun_policy *vtun_policy_find(struct vtun_net *vn, u32 id)
{
	lockdep_assert_held(&vn->ctl);
	return vn->spd ? idr_find(&vn->spd->ids, id) : NULL;
}

/* --- order */

static unsigned int port_width(const struct vtun_ts *ts)
{
	return fls(ts->port_end - ts->port_start);
}

static u64 order_of(const struct vtun_policy_config *config)
{
	const struct vtun_ts *local = &config->local, *remote = &config->remote;

	return (u64)config->priority << 32 |
	       vtun_ts_width(remote) << 24 | vtun_ts_width(local) << 16 |
	       (local->proto ? 0 : 1 << 10) |
	       port_width(remote) << 5 | port_width(local);
}

static int compare(const struct vtun_policy_key *a,
		   const struct vtun_policy_key *b)
{
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

static void tree_insert(struct vtun_spd *spd, struct vtun_policy *policy)
{
	struct rb_node **link = &spd->tree.rb_node, *parent = NULL;
	struct vtun_policy *other;

	while (*link) {
		parent = *link;
		other = rb_entry(parent, struct vtun_policy, node);
		if (compare(&policy->key, &other->key) < 0)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&policy->node, parent, link);
	rb_insert_color(&policy->node, &spd->tree);
}

struct vtun_policy *vtun_policy_next(struct vtun_net *vn,
				     const struct vtun_policy_key *after)
{
	struct vtun_policy *policy, *found = NULL;
	struct rb_node *node;

	lockdep_assert_held(&vn->ctl);
	node = vn->spd ? vn->spd->tree.rb_node : NULL;
	while (node) {
		policy = rb_entry(node, struct vtun_policy, node);
		if (compare(after, &policy->key) < 0) {
			found = policy;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/* --- creation */

static int check_side(const struct vtun_ts *ts, struct netlink_ext_ack *extack)
{
	if (vtun_ts_any_port(ts) || vtun_ts_has_ports(ts->proto))
		return 0;
	NL_SET_ERR_MSG(extack, "ports need a protocol that has some");
	return -EINVAL;
}

static int check_selectors(const struct vtun_policy_config *config,
			   struct netlink_ext_ack *extack)
{
	if (config->local.family != config->remote.family) {
		NL_SET_ERR_MSG(extack, "both sides of a policy must be of one address family");
		return -EINVAL;
	}
	if (config->local.proto != config->remote.proto) {
		NL_SET_ERR_MSG(extack, "both sides of a policy must name the same protocol");
		return -EINVAL;
	}
	return check_side(&config->local, extack) ?:
	       check_side(&config->remote, extack);
}

/* the child a policy protects with; NULL where it does not protect */
static struct vtun_child *find_child(struct vtun_net *vn,
				     const struct vtun_policy_config *config,
				     struct netlink_ext_ack *extack)
{
	struct vtun_child *child;

	if (config->action != VTUN_ACTION_PROTECT) {
		if (!config->child_id)
			return NULL;
		NL_SET_ERR_MSG(extack, "only protect policies name a child");
		return ERR_PTR(-EINVAL);
	}
	if (!config->child_id) {
		NL_SET_ERR_MSG(extack, "a protect policy has to name a child");
		return ERR_PTR(-EINVAL);
	}
	child = vtun_child_find(vn, config->child_id);
	if (!child) {
		NL_SET_ERR_MSG(extack, "no child has that ID");
		return ERR_PTR(-ENOENT);
	}
	if (child->dev) {
		NL_SET_ERR_MSG(extack, "the door of that child is a device");
		return ERR_PTR(-EINVAL);
	}
	return child;
}

static void spd_free(struct vtun_spd *spd)
{
	vtun_classify_destroy(&spd->table);
	vtun_classify_destroy(&spd->fragments);
	idr_destroy(&spd->ids);
	kfree(spd);
}

static struct vtun_spd *spd_get(struct vtun_net *vn)
{
	struct vtun_spd *spd = vn->spd;
	int err;

	if (spd)
		return spd;
	spd = kzalloc(sizeof(*spd), GFP_KERNEL_ACCOUNT);
	if (!spd)
		return NULL;
	err = vtun_classify_init(&spd->table);
	if (err)
		goto err_free;
	err = vtun_classify_init(&spd->fragments);
	if (err)
		goto err_destroy_table;
	spd->tree = RB_ROOT;
	idr_init(&spd->ids);
	/* the hooks read it, and are registered after it */
	WRITE_ONCE(vn->spd, spd);
	return spd;

err_destroy_table:
	vtun_classify_destroy(&spd->table);
err_free:
	kfree(spd);
	return NULL;
}

void vtun_policy_net_exit(struct vtun_net *vn)
{
	if (vn->spd)
		spd_free(vn->spd);
}

static void policy_free(struct vtun_policy *policy)
{
	free_percpu(policy->stats);
	kfree(policy->fragment);
	kfree(policy);
}

/* what a later fragment does not have: ports, and in IPv6 the protocol */
static bool hidden_from_fragment(const struct vtun_ts *ts)
{
	return !vtun_ts_any_port(ts) || (ts->family == AF_INET6 && ts->proto);
}

static void open_for_fragment(struct vtun_ts *ts)
{
	ts->port_start = 0;
	ts->port_end = U16_MAX;
	if (ts->family == AF_INET6)
		ts->proto = 0;
}

static struct vtun_policy_fragment *
fragment_alloc(const struct vtun_policy *policy)
{
	struct vtun_policy_fragment *fragment;

	fragment = kzalloc(sizeof(*fragment), GFP_KERNEL_ACCOUNT);
	if (!fragment)
		return NULL;
	fragment->local = policy->local;
	fragment->remote = policy->remote;
	open_for_fragment(&fragment->local);
	open_for_fragment(&fragment->remote);
	fragment->rule.local = &fragment->local;
	fragment->rule.remote = &fragment->remote;
	fragment->rule.order = policy->key.order;
	return fragment;
}

/* in no table yet, without id */
static struct vtun_policy *policy_alloc(struct vtun_net *vn,
					const struct vtun_policy_config *config)
{
	struct vtun_policy *policy;
	int cpu;

	policy = kzalloc(sizeof(*policy), GFP_KERNEL_ACCOUNT);
	if (!policy)
		return NULL;
	policy->net = vn;
	policy->priority = config->priority;
	policy->action = config->action;
	policy->key.order = order_of(config);
	policy->local = config->local;
	policy->remote = config->remote;
	policy->rule.local = &policy->local;
	policy->rule.remote = &policy->remote;
	policy->rule.order = policy->key.order;
	policy->stats = alloc_percpu_gfp(struct vtun_policy_stats,
					 GFP_KERNEL_ACCOUNT);
	if (!policy->stats)
		goto err_free;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(policy->stats, cpu)->syncp);
	if (policy->action != VTUN_ACTION_BYPASS &&
	    (hidden_from_fragment(&policy->local) ||
	     hidden_from_fragment(&policy->remote))) {
		policy->fragment = fragment_alloc(policy);
		if (!policy->fragment)
			goto err_free;
	}
	return policy;

err_free:
	policy_free(policy);
	return NULL;
}

/* as for children: ids are not used again at once */
static int policy_take_id(struct vtun_spd *spd, struct vtun_policy *policy,
			  u32 want, struct netlink_ext_ack *extack)
{
	u32 id = want ?: spd->next_id ?: 1;
	int err;

	err = idr_alloc_u32(&spd->ids, NULL, &id, want ?: U32_MAX, GFP_KERNEL);
	if (err == -ENOSPC && !want) {
		id = 1;
		err = idr_alloc_u32(&spd->ids, NULL, &id, U32_MAX, GFP_KERNEL);
	}
	if (err == -ENOSPC && want) {
		NL_SET_ERR_MSG(extack, "policy ID is in use");
		return -EEXIST;
	}
	if (err) {
		NL_SET_ERR_MSG(extack, "no memory for the policy");
		return err;
	}
	if (!want)
		spd->next_id = id + 1;
	policy->key.id = id;
	policy->rule.id = id;
	if (policy->fragment)
		policy->fragment->rule.id = id;
	return 0;
}

static int policy_publish(struct vtun_spd *spd, struct vtun_policy *policy)
{
	int err;

	if (policy->fragment) {
		err = vtun_classify_add(&spd->fragments,
					&policy->fragment->rule);
		if (err)
			return err;
	}
	err = vtun_classify_add(&spd->table, &policy->rule);
	if (err && policy->fragment)
		vtun_classify_del(&spd->fragments, &policy->fragment->rule);
	return err;
}

/*
 * The first policy closes the gate: hooks before anything is in the tables, and
 * a reference on the module, which must not be removed while it is closed.
 */
static int gate_close(struct vtun_net *vn)
{
	int err;

	if (vn->spd->n)
		return 0;
	err = vtun_hook_register(vn);
	if (!err)
		__module_get(THIS_MODULE);
	return err;
}

static void gate_open(struct vtun_net *vn)
{
	if (vn->spd->n)
		return;
	vtun_hook_unregister(vn);
	module_put(THIS_MODULE);
}

/**
 * vtun_policy_new() - add a policy
 * @vn: namespace; vtun_net.ctl
 * @config: the request
 * @extack: says why not
 *
 * Return: the policy, already asked about packets, or ERR_PTR.
 */
struct vtun_policy *vtun_policy_new(struct vtun_net *vn,
				    const struct vtun_policy_config *config,
				    struct netlink_ext_ack *extack)
{
	struct vtun_policy *policy;
	struct vtun_child *child;
	struct vtun_spd *spd;
	int err;

	lockdep_assert_held(&vn->ctl);
	err = check_selectors(config, extack);
	if (err)
		return ERR_PTR(err);
	child = find_child(vn, config, extack);
	if (IS_ERR(child))
		return ERR_CAST(child);
	spd = spd_get(vn);
	policy = spd ? policy_alloc(vn, config) : NULL;
	if (!policy) {
		NL_SET_ERR_MSG(extack, "no memory for the policy");
		return ERR_PTR(-ENOMEM);
	}
	err = policy_take_id(spd, policy, config->id, extack);
	if (err)
		goto err_free_policy;
	err = gate_close(vn);
	if (err) {
		NL_SET_ERR_MSG(extack, "cannot hook into the path of packets");
		goto err_remove_id;
	}
	policy->child = child;
	err = policy_publish(spd, policy);
	if (err) {
		NL_SET_ERR_MSG(extack, "no memory for the policy");
		gate_open(vn);
		goto err_wait;
	}
	if (child) {
		vtun_child_get(child);
		WRITE_ONCE(child->n_policies, child->n_policies + 1);
	}
	idr_replace(&spd->ids, policy, policy->key.id);
	tree_insert(spd, policy);
	WRITE_ONCE(spd->n, spd->n + 1);
	if (policy->action == VTUN_ACTION_DISCARD)
		WRITE_ONCE(spd->n_discard, spd->n_discard + 1);
	vtun_net_changed(vn);
	return policy;

err_wait:
	/* a later fragment may have met it */
	synchronize_rcu();
err_remove_id:
	idr_remove(&spd->ids, policy->key.id);
err_free_policy:
	policy_free(policy);
	return ERR_PTR(err);
}

static void policy_free_rcu(struct rcu_head *head)
{
	struct vtun_policy *policy = container_of(head, struct vtun_policy,
						  rcu);

	if (policy->child)
		vtun_child_put(policy->child);
	policy_free(policy);
}

/**
 * vtun_policy_del() - remove a policy
 * @policy: vtun_net.ctl
 *
 * Packets that no other policy covers pass from now on.
 */
void vtun_policy_del(struct vtun_policy *policy)
{
	struct vtun_child *child = policy->child;
	struct vtun_net *vn = policy->net;
	struct vtun_spd *spd = vn->spd;

	lockdep_assert_held(&vn->ctl);
	vtun_classify_del(&spd->table, &policy->rule);
	if (policy->fragment)
		vtun_classify_del(&spd->fragments, &policy->fragment->rule);
	rb_erase(&policy->node, &spd->tree);
	idr_remove(&spd->ids, policy->key.id);
	if (child)
		WRITE_ONCE(child->n_policies, child->n_policies - 1);
	WRITE_ONCE(spd->n, spd->n - 1);
	if (policy->action == VTUN_ACTION_DISCARD)
		WRITE_ONCE(spd->n_discard, spd->n_discard - 1);
	vtun_net_changed(vn);
	gate_open(vn);
	call_rcu(&policy->rcu, policy_free_rcu);
}

void vtun_policy_flush(struct vtun_net *vn)
{
	unsigned int n = vtun_policy_count(vn);
	struct rb_node *node;

	lockdep_assert_held(&vn->ctl);
	/* from the end: what is exempted from a policy goes after it */
	while (n-- && (node = rb_last(&vn->spd->tree))) {
		vtun_policy_del(rb_entry(node, struct vtun_policy, node));
		vtun_net_breathe(vn, n);
	}
}

/* --- packets */

struct vtun_policy *vtun_policy_lookup(struct vtun_spd *spd,
				       const struct vtun_flow *flow,
				       bool *fragment)
{
	struct vtun_rule *rule = vtun_classify_find(&spd->table, flow), *other;

	*fragment = false;
	if (unlikely(flow->fragment)) {
		other = vtun_classify_find(&spd->fragments, flow);
		*fragment = other && (!rule || other->order < rule->order ||
				      (other->order == rule->order &&
				       other->id < rule->id));
	}
	return rule ? policy_of(rule) : NULL;
}

void vtun_policy_count_packet(const struct vtun_policy *policy,
			      enum vtun_dir dir, const struct sk_buff *skb)
{
	struct vtun_policy_stats *stats = this_cpu_ptr(policy->stats);
	unsigned int in = dir == VTUN_DIR_IN;
	unsigned int packets = 1;

	if (skb_is_gso(skb))
		packets = skb_shinfo(skb)->gso_segs ?: 1;
	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->packets[in], packets);
	u64_stats_add(&stats->bytes[in], skb->len - skb_network_offset(skb));
	u64_stats_update_end(&stats->syncp);
}

void vtun_policy_read_stats(const struct vtun_policy *policy,
			    struct vtun_policy_count *count)
{
	const struct vtun_policy_stats *stats;
	u64 packets[2], bytes[2];
	unsigned int start, i;
	int cpu;

	memset(count, 0, sizeof(*count));
	for_each_possible_cpu(cpu) {
		stats = per_cpu_ptr(policy->stats, cpu);
		do {
			start = u64_stats_fetch_begin(&stats->syncp);
			for (i = 0; i < 2; i++) {
				packets[i] = u64_stats_read(&stats->packets[i]);
				bytes[i] = u64_stats_read(&stats->bytes[i]);
			}
		} while (u64_stats_fetch_retry(&stats->syncp, start));
		count->out_packets += packets[0];
		count->out_bytes += bytes[0];
		count->in_packets += packets[1];
		count->in_bytes += bytes[1];
	}
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The children of a device, one or thousands. One child is asked directly; of
 * several the classifier finds the one to ask. Each pair of a local and a
 * remote selector of a child is a rule there.
 */
#include "member.h"

#include <linux/limits.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/socket.h>

#include "child.h"
#include "classify.h"
#include "device.h"
#include "net.h"
#include "ts.h"

struct member_rule {
	struct vtun_rule rule;
	struct vtun_child *child;
};

struct vtun_member_rules {
	struct rcu_head rcu;
	unsigned int n;
	struct member_rule rule[];
};

static const struct vtun_ts any4 = {
	.family = AF_INET,
	.port_end = U16_MAX,
	.end.s6_addr32[0] = cpu_to_be32(U32_MAX),
};

static const struct vtun_ts any6 = {
	.family = AF_INET6,
	.port_end = U16_MAX,
	.end.s6_addr32 = {
		cpu_to_be32(U32_MAX), cpu_to_be32(U32_MAX),
		cpu_to_be32(U32_MAX), cpu_to_be32(U32_MAX),
	},
};

static const struct vtun_ts *any(u8 family)
{
	return family == AF_INET ? &any4 : &any6;
}

/* @local, @remote: NULL = any address of @family */
static void rule_put(struct vtun_member_rules *rules, u8 family,
		     const struct vtun_ts *local, const struct vtun_ts *remote)
{
	struct vtun_rule *rule = &rules->rule[rules->n].rule;

	rule->local = local ?: any(family);
	rule->remote = remote ?: any(family);
	if (rule->local->family != rule->remote->family)
		return;
	rule->order = vtun_ts_order(local, remote);
	rules->n++;
}

/* a side without selectors is any address of either family */
static void rules_fill(struct vtun_member_rules *rules,
		       const struct vtun_selectors *ts)
{
	unsigned int i, j;

	if (vtun_selectors_any(ts)) {
		rule_put(rules, AF_INET, NULL, NULL);
		rule_put(rules, AF_INET6, NULL, NULL);
	}
	for (i = 0; !ts->n_local && i < ts->n_remote; i++)
		rule_put(rules, ts->remote[i].family, NULL, &ts->remote[i]);
	for (i = 0; i < ts->n_local; i++) {
		if (!ts->n_remote)
			rule_put(rules, ts->local[i].family, &ts->local[i],
				 NULL);
		for (j = 0; j < ts->n_remote; j++)
			rule_put(rules, ts->local[i].family, &ts->local[i],
				 &ts->remote[j]);
	}
}

static void rules_del(struct vtun_device *vd, struct vtun_member_rules *rules,
		      unsigned int n)
{
	while (n)
		vtun_classify_del(&vd->table, &rules->rule[--n].rule);
	kvfree_rcu(rules, rcu);
}

static struct vtun_member_rules *rules_add(struct vtun_device *vd,
					   struct vtun_child *child,
					   const struct vtun_selectors *ts)
{
	unsigned int max = max_t(unsigned int, ts->n_local, 1) *
			   max_t(unsigned int, ts->n_remote, 1) + 1;
	struct vtun_member_rules *rules;
	unsigned int i;
	int err;

	rules = kvzalloc(struct_size(rules, rule, max), GFP_KERNEL_ACCOUNT);
	if (!rules)
		return ERR_PTR(-ENOMEM);
	rules_fill(rules, ts);
	for (i = 0; i < rules->n; i++) {
		rules->rule[i].child = child;
		rules->rule[i].rule.id = child->id;
		err = vtun_classify_add(&vd->table, &rules->rule[i].rule);
		if (err) {
			rules_del(vd, rules, i);
			return ERR_PTR(err);
		}
	}
	return rules;
}

/* the one child of the device, NULL when there is none or a choice */
static void update_only(struct vtun_device *vd)
{
	struct vtun_child *only = NULL;

	if (list_is_singular(&vd->children))
		only = list_first_entry(&vd->children, struct vtun_child,
					dev_node);
	rcu_assign_pointer(vd->only, only);
}

int vtun_member_add(struct vtun_device *vd, struct vtun_child *child)
{
	struct vtun_member_rules *rules;

	lockdep_assert_held(&vd->net->ctl);
	rules = rules_add(vd, child, rcu_dereference_protected(child->ts, 1));
	if (IS_ERR(rules))
		return PTR_ERR(rules);
	child->rules = rules;
	list_add_tail(&child->dev_node, &vd->children);
	update_only(vd);
	return 0;
}

void vtun_member_del(struct vtun_device *vd, struct vtun_child *child)
{
	lockdep_assert_held(&vd->net->ctl);
	list_del_init(&child->dev_node);
	update_only(vd);
	rules_del(vd, child->rules, child->rules->n);
	child->rules = NULL;
}

int vtun_member_set(struct vtun_device *vd, struct vtun_child *child,
		    struct vtun_selectors *ts)
{
	struct vtun_member_rules *rules;

	lockdep_assert_held(&vd->net->ctl);
	rules = rules_add(vd, child, ts);
	if (IS_ERR(rules))
		return PTR_ERR(rules);
	rcu_assign_pointer(child->ts, ts);
	rules_del(vd, child->rules, child->rules->n);
	child->rules = rules;
	return 0;
}

struct vtun_child *vtun_member_find(struct vtun_device *vd,
				    const struct sk_buff *skb)
{
	struct vtun_child *only = rcu_dereference(vd->only);
	const struct vtun_selectors *ts;
	struct vtun_flow flow;
	struct vtun_rule *rule;

	if (likely(only)) {
		ts = rcu_dereference(only->ts);
		if (vtun_selectors_any(ts))
			return only;
		vtun_flow_parse(&flow, skb);
		return vtun_selectors_match(ts, &flow, VTUN_DIR_OUT) ? only :
								       NULL;
	}
	vtun_flow_parse(&flow, skb);
	rule = vtun_classify_find(&vd->table, &flow);
	return rule ? container_of(rule, struct member_rule, rule)->child :
		      NULL;
}

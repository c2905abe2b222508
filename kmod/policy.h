/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_POLICY_H
#define VTUN_POLICY_H

#include <linux/idr.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <linux/u64_stats_sync.h>
#include <uapi/linux/vtun.h>

#include "classify.h"
#include "ts.h"

struct netlink_ext_ack;
struct sk_buff;
struct vtun_child;
struct vtun_net;
struct vtun_policy_fragment;
struct vtun_policy_stats;

/**
 * struct vtun_policy_config - what POLICY_NEW asks for
 * @id: 0 = choose
 * @action: enum vtun_action
 * @priority: lower is asked first
 * @child_id: with protect, else 0
 * @local: one selector per side, of one family and one protocol
 * @remote: destination when sending
 */
struct vtun_policy_config {
	u32 id;
	u8 action;
	u32 priority;
	u32 child_id;
	struct vtun_ts local, remote;
};

/**
 * struct vtun_policy_key - place of a policy in the order of evaluation
 * @order: priority, then how specific the selectors are, see policy.c
 * @id: of two that are alike the lower one is asked first
 *
 * All zeros stand before every policy.
 */
struct vtun_policy_key {
	u64 order;
	u32 id;
};

/**
 * struct vtun_policy - an entry of the SPD, RFC 4301 4.4.1
 * @key: place in the order; @key.id is its id
 * @priority: as configured
 * @action: enum vtun_action
 * @net: where it belongs
 * @child: of protect, reference held; it may be dead: then the policy drops
 * @local: see struct vtun_policy_config
 * @remote: likewise
 * @rule: @local and @remote in vtun_spd.table
 * @fragment: the same without ports in vtun_spd.fragments, or NULL
 * @stats: per CPU; see vtun_policy_read_stats()
 * @node: tree of all in order; vtun_net.ctl
 * @rcu: to free it
 *
 * Never changes after it was published.
 */
struct vtun_policy {
	struct vtun_policy_key	key;
	u32			priority;
	u8			action;
	struct vtun_net		*net;
	struct vtun_child	*child;
	struct vtun_ts		local, remote;
	struct vtun_rule	rule;
	struct vtun_policy_fragment *fragment;
	struct vtun_policy_stats __percpu *stats;
	struct rb_node		node;
	struct rcu_head		rcu;
};

/* packets and octets that a policy decided about; in: that came in clear */
struct vtun_policy_count {
	u64 out_packets, out_bytes, in_packets, in_bytes;
};

/**
 * struct vtun_spd - the policies of a namespace
 * @table: all of them
 * @fragments: those with ports that do not let packets pass, ports left out: a
 *	later fragment says nothing about ports
 * @tree: all of them in order; vtun_net.ctl
 * @ids: by id; vtun_net.ctl
 * @next_id: where the search for a free id goes on; vtun_net.ctl
 * @n: how many; vtun_net.ctl to write, READ_ONCE to read
 * @n_discard: how many of them discard; likewise
 *
 * vtun_net.spd points to it from the first policy to the end of the namespace.
 */
struct vtun_spd {
	struct vtun_classify	table, fragments;
	struct rb_root		tree;
	struct idr		ids;
	u32			next_id;
	unsigned int		n, n_discard;
};

/*
 * All of these: vtun_net.ctl.
 *
 * Checks what @config says as a whole (families, protocols, ports, child and
 * action fit each other). ERR_PTR with the text in @extack.
 */
struct vtun_policy *vtun_policy_new(struct vtun_net *vn,
				    const struct vtun_policy_config *config,
				    struct netlink_ext_ack *extack);
void vtun_policy_del(struct vtun_policy *policy);
void vtun_policy_flush(struct vtun_net *vn);
struct vtun_policy *vtun_policy_find(struct vtun_net *vn, u32 id);
/* the first one behind @after in the order of evaluation, NULL at the end */
struct vtun_policy *vtun_policy_next(struct vtun_net *vn,
				     const struct vtun_policy_key *after);
unsigned int vtun_policy_count(struct vtun_net *vn);
/* any context */
void vtun_policy_read_stats(const struct vtun_policy *policy,
			    struct vtun_policy_count *count);

/* end of a namespace: vtun_policy_flush() before, no packet looks any more */
void vtun_policy_net_exit(struct vtun_net *vn);

/**
 * vtun_policy_lookup() - which policy decides about a packet?
 * @spd: policies
 * @flow: source is local, destination remote
 * @fragment: set when @flow is a later fragment, and a policy that would not
 *	let it pass comes first if its ports fit, which nobody knows
 *
 * RCU, BH off.
 *
 * Return: NULL when none covers the packet.
 */
struct vtun_policy *vtun_policy_lookup(struct vtun_spd *spd,
				       const struct vtun_flow *flow,
				       bool *fragment);
void vtun_policy_count_packet(const struct vtun_policy *policy,
			      enum vtun_dir dir, const struct sk_buff *skb);

#endif /* VTUN_POLICY_H */

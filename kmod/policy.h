/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_POLICY_H
#define VTUN_POLICY_H

#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <linux/u64_stats_sync.h>
#include <uapi/linux/vtun.h>

#include "ts.h"

struct netlink_ext_ack;
struct sk_buff;
struct vtun_child;
struct vtun_net;
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
	struct vtun_policy_stats __percpu *stats;
	struct rb_node		node;
	struct rcu_head		rcu;
};

/* packets and octets that a policy decided about; @in: that came in clear */
struct vtun_policy_count {
	u64 out_packets, out_bytes, in_packets, in_bytes;
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

/*
 * A decrypted packet of a child whose door is policies: as if it had come in
 * over the outer device, marked so that the policies know it was protected.
 * skb->dev is that device, network header and protocol set. RCU, BH off;
 * consumes.
 */
void vtun_policy_rx(struct vtun_child *child, struct sk_buff *skb);

#endif /* VTUN_POLICY_H */

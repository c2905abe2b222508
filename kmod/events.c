// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events to the multicast group. They are built and sent under vtun_net.lock:
 * rare, small, and only so is the order of numbers the order of delivery. When
 * there is no memory the number is used up all the same: the listener sees the
 * gap and dumps.
 */
#include "events.h"

#include <net/genetlink.h>

#include "child.h"
#include "net.h"
#include "netlink.h"
#include "sa.h"
#include "ts.h"

struct event {
	struct vtun_net *vn;
	struct sk_buff *skb;
	void *hdr;
	struct nlattr *nest;		/* VTUN_A_EVENT */
};

static int put_child(struct sk_buff *skb, const struct vtun_child *child)
{
	struct nlattr *nest = nla_nest_start(skb, VTUN_A_CHILD);

	if (!nest || nla_put_u32(skb, VTUN_A_CHILD_ID, child->id) ||
	    nla_put_string(skb, VTUN_A_CHILD_NAME, child->name) ||
	    (child->dev && nla_put_u32(skb, VTUN_A_CHILD_IFINDEX,
				       READ_ONCE(child->dev->ifindex))))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_sa(struct sk_buff *skb, const struct vtun_sa *sa)
{
	struct nlattr *nest = nla_nest_start(skb, VTUN_A_SA);
	struct vtun_usage usage;

	vtun_sa_read_usage(sa, &usage);
	if (!nest || nla_put_u8(skb, VTUN_A_SA_DIR, sa->dir) ||
	    nla_put_u32(skb, VTUN_A_SA_SPI, be32_to_cpu(sa->spi)) ||
	    nla_put_u32(skb, VTUN_A_SA_CHILD_ID, sa->child->id) ||
	    nla_put_u8(skb, VTUN_A_SA_STATE, sa->state) ||
	    nla_put_u64_64bit(skb, VTUN_A_SA_AGE_MS, usage.age,
			      VTUN_A_SA_PAD) ||
	    nla_put_u64_64bit(skb, VTUN_A_SA_BYTES, usage.bytes,
			      VTUN_A_SA_PAD) ||
	    nla_put_u64_64bit(skb, VTUN_A_SA_PACKETS, usage.packets,
			      VTUN_A_SA_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* header, child and, unless NULL, SA; false: nobody listens or no memory */
static bool event_begin(struct event *e, const struct vtun_child *child,
			const struct vtun_sa *sa, u8 cmd)
{
	u32 seq;

	e->vn = child->net;
	lockdep_assert_held(&e->vn->lock);
	seq = e->vn->event_seq + 1;
	WRITE_ONCE(e->vn->event_seq, seq);
	if (!genl_has_listeners(&vtun_genl_family, e->vn->net, 0))
		return false;
	e->skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!e->skb)
		return false;
	e->hdr = genlmsg_put(e->skb, 0, seq, &vtun_genl_family, 0, cmd);
	if (!e->hdr || put_child(e->skb, child) || (sa && put_sa(e->skb, sa)))
		goto err_free_skb;
	e->nest = nla_nest_start(e->skb, VTUN_A_EVENT);
	if (!e->nest || nla_put_u32(e->skb, VTUN_A_EVENT_SEQ, seq))
		goto err_free_skb;
	return true;

err_free_skb:
	nlmsg_free(e->skb);
	return false;
}

/* @err: of what was put since event_begin() */
static void event_end(struct event *e, int err)
{
	if (err) {
		nlmsg_free(e->skb);
		return;
	}
	nla_nest_end(e->skb, e->nest);
	genlmsg_end(e->skb, e->hdr);
	genlmsg_multicast_netns(&vtun_genl_family, e->vn->net, e->skb, 0, 0,
				GFP_ATOMIC);
}

static int put_flow(struct sk_buff *skb, const struct vtun_flow *flow)
{
	struct nlattr *nest = nla_nest_start(skb, VTUN_A_EVENT_FLOW);

	if (!nest ||
	    vtun_put_addr(skb, VTUN_A_FLOW_SRC, flow->family, &flow->src) ||
	    vtun_put_addr(skb, VTUN_A_FLOW_DST, flow->family, &flow->dst) ||
	    nla_put_u8(skb, VTUN_A_FLOW_PROTO, flow->proto))
		return -EMSGSIZE;
	/* what ICMP has in their place are no ports */
	if (flow->ports && flow->proto != IPPROTO_ICMP &&
	    flow->proto != IPPROTO_ICMPV6 &&
	    (nla_put_u16(skb, VTUN_A_FLOW_SPORT, flow->sport) ||
	     nla_put_u16(skb, VTUN_A_FLOW_DPORT, flow->dport)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

void vtun_event_acquire(struct vtun_child *child, const struct vtun_flow *flow)
{
	struct vtun_net *vn = child->net;
	struct event e;

	spin_lock_bh(&vn->lock);
	if (!rcu_access_pointer(child->out) &&
	    event_begin(&e, child, NULL, VTUN_CMD_ACQUIRE_NTF))
		event_end(&e, put_flow(e.skb, flow));
	spin_unlock_bh(&vn->lock);
}

void vtun_event_expire(const struct vtun_sa *sa, u8 level, u8 cause)
{
	struct event e;
	int err;

	if (!event_begin(&e, sa->child, sa, VTUN_CMD_EXPIRE_NTF))
		return;
	err = nla_put_u8(e.skb, VTUN_A_EVENT_LEVEL, level);
	if (!err)
		err = nla_put_u8(e.skb, VTUN_A_EVENT_CAUSE, cause);
	event_end(&e, err);
}

void vtun_event_switch(const struct vtun_sa *sa, const struct vtun_sa *old,
		       u8 why)
{
	struct event e;
	int err;

	if (!event_begin(&e, sa->child, sa, VTUN_CMD_SWITCH_NTF))
		return;
	err = nla_put_u8(e.skb, VTUN_A_EVENT_CAUSE, why);
	if (!err && old)
		err = nla_put_u32(e.skb, VTUN_A_EVENT_OLD_SPI,
				  be32_to_cpu(old->spi));
	event_end(&e, err);
}

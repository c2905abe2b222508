// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events to the multicast group. They are built and sent under vtun_net.lock:
 * rare, small, and only so is the order of numbers the order of delivery. When
 * there is no memory the number is used up all the same: the listener sees the
 * gap and dumps.
 */
#include "events.h"

#include <net/genetlink.h>

#include "audit.h"
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

/*
 * Header and, unless NULL, child and SA. false: nobody listens, no room, or no
 * memory.
 */
static bool event_begin(struct event *e, struct vtun_net *vn,
			const struct vtun_child *child,
			const struct vtun_sa *sa, u8 cmd)
{
	u32 seq;

	e->vn = vn;
	lockdep_assert_held(&e->vn->lock);
	seq = e->vn->event_seq + 1;
	WRITE_ONCE(e->vn->event_seq, seq);
	if (!genl_has_listeners(&vtun_genl_family, e->vn->net, 0))
		return false;
	e->skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!e->skb)
		return false;
	e->hdr = genlmsg_put(e->skb, 0, seq, &vtun_genl_family, 0, cmd);
	if (!e->hdr || (child && vtun_put_child_key(e->skb, child)) ||
	    (sa && vtun_put_sa_brief(e->skb, sa)))
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
	    event_begin(&e, vn, child, NULL, VTUN_CMD_ACQUIRE_NTF))
		event_end(&e, put_flow(e.skb, flow));
	spin_unlock_bh(&vn->lock);
}

void vtun_event_expire(const struct vtun_sa *sa, u8 level, u8 cause)
{
	struct event e;
	int err;

	if (!event_begin(&e, sa->net, sa->child, sa, VTUN_CMD_EXPIRE_NTF))
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

	if (!event_begin(&e, sa->net, sa->child, sa, VTUN_CMD_SWITCH_NTF))
		return;
	err = nla_put_u8(e.skb, VTUN_A_EVENT_CAUSE, why);
	if (!err && old)
		err = nla_put_u32(e.skb, VTUN_A_EVENT_OLD_SPI,
				  be32_to_cpu(old->spi));
	event_end(&e, err);
}

static int put_ends(struct sk_buff *skb, u8 family, const struct in6_addr *src,
		    const struct in6_addr *dst)
{
	return vtun_put_addr(skb, VTUN_A_EVENT_SRC, family, src) ?:
	       vtun_put_addr(skb, VTUN_A_EVENT_DST, family, dst);
}

void vtun_event_peer_moved(const struct vtun_child *child,
			   const struct vtun_path_config *seen, bool followed)
{
	struct event e;
	int err;

	if (!event_begin(&e, child->net, child, NULL, VTUN_CMD_PEER_MOVED_NTF))
		return;
	err = put_ends(e.skb, seen->family, &seen->remote, &seen->local);
	if (!err && seen->encap)
		err = nla_put_u16(e.skb, VTUN_A_EVENT_PORT, seen->dport);
	if (!err && followed)
		err = nla_put_flag(e.skb, VTUN_A_EVENT_FOLLOWED);
	event_end(&e, err);
}

static int put_audit(struct sk_buff *skb, const struct vtun_audit *audit)
{
	int err;

	if (nla_put_u8(skb, VTUN_A_EVENT_REASON, audit->reason) ||
	    nla_put_u32(skb, VTUN_A_EVENT_COUNT, audit->count) ||
	    nla_put_u32(skb, VTUN_A_EVENT_SPI, be32_to_cpu(audit->spi)))
		return -EMSGSIZE;
	err = put_ends(skb, audit->family, &audit->src, &audit->dst);
	if (err || !audit->gone)
		return err;
	return nla_put_u64_64bit(skb, VTUN_A_EVENT_GONE_MS, audit->gone_ms,
				 VTUN_A_EVENT_UNSPEC) ?:
	       nla_put_u8(skb, VTUN_A_EVENT_GONE_STATE, audit->gone_state);
}

void vtun_event_audit(struct vtun_net *vn, const struct vtun_audit *audit)
{
	const struct vtun_sa *sa = audit->sa;
	struct event e;

	if (event_begin(&e, vn, sa ? sa->child : NULL, sa, VTUN_CMD_AUDIT_NTF))
		event_end(&e, put_audit(e.skb, audit));
}

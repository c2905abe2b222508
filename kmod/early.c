// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input route of ESP: the same for each packet between two gateways, and
 * looked up for each of them, since ESP has no sockets that would remember it.
 * A hook behind everything else in PRE_ROUTING hands out the route that a
 * packet with the same outer header had before. The packet then goes its way
 * through INPUT as any other.
 */
#include "early.h"

#include <linux/hash.h>
#include <linux/ip.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <net/dst.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/route.h>

#include "net.h"

#define BITS	5

/**
 * struct slot - a route that was found
 * @dst: referenced; NULL: none
 * @dev: where the packet came in; only compared
 * @saddr: outer source
 * @daddr: outer destination
 * @mark: fwmark
 * @dscp: without ECN, in its place
 */
struct slot {
	struct dst_entry *dst;
	const struct net_device *dev;
	__be32 saddr, daddr;
	u32 mark;
	u8 dscp;
};

/* of one CPU; BH off */
struct vtun_early {
	struct slot slots[1 << BITS];
};

static u8 dscp_of(const struct iphdr *iph)
{
	return iph->tos & ~INET_ECN_MASK;
}

static struct slot *slot_of(struct vtun_early __percpu *early,
			    const struct iphdr *iph)
{
	u32 sum = (__force u32)(iph->saddr ^ iph->daddr) + dscp_of(iph);

	return &this_cpu_ptr(early)->slots[hash_32(sum, BITS)];
}

static bool is_same(const struct slot *slot, const struct sk_buff *skb,
		    const struct iphdr *iph)
{
	return slot->saddr == iph->saddr && slot->daddr == iph->daddr &&
	       slot->dev == skb->dev && slot->mark == skb->mark &&
	       slot->dscp == dscp_of(iph);
}

static unsigned int hook_early(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	const struct iphdr *iph = ip_hdr(skb);
	const struct vtun_net *vn = priv;
	struct slot *slot;

	if (likely(iph->protocol != IPPROTO_ESP) || iph->ihl != 5 ||
	    ip_is_fragment(iph) || skb_dst(skb))
		return NF_ACCEPT;
	slot = slot_of(vn->early, iph);
	if (is_same(slot, skb, iph) && slot->dst && dst_check(slot->dst, 0))
		skb_dst_set_noref(skb, slot->dst);
	return NF_ACCEPT;
}

void vtun_early_note(struct vtun_net *vn, const struct sk_buff *skb)
{
	struct vtun_early __percpu *early = READ_ONCE(vn->early);
	const struct iphdr *iph = ip_hdr(skb);
	struct dst_entry *dst = skb_dst(skb), *old;
	const struct rtable *rt;
	struct slot *slot;

	if (unlikely(!early))
		return;
	slot = slot_of(early, iph);
	old = slot->dst;
	if (likely(old == dst && is_same(slot, skb, iph)))
		return;
	rt = container_of(dst, struct rtable, dst);
	if (!dst || rt->rt_type != RTN_LOCAL || !rt_is_input_route(rt) ||
	    !dst_hold_safe(dst))
		return;
	*slot = (struct slot) {
		.dst = dst,
		.dev = skb->dev,
		.saddr = iph->saddr,
		.daddr = iph->daddr,
		.mark = skb->mark,
		.dscp = dscp_of(iph),
	};
	/* whoever got it from here is done before RCU frees it */
	dst_release(old);
}

static const struct nf_hook_ops template = {
	.hook = hook_early,
	.pf = NFPROTO_IPV4,
	.hooknum = NF_INET_PRE_ROUTING,
	.priority = INT_MAX,
};

void vtun_early_start(struct vtun_net *vn)
{
	struct vtun_early __percpu *early;

	lockdep_assert_held(&vn->ctl);
	if (vn->early_ops.priv)
		return;
	/* stays when the hook cannot be registered: a packet may note in it */
	early = vn->early ?: alloc_percpu(struct vtun_early);
	if (!early)
		return;
	WRITE_ONCE(vn->early, early);
	vn->early_ops = template;
	vn->early_ops.priv = vn;
	if (nf_register_net_hook(vn->net, &vn->early_ops))
		vn->early_ops.priv = NULL;
}

void vtun_early_stop(struct vtun_net *vn)
{
	if (vn->early_ops.priv)
		nf_unregister_net_hook(vn->net, &vn->early_ops);
	vn->early_ops.priv = NULL;
}

void vtun_early_free(struct vtun_net *vn)
{
	unsigned int i;
	int cpu;

	if (!vn->early)
		return;
	for_each_possible_cpu(cpu)
		for (i = 0; i < 1 << BITS; i++)
			dst_release(per_cpu_ptr(vn->early, cpu)->slots[i].dst);
	free_percpu(vn->early);
	vn->early = NULL;
}

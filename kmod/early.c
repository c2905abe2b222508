// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way in of ESP: the same for each packet between two gateways, and looked
 * for anew by each of them, since neither ESP nor ESP in UDP has sockets that
 * would remember it. What IP and UDP found for a packet with the same outer
 * headers is kept here for the next one. A hook behind everything else in
 * PRE_ROUTING knows it again, shows it to what is in INPUT and takes it for its
 * SA. All that is left out is the search: input route, raw sockets, protocol
 * handlers, UDP socket. A packet that is in any way special goes the long way.
 */
#include "early.h"

#include <linux/cache.h>
#include <linux/hash.h>
#include <linux/ip.h>
#include <linux/jiffies.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/raw.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "esp.h"
#include "net.h"
#include "sa.h"

#define BITS	5

/* UDP is asked once more after so long: another socket may come closer */
#define UDP_TRUST	HZ

/**
 * struct slot - a way that was found
 * @dst: referenced; NULL: none
 * @dev: where the packet came in; only compared
 * @saddr: outer source
 * @daddr: outer destination
 * @mark: fwmark
 * @ports: of UDP, as in the header; 0: ESP is right behind IP
 * @dscp: without ECN, in its place
 * @sockets: vtun_net.sockets_gen when UDP was asked
 * @since: jiffies of that
 */
struct slot {
	struct dst_entry *dst;
	const struct net_device *dev;
	__be32 saddr, daddr;
	u32 mark;
	__be32 ports;
	u8 dscp;
	unsigned int sockets;
	unsigned long since;
};

/**
 * struct vtun_early - of one CPU; BH off
 * @raw_esp: raw sockets that want a copy of ESP, may be those of others, too
 * @raw_udp: of UDP
 * @udp: some slot is about UDP
 * @slots: by hash of the outer header
 */
struct vtun_early {
	const struct hlist_head *raw_esp, *raw_udp;
	bool udp;
	struct slot slots[1 << BITS];
};

static u8 dscp_of(const struct iphdr *iph)
{
	return iph->tos & ~INET_ECN_MASK;
}

static struct slot *slot_of(struct vtun_early *early, const struct iphdr *iph,
			    __be32 ports)
{
	u32 sum = (__force u32)(iph->saddr ^ iph->daddr ^ ports) + dscp_of(iph);

	return &early->slots[hash_32(sum, BITS)];
}

static bool is_same(const struct slot *slot, const struct sk_buff *skb,
		    const struct iphdr *iph, __be32 ports)
{
	return slot->saddr == iph->saddr && slot->daddr == iph->daddr &&
	       slot->ports == ports && slot->dev == skb->dev &&
	       slot->mark == skb->mark && slot->dscp == dscp_of(iph);
}

static bool is_udp_current(const struct vtun_net *vn, const struct slot *slot)
{
	return slot->sockets == READ_ONCE(vn->sockets_gen) &&
	       time_before(jiffies, slot->since + UDP_TRUST);
}

/*
 * What is known about a packet of IPv4, data at the IP header. All headers are
 * linear and there are neither options nor fragments, if so.
 */
static __always_inline const struct slot *
find(const struct vtun_net *vn, struct vtun_early *early, struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	unsigned int len = sizeof(*iph) + sizeof(struct vtun_esp_hdr);
	const struct slot *slot;
	__be32 ports = 0;

	if (iph->protocol == IPPROTO_UDP && early->udp)
		len += sizeof(struct udphdr);
	else if (iph->protocol != IPPROTO_ESP)
		return NULL;
	if (iph->ihl != 5 || ip_is_fragment(iph) || !pskb_may_pull(skb, len))
		return NULL;
	iph = ip_hdr(skb);
	if (iph->protocol == IPPROTO_UDP)
		memcpy(&ports, iph + 1, sizeof(ports));
	slot = slot_of(early, iph, ports);
	if (!is_same(slot, skb, iph, ports) || !slot->dst ||
	    (ports && !is_udp_current(vn, slot)))
		return NULL;
	return slot;
}

/* dst_check() of a route of IPv4, which is no secret */
static bool is_current(const struct vtun_net *vn, const struct slot *slot)
{
	const struct rtable *rt = container_of(slot->dst, struct rtable, dst);

	return READ_ONCE(rt->dst.obsolete) == DST_OBSOLETE_FORCE_CHK &&
	       rt->rt_genid == rt_genid_ipv4(vn->net);
}

/* a queue of userspace has no BH off in what follows it */
static struct vtun_early *here(const struct vtun_net *vn)
{
	struct vtun_early __percpu *early = READ_ONCE(vn->early);

	return likely(early && softirq_count()) ? this_cpu_ptr(early) : NULL;
}

/* where only the long way does what is right */
static bool is_special(const struct vtun_early *early,
		       const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	if (skb_ext_exist(skb, SKB_EXT_BRIDGE_NF))
		return true;
#endif
	if (skb->pkt_type != PACKET_HOST || skb_is_gso(skb))
		return true;
	return !hlist_empty(ip_hdr(skb)->protocol == IPPROTO_UDP ?
			    early->raw_udp : early->raw_esp);
}

/* what UDP would have looked at before it asked us */
static bool is_good_udp(struct net *net, struct sk_buff *skb)
{
	const struct udphdr *uh = (void *)(ip_hdr(skb) + 1);

	/* RFC 3948 2.2: the checksum should be zero */
	return !uh->check && __xfrm_check_nopolicy(net, skb, XFRM_POLICY_IN) &&
	       ntohs(uh->len) == skb->len - sizeof(struct iphdr);
}

static struct vtun_sa *sa_of(struct vtun_net *vn, const struct sk_buff *skb)
{
	const u8 *p = (const u8 *)(ip_hdr(skb) + 1);
	__be32 spi;

	if (ip_hdr(skb)->protocol == IPPROTO_UDP)
		p += sizeof(struct udphdr);
	memcpy(&spi, p, sizeof(spi));
	return vtun_sa_lookup_in(vn, spi);
}

/* a queue of userspace had it between INPUT and here; BH off */
static int deliver_later(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	struct vtun_net *vn = vtun_net(net);
	struct vtun_sa *sa = NULL;

	rcu_read_lock();
	if (pskb_may_pull(skb, sizeof(struct iphdr) + sizeof(struct udphdr) +
			  sizeof(struct vtun_esp_hdr)))
		sa = sa_of(vn, skb);
	if (sa) {
		vtun_esp_rcv_early(vn, sa, skb);
	} else {
		vtun_drops_inc(&vn->drops, VTUN_DROP_UNKNOWN_SPI);
		kfree_skb(skb);
	}
	rcu_read_unlock();
	return 0;
}

static unsigned int hook_early(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	struct vtun_net *vn = priv;
	struct vtun_early *early = here(vn);
	const struct slot *slot;
	struct vtun_sa *sa;

	if (!early || skb_dst(skb))
		return NF_ACCEPT;
	slot = find(vn, early, skb);
	if (likely(!slot) || !is_current(vn, slot))
		return NF_ACCEPT;
	sa = sa_of(vn, skb);
	if (!sa || is_special(early, skb) ||
	    (slot->ports && !is_good_udp(vn->net, skb))) {
		if (!slot->ports)
			skb_dst_set_noref(skb, slot->dst);
		return NF_ACCEPT;
	}
	skb_dst_set_noref(skb, slot->dst);
	if (nf_hook(NFPROTO_IPV4, NF_INET_LOCAL_IN, vn->net, NULL, skb,
		    skb->dev, NULL, deliver_later) == 1)
		vtun_esp_rcv_early(vn, sa, skb);
	return NF_STOLEN;
}

bool vtun_early_knows(struct vtun_net *vn, struct sk_buff *skb)
{
	struct vtun_early *early = here(vn);
	const struct slot *slot = early ? find(vn, early, skb) : NULL;

	return slot && is_current(vn, slot);
}

/* was it IP that found it, and is this host its end? */
static bool is_input(const struct dst_entry *dst)
{
	const struct rtable *rt = container_of(dst, struct rtable, dst);

	return dst && dst->input == ip_local_deliver &&
	       rt->rt_type == RTN_LOCAL && rt_is_input_route(rt);
}

void vtun_early_note(struct vtun_net *vn, const struct sk_buff *skb,
		     __be32 ports)
{
	struct vtun_early *early = here(vn);
	const struct iphdr *iph = ip_hdr(skb);
	struct dst_entry *dst = skb_dst(skb), *old;
	struct slot *slot;

	if (unlikely(!early))
		return;
	slot = slot_of(early, iph, ports);
	old = slot->dst;
	if (old == dst && is_same(slot, skb, iph, ports) && !ports)
		return;
	if (!is_input(dst) || !dst_hold_safe(dst))
		return;
	*slot = (struct slot) {
		.dst = dst,
		.dev = skb->dev,
		.saddr = iph->saddr,
		.daddr = iph->daddr,
		.mark = skb->mark,
		.ports = ports,
		.dscp = dscp_of(iph),
		.sockets = READ_ONCE(vn->sockets_gen),
		.since = jiffies,
	};
	if (ports)
		early->udp = true;
	/* whoever got it from here is done before RCU frees it */
	dst_release(old);
}

static const struct nf_hook_ops template = {
	.hook = hook_early,
	.pf = NFPROTO_IPV4,
	.hooknum = NF_INET_PRE_ROUTING,
	.priority = INT_MAX,
};

static const struct hlist_head *raw_sockets(const struct net *net, u8 proto)
{
	return &raw_v4_hashinfo.ht[raw_hashfunc(net, proto)];
}

static struct vtun_early __percpu *early_new(const struct net *net)
{
	struct vtun_early __percpu *early = alloc_percpu(struct vtun_early);
	struct vtun_early *own;
	int cpu;

	if (!early)
		return NULL;
	for_each_possible_cpu(cpu) {
		own = per_cpu_ptr(early, cpu);
		own->raw_esp = raw_sockets(net, IPPROTO_ESP);
		own->raw_udp = raw_sockets(net, IPPROTO_UDP);
	}
	return early;
}

void vtun_early_start(struct vtun_net *vn)
{
	struct vtun_early __percpu *early;

	lockdep_assert_held(&vn->ctl);
	if (vn->early_ops.priv)
		return;
	/* stays when the hook cannot be registered: a packet may note in it */
	early = vn->early ?: early_new(vn->net);
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

static unsigned int hook_nothing(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	return NF_ACCEPT;
}

/*
 * What a queue of userspace got from the last packets would come back to
 * deliver_later(). Queues are emptied when a hook goes, any hook.
 */
void vtun_early_drain(struct vtun_net *vn)
{
	struct nf_hook_ops ops = template;

	if (atomic_read(&vn->gen) == VTUN_GEN_FIRST)
		return;
	ops.hook = hook_nothing;
	if (!nf_register_net_hook(vn->net, &ops))
		nf_unregister_net_hook(vn->net, &ops);
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

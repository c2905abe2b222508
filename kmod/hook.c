// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policy door: netfilter hooks, in a namespace as long as it has policies.
 *
 * Out: POST_ROUTING, behind everything but the last step of conntrack, so that
 * addresses are those after source NAT. A packet to be protected gets a route
 * of ours in place of its own. IP sends a packet whose route has a transform
 * straight to the output function of that route after POST_ROUTING (what NAT
 * makes match a policy of XFRM goes this way): conntrack has confirmed the
 * connection by then, no neighbour is asked, nothing was cut into fragments.
 *
 * In: PRE_ROUTING, before fragments are joined, before conntrack and NAT: what
 * came in clear is judged as it came, and a forged fragment never meets those
 * that were protected. Decrypted packets come by once more, marked by a route
 * of ours that IP replaces.
 */
#include "hook.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/inetdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/preempt.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <linux/workqueue.h>
#include <net/addrconf.h>
#include <net/dst_metadata.h>
#include <net/gro_cells.h>
#include <net/icmp.h>
#include <net/ip6_fib.h>
#include <net/ndisc.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "child.h"
#include "compat.h"
#include "device.h"
#include "early.h"
#include "encap.h"
#include "esp.h"
#include "mtu.h"
#include "net.h"
#include "policy.h"

/* the last thing that happens is that conntrack confirms */
#define PRIORITY_OUT	(INT_MAX - 1)
/* the first is a bridge that hides what it has shown already */
#define PRIORITY_IN	(NF_IP_PRI_RAW_BEFORE_DEFRAG - 50)

#define PORT_IKE	500

/**
 * struct protect - the route of packets that are to be protected
 * @dst: the route itself
 * @rt: what IP takes it for; whatever it looks at there is zero
 * @rt6: likewise
 * @ops: of the route
 * @xfrm: only there to be pointed to
 *
 * One for everybody, kept until the module goes: packets need no reference.
 */
struct protect {
	union {
		struct dst_entry dst;
		struct rtable rt;
		struct rt6_info rt6;
	};
	struct dst_ops ops;
	struct xfrm_state xfrm;
};

static struct protect *protect;
static struct metadata_dst *decrypted;
static struct net_device *rx_dev;
static struct gro_cells rx_cells;

/* behind what IP keeps there; valid while the policies stay the same */
struct hook_cb {
	unsigned long generation;
	struct vtun_child *child;
};

#define HOOK_CB_OFFSET	32

static struct hook_cb *hook_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct inet_skb_parm) > HOOK_CB_OFFSET);
	BUILD_BUG_ON(sizeof(struct inet6_skb_parm) > HOOK_CB_OFFSET);
	BUILD_BUG_ON(HOOK_CB_OFFSET + sizeof(struct hook_cb) >
		     sizeof(skb->cb));
	return (struct hook_cb *)(skb->cb + HOOK_CB_OFFSET);
}

static unsigned int drop(struct vtun_net *vn, enum vtun_drop why)
{
	vtun_drops_inc(&vn->drops, why);
	return NF_DROP;
}

/*
 * Policies do not see what stays in the host, nor what a vtun device protects
 * or has protected: that has selectors of its own.
 */
static bool is_exempt_device(const struct net_device *dev)
{
	return !dev || dev->flags & IFF_LOOPBACK || vtun_device_is(dev);
}

/* a frame that a bridge passes on, shown to us on the way */
static bool is_bridged(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	const struct nf_bridge_info *bridge = nf_bridge_info_get(skb);

	return bridge && bridge->pkt_otherhost;
#else
	return false;
#endif
}

/*
 * Neighbour and listener discovery, never from farther than the link: without
 * it nothing moves, protected or not.
 */
static bool is_discovery(const struct vtun_flow *flow,
			 const struct sk_buff *skb)
{
	if (flow->proto != IPPROTO_ICMPV6 || !flow->ports)
		return false;
	switch (flow->sport >> 8) {
	case NDISC_ROUTER_SOLICITATION:
	case NDISC_ROUTER_ADVERTISEMENT:
	case NDISC_NEIGHBOUR_SOLICITATION:
	case NDISC_NEIGHBOUR_ADVERTISEMENT:
	case NDISC_REDIRECT:
		return ipv6_hdr(skb)->hop_limit == 255;
	case ICMPV6_MGM_QUERY:
	case ICMPV6_MGM_REPORT:
	case ICMPV6_MGM_REDUCTION:
	case ICMPV6_MLD2_REPORT:
		return ipv6_hdr(skb)->hop_limit == 1;
	}
	return false;
}

/* --- out */

static bool is_transformed(struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		return IPCB(skb)->flags & IPSKB_XFRM_TRANSFORMED;
	return IP6CB(skb)->flags & IP6SKB_XFRM_TRANSFORMED;
}

static bool is_forwarded(struct sk_buff *skb)
{
	if (skb->protocol == htons(ETH_P_IP))
		return IPCB(skb)->flags & IPSKB_FORWARDED;
	return IP6CB(skb)->flags & IP6SKB_FORWARDED;
}

/* the keying daemon speaks: from a low port, or by a socket of ESP in UDP */
static bool is_keying_out(const struct vtun_flow *flow,
			  const struct sk_buff *skb)
{
	return flow->proto == IPPROTO_UDP && skb->sk &&
	       ((flow->ports && flow->sport == PORT_IKE) ||
		vtun_encap_owns(skb->sk));
}

static void tell_refused(struct sk_buff *skb)
{
	if (!is_forwarded(skb))
		return;		/* the system call fails */
	if (skb->protocol == htons(ETH_P_IP))
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_PKT_FILTERED, 0);
	else
		icmpv6_ndo_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_ADM_PROHIBITED,
				0);
}

/* fragmented behind POST_ROUTING; so its length alone is no reason to refuse */
static bool is_left_to_ip(struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IPV6) && !is_forwarded(skb) &&
	       !skb_is_gso(skb) && skb->len > dst_mtu(skb_dst(skb));
}

/*
 * Does nobody but the sender have a way to make it fit? Tells it while the
 * packet has its own route.
 */
static bool too_big(struct vtun_child *child, struct sk_buff *skb)
{
	const struct vtun_path *path = rcu_dereference(child->path);
	const struct vtun_sa *sa = rcu_dereference(child->out);
	bool v4 = skb->protocol == htons(ETH_P_IP);
	bool tunnel = child->mode == VTUN_MODE_TUNNEL;
	unsigned int mtu;

	if (unlikely(!sa || !READ_ONCE(path->mtu)))
		return false;
	mtu = vtun_child_mtu(child, path, sa);
	/* the outer packet is fragmented, see vtun_tx_how_big() */
	if (!tunnel)
		return false;
	if (!v4)
		mtu = max_t(unsigned int, mtu, IPV6_MIN_MTU);
	if (likely(skb_is_gso(skb) ? skb_gso_validate_network_len(skb, mtu) :
				     skb->len <= mtu))
		return false;
	if (v4 && !(ip_hdr(skb)->frag_off & htons(IP_DF)))
		return false;
	if (READ_ONCE(child->options.df) == VTUN_DF_CLEAR)
		return false;
	if (is_left_to_ip(skb))
		return false;
	vtun_mtu_tell(skb, mtu, is_forwarded(skb) ? VTUN_DOOR_FORWARD :
						    VTUN_DOOR_OUTPUT);
	vtun_child_drop(child, VTUN_DROP_TOO_BIG, 1);
	return true;
}

static unsigned int protect_packet(struct vtun_net *vn, struct sk_buff *skb,
				   const struct vtun_flow *flow,
				   struct vtun_child *child,
				   unsigned long generation)
{
	const struct vtun_selectors *ts = rcu_dereference(child->ts);

	/* the policy may be wider than what the peers agreed upon */
	if (unlikely(READ_ONCE(child->dead) ||
		     !vtun_selectors_match(ts, flow, VTUN_DIR_OUT))) {
		tell_refused(skb);
		return drop(vn, VTUN_DROP_NO_CHILD);
	}
	if (unlikely(too_big(child, skb)))
		return NF_DROP_ERR(-EMSGSIZE);
	hook_cb(skb)->generation = generation;
	hook_cb(skb)->child = child;
	skb_dst_drop(skb);
	skb_dst_set_noref(skb, &protect->dst);
	return NF_ACCEPT;
}

static unsigned int judge_out(struct vtun_net *vn, struct sk_buff *skb)
{
	struct vtun_spd *spd = READ_ONCE(vn->spd);
	struct vtun_policy *policy;
	unsigned long generation;
	struct vtun_flow flow;
	bool fragment;

	/* before the lookup: what it finds may be older, never newer */
	generation = vtun_classify_generation(&spd->table);
	vtun_flow_parse(&flow, skb);
	policy = vtun_policy_lookup(spd, &flow, &fragment);
	if (!policy && !fragment)
		return NF_ACCEPT;
	if (is_keying_out(&flow, skb) || is_discovery(&flow, skb))
		return NF_ACCEPT;
	if (unlikely(fragment))
		return drop(vn, VTUN_DROP_FRAGMENT);
	vtun_policy_count_packet(policy, VTUN_DIR_OUT, skb);
	switch (policy->action) {
	case VTUN_ACTION_PROTECT:
		return protect_packet(vn, skb, &flow, policy->child,
				      generation);
	case VTUN_ACTION_BYPASS:
		return NF_ACCEPT;
	}
	tell_refused(skb);
	return drop(vn, VTUN_DROP_DISCARD);
}

/* what is forwarded comes with BH off, and has no need to pay for it again */
static bool bh_off(void)
{
	if (softirq_count())
		return false;
	local_bh_disable();
	return true;
}

static void bh_on(bool was_on)
{
	if (was_on)
		local_bh_enable();
}

static noinline unsigned int look_out(struct vtun_net *vn, struct sk_buff *skb,
				      const struct net_device *dev)
{
	const struct dst_entry *dst = skb_dst(skb);
	unsigned int verdict;
	bool was_on;

	/*
	 * What XFRM is going to protect is not in clear either. Frames of a
	 * bridge have no route, or an empty one. A VRF shows every packet once
	 * more as its own before the device does.
	 */
	if (is_exempt_device(dev) || !dst || dst->xfrm ||
	    dst->flags & DST_FAKE_RTABLE || netif_is_l3_master(dev))
		return NF_ACCEPT;
	was_on = bh_off();
	verdict = judge_out(vn, skb);
	bh_on(was_on);
	return verdict;
}

static unsigned int hook_out(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	/* was protected already, by whomever: most of what comes by here */
	if (is_transformed(skb))
		return NF_ACCEPT;
	return look_out(priv, skb, state->out);
}

/*
 * The policies changed since the packet was judged: is it still to be
 * protected, and how?
 */
static struct vtun_child *judge_again(struct vtun_net *vn, struct sk_buff *skb)
{
	struct vtun_spd *spd = READ_ONCE(vn->spd);
	struct vtun_policy *policy;
	struct vtun_flow flow;
	bool fragment;

	vtun_flow_parse(&flow, skb);
	policy = vtun_policy_lookup(spd, &flow, &fragment);
	if (!policy || fragment || policy->action != VTUN_ACTION_PROTECT ||
	    READ_ONCE(policy->child->dead))
		return NULL;
	return policy->child;
}

static int protect_output(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	enum vtun_door door = VTUN_DOOR_NONE;
	struct hook_cb *cb = hook_cb(skb);
	struct vtun_net *vn = vtun_net(net);
	struct vtun_child *child;
	bool was_on;

	was_on = bh_off();
	rcu_read_lock();
	if (likely(cb->generation ==
		   vtun_classify_generation(&READ_ONCE(vn->spd)->table)))
		child = cb->child;
	else
		child = judge_again(vn, skb);
	if (likely(child)) {
		/* IPv6 of this host that got here is not to be refused */
		if (skb->protocol == htons(ETH_P_IPV6) && !is_forwarded(skb) &&
		    !skb_is_gso(skb))
			door = VTUN_DOOR_OUTPUT;
		vtun_child_send(child, skb, door);
	} else {
		drop(vn, VTUN_DROP_NO_CHILD);
		kfree_skb(skb);
	}
	rcu_read_unlock();
	bh_on(was_on);
	return 0;
}

/* --- in */

static bool is_local(const struct vtun_flow *flow, struct net *net,
		     const struct net_device *dev)
{
	if (flow->family == AF_INET)
		return inet_addr_type_dev_table(net, dev,
						flow->src.s6_addr32[0]) ==
		       RTN_LOCAL;
	return ipv6_chk_addr(net, &flow->src, NULL, 0);
}

/*
 * What tunnels come in, and what keys them: ESP and IKE to this host itself.
 * Later fragments of UDP are taken for it where there is a socket for ESP.
 */
static bool is_outer_in(struct vtun_net *vn, const struct vtun_flow *flow,
			const struct net_device *dev)
{
	switch (flow->proto) {
	case IPPROTO_ESP:
		break;
	case IPPROTO_UDP:
		if (!flow->ports && list_empty(&vn->sockets))
			return false;
		if (flow->ports && flow->sport != PORT_IKE &&
		    flow->sport != VTUN_ENCAP_PORT)
			return false;
		break;
	default:
		return false;
	}
	return is_local(flow, vn->net, dev);
}

/* on what path do packets have to be smaller? Without it they are lost. */
static bool is_about_outer(struct vtun_net *vn, const struct vtun_flow *flow,
			   const struct sk_buff *skb)
{
	int offset = skb_network_offset(skb);
	__be16 frag_off;
	u8 proto;

	if (!flow->ports)
		return false;
	if (flow->family == AF_INET) {
		if (flow->proto != IPPROTO_ICMP ||
		    flow->sport != (ICMP_DEST_UNREACH << 8 | ICMP_FRAG_NEEDED))
			return false;
		offset += ip_hdr(skb)->ihl * 4;
	} else {
		if (flow->proto != IPPROTO_ICMPV6 ||
		    flow->sport >> 8 != ICMPV6_PKT_TOOBIG)
			return false;
		proto = ipv6_hdr(skb)->nexthdr;
		offset = ipv6_skip_exthdr(skb, offset + sizeof(struct ipv6hdr),
					  &proto, &frag_off);
	}
	return offset >= 0 &&
	       vtun_esp_quoted(vn, skb, offset + sizeof(struct icmphdr),
			       flow->family);
}

/* the same of a flow that was let in by that before: no need to judge */
static bool is_known_outer(struct vtun_net *vn, struct sk_buff *skb)
{
	const struct udphdr *uh;

	if (skb->protocol != htons(ETH_P_IP) || !vtun_early_knows(vn, skb))
		return false;
	uh = (const struct udphdr *)(ip_hdr(skb) + 1);
	return ip_hdr(skb)->protocol == IPPROTO_ESP ||
	       uh->dest == htons(VTUN_ENCAP_PORT);
}

static unsigned int judge_in(struct vtun_net *vn, struct sk_buff *skb,
			     const struct net_device *dev, bool was_protected)
{
	struct vtun_spd *spd = READ_ONCE(vn->spd);
	struct vtun_policy *policy;
	struct vtun_flow flow;
	bool fragment;

	if (was_protected ? likely(!READ_ONCE(spd->n_discard)) :
			    is_known_outer(vn, skb))
		return NF_ACCEPT;
	vtun_flow_parse(&flow, skb);
	vtun_flow_swap(&flow);
	policy = vtun_policy_lookup(spd, &flow, &fragment);
	if (was_protected) {
		/* its child has looked at its own selectors */
		if (policy && !fragment &&
		    policy->action == VTUN_ACTION_DISCARD)
			return drop(vn, VTUN_DROP_DISCARD);
		return NF_ACCEPT;
	}
	if (!policy && !fragment)
		return NF_ACCEPT;
	if ((fragment || policy->action != VTUN_ACTION_BYPASS) &&
	    (is_discovery(&flow, skb) || is_outer_in(vn, &flow, dev) ||
	     is_about_outer(vn, &flow, skb)))
		return NF_ACCEPT;
	if (unlikely(fragment))
		return drop(vn, VTUN_DROP_FRAGMENT);
	vtun_policy_count_packet(policy, VTUN_DIR_IN, skb);
	switch (policy->action) {
	case VTUN_ACTION_PROTECT:
		return drop(vn, VTUN_DROP_CLEAR);
	case VTUN_ACTION_BYPASS:
		return NF_ACCEPT;
	}
	return drop(vn, VTUN_DROP_DISCARD);
}

static unsigned int hook_in(void *priv, struct sk_buff *skb,
			    const struct nf_hook_state *state)
{
	bool was_protected = skb_dst(skb) == &decrypted->dst;

	/* a VRF shows it once more, and the mark has to be seen then, too */
	if (was_protected && !netif_is_l3_slave(state->in))
		skb_dst_drop(skb);
	if (is_exempt_device(state->in) || is_bridged(skb))
		return NF_ACCEPT;
	return judge_in(priv, skb, state->in, was_protected);
}

/*
 * The link header is gone, or was decrypted over; GRO and whatever looks at
 * frames of this device expect one.
 */
static bool push_link_header(struct sk_buff *skb)
{
	const struct net_device *dev = skb->dev;
	unsigned int len = dev->hard_header_len;
	struct ethhdr *eth;

	if (unlikely(skb_cow_head(skb, len)))
		return false;
	skb_set_mac_header(skb, -(int)len);
	skb->mac_len = len;
	if (len)
		memset(skb_mac_header(skb), 0, len);
	if (len == ETH_HLEN) {
		eth = eth_hdr(skb);
		ether_addr_copy(eth->h_dest, dev->dev_addr);
		eth->h_proto = skb->protocol;
	}
	return true;
}

void vtun_policy_rx(struct vtun_child *child, struct sk_buff *skb)
{
	if (unlikely(!push_link_header(skb))) {
		vtun_child_drop(child, VTUN_DROP_NO_MEMORY, 1);
		kfree_skb(skb);
		return;
	}
	skb->pkt_type = PACKET_HOST;
	skb_scrub_packet(skb, false);
	skb_dst_set_noref(skb, &decrypted->dst);
	gro_cells_receive(&rx_cells, skb);
}

/* --- registration */

static const struct nf_hook_ops hook_ops[] = {
	{
		.hook = hook_out,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_POST_ROUTING,
		.priority = PRIORITY_OUT,
	},
	{
		.hook = hook_in,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = PRIORITY_IN,
	},
	{
		.hook = hook_out,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_POST_ROUTING,
		.priority = PRIORITY_OUT,
	},
	{
		.hook = hook_in,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = PRIORITY_IN,
	},
};

int vtun_hook_register(struct vtun_net *vn)
{
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(hook_ops) != ARRAY_SIZE(vn->hook_ops));
	memcpy(vn->hook_ops, hook_ops, sizeof(hook_ops));
	for (i = 0; i < ARRAY_SIZE(hook_ops); i++)
		vn->hook_ops[i].priv = vn;
	return nf_register_net_hooks(vn->net, vn->hook_ops,
				     ARRAY_SIZE(vn->hook_ops));
}

void vtun_hook_unregister(struct vtun_net *vn)
{
	nf_unregister_net_hooks(vn->net, vn->hook_ops,
				ARRAY_SIZE(vn->hook_ops));
}

static unsigned int protect_mtu(const struct dst_entry *dst)
{
	return IPV6_MIN_MTU;	/* see protect_output() */
}

static int protect_init(void)
{
	protect = kzalloc(sizeof(*protect), GFP_KERNEL);
	if (!protect)
		return -ENOMEM;
	protect->ops.family = AF_UNSPEC;
	protect->ops.mtu = protect_mtu;
	vtun_dst_init(&protect->dst, &protect->ops, blackhole_netdev,
		      DST_NOCOUNT);
	protect->dst.xfrm = &protect->xfrm;
	protect->dst.output = protect_output;
	return 0;
}

/*
 * A queue of userspace may hold a packet with a reference, as long as it likes:
 * then this memory stays, and the packet is dropped when it comes back.
 */
static void protect_exit(void)
{
	netdev_put(protect->dst.dev, &protect->dst.dev_tracker);
	if (vtun_dst_refs(&protect->dst) > 1)
		WRITE_ONCE(protect->dst.output, dst_discard_out);
	else
		kfree(protect);
}

static void rx_dev_setup(struct net_device *dev)
{
}

static int rx_init(void)
{
	int err = -ENOMEM;

	decrypted = metadata_dst_alloc(0, METADATA_HW_PORT_MUX, GFP_KERNEL);
	if (!decrypted)
		return err;
	/* never registered: only its place for poll functions is of use */
	rx_dev = alloc_netdev(0, "vtun-policy", NET_NAME_PREDICTABLE,
			      rx_dev_setup);
	if (!rx_dev)
		goto err_release;
	err = gro_cells_init(&rx_cells, rx_dev);
	if (err)
		goto err_free_dev;
	return 0;

err_free_dev:
	free_netdev(rx_dev);
err_release:
	dst_release(&decrypted->dst);
	return err;
}

/* whatever a CPU has received but not looked at yet is done afterwards */
static long receive_all(void *unused)
{
	local_bh_disable();
	local_bh_enable();
	return 0;
}

static void rx_exit(void)
{
	int cpu;

	gro_cells_destroy(&rx_cells);
	free_netdev(rx_dev);
	for_each_online_cpu(cpu)
		work_on_cpu(cpu, receive_all, NULL);
	synchronize_net();
	dst_release(&decrypted->dst);
}

int vtun_hook_init(void)
{
	int err = protect_init();

	if (err)
		return err;
	err = rx_init();
	if (err)
		protect_exit();
	return err;
}

void vtun_hook_exit(void)
{
	rx_exit();
	protect_exit();
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * NAT keepalive, RFC 3948 4: one octet, sent when a child with encapsulation
 * and an outbound SA has sent nothing for so long. It is not proof of anything
 * and no use of an SA.
 *
 * One timer of the wheel per child: cheap to have thousands of, exact to an
 * eighth. It wakes an idle CPU, for a NAT forgets whether we sleep or not. It
 * looks when the child sent last and comes back when that may be too long ago;
 * traffic itself never touches it.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/timer.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "child.h"
#include "lifetime.h"
#include "net.h"
#include "sa.h"

#define KEEPALIVE	0xff

static void push_udp(struct sk_buff *skb, const struct vtun_path_config *path)
{
	struct udphdr *uh = skb_push(skb, sizeof(*uh));

	skb_reset_transport_header(skb);
	uh->source = htons(path->sport);
	uh->dest = htons(path->dport);
	uh->len = htons(skb->len);
	/* RFC 3948 2.3: none with IPv4 */
	uh->check = 0;
	if (path->family == AF_INET6)
		uh->check = csum_ipv6_magic(&path->local, &path->remote,
					    skb->len, IPPROTO_UDP,
					    csum_partial(uh, skb->len, 0)) ?:
			    CSUM_MANGLED_0;
}

static void push_ip(struct sk_buff *skb, const struct vtun_path_config *path,
		    struct dst_entry *dst)
{
	struct ipv6hdr *ip6h;
	struct iphdr *iph;

	if (path->family == AF_INET) {
		iph = skb_push(skb, sizeof(*iph));
		/* ip_local_out() adds length and checksum */
		*iph = (struct iphdr) {
			.version = 4,
			.ihl = 5,
			.frag_off = htons(IP_DF),
			.ttl = ip4_dst_hoplimit(dst),
			.protocol = IPPROTO_UDP,
			.saddr = path->local.s6_addr32[0],
			.daddr = path->remote.s6_addr32[0],
		};
		skb->protocol = htons(ETH_P_IP);
	} else {
		ip6h = skb_push(skb, sizeof(*ip6h));
		ip6_flow_hdr(ip6h, 0, 0);
		ip6h->nexthdr = IPPROTO_UDP;
		ip6h->hop_limit = ip6_dst_hoplimit(dst);
		ip6h->saddr = path->local;
		ip6h->daddr = path->remote;
		skb->protocol = htons(ETH_P_IPV6);
	}
	skb_reset_network_header(skb);
}

/* RCU, BH off; what cannot be sent now is not missed */
static void send(struct vtun_child *child, struct vtun_path *path)
{
	const struct vtun_path_config *config = &path->config;
	struct dst_entry *dst = vtun_path_route(path);
	unsigned int head;
	struct sk_buff *skb;

	if (!dst)
		return;
	head = LL_RESERVED_SPACE(dst->dev) + vtun_path_ip_len(path) +
	       sizeof(struct udphdr);
	skb = alloc_skb(head + 1, GFP_ATOMIC);
	if (!skb)
		return;
	skb_reserve(skb, head);
	skb_put_u8(skb, KEEPALIVE);
	push_udp(skb, config);
	push_ip(skb, config, dst);
	skb->mark = config->mark;
	skb_dst_set_noref(skb, dst);
	if (config->family == AF_INET) {
		IPCB(skb)->flags = IPSKB_XFRM_TRANSFORMED;
		ip_local_out(child->net->net, NULL, skb);
	} else {
		IP6CB(skb)->flags = IP6SKB_XFRM_TRANSFORMED;
		ip6_local_out(child->net->net, NULL, skb);
	}
}

/* is there a NAT, or may there be one, as the peer is followed? */
static bool is_wanted(const struct vtun_child *child,
		      const struct vtun_path *path)
{
	return READ_ONCE(child->options.keepalive_ms) &&
	       (path->config.encap == VTUN_ENCAP_UDP ||
		READ_ONCE(child->flags) & VTUN_CHILD_F_FOLLOW_PEER);
}

/* ms until the next look at the child, 0 = never again */
static u64 keepalive(struct vtun_child *child)
{
	u64 interval = READ_ONCE(child->options.keepalive_ms);
	struct vtun_path *path = rcu_dereference(child->path);
	struct vtun_sa *out = rcu_dereference(child->out);
	u64 now = vtun_lifetime_now(), last;

	if (!is_wanted(child, path))
		return 0;
	if (path->config.encap != VTUN_ENCAP_UDP)
		return interval;
	if (!out || READ_ONCE(out->state) != VTUN_SA_ACTIVE)
		/* there is nothing to keep alive, but soon may be */
		return interval / 4 + 1;
	last = max3(READ_ONCE(out->last_used), out->meter.installed,
		    child->keepalive_last);
	if (now < last + interval)
		return last + interval - now;
	child->keepalive_last = now;
	send(child, path);
	return interval;
}

static void timer_cb(struct timer_list *timer)
{
	struct vtun_child *child = container_of(timer, struct vtun_child,
						keepalive);
	u64 next;

	/* vtun_keepalive_stop() waits for us, and then removes what we arm */
	rcu_read_lock();
	next = READ_ONCE(child->dead) ? 0 : keepalive(child);
	rcu_read_unlock();
	if (next)
		mod_timer(timer, jiffies + msecs_to_jiffies(next));
}

void vtun_keepalive_init(struct vtun_child *child)
{
	timer_setup(&child->keepalive, timer_cb, 0);
}

void vtun_keepalive_start(struct vtun_child *child)
{
	bool wanted;

	lockdep_assert_held(&child->net->ctl);
	rcu_read_lock();
	wanted = is_wanted(child, rcu_dereference(child->path));
	rcu_read_unlock();
	/* it finds out itself when to send */
	if (wanted)
		mod_timer(&child->keepalive, jiffies);
}

void vtun_keepalive_stop(struct vtun_child *child)
{
	lockdep_assert_held(&child->net->ctl);
	timer_delete_sync(&child->keepalive);
}

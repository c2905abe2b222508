// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finished ESP packets on their way out.
 *
 * ip_local_out() finds out anew for every packet what is the same for all of
 * one call: route, netfilter, MTU, neighbour. Where nothing stands between the
 * packets and their neighbour, they go there straight.
 */
#include "esp_tx.h"

#include <linux/netfilter.h>
#include <net/arp.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/neighbour.h>
#include <net/route.h>

#include "child.h"
#include "compat.h"
#include "net.h"

/* unicast, by a route that asks for nothing special on the way */
static bool is_plain(const struct vtun_tx *tx)
{
	const struct dst_entry *dst = tx->dst;

	return tx->path->config.family == AF_INET && dst->output == ip_output &&
	       !dst->lwtstate && !netif_is_l3_slave(dst->dev) &&
	       container_of(dst, struct rtable, dst)->rt_type == RTN_UNICAST;
}

/* what netfilter let pass at last, maybe after a while */
static int send_late(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	struct neighbour *neigh;
	bool is_v6gw = false;
	int err;

	/* translated into what a policy of XFRM covers */
	if (skb_dst(skb)->xfrm) {
		IPCB(skb)->flags |= IPSKB_REROUTED;
		return dst_output(net, sk, skb);
	}
	rcu_read_lock();
	neigh = ip_neigh_for_gw(skb_rtable(skb), skb, &is_v6gw);
	if (!IS_ERR(neigh)) {
		err = neigh_output(neigh, skb, is_v6gw);
	} else {
		err = PTR_ERR(neigh);
		kfree_skb(skb);
	}
	rcu_read_unlock();
	return err;
}

/* what ip_local_out() and ip_output() would do with it */
static void send_plain(const struct vtun_tx *tx, struct sk_buff *skb,
		       struct neighbour *neigh, bool is_v6gw)
{
	struct net *net = tx->child->net->net;
	struct net_device *dev = tx->dst->dev;
	struct iphdr *iph = ip_hdr(skb);

	iph->tot_len = htons(skb->len);
	ip_send_check(iph);
	if (nf_hook(NFPROTO_IPV4, NF_INET_LOCAL_OUT, net, NULL, skb, NULL, dev,
		    dst_output) != 1)
		return;
	if (unlikely(skb_dst(skb) != tx->dst)) {
		dst_output(net, NULL, skb);
		return;
	}
	vtun_ip_count_out(net, skb->len);
	skb->dev = dev;
	if (nf_hook(NFPROTO_IPV4, NF_INET_POST_ROUTING, net, NULL, skb, NULL,
		    dev, send_late) != 1)
		return;
	if (likely(skb_dst(skb) == tx->dst))
		neigh_output(neigh, skb, is_v6gw);
	else
		send_late(net, NULL, skb);
}

void vtun_tx_send(struct vtun_tx *tx)
{
	struct net *net = tx->child->net->net;
	struct neighbour *neigh = NULL;
	struct sk_buff *skb;
	bool is_v6gw = false;

	if (likely(is_plain(tx) && !skb_queue_empty(&tx->sent)))
		neigh = ip_neigh_for_gw(container_of(tx->dst, struct rtable,
						     dst),
					skb_peek(&tx->sent), &is_v6gw);
	if (IS_ERR(neigh))
		neigh = NULL;
	while ((skb = __skb_dequeue(&tx->sent))) {
		if (likely(neigh && skb->len <= tx->mtu))
			send_plain(tx, skb, neigh, is_v6gw);
		else if (tx->path->config.family == AF_INET)
			ip_local_out(net, NULL, skb);
		else
			ip6_local_out(net, NULL, skb);
	}
}

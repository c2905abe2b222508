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

static bool is_hooked(const struct net *net)
{
#ifdef CONFIG_NETFILTER
	const struct netns_nf *nf = &net->nf;

	return rcu_access_pointer(nf->hooks_ipv4[NF_INET_LOCAL_OUT]) ||
	       rcu_access_pointer(nf->hooks_ipv4[NF_INET_POST_ROUTING]);
#else
	return false;
#endif
}

/* unicast, with nobody on the way that has a say */
static bool is_plain(const struct vtun_tx *tx)
{
	const struct dst_entry *dst = tx->dst;

	return tx->path->config.family == AF_INET && dst->output == ip_output &&
	       !dst->lwtstate && !netif_is_l3_slave(dst->dev) &&
	       container_of(dst, struct rtable, dst)->rt_type == RTN_UNICAST &&
	       !is_hooked(tx->child->net->net);
}

/* what ip_output() would do with it */
static void send_plain(struct net *net, struct sk_buff *skb,
		       struct net_device *dev, struct neighbour *neigh,
		       bool is_v6gw)
{
	struct iphdr *iph = ip_hdr(skb);

	iph->tot_len = htons(skb->len);
	ip_send_check(iph);
	skb->dev = dev;
	vtun_ip_count_out(net, skb->len);
	neigh_output(neigh, skb, is_v6gw);
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
			send_plain(net, skb, tx->dst->dev, neigh, is_v6gw);
		else if (tx->path->config.family == AF_INET)
			ip_local_out(net, NULL, skb);
		else
			ip6_local_out(net, NULL, skb);
	}
}

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

/**
 * struct plain - what is the same for all packets that go straight
 * @neigh: where all of them go, NULL = not straight
 * @is_v6gw: its family is not that of the packets
 * @out: there are hooks at LOCAL_OUT
 * @post: hooks at POST_ROUTING, NULL = none
 * @state: what they are told
 * @packets: that came so far; the statistics of IP get to know in the end
 * @octets: of them
 */
struct plain {
	struct neighbour *neigh;
	bool is_v6gw, out;
	const struct nf_hook_entries *post;
	struct nf_hook_state state;
	unsigned int packets, octets;
};

static void plain_init(struct plain *p, const struct vtun_tx *tx)
{
	struct net *net = tx->child->net->net;

	p->neigh = NULL;
	p->packets = 0;
	p->octets = 0;
	if (unlikely(!is_plain(tx) || !tx->sent))
		return;
	p->neigh = ip_neigh_for_gw(container_of(tx->dst, struct rtable, dst),
				   tx->sent, &p->is_v6gw);
	if (IS_ERR(p->neigh)) {
		p->neigh = NULL;
		return;
	}
	p->out = rcu_access_pointer(net->nf.hooks_ipv4[NF_INET_LOCAL_OUT]);
	p->post = rcu_dereference(net->nf.hooks_ipv4[NF_INET_POST_ROUTING]);
	if (p->post)
		nf_hook_state_init(&p->state, NF_INET_POST_ROUTING,
				   NFPROTO_IPV4, NULL, tx->dst->dev, NULL, net,
				   send_late);
}

/* false: it is gone, or went another way */
static noinline bool pass_out(const struct vtun_tx *tx, struct sk_buff *skb)
{
	struct net *net = tx->child->net->net;

	if (nf_hook(NFPROTO_IPV4, NF_INET_LOCAL_OUT, net, NULL, skb, NULL,
		    tx->dst->dev, dst_output) != 1)
		return false;
	if (likely(skb_dst(skb) == tx->dst))
		return true;
	dst_output(net, NULL, skb);
	return false;
}

/* likewise */
static noinline bool pass_post(struct plain *p, const struct vtun_tx *tx,
			       struct sk_buff *skb)
{
	if (nf_hook_slow(skb, &p->state, p->post, 0) != 1)
		return false;
	if (likely(skb_dst(skb) == tx->dst))
		return true;
	send_late(tx->child->net->net, NULL, skb);
	return false;
}

/* what ip_local_out() and ip_output() would do with it */
static void send_plain(struct plain *p, const struct vtun_tx *tx,
		       struct sk_buff *skb)
{
	if (unlikely(p->out) && !pass_out(tx, skb))
		return;
	p->packets++;
	p->octets += skb->len;
	skb->dev = tx->dst->dev;
	if (p->post && !pass_post(p, tx, skb))
		return;
	neigh_output(p->neigh, skb, p->is_v6gw);
}

void vtun_tx_send(struct vtun_tx *tx)
{
	struct net *net = tx->child->net->net;
	struct sk_buff *skb, *next;
	struct plain plain;

	plain_init(&plain, tx);
	for (skb = tx->sent; skb; skb = next) {
		next = skb->next;
		skb_mark_not_on_list(skb);
		if (likely(plain.neigh && skb->len <= tx->mtu))
			send_plain(&plain, tx, skb);
		else if (tx->path->config.family == AF_INET)
			ip_local_out(net, NULL, skb);
		else
			ip6_local_out(net, NULL, skb);
	}
	if (plain.packets)
		vtun_ip_count_out(net, plain.packets, plain.octets);
}

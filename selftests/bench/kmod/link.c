// SPDX-License-Identifier: GPL-2.0-only
/*
 * The capture link: two devices without queue, lock, link layer or neighbours,
 * each the other's peer; the first two of kind "vtcap" are a pair. What the
 * first one sends can be kept or dropped instead, and is counted in any case.
 */
#include "vtbench.h"

#include <linux/if_arp.h>
#include <net/rtnetlink.h>

struct net_device *bench_ends[2];
struct bench_gauge bench_out;
struct sk_buff_head bench_store;
bool bench_storing, bench_dropping, bench_counting;

static int link_init(struct net_device *dev)
{
	int i = bench_ends[0] ? 1 : 0;

	if (bench_ends[i])
		return -EBUSY;
	bench_ends[i] = dev;
	return 0;
}

static void link_uninit(struct net_device *dev)
{
	bench_ends[dev == bench_ends[1]] = NULL;
}

static netdev_tx_t link_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct net_device *peer = bench_ends[dev == bench_ends[0]];
	unsigned int n = bench_packets_of(skb);

	skb_orphan(skb);
	if (bench_counting && dev == bench_ends[0]) {
		bench_scaling_count(n);
		consume_skb(skb);
		return NETDEV_TX_OK;
	}
	if (bench_storing && dev == bench_ends[0]) {
		__skb_queue_tail(&bench_store, skb);
	} else if (bench_dropping || !peer || !(peer->flags & IFF_UP)) {
		consume_skb(skb);
	} else {
		skb_scrub_packet(skb, true);
		skb->dev = peer;
		skb->pkt_type = PACKET_HOST;
		skb->ip_summed = CHECKSUM_UNNECESSARY;
		skb_reset_mac_header(skb);
		netif_rx(skb);
	}
	if (dev == bench_ends[0])
		bench_gauge_count(&bench_out, n);
	return NETDEV_TX_OK;
}

static const struct net_device_ops link_ops = {
	.ndo_init = link_init,
	.ndo_uninit = link_uninit,
	.ndo_start_xmit = link_xmit,
};

static void link_setup(struct net_device *dev)
{
	/* as simple a NIC as there is today: no segmentation */
	netdev_features_t features = NETIF_F_SG | NETIF_F_HW_CSUM |
				     NETIF_F_HIGHDMA;

	dev->netdev_ops = &link_ops;
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_NOARP | IFF_POINTOPOINT;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->features |= features;
	dev->hw_features |= features;
	bench_netdev_set_lltx(dev);
	dev->mtu = ETH_DATA_LEN;
	dev->needs_free_netdev = true;
}

static struct rtnl_link_ops rtnl_ops = {
	.kind = "vtcap",
	.setup = link_setup,
};

int bench_link_init(void)
{
	init_completion(&bench_out.done);
	__skb_queue_head_init(&bench_store);
	return rtnl_link_register(&rtnl_ops);
}

void bench_link_exit(void)
{
	rtnl_link_unregister(&rtnl_ops);
	__skb_queue_purge(&bench_store);
}

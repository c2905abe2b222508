// SPDX-License-Identifier: GPL-2.0-only
/*
 * The route-based door: link kind "vtun". The device may be moved to another
 * network namespace; children, SAs and outer packets stay in the one it was
 * born in.
 *
 * The carrier is on while some child has a current outbound SA or may ask for
 * one (on demand): packets are then sent or held. It is off when all that could
 * happen to a packet is to be dropped, so that routing can take another way.
 * Who wants routes to stay asks for "dormant": the carrier is always on, and
 * the operational state is dormant while there is no outbound SA.
 */
#include "device.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rculist.h>
#include <linux/udp.h>
#include <net/addrconf.h>
#include <net/icmp.h>
#include <net/ip_tunnels.h>
#include <net/ipv6.h>

#include "child.h"
#include "compat.h"
#include "esp.h"
#include "mtu.h"
#include "member.h"
#include "net.h"
#include "sa.h"

/* outer IPv6, UDP, ESP header, IV, padding, its length, next header, ICV */
#define OVERHEAD_MAX	(sizeof(struct ipv6hdr) + sizeof(struct udphdr) + \
			 sizeof(struct vtun_esp_hdr) + 16 + 15 + 2 + 32)
#define MTU_DEFAULT	1400
/* tunnels inside tunnels: five legal levels pass, a loop ends */
#define DEPTH_MAX	6

static DEFINE_PER_CPU(unsigned int, xmit_depth);

static void drop(struct vtun_device *vd, struct vtun_child *child,
		 struct sk_buff *skb, enum vtun_drop why)
{
	if (child)
		vtun_drops_note(&child->drops, &child->net->drops, why, 1);
	vtun_drops_inc(&vd->drops, why);
	kfree_skb(skb);
}

/* AF_PACKET and BPF hand in anything: header, lengths and protocol agree? */
static bool valid_ipv4(struct sk_buff *skb)
{
	unsigned int len;

	if (!pskb_may_pull(skb, sizeof(struct iphdr)) ||
	    ip_hdr(skb)->version != 4 || ip_hdr(skb)->ihl < 5 ||
	    !pskb_may_pull(skb, ip_hdr(skb)->ihl * 4))
		return false;
	len = ntohs(ip_hdr(skb)->tot_len);
	if (len < ip_hdr(skb)->ihl * 4 || len > skb->len)
		return false;
	return len == skb->len ||
	       (!skb_is_gso(skb) && !pskb_trim_rcsum(skb, len));
}

static bool valid_ipv6(struct sk_buff *skb)
{
	unsigned int len;

	if (!pskb_may_pull(skb, sizeof(struct ipv6hdr)) ||
	    ipv6_hdr(skb)->version != 6)
		return false;
	len = sizeof(struct ipv6hdr) + ntohs(ipv6_hdr(skb)->payload_len);
	if (len > skb->len)
		return false;
	return len == skb->len ||
	       (!skb_is_gso(skb) && !pskb_trim_rcsum(skb, len));
}

static bool valid_ip(struct sk_buff *skb)
{
	skb_reset_network_header(skb);
	switch (skb->protocol) {
	case htons(ETH_P_IP):
		return valid_ipv4(skb);
	case htons(ETH_P_IPV6):
		return valid_ipv6(skb);
	}
	return false;
}

static void xmit(struct vtun_device *vd, struct sk_buff *skb)
{
	struct vtun_child *child;

	if (!valid_ip(skb)) {
		drop(vd, NULL, skb, VTUN_DROP_NOT_IP);
		return;
	}
	child = vtun_member_find(vd, skb);
	if (!child) {
		if (skb->protocol == htons(ETH_P_IP))
			icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH,
				      0);
		else if (ipv6_mod_enabled())
			icmpv6_ndo_send(skb, ICMPV6_DEST_UNREACH,
					ICMPV6_ADDR_UNREACH, 0);
		drop(vd, NULL, skb, VTUN_DROP_NO_CHILD);
		return;
	}
	vtun_child_send(child, skb, VTUN_DOOR_DEVICE);
}

static netdev_tx_t device_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct vtun_device *vd = netdev_priv(dev);

	if (unlikely(__this_cpu_read(xmit_depth) >= DEPTH_MAX)) {
		drop(vd, NULL, skb, VTUN_DROP_LOOP);
		return NETDEV_TX_OK;
	}
	__this_cpu_inc(xmit_depth);
	rcu_read_lock();
	xmit(vd, skb);
	rcu_read_unlock();
	__this_cpu_dec(xmit_depth);
	return NETDEV_TX_OK;
}

void vtun_device_rx(struct vtun_child *child, struct sk_buff *skb)
{
	struct vtun_device *vd = netdev_priv(child->dev);
	struct net_device *dev = child->dev;

	if (unlikely(!(READ_ONCE(dev->flags) & IFF_UP))) {
		drop(vd, child, skb, VTUN_DROP_DEVICE_DOWN);
		return;
	}
	skb->dev = dev;
	skb->pkt_type = PACKET_HOST;
	skb_scrub_packet(skb, !net_eq(vd->net->net, dev_net(dev)));
	dev_sw_netstats_rx_add(dev, skb->len);
	gro_cells_receive(&vd->gro_cells, skb);
}

/*
 * No link-local address unless somebody asks for one: there is nothing on an
 * IPsec tunnel to be found by router solicitation, and these would be the first
 * packets into a tunnel that comes up on demand. A device without EUI-64 has
 * no use for the default mode.
 */
static int device_open(struct net_device *dev)
{
	struct inet6_dev *idev = __in6_dev_get(dev);

	if (idev && idev->cnf.addr_gen_mode == IN6_ADDR_GEN_MODE_EUI64)
		idev->cnf.addr_gen_mode = IN6_ADDR_GEN_MODE_NONE;
	return 0;
}

static void device_stats(struct net_device *dev,
			 struct rtnl_link_stats64 *stats)
{
	struct vtun_device *vd = netdev_priv(dev);

	dev_get_tstats64(dev, stats);
	stats->tx_dropped += vtun_drops_sum(&vd->drops, VTUN_DIR_OUT);
	stats->rx_dropped += vtun_drops_sum(&vd->drops, VTUN_DIR_IN);
}

static int device_ndo_init(struct net_device *dev)
{
	struct vtun_device *vd = netdev_priv(dev);
	int err;

	dev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	if (!dev->tstats)
		return -ENOMEM;
	err = vtun_classify_init(&vd->table);
	if (err)
		goto err_free_stats;
	/* it is asked only where there are several children */
	vd->table.scattered = true;
	err = gro_cells_init(&vd->gro_cells, dev);
	if (err)
		goto err_destroy_table;
	vtun_object_created(VTUN_OBJECT_DEVICE);
	netdev_dbg(dev, "created\n");
	return 0;

err_destroy_table:
	vtun_classify_destroy(&vd->table);
err_free_stats:
	free_percpu(dev->tstats);
	dev->tstats = NULL;
	return err;
}

/*
 * RTNL held. The device was closed and a grace period passed: no packet is in
 * device_xmit(), and gro_cells_receive() refuses what still comes in.
 */
static void device_ndo_uninit(struct net_device *dev)
{
	struct vtun_device *vd = netdev_priv(dev);
	struct vtun_net *vn = vd->net;
	struct vtun_child *child, *tmp;

	mutex_lock(&vn->ctl);
	list_del_init(&vd->node);
	list_for_each_entry_safe(child, tmp, &vd->children, dev_node)
		vtun_child_del(child);
	mutex_unlock(&vn->ctl);
	gro_cells_destroy(&vd->gro_cells);
}

/* after the last reference, that of the children included, is gone */
static void device_destructor(struct net_device *dev)
{
	if (!dev->tstats)	/* device_ndo_init() failed or never ran */
		return;
	vtun_classify_destroy(&((struct vtun_device *)netdev_priv(dev))->table);
	free_percpu(dev->tstats);
	vtun_object_destroyed(VTUN_OBJECT_DEVICE);
	pr_debug("device %s destroyed\n", dev->name);
}

static const struct net_device_ops device_ops = {
	.ndo_init = device_ndo_init,
	.ndo_uninit = device_ndo_uninit,
	.ndo_open = device_open,
	.ndo_start_xmit = device_xmit,
	.ndo_get_stats64 = device_stats,
};

void vtun_device_update(struct vtun_device *vd)
{
	struct net_device *dev = vd->dev;

	lockdep_assert_held(&vd->net->lock);
	if (dev->reg_state != NETREG_REGISTERED)
		return;
	if (vd->dormant && !vd->sending)
		netif_dormant_on(dev);
	else
		netif_dormant_off(dev);
	if (vd->dormant || vd->usable)
		netif_carrier_on(dev);
	else
		netif_carrier_off(dev);
}

bool vtun_device_is(const struct net_device *dev)
{
	return dev->netdev_ops == &device_ops;
}

struct vtun_device *vtun_device_find(struct vtun_net *vn, u32 ifindex)
{
	struct vtun_device *vd, *elsewhere = NULL;

	lockdep_assert_held(&vn->ctl);
	list_for_each_entry(vd, &vn->devices, node) {
		if (READ_ONCE(vd->dev->ifindex) != ifindex)
			continue;
		if (net_eq(dev_net(vd->dev), vn->net))
			return vd;
		/* indices are unique per namespace only: home comes first */
		elsewhere = vd;
	}
	return elsewhere;
}

static const struct device_type device_type = { .name = KBUILD_MODNAME };

void vtun_device_setup(struct net_device *dev)
{
	netdev_features_t features = NETIF_F_HW_CSUM | NETIF_F_RXCSUM |
				     NETIF_F_SG | NETIF_F_GSO |
				     NETIF_F_GSO_SOFTWARE | NETIF_F_HIGHDMA;

	SET_NETDEV_DEVTYPE(dev, &device_type);
	dev->netdev_ops = &device_ops;
	dev->header_ops = &ip_tunnel_header_ops;
	dev->ethtool_ops = &vtun_device_ethtool_ops;
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_POINTOPOINT | IFF_NOARP;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->features |= features;
	dev->hw_features |= features;
	dev->hw_enc_features |= features;
	vtun_netdev_set_lltx(dev);
	/*
	 * A private packet with room for the outer headers is encrypted where
	 * it is, any other one in fresh memory. Local senders leave this room
	 * with 48 octets (VTUN_SEAL_HEAD after rounding); if it were more than
	 * what drivers leave, forwarding would copy every head to make it.
	 */
	dev->needed_headroom = 48;
	dev->needed_tailroom = 64;
	dev->mtu = MTU_DEFAULT;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = IP_MAX_MTU - OVERHEAD_MAX;
	dev->needs_free_netdev = true;
	dev->priv_destructor = device_destructor;
	/* a super-packet larger than an IP packet can be has no length field */
	netif_set_tso_max_size(dev, GSO_LEGACY_MAX_SIZE);
	/* ICMP errors about a packet are built from its route */
	netif_keep_dst(dev);
}

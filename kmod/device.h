/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_DEVICE_H
#define VTUN_DEVICE_H

#include <linux/ethtool.h>
#include <linux/list.h>
#include <linux/netdevice.h>
#include <net/gro_cells.h>

#include <linux/in6.h>

#include "classify.h"
#include "stats.h"

struct vtun_child;
struct vtun_net;

/**
 * struct vtun_device_defaults - what children of a device have unless they say
 * @family: of the addresses that are set
 * @local: outer source, any = none; IPv4 in s6_addr32[0]
 * @remote: outer destination, likewise
 * @mark: fwmark of outer packets
 * @link: ifindex in the birth namespace outer packets leave by, 0 = by route
 * @df: enum vtun_df
 * @dscp: outer DSCP, or VTUN_DSCP_COPY
 * @dormant: of the device itself: dormant instead of no carrier
 * @mss_clamp: 0 = off, 1 = from the MTU, else octets
 */
struct vtun_device_defaults {
	u8 family;
	struct in6_addr local, remote;
	u32 mark, link;
	u8 df, dscp;
	bool dormant;
	u16 mss_clamp;
};

/**
 * struct vtun_device - private data of a vtun netdevice, the route-based door
 * @dev: back pointer
 * @net: birth namespace: where outer packets and children live, although the
 *	device itself may be moved to another one
 * @node: vtun_net.devices
 * @children: vtun_child.dev_node; vtun_net.ctl
 * @only: the one child, NULL when there is none or more; RCU to read
 * @table: children by what they carry
 * @usable: children that have an outbound SA or may ask for one; vtun_net.lock
 * @sending: children that have an outbound SA; vtun_net.lock
 * @dormant: as in @defaults; vtun_net.lock
 * @defaults: of children created later; RTNL and vtun_net.ctl to write
 * @gro_cells: where decrypted packets enter, so that inner GRO happens
 * @drops: packets of this device that died
 *
 * Traffic counters are dev->tstats: vtun_esp_output() counts what it sent, in
 * inner packets and octets, vtun_device_rx() what came in.
 */
struct vtun_device {
	struct net_device	*dev;
	struct vtun_net		*net;
	struct list_head	node;
	struct list_head	children;
	struct vtun_child __rcu	*only;
	struct vtun_classify	table;
	unsigned int		usable, sending;
	bool			dormant;
	struct vtun_device_defaults defaults;
	struct gro_cells	gro_cells;
	struct vtun_drops	drops;
};

extern const struct ethtool_ops vtun_device_ethtool_ops;

bool vtun_device_is(const struct net_device *dev);	/* ours? */
void vtun_device_setup(struct net_device *dev);
int vtun_device_init(void);
void vtun_device_exit(void);

/* vtun device @ifindex born in @vn, wherever it lives now; vtun_net.ctl */
struct vtun_device *vtun_device_find(struct vtun_net *vn, u32 ifindex);

/* after @usable, @sending or @dormant changed; vtun_net.lock */
void vtun_device_update(struct vtun_device *vd);

/* hands a decrypted packet (network header set, protocol set) to the stack */
void vtun_device_rx(struct vtun_child *child, struct sk_buff *skb);

#endif /* VTUN_DEVICE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_DEVICE_H
#define VTUN_DEVICE_H

#include <linux/list.h>
#include <linux/netdevice.h>
#include <net/gro_cells.h>

#include "stats.h"

struct vtun_child;
struct vtun_net;

/**
 * struct vtun_device - private data of a vtun netdevice, the route-based door
 * @dev: back pointer
 * @net: birth namespace: where outer packets and children live, although the
 *	device itself may be moved to another one
 * @node: vtun_net.devices
 * @children: vtun_child.dev_node, most specific selectors first; vtun_net.ctl
 *	to write, RCU to read
 * @usable: children that have an outbound SA or may ask for one; the carrier is
 *	on while there is one; vtun_net.lock
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
	unsigned int		usable;
	struct gro_cells	gro_cells;
	struct vtun_drops	drops;
};

bool vtun_device_is(const struct net_device *dev);	/* ours? */
int vtun_device_init(void);
void vtun_device_exit(void);

/* vtun device @ifindex born in @vn, wherever it lives now; vtun_net.ctl */
struct vtun_device *vtun_device_find(struct vtun_net *vn, u32 ifindex);

/* hands a decrypted packet (network header set, protocol set) to the stack */
void vtun_device_rx(struct vtun_child *child, struct sk_buff *skb);

#endif /* VTUN_DEVICE_H */

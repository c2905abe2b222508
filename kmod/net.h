/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_NET_H
#define VTUN_NET_H

#include <linux/hashtable.h>
#include <linux/idr.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "stats.h"

/**
 * struct vtun_net - what vtun keeps per network namespace
 * @net: the namespace; no reference, we live inside it
 * @ctl: serialises every control-path change (netlink, rtnetlink, exit);
 *	process context, taken outside @lock and inside RTNL
 * @lock: guards @sad insertion and removal, child->sas, SA states and the
 *	current outbound pointer; taken from BH and timers, hence spin_lock_bh()
 * @sad: inbound SAs by SPI (struct vtun_sa.spi_node); readers use RCU
 * @children: struct vtun_child by id; writers hold @ctl, readers use RCU
 * @n_sas: SAs of both directions, larval ones included; @lock
 * @event_seq: number of the last event; @lock-free, see events.c
 * @drops: packets that no child and no SA could be blamed for
 */
struct vtun_net {
	struct net		*net;
	struct mutex		ctl;
	spinlock_t		lock;
	struct rhashtable	sad;
	struct idr		children;
	unsigned int		n_sas;
	atomic_t		event_seq;
	struct vtun_drops	drops;
};

extern unsigned int vtun_net_id;

static inline struct vtun_net *vtun_net(const struct net *net)
{
	return net_generic(net, vtun_net_id);
}

#endif /* VTUN_NET_H */

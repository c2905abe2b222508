/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_NET_H
#define VTUN_NET_H

#include <linux/hashtable.h>
#include <linux/idr.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "audit.h"
#include "stats.h"

/**
 * struct vtun_net - what vtun keeps per network namespace
 * @net: the namespace; no reference, we live inside it
 * @ctl: serialises every control-path change (netlink, rtnetlink, exit);
 *	process context, taken outside @lock and inside RTNL
 * @lock: guards @sad insertion and removal, child->sas, SA states and the
 *	current outbound pointer; taken from BH and timers, hence spin_lock_bh()
 * @sad: inbound SAs by SPI (struct vtun_sa.spi_node); readers use RCU
 * @sas: every SA by vtun_sa.id, the order of dumps; slots are reserved under
 *	@ctl, filled and emptied under @lock, read under RCU
 * @next_sa: where the search for a free @sas slot goes on; @ctl
 * @children: struct vtun_child by id; writers hold @ctl, readers use RCU
 * @names: struct vtun_child by name; @ctl
 * @outs: outbound SAs by SPI, which need not be unique (vtun_sa.out_node);
 *	written under @lock, read under RCU
 * @next_child: where the search for a free @children id goes on; @ctl
 * @devices: struct vtun_device born here (vtun_device.node); @ctl
 * @sockets: struct vtun_encap_sock (vtun_encap_sock.node), oldest first; @ctl
 * @sockets_gen: grows with every change of @sockets; @ctl to write, READ_ONCE
 * @reaper: looks for sockets of owners that went unheard
 * @spd: policies, from the first one on; @ctl to write
 * @n_children: @ctl to write, READ_ONCE to read
 * @n_sas: SAs of both directions, larval ones included; @lock
 * @gen: grows from VTUN_GEN_FIRST with every object added or removed, so that a
 *	dump notices
 * @policy_gen: the same for policies: SAs must not spoil their long dumps; @ctl
 * @event_seq: number of the last event; @lock, so that events leave in order
 * @audit: what was refused and which SPIs went
 * @early: ways ESP comes in; @ctl to write, READ_ONCE
 * @early_ops: their hook
 * @hook_ops: those of policies; @ctl
 * @drops: packets that no child and no SA could be blamed for
 *
 * Order: RTNL, @ctl, @lock. vtun_child.hold.lock is a leaf and never nests
 * with @lock. No function of the network stack that may reach a device is
 * called under @lock or hold.lock.
 */
struct vtun_net {
	struct net		*net;
	struct mutex		ctl;
	spinlock_t		lock;
	struct rhashtable	sad;
	struct xarray		sas;
	u32			next_sa;
	struct idr		children;
	DECLARE_HASHTABLE(names, 8);
	DECLARE_HASHTABLE(outs, 10);
	u32			next_child;
	struct list_head	devices;
	struct list_head	sockets;
	unsigned int		sockets_gen;
	struct delayed_work	reaper;
	struct vtun_spd		*spd;
	unsigned int		n_children;
	unsigned int		n_sas;
	atomic_t		gen;
	u32			policy_gen;
	u32			event_seq;
	struct vtun_audit_net	audit;
	struct vtun_early __percpu *early;
	struct nf_hook_ops	early_ops;
	struct nf_hook_ops	hook_ops[4];
	struct vtun_drops	drops;
};

struct vtun_spd;

/* 0 means "never looked" to dumps */
#define VTUN_GEN_FIRST	1

extern unsigned int vtun_net_id;

static inline struct vtun_net *vtun_net(const struct net *net)
{
	return net_generic(net, vtun_net_id);
}

/* an object came or went: dumps in progress are no longer consistent */
static inline void vtun_net_changed(struct vtun_net *vn)
{
	atomic_inc(&vn->gen);
}

/**
 * vtun_net_breathe() - let others have vtun_net.ctl in a long loop
 * @vn: with @ctl held, which anybody may have had when it returns
 * @i: number of the turn
 *
 * Some of them wait for it with RTNL in their hands.
 */
void vtun_net_breathe(struct vtun_net *vn, unsigned int i);

int vtun_net_init(void);
void vtun_net_exit(void);

/* removes every child and SA, larval ones included; process context */
void vtun_net_flush(struct vtun_net *vn);

#endif /* VTUN_NET_H */

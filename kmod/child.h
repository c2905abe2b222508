/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_CHILD_H
#define VTUN_CHILD_H

#include <linux/in6.h>
#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/refcount.h>
#include <linux/skbuff.h>
#include <net/dst_cache.h>
#include <uapi/linux/vtun.h>

#include "stats.h"

struct vtun_net;
struct vtun_sa;

/**
 * struct vtun_ts - one traffic selector, RFC 4301 4.4.1.1
 * @family: AF_INET or AF_INET6
 * @proto: 0 = any
 * @port_start: with @port_end, host byte order; 0..65535 = any
 * @start: first address; IPv4 in s6_addr32[0]
 * @end: last address
 */
struct vtun_ts {
	u8 family, proto;
	u16 port_start, port_end;
	struct in6_addr start, end;
};

/**
 * struct vtun_child - a CHILD_SA and its successors
 * @id: per namespace, stable
 * @name: unique per namespace
 * @flags: enum vtun_child_flag
 * @dev: the vtun device that is its door; reference held
 * @family: of the outer addresses
 * @local: outer source; IPv4 in s6_addr32[0]
 * @remote: outer destination
 * @n_local: selectors in @ts_local, 0 = any
 * @n_remote: likewise
 * @ts_local: RFC 4301 "local" side: inner source when sending
 * @ts_remote: inner destination when sending
 * @out: current outbound SA; vtun_net.lock to write, RCU to read
 * @sas: every SA of this child (vtun_sa.child_node); vtun_net.lock
 * @dst_cache: outer route
 * @hold: packets waiting for an SA; hold.lock
 * @hold_max: limits of @hold: packets, octets, ms
 * @acquire_at: ms of CLOCK_BOOTTIME of the pending ACQUIRE, 0 = none
 * @drops: packets of this child that died without an SA to blame
 */
struct vtun_child {
	u32			id;
	char			name[VTUN_NAME_MAX + 1];
	u32			flags;
	u8			family;
	u8			n_local, n_remote;
	struct vtun_net		*net;
	struct net_device	*dev;
	struct in6_addr		local, remote;
	struct vtun_sa __rcu	*out;
	struct dst_cache	dst_cache;
	struct vtun_ts		*ts_local, *ts_remote;
	struct list_head	sas;
	struct list_head	dev_node;
	u32			switches;
	bool			dead;

	struct sk_buff_head	hold;
	u32			hold_bytes;
	struct {
		u32 packets, bytes, ms;
	} hold_max;
	struct hrtimer		hold_timer;
	u64			acquire_at;

	struct vtun_drops	drops;
	refcount_t		ref;
	struct rcu_head		rcu;
};

/**
 * vtun_child_match() - is an inner packet inside a child's selectors?
 * @child: the child
 * @skb: network header at the inner packet, header already validated
 * @dir: VTUN_DIR_OUT: source is local; VTUN_DIR_IN: source is remote
 *
 * Non-first fragments match only selectors that cover all ports (RFC 4301 7).
 * RCU or a reference.
 */
bool vtun_child_match(const struct vtun_child *child, const struct sk_buff *skb,
		      enum vtun_dir dir);

/* MTU of inner packets over an outer path of @path_mtu octets with SA @sa */
unsigned int vtun_child_mtu(const struct vtun_child *child,
			    const struct vtun_sa *sa, unsigned int path_mtu);

#endif /* VTUN_CHILD_H */

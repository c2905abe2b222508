/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_MTU_H
#define VTUN_MTU_H

#include <linux/types.h>

struct sk_buff;
struct vtun_child;
struct vtun_path;
struct vtun_sa;

/**
 * enum vtun_door - where an inner packet came from, so whom to tell
 * @VTUN_DOOR_NONE: it was held; its route is gone, nobody can be told
 * @VTUN_DOOR_DEVICE: a vtun device
 * @VTUN_DOOR_OUTPUT: a policy; the packet is of this host
 * @VTUN_DOOR_FORWARD: a policy; it is forwarded
 */
enum vtun_door {
	VTUN_DOOR_NONE,
	VTUN_DOOR_DEVICE,
	VTUN_DOOR_OUTPUT,
	VTUN_DOOR_FORWARD,
};

/*
 * Largest packet of @child over @path with SA @sa, 0 = unknown or none fits: in
 * tunnel mode an inner packet, in transport mode with its own IP header. RCU.
 */
unsigned int vtun_child_mtu(const struct vtun_child *child,
			    const struct vtun_path *path,
			    const struct vtun_sa *sa);

/*
 * Tells the sender of @skb, by its network header, that no more than @mtu
 * octets pass: RFC 4301 8.2. The skb has its route still. RCU, BH off.
 */
void vtun_mtu_tell(struct sk_buff *skb, unsigned int mtu, enum vtun_door door);

/**
 * vtun_child_send() - send a packet by a child, or let it wait for an SA
 * @child: which the door found to cover it
 * @skb: network header at a checked inner IP header, protocol set, with the
 *	route it came by; consumed in every case
 * @door: where it came from
 *
 * RCU read side, BH off.
 */
void vtun_child_send(struct vtun_child *child, struct sk_buff *skb,
		     enum vtun_door door);

#endif /* VTUN_MTU_H */

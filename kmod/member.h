/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_MEMBER_H
#define VTUN_MEMBER_H

#include <linux/types.h>

struct sk_buff;
struct vtun_child;
struct vtun_device;
struct vtun_selectors;

/* vtun_net.ctl for all but the last; whole or not at all */
/* packets of the device may be carried by the child from now on */
int vtun_member_add(struct vtun_device *vd, struct vtun_child *child);
/* none of them finds it any more, but those that are on their way */
void vtun_member_del(struct vtun_device *vd, struct vtun_child *child);
/*
 * Puts @ts in the place of vtun_child.ts, which the caller frees afterwards.
 * Every packet finds the child by the old or by the new selectors.
 */
int vtun_member_set(struct vtun_device *vd, struct vtun_child *child,
		    struct vtun_selectors *ts);

/**
 * vtun_member_find() - which child of a device carries a packet?
 * @vd: device
 * @skb: network header at a checked IP header
 *
 * RCU, BH off.
 *
 * Return: of the children that cover it the most specific, or NULL.
 */
struct vtun_child *vtun_member_find(struct vtun_device *vd,
				    const struct sk_buff *skb);

#endif /* VTUN_MEMBER_H */

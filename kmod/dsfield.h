/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_DSFIELD_H
#define VTUN_DSFIELD_H

#include <linux/types.h>
#include <net/inet_ecn.h>
#include <uapi/linux/vtun.h>

struct sk_buff;

/**
 * vtun_dsfield_outer() - DSCP and ECN of an outer header
 * @inner: both of the inner header
 * @dscp: outer DSCP, or VTUN_DSCP_COPY (RFC 2983)
 * @flags: enum vtun_child_flag; VTUN_CHILD_F_NO_ECN: compatibility mode
 *
 * RFC 6040 4.1: in normal mode ECN goes outside as it is, in compatibility mode
 * the outer packet never says that it understands ECN.
 *
 * Return: the octet.
 */
static inline u8 vtun_dsfield_outer(u8 inner, u8 dscp, u32 flags)
{
	if (unlikely(dscp != VTUN_DSCP_COPY))
		inner = dscp << 2 | (inner & INET_ECN_MASK);
	if (unlikely(flags & VTUN_CHILD_F_NO_ECN))
		inner &= ~INET_ECN_MASK;
	return inner;
}

/**
 * vtun_dsfield_inner() - DSCP and ECN of an inner header that leaves the tunnel
 * @inner: both as they came
 * @outer: both of the outer header
 * @flags: enum vtun_child_flag; VTUN_CHILD_F_DECAP_DSCP: take the outer DSCP
 *
 * Return: the octet, or -1: RFC 6040 4.2 wants the packet dropped.
 */
int vtun_dsfield_inner(u8 inner, u8 outer, u32 flags);

/*
 * Does that to @skb, a decrypted packet in memory of our own: network header
 * and protocol set. 0 or enum vtun_drop.
 */
enum vtun_drop vtun_dsfield_decap(struct sk_buff *skb, u8 outer, u32 flags);

#endif /* VTUN_DSFIELD_H */

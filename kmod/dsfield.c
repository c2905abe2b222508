// SPDX-License-Identifier: GPL-2.0-only
/*
 * DSCP and ECN through the tunnel: RFC 6040, RFC 2983, RFC 4301 5.1.2.
 */
#include "dsfield.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/dsfield.h>

#define NOT	INET_ECN_NOT_ECT
#define ECT0	INET_ECN_ECT_0
#define ECT1	INET_ECN_ECT_1
#define CE	INET_ECN_CE
#define DROP	4

/*
 * RFC 6040 4.2, figure 4: by inner, then by outer field. It does not depend on
 * the mode of the sender. CE on a flow that says it cannot understand it is the
 * one case where the packet itself has to be the signal.
 */
static const u8 decap[4][4] = {
	[NOT]  = { [NOT] = NOT,  [ECT0] = NOT,  [ECT1] = NOT,  [CE] = DROP },
	[ECT0] = { [NOT] = ECT0, [ECT0] = ECT0, [ECT1] = ECT1, [CE] = CE },
	[ECT1] = { [NOT] = ECT1, [ECT0] = ECT1, [ECT1] = ECT1, [CE] = CE },
	[CE]   = { [NOT] = CE,   [ECT0] = CE,   [ECT1] = CE,   [CE] = CE },
};

int vtun_dsfield_inner(u8 inner, u8 outer, u32 flags)
{
	u8 ecn = decap[inner & INET_ECN_MASK][outer & INET_ECN_MASK];
	u8 dscp = flags & VTUN_CHILD_F_DECAP_DSCP ? outer : inner;

	return ecn == DROP ? -1 : (dscp & ~INET_ECN_MASK) | ecn;
}

enum vtun_drop vtun_dsfield_decap(struct sk_buff *skb, u8 outer, u32 flags)
{
	bool v4 = skb->protocol == htons(ETH_P_IP);
	u8 inner = v4 ? ipv4_get_dsfield(ip_hdr(skb)) :
			ipv6_get_dsfield(ipv6_hdr(skb));
	int want;

	if (likely(inner == outer))
		return 0;
	want = vtun_dsfield_inner(inner, outer, flags);
	if (unlikely(want < 0))
		return VTUN_DROP_ECN;
	if (want == inner)
		return 0;
	if (v4)
		ipv4_change_dsfield(ip_hdr(skb), 0, want);
	else
		ipv6_change_dsfield(ipv6_hdr(skb), 0, want);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What fits a child, and how a sender learns it: RFC 4301 8.2.
 */
#include "mtu.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <net/dst.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "child.h"
#include "esp.h"
#include "sa.h"

#define TRAILER_LEN	2	/* pad length, next header */

unsigned int vtun_child_mtu(const struct vtun_child *child,
			    const struct vtun_path *path,
			    const struct vtun_sa *sa)
{
	unsigned int ip_len = vtun_path_ip_len(path), around, room;
	unsigned int path_mtu = READ_ONCE(path->mtu);
	const struct vtun_suite *suite = sa->suite;

	around = ip_len + sizeof(struct vtun_esp_hdr) + suite->iv_len +
		 suite->icv_len;
	if (path->config.encap == VTUN_ENCAP_UDP)
		around += sizeof(struct udphdr);
	if (path_mtu <= around)
		return 0;
	/* RFC 4303 2.4: text, padding, pad length and next header align */
	room = round_down(path_mtu - around, suite->align);
	if (room <= TRAILER_LEN)
		return 0;
	room -= TRAILER_LEN;
	return child->mode == VTUN_MODE_TRANSPORT ? room + ip_len : room;
}

/*
 * The packet never gets to where the kernel would notice by itself, so its
 * route is told here; ICMP then wakes up the socket.
 */
static void tell_local(struct sk_buff *skb, unsigned int mtu)
{
	if (!skb->dev)
		skb->dev = skb_dst(skb)->dev;
	skb_dst_update_pmtu_no_confirm(skb, mtu);
}

void vtun_mtu_tell(struct sk_buff *skb, unsigned int mtu, enum vtun_door door)
{
	bool v4 = skb->protocol == htons(ETH_P_IP);

	if (door == VTUN_DOOR_NONE || !skb_dst(skb))
		return;
	if (door == VTUN_DOOR_OUTPUT)
		tell_local(skb, mtu);
	if (v4)
		mtu = max_t(unsigned int, mtu, IPV4_MIN_MTU);
	else
		mtu = max_t(unsigned int, mtu, IPV6_MIN_MTU);
	if (door == VTUN_DOOR_DEVICE) {
		if (v4)
			icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED,
				      htonl(mtu));
		else if (ipv6_mod_enabled())
			icmpv6_ndo_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
		return;
	}
	/* what ICMP code expects in there is not there in all hooks */
	if (v4)
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	else
		memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	if (v4)
		icmp_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, htonl(mtu));
	else
		icmpv6_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
}

void vtun_child_send(struct vtun_child *child, struct sk_buff *skb,
		     enum vtun_door door)
{
	struct vtun_sa *sa = rcu_dereference(child->out);

	if (likely(sa && !READ_ONCE(child->holding))) {
		vtun_esp_output(child, sa, skb, door);
	} else if (!sa && !(READ_ONCE(child->flags) & VTUN_CHILD_F_ON_DEMAND)) {
		vtun_child_drop(child, VTUN_DROP_NO_SA, 1);
		kfree_skb(skb);
	} else {
		vtun_hold_add(child, skb);
	}
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stands in front of an ESP packet: outer IP header and, RFC 3948, UDP.
 */
#include "esp_tx.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "path.h"
#include "sa.h"

/* the pseudo header's sum is in the header, whoever can does the rest */
static void leave_udp_sum(struct sk_buff *skb)
{
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);
}

/*
 * RFC 3948 2.1: no checksum over IPv4, the ICV says more. IPv6 wants one (RFC
 * 8200 8.1); whoever can do it in hardware does.
 */
static void push_udp(const struct vtun_path_config *path, struct sk_buff *skb)
{
	struct udphdr *udp = __skb_push(skb, sizeof(*udp));

	udp->source = htons(path->sport);
	udp->dest = htons(path->dport);
	udp->len = htons(skb->len);
	udp->check = 0;
	skb_reset_transport_header(skb);
	if (path->family == AF_INET)
		return;
	udp->check = ~csum_ipv6_magic(&path->local, &path->remote, skb->len,
				      IPPROTO_UDP, 0);
	leave_udp_sum(skb);
}

/*
 * The number of the packet is as good an identification as any other: what is
 * joined wrongly does not survive the ICV.
 */
static __be16 next_id(const struct vtun_tx *tx)
{
	return htons(tx->seq + (__force u32)tx->sa->spi);
}

static void push_ipv4(const struct vtun_tx *tx, struct sk_buff *skb)
{
	const struct vtun_path_config *path = &tx->path->config;
	struct iphdr *iph = __skb_push(skb, sizeof(*iph));

	*iph = (struct iphdr) {
		.version = 4,
		.ihl = 5,
		.tos = tx->dsfield,
		.tot_len = htons(skb->len),
		.id = tx->df ? 0 : next_id(tx),
		.frag_off = tx->df ? htons(IP_DF) : 0,
		.ttl = ip4_dst_hoplimit(tx->dst),
		.protocol = tx->proto,
		.saddr = path->local.s6_addr32[0],
		.daddr = path->remote.s6_addr32[0],
	};
	iph->check = ip_fast_csum(iph, 5);
}

static void push_ipv6(const struct vtun_tx *tx, struct sk_buff *skb)
{
	const struct vtun_path_config *path = &tx->path->config;
	struct ipv6hdr *ip6h = __skb_push(skb, sizeof(*ip6h));

	ip6_flow_hdr(ip6h, tx->dsfield, 0);
	ip6h->nexthdr = tx->proto;
	ip6h->hop_limit = ip6_dst_hoplimit(tx->dst);
	ip6h->saddr = path->local;
	ip6h->daddr = path->remote;
}

static void push_own(struct vtun_tx *tx, struct sk_buff *skb)
{
	struct iphdr *iph = (struct iphdr *)tx->own;

	memcpy(__skb_push(skb, tx->skip), tx->own, tx->skip);
	if (iph->version != 4)
		return;
	if (tx->own_counts)
		iph->id = htons(ntohs(iph->id) + 1);
	iph = (struct iphdr *)skb->data;
	if (!tx->df) {
		iph->frag_off = 0;
		iph->id = next_id(tx);
	}
	iph->tot_len = htons(skb->len);
	ip_send_check(iph);
}

static void push_ip(struct vtun_tx *tx, struct sk_buff *skb)
{
	if (unlikely(tx->own))
		push_own(tx, skb);
	else if (tx->path->config.family == AF_INET)
		push_ipv4(tx, skb);
	else
		push_ipv6(tx, skb);
	skb_reset_network_header(skb);
}

/* no second round through XFRM when netfilter reroutes */
static void mark_done(const struct vtun_path_config *path, struct sk_buff *skb)
{
	if (path->family == AF_INET) {
		skb->protocol = htons(ETH_P_IP);
		IPCB(skb)->flags = IPSKB_XFRM_TRANSFORMED;
	} else {
		skb->protocol = htons(ETH_P_IPV6);
		IP6CB(skb)->flags = IP6SKB_XFRM_TRANSFORMED;
	}
	skb->mark = path->mark;
}

void vtun_tx_push_outer(struct vtun_tx *tx, struct sk_buff *skb)
{
	const struct vtun_path_config *path = &tx->path->config;

	if (path->encap == VTUN_ENCAP_UDP)
		push_udp(path, skb);
	else
		skb_reset_transport_header(skb);
	push_ip(tx, skb);
	mark_done(path, skb);
}

void vtun_tx_push_like(struct vtun_tx *tx, struct sk_buff *skb,
		       const struct sk_buff *like)
{
	const struct vtun_path_config *path = &tx->path->config;
	const struct iphdr *from = ip_hdr(like);
	struct iphdr *iph;

	iph = __skb_push(skb, like->len - skb->len);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, tx->ip_len);
	if (tx->proto == IPPROTO_UDP)
		*udp_hdr(skb) = *udp_hdr(like);
	if (path->family == AF_INET) {
		*iph = *from;
		if (unlikely(!tx->df)) {
			iph->id = next_id(tx);
			ip_send_check(iph);
		}
	} else {
		*ipv6_hdr(skb) = *ipv6_hdr(like);
	}
	if (unlikely(like->ip_summed == CHECKSUM_PARTIAL))
		leave_udp_sum(skb);
	mark_done(path, skb);
}

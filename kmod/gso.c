// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cutting TCP and UDP super-packets into the headers of their segments.
 *
 * The stack would make an skb per segment that refers to the payload, only for
 * it to be copied while it is encrypted; so headers are all we need. The rules
 * are those of tcp_gso_segment(), __udp_gso_segment() and inet_gso_segment().
 */
#include "gso.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>

/* anything else, be it a type of tomorrow, is left to the stack */
#define KNOWN (SKB_GSO_TCPV4 | SKB_GSO_TCPV6 | SKB_GSO_TCP_ECN | \
	       SKB_GSO_TCP_FIXEDID | SKB_GSO_UDP_L4)

static bool plan_ip(struct vtun_gso *g, u8 proto)
{
	const struct ipv6hdr *ip6h = (struct ipv6hdr *)g->head;
	struct iphdr *iph = (struct iphdr *)g->head;

	if (g->v6)	/* extension headers are rare */
		return ip6h->version == 6 && ip6h->nexthdr == proto &&
		       g->transport == sizeof(*ip6h);
	iph->check = 0;
	return iph->version == 4 && iph->protocol == proto &&
	       g->transport == iph->ihl * 4 && g->transport >= sizeof(*iph) &&
	       !(iph->frag_off & htons(IP_OFFSET | IP_MF));
}

static bool plan_transport(struct vtun_gso *g, const struct sk_buff *skb)
{
	struct udphdr *udp = (struct udphdr *)(g->head + g->transport);
	struct tcphdr *tcp = (struct tcphdr *)udp;

	if (g->udp) {
		udp->check = 0;
		g->head_len = g->transport + sizeof(*udp);
		return skb->csum_offset == offsetof(struct udphdr, check);
	}
	tcp->check = 0;
	g->head_len = g->transport + tcp->doff * 4;
	return tcp->doff >= 5 &&
	       skb->csum_offset == offsetof(struct tcphdr, check);
}

bool vtun_gso_plan(struct vtun_gso *g, const struct sk_buff *skb)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);
	unsigned int offset = skb_network_offset(skb);
	unsigned int len = skb->len - offset, have;

	if ((shinfo->gso_type & ~KNOWN) || skb->encapsulation ||
	    skb->ip_summed != CHECKSUM_PARTIAL || !shinfo->gso_size)
		return false;
	g->udp = shinfo->gso_type & SKB_GSO_UDP_L4;
	g->v6 = skb->protocol == htons(ETH_P_IPV6);
	g->fixed_id = shinfo->gso_type & SKB_GSO_TCP_FIXEDID;
	g->size = shinfo->gso_size;
	g->transport = skb_checksum_start_offset(skb) - offset;

	have = min_t(unsigned int, len, sizeof(g->head));
	if (g->transport + sizeof(struct tcphdr) > have ||
	    skb_copy_bits(skb, offset, g->head, have))
		return false;
	if (!plan_ip(g, g->udp ? IPPROTO_UDP : IPPROTO_TCP) ||
	    !plan_transport(g, skb) || g->head_len > have ||
	    g->head_len >= len)
		return false;
	g->payload = len - g->head_len;
	g->segments = DIV_ROUND_UP(g->payload, g->size);
	return g->head_len + g->size <= IP_MAX_MTU;
}

/* transport checksum over the pseudo header, @len octets and @sum behind */
static __sum16 finish(const struct vtun_gso *g, const u8 *ip, unsigned int len,
		      u8 proto, __wsum sum)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)ip;
	const struct iphdr *iph = (const struct iphdr *)ip;

	if (g->v6)
		return csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, len, proto,
				       sum);
	return csum_tcpudp_magic(iph->saddr, iph->daddr, len, proto, sum);
}

static void ip_header(const struct vtun_gso *g, unsigned int i, u8 *to,
		      unsigned int len)
{
	struct ipv6hdr *ip6h = (struct ipv6hdr *)to;
	struct iphdr *iph = (struct iphdr *)to;

	if (g->v6) {
		ip6h->payload_len = htons(len - sizeof(*ip6h));
		return;
	}
	iph->tot_len = htons(len);
	if (!g->fixed_id)
		iph->id = htons(ntohs(iph->id) + i);
	iph->check = ip_fast_csum(iph, iph->ihl);
}

void vtun_gso_header(const struct vtun_gso *g, unsigned int i, u8 *to,
		     __wsum sum)
{
	unsigned int len = g->head_len + vtun_gso_len(g, i);
	struct udphdr *udp = (struct udphdr *)(to + g->transport);
	struct tcphdr *tcp = (struct tcphdr *)udp;

	memcpy(to, g->head, g->head_len);
	ip_header(g, i, to, len);
	len -= g->transport;
	if (g->udp) {
		udp->len = htons(len);
		sum = csum_partial(udp, sizeof(*udp), sum);
		/* 0 would mean that there is no checksum */
		udp->check = finish(g, to, len, IPPROTO_UDP, sum) ?:
			     CSUM_MANGLED_0;
		return;
	}
	tcp->seq = htonl(ntohl(tcp->seq) + i * g->size);
	if (i)
		tcp->cwr = 0;
	if (i + 1 < g->segments) {
		tcp->fin = 0;
		tcp->psh = 0;
	}
	sum = csum_partial(tcp, g->head_len - g->transport, sum);
	tcp->check = finish(g, to, len, IPPROTO_TCP, sum);
}

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

#include "gather.h"

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
	g->id = ntohs(iph->id);
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
	g->seq = ntohl(tcp->seq);
	g->head_len = g->transport + tcp->doff * 4;
	return tcp->doff >= 5 &&
	       skb->csum_offset == offsetof(struct tcphdr, check);
}

/*
 * Sum of the transport header in @head, which is complete but for its checksum,
 * and of the pseudo header of @len octets.
 */
static __wsum transport_sum(const struct vtun_gso *g, const u8 *head,
			    unsigned int len)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)head;
	const struct iphdr *iph = (const struct iphdr *)head;
	u8 proto = g->udp ? IPPROTO_UDP : IPPROTO_TCP;
	__wsum sum;

	sum = csum_partial(head + g->transport, g->head_len - g->transport, 0);
	if (g->v6)
		return csum_add(sum, csum_unfold(~csum_ipv6_magic(&ip6h->saddr,
					&ip6h->daddr, len, proto, 0)));
	return csum_tcpudp_nofold(iph->saddr, iph->daddr, len, proto, sum);
}

/* the fields of a segment that have to do with its @len octets */
static void put_lengths(const struct vtun_gso *g, u8 *head, unsigned int len)
{
	struct udphdr *udp = (struct udphdr *)(head + g->transport);
	struct ipv6hdr *ip6h = (struct ipv6hdr *)head;
	struct iphdr *iph = (struct iphdr *)head;

	if (g->v6)
		ip6h->payload_len = htons(len - sizeof(*ip6h));
	else
		iph->tot_len = htons(len);
	if (g->udp)
		udp->len = htons(len - g->transport);
}

/* flags of TCP that only the first or the last segment has */
static void clear_flags(const struct vtun_gso *g, u8 *head, bool first,
			bool last)
{
	struct tcphdr *tcp = (struct tcphdr *)(head + g->transport);

	if (g->udp)
		return;
	if (!first)
		tcp->cwr = 0;
	if (!last) {
		tcp->fin = 0;
		tcp->psh = 0;
	}
}

/*
 * Makes the headers of the whole those of a segment of @len octets. What
 * numbers the segments is 0 afterwards, and so it is in the sums.
 */
static struct vtun_gso_sums prepare(const struct vtun_gso *g, u8 *head,
				    unsigned int len, bool first, bool last)
{
	struct tcphdr *tcp = (struct tcphdr *)(head + g->transport);
	struct iphdr *iph = (struct iphdr *)head;
	struct vtun_gso_sums sums = { };

	put_lengths(g, head, len);
	clear_flags(g, head, first, last);
	if (!g->udp)
		tcp->seq = 0;
	if (!g->v6) {
		iph->id = 0;
		sums.ip = csum_partial(iph, iph->ihl * 4, 0);
	}
	sums.transport = transport_sum(g, head, len - g->transport);
	return sums;
}

static void plan_middle(struct vtun_gso *g)
{
	vtun_gather_head(g->middle, g->head, g->head_len);
	g->sums = prepare(g, g->middle, g->head_len + g->size, false, false);
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
	g->id_step = !(shinfo->gso_type & SKB_GSO_TCP_FIXEDID);
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
	if (g->head_len + g->size > IP_MAX_MTU)
		return false;
	if (g->segments > 2)
		plan_middle(g);
	return true;
}

/* what numbers the segments, and the checksums; @sum is that of the payload */
static __always_inline void put_numbers(const struct vtun_gso *g,
					unsigned int i, u8 *head,
					const struct vtun_gso_sums *sums,
					__wsum sum)
{
	struct udphdr *udp = (struct udphdr *)(head + g->transport);
	struct tcphdr *tcp = (struct tcphdr *)udp;
	struct iphdr *iph = (struct iphdr *)head;

	if (!g->v6) {
		iph->id = htons(g->id + i * g->id_step);
		iph->check = csum_fold(csum_add(sums->ip,
						(__force __wsum)iph->id));
	}
	sum = csum_add(sum, sums->transport);
	if (g->udp) {
		/* 0 would mean that there is no checksum */
		udp->check = csum_fold(sum) ?: CSUM_MANGLED_0;
		return;
	}
	tcp->seq = htonl(g->seq + i * g->size);
	tcp->check = csum_fold(csum_add(sum, (__force __wsum)tcp->seq));
}

/* of the first segment or the last one */
static noinline void end_header(const struct vtun_gso *g, unsigned int i,
				u8 *to, __wsum sum)
{
	struct vtun_gso_sums sums;

	vtun_gather_head(to, g->head, g->head_len);
	sums = prepare(g, to, g->head_len + vtun_gso_len(g, i), !i,
		       i + 1 == g->segments);
	put_numbers(g, i, to, &sums, sum);
}

void vtun_gso_header(const struct vtun_gso *g, unsigned int i, u8 *to,
		     __wsum sum)
{
	if (unlikely(!i || i + 1 == g->segments)) {
		end_header(g, i, to, sum);
		return;
	}
	vtun_gather_head(to, g->middle, g->head_len);
	put_numbers(g, i, to, &g->sums, sum);
}

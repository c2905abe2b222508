// SPDX-License-Identifier: GPL-2.0-only
/*
 * TCP maximum segment size: for paths on which Packet Too Big gets lost.
 */
#include "mss.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/minmax.h>
#include <linux/tcp.h>
#include <net/checksum.h>
#include <net/tcp.h>
#include <uapi/linux/vtun.h>

#include "compat.h"

/* the TCP header when all of it is there; @ip_len: octets of IP header */
static struct tcphdr *find_tcp(u8 *packet, unsigned int len,
			       unsigned int *ip_len)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)packet;
	const struct iphdr *iph = (const struct iphdr *)packet;
	struct tcphdr *tcp;
	u8 proto;

	if (iph->version == 4) {
		if (iph->frag_off & htons(IP_OFFSET))
			return NULL;
		*ip_len = iph->ihl * 4;
		proto = iph->protocol;
	} else {	/* no SYN has extension headers */
		*ip_len = sizeof(*ip6h);
		proto = ip6h->nexthdr;
	}
	tcp = (struct tcphdr *)(packet + *ip_len);
	if (proto != IPPROTO_TCP || len < *ip_len + sizeof(*tcp) ||
	    tcp->doff < 5 || len < *ip_len + tcp->doff * 4)
		return NULL;
	return tcp;
}

/* the value of the option, NULL = there is none; RFC 9293 3.1 */
static u8 *find_mss(struct tcphdr *tcp)
{
	u8 *at = (u8 *)(tcp + 1), *end = (u8 *)tcp + tcp->doff * 4;

	while (at < end && *at != TCPOPT_EOL) {
		if (*at == TCPOPT_NOP) {
			at++;
			continue;
		}
		if (end - at < 2 || at[1] < 2 || at[1] > end - at)
			return NULL;
		if (*at == TCPOPT_MSS && at[1] == TCPOLEN_MSS)
			return at + 2;
		at += at[1];
	}
	return NULL;
}

void vtun_mss_clamp(u8 *packet, unsigned int len, unsigned int mtu, u16 mss)
{
	unsigned int ip_len, want = mss;
	__be16 old, new;
	struct tcphdr *tcp;
	u8 *at;

	tcp = find_tcp(packet, len, &ip_len);
	if (!tcp || !tcp->syn)
		return;
	at = find_mss(tcp);
	if (!at)
		return;
	if (mss == 1) {	/* the MTU is not known yet, or of no use */
		if (mtu < ip_len + sizeof(*tcp) + VTUN_MSS_MIN)
			return;
		want = min_t(unsigned int, mtu - ip_len - sizeof(*tcp),
			     U16_MAX);
	}
	if (get_unaligned_be16(at) <= want)
		return;
	old = get_unaligned((__be16 *)at);
	new = htons(want);
	put_unaligned(new, (__be16 *)at);
	/* the sum takes octets in pairs: at an odd place they are swapped */
	if ((at - (u8 *)tcp) & 1) {
		old = (__force __be16)swab16((__force u16)old);
		new = (__force __be16)swab16((__force u16)new);
	}
	csum_replace2(&tcp->check, old, new);
}

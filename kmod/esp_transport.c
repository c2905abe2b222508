// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transport mode, RFC 4303 3.1.1: the packet keeps its IP header, ESP stands
 * between that and the transport protocol.
 */
#include "esp_rx.h"
#include "esp_tx.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>

#include "child.h"
#include "path.h"
#include "sa.h"

/*
 * Fragments have no place in here (RFC 4303 3.3.4), nor has a packet that goes
 * anywhere but between the two ends of the SA.
 */
static enum vtun_drop plan_ipv4(struct vtun_tx *tx, const struct sk_buff *skb)
{
	const struct vtun_path_config *path = &tx->path->config;
	const struct iphdr *iph = ip_hdr(skb);

	if (iph->saddr != path->local.s6_addr32[0] ||
	    iph->daddr != path->remote.s6_addr32[0] ||
	    iph->frag_off & htons(IP_MF | IP_OFFSET))
		return VTUN_DROP_TRANSPORT;
	tx->skip = iph->ihl * 4;
	tx->next_header = iph->protocol;
	tx->df = iph->frag_off & htons(IP_DF);
	return 0;
}

/* hop-by-hop options are for who does not understand ESP, RFC 4303 3.1.1 */
static enum vtun_drop plan_ipv6(struct vtun_tx *tx, const struct sk_buff *skb)
{
	const struct vtun_path_config *path = &tx->path->config;
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	unsigned int len = sizeof(*ip6h);
	struct ipv6_opt_hdr opt;

	if (!ipv6_addr_equal(&ip6h->saddr, &path->local) ||
	    !ipv6_addr_equal(&ip6h->daddr, &path->remote))
		return VTUN_DROP_TRANSPORT;
	tx->next_header = ip6h->nexthdr;
	if (ip6h->nexthdr == NEXTHDR_HOP) {
		if (skb_copy_bits(skb, skb_network_offset(skb) + len, &opt,
				  sizeof(opt)))
			return VTUN_DROP_TRANSPORT;
		len += ipv6_optlen(&opt);
		tx->next_header = opt.nexthdr;
	}
	if (len > VTUN_OWN_MAX || tx->next_header == NEXTHDR_FRAGMENT ||
	    tx->next_header == NEXTHDR_ROUTING)
		return VTUN_DROP_TRANSPORT;
	tx->skip = len;
	tx->df = true;
	return 0;
}

enum vtun_drop vtun_transport_plan(struct vtun_tx *tx,
				   const struct sk_buff *skb)
{
	u8 family = skb->protocol == htons(ETH_P_IP) ? AF_INET : AF_INET6;
	enum vtun_drop why;

	BUILD_BUG_ON(VTUN_OWN_MAX < 60);
	if (family != tx->path->config.family)
		return VTUN_DROP_TRANSPORT;
	why = family == AF_INET ? plan_ipv4(tx, skb) : plan_ipv6(tx, skb);
	if (why)
		return why;
	if (skb->len - skb_network_offset(skb) < tx->skip)
		return VTUN_DROP_TRANSPORT;
	/* what ip_len was good for */
	tx->around += tx->skip - tx->ip_len;
	tx->headroom += tx->skip;
	return 0;
}

static bool is_option(u8 next)
{
	return next == NEXTHDR_HOP || next == NEXTHDR_ROUTING ||
	       next == NEXTHDR_DEST;
}

/* where a header of @len octets announces what follows it, NULL = malformed */
static u8 *find_next(u8 *head, unsigned int len)
{
	struct ipv6hdr *ip6h = (struct ipv6hdr *)head;
	struct iphdr *iph = (struct iphdr *)head;
	unsigned int at = sizeof(*ip6h);
	u8 *next = &ip6h->nexthdr;

	if (iph->version == 4)
		return len >= sizeof(*iph) && iph->ihl * 4 == len ?
		       &iph->protocol : NULL;
	while (at + sizeof(struct ipv6_opt_hdr) <= len) {
		struct ipv6_opt_hdr *opt = (struct ipv6_opt_hdr *)(head + at);

		if (!is_option(*next))
			return NULL;
		next = &opt->nexthdr;
		at += ipv6_optlen(opt);
	}
	return at == len ? next : NULL;
}

void vtun_transport_take(struct vtun_tx *tx, const struct sk_buff *skb)
{
	u8 *next;

	/* cannot fail: it was there when this was planned */
	if (skb_copy_bits(skb, skb_network_offset(skb), tx->own, tx->skip))
		memset(tx->own, 0, tx->skip);
	next = find_next(tx->own, tx->skip);
	if (next)
		*next = tx->proto;
}

/*
 * Between two hosts with a NAT in the middle the transport checksum was
 * computed over other addresses. The ICV has proved the packet, so it may be
 * computed again: RFC 3948 3.1.2.
 */
static void fix_checksum(struct sk_buff *skb, unsigned int offset, u8 proto)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	const struct iphdr *iph = ip_hdr(skb);
	unsigned int len = skb->len - offset;
	void *transport = skb->data + offset;
	struct udphdr *udp = transport;
	struct tcphdr *tcp = transport;
	__sum16 *check;

	if (proto == IPPROTO_TCP && len >= sizeof(*tcp)) {
		check = &tcp->check;
	} else if (proto == IPPROTO_UDP && len >= sizeof(*udp) && udp->check &&
		   ntohs(udp->len) >= sizeof(*udp) && ntohs(udp->len) <= len) {
		len = ntohs(udp->len);
		check = &udp->check;
	} else {
		return;
	}
	*check = 0;
	if (iph->version == 4)
		*check = csum_tcpudp_magic(iph->saddr, iph->daddr, len, proto,
					   csum_partial(transport, len, 0));
	else
		*check = csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, len, proto,
					 csum_partial(transport, len, 0));
	if (proto == IPPROTO_UDP && !*check)
		*check = CSUM_MANGLED_0;
}

bool vtun_transport_keep(struct vtun_rx *rx)
{
	const struct sk_buff *skb = rx->skb;

	rx->own_len = -skb_network_offset(skb);
	if (rx->outer.encap == VTUN_ENCAP_UDP)
		rx->own_len -= sizeof(struct udphdr);
	if (rx->own_len > VTUN_OWN_MAX)
		return false;
	memcpy(rx->own, skb_network_header(skb), rx->own_len);
	return find_next(rx->own, rx->own_len);
}

enum vtun_drop vtun_transport_rebuild(struct vtun_rx *rx)
{
	unsigned int len = rx->len + rx->own_len;
	struct sk_buff *skb = rx->skb;
	struct ipv6hdr *ip6h;
	struct iphdr *iph;

	*find_next(rx->own, rx->own_len) = rx->next_header;
	__skb_trim(skb, rx->len);
	if (skb_cow_head(skb, rx->own_len))
		return VTUN_DROP_NO_MEMORY;
	memcpy(skb_push(skb, rx->own_len), rx->own, rx->own_len);
	skb_reset_mac_header(skb);
	skb_reset_mac_len(skb);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, rx->own_len);
	if (rx->outer.family == AF_INET) {
		if (len > U16_MAX)
			return VTUN_DROP_INNER_HEADER;
		iph = ip_hdr(skb);
		iph->tot_len = htons(len);
		ip_send_check(iph);
		skb->protocol = htons(ETH_P_IP);
	} else {
		if (len - sizeof(*ip6h) > U16_MAX)
			return VTUN_DROP_INNER_HEADER;
		ip6h = ipv6_hdr(skb);
		ip6h->payload_len = htons(len - sizeof(*ip6h));
		skb->protocol = htons(ETH_P_IPV6);
	}
	if (rx->outer.encap == VTUN_ENCAP_UDP)
		fix_checksum(skb, rx->own_len, rx->next_header);
	return 0;
}

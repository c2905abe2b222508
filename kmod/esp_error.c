// SPDX-License-Identifier: GPL-2.0-only
/*
 * ICMP errors about ESP that we sent: RFC 4301 8.2. They quote the packet; its
 * SPI makes them hard to invent for who does not see the wire. Nothing but the
 * path MTU and redirects are taken from them.
 */
#include "esp.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "child.h"
#include "net.h"
#include "path.h"
#include "sa.h"

/* offset of what follows the quoted header, 0 = not there, or no first part */
static unsigned int read_ip(const struct sk_buff *skb, unsigned int offset,
			    struct vtun_path_config *seen, u8 *proto)
{
	const struct iphdr *iph;
	struct iphdr buf;

	iph = skb_header_pointer(skb, offset, sizeof(buf), &buf);
	if (!iph || iph->ihl < 5 || iph->frag_off & htons(IP_OFFSET))
		return 0;
	seen->family = AF_INET;
	seen->local.s6_addr32[0] = iph->saddr;
	seen->remote.s6_addr32[0] = iph->daddr;
	*proto = iph->protocol;
	return offset + iph->ihl * 4;
}

static unsigned int read_ipv6(const struct sk_buff *skb, unsigned int offset,
			      struct vtun_path_config *seen, u8 *proto)
{
	const struct ipv6hdr *ip6h;
	struct ipv6hdr buf;
	__be16 frag_off = 0;
	int next;

	ip6h = skb_header_pointer(skb, offset, sizeof(buf), &buf);
	if (!ip6h)
		return 0;
	seen->family = AF_INET6;
	seen->local = ip6h->saddr;
	seen->remote = ip6h->daddr;
	*proto = ip6h->nexthdr;
	next = ipv6_skip_exthdr(skb, offset + sizeof(buf), proto, &frag_off);
	return next < 0 || frag_off & htons(IP6_OFFSET) ? 0 : next;
}

struct vtun_path *vtun_esp_quoted(struct vtun_net *vn,
				  const struct sk_buff *skb,
				  unsigned int offset, u8 family)
{
	struct vtun_path_config seen = { };
	const struct udphdr *uh;
	const __be32 *spi;
	struct vtun_path *path;
	struct udphdr uh_buf;
	struct vtun_sa *sa;
	__be32 spi_buf;
	u8 proto = 0;

	offset = family == AF_INET ? read_ip(skb, offset, &seen, &proto) :
				     read_ipv6(skb, offset, &seen, &proto);
	if (!offset)
		return NULL;
	if (proto == IPPROTO_UDP) {
		uh = skb_header_pointer(skb, offset, sizeof(*uh), &uh_buf);
		if (!uh)
			return NULL;
		seen.encap = VTUN_ENCAP_UDP;
		seen.sport = ntohs(uh->source);
		seen.dport = ntohs(uh->dest);
		offset += sizeof(*uh);
	} else if (proto != IPPROTO_ESP) {
		return NULL;
	}
	spi = skb_header_pointer(skb, offset, sizeof(*spi), &spi_buf);
	if (!spi)
		return NULL;
	vtun_sa_for_each_out(sa, vn, *spi) {
		path = rcu_dereference(sa->child->path);
		if (sa->spi == *spi &&
		    vtun_path_same_ends(&path->config, &seen))
			return path;
	}
	return NULL;
}

/*
 * ipv4_update_pmtu() looks for the route with the mark of the error. @skb: data
 * at the quoted header.
 */
static void learn_mtu4(struct vtun_path *path, const struct sk_buff *skb,
		       u32 mtu)
{
	struct dst_entry *dst = vtun_path_route(path);
	struct sk_buff *about;

	if (!dst)
		return;
	about = skb_clone((struct sk_buff *)skb, GFP_ATOMIC | __GFP_NOWARN);
	if (!about)
		return;
	skb_reset_network_header(about);
	about->dev = dst->dev;
	about->mark = path->config.mark;
	dst->ops->update_pmtu(dst, NULL, about, mtu, false);
	kfree_skb(about);
}

static void learn_mtu6(const struct vtun_path *path, struct sk_buff *skb,
		       __be32 mtu)
{
	ip6_update_pmtu(skb, path->net, mtu, path->config.link,
			path->config.mark, sock_net_uid(path->net, NULL));
}

int vtun_esp4_err(struct sk_buff *skb, u32 info)
{
	struct net *net = dev_net(skb->dev);
	struct vtun_path *path;

	path = vtun_esp_quoted(vtun_net(net), skb, 0, AF_INET);
	if (!path)
		return -ENOENT;
	switch (icmp_hdr(skb)->type) {
	case ICMP_DEST_UNREACH:
		if (icmp_hdr(skb)->code == ICMP_FRAG_NEEDED)
			learn_mtu4(path, skb, info);
		break;
	case ICMP_REDIRECT:
		ipv4_redirect(skb, net, path->config.link, IPPROTO_ESP);
		break;
	}
	return 0;
}

int vtun_esp6_err(struct sk_buff *skb, struct inet6_skb_parm *opt, u8 type,
		  u8 code, int offset, __be32 info)
{
	struct net *net = dev_net(skb->dev);
	struct vtun_path *path;

	path = vtun_esp_quoted(vtun_net(net), skb, 0, AF_INET6);
	if (!path)
		return -ENOENT;
	if (type == ICMPV6_PKT_TOOBIG)
		learn_mtu6(path, skb, info);
	else if (type == NDISC_REDIRECT)
		ip6_redirect(skb, net, skb->dev->ifindex, path->config.mark,
			     sock_net_uid(net, NULL));
	return 0;
}

void vtun_esp_udp_err(struct vtun_net *vn, struct sk_buff *skb)
{
	u8 family = skb->data[0] >> 4 == 4 ? AF_INET : AF_INET6;
	struct vtun_path *path = vtun_esp_quoted(vn, skb, 0, family);
	const struct icmp6hdr *icmp6h;
	const struct icmphdr *icmph;

	if (!path || (!path->config.mark && !path->config.link))
		return;
	/* who asks has turned the header offsets to what is quoted */
	if (family == AF_INET) {
		icmph = (const struct icmphdr *)skb->data - 1;
		if (icmph->type == ICMP_DEST_UNREACH &&
		    icmph->code == ICMP_FRAG_NEEDED)
			learn_mtu4(path, skb, ntohs(icmph->un.frag.mtu));
	} else {
		icmp6h = (const struct icmp6hdr *)skb->data - 1;
		if (icmp6h->icmp6_type == ICMPV6_PKT_TOOBIG)
			learn_mtu6(path, skb, icmp6h->icmp6_mtu);
	}
}

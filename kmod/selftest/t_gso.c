// SPDX-License-Identifier: GPL-2.0-only
/* Our segments of a super-packet against those the stack makes. */
#include "selftest.h"

#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>
#include <net/udp.h>

#include "../compat.h"
#include "../gather.h"
#include "../gso.h"

#define BUF_LEN	4096

/* one super-packet to try */
struct shape {
	unsigned int payload, size, options;
	bool v6, udp, fixed_id, ecn;
};

static void put_ip(struct sk_buff *skb, const struct shape *s, u8 proto)
{
	struct ipv6hdr *ip6h;
	struct iphdr *iph;

	skb_reset_network_header(skb);
	if (s->v6) {
		ip6h = skb_put_zero(skb, sizeof(*ip6h));
		ip6_flow_hdr(ip6h, 0x2a, htonl(0x12345));
		ip6h->nexthdr = proto;
		ip6h->hop_limit = 3;
		get_random_bytes(&ip6h->saddr, 32);
		skb->protocol = htons(ETH_P_IPV6);
	} else {
		iph = skb_put_zero(skb, sizeof(*iph));
		iph->version = 4;
		iph->ihl = 5;
		iph->tos = 0x2a;
		iph->id = htons(0xfffe);
		iph->frag_off = htons(IP_DF);
		iph->ttl = 3;
		iph->protocol = proto;
		get_random_bytes(&iph->saddr, 8);
		skb->protocol = htons(ETH_P_IP);
	}
	skb_set_transport_header(skb, skb->len);
}

static void put_transport(struct sk_buff *skb, const struct shape *s)
{
	struct udphdr *udp;
	struct tcphdr *tcp;

	if (s->udp) {
		udp = skb_put_zero(skb, sizeof(*udp));
		udp->source = htons(1000);
		udp->dest = htons(53);
		udp->len = htons(sizeof(*udp) + s->payload);
		skb->csum_offset = offsetof(struct udphdr, check);
		return;
	}
	tcp = skb_put_zero(skb, sizeof(*tcp) + s->options);
	tcp->source = htons(1000);
	tcp->dest = htons(80);
	tcp->seq = htonl(0xfffff000);
	tcp->ack_seq = htonl(77);
	tcp->doff = 5 + s->options / 4;
	tcp->ack = 1;
	tcp->psh = 1;
	tcp->fin = 1;
	tcp->cwr = s->ecn;
	tcp->window = htons(500);
	get_random_bytes(tcp + 1, s->options);
	skb->csum_offset = offsetof(struct tcphdr, check);
}

/* sum of the pseudo header where a sender with checksum offload puts it */
static void put_pseudo(struct sk_buff *skb, const struct shape *s, u8 proto)
{
	unsigned int len = skb->len - skb_transport_offset(skb);
	__sum16 *field = (__sum16 *)(skb_transport_header(skb) +
				     skb->csum_offset);

	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	if (s->v6) {
		ipv6_hdr(skb)->payload_len = htons(len);
		*field = ~csum_ipv6_magic(&ipv6_hdr(skb)->saddr,
					  &ipv6_hdr(skb)->daddr, len, proto, 0);
		return;
	}
	ip_hdr(skb)->tot_len = htons(skb->len);
	ip_hdr(skb)->check = ip_fast_csum(ip_hdr(skb), 5);
	*field = ~csum_tcpudp_magic(ip_hdr(skb)->saddr, ip_hdr(skb)->daddr, len,
				    proto, 0);
}

static void put_gso(struct sk_buff *skb, const struct shape *s)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);

	shinfo->gso_size = s->size;
	shinfo->gso_segs = DIV_ROUND_UP(s->payload, s->size);
	shinfo->gso_type = s->udp ? SKB_GSO_UDP_L4 :
			   s->v6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
	if (s->ecn)
		shinfo->gso_type |= SKB_GSO_TCP_ECN;
	if (s->fixed_id)
		shinfo->gso_type |= SKB_GSO_TCP_FIXEDID;
}

static struct sk_buff *make(const struct shape *s)
{
	struct sk_buff *skb = alloc_skb(256 + s->payload, GFP_KERNEL);
	u8 proto = s->udp ? IPPROTO_UDP : IPPROTO_TCP;
	unsigned int left = s->payload, n;
	struct page *page;

	if (!skb)
		return NULL;
	skb_reserve(skb, 64);
	skb_reset_mac_header(skb);
	put_ip(skb, s, proto);
	put_transport(skb, s);
	/* a piece of payload behind the headers, the rest in fragments */
	n = min(left, 10U);
	get_random_bytes(skb_put(skb, n), n);
	for (left -= n; left; left -= n) {
		n = min_t(unsigned int, left, PAGE_SIZE - 100);
		page = alloc_page(GFP_KERNEL);
		if (!page) {
			kfree_skb(skb);
			return NULL;
		}
		get_random_bytes(page_address(page) + 50, n);
		skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, 50, n,
				PAGE_SIZE);
	}
	put_pseudo(skb, s, proto);
	put_gso(skb, s);
	return skb;
}

static bool same(const struct vtun_gso *g, struct sk_buff *skb,
		 struct sk_buff *segs, u8 *buf)
{
	struct vtun_gather gather;
	struct sk_buff *seg = segs;
	unsigned int i;
	bool ok = true;

	vtun_gather_start(&gather, skb, g->head_len);
	for (i = 0; i < g->segments && ok; i++, seg = seg->next) {
		unsigned int len = vtun_gso_len(g, i);
		u8 *want = buf + BUF_LEN / 2;
		__wsum sum = 0;

		ok = seg && seg->len == g->head_len + len &&
		     vtun_gather_csum(&gather, buf + g->head_len, len, &sum) &&
		     !skb_copy_bits(seg, 0, want, seg->len);
		if (!ok)
			break;
		vtun_gso_header(g, i, buf, sum);
		ok = !memcmp(buf, want, seg->len);
		if (!ok)
			print_hex_dump(KERN_ERR, "vtun: segment ",
				       DUMP_PREFIX_OFFSET, 16, 1, buf,
				       g->head_len, false);
	}
	vtun_gather_end(&gather);
	return ok && !seg;
}

static int test_shape(const struct shape *s, u8 *buf)
{
	struct sk_buff *skb = make(s), *copy, *segs = NULL;
	struct vtun_gso gso;
	int err = -EINVAL;

	if (!skb)
		return -ENOMEM;
	copy = skb_copy(skb, GFP_KERNEL);
	if (copy)
		segs = skb_gso_segment(copy, 0);
	if (IS_ERR_OR_NULL(segs))
		goto out;
	if (vtun_gso_plan(&gso, skb) && same(&gso, skb, segs, buf))
		err = 0;
	kfree_skb_list(segs);
out:
	kfree_skb(copy);
	kfree_skb(skb);
	if (err)
		pr_err("vtun: gso %u by %u, options %u, v6 %d udp %d is wrong\n",
		       s->payload, s->size, s->options, s->v6, s->udp);
	return err;
}

int vtun_selftest_gso(void)
{
	static const struct shape shapes[] = {
		{ .payload = 4000, .size = 1000 },
		{ .payload = 4001, .size = 1000, .options = 12 },
		{ .payload = 9001, .size = 1348, .options = 40, .ecn = true },
		{ .payload = 3999, .size = 999, .fixed_id = true },
		{ .payload = 50000, .size = 1368, .options = 12, .v6 = true },
		{ .payload = 777, .size = 77, .v6 = true, .ecn = true },
		{ .payload = 2500, .size = 1200, .udp = true },
		{ .payload = 2400, .size = 1200, .udp = true, .v6 = true },
		{ .payload = 1301, .size = 13, .udp = true },
	};
	u8 *buf = kmalloc(BUF_LEN, GFP_KERNEL);
	unsigned int i;
	int err = 0;

	if (!buf)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(shapes) && !err; i++)
		err = test_shape(&shapes[i], buf);
	kfree(buf);
	return err;
}

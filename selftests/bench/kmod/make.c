// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets as a socket with a good driver below would make them: room in front
 * and behind; super-packets with their payload in two large pieces of memory
 * that nobody may write to, and the checksum left to the device.
 */
#include "vtbench.h"

#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>
#include <net/tcp.h>

#define HEADROOM	256
#define TAILROOM	64
#define PIECE_ORDER	3
#define PIECE		(PAGE_SIZE << PIECE_ORDER)

static struct page *pieces[2];

static unsigned int head_len(const struct bench_job *job)
{
	return sizeof(struct iphdr) + (job->kind == BENCH_TCPGSO ?
				       sizeof(struct tcphdr) :
				       sizeof(struct udphdr));
}

/* as many full segments as fit */
unsigned int bench_segments(const struct bench_job *job)
{
	unsigned int head = head_len(job);

	if (job->kind == BENCH_UDP)
		return 1;
	return min_t(unsigned int, (IP_MAX_MTU - head) / (job->size - head),
		     2 * PIECE / (job->size - head));
}

static void put_transport(const struct bench_job *job, struct sk_buff *skb,
			  u32 nr, unsigned int len)
{
	u16 sport = 1024 + nr % job->flows;

	skb->transport_header = skb->network_header + sizeof(struct iphdr);
	if (job->kind == BENCH_TCPGSO) {
		struct tcphdr *th = tcp_hdr(skb);

		memset(th, 0, sizeof(*th));
		th->source = htons(sport);
		th->dest = htons(job->dport);
		th->seq = htonl(nr * 65536);
		th->ack = 1;
		th->doff = sizeof(*th) / 4;
		th->window = htons(1024);
		skb->csum_offset = offsetof(struct tcphdr, check);
		th->check = ~tcp_v4_check(len, ip_hdr(skb)->saddr,
					  ip_hdr(skb)->daddr, 0);
	} else {
		struct udphdr *uh = udp_hdr(skb);

		uh->source = htons(sport);
		uh->dest = htons(job->dport);
		uh->len = htons(len);
		uh->check = 0;
		skb->csum_offset = offsetof(struct udphdr, check);
		if (job->kind == BENCH_UDPGSO)
			uh->check = ~csum_tcpudp_magic(ip_hdr(skb)->saddr,
						       ip_hdr(skb)->daddr, len,
						       IPPROTO_UDP, 0);
	}
}

static void put_payload(const struct bench_job *job, struct sk_buff *skb,
			unsigned int len)
{
	unsigned int i, n;

	for (i = 0; len; i++, len -= n) {
		n = min_t(unsigned int, len, PIECE);
		get_page(pieces[i]);
		skb_add_rx_frag(skb, i, pieces[i], 0, n, n);
	}
	skb_shinfo(skb)->gso_size = job->size - head_len(job);
	skb_shinfo(skb)->gso_segs = bench_segments(job);
	skb_shinfo(skb)->gso_type = job->kind == BENCH_TCPGSO ?
				    SKB_GSO_TCPV4 : SKB_GSO_UDP_L4;
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
}

/* the @nr-th packet of a job; the data behind the headers has no meaning */
struct sk_buff *bench_make(const struct bench_job *job, u32 nr)
{
	unsigned int head = head_len(job), total = job->size;
	struct sk_buff *skb;
	struct iphdr *iph;

	if (job->kind != BENCH_UDP)
		total = head + bench_segments(job) * (job->size - head);
	skb = alloc_skb(HEADROOM + TAILROOM +
			(job->kind == BENCH_UDP ? total : head), GFP_KERNEL);
	if (!skb)
		return NULL;
	skb_reserve(skb, HEADROOM);
	skb_reset_network_header(skb);
	skb_put(skb, job->kind == BENCH_UDP ? total : head);
	skb->protocol = htons(ETH_P_IP);
	iph = ip_hdr(skb);
	*iph = (struct iphdr) {
		.version = 4,
		.ihl = 5,
		.tot_len = htons(total),
		.frag_off = htons(IP_DF),
		.ttl = 64,
		.protocol = job->kind == BENCH_TCPGSO ? IPPROTO_TCP :
							IPPROTO_UDP,
		.saddr = htonl(job->src),
		/* odd multipliers visit all targets in no order */
		.daddr = htonl(job->dst +
			       (u32)(nr * 2654435761u) % job->dsts * job->step),
	};
	ip_send_check(iph);
	put_transport(job, skb, nr, total - sizeof(*iph));
	if (job->kind != BENCH_UDP)
		put_payload(job, skb, total - head);
	return skb;
}

int bench_make_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		pieces[i] = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_ZERO,
					PIECE_ORDER);
		if (!pieces[i]) {
			bench_make_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

void bench_make_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pieces); i++)
		if (pieces[i])
			put_page(pieces[i]);
}

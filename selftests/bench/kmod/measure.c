// SPDX-License-Identifier: GPL-2.0-only
/*
 * Encapsulation is measured from the lookup of the inner route to the device
 * below the tunnel, decapsulation from there to the first hook that sees the
 * inner packet. Nothing but the system under test runs in between: packets are
 * made before, and freed behind, the clock.
 *
 * Bursts, because a system may finish a packet on another thread: the clock
 * stops at the last packet seen, not when the call returns.
 */
#include "vtbench.h"

#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/udp.h>
#include <net/route.h>

#define PATIENCE	(HZ / 2)

static struct bench_gauge sink = {
	.done = COMPLETION_INITIALIZER(sink.done),
};

static struct sk_buff_head sunk;
static u32 sink_net;	/* inner addresses of the job begin so */

/* in front of everything else that looks at packets */
static unsigned int sink_hook(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	if ((ntohl(ip_hdr(skb)->daddr) ^ sink_net) >> 24)
		return NF_ACCEPT;
	__skb_queue_tail(&sunk, skb);
	bench_gauge_count(&sink, bench_packets_of(skb));
	return NF_STOLEN;
}

static const struct nf_hook_ops sink_ops = {
	.hook = sink_hook,
	.pf = NFPROTO_IPV4,
	.hooknum = NF_INET_PRE_ROUTING,
	.priority = INT_MIN,
};

static void gauge_expect(struct bench_gauge *g, u64 n)
{
	g->want = g->seen + n;
	reinit_completion(&g->done);
}

/* adds what the burst took to @res */
static void gauge_read(struct bench_gauge *g, u64 n, u64 start,
		       struct bench_result *res)
{
	if (!wait_for_completion_timeout(&g->done, PATIENCE)) {
		res->lost += g->want - g->seen;
		g->want = 0;
		n = 0;
	}
	bench_mark(BENCH_MARK_STOP);
	if (n && g->seen > g->want)
		res->extra += g->seen - g->want;
	res->packets += n;
	if (n)
		res->insns += g->stop - start;
}

/* one packet of a job out of @net, as a socket would */
int bench_send(struct net *net, const struct bench_job *job,
	       struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	const struct udphdr *uh = udp_hdr(skb);
	struct flowi4 fl4 = {
		.saddr = iph->saddr,
		.daddr = iph->daddr,
	};
	struct rtable *rt;

	if (job->policy) {
		fl4.flowi4_proto = iph->protocol;
		fl4.fl4_sport = uh->source;
		fl4.fl4_dport = uh->dest;
		rt = ip_route_output_flow(net, &fl4, NULL);
	} else {
		rt = ip_route_output_key(net, &fl4);
	}
	if (IS_ERR(rt)) {
		kfree_skb(skb);
		return PTR_ERR(rt);
	}
	skb_dst_set(skb, &rt->dst);
	skb->dev = rt->dst.dev;
	local_bh_disable();
	dst_output(net, NULL, skb);
	local_bh_enable();
	return 0;
}

static int encap_burst(const struct bench_job *job, u32 nr, u32 count,
		       struct bench_result *res)
{
	struct net *net = dev_net(bench_ends[0]);
	struct sk_buff_head list;
	struct sk_buff *skb;
	int err = 0;
	u64 start;
	u32 i;

	__skb_queue_head_init(&list);
	for (i = 0; i < count; i++) {
		skb = bench_make(job, nr + i);
		if (!skb) {
			__skb_queue_purge(&list);
			return -ENOMEM;
		}
		__skb_queue_tail(&list, skb);
	}
	gauge_expect(&bench_out, count * bench_segments(job));
	start = bench_start(BENCH_MARK_ENCAP);
	while (!err && (skb = __skb_dequeue(&list)))
		err = bench_send(net, job, skb);
	if (!err)
		gauge_read(&bench_out, count * bench_segments(job), start, res);
	__skb_queue_purge(&list);
	return err;
}

/**
 * bench_encap() - send the packets of a job out of the first end's namespace
 * @job: what to send; with store, the outer packets are there afterwards
 * @res: filled in
 *
 * Return: 0 or -errno.
 */
int bench_encap(const struct bench_job *job, struct bench_result *res)
{
	u32 burst = max(BENCH_BURST / bench_segments(job), 1u), nr, n;
	int err = 0;

	__skb_queue_purge(&bench_store);
	bench_storing = job->store;
	bench_dropping = !job->store;
	for (nr = 0; !err && nr < job->count; nr += n) {
		n = min(burst, job->count - nr);
		err = encap_burst(job, nr, n, res);
	}
	bench_storing = false;
	bench_dropping = false;
	return err;
}

/* as it would come from a driver whose NIC knows the checksum of UDP */
static void arrive(struct sk_buff *skb)
{
	skb->ip_summed = skb->ip_summed == CHECKSUM_PARTIAL ?
			 CHECKSUM_UNNECESSARY : CHECKSUM_NONE;
	skb_scrub_packet(skb, true);
	skb_clear_hash(skb);
	skb->dev = bench_ends[1];
	skb->pkt_type = PACKET_HOST;
	skb->mac_len = 0;
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
}

static void decap_burst(struct bench_result *res)
{
	struct sk_buff_head list;
	struct sk_buff *skb;
	unsigned int n = 0;
	u64 start;

	__skb_queue_head_init(&list);
	while (n < BENCH_BURST && (skb = __skb_dequeue(&bench_store))) {
		arrive(skb);
		n += bench_packets_of(skb);
		__skb_queue_tail(&list, skb);
	}
	gauge_expect(&sink, n);
	start = bench_start(BENCH_MARK_DECAP);
	local_bh_disable();
	while ((skb = __skb_dequeue(&list)))
		netif_receive_skb(skb);
	local_bh_enable();
	gauge_read(&sink, n, start, res);
	__skb_queue_purge(&sunk);
}

/**
 * bench_decap() - let what is in the store arrive at the second end
 * @job: only the inner destination is of interest
 * @res: filled in
 *
 * Return: 0 or -errno.
 */
int bench_decap(const struct bench_job *job, struct bench_result *res)
{
	struct net *net = dev_net(bench_ends[1]);
	int err;

	if (skb_queue_empty(&bench_store))
		return -ENODATA;
	__skb_queue_head_init(&sunk);
	sink_net = job->dst;
	err = nf_register_net_hook(net, &sink_ops);
	if (err)
		return err;
	while (!skb_queue_empty(&bench_store))
		decap_burst(res);
	nf_unregister_net_hook(net, &sink_ops);
	__skb_queue_purge(&sunk);
	return 0;
}

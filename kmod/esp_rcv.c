// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where ESP comes in: as a protocol of IPv4 and IPv6, and in UDP.
 *
 * The protocol handlers stand in front of those of XFRM and give every SPI they
 * do not know back, so that both can serve one host.
 */
#include "esp.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/xfrm.h>

#include "audit.h"
#include "child.h"
#include "compat.h"
#include "early.h"
#include "esp_rx.h"
#include "net.h"
#include "sa.h"

/* XFRM's own ESP has 0, its interfaces 10, its older ones 100 */
#define PRIORITY	1000

/* notes what the outer header says; decryption may overwrite it */
static void read_outer(struct vtun_rx *rx, u8 family)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(rx->skb);
	const struct iphdr *iph = ip_hdr(rx->skb);

	rx->outer.family = family;
	if (family == AF_INET) {
		rx->outer.remote.s6_addr32[0] = iph->saddr;
		rx->outer.local.s6_addr32[0] = iph->daddr;
		rx->outer_ds = ipv4_get_dsfield(iph);
	} else {
		rx->outer.remote = ip6h->saddr;
		rx->outer.local = ip6h->daddr;
		rx->outer_ds = ipv6_get_dsfield(ip6h);
	}
}

/* SPI of the packet, NULL when it is too short to have one */
static const struct vtun_esp_hdr *esp_hdr_of(struct sk_buff *skb)
{
	if (!pskb_may_pull(skb, sizeof(struct vtun_esp_hdr)))
		return NULL;
	return (const struct vtun_esp_hdr *)skb->data;
}

/*
 * Not ours. Counted only if it is nobody's; XFRM counts its own, too, and the
 * packet goes on to it in any case.
 */
static void rx_unknown(struct vtun_net *vn, struct vtun_rx *rx, u8 family,
		       const struct vtun_esp_hdr *esp)
{
	struct xfrm_state *x = NULL;
	struct net *net = vn->net;

	if (!esp) {
		vtun_drops_inc(&vn->drops, VTUN_DROP_TOO_SHORT);
		return;
	}
	read_outer(rx, family);
	if (READ_ONCE(net->xfrm.state_num))
		x = xfrm_state_lookup(net, 0,
				      (xfrm_address_t *)&rx->outer.local,
				      esp->spi, IPPROTO_ESP, family);
	if (x) {
		xfrm_state_put(x);
		return;
	}
	vtun_drops_inc(&vn->drops, VTUN_DROP_UNKNOWN_SPI);
	vtun_audit_drop(vn, NULL, VTUN_DROP_UNKNOWN_SPI, esp->spi, &rx->outer);
}

/* @ports: both, of UDP, else 0. 0: consumed; -ENOENT: not ours */
static int esp_rcv(struct vtun_net *vn, struct vtun_rx *rx, u8 family,
		   __be32 ports)
{
	const struct vtun_esp_hdr *esp = esp_hdr_of(rx->skb);

	if (likely(esp))
		rx->sa = vtun_sa_lookup_in(vn, esp->spi);
	if (unlikely(!rx->sa)) {
		/* the door of UDP counts for itself */
		if (rx->outer.encap == VTUN_ENCAP_NONE)
			rx_unknown(vn, rx, family, esp);
		return -ENOENT;
	}
	read_outer(rx, family);
	if (family == AF_INET)
		vtun_early_note(vn, rx->skb, ports);
	vtun_esp_input(rx);
	return 0;
}

void vtun_esp_rcv_early(struct vtun_net *vn, struct vtun_sa *sa,
			struct sk_buff *skb)
{
	struct vtun_rx rx = { .skb = skb, .sa = sa };
	const struct udphdr *uh;

	/* as at the end of INPUT */
	skb_clear_delivery_time(skb);
	__IP_INC_STATS(vn->net, IPSTATS_MIB_INDELIVERS);
	__skb_pull(skb, sizeof(struct iphdr));
	if (ip_hdr(skb)->protocol == IPPROTO_UDP) {
		uh = (const struct udphdr *)skb->data;
		rx.outer.encap = VTUN_ENCAP_UDP;
		rx.outer.sport = ntohs(uh->dest);
		rx.outer.dport = ntohs(uh->source);
		__SNMP_INC_STATS(vn->net->mib.udp_statistics,
				 UDP_MIB_INDATAGRAMS);
		__skb_pull(skb, sizeof(*uh));
	}
	skb_reset_transport_header(skb);
	read_outer(&rx, AF_INET);
	vtun_esp_input(&rx);
}

static int esp4_rcv(struct sk_buff *skb)
{
	struct vtun_rx rx = { .skb = skb };

	/* -EINVAL: ask the next one */
	return esp_rcv(vtun_net(dev_net(skb->dev)), &rx, AF_INET, 0) ?
	       -EINVAL : 0;
}

static int esp6_rcv(struct sk_buff *skb)
{
	struct vtun_rx rx = { .skb = skb };

	return esp_rcv(vtun_net(dev_net(skb->dev)), &rx, AF_INET6, 0) ?
	       -EINVAL : 0;
}

int vtun_esp_rcv_udp(struct vtun_net *vn, struct sk_buff *skb, __be16 sport,
		     __be16 dport)
{
	struct vtun_rx rx = {
		.skb = skb,
		.outer = {
			.encap = VTUN_ENCAP_UDP,
			.sport = ntohs(dport),
			.dport = ntohs(sport),
		},
	};
	__be32 ports;

	if (ip_hdr(skb)->version != 4)
		return esp_rcv(vn, &rx, AF_INET6, 0);
	memcpy(&ports, skb->data - sizeof(struct udphdr), sizeof(ports));
	return esp_rcv(vn, &rx, AF_INET, ports);
}

/* ESP in UDP comes by another door */
static int esp_input(struct sk_buff *skb, int nexthdr, __be32 spi,
		     int encap_type)
{
	return -EINVAL;
}

/* end of a packet XFRM handled; 1 = ask the next one */
static int esp_cb(struct sk_buff *skb, int err)
{
	return 1;
}

static struct xfrm4_protocol esp4_handler = {
	.handler = esp4_rcv,
	.input_handler = esp_input,
	.cb_handler = esp_cb,
	.err_handler = vtun_esp4_err,
	.priority = PRIORITY,
};

static struct xfrm6_protocol esp6_handler = {
	.handler = esp6_rcv,
	.input_handler = esp_input,
	.cb_handler = esp_cb,
	.err_handler = vtun_esp6_err,
	.priority = PRIORITY,
};

/**
 * vtun_esp_input_init() - begin to receive ESP, both families
 *
 * Return: 0 or -errno.
 */
int vtun_esp_input_init(void)
{
	int err = xfrm4_protocol_register(&esp4_handler, IPPROTO_ESP);

	if (err || !ipv6_mod_enabled())
		return err;
	err = xfrm6_protocol_register(&esp6_handler, IPPROTO_ESP);
	if (err)
		xfrm4_protocol_deregister(&esp4_handler, IPPROTO_ESP);
	return err;
}

/**
 * vtun_esp_input_exit() - stop receiving
 *
 * No packet is in the handlers any more when it returns.
 */
void vtun_esp_input_exit(void)
{
	if (ipv6_mod_enabled())
		xfrm6_protocol_deregister(&esp6_handler, IPPROTO_ESP);
	xfrm4_protocol_deregister(&esp4_handler, IPPROTO_ESP);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * ESP in tunnel mode, inbound: RFC 4303 3.4.
 *
 * The handlers stand in front of those of XFRM and give every SPI they do not
 * know back, so that both can serve one host.
 *
 * Order matters: nothing but a counter changes before the ICV was found right,
 * and nothing in the packet is believed before that, the SPI excepted.
 */
#include "esp.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <net/dsfield.h>
#include <net/inet_ecn.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "child.h"
#include "compat.h"
#include "device.h"
#include "gather.h"
#include "net.h"
#include "sa.h"

#define ESP_LEN		sizeof(struct vtun_esp_hdr)
#define TRAILER_LEN	2	/* pad length, next header */

/* XFRM's own ESP has 0, its interfaces 10, its older ones 100 */
#define PRIORITY	1000

/* room in front of what is decrypted into fresh memory, for what follows */
#define COPY_HEADROOM	max(NET_SKB_PAD, VTUN_OPEN_HEAD)

static void rx_drop(struct vtun_sa *sa, struct sk_buff *skb, enum vtun_drop why)
{
	struct vtun_child *child = sa->child;

	vtun_drops_inc(&sa->drops, why);
	if (child)
		vtun_child_drop(child, why, 1);
	kfree_skb(skb);
}

/*
 * A packet whose memory nobody else can see: no clone, no fragments. Pages of
 * fragments may belong to a file or to a socket even when nothing in the skb
 * says so.
 */
static bool is_private(const struct sk_buff *skb,
		       const struct vtun_suite *suite)
{
	return !skb_is_nonlinear(skb) && !skb_cloned(skb) &&
	       !skb_shared(skb) &&
	       skb_headroom(skb) + ESP_LEN + suite->iv_len >= VTUN_OPEN_HEAD &&
	       skb_tailroom(skb) + suite->icv_len >= VTUN_CRYPTO_TAIL;
}

/*
 * IV, ciphertext and ICV of @skb in memory of our own. Consumes @skb unless it
 * fails.
 */
static struct sk_buff *rx_copy(struct sk_buff *skb)
{
	unsigned int len = skb->len - ESP_LEN;
	struct vtun_gather g;
	struct sk_buff *copy;
	bool ok;

	copy = vtun_gather_alloc(COPY_HEADROOM, len, VTUN_CRYPTO_TAIL);
	if (!copy)
		return NULL;
	vtun_gather_start(&g, skb, ESP_LEN);
	ok = vtun_gather_copy(&g, copy->data, len);
	vtun_gather_end(&g);
	if (!ok) {
		kfree_skb(copy);
		return NULL;
	}
	copy->dev = skb->dev;
	copy->tstamp = skb->tstamp;
	consume_skb(skb);
	return copy;
}

/**
 * struct rx - a packet on its way in
 * @sa: inbound SA, active
 * @skb: the packet; data at the ESP header, then at the text
 * @seq: recovered sequence number
 * @outer_ds: DSCP and ECN of the outer header, which decryption overwrites
 * @outer_family: of that header
 * @next_header: of the trailer
 * @len: octets of inner packet, traffic flow padding included
 */
struct rx {
	struct vtun_sa *sa;
	struct sk_buff *skb;
	u64 seq;
	u8 outer_ds;
	u8 outer_family;
	u8 next_header;
	unsigned int len;
};

/* cheap reasons to refuse; leaves skb as it was, but for its head */
static enum vtun_drop rx_check(struct rx *rx)
{
	const struct vtun_esp_hdr *esp;
	struct vtun_sa *sa = rx->sa;

	switch (READ_ONCE(sa->state)) {
	case VTUN_SA_LARVAL:	/* the peer is ahead of our own installation */
		return VTUN_DROP_UNKNOWN_SPI;
	case VTUN_SA_EXPIRED:
		return VTUN_DROP_HARD_EXPIRED;
	}
	if (rx->outer_family != rcu_dereference(sa->child->path)->config.family)
		return VTUN_DROP_OUTER_MISMATCH;
	if (rx->skb->len < ESP_LEN + sa->suite->iv_len + TRAILER_LEN +
			   sa->suite->icv_len ||
	    skb_is_gso(rx->skb))
		return VTUN_DROP_TOO_SHORT;
	if (!pskb_may_pull(rx->skb, ESP_LEN))
		return VTUN_DROP_NO_MEMORY;
	esp = (const struct vtun_esp_hdr *)rx->skb->data;
	if (!vtun_replay_recover(&sa->replay, ntohl(esp->seq), &rx->seq))
		return VTUN_DROP_REPLAY_ZERO;
	return vtun_replay_peek(&sa->replay, rx->seq);
}

/* afterwards skb begins with the authentic text; ESP header and ICV are gone */
static enum vtun_drop rx_open(struct rx *rx)
{
	const struct vtun_suite *suite = rx->sa->suite;
	struct vtun_crypto_op op = {
		.spi = rx->sa->spi,
		.esn = rx->sa->esn,
		.seq = rx->seq,
		.len = rx->skb->len - ESP_LEN - suite->iv_len - suite->icv_len,
	};
	struct sk_buff *skb = rx->skb;
	int err;

	if (likely(is_private(skb, suite))) {
		__skb_pull(skb, ESP_LEN);
	} else {
		skb = rx_copy(skb);
		if (unlikely(!skb))
			return VTUN_DROP_NO_MEMORY;
		rx->skb = skb;
	}
	op.text = __skb_pull(skb, suite->iv_len);
	err = vtun_crypto_open(&rx->sa->crypto, &op);
	if (unlikely(err))
		return err == -EBADMSG ? VTUN_DROP_INTEGRITY : VTUN_DROP_CRYPTO;
	__skb_trim(skb, op.len);
	return 0;
}

/*
 * Pad length, pad octets 1, 2, 3 …, next header: RFC 4303 2.4 to 2.6. Sets
 * @rx->len, to 0 when it is no inner packet.
 */
static enum vtun_drop rx_trailer(struct rx *rx)
{
	const u8 *end = rx->skb->data + rx->skb->len - TRAILER_LEN;
	unsigned int len = rx->skb->len - TRAILER_LEN, pad = end[0], i;

	rx->len = 0;
	if (pad > len)
		return VTUN_DROP_PADDING;
	for (i = 1; i <= pad; i++)
		if (end[-(int)i] != pad - i + 1)
			return VTUN_DROP_PADDING;
	rx->next_header = end[1];
	switch (rx->next_header) {
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		rx->len = len - pad;
		return 0;
	case IPPROTO_NONE:
		return VTUN_DROP_DUMMY;
	}
	return VTUN_DROP_NEXT_HEADER;
}

/* octets of the inner packet by its own header, 0 = malformed */
static unsigned int inner_len4(const struct rx *rx)
{
	const struct iphdr *iph = (const struct iphdr *)rx->skb->data;
	unsigned int len;

	if (rx->len < sizeof(*iph) || iph->version != 4 || iph->ihl < 5)
		return 0;
	len = ntohs(iph->tot_len);
	return len >= iph->ihl * 4 && len <= rx->len ? len : 0;
}

static unsigned int inner_len6(const struct rx *rx)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)rx->skb->data;
	unsigned int len;

	if (rx->len < sizeof(*ip6h) || ip6h->version != 6)
		return 0;
	len = sizeof(*ip6h) + ntohs(ip6h->payload_len);
	return len <= rx->len ? len : 0;
}

/*
 * The inner header is checked before anybody relies on it. What is behind the
 * packet is traffic flow padding (RFC 4303 2.7).
 */
static enum vtun_drop rx_inner(struct rx *rx)
{
	struct sk_buff *skb = rx->skb;
	unsigned int len;
	int ecn;

	if (rx->next_header == IPPROTO_IPIP) {
		len = inner_len4(rx);
		skb->protocol = htons(ETH_P_IP);
	} else {
		len = inner_len6(rx);
		skb->protocol = htons(ETH_P_IPV6);
	}
	if (!len)
		return VTUN_DROP_INNER_HEADER;
	__skb_trim(skb, len);
	skb_reset_mac_header(skb);
	skb_reset_mac_len(skb);
	skb_reset_network_header(skb);
	/* RFC 6040 4.2; 2: congestion was marked on a flow that cannot know */
	if (rx->next_header == IPPROTO_IPIP)
		ecn = INET_ECN_decapsulate(skb, rx->outer_ds,
					   ipv4_get_dsfield(ip_hdr(skb)));
	else
		ecn = INET_ECN_decapsulate(skb, rx->outer_ds,
					   ipv6_get_dsfield(ipv6_hdr(skb)));
	if (unlikely(ecn > 1))
		return VTUN_DROP_INNER_HEADER;
	if (unlikely(!vtun_child_match(rx->sa->child, skb, VTUN_DIR_IN)))
		return VTUN_DROP_TS_MISMATCH;
	return 0;
}

static enum vtun_drop rx_process(struct rx *rx)
{
	enum vtun_drop why, trailer;

	why = rx_check(rx) ?: rx_open(rx);
	if (unlikely(why))
		return why;
	/* authentic: also what is dropped below counts as use of the SA */
	trailer = rx_trailer(rx);
	return vtun_sa_credit(rx->sa, rx->seq, rx->len) ?: trailer ?:
	       rx_inner(rx);
}

/* consumes @skb */
static void rx_packet(struct vtun_sa *sa, struct sk_buff *skb, u8 family,
		      u8 dsfield)
{
	struct rx rx = {
		.sa = sa,
		.skb = skb,
		.outer_ds = dsfield,
		.outer_family = family,
	};
	enum vtun_drop why = rx_process(&rx);

	skb = rx.skb;
	if (unlikely(why)) {
		rx_drop(sa, skb, why);
		return;
	}
	/*
	 * The ICV covers every octet since the other gateway: the checksums in
	 * there need no second look on this side of the tunnel.
	 */
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->csum_level = ~0;
	skb->encapsulation = 0;
	skb_clear_hash(skb);
	vtun_device_rx(sa->child, skb);
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
static void rx_unknown(struct vtun_net *vn, const struct vtun_esp_hdr *esp,
		       const void *daddr, u8 family)
{
	struct net *net = vn->net;
	struct xfrm_state *x = NULL;

	if (!esp) {
		vtun_drops_inc(&vn->drops, VTUN_DROP_TOO_SHORT);
		return;
	}
	if (READ_ONCE(net->xfrm.state_num))
		x = xfrm_state_lookup(net, 0, daddr, esp->spi, IPPROTO_ESP,
				      family);
	if (x)
		xfrm_state_put(x);
	else
		vtun_drops_inc(&vn->drops, VTUN_DROP_UNKNOWN_SPI);
}

static int esp4_rcv(struct sk_buff *skb)
{
	struct vtun_net *vn = vtun_net(dev_net(skb->dev));
	const struct vtun_esp_hdr *esp = esp_hdr_of(skb);
	struct vtun_sa *sa = NULL;

	if (likely(esp))
		sa = vtun_sa_lookup_in(vn, esp->spi);
	if (unlikely(!sa)) {
		rx_unknown(vn, esp, &ip_hdr(skb)->daddr, AF_INET);
		return -EINVAL;
	}
	rx_packet(sa, skb, AF_INET, ipv4_get_dsfield(ip_hdr(skb)));
	return 0;
}

static int esp6_rcv(struct sk_buff *skb)
{
	struct vtun_net *vn = vtun_net(dev_net(skb->dev));
	const struct vtun_esp_hdr *esp = esp_hdr_of(skb);
	struct vtun_sa *sa = NULL;

	if (likely(esp))
		sa = vtun_sa_lookup_in(vn, esp->spi);
	if (unlikely(!sa)) {
		rx_unknown(vn, esp, &ipv6_hdr(skb)->daddr, AF_INET6);
		return -EINVAL;
	}
	rx_packet(sa, skb, AF_INET6, ipv6_get_dsfield(ipv6_hdr(skb)));
	return 0;
}

/*
 * Is the packet an ICMP error complains about one of ours? It quotes what we
 * sent: the SPI makes the error hard to invent for who does not see the wire.
 */
static bool is_sent_by_us(struct net *net, u8 family,
			  const struct in6_addr *local,
			  const struct in6_addr *remote, __be32 spi)
{
	const struct vtun_path_config *path;
	struct vtun_net *vn = vtun_net(net);
	struct vtun_child *child;
	unsigned long id, tmp;
	struct vtun_sa *out;

	idr_for_each_entry_ul(&vn->children, child, tmp, id) {
		path = &rcu_dereference(child->path)->config;
		if (path->family != family ||
		    !ipv6_addr_equal(&path->local, local) ||
		    !ipv6_addr_equal(&path->remote, remote))
			continue;
		out = rcu_dereference(child->out);
		if (out && out->spi == spi)
			return true;
	}
	return false;
}

/* the next packet looks up the outer route anew and finds what is noted here */
static int esp4_err(struct sk_buff *skb, u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	const struct vtun_esp_hdr *esp;
	struct net *net = dev_net(skb->dev);
	struct in6_addr local = { }, remote = { };

	esp = (const struct vtun_esp_hdr *)(skb->data + iph->ihl * 4);
	local.s6_addr32[0] = iph->saddr;
	remote.s6_addr32[0] = iph->daddr;
	if (!is_sent_by_us(net, AF_INET, &local, &remote, esp->spi))
		return -ENOENT;
	switch (icmp_hdr(skb)->type) {
	case ICMP_DEST_UNREACH:
		if (icmp_hdr(skb)->code == ICMP_FRAG_NEEDED)
			ipv4_update_pmtu(skb, net, info, 0, IPPROTO_ESP);
		break;
	case ICMP_REDIRECT:
		ipv4_redirect(skb, net, 0, IPPROTO_ESP);
		break;
	}
	return 0;
}

static int esp6_err(struct sk_buff *skb, struct inet6_skb_parm *opt, u8 type,
		    u8 code, int offset, __be32 info)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)skb->data;
	struct net *net = dev_net(skb->dev);
	const struct vtun_esp_hdr *esp;

	esp = (const struct vtun_esp_hdr *)(skb->data + offset);
	if (!is_sent_by_us(net, AF_INET6, &ip6h->saddr, &ip6h->daddr, esp->spi))
		return -ENOENT;
	if (type == ICMPV6_PKT_TOOBIG)
		ip6_update_pmtu(skb, net, info, 0, 0,
				sock_net_uid(net, NULL));
	else if (type == NDISC_REDIRECT)
		ip6_redirect(skb, net, skb->dev->ifindex, 0,
			     sock_net_uid(net, NULL));
	return 0;
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
	.err_handler = esp4_err,
	.priority = PRIORITY,
};

static struct xfrm6_protocol esp6_handler = {
	.handler = esp6_rcv,
	.input_handler = esp_input,
	.cb_handler = esp_cb,
	.err_handler = esp6_err,
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

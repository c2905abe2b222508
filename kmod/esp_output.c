// SPDX-License-Identifier: GPL-2.0-only
/*
 * ESP in tunnel mode, outbound: RFC 4303 3.3, one path for all mixes of inner
 * and outer family.
 *
 * A packet is copied into fresh memory and encrypted there, so that neither a
 * clone nor a page of a file is ever written to. A super-packet stays whole
 * until that copy: each segment gets its headers and its piece of the payload
 * directly, with the checksum computed on the way. Sequence numbers, volume and
 * the outer route are settled once for all segments.
 */
#include "esp.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "child.h"
#include "compat.h"
#include "device.h"
#include "gather.h"
#include "gso.h"
#include "net.h"
#include "sa.h"

#define TRAILER_LEN	2	/* pad length, next header */

/**
 * struct tx - what the packets of one call have in common
 * @child: tunnel
 * @sa: its current outbound SA
 * @path: its outer endpoints
 * @dst: outer route, one reference
 * @seq: number of the next packet
 * @ip_id: outer IPv4 identification of the next packet, when not DF
 * @ip_len: octets of outer IP header
 * @esp_len: octets of ESP header and IV
 * @headroom: octets to keep free in front of the text
 * @next_header: of the ESP trailer
 * @dsfield: outer DSCP and ECN
 * @df: outer packets must not be fragmented
 * @priority: of the inner packet
 * @keep: the packet was not charged, another SA may carry it
 * @piece: what is sent now is a part of the packet
 * @sent: finished packets, in order
 */
struct tx {
	struct vtun_child *child;
	struct vtun_sa *sa;
	struct vtun_path *path;
	struct dst_entry *dst;
	u64 seq;
	u16 ip_id;
	u8 ip_len, esp_len, next_header, dsfield;
	bool df;
	unsigned int headroom;
	u32 priority;
	bool keep, piece;
	struct sk_buff_head sent;
};

static void count_drop(struct vtun_child *child, struct vtun_sa *sa,
		       enum vtun_drop why, unsigned int packets)
{
	vtun_drops_add(&sa->drops, why, packets);
	vtun_child_drop(child, why, packets);
}

/* policies count for themselves */
static void count_sent(struct vtun_child *child, unsigned int packets,
		       unsigned int bytes)
{
	if (child->dev)
		dev_sw_netstats_tx_add(child->dev, packets, bytes);
}

static enum vtun_drop tx_route(struct tx *tx)
{
	tx->path = rcu_dereference(tx->child->path);
	tx->dst = vtun_path_route(tx->path);
	if (unlikely(!tx->dst))
		return VTUN_DROP_NO_ROUTE;
	/* longer circles are the business of the device's recursion limit */
	if (unlikely(tx->dst->dev == tx->child->dev)) {
		dst_release(tx->dst);
		return VTUN_DROP_LOOP;
	}
	tx->ip_len = vtun_path_ip_len(tx->path);
	tx->esp_len = sizeof(struct vtun_esp_hdr) + tx->sa->suite->iv_len;
	tx->headroom = max_t(unsigned int, VTUN_SEAL_HEAD,
			     LL_RESERVED_SPACE(tx->dst->dev) + tx->ip_len +
			     tx->esp_len);
	return 0;
}

/* octets of inner packet, padding and trailer, RFC 4303 2.4 */
static unsigned int text_len(const struct tx *tx, unsigned int inner_len)
{
	return ALIGN(inner_len + TRAILER_LEN, tx->sa->suite->align);
}

/*
 * May packets of @len inner octets leave? Also decides about DF: copied from
 * inner IPv4 (RFC 4301 8.1 lets us choose, this keeps path MTU discovery alive)
 * and set for inner IPv6, whose sender expects to be told, except that 1280
 * octets have to pass whatever the path is like.
 */
static bool tx_fits(struct tx *tx, const struct sk_buff *skb, unsigned int len)
{
	unsigned int outer = tx->ip_len + tx->esp_len + text_len(tx, len) +
			     tx->sa->suite->icv_len;

	if (tx->next_header == IPPROTO_IPIP)
		tx->df = ip_hdr(skb)->frag_off & htons(IP_DF);
	else
		tx->df = true;
	if (likely(outer <= READ_ONCE(tx->path->mtu)))
		return true;
	if (tx->next_header == IPPROTO_IPV6 && len <= IPV6_MIN_MTU)
		tx->df = false;
	return !tx->df && outer <= IP_MAX_MTU;
}

static struct sk_buff *tx_alloc(const struct tx *tx, unsigned int len)
{
	return vtun_gather_alloc(tx->headroom, len, VTUN_CRYPTO_TAIL);
}

/* padding 1, 2, 3 …, its length and what is inside, RFC 4303 2.4 to 2.6 */
static void put_trailer(u8 *end, unsigned int pad, u8 next_header)
{
	u8 i;

	for (i = 1; i <= pad; i++)
		*end++ = i;
	*end++ = pad;
	*end = next_header;
}

static void push_ipv4(const struct tx *tx, struct sk_buff *skb)
{
	const struct vtun_path_config *path = &tx->path->config;
	struct iphdr *iph = skb_push(skb, sizeof(*iph));

	/* ip_local_out() adds length and checksum */
	*iph = (struct iphdr) {
		.version = 4,
		.ihl = 5,
		.tos = tx->dsfield,
		.id = htons(tx->ip_id),
		.frag_off = tx->df ? htons(IP_DF) : 0,
		.ttl = ip4_dst_hoplimit(tx->dst),
		.protocol = IPPROTO_ESP,
		.saddr = path->local.s6_addr32[0],
		.daddr = path->remote.s6_addr32[0],
	};
	skb->protocol = htons(ETH_P_IP);
	/* no second round through XFRM when netfilter reroutes */
	IPCB(skb)->flags = IPSKB_XFRM_TRANSFORMED;
}

static void push_ipv6(const struct tx *tx, struct sk_buff *skb)
{
	const struct vtun_path_config *path = &tx->path->config;
	struct ipv6hdr *ip6h = skb_push(skb, sizeof(*ip6h));

	ip6_flow_hdr(ip6h, tx->dsfield, 0);
	ip6h->nexthdr = IPPROTO_ESP;
	ip6h->hop_limit = ip6_dst_hoplimit(tx->dst);
	ip6h->saddr = path->local;
	ip6h->daddr = path->remote;
	skb->protocol = htons(ETH_P_IPV6);
	IP6CB(skb)->flags = IP6SKB_XFRM_TRANSFORMED;
}

/*
 * Encrypts the inner packet of @inner_len octets that lies in @skb and puts the
 * headers in front. Takes the next sequence number even when it fails: a gap is
 * harmless, a number used twice is not.
 */
static bool tx_seal(struct tx *tx, struct sk_buff *skb, unsigned int inner_len)
{
	struct vtun_crypto_op op = {
		.spi = tx->sa->spi,
		.esn = tx->sa->esn,
		.seq = tx->seq++,
		.text = skb->data,
		.len = skb->len,
	};
	struct vtun_esp_hdr *esp;
	int err;

	put_trailer(op.text + inner_len, op.len - inner_len - TRAILER_LEN,
		    tx->next_header);
	err = vtun_crypto_seal(&tx->sa->crypto, &op);
	if (unlikely(err))
		return false;

	__skb_put(skb, tx->sa->suite->icv_len);
	/* the IV is there already */
	esp = skb_push(skb, tx->esp_len);
	esp->spi = op.spi;
	esp->seq = htonl(op.seq);
	skb_reset_transport_header(skb);
	if (tx->ip_len == sizeof(struct iphdr))
		push_ipv4(tx, skb);
	else
		push_ipv6(tx, skb);
	skb_reset_network_header(skb);
	tx->ip_id++;
	skb->priority = tx->priority;
	skb->ignore_df = !tx->df;
	skb_dst_set_noref(skb, tx->dst);
	return true;
}

/* seals and queues, or counts why not; consumes @skb */
static void tx_finish(struct tx *tx, struct sk_buff *skb,
		      unsigned int inner_len)
{
	if (likely(tx_seal(tx, skb, inner_len))) {
		__skb_queue_tail(&tx->sent, skb);
		return;
	}
	count_drop(tx->child, tx->sa, VTUN_DROP_CRYPTO, 1);
	kfree_skb(skb);
}

/* numbers and volume for @packets packets; with them outer IPv4 ids */
static enum vtun_drop tx_charge(struct tx *tx, unsigned int packets, u64 bytes)
{
	enum vtun_drop why = vtun_sa_charge(tx->sa, packets, bytes, &tx->seq);
	struct iphdr iph = {
		.saddr = tx->path->config.local.s6_addr32[0],
		.daddr = tx->path->config.remote.s6_addr32[0],
		.protocol = IPPROTO_ESP,
	};

	tx->ip_id = 0;
	if (!why && !tx->df && tx->ip_len == sizeof(iph)) {
		__ip_select_ident(tx->child->net->net, &iph, packets);
		tx->ip_id = ntohs(iph.id);
	}
	return why;
}

/* copies the inner packet, with the checksum the sender did not compute */
static bool copy_whole(struct sk_buff *skb, u8 *to, unsigned int len)
{
	unsigned int start = len, offset = skb_network_offset(skb);
	struct vtun_gather g;
	__wsum sum = 0;
	bool ok;

	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		start = skb_checksum_start_offset(skb) - offset;
		/* a sender of raw packets may have put it anywhere */
		if (unlikely(skb_csum_is_sctp(skb) || start > len ||
			     start + skb->csum_offset + 2 > len))
			return false;
	}
	vtun_gather_start(&g, skb, offset);
	ok = vtun_gather_copy(&g, to, start) &&
	     vtun_gather_csum(&g, to + start, len - start, &sum);
	vtun_gather_end(&g);
	/* the field holds the sum of the pseudo header, and was summed up */
	if (ok && start < len)
		put_unaligned(csum_fold(sum) ?: CSUM_MANGLED_0,
			      (__sum16 *)(to + start + skb->csum_offset));
	return ok;
}

/* one packet that is charged for already */
static void tx_whole(struct tx *tx, struct sk_buff *skb)
{
	unsigned int len = skb->len - skb_network_offset(skb);
	struct sk_buff *out = tx_alloc(tx, text_len(tx, len));

	if (unlikely(!out)) {
		tx->seq++;
		count_drop(tx->child, tx->sa, VTUN_DROP_NO_MEMORY, 1);
		return;
	}
	if (unlikely(!copy_whole(skb, out->data, len))) {
		tx->seq++;
		count_drop(tx->child, tx->sa, VTUN_DROP_NOT_IP, 1);
		kfree_skb(out);
		return;
	}
	skb_copy_hash(out, skb);
	tx_finish(tx, out, len);
}

/* would a fresh SA like this one carry it? Else it would end that one too. */
static bool tx_fits_sa(const struct tx *tx, const struct sk_buff *skb,
		       unsigned int packets)
{
	const struct vtun_limits *limits = &tx->sa->limits;

	return (!limits->hard_bytes || skb->len <= limits->hard_bytes) &&
	       (!limits->hard_packets || packets <= limits->hard_packets);
}

/* the SA that took over from @sa when that came to its end, NULL = none */
static struct vtun_sa *next_sa(const struct vtun_child *child,
			       const struct vtun_sa *sa)
{
	struct vtun_sa *out = rcu_dereference(child->out);

	return out == sa ? NULL : out;
}

/*
 * Not charged, nothing of it was sent. Where the SA is at its end, the packet
 * takes the next one, or waits for it if the child can ask for one.
 */
static void tx_refuse(struct tx *tx, const struct sk_buff *skb,
		      enum vtun_drop why, unsigned int packets)
{
	if ((why == VTUN_DROP_HARD_EXPIRED || why == VTUN_DROP_SEQUENCE) &&
	    (tx->child->flags & VTUN_CHILD_F_ON_DEMAND ||
	     next_sa(tx->child, tx->sa)) &&
	    !tx->piece && tx_fits_sa(tx, skb, packets))
		tx->keep = true;
	else
		count_drop(tx->child, tx->sa, why, packets);
}

static void tx_single(struct tx *tx, struct sk_buff *skb)
{
	unsigned int len = skb->len - skb_network_offset(skb);
	enum vtun_drop why = VTUN_DROP_TOO_BIG;

	if (likely(tx_fits(tx, skb, len)))
		why = tx_charge(tx, 1, len);
	if (likely(!why)) {
		count_sent(tx->child, 1, len);
		tx_whole(tx, skb);
	} else {
		tx_refuse(tx, skb, why, 1);
	}
}

/* super-packets of rare kinds: the stack cuts them, each piece is a packet */
static void tx_rare(struct tx *tx, struct sk_buff *skb)
{
	struct sk_buff *list, *seg;

	__skb_pull(skb, skb_network_offset(skb));
	list = skb_gso_segment(skb, NETIF_F_SG | NETIF_F_HW_CSUM);
	if (IS_ERR_OR_NULL(list)) {
		count_drop(tx->child, tx->sa, VTUN_DROP_NOT_IP, 1);
		return;
	}
	tx->piece = true;
	while ((seg = list)) {
		list = seg->next;
		skb_mark_not_on_list(seg);
		tx_single(tx, seg);
		consume_skb(seg);
	}
}

static void tx_gso(struct tx *tx, struct sk_buff *skb, const struct vtun_gso *g)
{
	u64 bytes = (u64)g->segments * g->head_len + g->payload;
	enum vtun_drop why = VTUN_DROP_TOO_BIG;
	struct vtun_gather gather;
	unsigned int i;

	if (likely(tx_fits(tx, skb, g->head_len + vtun_gso_len(g, 0))))
		why = tx_charge(tx, g->segments, bytes);
	if (unlikely(why)) {
		tx_refuse(tx, skb, why, g->segments);
		return;
	}
	count_sent(tx->child, g->segments, bytes);
	vtun_gather_start(&gather, skb, skb_network_offset(skb) + g->head_len);
	for (i = 0; i < g->segments; i++) {
		unsigned int len = vtun_gso_len(g, i);
		unsigned int inner_len = g->head_len + len;
		struct sk_buff *out = tx_alloc(tx, text_len(tx, inner_len));
		__wsum sum = 0;

		if (unlikely(!out ||
			     !vtun_gather_csum(&gather, out->data + g->head_len,
					       len, &sum))) {
			/* the rest of the payload would have to be skipped */
			count_drop(tx->child, tx->sa, VTUN_DROP_NO_MEMORY,
				   g->segments - i);
			kfree_skb(out);
			break;
		}
		vtun_gso_header(g, i, out->data, sum);
		skb_copy_hash(out, skb);
		tx_finish(tx, out, inner_len);
	}
	vtun_gather_end(&gather);
}

/* does the packet count against what its socket may have in flight? */
static bool is_charged(const struct sk_buff *skb)
{
	if (!skb->sk || !skb->destructor)
		return false;
	if (skb->destructor == sock_wfree)
		return true;
	/* the destructors of TCP have no exported names */
	return sk_fullsock(skb->sk) && sk_is_tcp(skb->sk) &&
	       skb->destructor != sock_efree &&
	       skb->destructor != sock_edemux;
}

/*
 * The socket that sent the packet is told that it has left when the last outer
 * packet has: its limits on queued data work through the tunnel.
 */
static void keep_owner(struct tx *tx, struct sk_buff *skb)
{
	struct sk_buff *last = skb_peek_tail(&tx->sent);

	if (!last || !is_charged(skb) ||
	    !net_eq(sock_net(skb->sk), tx->child->net->net))
		return;
	swap(last->truesize, skb->truesize);
	swap(last->destructor, skb->destructor);
	swap(last->sk, skb->sk);
}

static void tx_send(struct tx *tx)
{
	struct net *net = tx->child->net->net;
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(&tx->sent))) {
		if (tx->ip_len == sizeof(struct iphdr))
			ip_local_out(net, NULL, skb);
		else
			ip6_local_out(net, NULL, skb);
	}
}

static void tx_protect(struct tx *tx, struct sk_buff *skb)
{
	struct vtun_gso gso;

	if (!skb_is_gso(skb))
		tx_single(tx, skb);
	else if (likely(vtun_gso_plan(&gso, skb)))
		tx_gso(tx, skb, &gso);
	else
		tx_rare(tx, skb);
}

/* what tx_refuse() kept; ends, as every SA it comes to next is a newer one */
static void resend(struct vtun_child *child, struct vtun_sa *sa,
		   struct sk_buff *skb)
{
	struct vtun_sa *next = next_sa(child, sa);

	if (child->flags & VTUN_CHILD_F_ON_DEMAND) {
		vtun_hold_add(child, skb);
	} else if (next) {
		vtun_esp_output(child, next, skb);
	} else {
		count_drop(child, sa, VTUN_DROP_HARD_EXPIRED, 1);
		kfree_skb(skb);
	}
}

/**
 * vtun_esp_output() - encrypt and send one inner packet or GSO super-packet
 * @child: whose outer addresses and route to use
 * @sa: its current outbound SA
 * @skb: valid inner packet, network header set; consumed in every case
 *
 * Out of place: never writes to @skb's data. Counts its own drops. RCU read
 * side, BH off. A packet that meets the end of @sa takes the next SA, or waits
 * for one where the child is on demand.
 */
void vtun_esp_output(struct vtun_child *child, struct vtun_sa *sa,
		     struct sk_buff *skb)
{
	struct tx tx = {
		.child = child,
		.sa = sa,
		.priority = skb->priority,
	};
	enum vtun_drop why;

	__skb_queue_head_init(&tx.sent);
	/* RFC 6040 4.1, normal mode: ECN goes outside as it is, so does DSCP */
	if (skb->protocol == htons(ETH_P_IP)) {
		tx.next_header = IPPROTO_IPIP;
		tx.dsfield = ipv4_get_dsfield(ip_hdr(skb));
	} else {
		tx.next_header = IPPROTO_IPV6;
		tx.dsfield = ipv6_get_dsfield(ipv6_hdr(skb));
	}
	why = READ_ONCE(sa->state) == VTUN_SA_EXPIRED ?
	      VTUN_DROP_HARD_EXPIRED : tx_route(&tx);
	if (unlikely(why)) {
		tx_refuse(&tx, skb, why, 1);
		if (tx.keep)
			resend(child, sa, skb);
		else
			kfree_skb(skb);
		return;
	}
	tx_protect(&tx, skb);
	if (unlikely(tx.keep)) {
		dst_release(tx.dst);
		resend(child, sa, skb);
		return;
	}
	keep_owner(&tx, skb);
	consume_skb(skb);
	tx_send(&tx);
	dst_release(tx.dst);
}

/**
 * vtun_esp_send_dummy() - send a packet that says nothing but proves the SA
 * @child: tunnel
 * @sa: outbound SA
 *
 * RFC 4303 2.6: next header 59, dropped by the receiver after authentication.
 * RCU read side, BH off.
 */
void vtun_esp_send_dummy(struct vtun_child *child, struct vtun_sa *sa)
{
	struct tx tx = {
		.child = child,
		.sa = sa,
		.next_header = IPPROTO_NONE,
		.df = true,
	};
	enum vtun_drop why = tx_route(&tx);
	struct sk_buff *skb;

	__skb_queue_head_init(&tx.sent);
	if (!why) {
		why = tx_charge(&tx, 1, 0);
		skb = why ? NULL : tx_alloc(&tx, text_len(&tx, 0));
		if (skb)
			tx_finish(&tx, skb, 0);
		else if (!why)
			why = VTUN_DROP_NO_MEMORY;
		tx_send(&tx);
		dst_release(tx.dst);
	}
	if (why)
		count_drop(child, sa, why, 1);
}

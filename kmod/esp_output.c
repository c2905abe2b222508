// SPDX-License-Identifier: GPL-2.0-only
/*
 * ESP outbound: RFC 4303 3.3, one path for both modes and all mixes of inner
 * and outer family.
 *
 * A packet is copied into fresh memory and encrypted there, unless its memory
 * is its own beyond doubt, so that neither a clone nor a page of a file is ever
 * written to. A super-packet stays whole until that copy: each segment gets its
 * headers and its piece of the payload directly, with the checksum computed on
 * the way. Sequence numbers, volume and the outer route are settled once for
 * all segments.
 */
#include "esp.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "child.h"
#include "compat.h"
#include "device.h"
#include "dsfield.h"
#include "esp_tx.h"
#include "gather.h"
#include "mss.h"
#include "net.h"
#include "sa.h"

#define CIPHER_BLOCK		16
#define WHOLE_BLOCKS_MIN	1024

void vtun_tx_drop(struct vtun_tx *tx, enum vtun_drop why, unsigned int packets)
{
	vtun_drops_note(&tx->sa->drops, &tx->sa->net->drops, why, packets);
	vtun_child_drop(tx->child, why, packets);
}

static enum vtun_drop tx_route(struct vtun_tx *tx)
{
	const struct vtun_suite *suite = tx->sa->suite;

	tx->path = rcu_dereference(tx->child->path);
	tx->dst = vtun_path_route(tx->path);
	if (unlikely(!tx->dst))
		return VTUN_DROP_NO_ROUTE;
	/* longer circles are the business of the device's recursion limit */
	if (unlikely(tx->dst->dev == tx->child->dev))
		return VTUN_DROP_LOOP;
	tx->op.spi = tx->sa->spi;
	tx->op.esn = tx->sa->esn;
	tx->mtu = READ_ONCE(tx->path->mtu);
	tx->ip_len = vtun_path_ip_len(tx->path);
	tx->esp_len = sizeof(struct vtun_esp_hdr) + suite->iv_len;
	tx->around = tx->ip_len + tx->esp_len;
	tx->proto = IPPROTO_ESP;
	if (tx->path->config.encap == VTUN_ENCAP_UDP) {
		tx->around += sizeof(struct udphdr);
		tx->proto = IPPROTO_UDP;
	}
	tx->headroom = max_t(unsigned int, VTUN_SEAL_HEAD,
			     LL_RESERVED_SPACE(tx->dst->dev) + tx->around);
	tx->around += suite->icv_len;
	return 0;
}

/*
 * Large packets get whole blocks of the cipher where they fit, RFC 4303 2.4: a
 * part of a block costs both ends more than the few octets cost the wire, one
 * in a hundred at most.
 */
unsigned int vtun_tx_text_len(const struct vtun_tx *tx, unsigned int len)
{
	unsigned int text = ALIGN(len + VTUN_TRAILER_LEN, tx->sa->suite->align);
	unsigned int whole = ALIGN(text, CIPHER_BLOCK);

	if (text >= WHOLE_BLOCKS_MIN && tx->around + whole <= tx->mtu)
		return whole;
	return text;
}

/*
 * DF is copied from inner IPv4 (RFC 4301 8.1 lets us choose, this keeps path
 * MTU discovery alive) and set for inner IPv6, whose sender expects to be told.
 */
static void tx_look(struct vtun_tx *tx, const struct sk_buff *skb)
{
	const struct vtun_child_options *options = &tx->child->options;
	u8 df = READ_ONCE(options->df), inner;

	if (skb->protocol == htons(ETH_P_IP)) {
		tx->next_header = IPPROTO_IPIP;
		tx->df = ip_hdr(skb)->frag_off & htons(IP_DF);
		inner = ipv4_get_dsfield(ip_hdr(skb));
	} else {
		tx->next_header = IPPROTO_IPV6;
		tx->df = true;
		inner = ipv6_get_dsfield(ipv6_hdr(skb));
	}
	if (unlikely(df != VTUN_DF_COPY))
		tx->df = df == VTUN_DF_SET;
	tx->dsfield = vtun_dsfield_outer(inner, READ_ONCE(options->dscp),
					 READ_ONCE(tx->child->flags));
}

void vtun_tx_plan(const struct vtun_tx *tx, unsigned int len,
		  struct vtun_gather_room *room)
{
	unsigned int icv_len = tx->sa->suite->icv_len;

	vtun_gather_plan(room, tx->headroom,
			 vtun_tx_text_len(tx, len) + icv_len,
			 VTUN_CRYPTO_TAIL - icv_len);
}

static struct sk_buff *tx_alloc(const struct vtun_tx *tx, unsigned int len)
{
	struct vtun_gather_room room;

	vtun_tx_plan(tx, len, &room);
	return vtun_gather_alloc(&room);
}

/*
 * Padding 1, 2, 3 …, less than a block of it, its length and what is inside:
 * RFC 4303 2.4 to 2.6.
 */
static void put_trailer(u8 *end, unsigned int pad, u8 next_header)
{
	/* always all that a block takes: what is too much is overwritten */
	BUILD_BUG_ON(VTUN_CRYPTO_TAIL < CIPHER_BLOCK);
	put_unaligned_le64(0x0807060504030201, end);
	put_unaligned_le64(0x100f0e0d0c0b0a09, end + sizeof(u64));
	end[pad] = pad;
	end[pad + 1] = next_header;
}

/*
 * Encrypts the packet of @len octets that lies in @skb, with room for trailer
 * and ICV behind it, and puts the headers in front. Takes the next sequence
 * number even when it fails: a gap is harmless, a number used twice is not.
 */
static bool tx_seal(struct vtun_tx *tx, struct sk_buff *skb, unsigned int len)
{
	struct vtun_crypto_op *op = &tx->op;
	struct vtun_esp_hdr *esp;

	op->seq = tx->seq++;
	op->text = skb->data;
	op->len = skb->len - tx->sa->suite->icv_len;
	put_trailer(op->text + len, op->len - len - VTUN_TRAILER_LEN,
		    tx->next_header);
	if (unlikely(vtun_crypto_seal(&tx->sa->crypto, op)))
		return false;

	/* the IV is there already */
	esp = __skb_push(skb, tx->esp_len);
	esp->spi = op->spi;
	esp->seq = htonl(op->seq);
	if (tx->like && skb->len == tx->like_len)
		vtun_tx_push_like(tx, skb, tx->like);
	else
		vtun_tx_push_outer(tx, skb);
	skb->priority = tx->priority;
	/* it is false in new and in scrubbed packets */
	if (unlikely(!tx->df))
		skb->ignore_df = true;
	skb_dst_set_noref(skb, tx->dst);
	return true;
}

void vtun_tx_finish(struct vtun_tx *tx, struct sk_buff *skb, unsigned int len)
{
	if (unlikely(!tx_seal(tx, skb, len))) {
		vtun_tx_drop(tx, VTUN_DROP_CRYPTO, 1);
		kfree_skb(skb);
		return;
	}
	skb->next = NULL;
	if (tx->last)
		tx->last->next = skb;
	else
		tx->sent = skb;
	tx->last = skb;
}

/* would a fresh SA like this one carry it? Else it would end that one too. */
static bool tx_fits_sa(const struct vtun_tx *tx, const struct sk_buff *skb,
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
static void tx_refuse(struct vtun_tx *tx, const struct sk_buff *skb,
		      enum vtun_drop why, unsigned int packets)
{
	if ((why == VTUN_DROP_HARD_EXPIRED || why == VTUN_DROP_SEQUENCE) &&
	    (READ_ONCE(tx->child->flags) & VTUN_CHILD_F_ON_DEMAND ||
	     next_sa(tx->child, tx->sa)) &&
	    !tx->piece && tx_fits_sa(tx, skb, packets))
		tx->keep = true;
	else
		vtun_tx_drop(tx, why, packets);
}

bool vtun_tx_charge(struct vtun_tx *tx, const struct sk_buff *skb,
		    unsigned int packets, u64 bytes)
{
	enum vtun_drop why = vtun_sa_charge(tx->sa, packets, bytes, &tx->seq);

	if (unlikely(why)) {
		tx_refuse(tx, skb, why, packets);
		return false;
	}
	/* policies count for themselves */
	if (tx->child->dev)
		dev_sw_netstats_tx_add(tx->child->dev, packets, bytes);
	return true;
}

/* copies the packet, with the checksum the sender did not compute */
static bool copy_whole(struct sk_buff *skb, unsigned int offset, u8 *to,
		       unsigned int len)
{
	unsigned int start = len;
	struct vtun_gather g;
	__wsum sum = 0;
	bool ok;

	/* no sum of that kind */
	if (unlikely(skb_csum_is_sctp(skb)) &&
	    skb->ip_summed == CHECKSUM_PARTIAL &&
	    skb_csum_hwoffload_help(skb, 0))
		return false;
	if (skb->ip_summed == CHECKSUM_PARTIAL) {
		start = skb_checksum_start_offset(skb) - offset;
		/* a sender of raw packets may have put it anywhere */
		if (unlikely(start > len ||
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

static void tx_clamp(const struct vtun_tx *tx, u8 *packet, unsigned int len,
		     u16 mss)
{
	if (!tx->own)
		vtun_mss_clamp(packet, len,
			       vtun_child_mtu(tx->child, tx->path, tx->sa),
			       mss);
}

/*
 * Does the packet count against what its socket may have in flight, and is that
 * a socket of where the outer packet goes?
 */
static bool is_charged(const struct vtun_tx *tx, const struct sk_buff *skb)
{
	if (!skb->sk || !skb->destructor ||
	    !net_eq(sock_net(skb->sk), tx->child->net->net))
		return false;
	if (skb->destructor == sock_wfree)
		return true;
	/* the destructors of TCP have no exported names */
	return sk_fullsock(skb->sk) && sk_is_tcp(skb->sk) &&
	       skb->destructor != sock_efree &&
	       skb->destructor != sock_edemux;
}

/*
 * May the packet be encrypted where it lies? Only in memory that belongs to the
 * skb alone: pages of fragments may be a file's whatever the skb says, a clone
 * is somebody's who still reads. @more octets come behind it, and the ICV.
 */
static bool is_private(const struct vtun_tx *tx, const struct sk_buff *skb,
		       unsigned int more)
{
	return !skb_is_nonlinear(skb) && !skb_cloned(skb) &&
	       !skb_shared(skb) &&
	       skb->ip_summed != CHECKSUM_PARTIAL && !tx->piece && !tx->own &&
	       skb_headroom(skb) + skb_network_offset(skb) >= tx->headroom &&
	       skb_tailroom(skb) >= more + VTUN_CRYPTO_TAIL;
}

/*
 * An inner packet becomes an outer one: what the stack noted about the former
 * does not hold for the latter. The socket keeps waiting for it, if it may.
 */
static void tx_scrub(const struct vtun_tx *tx, struct sk_buff *skb)
{
	__skb_pull(skb, skb_network_offset(skb));
	skb_scrub_packet(skb, true);
	if (skb->sk && !is_charged(tx, skb))
		skb_orphan(skb);
	skb->ip_summed = CHECKSUM_NONE;
	skb->encapsulation = 0;
	skb_set_dst_pending_confirm(skb, 0);
	skb_set_queue_mapping(skb, 0);
	__vlan_hwaccel_clear_tag(skb);
	memset(skb->cb, 0, sizeof(skb->cb));
}

/* one packet that is charged for already, and private; @more: as there */
static void tx_in_place(struct vtun_tx *tx, struct sk_buff *skb,
			unsigned int len, unsigned int more)
{
	u16 mss = READ_ONCE(tx->child->options.mss_clamp);

	tx->taken = true;
	tx_scrub(tx, skb);
	if (unlikely(mss))
		tx_clamp(tx, skb->data, len, mss);
	__skb_put(skb, more + tx->sa->suite->icv_len);
	vtun_tx_finish(tx, skb, len);
}

/* one packet that is charged for already */
static void tx_copy(struct vtun_tx *tx, struct sk_buff *skb, unsigned int len)
{
	struct sk_buff *out = tx_alloc(tx, len);
	u16 mss = READ_ONCE(tx->child->options.mss_clamp);

	if (unlikely(!out)) {
		tx->seq++;
		vtun_tx_drop(tx, VTUN_DROP_NO_MEMORY, 1);
		return;
	}
	if (unlikely(!copy_whole(skb, skb_network_offset(skb) + tx->skip,
				 out->data, len))) {
		tx->seq++;
		vtun_tx_drop(tx, VTUN_DROP_NOT_IP, 1);
		kfree_skb(out);
		return;
	}
	if (unlikely(mss))
		tx_clamp(tx, out->data, len, mss);
	skb_copy_hash(out, skb);
	vtun_tx_finish(tx, out, len);
}

/*
 * Where the sender left IPv6 fragments to its own host, that is us, they are
 * made outside: it knows the path MTU.
 */
static bool sender_fragments(const struct vtun_tx *tx,
			     const struct sk_buff *skb)
{
	return tx->door == VTUN_DOOR_OUTPUT && !skb_is_gso(skb) &&
	       skb_dst(skb) && skb->len > dst_mtu(skb_dst(skb));
}

/*
 * RFC 4301 8.2.1. IPv4 without DF is fragmented before it is encrypted: the
 * peer then decrypts packets as they come and joins nothing. Not so where the
 * selectors look at ports, which only the first fragment has. RFC 8200 5: no
 * IPv6 link is narrower than 1280 octets, what is missing is our task.
 */
enum vtun_big vtun_tx_how_big(const struct vtun_tx *tx,
			      const struct sk_buff *skb, unsigned int len)
{
	u8 df = READ_ONCE(tx->child->options.df);
	bool v4 = skb->protocol == htons(ETH_P_IP);

	/*
	 * RFC 4303 3.3.4. The sender shares the route with the outer packet: if
	 * it were told to send less, the path would seem narrower, too.
	 */
	if (tx->own)
		return VTUN_BIG_WHOLE;
	if (v4 && !(ip_hdr(skb)->frag_off & htons(IP_DF))) {
		return df == VTUN_DF_SET ||
		       !vtun_selectors_port(rcu_dereference(tx->child->ts)) ?
		       VTUN_BIG_CUT : VTUN_BIG_WHOLE;
	}
	if (df == VTUN_DF_CLEAR)
		return VTUN_BIG_WHOLE;
	if (!v4 && (len <= IPV6_MIN_MTU || sender_fragments(tx, skb)))
		return VTUN_BIG_WHOLE;
	return VTUN_BIG_TELL;
}

void vtun_tx_tell(struct vtun_tx *tx, struct sk_buff *skb, unsigned int packets)
{
	vtun_mtu_tell(skb, vtun_child_mtu(tx->child, tx->path, tx->sa),
		      tx->door);
	vtun_tx_drop(tx, VTUN_DROP_TOO_BIG, packets);
}

/* true: encrypt it whole. Else all that can be done with it was done. */
static bool tx_big(struct vtun_tx *tx, struct sk_buff *skb, unsigned int len)
{
	enum vtun_big how = vtun_tx_how_big(tx, skb, len);

	if (how == VTUN_BIG_WHOLE &&
	    tx->around + vtun_tx_text_len(tx, len) <= IP_MAX_MTU) {
		tx->df = false;
		return true;
	}
	if (how == VTUN_BIG_CUT)
		vtun_tx_fragments(tx, skb);
	else
		vtun_tx_tell(tx, skb, 1);
	return false;
}

void vtun_tx_single(struct vtun_tx *tx, struct sk_buff *skb)
{
	unsigned int len = skb->len - skb_network_offset(skb) - tx->skip;
	unsigned int text = vtun_tx_text_len(tx, len);

	if (unlikely(tx->around + text > tx->mtu) &&
	    !tx_big(tx, skb, len))
		return;
	if (unlikely(tx->own))
		vtun_transport_take(tx, skb);
	if (unlikely(!vtun_tx_charge(tx, skb, 1, len)))
		return;
	if (is_private(tx, skb, text - len))
		tx_in_place(tx, skb, len, text - len);
	else
		tx_copy(tx, skb, len);
}

/*
 * The socket that sent the packet is told that it has left when the last outer
 * packet has: its limits on queued data work through the tunnel.
 */
static void keep_owner(struct vtun_tx *tx, struct sk_buff *skb)
{
	struct sk_buff *last = tx->last;

	if (!last || !is_charged(tx, skb))
		return;
	swap(last->truesize, skb->truesize);
	swap(last->destructor, skb->destructor);
	swap(last->sk, skb->sk);
}

static void tx_protect(struct vtun_tx *tx, struct sk_buff *skb)
{
	if (skb_is_gso(skb))
		vtun_tx_gso(tx, skb);
	else
		vtun_tx_single(tx, skb);
}

static noinline void tx_transport(struct vtun_tx *tx, struct sk_buff *skb)
{
	u8 own[VTUN_OWN_MAX] __aligned(8);
	enum vtun_drop why;

	tx->own = own;
	why = vtun_transport_plan(tx, skb);
	if (likely(!why))
		tx_protect(tx, skb);
	else
		vtun_tx_drop(tx, why, 1);
	tx->own = NULL;
}

/* true: @skb was kept by tx_refuse(), else it is consumed */
static bool tx_by(struct vtun_child *child, struct vtun_sa *sa,
		  struct sk_buff *skb, enum vtun_door door)
{
	struct vtun_tx tx = {
		.child = child,
		.sa = sa,
		.door = door,
		.priority = skb->priority,
	};
	enum vtun_drop why;

	why = READ_ONCE(sa->state) == VTUN_SA_EXPIRED ?
	      VTUN_DROP_HARD_EXPIRED : tx_route(&tx);
	if (unlikely(why)) {
		tx_refuse(&tx, skb, why, 1);
		if (!tx.keep)
			kfree_skb(skb);
		return tx.keep;
	}
	if (likely(child->mode == VTUN_MODE_TUNNEL)) {
		tx_look(&tx, skb);
		tx_protect(&tx, skb);
	} else {
		tx_transport(&tx, skb);
	}
	if (unlikely(tx.keep))
		return true;
	if (!tx.taken) {
		keep_owner(&tx, skb);
		consume_skb(skb);
	}
	vtun_tx_send(&tx);
	return false;
}

void vtun_esp_output(struct vtun_child *child, struct vtun_sa *sa,
		     struct sk_buff *skb, enum vtun_door door)
{
	/* many SAs in a row may be at their end: this is no recursion */
	while (unlikely(tx_by(child, sa, skb, door))) {
		sa = next_sa(child, sa);
		if (sa)
			continue;
		if (READ_ONCE(child->flags) & VTUN_CHILD_F_ON_DEMAND) {
			vtun_hold_add(child, skb);
		} else {
			vtun_child_drop(child, VTUN_DROP_HARD_EXPIRED, 1);
			kfree_skb(skb);
		}
		return;
	}
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
	struct vtun_tx tx = {
		.child = child,
		.sa = sa,
		.next_header = IPPROTO_NONE,
		.df = true,
	};
	enum vtun_drop why = tx_route(&tx);
	struct sk_buff *skb;

	if (why) {
		vtun_tx_drop(&tx, why, 1);
		return;
	}
	why = vtun_sa_charge(sa, 1, 0, &tx.seq);
	if (why) {
		vtun_tx_drop(&tx, why, 1);
	} else {
		skb = tx_alloc(&tx, 0);
		if (skb)
			vtun_tx_finish(&tx, skb, 0);
		else
			vtun_tx_drop(&tx, VTUN_DROP_NO_MEMORY, 1);
		vtun_tx_send(&tx);
	}
}

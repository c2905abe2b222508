// SPDX-License-Identifier: GPL-2.0-only
/*
 * ESP inbound, from the ESP header to the stack: RFC 4303 3.4.
 *
 * Order matters: nothing but a counter changes before the ICV was found right,
 * and nothing in the packet is believed before that, the SPI excepted.
 */
#include "esp_rx.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <net/ipv6.h>

#include "audit.h"
#include "child.h"
#include "compat.h"
#include "device.h"
#include "dsfield.h"
#include "esp.h"
#include "esp_tx.h"
#include "gather.h"
#include "hook.h"
#include "mss.h"
#include "net.h"
#include "sa.h"

#define ESP_LEN		sizeof(struct vtun_esp_hdr)
#define TRAILER_LEN	VTUN_TRAILER_LEN

/* room in front of what is decrypted into fresh memory, for what follows */
#define COPY_HEADROOM	max(NET_SKB_PAD, VTUN_OPEN_HEAD)

static void rx_drop(const struct vtun_rx *rx, enum vtun_drop why)
{
	struct vtun_child *child = rx->sa->child;

	vtun_drops_note(&rx->sa->drops, &rx->sa->net->drops, why, 1);
	if (child)
		vtun_child_drop(child, why, 1);
	vtun_audit_drop(rx->sa->net, rx->sa, why, rx->sa->spi, &rx->outer);
	kfree_skb(rx->skb);
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
	struct vtun_gather_room room;
	struct vtun_gather g;
	struct sk_buff *copy;
	bool ok;

	vtun_gather_plan(&room, COPY_HEADROOM, len, VTUN_CRYPTO_TAIL);
	copy = vtun_gather_alloc(&room);
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
	copy->skb_iif = skb->skb_iif;
	copy->tstamp = skb->tstamp;
	copy->mark = skb->mark;
	consume_skb(skb);
	return copy;
}

/*
 * Cheap reasons to refuse; leaves skb as it was, but for its head. Neither the
 * encapsulation nor the outer addresses are among them: the SPI alone finds the
 * SA, and peers may send with UDP or without at any time (RFC 7296 2.23).
 */
static enum vtun_drop rx_check(struct vtun_rx *rx)
{
	const struct vtun_esp_hdr *esp;
	struct vtun_sa *sa = rx->sa;

	switch (READ_ONCE(sa->state)) {
	case VTUN_SA_LARVAL:	/* the peer is ahead of our own installation */
		return VTUN_DROP_UNKNOWN_SPI;
	case VTUN_SA_EXPIRED:
		return VTUN_DROP_HARD_EXPIRED;
	}
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

/* afterwards skb begins with @rx->len octets of authentic text */
static enum vtun_drop rx_open(struct vtun_rx *rx)
{
	const struct vtun_suite *suite = rx->sa->suite;
	struct vtun_crypto_op op = {
		.spi = rx->sa->spi,
		.esn = rx->sa->esn,
		.seq = rx->seq,
		.len = rx->skb->len - ESP_LEN - suite->iv_len - suite->icv_len,
	};
	unsigned int skip = ESP_LEN + suite->iv_len;
	struct sk_buff *skb = rx->skb;
	int err;

	if (unlikely(!is_private(skb, suite))) {
		skb = rx_copy(skb);
		if (unlikely(!skb))
			return VTUN_DROP_NO_MEMORY;
		rx->skb = skb;
		skip = suite->iv_len;
	}
	op.text = __skb_pull(skb, skip);
	rx->len = op.len;
	err = vtun_crypto_open(&rx->sa->crypto, &op);
	if (likely(!err))
		return 0;
	return err == -EBADMSG ? VTUN_DROP_INTEGRITY : VTUN_DROP_CRYPTO;
}

/*
 * Do the @pad octets in front of @end count from 1? The last eight at once:
 * these are there in any case, since a header stands before the text.
 */
static bool is_padding(const u8 *end, unsigned int pad)
{
	/* 1 to 8 lie in the highest octets, moved so that 1 is the lowest */
	u64 last = get_unaligned_le64(end - sizeof(last)), want;
	unsigned int i;

	BUILD_BUG_ON(VTUN_OPEN_HEAD < sizeof(last));
	if (likely(pad <= sizeof(last))) {
		if (!pad)
			return true;
		want = 0x0807060504030201 << (sizeof(last) - pad) * 8;
		return !((last ^ want) >> (sizeof(last) - pad) * 8);
	}
	for (i = 1; i <= pad; i++)
		if (end[-(int)i] != pad - i + 1)
			return false;
	return true;
}

/*
 * Pad length, pad octets 1, 2, 3 …, next header: RFC 4303 2.4 to 2.6. Sets
 * @rx->len, to 0 when it is no inner packet.
 */
static enum vtun_drop rx_trailer(struct vtun_rx *rx)
{
	unsigned int len = rx->len - TRAILER_LEN;
	const u8 *end = rx->skb->data + len;
	unsigned int pad = end[0];

	rx->len = 0;
	if (unlikely(pad > len || !is_padding(end, pad)))
		return VTUN_DROP_PADDING;
	rx->next_header = end[1];
	switch (rx->next_header) {
	case IPPROTO_NONE:
		return VTUN_DROP_DUMMY;
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		break;
	default:
		if (!rx->own)
			return VTUN_DROP_NEXT_HEADER;
	}
	rx->len = len - pad;
	return 0;
}

/* octets of the inner packet by its own header, 0 = malformed */
static unsigned int inner_len4(const struct vtun_rx *rx)
{
	const struct iphdr *iph = (const struct iphdr *)rx->skb->data;
	unsigned int len;

	if (rx->len < sizeof(*iph) || iph->version != 4 || iph->ihl < 5)
		return 0;
	len = ntohs(iph->tot_len);
	return len >= iph->ihl * 4 && len <= rx->len ? len : 0;
}

static unsigned int inner_len6(const struct vtun_rx *rx)
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
static enum vtun_drop rx_tunnel(struct vtun_rx *rx)
{
	struct sk_buff *skb = rx->skb;
	unsigned int len;

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
	return vtun_dsfield_decap(skb, rx->outer_ds,
				  READ_ONCE(rx->sa->child->flags));
}

static void rx_clamp(const struct vtun_rx *rx, u16 mss)
{
	const struct vtun_child *child = rx->sa->child;
	unsigned int mtu = vtun_child_mtu(child, rcu_dereference(child->path),
					  rx->sa);

	vtun_mss_clamp(rx->skb->data, rx->skb->len, mtu, mss);
}

static enum vtun_drop rx_inner(struct vtun_rx *rx)
{
	struct vtun_child *child = rx->sa->child;
	enum vtun_drop why;
	u16 mss;

	why = unlikely(rx->own) ? vtun_transport_rebuild(rx) : rx_tunnel(rx);
	if (unlikely(why))
		return why;
	if (unlikely(!vtun_child_match(child, rx->skb, VTUN_DIR_IN)))
		return VTUN_DROP_TS_MISMATCH;
	mss = READ_ONCE(child->options.mss_clamp);
	if (unlikely(mss && !rx->own))
		rx_clamp(rx, mss);
	return 0;
}

/* what comes behind rx_check() */
static enum vtun_drop rx_process(struct vtun_rx *rx)
{
	enum vtun_drop why, trailer;

	why = rx_open(rx);
	if (unlikely(why))
		return why;
	/* authentic: also what is dropped below counts as use of the SA */
	trailer = rx_trailer(rx);
	why = vtun_sa_credit(rx->sa, rx->seq, rx->len);
	if (unlikely(why))
		return why;
	if (unlikely(vtun_child_is_elsewhere(rx->sa->child, &rx->outer)))
		vtun_child_moved(rx->sa, rx->seq, &rx->outer);
	return trailer ?: rx_inner(rx);
}

/* the outer header is the inner one as well: its family is the child's */
static noinline enum vtun_drop rx_transport(struct vtun_rx *rx)
{
	const struct vtun_path *path = rcu_dereference(rx->sa->child->path);
	u8 own[VTUN_OWN_MAX] __aligned(8);
	enum vtun_drop why;

	if (rx->outer.family != path->config.family)
		return VTUN_DROP_OUTER_MISMATCH;
	rx->own = own;
	why = vtun_transport_keep(rx) ? rx_process(rx) : VTUN_DROP_TRANSPORT;
	rx->own = NULL;
	return why;
}

void vtun_esp_input(struct vtun_rx *rx)
{
	enum vtun_drop why = rx_check(rx);
	struct vtun_child *child;
	struct sk_buff *skb;

	if (likely(!why))
		why = likely(rx->sa->child->mode == VTUN_MODE_TUNNEL) ?
		      rx_process(rx) : rx_transport(rx);
	if (unlikely(why)) {
		rx_drop(rx, why);
		return;
	}
	/*
	 * The ICV covers every octet since the other gateway: the checksums in
	 * there need no second look on this side of the tunnel.
	 */
	skb = rx->skb;
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->csum_level = ~0;
	skb->encapsulation = 0;
	skb_clear_hash(skb);
	child = rx->sa->child;
	if (likely(child->dev))
		vtun_device_rx(child, skb);
	else
		vtun_policy_rx(child, skb);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that become several ESP packets: super-packets, and IPv4 packets that
 * have to be fragmented. The pieces are cut while they are copied; numbers and
 * volume are settled once for all of them.
 */
#include "esp_tx.h"

#include <linux/ip.h>
#include <linux/netdevice.h>
#include <linux/udp.h>
#include <net/ip.h>

#include "child.h"
#include "compat.h"
#include "gather.h"
#include "gso.h"
#include "sa.h"

/* rare kinds, or too big: the stack cuts them, each piece is a packet */
static void cut_by_stack(struct vtun_tx *tx, struct sk_buff *skb)
{
	struct sk_buff *list, *seg;

	__skb_pull(skb, skb_network_offset(skb));
	list = skb_gso_segment(skb, NETIF_F_SG | NETIF_F_HW_CSUM);
	if (IS_ERR_OR_NULL(list)) {
		vtun_tx_drop(tx, VTUN_DROP_NOT_IP, 1);
		return;
	}
	tx->piece = true;
	while ((seg = list)) {
		list = seg->next;
		skb_mark_not_on_list(seg);
		vtun_tx_single(tx, seg);
		consume_skb(seg);
	}
}

/* false: the rest of the payload would have to be skipped */
static bool gso_segment(struct vtun_tx *tx, struct sk_buff *skb,
			const struct vtun_gso *g, struct vtun_gather *gather,
			const struct vtun_gather_room *room, unsigned int i)
{
	unsigned int head = g->head_len - tx->skip, len = vtun_gso_len(g, i);
	struct sk_buff *out = vtun_gather_alloc(room);
	__wsum sum = 0;

	if (unlikely(!out))
		return false;
	if (unlikely(!vtun_gather_csum(gather, out->data + head, len, &sum))) {
		kfree_skb(out);
		return false;
	}
	/* transport mode: the IP header is put where nobody will look for it */
	vtun_gso_header(g, i, out->data - tx->skip, sum);
	if (skb->hash)
		skb_copy_hash(out, skb);
	vtun_tx_finish(tx, out, head + len);
	return true;
}

/* all segments but the last have the same length */
static void take_as_model(struct vtun_tx *tx)
{
	const struct sk_buff *last = tx->last;

	if (unlikely(!last || tx->own))
		return;
	tx->like = last;
	tx->like_len = last->len - skb_transport_offset(last);
	if (tx->proto == IPPROTO_UDP)
		tx->like_len -= sizeof(struct udphdr);
}

static void tx_gso(struct vtun_tx *tx, struct sk_buff *skb,
		   const struct vtun_gso *g)
{
	unsigned int head = g->head_len - tx->skip, last = g->segments - 1, i;
	u64 bytes = (u64)g->segments * head + g->payload;
	struct vtun_gather_room room;
	struct vtun_gather gather;

	if (unlikely(!vtun_tx_charge(tx, skb, g->segments, bytes)))
		return;
	if (unlikely(tx->own)) {
		vtun_transport_take(tx, skb);
		tx->own_counts = !g->v6 && g->id_step;
	}
	vtun_tx_plan(tx, head + g->size, &room);
	vtun_gather_start(&gather, skb, skb_network_offset(skb) + g->head_len);
	for (i = 0; i < g->segments; i++) {
		if (unlikely(i == last))
			vtun_tx_plan(tx, head + vtun_gso_len(g, i), &room);
		if (unlikely(!gso_segment(tx, skb, g, &gather, &room, i))) {
			vtun_tx_drop(tx, VTUN_DROP_NO_MEMORY, g->segments - i);
			break;
		}
		if (unlikely(!i))
			take_as_model(tx);
	}
	vtun_gather_end(&gather);
	tx->like = NULL;
}

/* with a struct of its own on the stack only while it is needed */
void vtun_tx_gso(struct vtun_tx *tx, struct sk_buff *skb)
{
	struct vtun_gso g;
	unsigned int len;

	if (unlikely(!vtun_gso_plan(&g, skb))) {
		cut_by_stack(tx, skb);
		return;
	}
	len = g.head_len - tx->skip + vtun_gso_len(&g, 0);
	if (likely(tx->around + vtun_tx_text_len(tx, len) <= tx->mtu))
		tx_gso(tx, skb, &g);
	else if (vtun_tx_how_big(tx, skb, len) == VTUN_BIG_TELL)
		vtun_tx_tell(tx, skb, g.segments);
	else
		cut_by_stack(tx, skb);
}

/* RFC 791 3.1: options without the copied flag are for the first fragment */
static void blank_options(u8 *head, unsigned int len)
{
	u8 *at = head + sizeof(struct iphdr), *end = head + len;

	while (at < end && *at != IPOPT_END) {
		unsigned int n = 1;

		if (*at != IPOPT_NOOP) {
			if (end - at < 2 || at[1] < 2 || at[1] > end - at)
				return;
			n = at[1];
			if (!IPOPT_COPIED(*at))
				memset(at, IPOPT_NOOP, n);
		}
		at += n;
	}
}

/**
 * struct fragments - how to fragment an IPv4 packet
 * @head: its header with options
 * @head_len: octets of it
 * @payload: octets behind it
 * @size: octets of payload of every fragment but the last
 * @n: how many
 * @frag_off: of the packet, which may be a fragment itself
 */
struct fragments {
	u8 head[60] __aligned(4);
	unsigned int head_len, payload, size, n;
	u16 frag_off;
};

static bool plan_fragments(const struct vtun_tx *tx, struct sk_buff *skb,
			   struct fragments *f)
{
	unsigned int mtu = vtun_child_mtu(tx->child, tx->path, tx->sa);
	const struct iphdr *iph = ip_hdr(skb);

	f->head_len = iph->ihl * 4;
	f->payload = skb->len - skb_network_offset(skb) - f->head_len;
	f->frag_off = ntohs(iph->frag_off);
	if (mtu < f->head_len + 8)
		return false;
	f->size = round_down(mtu - f->head_len, 8);
	f->n = DIV_ROUND_UP(f->payload, f->size);
	memcpy(f->head, iph, f->head_len);
	return true;
}

static struct sk_buff *make_fragment(const struct vtun_tx *tx,
				     struct fragments *f, unsigned int i,
				     struct vtun_gather *g, unsigned int *len)
{
	struct iphdr *iph = (struct iphdr *)f->head;
	bool last = i + 1 == f->n;
	unsigned int size = last ? f->payload - i * f->size : f->size;
	struct vtun_gather_room room;
	struct sk_buff *out;

	*len = f->head_len + size;
	vtun_tx_plan(tx, *len, &room);
	out = vtun_gather_alloc(&room);
	if (!out)
		return NULL;
	iph->tot_len = htons(*len);
	iph->frag_off = htons((f->frag_off & IP_OFFSET) + i * f->size / 8);
	if (!last || f->frag_off & IP_MF)
		iph->frag_off |= htons(IP_MF);
	ip_send_check(iph);
	memcpy(out->data, f->head, f->head_len);
	if (!i)
		blank_options(f->head, f->head_len);
	if (vtun_gather_copy(g, out->data + f->head_len, size))
		return out;
	kfree_skb(out);
	return NULL;
}

void vtun_tx_fragments(struct vtun_tx *tx, struct sk_buff *skb)
{
	struct sk_buff *out;
	struct vtun_gather g;
	struct fragments f;
	unsigned int i, len;

	/* into a head of its own, the only place that is written to */
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    skb_csum_hwoffload_help(skb, 0)) {
		vtun_tx_drop(tx, VTUN_DROP_NO_MEMORY, 1);
		return;
	}
	if (!plan_fragments(tx, skb, &f)) {
		vtun_tx_drop(tx, VTUN_DROP_TOO_BIG, 1);
		return;
	}
	if (!vtun_tx_charge(tx, skb, f.n, (u64)f.n * f.head_len + f.payload))
		return;
	vtun_gather_start(&g, skb, skb_network_offset(skb) + f.head_len);
	for (i = 0; i < f.n; i++) {
		out = make_fragment(tx, &f, i, &g, &len);
		if (!out) {
			vtun_tx_drop(tx, VTUN_DROP_NO_MEMORY, f.n - i);
			break;
		}
		vtun_tx_finish(tx, out, len);
	}
	vtun_gather_end(&g);
}

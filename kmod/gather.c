// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copying a packet out of its pieces. Whatever is encrypted or decrypted is
 * copied into private memory first, unless it is private already, and the
 * checksum a sender left to the hardware is computed on the way.
 */
#include "gather.h"

#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <net/checksum.h>

#include "pages.h"

void vtun_gather_plan(struct vtun_gather_room *room, unsigned int headroom,
		      unsigned int len, unsigned int tailroom)
{
	unsigned int size = SKB_DATA_ALIGN(headroom + len + tailroom) +
			    SKB_DATA_ALIGN(sizeof(struct skb_shared_info));

	room->headroom = headroom;
	room->len = len;
	room->tailroom = tailroom;
	room->size = roundup_pow_of_two(size);
}

/* no piece of a page is as large */
static struct sk_buff *alloc_large(const struct vtun_gather_room *room)
{
	return alloc_skb(room->headroom + room->len + room->tailroom,
			 GFP_ATOMIC | __GFP_NOWARN);
}

/**
 * vtun_gather_alloc() - a packet to copy into
 * @room: of vtun_gather_plan()
 *
 * The memory is a piece of a larger page, as that of a received packet is, so
 * that whoever receives it can merge it with its neighbours (GRO). It does not
 * cross a page where that can be avoided: ciphers that walk over pages go a
 * longer way around the border.
 *
 * Return: the packet, or NULL.
 */
struct sk_buff *vtun_gather_alloc(const struct vtun_gather_room *room)
{
	struct sk_buff *skb;
	void *data;

	if (unlikely(room->size > VTUN_PAGES_PIECE_MAX)) {
		skb = alloc_large(room);
	} else {
		data = vtun_pages_get(room->size) ?:
		       napi_alloc_frag_align(room->size, room->size);
		if (unlikely(!data))
			return NULL;
		skb = napi_build_skb(data, room->size);
		if (unlikely(!skb))
			skb_free_frag(data);
	}
	if (likely(skb)) {
		skb_reserve(skb, room->headroom);
		__skb_put(skb, room->len);
	}
	return skb;
}

/**
 * vtun_gather_start() - begin to read a packet
 * @g: reader
 * @skb: must not change until vtun_gather_end()
 * @offset: of the first octet, from skb->data
 */
void vtun_gather_start(struct vtun_gather *g, struct sk_buff *skb,
		       unsigned int offset)
{
	skb_prepare_seq_read(skb, offset, skb->len, &g->st);
	g->left = 0;
	g->pos = 0;
}

/* octets at hand, at most @len; 0 = there are no more */
static unsigned int look(struct vtun_gather *g, unsigned int len)
{
	if (!g->left)
		g->left = skb_seq_read(g->pos, &g->data, &g->st);
	return min(g->left, len);
}

/**
 * vtun_gather_copy() - copy the next octets
 * @g: reader
 * @to: where to
 * @len: how many
 *
 * Return: false when there are fewer, or they cannot be read.
 */
bool vtun_gather_copy(struct vtun_gather *g, u8 *to, unsigned int len)
{
	while (len) {
		unsigned int n = look(g, len);

		if (!n)
			return false;
		memcpy(to, g->data, n);
		vtun_gather_take(g, n);
		to += n;
		len -= n;
	}
	return true;
}

bool vtun_gather_csum_pieces(struct vtun_gather *g, u8 *to, unsigned int len,
			     __wsum *sum)
{
	unsigned int done = 0;

	while (done < len) {
		unsigned int n = look(g, len - done);
		__wsum part;

		if (!n)
			return false;
		part = csum_partial_copy_nocheck(g->data, to + done, n);
		*sum = csum_block_add(*sum, part, done);
		vtun_gather_take(g, n);
		done += n;
	}
	return true;
}

/**
 * vtun_gather_end() - finish reading
 * @g: reader, at any place
 */
void vtun_gather_end(struct vtun_gather *g)
{
	skb_abort_seq_read(&g->st);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_GATHER_H
#define VTUN_GATHER_H

#include <linux/math.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/types.h>
#include <net/checksum.h>

/**
 * struct vtun_gather - reads the octets of a packet once, from front to back
 * @st: where the kernel's own reader is
 * @data: octets at hand
 * @left: how many
 * @pos: octets read so far
 *
 * Only reads: the memory of a packet may be shared with clones, with a socket's
 * queue or with the page cache. Cannot sleep between start and end.
 */
struct vtun_gather {
	struct skb_seq_state st;
	const u8 *data;
	unsigned int left, pos;
};

/**
 * struct vtun_gather_room - what a packet to copy into needs
 * @headroom: octets to keep free in front
 * @len: octets of data
 * @tailroom: octets to keep free behind, at least
 * @size: of the memory for all of it and what the stack keeps behind it
 */
struct vtun_gather_room {
	unsigned int headroom, len, tailroom, size;
};

/* fills in @room, which serves any number of packets */
void vtun_gather_plan(struct vtun_gather_room *room, unsigned int headroom,
		      unsigned int len, unsigned int tailroom);
/*
 * Fresh memory for a packet, never shared, within one page up to that size. Its
 * content is undefined. BH off.
 */
struct sk_buff *vtun_gather_alloc(const struct vtun_gather_room *room);

/* begins at @offset from skb->data */
void vtun_gather_start(struct vtun_gather *g, struct sk_buff *skb,
		       unsigned int offset);
/* the next @len octets; false: the packet is too short or unreadable */
bool vtun_gather_copy(struct vtun_gather *g, u8 *to, unsigned int len);
/* vtun_gather_csum() where the octets are in several pieces */
bool vtun_gather_csum_pieces(struct vtun_gather *g, u8 *to,
			     unsigned int len, __wsum *sum);
void vtun_gather_end(struct vtun_gather *g);

static inline void vtun_gather_take(struct vtun_gather *g, unsigned int len)
{
	g->data += len;
	g->left -= len;
	g->pos += len;
}

/**
 * vtun_gather_csum() - copy the next octets and sum them up
 * @g: reader
 * @to: where to
 * @len: how many
 * @sum: their Internet checksum is added; the first octet counts as an even one
 *
 * Return: false when there are fewer, or they cannot be read.
 */
static inline bool vtun_gather_csum(struct vtun_gather *g, u8 *to,
				    unsigned int len, __wsum *sum)
{
	if (unlikely(g->left < len || !len))
		return vtun_gather_csum_pieces(g, to, len, sum);
	*sum = csum_add(*sum, csum_partial_copy_nocheck(g->data, to, len));
	vtun_gather_take(g, len);
	return true;
}

/**
 * vtun_gather_head() - copy headers
 * @to: where to
 * @from: headers
 * @len: how many octets, a multiple of 4
 *
 * They are short, and a call of memcpy() is not.
 */
static __always_inline void vtun_gather_head(void *to, const void *from,
					     unsigned int len)
{
	size_t i, whole = round_down(len, 2 * sizeof(u64));

	for (i = 0; i < whole; i += 2 * sizeof(u64))
		memcpy(to + i, from + i, 2 * sizeof(u64));
	if (len & sizeof(u64)) {
		memcpy(to + i, from + i, sizeof(u64));
		i += sizeof(u64);
	}
	if (len & sizeof(u32))
		memcpy(to + i, from + i, sizeof(u32));
}

#endif /* VTUN_GATHER_H */

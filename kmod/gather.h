/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_GATHER_H
#define VTUN_GATHER_H

#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/types.h>

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

/*
 * Fresh memory for a packet, never shared, within one page up to that size:
 * @headroom, @len octets of data of any content, at least @tailroom. BH off.
 */
struct sk_buff *vtun_gather_alloc(unsigned int headroom, unsigned int len,
				  unsigned int tailroom);

/* begins at @offset from skb->data */
void vtun_gather_start(struct vtun_gather *g, struct sk_buff *skb,
		       unsigned int offset);
/* the next @len octets; false: the packet is too short or unreadable */
bool vtun_gather_copy(struct vtun_gather *g, u8 *to, unsigned int len);
/* same, and their Internet checksum is added to @sum */
bool vtun_gather_csum(struct vtun_gather *g, u8 *to, unsigned int len,
		      __wsum *sum);
void vtun_gather_end(struct vtun_gather *g);

/**
 * vtun_gather_head() - copy headers
 * @to: where to
 * @from: headers
 * @len: how many octets, a multiple of 4
 *
 * They are short, and a call of memcpy() is not.
 */
static inline void vtun_gather_head(void *to, const void *from,
				    unsigned int len)
{
	unsigned int i;

	for (i = 0; i + sizeof(u64) <= len; i += sizeof(u64))
		memcpy(to + i, from + i, sizeof(u64));
	if (i < len)
		memcpy(to + i, from + i, sizeof(u32));
}

#endif /* VTUN_GATHER_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_GSO_H
#define VTUN_GSO_H

#include <linux/types.h>

struct sk_buff;

#define VTUN_GSO_HEAD_MAX	128

/**
 * struct vtun_gso_sums - Internet checksums of headers, not folded
 * @ip: of the IPv4 header
 * @transport: of the transport header and its pseudo header
 */
struct vtun_gso_sums {
	__wsum ip, transport;
};

/**
 * struct vtun_gso - how to cut a super-packet
 * @head: IP and transport header of the whole, checksum fields zeroed
 * @middle: headers of a segment that is neither the first nor the last, but for
 *	the fields that differ
 * @sums: of @middle
 * @head_len: octets of @head
 * @transport: offset of the transport header
 * @size: payload octets of every segment but the last
 * @payload: octets behind @head
 * @segments: how many packets it makes
 * @seq: TCP: number of the first octet of payload
 * @id: IPv4: identification of the first segment
 * @id_step: how much it grows from segment to segment
 * @v6: inner family
 * @udp: else TCP
 */
struct vtun_gso {
	u8 head[VTUN_GSO_HEAD_MAX] __aligned(8);
	u8 middle[VTUN_GSO_HEAD_MAX] __aligned(8);
	struct vtun_gso_sums sums;
	unsigned int head_len, transport, size, payload, segments;
	u32 seq;
	u16 id, id_step;
	bool v6, udp;
};

/**
 * vtun_gso_plan() - look whether a super-packet can be cut without the stack
 * @g: filled in
 * @skb: GSO packet, network header set
 *
 * Return: false when it is of a rare kind and skb_gso_segment() has to do it.
 */
bool vtun_gso_plan(struct vtun_gso *g, const struct sk_buff *skb);

/* payload octets of segment @i */
static inline unsigned int vtun_gso_len(const struct vtun_gso *g,
					unsigned int i)
{
	return i + 1 < g->segments ? g->size : g->payload - i * g->size;
}

/**
 * vtun_gso_header() - write the headers of one segment
 * @g: plan
 * @i: which segment
 * @to: head_len octets, 4-aligned
 * @sum: Internet checksum of its payload
 */
void vtun_gso_header(const struct vtun_gso *g, unsigned int i, u8 *to,
		     __wsum sum);

#endif /* VTUN_GSO_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside of the outbound path; everybody else includes esp.h. */
#ifndef VTUN_ESP_TX_H
#define VTUN_ESP_TX_H

#include <linux/skbuff.h>
#include <linux/types.h>
#include <uapi/linux/vtun.h>

#include "crypto.h"
#include "mtu.h"

#define VTUN_TRAILER_LEN 2	/* pad length, next header */
/* IP header with what stands between it and ESP in transport mode */
#define VTUN_OWN_MAX	128

struct dst_entry;
struct vtun_child;
struct vtun_gather_room;
struct vtun_gso;
struct vtun_path;
struct vtun_sa;

/**
 * struct vtun_tx - what the packets of one call have in common
 * @child: whose packet it is
 * @sa: its current outbound SA
 * @path: its outer endpoints
 * @dst: outer route, no reference
 * @seq: number of the next packet
 * @op: what is sealed now; SPI and width of the number stay
 * @own: transport mode: the packet's own IP header, NULL in tunnel mode
 * @like: a finished packet that others of its length shall look like, or NULL
 * @like_len: octets of @like from the ESP header on
 * @mtu: of the outer path
 * @around: octets of an outer packet that are not text
 * @headroom: octets to keep free in front of the text
 * @priority: of the inner packet
 * @door: where it came from
 * @ip_len: octets of outer IP header
 * @esp_len: octets of ESP header and IV
 * @skip: octets of the packet in @own, which are not part of the text
 * @proto: that the outer IP header announces: ESP or UDP
 * @next_header: of the ESP trailer
 * @dsfield: outer DSCP and ECN
 * @df: outer packets must not be fragmented
 * @own_counts: the identification of @own grows with every packet
 * @keep: the packet was not charged, another SA may carry it
 * @piece: what is sent now is a part of the packet
 * @taken: the packet itself is in @sent
 * @sent: finished packets, in order, by skb->next
 * @last: the last one of them
 */
struct vtun_tx {
	struct vtun_child *child;
	struct vtun_sa *sa;
	struct vtun_path *path;
	struct dst_entry *dst;
	u64 seq;
	struct vtun_crypto_op op;
	u8 *own;
	const struct sk_buff *like;
	unsigned int like_len;
	unsigned int mtu, around, headroom;
	u32 priority;
	enum vtun_door door;
	u8 ip_len, esp_len, skip, proto, next_header, dsfield;
	bool df, own_counts, keep, piece, taken;
	struct sk_buff *sent, *last;
};

/* esp_output.c */
void vtun_tx_drop(struct vtun_tx *tx, enum vtun_drop why, unsigned int packets);
/* octets of @len octets of packet with padding and trailer, RFC 4303 2.4 */
unsigned int vtun_tx_text_len(const struct vtun_tx *tx, unsigned int len);
/* what a packet for a text of @len octets needs */
void vtun_tx_plan(const struct vtun_tx *tx, unsigned int len,
		  struct vtun_gather_room *room);
/*
 * Seals the @len octets in @skb and queues it; consumes. Takes one number, even
 * when it fails.
 */
void vtun_tx_finish(struct vtun_tx *tx, struct sk_buff *skb, unsigned int len);
/* numbers and volume for @packets packets of @skb; false: refused, counted */
bool vtun_tx_charge(struct vtun_tx *tx, const struct sk_buff *skb,
		    unsigned int packets, u64 bytes);
/* one packet */
void vtun_tx_single(struct vtun_tx *tx, struct sk_buff *skb);

/* esp_cut.c: packets that become several ones */
/* a super-packet; false: too big, somebody was told or not */
void vtun_tx_gso(struct vtun_tx *tx, struct sk_buff *skb);
/* IPv4 without DF that does not fit, RFC 4301 8.2: fragments of it */
void vtun_tx_fragments(struct vtun_tx *tx, struct sk_buff *skb);

/* esp_header.c: everything in front of ESP */
void vtun_tx_push_outer(struct vtun_tx *tx, struct sk_buff *skb);
/* the same as in front of @like, an earlier packet of @tx of the same length */
void vtun_tx_push_like(struct vtun_tx *tx, struct sk_buff *skb,
		       const struct sk_buff *like);

/* esp_send.c: sends what was finished */
void vtun_tx_send(struct vtun_tx *tx);

/* esp_transport.c */
/* may transport mode carry @skb? Fills in what is different; 0 or why not */
enum vtun_drop vtun_transport_plan(struct vtun_tx *tx,
				   const struct sk_buff *skb);
/* the header of @skb goes to @tx->own, which announces what follows it */
void vtun_transport_take(struct vtun_tx *tx, const struct sk_buff *skb);

/**
 * enum vtun_big - what becomes of a packet that does not fit the outer path
 * @VTUN_BIG_WHOLE: it is encrypted whole, the outer packet is fragmented
 * @VTUN_BIG_CUT: it is fragmented, then encrypted (RFC 4301 8.2.1)
 * @VTUN_BIG_TELL: it dies, its sender hears of it
 */
enum vtun_big {
	VTUN_BIG_WHOLE,
	VTUN_BIG_CUT,
	VTUN_BIG_TELL,
};

/* @len: octets of text of @skb, or of its segments */
enum vtun_big vtun_tx_how_big(const struct vtun_tx *tx,
			      const struct sk_buff *skb, unsigned int len);
/* tells the sender of @skb, which made @packets packets, and counts */
void vtun_tx_tell(struct vtun_tx *tx, struct sk_buff *skb,
		  unsigned int packets);

#endif /* VTUN_ESP_TX_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside of the inbound path; everybody else includes esp.h. */
#ifndef VTUN_ESP_RX_H
#define VTUN_ESP_RX_H

#include <linux/types.h>
#include <uapi/linux/vtun.h>

#include "path.h"

struct sk_buff;
struct vtun_sa;

/**
 * struct vtun_rx - a packet on its way in
 * @sa: inbound SA
 * @skb: the packet; data at the ESP header, then at the text
 * @outer: path that would reach where it came from, by its outer headers, which
 *	decryption overwrites
 * @seq: recovered sequence number
 * @own: transport mode: its IP header, NULL in tunnel mode
 * @own_len: octets of that
 * @len: octets of text, traffic flow padding included
 * @outer_ds: DSCP and ECN of the outer header
 * @next_header: of the trailer
 */
struct vtun_rx {
	struct vtun_sa *sa;
	struct sk_buff *skb;
	struct vtun_path_config outer;
	u64 seq;
	u8 *own;
	unsigned int own_len, len;
	u8 outer_ds, next_header;
};

/*
 * From the ESP header to the stack: @rx has @sa, @skb, @outer and @outer_ds,
 * the rest is zero. Consumes the skb. RCU, BH off.
 */
void vtun_esp_input(struct vtun_rx *rx);

/* esp_transport.c */
/* saves the header to @rx->own; false: it cannot be kept */
bool vtun_transport_keep(struct vtun_rx *rx);
/* puts it in front of the text again; 0 or enum vtun_drop */
enum vtun_drop vtun_transport_rebuild(struct vtun_rx *rx);

#endif /* VTUN_ESP_RX_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_ESP_H
#define VTUN_ESP_H

#include <linux/types.h>

#include "mtu.h"

struct sk_buff;
struct vtun_child;
struct vtun_net;
struct vtun_sa;

/* SPI, low sequence half (RFC 4303 2); IV, payload, trailer and ICV follow */
struct vtun_esp_hdr {
	__be32 spi;
	__be32 seq;
} __packed;

/**
 * vtun_esp_output() - encrypt and send one inner packet or GSO super-packet
 * @child: whose outer addresses and route to use
 * @sa: its current outbound SA
 * @skb: inner packet, network header set; consumed in every case
 * @door: whom to tell when it is too big
 *
 * Out of place: never writes to @skb's data, so clones and page-cache pages
 * are harmless (rule R3). Counts its own drops on @sa, @child and the device.
 * RCU read side, BH off.
 */
void vtun_esp_output(struct vtun_child *child, struct vtun_sa *sa,
		     struct sk_buff *skb, enum vtun_door door);

/* one dummy packet (next header 59, RFC 4303 2.6); RCU read side, BH off */
void vtun_esp_send_dummy(struct vtun_child *child, struct vtun_sa *sa);

/**
 * vtun_esp_rcv_udp() - take an ESP packet that came in UDP, RFC 3948
 * @vn: namespace it came to
 * @skb: data at the ESP header, network header at the outer IP header
 * @sport: UDP source port
 * @dport: UDP destination port
 *
 * RCU read side, BH off.
 *
 * Return: 0: consumed; -ENOENT: the SPI is not ours, @skb is as it was.
 */
int vtun_esp_rcv_udp(struct vtun_net *vn, struct sk_buff *skb, __be16 sport,
		     __be16 dport);

/**
 * vtun_esp_rcv_early() - take an ESP packet of IPv4 from where INPUT ends
 * @vn: namespace it came to
 * @sa: inbound SA of its SPI
 * @skb: data at the IP header, without options; UDP may follow. Headers up to
 *	the SPI are linear. Consumed.
 *
 * RCU read side, BH off.
 */
void vtun_esp_rcv_early(struct vtun_net *vn, struct vtun_sa *sa,
			struct sk_buff *skb);

/* protocol handlers beside XFRM's, both families */
int vtun_esp_input_init(void);
void vtun_esp_input_exit(void);

#endif /* VTUN_ESP_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_ESP_H
#define VTUN_ESP_H

#include <linux/types.h>

#include "mtu.h"

struct inet6_skb_parm;
struct sk_buff;
struct vtun_child;
struct vtun_net;
struct vtun_path;
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
 * Never writes to memory that somebody else may see: clones and page-cache
 * pages are harmless (rule R3). Counts its own drops on @sa, @child and the
 * device. RCU read side, BH off. A packet that meets the end of @sa takes the
 * next SA, or waits for one where the child is on demand.
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

/**
 * vtun_esp_quoted() - which path is an ICMP error about?
 * @vn: namespace it came to
 * @skb: the error
 * @offset: of the quoted IP header, from skb->data
 * @family: of that header
 *
 * RCU read side.
 *
 * Return: path of the SA that sent what is quoted, NULL when it was not us or
 * too little is quoted to tell.
 */
struct vtun_path *vtun_esp_quoted(struct vtun_net *vn,
				  const struct sk_buff *skb,
				  unsigned int offset, u8 family);

/* of the protocol handlers: -ENOENT = ask the next one */
int vtun_esp4_err(struct sk_buff *skb, u32 info);
int vtun_esp6_err(struct sk_buff *skb, struct inet6_skb_parm *opt, u8 type,
		  u8 code, int offset, __be32 info);
/*
 * Error about a datagram of one of our sockets, data at the quoted header. The
 * stack goes on to note it on the socket's route: this is for children whose
 * mark or link make that another one.
 */
void vtun_esp_udp_err(struct vtun_net *vn, struct sk_buff *skb);

/* protocol handlers beside XFRM's, both families */
int vtun_esp_input_init(void);
void vtun_esp_input_exit(void);

#endif /* VTUN_ESP_H */

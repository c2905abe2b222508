/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_MSS_H
#define VTUN_MSS_H

#include <linux/types.h>

/**
 * vtun_mss_clamp() - lower the maximum segment size a TCP packet announces
 * @packet: IP packet in linear memory of our own, its header checked
 * @len: octets of it
 * @mtu: largest packet that passes, for @mss == 1
 * @mss: options.mss_clamp: 1 = what @mtu leaves, else octets
 *
 * Touches SYN packets with the option, when they announce more; the checksum
 * follows.
 */
void vtun_mss_clamp(u8 *packet, unsigned int len, unsigned int mtu, u16 mss);

#endif /* VTUN_MSS_H */

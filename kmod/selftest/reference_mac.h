/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_REFERENCE_MAC_H
#define VTUN_REFERENCE_MAC_H

#include <linux/types.h>

struct vtun_ref_sha {
	u16 integ;
	unsigned int block, octets;
	u64 len, h[8];
	u8 buf[128];
};

/* HMAC of what was updated so far; final may be asked again and again */
struct vtun_ref_mac {
	struct vtun_ref_sha inner, outer;
};

void vtun_ref_mac_init(struct vtun_ref_mac *m, u16 integ, const u8 *key,
		       unsigned int key_len);
void vtun_ref_mac_update(struct vtun_ref_mac *m, const u8 *data,
			 unsigned int len);
void vtun_ref_mac_final(const struct vtun_ref_mac *m, u8 *digest);

#endif /* VTUN_REFERENCE_MAC_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_PREFIX_H
#define VTUN_PREFIX_H

#include <linux/in6.h>
#include <linux/types.h>

struct vtun_ts;

/* a port range needs 30 at most */
#define VTUN_PREFIXES_MAX	32

/* an address, or a port, as a number */
struct vtun_number {
	u64 high, low;
};

/**
 * struct vtun_prefix - all numbers that begin alike
 * @value: the lowest of them
 * @len: bits that are alike, out of 16, 32 or 128
 */
struct vtun_prefix {
	struct vtun_number value;
	u8 len;
};

/**
 * struct vtun_prefixes - what makes up a range
 * @n: how many
 * @cover: it is one around the range, not the range
 * @prefix: in ascending order
 */
struct vtun_prefixes {
	unsigned int n;
	bool cover;
	struct vtun_prefix prefix[VTUN_PREFIXES_MAX];
};

void vtun_prefixes_addr(struct vtun_prefixes *p, const struct vtun_ts *ts);
void vtun_prefixes_ports(struct vtun_prefixes *p, const struct vtun_ts *ts);
/* the range becomes one prefix around it; @bits: of a number */
void vtun_prefixes_coarsen(struct vtun_prefixes *p, unsigned int bits);

/* the highest @len of @bits bits */
struct vtun_number vtun_number_mask(unsigned int len, unsigned int bits);
void vtun_number_put(u8 family, struct in6_addr *addr,
		     const struct vtun_number *n);

#endif /* VTUN_PREFIX_H */

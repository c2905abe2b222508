// SPDX-License-Identifier: GPL-2.0-only
/* Ranges of addresses and ports as prefixes. */
#include "prefix.h"

#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/socket.h>
#include <linux/string.h>

#include "ts.h"

static struct vtun_number number_addr(u8 family, const struct in6_addr *addr)
{
	struct vtun_number n = { };

	if (family == AF_INET) {
		n.low = be32_to_cpu(addr->s6_addr32[0]);
	} else {
		n.high = (u64)be32_to_cpu(addr->s6_addr32[0]) << 32 |
			 be32_to_cpu(addr->s6_addr32[1]);
		n.low = (u64)be32_to_cpu(addr->s6_addr32[2]) << 32 |
			be32_to_cpu(addr->s6_addr32[3]);
	}
	return n;
}

void vtun_number_put(u8 family, struct in6_addr *addr,
		     const struct vtun_number *n)
{
	memset(addr, 0, sizeof(*addr));
	if (family == AF_INET) {
		addr->s6_addr32[0] = cpu_to_be32(n->low);
		return;
	}
	addr->s6_addr32[0] = cpu_to_be32(n->high >> 32);
	addr->s6_addr32[1] = cpu_to_be32(n->high);
	addr->s6_addr32[2] = cpu_to_be32(n->low >> 32);
	addr->s6_addr32[3] = cpu_to_be32(n->low);
}

/* the lowest @bits bits set */
static struct vtun_number number_ones(unsigned int bits)
{
	struct vtun_number n = {
		.high = bits > 64 ? U64_MAX >> (128 - bits) : 0,
		.low = bits >= 64 ? U64_MAX : (1ULL << bits) - 1,
	};

	return n;
}

struct vtun_number vtun_number_mask(unsigned int len, unsigned int bits)
{
	struct vtun_number all = number_ones(bits);
	struct vtun_number low = number_ones(bits - len);

	all.high &= ~low.high;
	all.low &= ~low.low;
	return all;
}

static struct vtun_number number_or(const struct vtun_number *a,
				    const struct vtun_number *b)
{
	struct vtun_number n = { a->high | b->high, a->low | b->low };

	return n;
}

static bool number_less(const struct vtun_number *a,
			const struct vtun_number *b)
{
	return a->high != b->high ? a->high < b->high : a->low < b->low;
}

static bool number_equal(const struct vtun_number *a,
			 const struct vtun_number *b)
{
	return a->high == b->high && a->low == b->low;
}

static void number_increment(struct vtun_number *n)
{
	if (!++n->low)
		n->high++;
}

/* low bits of @n that are 0 */
static unsigned int number_zeros(const struct vtun_number *n, unsigned int bits)
{
	if (n->low)
		return min(bits, (unsigned int)__ffs64(n->low));
	if (n->high)
		return min(bits, 64 + (unsigned int)__ffs64(n->high));
	return bits;
}

/* the narrowest single prefix around a range */
static void cover(struct vtun_prefixes *p, const struct vtun_number *first,
		  const struct vtun_number *last, unsigned int bits)
{
	unsigned int differ;
	struct vtun_number mask;

	if (first->high != last->high)
		differ = 64 + fls64(first->high ^ last->high);
	else
		differ = fls64(first->low ^ last->low);
	mask = vtun_number_mask(bits - differ, bits);
	p->n = 1;
	p->cover = true;
	p->prefix[0].len = bits - differ;
	p->prefix[0].value.high = first->high & mask.high;
	p->prefix[0].value.low = first->low & mask.low;
}

/* the widest prefix that starts at @first and does not pass @last, repeated */
static void split(struct vtun_prefixes *p, const struct vtun_number *from,
		  const struct vtun_number *last, unsigned int bits)
{
	struct vtun_number first = *from, end, ones;
	unsigned int zeros;

	p->n = 0;
	p->cover = false;
	do {
		if (p->n == VTUN_PREFIXES_MAX) {
			cover(p, from, last, bits);
			return;
		}
		zeros = number_zeros(&first, bits);
		ones = number_ones(zeros);
		end = number_or(&first, &ones);
		while (number_less(last, &end)) {
			ones = number_ones(--zeros);
			end = number_or(&first, &ones);
		}
		p->prefix[p->n].value = first;
		p->prefix[p->n++].len = bits - zeros;
		first = end;
		number_increment(&first);
	} while (!number_equal(&end, last));
}

void vtun_prefixes_addr(struct vtun_prefixes *p, const struct vtun_ts *ts)
{
	unsigned int bits = ts->family == AF_INET ? 32 : 128;
	struct vtun_number first = number_addr(ts->family, &ts->start);
	struct vtun_number last = number_addr(ts->family, &ts->end);

	split(p, &first, &last, bits);
}

void vtun_prefixes_ports(struct vtun_prefixes *p, const struct vtun_ts *ts)
{
	struct vtun_number first = { .low = ts->port_start };
	struct vtun_number last = { .low = ts->port_end };

	split(p, &first, &last, 16);
}

/* the range becomes one prefix around it, given those it is made of */
void vtun_prefixes_coarsen(struct vtun_prefixes *p, unsigned int bits)
{
	struct vtun_prefix *end = &p->prefix[p->n - 1];
	struct vtun_number first = p->prefix[0].value, last;
	struct vtun_number ones = number_ones(bits - end->len);

	last = number_or(&end->value, &ones);
	cover(p, &first, &last, bits);
}

// SPDX-License-Identifier: GPL-2.0-only
/* RFC 6040 and RFC 2983, each cell of the tables. */
#include "selftest.h"

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/printk.h>

#include "../dsfield.h"

/* by number on the wire: 00 not ECT, 01 ECT(1), 10 ECT(0), 11 CE */
static const char code[] = "n10C";

/* RFC 6040 4.1: what goes outside, by inner codepoint */
static const char normal[] = "n10C", compatible[] = "nnnn";

/*
 * RFC 6040 4.2, figure 4, as rows of inner codepoint with columns of outer
 * codepoint in the order of the numbers; X is a drop.
 */
static const char * const leave[] = {
	"nnnX",		/* not ECT */
	"111C",		/* ECT(1) */
	"010C",		/* ECT(0) */
	"CCCC",		/* CE */
};

static int test_enter(void)
{
	unsigned int ecn, dscp, set;
	u8 got;

	for (ecn = 0; ecn < 4; ecn++) {
		for (dscp = 0; dscp < 64; dscp++) {
			got = vtun_dsfield_outer(dscp << 2 | ecn,
						 VTUN_DSCP_COPY, 0);
			if (got >> 2 != dscp || code[got & 3] != normal[ecn])
				return -EINVAL;
			set = 63 - dscp;
			got = vtun_dsfield_outer(dscp << 2 | ecn, set,
						 VTUN_CHILD_F_NO_ECN);
			if (got >> 2 != set || code[got & 3] != compatible[ecn])
				return -EINVAL;
		}
	}
	return 0;
}

static bool leaves_right(unsigned int inner, unsigned int outer, u32 flags)
{
	unsigned int dscp_in = 46, dscp_out = 10;
	int got = vtun_dsfield_inner(dscp_in << 2 | inner,
				     dscp_out << 2 | outer, flags);
	char want = leave[inner][outer];

	if (want == 'X')
		return got == -1;
	if (flags & VTUN_CHILD_F_DECAP_DSCP)
		dscp_in = dscp_out;
	return got >= 0 && got >> 2 == dscp_in && code[got & 3] == want;
}

int vtun_selftest_dsfield(void)
{
	static const u32 modes[] = {
		0, VTUN_CHILD_F_NO_ECN, VTUN_CHILD_F_DECAP_DSCP,
		VTUN_CHILD_F_NO_ECN | VTUN_CHILD_F_DECAP_DSCP,
	};
	unsigned int inner, outer, m;

	if (test_enter()) {
		pr_err("vtun: an outer DSCP or ECN is wrong\n");
		return -EINVAL;
	}
	for (m = 0; m < ARRAY_SIZE(modes); m++)
		for (inner = 0; inner < 4; inner++)
			for (outer = 0; outer < 4; outer++)
				if (!leaves_right(inner, outer, modes[m])) {
					pr_err("vtun: ECN %u in %u is wrong\n",
					       inner, outer);
					return -EINVAL;
				}
	return 0;
}

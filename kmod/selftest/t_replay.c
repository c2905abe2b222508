// SPDX-License-Identifier: GPL-2.0-only
/* Replay window and sequence number recovery against the tables. */
#include "selftest.h"

#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "../replay.h"

static int test_esn(void)
{
	unsigned int i;

	for (i = 0; i < vtun_n_esn_cases; i++) {
		const struct esn_case *t = &vtun_esn_cases[i];
		struct vtun_replay r = {
			.top = (u64)t->high << 32 | t->low,
			.window = t->window,
			.esn = true,
		};
		u64 seq = 0;
		bool exists = vtun_replay_recover(&r, t->wire, &seq);

		if (exists != t->exists ||
		    (exists && seq != ((u64)t->want << 32 | t->wire))) {
			pr_err("vtun: esn %u %08x %08x %08x: got %d %llx\n",
			       t->window, t->high, t->low, t->wire, exists,
			       seq);
			return -EINVAL;
		}
	}
	return 0;
}

/* as the packet path does it: peek, then accept; both must agree */
static bool passes(struct vtun_replay *r, u64 seq)
{
	enum vtun_drop peek, accept;

	peek = vtun_replay_peek(r, seq);
	accept = vtun_replay_accept(r, seq);
	if (peek != accept)
		pr_err("vtun: replay peek %d, accept %d of %llu\n", peek,
		       accept, seq);
	return !accept;
}

static int test_window(void)
{
	struct vtun_replay r = { };
	unsigned int i;
	int err = 0;

	for (i = 0; i < vtun_n_replay_steps && !err; i++) {
		const struct replay_step *t = &vtun_replay_steps[i];

		if (t->first) {
			vtun_replay_destroy(&r);
			err = vtun_replay_init(&r, t->window, false, 0,
					       GFP_KERNEL);
			if (err)
				break;
		}
		if (passes(&r, t->seq) != t->accept) {
			pr_err("vtun: replay %s W=%u: wrong verdict on %llu\n",
			       t->name, t->window, t->seq);
			err = -EINVAL;
		}
	}
	vtun_replay_destroy(&r);
	return err;
}

#define SPAN 40000

/* every window against a list of all numbers seen, in a drunken order */
static int test_random(u32 window)
{
	u8 *seen = kvzalloc(SPAN, GFP_KERNEL);
	struct vtun_replay r;
	u64 top = 0, seq;
	int i, err;

	if (!seen)
		return -ENOMEM;
	err = vtun_replay_init(&r, window, true, 0, GFP_KERNEL);
	for (i = 0; i < 3 * SPAN && !err; i++) {
		u32 dice = get_random_u32();
		bool want;

		/* mostly near the right edge, now and then a jump */
		seq = top + dice % 8;
		if (dice & 0x100)
			seq = top - min_t(u64, top, (dice >> 9) % (2 * window));
		if (dice >> 20 == 0)
			seq += 3 * window;
		if (seq >= SPAN)
			break;
		want = seq && !seen[seq] && (seq > top || top - seq < window);
		if (passes(&r, seq) != want) {
			pr_err("vtun: replay W=%u top %llu: wrong on %llu\n",
			       window, top, seq);
			err = -EINVAL;
		}
		if (want) {
			seen[seq] = 1;
			top = max(top, seq);
		}
	}
	vtun_replay_destroy(&r);
	kvfree(seen);
	return err;
}

/* an SA taken over at a number: nothing up to it, everything behind it */
static int test_resume(void)
{
	struct vtun_replay r;
	u64 top, seq;
	int err = 0;

	for (top = 1; top < 200 && !err; top++) {
		err = vtun_replay_init(&r, 64, false, top, GFP_KERNEL);
		if (err)
			break;
		for (seq = 0; seq <= top; seq++)
			if (passes(&r, seq))
				err = -EINVAL;
		for (seq = top + 140; seq > top + 76; seq--)
			if (!passes(&r, seq) || passes(&r, seq))
				err = -EINVAL;
		vtun_replay_destroy(&r);
	}
	if (err)
		pr_err("vtun: replay taken over at %llu is wrong\n", top - 1);
	return err;
}

static int test_limits(void)
{
	static const u32 bad[] = { 1, 31, 8193, U32_MAX };
	struct vtun_replay r;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (vtun_replay_init(&r, bad[i], false, 0, GFP_KERNEL) !=
		    -EINVAL) {
			pr_err("vtun: replay window %u accepted\n", bad[i]);
			return -EINVAL;
		}
	/* window 0: everything passes, any number of times, but number 0 */
	if (vtun_replay_init(&r, 0, false, 0, GFP_KERNEL) || passes(&r, 0) ||
	    !passes(&r, 7) || !passes(&r, 7) || !passes(&r, 1)) {
		pr_err("vtun: replay window 0 is wrong\n");
		return -EINVAL;
	}
	return 0;
}

int vtun_selftest_replay(void)
{
	static const u32 windows[] = {
		32, 33, 63, 64, 65, 127, 1000, 2048, 4095, 8192
	};
	unsigned int i;
	int err;

	err = test_esn() ?: test_window() ?: test_resume() ?: test_limits();
	for (i = 0; i < ARRAY_SIZE(windows) && !err; i++)
		err = test_random(windows[i]);
	return err;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Anti-replay window and recovery of 64-bit sequence numbers.
 *
 * Numbers are 64 bits wide here whether or not the SA uses extended ones, so
 * the window itself knows nothing about wrapping.
 */
#include "replay.h"

#include <linux/bitops.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/slab.h>

static unsigned long *word_of(const struct vtun_replay *r, u64 seq)
{
	return &r->bitmap[(seq & r->mask) / BITS_PER_LONG];
}

/**
 * vtun_replay_init() - prepare the state of an inbound SA
 * @r: state, contents do not matter
 * @window: packets, 0 = replay protection off
 * @esn: extended sequence numbers
 * @top: highest number seen so far; nothing up to it is accepted any more
 * @gfp: for the bitmap
 *
 * Return: 0, -EINVAL for a window out of range, -ENOMEM.
 */
int vtun_replay_init(struct vtun_replay *r, u32 window, bool esn, u64 top,
		     gfp_t gfp)
{
	u32 bits, words;

	if (window && (window < VTUN_REPLAY_WINDOW_MIN ||
		       window > VTUN_REPLAY_WINDOW_MAX))
		return -EINVAL;

	r->top = top;
	r->window = window;
	r->esn = esn;
	r->mask = 0;
	r->bitmap = NULL;
	if (!window)
		return 0;

	bits = max_t(u32, roundup_pow_of_two(window), BITS_PER_LONG);
	words = bits / BITS_PER_LONG;
	r->bitmap = kcalloc(words, sizeof(*r->bitmap), gfp);
	if (!r->bitmap)
		return -ENOMEM;
	r->mask = bits - 1;
	/*
	 * An SA taken over at @top does not know which numbers below it were
	 * used: all of them count as seen.
	 */
	if (top)
		memset(r->bitmap, 0xff, words * sizeof(*r->bitmap));
	return 0;
}

/**
 * vtun_replay_destroy() - free what vtun_replay_init() allocated
 * @r: state, zeroed is fine
 */
void vtun_replay_destroy(struct vtun_replay *r)
{
	kfree(r->bitmap);
	r->bitmap = NULL;
}

/**
 * vtun_replay_recover() - number of a packet from its low half on the wire
 * @r: state; any context, no lock
 * @seq_lo: sequence number field
 * @seq: set to the number to authenticate with
 *
 * RFC 4303 Appendix A2.2: the window spans either one subspace of 2^32 numbers
 * (case A) or two (case B), and every number on the wire stands for the only
 * one that is inside the window or less than a subspace right of its left edge.
 *
 * Without a window there is no edge, so the nearest number is taken.
 *
 * Return: false when the number would lie before the first or behind the last
 * one there is; such a packet cannot exist.
 */
bool vtun_replay_recover(const struct vtun_replay *r, u32 seq_lo, u64 *seq)
{
	u64 top = READ_ONCE(r->top);
	u32 window = r->window ?: 1U << 31;
	u32 high = upper_32_bits(top);
	u32 low = lower_32_bits(top);
	u32 left = low - window + 1;	/* modulo 2^32 by intention */

	if (!r->esn) {
		*seq = seq_lo;
		return true;
	}
	if (low >= window - 1) {		/* case A */
		if (seq_lo < left && ++high == 0)
			return false;
	} else if (seq_lo >= left) {		/* case B */
		if (high-- == 0)
			return false;
	}
	*seq = (u64)high << 32 | seq_lo;
	return true;
}

/* the part of the verdict that needs no change; @top was read once */
static enum vtun_drop check(const struct vtun_replay *r, u64 top, u64 seq)
{
	if (!seq)
		return VTUN_DROP_REPLAY_ZERO;
	if (!r->window || seq > top)
		return 0;
	if (top - seq >= r->window)
		return VTUN_DROP_REPLAY_OLD;
	if (READ_ONCE(*word_of(r, seq)) & BIT_MASK(seq))
		return VTUN_DROP_REPLAY_DUP;
	return 0;
}

/**
 * vtun_replay_peek() - refuse early what authentication cannot save
 * @r: state
 * @seq: recovered number
 *
 * Runs without the lock: a verdict that just became stale lets a duplicate
 * through to vtun_replay_accept(), which decides.
 *
 * Return: 0 or the reason to drop.
 */
enum vtun_drop vtun_replay_peek(struct vtun_replay *r, u64 seq)
{
	/* pairs with vtun_replay_accept() */
	return check(r, smp_load_acquire(&r->top), seq);
}

/* the numbers from @first on, before @end, were not seen */
static void forget(struct vtun_replay *r, u64 first, u64 end)
{
	unsigned long mask;
	unsigned int n;

	if (end - first > r->mask)
		first = end - r->mask - 1;
	for (; first < end; first += n) {
		n = min_t(u64, end - first,
			  BITS_PER_LONG - first % BITS_PER_LONG);
		mask = GENMASK(first % BITS_PER_LONG + n - 1,
			       first % BITS_PER_LONG);
		WRITE_ONCE(*word_of(r, first), *word_of(r, first) & ~mask);
	}
}

/**
 * vtun_replay_accept() - check an authenticated number and take note of it
 * @r: state
 * @seq: recovered number
 *
 * Only after the ICV was found right: a forged packet must not move the window
 * (RFC 4303 3.4.3). vtun_sa.lock.
 *
 * Return: 0 or the reason to drop.
 */
enum vtun_drop vtun_replay_accept(struct vtun_replay *r, u64 seq)
{
	enum vtun_drop why = check(r, r->top, seq);

	if (unlikely(why))
		return why;
	if (r->window) {
		unsigned long *word;

		if (seq > r->top) {
			if (unlikely(seq != r->top + 1))
				forget(r, r->top + 1, seq);
			/* who sees the new edge sees what is forgotten */
			smp_store_release(&r->top, seq);
		}
		word = word_of(r, seq);
		WRITE_ONCE(*word, *word | BIT_MASK(seq));
	} else if (seq > r->top) {
		WRITE_ONCE(r->top, seq);
	}
	return 0;
}

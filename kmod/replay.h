/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_REPLAY_H
#define VTUN_REPLAY_H

#include <linux/types.h>
#include <uapi/linux/vtun.h>

/**
 * struct vtun_replay - anti-replay state of an inbound SA, RFC 4303 3.4.3
 * @top: highest authenticated sequence number (64 bits also without ESN)
 * @bitmap: bit n of the ring stands for every number congruent to n
 * @mask: bits of @bitmap minus one; their number is a power of two, @window at
 *	least
 * @window: packets, 0 = replay protection off
 * @esn: numbers are 64 bits, high half recovered (RFC 4303 App. A2)
 *
 * vtun_sa.lock to write; vtun_replay_peek() reads without.
 */
struct vtun_replay {
	u64		top;
	unsigned long	*bitmap;
	u32		mask;
	u32		window;
	bool		esn;
};

int vtun_replay_init(struct vtun_replay *r, u32 window, bool esn, u64 top,
		     gfp_t gfp);
void vtun_replay_destroy(struct vtun_replay *r);

/* wire number -> 64-bit number to authenticate with; false: cannot exist */
bool vtun_replay_recover(const struct vtun_replay *r, u32 seq_lo, u64 *seq);

/* after authentication: check and advance in one step; vtun_sa.lock */
enum vtun_drop vtun_replay_accept(struct vtun_replay *r, u64 seq);

/* before authentication: cheap look, changes nothing; 0 or enum vtun_drop */
enum vtun_drop vtun_replay_peek(struct vtun_replay *r, u64 seq);

#endif /* VTUN_REPLAY_H */

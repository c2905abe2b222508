/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_SA_H
#define VTUN_SA_H

#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/types.h>
#include <uapi/linux/vtun.h>

#include "crypto.h"
#include "lifetime.h"
#include "replay.h"
#include "stats.h"

struct vtun_child;
struct vtun_net;

/**
 * struct vtun_sa - one unidirectional ESP security association
 * @spi: host byte order is used on netlink; this is the wire's
 * @dir: enum vtun_dir
 * @state: enum vtun_sa_state; written under vtun_net.lock, read with READ_ONCE
 * @esn: 64-bit sequence numbers
 * @proof_wanted: in: a packet on it activates @pair; READ_ONCE hint
 * @child: what it realises; valid as long as the SA is (SA holds a reference);
 *	NULL only while larval
 * @crypto: keyed cipher; wiped when the SA expires hard or is freed
 * @limits: configured lifetimes; read-only after installation
 * @seq: out: last number handed out
 * @bytes: inner octets charged so far
 * @packets: charged so far
 * @last_used: ms of CLOCK_BOOTTIME, 0 = never; racy by design
 * @replay: in
 * @drops: packets of this SA that died
 * @installed: ms of CLOCK_BOOTTIME
 * @soft: expiry as announced, level 0 = not yet; vtun_net.lock
 * @hard: likewise
 * @soft_at: ms of CLOCK_BOOTTIME of @soft
 * @hard_at: of @hard
 * @pair: the SA of the other direction installed in the same request, RCU,
 *	NULL once that one is deleted
 * @switched: enum vtun_switch, 0 = never was current
 * @timer: next soft or hard time limit, standby deadline or larval end
 * @deadline: standby only, ms of CLOCK_BOOTTIME, 0 = none
 * @spi_node: vtun_net.sad, in only
 * @child_node: vtun_child.sas; vtun_net.lock
 * @net: namespace it belongs to
 * @ref: one for the tables, one per reader outside RCU
 * @dead: unhashed; timers and packet path must not re-arm anything (rule R5)
 */
struct vtun_sa {
	__be32			spi;
	u8			dir;
	u8			state;
	bool			esn;
	bool			proof_wanted;
	bool			dead;
	u8			switched;
	struct vtun_child	*child;
	struct vtun_crypto	crypto;
	struct vtun_limits	limits;

	atomic64_t		seq ____cacheline_aligned_in_smp;
	atomic64_t		bytes;
	atomic64_t		packets;
	u64			last_used;

	struct vtun_replay	replay;
	struct vtun_drops	drops;

	u64			installed;
	struct vtun_expiry	soft, hard;
	u64			soft_at, hard_at;
	u64			deadline;
	struct vtun_sa __rcu	*pair;
	struct hrtimer		timer;
	struct rhash_head	spi_node;
	struct list_head	child_node;
	struct vtun_net		*net;
	refcount_t		ref;
	struct rcu_head		rcu;
};

/* inbound SA by SPI, larval and expired ones included; under RCU, no ref */
struct vtun_sa *vtun_sa_lookup_in(struct vtun_net *vn, __be32 spi);

/**
 * vtun_sa_charge() - reserve numbers and volume for packets about to be sent
 * @sa: outbound SA
 * @packets: how many, >= 1
 * @bytes: sum of their inner lengths
 * @first: set to the first of @packets consecutive sequence numbers
 *
 * Reserves everything or nothing; hard limits are never exceeded. Announces a
 * soft or hard expiry it caused. RCU read side, BH off.
 *
 * Return: 0, or the enum vtun_drop the packets die of.
 */
enum vtun_drop vtun_sa_charge(struct vtun_sa *sa, unsigned int packets,
			      u64 bytes, u64 *first);

/**
 * vtun_sa_credit() - account an authenticated, replay-checked inbound packet
 * @sa: inbound SA
 * @bytes: inner length
 *
 * Announces expiries; activates the paired standby outbound SA (RFC 7296 2.8)
 * when @sa->proof_wanted. RCU read side, BH off.
 *
 * Return: 0, or VTUN_DROP_HARD_EXPIRED when the packet must not pass.
 */
enum vtun_drop vtun_sa_credit(struct vtun_sa *sa, u64 bytes);

#endif /* VTUN_SA_H */

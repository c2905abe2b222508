/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_SA_H
#define VTUN_SA_H

#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <uapi/linux/vtun.h>

#include "crypto.h"
#include "lifetime.h"
#include "meter.h"
#include "replay.h"
#include "stats.h"

struct vtun_child;
struct vtun_net;

/**
 * struct vtun_sa - one unidirectional ESP security association
 * @id: place in vtun_net.sas and in dumps; newer SAs have higher ones until it
 *	wraps around
 * @spi: host byte order is used on netlink; this is the wire's
 * @fingerprint: vtun_crypto_fingerprint() of the key
 * @dir: enum vtun_dir
 * @state: enum vtun_sa_state; written under vtun_net.lock, read with READ_ONCE
 * @esn: 64-bit sequence numbers
 * @proof_wanted: in: a packet on it activates @pair; READ_ONCE hint
 * @child: what it realises; valid as long as the SA is (SA holds a reference);
 *	NULL only while larval
 * @suite: stays known after @crypto was wiped; NULL while larval
 * @crypto: keyed cipher; wiped one grace period after the SA expired hard, and
 *	when it is freed
 * @limits: configured lifetimes; vtun_net.lock and @lock to write
 * @lock: what a packet uses up, the one atomic operation it costs; a leaf, BH
 * @replay: in; @lock
 * @meter: @lock
 * @last_used: ms of CLOCK_BOOTTIME, 0 = never; @lock to write, READ_ONCE
 * @tick: jiffies of @last_used; @lock
 * @drops: packets of this SA that died; vtun_drops_note()
 * @soft: expiry as announced, level 0 = not yet; vtun_net.lock and @lock to
 *	write
 * @hard: likewise
 * @soft_at: ms of CLOCK_BOOTTIME of @soft
 * @hard_at: of @hard
 * @pair: the SA of the other direction installed in the same request, RCU,
 *	NULL once that one is deleted
 * @switched: enum vtun_switch, 0 = never was current
 * @timer: next soft or hard time limit, standby deadline or larval end
 * @deadline: ms of CLOCK_BOOTTIME; standby: becomes current, 0 = does not;
 *	larval: ends
 * @spi_node: vtun_net.sad, in only
 * @out_node: vtun_net.outs, out only
 * @child_node: vtun_child.sas; vtun_net.lock
 * @net: namespace it belongs to
 * @ref: one for the tables, one per reader outside RCU
 * @rcu: to free it; wiping of @crypto after hard expiry, which holds a
 *	reference until then
 * @dead: unhashed; timers and packet path must not re-arm anything
 *
 * There are thousands of them: a little less than 512 octets on 64 bits, as the
 * allocator has nothing between that and twice as much.
 */
struct vtun_sa {
	u32			id;
	__be32			spi;
	u32			fingerprint;
	u8			dir;
	u8			state;
	bool			esn;
	bool			proof_wanted;
	bool			dead;
	u8			switched;
	struct vtun_child	*child;
	const struct vtun_suite	*suite;
	struct vtun_crypto	crypto;
	struct vtun_limits	limits;

	spinlock_t		lock;
	struct vtun_replay	replay;
	struct vtun_meter	meter;
	u64			last_used;
	unsigned long		tick;

	struct vtun_drops	*drops;
	struct vtun_expiry	soft, hard;
	u64			soft_at, hard_at;
	u64			deadline;
	struct vtun_sa __rcu	*pair;
	struct hrtimer		timer;
	union {
		struct rhash_head	spi_node;
		struct hlist_node	out_node;
	};
	struct list_head	child_node;
	struct vtun_net		*net;
	refcount_t		ref;
	struct rcu_head		rcu;
};

/**
 * struct vtun_sa_config - one SA of SA_INSTALL, already checked
 * @key: suite->key_len + suite->salt_len octets, in the request; not copied
 */
struct vtun_sa_config {
	u8 dir;
	bool esn;
	u32 spi;
	u32 window;
	u64 seq;
	const struct vtun_suite *suite;
	const u8 *key;
	struct vtun_limits limits;
};

/**
 * struct vtun_sa_install - SA_INSTALL, already checked
 * @in: NULL or the inbound SA
 * @out: NULL or the outbound SA; one of the two is there
 * @standby: else @out becomes current at once
 * @prove: send a dummy packet at once; not with @standby
 * @deadline_ms: with @standby, 0 = none
 */
struct vtun_sa_install {
	const struct vtun_sa_config *in, *out;
	bool standby, prove;
	u32 deadline_ms;
};

struct netlink_ext_ack;

int vtun_sa_table_init(struct vtun_net *vn);
void vtun_sa_table_destroy(struct vtun_net *vn);

/* whole or not at all; vtun_net.ctl, may sleep */
int vtun_sa_install(struct vtun_child *child, const struct vtun_sa_install *req,
		    struct netlink_ext_ack *extack);
/* reserves an SPI in [@min, @max]; @child may be NULL; vtun_net.ctl */
int vtun_sa_alloc_spi(struct vtun_net *vn, struct vtun_child *child, u32 min,
		      u32 max, u32 *spi, struct netlink_ext_ack *extack);
/* a child's outbound SA; vtun_net.lock, and vtun_net.ctl to keep it */
struct vtun_sa *vtun_sa_find_out(struct vtun_child *child, __be32 spi);
/* makes an outbound SA current; vtun_net.ctl */
int vtun_sa_activate(struct vtun_sa *sa, struct netlink_ext_ack *extack);
/* stops the timer and puts the reference of the tables, after unlinking */
void vtun_sa_release(struct vtun_sa *sa);
/* both; @sa may be out already when it is larval; process context */
void vtun_sa_del(struct vtun_sa *sa);

void vtun_sa_get(struct vtun_sa *sa);
void vtun_sa_put(struct vtun_sa *sa);	/* any context */

/* vtun_net.lock from here to vtun_sa_wipe() */
/* out of every table; then vtun_sa_release() without lock */
void vtun_sa_unlink(struct vtun_sa *sa);
/* moves the outbound pointer from @old; then vtun_hold_flush() without lock */
void vtun_sa_make_current(struct vtun_sa *sa, struct vtun_sa *old,
			  enum vtun_switch why);
/* newest outbound SA of @child in standby, or NULL */
struct vtun_sa *vtun_sa_standby(struct vtun_child *child);
/* installed after @other? */
bool vtun_sa_newer(const struct vtun_sa *sa, const struct vtun_sa *other);
/* keys go after a grace period; the state is EXPIRED already */
void vtun_sa_wipe(struct vtun_sa *sa);
/* takes vtun_net.lock: a packet on inbound @sa proves its pair; RCU, BH off */
void vtun_sa_proof(struct vtun_sa *sa);

/* any context in which BH may be switched off */
void vtun_sa_read_usage(const struct vtun_sa *sa, struct vtun_usage *usage);

/* outbound SAs that may have an SPI, others among them; under RCU, no ref */
#define vtun_sa_for_each_out(sa, vn, out_spi)				\
	hash_for_each_possible_rcu((vn)->outs, sa, out_node,		\
				   (__force u32)(out_spi))

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
 * vtun_sa_credit() - accept an authenticated inbound packet
 * @sa: inbound SA
 * @seq: its number, recovered
 * @bytes: inner length
 *
 * Replay window, counters and limits in one step. Announces expiries; activates
 * the paired standby outbound SA (RFC 7296 2.8) when @sa->proof_wanted. RCU
 * read side, BH off.
 *
 * Return: 0, or the enum vtun_drop the packet dies of.
 */
enum vtun_drop vtun_sa_credit(struct vtun_sa *sa, u64 seq, u64 bytes);

#endif /* VTUN_SA_H */

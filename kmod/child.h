/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_CHILD_H
#define VTUN_CHILD_H

#include <linux/hrtimer.h>
#include <linux/in6.h>
#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/refcount.h>
#include <linux/skbuff.h>
#include <linux/timer.h>
#include <uapi/linux/vtun.h>

#include "path.h"
#include "stats.h"
#include "ts.h"

struct vtun_member_rules;
struct vtun_net;
struct vtun_sa;

/**
 * struct vtun_child_options - how packets of a child are treated
 * @df: enum vtun_df
 * @dscp: outer DSCP, or VTUN_DSCP_COPY
 * @mss_clamp: 0 = off, 1 = from the MTU, else octets
 * @keepalive_ms: NAT keepalive after so long without a packet, 0 = none
 */
struct vtun_child_options {
	u8 df, dscp;
	u16 mss_clamp;
	u32 keepalive_ms;
};

/**
 * struct vtun_child - a CHILD_SA and its successors
 * @id: per namespace, stable
 * @name: unique per namespace
 * @flags: enum vtun_child_flag; READ_ONCE and WRITE_ONCE, as for @options
 * @mode: enum vtun_mode
 * @options: what CHILD_SET may change at any time
 * @dev: the vtun device that is its door; reference held; NULL: policies are
 * @path: outer endpoints and route; vtun_net.lock to write, RCU to read
 * @moved: where the peer is, authentically, if not where @path says, else NULL;
 *	vtun_net.lock to write, RCU to read
 * @moved_at: when @moved or the ends of @path changed last, ms of
 *	CLOCK_BOOTTIME, 0 = never; vtun_net.lock to write, READ_ONCE hint
 * @changing: CHILD_SET is at work, no packet may change @path; vtun_net.lock
 * @keepalive: NAT keepalive, RFC 3948 4; armed under vtun_net.ctl and by itself
 * @keepalive_last: when one was sent, ms of CLOCK_BOOTTIME; of the timer
 * @ts: what it may carry; vtun_net.ctl to write, RCU to read
 * @out: current outbound SA; vtun_net.lock to write, RCU to read
 * @sas: every SA of this child (vtun_sa.child_node); vtun_net.lock
 * @dev_node: vtun_device.children; vtun_net.ctl
 * @rules: @ts in vtun_device.table; vtun_net.ctl
 * @name_node: vtun_net.names
 * @switches: times @out changed; vtun_net.lock
 * @n_policies: that name it; vtun_net.ctl to write, READ_ONCE to read
 * @usable: counted in vtun_device.usable; vtun_net.lock
 * @sending: counted in vtun_device.sending; vtun_net.lock
 * @doorless: off the device, which must not count it any more; vtun_net.lock
 * @dead: being removed: nothing may be queued any more; hold.lock
 * @hold: packets waiting for an SA; hold.lock
 * @hold_bytes: their lengths; hold.lock
 * @holding: packets wait, or are being sent to the new SA, and later ones must
 *	queue behind them; hold.lock to write, READ_ONCE hint
 * @flushing: one CPU is in vtun_hold_flush(); hold.lock
 * @hold_max: limits of @hold: packets, octets, ms
 * @hold_timer: when the oldest packet of @hold gets too old
 * @acquire_at: ms of CLOCK_BOOTTIME of the pending ACQUIRE, 0 = none; hold.lock
 * @acquire_last: when it was announced last; hold.lock
 * @drops: packets of this child that died without an SA to blame;
 *	vtun_drops_note()
 * @ref: one for the tables, one per SA
 */
struct vtun_child {
	u32			id;
	char			name[VTUN_NAME_MAX + 1];
	u32			flags;
	u8			mode;
	struct vtun_child_options options;
	struct vtun_net		*net;
	struct net_device	*dev;
	netdevice_tracker	dev_tracker;
	struct vtun_path __rcu	*path;
	struct vtun_moved __rcu	*moved;
	u64			moved_at;
	bool			changing;
	struct timer_list	keepalive;
	u64			keepalive_last;
	struct vtun_selectors __rcu *ts;
	struct vtun_sa __rcu	*out;
	struct list_head	sas;
	struct list_head	dev_node;
	struct vtun_member_rules *rules;
	struct hlist_node	name_node;
	u32			switches;
	u32			n_policies;
	bool			usable, sending;
	bool			doorless;
	bool			dead;

	bool			holding, flushing;
	struct sk_buff_head	hold;
	u32			hold_bytes;
	struct {
		u32 packets, bytes, ms;
	} hold_max;
	struct hrtimer		hold_timer;
	u64			acquire_at, acquire_last;

	struct vtun_drops	*drops;
	refcount_t		ref;
	struct rcu_head		rcu;
};

/**
 * struct vtun_child_config - what CHILD_NEW or CHILD_SET asks for, checked
 * @given: attributes of the request, BIT_ULL(VTUN_A_CHILD_*); CHILD_NEW: what
 *	is not given has its default; CHILD_SET: has no meaning
 * @id: 0 = choose
 * @name: NUL-terminated
 * @ifindex: door, 0 = policies
 * @path: outer endpoints
 * @ts_local: @n_local selectors; vtun_child_new() copies them
 *
 * The other members are those of struct vtun_child.
 */
struct vtun_child_config {
	u64 given;
	u32 id;
	const char *name;
	u32 flags;
	u32 ifindex;
	u8 mode;
	struct vtun_child_options options;
	struct vtun_path_config path;
	u8 n_local, n_remote;
	struct vtun_ts *ts_local, *ts_remote;
	u32 hold_packets, hold_bytes, hold_ms;
};

/**
 * struct vtun_moved - where a peer is seen although its path says otherwise
 * @to: path to it: what its packets came from is @remote and @dport
 * @rcu: to free it
 */
struct vtun_moved {
	struct vtun_path_config to;
	struct rcu_head rcu;
};

struct netlink_ext_ack;

/* creates and publishes; vtun_net.ctl. ERR_PTR with the text in @extack. */
struct vtun_child *vtun_child_new(struct vtun_net *vn,
				  const struct vtun_child_config *config,
				  struct netlink_ext_ack *extack);
/**
 * vtun_child_set() - change a child in place
 * @child: the child; its SAs, counters and replay state stay (RFC 4555)
 * @config: only what @config->given names counts
 * @extack: why not
 *
 * Whole or not at all. vtun_net.ctl.
 *
 * Return: 0 or -errno.
 */
int vtun_child_set(struct vtun_child *child,
		   const struct vtun_child_config *config,
		   struct netlink_ext_ack *extack);
/* other selectors, and its place at the door with them; vtun_net.ctl */
int vtun_child_set_selectors(struct vtun_child *child,
			     struct vtun_selectors *ts,
			     struct netlink_ext_ack *extack);
/* may outer packets be made to leave by @link? */
int vtun_child_check_link(struct vtun_net *vn, u32 link,
			  struct netlink_ext_ack *extack);
/* unlinks a child with its SAs, drops what it holds; vtun_net.ctl */
void vtun_child_del(struct vtun_child *child);
struct vtun_child *vtun_child_find(struct vtun_net *vn, u32 id);
struct vtun_child *vtun_child_find_name(struct vtun_net *vn, const char *name);
void vtun_child_get(struct vtun_child *child);
void vtun_child_put(struct vtun_child *child);
/* a packet that died without an SA to blame: counts at child and door */
void vtun_child_drop(struct vtun_child *child, enum vtun_drop why,
		     unsigned int packets);
/* has an SA or may ask for one? tells the device; vtun_net.lock */
void vtun_child_update_usable(struct vtun_child *child);

/* keepalive.c: NAT keepalive, RFC 3948 4 */
void vtun_keepalive_init(struct vtun_child *child);
/* begins, or looks at what changed; vtun_net.ctl for both */
void vtun_keepalive_start(struct vtun_child *child);
void vtun_keepalive_stop(struct vtun_child *child);

/* moved.c */
/**
 * vtun_child_moved() - an authentic packet came from elsewhere
 * @sa: inbound SA it came by
 * @seq: its number, already accepted by the replay window
 * @seen: path that would reach where it came from: @remote its outer source,
 *	@local its outer destination, with UDP @dport its source port and @sport
 *	its destination port
 *
 * Only the newest packet of the newest inbound SA says where the peer is; what
 * is delayed or replayed on purpose changes nothing. Announces the move, and
 * goes there with VTUN_CHILD_F_FOLLOW_PEER (RFC 7296 2.23). RCU, BH off.
 */
void vtun_child_moved(struct vtun_sa *sa, u64 seq,
		      const struct vtun_path_config *seen);
/* forgets where the peer was seen; vtun_net.lock, or nobody knows the child */
void vtun_child_unmoved(struct vtun_child *child);

/* is there something to tell vtun_child_moved()? of every packet; RCU */
static inline bool vtun_child_is_elsewhere(const struct vtun_child *child,
					   const struct vtun_path_config *seen)
{
	const struct vtun_path *path = rcu_dereference(child->path);

	return rcu_access_pointer(child->moved) ||
	       !vtun_path_same_ends(&path->config, seen);
}

/* hold.c */
void vtun_hold_init(struct vtun_child *child);
/* queues @skb or, if an SA came meanwhile, sends it; consumes. RCU, BH off. */
void vtun_hold_add(struct vtun_child *child, struct sk_buff *skb);
/*
 * Sends what waits, in order, and forgets the pending ACQUIRE; after @out was
 * set. RCU read side, no lock held.
 */
void vtun_hold_flush(struct vtun_child *child);
/* after CHILD_SET: other limits; drops what is too much or has no place here */
void vtun_hold_set(struct vtun_child *child, u32 packets, u32 bytes, u32 ms);
/* marks dead, drops what waits, stops the timer; process context */
void vtun_hold_stop(struct vtun_child *child);
/**
 * vtun_child_match() - is an inner packet inside a child's selectors?
 * @child: the child
 * @skb: network header at the inner packet, header already validated
 * @dir: VTUN_DIR_OUT: source is local; VTUN_DIR_IN: source is remote
 *
 * Non-first fragments match only selectors that cover all ports (RFC 4301 7).
 * RCU.
 */
bool vtun_child_match(const struct vtun_child *child, const struct sk_buff *skb,
		      enum vtun_dir dir);

#endif /* VTUN_CHILD_H */

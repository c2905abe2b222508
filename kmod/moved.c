// SPDX-License-Identifier: GPL-2.0-only
/*
 * A peer that is somewhere else: RFC 7296 2.23. Outer addresses and ports are
 * not authentic; that a packet with a new number came from there is all we
 * know. Whoever sits on the path can always send a packet on from elsewhere
 * before it arrives; but nobody can play an old one and have it believed.
 */
#include <linux/inetdevice.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "child.h"
#include "events.h"
#include "lifetime.h"
#include "net.h"
#include "sa.h"

/* a peer moves no more often than that, whatever it sends from */
#define INTERVAL_MS	200

/* has a younger SA of the child heard the peer? That one knows better. */
static bool is_outdated(const struct vtun_child *child,
			const struct vtun_sa *sa)
{
	const struct vtun_sa *other;

	lockdep_assert_held(&child->net->lock);
	list_for_each_entry(other, &child->sas, child_node)
		if (other->dir == VTUN_DIR_IN && other != sa &&
		    vtun_sa_newer(other, sa) && READ_ONCE(other->last_used))
			return true;
	return false;
}

/* could we send there, from there? Outer headers may hold anything. */
static bool is_sane(struct vtun_net *vn, const struct vtun_path_config *seen)
{
	if (seen->encap == VTUN_ENCAP_UDP && (!seen->dport || !seen->sport))
		return false;
	if (seen->family == AF_INET)
		return !ipv4_is_multicast(seen->remote.s6_addr32[0]) &&
		       !ipv4_is_lbcast(seen->remote.s6_addr32[0]) &&
		       !ipv4_is_zeronet(seen->remote.s6_addr32[0]) &&
		       inet_addr_type(vn->net, seen->local.s6_addr32[0]) ==
		       RTN_LOCAL;
	return ipv6_addr_type(&seen->remote) & IPV6_ADDR_UNICAST &&
	       ipv6_addr_type(&seen->local) & IPV6_ADDR_UNICAST;
}

void vtun_child_unmoved(struct vtun_child *child)
{
	struct vtun_moved *moved;

	lockdep_assert_held(&child->net->lock);
	moved = rcu_replace_pointer(child->moved, NULL,
				    lockdep_is_held(&child->net->lock));
	if (moved)
		kfree_rcu(moved, rcu);
}

/* not there any more, but we go on sending to where we did; false: no memory */
static bool note(struct vtun_child *child, const struct vtun_path_config *seen)
{
	struct vtun_moved *moved = kmalloc(sizeof(*moved), GFP_ATOMIC);

	if (!moved)
		return false;
	moved->to = *seen;
	vtun_child_unmoved(child);
	rcu_assign_pointer(child->moved, moved);
	return true;
}

/* false: no memory, the next packet tries again */
static bool follow(struct vtun_child *child,
		   const struct vtun_path_config *seen)
{
	struct vtun_path_config config;
	struct vtun_path *path, *old;

	old = rcu_dereference_protected(child->path,
					lockdep_is_held(&child->net->lock));
	config = old->config;
	config.family = seen->family;
	config.local = seen->local;
	config.remote = seen->remote;
	config.encap = seen->encap;
	if (seen->encap == VTUN_ENCAP_UDP) {
		config.sport = seen->sport;
		config.dport = seen->dport;
	}
	path = vtun_path_new(child->net, &config, GFP_ATOMIC | __GFP_NOWARN);
	if (!path)
		return false;
	rcu_assign_pointer(child->path, path);
	vtun_path_free(old);
	vtun_child_unmoved(child);
	return true;
}

static void peer_is(struct vtun_child *child,
		    const struct vtun_path_config *seen)
{
	const struct vtun_path *path;
	bool followed = false, done;

	path = rcu_dereference_protected(child->path,
					 lockdep_is_held(&child->net->lock));
	if (vtun_path_same_ends(&path->config, seen)) {
		/* back again */
		done = rcu_access_pointer(child->moved);
		vtun_child_unmoved(child);
	} else if (READ_ONCE(child->flags) & VTUN_CHILD_F_FOLLOW_PEER) {
		done = follow(child, seen);
		followed = true;
	} else {
		done = note(child, seen);
	}
	if (!done)
		return;
	WRITE_ONCE(child->moved_at, vtun_lifetime_now());
	vtun_event_peer_moved(child, seen, followed);
}

void vtun_child_moved(struct vtun_sa *sa, u64 seq,
		      const struct vtun_path_config *seen)
{
	struct vtun_child *child = sa->child;
	struct vtun_net *vn = child->net;
	const struct vtun_moved *moved;
	u64 last;

	/* known already: of every packet, without lock */
	moved = rcu_dereference(child->moved);
	if (moved && vtun_path_same_ends(&moved->to, seen) &&
	    !(READ_ONCE(child->flags) & VTUN_CHILD_F_FOLLOW_PEER))
		return;
	last = READ_ONCE(child->moved_at);
	if (last && vtun_lifetime_now() < last + INTERVAL_MS)
		return;
	/* without a window an old packet cannot be told from a new one */
	if (!sa->replay.window || seq < READ_ONCE(sa->replay.top) ||
	    !is_sane(vn, seen))
		return;

	spin_lock(&vn->lock);
	if (!sa->dead && !child->changing && !is_outdated(child, sa))
		peer_is(child, seen);
	spin_unlock(&vn->lock);
}

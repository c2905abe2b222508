// SPDX-License-Identifier: GPL-2.0-only
/*
 * A child is changed in place, RFC 4555: its SAs, numbers, counters and replay
 * state know nothing of it. Everything that may fail is done first; then path,
 * selectors and options are replaced, each as a whole. A packet on its way may
 * see the new one of the one and the old one of the other.
 */
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/rcupdate.h>

#include "child.h"
#include "device.h"
#include "lifetime.h"
#include "net.h"

#define GIVEN(name)	BIT_ULL(VTUN_A_CHILD_##name)
#define GIVEN_ENDS	(GIVEN(LOCAL) | GIVEN(REMOTE) | GIVEN(ENCAP) | \
			 GIVEN(LOCAL_PORT) | GIVEN(REMOTE_PORT))
#define GIVEN_PATH	(GIVEN_ENDS | GIVEN(MARK) | GIVEN(LINK))
#define GIVEN_TS	(GIVEN(TS_LOCAL) | GIVEN(TS_REMOTE))

/**
 * struct change - what a child becomes
 * @child: the child
 * @config: as asked for
 * @path: its next path, NULL = it keeps the one it has
 * @ts: its next selectors, likewise
 * @options: its next options
 */
struct change {
	struct vtun_child *child;
	const struct vtun_child_config *config;
	struct vtun_path *path;
	struct vtun_selectors *ts;
	struct vtun_child_options options;
};

static bool is_given(const struct change *c, u64 what)
{
	return c->config->given & what;
}

/* the path as it is, without what packets may do to it meanwhile */
static void merge_path(const struct change *c, struct vtun_path_config *to)
{
	const struct vtun_path_config *want = &c->config->path;

	if (is_given(c, GIVEN(LOCAL)))
		to->local = want->local;
	if (is_given(c, GIVEN(REMOTE)))
		to->remote = want->remote;
	if (is_given(c, GIVEN(LOCAL) | GIVEN(REMOTE)))
		to->family = want->family;
	if (is_given(c, GIVEN(ENCAP)))
		to->encap = want->encap;
	if (is_given(c, GIVEN(LOCAL_PORT)))
		to->sport = want->sport;
	if (is_given(c, GIVEN(REMOTE_PORT)))
		to->dport = want->dport;
	if (is_given(c, GIVEN(MARK)))
		to->mark = want->mark;
	if (is_given(c, GIVEN(LINK)))
		to->link = want->link;
}

static int plan_path(struct change *c, struct netlink_ext_ack *extack)
{
	u64 ends = c->config->given & (GIVEN(LOCAL) | GIVEN(REMOTE));
	const struct vtun_path *old;
	struct vtun_path_config to;
	int err;

	old = rcu_dereference_protected(c->child->path, c->child->changing);
	to = old->config;
	if (hweight64(ends) == 1 && c->config->path.family != to.family) {
		NL_SET_ERR_MSG(extack, "outer addresses are of different families");
		return -EINVAL;
	}
	merge_path(c, &to);
	if (to.encap == VTUN_ENCAP_NONE &&
	    is_given(c, GIVEN(LOCAL_PORT) | GIVEN(REMOTE_PORT))) {
		NL_SET_ERR_MSG(extack, "ports need encapsulation in UDP");
		return -EINVAL;
	}
	if (to.encap == VTUN_ENCAP_NONE && is_given(c, GIVEN(KEEPALIVE_MS)) &&
	    c->config->options.keepalive_ms) {
		NL_SET_ERR_MSG(extack, "keepalives need encapsulation in UDP");
		return -EINVAL;
	}
	if (!is_given(c, GIVEN_PATH))
		return 0;
	if (is_given(c, GIVEN(LINK))) {
		err = vtun_child_check_link(c->child->net, to.link, extack);
		if (err)
			return err;
	}
	c->path = vtun_path_new(c->child->net, &to, GFP_KERNEL_ACCOUNT);
	if (c->path)
		return 0;
	NL_SET_ERR_MSG(extack, "no memory for the path");
	return -ENOMEM;
}

/* address families of one side, a bit each; no selector is any */
static u8 families(const struct vtun_ts *ts, u8 n)
{
	u8 seen = n ? 0 : 3;

	for (; n; n--, ts++)
		seen |= ts->family == AF_INET ? 1 : 2;
	return seen;
}

static int plan_selectors(struct change *c, struct netlink_ext_ack *extack)
{
	const struct vtun_child_config *want = c->config;
	const struct vtun_ts *local, *remote;
	const struct vtun_selectors *old;
	u8 n_local, n_remote;

	if (!is_given(c, GIVEN_TS))
		return 0;
	old = rcu_dereference_protected(c->child->ts,
					lockdep_is_held(&c->child->net->ctl));
	local = old->local;
	n_local = old->n_local;
	if (is_given(c, GIVEN(TS_LOCAL))) {
		local = want->ts_local;
		n_local = want->n_local;
	}
	remote = old->remote;
	n_remote = old->n_remote;
	if (is_given(c, GIVEN(TS_REMOTE))) {
		remote = want->ts_remote;
		n_remote = want->n_remote;
	}
	if (!(families(local, n_local) & families(remote, n_remote))) {
		NL_SET_ERR_MSG(extack,
			       "local and remote selectors share no address family");
		return -EINVAL;
	}
	c->ts = vtun_selectors_new(local, n_local, remote, n_remote);
	if (c->ts)
		return 0;
	NL_SET_ERR_MSG(extack, "no memory for the selectors");
	return -ENOMEM;
}

static void plan_options(struct change *c)
{
	const struct vtun_child_options *want = &c->config->options;
	struct vtun_child_options *to = &c->options;

	*to = c->child->options;
	if (is_given(c, GIVEN(DF)))
		to->df = want->df;
	if (is_given(c, GIVEN(DSCP)))
		to->dscp = want->dscp;
	if (is_given(c, GIVEN(MSS_CLAMP)))
		to->mss_clamp = want->mss_clamp;
	if (is_given(c, GIVEN(KEEPALIVE_MS)))
		to->keepalive_ms = want->keepalive_ms;
}

static void set_options(struct vtun_child_options *to,
			const struct vtun_child_options *from)
{
	WRITE_ONCE(to->df, from->df);
	WRITE_ONCE(to->dscp, from->dscp);
	WRITE_ONCE(to->mss_clamp, from->mss_clamp);
	WRITE_ONCE(to->keepalive_ms, from->keepalive_ms);
}

static void set_path(struct change *c)
{
	struct vtun_child *child = c->child;
	struct vtun_path *old;

	if (!c->path)
		return;
	old = rcu_replace_pointer(child->path, c->path,
				  lockdep_is_held(&child->net->lock));
	vtun_path_free(old);
	if (!is_given(c, GIVEN_ENDS))
		return;
	vtun_child_unmoved(child);
	/* what the peer still sends from its old place must not undo it */
	WRITE_ONCE(child->moved_at, vtun_lifetime_now());
}

/* nothing fails any more */
static void commit(struct change *c)
{
	const struct vtun_child_config *want = c->config;
	struct vtun_child *child = c->child;
	struct vtun_net *vn = child->net;

	spin_lock_bh(&vn->lock);
	set_path(c);
	set_options(&child->options, &c->options);
	if (is_given(c, GIVEN(FLAGS)))
		WRITE_ONCE(child->flags, want->flags);
	vtun_child_update_usable(child);
	child->changing = false;
	spin_unlock_bh(&vn->lock);

	vtun_hold_set(child,
		      is_given(c, GIVEN(HOLD_PACKETS)) ? want->hold_packets :
						child->hold_max.packets,
		      is_given(c, GIVEN(HOLD_BYTES)) ? want->hold_bytes :
						child->hold_max.bytes,
		      is_given(c, GIVEN(HOLD_MS)) ? want->hold_ms :
						child->hold_max.ms);
	vtun_keepalive_start(child);
}

static void set_changing(struct vtun_child *child, bool changing)
{
	spin_lock_bh(&child->net->lock);
	child->changing = changing;
	spin_unlock_bh(&child->net->lock);
}

int vtun_child_set(struct vtun_child *child,
		   const struct vtun_child_config *config,
		   struct netlink_ext_ack *extack)
{
	struct change c = { .child = child, .config = config };
	int err;

	lockdep_assert_held(&child->net->ctl);
	set_changing(child, true);
	err = plan_path(&c, extack);
	if (!err)
		err = plan_selectors(&c, extack);
	if (!err && c.ts)
		err = vtun_child_set_selectors(child, c.ts, extack);
	if (err) {
		set_changing(child, false);
		vtun_path_free(c.path);
		vtun_selectors_free(c.ts);
		return err;
	}
	plan_options(&c);
	commit(&c);
	return 0;
}

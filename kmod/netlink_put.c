// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects to attributes. Everything goes through nla_put*(), which zeroes
 * padding and refuses what does not fit. Keys are not among what is put.
 */
#include "netlink.h"

#include "crypto.h"
#include "encap.h"
#include "mtu.h"
#include "net.h"
#include "policy.h"

int vtun_put_addr(struct sk_buff *skb, int type, u8 family,
		  const struct in6_addr *addr)
{
	return nla_put(skb, type, family == AF_INET ? 4 : 16, addr);
}

static int put_drops(struct sk_buff *skb, int type, const struct vtun_drops *d)
{
	struct nlattr *nest = nla_nest_start(skb, type);
	u64 n;
	int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 1; d && i < __VTUN_DROP_MAX; i++) {
		n = atomic64_read(&d->n[i]);
		/* type 0 pads where 64 bits have to be aligned */
		if (n && nla_put_u64_64bit(skb, i, n, VTUN_DROP_UNSPEC))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int put_suite(struct sk_buff *skb, const struct vtun_suite *suite)
{
	struct nlattr *nest = nla_nest_start(skb, VTUN_A_INFO_CRYPTO);

	if (!nest || nla_put_u16(skb, VTUN_A_CRYPTO_ENCR, suite->encr) ||
	    nla_put_u16(skb, VTUN_A_CRYPTO_INTEG, suite->integ) ||
	    nla_put_u16(skb, VTUN_A_CRYPTO_KEY_LEN, suite->key_len) ||
	    nla_put_string(skb, VTUN_A_CRYPTO_NAME, suite->name) ||
	    nla_put_string(skb, VTUN_A_CRYPTO_IMPL, suite->impl ?: "none"))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int vtun_put_info(struct sk_buff *skb, struct vtun_net *vn)
{
	struct nlattr *nest = nla_nest_start(skb, VTUN_A_INFO);
	const struct vtun_suite *suite;
	unsigned int i;

	if (!nest ||
	    nla_put_string(skb, VTUN_A_INFO_VERSION, VTUN_VERSION) ||
	    nla_put_u32(skb, VTUN_A_INFO_API, VTUN_GENL_VERSION) ||
	    nla_put_u32(skb, VTUN_A_INFO_EVENT_SEQ,
			READ_ONCE(vn->event_seq)) ||
	    nla_put_u32(skb, VTUN_A_INFO_CHILDREN,
			READ_ONCE(vn->n_children)) ||
	    nla_put_u32(skb, VTUN_A_INFO_SAS, READ_ONCE(vn->n_sas)) ||
	    nla_put_u32(skb, VTUN_A_INFO_POLICIES, vtun_policy_count(vn)) ||
	    put_drops(skb, VTUN_A_INFO_DROPS, &vn->drops))
		return -EMSGSIZE;
	for (i = 0; (suite = vtun_suite_at(i)); i++)
		if (put_suite(skb, suite))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_ts(struct sk_buff *skb, int type, const struct vtun_ts *ts,
		  unsigned int n)
{
	struct nlattr *nest;
	unsigned int i;

	for (i = 0; i < n; i++, ts++) {
		nest = nla_nest_start(skb, type);
		if (!nest ||
		    vtun_put_addr(skb, VTUN_A_TS_START, ts->family,
				  &ts->start) ||
		    vtun_put_addr(skb, VTUN_A_TS_END, ts->family, &ts->end) ||
		    nla_put_u8(skb, VTUN_A_TS_PROTO, ts->proto) ||
		    nla_put_u16(skb, VTUN_A_TS_PORT_START, ts->port_start) ||
		    nla_put_u16(skb, VTUN_A_TS_PORT_END, ts->port_end))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

/* what changes while the child lives */
static int put_child_state(struct sk_buff *skb, struct vtun_child *child)
{
	u64 now = vtun_lifetime_now(), acquire_at;
	u32 held, out_spi = 0, mtu = 0;
	struct vtun_sa *out;

	spin_lock_bh(&child->hold.lock);
	held = skb_queue_len(&child->hold);
	acquire_at = child->acquire_at;
	spin_unlock_bh(&child->hold.lock);
	out = rcu_dereference(child->out);
	if (out) {
		out_spi = be32_to_cpu(out->spi);
		mtu = vtun_child_mtu(child, rcu_dereference(child->path),
				     out);
	}
	if ((out && nla_put_u32(skb, VTUN_A_CHILD_OUT_SPI, out_spi)) ||
	    nla_put_u32(skb, VTUN_A_CHILD_MTU, mtu) ||
	    nla_put_u32(skb, VTUN_A_CHILD_HELD, held) ||
	    nla_put_u32(skb, VTUN_A_CHILD_SWITCHES, READ_ONCE(child->switches)))
		return -EMSGSIZE;
	if (acquire_at &&
	    nla_put_u64_64bit(skb, VTUN_A_CHILD_ACQUIRE_MS,
			      now > acquire_at ? now - acquire_at : 0,
			      VTUN_A_CHILD_PAD))
		return -EMSGSIZE;
	return put_drops(skb, VTUN_A_CHILD_DROPS, READ_ONCE(child->drops));
}

/* begins a child with what identifies it; NULL = it does not fit */
static struct nlattr *child_begin(struct sk_buff *skb,
				  const struct vtun_child *child)
{
	struct nlattr *nest = nla_nest_start(skb, VTUN_A_CHILD);

	if (!nest || nla_put_u32(skb, VTUN_A_CHILD_ID, child->id) ||
	    nla_put_string(skb, VTUN_A_CHILD_NAME, child->name) ||
	    (child->dev && nla_put_u32(skb, VTUN_A_CHILD_IFINDEX,
				       READ_ONCE(child->dev->ifindex))))
		return NULL;
	return nest;
}

int vtun_put_child_key(struct sk_buff *skb, const struct vtun_child *child)
{
	struct nlattr *nest = child_begin(skb, child);

	if (!nest)
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_path(struct sk_buff *skb, const struct vtun_path_config *path)
{
	if (vtun_put_addr(skb, VTUN_A_CHILD_LOCAL, path->family,
			  &path->local) ||
	    vtun_put_addr(skb, VTUN_A_CHILD_REMOTE, path->family,
			  &path->remote) ||
	    nla_put_u8(skb, VTUN_A_CHILD_ENCAP, path->encap) ||
	    nla_put_u32(skb, VTUN_A_CHILD_MARK, path->mark) ||
	    nla_put_u32(skb, VTUN_A_CHILD_LINK, path->link))
		return -EMSGSIZE;
	if (path->encap &&
	    (nla_put_u16(skb, VTUN_A_CHILD_LOCAL_PORT, path->sport) ||
	     nla_put_u16(skb, VTUN_A_CHILD_REMOTE_PORT, path->dport)))
		return -EMSGSIZE;
	return 0;
}

static int put_moved(struct sk_buff *skb, const struct vtun_moved *moved)
{
	if (!moved)
		return 0;
	if (vtun_put_addr(skb, VTUN_A_CHILD_MOVED_LOCAL, moved->to.family,
			  &moved->to.local) ||
	    vtun_put_addr(skb, VTUN_A_CHILD_MOVED_REMOTE, moved->to.family,
			  &moved->to.remote))
		return -EMSGSIZE;
	if (moved->to.encap)
		return nla_put_u16(skb, VTUN_A_CHILD_MOVED_PORT,
				   moved->to.dport);
	return 0;
}

static int put_options(struct sk_buff *skb, const struct vtun_child *child)
{
	const struct vtun_child_options *options = &child->options;

	if (nla_put_u32(skb, VTUN_A_CHILD_FLAGS, READ_ONCE(child->flags)) ||
	    nla_put_u32(skb, VTUN_A_CHILD_HOLD_PACKETS,
			READ_ONCE(child->hold_max.packets)) ||
	    nla_put_u32(skb, VTUN_A_CHILD_HOLD_BYTES,
			READ_ONCE(child->hold_max.bytes)) ||
	    nla_put_u32(skb, VTUN_A_CHILD_HOLD_MS,
			READ_ONCE(child->hold_max.ms)) ||
	    nla_put_u32(skb, VTUN_A_CHILD_KEEPALIVE_MS,
			READ_ONCE(options->keepalive_ms)) ||
	    nla_put_u8(skb, VTUN_A_CHILD_DF, READ_ONCE(options->df)) ||
	    nla_put_u8(skb, VTUN_A_CHILD_DSCP, READ_ONCE(options->dscp)) ||
	    nla_put_u16(skb, VTUN_A_CHILD_MSS_CLAMP,
			READ_ONCE(options->mss_clamp)))
		return -EMSGSIZE;
	return 0;
}

int vtun_put_child(struct sk_buff *skb, struct vtun_child *child)
{
	const struct vtun_path *path = rcu_dereference(child->path);
	const struct vtun_selectors *ts = rcu_dereference(child->ts);
	struct nlattr *nest = child_begin(skb, child);

	if (!nest || nla_put_u8(skb, VTUN_A_CHILD_MODE, child->mode) ||
	    put_path(skb, &path->config) ||
	    put_ts(skb, VTUN_A_CHILD_TS_LOCAL, ts->local, ts->n_local) ||
	    put_ts(skb, VTUN_A_CHILD_TS_REMOTE, ts->remote, ts->n_remote) ||
	    put_options(skb, child) ||
	    put_moved(skb, rcu_dereference(child->moved)) ||
	    nla_put_u32(skb, VTUN_A_CHILD_POLICIES,
			READ_ONCE(child->n_policies)) ||
	    put_child_state(skb, child))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_u64(struct sk_buff *skb, int type, u64 value)
{
	return nla_put_u64_64bit(skb, type, value, VTUN_A_SA_PAD);
}

static int put_limits(struct sk_buff *skb, const struct vtun_limits *limits)
{
	if (put_u64(skb, VTUN_A_SA_SOFT_TIME_MS, limits->soft_time) ||
	    put_u64(skb, VTUN_A_SA_HARD_TIME_MS, limits->hard_time) ||
	    put_u64(skb, VTUN_A_SA_SOFT_BYTES, limits->soft_bytes) ||
	    put_u64(skb, VTUN_A_SA_HARD_BYTES, limits->hard_bytes) ||
	    put_u64(skb, VTUN_A_SA_SOFT_PACKETS, limits->soft_packets) ||
	    put_u64(skb, VTUN_A_SA_HARD_PACKETS, limits->hard_packets) ||
	    put_u64(skb, VTUN_A_SA_SOFT_IDLE_MS, limits->soft_idle) ||
	    put_u64(skb, VTUN_A_SA_HARD_IDLE_MS, limits->hard_idle) ||
	    nla_put_u32(skb, VTUN_A_SA_MARGIN_MS, limits->margin))
		return -EMSGSIZE;
	return 0;
}

/* what an SA has since it was installed; a larval one has nothing of this */
static int put_keyed(struct sk_buff *skb, struct vtun_sa *sa)
{
	bool in = sa->dir == VTUN_DIR_IN;
	struct vtun_usage usage;

	vtun_sa_read_usage(sa, &usage);
	if (nla_put_u16(skb, VTUN_A_SA_ENCR, sa->suite->encr) ||
	    nla_put_u16(skb, VTUN_A_SA_INTEG, sa->suite->integ) ||
	    nla_put_u16(skb, VTUN_A_SA_KEY_LEN, sa->suite->key_len) ||
	    nla_put_u8(skb, VTUN_A_SA_ESN, sa->esn) ||
	    nla_put_u32(skb, VTUN_A_SA_FINGERPRINT, sa->fingerprint) ||
	    put_u64(skb, VTUN_A_SA_SEQ, usage.seq))
		return -EMSGSIZE;
	if (in)
		return nla_put_u32(skb, VTUN_A_SA_REPLAY_WINDOW,
				   sa->replay.window);
	return 0;
}

static int put_expiry(struct sk_buff *skb, const struct vtun_sa *sa, u64 now)
{
	if (sa->soft.level &&
	    (nla_put_u8(skb, VTUN_A_SA_SOFT_CAUSE, sa->soft.cause) ||
	     put_u64(skb, VTUN_A_SA_SOFT_AGE_MS, now - sa->soft_at)))
		return -EMSGSIZE;
	if (sa->hard.level &&
	    (nla_put_u8(skb, VTUN_A_SA_HARD_CAUSE, sa->hard.cause) ||
	     put_u64(skb, VTUN_A_SA_HARD_AGE_MS, now - sa->hard_at)))
		return -EMSGSIZE;
	return 0;
}

/* vtun_net.lock: state, expiry, limits and pair belong together */
static int put_sa_state(struct sk_buff *skb, const struct vtun_sa *sa)
{
	u64 now = vtun_lifetime_now(), used = READ_ONCE(sa->last_used);
	const struct vtun_sa *pair;
	struct vtun_usage usage;

	pair = rcu_dereference_protected(sa->pair,
					 lockdep_is_held(&sa->net->lock));
	vtun_sa_read_usage(sa, &usage);
	if (nla_put_u8(skb, VTUN_A_SA_STATE, sa->state) ||
	    (pair && nla_put_u32(skb, VTUN_A_SA_PAIR_SPI,
				 be32_to_cpu(pair->spi))) ||
	    put_u64(skb, VTUN_A_SA_AGE_MS, usage.age) ||
	    (used && put_u64(skb, VTUN_A_SA_IDLE_MS,
			     now > used ? now - used : 0)) ||
	    put_u64(skb, VTUN_A_SA_BYTES, usage.bytes) ||
	    put_u64(skb, VTUN_A_SA_PACKETS, usage.packets) ||
	    (sa->switched && nla_put_u8(skb, VTUN_A_SA_SWITCH, sa->switched)))
		return -EMSGSIZE;
	if (sa->suite &&
	    (put_limits(skb, &sa->limits) ||
	     (usage.remain != U64_MAX &&
	      put_u64(skb, VTUN_A_SA_REMAIN_MS, usage.remain))))
		return -EMSGSIZE;
	return put_expiry(skb, sa, now);
}

/* begins an SA with what identifies it; NULL = it does not fit */
static struct nlattr *sa_begin(struct sk_buff *skb, u8 dir, u32 spi,
			       u32 child_id)
{
	struct nlattr *nest = nla_nest_start(skb, VTUN_A_SA);

	if (!nest || nla_put_u8(skb, VTUN_A_SA_DIR, dir) ||
	    nla_put_u32(skb, VTUN_A_SA_SPI, spi) ||
	    (child_id && nla_put_u32(skb, VTUN_A_SA_CHILD_ID, child_id)))
		return NULL;
	return nest;
}

int vtun_put_larval(struct sk_buff *skb, u32 spi, u32 child_id)
{
	struct nlattr *nest = sa_begin(skb, VTUN_DIR_IN, spi, child_id);

	if (!nest || nla_put_u8(skb, VTUN_A_SA_STATE, VTUN_SA_LARVAL))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int vtun_put_sa_brief(struct sk_buff *skb, const struct vtun_sa *sa)
{
	struct vtun_usage usage;
	struct nlattr *nest;

	nest = sa_begin(skb, sa->dir, be32_to_cpu(sa->spi),
			sa->child ? sa->child->id : 0);
	vtun_sa_read_usage(sa, &usage);
	if (!nest || nla_put_u8(skb, VTUN_A_SA_STATE, sa->state) ||
	    put_u64(skb, VTUN_A_SA_AGE_MS, usage.age) ||
	    put_u64(skb, VTUN_A_SA_BYTES, usage.bytes) ||
	    put_u64(skb, VTUN_A_SA_PACKETS, usage.packets))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int vtun_put_sa(struct sk_buff *skb, struct vtun_sa *sa)
{
	struct nlattr *nest;
	int err;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "SA put without RCU");
	nest = sa_begin(skb, sa->dir, be32_to_cpu(sa->spi),
			sa->child ? sa->child->id : 0);
	if (!nest || (sa->suite && put_keyed(skb, sa)))
		return -EMSGSIZE;
	spin_lock_bh(&sa->net->lock);
	err = put_sa_state(skb, sa);
	spin_unlock_bh(&sa->net->lock);
	if (err || put_drops(skb, VTUN_A_SA_DROPS, READ_ONCE(sa->drops)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_policy_count(struct sk_buff *skb,
			    const struct vtun_policy *policy)
{
	struct vtun_policy_count n;

	vtun_policy_read_stats(policy, &n);
	if (nla_put_u64_64bit(skb, VTUN_A_POLICY_OUT_PACKETS, n.out_packets,
			      VTUN_A_POLICY_PAD) ||
	    nla_put_u64_64bit(skb, VTUN_A_POLICY_OUT_BYTES, n.out_bytes,
			      VTUN_A_POLICY_PAD) ||
	    nla_put_u64_64bit(skb, VTUN_A_POLICY_IN_PACKETS, n.in_packets,
			      VTUN_A_POLICY_PAD) ||
	    nla_put_u64_64bit(skb, VTUN_A_POLICY_IN_BYTES, n.in_bytes,
			      VTUN_A_POLICY_PAD))
		return -EMSGSIZE;
	return 0;
}

int vtun_put_policy(struct sk_buff *skb, const struct vtun_policy *policy)
{
	const struct vtun_child *child = policy->child;
	struct nlattr *nest;

	/* a policy outlives its child, and then drops what it covers */
	if (child && READ_ONCE(child->dead))
		child = NULL;
	nest = nla_nest_start(skb, VTUN_A_POLICY);
	if (!nest || nla_put_u32(skb, VTUN_A_POLICY_ID, policy->key.id) ||
	    nla_put_u8(skb, VTUN_A_POLICY_ACTION, policy->action) ||
	    nla_put_u32(skb, VTUN_A_POLICY_PRIORITY, policy->priority) ||
	    (child && nla_put_u32(skb, VTUN_A_POLICY_CHILD_ID, child->id)) ||
	    put_ts(skb, VTUN_A_POLICY_TS_LOCAL, &policy->local, 1) ||
	    put_ts(skb, VTUN_A_POLICY_TS_REMOTE, &policy->remote, 1) ||
	    put_policy_count(skb, policy))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int vtun_put_socket(struct sk_buff *skb, const struct vtun_encap_sock *encap)
{
	struct nlattr *nest = nla_nest_start(skb, VTUN_A_SOCKET);

	if (!nest ||
	    vtun_put_addr(skb, VTUN_A_SOCKET_LOCAL, encap->family,
			  &encap->addr) ||
	    nla_put_u16(skb, VTUN_A_SOCKET_PORT, encap->port) ||
	    (encap->orphan && nla_put_flag(skb, VTUN_A_SOCKET_ORPHAN)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

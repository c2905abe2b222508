// SPDX-License-Identifier: GPL-2.0-only
/*
 * Security associations: life, tables and the switch between them.
 *
 * The tables own one reference. An SA leaves them once, under vtun_net.lock,
 * and is marked dead; whoever takes it out stops the timer and puts that
 * reference. The memory goes after a grace period: packets find SAs under RCU
 * alone. Who removes SAs in process context holds vtun_net.ctl; only the timer
 * of a larval SA removes without it, and only that SA.
 */
#include "sa.h"

#include <linux/netlink.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <net/xfrm.h>

#include "child.h"
#include "esp.h"
#include "events.h"
#include "net.h"
#include "path.h"
#include "table.h"

/* ranges up to this size are searched to the end before SPI_ALLOC gives up */
#define SPI_PROBES	4096

/* SPIs are chosen by this host: nobody else can make them collide */
static u32 sad_hash(const void *spi, u32 len, u32 seed)
{
	return ((*(const u32 *)spi + (u64)seed) * 0x9e3779b97f4a7c15ULL) >> 32;
}

static int sad_compare(struct rhashtable_compare_arg *arg, const void *object)
{
	const struct vtun_sa *sa = object;

	return *(const __be32 *)arg->key != sa->spi;
}

static const struct rhashtable_params sad_params = {
	.hashfn = sad_hash,
	.obj_cmpfn = sad_compare,
	.key_len = sizeof_field(struct vtun_sa, spi),
	.key_offset = offsetof(struct vtun_sa, spi),
	.head_offset = offsetof(struct vtun_sa, spi_node),
	.automatic_shrinking = true,
};

int vtun_sa_table_init(struct vtun_net *vn)
{
	xa_init_flags(&vn->sas, XA_FLAGS_ALLOC1 | XA_FLAGS_LOCK_BH);
	return rhashtable_init(&vn->sad, &sad_params);
}

/* every SA was removed before */
void vtun_sa_table_destroy(struct vtun_net *vn)
{
	WARN_ON_ONCE(vn->n_sas);
	rhashtable_destroy(&vn->sad);
	xa_destroy(&vn->sas);
}

struct vtun_sa *vtun_sa_lookup_in(struct vtun_net *vn, __be32 spi)
{
	return rhashtable_lookup(&vn->sad, &spi, sad_params);
}

struct vtun_sa *vtun_sa_find_out(struct vtun_child *child, __be32 spi)
{
	struct vtun_sa *sa;

	/* vtun_net.ctl does not keep the timers of larval SAs off the list */
	lockdep_assert_held(&child->net->lock);
	list_for_each_entry(sa, &child->sas, child_node)
		if (sa->dir == VTUN_DIR_OUT && sa->spi == spi)
			return sa;
	return NULL;
}

static void sa_free_rcu(struct rcu_head *head)
{
	struct vtun_sa *sa = container_of(head, struct vtun_sa, rcu);

	vtun_crypto_destroy(&sa->crypto);
	vtun_replay_destroy(&sa->replay);
	if (sa->child)
		vtun_child_put(sa->child);
	pr_debug("sa %u (spi 0x%08x) destroyed\n", sa->id,
		 be32_to_cpu(sa->spi));
	vtun_object_destroyed(VTUN_OBJECT_SA);
	kfree(sa->drops);
	kfree_sensitive(sa);
}

void vtun_sa_get(struct vtun_sa *sa)
{
	refcount_inc(&sa->ref);
}

void vtun_sa_put(struct vtun_sa *sa)
{
	if (refcount_dec_and_test(&sa->ref))
		call_rcu(&sa->rcu, sa_free_rcu);
}

static void sa_wipe_rcu(struct rcu_head *head)
{
	struct vtun_sa *sa = container_of(head, struct vtun_sa, rcu);

	vtun_crypto_destroy(&sa->crypto);
	vtun_sa_put(sa);
}

/*
 * Packets that passed the state check before it said EXPIRED still use the
 * keys; they are gone after a grace period.
 */
void vtun_sa_wipe(struct vtun_sa *sa)
{
	lockdep_assert_held(&sa->net->lock);
	vtun_sa_get(sa);
	call_rcu(&sa->rcu, sa_wipe_rcu);
}

/* with an id, a reference for the tables, in none of them; may sleep */
static struct vtun_sa *sa_alloc(struct vtun_net *vn, struct vtun_child *child,
				u8 dir, u8 state, __be32 spi)
{
	struct vtun_sa *sa;
	int err;

	lockdep_assert_held(&vn->ctl);
	sa = kzalloc(sizeof(*sa), GFP_KERNEL_ACCOUNT);
	if (!sa)
		return NULL;
	/* a reserved slot: readers see nothing, filling it needs no memory */
	err = xa_alloc_cyclic_bh(&vn->sas, &sa->id, NULL, xa_limit_32b,
				 &vn->next_sa, GFP_KERNEL);
	if (err < 0) {
		kfree(sa);
		return NULL;
	}
	sa->net = vn;
	sa->spi = spi;
	sa->dir = dir;
	sa->state = state;
	spin_lock_init(&sa->lock);
	vtun_meter_init(&sa->meter, 0, vtun_lifetime_now());
	sa->tick = jiffies - 1;
	refcount_set(&sa->ref, 1);
	INIT_LIST_HEAD(&sa->child_node);
	vtun_lifetime_timer_init(sa);
	if (child) {
		vtun_child_get(child);
		sa->child = child;
	}
	vtun_object_created(VTUN_OBJECT_SA);
	pr_debug("sa %u (spi 0x%08x) created\n", sa->id, be32_to_cpu(spi));
	return sa;
}

/* of an SA that never came into the tables */
static void sa_abandon(struct vtun_sa *sa)
{
	if (IS_ERR_OR_NULL(sa))
		return;
	xa_erase_bh(&sa->net->sas, sa->id);
	vtun_sa_put(sa);
}

static struct vtun_sa *sa_new(struct vtun_child *child,
			      const struct vtun_sa_config *config,
			      struct netlink_ext_ack *extack)
{
	struct vtun_sa *sa;
	int err;

	sa = sa_alloc(child->net, child, config->dir,
		      config->dir == VTUN_DIR_IN ? VTUN_SA_ACTIVE :
						   VTUN_SA_STANDBY,
		      cpu_to_be32(config->spi));
	if (!sa) {
		NL_SET_ERR_MSG(extack, "no memory for the SA");
		return ERR_PTR(-ENOMEM);
	}
	sa->esn = config->esn;
	sa->suite = config->suite;
	sa->limits = config->limits;
	if (sa->dir == VTUN_DIR_OUT) {
		vtun_lifetime_set_seq(&sa->limits, sa->esn);
		vtun_meter_init(&sa->meter, config->seq, sa->meter.installed);
	}
	vtun_meter_set_fence(&sa->meter, &sa->limits, false);
	if (sa->dir == VTUN_DIR_IN) {
		err = vtun_replay_init(&sa->replay, config->window, sa->esn,
				       config->seq, GFP_KERNEL_ACCOUNT);
		if (err) {
			NL_SET_ERR_MSG(extack, "no memory for the window");
			goto err_abandon;
		}
	}
	sa->fingerprint = vtun_crypto_fingerprint(sa->suite, config->key);
	err = vtun_crypto_init(&sa->crypto, sa->suite, config->key);
	if (err) {
		NL_SET_ERR_MSG(extack, "this kernel cannot set up the suite");
		goto err_abandon;
	}
	return sa;

err_abandon:
	sa_abandon(sa);
	return ERR_PTR(err);
}

/* into the table of all SAs and the list of its child */
static void sa_link(struct vtun_sa *sa)
{
	struct vtun_net *vn = sa->net;

	lockdep_assert_held(&vn->lock);
	if (sa->child)
		list_add_tail(&sa->child_node, &sa->child->sas);
	if (sa->dir == VTUN_DIR_OUT)
		hash_add_rcu(vn->outs, &sa->out_node, (__force u32)sa->spi);
	/* cannot fail: the slot is there since sa_alloc() */
	xa_store_bh(&vn->sas, sa->id, sa, GFP_ATOMIC);
	vn->n_sas++;
	vtun_net_changed(vn);
	vtun_lifetime_timer_start(sa);
}

void vtun_sa_unlink(struct vtun_sa *sa)
{
	struct vtun_child *child = sa->child;
	struct vtun_net *vn = sa->net;
	struct vtun_sa *pair;

	lockdep_assert_held(&vn->lock);
	if (WARN_ON_ONCE(sa->dead))
		return;
	sa->dead = true;
	if (sa->dir == VTUN_DIR_IN) {
		/* fails where another SA took the place of a larval one */
		if (!rhashtable_remove_fast(&vn->sad, &sa->spi_node,
					    sad_params))
			vtun_audit_gone(sa);
	} else {
		hash_del_rcu(&sa->out_node);
	}
	xa_erase_bh(&vn->sas, sa->id);
	vn->n_sas--;
	vtun_net_changed(vn);
	WRITE_ONCE(sa->proof_wanted, false);
	pair = rcu_dereference_protected(sa->pair, lockdep_is_held(&vn->lock));
	if (pair) {
		RCU_INIT_POINTER(pair->pair, NULL);
		RCU_INIT_POINTER(sa->pair, NULL);
		WRITE_ONCE(pair->proof_wanted, false);
	}
	if (!child)
		return;
	list_del_init(&sa->child_node);
	if (rcu_access_pointer(child->out) == sa) {
		RCU_INIT_POINTER(child->out, NULL);
		vtun_child_update_usable(child);
	}
}

/*
 * The timer callback sees dead under the lock and re-arms nothing, so that the
 * cancel is final.
 */
void vtun_sa_release(struct vtun_sa *sa)
{
	hrtimer_cancel(&sa->timer);
	vtun_sa_put(sa);
}

void vtun_sa_del(struct vtun_sa *sa)
{
	struct vtun_net *vn = sa->net;
	bool dead;

	spin_lock_bh(&vn->lock);
	dead = sa->dead;
	if (!dead)
		vtun_sa_unlink(sa);
	spin_unlock_bh(&vn->lock);
	if (!dead)
		vtun_sa_release(sa);
}

bool vtun_sa_newer(const struct vtun_sa *sa, const struct vtun_sa *other)
{
	return (s32)(sa->id - other->id) > 0;
}

struct vtun_sa *vtun_sa_standby(struct vtun_child *child)
{
	struct vtun_sa *sa;

	lockdep_assert_held(&child->net->lock);
	list_for_each_entry_reverse(sa, &child->sas, child_node)
		if (sa->state == VTUN_SA_STANDBY)
			return sa;
	return NULL;
}

void vtun_sa_make_current(struct vtun_sa *sa, struct vtun_sa *old,
			  enum vtun_switch why)
{
	struct vtun_child *child = sa->child;
	struct vtun_sa *pair;

	lockdep_assert_held(&sa->net->lock);
	if (old && old->state == VTUN_SA_ACTIVE)
		WRITE_ONCE(old->state, VTUN_SA_SUPERSEDED);
	WRITE_ONCE(sa->state, VTUN_SA_ACTIVE);
	sa->switched = why;
	pair = rcu_dereference_protected(sa->pair,
					 lockdep_is_held(&sa->net->lock));
	if (pair)
		WRITE_ONCE(pair->proof_wanted, false);
	rcu_assign_pointer(child->out, sa);
	child->switches++;
	vtun_child_update_usable(child);
	vtun_event_switch(sa, old, why);
}

static struct vtun_sa *current_out(const struct vtun_child *child)
{
	return rcu_dereference_protected(child->out,
					 lockdep_is_held(&child->net->lock));
}

void vtun_sa_proof(struct vtun_sa *sa)
{
	struct vtun_net *vn = sa->net;
	bool switched = false;
	struct vtun_sa *out;

	spin_lock_bh(&vn->lock);
	out = rcu_dereference_protected(sa->pair, lockdep_is_held(&vn->lock));
	if (!sa->dead && out && out->state == VTUN_SA_STANDBY) {
		vtun_sa_make_current(out, current_out(sa->child),
				     VTUN_SWITCH_RX_PROOF);
		switched = true;
	}
	WRITE_ONCE(sa->proof_wanted, false);
	spin_unlock_bh(&vn->lock);
	if (switched)
		vtun_hold_flush(sa->child);
}

static void flush_held(struct vtun_child *child)
{
	rcu_read_lock();
	vtun_hold_flush(child);
	rcu_read_unlock();
}

int vtun_sa_activate(struct vtun_sa *sa, struct netlink_ext_ack *extack)
{
	struct vtun_net *vn = sa->net;
	int err = 0;

	lockdep_assert_held(&vn->ctl);
	spin_lock_bh(&vn->lock);
	switch (sa->state) {
	case VTUN_SA_STANDBY:
	case VTUN_SA_SUPERSEDED:
		vtun_sa_make_current(sa, current_out(sa->child),
				     VTUN_SWITCH_REQUEST);
		break;
	case VTUN_SA_ACTIVE:
		break;
	default:
		NL_SET_ERR_MSG(extack, "the SA expired hard, it has no keys");
		err = -EKEYEXPIRED;
	}
	spin_unlock_bh(&vn->lock);
	if (!err)
		flush_held(sa->child);
	return err;
}

/*
 * RFC 4301 4.1: the SPI alone tells whose a packet is. XFRM would see no more
 * of those of its SA. RCU.
 */
static bool is_xfrms(const struct vtun_child *child, __be32 spi)
{
	const struct vtun_path_config *path =
		&rcu_dereference(child->path)->config;
	struct net *net = child->net->net;
	struct xfrm_state *x;

	if (!READ_ONCE(net->xfrm.state_num))
		return false;
	x = xfrm_state_lookup(net, 0, (const xfrm_address_t *)&path->local, spi,
			      IPPROTO_ESP, path->family);
	if (!x)
		return false;
	xfrm_state_put(x);
	return true;
}

/*
 * Puts an inbound SA where packets find it: into a free place, or into that of
 * the larval SA which reserved the SPI, returned in @larval. The only step of
 * an installation that can fail once it has begun, hence the first.
 */
static int sad_insert(struct vtun_sa *sa, struct vtun_sa **larval,
		      struct netlink_ext_ack *extack)
{
	struct vtun_net *vn = sa->net;
	struct vtun_sa *old;
	bool xfrms;
	int err;

	lockdep_assert_held(&vn->lock);
	rcu_read_lock();
	old = vtun_sa_lookup_in(vn, sa->spi);
	xfrms = is_xfrms(sa->child, sa->spi);
	rcu_read_unlock();
	if (xfrms) {
		NL_SET_ERR_MSG(extack, "XFRM has an inbound SA of that SPI");
		return -EEXIST;
	}
	if (!old) {
		err = rhashtable_insert_fast(&vn->sad, &sa->spi_node,
					     sad_params);
		if (err)
			NL_SET_ERR_MSG(extack, "no memory for the SPI table");
		return err;
	}
	if (old->state != VTUN_SA_LARVAL) {
		NL_SET_ERR_MSG(extack, "inbound SPI is in use");
		return -EEXIST;
	}
	if (old->child && old->child != sa->child) {
		NL_SET_ERR_MSG(extack, "SPI is reserved for another child");
		return -EBUSY;
	}
	err = rhashtable_replace_fast(&vn->sad, &old->spi_node, &sa->spi_node,
				      sad_params);
	if (err) {
		NL_SET_ERR_MSG(extack, "reserved SPI cannot be taken over");
		return err;
	}
	vtun_sa_unlink(old);
	*larval = old;
	return 0;
}

/* after this nothing can go wrong: linking and switching under one lock */
static void install_commit(struct vtun_sa *in, struct vtun_sa *out,
			   const struct vtun_sa_install *req)
{
	if (in)
		sa_link(in);
	if (!out)
		return;
	sa_link(out);
	if (!req->standby)
		vtun_sa_make_current(out, current_out(out->child),
				     VTUN_SWITCH_NOW);
}

/* before packets can find either: they would miss what comes later */
static void install_pair(struct vtun_sa *in, struct vtun_sa *out,
			 const struct vtun_sa_install *req)
{
	if (out && req->standby && req->deadline_ms)
		out->deadline = out->meter.installed + req->deadline_ms;
	if (!in || !out)
		return;
	RCU_INIT_POINTER(in->pair, out);
	RCU_INIT_POINTER(out->pair, in);
	in->proof_wanted = req->standby;
}

int vtun_sa_install(struct vtun_child *child, const struct vtun_sa_install *req,
		    struct netlink_ext_ack *extack)
{
	struct vtun_sa *in = NULL, *out = NULL, *larval = NULL;
	struct vtun_net *vn = child->net;
	int err = 0;

	lockdep_assert_held(&vn->ctl);
	if (req->in) {
		in = sa_new(child, req->in, extack);
		if (IS_ERR(in))
			return PTR_ERR(in);
	}
	if (req->out) {
		out = sa_new(child, req->out, extack);
		if (IS_ERR(out)) {
			err = PTR_ERR(out);
			goto err_abandon;
		}
	}
	install_pair(in, out, req);

	vtun_table_settle(&vn->sad);
	spin_lock_bh(&vn->lock);
	if (out && vtun_sa_find_out(child, out->spi)) {
		NL_SET_ERR_MSG(extack, "child has an outbound SA of that SPI");
		err = -EEXIST;
	}
	if (!err && in)
		err = sad_insert(in, &larval, extack);
	if (!err)
		install_commit(in, out, req);
	spin_unlock_bh(&vn->lock);
	if (larval)
		vtun_sa_release(larval);
	if (err)
		goto err_abandon;

	/* vtun_net.ctl keeps both SAs and the child */
	if (out && !req->standby) {
		if (req->prove) {
			rcu_read_lock_bh();
			rcu_read_lock();
			vtun_esp_send_dummy(child, out);
			rcu_read_unlock();
			rcu_read_unlock_bh();
		}
		flush_held(child);
	}
	return 0;

err_abandon:
	sa_abandon(out);
	sa_abandon(in);
	return err;
}

/* first SPI of the range that is free, searched from a random place */
static bool spi_choose(struct vtun_net *vn, const struct vtun_child *child,
		       u32 min, u32 max, __be32 *spi)
{
	u64 size = (u64)max - min + 1, i;
	u32 start = ((u64)get_random_u32() * size) >> 32;
	bool found = false;

	rcu_read_lock();
	for (i = 0; i < size && i < SPI_PROBES && !found; i++) {
		*spi = cpu_to_be32(min + (u32)((start + i) % size));
		found = !vtun_sa_lookup_in(vn, *spi) &&
			!(child && is_xfrms(child, *spi));
	}
	rcu_read_unlock();
	return found;
}

int vtun_sa_alloc_spi(struct vtun_net *vn, struct vtun_child *child, u32 min,
		      u32 max, u32 *spi, struct netlink_ext_ack *extack)
{
	struct vtun_sa *sa;
	int err = -ENOSPC;

	sa = sa_alloc(vn, child, VTUN_DIR_IN, VTUN_SA_LARVAL, 0);
	if (!sa) {
		NL_SET_ERR_MSG(extack, "no memory for the SPI");
		return -ENOMEM;
	}
	vtun_table_settle(&vn->sad);
	spin_lock_bh(&vn->lock);
	if (spi_choose(vn, child, min, max, &sa->spi))
		err = rhashtable_insert_fast(&vn->sad, &sa->spi_node,
					     sad_params);
	if (!err) {
		sa->deadline = sa->meter.installed + VTUN_SPI_RESERVE_MS;
		sa_link(sa);
		*spi = be32_to_cpu(sa->spi);
	}
	spin_unlock_bh(&vn->lock);
	if (!err)
		return 0;
	if (err == -ENOSPC)
		NL_SET_ERR_MSG(extack, "no free SPI in the range");
	else
		NL_SET_ERR_MSG(extack, "no memory for the SPI table");
	sa_abandon(sa);
	return err;
}

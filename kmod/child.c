// SPDX-License-Identifier: GPL-2.0-only
#include "child.h"

#include <linux/netlink.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/stringhash.h>

#include "device.h"
#include "early.h"
#include "esp.h"
#include "member.h"
#include "net.h"
#include "sa.h"

struct vtun_child *vtun_child_find(struct vtun_net *vn, u32 id)
{
	return idr_find(&vn->children, id);
}

static u32 name_hash(const char *name)
{
	return full_name_hash(NULL, name, strlen(name));
}

struct vtun_child *vtun_child_find_name(struct vtun_net *vn, const char *name)
{
	struct vtun_child *child;

	lockdep_assert_held(&vn->ctl);
	hash_for_each_possible(vn->names, child, name_node, name_hash(name))
		if (!strcmp(child->name, name))
			return child;
	return NULL;
}

/* nobody can find it any more; nothing of it waits for a grace period again */
static void child_free(struct vtun_child *child)
{
	vtun_path_destroy(rcu_dereference_protected(child->path, 1));
	vtun_selectors_free(rcu_dereference_protected(child->ts, 1));
	kfree(rcu_dereference_protected(child->moved, 1));
	kfree(child->drops);
	kfree(child);
}

/*
 * Runs a grace period after the child left the tables and after its last SA
 * was freed: no packet can find it any more.
 */
static void child_free_rcu(struct rcu_head *head)
{
	struct vtun_child *child = container_of(head, struct vtun_child, rcu);

	pr_debug("child %u (%s) destroyed\n", child->id, child->name);
	vtun_object_destroyed(VTUN_OBJECT_CHILD);
	if (child->dev)
		netdev_put(child->dev, &child->dev_tracker);
	child_free(child);
}

void vtun_child_get(struct vtun_child *child)
{
	refcount_inc(&child->ref);
}

void vtun_child_put(struct vtun_child *child)
{
	if (refcount_dec_and_test(&child->ref))
		call_rcu(&child->rcu, child_free_rcu);
}

void vtun_child_update_usable(struct vtun_child *child)
{
	bool usable, sending;
	struct vtun_device *vd;

	lockdep_assert_held(&child->net->lock);
	if (!child->dev)
		return;
	vd = netdev_priv(child->dev);
	sending = !child->doorless && rcu_access_pointer(child->out);
	usable = sending || (!child->doorless &&
			     READ_ONCE(child->flags) & VTUN_CHILD_F_ON_DEMAND);
	vd->usable += usable - child->usable;
	vd->sending += sending - child->sending;
	if (usable == child->usable && sending == child->sending)
		return;
	child->usable = usable;
	child->sending = sending;
	vtun_device_update(vd);
}

void vtun_child_drop(struct vtun_child *child, enum vtun_drop why,
		     unsigned int packets)
{
	struct vtun_device *vd;

	vtun_drops_note(&child->drops, &child->net->drops, why, packets);
	if (!child->dev)
		return;
	vd = netdev_priv(child->dev);
	vtun_drops_add(&vd->drops, why, packets);
}

bool vtun_child_match(const struct vtun_child *child, const struct sk_buff *skb,
		      enum vtun_dir dir)
{
	const struct vtun_selectors *ts = rcu_dereference(child->ts);
	struct vtun_flow flow;

	if (vtun_selectors_any(ts))
		return true;
	vtun_flow_parse(&flow, skb);
	return vtun_selectors_match(ts, &flow, dir);
}

/* in no table yet, without id and device */
static struct vtun_child *child_alloc(struct vtun_net *vn,
				      const struct vtun_child_config *config)
{
	struct vtun_selectors *ts;
	struct vtun_child *child;
	struct vtun_path *path;

	child = kzalloc(sizeof(*child), GFP_KERNEL_ACCOUNT);
	if (!child)
		return NULL;
	path = vtun_path_new(vn, &config->path, GFP_KERNEL_ACCOUNT);
	ts = vtun_selectors_new(config->ts_local, config->n_local,
				config->ts_remote, config->n_remote);
	RCU_INIT_POINTER(child->path, path);
	RCU_INIT_POINTER(child->ts, ts);
	if (!path || !ts) {
		child_free(child);
		return NULL;
	}
	child->net = vn;
	strscpy(child->name, config->name, sizeof(child->name));
	child->flags = config->flags;
	child->mode = config->mode;
	child->options = config->options;
	child->hold_max.packets = config->hold_packets;
	child->hold_max.bytes = config->hold_bytes;
	child->hold_max.ms = config->hold_ms;
	INIT_LIST_HEAD(&child->sas);
	INIT_LIST_HEAD(&child->dev_node);
	refcount_set(&child->ref, 1);
	vtun_hold_init(child);
	vtun_keepalive_init(child);
	return child;
}

/*
 * Takes the wanted id, or the next free one: ids are not used again at once,
 * so that a listener that is late does not confuse two children.
 */
static int child_take_id(struct vtun_net *vn, struct vtun_child *child,
			 u32 want, struct netlink_ext_ack *extack)
{
	int err;

	child->id = want ?: vn->next_child ?: 1;
	err = idr_alloc_u32(&vn->children, NULL, &child->id,
			    want ?: U32_MAX, GFP_KERNEL);
	if (err == -ENOSPC && !want) {
		child->id = 1;
		err = idr_alloc_u32(&vn->children, NULL, &child->id, U32_MAX,
				    GFP_KERNEL);
	}
	if (err == -ENOSPC && want) {
		NL_SET_ERR_MSG(extack, "child ID is in use");
		return -EEXIST;
	}
	if (err)
		NL_SET_ERR_MSG(extack, "no memory for the child");
	else if (!want)
		vn->next_child = child->id + 1;
	return err;
}

/* NULL: policies are the door; ERR_PTR: no such device */
static struct vtun_device *find_door(struct vtun_net *vn, u32 ifindex,
				     struct netlink_ext_ack *extack)
{
	struct vtun_device *vd;

	if (!ifindex)
		return NULL;
	vd = vtun_device_find(vn, ifindex);
	if (vd)
		return vd;
	NL_SET_ERR_MSG(extack, "no vtun device of this namespace has that index");
	return ERR_PTR(-ENODEV);
}

int vtun_child_check_link(struct vtun_net *vn, u32 link,
			  struct netlink_ext_ack *extack)
{
	bool found;

	if (!link)
		return 0;
	rcu_read_lock();
	found = dev_get_by_index_rcu(vn->net, link);
	rcu_read_unlock();
	if (found)
		return 0;
	NL_SET_ERR_MSG(extack, "no device of this namespace has the index outer packets are to leave by");
	return -ENODEV;
}

int vtun_child_set_selectors(struct vtun_child *child,
			     struct vtun_selectors *ts,
			     struct netlink_ext_ack *extack)
{
	struct vtun_selectors *old;
	int err;

	lockdep_assert_held(&child->net->ctl);
	old = rcu_dereference_protected(child->ts,
					lockdep_is_held(&child->net->ctl));
	if (child->dev) {
		err = vtun_member_set(netdev_priv(child->dev), child, ts);
		if (err) {
			NL_SET_ERR_MSG(extack, "no memory for the selectors");
			return err;
		}
	} else {
		rcu_assign_pointer(child->ts, ts);
	}
	vtun_selectors_free(old);
	return 0;
}

/* what the request leaves open is as its device says */
static void take_defaults(struct vtun_child_config *config,
			  const struct vtun_device_defaults *d)
{
	struct vtun_path_config *path = &config->path;
	u64 open = ~config->given;

	if (!path->family || path->family == d->family) {
		path->family = d->family;
		if (open & BIT_ULL(VTUN_A_CHILD_LOCAL))
			path->local = d->local;
		if (open & BIT_ULL(VTUN_A_CHILD_REMOTE))
			path->remote = d->remote;
	}
	if (open & BIT_ULL(VTUN_A_CHILD_MARK))
		path->mark = d->mark;
	if (open & BIT_ULL(VTUN_A_CHILD_LINK))
		path->link = d->link;
	if (open & BIT_ULL(VTUN_A_CHILD_DF))
		config->options.df = d->df;
	if (open & BIT_ULL(VTUN_A_CHILD_DSCP))
		config->options.dscp = d->dscp;
	if (open & BIT_ULL(VTUN_A_CHILD_MSS_CLAMP))
		config->options.mss_clamp = d->mss_clamp;
}

static int check_path(struct vtun_net *vn, const struct vtun_path_config *path,
		      struct netlink_ext_ack *extack)
{
	if (ipv6_addr_any(&path->local)) {
		NL_SET_ERR_MSG(extack, "child needs an outer source, its device has none");
		return -EINVAL;
	}
	if (ipv6_addr_any(&path->remote)) {
		NL_SET_ERR_MSG(extack, "child needs an outer destination, its device has none");
		return -EINVAL;
	}
	return vtun_child_check_link(vn, path->link, extack);
}

struct vtun_child *vtun_child_new(struct vtun_net *vn,
				  const struct vtun_child_config *want,
				  struct netlink_ext_ack *extack)
{
	struct vtun_child_config whole = *want, *config = &whole;
	struct vtun_child *child;
	struct vtun_device *vd;
	int err;

	lockdep_assert_held(&vn->ctl);
	vtun_early_start(vn);
	vd = find_door(vn, config->ifindex, extack);
	if (IS_ERR(vd))
		return ERR_CAST(vd);
	if (vd)
		take_defaults(config, &vd->defaults);
	err = check_path(vn, &config->path, extack);
	if (err)
		return ERR_PTR(err);
	if (vtun_child_find_name(vn, config->name)) {
		NL_SET_ERR_MSG(extack, "child name is in use");
		return ERR_PTR(-EEXIST);
	}
	child = child_alloc(vn, config);
	if (!child) {
		NL_SET_ERR_MSG(extack, "no memory for the child");
		return ERR_PTR(-ENOMEM);
	}
	err = child_take_id(vn, child, config->id, extack);
	if (err)
		goto err_free_child;
	if (vd) {
		child->dev = vd->dev;
		netdev_hold(child->dev, &child->dev_tracker, GFP_KERNEL);
		err = vtun_member_add(vd, child);
		if (err) {
			NL_SET_ERR_MSG(extack, "no memory for the selectors");
			goto err_put_dev;
		}
	}
	vtun_object_created(VTUN_OBJECT_CHILD);
	pr_debug("child %u (%s) created\n", child->id, child->name);
	/* nothing fails from here on */
	idr_replace(&vn->children, child, child->id);
	hash_add(vn->names, &child->name_node, name_hash(child->name));
	WRITE_ONCE(vn->n_children, vn->n_children + 1);
	vtun_net_changed(vn);
	spin_lock_bh(&vn->lock);
	vtun_child_update_usable(child);
	spin_unlock_bh(&vn->lock);
	vtun_keepalive_start(child);
	return child;

err_put_dev:
	netdev_put(child->dev, &child->dev_tracker);
	idr_remove(&vn->children, child->id);
err_free_child:
	child_free(child);
	return ERR_PTR(err);
}

/* moves the SAs of @child, unlinked, to @gone */
static void unlink_sas(struct vtun_child *child, struct list_head *gone)
{
	struct vtun_sa *sa, *tmp;

	list_for_each_entry_safe(sa, tmp, &child->sas, child_node) {
		vtun_sa_unlink(sa);
		list_add_tail(&sa->child_node, gone);
	}
}

/*
 * Order: no new packets wait, no packet finds the child, no packet finds its
 * SAs, timers are stopped, references go. What packets under RCU still hold is
 * freed a grace period later; nothing here waits for it, so that many children
 * may be removed under RTNL.
 */
void vtun_child_del(struct vtun_child *child)
{
	struct vtun_net *vn = child->net;
	struct vtun_sa *sa, *tmp;
	LIST_HEAD(gone);

	lockdep_assert_held(&vn->ctl);
	vtun_hold_stop(child);
	vtun_keepalive_stop(child);
	idr_remove(&vn->children, child->id);
	hash_del(&child->name_node);
	WRITE_ONCE(vn->n_children, vn->n_children - 1);
	vtun_net_changed(vn);

	if (child->dev)
		vtun_member_del(netdev_priv(child->dev), child);

	spin_lock_bh(&vn->lock);
	unlink_sas(child, &gone);
	child->doorless = true;
	vtun_child_update_usable(child);
	spin_unlock_bh(&vn->lock);

	list_for_each_entry_safe(sa, tmp, &gone, child_node) {
		list_del(&sa->child_node);
		vtun_sa_release(sa);
	}
	vtun_child_put(child);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family. Requests that change something run under
 * vtun_net.ctl, one at a time per namespace; those that read need RCU only.
 * A dump remembers the id of the object it has to go on with, never a pointer.
 */
#include "netlink.h"

#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "net.h"

static struct vtun_net *info_vn(struct genl_info *info)
{
	return vtun_net(genl_info_net(info));
}

/* an empty reply to @info; vtun_reply() or nlmsg_free() */
static struct sk_buff *reply_begin(struct genl_info *info, void **hdr)
{
	struct sk_buff *skb = genlmsg_new(VTUN_REPLY_SIZE, GFP_KERNEL);

	if (!skb)
		return NULL;
	*hdr = genlmsg_put_reply(skb, info, &vtun_genl_family, 0,
				 info->genlhdr->cmd);
	if (*hdr)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

/* @err: of what was put */
static int reply_end(struct genl_info *info, struct sk_buff *skb, void *hdr,
		     int err)
{
	if (err) {
		NL_SET_ERR_MSG(info->extack, "reply does not fit");
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

static int no_reply(struct genl_info *info)
{
	NL_SET_ERR_MSG(info->extack, "no memory for the reply");
	return -ENOMEM;
}

/* vtun_net.ctl, or RCU when @sel has an id */
static struct vtun_child *select_child(struct genl_info *info,
				       const struct vtun_select *sel)
{
	struct vtun_net *vn = info_vn(info);
	struct vtun_child *child;

	child = sel->name ? vtun_child_find_name(vn, sel->name) :
			    vtun_child_find(vn, sel->id);
	if (child)
		return child;
	if (sel->name)
		NL_SET_ERR_MSG(info->extack, "no child of that name");
	else
		NL_SET_ERR_MSG(info->extack, "no child of that ID");
	return ERR_PTR(-ENOENT);
}

/* vtun_net.ctl; larval SAs may go at any time: RCU as well for inbound ones */
static struct vtun_sa *select_sa(struct genl_info *info,
				 const struct vtun_select *sel)
{
	struct vtun_net *vn = info_vn(info);
	struct vtun_child *child;
	struct vtun_sa *sa;

	if (sel->dir == VTUN_DIR_IN) {
		sa = vtun_sa_lookup_in(vn, cpu_to_be32(sel->spi));
		if (sa && sel->id && (!sa->child || sa->child->id != sel->id)) {
			NL_SET_ERR_MSG(info->extack,
				       "inbound SPI belongs to another child");
			return ERR_PTR(-ENOENT);
		}
	} else {
		child = select_child(info, sel);
		if (IS_ERR(child))
			return ERR_CAST(child);
		spin_lock_bh(&vn->lock);
		sa = vtun_sa_find_out(child, cpu_to_be32(sel->spi));
		spin_unlock_bh(&vn->lock);
	}
	if (sa)
		return sa;
	NL_SET_ERR_MSG(info->extack, "no SA of that direction and SPI");
	return ERR_PTR(-ENOENT);
}

static int info_get(struct sk_buff *req, struct genl_info *info)
{
	struct sk_buff *skb;
	void *hdr;

	skb = reply_begin(info, &hdr);
	if (!skb)
		return no_reply(info);
	return reply_end(info, skb, hdr, vtun_put_info(skb, info_vn(info)));
}

/* reply with only what identifies the new child */
static int put_child_id(struct sk_buff *skb, const struct vtun_child *child)
{
	struct nlattr *nest = nla_nest_start(skb, VTUN_A_CHILD);

	if (!nest || nla_put_u32(skb, VTUN_A_CHILD_ID, child->id) ||
	    nla_put_string(skb, VTUN_A_CHILD_NAME, child->name))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int child_new(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_child_config config = {};
	struct vtun_net *vn = info_vn(info);
	struct vtun_child *child;
	struct vtun_parse_ts *ts;
	struct sk_buff *skb;
	void *hdr;
	int err;

	/* the reply first: a child nobody is told of would be half done */
	skb = reply_begin(info, &hdr);
	if (!skb)
		return no_reply(info);
	ts = kmalloc(sizeof(*ts), GFP_KERNEL);
	if (!ts) {
		nlmsg_free(skb);
		return no_reply(info);
	}
	err = vtun_parse_child_new(info, ts, &config);
	if (err)
		goto out_free;
	mutex_lock(&vn->ctl);
	child = vtun_child_new(vn, &config, info->extack);
	err = PTR_ERR_OR_ZERO(child);
	if (!err)
		err = put_child_id(skb, child);
	mutex_unlock(&vn->ctl);
out_free:
	kfree(ts);
	if (!err)
		return reply_end(info, skb, hdr, 0);
	nlmsg_free(skb);
	return err;
}

static int child_get(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = info_vn(info);
	struct vtun_select sel = {};
	struct vtun_child *child;
	struct sk_buff *skb;
	void *hdr;
	int err;

	err = vtun_parse_child_select(info, &sel);
	if (err)
		return err;
	skb = reply_begin(info, &hdr);
	if (!skb)
		return no_reply(info);
	mutex_lock(&vn->ctl);
	child = select_child(info, &sel);
	err = PTR_ERR_OR_ZERO(child);
	if (!err) {
		rcu_read_lock();
		err = vtun_put_child(skb, child);
		rcu_read_unlock();
	}
	mutex_unlock(&vn->ctl);
	if (IS_ERR(child)) {
		nlmsg_free(skb);
		return err;
	}
	return reply_end(info, skb, hdr, err);
}

static int child_del(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = info_vn(info);
	struct vtun_select sel = {};
	struct vtun_child *child;
	int err;

	err = vtun_parse_child_select(info, &sel);
	if (err)
		return err;
	mutex_lock(&vn->ctl);
	child = select_child(info, &sel);
	if (!IS_ERR(child))
		vtun_child_del(child);
	mutex_unlock(&vn->ctl);
	return PTR_ERR_OR_ZERO(child);
}

static int put_larval(struct sk_buff *skb, u32 spi, u32 child_id)
{
	struct nlattr *nest = nla_nest_start(skb, VTUN_A_SA);

	if (!nest || nla_put_u8(skb, VTUN_A_SA_DIR, VTUN_DIR_IN) ||
	    nla_put_u32(skb, VTUN_A_SA_SPI, spi) ||
	    nla_put_u8(skb, VTUN_A_SA_STATE, VTUN_SA_LARVAL) ||
	    (child_id && nla_put_u32(skb, VTUN_A_SA_CHILD_ID, child_id)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int spi_alloc(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = info_vn(info);
	struct vtun_child *child = NULL;
	struct vtun_select sel = {};
	struct sk_buff *skb;
	u32 min, max, spi;
	void *hdr;
	int err;

	err = vtun_parse_spi_alloc(info, &sel.id, &min, &max);
	if (err)
		return err;
	skb = reply_begin(info, &hdr);
	if (!skb)
		return no_reply(info);
	mutex_lock(&vn->ctl);
	if (sel.id)
		child = select_child(info, &sel);
	err = PTR_ERR_OR_ZERO(child);
	if (!err)
		err = vtun_sa_alloc_spi(vn, child, min, max, &spi,
					info->extack);
	mutex_unlock(&vn->ctl);
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	return reply_end(info, skb, hdr, put_larval(skb, spi, sel.id));
}

/* the request lives on in taps and in the answer to an error */
static void wipe_keys(struct genl_info *info)
{
	struct nlattr *sa, *attr;
	int rem, rem2;

	nlmsg_for_each_attr(sa, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(sa) != VTUN_A_SA)
			continue;
		nla_for_each_nested(attr, sa, rem2)
			if (nla_type(attr) == VTUN_A_SA_KEY)
				memzero_explicit(nla_data(attr), nla_len(attr));
	}
}

static int sa_install(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = info_vn(info);
	struct vtun_parse_install ins;
	struct vtun_select sel = {};
	struct vtun_child *child;
	int err;

	err = vtun_parse_sa_install(info, &ins);
	if (err)
		goto out_wipe;
	sel.id = ins.child_id;
	mutex_lock(&vn->ctl);
	child = select_child(info, &sel);
	err = PTR_ERR_OR_ZERO(child);
	if (!err)
		err = vtun_sa_install(child, &ins.req, info->extack);
	mutex_unlock(&vn->ctl);
out_wipe:
	wipe_keys(info);
	return err;
}

static int sa_activate(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = info_vn(info);
	struct vtun_select sel = {};
	struct vtun_sa *sa;
	int err;

	err = vtun_parse_sa_select(info, &sel);
	if (err)
		return err;
	if (sel.dir != VTUN_DIR_OUT) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[VTUN_A_SA],
				    "only outbound SAs are activated");
		return -EINVAL;
	}
	mutex_lock(&vn->ctl);
	sa = select_sa(info, &sel);
	err = PTR_ERR_OR_ZERO(sa);
	if (!err)
		err = vtun_sa_activate(sa, info->extack);
	mutex_unlock(&vn->ctl);
	return err;
}

static int sa_get(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = info_vn(info);
	struct vtun_select sel = {};
	struct sk_buff *skb;
	struct vtun_sa *sa;
	void *hdr;
	int err;

	err = vtun_parse_sa_select(info, &sel);
	if (err)
		return err;
	skb = reply_begin(info, &hdr);
	if (!skb)
		return no_reply(info);
	mutex_lock(&vn->ctl);
	rcu_read_lock();
	sa = select_sa(info, &sel);
	err = PTR_ERR_OR_ZERO(sa);
	if (!err)
		err = vtun_put_sa(skb, sa);
	rcu_read_unlock();
	mutex_unlock(&vn->ctl);
	if (IS_ERR(sa)) {
		nlmsg_free(skb);
		return err;
	}
	return reply_end(info, skb, hdr, err);
}

static int sa_del(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = info_vn(info);
	struct vtun_select sel = {};
	struct vtun_sa *sa;
	int err;

	err = vtun_parse_sa_select(info, &sel);
	if (err)
		return err;
	mutex_lock(&vn->ctl);
	rcu_read_lock();
	sa = select_sa(info, &sel);
	/* the timer of a larval SA may put the tables' reference meanwhile */
	if (!IS_ERR(sa) && !refcount_inc_not_zero(&sa->ref))
		sa = ERR_PTR(-ENOENT);
	rcu_read_unlock();
	err = PTR_ERR_OR_ZERO(sa);
	if (!err) {
		vtun_sa_del(sa);
		vtun_sa_put(sa);
	}
	mutex_unlock(&vn->ctl);
	return err;
}

static int flush(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = info_vn(info);

	mutex_lock(&vn->ctl);
	vtun_net_flush(vn);
	mutex_unlock(&vn->ctl);
	return 0;
}

/* dumps show everything: a request that asks for less would be misled */
static int dump_refuse(struct netlink_callback *cb, int type)
{
	struct nlattr **attrs = vtun_genl_dump_attrs(cb);

	if (!attrs || !attrs[type])
		return 0;
	NL_SET_ERR_MSG_ATTR(cb->extack, attrs[type], "dumps take no selection");
	return -EINVAL;
}

static int child_dump_start(struct netlink_callback *cb)
{
	return dump_refuse(cb, VTUN_A_CHILD);
}

static int sa_dump_start(struct netlink_callback *cb)
{
	return dump_refuse(cb, VTUN_A_SA);
}

/* the header of one object in a dump */
static void *dump_begin(struct sk_buff *skb, struct netlink_callback *cb,
			u8 cmd)
{
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &vtun_genl_family, NLM_F_MULTI, cmd);
	if (hdr)
		genl_dump_check_consistent(cb, hdr);
	return hdr;
}

/* false: no room, go on with the next message */
static bool dump_end(struct sk_buff *skb, void *hdr, int err)
{
	if (err) {
		genlmsg_cancel(skb, hdr);
		return false;
	}
	genlmsg_end(skb, hdr);
	return true;
}

/* @more: some object is left; one that fits no empty message is an error */
static int dump_result(const struct sk_buff *skb, bool more)
{
	return skb->len || !more ? skb->len : -EMSGSIZE;
}

static struct vtun_net *dump_vn(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	struct vtun_net *vn = vtun_net(sock_net(skb->sk));

	/* 0 would say that nothing was seen yet */
	cb->seq = atomic_read(&vn->gen) ?: 1;
	return vn;
}

static int child_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct vtun_net *vn = dump_vn(skb, cb);
	unsigned long id = cb->args[0];
	struct vtun_child *child;
	void *hdr;

	rcu_read_lock();
	for (; (child = idr_get_next_ul(&vn->children, &id)); id++) {
		hdr = dump_begin(skb, cb, VTUN_CMD_CHILD_GET);
		if (!hdr || !dump_end(skb, hdr, vtun_put_child(skb, child)))
			break;
	}
	rcu_read_unlock();
	cb->args[0] = id;
	return dump_result(skb, child);
}

static int sa_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct vtun_net *vn = dump_vn(skb, cb);
	unsigned long id = cb->args[0];
	struct vtun_sa *sa;
	void *hdr;

	rcu_read_lock();
	for (; (sa = xa_find(&vn->sas, &id, ULONG_MAX, XA_PRESENT)); id++) {
		hdr = dump_begin(skb, cb, VTUN_CMD_SA_GET);
		if (!hdr || !dump_end(skb, hdr, vtun_put_sa(skb, sa)))
			break;
	}
	rcu_read_unlock();
	cb->args[0] = id;
	return dump_result(skb, sa);
}

static const struct genl_ops ops[] = {
	{
		.cmd = VTUN_CMD_INFO_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = info_get,
	},
	{
		.cmd = VTUN_CMD_CHILD_NEW,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_child_new,
		.maxattr = ARRAY_SIZE(vtun_policy_child_new) - 1,
		.doit = child_new,
	},
	{
		.cmd = VTUN_CMD_CHILD_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_child_select,
		.maxattr = ARRAY_SIZE(vtun_policy_child_select) - 1,
		.doit = child_get,
		.start = child_dump_start,
		.dumpit = child_dump,
	},
	{
		.cmd = VTUN_CMD_CHILD_DEL,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_child_select,
		.maxattr = ARRAY_SIZE(vtun_policy_child_select) - 1,
		.doit = child_del,
	},
	{
		.cmd = VTUN_CMD_SPI_ALLOC,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_spi_alloc,
		.maxattr = ARRAY_SIZE(vtun_policy_spi_alloc) - 1,
		.doit = spi_alloc,
	},
	{
		.cmd = VTUN_CMD_SA_INSTALL,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_sa_install,
		.maxattr = ARRAY_SIZE(vtun_policy_sa_install) - 1,
		.doit = sa_install,
	},
	{
		.cmd = VTUN_CMD_SA_ACTIVATE,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_sa_select,
		.maxattr = ARRAY_SIZE(vtun_policy_sa_select) - 1,
		.doit = sa_activate,
	},
	{
		.cmd = VTUN_CMD_SA_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_sa_select,
		.maxattr = ARRAY_SIZE(vtun_policy_sa_select) - 1,
		.doit = sa_get,
		.start = sa_dump_start,
		.dumpit = sa_dump,
	},
	{
		.cmd = VTUN_CMD_SA_DEL,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_sa_select,
		.maxattr = ARRAY_SIZE(vtun_policy_sa_select) - 1,
		.doit = sa_del,
	},
	{
		.cmd = VTUN_CMD_FLUSH,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = flush,
	},
};

static const struct genl_multicast_group groups[] = {
	{
		.name = VTUN_GENL_MCGRP_EVENTS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

struct genl_family vtun_genl_family __ro_after_init = {
	.name = VTUN_GENL_NAME,
	.version = VTUN_GENL_VERSION,
	.module = THIS_MODULE,
	.netnsok = true,
	.parallel_ops = true,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

int vtun_netlink_init(void)
{
	return genl_register_family(&vtun_genl_family);
}

void vtun_netlink_exit(void)
{
	genl_unregister_family(&vtun_genl_family);
}

// SPDX-License-Identifier: GPL-2.0-only
/* Commands about SAs. */
#include "netlink_cmd.h"

#include <linux/string.h>

/* vtun_net.ctl; larval SAs may go at any time: RCU as well for inbound ones */
static struct vtun_sa *select_sa(struct genl_info *info,
				 const struct vtun_select *sel)
{
	struct vtun_net *vn = vtun_info_net(info);
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
		child = vtun_select_child(info, sel);
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

/* the same, with a reference and without RCU */
static struct vtun_sa *select_sa_get(struct genl_info *info,
				     const struct vtun_select *sel)
{
	struct vtun_sa *sa;

	rcu_read_lock();
	sa = select_sa(info, sel);
	/* the timer of a larval SA may put the tables' reference meanwhile */
	if (!IS_ERR(sa) && !refcount_inc_not_zero(&sa->ref)) {
		NL_SET_ERR_MSG(info->extack, "no SA of that direction and SPI");
		sa = ERR_PTR(-ENOENT);
	}
	rcu_read_unlock();
	return sa;
}

int vtun_cmd_spi_alloc(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = vtun_info_net(info);
	struct vtun_child *child = NULL;
	struct vtun_select sel = {};
	struct sk_buff *skb;
	u32 min, max, spi;
	void *hdr;
	int err;

	err = vtun_parse_spi_alloc(info, &sel.id, &min, &max);
	if (err)
		return err;
	skb = vtun_reply_begin(info, &hdr);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&vn->ctl);
	if (sel.id)
		child = vtun_select_child(info, &sel);
	err = PTR_ERR_OR_ZERO(child);
	if (!err)
		err = vtun_sa_alloc_spi(vn, child, min, max, &spi,
					info->extack);
	mutex_unlock(&vn->ctl);
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	return vtun_reply_end(info, skb, hdr,
			      vtun_put_larval(skb, spi, sel.id));
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

int vtun_cmd_sa_install(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = vtun_info_net(info);
	struct vtun_parse_install ins;
	struct vtun_select sel = {};
	struct vtun_child *child;
	int err;

	err = vtun_parse_sa_install(info, &ins);
	if (err)
		goto out_wipe;
	sel.id = ins.child_id;
	mutex_lock(&vn->ctl);
	child = vtun_select_child(info, &sel);
	err = PTR_ERR_OR_ZERO(child);
	if (!err)
		err = vtun_sa_install(child, &ins.req, info->extack);
	mutex_unlock(&vn->ctl);
out_wipe:
	wipe_keys(info);
	return err;
}

int vtun_cmd_sa_activate(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = vtun_info_net(info);
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

int vtun_cmd_sa_set(struct sk_buff *req, struct genl_info *info)
{
	struct nlattr *tb[VTUN_A_SA_MARGIN_MS + 1];
	struct vtun_net *vn = vtun_info_net(info);
	struct vtun_limits limits;
	struct vtun_select sel = {};
	struct vtun_sa *sa;
	int err;

	err = vtun_parse_sa_set(info, &sel, tb);
	if (err)
		return err;
	mutex_lock(&vn->ctl);
	sa = select_sa_get(info, &sel);
	err = PTR_ERR_OR_ZERO(sa);
	if (err)
		goto out_unlock;
	/* what the request does not name stays */
	spin_lock_bh(&vn->lock);
	limits = sa->limits;
	spin_unlock_bh(&vn->lock);
	err = vtun_parse_limits(tb, &limits, info->extack);
	if (!err && READ_ONCE(sa->state) == VTUN_SA_LARVAL) {
		NL_SET_ERR_MSG(info->extack, "a reserved SPI has no limits");
		err = -EINVAL;
	}
	if (!err)
		err = vtun_sa_set_limits(sa, &limits, info->extack);
	vtun_sa_put(sa);
out_unlock:
	mutex_unlock(&vn->ctl);
	return err;
}

int vtun_cmd_sa_get(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = vtun_info_net(info);
	struct vtun_select sel = {};
	struct sk_buff *skb;
	struct vtun_sa *sa;
	void *hdr;
	int err;

	err = vtun_parse_sa_select(info, &sel);
	if (err)
		return err;
	skb = vtun_reply_begin(info, &hdr);
	if (!skb)
		return -ENOMEM;
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
	return vtun_reply_end(info, skb, hdr, err);
}

int vtun_cmd_sa_del(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = vtun_info_net(info);
	struct vtun_select sel = {};
	struct vtun_sa *sa;
	int err;

	err = vtun_parse_sa_select(info, &sel);
	if (err)
		return err;
	mutex_lock(&vn->ctl);
	sa = select_sa_get(info, &sel);
	err = PTR_ERR_OR_ZERO(sa);
	if (!err) {
		vtun_sa_del(sa);
		vtun_sa_put(sa);
	}
	mutex_unlock(&vn->ctl);
	return err;
}

int vtun_cmd_sa_dump_start(struct netlink_callback *cb)
{
	return vtun_dump_refuse(cb, VTUN_A_SA);
}

int vtun_cmd_sa_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct vtun_net *vn = vtun_dump_net(skb, cb);
	unsigned long id = cb->args[0];
	struct vtun_sa *sa;
	void *hdr;

	rcu_read_lock();
	for (; (sa = xa_find(&vn->sas, &id, ULONG_MAX, XA_PRESENT)); id++) {
		hdr = vtun_dump_begin(skb, cb, VTUN_CMD_SA_GET);
		if (!hdr || !vtun_dump_end(skb, hdr, vtun_put_sa(skb, sa)))
			break;
	}
	rcu_read_unlock();
	cb->args[0] = id;
	return vtun_dump_result(skb, sa);
}

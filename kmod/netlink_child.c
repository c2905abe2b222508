// SPDX-License-Identifier: GPL-2.0-only
/* Commands about children. */
#include "netlink_cmd.h"

#include <linux/slab.h>

struct vtun_child *vtun_select_child(struct genl_info *info,
				     const struct vtun_select *sel)
{
	struct vtun_net *vn = vtun_info_net(info);
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

static struct vtun_parse_ts *ts_alloc(struct genl_info *info)
{
	struct vtun_parse_ts *ts = kmalloc(sizeof(*ts), GFP_KERNEL);

	if (!ts)
		NL_SET_ERR_MSG(info->extack, "no memory for the selectors");
	return ts;
}

int vtun_cmd_child_new(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = vtun_info_net(info);
	struct vtun_child_config config = {};
	struct vtun_child *child;
	struct vtun_parse_ts *ts;
	struct sk_buff *skb;
	void *hdr;
	int err;

	/* the reply first: a child nobody is told of would be half done */
	skb = vtun_reply_begin(info, &hdr);
	if (!skb)
		return -ENOMEM;
	ts = ts_alloc(info);
	if (!ts) {
		nlmsg_free(skb);
		return -ENOMEM;
	}
	err = vtun_parse_child_new(info, ts, &config);
	if (err)
		goto out_free;
	mutex_lock(&vn->ctl);
	child = vtun_child_new(vn, &config, info->extack);
	err = PTR_ERR_OR_ZERO(child);
	if (!err)
		err = vtun_put_child_key(skb, child);
	mutex_unlock(&vn->ctl);
out_free:
	kfree(ts);
	if (!err)
		return vtun_reply_end(info, skb, hdr, 0);
	nlmsg_free(skb);
	return err;
}

int vtun_cmd_child_set(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = vtun_info_net(info);
	struct vtun_child_config config = {};
	struct vtun_select sel = {};
	struct vtun_child *child;
	struct vtun_parse_ts *ts;
	int err;

	ts = ts_alloc(info);
	if (!ts)
		return -ENOMEM;
	err = vtun_parse_child_set(info, ts, &sel, &config);
	if (err)
		goto out_free;
	mutex_lock(&vn->ctl);
	child = vtun_select_child(info, &sel);
	err = PTR_ERR_OR_ZERO(child);
	if (!err)
		err = vtun_child_set(child, &config, info->extack);
	mutex_unlock(&vn->ctl);
out_free:
	kfree(ts);
	return err;
}

int vtun_cmd_child_get(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = vtun_info_net(info);
	struct vtun_select sel = {};
	struct vtun_child *child;
	struct sk_buff *skb;
	void *hdr;
	int err;

	err = vtun_parse_child_select(info, &sel);
	if (err)
		return err;
	skb = vtun_reply_begin(info, &hdr);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&vn->ctl);
	child = vtun_select_child(info, &sel);
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
	return vtun_reply_end(info, skb, hdr, err);
}

int vtun_cmd_child_del(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = vtun_info_net(info);
	struct vtun_select sel = {};
	struct vtun_child *child;
	int err;

	err = vtun_parse_child_select(info, &sel);
	if (err)
		return err;
	mutex_lock(&vn->ctl);
	child = vtun_select_child(info, &sel);
	err = PTR_ERR_OR_ZERO(child);
	if (!err && child->n_policies) {
		NL_SET_ERR_MSG(info->extack,
			       "policies name the child: delete them first");
		err = -EBUSY;
	}
	if (!err)
		vtun_child_del(child);
	mutex_unlock(&vn->ctl);
	return err;
}

int vtun_cmd_child_dump_start(struct netlink_callback *cb)
{
	return vtun_dump_refuse(cb, VTUN_A_CHILD);
}

int vtun_cmd_child_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct vtun_net *vn = vtun_dump_net(skb, cb);
	unsigned long id = cb->args[0];
	struct vtun_child *child;
	void *hdr;

	rcu_read_lock();
	for (; (child = idr_get_next_ul(&vn->children, &id)); id++) {
		hdr = vtun_dump_begin(skb, cb, VTUN_CMD_CHILD_GET);
		if (!hdr || !vtun_dump_end(skb, hdr,
					   vtun_put_child(skb, child)))
			break;
	}
	rcu_read_unlock();
	cb->args[0] = id;
	return vtun_dump_result(skb, child);
}

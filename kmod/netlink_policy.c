// SPDX-License-Identifier: GPL-2.0-only
/* Commands about policies. */
#include "netlink_cmd.h"

#include "policy.h"

/* what identifies the new policy */
static int put_id(struct sk_buff *skb, const struct vtun_policy *policy)
{
	struct nlattr *nest = nla_nest_start(skb, VTUN_A_POLICY);

	if (!nest || nla_put_u32(skb, VTUN_A_POLICY_ID, policy->key.id))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* vtun_net.ctl */
static struct vtun_policy *select_policy(struct genl_info *info, u32 id)
{
	struct vtun_policy *policy;

	policy = vtun_policy_find(vtun_info_net(info), id);
	if (policy)
		return policy;
	NL_SET_ERR_MSG(info->extack, "no policy of that ID");
	return ERR_PTR(-ENOENT);
}

int vtun_cmd_policy_new(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = vtun_info_net(info);
	struct vtun_policy_config config = {};
	struct vtun_policy *policy;
	struct sk_buff *skb;
	void *hdr;
	int err;

	err = vtun_parse_policy_new(info, &config);
	if (err)
		return err;
	/* the reply first: a policy nobody is told of would be half done */
	skb = vtun_reply_begin(info, &hdr);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&vn->ctl);
	policy = vtun_policy_new(vn, &config, info->extack);
	err = PTR_ERR_OR_ZERO(policy);
	if (!err) {
		vn->policy_gen++;
		err = put_id(skb, policy);
	}
	mutex_unlock(&vn->ctl);
	if (!IS_ERR(policy))
		return vtun_reply_end(info, skb, hdr, err);
	nlmsg_free(skb);
	return err;
}

int vtun_cmd_policy_get(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = vtun_info_net(info);
	struct vtun_policy *policy;
	struct sk_buff *skb;
	void *hdr;
	int err;
	u32 id;

	err = vtun_parse_policy_select(info, &id);
	if (err)
		return err;
	skb = vtun_reply_begin(info, &hdr);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&vn->ctl);
	policy = select_policy(info, id);
	err = PTR_ERR_OR_ZERO(policy);
	if (!err)
		err = vtun_put_policy(skb, policy);
	mutex_unlock(&vn->ctl);
	if (!IS_ERR(policy))
		return vtun_reply_end(info, skb, hdr, err);
	nlmsg_free(skb);
	return err;
}

int vtun_cmd_policy_del(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = vtun_info_net(info);
	struct vtun_policy *policy;
	int err;
	u32 id;

	err = vtun_parse_policy_select(info, &id);
	if (err)
		return err;
	mutex_lock(&vn->ctl);
	policy = select_policy(info, id);
	err = PTR_ERR_OR_ZERO(policy);
	if (!err) {
		vtun_policy_del(policy);
		vn->policy_gen++;
	}
	mutex_unlock(&vn->ctl);
	return err;
}

int vtun_cmd_policy_flush(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = vtun_info_net(info);

	mutex_lock(&vn->ctl);
	vtun_policy_flush(vn);
	vn->policy_gen++;
	mutex_unlock(&vn->ctl);
	return 0;
}

int vtun_cmd_policy_dump_start(struct netlink_callback *cb)
{
	return vtun_dump_refuse(cb, VTUN_A_POLICY);
}

/*
 * In order of evaluation. The place of the last one is remembered: looking up
 * what comes behind it costs the same however many there are, and still works
 * when that one is gone.
 */
int vtun_cmd_policy_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct vtun_policy_key *last = (struct vtun_policy_key *)cb->ctx;
	struct vtun_net *vn = vtun_dump_net(skb, cb);
	struct vtun_policy *policy;
	void *hdr;

	BUILD_BUG_ON(sizeof(*last) > sizeof(cb->ctx));
	mutex_lock(&vn->ctl);
	/* SAs come and go all the time: they would break every long dump */
	cb->seq = vn->policy_gen ?: 1;
	while ((policy = vtun_policy_next(vn, last))) {
		hdr = vtun_dump_begin(skb, cb, VTUN_CMD_POLICY_GET);
		if (!hdr || !vtun_dump_end(skb, hdr,
					   vtun_put_policy(skb, policy)))
			break;
		*last = policy->key;
	}
	mutex_unlock(&vn->ctl);
	return vtun_dump_result(skb, policy);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family. Requests that change something run under
 * vtun_net.ctl, one at a time per namespace, and never under RTNL; those that
 * read need RCU only, policies and sockets excepted. A dump remembers the id or
 * the place of the object it has to go on with, never a pointer.
 */
#include "netlink.h"

#include "compat.h"
#include "net.h"
#include "netlink_cmd.h"

struct sk_buff *vtun_reply_begin(struct genl_info *info, void **hdr)
{
	struct sk_buff *skb = genlmsg_new(VTUN_REPLY_SIZE, GFP_KERNEL);

	if (skb) {
		*hdr = genlmsg_put_reply(skb, info, &vtun_genl_family, 0,
					 info->genlhdr->cmd);
		if (*hdr)
			return skb;
		nlmsg_free(skb);
	}
	NL_SET_ERR_MSG(info->extack, "no memory for the reply");
	return NULL;
}

int vtun_reply_end(struct genl_info *info, struct sk_buff *skb, void *hdr,
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

static int info_get(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = vtun_info_net(info);
	struct sk_buff *skb;
	void *hdr;
	int err;

	skb = vtun_reply_begin(info, &hdr);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&vn->ctl);
	err = vtun_put_info(skb, vn);
	mutex_unlock(&vn->ctl);
	return vtun_reply_end(info, skb, hdr, err);
}

static int flush(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = vtun_info_net(info);

	mutex_lock(&vn->ctl);
	vtun_net_flush(vn);
	mutex_unlock(&vn->ctl);
	return 0;
}

/* dumps show everything: a request that asks for less would be misled */
int vtun_dump_refuse(struct netlink_callback *cb, int type)
{
	struct nlattr **attrs = vtun_genl_dump_attrs(cb);

	if (!attrs || !attrs[type])
		return 0;
	NL_SET_ERR_MSG_ATTR(cb->extack, attrs[type], "dumps take no selection");
	return -EINVAL;
}

void *vtun_dump_begin(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &vtun_genl_family, NLM_F_MULTI, cmd);
	if (hdr)
		genl_dump_check_consistent(cb, hdr);
	return hdr;
}

bool vtun_dump_end(struct sk_buff *skb, void *hdr, int err)
{
	if (err) {
		genlmsg_cancel(skb, hdr);
		return false;
	}
	genlmsg_end(skb, hdr);
	return true;
}

int vtun_dump_result(const struct sk_buff *skb, bool more)
{
	return skb->len || !more ? skb->len : -EMSGSIZE;
}

struct vtun_net *vtun_dump_net(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct vtun_net *vn = vtun_net(sock_net(skb->sk));

	/* 0 would say that nothing was seen yet */
	cb->seq = atomic_read(&vn->gen) ?: 1;
	return vn;
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
		.doit = vtun_cmd_child_new,
	},
	{
		.cmd = VTUN_CMD_CHILD_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_child_select,
		.maxattr = ARRAY_SIZE(vtun_policy_child_select) - 1,
		.doit = vtun_cmd_child_get,
		.start = vtun_cmd_child_dump_start,
		.dumpit = vtun_cmd_child_dump,
	},
	{
		.cmd = VTUN_CMD_CHILD_DEL,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_child_select,
		.maxattr = ARRAY_SIZE(vtun_policy_child_select) - 1,
		.doit = vtun_cmd_child_del,
	},
	{
		.cmd = VTUN_CMD_SPI_ALLOC,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_spi_alloc,
		.maxattr = ARRAY_SIZE(vtun_policy_spi_alloc) - 1,
		.doit = vtun_cmd_spi_alloc,
	},
	{
		.cmd = VTUN_CMD_SA_INSTALL,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_sa_install,
		.maxattr = ARRAY_SIZE(vtun_policy_sa_install) - 1,
		.doit = vtun_cmd_sa_install,
	},
	{
		.cmd = VTUN_CMD_SA_ACTIVATE,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_sa_select,
		.maxattr = ARRAY_SIZE(vtun_policy_sa_select) - 1,
		.doit = vtun_cmd_sa_activate,
	},
	{
		.cmd = VTUN_CMD_SA_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_sa_select,
		.maxattr = ARRAY_SIZE(vtun_policy_sa_select) - 1,
		.doit = vtun_cmd_sa_get,
		.start = vtun_cmd_sa_dump_start,
		.dumpit = vtun_cmd_sa_dump,
	},
	{
		.cmd = VTUN_CMD_SA_DEL,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_sa_select,
		.maxattr = ARRAY_SIZE(vtun_policy_sa_select) - 1,
		.doit = vtun_cmd_sa_del,
	},
	{
		.cmd = VTUN_CMD_FLUSH,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = flush,
	},
	{
		.cmd = VTUN_CMD_CHILD_SET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_child_set,
		.maxattr = ARRAY_SIZE(vtun_policy_child_set) - 1,
		.doit = vtun_cmd_child_set,
	},
	{
		.cmd = VTUN_CMD_SA_SET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_sa_set,
		.maxattr = ARRAY_SIZE(vtun_policy_sa_set) - 1,
		.doit = vtun_cmd_sa_set,
	},
	{
		.cmd = VTUN_CMD_POLICY_NEW,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_policy_new,
		.maxattr = ARRAY_SIZE(vtun_policy_policy_new) - 1,
		.doit = vtun_cmd_policy_new,
	},
	{
		.cmd = VTUN_CMD_POLICY_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_policy_select,
		.maxattr = ARRAY_SIZE(vtun_policy_policy_select) - 1,
		.doit = vtun_cmd_policy_get,
		.start = vtun_cmd_policy_dump_start,
		.dumpit = vtun_cmd_policy_dump,
	},
	{
		.cmd = VTUN_CMD_POLICY_DEL,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_policy_select,
		.maxattr = ARRAY_SIZE(vtun_policy_policy_select) - 1,
		.doit = vtun_cmd_policy_del,
	},
	{
		.cmd = VTUN_CMD_POLICY_FLUSH,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = vtun_cmd_policy_flush,
	},
	{
		.cmd = VTUN_CMD_SOCKET_ATTACH,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_socket_attach,
		.maxattr = ARRAY_SIZE(vtun_policy_socket_attach) - 1,
		.doit = vtun_cmd_socket_attach,
	},
	{
		.cmd = VTUN_CMD_SOCKET_GET,
		.flags = GENL_UNS_ADMIN_PERM,
		.dumpit = vtun_cmd_socket_dump,
	},
	{
		.cmd = VTUN_CMD_SOCKET_DETACH,
		.flags = GENL_UNS_ADMIN_PERM,
		.policy = vtun_policy_socket_detach,
		.maxattr = ARRAY_SIZE(vtun_policy_socket_detach) - 1,
		.doit = vtun_cmd_socket_detach,
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

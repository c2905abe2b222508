/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands, and what they share: netlink*.c only. */
#ifndef VTUN_NETLINK_CMD_H
#define VTUN_NETLINK_CMD_H

#include <net/genetlink.h>

#include "net.h"
#include "netlink.h"

static inline struct vtun_net *vtun_info_net(struct genl_info *info)
{
	return vtun_net(genl_info_net(info));
}

/*
 * An empty reply to @info, NULL: no memory, it is said already. Then
 * vtun_reply_end() or nlmsg_free().
 */
struct sk_buff *vtun_reply_begin(struct genl_info *info, void **hdr);
/* @err: of what was put */
int vtun_reply_end(struct genl_info *info, struct sk_buff *skb, void *hdr,
		   int err);

/* the child that @sel names, ERR_PTR; vtun_net.ctl, or RCU when it is an id */
struct vtun_child *vtun_select_child(struct genl_info *info,
				     const struct vtun_select *sel);

int vtun_dump_refuse(struct netlink_callback *cb, int type);
/* where the dump is, and which state of the namespace it shows */
struct vtun_net *vtun_dump_net(struct sk_buff *skb,
			       struct netlink_callback *cb);
/* the header of one object in a dump */
void *vtun_dump_begin(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd);
/* false: no room, go on with the next message */
bool vtun_dump_end(struct sk_buff *skb, void *hdr, int err);
/* @more: some object is left; one that fits no empty message is an error */
int vtun_dump_result(const struct sk_buff *skb, bool more);

/* netlink_child.c */
int vtun_cmd_child_new(struct sk_buff *req, struct genl_info *info);
int vtun_cmd_child_set(struct sk_buff *req, struct genl_info *info);
int vtun_cmd_child_get(struct sk_buff *req, struct genl_info *info);
int vtun_cmd_child_del(struct sk_buff *req, struct genl_info *info);
int vtun_cmd_child_dump_start(struct netlink_callback *cb);
int vtun_cmd_child_dump(struct sk_buff *skb, struct netlink_callback *cb);

/* netlink_sa.c */
int vtun_cmd_spi_alloc(struct sk_buff *req, struct genl_info *info);
int vtun_cmd_sa_install(struct sk_buff *req, struct genl_info *info);
int vtun_cmd_sa_activate(struct sk_buff *req, struct genl_info *info);
int vtun_cmd_sa_set(struct sk_buff *req, struct genl_info *info);
int vtun_cmd_sa_get(struct sk_buff *req, struct genl_info *info);
int vtun_cmd_sa_del(struct sk_buff *req, struct genl_info *info);
int vtun_cmd_sa_dump_start(struct netlink_callback *cb);
int vtun_cmd_sa_dump(struct sk_buff *skb, struct netlink_callback *cb);

/* netlink_policy.c */
int vtun_cmd_policy_new(struct sk_buff *req, struct genl_info *info);
int vtun_cmd_policy_get(struct sk_buff *req, struct genl_info *info);
int vtun_cmd_policy_del(struct sk_buff *req, struct genl_info *info);
int vtun_cmd_policy_flush(struct sk_buff *req, struct genl_info *info);
int vtun_cmd_policy_dump_start(struct netlink_callback *cb);
int vtun_cmd_policy_dump(struct sk_buff *skb, struct netlink_callback *cb);

/* netlink_socket.c */
int vtun_cmd_socket_attach(struct sk_buff *req, struct genl_info *info);
int vtun_cmd_socket_detach(struct sk_buff *req, struct genl_info *info);
int vtun_cmd_socket_dump(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* VTUN_NETLINK_CMD_H */

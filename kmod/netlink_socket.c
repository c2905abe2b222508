// SPDX-License-Identifier: GPL-2.0-only
/* Commands about the UDP sockets that take ESP. */
#include "netlink_cmd.h"

#include "encap.h"

int vtun_cmd_socket_attach(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = vtun_info_net(info);
	int fd, err;

	err = vtun_parse_socket_attach(info, &fd);
	if (err)
		return err;
	mutex_lock(&vn->ctl);
	err = vtun_encap_attach(vn, fd, info->extack);
	mutex_unlock(&vn->ctl);
	return err;
}

int vtun_cmd_socket_detach(struct sk_buff *req, struct genl_info *info)
{
	struct vtun_net *vn = vtun_info_net(info);
	struct in6_addr addr;
	u8 family;
	u16 port;
	int err;

	err = vtun_parse_socket_detach(info, &family, &addr, &port);
	if (err)
		return err;
	mutex_lock(&vn->ctl);
	err = vtun_encap_detach(vn, family, &addr, port, info->extack);
	mutex_unlock(&vn->ctl);
	return err;
}

int vtun_cmd_socket_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct vtun_net *vn = vtun_dump_net(skb, cb);
	struct vtun_encap_sock *encap;
	void *hdr;

	mutex_lock(&vn->ctl);
	while ((encap = vtun_encap_nth(vn, cb->args[0]))) {
		hdr = vtun_dump_begin(skb, cb, VTUN_CMD_SOCKET_GET);
		if (!hdr || !vtun_dump_end(skb, hdr,
					   vtun_put_socket(skb, encap)))
			break;
		cb->args[0]++;
	}
	mutex_unlock(&vn->ctl);
	return vtun_dump_result(skb, encap);
}

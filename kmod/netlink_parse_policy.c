// SPDX-License-Identifier: GPL-2.0-only
/* Requests about policies and sockets. */
#include "netlink.h"

#include "netlink_parse.h"
#include "policy.h"

static struct netlink_range_validation range_fd = {
	.max = S32_MAX,
};

static const struct nla_policy policy_key_policy[] = {
	[VTUN_A_POLICY_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy policy_policy[] = {
	[VTUN_A_POLICY_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[VTUN_A_POLICY_ACTION] = NLA_POLICY_RANGE(NLA_U8, VTUN_ACTION_PROTECT,
						  VTUN_ACTION_DISCARD),
	[VTUN_A_POLICY_PRIORITY] = { .type = NLA_U32 },
	[VTUN_A_POLICY_CHILD_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[VTUN_A_POLICY_TS_LOCAL] = NLA_POLICY_NESTED(vtun_parse_ts_policy),
	[VTUN_A_POLICY_TS_REMOTE] = NLA_POLICY_NESTED(vtun_parse_ts_policy),
};

static const struct nla_policy socket_fd_policy[] = {
	[VTUN_A_SOCKET_FD] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_fd),
};

static const struct nla_policy socket_key_policy[] = {
	[VTUN_A_SOCKET_LOCAL] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[VTUN_A_SOCKET_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
};

const struct nla_policy vtun_policy_policy_select[VTUN_A_POLICY + 1] = {
	[VTUN_A_POLICY] = NLA_POLICY_NESTED(policy_key_policy),
};

const struct nla_policy vtun_policy_policy_new[VTUN_A_POLICY + 1] = {
	[VTUN_A_POLICY] = NLA_POLICY_NESTED(policy_policy),
};

const struct nla_policy vtun_policy_socket_attach[VTUN_A_SOCKET + 1] = {
	[VTUN_A_SOCKET] = NLA_POLICY_NESTED(socket_fd_policy),
};

const struct nla_policy vtun_policy_socket_detach[VTUN_A_SOCKET + 1] = {
	[VTUN_A_SOCKET] = NLA_POLICY_NESTED(socket_key_policy),
};

int vtun_parse_policy_select(struct genl_info *info, u32 *id)
{
	static const struct vtun_parse_need needs[] = {
		{ VTUN_A_POLICY_ID, "policy needs an ID" },
		{ }
	};
	struct nlattr *tb[ARRAY_SIZE(policy_key_policy)];
	struct nlattr *nest = info->attrs[VTUN_A_POLICY];
	int err;

	if (!nest)
		return vtun_parse_missing(info->extack, NULL, VTUN_A_POLICY,
					  "no policy is named");
	err = vtun_parse_top(info, 0);
	if (!err)
		err = vtun_parse_nest(tb, nest, ARRAY_SIZE(tb) - 1,
				      policy_key_policy, 0, info->extack);
	if (!err)
		err = vtun_parse_needs(tb, nest, needs, info->extack);
	if (!err)
		*id = nla_get_u32(tb[VTUN_A_POLICY_ID]);
	return err;
}

/* every address and port, of the family and protocol the other side has */
static void any_like(struct vtun_ts *ts, const struct vtun_ts *other)
{
	memset(ts, 0, sizeof(*ts));
	ts->family = other->family;
	ts->proto = other->proto;
	ts->port_end = U16_MAX;
	memset(&ts->end, 0xff, ts->family == AF_INET ? 4 : 16);
}

static int parse_sides(struct nlattr **tb, const struct nlattr *nest,
		       struct vtun_policy_config *config,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *remote = tb[VTUN_A_POLICY_TS_REMOTE];
	struct nlattr *local = tb[VTUN_A_POLICY_TS_LOCAL];
	int err = 0;

	if (!local && !remote)
		return vtun_parse_missing(extack, nest, VTUN_A_POLICY_TS_REMOTE,
					  "policy needs a selector");
	if (local)
		err = vtun_parse_ts(local, &config->local, extack);
	if (!err && remote)
		err = vtun_parse_ts(remote, &config->remote, extack);
	if (err)
		return err;
	if (!local)
		any_like(&config->local, &config->remote);
	if (!remote)
		any_like(&config->remote, &config->local);
	if (config->local.family != config->remote.family)
		return vtun_parse_refused(extack, remote,
					  "the selectors are of different families");
	if (config->local.proto != config->remote.proto)
		return vtun_parse_refused(extack, remote,
					  "the selectors are of different protocols");
	return 0;
}

static const struct vtun_parse_field policy_fields[] = {
	VTUN_PARSE_FIELD(VTUN_A_POLICY_ID, struct vtun_policy_config, id),
	VTUN_PARSE_FIELD(VTUN_A_POLICY_ACTION, struct vtun_policy_config,
			 action),
	VTUN_PARSE_FIELD(VTUN_A_POLICY_PRIORITY, struct vtun_policy_config,
			 priority),
	VTUN_PARSE_FIELD(VTUN_A_POLICY_CHILD_ID, struct vtun_policy_config,
			 child_id),
	{ }
};

int vtun_parse_policy_new(struct genl_info *info,
			  struct vtun_policy_config *config)
{
	static const struct vtun_parse_need needs[] = {
		{ VTUN_A_POLICY_ACTION, "policy needs an action" },
		{ }
	};
	struct nlattr *nest = info->attrs[VTUN_A_POLICY];
	struct nlattr *tb[ARRAY_SIZE(policy_policy)];
	struct netlink_ext_ack *extack = info->extack;
	int err;

	if (!nest)
		return vtun_parse_missing(extack, NULL, VTUN_A_POLICY,
					  "no policy is given");
	err = vtun_parse_top(info, 0);
	if (!err)
		err = vtun_parse_nest(tb, nest, ARRAY_SIZE(tb) - 1,
				      policy_policy, 0, extack);
	if (!err)
		err = vtun_parse_needs(tb, nest, needs, extack);
	if (err)
		return err;
	config->priority = VTUN_POLICY_PRIORITY_DEFAULT;
	vtun_parse_fields(tb, policy_fields, config);
	if (config->action == VTUN_ACTION_PROTECT && !config->child_id)
		return vtun_parse_missing(extack, nest, VTUN_A_POLICY_CHILD_ID,
					  "protect needs the ID of a child");
	if (config->action != VTUN_ACTION_PROTECT && config->child_id)
		return vtun_parse_refused(extack, tb[VTUN_A_POLICY_CHILD_ID],
					  "only protect goes with a child");
	return parse_sides(tb, nest, config, extack);
}

int vtun_parse_socket_attach(struct genl_info *info, int *fd)
{
	static const struct vtun_parse_need needs[] = {
		{ VTUN_A_SOCKET_FD, "socket needs a file descriptor" },
		{ }
	};
	struct nlattr *tb[ARRAY_SIZE(socket_fd_policy)];
	struct nlattr *nest = info->attrs[VTUN_A_SOCKET];
	int err;

	if (!nest)
		return vtun_parse_missing(info->extack, NULL, VTUN_A_SOCKET,
					  "no socket is given");
	err = vtun_parse_top(info, 0);
	if (!err)
		err = vtun_parse_nest(tb, nest, ARRAY_SIZE(tb) - 1,
				      socket_fd_policy, 0, info->extack);
	if (!err)
		err = vtun_parse_needs(tb, nest, needs, info->extack);
	if (!err)
		*fd = nla_get_u32(tb[VTUN_A_SOCKET_FD]);
	return err;
}

int vtun_parse_socket_detach(struct genl_info *info, u8 *family,
			     struct in6_addr *addr, u16 *port)
{
	static const struct vtun_parse_need needs[] = {
		{ VTUN_A_SOCKET_LOCAL, "socket needs its address" },
		{ VTUN_A_SOCKET_PORT, "socket needs its port" },
		{ }
	};
	struct nlattr *tb[ARRAY_SIZE(socket_key_policy)];
	struct nlattr *nest = info->attrs[VTUN_A_SOCKET];
	int err;

	if (!nest)
		return vtun_parse_missing(info->extack, NULL, VTUN_A_SOCKET,
					  "no socket is named");
	err = vtun_parse_top(info, 0);
	if (!err)
		err = vtun_parse_nest(tb, nest, ARRAY_SIZE(tb) - 1,
				      socket_key_policy, 0, info->extack);
	if (!err)
		err = vtun_parse_needs(tb, nest, needs, info->extack);
	if (err)
		return err;
	*port = nla_get_u16(tb[VTUN_A_SOCKET_PORT]);
	return vtun_parse_addr(tb[VTUN_A_SOCKET_LOCAL], family, addr,
			       info->extack);
}

// SPDX-License-Identifier: GPL-2.0-only
/* Requests about children. */
#include "netlink.h"

#include <linux/ctype.h>
#include <net/ipv6.h>

#include "netlink_parse.h"

#define CHILD_MULTI	(BIT_ULL(VTUN_A_CHILD_TS_LOCAL) | \
			 BIT_ULL(VTUN_A_CHILD_TS_REMOTE))

/* not const: 6.1 has them writable in struct nla_policy */
static struct netlink_range_validation range_ifindex = {
	.min = 1, .max = S32_MAX,
};

static struct netlink_range_validation range_link = {
	.max = S32_MAX,
};

static struct netlink_range_validation range_hold_bytes = {
	.max = VTUN_HOLD_BYTES_MAX,
};

static struct netlink_range_validation range_hold_ms = {
	.min = 1, .max = VTUN_HOLD_MS_MAX,
};

static struct netlink_range_validation range_keepalive = {
	.max = VTUN_KEEPALIVE_MS_MAX,
};

#define CHILD_KEY_ATTRS							\
	[VTUN_A_CHILD_ID] = NLA_POLICY_MIN(NLA_U32, 1),			\
	[VTUN_A_CHILD_NAME] = {						\
		.type = NLA_NUL_STRING, .len = VTUN_NAME_MAX,		\
	}

/* what may change later */
#define CHILD_SET_ATTRS							\
	[VTUN_A_CHILD_LOCAL] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),	\
	[VTUN_A_CHILD_REMOTE] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),	\
	[VTUN_A_CHILD_TS_LOCAL] = NLA_POLICY_NESTED(vtun_parse_ts_policy), \
	[VTUN_A_CHILD_TS_REMOTE] = NLA_POLICY_NESTED(vtun_parse_ts_policy), \
	[VTUN_A_CHILD_FLAGS] = NLA_POLICY_MASK(NLA_U32,			\
					       VTUN_CHILD_F_ON_DEMAND |	\
					       VTUN_CHILD_F_FOLLOW_PEER | \
					       VTUN_CHILD_F_DECAP_DSCP | \
					       VTUN_CHILD_F_NO_ECN),	\
	[VTUN_A_CHILD_HOLD_PACKETS] =					\
		NLA_POLICY_MAX(NLA_U32, VTUN_HOLD_PACKETS_MAX),		\
	[VTUN_A_CHILD_HOLD_BYTES] =					\
		NLA_POLICY_FULL_RANGE(NLA_U32, &range_hold_bytes),	\
	[VTUN_A_CHILD_HOLD_MS] =					\
		NLA_POLICY_FULL_RANGE(NLA_U32, &range_hold_ms),		\
	[VTUN_A_CHILD_ENCAP] = NLA_POLICY_MAX(NLA_U8, VTUN_ENCAP_UDP),	\
	[VTUN_A_CHILD_LOCAL_PORT] = NLA_POLICY_MIN(NLA_U16, 1),		\
	[VTUN_A_CHILD_REMOTE_PORT] = NLA_POLICY_MIN(NLA_U16, 1),	\
	[VTUN_A_CHILD_KEEPALIVE_MS] =					\
		NLA_POLICY_FULL_RANGE(NLA_U32, &range_keepalive),	\
	[VTUN_A_CHILD_DF] = NLA_POLICY_MAX(NLA_U8, VTUN_DF_CLEAR),	\
	[VTUN_A_CHILD_DSCP] = { .type = NLA_U8 },			\
	[VTUN_A_CHILD_MSS_CLAMP] = { .type = NLA_U16 },			\
	[VTUN_A_CHILD_MARK] = { .type = NLA_U32 },			\
	[VTUN_A_CHILD_LINK] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_link)

static const struct nla_policy child_key_policy[] = {
	CHILD_KEY_ATTRS,
};

static const struct nla_policy child_set_policy[] = {
	CHILD_KEY_ATTRS,
	CHILD_SET_ATTRS,
};

static const struct nla_policy child_policy[] = {
	CHILD_KEY_ATTRS,
	[VTUN_A_CHILD_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_ifindex),
	[VTUN_A_CHILD_MODE] = NLA_POLICY_RANGE(NLA_U8, VTUN_MODE_TUNNEL,
					       VTUN_MODE_TRANSPORT),
	CHILD_SET_ATTRS,
};

const struct nla_policy vtun_policy_child_select[VTUN_A_CHILD + 1] = {
	[VTUN_A_CHILD] = NLA_POLICY_NESTED(child_key_policy),
};

const struct nla_policy vtun_policy_child_new[VTUN_A_CHILD + 1] = {
	[VTUN_A_CHILD] = NLA_POLICY_NESTED(child_policy),
};

const struct nla_policy vtun_policy_child_set[VTUN_A_CHILD + 1] = {
	[VTUN_A_CHILD] = NLA_POLICY_NESTED(child_set_policy),
};

static const struct vtun_parse_field child_fields[] = {
	VTUN_PARSE_FIELD(VTUN_A_CHILD_ID, struct vtun_child_config, id),
	VTUN_PARSE_FIELD(VTUN_A_CHILD_IFINDEX, struct vtun_child_config,
			 ifindex),
	VTUN_PARSE_FIELD(VTUN_A_CHILD_MODE, struct vtun_child_config, mode),
	VTUN_PARSE_FIELD(VTUN_A_CHILD_FLAGS, struct vtun_child_config, flags),
	VTUN_PARSE_FIELD(VTUN_A_CHILD_HOLD_PACKETS, struct vtun_child_config,
			 hold_packets),
	VTUN_PARSE_FIELD(VTUN_A_CHILD_HOLD_BYTES, struct vtun_child_config,
			 hold_bytes),
	VTUN_PARSE_FIELD(VTUN_A_CHILD_HOLD_MS, struct vtun_child_config,
			 hold_ms),
	VTUN_PARSE_FIELD(VTUN_A_CHILD_ENCAP, struct vtun_child_config,
			 path.encap),
	VTUN_PARSE_FIELD(VTUN_A_CHILD_LOCAL_PORT, struct vtun_child_config,
			 path.sport),
	VTUN_PARSE_FIELD(VTUN_A_CHILD_REMOTE_PORT, struct vtun_child_config,
			 path.dport),
	VTUN_PARSE_FIELD(VTUN_A_CHILD_MARK, struct vtun_child_config,
			 path.mark),
	VTUN_PARSE_FIELD(VTUN_A_CHILD_LINK, struct vtun_child_config,
			 path.link),
	VTUN_PARSE_FIELD(VTUN_A_CHILD_DF, struct vtun_child_config,
			 options.df),
	VTUN_PARSE_FIELD(VTUN_A_CHILD_DSCP, struct vtun_child_config,
			 options.dscp),
	VTUN_PARSE_FIELD(VTUN_A_CHILD_MSS_CLAMP, struct vtun_child_config,
			 options.mss_clamp),
	VTUN_PARSE_FIELD(VTUN_A_CHILD_KEEPALIVE_MS, struct vtun_child_config,
			 options.keepalive_ms),
	{ }
};

static int parse_name(const struct nlattr *attr, const char **name,
		      struct netlink_ext_ack *extack)
{
	const char *p = nla_data(attr);

	if (!*p)
		return vtun_parse_refused(extack, attr, "child name is empty");
	/* the policy only says that there is a NUL */
	if (strlen(p) + 1 != nla_len(attr))
		return vtun_parse_refused(extack, attr,
					  "octets behind the end of the child name");
	*name = p;
	for (; *p; p++)
		if (!isascii(*p) || !isprint(*p))
			return vtun_parse_refused(extack, attr,
						  "child name holds a character that is not printable");
	return 0;
}

/* the child an existing one is named by */
static int parse_key(struct nlattr **tb, const struct nlattr *nest,
		     struct vtun_select *sel, struct netlink_ext_ack *extack)
{
	if (!tb[VTUN_A_CHILD_ID] && !tb[VTUN_A_CHILD_NAME])
		return vtun_parse_missing(extack, nest, VTUN_A_CHILD_ID,
					  "child needs an ID or a name");
	if (tb[VTUN_A_CHILD_ID] && tb[VTUN_A_CHILD_NAME])
		return vtun_parse_refused(extack, tb[VTUN_A_CHILD_NAME],
					  "child is named by ID or by name, not both");
	sel->id = vtun_parse_u32_or(tb[VTUN_A_CHILD_ID], 0);
	if (tb[VTUN_A_CHILD_NAME])
		return parse_name(tb[VTUN_A_CHILD_NAME], &sel->name, extack);
	return 0;
}

int vtun_parse_child_select(struct genl_info *info, struct vtun_select *sel)
{
	struct nlattr *nest = info->attrs[VTUN_A_CHILD];
	struct nlattr *tb[ARRAY_SIZE(child_key_policy)];
	struct netlink_ext_ack *extack = info->extack;
	int err;

	if (!nest)
		return vtun_parse_missing(extack, NULL, VTUN_A_CHILD,
					  "no child is named");
	err = vtun_parse_top(info, 0);
	if (!err)
		err = vtun_parse_nest(tb, nest, ARRAY_SIZE(tb) - 1,
				      child_key_policy, 0, extack);
	return err ?: parse_key(tb, nest, sel, extack);
}

/* all selectors of one side; families seen are added to @families */
static int parse_side(const struct nlattr *nest, int type, struct vtun_ts *ts,
		      u8 *n, u8 *families, struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int rem, err;

	*n = 0;
	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) != type)
			continue;
		if (*n == VTUN_TS_MAX)
			return vtun_parse_refused(extack, attr,
						  "more selectors than a side may have");
		err = vtun_parse_ts(attr, &ts[*n], extack);
		if (err)
			return err;
		*families |= ts[*n].family == AF_INET ? 1 : 2;
		++*n;
	}
	if (!*n)
		*families = 3;
	return 0;
}

static int parse_selectors(const struct nlattr *nest, struct vtun_parse_ts *ts,
			   struct vtun_child_config *config,
			   struct netlink_ext_ack *extack)
{
	u8 local = 0, remote = 0;
	int err;

	err = parse_side(nest, VTUN_A_CHILD_TS_LOCAL, ts->local,
			 &config->n_local, &local, extack);
	if (!err)
		err = parse_side(nest, VTUN_A_CHILD_TS_REMOTE, ts->remote,
				 &config->n_remote, &remote, extack);
	if (err)
		return err;
	if (!(local & remote))
		return vtun_parse_refused(extack, nest,
					  "local and remote selectors share no address family");
	config->ts_local = ts->local;
	config->ts_remote = ts->remote;
	return 0;
}

static bool is_unicast(u8 family, const struct in6_addr *addr)
{
	if (ipv6_addr_any(addr))
		return false;
	if (family == AF_INET)
		return !ipv4_is_multicast(addr->s6_addr32[0]) &&
		       !ipv4_is_lbcast(addr->s6_addr32[0]);
	return !ipv6_addr_is_multicast(addr);
}

/* either may be absent when a child is changed */
static int parse_outer(struct nlattr **tb, struct vtun_path_config *config,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *local = tb[VTUN_A_CHILD_LOCAL];
	struct nlattr *remote = tb[VTUN_A_CHILD_REMOTE];
	u8 family = 0;
	int err;

	if (local) {
		err = vtun_parse_addr(local, &family, &config->local, extack);
		if (err)
			return err;
		if (ipv6_addr_any(&config->local))
			return vtun_parse_refused(extack, local,
						  "outer source is unspecified");
	}
	config->family = family;
	if (!remote)
		return 0;
	err = vtun_parse_addr(remote, &config->family, &config->remote, extack);
	if (err)
		return err;
	if (family && family != config->family)
		return vtun_parse_refused(extack, remote,
					  "outer addresses are of different families");
	if (!is_unicast(config->family, &config->remote))
		return vtun_parse_refused(extack, remote,
					  "outer destination is no unicast address");
	return 0;
}

static int check_options(struct nlattr **tb,
			 const struct vtun_child_options *options,
			 struct netlink_ext_ack *extack)
{
	/* RFC 2474: six bits */
	if (options->dscp > 63 && options->dscp != VTUN_DSCP_COPY)
		return vtun_parse_refused(extack, tb[VTUN_A_CHILD_DSCP],
					  "DSCP is neither 0 to 63 nor copied");
	if (options->mss_clamp > 1 && options->mss_clamp < VTUN_MSS_MIN)
		return vtun_parse_refused(extack, tb[VTUN_A_CHILD_MSS_CLAMP],
					  "MSS is smaller than any segment may be");
	return 0;
}

/* what makes sense only around or without the UDP header */
static int check_encap(struct nlattr **tb, struct vtun_child_config *config,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *port = tb[VTUN_A_CHILD_LOCAL_PORT] ?:
			      tb[VTUN_A_CHILD_REMOTE_PORT];

	if (config->path.encap == VTUN_ENCAP_UDP)
		return 0;
	if (port)
		return vtun_parse_refused(extack, port,
					  "ports need encapsulation in UDP");
	if (tb[VTUN_A_CHILD_KEEPALIVE_MS] && config->options.keepalive_ms)
		return vtun_parse_refused(extack, tb[VTUN_A_CHILD_KEEPALIVE_MS],
					  "keepalives need encapsulation in UDP");
	return 0;
}

static u64 given(struct nlattr **tb, int max)
{
	u64 mask = 0;
	int i;

	for (i = 1; i <= max; i++)
		if (tb[i])
			mask |= BIT_ULL(i);
	return mask;
}

static int parse_settings(struct nlattr **tb, const struct nlattr *nest,
			  struct vtun_parse_ts *ts,
			  struct vtun_child_config *config,
			  struct netlink_ext_ack *extack)
{
	int err;

	BUILD_BUG_ON(VTUN_A_CHILD_MAX > 63);
	vtun_parse_fields(tb, child_fields, config);
	err = parse_outer(tb, &config->path, extack);
	if (!err)
		err = parse_selectors(nest, ts, config, extack);
	if (!err)
		err = check_options(tb, &config->options, extack);
	return err;
}

int vtun_parse_child_new(struct genl_info *info, struct vtun_parse_ts *ts,
			 struct vtun_child_config *config)
{
	static const struct vtun_parse_need needs[] = {
		{ VTUN_A_CHILD_NAME, "child needs a name" },
		{ }
	}, ends[] = {
		{ VTUN_A_CHILD_LOCAL, "child needs an outer source" },
		{ VTUN_A_CHILD_REMOTE, "child needs an outer destination" },
		{ }
	};
	struct nlattr *nest = info->attrs[VTUN_A_CHILD];
	struct netlink_ext_ack *extack = info->extack;
	struct nlattr *tb[ARRAY_SIZE(child_policy)];
	int err;

	if (!nest)
		return vtun_parse_missing(extack, NULL, VTUN_A_CHILD,
					  "no child is given");
	err = vtun_parse_top(info, 0);
	if (!err)
		err = vtun_parse_nest(tb, nest, ARRAY_SIZE(tb) - 1,
				      child_policy, CHILD_MULTI, extack);
	if (!err)
		err = vtun_parse_needs(tb, nest, needs, extack);
	/* a device may have addresses for its children */
	if (!err && !tb[VTUN_A_CHILD_IFINDEX])
		err = vtun_parse_needs(tb, nest, ends, extack);
	if (!err)
		err = parse_name(tb[VTUN_A_CHILD_NAME], &config->name, extack);
	if (err)
		return err;
	config->given = given(tb, ARRAY_SIZE(tb) - 1);
	config->mode = VTUN_MODE_TUNNEL;
	config->hold_packets = VTUN_HOLD_PACKETS_DEFAULT;
	config->hold_bytes = VTUN_HOLD_BYTES_DEFAULT;
	config->hold_ms = VTUN_HOLD_MS_DEFAULT;
	config->path.sport = VTUN_ENCAP_PORT;
	config->path.dport = VTUN_ENCAP_PORT;
	config->options.dscp = VTUN_DSCP_COPY;
	config->options.keepalive_ms = VTUN_KEEPALIVE_MS_DEFAULT;
	err = parse_settings(tb, nest, ts, config, extack);
	if (!err)
		err = check_encap(tb, config, extack);
	if (err)
		return err;
	/* RFC 4303 3.1.1: there are no other addresses than the outer ones */
	if (config->mode == VTUN_MODE_TRANSPORT && config->ifindex)
		return vtun_parse_refused(extack, tb[VTUN_A_CHILD_MODE],
					  "transport mode goes with policies, not with a device");
	return 0;
}

int vtun_parse_child_set(struct genl_info *info, struct vtun_parse_ts *ts,
			 struct vtun_select *sel,
			 struct vtun_child_config *config)
{
	u64 key = BIT_ULL(VTUN_A_CHILD_ID) | BIT_ULL(VTUN_A_CHILD_NAME);
	struct nlattr *nest = info->attrs[VTUN_A_CHILD];
	struct netlink_ext_ack *extack = info->extack;
	struct nlattr *tb[ARRAY_SIZE(child_set_policy)];
	int err;

	if (!nest)
		return vtun_parse_missing(extack, NULL, VTUN_A_CHILD,
					  "no child is named");
	err = vtun_parse_top(info, 0);
	if (!err)
		err = vtun_parse_nest(tb, nest, ARRAY_SIZE(tb) - 1,
				      child_set_policy, CHILD_MULTI, extack);
	if (!err)
		err = parse_key(tb, nest, sel, extack);
	if (err)
		return err;
	/* without ENCAP the child knows whether ports make sense */
	config->path.encap = VTUN_ENCAP_UDP;
	config->given = given(tb, ARRAY_SIZE(tb) - 1) & ~key;
	if (!config->given)
		return vtun_parse_refused(extack, nest, "nothing is to change");
	err = parse_settings(tb, nest, ts, config, extack);
	return err ?: check_encap(tb, config, extack);
}

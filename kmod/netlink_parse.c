// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies of the requests, and requests to what the rooms understand. All that
 * can be judged without looking at an object is judged here; each refusal names
 * the attribute.
 */
#include "netlink.h"

#include <linux/ctype.h>
#include <net/ipv6.h>

#include "crypto.h"

/* 136 years: the sum with an uptime still fits a ktime_t */
#define TIME_MAX_MS	((u64)U32_MAX * 1000)

/* not const: 6.1 has them writable in struct nla_policy */
static struct netlink_range_validation range_id = {
	.min = 1, .max = U32_MAX,
};

static struct netlink_range_validation range_ifindex = {
	.min = 1, .max = S32_MAX,
};

static struct netlink_range_validation range_spi = {
	.min = VTUN_SPI_MIN, .max = U32_MAX,
};

static struct netlink_range_validation range_hold_packets = {
	.max = VTUN_HOLD_PACKETS_MAX,
};

static struct netlink_range_validation range_hold_bytes = {
	.max = VTUN_HOLD_BYTES_MAX,
};

static struct netlink_range_validation range_hold_ms = {
	.min = 1, .max = VTUN_HOLD_MS_MAX,
};

static struct netlink_range_validation range_deadline = {
	.min = 1, .max = 600000,
};

static struct netlink_range_validation range_window = {
	.max = VTUN_REPLAY_WINDOW_MAX,
};

static struct netlink_range_validation range_time = {
	.max = TIME_MAX_MS,
};

static const struct nla_policy ts_policy[] = {
	[VTUN_A_TS_START] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[VTUN_A_TS_END] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[VTUN_A_TS_PROTO] = { .type = NLA_U8 },
	[VTUN_A_TS_PORT_START] = { .type = NLA_U16 },
	[VTUN_A_TS_PORT_END] = { .type = NLA_U16 },
};

static const struct nla_policy child_key_policy[] = {
	[VTUN_A_CHILD_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_id),
	[VTUN_A_CHILD_NAME] = {
		.type = NLA_NUL_STRING, .len = VTUN_NAME_MAX,
	},
};

static const struct nla_policy child_policy[] = {
	[VTUN_A_CHILD_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_id),
	[VTUN_A_CHILD_NAME] = {
		.type = NLA_NUL_STRING, .len = VTUN_NAME_MAX,
	},
	[VTUN_A_CHILD_IFINDEX] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_ifindex),
	[VTUN_A_CHILD_MODE] = NLA_POLICY_RANGE(NLA_U8, VTUN_MODE_TUNNEL,
					       VTUN_MODE_TUNNEL),
	[VTUN_A_CHILD_LOCAL] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[VTUN_A_CHILD_REMOTE] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[VTUN_A_CHILD_TS_LOCAL] = NLA_POLICY_NESTED(ts_policy),
	[VTUN_A_CHILD_TS_REMOTE] = NLA_POLICY_NESTED(ts_policy),
	[VTUN_A_CHILD_FLAGS] = NLA_POLICY_MASK(NLA_U32,
					       VTUN_CHILD_F_ON_DEMAND),
	[VTUN_A_CHILD_HOLD_PACKETS] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &range_hold_packets),
	[VTUN_A_CHILD_HOLD_BYTES] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &range_hold_bytes),
	[VTUN_A_CHILD_HOLD_MS] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_hold_ms),
};

static const struct nla_policy sa_key_policy[] = {
	[VTUN_A_SA_DIR] = NLA_POLICY_RANGE(NLA_U8, VTUN_DIR_IN, VTUN_DIR_OUT),
	[VTUN_A_SA_SPI] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_spi),
	[VTUN_A_SA_CHILD_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_id),
};

static const struct nla_policy sa_larval_policy[] = {
	[VTUN_A_SA_CHILD_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_id),
};

static const struct nla_policy sa_policy[] = {
	[VTUN_A_SA_DIR] = NLA_POLICY_RANGE(NLA_U8, VTUN_DIR_IN, VTUN_DIR_OUT),
	[VTUN_A_SA_SPI] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_spi),
	[VTUN_A_SA_CHILD_ID] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_id),
	[VTUN_A_SA_ENCR] = { .type = NLA_U16 },
	[VTUN_A_SA_KEY] = NLA_POLICY_RANGE(NLA_BINARY, 1, VTUN_KEY_MAX),
	[VTUN_A_SA_ESN] = NLA_POLICY_MAX(NLA_U8, 1),
	[VTUN_A_SA_REPLAY_WINDOW] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &range_window),
	[VTUN_A_SA_SEQ] = { .type = NLA_U64 },
	[VTUN_A_SA_SOFT_TIME_MS] = NLA_POLICY_FULL_RANGE(NLA_U64, &range_time),
	[VTUN_A_SA_HARD_TIME_MS] = NLA_POLICY_FULL_RANGE(NLA_U64, &range_time),
	[VTUN_A_SA_SOFT_BYTES] = { .type = NLA_U64 },
	[VTUN_A_SA_HARD_BYTES] = { .type = NLA_U64 },
	[VTUN_A_SA_SOFT_PACKETS] = { .type = NLA_U64 },
	[VTUN_A_SA_HARD_PACKETS] = { .type = NLA_U64 },
};

const struct nla_policy vtun_policy_child_select[VTUN_A_CHILD + 1] = {
	[VTUN_A_CHILD] = NLA_POLICY_NESTED(child_key_policy),
};

const struct nla_policy vtun_policy_child_new[VTUN_A_CHILD + 1] = {
	[VTUN_A_CHILD] = NLA_POLICY_NESTED(child_policy),
};

const struct nla_policy vtun_policy_sa_select[VTUN_A_SA + 1] = {
	[VTUN_A_SA] = NLA_POLICY_NESTED(sa_key_policy),
};

const struct nla_policy vtun_policy_sa_install[VTUN_A_PROVE + 1] = {
	[VTUN_A_SA] = NLA_POLICY_NESTED(sa_policy),
	[VTUN_A_SWITCH] = NLA_POLICY_RANGE(NLA_U8, VTUN_SWITCH_NOW,
					   VTUN_SWITCH_STANDBY),
	[VTUN_A_DEADLINE_MS] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_deadline),
	[VTUN_A_PROVE] = { .type = NLA_FLAG },
};

const struct nla_policy vtun_policy_spi_alloc[VTUN_A_SPI_MAX + 1] = {
	[VTUN_A_SA] = NLA_POLICY_NESTED(sa_larval_policy),
	[VTUN_A_SPI_MIN] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_spi),
	[VTUN_A_SPI_MAX] = NLA_POLICY_FULL_RANGE(NLA_U32, &range_spi),
};

/* @msg is a constant: the macros of netlink.h want it to be literally there */
static int missing(struct netlink_ext_ack *extack, const struct nlattr *nest,
		   int type, const char *msg)
{
	if (extack)
		extack->_msg = msg;
	NL_SET_ERR_ATTR_MISS(extack, nest, type);
	return -EINVAL;
}

static int refused(struct netlink_ext_ack *extack, const struct nlattr *attr,
		   const char *msg)
{
	if (extack)
		extack->_msg = msg;
	NL_SET_BAD_ATTR(extack, attr);
	return -EINVAL;
}

/*
 * The kernel's parser lets the last of several equal attributes win; here each
 * stands once, except the types in @multi.
 */
static int once(const struct nlattr *head, int len, u64 multi,
		struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	u64 seen = 0, bit;
	int rem;

	nla_for_each_attr(attr, head, len, rem) {
		bit = BIT_ULL(nla_type(attr) & 63);
		if (seen & bit & ~multi)
			return refused(extack, attr, "attribute stands twice");
		seen |= bit;
	}
	return 0;
}

static int once_top(struct genl_info *info, u64 multi)
{
	return once(nlmsg_attrdata(info->nlhdr, GENL_HDRLEN),
		    nlmsg_attrlen(info->nlhdr, GENL_HDRLEN), multi,
		    info->extack);
}

/* @tb: for ARRAY_SIZE(@policy) attributes */
static int parse_nest(struct nlattr **tb, const struct nlattr *nest, int max,
		      const struct nla_policy *policy, u64 multi,
		      struct netlink_ext_ack *extack)
{
	int err;

	err = nla_parse_nested(tb, max, nest, policy, extack);
	if (err)
		return err;
	return once(nla_data(nest), nla_len(nest), multi, extack);
}

static int parse_addr(const struct nlattr *attr, u8 *family,
		      struct in6_addr *addr, struct netlink_ext_ack *extack)
{
	memset(addr, 0, sizeof(*addr));
	switch (nla_len(attr)) {
	case 4:
		*family = AF_INET;
		break;
	case 16:
		*family = AF_INET6;
		break;
	default:
		return refused(extack, attr, "address has neither 4 nor 16 octets");
	}
	memcpy(addr, nla_data(attr), nla_len(attr));
	return 0;
}

static int parse_name(const struct nlattr *attr, const char **name,
		      struct netlink_ext_ack *extack)
{
	const char *p = nla_data(attr);

	if (!*p)
		return refused(extack, attr, "child name is empty");
	/* the policy only says that there is a NUL */
	if (strlen(p) + 1 != nla_len(attr))
		return refused(extack, attr,
			       "octets behind the end of the child name");
	*name = p;
	for (; *p; p++)
		if (!isascii(*p) || !isprint(*p))
			return refused(extack, attr,
				       "child name holds a character that is not printable");
	return 0;
}

int vtun_parse_child_select(struct genl_info *info, struct vtun_select *sel)
{
	struct nlattr *nest = info->attrs[VTUN_A_CHILD];
	struct nlattr *tb[ARRAY_SIZE(child_key_policy)];
	struct netlink_ext_ack *extack = info->extack;
	int err;

	if (!nest)
		return missing(extack, NULL, VTUN_A_CHILD, "no child is named");
	err = once_top(info, 0);
	if (!err)
		err = parse_nest(tb, nest, ARRAY_SIZE(tb) - 1,
				 child_key_policy, 0, extack);
	if (err)
		return err;
	if (!tb[VTUN_A_CHILD_ID] && !tb[VTUN_A_CHILD_NAME])
		return missing(extack, nest, VTUN_A_CHILD_ID,
			       "child needs an ID or a name");
	if (tb[VTUN_A_CHILD_ID] && tb[VTUN_A_CHILD_NAME])
		return refused(extack, tb[VTUN_A_CHILD_NAME],
			       "child is named by ID or by name, not both");
	if (tb[VTUN_A_CHILD_ID])
		sel->id = nla_get_u32(tb[VTUN_A_CHILD_ID]);
	if (tb[VTUN_A_CHILD_NAME])
		return parse_name(tb[VTUN_A_CHILD_NAME], &sel->name, extack);
	return 0;
}

int vtun_parse_sa_select(struct genl_info *info, struct vtun_select *sel)
{
	struct nlattr *tb[ARRAY_SIZE(sa_key_policy)];
	struct nlattr *nest = info->attrs[VTUN_A_SA];
	struct netlink_ext_ack *extack = info->extack;
	int err;

	if (!nest)
		return missing(extack, NULL, VTUN_A_SA, "no SA is named");
	err = once_top(info, 0);
	if (!err)
		err = parse_nest(tb, nest, ARRAY_SIZE(tb) - 1, sa_key_policy, 0,
				 extack);
	if (err)
		return err;
	if (!tb[VTUN_A_SA_DIR])
		return missing(extack, nest, VTUN_A_SA_DIR,
			       "SA needs a direction");
	if (!tb[VTUN_A_SA_SPI])
		return missing(extack, nest, VTUN_A_SA_SPI, "SA needs an SPI");
	sel->dir = nla_get_u8(tb[VTUN_A_SA_DIR]);
	sel->spi = nla_get_u32(tb[VTUN_A_SA_SPI]);
	if (tb[VTUN_A_SA_CHILD_ID])
		sel->id = nla_get_u32(tb[VTUN_A_SA_CHILD_ID]);
	else if (sel->dir == VTUN_DIR_OUT)
		return missing(extack, nest, VTUN_A_SA_CHILD_ID,
			       "outbound SA needs the ID of its child");
	return 0;
}

static int parse_ts_ports(struct nlattr **tb, struct vtun_ts *ts,
			  struct netlink_ext_ack *extack)
{
	struct nlattr *start = tb[VTUN_A_TS_PORT_START];
	struct nlattr *end = tb[VTUN_A_TS_PORT_END];

	ts->port_start = start ? nla_get_u16(start) : 0;
	ts->port_end = end ? nla_get_u16(end) : U16_MAX;
	if (ts->port_start > ts->port_end)
		return refused(extack, end ?: start,
			       "selector ends at a lower port than it starts");
	if (!vtun_ts_any_port(ts) && !vtun_ts_has_ports(ts->proto))
		return refused(extack, start ?: end,
			       "ports need a protocol that has ports");
	return 0;
}

static int parse_ts(const struct nlattr *nest, struct vtun_ts *ts,
		    struct netlink_ext_ack *extack)
{
	struct nlattr *tb[ARRAY_SIZE(ts_policy)];
	u8 family;
	int err;

	err = parse_nest(tb, nest, ARRAY_SIZE(tb) - 1, ts_policy, 0, extack);
	if (err)
		return err;
	if (!tb[VTUN_A_TS_START])
		return missing(extack, nest, VTUN_A_TS_START,
			       "selector needs a first address");
	if (!tb[VTUN_A_TS_END])
		return missing(extack, nest, VTUN_A_TS_END,
			       "selector needs a last address");
	err = parse_addr(tb[VTUN_A_TS_START], &ts->family, &ts->start, extack);
	if (!err)
		err = parse_addr(tb[VTUN_A_TS_END], &family, &ts->end, extack);
	if (err)
		return err;
	if (family != ts->family)
		return refused(extack, tb[VTUN_A_TS_END],
			       "selector mixes address families");
	/* network byte order compares like a number */
	if (memcmp(&ts->start, &ts->end, sizeof(ts->start)) > 0)
		return refused(extack, tb[VTUN_A_TS_END],
			       "selector ends before it starts");
	ts->proto = tb[VTUN_A_TS_PROTO] ? nla_get_u8(tb[VTUN_A_TS_PROTO]) : 0;
	return parse_ts_ports(tb, ts, extack);
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
			return refused(extack, attr,
				       "more selectors than a side may have");
		err = parse_ts(attr, &ts[*n], extack);
		if (err)
			return err;
		*families |= ts[*n].family == AF_INET ? 1 : 2;
		++*n;
	}
	if (!*n)
		*families = 3;
	return 0;
}

static int parse_outer(struct nlattr **tb, struct vtun_path_config *config,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *local = tb[VTUN_A_CHILD_LOCAL];
	struct nlattr *remote = tb[VTUN_A_CHILD_REMOTE];
	const struct in6_addr *addr = &config->remote;
	u8 family;
	int err;

	err = parse_addr(local, &config->family, &config->local, extack);
	if (!err)
		err = parse_addr(remote, &family, &config->remote, extack);
	if (err)
		return err;
	if (family != config->family)
		return refused(extack, remote,
			       "outer addresses are of different families");
	if (ipv6_addr_any(&config->local))
		return refused(extack, local, "outer source is unspecified");
	if (ipv6_addr_any(addr) ||
	    (family == AF_INET ? ipv4_is_multicast(addr->s6_addr32[0]) ||
				 ipv4_is_lbcast(addr->s6_addr32[0]) :
				 ipv6_addr_is_multicast(addr)))
		return refused(extack, remote, "outer destination is no unicast address");
	return 0;
}

static u32 get_u32_or(const struct nlattr *attr, u32 absent)
{
	return attr ? nla_get_u32(attr) : absent;
}

int vtun_parse_child_new(struct genl_info *info, struct vtun_parse_ts *ts,
			 struct vtun_child_config *config)
{
	u64 multi = BIT_ULL(VTUN_A_CHILD_TS_LOCAL) |
		    BIT_ULL(VTUN_A_CHILD_TS_REMOTE);
	struct nlattr *nest = info->attrs[VTUN_A_CHILD];
	struct netlink_ext_ack *extack = info->extack;
	struct nlattr *tb[ARRAY_SIZE(child_policy)];
	u8 local = 0, remote = 0;
	int err;

	if (!nest)
		return missing(extack, NULL, VTUN_A_CHILD, "no child is given");
	err = once_top(info, 0);
	if (!err)
		err = parse_nest(tb, nest, ARRAY_SIZE(tb) - 1, child_policy,
				 multi, extack);
	if (err)
		return err;
	if (!tb[VTUN_A_CHILD_NAME])
		return missing(extack, nest, VTUN_A_CHILD_NAME,
			       "child needs a name");
	if (!tb[VTUN_A_CHILD_IFINDEX])
		return missing(extack, nest, VTUN_A_CHILD_IFINDEX,
			       "child needs a device");
	if (!tb[VTUN_A_CHILD_LOCAL])
		return missing(extack, nest, VTUN_A_CHILD_LOCAL,
			       "child needs an outer source");
	if (!tb[VTUN_A_CHILD_REMOTE])
		return missing(extack, nest, VTUN_A_CHILD_REMOTE,
			       "child needs an outer destination");
	err = parse_name(tb[VTUN_A_CHILD_NAME], &config->name, extack);
	if (!err)
		err = parse_outer(tb, &config->path, extack);
	if (!err)
		err = parse_side(nest, VTUN_A_CHILD_TS_LOCAL, ts->local,
				 &config->n_local, &local, extack);
	if (!err)
		err = parse_side(nest, VTUN_A_CHILD_TS_REMOTE, ts->remote,
				 &config->n_remote, &remote, extack);
	if (err)
		return err;
	if (!(local & remote))
		return refused(extack, nest,
			       "local and remote selectors share no address family");
	config->mode = VTUN_MODE_TUNNEL;
	config->options.dscp = VTUN_DSCP_COPY;
	config->ts_local = ts->local;
	config->ts_remote = ts->remote;
	config->id = get_u32_or(tb[VTUN_A_CHILD_ID], 0);
	config->ifindex = nla_get_u32(tb[VTUN_A_CHILD_IFINDEX]);
	config->flags = get_u32_or(tb[VTUN_A_CHILD_FLAGS], 0);
	config->hold_packets = get_u32_or(tb[VTUN_A_CHILD_HOLD_PACKETS],
					  VTUN_HOLD_PACKETS_DEFAULT);
	config->hold_bytes = get_u32_or(tb[VTUN_A_CHILD_HOLD_BYTES],
					VTUN_HOLD_BYTES_DEFAULT);
	config->hold_ms = get_u32_or(tb[VTUN_A_CHILD_HOLD_MS],
				     VTUN_HOLD_MS_DEFAULT);
	return 0;
}

static u64 get_u64_or_0(const struct nlattr *attr)
{
	return attr ? nla_get_u64(attr) : 0;
}

/* @soft and @hard: attribute types of one kind of limit */
static int parse_limit(struct nlattr **tb, int soft, int hard, u64 *soft_limit,
		       u64 *hard_limit, struct netlink_ext_ack *extack)
{
	*soft_limit = get_u64_or_0(tb[soft]);
	*hard_limit = get_u64_or_0(tb[hard]);
	if (*soft_limit && *hard_limit && *soft_limit > *hard_limit)
		return refused(extack, tb[soft],
			       "soft limit lies beyond the hard one");
	return 0;
}

static int parse_limits(struct nlattr **tb, struct vtun_limits *limits,
			struct netlink_ext_ack *extack)
{
	int err;

	err = parse_limit(tb, VTUN_A_SA_SOFT_TIME_MS, VTUN_A_SA_HARD_TIME_MS,
			  &limits->soft_time, &limits->hard_time, extack);
	if (!err)
		err = parse_limit(tb, VTUN_A_SA_SOFT_BYTES,
				  VTUN_A_SA_HARD_BYTES, &limits->soft_bytes,
				  &limits->hard_bytes, extack);
	if (!err)
		err = parse_limit(tb, VTUN_A_SA_SOFT_PACKETS,
				  VTUN_A_SA_HARD_PACKETS, &limits->soft_packets,
				  &limits->hard_packets, extack);
	return err;
}

static int parse_suite(struct nlattr **tb, struct vtun_sa_config *sa,
		       const struct nlattr *nest,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *encr = tb[VTUN_A_SA_ENCR], *key = tb[VTUN_A_SA_KEY];
	const struct vtun_suite *suite;
	bool known = false;
	unsigned int i;

	if (!encr)
		return missing(extack, nest, VTUN_A_SA_ENCR,
			       "SA needs a transform");
	if (!key)
		return missing(extack, nest, VTUN_A_SA_KEY, "SA needs a key");
	for (i = 0; (suite = vtun_suite_at(i)); i++) {
		if (suite->encr != nla_get_u16(encr))
			continue;
		known = true;
		if (suite->key_len + suite->salt_len != nla_len(key))
			continue;
		sa->suite = suite;
		sa->key = nla_data(key);
		return 0;
	}
	if (!known)
		return refused(extack, encr, "transform is not known");
	return refused(extack, key,
		       "transform takes no key with salt of that length");
}

static int parse_seq(struct nlattr **tb, struct vtun_sa_config *sa,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *window = tb[VTUN_A_SA_REPLAY_WINDOW];
	struct nlattr *seq = tb[VTUN_A_SA_SEQ];

	sa->esn = tb[VTUN_A_SA_ESN] && nla_get_u8(tb[VTUN_A_SA_ESN]);
	sa->seq = get_u64_or_0(seq);
	if (!sa->esn && sa->seq > U32_MAX)
		return refused(extack, seq,
			       "sequence number needs ESN: more than 32 bits");
	if (sa->dir == VTUN_DIR_OUT) {
		if (window)
			return refused(extack, window,
				       "replay window is for inbound SAs");
		return 0;
	}
	sa->window = get_u32_or(window, VTUN_REPLAY_WINDOW_DEFAULT);
	if (sa->window && sa->window < VTUN_REPLAY_WINDOW_MIN)
		return refused(extack, window,
			       "replay window is neither 0 nor 32 or more");
	/* RFC 4303 3.3.3 */
	if (sa->esn && !sa->window)
		return refused(extack, window,
			       "ESN needs a replay window");
	return 0;
}

static int parse_sa(const struct nlattr *nest, struct vtun_parse_install *ins,
		    struct netlink_ext_ack *extack)
{
	struct nlattr *tb[ARRAY_SIZE(sa_policy)];
	struct vtun_sa_config *sa;
	u32 child_id;
	u8 dir;
	int err;

	err = parse_nest(tb, nest, ARRAY_SIZE(tb) - 1, sa_policy, 0, extack);
	if (err)
		return err;
	if (!tb[VTUN_A_SA_DIR])
		return missing(extack, nest, VTUN_A_SA_DIR,
			       "SA needs a direction");
	if (!tb[VTUN_A_SA_SPI])
		return missing(extack, nest, VTUN_A_SA_SPI, "SA needs an SPI");
	if (!tb[VTUN_A_SA_CHILD_ID])
		return missing(extack, nest, VTUN_A_SA_CHILD_ID,
			       "SA needs the ID of its child");
	child_id = nla_get_u32(tb[VTUN_A_SA_CHILD_ID]);
	if (ins->child_id && ins->child_id != child_id)
		return refused(extack, tb[VTUN_A_SA_CHILD_ID],
			       "the SAs are of different children");
	dir = nla_get_u8(tb[VTUN_A_SA_DIR]);
	if (dir == VTUN_DIR_IN ? ins->req.in : ins->req.out)
		return refused(extack, tb[VTUN_A_SA_DIR],
			       "two SAs of one direction");
	sa = dir == VTUN_DIR_IN ? &ins->in : &ins->out;
	sa->dir = dir;
	sa->spi = nla_get_u32(tb[VTUN_A_SA_SPI]);
	ins->child_id = child_id;
	if (dir == VTUN_DIR_IN)
		ins->req.in = sa;
	else
		ins->req.out = sa;
	err = parse_suite(tb, sa, nest, extack);
	if (!err)
		err = parse_seq(tb, sa, extack);
	if (!err)
		err = parse_limits(tb, &sa->limits, extack);
	return err;
}

/* how the outbound SA becomes current */
static int parse_switch(struct genl_info *info, struct vtun_sa_install *req)
{
	struct nlattr *deadline = info->attrs[VTUN_A_DEADLINE_MS];
	struct nlattr *prove = info->attrs[VTUN_A_PROVE];
	struct nlattr *sw = info->attrs[VTUN_A_SWITCH];

	if (!req->out) {
		if (sw || deadline || prove)
			return refused(info->extack, sw ?: deadline ?: prove,
				       "nothing to switch without outbound SA");
		return 0;
	}
	if (!sw)
		return missing(info->extack, NULL, VTUN_A_SWITCH,
			       "outbound SA needs to know when to switch");
	req->standby = nla_get_u8(sw) == VTUN_SWITCH_STANDBY;
	req->prove = prove;
	if (!req->standby && deadline)
		return refused(info->extack, deadline,
			       "deadline is for SAs in standby");
	if (req->standby && prove)
		return refused(info->extack, prove,
			       "an SA in standby proves nothing");
	req->deadline_ms = deadline ? nla_get_u32(deadline) : 0;
	return 0;
}

int vtun_parse_sa_install(struct genl_info *info,
			  struct vtun_parse_install *ins)
{
	const struct nlattr *attr;
	int rem, err;

	memset(ins, 0, sizeof(*ins));
	err = once_top(info, BIT_ULL(VTUN_A_SA));
	if (err)
		return err;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != VTUN_A_SA)
			continue;
		err = parse_sa(attr, ins, info->extack);
		if (err)
			return err;
	}
	if (!ins->child_id)
		return missing(info->extack, NULL, VTUN_A_SA, "no SA is given");
	return parse_switch(info, &ins->req);
}

int vtun_parse_spi_alloc(struct genl_info *info, u32 *child_id, u32 *min,
			 u32 *max)
{
	struct nlattr *tb[ARRAY_SIZE(sa_larval_policy)];
	struct nlattr *nest = info->attrs[VTUN_A_SA];
	int err;

	*child_id = 0;
	err = once_top(info, 0);
	if (!err && nest) {
		err = parse_nest(tb, nest, ARRAY_SIZE(tb) - 1,
				 sa_larval_policy, 0, info->extack);
		if (!err)
			*child_id = get_u32_or(tb[VTUN_A_SA_CHILD_ID], 0);
	}
	if (err)
		return err;
	*min = get_u32_or(info->attrs[VTUN_A_SPI_MIN], VTUN_SPI_MIN);
	*max = get_u32_or(info->attrs[VTUN_A_SPI_MAX], U32_MAX);
	if (*min > *max)
		return refused(info->extack, info->attrs[VTUN_A_SPI_MAX],
			       "SPI range ends before it starts");
	return 0;
}

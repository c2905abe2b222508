// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the requests have in common. All that can be judged of a request without
 * looking at an object is judged by the parsers; each refusal names the
 * attribute.
 */
#include "netlink_parse.h"

const struct nla_policy vtun_parse_ts_policy[VTUN_A_TS_PORT_END + 1] = {
	[VTUN_A_TS_START] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[VTUN_A_TS_END] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[VTUN_A_TS_PROTO] = { .type = NLA_U8 },
	[VTUN_A_TS_PORT_START] = { .type = NLA_U16 },
	[VTUN_A_TS_PORT_END] = { .type = NLA_U16 },
};

/* @msg is a constant: the macros of netlink.h want it to be literally there */
int vtun_parse_missing(struct netlink_ext_ack *extack,
		       const struct nlattr *nest, int type, const char *msg)
{
	if (extack)
		extack->_msg = msg;
	NL_SET_ERR_ATTR_MISS(extack, nest, type);
	return -EINVAL;
}

int vtun_parse_refused(struct netlink_ext_ack *extack,
		       const struct nlattr *attr, const char *msg)
{
	if (extack)
		extack->_msg = msg;
	NL_SET_BAD_ATTR(extack, attr);
	return -EINVAL;
}

static int once(const struct nlattr *head, int len, u64 multi,
		struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	u64 seen = 0, bit;
	int rem;

	nla_for_each_attr(attr, head, len, rem) {
		bit = BIT_ULL(nla_type(attr) & 63);
		if (seen & bit & ~multi)
			return vtun_parse_refused(extack, attr,
						  "attribute stands twice");
		seen |= bit;
	}
	return 0;
}

int vtun_parse_top(struct genl_info *info, u64 multi)
{
	return once(nlmsg_attrdata(info->nlhdr, GENL_HDRLEN),
		    nlmsg_attrlen(info->nlhdr, GENL_HDRLEN), multi,
		    info->extack);
}

int vtun_parse_nest(struct nlattr **tb, const struct nlattr *nest, int max,
		    const struct nla_policy *policy, u64 multi,
		    struct netlink_ext_ack *extack)
{
	int err;

	err = nla_parse_nested(tb, max, nest, policy, extack);
	if (err)
		return err;
	return once(nla_data(nest), nla_len(nest), multi, extack);
}

int vtun_parse_needs(struct nlattr **tb, const struct nlattr *nest,
		     const struct vtun_parse_need *needs,
		     struct netlink_ext_ack *extack)
{
	for (; needs->msg; needs++)
		if (!tb[needs->type])
			return vtun_parse_missing(extack, nest, needs->type,
						  needs->msg);
	return 0;
}

void vtun_parse_fields(struct nlattr **tb,
		       const struct vtun_parse_field *fields, void *object)
{
	for (; fields->type; fields++)
		if (tb[fields->type])
			memcpy(object + fields->offset,
			       nla_data(tb[fields->type]), fields->size);
}

int vtun_parse_addr(const struct nlattr *attr, u8 *family,
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
		return vtun_parse_refused(extack, attr,
					  "address has neither 4 nor 16 octets");
	}
	memcpy(addr, nla_data(attr), nla_len(attr));
	return 0;
}

static const struct vtun_parse_field ts_fields[] = {
	VTUN_PARSE_FIELD(VTUN_A_TS_PROTO, struct vtun_ts, proto),
	VTUN_PARSE_FIELD(VTUN_A_TS_PORT_START, struct vtun_ts, port_start),
	VTUN_PARSE_FIELD(VTUN_A_TS_PORT_END, struct vtun_ts, port_end),
	{ }
};

static int check_ts_ports(struct nlattr **tb, const struct vtun_ts *ts,
			  struct netlink_ext_ack *extack)
{
	struct nlattr *start = tb[VTUN_A_TS_PORT_START];
	struct nlattr *end = tb[VTUN_A_TS_PORT_END];

	if (ts->port_start > ts->port_end)
		return vtun_parse_refused(extack, end ?: start,
					  "selector ends at a lower port than it starts");
	if (!vtun_ts_any_port(ts) && !vtun_ts_has_ports(ts->proto))
		return vtun_parse_refused(extack, start ?: end,
					  "ports need a protocol that has ports");
	return 0;
}

int vtun_parse_ts(const struct nlattr *nest, struct vtun_ts *ts,
		  struct netlink_ext_ack *extack)
{
	static const struct vtun_parse_need needs[] = {
		{ VTUN_A_TS_START, "selector needs a first address" },
		{ VTUN_A_TS_END, "selector needs a last address" },
		{ }
	};
	struct nlattr *tb[VTUN_A_TS_PORT_END + 1];
	u8 family;
	int err;

	err = vtun_parse_nest(tb, nest, VTUN_A_TS_PORT_END,
			      vtun_parse_ts_policy, 0, extack);
	if (!err)
		err = vtun_parse_needs(tb, nest, needs, extack);
	if (!err)
		err = vtun_parse_addr(tb[VTUN_A_TS_START], &ts->family,
				      &ts->start, extack);
	if (!err)
		err = vtun_parse_addr(tb[VTUN_A_TS_END], &family, &ts->end,
				      extack);
	if (err)
		return err;
	if (family != ts->family)
		return vtun_parse_refused(extack, tb[VTUN_A_TS_END],
					  "selector mixes address families");
	/* network byte order compares like a number */
	if (memcmp(&ts->start, &ts->end, sizeof(ts->start)) > 0)
		return vtun_parse_refused(extack, tb[VTUN_A_TS_END],
					  "selector ends before it starts");
	ts->proto = 0;
	ts->port_start = 0;
	ts->port_end = U16_MAX;
	vtun_parse_fields(tb, ts_fields, ts);
	return check_ts_ports(tb, ts, extack);
}

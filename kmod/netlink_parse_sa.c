// SPDX-License-Identifier: GPL-2.0-only
/* Requests about SAs. */
#include "netlink.h"

#include "crypto.h"
#include "netlink_parse.h"

/* 136 years: the sum with an uptime still fits a ktime_t */
#define TIME_MAX_MS	((u64)U32_MAX * 1000)

static struct netlink_range_validation range_deadline = {
	.min = 1, .max = 600000,
};

static struct netlink_range_validation range_time = {
	.max = TIME_MAX_MS,
};

#define SA_KEY_ATTRS							\
	[VTUN_A_SA_DIR] = NLA_POLICY_RANGE(NLA_U8, VTUN_DIR_IN, VTUN_DIR_OUT), \
	[VTUN_A_SA_SPI] = NLA_POLICY_MIN(NLA_U32, VTUN_SPI_MIN),	\
	[VTUN_A_SA_CHILD_ID] = NLA_POLICY_MIN(NLA_U32, 1)

#define SA_LIMIT_ATTRS							\
	[VTUN_A_SA_SOFT_TIME_MS] =					\
		NLA_POLICY_FULL_RANGE(NLA_U64, &range_time),		\
	[VTUN_A_SA_HARD_TIME_MS] =					\
		NLA_POLICY_FULL_RANGE(NLA_U64, &range_time),		\
	[VTUN_A_SA_SOFT_BYTES] = { .type = NLA_U64 },			\
	[VTUN_A_SA_HARD_BYTES] = { .type = NLA_U64 },			\
	[VTUN_A_SA_SOFT_PACKETS] = { .type = NLA_U64 },			\
	[VTUN_A_SA_HARD_PACKETS] = { .type = NLA_U64 },			\
	[VTUN_A_SA_SOFT_IDLE_MS] =					\
		NLA_POLICY_FULL_RANGE(NLA_U64, &range_time),		\
	[VTUN_A_SA_HARD_IDLE_MS] =					\
		NLA_POLICY_FULL_RANGE(NLA_U64, &range_time),		\
	[VTUN_A_SA_MARGIN_MS] = { .type = NLA_U32 }

static const struct nla_policy sa_key_policy[] = {
	SA_KEY_ATTRS,
};

static const struct nla_policy sa_larval_policy[] = {
	[VTUN_A_SA_CHILD_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy sa_set_policy[] = {
	SA_KEY_ATTRS,
	SA_LIMIT_ATTRS,
};

static const struct nla_policy sa_policy[] = {
	SA_KEY_ATTRS,
	[VTUN_A_SA_ENCR] = { .type = NLA_U16 },
	[VTUN_A_SA_KEY] = NLA_POLICY_RANGE(NLA_BINARY, 1, VTUN_KEY_MAX),
	[VTUN_A_SA_ESN] = NLA_POLICY_MAX(NLA_U8, 1),
	[VTUN_A_SA_REPLAY_WINDOW] =
		NLA_POLICY_MAX(NLA_U32, VTUN_REPLAY_WINDOW_MAX),
	[VTUN_A_SA_SEQ] = { .type = NLA_U64 },
	[VTUN_A_SA_INTEG] = { .type = NLA_U16 },
	SA_LIMIT_ATTRS,
};

const struct nla_policy vtun_policy_sa_select[VTUN_A_SA + 1] = {
	[VTUN_A_SA] = NLA_POLICY_NESTED(sa_key_policy),
};

const struct nla_policy vtun_policy_sa_set[VTUN_A_SA + 1] = {
	[VTUN_A_SA] = NLA_POLICY_NESTED(sa_set_policy),
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
	[VTUN_A_SPI_MIN] = NLA_POLICY_MIN(NLA_U32, VTUN_SPI_MIN),
	[VTUN_A_SPI_MAX] = NLA_POLICY_MIN(NLA_U32, VTUN_SPI_MIN),
};

static int parse_key(struct nlattr **tb, const struct nlattr *nest,
		     struct vtun_select *sel, struct netlink_ext_ack *extack)
{
	static const struct vtun_parse_need needs[] = {
		{ VTUN_A_SA_DIR, "SA needs a direction" },
		{ VTUN_A_SA_SPI, "SA needs an SPI" },
		{ }
	};
	int err;

	err = vtun_parse_needs(tb, nest, needs, extack);
	if (err)
		return err;
	sel->dir = nla_get_u8(tb[VTUN_A_SA_DIR]);
	sel->spi = nla_get_u32(tb[VTUN_A_SA_SPI]);
	sel->id = vtun_parse_u32_or(tb[VTUN_A_SA_CHILD_ID], 0);
	if (!sel->id && sel->dir == VTUN_DIR_OUT)
		return vtun_parse_missing(extack, nest, VTUN_A_SA_CHILD_ID,
					  "outbound SA needs the ID of its child");
	return 0;
}

int vtun_parse_sa_select(struct genl_info *info, struct vtun_select *sel)
{
	struct nlattr *tb[ARRAY_SIZE(sa_key_policy)];
	struct nlattr *nest = info->attrs[VTUN_A_SA];
	int err;

	if (!nest)
		return vtun_parse_missing(info->extack, NULL, VTUN_A_SA,
					  "no SA is named");
	err = vtun_parse_top(info, 0);
	if (!err)
		err = vtun_parse_nest(tb, nest, ARRAY_SIZE(tb) - 1,
				      sa_key_policy, 0, info->extack);
	return err ?: parse_key(tb, nest, sel, info->extack);
}

static const struct vtun_parse_field limit_fields[] = {
	VTUN_PARSE_FIELD(VTUN_A_SA_SOFT_TIME_MS, struct vtun_limits, soft_time),
	VTUN_PARSE_FIELD(VTUN_A_SA_HARD_TIME_MS, struct vtun_limits, hard_time),
	VTUN_PARSE_FIELD(VTUN_A_SA_SOFT_IDLE_MS, struct vtun_limits, soft_idle),
	VTUN_PARSE_FIELD(VTUN_A_SA_HARD_IDLE_MS, struct vtun_limits, hard_idle),
	VTUN_PARSE_FIELD(VTUN_A_SA_SOFT_BYTES, struct vtun_limits, soft_bytes),
	VTUN_PARSE_FIELD(VTUN_A_SA_HARD_BYTES, struct vtun_limits, hard_bytes),
	VTUN_PARSE_FIELD(VTUN_A_SA_SOFT_PACKETS, struct vtun_limits,
			 soft_packets),
	VTUN_PARSE_FIELD(VTUN_A_SA_HARD_PACKETS, struct vtun_limits,
			 hard_packets),
	VTUN_PARSE_FIELD(VTUN_A_SA_MARGIN_MS, struct vtun_limits, margin),
	{ }
};

/* @type: the soft limit, or the hard one if that is all the request has */
static int check_limit(struct nlattr **tb, int type, int other, u64 soft,
		       u64 hard, struct netlink_ext_ack *extack)
{
	if (!soft || !hard || soft <= hard)
		return 0;
	return vtun_parse_refused(extack, tb[type] ?: tb[other],
				  "soft limit lies beyond the hard one");
}

int vtun_parse_limits(struct nlattr **tb, struct vtun_limits *limits,
		      struct netlink_ext_ack *extack)
{
	int err;

	vtun_parse_fields(tb, limit_fields, limits);
	err = check_limit(tb, VTUN_A_SA_SOFT_TIME_MS, VTUN_A_SA_HARD_TIME_MS,
			  limits->soft_time, limits->hard_time, extack);
	if (!err)
		err = check_limit(tb, VTUN_A_SA_SOFT_IDLE_MS,
				  VTUN_A_SA_HARD_IDLE_MS, limits->soft_idle,
				  limits->hard_idle, extack);
	if (!err)
		err = check_limit(tb, VTUN_A_SA_SOFT_BYTES,
				  VTUN_A_SA_HARD_BYTES, limits->soft_bytes,
				  limits->hard_bytes, extack);
	if (!err)
		err = check_limit(tb, VTUN_A_SA_SOFT_PACKETS,
				  VTUN_A_SA_HARD_PACKETS, limits->soft_packets,
				  limits->hard_packets, extack);
	return err;
}

int vtun_parse_sa_set(struct genl_info *info, struct vtun_select *sel,
		      struct nlattr *tb[VTUN_A_SA_MARGIN_MS + 1])
{
	const struct vtun_parse_field *field;
	struct nlattr *nest = info->attrs[VTUN_A_SA];
	int err;

	BUILD_BUG_ON(ARRAY_SIZE(sa_set_policy) != VTUN_A_SA_MARGIN_MS + 1);
	if (!nest)
		return vtun_parse_missing(info->extack, NULL, VTUN_A_SA,
					  "no SA is named");
	err = vtun_parse_top(info, 0);
	if (!err)
		err = vtun_parse_nest(tb, nest, VTUN_A_SA_MARGIN_MS,
				      sa_set_policy, 0, info->extack);
	if (!err)
		err = parse_key(tb, nest, sel, info->extack);
	if (err)
		return err;
	for (field = limit_fields; field->type; field++)
		if (tb[field->type])
			return 0;
	return vtun_parse_refused(info->extack, nest, "nothing is to change");
}

static int parse_suite(struct nlattr **tb, struct vtun_sa_config *sa,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *integ = tb[VTUN_A_SA_INTEG];
	struct nlattr *encr = tb[VTUN_A_SA_ENCR];
	struct nlattr *key = tb[VTUN_A_SA_KEY];
	bool known = false, fits = false;
	const struct vtun_suite *suite;
	unsigned int i;

	for (i = 0; (suite = vtun_suite_at(i)); i++) {
		if (suite->encr != nla_get_u16(encr))
			continue;
		known = true;
		if (suite->integ != (integ ? nla_get_u16(integ) : 0))
			continue;
		fits = true;
		if (vtun_suite_keymat(suite) != nla_len(key))
			continue;
		sa->suite = suite;
		sa->key = nla_data(key);
		return 0;
	}
	if (!known)
		return vtun_parse_refused(extack, encr, "transform is not known");
	if (!fits)
		return vtun_parse_refused(extack, integ ?: encr,
					  "transform does not go with that integrity transform");
	return vtun_parse_refused(extack, key,
				  "transform takes no key with salt of that length");
}

static const struct vtun_parse_field sa_fields[] = {
	VTUN_PARSE_FIELD(VTUN_A_SA_DIR, struct vtun_sa_config, dir),
	VTUN_PARSE_FIELD(VTUN_A_SA_SPI, struct vtun_sa_config, spi),
	VTUN_PARSE_FIELD(VTUN_A_SA_REPLAY_WINDOW, struct vtun_sa_config,
			 window),
	VTUN_PARSE_FIELD(VTUN_A_SA_SEQ, struct vtun_sa_config, seq),
	{ }
};

static int check_seq(struct nlattr **tb, const struct vtun_sa_config *sa,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *window = tb[VTUN_A_SA_REPLAY_WINDOW];

	if (!sa->esn && sa->seq > U32_MAX)
		return vtun_parse_refused(extack, tb[VTUN_A_SA_SEQ],
					  "sequence number needs ESN: more than 32 bits");
	if (sa->dir == VTUN_DIR_OUT) {
		if (window)
			return vtun_parse_refused(extack, window,
						  "replay window is for inbound SAs");
		if (sa->seq == (sa->esn ? U64_MAX : U32_MAX))
			return vtun_parse_refused(extack, tb[VTUN_A_SA_SEQ],
						  "no sequence number is left");
		return 0;
	}
	if (sa->window && sa->window < VTUN_REPLAY_WINDOW_MIN)
		return vtun_parse_refused(extack, window,
					  "replay window is neither 0 nor 32 or more");
	/* RFC 4303 3.3.3 */
	if (sa->esn && !sa->window)
		return vtun_parse_refused(extack, window,
					  "ESN needs a replay window");
	return 0;
}

static int parse_sa(const struct nlattr *nest, struct vtun_parse_install *ins,
		    struct netlink_ext_ack *extack)
{
	static const struct vtun_parse_need needs[] = {
		{ VTUN_A_SA_DIR, "SA needs a direction" },
		{ VTUN_A_SA_SPI, "SA needs an SPI" },
		{ VTUN_A_SA_CHILD_ID, "SA needs the ID of its child" },
		{ VTUN_A_SA_ENCR, "SA needs a transform" },
		{ VTUN_A_SA_KEY, "SA needs a key" },
		{ }
	};
	struct nlattr *tb[ARRAY_SIZE(sa_policy)];
	struct vtun_sa_config *sa;
	u32 child_id;
	bool in;
	int err;

	err = vtun_parse_nest(tb, nest, ARRAY_SIZE(tb) - 1, sa_policy, 0,
			      extack);
	if (!err)
		err = vtun_parse_needs(tb, nest, needs, extack);
	if (err)
		return err;
	child_id = nla_get_u32(tb[VTUN_A_SA_CHILD_ID]);
	if (ins->child_id && ins->child_id != child_id)
		return vtun_parse_refused(extack, tb[VTUN_A_SA_CHILD_ID],
					  "the SAs are of different children");
	in = nla_get_u8(tb[VTUN_A_SA_DIR]) == VTUN_DIR_IN;
	if (in ? ins->req.in : ins->req.out)
		return vtun_parse_refused(extack, tb[VTUN_A_SA_DIR],
					  "two SAs of one direction");
	sa = in ? &ins->in : &ins->out;
	ins->child_id = child_id;
	if (in)
		ins->req.in = sa;
	else
		ins->req.out = sa;
	sa->window = in ? VTUN_REPLAY_WINDOW_DEFAULT : 0;
	sa->esn = tb[VTUN_A_SA_ESN] && nla_get_u8(tb[VTUN_A_SA_ESN]);
	vtun_parse_fields(tb, sa_fields, sa);
	err = parse_suite(tb, sa, extack);
	if (!err)
		err = check_seq(tb, sa, extack);
	return err ?: vtun_parse_limits(tb, &sa->limits, extack);
}

/* how the outbound SA becomes current */
static int parse_switch(struct genl_info *info, struct vtun_sa_install *req)
{
	struct nlattr *deadline = info->attrs[VTUN_A_DEADLINE_MS];
	struct nlattr *prove = info->attrs[VTUN_A_PROVE];
	struct nlattr *sw = info->attrs[VTUN_A_SWITCH];

	if (!req->out) {
		if (sw || deadline || prove)
			return vtun_parse_refused(info->extack,
						  sw ?: deadline ?: prove,
						  "nothing to switch without outbound SA");
		return 0;
	}
	if (!sw)
		return vtun_parse_missing(info->extack, NULL, VTUN_A_SWITCH,
					  "outbound SA needs to know when to switch");
	req->standby = nla_get_u8(sw) == VTUN_SWITCH_STANDBY;
	req->prove = prove;
	if (!req->standby && deadline)
		return vtun_parse_refused(info->extack, deadline,
					  "deadline is for SAs in standby");
	if (req->standby && prove)
		return vtun_parse_refused(info->extack, prove,
					  "an SA in standby proves nothing");
	req->deadline_ms = vtun_parse_u32_or(deadline, 0);
	return 0;
}

int vtun_parse_sa_install(struct genl_info *info,
			  struct vtun_parse_install *ins)
{
	const struct nlattr *attr;
	int rem, err;

	memset(ins, 0, sizeof(*ins));
	err = vtun_parse_top(info, BIT_ULL(VTUN_A_SA));
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
		return vtun_parse_missing(info->extack, NULL, VTUN_A_SA,
					  "no SA is given");
	return parse_switch(info, &ins->req);
}

int vtun_parse_spi_alloc(struct genl_info *info, u32 *child_id, u32 *min,
			 u32 *max)
{
	struct nlattr *tb[ARRAY_SIZE(sa_larval_policy)];
	struct nlattr *nest = info->attrs[VTUN_A_SA];
	int err;

	*child_id = 0;
	err = vtun_parse_top(info, 0);
	if (!err && nest) {
		err = vtun_parse_nest(tb, nest, ARRAY_SIZE(tb) - 1,
				      sa_larval_policy, 0, info->extack);
		if (!err)
			*child_id = vtun_parse_u32_or(tb[VTUN_A_SA_CHILD_ID],
						      0);
	}
	if (err)
		return err;
	*min = vtun_parse_u32_or(info->attrs[VTUN_A_SPI_MIN], VTUN_SPI_MIN);
	*max = vtun_parse_u32_or(info->attrs[VTUN_A_SPI_MAX], U32_MAX);
	if (*min > *max)
		return vtun_parse_refused(info->extack,
					  info->attrs[VTUN_A_SPI_MAX],
					  "SPI range ends before it starts");
	return 0;
}

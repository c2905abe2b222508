/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parsers of the requests share: netlink_parse*.c only. */
#ifndef VTUN_NETLINK_PARSE_H
#define VTUN_NETLINK_PARSE_H

#include <linux/stddef.h>
#include <net/genetlink.h>
#include <uapi/linux/vtun.h>

#include "ts.h"

extern const struct nla_policy vtun_parse_ts_policy[VTUN_A_TS_PORT_END + 1];

/* both take a constant text and return -EINVAL */
int vtun_parse_missing(struct netlink_ext_ack *extack,
		       const struct nlattr *nest, int type, const char *msg);
int vtun_parse_refused(struct netlink_ext_ack *extack,
		       const struct nlattr *attr, const char *msg);

/*
 * The kernel's parser lets the last of several equal attributes win; here each
 * stands once, except the types in @multi.
 */
int vtun_parse_top(struct genl_info *info, u64 multi);
/* @tb: for @max + 1 attributes */
int vtun_parse_nest(struct nlattr **tb, const struct nlattr *nest, int max,
		    const struct nla_policy *policy, u64 multi,
		    struct netlink_ext_ack *extack);

/**
 * struct vtun_parse_need - an attribute that has to be there
 * @type: attribute
 * @msg: what its absence is called; NULL ends a table
 */
struct vtun_parse_need {
	int type;
	const char *msg;
};

int vtun_parse_needs(struct nlattr **tb, const struct nlattr *nest,
		     const struct vtun_parse_need *needs,
		     struct netlink_ext_ack *extack);

/**
 * struct vtun_parse_field - an integer attribute and where its value goes
 * @type: attribute; 0 ends a table
 * @size: octets, of both; the policy saw to the attribute
 * @offset: in the object
 */
struct vtun_parse_field {
	u16 type, size;
	size_t offset;
};

#define VTUN_PARSE_FIELD(_type, _struct, _member) {		\
	.type = _type,						\
	.size = sizeof_field(_struct, _member),			\
	.offset = offsetof(_struct, _member),			\
}

/* what is absent leaves its member of @object alone */
void vtun_parse_fields(struct nlattr **tb,
		       const struct vtun_parse_field *fields, void *object);

int vtun_parse_addr(const struct nlattr *attr, u8 *family,
		    struct in6_addr *addr, struct netlink_ext_ack *extack);
int vtun_parse_ts(const struct nlattr *nest, struct vtun_ts *ts,
		  struct netlink_ext_ack *extack);

static inline u32 vtun_parse_u32_or(const struct nlattr *attr, u32 absent)
{
	return attr ? nla_get_u32(attr) : absent;
}

#endif /* VTUN_NETLINK_PARSE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_NETLINK_H
#define VTUN_NETLINK_H

#include <net/genetlink.h>
#include <uapi/linux/vtun.h>

#include "child.h"
#include "sa.h"
#include "stats.h"

struct vtun_net;

extern struct genl_family vtun_genl_family;

int vtun_netlink_init(void);
void vtun_netlink_exit(void);

/* netlink_parse*.c: policies of the requests, and requests to configs */
extern const struct nla_policy vtun_policy_child_select[VTUN_A_CHILD + 1];
extern const struct nla_policy vtun_policy_child_new[VTUN_A_CHILD + 1];
extern const struct nla_policy vtun_policy_child_set[VTUN_A_CHILD + 1];
extern const struct nla_policy vtun_policy_sa_select[VTUN_A_SA + 1];
extern const struct nla_policy vtun_policy_sa_set[VTUN_A_SA + 1];
extern const struct nla_policy vtun_policy_sa_install[VTUN_A_PROVE + 1];
extern const struct nla_policy vtun_policy_spi_alloc[VTUN_A_SPI_MAX + 1];

/**
 * struct vtun_select - which object a request names
 * @id: child, 0 = not given
 * @name: child, NULL = not given
 * @dir: 0 = not given
 * @spi: 0 = not given
 */
struct vtun_select {
	u32 id;
	const char *name;
	u8 dir;
	u32 spi;
};

int vtun_parse_child_select(struct genl_info *info, struct vtun_select *sel);
int vtun_parse_sa_select(struct genl_info *info, struct vtun_select *sel);

/* room for the selectors of a child */
struct vtun_parse_ts {
	struct vtun_ts local[VTUN_TS_MAX], remote[VTUN_TS_MAX];
};

int vtun_parse_child_new(struct genl_info *info, struct vtun_parse_ts *ts,
			 struct vtun_child_config *config);
int vtun_parse_child_set(struct genl_info *info, struct vtun_parse_ts *ts,
			 struct vtun_select *sel,
			 struct vtun_child_config *config);

/**
 * struct vtun_parse_install - SA_INSTALL as read
 * @req: points into @in and @out
 */
struct vtun_parse_install {
	u32 child_id;
	struct vtun_sa_config in, out;
	struct vtun_sa_install req;
};

int vtun_parse_sa_install(struct genl_info *info,
			  struct vtun_parse_install *ins);
/* @tb: what vtun_parse_limits() puts over the limits the SA has */
int vtun_parse_sa_set(struct genl_info *info, struct vtun_select *sel,
		      struct nlattr *tb[VTUN_A_SA_MARGIN_MS + 1]);
int vtun_parse_limits(struct nlattr **tb, struct vtun_limits *limits,
		      struct netlink_ext_ack *extack);
int vtun_parse_spi_alloc(struct genl_info *info, u32 *child_id, u32 *min,
			 u32 *max);

/* netlink_put.c: objects to attributes; 0 or -EMSGSIZE */
int vtun_put_info(struct sk_buff *skb, struct vtun_net *vn);
int vtun_put_child(struct sk_buff *skb, struct vtun_child *child);
int vtun_put_sa(struct sk_buff *skb, struct vtun_sa *sa);
int vtun_put_addr(struct sk_buff *skb, int type, u8 family,
		  const struct in6_addr *addr);

/* octets that hold any single object, with room to spare */
#define VTUN_REPLY_SIZE		8192

#endif /* VTUN_NETLINK_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_NETLINK_H
#define VTUN_NETLINK_H

#include <net/genetlink.h>
#include <uapi/linux/vtun.h>

#include "child.h"
#include "sa.h"
#include "stats.h"

struct vtun_encap_sock;
struct vtun_net;
struct vtun_policy;
struct vtun_policy_config;

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
extern const struct nla_policy vtun_policy_policy_select[VTUN_A_POLICY + 1];
extern const struct nla_policy vtun_policy_policy_new[VTUN_A_POLICY + 1];
extern const struct nla_policy vtun_policy_socket_attach[VTUN_A_SOCKET + 1];
extern const struct nla_policy vtun_policy_socket_detach[VTUN_A_SOCKET + 1];

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

int vtun_parse_policy_select(struct genl_info *info, u32 *id);
int vtun_parse_policy_new(struct genl_info *info,
			  struct vtun_policy_config *config);
int vtun_parse_socket_attach(struct genl_info *info, int *fd);
int vtun_parse_socket_detach(struct genl_info *info, u8 *family,
			     struct in6_addr *addr, u16 *port);

/* netlink_put.c: objects to attributes; 0 or -EMSGSIZE */
/* vtun_net.ctl */
int vtun_put_info(struct sk_buff *skb, struct vtun_net *vn);
/* RCU */
int vtun_put_child(struct sk_buff *skb, struct vtun_child *child);
/* what identifies a child */
int vtun_put_child_key(struct sk_buff *skb, const struct vtun_child *child);
/* RCU */
int vtun_put_sa(struct sk_buff *skb, struct vtun_sa *sa);
/* what events tell of an SA; vtun_net.lock */
int vtun_put_sa_brief(struct sk_buff *skb, const struct vtun_sa *sa);
int vtun_put_larval(struct sk_buff *skb, u32 spi, u32 child_id);
/* vtun_net.ctl */
int vtun_put_policy(struct sk_buff *skb, const struct vtun_policy *policy);
int vtun_put_socket(struct sk_buff *skb, const struct vtun_encap_sock *encap);
int vtun_put_addr(struct sk_buff *skb, int type, u8 family,
		  const struct in6_addr *addr);

/* octets that hold any single object, with room to spare */
#define VTUN_REPLY_SIZE		8192

#endif /* VTUN_NETLINK_H */

// SPDX-License-Identifier: GPL-2.0-or-later
/* Policies, sockets and selectors over libmnl. */
#include <errno.h>
#include <string.h>

#include "kernel_mnl.h"

void vtun_mnl_put_ts(struct nlmsghdr *nlh, uint16_t type,
		     const struct vtun_ts *ts)
{
	size_t len = vtun_addr_len(ts->family);
	struct nlattr *nest;

	nest = mnl_attr_nest_start(nlh, type);
	mnl_attr_put(nlh, VTUN_A_TS_START, len, ts->start);
	mnl_attr_put(nlh, VTUN_A_TS_END, len, ts->end);
	if (ts->proto)
		mnl_attr_put_u8(nlh, VTUN_A_TS_PROTO, ts->proto);
	if (ts->port_start)
		mnl_attr_put_u16(nlh, VTUN_A_TS_PORT_START, ts->port_start);
	if (ts->port_end != 65535)
		mnl_attr_put_u16(nlh, VTUN_A_TS_PORT_END, ts->port_end);
	mnl_attr_nest_end(nlh, nest);
}

void vtun_mnl_ts(const struct nlattr *nest, struct vtun_ts *ts)
{
	const struct nlattr *tb[VTUN_A_TS_MAX + 1];
	struct vtun_addr a;

	vtun_mnl_nest(nest, tb, VTUN_A_TS_MAX);
	memset(ts, 0, sizeof(*ts));
	vtun_mnl_addr(tb[VTUN_A_TS_START], &a);
	ts->family = a.family;
	memcpy(ts->start, a.addr, sizeof(ts->start));
	vtun_mnl_addr(tb[VTUN_A_TS_END], &a);
	memcpy(ts->end, a.addr, sizeof(ts->end));
	ts->proto = vtun_mnl_uint(tb[VTUN_A_TS_PROTO]);
	ts->port_start = vtun_mnl_uint(tb[VTUN_A_TS_PORT_START]);
	ts->port_end = 65535;
	if (tb[VTUN_A_TS_PORT_END])
		ts->port_end = vtun_mnl_uint(tb[VTUN_A_TS_PORT_END]);
}

static int take_policy(struct vtun_k *k, const struct nlmsghdr *nlh, void *ctx)
{
	const struct nlattr *top[VTUN_A_MAX + 1], *tb[VTUN_A_POLICY_MAX + 1];
	struct vtun_k_policy *p = ctx;

	(void)k;
	vtun_mnl_attrs(nlh, top, VTUN_A_MAX);
	vtun_mnl_nest(top[VTUN_A_POLICY], tb, VTUN_A_POLICY_MAX);
	p->id = vtun_mnl_uint(tb[VTUN_A_POLICY_ID]);
	p->action = vtun_mnl_uint(tb[VTUN_A_POLICY_ACTION]);
	p->priority = vtun_mnl_uint(tb[VTUN_A_POLICY_PRIORITY]);
	p->child_id = vtun_mnl_uint(tb[VTUN_A_POLICY_CHILD_ID]);
	vtun_mnl_ts(tb[VTUN_A_POLICY_TS_LOCAL], &p->local);
	vtun_mnl_ts(tb[VTUN_A_POLICY_TS_REMOTE], &p->remote);
	p->out_packets = vtun_mnl_uint(tb[VTUN_A_POLICY_OUT_PACKETS]);
	p->out_bytes = vtun_mnl_uint(tb[VTUN_A_POLICY_OUT_BYTES]);
	p->in_packets = vtun_mnl_uint(tb[VTUN_A_POLICY_IN_PACKETS]);
	p->in_bytes = vtun_mnl_uint(tb[VTUN_A_POLICY_IN_BYTES]);
	return 0;
}

static int take_policy_item(struct vtun_k *k, const struct nlmsghdr *nlh,
			    void *ctx)
{
	struct vtun_k_policy *p = vtun_mnl_list_more(ctx);

	if (!p)
		return vtun_mnl_fail(k, -ENOMEM, "out of memory");
	return take_policy(k, nlh, p);
}

int vtun_k_policy_add(struct vtun_k *k, const struct vtun_k_policy *p,
		      uint32_t *id)
{
	struct vtun_k_policy made = { 0 };
	struct vtun_mnl_sink sink = { take_policy, &made };
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	int ret;

	nlh = vtun_mnl_request(k, VTUN_CMD_POLICY_NEW, 0);
	nest = mnl_attr_nest_start(nlh, VTUN_A_POLICY);
	if (p->id)
		mnl_attr_put_u32(nlh, VTUN_A_POLICY_ID, p->id);
	mnl_attr_put_u8(nlh, VTUN_A_POLICY_ACTION, p->action);
	mnl_attr_put_u32(nlh, VTUN_A_POLICY_PRIORITY, p->priority);
	if (p->child_id)
		mnl_attr_put_u32(nlh, VTUN_A_POLICY_CHILD_ID, p->child_id);
	if (p->local.family)
		vtun_mnl_put_ts(nlh, VTUN_A_POLICY_TS_LOCAL, &p->local);
	if (p->remote.family)
		vtun_mnl_put_ts(nlh, VTUN_A_POLICY_TS_REMOTE, &p->remote);
	mnl_attr_nest_end(nlh, nest);
	ret = vtun_mnl_talk(k, k->nl, &sink);
	if (!ret && id)
		*id = made.id;
	return ret;
}

static void request_by_id(struct vtun_k *k, uint8_t cmd, uint32_t id)
{
	struct nlmsghdr *nlh = vtun_mnl_request(k, cmd, 0);
	struct nlattr *nest = mnl_attr_nest_start(nlh, VTUN_A_POLICY);

	mnl_attr_put_u32(nlh, VTUN_A_POLICY_ID, id);
	mnl_attr_nest_end(nlh, nest);
}

int vtun_k_policy_del(struct vtun_k *k, uint32_t id)
{
	request_by_id(k, VTUN_CMD_POLICY_DEL, id);
	return vtun_mnl_talk(k, k->nl, NULL);
}

int vtun_k_policy_get(struct vtun_k *k, uint32_t id, struct vtun_k_policy *p)
{
	struct vtun_mnl_sink sink = { take_policy, p };

	memset(p, 0, sizeof(*p));
	request_by_id(k, VTUN_CMD_POLICY_GET, id);
	return vtun_mnl_talk(k, k->nl, &sink);
}

int vtun_k_policy_list(struct vtun_k *k, struct vtun_k_policy **list,
		       unsigned int *n)
{
	struct vtun_mnl_list l = { .item_size = sizeof(**list) };
	int ret;

	ret = vtun_mnl_dump(k, VTUN_CMD_POLICY_GET, &l, take_policy_item);
	*list = l.items;
	*n = l.n;
	return ret;
}

int vtun_k_policy_flush(struct vtun_k *k)
{
	vtun_mnl_request(k, VTUN_CMD_POLICY_FLUSH, 0);
	return vtun_mnl_talk(k, k->nl, NULL);
}

int vtun_k_socket_attach(struct vtun_k *k, int fd)
{
	struct nlmsghdr *nlh;
	struct nlattr *nest;

	nlh = vtun_mnl_request(k, VTUN_CMD_SOCKET_ATTACH, 0);
	nest = mnl_attr_nest_start(nlh, VTUN_A_SOCKET);
	mnl_attr_put_u32(nlh, VTUN_A_SOCKET_FD, fd);
	mnl_attr_nest_end(nlh, nest);
	return vtun_mnl_talk(k, k->nl, NULL);
}

int vtun_k_socket_detach(struct vtun_k *k, const struct vtun_addr *local,
			 uint16_t port)
{
	struct nlmsghdr *nlh;
	struct nlattr *nest;

	nlh = vtun_mnl_request(k, VTUN_CMD_SOCKET_DETACH, 0);
	nest = mnl_attr_nest_start(nlh, VTUN_A_SOCKET);
	mnl_attr_put(nlh, VTUN_A_SOCKET_LOCAL, vtun_addr_len(local->family),
		     local->addr);
	mnl_attr_put_u16(nlh, VTUN_A_SOCKET_PORT, port);
	mnl_attr_nest_end(nlh, nest);
	return vtun_mnl_talk(k, k->nl, NULL);
}

static int take_socket(struct vtun_k *k, const struct nlmsghdr *nlh, void *ctx)
{
	const struct nlattr *top[VTUN_A_MAX + 1], *tb[VTUN_A_SOCKET_MAX + 1];
	struct vtun_k_socket *s = vtun_mnl_list_more(ctx);

	if (!s)
		return vtun_mnl_fail(k, -ENOMEM, "out of memory");
	vtun_mnl_attrs(nlh, top, VTUN_A_MAX);
	vtun_mnl_nest(top[VTUN_A_SOCKET], tb, VTUN_A_SOCKET_MAX);
	vtun_mnl_addr(tb[VTUN_A_SOCKET_LOCAL], &s->local);
	s->port = vtun_mnl_uint(tb[VTUN_A_SOCKET_PORT]);
	s->orphan = tb[VTUN_A_SOCKET_ORPHAN];
	return 0;
}

int vtun_k_socket_list(struct vtun_k *k, struct vtun_k_socket **list,
		       unsigned int *n)
{
	struct vtun_mnl_list l = { .item_size = sizeof(**list) };
	int ret;

	ret = vtun_mnl_dump(k, VTUN_CMD_SOCKET_GET, &l, take_socket);
	*list = l.items;
	*n = l.n;
	return ret;
}

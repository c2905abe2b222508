// SPDX-License-Identifier: GPL-2.0-or-later
/* Children over libmnl. */
#include <errno.h>
#include <string.h>

#include "kernel_mnl.h"

void vtun_k_child_init(struct vtun_k_child *c)
{
	memset(c, 0, sizeof(*c));
	c->mode = VTUN_MODE_TUNNEL;
	c->hold_packets = VTUN_K_DEFAULT;
	c->hold_bytes = VTUN_K_DEFAULT;
	c->hold_ms = VTUN_K_DEFAULT;
}

static void put_addr(struct nlmsghdr *nlh, uint16_t type,
		     const struct vtun_addr *a)
{
	if (vtun_addr_len(a->family))
		mnl_attr_put(nlh, type, vtun_addr_len(a->family), a->addr);
}

static void put_ts(struct nlmsghdr *nlh, uint16_t type,
		   const struct vtun_ts *ts, unsigned int n)
{
	for (; n; n--, ts++)
		vtun_mnl_put_ts(nlh, type, ts);
}

static void put_hold(struct nlmsghdr *nlh, uint16_t type, uint32_t val)
{
	if (val != VTUN_K_DEFAULT)
		mnl_attr_put_u32(nlh, type, val);
}

/* settings that go by @c->given alone */
static void put_given(struct nlmsghdr *nlh, const struct vtun_k_child *c)
{
	const struct {
		uint16_t type, size;
		uint32_t val;
	} all[] = {
		{ VTUN_A_CHILD_ENCAP, 1, c->encap },
		{ VTUN_A_CHILD_LOCAL_PORT, 2, c->local_port },
		{ VTUN_A_CHILD_REMOTE_PORT, 2, c->remote_port },
		{ VTUN_A_CHILD_KEEPALIVE_MS, 4, c->keepalive_ms },
		{ VTUN_A_CHILD_DF, 1, c->df },
		{ VTUN_A_CHILD_DSCP, 1, c->dscp },
		{ VTUN_A_CHILD_MSS_CLAMP, 2, c->mss_clamp },
		{ VTUN_A_CHILD_MARK, 4, c->mark },
		{ VTUN_A_CHILD_LINK, 4, c->link },
	};
	unsigned int i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!(c->given & VTUN_K_BIT(all[i].type)))
			continue;
		if (all[i].size == 1)
			mnl_attr_put_u8(nlh, all[i].type, all[i].val);
		else if (all[i].size == 2)
			mnl_attr_put_u16(nlh, all[i].type, all[i].val);
		else
			mnl_attr_put_u32(nlh, all[i].type, all[i].val);
	}
}

static void get_ts(const struct nlattr *nest, struct vtun_ts *ts,
		   unsigned int *n)
{
	if (*n < VTUN_TS_MAX)
		vtun_mnl_ts(nest, ts + (*n)++);
}

static void get_options(const struct nlattr **tb, struct vtun_k_child *c)
{
	c->encap = vtun_mnl_uint(tb[VTUN_A_CHILD_ENCAP]);
	c->local_port = vtun_mnl_uint(tb[VTUN_A_CHILD_LOCAL_PORT]);
	c->remote_port = vtun_mnl_uint(tb[VTUN_A_CHILD_REMOTE_PORT]);
	c->keepalive_ms = vtun_mnl_uint(tb[VTUN_A_CHILD_KEEPALIVE_MS]);
	c->df = vtun_mnl_uint(tb[VTUN_A_CHILD_DF]);
	c->dscp = vtun_mnl_uint(tb[VTUN_A_CHILD_DSCP]);
	c->mss_clamp = vtun_mnl_uint(tb[VTUN_A_CHILD_MSS_CLAMP]);
	c->mark = vtun_mnl_uint(tb[VTUN_A_CHILD_MARK]);
	c->link = vtun_mnl_uint(tb[VTUN_A_CHILD_LINK]);
	c->moved = tb[VTUN_A_CHILD_MOVED_REMOTE];
	vtun_mnl_addr(tb[VTUN_A_CHILD_MOVED_LOCAL], &c->moved_local);
	vtun_mnl_addr(tb[VTUN_A_CHILD_MOVED_REMOTE], &c->moved_remote);
	c->moved_port = vtun_mnl_uint(tb[VTUN_A_CHILD_MOVED_PORT]);
	c->policies = vtun_mnl_uint(tb[VTUN_A_CHILD_POLICIES]);
}

void vtun_mnl_child(const struct nlattr *nest, struct vtun_k_child *c)
{
	const struct nlattr *tb[VTUN_A_CHILD_MAX + 1], *attr;

	memset(c, 0, sizeof(*c));
	vtun_mnl_nest(nest, tb, VTUN_A_CHILD_MAX);
	c->id = vtun_mnl_uint(tb[VTUN_A_CHILD_ID]);
	vtun_mnl_str(tb[VTUN_A_CHILD_NAME], c->name, sizeof(c->name));
	c->ifindex = vtun_mnl_uint(tb[VTUN_A_CHILD_IFINDEX]);
	c->mode = vtun_mnl_uint(tb[VTUN_A_CHILD_MODE]);
	vtun_mnl_addr(tb[VTUN_A_CHILD_LOCAL], &c->local);
	vtun_mnl_addr(tb[VTUN_A_CHILD_REMOTE], &c->remote);
	c->flags = vtun_mnl_uint(tb[VTUN_A_CHILD_FLAGS]);
	c->hold_packets = vtun_mnl_uint(tb[VTUN_A_CHILD_HOLD_PACKETS]);
	c->hold_bytes = vtun_mnl_uint(tb[VTUN_A_CHILD_HOLD_BYTES]);
	c->hold_ms = vtun_mnl_uint(tb[VTUN_A_CHILD_HOLD_MS]);
	get_options(tb, c);
	c->out_spi = vtun_mnl_uint(tb[VTUN_A_CHILD_OUT_SPI]);
	c->mtu = vtun_mnl_uint(tb[VTUN_A_CHILD_MTU]);
	c->held = vtun_mnl_uint(tb[VTUN_A_CHILD_HELD]);
	c->acquiring = tb[VTUN_A_CHILD_ACQUIRE_MS];
	c->acquire_ms = vtun_mnl_uint(tb[VTUN_A_CHILD_ACQUIRE_MS]);
	c->switches = vtun_mnl_uint(tb[VTUN_A_CHILD_SWITCHES]);
	vtun_mnl_drops(tb[VTUN_A_CHILD_DROPS], c->drops);
	if (!nest)
		return;
	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == VTUN_A_CHILD_TS_LOCAL)
			get_ts(attr, c->ts_local, &c->n_ts_local);
		if (mnl_attr_get_type(attr) == VTUN_A_CHILD_TS_REMOTE)
			get_ts(attr, c->ts_remote, &c->n_ts_remote);
	}
}

static int take_child(struct vtun_k *k, const struct nlmsghdr *nlh, void *ctx)
{
	const struct nlattr *top[VTUN_A_MAX + 1];

	(void)k;
	vtun_mnl_attrs(nlh, top, VTUN_A_MAX);
	vtun_mnl_child(top[VTUN_A_CHILD], ctx);
	return 0;
}

static int take_child_item(struct vtun_k *k, const struct nlmsghdr *nlh,
			   void *ctx)
{
	struct vtun_k_child *c = vtun_mnl_list_more(ctx);

	if (!c)
		return vtun_mnl_fail(k, -ENOMEM, "out of memory");
	return take_child(k, nlh, c);
}

int vtun_k_child_add(struct vtun_k *k, const struct vtun_k_child *c,
		     uint32_t *id)
{
	struct vtun_k_child made = { 0 };
	struct vtun_mnl_sink sink = { take_child, &made };
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	int ret;

	if (c->n_ts_local > VTUN_TS_MAX || c->n_ts_remote > VTUN_TS_MAX)
		return vtun_mnl_fail(k, -EINVAL, "more than %d selectors",
				     VTUN_TS_MAX);
	nlh = vtun_mnl_request(k, VTUN_CMD_CHILD_NEW, 0);
	nest = mnl_attr_nest_start(nlh, VTUN_A_CHILD);
	if (c->id)
		mnl_attr_put_u32(nlh, VTUN_A_CHILD_ID, c->id);
	mnl_attr_put_strz(nlh, VTUN_A_CHILD_NAME, c->name);
	if (c->ifindex)
		mnl_attr_put_u32(nlh, VTUN_A_CHILD_IFINDEX, c->ifindex);
	mnl_attr_put_u8(nlh, VTUN_A_CHILD_MODE, c->mode);
	put_addr(nlh, VTUN_A_CHILD_LOCAL, &c->local);
	put_addr(nlh, VTUN_A_CHILD_REMOTE, &c->remote);
	put_ts(nlh, VTUN_A_CHILD_TS_LOCAL, c->ts_local, c->n_ts_local);
	put_ts(nlh, VTUN_A_CHILD_TS_REMOTE, c->ts_remote, c->n_ts_remote);
	if (c->flags)
		mnl_attr_put_u32(nlh, VTUN_A_CHILD_FLAGS, c->flags);
	put_hold(nlh, VTUN_A_CHILD_HOLD_PACKETS, c->hold_packets);
	put_hold(nlh, VTUN_A_CHILD_HOLD_BYTES, c->hold_bytes);
	put_hold(nlh, VTUN_A_CHILD_HOLD_MS, c->hold_ms);
	put_given(nlh, c);
	mnl_attr_nest_end(nlh, nest);
	ret = vtun_mnl_talk(k, k->nl, &sink);
	if (!ret && id)
		*id = made.id;
	return ret;
}

int vtun_k_child_set(struct vtun_k *k, const struct vtun_k_child *c)
{
	struct nlmsghdr *nlh;
	struct nlattr *nest;

	if (c->n_ts_local > VTUN_TS_MAX || c->n_ts_remote > VTUN_TS_MAX)
		return vtun_mnl_fail(k, -EINVAL, "more than %d selectors",
				     VTUN_TS_MAX);
	nlh = vtun_mnl_request(k, VTUN_CMD_CHILD_SET, 0);
	nest = mnl_attr_nest_start(nlh, VTUN_A_CHILD);
	if (c->id)
		mnl_attr_put_u32(nlh, VTUN_A_CHILD_ID, c->id);
	else
		mnl_attr_put_strz(nlh, VTUN_A_CHILD_NAME, c->name);
	if (c->given & VTUN_K_BIT(VTUN_A_CHILD_LOCAL))
		put_addr(nlh, VTUN_A_CHILD_LOCAL, &c->local);
	if (c->given & VTUN_K_BIT(VTUN_A_CHILD_REMOTE))
		put_addr(nlh, VTUN_A_CHILD_REMOTE, &c->remote);
	if (c->given & VTUN_K_BIT(VTUN_A_CHILD_TS_LOCAL))
		put_ts(nlh, VTUN_A_CHILD_TS_LOCAL, c->ts_local, c->n_ts_local);
	if (c->given & VTUN_K_BIT(VTUN_A_CHILD_TS_REMOTE))
		put_ts(nlh, VTUN_A_CHILD_TS_REMOTE, c->ts_remote,
		       c->n_ts_remote);
	if (c->given & VTUN_K_BIT(VTUN_A_CHILD_FLAGS))
		mnl_attr_put_u32(nlh, VTUN_A_CHILD_FLAGS, c->flags);
	if (c->given & VTUN_K_BIT(VTUN_A_CHILD_HOLD_PACKETS))
		put_hold(nlh, VTUN_A_CHILD_HOLD_PACKETS, c->hold_packets);
	if (c->given & VTUN_K_BIT(VTUN_A_CHILD_HOLD_BYTES))
		put_hold(nlh, VTUN_A_CHILD_HOLD_BYTES, c->hold_bytes);
	if (c->given & VTUN_K_BIT(VTUN_A_CHILD_HOLD_MS))
		put_hold(nlh, VTUN_A_CHILD_HOLD_MS, c->hold_ms);
	put_given(nlh, c);
	mnl_attr_nest_end(nlh, nest);
	return vtun_mnl_talk(k, k->nl, NULL);
}

static struct nlmsghdr *request_by_key(struct vtun_k *k, uint8_t cmd,
				       uint32_t id, const char *name)
{
	struct nlmsghdr *nlh = vtun_mnl_request(k, cmd, 0);
	struct nlattr *nest = mnl_attr_nest_start(nlh, VTUN_A_CHILD);

	if (id)
		mnl_attr_put_u32(nlh, VTUN_A_CHILD_ID, id);
	else if (name)
		mnl_attr_put_strz(nlh, VTUN_A_CHILD_NAME, name);
	mnl_attr_nest_end(nlh, nest);
	return nlh;
}

int vtun_k_child_del(struct vtun_k *k, uint32_t id, const char *name)
{
	request_by_key(k, VTUN_CMD_CHILD_DEL, id, name);
	return vtun_mnl_talk(k, k->nl, NULL);
}

int vtun_k_child_get(struct vtun_k *k, uint32_t id, const char *name,
		     struct vtun_k_child *c)
{
	struct vtun_mnl_sink sink = { take_child, c };

	memset(c, 0, sizeof(*c));
	request_by_key(k, VTUN_CMD_CHILD_GET, id, name);
	return vtun_mnl_talk(k, k->nl, &sink);
}

int vtun_k_child_list(struct vtun_k *k, struct vtun_k_child **list,
		      unsigned int *n)
{
	struct vtun_mnl_list l = { .item_size = sizeof(**list) };
	int ret;

	ret = vtun_mnl_dump(k, VTUN_CMD_CHILD_GET, &l, take_child_item);
	*list = l.items;
	*n = l.n;
	return ret;
}

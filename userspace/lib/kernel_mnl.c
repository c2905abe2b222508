// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests to the module over libmnl: sockets, errors, replies, dumps. */
#include "kernel_mnl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sodium.h>

int vtun_mnl_fail(struct vtun_k *k, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(k->error, sizeof(k->error), fmt, ap);
	va_end(ap);
	return err;
}

const char *vtun_k_error(const struct vtun_k *k)
{
	return k ? k->error : "out of memory";
}

struct mnl_socket *vtun_mnl_socket(struct vtun_k *k, int bus, int *err)
{
	struct timeval tv = { .tv_sec = MNL_TIMEOUT_S };
	struct mnl_socket *nl;
	int on = 1;

	nl = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID)) {
		*err = vtun_mnl_fail(k, -errno, "netlink socket: %s",
				     strerror(errno));
		if (nl)
			mnl_socket_close(nl);
		return NULL;
	}
	/*
	 * All four make things better, none is needed: extended
	 * acknowledgments, no echo of the request (keys) in errors, strict
	 * checks of what a dump asks, and a bound for every wait.
	 */
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &tv,
		   sizeof(tv));
	return nl;
}

struct nlmsghdr *vtun_mnl_request(struct vtun_k *k, uint8_t cmd, uint16_t flags)
{
	struct genlmsghdr *genl;
	struct nlmsghdr *nlh;

	nlh = mnl_nlmsg_put_header(k->req);
	nlh->nlmsg_type = k->family;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = VTUN_GENL_VERSION;
	return nlh;
}

struct ext_ack {
	const char *msg;
};

static int ext_ack_attr(const struct nlattr *attr, void *data)
{
	struct ext_ack *ack = data;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
	    !mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
		ack->msg = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

/* outcome of a request: error code at @off, attributes behind @skip octets */
static int outcome(struct vtun_k *k, const struct nlmsghdr *nlh, int err,
		   size_t skip)
{
	struct ext_ack ack = { NULL };

	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_parse(nlh, skip, ext_ack_attr, &ack);
	if (err >= 0)
		return 0;
	return vtun_mnl_fail(k, err, "%s", ack.msg ? ack.msg : strerror(-err));
}

static int on_error(struct vtun_k *k, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	size_t skip = sizeof(*e);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*e))
		return vtun_mnl_fail(k, -EBADMSG, "cut acknowledgment");
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += e->msg.nlmsg_len - sizeof(e->msg);
	if (skip > mnl_nlmsg_get_payload_len(nlh))
		return vtun_mnl_fail(k, e->error, "%s", strerror(-e->error));
	return outcome(k, nlh, e->error, skip);
}

static int on_done(struct vtun_k *k, const struct nlmsghdr *nlh)
{
	int err = 0;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(err))
		memcpy(&err, mnl_nlmsg_get_payload(nlh), sizeof(err));
	return outcome(k, nlh, err, sizeof(err));
}

/* 1: wait for more, 0: the request is done, -errno */
static int on_message(struct vtun_k *k, const struct nlmsghdr *nlh,
		      const struct vtun_mnl_sink *sink)
{
	int ret = 0;

	if (nlh->nlmsg_seq != k->seq)
		return 1;	/* late reply to a request given up */
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		k->intr = true;
	if (nlh->nlmsg_type == NLMSG_ERROR)
		return on_error(k, nlh);
	if (nlh->nlmsg_type == NLMSG_DONE)
		return on_done(k, nlh);
	if (nlh->nlmsg_type >= NLMSG_MIN_TYPE && sink)
		ret = sink->take(k, nlh, sink->ctx);
	return ret ? ret : 1;
}

int vtun_mnl_talk(struct vtun_k *k, struct mnl_socket *nl,
		  const struct vtun_mnl_sink *sink)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)k->req;
	unsigned int portid = mnl_socket_get_portid(nl);
	ssize_t n;
	int ret, len;

	k->intr = false;
	nlh->nlmsg_seq = ++k->seq;
	nlh->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return vtun_mnl_fail(k, -errno, "netlink send: %s",
				     strerror(errno));
	do {
		n = mnl_socket_recvfrom(nl, k->rx, sizeof(k->rx));
		if (n < 0 && errno == EINTR) {
			ret = 1;
			continue;
		}
		if (n < 0 && errno == EAGAIN)
			return vtun_mnl_fail(k, -ETIMEDOUT, "the kernel did not answer within %d s",
					     MNL_TIMEOUT_S);
		if (n < 0)
			return vtun_mnl_fail(k, -errno, "netlink receive: %s",
					     strerror(errno));
		ret = 1;
		len = n;
		nlh = (struct nlmsghdr *)k->rx;
		for (; ret > 0 && vtun_mnl_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len))
			if (mnl_nlmsg_portid_ok(nlh, portid))
				ret = on_message(k, nlh, sink);
	} while (ret > 0);
	return ret;
}

/* ---- attributes ---- */

struct table {
	const struct nlattr **tb;
	unsigned int max;
};

static int table_attr(const struct nlattr *attr, void *data)
{
	unsigned int type = mnl_attr_get_type(attr);
	struct table *t = data;

	if (type <= t->max)
		t->tb[type] = attr;
	return MNL_CB_OK;
}

void vtun_mnl_nest(const struct nlattr *nest, const struct nlattr **tb,
		   unsigned int max)
{
	struct table t = { tb, max };

	memset(tb, 0, sizeof(*tb) * (max + 1));
	if (nest)
		mnl_attr_parse_nested(nest, table_attr, &t);
}

void vtun_mnl_attrs(const struct nlmsghdr *nlh, const struct nlattr **tb,
		    unsigned int max)
{
	struct table t = { tb, max };

	memset(tb, 0, sizeof(*tb) * (max + 1));
	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), table_attr, &t);
}

uint64_t vtun_mnl_uint(const struct nlattr *attr)
{
	if (!attr)
		return 0;
	switch (mnl_attr_get_payload_len(attr)) {
	case 1:
		return mnl_attr_get_u8(attr);
	case 2:
		return mnl_attr_get_u16(attr);
	case 4:
		return mnl_attr_get_u32(attr);
	case 8:
		return mnl_attr_get_u64(attr);
	}
	return 0;
}

void vtun_mnl_str(const struct nlattr *attr, char *buf, size_t size)
{
	size_t len = attr ? mnl_attr_get_payload_len(attr) : 0;

	if (len >= size)
		len = size - 1;
	if (len)
		memcpy(buf, mnl_attr_get_payload(attr), len);
	buf[len] = '\0';
}

void vtun_mnl_addr(const struct nlattr *attr, struct vtun_addr *a)
{
	size_t len = attr ? mnl_attr_get_payload_len(attr) : 0;

	memset(a, 0, sizeof(*a));
	if (len != 4 && len != 16)
		return;
	a->family = len == 4 ? AF_INET : AF_INET6;
	memcpy(a->addr, mnl_attr_get_payload(attr), len);
}

void vtun_mnl_drops(const struct nlattr *nest,
		    uint64_t drops[VTUN_DROP_MAX + 1])
{
	const struct nlattr *tb[VTUN_DROP_MAX + 1];
	unsigned int i;

	vtun_mnl_nest(nest, tb, VTUN_DROP_MAX);
	for (i = 0; i <= VTUN_DROP_MAX; i++)
		drops[i] = vtun_mnl_uint(tb[i]);
}

/* ---- dumps ---- */

void *vtun_mnl_list_more(struct vtun_mnl_list *list)
{
	unsigned int room;
	void *items;

	if (list->n == list->room) {
		room = list->room ? list->room * 2 : 16;
		items = reallocarray(list->items, room, list->item_size);
		if (!items)
			return NULL;
		list->items = items;
		list->room = room;
	}
	items = (char *)list->items + list->n++ * list->item_size;
	return memset(items, 0, list->item_size);
}

int vtun_mnl_dump(struct vtun_k *k, uint8_t cmd, struct vtun_mnl_list *list,
		  int (*take)(struct vtun_k *k, const struct nlmsghdr *nlh,
			      void *ctx))
{
	struct vtun_mnl_sink sink = { take, list };
	unsigned int tries = MNL_DUMP_TRIES;
	int ret;

	do {
		list->n = 0;
		vtun_mnl_request(k, cmd, NLM_F_DUMP);
		ret = vtun_mnl_talk(k, k->nl, &sink);
	} while (!ret && k->intr && --tries);
	if (!ret && k->intr)
		ret = vtun_mnl_fail(k, -EAGAIN, "objects change faster than they can be listed");
	if (ret) {
		free(list->items);
		list->items = NULL;
		list->n = 0;
	}
	return ret;
}

/* ---- the family ---- */

static int group_attr(const struct nlattr *attr, void *data)
{
	const struct nlattr *tb[CTRL_ATTR_MCAST_GRP_MAX + 1];
	struct vtun_k *k = data;
	char name[GENL_NAMSIZ];

	vtun_mnl_nest(attr, tb, CTRL_ATTR_MCAST_GRP_MAX);
	vtun_mnl_str(tb[CTRL_ATTR_MCAST_GRP_NAME], name, sizeof(name));
	if (!strcmp(name, VTUN_GENL_MCGRP_EVENTS))
		k->group = vtun_mnl_uint(tb[CTRL_ATTR_MCAST_GRP_ID]);
	return MNL_CB_OK;
}

static int take_family(struct vtun_k *k, const struct nlmsghdr *nlh, void *ctx)
{
	const struct nlattr *tb[CTRL_ATTR_MAX + 1];

	(void)ctx;
	vtun_mnl_attrs(nlh, tb, CTRL_ATTR_MAX);
	k->family = vtun_mnl_uint(tb[CTRL_ATTR_FAMILY_ID]);
	k->api = vtun_mnl_uint(tb[CTRL_ATTR_VERSION]);
	if (tb[CTRL_ATTR_MCAST_GROUPS])
		mnl_attr_parse_nested(tb[CTRL_ATTR_MCAST_GROUPS], group_attr,
				      k);
	return 0;
}

static int resolve(struct vtun_k *k, unsigned int flags)
{
	struct vtun_mnl_sink sink = { take_family, NULL };
	struct nlmsghdr *nlh;
	int ret;

	k->family = GENL_ID_CTRL;
	nlh = vtun_mnl_request(k, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, VTUN_GENL_NAME);
	ret = vtun_mnl_talk(k, k->nl, &sink);
	if (ret == -ENOENT)
		return vtun_mnl_fail(k, ret, "kernel module vtun is not loaded; "
				     "try: modprobe vtun");
	if (ret)
		return ret;
	if (k->api != VTUN_GENL_VERSION && !(flags & VTUN_K_ANY_API))
		return vtun_mnl_fail(k, -EPROTO, "kernel module vtun speaks API %u, this program speaks %u",
				     k->api, VTUN_GENL_VERSION);
	return 0;
}

int vtun_k_open(struct vtun_k **kp, unsigned int flags)
{
	struct vtun_k *k;
	int ret = 0;

	k = calloc(1, sizeof(*k));
	*kp = k;
	if (!k)
		return -ENOMEM;
	k->nl = vtun_mnl_socket(k, NETLINK_GENERIC, &ret);
	if (!k->nl)
		return ret;
	ret = resolve(k, flags);
	if (!ret && (flags & VTUN_K_EVENTS))
		ret = vtun_mnl_event_open(k);
	return ret;
}

void vtun_k_close(struct vtun_k *k)
{
	if (!k)
		return;
	if (k->nl)
		mnl_socket_close(k->nl);
	if (k->ev)
		mnl_socket_close(k->ev);
	if (k->rt)
		mnl_socket_close(k->rt);
	sodium_memzero(k, sizeof(*k));
	free(k);
}

int vtun_k_flush(struct vtun_k *k)
{
	vtun_mnl_request(k, VTUN_CMD_FLUSH, 0);
	return vtun_mnl_talk(k, k->nl, NULL);
}

static int crypto_attr(const struct nlattr *attr, void *data)
{
	const struct nlattr *tb[VTUN_A_CRYPTO_MAX + 1];
	struct vtun_k_info *info = data;
	unsigned int i = info->n_crypto;

	if (i == VTUN_K_CRYPTO_MAX)
		return MNL_CB_OK;
	vtun_mnl_nest(attr, tb, VTUN_A_CRYPTO_MAX);
	info->crypto[i].encr = vtun_mnl_uint(tb[VTUN_A_CRYPTO_ENCR]);
	info->crypto[i].integ = vtun_mnl_uint(tb[VTUN_A_CRYPTO_INTEG]);
	info->crypto[i].key_len = vtun_mnl_uint(tb[VTUN_A_CRYPTO_KEY_LEN]);
	vtun_mnl_str(tb[VTUN_A_CRYPTO_NAME], info->crypto[i].name,
		     sizeof(info->crypto[i].name));
	vtun_mnl_str(tb[VTUN_A_CRYPTO_IMPL], info->crypto[i].impl,
		     sizeof(info->crypto[i].impl));
	info->n_crypto++;
	return MNL_CB_OK;
}

static int take_info(struct vtun_k *k, const struct nlmsghdr *nlh, void *ctx)
{
	const struct nlattr *top[VTUN_A_MAX + 1], *tb[VTUN_A_INFO_MAX + 1];
	struct vtun_k_info *info = ctx;
	const struct nlattr *attr;

	(void)k;
	vtun_mnl_attrs(nlh, top, VTUN_A_MAX);
	vtun_mnl_nest(top[VTUN_A_INFO], tb, VTUN_A_INFO_MAX);
	vtun_mnl_str(tb[VTUN_A_INFO_VERSION], info->version,
		     sizeof(info->version));
	info->api = vtun_mnl_uint(tb[VTUN_A_INFO_API]);
	info->event_seq = vtun_mnl_uint(tb[VTUN_A_INFO_EVENT_SEQ]);
	info->children = vtun_mnl_uint(tb[VTUN_A_INFO_CHILDREN]);
	info->sas = vtun_mnl_uint(tb[VTUN_A_INFO_SAS]);
	info->policies = vtun_mnl_uint(tb[VTUN_A_INFO_POLICIES]);
	vtun_mnl_drops(tb[VTUN_A_INFO_DROPS], info->drops);
	if (!top[VTUN_A_INFO])
		return 0;
	mnl_attr_for_each_nested(attr, top[VTUN_A_INFO])
		if (mnl_attr_get_type(attr) == VTUN_A_INFO_CRYPTO)
			crypto_attr(attr, info);
	return 0;
}

int vtun_k_info(struct vtun_k *k, struct vtun_k_info *info)
{
	struct vtun_mnl_sink sink = { take_info, info };

	memset(info, 0, sizeof(*info));
	vtun_mnl_request(k, VTUN_CMD_INFO_GET, 0);
	return vtun_mnl_talk(k, k->nl, &sink);
}

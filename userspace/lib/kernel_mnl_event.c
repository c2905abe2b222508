// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events of the module. A lost event shows in two ways: EVENT_SEQ jumps, or the
 * socket reports ENOBUFS. A jump becomes RESYNC at once. An overflowed socket
 * goes on dropping, and does not say so again, until its queue was empty once;
 * hence RESYNC for ENOBUFS comes behind what was queued: a dump made then
 * misses nothing.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel_mnl.h"

#define EV_RCVBUF	(4 * 1024 * 1024)

int vtun_mnl_event_open(struct vtun_k *k)
{
	int fd, size = EV_RCVBUF, ret = 0;
	struct vtun_k_info info = { 0 };

	if (!k->group)
		return vtun_mnl_fail(k, -ENOENT, "the module has no group \"%s\"",
				     VTUN_GENL_MCGRP_EVENTS);
	k->ev = vtun_mnl_socket(k, NETLINK_GENERIC, &ret);
	if (!k->ev)
		return ret;
	fd = mnl_socket_get_fd(k->ev);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (mnl_socket_setsockopt(k->ev, NETLINK_ADD_MEMBERSHIP, &k->group,
				  sizeof(k->group)))
		return vtun_mnl_fail(k, -errno, "event group: %s",
				     strerror(errno));
	/* subscribed before asked: an event between the two is only early */
	ret = vtun_k_info(k, &info);
	if (ret)
		return ret;
	k->ev_next = info.event_seq + 1;
	k->ev_first = true;
	return 0;
}

int vtun_k_event_fd(const struct vtun_k *k)
{
	return k->ev ? mnl_socket_get_fd(k->ev) : -1;
}

static void get_flow(const struct nlattr *nest, struct vtun_k_event *ev)
{
	const struct nlattr *tb[VTUN_A_FLOW_MAX + 1];

	vtun_mnl_nest(nest, tb, VTUN_A_FLOW_MAX);
	vtun_mnl_addr(tb[VTUN_A_FLOW_SRC], &ev->flow.src);
	vtun_mnl_addr(tb[VTUN_A_FLOW_DST], &ev->flow.dst);
	ev->flow.proto = vtun_mnl_uint(tb[VTUN_A_FLOW_PROTO]);
	ev->flow.has_ports = tb[VTUN_A_FLOW_SPORT] && tb[VTUN_A_FLOW_DPORT];
	ev->flow.sport = vtun_mnl_uint(tb[VTUN_A_FLOW_SPORT]);
	ev->flow.dport = vtun_mnl_uint(tb[VTUN_A_FLOW_DPORT]);
}

/* of PEER_MOVED and AUDIT */
static void get_packet(const struct nlattr **tb, struct vtun_k_event *ev)
{
	vtun_mnl_addr(tb[VTUN_A_EVENT_SRC], &ev->src);
	vtun_mnl_addr(tb[VTUN_A_EVENT_DST], &ev->dst);
	ev->port = vtun_mnl_uint(tb[VTUN_A_EVENT_PORT]);
	ev->followed = tb[VTUN_A_EVENT_FOLLOWED];
	ev->reason = vtun_mnl_uint(tb[VTUN_A_EVENT_REASON]);
	ev->count = vtun_mnl_uint(tb[VTUN_A_EVENT_COUNT]);
	ev->gone = tb[VTUN_A_EVENT_GONE_MS];
	ev->gone_ms = vtun_mnl_uint(tb[VTUN_A_EVENT_GONE_MS]);
	ev->gone_state = vtun_mnl_uint(tb[VTUN_A_EVENT_GONE_STATE]);
	if (tb[VTUN_A_EVENT_SPI])
		ev->spi = vtun_mnl_uint(tb[VTUN_A_EVENT_SPI]);
}

static void get_event(const struct nlmsghdr *nlh, struct vtun_k_event *ev)
{
	const struct nlattr *top[VTUN_A_MAX + 1], *tb[VTUN_A_EVENT_MAX + 1];
	struct vtun_k_child child;
	struct vtun_k_sa sa;

	vtun_mnl_attrs(nlh, top, VTUN_A_MAX);
	vtun_mnl_nest(top[VTUN_A_EVENT], tb, VTUN_A_EVENT_MAX);
	vtun_mnl_child(top[VTUN_A_CHILD], &child);
	vtun_mnl_sa(top[VTUN_A_SA], &sa);
	ev->seq = vtun_mnl_uint(tb[VTUN_A_EVENT_SEQ]);
	ev->level = vtun_mnl_uint(tb[VTUN_A_EVENT_LEVEL]);
	ev->cause = vtun_mnl_uint(tb[VTUN_A_EVENT_CAUSE]);
	ev->old_spi = vtun_mnl_uint(tb[VTUN_A_EVENT_OLD_SPI]);
	get_flow(tb[VTUN_A_EVENT_FLOW], ev);
	ev->child_id = child.id ? child.id : sa.child_id;
	memcpy(ev->child, child.name, sizeof(ev->child));
	ev->dir = sa.dir;
	ev->spi = sa.spi;
	ev->bytes = sa.bytes;
	ev->packets = sa.packets;
	ev->age_ms = sa.age_ms;
	get_packet(tb, ev);
}

static enum vtun_k_event_type event_type(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl))
		return 0;
	switch (genl->cmd) {
	case VTUN_CMD_ACQUIRE_NTF:
		return VTUN_K_EV_ACQUIRE;
	case VTUN_CMD_EXPIRE_NTF:
		return VTUN_K_EV_EXPIRE;
	case VTUN_CMD_SWITCH_NTF:
		return VTUN_K_EV_SWITCH;
	case VTUN_CMD_PEER_MOVED_NTF:
		return VTUN_K_EV_PEER_MOVED;
	case VTUN_CMD_AUDIT_NTF:
		return VTUN_K_EV_AUDIT;
	}
	return 0;
}

/* 1: something is in ev_buf, 0: nothing waits, -errno */
static int refill(struct vtun_k *k)
{
	ssize_t n;

	if (k->ev_pos < k->ev_len)
		return 1;
	for (;;) {
		n = recv(mnl_socket_get_fd(k->ev), k->ev_buf, sizeof(k->ev_buf),
			 MSG_DONTWAIT);
		if (n > 0)
			break;
		if (!n || errno == EAGAIN || errno == EWOULDBLOCK)
			return 0;
		if (errno == ENOBUFS)
			k->ev_lost = true;
		else if (errno != EINTR)
			return vtun_mnl_fail(k, -errno, "events: %s",
					     strerror(errno));
	}
	k->ev_pos = 0;
	k->ev_len = n;
	return 1;
}

/* RESYNC for a message whose number is not the expected one */
static bool gap(struct vtun_k *k, uint32_t seq, struct vtun_k_event *ev)
{
	int32_t jump = seq - k->ev_next;

	if (k->ev_first && jump < 0)
		jump = 0;
	if (!jump)
		return false;
	memset(ev, 0, sizeof(*ev));
	ev->type = VTUN_K_EV_RESYNC;
	ev->seq = k->ev_next;
	ev->lost = jump > 0 ? jump : 0;
	k->ev_first = false;
	k->ev_next = seq;
	return true;
}

int vtun_k_event_read(struct vtun_k *k, struct vtun_k_event *ev)
{
	const struct nlmsghdr *nlh;
	int ret, len;

	if (!k->ev)
		return vtun_mnl_fail(k, -EBADF, "not subscribed to events");
	for (;;) {
		memset(ev, 0, sizeof(*ev));
		ret = refill(k);
		if (ret < 0)
			return ret;
		if (!ret && !k->ev_lost)
			return 0;
		if (!ret) {
			k->ev_lost = false;
			ev->type = VTUN_K_EV_RESYNC;
			ev->seq = k->ev_next;
			return 1;
		}
		nlh = (const struct nlmsghdr *)(k->ev_buf + k->ev_pos);
		len = k->ev_len - k->ev_pos;
		if (!vtun_mnl_ok(nlh, len)) {
			k->ev_pos = k->ev_len;
			continue;
		}
		ev->type = nlh->nlmsg_type == k->family ? event_type(nlh) : 0;
		if (ev->type) {
			get_event(nlh, ev);
			if (gap(k, ev->seq, ev))
				return 1;	/* the message waits */
			k->ev_next = ev->seq + 1;
			k->ev_first = false;
		}
		k->ev_pos += NLMSG_ALIGN(nlh->nlmsg_len);
		if (ev->type)
			return 1;
	}
}

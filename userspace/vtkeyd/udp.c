// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One wildcard socket per address family on port 500. The local address of a
 * datagram comes with it and is the source of the answer, so addresses may
 * come and go without a socket being opened again.
 */
#include "udp.h"

#include <errno.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ipv6.h>
#include <linux/xfrm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"

#define DATAGRAM_MAX	65535
#define BURST		64	/* then the other events get their turn */

struct keyd_udp {
	void (*rx)(void *ctx, const struct ike_addr *local,
		   const struct ike_addr *remote, const uint8_t *data,
		   size_t len);
	void *ctx;
	int fd4, fd6;
	struct event *ev4, *ev6;
	uint8_t buf[DATAGRAM_MAX];
};

union sockaddr_any {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* @local's destination address out of the control messages */
static bool read_pktinfo(struct msghdr *msg, struct ike_addr *local)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			local->family = AF_INET;
			memcpy(local->addr, &info.ipi_addr, 4);
			return true;
		}
		if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			local->family = AF_INET6;
			memcpy(local->addr, &info.ipi6_addr, 16);
			return true;
		}
	}
	return false;
}

static void read_peer(const union sockaddr_any *sa, struct ike_addr *remote)
{
	memset(remote, 0, sizeof(*remote));
	remote->family = sa->sa.sa_family;
	if (remote->family == AF_INET6) {
		remote->port = ntohs(sa->in6.sin6_port);
		memcpy(remote->addr, &sa->in6.sin6_addr, 16);
	} else {
		remote->port = ntohs(sa->in.sin_port);
		memcpy(remote->addr, &sa->in.sin_addr, 4);
	}
}

/* false: nothing waits */
static bool receive_one(struct keyd_udp *u, int fd)
{
	struct ike_addr local = { .port = KEYD_IKE_PORT }, remote;
	union sockaddr_any peer;
	uint8_t control[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
			CMSG_SPACE(sizeof(struct in_pktinfo))];
	struct iovec iov = { u->buf, sizeof(u->buf) };
	struct msghdr msg = {
		.msg_name = &peer,
		.msg_namelen = sizeof(peer),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	char text[64];
	ssize_t n;

	n = recvmsg(fd, &msg, MSG_DONTWAIT);
	if (n < 0)
		/* an ICMP error of an earlier datagram: there may be more */
		return errno != EAGAIN && errno != EWOULDBLOCK;
	read_peer(&peer, &remote);
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ||
	    !read_pktinfo(&msg, &local)) {
		keyd_dbg("datagram dropped remote=%s length=%zd",
			 keyd_log_addr(&remote, text), n);
		return true;
	}
	u->rx(u->ctx, &local, &remote, u->buf, (size_t)n);
	return true;
}

static void readable(evutil_socket_t fd, short what, void *ctx)
{
	struct keyd_udp *u = ctx;
	int i;

	for (i = 0; i < BURST; i++)
		if (!receive_one(u, fd))
			break;
}

/*
 * IKE is never subject to IPsec policies of this host (RFC 4301 4.4.1): a
 * socket policy that allows everything, both directions.
 */
static void bypass_xfrm(int fd, int family)
{
	struct xfrm_userpolicy_info pol = {
		.action = XFRM_POLICY_ALLOW,
		.sel.family = (uint16_t)family,
	};
	int level = family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
	int name = family == AF_INET6 ? IPV6_XFRM_POLICY : IP_XFRM_POLICY;
	int dir;

	for (dir = XFRM_POLICY_IN; dir <= XFRM_POLICY_OUT; dir++) {
		pol.dir = (uint8_t)dir;
		if (setsockopt(fd, level, name, &pol, sizeof(pol)))
			keyd_dbg("no XFRM bypass family=%d: %s", family,
				 strerror(errno));
	}
}

static int bind_port(int fd, int family)
{
	union sockaddr_any sa = { .sa.sa_family = (sa_family_t)family };
	socklen_t len = family == AF_INET6 ? sizeof(sa.in6) : sizeof(sa.in);

	if (family == AF_INET6)
		sa.in6.sin6_port = htons(KEYD_IKE_PORT);
	else
		sa.in.sin_port = htons(KEYD_IKE_PORT);
	return bind(fd, &sa.sa, len);
}

/* socket of one family, -errno */
static int open_family(int family)
{
	const int on = 1, dont = IP_PMTUDISC_DONT, buf = 4 << 20;
	int fd, err;

	fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	bypass_xfrm(fd, family);
	/* CAP_NET_ADMIN may exceed the system's limit; else what there is */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buf, sizeof(buf)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buf, sizeof(buf));
	err = family == AF_INET6 ?
	      setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) ||
	      setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) :
	      setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) ||
	      /* messages above the path MTU are fragmented, not refused */
	      setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &dont, sizeof(dont));
	if (err || bind_port(fd, family)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static struct event *watch(struct keyd_udp *u, struct event_base *base, int fd)
{
	struct event *ev;

	if (fd < 0)
		return NULL;
	ev = event_new(base, fd, EV_READ | EV_PERSIST, readable, u);
	if (ev)
		event_add(ev, NULL);
	return ev;
}

struct keyd_udp *keyd_udp_open(struct event_base *base,
			       void (*rx)(void *ctx,
					  const struct ike_addr *local,
					  const struct ike_addr *remote,
					  const uint8_t *data, size_t len),
			       void *ctx)
{
	struct keyd_udp *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->rx = rx;
	u->ctx = ctx;
	u->fd4 = open_family(AF_INET);
	u->fd6 = open_family(AF_INET6);
	if (u->fd4 < 0)
		keyd_warn("no IPv4 socket port=%d: %s", KEYD_IKE_PORT,
			  strerror(-u->fd4));
	if (u->fd6 < 0)
		keyd_warn("no IPv6 socket port=%d: %s", KEYD_IKE_PORT,
			  strerror(-u->fd6));
	if (u->fd4 < 0 && u->fd6 < 0) {
		errno = -u->fd4;
		free(u);
		return NULL;
	}
	u->ev4 = watch(u, base, u->fd4);
	u->ev6 = watch(u, base, u->fd6);
	return u;
}

void keyd_udp_close(struct keyd_udp *u)
{
	if (!u)
		return;
	if (u->ev4)
		event_free(u->ev4);
	if (u->ev6)
		event_free(u->ev6);
	if (u->fd4 >= 0)
		close(u->fd4);
	if (u->fd6 >= 0)
		close(u->fd6);
	free(u);
}

static void fill_sockaddr(const struct ike_addr *a, union sockaddr_any *sa,
			  socklen_t *len)
{
	memset(sa, 0, sizeof(*sa));
	sa->sa.sa_family = a->family;
	if (a->family == AF_INET6) {
		sa->in6.sin6_port = htons(a->port);
		memcpy(&sa->in6.sin6_addr, a->addr, 16);
		*len = sizeof(sa->in6);
	} else {
		sa->in.sin_port = htons(a->port);
		memcpy(&sa->in.sin_addr, a->addr, 4);
		*len = sizeof(sa->in);
	}
}

/* the source address as a control message */
static void put_pktinfo(struct msghdr *msg, const struct ike_addr *local)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);

	if (local->family == AF_INET6) {
		struct in6_pktinfo info = { .ipi6_ifindex = 0 };

		memcpy(&info.ipi6_addr, local->addr, 16);
		c->cmsg_level = IPPROTO_IPV6;
		c->cmsg_type = IPV6_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(c), &info, sizeof(info));
		msg->msg_controllen = CMSG_SPACE(sizeof(info));
	} else {
		struct in_pktinfo info = { .ipi_ifindex = 0 };

		memcpy(&info.ipi_spec_dst, local->addr, 4);
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(c), &info, sizeof(info));
		msg->msg_controllen = CMSG_SPACE(sizeof(info));
	}
}

int keyd_udp_send(struct keyd_udp *u, const struct ike_addr *local,
		  const struct ike_addr *remote, const uint8_t *data,
		  size_t len)
{
	int fd = remote->family == AF_INET6 ? u->fd6 : u->fd4;
	uint8_t control[CMSG_SPACE(sizeof(struct in6_pktinfo))] = { 0 };
	struct iovec iov = { (void *)(uintptr_t)data, len };
	union sockaddr_any peer;
	socklen_t peer_len;
	struct msghdr msg = {
		.msg_name = &peer,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};

	if (fd < 0)
		return -EAFNOSUPPORT;
	fill_sockaddr(remote, &peer, &peer_len);
	msg.msg_namelen = peer_len;
	if (local->family == remote->family) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		put_pktinfo(&msg, local);
	}
	return sendmsg(fd, &msg, MSG_DONTWAIT) < 0 ? -errno : 0;
}

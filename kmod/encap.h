/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_ENCAP_H
#define VTUN_ENCAP_H

#include <linux/in6.h>
#include <linux/list.h>
#include <linux/types.h>

struct netlink_ext_ack;
struct sock;
struct socket;
struct vtun_net;

/**
 * struct vtun_encap_sock - UDP socket that takes ESP, RFC 3948
 * @node: vtun_net.sockets, oldest first
 * @vn: namespace of the socket
 * @sk: the socket, referenced
 * @orphan: our own socket in the place of one whose owner is gone, else NULL
 * @family: AF_INET or AF_INET6
 * @addr: bound address, all zero = any; IPv4 in s6_addr32[0]
 * @port: bound port, host byte order, 0 = not bound yet
 *
 * All of it vtun_net.ctl. The owner of a socket that goes leaves an orphan with
 * the same address and port.
 */
struct vtun_encap_sock {
	struct list_head	node;
	struct vtun_net		*vn;
	struct sock		*sk;
	struct socket		*orphan;
	u8			family;
	struct in6_addr		addr;
	u16			port;
};

/* vtun_net.ctl for all of them, but vtun_encap_exit() */
/*
 * Takes the ESP that comes to the UDP socket @fd of the calling process. Once
 * more: ends the orphan that was bound where the socket is by now.
 */
int vtun_encap_attach(struct vtun_net *vn, int fd,
		      struct netlink_ext_ack *extack);
/* gives a socket back to its owner as it was; ends an orphan */
int vtun_encap_detach(struct vtun_net *vn, u8 family,
		      const struct in6_addr *addr, u16 port,
		      struct netlink_ext_ack *extack);
/* the socket at or behind place @n of the list, NULL = no more */
struct vtun_encap_sock *vtun_encap_nth(struct vtun_net *vn, unsigned int n);

/* is this one of the sockets? any context */
bool vtun_encap_owns(const struct sock *sk);

void vtun_encap_net_init(struct vtun_net *vn);
/* end of a namespace, or of the module: every socket; process context */
void vtun_encap_net_exit(struct vtun_net *vn);
/* end of the module: nobody is in the callbacks any more when it returns */
void vtun_encap_exit(void);

#endif /* VTUN_ENCAP_H */

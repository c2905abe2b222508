/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_PATH_H
#define VTUN_PATH_H

#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <net/ipv6.h>
#include <uapi/linux/vtun.h>

struct dst_entry;
struct vtun_net;

/**
 * struct vtun_path_config - where the outer packets of a child go
 * @family: AF_INET or AF_INET6, of the outer addresses
 * @encap: enum vtun_encap
 * @local: outer source; IPv4 in s6_addr32[0]
 * @remote: outer destination
 * @sport: UDP source port with VTUN_ENCAP_UDP, host byte order
 * @dport: UDP destination port, likewise
 * @mark: fwmark of outer packets
 * @link: ifindex they leave by, 0 = by route
 */
struct vtun_path_config {
	u8 family, encap;
	struct in6_addr local, remote;
	u16 sport, dport;
	u32 mark;
	u32 link;
};

/* the same addresses and, with UDP, ports? */
static inline bool vtun_path_same_ends(const struct vtun_path_config *a,
				       const struct vtun_path_config *b)
{
	if (a->family != b->family || a->encap != b->encap ||
	    (a->encap && (a->dport != b->dport || a->sport != b->sport)))
		return false;
	if (a->family == AF_INET)
		return a->remote.s6_addr32[0] == b->remote.s6_addr32[0] &&
		       a->local.s6_addr32[0] == b->local.s6_addr32[0];
	return ipv6_addr_equal(&a->remote, &b->remote) &&
	       ipv6_addr_equal(&a->local, &b->local);
}

/* route of one CPU; @cookie is for dst_check() */
struct vtun_path_dst {
	struct dst_entry *dst;
	u32 cookie;
};

/**
 * struct vtun_path - outer path of a child
 * @config: where to; never changes: a peer that moves gets another path
 * @net: namespace of the outer packets
 * @mtu: of the path as it was seen last, 0 = unknown; racy hint, READ_ONCE and
 *	WRITE_ONCE
 * @routes: outer route, for each CPU its own; BH off
 * @rcu: to free it
 *
 * vtun_child.path points to it: written under vtun_net.lock, read under RCU.
 */
struct vtun_path {
	struct vtun_path_config	config;
	struct net		*net;
	u32			mtu;
	struct vtun_path_dst __percpu *routes;
	struct rcu_head		rcu;
};

/* any context, by @gfp; NULL: no memory */
struct vtun_path *vtun_path_new(struct vtun_net *vn,
				const struct vtun_path_config *config,
				gfp_t gfp);
/* frees a grace period later, or at once; both are fine with NULL */
void vtun_path_free(struct vtun_path *path);
void vtun_path_destroy(struct vtun_path *path);

/* octets of outer IP header */
static inline unsigned int vtun_path_ip_len(const struct vtun_path *path)
{
	return path->config.family == AF_INET ? sizeof(struct iphdr) :
						sizeof(struct ipv6hdr);
}

/**
 * vtun_path_route() - outer route of a path
 * @path: path
 *
 * Looked up without xfrm_lookup(): what vtun protects is protected already, a
 * policy of XFRM that covers the outer addresses must not do it once more.
 * Notes the path MTU. RCU read side, BH off.
 *
 * Return: the route, good for the rest of the read side, or NULL.
 */
struct dst_entry *vtun_path_route(struct vtun_path *path);

#endif /* VTUN_PATH_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The outer path of a child: addresses, encapsulation, route. It is replaced as
 * a whole when an endpoint moves, so that a packet sees either the old or the
 * new one and never half of each.
 */
#include "path.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/slab.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "compat.h"
#include "net.h"

struct vtun_path *vtun_path_new(struct vtun_net *vn,
				const struct vtun_path_config *config,
				gfp_t gfp)
{
	struct vtun_path *path = kzalloc(sizeof(*path), gfp);

	if (!path)
		return NULL;
	if (dst_cache_init(&path->dst_cache, gfp)) {
		kfree(path);
		return NULL;
	}
	path->config = *config;
	path->net = vn->net;
	return path;
}

static void path_free_rcu(struct rcu_head *head)
{
	struct vtun_path *path = container_of(head, struct vtun_path, rcu);

	dst_cache_destroy(&path->dst_cache);
	kfree(path);
}

void vtun_path_free(struct vtun_path *path)
{
	if (path)
		call_rcu(&path->rcu, path_free_rcu);
}

unsigned int vtun_path_ip_len(const struct vtun_path *path)
{
	return path->config.family == AF_INET ? sizeof(struct iphdr) :
						sizeof(struct ipv6hdr);
}

static struct dst_entry *route4(struct vtun_path *path)
{
	const struct vtun_path_config *config = &path->config;
	struct flowi4 fl4 = {
		.saddr = config->local.s6_addr32[0],
		.daddr = config->remote.s6_addr32[0],
		.flowi4_proto = IPPROTO_ESP,
		.flowi4_mark = config->mark,
		.flowi4_oif = config->link,
	};
	struct rtable *rt;
	__be32 saddr;

	rt = dst_cache_get_ip4(&path->dst_cache, &saddr);
	if (likely(rt))
		return &rt->dst;
	if (config->encap == VTUN_ENCAP_UDP) {
		fl4.flowi4_proto = IPPROTO_UDP;
		fl4.fl4_sport = htons(config->sport);
		fl4.fl4_dport = htons(config->dport);
	}
	rt = __ip_route_output_key(path->net, &fl4);
	if (IS_ERR(rt))
		return NULL;
	dst_cache_set_ip4(&path->dst_cache, &rt->dst, fl4.saddr);
	return &rt->dst;
}

static struct dst_entry *route6(struct vtun_path *path)
{
	const struct vtun_path_config *config = &path->config;
	struct flowi6 fl6 = {
		.saddr = config->local,
		.daddr = config->remote,
		.flowi6_proto = IPPROTO_ESP,
		.flowi6_mark = config->mark,
		.flowi6_oif = config->link,
	};
	struct dst_entry *dst;
	struct in6_addr saddr;

	dst = dst_cache_get_ip6(&path->dst_cache, &saddr);
	if (likely(dst))
		return dst;
	if (config->encap == VTUN_ENCAP_UDP) {
		fl6.flowi6_proto = IPPROTO_UDP;
		fl6.fl6_sport = htons(config->sport);
		fl6.fl6_dport = htons(config->dport);
	}
	if (!ipv6_mod_enabled() ||
	    !ipv6_chk_addr(path->net, &fl6.saddr, NULL, 0))
		return NULL;
	dst = ip6_route_output(path->net, NULL, &fl6);
	if (dst->error) {
		dst_release(dst);
		return NULL;
	}
	dst_cache_set_ip6(&path->dst_cache, dst, &fl6.saddr);
	return dst;
}

struct dst_entry *vtun_path_route(struct vtun_path *path)
{
	struct dst_entry *dst;
	unsigned int mtu;

	dst = path->config.family == AF_INET ? route4(path) : route6(path);
	if (unlikely(!dst))
		return NULL;
	mtu = dst_mtu(dst);
	if (READ_ONCE(path->mtu) != mtu)
		WRITE_ONCE(path->mtu, mtu);
	return dst;
}

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
	path->routes = alloc_percpu_gfp(struct vtun_path_dst, gfp);
	if (!path->routes) {
		kfree(path);
		return NULL;
	}
	path->config = *config;
	path->net = vn->net;
	return path;
}

void vtun_path_destroy(struct vtun_path *path)
{
	int cpu;

	if (!path)
		return;
	for_each_possible_cpu(cpu)
		dst_release(per_cpu_ptr(path->routes, cpu)->dst);
	free_percpu(path->routes);
	kfree(path);
}

static void path_free_rcu(struct rcu_head *head)
{
	vtun_path_destroy(container_of(head, struct vtun_path, rcu));
}

void vtun_path_free(struct vtun_path *path)
{
	if (path)
		call_rcu(&path->rcu, path_free_rcu);
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

	if (config->encap == VTUN_ENCAP_UDP) {
		fl4.flowi4_proto = IPPROTO_UDP;
		fl4.fl4_sport = htons(config->sport);
		fl4.fl4_dport = htons(config->dport);
	}
	rt = __ip_route_output_key(path->net, &fl4);
	return IS_ERR(rt) ? NULL : &rt->dst;
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

	if (config->encap == VTUN_ENCAP_UDP) {
		fl6.flowi6_proto = IPPROTO_UDP;
		fl6.fl6_sport = htons(config->sport);
		fl6.fl6_dport = htons(config->dport);
	}
	if (!ipv6_mod_enabled() ||
	    !ipv6_chk_addr(path->net, &fl6.saddr, NULL, 0))
		return NULL;
	/* with an address of its own it takes a device for a wish */
	dst = ip6_route_output_flags(path->net, NULL, &fl6,
				     config->link ? RT6_LOOKUP_F_IFACE : 0);
	if (dst->error) {
		dst_release(dst);
		return NULL;
	}
	return dst;
}

/*
 * The slot of a CPU holds a reference. Whoever got the route from there may use
 * it for the rest of the RCU read side even if it is replaced meanwhile: a
 * route is freed by RCU.
 */
static struct dst_entry *route_new(struct vtun_path *path,
				   struct vtun_path_dst *slot)
{
	struct dst_entry *old = slot->dst;

	if (path->config.family == AF_INET) {
		slot->dst = route4(path);
		slot->cookie = 0;
	} else {
		slot->dst = route6(path);
		if (slot->dst)
			slot->cookie =
				rt6_get_cookie((struct rt6_info *)slot->dst);
	}
	dst_release(old);
	return slot->dst;
}

struct dst_entry *vtun_path_route(struct vtun_path *path)
{
	struct vtun_path_dst *slot = this_cpu_ptr(path->routes);
	struct dst_entry *dst = slot->dst;
	unsigned int mtu;

	if (unlikely(!dst || !dst_check(dst, slot->cookie))) {
		dst = route_new(path, slot);
		if (!dst)
			return NULL;
	}
	mtu = dst_mtu(dst);
	if (READ_ONCE(path->mtu) != mtu)
		WRITE_ONCE(path->mtu, mtu);
	return dst;
}

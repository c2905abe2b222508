/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only place that knows kernel versions. Every wrapper says what changed
 * and goes away when its last kernel does.
 */
#ifndef VTUN_COMPAT_H
#define VTUN_COMPAT_H

#include <crypto/algapi.h>
#include <crypto/chacha.h>
#include <linux/hrtimer.h>
#include <linux/netdevice.h>
#include <linux/version.h>
#include <net/dst.h>
#include <net/genetlink.h>
#include <net/ip.h>
#include <net/rtnetlink.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#include <asm/unaligned.h>
#else
#include <linux/unaligned.h>
#endif

/* 7.x no longer gets hex2bin() by way of kernel.h */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/hex.h>
#endif

/* 6.10 moved skb_gso_segment() out of netdevice.h */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#include <net/gso.h>
#endif

/* 6.12 made lockless transmission a flag of its own */
static inline void vtun_netdev_set_lltx(struct net_device *dev)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
	dev->features |= NETIF_F_LLTX;
#else
	dev->lltx = true;
#endif
}

/* 6.13 takes the callback when the timer is set up */
static inline void
vtun_hrtimer_setup(struct hrtimer *timer,
		   enum hrtimer_restart (*function)(struct hrtimer *),
		   clockid_t clock, enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
	hrtimer_init(timer, clock, mode);
	timer->function = function;
#else
	hrtimer_setup(timer, function, clock, mode);
#endif
}

/*
 * 6.16 gave the ChaCha state a type; before, it was an array of words and the
 * callers of chacha_init() had to hand over the key in host order, too.
 */
struct vtun_chacha {
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
	u32 state[CHACHA_STATE_WORDS] __aligned(8);
#else
	struct chacha_state state;
#endif
};

static inline void vtun_chacha_init(struct vtun_chacha *c, const u32 *key,
				    const u8 *iv)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
	chacha_init(c->state, key, iv);
#else
	chacha_init(&c->state, key, iv);
#endif
}

static inline void vtun_chacha_crypt(struct vtun_chacha *c, u8 *dst,
				     const u8 *src, unsigned int len)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
	chacha20_crypt(c->state, dst, src, len);
#else
	chacha20_crypt(&c->state, dst, src, len);
#endif
}

/* 6.15 packed the arguments of newlink into a struct */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
#define VTUN_NEWLINK_ARGS						\
	struct net *src_net, struct net_device *dev,			\
	struct nlattr *tb[], struct nlattr *data[],			\
	struct netlink_ext_ack *extack
#define vtun_newlink_net()	src_net
#define vtun_newlink_data()	data
#else
#define VTUN_NEWLINK_ARGS						\
	struct net_device *dev, struct rtnl_newlink_params *params,	\
	struct netlink_ext_ack *extack
#define vtun_newlink_net()	rtnl_newlink_link_net(params)
#define vtun_newlink_data()	((params)->data)
#endif

/* 6.9 sets the first reference without being told */
static inline void vtun_dst_init(struct dst_entry *dst, struct dst_ops *ops,
				 struct net_device *dev, unsigned short flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
	dst_init(dst, ops, dev, 1, DST_OBSOLETE_NONE, flags);
#else
	dst_init(dst, ops, dev, DST_OBSOLETE_NONE, flags);
#endif
}

/* 6.7 tells requests to send from packets sent */
static inline void vtun_ip_count_out(struct net *net, unsigned int packets,
				     unsigned int octets)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	IP_ADD_STATS(net, IPSTATS_MIB_OUTREQUESTS, packets);
#endif
	IP_ADD_STATS(net, IPSTATS_MIB_OUTPKTS, packets);
	IP_ADD_STATS(net, IPSTATS_MIB_OUTOCTETS, octets);
}

/* 6.4 counts references of routes in another way */
static inline unsigned int vtun_dst_refs(struct dst_entry *dst)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
	return atomic_read(&dst->__refcnt);
#else
	return rcuref_read(&dst->__rcuref);
#endif
}

/* 6.6 put the attributes of a dump request into a struct genl_info */
static inline struct nlattr **vtun_genl_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	return genl_dumpit_info(cb)->attrs;
#else
	return genl_info_dump(cb)->attrs;
#endif
}

#endif /* VTUN_COMPAT_H */

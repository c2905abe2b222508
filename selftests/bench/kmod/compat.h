/* SPDX-License-Identifier: GPL-2.0-only */
/* The only place of the measuring module that knows kernel versions. */
#ifndef VTBENCH_COMPAT_H
#define VTBENCH_COMPAT_H

#include <asm/msr.h>
#include <asm/tsc.h>
#include <crypto/chacha.h>
#include <linux/netdevice.h>
#include <linux/version.h>
#include <linux/workqueue.h>

/* 6.12 made lockless transmission a flag of its own */
static inline void bench_netdev_set_lltx(struct net_device *dev)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
	dev->features |= NETIF_F_LLTX;
#else
	dev->lltx = true;
#endif
}

/*
 * 6.16 gave the ChaCha state a type; before, it was an array of words and the
 * callers of chacha_init() had to hand over the key in host order, too.
 */
static inline void bench_chacha20(u8 *text, unsigned int len, const u32 *key,
				  const u8 *iv)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
	u32 state[CHACHA_STATE_WORDS] __aligned(16);

	chacha_init(state, key, iv);
	chacha20_crypt(state, text, text, len);
#else
	struct chacha_state state;

	chacha_init(&state, key, iv);
	chacha20_crypt(&state, text, text, len);
#endif
}

/* 6.17 wants to be told what a workqueue was without a word before */
static inline struct workqueue_struct *bench_alloc_workqueue(void)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
	return alloc_workqueue("vtbench", WQ_CPU_INTENSIVE, 0);
#else
	return alloc_workqueue("vtbench", WQ_CPU_INTENSIVE | WQ_PERCPU, 0);
#endif
}

#endif /* VTBENCH_COMPAT_H */

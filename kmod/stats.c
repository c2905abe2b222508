// SPDX-License-Identifier: GPL-2.0-only
#include "stats.h"

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

static atomic_t created[VTUN_OBJECTS], destroyed[VTUN_OBJECTS];

/* the words of Documentation/counters.rst and of vtunctl */
static const struct {
	const char *name;
	enum vtun_dir dir;	/* 0: no loss */
} drops[] = {
	[VTUN_DROP_NO_CHILD] = { "no-child", VTUN_DIR_OUT },
	[VTUN_DROP_NO_SA] = { "no-sa", VTUN_DIR_OUT },
	[VTUN_DROP_HOLD_FULL] = { "hold-full", VTUN_DIR_OUT },
	[VTUN_DROP_HOLD_AGE] = { "hold-age", VTUN_DIR_OUT },
	[VTUN_DROP_HARD_EXPIRED] = { "hard-expired", VTUN_DIR_OUT },
	[VTUN_DROP_SEQUENCE] = { "sequence", VTUN_DIR_OUT },
	[VTUN_DROP_TOO_BIG] = { "too-big", VTUN_DIR_OUT },
	[VTUN_DROP_NO_ROUTE] = { "no-route", VTUN_DIR_OUT },
	[VTUN_DROP_LOOP] = { "loop", VTUN_DIR_OUT },
	[VTUN_DROP_NOT_IP] = { "not-ip", VTUN_DIR_OUT },
	[VTUN_DROP_NO_MEMORY] = { "no-memory", VTUN_DIR_OUT },
	[VTUN_DROP_CRYPTO] = { "crypto", VTUN_DIR_OUT },
	[VTUN_DROP_TOO_SHORT] = { "too-short", VTUN_DIR_IN },
	[VTUN_DROP_REPLAY_OLD] = { "replay-old", VTUN_DIR_IN },
	[VTUN_DROP_REPLAY_DUP] = { "replay-dup", VTUN_DIR_IN },
	[VTUN_DROP_REPLAY_ZERO] = { "replay-zero", VTUN_DIR_IN },
	[VTUN_DROP_INTEGRITY] = { "integrity", VTUN_DIR_IN },
	[VTUN_DROP_PADDING] = { "padding", VTUN_DIR_IN },
	[VTUN_DROP_INNER_HEADER] = { "inner-header", VTUN_DIR_IN },
	[VTUN_DROP_NEXT_HEADER] = { "next-header", VTUN_DIR_IN },
	[VTUN_DROP_DUMMY] = { "dummy", 0 },
	[VTUN_DROP_TS_MISMATCH] = { "ts-mismatch", VTUN_DIR_IN },
	[VTUN_DROP_OUTER_MISMATCH] = { "outer-mismatch", VTUN_DIR_IN },
	[VTUN_DROP_DEVICE_DOWN] = { "device-down", VTUN_DIR_IN },
	[VTUN_DROP_UNKNOWN_SPI] = { "unknown-spi", VTUN_DIR_IN },
	[VTUN_DROP_DISCARD] = { "discard", VTUN_DIR_OUT },
	[VTUN_DROP_CLEAR] = { "clear", VTUN_DIR_IN },
	[VTUN_DROP_ECN] = { "ecn", VTUN_DIR_IN },
	[VTUN_DROP_TRANSPORT] = { "transport", VTUN_DIR_OUT },
	[VTUN_DROP_FRAGMENT] = { "fragment", VTUN_DIR_OUT },
};

static_assert(ARRAY_SIZE(drops) == __VTUN_DROP_MAX);

void vtun_drops_note(struct vtun_drops **d, struct vtun_drops *spare,
		     enum vtun_drop why, unsigned int count)
{
	struct vtun_drops *is = READ_ONCE(*d), *new;

	if (unlikely(!is)) {
		new = kzalloc(sizeof(*new), GFP_ATOMIC | __GFP_NOWARN);
		is = new ? cmpxchg(d, NULL, new) : spare;
		if (is && is != spare)	/* another CPU was faster */
			kfree(new);
		is = is ?: new;
	}
	vtun_drops_add(is, why, count);
}

const char *vtun_drop_name(enum vtun_drop why)
{
	return drops[why].name;
}

u64 vtun_drops_sum(const struct vtun_drops *d, enum vtun_dir dir)
{
	unsigned int why;
	u64 sum = 0;

	for (why = 0; why < ARRAY_SIZE(drops); why++)
		if (drops[why].dir == dir)
			sum += atomic64_read(&d->n[why]);
	return sum;
}

void vtun_object_created(enum vtun_object type)
{
	atomic_inc(&created[type]);
}

void vtun_object_destroyed(enum vtun_object type)
{
	atomic_inc(&destroyed[type]);
}

/*
 * /sys/module/vtun/parameters/objects: "device C D child C D sa C D
 * socket C D", created and destroyed since the module was loaded. Equal pairs:
 * nothing lives.
 */
static int objects_get(char *buffer, const struct kernel_param *kp)
{
	static const char * const names[VTUN_OBJECTS] = {
		[VTUN_OBJECT_DEVICE] = "device",
		[VTUN_OBJECT_CHILD] = "child",
		[VTUN_OBJECT_SA] = "sa",
		[VTUN_OBJECT_SOCKET] = "socket",
	};
	int len = 0, i;

	for (i = 0; i < VTUN_OBJECTS; i++)
		len += scnprintf(buffer + len, PAGE_SIZE - len, "%s%s %u %u",
				 i ? " " : "", names[i],
				 atomic_read(&created[i]),
				 atomic_read(&destroyed[i]));
	len += scnprintf(buffer + len, PAGE_SIZE - len, "\n");
	return len;
}

static const struct kernel_param_ops objects_ops = {
	.get = objects_get,
};

/* live_*: created and not yet freed */
static int live_get(char *buffer, const struct kernel_param *kp)
{
	long type = (long)kp->arg;

	return scnprintf(buffer, PAGE_SIZE, "%d\n",
			 atomic_read(&created[type]) -
			 atomic_read(&destroyed[type]));
}

static const struct kernel_param_ops live_ops = {
	.get = live_get,
};

module_param_cb(objects, &objects_ops, NULL, 0444);
MODULE_PARM_DESC(objects, "objects created and destroyed so far (read only)");
module_param_cb(live_devices, &live_ops, (void *)VTUN_OBJECT_DEVICE, 0444);
MODULE_PARM_DESC(live_devices, "devices that exist (read only)");
module_param_cb(live_children, &live_ops, (void *)VTUN_OBJECT_CHILD, 0444);
MODULE_PARM_DESC(live_children, "children that exist (read only)");
module_param_cb(live_sas, &live_ops, (void *)VTUN_OBJECT_SA, 0444);
MODULE_PARM_DESC(live_sas, "SAs that exist (read only)");
module_param_cb(live_sockets, &live_ops, (void *)VTUN_OBJECT_SOCKET, 0444);
MODULE_PARM_DESC(live_sockets, "UDP sockets that take ESP (read only)");

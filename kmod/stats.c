// SPDX-License-Identifier: GPL-2.0-only
#include "stats.h"

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

static atomic_t created[VTUN_OBJECTS], destroyed[VTUN_OBJECTS];

u64 vtun_drops_sum(const struct vtun_drops *d, enum vtun_drop begin,
		   enum vtun_drop end)
{
	enum vtun_drop why;
	u64 sum = 0;

	for (why = begin; why < end; why++)
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
 * /sys/module/vtun/parameters/objects: "device C D child C D sa C D", created
 * and destroyed since the module was loaded. Equal pairs: nothing lives.
 */
static int objects_get(char *buffer, const struct kernel_param *kp)
{
	static const char * const names[VTUN_OBJECTS] = {
		[VTUN_OBJECT_DEVICE] = "device",
		[VTUN_OBJECT_CHILD] = "child",
		[VTUN_OBJECT_SA] = "sa",
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

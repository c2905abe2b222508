// SPDX-License-Identifier: GPL-2.0-only
#include <linux/init.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "classify.h"
#include "crypto.h"
#include "device.h"
#include "encap.h"
#include "esp.h"
#include "hook.h"
#include "net.h"
#include "netlink.h"
#include "pages.h"
#ifdef DEBUG
#include "selftest/selftest.h"
#endif

static int __init selftest(void)
{
#ifdef DEBUG
	if (!vtun_selftest_run())
		return -ENOTRECOVERABLE;
#endif
	return 0;
}

static int __init vtun_init(void)
{
	int err;

	vtun_pages_init();
	err = vtun_crypto_module_init();
	if (err)
		goto err_pages;
	err = selftest();
	if (err)
		goto err_crypto;
	err = vtun_hook_init();
	if (err)
		goto err_crypto;
	err = vtun_net_init();
	if (err)
		goto err_hook;
	err = vtun_device_init();
	if (err)
		goto err_net;
	err = vtun_esp_input_init();
	if (err)
		goto err_device;
	err = vtun_netlink_init();
	if (err)
		goto err_input;
	return 0;

err_input:
	vtun_esp_input_exit();
err_device:
	vtun_device_exit();
err_net:
	vtun_net_exit();
err_hook:
	vtun_hook_exit();
err_crypto:
	vtun_classify_exit();
	vtun_crypto_module_exit();
err_pages:
	vtun_pages_exit();
	return err;
}

/*
 * Sources of work dry up first: requests, then packets in, then the devices,
 * which take children and SAs with them, then what is left in namespaces. The
 * callbacks chain: wiping an SA's keys leads to freeing it, that to freeing its
 * child, so three barriers see the last of them.
 */
static void __exit vtun_exit(void)
{
	vtun_netlink_exit();
	vtun_encap_exit();
	vtun_esp_input_exit();
	vtun_device_exit();
	vtun_net_exit();
	rcu_barrier();
	rcu_barrier();
	rcu_barrier();
	vtun_hook_exit();
	vtun_classify_exit();
	vtun_crypto_module_exit();
	vtun_pages_exit();
}

module_init(vtun_init);
module_exit(vtun_exit);
MODULE_DESCRIPTION("IPsec ESP tunnels");
MODULE_AUTHOR("The vtun project");
MODULE_LICENSE("GPL");
MODULE_VERSION(VTUN_VERSION);
MODULE_ALIAS_RTNL_LINK(KBUILD_MODNAME);
MODULE_ALIAS_GENL_FAMILY(VTUN_GENL_NAME);

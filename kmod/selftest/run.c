// SPDX-License-Identifier: GPL-2.0-only
#include "selftest.h"

#include <linux/kernel.h>
#include <linux/printk.h>

static const struct {
	const char *name;
	int (*run)(void);
} tests[] = {
	{ "replay", vtun_selftest_replay },
	{ "crypto", vtun_selftest_crypto },
	{ "pages", vtun_selftest_pages },
	{ "gather", vtun_selftest_gather },
	{ "gso", vtun_selftest_gso },
	{ "dsfield", vtun_selftest_dsfield },
	{ "mss", vtun_selftest_mss },
	{ "ts", vtun_selftest_ts },
	{ "classify", vtun_selftest_classify },
	{ "lifetime", vtun_selftest_lifetime },
};

/**
 * vtun_selftest_run() - run every load-time test
 *
 * Return: false after the first test that failed.
 */
bool vtun_selftest_run(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		err = tests[i].run();
		pr_info("vtun: selftest %s: %s\n", tests[i].name,
			err ? "FAILED" : "ok");
		if (err)
			return false;
	}
	return true;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* vtunctl version: tool, module and daemon, and whether they fit */
#include <stdio.h>
#include <string.h>

#include "lib/kernel.h"
#include "vtunctl.h"

#ifndef VTUN_VERSION
#define VTUN_VERSION "unknown"
#endif

/* "module" member: version and API, or why not */
static json_t *module_version(struct ctl *c, int *ret)
{
	struct vtun_k_info info = { 0 };
	json_t *v;

	if (!vtun_k_open(&c->k, VTUN_K_ANY_API) && !vtun_k_info(c->k, &info)) {
		if (info.api != VTUN_GENL_VERSION)
			*ret = CTL_REFUSED;
		return json_pack("{s:s, s:I, s:b}", "version", info.version,
				 "api", (json_int_t)info.api, "compatible",
				 info.api == VTUN_GENL_VERSION);
	}
	*ret = CTL_UNREACHABLE;
	v = json_pack("{s:s}", "error", vtun_k_error(c->k));
	return v;
}

static json_t *daemon_version(struct ctl *c)
{
	json_t *reply, *v;

	if (ctl_daemon(c, json_pack("{s:s}", "cmd", "version"), &reply, true))
		return json_pack("{s:s}", "error", "not running");
	v = json_pack("{s:O?}", "version", json_object_get(reply, "version"));
	json_decref(reply);
	return v;
}

static void print_part(const char *name, const json_t *part)
{
	const json_t *error = json_object_get(part, "error");
	const json_t *version = json_object_get(part, "version");
	const json_t *api = json_object_get(part, "api");

	printf("%-8s ", name);
	if (error) {
		printf("- (%s)\n", json_string_value(error));
		return;
	}
	printf("%s", json_is_string(version) ? json_string_value(version) :
	       "unknown");
	if (api)
		printf(" (API %lld)", (long long)json_integer_value(api));
	putchar('\n');
}

int ctl_version(struct ctl *c)
{
	json_t *tool, *module, *daemon;
	int ret;

	ret = ctl_end(c);
	if (ret)
		return ret;
	tool = json_pack("{s:s, s:i}", "version", VTUN_VERSION, "api",
			 VTUN_GENL_VERSION);
	module = module_version(c, &ret);
	daemon = daemon_version(c);
	if (c->json) {
		ctl_print_json(json_pack("{s:o, s:o, s:o}", "vtunctl", tool,
					 "module", module, "vtkeyd", daemon));
	} else {
		print_part("vtunctl", tool);
		print_part("module", module);
		print_part("vtkeyd", daemon);
		json_decref(tool);
		json_decref(module);
		json_decref(daemon);
	}
	if (ret == CTL_REFUSED)
		ctl_fail(c, ret, "the module speaks another API; install the tools that belong to it");
	return ret;
}

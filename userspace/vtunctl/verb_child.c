// SPDX-License-Identifier: GPL-2.0-or-later
/* vtunctl child add, child del */
#include <errno.h>
#include <string.h>

#include "vtunctl.h"

static int parse_ts_local(const char *s, void *dst, struct vtun_err *err)
{
	struct vtun_k_child *c = dst;

	return vtun_parse_ts_list(s, c->ts_local, VTUN_TS_MAX, &c->n_ts_local,
				  err);
}

static int parse_ts_remote(const char *s, void *dst, struct vtun_err *err)
{
	struct vtun_k_child *c = dst;

	return vtun_parse_ts_list(s, c->ts_remote, VTUN_TS_MAX,
				  &c->n_ts_remote, err);
}

int ctl_child_add(struct ctl *c)
{
	struct vtun_k_child child;
	const char *dev = NULL;
	bool on_demand = false;
	struct ctl_opt opts[] = {
		{ "dev", ctl_parse_string, &dev, true },
		{ "local", ctl_parse_addr, &child.local, true },
		{ "remote", ctl_parse_addr, &child.remote, true },
		{ "id", ctl_parse_id, &child.id },
		{ "local-ts", parse_ts_local, &child },
		{ "remote-ts", parse_ts_remote, &child },
		{ "on-demand", NULL, &on_demand },
		{ "hold-packets", ctl_parse_u32, &child.hold_packets },
		{ "hold-bytes", ctl_parse_size32, &child.hold_bytes },
		{ "hold-ms", ctl_parse_u32, &child.hold_ms },
		{ NULL }
	};
	struct vtun_err err;
	uint32_t id;
	int ret;

	vtun_k_child_init(&child);
	ret = ctl_child_name(c, child.name);
	if (!ret)
		ret = ctl_opts(c, opts, NULL);
	if (ret)
		return ret;
	if (child.local.family != child.remote.family) {
		vtun_err_set(&err, "local and remote address are of different families");
		return ctl_usage(c, &err);
	}
	if (on_demand)
		child.flags |= VTUN_CHILD_F_ON_DEMAND;
	ret = ctl_kernel(c, 0);
	if (ret)
		return ret;
	if (vtun_k_link_index(c->k, dev, &child.ifindex) ||
	    vtun_k_child_add(c->k, &child, &id))
		return ctl_kernel_fail(c);
	if (c->json)
		return ctl_print_json(json_pack("{s:I}", "id",
						(json_int_t)id));
	return CTL_OK;
}

int ctl_child_del(struct ctl *c)
{
	char name[VTUN_NAME_MAX + 1] = "";
	struct vtun_err err, why;
	const char *word;
	uint32_t id = 0;
	int ret;

	if (c->argv[0] && !strcmp(c->argv[0], "id") && c->argv[1]) {
		ctl_next(c);
		word = ctl_next(c);
		if (ctl_parse_id(word, &id, &why)) {
			vtun_err_set(&err, "id: %.200s", why.text);
			return ctl_usage(c, &err);
		}
	} else {
		ret = ctl_child_name(c, name);
		if (ret)
			return ret;
	}
	ret = ctl_end(c);
	if (!ret)
		ret = ctl_kernel(c, 0);
	if (ret)
		return ret;
	ret = vtun_k_child_del(c->k, id, name);
	if (ret == -ENOENT && id)
		return ctl_fail(c, CTL_REFUSED, "no child with id %u", id);
	if (ret == -ENOENT)
		return ctl_fail(c, CTL_REFUSED, "no child \"%s\"", name);
	return ret ? ctl_kernel_fail(c) : CTL_OK;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* vtunctl policy add, policy del, policy list, policy flush */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/names.h"
#include "vtunctl.h"

static int parse_priority(const char *s, void *dst, struct vtun_err *err)
{
	return vtun_parse_u32(s, 0, UINT32_MAX, dst, err);
}

static int parse_action(struct ctl *c, uint8_t *action,
			char name[VTUN_NAME_MAX + 1])
{
	struct vtun_err err;
	const char *word;
	int ret, n;

	ret = ctl_need(c, "\"protect\", \"bypass\" or \"discard\"", &word);
	if (ret)
		return ret;
	n = vtun_number_of(vtun_name_action, VTUN_ACTION_DISCARD, word);
	if (n < VTUN_ACTION_PROTECT) {
		vtun_err_set(&err, "expected \"protect\", \"bypass\" or \"discard\", not \"%s\"",
			     vtun_quote(word));
		return ctl_usage(c, &err);
	}
	*action = n;
	return n == VTUN_ACTION_PROTECT ? ctl_child_word(c, name) : CTL_OK;
}

int ctl_policy_add(struct ctl *c)
{
	struct vtun_k_policy p = { .priority = VTUN_POLICY_PRIORITY_DEFAULT };
	char name[VTUN_NAME_MAX + 1] = "";
	struct ctl_opt opts[] = {
		{ "local", ctl_parse_ts, &p.local },
		{ "remote", ctl_parse_ts, &p.remote },
		{ "priority", parse_priority, &p.priority },
		{ "id", ctl_parse_id, &p.id },
		{ NULL }
	};
	struct vtun_err err;
	uint32_t id;
	int ret;

	ret = parse_action(c, &p.action, name);
	if (!ret)
		ret = ctl_opts(c, opts, NULL);
	if (ret)
		return ret;
	if (!p.local.family && !p.remote.family) {
		vtun_err_set(&err, "expected \"local\" or \"remote\" or both");
		return ctl_usage(c, &err);
	}
	if (p.local.family && p.remote.family &&
	    p.local.family != p.remote.family) {
		vtun_err_set(&err, "local and remote selector are of different families");
		return ctl_usage(c, &err);
	}
	/* [tcp] on one side means it */
	if (p.local.family && p.remote.family && !p.local.proto)
		p.local.proto = p.remote.proto;
	if (p.local.family && p.remote.family && !p.remote.proto)
		p.remote.proto = p.local.proto;
	ret = *name ? ctl_child_find(c, name, &p.child_id) : ctl_kernel(c, 0);
	if (ret)
		return ret;
	if (vtun_k_policy_add(c->k, &p, &id))
		return ctl_kernel_fail(c);
	if (c->json)
		return ctl_print_json(json_pack("{s:I}", "id",
						(json_int_t)id));
	if (!c->line)
		printf("%u\n", id);
	return CTL_OK;
}

int ctl_policy_del(struct ctl *c)
{
	struct vtun_err err, why;
	const char *word;
	uint32_t id;
	int ret;

	ret = ctl_need(c, "the id of a policy", &word);
	if (!ret && !strcmp(word, "id"))
		ret = ctl_need(c, "the id of a policy", &word);
	if (ret)
		return ret;
	if (ctl_parse_id(word, &id, &why)) {
		vtun_err_set(&err, "%.200s", why.text);
		return ctl_usage(c, &err);
	}
	ret = ctl_end(c);
	if (!ret)
		ret = ctl_kernel(c, 0);
	if (ret)
		return ret;
	ret = vtun_k_policy_del(c->k, id);
	if (ret == -ENOENT)
		return ctl_fail(c, CTL_REFUSED, "no policy with id %u", id);
	return ret ? ctl_kernel_fail(c) : CTL_OK;
}

int ctl_policy_flush(struct ctl *c)
{
	int ret;

	ret = ctl_end(c);
	if (!ret)
		ret = ctl_kernel(c, 0);
	if (ret)
		return ret;
	return vtun_k_policy_flush(c->k) ? ctl_kernel_fail(c) : CTL_OK;
}

/* object of the names of children by id */
static json_t *child_names(const json_t *children)
{
	json_t *names = json_object(), *child;
	char key[24];
	size_t i;

	json_array_foreach(children, i, child) {
		snprintf(key, sizeof(key), "%lld",
			 (long long)json_integer_value(json_object_get(child,
								       "id")));
		json_object_set(names, key, json_object_get(child, "name"));
	}
	return names;
}

static json_t *model(const struct vtun_k_policy *p, const json_t *names)
{
	json_t *one = ctl_model_policy(p), *name;
	char key[24];

	snprintf(key, sizeof(key), "%u", p->child_id);
	name = json_object_get(names, key);
	if (name)
		json_object_set(one, "child", name);
	return one;
}

json_t *ctl_gather_policies(struct ctl *c, const json_t *children)
{
	struct vtun_k_policy *list;
	json_t *all, *names;
	unsigned int i, n;

	if (vtun_k_policy_list(c->k, &list, &n)) {
		ctl_kernel_fail(c);
		return NULL;
	}
	all = json_array();
	names = child_names(children);
	for (i = 0; i < n; i++)
		json_array_append_new(all, model(&list[i], names));
	json_decref(names);
	free(list);
	return all;
}

/* names of children by id, straight from the kernel; NULL: reported already */
static json_t *get_names(struct ctl *c)
{
	struct vtun_k_child *list;
	json_t *names;
	unsigned int i, n;
	char key[24];

	if (vtun_k_child_list(c->k, &list, &n)) {
		ctl_kernel_fail(c);
		return NULL;
	}
	names = json_object();
	for (i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "%u", list[i].id);
		json_object_set_new(names, key, json_string(list[i].name));
	}
	free(list);
	return names;
}

int ctl_policy_list(struct ctl *c)
{
	struct vtun_k_policy *list;
	json_t *names, *all, *one;
	unsigned int i, n;
	int ret;

	ret = ctl_end(c);
	if (!ret)
		ret = ctl_kernel(c, 0);
	if (ret)
		return ret;
	names = get_names(c);
	if (!names)
		return CTL_REFUSED;
	if (vtun_k_policy_list(c->k, &list, &n)) {
		json_decref(names);
		return ctl_kernel_fail(c);
	}
	/* there may be very many: text needs one at a time only */
	all = c->json ? json_array() : NULL;
	for (i = 0; i < n; i++) {
		one = model(&list[i], names);
		if (!all)
			ctl_text_policy(one);
		else
			json_array_append(all, one);
		json_decref(one);
	}
	free(list);
	json_decref(names);
	return all ? ctl_print_json(json_pack("{s:o}", "policies", all)) :
		     CTL_OK;
}

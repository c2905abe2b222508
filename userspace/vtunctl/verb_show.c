// SPDX-License-Identifier: GPL-2.0-or-later
/* vtunctl show: gathers kernel and daemon into one model, then prints it */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/control.h"
#include "vtunctl.h"

enum {
	SHOW_CHILDREN = 1, SHOW_SAS = 2, SHOW_IKE = 4, SHOW_INFO = 8,
	SHOW_POLICIES = 16, SHOW_SOCKETS = 32, SHOW_ALL = 63
};

/* members NULL: not asked for */
struct view {
	unsigned int what;
	const char *name;		/* filter */
	json_t *info, *children, *sas, *ike, *policies, *sockets;
	json_t *ike_children;		/* of the daemon, before merging */
	json_t *by_id;			/* id as text: child */
	json_t *of_child;		/* id as text: array of SAs */
	bool daemon;
};

static const char *str(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : "";
}

static json_int_t num(const json_t *obj, const char *key)
{
	return json_integer_value(json_object_get(obj, key));
}

static const char *id_key(json_int_t id)
{
	static char key[24];

	snprintf(key, sizeof(key), "%lld", (long long)id);
	return key;
}

static json_t *child_by_id(const struct view *v, json_int_t id)
{
	return json_object_get(v->by_id, id_key(id));
}

static json_t *sas_of(const struct view *v, const json_t *child)
{
	return json_object_get(v->of_child, id_key(num(child, "id")));
}

static int gather_children(struct ctl *c, struct view *v)
{
	struct vtun_k_child *list;
	unsigned int i, n;
	const char *key;
	json_t *child;

	if (vtun_k_child_list(c->k, &list, &n))
		return ctl_kernel_fail(c);
	v->children = json_array();
	v->by_id = json_object();
	v->of_child = json_object();
	for (i = 0; i < n; i++) {
		child = ctl_model_child(c->k, &list[i]);
		key = id_key(list[i].id);
		json_object_set(v->by_id, key, child);
		json_object_set_new(v->of_child, key, json_array());
		json_array_append_new(v->children, child);
	}
	free(list);
	return CTL_OK;
}

static int gather_sas(struct ctl *c, struct view *v)
{
	struct vtun_k_sa *list;
	json_t *sa, *child;
	unsigned int i, n;

	if (vtun_k_sa_list(c->k, &list, &n))
		return ctl_kernel_fail(c);
	v->sas = json_array();
	for (i = 0; i < n; i++) {
		sa = ctl_model_sa(&list[i]);
		child = child_by_id(v, list[i].child_id);
		if (child) {
			json_object_set(sa, "child",
					json_object_get(child, "name"));
			json_array_append(sas_of(v, child), sa);
		}
		json_array_append_new(v->sas, sa);
	}
	free(list);
	return CTL_OK;
}

/*
 * How many generations of SAs a child has: 2 while old and new coexist. Larval
 * and expired SAs carry nothing and do not count.
 */
static unsigned int generations(const json_t *sas)
{
	unsigned int in = 0, out = 0;
	const char *state;
	json_t *sa;
	size_t i;

	json_array_foreach(sas, i, sa) {
		state = str(sa, "state");
		if (!strcmp(state, "larval") || !strcmp(state, "expired"))
			continue;
		if (!strcmp(str(sa, "dir"), "in"))
			in++;
		else
			out++;
	}
	return in > out ? in : out;
}

static void set_states(struct view *v)
{
	unsigned int sas;
	const char *state;
	json_t *child;
	size_t i;

	json_array_foreach(v->children, i, child) {
		sas = generations(sas_of(v, child));
		if (json_object_get(child, "out_spi"))
			state = sas > 1 ? "rekeying" : "up";
		else if (json_object_get(child, "acquire_age_ms"))
			state = "acquiring";
		else
			state = "down";
		json_object_set_new(child, "sas", json_integer(sas));
		json_object_set_new(child, "state", json_string(state));
	}
}

/* hangs what the daemon knows of a child onto what the kernel knows of it */
static void merge(struct view *v)
{
	json_t *ike, *child;
	size_t i;

	json_array_foreach(v->ike_children, i, ike) {
		child = child_by_id(v, num(ike, "kernel_id"));
		if (child) {
			json_object_set(child, "ike", ike);
			continue;
		}
		child = json_pack("{s:O?, s:O?, s:O}",
				  "name", json_object_get(ike, "child"),
				  "state", json_object_get(ike, "state"),
				  "ike", ike);
		if (child)
			json_array_append_new(v->children, child);
	}
}

static int gather_daemon(struct ctl *c, struct view *v)
{
	bool only = v->what == SHOW_IKE;
	json_t *reply;
	int ret;

	ret = ctl_daemon(c, json_pack("{s:s}", "cmd", "show"), &reply, !only);
	if (ret)
		return only ? ret : CTL_OK;
	v->daemon = true;
	v->ike = json_incref(json_object_get(reply, "ike"));
	v->ike_children = json_incref(json_object_get(reply, "children"));
	json_decref(reply);
	return CTL_OK;
}

static int gather_kernel(struct ctl *c, struct view *v)
{
	struct vtun_k_info info = { 0 };
	int ret;

	ret = ctl_kernel(c, 0);
	if (!ret && (v->what & SHOW_INFO)) {
		if (vtun_k_info(c->k, &info))
			return ctl_kernel_fail(c);
		v->info = ctl_model_info(&info);
	}
	if (!ret && (v->what & (SHOW_CHILDREN | SHOW_SAS | SHOW_POLICIES)))
		ret = gather_children(c, v);
	if (!ret && (v->what & (SHOW_CHILDREN | SHOW_SAS)))
		ret = gather_sas(c, v);
	if (!ret)
		set_states(v);
	if (!ret && (v->what & SHOW_POLICIES)) {
		v->policies = ctl_gather_policies(c, v->children);
		ret = v->policies ? CTL_OK : CTL_REFUSED;
	}
	if (!ret && (v->what & SHOW_SOCKETS)) {
		v->sockets = ctl_gather_sockets(c);
		ret = v->sockets ? CTL_OK : CTL_REFUSED;
	}
	return ret;
}

static bool child_wanted(const struct view *v, const json_t *child)
{
	return !v->name || !strcmp(str(child, "name"), v->name) ||
	       !strcmp(str(json_object_get(child, "ike"), "conn"), v->name);
}

/* drops what @name does not mean; false: nothing is left */
static bool filter(struct view *v)
{
	json_t *child, *one;
	size_t i;

	for (i = json_array_size(v->sas); i--; ) {
		one = json_array_get(v->sas, i);
		child = child_by_id(v, num(one, "child_id"));
		if (v->name && (!child || !child_wanted(v, child)))
			json_array_remove(v->sas, i);
	}
	for (i = json_array_size(v->children); i--; )
		if (!child_wanted(v, json_array_get(v->children, i)))
			json_array_remove(v->children, i);
	for (i = json_array_size(v->ike); i--; ) {
		one = json_array_get(v->ike, i);
		if (v->name && strcmp(str(one, "conn"), v->name))
			json_array_remove(v->ike, i);
	}
	for (i = json_array_size(v->policies); i--; ) {
		one = json_array_get(v->policies, i);
		child = child_by_id(v, num(one, "child_id"));
		if (v->name && (!child || !child_wanted(v, child)))
			json_array_remove(v->policies, i);
	}
	if (v->name && !(v->what == SHOW_INFO || v->what == SHOW_SOCKETS) &&
	    !json_array_size(v->children) && !json_array_size(v->ike))
		return false;
	return true;
}

static int print_json(struct ctl *c, struct view *v)
{
	json_t *obj = json_object();

	if (v->what & SHOW_INFO)
		json_object_set(obj, "info", v->info);
	if (v->what == SHOW_ALL)
		json_object_set_new(obj, "daemon", json_boolean(v->daemon));
	if (v->what & SHOW_IKE)
		json_object_set_new(obj, "ike", v->ike ? json_incref(v->ike) :
				    json_array());
	if (v->what & SHOW_CHILDREN)
		json_object_set(obj, "children", v->children);
	if (v->what & SHOW_SAS)
		json_object_set(obj, "sas", v->sas);
	if (v->what & SHOW_POLICIES)
		json_object_set(obj, "policies", v->policies);
	if (v->what & SHOW_SOCKETS)
		json_object_set(obj, "sockets", v->sockets);
	return ctl_print_json(obj);
}

static int print_text(struct ctl *c, struct view *v)
{
	json_t *child;
	size_t i;

	if (v->what & SHOW_INFO)
		ctl_text_info(v->info);
	if (v->what == SHOW_ALL && !v->daemon)
		printf("daemon not running (%s)\n", c->socket);
	if (v->what & SHOW_IKE)
		ctl_text_ike(v->ike);
	json_array_foreach(v->children, i, child)
		if (v->what & SHOW_CHILDREN)
			ctl_text_child(child, sas_of(v, child));
	if (v->what == SHOW_SAS)
		ctl_text_sas(v->sas);
	json_array_foreach(v->policies, i, child)
		ctl_text_policy(child);
	json_array_foreach(v->sockets, i, child)
		ctl_text_socket(child);
	return CTL_OK;
}

static void parse_words(struct ctl *c, struct view *v)
{
	static const struct { const char *word; unsigned int what; } parts[] = {
		{ "children", SHOW_CHILDREN }, { "sas", SHOW_SAS },
		{ "ike", SHOW_IKE }, { "info", SHOW_INFO },
		{ "policies", SHOW_POLICIES }, { "sockets", SHOW_SOCKETS },
	};
	const char *word = ctl_next(c);
	unsigned int i;

	v->what = SHOW_ALL;
	for (i = 0; word && i < 6; i++) {
		if (strcmp(parts[i].word, word))
			continue;
		v->what = parts[i].what;
		word = ctl_next(c);
		break;
	}
	v->name = word;
}

int ctl_show(struct ctl *c)
{
	struct view v = { 0 };
	int ret;

	parse_words(c, &v);
	ret = ctl_end(c);
	if (!ret && v.what != SHOW_IKE)
		ret = gather_kernel(c, &v);
	if (!ret && (v.what & (SHOW_IKE | SHOW_CHILDREN)))
		ret = gather_daemon(c, &v);
	if (!ret && (v.what & SHOW_CHILDREN))
		merge(&v);
	if (!ret && !filter(&v))
		ret = ctl_fail(c, CTL_REFUSED, "no child and no connection \"%s\"",
			       vtun_quote(v.name));
	if (!ret)
		ret = c->json ? print_json(c, &v) : print_text(c, &v);
	json_decref(v.info);
	json_decref(v.children);
	json_decref(v.sas);
	json_decref(v.ike);
	json_decref(v.policies);
	json_decref(v.sockets);
	json_decref(v.ike_children);
	json_decref(v.by_id);
	json_decref(v.of_child);
	return ret;
}

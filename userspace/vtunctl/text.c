// SPDX-License-Identifier: GPL-2.0-or-later
/* The model in words. */
#include <stdio.h>
#include <string.h>

#include "vtunctl.h"

static const char *str(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : "-";
}

static long long num(const json_t *obj, const char *key)
{
	return json_integer_value(json_object_get(obj, key));
}

static bool has(const json_t *obj, const char *key)
{
	return json_object_get(obj, key);
}

static bool yes(const json_t *obj, const char *key)
{
	return json_is_true(json_object_get(obj, key));
}

/* " LABEL 1m05s" where the member is there */
static void put_duration(const char *label, const json_t *obj, const char *key)
{
	char buf[VTUN_NUM_STRLEN];

	if (has(obj, key))
		printf("  %s %s", label,
		       vtun_format_duration(num(obj, key), buf));
}

static void put_drops(const char *indent, json_t *drops)
{
	const char *key;
	json_t *v;

	if (!json_object_size(drops))
		return;
	printf("%sdrops ", indent);
	json_object_foreach(drops, key, v)
		printf(" %s=%lld", key, (long long)json_integer_value(v));
	putchar('\n');
}

static void put_list(const char *label, const json_t *list)
{
	json_t *v;
	size_t i;

	printf("  %-8s", label);
	if (!json_array_size(list))
		printf("any");
	json_array_foreach(list, i, v)
		printf("%s%s", i ? ", " : "", json_string_value(v));
	putchar('\n');
}

void ctl_text_info(const json_t *info)
{
	json_t *one;
	size_t i;

	printf("module vtun %s  api %lld  children %lld  sas %lld  events %lld\n",
	       str(info, "version"), num(info, "api"), num(info, "children"),
	       num(info, "sas"), num(info, "event_seq"));
	json_array_foreach(json_object_get(info, "crypto"), i, one)
		printf("  crypto  %-18s %s\n", str(one, "suite"),
		       str(one, "implementation"));
	put_drops("  ", json_object_get(info, "drops"));
}

void ctl_text_ike(const json_t *ike)
{
	json_t *one;
	size_t i;

	json_array_foreach(ike, i, one) {
		printf("ike %s  %s  %s\n", str(one, "conn"), str(one, "state"),
		       yes(one, "initiator") ? "initiator" : "responder");
		printf("  local   %s  %s  %s%s\n", str(one, "local"),
		       str(one, "local_id"), str(one, "local_auth"),
		       yes(one, "nat_local") ? "  behind NAT" : "");
		printf("  remote  %s  %s  %s%s\n", str(one, "remote"),
		       str(one, "remote_id"), str(one, "remote_auth"),
		       yes(one, "nat_remote") ? "  behind NAT" : "");
		printf("  spi     %s/%s  %s\n", str(one, "spi_i"),
		       str(one, "spi_r"), str(one, "suite"));
		printf("  time  ");
		put_duration("age", one, "age_ms");
		put_duration("rekey in", one, "rekey_in_ms");
		putchar('\n');
	}
}

/* which limits an SA has reached, and when */
static void text_expired(const json_t *sa, const char *indent)
{
	static const char *const levels[] = { "soft", "hard" };
	const json_t *expired;
	char key[16];
	size_t i;

	for (i = 0; i < 2; i++) {
		snprintf(key, sizeof(key), "%s_expired", levels[i]);
		expired = json_object_get(sa, key);
		if (!expired)
			continue;
		printf("%s        %s limit reached: %s", indent, levels[i],
		       str(expired, "cause"));
		put_duration("ago", expired, "age_ms");
		putchar('\n');
	}
}

static void text_sa(const json_t *sa, const char *indent, bool with_child)
{
	const json_t *rem = json_object_get(sa, "remaining");
	char buf[VTUN_NUM_STRLEN];

	printf("%ssa %-3s %s  %s", indent, str(sa, "dir"), str(sa, "spi"),
	       str(sa, "state"));
	if (with_child && has(sa, "child"))
		printf("  child %s", str(sa, "child"));
	if (!has(sa, "suite")) {
		put_duration("age", sa, "age_ms");
		putchar('\n');
		return;
	}
	printf("  %s%s", str(sa, "suite"), yes(sa, "esn") ? " esn" : "");
	if (has(sa, "replay_window"))
		printf("  window %lld", num(sa, "replay_window"));
	printf("  expire=%s\n", str(sa, "expire"));
	printf("%s      ", indent);
	put_duration("age", sa, "age_ms");
	put_duration("idle", sa, "idle_ms");
	printf("  seq %lld  packets %lld  bytes %s", num(sa, "seq"),
	       num(sa, "packets"), vtun_format_size(num(sa, "bytes"), buf));
	if (has(rem, "packets"))
		printf("  packets left %lld", num(rem, "packets"));
	if (has(sa, "switched"))
		printf("  by %s", str(sa, "switched"));
	putchar('\n');
	text_expired(sa, indent);
	snprintf(buf, sizeof(buf), "%s        ", indent);
	put_drops(buf, json_object_get(sa, "drops"));
}

static void text_kernel_child(const json_t *child)
{
	json_t *hold = json_object_get(child, "hold");

	printf("  outer   %s -> %s", str(child, "local"),
	       str(child, "remote"));
	if (has(child, "mtu"))
		printf("  mtu %lld", num(child, "mtu"));
	putchar('\n');
	put_list("local", json_object_get(child, "local_ts"));
	put_list("remote", json_object_get(child, "remote_ts"));
	if (yes(child, "on_demand") || num(child, "held")) {
		printf("  hold    %lld of %lld packets", num(child, "held"),
		       num(hold, "packets"));
		put_duration("asked since", child, "acquire_age_ms");
		putchar('\n');
	}
	put_drops("  ", json_object_get(child, "drops"));
}

static void text_ike_child(const json_t *ike)
{
	printf("  conn    %s/%s  %s", str(ike, "conn"), str(ike, "child"),
	       str(ike, "state"));
	if (has(ike, "reason"))
		printf(" (%s)", str(ike, "reason"));
	if (has(ike, "suite"))
		printf("  %s", str(ike, "suite"));
	printf("  rekeys %lld\n", num(ike, "rekeys"));
}

void ctl_text_child(const json_t *child, const json_t *sas)
{
	json_t *ike = json_object_get(child, "ike"), *sa;
	size_t i;

	printf("child %s", str(child, "name"));
	if (has(child, "id"))
		printf("  id %lld  dev %s", num(child, "id"),
		       str(child, "dev"));
	printf("  %s", str(child, "state"));
	if (has(child, "id"))
		printf("  sas=%lld", num(child, "sas"));
	putchar('\n');
	if (has(child, "id"))
		text_kernel_child(child);
	if (ike)
		text_ike_child(ike);
	if (!has(child, "id"))
		return;
	json_array_foreach(sas, i, sa)
		text_sa(sa, "  ", false);
}

void ctl_text_sas(const json_t *sas)
{
	json_t *sa;
	size_t i;

	json_array_foreach(sas, i, sa)
		text_sa(sa, "", true);
}

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

	printf("module vtun %s  api %lld  children %lld  sas %lld  policies %lld  events %lld\n",
	       str(info, "version"), num(info, "api"), num(info, "children"),
	       num(info, "sas"), num(info, "policies"),
	       num(info, "event_seq"));
	json_array_foreach(json_object_get(info, "crypto"), i, one)
		printf("  crypto  %-20s %s\n", str(one, "suite"),
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
	printf("  key %s", str(sa, "fingerprint"));
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

static void text_outer(const json_t *child)
{
	printf("  outer   %s", str(child, "local"));
	if (has(child, "encap"))
		printf(":%lld", num(child, "local_port"));
	printf(" -> %s", str(child, "remote"));
	if (has(child, "encap"))
		printf(":%lld  %s", num(child, "remote_port"),
		       str(child, "encap"));
	if (num(child, "keepalive_ms"))
		put_duration("keepalive", child, "keepalive_ms");
	if (has(child, "mark"))
		printf("  mark 0x%llx", num(child, "mark"));
	if (has(child, "link_ifindex"))
		printf("  link %s", str(child, "link"));
	if (has(child, "mtu"))
		printf("  mtu %lld", num(child, "mtu"));
	putchar('\n');
	if (!has(child, "moved_remote"))
		return;
	printf("  moved   %s <- %s", str(child, "moved_local"),
	       str(child, "moved_remote"));
	if (has(child, "moved_port"))
		printf(":%lld", num(child, "moved_port"));
	putchar('\n');
}

/* those that are not as they are by default */
static void text_options(const json_t *child)
{
	static const char *const flags[] = {
		"follow_peer", "decap_dscp", "no_ecn"
	};
	const json_t *dscp = json_object_get(child, "dscp");
	const json_t *mss = json_object_get(child, "mss");
	char buf[256];
	size_t i, n = 0;

	buf[0] = '\0';
	if (strcmp(str(child, "df"), "copy"))
		n += snprintf(buf + n, sizeof(buf) - n, "  df %s",
			      str(child, "df"));
	if (json_is_integer(dscp))
		n += snprintf(buf + n, sizeof(buf) - n, "  dscp %lld",
			      num(child, "dscp"));
	if (json_is_string(mss))
		n += snprintf(buf + n, sizeof(buf) - n, "  mss auto");
	else if (mss)
		n += snprintf(buf + n, sizeof(buf) - n, "  mss %lld",
			      num(child, "mss"));
	for (i = 0; i < 3; i++)
		if (yes(child, flags[i]))
			n += snprintf(buf + n, sizeof(buf) - n, "  %s",
				      flags[i]);
	if (n)
		printf("  options%s\n", buf + 1);
}

static void text_kernel_child(const json_t *child)
{
	json_t *hold = json_object_get(child, "hold");

	text_outer(child);
	text_options(child);
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
	if (has(ike, "door"))
		printf("  door %s", str(ike, "door"));
	printf("  rekeys %lld\n", num(ike, "rekeys"));
}

void ctl_text_child(const json_t *child, const json_t *sas)
{
	json_t *ike = json_object_get(child, "ike"), *sa;
	size_t i;

	printf("child %s", str(child, "name"));
	if (has(child, "id"))
		printf("  id %lld", num(child, "id"));
	if (has(child, "ifindex"))
		printf("  dev %s", str(child, "dev"));
	else if (has(child, "id"))
		printf("  policies %lld", num(child, "policies"));
	if (!strcmp(str(child, "mode"), "transport"))
		printf("  transport");
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

void ctl_text_policy(const json_t *policy)
{
	printf("policy %lld  priority %lld  %s", num(policy, "id"),
	       num(policy, "priority"), str(policy, "action"));
	if (has(policy, "child"))
		printf("  child %s", str(policy, "child"));
	else if (!strcmp(str(policy, "action"), "protect"))
		printf("  child gone");
	printf("  %s -> %s", str(policy, "local"), str(policy, "remote"));
	printf("  out %lld  in %lld\n", num(policy, "out_packets"),
	       num(policy, "in_packets"));
}

void ctl_text_socket(const json_t *socket)
{
	printf("socket %s  port %lld%s\n", str(socket, "local"),
	       num(socket, "port"), yes(socket, "orphan") ? "  orphan" : "");
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the kernel reports, as JSON: the one model that --json prints and the
 * text is made of. A member that does not apply is left out.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/names.h"
#include "vtunctl.h"

static json_t *num(uint64_t v)
{
	return json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v);
}

/* adds a number unless it is 0 */
static void put_num(json_t *obj, const char *key, uint64_t v)
{
	if (v)
		json_object_set_new(obj, key, num(v));
}

static void put_str(json_t *obj, const char *key, const char *s)
{
	json_object_set_new(obj, key, json_string(s));
}

json_t *ctl_json_spi(uint32_t spi)
{
	char buf[VTUN_NUM_STRLEN];

	return json_string(vtun_format_spi(spi, buf));
}

static void put_spi(json_t *obj, const char *key, uint32_t spi)
{
	if (spi)
		json_object_set_new(obj, key, ctl_json_spi(spi));
}

static void put_addr(json_t *obj, const char *key, const struct vtun_addr *a)
{
	char buf[VTUN_ADDR_STRLEN];

	if (a->family)
		put_str(obj, key, vtun_format_addr(a, buf));
}

static json_t *model_drops(const uint64_t drops[VTUN_DROP_MAX + 1])
{
	json_t *obj = json_object();
	unsigned int i;

	for (i = 1; i <= VTUN_DROP_MAX; i++)
		put_num(obj, vtun_name_drop(i), drops[i]);
	return obj;
}

json_t *ctl_model_info(const struct vtun_k_info *info)
{
	json_t *obj = json_object(), *list = json_array(), *one;
	const struct vtun_suite *suite;
	unsigned int i;

	put_str(obj, "version", info->version);
	json_object_set_new(obj, "api", num(info->api));
	json_object_set_new(obj, "event_seq", num(info->event_seq));
	json_object_set_new(obj, "children", num(info->children));
	json_object_set_new(obj, "sas", num(info->sas));
	json_object_set_new(obj, "drops", model_drops(info->drops));
	for (i = 0; i < info->n_crypto; i++) {
		one = json_object();
		suite = vtun_suite_by_id(info->crypto[i].encr,
					 info->crypto[i].key_len);
		put_str(one, "suite", suite ? suite->name :
			info->crypto[i].name);
		json_object_set_new(one, "encr", num(info->crypto[i].encr));
		json_object_set_new(one, "key_octets",
				    num(info->crypto[i].key_len));
		put_str(one, "implementation", info->crypto[i].impl);
		json_array_append_new(list, one);
	}
	json_object_set_new(obj, "crypto", list);
	return obj;
}

static json_t *model_ts(const struct vtun_ts *ts, unsigned int n)
{
	char buf[VTUN_TS_STRLEN];
	json_t *list = json_array();

	for (; n; n--, ts++)
		json_array_append_new(list,
				      json_string(vtun_format_ts(ts, buf)));
	return list;
}

json_t *ctl_model_child(struct vtun_k *k, const struct vtun_k_child *c)
{
	char dev[VTUN_K_IFNAME];
	json_t *obj = json_object();

	json_object_set_new(obj, "id", num(c->id));
	put_str(obj, "name", c->name);
	/* a device in another namespace has no name here */
	if (!vtun_k_link_name(k, c->ifindex, dev))
		put_str(obj, "dev", dev);
	json_object_set_new(obj, "ifindex", num(c->ifindex));
	put_str(obj, "mode", vtun_name_mode(c->mode));
	put_addr(obj, "local", &c->local);
	put_addr(obj, "remote", &c->remote);
	json_object_set_new(obj, "local_ts",
			    model_ts(c->ts_local, c->n_ts_local));
	json_object_set_new(obj, "remote_ts",
			    model_ts(c->ts_remote, c->n_ts_remote));
	json_object_set_new(obj, "on_demand",
			    json_boolean(c->flags & VTUN_CHILD_F_ON_DEMAND));
	put_spi(obj, "out_spi", c->out_spi);
	put_num(obj, "mtu", c->mtu);
	json_object_set_new(obj, "switches", num(c->switches));
	json_object_set_new(obj, "held", num(c->held));
	if (c->acquiring)
		json_object_set_new(obj, "acquire_age_ms", num(c->acquire_ms));
	json_object_set_new(obj, "hold",
			    json_pack("{s:o, s:o, s:o}",
				      "packets", num(c->hold_packets),
				      "bytes", num(c->hold_bytes),
				      "ms", num(c->hold_ms)));
	json_object_set_new(obj, "drops", model_drops(c->drops));
	return obj;
}

static uint64_t left(uint64_t limit, uint64_t used)
{
	return used < limit ? limit - used : 0;
}

/* what is left until the hard limits, and the short form 34638/0B */
static void put_remaining(json_t *obj, const struct vtun_k_sa *sa)
{
	const struct vtun_k_limits *l = &sa->limits;
	uint64_t s = left(l->hard_time_ms, sa->age_ms) / 1000;
	uint64_t b = left(l->hard_bytes, sa->bytes);
	json_t *rem = json_object();
	char text[64];

	if (l->hard_time_ms)
		json_object_set_new(rem, "seconds", num(s));
	if (l->hard_bytes)
		json_object_set_new(rem, "bytes", num(b));
	if (l->hard_packets)
		json_object_set_new(rem, "packets",
				    num(left(l->hard_packets, sa->packets)));
	json_object_set_new(obj, "remaining", rem);
	if (l->hard_time_ms)
		snprintf(text, sizeof(text), "%" PRIu64 "/%" PRIu64 "B", s, b);
	else
		snprintf(text, sizeof(text), "-/%" PRIu64 "B", b);
	put_str(obj, "expire", text);
}

static void put_limits(json_t *obj, const char *key, uint64_t ms,
		       uint64_t bytes, uint64_t packets)
{
	json_t *l = json_object();

	put_num(l, "time_ms", ms);
	put_num(l, "bytes", bytes);
	put_num(l, "packets", packets);
	json_object_set_new(obj, key, l);
}

static void put_expired(json_t *obj, const char *key, uint8_t cause,
			uint64_t age_ms)
{
	if (!cause)
		return;
	json_object_set_new(obj, key,
			    json_pack("{s:s, s:o}", "cause",
				      vtun_name_cause(cause), "age_ms",
				      num(age_ms)));
}

json_t *ctl_model_sa(const struct vtun_k_sa *sa)
{
	const struct vtun_k_limits *l = &sa->limits;
	json_t *obj = json_object();

	put_str(obj, "dir", vtun_name_dir(sa->dir));
	put_spi(obj, "spi", sa->spi);
	put_num(obj, "child_id", sa->child_id);
	put_str(obj, "state", vtun_name_sa_state(sa->state));
	json_object_set_new(obj, "age_ms", num(sa->age_ms));
	if (sa->state == VTUN_SA_LARVAL)
		return obj;
	put_str(obj, "suite", vtun_suite_name(sa->encr, sa->key_len));
	json_object_set_new(obj, "esn", json_boolean(sa->esn));
	if (sa->dir == VTUN_DIR_IN)
		json_object_set_new(obj, "replay_window",
				    num(sa->replay_window));
	put_spi(obj, "pair_spi", sa->pair_spi);
	json_object_set_new(obj, "seq", num(sa->seq));
	json_object_set_new(obj, "bytes", num(sa->bytes));
	json_object_set_new(obj, "packets", num(sa->packets));
	if (sa->used)
		json_object_set_new(obj, "idle_ms", num(sa->idle_ms));
	put_limits(obj, "soft", l->soft_time_ms, l->soft_bytes,
		   l->soft_packets);
	put_limits(obj, "hard", l->hard_time_ms, l->hard_bytes,
		   l->hard_packets);
	put_remaining(obj, sa);
	put_expired(obj, "soft_expired", sa->soft_cause, sa->soft_age_ms);
	put_expired(obj, "hard_expired", sa->hard_cause, sa->hard_age_ms);
	if (sa->switched)
		put_str(obj, "switched", vtun_name_switch(sa->switched));
	json_object_set_new(obj, "drops", model_drops(sa->drops));
	return obj;
}

static json_t *model_flow(const struct vtun_k_event *ev)
{
	const char *proto = vtun_name_proto(ev->flow.proto);
	json_t *obj = json_object();

	put_addr(obj, "src", &ev->flow.src);
	put_addr(obj, "dst", &ev->flow.dst);
	json_object_set_new(obj, "proto", num(ev->flow.proto));
	if (proto)
		put_str(obj, "proto_name", proto);
	if (ev->flow.has_ports) {
		json_object_set_new(obj, "sport", num(ev->flow.sport));
		json_object_set_new(obj, "dport", num(ev->flow.dport));
	}
	return obj;
}

json_t *ctl_model_event(const struct vtun_k_event *ev)
{
	json_t *obj = json_object();

	put_str(obj, "source", "kernel");
	put_str(obj, "event", vtun_name_event(ev->type));
	json_object_set_new(obj, "seq", num(ev->seq));
	if (ev->type == VTUN_K_EV_RESYNC) {
		put_num(obj, "lost", ev->lost);
		return obj;
	}
	if (ev->child[0])
		put_str(obj, "child", ev->child);
	put_num(obj, "child_id", ev->child_id);
	if (ev->type == VTUN_K_EV_ACQUIRE) {
		if (ev->flow.src.family)
			json_object_set_new(obj, "flow", model_flow(ev));
		return obj;
	}
	put_str(obj, "dir", vtun_name_dir(ev->type == VTUN_K_EV_SWITCH ?
					  VTUN_DIR_OUT : ev->dir));
	put_spi(obj, "spi", ev->spi);
	if (ev->type == VTUN_K_EV_SWITCH) {
		put_spi(obj, "old_spi", ev->old_spi);
		put_str(obj, "cause", vtun_name_switch(ev->cause));
		return obj;
	}
	put_str(obj, "level", vtun_name_level(ev->level));
	put_str(obj, "cause", vtun_name_cause(ev->cause));
	json_object_set_new(obj, "bytes", num(ev->bytes));
	json_object_set_new(obj, "packets", num(ev->packets));
	return obj;
}

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
	json_object_set_new(obj, "policies", num(info->policies));
	json_object_set_new(obj, "drops", model_drops(info->drops));
	for (i = 0; i < info->n_crypto; i++) {
		one = json_object();
		suite = vtun_suite_by_id(info->crypto[i].encr,
					 info->crypto[i].key_len,
					 info->crypto[i].integ);
		put_str(one, "suite", suite ? suite->name :
			info->crypto[i].name);
		json_object_set_new(one, "encr", num(info->crypto[i].encr));
		put_num(one, "integ", info->crypto[i].integ);
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

/* where the outer packets go, and how */
static void put_outer(json_t *obj, struct vtun_k *k,
		      const struct vtun_k_child *c)
{
	char dev[VTUN_K_IFNAME];

	put_addr(obj, "local", &c->local);
	put_addr(obj, "remote", &c->remote);
	if (c->encap) {
		put_str(obj, "encap", vtun_name_encap(c->encap));
		json_object_set_new(obj, "local_port", num(c->local_port));
		json_object_set_new(obj, "remote_port", num(c->remote_port));
		json_object_set_new(obj, "keepalive_ms", num(c->keepalive_ms));
	}
	put_num(obj, "mark", c->mark);
	put_num(obj, "link_ifindex", c->link);
	if (c->link && !vtun_k_link_name(k, c->link, dev))
		put_str(obj, "link", dev);
	if (!c->moved)
		return;
	put_addr(obj, "moved_local", &c->moved_local);
	put_addr(obj, "moved_remote", &c->moved_remote);
	put_num(obj, "moved_port", c->moved_port);
}

static void put_options(json_t *obj, const struct vtun_k_child *c)
{
	put_str(obj, "df", vtun_name_df(c->df));
	if (c->dscp == VTUN_DSCP_COPY)
		put_str(obj, "dscp", "copy");
	else
		json_object_set_new(obj, "dscp", num(c->dscp));
	if (c->mss_clamp == 1)
		put_str(obj, "mss", "auto");
	else
		put_num(obj, "mss", c->mss_clamp);
	json_object_set_new(obj, "on_demand",
			    json_boolean(c->flags & VTUN_CHILD_F_ON_DEMAND));
	if (c->flags & VTUN_CHILD_F_FOLLOW_PEER)
		json_object_set_new(obj, "follow_peer", json_true());
	if (c->flags & VTUN_CHILD_F_DECAP_DSCP)
		json_object_set_new(obj, "decap_dscp", json_true());
	if (c->flags & VTUN_CHILD_F_NO_ECN)
		json_object_set_new(obj, "no_ecn", json_true());
}

json_t *ctl_model_child(struct vtun_k *k, const struct vtun_k_child *c)
{
	char dev[VTUN_K_IFNAME];
	json_t *obj = json_object();

	json_object_set_new(obj, "id", num(c->id));
	put_str(obj, "name", c->name);
	/* a device in another namespace has no name here */
	if (c->ifindex && !vtun_k_link_name(k, c->ifindex, dev))
		put_str(obj, "dev", dev);
	put_num(obj, "ifindex", c->ifindex);
	put_str(obj, "door", c->ifindex ? "device" : "policy");
	put_str(obj, "mode", vtun_name_mode(c->mode));
	put_outer(obj, k, c);
	json_object_set_new(obj, "local_ts",
			    model_ts(c->ts_local, c->n_ts_local));
	json_object_set_new(obj, "remote_ts",
			    model_ts(c->ts_remote, c->n_ts_remote));
	put_options(obj, c);
	put_num(obj, "policies", c->policies);
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
	if (sa->has_remain)
		json_object_set_new(rem, "volume_ms", num(sa->remain_ms));
	json_object_set_new(obj, "remaining", rem);
	if (l->hard_time_ms)
		snprintf(text, sizeof(text), "%" PRIu64 "/%" PRIu64 "B", s, b);
	else
		snprintf(text, sizeof(text), "-/%" PRIu64 "B", b);
	put_str(obj, "expire", text);
}

static void put_limits(json_t *obj, const char *key, uint64_t ms,
		       uint64_t idle, uint64_t bytes, uint64_t packets)
{
	json_t *l = json_object();

	put_num(l, "time_ms", ms);
	put_num(l, "idle_ms", idle);
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
	char text[9];

	put_str(obj, "dir", vtun_name_dir(sa->dir));
	put_spi(obj, "spi", sa->spi);
	put_num(obj, "child_id", sa->child_id);
	put_str(obj, "state", vtun_name_sa_state(sa->state));
	json_object_set_new(obj, "age_ms", num(sa->age_ms));
	if (sa->state == VTUN_SA_LARVAL)
		return obj;
	put_str(obj, "suite",
		vtun_suite_name(sa->encr, sa->key_len, sa->integ));
	json_object_set_new(obj, "esn", json_boolean(sa->esn));
	snprintf(text, sizeof(text), "%08" PRIx32, sa->fingerprint);
	put_str(obj, "fingerprint", text);
	if (sa->dir == VTUN_DIR_IN)
		json_object_set_new(obj, "replay_window",
				    num(sa->replay_window));
	put_spi(obj, "pair_spi", sa->pair_spi);
	json_object_set_new(obj, "seq", num(sa->seq));
	json_object_set_new(obj, "bytes", num(sa->bytes));
	json_object_set_new(obj, "packets", num(sa->packets));
	if (sa->used)
		json_object_set_new(obj, "idle_ms", num(sa->idle_ms));
	put_limits(obj, "soft", l->soft_time_ms, l->soft_idle_ms,
		   l->soft_bytes, l->soft_packets);
	put_limits(obj, "hard", l->hard_time_ms, l->hard_idle_ms,
		   l->hard_bytes, l->hard_packets);
	put_num(obj, "margin_ms", l->margin_ms);
	put_remaining(obj, sa);
	put_expired(obj, "soft_expired", sa->soft_cause, sa->soft_age_ms);
	put_expired(obj, "hard_expired", sa->hard_cause, sa->hard_age_ms);
	if (sa->switched)
		put_str(obj, "switched", vtun_name_switch(sa->switched));
	json_object_set_new(obj, "drops", model_drops(sa->drops));
	return obj;
}

json_t *ctl_model_policy(const struct vtun_k_policy *p)
{
	char buf[VTUN_TS_STRLEN];
	json_t *obj = json_object();

	json_object_set_new(obj, "id", num(p->id));
	json_object_set_new(obj, "priority", num(p->priority));
	put_str(obj, "action", vtun_name_action(p->action));
	put_num(obj, "child_id", p->child_id);
	put_str(obj, "local", vtun_format_ts(&p->local, buf));
	put_str(obj, "remote", vtun_format_ts(&p->remote, buf));
	json_object_set_new(obj, "out_packets", num(p->out_packets));
	json_object_set_new(obj, "out_bytes", num(p->out_bytes));
	json_object_set_new(obj, "in_packets", num(p->in_packets));
	json_object_set_new(obj, "in_bytes", num(p->in_bytes));
	return obj;
}

json_t *ctl_model_socket(const struct vtun_k_socket *s)
{
	json_t *obj = json_object();

	put_addr(obj, "local", &s->local);
	json_object_set_new(obj, "port", num(s->port));
	json_object_set_new(obj, "orphan", json_boolean(s->orphan));
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

static void put_peer_moved(json_t *obj, const struct vtun_k_event *ev)
{
	put_addr(obj, "src", &ev->src);
	put_num(obj, "port", ev->port);
	put_addr(obj, "dst", &ev->dst);
	json_object_set_new(obj, "followed", json_boolean(ev->followed));
}

static void put_audit(json_t *obj, const struct vtun_k_event *ev)
{
	put_str(obj, "reason", vtun_name_drop(ev->reason));
	json_object_set_new(obj, "count", num(ev->count));
	put_spi(obj, "spi", ev->spi);
	put_addr(obj, "src", &ev->src);
	put_addr(obj, "dst", &ev->dst);
	if (!ev->gone)
		return;
	json_object_set_new(obj, "gone_ms", num(ev->gone_ms));
	put_str(obj, "gone_state", vtun_name_sa_state(ev->gone_state));
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
	if (ev->type == VTUN_K_EV_PEER_MOVED) {
		put_peer_moved(obj, ev);
		return obj;
	}
	if (ev->type == VTUN_K_EV_AUDIT) {
		put_audit(obj, ev);
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
	json_object_set_new(obj, "age_ms", num(ev->age_ms));
	json_object_set_new(obj, "bytes", num(ev->bytes));
	json_object_set_new(obj, "packets", num(ev->packets));
	return obj;
}

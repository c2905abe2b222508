// SPDX-License-Identifier: GPL-2.0-or-later
/* State and events as JSON; the members are documented in lib/control.h. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "lib/names.h"
#include "lib/parse.h"
#include "log.h"
#include "server.h"
#include "tunnel.h"

static void set_string(json_t *o, const char *key, const char *s)
{
	json_object_set_new(o, key, json_string(s));
}

static void set_number(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key, json_integer((json_int_t)v));
}

static void set_bool(json_t *o, const char *key, bool v)
{
	json_object_set_new(o, key, json_boolean(v));
}

static void set_ike_spi(json_t *o, const char *key, uint64_t spi)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "%016" PRIx64, spi);
	set_string(o, key, buf);
}

static void set_spi(json_t *o, const char *key, uint32_t spi)
{
	char buf[VTUN_NUM_STRLEN];

	if (spi)
		set_string(o, key, vtun_format_spi(spi, buf));
}

static void set_addr(json_t *o, const char *key, const struct ike_addr *a)
{
	char buf[64];

	set_string(o, key, keyd_log_addr(a, buf));
}

/* printable: an identity is what the peer says it is */
static void set_id(json_t *o, const char *key, const struct ike_id *id)
{
	char buf[2 * sizeof(id->data) + 16];
	size_t at = 0, i, n = id->len;

	if (n > sizeof(id->data))
		n = sizeof(id->data);
	if (id->type == IKE_ID_IPV4 && n == 4) {
		inet_ntop(AF_INET, id->data, buf, sizeof(buf));
	} else if (id->type == IKE_ID_IPV6 && n == 16) {
		inet_ntop(AF_INET6, id->data, buf, sizeof(buf));
	} else if (id->type == IKE_ID_FQDN || id->type == IKE_ID_EMAIL) {
		for (i = 0; i < n; i++)
			buf[at++] = id->data[i] >= ' ' && id->data[i] <= '~' ?
				    (char)id->data[i] : '?';
		buf[at] = '\0';
	} else {
		at = (size_t)sprintf(buf, "keyid:");
		for (i = 0; i < n; i++)
			at += (size_t)sprintf(buf + at, "%02x", id->data[i]);
	}
	set_string(o, key, buf);
}

static const char *auth_name(enum ike_auth a)
{
	return a == IKE_AUTH_ED25519 ? "ed25519" : "psk";
}

static void set_ike_suite(json_t *o, const struct ike_suite *s)
{
	char buf[96];

	if (!s->encr)
		return;
	snprintf(buf, sizeof(buf), "%s-%s-%s",
		 vtun_suite_name(s->encr, s->key_bits / 8, 0),
		 s->prf == IKE_PRF_HMAC_SHA2_512 ? "prfsha512" : "prfsha256",
		 s->ke == IKE_KE_X25519 ? "x25519" : "none");
	set_string(o, "suite", buf);
}

static void set_ts(json_t *o, const char *key, const struct ike_ts *ts,
		   unsigned int n)
{
	json_t *list = json_array();
	char buf[VTUN_TS_STRLEN];
	struct vtun_ts v;
	unsigned int i;

	for (i = 0; i < n; i++) {
		v.family = ts[i].family;
		v.proto = ts[i].proto;
		v.port_start = ts[i].port_start;
		v.port_end = ts[i].port_end;
		memcpy(v.start, ts[i].start, sizeof(v.start));
		memcpy(v.end, ts[i].end, sizeof(v.end));
		json_array_append_new(list,
				      json_string(vtun_format_ts(&v, buf)));
	}
	json_object_set_new(o, key, list);
}

struct show {
	struct keyd *d;
	const char *conn;
	json_t *list;
};

static void show_sa(void *ctx, const struct ike_sa_info *sa)
{
	struct show *s = ctx;
	json_t *o;

	if (s->conn && strcmp(s->conn, sa->conn))
		return;
	o = json_object();
	set_string(o, "conn", sa->conn);
	set_ike_spi(o, "spi_i", sa->spi_i);
	set_ike_spi(o, "spi_r", sa->spi_r);
	set_bool(o, "initiator", sa->initiator);
	set_string(o, "state", ike_sa_state_name(sa->state));
	set_ike_suite(o, &sa->suite);
	set_addr(o, "local", &sa->local);
	set_addr(o, "remote", &sa->remote);
	set_id(o, "local_id", &sa->local_id);
	set_id(o, "remote_id", &sa->remote_id);
	set_string(o, "local_auth", auth_name(sa->local_auth));
	set_string(o, "remote_auth", auth_name(sa->remote_auth));
	set_bool(o, "nat_local", sa->nat_local);
	set_bool(o, "nat_remote", sa->nat_remote);
	set_number(o, "age_ms", sa->age_ms);
	if (sa->rekey_in_ms)
		set_number(o, "rekey_in_ms", sa->rekey_in_ms);
	set_number(o, "send_mid", sa->send_mid);
	set_number(o, "recv_mid", sa->recv_mid);
	json_array_append_new(s->list, o);
}

static void show_child(void *ctx, const struct ike_child_info *c)
{
	const struct keyd_tunnel *t;
	struct show *s = ctx;
	json_t *o;

	if (s->conn && strcmp(s->conn, c->conn))
		return;
	o = json_object();
	set_string(o, "conn", c->conn);
	set_string(o, "child", c->name);
	set_string(o, "state", ike_child_state_name(c->state));
	if (*c->reason)
		set_string(o, "reason", c->reason);
	t = keyd_tunnel_find(s->d, c->conn, c->name);
	if (t && t->kernel_id)
		set_number(o, "kernel_id", t->kernel_id);
	if (t)
		set_string(o, "door", t->policy ? "policy" : "device");
	if (t && t->policy)
		set_number(o, "policy_priority", t->policy_priority);
	set_spi(o, "spi_in", c->spi_in);
	set_spi(o, "spi_out", c->spi_out);
	set_number(o, "pairs", c->n_pairs);
	set_number(o, "rekeys", c->rekeys);
	if (c->suite.encr) {
		set_string(o, "suite", vtun_suite_name(c->suite.encr,
						       c->suite.key_bits / 8,
						       0));
		set_bool(o, "esn", c->suite.esn & IKE_ESN_YES);
	}
	set_ts(o, "ts_local", c->n_ts_local ? c->ts_local : c->cfg.ts_local,
	       c->n_ts_local ? c->n_ts_local : c->cfg.n_ts_local);
	set_ts(o, "ts_remote", c->n_ts_remote ? c->ts_remote :
	       c->cfg.ts_remote, c->n_ts_remote ? c->n_ts_remote :
	       c->cfg.n_ts_remote);
	set_bool(o, "on_demand", c->cfg.on_demand);
	set_bool(o, "auto_negotiate", c->cfg.auto_negotiate);
	set_bool(o, "keepalive", c->cfg.keepalive);
	set_bool(o, "pfs", c->cfg.pfs);
	set_number(o, "life_ms", c->cfg.life.time_ms);
	set_number(o, "life_bytes", c->cfg.life.bytes);
	set_number(o, "life_packets", c->cfg.life.packets);
	json_array_append_new(s->list, o);
}

void keyd_show_fill(struct keyd *d, const char *conn, json_t *reply)
{
	struct show s = { .d = d, .conn = conn };

	s.list = json_array();
	ike_engine_each_sa(d->engine, keyd_now(), show_sa, &s);
	json_object_set_new(reply, "ike", s.list);
	s.list = json_array();
	ike_engine_each_child(d->engine, keyd_now(), show_child, &s);
	json_object_set_new(reply, "children", s.list);
}

json_t *keyd_show_event(const struct ike_notify *n, uint64_t seq)
{
	json_t *o = json_object();

	set_string(o, "event", ike_notify_name(n->type));
	set_number(o, "seq", seq);
	set_number(o, "time_ms", keyd_now());
	if (*n->conn)
		set_string(o, "conn", n->conn);
	if (*n->child)
		set_string(o, "child", n->child);
	if (n->spi_i)
		set_ike_spi(o, "spi_i", n->spi_i);
	if (n->spi_r)
		set_ike_spi(o, "spi_r", n->spi_r);
	set_spi(o, "spi_in", n->spi_in);
	set_spi(o, "spi_out", n->spi_out);
	set_spi(o, "old_spi_in", n->old_spi_in);
	set_spi(o, "old_spi_out", n->old_spi_out);
	if (n->duration_ms)
		set_number(o, "duration_ms", n->duration_ms);
	if (*n->text)
		set_string(o, "text", n->text);
	return o;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Checks that look at more than one key, and what follows from them. */
#include "config-parse.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define HAS(b, kind, key)	keyd_key_given(b, kind, key)
#define BAD(b, kind, key)	keyd_key_bad(b, kind, key)

static void conn_error(struct keyd_parser *p, const struct keyd_conn *c,
		       const char *key, const char *text)
{
	keyd_error_at(p, c->b.file, keyd_key_line(&c->b, KEYD_CONN, key),
		      "conn \"%s\": %s", c->b.name, text);
}

static void conn_warn(struct keyd_parser *p, const struct keyd_conn *c,
		      const char *key, const char *text)
{
	keyd_warn_at(p, c->b.file, keyd_key_line(&c->b, KEYD_CONN, key),
		     "conn \"%s\": %s", c->b.name, text);
}

static void child_error(struct keyd_parser *p, const struct keyd_child *c,
			const char *key, const char *text)
{
	keyd_error_at(p, c->b.file, keyd_key_line(&c->b, KEYD_CHILD, key),
		      "child \"%s\": %s", c->b.name, text);
}

static void child_warn(struct keyd_parser *p, const struct keyd_child *c,
		       const char *key, const char *text)
{
	keyd_warn_at(p, c->b.file, keyd_key_line(&c->b, KEYD_CHILD, key),
		     "child \"%s\": %s", c->b.name, text);
}

static void check_required(struct keyd_parser *p, const struct keyd_block *b,
			   enum keyd_block_kind kind)
{
	const struct keyd_key *keys;
	unsigned int i, n;

	keys = keyd_keys(kind, &n);
	for (i = 0; i < n; i++)
		if (keys[i].flags & KEYD_REQUIRED && !b->key_line[i])
			keyd_error_at(p, b->file, b->line,
				      "%s \"%s\": key \"%s\" is missing",
				      keyd_block_word(kind), b->name,
				      keys[i].name);
}

/* ---- conn ---- */

static bool addr_unusable(const struct ike_addr *a)
{
	static const uint8_t zero[16];

	if (a->family == AF_INET)
		return !memcmp(a->addr, zero, 4) || a->addr[0] >= 224;
	return !memcmp(a->addr, zero, 16) || a->addr[0] == 0xff;
}

static void check_addresses(struct keyd_parser *p, struct keyd_conn *c)
{
	bool local = c->local.family && !BAD(&c->b, KEYD_CONN, "local-addr");
	bool remote = c->remote.family &&
		      !BAD(&c->b, KEYD_CONN, "remote-addr");

	if (local && addr_unusable(&c->local))
		conn_error(p, c, "local-addr",
			   "local-addr is no address of one host");
	if (remote && addr_unusable(&c->remote))
		conn_error(p, c, "remote-addr",
			   "remote-addr is no address of one host (a peer of unknown address is \"any\")");
	if (!local || !remote)
		return;
	if (c->local.family != c->remote.family)
		conn_error(p, c, "remote-addr",
			   "local-addr and remote-addr are of different address families");
	else if (!memcmp(c->local.addr, c->remote.addr,
			 sizeof(c->local.addr)))
		conn_error(p, c, "remote-addr",
			   "local-addr and remote-addr are the same");
}

static void id_from_addr(struct ike_id *id, const struct ike_addr *a)
{
	id->type = a->family == AF_INET ? IKE_ID_IPV4 : IKE_ID_IPV6;
	id->len = a->family == AF_INET ? 4 : 16;
	memcpy(id->data, a->addr, id->len);
}

static void check_ids(struct keyd_parser *p, struct keyd_conn *c)
{
	if (!HAS(&c->b, KEYD_CONN, "local-id") && c->local.family) {
		id_from_addr(&c->local_id, &c->local);
		c->local_id_implied = true;
	}
	if (HAS(&c->b, KEYD_CONN, "remote-id"))
		return;
	if (c->remote.family) {
		id_from_addr(&c->remote_id, &c->remote);
		c->remote_id_implied = true;
	} else if (HAS(&c->b, KEYD_CONN, "remote-addr") &&
		   !BAD(&c->b, KEYD_CONN, "remote-addr")) {
		conn_error(p, c, "remote-addr",
			   "remote-addr any needs a remote-id, nothing else tells who may connect");
	}
}

static void check_psk(struct keyd_parser *p, struct keyd_conn *c)
{
	bool text = HAS(&c->b, KEYD_CONN, "psk");
	bool file = HAS(&c->b, KEYD_CONN, "psk-file");

	if (text && file)
		conn_error(p, c, "psk-file",
			   "psk and psk-file exclude each other");
	if (!text && !file)
		conn_error(p, c, "auth",
			   "auth psk needs psk-file or psk");
	if (HAS(&c->b, KEYD_CONN, "private-key-file"))
		conn_warn(p, c, "private-key-file",
			  "private-key-file has no effect with auth psk");
	if (HAS(&c->b, KEYD_CONN, "remote-public-key"))
		conn_warn(p, c, "remote-public-key",
			  "remote-public-key has no effect with auth psk");
}

static void check_ed25519(struct keyd_parser *p, struct keyd_conn *c)
{
	if (!HAS(&c->b, KEYD_CONN, "private-key-file"))
		conn_error(p, c, "auth",
			   "auth ed25519 needs private-key-file");
	if (!HAS(&c->b, KEYD_CONN, "remote-public-key"))
		conn_error(p, c, "auth",
			   "auth ed25519 needs remote-public-key");
	if (HAS(&c->b, KEYD_CONN, "psk"))
		conn_warn(p, c, "psk", "psk has no effect with auth ed25519");
	if (HAS(&c->b, KEYD_CONN, "psk-file"))
		conn_warn(p, c, "psk-file",
			  "psk-file has no effect with auth ed25519");
}

static void check_auth(struct keyd_parser *p, struct keyd_conn *c)
{
	if (BAD(&c->b, KEYD_CONN, "auth"))
		return;
	if (c->auth + 1 == IKE_AUTH_PSK)
		check_psk(p, c);
	else
		check_ed25519(p, c);
	keyd_secrets_load(p, c);
	if (c->auth + 1 == IKE_AUTH_PSK && c->psk.len &&
	    c->psk.len < KEYD_PSK_WARN)
		conn_warn(p, c, HAS(&c->b, KEYD_CONN, "psk") ? "psk" :
			  "psk-file",
			  "pre-shared key of less than 20 octets: whoever records one exchange can guess it offline");
}

/* ---- child ---- */

static unsigned int ts_families(const struct keyd_ts_list *l)
{
	unsigned int i, seen = 0;

	for (i = 0; i < l->n; i++)
		seen |= l->ts[i].family == AF_INET ? 1 : 2;
	return seen;
}

static bool has_ports(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return true;
	}
	return false;
}

/* the kernel would refuse the child, and nothing would be protected */
static void check_ports(struct keyd_parser *p, const struct keyd_child *c,
			const char *key, const struct keyd_ts_list *list)
{
	const struct ike_ts *ts;
	unsigned int i;

	for (i = 0; i < list->n; i++) {
		ts = &list->ts[i];
		if ((ts->port_start || ts->port_end != 65535) &&
		    !has_ports(ts->proto))
			keyd_error_at(p, c->b.file,
				      keyd_key_line(&c->b, KEYD_CHILD, key),
				      "child \"%s\": %s has ports of protocol %u, which has none",
				      c->b.name, key, ts->proto);
	}
}

/* a packet is of one family and one protocol, seen from either side */
static bool can_match(const struct keyd_child *c)
{
	const struct ike_ts *l, *r;
	unsigned int i, j;

	for (i = 0; i < c->local_ts.n; i++)
		for (j = 0; j < c->remote_ts.n; j++) {
			l = &c->local_ts.ts[i];
			r = &c->remote_ts.ts[j];
			if (l->family == r->family &&
			    (l->proto == r->proto || !l->proto || !r->proto))
				return true;
		}
	return false;
}

static void check_selectors(struct keyd_parser *p, struct keyd_child *c)
{
	unsigned int both;

	check_ports(p, c, "local-ts", &c->local_ts);
	check_ports(p, c, "remote-ts", &c->remote_ts);
	if (!c->local_ts.n || !c->remote_ts.n)
		return;
	both = ts_families(&c->local_ts) & ts_families(&c->remote_ts);
	if (!both)
		child_error(p, c, "remote-ts",
			    "local-ts and remote-ts have no address family in common: nothing can match");
	else if (!can_match(c))
		child_error(p, c, "remote-ts",
			    "local-ts and remote-ts have no protocol in common: nothing can match");
	else if (ts_families(&c->local_ts) != ts_families(&c->remote_ts))
		child_warn(p, c, "remote-ts",
			   "local-ts and remote-ts differ in their address families: selectors of the odd one match nothing");
}

/* what leads into the tunnel; one of the two, and on purpose */
static void check_door(struct keyd_parser *p, const struct keyd_conn *conn,
		       struct keyd_child *c)
{
	bool dev = HAS(&c->b, KEYD_CHILD, "dev");

	if (BAD(&c->b, KEYD_CHILD, "policy"))
		return;
	if (!c->policy && HAS(&c->b, KEYD_CHILD, "policy-priority"))
		child_warn(p, c, "policy-priority",
			   "policy-priority has no effect without policy yes");
	if (!c->policy && !dev)
		keyd_error_at(p, c->b.file, c->b.line,
			      "child \"%s\": key \"dev\" is missing (a child without device says \"policy yes\")",
			      c->b.name);
	if (c->policy && dev)
		child_error(p, c, "policy",
			    "policy yes and dev exclude each other");
	/* without a kernel child no policy: what it protects would pass */
	if (c->policy && !conn->remote.family &&
	    HAS(&conn->b, KEYD_CONN, "remote-addr") &&
	    !BAD(&conn->b, KEYD_CONN, "remote-addr"))
		child_error(p, c, "policy",
			    "policy yes cannot be set with remote-addr any: a policy needs a tunnel to a known address");
}

/* S-15: who cannot know the peer's address cannot call it */
static void check_any(struct keyd_parser *p, const struct keyd_conn *conn,
		      struct keyd_child *c)
{
	if (conn->remote.family || BAD(&conn->b, KEYD_CONN, "remote-addr") ||
	    !HAS(&conn->b, KEYD_CONN, "remote-addr"))
		return;
	if (c->auto_negotiate)
		child_error(p, c, "auto-negotiate",
			    "auto-negotiate cannot be set with remote-addr any: the peer's address is unknown, so only the peer can initiate");
	if (!HAS(&c->b, KEYD_CHILD, "start"))
		c->manual_implied = true;
	else if (c->start == KEYD_START_ON_DEMAND &&
		 !BAD(&c->b, KEYD_CHILD, "start"))
		child_error(p, c, "start",
			    "start on-demand cannot be set with remote-addr any: the peer's address is unknown, so only the peer can initiate");
	if (c->manual_implied)
		c->start = KEYD_START_MANUAL;
}

static void check_lifetimes(struct keyd_parser *p,
			    const struct keyd_conn *conn, struct keyd_child *c)
{
	bool seconds = c->life_type != KEYD_LIFE_KBYTES;
	bool kbytes = c->life_type != KEYD_LIFE_SECONDS;

	if (BAD(&c->b, KEYD_CHILD, "keylife-type"))
		return;
	if (!seconds && HAS(&c->b, KEYD_CHILD, "keylife-seconds"))
		child_warn(p, c, "keylife-seconds",
			   "keylife-seconds has no effect with keylife-type kilobytes");
	if (!kbytes && HAS(&c->b, KEYD_CHILD, "keylife-kbs"))
		child_warn(p, c, "keylife-kbs",
			   "keylife-kbs has no effect with keylife-type seconds");
	if (seconds && c->life_ms >= conn->life_ms &&
	    !BAD(&c->b, KEYD_CHILD, "keylife-seconds") &&
	    !BAD(&conn->b, KEYD_CONN, "ike-life"))
		keyd_warn_at(p, c->b.file,
			     keyd_key_line(&c->b, KEYD_CHILD,
					   "keylife-seconds"),
			     "child \"%s\": keylife-seconds (%llus) is not below ike-life (%llus): the IKE SA is always replaced first",
			     c->b.name,
			     (unsigned long long)c->life_ms / 1000,
			     (unsigned long long)conn->life_ms / 1000);
}

static void check_keepalive(struct keyd_parser *p, struct keyd_child *c)
{
	if (!c->auto_negotiate || c->keepalive ||
	    BAD(&c->b, KEYD_CHILD, "keepalive"))
		return;
	if (HAS(&c->b, KEYD_CHILD, "keepalive"))
		child_warn(p, c, "keepalive",
			   "keepalive no has no effect: auto-negotiate yes implies keepalive");
	c->keepalive = 1;
	c->keepalive_implied = true;
}

static void check_replay(struct keyd_parser *p, struct keyd_child *c)
{
	if (c->replay_window || BAD(&c->b, KEYD_CHILD, "replay-window") ||
	    BAD(&c->b, KEYD_CHILD, "esn") || c->esn == KEYD_ESN_NO)
		return;
	child_error(p, c, "replay-window",
		    "replay-window 0 needs esn no: extended sequence numbers cannot work without a window (RFC 4303 3.3.3)");
}

static void check_hold(struct keyd_parser *p, struct keyd_child *c)
{
	static const char *const keys[] = {
		"hold-packets", "hold-bytes", "hold-time"
	};
	unsigned int i;

	if (c->start == KEYD_START_ON_DEMAND)
		return;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (HAS(&c->b, KEYD_CHILD, keys[i]))
			keyd_warn_at(p, c->b.file,
				     keyd_key_line(&c->b, KEYD_CHILD, keys[i]),
				     "child \"%s\": %s has no effect with start manual",
				     c->b.name, keys[i]);
}

static void check_child(struct keyd_parser *p, const struct keyd_conn *conn,
			struct keyd_child *c)
{
	check_required(p, &c->b, KEYD_CHILD);
	if (*c->b.name && *conn->b.name &&
	    strlen(c->b.name) + 1 + strlen(conn->b.name) > IKE_NAME_MAX)
		keyd_error_at(p, c->b.file, c->b.line,
			      "child \"%s\": its name in the kernel, \"%s:%s\", is longer than %d octets",
			      c->b.name, conn->b.name, c->b.name, IKE_NAME_MAX);
	check_door(p, conn, c);
	check_selectors(p, c);
	check_any(p, conn, c);
	check_lifetimes(p, conn, c);
	check_keepalive(p, c);
	check_replay(p, c);
	check_hold(p, c);
}

/* ---- between conns ---- */

static bool same_addr(const struct ike_addr *a, const struct ike_addr *b)
{
	return a->family == b->family &&
	       !memcmp(a->addr, b->addr, sizeof(a->addr));
}

static bool same_id(const struct ike_id *a, const struct ike_id *b)
{
	return a->type == b->type && a->len == b->len &&
	       !memcmp(a->data, b->data, a->len);
}

static bool same_ts(const struct keyd_ts_list *a, const struct keyd_ts_list *b)
{
	unsigned int i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++) {
		const struct ike_ts *x = &a->ts[i], *y = &b->ts[i];

		if (x->family != y->family || x->proto != y->proto ||
		    x->port_start != y->port_start ||
		    x->port_end != y->port_end ||
		    memcmp(x->start, y->start, sizeof(x->start)) ||
		    memcmp(x->end, y->end, sizeof(x->end)))
			return false;
	}
	return true;
}

static bool same_selectors(const struct keyd_child *a,
			   const struct keyd_child *b)
{
	return a->local_ts.n && same_ts(&a->local_ts, &b->local_ts) &&
	       same_ts(&a->remote_ts, &b->remote_ts);
}

static void check_pair(struct keyd_parser *p, const struct keyd_conn *a,
		       const struct keyd_conn *b)
{
	unsigned int i, j;

	if (a != b && !strcmp(a->b.name, b->b.name))
		return;
	for (i = 0; i < b->n_children; i++)
		for (j = 0; j < (a == b ? i : a->n_children); j++)
			if (!strcmp(a->children[j].dev, b->children[i].dev) &&
			    same_selectors(&a->children[j], &b->children[i]))
				keyd_warn_at(p, b->b.file,
					     b->children[i].b.line,
					     "child \"%s\" has the %sselectors of child \"%s\" of conn \"%s\": only one of them gets traffic",
					     b->children[i].b.name,
					     *b->children[i].dev ?
					     "device and the " : "",
					     a->children[j].b.name, a->b.name);
	if (a == b || !a->remote_id.type || !same_addr(&a->local, &b->local) ||
	    !same_addr(&a->remote, &b->remote) ||
	    !same_id(&a->local_id, &b->local_id) ||
	    !same_id(&a->remote_id, &b->remote_id))
		return;
	keyd_warn_at(p, b->b.file, b->b.line,
		     "conn \"%s\" has the addresses and identities of conn \"%s\": a peer that connects gets the first one",
		     b->b.name, a->b.name);
}

void keyd_check_config(struct keyd_parser *p)
{
	struct keyd_config *cfg = p->cfg;
	unsigned int i, j;

	for (i = 0; i < cfg->n_conns; i++) {
		struct keyd_conn *c = &cfg->conns[i];

		check_required(p, &c->b, KEYD_CONN);
		check_addresses(p, c);
		check_ids(p, c);
		check_auth(p, c);
		for (j = 0; j < c->n_children; j++)
			check_child(p, c, &c->children[j]);
		if (!c->n_children && *c->b.name)
			keyd_warn_at(p, c->b.file, c->b.line,
				     "conn \"%s\" has no child", c->b.name);
		for (j = 0; j <= i; j++)
			check_pair(p, &cfg->conns[j], c);
	}
}

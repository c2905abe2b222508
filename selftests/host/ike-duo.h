/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two engines in one program, no network and no clock between them: messages
 * are delivered by hand, kernel requests are granted at once. For tests that
 * put themselves between the two, or into the place of one of them.
 */
#ifndef VTUN_HOST_IKE_DUO_H
#define VTUN_HOST_IKE_DUO_H

#include <ctype.h>
#include <string.h>

#include "ike/exch.h"
#include "ike/wire_get.h"
#include "ktap.h"

#define DUO_QUEUE	64
#define DUO_PENDING	32
#define DUO_START	1000000

struct duo;

struct duo_msg {
	unsigned int from;
	size_t len;
	uint8_t data[IKE_MSG_MAX];
};

struct duo_side {
	struct duo *d;
	unsigned int idx;
	struct ike_engine *e;
	struct ike_addr addr;
	struct ike_conn_cfg conn;
	struct ike_child_cfg child;
	uint64_t rng;
	uint32_t spi;
	unsigned int notes[IKE_NTF_INFO + 1], sends, requests, installs;
	char last[256];
	struct ike_kreq pending[DUO_PENDING];
	unsigned int n_pending;
};

/**
 * struct duo - both sides, [0] starts
 * @mute: messages are counted and kept in @said, not queued
 * @said: last message of anybody
 * @slow: kernel requests wait for duo_grant()
 */
struct duo {
	struct duo_side s[2];
	uint64_t now;
	struct duo_msg q[DUO_QUEUE];
	unsigned int n;
	bool mute, slow;
	struct duo_msg said;
};

static inline void duo_random(void *ctx, void *buf, size_t len)
{
	struct duo_side *s = ctx;
	uint8_t *p = buf;

	while (len--) {
		s->rng = s->rng * 6364136223846793005ULL + 1442695040888963407;
		*p++ = (uint8_t)(s->rng >> 56);
	}
}

/* what the log would get: nothing but printable ASCII (bug B21) */
static inline void duo_note(struct duo_side *s, const struct ike_notify *n)
{
	const char *p;

	for (p = n->text; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			ktap_bail("octet %02x in a log line", *p & 0xff);
	s->notes[n->type]++;
	snprintf(s->last, sizeof(s->last), "%s", n->text);
}

static inline void duo_answer(struct duo_side *s, const struct ike_kreq *r,
			      int err)
{
	struct ike_kresult res = {
		.id = r->id, .err = err, .idle_ms = UINT64_MAX,
	};

	if (r->type == IKE_KREQ_ALLOC_SPI && !err)
		res.spi = ++s->spi;
	if (r->type == IKE_KREQ_INSTALL)
		s->installs++;
	ike_input_kernel(s->e, s->d->now, &res);
}

static inline void duo_kernel(struct duo_side *s, const struct ike_kreq *r)
{
	s->requests++;
	if (!s->d->slow)
		duo_answer(s, r, 0);
	else if (s->n_pending < DUO_PENDING)
		s->pending[s->n_pending++] = *r;
	else
		ktap_bail("kernel requests without end");
}

static inline void duo_collect(struct duo_side *s)
{
	struct duo *d = s->d;
	struct ike_action *a;
	struct duo_msg *m;

	while ((a = ike_engine_action(s->e))) {
		if (a->type == IKE_ACT_NOTIFY) {
			duo_note(s, &a->notify);
		} else if (a->type == IKE_ACT_KERNEL) {
			duo_kernel(s, &a->kernel);
		} else {
			s->sends++;
			m = d->mute ? &d->said : &d->q[d->n];
			if (!d->mute && d->n++ == DUO_QUEUE)
				ktap_bail("the engines talk without end");
			if (a->send.len > sizeof(m->data))
				ktap_bail("message of %zu octets", a->send.len);
			m->from = s->idx;
			m->len = a->send.len;
			memcpy(m->data, a->send.data, m->len);
			d->said = *m;
		}
		ike_action_free(a);
	}
}

/* answers what waits on side @i; false = nothing did */
static inline bool duo_grant(struct duo *d, unsigned int i, int err)
{
	struct duo_side *s = &d->s[i];
	struct ike_kreq r;
	bool any = s->n_pending;

	while (s->n_pending) {
		r = s->pending[0];
		memmove(&s->pending[0], &s->pending[1],
			--s->n_pending * sizeof(r));
		duo_answer(s, &r, err);
		duo_collect(s);
	}
	return any;
}

/* to side @to, as if the other one had sent it */
static inline void duo_input(struct duo *d, unsigned int to,
			     const uint8_t *data, size_t len)
{
	struct duo_side *s = &d->s[to];
	/* of the exact size, so that reading too far is found */
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, data, len);
	ike_input_datagram(s->e, d->now, &s->addr, &d->s[!to].addr, copy, len);
	free(copy);
	duo_collect(s);
}

/* the oldest message on its way; false = there is none */
static inline bool duo_take(struct duo *d, struct duo_msg *m)
{
	if (!d->n)
		return false;
	*m = d->q[0];
	memmove(&d->q[0], &d->q[1], --d->n * sizeof(d->q[0]));
	return true;
}

/* delivers @n messages, or all */
static inline void duo_run(struct duo *d, unsigned int n)
{
	struct duo_msg m;

	while (n-- && duo_take(d, &m))
		duo_input(d, !m.from, m.data, m.len);
}

static inline void duo_advance(struct duo *d, uint64_t ms)
{
	unsigned int i;

	d->now += ms;
	for (i = 0; i < 2; i++) {
		ike_input_timer(d->s[i].e, d->now);
		duo_collect(&d->s[i]);
	}
}

static inline int duo_command(struct duo *d, unsigned int i,
			      enum ike_cmd_type cmd, bool child)
{
	int ret = ike_input_command(d->s[i].e, d->now, cmd, "peer",
				    child ? "lan" : NULL);

	duo_collect(&d->s[i]);
	return ret;
}

static inline void duo_configure(struct duo_side *s, bool ed25519)
{
	static const struct ike_suite ike = { .encr = 28, .prf = 5, .ke = 31 };
	static const struct ike_suite esp = {
		.encr = 28, .ke = 31, .esn = IKE_ESN_YES | IKE_ESN_NO,
	};
	struct ike_child_cfg *child = &s->child;
	struct ike_conn_cfg *conn = &s->conn;
	uint8_t seed[2][32] = { { 1 }, { 2 } }, pk[2][32], sk[2][64];
	unsigned int us = s->idx, i;

	memset(child, 0, sizeof(*child));
	strcpy(child->name, "lan");
	child->kernel_id = 1;
	child->suites[0] = esp;
	child->n_suites = 1;
	child->pfs = true;
	child->replay_window = 64;
	for (i = 0; i < 2; i++) {
		struct ike_ts *ts = i == us ? child->ts_local :
					      child->ts_remote;

		ts->family = AF_INET;
		ts->port_end = 65535;
		memcpy(ts->start, i ? "\x0a\2\0\0" : "\x0a\1\0\0", 4);
		memcpy(ts->end, i ? "\x0a\2\xff\xff" : "\x0a\1\xff\xff", 4);
		ike_crypto_ed25519_keypair(seed[i], pk[i], sk[i]);
	}
	child->n_ts_local = 1;
	child->n_ts_remote = 1;

	memset(conn, 0, sizeof(*conn));
	strcpy(conn->name, "peer");
	conn->local = s->addr;
	conn->remote = s->d->s[!us].addr;
	conn->local_id = (struct ike_id){ IKE_ID_FQDN, 4, "gw-a" };
	conn->remote_id = (struct ike_id){ IKE_ID_FQDN, 4, "gw-b" };
	if (us) {
		conn->local_id.data[3] = 'b';
		conn->remote_id.data[3] = 'a';
	}
	conn->local_auth = ed25519 ? IKE_AUTH_ED25519 : IKE_AUTH_PSK;
	conn->remote_auth = conn->local_auth;
	conn->psk_len = 20;
	memcpy(conn->psk, "twenty octets of it!", 20);
	memcpy(conn->private_key, sk[us], 64);
	memcpy(conn->remote_public, pk[!us], 32);
	conn->suites[0] = ike;
	conn->n_suites = 1;
	conn->children = child;
	conn->n_children = 1;
}

/* addresses, configuration; change it, then duo_start() */
static inline void duo_init(struct duo *d, bool ed25519)
{
	unsigned int i;

	memset(d, 0, sizeof(*d));
	d->now = DUO_START;
	for (i = 0; i < 2; i++) {
		struct duo_side *s = &d->s[i];

		s->d = d;
		s->idx = i;
		s->rng = 77 + i;
		s->spi = 0x1000 * (i + 1);
		s->addr.family = AF_INET;
		s->addr.port = 500;
		memcpy(s->addr.addr, i ? "\xc0\0\2\2" : "\xc0\0\2\1", 4);
	}
	for (i = 0; i < 2; i++)
		duo_configure(&d->s[i], ed25519);
}

static inline void duo_start(struct duo *d, bool force_cookie)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct duo_side *s = &d->s[i];
		struct ike_engine_cfg cfg = {
			.random = duo_random, .random_ctx = s,
			.force_cookie = force_cookie,
		};

		s->e = ike_engine_new(&cfg);
		if (!s->e || ike_engine_conn_add(s->e, d->now, &s->conn))
			ktap_bail("cannot make an engine");
		duo_collect(s);
	}
}

static inline void duo_end(struct duo *d)
{
	ike_engine_free(d->s[0].e);
	ike_engine_free(d->s[1].e);
}

/*
 * A new duo after @n messages of its handshake: 0 the request is on its way,
 * 1 responder half open, 2 initiator half open, 3 responder up, 4 both.
 */
static inline void duo_new(struct duo *d, unsigned int n)
{
	duo_init(d, false);
	duo_start(d, false);
	if (duo_command(d, 0, IKE_CMD_UP, false))
		ktap_bail("up refused");
	duo_run(d, n);
}

#define DUO_UP	4	/* messages until both are up */

/* ---- what an engine has ---- */

static inline struct ike_sa *duo_sa(struct duo *d, unsigned int i)
{
	struct ike_list *l = &d->s[i].e->sas;

	return ike_list_empty(l) ? NULL :
	       ike_list_entry(l->prev, struct ike_sa, node);
}

struct duo_sum {
	uint64_t hash;
	unsigned int sas, up, children;
};

static inline void duo_mix(struct duo_sum *s, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len--)
		s->hash = (s->hash ^ *p++) * 1099511628211ULL;
}

static inline void duo_sum_sa(void *ctx, const struct ike_sa_info *i)
{
	struct duo_sum *s = ctx;

	s->sas++;
	s->up += i->state == IKE_SA_UP || i->state == IKE_SA_REKEYING;
	duo_mix(s, &i->spi_i, 8);
	duo_mix(s, &i->spi_r, 8);
	duo_mix(s, &i->state, sizeof(i->state));
	duo_mix(s, &i->send_mid, 4);
	duo_mix(s, &i->recv_mid, 4);
}

static inline void duo_sum_child(void *ctx, const struct ike_child_info *i)
{
	struct duo_sum *s = ctx;

	s->children += i->state == IKE_CHILD_UP ||
		       i->state == IKE_CHILD_REKEYING;
	duo_mix(s, &i->state, sizeof(i->state));
	duo_mix(s, &i->spi_in, 4);
	duo_mix(s, &i->spi_out, 4);
	duo_mix(s, &i->n_pairs, 4);
}

/* everything an outsider can see of side @i, in one number and three */
static inline struct duo_sum duo_sum(struct duo *d, unsigned int i)
{
	struct duo_sum s = { .hash = 14695981039346656037ULL };

	ike_engine_each_sa(d->s[i].e, d->now, duo_sum_sa, &s);
	ike_engine_each_child(d->s[i].e, d->now, duo_sum_child, &s);
	duo_mix(&s, &d->s[i].requests, sizeof(d->s[i].requests));
	return s;
}

static inline bool duo_both_up(struct duo *d)
{
	struct duo_sum a = duo_sum(d, 0), b = duo_sum(d, 1);

	return a.up == 1 && b.up == 1 && a.children == 1 && b.children == 1;
}

/* ---- speaking with the keys of one side ---- */

/* payloads inside SK, with the type of the first of them */
struct duo_inner {
	uint8_t first;
	size_t len;
	uint8_t data[IKE_MSG_MAX];
};

/* chain of payloads built by @b, which begins with a header */
static inline void duo_inner_from(struct duo_inner *in, struct ike_build *b)
{
	size_t len;

	if (ike_build_finish(b, &len))
		ktap_bail("inner payloads do not fit");
	in->first = b->data[16];
	in->len = len - IKE_WIRE_HDR_LEN;
	memcpy(in->data, b->data + IKE_WIRE_HDR_LEN, in->len);
}

/* a message sealed with the keys of @sa's owner; octets in it */
static inline size_t duo_seal_sa(struct ike_sa *sa, uint8_t exchange,
				 uint32_t mid, bool response,
				 const struct duo_inner *in, uint8_t *out)
{
	struct ike_wire_hdr hdr = {
		.spi_i = sa->spi_i, .spi_r = sa->spi_r, .exchange = exchange,
		.mid = mid,
	};
	struct ike_build b;
	size_t len;

	hdr.flags = (sa->initiator ? IKE_WIRE_F_INITIATOR : 0) |
		    (response ? IKE_WIRE_F_RESPONSE : 0);
	ike_build_begin(&b, out, IKE_MSG_MAX, &hdr);
	ike_sk_begin(&b);
	ike_build_patch_u8(&b, b.sk_off, in->first);
	ike_build_put(&b, in->data, in->len);
	if (ike_sk_finish(&b, &sa->tx, &len))
		ktap_bail("message does not fit");
	return len;
}

/* likewise with the newest IKE SA of side @from */
static inline size_t duo_seal(struct duo *d, unsigned int from,
			      uint8_t exchange, uint32_t mid, bool response,
			      const struct duo_inner *in, uint8_t *out)
{
	return duo_seal_sa(duo_sa(d, from), exchange, mid, response, in, out);
}

/* the next request of side @from, whatever @from itself thinks of it */
static inline void duo_say(struct duo *d, unsigned int from, uint8_t exchange,
			   const struct duo_inner *in)
{
	struct ike_sa *to = duo_sa(d, !from);
	uint8_t msg[IKE_MSG_MAX];
	size_t len = duo_seal(d, from, exchange, to->peer_mid, false, in, msg);

	duo_input(d, !from, msg, len);
}

/* opens a message for @sa's owner; false = it does not open */
static inline bool duo_open_sa(const struct ike_sa *sa,
			       const struct duo_msg *m, struct duo_inner *in,
			       struct ike_wire_set *set)
{
	struct ike_wire_set outer;
	struct ike_wire_hdr hdr;
	struct ike_wire_err err;

	if (ike_wire_parse(m->data, m->len, &hdr, &outer, &err) ||
	    !outer.sk.data ||
	    ike_sk_decrypt(&sa->rx, m->data, m->len, &outer, in->data, set,
			   &err))
		return false;
	in->first = outer.sk_first;
	/* our builder adds no padding: IV, pad length and tag go */
	in->len = outer.sk.len - IKE_CRYPTO_IV_LEN - 1 - IKE_CRYPTO_TAG_LEN;
	return true;
}

/* likewise with the newest IKE SA of its receiver */
static inline bool duo_open(struct duo *d, const struct duo_msg *m,
			    struct duo_inner *in, struct ike_wire_set *set)
{
	return duo_open_sa(duo_sa(d, !m->from), m, in, set);
}

#endif /* VTUN_HOST_IKE_DUO_H */

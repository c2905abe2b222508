// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Traffic selectors: syntax, and narrowing against a model that asks for every
 * single packet whether it is in.
 */
#include <errno.h>

#include "ike-samples.h"
#include "ike/wire_get.h"
#include "ktap.h"

/* ---- a small world: 2 families, 3 protocols, 12 addresses, 7 ports ---- */

static const uint8_t protos[] = { 1, 6, 17 };
static const uint16_t ports[] = { 0, 1, 2, 3, 4, 5, 65535 };
#define ADDRS	12

struct packet {
	sa_family_t family;
	uint8_t proto, addr;
	uint16_t port;
};

static uint64_t seed = 1;

static unsigned int rnd(unsigned int below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(seed >> 33) % below;
}

static bool in_ts(const struct ike_ts *ts, const struct packet *p)
{
	size_t last = p->family == AF_INET ? 3 : 15;

	return ts->family == p->family &&
	       (!ts->proto || ts->proto == p->proto) &&
	       ts->start[last] <= p->addr && p->addr <= ts->end[last] &&
	       ts->port_start <= p->port && p->port <= ts->port_end;
}

static bool in_list(const struct ike_ts_list *l, const struct packet *p)
{
	unsigned int i;

	for (i = 0; i < l->n; i++)
		if (in_ts(&l->ts[i], p))
			return true;
	return false;
}

static struct ike_ts random_ts(void)
{
	uint8_t a = (uint8_t)rnd(ADDRS), b = (uint8_t)rnd(ADDRS);
	struct ike_ts ts = {
		.family = rnd(4) ? AF_INET : AF_INET6, .port_end = 65535,
	};
	size_t last = ts.family == AF_INET ? 3 : 15;
	unsigned int i, j;

	ts.start[0] = 10;
	ts.end[0] = 10;
	ts.start[last] = a < b ? a : b;
	ts.end[last] = a < b ? b : a;
	if (!rnd(3))
		return ts;
	ts.proto = protos[rnd(3)];
	if (rnd(2)) {
		i = rnd(7);
		j = rnd(7);
		ts.port_start = ports[i < j ? i : j];
		ts.port_end = ports[i < j ? j : i];
	}
	return ts;
}

static void random_list(struct ike_ts_list *l, unsigned int max)
{
	memset(l, 0, sizeof(*l));
	l->n = 1 + rnd(max);
	for (unsigned int i = 0; i < l->n; i++)
		l->ts[i] = random_ts();
}

/* what every packet of the world says about three lists */
struct verdict {
	bool exact;		/* in out exactly when in both */
	bool within;		/* in out only when in both */
	bool a_in_b;
	bool any;		/* some packet is in both */
};

static struct verdict model(const struct ike_ts_list *a,
			    const struct ike_ts_list *b,
			    const struct ike_ts_list *out)
{
	struct verdict v = { true, true, true, false };
	struct packet p;
	unsigned int f, i, j;

	for (f = 0; f < 2; f++)
		for (i = 0; i < 3; i++)
			for (j = 0; j < 7; j++)
				for (p.addr = 0; p.addr < ADDRS; p.addr++) {
					bool ia, ib, io;

					p.family = f ? AF_INET6 : AF_INET;
					p.proto = protos[i];
					p.port = ports[j];
					ia = in_list(a, &p);
					ib = in_list(b, &p);
					io = in_list(out, &p);
					v.exact &= io == (ia && ib);
					v.within &= !io || (ia && ib);
					v.a_in_b &= !ia || ib;
					v.any |= ia && ib;
				}
	return v;
}

static bool irredundant(const struct ike_ts_list *l)
{
	unsigned int i, j;

	for (i = 0; i < l->n; i++) {
		if (!ike_ts_valid(&l->ts[i]))
			return false;
		for (j = 0; j < l->n; j++)
			if (i != j && ike_ts_covers(&l->ts[i], &l->ts[j]))
				return false;
	}
	return true;
}

#define ROUNDS	20000

static void narrowing(void)
{
	struct ike_ts_list a, b, out, back;
	unsigned int i, empty = 0, subset = 0;
	bool ok = true;
	struct verdict v;
	int ret;

	for (i = 0; ok && i < ROUNDS; i++) {
		random_list(&a, 4);
		random_list(&b, 4);
		ret = ike_ts_narrow(&a, &b, &out);
		v = model(&a, &b, &out);
		ok = v.exact && irredundant(&out) && v.any == !ret &&
		     (ret == 0 || ret == -ENOENT) && (ret != 0) == !out.n;
		/* the initiator accepts what the responder narrowed */
		ok = ok && ike_ts_subset(&out, &a) == !ret &&
		     ike_ts_subset(&out, &b) == !ret;
		/* the same from the other side, and again */
		ike_ts_narrow(&b, &a, &back);
		ok = ok && ike_ts_list_equal(&out, &back);
		ike_ts_narrow(&out, &b, &back);
		ok = ok && ike_ts_list_equal(&out, &back);
		/* subset never says yes where a packet says no */
		ok = ok && (!ike_ts_subset(&a, &b) || v.a_in_b);
		empty += ret != 0;
		subset += ike_ts_subset(&a, &b);
	}
	ktap_ok(ok && empty && subset && empty < ROUNDS,
		"narrowing: %u random pairs (%u disjoint, %u subsets) as the model",
		i, empty, subset);
	for (i = 0; ok && i < ROUNDS / 20; i++) {
		random_list(&a, IKE_TS_MAX);
		random_list(&b, IKE_TS_MAX);
		ret = ike_ts_narrow(&a, &b, &out);
		v = model(&a, &b, &out);
		ok = v.within && v.any == !ret && out.n <= IKE_TS_MAX;
	}
	ktap_ok(ok, "narrowing: full lists never give more than both want");
}

static void round_trip(void)
{
	struct ike_wire_hdr hdr = { .spi_i = 1, .exchange = 35 };
	struct ike_ts_list l, got;
	struct ike_wire_set set;
	struct ike_wire_err err;
	struct ike_build b;
	uint8_t d[1024];
	unsigned int i;
	bool ok = true;
	size_t len;

	for (i = 0; ok && i < 2000; i++) {
		random_list(&l, IKE_TS_MAX);
		ike_build_begin(&b, d, sizeof(d), &hdr);
		ike_ts_build(&b, IKE_WIRE_P_TSI, &l);
		ok = !ike_build_finish(&b, &len) &&
		     !ike_wire_parse(d, len, &hdr, &set, &err) &&
		     !ike_ts_parse(set.tsi, &got, &err) && got.n == l.n &&
		     ike_ts_list_equal(&got, &l);
	}
	ktap_ok(ok, "round trip of %u lists", i);
	l.n = 0;
	ike_build_begin(&b, d, sizeof(d), &hdr);
	ike_ts_build(&b, IKE_WIRE_P_TSI, &l);
	ktap_ok(ike_build_finish(&b, &len) == -EINVAL, "empty list not built");
}

static int parse(const uint8_t *d, size_t len, struct ike_ts_list *l,
		 struct ike_wire_err *err)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct ike_wire_view v = { copy, len };
	int ret;

	memcpy(copy, d, len);
	ret = ike_ts_parse(v, l, err);
	free(copy);
	return ret;
}

/* one IPv4 selector of everything */
static const uint8_t v4[20] = {
	1, 0, 0, 0, 7, 0, 0, 16, 0, 0, 255, 255, 0, 0, 0, 0, 255, 255, 255, 255,
};

static void syntax(void)
{
	struct ike_wire_err err;
	struct ike_ts_list l;
	uint8_t d[400];
	unsigned int i, n;
	bool ok, fits;

	for (ok = true, i = 0; i < sizeof(v4); i++)
		ok = ok && parse(v4, i, &l, &err) == -EBADMSG && err.text[0];
	ktap_ok(ok && !parse(v4, 20, &l, &err) && l.n == 1,
		"every truncation refused");
	for (ok = true, i = 0; i < 65536; i++) {
		memcpy(d, v4, sizeof(v4));
		ike_wire_put16(d + 6, (uint16_t)i);
		ok = ok && !parse(d, 20, &l, &err) == (i == 16);
	}
	ktap_ok(ok, "65,536 selector lengths: one passes");
	for (ok = true, i = 0; i < 256; i++) {
		memcpy(d, v4, sizeof(v4));
		d[0] = (uint8_t)i;
		ok = ok && !parse(d, 20, &l, &err) == (i == 1);
		memcpy(d, v4, sizeof(v4));
		d[4] = (uint8_t)i;
		/* an unknown type is skipped, IPv6 in 16 octets is a lie */
		ok = ok && !parse(d, 20, &l, &err) == (i != 8) &&
		     l.n == (i == 7);
	}
	ktap_ok(ok, "256 counts, 256 types");
	memcpy(d, v4, sizeof(v4));
	memcpy(d + 12, "\xff\xff\xff\xff\0\0\0\0", 8);
	ok = parse(d, 20, &l, &err) && err.notify == IKE_WIRE_N_INVALID_SYNTAX;
	memcpy(d, v4, sizeof(v4));
	memcpy(d + 8, "\0\2\0\1", 4);
	d[5] = 6;
	ok = ok && parse(d, 20, &l, &err);
	memcpy(d + 8, "\xff\xff\0\0", 4);
	ok = ok && !parse(d, 20, &l, &err) && !l.n;
	ktap_ok(ok, "start above end refused; OPAQUE skipped");
	memcpy(d + 8, "\0\1\0\2", 4);
	d[5] = 0;
	ktap_ok(!parse(d, 20, &l, &err) && !l.n,
		"ports without a protocol skipped");

	for (n = 1; n < 20; n++) {
		memset(d, 0, 4);
		d[0] = (uint8_t)n;
		for (i = 0; i < n; i++)
			memcpy(d + 4 + 16 * i, v4 + 4, 16);
		ok = parse(d, 4 + 16 * n, &l, &err) == 0;
		fits = n <= IKE_TS_MAX;
		if (ok != fits ||
		    (!ok && err.notify != IKE_WIRE_N_TS_UNACCEPTABLE))
			break;
	}
	ktap_ok(n == 20, "16 selectors pass, 17 do not");
	ktap_ok(ike_ts_parse((struct ike_wire_view){ NULL, 0 }, &l, &err) ==
		-EBADMSG, "no payload");
}

static bool text_is(struct ike_ts ts, const char *want)
{
	char buf[IKE_TS_TEXT];

	ike_ts_text(&ts, buf, sizeof(buf));
	if (strcmp(buf, want) == 0)
		return true;
	ktap_note("%s instead of %s", buf, want);
	return false;
}

static void texts(void)
{
	struct ike_ts_list l = { .n = 0 };
	char buf[64];
	unsigned int i;
	bool ok;

	ok = text_is(sample_ts("10.1.0.0", "10.1.255.255", 0, 0),
		     "10.1.0.0/16") &&
	     text_is(sample_ts("10.1.0.0", "10.1.255.255", 6, 80),
		     "10.1.0.0/16[tcp/80]") &&
	     text_is(sample_ts("10.0.0.1", "10.0.0.9", 0, 0),
		     "10.0.0.1-10.0.0.9") &&
	     text_is(sample_ts("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
			       0, 0), "::/0") &&
	     text_is((struct ike_ts){ .family = AF_UNIX }, "?");
	ktap_ok(ok, "text of selectors");
	ok = strcmp(ike_ts_list_text(&l, buf, sizeof(buf)), "none") == 0;
	l.n = IKE_TS_MAX;
	for (i = 0; i < l.n; i++)
		l.ts[i] = sample_ts("10.1.0.0", "10.1.255.255", 0, 0);
	ike_ts_list_text(&l, buf, sizeof(buf));
	ok = ok && strcmp(buf + strlen(buf) - 4, ",...") == 0;
	l.n = 2;
	ok = ok && strcmp(ike_ts_list_text(&l, buf, sizeof(buf)),
			  "10.1.0.0/16,10.1.0.0/16") == 0;
	for (i = 0; i < sizeof(buf); i++) {
		memset(buf, 'Z', sizeof(buf));
		ike_ts_list_text(&l, buf, i);
		ok = ok && (!i || strnlen(buf, i) < i) && buf[i] == 'Z';
	}
	ktap_ok(ok, "text of lists, in buffers of any size");
}

int main(void)
{
	ktap_begin();
	if (ike_crypto_init())
		ktap_bail("no crypto");
	narrowing();
	round_trip();
	syntax();
	texts();
	return ktap_end();
}

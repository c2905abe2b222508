// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SA payloads and the choice of a suite: what is offered can be chosen and
 * keyed, what was not offered is never accepted, no number leads astray.
 */
#include <errno.h>

#include "ike-samples.h"
#include "ike/keymat.h"
#include "ike/wire_get.h"
#include "ktap.h"

#define ESN_BOTH	(IKE_ESN_NO | IKE_ESN_YES)

static const enum ike_proposal_kind kinds[] = {
	IKE_PROPOSAL_IKE, IKE_PROPOSAL_FIRST_CHILD, IKE_PROPOSAL_CHILD,
};

static unsigned int spi_len_of(enum ike_proposal_kind kind)
{
	return kind == IKE_PROPOSAL_IKE ? 0 : 4;
}

/* ---- SA bodies by hand ---- */

struct body {
	uint8_t d[8192];
	size_t len, prop, trans;
};

static void prop(struct body *b, uint8_t num, uint8_t proto, uint8_t spi_len)
{
	uint8_t *p = b->d + b->len;

	if (b->len)
		b->d[b->prop] = 2;
	memset(p, 0, 8U + spi_len);
	p[4] = num;
	p[5] = proto;
	p[6] = spi_len;
	if (spi_len)
		p[8 + spi_len - 2] = 0x10;
	b->prop = b->len;
	b->trans = 0;
	b->len += 8U + spi_len;
	ike_wire_put16(p + 2, (uint16_t)(8 + spi_len));
}

static void trans(struct body *b, uint8_t type, uint16_t id, uint16_t bits)
{
	uint8_t *p = b->d + b->len, *h = b->d + b->prop;

	if (b->trans)
		b->d[b->trans] = 3;
	b->trans = b->len;
	memset(p, 0, 12);
	ike_wire_put16(p + 2, bits ? 12 : 8);
	p[4] = type;
	ike_wire_put16(p + 6, id);
	ike_wire_put16(p + 8, 0x800e);
	ike_wire_put16(p + 10, bits);
	b->len += bits ? 12 : 8;
	h[7]++;
	ike_wire_put16(h + 2, (uint16_t)(b->len - b->prop));
}

/* an acceptable proposal of @kind, one type left out (0 = none) */
static void good(struct body *b, enum ike_proposal_kind kind, uint8_t num,
		 uint8_t without)
{
	bool ike = kind == IKE_PROPOSAL_IKE;

	prop(b, num, ike ? 1 : 3, (uint8_t)spi_len_of(kind));
	if (without != IKE_WIRE_T_ENCR)
		trans(b, IKE_WIRE_T_ENCR, 28, 0);
	if (ike && without != IKE_WIRE_T_PRF)
		trans(b, IKE_WIRE_T_PRF, 5, 0);
	if (kind != IKE_PROPOSAL_FIRST_CHILD && without != IKE_WIRE_T_KE)
		trans(b, IKE_WIRE_T_KE, 31, 0);
	if (!ike && without != IKE_WIRE_T_ESN)
		trans(b, IKE_WIRE_T_ESN, 0, 0);
}

static int parse_raw(const uint8_t *d, size_t len,
		     struct ike_proposal_list *l, struct ike_wire_err *err)
{
	uint8_t *copy = malloc(len ? len : 1);
	int ret;

	memcpy(copy, d, len);
	ret = ike_proposal_parse((struct ike_wire_view){ copy, len }, l, err);
	free(copy);
	if (ret && (ret != -EBADMSG || !err->text[0] ||
		    err->notify != IKE_WIRE_N_INVALID_SYNTAX))
		abort();
	return ret;
}

static int parse(const struct body *b, struct ike_proposal_list *l)
{
	struct ike_wire_err err;

	return parse_raw(b->d, b->len, l, &err);
}

static const struct ike_suite mine_ike = { .encr = 28, .prf = 5, .ke = 31 };
static const struct ike_suite mine_esp = {
	.encr = 28, .ke = 31, .esn = ESN_BOTH,
};

static const struct ike_suite *mine(enum ike_proposal_kind kind)
{
	return kind == IKE_PROPOSAL_IKE ? &mine_ike : &mine_esp;
}

/* does the proposal in @b lead to a choice? */
static bool chosen(const struct body *b, enum ike_proposal_kind kind,
		   struct ike_choice *c)
{
	struct ike_proposal_list l;

	return !parse(b, &l) &&
	       !ike_proposal_select(kind, &l, mine(kind), 1, spi_len_of(kind),
				    c);
}

/* ---- every suite from offer to keys ---- */

static unsigned int suites_of(enum ike_proposal_kind kind,
			      struct ike_suite *out)
{
	static const uint16_t encr[][2] = {
		{ 28, 0 }, { 20, 128 }, { 20, 256 },
	};
	unsigned int e, p, n = 0;

	for (e = 0; e < 3; e++)
		for (p = 0; p < (kind == IKE_PROPOSAL_IKE ? 2U : 6U); p++) {
			struct ike_suite s = {
				.encr = encr[e][0], .key_bits = encr[e][1],
			};

			if (kind == IKE_PROPOSAL_IKE) {
				s.prf = p ? 7 : 5;
				s.ke = 31;
			} else {
				s.ke = p / 3 ? 31 : 0;
				s.esn = (uint8_t)(p % 3 + 1);
			}
			out[n++] = s;
		}
	return n;
}

/* offer, choose, answer, verify; both ends must end with one suite */
static bool negotiate(enum ike_proposal_kind kind, const struct ike_suite *a,
		      unsigned int n_a, const struct ike_suite *b,
		      unsigned int n_b, struct ike_choice *ci,
		      struct ike_choice *cr)
{
	struct ike_wire_hdr hdr = { .spi_i = 1, .exchange = 36 };
	unsigned int spi_len = spi_len_of(kind);
	struct ike_proposal_list l;
	struct ike_wire_set set;
	struct ike_wire_err err;
	uint8_t d[2048];
	struct ike_build m;
	size_t len;

	ike_build_begin(&m, d, sizeof(d), &hdr);
	ike_proposal_build_offer(&m, kind, a, n_a, 0xaaaaaaaa, spi_len);
	if (ike_build_finish(&m, &len) ||
	    ike_wire_parse(d, len, &hdr, &set, &err) ||
	    ike_proposal_parse(set.sa, &l, &err) ||
	    ike_proposal_select(kind, &l, b, n_b, spi_len, cr))
		return false;
	ike_build_begin(&m, d, sizeof(d), &hdr);
	ike_proposal_build_choice(&m, kind, cr, 0xbbbbbbbb, spi_len);
	if (ike_build_finish(&m, &len) ||
	    ike_wire_parse(d, len, &hdr, &set, &err) ||
	    ike_proposal_parse(set.sa, &l, &err))
		return false;
	if (ike_proposal_verify(kind, &l, a, n_a, spi_len, ci, &err)) {
		ktap_note("%s", err.text);
		abort();
	}
	return true;
}

static bool same_suite(const struct ike_suite *a, const struct ike_suite *b)
{
	return a->encr == b->encr && a->key_bits == b->key_bits &&
	       a->prf == b->prf && a->ke == b->ke && a->esn == b->esn;
}

static bool can_be_keyed(enum ike_proposal_kind kind,
			 const struct ike_suite *s)
{
	struct ike_keymat_in in = {
		.ni = { sample_octets, 32 }, .nr = { sample_octets, 32 },
		.g_ir = { sample_octets, 32 },
	};
	struct ike_child_keys c;
	struct ike_keys k;

	if (kind == IKE_PROPOSAL_IKE)
		return !ike_keymat_init(s, &in, &k);
	if (!s->ke)
		in.g_ir.len = 0;
	return !ike_keymat_init(&mine_ike, &(struct ike_keymat_in){
				.ni = in.ni, .nr = in.nr,
				.g_ir = { sample_octets, 32 } }, &k) &&
	       !ike_keymat_child(&k, s, &in, &c) && c.len;
}

static void every_pair(enum ike_proposal_kind kind)
{
	struct ike_suite all[18];
	unsigned int n = suites_of(kind, all), i, j, agreed = 0;
	struct ike_choice ci, cr;
	bool ok = true, want;

	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++) {
			bool ke = kind == IKE_PROPOSAL_FIRST_CHILD ||
				  all[i].ke == all[j].ke;

			want = all[i].encr == all[j].encr &&
			       all[i].key_bits == all[j].key_bits &&
			       all[i].prf == all[j].prf && ke &&
			       (kind == IKE_PROPOSAL_IKE ||
				all[i].esn & all[j].esn);
			ok = ok && want == negotiate(kind, &all[i], 1, &all[j],
						     1, &ci, &cr);
			if (!ok || !want)
				continue;
			agreed++;
			ok = same_suite(&ci.suite, &cr.suite) &&
			     can_be_keyed(kind, &ci.suite) &&
			     (kind == IKE_PROPOSAL_IKE ? !ci.suite.esn :
			      ci.suite.esn == 1 || ci.suite.esn == 2) &&
			     (kind == IKE_PROPOSAL_IKE ||
			      (ci.spi == 0xbbbbbbbb && cr.spi == 0xaaaaaaaa));
		}
	ktap_ok(ok && agreed, "kind %u: %u pairs, %u agree and can be keyed",
		kind, n * n, agreed);
}

static void preference(void)
{
	struct ike_suite all[18], rev[18];
	unsigned int n = suites_of(IKE_PROPOSAL_IKE, all), i;
	struct ike_choice ci, cr;
	bool ok;

	for (i = 0; i < n; i++)
		rev[i] = all[n - 1 - i];
	ok = negotiate(IKE_PROPOSAL_IKE, all, n, rev, n, &ci, &cr) &&
	     same_suite(&cr.suite, &rev[0]) && cr.index == 0 &&
	     cr.num == n && ci.index == n - 1;
	ok = ok && negotiate(IKE_PROPOSAL_CHILD, &mine_esp, 1, &mine_esp, 1,
			     &ci, &cr) && ci.suite.esn == IKE_ESN_YES;
	ktap_ok(ok, "the responder's order decides; ESN where both allow it");
}

/* ---- B09, B06: lacking, repeated, invented ---- */

static void lacking(void)
{
	struct ike_choice c;
	struct body b = { .len = 0 };
	unsigned int i;
	uint8_t t;
	bool ok = true;

	for (i = 0; i < 3; i++)
		for (t = 0; t < 7; t++) {
			bool has = kinds[i] == IKE_PROPOSAL_IKE ?
				   t == 1 || t == 2 || t == 4 :
				   t == 1 || t == 5 ||
				   (t == 4 && kinds[i] == IKE_PROPOSAL_CHILD);

			b.len = 0;
			good(&b, kinds[i], 1, t);
			if (!b.d[7])
				continue;
			ok = ok && chosen(&b, kinds[i], &c) == !has;
		}
	ktap_ok(ok, "a proposal lacking any transform is not chosen");

	for (ok = true, i = 0; i < 3; i++) {
		b.len = 0;
		good(&b, kinds[i], 1, IKE_WIRE_T_ENCR);
		for (t = 0; t < 200; t++)
			trans(&b, IKE_WIRE_T_ENCR, 28, 0);
		ok = ok && chosen(&b, kinds[i], &c) && c.suite.encr == 28;
	}
	ktap_ok(ok, "a transform repeated 200 times is one transform");
}

static void numbers(enum ike_proposal_kind kind)
{
	uint8_t types[] = { 1, 2, 3, 4, 5, 0, 6, 12, 255 };
	bool ike = kind == IKE_PROPOSAL_IKE, ok = true, want;
	struct ike_choice c;
	struct body b = { .len = 0 };
	unsigned int i, id;

	for (i = 0; i < sizeof(types); i++)
		for (id = 0; id < 65536; id++) {
			uint8_t t = types[i];

			b.len = 0;
			good(&b, kind, 1, t);
			trans(&b, t, (uint16_t)id, 0);
			if (t == 1)
				want = id == 28;
			else if (t == 2)
				want = ike && id == 5;
			else if (t == 3)
				want = id == 0;
			else if (t == 4)
				want = kind == IKE_PROPOSAL_FIRST_CHILD ?
				       id == 0 : id == 31;
			else
				want = t == 5 && !ike && id < 2;
			if (chosen(&b, kind, &c) == want)
				continue;
			if (ok)
				ktap_note("type %u id %u", t, id);
			ok = false;
		}
	ktap_ok(ok, "kind %u: 65,536 IDs of 9 transform types", kind);
}

static void key_lengths(void)
{
	struct ike_suite ours[] = {
		{ .encr = 28, .prf = 5, .ke = 31 },
		{ .encr = 20, .key_bits = 128, .prf = 5, .ke = 31 },
		{ .encr = 20, .key_bits = 256, .prf = 5, .ke = 31 },
	};
	static const uint16_t encr[] = { 28, 20 };
	struct ike_proposal_list l;
	struct ike_choice c;
	struct body b = { .len = 0 };
	unsigned int e, bits;
	bool ok = true, want;

	for (e = 0; e < 2; e++)
		for (bits = 0; bits < 65536; bits++) {
			b.len = 0;
			good(&b, IKE_PROPOSAL_IKE, 1, IKE_WIRE_T_ENCR);
			trans(&b, IKE_WIRE_T_ENCR, encr[e], (uint16_t)bits);
			want = e ? bits == 128 || bits == 256 : !bits;
			ok = ok && !parse(&b, &l) &&
			     want == !ike_proposal_select(IKE_PROPOSAL_IKE, &l,
							  ours, 3, 0, &c) &&
			     (!want || c.suite.key_bits == bits);
		}
	ktap_ok(ok, "65,536 key lengths of ENCR 28 and 20");
}

static void attributes(void)
{
	struct ike_proposal_list l;
	struct ike_wire_err err;
	struct body b = { .len = 0 };
	unsigned int v;
	bool ok = true;

	/* the attribute type: only Key Length as a value is known */
	for (v = 0; v < 65536; v++) {
		b.len = 0;
		prop(&b, 1, 1, 0);
		trans(&b, IKE_WIRE_T_ENCR, 20, 128);
		ike_wire_put16(b.d + 16, (uint16_t)v);
		/* without the top bit 128 is a length that is not there */
		if (parse_raw(b.d, b.len, &l, &err))
			ok = ok && !(v & 0x8000);
		else
			ok = ok && v & 0x8000 &&
			     l.t[0].unusable == (v != 0x800e);
	}
	ktap_ok(ok, "65,536 attribute types");
	b.len = 0;
	prop(&b, 1, 1, 0);
	trans(&b, IKE_WIRE_T_ENCR, 20, 128);
	memcpy(b.d + b.len, "\x80\x0e\x01\x00", 4);
	b.len += 4;
	b.d[11] += 4;
	b.d[3] += 4;
	ktap_ok(!parse(&b, &l) && l.t[0].unusable,
		"two key lengths make a transform unusable");
	b.d[11] += 3;
	b.d[3] += 3;
	memcpy(b.d + b.len, "\x80\x0e\x01", 3);
	b.len += 3;
	ktap_ok(parse(&b, &l), "attribute cut off refused");
}

static void headers(void)
{
	struct ike_choice c;
	struct body b = { .len = 0 };
	unsigned int v, i;
	bool ok = true;
	uint32_t spi;

	for (i = 0; i < 3; i++)
		for (v = 0; v < 256; v++) {
			b.len = 0;
			good(&b, kinds[i], 1, 0);
			b.d[5] = (uint8_t)v;
			ok = ok && chosen(&b, kinds[i], &c) ==
			     (v == (kinds[i] == IKE_PROPOSAL_IKE ? 1 : 3));
		}
	ktap_ok(ok, "256 protocols");
	for (ok = true, i = 0; i < 3; i++)
		for (v = 0; v < 256; v++) {
			b.len = 0;
			good(&b, kinds[i], 1, 0);
			b.d[4] = (uint8_t)v;
			ok = ok && chosen(&b, kinds[i], &c) == (v != 0) &&
			     (!v || c.num == v);
		}
	ktap_ok(ok, "256 proposal numbers of a single proposal");
	for (ok = true, v = 0; v < 256; v++) {
		b.len = 0;
		prop(&b, 1, 3, (uint8_t)v);
		trans(&b, 1, 28, 0);
		trans(&b, 4, 31, 0);
		trans(&b, 5, 0, 0);
		ok = ok && chosen(&b, IKE_PROPOSAL_CHILD, &c) == (v == 4);
	}
	ktap_ok(ok, "256 SPI sizes");
	for (ok = true, spi = 0; spi < 512; spi++) {
		b.len = 0;
		good(&b, IKE_PROPOSAL_CHILD, 1, 0);
		ike_wire_put32(b.d + 8, spi);
		ok = ok && chosen(&b, IKE_PROPOSAL_CHILD, &c) == (spi > 255) &&
		     (spi < 256 || c.spi == spi);
	}
	ktap_ok(ok, "SPIs 0 to 255 are not accepted");
}

static void limits(void)
{
	struct ike_proposal_list l;
	struct body b = { .len = 0 };
	unsigned int n, i;
	bool ok = true;

	for (n = 1; n <= 40; n++) {
		b.len = 0;
		for (i = 1; i <= n; i++)
			good(&b, IKE_PROPOSAL_IKE, (uint8_t)i, 0);
		ok = ok && !parse(&b, &l) == (n <= IKE_PROPOSAL_MAX);
	}
	ktap_ok(ok, "32 proposals pass, 33 do not");
	for (ok = true, n = 250; n < 260; n++) {
		b.len = 0;
		prop(&b, 1, 1, 0);
		for (i = 0; i < 200; i++)
			trans(&b, 1, 28, 0);
		prop(&b, 2, 1, 0);
		for (; i < n; i++)
			trans(&b, 1, 28, 0);
		ok = ok && !parse(&b, &l) == (n <= IKE_PROPOSAL_TRANSFORMS);
	}
	ktap_ok(ok, "256 transforms pass, 257 do not");
	b.len = 0;
	good(&b, IKE_PROPOSAL_IKE, 1, 0);
	good(&b, IKE_PROPOSAL_IKE, 1, 0);
	ok = parse(&b, &l);
	b.len = 0;
	good(&b, IKE_PROPOSAL_IKE, 2, 0);
	good(&b, IKE_PROPOSAL_IKE, 3, 0);
	ok = ok && parse(&b, &l);
	ktap_ok(ok, "proposals must count 1, 2, 3");
}

/* ---- the initiator's check ---- */

static int verify(const struct body *b, enum ike_proposal_kind kind)
{
	struct ike_proposal_list l;
	struct ike_choice c = { 0 };
	struct ike_wire_err err;
	int ret = parse(b, &l);

	if (!ret)
		ret = ike_proposal_verify(kind, &l, mine(kind), 1,
					  spi_len_of(kind), &c, &err);
	if (ret && (c.num || c.suite.encr))
		abort();
	return ret;
}

static void answers(enum ike_proposal_kind kind)
{
	unsigned int v, id;
	struct body b = { .len = 0 }, x;
	bool ok = true;
	uint8_t t;

	b.len = 0;
	good(&b, kind, 1, 0);
	ok = !verify(&b, kind);
	for (v = 0; v < 256; v++) {
		x = b;
		x.d[4] = (uint8_t)v;
		ok = ok && !verify(&x, kind) == (v == 1);
	}
	ktap_ok(ok, "kind %u: answer with another proposal number refused",
		kind);
	for (ok = true, t = 1; t <= 6; t++) {
		x.len = 0;
		good(&x, kind, 1, t);
		if (x.len == b.len || !x.d[7])
			continue;
		ok = ok && verify(&x, kind);
	}
	ktap_ok(ok, "kind %u: answer lacking a transform refused", kind);
	for (ok = true, t = 0; t <= 12; t++)
		for (id = 0; id < 40; id++) {
			x = b;
			trans(&x, t, (uint16_t)id, 0);
			ok = ok && verify(&x, kind);
		}
	ktap_ok(ok, "kind %u: answer with one transform more refused", kind);
	for (ok = true, t = 1; t <= 5; t++)
		for (id = 0; id < 65536; id++) {
			bool ours = (t == 1 && id == 28) ||
				    (t == 2 && id == 5) ||
				    (t == 4 && id == 31) || (t == 5 && id < 2);

			x.len = 0;
			good(&x, kind, 1, t);
			if (x.len == b.len)
				continue;
			trans(&x, t, (uint16_t)id, 0);
			ok = ok && !verify(&x, kind) == ours;
		}
	ktap_ok(ok, "kind %u: answer with another transform refused", kind);
	good(&b, kind, 2, 0);
	ktap_ok(verify(&b, kind), "kind %u: answer of two proposals refused",
		kind);
}

/* ---- text ---- */

static void texts(void)
{
	static const char *const want[] = {
		"no common PRF, key exchange; ",
		"ours: chacha20poly1305-prfsha256-x25519; ",
		"theirs: aescbc:256|chacha20poly1305-prfsha1-sha256-",
		"modp2048|4:999",
	};
	const char *at;
	char buf[IKE_PROPOSAL_TEXT], small[20];
	struct ike_proposal_list l;
	struct ike_suite all[18], s;
	unsigned int i, k, n;
	struct body b = { .len = 0 };
	bool ok = true;

	for (k = 0; k < 3; k++) {
		n = suites_of(kinds[k], all);
		for (i = 0; i < n; i++) {
			ike_suite_text(kinds[k], &all[i], buf, sizeof(buf));
			if (strstr(buf, "esn"))
				*strstr(buf, kinds[k] && all[i].esn == 1 ?
					"-noesn" : "-esn") = '\0';
			ok = ok && !ike_suite_parse(kinds[k], buf, &s) &&
			     s.encr == all[i].encr && s.prf == all[i].prf &&
			     s.key_bits == all[i].key_bits &&
			     (kinds[k] == IKE_PROPOSAL_FIRST_CHILD ||
			      s.ke == all[i].ke);
		}
	}
	ktap_ok(ok, "every suite's text reads back");
	ok = !ike_suite_parse(0, "chacha20poly1305-prfsha256-x25519", &s) &&
	     ike_suite_parse(0, "chacha20poly1305-prfsha256", &s) &&
	     ike_suite_parse(0, "chacha20poly1305-x25519", &s) &&
	     ike_suite_parse(0, "prfsha256-x25519", &s) &&
	     ike_suite_parse(0, "chacha20poly1305-prfsha256-modp2048", &s) &&
	     ike_suite_parse(0, "chacha20poly1305-prfsha1-x25519", &s) &&
	     ike_suite_parse(0, "aes256gcm16-aes128gcm16-prfsha256-x25519",
			     &s) &&
	     ike_suite_parse(2, "aes256gcm16-prfsha256", &s) &&
	     ike_suite_parse(2, "", &s) && ike_suite_parse(2, "-", &s) &&
	     ike_suite_parse(2, "aescbc", &s) &&
	     !ike_suite_parse(2, "aes128gcm16", &s) && s.esn == ESN_BOTH &&
	     !ike_suite_parse(2, "chacha20poly1305-iiv-x25519", &s) &&
	     s.encr == 31 && s.ke == 31 && ike_suite_parse(2, "iiv", &s) &&
	     ike_suite_parse(2, "aes256gcm16-iiv-iiv", &s) &&
	     ike_suite_parse(0, "aes256gcm16-iiv-prfsha256-x25519", &s);
	ktap_ok(ok, "texts of suites that are none");

	b.len = 0;
	prop(&b, 1, 1, 0);
	trans(&b, 1, 12, 256);
	trans(&b, 1, 28, 0);
	trans(&b, 2, 2, 0);
	trans(&b, 3, 12, 0);
	trans(&b, 4, 14, 0);
	trans(&b, 4, 999, 0);
	parse(&b, &l);
	ike_proposal_explain(IKE_PROPOSAL_IKE, &l, &mine_ike, 1, buf,
			     sizeof(buf));
	for (ok = true, at = buf, i = 0; i < 4; at += strlen(want[i++]))
		ok = ok && !strncmp(at, want[i], strlen(want[i]));
	ok = ok && !*at;
	if (!ktap_ok(ok, "a mismatch in words"))
		ktap_note("%s", buf);
	for (ok = true, i = 0; i < sizeof(small); i++) {
		memset(small, 'Z', sizeof(small));
		ike_proposal_explain(0, &l, &mine_ike, 1, small, i);
		ok = ok && (!i || strnlen(small, i) < i) && small[i] == 'Z';
		ike_suite_text(0, &mine_ike, small, i);
		ok = ok && (!i || strnlen(small, i) < i) && small[i] == 'Z';
	}
	ktap_ok(ok, "texts in buffers of any size");
	ktap_ok(!ike_proposal_has_ke(&l, 31) && ike_proposal_has_ke(&l, 14),
		"KE groups of an offer");
}

static void invalid(void)
{
	struct ike_wire_hdr hdr = { .spi_i = 1, .exchange = 34 };
	static const struct ike_suite bad[] = {
		{ .encr = 28, .key_bits = 256, .prf = 5, .ke = 31, .esn = 1 },
		{ .encr = 20, .prf = 5, .ke = 31, .esn = 1 },
		{ .encr = 20, .key_bits = 192, .prf = 5, .ke = 31, .esn = 1 },
		{ .encr = 12, .key_bits = 256, .prf = 5, .ke = 31, .esn = 1 },
		{ .encr = 28, .prf = 5, .ke = 14, .esn = 1 },
		{ .encr = 28, .prf = 5, .ke = 31, .esn = 4 },
		{ .encr = 28, .prf = 5, .ke = 31, .esn = 0 },
		{ .encr = 28, .prf = 2, .ke = 31, .esn = 1 },
		{ .encr = 31, .prf = 5, .ke = 31, .esn = 1 },
		{ .encr = 30, .key_bits = 128, .prf = 5, .ke = 31, .esn = 1 },
		{ .encr = 30, .prf = 5, .ke = 31, .esn = 1 },
	};
	struct ike_build b;
	uint8_t d[256];
	unsigned int i;
	bool ok = true, want;
	size_t len;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		/*
		 * esn is no matter of IKE, prf none of ESP; the module has
		 * AES-192 and implicit IVs, IKE has not
		 */
		want = i == 5 || i == 6;
		ike_build_begin(&b, d, sizeof(d), &hdr);
		ike_proposal_build_offer(&b, IKE_PROPOSAL_IKE, &bad[i], 1, 0,
					 0);
		ok = ok && want == !ike_build_finish(&b, &len);
		want = i == 2 || i == 7 || i == 8 || i == 9;
		ike_build_begin(&b, d, sizeof(d), &hdr);
		ike_proposal_build_offer(&b, IKE_PROPOSAL_CHILD, &bad[i], 1,
					 1000, 4);
		ok = ok && want == !ike_build_finish(&b, &len);
	}
	ike_build_begin(&b, d, sizeof(d), &hdr);
	ike_proposal_build_offer(&b, IKE_PROPOSAL_IKE, &mine_ike, 0, 0, 0);
	ok = ok && ike_build_finish(&b, &len) == -EINVAL;
	ktap_ok(ok, "what cannot be keyed is not offered");
}

int main(void)
{
	unsigned int i;

	ktap_begin();
	if (ike_crypto_init())
		ktap_bail("no crypto");
	for (i = 0; i < 3; i++) {
		every_pair(kinds[i]);
		numbers(kinds[i]);
		answers(kinds[i]);
	}
	preference();
	lacking();
	key_lengths();
	attributes();
	headers();
	limits();
	texts();
	invalid();
	return ktap_end();
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Message codec: real messages of each exchange come out as they went in; no
 * truncation, no length field, no type and no number brings it out of step.
 */
#include <errno.h>

#include "ike-samples.h"
#include "ike/wire_get.h"
#include "ktap.h"

/* everything the engine would parse of one message */
struct parsed {
	struct ike_wire_hdr hdr;
	struct ike_wire_set set;
	struct ike_proposal_list sa;
	struct ike_ts_list tsi, tsr;
	struct ike_id idi, idr;
};

static int parse(const uint8_t *data, size_t len, struct parsed *p,
		 struct ike_wire_err *err)
{
	/* a copy of the exact size: the sanitizer sees one octet too many */
	uint8_t *copy = malloc(len ? len : 1);
	int ret;

	memset(p, 0, sizeof(*p));
	memset(err, 0, sizeof(*err));
	memcpy(copy, data, len);
	ret = ike_wire_parse(copy, len, &p->hdr, &p->set, err);
	if (!ret && p->set.sa.data)
		ret = ike_proposal_parse(p->set.sa, &p->sa, err);
	if (!ret && p->set.tsi.data)
		ret = ike_ts_parse(p->set.tsi, &p->tsi, err);
	if (!ret && p->set.tsr.data)
		ret = ike_ts_parse(p->set.tsr, &p->tsr, err);
	if (!ret && p->set.idi.data)
		ret = ike_wire_id(p->set.idi, &p->idi, err);
	if (!ret && p->set.idr.data)
		ret = ike_wire_id(p->set.idr, &p->idr, err);
	free(copy);
	if (ret && (ret != -EBADMSG || !err->text[0])) {
		ktap_note("refused without a word: %d", ret);
		abort();
	}
	return ret;
}

/* ---- where the fields are, found without the parser ---- */

#define FIELDS_MAX	128

struct field {
	size_t off;
	unsigned int width;		/* octets */
	unsigned int hdr;		/* smallest value that could be right */
	const char *what;
};

struct fields {
	struct field f[FIELDS_MAX];
	size_t payload[64];
	unsigned int n, n_payloads;
};

static void field(struct fields *fs, size_t off, unsigned int width,
		  unsigned int hdr, const char *what)
{
	if (fs->n == FIELDS_MAX)
		ktap_bail("too many fields");
	fs->f[fs->n++] = (struct field){ off, width, hdr, what };
}

static void sa_fields(const uint8_t *d, size_t off, size_t end,
		      struct fields *fs)
{
	size_t t, stop;

	while (off < end) {
		stop = off + ike_wire_get16(d + off + 2);
		field(fs, off + 2, 2, 8, "proposal length");
		field(fs, off + 6, 1, 0, "SPI size");
		field(fs, off + 7, 1, 1, "number of transforms");
		for (t = off + 8 + d[off + 6]; t < stop;
		     t += ike_wire_get16(d + t + 2))
			field(fs, t + 2, 2, 8, "transform length");
		off = stop;
	}
}

static void ts_fields(const uint8_t *d, size_t off, size_t end,
		      struct fields *fs)
{
	field(fs, off, 1, 1, "number of selectors");
	for (off += 4; off < end; off += ike_wire_get16(d + off + 2))
		field(fs, off + 2, 2, 8, "selector length");
}

static void find_fields(const struct sample *s, struct fields *fs)
{
	const uint8_t *d = s->data;
	size_t off = IKE_WIRE_HDR_LEN, end;
	uint8_t type = d[16];

	memset(fs, 0, sizeof(*fs));
	field(fs, 24, 4, 28, "header length");
	while (type) {
		end = off + ike_wire_get16(d + off + 2);
		fs->payload[fs->n_payloads++] = off;
		field(fs, off + 2, 2, 4, "payload length");
		if (type == IKE_WIRE_P_SA)
			sa_fields(d, off + 4, end, fs);
		else if (type == IKE_WIRE_P_TSI || type == IKE_WIRE_P_TSR)
			ts_fields(d, off + 4, end, fs);
		else if (type == IKE_WIRE_P_NOTIFY &&
			 (!d[off + 5] || ike_wire_get16(d + off + 6) ==
					 IKE_WIRE_N_REKEY_SA))
			field(fs, off + 5, 1, 0, "notify SPI size");
		else if (type == IKE_WIRE_P_DELETE)
			field(fs, off + 6, 2, 0, "number of SPIs");
		type = d[off];
		off = end;
	}
}

/* ---- tests ---- */

static bool view_is(struct ike_wire_view v, const void *data, size_t len)
{
	return v.data && v.len == len && memcmp(v.data, data, len) == 0;
}

static void contents(void)
{
	struct ike_wire_err err;
	struct parsed p;
	struct sample s;
	bool ok;

	sample_get(0, &s);
	ok = !ike_wire_parse(s.data, s.len, &p.hdr, &p.set, &err) &&
	     p.hdr.spi_i == s.hdr.spi_i && p.hdr.spi_r == 0 &&
	     p.hdr.exchange == 34 && p.hdr.flags == IKE_WIRE_F_INITIATOR &&
	     p.hdr.mid == 0 && p.hdr.len == s.len && p.set.n == 8 &&
	     p.set.ke_group == 31 && view_is(p.set.ke, sample_octets, 32) &&
	     view_is(p.set.nonce, sample_octets, 32) && p.set.n_notify == 4 &&
	     ike_wire_find_notify(&p.set, IKE_WIRE_N_COOKIE) == p.set.notify &&
	     view_is(p.set.notify[0].data, sample_octets, 24) &&
	     !ike_wire_find_notify(&p.set, IKE_WIRE_N_REKEY_SA) &&
	     !p.set.sk.data && !p.set.auth.data && p.set.sa.data;
	ktap_ok(ok, "contents of an IKE_SA_INIT request");

	sample_get(2, &s);
	ok = !ike_wire_parse(s.data, s.len, &p.hdr, &p.set, &err) &&
	     view_is(p.set.idi, "\2\0\0\0gw-a.example", 16) &&
	     view_is(p.set.idr, "\2\0\0\0gw-b.example", 16) &&
	     p.set.auth_method == 2 && view_is(p.set.auth, sample_octets, 32);
	ktap_ok(ok, "contents of an IKE_AUTH request");

	sample_get(7, &s);
	ok = !ike_wire_parse(s.data, s.len, &p.hdr, &p.set, &err) &&
	     p.set.n_del == 2 && p.set.del[0].n == 2 &&
	     p.set.del[0].protocol == IKE_WIRE_PROTO_ESP &&
	     ike_wire_delete_spi(&p.set.del[0], 1) == 0xc0ffee02 &&
	     ike_wire_delete_spi(&p.set.del[0], 2) == 0 &&
	     p.set.del[1].protocol == IKE_WIRE_PROTO_IKE && !p.set.del[1].n &&
	     ike_wire_notify_spi(&p.set.notify[0]) == 0xc0ffee03;
	ktap_ok(ok, "contents of a delete");
}

static void truncations(const struct sample *s)
{
	struct ike_wire_err err;
	uint8_t d[SAMPLE_MAX];
	struct parsed p;
	bool ok = true;
	size_t len;

	memcpy(d, s->data, s->len);
	for (len = 0; len < s->len; len++) {
		ok = ok && parse(d, len, &p, &err) && !err.notify;
		/* and with a header that admits it */
		if (len < IKE_WIRE_HDR_LEN)
			continue;
		ike_wire_put32(d + 24, (uint32_t)len);
		ok = ok && parse(d, len, &p, &err) &&
		     err.notify == IKE_WIRE_N_INVALID_SYNTAX;
		memcpy(d, s->data, s->len);
	}
	d[s->len] = 0;
	ike_wire_put32(d + 24, (uint32_t)s->len + 1);
	ok = ok && parse(d, s->len + 1, &p, &err);
	ktap_ok(ok, "%s: no length from 0 to %zu passes", s->name, s->len + 1);
}

static void put(uint8_t *p, unsigned int width, uint64_t v)
{
	while (width--) {
		p[width] = v & 0xff;
		v >>= 8;
	}
}

static void lengths(const struct sample *s, const struct fields *fs)
{
	unsigned int i, j, tried = 0;
	struct ike_wire_err err;
	uint8_t d[SAMPLE_MAX];
	struct parsed p;
	bool ok = true;

	for (i = 0; i < fs->n; i++) {
		const struct field *f = &fs->f[i];
		uint64_t max = (1ULL << 8 * f->width) - 1, real = 0;

		for (j = 0; j < f->width; j++)
			real = real << 8 | s->data[f->off + j];
		{
			uint64_t v[] = {
				0, 1, f->hdr - 1ULL, f->hdr, f->hdr + 1ULL,
				real - 1, real + 1, max / 2, max - 1, max,
			};

			for (j = 0; j < sizeof(v) / sizeof(v[0]); j++) {
				v[j] &= max;
				if (v[j] == real)
					continue;
				memcpy(d, s->data, s->len);
				put(d + f->off, f->width, v[j]);
				tried++;
				if (parse(d, s->len, &p, &err))
					continue;
				ok = false;
				ktap_note("%s at %zu: %llu instead of %llu",
					  f->what, f->off,
					  (unsigned long long)v[j],
					  (unsigned long long)real);
			}
		}
	}
	ktap_ok(ok, "%s: %u fields, %u wrong values refused", s->name, fs->n,
		tried);
}

/* a type in one place of the chain; data[at] is the octet that names it */
static bool one_type(const struct sample *s, size_t at, size_t where,
		     unsigned int type, bool critical)
{
	bool known = type >= IKE_WIRE_P_SA && type <= IKE_WIRE_P_EAP;
	uint8_t d[SAMPLE_MAX];
	struct ike_wire_err err;
	struct parsed p;
	int ret;

	memcpy(d, s->data, s->len);
	d[at] = (uint8_t)type;
	d[where + 1] = critical ? 0x80 : 0;
	ret = parse(d, s->len, &p, &err);
	if (type == s->data[at])
		return !ret;
	if (!type)
		return ret;
	if (!known && critical)
		return ret &&
		       err.notify == IKE_WIRE_N_UNSUPPORTED_CRITICAL_PAYLOAD &&
		       err.payload == type && err.off == where;
	/* unknown or without a body of its own: skipped, the rest stays */
	if (!known || type == IKE_WIRE_P_VENDOR || type == IKE_WIRE_P_CERT ||
	    type == IKE_WIRE_P_CERTREQ || type == IKE_WIRE_P_CP ||
	    type == IKE_WIRE_P_EAP)
		return !ret;
	return true;
}

static void types(const struct sample *s, const struct fields *fs)
{
	unsigned int i, type;
	bool ok = true;
	size_t at = 16;

	for (i = 0; i < fs->n_payloads; i++) {
		for (type = 0; type < 256; type++)
			ok = ok && one_type(s, at, fs->payload[i], type,
					    false) &&
			     one_type(s, at, fs->payload[i], type, true);
		at = fs->payload[i];
	}
	/* the last payload's next type: nothing may follow */
	for (type = 1; ok && type < 256; type++) {
		uint8_t d[SAMPLE_MAX];
		struct ike_wire_err err;
		struct parsed p;

		memcpy(d, s->data, s->len);
		d[at] = (uint8_t)type;
		ok = parse(d, s->len, &p, &err);
	}
	ktap_ok(ok, "%s: 256 types in %u places, critical or not", s->name,
		fs->n_payloads + 1);
}

/* every octet at every value: a crash, or a refusal without a word, fails */
static void octets(const struct sample *s)
{
	unsigned int i, v, passed = 0;
	struct ike_wire_err err;
	uint8_t d[SAMPLE_MAX];
	struct parsed p;

	memcpy(d, s->data, s->len);
	for (i = 0; i < s->len; i++) {
		for (v = 0; v < 256; v++) {
			d[i] = (uint8_t)v;
			passed += !parse(d, s->len, &p, &err);
		}
		d[i] = s->data[i];
	}
	ktap_ok(passed >= s->len, "%s: every octet at every value, %u parse",
		s->name, passed);
}

/* ---- messages made on purpose ---- */

static void begin(struct ike_build *b, uint8_t *d, size_t size)
{
	struct ike_wire_hdr hdr = { .spi_i = 1, .exchange = 37 };

	ike_build_begin(b, d, size, &hdr);
}

static int count_try(unsigned int n, uint8_t type, const uint8_t *body,
		     size_t len)
{
	static uint8_t d[4096];
	struct ike_wire_err err;
	struct ike_build b;
	struct parsed p;
	unsigned int i;
	size_t total;

	begin(&b, d, sizeof(d));
	for (i = 0; i < n; i++) {
		ike_build_open(&b, type);
		ike_build_put(&b, body, len);
		ike_build_close(&b);
	}
	if (ike_build_finish(&b, &total))
		ktap_bail("sample did not fit");
	return parse(d, total, &p, &err);
}

static void counts(void)
{
	static const uint8_t notify[4] = { 0, 0, 0x40, 0 };
	static const uint8_t del[4] = { IKE_WIRE_PROTO_IKE };
	static const uint8_t once[] = {
		IKE_WIRE_P_KE, IKE_WIRE_P_IDI, IKE_WIRE_P_IDR, IKE_WIRE_P_AUTH,
		IKE_WIRE_P_NONCE,
	};
	uint8_t body[16] = { IKE_ID_FQDN };
	unsigned int i;
	bool ok = true;

	ktap_ok(!count_try(63, IKE_WIRE_P_VENDOR, NULL, 0) &&
		!count_try(64, IKE_WIRE_P_VENDOR, NULL, 0) &&
		count_try(65, IKE_WIRE_P_VENDOR, NULL, 0) &&
		!count_try(64, 200, NULL, 0) && count_try(65, 200, NULL, 0),
		"63, 64, 65 payloads");
	ktap_ok(!count_try(24, IKE_WIRE_P_NOTIFY, notify, 4) &&
		count_try(25, IKE_WIRE_P_NOTIFY, notify, 4), "24, 25 notifies");
	ktap_ok(!count_try(8, IKE_WIRE_P_DELETE, del, 4) &&
		count_try(9, IKE_WIRE_P_DELETE, del, 4), "8, 9 deletes");
	for (i = 0; i < sizeof(once); i++)
		ok = ok && !count_try(1, once[i], body, sizeof(body)) &&
		     count_try(2, once[i], body, sizeof(body));
	ktap_ok(ok, "second KE, ID, AUTH, Nonce refused");
}

static void sizes(void)
{
	uint8_t d[600], body[300] = { IKE_ID_IPV4 };
	struct ike_wire_err err;
	struct ike_build b;
	struct parsed p;
	unsigned int len;
	size_t total;
	bool ok = true;

	for (len = 0; len <= 300; len++) {
		begin(&b, d, sizeof(d));
		ike_build_open(&b, IKE_WIRE_P_NONCE);
		ike_build_put(&b, body, len);
		ike_build_close(&b);
		ike_build_finish(&b, &total);
		ok = ok && !parse(d, total, &p, &err) ==
			   (len >= 16 && len <= 256);
	}
	ktap_ok(ok, "nonce of 0 to 300 octets: 16 to 256 pass");
	for (ok = true, len = 0; len <= 300; len++) {
		unsigned int type;

		for (type = 0; type < 256; type++) {
			struct ike_wire_view v = { body, len };
			bool addr = type == 1 || type == 5;
			bool text = type == 2 || type == 3 || type == 11;

			body[0] = (uint8_t)type;
			ok = ok && !ike_wire_id(v, &p.idi, &err) ==
			     ((addr && len == (type == 1 ? 8 : 20)) ||
			      (text && len > 4 && len <= 260));
		}
	}
	ktap_ok(ok, "256 ID types of 0 to 300 octets");
}

static void headers(void)
{
	struct ike_wire_err err;
	struct parsed p;
	struct sample s;
	unsigned int v;
	bool ok = true;
	uint32_t len;

	sample_get(0, &s);
	for (v = 0; v < 256; v++) {
		s.data[17] = (uint8_t)v;
		ok = ok && !parse(s.data, s.len, &p, &err) == (v >> 4 == 2);
		if (v >> 4 > 2)
			ok = ok && err.notify ==
				   IKE_WIRE_N_INVALID_MAJOR_VERSION;
		else if (v >> 4 < 2)
			ok = ok && !err.notify;
	}
	ktap_ok(ok, "256 versions: 2.x passes");
	s.data[17] = 0x20;
	for (ok = true, len = 0; len < 70000; len++) {
		ike_wire_put32(s.data + 24, len);
		ok = ok && !ike_wire_parse_hdr(s.data, s.len, &p.hdr, &err) ==
			   (len == s.len);
	}
	ktap_ok(ok, "70,000 header lengths");
	ike_wire_put32(s.data + 24, (uint32_t)s.len);
	memset(s.data, 0, 8);
	ktap_ok(parse(s.data, s.len, &p, &err), "initiator SPI 0 refused");
	for (ok = true, v = 18; v < 20; v++)
		for (len = 0; len < 256; len++) {
			sample_get(0, &s);
			s.data[v] = (uint8_t)len;
			ok = ok && !parse(s.data, s.len, &p, &err);
		}
	ktap_ok(ok, "256 exchanges and flags are left to the engine");
}

/* notify and delete: protocol against SPI size, all numbers */
static void notifies(void)
{
	uint8_t d[64], body[16] = { 0 };
	struct ike_wire_set set;
	struct ike_wire_err err;
	unsigned int proto, spi, n;
	bool ok = true, want;

	memset(d, 0, sizeof(d));
	ike_wire_put16(d + 2, 4 + sizeof(body));
	for (n = 0; n < 65536; n++) {
		ike_wire_put16(d + 4 + 2, (uint16_t)n);
		if (n == IKE_WIRE_N_REKEY_SA) {
			ok = ok && ike_wire_parse_chain(41, d, 20, &set, &err);
			continue;
		}
		ok = ok && !ike_wire_parse_chain(41, d, 20, &set, &err) &&
		     set.notify[0].type == n && set.notify[0].data.len == 12 &&
		     ike_wire_notify_name((uint16_t)n)[0] &&
		     ike_wire_find_notify(&set, (uint16_t)n) == set.notify;
	}
	ktap_ok(ok, "65,536 notify types");
	for (ok = true, proto = 0; proto < 256; proto++)
		for (spi = 0; spi < 256; spi++) {
			d[4] = (uint8_t)proto;
			d[5] = (uint8_t)spi;
			want = !spi || (proto == 1 && spi == 8) ||
			       ((proto == 2 || proto == 3) && spi == 4);
			ok = ok && want == !ike_wire_parse_chain(41, d, 20,
								 &set, &err);
		}
	ktap_ok(ok, "notify: 256 protocols with 256 SPI sizes");
	for (ok = true, proto = 0; proto < 256; proto++)
		for (spi = 0; spi < 256; spi++)
			for (n = 0; n < 6; n++) {
				d[4] = (uint8_t)proto;
				d[5] = (uint8_t)spi;
				ike_wire_put16(d + 6, (uint16_t)n);
				want = (proto == 2 || proto == 3) &&
				       spi == 4 && n == 3;
				ok = ok && want ==
				     !ike_wire_parse_chain(42, d, 20, &set,
							   &err);
			}
	ktap_ok(ok, "delete: 256 protocols, 256 SPI sizes, 6 counts");
	for (ok = true, n = 0; n < 65536; n++) {
		ike_wire_put16(d + 4, (uint16_t)n);
		ok = ok && !ike_wire_parse_chain(34, d, 20, &set, &err) &&
		     set.ke_group == n && set.ke.len == 12;
	}
	ktap_ok(ok, "65,536 KE groups");
}

/* SK: only last, only outside, any body length */
static void sk_place(void)
{
	struct ike_wire_err err;
	struct ike_build b;
	struct parsed p;
	uint8_t d[128];
	size_t len;
	bool ok;

	begin(&b, d, sizeof(d));
	ike_build_vendor(&b, "x", 1);
	ike_build_open(&b, IKE_WIRE_P_SK);
	ike_build_put(&b, sample_octets, 40);
	ike_build_close(&b);
	ike_build_finish(&b, &len);
	d[33] = IKE_WIRE_P_IDI;
	ok = !parse(d, len, &p, &err) && p.set.sk_first == IKE_WIRE_P_IDI &&
	     p.set.sk.len == 40 && p.set.n == 2;
	/* the same chain inside another SK */
	ok = ok && ike_wire_parse_chain(d[16], d + 28, len - 28, &p.set, &err);
	ktap_ok(ok, "SK outside is taken, inside refused");

	begin(&b, d, sizeof(d));
	ike_build_open(&b, IKE_WIRE_P_SK);
	ike_build_put(&b, sample_octets, 40);
	ike_build_close(&b);
	ike_build_vendor(&b, "x", 1);
	ike_build_finish(&b, &len);
	ktap_ok(parse(d, len, &p, &err), "payload behind SK refused");
}

static void builder(void)
{
	struct ike_wire_hdr hdr = { .spi_i = 1, .exchange = 34 };
	uint8_t *big = malloc(70000), *text = calloc(1, 65536), d[256];
	struct ike_build b;
	struct sample s;
	size_t size, len;
	bool ok = true;

	for (size = 0; size < 200; size++) {
		memset(d, 0xee, sizeof(d));
		ike_build_begin(&b, d, size, &hdr);
		ike_build_nonce(&b, sample_octets, 32);
		ike_build_ke(&b, 31, sample_octets, 32);
		ok = ok && !ike_build_finish(&b, &len) == (size >= 104) &&
		     len == (size >= 104 ? 104 : 0) && d[size] == 0xee;
	}
	ktap_ok(ok, "builder: buffers of 0 to 200 octets");

	ike_build_begin(&b, d, sizeof(d), &hdr);
	ike_build_open(&b, 43);
	ok = ike_build_finish(&b, &len) == -EINVAL;
	ike_build_begin(&b, d, sizeof(d), &hdr);
	ike_build_close(&b);
	ok = ok && ike_build_finish(&b, &len) == -EINVAL;
	ike_build_begin(&b, d, sizeof(d), &hdr);
	ike_build_open(&b, 43);
	ike_build_open(&b, 43);
	ok = ok && ike_build_finish(&b, &len) == -EINVAL;
	ike_build_begin(&b, d, sizeof(d), &hdr);
	ike_build_nonce(&b, sample_octets, 15);
	ok = ok && ike_build_finish(&b, &len) == -EINVAL;
	ike_build_begin(&b, d, sizeof(d), &hdr);
	ike_build_patch_u16(&b, 27, 1);
	ok = ok && ike_build_finish(&b, &len) == -EINVAL;
	ktap_ok(ok, "builder: misuse is an error");

	ike_build_begin(&b, big, 70000, &hdr);
	ike_build_vendor(&b, text, 65535 - 28 - 4);
	ok = !ike_build_finish(&b, &len) && len == 65535;
	ike_build_begin(&b, big, 70000, &hdr);
	ike_build_vendor(&b, text, 65535 - 28 - 3);
	ok = ok && ike_build_finish(&b, &len) == -EMSGSIZE;
	ktap_ok(ok, "builder: 65,535 octets pass, 65,536 do not");
	free(big);
	free(text);
	ktap_ok(!sample_get(SAMPLES, &s), "samples end");
}

/* B21: what a peer wrote never reaches a terminal or a shell as it is */
static void id_text(void)
{
	struct ike_id id = { .type = IKE_ID_FQDN };
	char buf[2048], small[9];
	unsigned int i;
	bool ok = true;

	id.len = 256;
	for (i = 0; i < 256; i++)
		id.data[i] = (uint8_t)i;
	ike_wire_id_text(&id, buf, sizeof(buf));
	for (i = 0; buf[i]; i++)
		ok = ok && buf[i] > 0x20 && buf[i] < 0x7f && buf[i] != '\'' &&
		     buf[i] != '"';
	ktap_ok(ok && strlen(buf) > 500, "identity of every octet: escaped");
	for (i = 0; i <= sizeof(small); i++) {
		memset(small, 'Z', sizeof(small));
		ike_wire_id_text(&id, small, i);
		ok = ok && (!i || strnlen(small, i) < i);
	}
	id.type = IKE_ID_KEY_ID;
	ike_wire_id_text(&id, small, sizeof(small));
	ok = ok && strcmp(small, "keyid:00") == 0;
	id.type = IKE_ID_IPV4;
	id.len = 4;
	memcpy(id.data, "\xc0\0\2\1", 4);
	ok = ok && strcmp(ike_wire_id_text(&id, buf, sizeof(buf)),
			  "192.0.2.1") == 0;
	ktap_ok(ok, "identity text in small buffers, key ID, address");
}

int main(void)
{
	struct ike_wire_err err;
	struct fields fs;
	struct parsed p;
	struct sample s;
	unsigned int i;

	ktap_begin();
	if (ike_crypto_init())
		ktap_bail("no crypto");
	contents();
	for (i = 0; sample_get(i, &s); i++) {
		find_fields(&s, &fs);
		if (!ktap_ok(!parse(s.data, s.len, &p, &err), "%s: %zu octets",
			     s.name, s.len))
			ktap_note("%s", err.text);
		truncations(&s);
		lengths(&s, &fs);
		types(&s, &fs);
		octets(&s);
	}
	counts();
	sizes();
	headers();
	notifies();
	sk_place();
	builder();
	id_text();
	return ktap_end();
}

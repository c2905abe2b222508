// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The engine against somebody without keys: short, cut, damaged, repeated and
 * invented datagrams in every state, and none of them changes anything.
 */
#include <errno.h>

#include "ike-duo.h"

static struct duo d;

static uint64_t seed = 3;

static unsigned int rnd(unsigned int below)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(seed >> 33) % below;
}

/* the answer, if any, is one an engine may give to a stranger */
static bool polite(const struct duo_msg *m)
{
	struct ike_wire_hdr hdr;
	struct ike_wire_set set;
	struct ike_wire_err err;

	return !ike_wire_parse(m->data, m->len, &hdr, &set, &err) &&
	       hdr.flags & IKE_WIRE_F_RESPONSE && !set.sk.data;
}

static bool unchanged(unsigned int i, struct duo_sum before)
{
	return duo_sum(&d, i).hash == before.hash;
}

static bool harmless(unsigned int i, const uint8_t *msg, size_t len)
{
	struct duo_sum before = duo_sum(&d, i);

	d.said.len = 0;
	duo_input(&d, i, msg, len);
	return unchanged(i, before) && (!d.said.len || polite(&d.said));
}

/* ---- B07: 0 to 60 octets, with everything right that can be ---- */

static void fill(uint8_t *msg, unsigned int pattern, size_t len, uint8_t exch)
{
	const struct ike_sa *sa = duo_sa(&d, 1);

	memset(msg, pattern == 1 ? 0xff : 0, 64);
	if (pattern < 2)
		return;
	msg[0] = 1;
	if (pattern > 3 && sa) {
		ike_wire_put64(msg, sa->spi_i);
		ike_wire_put64(msg + 8, sa->spi_r);
	}
	msg[16] = pattern & 1 ? IKE_WIRE_P_SK : IKE_WIRE_P_NOTIFY;
	msg[17] = 0x20;
	msg[18] = exch;
	msg[19] = IKE_WIRE_F_INITIATOR;
	ike_wire_put32(msg + 24, (uint32_t)len);
	if (len >= 32)
		ike_wire_put16(msg + 30, (uint16_t)(len - 28));
}

static void short_ones(void)
{
	static const char *const states[] = {
		"idle", "half open", "half open, initiator", "up", "up twice",
	};
	unsigned int state, pattern, exch, i;
	uint8_t msg[64];
	size_t len;
	bool ok;

	for (state = 0; state <= DUO_UP; state++) {
		duo_new(&d, state);
		d.mute = true;
		ok = true;
		for (len = 0; len <= 60; len++)
			for (pattern = 0; pattern < 6; pattern++)
				for (exch = 33; exch < 39; exch++)
					for (i = 0; i < 2; i++) {
						fill(msg, pattern, len,
						     (uint8_t)exch);
						ok &= harmless(i, msg, len);
					}
		ktap_ok(ok, "0 to 60 octets: %s", states[state]);
		duo_end(&d);
	}
}

/* ---- every message, cut and damaged, before its genuine self ---- */

static bool cut(unsigned int to, const struct duo_msg *m)
{
	struct duo_sum before = duo_sum(&d, to);
	uint8_t msg[IKE_MSG_MAX];
	size_t len;
	bool ok = true;

	memcpy(msg, m->data, m->len);
	for (len = 0; ok && len < m->len; len++) {
		duo_input(&d, to, msg, len);
		ok = unchanged(to, before);
		if (len < IKE_WIRE_HDR_LEN)
			continue;
		ike_wire_put32(msg + 24, (uint32_t)len);
		duo_input(&d, to, msg, len);
		ok = ok && unchanged(to, before);
		memcpy(msg, m->data, m->len);
	}
	if (!ok)
		ktap_note("cut to %zu octets it has an effect", len - 1);
	return ok;
}

/* B22: a flipped bit anywhere in a protected message */
static bool damage(unsigned int to, const struct duo_msg *m)
{
	struct duo_sum before = duo_sum(&d, to);
	uint8_t msg[IKE_MSG_MAX];
	bool ok = true;
	size_t bit;

	memcpy(msg, m->data, m->len);
	for (bit = 0; ok && bit < 8 * m->len; bit++) {
		msg[bit / 8] ^= (uint8_t)(1 << bit % 8);
		duo_input(&d, to, msg, m->len);
		ok = unchanged(to, before);
		msg[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	if (!ok)
		ktap_note("bit %zu changes something", bit - 1);
	return ok;
}

/* between the two: bad copies to both ends, then the message itself */
static bool torment(struct duo_msg *m)
{
	unsigned int to = !m->from, exch = m->data[18];
	bool ok;

	d.mute = true;
	ok = cut(to, m) && cut(m->from, m);
	if (exch != IKE_WIRE_X_IKE_SA_INIT)
		ok = ok && damage(to, m) && damage(m->from, m);
	d.mute = false;
	duo_input(&d, to, m->data, m->len);
	return ok;
}

static void exchange(const char *name, unsigned int messages)
{
	struct duo_msg m;
	unsigned int n = 0;
	bool ok = true;

	while (ok && duo_take(&d, &m)) {
		ok = torment(&m);
		n++;
	}
	ktap_ok(ok && n == messages && duo_both_up(&d),
		"%s: %u messages, cut and damaged copies without effect", name,
		n);
}

static void every_exchange(void)
{
	duo_init(&d, true);
	duo_start(&d, false);
	duo_command(&d, 0, IKE_CMD_UP, false);
	exchange("IKE_SA_INIT, IKE_AUTH", 4);
	duo_command(&d, 1, IKE_CMD_REKEY_CHILD, true);
	exchange("child rekey, delete", 4);
	duo_command(&d, 0, IKE_CMD_REKEY_IKE, false);
	exchange("IKE SA rekey, delete", 4);
	duo_end(&d);
}

/* ---- IKE_SA_INIT in clear: what is changed there fails in IKE_AUTH ---- */

static void changed_init(unsigned int which)
{
	static const uint8_t xors[] = { 0x01, 0x80, 0xff };
	unsigned int off, i, up = 0, n = 0, victim = which;
	struct duo_msg m;
	size_t len;

	duo_new(&d, which);
	len = d.q[0].len;
	duo_end(&d);
	for (off = 0; off < len; off++)
		for (i = 0; i < 3; i++) {
			duo_new(&d, which);
			duo_take(&d, &m);
			m.data[off] ^= xors[i];
			duo_input(&d, !m.from, m.data, m.len);
			duo_run(&d, 20);
			/* who got the changed octets must not believe them */
			up += duo_sum(&d, !victim).up;
			up += duo_sum(&d, !victim).children;
			n++;
			duo_end(&d);
		}
	ktap_ok(!up, "IKE_SA_INIT %s: %u changed ones, nobody is up",
		which ? "response" : "request", n);
}

/* half-open SAs of strangers are bounded, and forgotten */
static void flood(bool cookie)
{
	struct duo_msg m;
	unsigned int i, most = 0;

	duo_new(&d, 0);
	duo_take(&d, &m);
	d.mute = true;
	if (!cookie)
		d.s[1].e->cfg.cookie_threshold = 100000;
	for (i = 0; i < 2000; i++) {
		ike_wire_put64(m.data, i + 1);
		duo_input(&d, 1, m.data, m.len);
		if (duo_sum(&d, 1).sas > most)
			most = duo_sum(&d, 1).sas;
	}
	duo_advance(&d, IKE_HALF_OPEN_MS + 1);
	ktap_ok(most == (cookie ? 32 : IKE_HALF_OPEN_MAX) &&
		!duo_sum(&d, 1).sas && !d.s[1].requests,
		"2,000 strangers%s: %u half-open SAs, 0 after 30 s",
		cookie ? " with cookies" : "", most);
	duo_end(&d);
}

/* B30: a cookie is demanded between a request and its retransmission */
static void late_cookie(void)
{
	struct duo_msg m;
	bool ok;

	duo_new(&d, 0);
	duo_take(&d, &m);
	duo_input(&d, 1, m.data, m.len);
	d.n = 0;
	d.s[1].e->cfg.force_cookie = true;
	/* the same octets again: the same answer, no cookie, no second SA */
	duo_input(&d, 1, m.data, m.len);
	ok = d.n == 1 && duo_sum(&d, 1).sas == 1;
	duo_run(&d, 20);
	ktap_ok(ok && duo_both_up(&d),
		"cookie switched on before a retransmission");
	duo_end(&d);

	duo_init(&d, false);
	duo_start(&d, true);
	duo_command(&d, 0, IKE_CMD_UP, false);
	ok = d.n == 1;
	duo_run(&d, 2);
	ok = ok && !duo_sum(&d, 1).sas;
	duo_run(&d, 20);
	ktap_ok(ok && duo_both_up(&d), "with a cookie from the start");
	duo_end(&d);
}

/* a genuine message a second and a third time: the same answer, once */
static void repeated(void)
{
	struct duo_msg m[8], first;
	unsigned int i, n = 0;
	struct duo_sum before;
	bool ok = true;

	duo_init(&d, false);
	duo_start(&d, false);
	duo_command(&d, 0, IKE_CMD_UP, false);
	while (n < 4 && duo_take(&d, &m[n])) {
		duo_input(&d, !m[n].from, m[n].data, m[n].len);
		n++;
	}
	d.mute = true;
	for (i = 1; i < n; i++) {
		if (m[i].data[18] == IKE_WIRE_X_IKE_SA_INIT)
			continue;
		before = duo_sum(&d, !m[i].from);
		d.said.len = 0;
		duo_input(&d, !m[i].from, m[i].data, m[i].len);
		first = d.said;
		duo_input(&d, !m[i].from, m[i].data, m[i].len);
		ok = ok && unchanged(!m[i].from, before) &&
		     first.len == d.said.len &&
		     !memcmp(first.data, d.said.data, first.len);
		if (!(m[i].data[19] & IKE_WIRE_F_RESPONSE))
			ok = ok && first.len == m[i + 1].len &&
			     !memcmp(first.data, m[i + 1].data, first.len);
	}
	/* back to its sender: not taken for the peer's */
	for (i = 0; i < n; i++) {
		before = duo_sum(&d, m[i].from);
		if (m[i].from == 0 || m[i].data[18] != 34)
			duo_input(&d, m[i].from, m[i].data, m[i].len);
		ok = ok && (m[i].data[18] == 34 ||
			    unchanged(m[i].from, before));
	}
	ktap_ok(ok, "repeated and reflected messages");
	duo_end(&d);
}

/* errors nobody vouches for do not end an attempt or an SA */
static void false_errors(void)
{
	static const uint16_t types[] = {
		IKE_WIRE_N_NO_PROPOSAL_CHOSEN, IKE_WIRE_N_INVALID_SYNTAX,
		IKE_WIRE_N_INVALID_MAJOR_VERSION, IKE_WIRE_N_INVALID_IKE_SPI,
		IKE_WIRE_N_AUTHENTICATION_FAILED, IKE_WIRE_N_COOKIE,
		IKE_WIRE_N_INVALID_KE_PAYLOAD, IKE_WIRE_N_NO_ADDITIONAL_SAS,
	};
	static const uint8_t data[64] = { 0, 14 };
	unsigned int state, i, exch;
	struct ike_build b;
	uint8_t msg[256];
	bool ok = true;
	size_t len;

	for (state = 0; state <= DUO_UP; state++)
		for (i = 0; i < 8; i++) {
			duo_new(&d, state);
			for (exch = 34; exch < 38; exch++) {
				const struct ike_sa *sa = duo_sa(&d, 0);
				struct ike_wire_hdr hdr = {
					.spi_i = sa->spi_i,
					.spi_r = sa->spi_r,
					.exchange = (uint8_t)exch,
					.mid = sa->own_mid,
					.flags = IKE_WIRE_F_RESPONSE,
				};

				ike_build_begin(&b, msg, sizeof(msg), &hdr);
				ike_build_notify(&b, types[i], data,
						 i == 5 ? 64 : 2);
				ike_build_finish(&b, &len);
				d.mute = state >= 2;
				duo_input(&d, 0, msg, len);
				d.mute = false;
			}
			duo_run(&d, 40);
			/*
			 * Who sees the first request can demand a cookie that
			 * nobody needs: the responder may then have answered
			 * the request without it. The next attempt repairs it.
			 */
			if (state < 2 && types[i] == IKE_WIRE_N_COOKIE &&
			    !duo_both_up(&d)) {
				duo_advance(&d, 6000);
				duo_command(&d, 0, IKE_CMD_UP, false);
				duo_run(&d, 40);
			}
			ok = ok && duo_both_up(&d);
			if (!ok)
				ktap_bail("state %u, %s", state,
					  ike_wire_notify_name(types[i]));
			duo_end(&d);
		}
	ktap_ok(ok, "unprotected errors in each state: it comes up all the same");
}

/* B33: garbage and half-right messages beside a live tunnel */
static void garbage(void)
{
	struct duo_msg m[4];
	unsigned int i, j, n = 0, base;
	uint8_t msg[IKE_MSG_MAX];
	size_t len;

	duo_new(&d, 0);
	while (n < 4 && duo_take(&d, &m[n])) {
		duo_input(&d, !m[n].from, m[n].data, m[n].len);
		n++;
	}
	duo_advance(&d, 10000);
	duo_run(&d, 20);
	d.mute = true;
	base = d.s[0].requests + d.s[1].requests;
	for (i = 0; i < 50000; i++) {
		const struct duo_msg *src = &m[rnd(4)];
		unsigned int flips = rnd(8);

		len = rnd(5) ? src->len : rnd(400);
		for (j = 0; j < len; j++)
			msg[j] = j < src->len && rnd(50) ? src->data[j] :
				 (uint8_t)rnd(256);
		while (flips--)
			if (len)
				msg[rnd((unsigned int)len)] ^= 1 << rnd(8);
		if (len >= IKE_WIRE_HDR_LEN && rnd(8))
			ike_wire_put32(msg + 24, (uint32_t)len);
		if (len >= IKE_WIRE_HDR_LEN && rnd(4))
			memcpy(msg, m[1].data, 16);
		duo_input(&d, rnd(2), msg, len);
		if (i % 1000 == 0)
			duo_advance(&d, 100);
	}
	ktap_ok(duo_sum(&d, 0).up == 1 && duo_sum(&d, 1).up == 1 &&
		base == d.s[0].requests + d.s[1].requests,
		"50,000 messages of garbage beside a live tunnel");
	d.mute = false;
	duo_command(&d, 0, IKE_CMD_REKEY_CHILD, true);
	duo_run(&d, 20);
	ktap_ok(duo_both_up(&d), "and it still rekeys");
	duo_end(&d);
}

int main(void)
{
	ktap_begin();
	if (ike_crypto_init())
		ktap_bail("no crypto");
	short_ones();
	every_exchange();
	changed_init(0);
	changed_init(1);
	flood(true);
	flood(false);
	late_cookie();
	repeated();
	false_errors();
	garbage();
	return ktap_end();
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The engine against an authenticated peer that sends nonsense: changed
 * messages of every exchange, all numbers, deletes and rekeys out of order,
 * message IDs out of the window. B numbers name the bugs this looks for.
 */
#include "ike-duo.h"
#include "ike-samples.h"

static struct duo d;

static void begin(struct ike_build *b)
{
	static uint8_t buf[IKE_MSG_MAX];
	struct ike_wire_hdr hdr = { .spi_i = 1 };

	ike_build_begin(b, buf, sizeof(buf), &hdr);
}

/* side 1 still has its IKE SA and its child, and answers */
static bool alive(void)
{
	struct duo_inner empty = { .first = 0 }, in;
	struct ike_wire_set set;
	struct duo_sum sum;

	d.n = 0;
	duo_say(&d, 0, IKE_WIRE_X_INFORMATIONAL, &empty);
	sum = duo_sum(&d, 1);
	return d.n && duo_open(&d, &d.q[0], &in, &set) && sum.up == 1 &&
	       sum.children == 1;
}

/* side 0 says @in; side 1 must answer with something that opens */
static bool answered(uint8_t exchange, const struct duo_inner *in,
		     struct ike_wire_set *set)
{
	static struct duo_inner reply;

	d.n = 0;
	duo_say(&d, 0, exchange, in);
	return d.n && duo_open(&d, &d.q[0], &reply, set);
}

/* ---- changed messages ---- */

static const uint8_t xors[] = { 0x01, 0x02, 0x04, 0x10, 0x20, 0x80, 0xff };

#define N_XORS	sizeof(xors)

/* where octets stand that prove who it is: body of its ID, data of AUTH */
static bool proves(const struct duo_inner *in, uint8_t id, size_t at)
{
	uint8_t type = in->first;
	size_t off = 0, len;

	for (; type; type = in->data[off], off += len) {
		len = ike_wire_get16(in->data + off + 2);
		if (at < off || at >= off + len)
			continue;
		if (type == id)
			return at >= off + 4;
		return type == IKE_WIRE_P_AUTH && at >= off + 8;
	}
	return false;
}

/* a handshake with one octet of IKE_AUTH changed by who sealed it */
static void changed_auth(unsigned int messages)
{
	unsigned int victim = messages == 2 ? 1 : 0, n = 0, ups = 0;
	uint8_t id = victim ? IKE_WIRE_P_IDI : IKE_WIRE_P_IDR;
	struct duo_inner in;
	struct ike_wire_set set;
	uint8_t msg[IKE_MSG_MAX];
	size_t off, i, len, total = 1;
	bool ok = true;

	for (off = 0; off < total; off++)
		for (i = 0; i < N_XORS; i++) {
			duo_new(&d, messages);
			if (!duo_open(&d, &d.q[0], &in, &set))
				ktap_bail("cannot open IKE_AUTH");
			total = in.len;
			in.data[off] ^= xors[i];
			d.n = 0;
			len = duo_seal(&d, !victim, IKE_WIRE_X_IKE_AUTH, 1,
				       !victim, &in, msg);
			duo_input(&d, victim, msg, len);
			in.data[off] ^= xors[i];
			if (duo_sum(&d, victim).up)
				ups++;
			if (duo_sum(&d, victim).up && proves(&in, id, off))
				ok = false;
			duo_run(&d, 20);
			duo_advance(&d, 1000);
			n++;
			duo_end(&d);
		}
	ktap_ok(ok && ups && ups < n,
		"IKE_AUTH %s: %u changed ones, no identity or proof among the %u accepted",
		victim ? "request" : "answer", n, ups);
}

/* changed requests that make, rekey or delete something */
static void changed_request(const char *what, enum ike_cmd_type cmd, bool child)
{
	struct duo_inner in;
	struct ike_wire_set set;
	size_t off, i, total = 1;
	unsigned int n = 0;
	bool ok = true;

	for (off = 0; off < total; off++)
		for (i = 0; ok && i < N_XORS; i++) {
			uint8_t exchange;

			duo_new(&d, DUO_UP);
			duo_command(&d, 0, cmd, child);
			if (!d.n || !duo_open(&d, &d.q[0], &in, &set))
				ktap_bail("cannot open a %s", what);
			exchange = d.q[0].data[18];
			total = in.len;
			in.data[off] ^= xors[i];
			ok = answered(exchange, &in, &set);
			duo_advance(&d, 1000);
			n++;
			duo_end(&d);
		}
	ktap_ok(ok, "%s: %u changed requests, all answered", what, n);
}

/* changed answers to a request of side 1 */
static void changed_answer(const char *what, enum ike_cmd_type cmd, bool child)
{
	struct ike_sa *sa, *peer;
	struct duo_inner in;
	struct ike_wire_set set;
	uint8_t msg[IKE_MSG_MAX];
	size_t off, i, len, total = 1;
	unsigned int n = 0, kept = 0;
	struct duo_sum sum;

	for (off = 0; off < total; off++)
		for (i = 0; i < N_XORS; i++) {
			duo_new(&d, DUO_UP);
			sa = duo_sa(&d, 1);
			peer = duo_sa(&d, 0);
			duo_command(&d, 1, cmd, child);
			duo_run(&d, 1);
			if (!d.n || !duo_open_sa(sa, &d.q[0], &in, &set))
				ktap_bail("cannot open an answer");
			total = in.len;
			in.data[off] ^= xors[i];
			len = duo_seal_sa(peer, IKE_WIRE_X_CREATE_CHILD_SA,
					  sa->own_mid, true, &in, msg);
			d.n = 0;
			duo_input(&d, 1, msg, len);
			sum = duo_sum(&d, 1);
			kept += sum.up >= 1 && sum.children;
			n++;
			duo_advance(&d, 1000);
			duo_end(&d);
		}
	ktap_ok(kept == n, "%s: %u changed answers, the child stays up", what,
		n);
}

/* ---- B05, B06: all numbers ---- */

static void all_types(void)
{
	struct duo_inner in = { .len = 12 };
	struct ike_wire_set set;
	unsigned int type, crit;
	bool ok = true;

	duo_new(&d, DUO_UP);
	for (type = 0; type < 256; type++)
		for (crit = 0; crit < 2; crit++) {
			memset(in.data, 0, in.len);
			in.first = (uint8_t)type;
			in.data[1] = crit ? 0x80 : 0;
			in.data[3] = 12;
			if (type == IKE_WIRE_P_DELETE)
				continue;
			ok = ok && answered(IKE_WIRE_X_INFORMATIONAL, &in,
					    &set);
			if (crit && type && (type < 33 || type > 48))
				ok = ok && set.n_notify == 1 &&
				     set.notify[0].type == 1 &&
				     set.notify[0].data.len == 1 &&
				     set.notify[0].data.data[0] == type;
		}
	ktap_ok(ok && alive(), "256 payload types inside SK, critical or not");

	in.first = IKE_WIRE_P_NOTIFY;
	in.len = 8;
	in.data[1] = 0;
	in.data[3] = 8;
	for (type = 0; type < 65536; type++) {
		ike_wire_put16(in.data + 6, (uint16_t)type);
		ok = ok && answered(IKE_WIRE_X_INFORMATIONAL, &in, &set);
	}
	ktap_ok(ok && alive(), "65,536 notifies in INFORMATIONAL");
	for (type = 0; type < 256; type++)
		if (type != IKE_WIRE_X_IKE_SA_INIT)
			ok = ok && answered((uint8_t)type, &in, &set);
	ktap_ok(ok && alive(), "255 exchange types");
	duo_end(&d);
}

/* all numbers as group, ID of a transform, protocol in what makes a child */
static void all_groups(void)
{
	struct duo_inner in, good;
	struct ike_wire_set set;
	unsigned int v, step = 257;
	size_t off = 0;
	uint8_t type;
	bool ok = true;

	duo_new(&d, DUO_UP);
	duo_command(&d, 0, IKE_CMD_REKEY_CHILD, true);
	duo_open(&d, &d.q[0], &good, &set);
	for (type = good.first; type != IKE_WIRE_P_KE;) {
		if (!type)
			ktap_bail("no KE in a rekey");
		type = good.data[off];
		off += ike_wire_get16(good.data + off + 2);
	}
	for (v = 0; v < 65536; v += step) {
		if (v == 31)
			continue;
		in = good;
		ike_wire_put16(in.data + off + 4, (uint16_t)v);
		ok = ok && answered(IKE_WIRE_X_CREATE_CHILD_SA, &in, &set) &&
		     set.notify[0].type == IKE_WIRE_N_INVALID_KE_PAYLOAD &&
		     set.notify[0].data.len == 2 &&
		     ike_wire_get16(set.notify[0].data.data) == 31;
		if (v > 2000)
			continue;
		step = v < 60 ? 1 : 257;
	}
	ktap_ok(ok && alive(), "groups of KE: INVALID_KE_PAYLOAD names ours");
	duo_end(&d);
}

/* ---- B03, B17, B18, B26: counts, protocols, deletes, rekeys ---- */

static void counts(void)
{
	static const unsigned int n[] = { 23, 24, 25, 63, 64, 65, 200 };
	struct ike_wire_set set;
	struct duo_inner in;
	struct ike_build b;
	unsigned int i, k;
	bool ok = true;

	duo_new(&d, DUO_UP);
	for (i = 0; i < sizeof(n) / sizeof(n[0]); i++) {
		begin(&b);
		for (k = 0; k < n[i]; k++)
			if (n[i] < 60)
				ike_build_notify(&b, 40000, NULL, 0);
			else
				ike_build_vendor(&b, NULL, 0);
		duo_inner_from(&in, &b);
		ok = ok && answered(IKE_WIRE_X_INFORMATIONAL, &in, &set);
		ok = ok && set.n == (n[i] == 25 || n[i] > 64);
	}
	ktap_ok(ok && alive(), "23 to 25 notifies, 63 to 200 payloads");
	duo_end(&d);
}

static void protocols(void)
{
	static const uint16_t types[] = {
		IKE_WIRE_N_REKEY_SA, IKE_WIRE_N_CHILD_SA_NOT_FOUND, 7, 40000,
	};
	struct ike_wire_set set;
	struct duo_inner in;
	unsigned int proto, len, i, exch;
	bool ok = true;

	duo_new(&d, DUO_UP);
	memset(&in, 0, sizeof(in));
	for (proto = 0; proto < 256; proto++)
		for (len = 0; len < 10; len++)
			for (i = 0; i < 4; i++)
				for (exch = 36; exch < 38; exch++) {
					in.first = IKE_WIRE_P_NOTIFY;
					in.len = 24;
					in.data[3] = 24;
					in.data[4] = (uint8_t)proto;
					in.data[5] = (uint8_t)len;
					ike_wire_put16(in.data + 6, types[i]);
					ok = ok && answered((uint8_t)exch, &in,
							    &set);
				}
	ktap_ok(ok && alive(), "notifies of 256 protocols with SPIs of 0 to 9");
	in.first = IKE_WIRE_P_DELETE;
	for (proto = 0; proto < 256; proto++)
		for (len = 0; len < 10; len++) {
			if (proto == IKE_WIRE_PROTO_IKE && !len)
				continue;
			in.len = 8 + len;
			in.data[3] = (uint8_t)in.len;
			in.data[4] = (uint8_t)proto;
			in.data[5] = (uint8_t)len;
			in.data[6] = 0;
			in.data[7] = len ? 1 : 0;
			ok = ok && answered(IKE_WIRE_X_INFORMATIONAL, &in,
					    &set);
		}
	ktap_ok(ok && alive(), "deletes of 256 protocols with SPIs of 0 to 9");
	duo_end(&d);
}

static uint32_t peers_spi(void)
{
	struct ike_conn *c = ike_conn_find(d.s[1].e, "peer");
	struct ike_child *child = ike_conn_child(c, "lan");

	return ike_child_live(child) ? ike_child_live(child)->spi_out : 0;
}

static void deletes(void)
{
	uint32_t spis[100], spi, i;
	struct ike_wire_set set;
	struct duo_inner in;
	struct ike_build b;
	bool ok;

	duo_new(&d, DUO_UP);
	for (i = 0; i < 100; i++)
		spis[i] = 0xdead0000 + i;
	begin(&b);
	ike_build_delete_esp(&b, spis, 100);
	ike_build_delete_esp(&b, spis, 0);
	duo_inner_from(&in, &b);
	ok = answered(IKE_WIRE_X_INFORMATIONAL, &in, &set) && !set.n;
	ktap_ok(ok && alive(), "delete of SPIs nobody has");

	/* the same one over and over, in one message and in two payloads */
	spi = peers_spi();
	for (i = 0; i < 100; i++)
		spis[i] = spi;
	begin(&b);
	ike_build_delete_esp(&b, spis, 100);
	ike_build_delete_esp(&b, spis, 2);
	duo_inner_from(&in, &b);
	ok = answered(IKE_WIRE_X_INFORMATIONAL, &in, &set) &&
	     set.n_del == 1 && set.del[0].n == 1;
	ok = ok && answered(IKE_WIRE_X_INFORMATIONAL, &in, &set) && !set.n;
	ktap_ok(ok && duo_sum(&d, 1).up == 1 && !duo_sum(&d, 1).children,
		"delete of one child 102 times, then again");
	duo_end(&d);

	duo_new(&d, DUO_UP);
	spi = peers_spi();
	begin(&b);
	ike_build_delete_ike(&b);
	ike_build_delete_esp(&b, &spi, 1);
	ike_build_delete_ike(&b);
	ike_build_notify(&b, IKE_WIRE_N_AUTHENTICATION_FAILED, NULL, 0);
	duo_inner_from(&in, &b);
	ok = answered(IKE_WIRE_X_INFORMATIONAL, &in, &set);
	ok = ok && answered(IKE_WIRE_X_INFORMATIONAL, &in, &set);
	answered(IKE_WIRE_X_CREATE_CHILD_SA, &in, &set);
	begin(&b);
	sample_put_child(&b, false);
	duo_inner_from(&in, &b);
	answered(IKE_WIRE_X_CREATE_CHILD_SA, &in, &set);
	begin(&b);
	sample_put_ike_rekey(&b);
	duo_inner_from(&in, &b);
	answered(IKE_WIRE_X_CREATE_CHILD_SA, &in, &set);
	ok = ok && !duo_sum(&d, 1).up && !duo_sum(&d, 1).children;
	duo_advance(&d, 60000);
	ktap_ok(ok && !duo_sum(&d, 1).sas,
		"delete of the IKE SA, then everything else on it");
	duo_end(&d);
}

/* side 0 rekeys the IKE SA and then goes on with the old one */
static bool superseded(void)
{
	struct ike_sa *old = duo_sa(&d, 1), *mine = duo_sa(&d, 0);
	struct duo_inner in;
	struct ike_wire_set set;
	struct ike_build b;
	uint8_t msg[IKE_MSG_MAX];
	unsigned int i, installs = d.s[1].installs;
	size_t len;

	duo_command(&d, 0, IKE_CMD_REKEY_IKE, false);
	duo_open_sa(old, &d.q[0], &in, &set);
	duo_run(&d, 1);
	if (duo_sum(&d, 1).up != 1 || duo_sum(&d, 1).sas != 2)
		return false;
	for (i = 0; i < 3; i++) {
		if (i) {
			begin(&b);
			sample_put_child(&b, i == 2);
			duo_inner_from(&in, &b);
		}
		len = duo_seal_sa(mine, IKE_WIRE_X_CREATE_CHILD_SA,
				  old->peer_mid, false, &in, msg);
		d.n = 0;
		duo_input(&d, 1, msg, len);
		if (!duo_open_sa(mine, &d.q[0], &in, &set) || set.n != 1 ||
		    set.notify[0].type != IKE_WIRE_N_TEMPORARY_FAILURE)
			return false;
	}
	return d.s[1].installs == installs && duo_sum(&d, 1).sas == 2;
}

/* B26: the same child rekeyed twice; and what was rekeyed, used again */
static void rekeys(void)
{
	struct duo_inner in;
	struct ike_wire_set set;
	uint32_t installs;
	bool ok;

	duo_new(&d, DUO_UP);
	duo_command(&d, 0, IKE_CMD_REKEY_CHILD, true);
	duo_open(&d, &d.q[0], &in, &set);
	ok = answered(IKE_WIRE_X_CREATE_CHILD_SA, &in, &set) && set.sa.data;
	installs = d.s[1].installs;
	ok = ok && answered(IKE_WIRE_X_CREATE_CHILD_SA, &in, &set) &&
	     set.n == 1 &&
	     set.notify[0].type == IKE_WIRE_N_TEMPORARY_FAILURE &&
	     d.s[1].installs == installs;
	ktap_ok(ok && alive(), "one child rekeyed twice: TEMPORARY_FAILURE");
	duo_end(&d);

	duo_new(&d, DUO_UP);
	duo_command(&d, 0, IKE_CMD_REKEY_CHILD, true);
	duo_open(&d, &d.q[0], &in, &set);
	ike_wire_put32(in.data + 8, 0xdead0001);
	ok = answered(IKE_WIRE_X_CREATE_CHILD_SA, &in, &set) && set.n == 1 &&
	     set.notify[0].type == IKE_WIRE_N_CHILD_SA_NOT_FOUND &&
	     set.notify[0].protocol == IKE_WIRE_PROTO_ESP &&
	     ike_wire_notify_spi(&set.notify[0]) == 0xdead0001;
	ktap_ok(ok && alive(), "rekey of a child nobody has");
	duo_end(&d);

	/* the old IKE SA makes nothing more once it is rekeyed */
	duo_new(&d, DUO_UP);
	ok = superseded();
	ktap_ok(ok && duo_sum(&d, 1).children == 1,
		"a rekeyed IKE SA makes no more children or successors");
	duo_end(&d);
}

/* children and IKE SAs without end: bounded, answered, and gone later */
static void floods(void)
{
	struct duo_inner in;
	struct ike_wire_set set;
	unsigned int i, most = 0;
	struct ike_sa *sa;
	bool ok = true;

	duo_new(&d, DUO_UP);
	duo_command(&d, 0, IKE_CMD_REKEY_CHILD, true);
	duo_open(&d, &d.q[0], &in, &set);
	/* without REKEY_SA, each one is a new child */
	in.first = in.data[0];
	in.len -= 12;
	memmove(in.data, in.data + 12, in.len);
	for (i = 0; i < 2000; i++)
		ok = ok && answered(IKE_WIRE_X_CREATE_CHILD_SA, &in, &set);
	ktap_ok(ok && d.s[1].installs < 40 && alive() && set.n == 1 &&
		set.notify[0].type == IKE_WIRE_N_NO_ADDITIONAL_SAS,
		"2,000 new children: %u installed", d.s[1].installs);
	duo_end(&d);

	duo_new(&d, DUO_UP);
	duo_command(&d, 0, IKE_CMD_REKEY_IKE, false);
	/* the successors' keys are not needed: the same request on each */
	for (i = 0; i < 200; i++) {
		sa = duo_sa(&d, 0);
		if (sa->own.kind != IKE_EXCH_REKEY_IKE)
			duo_command(&d, 0, IKE_CMD_REKEY_IKE, false);
		/* deletes of the old ones are lost */
		while (d.n && d.q[0].data[18] == IKE_WIRE_X_CREATE_CHILD_SA)
			duo_run(&d, 1);
		d.n = 0;
		if (duo_sum(&d, 1).sas > most)
			most = duo_sum(&d, 1).sas;
	}
	ktap_ok(most > 2 && most <= 17, "200 rekeys of the IKE SA: %u kept",
		most);
	duo_end(&d);
}

/* ---- message IDs, B13 ---- */

static void window(void)
{
	struct duo_inner empty = { .first = 0 }, del;
	uint8_t msg[IKE_MSG_MAX];
	struct duo_sum before;
	struct duo_msg reply;
	struct ike_build b;
	unsigned int exch, i;
	struct ike_sa *sa;
	bool ok = true;
	size_t len;

	duo_new(&d, DUO_UP);
	sa = duo_sa(&d, 1);
	begin(&b);
	ike_build_delete_ike(&b);
	duo_inner_from(&del, &b);
	d.mute = true;
	duo_say(&d, 0, IKE_WIRE_X_INFORMATIONAL, &empty);
	reply = d.said;
	before = duo_sum(&d, 1);
	/* another request with an ID already answered: the old answer */
	len = duo_seal(&d, 0, 37, sa->peer_mid - 1, false, &del, msg);
	d.said.len = 0;
	duo_input(&d, 1, msg, len);
	ok = d.said.len == reply.len &&
	     !memcmp(d.said.data, reply.data, reply.len) &&
	     duo_sum(&d, 1).hash == before.hash;
	ktap_ok(ok, "an ID used again gets the old answer, nothing else");
	for (i = 0; i < 2000; i++) {
		uint32_t mid = i < 1000 ? sa->peer_mid + 1 + i :
			       sa->peer_mid - 2 - (i - 1000);

		len = duo_seal(&d, 0, 37, mid, false, &del, msg);
		d.said.len = 0;
		duo_input(&d, 1, msg, len);
		ok = ok && !d.said.len && duo_sum(&d, 1).hash == before.hash;
	}
	ktap_ok(ok, "IDs out of the window are ignored");
	for (exch = 35; exch < 38; exch++)
		for (i = 0; i < 20; i++) {
			len = duo_seal(&d, 0, (uint8_t)exch, i, true, &del,
				       msg);
			d.said.len = 0;
			duo_input(&d, 1, msg, len);
			ok = ok && !d.said.len &&
			     duo_sum(&d, 1).hash == before.hash;
		}
	ktap_ok(ok, "answers to what was never asked are ignored");
	/* answers of another exchange to what was asked */
	duo_command(&d, 1, IKE_CMD_REKEY_CHILD, true);
	before = duo_sum(&d, 1);
	for (exch = 0; exch < 256; exch++) {
		if (exch == IKE_WIRE_X_CREATE_CHILD_SA)
			continue;
		len = duo_seal(&d, 0, (uint8_t)exch, sa->own_mid, true, &del,
			       msg);
		duo_input(&d, 1, msg, len);
		ok = ok && duo_sum(&d, 1).hash == before.hash;
	}
	ktap_ok(ok, "answers of another exchange are ignored");
	duo_end(&d);
}

/* ---- an IV is used once with a key ---- */

#define SENT_MAX	2048

static struct {
	uint64_t spi_i, spi_r, iv;
	unsigned int from;
	size_t len;
	uint8_t tag[16];
} sent[SENT_MAX];
static unsigned int n_sent;

/* false = this IV was seen before with this key on other octets */
static bool iv_fresh(const struct duo_msg *m)
{
	unsigned int i;

	if (m->data[16] != IKE_WIRE_P_SK)
		return true;
	if (n_sent == SENT_MAX)
		ktap_bail("too many messages");
	sent[n_sent].spi_i = ike_wire_get64(m->data);
	sent[n_sent].spi_r = ike_wire_get64(m->data + 8);
	sent[n_sent].iv = ike_wire_get64(m->data + 32);
	sent[n_sent].from = m->from;
	sent[n_sent].len = m->len;
	memcpy(sent[n_sent].tag, m->data + m->len - 16, 16);
	for (i = 0; i < n_sent; i++)
		if (sent[i].spi_i == sent[n_sent].spi_i &&
		    sent[i].spi_r == sent[n_sent].spi_r &&
		    sent[i].from == m->from && sent[i].iv == sent[n_sent].iv)
			return sent[i].len == m->len &&
			       !memcmp(sent[i].tag, sent[n_sent].tag, 16);
	n_sent++;
	return true;
}

static void ivs(void)
{
	static const enum ike_cmd_type cmds[] = {
		IKE_CMD_REKEY_CHILD, IKE_CMD_REKEY_IKE, IKE_CMD_REKEY_CHILD,
	};
	struct duo_side dice = { .rng = 5 };
	unsigned int i, lost = 0;
	struct duo_msg m;
	bool ok = true;
	uint8_t roll;

	duo_new(&d, 0);
	for (i = 0; i < 200; i++) {
		duo_command(&d, i & 1, cmds[i % 3], i % 3 != 1);
		if (i % 7 == 0)
			duo_command(&d, !(i & 1), cmds[i % 3], i % 3 != 1);
		while (duo_take(&d, &m)) {
			ok = ok && iv_fresh(&m);
			/* some are lost, some come twice */
			duo_random(&dice, &roll, 1);
			if (roll < 40) {
				lost++;
				continue;
			}
			duo_input(&d, !m.from, m.data, m.len);
			if (roll > 200)
				duo_input(&d, !m.from, m.data, m.len);
		}
		duo_advance(&d, 700);
	}
	ktap_ok(ok && n_sent > 200,
		"%u protected messages, %u lost: no IV twice with a key",
		n_sent, lost);
	duo_end(&d);
}

int main(void)
{
	ktap_begin();
	if (ike_crypto_init())
		ktap_bail("no crypto");
	changed_auth(2);
	changed_auth(3);
	changed_request("child rekey", IKE_CMD_REKEY_CHILD, true);
	changed_request("IKE SA rekey", IKE_CMD_REKEY_IKE, false);
	changed_request("child delete", IKE_CMD_DOWN, true);
	changed_request("IKE SA delete", IKE_CMD_DOWN, false);
	changed_answer("child rekey", IKE_CMD_REKEY_CHILD, true);
	changed_answer("IKE SA rekey", IKE_CMD_REKEY_IKE, false);
	all_types();
	all_groups();
	counts();
	protocols();
	deletes();
	rekeys();
	floods();
	window();
	ivs();
	return ktap_end();
}

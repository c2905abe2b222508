// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The engine against somebody with keys: first a peer that has done the
 * Diffie-Hellman exchange but has not proved who it is, then an authenticated
 * peer that sends nonsense. B numbers name the bugs of others this looks for.
 */
#include <errno.h>

#include "ike-duo.h"
#include "ike-samples.h"

static struct duo d;

/* ---- contents ---- */

static void begin(struct ike_build *b)
{
	static uint8_t buf[IKE_MSG_MAX];
	struct ike_wire_hdr hdr = { .spi_i = 1 };

	ike_build_begin(b, buf, sizeof(buf), &hdr);
}

#define CONTENTS	8

/* the k-th kind of request body; all of them well formed but the last two */
static void content(unsigned int k, struct duo_inner *in)
{
	struct ike_build b;

	begin(&b);
	switch (k) {
	case 1:
		sample_put_ike_rekey(&b);
		break;
	case 2:
		sample_put_child(&b, false);
		break;
	case 3:
		ike_build_delete_ike(&b);
		break;
	case 4:
		sample_put_delete(&b);
		break;
	case 5:
		ike_build_notify(&b, IKE_WIRE_N_AUTHENTICATION_FAILED, NULL, 0);
		break;
	}
	duo_inner_from(in, &b);
	if (k == 6) {
		in->first = 200;
		in->len = 4;
		memcpy(in->data, "\0\x80\0\4", 4);
	} else if (k == 7) {
		in->first = IKE_WIRE_P_NONCE;
		in->len = 3;
		memset(in->data, 0, 3);
	}
}

/* ---- B11, B12, B13: everything but IKE_AUTH before IKE_AUTH ---- */

static bool try_early(unsigned int from, unsigned int exch, unsigned int k)
{
	struct duo_sum before = duo_sum(&d, !from), after;
	static const uint32_t mids[] = { 0, 1, 2, UINT32_MAX };
	uint8_t msg[IKE_MSG_MAX];
	struct duo_inner in;
	unsigned int i, resp;
	bool ok = true;
	size_t len;

	content(k, &in);
	for (i = 0; i < 4; i++)
		for (resp = 0; resp < 2; resp++) {
			len = duo_seal(&d, from, (uint8_t)exch, mids[i], resp,
				       &in, msg);
			d.said.len = 0;
			duo_input(&d, !from, msg, len);
			after = duo_sum(&d, !from);
			ok = ok && after.hash == before.hash && !d.said.len;
		}
	if (!ok)
		ktap_note("exchange %u, content %u", exch, k);
	return ok;
}

/*
 * @from has the keys of a half-open SA; @messages of the handshake were
 * delivered. Afterwards the handshake must go on as if nothing had been.
 */
static void early(unsigned int from, unsigned int messages)
{
	unsigned int exch, k;
	bool ok = true;

	duo_new(&d, messages);
	d.mute = true;
	for (exch = 0; exch < 256; exch++)
		for (k = 0; k < CONTENTS; k++)
			if (exch != IKE_WIRE_X_IKE_SA_INIT &&
			    exch != IKE_WIRE_X_IKE_AUTH)
				ok = ok && try_early(from, exch, k);
	d.mute = false;
	ktap_ok(ok, "half open %s: no exchange but IKE_AUTH has an effect",
		from ? "initiator" : "responder");
	duo_run(&d, 20);
	ktap_ok(duo_both_up(&d), "and the handshake goes on");
	duo_end(&d);
}

/* IKE_AUTH itself with everything but a proof */
static void without_proof(void)
{
	struct duo_inner in;
	unsigned int k, up = 0;

	for (k = 0; k < CONTENTS; k++) {
		duo_new(&d, 1);
		duo_run(&d, 1);
		d.n = 0;
		d.mute = true;
		content(k, &in);
		duo_say(&d, 0, IKE_WIRE_X_IKE_AUTH, &in);
		duo_say(&d, 0, IKE_WIRE_X_IKE_AUTH, &in);
		content(1, &in);
		duo_say(&d, 0, IKE_WIRE_X_CREATE_CHILD_SA, &in);
		duo_say(&d, 0, IKE_WIRE_X_INFORMATIONAL, &in);
		up += duo_sum(&d, 1).up + d.s[1].notes[IKE_NTF_IKE_UP] +
		      d.s[1].requests;
		duo_end(&d);
	}
	ktap_ok(!up, "IKE_AUTH without AUTH, then other exchanges: never up");
}

/* ---- B08: every subset of payloads ---- */

/* keeps the payloads of @in whose bit is set */
static void keep(struct duo_inner *in, unsigned int mask)
{
	struct duo_inner out = { .first = 0, .len = 0 };
	uint8_t type = in->first, *next = &out.first;
	size_t off = 0, len;
	unsigned int i;

	for (i = 0; type; i++) {
		len = ike_wire_get16(in->data + off + 2);
		if (mask & 1U << i) {
			*next = type;
			next = out.data + out.len;
			memcpy(next, in->data + off, len);
			out.len += len;
		}
		type = in->data[off];
		off += len;
	}
	*next = 0;
	*in = out;
}

/* what the k-th message of a handshake has inside, and how many payloads */
static unsigned int capture(struct duo_inner *in, struct ike_wire_set *set)
{
	if (!duo_open(&d, &d.q[0], in, set))
		ktap_bail("cannot open a message");
	return set->n;
}

static void auth_subsets(unsigned int messages)
{
	unsigned int victim = messages == 2 ? 1 : 0, mask, n, ups = 0;
	static uint8_t plain[IKE_MSG_MAX];
	struct duo_inner full, in;
	struct ike_wire_set set;
	struct ike_wire_err err;
	bool ok = true, proof;
	struct duo_sum sum;

	duo_new(&d, messages);
	n = capture(&full, &set);
	duo_end(&d);
	for (mask = 0; mask < 1U << n; mask++) {
		uint8_t msg[IKE_MSG_MAX];
		size_t len;

		duo_new(&d, messages);
		capture(&full, &set);
		in = full;
		keep(&in, mask);
		memcpy(plain, in.data, in.len);
		if (ike_wire_parse_chain(in.first, plain, in.len, &set, &err))
			ktap_bail("subset: %s", err.text);
		d.n = 0;
		len = duo_seal(&d, !victim, IKE_WIRE_X_IKE_AUTH, 1, !victim,
			       &in, msg);
		duo_input(&d, victim, msg, len);
		duo_run(&d, 20);
		sum = duo_sum(&d, victim);
		/* nobody is up without identity and AUTH */
		proof = set.auth.data &&
			(victim ? set.idi.data : set.idr.data);
		ok = ok && (proof || (!sum.up && !sum.children));
		ok = ok && (!sum.children ||
			    (set.sa.data && set.tsi.data && set.tsr.data));
		ups += sum.up;
		duo_end(&d);
	}
	ktap_ok(ok && ups, "IKE_AUTH %s: %u subsets of its payloads, %u prove",
		victim ? "request" : "answer", 1U << n, ups);
}

/* the same for what is created later; the IKE SA must survive */
static void child_subsets(enum ike_cmd_type cmd)
{
	static const char *const what[] = { "child rekey", "IKE SA rekey" };
	unsigned int mask, n = 1, ike = cmd == IKE_CMD_REKEY_IKE, alive = 0;
	struct ike_wire_set set;
	struct duo_inner in;
	bool ok = true;

	for (mask = 0; mask < 1U << n; mask++) {
		duo_new(&d, DUO_UP);
		duo_command(&d, 0, cmd, !ike);
		n = capture(&in, &set);
		d.n = 0;
		keep(&in, mask);
		duo_say(&d, 0, IKE_WIRE_X_CREATE_CHILD_SA, &in);
		ok = ok && d.n >= 1 && duo_open(&d, &d.q[0], &in, &set);
		if (duo_sum(&d, 1).up && duo_sum(&d, 1).children)
			alive++;
		else
			ktap_note("subset %x", mask);
		duo_end(&d);
	}
	ktap_ok(ok && alive == mask, "%s: %u subsets, all answered, SA alive",
		what[ike], mask);
}

/* ---- B14: proof of somebody else ---- */

static void stolen_auth(void)
{
	struct duo_inner stolen, in;
	struct ike_wire_set set;
	unsigned int up;

	duo_new(&d, 2);
	capture(&stolen, &set);
	duo_end(&d);

	duo_init(&d, false);
	d.s[0].rng = 4711;
	duo_start(&d, false);
	duo_command(&d, 0, IKE_CMD_UP, false);
	duo_run(&d, 2);
	d.n = 0;
	duo_say(&d, 0, IKE_WIRE_X_IKE_AUTH, &stolen);
	up = duo_sum(&d, 1).up + d.s[1].requests;
	ktap_ok(!up && duo_open(&d, &d.q[0], &in, &set) && set.n == 1 &&
		set.notify[0].type == IKE_WIRE_N_AUTHENTICATION_FAILED,
		"AUTH of another session: AUTHENTICATION_FAILED");
	duo_end(&d);
}

static void wrong_keys(void)
{
	static const char *const what[] = {
		"other PSK, initiator", "other PSK, responder",
		"other Ed25519 key, initiator", "other Ed25519 key, responder",
		"PSK where Ed25519 is wanted", "Ed25519 where PSK is wanted",
		"other identity, initiator", "other identity, responder",
		"initiator asks for another responder",
	};
	unsigned int i, up;

	for (i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		duo_init(&d, i == 2 || i == 3);
		if (i < 2)
			d.s[i].conn.psk[3] ^= 1;
		else if (i < 4)
			d.s[i - 2].conn.private_key[3] ^= 1;
		else if (i == 4)
			d.s[1].conn.remote_auth = IKE_AUTH_ED25519;
		else if (i == 5)
			d.s[0].conn.local_auth = IKE_AUTH_ED25519;
		else if (i < 8)
			d.s[i - 6].conn.local_id.data[1] ^= 1;
		else
			d.s[0].conn.remote_id.data[1] ^= 1;
		duo_start(&d, false);
		duo_command(&d, 0, IKE_CMD_UP, false);
		duo_run(&d, 20);
		up = duo_sum(&d, 0).up + d.s[0].installs +
		     d.s[0].notes[IKE_NTF_IKE_UP];
		/* the responder is up for a moment when only it is wrong */
		if (i != 1 && i != 3 && i != 7)
			up += duo_sum(&d, 1).up + d.s[1].installs;
		else
			up += duo_sum(&d, 1).up + duo_sum(&d, 1).children;
		ktap_ok(!up, "%s: refused", what[i]);
		duo_end(&d);
	}
}

/* ---- B10: bad public values ---- */

static bool ke_refused(const uint8_t *value, size_t len, bool init)
{
	struct ike_wire_hdr hdr = {
		.spi_i = 99, .exchange = IKE_WIRE_X_IKE_SA_INIT,
		.flags = IKE_WIRE_F_INITIATOR,
	};
	struct ike_wire_set set;
	struct duo_inner in;
	struct duo_sum sum;
	struct ike_build b;
	uint8_t msg[512];
	size_t total;
	bool ok;

	duo_new(&d, init ? 0 : DUO_UP);
	d.n = 0;
	ike_build_begin(&b, msg, sizeof(msg), &hdr);
	ike_proposal_build_offer(&b, IKE_PROPOSAL_IKE, sample_ike, 1, 500,
				 init ? 0 : 8);
	ike_build_ke(&b, 31, value, len);
	ike_build_nonce(&b, sample_octets, 32);
	if (init) {
		ike_build_finish(&b, &total);
		duo_input(&d, 1, msg, total);
		sum = duo_sum(&d, 1);
		ok = !sum.sas && !d.s[1].e->half_open;
	} else {
		duo_inner_from(&in, &b);
		duo_say(&d, 0, IKE_WIRE_X_CREATE_CHILD_SA, &in);
		sum = duo_sum(&d, 1);
		ok = sum.sas == 1 && sum.up == 1 && d.n == 1 &&
		     duo_open(&d, &d.q[0], &in, &set) && set.n == 1;
	}
	duo_end(&d);
	return ok;
}

static void bad_ke(bool init)
{
	/* the points of order 1, 2, 4, 8 and their other encodings */
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	uint8_t value[65] = { 9 };
	unsigned int i, j, v;
	bool ok = true;

	for (i = 1; i <= 64; i++)
		ok = ok && (i == 32 || ke_refused(value, i, init));
	for (i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		for (j = 0; j < 32; j++) {
			if (sscanf(points[i] + 2 * j, "%2x", &v) != 1)
				ktap_bail("no hexadecimal number");
			value[j] = (uint8_t)v;
		}
		ok = ok && ke_refused(value, 32, init);
	}
	ktap_ok(ok, "KE of 1 to 64 octets, zero secrets in %s: no state left",
		init ? "IKE_SA_INIT" : "CREATE_CHILD_SA");
}

int main(void)
{
	ktap_begin();
	if (ike_crypto_init())
		ktap_bail("no crypto");
	early(0, 2);
	early(1, 2);
	without_proof();
	auth_subsets(2);
	auth_subsets(3);
	child_subsets(IKE_CMD_REKEY_CHILD);
	child_subsets(IKE_CMD_REKEY_IKE);
	stolen_auth();
	wrong_keys();
	bad_ke(true);
	bad_ke(false);
	return ktap_end();
}

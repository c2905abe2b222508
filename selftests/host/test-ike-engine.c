// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Exchanges between two engines, told as the RFC tells them. A starts unless
 * said otherwise; each scenario looks at both ends afterwards.
 */
#include <errno.h>
#include <string.h>

#include "ike/crypto.h"
#include "ike/proposal.h"
#include "ike/sim/sim.h"
#include "ktap.h"

static struct sim *duo(void)
{
	struct sim *s = sim_new(7, NULL);

	sim_configure(s, 1);
	s->strict = true;
	s->must_up = true;
	return s;
}

static void start_both(struct sim *s)
{
	sim_start(s, 1);
	sim_start(s, 0);
}

static bool child_up(struct sim *s, unsigned int h)
{
	struct ike_child_info c;

	return sim_child(s, h, "lan1", &c) && c.state == IKE_CHILD_UP;
}

static bool both_up(struct sim *s)
{
	return child_up(s, 0) && child_up(s, 1);
}

static bool told(struct sim *s, unsigned int h, enum ike_notify_type t,
		 const char *part)
{
	if (strstr(s->host[h].last_text[t], part))
		return true;
	ktap_note("%c said: %s", s->host[h].name, s->host[h].last_text[t]);
	return false;
}

static void done(struct sim *s)
{
	if (s->error[0])
		ktap_note("%s", s->error);
	sim_free(s);
}

/*
 *   A -- SA, KE, Ni ----------> B       traffic asked for it (S-01)
 *   A <-- SA, KE, Nr ---------- B
 *   A -- SK{IDi, AUTH, SA, TS} > B      B installs, then answers
 *   A <- SK{IDr, AUTH, SA, TS} - B      A installs, switches, proves
 */
static void test_psk(void)
{
	struct sim *s = duo();
	struct ike_child_info a, b;
	struct ike_sa_info ia, ib;

	start_both(s);
	sim_run(s, 5000);
	ktap_ok(!s->host[0].sends && !s->host[1].sends,
		"on demand: no traffic, no message");
	sim_send(s, 0, 1, 100);
	sim_run(s, 1000);
	ktap_ok(s->host[0].requests[0] == 1 && s->host[0].requests[1] == 1 &&
		!s->host[0].requests[2] && s->host[1].sends == 2,
		"one packet: one IKE_SA_INIT, one IKE_AUTH, nothing else");
	sim_child(s, 0, "lan1", &a);
	sim_child(s, 1, "lan1", &b);
	ktap_ok(both_up(s) && a.spi_in == b.spi_out && a.spi_out == b.spi_in,
		"psk: child up, SPIs mirrored");
	sim_ike(s, 0, &ia);
	sim_ike(s, 1, &ib);
	ktap_ok(ia.initiator && !ib.initiator && ia.spi_i == ib.spi_i &&
		ia.spi_r == ib.spi_r && ia.state == IKE_SA_UP &&
		ib.state == IKE_SA_UP, "psk: one IKE SA, the same at both ends");
	ktap_ok(s->host[1].k.cur[1] == b.spi_out,
		"responder's outbound SA is current after the proof packet");
	ktap_ok(a.suite.encr == IKE_ENCR_CHACHA20_POLY1305 &&
		a.suite.esn == IKE_ESN_YES && a.n_ts_local == 1 &&
		a.ts_local[0].start[1] == 1 && b.ts_remote[0].start[1] == 1,
		"suite, ESN and selectors as negotiated");
	done(s);
}

static void keys_of(struct sim_host *h, uint8_t seed, uint8_t public[32])
{
	uint8_t s[32];

	memset(s, seed, sizeof(s));
	ike_crypto_ed25519_keypair(s, public, h->conn.private_key);
	h->conn.local_auth = h->conn.remote_auth = IKE_AUTH_ED25519;
}

static void test_ed25519(void)
{
	struct sim *s = duo();

	ike_crypto_init();
	keys_of(&s->host[0], 1, s->host[1].conn.remote_public);
	keys_of(&s->host[1], 2, s->host[0].conn.remote_public);
	start_both(s);
	sim_send(s, 0, 1, 100);
	sim_run(s, 1000);
	ktap_ok(both_up(s), "ed25519: up");
	done(s);

	/* a valid signature of a key that is not the configured one (B14) */
	s = duo();
	keys_of(&s->host[0], 1, s->host[1].conn.remote_public);
	keys_of(&s->host[1], 2, s->host[0].conn.remote_public);
	s->host[1].conn.remote_public[0] ^= 1;
	start_both(s);
	sim_send(s, 0, 1, 100);
	sim_run(s, 20000);
	ktap_ok(!sim_count_sas(s, 0) && !sim_count_sas(s, 1) &&
		!s->host[0].notes[IKE_NTF_IKE_UP] &&
		!s->host[1].notes[IKE_NTF_IKE_UP],
		"ed25519: another key is refused");
	done(s);
}

/*
 *   A -- IKE_SA_INIT ---------> B
 *   A <-- N(COOKIE) ----------- B   keeps no state
 *   A -- N(COOKIE), as before > B
 */
static void test_cookie(void)
{
	struct sim *s = duo();

	s->host[1].ecfg.force_cookie = true;
	start_both(s);
	sim_send(s, 0, 1, 100);
	sim_run(s, 1000);
	ktap_ok(both_up(s) && s->host[0].requests[0] == 2,
		"cookie: asked for once, then up");
	done(s);

	/* asked for only after the request: the repetition is answered (B30) */
	s = duo();
	s->host[1].ecfg.cookie_threshold = 1;
	s->net.dup = 100;
	start_both(s);
	sim_send(s, 0, 1, 100);
	sim_run(s, 8000);
	ktap_ok(both_up(s), "cookie demanded between request and repetition");
	done(s);
}

static size_t init_message(uint8_t *buf, size_t size, uint64_t spi_i,
			   uint8_t flags, uint16_t notify, uint16_t group)
{
	struct ike_wire_hdr hdr = {
		.spi_i = spi_i, .exchange = IKE_WIRE_X_IKE_SA_INIT,
		.flags = flags,
	};
	uint8_t data[2] = { group >> 8, group };
	struct ike_build b;
	size_t len = 0;

	ike_build_begin(&b, buf, size, &hdr);
	ike_build_notify(&b, notify, data, 2);
	ike_build_finish(&b, &len);
	return len;
}

/* forged answers to IKE_SA_INIT, by somebody who saw the request */
struct forger {
	struct sim *s;
	uint16_t notify, group;
	unsigned int n;
};

static int forge(void *ctx, unsigned int from, const uint8_t *data, size_t len)
{
	struct forger *f = ctx;
	struct ike_wire_hdr hdr;
	struct ike_wire_err err;
	uint8_t buf[128];

	if (from || f->n || ike_wire_parse_hdr(data, len, &hdr, &err) ||
	    hdr.exchange != IKE_WIRE_X_IKE_SA_INIT)
		return 0;
	f->n++;
	len = init_message(buf, sizeof(buf), hdr.spi_i, IKE_WIRE_F_RESPONSE,
			   f->notify, f->group);
	sim_inject(f->s, 0, buf, len);
	return 0;
}

static void test_unprotected(void)
{
	static const struct {
		uint16_t notify, group;
		const char *what;
	} t[] = {
		{ IKE_WIRE_N_NO_PROPOSAL_CHOSEN, 0, "NO_PROPOSAL_CHOSEN" },
		{ IKE_WIRE_N_INVALID_KE_PAYLOAD, 14, "INVALID_KE_PAYLOAD(14)" },
		{ IKE_WIRE_N_INVALID_KE_PAYLOAD, 31, "INVALID_KE_PAYLOAD(31)" },
		{ IKE_WIRE_N_INVALID_SYNTAX, 0, "INVALID_SYNTAX" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct sim *s = duo();
		struct forger f = { s, t[i].notify, t[i].group, 0 };

		s->net.filter = forge;
		s->net.filter_ctx = &f;
		start_both(s);
		sim_send(s, 0, 1, 100);
		sim_run(s, 1000);
		ktap_ok(f.n == 1 && both_up(s),
			"a forged %s does not end the attempt", t[i].what);
		done(s);
	}
}

static unsigned int ke_group(const struct ike_wire_set *set)
{
	const struct ike_wire_notify *n =
		ike_wire_find_notify(set, IKE_WIRE_N_INVALID_KE_PAYLOAD);

	return n && n->data.len == 2 ? n->data.data[0] << 8 | n->data.data[1] :
				       0;
}

static int see_reply(void *ctx, unsigned int from, const uint8_t *data,
		     size_t len)
{
	struct ike_wire_hdr hdr;
	struct ike_wire_set set;
	struct ike_wire_err err;

	if (from == 1 && !ike_wire_parse(data, len, &hdr, &set, &err))
		*(unsigned int *)ctx = ke_group(&set);
	return 0;
}

/* A offers X25519 with a KE payload of another group: told which one to use */
static void test_invalid_ke(void)
{
	struct sim *s = duo();
	struct ike_wire_hdr hdr = {
		.spi_i = 1, .exchange = IKE_WIRE_X_IKE_SA_INIT,
		.flags = IKE_WIRE_F_INITIATOR,
	};
	uint8_t buf[512], junk[256] = { 1 };
	unsigned int group = 0;
	struct ike_build b;
	size_t len = 0;

	s->net.filter = see_reply;
	s->net.filter_ctx = &group;
	sim_start(s, 1);
	ike_build_begin(&b, buf, sizeof(buf), &hdr);
	ike_proposal_build_offer(&b, IKE_PROPOSAL_IKE, s->host[0].conn.suites,
				 1, 0, 0);
	ike_build_ke(&b, 14, junk, sizeof(junk));
	ike_build_nonce(&b, junk, 32);
	ike_build_finish(&b, &len);
	sim_inject(s, 1, buf, len);
	sim_run(s, 100);
	ktap_ok(group == IKE_KE_X25519 && !sim_count_sas(s, 1),
		"KE of another group: INVALID_KE_PAYLOAD names ours, no state");
	done(s);
}

/*
 *   A -- SK{IDi, AUTH ...} ---------------> B
 *   A <-- SK{N(AUTHENTICATION_FAILED)} ---- B
 */
static void test_wrong_psk(void)
{
	struct sim *s = duo();

	s->host[1].conn.psk[0] ^= 1;
	start_both(s);
	sim_send(s, 0, 1, 100);
	sim_run(s, 20000);
	ktap_ok(!sim_count_sas(s, 0) && !sim_count_sas(s, 1) &&
		!sim_kernel_count(&s->host[0].k, IKE_DIR_OUT) &&
		!sim_kernel_count(&s->host[1].k, IKE_DIR_OUT),
		"wrong psk: nothing is up, nothing is installed");
	ktap_ok(told(s, 1, IKE_NTF_FAILED, "authentication of gw-a.example"),
		"wrong psk: B says whose authentication failed");
	ktap_ok(told(s, 0, IKE_NTF_FAILED, "AUTHENTICATION_FAILED"),
		"wrong psk: A says that B refused");
	done(s);
}

static void test_wrong_identity(void)
{
	struct sim *s = duo();

	memcpy(s->host[0].conn.local_id.data, "gw-x", 4);
	start_both(s);
	sim_send(s, 0, 1, 100);
	sim_run(s, 20000);
	ktap_ok(!sim_count_sas(s, 1) &&
		told(s, 1, IKE_NTF_FAILED, "gw-x.example"),
		"unknown identity: refused and named");
	done(s);

	/* A does not say whom it expects, and takes who has the key */
	s = duo();
	memcpy(s->host[1].conn.local_id.data, "gw-y", 4);
	s->host[0].conn.remote_id.type = 0;
	start_both(s);
	sim_send(s, 0, 1, 100);
	sim_run(s, 1000);
	ktap_ok(both_up(s), "no identity configured: any that has the key");
	done(s);
}

/* IKE_AUTH without agreement on the child: the IKE SA stays, 1.2 */
static void test_child_refused(void)
{
	struct sim *s = duo();

	s->host[1].children[0].ts_local[0].start[1] = 77;
	s->host[1].children[0].ts_local[0].end[1] = 77;
	start_both(s);
	sim_send(s, 0, 1, 100);
	sim_run(s, 1000);
	ktap_ok(sim_count_sas(s, 0) == 1 && sim_count_sas(s, 1) == 1 &&
		!both_up(s), "selectors do not match: IKE SA up, child down");
	ktap_ok(told(s, 1, IKE_NTF_FAILED, "ours: ") &&
		strstr(s->host[1].last_text[IKE_NTF_FAILED], "10.77.") &&
		told(s, 0, IKE_NTF_FAILED, "TS_UNACCEPTABLE"),
		"selectors do not match: the cause names both sides");
	done(s);

	s = duo();
	s->host[1].children[0].suites[0].encr = IKE_ENCR_AES_GCM_16;
	s->host[1].children[0].suites[0].key_bits = 256;
	start_both(s);
	sim_send(s, 0, 1, 100);
	sim_run(s, 1000);
	ktap_ok(sim_count_sas(s, 0) == 1 &&
		told(s, 1, IKE_NTF_FAILED, "NO_PROPOSAL_CHOSEN") &&
		told(s, 0, IKE_NTF_FAILED, "NO_PROPOSAL_CHOSEN"),
		"ESP proposals do not match: IKE SA up, cause told");
	done(s);

	s = duo();
	s->host[1].conn.suites[0].prf = IKE_PRF_HMAC_SHA2_512;
	start_both(s);
	sim_send(s, 0, 1, 100);
	sim_run(s, 4000);
	ktap_ok(!sim_count_sas(s, 0) &&
		told(s, 1, IKE_NTF_FAILED, "proposals do not match") &&
		told(s, 0, IKE_NTF_FAILED, "NO_PROPOSAL_CHOSEN"),
		"IKE proposals do not match: told at both ends, soon");
	done(s);
}

/* narrower selectors at B: the child is the intersection, and so stays */
static void test_narrowing(void)
{
	struct sim *s = duo();
	struct ike_child_info a, b;

	s->host[1].children[0].ts_local[0].end[3] = 127;
	start_both(s);
	sim_send(s, 0, 1, 100);
	sim_run(s, 1000);
	sim_child(s, 0, "lan1", &a);
	ktap_ok(both_up(s) && a.ts_remote[0].end[3] == 127,
		"responder narrows the selectors");
	sim_command(s, 0, IKE_CMD_REKEY_CHILD, "lan1");
	sim_run(s, 1000);
	sim_child(s, 0, "lan1", &a);
	sim_child(s, 1, "lan1", &b);
	ktap_ok(a.rekeys == 1 && a.ts_remote[0].end[3] == 127 &&
		b.ts_local[0].end[3] == 127, "a rekey keeps them (K-11)");
	done(s);
}

/* what B's kernel has when B says yes; requirement D-30 */
struct witness {
	struct sim *s;
	unsigned int answers, early;
};

static int watch(void *ctx, unsigned int from, const uint8_t *data, size_t len)
{
	struct witness *w = ctx;
	unsigned int want = w->answers + 1;

	if (from != 1 || !(data[19] & IKE_WIRE_F_RESPONSE) ||
	    (data[18] != IKE_WIRE_X_IKE_AUTH &&
	     data[18] != IKE_WIRE_X_CREATE_CHILD_SA))
		return 0;
	w->answers++;
	if (sim_kernel_count(&w->s->host[1].k, IKE_DIR_IN) < want ||
	    sim_kernel_count(&w->s->host[1].k, IKE_DIR_OUT) < want)
		w->early++;
	return 0;
}

static void test_slow_kernel(void)
{
	struct sim *s = duo();
	struct witness w = { s, 0, 0 };

	s->net.kdelay_max = 300;
	s->net.filter = watch;
	s->net.filter_ctx = &w;
	start_both(s);
	sim_send(s, 0, 1, 100);
	sim_run(s, 3000);
	sim_command(s, 0, IKE_CMD_REKEY_CHILD, "lan1");
	sim_run(s, 3000);
	ktap_ok(w.answers == 2 && !w.early,
		"slow kernel: no answer before both SAs are installed");
	ktap_ok(sim_settle(s, 20000), "slow kernel: in order afterwards");
	done(s);
}

/* the k-th kernel request fails, at either end */
static void test_kernel_failure(void)
{
	unsigned int h, k, good = 0, n = 0;
	struct sim *s;

	for (h = 0; h < SIM_HOSTS; h++)
		for (k = 1; k <= 4; k++, n++) {
			s = duo();
			s->host[0].children[0].auto_negotiate = true;
			s->host[h].k.fail_at = k;
			start_both(s);
			sim_run(s, 8000);
			sim_command(s, 0, IKE_CMD_REKEY_CHILD, "lan1");
			good += sim_settle(s, 60000);
			if (s->error[0])
				ktap_note("request %u of %c: %s", k,
					  s->host[h].name, s->error);
			sim_free(s);
		}
	ktap_ok(good == n, "each kernel request failing once: up and tidy");
}

/* NAT before A: B sees another port than A hashed */
static void test_nat(void)
{
	struct sim *s = duo();
	struct ike_sa_info a, b;

	s->host[0].addr.port = 1024;
	start_both(s);
	sim_send(s, 0, 1, 100);
	sim_run(s, 1000);
	sim_ike(s, 0, &a);
	sim_ike(s, 1, &b);
	ktap_ok(both_up(s) && b.nat_remote && !b.nat_local && a.nat_local == 0,
		"NAT before A is seen by B");
	ktap_ok(told(s, 1, IKE_NTF_INFO, "UDP encapsulation"),
		"and what that means is told");
	done(s);
}

/* every message arrives twice: nothing happens twice */
static void test_duplicates(void)
{
	struct sim *s = duo();

	s->net.dup = 100;
	start_both(s);
	sim_send(s, 0, 1, 100);
	sim_run(s, 1000);
	sim_command(s, 0, IKE_CMD_REKEY_CHILD, "lan1");
	sim_run(s, 1000);
	sim_command(s, 1, IKE_CMD_REKEY_IKE, NULL);
	sim_run(s, 12000);
	ktap_ok(s->host[0].notes[IKE_NTF_CHILD_REKEYED] == 1 &&
		s->host[1].notes[IKE_NTF_CHILD_REKEYED] == 1 &&
		s->host[0].notes[IKE_NTF_IKE_REKEYED] == 1 &&
		sim_settle(s, 20000), "every message twice: everything once");
	done(s);
}

static void test_refused_config(void)
{
	struct sim *s = duo();
	struct ike_engine *e = ike_engine_new(&s->host[0].ecfg);
	struct ike_conn_cfg *c = &s->host[0].conn;

	s->host[0].children[0].auto_negotiate = true;
	c->remote.family = 0;
	ktap_ok(ike_engine_conn_add(e, 0, c) == -EINVAL,
		"auto-negotiate without the peer's address is refused (S-15)");
	s->host[0].children[0].auto_negotiate = false;
	ktap_ok(!ike_engine_conn_add(e, 0, c), "responder only is fine");
	ktap_ok(ike_input_command(e, 0, IKE_CMD_UP, "peer", NULL) ==
		-EADDRNOTAVAIL, "and cannot be told to start");
	ktap_ok(ike_input_command(e, 0, IKE_CMD_UP, "none", NULL) == -ENOENT &&
		ike_engine_conn_del(e, 0, "none") == -ENOENT,
		"unknown names are refused");
	ike_engine_free(e);
	done(s);
}

int main(void)
{
	ktap_begin();
	test_psk();
	test_ed25519();
	test_cookie();
	test_unprotected();
	test_invalid_ke();
	test_wrong_psk();
	test_wrong_identity();
	test_child_refused();
	test_narrowing();
	test_slow_kernel();
	test_kernel_failure();
	test_nat();
	test_duplicates();
	test_refused_config();
	return ktap_end();
}

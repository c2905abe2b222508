// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When tunnels come up, stay up and go down: requirements S-01 to S-07, S-13,
 * S-20 to S-25, D-02, D-06, D-07, D-26.
 */
#include <errno.h>
#include <string.h>

#include <linux/vtun.h>

#include "ike/conn.h"
#include "ike/sim/sim.h"
#include "ike/wire.h"
#include "ktap.h"

static struct sim *duo(void)
{
	struct sim *s = sim_new(23, NULL);

	sim_configure(s, 1);
	s->must_up = true;
	return s;
}

static struct ike_child_cfg *lan(struct sim *s, unsigned int h)
{
	return &s->host[h].children[0];
}

static enum ike_child_state state(struct sim *s, unsigned int h)
{
	struct ike_child_info c;

	sim_child(s, h, "lan1", &c);
	return c.state;
}

static bool both_up(struct sim *s)
{
	return state(s, 0) == IKE_CHILD_UP && state(s, 1) == IKE_CHILD_UP;
}

static void done(struct sim *s)
{
	if (s->error[0])
		ktap_note("%s", s->error);
	sim_free(s);
}

/* times of the first message of each attempt, by the initiator's SPI */
struct attempts {
	struct sim *s;
	uint64_t spi[64], at[64];
	unsigned int n;
};

static int note_attempt(void *ctx, unsigned int from, const uint8_t *data,
			size_t len)
{
	struct attempts *a = ctx;
	struct ike_wire_hdr hdr;
	struct ike_wire_err err;
	unsigned int i;

	if (from || ike_wire_parse_hdr(data, len, &hdr, &err) ||
	    hdr.exchange != IKE_WIRE_X_IKE_SA_INIT ||
	    !(hdr.flags & IKE_WIRE_F_INITIATOR))
		return 0;
	for (i = 0; i < a->n; i++)
		if (a->spi[i] == hdr.spi_i)
			return 0;
	if (a->n < 64) {
		a->spi[a->n] = hdr.spi_i;
		a->at[a->n++] = a->s->now;
	}
	return 0;
}

/* peer absent for 60 s: attempts at 0, 5, 10 …; then it appears */
static void test_cadence(void)
{
	struct sim *s = duo();
	struct attempts a = { .s = s };
	unsigned int i, off = 0;
	uint64_t start = s->now, t;

	lan(s, 0)->auto_negotiate = true;
	s->net.filter = note_attempt;
	s->net.filter_ctx = &a;
	sim_start(s, 0);
	sim_run(s, 59900);
	for (i = 0; i < a.n; i++) {
		t = a.at[i] - start;
		if (t < 5000 * i || t > 5000 * i + 500)
			off++;
	}
	ktap_ok(a.n == 12 && !off,
		"auto-negotiate: an attempt every 5 s, none off by 10 %% (S-06)");
	ktap_ok(strstr(s->host[0].last_text[IKE_NTF_FAILED], "no answer"),
		"  and the cause is told");
	sim_start(s, 1);
	sim_run(s, 5000);
	ktap_ok(both_up(s), "  peer appears: up within 5 s");
	done(s);
}

/* an hour without the peer: still on the grid */
static void test_no_drift(void)
{
	struct sim *s = duo();
	struct attempts a = { .s = s };
	uint64_t start = s->now, late;

	lan(s, 0)->auto_negotiate = true;
	sim_start(s, 0);
	sim_run(s, 3600000 - 100);
	s->net.filter = note_attempt;
	s->net.filter_ctx = &a;
	sim_run(s, 1000);
	late = a.n ? a.at[0] - start - 3600000 : 0;
	ktap_ok(a.n == 1 && late <= 500, "no drift after an hour, no give-up");
	done(s);
}

/* what may take the tunnel down, with auto-negotiate at A alone (S-07, D-02) */
enum loss { PEER_DOWN, PEER_CHILD_DOWN, PEER_REBOOT, CUT, PEER_OFF, N_LOSSES };

static void lose(struct sim *s, enum loss how)
{
	switch (how) {
	case PEER_DOWN:
		sim_command(s, 1, IKE_CMD_DOWN, NULL);
		break;
	case PEER_CHILD_DOWN:
		sim_command(s, 1, IKE_CMD_DOWN, "lan1");
		break;
	case PEER_REBOOT:
		sim_reboot(s, 1);
		break;
	case CUT:
		s->net.cut = true;
		sim_run(s, 90000);
		s->net.cut = false;
		break;
	case PEER_OFF:
		sim_crash(s, 1);
		memset(&s->host[1].k, 0, sizeof(s->host[1].k));
		sim_run(s, 60000);
		sim_start(s, 1);
		break;
	case N_LOSSES:
		break;
	}
}

static void test_after_loss(void)
{
	static const char * const what[] = {
		"peer closes the IKE SA", "peer closes the child",
		"peer reboots", "90 s without network", "peer off for 60 s",
	};
	unsigned int how, dpd_needed;
	struct sim *s;

	for (how = 0; how < N_LOSSES; how++) {
		s = duo();
		lan(s, 0)->auto_negotiate = true;
		s->host[0].conn.dpd_ms = 10000;
		sim_start(s, 0);
		sim_start(s, 1);
		sim_run(s, 30000);
		lose(s, how);
		/* a reboot is noticed by liveness: at most 11 s + 31.5 s */
		dpd_needed = how == PEER_REBOOT ? 42500 : 0;
		sim_run(s, dpd_needed + 5500);
		ktap_ok(both_up(s), "up again: %s", what[how]);
		done(s);
	}
}

/* expiry with and without traffic, keepalive, auto-negotiate */
static void expiry(bool traffic, bool keepalive, bool automatic,
		   const char *what)
{
	bool stays = traffic || keepalive || automatic;
	struct ike_child_info c;
	unsigned int h, asked;
	struct sim *s = duo();

	for (h = 0; h < SIM_HOSTS; h++) {
		lan(s, h)->life.time_ms = 60000;
		lan(s, h)->keepalive = keepalive;
		lan(s, h)->auto_negotiate = automatic;
		sim_start(s, h);
	}
	/* an idle one carries one packet only if that is what makes it busy */
	s->strict = stays;
	if (traffic)
		sim_traffic(s, 0, 1, 500);
	else if (!automatic)
		sim_command(s, 0, IKE_CMD_UP, NULL);
	sim_run(s, 45000);
	ktap_ok(both_up(s), "%s: up", what);
	asked = s->host[0].requests[2] + s->host[1].requests[2];
	sim_run(s, 140000);
	sim_child(s, 0, "lan1", &c);
	if (stays) {
		ktap_ok(both_up(s) && c.rekeys >= 2 && c.rekeys <= 4,
			"  after three lifetimes: up, %u rekeys", c.rekeys);
	} else {
		ktap_ok(c.state == IKE_CHILD_DOWN &&
			strstr(c.reason, "expired-idle") &&
			s->host[0].requests[2] + s->host[1].requests[2] ==
			asked,
			"  after three lifetimes: down (%s), nothing was negotiated",
			c.reason);
		sim_send(s, 0, 1, 100);
		sim_run(s, 1000);
		ktap_ok(both_up(s), "  traffic returns: up");
	}
	done(s);
}

/* keepalive does not bring up what never was (S-04) */
static void test_keepalive_alone(void)
{
	struct sim *s = duo();

	lan(s, 0)->keepalive = true;
	lan(s, 1)->keepalive = true;
	sim_start(s, 0);
	sim_start(s, 1);
	sim_run(s, 120000);
	ktap_ok(!s->host[0].sends && !s->host[1].sends,
		"keepalive alone starts nothing");
	done(s);
}

static void test_effective(void)
{
	struct ike_child_info a, b;
	struct sim *s = duo();

	lan(s, 0)->auto_negotiate = true;
	sim_start(s, 0);
	sim_start(s, 1);
	sim_child(s, 0, "lan1", &a);
	sim_child(s, 1, "lan1", &b);
	ktap_ok(a.cfg.keepalive && !b.cfg.keepalive && !b.cfg.auto_negotiate,
		"auto-negotiate implies keepalive, and shows it (S-12, S-13)");
	done(s);
}

/* volume limit, traffic at 200 packets a second: never the hard one */
static void test_volume(bool packets)
{
	struct sim *s = duo();
	struct ike_child_info c;
	unsigned int h;

	for (h = 0; h < SIM_HOSTS; h++) {
		if (packets)
			lan(s, h)->life.packets = 1000;
		else
			lan(s, h)->life.bytes = 100000;
		sim_start(s, h);
	}
	s->net.delay_min = s->net.delay_max = 50;
	sim_send(s, 0, 1, 100);
	sim_run(s, 1000);
	s->strict = true;
	sim_traffic(s, 0, 1, 5);
	sim_traffic(s, 1, 1, 7);
	sim_run(s, 60000);
	sim_child(s, 0, "lan1", &c);
	ktap_ok(!s->error[0] && c.rekeys >= 15 &&
		!s->host[0].notes[IKE_NTF_CHILD_DOWN] &&
		!s->host[0].esp_bad && !s->host[1].esp_bad,
		"%s limit: %u rekeys, none too late (S-23)",
		packets ? "packet" : "volume", c.rekeys);
	done(s);
}

/* lifetimes that do not match (S-31): nothing lost either way */
static void test_asymmetric(unsigned int shorter)
{
	struct sim *s = duo();
	struct ike_child_info c;

	lan(s, shorter)->life.time_ms = 20000;
	lan(s, !shorter)->life.time_ms = 300000;
	sim_start(s, 0);
	sim_start(s, 1);
	sim_send(s, 0, 1, 100);
	sim_run(s, 1000);
	s->strict = true;
	sim_traffic(s, 0, 1, 50);
	sim_traffic(s, 1, 1, 50);
	sim_run(s, 200000);
	sim_child(s, 0, "lan1", &c);
	ktap_ok(!s->error[0] && c.rekeys >= 10 && !s->host[0].esp_bad &&
		!s->host[1].esp_bad, "lifetime 20 s at %c, 300 s at the other",
		'A' + shorter);
	/* A made the first pair, so only A can be surprised */
	ktap_ok(!shorter || strstr(s->host[0].last_text[IKE_NTF_INFO],
				   "limits are lower"),
		"  and the other one is told why");
	done(s);
}

/* the IKE SA's own lifetime, with children on it */
static void test_ike_life(void)
{
	struct sim *s = duo();
	unsigned int h;

	for (h = 0; h < SIM_HOSTS; h++) {
		s->host[h].conn.life_ms = 30000;
		lan(s, h)->auto_negotiate = true;
		sim_start(s, h);
	}
	sim_run(s, 2000);
	s->strict = true;
	sim_run(s, 300000);
	ktap_ok(both_up(s) && s->host[0].notes[IKE_NTF_IKE_REKEYED] >= 9 &&
		s->host[0].notes[IKE_NTF_CHILD_UP] <= 2 &&
		sim_settle(s, 60000),
		"IKE SA rekeyed %u times, children not touched",
		s->host[0].notes[IKE_NTF_IKE_REKEYED]);
	done(s);
}

/* the peer vanishes: noticed within dpd + 10 % + retransmissions (D-26) */
static void test_liveness(void)
{
	struct sim *s = duo();
	uint64_t start;

	s->host[0].conn.dpd_ms = 5000;
	sim_start(s, 0);
	sim_start(s, 1);
	sim_send(s, 0, 1, 100);
	sim_run(s, 22000);
	ktap_ok(s->host[0].requests[3] >= 3 && s->host[0].requests[3] <= 5,
		"liveness asked every 5 s while idle");
	s->net.cut = true;
	start = s->now;
	while (!s->host[0].notes[IKE_NTF_IKE_DOWN] && s->now - start < 60000)
		sim_run(s, 100);
	ktap_ok(s->now - start <= 5500 + 31500 + 100,
		"dead peer noticed after %.1f s", (s->now - start) / 1000.0);
	ktap_ok(!sim_kernel_count(&s->host[0].k, IKE_DIR_OUT) ||
		state(s, 0) == IKE_CHILD_STARTING,
		"idle child: SAs deleted, the next packet asks again");
	done(s);
}

static uint64_t fixed(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407;
	return *state >> 11;
}

static void some_random(void *ctx, void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len--)
		*p++ = fixed(ctx);
}

static bool sane(uint64_t soft, uint64_t hard)
{
	return hard < 2 ? soft == hard : soft >= 1 && soft < hard;
}

/* any limit, any rate: soft below hard, the pair's creator first (D-07) */
static void test_limits(void)
{
	uint64_t seed = 5, bad = 0, i, late = 0;
	struct ike_engine e = { .now = 0 };
	struct ike_conn conn = { .e = &e };
	struct ike_child c = { .conn = &conn };
	struct ike_limits a, b;

	e.cfg.random = some_random;
	e.cfg.random_ctx = &seed;
	for (i = 0; i < 200000; i++) {
		unsigned int shift = fixed(&seed) % 64;

		c.cfg.life.time_ms = fixed(&seed) >> shift % 53;
		c.cfg.life.bytes = (fixed(&seed) << 11) >> shift;
		c.cfg.life.packets = fixed(&seed) >> fixed(&seed) % 53;
		c.rate = fixed(&seed) >> fixed(&seed) % 53;
		c.packet_rate = fixed(&seed) >> fixed(&seed) % 53;
		ike_child_limits(&c, true, &a);
		ike_child_limits(&c, false, &b);
		bad += !sane(a.soft_time_ms, c.cfg.life.time_ms) +
		       !sane(a.soft_bytes, c.cfg.life.bytes) +
		       !sane(a.soft_packets, c.cfg.life.packets) +
		       !sane(b.soft_time_ms, c.cfg.life.time_ms) +
		       !sane(b.soft_bytes, c.cfg.life.bytes) +
		       !sane(b.soft_packets, c.cfg.life.packets) +
		       (a.hard_time_ms != c.cfg.life.time_ms);
		if (c.cfg.life.time_ms > 100)
			late += a.soft_time_ms >= b.soft_time_ms;
		if (c.cfg.life.bytes > 100)
			late += a.soft_bytes >= b.soft_bytes;
	}
	ktap_ok(!bad, "200000 sets of limits: soft below hard");
	ktap_ok(!late, "  and the creator's soft limit comes first");
}

int main(void)
{
	ktap_begin();
	test_cadence();
	test_no_drift();
	test_after_loss();
	expiry(false, false, false, "idle (S-02)");
	expiry(true, false, false, "busy (S-03)");
	expiry(false, true, false, "idle, keepalive (S-04)");
	expiry(false, false, true, "idle, auto-negotiate (S-06)");
	test_keepalive_alone();
	test_effective();
	test_volume(false);
	test_volume(true);
	test_asymmetric(0);
	test_asymmetric(1);
	test_ike_life();
	test_liveness();
	test_limits();
	return ktap_end();
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rekeying and deleting between two engines: alone, at once from both ends,
 * with messages lost, across restarts. The simulator's checks run after every
 * step: an outbound SA the other end cannot decrypt fails the scenario.
 */
#include <errno.h>
#include <string.h>

#include "ike/sim/sim.h"
#include "ike/wire.h"
#include "ktap.h"

struct pairs {
	struct ike_child_info a, b;
	struct ike_sa_info ia, ib;
};

static void look(struct sim *s, struct pairs *p)
{
	sim_child(s, 0, "lan1", &p->a);
	sim_child(s, 1, "lan1", &p->b);
	sim_ike(s, 0, &p->ia);
	sim_ike(s, 1, &p->ib);
}

static bool both_up(struct sim *s)
{
	struct pairs p;

	look(s, &p);
	return p.a.state == IKE_CHILD_UP && p.b.state == IKE_CHILD_UP;
}

static struct sim *duo(bool pfs)
{
	struct sim *s = sim_new(11, NULL);

	sim_configure(s, 1);
	s->host[0].children[0].pfs = pfs;
	s->host[1].children[0].pfs = pfs;
	s->strict = true;
	s->must_up = true;
	return s;
}

static void begin(struct sim *s)
{
	sim_start(s, 1);
	sim_start(s, 0);
	sim_send(s, 0, 1, 100);
	sim_run(s, 500);
	sim_traffic(s, 0, 1, 5);
	sim_traffic(s, 1, 1, 5);
	sim_run(s, 500);
}

/* no packet met an SA that was not there */
static bool none_lost(struct sim *s)
{
	unsigned int bad = s->host[0].esp_bad + s->host[1].esp_bad;

	if (s->error[0])
		ktap_note("%s", s->error);
	if (bad)
		ktap_note("%u packets not decrypted", bad);
	return !s->error[0] && !bad && s->host[0].esp_ok > 100;
}

static void done(struct sim *s)
{
	sim_free(s);
}

/*
 *   A -- SK{N(REKEY_SA), SA, Ni, [KE], TS} --> B
 *   A <-- SK{SA, Nr, [KE], TS} --------------- B   new pair beside the old
 *   A ~~ ESP on the new SA ~~> B                   B switches
 *   A -- SK{D(old)} --> B, A <-- SK{D(old)} -- B
 */
static void test_child(unsigned int who, bool pfs)
{
	struct sim *s = duo(pfs);
	struct pairs before, after;

	begin(s);
	look(s, &before);
	sim_command(s, who, IKE_CMD_REKEY_CHILD, "lan1");
	sim_run(s, 1000);
	look(s, &after);
	ktap_ok(both_up(s) && after.a.spi_in != before.a.spi_in &&
		after.a.spi_out != before.a.spi_out &&
		after.a.spi_in == after.b.spi_out &&
		after.a.rekeys == 1 && after.b.rekeys == 1,
		"child rekey by %c%s", 'A' + who, pfs ? " with PFS" : "");
	ktap_ok(after.a.suite.ke == (pfs ? IKE_KE_X25519 : IKE_KE_NONE),
		"  KE payload %s", pfs ? "used" : "not used");
	sim_run(s, 6000);
	ktap_ok(sim_kernel_count(&s->host[0].k, IKE_DIR_IN) == 1 &&
		sim_kernel_count(&s->host[1].k, IKE_DIR_IN) == 1 &&
		none_lost(s), "  old SAs gone, no packet lost");
	done(s);
}

static void test_many(void)
{
	struct sim *s = duo(false);
	unsigned int i;

	begin(s);
	/* now and then the IKE SA is in the way, and the child waits */
	for (i = 0; i < 1500 && !s->error[0] &&
	     s->host[0].notes[IKE_NTF_CHILD_REKEYED] < 1000; i++) {
		sim_command(s, i & 1, IKE_CMD_REKEY_CHILD, "lan1");
		if (i % 50 == 49)
			sim_command(s, 0, IKE_CMD_REKEY_IKE, NULL);
		sim_run(s, 100);
	}
	ktap_ok(s->host[0].notes[IKE_NTF_CHILD_REKEYED] >= 1000 &&
		s->host[0].notes[IKE_NTF_IKE_REKEYED] >= 20,
		"1000 rekeys in a row");
	ktap_ok(none_lost(s) && sim_settle(s, 20000),
		"  nothing lost, nothing leaked");
	done(s);
}

/* B's proposals ask for a KE, A's do not: A tries again with one (S-26) */
static void test_wants_ke(void)
{
	struct sim *s = duo(false);
	struct pairs p;

	s->host[1].children[0].pfs = true;
	begin(s);
	sim_command(s, 0, IKE_CMD_REKEY_CHILD, "lan1");
	sim_run(s, 1000);
	look(s, &p);
	ktap_ok(p.a.rekeys == 1 && p.a.suite.ke == IKE_KE_X25519 &&
		none_lost(s), "peer insists on PFS: rekeyed with a KE");
	done(s);
}

/*
 *   A -- SK{SA, Ni, KE} --> B, A <-- SK{SA, Nr, KE} -- B
 *   A -- SK{D(IKE)} on the old one --> B
 */
static void test_ike(unsigned int who)
{
	struct sim *s = duo(false);
	struct pairs before, after;

	begin(s);
	look(s, &before);
	sim_command(s, who, IKE_CMD_REKEY_IKE, NULL);
	sim_run(s, 1000);
	look(s, &after);
	ktap_ok(after.ia.spi_i != before.ia.spi_i &&
		after.ia.spi_i == after.ib.spi_i &&
		after.ia.initiator == (who == 0) &&
		sim_count_sas(s, 0) == 1 && sim_count_sas(s, 1) == 1,
		"IKE SA rekey by %c", 'A' + who);
	ktap_ok(after.a.spi_in == before.a.spi_in &&
		after.b.spi_in == before.b.spi_in, "  children inherited");
	sim_command(s, !who, IKE_CMD_REKEY_CHILD, "lan1");
	sim_run(s, 1000);
	look(s, &after);
	ktap_ok(after.a.rekeys == 1 && none_lost(s),
		"  and rekeyed over the new one from the other end");
	done(s);
}

/*
 *   A -- rekey --> .   . <-- rekey -- B      both on their way at once
 *   A <-- yes ---- .   . --- yes ---> B
 *   the pair with the lowest nonce is deleted by its creator (2.8.1)
 */
static void test_both_child(void)
{
	unsigned int gap, good = 0, n = 0;
	struct sim *s;

	for (gap = 0; gap <= 60; gap += 2, n++) {
		s = duo(gap & 2);
		s->net.delay_min = s->net.delay_max = 20;
		begin(s);
		sim_command(s, 0, IKE_CMD_REKEY_CHILD, "lan1");
		sim_run(s, gap);
		sim_command(s, 1, IKE_CMD_REKEY_CHILD, "lan1");
		sim_run(s, 2000);
		good += none_lost(s) && sim_settle(s, 20000);
		done(s);
	}
	ktap_ok(good == n, "child rekeyed from both ends, 0 to 60 ms apart");
}

static void test_both_ike(void)
{
	unsigned int gap, good = 0, n = 0;
	struct sim *s;

	for (gap = 0; gap <= 60; gap += 2, n++) {
		s = duo(false);
		s->net.delay_min = s->net.delay_max = 20;
		begin(s);
		sim_command(s, 0, IKE_CMD_REKEY_IKE, NULL);
		sim_run(s, gap);
		sim_command(s, 1, IKE_CMD_REKEY_IKE, NULL);
		sim_run(s, 2000);
		good += none_lost(s) && sim_settle(s, 60000);
		done(s);
	}
	ktap_ok(good == n, "IKE SA rekeyed from both ends, 0 to 60 ms apart");
}

static void test_mixed(void)
{
	unsigned int gap, good = 0, n = 0;
	struct sim *s;

	for (gap = 0; gap <= 60; gap += 2, n++) {
		s = duo(false);
		s->net.delay_min = s->net.delay_max = 20;
		begin(s);
		sim_command(s, 0, IKE_CMD_REKEY_IKE, NULL);
		sim_run(s, gap);
		sim_command(s, 1, IKE_CMD_REKEY_CHILD, "lan1");
		sim_run(s, 5000);
		good += none_lost(s) && sim_settle(s, 20000) &&
			s->host[1].notes[IKE_NTF_CHILD_REKEYED] == 1;
		done(s);
	}
	ktap_ok(good == n, "IKE SA by A, child by B, 0 to 60 ms apart (2.25)");
}

/* both ends start together: one IKE SA and one pair remain (S-09, D-14) */
static void test_both_start(void)
{
	unsigned int gap, good = 0, n = 0;
	struct sim *s;

	for (gap = 0; gap <= 120; gap += 3, n++) {
		s = duo(false);
		s->host[0].children[0].auto_negotiate = true;
		s->host[1].children[0].auto_negotiate = true;
		s->net.delay_min = s->net.delay_max = 20;
		sim_start(s, 0);
		sim_run(s, gap);
		sim_start(s, 1);
		good += sim_settle(s, 20000);
		if (s->error[0])
			ktap_note("%u ms apart: %s", gap, s->error);
		done(s);
	}
	ktap_ok(good == n, "both ends start, 0 to 120 ms apart: one of each");
}

/* loses the first @times copies of the @k-th distinct datagram */
struct thief {
	unsigned int k, times, seen, taken;
	uint64_t sums[64];
};

static int steal(void *ctx, unsigned int from, const uint8_t *data, size_t len)
{
	struct thief *t = ctx;
	uint64_t sum = from;
	unsigned int i;

	for (i = 0; i < len; i++)
		sum = sum * 31 + data[i];
	for (i = 0; i < t->seen; i++)
		if (t->sums[i] == sum)
			break;
	if (i == t->seen && t->seen < 64)
		t->sums[t->seen++] = sum;
	return i + 1 == t->k && t->taken++ < t->times;
}

static void test_lost(enum ike_cmd_type cmd, unsigned int messages)
{
	unsigned int k, times, good = 0, n = 0;
	struct thief t;
	struct sim *s;

	for (k = 1; k <= messages; k++)
		for (times = 1; times <= 3; times++, n++) {
			s = duo(false);
			begin(s);
			memset(&t, 0, sizeof(t));
			t.k = k;
			t.times = times;
			s->net.filter = steal;
			s->net.filter_ctx = &t;
			sim_command(s, 0, cmd,
				    cmd == IKE_CMD_REKEY_CHILD ? "lan1" : NULL);
			sim_run(s, 30000);
			good += t.taken >= times && none_lost(s) &&
				sim_settle(s, 30000);
			done(s);
		}
	ktap_ok(good == n, "each message of %s lost 1 to 3 times",
		cmd == IKE_CMD_REKEY_CHILD ? "a child rekey" :
		"an IKE SA rekey");
}

/* A -- SK{D(ESP)} --> B, A <-- SK{D(ESP)} -- B; likewise D(IKE) */
static void test_delete(unsigned int who, const char *child)
{
	struct sim *s = duo(false);
	struct pairs p;

	begin(s);
	sim_traffic(s, 0, 1, 0);
	sim_traffic(s, 1, 1, 0);
	sim_run(s, 100);
	s->must_up = false;
	sim_command(s, who, IKE_CMD_DOWN, child);
	sim_run(s, 200);
	look(s, &p);
	ktap_ok(p.a.state == IKE_CHILD_DOWN && p.b.state == IKE_CHILD_DOWN &&
		sim_count_sas(s, 0) == !!child &&
		sim_count_sas(s, 1) == !!child,
		"%s deleted by %c", child ? "child" : "IKE SA", 'A' + who);
	ktap_ok(sim_settle(s, 30000) &&
		strstr(who ? p.a.reason : p.b.reason, "by peer") &&
		strstr(who ? p.b.reason : p.a.reason, "by command"),
		"  tidy, and each end says why");
	sim_send(s, 0, 1, 100);
	sim_run(s, 1000);
	ktap_ok(both_up(s), "  traffic brings it up again");
	done(s);
}

static void test_crossing_deletes(void)
{
	unsigned int gap, good = 0, n = 0, kind;
	struct sim *s;

	for (kind = 0; kind < 2; kind++)
		for (gap = 0; gap <= 60; gap += 4, n++) {
			s = duo(false);
			s->net.delay_min = s->net.delay_max = 20;
			begin(s);
			sim_traffic(s, 0, 1, 0);
			sim_traffic(s, 1, 1, 0);
			s->must_up = false;
			sim_command(s, 0, IKE_CMD_DOWN, kind ? "lan1" : NULL);
			sim_run(s, gap);
			sim_command(s, 1, IKE_CMD_DOWN, kind ? "lan1" : NULL);
			good += sim_settle(s, 30000) && !both_up(s);
			done(s);
		}
	ktap_ok(good == n, "deleted from both ends, 0 to 60 ms apart");
}

/* the daemon of A dies and comes back: nothing is lost */
static void test_crash(void)
{
	struct sim *s = duo(false);
	struct pairs p;

	begin(s);
	sim_crash(s, 0);
	sim_run(s, 10000);
	sim_restart(s, 0);
	sim_run(s, 1000);
	look(s, &p);
	ktap_ok(both_up(s) && p.ia.initiator,
		"daemon killed and started: a successor is up");
	ktap_ok(sim_settle(s, 60000) && none_lost(s),
		"  no packet lost, the adopted SAs are gone");
	done(s);
}

/* the whole machine A restarts, with INITIAL_CONTACT */
static void test_reboot(void)
{
	struct sim *s = duo(false);

	begin(s);
	sim_reboot(s, 0);
	sim_run(s, 1000);
	ktap_ok(both_up(s) && sim_count_sas(s, 1) == 1 &&
		strstr(s->host[1].last_text[IKE_NTF_IKE_DOWN],
		       "INITIAL_CONTACT"),
		"peer restarted: its traffic brings it up, the old SA is gone");
	ktap_ok(sim_settle(s, 60000), "  tidy");
	done(s);
}

int main(void)
{
	ktap_begin();
	test_child(0, false);
	test_child(1, false);
	test_child(0, true);
	test_child(1, true);
	test_many();
	test_wants_ke();
	test_ike(0);
	test_ike(1);
	test_both_child();
	test_both_ike();
	test_mixed();
	test_both_start();
	test_lost(IKE_CMD_REKEY_CHILD, 4);
	test_lost(IKE_CMD_REKEY_IKE, 4);
	test_delete(0, "lan1");
	test_delete(1, "lan1");
	test_delete(0, NULL);
	test_delete(1, NULL);
	test_crossing_deletes();
	test_crash();
	test_reboot();
	return ktap_end();
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One seed, one story: a configuration, a network, and a handful of things
 * that go on at awkward moments; then quiet, and everything must be in order.
 */
#include "sim.h"

#include <string.h>

#define REST_MS		240000	/* the longest any state may take to settle */

/* seeds that failed once; always run first */
const uint64_t sim_regressions[] = {
	11, 18, 71, 72, 221, 336, 344, 453, 942, 1153, 1376, 1480, 1492, 1494,
	2328, 2421, 3100, 3349, 3400, 3693, 3707, 3915, 3952, 4326, 4368, 4579,
	5847, 6406, 7003, 7703, 7786, 7831, 8378, 12569, 14127, 24131, 26898,
	34131, 42056, 42649, 49182, 55215, 57010, 57679, 203577, 203730,
	203931, 206726, 206943, 214505, 267,
};

const unsigned int sim_n_regressions =
	sizeof(sim_regressions) / sizeof(sim_regressions[0]);

enum deed {
	REKEY_CHILD, REKEY_IKE, REKEY_BOTH, REKEY_IKE_BOTH, REKEY_MIX,
	DOWN_UP, CRASH, REBOOT, CUT, CRASH_BOTH, N_DEEDS,
};

static void rekey_child(struct sim *s, uint64_t arg)
{
	sim_command(s, arg & 1, IKE_CMD_REKEY_CHILD, arg & 2 ? "lan2" : "lan1");
}

static void rekey_ike(struct sim *s, uint64_t arg)
{
	sim_command(s, arg & 1, IKE_CMD_REKEY_IKE, NULL);
}

static void down(struct sim *s, uint64_t arg)
{
	sim_command(s, arg & 1, IKE_CMD_DOWN, arg & 2 ? "lan1" : NULL);
}

static void up(struct sim *s, uint64_t arg)
{
	sim_command(s, arg & 1, IKE_CMD_UP, NULL);
}

static void crash(struct sim *s, uint64_t arg)
{
	sim_crash(s, arg & 1);
}

static void restart(struct sim *s, uint64_t arg)
{
	sim_restart(s, arg & 1);
}

static void reboot(struct sim *s, uint64_t arg)
{
	if (s->host[arg & 1].e)
		sim_reboot(s, arg & 1);
}

static void cut(struct sim *s, uint64_t arg)
{
	s->net.cut = arg;
}

static void start(struct sim *s, uint64_t arg)
{
	if (!s->host[arg].e)
		sim_start(s, arg);
}

static void pfs(struct sim *s, bool on)
{
	unsigned int h, c;

	for (h = 0; h < SIM_HOSTS; h++)
		for (c = 0; c < SIM_CHILDREN; c++)
			s->host[h].children[c].pfs = on;
}

/* lifetimes short enough to expire during the story, not equal at both ends */
static void lifetimes(struct sim *s, struct sim_rng *r)
{
	unsigned int h, c;

	for (h = 0; h < SIM_HOSTS; h++) {
		if (sim_rng_chance(r, 50))
			s->host[h].conn.life_ms = 20000 +
						  sim_rng_below(r, 100000);
		for (c = 0; c < SIM_CHILDREN; c++) {
			struct ike_life *l = &s->host[h].children[c].life;

			if (sim_rng_chance(r, 50))
				l->time_ms = 60000 + sim_rng_below(r, 120000);
			if (sim_rng_chance(r, 20))
				l->packets = 200 + sim_rng_below(r, 200);
		}
	}
}

static void network(struct sim *s, struct sim_rng *r)
{
	struct sim_net *n = &s->net;

	n->loss = sim_rng_below(r, 4) * 10;
	n->dup = sim_rng_below(r, 3) * 10;
	n->esp_loss = sim_rng_below(r, 3) * 10;
	n->delay_min = 1 + sim_rng_below(r, 20);
	n->delay_max = n->delay_min + sim_rng_below(r, 2) *
		       sim_rng_below(r, 300);
	n->kdelay_max = sim_rng_below(r, 2) * sim_rng_below(r, 50);
	n->max_losses = 2;
	/* a network too bad to promise anything but a good end */
	if (sim_rng_chance(r, 8)) {
		n->max_losses = 0;
		n->loss = 30 + sim_rng_below(r, 40);
	}
}

static void one_deed(struct sim *s, struct sim_rng *r, uint64_t at,
		     enum deed what)
{
	uint64_t who = sim_rng_below(r, 2), child = sim_rng_below(r, 2) * 2;
	/* both ends within a round trip, or at the same instant */
	uint64_t soon = at + sim_rng_below(r, 2) * sim_rng_below(r, 400);

	switch (what) {
	case REKEY_CHILD:
		sim_at(s, at, rekey_child, who | child);
		break;
	case REKEY_IKE:
		sim_at(s, at, rekey_ike, who);
		break;
	case REKEY_BOTH:
		sim_at(s, at, rekey_child, who | child);
		sim_at(s, soon, rekey_child, (who ^ 1) | child);
		break;
	case REKEY_IKE_BOTH:
		sim_at(s, at, rekey_ike, who);
		sim_at(s, soon, rekey_ike, who ^ 1);
		break;
	case REKEY_MIX:
		sim_at(s, at, rekey_ike, who);
		sim_at(s, soon, rekey_child, (who ^ 1) | child);
		sim_at(s, at + sim_rng_below(r, 400), rekey_child, who);
		break;
	case DOWN_UP:
		sim_at(s, at, down, who | child);
		sim_at(s, at + 1 + sim_rng_below(r, 3000), up, who);
		break;
	case CRASH:
		sim_at(s, at, crash, who);
		sim_at(s, at + 1 + sim_rng_below(r, 20000), restart, who);
		break;
	case REBOOT:
		sim_at(s, at, reboot, who);
		break;
	case CUT:
		/* beyond all retransmissions nothing can be promised */
		s->strict = false;
		sim_at(s, at, cut, 1);
		sim_at(s, at + 1 + sim_rng_below(r, 60000), cut, 0);
		break;
	case CRASH_BOTH:
		sim_at(s, at, crash, 0);
		sim_at(s, soon, crash, 1);
		sim_at(s, at + 1000 + sim_rng_below(r, 5000), restart, 0);
		sim_at(s, at + 1000 + sim_rng_below(r, 5000), restart, 1);
		break;
	case N_DEEDS:
		break;
	}
}

static void deeds(struct sim *s, struct sim_rng *r, uint64_t end)
{
	unsigned int n = 1 + sim_rng_below(r, 8);
	/* most stories are about rekeying alone */
	unsigned int kinds = sim_rng_chance(r, 60) ? DOWN_UP : N_DEEDS;
	uint64_t at;

	while (n--) {
		at = s->now + 3000 + sim_rng_below(r, end - s->now - 3000);
		one_deed(s, r, at, sim_rng_below(r, kinds));
	}
}

static void negotiation(struct sim *s, struct sim_rng *r)
{
	/* both keep it up, one does, or traffic brings it up */
	unsigned int who = sim_rng_below(r, 4), h, c;

	for (h = 0; h < SIM_HOSTS; h++)
		for (c = 0; c < SIM_CHILDREN; c++) {
			struct ike_child_cfg *cfg = &s->host[h].children[c];

			cfg->auto_negotiate = who == 0 || who == 1 + h;
			cfg->keepalive = sim_rng_chance(r, 50);
			cfg->on_demand = true;
		}
	s->must_up = who != 3;
	s->strict = who == 0 && s->net.max_losses;
	if (sim_rng_chance(r, 30))
		s->host[0].conn.dpd_ms = 5000;
	if (sim_rng_chance(r, 30))
		s->host[1].conn.dpd_ms = 7000;
	for (h = 0; h < SIM_HOSTS; h++)
		s->host[h].ecfg.force_cookie = sim_rng_chance(r, 20);
	if (sim_rng_chance(r, 15))
		s->host[sim_rng_below(r, 2)].k.fail_at =
			1 + sim_rng_below(r, 12);
}

static void traffic(struct sim *s, struct sim_rng *r)
{
	unsigned int h, c;

	for (h = 0; h < SIM_HOSTS; h++)
		for (c = 1; c <= s->n_children; c++)
			if (sim_rng_chance(r, 70))
				sim_traffic(s, h, c,
					    50 + sim_rng_below(r, 1000));
}

static void calm(struct sim *s)
{
	unsigned int h, c;

	s->net.loss = 0;
	s->net.dup = 0;
	s->net.esp_loss = 0;
	s->net.cut = false;
	for (h = 0; h < SIM_HOSTS; h++) {
		s->host[h].k.fail_at = 0;
		for (c = 1; c <= s->n_children; c++)
			sim_traffic(s, h, c, s->must_up &&
				    s->net.max_losses ? 0 : 700);
		if (!s->host[h].e)
			sim_restart(s, h);
		if (s->must_up)
			sim_command(s, h, IKE_CMD_UP, NULL);
	}
}

bool sim_schedule(uint64_t seed, FILE *trace, char *error, size_t size)
{
	struct sim *s = sim_new(seed * 2 + 1, trace);
	struct sim_rng r = { .state = seed };
	uint64_t end;
	bool ok;

	sim_configure(s, 1 + sim_rng_below(&r, 2));
	pfs(s, sim_rng_chance(&r, 30));
	network(s, &r);
	negotiation(s, &r);
	if (sim_rng_chance(&r, 40))
		lifetimes(s, &r);
	/* together, or one after the other */
	sim_start(s, 0);
	sim_at(s, s->now + sim_rng_below(&r, 2) * sim_rng_below(&r, 4000),
	       start, 1);
	traffic(s, &r);
	end = s->now + 10000 + sim_rng_below(&r, 50000);
	deeds(s, &r, end);
	ok = sim_run(s, end - s->now);
	if (ok) {
		calm(s);
		ok = sim_settle(s, REST_MS);
	}
	snprintf(error, size, "%s", s->error);
	sim_free(s);
	return ok;
}

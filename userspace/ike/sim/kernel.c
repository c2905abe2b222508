// SPDX-License-Identifier: GPL-2.0-or-later
/* The fake kernel: as much of kmod/ as an IKE daemon can see. */
#include "sim.h"

#include <errno.h>
#include <string.h>

#include <linux/vtun.h>

#define HOLD_MS		2000
#define LARVAL_MS	VTUN_SPI_RESERVE_MS

struct sim_sa *sim_kernel_find(struct sim_kernel *k, enum ike_dir dir,
			       uint32_t child, uint32_t spi)
{
	unsigned int i;

	for (i = 0; i < SIM_SAS; i++) {
		struct sim_sa *sa = &k->sas[i];

		if (sa->used && sa->dir == dir && sa->spi == spi &&
		    (dir == IKE_DIR_IN || sa->child == child))
			return sa;
	}
	return NULL;
}

static struct sim_sa *sa_new(struct sim_kernel *k)
{
	unsigned int i;

	for (i = 0; i < SIM_SAS; i++) {
		if (k->sas[i].used)
			continue;
		memset(&k->sas[i], 0, sizeof(k->sas[i]));
		k->sas[i].used = true;
		return &k->sas[i];
	}
	return NULL;
}

static void make_current(struct sim_host *h, struct sim_sa *sa, uint8_t why)
{
	struct sim_kernel *k = &h->k;
	struct sim_sa *old = sim_kernel_find(k, IKE_DIR_OUT, sa->child,
					     k->cur[sa->child]);
	struct ike_kevent ev = {
		.type = IKE_KEV_SWITCH, .kernel_child = sa->child,
		.dir = IKE_DIR_OUT, .spi = sa->spi, .cause = why,
	};

	if (old == sa && sa->state == SIM_SA_ACTIVE)
		return;
	if (old && old->state == SIM_SA_ACTIVE)
		old->state = SIM_SA_SUPERSEDED;
	sa->state = SIM_SA_ACTIVE;
	sa->deadline = 0;
	k->cur[sa->child] = sa->spi;
	k->acquired[sa->child] = 0;
	sim_post_kevent(h, &ev);
}

static int alloc_spi(struct sim_host *h, const struct ike_kreq *r,
		     struct ike_kresult *res)
{
	struct sim_sa *sa = sa_new(&h->k);
	uint32_t spi;

	if (!sa)
		return -ENOSPC;
	do {
		spi = sim_rng_next(&h->s->rng);
	} while (spi < VTUN_SPI_MIN ||
		 sim_kernel_find(&h->k, IKE_DIR_IN, 0, spi));
	sa->dir = IKE_DIR_IN;
	sa->state = SIM_SA_LARVAL;
	sa->child = r->kernel_child;
	sa->spi = spi;
	sa->installed = h->s->now;
	res->spi = spi;
	return 0;
}

static void fill(struct sim_sa *sa, const struct ike_ksa *from, uint64_t now)
{
	memcpy(sa->key, from->key, from->key_len);
	sa->key_len = from->key_len;
	sa->limits = from->limits;
	sa->installed = now;
}

static int install(struct sim_host *h, const struct ike_kreq *r)
{
	struct sim_kernel *k = &h->k;
	struct sim_sa *in, *out;

	in = sim_kernel_find(k, IKE_DIR_IN, 0, r->in.spi);
	if (!in || in->state != SIM_SA_LARVAL)
		return -EEXIST;
	if (sim_kernel_find(k, IKE_DIR_OUT, r->kernel_child, r->out.spi))
		return -EEXIST;
	out = sa_new(k);
	if (!out)
		return -ENOSPC;
	fill(in, &r->in, h->s->now);
	in->state = SIM_SA_ACTIVE;
	in->pair = r->out.spi;
	out->dir = IKE_DIR_OUT;
	out->spi = r->out.spi;
	out->child = r->kernel_child;
	out->pair = r->in.spi;
	out->state = SIM_SA_STANDBY;
	fill(out, &r->out, h->s->now);
	sim_check_key(h, &r->in, IKE_DIR_IN);
	sim_check_key(h, &r->out, IKE_DIR_OUT);
	if (r->kswitch == IKE_KSWITCH_NOW)
		make_current(h, out, VTUN_SWITCH_NOW);
	else if (r->deadline_ms)
		out->deadline = h->s->now + r->deadline_ms;
	if (r->prove)
		sim_post_esp(h, out, 0);
	return 0;
}

static int activate(struct sim_host *h, const struct ike_kreq *r)
{
	struct sim_sa *sa = sim_kernel_find(&h->k, IKE_DIR_OUT,
					    r->kernel_child, r->spi);

	if (!sa || sa->state == SIM_SA_EXPIRED)
		return -ENOENT;
	make_current(h, sa, VTUN_SWITCH_REQUEST);
	return 0;
}

static int delete(struct sim_host *h, const struct ike_kreq *r)
{
	struct sim_kernel *k = &h->k;
	struct sim_sa *sa = sim_kernel_find(k, r->dir, r->kernel_child,
					    r->spi);

	if (!sa)
		return -ENOENT;
	if (sa->dir == IKE_DIR_OUT && k->cur[sa->child] == sa->spi)
		k->cur[sa->child] = 0;
	sa->used = false;
	return 0;
}

static int query(struct sim_host *h, const struct ike_kreq *r,
		 struct ike_kresult *res)
{
	struct sim_sa *sa = sim_kernel_find(&h->k, r->dir, r->kernel_child,
					    r->spi);

	if (!sa)
		return -ENOENT;
	res->bytes = sa->bytes;
	res->packets = sa->packets;
	res->idle_ms = sa->packets ? h->s->now - sa->last_used : UINT64_MAX;
	return 0;
}

void sim_kernel_request(struct sim_host *h, const struct ike_kreq *r,
			struct ike_kresult *res)
{
	memset(res, 0, sizeof(*res));
	res->id = r->id;
	if ((r->type == IKE_KREQ_ALLOC_SPI || r->type == IKE_KREQ_INSTALL) &&
	    ++h->k.requests == h->k.fail_at) {
		res->err = -ENOMEM;
		/* the peer may believe in the pair until our Delete arrives */
		sim_excuse(h->s, r->kernel_child);
		strcpy(res->text, "injected failure");
		return;
	}
	switch (r->type) {
	case IKE_KREQ_ALLOC_SPI:
		res->err = alloc_spi(h, r, res);
		break;
	case IKE_KREQ_INSTALL:
		res->err = install(h, r);
		break;
	case IKE_KREQ_ACTIVATE:
		res->err = activate(h, r);
		break;
	case IKE_KREQ_DEL_SA:
		res->err = delete(h, r);
		break;
	case IKE_KREQ_QUERY_SA:
		res->err = query(h, r, res);
		break;
	}
}

static void expire(struct sim_host *h, struct sim_sa *sa, bool hard,
		   uint8_t cause)
{
	struct ike_kevent ev = {
		.type = IKE_KEV_EXPIRE, .kernel_child = sa->child,
		.dir = sa->dir, .spi = sa->spi, .hard = hard, .cause = cause,
	};
	struct sim_kernel *k = &h->k;
	unsigned int i;

	sim_post_kevent(h, &ev);
	if (!hard) {
		sa->soft_done = true;
		return;
	}
	sim_excuse(h->s, sa->child);
	sa->state = SIM_SA_EXPIRED;
	if (sa->dir != IKE_DIR_OUT || k->cur[sa->child] != sa->spi)
		return;
	k->cur[sa->child] = 0;
	for (i = 0; i < SIM_SAS; i++)
		if (k->sas[i].used && k->sas[i].dir == IKE_DIR_OUT &&
		    k->sas[i].child == sa->child &&
		    k->sas[i].state == SIM_SA_STANDBY) {
			make_current(h, &k->sas[i], VTUN_SWITCH_EXPIRED);
			return;
		}
}

static void charge(struct sim_host *h, struct sim_sa *sa, unsigned int bytes)
{
	const struct ike_limits *l = &sa->limits;

	sa->bytes += bytes;
	sa->packets++;
	sa->last_used = h->s->now;
	if (!sa->soft_done && l->soft_bytes && sa->bytes >= l->soft_bytes)
		expire(h, sa, false, VTUN_CAUSE_BYTES);
	if (!sa->soft_done && l->soft_packets &&
	    sa->packets >= l->soft_packets)
		expire(h, sa, false, VTUN_CAUSE_PACKETS);
	if (l->hard_bytes && sa->bytes >= l->hard_bytes)
		expire(h, sa, true, VTUN_CAUSE_BYTES);
	else if (l->hard_packets && sa->packets >= l->hard_packets)
		expire(h, sa, true, VTUN_CAUSE_PACKETS);
}

struct sim_sa *sim_kernel_output(struct sim_host *h, uint32_t child,
				 unsigned int bytes)
{
	struct sim_kernel *k = &h->k;
	struct sim_sa *sa = sim_kernel_find(k, IKE_DIR_OUT, child,
					    k->cur[child]);
	struct ike_kevent ev = {
		.type = IKE_KEV_ACQUIRE, .kernel_child = child,
	};

	if (sa && sa->state == SIM_SA_ACTIVE) {
		charge(h, sa, bytes);
		return sa;
	}
	if (h->children[child - 1].on_demand &&
	    (!k->acquired[child] ||
	     h->s->now - k->acquired[child] >= HOLD_MS)) {
		k->acquired[child] = h->s->now;
		sim_post_kevent(h, &ev);
	}
	return NULL;
}

bool sim_kernel_input(struct sim_host *h, uint32_t spi, const uint8_t *key,
		      unsigned int bytes)
{
	struct sim_sa *sa = sim_kernel_find(&h->k, IKE_DIR_IN, 0, spi), *out;

	if (!sa || sa->state != SIM_SA_ACTIVE ||
	    memcmp(sa->key, key, IKE_KEY_MAX))
		return false;
	charge(h, sa, bytes);
	out = sim_kernel_find(&h->k, IKE_DIR_OUT, sa->child, sa->pair);
	if (out && out->state == SIM_SA_STANDBY)
		make_current(h, out, VTUN_SWITCH_RX_PROOF);
	return true;
}

static uint64_t next_of(const struct sim_sa *sa)
{
	uint64_t at = UINT64_MAX;

	if (sa->state == SIM_SA_LARVAL)
		return sa->installed + LARVAL_MS;
	if (sa->state == SIM_SA_EXPIRED)
		return at;
	if (sa->state == SIM_SA_STANDBY && sa->deadline)
		at = sa->deadline;
	if (!sa->soft_done && sa->limits.soft_time_ms &&
	    sa->installed + sa->limits.soft_time_ms < at)
		at = sa->installed + sa->limits.soft_time_ms;
	if (sa->limits.hard_time_ms &&
	    sa->installed + sa->limits.hard_time_ms < at)
		at = sa->installed + sa->limits.hard_time_ms;
	return at;
}

uint64_t sim_kernel_next(const struct sim_kernel *k)
{
	uint64_t at = UINT64_MAX;
	unsigned int i;

	for (i = 0; i < SIM_SAS; i++)
		if (k->sas[i].used && next_of(&k->sas[i]) < at)
			at = next_of(&k->sas[i]);
	return at;
}

static void tick(struct sim_host *h, struct sim_sa *sa)
{
	uint64_t now = h->s->now, age = now - sa->installed;

	if (sa->state == SIM_SA_LARVAL) {
		sa->used = false;
		return;
	}
	if (sa->state == SIM_SA_STANDBY && sa->deadline &&
	    sa->deadline <= now)
		make_current(h, sa, VTUN_SWITCH_DEADLINE);
	if (!sa->soft_done && sa->limits.soft_time_ms &&
	    age >= sa->limits.soft_time_ms)
		expire(h, sa, false, VTUN_CAUSE_TIME);
	if (sa->limits.hard_time_ms && age >= sa->limits.hard_time_ms)
		expire(h, sa, true, VTUN_CAUSE_TIME);
}

void sim_kernel_tick(struct sim_host *h)
{
	unsigned int i;

	for (i = 0; i < SIM_SAS; i++)
		if (h->k.sas[i].used && next_of(&h->k.sas[i]) <= h->s->now)
			tick(h, &h->k.sas[i]);
}

unsigned int sim_kernel_count(const struct sim_kernel *k, enum ike_dir dir)
{
	unsigned int i, n = 0;

	for (i = 0; i < SIM_SAS; i++)
		n += k->sas[i].used && k->sas[i].dir == dir;
	return n;
}

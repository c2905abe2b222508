// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What must hold, whatever the seed.
 *
 * After every step:
 *   - a child that worked in both directions keeps working: the current
 *     outbound SA of each end is one the other end can decrypt right now. A
 *     command to go down, a reboot and a hard limit are excuses; so is the
 *     time before both ends were up for the first time.
 *   - proof of a new SA goes only to a peer that has it already (D-30);
 *   - a key serves one SA: once outbound, once inbound, under one SPI.
 * At rest: one IKE SA, one pair per child, the same ones at both ends, nothing
 * else in either kernel.
 */
#include "sim.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* how long a way down may take to reach the other end */
#define EXCUSE_MS	15000

struct sim_key {
	uint64_t key[2];
	uint32_t spi;
	unsigned int in, out;
};

void sim_fail(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	if (s->error[0])
		return;
	va_start(ap, fmt);
	vsnprintf(s->error, sizeof(s->error), fmt, ap);
	va_end(ap);
	sim_trace(s, "*** %s", s->error);
}

void sim_excuse(struct sim *s, uint32_t child)
{
	unsigned int i;

	for (i = 1; i <= SIM_CHILDREN; i++)
		if (!child || child == i) {
			s->up[i] = false;
			s->excused[i] = s->now + EXCUSE_MS;
		}
}

static const struct sim_sa *current(struct sim_host *h, uint32_t child)
{
	const struct sim_sa *sa;

	if (!h->k.cur[child])
		return NULL;
	sa = sim_kernel_find(&h->k, IKE_DIR_OUT, child, h->k.cur[child]);
	return sa && sa->state == SIM_SA_ACTIVE ? sa : NULL;
}

static bool decryptable(struct sim_host *h, const struct sim_sa *out)
{
	struct sim_host *peer = &h->s->host[!h->idx];
	const struct sim_sa *in = sim_kernel_find(&peer->k, IKE_DIR_IN, 0,
						  out->spi);

	return in && in->state == SIM_SA_ACTIVE &&
	       !memcmp(in->key, out->key, sizeof(in->key));
}

void sim_check(struct sim *s)
{
	const struct sim_sa *out;
	struct sim_host *h;
	unsigned int c, i;
	bool ok[SIM_HOSTS];

	for (c = 1; c <= s->n_children; c++) {
		for (i = 0; i < SIM_HOSTS; i++) {
			h = &s->host[i];
			out = current(h, c);
			ok[i] = out && decryptable(h, out);
			if (ok[i] || !s->up[c] || !s->strict)
				continue;
			if (out)
				sim_fail(s, "%c sends child %u on %08x, which the peer cannot decrypt",
					 h->name, c,
					 out->spi);
			else
				sim_fail(s, "%c has no outbound SA for child %u",
					 h->name, c);
		}
		if (ok[0] && ok[1] && s->now >= s->excused[c])
			s->up[c] = true;
	}
}

void sim_check_sent(struct sim_host *h, const struct sim_sa *sa)
{
	if (h->s->strict && h->s->up[sa->child] && !decryptable(h, sa))
		sim_fail(h->s, "%c sends ESP on %08x before the peer has it",
			 h->name, sa->spi);
}

void sim_check_key(struct sim_host *h, const struct ike_ksa *sa,
		   enum ike_dir dir)
{
	struct sim *s = h->s;
	struct sim_key *k;
	uint64_t key[2];
	unsigned int i;

	if (sa->key_len < sizeof(key)) {
		sim_fail(s, "key of %u octets", sa->key_len);
		return;
	}
	memcpy(key, sa->key, sizeof(key));
	for (i = 0; i < s->n_keys; i++)
		if (!memcmp(s->keys[i].key, key, sizeof(key)))
			break;
	if (i == s->n_keys) {
		if (s->n_keys == s->max_keys) {
			s->max_keys = s->max_keys ? 2 * s->max_keys : 64;
			s->keys = realloc(s->keys,
					  s->max_keys * sizeof(*s->keys));
			if (!s->keys)
				abort();
		}
		k = &s->keys[s->n_keys++];
		memset(k, 0, sizeof(*k));
		memcpy(k->key, key, sizeof(key));
		k->spi = sa->spi;
	}
	k = &s->keys[i];
	if (dir == IKE_DIR_IN)
		k->in++;
	else
		k->out++;
	if (k->spi != sa->spi || k->in > 1 || k->out > 1)
		sim_fail(s, "%c: the key of %08x serves a second SA (%08x)",
			 h->name, k->spi, sa->spi);
}

/* ---- looking into the engines ---- */

struct find {
	const char *name;
	unsigned int n;
	struct ike_sa_info *sa;
	struct ike_child_info *child;
};

static void see_sa(void *ctx, const struct ike_sa_info *info)
{
	struct find *f = ctx;

	/* one that only answers repetitions is over */
	if (info->state == IKE_SA_DELETING)
		return;
	f->n++;
	if (f->sa)
		*f->sa = *info;
}

static void see_child(void *ctx, const struct ike_child_info *info)
{
	struct find *f = ctx;

	if (strcmp(info->name, f->name))
		return;
	f->n++;
	*f->child = *info;
}

unsigned int sim_count_sas(struct sim *s, unsigned int host)
{
	struct find f = { .n = 0 };

	if (s->host[host].e)
		ike_engine_each_sa(s->host[host].e, s->now, see_sa, &f);
	return f.n;
}

bool sim_ike(struct sim *s, unsigned int host, struct ike_sa_info *info)
{
	struct find f = { .sa = info };

	memset(info, 0, sizeof(*info));
	if (s->host[host].e)
		ike_engine_each_sa(s->host[host].e, s->now, see_sa, &f);
	return f.n;
}

bool sim_child(struct sim *s, unsigned int host, const char *name,
	       struct ike_child_info *info)
{
	struct find f = { .name = name, .child = info };

	memset(info, 0, sizeof(*info));
	if (s->host[host].e)
		ike_engine_each_child(s->host[host].e, s->now, see_child, &f);
	return f.n;
}

static bool rest_ike(struct sim *s, bool any_child, char *why, size_t size)
{
	struct ike_sa_info a, b;
	unsigned int na = sim_count_sas(s, 0), nb = sim_count_sas(s, 1);

	if (na != nb || na > 1 || (any_child && !na)) {
		snprintf(why, size, "A has %u IKE SAs, B has %u", na, nb);
		return false;
	}
	if (!na)
		return true;
	sim_ike(s, 0, &a);
	sim_ike(s, 1, &b);
	if (a.state == IKE_SA_UP && b.state == IKE_SA_UP &&
	    a.spi_i == b.spi_i && a.spi_r == b.spi_r &&
	    a.initiator != b.initiator)
		return true;
	snprintf(why, size, "IKE SAs differ: A %s, B %s",
		 ike_sa_state_name(a.state), ike_sa_state_name(b.state));
	return false;
}

/* 1 up at both ends, 0 down at both ends, -1 neither */
static int rest_child(struct sim *s, unsigned int i, char *why, size_t size)
{
	struct ike_child_info a, b;
	const struct sim_sa *out;
	unsigned int h;
	char name[16];

	snprintf(name, sizeof(name), "lan%u", i);
	sim_child(s, 0, name, &a);
	sim_child(s, 1, name, &b);
	if (a.state == IKE_CHILD_DOWN && b.state == IKE_CHILD_DOWN &&
	    !a.n_pairs && !b.n_pairs)
		return 0;
	if (a.state != IKE_CHILD_UP || b.state != IKE_CHILD_UP ||
	    a.n_pairs != 1 || b.n_pairs != 1 || a.spi_in != b.spi_out ||
	    a.spi_out != b.spi_in) {
		snprintf(why, size, "child %u: A %s, %u pairs, %08x/%08x; "
			 "B %s, %u pairs, %08x/%08x", i,
			 ike_child_state_name(a.state), a.n_pairs, a.spi_in,
			 a.spi_out, ike_child_state_name(b.state), b.n_pairs,
			 b.spi_in, b.spi_out);
		return -1;
	}
	for (h = 0; h < SIM_HOSTS; h++) {
		out = current(&s->host[h], i);
		if (!out || out->spi != (h ? b.spi_out : a.spi_out) ||
		    !decryptable(&s->host[h], out)) {
			snprintf(why, size, "child %u: kernel of %c disagrees",
				 i, s->host[h].name);
			return -1;
		}
	}
	return 1;
}

bool sim_at_rest(struct sim *s, char *why, size_t size)
{
	unsigned int i, up = 0, h, in, out;
	int r;

	for (h = 0; h < SIM_HOSTS; h++) {
		if (s->host[h].e)
			continue;
		snprintf(why, size, "%c is not running", s->host[h].name);
		return false;
	}
	for (i = 1; i <= s->n_children; i++) {
		r = rest_child(s, i, why, size);
		if (r < 0)
			return false;
		if (!r && s->must_up) {
			snprintf(why, size, "child %u is down", i);
			return false;
		}
		up += r;
	}
	if (!rest_ike(s, up, why, size))
		return false;
	for (h = 0; h < SIM_HOSTS; h++) {
		in = sim_kernel_count(&s->host[h].k, IKE_DIR_IN);
		out = sim_kernel_count(&s->host[h].k, IKE_DIR_OUT);
		if (in == up && out == up)
			continue;
		snprintf(why, size, "kernel of %c has %u SAs in, %u out for %u children",
			 s->host[h].name, in, out, up);
		return false;
	}
	return true;
}

static void list_sas(struct sim *s)
{
	static const char * const states[] = {
		"larval", "standby", "active", "superseded", "expired",
	};
	const struct sim_sa *sa;
	unsigned int h, i;

	for (h = 0; h < SIM_HOSTS; h++)
		for (i = 0; i < SIM_SAS; i++) {
			sa = &s->host[h].k.sas[i];
			if (sa->used)
				sim_trace(s, "%c has %s %08x, child %u, %s",
					  s->host[h].name,
					  sa->dir == IKE_DIR_IN ? "in" : "out",
					  sa->spi, sa->child,
					  states[sa->state]);
		}
}

bool sim_settle(struct sim *s, uint64_t ms)
{
	uint64_t end = s->now + ms;
	char why[200] = "";

	while (sim_run(s, 100)) {
		if (sim_at_rest(s, why, sizeof(why)))
			return true;
		if (s->now >= end) {
			list_sas(s);
			sim_fail(s, "no rest after %llu s: %s",
				 (unsigned long long)(ms / 1000), why);
			return false;
		}
	}
	return false;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Pairs of ESP SAs and the kernel requests about them. */
#include "pair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "ikesa.h"

/* somebody waits for the result of kernel request @id */
struct kwait {
	struct ike_list node;
	uint64_t id;
	enum ike_kreq_type type;
	struct ike_pair *pair;
	void (*done)(struct ike_pair *p, const struct ike_kresult *res);
};

int ike_nonce_cmp(const struct ike_nonce *a, const struct ike_nonce *b)
{
	size_t n = a->len < b->len ? a->len : b->len;
	int diff = memcmp(a->data, b->data, n);

	return diff ? diff : (int)a->len - (int)b->len;
}

const struct ike_nonce *ike_nonce_min(const struct ike_nonce *a,
				      const struct ike_nonce *b)
{
	return ike_nonce_cmp(a, b) <= 0 ? a : b;
}

struct ike_pair *ike_pair_new(struct ike_child *c, struct ike_sa *sa,
			      bool ours)
{
	struct ike_pair *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->e = c->conn->e;
	p->child = c;
	p->kernel_child = c->cfg.kernel_id;
	p->sa = sa;
	p->ours = ours;
	ike_list_add_tail(&p->node, &c->pairs);
	return p;
}

static void pair_wait(struct ike_pair *p, const struct ike_kreq *r,
		      void (*done)(struct ike_pair *p,
				   const struct ike_kresult *res))
{
	struct kwait *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	w->id = r->id;
	w->type = r->type;
	w->pair = p;
	w->done = done;
	p->waits++;
	ike_list_add_tail(&w->node, &p->e->waits);
}

/*
 * Unlinks @p from everything. While a kernel request is pending the memory
 * stays as a zombie, so that the result can be undone when it comes.
 */
void ike_pair_free(struct ike_pair *p)
{
	struct ike_engine *e = p->e;

	if (p->child) {
		if (p->child->cur == p)
			p->child->cur = NULL;
		ike_sa_forget_pair(e, p);
		p->child = NULL;
		p->sa = NULL;
	}
	ike_list_del(&p->node);
	if (p->waits) {
		ike_list_add_tail(&p->node, &e->zombies);
		return;
	}
	free(p);
}

static void delete_sa(struct ike_pair *p, enum ike_dir dir, uint32_t spi)
{
	struct ike_kreq *r;

	if (!spi)
		return;
	r = ike_action_kernel(p->e, IKE_KREQ_DEL_SA, p->kernel_child);
	r->dir = dir;
	r->spi = spi;
}

void ike_pair_alloc(struct ike_pair *p,
		    void (*done)(struct ike_pair *p,
				 const struct ike_kresult *res))
{
	pair_wait(p, ike_action_kernel(p->e, IKE_KREQ_ALLOC_SPI,
				       p->kernel_child), done);
}

void ike_pair_install(struct ike_pair *p, const struct ike_pair_install *ins)
{
	struct ike_kreq *r = ike_action_kernel(p->e, IKE_KREQ_INSTALL,
					       p->kernel_child);
	const struct ike_child_keys *k = ins->keys;

	r->kswitch = ins->mode;
	r->prove = ins->prove;
	r->deadline_ms = ins->deadline_ms;
	ike_child_limits(p->child, p->ours, &p->limits);
	r->in.spi = p->spi_in;
	r->out.spi = p->spi_out;
	r->in.encr = r->out.encr = p->suite.encr;
	r->in.key_len = r->out.key_len = k->len;
	memcpy(r->in.key, p->ours ? k->r2i : k->i2r, k->len);
	memcpy(r->out.key, p->ours ? k->i2r : k->r2i, k->len);
	r->in.esn = r->out.esn = p->suite.esn == IKE_ESN_YES;
	r->in.replay_window = p->child->cfg.replay_window;
	r->in.limits = r->out.limits = p->limits;
	/* requests take effect in the order they are made, so it is now */
	if (ins->mode == IKE_KSWITCH_NOW)
		p->child->cur = p;
	pair_wait(p, r, ins->done);
}

static void query_done(struct ike_pair *p, const struct ike_kresult *res)
{
	p->queries--;
	if (!res->err && res->idle_ms != UINT64_MAX) {
		p->traffic += res->bytes;
		if (res->bytes && res->idle_ms < p->idle_ms)
			p->idle_ms = res->idle_ms;
	}
	if (!p->queries)
		ike_pair_asked(p);
}

/* dummy packets carry no octets: bytes tell traffic from proof of life */
void ike_pair_query(struct ike_pair *p)
{
	static const enum ike_dir dirs[] = { IKE_DIR_IN, IKE_DIR_OUT };
	struct ike_kreq *r;
	unsigned int i;

	if (p->queries)
		return;
	p->traffic = 0;
	p->idle_ms = UINT64_MAX;
	for (i = 0; i < 2; i++) {
		r = ike_action_kernel(p->e, IKE_KREQ_QUERY_SA,
				      p->kernel_child);
		r->dir = dirs[i];
		r->spi = dirs[i] == IKE_DIR_IN ? p->spi_in : p->spi_out;
		p->queries++;
		pair_wait(p, r, query_done);
	}
}

void ike_pair_activate(struct ike_pair *p)
{
	struct ike_kreq *r;

	if (p->child->cur == p)
		return;
	r = ike_action_kernel(p->e, IKE_KREQ_ACTIVATE, p->kernel_child);
	r->spi = p->spi_out;
	p->child->cur = p;
}

/* first what the peer has for certain, then what was negotiated last */
static bool better_heir(const struct ike_pair *p, const struct ike_pair *than)
{
	if (p->proven != than->proven)
		return p->proven;
	if (p->superseded != than->superseded)
		return !p->superseded;
	return ike_pair_loses(than, p);
}

static struct ike_pair *heir(const struct ike_pair *p)
{
	struct ike_pair *next, *best = NULL;

	ike_list_for_each(next, &p->child->pairs, node)
		if (next != p && next->state == IKE_PAIR_UP && !next->hard &&
		    !next->out_gone && (!best || better_heir(next, best)))
			best = next;
	return best;
}

/*
 * Before an outbound SA goes another one is made current. That may be so
 * already, but a switch by the kernel is known here only when its event
 * arrives, so nothing is left to belief; activating the current SA is harmless.
 */
static void hand_over(struct ike_pair *p)
{
	struct ike_child *c = p->child;
	struct ike_pair *to = c->cur;

	if (!to || to == p || to->state != IKE_PAIR_UP || to->hard ||
	    to->out_gone)
		to = heir(p);
	c->cur = NULL;
	if (to)
		ike_pair_activate(to);
}

/*
 * From here on nothing is sent on @p. Were a standby SA left alone until the
 * peer has answered our Delete, its deadline could make it current.
 */
void ike_pair_stop(struct ike_pair *p)
{
	if (p->out_gone)
		return;
	hand_over(p);
	delete_sa(p, IKE_DIR_OUT, p->spi_out);
	p->out_gone = true;
}

void ike_pair_retire(struct ike_pair *p)
{
	if (p->state == IKE_PAIR_NEW) {
		ike_pair_drop(p);
		return;
	}
	if (p->state == IKE_PAIR_GONE)
		return;
	ike_pair_stop(p);
	p->state = IKE_PAIR_GONE;
	p->gone_at = p->e->now + p->e->cfg.rekey_grace_ms;
	p->e->again = true;
}

void ike_pair_drop(struct ike_pair *p)
{
	switch (p->state) {
	case IKE_PAIR_NEW:
		if (p->child->cur == p)
			hand_over(p);
		/* a larval SPI; with a request pending ike_pair_input() acts */
		if (!p->waits)
			delete_sa(p, IKE_DIR_IN, p->spi_in);
		break;
	case IKE_PAIR_UP:
	case IKE_PAIR_CLOSING:
		ike_pair_stop(p);
		delete_sa(p, IKE_DIR_IN, p->spi_in);
		break;
	case IKE_PAIR_GONE:
		delete_sa(p, IKE_DIR_IN, p->spi_in);
		break;
	}
	p->e->again = true;
	ike_pair_free(p);
}

void ike_pair_close(struct ike_pair *p)
{
	p->e->again = true;
	if (!p->sa || p->state == IKE_PAIR_NEW) {
		ike_pair_drop(p);
	} else if (p->state == IKE_PAIR_UP) {
		p->state = IKE_PAIR_CLOSING;
		ike_pair_stop(p);
	}
}

void ike_pair_up(struct ike_pair *p)
{
	p->state = IKE_PAIR_UP;
	p->up_at = p->e->now;
	p->proven = p->ours;
	p->child->want = false;
	p->child->reason[0] = '\0';
	p->e->again = true;
}

/* the kernel did what nobody wants any more: undo it */
static void zombie_done(struct ike_pair *p, enum ike_kreq_type type,
			const struct ike_kresult *res)
{
	if (type == IKE_KREQ_ALLOC_SPI && !res->err) {
		delete_sa(p, IKE_DIR_IN, res->spi);
	} else if (type == IKE_KREQ_INSTALL) {
		if (!res->err)
			delete_sa(p, IKE_DIR_OUT, p->spi_out);
		delete_sa(p, IKE_DIR_IN, p->spi_in);
	}
}

void ike_pair_input(struct ike_engine *e, const struct ike_kresult *res)
{
	struct ike_pair *p;
	struct kwait *w;

	ike_list_for_each(w, &e->waits, node)
		if (w->id == res->id)
			goto found;
	return;
found:
	ike_list_del(&w->node);
	p = w->pair;
	p->waits--;
	e->again = true;
	if (p->child) {
		w->done(p, res);	/* may free @p */
	} else {
		zombie_done(p, w->type, res);
		if (!p->waits)
			ike_pair_free(p);
	}
	free(w);
}

void ike_pair_free_waits(struct ike_engine *e)
{
	struct ike_pair *p, *tp;
	struct kwait *w, *tw;

	ike_list_for_each_safe(w, tw, &e->waits, node) {
		w->pair->waits--;
		free(w);
	}
	ike_list_init(&e->waits);
	ike_list_for_each_safe(p, tp, &e->zombies, node)
		ike_pair_free(p);
}

struct ike_pair *ike_pair_by_spi(const struct ike_child *c, enum ike_dir dir,
				 uint32_t spi)
{
	struct ike_pair *p;

	ike_list_for_each(p, &c->pairs, node)
		if (p->state != IKE_PAIR_GONE && p->state != IKE_PAIR_NEW &&
		    (dir == IKE_DIR_IN ? p->spi_in : p->spi_out) == spi)
			return p;
	return NULL;
}

struct ike_pair *ike_pair_by_out(const struct ike_conn *c, uint32_t spi)
{
	struct ike_child *child;
	struct ike_pair *p;

	ike_list_for_each(child, &c->children, node) {
		p = ike_pair_by_spi(child, IKE_DIR_OUT, spi);
		if (p)
			return p;
	}
	return NULL;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* The engine: inputs, and which object each one is for. */
#include "exch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/vtun.h>

struct ike_engine *ike_engine_new(const struct ike_engine_cfg *cfg)
{
	struct ike_engine *e;

	if (!cfg->random || ike_crypto_init())
		return NULL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->cfg = *cfg;
	if (!e->cfg.retransmit_tries)
		e->cfg.retransmit_tries = 6;
	if (!e->cfg.retransmit_ms)
		e->cfg.retransmit_ms = 500;
	if (!e->cfg.cookie_threshold)
		e->cfg.cookie_threshold = 32;
	if (!e->cfg.rekey_grace_ms)
		e->cfg.rekey_grace_ms = 5000;
	ike_list_init(&e->conns);
	ike_list_init(&e->sas);
	ike_list_init(&e->zombies);
	ike_list_init(&e->waits);
	e->last = &e->first;
	e->next = UINT64_MAX;
	return e;
}

/* says nothing to anybody: the kernel keeps what it has */
void ike_engine_free(struct ike_engine *e)
{
	struct ike_action *a;

	if (!e)
		return;
	while (!ike_list_empty(&e->sas))
		ike_sa_free(ike_list_entry(e->sas.next, struct ike_sa, node));
	ike_conn_free_all(e);
	ike_pair_free_waits(e);
	while ((a = ike_engine_action(e)))
		ike_action_free(a);
	ike_crypto_wipe(e, sizeof(*e));
	free(e);
}

void ike_engine_random(struct ike_engine *e, void *buf, size_t len)
{
	e->cfg.random(e->cfg.random_ctx, buf, len);
}

uint64_t ike_engine_random_below(struct ike_engine *e, uint64_t n)
{
	uint64_t v;

	if (n < 2)
		return 0;
	/* the bias of a remainder does not matter for jitter */
	ike_engine_random(e, &v, sizeof(v));
	return v % n;
}

void ike_engine_timer_at(struct ike_engine *e, uint64_t at)
{
	if (at < e->next)
		e->next = at;
}

uint64_t ike_engine_next_timer(const struct ike_engine *e)
{
	return e->next;
}

void ike_input_timer(struct ike_engine *e, uint64_t now)
{
	e->now = now;
	ike_desire_run(e);
}

/* ---- datagrams ---- */

static struct ike_sa *find_sa(struct ike_engine *e,
			      const struct ike_wire_hdr *hdr)
{
	struct ike_sa *sa;

	ike_list_for_each(sa, &e->sas, node)
		if (sa->spi_i == hdr->spi_i && sa->spi_r == hdr->spi_r)
			return sa;
	return NULL;
}

static struct ike_sa *find_attempt(struct ike_engine *e,
				   const struct ike_wire_hdr *hdr)
{
	struct ike_sa *sa;

	ike_list_for_each(sa, &e->sas, node)
		if (sa->initiator && sa->state == IKE_SA_INIT_SENT &&
		    sa->spi_i == hdr->spi_i)
			return sa;
	return NULL;
}

static void init_datagram(struct ike_engine *e, struct ike_in *in)
{
	bool response = in->hdr->flags & IKE_WIRE_F_RESPONSE;
	struct ike_wire_hdr hdr;
	struct ike_wire_set set;
	struct ike_wire_err err;
	struct ike_in parsed = *in;
	struct ike_sa *sa;

	if (ike_wire_parse(in->data, in->len, &hdr, &set, &err))
		return;
	parsed.hdr = &hdr;
	parsed.set = &set;
	if (!response) {
		ike_init_request(e, &parsed);
		return;
	}
	if (hdr.flags & IKE_WIRE_F_INITIATOR)
		return;
	sa = find_attempt(e, &hdr);
	if (sa)
		ike_init_response(sa, &parsed);
}

/*
 * "I do not know this SA", said by anybody (RFC 7296 1.5): only a hint. It
 * ends what was closing anyway, and makes us ask the peer where it matters.
 */
static bool unknown_there(struct ike_sa *sa, const struct ike_in *in)
{
	struct ike_wire_hdr hdr;
	struct ike_wire_set set;
	struct ike_wire_err err;

	if (!(in->hdr->flags & IKE_WIRE_F_RESPONSE) ||
	    ike_wire_parse(in->data, in->len, &hdr, &set, &err) ||
	    set.sk.data ||
	    !ike_wire_find_notify(&set, IKE_WIRE_N_INVALID_IKE_SPI))
		return false;
	switch (sa->state) {
	case IKE_SA_DELETING:
		if (sa->own.kind == IKE_EXCH_DELETE_IKE)
			ike_sa_finish(sa, false);
		break;
	case IKE_SA_AUTH_SENT:
		sa->hinted = true;
		break;
	case IKE_SA_UP:
		if (sa->own.kind == IKE_EXCH_NONE)
			sa->check = true;
		break;
	default:
		break;
	}
	return true;
}

static void sa_datagram(struct ike_engine *e, struct ike_in *in)
{
	struct ike_sa *sa = find_sa(e, in->hdr);

	if (!sa) {
		if (!(in->hdr->flags & IKE_WIRE_F_RESPONSE))
			ike_init_stray(e, in);
		return;
	}
	if (!sa->spi_r || unknown_there(sa, in))
		return;
	ike_window_input(sa, in->local, in->remote, in->data, in->len);
}

void ike_input_datagram(struct ike_engine *e, uint64_t now,
			const struct ike_addr *local,
			const struct ike_addr *remote,
			const uint8_t *data, size_t len)
{
	struct ike_wire_hdr hdr;
	struct ike_wire_err err;
	struct ike_in in = {
		.hdr = &hdr, .data = data, .len = len,
		.local = local, .remote = remote,
	};

	e->now = now;
	if (!ike_wire_parse_hdr(data, len, &hdr, &err)) {
		if (hdr.exchange == IKE_WIRE_X_IKE_SA_INIT)
			init_datagram(e, &in);
		else
			sa_datagram(e, &in);
	} else if (err.notify == IKE_WIRE_N_INVALID_MAJOR_VERSION &&
		   !(hdr.flags & IKE_WIRE_F_RESPONSE)) {
		ike_init_version(e, &in);
	}
	ike_desire_run(e);
}

/* ---- the kernel ---- */

void ike_input_kernel(struct ike_engine *e, uint64_t now,
		      const struct ike_kresult *res)
{
	e->now = now;
	ike_pair_input(e, res);
	ike_desire_run(e);
}

static void acquire(struct ike_child *c)
{
	struct ike_about about = { .child = c };
	struct ike_pair *live = ike_child_live(c);

	if (live) {
		/* on standby, and packets are waiting: the peer answered */
		if (!c->cur && live->proven)
			ike_pair_activate(live);
		return;
	}
	if (!c->conn->cfg.remote.family) {
		ike_action_notify(c->conn->e, IKE_NTF_INFO, &about,
				  "traffic wants this child, but the peer's address is not known: it has to start");
		return;
	}
	if (!c->want)
		ike_action_notify(c->conn->e, IKE_NTF_INFO, &about,
				  "traffic wants this child");
	c->want = true;
	c->held = false;
	c->conn->poked = true;
}

void ike_input_kevent(struct ike_engine *e, uint64_t now,
		      const struct ike_kevent *ev)
{
	struct ike_child *c = ike_conn_kernel_child(e, ev->kernel_child);
	struct ike_pair *p;

	e->now = now;
	if (!c)
		return;
	switch (ev->type) {
	case IKE_KEV_ACQUIRE:
		acquire(c);
		break;
	case IKE_KEV_EXPIRE:
		p = ike_pair_by_spi(c, ev->dir, ev->spi);
		if (p)
			ike_pair_expire(p, ev);
		break;
	case IKE_KEV_SWITCH:
		ike_pair_switched(c, ev);
		break;
	}
	ike_desire_run(e);
}

int ike_engine_adopt(struct ike_engine *e, uint64_t now, uint32_t kernel_child,
		     uint32_t spi_in, uint32_t spi_out)
{
	struct ike_child *c = ike_conn_kernel_child(e, kernel_child);
	struct ike_about about = { .child = c };
	struct ike_pair *p;

	if (!c)
		return -ENOENT;
	if (ike_pair_by_spi(c, IKE_DIR_IN, spi_in))
		return -EEXIST;
	e->now = now;
	p = ike_pair_new(c, NULL, false);
	p->spi_in = spi_in;
	p->spi_out = spi_out;
	p->state = IKE_PAIR_UP;
	p->up_at = now;
	p->adopted = true;
	p->out_gone = !spi_out;
	if (!c->cur && spi_out)
		c->cur = p;
	about.pair = p;
	ike_action_notify(e, IKE_NTF_INFO, &about,
			  "SAs of an earlier run adopted, negotiating their successor");
	ike_desire_run(e);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CREATE_CHILD_SA for the IKE SA itself, RFC 7296 1.3.2, 2.8.2, 2.18.
 *
 *      initiator                              responder
 *      | -- SK{ SA (new SPI), Ni, KE } --------> |
 *      | <-- SK{ SA (new SPI), Nr, KE } -------- |  children move
 *   children move
 *      | -- SK{ D(IKE) } on the old SA --------> |
 *      | <---------------------------- SK{ } --- |
 *
 * The kernel is not asked: no ESP key changes.
 */
#include "exch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RETRY_MIN_MS	300
#define RETRY_SPREAD_MS	1200

/* IKE SAs an authenticated peer can make us keep: alive, with closed ones */
#define SAS_MAX		16
#define SAS_CLOSED_MAX	256

void ike_rekey_start(struct ike_sa *sa)
{
	const struct ike_conn_cfg *cfg = &sa->conn->cfg;
	struct ike_exch *x = &sa->own;
	struct ike_msg m;

	ike_exch_begin(sa, IKE_EXCH_REKEY_IKE);
	do {
		ike_engine_random(sa->e, &x->new_spi, sizeof(x->new_spi));
	} while (!x->new_spi);
	ike_exch_nonce(sa->e, &x->ni);
	if (ike_exch_ephemeral(sa, x, cfg->suites[0].ke))
		goto err_end;
	ike_msg_request(&m, sa, IKE_WIRE_X_CREATE_CHILD_SA);
	ike_proposal_build_offer(&m.b, IKE_PROPOSAL_IKE, cfg->suites,
				 cfg->n_suites, x->new_spi, 8);
	ike_build_nonce(&m.b, x->ni.data, x->ni.len);
	ike_build_ke(&m.b, x->group, x->public, sizeof(x->public));
	if (!ike_msg_send_request(&m, sa))
		return;
err_end:
	ike_exch_end(x);
	sa->rekey_at = sa->e->now + cfg->retry_ms;
}

/*
 * The successor of @sa. In @x initiator means who started this exchange, and
 * he is the new SA's initiator from now on (2.18).
 */
static struct ike_sa *make_new(struct ike_sa *sa, struct ike_exch *x,
			       bool initiator, struct ike_wire_view ke)
{
	struct ike_sa *new = ike_sa_new(sa->e, sa->conn, initiator);
	struct ike_keymat_in km = {
		.ni = { x->ni.data, x->ni.len },
		.nr = { x->nr.data, x->nr.len },
		.g_ir = { x->shared, sizeof(x->shared) },
	};

	if (initiator) {
		new->spi_i = x->new_spi;
		new->spi_r = x->choice.spi;
	} else {
		new->spi_i = x->choice.spi;
	}
	km.spi_i = new->spi_i;
	km.spi_r = new->spi_r;
	new->suite = x->choice.suite;
	new->ni = x->ni;
	new->nr = x->nr;
	new->local = sa->local;
	new->remote = sa->remote;
	new->remote_id = sa->remote_id;
	new->nat_local = sa->nat_local;
	new->nat_remote = sa->nat_remote;
	if (ke.len != IKE_CRYPTO_X25519_LEN ||
	    ike_crypto_x25519_shared(x->secret, ke.data, x->shared) ||
	    ike_keymat_rekey(&sa->keys, &new->suite, &km, &new->keys) ||
	    ike_sa_set_keys(new)) {
		ike_sa_free(new);
		return NULL;
	}
	new->old = sa;
	new->line = sa->line;
	new->gen = sa->gen + 1;
	return new;
}

static void replaced(struct ike_sa *sa, struct ike_sa *new)
{
	sa->superseded = true;
	sa->state = IKE_SA_REKEYED;
	ike_sa_up(new, "rekeyed");
}

static void refused(struct ike_sa *sa, const char *text)
{
	struct ike_about about = { .sa = sa };

	ike_exch_end(&sa->own);
	sa->rekey_at = sa->e->now + sa->conn->cfg.retry_ms;
	if (!sa->superseded)
		ike_action_notify(sa->e, IKE_NTF_FAILED, &about,
				  "cannot rekey the IKE SA: %s", text);
}

void ike_rekey_response(struct ike_sa *sa, const struct ike_in *in)
{
	const struct ike_conn_cfg *cfg = &sa->conn->cfg;
	const struct ike_wire_notify *n = ike_exch_error(in->set);
	struct ike_proposal_list list;
	struct ike_exch *x = &sa->own;
	struct ike_wire_err err;
	struct ike_sa *new;

	if (n && n->type == IKE_WIRE_N_TEMPORARY_FAILURE) {
		ike_exch_end(x);
		sa->rekey_at = sa->e->now + RETRY_MIN_MS +
			       ike_engine_random_below(sa->e, RETRY_SPREAD_MS);
		return;
	}
	if (n) {
		refused(sa, ike_wire_notify_name(n->type));
		return;
	}
	if (!in->set->sa.data || !in->set->ke.data ||
	    ike_exch_set_nonce(&x->nr, in->set->nonce) ||
	    ike_proposal_parse(in->set->sa, &list, &err) ||
	    ike_proposal_verify(IKE_PROPOSAL_IKE, &list, cfg->suites,
				cfg->n_suites, 8, &x->choice, &err) ||
	    in->set->ke_group != x->group || !x->choice.spi) {
		refused(sa, "peer's answer is not usable");
		return;
	}
	new = make_new(sa, x, true, in->set->ke);
	if (!new) {
		refused(sa, "peer's KE value is not usable");
		return;
	}
	ike_exch_end(x);
	replaced(sa, new);
}

static bool crowded(const struct ike_conn *c)
{
	const struct ike_sa *sa;
	unsigned int all = 0, alive = 0;

	ike_list_for_each(sa, &c->e->sas, node) {
		if (sa->conn != c || !sa->up_at)
			continue;
		all++;
		alive += sa->state != IKE_SA_DELETING;
	}
	return alive >= SAS_MAX || all >= SAS_CLOSED_MAX;
}

/* 0, or the error notify for the answer */
static uint16_t check_request(struct ike_sa *sa, struct ike_exch *x,
			      const struct ike_wire_set *set)
{
	const struct ike_conn_cfg *cfg = &sa->conn->cfg;
	struct ike_proposal_list list;
	struct ike_wire_err err;

	/* busy with its children, replaced or closing: 2.25.2 */
	if (sa->superseded || sa->redundant || sa->close ||
	    sa->state != IKE_SA_UP || sa->own.kind == IKE_EXCH_NEW_CHILD ||
	    sa->own.kind == IKE_EXCH_REKEY_CHILD ||
	    sa->own.kind == IKE_EXCH_DELETE_CHILD || crowded(sa->conn))
		return IKE_WIRE_N_TEMPORARY_FAILURE;
	if (ike_proposal_parse(set->sa, &list, &err) || !set->ke.data)
		return IKE_WIRE_N_INVALID_SYNTAX;
	if (ike_proposal_select(IKE_PROPOSAL_IKE, &list, cfg->suites,
				cfg->n_suites, 8, &x->choice) ||
	    !x->choice.spi)
		return IKE_WIRE_N_NO_PROPOSAL_CHOSEN;
	x->group = x->choice.suite.ke;
	if (set->ke_group != x->group)
		return IKE_WIRE_N_INVALID_KE_PAYLOAD;
	if (ike_exch_set_nonce(&x->ni, set->nonce) ||
	    ike_exch_ephemeral(sa, x, x->group))
		return IKE_WIRE_N_INVALID_SYNTAX;
	ike_exch_nonce(sa->e, &x->nr);
	return 0;
}

void ike_rekey_request(struct ike_sa *sa, const struct ike_in *in)
{
	struct ike_exch *x = &sa->peer;
	struct ike_sa *new = NULL;
	struct ike_msg m;
	uint8_t group[2];
	uint16_t error;

	ike_exch_end(x);
	x->kind = IKE_EXCH_REKEY_IKE;
	error = check_request(sa, x, in->set);
	if (!error) {
		new = make_new(sa, x, false, in->set->ke);
		if (!new)
			error = IKE_WIRE_N_INVALID_SYNTAX;
	}
	if (error) {
		group[0] = x->group >> 8;
		group[1] = x->group;
		ike_exch_end(x);
		ike_exch_reply_notify(sa, IKE_WIRE_X_CREATE_CHILD_SA, error,
				      group,
				      error == IKE_WIRE_N_INVALID_KE_PAYLOAD ?
				      2 : 0);
		return;
	}
	ike_msg_reply(&m, sa, IKE_WIRE_X_CREATE_CHILD_SA);
	ike_proposal_build_choice(&m.b, IKE_PROPOSAL_IKE, &x->choice,
				  new->spi_r, 8);
	ike_build_nonce(&m.b, x->nr.data, x->nr.len);
	ike_build_ke(&m.b, x->group, x->public, sizeof(x->public));
	ike_msg_send_reply(&m, sa);
	ike_exch_end(x);
	replaced(sa, new);
}

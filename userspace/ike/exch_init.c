// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IKE_SA_INIT, RFC 7296 1.2: agree on a suite, exchange nonces and KE values.
 *
 *      initiator                          responder
 *          | -- SA, KE, Ni, NAT-D, HASH ------> |
 *          | <------------------- N(COOKIE) --- |   under load, 2.6
 *          | -- N(COOKIE), same as before ----> |
 *          | <------- N(INVALID_KE_PAYLOAD) --- |   other group, 1.2
 *          | -- SA, KE of that group, Ni … ---> |
 *          | <------ SA, KE, Nr, NAT-D, HASH -- |   half open: IKE_AUTH next
 *
 * Nothing here is authenticated. An error from "the peer" may come from
 * anybody, so it is noted and believed only if nothing better comes (2.21.1).
 */
#include "exch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RESTARTS_MAX	5	/* cookies and groups in one attempt */
#define HINT_MS		1500	/* wait for something better than an error */
#define STRAY_PER_S	20	/* unprotected answers without an SA */

struct plain_msg {
	struct ike_build b;
	uint8_t buf[IKE_MSG_MAX];
};

static void build_common(struct ike_sa *sa, struct ike_build *b,
			 const struct ike_nonce *nonce)
{
	uint8_t hash[2];

	ike_build_ke(b, sa->own.group, sa->own.public, sizeof(sa->own.public));
	ike_build_nonce(b, nonce->data, nonce->len);
	ike_nat_build(b, sa->spi_i, sa->spi_r, &sa->local, &sa->remote);
	ike_build_notify(b, IKE_WIRE_N_SIGNATURE_HASH_ALGORITHMS, hash,
			 ike_auth_hash_data(hash));
}

static int send_request(struct ike_sa *sa)
{
	const struct ike_conn_cfg *cfg = &sa->conn->cfg;
	struct ike_wire_hdr hdr = {
		.spi_i = sa->spi_i, .exchange = IKE_WIRE_X_IKE_SA_INIT,
		.flags = IKE_WIRE_F_INITIATOR,
	};
	struct plain_msg m;
	size_t len;
	int err;

	ike_build_begin(&m.b, m.buf, sizeof(m.buf), &hdr);
	if (sa->cookie.data)
		ike_build_notify(&m.b, IKE_WIRE_N_COOKIE, sa->cookie.data,
				 sa->cookie.len);
	ike_proposal_build_offer(&m.b, IKE_PROPOSAL_IKE, cfg->suites,
				 cfg->n_suites, 0, 0);
	build_common(sa, &m.b, &sa->ni);
	err = ike_build_finish(&m.b, &len);
	if (err)
		return err;
	ike_buf_set(&sa->init_req, m.buf, len);
	ike_window_send(sa, m.buf, len);
	return 0;
}

int ike_init_start(struct ike_conn *c, const char *why)
{
	struct ike_sa *sa = ike_sa_new(c->e, c, true);
	struct ike_about about = { .sa = sa };
	int err;

	sa->state = IKE_SA_INIT_SENT;
	sa->local = c->cfg.local;
	sa->remote = c->cfg.remote;
	ike_exch_begin(sa, IKE_EXCH_INIT);
	ike_exch_nonce(c->e, &sa->ni);
	err = ike_exch_ephemeral(sa, &sa->own, c->cfg.suites[0].ke);
	if (!err)
		err = send_request(sa);
	if (err)
		ike_sa_failed(sa, "cannot build IKE_SA_INIT: %s",
			      strerror(-err));
	else
		ike_action_notify(c->e, IKE_NTF_INFO, &about,
				  "starting negotiation: %s", why);
	return err;
}

/* ---- responder ---- */

/* an answer that leaves no state behind; at most so many per second */
static void answer_plain(struct ike_engine *e, const struct ike_in *in,
			 uint16_t type, const void *data, size_t len)
{
	struct ike_wire_hdr hdr = *in->hdr;
	struct plain_msg m;
	size_t total;

	if (type != IKE_WIRE_N_COOKIE &&
	    type != IKE_WIRE_N_INVALID_KE_PAYLOAD) {
		if (e->now - e->stray.since >= 1000) {
			e->stray.since = e->now;
			e->stray.n = 0;
		}
		if (e->stray.n++ >= STRAY_PER_S)
			return;
	}
	hdr.flags = IKE_WIRE_F_RESPONSE;
	if (!(in->hdr->flags & IKE_WIRE_F_INITIATOR))
		hdr.flags |= IKE_WIRE_F_INITIATOR;
	ike_build_begin(&m.b, m.buf, sizeof(m.buf), &hdr);
	ike_build_notify(&m.b, type, data, len);
	if (!ike_build_finish(&m.b, &total))
		ike_action_send(e, in->local, in->remote, m.buf, total);
}

void ike_init_stray(struct ike_engine *e, const struct ike_in *in)
{
	answer_plain(e, in, IKE_WIRE_N_INVALID_IKE_SPI, NULL, 0);
}

void ike_init_version(struct ike_engine *e, const struct ike_in *in)
{
	answer_plain(e, in, IKE_WIRE_N_INVALID_MAJOR_VERSION, NULL, 0);
}

/* the same request again: the same answer, cookie demand or not (bug B30) */
static bool repeated(struct ike_engine *e, const struct ike_in *in)
{
	struct ike_sa *sa;

	ike_list_for_each(sa, &e->sas, node) {
		if (!sa->half_open || sa->spi_i != in->hdr->spi_i ||
		    sa->init_req.len != in->len ||
		    memcmp(sa->init_req.data, in->data, in->len))
			continue;
		ike_action_send(e, &sa->local, &sa->remote, sa->init_resp.data,
				sa->init_resp.len);
		return true;
	}
	return false;
}

/* a connection for these addresses whose proposals match, best names first */
static struct ike_conn *choose(struct ike_engine *e, const struct ike_in *in,
			       struct ike_choice *choice)
{
	struct ike_about about = { .conn = NULL };
	struct ike_proposal_list list;
	struct ike_conn *c, *seen = NULL;
	char text[IKE_PROPOSAL_TEXT], peer[64];
	struct ike_wire_err err;

	ike_addr_text(in->remote, peer, sizeof(peer));
	if (ike_proposal_parse(in->set->sa, &list, &err)) {
		answer_plain(e, in, IKE_WIRE_N_INVALID_SYNTAX, NULL, 0);
		return NULL;
	}
	ike_list_for_each(c, &e->conns, node) {
		if (!ike_conn_match_addr(c, in->local, in->remote))
			continue;
		if (!seen || (!seen->cfg.remote.family &&
			      c->cfg.remote.family))
			seen = c;
		if (!ike_proposal_select(IKE_PROPOSAL_IKE, &list, c->cfg.suites,
					 c->cfg.n_suites, 0, choice))
			return c;
	}
	about.conn = seen;
	if (seen)
		ike_action_notify(e, IKE_NTF_FAILED, &about,
				  "peer %s: IKE proposals do not match: %s",
				  peer, ike_proposal_explain(IKE_PROPOSAL_IKE,
							     &list,
							     seen->cfg.suites,
							     seen->cfg.n_suites,
							     text,
							     sizeof(text)));
	else
		ike_action_notify(e, IKE_NTF_INFO, &about,
				  "peer %s: no connection for these addresses",
				  peer);
	answer_plain(e, in, IKE_WIRE_N_NO_PROPOSAL_CHOSEN, NULL, 0);
	return NULL;
}

static int make_keys(struct ike_sa *sa, struct ike_wire_view ke)
{
	uint8_t shared[IKE_CRYPTO_X25519_LEN];
	struct ike_keymat_in km = {
		.ni = { sa->ni.data, sa->ni.len },
		.nr = { sa->nr.data, sa->nr.len },
		.g_ir = { shared, sizeof(shared) },
		.spi_i = sa->spi_i, .spi_r = sa->spi_r,
	};
	int err = -EBADMSG;

	if (ke.len == IKE_CRYPTO_X25519_LEN)
		err = ike_crypto_x25519_shared(sa->own.secret, ke.data, shared);
	if (!err)
		err = ike_keymat_init(&sa->suite, &km, &sa->keys);
	if (!err)
		err = ike_sa_set_keys(sa);
	ike_crypto_wipe(shared, sizeof(shared));
	return err;
}

static void note_nat(struct ike_sa *sa, const struct ike_in *in)
{
	struct ike_nat_seen nat;

	if (ike_nat_check(in->hdr, in->set, in->local, in->remote, &nat) ||
	    !nat.present)
		return;
	sa->nat_local = nat.nat_us;
	sa->nat_remote = nat.nat_peer;
}

static void answer(struct ike_conn *c, const struct ike_in *in,
		   const struct ike_choice *choice)
{
	struct ike_wire_hdr hdr = *in->hdr;
	struct ike_sa *sa = ike_sa_new(c->e, c, false);
	struct plain_msg m;
	size_t len;

	sa->state = IKE_SA_HALF_OPEN;
	sa->half_open = true;
	c->e->half_open++;
	sa->spi_i = hdr.spi_i;
	sa->local = *in->local;
	sa->remote = *in->remote;
	sa->suite = choice->suite;
	sa->peer_mid = 1;
	ike_buf_set(&sa->init_req, in->data, in->len);
	ike_exch_nonce(c->e, &sa->nr);
	if (ike_exch_set_nonce(&sa->ni, in->set->nonce) ||
	    ike_exch_ephemeral(sa, &sa->own, choice->suite.ke) ||
	    make_keys(sa, in->set->ke))
		goto err_free_sa;
	note_nat(sa, in);
	hdr.spi_r = sa->spi_r;
	hdr.flags = IKE_WIRE_F_RESPONSE;
	ike_build_begin(&m.b, m.buf, sizeof(m.buf), &hdr);
	ike_proposal_build_choice(&m.b, IKE_PROPOSAL_IKE, choice, 0, 0);
	build_common(sa, &m.b, &sa->nr);
	if (ike_build_finish(&m.b, &len))
		goto err_free_sa;
	ike_exch_end(&sa->own);
	ike_buf_set(&sa->init_resp, m.buf, len);
	ike_action_send(c->e, &sa->local, &sa->remote, m.buf, len);
	c->e->again = true;
	return;

err_free_sa:
	ike_sa_free(sa);
	answer_plain(c->e, in, IKE_WIRE_N_INVALID_SYNTAX, NULL, 0);
}

void ike_init_request(struct ike_engine *e, const struct ike_in *in)
{
	const struct ike_wire_set *set = in->set;
	struct ike_choice choice;
	struct ike_conn *c;
	uint8_t data[64];

	if (!in->hdr->spi_i || in->hdr->spi_r || in->hdr->mid ||
	    !(in->hdr->flags & IKE_WIRE_F_INITIATOR) || repeated(e, in))
		return;
	if (!set->sa.data || !set->ke.data || !set->nonce.data) {
		answer_plain(e, in, IKE_WIRE_N_INVALID_SYNTAX, NULL, 0);
		return;
	}
	if (ike_cookie_wanted(e) && !ike_cookie_check(e, in)) {
		answer_plain(e, in, IKE_WIRE_N_COOKIE, data,
			     ike_cookie_make(e, in, data));
		return;
	}
	if (e->half_open >= IKE_HALF_OPEN_MAX)
		return;
	c = choose(e, in, &choice);
	if (!c)
		return;
	if (set->ke_group != choice.suite.ke) {
		data[0] = choice.suite.ke >> 8;
		data[1] = choice.suite.ke;
		answer_plain(e, in, IKE_WIRE_N_INVALID_KE_PAYLOAD, data, 2);
		return;
	}
	answer(c, in, &choice);
}

/* ---- initiator ---- */

static bool offers_group(const struct ike_conn_cfg *cfg, uint16_t group)
{
	unsigned int i;

	for (i = 0; i < cfg->n_suites; i++)
		if (cfg->suites[i].ke == group)
			return true;
	return false;
}

/* once more, with what the responder asked for */
static void restart(struct ike_sa *sa)
{
	if (sa->restarts++ >= RESTARTS_MAX)
		return;
	if (send_request(sa))
		sa->e->again = true;
}

static void take_notify(struct ike_sa *sa, const struct ike_wire_set *set)
{
	const struct ike_wire_notify *n =
		ike_wire_find_notify(set, IKE_WIRE_N_COOKIE);
	uint16_t group;

	if (n && n->data.len >= 1 && n->data.len <= 64) {
		ike_buf_set(&sa->cookie, n->data.data, n->data.len);
		restart(sa);
		return;
	}
	n = ike_exch_error(set);
	if (!n)
		return;
	if (n->type == IKE_WIRE_N_INVALID_KE_PAYLOAD && n->data.len == 2) {
		group = n->data.data[0] << 8 | n->data.data[1];
		if (offers_group(&sa->conn->cfg, group) &&
		    group != sa->own.group &&
		    !ike_exch_ephemeral(sa, &sa->own, group)) {
			restart(sa);
			return;
		}
	}
	if (!sa->hint[0])
		sa->fail_at = sa->e->now + HINT_MS;
	snprintf(sa->hint, sizeof(sa->hint),
		 "peer answered IKE_SA_INIT with %s",
		 ike_wire_notify_name(n->type));
	if (n->type == IKE_WIRE_N_NO_PROPOSAL_CHOSEN) {
		char suite[64];

		snprintf(sa->hint, sizeof(sa->hint),
			 "peer accepts none of our IKE proposals (NO_PROPOSAL_CHOSEN), first of %u: %s",
			 sa->conn->cfg.n_suites,
			 ike_suite_text(IKE_PROPOSAL_IKE,
					&sa->conn->cfg.suites[0], suite,
					sizeof(suite)));
	}
	sa->e->again = true;
}

void ike_init_response(struct ike_sa *sa, const struct ike_in *in)
{
	const struct ike_conn_cfg *cfg = &sa->conn->cfg;
	const struct ike_wire_set *set = in->set;
	struct ike_proposal_list list;
	struct ike_choice choice;
	struct ike_wire_err err;

	if (in->hdr->mid || sa->state != IKE_SA_INIT_SENT)
		return;
	if (!set->sa.data || !in->hdr->spi_r) {
		take_notify(sa, set);
		return;
	}
	if (!set->ke.data || !set->nonce.data ||
	    ike_proposal_parse(set->sa, &list, &err) ||
	    ike_proposal_verify(IKE_PROPOSAL_IKE, &list, cfg->suites,
				cfg->n_suites, 0, &choice, &err) ||
	    set->ke_group != sa->own.group ||
	    choice.suite.ke != sa->own.group) {
		snprintf(sa->hint, sizeof(sa->hint),
			 "peer's IKE_SA_INIT answer is not usable");
		return;
	}
	sa->suite = choice.suite;
	sa->spi_r = in->hdr->spi_r;
	if (ike_exch_set_nonce(&sa->nr, set->nonce) ||
	    make_keys(sa, set->ke)) {
		snprintf(sa->hint, sizeof(sa->hint),
			 "peer's KE value is not usable");
		sa->spi_r = 0;
		return;
	}
	note_nat(sa, in);
	ike_buf_set(&sa->init_resp, in->data, in->len);
	ike_window_stop(sa);
	sa->own_mid = 1;
	sa->fail_at = 0;
	sa->hint[0] = '\0';
	sa->state = IKE_SA_AUTH_SENT;
	sa->heard = sa->e->now;
	ike_auth_start(sa);
}

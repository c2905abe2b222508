// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IKE_AUTH, RFC 7296 1.2: prove identities, make the first child.
 *
 *      initiator                                    responder
 *   kernel: inbound SPI
 *      | -- SK{ IDi, [N(INITIAL_CONTACT)], [IDr], AUTH,  |
 *      |        SA, TSi, TSr } ------------------------> |
 *      |                               AUTH checked; kernel: SPI, install
 *      | <---------- SK{ IDr, AUTH, SA, TSi, TSr } ----- |  up
 *   AUTH checked: up; kernel: install, switch, prove
 *
 * A child that cannot be agreed on does not take the IKE SA down: the answer
 * has an error notify in place of SA, TSi and TSr (1.2, 2.21.2).
 */
#include "exch.h"

#include <stdio.h>
#include <string.h>

/* what the IKE SA's initiator (@by_initiator) or responder signs */
static void signed_octets(const struct ike_sa *sa, bool by_initiator,
			  struct ike_wire_view id, struct ike_auth_in *in)
{
	const struct ike_buf *msg = by_initiator ? &sa->init_req :
						   &sa->init_resp;
	const struct ike_nonce *nonce = by_initiator ? &sa->nr : &sa->ni;

	in->prf = sa->suite.prf;
	in->message = (struct ike_wire_view){ msg->data, msg->len };
	in->nonce = (struct ike_wire_view){ nonce->data, nonce->len };
	in->id_body = id;
	in->sk_p = by_initiator ? sa->keys.pi : sa->keys.pr;
	in->sk_p_len = sa->keys.prf_len;
}

static int make_auth(const struct ike_sa *sa, struct ike_auth_data *auth)
{
	const struct ike_conn_cfg *cfg = &sa->conn->cfg;
	struct ike_auth_key key = {
		.auth = cfg->local_auth, .psk = cfg->psk,
		.psk_len = cfg->psk_len, .private_key = cfg->private_key,
	};
	struct ike_auth_in in;
	uint8_t body[300];
	size_t len = ike_build_id_body(&cfg->local_id, body, sizeof(body));

	signed_octets(sa, sa->initiator,
		      (struct ike_wire_view){ body, len }, &in);
	return ike_auth_make(&in, &key, auth);
}

static int check_auth(const struct ike_sa *sa, const struct ike_conn_cfg *cfg,
		      const struct ike_wire_set *set, struct ike_wire_err *err)
{
	struct ike_auth_key key = {
		.auth = cfg->remote_auth, .psk = cfg->psk,
		.psk_len = cfg->psk_len, .public_key = cfg->remote_public,
	};
	struct ike_auth_in in;

	signed_octets(sa, !sa->initiator,
		      sa->initiator ? set->idr : set->idi, &in);
	return ike_auth_verify(&in, &key, set->auth_method, set->auth, err);
}

/* ---- initiator ---- */

static struct ike_child *first_child(const struct ike_conn *c)
{
	struct ike_child *child, *any = NULL;

	ike_list_for_each(child, &c->children, node) {
		if (ike_child_needed(child))
			return child;
		if (!any && !ike_child_live(child))
			any = child;
	}
	/* none of them needs it: one has to go with IKE_AUTH all the same */
	if (!any)
		ike_list_for_each(child, &c->children, node)
			return child;
	return any;
}

static void send_auth(struct ike_sa *sa)
{
	const struct ike_conn_cfg *cfg = &sa->conn->cfg;
	struct ike_exch *x = &sa->own;
	struct ike_auth_data auth;
	struct ike_msg m;

	if (make_auth(sa, &auth)) {
		ike_sa_failed(sa, "cannot make AUTH with the configured key");
		return;
	}
	ike_msg_request(&m, sa, IKE_WIRE_X_IKE_AUTH);
	ike_build_id(&m.b, IKE_WIRE_P_IDI, &cfg->local_id);
	if (!ike_conn_has_sa(sa->conn, sa))
		ike_build_notify(&m.b, IKE_WIRE_N_INITIAL_CONTACT, NULL, 0);
	if (cfg->remote_id.type)
		ike_build_id(&m.b, IKE_WIRE_P_IDR, &cfg->remote_id);
	ike_build_auth(&m.b, auth.method, auth.data, auth.len);
	ike_negotiate_offer(sa, x, &m.b, true);
	x->step = IKE_EXCH_SENT;
	if (ike_msg_send_request(&m, sa))
		ike_sa_failed(sa, "IKE_AUTH does not fit into a message");
}

static void spi_done(struct ike_pair *p, const struct ike_kresult *res)
{
	struct ike_sa *sa = p->sa;

	if (res->err) {
		ike_sa_failed(sa, "kernel gives no SPI: %s",
			      res->text[0] ? res->text : strerror(-res->err));
		return;
	}
	p->spi_in = res->spi;
	sa->own.new_spi = res->spi;
	send_auth(sa);
}

void ike_auth_start(struct ike_sa *sa)
{
	struct ike_child *c = first_child(sa->conn);

	if (!c) {
		ike_sa_failed(sa, "the connection has no child");
		return;
	}
	ike_exch_begin(sa, IKE_EXCH_AUTH);
	sa->own.step = IKE_EXCH_PREPARE;
	sa->own.child = c;
	sa->own.ni = sa->ni;
	sa->own.nr = sa->nr;
	sa->own.pair = ike_pair_new(c, sa, true);
	ike_pair_alloc(sa->own.pair, spi_done);
}

/* the peer believes it is up: say that it is not (2.21.2) */
static void reject(struct ike_sa *sa, const char *text)
{
	struct ike_about about = { .sa = sa };
	struct ike_child *c;

	ike_action_notify(sa->e, IKE_NTF_FAILED, &about, "%s", text);
	ike_conn_set_reason(sa->conn, text);
	if (sa->own.pair)
		ike_pair_drop(sa->own.pair);
	if (!ike_conn_sa(sa->conn))
		ike_list_for_each(c, &sa->conn->children, node)
			ike_child_give_up(c, text);
	snprintf(sa->close_text, sizeof(sa->close_text), "%.120s", text);
	ike_info_start_delete_ike(sa);
}

/* the identity must be the configured one before its proof counts */
static bool identify(struct ike_sa *sa, const struct ike_wire_set *set,
		     char *text, size_t size)
{
	const struct ike_id *want = &sa->conn->cfg.remote_id;
	struct ike_wire_err err;
	char a[64], b[64];

	if (!set->idr.data || !set->auth.data) {
		snprintf(text, size, "peer's IKE_AUTH answer lacks IDr or AUTH");
		return false;
	}
	if (ike_wire_id(set->idr, &sa->remote_id, &err)) {
		snprintf(text, size, "peer's identity: %s", err.text);
		return false;
	}
	if (want->type && !ike_wire_id_equal(want, &sa->remote_id)) {
		snprintf(text, size, "peer is %s, expected %s",
			 ike_wire_id_text(&sa->remote_id, a, sizeof(a)),
			 ike_wire_id_text(want, b, sizeof(b)));
		return false;
	}
	if (check_auth(sa, &sa->conn->cfg, set, &err)) {
		snprintf(text, size, "authentication of peer %s failed: %s",
			 ike_wire_id_text(&sa->remote_id, a, sizeof(a)),
			 err.text);
		return false;
	}
	return true;
}

static void refused(struct ike_sa *sa, const struct ike_wire_notify *n)
{
	const char *hint = n->type == IKE_WIRE_N_AUTHENTICATION_FAILED ?
		" (check keys and identities on both ends)" : "";

	ike_sa_failed(sa, "peer refused IKE_AUTH with %s%s",
		      ike_wire_notify_name(n->type), hint);
}

void ike_auth_response(struct ike_sa *sa, const struct ike_in *in)
{
	const struct ike_wire_notify *n = ike_exch_error(in->set);
	char text[250], id[64];

	if (n && !in->set->auth.data) {
		refused(sa, n);
		return;
	}
	if (!identify(sa, in->set, text, sizeof(text))) {
		reject(sa, text);
		return;
	}
	snprintf(text, sizeof(text), "authenticated %s, initiator",
		 ike_wire_id_text(&sa->remote_id, id, sizeof(id)));
	ike_sa_up(sa, text);
	ike_install_answered(sa, in->set, n, true);
}

/* ---- responder ---- */

/* answer with an error and keep it for retransmissions, nothing else */
static void refuse(struct ike_sa *sa, uint16_t type, const char *text)
{
	struct ike_about about = { .sa = sa };
	char peer[64];

	ike_action_notify(sa->e, IKE_NTF_FAILED, &about, "peer %s: %s",
			  ike_addr_text(&sa->remote, peer, sizeof(peer)), text);
	ike_exch_reply_notify(sa, IKE_WIRE_X_IKE_AUTH, type, NULL, 0);
	/* it counts as half open until it is forgotten */
	ike_sa_finish(sa, true);
}

/* IKE_SA_INIT may have been answered for another connection: is this its? */
static bool allows(const struct ike_conn_cfg *cfg, const struct ike_suite *s)
{
	unsigned int i;

	for (i = 0; i < cfg->n_suites; i++)
		if (cfg->suites[i].encr == s->encr &&
		    cfg->suites[i].key_bits == s->key_bits &&
		    cfg->suites[i].prf == s->prf && cfg->suites[i].ke == s->ke)
			return true;
	return false;
}

/* the connection whose identities are asked for; @sa->conn fits by address */
static struct ike_conn *by_identity(struct ike_sa *sa, const struct ike_id *idi,
				    const struct ike_id *idr)
{
	struct ike_conn *c;

	ike_list_for_each(c, &sa->e->conns, node) {
		const struct ike_conn_cfg *cfg = &c->cfg;

		if (!ike_conn_match_addr(c, &sa->local, &sa->remote) ||
		    !allows(cfg, &sa->suite))
			continue;
		if (cfg->remote_id.type &&
		    !ike_wire_id_equal(&cfg->remote_id, idi))
			continue;
		if (idr->type && !ike_wire_id_equal(&cfg->local_id, idr))
			continue;
		return c;
	}
	return NULL;
}

/*
 * INITIAL_CONTACT, 2.4: what the peer had with us before it began this SA is
 * gone there. What we started meanwhile is not meant: it did not have that when
 * it wrote the notify. Children move to the new SA without a gap: the old
 * pairs stay, as orphans, until the new one is proven.
 */
static void initial_contact(struct ike_sa *sa)
{
	struct ike_sa *other;

again:
	ike_list_for_each(other, &sa->e->sas, node) {
		if (other == sa || other->conn != sa->conn || !other->up_at ||
		    other->state == IKE_SA_DELETING ||
		    other->up_order > sa->order)
			continue;
		ike_sa_dead(other, "peer restarted (INITIAL_CONTACT)");
		goto again;
	}
}

void ike_auth_respond(struct ike_sa *sa)
{
	struct ike_exch *x = &sa->peer;
	struct ike_pair *p = x->pair;
	uint64_t started = x->started;
	struct ike_auth_data auth;
	char text[250], id[64];
	uint8_t data[2];
	struct ike_msg m;

	if (make_auth(sa, &auth)) {
		if (p)
			ike_pair_drop(p);
		ike_exch_end(x);
		refuse(sa, IKE_WIRE_N_AUTHENTICATION_FAILED,
		       "cannot make AUTH with the configured key");
		return;
	}
	ike_msg_reply(&m, sa, IKE_WIRE_X_IKE_AUTH);
	ike_build_id(&m.b, IKE_WIRE_P_IDR, &sa->conn->cfg.local_id);
	ike_build_auth(&m.b, auth.method, auth.data, auth.len);
	if (p) {
		ike_negotiate_answer(x, &m.b, true);
	} else {
		data[0] = x->group >> 8;
		data[1] = x->group;
		ike_build_notify(&m.b, x->notify, data,
				 x->notify == IKE_WIRE_N_INVALID_KE_PAYLOAD ?
				 2 : 0);
	}
	ike_msg_send_reply(&m, sa);
	ike_exch_end(x);
	snprintf(text, sizeof(text), "authenticated %s, responder",
		 ike_wire_id_text(&sa->remote_id, id, sizeof(id)));
	ike_sa_up(sa, text);
	if (p) {
		ike_pair_up(p);
		ike_install_report(p, NULL, started);
	}
	if (sa->peer_contact)
		initial_contact(sa);
}

static void installed(struct ike_pair *p, const struct ike_kresult *res)
{
	ike_install_peer_done(p, res, ike_auth_respond);
}

static void peer_spi_done(struct ike_pair *p, const struct ike_kresult *res)
{
	ike_install_peer_spi(p, res, installed,
			     ike_auth_respond);
}

static bool verify(struct ike_sa *sa, const struct ike_wire_set *set)
{
	struct ike_id idr = { .type = 0 };
	struct ike_wire_err err;
	char text[200], a[64], b[64];
	struct ike_conn *c;

	if (!set->idi.data || !set->auth.data) {
		refuse(sa, IKE_WIRE_N_INVALID_SYNTAX,
		       "IKE_AUTH without IDi or AUTH");
		return false;
	}
	if (ike_wire_id(set->idi, &sa->remote_id, &err) ||
	    (set->idr.data && ike_wire_id(set->idr, &idr, &err))) {
		refuse(sa, IKE_WIRE_N_AUTHENTICATION_FAILED, err.text);
		return false;
	}
	c = by_identity(sa, &sa->remote_id, &idr);
	if (!c) {
		snprintf(text, sizeof(text),
			 "no connection for identity %s asking for %s",
			 ike_wire_id_text(&sa->remote_id, a, sizeof(a)),
			 idr.type ? ike_wire_id_text(&idr, b, sizeof(b)) :
			 "anyone");
		refuse(sa, IKE_WIRE_N_AUTHENTICATION_FAILED, text);
		return false;
	}
	if (check_auth(sa, &c->cfg, set, &err)) {
		sa->conn = c;
		snprintf(text, sizeof(text), "authentication of %s failed: %s",
			 ike_wire_id_text(&sa->remote_id, a, sizeof(a)),
			 err.text);
		refuse(sa, IKE_WIRE_N_AUTHENTICATION_FAILED, text);
		return false;
	}
	sa->conn = c;
	return true;
}

void ike_auth_request(struct ike_sa *sa, const struct ike_in *in)
{
	struct ike_about about = { .sa = sa };
	struct ike_exch *x = &sa->peer;
	char text[200];

	if (!verify(sa, in->set))
		return;
	if (!in->set->sa.data || !in->set->tsi.data || !in->set->tsr.data) {
		refuse(sa, IKE_WIRE_N_INVALID_SYNTAX,
		       "IKE_AUTH without SA, TSi or TSr");
		return;
	}
	sa->peer_contact = ike_wire_find_notify(in->set,
						IKE_WIRE_N_INITIAL_CONTACT);
	ike_exch_end(x);
	x->kind = IKE_EXCH_AUTH;
	x->started = sa->e->now;
	x->ni = sa->ni;
	x->nr = sa->nr;
	x->notify = ike_negotiate_request(sa, x, in->set, true, text,
					  sizeof(text));
	if (x->notify) {
		about.child = x->child;
		ike_action_notify(sa->e, IKE_NTF_FAILED, &about,
				  "child refused: %s", text);
		ike_auth_respond(sa);
		return;
	}
	ike_pair_alloc(x->pair, peer_spi_done);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * INFORMATIONAL, RFC 7296 1.4 and 1.4.1: Delete and liveness.
 *
 *      initiator                       responder
 *      | -- SK{ D(ESP, our SPIs) } ------> |
 *      | <--- SK{ D(ESP, their SPIs) } --- |   the other half of each pair
 *
 *      | -- SK{ D(IKE) } ----------------> |
 *      | <------------------------ SK{ } - |
 *
 *      | -- SK{ } -----------------------> |   alive?
 *      | <------------------------ SK{ } - |
 *
 * When both ends delete the same pair at once, neither answer names it.
 */
#include "exch.h"

#include <stdio.h>

void ike_info_start_liveness(struct ike_sa *sa)
{
	struct ike_msg m;

	sa->check = false;
	ike_exch_begin(sa, IKE_EXCH_LIVENESS);
	ike_msg_request(&m, sa, IKE_WIRE_X_INFORMATIONAL);
	ike_msg_send_request(&m, sa);
}

static unsigned int collect(struct ike_sa *sa, uint32_t *spis)
{
	struct ike_child *c;
	struct ike_pair *p;
	unsigned int n = 0;

	while (sa->n_del)
		spis[n++] = sa->del_spis[--sa->n_del];
	ike_list_for_each(c, &sa->conn->children, node)
		ike_list_for_each(p, &c->pairs, node) {
			if (p->sa != sa || p->state != IKE_PAIR_CLOSING ||
			    n == IKE_DEL_MAX)
				continue;
			p->delete_sent = true;
			if (p->spi_in)
				spis[n++] = p->spi_in;
		}
	return n;
}

void ike_info_start_delete_child(struct ike_sa *sa)
{
	uint32_t spis[IKE_DEL_MAX];
	unsigned int n = collect(sa, spis);
	struct ike_msg m;

	ike_exch_begin(sa, IKE_EXCH_DELETE_CHILD);
	ike_msg_request(&m, sa, IKE_WIRE_X_INFORMATIONAL);
	if (n)
		ike_build_delete_esp(&m.b, spis, n);
	ike_msg_send_request(&m, sa);
}

void ike_info_start_delete_ike(struct ike_sa *sa)
{
	struct ike_about about = { .sa = sa };
	struct ike_msg m;

	if (sa->up_at && !sa->superseded)
		ike_action_notify(sa->e, IKE_NTF_IKE_DOWN, &about, "%s",
				  sa->close_text);
	sa->state = IKE_SA_DELETING;
	ike_exch_begin(sa, IKE_EXCH_DELETE_IKE);
	ike_msg_request(&m, sa, IKE_WIRE_X_INFORMATIONAL);
	ike_build_delete_ike(&m.b);
	ike_msg_send_request(&m, sa);
	ike_sa_release(sa);
}

void ike_info_response(struct ike_sa *sa, const struct ike_in *in)
{
	enum ike_exch_kind kind = sa->own.kind;
	struct ike_pair *p, *tp;
	struct ike_child *c;

	ike_exch_end(&sa->own);
	sa->e->again = true;
	if (kind == IKE_EXCH_DELETE_IKE) {
		ike_sa_finish(sa, false);
		return;
	}
	if (kind != IKE_EXCH_DELETE_CHILD)
		return;
	ike_list_for_each(c, &sa->conn->children, node)
		ike_list_for_each_safe(p, tp, &c->pairs, node)
			if (p->delete_sent && p->state == IKE_PAIR_CLOSING)
				ike_pair_retire(p);
}

static void deleted_by_peer(struct ike_pair *p)
{
	struct ike_about about = { .child = p->child, .pair = p };
	struct ike_child *c = p->child;
	bool serving = p->state == IKE_PAIR_UP;
	/* left to expire by both ends, and the peer's limit came first */
	const char *why = p->soft_cause && !p->rekey ?
			  "expired-idle, deleted by peer" : "deleted by peer";

	/* hands over to the successor, if there is one (2.8) */
	ike_pair_retire(p);
	if (!serving || ike_child_serving(c))
		return;
	ike_action_notify(c->conn->e, IKE_NTF_CHILD_DOWN, &about,
			  "%s", why);
	ike_child_set_reason(c, why);
	ike_child_lost(c);
}

/* an SPI we do not know may belong to an answer still on its way (bug B28) */
static void remember(struct ike_sa *sa, uint32_t spi)
{
	if (sa->own.kind != IKE_EXCH_NEW_CHILD &&
	    sa->own.kind != IKE_EXCH_REKEY_CHILD &&
	    sa->own.kind != IKE_EXCH_AUTH)
		return;
	if (sa->n_dead < sizeof(sa->dead_spis) / sizeof(sa->dead_spis[0]))
		sa->dead_spis[sa->n_dead++] = spi;
}

static unsigned int delete_children(struct ike_sa *sa,
				    const struct ike_wire_delete *d,
				    uint32_t *answer, unsigned int n)
{
	struct ike_pair *p;
	unsigned int i;
	uint32_t spi;

	for (i = 0; i < d->n; i++) {
		spi = ike_wire_delete_spi(d, i);
		p = ike_pair_by_out(sa->conn, spi);
		if (!p) {
			remember(sa, spi);
			continue;
		}
		/* ours is on its way: the peer's answer is implied, 1.4.1 */
		if (!p->delete_sent && n < IKE_DEL_MAX)
			answer[n++] = p->spi_in;
		deleted_by_peer(p);
	}
	return n;
}

void ike_info_request(struct ike_sa *sa, const struct ike_in *in)
{
	const struct ike_wire_set *set = in->set;
	const struct ike_wire_notify *error = ike_exch_error(set);
	struct ike_about about = { .sa = sa };
	uint32_t answer[IKE_DEL_MAX];
	unsigned int i, n = 0;
	bool close = false;
	struct ike_msg m;

	for (i = 0; i < set->n_del; i++) {
		if (set->del[i].protocol == IKE_WIRE_PROTO_IKE)
			close = true;
		else if (set->del[i].protocol == IKE_WIRE_PROTO_ESP)
			n = delete_children(sa, &set->del[i], answer, n);
	}
	if (error)
		ike_action_notify(sa->e, IKE_NTF_INFO, &about,
				  "peer reports %s",
				  ike_wire_notify_name(error->type));
	ike_msg_reply(&m, sa, IKE_WIRE_X_INFORMATIONAL);
	if (n)
		ike_build_delete_esp(&m.b, answer, n);
	ike_msg_send_reply(&m, sa);
	if (!close)
		return;
	if (!sa->close)
		snprintf(sa->close_text, sizeof(sa->close_text),
			 "closed by peer");
	ike_sa_finish(sa, true);
}

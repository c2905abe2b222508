// SPDX-License-Identifier: GPL-2.0-or-later
/* What all exchanges share, and who handles which message. */
#include "exch.h"

#include <errno.h>
#include <string.h>

#define NONCE_LEN	32

void ike_exch_begin(struct ike_sa *sa, enum ike_exch_kind kind)
{
	ike_exch_end(&sa->own);
	sa->own.kind = kind;
	sa->own.step = IKE_EXCH_SENT;
	sa->own.started = sa->e->now;
	sa->e->again = true;
}

void ike_exch_end(struct ike_exch *x)
{
	ike_crypto_wipe(x, sizeof(*x));
}

void ike_exch_nonce(struct ike_engine *e, struct ike_nonce *n)
{
	n->len = NONCE_LEN;
	ike_engine_random(e, n->data, n->len);
}

int ike_exch_set_nonce(struct ike_nonce *n, struct ike_wire_view v)
{
	if (!v.data || v.len > sizeof(n->data))
		return -EBADMSG;
	n->len = v.len;
	memcpy(n->data, v.data, v.len);
	return 0;
}

int ike_exch_ephemeral(struct ike_sa *sa, struct ike_exch *x, uint16_t group)
{
	x->group = group;
	if (group == IKE_KE_NONE)
		return 0;
	if (group != IKE_KE_X25519)
		return -EOPNOTSUPP;
	ike_engine_random(sa->e, x->secret, sizeof(x->secret));
	return ike_crypto_x25519_public(x->secret, x->public);
}

const struct ike_wire_notify *ike_exch_error(const struct ike_wire_set *set)
{
	unsigned int i;

	for (i = 0; i < set->n_notify; i++)
		if (set->notify[i].type && set->notify[i].type <=
		    IKE_WIRE_N_LAST_ERROR)
			return &set->notify[i];
	return NULL;
}

void ike_exch_reply_notify(struct ike_sa *sa, uint8_t exchange, uint16_t type,
			   const void *data, size_t len)
{
	struct ike_msg m;

	ike_msg_reply(&m, sa, exchange);
	ike_build_notify(&m.b, type, data, len);
	ike_msg_send_reply(&m, sa);
}

static void create_child(struct ike_sa *sa, const struct ike_in *in)
{
	const struct ike_wire_set *set = in->set;
	struct ike_proposal_list list;
	struct ike_wire_err err;

	/* the protocol of the SA payload tells a child from the IKE SA */
	if (!set->sa.data || ike_proposal_parse(set->sa, &list, &err) ||
	    !set->nonce.data)
		ike_exch_reply_notify(sa, IKE_WIRE_X_CREATE_CHILD_SA,
				      IKE_WIRE_N_INVALID_SYNTAX, NULL, 0);
	else if (list.n && list.p[0].protocol == IKE_WIRE_PROTO_IKE)
		ike_rekey_request(sa, in);
	else
		ike_child_request(sa, in);
}

void ike_exch_request(struct ike_sa *sa, const struct ike_in *in)
{
	uint8_t exchange = in->hdr->exchange;

	/*
	 * Before IKE_AUTH succeeded nothing but IKE_AUTH counts (bugs B11,
	 * B12): whatever else comes gets no answer and changes nothing.
	 */
	if (!sa->up_at) {
		if (exchange == IKE_WIRE_X_IKE_AUTH &&
		    sa->state == IKE_SA_HALF_OPEN)
			ike_auth_request(sa, in);
		return;
	}
	if (exchange == IKE_WIRE_X_CREATE_CHILD_SA)
		create_child(sa, in);
	else if (exchange == IKE_WIRE_X_INFORMATIONAL)
		ike_info_request(sa, in);
	else
		ike_exch_reply_notify(sa, exchange, IKE_WIRE_N_INVALID_SYNTAX,
				      NULL, 0);
}

void ike_exch_response(struct ike_sa *sa, const struct ike_in *in)
{
	switch (sa->own.kind) {
	case IKE_EXCH_AUTH:
		ike_auth_response(sa, in);
		break;
	case IKE_EXCH_NEW_CHILD:
	case IKE_EXCH_REKEY_CHILD:
		ike_child_response(sa, in);
		break;
	case IKE_EXCH_REKEY_IKE:
		ike_rekey_response(sa, in);
		break;
	default:
		ike_info_response(sa, in);
		break;
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Message IDs, retransmission and duplicates, RFC 7296 2.1 to 2.3.
 *
 * The window is 1 in both directions: one request of ours is outstanding, and
 * one request of the peer is worked on. While the kernel is asked about either
 * the SA is busy and what arrives waits, so messages of one SA take effect one
 * after the other and in the order they arrived.
 */
#include "exch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXTRA_MAX	3	/* more tries for a peer that is heard */

void ike_buf_free(struct ike_buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = 0;
}

void ike_buf_set(struct ike_buf *b, const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, data, len);
	ike_buf_free(b);
	b->data = copy;
	b->len = len;
}

static void msg_begin(struct ike_msg *m, struct ike_sa *sa, uint8_t exchange,
		      uint32_t mid, uint8_t flags)
{
	struct ike_wire_hdr hdr = {
		.spi_i = sa->spi_i, .spi_r = sa->spi_r, .exchange = exchange,
		.mid = mid, .flags = flags,
	};

	if (sa->initiator)
		hdr.flags |= IKE_WIRE_F_INITIATOR;
	ike_build_begin(&m->b, m->buf, sizeof(m->buf), &hdr);
	ike_sk_begin(&m->b);
}

void ike_msg_request(struct ike_msg *m, struct ike_sa *sa, uint8_t exchange)
{
	msg_begin(m, sa, exchange, sa->own_mid, 0);
}

void ike_msg_reply(struct ike_msg *m, struct ike_sa *sa, uint8_t exchange)
{
	msg_begin(m, sa, exchange, sa->peer_mid, IKE_WIRE_F_RESPONSE);
}

int ike_msg_send_request(struct ike_msg *m, struct ike_sa *sa)
{
	size_t len;
	int err = ike_sk_finish(&m->b, &sa->tx, &len);

	if (!err)
		ike_window_send(sa, m->buf, len);
	return err;
}

/* the octets are kept: a retransmitted request gets the same answer again */
int ike_msg_send_reply(struct ike_msg *m, struct ike_sa *sa)
{
	size_t len;
	int err = ike_sk_finish(&m->b, &sa->tx, &len);

	if (err)
		return err;
	ike_buf_set(&sa->reply, m->buf, len);
	sa->peer_mid++;
	ike_action_send(sa->e, &sa->local, &sa->remote, m->buf, len);
	return 0;
}

void ike_window_send(struct ike_sa *sa, const uint8_t *data, size_t len)
{
	struct ike_engine *e = sa->e;

	ike_buf_set(&sa->rtx.msg, data, len);
	sa->rtx.sent = 1;
	sa->rtx.extra = 0;
	sa->rtx.interval = e->cfg.retransmit_ms;
	sa->rtx.next = e->now + sa->rtx.interval;
	ike_action_send(e, &sa->local, &sa->remote, data, len);
	e->again = true;
}

void ike_window_stop(struct ike_sa *sa)
{
	sa->rtx.next = UINT64_MAX;
	ike_buf_free(&sa->rtx.msg);
}

/* no answer to the last of all tries */
static void give_up(struct ike_sa *sa)
{
	unsigned int tries = sa->rtx.sent;

	ike_window_stop(sa);
	switch (sa->state) {
	case IKE_SA_INIT_SENT:
	case IKE_SA_AUTH_SENT:
		ike_sa_failed(sa, "%s",
			      sa->hint[0] ? sa->hint : "no answer from peer");
		break;
	case IKE_SA_DELETING:
		ike_sa_finish(sa, false);
		break;
	default:
		ike_sa_dead(sa, "peer does not answer (%u tries)", tries);
		break;
	}
}

bool ike_window_tick(struct ike_sa *sa)
{
	struct ike_engine *e = sa->e;

	if (sa->rtx.next == UINT64_MAX)
		return false;
	if (sa->rtx.next > e->now) {
		ike_engine_timer_at(e, sa->rtx.next);
		return false;
	}
	if (sa->rtx.sent < e->cfg.retransmit_tries) {
		sa->rtx.interval *= 2;
	} else if (sa->heard + sa->rtx.interval > sa->rtx.next &&
		   sa->rtx.extra < EXTRA_MAX) {
		/* alive all the same: it sent something since the last try */
		sa->rtx.extra++;
	} else {
		give_up(sa);
		return true;
	}
	sa->rtx.sent++;
	/* from now on: the machine may have slept, and the peer be there */
	sa->rtx.next = e->now + sa->rtx.interval;
	ike_action_send(e, &sa->local, &sa->remote, sa->rtx.msg.data,
			sa->rtx.msg.len);
	ike_engine_timer_at(e, sa->rtx.next);
	return false;
}

static uint8_t exchange_of(enum ike_exch_kind kind)
{
	switch (kind) {
	case IKE_EXCH_INIT:
		return IKE_WIRE_X_IKE_SA_INIT;
	case IKE_EXCH_AUTH:
		return IKE_WIRE_X_IKE_AUTH;
	case IKE_EXCH_NEW_CHILD:
	case IKE_EXCH_REKEY_CHILD:
	case IKE_EXCH_REKEY_IKE:
		return IKE_WIRE_X_CREATE_CHILD_SA;
	default:
		return IKE_WIRE_X_INFORMATIONAL;
	}
}

/* is @hdr something this SA waits for, or a repetition? */
enum verdict { DROP, REPEAT, REQUEST, RESPONSE };

static enum verdict judge(const struct ike_sa *sa,
			  const struct ike_wire_hdr *hdr)
{
	bool from_initiator = hdr->flags & IKE_WIRE_F_INITIATOR;

	if (from_initiator == sa->initiator)
		return DROP;		/* our own, sent back */
	if (hdr->flags & IKE_WIRE_F_RESPONSE) {
		if (sa->rtx.next == UINT64_MAX || hdr->mid != sa->own_mid ||
		    sa->own.step != IKE_EXCH_SENT ||
		    hdr->exchange != exchange_of(sa->own.kind))
			return DROP;
		return RESPONSE;
	}
	if (hdr->mid == sa->peer_mid)
		return REQUEST;
	if (hdr->mid + 1 == sa->peer_mid && sa->reply.data)
		return REPEAT;
	return DROP;
}

static void defer(struct ike_sa *sa, const struct ike_in *in)
{
	struct ike_deferred *d;
	unsigned int i;

	for (i = 0; i < sa->n_defer; i++)
		if (sa->defer[i].msg.len == in->len &&
		    !memcmp(sa->defer[i].msg.data, in->data, in->len))
			return;
	/* the peer sends it again if this overflows */
	if (sa->n_defer == IKE_DEFER_MAX)
		return;
	d = &sa->defer[sa->n_defer++];
	memset(d, 0, sizeof(*d));
	ike_buf_set(&d->msg, in->data, in->len);
	d->local = *in->local;
	d->remote = *in->remote;
}

/* authentic and malformed: the request is answered, a response is void */
static void malformed(struct ike_sa *sa, enum verdict v,
		      const struct ike_in *in, const struct ike_wire_err *err)
{
	struct ike_about about = { .sa = sa };
	uint8_t type = err->payload;
	bool crit = err->notify == IKE_WIRE_N_UNSUPPORTED_CRITICAL_PAYLOAD;

	/* before IKE_AUTH nothing else gets an answer (bug B11) */
	if (v == REQUEST && !sa->up_at &&
	    (sa->state != IKE_SA_HALF_OPEN ||
	     in->hdr->exchange != IKE_WIRE_X_IKE_AUTH))
		return;
	ike_action_notify(sa->e, IKE_NTF_INFO, &about,
			  "peer sent a malformed %s: %s",
			  ike_wire_exchange_name(in->hdr->exchange), err->text);
	if (v != REQUEST)
		return;
	ike_exch_reply_notify(sa, in->hdr->exchange, err->notify, &type,
			      crit ? 1 : 0);
	if (!sa->up_at)
		ike_sa_finish(sa, true);
}

static void authentic(struct ike_sa *sa, enum verdict v,
		      const struct ike_in *in)
{
	sa->heard = sa->e->now;
	if (v == REQUEST) {
		/* a NAT may have changed what we see; answer there (2.23) */
		sa->local = *in->local;
		sa->remote = *in->remote;
		/* it was sent after our last answer had arrived */
		if (sa->up_at) {
			sa->proven = true;
			ike_pair_heard(sa, true);
		}
		ike_exch_request(sa, in);
		return;
	}
	if (sa->up_at) {
		sa->proven = true;
		ike_pair_heard(sa, false);
	}
	ike_window_stop(sa);
	sa->own_mid++;
	ike_exch_response(sa, in);
}

void ike_window_input(struct ike_sa *sa, const struct ike_addr *local,
		      const struct ike_addr *remote, const uint8_t *data,
		      size_t len)
{
	struct ike_wire_set outer, inner;
	struct ike_wire_hdr hdr;
	struct ike_wire_err err;
	struct ike_in in = {
		.hdr = &hdr, .set = &inner, .data = data, .len = len,
		.local = local, .remote = remote,
	};
	enum verdict v;
	uint8_t *plain;
	int rc;

	if (ike_wire_parse(data, len, &hdr, &outer, &err) || !outer.sk.data)
		return;
	v = judge(sa, &hdr);
	if (v == DROP)
		return;
	plain = malloc(len);
	if (!plain)
		abort();
	rc = ike_sk_decrypt(&sa->rx, data, len, &outer, plain, &inner, &err);
	if (rc && !err.notify)
		goto out;		/* not authentic: as if never seen */
	if (v == REPEAT) {
		sa->heard = sa->e->now;
		ike_action_send(sa->e, &sa->local, &sa->remote,
				sa->reply.data, sa->reply.len);
	} else if (ike_sa_busy(sa, v == REQUEST)) {
		/* a repetition of what is being worked on waits as well */
		if (v != REQUEST || sa->peer.kind == IKE_EXCH_NONE)
			defer(sa, &in);
	} else if (rc) {
		malformed(sa, v, &in, &err);
	} else {
		authentic(sa, v, &in);
	}
out:
	ike_crypto_wipe(plain, len);
	free(plain);
}

bool ike_window_replay(struct ike_sa *sa)
{
	struct ike_deferred d;

	if (!sa->n_defer || ike_sa_busy(sa, true))
		return false;
	d = sa->defer[0];
	sa->n_defer--;
	memmove(&sa->defer[0], &sa->defer[1],
		sa->n_defer * sizeof(sa->defer[0]));
	sa->e->again = true;
	ike_window_input(sa, &d.local, &d.remote, d.msg.data, d.msg.len);
	ike_buf_free(&d.msg);
	return true;
}

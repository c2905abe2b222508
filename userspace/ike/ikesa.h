/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One IKE SA: keys, message window, and at most one exchange per direction. */
#ifndef VTUN_IKE_IKESA_H
#define VTUN_IKE_IKESA_H

#include "auth.h"
#include "conn.h"
#include "pair.h"
#include "proposal.h"
#include "sk.h"

#define IKE_MSG_MAX	4096		/* longest message we build */
#define IKE_DEFER_MAX	4		/* datagrams kept while busy */
#define IKE_DEL_MAX	32		/* SPIs in one Delete */

struct ike_buf {
	uint8_t *data;
	size_t len;
};

void ike_buf_set(struct ike_buf *b, const uint8_t *data, size_t len);
void ike_buf_free(struct ike_buf *b);

enum ike_exch_kind {
	IKE_EXCH_NONE, IKE_EXCH_INIT, IKE_EXCH_AUTH, IKE_EXCH_NEW_CHILD,
	IKE_EXCH_REKEY_CHILD, IKE_EXCH_REKEY_IKE, IKE_EXCH_DELETE_CHILD,
	IKE_EXCH_DELETE_IKE, IKE_EXCH_LIVENESS,
};

/**
 * enum ike_exch_step - how far an exchange is
 * @IKE_EXCH_PREPARE: the kernel is asked for an SPI
 * @IKE_EXCH_SENT: our request is on its way
 * @IKE_EXCH_INSTALL: the kernel is asked to install
 */
enum ike_exch_step { IKE_EXCH_PREPARE, IKE_EXCH_SENT, IKE_EXCH_INSTALL };

/**
 * struct ike_exch - an exchange in progress, ours or the peer's
 * @child: negotiated
 * @pair: being made
 * @old: being rekeyed
 * @ni: exchange initiator's nonce, @nr the responder's
 * @offer: what we offered, @n_offer of them
 * @group: of the KE payload, IKE_KE_NONE = none
 * @secret: our ephemeral secret, @public its public value
 * @choice: what both use; the responder keeps it until it may answer
 * @notify: responder: error for the child instead of it, 0 = none
 * @shared: responder: Diffie-Hellman value, valid when @group is set
 * @old_id: responder: nothing; initiator: inbound SPI of @old when asked
 */
struct ike_exch {
	enum ike_exch_kind kind;
	enum ike_exch_step step;
	uint64_t started;
	struct ike_child *child;
	struct ike_pair *pair, *old;
	struct ike_nonce ni, nr;
	struct ike_suite offer[2 * IKE_SUITES_MAX];
	unsigned int n_offer;
	uint16_t group;
	bool retried, failed;
	uint8_t secret[IKE_CRYPTO_X25519_LEN];
	uint8_t public[IKE_CRYPTO_X25519_LEN];
	uint8_t shared[IKE_CRYPTO_X25519_LEN];
	struct ike_choice choice;
	uint64_t new_spi;
	uint16_t notify;
	uint32_t mid;
};

/* a datagram that waits until the SA is not busy */
struct ike_deferred {
	struct ike_buf msg;
	struct ike_addr local, remote;
};

/* the IKE SA of IKE_SA_INIT that a line of rekeys began with */
struct ike_line {
	uint64_t order, up_at;
	bool ours;
	struct ike_nonce nonce;
};

/**
 * struct ike_sa - one IKE SA
 * @conn: responder: a candidate until IKE_AUTH decides
 * @tx, @rx: keys of our and the peer's messages
 * @init_req, @init_resp: IKE_SA_INIT as sent and received, for AUTH
 * @own: our exchange, @peer: the peer's that waits for the kernel
 * @own_mid: ID of our next or outstanding request
 * @peer_mid: ID the peer's next request must have
 * @reply: answer to request @peer_mid - 1, sent again for retransmissions
 * @rtx: outstanding request; @rtx.next UINT64_MAX = none
 * @defer: datagrams that came while the kernel was asked
 * @dead_spis: outbound SPIs the peer deleted before we knew them (bug B28)
 * @del_spis: inbound SPIs to delete that no pair stands for any more
 * @order: place in the sequence of all IKE SAs of the engine
 * @up_order: the same when it came up (INITIAL_CONTACT)
 * @line: the first one of its line of rekeys, @gen: its place in that
 * @heard: last authenticated message
 * @linger: DELETING: forgotten then
 * @fail_at: give up then, after an unprotected error; text in @hint
 * @close: Delete wanted; @close_text why
 * @superseded: rekeyed; children belong to the successor
 * @redundant: loser of two; closed as soon as nothing depends on it
 * @proven: the peer has it for certain
 * @check: liveness wanted now
 * @forced: IKE SA rekey by command
 * @expired: lifetime is over; serves until another IKE SA has taken over
 * @overdue: redundant for long: whoever should have closed it did not
 * @inherited: superseded, and the successor has taken over
 * @old: the one it was rekeyed from, while that exists
 */
struct ike_sa {
	struct ike_list node;
	struct ike_engine *e;
	struct ike_conn *conn;
	bool initiator;
	enum ike_sa_state state;
	uint64_t spi_i, spi_r;
	struct ike_addr local, remote;
	struct ike_suite suite;
	struct ike_keys keys;
	struct ike_sk_key tx, rx;
	struct ike_nonce ni, nr;
	struct ike_buf init_req, init_resp, cookie;
	struct ike_id remote_id;
	struct ike_exch own, peer;
	uint32_t own_mid, peer_mid;
	struct ike_buf reply;
	struct {
		struct ike_buf msg;
		unsigned int sent, extra;
		uint64_t interval, next;
	} rtx;
	struct ike_deferred defer[IKE_DEFER_MAX];
	unsigned int n_defer;
	uint32_t dead_spis[8], del_spis[IKE_DEL_MAX];
	unsigned int n_dead, n_del;
	uint64_t order, up_order;
	struct ike_line line;
	uint64_t created, up_at, heard, rekey_at, life_end, linger, fail_at;
	uint64_t close_at;
	bool close, half_open, superseded, redundant, proven, check;
	bool inherited, forced, expired, overdue;
	bool peer_contact, nat_local, nat_remote, hinted;
	unsigned int restarts, gen;
	struct ike_sa *old;
	char hint[128], close_text[128];
};

/* ---- ikesa.c ---- */

struct ike_sa *ike_sa_new(struct ike_engine *e, struct ike_conn *conn,
			  bool initiator);
void ike_sa_free(struct ike_sa *sa);
/* keys for both directions out of sa->keys; 0 or -errno */
int ike_sa_set_keys(struct ike_sa *sa);
const struct ike_nonce *ike_sa_nonce(const struct ike_sa *sa);
uint64_t ike_sa_spi_in(const struct ike_sa *sa);	/* ours */
/* established: times, report, uniqueness */
void ike_sa_up(struct ike_sa *sa, const char *how);
/* gone without a word to the peer; children become orphans */
void ike_sa_dead(struct ike_sa *sa, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* asks for a Delete to the peer */
void ike_sa_close(struct ike_sa *sa, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* an attempt failed before it was up */
void ike_sa_failed(struct ike_sa *sa, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Delete answered or answer received: linger for retransmissions, or free */
/* children that are still on it go with it */
void ike_sa_release(struct ike_sa *sa);
void ike_sa_finish(struct ike_sa *sa, bool linger);
/* @spi_in goes into the next Delete, whatever becomes of its pair */
void ike_sa_delete_later(struct ike_sa *sa, uint32_t spi_in);
/* the children of @old are those of @sa from now on */
void ike_sa_inherit(struct ike_sa *sa, struct ike_sa *old);
/* must a message wait? @request of the peer, or an answer */
bool ike_sa_busy(const struct ike_sa *sa, bool request);
void ike_sa_settle(struct ike_conn *c);
void ike_sa_settle_old(struct ike_sa *sa);
/* pointers to @p or @c in any exchange are cleared */
void ike_sa_forget_pair(struct ike_engine *e, const struct ike_pair *p);
void ike_sa_forget_child(struct ike_engine *e, const struct ike_child *c);
const char *ike_addr_text(const struct ike_addr *a, char *buf, size_t size);

/* ---- window.c: message IDs, retransmission, what the peer repeats ---- */

/* builds a message inside SK: begin, ike_build_* on &m->b, then send */
struct ike_msg {
	struct ike_build b;
	uint8_t buf[IKE_MSG_MAX];
};

void ike_msg_request(struct ike_msg *m, struct ike_sa *sa, uint8_t exchange);
void ike_msg_reply(struct ike_msg *m, struct ike_sa *sa, uint8_t exchange);
int ike_msg_send_request(struct ike_msg *m, struct ike_sa *sa);
int ike_msg_send_reply(struct ike_msg *m, struct ike_sa *sa);

/* plain octets as request (IKE_SA_INIT) */
void ike_window_send(struct ike_sa *sa, const uint8_t *data, size_t len);
void ike_window_stop(struct ike_sa *sa);
/* retransmits or declares dead; true = @sa is gone */
bool ike_window_tick(struct ike_sa *sa);
void ike_window_input(struct ike_sa *sa, const struct ike_addr *local,
		      const struct ike_addr *remote, const uint8_t *data,
		      size_t len);
/* replays what was deferred; true = @sa may be gone */
bool ike_window_replay(struct ike_sa *sa);

#endif /* VTUN_IKE_IKESA_H */

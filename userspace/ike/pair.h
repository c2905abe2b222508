/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pairs of ESP SAs: one CHILD_SA of RFC 7296, and its life in the kernel. */
#ifndef VTUN_IKE_PAIR_H
#define VTUN_IKE_PAIR_H

#include "engine.h"
#include "keymat.h"
#include "ts.h"

/* Ni and Nr as far as they matter for 2.8.1: the lower one */
struct ike_nonce {
	uint16_t len;
	uint8_t data[IKE_WIRE_NONCE_MAX];
};

/* octet string order; negative, 0, positive */
int ike_nonce_cmp(const struct ike_nonce *a, const struct ike_nonce *b);
const struct ike_nonce *ike_nonce_min(const struct ike_nonce *a,
				      const struct ike_nonce *b);

/**
 * enum ike_pair_state
 * @IKE_PAIR_NEW: being negotiated or installed
 * @IKE_PAIR_UP: installed in both directions
 * @IKE_PAIR_CLOSING: a Delete has to be sent or is on its way
 * @IKE_PAIR_GONE: outbound SA deleted, inbound one kept for packets in flight
 */
enum ike_pair_state {
	IKE_PAIR_NEW, IKE_PAIR_UP, IKE_PAIR_CLOSING, IKE_PAIR_GONE,
};

/**
 * struct ike_pair
 * @node: ike_child.pairs or ike_engine.zombies
 * @child: NULL for a zombie
 * @sa: IKE SA it belongs to; NULL for an orphan: its IKE SA died or belonged
 *	to a daemon that did
 * @waits: kernel requests whose result is still to come
 * @ours: we sent the request that made it
 * @first: made in IKE_AUTH
 * @proven: the peer has installed it for certain
 * @superseded: a successor was negotiated
 * @adopted: found in the kernel at start
 * @renew: an orphan that wants a successor
 * @rekey: soft limit reached and a successor is wanted, not before @rekey_at
 * @soft_cause: enum vtun_expire_cause, 0 = not reached
 * @hard: enum vtun_expire_cause of the hard limit, 0 = not reached
 * @idle_at: look again whether the expiring pair carries traffic, 0 = no
 * @close_at: safety net: closed by us then, whoever should have, 0 = none
 * @gone_at: GONE: when the inbound SA goes too
 * @nonce: lower one of the exchange that made it
 */
struct ike_pair {
	struct ike_list node;
	struct ike_engine *e;
	struct ike_child *child;
	struct ike_sa *sa;
	uint32_t kernel_child;
	unsigned int waits;
	enum ike_pair_state state;
	uint32_t spi_in, spi_out;
	struct ike_suite suite;
	struct ike_ts_list ts_local, ts_remote;
	struct ike_limits limits;
	bool ours, first, proven, superseded, adopted, renew, rekey;
	bool delete_sent, out_gone;
	uint8_t soft_cause, hard, queries;
	uint64_t traffic, idle_ms;	/* answer to ike_pair_query() */
	uint64_t up_at, rekey_at, idle_at, close_at, gone_at;
	struct ike_nonce nonce;
};

/* ---- pair.c: life in the kernel ---- */

struct ike_pair *ike_pair_new(struct ike_child *c, struct ike_sa *sa,
			      bool ours);
/* forgets it here; the kernel's side must be dealt with already */
void ike_pair_free(struct ike_pair *p);

/* reserves the inbound SPI; @done runs with the result, never for a zombie */
void ike_pair_alloc(struct ike_pair *p,
		    void (*done)(struct ike_pair *p,
				 const struct ike_kresult *res));
/**
 * struct ike_pair_install - how a pair goes into the kernel
 * @keys: of the exchange
 * @mode: make it current at once or leave it on standby
 * @prove: send the peer proof at once
 * @deadline_ms: of a standby, 0 = none
 * @done: runs with the result, never for a zombie
 */
struct ike_pair_install {
	const struct ike_child_keys *keys;
	enum ike_kswitch mode;
	bool prove;
	uint32_t deadline_ms;
	void (*done)(struct ike_pair *p, const struct ike_kresult *res);
};

void ike_pair_install(struct ike_pair *p, const struct ike_pair_install *ins);

/* how much did it carry? ike_pair_asked() goes on from there */
void ike_pair_query(struct ike_pair *p);
void ike_pair_activate(struct ike_pair *p);
/* outbound SA now, nothing else; another pair takes over first */
void ike_pair_stop(struct ike_pair *p);
/* the peer knows: outbound SA now, inbound SA after the grace time */
void ike_pair_retire(struct ike_pair *p);
/* both SAs now */
void ike_pair_drop(struct ike_pair *p);
/* asks for a Delete to the peer; an orphan is dropped */
void ike_pair_close(struct ike_pair *p);
/* installed: from now on it serves */
void ike_pair_up(struct ike_pair *p);

void ike_pair_input(struct ike_engine *e, const struct ike_kresult *res);
void ike_pair_free_waits(struct ike_engine *e);

/* ---- settle.c: which of several pairs stays ---- */

/* two SAs this close together were made by both ends at once */
#define IKE_COLLISION_MS	40000

static inline bool ike_collide(uint64_t a, uint64_t b)
{
	return (a < b ? b - a : a - b) < IKE_COLLISION_MS;
}

/* by the RFC 7296 2.8.1 rule; both ends come to the same answer */
bool ike_pair_loses(const struct ike_pair *p, const struct ike_pair *to);
/*
 * The peer sent a new request (it had all our answers before), or an answer
 * (it had IKE_AUTH): what that proves about the pairs of @sa.
 */
void ike_pair_heard(struct ike_sa *sa, bool request);
void ike_pair_settle(struct ike_child *c);
/* ---- expire.c: limits, and loss of the IKE SA ---- */

/* its hard limit was reached: closed, unless our rekey of it is under way */
void ike_pair_hard(struct ike_pair *p);
void ike_pair_expire(struct ike_pair *p, const struct ike_kevent *ev);
void ike_pair_asked(struct ike_pair *p);
void ike_pair_switched(struct ike_child *c, const struct ike_kevent *ev);
void ike_pair_orphan(struct ike_pair *p);

/* by SPI, among all children of a connection; GONE ones are left out */
struct ike_pair *ike_pair_by_out(const struct ike_conn *c, uint32_t spi);
struct ike_pair *ike_pair_by_spi(const struct ike_child *c, enum ike_dir dir,
				 uint32_t spi);

#endif /* VTUN_IKE_PAIR_H */

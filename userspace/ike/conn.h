/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configured peers and their children: what should be true. */
#ifndef VTUN_IKE_CONN_H
#define VTUN_IKE_CONN_H

#include "engine.h"

/**
 * struct ike_conn - one configured peer
 * @cfg: @cfg.children is NULL: they live in @children
 * @deleted: removed from the configuration, waits for its SAs to close
 * @poked: asked for by traffic or command since the last attempt
 * @grid: start of the retry cadence, UINT64_MAX = the next loss starts it
 * @tried_at: start of the last attempt at an IKE SA, 0 = none yet
 * @next_try: no attempt before
 * @reason: of the last failure, "" = none
 */
struct ike_conn {
	struct ike_list node;
	struct ike_engine *e;
	struct ike_conn_cfg cfg;
	struct ike_list children;
	bool deleted, poked;
	uint64_t grid, tried_at, next_try;
	char reason[128];
};

/**
 * struct ike_child - one configured child and the SA pairs that realise it
 * @pairs: struct ike_pair
 * @cur: the pair whose outbound SA is current in the kernel, NULL = none
 * @want: one negotiation is asked for: traffic, command, or loss while busy
 * @held: brought down by command: no auto-negotiation until traffic or "up"
 * @need_ke: the peer refused a proposal without KE (requirement S-26)
 * @peer_first: said already that the peer rekeys before us
 * @next_try: no CREATE_CHILD_SA before (an IKE_AUTH may come earlier)
 * @rate: octets per second the last pair carried up to its soft limit, 0 =
 *	not known; places the next soft limits
 * @reason: why it is down
 */
struct ike_child {
	struct ike_list node;
	struct ike_conn *conn;
	struct ike_child_cfg cfg;
	struct ike_list pairs;
	struct ike_pair *cur;
	bool want, held, need_ke, peer_first;
	uint64_t next_try;
	uint64_t rate, packet_rate;
	unsigned int rekeys;
	char reason[128];
};

struct ike_conn *ike_conn_find(struct ike_engine *e, const char *name);
struct ike_child *ike_conn_child(struct ike_conn *c, const char *name);
struct ike_child *ike_conn_kernel_child(struct ike_engine *e, uint32_t id);
/* frees @c, whose SAs and pairs are gone */
void ike_conn_free(struct ike_conn *c);
void ike_conn_free_all(struct ike_engine *e);

/* does the configuration of @c take a peer at these addresses? */
bool ike_conn_match_addr(const struct ike_conn *c, const struct ike_addr *local,
			 const struct ike_addr *remote);
/* an SA for which negotiation may use IKE_AUTH or CREATE_CHILD_SA */
struct ike_sa *ike_conn_sa(const struct ike_conn *c);
/* any other IKE SA that is up */
bool ike_conn_has_sa(const struct ike_conn *c, const struct ike_sa *except);

/* why it failed, for show and the next report */
void ike_conn_set_reason(struct ike_conn *c, const char *text);
void ike_child_set_reason(struct ike_child *c, const char *text);

/* the pair that serves: up, managed, not superseded, not closing; or NULL */
struct ike_pair *ike_child_live(const struct ike_child *c);
/* any pair at both ends, superseded ones included */
bool ike_child_serving(const struct ike_child *c);
/* should this child be negotiated now? */
bool ike_child_needed(const struct ike_child *c);
/* a negotiation of this child failed: cause for the log, next try */
void ike_child_failed(struct ike_child *c, struct ike_sa *sa,
		      const char *text);
/* likewise without a report of its own */
void ike_child_give_up(struct ike_child *c, const char *text);
/* its last managed pair is gone */
void ike_child_lost(struct ike_child *c);
/* soft and hard limits of a new pair */
void ike_child_limits(struct ike_child *c, bool ours, struct ike_limits *lim);

#endif /* VTUN_IKE_CONN_H */

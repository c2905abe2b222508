/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's inner state and its outputs.
 *
 * Every input ends in ike_desire_run(), which compares what should be true
 * with what is true, takes each next step and notes when to look again. So an
 * input handler only records facts; it never plans.
 */
#ifndef VTUN_IKE_ENGINE_H
#define VTUN_IKE_ENGINE_H

#include "ike.h"
#include "list.h"

#define IKE_HALF_OPEN_MAX	256	/* more are dropped, cookie or not */
#define IKE_HALF_OPEN_MS	30000	/* life of one without IKE_AUTH */

struct ike_child;
struct ike_conn;
struct ike_pair;
struct ike_sa;

/**
 * struct ike_engine - everything there is
 * @conns: struct ike_conn
 * @sas: struct ike_sa, half-open ones included
 * @zombies: struct ike_pair given up while a kernel request was pending
 * @waits: struct ike_kwait, kernel requests without a result
 * @now: time of the input being processed
 * @next: when to look again; collected by ike_desire_run()
 * @again: a step was taken that may allow another one
 * @order: grows with every IKE SA; tells which of two was first
 */
struct ike_engine {
	struct ike_engine_cfg cfg;
	struct ike_list conns, sas, zombies, waits;
	struct ike_action *first, **last;
	uint64_t now, next;
	uint64_t kreq_id, order;
	bool again;
	unsigned int half_open;
	struct {
		uint8_t secret[2][32];	/* this period's and the one before */
		uint64_t made;
		uint8_t version;
	} cookie;
	struct {
		uint64_t since;
		unsigned int n;
	} stray;			/* rate limit of unprotected answers */
};

void ike_engine_random(struct ike_engine *e, void *buf, size_t len);
/* 0 .. n - 1 */
uint64_t ike_engine_random_below(struct ike_engine *e, uint64_t n);

/* asks for a look at @at; in the past means now */
void ike_engine_timer_at(struct ike_engine *e, uint64_t at);

/* desired state: takes every step that is due, collects the next timer */
void ike_desire_run(struct ike_engine *e);

/* ---- action.c ---- */

void ike_action_send(struct ike_engine *e, const struct ike_addr *local,
		     const struct ike_addr *remote, const uint8_t *data,
		     size_t len);
/* returns the request to fill in; it is queued already, id and all */
struct ike_kreq *ike_action_kernel(struct ike_engine *e,
				   enum ike_kreq_type type,
				   uint32_t kernel_child);

/**
 * struct ike_about - what a notification is about; any member may be NULL
 */
struct ike_about {
	const struct ike_conn *conn;
	const struct ike_sa *sa;
	const struct ike_child *child;
	const struct ike_pair *pair, *old;
	uint64_t duration_ms;
};

void ike_action_notify(struct ike_engine *e, enum ike_notify_type type,
		       const struct ike_about *about, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif /* VTUN_IKE_ENGINE_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world of two hosts under a virtual clock: engines, kernels, the network
 * between them, all of it decided by one seed. Nothing here knows what the
 * engines should do; check.c does.
 */
#ifndef VTUN_IKE_SIM_H
#define VTUN_IKE_SIM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ike/ike.h"

#define SIM_HOSTS	2
#define SIM_CHILDREN	2
#define SIM_SAS		96		/* in one kernel at once */
#define SIM_NOTES	9		/* kinds of notification */

struct sim;

/* splitmix64 */
struct sim_rng {
	uint64_t state;
};

uint64_t sim_rng_next(struct sim_rng *r);
/* 0 .. n - 1 */
uint64_t sim_rng_below(struct sim_rng *r, uint64_t n);
/* true in @percent of 100 cases */
bool sim_rng_chance(struct sim_rng *r, unsigned int percent);
void sim_rng_fill(void *ctx, void *buf, size_t len);	/* engine's callback */

enum sim_sa_state {
	SIM_SA_LARVAL, SIM_SA_STANDBY, SIM_SA_ACTIVE, SIM_SA_SUPERSEDED,
	SIM_SA_EXPIRED,
};

/* one SA of a fake kernel */
struct sim_sa {
	bool used;
	enum ike_dir dir;
	enum sim_sa_state state;
	uint32_t spi, pair, child;
	uint8_t key[IKE_KEY_MAX];
	unsigned int key_len;
	struct ike_limits limits;
	uint64_t installed, deadline, last_used, bytes, packets;
	bool soft_done;
};

/* the fake of kmod/: SAs, standby and activation, limits, ACQUIRE */
struct sim_kernel {
	struct sim_sa sas[SIM_SAS];
	uint32_t cur[SIM_CHILDREN + 1];		/* outbound SPI by child id */
	uint64_t acquired[SIM_CHILDREN + 1];	/* pending since, 0 = none */
	uint64_t timer;				/* scheduled look, 0 = none */
	unsigned int requests, fail_at;		/* fail the k-th, 0 = none */
	uint64_t last_done, last_event;		/* both stay in order */
};

struct sim_host {
	struct sim *s;
	unsigned int idx;
	char name;
	struct ike_engine *e;
	unsigned int gen;		/* of the engine, grows with restarts */
	uint64_t wake;			/* engine timer set for, 0 = none */
	struct ike_addr addr;
	struct ike_conn_cfg conn;
	struct ike_child_cfg children[SIM_CHILDREN];
	struct ike_engine_cfg ecfg;
	struct sim_rng rng;		/* the engine's */
	struct sim_kernel k;
	/* what the engine reported */
	unsigned int notes[SIM_NOTES];
	char last_text[SIM_NOTES][256];
	/* what it sent: by exchange type 34..37, requests only */
	unsigned int requests[4], inits, sends;
	uint64_t init_at[64];		/* times of the first of them */
	/* ESP */
	unsigned int esp_sent, esp_ok, esp_lost, esp_bad;
};

struct sim_net {
	unsigned int loss, dup;		/* per cent, IKE */
	unsigned int esp_loss;
	unsigned int max_losses;	/* of the same octets, 0 = no limit */
	uint64_t delay_min, delay_max;
	uint64_t kdelay_max;		/* kernel request to result */
	bool cut;			/* nothing gets through */
	/* decides about one datagram: 0 pass, 1 drop; for scenarios */
	int (*filter)(void *ctx, unsigned int from, const uint8_t *data,
		      size_t len);
	void *filter_ctx;
};

struct sim_event;
struct sim_drop;
struct sim_key;

struct sim {
	uint64_t now, order;
	struct sim_rng rng;
	struct sim_host host[SIM_HOSTS];
	struct sim_net net;
	struct sim_event **heap;
	unsigned int n_heap, max_heap;
	struct sim_drop *drops;
	unsigned int n_drops, max_drops;
	struct sim_key *keys;
	unsigned int n_keys, max_keys;
	uint64_t traffic_ms[SIM_HOSTS][SIM_CHILDREN + 1]; /* 0 = none */
	FILE *trace;
	/* check.c */
	bool strict;			/* gaps are errors */
	bool up[SIM_CHILDREN + 1];	/* both directions work(ed) */
	uint64_t excused[SIM_CHILDREN + 1]; /* not before this time */
	unsigned int n_children;
	bool must_up;			/* at rest every child is up */
	char error[256];
};

/* ---- world.c ---- */

struct sim *sim_new(uint64_t seed, FILE *trace);
void sim_free(struct sim *s);
/* default configuration: two gateways, one PSK, @n children, on demand */
void sim_configure(struct sim *s, unsigned int n);
void sim_start(struct sim *s, unsigned int host);
/* the daemon dies; SAs stay in the kernel */
void sim_crash(struct sim *s, unsigned int host);
/* starts again and adopts what it finds */
void sim_restart(struct sim *s, unsigned int host);
/* the machine dies: kernel and daemon start empty */
void sim_reboot(struct sim *s, unsigned int host);
int sim_command(struct sim *s, unsigned int host, enum ike_cmd_type cmd,
		const char *child);
/* one inner packet of @bytes */
void sim_send(struct sim *s, unsigned int host, uint32_t child,
	      unsigned int bytes);
/* a packet every @ms from now on, 0 = stop */
void sim_traffic(struct sim *s, unsigned int host, uint32_t child,
		 uint64_t ms);
/* a datagram out of nowhere */
void sim_inject(struct sim *s, unsigned int to, const uint8_t *data,
		size_t len);
/* runs for @ms of virtual time; false when a check failed (s->error) */
bool sim_run(struct sim *s, uint64_t ms);
/* calls @fn at @at; a schedule's commands */
void sim_at(struct sim *s, uint64_t at,
	    void (*fn)(struct sim *s, uint64_t arg), uint64_t arg);
/* takes the engine's actions; after a direct call into it */
void sim_drain(struct sim_host *h);
void sim_trace(struct sim *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- kernel.c ---- */

void sim_kernel_request(struct sim_host *h, const struct ike_kreq *r,
			struct ike_kresult *res);
struct sim_sa *sim_kernel_find(struct sim_kernel *k, enum ike_dir dir,
			       uint32_t child, uint32_t spi);
/* a packet leaves: the SA that carries it, NULL = held or dropped */
struct sim_sa *sim_kernel_output(struct sim_host *h, uint32_t child,
				 unsigned int bytes);
/* an ESP packet arrives; false = no such SA or wrong key */
bool sim_kernel_input(struct sim_host *h, uint32_t spi, const uint8_t *key,
		      unsigned int bytes);
void sim_kernel_tick(struct sim_host *h);
uint64_t sim_kernel_next(const struct sim_kernel *k);
/* world.c, for the kernel: events and proof packets leave through these */
void sim_post_kevent(struct sim_host *h, const struct ike_kevent *ev);
void sim_post_esp(struct sim_host *h, const struct sim_sa *sa,
		  unsigned int bytes);

/* ---- check.c ---- */

void sim_fail(struct sim *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* after every step */
void sim_check(struct sim *s);
/* a key goes into a kernel */
void sim_check_key(struct sim_host *h, const struct ike_ksa *sa,
		   enum ike_dir dir);
/* an ESP packet is sent on @sa */
void sim_check_sent(struct sim_host *h, const struct sim_sa *sa);
/* traffic of @child may stop for a good reason (0 = all) */
void sim_excuse(struct sim *s, uint32_t child);
/* everything quiet and tidy? @why is filled when not */
bool sim_at_rest(struct sim *s, char *why, size_t size);
/* runs until it is, at most @ms */
bool sim_settle(struct sim *s, uint64_t ms);
/* counts for scenarios */
unsigned int sim_count_sas(struct sim *s, unsigned int host);
bool sim_child(struct sim *s, unsigned int host, const char *name,
	       struct ike_child_info *info);
bool sim_ike(struct sim *s, unsigned int host, struct ike_sa_info *info);
unsigned int sim_kernel_count(const struct sim_kernel *k, enum ike_dir dir);

/* ---- schedule.c ---- */

/* runs one seed from start to rest; false = failed, @error says how */
bool sim_schedule(uint64_t seed, FILE *trace, char *error, size_t size);
extern const uint64_t sim_regressions[];
extern const unsigned int sim_n_regressions;

#endif /* VTUN_IKE_SIM_H */

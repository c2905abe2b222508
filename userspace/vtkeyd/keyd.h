/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon: the one struct that its rooms share. */
#ifndef VTKEYD_KEYD_H
#define VTKEYD_KEYD_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "daemon.h"
#include "ike/ike.h"

struct keyd_server;
struct keyd_udp;
struct vtun_k;

/**
 * struct keyd_tunnel - a configured child and its kernel child
 * @kernel_id: 0 = there is none
 * @policy: its door are policies of @policy_priority, not a device
 * @anew: the kernel child was made a moment ago, the engine does not know it
 */
struct keyd_tunnel {
	char conn[IKE_NAME_MAX + 1], child[IKE_NAME_MAX + 1];
	char kernel_name[IKE_NAME_MAX + 1];
	uint32_t kernel_id;
	bool policy, anew;
	uint32_t policy_priority;
};

/* an inbound SA of an earlier daemon whose outbound half is gone */
struct keyd_stray {
	uint32_t kernel_id, spi_in;
};

/**
 * struct keyd - the daemon
 * @tunnels: one per configured child
 * @unclean: kernel children that nobody configures any more wait for deletion
 * @strays: deleted by the first audit
 * @stop_at: when to give up waiting for the peers' answers, 0 = not stopping
 */
struct keyd {
	const struct keyd_options *opt;
	struct keyd_config *cfg;
	struct ike_engine *engine;
	struct vtun_k *k;
	struct keyd_udp *udp;
	struct keyd_server *server;
	struct keyd_tunnel *tunnels;
	unsigned int n_tunnels;
	bool unclean;
	struct keyd_stray *strays;
	unsigned int n_strays;

	struct event_base *base;
	struct event *ev_timer, *ev_kernel, *ev_audit;
	struct event *ev_term, *ev_int, *ev_hup;
	int timer_fd, lock_fd;
	uint64_t stop_at;
};

/* milliseconds of CLOCK_BOOTTIME */
uint64_t keyd_now(void);
/*
 * To be called after every input to the engine: carries out what it wants and
 * sets the timer. Not from within itself.
 */
void keyd_pump(struct keyd *d);
/* Reads the configuration again. 0 with the number of changed conns, -errno. */
int keyd_reload(struct keyd *d, unsigned int *changed);

#endif /* VTKEYD_KEYD_H */

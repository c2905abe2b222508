/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VTKEYD_DAEMON_H
#define VTKEYD_DAEMON_H

#include <stdbool.h>

#define KEYD_RUN_DIR	"/run/vtun"

/**
 * struct keyd_options - the command line
 * @socket: of the control protocol, NULL: vtkeyd.sock in @run_dir
 * @run_dir: NULL: KEYD_RUN_DIR
 */
struct keyd_options {
	const char *config, *socket, *run_dir;
	bool debug, down_on_exit;
};

/* Runs until a signal ends it. Exit status. */
int keyd_daemon_run(const struct keyd_options *opt);

#endif /* VTKEYD_DAEMON_H */

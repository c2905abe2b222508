/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon and the system it runs on: files in the run directory, rights. */
#ifndef VTKEYD_SYSTEM_H
#define VTKEYD_SYSTEM_H

#include "keyd.h"

/* creates the run directory and takes its lock; 0 or -errno, reported */
int keyd_lock(struct keyd *d);
/* path of a file in the run directory, to be free()d */
char *keyd_run_path(const struct keyd *d, const char *name);

/* names of the kernel children we made, to be free()d one by one */
char **keyd_state_read(const struct keyd *d, unsigned int *n);
/* those of the tunnels, and @others that wait for deletion; NULL is skipped */
void keyd_state_write(const struct keyd *d, char *const *others,
		      unsigned int n);

/*
 * What is kept: CAP_NET_ADMIN, which every request to the module needs, and
 * the user. What is given up: every other capability, also for ever (bounding
 * set, no_new_privs), core dumps and being traced.
 */
int keyd_drop_rights(const struct keyd *d);
/* a line for the service manager, where there is one (sd_notify(3)) */
void keyd_notify_manager(const char *state);

#endif /* VTKEYD_SYSTEM_H */

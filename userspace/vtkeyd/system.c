// SPDX-License-Identifier: GPL-2.0-or-later
#include "system.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

#define STATE_FILE	"children"
#define STATE_MAX	4096	/* names */

static const char *run_dir(const struct keyd *d)
{
	return d->opt->run_dir ? d->opt->run_dir : KEYD_RUN_DIR;
}

char *keyd_run_path(const struct keyd *d, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", run_dir(d), name) < 0 ? NULL : path;
}

int keyd_lock(struct keyd *d)
{
	char *path;

	if (mkdir(run_dir(d), 0755) && errno != EEXIST) {
		keyd_err("cannot create %s: %s", run_dir(d), strerror(errno));
		return -errno;
	}
	path = keyd_run_path(d, "lock");
	if (!path)
		return -ENOMEM;
	d->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (d->lock_fd < 0 || flock(d->lock_fd, LOCK_EX | LOCK_NB)) {
		int err = errno;

		keyd_err("cannot lock %s: %s", path, err == EWOULDBLOCK ?
			 "another vtkeyd runs" : strerror(err));
		free(path);
		return -err;
	}
	free(path);
	return 0;
}

/* ---- names of our kernel children ---- */

char **keyd_state_read(const struct keyd *d, unsigned int *n)
{
	char *path = keyd_run_path(d, STATE_FILE), *line = NULL;
	char **names = calloc(STATE_MAX, sizeof(*names));
	FILE *f = path ? fopen(path, "re") : NULL;
	size_t size = 0;
	ssize_t len;

	*n = 0;
	while (f && names && *n < STATE_MAX &&
	       (len = getline(&line, &size, f)) > 0) {
		if (line[len - 1] == '\n')
			line[--len] = '\0';
		if (len && len <= IKE_NAME_MAX)
			names[*n] = strdup(line);
		*n += !!names[*n];
	}
	free(line);
	if (f)
		fclose(f);
	free(path);
	return names;
}

void keyd_state_write(const struct keyd *d, char *const *others,
		      unsigned int n)
{
	char *path = keyd_run_path(d, STATE_FILE);
	char *tmp = keyd_run_path(d, STATE_FILE ".new");
	FILE *f = tmp ? fopen(tmp, "we") : NULL;
	unsigned int i;
	bool ok = f;

	for (i = 0; ok && i < d->n_tunnels; i++)
		ok = fprintf(f, "%s\n", d->tunnels[i].kernel_name) > 0;
	for (i = 0; ok && i < n; i++)
		ok = !others[i] || fprintf(f, "%s\n", others[i]) > 0;
	if (f && fclose(f))
		ok = false;
	if (!ok || !path || rename(tmp, path))
		keyd_warn("cannot write %s: %s", path ? path : STATE_FILE,
			  strerror(errno));
	free(path);
	free(tmp);
}

/* ---- rights ---- */

int keyd_drop_rights(const struct keyd *d)
{
	struct rlimit no_core = { 0, 0 };

	if (!d->opt->debug) {
		setrlimit(RLIMIT_CORE, &no_core);
		prctl(PR_SET_DUMPABLE, 0);
	}
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
			 CAP_NET_ADMIN) ||
	    capng_apply(CAPNG_SELECT_BOTH)) {
		keyd_err("cannot drop capabilities: %s", strerror(errno));
		return -EPERM;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		keyd_err("no_new_privs: %s", strerror(errno));
		return -errno;
	}
	return 0;
}

/* ---- service manager ---- */

void keyd_notify_manager(const char *state)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (!len || len >= sizeof(sa.sun_path))
		return;
	memcpy(sa.sun_path, path, len);
	/* an abstract socket is written with '@' in the environment */
	if (sa.sun_path[0] == '@')
		sa.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
		   (struct sockaddr *)&sa,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) <
	    0)
		keyd_dbg("service manager: %s", strerror(errno));
	close(fd);
}

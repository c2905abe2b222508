// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nsrun: a command in a network namespace, as "ip netns exec" but without the
 * mounts: these cost more than most commands, above all on a debug kernel.
 * /sys/class/net is not that of the namespace. Linked statically, since it is
 * started thousands of times.
 *
 *	nsrun NETNS COMMAND [ARGUMENT]...
 *
 * Exit 125: no such namespace, 127: no such command, else that of the command.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char path[128];
	int fd;

	if (argc < 3)
		errx(2, "usage: nsrun NETNS COMMAND [ARGUMENT]...");
	snprintf(path, sizeof(path), "/run/netns/%s", argv[1]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(125, "%s", path);
	execvp(argv[2], argv + 2);
	err(127, "%s", argv[2]);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * jget: values out of the JSON on standard input, for scripts that must not
 * pay for an interpreter per number.
 *
 *	jget PATH…
 *	jget -n NETNS PATH…	of what "vtunctl --json show" says there
 *
 * PATH is members joined by dots; of an array, MEMBER[key=value,…] takes the
 * first element that has all of them, MEMBER[N] the N-th, MEMBER[#] or
 * MEMBER[#key=value,…] counts. A scalar is printed bare, anything else as
 * JSON; the values of one PATH argument with several words stand on one line.
 * An SPI compares equal as a number and as a hexadecimal string.
 *
 * Exit 0: all found. 1: one is missing. 2: usage or no JSON.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <jansson.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>

#include "util.h"

static bool same(const json_t *v, const char *want)
{
	char *end;

	if (json_is_true(v) || json_is_false(v))
		return !strcmp(want, json_is_true(v) ? "true" : "false");
	if (json_is_integer(v))
		return strtoll(want, &end, 0) == json_integer_value(v) && !*end;
	if (!json_is_string(v))
		return false;
	if (!strcmp(json_string_value(v), want))
		return true;
	return !strncmp(want, "0x", 2) &&
	       !strncmp(json_string_value(v), "0x", 2) &&
	       strtoul(want, NULL, 16) ==
	       strtoul(json_string_value(v), NULL, 16);
}

/* has @obj every key=value of @conds (which is written to)? */
static bool matches(const json_t *obj, const char *conds)
{
	char buf[256], *save, *c, *eq;

	snprintf(buf, sizeof(buf), "%s", conds);
	for (c = strtok_r(buf, ",", &save); c; c = strtok_r(NULL, ",", &save)) {
		eq = strchr(c, '=');
		if (!eq)
			errx(2, "condition: %s", c);
		*eq = 0;
		if (!same(json_object_get(obj, c), eq + 1))
			return false;
	}
	return true;
}

static json_t *pick(json_t *array, char *cond)
{
	bool count = *cond == '#';
	json_int_t n = 0;
	json_t *elem;
	char *end;
	size_t i;

	if (!json_is_array(array))
		return count ? json_integer(0) : NULL;
	i = strtoul(cond, &end, 10);
	if (end != cond && !*end)
		return json_array_get(array, i);
	cond += count;
	json_array_foreach(array, i, elem) {
		if (!matches(elem, cond))
			continue;
		if (!count)
			return elem;
		n++;
	}
	return count ? json_integer(n) : NULL;
}

static json_t *walk(json_t *v, const char *path)
{
	char buf[512], *p = buf, *key, *cond;

	snprintf(buf, sizeof(buf), "%s", path);
	while (v && p && *p) {
		key = p;
		p += strcspn(p, ".[");
		cond = NULL;
		if (*p == '[') {
			*p++ = 0;
			cond = p;
			p = strchr(p, ']');
			if (!p)
				errx(2, "no ] in %s", path);
			*p++ = 0;
		}
		if (*p == '.')
			*p++ = 0;
		if (*key)
			v = json_object_get(v, key);
		if (cond)
			v = pick(v, cond);
	}
	return v;
}

static void print(const json_t *v)
{
	if (json_is_string(v))
		fputs(json_string_value(v), stdout);
	else
		json_dumpf(v, stdout, JSON_ENCODE_ANY | JSON_COMPACT);
}

/* standard input becomes what the module of @netns shows; its process */
static pid_t show(const char *netns)
{
	char *const cmd[] = { "vtunctl", "--json", "show", NULL };
	char path[128];
	int fd, p[2];
	pid_t pid;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(2, "%s", path);
	if (pipe2(p, O_CLOEXEC))
		err(2, "pipe");
	/* the command writes to its end under the number of its output */
	fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (fd < 0 || dup2(p[1], STDOUT_FILENO) < 0 ||
	    dup2(p[0], STDIN_FILENO) < 0)
		err(2, "dup2");
	errno = posix_spawnp(&pid, cmd[0], NULL, NULL, cmd, environ);
	if (errno)
		err(2, "%s", cmd[0]);
	dup2(fd, STDOUT_FILENO);
	close(p[1]);
	return pid;
}

int main(int argc, char **argv)
{
	int i = 1, rc = 0, status = 0;
	json_error_t error;
	json_t *root, *v;
	char *save, *w;
	pid_t pid = 0;

	if (argc > 2 && !strcmp(argv[1], "-n")) {
		pid = show(argv[2]);
		i = 3;
	}
	if (i >= argc)
		errx(2, "usage: jget [-n NETNS] PATH...");
	root = json_loadf(stdin, 0, &error);
	if (pid)
		waitpid(pid, &status, 0);
	if (!root)
		errx(2, "line %d: %s", error.line, error.text);
	if (status)
		return 2;
	for (; i < argc; i++) {
		w = strtok_r(argv[i], " ", &save);
		while (w) {
			v = walk(root, w);
			if (v)
				print(v);
			else
				rc = 1;
			w = strtok_r(NULL, " ", &save);
			if (w)
				putchar(' ');
		}
		putchar('\n');
	}
	return rc;
}

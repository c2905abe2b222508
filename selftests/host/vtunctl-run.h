/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs vtunctl in this process against the pretended kernel; what it printed
 * is in out and err.
 */
#ifndef SELFTESTS_HOST_VTUNCTL_RUN_H
#define SELFTESTS_HOST_VTUNCTL_RUN_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"
#include "lib/kernel_fake.h"
#include "vtunctl/vtunctl.h"

static char dir[32];
static char out[1 << 16], err[1 << 14];

static const char *in_dir(const char *name)
{
	static char ring[16][96];
	static unsigned int next;
	char *path = ring[next++ % 16];

	snprintf(path, sizeof(ring[0]), "%s/%s", dir, name);
	return path;
}

static inline void write_file(const char *name, const char *text)
{
	FILE *f = fopen(in_dir(name), "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		ktap_bail("%s: %s", name, strerror(errno));
}

static void read_file(const char *name, char *buf, size_t size)
{
	FILE *f = fopen(in_dir(name), "r");
	size_t n = f ? fread(buf, 1, size - 1, f) : 0;

	buf[n] = '\0';
	if (f)
		fclose(f);
}

static void redirect(int fd, const char *name, int flags)
{
	int to = open(in_dir(name), flags, 0600);

	if (to < 0 || dup2(to, fd) < 0)
		ktap_bail("%s: %s", name, strerror(errno));
	close(to);
}

/*
 * Runs the words of @line (DIR/ becomes the scratch folder); standard input is
 * @input. Leaves what it wrote in out and err; returns its exit status.
 */
static inline int run(const char *line, const char *input)
{
	char *copy = strdup(line), *save = NULL, *word, *argv[64];
	int argc = 0, fds[3], i, ret;

	argv[argc++] = (char *)"vtunctl";
	for (word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = strncmp(word, "DIR/", 4) ? word :
			       (char *)in_dir(word + 4);
	argv[argc] = NULL;
	fflush(stdout);
	for (i = 0; i < 3; i++)
		fds[i] = dup(i);
	write_file("in", input ? input : "");
	redirect(0, "in", O_RDONLY);
	redirect(1, "out", O_WRONLY | O_CREAT | O_TRUNC);
	redirect(2, "err", O_WRONLY | O_CREAT | O_TRUNC);
	ret = vtunctl_run(argc, argv);
	fflush(stdout);
	for (i = 0; i < 3; i++) {
		dup2(fds[i], i);
		close(fds[i]);
	}
	read_file("out", out, sizeof(out));
	read_file("err", err, sizeof(err));
	free(copy);
	return ret;
}

struct bad {
	int status;
	const char *line, *hint;
	const char *input;
};

/* all of a table: status, hint on stderr, nothing on stdout */
static inline void expect(const char *what, const struct bad *t, unsigned int n)
{
	unsigned int i;
	bool ok = true;
	int ret;

	for (i = 0; i < n; i++) {
		ret = run(t[i].line, t[i].input);
		if (ret == t[i].status && strstr(err, t[i].hint) && !*out &&
		    !strncmp(err, "vtunctl: ", 9))
			continue;
		ktap_note("\"%s\": status %d, expected %d; \"%s\" in: %s",
			  t[i].line, ret, t[i].status, t[i].hint, err);
		ok = false;
	}
	ktap_ok(ok, "%s: %u", what, n);
}

#define EXPECT(what, t)	expect(what, t, sizeof(t) / sizeof((t)[0]))

/* member at "a.b.c" of what the last run printed; arrays: first item */
static inline json_t *at(const char *path)
{
	static json_t *root;
	char *copy = strdup(path), *save = NULL, *word;
	json_t *v;

	json_decref(root);
	root = json_loads(out, 0, NULL);
	v = root;
	for (word = strtok_r(copy, ".", &save); word && v;
	     word = strtok_r(NULL, ".", &save)) {
		if (json_is_array(v))
			v = json_array_get(v, 0);
		v = json_object_get(v, word);
	}
	free(copy);
	return v;
}

static inline bool is_num(const char *path, long long want)
{
	json_t *v = at(path);

	if (json_is_integer(v) && json_integer_value(v) == want)
		return true;
	ktap_note("%s is %lld", path, (long long)json_integer_value(v));
	return false;
}

static inline bool is_str(const char *path, const char *want)
{
	const char *s = json_string_value(at(path));

	if (s && !strcmp(s, want))
		return true;
	ktap_note("%s is %s", path, s ? s : "absent");
	return false;
}

#endif /* SELFTESTS_HOST_VTUNCTL_RUN_H */

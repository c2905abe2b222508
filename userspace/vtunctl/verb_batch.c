// SPDX-License-Identifier: GPL-2.0-or-later
/* vtunctl batch: many verbs over one handle */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vtunctl.h"

#define WORDS_MAX	128

/* words of @line in place; the number of them, -1: too many */
static int split(char *line, char **words)
{
	int n = 0;
	char *word;

	line[strcspn(line, "#\n")] = '\0';
	while ((word = strsep(&line, " \t"))) {
		if (!*word)
			continue;
		if (n == WORDS_MAX)
			return -1;
		words[n++] = word;
	}
	words[n] = NULL;
	return n;
}

static int run_line(struct ctl *c, char *line)
{
	char *words[WORDS_MAX + 1];
	int n = split(line, words);

	if (n < 0)
		return ctl_fail(c, CTL_USAGE, "more than %d words", WORDS_MAX);
	if (!n)
		return CTL_OK;
	if (!strcmp(words[0], "batch") || !strcmp(words[0], "monitor"))
		return ctl_fail(c, CTL_USAGE, "\"%s\" does not go into a batch",
				words[0]);
	c->argv = words;
	return ctl_run_verb(c);
}

int ctl_batch(struct ctl *c)
{
	const char *path = ctl_next(c);
	char *line = NULL;
	size_t size = 0;
	FILE *f;
	int ret;

	ret = ctl_end(c);
	if (ret)
		return ret;
	if (!path || !strcmp(path, "-")) {
		f = fdopen(dup(STDIN_FILENO), "r");
		path = "standard input";
	} else {
		f = fopen(path, "re");
	}
	if (!f)
		return ctl_fail(c, CTL_REFUSED, "%s: %s", vtun_quote(path),
				strerror(errno));
	while (!ret && getline(&line, &size, f) >= 0) {
		c->verb = NULL;
		c->line++;
		ret = run_line(c, line);
	}
	if (!ret && ferror(f))
		ret = ctl_fail(c, CTL_REFUSED, "%s: %s", vtun_quote(path),
			       strerror(errno));
	free(line);
	fclose(f);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Words of the command line. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/names.h"
#include "vtunctl.h"

const char *ctl_next(struct ctl *c)
{
	if (!*c->argv)
		return NULL;
	c->word = *c->argv++;
	return c->word;
}

int ctl_end(struct ctl *c)
{
	struct vtun_err err;

	if (!*c->argv)
		return CTL_OK;
	vtun_err_set(&err, "\"%s\" is too much here", vtun_quote(*c->argv));
	return ctl_usage(c, &err);
}

int ctl_need(struct ctl *c, const char *what, const char **word)
{
	const char *after = c->word;
	struct vtun_err err;

	*word = ctl_next(c);
	if (*word)
		return CTL_OK;
	if (after)
		vtun_err_set(&err, "expected %s after \"%s\"", what,
			     vtun_quote(after));
	else
		vtun_err_set(&err, "expected %s", what);
	return ctl_usage(c, &err);
}

static bool is_one_of(const char *word, const char *const *list)
{
	for (; list && *list; list++)
		if (!strcmp(word, *list))
			return true;
	return false;
}

static int unknown_word(struct ctl *c, const struct ctl_opt *opts)
{
	const char *words[48], *near;
	struct vtun_err err;
	unsigned int n = 0;

	for (; opts->word && n < 47; opts++)
		words[n++] = opts->word;
	words[n] = NULL;
	near = vtun_nearest(*c->argv, words);
	vtun_err_set(&err, "unknown word \"%s\"%s%s%s", vtun_quote(*c->argv),
		     near ? "; did you mean \"" : "", near ? near : "",
		     near ? "\"?" : "");
	return ctl_usage(c, &err);
}

static int one_opt(struct ctl *c, struct ctl_opt *o)
{
	struct vtun_err err, why;
	const char *value;
	int ret;

	if (o->seen) {
		vtun_err_set(&err, "\"%s\" is given twice", o->word);
		return ctl_usage(c, &err);
	}
	o->seen = true;
	ctl_next(c);
	if (!o->parse) {
		*(bool *)o->dst = true;
		return CTL_OK;
	}
	ret = ctl_need(c, "a value", &value);
	if (ret)
		return ret;
	if (!o->parse(value, o->dst, &why))
		return CTL_OK;
	snprintf(err.text, sizeof(err.text), "%s: %.200s", o->word, why.text);
	return ctl_usage(c, &err);
}

int ctl_opts(struct ctl *c, struct ctl_opt *opts, const char *const *stop)
{
	struct vtun_err err;
	struct ctl_opt *o;
	int ret;

	while (*c->argv && !is_one_of(*c->argv, stop)) {
		for (o = opts; o->word && strcmp(o->word, *c->argv); o++)
			;
		ret = o->word ? one_opt(c, o) : unknown_word(c, opts);
		if (ret)
			return ret;
	}
	for (o = opts; o->word; o++) {
		if (!o->required || o->seen)
			continue;
		vtun_err_set(&err, "\"%s\" is missing", o->word);
		return ctl_usage(c, &err);
	}
	return CTL_OK;
}

int ctl_parse_u32(const char *s, void *dst, struct vtun_err *err)
{
	return vtun_parse_u32(s, 0, UINT32_MAX - 1, dst, err);
}

int ctl_parse_deadline(const char *s, void *dst, struct vtun_err *err)
{
	return vtun_parse_u32(s, 1, 600000, dst, err);
}

int ctl_parse_window(const char *s, void *dst, struct vtun_err *err)
{
	uint32_t v;

	if (vtun_parse_u32(s, 0, VTUN_REPLAY_WINDOW_MAX, &v, NULL) ||
	    (v && v < VTUN_REPLAY_WINDOW_MIN))
		return vtun_err_set(err, "\"%s\" is neither 0 nor a number from %d to %d",
				    vtun_quote(s), VTUN_REPLAY_WINDOW_MIN,
				    VTUN_REPLAY_WINDOW_MAX);
	*(uint32_t *)dst = v;
	return 0;
}

int ctl_parse_u64(const char *s, void *dst, struct vtun_err *err)
{
	return vtun_parse_u64(s, 0, UINT64_MAX, dst, err);
}

int ctl_parse_id(const char *s, void *dst, struct vtun_err *err)
{
	return vtun_parse_u32(s, 1, UINT32_MAX, dst, err);
}

int ctl_parse_time(const char *s, void *dst, struct vtun_err *err)
{
	return vtun_parse_duration(s, dst, err);
}

int ctl_parse_size(const char *s, void *dst, struct vtun_err *err)
{
	return vtun_parse_size(s, dst, err);
}

int ctl_parse_size32(const char *s, void *dst, struct vtun_err *err)
{
	uint64_t v;
	int ret;

	ret = vtun_parse_size(s, &v, err);
	if (ret)
		return ret;
	if (v >= UINT32_MAX)
		return vtun_err_set(err, "\"%s\" is more than 4G",
				    vtun_quote(s));
	*(uint32_t *)dst = v;
	return 0;
}

int ctl_parse_spi(const char *s, void *dst, struct vtun_err *err)
{
	return vtun_parse_spi(s, dst, err);
}

int ctl_parse_addr(const char *s, void *dst, struct vtun_err *err)
{
	return vtun_parse_addr(s, dst, err);
}

int ctl_parse_string(const char *s, void *dst, struct vtun_err *err)
{
	if (!*s)
		return vtun_err_set(err, "the value is empty");
	*(const char **)dst = s;
	return 0;
}

int ctl_parse_suite(const char *s, void *dst, struct vtun_err *err)
{
	const struct vtun_suite *suite = vtun_suite_by_name(s);
	const char *names[32], *near;
	unsigned int i;

	if (suite) {
		*(const struct vtun_suite **)dst = suite;
		return 0;
	}
	for (i = 0; i < 31 && vtun_suite_get(i); i++)
		names[i] = vtun_suite_get(i)->name;
	names[i] = NULL;
	near = vtun_nearest(s, names);
	return vtun_err_set(err, "\"%s\" is no suite; %s%s%s", vtun_quote(s),
			    near ? "did you mean \"" : "suites are aes256gcm16, chacha20poly1305, aes128cbc-sha256 and others",
			    near ? near : "", near ? "\"?" : "");
}

int ctl_parse_port(const char *s, void *dst, struct vtun_err *err)
{
	uint32_t v;
	int ret;

	ret = vtun_parse_u32(s, 1, 65535, &v, err);
	if (!ret)
		*(uint16_t *)dst = v;
	return ret;
}

int ctl_parse_ts(const char *s, void *dst, struct vtun_err *err)
{
	return vtun_parse_ts(s, dst, err);
}

/* ms that fit 32 bits */
int ctl_parse_time32(const char *s, void *dst, struct vtun_err *err)
{
	uint64_t ms;
	int ret;

	ret = vtun_parse_duration(s, &ms, err);
	if (ret)
		return ret;
	if (ms > UINT32_MAX)
		return vtun_err_set(err, "\"%s\" is more than 49 days",
				    vtun_quote(s));
	*(uint32_t *)dst = ms;
	return 0;
}

bool ctl_seen(const struct ctl_opt *opts, const char *word)
{
	for (; opts->word; opts++)
		if (!strcmp(opts->word, word))
			return opts->seen;
	return false;
}

int ctl_child_name(struct ctl *c, char name[VTUN_NAME_MAX + 1])
{
	struct vtun_err err;
	const char *word;
	size_t i;
	int ret;

	ret = ctl_need(c, "the name of a child", &word);
	if (ret)
		return ret;
	for (i = 0; word[i] > ' ' && word[i] <= '~'; i++)
		;
	if (word[i] || !i || i > VTUN_NAME_MAX) {
		vtun_err_set(&err, "\"%s\" is no name; expected 1 to %d printable characters without blanks",
			     vtun_quote(word), VTUN_NAME_MAX);
		return ctl_usage(c, &err);
	}
	memcpy(name, word, i + 1);
	return CTL_OK;
}

int ctl_child_word(struct ctl *c, char name[VTUN_NAME_MAX + 1])
{
	struct vtun_err err;
	const char *word;
	int ret;

	ret = ctl_need(c, "\"child\"", &word);
	if (ret)
		return ret;
	if (!strcmp(word, "child"))
		return ctl_child_name(c, name);
	vtun_err_set(&err, "expected \"child\", not \"%s\"",
		     vtun_quote(word));
	return ctl_usage(c, &err);
}

int ctl_child_find(struct ctl *c, const char *name, uint32_t *id)
{
	struct vtun_k_child child = { 0 };
	int ret;

	ret = ctl_kernel(c, 0);
	if (ret)
		return ret;
	ret = vtun_k_child_get(c->k, 0, name, &child);
	if (ret == -ENOENT)
		return ctl_fail(c, CTL_REFUSED, "no child \"%s\"", name);
	if (ret)
		return ctl_kernel_fail(c);
	*id = child.id;
	return CTL_OK;
}

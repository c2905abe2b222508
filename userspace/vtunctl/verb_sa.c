// SPDX-License-Identifier: GPL-2.0-or-later
/* vtunctl sa install, sa activate, sa set, sa del, spi alloc, flush */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sodium.h>

#include "keyfile.h"
#include "lib/names.h"
#include "vtunctl.h"

/* one half of sa install as the command line gives it */
struct half {
	struct vtun_k_sa sa;
	const struct vtun_suite *suite;
	const char *key;
	bool given;
};

#define OPTS_MAX	24

/* behind what is there already */
static void add_limits(struct ctl_opt opts[OPTS_MAX], struct vtun_k_limits *l)
{
	const struct ctl_opt limits[] = {
		{ "soft-time", ctl_parse_time, &l->soft_time_ms },
		{ "hard-time", ctl_parse_time, &l->hard_time_ms },
		{ "soft-idle", ctl_parse_time, &l->soft_idle_ms },
		{ "hard-idle", ctl_parse_time, &l->hard_idle_ms },
		{ "soft-bytes", ctl_parse_size, &l->soft_bytes },
		{ "hard-bytes", ctl_parse_size, &l->hard_bytes },
		{ "soft-packets", ctl_parse_u64, &l->soft_packets },
		{ "hard-packets", ctl_parse_u64, &l->hard_packets },
		{ "margin", ctl_parse_time32, &l->margin_ms },
		{ NULL }
	};

	while (opts->word)
		opts++;
	memcpy(opts, limits, sizeof(limits));
}

static int parse_half(struct ctl *c, struct half *h)
{
	static const char *const stop[] = { "in", "out", NULL };
	bool in = h->sa.dir == VTUN_DIR_IN;
	struct ctl_opt opts[OPTS_MAX] = {
		{ "spi", ctl_parse_spi, &h->sa.spi, true },
		{ "suite", ctl_parse_suite, &h->suite, true },
		{ "key", ctl_parse_string, &h->key, true },
		{ "esn", NULL, &h->sa.esn },
		{ "seq", ctl_parse_u64, &h->sa.seq },
		{ in ? "window" : NULL, ctl_parse_window,
		  &h->sa.replay_window },
		{ NULL }
	};
	struct vtun_err err;

	if (h->given) {
		vtun_err_set(&err, "\"%s\" is given twice",
			     vtun_name_dir(h->sa.dir));
		return ctl_usage(c, &err);
	}
	h->given = true;
	add_limits(opts, &h->sa.limits);
	return ctl_opts(c, opts, stop);
}

static int read_key(struct ctl *c, struct half *h)
{
	size_t want = vtun_suite_keymat(h->suite), len;
	unsigned int rest = want - h->suite->key_len;
	struct vtun_err err;

	if (c->line && !strcmp(h->key, "-")) {
		vtun_err_set(&err, "no key comes from standard input in a batch");
		return ctl_usage(c, &err);
	}
	if (ctl_key_read(h->key, h->sa.key, sizeof(h->sa.key), &len, &err))
		return ctl_fail(c, CTL_REFUSED, "%s key: %s",
				vtun_name_dir(h->sa.dir), err.text);
	if (len != want)
		return ctl_fail(c, CTL_REFUSED, "%s key: %s has %zu octets, %s needs %zu (%u key, %u %s)",
				vtun_name_dir(h->sa.dir), ctl_key_where(h->key),
				len, h->suite->name, want, h->suite->key_len,
				rest, h->suite->integ ? "integrity" : "salt");
	h->sa.encr = h->suite->encr;
	h->sa.integ = h->suite->integ;
	h->sa.key_len = len;
	return CTL_OK;
}

/* everything behind the name of the child */
static int parse_install(struct ctl *c, struct vtun_k_install *ins,
			 struct half *in, struct half *out)
{
	static const char *const stop[] = { "in", "out", NULL };
	bool standby = false;
	struct ctl_opt opts[] = {
		{ "standby", NULL, &standby },
		{ "deadline", ctl_parse_deadline, &ins->deadline_ms },
		{ "prove", NULL, &ins->prove },
		{ NULL }
	};
	struct vtun_err err = { "" };
	const char *word;
	int ret;

	ret = ctl_opts(c, opts, stop);
	while (!ret && (word = ctl_next(c)))
		ret = parse_half(c, strcmp(word, "in") ? out : in);
	if (ret)
		return ret;
	ins->sw = standby ? VTUN_SWITCH_STANDBY : VTUN_SWITCH_NOW;
	if (!in->given && !out->given)
		vtun_err_set(&err, "expected \"in\" or \"out\" or both");
	else if (ins->deadline_ms && !standby)
		vtun_err_set(&err, "\"deadline\" goes with \"standby\"");
	else if (ins->prove && standby)
		vtun_err_set(&err, "\"prove\" does not go with \"standby\"");
	else if ((standby || ins->prove) && !out->given)
		vtun_err_set(&err, "\"%s\" needs \"out\"",
			     standby ? "standby" : "prove");
	return *err.text ? ctl_usage(c, &err) : CTL_OK;
}

static int install(struct ctl *c, struct half *in, struct half *out)
{
	struct vtun_k_install ins = { 0 };
	char name[VTUN_NAME_MAX + 1];
	int ret;

	ret = ctl_child_word(c, name);
	if (!ret)
		ret = parse_install(c, &ins, in, out);
	if (!ret && in->given)
		ret = read_key(c, in);
	if (!ret && out->given)
		ret = read_key(c, out);
	if (!ret)
		ret = ctl_child_find(c, name, &ins.child_id);
	if (ret)
		return ret;
	ins.in = in->given ? &in->sa : NULL;
	ins.out = out->given ? &out->sa : NULL;
	if (vtun_k_sa_install(c->k, &ins))
		return ctl_kernel_fail(c);
	return CTL_OK;
}

int ctl_sa_install(struct ctl *c)
{
	struct half in = { .sa.dir = VTUN_DIR_IN };
	struct half out = { .sa.dir = VTUN_DIR_OUT };
	int ret;

	in.sa.replay_window = VTUN_REPLAY_WINDOW_DEFAULT;
	ret = install(c, &in, &out);
	sodium_memzero(&in, sizeof(in));
	sodium_memzero(&out, sizeof(out));
	return ret;
}

int ctl_sa_activate(struct ctl *c)
{
	char name[VTUN_NAME_MAX + 1];
	uint32_t spi = 0, id = 0;
	struct ctl_opt opts[] = {
		{ "spi", ctl_parse_spi, &spi, true },
		{ NULL }
	};
	int ret;

	ret = ctl_child_word(c, name);
	if (!ret)
		ret = ctl_opts(c, opts, NULL);
	if (!ret)
		ret = ctl_child_find(c, name, &id);
	if (ret)
		return ret;
	if (vtun_k_sa_activate(c->k, id, spi))
		return ctl_kernel_fail(c);
	return CTL_OK;
}

/* "in" or "out child NAME" */
static int parse_dir(struct ctl *c, bool *out, char name[VTUN_NAME_MAX + 1])
{
	struct vtun_err err;
	const char *word;
	int ret;

	ret = ctl_need(c, "\"in\" or \"out\"", &word);
	if (ret)
		return ret;
	*out = !strcmp(word, "out");
	if (*out)
		return ctl_child_word(c, name);
	if (!strcmp(word, "in"))
		return CTL_OK;
	vtun_err_set(&err, "expected \"in\" or \"out\", not \"%s\"",
		     vtun_quote(word));
	return ctl_usage(c, &err);
}

static uint64_t given_limits(const struct ctl_opt *opts)
{
	static const struct {
		const char *word;
		unsigned int attr;
	} all[] = {
		{ "soft-time", VTUN_A_SA_SOFT_TIME_MS },
		{ "hard-time", VTUN_A_SA_HARD_TIME_MS },
		{ "soft-idle", VTUN_A_SA_SOFT_IDLE_MS },
		{ "hard-idle", VTUN_A_SA_HARD_IDLE_MS },
		{ "soft-bytes", VTUN_A_SA_SOFT_BYTES },
		{ "hard-bytes", VTUN_A_SA_HARD_BYTES },
		{ "soft-packets", VTUN_A_SA_SOFT_PACKETS },
		{ "hard-packets", VTUN_A_SA_HARD_PACKETS },
		{ "margin", VTUN_A_SA_MARGIN_MS },
	};
	uint64_t mask = 0;
	unsigned int i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (ctl_seen(opts, all[i].word))
			mask |= VTUN_K_BIT(all[i].attr);
	return mask;
}

int ctl_sa_set(struct ctl *c)
{
	struct vtun_k_limits limits = { 0 };
	char name[VTUN_NAME_MAX + 1];
	uint32_t spi = 0, id = 0;
	struct ctl_opt opts[OPTS_MAX] = {
		{ "spi", ctl_parse_spi, &spi, true },
	};
	struct vtun_err err;
	bool out = false;
	int ret;

	add_limits(opts, &limits);
	ret = parse_dir(c, &out, name);
	if (!ret)
		ret = ctl_opts(c, opts, NULL);
	if (ret)
		return ret;
	limits.given = given_limits(opts);
	if (!limits.given) {
		vtun_err_set(&err, "expected a limit");
		return ctl_usage(c, &err);
	}
	ret = out ? ctl_child_find(c, name, &id) : ctl_kernel(c, 0);
	if (ret)
		return ret;
	if (vtun_k_sa_set(c->k, out ? VTUN_DIR_OUT : VTUN_DIR_IN, id, spi,
			  &limits))
		return ctl_kernel_fail(c);
	return CTL_OK;
}

int ctl_sa_del(struct ctl *c)
{
	char name[VTUN_NAME_MAX + 1];
	uint32_t spi = 0, id = 0;
	struct ctl_opt opts[] = {
		{ "spi", ctl_parse_spi, &spi, true },
		{ NULL }
	};
	bool out = false;
	int ret;

	ret = parse_dir(c, &out, name);
	if (!ret)
		ret = ctl_opts(c, opts, NULL);
	if (!ret)
		ret = out ? ctl_child_find(c, name, &id) : ctl_kernel(c, 0);
	if (ret)
		return ret;
	if (vtun_k_sa_del(c->k, out ? VTUN_DIR_OUT : VTUN_DIR_IN, id, spi))
		return ctl_kernel_fail(c);
	return CTL_OK;
}

int ctl_spi_alloc(struct ctl *c)
{
	uint32_t min = 0, max = 0, spi = 0, id = 0;
	char name[VTUN_NAME_MAX + 1], text[VTUN_NUM_STRLEN];
	struct ctl_opt opts[] = {
		{ "min", ctl_parse_spi, &min },
		{ "max", ctl_parse_spi, &max },
		{ NULL }
	};
	struct vtun_err err;
	int ret;

	ret = ctl_child_word(c, name);
	if (!ret)
		ret = ctl_opts(c, opts, NULL);
	if (ret)
		return ret;
	if (max && min > max) {
		vtun_err_set(&err, "min %#x is greater than max %#x", min, max);
		return ctl_usage(c, &err);
	}
	ret = ctl_child_find(c, name, &id);
	if (ret)
		return ret;
	if (vtun_k_spi_alloc(c->k, id, min, max, &spi))
		return ctl_kernel_fail(c);
	if (c->json)
		return ctl_print_json(json_pack("{s:o}", "spi",
						ctl_json_spi(spi)));
	puts(vtun_format_spi(spi, text));
	return CTL_OK;
}

int ctl_flush(struct ctl *c)
{
	int ret;

	ret = ctl_end(c);
	if (!ret)
		ret = ctl_kernel(c, 0);
	if (ret)
		return ret;
	return vtun_k_flush(c->k) ? ctl_kernel_fail(c) : CTL_OK;
}

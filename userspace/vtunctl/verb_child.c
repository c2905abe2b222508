// SPDX-License-Identifier: GPL-2.0-or-later
/* vtunctl child add, child set, child del */
#include <errno.h>
#include <string.h>

#include "lib/names.h"
#include "vtunctl.h"

static int parse_ts_local(const char *s, void *dst, struct vtun_err *err)
{
	struct vtun_k_child *c = dst;

	return vtun_parse_ts_list(s, c->ts_local, VTUN_TS_MAX, &c->n_ts_local,
				  err);
}

static int parse_ts_remote(const char *s, void *dst, struct vtun_err *err)
{
	struct vtun_k_child *c = dst;

	return vtun_parse_ts_list(s, c->ts_remote, VTUN_TS_MAX,
				  &c->n_ts_remote, err);
}

/* a word of an enum of the contract, up to @max */
static int parse_word(const char *s, const char *(*name)(unsigned int),
		      unsigned int min, unsigned int max, uint8_t *dst,
		      struct vtun_err *err)
{
	int n = vtun_number_of(name, max, s);
	char known[64] = "";
	unsigned int i;

	for (i = min; i <= max; i++) {
		strcat(known, i == min ? "" : i == max ? " or " : ", ");
		strcat(known, name(i));
	}
	if (n < (int)min)
		return vtun_err_set(err, "\"%s\" is not %s", vtun_quote(s),
				    known);
	*dst = n;
	return 0;
}

static int parse_mode(const char *s, void *dst, struct vtun_err *err)
{
	return parse_word(s, vtun_name_mode, VTUN_MODE_TUNNEL,
			  VTUN_MODE_TRANSPORT, dst, err);
}

static int parse_encap(const char *s, void *dst, struct vtun_err *err)
{
	return parse_word(s, vtun_name_encap, VTUN_ENCAP_NONE, VTUN_ENCAP_UDP,
			  dst, err);
}

static int parse_df(const char *s, void *dst, struct vtun_err *err)
{
	return parse_word(s, vtun_name_df, VTUN_DF_COPY, VTUN_DF_CLEAR, dst,
			  err);
}

static int parse_dscp(const char *s, void *dst, struct vtun_err *err)
{
	uint32_t v = VTUN_DSCP_COPY;

	if (strcmp(s, "copy") && vtun_parse_u32(s, 0, 63, &v, NULL))
		return vtun_err_set(err, "\"%s\" is neither copy nor a number from 0 to 63",
				    vtun_quote(s));
	*(uint8_t *)dst = v;
	return 0;
}

static int parse_mss(const char *s, void *dst, struct vtun_err *err)
{
	uint32_t v = !strcmp(s, "auto");

	if (!v && strcmp(s, "off") &&
	    vtun_parse_u32(s, VTUN_MSS_MIN, 65535, &v, NULL))
		return vtun_err_set(err, "\"%s\" is neither off, auto nor a number from %d to 65535",
				    vtun_quote(s), VTUN_MSS_MIN);
	*(uint16_t *)dst = v;
	return 0;
}

static int parse_mark(const char *s, void *dst, struct vtun_err *err)
{
	return vtun_parse_u32(s, 0, UINT32_MAX, dst, err);
}

#define OPTS_MAX	32

/* what child add and child set have in common, behind what is there already */
static void add_settings(struct ctl_opt opts[OPTS_MAX], struct vtun_k_child *c,
			 const char **link)
{
	const struct ctl_opt settings[] = {
		{ "local", ctl_parse_addr, &c->local },
		{ "remote", ctl_parse_addr, &c->remote },
		{ "local-ts", parse_ts_local, c },
		{ "remote-ts", parse_ts_remote, c },
		{ "encap", parse_encap, &c->encap },
		{ "local-port", ctl_parse_port, &c->local_port },
		{ "remote-port", ctl_parse_port, &c->remote_port },
		{ "keepalive", ctl_parse_time32, &c->keepalive_ms },
		{ "df", parse_df, &c->df },
		{ "dscp", parse_dscp, &c->dscp },
		{ "mss", parse_mss, &c->mss_clamp },
		{ "mark", parse_mark, &c->mark },
		{ "link", ctl_parse_string, link },
		{ "hold-packets", ctl_parse_u32, &c->hold_packets },
		{ "hold-bytes", ctl_parse_size32, &c->hold_bytes },
		{ "hold-ms", ctl_parse_u32, &c->hold_ms },
		{ NULL }
	};

	while (opts->word)
		opts++;
	memcpy(opts, settings, sizeof(settings));
}

static uint64_t given(const struct ctl_opt *opts)
{
	static const struct {
		const char *word;
		unsigned int attr;
	} all[] = {
		{ "local", VTUN_A_CHILD_LOCAL },
		{ "remote", VTUN_A_CHILD_REMOTE },
		{ "local-ts", VTUN_A_CHILD_TS_LOCAL },
		{ "remote-ts", VTUN_A_CHILD_TS_REMOTE },
		{ "encap", VTUN_A_CHILD_ENCAP },
		{ "local-port", VTUN_A_CHILD_LOCAL_PORT },
		{ "remote-port", VTUN_A_CHILD_REMOTE_PORT },
		{ "keepalive", VTUN_A_CHILD_KEEPALIVE_MS },
		{ "df", VTUN_A_CHILD_DF },
		{ "dscp", VTUN_A_CHILD_DSCP },
		{ "mss", VTUN_A_CHILD_MSS_CLAMP },
		{ "mark", VTUN_A_CHILD_MARK },
		{ "link", VTUN_A_CHILD_LINK },
		{ "hold-packets", VTUN_A_CHILD_HOLD_PACKETS },
		{ "hold-bytes", VTUN_A_CHILD_HOLD_BYTES },
		{ "hold-ms", VTUN_A_CHILD_HOLD_MS },
	};
	uint64_t mask = 0;
	unsigned int i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (ctl_seen(opts, all[i].word))
			mask |= VTUN_K_BIT(all[i].attr);
	return mask;
}

static int check_families(struct ctl *c, const struct vtun_k_child *child)
{
	struct vtun_err err;

	if (!child->local.family || !child->remote.family ||
	    child->local.family == child->remote.family)
		return CTL_OK;
	vtun_err_set(&err, "local and remote address are of different families");
	return ctl_usage(c, &err);
}

/* "none" or a device; opens the kernel */
static int find_link(struct ctl *c, const char *name, uint32_t *ifindex)
{
	int ret = ctl_kernel(c, 0);

	if (ret || !name || !strcmp(name, "none"))
		return ret;
	if (vtun_k_link_index(c->k, name, ifindex))
		return ctl_kernel_fail(c);
	return CTL_OK;
}

int ctl_child_add(struct ctl *c)
{
	bool on_demand = false, follow = false, dscp = false, no_ecn = false;
	const char *dev = NULL, *link = NULL;
	struct vtun_k_child child;
	struct ctl_opt opts[OPTS_MAX] = {
		{ "dev", ctl_parse_string, &dev },
		{ "id", ctl_parse_id, &child.id },
		{ "mode", parse_mode, &child.mode },
		{ "on-demand", NULL, &on_demand },
		{ "follow-peer", NULL, &follow },
		{ "decap-dscp", NULL, &dscp },
		{ "no-ecn", NULL, &no_ecn },
	};
	const char *missing;
	struct vtun_err err;
	uint32_t id;
	int ret;

	vtun_k_child_init(&child);
	add_settings(opts, &child, &link);
	ret = ctl_child_name(c, child.name);
	if (!ret)
		ret = ctl_opts(c, opts, NULL);
	if (!ret)
		ret = check_families(c, &child);
	if (ret)
		return ret;
	/* a device may know the addresses */
	missing = !child.local.family ? "local" : "remote";
	if (!dev && (!child.local.family || !child.remote.family)) {
		vtun_err_set(&err, "\"%s\" is missing", missing);
		return ctl_usage(c, &err);
	}
	child.given = given(opts);
	if (on_demand)
		child.flags |= VTUN_CHILD_F_ON_DEMAND;
	if (follow)
		child.flags |= VTUN_CHILD_F_FOLLOW_PEER;
	if (dscp)
		child.flags |= VTUN_CHILD_F_DECAP_DSCP;
	if (no_ecn)
		child.flags |= VTUN_CHILD_F_NO_ECN;
	ret = find_link(c, link, &child.link);
	if (ret)
		return ret;
	if ((dev && vtun_k_link_index(c->k, dev, &child.ifindex)) ||
	    vtun_k_child_add(c->k, &child, &id))
		return ctl_kernel_fail(c);
	if (c->json)
		return ctl_print_json(json_pack("{s:I}", "id",
						(json_int_t)id));
	return CTL_OK;
}

/* a flag of a child and whether it is wanted: -1 = as it is */
struct flag {
	uint32_t bit;
	int want;
};

static int parse_flag(const char *s, void *dst, struct vtun_err *err)
{
	struct flag *flag = dst;
	bool on;
	int ret;

	ret = vtun_parse_bool(s, &on, err);
	if (!ret)
		flag->want = on;
	return ret;
}

/* flags are sent as a whole: those that are not named stay as they are */
static int merge_flags(struct ctl *c, struct vtun_k_child *child,
		       const struct flag *flags, unsigned int n)
{
	struct vtun_k_child now = { 0 };
	unsigned int i;
	int ret;

	for (i = 0; i < n && flags[i].want < 0; i++)
		;
	if (i == n)
		return CTL_OK;
	ret = vtun_k_child_get(c->k, 0, child->name, &now);
	if (ret == -ENOENT)
		return ctl_fail(c, CTL_REFUSED, "no child \"%s\"",
				child->name);
	if (ret)
		return ctl_kernel_fail(c);
	child->given |= VTUN_K_BIT(VTUN_A_CHILD_FLAGS);
	child->flags = now.flags;
	for (i = 0; i < n; i++) {
		if (flags[i].want > 0)
			child->flags |= flags[i].bit;
		else if (!flags[i].want)
			child->flags &= ~flags[i].bit;
	}
	return CTL_OK;
}

int ctl_child_set(struct ctl *c)
{
	struct flag flags[] = {
		{ VTUN_CHILD_F_ON_DEMAND, -1 },
		{ VTUN_CHILD_F_FOLLOW_PEER, -1 },
		{ VTUN_CHILD_F_DECAP_DSCP, -1 },
		{ VTUN_CHILD_F_NO_ECN, -1 },
	};
	struct vtun_k_child child;
	const char *link = NULL;
	struct ctl_opt opts[OPTS_MAX] = {
		{ "on-demand", parse_flag, &flags[0] },
		{ "follow-peer", parse_flag, &flags[1] },
		{ "decap-dscp", parse_flag, &flags[2] },
		{ "no-ecn", parse_flag, &flags[3] },
	};
	struct vtun_err err;
	int ret;

	vtun_k_child_init(&child);
	add_settings(opts, &child, &link);
	ret = ctl_child_name(c, child.name);
	if (!ret && !c->argv[0]) {
		vtun_err_set(&err, "nothing is to change");
		return ctl_usage(c, &err);
	}
	if (!ret)
		ret = ctl_opts(c, opts, NULL);
	if (!ret)
		ret = check_families(c, &child);
	if (!ret)
		ret = find_link(c, link, &child.link);
	if (ret)
		return ret;
	child.given = given(opts);
	ret = merge_flags(c, &child, flags, sizeof(flags) / sizeof(flags[0]));
	if (ret)
		return ret;
	ret = vtun_k_child_set(c->k, &child);
	if (ret == -ENOENT)
		return ctl_fail(c, CTL_REFUSED, "no child \"%s\"",
				child.name);
	return ret ? ctl_kernel_fail(c) : CTL_OK;
}

int ctl_child_del(struct ctl *c)
{
	char name[VTUN_NAME_MAX + 1] = "";
	struct vtun_err err, why;
	const char *word;
	uint32_t id = 0;
	int ret;

	if (c->argv[0] && !strcmp(c->argv[0], "id") && c->argv[1]) {
		ctl_next(c);
		word = ctl_next(c);
		if (ctl_parse_id(word, &id, &why)) {
			vtun_err_set(&err, "id: %.200s", why.text);
			return ctl_usage(c, &err);
		}
	} else {
		ret = ctl_child_name(c, name);
		if (ret)
			return ret;
	}
	ret = ctl_end(c);
	if (!ret)
		ret = ctl_kernel(c, 0);
	if (ret)
		return ret;
	ret = vtun_k_child_del(c->k, id, name);
	if (ret == -ENOENT && id)
		return ctl_fail(c, CTL_REFUSED, "no child with id %u", id);
	if (ret == -ENOENT)
		return ctl_fail(c, CTL_REFUSED, "no child \"%s\"", name);
	return ret ? ctl_kernel_fail(c) : CTL_OK;
}

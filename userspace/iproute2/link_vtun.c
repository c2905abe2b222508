// SPDX-License-Identifier: GPL-2.0-or-later
/* Plugin for ip(8): options of link kind "vtun". */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <linux/vtun.h>

#include "link_util.h"

/* what ip itself leaves room for behind the header of a request */
#define REQUEST_MAX	1024

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const char *const dfs[] = {
	[VTUN_DF_COPY] = "copy",
	[VTUN_DF_SET] = "set",
	[VTUN_DF_CLEAR] = "clear",
};

static void help(FILE *f)
{
	fputs("Usage: ... vtun [ local ADDR ] [ remote ADDR ]\n"
	      "                [ fwmark MARK ] [ dev IF ]\n"
	      "                [ df { copy | set | clear } ]\n"
	      "                [ dscp { copy | 0..63 } ]\n"
	      "                [ mss { off | auto | OCTETS } ]\n"
	      "                [ dormant { on | off } ]\n"
	      "\n"
	      "All but dormant are defaults of children created later.\n"
	      "ADDR := { IPv4 | IPv6 | any }     any: no default\n"
	      "IF   := device or VRF outer packets leave by, or none\n"
	      "dormant on: operational state dormant, not down, without SA\n",
	      f);
}

static int wrong(const char *word, const char *value)
{
	fprintf(stderr, "vtun: \"%s\" is no value for %s\n", value, word);
	return -1;
}

static int put(struct nlmsghdr *n, int type, const void *data, size_t len)
{
	size_t at = NLMSG_ALIGN(n->nlmsg_len);
	struct rtattr *rta = (struct rtattr *)((char *)n + at);

	if (at + RTA_SPACE(len) > REQUEST_MAX) {
		fputs("vtun: the request has no room for more options\n",
		      stderr);
		return -1;
	}
	memset(rta, 0, RTA_SPACE(len));
	rta->rta_type = type;
	rta->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(rta), data, len);
	n->nlmsg_len = at + RTA_SPACE(len);
	return 0;
}

static bool number(const char *text, unsigned long max, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 0);
	return !errno && end != text && !*end && *value <= max &&
	       !strchr(text, '-');
}

static int parse_addr(struct nlmsghdr *n, int type, const char *word,
		      const char *value)
{
	unsigned char addr[16] = {0};

	if (!strcmp(value, "any") || inet_pton(AF_INET, value, addr) == 1)
		return put(n, type, addr, 4);
	if (inet_pton(AF_INET6, value, addr) == 1)
		return put(n, type, addr, 16);
	return wrong(word, value);
}

static int parse_mark(struct nlmsghdr *n, int type, const char *word,
		      const char *value)
{
	unsigned long mark;

	if (!number(value, UINT32_MAX, &mark))
		return wrong(word, value);
	return put(n, type, &(uint32_t){mark}, 4);
}

static int parse_link(struct nlmsghdr *n, int type, const char *word,
		      const char *value)
{
	uint32_t ifindex = 0;

	if (strcmp(value, "none")) {
		ifindex = if_nametoindex(value);
		if (!ifindex) {
			fprintf(stderr, "vtun: no device %s\n", value);
			return -1;
		}
	}
	return put(n, type, &ifindex, 4);
}

static int parse_df(struct nlmsghdr *n, int type, const char *word,
		    const char *value)
{
	unsigned int i;
	uint8_t df;

	for (i = 0; i < ARRAY_SIZE(dfs); i++) {
		df = i;
		if (!strcmp(value, dfs[i]))
			return put(n, type, &df, 1);
	}
	return wrong(word, value);
}

static int parse_dscp(struct nlmsghdr *n, int type, const char *word,
		      const char *value)
{
	unsigned long dscp = VTUN_DSCP_COPY;

	if (strcmp(value, "copy") && !number(value, 63, &dscp))
		return wrong(word, value);
	return put(n, type, &(uint8_t){dscp}, 1);
}

static int parse_mss(struct nlmsghdr *n, int type, const char *word,
		     const char *value)
{
	unsigned long mss = !strcmp(value, "auto");

	if (!mss && strcmp(value, "off") &&
	    (!number(value, UINT16_MAX, &mss) || mss < VTUN_MSS_MIN))
		return wrong(word, value);
	return put(n, type, &(uint16_t){mss}, 2);
}

static int parse_dormant(struct nlmsghdr *n, int type, const char *word,
			 const char *value)
{
	uint8_t on = !strcmp(value, "on");

	if (!on && strcmp(value, "off"))
		return wrong(word, value);
	return put(n, type, &on, 1);
}

static const struct option {
	const char *word, *alias;
	int type;
	int (*parse)(struct nlmsghdr *n, int type, const char *word,
		     const char *value);
} options[] = {
	{ "local", NULL, IFLA_VTUN_LOCAL, parse_addr },
	{ "remote", NULL, IFLA_VTUN_REMOTE, parse_addr },
	{ "fwmark", "mark", IFLA_VTUN_MARK, parse_mark },
	{ "dev", "link", IFLA_VTUN_LINK, parse_link },
	{ "df", NULL, IFLA_VTUN_DF, parse_df },
	{ "dscp", NULL, IFLA_VTUN_DSCP, parse_dscp },
	{ "mss", "mss-clamp", IFLA_VTUN_MSS_CLAMP, parse_mss },
	{ "dormant", NULL, IFLA_VTUN_DORMANT, parse_dormant },
};

static const struct option *find_option(const char *word)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (!strcmp(word, options[i].word) ||
		    (options[i].alias && !strcmp(word, options[i].alias)))
			return &options[i];
	return NULL;
}

static int parse_opt(struct link_util *lu, int argc, char **argv,
		     struct nlmsghdr *n)
{
	const struct option *opt;
	unsigned int seen = 0;

	for (; argc > 0; argc -= 2, argv += 2) {
		if (!strcmp(*argv, "help")) {
			help(stderr);
			return -1;
		}
		opt = find_option(*argv);
		if (!opt) {
			fprintf(stderr, "vtun: unknown option \"%s\"\n", *argv);
			help(stderr);
			return -1;
		}
		if (argc < 2) {
			fprintf(stderr, "vtun: %s needs a value\n", *argv);
			return -1;
		}
		if (seen & 1U << opt->type) {
			fprintf(stderr, "vtun: %s stands twice\n", *argv);
			return -1;
		}
		seen |= 1U << opt->type;
		if (opt->parse(n, opt->type, *argv, argv[1]))
			return -1;
	}
	return 0;
}

/* @key: in JSON; @word: in front of the value, as it is typed */
static void print_text(const char *key, const char *word, const char *value)
{
	char fmt[32];

	if (!print_color_string) {
		printf("%s %s ", word, value);
		return;
	}
	snprintf(fmt, sizeof(fmt), "%s %%s ", word);
	print_color_string(LINK_UTIL_ANY, 0, key, fmt, value);
}

static void print_number(const char *key, const char *word, unsigned int value)
{
	char fmt[32];

	if (!print_color_uint) {
		printf("%s %u ", word, value);
		return;
	}
	snprintf(fmt, sizeof(fmt), "%s %%u ", word);
	print_color_uint(LINK_UTIL_ANY, 0, key, fmt, value);
}

static void print_addr(const char *key, const struct rtattr *rta)
{
	int family = RTA_PAYLOAD(rta) == 4 ? AF_INET : AF_INET6;
	char text[INET6_ADDRSTRLEN];

	if ((RTA_PAYLOAD(rta) == 4 || RTA_PAYLOAD(rta) == 16) &&
	    inet_ntop(family, RTA_DATA(rta), text, sizeof(text)))
		print_text(key, key, text);
}

static uint32_t value_of(const struct rtattr *rta)
{
	uint32_t value = 0;

	/* narrower ones are read as what they are */
	switch (RTA_PAYLOAD(rta)) {
	case 1:
		return *(const uint8_t *)RTA_DATA(rta);
	case 2:
		return *(const uint16_t *)RTA_DATA(rta);
	case 4:
		memcpy(&value, RTA_DATA(rta), 4);
	}
	return value;
}

/* of the namespace the device was born in: elsewhere the name may differ */
static void print_link(uint32_t ifindex)
{
	char name[IF_NAMESIZE + 12];

	if (!ifindex)
		return;
	if (!if_indextoname(ifindex, name))
		snprintf(name, sizeof(name), "if%u", ifindex);
	print_text("link", "dev", name);
	if (print_color_uint)
		print_color_uint(LINK_UTIL_JSON, 0, "link_index", NULL,
				 ifindex);
}

static void print_options(struct rtattr *tb[])
{
	uint32_t n;

	if (tb[IFLA_VTUN_DF]) {
		n = value_of(tb[IFLA_VTUN_DF]);
		print_text("df", "df", n < ARRAY_SIZE(dfs) ? dfs[n] : "?");
	}
	if (tb[IFLA_VTUN_DSCP]) {
		n = value_of(tb[IFLA_VTUN_DSCP]);
		if (n == VTUN_DSCP_COPY)
			print_text("dscp", "dscp", "copy");
		else
			print_number("dscp", "dscp", n);
	}
	if (tb[IFLA_VTUN_MSS_CLAMP]) {
		n = value_of(tb[IFLA_VTUN_MSS_CLAMP]);
		if (n > 1)
			print_number("mss", "mss", n);
		else
			print_text("mss", "mss", n ? "auto" : "off");
	}
	if (tb[IFLA_VTUN_DORMANT]) {
		n = value_of(tb[IFLA_VTUN_DORMANT]);
		print_text("dormant", "dormant", n ? "on" : "off");
	}
}

static void print_opt(struct link_util *lu, FILE *f, struct rtattr *tb[])
{
	char mark[16];

	if (!tb)
		return;
	if (tb[IFLA_VTUN_LOCAL])
		print_addr("local", tb[IFLA_VTUN_LOCAL]);
	if (tb[IFLA_VTUN_REMOTE])
		print_addr("remote", tb[IFLA_VTUN_REMOTE]);
	if (tb[IFLA_VTUN_MARK] && value_of(tb[IFLA_VTUN_MARK])) {
		snprintf(mark, sizeof(mark), "0x%x",
			 value_of(tb[IFLA_VTUN_MARK]));
		print_text("fwmark", "fwmark", mark);
	}
	if (tb[IFLA_VTUN_LINK])
		print_link(value_of(tb[IFLA_VTUN_LINK]));
	print_options(tb);
}

static void print_help(struct link_util *lu, int argc, char **argv, FILE *f)
{
	help(f);
}

struct link_util vtun_link_util = {
	.id = "vtun",
	.maxattr = IFLA_VTUN_MAX,
	.parse_opt = parse_opt,
	.print_opt = print_opt,
	.print_help = print_help,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a link plugin and ip(8) know of each other. iproute2 has no header for
 * this; the declarations below are the interface of its versions since 4.18,
 * checked with 6.1 (Debian 12) and 6.15 (Debian 13).
 *
 * ip looks for LIBDIR/ip/link_KIND.so, or $IP_LIB_DIR/link_KIND.so, and there
 * for KIND_link_util. Functions of ip itself are weak here: a version without
 * them costs JSON output, no more.
 */
#ifndef VTUN_LINK_UTIL_H
#define VTUN_LINK_UTIL_H

#include <stdint.h>
#include <stdio.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

/**
 * struct link_util - one kind of link
 * @next: of the list that ip keeps
 * @id: kind
 * @maxattr: highest attribute type in IFLA_INFO_DATA
 * @parse_opt: words behind "type KIND" to attributes; 0 or -1
 * @print_opt: attributes to text or JSON; the array is NULL when there are none
 * @print_xstats: not used
 * @print_help: of "ip link help KIND"
 * @parse_ifla_xstats: not used
 * @print_ifla_xstats: not used; its arguments differ between versions
 */
struct link_util {
	struct link_util *next;
	const char *id;
	int maxattr;
	int (*parse_opt)(struct link_util *lu, int argc, char **argv,
			 struct nlmsghdr *n);
	void (*print_opt)(struct link_util *lu, FILE *f, struct rtattr *tb[]);
	void (*print_xstats)(struct link_util *lu, FILE *f, struct rtattr *xs);
	void (*print_help)(struct link_util *lu, int argc, char **argv,
			   FILE *f);
	int (*parse_ifla_xstats)(struct link_util *lu, int argc, char **argv);
	int (*print_ifla_xstats)(void);
};

/* argument of print_color_*(): text goes to FILE, values to the JSON writer */
enum link_util_output {
	LINK_UTIL_TEXT = 1,
	LINK_UTIL_JSON = 2,
	LINK_UTIL_ANY = 4,
};

/* int or void in different versions: the result is of no use */
#pragma weak print_color_string
int print_color_string(enum link_util_output t, int color, const char *key,
		       const char *fmt, const char *value);
/* unsigned int or uint64_t in different versions: a wide argument fits both */
#pragma weak print_color_uint
int print_color_uint(enum link_util_output t, int color, const char *key,
		     const char *fmt, uint64_t value);

extern struct link_util vtun_link_util;

#endif /* VTUN_LINK_UTIL_H */

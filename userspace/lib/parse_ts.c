// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses and traffic selectors, text to value and back. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "parse.h"

#define TS_EXPECTED \
	"expected PREFIX or ADDR-ADDR, then [PROTO/PORT-PORT] if wanted, " \
	"like 10.1.0.0/16[tcp/80]"

int vtun_parse_addr(const char *s, struct vtun_addr *a, struct vtun_err *err)
{
	struct vtun_addr v = { 0 };

	if (inet_pton(AF_INET, s, v.addr) == 1)
		v.family = AF_INET;
	else if (inet_pton(AF_INET6, s, v.addr) == 1)
		v.family = AF_INET6;
	else
		return vtun_err_set(err, "\"%s\" is not an IPv4 or IPv6 address",
				    vtun_quote(s));
	*a = v;
	return 0;
}

const char *vtun_format_addr(const struct vtun_addr *a,
			     char buf[VTUN_ADDR_STRLEN])
{
	if (!vtun_addr_len(a->family) ||
	    !inet_ntop(a->family, a->addr, buf, VTUN_ADDR_STRLEN))
		strcpy(buf, "-");
	return buf;
}

/* sets the host bits of @end and returns whether @start has none of them */
static bool prefix_range(struct vtun_ts *ts, unsigned int len)
{
	unsigned int i, bits = vtun_addr_len(ts->family) * 8;
	bool clean = true;

	memcpy(ts->end, ts->start, sizeof(ts->end));
	for (i = len; i < bits; i++) {
		uint8_t mask = 0x80 >> (i & 7);

		if (ts->start[i / 8] & mask)
			clean = false;
		ts->end[i / 8] |= mask;
	}
	return clean;
}

/* length of the prefix @ts is, -1: it is none */
static int prefix_len(const struct vtun_ts *ts)
{
	int len, bits = vtun_addr_len(ts->family) * 8;
	struct vtun_ts probe = *ts;

	for (len = 0; len < bits; len++)
		if ((ts->start[len / 8] ^ ts->end[len / 8]) &
		    (0x80 >> (len & 7)))
			break;
	if (!prefix_range(&probe, len) ||
	    memcmp(probe.end, ts->end, vtun_addr_len(ts->family)))
		return -1;
	return len;
}

static int parse_range(const char *s, char *low, const char *high,
		       struct vtun_ts *ts, struct vtun_err *err)
{
	struct vtun_addr a = { 0 }, b = { 0 };

	if (vtun_parse_addr(low, &a, NULL) || vtun_parse_addr(high, &b, NULL) ||
	    a.family != b.family)
		return vtun_err_set(err, "\"%s\" is not a range of addresses of one family",
				    vtun_quote(s));
	if (memcmp(a.addr, b.addr, vtun_addr_len(a.family)) > 0)
		return vtun_err_set(err, "range \"%s\" ends before it starts",
				    vtun_quote(s));
	ts->family = a.family;
	memcpy(ts->start, a.addr, sizeof(ts->start));
	memcpy(ts->end, b.addr, sizeof(ts->end));
	return 0;
}

static int parse_prefix(const char *s, char *addr, const char *len,
			struct vtun_ts *ts, struct vtun_err *err)
{
	struct vtun_addr a = { 0 };
	uint32_t bits, n;

	if (vtun_parse_addr(addr, &a, NULL))
		return vtun_err_set(err, "\"%s\" is not a selector; "
				    TS_EXPECTED, vtun_quote(s));
	bits = vtun_addr_len(a.family) * 8;
	n = bits;
	if (len && vtun_parse_u32(len, 0, bits, &n, NULL))
		return vtun_err_set(err, "prefix length \"%s\" of \"%s\" is not a number from 0 to %u",
				    vtun_quote(len), vtun_quote(s), bits);
	ts->family = a.family;
	memcpy(ts->start, a.addr, sizeof(ts->start));
	if (!prefix_range(ts, n))
		return vtun_err_set(err, "prefix \"%s\" has bits set behind its length; write the first address of it",
				    vtun_quote(s));
	return 0;
}

static int parse_ports(const char *s, char *text, struct vtun_ts *ts,
		       struct vtun_err *err)
{
	uint32_t low, high;
	char *dash;

	dash = strchr(text, '-');
	if (dash)
		*dash++ = '\0';
	if (vtun_parse_u32(text, 0, 65535, &low, NULL) ||
	    vtun_parse_u32(dash ? dash : text, 0, 65535, &high, NULL))
		return vtun_err_set(err, "ports of selector \"%s\" are not numbers from 0 to 65535",
				    vtun_quote(s));
	if (low > high)
		return vtun_err_set(err, "ports of selector \"%s\" end before they start",
				    vtun_quote(s));
	if (!ts->proto && (low || high != 65535))
		return vtun_err_set(err, "selector \"%s\" has ports without a protocol",
				    vtun_quote(s));
	ts->port_start = low;
	ts->port_end = high;
	return 0;
}

/* what stands in brackets */
static int parse_upper(const char *s, char *text, struct vtun_ts *ts,
		       struct vtun_err *err)
{
	uint32_t proto;
	char *slash;

	slash = strchr(text, '/');
	if (slash)
		*slash++ = '\0';
	if (!strcmp(text, "any")) {
		ts->proto = 0;
	} else if (!vtun_proto_by_name(text, &ts->proto)) {
		if (vtun_parse_u32(text, 0, 255, &proto, NULL))
			return vtun_err_set(err, "\"%s\" in selector \"%s\" is no protocol; expected tcp, udp, icmp, ... or 0 to 255",
					    vtun_quote(text), vtun_quote(s));
		ts->proto = proto;
	}
	return slash ? parse_ports(s, slash, ts, err) : 0;
}

int vtun_parse_ts(const char *s, struct vtun_ts *out, struct vtun_err *err)
{
	struct vtun_ts ts = { .port_end = 65535 };
	char text[VTUN_TS_STRLEN], *sep, *bracket;
	int ret;

	if (strlen(s) >= sizeof(text))
		return vtun_err_set(err, "\"%s\" is too long for a selector; "
				    TS_EXPECTED, vtun_quote(s));
	strcpy(text, s);
	bracket = strchr(text, '[');
	if (bracket) {
		*bracket++ = '\0';
		sep = strchr(bracket, ']');
		if (!sep || sep[1])
			return vtun_err_set(err, "selector \"%s\" does not end with its bracket",
					    vtun_quote(s));
		*sep = '\0';
		ret = parse_upper(s, bracket, &ts, err);
		if (ret)
			return ret;
	}
	sep = strpbrk(text, "-/");
	if (sep && *sep == '-') {
		*sep = '\0';
		ret = parse_range(s, text, sep + 1, &ts, err);
	} else {
		if (sep)
			*sep = '\0';
		ret = parse_prefix(s, text, sep ? sep + 1 : NULL, &ts, err);
	}
	if (!ret)
		*out = ts;
	return ret;
}

int vtun_parse_ts_list(const char *s, struct vtun_ts *ts, unsigned int max,
		       unsigned int *n, struct vtun_err *err)
{
	char *copy, *next, *item;
	unsigned int count = 0;
	int ret = 0;

	copy = strdup(s);
	if (!copy)
		return vtun_err_set(err, "out of memory");
	for (next = copy; !ret && (item = strsep(&next, ",")); count++) {
		if (count >= max)
			ret = vtun_err_set(err, "more than %u selectors in \"%s\"",
					   max, vtun_quote(s));
		else
			ret = vtun_parse_ts(item, &ts[count], err);
	}
	free(copy);
	if (!ret)
		*n = count;
	return ret;
}

const char *vtun_format_ts(const struct vtun_ts *ts, char buf[VTUN_TS_STRLEN])
{
	char a[VTUN_ADDR_STRLEN], b[VTUN_ADDR_STRLEN], proto[8];
	int len = prefix_len(ts), pos;
	struct vtun_addr addr;
	const char *name;

	addr.family = ts->family;
	memcpy(addr.addr, ts->start, sizeof(addr.addr));
	vtun_format_addr(&addr, a);
	memcpy(addr.addr, ts->end, sizeof(addr.addr));
	vtun_format_addr(&addr, b);
	if (len >= 0)
		pos = snprintf(buf, VTUN_TS_STRLEN, "%s/%d", a, len);
	else
		pos = snprintf(buf, VTUN_TS_STRLEN, "%s-%s", a, b);
	if (!ts->proto)
		return buf;
	name = vtun_name_proto(ts->proto);
	if (!name) {
		snprintf(proto, sizeof(proto), "%u", ts->proto);
		name = proto;
	}
	if (!ts->port_start && ts->port_end == 65535)
		snprintf(buf + pos, VTUN_TS_STRLEN - pos, "[%s]", name);
	else if (ts->port_start == ts->port_end)
		snprintf(buf + pos, VTUN_TS_STRLEN - pos, "[%s/%u]", name,
			 ts->port_start);
	else
		snprintf(buf + pos, VTUN_TS_STRLEN - pos, "[%s/%u-%u]", name,
			 ts->port_start, ts->port_end);
	return buf;
}

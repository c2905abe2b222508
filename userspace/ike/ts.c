// SPDX-License-Identifier: GPL-2.0-or-later
#include "ts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/parse.h"
#include "wire_get.h"

#define TS_HDR	8	/* type, protocol, length, both ports */

static size_t addr_len(const struct ike_ts *ts)
{
	return vtun_addr_len(ts->family);
}

bool ike_ts_valid(const struct ike_ts *ts)
{
	size_t len = addr_len(ts);

	if (!len || memcmp(ts->start, ts->end, len) > 0)
		return false;
	/* ports of no protocol in particular mean nothing (RFC 4301 4.4.1.1) */
	if (!ts->proto)
		return !ts->port_start && ts->port_end == 65535;
	return ts->port_start <= ts->port_end;
}

/* ---- wire ---- */

/* one selector at data[off..len) into @ts; *used = its length */
static int parse_one(const uint8_t *data, size_t off, size_t len,
		     struct ike_ts *ts, size_t *used, struct ike_wire_err *err)
{
	const uint8_t *p = data + off;
	size_t alen;

	memset(ts, 0, sizeof(*ts));
	if (len - off < TS_HDR)
		return ike_wire_fail(err, IKE_WIRE_N_INVALID_SYNTAX,
				     IKE_WIRE_P_TSI, off,
				     "selector at %zu is cut off", off);
	*used = ike_wire_get16(p + 2);
	if (*used < TS_HDR || *used > len - off)
		return ike_wire_fail(err, IKE_WIRE_N_INVALID_SYNTAX,
				     IKE_WIRE_P_TSI, off + 2,
				     "selector at %zu says %zu octets, %zu are left",
				     off, *used, len - off);
	switch (p[0]) {
	case IKE_WIRE_TS_IPV4:
		ts->family = AF_INET;
		break;
	case IKE_WIRE_TS_IPV6:
		ts->family = AF_INET6;
		break;
	default:
		return 0;
	}
	alen = addr_len(ts);
	if (*used != TS_HDR + 2 * alen)
		return ike_wire_fail(err, IKE_WIRE_N_INVALID_SYNTAX,
				     IKE_WIRE_P_TSI, off + 2,
				     "selector at %zu: type %u with %zu octets",
				     off, p[0], *used);
	ts->proto = p[1];
	ts->port_start = ike_wire_get16(p + 4);
	ts->port_end = ike_wire_get16(p + 6);
	memcpy(ts->start, p + TS_HDR, alen);
	memcpy(ts->end, p + TS_HDR + alen, alen);
	if (memcmp(ts->start, ts->end, alen) > 0)
		return ike_wire_fail(err, IKE_WIRE_N_INVALID_SYNTAX,
				     IKE_WIRE_P_TSI, off + TS_HDR,
				     "selector at %zu: start above end", off);
	/* OPAQUE is the one range that runs backwards */
	if (ts->port_start > ts->port_end &&
	    (ts->port_start != 65535 || ts->port_end))
		return ike_wire_fail(err, IKE_WIRE_N_INVALID_SYNTAX,
				     IKE_WIRE_P_TSI, off + 4,
				     "selector at %zu: port %u above %u", off,
				     ts->port_start, ts->port_end);
	return 0;
}

static int parse_all(struct ike_wire_view body, struct ike_ts_list *list,
		     struct ike_wire_err *err)
{
	size_t off = 4, used = 0;
	struct ike_ts ts;
	unsigned int i;
	int ret;

	if (!body.data || body.len < 4 || !body.data[0])
		return ike_wire_fail(err, IKE_WIRE_N_INVALID_SYNTAX,
				     IKE_WIRE_P_TSI, 0,
				     "no traffic selector in the payload");
	for (i = 0; i < body.data[0]; i++) {
		ret = parse_one(body.data, off, body.len, &ts, &used, err);
		if (ret)
			return ret;
		off += used;
		if (!ike_ts_valid(&ts))
			continue;
		if (list->n == IKE_TS_MAX)
			return ike_wire_fail(err, IKE_WIRE_N_TS_UNACCEPTABLE,
					     IKE_WIRE_P_TSI, off,
					     "more than %u traffic selectors",
					     IKE_TS_MAX);
		list->ts[list->n++] = ts;
	}
	if (off != body.len)
		return ike_wire_fail(err, IKE_WIRE_N_INVALID_SYNTAX,
				     IKE_WIRE_P_TSI, off,
				     "%zu octets after the last selector",
				     body.len - off);
	return 0;
}

int ike_ts_parse(struct ike_wire_view body, struct ike_ts_list *list,
		 struct ike_wire_err *err)
{
	int ret;

	memset(list, 0, sizeof(*list));
	ret = parse_all(body, list, err);
	if (ret)
		memset(list, 0, sizeof(*list));
	return ret;
}

static void build_one(struct ike_build *b, const struct ike_ts *ts)
{
	size_t alen = addr_len(ts);

	ike_build_u8(b, ts->family == AF_INET ? IKE_WIRE_TS_IPV4 :
						IKE_WIRE_TS_IPV6);
	ike_build_u8(b, ts->proto);
	ike_build_u16(b, (uint16_t)(TS_HDR + 2 * alen));
	ike_build_u16(b, ts->port_start);
	ike_build_u16(b, ts->port_end);
	ike_build_put(b, ts->start, alen);
	ike_build_put(b, ts->end, alen);
}

void ike_ts_build(struct ike_build *b, uint8_t type,
		  const struct ike_ts_list *list)
{
	unsigned int i;

	ike_build_open(b, type);
	ike_build_u32(b, (uint32_t)list->n << 24);
	for (i = 0; i < list->n; i++)
		build_one(b, &list->ts[i]);
	ike_build_close(b);
	if (!list->n || list->n > IKE_TS_MAX)
		b->err = b->err ? b->err : -EINVAL;
}

/* ---- sets ---- */

void ike_ts_list_set(struct ike_ts_list *list, const struct ike_ts *ts,
		     unsigned int n)
{
	memset(list, 0, sizeof(*list));
	list->n = n < IKE_TS_MAX ? n : IKE_TS_MAX;
	memcpy(list->ts, ts, list->n * sizeof(*ts));
}

bool ike_ts_covers(const struct ike_ts *big, const struct ike_ts *small)
{
	size_t len = addr_len(big);

	return big->family == small->family &&
	       (!big->proto || big->proto == small->proto) &&
	       big->port_start <= small->port_start &&
	       big->port_end >= small->port_end &&
	       memcmp(big->start, small->start, len) <= 0 &&
	       memcmp(big->end, small->end, len) >= 0;
}

bool ike_ts_equal(const struct ike_ts *a, const struct ike_ts *b)
{
	return ike_ts_covers(a, b) && ike_ts_covers(b, a);
}

/* false = they have nothing in common */
static bool intersect(const struct ike_ts *a, const struct ike_ts *b,
		      struct ike_ts *out)
{
	size_t len = addr_len(a);

	if (a->family != b->family)
		return false;
	if (a->proto && b->proto && a->proto != b->proto)
		return false;
	*out = *a;
	out->proto = a->proto ? a->proto : b->proto;
	if (b->port_start > out->port_start)
		out->port_start = b->port_start;
	if (b->port_end < out->port_end)
		out->port_end = b->port_end;
	if (memcmp(b->start, out->start, len) > 0)
		memcpy(out->start, b->start, len);
	if (memcmp(b->end, out->end, len) < 0)
		memcpy(out->end, b->end, len);
	return out->port_start <= out->port_end &&
	       memcmp(out->start, out->end, len) <= 0;
}

/* adds @ts unless covered; what it covers goes */
static void list_add(struct ike_ts_list *list, const struct ike_ts *ts)
{
	unsigned int i, keep = 0;

	for (i = 0; i < list->n; i++)
		if (ike_ts_covers(&list->ts[i], ts))
			return;
	for (i = 0; i < list->n; i++)
		if (!ike_ts_covers(ts, &list->ts[i]))
			list->ts[keep++] = list->ts[i];
	list->n = keep;
	if (list->n < IKE_TS_MAX)
		list->ts[list->n++] = *ts;
}

int ike_ts_narrow(const struct ike_ts_list *theirs,
		  const struct ike_ts_list *ours, struct ike_ts_list *out)
{
	unsigned int i, j;
	struct ike_ts ts;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < theirs->n; i++)
		for (j = 0; j < ours->n; j++)
			if (intersect(&theirs->ts[i], &ours->ts[j], &ts))
				list_add(out, &ts);
	return out->n ? 0 : -ENOENT;
}

static bool covered(const struct ike_ts_list *list, const struct ike_ts *ts)
{
	unsigned int i;

	for (i = 0; i < list->n; i++)
		if (ike_ts_covers(&list->ts[i], ts))
			return true;
	return false;
}

bool ike_ts_subset(const struct ike_ts_list *answer,
		   const struct ike_ts_list *list)
{
	unsigned int i;

	for (i = 0; i < answer->n; i++)
		if (!covered(list, &answer->ts[i]))
			return false;
	return answer->n > 0;
}

static bool contains(const struct ike_ts_list *list, const struct ike_ts *ts)
{
	unsigned int i;

	for (i = 0; i < list->n; i++)
		if (ike_ts_equal(&list->ts[i], ts))
			return true;
	return false;
}

bool ike_ts_list_equal(const struct ike_ts_list *a,
		       const struct ike_ts_list *b)
{
	unsigned int i;

	for (i = 0; i < a->n; i++)
		if (!contains(b, &a->ts[i]))
			return false;
	for (i = 0; i < b->n; i++)
		if (!contains(a, &b->ts[i]))
			return false;
	return true;
}

/* ---- text ---- */

const char *ike_ts_text(const struct ike_ts *ts, char *buf, size_t size)
{
	struct vtun_ts v = {
		.family = ts->family, .proto = ts->proto,
		.port_start = ts->port_start, .port_end = ts->port_end,
	};
	char text[VTUN_TS_STRLEN] = "?";

	memcpy(v.start, ts->start, sizeof(v.start));
	memcpy(v.end, ts->end, sizeof(v.end));
	if (addr_len(ts))
		vtun_format_ts(&v, text);
	snprintf(buf, size, "%s", text);
	return buf;
}

const char *ike_ts_list_text(const struct ike_ts_list *list, char *buf,
			     size_t size)
{
	char one[IKE_TS_TEXT];
	unsigned int i;
	size_t n = 0;

	if (!size)
		return "";
	snprintf(buf, size, "none");
	for (i = 0; i < list->n; i++) {
		ike_ts_text(&list->ts[i], one, sizeof(one));
		/* room for ",..." must remain behind it */
		if (n + strlen(one) + 6 > size) {
			snprintf(buf + n, size - n, "%s...", i ? "," : "");
			break;
		}
		n += (size_t)snprintf(buf + n, size - n, "%s%s", i ? "," : "",
				      one);
	}
	return buf;
}

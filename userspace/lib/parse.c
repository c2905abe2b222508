// SPDX-License-Identifier: GPL-2.0-or-later
#include "parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "names.h"

int vtun_err_set(struct vtun_err *err, const char *fmt, ...)
{
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		vsnprintf(err->text, sizeof(err->text), fmt, ap);
		va_end(ap);
	}
	return -EINVAL;
}

const char *vtun_quote(const char *s)
{
	static char ring[8][72];
	static unsigned int next;
	char *buf = ring[next++ % 8];
	size_t i;

	for (i = 0; i < sizeof(ring[0]) - 4 && s[i]; i++)
		buf[i] = s[i] >= ' ' && s[i] <= '~' ? s[i] : '?';
	buf[i] = '\0';
	if (s[i])
		strcat(buf, "...");
	return buf;
}

/*
 * Digits at @s into @val. Returns the first character behind them, NULL if
 * there are none or the number does not fit.
 */
static const char *digits(const char *s, uint64_t *val)
{
	unsigned int base = 10, d;
	const char *start;
	uint64_t v = 0;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	}
	for (start = s; ; s++) {
		if (*s >= '0' && *s <= '9')
			d = *s - '0';
		else if (base == 16 && *s >= 'a' && *s <= 'f')
			d = *s - 'a' + 10;
		else if (base == 16 && *s >= 'A' && *s <= 'F')
			d = *s - 'A' + 10;
		else
			break;
		if (v > (UINT64_MAX - d) / base)
			return NULL;
		v = v * base + d;
	}
	if (s == start)
		return NULL;
	*val = v;
	return s;
}

int vtun_parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *val,
		   struct vtun_err *err)
{
	const char *end;
	uint64_t v = 0;

	end = digits(s, &v);
	if (!end || *end || v < min || v > max)
		return vtun_err_set(err, "\"%s\" is not a number from %" PRIu64
				    " to %" PRIu64, vtun_quote(s), min, max);
	*val = v;
	return 0;
}

int vtun_parse_u32(const char *s, uint32_t min, uint32_t max, uint32_t *val,
		   struct vtun_err *err)
{
	uint64_t v = 0;
	int ret;

	ret = vtun_parse_u64(s, min, max, &v, err);
	if (!ret)
		*val = v;
	return ret;
}

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit time_units[] = {
	{ "ms", 1 }, { "s", 1000 }, { "", 1000 }, { "m", 60000 },
	{ "h", 3600000 }, { "d", 86400000 }, { NULL }
};

static const struct unit size_units[] = {
	{ "", 1 }, { "B", 1 }, { "K", 1ULL << 10 }, { "M", 1ULL << 20 },
	{ "G", 1ULL << 30 }, { "T", 1ULL << 40 }, { "k", 1ULL << 10 },
	{ NULL }
};

/* number with a unit; the result must fit 63 bits, as the kernel counts */
static bool with_unit(const char *s, const struct unit *unit, uint64_t *val)
{
	const char *end;
	uint64_t v = 0;

	end = digits(s, &v);
	if (!end)
		return false;
	for (; unit->name; unit++) {
		if (strcmp(end, unit->name))
			continue;
		if (v > (uint64_t)INT64_MAX / unit->factor)
			return false;
		*val = v * unit->factor;
		return true;
	}
	return false;
}

int vtun_parse_duration(const char *s, uint64_t *ms, struct vtun_err *err)
{
	if (!with_unit(s, time_units, ms))
		return vtun_err_set(err, "\"%s\" is not a duration; expected a number with ms, s, m, h or d, like 30s",
				    vtun_quote(s));
	return 0;
}

int vtun_parse_size(const char *s, uint64_t *bytes, struct vtun_err *err)
{
	if (!with_unit(s, size_units, bytes))
		return vtun_err_set(err, "\"%s\" is not a size; expected octets or a number with K, M, G or T, like 64K",
				    vtun_quote(s));
	return 0;
}

int vtun_parse_bool(const char *s, bool *val, struct vtun_err *err)
{
	static const char *const words[] = {
		"no", "yes", "off", "on", "false", "true", "disable", "enable",
		NULL
	};
	unsigned int i;

	for (i = 0; words[i]; i++) {
		if (strcmp(s, words[i]))
			continue;
		*val = i & 1;
		return 0;
	}
	return vtun_err_set(err, "\"%s\" is neither yes nor no", vtun_quote(s));
}

int vtun_parse_spi(const char *s, uint32_t *spi, struct vtun_err *err)
{
	const char *end;
	uint64_t v = 0;

	end = digits(s, &v);
	if (!end || *end || v > UINT32_MAX)
		return vtun_err_set(err, "\"%s\" is not an SPI; expected a number like 4096 or 0xc0ffee01",
				    vtun_quote(s));
	if (v < VTUN_SPI_MIN)
		return vtun_err_set(err, "SPI %s is reserved; the smallest is %u",
				    vtun_quote(s), VTUN_SPI_MIN);
	*spi = v;
	return 0;
}

int vtun_parse_name(const char *s, char *name, size_t size,
		    struct vtun_err *err)
{
	static const char also[] = "._-:@";
	size_t i;

	for (i = 0; s[i]; i++) {
		if ((s[i] >= 'a' && s[i] <= 'z') ||
		    (s[i] >= 'A' && s[i] <= 'Z') ||
		    (s[i] >= '0' && s[i] <= '9') || strchr(also, s[i]))
			continue;
		return vtun_err_set(err, "name \"%s\" contains \"%.1s\"; "
				    "allowed are letters, digits and %s",
				    vtun_quote(s), vtun_quote(s + i), also);
	}
	if (!i || i >= size)
		return vtun_err_set(err, "name \"%s\" has %zu characters; "
				    "allowed are 1 to %zu", vtun_quote(s), i,
				    size - 1);
	memcpy(name, s, i + 1);
	return 0;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* what is wrong with a key is told by position: its digits are secret */
int vtun_parse_hex(const char *s, size_t len, uint8_t *out, size_t size,
		   size_t *out_len, struct vtun_err *err)
{
	size_t i, n = 0;
	int v;

	if (len >= 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		s += 2;
		len -= 2;
	}
	for (i = 0; i < len; i++) {
		if (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r')
			continue;
		v = nibble(s[i]);
		if (v < 0)
			return vtun_err_set(err, "character %zu is no hexadecimal digit",
					    i + 1);
		if (n / 2 >= size)
			return vtun_err_set(err, "more than %zu octets", size);
		if (n & 1)
			out[n / 2] |= v;
		else
			out[n / 2] = v << 4;
		n++;
	}
	if (n & 1)
		return vtun_err_set(err, "odd number of hexadecimal digits (%zu)",
				    n);
	*out_len = n / 2;
	return 0;
}

const char *vtun_format_spi(uint32_t spi, char buf[VTUN_NUM_STRLEN])
{
	snprintf(buf, VTUN_NUM_STRLEN, "0x%08x", spi);
	return buf;
}

const char *vtun_format_duration(uint64_t ms, char buf[VTUN_NUM_STRLEN])
{
	uint64_t s = ms / 1000;

	if (ms < 1000)
		snprintf(buf, VTUN_NUM_STRLEN, "%" PRIu64 "ms", ms);
	else if (s < 60)
		snprintf(buf, VTUN_NUM_STRLEN, "%" PRIu64 ".%" PRIu64 "s", s,
			 ms % 1000 / 100);
	else if (s < 3600)
		snprintf(buf, VTUN_NUM_STRLEN, "%" PRIu64 "m%02" PRIu64 "s",
			 s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, VTUN_NUM_STRLEN, "%" PRIu64 "h%02" PRIu64 "m%02"
			 PRIu64 "s", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(buf, VTUN_NUM_STRLEN, "%" PRIu64 "d%02" PRIu64 "h%02"
			 PRIu64 "m", s / 86400, s / 3600 % 24, s / 60 % 60);
	return buf;
}

const char *vtun_format_size(uint64_t bytes, char buf[VTUN_NUM_STRLEN])
{
	static const char units[] = "KMGTPE";
	unsigned int i = 0;

	if (bytes < 10240) {
		snprintf(buf, VTUN_NUM_STRLEN, "%" PRIu64 "B", bytes);
		return buf;
	}
	while (bytes >= 1024 * 1024 && i < sizeof(units) - 2) {
		bytes /= 1024;
		i++;
	}
	snprintf(buf, VTUN_NUM_STRLEN, "%" PRIu64 ".%" PRIu64 "%c",
		 bytes / 1024, bytes % 1024 * 10 / 1024, units[i]);
	return buf;
}

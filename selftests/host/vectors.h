/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading selftests/vectors: hexadecimal, "name = value" records. */
#ifndef VTUN_HOST_VECTORS_H
#define VTUN_HOST_VECTORS_H

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "ktap.h"

struct octets {
	uint8_t *data;
	size_t len;
};

static inline struct octets octets_from_hex(const char *hex)
{
	struct octets o = { NULL, strlen(hex) / 2 };
	unsigned int v;
	size_t i;

	/* one spare octet, so that empty input is not NULL */
	o.data = calloc(1, o.len + 1);
	if (!o.data)
		ktap_bail("out of memory");
	for (i = 0; i < o.len; i++) {
		if (sscanf(hex + 2 * i, "%2x", &v) != 1)
			ktap_bail("no hexadecimal number: %.20s", hex);
		o.data[i] = (uint8_t)v;
	}
	return o;
}

static inline void octets_free(struct octets *o)
{
	free(o->data);
	o->data = NULL;
}

static inline bool octets_equal(const struct octets *o, const void *data,
				size_t len)
{
	return o->len == len && memcmp(o->data, data, len) == 0;
}

/* ---- esp-ike-kat.txt ---- */

#define KAT_FIELDS	24

struct kat_record {
	unsigned int n;
	struct {
		char *name, *value;
	} f[KAT_FIELDS];
};

static inline void kat_clear(struct kat_record *r)
{
	while (r->n) {
		r->n--;
		free(r->f[r->n].name);
		free(r->f[r->n].value);
	}
}

static inline const char *kat_text(const struct kat_record *r, const char *name)
{
	unsigned int i;

	for (i = 0; i < r->n; i++)
		if (strcmp(r->f[i].name, name) == 0)
			return r->f[i].value;
	return NULL;
}

/* a field that must be there */
static inline struct octets kat_hex(const struct kat_record *r,
				    const char *name)
{
	const char *v = kat_text(r, name);

	if (!v)
		ktap_bail("%s has no %s", kat_text(r, "name"), name);
	return octets_from_hex(strcmp(v, "(empty)") ? v : "");
}

static inline uint64_t kat_number(const struct kat_record *r, const char *name)
{
	const char *v = kat_text(r, name);

	if (!v)
		ktap_bail("%s has no %s", kat_text(r, "name"), name);
	return strtoull(v, NULL, 16);
}

static inline void kat_add(struct kat_record *r, char *line)
{
	char *eq = strstr(line, " = ");

	if (!eq || r->n == KAT_FIELDS)
		ktap_bail("bad line in the vectors: %.40s", line);
	*eq = '\0';
	r->f[r->n].name = strdup(line);
	r->f[r->n++].value = strdup(eq + 3);
}

/* the next record of an open file; false at its end */
static inline bool kat_next(FILE *f, struct kat_record *r)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	kat_clear(r);
	while ((len = getline(&line, &size, f)) >= 0) {
		while (len && isspace((unsigned char)line[len - 1]))
			line[--len] = '\0';
		if (!len && r->n)
			break;
		if (len && line[0] != '#')
			kat_add(r, line);
	}
	free(line);
	return r->n > 0;
}

static inline FILE *vectors_open(const char *name)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", VTUN_VECTORS, name);
	f = fopen(path, "r");
	if (!f)
		ktap_bail("cannot open %s", path);
	return f;
}

#endif /* VTUN_HOST_VECTORS_H */

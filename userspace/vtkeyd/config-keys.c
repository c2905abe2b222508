// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of keys. Parser, effective configuration and the check of the
 * manual page all read it; a new key is a row here and a paragraph there.
 */
#include "config-parse.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SECOND	1000ULL
#define DAY	(86400 * SECOND)
#define MINUTE	(60 * SECOND)

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const char *const words_bool[] = { "no", "yes", NULL };
static const char *const words_auth[] = { "psk", "ed25519", NULL };
static const char *const words_start[] = { "on-demand", "manual", NULL };
static const char *const words_life[] = {
	"seconds", "kilobytes", "both", NULL
};

static const char *const words_esn[] = { "yes", "no", "only", NULL };
static const char *const words_log[] = {
	"error", "warning", "info", "debug", NULL
};

#define AT(field)	.offset = offsetof(struct keyd_config, field)

static const struct keyd_key top_keys[] = {
	{ "down-on-exit", &keyd_type_word, AT(down_on_exit), .def = "no",
	  .words = words_bool },
	{ "log-level", &keyd_type_word, AT(log_level), .def = "info",
	  .words = words_log },
	{ "retransmit-timeout", &keyd_type_time, AT(retransmit_ms),
	  .def = "500ms", .min = 50, .max = 10 * SECOND },
	{ "retransmit-tries", &keyd_type_count, AT(retransmit_tries),
	  .def = "6", .min = 1, .max = 20 },
	{ "cookie-threshold", &keyd_type_count, AT(cookie_threshold),
	  .def = "32", .min = 1, .max = 100000 },
	{ "rekey-grace", &keyd_type_time, AT(rekey_grace_ms), .def = "5s",
	  .min = 100, .max = MINUTE },
};

#undef AT
#define AT(field)	.offset = offsetof(struct keyd_conn, field)

static const struct keyd_key conn_keys[] = {
	{ "local-addr", &keyd_type_addr, AT(local), .flags = KEYD_REQUIRED },
	{ "remote-addr", &keyd_type_addr_any, AT(remote),
	  .flags = KEYD_REQUIRED },
	{ "local-id", &keyd_type_id, AT(local_id) },
	{ "remote-id", &keyd_type_id, AT(remote_id) },
	{ "auth", &keyd_type_word, AT(auth), .def = "psk",
	  .words = words_auth },
	{ "psk", &keyd_type_psk, AT(psk) },
	{ "psk-file", &keyd_type_path, AT(psk_file) },
	{ "private-key-file", &keyd_type_path, AT(private_key_file) },
	{ "remote-public-key", &keyd_type_key32, AT(remote_public) },
	{ "ike-proposal", &keyd_type_ike, AT(ike),
	  .def = "chacha20poly1305-prfsha256-x25519, aes256gcm16-prfsha512-x25519"
	},
	{ "ike-life", &keyd_type_time, AT(life_ms), .def = "86400s",
	  .min = 5 * SECOND, .max = 30 * DAY },
	{ "dpd-interval", &keyd_type_time, AT(dpd_ms), .def = "30s",
	  .min = SECOND, .max = 3600 * SECOND, .flags = KEYD_ZERO_OK },
	{ "retry", &keyd_type_time, AT(retry_ms), .def = "5s",
	  .min = SECOND, .max = 3600 * SECOND },
};

#undef AT
#define AT(field)	.offset = offsetof(struct keyd_child, field)

static const struct keyd_key child_keys[] = {
	{ "dev", &keyd_type_ifname, AT(dev) },
	{ "policy", &keyd_type_word, AT(policy), .def = "no",
	  .words = words_bool },
	{ "policy-priority", &keyd_type_count, AT(policy_priority),
	  .def = "1000", .max = UINT32_MAX },
	{ "local-ts", &keyd_type_ts, AT(local_ts), .flags = KEYD_REQUIRED },
	{ "remote-ts", &keyd_type_ts, AT(remote_ts), .flags = KEYD_REQUIRED },
	{ "esp-proposal", &keyd_type_esp, AT(esp),
	  .def = "chacha20poly1305-iiv, chacha20poly1305, aes256gcm16" },
	{ "start", &keyd_type_word, AT(start), .def = "on-demand",
	  .words = words_start },
	{ "auto-negotiate", &keyd_type_word, AT(auto_negotiate), .def = "no",
	  .words = words_bool },
	{ "keepalive", &keyd_type_word, AT(keepalive), .def = "no",
	  .words = words_bool },
	{ "keylife-type", &keyd_type_word, AT(life_type), .def = "seconds",
	  .words = words_life },
	{ "keylife-seconds", &keyd_type_time, AT(life_ms), .def = "43200s",
	  .min = 2 * SECOND, .max = 30 * DAY },
	{ "keylife-kbs", &keyd_type_count, AT(life_kbytes), .def = "5120",
	  .min = 64, .max = 1ULL << 40 },
	{ "keylife-packets", &keyd_type_count, AT(life_packets), .def = "0",
	  .min = 100, .max = 1ULL << 48, .flags = KEYD_ZERO_OK },
	{ "pfs", &keyd_type_word, AT(pfs), .def = "yes", .words = words_bool },
	{ "esn", &keyd_type_word, AT(esn), .def = "yes", .words = words_esn },
	{ "replay-window", &keyd_type_count, AT(replay_window), .def = "2048",
	  .min = 32, .max = 8192, .flags = KEYD_ZERO_OK },
	{ "hold-packets", &keyd_type_count, AT(hold_packets), .def = "64",
	  .min = 0, .max = 4096 },
	{ "hold-bytes", &keyd_type_size, AT(hold_bytes), .def = "256K",
	  .min = 0, .max = 16 << 20 },
	{ "hold-time", &keyd_type_time, AT(hold_ms), .def = "2s",
	  .min = 1, .max = MINUTE },
};

#undef AT

_Static_assert(ARRAY_SIZE(top_keys) <= KEYD_KEYS_MAX, "top level");
_Static_assert(ARRAY_SIZE(conn_keys) <= KEYD_KEYS_MAX, "conn");
_Static_assert(ARRAY_SIZE(child_keys) <= KEYD_KEYS_MAX, "child");

const struct keyd_key *keyd_keys(enum keyd_block_kind kind, unsigned int *n)
{
	switch (kind) {
	case KEYD_CONN:
		*n = ARRAY_SIZE(conn_keys);
		return conn_keys;
	case KEYD_CHILD:
		*n = ARRAY_SIZE(child_keys);
		return child_keys;
	case KEYD_TOP:
		break;
	}
	*n = ARRAY_SIZE(top_keys);
	return top_keys;
}

const char *keyd_block_word(enum keyd_block_kind kind)
{
	static const char *const words[] = { "top level", "conn", "child" };

	return words[kind];
}

int keyd_key_find(enum keyd_block_kind kind, const char *name)
{
	const struct keyd_key *keys;
	unsigned int i, n;

	keys = keyd_keys(kind, &n);
	for (i = 0; i < n; i++)
		if (!strcmp(keys[i].name, name))
			return (int)i;
	return -1;
}

/* Levenshtein distance; names longer than the row are cut */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[65], prev, here, i, j, la, lb;

	la = (unsigned int)strnlen(a, 64);
	lb = (unsigned int)strnlen(b, 64);
	for (j = 0; j <= lb; j++)
		row[j] = j;
	for (i = 1; i <= la; i++) {
		prev = row[0];
		row[0] = i;
		for (j = 1; j <= lb; j++) {
			here = prev + (a[i - 1] != b[j - 1]);
			if (row[j] + 1 < here)
				here = row[j] + 1;
			if (row[j - 1] + 1 < here)
				here = row[j - 1] + 1;
			prev = row[j];
			row[j] = here;
		}
	}
	return row[lb];
}

const char *keyd_key_nearest(enum keyd_block_kind kind, const char *name)
{
	unsigned int i, n, d, best = ~0U;
	const struct keyd_key *keys;
	const char *nearest = "";

	keys = keyd_keys(kind, &n);
	for (i = 0; i < n; i++) {
		d = distance(name, keys[i].name);
		if (d < best) {
			best = d;
			nearest = keys[i].name;
		}
	}
	return nearest;
}

bool keyd_key_bad(const struct keyd_block *b, enum keyd_block_kind kind,
		  const char *name)
{
	int i = keyd_key_find(kind, name);

	return i >= 0 && (b->bad & (1U << i));
}

bool keyd_key_given(const struct keyd_block *b, enum keyd_block_kind kind,
		    const char *name)
{
	int i = keyd_key_find(kind, name);

	return i >= 0 && b->key_line[i];
}

unsigned int keyd_key_line(const struct keyd_block *b,
			   enum keyd_block_kind kind, const char *name)
{
	int i = keyd_key_find(kind, name);

	return i >= 0 && b->key_line[i] ? b->key_line[i] : b->line;
}

static void list_keys(enum keyd_block_kind kind, FILE *out)
{
	const struct keyd_key *keys;
	unsigned int i, j, n;

	keys = keyd_keys(kind, &n);
	for (i = 0; i < n; i++) {
		fprintf(out, "%s\t%s\t%s\t%s\t", keyd_block_word(kind),
			keys[i].name, keys[i].type->name,
			keys[i].def ? keys[i].def : "-");
		if (keys[i].words)
			for (j = 0; keys[i].words[j]; j++)
				fprintf(out, "%s%s", j ? "|" : "",
					keys[i].words[j]);
		else if (keys[i].max)
			fprintf(out, "%s%" PRIu64 "..%" PRIu64,
				keys[i].flags & KEYD_ZERO_OK ? "0," : "",
				keys[i].min, keys[i].max);
		else
			fputc('-', out);
		fputc('\n', out);
	}
}

void keyd_config_list_keys(FILE *out)
{
	list_keys(KEYD_TOP, out);
	list_keys(KEYD_CONN, out);
	list_keys(KEYD_CHILD, out);
}

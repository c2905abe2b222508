/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the configuration parser. */
#ifndef VTKEYD_CONFIG_PARSE_H
#define VTKEYD_CONFIG_PARSE_H

#include "config.h"

#define KEYD_WORDS_MAX		64
#define KEYD_LINE_MAX		4096

/* one word of a line */
struct keyd_word {
	char *s;
	bool quoted;
	bool comma;			/* a comma follows */
};

enum keyd_block_kind { KEYD_TOP, KEYD_CONN, KEYD_CHILD };

/**
 * struct keyd_parser - state of the parser
 * @file: index of the file being read
 * @line: line being read
 * @conn: open conn block, NULL outside
 * @child: open child block, NULL outside
 * @skip: depth inside a block of an unknown kind
 */
struct keyd_parser {
	struct keyd_config *cfg;
	unsigned int file, line;
	struct keyd_conn *conn;
	struct keyd_child *child;
	unsigned int skip, skip_line;
	struct keyd_word words[KEYD_WORDS_MAX];
	unsigned int n_words;
};

struct keyd_key;

/**
 * struct keyd_type - how a kind of value is read and written
 * @parse: words to @field; reports what is wrong with keyd_error() and
 *	returns false, @field is then untouched
 * @print: the value as the file would have it
 * @list: takes several words, with commas between them
 */
struct keyd_type {
	const char *name;
	bool (*parse)(struct keyd_parser *p, const struct keyd_key *k,
		      const struct keyd_word *w, unsigned int n, void *field);
	void (*print)(const struct keyd_key *k, const void *field, FILE *out);
	bool list;
};

#define KEYD_REQUIRED	1		/* an error where it is missing */
#define KEYD_ZERO_OK	2		/* 0 is allowed below @min */

/**
 * struct keyd_key - one row of the table of keys
 * @offset: of the field in the struct of its block
 * @def: default as the file would have it, NULL = none
 * @words: of a value that is one of a few words, NULL-terminated
 */
struct keyd_key {
	const char *name;
	const struct keyd_type *type;
	size_t offset;
	const char *def;
	uint64_t min, max;
	const char *const *words;
	unsigned int flags;
};

extern const struct keyd_type keyd_type_addr, keyd_type_addr_any, keyd_type_id,
	keyd_type_word, keyd_type_time, keyd_type_size, keyd_type_count,
	keyd_type_ifname, keyd_type_path, keyd_type_psk, keyd_type_key32,
	keyd_type_ike, keyd_type_esp, keyd_type_ts;

const struct keyd_key *keyd_keys(enum keyd_block_kind kind, unsigned int *n);
const char *keyd_block_word(enum keyd_block_kind kind);
/* index of a key in its table, -1 = unknown */
int keyd_key_find(enum keyd_block_kind kind, const char *name);
/* the key that looks most like @name */
const char *keyd_key_nearest(enum keyd_block_kind kind, const char *name);
bool keyd_key_bad(const struct keyd_block *b, enum keyd_block_kind kind,
		  const char *name);
bool keyd_key_given(const struct keyd_block *b, enum keyd_block_kind kind,
		    const char *name);
/* line of a key, of its block where the key was not given */
unsigned int keyd_key_line(const struct keyd_block *b,
			   enum keyd_block_kind kind, const char *name);

void keyd_error(struct keyd_parser *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void keyd_error_at(struct keyd_parser *p, unsigned int file, unsigned int line,
		   const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void keyd_warn_at(struct keyd_parser *p, unsigned int file, unsigned int line,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* checks that look at more than one key, when all files are read */
void keyd_check_config(struct keyd_parser *p);

/* psk-file and private-key-file; errors are at the line of the key */
void keyd_secrets_load(struct keyd_parser *p, struct keyd_conn *conn);
/* whole of a small file; a buffer to wipe and free, NULL with errno set */
char *keyd_file_read(const char *path, size_t max, size_t *len,
		     unsigned int *mode);

#endif /* VTKEYD_CONFIG_PARSE_H */

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Parser of the configuration: one statement per line, blocks in braces. After
 * an error it goes on with the next line, so that one run shows them all.
 */
#include "config-parse.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX	(1024 * 1024)

/* ---- errors ---- */

static void diag_add(struct keyd_config *cfg, unsigned int file,
		     unsigned int line, bool warning, const char *fmt,
		     va_list ap)
{
	struct keyd_diag *d;

	if (!warning)
		cfg->n_errors++;
	d = realloc(cfg->diags, (cfg->n_diags + 1) * sizeof(*d));
	if (!d)
		return;
	cfg->diags = d;
	d += cfg->n_diags;
	d->file = file;
	d->line = line;
	d->warning = warning;
	if (vasprintf(&d->text, fmt, ap) < 0)
		return;
	cfg->n_diags++;
}

void keyd_error_at(struct keyd_parser *p, unsigned int file, unsigned int line,
		   const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_add(p->cfg, file, line, false, fmt, ap);
	va_end(ap);
}

void keyd_warn_at(struct keyd_parser *p, unsigned int file, unsigned int line,
		  const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_add(p->cfg, file, line, true, fmt, ap);
	va_end(ap);
}

void keyd_error(struct keyd_parser *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_add(p->cfg, p->file, p->line, false, fmt, ap);
	va_end(ap);
}

/* ---- words ---- */

/* the text of a quoted word, backslash escapes the next character */
static char *lex_quoted(struct keyd_parser *p, char *s, char **word)
{
	char *to = ++s;

	*word = to;
	for (; *s && *s != '"'; s++) {
		if (*s == '\\' && s[1])
			s++;
		*to++ = *s;
	}
	if (*s != '"') {
		keyd_error(p, "quotation mark without its end");
		return NULL;
	}
	*to = '\0';
	return s + 1;
}

static bool lex_end(char c)
{
	return !c || c == ' ' || c == '\t' || c == ',';
}

/* cuts @s into p->words; false: an error was reported */
static bool lex_line(struct keyd_parser *p, char *s)
{
	struct keyd_word *w = NULL;
	char last;

	p->n_words = 0;
	for (;;) {
		while (*s == ' ' || *s == '\t')
			s++;
		if (!*s || *s == '#')
			return true;
		if (*s == ',') {
			if (!w || w->comma) {
				keyd_error(p, "comma without a word before it");
				return false;
			}
			w->comma = true;
			s++;
			continue;
		}
		if (p->n_words == KEYD_WORDS_MAX) {
			keyd_error(p, "more than %d words in a line",
				   KEYD_WORDS_MAX);
			return false;
		}
		w = &p->words[p->n_words++];
		w->comma = false;
		w->quoted = *s == '"';
		if (w->quoted) {
			s = lex_quoted(p, s, &w->s);
			if (!s)
				return false;
			if (!lex_end(*s)) {
				keyd_error(p, "text right behind a quotation mark");
				return false;
			}
			continue;
		}
		w->s = s;
		while (!lex_end(*s))
			s++;
		last = *s;
		*s = '\0';
		if (last == ',')
			w->comma = true;
		if (last)
			s++;
	}
}

/* ---- blocks ---- */

static bool name_ok(const char *name)
{
	size_t i;

	for (i = 0; name[i]; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '-' &&
		    name[i] != '_' && name[i] != '.')
			return false;
	return i >= 1 && i <= IKE_NAME_MAX;
}

/* grows an array by one zeroed element without leaving keys behind in memory */
static void *grow(void *array, unsigned int n, size_t size)
{
	char *to = calloc(n + 1, size);

	if (!to)
		return NULL;
	if (n) {
		memcpy(to, array, n * size);
		sodium_memzero(array, n * size);
	}
	free(array);
	return to;
}

static void *block_base(struct keyd_parser *p, enum keyd_block_kind *kind,
			struct keyd_block **b)
{
	if (p->child) {
		*kind = KEYD_CHILD;
		*b = &p->child->b;
		return p->child;
	}
	if (p->conn) {
		*kind = KEYD_CONN;
		*b = &p->conn->b;
		return p->conn;
	}
	*kind = KEYD_TOP;
	*b = &p->cfg->b;
	return p->cfg;
}

/* the defaults go through the parser of the values like everything else */
static void block_defaults(struct keyd_parser *p)
{
	struct keyd_word words[KEYD_WORDS_MAX];
	const struct keyd_key *keys;
	enum keyd_block_kind kind;
	unsigned int i, n, n_words;
	struct keyd_block *b;
	char *base, *def;

	base = block_base(p, &kind, &b);
	keys = keyd_keys(kind, &n);
	memcpy(words, p->words, sizeof(words));
	n_words = p->n_words;
	for (i = 0; i < n; i++) {
		def = keys[i].def ? strdup(keys[i].def) : NULL;
		if (!def)
			continue;
		if (lex_line(p, def))
			keys[i].type->parse(p, &keys[i], p->words, p->n_words,
					    base + keys[i].offset);
		free(def);
	}
	memcpy(p->words, words, sizeof(words));
	p->n_words = n_words;
}

static void block_name(struct keyd_parser *p, enum keyd_block_kind kind,
		       struct keyd_block *b)
{
	const char *name = p->n_words > 1 ? p->words[1].s : "";

	b->file = p->file;
	b->line = p->line;
	if (p->n_words < 2 || (!p->words[1].quoted && !strcmp(name, "{"))) {
		keyd_error(p, "%s without a name", keyd_block_word(kind));
		return;
	}
	if (!name_ok(name)) {
		keyd_error(p,
			   "%s name \"%s\": 1 to %d letters, digits, - _ . expected",
			   keyd_block_word(kind), name, IKE_NAME_MAX);
		return;
	}
	memcpy(b->name, name, strlen(name) + 1);
}

static void block_brace(struct keyd_parser *p, const char *what)
{
	unsigned int at = p->n_words > 1 && !strcmp(p->words[1].s, "{") ? 1 : 2;

	if (p->n_words <= at || strcmp(p->words[at].s, "{"))
		keyd_error(p, "'{' expected at the end of the line \"%s …\"",
			   what);
	else if (p->n_words > at + 1)
		keyd_error(p, "\"%s\" behind '{': one statement per line",
			   p->words[at + 1].s);
}

static void conn_close(struct keyd_parser *p, bool forgotten)
{
	if (forgotten && p->child)
		keyd_error_at(p, p->child->b.file, p->child->b.line,
			      "block \"child %s\" has no '}' before line %u",
			      p->child->b.name, p->line);
	if (forgotten && p->conn)
		keyd_error_at(p, p->conn->b.file, p->conn->b.line,
			      "block \"conn %s\" has no '}' before line %u",
			      p->conn->b.name, p->line);
	p->child = NULL;
	p->conn = NULL;
}

static void conn_open(struct keyd_parser *p)
{
	struct keyd_config *cfg = p->cfg;
	struct keyd_conn *conns, *c;
	unsigned int i;

	if (p->skip)
		keyd_error_at(p, p->file, p->skip_line,
			      "block has no '}' before line %u", p->line);
	p->skip = 0;
	conn_close(p, true);
	if (cfg->n_conns == KEYD_CONNS_MAX) {
		keyd_error(p, "more than %d conns", KEYD_CONNS_MAX);
		p->skip = 1;
		p->skip_line = p->line;
		return;
	}
	conns = grow(cfg->conns, cfg->n_conns, sizeof(*conns));
	if (!conns) {
		keyd_error(p, "out of memory");
		return;
	}
	cfg->conns = conns;
	c = &conns[cfg->n_conns];
	block_name(p, KEYD_CONN, &c->b);
	block_brace(p, "conn");
	for (i = 0; i < cfg->n_conns && *c->b.name; i++)
		if (!strcmp(conns[i].b.name, c->b.name)) {
			keyd_error(p, "conn \"%s\" is already defined at %s:%u",
				   c->b.name, cfg->files[conns[i].b.file],
				   conns[i].b.line);
			break;
		}
	cfg->n_conns++;
	p->conn = c;
	block_defaults(p);
}

static void child_open(struct keyd_parser *p)
{
	struct keyd_child *children, *c;
	unsigned int i;

	if (p->child)
		keyd_error_at(p, p->child->b.file, p->child->b.line,
			      "block \"child %s\" has no '}' before line %u",
			      p->child->b.name, p->line);
	p->child = NULL;
	if (!p->conn || p->conn->n_children == KEYD_CHILDREN_MAX) {
		if (!p->conn)
			keyd_error(p, "child outside a conn block");
		else
			keyd_error(p, "more than %d children in conn \"%s\"",
				   KEYD_CHILDREN_MAX, p->conn->b.name);
		p->skip = 1;
		p->skip_line = p->line;
		return;
	}
	children = grow(p->conn->children, p->conn->n_children,
			sizeof(*children));
	if (!children) {
		keyd_error(p, "out of memory");
		return;
	}
	p->conn->children = children;
	c = &children[p->conn->n_children];
	block_name(p, KEYD_CHILD, &c->b);
	block_brace(p, "child");
	for (i = 0; i < p->conn->n_children && *c->b.name; i++)
		if (!strcmp(children[i].b.name, c->b.name)) {
			keyd_error(p,
				   "child \"%s\" of conn \"%s\" is already defined at line %u",
				   c->b.name, p->conn->b.name,
				   children[i].b.line);
			break;
		}
	p->conn->n_children++;
	p->child = c;
	block_defaults(p);
}

static void block_close(struct keyd_parser *p)
{
	if (p->n_words > 1)
		keyd_error(p, "\"%s\" behind '}': one statement per line",
			   p->words[1].s);
	if (p->child)
		p->child = NULL;
	else if (p->conn)
		p->conn = NULL;
	else
		keyd_error(p, "'}' without a block to end");
}

/* ---- statements ---- */

static void unknown_key(struct keyd_parser *p, enum keyd_block_kind kind,
			const char *name)
{
	enum keyd_block_kind k;

	for (k = KEYD_TOP; k <= KEYD_CHILD; k++) {
		if (k == kind || keyd_key_find(k, name) < 0)
			continue;
		keyd_error(p, "key \"%s\" belongs %s%s%s, not here", name,
			   k == KEYD_TOP ? "to the " : "in a ",
			   keyd_block_word(k), k == KEYD_TOP ? "" : " block");
		return;
	}
	keyd_error(p, "unknown key \"%s\" (nearest known key: %s)", name,
		   keyd_key_nearest(kind, name));
}

static bool commas_ok(struct keyd_parser *p, const struct keyd_key *k)
{
	unsigned int i;

	if (p->n_words < 2) {
		keyd_error(p, "key \"%s\" without a value", k->name);
		return false;
	}
	if (p->words[0].comma) {
		keyd_error(p, "comma behind the key \"%s\"", k->name);
		return false;
	}
	if (!k->type->list && p->n_words > 2) {
		keyd_error(p, "key \"%s\" takes one value, found also \"%s\"",
			   k->name, p->words[2].s);
		return false;
	}
	for (i = 1; i < p->n_words; i++) {
		if (p->words[i].comma == (i + 1 < p->n_words))
			continue;
		keyd_error(p, "%s after \"%s\" in the value of \"%s\"",
			   p->words[i].comma ? "nothing behind the comma" :
			   "comma missing", p->words[i].s, k->name);
		return false;
	}
	return true;
}

static void statement(struct keyd_parser *p)
{
	const struct keyd_key *keys, *k;
	enum keyd_block_kind kind;
	struct keyd_block *b;
	unsigned int n;
	char *base;
	int i;

	base = block_base(p, &kind, &b);
	i = keyd_key_find(kind, p->words[0].s);
	if (i < 0) {
		unknown_key(p, kind, p->words[0].s);
		return;
	}
	keys = keyd_keys(kind, &n);
	k = &keys[i];
	if (b->key_line[i]) {
		if (b->key_file[i] == p->file)
			keyd_error(p, "key \"%s\" is already set at line %u",
				   k->name, b->key_line[i]);
		else
			keyd_error(p, "key \"%s\" is already set at %s:%u",
				   k->name, p->cfg->files[b->key_file[i]],
				   b->key_line[i]);
		return;
	}
	b->key_line[i] = p->line;
	b->key_file[i] = p->file;
	if (!commas_ok(p, k) ||
	    !k->type->parse(p, k, p->words + 1, p->n_words - 1,
			    base + k->offset))
		b->bad |= 1U << i;
}

static void skip_statement(struct keyd_parser *p)
{
	if (!strcmp(p->words[0].s, "}"))
		p->skip--;
	else if (!strcmp(p->words[p->n_words - 1].s, "{"))
		p->skip++;
}

static bool opens_block(const struct keyd_parser *p)
{
	const struct keyd_word *w = &p->words[p->n_words - 1];

	return !w->quoted && !strcmp(w->s, "{");
}

static void parse_words(struct keyd_parser *p)
{
	const char *word = p->words[0].s;

	if (p->words[0].quoted) {
		keyd_error(p, "a key is not quoted");
	} else if (!strcmp(word, "conn")) {
		conn_open(p);
	} else if (p->skip) {
		skip_statement(p);
	} else if (!strcmp(word, "child")) {
		child_open(p);
	} else if (!strcmp(word, "}")) {
		block_close(p);
	} else if (opens_block(p)) {
		keyd_error(p, "unknown block \"%s\" (known: conn, child)",
			   word);
		p->skip = 1;
		p->skip_line = p->line;
	} else {
		statement(p);
	}
}

/* the line ends in a NUL; its content may not hold one */
static void parse_line(struct keyd_parser *p, char *s, size_t len)
{
	size_t i;

	if (len && s[len - 1] == '\r')
		s[--len] = '\0';
	if (len > KEYD_LINE_MAX) {
		keyd_error(p, "line longer than %d octets", KEYD_LINE_MAX);
		return;
	}
	for (i = 0; i < len; i++)
		if ((unsigned char)s[i] < ' ' && s[i] != '\t') {
			keyd_error(p, "control character 0x%02x",
				   (unsigned char)s[i]);
			return;
		}
	if (lex_line(p, s) && p->n_words)
		parse_words(p);
}

static bool file_add(struct keyd_parser *p, const char *path)
{
	struct keyd_config *cfg = p->cfg;
	char **files;

	files = realloc(cfg->files, (cfg->n_files + 1) * sizeof(*files));
	if (!files)
		return false;
	cfg->files = files;
	files[cfg->n_files] = strdup(path);
	if (!files[cfg->n_files])
		return false;
	p->file = cfg->n_files++;
	p->line = 0;
	return true;
}

/* a pre-shared key in a file that everybody may read is no secret */
static void check_mode(struct keyd_parser *p, unsigned int mode)
{
	unsigned int i;

	if (!(mode & 0004))
		return;
	for (i = 0; i < p->cfg->n_conns; i++) {
		const struct keyd_block *b = &p->cfg->conns[i].b;

		if (b->file == p->file && keyd_key_given(b, KEYD_CONN, "psk"))
			keyd_warn_at(p, p->file,
				     keyd_key_line(b, KEYD_CONN, "psk"),
				     "psk in a file readable by everybody (mode %04o)",
				     mode & 07777);
	}
}

static void parse_file(struct keyd_parser *p, const char *path)
{
	unsigned int mode;
	char *text, *s, *nl, *end;
	size_t len;

	if (!file_add(p, path)) {
		keyd_error(p, "out of memory");
		return;
	}
	text = keyd_file_read(path, FILE_MAX, &len, &mode);
	if (!text) {
		keyd_error(p, "cannot read: %s", strerror(errno));
		return;
	}
	end = text + len;
	for (s = text; s < end; s = nl + 1) {
		nl = memchr(s, '\n', (size_t)(end - s));
		if (!nl)
			nl = end;
		*nl = '\0';
		p->line++;
		parse_line(p, s, (size_t)(nl - s));
	}
	p->line++;
	if (p->skip)
		keyd_error_at(p, p->file, p->skip_line,
			      "block has no '}' before the end of the file");
	conn_close(p, true);
	p->skip = 0;
	check_mode(p, mode);
	sodium_memzero(text, len);
	free(text);
}

static int conf_filter(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return d->d_name[0] != '.' && len > 5 &&
	       !strcmp(d->d_name + len - 5, ".conf");
}

static void parse_dropins(struct keyd_parser *p, const char *path)
{
	struct dirent **list;
	char *dir, *file;
	int i, n;

	if (asprintf(&dir, "%s.d", path) < 0)
		return;
	n = scandir(dir, &list, conf_filter, alphasort);
	if (n < 0 && errno != ENOENT && file_add(p, dir))
		keyd_error(p, "cannot read: %s", strerror(errno));
	for (i = 0; i < n; i++) {
		if (asprintf(&file, "%s/%s", dir, list[i]->d_name) >= 0) {
			parse_file(p, file);
			free(file);
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	free(dir);
}

static int diag_cmp(const void *a, const void *b)
{
	const struct keyd_diag *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

struct keyd_config *keyd_config_load(const char *path)
{
	struct keyd_config *cfg = calloc(1, sizeof(*cfg));
	struct keyd_parser *p = calloc(1, sizeof(*p));

	if (!cfg || !p) {
		free(cfg);
		free(p);
		return NULL;
	}
	p->cfg = cfg;
	block_defaults(p);
	parse_file(p, path);
	parse_dropins(p, path);
	keyd_check_config(p);
	if (cfg->n_diags)
		qsort(cfg->diags, cfg->n_diags, sizeof(*cfg->diags),
		      diag_cmp);
	sodium_memzero(p, sizeof(*p));
	free(p);
	return cfg;
}

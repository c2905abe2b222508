/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vtunctl: one table of verbs, one file per verb. */
#ifndef VTUNCTL_H
#define VTUNCTL_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>

#include "lib/kernel.h"
#include "lib/parse.h"

#define CTL_SCHEMA		1	/* of everything --json prints */
#define CTL_REPLY_MS		10000	/* patience with the daemon */

enum ctl_exit {
	CTL_OK = 0,
	CTL_REFUSED = 1,	/* the request was refused */
	CTL_USAGE = 2,
	CTL_UNREACHABLE = 3,	/* no module, no daemon */
};

struct ctl_verb;

/**
 * struct ctl - one run of the tool
 * @verb: what it runs
 * @argv: words behind the verb, NULL-terminated; taken from the front
 * @json: --json
 * @socket: of the daemon
 * @k: kernel handle, opened by ctl_kernel()
 * @line: of a batch, 0 = none, for messages
 * @word: last word taken, for messages
 */
struct ctl {
	const struct ctl_verb *verb;
	char **argv;
	bool json;
	const char *socket;
	struct vtun_k *k;
	unsigned int line;
	const char *word;
};

/**
 * struct ctl_verb - one row of the table of verbs
 * @name: one or two words
 * @usage: what follows the name
 * @help: one or more lines
 * @run: returns enum ctl_exit
 * @json: --json has a meaning
 */
struct ctl_verb {
	const char *name;
	const char *usage;
	const char *help;
	int (*run)(struct ctl *c);
	bool json;
};

extern const struct ctl_verb ctl_verbs[];	/* ends with name NULL */

int vtunctl_run(int argc, char **argv);
/* the verb at the front of c->argv, with its words; CTL_USAGE is reported */
int ctl_run_verb(struct ctl *c);

/* "vtunctl: VERB: …" on standard error; returns @code */
int ctl_fail(const struct ctl *c, enum ctl_exit code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* CTL_USAGE: @err and where to read on */
int ctl_usage(const struct ctl *c, const struct vtun_err *err);
/* the last kernel call failed: CTL_REFUSED with its text */
int ctl_kernel_fail(const struct ctl *c);
/* opens the kernel handle: CTL_OK or CTL_UNREACHABLE */
int ctl_kernel(struct ctl *c, unsigned int flags);
/* Prints @obj with "schema" in front and drops the reference. */
int ctl_print_json(json_t *obj);

/* ---- words of the command line; errors are enum ctl_exit ---- */

/* next word or NULL */
const char *ctl_next(struct ctl *c);
/* the words are used up, else CTL_USAGE */
int ctl_end(struct ctl *c);
/* next word, "expected @what" when there is none */
int ctl_need(struct ctl *c, const char *what, const char **word);

/**
 * struct ctl_opt - a keyword and what follows it
 * @word: the keyword
 * @parse: turns the word behind it into @dst; NULL: @dst is a bool, no word
 * @required: its absence is an error
 * @seen: set when it was there
 */
struct ctl_opt {
	const char *word;
	int (*parse)(const char *s, void *dst, struct vtun_err *err);
	void *dst;
	bool required;
	bool seen;
};

/*
 * Takes keywords of @opts (ends with word NULL) in any order, each once, until
 * the words end or one of @stop (NULL-terminated or NULL) comes.
 */
int ctl_opts(struct ctl *c, struct ctl_opt *opts, const char *const *stop);

int ctl_parse_u32(const char *s, void *dst, struct vtun_err *err);
int ctl_parse_u64(const char *s, void *dst, struct vtun_err *err);
int ctl_parse_id(const char *s, void *dst, struct vtun_err *err);
int ctl_parse_time(const char *s, void *dst, struct vtun_err *err);
int ctl_parse_deadline(const char *s, void *dst, struct vtun_err *err);
int ctl_parse_window(const char *s, void *dst, struct vtun_err *err);
int ctl_parse_size(const char *s, void *dst, struct vtun_err *err);
int ctl_parse_size32(const char *s, void *dst, struct vtun_err *err);
int ctl_parse_spi(const char *s, void *dst, struct vtun_err *err);
int ctl_parse_addr(const char *s, void *dst, struct vtun_err *err);
int ctl_parse_suite(const char *s, void *dst, struct vtun_err *err);
int ctl_parse_string(const char *s, void *dst, struct vtun_err *err);
int ctl_parse_port(const char *s, void *dst, struct vtun_err *err);
int ctl_parse_ts(const char *s, void *dst, struct vtun_err *err);
int ctl_parse_time32(const char *s, void *dst, struct vtun_err *err);
/* was keyword @word there? */
bool ctl_seen(const struct ctl_opt *opts, const char *word);

/* the name of a child, 1..VTUN_NAME_MAX printable characters */
int ctl_child_name(struct ctl *c, char name[VTUN_NAME_MAX + 1]);
/* "child" and a name */
int ctl_child_word(struct ctl *c, char name[VTUN_NAME_MAX + 1]);
/* id of a child; opens the kernel */
int ctl_child_find(struct ctl *c, const char *name, uint32_t *id);

/* ---- the daemon ---- */

/*
 * Sends @req (reference taken) and waits for the reply; *@reply is the
 * caller's. CTL_REFUSED and CTL_UNREACHABLE are reported, unless @quiet.
 */
int ctl_daemon(struct ctl *c, json_t *req, json_t **reply, bool quiet);

/* ---- model of what show prints ---- */

json_t *ctl_model_info(const struct vtun_k_info *info);
json_t *ctl_model_child(struct vtun_k *k, const struct vtun_k_child *child);
json_t *ctl_model_sa(const struct vtun_k_sa *sa);
json_t *ctl_model_policy(const struct vtun_k_policy *p);
json_t *ctl_model_socket(const struct vtun_k_socket *s);
json_t *ctl_model_event(const struct vtun_k_event *ev);
json_t *ctl_json_spi(uint32_t spi);

void ctl_text_info(const json_t *info);
void ctl_text_ike(const json_t *ike);
void ctl_text_child(const json_t *child, const json_t *sas);
void ctl_text_sas(const json_t *sas);
void ctl_text_policy(const json_t *policy);
void ctl_text_socket(const json_t *socket);

/*
 * Policies as JSON, each with the name of its child; @children is what
 * ctl_model_child() made of them. NULL: reported already, CTL_REFUSED.
 */
json_t *ctl_gather_policies(struct ctl *c, const json_t *children);
json_t *ctl_gather_sockets(struct ctl *c);

/* ---- verbs ---- */

int ctl_child_add(struct ctl *c);
int ctl_child_set(struct ctl *c);
int ctl_child_del(struct ctl *c);
int ctl_sa_install(struct ctl *c);
int ctl_sa_activate(struct ctl *c);
int ctl_sa_set(struct ctl *c);
int ctl_sa_del(struct ctl *c);
int ctl_spi_alloc(struct ctl *c);
int ctl_flush(struct ctl *c);
int ctl_policy_add(struct ctl *c);
int ctl_policy_del(struct ctl *c);
int ctl_policy_list(struct ctl *c);
int ctl_policy_flush(struct ctl *c);
int ctl_socket_add(struct ctl *c);
int ctl_socket_del(struct ctl *c);
int ctl_socket_list(struct ctl *c);
int ctl_batch(struct ctl *c);
int ctl_show(struct ctl *c);
int ctl_monitor(struct ctl *c);
int ctl_up(struct ctl *c);
int ctl_down(struct ctl *c);
int ctl_rekey(struct ctl *c);
int ctl_reload(struct ctl *c);
int ctl_genkey(struct ctl *c);
int ctl_pubkey(struct ctl *c);
int ctl_version(struct ctl *c);

#endif /* VTUNCTL_H */

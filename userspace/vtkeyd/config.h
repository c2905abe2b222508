/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration of vtkeyd: a plain tree of structs, filled by a parser that is
 * driven by one table of keys (config-keys.c).
 */
#ifndef VTKEYD_CONFIG_H
#define VTKEYD_CONFIG_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ike/ike.h"

#define KEYD_CONF_FILE		"/etc/vtun/vtkeyd.conf"
#define KEYD_KEYS_MAX		32	/* keys of one kind of block */
#define KEYD_CONNS_MAX		1024
#define KEYD_CHILDREN_MAX	64	/* of one conn */
#define KEYD_PATH_MAX		256
#define KEYD_PSK_MAX		255
#define KEYD_PSK_WARN		20	/* shorter: can be guessed offline */

enum keyd_life_type { KEYD_LIFE_SECONDS, KEYD_LIFE_KBYTES, KEYD_LIFE_BOTH };
enum keyd_start { KEYD_START_ON_DEMAND, KEYD_START_MANUAL };
enum keyd_esn { KEYD_ESN_YES, KEYD_ESN_NO, KEYD_ESN_ONLY };
enum keyd_log { KEYD_LOG_ERROR, KEYD_LOG_WARNING, KEYD_LOG_INFO,
		KEYD_LOG_DEBUG };

/**
 * struct keyd_block - what every block of the file has
 * @name: of the conn or child, empty for the top level
 * @file: index into keyd_config.files
 * @line: where the block begins
 * @key_line: line of each key of the table, 0 = not given, default in force
 * @key_file: file of each key; only the top level has keys of several files
 * @bad: bit per key whose value was refused; checks across keys leave it alone
 */
struct keyd_block {
	char name[IKE_NAME_MAX + 1];
	unsigned int file, line;
	unsigned int key_line[KEYD_KEYS_MAX];
	unsigned int key_file[KEYD_KEYS_MAX];
	uint32_t bad;
};

struct keyd_ts_list {
	struct ike_ts ts[IKE_TS_MAX];
	unsigned int n;
};

struct keyd_suites {
	struct ike_suite suite[IKE_SUITES_MAX];
	unsigned int n;
};

struct keyd_psk {
	uint8_t data[KEYD_PSK_MAX];
	unsigned int len;
};

struct keyd_key32 {
	uint8_t data[32];
	bool set;
};

struct keyd_child {
	struct keyd_block b;
	char dev[IFNAMSIZ];
	int policy;			/* the door are policies, not @dev */
	uint64_t policy_priority;
	struct keyd_ts_list local_ts, remote_ts;
	struct keyd_suites esp;
	int start, auto_negotiate, keepalive, life_type, pfs, esn;
	uint64_t life_ms, life_kbytes, life_packets;
	uint64_t replay_window;
	uint64_t hold_packets, hold_bytes, hold_ms;
	bool keepalive_implied, manual_implied;
};

struct keyd_conn {
	struct keyd_block b;
	struct ike_addr local, remote;
	struct ike_id local_id, remote_id;
	int auth;			/* enum ike_auth - 1 */
	struct keyd_psk psk;
	char psk_file[KEYD_PATH_MAX], private_key_file[KEYD_PATH_MAX];
	uint8_t private_key[64];
	struct keyd_key32 remote_public;
	struct keyd_suites ike;
	uint64_t life_ms, dpd_ms, retry_ms;
	bool local_id_implied, remote_id_implied;
	struct keyd_child *children;
	unsigned int n_children;
};

/* one error or warning */
struct keyd_diag {
	unsigned int file, line;
	bool warning;
	char *text;
};

/**
 * struct keyd_config - a parsed configuration
 * @b: the keys of the top level
 * @files: names of the files read
 * @n_errors: a configuration with errors is never put in force
 */
struct keyd_config {
	struct keyd_block b;
	int down_on_exit, log_level;
	uint64_t cookie_threshold, rekey_grace_ms;
	uint64_t retransmit_ms, retransmit_tries;
	struct keyd_conn *conns;
	unsigned int n_conns;
	char **files;
	unsigned int n_files;
	struct keyd_diag *diags;
	unsigned int n_diags, n_errors;
};

/**
 * keyd_config_load() - read a file and its drop-in directory
 * @path: the file; "@path.d" is the directory, its *.conf are read by name
 *
 * Reads on after an error, so that every one is reported. NULL only for want
 * of memory.
 */
struct keyd_config *keyd_config_load(const char *path);
void keyd_config_free(struct keyd_config *cfg);	/* wipes; NULL is fine */

/* every error and warning, ordered by place */
void keyd_config_report(const struct keyd_config *cfg, FILE *out);
/* the configuration in force, with every default and what is implied */
void keyd_config_print(const struct keyd_config *cfg, FILE *out);
/* the table of keys, one per line, tab-separated, for documentation checks */
void keyd_config_list_keys(FILE *out);

const struct keyd_conn *keyd_config_conn(const struct keyd_config *cfg,
					 const char *name);
/* name of the kernel child of a configured one: CONN/CHILD */
void keyd_child_kernel_name(const struct keyd_conn *conn,
			    const struct keyd_child *child,
			    char name[IKE_NAME_MAX + 1]);

/* do both mean the same? Where they stand in the files does not matter. */
bool keyd_conn_same(const struct keyd_conn *a, const struct keyd_conn *b);

/*
 * The engine's view of a conn; @kernel_ids, where given, has an id per child.
 * 0 or -ENOMEM. keyd_ike_conn_clear() wipes and frees what is inside.
 */
int keyd_ike_conn_fill(const struct keyd_conn *conn, const uint32_t *kernel_ids,
		       struct ike_conn_cfg *out);
void keyd_ike_conn_clear(struct ike_conn_cfg *c);

#endif /* VTKEYD_CONFIG_H */

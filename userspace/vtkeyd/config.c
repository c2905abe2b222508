// SPDX-License-Identifier: GPL-2.0-or-later
/* What is done with a parsed configuration. */
#include "config.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "config-parse.h"

static void conn_free(struct keyd_conn *c)
{
	free(c->children);
}

void keyd_config_free(struct keyd_config *cfg)
{
	unsigned int i;

	if (!cfg)
		return;
	for (i = 0; i < cfg->n_conns; i++)
		conn_free(&cfg->conns[i]);
	if (cfg->n_conns)
		sodium_memzero(cfg->conns, cfg->n_conns * sizeof(*cfg->conns));
	free(cfg->conns);
	for (i = 0; i < cfg->n_diags; i++)
		free(cfg->diags[i].text);
	free(cfg->diags);
	for (i = 0; i < cfg->n_files; i++)
		free(cfg->files[i]);
	free(cfg->files);
	free(cfg);
}

void keyd_config_report(const struct keyd_config *cfg, FILE *out)
{
	const struct keyd_diag *d;
	unsigned int i;

	for (i = 0; i < cfg->n_diags; i++) {
		d = &cfg->diags[i];
		fprintf(out, "%s:%u: %s: %s\n",
			d->file < cfg->n_files ? cfg->files[d->file] : "?",
			d->line, d->warning ? "warning" : "error", d->text);
	}
}

/* ---- the configuration in force ---- */

static const char *implied_by(enum keyd_block_kind kind, const void *base,
			      const char *key)
{
	const struct keyd_child *child = base;
	const struct keyd_conn *conn = base;

	if (kind == KEYD_CHILD) {
		if (child->keepalive_implied && !strcmp(key, "keepalive"))
			return "implied by auto-negotiate";
		if (child->manual_implied && !strcmp(key, "start"))
			return "implied by remote-addr any";
	} else if (kind == KEYD_CONN) {
		if (conn->local_id_implied && !strcmp(key, "local-id"))
			return "implied by local-addr";
		if (conn->remote_id_implied && !strcmp(key, "remote-id"))
			return "implied by remote-addr";
	}
	return NULL;
}

static void print_keys(enum keyd_block_kind kind, const struct keyd_block *b,
		       const void *base, FILE *out)
{
	static const char *const indent[] = { "", "\t", "\t\t" };
	const struct keyd_key *keys;
	const char *implied, *note;
	unsigned int i, n;
	char *text;
	size_t len;
	FILE *mem;

	keys = keyd_keys(kind, &n);
	for (i = 0; i < n; i++) {
		implied = implied_by(kind, base, keys[i].name);
		if (!b->key_line[i] && !keys[i].def && !implied)
			continue;
		text = NULL;
		mem = open_memstream(&text, &len);
		if (!mem)
			return;
		keys[i].type->print(&keys[i], (const char *)base +
				    keys[i].offset, mem);
		fclose(mem);
		note = implied ? implied : b->key_line[i] ? NULL : "default";
		if (note)
			fprintf(out, "%s%-17s %-31s # %s\n", indent[kind],
				keys[i].name, text, note);
		else
			fprintf(out, "%s%-17s %s\n", indent[kind],
				keys[i].name, text);
		free(text);
	}
}

void keyd_config_print(const struct keyd_config *cfg, FILE *out)
{
	const struct keyd_conn *c;
	unsigned int i, j;

	print_keys(KEYD_TOP, &cfg->b, cfg, out);
	for (i = 0; i < cfg->n_conns; i++) {
		c = &cfg->conns[i];
		fprintf(out, "\nconn %s {\n", c->b.name);
		print_keys(KEYD_CONN, &c->b, c, out);
		for (j = 0; j < c->n_children; j++) {
			fprintf(out, "\tchild %s {\n", c->children[j].b.name);
			print_keys(KEYD_CHILD, &c->children[j].b,
				   &c->children[j], out);
			fprintf(out, "\t}\n");
		}
		fprintf(out, "}\n");
	}
}

/* ---- comparison ---- */

/* by the printed form, so that no key of the table can be forgotten */
static bool same_keys(enum keyd_block_kind kind, const void *a, const void *b)
{
	const struct keyd_key *keys;
	char *text[2] = { NULL, NULL };
	unsigned int i, j, n;
	bool same = true;
	size_t len;
	FILE *mem;

	keys = keyd_keys(kind, &n);
	for (i = 0; i < n && same; i++) {
		for (j = 0; j < 2; j++) {
			mem = open_memstream(&text[j], &len);
			if (!mem)
				return false;
			keys[i].type->print(&keys[i], (const char *)
					    (j ? b : a) + keys[i].offset, mem);
			fclose(mem);
		}
		same = !strcmp(text[0], text[1]);
		free(text[0]);
		free(text[1]);
	}
	return same;
}

/* what is not printed, and what a file held when it was read */
static bool same_secrets(const struct keyd_conn *a, const struct keyd_conn *b)
{
	return a->psk.len == b->psk.len &&
	       !sodium_memcmp(a->psk.data, b->psk.data, sizeof(a->psk.data)) &&
	       !sodium_memcmp(a->private_key, b->private_key,
			      sizeof(a->private_key));
}

bool keyd_conn_same(const struct keyd_conn *a, const struct keyd_conn *b)
{
	unsigned int i;

	if (strcmp(a->b.name, b->b.name) || !same_keys(KEYD_CONN, a, b) ||
	    !same_secrets(a, b) || a->n_children != b->n_children)
		return false;
	for (i = 0; i < a->n_children; i++)
		if (strcmp(a->children[i].b.name, b->children[i].b.name) ||
		    !same_keys(KEYD_CHILD, &a->children[i], &b->children[i]))
			return false;
	return true;
}

/* ---- for the engine ---- */

const struct keyd_conn *keyd_config_conn(const struct keyd_config *cfg,
					 const char *name)
{
	unsigned int i;

	for (i = 0; i < cfg->n_conns; i++)
		if (!strcmp(cfg->conns[i].b.name, name))
			return &cfg->conns[i];
	return NULL;
}

void keyd_child_kernel_name(const struct keyd_conn *conn,
			    const struct keyd_child *child,
			    char name[IKE_NAME_MAX + 1])
{
	int n = snprintf(name, IKE_NAME_MAX + 1, "%s:%s", conn->b.name,
			 child->b.name);

	/* the checks of the configuration see to it that it fits */
	if (n < 0 || n > IKE_NAME_MAX)
		name[0] = '\0';
}

static void fill_child(const struct keyd_child *c, struct ike_child_cfg *out)
{
	static const uint8_t esn[] = {
		[KEYD_ESN_YES] = IKE_ESN_YES | IKE_ESN_NO,
		[KEYD_ESN_NO] = IKE_ESN_NO,
		[KEYD_ESN_ONLY] = IKE_ESN_YES,
	};
	unsigned int i;

	memcpy(out->name, c->b.name, sizeof(out->name));
	memcpy(out->ts_local, c->local_ts.ts, sizeof(out->ts_local));
	memcpy(out->ts_remote, c->remote_ts.ts, sizeof(out->ts_remote));
	out->n_ts_local = c->local_ts.n;
	out->n_ts_remote = c->remote_ts.n;
	for (i = 0; i < c->esp.n; i++) {
		out->suites[i] = c->esp.suite[i];
		out->suites[i].ke = c->pfs ? IKE_KE_X25519 : IKE_KE_NONE;
		out->suites[i].esn = esn[c->esn];
	}
	out->n_suites = c->esp.n;
	if (c->life_type != KEYD_LIFE_KBYTES)
		out->life.time_ms = c->life_ms;
	if (c->life_type != KEYD_LIFE_SECONDS)
		out->life.bytes = c->life_kbytes * 1024;
	out->life.packets = c->life_packets;
	out->replay_window = (uint32_t)c->replay_window;
	out->on_demand = c->start == KEYD_START_ON_DEMAND;
	out->auto_negotiate = c->auto_negotiate;
	out->keepalive = c->keepalive;
	out->pfs = c->pfs;
}

int keyd_ike_conn_fill(const struct keyd_conn *conn, const uint32_t *kernel_ids,
		       struct ike_conn_cfg *out)
{
	unsigned int i;

	memset(out, 0, sizeof(*out));
	memcpy(out->name, conn->b.name, sizeof(out->name));
	out->local = conn->local;
	out->remote = conn->remote;
	out->local_id = conn->local_id;
	out->remote_id = conn->remote_id;
	out->local_auth = conn->auth + 1;
	out->remote_auth = conn->auth + 1;
	memcpy(out->psk, conn->psk.data, conn->psk.len);
	out->psk_len = conn->psk.len;
	memcpy(out->private_key, conn->private_key, sizeof(out->private_key));
	memcpy(out->remote_public, conn->remote_public.data,
	       sizeof(out->remote_public));
	memcpy(out->suites, conn->ike.suite, sizeof(out->suites));
	out->n_suites = conn->ike.n;
	out->life_ms = conn->life_ms;
	out->dpd_ms = conn->dpd_ms;
	out->retry_ms = conn->retry_ms;
	if (!conn->n_children)
		return 0;
	out->children = calloc(conn->n_children, sizeof(*out->children));
	if (!out->children)
		return -ENOMEM;
	out->n_children = conn->n_children;
	for (i = 0; i < conn->n_children; i++) {
		fill_child(&conn->children[i], &out->children[i]);
		if (kernel_ids)
			out->children[i].kernel_id = kernel_ids[i];
	}
	return 0;
}

void keyd_ike_conn_clear(struct ike_conn_cfg *c)
{
	free(c->children);
	sodium_memzero(c, sizeof(*c));
}

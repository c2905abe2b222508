// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of things the engine wants done. */
#include "ikesa.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* no memory for an action: the process cannot keep its promises any more */
static struct ike_action *action_new(struct ike_engine *e,
				     enum ike_action_type type)
{
	struct ike_action *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	a->type = type;
	*e->last = a;
	e->last = &a->next;
	return a;
}

struct ike_action *ike_engine_action(struct ike_engine *e)
{
	struct ike_action *a = e->first;

	if (!a)
		return NULL;
	e->first = a->next;
	if (!e->first)
		e->last = &e->first;
	a->next = NULL;
	return a;
}

void ike_action_free(struct ike_action *a)
{
	if (!a)
		return;
	if (a->type == IKE_ACT_SEND)
		free(a->send.data);
	ike_crypto_wipe(a, sizeof(*a));
	free(a);
}

void ike_action_send(struct ike_engine *e, const struct ike_addr *local,
		     const struct ike_addr *remote, const uint8_t *data,
		     size_t len)
{
	struct ike_action *a = action_new(e, IKE_ACT_SEND);

	a->send.local = *local;
	a->send.remote = *remote;
	a->send.len = len;
	a->send.data = malloc(len);
	if (!a->send.data)
		abort();
	memcpy(a->send.data, data, len);
}

struct ike_kreq *ike_action_kernel(struct ike_engine *e,
				   enum ike_kreq_type type,
				   uint32_t kernel_child)
{
	struct ike_action *a = action_new(e, IKE_ACT_KERNEL);

	a->kernel.id = ++e->kreq_id;
	a->kernel.type = type;
	a->kernel.kernel_child = kernel_child;
	return &a->kernel;
}

/* text from the wire is escaped by its codecs; this is the last line (B21) */
static void printable(char *s)
{
	for (; *s; s++)
		if (!isprint((unsigned char)*s))
			*s = '?';
}

void ike_action_notify(struct ike_engine *e, enum ike_notify_type type,
		       const struct ike_about *about, const char *fmt, ...)
{
	struct ike_notify *n = &action_new(e, IKE_ACT_NOTIFY)->notify;
	const struct ike_conn *conn = about->conn;
	const struct ike_sa *sa = about->sa;
	va_list ap;

	n->type = type;
	if (about->pair) {
		n->spi_in = about->pair->spi_in;
		n->spi_out = about->pair->spi_out;
		if (!sa)
			sa = about->pair->sa;
	}
	if (about->old) {
		n->old_spi_in = about->old->spi_in;
		n->old_spi_out = about->old->spi_out;
	}
	if (about->child) {
		strcpy(n->child, about->child->cfg.name);
		conn = about->child->conn;
	}
	if (sa) {
		n->spi_i = sa->spi_i;
		n->spi_r = sa->spi_r;
		if (!conn)
			conn = sa->conn;
	}
	if (conn)
		strcpy(n->conn, conn->cfg.name);
	n->duration_ms = about->duration_ms;
	va_start(ap, fmt);
	vsnprintf(n->text, sizeof(n->text), fmt, ap);
	va_end(ap);
	printable(n->text);
}

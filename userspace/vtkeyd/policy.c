// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

/* ---- what there is ---- */

static bool is_ours(const struct vtun_k_policy *p)
{
	return p->action == VTUN_ACTION_PROTECT &&
	       p->id >= KEYD_POLICY_ID_MIN && p->id <= KEYD_POLICY_ID_MAX;
}

static int by_child(const void *a, const void *b)
{
	const struct vtun_k_policy *x = a, *y = b;

	if (x->child_id != y->child_id)
		return x->child_id < y->child_id ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

int keyd_spd_read(struct keyd *d, struct keyd_spd *spd)
{
	struct vtun_k_policy *list;
	unsigned int i, n;
	int err;

	memset(spd, 0, sizeof(*spd));
	spd->last_id = KEYD_POLICY_ID_MIN - 1;
	err = vtun_k_policy_list(d->k, &list, &n);
	if (err) {
		keyd_warn("cannot read the policies of the module: %s",
			  vtun_k_error(d->k));
		return err;
	}
	for (i = 0; i < n; i++) {
		if (!is_ours(&list[i]))
			continue;
		if (list[i].id > spd->last_id)
			spd->last_id = list[i].id;
		list[spd->n++] = list[i];
	}
	spd->list = list;
	if (spd->n)
		qsort(spd->list, spd->n, sizeof(*spd->list), by_child);
	return 0;
}

void keyd_spd_free(struct keyd_spd *spd)
{
	free(spd->list);
	spd->list = NULL;
	spd->n = 0;
}

/* those of one child, NULL where there are none */
static const struct vtun_k_policy *of_child(const struct keyd_spd *spd,
					    uint32_t id, unsigned int *n)
{
	unsigned int low = 0, high = spd->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (spd->list[mid].child_id < id)
			low = mid + 1;
		else
			high = mid;
	}
	while (high < spd->n && spd->list[high].child_id == id)
		high++;
	*n = high - low;
	return *n ? &spd->list[low] : NULL;
}

unsigned int keyd_spd_count(const struct keyd_spd *spd, uint32_t id)
{
	unsigned int n;

	of_child(spd, id, &n);
	return n;
}

/* ---- what should be there ---- */

struct policies {
	struct vtun_k_policy list[VTUN_TS_MAX * VTUN_TS_MAX];
	unsigned int n;
};

bool keyd_ts_same(const struct vtun_ts *a, const struct vtun_ts *b)
{
	size_t len = vtun_addr_len(a->family);

	return a->family == b->family && a->proto == b->proto &&
	       a->port_start == b->port_start && a->port_end == b->port_end &&
	       !memcmp(a->start, b->start, len) && !memcmp(a->end, b->end, len);
}

static bool alike(const struct vtun_k_policy *a, const struct vtun_k_policy *b)
{
	return a->priority == b->priority &&
	       keyd_ts_same(&a->local, &b->local) &&
	       keyd_ts_same(&a->remote, &b->remote);
}

static bool one_of(const struct vtun_k_policy *p,
		   const struct vtun_k_policy *list, unsigned int n)
{
	while (n)
		if (alike(p, &list[--n]))
			return true;
	return false;
}

/* selectors of one packet are of one family and one protocol */
static void pair_up(struct policies *want, const struct vtun_k_policy *like)
{
	struct vtun_k_policy *p = &want->list[want->n];

	*p = *like;
	if (!p->local.proto)
		p->local.proto = p->remote.proto;
	if (!p->remote.proto)
		p->remote.proto = p->local.proto;
	if (p->local.family == p->remote.family &&
	    p->local.proto == p->remote.proto &&
	    !one_of(p, want->list, want->n))
		want->n++;
}

static void want_policies(const struct vtun_k_child *c, uint32_t priority,
			  struct policies *want)
{
	struct vtun_k_policy like = {
		.action = VTUN_ACTION_PROTECT,
		.priority = priority,
		.child_id = c->id,
	};
	unsigned int i, j;

	want->n = 0;
	for (i = 0; i < c->n_ts_local; i++)
		for (j = 0; j < c->n_ts_remote; j++) {
			like.local = c->ts_local[i];
			like.remote = c->ts_remote[j];
			pair_up(want, &like);
		}
}

/* ---- making it so ---- */

/* under the next id that nobody has taken, be it against the rule */
static int add_one(struct keyd *d, struct keyd_spd *spd,
		   struct vtun_k_policy *p)
{
	int err = -ENOSPC;

	while (spd->last_id < KEYD_POLICY_ID_MAX) {
		p->id = ++spd->last_id;
		err = vtun_k_policy_add(d->k, p, NULL);
		if (err != -EEXIST)
			break;
	}
	return err;
}

int keyd_policies_add(struct keyd *d, struct keyd_spd *spd,
		      const struct keyd_tunnel *t,
		      const struct vtun_k_child *child)
{
	const struct vtun_k_policy *have;
	unsigned int i, n, added = 0;
	struct policies want;
	int err, ret = 0;

	want_policies(child, t->policy_priority, &want);
	have = of_child(spd, child->id, &n);
	/* goes on after an error: each one that is there is a hole less */
	for (i = 0; i < want.n; i++) {
		if (one_of(&want.list[i], have, n))
			continue;
		err = add_one(d, spd, &want.list[i]);
		if (err && !ret)
			keyd_err("no policy conn=%s child=%s: %s", t->conn,
				 t->child, vtun_k_error(d->k));
		if (err)
			ret = err;
		else
			added++;
	}
	if (added)
		keyd_info("policies-added conn=%s child=%s kernel_child=%u count=%u",
			  t->conn, t->child, child->id, added);
	return ret;
}

static bool delete_one(struct keyd *d, const struct vtun_k_policy *p)
{
	int err = vtun_k_policy_del(d->k, p->id);

	if (err && err != -ENOENT)
		keyd_warn("cannot delete policy=%u: %s", p->id,
			  vtun_k_error(d->k));
	return !err;
}

static void log_deleted(uint32_t child, unsigned int count)
{
	if (count)
		keyd_info("policies-deleted kernel_child=%u count=%u", child,
			  count);
}

void keyd_policies_prune(struct keyd *d, const struct keyd_spd *spd,
			 const struct keyd_tunnel *t,
			 const struct vtun_k_child *child)
{
	const struct vtun_k_policy *have;
	unsigned int i, n, deleted = 0;
	struct policies want;

	want_policies(child, t->policy_priority, &want);
	have = of_child(spd, child->id, &n);
	for (i = 0; i < n; i++)
		if (!one_of(&have[i], want.list, want.n) ||
		    one_of(&have[i], have, i))
			deleted += delete_one(d, &have[i]);
	log_deleted(child->id, deleted);
}

void keyd_policies_delete(struct keyd *d, const struct keyd_spd *spd,
			  uint32_t id)
{
	const struct vtun_k_policy *have;
	unsigned int i, n, deleted = 0;

	have = of_child(spd, id, &n);
	for (i = 0; i < n; i++)
		deleted += delete_one(d, &have[i]);
	log_deleted(id, deleted);
}

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_CLASSIFY_H
#define VTUN_CLASSIFY_H

#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/types.h>

#include "ts.h"

struct vtun_rule_cells;
struct vtun_tuples;

/**
 * struct vtun_rule - one selector per side, and its place in the order
 * @local: what it covers; memory of the owner, unchanged while it is in a table
 * @remote: likewise
 * @order: of the rules that cover a flow the one with the lowest wins
 * @id: then the one with the lower id
 * @live: packets find it
 * @cells: its places in the table
 *
 * The owner embeds it, and keeps it for a grace period after it was removed.
 */
struct vtun_rule {
	const struct vtun_ts	*local, *remote;
	u64			order;
	u32			id;
	bool			live;
	struct vtun_rule_cells	*cells;
};

/**
 * struct vtun_classify - finds the first of many rules that covers a flow
 * @slots: rules by shape and masked flow
 * @tuples: shapes in use, per family; RCU to read
 * @generation: of this table in this state, and of no other one
 * @scattered: packets are of more flows than a CPU remembers; set once
 *
 * Writers are serialised by the caller, readers use RCU.
 */
struct vtun_classify {
	struct rhashtable		slots;
	struct vtun_tuples __rcu	*tuples[2];
	unsigned long			generation;
	bool				scattered;
};

int vtun_classify_init(struct vtun_classify *t);
/* no reader is left; rules still in there are forgotten */
void vtun_classify_destroy(struct vtun_classify *t);

/*
 * Process context. From its return on every packet finds the rule, or on error
 * none ever does. A rule whose sides exclude each other is in no place.
 */
int vtun_classify_add(struct vtun_classify *t, struct vtun_rule *rule);
/* out of sight when it returns, but for readers that are there already */
void vtun_classify_del(struct vtun_classify *t, struct vtun_rule *rule);

/**
 * vtun_classify_find() - which rule decides?
 * @t: table
 * @flow: source is local, destination remote; every octet of it counts
 *
 * RCU, BH off.
 *
 * Return: the rule with the lowest order that covers @flow, or NULL.
 */
struct vtun_rule *vtun_classify_find(struct vtun_classify *t,
				     const struct vtun_flow *flow);

/* as long as it is the same, so is what vtun_classify_find() says */
static inline unsigned long
vtun_classify_generation(const struct vtun_classify *t)
{
	/* what was changed before it was set is seen */
	return smp_load_acquire(&t->generation);
}

void vtun_classify_exit(void);	/* end of the module */

#endif /* VTUN_CLASSIFY_H */

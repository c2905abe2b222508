/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_TABLE_H
#define VTUN_TABLE_H

#include <linux/rhashtable.h>
#include <linux/workqueue.h>

/**
 * vtun_table_settle() - let a hash table grow before one more is added
 * @ht: to which nobody else adds meanwhile
 *
 * A table grows in a worker. Who adds faster than the worker comes to its turn
 * meets a full table, which then grows on the spot; it finds no large memory
 * there and goes on in two levels, and every packet pays for both. May sleep.
 */
static inline void vtun_table_settle(struct rhashtable *ht)
{
	bool full;

	rcu_read_lock();
	full = rht_grow_above_75(ht, rcu_dereference(ht->tbl));
	rcu_read_unlock();
	if (full)
		flush_work(&ht->run_work);
}

#endif /* VTUN_TABLE_H */

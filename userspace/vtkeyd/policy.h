/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policies that lead into the daemon's children, in the kernel's SPD. */
#ifndef VTKEYD_POLICY_H
#define VTKEYD_POLICY_H

#include "keyd.h"
#include "lib/kernel.h"

/*
 * Ids of the daemon's policies: a daemon that comes after a crash knows them by
 * their ids. Those that the module chooses for others start at 1.
 */
#define KEYD_POLICY_ID_MIN	1000000000U
#define KEYD_POLICY_ID_MAX	1999999999U

/**
 * struct keyd_spd - the daemon's policies as they were when they were read
 * @list: ordered by child, those whose child is gone (0) first
 * @last_id: highest id in use
 */
struct keyd_spd {
	struct vtun_k_policy *list;
	unsigned int n;
	uint32_t last_id;
};

/* 0 or -errno, reported; free it in either case */
int keyd_spd_read(struct keyd *d, struct keyd_spd *spd);
void keyd_spd_free(struct keyd_spd *spd);
/* how many of them name the kernel child @id */
unsigned int keyd_spd_count(const struct keyd_spd *spd, uint32_t id);

/* do both cover the same packets? */
bool keyd_ts_same(const struct vtun_ts *a, const struct vtun_ts *b);

/**
 * keyd_policies_add() - add what is missing of the policies of a child
 * @d: the daemon
 * @spd: what there is
 * @t: whose they are, and their priority
 * @child: the child with its id in the kernel; each pair of a local and a
 *	remote selector that a packet can match has a policy
 *
 * Return: 0 or -errno, reported: those that could be added are there and stay.
 */
int keyd_policies_add(struct keyd *d, struct keyd_spd *spd,
		      const struct keyd_tunnel *t,
		      const struct vtun_k_child *child);
/*
 * Deletes those of @spd that keyd_policies_add() would not add, and all but one
 * of several alike.
 */
void keyd_policies_prune(struct keyd *d, const struct keyd_spd *spd,
			 const struct keyd_tunnel *t,
			 const struct vtun_k_child *child);
/* deletes those of @spd that name the kernel child @id; 0: one that is gone */
void keyd_policies_delete(struct keyd *d, const struct keyd_spd *spd,
			  uint32_t id);

#endif /* VTKEYD_POLICY_H */

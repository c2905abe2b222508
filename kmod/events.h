/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_EVENTS_H
#define VTUN_EVENTS_H

#include <linux/types.h>

struct vtun_audit;
struct vtun_child;
struct vtun_flow;
struct vtun_net;
struct vtun_path_config;
struct vtun_sa;

/*
 * All of them are numbered and sent under vtun_net.lock, so that numbers rise
 * in the order of delivery. A listener that cannot be told sees a gap.
 */
/* takes vtun_net.lock */
void vtun_event_acquire(struct vtun_child *child, const struct vtun_flow *flow);
/* vtun_net.lock */
void vtun_event_expire(const struct vtun_sa *sa, u8 level, u8 cause);
/* vtun_net.lock; @old NULL = none */
void vtun_event_switch(const struct vtun_sa *sa, const struct vtun_sa *old,
		       u8 why);

/* vtun_net.lock; @seen as for vtun_child_moved(); @followed: we go there */
void vtun_event_peer_moved(const struct vtun_child *child,
			   const struct vtun_path_config *seen, bool followed);
/* vtun_net.lock, RCU for its SA */
void vtun_event_audit(struct vtun_net *vn, const struct vtun_audit *audit);

#endif /* VTUN_EVENTS_H */

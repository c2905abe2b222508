/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_EARLY_H
#define VTUN_EARLY_H

#include <linux/types.h>

struct sk_buff;
struct vtun_net;

/*
 * Begins to spare ESP the search for its way in; without memory nothing is
 * spared. vtun_net.ctl, process context.
 */
void vtun_early_start(struct vtun_net *vn);
/*
 * End of the namespace, or of the module with packets on their way: who is in
 * the hook is there until a grace period is over, and only then it is freed.
 * Process context.
 */
void vtun_early_stop(struct vtun_net *vn);
/* after it: what queues of userspace hold of ours; one grace period more */
void vtun_early_drain(struct vtun_net *vn);
void vtun_early_free(struct vtun_net *vn);

/**
 * vtun_early_note() - keep the way a packet found, for those that follow
 * @vn: namespace it came to
 * @skb: ESP over IPv4, for an SA of ours
 * @ports: both ports as in the header of UDP, if that is in between, else 0
 *
 * RCU, BH off.
 */
void vtun_early_note(struct vtun_net *vn, const struct sk_buff *skb,
		     __be32 ports);

/*
 * Is this ESP to this host, in UDP or not, as it was noted before? In
 * PRE_ROUTING, IPv4. RCU.
 */
bool vtun_early_knows(struct vtun_net *vn, struct sk_buff *skb);

#endif /* VTUN_EARLY_H */

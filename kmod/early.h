/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_EARLY_H
#define VTUN_EARLY_H

struct sk_buff;
struct vtun_net;

/*
 * Begins to spare ESP the lookup of its input route; without memory
 * nothing is spared. vtun_net.ctl, process context.
 */
void vtun_early_start(struct vtun_net *vn);
/*
 * End of the namespace, or of the module with packets on their way: who is in
 * the hook is there until a grace period is over, and only then it is freed.
 * Process context.
 */
void vtun_early_stop(struct vtun_net *vn);
void vtun_early_free(struct vtun_net *vn);

/* @skb is ESP over IPv4, for an SA of ours; more will come. RCU, BH off. */
void vtun_early_note(struct vtun_net *vn, const struct sk_buff *skb);

#endif /* VTUN_EARLY_H */

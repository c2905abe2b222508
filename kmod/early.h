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
/* end of the namespace; process context */
void vtun_early_stop(struct vtun_net *vn);

/* @skb is ESP over IPv4, for an SA of ours; more will come. RCU, BH off. */
void vtun_early_note(struct vtun_net *vn, const struct sk_buff *skb);

#endif /* VTUN_EARLY_H */

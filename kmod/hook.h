/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_HOOK_H
#define VTUN_HOOK_H

struct sk_buff;
struct vtun_child;
struct vtun_net;

/* packets of a namespace begin to meet its policies; may sleep */
int vtun_hook_register(struct vtun_net *vn);
/* packets that are on their way may still do so, for a grace period */
void vtun_hook_unregister(struct vtun_net *vn);

int vtun_hook_init(void);
/* end of the module: no packet comes out of the hooks any more */
void vtun_hook_exit(void);

/*
 * A decrypted packet of a child whose door is policies: as if it had come in
 * over the outer device, marked so that the policies know it was protected.
 * skb->dev is that device, network header and protocol set. RCU, BH off;
 * consumes.
 */
void vtun_policy_rx(struct vtun_child *child, struct sk_buff *skb);

#endif /* VTUN_HOOK_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What vtun keeps per network namespace. This is a pernet subsystem: at the
 * end of a namespace it goes after every network device in it, so that no
 * packet can look anything up any more; our own devices, and with them all
 * children and SAs, went before (device.c, a pernet device).
 */
#include "net.h"

#include <linux/rcupdate.h>

#include "child.h"
#include "early.h"
#include "encap.h"
#include "policy.h"
#include "sa.h"

/* what is destroyed in one go takes milliseconds */
#define BREATHE_EVERY	64

unsigned int vtun_net_id __read_mostly;

static int __net_init net_init(struct net *net)
{
	struct vtun_net *vn = vtun_net(net);

	vn->net = net;
	mutex_init(&vn->ctl);
	spin_lock_init(&vn->lock);
	idr_init(&vn->children);
	hash_init(vn->names);
	hash_init(vn->outs);
	INIT_LIST_HEAD(&vn->devices);
	vtun_encap_net_init(vn);
	vtun_audit_init(vn);
	atomic_set(&vn->gen, VTUN_GEN_FIRST);
	return vtun_sa_table_init(vn);
}

void vtun_net_breathe(struct vtun_net *vn, unsigned int i)
{
	if (i % BREATHE_EVERY)
		return;
	mutex_unlock(&vn->ctl);
	cond_resched();
	mutex_lock(&vn->ctl);
}

void vtun_net_flush(struct vtun_net *vn)
{
	struct vtun_child *child;
	unsigned long id = 0;
	struct vtun_sa *sa;

	lockdep_assert_held(&vn->ctl);
	while ((child = idr_get_next_ul(&vn->children, &id))) {
		vtun_child_del(child);
		vtun_net_breathe(vn, id++);
	}
	/*
	 * Left are SPIs reserved without a child. Their timers may remove them
	 * at any time; the reference keeps the one in hand.
	 */
	for (id = 0;; id++) {
		rcu_read_lock();
		sa = xa_find(&vn->sas, &id, ULONG_MAX, XA_PRESENT);
		if (sa && !refcount_inc_not_zero(&sa->ref))
			sa = ERR_PTR(-ENOENT);
		rcu_read_unlock();
		if (!sa)
			break;
		if (IS_ERR(sa))
			continue;
		vtun_sa_del(sa);
		vtun_sa_put(sa);
		vtun_net_breathe(vn, id);
	}
}

/*
 * Routes of IPv6 are counted in their namespace and must be gone before it.
 * Four callbacks lead there, each begun by the one before: the keys of an SA
 * are wiped, it is freed, its child is with it, the route is destroyed.
 */
static void wait_for_routes(void)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		rcu_barrier();
}

static void __net_exit net_exit_batch(struct list_head *nets)
{
	bool used = false;
	struct vtun_net *vn;
	struct net *net;

	list_for_each_entry(net, nets, exit_list) {
		vn = vtun_net(net);
		mutex_lock(&vn->ctl);
		vtun_early_stop(vn);
		vtun_policy_flush(vn);
		vtun_net_flush(vn);
		vtun_encap_net_exit(vn);
		used |= atomic_read(&vn->gen) != VTUN_GEN_FIRST;
		mutex_unlock(&vn->ctl);
	}
	/* timers of larval SAs and packets in flight may hold a lock of ours */
	synchronize_rcu();
	if (used)
		wait_for_routes();
	list_for_each_entry(net, nets, exit_list)
		vtun_early_drain(vtun_net(net));
	/* a verdict may be about to send on what it took out before */
	if (used)
		synchronize_rcu();
	list_for_each_entry(net, nets, exit_list) {
		vn = vtun_net(net);
		WARN_ON_ONCE(!list_empty(&vn->devices));
		vtun_early_free(vn);
		vtun_sa_table_destroy(vn);
		idr_destroy(&vn->children);
		vtun_policy_net_exit(vn);
	}
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.exit_batch = net_exit_batch,
	.id = &vtun_net_id,
	.size = sizeof(struct vtun_net),
};

int vtun_net_init(void)
{
	return register_pernet_subsys(&net_ops);
}

void vtun_net_exit(void)
{
	unregister_pernet_subsys(&net_ops);
}

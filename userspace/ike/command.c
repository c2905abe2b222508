// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands of the operator: they change what should be true. */
#include "ikesa.h"

#include <errno.h>
#include <stdio.h>

static int up_child(struct ike_child *c)
{
	c->held = false;
	if (ike_child_live(c))
		return -EALREADY;
	c->want = true;
	c->next_try = 0;
	return 0;
}

static int down_child(struct ike_child *c)
{
	struct ike_about about = { .child = c };
	struct ike_pair *p, *tmp, *live = ike_child_live(c);
	int err = -EALREADY;

	c->held = true;
	c->want = false;
	if (live) {
		about.pair = live;
		ike_action_notify(c->conn->e, IKE_NTF_CHILD_DOWN, &about,
				  "closed by command");
	}
	ike_list_for_each_safe(p, tmp, &c->pairs, node) {
		if (p->state == IKE_PAIR_GONE)
			continue;
		err = 0;
		ike_pair_close(p);
	}
	if (!err)
		ike_child_set_reason(c, "closed by command");
	return err;
}

static int down_conn(struct ike_conn *c)
{
	struct ike_child *child;
	struct ike_sa *sa;
	int err = -EALREADY;

	/* the children go with their IKE SA: one Delete for all */
	ike_list_for_each(child, &c->children, node) {
		child->held = true;
		child->want = false;
	}
again:
	ike_list_for_each(sa, &c->e->sas, node) {
		if (sa->conn != c || sa->close || sa->state == IKE_SA_DELETING)
			continue;
		err = 0;
		if (sa->up_at) {
			ike_sa_close(sa, "closed by command");
		} else {
			ike_sa_free(sa);
			goto again;
		}
	}
	ike_list_for_each(child, &c->children, node) {
		struct ike_pair *p, *tmp;

		ike_list_for_each_safe(p, tmp, &child->pairs, node) {
			if (p->sa || p->state != IKE_PAIR_UP)
				continue;
			err = 0;
			ike_pair_drop(p);
		}
		if (!err)
			ike_child_set_reason(child, "closed by command");
	}
	return err;
}

static int rekey_child(struct ike_child *c)
{
	struct ike_pair *p = ike_child_live(c);

	if (!p)
		return -ENOTCONN;
	if (p->rekey)
		return -EALREADY;
	p->rekey = true;
	p->rekey_at = 0;
	return 0;
}

static int rekey_ike(struct ike_conn *c)
{
	struct ike_sa *sa = ike_conn_sa(c);

	if (!sa)
		return -ENOTCONN;
	if (sa->own.kind == IKE_EXCH_REKEY_IKE || sa->forced)
		return -EALREADY;
	sa->forced = true;
	sa->rekey_at = c->e->now;
	return 0;
}

static int one_child(enum ike_cmd_type cmd, struct ike_child *c)
{
	switch (cmd) {
	case IKE_CMD_UP:
		return up_child(c);
	case IKE_CMD_DOWN:
		return down_child(c);
	default:
		return rekey_child(c);
	}
}

static int children(enum ike_cmd_type cmd, struct ike_conn *c,
		    const char *name)
{
	int err = -ENOENT, one;
	struct ike_child *child;

	if (name) {
		child = ike_conn_child(c, name);
		return child ? one_child(cmd, child) : -ENOENT;
	}
	/* done for one is done; else the last refusal */
	ike_list_for_each(child, &c->children, node) {
		one = one_child(cmd, child);
		if (err)
			err = one;
	}
	return err;
}

int ike_input_command(struct ike_engine *e, uint64_t now, enum ike_cmd_type cmd,
		      const char *conn, const char *child)
{
	struct ike_conn *c = ike_conn_find(e, conn);
	int err;

	if (!c)
		return -ENOENT;
	e->now = now;
	if (cmd == IKE_CMD_UP && !c->cfg.remote.family)
		return -EADDRNOTAVAIL;
	if (cmd == IKE_CMD_REKEY_IKE)
		err = rekey_ike(c);
	else if (cmd == IKE_CMD_DOWN && !child)
		err = down_conn(c);
	else
		err = children(cmd, c, child);
	if (!err && cmd == IKE_CMD_UP) {
		c->poked = true;
		c->next_try = now;
	}
	ike_desire_run(e);
	return err;
}

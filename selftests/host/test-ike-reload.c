// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The configuration changes under the engine: at every step of every exchange,
 * with messages on their way and kernel requests unanswered. Nothing may be
 * used after it is gone, and once the old configuration is back it must come
 * up again (bug B19).
 */
#include <errno.h>

#include "ike-duo.h"

static struct duo d;

/* what happens to side @i; false behind the last */
static bool change(unsigned int kind, unsigned int i)
{
	struct duo_side *s = &d.s[i];
	struct ike_conn_cfg conn = s->conn;
	struct ike_child_cfg child = s->child;

	conn.children = &child;
	switch (kind) {
	case 0:
		conn.psk[0] ^= 1;
		break;
	case 1:
		conn.n_children = 0;
		break;
	case 2:
		child.ts_local[0].end[3] ^= 1;
		break;
	case 3:
		ike_engine_conn_del(s->e, d.now, "peer");
		duo_collect(s);
		return true;
	case 4:
		child.kernel_id = 2;
		break;
	case 5:
		strcpy(child.name, "other");
		break;
	case 6:
		conn.suites[0].prf = 7;
		break;
	case 7:
		conn.life_ms = 3600000;
		break;
	case 8:
		duo_command(&d, i, IKE_CMD_DOWN, false);
		return true;
	case 9:
		duo_command(&d, i, IKE_CMD_DOWN, true);
		return true;
	default:
		return false;
	}
	ike_engine_conn_add(s->e, d.now, &conn);
	duo_collect(s);
	return true;
}

/* messages and kernel answers until nothing moves */
static void settle(int err)
{
	unsigned int i;
	bool moved;

	for (i = 0; i < 200; i++) {
		moved = d.n;
		duo_run(&d, 1);
		moved |= duo_grant(&d, 0, err);
		moved |= duo_grant(&d, 1, err);
		if (!moved)
			return;
	}
	ktap_bail("it never comes to rest");
}

/*
 * Takes @steps steps of @cmd, where a step is a message or the kernel's answer
 * to one side; false = the exchange was over before.
 */
static bool advance_to(unsigned int cmd, unsigned int steps)
{
	unsigned int i;

	d.slow = false;
	duo_init(&d, false);
	duo_start(&d, false);
	if (cmd) {
		duo_command(&d, 0, IKE_CMD_UP, false);
		duo_run(&d, 50);
	}
	d.slow = true;
	if (cmd == 1)
		duo_command(&d, 0, IKE_CMD_REKEY_CHILD, true);
	else if (cmd == 2)
		duo_command(&d, 1, IKE_CMD_REKEY_IKE, false);
	else if (cmd == 3)
		duo_command(&d, 1, IKE_CMD_DOWN, true);
	else
		duo_command(&d, 0, IKE_CMD_UP, false);
	for (i = 0; i < steps; i++) {
		if (d.n)
			duo_run(&d, 1);
		else if (!duo_grant(&d, 0, 0) && !duo_grant(&d, 1, 0))
			return false;
	}
	return true;
}

/* back to the first configuration: both must come up */
static bool recovers(void)
{
	unsigned int i, tries;

	for (i = 0; i < 2; i++) {
		ike_engine_conn_add(d.s[i].e, d.now, &d.s[i].conn);
		duo_collect(&d.s[i]);
	}
	/* what one side does not know of ends by lack of answers */
	for (tries = 0; tries < 30; tries++) {
		settle(0);
		if (duo_both_up(&d))
			return true;
		duo_advance(&d, 4000);
		duo_command(&d, 0, IKE_CMD_UP, false);
	}
	return false;
}

static bool try_change(unsigned int cmd, unsigned int steps, unsigned int kind,
		       unsigned int side, int err)
{
	bool ok;

	if (!advance_to(cmd, steps)) {
		duo_end(&d);
		return false;
	}
	if (!change(kind, side))
		ktap_bail("no such change");
	settle(err);
	ok = recovers();
	if (!ok)
		ktap_bail("step %u, change %u on side %u, kernel %d: never up again",
			  steps, kind, side, err);
	duo_end(&d);
	return true;
}

static void exchange(const char *name, unsigned int cmd)
{
	static const int errs[] = { 0, -ENOMEM };
	unsigned int steps, kind, side, i, n = 0;
	bool more = true;

	for (steps = 0; more; steps++)
		for (kind = 0; more && kind < 10; kind++)
			for (side = 0; more && side < 2; side++)
				for (i = 0; more && i < 2; i++) {
					more = try_change(cmd, steps, kind,
							  side, errs[i]);
					n += more;
				}
	ktap_ok(n > 40, "%s: %u changes in %u states, up again after each",
		name, n, steps - 1);
}

int main(void)
{
	ktap_begin();
	if (ike_crypto_init())
		ktap_bail("no crypto");
	exchange("start", 0);
	exchange("child rekey", 1);
	exchange("IKE SA rekey", 2);
	exchange("child down", 3);
	return ktap_end();
}

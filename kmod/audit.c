// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that were refused and should be known about, RFC 4301 4.4.1, RFC 4303
 * 3.4: an SPI nobody has, forged packets, replayed ones. Who floods us with
 * them must not flood the listeners: for most of them a counter grows and two
 * times are compared, without a lock.
 */
#include "audit.h"

#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>

#include "events.h"
#include "lifetime.h"
#include "net.h"
#include "path.h"
#include "sa.h"

#define BURST		8		/* events of a reason at once */
#define INTERVAL	HZ		/* then one in so long */

/* reasons that tell of an attack or a fault; -1: all others */
static int slot_of(enum vtun_drop why)
{
	switch (why) {
	case VTUN_DROP_UNKNOWN_SPI:
		return 0;
	case VTUN_DROP_INTEGRITY:
		return 1;
	case VTUN_DROP_REPLAY_OLD:
		return 2;
	case VTUN_DROP_REPLAY_DUP:
		return 3;
	case VTUN_DROP_REPLAY_ZERO:
		return 4;
	case VTUN_DROP_TS_MISMATCH:
		return 5;
	default:
		BUILD_BUG_ON(VTUN_AUDIT_REASONS != 6);
		return -1;
	}
}

void vtun_audit_init(struct vtun_net *vn)
{
	unsigned int i;

	for (i = 0; i < VTUN_AUDIT_REASONS; i++) {
		vn->audit.limits[i].credit = jiffies;
		vn->audit.limits[i].again = jiffies;
	}
}

void vtun_audit_gone(const struct vtun_sa *sa)
{
	struct vtun_audit_net *audit = &sa->net->audit;

	lockdep_assert_held(&sa->net->lock);
	BUILD_BUG_ON_NOT_POWER_OF_2(VTUN_AUDIT_GONE);
	audit->gone[audit->n_gone++ % VTUN_AUDIT_GONE] =
		(struct vtun_audit_spi) {
			.at = vtun_lifetime_now(),
			.spi = sa->spi,
			.state = sa->state,
		};
}

/* the last SA of that SPI, if it went not too long ago */
static void recall(const struct vtun_audit_net *audit, struct vtun_audit *a)
{
	unsigned int n = min_t(unsigned int, audit->n_gone, VTUN_AUDIT_GONE);
	const struct vtun_audit_spi *gone;
	unsigned int i;

	for (i = 1; i <= n; i++) {
		gone = &audit->gone[(audit->n_gone - i) % VTUN_AUDIT_GONE];
		if (gone->spi != a->spi)
			continue;
		a->gone = true;
		a->gone_state = gone->state;
		a->gone_ms = vtun_lifetime_now() - gone->at;
		return;
	}
}

/* may one more be announced now? With and without vtun_net.lock. */
static bool is_due(const struct vtun_audit_limit *limit, __be32 spi,
		   unsigned long now)
{
	if (time_after(READ_ONCE(limit->credit),
		       now + (BURST - 1) * INTERVAL))
		return false;
	return READ_ONCE(limit->spi) != spi ||
	       time_after_eq(now, READ_ONCE(limit->again));
}

static void spend(struct vtun_audit_limit *limit, __be32 spi, unsigned long now)
{
	unsigned long from = limit->credit;

	if (time_before(from, now))
		from = now;
	WRITE_ONCE(limit->credit, from + INTERVAL);
	WRITE_ONCE(limit->spi, spi);
	WRITE_ONCE(limit->again, now + INTERVAL);
}

void vtun_audit_drop(struct vtun_net *vn, const struct vtun_sa *sa,
		     enum vtun_drop why, __be32 spi,
		     const struct vtun_path_config *seen)
{
	struct vtun_audit a = { .reason = why, .spi = spi, .sa = sa };
	struct vtun_audit_limit *limit;
	unsigned long now = jiffies;
	int slot = slot_of(why);

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "SA audited without RCU");
	if (slot < 0)
		return;
	limit = &vn->audit.limits[slot];
	atomic_inc(&limit->count);
	if (!is_due(limit, spi, now))
		return;
	a.family = seen->family;
	a.src = seen->remote;
	a.dst = seen->local;
	spin_lock_bh(&vn->lock);
	if (is_due(limit, spi, now)) {
		spend(limit, spi, now);
		a.count = atomic_xchg(&limit->count, 0);
		if (!sa)
			recall(&vn->audit, &a);
		vtun_event_audit(vn, &a);
	}
	spin_unlock_bh(&vn->lock);
}

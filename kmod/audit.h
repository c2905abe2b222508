/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_AUDIT_H
#define VTUN_AUDIT_H

#include <linux/atomic.h>
#include <linux/in6.h>
#include <linux/types.h>
#include <uapi/linux/vtun.h>

struct vtun_net;
struct vtun_path_config;
struct vtun_sa;

#define VTUN_AUDIT_GONE		256	/* SPIs remembered, a power of two */
#define VTUN_AUDIT_REASONS	6

/**
 * struct vtun_audit - packets were refused, RFC 4301 and 4303 "auditable event"
 * @reason: why
 * @count: packets refused for it since the last such event, this one included
 * @spi: of this one
 * @family: of the outer addresses
 * @src: outer source; IPv4 in s6_addr32[0]
 * @dst: outer destination
 * @sa: inbound SA it came by, NULL: the SPI is unknown
 * @gone: the SPI was an SA of ours until @gone_ms ago, last in @gone_state
 */
struct vtun_audit {
	enum vtun_drop reason;
	u32 count;
	__be32 spi;
	u8 family;
	struct in6_addr src, dst;
	const struct vtun_sa *sa;
	bool gone;
	u8 gone_state;
	u64 gone_ms;
};

/**
 * struct vtun_audit_limit - how often packets of one reason are announced
 * @count: refused since the last event
 * @spi: of the last event; with @again and @credit, written under
 *	vtun_net.lock, READ_ONCE hints
 * @again: jiffies, when @spi may be announced again
 * @credit: jiffies, up to when tokens are spent: ahead of now by one second for
 *	each token that is missing
 */
struct vtun_audit_limit {
	atomic_t	count;
	__be32		spi;
	unsigned long	again, credit;
};

/* an inbound SPI that is no more */
struct vtun_audit_spi {
	u64	at;			/* ms of CLOCK_BOOTTIME */
	__be32	spi;
	u8	state;			/* enum vtun_sa_state */
};

/**
 * struct vtun_audit_net - what a namespace remembers for its audit
 * @limits: one for each audited reason
 * @gone: ring of the last SPIs that went; vtun_net.lock
 * @n_gone: how many went ever; vtun_net.lock
 */
struct vtun_audit_net {
	struct vtun_audit_limit	limits[VTUN_AUDIT_REASONS];
	struct vtun_audit_spi	gone[VTUN_AUDIT_GONE];
	unsigned int		n_gone;
};

void vtun_audit_init(struct vtun_net *vn);
/* remembers an inbound SA that leaves the tables; vtun_net.lock */
void vtun_audit_gone(const struct vtun_sa *sa);

/**
 * vtun_audit_drop() - a packet was refused, announce it if it is worth that
 * @vn: namespace
 * @sa: inbound SA, NULL if the SPI is unknown
 * @why: reason; only those that tell of an attack or a fault count
 * @spi: of the packet
 * @seen: @remote is where it came from, @local where it went, outside
 *
 * At most 8 events of a reason at once and one a second later
 * on, one a second for the same SPI; takes no lock for the packets between.
 * RCU read side, BH off, no lock held.
 */
void vtun_audit_drop(struct vtun_net *vn, const struct vtun_sa *sa,
		     enum vtun_drop why, __be32 spi,
		     const struct vtun_path_config *seen);

#endif /* VTUN_AUDIT_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only door between userspace and the module.
 *
 * Two implementations: kernel_mnl*.c over libmnl, and fake/kernel_fake.c for
 * host tests. Every call returns 0 (or what its comment says) or -errno, is
 * bounded in time, and leaves the text of a failure in vtun_k_error(): the
 * kernel's extended acknowledgment where there is one. A handle belongs to
 * one thread. SPIs are in host byte order, times in milliseconds.
 */
#ifndef VTUN_KERNEL_H
#define VTUN_KERNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/vtun.h>

#include "addr.h"

struct vtun_k;

/* vtun_k_open() */
#define VTUN_K_EVENTS	(1 << 0)	/* subscribe to the event group */
#define VTUN_K_ANY_API	(1 << 1)	/* do not refuse another API version */

#define VTUN_K_DEFAULT	UINT32_MAX	/* hold_*: the module's default */

#define VTUN_K_IFNAME	16		/* IFNAMSIZ */

/* bit of an attribute in a mask of what a request gives */
#define VTUN_K_BIT(attr)	(1ULL << (attr))

/**
 * struct vtun_k_child - a child, to create or change one or as read back
 * @given: VTUN_K_BIT(VTUN_A_CHILD_*): settings to send; to create a child,
 *	those from @encap to @link only, the others go by their values
 * @id: 0 in a request: the module chooses
 * @ifindex: the vtun device that is its door, 0 = policies
 * @mode: enum vtun_mode
 * @local: family 0 = default of the device
 * @n_ts_local: 0 = any
 * @n_ts_remote: 0 = any
 * @flags: enum vtun_child_flag
 * @hold_packets: with @hold_bytes and @hold_ms, VTUN_K_DEFAULT = default
 * @encap: enum vtun_encap
 * @local_port: with @remote_port, of encapsulation
 * @df: enum vtun_df
 * @dscp: 0..63 or VTUN_DSCP_COPY
 * @mss_clamp: 0 = off, 1 = from MTU, else octets
 * @link: ifindex outer packets leave by, 0 = by route
 * @out_spi: read only, current outbound SA, 0 = none
 * @moved: read only, the peer was seen elsewhere: @moved_remote and so on
 * @policies: read only, how many name this child
 * @mtu: read only, largest inner packet, 0 = unknown
 * @held: read only, packets in the hold queue
 * @acquiring: read only, an acquire is pending since @acquire_ms
 * @switches: read only
 * @drops: read only, by enum vtun_drop
 */
struct vtun_k_child {
	uint64_t given;
	uint32_t id;
	char name[VTUN_NAME_MAX + 1];
	uint32_t ifindex;
	uint8_t mode;
	struct vtun_addr local, remote;
	struct vtun_ts ts_local[VTUN_TS_MAX], ts_remote[VTUN_TS_MAX];
	unsigned int n_ts_local, n_ts_remote;
	uint32_t flags;
	uint32_t hold_packets, hold_bytes, hold_ms;
	uint8_t encap;
	uint16_t local_port, remote_port;
	uint32_t keepalive_ms;
	uint8_t df, dscp;
	uint16_t mss_clamp;
	uint32_t mark, link;

	bool moved;
	struct vtun_addr moved_local, moved_remote;
	uint16_t moved_port;
	uint32_t policies;
	uint32_t out_spi;
	uint32_t mtu;
	uint32_t held;
	bool acquiring;
	uint64_t acquire_ms;
	uint32_t switches;
	uint64_t drops[VTUN_DROP_MAX + 1];
};

/* soft <= hard, 0 = no limit; a request sends all, or in SA_SET those @given */
struct vtun_k_limits {
	uint64_t given;		/* VTUN_K_BIT(VTUN_A_SA_*), SA_SET only */
	uint64_t soft_time_ms, hard_time_ms;
	uint64_t soft_idle_ms, hard_idle_ms;
	uint64_t soft_bytes, hard_bytes;
	uint64_t soft_packets, hard_packets;
	uint32_t margin_ms;
};

/**
 * struct vtun_k_sa - an SA, to install one or as read back
 * @dir: enum vtun_dir
 * @child_id: 0 while larval
 * @encr: IANA transform ID
 * @integ: IANA integrity transform, 0 = AEAD
 * @key_len: install: octets of @key, salt or integrity key included; read back:
 *	octets of the cipher key alone, 0 = not reported
 * @key: install only, never read back; the caller wipes it
 * @replay_window: in only, 0 = off
 * @seq: install: where to start; read back: last sent or highest seen
 * @state: read only from here on, enum vtun_sa_state
 * @pair_spi: 0 = none
 * @used: false = never carried a packet, @idle_ms has no meaning
 * @soft_cause: enum vtun_expire_cause, 0 = not reached, since @soft_age_ms
 * @hard_cause: likewise
 * @switched: enum vtun_switch, 0 = never was current
 * @remain_ms: estimate until a hard volume limit; has no meaning unless
 *	@has_remain
 * @fingerprint: of the key; the same at the other end
 * @drops: by enum vtun_drop
 */
struct vtun_k_sa {
	uint8_t dir;
	uint32_t spi;
	uint32_t child_id;
	uint16_t encr;
	uint16_t integ;
	uint16_t key_len;
	uint8_t key[VTUN_KEY_MAX];
	bool esn;
	uint32_t replay_window;
	uint64_t seq;
	struct vtun_k_limits limits;

	uint8_t state;
	uint32_t pair_spi;
	uint64_t age_ms;
	bool used;
	uint64_t idle_ms;
	uint64_t bytes, packets;
	uint8_t soft_cause, hard_cause;
	uint64_t soft_age_ms, hard_age_ms;
	uint8_t switched;
	bool has_remain;
	uint64_t remain_ms;
	uint32_t fingerprint;
	uint64_t drops[VTUN_DROP_MAX + 1];
};

/**
 * struct vtun_k_install - one SA_INSTALL transaction, whole or not at all
 * @child_id: whose SAs these are
 * @in: inbound SA or NULL
 * @out: outbound SA or NULL; at least one of the two
 * @sw: VTUN_SWITCH_NOW or VTUN_SWITCH_STANDBY; of no meaning without @out
 * @deadline_ms: with VTUN_SWITCH_STANDBY, 0 = none
 * @prove: with VTUN_SWITCH_NOW: send one dummy packet at once
 */
struct vtun_k_install {
	uint32_t child_id;
	const struct vtun_k_sa *in, *out;
	enum vtun_switch sw;
	uint32_t deadline_ms;
	bool prove;
};

/**
 * struct vtun_k_policy - an entry of the SPD
 * @id: 0 in a request: the module chooses
 * @action: enum vtun_action
 * @child_id: with protect; read back 0: that child is gone, packets are dropped
 * @local: family 0 in a request = any, like the other side
 * @out_packets: read only from here on
 */
struct vtun_k_policy {
	uint32_t id;
	uint8_t action;
	uint32_t priority;
	uint32_t child_id;
	struct vtun_ts local, remote;
	uint64_t out_packets, out_bytes, in_packets, in_bytes;
};

/* a UDP socket that takes ESP; @orphan: its owner is gone */
struct vtun_k_socket {
	struct vtun_addr local;
	uint16_t port;
	bool orphan;
};

#define VTUN_K_CRYPTO_MAX	64

struct vtun_k_info {
	char version[64];
	uint32_t api;
	uint32_t event_seq;
	uint32_t children, sas, policies;
	uint64_t drops[VTUN_DROP_MAX + 1];
	unsigned int n_crypto;
	struct {
		uint16_t encr, integ, key_len;	/* of the cipher alone */
		char name[32], impl[64];
	} crypto[VTUN_K_CRYPTO_MAX];
};

enum vtun_k_event_type {
	VTUN_K_EV_ACQUIRE = 1,
	VTUN_K_EV_EXPIRE,
	VTUN_K_EV_SWITCH,
	VTUN_K_EV_RESYNC,	/* events were lost: dump and compare */
	VTUN_K_EV_PEER_MOVED,
	VTUN_K_EV_AUDIT,
};

/**
 * struct vtun_k_event - one event of the module
 * @seq: EVENT_SEQ; of RESYNC: the first one that is missing
 * @lost: RESYNC: how many are missing, 0 = unknown
 * @child: name, "" where the event carries none
 * @dir: EXPIRE, SWITCH
 * @spi: EXPIRE: the SA; SWITCH: the new outbound SA
 * @level: EXPIRE: enum vtun_expire_level
 * @cause: EXPIRE: enum vtun_expire_cause; SWITCH: enum vtun_switch
 * @old_spi: SWITCH: outbound SA before, 0 = none
 * @bytes: EXPIRE: charged so far, with @packets
 * @age_ms: EXPIRE: of the SA, since it was installed
 * @flow: ACQUIRE: the packet that asked; src.family 0 = not told
 * @src: PEER_MOVED, AUDIT: outer source of the packet
 * @dst: outer destination
 * @port: PEER_MOVED: UDP source port, 0 = no encapsulation
 * @followed: PEER_MOVED: the child goes there now
 * @reason: AUDIT: enum vtun_drop; @spi is that of the last packet
 * @count: AUDIT: packets since the last such event
 * @gone: AUDIT: @spi was an SA of ours until @gone_ms ago, in @gone_state
 */
struct vtun_k_event {
	enum vtun_k_event_type type;
	uint32_t seq;
	uint32_t lost;
	uint32_t child_id;
	char child[VTUN_NAME_MAX + 1];
	uint8_t dir;
	uint32_t spi;
	uint8_t level;
	uint8_t cause;
	uint32_t old_spi;
	uint64_t bytes, packets;
	uint64_t age_ms;
	struct {
		struct vtun_addr src, dst;
		uint8_t proto;
		bool has_ports;
		uint16_t sport, dport;
	} flow;
	struct vtun_addr src, dst;
	uint16_t port;
	bool followed;
	uint8_t reason;
	uint32_t count;
	bool gone;
	uint64_t gone_ms;
	uint8_t gone_state;
};

/**
 * vtun_k_open() - find the module and prepare to talk to it
 * @kp: set to the handle, also when the call fails with anything but -ENOMEM,
 *	so that vtun_k_error() can be asked; close it in either case
 * @flags: VTUN_K_*
 *
 * Return: 0, -ENOENT: module not loaded, -EPROTO: other API version, …
 */
int vtun_k_open(struct vtun_k **kp, unsigned int flags);
void vtun_k_close(struct vtun_k *k);	/* NULL is fine */

/* What the last failed call failed of; "" if none failed, never NULL. */
const char *vtun_k_error(const struct vtun_k *k);

int vtun_k_info(struct vtun_k *k, struct vtun_k_info *info);

/* Fills @c with defaults: everything absent, hold limits the module's. */
void vtun_k_child_init(struct vtun_k_child *c);
int vtun_k_child_add(struct vtun_k *k, const struct vtun_k_child *c,
		     uint32_t *id);
/* What @c->given says. The child is named by @c->id, or @c->name if it is 0. */
int vtun_k_child_set(struct vtun_k *k, const struct vtun_k_child *c);
/* By @id, or by @name when @id is 0. */
int vtun_k_child_del(struct vtun_k *k, uint32_t id, const char *name);
int vtun_k_child_get(struct vtun_k *k, uint32_t id, const char *name,
		     struct vtun_k_child *c);
/* Lists are allocated with malloc() and freed by the caller; consistent. */
int vtun_k_child_list(struct vtun_k *k, struct vtun_k_child **list,
		      unsigned int *n);

/* Reserves an inbound SPI; @min and @max 0 = default range. */
int vtun_k_spi_alloc(struct vtun_k *k, uint32_t child_id, uint32_t min,
		     uint32_t max, uint32_t *spi);
int vtun_k_sa_install(struct vtun_k *k, const struct vtun_k_install *ins);
int vtun_k_sa_activate(struct vtun_k *k, uint32_t child_id, uint32_t spi);
/* @child_id counts for VTUN_DIR_OUT only: inbound SPIs are unique. */
int vtun_k_sa_get(struct vtun_k *k, enum vtun_dir dir, uint32_t child_id,
		  uint32_t spi, struct vtun_k_sa *sa);
/* What @limits->given says; the other limits stay. */
int vtun_k_sa_set(struct vtun_k *k, enum vtun_dir dir, uint32_t child_id,
		  uint32_t spi, const struct vtun_k_limits *limits);
int vtun_k_sa_list(struct vtun_k *k, struct vtun_k_sa **list, unsigned int *n);
int vtun_k_sa_del(struct vtun_k *k, enum vtun_dir dir, uint32_t child_id,
		  uint32_t spi);
int vtun_k_flush(struct vtun_k *k);

/* @id may be NULL */
int vtun_k_policy_add(struct vtun_k *k, const struct vtun_k_policy *p,
		      uint32_t *id);
int vtun_k_policy_del(struct vtun_k *k, uint32_t id);
int vtun_k_policy_get(struct vtun_k *k, uint32_t id, struct vtun_k_policy *p);
/* in order of evaluation */
int vtun_k_policy_list(struct vtun_k *k, struct vtun_k_policy **list,
		       unsigned int *n);
int vtun_k_policy_flush(struct vtun_k *k);

/* @fd: UDP socket of this process, bound; it stays the caller's */
int vtun_k_socket_attach(struct vtun_k *k, int fd);
int vtun_k_socket_detach(struct vtun_k *k, const struct vtun_addr *local,
			 uint16_t port);
int vtun_k_socket_list(struct vtun_k *k, struct vtun_k_socket **list,
		       unsigned int *n);

/*
 * Sees to it that the vtun device @name exists and is up. -EEXIST: there is a
 * device of that name and of another kind. @created may be NULL.
 */
int vtun_k_link_add(struct vtun_k *k, const char *name, uint32_t *ifindex,
		    bool *created);
int vtun_k_link_index(struct vtun_k *k, const char *name, uint32_t *ifindex);
int vtun_k_link_name(struct vtun_k *k, uint32_t ifindex,
		     char name[VTUN_K_IFNAME]);

/* To wait on for reading; -1 without VTUN_K_EVENTS. */
int vtun_k_event_fd(const struct vtun_k *k);
/*
 * Return: 1: @ev is filled, 0: nothing waits, -errno. Never blocks. Read until
 * it returns 0: one readiness may stand for several events.
 */
int vtun_k_event_read(struct vtun_k *k, struct vtun_k_event *ev);

#endif /* VTUN_KERNEL_H */

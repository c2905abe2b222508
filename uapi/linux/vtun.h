/* SPDX-License-Identifier: ((GPL-2.0-only WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * Generic netlink interface of the vtun ESP dataplane.
 *
 * Documentation/netlink/specs/vtun.yaml is the contract; a check fails when
 * this header, the policies of the module and that file disagree.
 *
 * Model
 *   SA     one unidirectional ESP security association (RFC 4301 4.1).
 *   child  a CHILD_SA and all its successors: selectors, outer addresses, and
 *          the SAs that realise it now (one current outbound, many inbound).
 *   door   how traffic reaches a child: the vtun device named by IFINDEX, or
 *          the policies that name the child.
 *   policy an entry of the SPD (RFC 4301 4.4.1): one selector for each side,
 *          and protect (by a child), bypass or discard.
 *   socket UDP socket of the keying daemon that takes ESP in UDP (RFC 3948).
 *
 * All integers are in host byte order, SPIs included. Times are milliseconds
 * on CLOCK_BOOTTIME. Requests need CAP_NET_ADMIN in the user namespace that
 * owns the network namespace. Keys are write-only. A rejected request leaves
 * nothing half done and carries an extended-ack text.
 *
 * Events go to the multicast group "events". Each carries EVENT_SEQ, which
 * grows by one per event and network namespace; what an event announces can be
 * read as state by a dump, so a listener that lost messages dumps and misses
 * nothing.
 */
#ifndef _UAPI_LINUX_VTUN_H
#define _UAPI_LINUX_VTUN_H

#define VTUN_GENL_NAME		"vtun"
#define VTUN_GENL_VERSION	1
#define VTUN_GENL_MCGRP_EVENTS	"events"

#define VTUN_NAME_MAX		31	/* child name, without the final NUL */
#define VTUN_KEY_MAX		96	/* octets of key material with salt */
#define VTUN_TS_MAX		16	/* selectors per side of a child */
#define VTUN_SPI_MIN		256	/* RFC 4303 2.1: 1..255 are reserved */
#define VTUN_REPLAY_WINDOW_MIN	32
#define VTUN_REPLAY_WINDOW_MAX	8192
#define VTUN_REPLAY_WINDOW_DEFAULT 2048
#define VTUN_HOLD_PACKETS_DEFAULT 64
#define VTUN_HOLD_PACKETS_MAX	4096
#define VTUN_HOLD_BYTES_DEFAULT	(256 * 1024)
#define VTUN_HOLD_BYTES_MAX	(16 * 1024 * 1024)
#define VTUN_HOLD_MS_DEFAULT	2000
#define VTUN_HOLD_MS_MAX	60000
#define VTUN_KEEPALIVE_MS_DEFAULT 20000	/* RFC 3948 4 */
#define VTUN_KEEPALIVE_MS_MAX	3600000
#define VTUN_ENCAP_PORT		4500	/* RFC 3948 */
#define VTUN_MSS_MIN		88
#define VTUN_DSCP_COPY		255	/* outer DSCP is the inner one */
#define VTUN_POLICY_PRIORITY_DEFAULT 1000
#define VTUN_SPI_RESERVE_MS	120000	/* life of an SPI nobody installs */

enum vtun_cmd {
	VTUN_CMD_UNSPEC,
	VTUN_CMD_INFO_GET,	/* do: API and module facts, event sequence */
	VTUN_CMD_CHILD_NEW,	/* do: create; reply carries CHILD.ID */
	VTUN_CMD_CHILD_GET,	/* do by ID or NAME, dump */
	VTUN_CMD_CHILD_DEL,	/* do by ID or NAME: with all its SAs */
	VTUN_CMD_SPI_ALLOC,	/* do: reserve an inbound SPI; reply SPI */
	VTUN_CMD_SA_INSTALL, /* do: in and/or out SA, switch; a transaction */
	VTUN_CMD_SA_ACTIVATE,	/* do: make a standby outbound SA current */
	VTUN_CMD_SA_GET,	/* do by DIR, SPI (and CHILD_ID if out), dump */
	VTUN_CMD_SA_DEL,	/* do: likewise */
	VTUN_CMD_FLUSH,		/* do: every child and SA of the namespace */
	VTUN_CMD_ACQUIRE_NTF, /* event: traffic wants a child that has no SA */
	VTUN_CMD_EXPIRE_NTF,	/* event: SA reached a soft or hard limit */
	VTUN_CMD_SWITCH_NTF, /* event: a child's current outbound SA changed */
	VTUN_CMD_CHILD_SET,	/* do by ID or NAME: endpoints, encapsulation,
				 * selectors, options in place; SAs, counters
				 * and replay state stay (RFC 4555)
				 */
	VTUN_CMD_SA_SET,	/* do: other limits; a soft limit ahead re-arms
				 * the soft event
				 */
	VTUN_CMD_POLICY_NEW,	/* do: create; reply carries POLICY.ID */
	VTUN_CMD_POLICY_GET,	/* do by ID, dump in order of evaluation */
	VTUN_CMD_POLICY_DEL,	/* do by ID */
	VTUN_CMD_POLICY_FLUSH,	/* do: every policy of the namespace */
	VTUN_CMD_SOCKET_ATTACH,	/* do: take ESP that comes to this socket */
	VTUN_CMD_SOCKET_GET,	/* dump */
	VTUN_CMD_SOCKET_DETACH,	/* do: by address and port; no longer */
	VTUN_CMD_PEER_MOVED_NTF, /* event: authenticated ESP from elsewhere */
	VTUN_CMD_AUDIT_NTF,	/* event: packets refused, rate-limited */
	/* private: */
	__VTUN_CMD_MAX,
	VTUN_CMD_MAX = __VTUN_CMD_MAX - 1
};

enum vtun_dir {
	VTUN_DIR_IN = 1,
	VTUN_DIR_OUT = 2,
};

/**
 * enum vtun_sa_state - what an SA does now
 * @VTUN_SA_LARVAL: SPI reserved by SPI_ALLOC, no keys yet (in only)
 * @VTUN_SA_STANDBY: installed, waits for activation (out only)
 * @VTUN_SA_ACTIVE: carries traffic (out: is the child's current SA)
 * @VTUN_SA_SUPERSEDED: another SA became current (out only); no traffic
 * @VTUN_SA_EXPIRED: hard limit reached: no traffic, keys wiped; stays visible
 *	until deleted, so that the expiry can be read by a dump
 */
enum vtun_sa_state {
	VTUN_SA_LARVAL = 1,
	VTUN_SA_STANDBY,
	VTUN_SA_ACTIVE,
	VTUN_SA_SUPERSEDED,
	VTUN_SA_EXPIRED,
};

enum vtun_expire_level {
	VTUN_EXPIRE_SOFT = 1,
	VTUN_EXPIRE_HARD = 2,
};

enum vtun_expire_cause {
	VTUN_CAUSE_TIME = 1,
	VTUN_CAUSE_BYTES,
	VTUN_CAUSE_PACKETS,
	VTUN_CAUSE_SEQUENCE,
	VTUN_CAUSE_IDLE,	/* no packet for that long */
	VTUN_CAUSE_RATE,	/* soft only: at the rate seen, MARGIN_MS are
				 * left until a hard volume limit
				 */
};

/* why an outbound SA became current; SA_INSTALL takes NOW or STANDBY */
enum vtun_switch {
	VTUN_SWITCH_NOW = 1,	/* at installation */
	VTUN_SWITCH_STANDBY, /* SA_INSTALL only: wait for one of those below */
	VTUN_SWITCH_RX_PROOF,	/* authenticated packet on paired inbound SA */
	VTUN_SWITCH_REQUEST,	/* SA_ACTIVATE */
	VTUN_SWITCH_DEADLINE,	/* DEADLINE_MS of SA_INSTALL ran out */
	VTUN_SWITCH_EXPIRED,	/* the SA before it reached a hard limit */
};

enum vtun_child_flag {
	/* traffic without an SA: hold, ACQUIRE */
	VTUN_CHILD_F_ON_DEMAND = 1 << 0,
	/* an authenticated packet from another address or port moves the
	 * remote end there (RFC 7296 2.23); else it is only announced
	 */
	VTUN_CHILD_F_FOLLOW_PEER = 1 << 1,
	/* outer DSCP replaces inner DSCP on the way in (RFC 2983) */
	VTUN_CHILD_F_DECAP_DSCP = 1 << 2,
	/* RFC 6040 compatibility mode: outer ECN is 00 on the way out */
	VTUN_CHILD_F_NO_ECN = 1 << 3,
};

enum vtun_mode {
	VTUN_MODE_TUNNEL = 1,
	VTUN_MODE_TRANSPORT,	/* RFC 4303 3.1.1; policy door only */
};

enum vtun_encap {
	VTUN_ENCAP_NONE,	/* ESP is IP protocol 50 */
	VTUN_ENCAP_UDP,		/* RFC 3948 */
};

/* outer Don't Fragment of IPv4, RFC 4301 8.1 */
enum vtun_df {
	VTUN_DF_COPY,		/* from inner IPv4; set for inner IPv6 */
	VTUN_DF_SET,
	VTUN_DF_CLEAR,
};

enum vtun_action {		/* RFC 4301 4.4.1 */
	VTUN_ACTION_PROTECT = 1,
	VTUN_ACTION_BYPASS,
	VTUN_ACTION_DISCARD,
};

enum vtun_attr {			/* top level */
	VTUN_A_UNSPEC,
	VTUN_A_INFO,		/* nest: enum vtun_info_attr */
	VTUN_A_CHILD,		/* nest: enum vtun_child_attr */
	VTUN_A_SA,		/* nest: enum vtun_sa_attr; may occur twice in
				 * SA_INSTALL: one per direction
				 */
	VTUN_A_SWITCH,		/* u8: enum vtun_switch */
	VTUN_A_DEADLINE_MS,	/* u32: 1..600000, with SWITCH_STANDBY */
	VTUN_A_EVENT,		/* nest: enum vtun_event_attr */
	VTUN_A_PROVE,		/* flag: SA_INSTALL with SWITCH_NOW: send one
				 * dummy packet (RFC 4303 2.6) at once, so that
				 * the peer sees proof of the new SA without
				 * traffic
				 */
	VTUN_A_SPI_MIN,		/* u32: SPI_ALLOC range, default 256 */
	VTUN_A_SPI_MAX,		/* u32: default 0xffffffff */
	VTUN_A_PAD,
	VTUN_A_POLICY,		/* nest: enum vtun_policy_attr */
	VTUN_A_SOCKET,		/* nest: enum vtun_socket_attr */
	/* private: */
	__VTUN_A_MAX,
	VTUN_A_MAX = __VTUN_A_MAX - 1
};

enum vtun_info_attr {
	VTUN_A_INFO_UNSPEC,
	VTUN_A_INFO_VERSION,	/* string: module version */
	VTUN_A_INFO_API,	/* u32: VTUN_GENL_VERSION */
	VTUN_A_INFO_EVENT_SEQ,	/* u32: last event of this namespace */
	VTUN_A_INFO_CHILDREN,	/* u32 */
	VTUN_A_INFO_SAS,	/* u32: larval ones included */
	VTUN_A_INFO_DROPS,	/* nest: enum vtun_drop as attribute types, u64;
				 * packets no child or SA could be blamed for
				 */
	VTUN_A_INFO_CRYPTO, /* nest (multi): implementation chosen per suite */
	VTUN_A_INFO_PAD,
	VTUN_A_INFO_POLICIES,	/* u32 */
	/* private: */
	__VTUN_A_INFO_MAX,
	VTUN_A_INFO_MAX = __VTUN_A_INFO_MAX - 1
};

enum vtun_crypto_attr {
	VTUN_A_CRYPTO_UNSPEC,
	VTUN_A_CRYPTO_ENCR,	/* u16: IANA transform ID */
	VTUN_A_CRYPTO_KEY_LEN,	/* u16: octets without salt */
	VTUN_A_CRYPTO_NAME,	/* string: suite */
	VTUN_A_CRYPTO_IMPL,	/* string: implementation chosen at load */
	VTUN_A_CRYPTO_INTEG,	/* u16: IANA integrity transform, 0 = AEAD */
	/* private: */
	__VTUN_A_CRYPTO_MAX,
	VTUN_A_CRYPTO_MAX = __VTUN_A_CRYPTO_MAX - 1
};

enum vtun_child_attr {
	VTUN_A_CHILD_UNSPEC,
	VTUN_A_CHILD_ID, /* u32: >= 1; NEW: absent = the module chooses */
	VTUN_A_CHILD_NAME,	/* string 1..VTUN_NAME_MAX, unique, printable */
	VTUN_A_CHILD_IFINDEX,	/* u32: the vtun device that is its door; its
				 * IFLA_VTUN_* settings are the defaults;
				 * absent = policies are its door
				 */
	VTUN_A_CHILD_MODE,	/* u8: enum vtun_mode, default tunnel */
	VTUN_A_CHILD_LOCAL,	/* binary 4 or 16: outer source */
	VTUN_A_CHILD_REMOTE,	/* binary 4 or 16: outer destination */
	VTUN_A_CHILD_TS_LOCAL,	/* nest (multi): vtun_ts_attr; absent = any */
	VTUN_A_CHILD_TS_REMOTE,	/* nest (multi) */
	VTUN_A_CHILD_FLAGS,	/* u32: enum vtun_child_flag */
	VTUN_A_CHILD_HOLD_PACKETS, /* u32: 0..HOLD_PACKETS_MAX */
	VTUN_A_CHILD_HOLD_BYTES, /* u32: 0..HOLD_BYTES_MAX */
	VTUN_A_CHILD_HOLD_MS,	/* u32: 1..HOLD_MS_MAX, age of a held packet */
	/* read only below */
	VTUN_A_CHILD_OUT_SPI,	/* u32: current outbound SA, absent = none */
	VTUN_A_CHILD_MTU,	/* u32: largest inner packet, 0 = unknown */
	VTUN_A_CHILD_HELD,	/* u32: packets in the hold queue now */
	VTUN_A_CHILD_ACQUIRE_MS, /* u64: age of ACQUIRE, absent = none */
	VTUN_A_CHILD_SWITCHES,	/* u32: times the outbound SA changed */
	VTUN_A_CHILD_DROPS, /* nest: enum vtun_drop as attribute types, u64 */
	VTUN_A_CHILD_PAD,
	/* settings again; CHILD_SET takes all but IFINDEX and MODE */
	VTUN_A_CHILD_ENCAP,	/* u8: enum vtun_encap of what it sends, default
				 * none; it takes either (RFC 7296 2.23)
				 */
	VTUN_A_CHILD_LOCAL_PORT, /* u16: of encapsulation, default 4500 */
	VTUN_A_CHILD_REMOTE_PORT, /* u16: default 4500 */
	VTUN_A_CHILD_KEEPALIVE_MS, /* u32: 0 = none; NAT keepalive after so
				    * long without a packet sent
				    */
	VTUN_A_CHILD_DF,	/* u8: enum vtun_df, default copy */
	VTUN_A_CHILD_DSCP,	/* u8: outer DSCP 0..63, or VTUN_DSCP_COPY */
	VTUN_A_CHILD_MSS_CLAMP,	/* u16: 0 = off, 1 = from MTU, else octets */
	VTUN_A_CHILD_MARK,	/* u32: fwmark of outer packets, default 0 */
	VTUN_A_CHILD_LINK,	/* u32: ifindex outer packets leave by: device
				 * or VRF, default 0 = by route
				 */
	/* read only: where the last packet of a moved peer came to, and from */
	VTUN_A_CHILD_MOVED_LOCAL, /* binary: absent = it is where we think */
	VTUN_A_CHILD_MOVED_REMOTE, /* binary */
	VTUN_A_CHILD_MOVED_PORT, /* u16: its UDP source port */
	VTUN_A_CHILD_POLICIES,	/* u32: read only: how many name this child */
	/* private: */
	__VTUN_A_CHILD_MAX,
	VTUN_A_CHILD_MAX = __VTUN_A_CHILD_MAX - 1
};

enum vtun_ts_attr {			/* RFC 7296 3.13.1 */
	VTUN_A_TS_UNSPEC,
	VTUN_A_TS_START,	/* binary 4 or 16 */
	VTUN_A_TS_END,		/* binary, same length, >= START */
	VTUN_A_TS_PROTO,	/* u8: 0 or absent = any */
	VTUN_A_TS_PORT_START,	/* u16: default 0 */
	VTUN_A_TS_PORT_END,	/* u16: default 65535 */
	/* private: */
	__VTUN_A_TS_MAX,
	VTUN_A_TS_MAX = __VTUN_A_TS_MAX - 1
};

enum vtun_sa_attr {
	VTUN_A_SA_UNSPEC,
	VTUN_A_SA_DIR,		/* u8: enum vtun_dir */
	VTUN_A_SA_SPI, /* u32: >= VTUN_SPI_MIN; in: unique per namespace */
	VTUN_A_SA_CHILD_ID,	/* u32 */
	VTUN_A_SA_ENCR,		/* u16: IANA transform ID: 12 AES-CBC,
				 * 20 AES-GCM-16, 28 ChaCha20-Poly1305, 30 and
				 * 31 the same two with implicit IV (RFC 8750)
				 */
	VTUN_A_SA_KEY,		/* binary: key then salt, as RFC 4106 8.1 and
				 * RFC 7634 2 cut it from KEYMAT; with INTEG the
				 * cipher key, then the integrity key (RFC 7296
				 * 2.17); write only
				 */
	VTUN_A_SA_ESN,		/* u8: 0 or 1, default 0 */
	VTUN_A_SA_REPLAY_WINDOW, /* u32: in only: 0 = off, or 32..8192 */
	VTUN_A_SA_SEQ,		/* u64: out: last number sent; in: highest seen;
				 * INSTALL: where to start, default 0
				 */
	VTUN_A_SA_SOFT_TIME_MS,	/* u64: 0, absent = no limit; so for all; but
				 * absent in SA_SET = as it is
				 */
	VTUN_A_SA_HARD_TIME_MS,	/* u64: soft <= hard where both are set */
	VTUN_A_SA_SOFT_BYTES,	/* u64: inner packet octets */
	VTUN_A_SA_HARD_BYTES,	/* u64 */
	VTUN_A_SA_SOFT_PACKETS,	/* u64 */
	VTUN_A_SA_HARD_PACKETS,	/* u64 */
	/* read only below */
	VTUN_A_SA_STATE,	/* u8: enum vtun_sa_state */
	VTUN_A_SA_PAIR_SPI,	/* u32: the SA installed with it */
	VTUN_A_SA_AGE_MS,	/* u64: since installation */
	VTUN_A_SA_IDLE_MS, /* u64: since the last packet, absent = never used */
	VTUN_A_SA_BYTES,	/* u64: inner packet octets */
	VTUN_A_SA_PACKETS,	/* u64 */
	VTUN_A_SA_SOFT_CAUSE, /* u8: enum vtun_expire_cause, absent = not yet */
	VTUN_A_SA_SOFT_AGE_MS,	/* u64: since the soft expiry */
	VTUN_A_SA_HARD_CAUSE,	/* u8: likewise for the hard one */
	VTUN_A_SA_HARD_AGE_MS,	/* u64 */
	VTUN_A_SA_SWITCH, /* u8: enum vtun_switch: why it became current */
	VTUN_A_SA_DROPS, /* nest: enum vtun_drop as attribute types, u64 */
	VTUN_A_SA_KEY_LEN,	/* u16: octets of the key without salt */
	VTUN_A_SA_PAD,
	VTUN_A_SA_INTEG,	/* u16: IANA transform ID: 2 HMAC-SHA1-96,
				 * 12 SHA2-256-128, 13 SHA2-384-192,
				 * 14 SHA2-512-256; 0, absent = AEAD
				 */
	VTUN_A_SA_SOFT_IDLE_MS,	/* u64: limit: ms without a packet; 0 = none */
	VTUN_A_SA_HARD_IDLE_MS,	/* u64 */
	VTUN_A_SA_MARGIN_MS,	/* u32: soft expiry when at the current rate
				 * less than this is left of a hard volume; 0 =
				 * off
				 */
	VTUN_A_SA_REMAIN_MS,	/* u64: read only: estimate at the current rate,
				 * absent = no volume limit or no rate
				 */
	VTUN_A_SA_FINGERPRINT,	/* u32: read only: of the key; equal at both
				 * ends of an SA, says nothing else
				 */
	/* private: */
	__VTUN_A_SA_MAX,
	VTUN_A_SA_MAX = __VTUN_A_SA_MAX - 1
};

enum vtun_event_attr {
	VTUN_A_EVENT_UNSPEC,
	VTUN_A_EVENT_SEQ,	/* u32: grows by one per event and namespace */
	VTUN_A_EVENT_LEVEL,	/* u8: enum vtun_expire_level (EXPIRE) */
	VTUN_A_EVENT_CAUSE,	/* u8: enum vtun_expire_cause (EXPIRE),
				 * enum vtun_switch (SWITCH)
				 */
	VTUN_A_EVENT_OLD_SPI,	/* u32: SWITCH: SA before, absent = none */
	VTUN_A_EVENT_FLOW,	/* nest: enum vtun_flow_attr (ACQUIRE) */
	VTUN_A_EVENT_REASON,	/* u8: enum vtun_drop (AUDIT) */
	VTUN_A_EVENT_COUNT,	/* u32: packets since the last such event */
	VTUN_A_EVENT_SPI,	/* u32: AUDIT: of the last one of them */
	VTUN_A_EVENT_SRC,	/* binary: AUDIT, PEER_MOVED: outer source */
	VTUN_A_EVENT_DST,	/* binary: outer destination */
	VTUN_A_EVENT_PORT,	/* u16: PEER_MOVED: UDP source port */
	VTUN_A_EVENT_GONE_MS,	/* u64: AUDIT, unknown SPI: it was an SA of ours
				 * until so long ago
				 */
	VTUN_A_EVENT_GONE_STATE, /* u8: enum vtun_sa_state it had in the end */
	VTUN_A_EVENT_FOLLOWED,	/* flag: PEER_MOVED: the child goes there now */
	/* private: */
	__VTUN_A_EVENT_MAX,
	VTUN_A_EVENT_MAX = __VTUN_A_EVENT_MAX - 1
};

enum vtun_flow_attr {			/* the packet that triggered ACQUIRE */
	VTUN_A_FLOW_UNSPEC,
	VTUN_A_FLOW_SRC,	/* binary 4 or 16 */
	VTUN_A_FLOW_DST,	/* binary 4 or 16 */
	VTUN_A_FLOW_PROTO,	/* u8 */
	VTUN_A_FLOW_SPORT,	/* u16: absent where the protocol has none */
	VTUN_A_FLOW_DPORT,	/* u16 */
	/* private: */
	__VTUN_A_FLOW_MAX,
	VTUN_A_FLOW_MAX = __VTUN_A_FLOW_MAX - 1
};

enum vtun_policy_attr {
	VTUN_A_POLICY_UNSPEC,
	VTUN_A_POLICY_ID,	/* u32: >= 1; NEW: absent = chosen for you */
	VTUN_A_POLICY_ACTION,	/* u8: enum vtun_action */
	VTUN_A_POLICY_PRIORITY,	/* u32: lower is asked first, default 1000 */
	VTUN_A_POLICY_CHILD_ID,	/* u32: with protect */
	VTUN_A_POLICY_TS_LOCAL,	/* nest: vtun_ts_attr; source when sending */
	VTUN_A_POLICY_TS_REMOTE, /* nest: destination when sending; protocol
				  * must be that of TS_LOCAL
				  */
	/* read only below */
	VTUN_A_POLICY_OUT_PACKETS, /* u64: that it decided about, outbound */
	VTUN_A_POLICY_OUT_BYTES, /* u64 */
	VTUN_A_POLICY_IN_PACKETS, /* u64: that came in clear: passed or not */
	VTUN_A_POLICY_IN_BYTES,	/* u64 */
	VTUN_A_POLICY_PAD,
	/* private: */
	__VTUN_A_POLICY_MAX,
	VTUN_A_POLICY_MAX = __VTUN_A_POLICY_MAX - 1
};

enum vtun_socket_attr {
	VTUN_A_SOCKET_UNSPEC,
	VTUN_A_SOCKET_FD,	/* u32: ATTACH: UDP socket of this namespace,
				 * bound, or about to be: then once more after
				 */
	VTUN_A_SOCKET_LOCAL,	/* binary 4 or 16: read, DETACH */
	VTUN_A_SOCKET_PORT,	/* u16: read, DETACH */
	VTUN_A_SOCKET_ORPHAN,	/* flag, read only: its owner is gone, the
				 * module listens until another is attached
				 */
	/* private: */
	__VTUN_A_SOCKET_MAX,
	VTUN_A_SOCKET_MAX = __VTUN_A_SOCKET_MAX - 1
};

/**
 * enum vtun_drop - why a packet died
 *
 * Doubles as the attribute type inside every DROPS nest; a reason whose count
 * is 0 is left out. Documentation/counters.rst has a line per reason.
 */
enum vtun_drop {
	VTUN_DROP_UNSPEC,
	/* outbound */
	VTUN_DROP_NO_CHILD,	/* no child of the device covers the packet */
	VTUN_DROP_NO_SA,	/* child without outbound SA, not on demand */
	VTUN_DROP_HOLD_FULL,	/* hold queue limit reached: oldest dropped */
	VTUN_DROP_HOLD_AGE,	/* held longer than HOLD_MS */
	VTUN_DROP_HARD_EXPIRED,	/* a hard limit forbids this packet */
	VTUN_DROP_SEQUENCE,	/* sequence numbers used up */
	VTUN_DROP_TOO_BIG,	/* larger than the tunnel MTU */
	VTUN_DROP_NO_ROUTE,	/* no route to the outer destination */
	VTUN_DROP_LOOP,		/* tunnel routed into itself */
	VTUN_DROP_NOT_IP,	/* neither IPv4 nor IPv6, or malformed header */
	VTUN_DROP_NO_MEMORY,
	VTUN_DROP_CRYPTO,	/* cipher refused to encrypt */
	/* inbound */
	VTUN_DROP_TOO_SHORT,	/* less than header, IV, trailer and ICV */
	VTUN_DROP_REPLAY_OLD,	/* left of the replay window */
	VTUN_DROP_REPLAY_DUP,	/* number seen before */
	VTUN_DROP_REPLAY_ZERO,	/* sequence number 0, or before number 1 */
	VTUN_DROP_INTEGRITY,	/* ICV wrong: forged or damaged */
	VTUN_DROP_PADDING, /* pad length beyond the payload, bad pad octets */
	VTUN_DROP_INNER_HEADER,	/* inner packet malformed */
	VTUN_DROP_NEXT_HEADER,	/* next header neither IPv4, IPv6 nor dummy */
	VTUN_DROP_DUMMY,	/* next header 59: dummy packet, RFC 4303 2.6 */
	VTUN_DROP_TS_MISMATCH,	/* inner packet outside the selectors */
	VTUN_DROP_OUTER_MISMATCH, /* transport mode: other address family */
	VTUN_DROP_DEVICE_DOWN,	/* the vtun device is not up */
	VTUN_DROP_UNKNOWN_SPI,	/* nobody's SPI, XFRM has none either */
	/* both doors and later additions */
	VTUN_DROP_DISCARD,	/* a discard policy covers it */
	VTUN_DROP_CLEAR,	/* came in clear, a protect policy covers it */
	VTUN_DROP_ECN,		/* RFC 6040: congestion seen outside, inner
				 * packet cannot say so
				 */
	VTUN_DROP_TRANSPORT,	/* transport mode cannot carry this packet */
	VTUN_DROP_FRAGMENT,	/* fragment that cannot be matched or joined */
	/* private: */
	__VTUN_DROP_MAX,
	VTUN_DROP_MAX = __VTUN_DROP_MAX - 1
};

/* IFLA_INFO_DATA of link kind "vtun": defaults of the children of the device */
enum vtun_ifla {
	IFLA_VTUN_UNSPEC,
	IFLA_VTUN_LOCAL,	/* binary 4 or 16: outer source */
	IFLA_VTUN_REMOTE,	/* binary 4 or 16 */
	IFLA_VTUN_MARK,		/* u32 */
	IFLA_VTUN_LINK,		/* u32: ifindex where the device is born */
	IFLA_VTUN_DF,		/* u8: enum vtun_df */
	IFLA_VTUN_DSCP,		/* u8: 0..63, or VTUN_DSCP_COPY */
	IFLA_VTUN_MSS_CLAMP,	/* u16 */
	IFLA_VTUN_DORMANT,	/* u8: 1 = operstate dormant, not down, while no
				 * child can send
				 */
	/* private: */
	__IFLA_VTUN_MAX,
	IFLA_VTUN_MAX = __IFLA_VTUN_MAX - 1
};

#endif /* _UAPI_LINUX_VTUN_H */

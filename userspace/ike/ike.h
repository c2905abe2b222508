/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvtike: IKEv2 (RFC 7296) as pure state machines, the sans-I/O boundary.
 *
 * Everything the engine learns comes in through ike_input_*() together with
 * the time; everything it wants done comes out as a list of struct ike_action.
 * It opens no socket, reads no clock, takes no randomness of its own: time and
 * random octets are arguments. Every time (now, *_ms) is in milliseconds on
 * CLOCK_BOOTTIME, or on the simulator's virtual clock. The same inputs
 * therefore give the same actions, which is what the simulator
 * (userspace/ike/sim/) relies on.
 *
 * Ownership: strings and buffers in inputs belong to the caller and are copied.
 * Actions belong to the engine until ike_action_free().
 */
#ifndef VTUN_IKE_H
#define VTUN_IKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>

struct ike_engine;

/* an address with an optional port, both families */
struct ike_addr {
	sa_family_t family;		/* AF_INET or AF_INET6 */
	uint16_t port;			/* host byte order, 0 = none */
	uint8_t addr[16];		/* network byte order, 4 or 16 used */
};

/* one traffic selector, RFC 7296 3.13.1 */
struct ike_ts {
	sa_family_t family;
	uint8_t proto;			/* 0 = any */
	uint16_t port_start, port_end;	/* 0..65535 = any */
	uint8_t start[16], end[16];
};

#define IKE_TS_MAX	16
#define IKE_NAME_MAX	31
#define IKE_KEY_MAX	96

/* IANA transform IDs in use */
enum ike_encr { IKE_ENCR_AES_GCM_16 = 20, IKE_ENCR_CHACHA20_POLY1305 = 28 };
enum ike_prf { IKE_PRF_HMAC_SHA2_256 = 5, IKE_PRF_HMAC_SHA2_512 = 7 };
enum ike_ke { IKE_KE_NONE = 0, IKE_KE_X25519 = 31 };

/* an ESP or IKE suite; key_bits 0 where the transform has no Key Length */
struct ike_suite {
	uint16_t encr;
	uint16_t key_bits;		/* ENCR 28: 0; ENCR 20: 128 or 256 */
	uint16_t prf;			/* IKE only */
	uint16_t ke;			/* IKE; ESP: PFS group or IKE_KE_NONE */
	uint8_t esn;			/* ESP: bit 0: no ESN ok, 1: ESN ok */
};

#define IKE_ESN_NO	1
#define IKE_ESN_YES	2
#define IKE_SUITES_MAX	8

/* RFC 7296 3.5; values are the wire's */
enum ike_id_type {
	IKE_ID_IPV4 = 1, IKE_ID_FQDN = 2, IKE_ID_EMAIL = 3, IKE_ID_IPV6 = 5,
	IKE_ID_KEY_ID = 11,
};

struct ike_id {
	uint8_t type;
	uint16_t len;
	uint8_t data[256];
};

enum ike_auth { IKE_AUTH_PSK = 1, IKE_AUTH_ED25519 };

/* lifetimes of a child as configured; 0 = no limit */
struct ike_life {
	uint64_t time_ms;		/* hard; the soft limit is derived */
	uint64_t bytes;
	uint64_t packets;
};

/* limits that go to the kernel with an SA; soft <= hard, 0 = none */
struct ike_limits {
	uint64_t soft_time_ms, hard_time_ms;
	uint64_t soft_bytes, hard_bytes;
	uint64_t soft_packets, hard_packets;
};

/**
 * struct ike_child_cfg - one configured child (phase 2)
 * @name: unique within the connection
 * @kernel_id: id of the kernel child this realises; 0 while unknown
 * @on_demand: ACQUIRE starts negotiation (requirement S-01)
 * @auto_negotiate: negotiate without traffic, every @retry_ms (S-06, S-07)
 * @keepalive: renew at soft expiry although idle (S-04); implied by
 *	@auto_negotiate (S-13)
 */
struct ike_child_cfg {
	char name[IKE_NAME_MAX + 1];
	uint32_t kernel_id;
	struct ike_ts ts_local[IKE_TS_MAX], ts_remote[IKE_TS_MAX];
	unsigned int n_ts_local, n_ts_remote;
	struct ike_suite suites[IKE_SUITES_MAX];
	unsigned int n_suites;
	struct ike_life life;
	uint32_t replay_window;
	bool on_demand, auto_negotiate, keepalive, pfs;
};

/* one configured peer (phase 1) */
struct ike_conn_cfg {
	char name[IKE_NAME_MAX + 1];
	struct ike_addr local, remote;	/* remote.family 0: any (responder) */
	struct ike_id local_id, remote_id;
	enum ike_auth local_auth, remote_auth;
	uint8_t psk[256];
	unsigned int psk_len;
	uint8_t private_key[64];	/* Ed25519: libsodium secret key */
	uint8_t remote_public[32];	/* Ed25519 */
	struct ike_suite suites[IKE_SUITES_MAX];
	unsigned int n_suites;
	uint64_t life_ms;		/* IKE SA rekey, default 86400000 */
	uint64_t dpd_ms;		/* liveness when idle, 0 = off */
	uint64_t retry_ms;		/* auto-negotiate, default 5000 */
	struct ike_child_cfg *children;
	unsigned int n_children;
};

/* engine-wide settings; zero a field for its default */
struct ike_engine_cfg {
	void (*random)(void *ctx, void *buf, size_t len);
	void *random_ctx;
	unsigned int retransmit_tries;	/* default 6 sends */
	uint64_t retransmit_ms;		/* first one, default 500; doubles */
	unsigned int cookie_threshold;	/* half-open SAs, default 32 */
	bool force_cookie;		/* tests */
	uint64_t rekey_grace_ms;	/* old inbound SA kept, default 5000 */
};

/* ---- actions ---- */

enum ike_action_type {
	IKE_ACT_SEND,			/* datagram */
	IKE_ACT_KERNEL,			/* answer: ike_input_kernel() */
	IKE_ACT_NOTIFY,			/* event for log and monitor */
	/* There is no timer action: ask ike_engine_next_timer() */
};

enum ike_kreq_type {
	IKE_KREQ_ALLOC_SPI,		/* result: spi */
	IKE_KREQ_INSTALL,		/* in + out as one transaction */
	IKE_KREQ_ACTIVATE,		/* make standby outbound SA current */
	IKE_KREQ_DEL_SA,
	IKE_KREQ_QUERY_SA,		/* result: bytes, packets, idle_ms */
};

enum ike_kswitch { IKE_KSWITCH_NOW = 1, IKE_KSWITCH_STANDBY = 2 };
enum ike_dir { IKE_DIR_IN = 1, IKE_DIR_OUT = 2 };

struct ike_ksa {
	uint32_t spi;
	uint16_t encr, key_len;		/* octets in @key, salt included */
	uint8_t key[IKE_KEY_MAX];
	bool esn;
	uint32_t replay_window;		/* in only */
	struct ike_limits limits;
};

struct ike_kreq {
	uint64_t id;			/* given back with the result */
	enum ike_kreq_type type;
	uint32_t kernel_child;		/* kernel child id */
	enum ike_kswitch kswitch;	/* INSTALL */
	bool prove;			/* INSTALL: dummy packet when current */
	uint32_t deadline_ms;		/* INSTALL with STANDBY */
	struct ike_ksa in, out;		/* INSTALL */
	enum ike_dir dir;		/* DEL_SA, QUERY_SA */
	uint32_t spi;			/* ACTIVATE, DEL_SA, QUERY_SA */
};

enum ike_notify_type {
	IKE_NTF_IKE_UP, IKE_NTF_IKE_DOWN, IKE_NTF_IKE_REKEYED,
	IKE_NTF_CHILD_UP, IKE_NTF_CHILD_DOWN, IKE_NTF_CHILD_REKEYED,
	IKE_NTF_CHILD_REKEYING, IKE_NTF_FAILED, IKE_NTF_INFO,
};

struct ike_notify {
	enum ike_notify_type type;
	char conn[IKE_NAME_MAX + 1], child[IKE_NAME_MAX + 1];
	uint64_t spi_i, spi_r;		/* IKE SA, 0 = none */
	uint32_t spi_in, spi_out;	/* child SAs, 0 = none */
	uint32_t old_spi_in, old_spi_out; /* CHILD_REKEYED */
	uint64_t duration_ms;		/* of the exchange, where it applies */
	char text[256];			/* cause in words, printable ASCII */
};

struct ike_action {
	struct ike_action *next;
	enum ike_action_type type;
	union {
		struct {
			struct ike_addr local, remote;
			size_t len;
			uint8_t *data;
		} send;
		struct ike_kreq kernel;
		struct ike_notify notify;
	};
};

/* ---- life of an engine ---- */

struct ike_engine *ike_engine_new(const struct ike_engine_cfg *cfg);
void ike_engine_free(struct ike_engine *e);

/* Adds a connection, or replaces the one of the same name. 0 or -errno. */
int ike_engine_conn_add(struct ike_engine *e, uint64_t now,
			const struct ike_conn_cfg *cfg);
int ike_engine_conn_del(struct ike_engine *e, uint64_t now, const char *name);

/* ---- inputs ---- */

void ike_input_datagram(struct ike_engine *e, uint64_t now,
			const struct ike_addr *local,
			const struct ike_addr *remote,
			const uint8_t *data, size_t len);

/* Result of an IKE_ACT_KERNEL; @err 0 or -errno. */
struct ike_kresult {
	uint64_t id;
	int err;
	uint32_t spi;			/* ALLOC_SPI */
	uint64_t bytes, packets, idle_ms; /* QUERY_SA; UINT64_MAX = unused */
	char text[128];			/* extended ack of a failure */
};

void ike_input_kernel(struct ike_engine *e, uint64_t now,
		      const struct ike_kresult *res);

enum ike_kevent_type { IKE_KEV_ACQUIRE, IKE_KEV_EXPIRE, IKE_KEV_SWITCH };
struct ike_kevent {
	enum ike_kevent_type type;
	uint32_t kernel_child;
	enum ike_dir dir;		/* EXPIRE */
	uint32_t spi;			/* EXPIRE: the SA; SWITCH: new one */
	bool hard;			/* EXPIRE */
	uint8_t cause;			/* vtun_expire_cause, vtun_switch */
};

void ike_input_kevent(struct ike_engine *e, uint64_t now,
		      const struct ike_kevent *ev);

enum ike_cmd_type {
	IKE_CMD_UP, IKE_CMD_DOWN, IKE_CMD_REKEY_CHILD, IKE_CMD_REKEY_IKE,
};

/* @child NULL = all (UP, DOWN: and the IKE SA). 0, -ENOENT, -EALREADY … */
int ike_input_command(struct ike_engine *e, uint64_t now, enum ike_cmd_type cmd,
		      const char *conn, const char *child);

/*
 * An SA pair found in the kernel at start (daemon died before): the engine has
 * no IKE SA for it, keeps it until a successor is up, then deletes it. The
 * current outbound SA's pair is adopted first; @spi_out 0 = an inbound SA
 * whose outbound one is gone already.
 */
int ike_engine_adopt(struct ike_engine *e, uint64_t now, uint32_t kernel_child,
		     uint32_t spi_in, uint32_t spi_out);

/* Time of the next timer, UINT64_MAX = none. */
uint64_t ike_engine_next_timer(const struct ike_engine *e);
void ike_input_timer(struct ike_engine *e, uint64_t now);

/* ---- outputs ---- */

/* Takes the oldest pending action off the list; NULL = none left. */
struct ike_action *ike_engine_action(struct ike_engine *e);
void ike_action_free(struct ike_action *a);	/* wipes keys; NULL is fine */

/* ---- state for show and for the simulator's invariants ---- */

enum ike_sa_state {
	IKE_SA_INIT_SENT, IKE_SA_AUTH_SENT, IKE_SA_HALF_OPEN, IKE_SA_UP,
	IKE_SA_REKEYING, IKE_SA_REKEYED, IKE_SA_DELETING,
};

struct ike_sa_info {
	char conn[IKE_NAME_MAX + 1];
	uint64_t spi_i, spi_r;
	bool initiator;
	enum ike_sa_state state;
	struct ike_suite suite;
	struct ike_addr local, remote;
	struct ike_id local_id, remote_id;
	enum ike_auth local_auth, remote_auth;
	bool nat_local, nat_remote;	/* NAT detected in front of that end */
	uint64_t age_ms, rekey_in_ms;	/* rekey_in 0 = none planned */
	uint32_t send_mid, recv_mid;	/* next message IDs */
};

enum ike_child_state {
	IKE_CHILD_DOWN, IKE_CHILD_STARTING, IKE_CHILD_UP, IKE_CHILD_REKEYING,
};

struct ike_child_info {
	char conn[IKE_NAME_MAX + 1], name[IKE_NAME_MAX + 1];
	enum ike_child_state state;
	char reason[128];		/* why it is down */
	uint32_t spi_in, spi_out;	/* current pair, 0 = none */
	unsigned int n_pairs;		/* 2 while old and new coexist (S-28) */
	unsigned int rekeys;
	struct ike_suite suite;
	struct ike_ts ts_local[IKE_TS_MAX], ts_remote[IKE_TS_MAX];
	unsigned int n_ts_local, n_ts_remote;
	struct ike_child_cfg cfg;	/* effective */
};

void ike_engine_each_sa(const struct ike_engine *e, uint64_t now,
			void (*cb)(void *ctx, const struct ike_sa_info *),
			void *ctx);
void ike_engine_each_child(const struct ike_engine *e, uint64_t now,
			   void (*cb)(void *ctx, const struct ike_child_info *),
			   void *ctx);

/* names for logs, show and JSON; never NULL */
const char *ike_notify_name(enum ike_notify_type t);
const char *ike_sa_state_name(enum ike_sa_state s);
const char *ike_child_state_name(enum ike_child_state s);

#endif /* VTUN_IKE_H */

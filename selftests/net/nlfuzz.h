/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of the vtun family as flat trees of attributes, for nlfuzz: a valid
 * one per way to ask, and what is known of every attribute.
 */
#ifndef SELFTESTS_NET_NLFUZZ_H
#define SELFTESTS_NET_NLFUZZ_H

#include "../../uapi/linux/vtun.h"

#define NODES_MAX	64
#define NODE_DATA_MAX	256

enum nest { TOP, IN_CHILD, IN_SA, IN_TS, IN_POLICY, IN_SOCKET, NESTS };

enum kind { U8, U16, U32, U64, STR, ADDR, KEY, FLAG, NEST };

/**
 * struct node - an attribute of a request being built
 * @depth: 0 = top level; a nest is followed by deeper nodes
 * @need: the request is refused without it
 * @multi: it may stand several times
 * @claim: nla_len to write instead of the true one, -1 = none
 * @flip: bits of nla_type to change, NLA_F_NESTED for instance
 */
struct node {
	uint8_t depth, nest, kind;
	uint16_t type;
	bool need, multi;
	int claim;
	uint16_t flip;
	unsigned int len;
	uint8_t data[NODE_DATA_MAX];
};

struct request {
	const char *name;
	uint8_t cmd;
	uint16_t flags;
	unsigned int n;
	struct node node[NODES_MAX];
};

/* a value that is refused whatever stands beside it */
struct bad_value {
	uint8_t nest;
	uint16_t type;
	uint64_t value;
};

static const struct bad_value bad_values[] = {
	{ IN_CHILD, VTUN_A_CHILD_ID, 0 },
	{ IN_CHILD, VTUN_A_CHILD_IFINDEX, 0 },
	{ IN_CHILD, VTUN_A_CHILD_IFINDEX, 0x80000000 },
	{ IN_CHILD, VTUN_A_CHILD_IFINDEX, UINT32_MAX },
	{ IN_CHILD, VTUN_A_CHILD_MODE, 0 },
	{ IN_CHILD, VTUN_A_CHILD_MODE, 2 },		/* has a device */
	{ IN_CHILD, VTUN_A_CHILD_MODE, 3 },
	{ IN_CHILD, VTUN_A_CHILD_MODE, 255 },
	{ IN_CHILD, VTUN_A_CHILD_FLAGS, 16 },
	{ IN_CHILD, VTUN_A_CHILD_FLAGS, 0x80000001 },
	{ IN_CHILD, VTUN_A_CHILD_HOLD_PACKETS, VTUN_HOLD_PACKETS_MAX + 1 },
	{ IN_CHILD, VTUN_A_CHILD_HOLD_PACKETS, UINT32_MAX },
	{ IN_CHILD, VTUN_A_CHILD_HOLD_BYTES, VTUN_HOLD_BYTES_MAX + 1 },
	{ IN_CHILD, VTUN_A_CHILD_HOLD_BYTES, UINT32_MAX },
	{ IN_CHILD, VTUN_A_CHILD_HOLD_MS, 0 },
	{ IN_CHILD, VTUN_A_CHILD_HOLD_MS, VTUN_HOLD_MS_MAX + 1 },
	{ IN_CHILD, VTUN_A_CHILD_HOLD_MS, UINT32_MAX },
	{ IN_CHILD, VTUN_A_CHILD_ENCAP, VTUN_ENCAP_NONE }, /* has ports */
	{ IN_CHILD, VTUN_A_CHILD_ENCAP, 2 },
	{ IN_CHILD, VTUN_A_CHILD_ENCAP, 255 },
	{ IN_CHILD, VTUN_A_CHILD_LOCAL_PORT, 0 },
	{ IN_CHILD, VTUN_A_CHILD_REMOTE_PORT, 0 },
	{ IN_CHILD, VTUN_A_CHILD_KEEPALIVE_MS, VTUN_KEEPALIVE_MS_MAX + 1 },
	{ IN_CHILD, VTUN_A_CHILD_KEEPALIVE_MS, UINT32_MAX },
	{ IN_CHILD, VTUN_A_CHILD_DF, 3 },
	{ IN_CHILD, VTUN_A_CHILD_DF, 255 },
	{ IN_CHILD, VTUN_A_CHILD_DSCP, 64 },
	{ IN_CHILD, VTUN_A_CHILD_DSCP, 254 },
	{ IN_CHILD, VTUN_A_CHILD_MSS_CLAMP, 2 },
	{ IN_CHILD, VTUN_A_CHILD_MSS_CLAMP, VTUN_MSS_MIN - 1 },
	{ IN_CHILD, VTUN_A_CHILD_LINK, 0x80000000 },
	{ IN_CHILD, VTUN_A_CHILD_LINK, UINT32_MAX },
	{ IN_CHILD, VTUN_A_CHILD_LOCAL, 0 },
	{ IN_CHILD, VTUN_A_CHILD_REMOTE, 0 },
	/* 224.0.0.1 as it lies in memory */
	{ IN_CHILD, VTUN_A_CHILD_REMOTE, 0x010000e0 },
	{ IN_CHILD, VTUN_A_CHILD_REMOTE, UINT32_MAX },
	{ IN_TS, VTUN_A_TS_START, 0xffffffff },		/* beyond the end */
	{ IN_TS, VTUN_A_TS_END, 0 },			/* before the start */
	{ IN_TS, VTUN_A_TS_PROTO, 0 },			/* there are ports */
	{ IN_TS, VTUN_A_TS_PORT_START, 91 },		/* beyond the end */
	{ IN_TS, VTUN_A_TS_PORT_END, 79 },
	{ IN_SA, VTUN_A_SA_DIR, 0 },
	{ IN_SA, VTUN_A_SA_DIR, 3 },
	{ IN_SA, VTUN_A_SA_DIR, 255 },
	{ IN_SA, VTUN_A_SA_SPI, 0 },
	{ IN_SA, VTUN_A_SA_SPI, 1 },
	{ IN_SA, VTUN_A_SA_SPI, 255 },
	{ IN_SA, VTUN_A_SA_CHILD_ID, 0 },
	{ IN_SA, VTUN_A_SA_ENCR, 0 },
	{ IN_SA, VTUN_A_SA_ENCR, 12 },
	{ IN_SA, VTUN_A_SA_ENCR, 65535 },
	{ IN_SA, VTUN_A_SA_INTEG, 1 },		/* ChaCha20 has its own */
	{ IN_SA, VTUN_A_SA_INTEG, 12 },
	{ IN_SA, VTUN_A_SA_INTEG, 65535 },
	{ IN_SA, VTUN_A_SA_SOFT_IDLE_MS, 3500001 },	/* beyond hard */
	{ IN_SA, VTUN_A_SA_HARD_IDLE_MS, 1 },
	{ IN_SA, VTUN_A_SA_HARD_IDLE_MS, UINT64_MAX },
	{ IN_SA, VTUN_A_SA_ESN, 2 },
	{ IN_SA, VTUN_A_SA_ESN, 255 },
	{ IN_SA, VTUN_A_SA_REPLAY_WINDOW, 1 },
	{ IN_SA, VTUN_A_SA_REPLAY_WINDOW, 31 },
	{ IN_SA, VTUN_A_SA_REPLAY_WINDOW, 8193 },
	{ IN_SA, VTUN_A_SA_REPLAY_WINDOW, UINT32_MAX },
	{ IN_SA, VTUN_A_SA_SEQ, 1ULL << 32 },		/* no ESN */
	{ IN_SA, VTUN_A_SA_SEQ, UINT64_MAX },
	{ IN_SA, VTUN_A_SA_SOFT_TIME_MS, 3600001 },	/* beyond hard */
	{ IN_SA, VTUN_A_SA_HARD_TIME_MS, 1 },
	{ IN_SA, VTUN_A_SA_HARD_TIME_MS, UINT64_MAX },
	{ IN_SA, VTUN_A_SA_SOFT_TIME_MS, UINT64_MAX },
	{ IN_SA, VTUN_A_SA_SOFT_BYTES, UINT64_MAX },
	{ IN_SA, VTUN_A_SA_HARD_BYTES, 1 },
	{ IN_SA, VTUN_A_SA_SOFT_PACKETS, UINT64_MAX },
	{ IN_SA, VTUN_A_SA_HARD_PACKETS, 1 },
	{ TOP, VTUN_A_SWITCH, 0 },
	{ TOP, VTUN_A_SWITCH, VTUN_SWITCH_RX_PROOF },
	{ TOP, VTUN_A_SWITCH, VTUN_SWITCH_EXPIRED },
	{ TOP, VTUN_A_SWITCH, 255 },
	{ TOP, VTUN_A_DEADLINE_MS, 0 },
	{ TOP, VTUN_A_DEADLINE_MS, 600001 },
	{ TOP, VTUN_A_DEADLINE_MS, UINT32_MAX },
	{ TOP, VTUN_A_SPI_MIN, 0 },
	{ TOP, VTUN_A_SPI_MIN, 255 },
	{ TOP, VTUN_A_SPI_MIN, UINT32_MAX },		/* beyond the max */
	{ TOP, VTUN_A_SPI_MAX, 0 },
	{ TOP, VTUN_A_SPI_MAX, 255 },
	{ TOP, VTUN_A_SPI_MAX, 256 },			/* before the min */
	{ IN_POLICY, VTUN_A_POLICY_ID, 0 },
	{ IN_POLICY, VTUN_A_POLICY_ACTION, 0 },
	{ IN_POLICY, VTUN_A_POLICY_ACTION, VTUN_ACTION_PROTECT }, /* by what? */
	{ IN_POLICY, VTUN_A_POLICY_ACTION, 4 },
	{ IN_POLICY, VTUN_A_POLICY_ACTION, 255 },
	{ IN_SOCKET, VTUN_A_SOCKET_FD, 0x80000000 },
	{ IN_SOCKET, VTUN_A_SOCKET_FD, UINT32_MAX },
	{ IN_SOCKET, VTUN_A_SOCKET_PORT, 0 },
};

static inline bool nlfuzz_allowed_top(uint8_t cmd, uint16_t type)
{
	switch (cmd) {
	case VTUN_CMD_CHILD_NEW:
	case VTUN_CMD_CHILD_SET:
	case VTUN_CMD_CHILD_GET:
	case VTUN_CMD_CHILD_DEL:
		return type == VTUN_A_CHILD;
	case VTUN_CMD_SPI_ALLOC:
		return type == VTUN_A_SA || type == VTUN_A_SPI_MIN ||
		       type == VTUN_A_SPI_MAX;
	case VTUN_CMD_SA_INSTALL:
		return type == VTUN_A_SA || type == VTUN_A_SWITCH ||
		       type == VTUN_A_DEADLINE_MS || type == VTUN_A_PROVE;
	case VTUN_CMD_SA_ACTIVATE:
	case VTUN_CMD_SA_SET:
	case VTUN_CMD_SA_GET:
	case VTUN_CMD_SA_DEL:
		return type == VTUN_A_SA;
	case VTUN_CMD_POLICY_NEW:
	case VTUN_CMD_POLICY_GET:
	case VTUN_CMD_POLICY_DEL:
		return type == VTUN_A_POLICY;
	case VTUN_CMD_SOCKET_ATTACH:
	case VTUN_CMD_SOCKET_DETACH:
		return type == VTUN_A_SOCKET;
	}
	return false;
}

static inline bool nlfuzz_allowed_child(uint8_t cmd, uint16_t type)
{
	bool set = cmd == VTUN_CMD_CHILD_SET;

	if (type == VTUN_A_CHILD_ID || type == VTUN_A_CHILD_NAME)
		return true;
	if (!set && cmd != VTUN_CMD_CHILD_NEW)
		return false;
	if (type == VTUN_A_CHILD_IFINDEX || type == VTUN_A_CHILD_MODE)
		return !set;
	return (type >= VTUN_A_CHILD_LOCAL && type <= VTUN_A_CHILD_HOLD_MS) ||
	       (type >= VTUN_A_CHILD_ENCAP && type <= VTUN_A_CHILD_LINK);
}

static inline bool nlfuzz_allowed_sa(uint8_t cmd, uint16_t type)
{
	if (cmd == VTUN_CMD_SPI_ALLOC)
		return type == VTUN_A_SA_CHILD_ID;
	if (type && type <= VTUN_A_SA_CHILD_ID)
		return true;
	if (cmd != VTUN_CMD_SA_INSTALL && cmd != VTUN_CMD_SA_SET)
		return false;
	if ((type >= VTUN_A_SA_SOFT_TIME_MS &&
	     type <= VTUN_A_SA_HARD_PACKETS) ||
	    (type >= VTUN_A_SA_SOFT_IDLE_MS && type <= VTUN_A_SA_MARGIN_MS))
		return true;
	return cmd == VTUN_CMD_SA_INSTALL &&
	       (type == VTUN_A_SA_INTEG || (type && type <= VTUN_A_SA_SEQ));
}

/* attributes a request may hold, by command; everything else is refused */
static inline bool nlfuzz_allowed(uint8_t cmd, enum nest nest, uint16_t type)
{
	switch (nest) {
	case TOP:
		return nlfuzz_allowed_top(cmd, type);
	case IN_CHILD:
		return nlfuzz_allowed_child(cmd, type);
	case IN_SA:
		return nlfuzz_allowed_sa(cmd, type);
	case IN_TS:
		return type && type <= VTUN_A_TS_PORT_END;
	case IN_POLICY:
		if (cmd == VTUN_CMD_POLICY_NEW)
			return type && type <= VTUN_A_POLICY_TS_REMOTE;
		return type == VTUN_A_POLICY_ID;
	case IN_SOCKET:
		if (cmd == VTUN_CMD_SOCKET_ATTACH)
			return type == VTUN_A_SOCKET_FD;
		return type == VTUN_A_SOCKET_LOCAL ||
		       type == VTUN_A_SOCKET_PORT;
	case NESTS:
		break;
	}
	return false;
}

#endif /* SELFTESTS_NET_NLFUZZ_H */

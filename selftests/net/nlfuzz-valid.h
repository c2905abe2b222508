/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A valid request for every way to ask the vtun family. */
#ifndef SELFTESTS_NET_NLFUZZ_VALID_H
#define SELFTESTS_NET_NLFUZZ_VALID_H

#include "util.h"
#include "nlfuzz.h"

#define BASE_ID		1000	/* child that exists throughout */
#define BASE_SPI	0x1000	/* its inbound SA; + 1: outbound, standby */

#define BASE_POLICY	4000	/* policy that exists throughout */
#define BASE_PORT	4500	/* of a socket of ours on 127.0.0.1 */

static uint32_t ifindex;
static int udp_socket;

static struct node *add(struct request *r, uint8_t depth, enum nest nest,
			enum kind kind, uint16_t type)
{
	struct node *x = &r->node[r->n++];

	memset(x, 0, sizeof(*x));
	x->depth = depth;
	x->nest = nest;
	x->kind = kind;
	x->type = type;
	x->claim = -1;
	return x;
}

/* a number of the width of its kind, or the first octets of something */
static struct node *add_num(struct request *r, uint8_t depth, enum nest nest,
			    enum kind kind, uint16_t type, uint64_t v)
{
	static const uint8_t width[] = { 1, 2, 4, 8, 0, 4 };
	struct node *x = add(r, depth, nest, kind, type);

	x->len = width[kind];
	memcpy(x->data, &v, x->len);
	return x;
}

static void add_ts(struct request *r, enum nest in, uint16_t type)
{
	static const uint8_t low[] = { 10, 1, 0, 1 }, high[] = { 10, 1, 0, 9 };
	struct node *x;

	add(r, 1, in, NEST, type)->multi = in == IN_CHILD;
	x = add_num(r, 2, IN_TS, ADDR, VTUN_A_TS_START, 0);
	x->need = true;
	memcpy(x->data, low, 4);
	x = add_num(r, 2, IN_TS, ADDR, VTUN_A_TS_END, 0);
	x->need = true;
	memcpy(x->data, high, 4);
	add_num(r, 2, IN_TS, U8, VTUN_A_TS_PROTO, 6)->need = true;
	add_num(r, 2, IN_TS, U16, VTUN_A_TS_PORT_START, 80);
	add_num(r, 2, IN_TS, U16, VTUN_A_TS_PORT_END, 90);
}

static void begin_request(struct request *r, const char *name, uint8_t cmd)
{
	memset(r, 0, sizeof(*r));
	r->name = name;
	r->cmd = cmd;
}

/* what CHILD_NEW and CHILD_SET both take */
static void add_settings(struct request *r, bool need)
{
	static const uint8_t local[] = { 192, 0, 2, 1 };
	static const uint8_t remote[] = { 192, 0, 2, 2 };
	struct node *x;

	x = add_num(r, 1, IN_CHILD, ADDR, VTUN_A_CHILD_LOCAL, 0);
	x->need = need;
	memcpy(x->data, local, 4);
	x = add_num(r, 1, IN_CHILD, ADDR, VTUN_A_CHILD_REMOTE, 0);
	x->need = need;
	memcpy(x->data, remote, 4);
	add_ts(r, IN_CHILD, VTUN_A_CHILD_TS_LOCAL);
	add_ts(r, IN_CHILD, VTUN_A_CHILD_TS_REMOTE);
	add_num(r, 1, IN_CHILD, U32, VTUN_A_CHILD_FLAGS,
		VTUN_CHILD_F_ON_DEMAND);
	add_num(r, 1, IN_CHILD, U32, VTUN_A_CHILD_HOLD_PACKETS, 4);
	add_num(r, 1, IN_CHILD, U32, VTUN_A_CHILD_HOLD_BYTES, 65536);
	add_num(r, 1, IN_CHILD, U32, VTUN_A_CHILD_HOLD_MS, 500);
	/* without it the ports have no meaning */
	add_num(r, 1, IN_CHILD, U8, VTUN_A_CHILD_ENCAP,
		VTUN_ENCAP_UDP)->need = need;
	add_num(r, 1, IN_CHILD, U16, VTUN_A_CHILD_LOCAL_PORT, 4501);
	add_num(r, 1, IN_CHILD, U16, VTUN_A_CHILD_REMOTE_PORT, 4502);
	add_num(r, 1, IN_CHILD, U32, VTUN_A_CHILD_KEEPALIVE_MS, 10000);
	add_num(r, 1, IN_CHILD, U8, VTUN_A_CHILD_DF, VTUN_DF_SET);
	add_num(r, 1, IN_CHILD, U8, VTUN_A_CHILD_DSCP, 46);
	add_num(r, 1, IN_CHILD, U16, VTUN_A_CHILD_MSS_CLAMP, 1200);
	add_num(r, 1, IN_CHILD, U32, VTUN_A_CHILD_MARK, 7);
	add_num(r, 1, IN_CHILD, U32, VTUN_A_CHILD_LINK, 0);
}

static void child_new(struct request *r, uint32_t id, const char *name)
{
	struct node *x;

	begin_request(r, "CHILD_NEW", VTUN_CMD_CHILD_NEW);
	add(r, 0, TOP, NEST, VTUN_A_CHILD)->need = true;
	add_num(r, 1, IN_CHILD, U32, VTUN_A_CHILD_ID, id);
	x = add(r, 1, IN_CHILD, STR, VTUN_A_CHILD_NAME);
	x->need = true;
	x->len = strlen(name) + 1;
	memcpy(x->data, name, x->len);
	add_num(r, 1, IN_CHILD, U32, VTUN_A_CHILD_IFINDEX, ifindex);
	add_num(r, 1, IN_CHILD, U8, VTUN_A_CHILD_MODE, VTUN_MODE_TUNNEL);
	add_settings(r, true);
}

static void child_set(struct request *r)
{
	begin_request(r, "CHILD_SET", VTUN_CMD_CHILD_SET);
	add(r, 0, TOP, NEST, VTUN_A_CHILD)->need = true;
	add_num(r, 1, IN_CHILD, U32, VTUN_A_CHILD_ID, BASE_ID)->need = true;
	add_settings(r, false);
}

static void child_select(struct request *r, const char *name, uint8_t cmd,
			 uint32_t id)
{
	begin_request(r, name, cmd);
	add(r, 0, TOP, NEST, VTUN_A_CHILD)->need = true;
	add_num(r, 1, IN_CHILD, U32, VTUN_A_CHILD_ID, id)->need = true;
}

static void sa_select(struct request *r, const char *name, uint8_t cmd,
		      enum vtun_dir dir, uint32_t spi)
{
	begin_request(r, name, cmd);
	add(r, 0, TOP, NEST, VTUN_A_SA)->need = true;
	add_num(r, 1, IN_SA, U8, VTUN_A_SA_DIR, dir)->need = true;
	add_num(r, 1, IN_SA, U32, VTUN_A_SA_SPI, spi)->need = true;
	add_num(r, 1, IN_SA, U32, VTUN_A_SA_CHILD_ID,
		BASE_ID)->need = dir == VTUN_DIR_OUT;
}

static void spi_alloc(struct request *r)
{
	begin_request(r, "SPI_ALLOC", VTUN_CMD_SPI_ALLOC);
	add(r, 0, TOP, NEST, VTUN_A_SA);
	add_num(r, 1, IN_SA, U32, VTUN_A_SA_CHILD_ID, BASE_ID);
	add_num(r, 0, TOP, U32, VTUN_A_SPI_MIN, 0x5000);
	add_num(r, 0, TOP, U32, VTUN_A_SPI_MAX, 0x6000);
}

static void add_limits(struct request *r)
{
	add_num(r, 1, IN_SA, U64, VTUN_A_SA_SOFT_TIME_MS, 3500000);
	add_num(r, 1, IN_SA, U64, VTUN_A_SA_HARD_TIME_MS, 3600000);
	add_num(r, 1, IN_SA, U64, VTUN_A_SA_SOFT_BYTES, 1 << 20);
	add_num(r, 1, IN_SA, U64, VTUN_A_SA_HARD_BYTES, 1 << 24);
	add_num(r, 1, IN_SA, U64, VTUN_A_SA_SOFT_PACKETS, 1000);
	add_num(r, 1, IN_SA, U64, VTUN_A_SA_HARD_PACKETS, 10000);
	add_num(r, 1, IN_SA, U64, VTUN_A_SA_SOFT_IDLE_MS, 3400000);
	add_num(r, 1, IN_SA, U64, VTUN_A_SA_HARD_IDLE_MS, 3500000);
	add_num(r, 1, IN_SA, U32, VTUN_A_SA_MARGIN_MS, 1000);
}

static void sa_set(struct request *r)
{
	sa_select(r, "SA_SET", VTUN_CMD_SA_SET, VTUN_DIR_OUT, BASE_SPI + 1);
	add_limits(r);
}

static void add_sa(struct request *r, enum vtun_dir dir, uint32_t spi)
{
	struct node *x;
	unsigned int i;

	x = add(r, 0, TOP, NEST, VTUN_A_SA);
	x->multi = true;
	add_num(r, 1, IN_SA, U8, VTUN_A_SA_DIR, dir)->need = true;
	add_num(r, 1, IN_SA, U32, VTUN_A_SA_SPI, spi)->need = true;
	add_num(r, 1, IN_SA, U32, VTUN_A_SA_CHILD_ID, BASE_ID)->need = true;
	add_num(r, 1, IN_SA, U16, VTUN_A_SA_ENCR, 28)->need = true;
	x = add(r, 1, IN_SA, KEY, VTUN_A_SA_KEY);
	x->need = true;
	x->len = 36;
	for (i = 0; i < x->len; i++)
		x->data[i] = i + dir;
	add_num(r, 1, IN_SA, U8, VTUN_A_SA_ESN, 0);
	if (dir == VTUN_DIR_IN)
		add_num(r, 1, IN_SA, U32, VTUN_A_SA_REPLAY_WINDOW, 64);
	add_num(r, 1, IN_SA, U64, VTUN_A_SA_SEQ, 7);
	add_num(r, 1, IN_SA, U16, VTUN_A_SA_INTEG, 0);
	add_limits(r);
}

static void sa_install(struct request *r, uint32_t spi, bool standby)
{
	begin_request(r, standby ? "SA_INSTALL standby" : "SA_INSTALL now",
		      VTUN_CMD_SA_INSTALL);
	add_sa(r, VTUN_DIR_IN, spi);
	add_sa(r, VTUN_DIR_OUT, spi + 1);
	add_num(r, 0, TOP, U8, VTUN_A_SWITCH, standby ? VTUN_SWITCH_STANDBY :
		VTUN_SWITCH_NOW)->need = true;
	if (standby)
		add_num(r, 0, TOP, U32, VTUN_A_DEADLINE_MS, 600000);
	else
		add(r, 0, TOP, FLAG, VTUN_A_PROVE);
}

static void policy_new(struct request *r, uint32_t id)
{
	begin_request(r, "POLICY_NEW", VTUN_CMD_POLICY_NEW);
	add(r, 0, TOP, NEST, VTUN_A_POLICY)->need = true;
	add_num(r, 1, IN_POLICY, U32, VTUN_A_POLICY_ID, id);
	add_num(r, 1, IN_POLICY, U8, VTUN_A_POLICY_ACTION,
		VTUN_ACTION_BYPASS)->need = true;
	add_num(r, 1, IN_POLICY, U32, VTUN_A_POLICY_PRIORITY, 5);
	add_ts(r, IN_POLICY, VTUN_A_POLICY_TS_LOCAL);
	add_ts(r, IN_POLICY, VTUN_A_POLICY_TS_REMOTE);
}

static void policy_select(struct request *r, const char *name, uint8_t cmd)
{
	begin_request(r, name, cmd);
	add(r, 0, TOP, NEST, VTUN_A_POLICY)->need = true;
	add_num(r, 1, IN_POLICY, U32, VTUN_A_POLICY_ID,
		BASE_POLICY)->need = true;
}

static void socket_attach(struct request *r)
{
	begin_request(r, "SOCKET_ATTACH", VTUN_CMD_SOCKET_ATTACH);
	add(r, 0, TOP, NEST, VTUN_A_SOCKET)->need = true;
	add_num(r, 1, IN_SOCKET, U32, VTUN_A_SOCKET_FD,
		udp_socket)->need = true;
}

static void socket_detach(struct request *r)
{
	static const uint8_t local[] = { 127, 0, 0, 1 };
	struct node *x;

	begin_request(r, "SOCKET_DETACH", VTUN_CMD_SOCKET_DETACH);
	add(r, 0, TOP, NEST, VTUN_A_SOCKET)->need = true;
	x = add_num(r, 1, IN_SOCKET, ADDR, VTUN_A_SOCKET_LOCAL, 0);
	x->need = true;
	memcpy(x->data, local, 4);
	add_num(r, 1, IN_SOCKET, U16, VTUN_A_SOCKET_PORT,
		BASE_PORT)->need = true;
}

#define N_REQUESTS 18

/* the i-th valid request */
static void valid(struct request *r, unsigned int i)
{
	switch (i) {
	case 0:
		return child_new(r, 2000, "extra");
	case 1:
		return child_select(r, "CHILD_GET", VTUN_CMD_CHILD_GET,
				    BASE_ID);
	case 2:
		return child_select(r, "CHILD_DEL", VTUN_CMD_CHILD_DEL,
				    BASE_ID);
	case 3:
		return spi_alloc(r);
	case 4:
		return sa_install(r, 0x2000, true);
	case 5:
		return sa_install(r, 0x2000, false);
	case 6:
		return sa_select(r, "SA_ACTIVATE", VTUN_CMD_SA_ACTIVATE,
				 VTUN_DIR_OUT, BASE_SPI + 1);
	case 7:
		return sa_select(r, "SA_GET in", VTUN_CMD_SA_GET, VTUN_DIR_IN,
				 BASE_SPI);
	case 8:
		return sa_select(r, "SA_GET out", VTUN_CMD_SA_GET,
				 VTUN_DIR_OUT, BASE_SPI + 1);
	case 9:
		return sa_select(r, "SA_DEL in", VTUN_CMD_SA_DEL, VTUN_DIR_IN,
				 BASE_SPI);
	case 10:
		return sa_select(r, "SA_DEL out", VTUN_CMD_SA_DEL,
				 VTUN_DIR_OUT, BASE_SPI + 1);
	case 11:
		return child_set(r);
	case 12:
		return sa_set(r);
	case 13:
		return policy_new(r, 5000);
	case 14:
		return policy_select(r, "POLICY_GET", VTUN_CMD_POLICY_GET);
	case 15:
		return policy_select(r, "POLICY_DEL", VTUN_CMD_POLICY_DEL);
	case 16:
		return socket_attach(r);
	default:
		return socket_detach(r);
	}
}

#endif /* SELFTESTS_NET_NLFUZZ_VALID_H */

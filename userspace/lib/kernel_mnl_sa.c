// SPDX-License-Identifier: GPL-2.0-or-later
/* SAs over libmnl. */
#include <errno.h>
#include <string.h>
#include <sodium.h>

#include "kernel_mnl.h"

static void put_u64(struct nlmsghdr *nlh, uint16_t type, uint64_t val)
{
	if (val)
		mnl_attr_put_u64(nlh, type, val);
}

static void put_limits(struct nlmsghdr *nlh, const struct vtun_k_limits *l)
{
	put_u64(nlh, VTUN_A_SA_SOFT_TIME_MS, l->soft_time_ms);
	put_u64(nlh, VTUN_A_SA_HARD_TIME_MS, l->hard_time_ms);
	put_u64(nlh, VTUN_A_SA_SOFT_IDLE_MS, l->soft_idle_ms);
	put_u64(nlh, VTUN_A_SA_HARD_IDLE_MS, l->hard_idle_ms);
	put_u64(nlh, VTUN_A_SA_SOFT_BYTES, l->soft_bytes);
	put_u64(nlh, VTUN_A_SA_HARD_BYTES, l->hard_bytes);
	put_u64(nlh, VTUN_A_SA_SOFT_PACKETS, l->soft_packets);
	put_u64(nlh, VTUN_A_SA_HARD_PACKETS, l->hard_packets);
	if (l->margin_ms)
		mnl_attr_put_u32(nlh, VTUN_A_SA_MARGIN_MS, l->margin_ms);
}

static void put_sa(struct nlmsghdr *nlh, enum vtun_dir dir, uint32_t child_id,
		   const struct vtun_k_sa *sa)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, VTUN_A_SA);

	mnl_attr_put_u8(nlh, VTUN_A_SA_DIR, dir);
	mnl_attr_put_u32(nlh, VTUN_A_SA_SPI, sa->spi);
	mnl_attr_put_u32(nlh, VTUN_A_SA_CHILD_ID, child_id);
	mnl_attr_put_u16(nlh, VTUN_A_SA_ENCR, sa->encr);
	if (sa->integ)
		mnl_attr_put_u16(nlh, VTUN_A_SA_INTEG, sa->integ);
	mnl_attr_put(nlh, VTUN_A_SA_KEY, sa->key_len, sa->key);
	mnl_attr_put_u8(nlh, VTUN_A_SA_ESN, sa->esn);
	if (dir == VTUN_DIR_IN)
		mnl_attr_put_u32(nlh, VTUN_A_SA_REPLAY_WINDOW,
				 sa->replay_window);
	put_u64(nlh, VTUN_A_SA_SEQ, sa->seq);
	put_limits(nlh, &sa->limits);
	mnl_attr_nest_end(nlh, nest);
}

void vtun_mnl_sa(const struct nlattr *nest, struct vtun_k_sa *sa)
{
	const struct nlattr *tb[VTUN_A_SA_MAX + 1];
	struct vtun_k_limits *l = &sa->limits;

	memset(sa, 0, sizeof(*sa));
	vtun_mnl_nest(nest, tb, VTUN_A_SA_MAX);
	sa->dir = vtun_mnl_uint(tb[VTUN_A_SA_DIR]);
	sa->spi = vtun_mnl_uint(tb[VTUN_A_SA_SPI]);
	sa->child_id = vtun_mnl_uint(tb[VTUN_A_SA_CHILD_ID]);
	sa->encr = vtun_mnl_uint(tb[VTUN_A_SA_ENCR]);
	sa->integ = vtun_mnl_uint(tb[VTUN_A_SA_INTEG]);
	sa->key_len = vtun_mnl_uint(tb[VTUN_A_SA_KEY_LEN]);
	sa->esn = vtun_mnl_uint(tb[VTUN_A_SA_ESN]);
	sa->replay_window = vtun_mnl_uint(tb[VTUN_A_SA_REPLAY_WINDOW]);
	sa->seq = vtun_mnl_uint(tb[VTUN_A_SA_SEQ]);
	l->soft_time_ms = vtun_mnl_uint(tb[VTUN_A_SA_SOFT_TIME_MS]);
	l->hard_time_ms = vtun_mnl_uint(tb[VTUN_A_SA_HARD_TIME_MS]);
	l->soft_idle_ms = vtun_mnl_uint(tb[VTUN_A_SA_SOFT_IDLE_MS]);
	l->hard_idle_ms = vtun_mnl_uint(tb[VTUN_A_SA_HARD_IDLE_MS]);
	l->margin_ms = vtun_mnl_uint(tb[VTUN_A_SA_MARGIN_MS]);
	sa->has_remain = tb[VTUN_A_SA_REMAIN_MS];
	sa->remain_ms = vtun_mnl_uint(tb[VTUN_A_SA_REMAIN_MS]);
	sa->fingerprint = vtun_mnl_uint(tb[VTUN_A_SA_FINGERPRINT]);
	l->soft_bytes = vtun_mnl_uint(tb[VTUN_A_SA_SOFT_BYTES]);
	l->hard_bytes = vtun_mnl_uint(tb[VTUN_A_SA_HARD_BYTES]);
	l->soft_packets = vtun_mnl_uint(tb[VTUN_A_SA_SOFT_PACKETS]);
	l->hard_packets = vtun_mnl_uint(tb[VTUN_A_SA_HARD_PACKETS]);
	sa->state = vtun_mnl_uint(tb[VTUN_A_SA_STATE]);
	sa->pair_spi = vtun_mnl_uint(tb[VTUN_A_SA_PAIR_SPI]);
	sa->age_ms = vtun_mnl_uint(tb[VTUN_A_SA_AGE_MS]);
	sa->used = tb[VTUN_A_SA_IDLE_MS];
	sa->idle_ms = vtun_mnl_uint(tb[VTUN_A_SA_IDLE_MS]);
	sa->bytes = vtun_mnl_uint(tb[VTUN_A_SA_BYTES]);
	sa->packets = vtun_mnl_uint(tb[VTUN_A_SA_PACKETS]);
	sa->soft_cause = vtun_mnl_uint(tb[VTUN_A_SA_SOFT_CAUSE]);
	sa->soft_age_ms = vtun_mnl_uint(tb[VTUN_A_SA_SOFT_AGE_MS]);
	sa->hard_cause = vtun_mnl_uint(tb[VTUN_A_SA_HARD_CAUSE]);
	sa->hard_age_ms = vtun_mnl_uint(tb[VTUN_A_SA_HARD_AGE_MS]);
	sa->switched = vtun_mnl_uint(tb[VTUN_A_SA_SWITCH]);
	vtun_mnl_drops(tb[VTUN_A_SA_DROPS], sa->drops);
}

static int take_sa(struct vtun_k *k, const struct nlmsghdr *nlh, void *ctx)
{
	const struct nlattr *top[VTUN_A_MAX + 1];

	(void)k;
	vtun_mnl_attrs(nlh, top, VTUN_A_MAX);
	vtun_mnl_sa(top[VTUN_A_SA], ctx);
	return 0;
}

static int take_sa_item(struct vtun_k *k, const struct nlmsghdr *nlh, void *ctx)
{
	struct vtun_k_sa *sa = vtun_mnl_list_more(ctx);

	if (!sa)
		return vtun_mnl_fail(k, -ENOMEM, "out of memory");
	return take_sa(k, nlh, sa);
}

int vtun_k_spi_alloc(struct vtun_k *k, uint32_t child_id, uint32_t min,
		     uint32_t max, uint32_t *spi)
{
	struct vtun_k_sa sa = { 0 };
	struct vtun_mnl_sink sink = { take_sa, &sa };
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	int ret;

	nlh = vtun_mnl_request(k, VTUN_CMD_SPI_ALLOC, 0);
	nest = mnl_attr_nest_start(nlh, VTUN_A_SA);
	mnl_attr_put_u32(nlh, VTUN_A_SA_CHILD_ID, child_id);
	mnl_attr_nest_end(nlh, nest);
	if (min)
		mnl_attr_put_u32(nlh, VTUN_A_SPI_MIN, min);
	if (max)
		mnl_attr_put_u32(nlh, VTUN_A_SPI_MAX, max);
	ret = vtun_mnl_talk(k, k->nl, &sink);
	if (!ret)
		*spi = sa.spi;
	return ret;
}

int vtun_k_sa_install(struct vtun_k *k, const struct vtun_k_install *ins)
{
	struct nlmsghdr *nlh;
	int ret;

	if ((ins->in && ins->in->key_len > VTUN_KEY_MAX) ||
	    (ins->out && ins->out->key_len > VTUN_KEY_MAX))
		return vtun_mnl_fail(k, -EINVAL, "key longer than %d octets",
				     VTUN_KEY_MAX);
	nlh = vtun_mnl_request(k, VTUN_CMD_SA_INSTALL, 0);
	if (ins->in)
		put_sa(nlh, VTUN_DIR_IN, ins->child_id, ins->in);
	if (ins->out) {
		put_sa(nlh, VTUN_DIR_OUT, ins->child_id, ins->out);
		mnl_attr_put_u8(nlh, VTUN_A_SWITCH, ins->sw);
		if (ins->deadline_ms)
			mnl_attr_put_u32(nlh, VTUN_A_DEADLINE_MS,
					 ins->deadline_ms);
		if (ins->prove)
			mnl_attr_put(nlh, VTUN_A_PROVE, 0, NULL);
	}
	ret = vtun_mnl_talk(k, k->nl, NULL);
	sodium_memzero(k->req, sizeof(k->req));
	sodium_memzero(k->rx, sizeof(k->rx));
	return ret;
}

static struct nlattr *put_key(struct nlmsghdr *nlh, enum vtun_dir dir,
			      uint32_t child_id, uint32_t spi)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, VTUN_A_SA);

	mnl_attr_put_u8(nlh, VTUN_A_SA_DIR, dir);
	mnl_attr_put_u32(nlh, VTUN_A_SA_SPI, spi);
	if (dir == VTUN_DIR_OUT)
		mnl_attr_put_u32(nlh, VTUN_A_SA_CHILD_ID, child_id);
	return nest;
}

static void request_by_spi(struct vtun_k *k, uint8_t cmd, enum vtun_dir dir,
			   uint32_t child_id, uint32_t spi)
{
	struct nlmsghdr *nlh = vtun_mnl_request(k, cmd, 0);

	mnl_attr_nest_end(nlh, put_key(nlh, dir, child_id, spi));
}

int vtun_k_sa_set(struct vtun_k *k, enum vtun_dir dir, uint32_t child_id,
		  uint32_t spi, const struct vtun_k_limits *l)
{
	const struct {
		uint16_t type;
		uint64_t val;
	} all[] = {
		{ VTUN_A_SA_SOFT_TIME_MS, l->soft_time_ms },
		{ VTUN_A_SA_HARD_TIME_MS, l->hard_time_ms },
		{ VTUN_A_SA_SOFT_IDLE_MS, l->soft_idle_ms },
		{ VTUN_A_SA_HARD_IDLE_MS, l->hard_idle_ms },
		{ VTUN_A_SA_SOFT_BYTES, l->soft_bytes },
		{ VTUN_A_SA_HARD_BYTES, l->hard_bytes },
		{ VTUN_A_SA_SOFT_PACKETS, l->soft_packets },
		{ VTUN_A_SA_HARD_PACKETS, l->hard_packets },
	};
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	unsigned int i;

	nlh = vtun_mnl_request(k, VTUN_CMD_SA_SET, 0);
	nest = put_key(nlh, dir, child_id, spi);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (l->given & VTUN_K_BIT(all[i].type))
			mnl_attr_put_u64(nlh, all[i].type, all[i].val);
	if (l->given & VTUN_K_BIT(VTUN_A_SA_MARGIN_MS))
		mnl_attr_put_u32(nlh, VTUN_A_SA_MARGIN_MS, l->margin_ms);
	mnl_attr_nest_end(nlh, nest);
	return vtun_mnl_talk(k, k->nl, NULL);
}

int vtun_k_sa_activate(struct vtun_k *k, uint32_t child_id, uint32_t spi)
{
	request_by_spi(k, VTUN_CMD_SA_ACTIVATE, VTUN_DIR_OUT, child_id, spi);
	return vtun_mnl_talk(k, k->nl, NULL);
}

int vtun_k_sa_get(struct vtun_k *k, enum vtun_dir dir, uint32_t child_id,
		  uint32_t spi, struct vtun_k_sa *sa)
{
	struct vtun_mnl_sink sink = { take_sa, sa };

	memset(sa, 0, sizeof(*sa));
	request_by_spi(k, VTUN_CMD_SA_GET, dir, child_id, spi);
	return vtun_mnl_talk(k, k->nl, &sink);
}

int vtun_k_sa_del(struct vtun_k *k, enum vtun_dir dir, uint32_t child_id,
		  uint32_t spi)
{
	request_by_spi(k, VTUN_CMD_SA_DEL, dir, child_id, spi);
	return vtun_mnl_talk(k, k->nl, NULL);
}

int vtun_k_sa_list(struct vtun_k *k, struct vtun_k_sa **list, unsigned int *n)
{
	struct vtun_mnl_list l = { .item_size = sizeof(**list) };
	int ret;

	ret = vtun_mnl_dump(k, VTUN_CMD_SA_GET, &l, take_sa_item);
	*list = l.items;
	*n = l.n;
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nlfuzz DEV [-n MUTATIONS] [-s SEED]: bad requests to the vtun family, driven
 * by one resident program. DEV is a vtun device; the namespace must be empty.
 *
 * First every attribute of every command in every wrong way: each must be
 * refused with -EINVAL or -ERANGE and a text, and must change nothing. Then
 * random mutations of valid requests, which may do anything but harm.
 *
 * Prints "ok WHAT: N" or "not ok WHAT: …" per group; exit status 1 if any
 * failed. The seed is printed and gives the same mutations again.
 */
#include <stdarg.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <net/if.h>

#include "util.h"
#include "nlfuzz.h"

#define MSG_MAX		8192
#define BASE_ID		1000	/* child that exists throughout */
#define BASE_SPI	0x1000	/* its inbound SA; + 1: outbound, standby */

struct answer {
	int err;
	bool has_text;
	char text[160];
	uint32_t counts[3];		/* children, SAs, events (INFO_GET) */
	uint32_t spi;			/* SPI_ALLOC */
};

static int sock;
static uint16_t family;
static uint32_t seq;
static uint32_t ifindex;
static uint64_t rng;
static unsigned int cases, failures;
static const char *group;

static uint32_t rnd(uint32_t below)
{
	/* splitmix64 */
	uint64_t z = (rng += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (uint32_t)((z ^ (z >> 31)) >> 32) % below;
}

/* ---- requests to octets ---- */

static size_t put_node(uint8_t *buf, size_t at, const struct node *x)
{
	struct nlattr *attr = (struct nlattr *)(buf + at);

	attr->nla_type = x->type | (x->kind == NEST ? NLA_F_NESTED : 0);
	attr->nla_type ^= x->flip;
	attr->nla_len = NLA_HDRLEN + x->len;
	memcpy(attr + 1, x->data, x->len);
	return at + NLA_HDRLEN + NLA_ALIGN(x->len);
}

/* nests get their true length; a claim replaces it last */
static size_t encode(const struct request *r, uint8_t *buf)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)buf;
	struct genlmsghdr *genl = (struct genlmsghdr *)(nlh + 1);
	size_t start[NODES_MAX], at = NLMSG_HDRLEN + GENL_HDRLEN;
	unsigned int i, j;

	memset(buf, 0, MSG_MAX);
	for (i = 0; i < r->n; i++) {
		start[i] = at;
		at = put_node(buf, at, &r->node[i]);
		for (j = 0; j < i; j++) {
			struct nlattr *up = (struct nlattr *)(buf + start[j]);
			unsigned int k;

			if (r->node[j].depth >= r->node[i].depth)
				continue;
			for (k = j + 1; k < i; k++)
				if (r->node[k].depth <= r->node[j].depth)
					break;
			if (k == i)
				up->nla_len = at - start[j];
		}
	}
	for (i = 0; i < r->n; i++)
		if (r->node[i].claim >= 0)
			((struct nlattr *)(buf + start[i]))->nla_len =
				r->node[i].claim;
	nlh->nlmsg_len = at;
	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | r->flags;
	nlh->nlmsg_seq = ++seq;
	genl->cmd = r->cmd;
	genl->version = VTUN_GENL_VERSION;
	return at;
}

static const struct nlattr *find(const void *from, size_t len, uint16_t type)
{
	const uint8_t *p = from;

	while (len >= NLA_HDRLEN) {
		const struct nlattr *attr = (const struct nlattr *)p;
		size_t step = NLA_ALIGN(attr->nla_len);

		if (attr->nla_len < NLA_HDRLEN || attr->nla_len > len)
			break;
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr;
		if (step >= len)
			break;
		p += step;
		len -= step;
	}
	return NULL;
}

static uint32_t find_u32(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *attr;
	uint32_t v = 0;

	attr = nest ? find(nest + 1, nest->nla_len - NLA_HDRLEN, type) : NULL;
	if (attr && attr->nla_len == NLA_HDRLEN + sizeof(v))
		memcpy(&v, attr + 1, sizeof(v));
	return v;
}

static void read_reply(const struct nlmsghdr *nlh, struct answer *a)
{
	const uint8_t *attrs = (const uint8_t *)(nlh + 1) + GENL_HDRLEN;
	size_t len = nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
	const struct nlattr *nest;

	nest = find(attrs, len, VTUN_A_INFO);
	if (nest) {
		a->counts[0] = find_u32(nest, VTUN_A_INFO_CHILDREN);
		a->counts[1] = find_u32(nest, VTUN_A_INFO_SAS);
		a->counts[2] = find_u32(nest, VTUN_A_INFO_EVENT_SEQ);
	}
	nest = find(attrs, len, VTUN_A_SA);
	if (nest)
		a->spi = find_u32(nest, VTUN_A_SA_SPI);
}

static void read_ack(const struct nlmsghdr *nlh, struct answer *a)
{
	const struct nlmsgerr *e = (const struct nlmsgerr *)(nlh + 1);
	size_t skip = NLMSG_HDRLEN + sizeof(*e);
	const struct nlattr *text;

	if (nlh->nlmsg_type == NLMSG_DONE)
		skip = NLMSG_HDRLEN + sizeof(int);
	memcpy(&a->err, nlh + 1, sizeof(a->err));
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	text = find((const uint8_t *)nlh + skip, nlh->nlmsg_len - skip,
		    NLMSGERR_ATTR_MSG);
	a->has_text = text;
	if (text)
		snprintf(a->text, sizeof(a->text), "%s",
			 (const char *)(text + 1));
}

/* until the answer to request @want is complete */
static void receive(int fd, uint32_t want, struct answer *a)
{
	static uint8_t buf[65536] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;
	ssize_t n;
	int len;

	memset(a, 0, sizeof(*a));
	for (;;) {
		n = recv(fd, buf, sizeof(buf), 0);
		if (n < 0)
			err(1, "%s: case %u: no answer", group, cases);
		nlh = (struct nlmsghdr *)buf;
		for (len = n; NLMSG_OK(nlh, (unsigned int)len);
		     nlh = NLMSG_NEXT(nlh, len)) {
			if (nlh->nlmsg_seq != want)
				continue;
			if (nlh->nlmsg_type == NLMSG_ERROR ||
			    nlh->nlmsg_type == NLMSG_DONE) {
				read_ack(nlh, a);
				return;
			}
			if (nlh->nlmsg_type == family)
				read_reply(nlh, a);
		}
	}
}

static struct answer ask(const struct request *r)
{
	static uint8_t buf[MSG_MAX] __attribute__((aligned(8)));
	struct answer a;
	size_t len;

	len = encode(r, buf);
	if (send(sock, buf, len, 0) != (ssize_t)len)
		err(1, "send");
	receive(sock, seq, &a);
	return a;
}

/* ---- valid requests ---- */

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

static void add_ts(struct request *r, uint16_t type)
{
	static const uint8_t low[] = { 10, 1, 0, 1 }, high[] = { 10, 1, 0, 9 };
	struct node *x;

	add(r, 1, IN_CHILD, NEST, type)->multi = true;
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

static void child_new(struct request *r, uint32_t id, const char *name)
{
	static const uint8_t local[] = { 192, 0, 2, 1 };
	static const uint8_t remote[] = { 192, 0, 2, 2 };
	struct node *x;

	begin_request(r, "CHILD_NEW", VTUN_CMD_CHILD_NEW);
	add(r, 0, TOP, NEST, VTUN_A_CHILD)->need = true;
	add_num(r, 1, IN_CHILD, U32, VTUN_A_CHILD_ID, id);
	x = add(r, 1, IN_CHILD, STR, VTUN_A_CHILD_NAME);
	x->need = true;
	x->len = strlen(name) + 1;
	memcpy(x->data, name, x->len);
	add_num(r, 1, IN_CHILD, U32, VTUN_A_CHILD_IFINDEX,
		ifindex)->need = true;
	add_num(r, 1, IN_CHILD, U8, VTUN_A_CHILD_MODE, VTUN_MODE_TUNNEL);
	x = add_num(r, 1, IN_CHILD, ADDR, VTUN_A_CHILD_LOCAL, 0);
	x->need = true;
	memcpy(x->data, local, 4);
	x = add_num(r, 1, IN_CHILD, ADDR, VTUN_A_CHILD_REMOTE, 0);
	x->need = true;
	memcpy(x->data, remote, 4);
	add_ts(r, VTUN_A_CHILD_TS_LOCAL);
	add_ts(r, VTUN_A_CHILD_TS_REMOTE);
	add_num(r, 1, IN_CHILD, U32, VTUN_A_CHILD_FLAGS,
		VTUN_CHILD_F_ON_DEMAND);
	add_num(r, 1, IN_CHILD, U32, VTUN_A_CHILD_HOLD_PACKETS, 4);
	add_num(r, 1, IN_CHILD, U32, VTUN_A_CHILD_HOLD_BYTES, 65536);
	add_num(r, 1, IN_CHILD, U32, VTUN_A_CHILD_HOLD_MS, 500);
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
	add_num(r, 1, IN_SA, U64, VTUN_A_SA_SOFT_TIME_MS, 3500000);
	add_num(r, 1, IN_SA, U64, VTUN_A_SA_HARD_TIME_MS, 3600000);
	add_num(r, 1, IN_SA, U64, VTUN_A_SA_SOFT_BYTES, 1 << 20);
	add_num(r, 1, IN_SA, U64, VTUN_A_SA_HARD_BYTES, 1 << 24);
	add_num(r, 1, IN_SA, U64, VTUN_A_SA_SOFT_PACKETS, 1000);
	add_num(r, 1, IN_SA, U64, VTUN_A_SA_HARD_PACKETS, 10000);
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

#define N_REQUESTS 11

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
	default:
		return sa_select(r, "SA_DEL out", VTUN_CMD_SA_DEL,
				 VTUN_DIR_OUT, BASE_SPI + 1);
	}
}

/* ---- verdicts ---- */

static struct answer info(void)
{
	struct request r;
	struct answer a;

	begin_request(&r, "INFO_GET", VTUN_CMD_INFO_GET);
	a = ask(&r);
	if (a.err)
		errx(1, "INFO_GET: %s", strerror(-a.err));
	return a;
}

static uint32_t baseline[3];

static bool unchanged(void)
{
	struct answer a = info();

	return !memcmp(a.counts, baseline, sizeof(baseline));
}

static void begin_group(const char *name)
{
	group = name;
	cases = 0;
	failures = 0;
}

static bool any_failed;

static void end_group(void)
{
	if (failures)
		printf("not ok %s: %u of %u\n", group, failures, cases);
	else
		printf("ok %s: %u\n", group, cases);
	fflush(stdout);
	any_failed |= failures;
}

__attribute__((format(printf, 1, 2)))
static void failed(const char *fmt, ...)
{
	va_list ap;

	if (++failures > 12)
		return;
	printf("# %s: ", group);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* a request that must be refused, explained, and without effect */
static void expect_refusal(const struct request *r, const char *what,
			   unsigned int type, long long arg)
{
	struct answer a = ask(r);

	cases++;
	if (a.err != -EINVAL && a.err != -ERANGE)
		failed("%s: %s of attribute %u, %lld: %s", r->name, what, type,
		       arg, a.err ? strerror(-a.err) : "accepted");
	else if (!a.has_text || !*a.text)
		failed("%s: %s of attribute %u, %lld: no text", r->name, what,
		       type, arg);
	if (unchanged())
		return;
	failed("%s: %s of attribute %u, %lld: changed something", r->name,
	       what, type, arg);
	memcpy(baseline, info().counts, sizeof(baseline));
}

static void must(struct answer a, const char *what)
{
	if (a.err)
		errx(1, "%s: %s (%s)", what, strerror(-a.err), a.text);
}

/* the child and the pair all requests refer to */
static void setup(void)
{
	struct request r;

	begin_request(&r, "FLUSH", VTUN_CMD_FLUSH);
	must(ask(&r), "flush");
	child_new(&r, BASE_ID, "base");
	must(ask(&r), "base child");
	sa_install(&r, BASE_SPI, true);
	must(ask(&r), "base SAs");
	memcpy(baseline, info().counts, sizeof(baseline));
}

/* ---- groups ---- */

/* every request used here is really valid, or all refusals mean nothing */
static void group_valid(void)
{
	struct request r;
	struct answer a;
	unsigned int i;

	begin_group("valid requests pass");
	for (i = 0; i < N_REQUESTS; i++) {
		setup();
		valid(&r, i);
		a = ask(&r);
		cases++;
		if (a.err)
			failed("%s: %s (%s)", r.name, strerror(-a.err), a.text);
	}
	setup();
	end_group();
}

static bool length_is_fine(const struct node *x, unsigned int len)
{
	return x->kind == NEST || len == x->len;
}

static void group_lengths(void)
{
	static const unsigned int lengths[] = {
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 35,
		37, 40, 64, 95, 96, 97, 200, 255
	};
	struct request good, r;
	struct node *x;
	unsigned int i, j, k;

	begin_group("wrong length of each attribute");
	for (i = 0; i < N_REQUESTS; i++) {
		valid(&good, i);
		for (j = 0; j < good.n; j++) {
			for (k = 0; k < sizeof(lengths) / sizeof(*lengths);
			     k++) {
				r = good;
				x = &r.node[j];
				if (length_is_fine(x, lengths[k]))
					continue;
				if (x->kind == STR && lengths[k] > 1 &&
				    lengths[k] < 33)
					memset(x->data, 'x', NODE_DATA_MAX);
				else if (x->kind == STR)
					memset(x->data, 0, NODE_DATA_MAX);
				x->len = lengths[k];
				expect_refusal(&r, "length", x->type, x->len);
			}
		}
	}
	end_group();
}

static void group_values(void)
{
	const struct bad_value *b;
	struct request good, r;
	unsigned int i, j, k, tried;

	begin_group("values out of range");
	for (k = 0; k < sizeof(bad_values) / sizeof(*bad_values); k++) {
		b = &bad_values[k];
		tried = 0;
		for (i = 0; i < N_REQUESTS; i++) {
			valid(&good, i);
			for (j = 0; j < good.n; j++) {
				r = good;
				if (r.node[j].nest != b->nest ||
				    r.node[j].type != b->type)
					continue;
				memcpy(r.node[j].data, &b->value,
				       r.node[j].len);
				expect_refusal(&r, "value", b->type,
					       (long long)b->value);
				tried++;
			}
		}
		if (!tried)
			failed("value %u was never tried", k);
	}
	end_group();
}

static void remove_node(struct request *r, unsigned int at)
{
	unsigned int n = 1;

	while (at + n < r->n && r->node[at + n].depth > r->node[at].depth)
		n++;
	memmove(&r->node[at], &r->node[at + n],
		(r->n - at - n) * sizeof(r->node[0]));
	r->n -= n;
}

static void group_missing(void)
{
	struct request good, r;
	unsigned int i, j;

	begin_group("attributes missing");
	for (i = 0; i < N_REQUESTS; i++) {
		valid(&good, i);
		for (j = 0; j < good.n; j++) {
			r = good;
			if (!r.node[j].need)
				continue;
			remove_node(&r, j);
			expect_refusal(&r, "absence", good.node[j].type, 0);
		}
		if (good.cmd == VTUN_CMD_SPI_ALLOC)
			continue;	/* everything is optional */
		r = good;
		r.n = 0;
		expect_refusal(&r, "empty request", 0, 0);
	}
	end_group();
}

static void group_twice(void)
{
	struct request good, r;
	unsigned int i, j, k, n;

	begin_group("attributes that stand twice");
	for (i = 0; i < N_REQUESTS; i++) {
		valid(&good, i);
		for (j = 0; j < good.n; j++) {
			if (good.node[j].multi)
				continue;
			for (n = 1; j + n < good.n; n++)
				if (good.node[j + n].depth <=
				    good.node[j].depth)
					break;
			r = good;
			for (k = r.n; k-- > j; )
				r.node[k + n] = r.node[k];
			r.n += n;
			expect_refusal(&r, "repetition", good.node[j].type, 0);
		}
	}
	end_group();
}

/* an attribute of @type in front of the first child of node @j, or on top */
static void group_unknown(void)
{
	static const uint16_t far[] = { 64, 255, 256, 4096, 0x3fff };
	struct request good, r;
	unsigned int i, k;
	int j;

	begin_group("attributes that do not belong there");
	for (i = 0; i < N_REQUESTS; i++) {
		valid(&good, i);
		for (j = -1; j < (int)good.n; j++) {
			const struct node *up = j < 0 ? NULL : &good.node[j];
			enum nest nest = TOP;

			if (up && up->kind != NEST)
				continue;
			if (up)
				nest = up->nest == IN_CHILD ? IN_TS :
				       up->type == VTUN_A_CHILD ? IN_CHILD :
				       IN_SA;
			for (k = 0; k < 45; k++) {
				uint16_t type = k < 40 ? k : far[k - 40];
				struct node *x;

				if (nlfuzz_allowed(good.cmd, nest, type))
					continue;
				r = good;
				memmove(&r.node[j + 2], &r.node[j + 1],
					(r.n - j - 1) * sizeof(*x));
				x = &r.node[j + 1];
				memset(x, 0, sizeof(*x));
				x->depth = up ? up->depth + 1 : 0;
				x->type = type;
				x->claim = -1;
				x->len = 4;
				r.n++;
				expect_refusal(&r, "presence", type, nest);
			}
		}
	}
	end_group();
}

static void group_nests(void)
{
	struct request good, r;
	unsigned int i, j;

	begin_group("wrong nests and headers");
	for (i = 0; i < N_REQUESTS; i++) {
		valid(&good, i);
		for (j = 0; j < good.n; j++) {
			static const int claims[] = { 0, 1, 3, 0xffff };
			unsigned int k;

			r = good;
			r.node[j].flip = NLA_F_NESTED;
			expect_refusal(&r, "nest flag", r.node[j].type, 0);
			for (k = 0; k < 4; k++) {
				r = good;
				r.node[j].claim = claims[k];
				expect_refusal(&r, "header", r.node[j].type,
					       claims[k]);
			}
			if (good.node[j].kind != NEST)
				continue;
			/* octets that are no attributes */
			r = good;
			while (j + 1 < r.n &&
			       r.node[j + 1].depth > r.node[j].depth)
				remove_node(&r, j + 1);
			memset(r.node[j].data, 0xff, 12);
			r.node[j].len = 12;
			expect_refusal(&r, "garbage", r.node[j].type, 0);
			if (r.node[j].need || r.node[j].multi) {
				r.node[j].len = 0;
				expect_refusal(&r, "emptiness", r.node[j].type,
					       0);
			}
		}
	}
	end_group();
}

/* what stands in no policy: commands without attributes, dumps with them */
static void group_commands(void)
{
	struct request r;
	struct answer a;
	unsigned int i;

	begin_group("commands");
	child_select(&r, "INFO_GET with a child", VTUN_CMD_INFO_GET, BASE_ID);
	expect_refusal(&r, "presence", VTUN_A_CHILD, 0);
	child_select(&r, "FLUSH with a child", VTUN_CMD_FLUSH, BASE_ID);
	expect_refusal(&r, "presence", VTUN_A_CHILD, 0);
	if (!unchanged())
		setup();
	child_select(&r, "dump of one child", VTUN_CMD_CHILD_GET, BASE_ID);
	r.flags = NLM_F_DUMP;
	expect_refusal(&r, "presence", VTUN_A_CHILD, 0);
	sa_select(&r, "dump of one SA", VTUN_CMD_SA_GET, VTUN_DIR_IN,
		  BASE_SPI);
	r.flags = NLM_F_DUMP;
	expect_refusal(&r, "presence", VTUN_A_SA, 0);
	for (i = 0; i < 256; i++) {
		if (i >= VTUN_CMD_INFO_GET && i <= VTUN_CMD_FLUSH)
			continue;
		begin_request(&r, "unknown command", i);
		a = ask(&r);
		cases++;
		if (a.err != -EOPNOTSUPP)
			failed("command %u: %s", i, strerror(-a.err));
	}
	if (!unchanged())
		failed("unknown commands changed something");
	end_group();
}

/* objects that do not exist, or exist already: also explained */
static void group_objects(void)
{
	static const struct {
		unsigned int request;
		uint8_t nest;
		uint16_t type;
		uint64_t value;
		int err;
	} t[] = {
		{ 0, IN_CHILD, VTUN_A_CHILD_ID, BASE_ID, -EEXIST },
		{ 0, IN_CHILD, VTUN_A_CHILD_IFINDEX, 99999, -ENODEV },
		{ 0, IN_CHILD, VTUN_A_CHILD_IFINDEX, 1, 0 },
		{ 1, IN_CHILD, VTUN_A_CHILD_ID, 77, -ENOENT },
		{ 2, IN_CHILD, VTUN_A_CHILD_ID, 77, -ENOENT },
		{ 3, IN_SA, VTUN_A_SA_CHILD_ID, 77, -ENOENT },
		{ 6, IN_SA, VTUN_A_SA_SPI, 0x9999, -ENOENT },
		{ 6, IN_SA, VTUN_A_SA_DIR, VTUN_DIR_IN, -EINVAL },
		{ 7, IN_SA, VTUN_A_SA_SPI, 0x9999, -ENOENT },
		{ 8, IN_SA, VTUN_A_SA_CHILD_ID, 77, -ENOENT },
		{ 9, IN_SA, VTUN_A_SA_SPI, 0x9999, -ENOENT },
		{ 10, IN_SA, VTUN_A_SA_SPI, 0x9999, -ENOENT },
		{ 4, IN_SA, VTUN_A_SA_SPI, BASE_SPI, 0 },
	};
	struct request r;
	struct answer a;
	unsigned int i, j;

	begin_group("objects that are not there, or already");
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		valid(&r, t[i].request);
		for (j = 0; j < r.n; j++)
			if (r.node[j].nest == t[i].nest &&
			    r.node[j].type == t[i].type)
				break;
		memcpy(r.node[j].data, &t[i].value, r.node[j].len);
		a = ask(&r);
		cases++;
		if (!a.err || (t[i].err && a.err != t[i].err) || !a.has_text)
			failed("%s, attribute %u: %s, text \"%s\"", r.name,
			       t[i].type, strerror(-a.err), a.text);
		if (!unchanged())
			failed("%s, attribute %u: changed something", r.name,
			       t[i].type);
	}
	end_group();
}

/* ---- without rights ---- */

static int open_socket(void)
{
	struct timeval tv = { .tv_sec = 30 };
	int fd, on = 1;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return fd;
}

static void group_rights(void)
{
	struct request r;
	struct answer a;
	unsigned int i;
	int keep = sock;

	begin_group("no request without rights");
	/* a socket remembers who opened it: the new one has nothing */
	if (seteuid(65534))
		err(1, "seteuid");
	sock = open_socket();
	for (i = 0; i <= N_REQUESTS + 1; i++) {
		if (i < N_REQUESTS)
			valid(&r, i);
		else
			begin_request(&r, "INFO_GET, FLUSH", i == N_REQUESTS ?
				      VTUN_CMD_INFO_GET : VTUN_CMD_FLUSH);
		a = ask(&r);
		cases++;
		if (a.err != -EPERM)
			failed("%s: %s", r.name, strerror(-a.err));
	}
	close(sock);
	sock = keep;
	if (seteuid(0))
		err(1, "seteuid");
	if (!unchanged())
		failed("something changed");
	end_group();
}

/* ---- random mutations ---- */

static void mutate_node(struct request *r)
{
	struct node *x = &r->node[rnd(r->n)];
	unsigned int i;

	switch (rnd(8)) {
	case 0:
		x->len = rnd(NODE_DATA_MAX);
		break;
	case 1:
		for (i = 0; i < x->len; i++)
			x->data[i] = rnd(256);
		break;
	case 2:
		if (x->len)
			x->data[rnd(x->len)] ^= 1 << rnd(8);
		break;
	case 3:
		memset(x->data, rnd(2) ? 0xff : 0, NODE_DATA_MAX);
		break;
	case 4:
		x->type = rnd(48);
		break;
	case 5:
		x->claim = rnd(2) ? rnd(64) : rnd(65536);
		break;
	case 6:
		x->flip = rnd(2) ? NLA_F_NESTED : NLA_F_NET_BYTEORDER;
		break;
	default:
		x->depth = rnd(4);
	}
}

static void mutate(struct request *r)
{
	struct request other;
	unsigned int at, from;

	switch (rnd(6)) {
	case 0:
		remove_node(r, rnd(r->n));
		break;
	case 1:		/* an attribute of another request */
		valid(&other, rnd(N_REQUESTS));
		if (r->n == NODES_MAX)
			break;
		at = rnd(r->n + 1);
		from = rnd(other.n);
		memmove(&r->node[at + 1], &r->node[at],
			(r->n - at) * sizeof(r->node[0]));
		r->node[at] = other.node[from];
		r->n++;
		break;
	case 2:
		r->cmd = rnd(VTUN_CMD_MAX + 2);
		break;
	case 3:
		if (!rnd(4))
			r->flags = rnd(65536) & ~NLM_F_ACK;
		break;
	default:
		mutate_node(r);
	}
}

static void send_raw(const uint8_t *buf, size_t len)
{
	if (send(sock, buf, len, 0) < 0 && errno != EINVAL)
		err(1, "send");
	/* may be a request without an answer: ask something behind it */
	info();
}

static void group_random(unsigned long n, uint64_t seed)
{
	static uint8_t buf[MSG_MAX] __attribute__((aligned(8)));
	unsigned long i;
	struct request r;
	unsigned int m;
	size_t len;

	begin_group("random mutations");
	rng = seed;
	for (i = 0; i < n; i++) {
		if (i % 512 == 0)
			setup();
		valid(&r, rnd(N_REQUESTS));
		for (m = 1 + rnd(3); m && r.n; m--)
			mutate(&r);
		len = encode(&r, buf);
		if (len > MSG_MAX - 512)
			continue;
		for (m = rnd(8) ? 0 : 1 + rnd(4); m; m--)
			buf[rnd(len - NLMSG_HDRLEN) + NLMSG_HDRLEN] = rnd(256);
		if (!rnd(16))
			((struct nlmsghdr *)buf)->nlmsg_len = rnd(len + 16);
		send_raw(buf, len);
		cases++;
	}
	setup();
	end_group();
}

static void resolve(void)
{
	struct request r;
	static uint8_t buf[MSG_MAX] __attribute__((aligned(8)));
	const struct nlattr *id;
	struct node *x;
	size_t len;
	ssize_t n;

	family = GENL_ID_CTRL;
	begin_request(&r, "resolve", CTRL_CMD_GETFAMILY);
	x = add(&r, 0, TOP, STR, CTRL_ATTR_FAMILY_NAME);
	x->len = sizeof(VTUN_GENL_NAME);
	memcpy(x->data, VTUN_GENL_NAME, x->len);
	len = encode(&r, buf);
	if (send(sock, buf, len, 0) != (ssize_t)len)
		err(1, "send");
	n = recv(sock, buf, sizeof(buf), 0);
	len = NLMSG_HDRLEN + GENL_HDRLEN;
	id = n > (ssize_t)len ? find(buf + len, n - len, CTRL_ATTR_FAMILY_ID) :
	     NULL;
	if (!id)
		errx(4, "no family \"%s\"", VTUN_GENL_NAME);
	memcpy(&family, id + 1, sizeof(family));
	/* the acknowledgment is left behind; its number is never asked for */
}

int main(int argc, char **argv)
{
	unsigned long n = 20000;
	uint64_t seed = now_us();
	int opt;

	while ((opt = getopt(argc, argv, "n:s:")) != -1) {
		if (opt == 'n')
			n = parse_num(optarg, "-n");
		else if (opt == 's')
			seed = parse_num(optarg, "-s");
		else
			return 2;
	}
	if (optind + 1 != argc)
		errx(2, "usage: nlfuzz [-n MUTATIONS] [-s SEED] DEV");
	ifindex = if_nametoindex(argv[optind]);
	if (!ifindex)
		err(1, "%s", argv[optind]);
	sock = open_socket();
	resolve();
	group_valid();
	group_lengths();
	group_values();
	group_missing();
	group_twice();
	group_unknown();
	group_nests();
	group_commands();
	group_objects();
	group_rights();
	printf("# seed %llu\n", (unsigned long long)seed);
	group_random(n, seed);
	return any_failed;
}

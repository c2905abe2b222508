// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nlfuzz [-n MUTATIONS] [-t SECONDS] [-s SEED] DEV: bad requests to the vtun
 * family, driven by one resident program, mutations until both are reached. DEV
 * is a vtun device; the namespace must be empty.
 * nlfuzz -e EVENTS DEV: nothing but so many switches of one child.
 *
 * First every attribute of every command in every wrong way: each must be
 * refused with -EINVAL or -ERANGE and a text, and must change nothing. Then
 * random mutations of valid requests, which may do anything but harm.
 *
 * Prints "ok WHAT: N" or "not ok WHAT: …" per group; exit status 1 if any
 * failed. The seed is printed and gives the same mutations again.
 */
#include <stdarg.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include "util.h"
#include "nlfuzz-msg.h"
#include "nlfuzz-valid.h"

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

static uint32_t baseline[4];

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
	/* kernel 6.1 has no room for a text where a dump starts */
	else if (!(r->flags & NLM_F_DUMP) && (!a.has_text || !*a.text))
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

/* the child, the pair, the policy and the socket all requests refer to */
static void setup(void)
{
	struct request r;

	begin_request(&r, "POLICY_FLUSH", VTUN_CMD_POLICY_FLUSH);
	must(ask(&r), "flush of policies");
	begin_request(&r, "FLUSH", VTUN_CMD_FLUSH);
	must(ask(&r), "flush");
	child_new(&r, BASE_ID, "base");
	must(ask(&r), "base child");
	sa_install(&r, BASE_SPI, true);
	must(ask(&r), "base SAs");
	policy_new(&r, BASE_POLICY);
	must(ask(&r), "base policy");
	socket_attach(&r);
	must(ask(&r), "base socket");
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
	/* alone, an address may be of the other family */
	if (x->nest == IN_SOCKET && x->kind == ADDR && len == 16)
		return true;
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

static enum nest inside(const struct node *up)
{
	if (!up)
		return TOP;
	if (up->nest == IN_CHILD || up->nest == IN_POLICY)
		return IN_TS;
	switch (up->type) {
	case VTUN_A_CHILD:
		return IN_CHILD;
	case VTUN_A_POLICY:
		return IN_POLICY;
	case VTUN_A_SOCKET:
		return IN_SOCKET;
	}
	return IN_SA;
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
			enum nest nest = inside(up);

			if (up && up->kind != NEST)
				continue;
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
	policy_select(&r, "dump of one policy", VTUN_CMD_POLICY_GET);
	r.flags = NLM_F_DUMP;
	expect_refusal(&r, "presence", VTUN_A_POLICY, 0);
	child_select(&r, "POLICY_FLUSH with a child", VTUN_CMD_POLICY_FLUSH,
		     BASE_ID);
	expect_refusal(&r, "presence", VTUN_A_CHILD, 0);
	for (i = 0; i < 256; i++) {
		if ((i >= VTUN_CMD_INFO_GET && i <= VTUN_CMD_FLUSH) ||
		    (i >= VTUN_CMD_CHILD_SET && i <= VTUN_CMD_SOCKET_DETACH &&
		     i != VTUN_CMD_SOCKET_GET))
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
		{ 11, IN_CHILD, VTUN_A_CHILD_ID, 77, -ENOENT },
		{ 11, IN_CHILD, VTUN_A_CHILD_LINK, 99999, 0 },
		{ 12, IN_SA, VTUN_A_SA_SPI, 0x9999, -ENOENT },
		{ 13, IN_POLICY, VTUN_A_POLICY_ID, BASE_POLICY, -EEXIST },
		{ 14, IN_POLICY, VTUN_A_POLICY_ID, 77, -ENOENT },
		{ 15, IN_POLICY, VTUN_A_POLICY_ID, 77, -ENOENT },
		{ 16, IN_SOCKET, VTUN_A_SOCKET_FD, 999, 0 },
		{ 16, IN_SOCKET, VTUN_A_SOCKET_FD, 0, 0 },
		{ 17, IN_SOCKET, VTUN_A_SOCKET_PORT, 77, -ENOENT },
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

static int open_udp(void)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(BASE_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)))
		err(1, "UDP socket");
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

static void group_random(unsigned long n, unsigned long seconds, uint64_t seed)
{
	static uint8_t buf[MSG_MAX] __attribute__((aligned(8)));
	uint64_t end = now_us() + seconds * 1000000;
	unsigned long i;
	struct request r;
	unsigned int m;
	size_t len;

	begin_group("random mutations");
	rng = seed;
	for (i = 0; i < n || now_us() < end; i++) {
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

/* else the module would go on listening in place of this program */
static void give_socket_back(void)
{
	struct request r;

	socket_detach(&r);
	must(ask(&r), r.name);
}

/* every installation is a switch, and every switch an event */
static void churn(unsigned long n)
{
	struct request r;
	unsigned long i;

	setup();
	for (i = 0; i < n; i++) {
		uint32_t spi = 0x10000 + 2 * (i % 8);

		if (i >= 8) {
			sa_select(&r, "SA_DEL in", VTUN_CMD_SA_DEL, VTUN_DIR_IN,
				  spi);
			must(ask(&r), r.name);
			sa_select(&r, "SA_DEL out", VTUN_CMD_SA_DEL,
				  VTUN_DIR_OUT, spi + 1);
			must(ask(&r), r.name);
		}
		sa_install(&r, spi, false);
		remove_node(&r, r.n - 1);	/* needs no proof */
		must(ask(&r), r.name);
	}
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
	unsigned long n = 20000, seconds = 0, events = 0;
	uint64_t seed = now_us();
	int opt;

	while ((opt = getopt(argc, argv, "e:n:s:t:")) != -1) {
		if (opt == 'e')
			events = parse_num(optarg, "-e");
		else if (opt == 'n')
			n = parse_num(optarg, "-n");
		else if (opt == 's')
			seed = parse_num(optarg, "-s");
		else if (opt == 't')
			seconds = parse_num(optarg, "-t");
		else
			return 2;
	}
	if (optind + 1 != argc)
		errx(2, "usage: nlfuzz [-n MUTATIONS] [-t SECONDS] [-s SEED] [-e EVENTS] DEV");
	ifindex = if_nametoindex(argv[optind]);
	if (!ifindex)
		err(1, "%s", argv[optind]);
	sock = open_socket();
	udp_socket = open_udp();
	resolve();
	if (events) {
		churn(events);
		give_socket_back();
		return 0;
	}
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
	group_random(n, seconds, seed);
	give_socket_back();
	return any_failed;
}

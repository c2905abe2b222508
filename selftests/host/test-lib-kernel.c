// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The libmnl side of kernel.h against scripted sockets: acknowledgments with
 * and without text, late and cut replies, dumps that change under way, lost
 * events, and random octets. The files are included, so that they and not the
 * pretended kernel are tested.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static ssize_t fake_recv(int fd, void *buf, size_t size, int flags);

#define recv fake_recv
#include "lib/kernel_mnl.c"
#include "lib/kernel_mnl_child.c"
#include "lib/kernel_mnl_event.c"
#include "lib/kernel_mnl_sa.c"
#undef recv
#include "ktap.h"

#define FAMILY	0x1c
#define GROUP	5
#define QUEUE	64

/* ---- a socket that plays what the test queued ---- */

struct mnl_socket {
	int bus;
};

static struct mnl_socket the_socket;

static struct {
	int err;		/* instead of data */
	size_t len;
	char data[2048];
} queue[QUEUE];

static unsigned int q_head, q_tail;
static char request[MNL_REQ_SIZE];
static unsigned int n_requests;
static void (*on_request)(const struct nlmsghdr *req);

static void *q_room(void)
{
	memset(&queue[q_tail % QUEUE], 0, sizeof(queue[0]));
	return queue[q_tail % QUEUE].data;
}

static void q_push(size_t len)
{
	queue[q_tail++ % QUEUE].len = len;
}

static void q_error(int err)
{
	q_room();
	queue[q_tail++ % QUEUE].err = err;
}

static ssize_t q_pop(void *buf, size_t size)
{
	unsigned int i = q_head % QUEUE;

	if (q_head == q_tail) {
		errno = EAGAIN;
		return -1;
	}
	q_head++;
	if (queue[i].err) {
		errno = queue[i].err;
		return -1;
	}
	if (queue[i].len < size)
		size = queue[i].len;
	memcpy(buf, queue[i].data, size);
	return size;
}

static ssize_t fake_recv(int fd, void *buf, size_t size, int flags)
{
	return q_pop(buf, size);
}

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	return &the_socket;
}

int mnl_socket_bind(struct mnl_socket *nl, unsigned int groups, pid_t pid)
{
	return 0;
}

int mnl_socket_close(struct mnl_socket *nl)
{
	return 0;
}

int mnl_socket_get_fd(const struct mnl_socket *nl)
{
	return -1;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *nl)
{
	return 42;
}

int mnl_socket_setsockopt(const struct mnl_socket *nl, int type, void *buf,
			  socklen_t len)
{
	return 0;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *buf,
			  size_t len)
{
	memcpy(request, buf, len);
	n_requests++;
	if (on_request)
		on_request((const struct nlmsghdr *)request);
	return len;
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf, size_t len)
{
	return q_pop(buf, len);
}

/* ---- replies ---- */

static struct nlmsghdr *reply(const struct nlmsghdr *req, void *room,
			      uint16_t type, uint8_t cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(room);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_seq = req ? req->nlmsg_seq : 0;
	nlh->nlmsg_pid = req ? 42 : 0;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	return nlh;
}

/* acknowledgment; @echo: with the whole request in it */
static void push_ack(const struct nlmsghdr *req, int err, const char *text,
		     bool echo)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(q_room());
	struct nlmsgerr *e;

	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_seq = req->nlmsg_seq;
	nlh->nlmsg_pid = 42;
	nlh->nlmsg_flags = echo ? 0 : NLM_F_CAPPED;
	e = mnl_nlmsg_put_extra_header(nlh, sizeof(*e));
	e->error = err;
	e->msg = *req;
	if (echo)
		memcpy(mnl_nlmsg_put_extra_header(nlh, req->nlmsg_len -
						  sizeof(*req)), req + 1,
		       req->nlmsg_len - sizeof(*req));
	if (text) {
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, text);
	}
	q_push(nlh->nlmsg_len);
}

static void push_done(const struct nlmsghdr *req, int err, const char *text)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(q_room());

	nlh->nlmsg_type = NLMSG_DONE;
	nlh->nlmsg_seq = req->nlmsg_seq;
	nlh->nlmsg_pid = 42;
	*(int *)mnl_nlmsg_put_extra_header(nlh, sizeof(int)) = err;
	if (text) {
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, text);
	}
	q_push(nlh->nlmsg_len);
}

static void push_info(const struct nlmsghdr *req, uint32_t seq)
{
	struct nlmsghdr *nlh = reply(req, q_room(), FAMILY, VTUN_CMD_INFO_GET);
	struct nlattr *nest = mnl_attr_nest_start(nlh, VTUN_A_INFO);

	mnl_attr_put_strz(nlh, VTUN_A_INFO_VERSION, "1.2.3");
	mnl_attr_put_u32(nlh, VTUN_A_INFO_API, VTUN_GENL_VERSION);
	mnl_attr_put_u32(nlh, VTUN_A_INFO_EVENT_SEQ, seq);
	mnl_attr_nest_end(nlh, nest);
	q_push(nlh->nlmsg_len);
	push_ack(req, 0, NULL, false);
}

static uint32_t api = VTUN_GENL_VERSION;
static uint32_t event_seq;

static void push_family(const struct nlmsghdr *req)
{
	struct nlmsghdr *nlh = reply(req, q_room(), GENL_ID_CTRL, 1);
	struct nlattr *groups, *one;

	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, FAMILY);
	mnl_attr_put_u32(nlh, CTRL_ATTR_VERSION, api);
	groups = mnl_attr_nest_start(nlh, CTRL_ATTR_MCAST_GROUPS);
	one = mnl_attr_nest_start(nlh, 1);
	mnl_attr_put_strz(nlh, CTRL_ATTR_MCAST_GRP_NAME, "events");
	mnl_attr_put_u32(nlh, CTRL_ATTR_MCAST_GRP_ID, GROUP);
	mnl_attr_nest_end(nlh, one);
	mnl_attr_nest_end(nlh, groups);
	q_push(nlh->nlmsg_len);
	push_ack(req, 0, NULL, false);
}

/* the family, and INFO_GET */
static void serve(const struct nlmsghdr *req)
{
	if (req->nlmsg_type == GENL_ID_CTRL)
		push_family(req);
	else
		push_info(req, event_seq);
}

static void serve_absent(const struct nlmsghdr *req)
{
	push_ack(req, -ENOENT, NULL, false);
}

static struct vtun_k *open_it(unsigned int flags)
{
	struct vtun_k *k;

	on_request = serve;
	if (vtun_k_open(&k, flags))
		ktap_bail("open: %s", vtun_k_error(k));
	on_request = NULL;
	return k;
}

static void test_open(void)
{
	struct vtun_k *k;

	k = open_it(0);
	ktap_ok(k->family == FAMILY && k->group == GROUP &&
		vtun_k_event_fd(k) == -1, "family and group");
	vtun_k_close(k);
	on_request = serve_absent;
	ktap_ok(vtun_k_open(&k, 0) == -ENOENT &&
		strstr(vtun_k_error(k), "modprobe"), "module not loaded");
	vtun_k_close(k);
	on_request = serve;
	api = 9;
	ktap_ok(vtun_k_open(&k, 0) == -EPROTO &&
		strstr(vtun_k_error(k), "API 9"), "another API");
	vtun_k_close(k);
	ktap_ok(!vtun_k_open(&k, VTUN_K_ANY_API), "another API, accepted");
	vtun_k_close(k);
	api = VTUN_GENL_VERSION;
	vtun_k_close(NULL);
}

static void answer_text(const struct nlmsghdr *req)
{
	push_ack(req, -EPERM, "not for you", false);
}

static void answer_echo(const struct nlmsghdr *req)
{
	push_ack(req, -EPERM, "with an echo", true);
}

static void answer_bare(const struct nlmsghdr *req)
{
	push_ack(req, -EPERM, NULL, true);
}

static void answer_late(const struct nlmsghdr *req)
{
	struct nlmsghdr old = *req;

	old.nlmsg_seq--;
	push_ack(&old, -EBUSY, "late", false);
	push_ack(req, 0, NULL, false);
}

static void answer_cut(const struct nlmsghdr *req)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(q_room());

	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_seq = req->nlmsg_seq;
	nlh->nlmsg_pid = 42;
	q_push(nlh->nlmsg_len);
}

static void answer_interrupted(const struct nlmsghdr *req)
{
	q_error(EINTR);
	push_ack(req, 0, NULL, false);
}

static void answer_nomem(const struct nlmsghdr *req)
{
	q_error(ENOMEM);
}

static void test_acks(void)
{
	struct vtun_k *k = open_it(0);

	on_request = answer_text;
	ktap_ok(vtun_k_flush(k) == -EPERM &&
		!strcmp(vtun_k_error(k), "not for you"), "text of a refusal");
	on_request = answer_echo;
	ktap_ok(vtun_k_flush(k) == -EPERM &&
		!strcmp(vtun_k_error(k), "with an echo"),
		"text behind an echoed request");
	on_request = answer_bare;
	ktap_ok(vtun_k_flush(k) == -EPERM &&
		!strcmp(vtun_k_error(k), strerror(EPERM)),
		"refusal without text");
	on_request = answer_late;
	ktap_ok(!vtun_k_flush(k), "late reply is not taken for this one");
	on_request = answer_cut;
	ktap_ok(vtun_k_flush(k) == -EBADMSG, "cut acknowledgment");
	on_request = NULL;
	ktap_ok(vtun_k_flush(k) == -ETIMEDOUT &&
		strstr(vtun_k_error(k), "did not answer"), "no answer");
	on_request = answer_interrupted;
	ktap_ok(!vtun_k_flush(k), "interrupted wait goes on");
	on_request = answer_nomem;
	ktap_ok(vtun_k_flush(k) == -ENOMEM, "error of the socket");
	vtun_k_close(k);
}

/* ---- dumps ---- */

static unsigned int dumps, intr_until;

static void answer_dump(const struct nlmsghdr *req)
{
	struct nlattr *nest;
	struct nlmsghdr *nlh;
	unsigned int i;

	dumps++;
	for (i = 1; i <= 3; i++) {
		nlh = reply(req, q_room(), FAMILY, VTUN_CMD_CHILD_GET);
		nlh->nlmsg_flags = NLM_F_MULTI;
		if (dumps < intr_until && i == 2)
			nlh->nlmsg_flags |= NLM_F_DUMP_INTR;
		nest = mnl_attr_nest_start(nlh, VTUN_A_CHILD);
		mnl_attr_put_u32(nlh, VTUN_A_CHILD_ID, dumps * 10 + i);
		mnl_attr_nest_end(nlh, nest);
		q_push(nlh->nlmsg_len);
	}
	push_done(req, 0, NULL);
}

static void answer_dump_error(const struct nlmsghdr *req)
{
	push_done(req, -EINVAL, "dumps take no selection");
}

static void test_dumps(void)
{
	struct vtun_k *k = open_it(0);
	struct vtun_k_child *list = NULL;
	unsigned int n;

	on_request = answer_dump;
	dumps = 0;
	intr_until = 0;
	ktap_ok(!vtun_k_child_list(k, &list, &n) && n == 3 && dumps == 1 &&
		list[2].id == 13, "dump");
	free(list);
	list = NULL;
	dumps = 0;
	intr_until = 3;
	ktap_ok(!vtun_k_child_list(k, &list, &n) && n == 3 && dumps == 3 &&
		list[0].id == 31, "a dump that changed is made again");
	free(list);
	list = NULL;
	intr_until = UINT32_MAX;
	ktap_ok(vtun_k_child_list(k, &list, &n) == -EAGAIN && !n && !list,
		"but not for ever");
	on_request = answer_dump_error;
	ktap_ok(vtun_k_child_list(k, &list, &n) == -EINVAL &&
		strstr(vtun_k_error(k), "no selection"), "error of a dump");
	vtun_k_close(k);
}

/* ---- what is sent ---- */

static void answer_ok(const struct nlmsghdr *req)
{
	push_ack(req, 0, NULL, false);
}

static void test_child(void)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)request;
	const struct nlattr *top[VTUN_A_MAX + 1];
	struct vtun_k *k = open_it(0);
	struct vtun_k_child c, back;
	unsigned int i;

	vtun_k_child_init(&c);
	c.id = 7;
	strcpy(c.name, "lan");
	c.ifindex = 3;
	c.flags = VTUN_CHILD_F_ON_DEMAND;
	c.local.family = AF_INET6;
	c.remote.family = AF_INET6;
	c.remote.addr[15] = 1;
	for (i = 0; i < VTUN_TS_MAX; i++) {
		c.ts_local[i].family = AF_INET6;
		memset(c.ts_local[i].end, i, 16);
		c.ts_local[i].proto = 6;
		c.ts_local[i].port_start = i;
		c.ts_local[i].port_end = 65535 - i;
		c.ts_remote[i] = c.ts_local[i];
	}
	c.n_ts_local = VTUN_TS_MAX;
	c.n_ts_remote = VTUN_TS_MAX;
	c.hold_packets = 0;
	on_request = answer_ok;
	ktap_ok(!vtun_k_child_add(k, &c, NULL), "child with all selectors");
	vtun_mnl_attrs(nlh, top, VTUN_A_MAX);
	vtun_mnl_child(top[VTUN_A_CHILD], &back);
	/* what was left to the module is absent in the request */
	c.hold_bytes = 0;
	c.hold_ms = 0;
	ktap_ok(!memcmp(&c, &back, sizeof(c)), "arrives as it was");
	c.n_ts_local++;
	ktap_ok(vtun_k_child_add(k, &c, NULL) == -EINVAL,
		"too many selectors");
	vtun_k_close(k);
}

static void test_install(void)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)request;
	const struct nlattr *attr, *top[VTUN_A_MAX + 1];
	struct vtun_k_sa in = {
		.spi = 0x1000, .encr = 28, .key_len = 36,
		.replay_window = 64, .esn = true, .seq = 1ULL << 40,
		.limits = {
			.soft_time_ms = 1, .hard_time_ms = 2,
			.soft_idle_ms = 6, .hard_idle_ms = 7,
			.soft_bytes = 3, .hard_bytes = 4,
			.soft_packets = 5, .hard_packets = UINT64_MAX,
			.margin_ms = 8,
		},
	}, out = in, back;
	struct vtun_k_install ins = {
		.child_id = 9, .in = &in, .out = &out,
		.sw = VTUN_SWITCH_STANDBY, .deadline_ms = 500,
	};
	struct vtun_k *k = open_it(0);
	unsigned int n = 0;
	bool ok = true;
	size_t i;

	memset(in.key, 0xaa, 36);
	out.spi = 0x2000;
	on_request = answer_ok;
	ktap_ok(!vtun_k_sa_install(k, &ins), "installation");
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) != VTUN_A_SA)
			continue;
		vtun_mnl_sa(attr, &back);
		ok &= back.dir == ++n && back.child_id == 9 && back.esn &&
		      back.seq == in.seq &&
		      !memcmp(&back.limits, &in.limits, sizeof(in.limits)) &&
		      back.replay_window == (n == 1 ? 64 : 0);
	}
	vtun_mnl_attrs(nlh, top, VTUN_A_MAX);
	ktap_ok(ok && n == 2 && vtun_mnl_uint(top[VTUN_A_SWITCH]) ==
		VTUN_SWITCH_STANDBY && vtun_mnl_uint(top[VTUN_A_DEADLINE_MS])
		== 500 && !top[VTUN_A_PROVE], "arrives as it was");
	for (i = 0, ok = true; i < sizeof(k->req); i++)
		ok &= !k->req[i];
	ktap_ok(ok, "no key stays in the handle");
	in.key_len = VTUN_KEY_MAX + 1;
	ktap_ok(vtun_k_sa_install(k, &ins) == -EINVAL, "key too long");
	vtun_k_close(k);
}

/* ---- events ---- */

static size_t put_event(char *at, uint16_t type, uint8_t cmd, uint32_t seq)
{
	struct nlmsghdr *nlh = reply(NULL, at, type, cmd);
	struct nlattr *nest;

	nest = mnl_attr_nest_start(nlh, VTUN_A_CHILD);
	mnl_attr_put_u32(nlh, VTUN_A_CHILD_ID, 3);
	mnl_attr_put_strz(nlh, VTUN_A_CHILD_NAME, "lan");
	mnl_attr_nest_end(nlh, nest);
	nest = mnl_attr_nest_start(nlh, VTUN_A_SA);
	mnl_attr_put_u8(nlh, VTUN_A_SA_DIR, VTUN_DIR_OUT);
	mnl_attr_put_u32(nlh, VTUN_A_SA_SPI, 0x2000);
	mnl_attr_put_u64(nlh, VTUN_A_SA_AGE_MS, 1234);
	mnl_attr_nest_end(nlh, nest);
	nest = mnl_attr_nest_start(nlh, VTUN_A_EVENT);
	mnl_attr_put_u32(nlh, VTUN_A_EVENT_SEQ, seq);
	mnl_attr_put_u8(nlh, VTUN_A_EVENT_CAUSE, VTUN_SWITCH_REQUEST);
	mnl_attr_nest_end(nlh, nest);
	return nlh->nlmsg_len;
}

static void push_event(uint32_t seq)
{
	q_push(put_event(q_room(), FAMILY, VTUN_CMD_SWITCH_NTF, seq));
}

/* the next thing read is @type (0: nothing waits) with @seq */
static bool next_is(struct vtun_k *k, enum vtun_k_event_type type, uint32_t seq)
{
	struct vtun_k_event ev;
	int ret = vtun_k_event_read(k, &ev);

	if (ret == !!type && (!ret || (ev.type == type && ev.seq == seq)))
		return true;
	ktap_note("got %d, type %d, seq %u", ret, ev.type, ev.seq);
	return false;
}

static void test_events(void)
{
	struct vtun_k_event ev;
	struct vtun_k *k;
	char *room;
	size_t len;

	event_seq = 10;
	k = open_it(VTUN_K_EVENTS);
	ktap_ok(next_is(k, 0, 0), "nothing waits");
	/* 10 was sent between subscription and question */
	push_event(10);
	push_event(11);
	ktap_ok(next_is(k, VTUN_K_EV_SWITCH, 10) &&
		vtun_k_event_read(k, &ev) == 1 && ev.seq == 11 &&
		ev.child_id == 3 && !strcmp(ev.child, "lan") &&
		ev.spi == 0x2000 && ev.cause == VTUN_SWITCH_REQUEST &&
		next_is(k, 0, 0), "events in order");
	push_event(14);
	ktap_ok(vtun_k_event_read(k, &ev) == 1 &&
		ev.type == VTUN_K_EV_RESYNC && ev.seq == 12 && ev.lost == 2 &&
		!ev.child_id && next_is(k, VTUN_K_EV_SWITCH, 14) &&
		next_is(k, 0, 0), "a jump is a resync, then the event");
	/* three in one datagram, one of them of somebody else */
	room = q_room();
	len = put_event(room, FAMILY, VTUN_CMD_SWITCH_NTF, 15);
	len += put_event(room + len, FAMILY + 1, VTUN_CMD_SWITCH_NTF, 99);
	len += put_event(room + len, FAMILY, VTUN_CMD_EXPIRE_NTF, 16);
	q_push(len);
	ktap_ok(next_is(k, VTUN_K_EV_SWITCH, 15) &&
		vtun_k_event_read(k, &ev) == 1 &&
		ev.type == VTUN_K_EV_EXPIRE && ev.seq == 16 &&
		ev.age_ms == 1234 && next_is(k, 0, 0),
		"several messages read at once");
	/* the socket overflows: what is queued comes first, then the resync */
	q_error(ENOBUFS);
	push_event(17);
	ktap_ok(next_is(k, VTUN_K_EV_SWITCH, 17) &&
		next_is(k, VTUN_K_EV_RESYNC, 18) && next_is(k, 0, 0),
		"overflow is a resync behind what was queued");
	push_event(30);
	ktap_ok(next_is(k, VTUN_K_EV_RESYNC, 18) &&
		next_is(k, VTUN_K_EV_SWITCH, 30), "and the gap shows");
	vtun_k_close(k);

	event_seq = UINT32_MAX;
	k = open_it(VTUN_K_EVENTS);
	push_event(0);
	push_event(1);
	ktap_ok(next_is(k, VTUN_K_EV_SWITCH, 0) &&
		next_is(k, VTUN_K_EV_SWITCH, 1), "numbers wrap");
	vtun_k_close(k);
}

/* ---- random octets ---- */

static uint64_t rng = 1;

static uint32_t rnd(uint32_t below)
{
	rng = rng * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(rng >> 33) % below;
}

static void answer_random(const struct nlmsghdr *req)
{
	struct nlmsghdr *nlh;
	unsigned int n, m;
	char *room;
	size_t len;

	for (n = rnd(3); n; n--) {
		room = q_room();
		len = put_event(room, FAMILY, rnd(16), rnd(64));
		nlh = (struct nlmsghdr *)room;
		nlh->nlmsg_seq = req->nlmsg_seq;
		if (!rnd(4))
			nlh->nlmsg_type = rnd(2) ? NLMSG_ERROR : NLMSG_DONE;
		if (!rnd(2))
			nlh->nlmsg_flags = rnd(65536);
		for (m = rnd(12); m; m--)
			room[16 + rnd(len - 16)] = rnd(256);
		if (!rnd(4))
			nlh->nlmsg_len = rnd(len + 8);
		q_push(rnd(4) ? len : rnd(len + 1));
	}
	push_ack(req, 0, NULL, false);
}

static void test_random(void)
{
	struct vtun_k *k = open_it(VTUN_K_EVENTS);
	struct vtun_k_child *children, c = { 0 };
	struct vtun_k_info info = { 0 };
	struct vtun_k_event ev;
	struct vtun_k_sa *sas;
	unsigned int i, n;

	on_request = answer_random;
	for (i = 0; i < 20000; i++) {
		if (!vtun_k_child_list(k, &children, &n))
			free(children);
		if (!vtun_k_sa_list(k, &sas, &n))
			free(sas);
		vtun_k_info(k, &info);
		vtun_k_child_get(k, 1, NULL, &c);
		answer_random((struct nlmsghdr *)request);
		while (vtun_k_event_read(k, &ev) > 0)
			;
		q_head = q_tail;
	}
	ktap_ok(true, "%u rounds of random octets", i);
	vtun_k_close(k);
}

int main(void)
{
	ktap_begin();
	test_open();
	test_acks();
	test_dumps();
	test_child();
	test_install();
	test_events();
	test_random();
	return ktap_end();
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcpcheck: a TCP stream whose every octet the receiver compares.
 *
 *	tcpcheck -l [-p PORT] [-r READYFILE]		server, until killed
 *	tcpcheck [-p PORT] [-n OCTETS] [-R] [-t S] [-f FILE] ADDR
 *		-R: the server sends and the client compares
 *		-f: send this file with sendfile(2) instead (-n is its size);
 *		    the server returns a sum that is compared with a read of it
 *
 * Exit 0: everything arrived intact. 1: not. 2: usage.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "util.h"

#define CHUNK	65536

enum mode { MODE_SINK = 1, MODE_SOURCE, MODE_SUM };

struct hello {
	uint32_t mode;
	uint32_t pad;
	uint64_t seed, len;
};

struct result {
	uint64_t got, sum;
	uint32_t ok, pad;
};

static bool read_all(int fd, void *buf, size_t len)
{
	uint8_t *p = buf;
	ssize_t n;

	while (len) {
		n = read(fd, p, len);
		if (n <= 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

static bool write_all(int fd, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	ssize_t n;

	while (len) {
		n = write(fd, p, len);
		if (n <= 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

/* FNV-1a over words would do; over octets it also sees swapped ones */
static uint64_t sum_more(uint64_t sum, const uint8_t *p, size_t len)
{
	while (len--)
		sum = (sum ^ *p++) * 0x100000001b3ULL;
	return sum;
}

static void receive(int fd, const struct hello *h, struct result *res)
{
	static uint8_t buf[CHUNK], want[CHUNK];
	uint64_t state = h->seed;
	size_t n;

	res->ok = 1;
	res->sum = 0xcbf29ce484222325ULL;
	for (res->got = 0; res->got < h->len; res->got += n) {
		n = h->len - res->got < CHUNK ? h->len - res->got : CHUNK;
		if (!read_all(fd, buf, n)) {
			warn("after %lu of %lu octets",
			     (unsigned long)res->got, (unsigned long)h->len);
			res->ok = 0;
			return;
		}
		if (h->mode == MODE_SUM) {
			res->sum = sum_more(res->sum, buf, n);
			continue;
		}
		prng_fill(&state, want, n);
		if (memcmp(buf, want, n)) {
			warnx("octets from %lu on differ",
			      (unsigned long)res->got);
			res->ok = 0;
		}
	}
}

static bool transmit(int fd, const struct hello *h)
{
	static uint8_t buf[CHUNK];
	uint64_t state = h->seed, left = h->len;

	while (left) {
		size_t n = left < CHUNK ? left : CHUNK;

		prng_fill(&state, buf, n);
		if (!write_all(fd, buf, n))
			return false;
		left -= n;
	}
	return true;
}

/*
 * Who dies in the middle resets the connection: a socket that went on asking
 * for an answer through a dead tunnel would keep its namespace for minutes.
 */
static void abort_on_close(int fd, bool on)
{
	struct linger l = { .l_onoff = on };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
}

static void serve_one(int fd)
{
	struct result res = { 0 };
	struct hello h;

	abort_on_close(fd, true);
	if (!read_all(fd, &h, sizeof(h)))
		return;
	if (h.mode == MODE_SOURCE) {
		transmit(fd, &h);
		read_all(fd, &res, sizeof(res));
		return;
	}
	receive(fd, &h, &res);
	if (write_all(fd, &res, sizeof(res)) && res.ok)
		abort_on_close(fd, false);
}

static int serve(unsigned int port, const char *ready)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	int fd, con, one = 1;

	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (void *)&sin6, sizeof(sin6)) < 0 || listen(fd, 64) < 0)
		err(1, "port %u", port);
	signal(SIGCHLD, SIG_IGN);
	touch_ready(ready);
	for (;;) {
		con = accept(fd, NULL, NULL);
		if (con < 0)
			continue;
		if (!fork()) {
			close(fd);
			serve_one(con);
			_exit(0);
		}
		close(con);
	}
}

static uint64_t file_sum(int fd)
{
	static uint8_t buf[CHUNK];
	uint64_t sum = 0xcbf29ce484222325ULL;
	off_t off = 0;
	ssize_t n;

	while ((n = pread(fd, buf, sizeof(buf), off)) > 0) {
		sum = sum_more(sum, buf, n);
		off += n;
	}
	return sum;
}

/* page-cache pages go down the stack as they are: nobody may write to them */
static int send_file(int con, const char *path, struct hello *h)
{
	struct result res = { 0 };
	uint64_t before;
	struct stat st;
	off_t off = 0;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		err(1, "%s", path);
	h->mode = MODE_SUM;
	h->len = st.st_size;
	before = file_sum(fd);
	if (!write_all(con, h, sizeof(*h)))
		err(1, "hello");
	while (off < st.st_size)
		if (sendfile(con, fd, &off, st.st_size - off) <= 0)
			err(1, "sendfile");
	if (!read_all(con, &res, sizeof(res)) || !res.ok)
		errx(1, "the server did not get it all");
	if (res.sum != before)
		errx(1, "what arrived is not what the file held");
	if (file_sum(fd) != before)
		errx(1, "the file changed under the transfer");
	close(fd);
	return 0;
}

static int run_client(int con, struct hello *h)
{
	struct result res = { 0 };

	if (!write_all(con, h, sizeof(*h)))
		err(1, "hello");
	if (h->mode == MODE_SOURCE) {
		receive(con, h, &res);
		write_all(con, &res, sizeof(res));
		return res.ok ? 0 : 1;
	}
	if (!transmit(con, h))
		err(1, "send");
	if (!read_all(con, &res, sizeof(res)))
		err(1, "no verdict from the server");
	return res.ok && res.got == h->len ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct hello h = { .mode = MODE_SINK, .len = 1 << 20 };
	const char *port = "5001", *ready = NULL, *file = NULL;
	struct timeval tv = { .tv_sec = 30 };
	struct sockaddr_storage ss;
	bool listening = false;
	socklen_t len;
	uint64_t t0;
	int opt, con, rc;

	while ((opt = getopt(argc, argv, "lp:r:n:Rt:f:")) != -1) {
		if (opt == 'l')
			listening = true;
		else if (opt == 'p')
			port = optarg;
		else if (opt == 'r')
			ready = optarg;
		else if (opt == 'n')
			h.len = parse_num(optarg, "octets");
		else if (opt == 'R')
			h.mode = MODE_SOURCE;
		else if (opt == 't')
			tv.tv_sec = parse_num(optarg, "timeout");
		else if (opt == 'f')
			file = optarg;
		else
			return 2;
	}
	tv.tv_sec *= slowness();
	signal(SIGPIPE, SIG_IGN);
	if (listening)
		return serve(parse_num(port, "port"), ready);
	if (optind + 1 != argc)
		errx(2, "one address, please");
	len = parse_addr(argv[optind], port, SOCK_STREAM, &ss);
	con = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (con < 0)
		err(1, "socket");
	setsockopt(con, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(con, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	if (connect(con, (void *)&ss, len) < 0)
		err(1, "connect to %s port %s", argv[optind], port);
	/* the answer of the server is the last thing that counts */
	abort_on_close(con, true);
	t0 = now_us();
	h.seed = t0 | 1;
	rc = file ? send_file(con, file, &h) : run_client(con, &h);
	t0 = now_us() - t0;
	printf("%s: %lu octets in %lu us\n", rc ? "damaged" : "intact",
	       (unsigned long)h.len, (unsigned long)t0);
	return rc;
}

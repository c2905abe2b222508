// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wirecells: traffic through many tunnels, one after the other, from one
 * process with a foot in both namespaces: what it costs is packets.
 *
 *	wirecells [-x] [-s STEP] [-m MOST] [-n OCTETS] NETNS-A NETNS-B < CELLS
 *
 * A line of CELLS: the address in A, the one in B, and a label. Each cell has
 * datagrams of 0, STEP, 2 STEP … MOST octets in both directions, and a TCP
 * connection that carries OCTETS both ways at once. All octets are compared.
 * Prints "ok LABEL" or "not ok LABEL: what", and gives up after LOST_MAX of
 * the latter. -x: XFRM takes ESP in UDP in B. Exit 0 = every line was ok.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>

#include "util.h"

#define PORT	"5001"
#define WAIT_MS	3000
#define LOST_MAX 8

static unsigned int step = 97, most = 1300;
static unsigned long octets = 65536;
static int ns_fd[2];

/* of the cell at hand */
static struct sockaddr_storage addr[2];
static socklen_t addr_len;
static char why[160];

static int open_ns(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

/* port 4500 of both families belongs to XFRM as long as this program runs */
static void encap_socket(int family)
{
	int fd, one = 1, type = UDP_ENCAP_ESPINUDP;
	struct sockaddr_in6 any = {
		.sin6_family = family, .sin6_port = htons(4500),
	};

	if (setns(ns_fd[1], CLONE_NEWNET))
		err(1, "setns");
	fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(1, "socket");
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)))
		err(1, "bind to port 4500");
	if (setsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &type, sizeof(type)))
		err(1, "UDP_ENCAP");
}

/* bound to this end of the cell, in its namespace */
static int open_socket(int end, int type)
{
	int fd, one = 1, v6 = addr[end].ss_family == AF_INET6;
	struct linger reset = { .l_onoff = 1 };

	if (setns(ns_fd[end], CLONE_NEWNET))
		err(1, "setns");
	fd = socket(addr[end].ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    0);
	if (fd < 0)
		err(1, "socket");
	/* the addresses are local by route alone */
	setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
		   v6 ? IPV6_FREEBIND : IP_FREEBIND, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (bind(fd, (struct sockaddr *)&addr[end], addr_len))
		err(1, "bind");
	return fd;
}

static bool wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, WAIT_MS * slowness()) == 1;
}

/* one datagram from @end to the other */
static bool datagram(const int *fd, int end, unsigned int size, uint64_t *seed)
{
	char out[2048], in[2048];
	ssize_t got;

	prng_fill(seed, out, size);
	if (send(fd[end], out, size, 0) != (ssize_t)size) {
		snprintf(why, sizeof(why), "%u octets from %c: %s", size,
			 'a' + end, strerror(errno));
		return false;
	}
	if (!wait_for(fd[!end], POLLIN)) {
		snprintf(why, sizeof(why), "%u octets from %c: lost", size,
			 'a' + end);
		return false;
	}
	got = recv(fd[!end], in, sizeof(in), 0);
	if (got != (ssize_t)size || memcmp(in, out, size)) {
		snprintf(why, sizeof(why), "%u octets from %c: other octets",
			 size, 'a' + end);
		return false;
	}
	return true;
}

static bool datagrams(uint64_t seed)
{
	unsigned int size;
	bool ok = true;
	int fd[2], i;

	for (i = 0; i < 2; i++)
		fd[i] = open_socket(i, SOCK_DGRAM);
	for (i = 0; i < 2; i++)
		if (connect(fd[i], (struct sockaddr *)&addr[!i], addr_len))
			err(1, "connect");
	for (size = 0; size <= most && ok; size += step)
		ok = datagram(fd, 0, size, &seed) &&
		     datagram(fd, 1, size, &seed);
	close(fd[0]);
	close(fd[1]);
	return ok;
}

/* a connection from A to B, both ends of it */
static bool tcp_connect(int *fd)
{
	int listener = open_socket(1, SOCK_STREAM);
	bool ok = false;

	if (listen(listener, 1))
		err(1, "listen");
	fd[0] = open_socket(0, SOCK_STREAM);
	fd[1] = -1;
	if (connect(fd[0], (struct sockaddr *)&addr[1], addr_len) &&
	    errno != EINPROGRESS)
		err(1, "connect");
	if (wait_for(listener, POLLIN)) {
		fd[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
		ok = fd[1] >= 0 && wait_for(fd[0], POLLOUT);
	}
	close(listener);
	if (!ok)
		snprintf(why, sizeof(why), "no TCP connection");
	return ok;
}

struct stream {
	uint64_t send, expect;	/* states of the generator */
	unsigned long sent, got;
	char rest[16384];	/* enough for a super-packet */
	unsigned int at, left;
};

static bool stream_write(struct stream *s, int fd)
{
	ssize_t n;

	if (!s->left && s->sent < octets) {
		prng_fill(&s->send, s->rest, sizeof(s->rest));
		s->at = 0;
		s->left = sizeof(s->rest);
	}
	n = send(fd, s->rest + s->at, s->left, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN;
	s->at += n;
	s->left -= n;
	s->sent += n;
	return true;
}

/* whole pieces of 4096 octets, as they were made */
static bool stream_read(struct stream *s, int fd)
{
	char in[4096], want[4096];
	ssize_t n;

	while ((n = recv(fd, in, sizeof(in), MSG_PEEK)) == sizeof(in)) {
		recv(fd, in, sizeof(in), 0);
		prng_fill(&s->expect, want, sizeof(want));
		if (memcmp(in, want, sizeof(in)))
			return false;
		s->got += n;
	}
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static bool tcp(uint64_t seed)
{
	struct stream s[2] = {
		{ .send = seed + 1, .expect = seed + 2 },
		{ .send = seed + 2, .expect = seed + 1 },
	};
	uint64_t end = now_us() + 10 * 1000 * 1000 * slowness();
	bool ok = true;
	int fd[2], i;

	ok = tcp_connect(fd);
	while (ok && (s[0].got < octets || s[1].got < octets)) {
		for (i = 0; i < 2 && ok; i++) {
			ok = (s[i].sent >= octets && !s[i].left) ||
			     stream_write(&s[i], fd[i]);
			ok = ok && stream_read(&s[i], fd[i]);
			if (!ok)
				snprintf(why, sizeof(why),
					 "TCP: other octets at %c", 'a' + i);
		}
		if (ok && now_us() > end) {
			snprintf(why, sizeof(why), "TCP stops: %lu, %lu octets",
				 s[0].got, s[1].got);
			ok = false;
		}
		/* peeked octets of a piece that is not whole are readable */
		poll(NULL, 0, 1);
	}
	if (fd[1] >= 0)
		close(fd[1]);
	close(fd[0]);
	return ok;
}

int main(int argc, char **argv)
{
	char a[64], b[64], label[256];
	unsigned int cells = 0, good = 0;
	bool xfrm = false;
	int opt;

	while ((opt = getopt(argc, argv, "xs:m:n:")) != -1) {
		if (opt == 'x')
			xfrm = true;
		else if (opt == 's')
			step = parse_num(optarg, "step");
		else if (opt == 'm')
			most = parse_num(optarg, "most");
		else if (opt == 'n')
			octets = parse_num(optarg, "octets");
		else
			return 2;
	}
	if (argc != optind + 2 || !step || most > 2000)
		return 2;
	ns_fd[0] = open_ns(argv[optind]);
	ns_fd[1] = open_ns(argv[optind + 1]);
	octets = (octets + 16383) / 16384 * 16384;
	if (xfrm) {
		encap_socket(AF_INET);
		encap_socket(AF_INET6);
	}
	while (cells - good < LOST_MAX &&
	       scanf("%63s %63s %255[^\n]", a, b, label) == 3) {
		addr_len = parse_addr(a, PORT, SOCK_STREAM, &addr[0]);
		parse_addr(b, PORT, SOCK_STREAM, &addr[1]);
		cells++;
		if (datagrams(cells * 1000003) && tcp(cells * 1000003)) {
			printf("ok %s\n", label);
			good++;
		} else {
			printf("not ok %s: %s\n", label, why);
		}
		fflush(stdout);
	}
	return good && good == cells ? 0 : 1;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * natt: the UDP socket of a keying daemon, handed over to the module, and
 * nothing else of the daemon. It is killed, and started again.
 *
 *	natt [-a ADDR] [-p PORT] [-e] [-X] [-z] [-d PEER] [-r READYFILE]
 *		until killed; -e: hands over before bind(), and once more
 *		after; -X: hands over to XFRM; -z: ends at once, having turned
 *		UDP_ENCAP off; -d: one message of "IKE" to PEER
 *	natt -x KIND [-n NETNS]
 *		hands over what should be refused: file, tcp, raw, foreign (a
 *		socket of NETNS), encap (in use by XFRM), closed
 *
 * Each datagram that comes to the owner is a line: octets, text, from where.
 * Exit 0: as it should be. 1: not; the reason is on stderr. 2: usage.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/stat.h>

#include "lib/kernel.h"
#include "util.h"

#define MARKER	"\0\0\0\0"	/* RFC 3948 2.2 */
#define IKE	"IKE"
#define PORT	"4500"

struct natt {
	const char *addr, *port, *peer;
	bool early, xfrm, off;
	struct vtun_k *k;
	int fd;
};

static void use_encap(int fd, int type)
{
	if (setsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &type, sizeof(type)))
		err(1, "UDP_ENCAP");
}

static void attach(struct natt *n)
{
	if (n->xfrm) {
		use_encap(n->fd, UDP_ENCAP_ESPINUDP);
		return;
	}
	if (vtun_k_socket_attach(n->k, n->fd))
		errx(1, "%s", vtun_k_error(n->k));
}

static void open_socket(struct natt *n)
{
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(n->addr, n->port, SOCK_DGRAM, &ss);
	int one = 1;

	n->fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (n->fd < 0)
		err(1, "socket");
	/* an orphan of the one before may be there */
	if (setsockopt(n->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		err(1, "SO_REUSEADDR");
	if (n->early)
		attach(n);
	if (bind(n->fd, (struct sockaddr *)&ss, len))
		err(1, "bind");
	attach(n);
}

static void greet(struct natt *n)
{
	static const char text[] = MARKER IKE;
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(n->peer, PORT, SOCK_DGRAM, &ss);

	if (sendto(n->fd, text, sizeof(text) - 1, 0, (struct sockaddr *)&ss,
		   len) < 0)
		err(1, "%s", n->peer);
}

static void listen_for_ever(struct natt *n)
{
	struct sockaddr_storage ss;
	char buf[2048], host[64], port[8];
	socklen_t len;
	ssize_t got;

	for (;;) {
		len = sizeof(ss);
		got = recvfrom(n->fd, buf, sizeof(buf) - 1, 0,
			       (struct sockaddr *)&ss, &len);
		if (got < 0)
			continue;	/* an ICMP error */
		buf[got] = 0;
		getnameinfo((struct sockaddr *)&ss, len, host, sizeof(host),
			    port, sizeof(port),
			    NI_NUMERICHOST | NI_NUMERICSERV);
		printf("%zd %s %s %s\n", got, got > 4 ? buf + 4 : "-", host,
		       port);
		fflush(stdout);
	}
}

/* @ns: a socket of that namespace, this process stays where it is */
static int foreign_socket(const char *ns)
{
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int there, fd;
	char path[128];

	snprintf(path, sizeof(path), "/run/netns/%s", ns);
	there = open(path, O_RDONLY | O_CLOEXEC);
	if (here < 0 || there < 0 || setns(there, CLONE_NEWNET))
		err(1, "%s", path);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (setns(here, CLONE_NEWNET))
		err(1, "setns");
	return fd;
}

static int open_kind(const char *kind, const char *ns)
{
	int fd;

	if (!strcmp(kind, "file"))
		return open("/dev/null", O_RDONLY);
	if (!strcmp(kind, "closed"))
		return 1000;
	if (!strcmp(kind, "tcp"))
		return socket(AF_INET, SOCK_STREAM, 0);
	if (!strcmp(kind, "raw"))
		return socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
	if (!strcmp(kind, "foreign") && ns)
		return foreign_socket(ns);
	if (strcmp(kind, "encap"))
		errx(2, "nothing of the kind \"%s\"", kind);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	use_encap(fd, UDP_ENCAP_ESPINUDP);
	return fd;
}

int main(int argc, char **argv)
{
	const char *ready = NULL, *kind = NULL, *ns = NULL;
	struct natt n = { .addr = "0.0.0.0", .port = PORT };
	int opt;

	while ((opt = getopt(argc, argv, "a:p:eXzd:r:x:n:")) != -1) {
		if (opt == 'a')
			n.addr = optarg;
		else if (opt == 'p')
			n.port = optarg;
		else if (opt == 'e')
			n.early = true;
		else if (opt == 'X')
			n.xfrm = true;
		else if (opt == 'z')
			n.off = true;
		else if (opt == 'd')
			n.peer = optarg;
		else if (opt == 'r')
			ready = optarg;
		else if (opt == 'x')
			kind = optarg;
		else if (opt == 'n')
			ns = optarg;
		else
			return 2;
	}
	if (optind < argc)
		return 2;
	if (!n.xfrm && vtun_k_open(&n.k, 0))
		errx(1, "%s", vtun_k_error(n.k));
	if (kind) {
		n.fd = open_kind(kind, ns);
		if (n.fd < 0)
			err(1, "%s", kind);
		attach(&n);
		errx(2, "%s was taken", kind);
	}
	open_socket(&n);
	if (n.off) {
		use_encap(n.fd, 0);
		close(n.fd);
		return 0;
	}
	if (n.peer)
		greet(&n);
	touch_ready(ready);
	listen_for_ever(&n);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * flood: numbered UDP datagrams as fast as the path carries them. The receiver
 * acknowledges what it has seen, the sender keeps a window of datagrams in
 * flight: no queue overflows, so whatever is missing was lost by the tunnel.
 *
 *	flood -l [-p PORT] [-r READYFILE]		receiver, until killed
 *	flood [-p PORT] [-s OCTETS] [-w WINDOW] [-d SECONDS] [-u STOPFILE]
 *	      [-i INTERVAL_US] [-n COUNT] [-q] [-r READYFILE] ADDR
 *		ends after SECONDS or COUNT, or as soon as STOPFILE exists;
 *		-i: one datagram per interval instead of a full window
 *		-r: written when the first acknowledgment has come
 *		-q: ask nobody for the result, print nothing, exit 0
 *
 * The sender prints one line: sent, received, lost, duplicates, reordered,
 * the longest silence in microseconds, and datagrams per second. Exit 0: no
 * loss and no duplicate. 1: some. 2: usage.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

#include "util.h"

#define FLOOD_MAGIC	0x7674666cU
#define SIZE_MAX_UDP	65000
#define ACK_EVERY	8
#define SEEN_MAX	(64UL << 20)	/* datagrams per flood */

enum kind { KIND_DATA, KIND_END };

struct head {
	uint32_t magic, kind;
	uint64_t flood, seq;
};

struct ack {
	uint32_t magic, final;
	uint64_t flood, received, dup, reordered, highest;
};

struct flood {
	int fd;
	uint64_t id, sent, window, interval_us, count;
	uint64_t stalls, given_up, silence_us, last_ack_us;
	size_t size;
	bool quiet;
	struct ack ack;
};

static void want_buffers(int fd)
{
	int size = 16 << 20;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
}

static void count_one(struct ack *a, uint8_t *seen, const struct head *h)
{
	uint8_t bit = 1 << (h->seq & 7);

	if (h->seq >= SEEN_MAX)
		errx(1, "more datagrams than the receiver can tell apart");
	if (seen[h->seq >> 3] & bit) {
		a->dup++;
		return;
	}
	seen[h->seq >> 3] |= bit;
	a->received++;
	if (h->seq < a->highest)
		a->reordered++;
	else
		a->highest = h->seq;
}

static int receive(unsigned int port, const char *ready)
{
	static uint8_t buf[SIZE_MAX_UDP], seen[SEEN_MAX / 8];
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	const struct head *h = (void *)buf;
	struct ack ack = { .magic = FLOOD_MAGIC };
	struct sockaddr_storage from;
	socklen_t len;
	int fd;

	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(1, "socket");
	want_buffers(fd);
	if (bind(fd, (void *)&sin6, sizeof(sin6)) < 0)
		err(1, "port %u", port);
	touch_ready(ready);
	for (;;) {
		ssize_t n;

		len = sizeof(from);
		n = recvfrom(fd, buf, sizeof(buf), 0, (void *)&from, &len);
		if (n < (ssize_t)sizeof(*h) || h->magic != FLOOD_MAGIC)
			continue;
		if (h->flood != ack.flood) {
			memset(&ack, 0, sizeof(ack));
			memset(seen, 0, sizeof(seen));
			ack.magic = FLOOD_MAGIC;
			ack.flood = h->flood;
		}
		ack.final = h->kind == KIND_END;
		if (!ack.final)
			count_one(&ack, seen, h);
		if (ack.final || ack.received % ACK_EVERY == 0 ||
		    n > (ssize_t)sizeof(*h) + 8000)
			sendto(fd, &ack, sizeof(ack), 0, (void *)&from, len);
	}
}

static void note_silence(struct flood *f)
{
	uint64_t now = now_us(), gap = now - f->last_ack_us;

	if (gap > f->silence_us)
		f->silence_us = gap;
	f->last_ack_us = now;
}

static bool take_ack(struct flood *f, int timeout_ms)
{
	struct pollfd pfd = { .fd = f->fd, .events = POLLIN };
	bool any = false;
	struct ack a;

	if (poll(&pfd, 1, timeout_ms) <= 0)
		return false;
	while (recv(f->fd, &a, sizeof(a), MSG_DONTWAIT) == sizeof(a)) {
		if (a.magic != FLOOD_MAGIC || a.flood != f->id)
			continue;
		/* acknowledgements may overtake each other */
		if (a.received >= f->ack.received)
			f->ack = a;
		any = true;
	}
	if (any)
		note_silence(f);
	return any;
}

static void send_kind(struct flood *f, enum kind kind)
{
	static uint8_t buf[SIZE_MAX_UDP];
	struct head *h = (void *)buf;

	h->magic = FLOOD_MAGIC;
	h->kind = kind;
	h->flood = f->id;
	h->seq = f->sent;
	while (send(f->fd, buf, f->size, 0) < 0) {
		if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
			warn("send");
			break;
		}
		usleep(1000);
	}
	if (kind == KIND_DATA)
		f->sent++;
}

/*
 * The window is counted from what was acknowledged or given up as lost; the
 * receiver stays up to ACK_EVERY - 1 datagrams silent, so it must be wider.
 */
static void send_windowed(struct flood *f)
{
	while (f->sent - f->ack.received - f->given_up >= f->window) {
		if (take_ack(f, 1000))
			continue;
		/* a whole second of silence: all of the window is gone */
		f->stalls++;
		f->given_up = f->sent - f->ack.received;
	}
	if (f->sent % ACK_EVERY == 0)
		take_ack(f, 0);
	send_kind(f, KIND_DATA);
}

static void send_paced(struct flood *f, uint64_t *next)
{
	uint64_t now = now_us();

	if (now < *next)
		take_ack(f, (*next - now) / 1000);
	while ((now = now_us()) < *next)
		usleep(*next - now);
	*next += f->interval_us;
	send_kind(f, KIND_DATA);
	take_ack(f, 0);
}

static void finish(struct flood *f)
{
	unsigned int i;

	for (i = 0; i < 20 && !f->ack.final; i++) {
		send_kind(f, KIND_END);
		take_ack(f, 250);
	}
	if (!f->ack.final)
		warnx("the receiver did not answer the end of the flood");
}

static int run(struct flood *f, uint64_t us, const char *stop,
	       const char *ready)
{
	uint64_t t0 = now_us(), next = t0, spent;

	f->last_ack_us = t0;
	for (;;) {
		if (f->count && f->sent >= f->count)
			break;
		if (us && now_us() - t0 >= us)
			break;
		if (stop && f->sent % 16 == 0 && !access(stop, F_OK))
			break;
		if (f->interval_us)
			send_paced(f, &next);
		else
			send_windowed(f);
		if (ready && f->ack.received) {
			touch_ready(ready);
			ready = NULL;
		}
	}
	spent = now_us() - t0;
	if (f->quiet)
		return 0;
	finish(f);
	printf("sent %lu received %lu lost %ld dup %lu reordered %lu silence %lu us rate %lu pps stalls %lu\n",
	       (unsigned long)f->sent, (unsigned long)f->ack.received,
	       (long)(f->sent - f->ack.received), (unsigned long)f->ack.dup,
	       (unsigned long)f->ack.reordered, (unsigned long)f->silence_us,
	       (unsigned long)(spent ? f->sent * 1000000 / spent : 0),
	       (unsigned long)f->stalls);
	return f->ack.final && f->sent == f->ack.received && !f->ack.dup ?
	       0 : 1;
}

int main(int argc, char **argv)
{
	struct flood f = { .size = 200, .window = 64 };
	const char *port = "5002", *ready = NULL, *stop = NULL;
	struct sockaddr_storage ss;
	bool listening = false;
	uint64_t seconds = 0;
	socklen_t len;
	int opt;

	while ((opt = getopt(argc, argv, "lp:r:s:w:d:u:i:n:q")) != -1) {
		if (opt == 'l')
			listening = true;
		else if (opt == 'p')
			port = optarg;
		else if (opt == 'r')
			ready = optarg;
		else if (opt == 's')
			f.size = parse_num(optarg, "size");
		else if (opt == 'w')
			f.window = parse_num(optarg, "window");
		else if (opt == 'd')
			seconds = parse_num(optarg, "seconds");
		else if (opt == 'u')
			stop = optarg;
		else if (opt == 'i')
			f.interval_us = parse_num(optarg, "interval");
		else if (opt == 'q')
			f.quiet = true;
		else if (opt == 'n')
			f.count = parse_num(optarg, "count");
		else
			return 2;
	}
	if (listening)
		return receive(parse_num(port, "port"), ready);
	if (optind + 1 != argc)
		errx(2, "one address, please");
	if (f.size < sizeof(struct head) || f.size > SIZE_MAX_UDP)
		errx(2, "size: %zu to %d", sizeof(struct head), SIZE_MAX_UDP);
	if (f.window < 2 * ACK_EVERY)
		errx(2, "window: at least %d", 2 * ACK_EVERY);
	len = parse_addr(argv[optind], port, SOCK_DGRAM, &ss);
	f.fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (f.fd < 0)
		err(1, "socket");
	want_buffers(f.fd);
	if (connect(f.fd, (void *)&ss, len) < 0)
		err(1, "connect to %s", argv[optind]);
	f.id = now_us() << 16 | (getpid() & 0xffff);
	return run(&f, seconds * 1000000, stop, ready);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pings: echo requests of many sizes from one process, a window of them in
 * flight, every octet of every reply compared. ping(8) would need a process
 * per size, which costs more than the tunnel under an emulated CPU.
 *
 *	pings [-s LO-HI[:STEP]] [-n ROUNDS] [-w WINDOW] [-t MS] [-B SRC] ADDR
 *
 * Exit 0: everything answered once and intact. 1: not. 2: usage.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>

#include "util.h"

#define PAYLOAD_MAX	65507	/* of IPv4 */
#define SEQ_MAX		65536

struct pings {
	int fd;
	bool v6;
	uint16_t id;
	unsigned int window;
	uint64_t timeout_us;
	unsigned int sent, got, bad, dup, foreign;
	uint64_t sent_at[SEQ_MAX];	/* 0 = answered or never sent */
	uint32_t size_of[SEQ_MAX];
	uint64_t rtt_sum, rtt_max;
};

static uint16_t inet_csum(const void *buf, size_t len)
{
	const uint8_t *p = buf;
	uint32_t sum = 0;

	for (; len > 1; len -= 2, p += 2)
		sum += p[0] << 8 | p[1];
	if (len)
		sum += p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum & 0xffff);
}

static void fill(uint8_t *buf, unsigned int seq, size_t len)
{
	uint64_t state = 0x9e3779b97f4a7c15ULL + seq;

	prng_fill(&state, buf, len);
}

static void send_one(struct pings *p, const struct sockaddr_storage *to,
		     socklen_t tolen, unsigned int size)
{
	static uint8_t buf[PAYLOAD_MAX + 8];
	unsigned int seq = p->sent & 0xffff;
	struct icmp6_hdr *h6 = (void *)buf;
	struct icmphdr *h4 = (void *)buf;

	memset(buf, 0, 8);
	fill(buf + 8, seq, size);
	if (p->v6) {
		h6->icmp6_type = ICMP6_ECHO_REQUEST;
		h6->icmp6_id = p->id;
		h6->icmp6_seq = htons(seq);
	} else {
		h4->type = ICMP_ECHO;
		h4->un.echo.id = p->id;
		h4->un.echo.sequence = htons(seq);
		h4->checksum = inet_csum(buf, size + 8);
	}
	p->size_of[seq] = size;
	p->sent_at[seq] = now_us();
	p->sent++;
	if (sendto(p->fd, buf, size + 8, 0, (const void *)to, tolen) < 0)
		warn("size %u", size);
}

static void check_one(struct pings *p, const uint8_t *buf, size_t len)
{
	static uint8_t want[PAYLOAD_MAX];
	unsigned int seq, size;
	uint64_t rtt;

	if (!p->v6) {
		size_t ihl = (buf[0] & 15) * 4;

		if (len < ihl + 8)
			return;
		buf += ihl;
		len -= ihl;
	}
	if (len < 8 || buf[0] != (p->v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) ||
	    memcmp(buf + 4, &p->id, 2)) {
		p->foreign++;
		return;
	}
	seq = buf[6] << 8 | buf[7];
	if (!p->sent_at[seq]) {
		p->dup++;
		return;
	}
	size = p->size_of[seq];
	fill(want, seq, size);
	if (len - 8 != size || memcmp(buf + 8, want, size)) {
		warnx("size %u: reply differs (%zu octets)", size, len - 8);
		p->bad++;
	}
	rtt = now_us() - p->sent_at[seq];
	p->rtt_sum += rtt;
	if (rtt > p->rtt_max)
		p->rtt_max = rtt;
	p->sent_at[seq] = 0;
	p->got++;
}

/* takes replies until fewer than @room are in flight or nothing comes */
static bool drain(struct pings *p, unsigned int room)
{
	static uint8_t buf[PAYLOAD_MAX + 128];
	struct pollfd pfd = { .fd = p->fd, .events = POLLIN };
	uint64_t end = now_us() + p->timeout_us;
	ssize_t n;

	while (p->sent - p->got >= room) {
		uint64_t now = now_us();

		if (now >= end)
			return false;
		if (poll(&pfd, 1, (end - now) / 1000 + 1) <= 0)
			continue;
		n = recv(p->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n > 0) {
			check_one(p, buf, n);
			end = now_us() + p->timeout_us;
		}
	}
	return true;
}

static int report(const struct pings *p)
{
	unsigned int i, shown = 0;

	printf("sent %u received %u lost %u bad %u dup %u avg %lu us max %lu us\n",
	       p->sent, p->got, p->sent - p->got, p->bad, p->dup,
	       p->got ? (unsigned long)(p->rtt_sum / p->got) : 0,
	       (unsigned long)p->rtt_max);
	for (i = 0; i < SEQ_MAX && shown < 10; i++) {
		if (!p->sent_at[i])
			continue;
		printf("lost: payload of %u octets\n", p->size_of[i]);
		shown++;
	}
	return p->got == p->sent && !p->bad && !p->dup ? 0 : 1;
}

static void parse_sizes(const char *s, unsigned int *lo, unsigned int *hi,
			unsigned int *step)
{
	if (sscanf(s, "%u-%u:%u", lo, hi, step) < 1)
		errx(2, "sizes: %s", s);
	if (!strchr(s, '-'))
		*hi = *lo;
	if (*hi < *lo || *hi > PAYLOAD_MAX || !*step)
		errx(2, "sizes: %s", s);
}

int main(int argc, char **argv)
{
	static struct pings p = { .window = 32, .timeout_us = 3000000 };
	unsigned int lo = 56, hi = 56, step = 1, rounds = 1, size;
	struct sockaddr_storage to, from;
	const char *src = NULL;
	int opt, rcvbuf = 4 << 20;
	socklen_t tolen, len;

	while ((opt = getopt(argc, argv, "s:n:w:t:B:")) != -1) {
		if (opt == 's')
			parse_sizes(optarg, &lo, &hi, &step);
		else if (opt == 'n')
			rounds = parse_num(optarg, "rounds");
		else if (opt == 'w')
			p.window = parse_num(optarg, "window");
		else if (opt == 't')
			p.timeout_us = parse_num(optarg, "timeout") * 1000;
		else if (opt == 'B')
			src = optarg;
		else
			return 2;
	}
	p.timeout_us *= slowness();
	if (optind + 1 != argc)
		errx(2, "one address, please");
	tolen = parse_addr(argv[optind], "", SOCK_RAW, &to);
	p.v6 = to.ss_family == AF_INET6;
	p.id = htons(getpid() & 0xffff);
	p.fd = socket(to.ss_family, SOCK_RAW,
		      p.v6 ? (int)IPPROTO_ICMPV6 : (int)IPPROTO_ICMP);
	if (p.fd < 0)
		err(1, "raw socket");
	setsockopt(p.fd, SOL_SOCKET, SO_RCVBUFFORCE, &rcvbuf, sizeof(rcvbuf));
	if (src) {
		len = parse_addr(src, "", SOCK_RAW, &from);
		if (bind(p.fd, (void *)&from, len) < 0)
			err(1, "bind %s", src);
	}
	for (; rounds; rounds--) {
		for (size = lo; size <= hi; size += step) {
			if (!drain(&p, p.window))
				return report(&p);
			send_one(&p, &to, tolen, size);
			if (size != hi && size + step > hi)
				size = hi - step; /* the largest is sent */
		}
	}
	drain(&p, 1);
	return report(&p);
}

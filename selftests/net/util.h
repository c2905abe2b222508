/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the traffic programs of the tests share. */
#ifndef SELFTESTS_NET_UTIL_H
#define SELFTESTS_NET_UTIL_H

#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* how much longer things take here, see lib.sh */
static inline unsigned int slowness(void)
{
	const char *s = getenv("SLOW");
	int n = s ? atoi(s) : 1;

	return n > 0 ? n : 1;
}

static inline unsigned long parse_num(const char *s, const char *what)
{
	unsigned long n, scale = 1;
	char *end;

	errno = 0;
	n = strtoul(s, &end, 0);
	if (*end == 'k' || *end == 'K')
		scale = 1024, end++;
	else if (*end == 'M')
		scale = 1024 * 1024, end++;
	if (errno || end == s || *end)
		errx(2, "%s: not a number: %s", what, s);
	return n * scale;
}

/* numeric address and port ("" = none) to a socket address */
static inline socklen_t parse_addr(const char *host, const char *port,
				   int socktype, struct sockaddr_storage *ss)
{
	struct addrinfo hints = {
		.ai_socktype = socktype,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	}, *res;
	socklen_t len;
	int rc;

	rc = getaddrinfo(host, *port ? port : NULL, &hints, &res);
	if (rc)
		errx(2, "%s port %s: %s", host, port, gai_strerror(rc));
	len = res->ai_addrlen;
	memcpy(ss, res->ai_addr, len);
	freeaddrinfo(res);
	return len;
}

/* tells the script that waits for it that this server listens */
static inline void touch_ready(const char *path)
{
	FILE *f;

	if (!path)
		return;
	f = fopen(path, "w");
	if (!f)
		err(1, "%s", path);
	fprintf(f, "%d\n", getpid());
	fclose(f);
}

/* xorshift64: cheap octets both ends can compute from a seed */
static inline uint64_t prng_next(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

static inline void prng_fill(uint64_t *state, void *buf, size_t len)
{
	uint8_t *p = buf;
	uint64_t v;

	for (; len >= sizeof(v); len -= sizeof(v), p += sizeof(v)) {
		v = prng_next(state);
		memcpy(p, &v, sizeof(v));
	}
	if (len) {
		v = prng_next(state);
		memcpy(p, &v, len);
	}
}

#endif /* SELFTESTS_NET_UTIL_H */

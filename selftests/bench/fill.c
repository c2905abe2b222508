// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fill: children, SAs and policies by the hundred thousand, in the namespace it
 * runs in.
 *
 *	fill children COUNT IFNAME LOCAL REMOTE out|in
 *	fill sas COUNT out|in
 *	fill policies COUNT CHILD	one host each
 *	fill overlap COUNT CHILD	one port each, the last asked last
 *
 * Children are c0, c1 and so on: of host 10.64.0.0 + number, which is behind
 * the other end (out) or this one (in). Their SAs have the SPI 4096 + number
 * and a key of that number, AES-256-GCM: both ends agree, and nobody else sees
 * a packet.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/kernel.h"

#define HOSTS	0x0a400000	/* 10.64.0.0 */
#define NEAR	0x0a0a0001	/* 10.10.0.1 */
#define NET	0x0a0a0000	/* 10.10.0.0/24 */
#define SPI	4096
#define PORT	20000
#define GCM	20

static struct vtun_k *k;

static struct vtun_ts range(uint32_t first, uint32_t last)
{
	struct vtun_ts ts = { .family = AF_INET, .port_end = 65535 };

	first = htonl(first);
	last = htonl(last);
	memcpy(ts.start, &first, sizeof(first));
	memcpy(ts.end, &last, sizeof(last));
	return ts;
}

static struct vtun_ts host(uint32_t addr)
{
	return range(addr, addr);
}

static void parse_addr(const char *text, struct vtun_addr *a)
{
	a->family = AF_INET;
	if (inet_pton(AF_INET, text, a->addr) != 1)
		errx(2, "no address: %s", text);
}

static bool is_in(const char *word)
{
	if (strcmp(word, "in") && strcmp(word, "out"))
		errx(2, "in or out, not %s", word);
	return !strcmp(word, "in");
}

static void children(uint32_t count, char **words)
{
	struct vtun_k_child c;
	uint32_t i;

	vtun_k_child_init(&c);
	if (vtun_k_link_index(k, words[0], &c.ifindex))
		errx(1, "%s: %s", words[0], vtun_k_error(k));
	parse_addr(words[1], &c.local);
	parse_addr(words[2], &c.remote);
	c.n_ts_local = 1;
	c.n_ts_remote = 1;
	c.ts_local[0] = host(NEAR);
	c.ts_remote[0] = host(NEAR);
	for (i = 0; i < count; i++) {
		c.id = i + 1;
		snprintf(c.name, sizeof(c.name), "c%u", i);
		*(is_in(words[3]) ? c.ts_local : c.ts_remote) =
			host(HOSTS + i);
		if (vtun_k_child_add(k, &c, NULL))
			errx(1, "child %u: %s", i, vtun_k_error(k));
	}
}

static void sas(uint32_t count, char **words)
{
	struct vtun_k_sa sa = { .encr = GCM, .key_len = 36, .esn = true };
	struct vtun_k_install ins = { .sw = VTUN_SWITCH_NOW };
	uint32_t i;

	sa.dir = is_in(words[0]) ? VTUN_DIR_IN : VTUN_DIR_OUT;
	if (sa.dir == VTUN_DIR_IN) {
		sa.replay_window = VTUN_REPLAY_WINDOW_DEFAULT;
		ins.in = &sa;
	} else {
		ins.out = &sa;
	}
	for (i = 0; i < count; i++) {
		ins.child_id = i + 1;
		sa.spi = SPI + i;
		memcpy(sa.key, &i, sizeof(i));
		if (vtun_k_sa_install(k, &ins))
			errx(1, "SA %u: %s", i, vtun_k_error(k));
	}
}

static void policies(uint32_t count, const char *child, bool overlap)
{
	struct vtun_k_policy p = { .action = VTUN_ACTION_PROTECT };
	struct vtun_k_child c;
	uint32_t i;

	if (vtun_k_child_get(k, 0, child, &c))
		errx(1, "%s: %s", child, vtun_k_error(k));
	p.child_id = c.id;
	p.local = host(NEAR);
	if (overlap) {
		p.local = range(NET, NET + 255);
		p.local.proto = IPPROTO_UDP;
		p.remote = p.local;
	}
	for (i = 0; i < count; i++) {
		if (overlap) {
			p.priority = i + 1;
			p.remote.port_start = PORT + i;
			p.remote.port_end = PORT + i;
		} else {
			p.remote = host(HOSTS + i);
		}
		if (vtun_k_policy_add(k, &p, NULL))
			errx(1, "policy %u: %s", i, vtun_k_error(k));
	}
}

int main(int argc, char **argv)
{
	uint32_t count;

	if (argc < 4)
		errx(2, "see the head of the source");
	count = strtoul(argv[2], NULL, 10);
	if (vtun_k_open(&k, 0))
		errx(1, "%s", vtun_k_error(k));
	if (!strcmp(argv[1], "children") && argc == 7)
		children(count, argv + 3);
	else if (!strcmp(argv[1], "sas"))
		sas(count, argv + 3);
	else if (!strcmp(argv[1], "policies"))
		policies(count, argv[3], false);
	else if (!strcmp(argv[1], "overlap") && count <= 65535 - PORT)
		policies(count, argv[3], true);
	else
		errx(2, "see the head of the source");
	vtun_k_close(k);
	return 0;
}

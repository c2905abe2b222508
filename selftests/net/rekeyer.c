// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rekeyer: make-before-break rekeys of one child between two namespaces, one
 * after the other as fast as the kernel allows, from one process.
 *
 *	rekeyer [-n COUNT] [-k KEEP] [-t MS] [-g FIRST] [-u SUITE]
 *		[-i] NS-A NS-B CHILD
 *
 * A rekey as RFC 7296 2.8 has it: B installs both SAs, the outbound one on
 * standby; A installs both and switches, sending one dummy packet; B switches
 * by that proof. Both then delete what is KEEP (4) generations back and was
 * replaced MS (200) ago, so that what is still on its way is let in. Time and
 * not only generations: an emulated CPU may rest for several milliseconds with
 * a packet in its hands, and that is several generations.
 *
 * -i: a line of standard input asks for each rekey, and one answers it, with
 * the microseconds it took.
 *
 * SPIs are those of lib.sh: 0xa000 + generation from A, 0xb000 from B; the
 * KEEP pairs before FIRST, or all since 1, are there already. Exit 0: every
 * switch came.
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/random.h>

#include "lib/kernel.h"
#include "lib/names.h"
#include "util.h"

#define SPI_A	0xa000
#define SPI_B	0xb000
#define GENERATIONS 1024	/* pairs at a time, at most */

struct end {
	struct vtun_k *k;
	const char *name;
	uint32_t child, spi_in, spi_out;
};

static void open_end(struct end *e, const char *ns, const char *child)
{
	struct vtun_k_child c;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", ns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		err(1, "%s", path);
	close(fd);
	e->name = ns;
	if (vtun_k_open(&e->k, 0))
		errx(1, "%s: %s", ns, vtun_k_error(e->k));
	if (vtun_k_child_get(e->k, 0, child, &c))
		errx(1, "%s: %s", ns, vtun_k_error(e->k));
	e->child = c.id;
}

static void fill_sa(struct vtun_k_sa *sa, uint32_t spi, uint16_t encr,
		    const uint8_t *key, size_t len)
{
	memset(sa, 0, sizeof(*sa));
	sa->spi = spi;
	sa->encr = encr;
	sa->key_len = len;
	memcpy(sa->key, key, len);
	sa->replay_window = VTUN_REPLAY_WINDOW_DEFAULT;
	sa->esn = true;
}

static void install(struct end *e, uint32_t gen, const uint8_t keys[2][36],
		    uint16_t encr, size_t len, bool first)
{
	struct vtun_k_install ins = {
		.child_id = e->child,
		.sw = first ? VTUN_SWITCH_STANDBY : VTUN_SWITCH_NOW,
		.prove = !first,
	};
	struct vtun_k_sa in, out;
	bool from_a = e->spi_out == SPI_A;

	fill_sa(&in, e->spi_in + gen, encr, keys[from_a], len);
	fill_sa(&out, e->spi_out + gen, encr, keys[!from_a], len);
	in.dir = VTUN_DIR_IN;
	out.dir = VTUN_DIR_OUT;
	ins.in = &in;
	ins.out = &out;
	if (vtun_k_sa_install(e->k, &ins))
		errx(1, "%s, generation %u: %s", e->name, gen,
		     vtun_k_error(e->k));
}

static void drop(struct end *e, uint32_t gen)
{
	if (vtun_k_sa_del(e->k, VTUN_DIR_OUT, e->child, e->spi_out + gen) ||
	    vtun_k_sa_del(e->k, VTUN_DIR_IN, e->child, e->spi_in + gen))
		errx(1, "%s, deleting generation %u: %s", e->name, gen,
		     vtun_k_error(e->k));
}

/* One pair of each end, from the time it was replaced on */
static struct {
	uint64_t replaced_us[GENERATIONS];
	uint32_t oldest;	/* generation that is still there */
	uint32_t keep;
	uint64_t grace_us;
} old;

/* Deletes what is due before generation @gen; @all: waits until it is due */
static void drop_old(struct end *a, struct end *b, uint32_t gen, bool all)
{
	for (; old.oldest + old.keep <= gen; old.oldest++) {
		uint64_t due = old.replaced_us[old.oldest % GENERATIONS] +
			       old.grace_us;
		uint64_t now = now_us();

		if (now < due && !all && gen - old.oldest < GENERATIONS - 1)
			return;
		if (now < due)
			usleep(due - now);
		drop(a, old.oldest);
		drop(b, old.oldest);
	}
}

static void await_switch(struct end *e, uint32_t gen)
{
	uint64_t end = now_us() + 5000000;
	struct vtun_k_child c;

	for (;;) {
		if (vtun_k_child_get(e->k, e->child, NULL, &c))
			errx(1, "%s: %s", e->name, vtun_k_error(e->k));
		if (c.out_spi == e->spi_out + gen)
			return;
		if (now_us() > end)
			errx(1, "%s did not switch to generation %u", e->name,
			     gen);
		usleep(500);
	}
}

static size_t suite_key(const char *name, uint16_t *encr)
{
	*encr = !strcmp(name, "chacha20poly1305") ? 28 : 20;
	return !strcmp(name, "aes128gcm16") ? 20 : 36;
}

/* One make-before-break rekey, its microseconds */
static uint64_t rekey(struct end *a, struct end *b, uint32_t gen,
		      const char *suite)
{
	uint64_t start = now_us();
	uint8_t keys[2][36];
	uint16_t encr;
	size_t len = suite_key(suite, &encr);

	if (getrandom(keys, sizeof(keys), 0) != sizeof(keys))
		err(1, "getrandom");
	install(b, gen, keys, encr, len, true);
	install(a, gen, keys, encr, len, false);
	await_switch(b, gen);
	old.replaced_us[(gen - 1) % GENERATIONS] = now_us();
	drop_old(a, b, gen, false);
	return now_us() - start;
}

static bool asked(void)
{
	char line[16];

	return fgets(line, sizeof(line), stdin);
}

int main(int argc, char **argv)
{
	struct end a = { .spi_in = SPI_B, .spi_out = SPI_A };
	struct end b = { .spi_in = SPI_A, .spi_out = SPI_B };
	uint32_t count = 1000, gen = 2, i;
	const char *suite = "aes128gcm16";
	bool interactive = false;
	uint64_t t0, us;
	int opt;

	old.keep = 4;
	old.grace_us = 200000;
	while ((opt = getopt(argc, argv, "n:k:t:g:u:i")) != -1) {
		if (opt == 'n')
			count = parse_num(optarg, "count");
		else if (opt == 'k')
			old.keep = parse_num(optarg, "keep");
		else if (opt == 't')
			old.grace_us = parse_num(optarg, "time") * 1000;
		else if (opt == 'g')
			gen = parse_num(optarg, "generation");
		else if (opt == 'u')
			suite = optarg;
		else if (opt == 'i')
			interactive = true;
		else
			return 2;
	}
	if (optind + 3 != argc)
		errx(2, "NS-A NS-B CHILD, please");
	open_end(&a, argv[optind], argv[optind + 2]);
	open_end(&b, argv[optind + 1], argv[optind + 2]);
	t0 = now_us();
	old.oldest = gen > old.keep ? gen - old.keep : 1;
	setlinebuf(stdout);
	for (i = 0; i < count && (!interactive || asked()); i++, gen++) {
		us = rekey(&a, &b, gen, suite);
		if (interactive)
			printf("%lu\n", (unsigned long)us);
	}
	t0 = now_us() - t0;
	drop_old(&a, &b, gen - 1, true);
	if (!interactive)
		printf("%u rekeys in %lu ms, %lu a second\n", count,
		       (unsigned long)(t0 / 1000),
		       (unsigned long)(t0 ? count * 1000000ULL / t0 : 0));
	vtun_k_close(a.k);
	vtun_k_close(b.k);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* vtun-ikesim: runs seeded schedules of two IKE engines; see sim.h. */
#include "sim.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void usage(FILE *f)
{
	fprintf(f,
		"usage: vtun-ikesim [--schedules N] [--start N] [-q]\n"
		"       vtun-ikesim --seed N [-v]\n"
		"\n"
		"Runs two IKE engines against each other in virtual time.\n"
		"  --schedules N  how many seeds, default 1000\n"
		"  --start N      first seed, default 1\n"
		"  --seed N       replay this one\n"
		"  -v             with --seed: draw every message\n"
		"  -q             no progress lines\n");
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static bool one(uint64_t seed, FILE *trace)
{
	char error[256];

	if (sim_schedule(seed, trace, error, sizeof(error)))
		return true;
	printf("FAILED seed %llu: %s\n"
	       "replay with: vtun-ikesim --seed %llu -v\n",
	       (unsigned long long)seed, error, (unsigned long long)seed);
	return false;
}

static int many(uint64_t first, uint64_t n, bool quiet)
{
	unsigned int failed = 0, i;
	double start = seconds();
	uint64_t k;

	for (i = 0; i < sim_n_regressions; i++)
		failed += !one(sim_regressions[i], NULL);
	for (k = 0; k < n && failed < 10; k++) {
		failed += !one(first + k, NULL);
		if (!quiet && (k + 1) % 1000 == 0) {
			printf("%llu schedules, %u failed, %.1f s\n",
			       (unsigned long long)k + 1, failed,
			       seconds() - start);
			fflush(stdout);
		}
	}
	printf("%u regression seeds and %llu schedules from %llu: %u failed, %.1f s\n",
	       sim_n_regressions, (unsigned long long)k,
	       (unsigned long long)first, failed, seconds() - start);
	return failed ? 1 : 0;
}

static bool number(const char *text, uint64_t *v)
{
	char *end;

	*v = strtoull(text, &end, 0);
	if (*text && !*end)
		return true;
	fprintf(stderr, "vtun-ikesim: \"%s\" is not a number\n", text);
	return false;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "schedules", required_argument, NULL, 'n' },
		{ "start", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	uint64_t seed = 0, n = 1000, first = 1;
	bool replay = false, verbose = false, quiet = false;
	int c;

	while ((c = getopt_long(argc, argv, "vqh", options, NULL)) != -1) {
		switch (c) {
		case 's':
			replay = true;
			if (!number(optarg, &seed))
				return 2;
			break;
		case 'n':
			if (!number(optarg, &n))
				return 2;
			break;
		case 'b':
			if (!number(optarg, &first))
				return 2;
			break;
		case 'v':
			verbose = true;
			break;
		case 'q':
			quiet = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (!replay)
		return many(first, n, quiet);
	if (!one(seed, verbose ? stdout : NULL))
		return 1;
	printf("seed %llu passed\n", (unsigned long long)seed);
	return 0;
}

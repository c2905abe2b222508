// SPDX-License-Identifier: GPL-2.0-or-later
/* vtkeyd: options, offline check, start. */
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "daemon.h"
#include "lib/control.h"

#define EXIT_REFUSED	1
#define EXIT_USAGE	2

static const char usage[] =
	"usage: vtkeyd [-dv] [-c FILE] [--socket PATH] [--run-dir DIR]\n"
	"              [--down-on-exit]\n"
	"       vtkeyd -n [-v] [-c FILE]      check the configuration and exit\n"
	"       vtkeyd --list-keys | --version | --help\n";

enum { OPT_SOCKET = 256, OPT_RUN_DIR, OPT_DOWN, OPT_KEYS, OPT_VERSION };

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, 'n' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "debug", no_argument, NULL, 'd' },
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "run-dir", required_argument, NULL, OPT_RUN_DIR },
	{ "down-on-exit", no_argument, NULL, OPT_DOWN },
	{ "list-keys", no_argument, NULL, OPT_KEYS },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static int check_config(const char *path, bool verbose)
{
	struct keyd_config *cfg = keyd_config_load(path);
	int ret = EXIT_SUCCESS;

	if (!cfg) {
		fprintf(stderr, "vtkeyd: out of memory\n");
		return EXIT_REFUSED;
	}
	keyd_config_report(cfg, stderr);
	if (cfg->n_errors) {
		fprintf(stderr, "%s: %u error%s\n", path, cfg->n_errors,
			cfg->n_errors == 1 ? "" : "s");
		ret = EXIT_REFUSED;
	} else if (verbose) {
		keyd_config_print(cfg, stdout);
	} else {
		printf("%s: no errors, %u conn%s\n", path, cfg->n_conns,
		       cfg->n_conns == 1 ? "" : "s");
	}
	keyd_config_free(cfg);
	return ret;
}

static int usage_error(void)
{
	fputs(usage, stderr);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct keyd_options opt = {
		.config = KEYD_CONF_FILE,
	};
	bool check = false, verbose = false;
	int c;

	while ((c = getopt_long(argc, argv, "c:nvdh", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			opt.config = optarg;
			break;
		case 'n':
			check = true;
			break;
		case 'v':
			verbose = true;
			break;
		case 'd':
			opt.debug = true;
			break;
		case OPT_SOCKET:
			opt.socket = optarg;
			break;
		case OPT_RUN_DIR:
			opt.run_dir = optarg;
			break;
		case OPT_DOWN:
			opt.down_on_exit = true;
			break;
		case OPT_KEYS:
			keyd_config_list_keys(stdout);
			return EXIT_SUCCESS;
		case OPT_VERSION:
			printf("vtkeyd %s\n", VTUN_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			return usage_error();
		}
	}
	if (optind < argc) {
		fprintf(stderr, "vtkeyd: unexpected argument '%s'\n",
			argv[optind]);
		return usage_error();
	}
	if (sodium_init() < 0) {
		fprintf(stderr, "vtkeyd: libsodium does not start\n");
		return EXIT_REFUSED;
	}
	if (check)
		return check_config(opt.config, verbose);
	return keyd_daemon_run(&opt);
}

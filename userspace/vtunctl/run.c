// SPDX-License-Identifier: GPL-2.0-or-later
/* Table of verbs, options that go with every verb, and errors. */
#include "vtunctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/control.h"
#include "lib/names.h"

#define LIMITS_USAGE \
	"LIMITS = [soft-time T] [hard-time T] [soft-idle T] [hard-idle T]\n" \
	"         [soft-bytes B] [hard-bytes B] [soft-packets N]\n" \
	"         [hard-packets N] [margin T]\n" \
	"T = 30s 500ms 5m 1h 2d, plain number: seconds.  B = 4096 64K 5M 1G\n"

#define CHILD_USAGE \
	"          [local-ts TS[,TS...]] [remote-ts TS[,TS...]]\n" \
	"          [encap udp|none] [local-port N] [remote-port N] [keepalive T]\n" \
	"          [df copy|set|clear] [dscp copy|N] [mss off|auto|N] [mark N]\n" \
	"          [link IF|none] [hold-packets N] [hold-bytes B] [hold-ms N]\n"

const struct ctl_verb ctl_verbs[] = {
	{ "child add",
	  "NAME [dev IF] local ADDR remote ADDR [id N]\n"
	  "          [mode tunnel|transport]\n"
	  CHILD_USAGE
	  "          [on-demand] [follow-peer] [decap-dscp] [no-ecn]",
	  "Creates a child: what travels, and between which outer addresses.\n"
	  "With a device, that routes to it, and its addresses may be missing if\n"
	  "the device has them; without, policies bring traffic.\n"
	  "TS = PREFIX or ADDR-ADDR, then [PROTO/PORT-PORT] if wanted:\n"
	  "10.1.0.0/16[tcp/80]. Without selectors everything matches.",
	  ctl_child_add, true },
	{ "child set",
	  "NAME [local ADDR] [remote ADDR]\n"
	  CHILD_USAGE
	  "          [on-demand yes|no] [follow-peer yes|no] [decap-dscp yes|no]\n"
	  "          [no-ecn yes|no]",
	  "Changes a child in place: its SAs, counters and replay state stay.",
	  ctl_child_set, false },
	{ "child del", "NAME | id N",
	  "Deletes a child with all its SAs.", ctl_child_del, false },
	{ "sa install",
	  "child NAME [standby [deadline MS]] [prove]\n"
	  "          [in spi SPI suite SUITE key FILE [esn] [window N] [seq N] LIMITS]\n"
	  "          [out spi SPI suite SUITE key FILE [esn] [seq N] LIMITS]",
	  "Installs an inbound and an outbound SA, whole or not at all.\n"
	  LIMITS_USAGE
	  "SUITE = chacha20poly1305 aes128gcm16 aes192gcm16 aes256gcm16, each also\n"
	  "        with -iiv; aes128cbc aes192cbc aes256cbc with -sha1 -sha256 -sha384\n"
	  "        or -sha512\n"
	  "FILE holds hexadecimal digits, the key of the cipher, then its salt or\n"
	  "the key for integrity; \"-\" is standard input, one line per key.",
	  ctl_sa_install, false },
	{ "sa set", "in spi SPI LIMITS | out child NAME spi SPI LIMITS",
	  "Gives an SA other limits; those that are not named stay, 0 is none.\n"
	  LIMITS_USAGE
	  "A soft limit that lies ahead announces soft expiry once more.",
	  ctl_sa_set, false },
	{ "sa activate", "child NAME spi SPI",
	  "Makes a standby outbound SA the current one.",
	  ctl_sa_activate, false },
	{ "sa del", "in spi SPI | out child NAME spi SPI",
	  "Deletes one SA.", ctl_sa_del, false },
	{ "spi alloc", "child NAME [min SPI] [max SPI]",
	  "Reserves an inbound SPI and prints it.", ctl_spi_alloc, true },
	{ "policy add",
	  "protect child NAME | bypass | discard\n"
	  "          [local TS] [remote TS] [priority N] [id N]",
	  "Creates a policy. A lower priority is asked first, 1000 by default.\n"
	  "local is the source of what is sent; a side that is missing matches\n"
	  "everything of the family and protocol of the other.",
	  ctl_policy_add, true },
	{ "policy del", "ID", "Deletes a policy.", ctl_policy_del, false },
	{ "policy list", "", "Prints the policies in order of evaluation.",
	  ctl_policy_list, true },
	{ "policy flush", "", "Deletes every policy of the namespace.",
	  ctl_policy_flush, false },
	{ "socket add", "local ADDR [port N]",
	  "Takes ESP in UDP that comes to a port, 4500 by default, until the\n"
	  "socket is deleted or a program attaches its own.",
	  ctl_socket_add, false },
	{ "socket del", "local ADDR [port N]",
	  "Takes no more ESP from there.", ctl_socket_del, false },
	{ "socket list", "", "Prints the sockets that take ESP in UDP.",
	  ctl_socket_list, true },
	{ "flush", "", "Deletes every child and SA of the namespace.",
	  ctl_flush, false },
	{ "batch", "[FILE]",
	  "Runs the verbs in FILE or standard input, one per line; \"#\" begins a\n"
	  "comment. Stops at the first one that fails and says which it was.",
	  ctl_batch, false },
	{ "show", "[children|sas|ike|info|policies|sockets] [NAME]",
	  "Prints state; NAME is a child or a connection.", ctl_show, true },
	{ "monitor", "[--count N] [--timeout SECONDS]",
	  "Prints events of module and daemon as they happen, one per line.\n"
	  "Fails when --timeout comes before --count events.",
	  ctl_monitor, true },
	{ "up", "CONN [CHILD]", "Asks the daemon to bring it up.",
	  ctl_up, false },
	{ "down", "CONN [CHILD]", "Asks the daemon to take it down.",
	  ctl_down, false },
	{ "rekey", "CONN [CHILD]",
	  "Asks the daemon for new keys; without CHILD for the IKE SA.",
	  ctl_rekey, false },
	{ "reload", "", "Asks the daemon to read its configuration again.",
	  ctl_reload, true },
	{ "genkey", "", "Prints a new Ed25519 private key in base64.",
	  ctl_genkey, false },
	{ "pubkey", "", "Reads a private key, prints its public key.",
	  ctl_pubkey, false },
	{ "version", "", "Versions of tool, module and daemon.",
	  ctl_version, true },
	{ NULL }
};

int ctl_fail(const struct ctl *c, enum ctl_exit code, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("vtunctl: ", stderr);
	if (c && c->line)
		fprintf(stderr, "line %u: ", c->line);
	if (c && c->verb)
		fprintf(stderr, "%s: ", c->verb->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}

int ctl_usage(const struct ctl *c, const struct vtun_err *err)
{
	ctl_fail(c, CTL_USAGE, "%s", err->text);
	if (c->verb)
		fprintf(stderr, "Usage: vtunctl %s %s\n", c->verb->name,
			c->verb->usage);
	return CTL_USAGE;
}

int ctl_kernel_fail(const struct ctl *c)
{
	return ctl_fail(c, CTL_REFUSED, "%s", vtun_k_error(c->k));
}

int ctl_kernel(struct ctl *c, unsigned int flags)
{
	if (c->k)
		return CTL_OK;
	if (!vtun_k_open(&c->k, flags))
		return CTL_OK;
	ctl_fail(c, CTL_UNREACHABLE, "%s", vtun_k_error(c->k));
	vtun_k_close(c->k);
	c->k = NULL;
	return CTL_UNREACHABLE;
}

int ctl_print_json(json_t *obj)
{
	json_t *all = json_pack("{s:i}", "schema", CTL_SCHEMA);
	int ret = -1;

	if (all && obj && !json_object_update(all, obj))
		ret = json_dumpf(all, stdout, JSON_INDENT(2));
	json_decref(all);
	json_decref(obj);
	if (ret)
		return ctl_fail(NULL, CTL_REFUSED, "out of memory");
	putchar('\n');
	return CTL_OK;
}

static void print_indented(const char *text)
{
	const char *end;

	for (; *text; text = *end ? end + 1 : end) {
		end = strchrnul(text, '\n');
		printf("    %.*s\n", (int)(end - text), text);
	}
}

static int help(const struct ctl_verb *verb)
{
	const struct ctl_verb *v;

	if (verb) {
		printf("Usage: vtunctl %s %s\n\n", verb->name, verb->usage);
		print_indented(verb->help);
		return CTL_OK;
	}
	puts("Usage: vtunctl [--json] [--socket PATH] VERB ...\n");
	for (v = ctl_verbs; v->name; v++)
		printf("  vtunctl %s %s\n", v->name, v->usage);
	puts("\nvtunctl VERB --help explains a verb. Exit status: 0 done,\n"
	     "1 refused, 2 usage, 3 module or daemon cannot be reached.");
	return CTL_OK;
}

/* words of @name at the front of @argv; 0 = another verb */
static int matches(const char *name, char **argv)
{
	const char *space = strchr(name, ' ');

	if (!space)
		return argv[0] && !strcmp(argv[0], name);
	if (!argv[0] || strncmp(argv[0], name, space - name) ||
	    argv[0][space - name])
		return 0;
	return argv[1] && !strcmp(argv[1], space + 1) ? 2 : 0;
}

static int find_verb(struct ctl *c)
{
	const char *first[64], *second[64];
	const struct ctl_verb *v;
	unsigned int i = 0, n = 0;
	const char *near;
	int words;

	for (v = ctl_verbs; v->name; v++) {
		words = matches(v->name, c->argv);
		if (words) {
			c->verb = v;
			c->argv += words;
			return CTL_OK;
		}
		words = strcspn(v->name, " ");
		if (v->name[words] && !strncmp(v->name, c->argv[0], words) &&
		    !c->argv[0][words])
			second[n++] = v->name + words + 1;
		first[i++] = v->name[words] ? strndupa(v->name, words)
					    : v->name;
	}
	first[i] = NULL;
	second[n] = NULL;
	if (n) {
		near = c->argv[1] ? vtun_nearest(c->argv[1], second) : NULL;
		return ctl_fail(c, CTL_USAGE, c->argv[1] ?
				"unknown verb \"%s %s\"%s%s%s" :
				"verb \"%s\" is incomplete; try vtunctl --help",
				vtun_quote(c->argv[0]),
				c->argv[1] ? vtun_quote(c->argv[1]) : "",
				near ? "; did you mean \"" : "",
				near ? near : "", near ? "\"?" : "");
	}
	near = vtun_nearest(c->argv[0], first);
	return ctl_fail(c, CTL_USAGE, "unknown verb \"%s\"%s%s%s",
			vtun_quote(c->argv[0]),
			near ? "; did you mean \"" : "; try vtunctl --help",
			near ? near : "", near ? "\"?" : "");
}

/* takes what may stand anywhere out of the words */
static int global_options(struct ctl *c, bool *want_help)
{
	char **from = c->argv, **to = c->argv;

	for (; *from; from++) {
		if (!strcmp(*from, "--json") || !strcmp(*from, "-j")) {
			c->json = true;
		} else if (!strcmp(*from, "--help") || !strcmp(*from, "-h")) {
			*want_help = true;
		} else if (!strcmp(*from, "--socket")) {
			if (!from[1])
				return ctl_fail(c, CTL_USAGE, "--socket needs a path");
			c->socket = *++from;
		} else {
			*to++ = *from;
		}
	}
	*to = NULL;
	return CTL_OK;
}

int ctl_run_verb(struct ctl *c)
{
	int ret;

	c->verb = NULL;
	c->word = NULL;
	ret = find_verb(c);
	if (!c->verb)
		return ret;
	if (c->json && !c->verb->json)
		return ctl_fail(c, CTL_USAGE, "--json has no meaning here");
	return c->verb->run(c);
}

int vtunctl_run(int argc, char **argv)
{
	struct ctl c = { .argv = argv + 1, .socket = VTUN_CTL_SOCKET };
	bool want_help = false;
	int ret;

	if (argc < 1)
		return CTL_USAGE;
	ret = global_options(&c, &want_help);
	if (ret)
		return ret;
	if (c.argv[0] && !strcmp(c.argv[0], "--version"))
		c.argv[0] += 2;
	if (!c.argv[0] || !strcmp(c.argv[0], "help")) {
		if (want_help || c.argv[0])
			return help(NULL);
		return ctl_fail(&c, CTL_USAGE, "no verb; try vtunctl --help");
	}
	if (want_help) {
		ret = find_verb(&c);
		return c.verb ? help(c.verb) : ret;
	}
	ret = ctl_run_verb(&c);
	vtun_k_close(c.k);
	if (fflush(stdout) && !ret)
		ret = ctl_fail(&c, CTL_REFUSED, "standard output: %s",
			       strerror(errno));
	return ret;
}

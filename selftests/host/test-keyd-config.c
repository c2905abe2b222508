// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Configuration of vtkeyd: what is refused and where, what follows from what,
 * drop-ins, secrets, damaged files; every key of a child behind either door.
 *
 * Proves: S-11
 */
#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vtkeyd/config-parse.h"

static unsigned int tests, failed;
static char dir[64], path[128];

static void __attribute__((format(printf, 2, 3)))
result(bool ok, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("%sok %u ", ok ? "" : "not ", ++tests);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
	failed += !ok;
}

static void write_file(const char *name, const void *data, size_t len,
		       mode_t mode)
{
	FILE *f = fopen(name, "w");

	if (!f || fwrite(data, 1, len, f) != len || fclose(f) ||
	    chmod(name, mode)) {
		printf("Bail out! %s: %s\n", name, strerror(errno));
		exit(1);
	}
}

static struct keyd_config *load_text(const char *text)
{
	write_file(path, text, strlen(text), 0600);
	return keyd_config_load(path);
}

#define CONN	"conn a {\n local-addr 192.0.2.1\n remote-addr 192.0.2.2\n" \
		" psk \"twenty octets or more of key\"\n"
#define CHILD	" child c {\n  dev vtun0\n  local-ts 10.1.0.0/16\n" \
		"  remote-ts 10.2.0.0/16\n"
#define END	" }\n}\n"

/* what one addition to a good file brings; line 0 = nothing, text NULL = any */
static const struct {
	const char *name, *text;
	unsigned int line;
	bool warning;
	const char *want;
} cases[] = {
	{ "good file", CONN CHILD END, 0 },
	{ "empty file", "", 0 },
	{ "comments and blanks", "# a\n\n \t# b\n" CONN CHILD "# c\n" END, 0 },
	{ "CR LF", "log-level debug\r\n" CONN CHILD END, 0 },
	{ "hash inside a word", CONN "remote-id a.b#c\n" CHILD END, 5, false,
	  "remote-id" },
	{ "quoted value with #", CONN CHILD END "log-level \"debug\" # x\n",
	  0 },
	{ "S-15 auto-negotiate with remote any",
	  "conn a {\nlocal-addr 192.0.2.1\nremote-addr any\nremote-id b\n"
	  "psk \"twenty octets or more of key\"\n" CHILD
	  "auto-negotiate yes\n" END, 10, false,
	  "auto-negotiate cannot be set with remote-addr any" },
	{ "S-32 child life not below IKE life",
	  CONN "ike-life 3600\n" CHILD "keylife-seconds 3600\n" END, 10, true,
	  "not below ike-life" },
	{ "S-32 default child life", CONN "ike-life 3600\n" CHILD END, 6, true,
	  "not below ike-life" },
	{ "S-32 says nothing of volume",
	  CONN "ike-life 3600\n" CHILD "keylife-type kilobytes\n" END, 0 },
	{ "short pre-shared key",
	  "conn a {\nlocal-addr 192.0.2.1\nremote-addr 192.0.2.2\n"
	  "psk \"nineteen octets.....\"\npsk-file /x\n" CHILD END, 5, false,
	  "exclude each other" },
	{ "B23 pre-shared key of 19 octets",
	  "conn a {\nlocal-addr 192.0.2.1\nremote-addr 192.0.2.2\n"
	  "psk \"0123456789012345678\"\n" CHILD END, 4, true,
	  "less than 20 octets" },
	{ "S-13 keepalive no with auto-negotiate",
	  CONN CHILD "auto-negotiate yes\nkeepalive no\n" END, 10, true,
	  "implies keepalive" },
	{ "R10 ESN without a window", CONN CHILD "replay-window 0\n" END, 9,
	  false, "esn no" },
	{ "no window without ESN",
	  CONN CHILD "replay-window 0\nesn no\n" END, 0 },
	{ "volume key without effect", CONN CHILD "keylife-kbs 100\n" END, 9,
	  true, "no effect" },
	{ "same device and selectors", CONN CHILD " }\n child d {\ndev vtun0\n"
	  "local-ts 10.1.0.0/16\nremote-ts 10.2.0.0/16\n" END, 10, true,
	  "only one of them gets traffic" },
	{ "policies for a door",
	  CONN " child c {\npolicy yes\npolicy-priority 0\nlocal-ts ::/0\n"
	  "remote-ts ::/0\n" END, 0 },
	{ "no door", CONN " child c {\nlocal-ts ::/0\nremote-ts ::/0\n" END,
	  5, false, "a child without device says \"policy yes\"" },
	{ "policy no is no door",
	  CONN " child c {\npolicy no\nlocal-ts ::/0\nremote-ts ::/0\n" END,
	  5, false, "key \"dev\" is missing" },
	{ "two doors", CONN CHILD "policy yes\n" END, 9, false,
	  "policy yes and dev exclude each other" },
	{ "policy-priority of a device", CONN CHILD "policy-priority 5\n" END,
	  9, true, "no effect without policy yes" },
	{ "policy-priority that is no number",
	  CONN CHILD "policy-priority 4294967296\n" END, 9, false,
	  "from 0 to 4294967295" },
	{ "policies without selectors", CONN " child c {\npolicy yes\n"
	  "local-ts ::/0\n" END, 5, false, "key \"remote-ts\" is missing" },
	{ "policies and remote any",
	  "conn a {\nlocal-addr 192.0.2.1\nremote-addr any\nremote-id b\n"
	  "psk \"twenty octets or more of key\"\n child c {\npolicy yes\n"
	  "local-ts ::/0\nremote-ts ::/0\n" END, 7, false,
	  "policy yes cannot be set with remote-addr any" },
	{ "same selectors of two children with policies",
	  CONN " child c {\npolicy yes\nlocal-ts ::/0\nremote-ts ::/0\n }\n"
	  " child d {\npolicy yes\nlocal-ts ::/0\nremote-ts ::/0\n" END, 10,
	  true, "has the selectors of child \"c\"" },
	{ "no protocol in common", CONN " child c {\ndev v\n"
	  "local-ts ::/0[tcp]\nremote-ts ::/0[udp]\n" END, 8, false,
	  "no protocol in common" },
	{ "ports of a protocol that has none", CONN " child c {\ndev v\n"
	  "local-ts ::/0[47/5]\nremote-ts ::/0\n" END, 7, false,
	  "local-ts has ports of protocol 47" },
	{ "kernel name too long",
	  "conn abcdefghijklmnopqrst {\n local-addr 192.0.2.1\n"
	  " remote-addr 192.0.2.2\n psk \"twenty octets or more of key\"\n"
	  " child abcdefghijk {\n dev v\n local-ts ::/0\n remote-ts ::/0\n"
	  END, 5, false, "its name in the kernel" },
	{ "missing brace at the end", CONN CHILD " }\n", 1, false,
	  "has no '}'" },
	{ "control character", CONN CHILD "esn\001yes\n" END, 9, false,
	  "control character 0x01" },
	{ "public key of another length",
	  CONN "remote-public-key MTIzNA==\n" CHILD END, 5, false, "base64" },
	{ "17 selectors", CONN CHILD " }\nchild d {\ndev vtun1\n"
	  "local-ts 10.0.0.0/8\n"
	  "remote-ts ::1,::2,::3,::4,::5,::6,::7,::8,::9,::a,::b,::c,::d,::e,::f,::10,::11\n"
	  END, 13, false,
	  "more than 16 selectors" },
};

static void test_cases(void)
{
	const struct keyd_diag *d;
	struct keyd_config *cfg;
	unsigned int i, j;
	bool ok;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cfg = load_text(cases[i].text);
		ok = !cases[i].line && !cfg->n_diags;
		for (j = 0; j < cfg->n_diags && cases[i].line; j++) {
			d = &cfg->diags[j];
			if (d->line == cases[i].line &&
			    d->warning == cases[i].warning &&
			    strstr(d->text, cases[i].want))
				ok = true;
		}
		if (cases[i].line && cases[i].warning == !!cfg->n_errors)
			ok = false;
		result(ok, "%s", cases[i].name);
		if (!ok)
			keyd_config_report(cfg, stdout);
		keyd_config_free(cfg);
	}
}

static void test_values(void)
{
	struct ike_conn_cfg ike;
	struct keyd_config *cfg;
	struct ike_child_cfg *c;
	uint32_t id = 7;

	cfg = load_text(CONN CHILD
			"keylife-type both\nkeylife-kbs 5120\n"
			"keylife-packets 1000\nauto-negotiate yes\nesn only\n"
			"esp-proposal aes128gcm16, chacha20poly1305\npfs no\n"
			END);
	result(!cfg->n_errors && cfg->n_conns == 1, "values are taken");
	result(!keyd_ike_conn_fill(&cfg->conns[0], &id, &ike), "engine's view");
	c = ike.children;
	result(ike.n_children == 1 && c->kernel_id == 7, "kernel id");
	result(c->life.time_ms == 43200000 && c->life.bytes == 5120 * 1024 &&
	       c->life.packets == 1000, "lifetimes");
	result(c->keepalive && c->auto_negotiate && c->on_demand,
	       "auto-negotiate implies keepalive");
	result(c->n_suites == 2 && c->suites[0].encr == IKE_ENCR_AES_GCM_16 &&
	       c->suites[0].key_bits == 128 && c->suites[0].ke == IKE_KE_NONE &&
	       c->suites[1].encr == IKE_ENCR_CHACHA20_POLY1305 &&
	       c->suites[1].esn == IKE_ESN_YES, "proposals");
	result(ike.local_id.type == IKE_ID_IPV4 && ike.local_id.len == 4 &&
	       ike.local_id.data[3] == 1 && ike.remote_id.data[3] == 2,
	       "identities follow the addresses");
	result(ike.life_ms == 86400000 && ike.dpd_ms == 30000 &&
	       ike.retry_ms == 5000 && ike.n_suites == 2, "defaults of a conn");
	result(ike.psk_len == 28, "pre-shared key");
	keyd_ike_conn_clear(&ike);
	keyd_config_free(cfg);
}

/* S-11: but for the door itself, its kind is nothing the engine could see */
static void test_doors(void)
{
	static const char keys[] = "local-ts 10.1.0.0/16\n"
		"remote-ts 10.2.0.0/16\nesp-proposal aes128gcm16\n"
		"start manual\nauto-negotiate yes\nkeepalive yes\n"
		"keylife-type both\nkeylife-seconds 1h\nkeylife-kbs 999\n"
		"keylife-packets 5000\npfs no\nesn no\nreplay-window 64\n"
		"hold-packets 5\nhold-bytes 7K\nhold-time 3s\n";
	static const char *const doors[] = { "dev vtun0", "policy yes" };
	struct ike_conn_cfg ike[2];
	struct keyd_config *cfg[2];
	const struct keyd_key *key;
	unsigned int i, j, n, given;
	char text[1024];
	bool ok = true;

	key = keyd_keys(KEYD_CHILD, &n);
	for (i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "%s child c {\n%s\n%s%s", CONN,
			 doors[i], keys, END);
		cfg[i] = load_text(text);
		ok = ok && !cfg[i]->n_errors &&
		     !keyd_ike_conn_fill(&cfg[i]->conns[0], NULL, &ike[i]);
		for (j = 0, given = 0; j < n; j++)
			given += !!cfg[i]->conns[0].children[0].b.key_line[j];
		/* all but "policy" and its priority, or "dev" and that */
		ok = ok && given == n - 2;
	}
	result(ok && key, "S-11 every key of a child goes with either door");
	result(ok && !memcmp(ike[0].children, ike[1].children,
			     sizeof(*ike[0].children)),
	       "S-11 and means the same");
	for (i = 0; i < 2; i++) {
		keyd_ike_conn_clear(&ike[i]);
		keyd_config_free(cfg[i]);
	}
}

static const struct {
	const char *text;
	uint8_t type;
	uint16_t len;
} ids[] = {
	{ "192.0.2.7", IKE_ID_IPV4, 4 },
	{ "2001:db8::7", IKE_ID_IPV6, 16 },
	{ "gw-a.example", IKE_ID_FQDN, 12 },
	{ "user@gw.example", IKE_ID_EMAIL, 15 },
	{ "keyid:c0ffee", IKE_ID_KEY_ID, 3 },
};

static void test_ids(void)
{
	struct keyd_config *cfg;
	char text[512];
	unsigned int i;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		snprintf(text, sizeof(text), CONN "remote-id %s\n" CHILD END,
			 ids[i].text);
		cfg = load_text(text);
		result(!cfg->n_errors &&
		       cfg->conns[0].remote_id.type == ids[i].type &&
		       cfg->conns[0].remote_id.len == ids[i].len,
		       "identity %s", ids[i].text);
		keyd_config_free(cfg);
	}
}

static bool has(const struct keyd_config *cfg, bool warning, const char *text)
{
	unsigned int i;

	for (i = 0; i < cfg->n_diags; i++)
		if (cfg->diags[i].warning == warning &&
		    strstr(cfg->diags[i].text, text))
			return true;
	return false;
}

static void test_dropins(void)
{
	static const char two[] = "log-level debug\nconn b {\n}\n" CONN CHILD
				  END;
	static const char one[] = "down-on-exit yes\nlog-level info\n";
	struct keyd_config *cfg;
	char name[192];

	snprintf(name, sizeof(name), "%s.d", path);
	mkdir(name, 0700);
	snprintf(name, sizeof(name), "%s.d/10-one.conf", path);
	write_file(name, one, sizeof(one) - 1, 0600);
	snprintf(name, sizeof(name), "%s.d/20-two.conf", path);
	write_file(name, two, sizeof(two) - 1, 0600);
	snprintf(name, sizeof(name), "%s.d/30-three.conf~", path);
	write_file(name, "nonsense\n", 9, 0600);
	cfg = load_text(CONN CHILD END);
	result(cfg->n_files == 3, "drop-ins: *.conf and nothing else");
	result(cfg->down_on_exit == 1, "a drop-in sets a key");
	result(cfg->n_diags > 2 && cfg->diags[0].file == 2 &&
	       cfg->diags[0].line == 1 &&
	       strstr(cfg->diags[0].text, "10-one.conf:2"),
	       "a key set twice names both places");
	result(has(cfg, false, "already defined at"),
	       "a conn defined twice names both places");
	keyd_config_free(cfg);
	unlink(name);
	snprintf(name, sizeof(name), "%s.d/20-two.conf", path);
	unlink(name);
	snprintf(name, sizeof(name), "%s.d/10-one.conf", path);
	unlink(name);
	snprintf(name, sizeof(name), "%s.d", path);
	rmdir(name);
}

static void test_secrets(void)
{
	char text[1024], secret[128];
	struct keyd_config *cfg;

	snprintf(secret, sizeof(secret), "%s/secret", dir);
	snprintf(text, sizeof(text), "conn a {\nlocal-addr 192.0.2.1\n"
		 "remote-addr 192.0.2.2\npsk-file %s\n" CHILD END, secret);
	write_file(secret, "0123456789012345678901\n", 23, 0600);
	cfg = load_text(text);
	result(!cfg->n_diags && cfg->conns[0].psk.len == 22,
	       "psk-file, line end cut");
	keyd_config_free(cfg);
	chmod(secret, 0644);
	cfg = load_text(text);
	result(!cfg->n_errors && has(cfg, true, "readable by everybody"),
	       "psk-file readable by everybody");
	keyd_config_free(cfg);
	write_file(secret, "\n", 1, 0600);
	cfg = load_text(text);
	result(has(cfg, false, "holds 0 octets"), "empty psk-file");
	keyd_config_free(cfg);
	unlink(secret);
	cfg = load_text(text);
	result(has(cfg, false, "No such file"), "psk-file missing");
	keyd_config_free(cfg);

	snprintf(text, sizeof(text), "conn a {\nlocal-addr 192.0.2.1\n"
		 "remote-addr 192.0.2.2\nauth ed25519\nprivate-key-file %s\n"
		 "remote-public-key MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n"
		 CHILD END, secret);
	write_file(secret, "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=\n", 45,
		   0600);
	cfg = load_text(text);
	/* RFC 8032 7.1 test 1: the public half is known */
	result(!cfg->n_diags && cfg->conns[0].private_key[32] == 0xd7 &&
	       cfg->conns[0].private_key[33] == 0x5a, "private-key-file");
	keyd_config_free(cfg);
	write_file(secret, "nWGxne/9WmC6hEr0kuws\n", 21, 0600);
	cfg = load_text(text);
	result(has(cfg, false, "44 characters"), "damaged private-key-file");
	keyd_config_free(cfg);
	unlink(secret);
}

/* the printed configuration means what it was printed from */
static void test_round_trip(void)
{
	struct keyd_config *cfg;
	char *one, *two, *psk;
	size_t len;
	FILE *f;

	cfg = load_text(CONN "remote-id keyid:0011\nretry 7s\n" CHILD
			"auto-negotiate yes\nhold-time 1500ms\n" END);
	f = open_memstream(&one, &len);
	keyd_config_print(cfg, f);
	fclose(f);
	keyd_config_free(cfg);
	result(strstr(one, "implied by auto-negotiate") &&
	       strstr(one, "# default"), "implied values and defaults marked");
	psk = strstr(one, "\"(28 octets");
	result(psk && !strstr(one, "twenty octets"), "no secret is printed");
	cfg = load_text(one);
	result(!cfg->n_errors && cfg->conns[0].children[0].hold_ms == 1500 &&
	       cfg->conns[0].retry_ms == 7000, "printed form can be read");
	f = open_memstream(&two, &len);
	keyd_config_print(cfg, f);
	fclose(f);
	keyd_config_free(cfg);
	free(one);
	free(two);
}

static void test_limits(void)
{
	char text[400] = "log-level ";
	struct keyd_config *cfg;
	unsigned int i;

	for (i = 0; i < 64; i++)
		strcat(text, "a, ");
	strcat(text, "a\n");
	cfg = load_text(text);
	result(has(cfg, false, "more than 64 words"), "65 words in a line");
	keyd_config_free(cfg);
}

static void test_same(void)
{
	static const char *const other[] = {
		"retry 7s\n" CHILD END, CHILD "pfs no\n" END,
		CHILD "hold-packets 1\n" END, CHILD " }\nchild d {\n" END,
	};
	struct keyd_config *a, *b;
	char text[512];
	unsigned int i;

	a = load_text(CONN CHILD END);
	b = load_text("# moved\n" CONN CHILD "esn yes\n" END);
	result(keyd_conn_same(&a->conns[0], &b->conns[0]),
	       "same but for place and a default written out");
	keyd_config_free(b);
	for (i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		snprintf(text, sizeof(text), CONN "%s", other[i]);
		b = load_text(text);
		result(!keyd_conn_same(&a->conns[0], &b->conns[0]),
		       "difference %u is seen", i);
		keyd_config_free(b);
	}
	b = load_text(CONN CHILD END);
	b->conns[0].psk.data[0] ^= 1;
	result(!keyd_conn_same(&a->conns[0], &b->conns[0]),
	       "another key is seen");
	keyd_config_free(b);
	keyd_config_free(a);
}

/* every prefix of a file, and one octet changed: errors, never a crash */
static void test_damage(void)
{
	static const char text[] = CONN "remote-id \"b\\\"c\"\n" CHILD
				   "esp-proposal aes128gcm16, aes256gcm16\n"
				   END;
	char copy[sizeof(text)];
	struct keyd_config *cfg;
	size_t i;

	for (i = 0; i < sizeof(text); i++) {
		write_file(path, text, i, 0600);
		cfg = keyd_config_load(path);
		keyd_config_free(cfg);
	}
	result(true, "every prefix of a file");
	for (i = 0; i < sizeof(text) - 1; i++) {
		memcpy(copy, text, sizeof(text));
		copy[i] = (char)(copy[i] ^ (1 << (i % 8)));
		write_file(path, copy, sizeof(text) - 1, 0600);
		cfg = keyd_config_load(path);
		keyd_config_free(cfg);
	}
	result(true, "every octet damaged");
	cfg = keyd_config_load("/nonexistent/vtkeyd.conf");
	result(cfg->n_errors == 1 && has(cfg, false, "No such file"),
	       "missing file");
	keyd_config_free(cfg);
	cfg = keyd_config_load(dir);
	result(cfg->n_errors == 1, "a folder instead of a file");
	keyd_config_free(cfg);
}

int main(void)
{
	strcpy(dir, "/tmp/keyd-config-XXXXXX");
	if (sodium_init() < 0 || !mkdtemp(dir)) {
		puts("Bail out! no temporary folder");
		return 1;
	}
	snprintf(path, sizeof(path), "%s/vtkeyd.conf", dir);
	puts("KTAP version 1");
	test_cases();
	test_values();
	test_doors();
	test_ids();
	test_dropins();
	test_secrets();
	test_round_trip();
	test_limits();
	test_same();
	test_damage();
	printf("1..%u\n", tests);
	unlink(path);
	rmdir(dir);
	return failed ? 1 : 0;
}

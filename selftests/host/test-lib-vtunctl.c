// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every way vtunctl can fail, and what its reading verbs print: against the
 * pretended kernel and a daemon that plays a script. No privilege, no module.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/control.h"
#include "vtunctl-run.h"

#define NOWHERE		"/nonexistent/vtkeyd.sock"
#define KEY36 \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" \
	"20212223"

#define ADD	"child add x dev vtun0 local 192.0.2.1 remote 192.0.2.2 "

static void test_usage(void)
{
	static const struct bad t[] = {
		{ 2, "", "no verb" },
		{ 2, "chlid", "did you mean \"child\"" },
		{ 2, "frobnicate", "--help" },
		{ 2, "child", "incomplete" },
		{ 2, "child ad", "did you mean \"add\"" },
		{ 2, "sa x", "unknown verb \"sa x\"" },
		{ 2, "show --socket", "--socket needs a path" },
		{ 2, "up -j paris", "--json has no meaning" },
		{ 2, "child add", "expected the name of a child" },
		{ 2, "child add x", "\"local\" is missing" },
		{ 2, "child add x dev", "expected a value after \"dev\"" },
		{ 2, "child add x dev vtun0 dev vtun0", "given twice" },
		{ 2, "child add x dev vtun0 locl 1.1.1.1",
		  "did you mean \"local\"" },
		{ 2, "child add x dev vtun0 local 1.1.1", "\"1.1.1\"" },
		{ 2, ADD "local-ts 10.0.0.1/8", "bits set" },
		{ 2, ADD "remote-ts 10.0.0.0/8[xyz/1]", "\"xyz\"" },
		{ 2, ADD "id 0", "from 1" },
		{ 2, ADD "hold-bytes 5G", "4G" },
		{ 2, ADD "hold-packets -1", "\"-1\"" },
		{ 2, ADD "hold-ms 1s", "\"1s\"" },
		{ 2, "child add 12345678901234567890123456789012 dev v",
		  "1 to 31" },
		{ 2, "child add x dev v local 1.1.1.1 remote ::1",
		  "different families" },
		{ 2, "child del", "expected the name" },
		{ 2, "child del id x", "\"x\"" },
		{ 2, "child del a b", "\"b\" is too much" },
		{ 2, "sa install", "expected \"child\"" },
		{ 2, "sa install kid x", "not \"kid\"" },
		{ 2, "sa install child", "expected the name" },
		{ 2, "sa install child x", "expected \"in\" or \"out\"" },
		{ 2, "sa install child x in", "\"spi\" is missing" },
		{ 2, "sa install child x in spi 255", "reserved" },
		{ 2, "sa install child x in spi 0xg", "\"0xg\"" },
		{ 2, "sa install child x in spi 256 suite des", "\"des\"" },
		{ 2, "sa install child x in spi 256 suite aes256gcm16",
		  "\"key\" is missing" },
		{ 2, "sa install child x in window 31", "32 to 8192" },
		{ 2, "sa install child x in window 8193", "\"8193\"" },
		{ 2, "sa install child x out window 64", "unknown word" },
		{ 2, "sa install child x in soft-time 5x", "\"5x\"" },
		{ 2, "sa install child x in hard-bytes 5X", "\"5X\"" },
		{ 2, "sa install child x in soft-packets 1K", "\"1K\"" },
		{ 2, "sa install child x in seq -5", "\"-5\"" },
		{ 2, "sa install child x standby deadline 0", "from 1" },
		{ 2, "sa install child x standby in spi 256 suite aes256gcm16 key -",
		  "\"standby\" needs \"out\"" },
		{ 2, "sa install child x prove in spi 256 suite aes256gcm16 key -",
		  "\"prove\" needs \"out\"" },
		{ 2, "sa install child x deadline 5 out spi 256 suite aes256gcm16 key -",
		  "goes with" },
		{ 2, "sa install child x standby prove out spi 256 suite aes256gcm16 key -",
		  "does not go" },
		{ 2, "sa install child x in spi 256 suite aes256gcm16 key - in spi 257",
		  "given twice" },
		{ 2, "sa activate child x", "\"spi\" is missing" },
		{ 2, "sa del", "expected \"in\" or \"out\"" },
		{ 2, "sa del up", "not \"up\"" },
		{ 2, "sa del in", "\"spi\" is missing" },
		{ 2, "sa del out spi 256", "expected \"child\"" },
		{ 2, "spi alloc child x min 5", "reserved" },
		{ 2, "spi alloc child x min 0x200 max 0x100", "greater" },
		{ 2, "flush all", "\"all\" is too much" },
		{ 2, "show sas a b", "\"b\" is too much" },
		{ 2, "monitor --count 0", "from 1" },
		{ 2, "monitor --timeout x", "\"x\"" },
		{ 2, "monitor now", "unknown word" },
		{ 2, "up", "expected the name of a connection" },
		{ 2, "down a b c", "\"c\" is too much" },
		{ 2, "genkey x", "too much" },
		{ 2, "version x", "too much" },
	};

	EXPECT("usage errors", t);
}

static void test_no_kernel(void)
{
	static const struct bad t[] = {
		{ 3, ADD, "modprobe vtun" },
		{ 3, "child del x", "not loaded" },
		{ 3, "sa activate child x spi 256", "not loaded" },
		{ 3, "sa del in spi 256", "not loaded" },
		{ 3, "spi alloc child x", "not loaded" },
		{ 3, "flush", "not loaded" },
		{ 3, "show", "not loaded" },
		{ 3, "show --json sas", "not loaded" },
		{ 3, "monitor --timeout 1 --socket " NOWHERE, "not loaded" },
	};
	static const struct bad old[] = {
		{ 3, "flush", "speaks API 7, this program speaks" },
	};

	vtun_fake_reset();
	vtun_fake_set_loaded(false);
	EXPECT("module not loaded", t);
	vtun_fake_set_loaded(true);
	vtun_fake_set_api(7);
	EXPECT("module of another API", old);
	ktap_ok(run("version --json --socket " NOWHERE, NULL) == 1 &&
		strstr(out, "\"compatible\": false") &&
		strstr(err, "another API"), "version tells it");
	vtun_fake_set_loaded(false);
	ktap_ok(run("version --socket " NOWHERE, NULL) == 3 &&
		strstr(out, "not loaded") && strstr(out, "not running"),
		"version without module and daemon");
}

#define IN	"sa install child lan in spi 0x1000 suite chacha20poly1305 key "

static void setup_child(void)
{
	vtun_fake_reset();
	vtun_fake_add_link("lo", "");
	vtun_fake_add_link("vtun0", "vtun");
	if (run("child add lan dev vtun0 local 192.0.2.1 remote 192.0.2.2 local-ts 10.1.0.0/24 remote-ts 10.2.0.0/24[tcp/80] on-demand",
		NULL))
		ktap_bail("child add: %s", err);
}

static void test_refused(void)
{
	static const struct bad t[] = {
		{ 1, "child add y dev eth9 local ::1 remote ::2",
		  "no device \"eth9\"" },
		{ 1, "child add y dev lo local ::1 remote ::2", "no vtun" },
		{ 1, "child add lan dev vtun0 local ::1 remote ::2",
		  "name is in use" },
		{ 1, "child del nobody", "no child \"nobody\"" },
		{ 1, "child del id 77", "no child with id 77" },
		{ 1, "sa activate child nobody spi 256", "no child" },
		{ 1, "sa activate child lan spi 256", "no such SA" },
		{ 1, "sa del in spi 256", "no such SA" },
		{ 1, "sa del out child lan spi 256", "no such SA" },
		{ 1, "spi alloc child nobody", "no child" },
		{ 1, IN "DIR/none", "No such file" },
		{ 1, IN "DIR/short", "35 octets" },
		{ 1, IN "DIR/odd", "odd number" },
		{ 1, IN "DIR/nohex", "character 3" },
		{ 1, IN "DIR/long", "more than 96" },
		{ 1, IN "DIR/huge", "too large" },
		{ 1, IN "-", "standard input has 0 octets", "" },
		{ 1, "show nobody --socket " NOWHERE, "\"nobody\"" },
		{ 1, "monitor --count 1 --timeout 100ms --socket " NOWHERE,
		  "0 of 1 events" },
		{ 1, "pubkey", "no private key", "abc\n" },
		{ 1, "pubkey", "44 characters", "" },
	};
	char big[4096];

	setup_child();
	write_file("short", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff001122");
	write_file("odd", "0xabc");
	write_file("nohex", "ab?def");
	memset(big, '1', 200);
	big[200] = '\0';
	write_file("long", big);
	memset(big, '1', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	write_file("huge", big);
	EXPECT("requests refused", t);
	ktap_ok(!vtun_fake_count_sas(), "nothing was installed");
	ktap_ok(!strstr(err, "ab?def"), "no key in a message");
}

static void test_kernel_refuses(void)
{
	static const struct { const char *call, *line; } t[] = {
		{ "child_add", "child add y dev vtun0 local ::1 remote ::2" },
		{ "child_get", "sa activate child lan spi 256" },
		{ "child_del", "child del lan" },
		{ "sa_install", IN "DIR/key" },
		{ "sa_activate", "sa activate child lan spi 256" },
		{ "sa_del", "sa del in spi 256" },
		{ "spi_alloc", "spi alloc child lan" },
		{ "flush", "flush" },
		{ "info", "show" },
		{ "child_list", "show children" },
		{ "sa_list", "show sas" },
	};
	unsigned int i;
	bool ok = true;
	int ret;

	setup_child();
	write_file("key", KEY36 "\n");
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		vtun_fake_fail(t[i].call, -EPERM, "the kernel says why");
		ret = run(t[i].line, NULL);
		if (ret == 1 && strstr(err, "the kernel says why") && !*out)
			continue;
		ktap_note("%s: %d %s", t[i].line, ret, err);
		ok = false;
	}
	ktap_ok(ok, "extended acknowledgment of %u calls is shown", i);
}

#define PAIR \
	"sa install child lan in spi 0x1000 suite chacha20poly1305 key " \
	"DIR/key esn window 64 hard-time 43200 soft-time 12h " \
	"out spi 0x2000 suite aes256gcm16 key DIR/key hard-bytes 5M"

static void test_show(void)
{
	struct vtun_k_sa *sa;

	setup_child();
	write_file("key", KEY36 "\n");
	ktap_ok(!run(PAIR, NULL), "pair installed");
	sa = vtun_fake_sa(VTUN_DIR_IN, 1, 0x1000);
	sa->age_ms = 43200000 - 34638500;
	sa->drops[VTUN_DROP_INTEGRITY] = 3;
	sa->soft_cause = VTUN_CAUSE_TIME;
	sa->soft_age_ms = 1000;
	sa = vtun_fake_sa(VTUN_DIR_OUT, 1, 0x2000);
	sa->bytes = 1000;
	ktap_ok(!run("show --socket " NOWHERE, NULL) &&
		strstr(out, "expire=34638/0B") && strstr(out, "sas=1") &&
		strstr(out, "integrity=3") && strstr(out, "not running") &&
		strstr(out, "10.2.0.0/24[tcp/80]") &&
		strstr(out, "soft limit reached: time"), "show (S-29)");
	ktap_ok(!run("show -j --socket " NOWHERE, NULL) &&
		is_num("schema", 1) && is_str("children.name", "lan") &&
		is_str("children.state", "up") && is_num("children.sas", 1) &&
		is_str("children.dev", "vtun0") &&
		is_num("children.hold.packets", VTUN_HOLD_PACKETS_DEFAULT) &&
		is_num("info.children", 1) && json_is_false(at("daemon")),
		"show --json: children and info");
	ktap_ok(is_str("sas.expire", "34638/0B") &&
		is_num("sas.remaining.seconds", 34638) &&
		!at("sas.remaining.bytes") && is_str("sas.dir", "in") &&
		is_num("sas.drops.integrity", 3) &&
		is_str("sas.soft_expired.cause", "time") &&
		is_str("sas.child", "lan") && is_str("sas.spi", "0x00001000") &&
		!strstr(out, "000102"), "show --json: SAs, without keys");
	ktap_ok(!run("show sas -j lan", NULL) && at("sas") && !at("children"),
		"show sas NAME");
	ktap_ok(!run("sa del in spi 0x1000", NULL) &&
		!run("show -j sas", NULL) &&
		is_num("sas.remaining.bytes", 5 * 1024 * 1024 - 1000) &&
		is_str("sas.suite", "aes256gcm16") &&
		is_str("sas.switched", "now"), "remaining octets");
}

static void test_rekey_view(void)
{
	setup_child();
	write_file("key", KEY36);
	run(PAIR, NULL);
	ktap_ok(!run("sa install child lan standby deadline 5000 in spi 0x1001 suite chacha20poly1305 key - out spi 0x2001 suite aes256gcm16 key -",
		     KEY36 "\n" KEY36 "\n"), "keys from standard input");
	ktap_ok(!run("show children -j --socket " NOWHERE, NULL) &&
		is_num("children.sas", 2) &&
		is_str("children.state", "rekeying") &&
		is_str("children.out_spi", "0x00002000"),
		"old and new coexist (S-28)");
	ktap_ok(!run("sa activate child lan spi 0x2001", NULL) &&
		!run("show children -j --socket " NOWHERE, NULL) &&
		is_str("children.out_spi", "0x00002001") &&
		is_num("children.switches", 2), "activated");
	ktap_ok(!run("spi alloc child lan min 0x5000", NULL) &&
		!strcmp(out, "0x00005000\n"), "spi alloc");
	ktap_ok(!run("child del id 1", NULL) && !run("flush", NULL) &&
		!run("show -j --socket " NOWHERE, NULL) &&
		is_num("info.children", 0), "child del, flush");
}

static void test_monitor(void)
{
	struct vtun_k_event ev = {
		.type = VTUN_K_EV_EXPIRE, .child_id = 1, .child = "lan",
		.dir = VTUN_DIR_OUT, .spi = 0x2000, .level = VTUN_EXPIRE_SOFT,
		.cause = VTUN_CAUSE_BYTES, .bytes = 99,
	};
	pid_t pid;

	setup_child();
	/* events come while the verb waits: another process runs it */
	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct vtun_k *k;

		/* what a subscriber sees of a loss */
		vtun_k_open(&k, VTUN_K_EVENTS);
		vtun_fake_emit(&ev);
		vtun_fake_lose(2);
		vtun_fake_emit(&ev);
		_exit(!(vtun_k_event_read(k, &ev) == 1 &&
			ev.type == VTUN_K_EV_EXPIRE && ev.seq == 1 &&
			vtun_k_event_read(k, &ev) == 1 &&
			ev.type == VTUN_K_EV_RESYNC && ev.seq == 2 &&
			ev.lost == 2 && vtun_k_event_read(k, &ev) == 1 &&
			ev.seq == 4 && !vtun_k_event_read(k, &ev)));
	} else {
		int status;

		waitpid(pid, &status, 0);
		ktap_ok(!status, "a gap in the numbers is a resync");
	}
	ktap_ok(!run("monitor --timeout 50ms --socket " NOWHERE, NULL) &&
		strstr(err, "events of the module only"),
		"monitor ends at its time");
}

/* ---- a daemon that plays a script ---- */

static pid_t daemon_start(const char *const *replies, unsigned int n)
{
	const char *path = in_dir("sock");
	char buf[4096];
	int fd, one;
	pid_t pid;

	unlink(path);
	fd = vtun_ctl_listen(path);
	if (fd < 0)
		ktap_bail("listen: %s", strerror(-fd));
	fflush(stdout);
	pid = fork();
	if (pid) {
		close(fd);
		return pid;
	}
	alarm(20);
	fcntl(fd, F_SETFL, 0);
	for (; n; n--, replies++) {
		one = accept(fd, NULL, NULL);
		if (one < 0 || recv(one, buf, sizeof(buf), 0) <= 0)
			_exit(1);
		if (send(one, *replies, strlen(*replies), MSG_NOSIGNAL) < 0)
			_exit(1);
		/* the other side hangs up, or the reply ended the talk */
		if (strstr(*replies, "hang"))
			recv(one, buf, sizeof(buf), 0);
		close(one);
	}
	_exit(0);
}

static void daemon_end(pid_t pid, const char *what)
{
	int status = 1;

	waitpid(pid, &status, 0);
	ktap_ok(!status, "%s: script was played", what);
}

static void test_daemon(void)
{
	static const struct bad unreachable[] = {
		{ 3, "up paris --socket " NOWHERE, "cannot be reached" },
		{ 3, "down paris --socket " NOWHERE, NOWHERE },
		{ 3, "rekey paris lan --socket " NOWHERE, "reached" },
		{ 3, "show ike --socket " NOWHERE, "cannot be reached" },
	};
	static const struct bad answers[] = {
		{ 1, "up pariss --socket DIR/sock",
		  "no connection \"pariss\"" },
		{ 1, "rekey paris --socket DIR/sock", "without a reason" },
		{ 3, "down paris --socket DIR/sock", "no JSON" },
		{ 3, "down paris --socket DIR/sock", "not an object" },
		{ 3, "up paris --socket DIR/sock", "reset by peer" },
	};
	static const char *const replies[] = {
		"{\"ok\":false,\"error\":\"no connection \\\"pariss\\\"\"}\n",
		"{}\n", "nonsense\n", "[1]\n", "{\"ok\":true",
	};
	static const char *const good[] = { "{\"ok\":true}\n" };
	pid_t pid;

	vtun_fake_reset();
	EXPECT("daemon cannot be reached", unreachable);
	pid = daemon_start(replies, 5);
	EXPECT("answers of the daemon", answers);
	daemon_end(pid, "answers");
	pid = daemon_start(good, 1);
	ktap_ok(!run("up paris lan --socket DIR/sock", NULL) && !*out && !*err,
		"up is silent");
	daemon_end(pid, "up");
}

static void test_daemon_show(void)
{
	static const char *const state[] = {
		"{\"ok\":true,\"schema\":1,\"ike\":[{\"conn\":\"paris\",\"spi_i\":\"0123456789abcdef\",\"spi_r\":\"1\",\"initiator\":true,\"state\":\"UP\",\"suite\":\"s\",\"local\":\"l\",\"remote\":\"r\",\"age_ms\":5}],\"children\":[{\"conn\":\"paris\",\"child\":\"lan\",\"state\":\"UP\",\"kernel_id\":1,\"rekeys\":2},{\"conn\":\"rome\",\"child\":\"dmz\",\"state\":\"DOWN\",\"reason\":\"peer does not answer\"}]}\n",
	};
	const char *const twice[] = { state[0], state[0] };
	pid_t pid;

	setup_child();
	pid = daemon_start(twice, 2);
	ktap_ok(!run("show --socket DIR/sock", NULL) &&
		strstr(out, "ike paris  UP  initiator") &&
		strstr(out, "conn    paris/lan  UP  rekeys 2") &&
		strstr(out, "peer does not answer"), "show with daemon");
	ktap_ok(!run("show -j paris --socket DIR/sock", NULL) &&
		is_str("children.ike.conn", "paris") &&
		is_str("ike.spi_i", "0123456789abcdef") &&
		json_array_size(at("children")) == 1 &&
		json_is_true(at("daemon")), "show CONN --json");
	daemon_end(pid, "show");
}

static void test_daemon_monitor(void)
{
	static const char *const events[] = {
		"{\"ok\":true,\"hang\":1}\n"
		"{\"event\":\"child-up\",\"seq\":1,\"time_ms\":1500,\"conn\":\"paris\",\"text\":\"a b\"}\n"
		"{\"event\":\"child-down\",\"seq\":2,\"time_ms\":1600}\n",
		"{\"ok\":true,\"hang\":1}\n"
		"{\"event\":\"child-up\",\"seq\":1,\"time_ms\":1500}\n",
	};
	pid_t pid;

	vtun_fake_reset();
	pid = daemon_start(events, 2);
	ktap_ok(!run("monitor --count 2 --timeout 5 --socket DIR/sock", NULL) &&
		strstr(out, "[     1.500] ike #1 child-up conn=paris text=") &&
		strstr(out, "text=\"a b\"\n") && strstr(out, "#2 child-down"),
		"events of the daemon");
	ktap_ok(!run("monitor --json --count 1 --socket DIR/sock", NULL) &&
		is_str("event", "child-up") && is_num("schema", 1) &&
		is_str("source", "ike"), "events of the daemon, --json");
	daemon_end(pid, "monitor");
}

static void test_keys(void)
{
	/* RFC 8032 7.1, test 1 */
	static const char seed[] =
		"nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=\n";
	char key[64];

	ktap_ok(!run("pubkey", seed) &&
		!strcmp(out, "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"),
		"pubkey");
	ktap_ok(!run("genkey", NULL) && strlen(out) == 45, "genkey");
	strcpy(key, out);
	ktap_ok(!run("genkey", NULL) && strcmp(key, out), "keys differ");
	ktap_ok(!run("pubkey", key) && strlen(out) == 45 && strcmp(key, out),
		"what genkey prints, pubkey takes");
}

static void test_help(void)
{
	const struct ctl_verb *v;
	char line[64];
	bool ok = true;

	for (v = ctl_verbs; v->name; v++) {
		snprintf(line, sizeof(line), "%s --help", v->name);
		ok &= !run(line, NULL) && strstr(out, v->name) && !*err;
	}
	ktap_ok(ok, "every verb explains itself");
	ktap_ok(!run("--help", NULL) && strstr(out, "vtunctl show") &&
		!run("help", NULL), "help");
}

int main(void)
{
	char cmd[64];

	ktap_begin();
	strcpy(dir, "/tmp/vtunctl-test-XXXXXX");
	if (!mkdtemp(dir))
		ktap_bail("mkdtemp");
	test_usage();
	test_no_kernel();
	test_refused();
	test_kernel_refuses();
	test_show();
	test_rekey_view();
	test_monitor();
	test_daemon();
	test_daemon_show();
	test_daemon_monitor();
	test_keys();
	test_help();
	snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	return ktap_end() || system(cmd);
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vtunctl with policies, sockets, options of children, changes in place and
 * batches: against the pretended kernel.
 */
#include <string.h>

#include "vtunctl-run.h"

#define NOWHERE	"/nonexistent/vtkeyd.sock"
#define ENDS	" local 192.0.2.1 remote 192.0.2.2 "
#define HEX16	"000102030405060708090a0b0c0d0e0f"

static void test_usage(void)
{
	static const struct bad t[] = {
		{ 2, "policy", "incomplete" },
		{ 2, "policy ad", "did you mean \"add\"" },
		{ 2, "policy add", "\"protect\", \"bypass\" or \"discard\"" },
		{ 2, "policy add drop", "not \"drop\"" },
		{ 2, "policy add protect", "expected \"child\"" },
		{ 2, "policy add bypass", "\"local\" or \"remote\"" },
		{ 2, "policy add bypass local 10.0.0.1/8", "bits set" },
		{ 2, "policy add bypass local 10.0.0.0/8 remote 2001:db8::/32",
		  "different families" },
		{ 2, "policy add bypass local 10.0.0.0/8 priority -1",
		  "\"-1\"" },
		{ 2, "policy add bypass local 10.0.0.0/8 id 0", "\"0\"" },
		{ 2, "policy del", "expected the id" },
		{ 2, "policy del x", "\"x\"" },
		{ 2, "policy del 1 2", "too much" },
		{ 2, "policy list x", "too much" },
		{ 2, "policy flush x", "too much" },
		{ 2, "socket add", "\"local\" is missing" },
		{ 2, "socket add local 1.1.1", "\"1.1.1\"" },
		{ 2, "socket del local 127.0.0.1 port 0", "\"0\"" },
		{ 2, "socket del local 127.0.0.1 port 65536", "\"65536\"" },
		{ 2, "socket list x", "too much" },
		{ 2, "child add x local 192.0.2.1", "\"remote\" is missing" },
		{ 2, "child add x" ENDS "mode transprt",
		  "tunnel or transport" },
		{ 2, "child add x" ENDS "encap tcp", "none or udp" },
		{ 2, "child add x" ENDS "local-port 0", "\"0\"" },
		{ 2, "child add x" ENDS "df maybe", "copy, set or clear" },
		{ 2, "child add x" ENDS "dscp 64", "\"64\"" },
		{ 2, "child add x" ENDS "mss 87", "88" },
		{ 2, "child add x" ENDS "mark x", "\"x\"" },
		{ 2, "child add x" ENDS "keepalive 50d", "49 days" },
		{ 2, "child set", "expected the name" },
		{ 2, "child set x", "nothing is to change" },
		{ 2, "child set x mode tunnel", "unknown word" },
		{ 2, "child set x dev vtun0", "unknown word" },
		{ 2, "child set x on-demand maybe", "neither yes nor no" },
		{ 2, "child set x local ::1 remote 192.0.2.1", "different" },
		{ 2, "sa set in spi 256", "expected a limit" },
		{ 2, "sa set in soft-time 5", "\"spi\" is missing" },
		{ 2, "sa set out spi 256 soft-time 5", "expected \"child\"" },
		{ 2, "sa install child x in suite aes256cbc-sha255",
		  "did you mean \"aes256cbc-sha" },
		{ 2, "batch a b", "too much" },
		{ 2, "show policies a b", "too much" },
	};

	EXPECT("usage errors", t);
}

static void setup(void)
{
	vtun_fake_reset();
	vtun_fake_add_link("lo", "");
	vtun_fake_add_link("vtun0", "vtun");
	if (run("child add lan mode transport" ENDS
		"encap udp local-port 4501 remote-port 4502 keepalive 5s df set dscp 46 mss auto mark 0x10 link lo follow-peer",
		NULL))
		ktap_bail("child add: %s", err);
}

static void test_refused(void)
{
	static const struct bad t[] = {
		{ 1, "policy add protect child nobody local 10.0.0.0/8",
		  "no child \"nobody\"" },
		{ 1, "policy del 77", "no policy with id 77" },
		{ 1, "socket del local 127.0.0.1", "no socket at port 4500" },
		{ 1, "socket add local 192.0.2.99", "192.0.2.99" },
		{ 1, "child set nobody mark 5", "no child \"nobody\"" },
		{ 1, "child set nobody on-demand yes", "no child \"nobody\"" },
		{ 1, "child set lan link eth9", "no device \"eth9\"" },
		{ 1, "sa set in spi 256 soft-time 5", "no such SA" },
		{ 1, "batch DIR/none", "No such file" },
	};
	static const struct { const char *call, *line; } calls[] = {
		{ "policy_add", "policy add bypass local 10.0.0.0/8" },
		{ "policy_del", "policy del 1" },
		{ "policy_list", "policy list" },
		{ "policy_flush", "policy flush" },
		{ "socket_list", "socket list" },
		{ "socket_detach", "socket del local 127.0.0.1" },
		{ "child_set", "child set lan mark 7" },
		{ "sa_set", "sa set in spi 256 soft-time 5" },
	};
	unsigned int i;
	bool ok = true;

	setup();
	EXPECT("requests refused", t);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		vtun_fake_fail(calls[i].call, -EPERM, "the kernel says why");
		if (run(calls[i].line, NULL) == 1 &&
		    strstr(err, "the kernel says why") && !*out)
			continue;
		ktap_note("%s: %s", calls[i].line, err);
		ok = false;
	}
	ktap_ok(ok, "extended acknowledgment of %u calls is shown", i);
}

static void test_children(void)
{
	struct vtun_k_child *c;

	setup();
	c = vtun_fake_child(1);
	ktap_ok(c && !c->ifindex && c->mode == VTUN_MODE_TRANSPORT &&
		c->encap == VTUN_ENCAP_UDP && c->local_port == 4501 &&
		c->remote_port == 4502 && c->keepalive_ms == 5000 &&
		c->df == VTUN_DF_SET && c->dscp == 46 && c->mss_clamp == 1 &&
		c->mark == 16 && c->link == 1 &&
		c->flags == VTUN_CHILD_F_FOLLOW_PEER, "options of a child");
	ktap_ok(!run("show children", NULL) &&
		strstr(out, "192.0.2.1:4501 -> 192.0.2.2:4502  udp") &&
		strstr(out, "transport") && strstr(out, "link lo") &&
		strstr(out, "df set  dscp 46  mss auto  follow_peer"),
		"are shown");
	ktap_ok(!run("show children -j", NULL) &&
		is_str("children.door", "policy") &&
		is_num("children.local_port", 4501) &&
		is_num("children.dscp", 46) && is_str("children.link", "lo") &&
		is_str("children.mss", "auto"), "in JSON too");
	c->given = 0;
	ktap_ok(!run("child set lan remote 192.0.2.9 on-demand yes follow-peer no dscp copy mss off link none",
		     NULL) && c->remote.addr[3] == 9 &&
		c->flags == VTUN_CHILD_F_ON_DEMAND &&
		c->dscp == VTUN_DSCP_COPY && !c->mss_clamp && !c->link &&
		c->local.addr[3] == 1 && c->mark == 16,
		"child set changes what it names and nothing else");
	c->moved = true;
	c->moved_local = c->local;
	c->moved_remote = c->remote;
	c->moved_port = 777;
	ktap_ok(!run("show children", NULL) &&
		strstr(out, "moved   192.0.2.1 <- 192.0.2.9:777"),
		"where the peer moved is shown");
}

static void test_policies(void)
{
	const char *first, *second;

	setup();
	ktap_ok(!run("policy add protect child lan local 10.1.0.0/16 remote 10.2.0.0/16[tcp/80] priority 5",
		     NULL) && !strcmp(out, "1\n"), "policy add prints the id");
	ktap_ok(!run("policy add -j bypass remote 10.2.0.5/32 priority 4 id 9",
		     NULL) && is_num("id", 9), "or JSON");
	ktap_ok(!run("policy list", NULL), "policy list");
	first = strstr(out, "policy 9  priority 4  bypass");
	second = strstr(out, "policy 1  priority 5  protect  child lan");
	ktap_ok(first && second && first < second, "in order of evaluation");
	ktap_ok(!run("policy list -j", NULL) && is_num("policies.id", 9) &&
		is_str("policies.action", "bypass"), "JSON");
	ktap_ok(!run("show policies lan -j", NULL) &&
		is_num("policies.id", 1) && is_str("policies.child", "lan") &&
		is_str("policies.local", "10.1.0.0/16[tcp]"),
		"show policies of a child; a protocol is of both sides");
	ktap_ok(!run("show -j --socket " NOWHERE, NULL) &&
		is_num("info.policies", 2), "show counts them");
	ktap_ok(!run("policy del 9", NULL) && !run("policy del id 1", NULL) &&
		!run("policy list", NULL) && !*out, "policy del");
	run("policy add discard local ::/0", NULL);
	ktap_ok(!run("policy flush", NULL) && !run("policy list", NULL) &&
		!*out, "policy flush");
}

static void test_sockets(void)
{
	vtun_fake_reset();
	ktap_ok(!run("socket add local 127.0.0.1 port 45999", NULL),
		"socket add: %s", err);
	ktap_ok(!run("socket list", NULL) &&
		!strcmp(out, "socket 127.0.0.1  port 45999\n"), "socket list");
	ktap_ok(!run("show sockets -j", NULL) &&
		is_num("sockets.port", 45999) &&
		json_is_false(at("sockets.orphan")), "JSON");
	ktap_ok(!run("socket del local 127.0.0.1 port 45999", NULL) &&
		!run("socket list", NULL) && !*out, "socket del");
}

static void test_limits(void)
{
	struct vtun_k_sa *sa;

	setup();
	write_file("key", HEX16 HEX16 HEX16);
	ktap_ok(!run("sa install child lan in spi 0x1000 suite aes128cbc-sha256 key DIR/key soft-idle 30s hard-idle 60s hard-bytes 1G margin 10s",
		     NULL), "suite with integrity: %s", err);
	sa = vtun_fake_sa(VTUN_DIR_IN, 0, 0x1000);
	ktap_ok(sa && sa->encr == 12 && sa->integ == 12 && sa->key_len == 16 &&
		sa->limits.soft_idle_ms == 30000 &&
		sa->limits.hard_idle_ms == 60000 &&
		sa->limits.margin_ms == 10000, "idle limits and margin");
	ktap_ok(!run("sa set in spi 0x1000 soft-idle 0 hard-bytes 2G", NULL) &&
		!sa->limits.soft_idle_ms && sa->limits.hard_idle_ms == 60000 &&
		sa->limits.hard_bytes == 2ULL << 30 &&
		sa->limits.margin_ms == 10000, "sa set leaves the others");
	sa->has_remain = true;
	sa->remain_ms = 4321;
	ktap_ok(!run("show sas -j", NULL) &&
		is_str("sas.suite", "aes128cbc-sha256") &&
		is_num("sas.remaining.volume_ms", 4321) &&
		is_num("sas.hard.idle_ms", 60000), "are shown");
	ktap_ok(run("sa install child lan in spi 9999 suite aes256cbc-sha512 key DIR/key",
		    NULL) == 1 &&
		strstr(err, "needs 96 (32 key, 64 integrity)"),
		"a key of another length is refused");
}

static void test_events(void)
{
	struct vtun_k_event ev = {
		.type = VTUN_K_EV_AUDIT, .reason = VTUN_DROP_UNKNOWN_SPI,
		.count = 3, .spi = 0xabcd, .gone = true, .gone_ms = 1500,
		.gone_state = VTUN_SA_EXPIRED,
		.src = { AF_INET, { 192, 0, 2, 7 } },
		.dst = { AF_INET, { 192, 0, 2, 1 } },
	};
	json_t *v;

	v = ctl_model_event(&ev);
	strcpy(out, json_dumps(v, 0));
	json_decref(v);
	ktap_ok(is_str("event", "audit") && is_str("reason", "unknown-spi") &&
		is_num("count", 3) && is_str("src", "192.0.2.7") &&
		is_num("gone_ms", 1500) && is_str("gone_state", "expired") &&
		!at("child"), "audit event");
	ev.type = VTUN_K_EV_PEER_MOVED;
	ev.followed = true;
	ev.port = 1024;
	strcpy(ev.child, "lan");
	v = ctl_model_event(&ev);
	strcpy(out, json_dumps(v, 0));
	json_decref(v);
	ktap_ok(is_str("event", "peer-moved") && is_num("port", 1024) &&
		json_is_true(at("followed")) && is_str("child", "lan"),
		"peer-moved event");
}

static void test_batch(void)
{
	int ret;

	setup();
	ktap_ok(!run("batch", "# a comment\n\n"
		     "policy add bypass local 10.0.0.0/8 id 5\n"
		     "  policy add discard local 10.1.0.0/16 # why\n") &&
		!*out && !run("policy list", NULL) && strstr(out, "bypass") &&
		strstr(out, "discard"), "batch from standard input");
	write_file("b", "policy flush\npolicy del 7\n"
		   "policy add bypass local 10.0.0.0/8\n");
	ktap_ok(run("batch DIR/b", NULL) == 1 &&
		strstr(err, "line 2: policy del: no policy") &&
		!run("policy list", NULL) && !*out,
		"stops where it fails and says where");
	ktap_ok(run("batch", "polic flush\n") == 2 && strstr(err, "line 1: ") &&
		run("batch", "batch x\n") == 2 && strstr(err, "does not go"),
		"what is no verb");
	ret = run("batch",
		  "sa install child lan in spi 256 suite aes128gcm16 key -\n");
	ktap_ok(ret == 2 && strstr(err, "standard input"),
		"keys do not come that way");
}

int main(void)
{
	char cmd[64];

	ktap_begin();
	strcpy(dir, "/tmp/vtunctl-XXXXXX");
	if (!mkdtemp(dir))
		ktap_bail("%s", dir);
	test_usage();
	test_refused();
	test_children();
	test_policies();
	test_sockets();
	test_limits();
	test_events();
	test_batch();
	snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	return ktap_end() || system(cmd);
}

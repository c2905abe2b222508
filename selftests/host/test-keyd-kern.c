// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's shell between a fake engine (below) and a fake kernel: what the
 * engine is told at start after a crash, after lost events and after somebody
 * else changed the kernel; that policies come before and go after what they
 * take the place of.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/kernel_fake.h"
#include "vtkeyd/kern.h"
#include "vtkeyd/log.h"
#include "vtkeyd/policy.h"
#include "vtkeyd/system.h"
#include "vtkeyd/tunnel.h"

/* ---- fake engine: writes down what it is told ---- */

static char told[2048];
static struct ike_child_info engine_child;

static void __attribute__((format(printf, 1, 2))) tell(const char *fmt, ...)
{
	size_t len = strlen(told);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(told + len, sizeof(told) - len, fmt, ap);
	va_end(ap);
}

uint64_t keyd_now(void)
{
	return 1000;
}

void ike_input_kevent(struct ike_engine *e, uint64_t now,
		      const struct ike_kevent *ev)
{
	switch (ev->type) {
	case IKE_KEV_ACQUIRE:
		tell("acquire %u\n", ev->kernel_child);
		break;
	case IKE_KEV_EXPIRE:
		tell("expire %u %s 0x%x %s cause %u\n", ev->kernel_child,
		     ev->dir == IKE_DIR_IN ? "in" : "out", ev->spi,
		     ev->hard ? "hard" : "soft", ev->cause);
		break;
	case IKE_KEV_SWITCH:
		tell("switch %u 0x%x\n", ev->kernel_child, ev->spi);
		break;
	}
}

int ike_engine_adopt(struct ike_engine *e, uint64_t now, uint32_t kernel_child,
		     uint32_t spi_in, uint32_t spi_out)
{
	tell("adopt %u 0x%x 0x%x\n", kernel_child, spi_in, spi_out);
	return 0;
}

int ike_engine_conn_add(struct ike_engine *e, uint64_t now,
			const struct ike_conn_cfg *cfg)
{
	tell("add %s %u\n", cfg->name, cfg->children[0].kernel_id);
	return 0;
}

int ike_engine_conn_del(struct ike_engine *e, uint64_t now, const char *name)
{
	tell("del %s\n", name);
	return 0;
}

void ike_engine_each_child(const struct ike_engine *e, uint64_t now,
			   void (*cb)(void *ctx, const struct ike_child_info *),
			   void *ctx)
{
	cb(ctx, &engine_child);
}

const char *ike_notify_name(enum ike_notify_type t)
{
	return "?";
}

/* ---- */

#define CONFIG	"conn a {\n local-addr 192.0.2.1\n remote-addr 192.0.2.2\n" \
		" psk \"twenty octets or more of key\"\n child c {\n" \
		"  dev vtun0\n  local-ts 10.1.0.0/16\n" \
		"  remote-ts 10.2.0.0/16\n"
#define END	" }\n}\n"

static unsigned int tests, failed;
static char dir[64], path[96];
static struct keyd_options opt = { .run_dir = dir };
static struct keyd d = { .opt = &opt };

static void result(bool ok, const char *name)
{
	printf("%sok %u %s\n", ok ? "" : "not ", ++tests, name);
	if (!ok)
		printf("# told: %s\n", told);
	failed += !ok;
}

static struct keyd_config *load(const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f)) {
		printf("Bail out! %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return keyd_config_load(path);
}

/* a daemon starts on what the kernel holds now */
static void start(const char *text)
{
	if (vtun_k_open(&d.k, VTUN_K_EVENTS))
		puts("# no fake kernel");
	d.cfg = load(text);
	keyd_tunnels_apply(&d, d.cfg);
	told[0] = '\0';
}

/* it dies without a word */
static void crash(void)
{
	vtun_k_close(d.k);
	keyd_config_free(d.cfg);
	keyd_tunnels_free(&d);
	free(d.strays);
	d.strays = NULL;
	d.n_strays = 0;
	memset(&engine_child, 0, sizeof(engine_child));
}

static void install(uint32_t in, uint32_t out, enum ike_kswitch sw)
{
	struct ike_kreq req = {
		.id = 7,
		.type = IKE_KREQ_INSTALL,
		.kernel_child = d.tunnels[0].kernel_id,
	};
	struct ike_kresult res;

	req.kswitch = sw;
	req.deadline_ms = sw == IKE_KSWITCH_STANDBY ? 5000 : 0;
	req.in.spi = in;
	req.out.spi = out;
	req.in.encr = IKE_ENCR_CHACHA20_POLY1305;
	req.out.encr = IKE_ENCR_CHACHA20_POLY1305;
	req.in.key_len = 36;
	req.out.key_len = 36;
	req.in.replay_window = 64;
	req.in.esn = true;
	req.out.esn = true;
	keyd_kern_request(&d, &req, &res);
	if (res.err)
		printf("# install: %s\n", res.text);
}

static void engine_has(uint32_t in, uint32_t out)
{
	strcpy(engine_child.conn, "a");
	strcpy(engine_child.name, "c");
	engine_child.spi_in = in;
	engine_child.spi_out = out;
	engine_child.n_pairs = 1;
}

static void test_requests(void)
{
	struct ike_kreq req = { .id = 9 };
	struct ike_kresult res;

	start(CONFIG END);
	result(d.n_tunnels == 1 && d.tunnels[0].kernel_id,
	       "kernel child created");
	req.kernel_child = d.tunnels[0].kernel_id;
	req.type = IKE_KREQ_ALLOC_SPI;
	keyd_kern_request(&d, &req, &res);
	result(!res.err && res.spi, "SPI reserved");
	install(0x1001, 0x2001, IKE_KSWITCH_NOW);
	result(vtun_fake_sa(VTUN_DIR_IN, d.tunnels[0].kernel_id, 0x1001) &&
	       vtun_fake_sa(VTUN_DIR_OUT, d.tunnels[0].kernel_id, 0x2001),
	       "pair installed");
	req.type = IKE_KREQ_QUERY_SA;
	req.dir = IKE_DIR_IN;
	req.spi = 0x1001;
	keyd_kern_request(&d, &req, &res);
	result(!res.err && res.id == 9 && res.idle_ms == UINT64_MAX,
	       "an SA that was never used says so");
	req.spi = 0x9999;
	keyd_kern_request(&d, &req, &res);
	result(res.err && *res.text, "a refused request carries its reason");
	req.type = IKE_KREQ_DEL_SA;
	req.spi = 0x1001;
	keyd_kern_request(&d, &req, &res);
	result(!res.err, "SA deleted");
}

static void test_adopt(void)
{
	uint32_t id = d.tunnels[0].kernel_id;
	char want[256];

	crash();
	vtun_fake_reset();
	start(CONFIG END);
	id = d.tunnels[0].kernel_id;
	install(0x1001, 0x2001, IKE_KSWITCH_NOW);
	install(0x1002, 0x2002, IKE_KSWITCH_NOW);
	install(0x1003, 0x2003, IKE_KSWITCH_STANDBY);
	crash();
	start(CONFIG END);
	result(d.tunnels[0].kernel_id == id, "matching kernel child kept");
	keyd_kern_adopt(&d);
	snprintf(want, sizeof(want), "adopt %u 0x1002 0x2002\n", id);
	result(strstr(told, want), "current pair adopted");
	snprintf(want, sizeof(want), "adopt %u 0x1003 0x2003\n", id);
	result(strstr(told, want), "standby pair adopted");
	result(!strstr(told, "0x2001") &&
	       !vtun_fake_sa(VTUN_DIR_OUT, id, 0x2001),
	       "superseded outbound SA deleted");
	result(vtun_fake_sa(VTUN_DIR_IN, id, 0x1001),
	       "its inbound half stays for a while");
	engine_has(0x1002, 0x2002);
	keyd_kern_audit(&d);
	result(!vtun_fake_sa(VTUN_DIR_IN, id, 0x1001),
	       "and goes with the first audit");
	result(vtun_fake_sa(VTUN_DIR_IN, id, 0x1002), "nothing else goes");
}

static void test_replace(void)
{
	uint32_t id = d.tunnels[0].kernel_id;

	crash();
	start(CONFIG "remote-ts 10.9.0.0/16\n" END);
	crash();
	start("conn a {\n local-addr 192.0.2.1\n remote-addr 192.0.2.3\n psk \"twenty octets or more of key\"\n child c {\ndev vtun0\nlocal-ts 10.1.0.0/16\nremote-ts 10.2.0.0/16\n"
	      END);
	result(d.tunnels[0].kernel_id && d.tunnels[0].kernel_id != id &&
	       !vtun_fake_child(id), "kernel child with other addresses replaced");
	result(!vtun_fake_count_sas(), "its SAs are gone");
	id = d.tunnels[0].kernel_id;
	crash();
	start("conn b {\n local-addr 192.0.2.1\n remote-addr 192.0.2.3\n psk \"twenty octets or more of key\"\n child c {\ndev vtun0\nlocal-ts 10.1.0.0/16\nremote-ts 10.2.0.0/16\n"
	      END);
	result(!vtun_fake_child(id), "what is not configured any more is deleted");
}

static void test_manual(void)
{
	struct vtun_k_child c;
	uint32_t id;

	crash();
	vtun_fake_reset();
	start(CONFIG END);
	vtun_k_child_init(&c);
	strcpy(c.name, "manual");
	c.ifindex = vtun_fake_child(d.tunnels[0].kernel_id)->ifindex;
	c.mode = VTUN_MODE_TUNNEL;
	c.local = vtun_fake_child(d.tunnels[0].kernel_id)->local;
	c.remote = vtun_fake_child(d.tunnels[0].kernel_id)->remote;
	result(!vtun_k_child_add(d.k, &c, &id), "a manually keyed child");
	crash();
	start(CONFIG END);
	keyd_kern_adopt(&d);
	keyd_kern_resync(&d);
	result(vtun_fake_child(id), "is left alone");
}

static void test_events(void)
{
	uint32_t id = d.tunnels[0].kernel_id;
	struct vtun_k_event ev = {
		.type = VTUN_K_EV_EXPIRE, .child_id = id, .dir = VTUN_DIR_OUT,
		.spi = 0x2001, .level = VTUN_EXPIRE_SOFT,
		.cause = VTUN_CAUSE_BYTES,
	};
	char want[256];

	told[0] = '\0';
	vtun_fake_emit(&ev);
	ev.child_id = id + 100;
	vtun_fake_emit(&ev);
	keyd_kern_events(&d);
	snprintf(want, sizeof(want), "expire %u out 0x2001 soft cause 2\n",
		 id);
	result(!strcmp(told, want), "event handed on, a stranger's is not");
}

static void test_lost(void)
{
	struct vtun_k_event ev = { .type = VTUN_K_EV_ACQUIRE, .child_id = 99 };
	uint32_t id = d.tunnels[0].kernel_id;
	struct vtun_k_sa *sa;
	char want[256];

	install(0x1001, 0x2001, IKE_KSWITCH_NOW);
	install(0x1002, 0x2002, IKE_KSWITCH_NOW);
	sa = vtun_fake_sa(VTUN_DIR_OUT, id, 0x2001);
	sa->hard_cause = VTUN_CAUSE_TIME;
	sa->state = VTUN_SA_EXPIRED;
	sa = vtun_fake_sa(VTUN_DIR_IN, id, 0x1002);
	sa->soft_cause = VTUN_CAUSE_PACKETS;
	vtun_fake_child(id)->acquiring = true;
	engine_has(0x1002, 0x2002);
	told[0] = '\0';
	vtun_fake_lose(3);
	/* the next one shows the gap */
	vtun_fake_emit(&ev);
	keyd_kern_events(&d);
	snprintf(want, sizeof(want), "expire %u out 0x2001 hard cause 1\n",
		 id);
	result(strstr(told, want), "lost events: hard expiry found");
	snprintf(want, sizeof(want), "expire %u in 0x1002 soft cause 3\n", id);
	result(strstr(told, want), "lost events: soft expiry found");
	snprintf(want, sizeof(want), "acquire %u\n", id);
	result(strstr(told, want), "lost events: acquire found");
	snprintf(want, sizeof(want), "switch %u 0x2002\n", id);
	result(strstr(told, want), "lost events: switch found");
}

/* somebody deletes behind the daemon's back */
static void test_repair(void)
{
	uint32_t id = d.tunnels[0].kernel_id;
	struct vtun_k_event ev = { .type = VTUN_K_EV_ACQUIRE, .child_id = id };
	char want[256];

	vtun_fake_child(id)->acquiring = false;
	vtun_k_sa_del(d.k, VTUN_DIR_OUT, id, 0x2002);
	told[0] = '\0';
	vtun_fake_emit(&ev);
	keyd_kern_events(&d);
	snprintf(want, sizeof(want), "expire %u out 0x2002 hard cause 1\n",
		 id);
	result(strstr(told, want), "acquire with an SA: the engine learns it is gone");
	vtun_k_flush(d.k);
	told[0] = '\0';
	keyd_kern_audit(&d);
	snprintf(want, sizeof(want), "del a\nadd a %u\n",
		 d.tunnels[0].kernel_id);
	result(d.tunnels[0].kernel_id != id && strstr(told, want),
	       "child created again after a flush");
}

static void test_refused(void)
{
	crash();
	vtun_fake_reset();
	vtun_fake_add_link("vtun0", "dummy");
	start(CONFIG END);
	result(!d.tunnels[0].kernel_id, "a device of another kind is refused");
	crash();
	vtun_fake_reset();
	vtun_fake_fail("child_add", -ENOMEM, "out of memory");
	start(CONFIG END);
	result(!d.tunnels[0].kernel_id, "a kernel child that cannot be made");
	keyd_kern_audit(&d);
	result(d.tunnels[0].kernel_id, "is tried again by the audit");
	vtun_fake_fail("child_list", -ENOBUFS, "no buffers");
	told[0] = '\0';
	keyd_kern_audit(&d);
	result(!*told, "no state, no conclusions");
}

/* ---- children behind policies ---- */

#define P_CONN(conn)	"conn " conn " {\n local-addr 192.0.2.1\n" \
		" remote-addr 192.0.2.2\n psk \"twenty octets or more of key\"\n"
#define P_CHILD(remote)	" child c {\n  policy yes\n" \
		"  local-ts 10.1.0.0/16, fd01::/64\n  remote-ts " remote "\n"
#define P_CHILD2 " child d {\n  policy yes\n" \
		"  local-ts 10.1.0.0/16, fd01::/64\n  remote-ts " P_TWO "\n"
#define P_TWO	"10.2.0.0/16, fd02::/64"
#define P_OTHER	"10.2.0.0/16, 10.3.0.0/16[tcp/80]"

/* what a policy by hand looks like; -1: any */
static unsigned int policies(int64_t child, bool ours)
{
	struct vtun_k_policy *list;
	unsigned int i, n, found = 0;

	if (vtun_k_policy_list(d.k, &list, &n))
		return ~0U;
	for (i = 0; i < n; i++)
		found += (child < 0 || list[i].child_id == child) &&
			 ours == (list[i].id >= KEYD_POLICY_ID_MIN);
	free(list);
	return found;
}

static uint32_t by_hand(uint32_t child)
{
	struct vtun_k_policy p = {
		.action = child ? VTUN_ACTION_PROTECT : VTUN_ACTION_BYPASS,
		.child_id = child,
		.priority = 5,
		.local = { .family = AF_INET, .port_end = 65535,
			   .start = { 10, 1 }, .end = { 10, 1, 255, 255 } },
	};
	uint32_t id = 0;

	p.remote = p.local;
	if (vtun_k_policy_add(d.k, &p, &id))
		printf("# by hand: %s\n", vtun_k_error(d.k));
	return id;
}

/* reload, without what the engine does to its SAs */
static void reload_to(const char *text)
{
	struct keyd_config *old = d.cfg;

	d.cfg = load(text);
	keyd_tunnels_apply(&d, d.cfg);
	keyd_config_free(old);
}

static void fresh(const char *text)
{
	crash();
	vtun_fake_reset();
	start(text);
}

static void test_policy_made(void)
{
	struct vtun_k_policy *list;
	unsigned int i, n, calls;
	uint32_t id;
	bool ok = true;

	fresh(P_CONN("a") P_CHILD(P_OTHER) "policy-priority 77\n" END);
	id = d.tunnels[0].kernel_id;
	result(id && !vtun_fake_child(id)->ifindex, "kernel child without device");
	vtun_k_policy_list(d.k, &list, &n);
	for (i = 0; i < n; i++)
		ok = ok && list[i].action == VTUN_ACTION_PROTECT &&
		     list[i].child_id == id && list[i].priority == 77 &&
		     list[i].local.proto == list[i].remote.proto;
	result(ok && n == 2,
	       "a policy for each pair of selectors of one family");
	free(list);
	calls = vtun_fake_calls("policy_add");
	install(0x1001, 0x2001, IKE_KSWITCH_NOW);
	crash();
	start(P_CONN("a") P_CHILD(P_OTHER) "policy-priority 77\n" END);
	result(d.tunnels[0].kernel_id == id && policies(id, true) == 2 &&
	       vtun_fake_calls("policy_add") == calls &&
	       vtun_fake_sa(VTUN_DIR_OUT, id, 0x2001),
	       "after a crash: child, SAs and policies adopted");
	reload_to(P_CONN("a") P_CHILD(P_OTHER) "policy-priority 78\n" END);
	result(d.tunnels[0].kernel_id == id && policies(id, true) == 2 &&
	       vtun_fake_sa(VTUN_DIR_OUT, id, 0x2001),
	       "another priority: policies replaced, the SAs stay");
	vtun_k_policy_flush(d.k);
	told[0] = '\0';
	keyd_kern_audit(&d);
	result(policies(id, true) == 2 && !strstr(told, "del a"),
	       "policies that somebody deleted are back with the audit");
}

/* whoever changes selectors has the new policies before the old ones go */
static void test_policy_change(void)
{
	uint32_t id;

	fresh(P_CONN("a") P_CHILD(P_TWO) END);
	id = d.tunnels[0].kernel_id;
	install(0x1001, 0x2001, IKE_KSWITCH_NOW);
	vtun_fake_fail("policy_add", -ENOMEM, "out of memory");
	reload_to(P_CONN("a") P_CHILD(P_OTHER) END);
	result(!d.tunnels[0].kernel_id && policies(id, true) == 2 &&
	       vtun_fake_child(id)->n_ts_remote == 2 &&
	       vtun_fake_child(id)->ts_remote[1].family == AF_INET6,
	       "a policy cannot be added: those before and the child stay");
	keyd_kern_audit(&d);
	result(d.tunnels[0].kernel_id == id && policies(id, true) == 2 &&
	       vtun_fake_child(id)->ts_remote[1].family == AF_INET,
	       "the audit tries again: child changed, policies replaced");
	result(!vtun_fake_count_sas(), "SAs for other selectors are gone");
	vtun_fake_fail("child_set", -ENOMEM, "out of memory");
	reload_to(P_CONN("a") P_CHILD(P_TWO) END);
	result(!d.tunnels[0].kernel_id && policies(id, true) == 3,
	       "the child cannot be changed: no policy goes");
	keyd_kern_audit(&d);
	result(d.tunnels[0].kernel_id == id && policies(id, true) == 2,
	       "until it can");
	vtun_fake_fail("child_add", -ENOMEM, "out of memory");
	reload_to(P_CONN("b") P_CHILD(P_TWO) END);
	result(policies(id, true) == 2 && vtun_fake_child(id),
	       "another name: the old child and its policies wait for the new");
	keyd_kern_audit(&d);
	result(!vtun_fake_child(id) && policies(-1, true) == 2 &&
	       policies(d.tunnels[0].kernel_id, true) == 2, "and go after it");
}

static void test_policy_flushed(void)
{
	uint32_t id;

	fresh(P_CONN("a") P_CHILD(P_TWO) END);
	id = d.tunnels[0].kernel_id;
	vtun_k_flush(d.k);
	vtun_fake_fail("policy_add", -ENOMEM, "out of memory");
	keyd_kern_audit(&d);
	result(policies(0, true) == 2,
	       "children flushed: their policies wait for successors");
	keyd_kern_audit(&d);
	result(d.tunnels[0].kernel_id && d.tunnels[0].kernel_id != id &&
	       policies(d.tunnels[0].kernel_id, true) == 2 &&
	       policies(-1, true) == 2, "new child, new policies, the old gone");
	vtun_k_flush(d.k);
	crash();
	start(P_CONN("a") P_CHILD(P_OTHER) END);
	result(policies(d.tunnels[0].kernel_id, true) == 2 &&
	       policies(-1, true) == 2, "a new daemon does the same");
	vtun_fake_fail("policy_list", -ENOBUFS, "no buffers");
	crash();
	start(P_CONN("a") P_CHILD(P_TWO) END);
	result(!d.tunnels[0].kernel_id && policies(-1, true) == 2,
	       "no SPD, no conclusions");
	keyd_kern_audit(&d);
	result(d.tunnels[0].kernel_id && policies(-1, true) == 2,
	       "until it can be read");
}

static void test_policy_others(void)
{
	uint32_t id, bypass;

	fresh(P_CONN("a") P_CHILD(P_TWO) END);
	id = d.tunnels[0].kernel_id;
	bypass = by_hand(0);
	by_hand(id);
	install(0x1001, 0x2001, IKE_KSWITCH_NOW);
	crash();
	start(P_CONN("a") P_CHILD(P_OTHER) END);
	keyd_kern_audit(&d);
	result(bypass && policies(-1, false) == 2,
	       "policies by hand stay at a change");
	reload_to(CONFIG END);
	result(!d.tunnels[0].kernel_id && policies(id, false) == 1 &&
	       policies(id, true) == 2,
	       "a policy by hand holds the child: its door stays as it is");
	reload_to(P_CONN("b") P_CHILD(P_TWO) END);
	result(policies(id, false) == 1 && !policies(id, true) &&
	       vtun_fake_child(id) && !vtun_fake_count_sas(),
	       "not configured any more: without SA it stays for that policy");
	vtun_k_policy_del(d.k, bypass + 1);
	reload_to(P_CONN("b") P_CHILD(P_TWO) END);
	result(!vtun_fake_child(id), "and goes after it");
	keyd_tunnels_delete(&d);
	result(!policies(-1, true) && policies(-1, false) == 1 &&
	       !vtun_fake_calls("policy_flush"),
	       "the daemon ends: its policies are gone, the others stay");
}

static void test_policy_door(void)
{
	uint32_t id;

	fresh(P_CONN("a") P_CHILD(P_TWO) END);
	id = d.tunnels[0].kernel_id;
	reload_to(CONFIG END);
	result(d.tunnels[0].kernel_id && d.tunnels[0].kernel_id != id &&
	       vtun_fake_child(d.tunnels[0].kernel_id)->ifindex &&
	       !policies(-1, true), "from policies to a device");
	id = d.tunnels[0].kernel_id;
	reload_to(P_CONN("a") P_CHILD(P_TWO) END);
	result(d.tunnels[0].kernel_id != id && !vtun_fake_child(id) &&
	       policies(d.tunnels[0].kernel_id, true) == 2, "and back");
	id = d.tunnels[0].kernel_id;
	vtun_fake_fail("child_add", -ENOMEM, "out of memory");
	reload_to(CONFIG " }\n" P_CHILD2 END);
	result(!d.tunnels[0].kernel_id && policies(id, true) == 2,
	       "another child takes the policies over, which fails: they stay");
	keyd_kern_audit(&d);
	result(d.tunnels[0].kernel_id && !vtun_fake_child(id) &&
	       policies(d.tunnels[1].kernel_id, true) == 2 &&
	       policies(-1, true) == 2, "the audit tries again, they go last");
}

int main(void)
{
	char name[128];

	strcpy(dir, "/tmp/keyd-kern-XXXXXX");
	if (sodium_init() < 0 || !mkdtemp(dir)) {
		puts("Bail out! no temporary folder");
		return 1;
	}
	snprintf(path, sizeof(path), "%s/conf", dir);
	puts("KTAP version 1");
	fflush(stdout);
	keyd_log_init(KEYD_LOG_ERROR);
	vtun_fake_reset();
	test_requests();
	test_adopt();
	test_replace();
	test_manual();
	test_events();
	test_lost();
	test_repair();
	test_refused();
	test_policy_made();
	test_policy_change();
	test_policy_flushed();
	test_policy_others();
	test_policy_door();
	crash();
	vtun_fake_reset();
	printf("1..%u\n", tests);
	snprintf(name, sizeof(name), "%s/children", dir);
	unlink(name);
	unlink(path);
	rmdir(dir);
	return failed ? 1 : 0;
}

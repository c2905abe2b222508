// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's shell between a fake engine (below) and a fake kernel: what the
 * engine is told at start after a crash, after lost events and after somebody
 * else changed the kernel.
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
	crash();
	vtun_fake_reset();
	printf("1..%u\n", tests);
	snprintf(name, sizeof(name), "%s/children", dir);
	unlink(name);
	unlink(path);
	rmdir(dir);
	return failed ? 1 : 0;
}

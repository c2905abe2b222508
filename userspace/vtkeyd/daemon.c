// SPDX-License-Identifier: GPL-2.0-or-later
/* Start, loop and end of the daemon. */
#include "daemon.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "kern.h"
#include "keyd.h"
#include "lib/kernel.h"
#include "log.h"
#include "server.h"
#include "system.h"
#include "tunnel.h"
#include "udp.h"

#define AUDIT_SECONDS	10
#define STOP_MS		3000	/* for the answers to our Deletes */

uint64_t keyd_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* ---- engine ---- */

static void set_timer(struct keyd *d)
{
	uint64_t at = ike_engine_next_timer(d->engine);
	struct itimerspec its = { };

	if (d->stop_at && d->stop_at < at)
		at = d->stop_at;
	if (at != UINT64_MAX) {
		its.it_value.tv_sec = (time_t)(at / 1000);
		its.it_value.tv_nsec = (long)(at % 1000) * 1000000;
		/* all zero would switch the timer off */
		if (!at)
			its.it_value.tv_nsec = 1;
	}
	timerfd_settime(d->timer_fd, TFD_TIMER_ABSTIME, &its, NULL);
}

static void send_datagram(struct keyd *d, const struct ike_action *a)
{
	char local[64], remote[64];
	int err;

	err = keyd_udp_send(d->udp, &a->send.local, &a->send.remote,
			    a->send.data, a->send.len);
	/* lost like any datagram: the engine sends it again */
	if (err)
		keyd_info("send-failed local=%s remote=%s length=%zu error=\"%s\"",
			  keyd_log_addr(&a->send.local, local),
			  keyd_log_addr(&a->send.remote, remote),
			  a->send.len, strerror(-err));
	else
		keyd_dbg("sent local=%s remote=%s length=%zu",
			 keyd_log_addr(&a->send.local, local),
			 keyd_log_addr(&a->send.remote, remote), a->send.len);
}

static void carry_out(struct keyd *d, struct ike_action *a)
{
	struct ike_kresult res;

	switch (a->type) {
	case IKE_ACT_SEND:
		send_datagram(d, a);
		break;
	case IKE_ACT_KERNEL:
		keyd_kern_request(d, &a->kernel, &res);
		ike_input_kernel(d->engine, keyd_now(), &res);
		break;
	case IKE_ACT_NOTIFY:
		keyd_log_notify(&a->notify);
		keyd_server_event(d->server, &a->notify);
		break;
	}
}

static void count_sa(void *ctx, const struct ike_sa_info *sa)
{
	(*(unsigned int *)ctx)++;
}

/* asked to end: when the peers have answered, or when time is up */
static void check_stop(struct keyd *d)
{
	unsigned int n = 0;

	if (!d->stop_at)
		return;
	ike_engine_each_sa(d->engine, keyd_now(), count_sa, &n);
	if (!n || keyd_now() >= d->stop_at)
		event_base_loopbreak(d->base);
}

void keyd_pump(struct keyd *d)
{
	struct ike_action *a;

	while ((a = ike_engine_action(d->engine))) {
		carry_out(d, a);
		ike_action_free(a);
	}
	set_timer(d);
	check_stop(d);
}

static void random_octets(void *ctx, void *buf, size_t len)
{
	randombytes_buf(buf, len);
}

/* ---- inputs ---- */

static void datagram_rx(void *ctx, const struct ike_addr *local,
			const struct ike_addr *remote, const uint8_t *data,
			size_t len)
{
	struct keyd *d = ctx;
	char from[64], to[64];

	if (keyd_log_wanted(KEYD_LOG_DEBUG))
		keyd_dbg("received local=%s remote=%s length=%zu",
			 keyd_log_addr(local, to), keyd_log_addr(remote, from),
			 len);
	ike_input_datagram(d->engine, keyd_now(), local, remote, data, len);
	keyd_pump(d);
}

static void timer_rings(evutil_socket_t fd, short what, void *ctx)
{
	struct keyd *d = ctx;
	uint64_t n;

	if (read(fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		keyd_warn("timer: %s", strerror(errno));
	ike_input_timer(d->engine, keyd_now());
	keyd_pump(d);
}

static void kernel_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct keyd *d = ctx;

	keyd_kern_events(d);
	keyd_pump(d);
}

static void audit(evutil_socket_t fd, short what, void *ctx)
{
	struct keyd *d = ctx;

	keyd_kern_audit(d);
	keyd_pump(d);
}

static void stop(evutil_socket_t sig, short what, void *ctx)
{
	struct keyd *d = ctx;
	unsigned int i;

	keyd_notify_manager("STOPPING=1");
	keyd_info("stopping signal=%d sas=%s", (int)sig,
		  d->opt->down_on_exit || d->cfg->down_on_exit ?
		  "deleted" : "kept");
	if (d->stop_at || (!d->opt->down_on_exit && !d->cfg->down_on_exit)) {
		event_base_loopbreak(d->base);
		return;
	}
	d->stop_at = keyd_now() + STOP_MS;
	for (i = 0; i < d->cfg->n_conns; i++)
		ike_input_command(d->engine, keyd_now(), IKE_CMD_DOWN,
				  d->cfg->conns[i].b.name, NULL);
	keyd_pump(d);
}

static void hangup(evutil_socket_t sig, short what, void *ctx)
{
	struct keyd *d = ctx;
	unsigned int changed;

	keyd_reload(d, &changed);
	keyd_pump(d);
}

/* ---- configuration ---- */

static void log_diags(const struct keyd_config *cfg)
{
	const struct keyd_diag *diag;
	unsigned int i;

	for (i = 0; i < cfg->n_diags; i++) {
		diag = &cfg->diags[i];
		keyd_log(diag->warning ? KEYD_LOG_WARNING : KEYD_LOG_ERROR,
			 "config %s:%u: %s", cfg->files[diag->file],
			 diag->line, diag->text);
	}
}

static void set_log_level(const struct keyd *d, const struct keyd_config *cfg)
{
	keyd_log_init(d->opt->debug ? KEYD_LOG_DEBUG :
		      (enum keyd_log)cfg->log_level);
}

static struct keyd_config *load_config(struct keyd *d)
{
	struct keyd_config *cfg = keyd_config_load(d->opt->config);

	if (!cfg)
		return NULL;
	log_diags(cfg);
	if (!cfg->n_errors)
		return cfg;
	keyd_config_free(cfg);
	return NULL;
}

static struct ike_engine *new_engine(const struct keyd_config *cfg)
{
	struct ike_engine_cfg ec = {
		.random = random_octets,
		.retransmit_tries = (unsigned int)cfg->retransmit_tries,
		.retransmit_ms = cfg->retransmit_ms,
		.cookie_threshold = (unsigned int)cfg->cookie_threshold,
		.rekey_grace_ms = cfg->rekey_grace_ms,
	};

	return ike_engine_new(&ec);
}

static bool conn_changed(const struct keyd_config *other,
			 const struct keyd_conn *c)
{
	const struct keyd_conn *o = keyd_config_conn(other, c->b.name);

	return !o || !keyd_conn_same(o, c);
}

/* what the engine is told once, when it is made */
static bool engine_changed(const struct keyd_config *a,
			   const struct keyd_config *b)
{
	return a->retransmit_ms != b->retransmit_ms ||
	       a->retransmit_tries != b->retransmit_tries ||
	       a->cookie_threshold != b->cookie_threshold ||
	       a->rekey_grace_ms != b->rekey_grace_ms;
}

int keyd_reload(struct keyd *d, unsigned int *changed)
{
	struct keyd_config *cfg, *old = d->cfg;
	unsigned int i;
	int err;

	*changed = 0;
	keyd_notify_manager("RELOADING=1");
	cfg = load_config(d);
	if (!cfg) {
		keyd_err("reload refused, the old configuration stays in force");
		keyd_notify_manager("READY=1");
		return -EINVAL;
	}
	for (i = 0; i < old->n_conns; i++)
		if (conn_changed(cfg, &old->conns[i])) {
			keyd_info("reload conn=%s action=%s",
				  old->conns[i].b.name,
				  keyd_config_conn(cfg, old->conns[i].b.name) ?
				  "restart" : "delete");
			ike_engine_conn_del(d->engine, keyd_now(),
					    old->conns[i].b.name);
			(*changed)++;
		}
	/* Deletes and the removal of SAs come before that of the children */
	keyd_pump(d);
	set_log_level(d, cfg);
	if (engine_changed(cfg, old))
		keyd_warn("reload text=\"retransmit-timeout, retransmit-tries, cookie-threshold and rekey-grace change at the next start\"");
	d->cfg = cfg;
	err = keyd_tunnels_apply(d, cfg);
	for (i = 0; i < cfg->n_conns; i++) {
		if (!conn_changed(old, &cfg->conns[i]))
			continue;
		if (!keyd_config_conn(old, cfg->conns[i].b.name)) {
			keyd_info("reload conn=%s action=add",
				  cfg->conns[i].b.name);
			(*changed)++;
		}
		keyd_conn_start(d, &cfg->conns[i]);
	}
	keyd_config_free(old);
	keyd_notify_manager("READY=1");
	return err;
}

/* ---- start and end ---- */

static struct event *watch_signal(struct keyd *d, int sig,
				  event_callback_fn fn)
{
	struct event *ev = evsignal_new(d->base, sig, fn, d);

	if (ev)
		event_add(ev, NULL);
	return ev;
}

static struct event *watch_fd(struct keyd *d, int fd, event_callback_fn fn)
{
	struct event *ev = event_new(d->base, fd, EV_READ | EV_PERSIST, fn, d);

	if (ev)
		event_add(ev, NULL);
	return ev;
}

static bool open_loop(struct keyd *d)
{
	const struct timeval every = { .tv_sec = AUDIT_SECONDS };

	d->base = event_base_new();
	d->timer_fd = timerfd_create(CLOCK_BOOTTIME,
				     TFD_NONBLOCK | TFD_CLOEXEC);
	if (!d->base || d->timer_fd < 0) {
		keyd_err("no event loop: %s", strerror(errno));
		return false;
	}
	d->ev_timer = watch_fd(d, d->timer_fd, timer_rings);
	d->ev_term = watch_signal(d, SIGTERM, stop);
	d->ev_int = watch_signal(d, SIGINT, stop);
	d->ev_hup = watch_signal(d, SIGHUP, hangup);
	d->ev_audit = event_new(d->base, -1, EV_PERSIST, audit, d);
	if (!d->ev_audit || event_add(d->ev_audit, &every))
		return false;
	return d->ev_timer && d->ev_term && d->ev_int && d->ev_hup;
}

static bool open_kernel(struct keyd *d)
{
	int err = vtun_k_open(&d->k, VTUN_K_EVENTS);

	if (err) {
		keyd_err("module: %s", d->k ? vtun_k_error(d->k) :
			 strerror(-err));
		return false;
	}
	d->ev_kernel = watch_fd(d, vtun_k_event_fd(d->k), kernel_readable);
	return d->ev_kernel;
}

static bool open_server(struct keyd *d)
{
	char *path;

	path = d->opt->socket ? strdup(d->opt->socket) :
	       keyd_run_path(d, "vtkeyd.sock");
	d->server = path ? keyd_server_open(d, path) : NULL;
	free(path);
	return d->server;
}

/*
 * The engine learns its conns, then what an earlier daemon left running, then
 * what happened while nobody listened.
 */
static void start_conns(struct keyd *d)
{
	unsigned int i;

	for (i = 0; i < d->cfg->n_conns; i++)
		keyd_conn_start(d, &d->cfg->conns[i]);
	keyd_kern_adopt(d);
	keyd_kern_resync(d);
}

static bool start(struct keyd *d)
{
	d->cfg = load_config(d);
	if (!d->cfg) {
		keyd_err("not started: the configuration has errors");
		return false;
	}
	set_log_level(d, d->cfg);
	if (keyd_lock(d) || !open_loop(d) || !open_kernel(d))
		return false;
	/* no port, no daemon: but what policies protect does not pass */
	if (keyd_tunnels_apply(d, d->cfg))
		return false;
	d->udp = keyd_udp_open(d->base, datagram_rx, d);
	if (!d->udp || !open_server(d) || keyd_drop_rights(d))
		return false;
	d->engine = new_engine(d->cfg);
	if (!d->engine)
		return false;
	start_conns(d);
	return true;
}

static void free_event(struct event *ev)
{
	if (ev)
		event_free(ev);
}

static void finish(struct keyd *d)
{
	if (d->stop_at)
		keyd_tunnels_delete(d);
	ike_engine_free(d->engine);
	keyd_server_close(d->server);
	keyd_udp_close(d->udp);
	free_event(d->ev_kernel);
	free_event(d->ev_timer);
	free_event(d->ev_audit);
	free_event(d->ev_term);
	free_event(d->ev_int);
	free_event(d->ev_hup);
	vtun_k_close(d->k);
	if (d->timer_fd >= 0)
		close(d->timer_fd);
	if (d->base)
		event_base_free(d->base);
	keyd_tunnels_free(d);
	free(d->strays);
	keyd_config_free(d->cfg);
	if (d->lock_fd >= 0)
		close(d->lock_fd);
}

int keyd_daemon_run(const struct keyd_options *opt)
{
	struct keyd d = { .opt = opt, .timer_fd = -1, .lock_fd = -1 };
	bool ok;

	keyd_log_init(opt->debug ? KEYD_LOG_DEBUG : KEYD_LOG_INFO);
	signal(SIGPIPE, SIG_IGN);
	ok = start(&d);
	if (ok) {
		keyd_info("started version=%s conns=%u", VTUN_VERSION,
			  d.cfg->n_conns);
		keyd_notify_manager("READY=1");
		keyd_pump(&d);
		event_base_dispatch(d.base);
		keyd_info("stopped");
	}
	finish(&d);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

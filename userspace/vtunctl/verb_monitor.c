// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vtunctl monitor: events of the module and of the daemon in one stream. The
 * module alone is enough; a daemon that comes later, or comes back, joins.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/control.h"
#include "vtunctl.h"

#define RETRY_MS	1000

/**
 * struct monitor - one run of the verb
 * @c: the run of the tool
 * @fd: connection to the daemon, -1 = none
 * @rx: what it sent
 * @acked: the daemon has accepted the request
 * @retry_at: next attempt to reach it
 * @seen: events printed
 * @count: end behind this many, 0 = never
 * @deadline: end at this time, -1 = never
 */
struct monitor {
	struct ctl *c;
	int fd;
	struct vtun_ctl_rx rx;
	bool acked;
	long long retry_at;
	uint32_t seen, count;
	long long deadline;
};

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static const char *const head[] = {
	"source", "event", "seq", "time_ms", NULL
};

static void text_value(const char *key, const json_t *v)
{
	const char *inner;
	json_t *part;

	if (json_is_object(v)) {
		json_object_foreach((json_t *)v, inner, part)
			text_value(inner, part);
		return;
	}
	if (json_is_string(v) && strchr(json_string_value(v), ' '))
		printf(" %s=\"%s\"", key, vtun_quote(json_string_value(v)));
	else if (json_is_string(v))
		printf(" %s=%s", key, vtun_quote(json_string_value(v)));
	else if (json_is_integer(v))
		printf(" %s=%lld", key, (long long)json_integer_value(v));
	else if (json_is_boolean(v))
		printf(" %s=%s", key, json_is_true(v) ? "yes" : "no");
}

/* what every event has comes first, "schema" in front of all */
static void print_json(const json_t *ev)
{
	json_t *all = json_pack("{s:i}", "schema", CTL_SCHEMA);
	const char *const *h;

	for (h = head; *h; h++)
		json_object_set(all, *h, json_object_get(ev, *h));
	json_object_update_missing(all, (json_t *)ev);
	json_dumpf(all, stdout, JSON_COMPACT);
	json_decref(all);
}

/* "[ 123.456] kernel #12 expire child=lan …"; takes the reference */
static void print_event(struct monitor *m, json_t *ev)
{
	json_int_t ms = json_integer_value(json_object_get(ev, "time_ms"));
	json_int_t seq = json_integer_value(json_object_get(ev, "seq"));
	const char *const *h;
	const char *key;
	json_t *v;

	if (m->c->json) {
		print_json(ev);
	} else {
		printf("[%6lld.%03d] %s #%lld %s", (long long)ms / 1000,
		       (int)(ms % 1000),
		       json_string_value(json_object_get(ev, "source")),
		       (long long)seq,
		       json_string_value(json_object_get(ev, "event")));
		json_object_foreach(ev, key, v) {
			for (h = head; *h && strcmp(*h, key); h++)
				;
			if (!*h)
				text_value(key, v);
		}
	}
	putchar('\n');
	fflush(stdout);
	m->seen++;
	json_decref(ev);
}

static bool enough(const struct monitor *m)
{
	return m->count && m->seen >= m->count;
}

static int kernel_events(struct monitor *m)
{
	struct vtun_k_event ev;
	json_t *obj;
	int ret = 0;

	while (!enough(m) && (ret = vtun_k_event_read(m->c->k, &ev)) > 0) {
		obj = ctl_model_event(&ev);
		json_object_set_new(obj, "time_ms", json_integer(now_ms()));
		print_event(m, obj);
	}
	return ret < 0 ? ctl_kernel_fail(m->c) : CTL_OK;
}

static void daemon_close(struct monitor *m)
{
	if (m->fd >= 0)
		close(m->fd);
	vtun_ctl_rx_free(&m->rx);
	m->fd = -1;
	m->acked = false;
	m->retry_at = now_ms() + RETRY_MS;
}

static void daemon_open(struct monitor *m)
{
	json_t *req = json_pack("{s:s}", "cmd", "monitor");

	m->fd = vtun_ctl_connect(m->c->socket);
	if (m->fd < 0 || vtun_ctl_send(m->fd, req, CTL_REPLY_MS))
		daemon_close(m);
	json_decref(req);
}

/* CTL_OK, or the daemon refuses */
static int daemon_line(struct monitor *m, json_t *obj)
{
	const char *why;

	if (m->acked) {
		if (!json_is_string(json_object_get(obj, "event"))) {
			json_decref(obj);
			return CTL_OK;
		}
		json_object_set_new(obj, "source", json_string("ike"));
		print_event(m, obj);
		return CTL_OK;
	}
	m->acked = json_is_true(json_object_get(obj, "ok"));
	if (!m->acked) {
		why = json_string_value(json_object_get(obj, "error"));
		ctl_fail(m->c, CTL_REFUSED, "vtkeyd: %.200s",
			 why ? why : "refused");
	}
	json_decref(obj);
	return m->acked ? CTL_OK : CTL_REFUSED;
}

static int daemon_events(struct monitor *m)
{
	char err[256] = "connection closed";
	json_t *obj;
	int ret;

	ret = vtun_ctl_rx_read(&m->rx, m->fd);
	if (ret == -EAGAIN)
		return CTL_OK;
	if (ret <= 0 && ret != -EMSGSIZE) {
		ctl_fail(m->c, 0, "vtkeyd is gone; waiting for it");
		daemon_close(m);
		return CTL_OK;
	}
	while (!enough(m) && (ret = vtun_ctl_rx_next(&m->rx, &obj, err,
						     sizeof(err))) > 0) {
		ret = daemon_line(m, obj);
		if (ret)
			return ret;
	}
	if (ret < 0 && !enough(m)) {
		ctl_fail(m->c, 0, "vtkeyd sent %s", err);
		daemon_close(m);
	}
	return CTL_OK;
}

/* ms until something is due, -1 = never */
static int patience(const struct monitor *m)
{
	long long at = m->deadline, left;

	if (m->fd < 0 && (at < 0 || m->retry_at < at))
		at = m->retry_at;
	if (at < 0)
		return -1;
	left = at - now_ms();
	return left < 0 ? 0 : left > 60000 ? 60000 : left;
}

static int watch(struct monitor *m)
{
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };
	int ret = CTL_OK;

	while (!ret && !enough(m)) {
		if (m->deadline >= 0 && now_ms() >= m->deadline)
			return m->count ? ctl_fail(m->c, CTL_REFUSED,
						   "%u of %u events in time",
						   m->seen, m->count) : CTL_OK;
		if (m->fd < 0 && now_ms() >= m->retry_at)
			daemon_open(m);
		p[0].fd = m->c->k ? vtun_k_event_fd(m->c->k) : -1;
		p[1].fd = m->fd;
		if (poll(p, 2, patience(m)) < 0 && errno != EINTR)
			return ctl_fail(m->c, CTL_REFUSED, "poll: %s",
					strerror(errno));
		if (p[0].revents)
			ret = kernel_events(m);
		if (!ret && p[1].revents && !enough(m))
			ret = daemon_events(m);
	}
	return ret;
}

static int parse_seconds(const char *s, void *dst, struct vtun_err *err)
{
	return vtun_parse_duration(s, dst, err);
}

static int parse_count(const char *s, void *dst, struct vtun_err *err)
{
	return vtun_parse_u32(s, 1, UINT32_MAX, dst, err);
}

int ctl_monitor(struct ctl *c)
{
	struct monitor m = { .c = c, .fd = -1, .deadline = -1 };
	uint64_t timeout = 0;
	struct ctl_opt opts[] = {
		{ "--count", parse_count, &m.count },
		{ "--timeout", parse_seconds, &timeout },
		{ NULL }
	};
	int ret;

	ret = ctl_opts(c, opts, NULL);
	if (ret)
		return ret;
	if (opts[1].seen)
		m.deadline = now_ms() + (long long)timeout;
	vtun_ctl_rx_init(&m.rx, VTUN_CTL_REPLY_MAX);
	daemon_open(&m);
	if (vtun_k_open(&c->k, VTUN_K_EVENTS)) {
		ret = ctl_fail(c, CTL_UNREACHABLE, "%s", vtun_k_error(c->k));
		vtun_k_close(c->k);
		c->k = NULL;
		if (m.fd < 0)
			return ret;
	}
	if (m.fd < 0)
		ctl_fail(c, 0, "vtkeyd does not run; events of the module only");
	ret = watch(&m);
	daemon_close(&m);
	return ret;
}

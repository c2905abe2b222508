// SPDX-License-Identifier: GPL-2.0-or-later
#include "server.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/control.h"
#include "log.h"

/**
 * struct client - one connection
 * @out: what the socket did not take yet
 * @closing: to be closed when @out is empty
 */
struct client {
	struct client *next;
	struct keyd_server *s;
	int fd;
	struct vtun_ctl_rx rx;
	struct evbuffer *out;
	struct event *ev_read, *ev_write;
	bool monitor, closing;
};

struct keyd_server {
	struct keyd *d;
	char *path;
	int fd;
	struct event *ev;
	struct client *clients;
	unsigned int n_clients;
	uint64_t seq;
};

/* ---- connections ---- */

static void client_free(struct client *c)
{
	struct client **p;

	for (p = &c->s->clients; *p; p = &(*p)->next)
		if (*p == c) {
			*p = c->next;
			c->s->n_clients--;
			break;
		}
	if (c->ev_read)
		event_free(c->ev_read);
	if (c->ev_write)
		event_free(c->ev_write);
	if (c->out)
		evbuffer_free(c->out);
	vtun_ctl_rx_free(&c->rx);
	close(c->fd);
	free(c);
}

/* false: the client is gone */
static bool client_flush(struct client *c)
{
	int n;

	while (evbuffer_get_length(c->out)) {
		n = evbuffer_write(c->out, c->fd);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			event_add(c->ev_write, NULL);
			return true;
		}
		if (n <= 0) {
			client_free(c);
			return false;
		}
	}
	if (c->closing) {
		client_free(c);
		return false;
	}
	return true;
}

/* takes @obj; the line is sent by client_flush() */
static void client_put(struct client *c, json_t *obj)
{
	size_t len;
	char *line;

	line = obj ? vtun_ctl_encode(obj, &len) : NULL;
	json_decref(obj);
	if (!line) {
		c->closing = true;
		return;
	}
	if (evbuffer_get_length(c->out) + len > KEYD_BACKLOG_MAX &&
	    c->monitor) {
		keyd_warn("monitor cut off text=\"reads too slowly\"");
		evbuffer_drain(c->out, evbuffer_get_length(c->out));
		c->closing = true;
	} else {
		evbuffer_add(c->out, line, len);
	}
	free(line);
}

/* ---- requests ---- */

static const char *member(const json_t *req, const char *name)
{
	return json_string_value(json_object_get(req, name));
}

static json_t *run_command(struct keyd *d, const json_t *req,
			   enum ike_cmd_type cmd)
{
	const char *conn = member(req, "conn"), *child = member(req, "child");
	int err;

	if (!conn)
		return vtun_ctl_refuse("\"conn\" is missing");
	if (!keyd_config_conn(d->cfg, conn))
		return vtun_ctl_refuse("no connection \"%s\"", conn);
	if (cmd == IKE_CMD_REKEY_IKE && child)
		cmd = IKE_CMD_REKEY_CHILD;
	err = ike_input_command(d->engine, keyd_now(), cmd, conn, child);
	if (!err)
		return vtun_ctl_ok();
	if (err == -ENOENT && child)
		return vtun_ctl_refuse("connection \"%s\" has no child \"%s\" that this applies to",
				       conn, child);
	if (err == -ENOENT)
		return vtun_ctl_refuse("connection \"%s\" has no IKE SA", conn);
	if (err == -EALREADY)
		return vtun_ctl_refuse("\"%s\": is so already", conn);
	return vtun_ctl_refuse("\"%s\": %s", conn, strerror(-err));
}

static json_t *cmd_up(struct client *c, const json_t *req)
{
	return run_command(c->s->d, req, IKE_CMD_UP);
}

static json_t *cmd_down(struct client *c, const json_t *req)
{
	return run_command(c->s->d, req, IKE_CMD_DOWN);
}

static json_t *cmd_rekey(struct client *c, const json_t *req)
{
	return run_command(c->s->d, req, IKE_CMD_REKEY_IKE);
}

static json_t *cmd_version(struct client *c, const json_t *req)
{
	json_t *reply = vtun_ctl_ok();

	json_object_set_new(reply, "version", json_string(VTUN_VERSION));
	return reply;
}

static json_t *cmd_show(struct client *c, const json_t *req)
{
	const char *conn = member(req, "conn");
	json_t *reply;

	if (conn && !keyd_config_conn(c->s->d->cfg, conn))
		return vtun_ctl_refuse("no connection \"%s\"", conn);
	reply = vtun_ctl_ok();
	keyd_show_fill(c->s->d, conn, reply);
	return reply;
}

static json_t *cmd_reload(struct client *c, const json_t *req)
{
	unsigned int changed;
	json_t *reply;
	int err;

	err = keyd_reload(c->s->d, &changed);
	if (err == -EINVAL)
		return vtun_ctl_refuse("the configuration has errors, the old one stays in force; vtkeyd -n shows them");
	if (err)
		return vtun_ctl_refuse("%s", strerror(-err));
	reply = vtun_ctl_ok();
	json_object_set_new(reply, "changed", json_integer(changed));
	return reply;
}

static json_t *cmd_monitor(struct client *c, const json_t *req)
{
	c->monitor = true;
	return vtun_ctl_ok();
}

static const struct command {
	const char *name;
	json_t *(*run)(struct client *c, const json_t *req);
	const char *members[4];
} commands[] = {
	{ "version", cmd_version, { "cmd" } },
	{ "up", cmd_up, { "cmd", "conn", "child" } },
	{ "down", cmd_down, { "cmd", "conn", "child" } },
	{ "rekey", cmd_rekey, { "cmd", "conn", "child" } },
	{ "show", cmd_show, { "cmd", "conn" } },
	{ "reload", cmd_reload, { "cmd" } },
	{ "monitor", cmd_monitor, { "cmd" } },
};

static json_t *dispatch(struct client *c, const json_t *req)
{
	const char *name = member(req, "cmd");
	json_t *refusal;
	size_t i;

	if (!name)
		return vtun_ctl_refuse("\"cmd\" is missing");
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name))
			continue;
		refusal = vtun_ctl_check(req, commands[i].members);
		return refusal ? refusal : commands[i].run(c, req);
	}
	return vtun_ctl_refuse("unknown command \"%s\"", name);
}

/* every complete request; false: the client is gone */
static bool serve(struct client *c)
{
	char err[160];
	json_t *req;
	int n;

	while (!c->monitor && !c->closing) {
		n = vtun_ctl_rx_next(&c->rx, &req, err, sizeof(err));
		if (!n)
			break;
		if (n < 0) {
			client_put(c, vtun_ctl_refuse("%s", err));
			c->closing = true;
			break;
		}
		client_put(c, dispatch(c, req));
		json_decref(req);
		if (evbuffer_get_length(c->out) > KEYD_BACKLOG_MAX) {
			/* answers nobody reads: no more questions until then */
			event_del(c->ev_read);
			break;
		}
	}
	return client_flush(c);
}

static void client_read(evutil_socket_t fd, short what, void *ctx)
{
	struct client *c = ctx;
	struct keyd *d = c->s->d;
	char drain[512];
	int n;

	if (c->monitor) {
		/* only the end of the connection is of interest */
		n = (int)read(fd, drain, sizeof(drain));
		if (!n || (n < 0 && errno != EAGAIN))
			client_free(c);
		return;
	}
	n = vtun_ctl_rx_read(&c->rx, fd);
	if (n == -EAGAIN)
		return;
	if (n == -EMSGSIZE) {
		client_put(c, vtun_ctl_refuse("request longer than %d octets",
					      VTUN_CTL_REQUEST_MAX));
		c->closing = true;
		client_flush(c);
		return;
	}
	if (n <= 0) {
		client_free(c);
		return;
	}
	serve(c);
	/* a command is an input to the engine */
	keyd_pump(d);
}

static void client_write(evutil_socket_t fd, short what, void *ctx)
{
	struct client *c = ctx;

	if (!client_flush(c) || evbuffer_get_length(c->out))
		return;
	if (!event_pending(c->ev_read, EV_READ, NULL)) {
		event_add(c->ev_read, NULL);
		serve(c);
		keyd_pump(c->s->d);
	}
}

static void client_new(struct keyd_server *s, int fd)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return;
	}
	c->s = s;
	c->fd = fd;
	vtun_ctl_rx_init(&c->rx, VTUN_CTL_REQUEST_MAX);
	c->next = s->clients;
	s->clients = c;
	s->n_clients++;
	c->out = evbuffer_new();
	c->ev_read = event_new(s->d->base, fd, EV_READ | EV_PERSIST,
			       client_read, c);
	c->ev_write = event_new(s->d->base, fd, EV_WRITE, client_write, c);
	if (!c->out || !c->ev_read || !c->ev_write ||
	    event_add(c->ev_read, NULL)) {
		client_free(c);
		return;
	}
	if (s->n_clients > KEYD_CLIENTS_MAX) {
		client_put(c, vtun_ctl_refuse("more than %d connections",
					      KEYD_CLIENTS_MAX));
		c->closing = true;
		client_flush(c);
	}
}

static void accept_client(evutil_socket_t listener, short what, void *ctx)
{
	struct keyd_server *s = ctx;
	int fd;

	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		client_new(s, fd);
}

/* ---- life ---- */

struct keyd_server *keyd_server_open(struct keyd *d, const char *path)
{
	struct keyd_server *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->d = d;
	s->path = strdup(path);
	s->fd = vtun_ctl_listen(path);
	if (s->fd < 0) {
		keyd_err("control socket %s: %s", path, strerror(-s->fd));
		free(s->path);
		free(s);
		return NULL;
	}
	s->ev = event_new(d->base, s->fd, EV_READ | EV_PERSIST, accept_client,
			  s);
	if (s->ev)
		event_add(s->ev, NULL);
	return s;
}

void keyd_server_close(struct keyd_server *s)
{
	if (!s)
		return;
	while (s->clients)
		client_free(s->clients);
	if (s->ev)
		event_free(s->ev);
	close(s->fd);
	if (s->path)
		unlink(s->path);
	free(s->path);
	free(s);
}

void keyd_server_event(struct keyd_server *s, const struct ike_notify *n)
{
	struct client *c, *next;

	if (!s)
		return;
	s->seq++;
	for (c = s->clients; c; c = next) {
		next = c->next;
		if (!c->monitor || c->closing)
			continue;
		client_put(c, keyd_show_event(n, s->seq));
		client_flush(c);
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests to vtkeyd, and the verbs that are nothing else. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/control.h"
#include "vtunctl.h"

static int exchange(struct ctl *c, json_t *req, json_t **reply,
		    struct vtun_err *err)
{
	struct vtun_ctl_rx rx;
	int fd, ret;

	fd = vtun_ctl_connect(c->socket);
	if (fd < 0) {
		vtun_err_set(err, "vtkeyd cannot be reached at %s: %s",
			     vtun_quote(c->socket), strerror(-fd));
		return fd;
	}
	vtun_ctl_rx_init(&rx, VTUN_CTL_REPLY_MAX);
	ret = vtun_ctl_send(fd, req, CTL_REPLY_MS);
	if (ret)
		vtun_err_set(err, "%s", strerror(-ret));
	else
		ret = vtun_ctl_recv(fd, &rx, reply, CTL_REPLY_MS, err->text,
				    sizeof(err->text));
	vtun_ctl_rx_free(&rx);
	close(fd);
	return ret;
}

int ctl_daemon(struct ctl *c, json_t *req, json_t **reply, bool quiet)
{
	struct vtun_err err = { "" };
	const char *why;
	int ret;

	*reply = NULL;
	ret = req ? exchange(c, req, reply, &err) : -ENOMEM;
	json_decref(req);
	if (ret && quiet)
		return CTL_UNREACHABLE;
	if (ret == -EMSGSIZE || ret == -EBADMSG)
		return ctl_fail(c, CTL_UNREACHABLE, "vtkeyd answered %.200s",
				err.text);
	if (ret && *err.text)
		return ctl_fail(c, CTL_UNREACHABLE, "%.250s", err.text);
	if (ret)
		return ctl_fail(c, CTL_UNREACHABLE, "vtkeyd: %s",
				strerror(-ret));
	if (json_is_true(json_object_get(*reply, "ok")))
		return CTL_OK;
	why = json_string_value(json_object_get(*reply, "error"));
	if (!quiet)
		ctl_fail(c, CTL_REFUSED, "%.500s", why ? why :
			 "vtkeyd refused without a reason");
	json_decref(*reply);
	*reply = NULL;
	return CTL_REFUSED;
}

static int conn_command(struct ctl *c, const char *cmd)
{
	const char *conn, *child;
	json_t *req, *reply;
	int ret;

	ret = ctl_need(c, "the name of a connection", &conn);
	if (ret)
		return ret;
	child = ctl_next(c);
	ret = ctl_end(c);
	if (ret)
		return ret;
	req = json_pack("{s:s, s:s, s:s*}", "cmd", cmd, "conn", conn, "child",
			child);
	if (!req)
		return ctl_fail(c, CTL_USAGE, "a name is not UTF-8");
	ret = ctl_daemon(c, req, &reply, false);
	json_decref(reply);
	return ret;
}

int ctl_up(struct ctl *c)
{
	return conn_command(c, "up");
}

int ctl_down(struct ctl *c)
{
	return conn_command(c, "down");
}

int ctl_rekey(struct ctl *c)
{
	return conn_command(c, "rekey");
}

int ctl_reload(struct ctl *c)
{
	json_t *reply;
	int ret;

	ret = ctl_end(c);
	if (ret)
		return ret;
	ret = ctl_daemon(c, json_pack("{s:s}", "cmd", "reload"), &reply, false);
	if (ret)
		return ret;
	if (c->json)
		json_dumpf(reply, stdout, JSON_COMPACT);
	else
		printf("connections changed: %d",
		       (int)json_integer_value(json_object_get(reply,
							       "changed")));
	putchar('\n');
	json_decref(reply);
	return CTL_OK;
}

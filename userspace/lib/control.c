// SPDX-License-Identifier: GPL-2.0-or-later
#include "control.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define RX_CHUNK	4096

void vtun_ctl_rx_init(struct vtun_ctl_rx *rx, size_t max)
{
	memset(rx, 0, sizeof(*rx));
	rx->max = max;
}

void vtun_ctl_rx_free(struct vtun_ctl_rx *rx)
{
	free(rx->buf);
	vtun_ctl_rx_init(rx, rx->max);
}

/* end of the first line, NULL: incomplete */
static char *rx_line(struct vtun_ctl_rx *rx)
{
	char *end;

	end = rx->len ? memchr(rx->buf + rx->scanned, '\n',
			       rx->len - rx->scanned) : NULL;
	if (!end)
		rx->scanned = rx->len;
	return end;
}

static int rx_grow(struct vtun_ctl_rx *rx, size_t more)
{
	size_t size = rx->size ? rx->size : RX_CHUNK;
	char *buf;

	while (size - rx->len < more)
		size *= 2;
	if (size == rx->size)
		return 0;
	buf = realloc(rx->buf, size);
	if (!buf)
		return -ENOMEM;
	rx->buf = buf;
	rx->size = size;
	return 0;
}

int vtun_ctl_rx_feed(struct vtun_ctl_rx *rx, const void *data, size_t len)
{
	int ret;

	/* what is complete already is the reader's to take first */
	if (!rx_line(rx) && rx->len > rx->max)
		return -EMSGSIZE;
	ret = rx_grow(rx, len);
	if (ret)
		return ret;
	memcpy(rx->buf + rx->len, data, len);
	rx->len += len;
	return !rx_line(rx) && rx->len > rx->max ? -EMSGSIZE : 0;
}

int vtun_ctl_rx_read(struct vtun_ctl_rx *rx, int fd)
{
	char chunk[RX_CHUNK];
	ssize_t n;
	int ret;

	do {
		n = recv(fd, chunk, sizeof(chunk), 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	if (!n)
		return 0;
	ret = vtun_ctl_rx_feed(rx, chunk, n);
	return ret ? ret : 1;
}

int vtun_ctl_rx_next(struct vtun_ctl_rx *rx, json_t **obj, char *err,
		     size_t err_size)
{
	json_error_t why;
	size_t len;
	json_t *v;
	char *end;

	end = rx_line(rx);
	if (!end && rx->len <= rx->max)
		return 0;
	len = end ? (size_t)(end - rx->buf) : rx->len;
	if (len > rx->max) {
		snprintf(err, err_size, "line longer than %zu octets", rx->max);
		return -EMSGSIZE;
	}
	v = json_loadb(rx->buf, len, JSON_REJECT_DUPLICATES, &why);
	if (!v) {
		snprintf(err, err_size, "no JSON at column %d: %s",
			 why.column, why.text);
		return -EBADMSG;
	}
	if (!json_is_object(v)) {
		json_decref(v);
		snprintf(err, err_size, "JSON, but not an object");
		return -EBADMSG;
	}
	rx->len -= len + 1;
	memmove(rx->buf, end + 1, rx->len);
	rx->scanned = 0;
	*obj = v;
	return 1;
}

char *vtun_ctl_encode(const json_t *obj, size_t *len)
{
	char *line;
	size_t n;

	n = json_dumpb(obj, NULL, 0, JSON_COMPACT);
	if (!n)
		return NULL;
	line = malloc(n + 1);
	if (!line)
		return NULL;
	if (json_dumpb(obj, line, n, JSON_COMPACT) != n) {
		free(line);
		return NULL;
	}
	line[n] = '\n';
	*len = n + 1;
	return line;
}

json_t *vtun_ctl_ok(void)
{
	return json_pack("{s:b, s:i}", "ok", 1, "schema", VTUN_CTL_SCHEMA);
}

json_t *vtun_ctl_refuse(const char *fmt, ...)
{
	char text[512];
	va_list ap;
	char *p;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* quoted input may be anything; what goes out is printable */
	for (p = text; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return json_pack("{s:b, s:i, s:s}", "ok", 0, "schema", VTUN_CTL_SCHEMA,
			 "error", text);
}

json_t *vtun_ctl_check(const json_t *req, const char *const *allowed)
{
	const char *const *a;
	const char *key;
	json_t *v;

	if (!json_is_string(json_object_get(req, "cmd")))
		return vtun_ctl_refuse("\"cmd\" is missing or not a string");
	json_object_foreach((json_t *)req, key, v) {
		if (!strcmp(key, "cmd"))
			continue;
		for (a = allowed; *a && strcmp(*a, key); a++)
			;
		if (!*a)
			return vtun_ctl_refuse("unknown member \"%.64s\"", key);
		if (!json_is_string(v))
			return vtun_ctl_refuse("\"%.64s\" is not a string",
					       key);
	}
	return NULL;
}

static int unix_addr(const char *path, struct sockaddr_un *sun)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (!*path || strlen(path) >= sizeof(sun->sun_path))
		return -ENAMETOOLONG;
	strcpy(sun->sun_path, path);
	return 0;
}

int vtun_ctl_connect(const char *path)
{
	struct sockaddr_un sun;
	int fd, ret;

	ret = unix_addr(path, &sun);
	if (ret)
		return ret;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun))) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

int vtun_ctl_listen(const char *path)
{
	struct sockaddr_un sun;
	struct stat st;
	mode_t mask;
	int fd, ret;

	ret = unix_addr(path, &sun);
	if (ret)
		return ret;
	if (!lstat(path, &st)) {
		if (!S_ISSOCK(st.st_mode))
			return -EEXIST;
		fd = vtun_ctl_connect(path);
		if (fd >= 0) {
			close(fd);
			return -EADDRINUSE;
		}
		if (fd != -ECONNREFUSED)
			return fd;
		if (unlink(path))
			return -errno;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* no moment in which somebody else could connect */
	mask = umask(0177);
	ret = bind(fd, (struct sockaddr *)&sun, sizeof(sun));
	umask(mask);
	if (ret || listen(fd, 16)) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* until @fd is ready or @deadline has passed (-1: wait for ever) */
static int wait_fd(int fd, short events, long long deadline)
{
	struct pollfd p = { .fd = fd, .events = events };
	long long left = -1;
	int n;

	do {
		if (deadline >= 0) {
			left = deadline - now_ms();
			if (left < 0)
				left = 0;
		}
		n = poll(&p, 1, left);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n ? 0 : -ETIMEDOUT;
}

int vtun_ctl_send(int fd, const json_t *obj, int timeout_ms)
{
	long long deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	size_t len, done = 0;
	int ret = 0;
	ssize_t n;
	char *line;

	line = vtun_ctl_encode(obj, &len);
	if (!line)
		return -ENOMEM;
	while (!ret && done < len) {
		n = send(fd, line + done, len - done,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0)
			done += n;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			ret = wait_fd(fd, POLLOUT, deadline);
		else if (errno != EINTR)
			ret = -errno;
	}
	free(line);
	return ret;
}

int vtun_ctl_recv(int fd, struct vtun_ctl_rx *rx, json_t **obj, int timeout_ms,
		  char *err, size_t err_size)
{
	long long deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	int ret;

	for (;;) {
		ret = vtun_ctl_rx_next(rx, obj, err, err_size);
		if (ret)
			return ret > 0 ? 0 : ret;
		ret = wait_fd(fd, POLLIN, deadline);
		if (!ret) {
			ret = vtun_ctl_rx_read(rx, fd);
			if (!ret)
				ret = -ECONNRESET;
		}
		if (ret == -EMSGSIZE)
			continue;	/* rx_next() has the words for it */
		if (ret < 0 && ret != -EAGAIN) {
			snprintf(err, err_size, "%s", strerror(-ret));
			return ret;
		}
	}
}

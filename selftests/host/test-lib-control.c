// SPDX-License-Identifier: GPL-2.0-or-later
/* Framing of the control protocol: limits, cuts at every octet, bad input. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ktap.h"
#include "lib/control.h"

static char err[256];

static int feed(struct vtun_ctl_rx *rx, const char *s)
{
	return vtun_ctl_rx_feed(rx, s, strlen(s));
}

static void test_lines(void)
{
	static const char two[] =
		"{\"cmd\":\"up\",\"conn\":\"a\"}\n{\"cmd\":\"show\"}\n";
	struct vtun_ctl_rx rx;
	unsigned int cut, got;
	json_t *obj;
	bool ok = true;

	for (cut = 0; cut < sizeof(two); cut++) {
		vtun_ctl_rx_init(&rx, VTUN_CTL_REQUEST_MAX);
		got = 0;
		if (vtun_ctl_rx_feed(&rx, two, cut))
			ok = false;
		while (vtun_ctl_rx_next(&rx, &obj, err, sizeof(err)) == 1) {
			got++;
			json_decref(obj);
		}
		if (vtun_ctl_rx_feed(&rx, two + cut, sizeof(two) - 1 - cut))
			ok = false;
		while (vtun_ctl_rx_next(&rx, &obj, err, sizeof(err)) == 1) {
			got++;
			json_decref(obj);
		}
		ok &= got == 2 && !rx.len;
		vtun_ctl_rx_free(&rx);
	}
	ktap_ok(ok, "two requests, cut at every octet");
}

static void test_limit(void)
{
	char line[32 + 1], out[32 + 2];
	struct vtun_ctl_rx rx;
	json_t *obj;

	/* {"k":"xxx…"} of exactly 32 octets passes, 33 do not */
	memset(line, 'x', sizeof(line));
	memcpy(line, "{\"k\":\"", 6);
	memcpy(line + 30, "\"}", 3);
	vtun_ctl_rx_init(&rx, 32);
	snprintf(out, sizeof(out), "%s\n", line);
	ktap_ok(!feed(&rx, out) &&
		vtun_ctl_rx_next(&rx, &obj, err, sizeof(err)) == 1,
		"a line of the greatest length");
	json_decref(obj);
	vtun_ctl_rx_free(&rx);

	vtun_ctl_rx_init(&rx, 31);
	ktap_ok(!feed(&rx, out) &&
		vtun_ctl_rx_next(&rx, &obj, err, sizeof(err)) == -EMSGSIZE &&
		strstr(err, "31"), "one octet more is refused");
	vtun_ctl_rx_free(&rx);

	vtun_ctl_rx_init(&rx, 31);
	ktap_ok(feed(&rx, line) == -EMSGSIZE &&
		vtun_ctl_rx_next(&rx, &obj, err, sizeof(err)) == -EMSGSIZE,
		"also without an end of line");
	vtun_ctl_rx_free(&rx);
}

static void test_bad_lines(void)
{
	static const char *const bad[] = {
		"\n", "x\n", "{\n", "[]\n", "1\n", "\"up\"\n", "null\n",
		"{\"a\":1}x\n", "{\"a\":1,\"a\":2}\n", "{\"a\":\"\\u0000\"}\n",
		"{\"a\":\"\xff\xfe\"}\n", "{\"a\":1e999}\n", "{'a':1}\n",
		"{\"a\":99999999999999999999}\n",
	};
	struct vtun_ctl_rx rx;
	char deep[4096];
	json_t *obj;
	unsigned int i;
	bool ok = true;
	int ret;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		vtun_ctl_rx_init(&rx, VTUN_CTL_REQUEST_MAX);
		feed(&rx, bad[i]);
		ret = vtun_ctl_rx_next(&rx, &obj, err, sizeof(err));
		if (ret != -EBADMSG) {
			ktap_note("line %u gave %d", i, ret);
			ok = false;
		}
		vtun_ctl_rx_free(&rx);
	}
	ktap_ok(ok, "%u lines that are no JSON object", i);

	memset(deep, '[', sizeof(deep));
	deep[sizeof(deep) - 2] = '\n';
	deep[sizeof(deep) - 1] = '\0';
	vtun_ctl_rx_init(&rx, VTUN_CTL_REQUEST_MAX);
	feed(&rx, deep);
	ktap_ok(vtun_ctl_rx_next(&rx, &obj, err, sizeof(err)) == -EBADMSG,
		"deep nesting");
	vtun_ctl_rx_free(&rx);
}

/* "error" of the refusal, "" if it passes */
static const char *checked(const char *text)
{
	static const char *const allowed[] = { "conn", "child", NULL };
	static char why[256];
	json_t *req = json_loads(text, 0, NULL), *no;

	no = vtun_ctl_check(req, allowed);
	snprintf(why, sizeof(why), "%s", no ?
		 json_string_value(json_object_get(no, "error")) : "");
	json_decref(no);
	json_decref(req);
	return why;
}

static void test_check(void)
{
	json_t *no;

	ktap_ok(!*checked("{\"cmd\":\"up\",\"conn\":\"a\"}"), "request passes");
	ktap_ok(strstr(checked("{\"conn\":\"a\"}"), "\"cmd\"") &&
		strstr(checked("{\"cmd\":1}"), "\"cmd\"") &&
		strstr(checked("{\"cmd\":\"up\",\"con\":\"a\"}"), "\"con\"") &&
		strstr(checked("{\"cmd\":\"up\",\"conn\":7}"), "\"conn\""),
		"request without cmd, with unknown member, with a number");
	no = vtun_ctl_refuse("no \"%s\"", "a\x1b\xff\n");
	ktap_ok(no && !strcmp(json_string_value(json_object_get(no, "error")),
			      "no \"a???\"") &&
		json_is_false(json_object_get(no, "ok")),
		"a refusal is printable");
	json_decref(no);
}

static void test_sockets(void)
{
	char dir[] = "/tmp/vtun-ctl-XXXXXX", path[64], longpath[200];
	int fd, other, one;
	struct vtun_ctl_rx rx;
	struct stat st;
	json_t *obj;

	if (!mkdtemp(dir))
		ktap_bail("mkdtemp");
	snprintf(path, sizeof(path), "%s/s", dir);
	ktap_ok(vtun_ctl_connect(path) == -ENOENT, "nobody there");
	fd = vtun_ctl_listen(path);
	ktap_ok(fd >= 0 && !stat(path, &st) && (st.st_mode & 0777) == 0600,
		"socket has mode 0600");
	ktap_ok(vtun_ctl_listen(path) == -EADDRINUSE, "second server refused");
	other = vtun_ctl_connect(path);
	/* the first in the queue is the probe of the second server */
	one = accept(fd, NULL, NULL);
	close(one);
	one = accept(fd, NULL, NULL);
	obj = json_pack("{s:s}", "cmd", "version");
	ktap_ok(other >= 0 && !vtun_ctl_send(other, obj, 1000), "send");
	json_decref(obj);
	vtun_ctl_rx_init(&rx, VTUN_CTL_REQUEST_MAX);
	ktap_ok(!vtun_ctl_recv(one, &rx, &obj, 1000, err, sizeof(err)) &&
		json_object_get(obj, "cmd"), "receive");
	json_decref(obj);
	ktap_ok(vtun_ctl_recv(one, &rx, &obj, 50, err, sizeof(err)) ==
		-ETIMEDOUT, "a wait has a bound");
	close(other);
	ktap_ok(vtun_ctl_recv(one, &rx, &obj, 1000, err, sizeof(err)) ==
		-ECONNRESET, "end of file");
	vtun_ctl_rx_free(&rx);
	close(one);
	close(fd);
	fd = vtun_ctl_listen(path);
	ktap_ok(fd >= 0, "socket of a dead server is replaced");
	close(fd);
	unlink(path);
	fd = creat(path, 0600);
	close(fd);
	ktap_ok(vtun_ctl_listen(path) == -EEXIST && !unlink(path),
		"a file is not replaced");
	memset(longpath, 'x', sizeof(longpath));
	longpath[sizeof(longpath) - 1] = '\0';
	ktap_ok(vtun_ctl_connect(longpath) == -ENAMETOOLONG, "path too long");
	rmdir(dir);
}

int main(void)
{
	ktap_begin();
	test_lines();
	test_limit();
	test_bad_lines();
	test_check();
	test_sockets();
	return ktap_end();
}

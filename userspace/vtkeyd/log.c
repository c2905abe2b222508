// SPDX-License-Identifier: GPL-2.0-or-later
#include "log.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_OCTETS	1024

#define FAILURES_BURST		50
#define FAILURES_PER_SECOND	5

static enum keyd_log max_level = KEYD_LOG_INFO;
static bool journal;

void keyd_log_init(enum keyd_log level)
{
	max_level = level;
	/* the journal reads a priority and has its own clock */
	journal = getenv("JOURNAL_STREAM") && !isatty(STDERR_FILENO);
}

bool keyd_log_wanted(enum keyd_log level)
{
	return level <= max_level;
}

static int line_start(enum keyd_log level, char *buf, size_t size)
{
	/* sd-daemon(3): the levels of syslog */
	static const int prio[] = { 3, 4, 6, 7 };
	static const char *const name[] = { "error", "warning", "info",
					    "debug" };
	struct timespec ts;
	struct tm tm;
	char when[32];

	if (journal)
		return snprintf(buf, size, "<%d>", prio[level]);
	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	return snprintf(buf, size, "%s.%03ldZ %s ", when,
			ts.tv_nsec / 1000000, name[level]);
}

void keyd_log(enum keyd_log level, const char *fmt, ...)
{
	char buf[LINE_MAX_OCTETS];
	va_list ap;
	size_t len;
	int n;

	if (level > max_level)
		return;
	n = line_start(level, buf, sizeof(buf));
	len = n > 0 ? (size_t)n : 0;
	va_start(ap, fmt);
	n = vsnprintf(buf + len, sizeof(buf) - len - 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	len += (size_t)n;
	if (len > sizeof(buf) - 2)
		len = sizeof(buf) - 2;
	buf[len++] = '\n';
	/* one write per line: lines of two threads or daemons never mix */
	if (write(STDERR_FILENO, buf, len) < 0)
		return;
}

const char *keyd_log_quote(const char *text, char *buf, size_t size)
{
	size_t at = 0;

	buf[at++] = '"';
	for (; *text && at + 6 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\') {
			buf[at++] = '\\';
			buf[at++] = (char)c;
		} else if (c < ' ' || c > '~') {
			at += (size_t)snprintf(buf + at, size - at, "\\x%02x",
					       c);
		} else {
			buf[at++] = (char)c;
		}
	}
	buf[at++] = '"';
	buf[at] = '\0';
	return buf;
}

const char *keyd_log_addr(const struct ike_addr *a, char buf[64])
{
	char ip[INET6_ADDRSTRLEN];

	if (!a->family)
		return "any";
	inet_ntop(a->family, a->addr, ip, sizeof(ip));
	if (a->family == AF_INET6)
		snprintf(buf, 64, "[%s]:%u", ip, a->port);
	else
		snprintf(buf, 64, "%s:%u", ip, a->port);
	return buf;
}

static enum keyd_log notify_level(enum ike_notify_type t)
{
	switch (t) {
	case IKE_NTF_FAILED:
		return KEYD_LOG_WARNING;
	default:
		return KEYD_LOG_INFO;
	}
}

/*
 * Strangers can cause failures as fast as they send: at most so many lines,
 * then a few per second and a word of how many were left out.
 */
static bool failure_wanted(void)
{
	static unsigned int tokens = FAILURES_BURST, left_out;
	static time_t last;
	struct timespec ts;
	uint64_t more;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	more = (uint64_t)(ts.tv_sec - last) * FAILURES_PER_SECOND;
	last = ts.tv_sec;
	tokens = more + tokens > FAILURES_BURST ? FAILURES_BURST :
		 tokens + (unsigned int)more;
	if (!tokens) {
		left_out++;
		return false;
	}
	tokens--;
	if (left_out)
		keyd_log(KEYD_LOG_WARNING, "left-out count=%u text=\"failures, too many to log\"",
			 left_out);
	left_out = 0;
	return true;
}

void keyd_log_notify(const struct ike_notify *n)
{
	enum keyd_log level = notify_level(n->type);
	char quoted[sizeof(n->text) * 4 + 8];
	char *line = NULL;
	size_t len;
	FILE *f;

	if (!keyd_log_wanted(level) ||
	    (n->type == IKE_NTF_FAILED && !failure_wanted()))
		return;
	f = open_memstream(&line, &len);
	if (!f)
		return;
	fputs(ike_notify_name(n->type), f);
	if (*n->conn)
		fprintf(f, " conn=%s", n->conn);
	if (*n->child)
		fprintf(f, " child=%s", n->child);
	if (n->spi_i || n->spi_r)
		fprintf(f, " ike=%016" PRIx64 "_%016" PRIx64, n->spi_i,
			n->spi_r);
	if (n->spi_in || n->spi_out)
		fprintf(f, " spi_in=0x%08x spi_out=0x%08x", n->spi_in,
			n->spi_out);
	if (n->old_spi_in || n->old_spi_out)
		fprintf(f, " old_spi_in=0x%08x old_spi_out=0x%08x",
			n->old_spi_in, n->old_spi_out);
	if (n->duration_ms)
		fprintf(f, " duration_ms=%" PRIu64, n->duration_ms);
	if (*n->text)
		fprintf(f, " text=%s",
			keyd_log_quote(n->text, quoted, sizeof(quoted)));
	fclose(f);
	keyd_log(level, "%s", line);
	free(line);
}

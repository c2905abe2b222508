/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KTAP output of a host test: results, notes, and the plan at the end. */
#ifndef VTUN_HOST_KTAP_H
#define VTUN_HOST_KTAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned int ktap_tests, ktap_failed;

static inline void ktap_begin(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("KTAP version 1");
}

/* one result; returns @ok */
static inline bool __attribute__((format(printf, 2, 3)))
ktap_ok(bool ok, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %u ", ok ? "" : "not ", ++ktap_tests);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	ktap_failed += !ok;
	return ok;
}

static inline void ktap_skip(const char *name, const char *why)
{
	printf("ok %u %s # SKIP %s\n", ++ktap_tests, name, why);
}

static inline void __attribute__((format(printf, 1, 2)))
ktap_note(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static inline void __attribute__((noreturn, format(printf, 1, 2)))
ktap_bail(const char *fmt, ...)
{
	va_list ap;

	printf("Bail out! ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	exit(1);
}

/* exit status of main() */
static inline int ktap_end(void)
{
	printf("1..%u\n", ktap_tests);
	printf("# %u passed, %u failed\n", ktap_tests - ktap_failed,
	       ktap_failed);
	return ktap_failed ? 1 : 0;
}

#endif /* VTUN_HOST_KTAP_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text to values and back, one grammar for command line and configuration.
 *
 * Every vtun_parse_*() returns 0 or -EINVAL; then @err, if not NULL, holds one
 * sentence that quotes the input and says what is expected. The result is
 * written only on success. Formatters return their buffer.
 */
#ifndef VTUN_PARSE_H
#define VTUN_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/* why an input was refused */
struct vtun_err {
	char text[256];
};

/* Sets @err (NULL is fine) and returns -EINVAL. Quoting is the caller's. */
int vtun_err_set(struct vtun_err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Input made safe to show: printable ASCII, long inputs cut; static buffers
 * used in turn, eight live at a time.
 */
const char *vtun_quote(const char *s);

/* decimal or 0x hexadecimal, min..max */
int vtun_parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *val,
		   struct vtun_err *err);
int vtun_parse_u32(const char *s, uint32_t min, uint32_t max, uint32_t *val,
		   struct vtun_err *err);
/* 30s 500ms 5m 1h 2d, plain number: seconds */
int vtun_parse_duration(const char *s, uint64_t *ms, struct vtun_err *err);
/* 4096 64K 5M 1G 2T, powers of 1024 */
int vtun_parse_size(const char *s, uint64_t *bytes, struct vtun_err *err);
/* yes no, on off, true false, enable disable */
int vtun_parse_bool(const char *s, bool *val, struct vtun_err *err);
/* decimal or 0x hexadecimal; 1..255 are reserved (RFC 4303 2.1) */
int vtun_parse_spi(const char *s, uint32_t *spi, struct vtun_err *err);
int vtun_parse_addr(const char *s, struct vtun_addr *a, struct vtun_err *err);
/* a name of a child or connection: 1..31 of letters, digits, . _ - : @ */
int vtun_parse_name(const char *s, char *name, size_t size,
		    struct vtun_err *err);
/*
 * A prefix (host bits must be 0), an address, or ADDR-ADDR, then optionally
 * [PROTO] or [PROTO/PORT] or [PROTO/PORT-PORT].
 */
int vtun_parse_ts(const char *s, struct vtun_ts *ts, struct vtun_err *err);
/* a list with commas; at most @max */
int vtun_parse_ts_list(const char *s, struct vtun_ts *ts, unsigned int max,
		       unsigned int *n, struct vtun_err *err);
/* hexadecimal digits, blanks and line ends ignored; error never quotes them */
int vtun_parse_hex(const char *s, size_t len, uint8_t *out, size_t size,
		   size_t *out_len, struct vtun_err *err);

const char *vtun_format_addr(const struct vtun_addr *a,
			     char buf[VTUN_ADDR_STRLEN]);
const char *vtun_format_ts(const struct vtun_ts *ts, char buf[VTUN_TS_STRLEN]);

#define VTUN_NUM_STRLEN	32
/* 0xc0ffee01 */
const char *vtun_format_spi(uint32_t spi, char buf[VTUN_NUM_STRLEN]);
/* 1h2m3s, 4.5s, 120ms */
const char *vtun_format_duration(uint64_t ms, char buf[VTUN_NUM_STRLEN]);
/* 4096B 64.0K 5.0M: for people; exact numbers are in JSON */
const char *vtun_format_size(uint64_t bytes, char buf[VTUN_NUM_STRLEN]);

#endif /* VTUN_PARSE_H */

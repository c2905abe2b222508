/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log lines: a sentence, then fields as name=value. One line per change of
 * state. Text of the other side is escaped; keys never come here.
 */
#ifndef VTKEYD_LOG_H
#define VTKEYD_LOG_H

#include "config.h"

/* @level: lines above it are left out */
void keyd_log_init(enum keyd_log level);
bool keyd_log_wanted(enum keyd_log level);
void keyd_log(enum keyd_log level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* an engine event, all its fields in one line */
void keyd_log_notify(const struct ike_notify *n);
/* printable form of text from elsewhere, in quotation marks */
const char *keyd_log_quote(const char *text, char *buf, size_t size);
const char *keyd_log_addr(const struct ike_addr *a, char buf[64]);

#define keyd_err(...)	keyd_log(KEYD_LOG_ERROR, __VA_ARGS__)
#define keyd_warn(...)	keyd_log(KEYD_LOG_WARNING, __VA_ARGS__)
#define keyd_info(...)	keyd_log(KEYD_LOG_INFO, __VA_ARGS__)
#define keyd_dbg(...)	keyd_log(KEYD_LOG_DEBUG, __VA_ARGS__)

#endif /* VTKEYD_LOG_H */

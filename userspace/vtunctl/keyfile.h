/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets from files and standard input; every buffer is wiped. */
#ifndef VTUNCTL_KEYFILE_H
#define VTUNCTL_KEYFILE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/parse.h"

/*
 * Key in hexadecimal digits: the whole of a file, or for "-" the next line of
 * standard input. 0 or -EINVAL with @err; digits are never quoted.
 */
int ctl_key_read(const char *path, uint8_t *key, size_t size, size_t *len,
		 struct vtun_err *err);
/* how to call it in a message */
const char *ctl_key_where(const char *path);
/* A line (or, @whole, all) of @fd: octets or -1; terminated, no line end. */
int ctl_secret_line(int fd, char *buf, size_t size, bool whole);

#endif /* VTUNCTL_KEYFILE_H */

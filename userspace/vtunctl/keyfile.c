// SPDX-License-Identifier: GPL-2.0-or-later
#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sodium.h>

#define TEXT_MAX 1024

/* octet by octet: nothing stays in a buffer of stdio, the next line waits */
int ctl_secret_line(int fd, char *buf, size_t size, bool whole)
{
	size_t n = 0;
	ssize_t got;
	char ch;

	for (;;) {
		got = read(fd, &ch, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (!got || (!whole && ch == '\n'))
			break;
		if (n + 1 >= size) {
			errno = EFBIG;
			return -1;
		}
		buf[n++] = ch;
	}
	buf[n] = '\0';
	ch = 0;
	return n;
}

const char *ctl_key_where(const char *path)
{
	return strcmp(path, "-") ? vtun_quote(path) : "standard input";
}

int ctl_key_read(const char *path, uint8_t *key, size_t size, size_t *len,
		 struct vtun_err *err)
{
	bool std = !strcmp(path, "-");
	struct vtun_err why;
	char text[TEXT_MAX];
	int fd, n, ret;

	fd = std ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return vtun_err_set(err, "%s: %s", vtun_quote(path),
				    strerror(errno));
	n = ctl_secret_line(fd, text, sizeof(text), !std);
	ret = n < 0 ? vtun_err_set(err, "%s: %s", ctl_key_where(path),
				   strerror(errno)) : 0;
	if (!std)
		close(fd);
	if (!ret && vtun_parse_hex(text, n, key, size, len, &why))
		ret = vtun_err_set(err, "%s: %.150s", ctl_key_where(path),
				   why.text);
	sodium_memzero(text, sizeof(text));
	return ret;
}

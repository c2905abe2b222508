// SPDX-License-Identifier: GPL-2.0-or-later
/* Keys that the configuration names by file. */
#include "config-parse.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_FILE_MAX	4096

/* read(2), not stdio: no copy stays behind in a buffer of the library */
char *keyd_file_read(const char *path, size_t max, size_t *len,
		     unsigned int *mode)
{
	size_t have = 0, size;
	struct stat st;
	char *buf;
	ssize_t n;
	int fd, err = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		err = errno ? errno : EINVAL;
	if (!err && (uint64_t)st.st_size > max)
		err = EFBIG;
	size = err ? 0 : (size_t)st.st_size;
	buf = err ? NULL : malloc(size + 1);
	while (buf && have < size) {
		n = read(fd, buf + have, size - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	close(fd);
	if (!buf) {
		errno = err ? err : ENOMEM;
		return NULL;
	}
	buf[have] = '\0';
	*len = have;
	*mode = st.st_mode;
	return buf;
}

static char *secret_read(struct keyd_parser *p, const struct keyd_conn *c,
			 const char *key, const char *path, size_t *len)
{
	unsigned int line = keyd_key_line(&c->b, KEYD_CONN, key);
	unsigned int mode;
	char *buf;

	buf = keyd_file_read(path, SECRET_FILE_MAX, len, &mode);
	if (!buf) {
		keyd_error_at(p, c->b.file, line, "key \"%s\": cannot read %s: %s",
			      key, path, strerror(errno));
		return NULL;
	}
	if (mode & 0004)
		keyd_warn_at(p, c->b.file, line,
			     "key \"%s\": %s is readable by everybody (mode %04o)",
			     key, path, mode & 07777);
	while (*len && strchr("\r\n", buf[*len - 1]))
		buf[--*len] = '\0';
	return buf;
}

static void load_psk(struct keyd_parser *p, struct keyd_conn *c)
{
	size_t len;
	char *buf;

	buf = secret_read(p, c, "psk-file", c->psk_file, &len);
	if (!buf)
		return;
	if (!len || len > sizeof(c->psk.data)) {
		keyd_error_at(p, c->b.file,
			      keyd_key_line(&c->b, KEYD_CONN, "psk-file"),
			      "key \"psk-file\": %s holds %zu octets, 1 to %zu expected",
			      c->psk_file, len, sizeof(c->psk.data));
	} else {
		memcpy(c->psk.data, buf, len);
		c->psk.len = (unsigned int)len;
	}
	sodium_memzero(buf, len);
	free(buf);
}

/* 32 octets in base64, as vtunctl genkey writes them: the Ed25519 seed */
static void load_private(struct keyd_parser *p, struct keyd_conn *c)
{
	uint8_t seed[32], public[32];
	const char *end;
	size_t len, n;
	char *buf;

	buf = secret_read(p, c, "private-key-file", c->private_key_file, &len);
	if (!buf)
		return;
	if (sodium_base642bin(seed, sizeof(seed), buf, len, NULL, &n, &end,
			      sodium_base64_VARIANT_ORIGINAL) ||
	    end != buf + len || n != sizeof(seed))
		keyd_error_at(p, c->b.file,
			      keyd_key_line(&c->b, KEYD_CONN,
					    "private-key-file"),
			      "key \"private-key-file\": %s does not hold 44 characters of base64 (32 octets)",
			      c->private_key_file);
	else
		crypto_sign_seed_keypair(public, c->private_key, seed);
	sodium_memzero(seed, sizeof(seed));
	sodium_memzero(buf, len);
	free(buf);
}

void keyd_secrets_load(struct keyd_parser *p, struct keyd_conn *c)
{
	if (c->auth + 1 == IKE_AUTH_PSK) {
		if (*c->psk_file && !c->psk.len)
			load_psk(p, c);
	} else if (*c->private_key_file) {
		load_private(p, c);
	}
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* vtunctl genkey, pubkey: Ed25519 raw keys (RFC 8420), a seed in base64 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <sodium.h>

#include "keyfile.h"
#include "vtunctl.h"

#define B64 sodium_base64_VARIANT_ORIGINAL
#define KEY_STRLEN \
	sodium_base64_ENCODED_LEN(crypto_sign_SEEDBYTES, B64)

/* no stdio: its buffer would keep the key */
static int print_line(const struct ctl *c, const char *text)
{
	struct iovec line[] = {
		{ (char *)text, strlen(text) }, { "\n", 1 }
	};

	if (writev(STDOUT_FILENO, line, 2) != (ssize_t)line[0].iov_len + 1)
		return ctl_fail(c, CTL_REFUSED, "standard output: %s",
				strerror(errno));
	return CTL_OK;
}

int ctl_genkey(struct ctl *c)
{
	unsigned char seed[crypto_sign_SEEDBYTES];
	char text[KEY_STRLEN];
	struct stat st;
	int ret;

	ret = ctl_end(c);
	if (ret)
		return ret;
	if (sodium_init() < 0)
		return ctl_fail(c, CTL_REFUSED, "no source of random numbers");
	if (!fstat(STDOUT_FILENO, &st) && S_ISREG(st.st_mode) &&
	    (st.st_mode & 077))
		fputs("vtunctl: genkey: warning: others can read the file; "
		      "use umask 077\n", stderr);
	randombytes_buf(seed, sizeof(seed));
	sodium_bin2base64(text, sizeof(text), seed, sizeof(seed), B64);
	ret = print_line(c, text);
	sodium_memzero(seed, sizeof(seed));
	sodium_memzero(text, sizeof(text));
	return ret;
}

/* public key of a seed in base64; false: it is none */
static bool derive(const char *text, size_t len,
		   unsigned char pk[crypto_sign_PUBLICKEYBYTES])
{
	unsigned char seed[crypto_sign_SEEDBYTES];
	unsigned char sk[crypto_sign_SECRETKEYBYTES];
	size_t n = 0;
	bool ok;

	ok = !sodium_base642bin(seed, sizeof(seed), text, len, " \t\r\n", &n,
				NULL, B64) && n == sizeof(seed);
	if (ok)
		crypto_sign_seed_keypair(pk, sk, seed);
	sodium_memzero(seed, sizeof(seed));
	sodium_memzero(sk, sizeof(sk));
	return ok;
}

int ctl_pubkey(struct ctl *c)
{
	unsigned char pk[crypto_sign_PUBLICKEYBYTES];
	char in[256], text[KEY_STRLEN];
	bool ok;
	int n;

	n = ctl_end(c);
	if (n)
		return n;
	if (sodium_init() < 0)
		return ctl_fail(c, CTL_REFUSED, "libsodium does not start");
	n = ctl_secret_line(STDIN_FILENO, in, sizeof(in), true);
	ok = n >= 0 && derive(in, n, pk);
	sodium_memzero(in, sizeof(in));
	if (!ok)
		return ctl_fail(c, CTL_REFUSED, "standard input is no private key; expected %d characters of base64, as genkey prints them",
				(int)KEY_STRLEN - 1);
	sodium_bin2base64(text, sizeof(text), pk, sizeof(pk), B64);
	return print_line(c, text);
}

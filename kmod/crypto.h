/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_CRYPTO_H
#define VTUN_CRYPTO_H

#include <linux/types.h>

struct vtun_crypto_ops;

/**
 * struct vtun_suite - one cipher suite of the table in crypto.c
 * @encr: IANA IKEv2 transform ID
 * @key_len: octets of cipher key, without salt
 * @salt_len: octets of salt behind the key in KEYMAT
 * @iv_len: octets of explicit IV on the wire
 * @icv_len: octets of ICV
 * @align: plaintext length is padded to a multiple of it (4: RFC 4303 2.4)
 * @name: word used by vtunctl, the logs and the netlink dump
 * @impl: name of the implementation chosen at module load
 */
struct vtun_suite {
	u16 encr;
	u16 key_len;
	u8 salt_len, iv_len, icv_len, align;
	const char *name;
	const char *impl;
	const struct vtun_crypto_ops *ops;
};

/**
 * struct vtun_crypto - keyed cipher of one SA; read-only after init
 * @suite: which
 * @salt: RFC 4106 4, RFC 7634 2
 * @priv: of the implementation
 */
struct vtun_crypto {
	const struct vtun_suite *suite;
	u8 salt[4];
	void *priv;
};

int vtun_crypto_module_init(void);	/* chooses implementations by timing */
void vtun_crypto_module_exit(void);

/* suite by transform ID and key octets without salt; NULL = unknown */
const struct vtun_suite *vtun_suite_find(u16 encr, unsigned int key_len);
/* the i-th suite, NULL past the end */
const struct vtun_suite *vtun_suite_at(unsigned int i);

/* @key: suite->key_len + suite->salt_len octets. May sleep. 0 or -errno. */
int vtun_crypto_init(struct vtun_crypto *c, const struct vtun_suite *suite,
		     const u8 *key);
/* wipes; fine on a zeroed struct; may be called from an RCU callback or BH */
void vtun_crypto_destroy(struct vtun_crypto *c);

#endif /* VTUN_CRYPTO_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_CRYPTO_HMAC_H
#define VTUN_CRYPTO_HMAC_H

#include <linux/types.h>

struct crypto_shash;
struct vtun_suite;

/* IANA "Transform Type 3 - Integrity Algorithm Transform IDs" */
#define VTUN_AUTH_HMAC_SHA1_96		2
#define VTUN_AUTH_HMAC_SHA2_256_128	12
#define VTUN_AUTH_HMAC_SHA2_384_192	13
#define VTUN_AUTH_HMAC_SHA2_512_256	14

void vtun_hmac_module_init(void);	/* settles what stands behind each */

/* @key: suite->integ_key_len octets; ERR_PTR; may sleep */
struct crypto_shash *vtun_hmac_alloc(const struct vtun_suite *suite,
				     const u8 *key);
/* NULL is fine; BH */
void vtun_hmac_free(struct crypto_shash *tfm);
/* whole digest, VTUN_MAC_MAX octets at most; BH off; 0 or -errno */
int vtun_hmac(struct crypto_shash *tfm, const u8 *data, unsigned int len,
	      u8 *digest);
/* what the kernel calls it */
const char *vtun_hmac_name(struct crypto_shash *tfm);

#endif /* VTUN_CRYPTO_HMAC_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_CRYPTO_IMPL_H
#define VTUN_CRYPTO_IMPL_H

#include <linux/types.h>

#include "compat.h"
#include "crypto.h"

/* IANA "Transform Type 1 - Encryption Algorithm Transform IDs" */
#define VTUN_ENCR_NULL			11
#define VTUN_ENCR_AES_CBC		12
#define VTUN_ENCR_AES_GCM_16		20
#define VTUN_ENCR_CHACHA20_POLY1305	28
#define VTUN_ENCR_AES_GCM_16_IIV	30
#define VTUN_ENCR_CHACHA20_POLY1305_IIV	31

/* crypto_chacha.c: library functions, no API in between */
extern const struct vtun_crypto_ops vtun_chacha_lib_ops;

/*
 * crypto_gcm.c, all over the AEAD API: the internal algorithm behind the simd
 * wrapper with a fallback, whatever is synchronous by itself, and what is left
 * when asynchronous algorithms are masked out
 */
extern const struct vtun_crypto_ops vtun_gcm_internal_ops;
extern const struct vtun_crypto_ops vtun_gcm_plain_ops;
extern const struct vtun_crypto_ops vtun_gcm_sync_ops;

int vtun_gcm_module_init(void);
void vtun_gcm_module_exit(void);

/* crypto_cbc.c: the same ways to AES-CBC, with HMAC */
extern const struct vtun_crypto_ops vtun_cbc_internal_ops;
extern const struct vtun_crypto_ops vtun_cbc_plain_ops;
extern const struct vtun_crypto_ops vtun_cbc_sync_ops;

int vtun_cbc_module_init(void);
void vtun_cbc_module_exit(void);

/* crypto_null.c, debug builds only */
extern const struct vtun_crypto_ops vtun_null_ops;

/* writes SPI and sequence number as authenticated; returns their octets */
static inline unsigned int vtun_crypto_aad(const struct vtun_crypto_op *op,
					   u8 *start)
{
	put_unaligned(op->spi, (__be32 *)start);
	if (!op->esn) {
		put_unaligned_be32(op->seq, start + 4);
		return 8;
	}
	put_unaligned_be64(op->seq, start + 4);
	return 12;
}

/* octets of the IV of counter mode ciphers */
#define VTUN_COUNTER_IV	8

/*
 * The sequence number is the IV: it never repeats under one key. Where it is
 * implicit this is the format of RFC 8750 4: zeros for the high half that a
 * packet without ESN does not have.
 */
static inline void vtun_crypto_counter_iv(const struct vtun_crypto_op *op,
					  u8 *iv)
{
	put_unaligned_be64(op->esn ? op->seq : (u32)op->seq, iv);
}

/* transform ID of the cipher of a suite: without the wire's view of the IV */
u16 vtun_crypto_cipher(const struct vtun_suite *suite);

/* vtun_crypto_init() with an implementation other than the chosen one */
int vtun_crypto_init_with(struct vtun_crypto *c,
			  const struct vtun_crypto_ops *ops,
			  const struct vtun_suite *suite, const u8 *key);
/* the i-th implementation, NULL past the end; not all work everywhere */
const struct vtun_crypto_ops *vtun_crypto_candidate(unsigned int i);

#endif /* VTUN_CRYPTO_IMPL_H */

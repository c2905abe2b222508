/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_CRYPTO_ETM_H
#define VTUN_CRYPTO_ETM_H

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>

#include "compat.h"
#include "crypto_impl.h"

#define VTUN_ETM_IV	16
#define VTUN_MAC_MAX	64	/* octets of the longest digest */
#define VTUN_ICV_MAX	32

/*
 * A cipher without integrity and a MAC put together as RFC 4303 3.3.2 has it:
 * encrypt, then authenticate what goes over the wire. All of it lies in one
 * piece around the text, so that the MAC is one call:
 *
 *	SPI, seq | IV | ciphertext | high half of seq, with ESN only
 *
 * The functions are given as constants and vanish in each caller:
 *
 *	crypt(priv, text, len, iv)	in place; @iv may change
 *	mac(priv, data, len, digest)	VTUN_MAC_MAX octets of digest at most
 *
 * Either may be NULL.
 */

static __always_inline u8 *vtun_etm_start(const struct vtun_crypto *c,
					  const struct vtun_crypto_op *op)
{
	u8 *start = op->text - c->suite->iv_len - 8;

	put_unaligned(op->spi, (__be32 *)start);
	put_unaligned_be32(op->seq, start + 4);
	return start;
}

/* RFC 4303 2.2.1: behind the payload, authenticated and never sent */
static __always_inline u8 *vtun_etm_end(const struct vtun_crypto_op *op)
{
	u8 *end = op->text + op->len;

	if (!op->esn)
		return end;
	put_unaligned_be32(op->seq >> 32, end);
	return end + 4;
}

/*
 * The IV has to be unpredictable (RFC 3602 3). It is the number of the packet
 * after encryption, one more block of the same call: a block of @secret with
 * the sequence number in it goes in front of the text under an IV of zeros, and
 * comes out as the IV under which the rest is chained. Nobody else knows
 * @secret, hence that block can come up nowhere in the text.
 */
static __always_inline int
vtun_etm_encrypt(const struct vtun_crypto *c, const struct vtun_crypto_op *op,
		 const u8 *secret,
		 int (*encrypt)(void *priv, u8 *text, unsigned int len, u8 *iv))
{
	u8 *block = op->text - VTUN_ETM_IV, iv[VTUN_ETM_IV] = { };

	if (unlikely(op->iv)) {
		memcpy(block, op->iv, VTUN_ETM_IV);
		memcpy(iv, op->iv, VTUN_ETM_IV);
		return encrypt(c->priv, op->text, op->len, iv);
	}
	memcpy(block, secret, VTUN_ETM_IV);
	put_unaligned_be64(get_unaligned_be64(secret + 8) ^ op->seq, block + 8);
	return encrypt(c->priv, block, VTUN_ETM_IV + op->len, iv);
}

static __always_inline int
vtun_etm_seal(const struct vtun_crypto *c, const struct vtun_crypto_op *op,
	      const u8 *secret,
	      int (*encrypt)(void *priv, u8 *text, unsigned int len, u8 *iv),
	      int (*mac)(void *priv, const u8 *data, unsigned int len, u8 *out))
{
	u8 digest[VTUN_MAC_MAX], *start;
	int err;

	BUILD_BUG_ON(VTUN_SEAL_HEAD < 8 + VTUN_ETM_IV);
	BUILD_BUG_ON(VTUN_CRYPTO_TAIL < VTUN_ICV_MAX);

	if (encrypt) {
		err = vtun_etm_encrypt(c, op, secret, encrypt);
		if (unlikely(err))
			return err;
	}
	if (!mac)
		return 0;
	start = vtun_etm_start(c, op);
	err = mac(c->priv, start, vtun_etm_end(op) - start, digest);
	memcpy(op->text + op->len, digest, c->suite->icv_len);
	return err;
}

/*
 * Nothing is decrypted unless the ICV is right, so that what is wrong with the
 * padding is seen by the owner of the key alone.
 */
static __always_inline int
vtun_etm_open(const struct vtun_crypto *c, const struct vtun_crypto_op *op,
	      int (*decrypt)(void *priv, u8 *text, unsigned int len, u8 *iv),
	      int (*mac)(void *priv, const u8 *data, unsigned int len, u8 *out))
{
	u8 icv[VTUN_ICV_MAX], digest[VTUN_MAC_MAX], iv[VTUN_ETM_IV], *start;
	unsigned int icv_len = c->suite->icv_len;
	int err;

	BUILD_BUG_ON(VTUN_OPEN_HEAD < 8 + VTUN_ETM_IV);

	/* not made by anybody who knows the suite */
	if (unlikely(op->len & (c->suite->align - 1)))
		return -EBADMSG;
	if (mac) {
		memcpy(icv, op->text + op->len, icv_len);
		start = vtun_etm_start(c, op);
		err = mac(c->priv, start, vtun_etm_end(op) - start, digest);
		if (unlikely(err))
			return err;
		if (unlikely(crypto_memneq(icv, digest, icv_len)))
			return -EBADMSG;
	}
	if (!decrypt)
		return 0;
	memcpy(iv, op->text - VTUN_ETM_IV, VTUN_ETM_IV);
	return decrypt(c->priv, op->text, op->len, iv);
}

#endif /* VTUN_CRYPTO_ETM_H */

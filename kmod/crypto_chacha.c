// SPDX-License-Identifier: GPL-2.0-only
/*
 * ChaCha20-Poly1305 in ESP, RFC 7634, over the library functions: the one-shot
 * chacha20poly1305_*() of the kernel takes a 64-bit nonce behind 32 zero bits
 * and has no room for the salt, and the AEAD template costs 2,000 instructions
 * more per packet.
 *
 * The MAC runs over AAD, text and lengths, each padded to 16 octets. All of it
 * is brought together in memory around the text, so that one call digests it:
 *
 *	text - 16	text		text + len
 *	| SPI, seq, 0 |	ciphertext	| 0 pad | lengths |
 */
#include "crypto_impl.h"

#include <crypto/poly1305.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"

#define IV_LEN		VTUN_COUNTER_IV
#define AAD_BLOCK	POLY1305_BLOCK_SIZE
/* what the vector code produces in one go; the first block keys the MAC */
#define AHEAD		(8 * CHACHA_BLOCK_SIZE)

struct chacha_key {
	u32 words[CHACHA_KEY_SIZE / sizeof(u32)];
};

static int chacha_init_key(struct vtun_crypto *c, const u8 *key)
{
	struct chacha_key *k = kmalloc(sizeof(*k), GFP_KERNEL);
	unsigned int i;

	if (!k)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(k->words); i++)
		k->words[i] = get_unaligned_le32(key + 4 * i);
	c->priv = k;
	return 0;
}

static void chacha_destroy(struct vtun_crypto *c)
{
	kfree_sensitive(c->priv);
	c->priv = NULL;
}

/* block counter 0, then the nonce: salt and @iv (RFC 7634 2) */
static void chacha_start(struct vtun_chacha *state, const struct vtun_crypto *c,
			 const u8 *iv)
{
	const struct chacha_key *k = c->priv;
	u8 start[CHACHA_IV_SIZE];

	memset(start, 0, 4);
	memcpy(start + 4, c->salt, 4);
	memcpy(start + 8, iv, IV_LEN);
	vtun_chacha_init(state, k->words, start);
}

/* MAC of AAD, ciphertext and lengths; overwrites what surrounds the text */
static void chacha_mac(const struct vtun_crypto_op *op, const u8 *key,
		       u8 mac[POLY1305_DIGEST_SIZE])
{
	unsigned int pad = -op->len % POLY1305_BLOCK_SIZE;
	struct poly1305_desc_ctx poly;
	u8 *aad = op->text - AAD_BLOCK;
	u8 *tail = op->text + op->len;
	unsigned int aad_len;

	poly1305_init(&poly, key);
	memset(aad, 0, AAD_BLOCK);
	aad_len = vtun_crypto_aad(op, aad);
	memset(tail, 0, pad);
	put_unaligned_le64(aad_len, tail + pad);
	put_unaligned_le64(op->len, tail + pad + 8);
	poly1305_update(&poly, aad, AAD_BLOCK + op->len + pad + 16);
	poly1305_final(&poly, mac);
}

/* the key block of the MAC is made in front of the text, in the same call */
static int chacha_seal(const struct vtun_crypto *c,
		       const struct vtun_crypto_op *op)
{
	u8 *block = op->text - CHACHA_BLOCK_SIZE;
	u8 mac[POLY1305_DIGEST_SIZE], iv[IV_LEN];
	struct vtun_chacha state;

	BUILD_BUG_ON(VTUN_SEAL_HEAD < CHACHA_BLOCK_SIZE);
	BUILD_BUG_ON(VTUN_CRYPTO_TAIL < POLY1305_BLOCK_SIZE - 1 + 16);

	if (unlikely(op->iv))
		memcpy(iv, op->iv, IV_LEN);
	else
		vtun_crypto_counter_iv(op, iv);
	chacha_start(&state, c, iv);
	memset(block, 0, CHACHA_BLOCK_SIZE);
	vtun_chacha_crypt(&state, block, block, CHACHA_BLOCK_SIZE + op->len);
	chacha_mac(op, block, mac);
	memcpy(op->text + op->len, mac, sizeof(mac));
	memzero_explicit(block, CHACHA_BLOCK_SIZE);
	memcpy(op->text - IV_LEN, iv, IV_LEN);
	memzero_explicit(&state, sizeof(state));
	return 0;
}

/*
 * The MAC has to be right before a single octet is decrypted, yet its key is
 * the first block of the key stream. As the vector code makes eight blocks for
 * little more than the price of one, the other seven are kept for the text.
 */
static int chacha_open(const struct vtun_crypto *c,
		       const struct vtun_crypto_op *op)
{
	unsigned int ahead = min_t(unsigned int, op->len,
				   AHEAD - CHACHA_BLOCK_SIZE);
	u8 mac[POLY1305_DIGEST_SIZE], icv[POLY1305_DIGEST_SIZE];
	u8 *iv = op->text - IV_LEN;
	struct vtun_chacha state;
	u8 stream[AHEAD] __aligned(8);
	int err = -EBADMSG;

	BUILD_BUG_ON(VTUN_OPEN_HEAD < AAD_BLOCK);

	if (!c->suite->iv_len)
		vtun_crypto_counter_iv(op, iv);
	chacha_start(&state, c, iv);
	memset(stream, 0, CHACHA_BLOCK_SIZE + ahead);
	vtun_chacha_crypt(&state, stream, stream, CHACHA_BLOCK_SIZE + ahead);
	memcpy(icv, op->text + op->len, sizeof(icv));
	chacha_mac(op, stream, mac);
	if (!crypto_memneq(mac, icv, sizeof(mac))) {
		crypto_xor(op->text, stream + CHACHA_BLOCK_SIZE, ahead);
		if (op->len > ahead)
			vtun_chacha_crypt(&state, op->text + ahead,
					  op->text + ahead, op->len - ahead);
		err = 0;
	}
	memzero_explicit(stream, CHACHA_BLOCK_SIZE + ahead);
	memzero_explicit(&state, sizeof(state));
	return err;
}

static void chacha_describe(const struct vtun_crypto *c, char *buf,
			    size_t size)
{
	strscpy(buf, "chacha20poly1305-lib", size);
}

const struct vtun_crypto_ops vtun_chacha_lib_ops = {
	.encr = VTUN_ENCR_CHACHA20_POLY1305,
	.init = chacha_init_key,
	.destroy = chacha_destroy,
	.seal = chacha_seal,
	.open = chacha_open,
	.describe = chacha_describe,
};

// SPDX-License-Identifier: GPL-2.0-only
/*
 * ESP with ChaCha20-Poly1305 (RFC 8439), AES-GCM (NIST SP 800-38D), AES-CBC and
 * HMAC the way the definitions read: octet by octet, bit by bit, sharing
 * nothing with the code under test. Neither fast nor constant time: for made-up
 * keys only.
 *
 * One packet after the other, see vtun_reference_begin(). With the same IV a
 * text that is the beginning of another has the beginning of its ciphertext,
 * and its MAC can go on from there: that makes all lengths affordable.
 */
#include "selftest.h"

#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "../compat.h"
#include "../crypto_impl.h"
#include "reference_mac.h"

/* ---- ChaCha20, RFC 8439 2.3 */

static void quarter(u32 *s, int a, int b, int c, int d)
{
	s[a] += s[b];
	s[d] = rol32(s[d] ^ s[a], 16);
	s[c] += s[d];
	s[b] = rol32(s[b] ^ s[c], 12);
	s[a] += s[b];
	s[d] = rol32(s[d] ^ s[a], 8);
	s[c] += s[d];
	s[b] = rol32(s[b] ^ s[c], 7);
}

static void chacha_block(const u8 *key, u32 counter, const u8 *nonce, u8 *out)
{
	u32 start[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	u32 s[16];
	int i;

	for (i = 0; i < 8; i++)
		start[4 + i] = get_unaligned_le32(key + 4 * i);
	start[12] = counter;
	for (i = 0; i < 3; i++)
		start[13 + i] = get_unaligned_le32(nonce + 4 * i);
	memcpy(s, start, sizeof(s));
	for (i = 0; i < 10; i++) {
		quarter(s, 0, 4, 8, 12);
		quarter(s, 1, 5, 9, 13);
		quarter(s, 2, 6, 10, 14);
		quarter(s, 3, 7, 11, 15);
		quarter(s, 0, 5, 10, 15);
		quarter(s, 1, 6, 11, 12);
		quarter(s, 2, 7, 8, 13);
		quarter(s, 3, 4, 9, 14);
	}
	for (i = 0; i < 16; i++)
		put_unaligned_le32(s[i] + start[i], out + 4 * i);
}

/* ---- Poly1305, RFC 8439 2.5; numbers are 17 octets, lowest first */

#define NUM 17

static void num_add(u8 *a, const u8 *b)
{
	unsigned int i, carry = 0;

	for (i = 0; i < NUM; i++) {
		carry += a[i] + b[i];
		a[i] = carry;
		carry >>= 8;
	}
}

/* brings a below 2^130 + small, using 2^130 = 5 modulo p */
static void num_fold(u8 *a)
{
	u8 five[NUM] = { (a[16] >> 2) * 5 };

	a[16] &= 3;
	num_add(a, five);
}

static void num_mul(u8 *a, const u8 *b)
{
	u8 sum[NUM] = { 0 };
	int bit;

	for (bit = 8 * NUM - 1; bit >= 0; bit--) {
		u8 twice[NUM];

		memcpy(twice, sum, NUM);
		num_add(sum, twice);
		num_fold(sum);
		if (b[bit / 8] >> (bit % 8) & 1) {
			num_add(sum, a);
			num_fold(sum);
		}
	}
	memcpy(a, sum, NUM);
}

static void poly_block(u8 *h, const u8 *r, const u8 *block)
{
	u8 n[NUM];

	memcpy(n, block, 16);
	n[16] = 1;
	num_add(h, n);
	num_fold(h);
	num_mul(h, r);
}

static void poly_padded(u8 *h, const u8 *r, const u8 *data, unsigned int len)
{
	while (len) {
		unsigned int n = min(len, 16U);
		u8 block[16] = { 0 };

		memcpy(block, data, n);
		poly_block(h, r, block);
		data += n;
		len -= n;
	}
}

static void poly_final(u8 *h, const u8 *s, u8 *tag)
{
	static const u8 minus_p[NUM] = {
		5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfc
	};
	u8 less[NUM], pad[NUM] = { 0 };

	num_fold(h);
	/* h - p, in 136 bits: positive means h was not reduced fully */
	memcpy(less, h, NUM);
	num_add(less, minus_p);
	if (!(less[16] & 0x80))
		memcpy(h, less, NUM);
	memcpy(pad, s, 16);
	num_add(h, pad);
	memcpy(tag, h, 16);
}

/* ---- AES, FIPS 197 */

static u8 gf_mul(u8 a, u8 b)
{
	u8 sum = 0;

	for (; b; b >>= 1) {
		if (b & 1)
			sum ^= a;
		a = a << 1 ^ (a & 0x80 ? 0x1b : 0);
	}
	return sum;
}

static void make_sbox(u8 *sbox)
{
	unsigned int x, y;

	for (x = 0; x < 256; x++) {
		u8 inv = 0;

		for (y = 1; x && y < 256; y++)
			if (gf_mul(x, y) == 1)
				inv = y;
		sbox[x] = inv ^ rol8(inv, 1) ^ rol8(inv, 2) ^ rol8(inv, 3) ^
			  rol8(inv, 4) ^ 0x63;
	}
}

struct aes {
	u8 sbox[256];
	u8 round_key[15][16];
	unsigned int rounds;
};

static void aes_init(struct aes *aes, const u8 *key, unsigned int key_len)
{
	unsigned int words = key_len / 4, i;
	u8 *w = aes->round_key[0], rcon = 1;

	if (!aes->sbox[1])
		make_sbox(aes->sbox);
	aes->rounds = words + 6;
	memcpy(w, key, key_len);
	for (i = words; i < 4 * (aes->rounds + 1); i++) {
		u8 *now = w + 4 * i, *before = now - 4, t[4];
		int k;

		for (k = 0; k < 4; k++)
			if (i % words == 0)
				t[k] = aes->sbox[before[(k + 1) % 4]];
			else if (words > 6 && i % words == 4)
				t[k] = aes->sbox[before[k]];
			else
				t[k] = before[k];
		if (i % words == 0) {
			t[0] ^= rcon;
			rcon = gf_mul(rcon, 2);
		}
		for (k = 0; k < 4; k++)
			now[k] = *(now + k - key_len) ^ t[k];
	}
}

static void aes_round(const struct aes *aes, u8 *s, unsigned int round)
{
	u8 t[16];
	int c, i;

	for (c = 0; c < 4; c++)
		for (i = 0; i < 4; i++)
			t[4 * c + i] = aes->sbox[s[4 * ((c + i) % 4) + i]];
	for (c = 0; c < 16; c += 4)
		for (i = 0; i < 4; i++) {
			const u8 *col = t + c;

			s[c + i] = round == aes->rounds ? col[i] :
				gf_mul(col[i], 2) ^
				gf_mul(col[(i + 1) % 4], 3) ^
				col[(i + 2) % 4] ^ col[(i + 3) % 4];
		}
	for (i = 0; i < 16; i++)
		s[i] ^= aes->round_key[round][i];
}

static void aes_block(const struct aes *aes, const u8 *in, u8 *out)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		out[i] = in[i] ^ aes->round_key[0][i];
	for (i = 1; i <= aes->rounds; i++)
		aes_round(aes, out, i);
}

/* ---- GCM */

static void ghash(u8 *y, const u8 *h, const u8 *data, unsigned int len)
{
	while (len) {
		unsigned int n = min(len, 16U), i, k;
		u8 v[16], z[16] = { 0 };

		for (i = 0; i < n; i++)
			y[i] ^= data[i];
		memcpy(v, h, 16);
		for (i = 0; i < 128; i++) {
			u8 out = v[15] & 1;

			if (y[i / 8] >> (7 - i % 8) & 1)
				for (k = 0; k < 16; k++)
					z[k] ^= v[k];
			for (k = 15; k; k--)
				v[k] = v[k] >> 1 | v[k - 1] << 7;
			v[0] = v[0] >> 1 ^ (out ? 0xe1 : 0);
		}
		memcpy(y, z, 16);
		data += n;
		len -= n;
	}
}

/* ---- ESP */

/* the packet at hand; too big for the stack, and tests run one by one */
static struct {
	const struct vtun_suite *suite;
	const u8 *key;
	u8 nonce[16];		/* salt and IV, or IV */
	u8 aad[12];
	unsigned int aad_len;
	u8 high[4];		/* of the sequence number, with ESN */
	unsigned int done;	/* octets of ciphertext in the MAC */
	struct aes aes;
	u8 h[16], y[16], mask[16];			/* GCM */
	u8 r[NUM], acc[NUM], s[16];			/* Poly1305 */
	struct vtun_ref_mac mac;
} p;

static void gcm_begin(void)
{
	u8 counter[16];

	aes_init(&p.aes, p.key, p.suite->key_len);
	memset(p.h, 0, sizeof(p.h));
	aes_block(&p.aes, p.h, p.h);
	memcpy(counter, p.nonce, 12);
	put_unaligned_be32(1, counter + 12);
	aes_block(&p.aes, counter, p.mask);
	memset(p.y, 0, sizeof(p.y));
	ghash(p.y, p.h, p.aad, p.aad_len);
}

static void gcm_encrypt(u8 *text, unsigned int len)
{
	u8 counter[16], block[16];
	unsigned int i;

	memcpy(counter, p.nonce, 12);
	for (i = 0; i < len; i++) {
		if (i % 16 == 0) {
			put_unaligned_be32(2 + i / 16, counter + 12);
			aes_block(&p.aes, counter, block);
		}
		text[i] ^= block[i % 16];
	}
}

static void gcm_icv(const u8 *text, unsigned int len, u8 *icv)
{
	u8 lens[16];
	int i;

	for (; p.done + 16 <= len; p.done += 16)
		ghash(p.y, p.h, text + p.done, 16);
	put_unaligned_be64(8ULL * p.aad_len, lens);
	put_unaligned_be64(8ULL * len, lens + 8);
	memcpy(icv, p.y, 16);
	ghash(icv, p.h, text + p.done, len - p.done);
	ghash(icv, p.h, lens, 16);
	for (i = 0; i < 16; i++)
		icv[i] ^= p.mask[i];
}

static void chachapoly_begin(void)
{
	u8 block[64];
	unsigned int i;

	chacha_block(p.key, 0, p.nonce, block);
	memset(p.r, 0, sizeof(p.r));
	memcpy(p.r, block, 16);
	memcpy(p.s, block + 16, 16);
	for (i = 3; i < 16; i += 4)
		p.r[i] &= 15;
	for (i = 4; i < 16; i += 4)
		p.r[i] &= 252;
	memset(p.acc, 0, sizeof(p.acc));
	poly_padded(p.acc, p.r, p.aad, p.aad_len);
}

static void chachapoly_encrypt(u8 *text, unsigned int len)
{
	u8 block[64];
	unsigned int i;

	for (i = 0; i < len; i++) {
		if (i % 64 == 0)
			chacha_block(p.key, 1 + i / 64, p.nonce, block);
		text[i] ^= block[i % 64];
	}
}

static void chachapoly_icv(const u8 *text, unsigned int len, u8 *icv)
{
	u8 lens[16], acc[NUM];

	for (; p.done + 16 <= len; p.done += 16)
		poly_padded(p.acc, p.r, text + p.done, 16);
	put_unaligned_le64(p.aad_len, lens);
	put_unaligned_le64(len, lens + 8);
	memcpy(acc, p.acc, sizeof(acc));
	poly_padded(acc, p.r, text + p.done, len - p.done);
	poly_padded(acc, p.r, lens, 16);
	poly_final(acc, p.s, icv);
}

static void cbc_encrypt(u8 *text, unsigned int len)
{
	const u8 *before = p.nonce;
	unsigned int i, k;
	u8 block[16];

	aes_init(&p.aes, p.key, p.suite->key_len);
	for (i = 0; i < len; i += 16) {
		for (k = 0; k < 16; k++)
			block[k] = text[i + k] ^ before[k];
		aes_block(&p.aes, block, text + i);
		before = text + i;
	}
}

static void hmac_begin(void)
{
	const struct vtun_suite *suite = p.suite;

	vtun_ref_mac_init(&p.mac, suite->integ, p.key + suite->key_len,
			  suite->integ_key_len);
	vtun_ref_mac_update(&p.mac, p.aad, 8);
	vtun_ref_mac_update(&p.mac, p.nonce, suite->iv_len);
}

static void hmac_icv(const u8 *text, unsigned int len, u8 *icv)
{
	struct vtun_ref_mac mac;
	u8 digest[64];

	vtun_ref_mac_update(&p.mac, text + p.done, len - p.done);
	p.done = len;
	mac = p.mac;
	if (p.aad_len == 12)
		vtun_ref_mac_update(&mac, p.high, 4);
	vtun_ref_mac_final(&mac, digest);
	memcpy(icv, digest, p.suite->icv_len);
}

/* SPI and sequence number, RFC 4106 5, RFC 7634 2.1; HMAC: RFC 4303 2.2.1 */
static void aad_begin(const struct vtun_crypto_op *op)
{
	u32 low = op->seq, high = op->seq >> 32;

	memcpy(p.aad, &op->spi, 4);
	put_unaligned_be32(high, p.high);
	p.aad_len = 8;
	if (op->esn && !p.suite->integ) {
		memcpy(p.aad + 4, p.high, 4);
		p.aad_len = 12;
	}
	put_unaligned_be32(low, p.aad + p.aad_len - 4);
	if (op->esn)
		p.aad_len = 12;
}

/**
 * vtun_reference_begin() - a packet, of which there is one at a time
 * @suite: of it
 * @key: key material, has to stay
 * @op: SPI, ESN and sequence number
 * @iv: suite->iv_len octets; implicit IVs are made here (RFC 8750 4)
 */
void vtun_reference_begin(const struct vtun_suite *suite, const u8 *key,
			  const struct vtun_crypto_op *op, const u8 *iv)
{
	p.suite = suite;
	p.key = key;
	p.done = 0;
	aad_begin(op);
	if (suite->salt_len) {
		memcpy(p.nonce, key + suite->key_len, 4);
		put_unaligned_be32(op->esn ? op->seq >> 32 : 0, p.nonce + 4);
		put_unaligned_be32(op->seq, p.nonce + 8);
		memcpy(p.nonce + 4, iv, suite->iv_len);
	} else {
		memcpy(p.nonce, iv, suite->iv_len);
	}
	if (suite->integ)
		hmac_begin();
	else if (vtun_crypto_cipher(suite) == VTUN_ENCR_AES_GCM_16)
		gcm_begin();
	else if (suite->salt_len)
		chachapoly_begin();
}

/**
 * vtun_reference_encrypt() - encrypt, slowly
 * @text: in place
 * @len: its octets
 */
void vtun_reference_encrypt(u8 *text, unsigned int len)
{
	switch (vtun_crypto_cipher(p.suite)) {
	case VTUN_ENCR_AES_GCM_16:
		gcm_encrypt(text, len);
		break;
	case VTUN_ENCR_CHACHA20_POLY1305:
		chachapoly_encrypt(text, len);
		break;
	case VTUN_ENCR_AES_CBC:
		cbc_encrypt(text, len);
		break;
	}
}

/**
 * vtun_reference_icv() - ICV of the packet when it is @len octets long
 * @text: ciphertext, the same from one call to the next as far as it goes
 * @len: its octets, never less than in the call before
 * @icv: suite->icv_len octets
 */
void vtun_reference_icv(const u8 *text, unsigned int len, u8 *icv)
{
	if (p.suite->integ)
		hmac_icv(text, len, icv);
	else if (vtun_crypto_cipher(p.suite) == VTUN_ENCR_AES_GCM_16)
		gcm_icv(text, len, icv);
	else if (p.suite->salt_len)
		chachapoly_icv(text, len, icv);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * ChaCha20-Poly1305 (RFC 8439) and AES-GCM (NIST SP 800-38D) the way the
 * definitions read: octet by octet, bit by bit, sharing nothing with the code
 * under test. Neither fast nor constant time: for made-up keys only.
 */
#include "selftest.h"

#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "../compat.h"

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

static void chachapoly_seal(const u8 *key, const u8 *nonce, const u8 *aad,
			    unsigned int aad_len, u8 *text, unsigned int len,
			    u8 *icv)
{
	u8 block[64], lens[16], r[NUM] = { 0 }, h[NUM] = { 0 }, s[16];
	unsigned int i;

	chacha_block(key, 0, nonce, block);
	memcpy(r, block, 16);
	memcpy(s, block + 16, 16);
	for (i = 3; i < 16; i += 4)
		r[i] &= 15;
	for (i = 4; i < 16; i += 4)
		r[i] &= 252;
	for (i = 0; i < len; i++) {
		if (i % 64 == 0)
			chacha_block(key, 1 + i / 64, nonce, block);
		text[i] ^= block[i % 64];
	}
	put_unaligned_le64(aad_len, lens);
	put_unaligned_le64(len, lens + 8);
	poly_padded(h, r, aad, aad_len);
	poly_padded(h, r, text, len);
	poly_padded(h, r, lens, 16);
	poly_final(h, s, icv);
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

static void gcm_seal(const u8 *key, unsigned int key_len, const u8 *nonce,
		     const u8 *aad, unsigned int aad_len, u8 *text,
		     unsigned int len, u8 *icv)
{
	/* too big for the stack; tests run one by one */
	static struct aes aes;
	u8 counter[16], block[16], h[16] = { 0 }, y[16] = { 0 }, lens[16];
	unsigned int i;

	aes_init(&aes, key, key_len);
	aes_block(&aes, h, h);
	memcpy(counter, nonce, 12);
	for (i = 0; i < len; i++) {
		if (i % 16 == 0) {
			put_unaligned_be32(2 + i / 16, counter + 12);
			aes_block(&aes, counter, block);
		}
		text[i] ^= block[i % 16];
	}
	put_unaligned_be64(8ULL * aad_len, lens);
	put_unaligned_be64(8ULL * len, lens + 8);
	ghash(y, h, aad, aad_len);
	ghash(y, h, text, len);
	ghash(y, h, lens, 16);
	put_unaligned_be32(1, counter + 12);
	aes_block(&aes, counter, icv);
	for (i = 0; i < 16; i++)
		icv[i] ^= y[i];
}

/**
 * vtun_reference_seal() - encrypt and authenticate, slowly
 * @encr: IANA transform ID, 20 or 28
 * @key: without salt
 * @key_len: its octets
 * @nonce: 12 octets, salt and IV
 * @aad: authenticated in clear
 * @aad_len: its octets
 * @text: encrypted in place
 * @len: its octets
 * @icv: 16 octets
 */
void vtun_reference_seal(u16 encr, const u8 *key, unsigned int key_len,
			 const u8 *nonce, const u8 *aad, unsigned int aad_len,
			 u8 *text, unsigned int len, u8 *icv)
{
	if (encr == 28)
		chachapoly_seal(key, nonce, aad, aad_len, text, len, icv);
	else
		gcm_seal(key, key_len, nonce, aad, aad_len, text, len, icv);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * SHA-1, SHA-2 (FIPS 180-4) and HMAC (RFC 2104) the way the definitions read,
 * sharing nothing with the code under test.
 */
#include "reference_mac.h"

#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "../compat.h"
#include "../crypto_hmac.h"

/*
 * Fractions of the cube roots of the first 80 primes, 64 bits of each. SHA-256
 * has the upper halves of the first 64.
 */
static const u64 cube_roots[80] = {
	0x428a2f98d728ae22ULL, 0x7137449123ef65cdULL,
	0xb5c0fbcfec4d3b2fULL, 0xe9b5dba58189dbbcULL,
	0x3956c25bf348b538ULL, 0x59f111f1b605d019ULL,
	0x923f82a4af194f9bULL, 0xab1c5ed5da6d8118ULL,
	0xd807aa98a3030242ULL, 0x12835b0145706fbeULL,
	0x243185be4ee4b28cULL, 0x550c7dc3d5ffb4e2ULL,
	0x72be5d74f27b896fULL, 0x80deb1fe3b1696b1ULL,
	0x9bdc06a725c71235ULL, 0xc19bf174cf692694ULL,
	0xe49b69c19ef14ad2ULL, 0xefbe4786384f25e3ULL,
	0x0fc19dc68b8cd5b5ULL, 0x240ca1cc77ac9c65ULL,
	0x2de92c6f592b0275ULL, 0x4a7484aa6ea6e483ULL,
	0x5cb0a9dcbd41fbd4ULL, 0x76f988da831153b5ULL,
	0x983e5152ee66dfabULL, 0xa831c66d2db43210ULL,
	0xb00327c898fb213fULL, 0xbf597fc7beef0ee4ULL,
	0xc6e00bf33da88fc2ULL, 0xd5a79147930aa725ULL,
	0x06ca6351e003826fULL, 0x142929670a0e6e70ULL,
	0x27b70a8546d22ffcULL, 0x2e1b21385c26c926ULL,
	0x4d2c6dfc5ac42aedULL, 0x53380d139d95b3dfULL,
	0x650a73548baf63deULL, 0x766a0abb3c77b2a8ULL,
	0x81c2c92e47edaee6ULL, 0x92722c851482353bULL,
	0xa2bfe8a14cf10364ULL, 0xa81a664bbc423001ULL,
	0xc24b8b70d0f89791ULL, 0xc76c51a30654be30ULL,
	0xd192e819d6ef5218ULL, 0xd69906245565a910ULL,
	0xf40e35855771202aULL, 0x106aa07032bbd1b8ULL,
	0x19a4c116b8d2d0c8ULL, 0x1e376c085141ab53ULL,
	0x2748774cdf8eeb99ULL, 0x34b0bcb5e19b48a8ULL,
	0x391c0cb3c5c95a63ULL, 0x4ed8aa4ae3418acbULL,
	0x5b9cca4f7763e373ULL, 0x682e6ff3d6b2b8a3ULL,
	0x748f82ee5defb2fcULL, 0x78a5636f43172f60ULL,
	0x84c87814a1f0ab72ULL, 0x8cc702081a6439ecULL,
	0x90befffa23631e28ULL, 0xa4506cebde82bde9ULL,
	0xbef9a3f7b2c67915ULL, 0xc67178f2e372532bULL,
	0xca273eceea26619cULL, 0xd186b8c721c0c207ULL,
	0xeada7dd6cde0eb1eULL, 0xf57d4f7fee6ed178ULL,
	0x06f067aa72176fbaULL, 0x0a637dc5a2c898a6ULL,
	0x113f9804bef90daeULL, 0x1b710b35131c471bULL,
	0x28db77f523047d84ULL, 0x32caab7b40c72493ULL,
	0x3c9ebe0a15c9bebcULL, 0x431d67c49c100d4cULL,
	0x4cc5d4becb3e42b6ULL, 0x597f299cfc657e2aULL,
	0x5fcb6fab3ad6faecULL, 0x6c44198c4a475817ULL,
};

/* of the square roots of the first 16: SHA-512, then SHA-384 */
static const u64 square_roots[16] = {
	0x6a09e667f3bcc908ULL, 0xbb67ae8584caa73bULL,
	0x3c6ef372fe94f82bULL, 0xa54ff53a5f1d36f1ULL,
	0x510e527fade682d1ULL, 0x9b05688c2b3e6c1fULL,
	0x1f83d9abfb41bd6bULL, 0x5be0cd19137e2179ULL,
	0xcbbb9d5dc1059ed8ULL, 0x629a292a367cd507ULL,
	0x9159015a3070dd17ULL, 0x152fecd8f70e5939ULL,
	0x67332667ffc00b31ULL, 0x8eb44a8768581511ULL,
	0xdb0c2e0d64f98fa7ULL, 0x47b5481dbefa4fa4ULL,
};

static void sha1_block(u64 *h, const u8 *block)
{
	static const u32 k[4] = {
		0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6
	};
	u32 w[80], v[5], f, t;
	int i;

	for (i = 0; i < 5; i++)
		v[i] = h[i];
	for (i = 0; i < 80; i++) {
		if (i < 16)
			w[i] = get_unaligned_be32(block + 4 * i);
		else
			w[i] = rol32(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^
				     w[i - 16], 1);
		if (i < 20)
			f = (v[1] & v[2]) | (~v[1] & v[3]);
		else if (i >= 40 && i < 60)
			f = (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3]);
		else
			f = v[1] ^ v[2] ^ v[3];
		t = rol32(v[0], 5) + f + v[4] + k[i / 20] + w[i];
		v[4] = v[3];
		v[3] = v[2];
		v[2] = rol32(v[1], 30);
		v[1] = v[0];
		v[0] = t;
	}
	for (i = 0; i < 5; i++)
		h[i] = (u32)(h[i] + v[i]);
}

static void sha256_block(u64 *h, const u8 *block)
{
	u32 w[64], v[8], t1, t2;
	int i;

	for (i = 0; i < 8; i++)
		v[i] = h[i];
	for (i = 0; i < 64; i++) {
		if (i < 16) {
			w[i] = get_unaligned_be32(block + 4 * i);
		} else {
			t1 = w[i - 2];
			t2 = w[i - 15];
			w[i] = (ror32(t1, 17) ^ ror32(t1, 19) ^ t1 >> 10) +
			       w[i - 7] + w[i - 16] +
			       (ror32(t2, 7) ^ ror32(t2, 18) ^ t2 >> 3);
		}
		t1 = v[7] + (ror32(v[4], 6) ^ ror32(v[4], 11) ^
			     ror32(v[4], 25)) +
		     ((v[4] & v[5]) ^ (~v[4] & v[6])) +
		     (u32)(cube_roots[i] >> 32) + w[i];
		t2 = (ror32(v[0], 2) ^ ror32(v[0], 13) ^ ror32(v[0], 22)) +
		     ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (i = 0; i < 8; i++)
		h[i] = (u32)(h[i] + v[i]);
}

static void sha512_block(u64 *h, const u8 *block)
{
	u64 w[16], v[8], t1, t2;
	int i;

	memcpy(v, h, sizeof(v));
	for (i = 0; i < 80; i++) {
		if (i < 16) {
			w[i] = get_unaligned_be64(block + 8 * i);
		} else {
			t1 = w[(i - 2) % 16];
			t2 = w[(i - 15) % 16];
			w[i % 16] += (ror64(t1, 19) ^ ror64(t1, 61) ^ t1 >> 6) +
				     w[(i - 7) % 16] +
				     (ror64(t2, 1) ^ ror64(t2, 8) ^ t2 >> 7);
		}
		t1 = v[7] + (ror64(v[4], 14) ^ ror64(v[4], 18) ^
			     ror64(v[4], 41)) +
		     ((v[4] & v[5]) ^ (~v[4] & v[6])) + cube_roots[i] +
		     w[i % 16];
		t2 = (ror64(v[0], 28) ^ ror64(v[0], 34) ^ ror64(v[0], 39)) +
		     ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (i = 0; i < 8; i++)
		h[i] += v[i];
}

static void sha_init(struct vtun_ref_sha *s, u16 integ)
{
	static const u32 sha1[5] = {
		0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0
	};
	int i;

	memset(s, 0, sizeof(*s));
	s->integ = integ;
	s->block = 64;
	switch (integ) {
	case VTUN_AUTH_HMAC_SHA1_96:
		s->octets = 20;
		for (i = 0; i < 5; i++)
			s->h[i] = sha1[i];
		return;
	case VTUN_AUTH_HMAC_SHA2_256_128:
		s->octets = 32;
		for (i = 0; i < 8; i++)
			s->h[i] = square_roots[i] >> 32;
		return;
	case VTUN_AUTH_HMAC_SHA2_384_192:
		s->octets = 48;
		s->block = 128;
		memcpy(s->h, square_roots + 8, sizeof(s->h));
		return;
	default:
		s->octets = 64;
		s->block = 128;
		memcpy(s->h, square_roots, sizeof(s->h));
	}
}

static void sha_block(struct vtun_ref_sha *s)
{
	if (s->integ == VTUN_AUTH_HMAC_SHA1_96)
		sha1_block(s->h, s->buf);
	else if (s->block == 64)
		sha256_block(s->h, s->buf);
	else
		sha512_block(s->h, s->buf);
}

static void sha_update(struct vtun_ref_sha *s, const u8 *data, unsigned int len)
{
	while (len) {
		unsigned int at = s->len % s->block;
		unsigned int n = min(len, s->block - at);

		memcpy(s->buf + at, data, n);
		s->len += n;
		data += n;
		len -= n;
		if (s->len % s->block == 0)
			sha_block(s);
	}
}

static void sha_final(struct vtun_ref_sha *s, u8 *digest)
{
	unsigned int word = s->block == 64 ? 4 : 8, i;
	u64 bits = 8 * s->len;
	u8 pad = 0x80, lens[16] = { };

	do {
		sha_update(s, &pad, 1);
		pad = 0;
	} while (s->len % s->block != s->block - 2 * word);
	put_unaligned_be64(bits, lens + 2 * word - 8);
	sha_update(s, lens, 2 * word);
	for (i = 0; i < s->octets; i++)
		digest[i] = s->h[i / word] >> 8 * (word - 1 - i % word);
}

static void mac_start(struct vtun_ref_sha *s, u16 integ, const u8 *key,
		      unsigned int key_len, u8 with)
{
	u8 pad[128];
	unsigned int i;

	sha_init(s, integ);
	for (i = 0; i < s->block; i++)
		pad[i] = (i < key_len ? key[i] : 0) ^ with;
	sha_update(s, pad, s->block);
}

/* the key is not longer than a block, as none of IPsec is */
void vtun_ref_mac_init(struct vtun_ref_mac *m, u16 integ, const u8 *key,
		       unsigned int key_len)
{
	mac_start(&m->inner, integ, key, key_len, 0x36);
	mac_start(&m->outer, integ, key, key_len, 0x5c);
}

void vtun_ref_mac_update(struct vtun_ref_mac *m, const u8 *data,
			 unsigned int len)
{
	sha_update(&m->inner, data, len);
}

void vtun_ref_mac_final(const struct vtun_ref_mac *m, u8 *digest)
{
	struct vtun_ref_sha inner = m->inner, outer = m->outer;

	sha_final(&inner, digest);
	sha_update(&outer, digest, inner.octets);
	sha_final(&outer, digest);
}

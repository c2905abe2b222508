// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Primitives of libvtike against every applicable Wycheproof vector and the
 * published known answers.
 */
#include <errno.h>
#include <jansson.h>

#include "ike/crypto.h"
#include "ike/crypto_provider.h"
#include "ike/ike.h"
#include "vectors.h"

/* what happened to the vectors of one file */
struct tally {
	unsigned int passed, failed, skipped, special;
};

static const char *str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	if (!s)
		ktap_bail("vector without %s", key);
	return s;
}

static struct octets hex(const json_t *o, const char *key)
{
	return octets_from_hex(str(o, key));
}

static json_int_t num(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static bool has_flag(const json_t *test, const char *flag)
{
	const json_t *f;
	size_t i;

	json_array_foreach(json_object_get(test, "flags"), i, f)
		if (strcmp(json_string_value(f), flag) == 0)
			return true;
	return false;
}

static void count(struct tally *t, const json_t *test, bool ok)
{
	if (ok) {
		t->passed++;
		return;
	}
	t->failed++;
	ktap_note("vector %d fails: %s", (int)num(test, "tcId"),
		  str(test, "comment"));
}

static void each(const char *file, struct tally *t,
		 void (*fn)(const json_t *group, const json_t *test,
			    struct tally *t))
{
	FILE *f = vectors_open(file);
	const json_t *group, *test;
	size_t i, j, n = 0;
	json_error_t err;
	json_t *root;

	memset(t, 0, sizeof(*t));
	root = json_loadf(f, 0, &err);
	fclose(f);
	if (!root)
		ktap_bail("%s:%d: %s", file, err.line, err.text);
	json_array_foreach(json_object_get(root, "testGroups"), i, group)
		json_array_foreach(json_object_get(group, "tests"), j, test) {
			fn(group, test, t);
			n++;
		}
	if (n != (size_t)num(root, "numberOfTests"))
		ktap_bail("%s: %zu tests, %d promised", file, n,
			  (int)num(root, "numberOfTests"));
	json_decref(root);
}

/* ---- X25519 ---- */

static void x25519(const json_t *group, const json_t *test, struct tally *t)
{
	struct octets pub = hex(test, "public"), priv = hex(test, "private");
	struct octets want = hex(test, "shared");
	bool zero = has_flag(test, "ZeroSharedSecret");
	uint8_t got[32], none[32] = { 0 };
	int ret;

	memset(got, 0xa5, sizeof(got));
	ret = ike_crypto_x25519_shared(priv.data, pub.data, got);
	if (zero) {
		t->special++;
		count(t, test, ret == -EBADMSG && !memcmp(got, none, 32));
	} else {
		count(t, test, !ret && octets_equal(&want, got, 32));
	}
	octets_free(&pub);
	octets_free(&priv);
	octets_free(&want);
}

/* ---- Ed25519 ---- */

static void ed25519(const json_t *group, const json_t *test, struct tally *t)
{
	struct octets pk = hex(json_object_get(group, "publicKey"), "pk");
	struct octets msg = hex(test, "msg"), sig = hex(test, "sig");
	bool valid = strcmp(str(test, "result"), "valid") == 0;
	int ret;

	ret = ike_crypto_ed25519_verify(pk.data, msg.data, msg.len, sig.data,
					sig.len);
	t->special += !valid;
	count(t, test, valid ? !ret : ret == -EBADMSG);
	octets_free(&pk);
	octets_free(&msg);
	octets_free(&sig);
}

/* ---- AEAD ---- */

static bool all_zero(const uint8_t *p, size_t len)
{
	while (len--)
		if (*p++)
			return false;
	return true;
}

struct aead_case {
	struct octets key, iv, aad, msg, ct, tag;
	bool valid;
};

/* with one provider, out of place and in place */
static bool aead_run(const struct aead_case *c,
		     const struct ike_crypto_aead *a)
{
	size_t n = c->msg.len, total = n + IKE_CRYPTO_TAG_LEN;
	uint8_t *in = calloc(1, total + 1), *out = calloc(1, total + 1);
	bool ok;

	memcpy(in, c->ct.data, n);
	memcpy(in + n, c->tag.data, IKE_CRYPTO_TAG_LEN);
	memset(out, 0x5a, total);
	if (!c->valid) {
		ok = ike_crypto_open(a, in, total, out) == -EBADMSG &&
		     all_zero(out, n) && out[n] == 0x5a;
	} else {
		ok = !ike_crypto_open(a, in, total, out) &&
		     octets_equal(&c->msg, out, n) && out[n] == 0x5a;
		ok = ok && !ike_crypto_seal(a, c->msg.data, n, out) &&
		     !memcmp(out, in, total);
		ok = ok && !ike_crypto_open(a, in, total, in) &&
		     octets_equal(&c->msg, in, n);
		ok = ok && !ike_crypto_seal(a, in, n, in) &&
		     !memcmp(out, in, total);
	}
	free(in);
	free(out);
	return ok;
}

static void aead(uint16_t encr, const json_t *group, const json_t *test,
		 struct tally *t)
{
	struct aead_case c = {
		hex(test, "key"), hex(test, "iv"), hex(test, "aad"),
		hex(test, "msg"), hex(test, "ct"), hex(test, "tag"),
		strcmp(str(test, "result"), "valid") == 0,
	};
	struct ike_crypto_aead a = {
		.encr = encr, .key = c.key.data, .key_len = c.key.len,
		.aad = c.aad.data, .aad_len = c.aad.len,
	};
	uint8_t out[16];

	if (num(group, "ivSize") != 96 || num(group, "tagSize") != 128) {
		/* no function of ours takes another nonce or tag */
		t->skipped++;
	} else if (encr == IKE_ENCR_AES_GCM_16 && c.key.len == 24) {
		/* not among our suites: must be refused, not computed */
		t->special++;
		count(t, test, ike_crypto_seal(&a, NULL, 0, out) ==
			       -EOPNOTSUPP);
	} else {
		memcpy(a.nonce, c.iv.data, sizeof(a.nonce));
		count(t, test, aead_run(&c, &a));
	}
	octets_free(&c.key);
	octets_free(&c.iv);
	octets_free(&c.aad);
	octets_free(&c.msg);
	octets_free(&c.ct);
	octets_free(&c.tag);
}

static void chacha(const json_t *group, const json_t *test, struct tally *t)
{
	aead(IKE_ENCR_CHACHA20_POLY1305, group, test, t);
}

static void gcm(const json_t *group, const json_t *test, struct tally *t)
{
	aead(IKE_ENCR_AES_GCM_16, group, test, t);
}

/* ---- HMAC ---- */

static void hmac(uint16_t prf, const json_t *group, const json_t *test,
		 struct tally *t)
{
	struct octets key = hex(test, "key"), msg = hex(test, "msg");
	struct octets tag = hex(test, "tag");
	bool valid = strcmp(str(test, "result"), "valid") == 0;
	size_t half = msg.len / 2;
	struct ike_crypto_seg seg[] = {
		{ msg.data, half }, { msg.data + half, msg.len - half },
	};
	uint8_t mac[IKE_CRYPTO_PRF_MAX];
	bool same;
	int ret;

	/* truncated tags are the first octets, as IPsec takes them */
	ret = ike_crypto_prf(prf, key.data, key.len, seg, 2, mac);
	same = !ret && tag.len <= ike_crypto_prf_len(prf) &&
	       ike_crypto_equal(mac, tag.data, tag.len);
	t->special += !valid;
	count(t, test, same == valid);
	octets_free(&key);
	octets_free(&msg);
	octets_free(&tag);
}

static void hmac256(const json_t *group, const json_t *test, struct tally *t)
{
	hmac(IKE_PRF_HMAC_SHA2_256, group, test, t);
}

static void hmac512(const json_t *group, const json_t *test, struct tally *t)
{
	hmac(IKE_PRF_HMAC_SHA2_512, group, test, t);
}

static void wycheproof(void)
{
	struct tally t;

	each("x25519_test.json", &t, x25519);
	ktap_ok(!t.failed && t.passed == 518 && t.special == 31,
		"x25519: %u vectors, %u with a zero secret refused", t.passed,
		t.special);
	each("ed25519_test.json", &t, ed25519);
	ktap_ok(!t.failed && t.passed == 151 && t.special == 63,
		"ed25519: %u vectors, %u refused", t.passed, t.special);
	each("chacha20_poly1305_test.json", &t, chacha);
	ktap_ok(!t.failed && t.passed == 316,
		"chacha20-poly1305: %u vectors, %u of another nonce or tag",
		t.passed, t.skipped);
	each("aes_gcm_test.json", &t, gcm);
	ktap_ok(!t.failed && t.passed == 197,
		"aes-gcm: %u vectors, %u of them 192 bit keys refused, %u of another nonce or tag",
		t.passed, t.special, t.skipped);
	each("hmac_sha256_test.json", &t, hmac256);
	ktap_ok(!t.failed && t.passed == 174,
		"hmac-sha256: %u vectors, %u refused", t.passed, t.special);
	each("hmac_sha512_test.json", &t, hmac512);
	ktap_ok(!t.failed && t.passed == 174,
		"hmac-sha512: %u vectors, %u refused", t.passed, t.special);
}

/* ---- esp-ike-kat.txt: primitives ---- */

static void kat_aead(const struct kat_record *r, uint16_t encr)
{
	struct octets salt = kat_hex(r, "salt"), iv = kat_hex(r, "iv");
	struct aead_case c = {
		.key = kat_hex(r, "key"), .aad = kat_hex(r, "aad"),
		.msg = kat_hex(r, "plaintext"), .ct = kat_hex(r, "ciphertext"),
		.tag = kat_hex(r, "icv"), .valid = true,
	};
	struct ike_crypto_aead a = {
		.encr = encr, .key = c.key.data, .key_len = c.key.len,
		.aad = c.aad.data, .aad_len = c.aad.len,
	};
	uint8_t out[16];
	bool ok;

	memcpy(a.nonce, salt.data, 4);
	memcpy(a.nonce + 4, iv.data, 8);
	if (encr == IKE_ENCR_AES_GCM_16 && c.key.len == 24)
		ok = ike_crypto_seal(&a, NULL, 0, out) == -EOPNOTSUPP;
	else
		ok = aead_run(&c, &a);
	ktap_ok(ok, "%s: %zu bit key%s", kat_text(r, "name"), 8 * c.key.len,
		c.key.len == 24 ? " refused" : "");
	octets_free(&salt);
	octets_free(&iv);
	octets_free(&c.key);
	octets_free(&c.aad);
	octets_free(&c.msg);
	octets_free(&c.ct);
	octets_free(&c.tag);
}

static bool kat_hmac(const struct kat_record *r, uint16_t prf,
		     const char *field)
{
	struct octets key = kat_hex(r, "key"), msg = kat_hex(r, "message");
	struct octets want = kat_hex(r, field);
	struct ike_crypto_seg seg = { msg.data, msg.len };
	uint8_t mac[IKE_CRYPTO_PRF_MAX];
	bool ok;

	ok = !ike_crypto_prf(prf, key.data, key.len, &seg, 1, mac) &&
	     !memcmp(mac, want.data, want.len);
	octets_free(&key);
	octets_free(&msg);
	octets_free(&want);
	return ok;
}

static void kat_x25519(const struct kat_record *r)
{
	struct octets a = kat_hex(r, "a_private");
	struct octets b = kat_hex(r, "b_private");
	struct octets ap = kat_hex(r, "a_public");
	struct octets bp = kat_hex(r, "b_public");
	struct octets want = kat_hex(r, "shared");
	uint8_t got[32];
	bool ok;

	ok = !ike_crypto_x25519_public(a.data, got) &&
	     octets_equal(&ap, got, 32) &&
	     !ike_crypto_x25519_public(b.data, got) &&
	     octets_equal(&bp, got, 32) &&
	     !ike_crypto_x25519_shared(a.data, bp.data, got) &&
	     octets_equal(&want, got, 32) &&
	     !ike_crypto_x25519_shared(b.data, ap.data, got) &&
	     octets_equal(&want, got, 32);
	ktap_ok(ok, "%s", kat_text(r, "name"));
	octets_free(&a);
	octets_free(&b);
	octets_free(&ap);
	octets_free(&bp);
	octets_free(&want);
}

static void kat_ed25519(const struct kat_record *r)
{
	struct octets seed = kat_hex(r, "secret"), pub = kat_hex(r, "public");
	struct octets msg = kat_hex(r, "message"), sig = kat_hex(r, "signature");
	uint8_t pk[32], sk[64], got[64];
	bool ok;

	ok = !ike_crypto_ed25519_keypair(seed.data, pk, sk) &&
	     octets_equal(&pub, pk, 32) &&
	     !ike_crypto_ed25519_sign(sk, msg.data, msg.len, got) &&
	     octets_equal(&sig, got, 64) &&
	     !ike_crypto_ed25519_verify(pk, msg.data, msg.len, got, 64) &&
	     ike_crypto_ed25519_verify(pk, msg.data, msg.len, got, 63) &&
	     ike_crypto_ed25519_verify(pk, (const uint8_t *)"x", 1, got, 64);
	ktap_ok(ok, "%s", kat_text(r, "name"));
	octets_free(&seed);
	octets_free(&pub);
	octets_free(&msg);
	octets_free(&sig);
}

static void kat_record(const struct kat_record *r)
{
	const char *name = kat_text(r, "name"), *alg = kat_text(r, "alg");

	if (alg && strstr(alg, "CHACHA20"))
		kat_aead(r, IKE_ENCR_CHACHA20_POLY1305);
	else if (alg && strstr(alg, "AES_GCM"))
		kat_aead(r, IKE_ENCR_AES_GCM_16);
	else if (strstr(name, "rfc7748"))
		kat_x25519(r);
	else if (strstr(name, "rfc8032"))
		kat_ed25519(r);
	else if (strstr(name, "rfc4231"))
		ktap_ok(kat_hmac(r, IKE_PRF_HMAC_SHA2_256, "hmac_sha256") &&
			kat_hmac(r, IKE_PRF_HMAC_SHA2_512, "hmac_sha512"),
			"%s", name);
	else if (strstr(name, "rfc4868"))
		ktap_ok(kat_hmac(r, IKE_PRF_HMAC_SHA2_256, "icv"), "%s", name);
	/* the rest is about the key schedule: test-ike-keymat */
}

static void known_answers(void)
{
	FILE *f = vectors_open("esp-ike-kat.txt");
	struct kat_record r = { 0 };

	while (kat_next(f, &r))
		kat_record(&r);
	fclose(f);
}

/* both providers must agree wherever both can do an AEAD */
static void providers(void)
{
	static const struct {
		uint16_t encr;
		size_t key_len;
	} aeads[] = {
		{ IKE_ENCR_CHACHA20_POLY1305, 32 },
		{ IKE_ENCR_AES_GCM_16, 16 }, { IKE_ENCR_AES_GCM_16, 32 },
	};
	uint8_t key[32], msg[300], one[316], two[316];
	struct ike_crypto_aead a = { .key = key, .aad = msg };
	size_t i, len;
	bool ok;

	for (i = 0; i < sizeof(msg); i++)
		msg[i] = (uint8_t)(7 * i);
	memcpy(key, msg + 100, sizeof(key));
	for (i = 0; i < sizeof(aeads) / sizeof(aeads[0]); i++) {
		a.encr = aeads[i].encr;
		a.key_len = aeads[i].key_len;
		if (!ike_crypto_sodium.aead_ok(a.encr, a.key_len)) {
			ktap_skip("providers agree", "libsodium lacks it");
			continue;
		}
		ok = ike_crypto_openssl.aead_ok(a.encr, a.key_len);
		for (len = 0; ok && len <= sizeof(msg); len++) {
			a.aad_len = len % 40;
			a.nonce[0] = (uint8_t)len;
			ok = !ike_crypto_sodium.seal(&a, msg, len, one) &&
			     !ike_crypto_openssl.seal(&a, msg, len, two) &&
			     !memcmp(one, two, len + 16) &&
			     !ike_crypto_openssl.open(&a, one, len + 16, two) &&
			     !memcmp(two, msg, len);
		}
		ktap_ok(ok, "providers agree on ENCR %u with %zu octets",
			a.encr, a.key_len);
	}
}

/* every single bit flipped, every length cut: nothing opens, nothing leaks */
static void aead_damage(uint16_t encr, size_t key_len)
{
	uint8_t key[32] = { 1, 2, 3 }, msg[20] = "twenty octets of it";
	uint8_t ct[36], bad[36], out[36];
	struct ike_crypto_aead a = {
		.encr = encr, .key = key, .key_len = key_len,
	};
	size_t i;
	bool ok = !ike_crypto_seal(&a, msg, sizeof(msg), ct);

	for (i = 0; i < 8 * sizeof(ct); i++) {
		memcpy(bad, ct, sizeof(ct));
		bad[i / 8] ^= (uint8_t)(1 << i % 8);
		memset(out, 0xff, sizeof(out));
		ok = ok && ike_crypto_open(&a, bad, sizeof(bad), out) ==
			   -EBADMSG && all_zero(out, sizeof(msg));
	}
	for (i = 0; i < sizeof(ct); i++)
		ok = ok && ike_crypto_open(&a, ct, i, out) == -EBADMSG;
	ktap_ok(ok, "ENCR %u, %zu octet key: damaged and cut text refused",
		encr, key_len);
}

static void odds(void)
{
	struct ike_crypto_seg abc = { "abc", 3 }, none = { NULL, 0 };
	static const char fips[] = "a9993e364706816aba3e25717850c26c9cd0d89d";
	struct octets want = octets_from_hex(fips);
	uint8_t out[16 * 1024], key[4] = { 0 };
	bool ok;

	ktap_ok(!ike_crypto_sha1(&abc, 1, out) &&
		octets_equal(&want, out, 20), "SHA-1 of FIPS 180 \"abc\"");
	octets_free(&want);

	ok = ike_crypto_prf_plus(5, key, 4, &none, 1, out, 255 * 32) == 0 &&
	     ike_crypto_prf_plus(5, key, 4, &none, 1, out, 255 * 32 + 1) ==
	     -EINVAL && ike_crypto_prf_plus(2, key, 4, &none, 1, out, 1) ==
	     -EOPNOTSUPP;
	ktap_ok(ok, "prf+ ends at its counter; unknown PRF refused");
	ok = ike_crypto_aead_key_len(28, 0) == 36 &&
	     !ike_crypto_aead_key_len(28, 256) &&
	     ike_crypto_aead_key_len(20, 128) == 20 &&
	     ike_crypto_aead_key_len(20, 256) == 36 &&
	     !ike_crypto_aead_key_len(20, 0) &&
	     !ike_crypto_aead_key_len(20, 192) &&
	     !ike_crypto_aead_key_len(12, 256);
	ktap_ok(ok, "key lengths, salt included");
	ktap_ok(!ike_crypto_prf(5, NULL, 0, NULL, 0, out),
		"HMAC of nothing under an empty key");
	memset(out, 1, 8);
	ike_crypto_wipe(out, 8);
	ike_crypto_wipe(NULL, 8);
	ktap_ok(all_zero(out, 8), "wipe");
	ktap_note("AES-256-GCM by %s, AES-128-GCM by %s, ChaCha20 by %s",
		  ike_crypto_provider(20, 32), ike_crypto_provider(20, 16),
		  ike_crypto_provider(28, 32));
}

int main(void)
{
	ktap_begin();
	if (ike_crypto_init() || ike_crypto_init())
		ktap_bail("no crypto");
	wycheproof();
	known_answers();
	providers();
	aead_damage(IKE_ENCR_CHACHA20_POLY1305, 32);
	aead_damage(IKE_ENCR_AES_GCM_16, 16);
	aead_damage(IKE_ENCR_AES_GCM_16, 32);
	odds();
	return ktap_end();
}

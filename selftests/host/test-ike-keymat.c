// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Key schedule, AUTH, SK and NAT detection against the known answers, and what
 * each must refuse.
 */
#include <errno.h>
#include <arpa/inet.h>

#include "ike/auth.h"
#include "ike/keymat.h"
#include "ike/nat.h"
#include "ike/sk.h"
#include "vectors.h"

static uint16_t prf_of(const struct kat_record *r)
{
	const char *v = kat_text(r, "prf");

	if (strcmp(v, "PRF_HMAC_SHA2_256") == 0)
		return IKE_PRF_HMAC_SHA2_256;
	if (strcmp(v, "PRF_HMAC_SHA2_512") == 0)
		return IKE_PRF_HMAC_SHA2_512;
	return 0;
}

static bool same(const struct kat_record *r, const char *field,
		 const uint8_t *data, size_t len)
{
	struct octets want = kat_hex(r, field);
	bool ok = octets_equal(&want, data, len);

	if (!ok)
		ktap_note("%s: %s differs", kat_text(r, "name"), field);
	octets_free(&want);
	return ok;
}

/* the inputs of a record; free with in_free() */
struct input {
	struct octets ni, nr, g_ir;
	struct ike_keymat_in in;
};

static struct ike_wire_view view(const struct octets *o)
{
	return (struct ike_wire_view){ o->data, o->len };
}

static void in_get(const struct kat_record *r, const char *secret,
		   struct input *i)
{
	i->ni = kat_hex(r, "ni");
	i->nr = kat_hex(r, "nr");
	i->g_ir = kat_hex(r, secret);
	i->in.ni = view(&i->ni);
	i->in.nr = view(&i->nr);
	i->in.g_ir = view(&i->g_ir);
	i->in.spi_i = kat_number(r, "spi_i");
	i->in.spi_r = kat_number(r, "spi_r");
}

static void in_free(struct input *i)
{
	octets_free(&i->ni);
	octets_free(&i->nr);
	octets_free(&i->g_ir);
}

static bool same_keys(const struct kat_record *r, const struct ike_keys *k)
{
	return same(r, "sk_d", k->d, k->prf_len) &
	       same(r, "sk_ei", k->ei, k->e_len) &
	       same(r, "sk_er", k->er, k->e_len) &
	       same(r, "sk_pi", k->pi, k->prf_len) &
	       same(r, "sk_pr", k->pr, k->prf_len);
}

static bool same_child(const struct kat_record *r, const struct ike_keys *k,
		       struct ike_keymat_in in, const struct ike_suite *suite)
{
	struct ike_suite esp = *suite;
	struct ike_child_keys c;
	uint8_t both[72];

	esp.ke = IKE_KE_NONE;
	in.g_ir.len = 0;
	if (ike_keymat_child(k, &esp, &in, &c) || c.len != 36)
		return false;
	memcpy(both, c.i2r, 36);
	memcpy(both + 36, c.r2i, 36);
	return same(r, "child_keymat_2x36", both, sizeof(both));
}

static void schedule_aead(const struct kat_record *r)
{
	bool chacha = strstr(kat_text(r, "ike_encr"), "CHACHA20");
	struct ike_suite suite = {
		.encr = chacha ? IKE_ENCR_CHACHA20_POLY1305 :
				 IKE_ENCR_AES_GCM_16,
		.key_bits = chacha ? 0 : 256, .prf = prf_of(r),
		.ke = IKE_KE_X25519,
	};
	struct ike_keys k;
	struct input i;
	bool ok;

	in_get(r, "g_ir", &i);
	if (!suite.prf) {
		/* not among our suites: refused, never half computed */
		ktap_ok(ike_keymat_init(&suite, &i.in, &k) == -EOPNOTSUPP &&
			!k.prf_len, "%s: PRF refused", kat_text(r, "name"));
	} else {
		ok = !ike_keymat_init(&suite, &i.in, &k) && same_keys(r, &k) &&
		     same_child(r, &k, i.in, &suite);
		ktap_ok(ok, "%s", kat_text(r, "name"));
		ike_keymat_wipe(&k);
	}
	in_free(&i);
}

/* prf+ of SKEYSEED and the named fields of the record one after another */
static bool chain(const struct kat_record *r, const uint8_t *key,
		  size_t key_len, const struct input *i,
		  const char *const *fields)
{
	struct octets spi_i = kat_hex(r, "spi_i"), spi_r = kat_hex(r, "spi_r");
	const struct ike_crypto_seg seg[] = {
		{ i->ni.data, i->ni.len }, { i->nr.data, i->nr.len },
		{ spi_i.data, 8 }, { spi_r.data, 8 },
	};
	uint8_t want[512], got[512];
	struct octets f;
	size_t n = 0;

	for (; *fields; fields++) {
		f = kat_hex(r, *fields);
		memcpy(want + n, f.data, f.len);
		n += f.len;
		octets_free(&f);
	}
	n = ike_crypto_prf_plus(prf_of(r), key, key_len, seg, 4, got, n) ?
	    0 : n;
	octets_free(&spi_i);
	octets_free(&spi_r);
	return n && memcmp(got, want, n) == 0;
}

/* a suite we do not have; the same PRF makes its keys all the same */
static void schedule_cbc(const struct kat_record *r)
{
	static const char *const fields[] = {
		"sk_d", "sk_ai", "sk_ar", "sk_ei", "sk_er", "sk_pi", "sk_pr",
		NULL,
	};
	struct octets s = kat_hex(r, "skeyseed");
	struct input i;

	in_get(r, "g_ir", &i);
	ktap_ok(chain(r, s.data, s.len, &i, fields),
		"%s: prf+ in the order of RFC 7296 2.14", kat_text(r, "name"));
	octets_free(&s);
	in_free(&i);
}

/* RFC 5723 is not built yet; its formula runs on the same primitives */
static void resumption(const struct kat_record *r)
{
	static const char *const fields[] = {
		"sk_d", "sk_ei", "sk_er", "sk_pi", "sk_pr", NULL,
	};
	struct octets d = kat_hex(r, "sk_d_old");
	uint8_t skeyseed[32];
	struct ike_crypto_seg seg[3] = { { "Resumption", 10 } };
	struct input i;
	bool ok;

	in_get(r, "ni", &i);
	seg[1] = (struct ike_crypto_seg){ i.ni.data, i.ni.len };
	seg[2] = (struct ike_crypto_seg){ i.nr.data, i.nr.len };
	ok = !ike_crypto_prf(prf_of(r), d.data, d.len, seg, 3, skeyseed) &&
	     same(r, "skeyseed", skeyseed, 32) &&
	     chain(r, skeyseed, 32, &i, fields);
	ktap_ok(ok, "%s: primitives", kat_text(r, "name"));
	octets_free(&d);
	in_free(&i);
}

static void rekey(const struct kat_record *r)
{
	struct ike_suite suite = {
		.encr = IKE_ENCR_CHACHA20_POLY1305, .ke = IKE_KE_X25519,
		.prf = prf_of(r),
	};
	struct octets d = kat_hex(r, "sk_d_old");
	struct ike_keys old = { .prf = suite.prf, .prf_len = d.len }, k;
	struct input i;
	bool ok;

	in_get(r, "g_ir_new", &i);
	memcpy(old.d, d.data, d.len);
	ok = !ike_keymat_rekey(&old, &suite, &i.in, &k) && same_keys(r, &k);
	ok = ok && ike_keymat_rekey(&old, &suite, &i.in, &old) == -EINVAL;
	/* the new suite may have another PRF than the old IKE SA */
	suite.prf = IKE_PRF_HMAC_SHA2_512;
	ok = ok && !ike_keymat_rekey(&old, &suite, &i.in, &k) &&
	     k.prf_len == 64 && k.prf == IKE_PRF_HMAC_SHA2_512;
	i.in.g_ir.len = 0;
	ok = ok && ike_keymat_rekey(&old, &suite, &i.in, &k) == -EINVAL;
	ktap_ok(ok, "%s", kat_text(r, "name"));
	octets_free(&d);
	in_free(&i);
}

static void ppk(const struct kat_record *r)
{
	static const char *const names[][2] = {
		{ "sk_d_prime", "sk_d" }, { "sk_pi_prime", "sk_pi" },
		{ "sk_pr_prime", "sk_pr" },
	};
	struct octets key = kat_hex(r, "ppk"), prime;
	struct ike_crypto_seg seg;
	uint8_t out[32];
	bool ok = true;
	size_t i;

	for (i = 0; i < 3; i++) {
		prime = kat_hex(r, names[i][0]);
		seg = (struct ike_crypto_seg){ prime.data, prime.len };
		ok = ok && !ike_crypto_prf_plus(prf_of(r), key.data, key.len,
						&seg, 1, out, sizeof(out)) &&
		     same(r, names[i][1], out, sizeof(out));
		octets_free(&prime);
	}
	ktap_ok(ok, "%s: primitives", kat_text(r, "name"));
	octets_free(&key);
}

/* ---- AUTH ---- */

/* data is right, and no shorter, longer or altered form of it is */
static bool only_this(const struct ike_auth_in *in,
		      const struct ike_auth_key *key,
		      const struct ike_auth_data *a)
{
	uint8_t bad[IKE_AUTH_DATA_MAX + 8] = { 0 };
	struct ike_wire_view v = { bad, a->len };
	struct ike_wire_err err;
	size_t i;

	memcpy(bad, a->data, a->len);
	if (ike_auth_verify(in, key, a->method, v, &err))
		return false;
	for (i = 0; i < 8 * a->len; i++) {
		bad[i / 8] ^= (uint8_t)(1 << i % 8);
		if (ike_auth_verify(in, key, a->method, v, &err) != -EBADMSG ||
		    err.notify != IKE_WIRE_N_AUTHENTICATION_FAILED)
			return false;
		bad[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 0; i < 256; i++)
		if (i != a->method &&
		    !ike_auth_verify(in, key, (uint8_t)i, v, &err))
			return false;
	for (i = 0; i < a->len + 8; i++) {
		v.len = i;
		if (i != a->len &&
		    !ike_auth_verify(in, key, a->method, v, &err))
			return false;
	}
	return true;
}

static bool bound_to_all(struct ike_auth_in in, const struct ike_auth_key *key,
			 const struct ike_auth_data *a)
{
	struct ike_wire_view data = { a->data, a->len };
	struct ike_auth_in bad;
	struct ike_wire_err err;
	unsigned int i;
	uint8_t zero[64] = { 0 };

	for (i = 0; i < 5; i++) {
		bad = in;
		if (i == 0)
			bad.message.len--;
		else if (i == 1)
			bad.nonce.len--;
		else if (i == 2)
			bad.id_body.len--;
		else if (i == 3)
			bad.sk_p = zero;
		else
			bad.prf = in.prf == 5 ? 7 : 5;
		if (ike_auth_verify(&bad, key, a->method, data, &err) !=
		    -EBADMSG)
			return false;
	}
	in.message.data = NULL;
	return ike_auth_verify(&in, key, a->method, data, &err) == -EBADMSG;
}

static void psk(const struct kat_record *r)
{
	struct octets key = kat_hex(r, "psk"), sk = kat_hex(r, "sk_pi");
	struct octets msg = kat_hex(r, "real_message_1");
	struct octets nr = kat_hex(r, "nonce_r"), id = kat_hex(r, "id_body");
	struct ike_auth_in in = {
		.prf = prf_of(r), .message = view(&msg), .nonce = view(&nr),
		.id_body = view(&id), .sk_p = sk.data, .sk_p_len = sk.len,
	};
	struct ike_auth_key k = {
		.auth = IKE_AUTH_PSK, .psk = key.data, .psk_len = key.len,
	}, e = { .auth = IKE_AUTH_ED25519 };
	uint8_t seed[32] = { 9 }, pk[32], secret[64], other_pk[32], other[64];
	struct ike_auth_data a;
	struct ike_wire_err err;

	ktap_ok(!ike_auth_make(&in, &k, &a) && a.method == 2 &&
		same(r, "auth", a.data, a.len), "%s", kat_text(r, "name"));
	ktap_ok(only_this(&in, &k, &a), "PSK: every damaged AUTH refused");
	ktap_ok(bound_to_all(in, &k, &a), "PSK: bound to message, nonce, identity, keys");
	k.psk_len = 0;
	ktap_ok(ike_auth_make(&in, &k, &a) == -EINVAL && !a.len &&
		ike_auth_verify(&in, &k, 2, view(&msg), &err) == -EBADMSG,
		"PSK: empty key refused both ways");

	ike_crypto_ed25519_keypair(seed, pk, secret);
	seed[0]++;
	ike_crypto_ed25519_keypair(seed, other_pk, other);
	e.private_key = secret;
	e.public_key = pk;
	ktap_ok(!ike_auth_make(&in, &e, &a) && a.method == 14 && a.len == 72 &&
		!memcmp(a.data, "\x07\x30\x05\x06\x03\x2b\x65\x70", 8),
		"Ed25519: method 14, RFC 8420 AlgorithmIdentifier");
	ktap_ok(only_this(&in, &e, &a), "Ed25519: every damaged AUTH refused");
	ktap_ok(bound_to_all(in, &e, &a),
		"Ed25519: bound to message, nonce, identity, keys");
	e.private_key = other;
	ktap_ok(!ike_auth_make(&in, &e, &a) &&
		ike_auth_verify(&in, &e, a.method,
				(struct ike_wire_view){ a.data, a.len }, &err),
		"Ed25519: valid signature by another key refused");
	octets_free(&key);
	octets_free(&sk);
	octets_free(&msg);
	octets_free(&nr);
	octets_free(&id);
}

static void hashes(void)
{
	static const uint8_t yes[] = { 0, 2, 0, 3, 0, 5 }, no[] = { 5, 0, 0 };
	struct ike_wire_notify n = { .data = { yes, sizeof(yes) } };
	uint8_t out[2];
	bool ok = ike_auth_hash_ok(&n);

	n.data = (struct ike_wire_view){ no, sizeof(no) };
	ok = ok && !ike_auth_hash_ok(&n);
	n.data.len = 0;
	ok = ok && !ike_auth_hash_ok(&n) && ike_auth_hash_data(out) == 2 &&
	     out[0] == 0 && out[1] == 5;
	ktap_ok(ok, "SIGNATURE_HASH_ALGORITHMS");
}

/* ---- SK ---- */

static void sk_known(const struct kat_record *r)
{
	struct octets key = kat_hex(r, "key"), salt = kat_hex(r, "salt");
	struct octets want = kat_hex(r, "ike_message");
	struct ike_suite suite = { .encr = IKE_ENCR_CHACHA20_POLY1305 };
	uint8_t both[36], buf[128], plain[128];
	static const uint8_t window[] = { 0, 0, 0, 10 };
	struct ike_wire_set outer, inner;
	struct ike_wire_hdr hdr;
	struct ike_wire_err err;
	struct ike_sk_key k;
	struct ike_build b;
	size_t len;
	bool ok;

	memcpy(both, key.data, 32);
	memcpy(both + 32, salt.data, 4);
	ok = !ike_sk_key_set(&k, &suite, both, 36) &&
	     !ike_wire_parse(want.data, want.len, &hdr, &outer, &err) &&
	     !ike_sk_decrypt(&k, want.data, want.len, &outer, plain, &inner,
			     &err) &&
	     inner.n == 1 && inner.n_notify == 1 &&
	     inner.notify[0].type == IKE_WIRE_N_SET_WINDOW_SIZE &&
	     inner.notify[0].data.len == 4 && hdr.mid == 9;
	ktap_ok(ok, "%s: decrypted", kat_text(r, "name"));

	k.iv = 0x1011121314151617;
	ike_build_begin(&b, buf, sizeof(buf), &hdr);
	ike_sk_begin(&b);
	ike_build_notify(&b, IKE_WIRE_N_SET_WINDOW_SIZE, window, 4);
	ok = !ike_sk_finish(&b, &k, &len) && octets_equal(&want, buf, len) &&
	     k.iv == 0x1011121314151618;
	ktap_ok(ok, "%s: built", kat_text(r, "name"));

	k.iv = UINT64_MAX;
	ike_build_begin(&b, buf, sizeof(buf), &hdr);
	ike_sk_begin(&b);
	ktap_ok(ike_sk_finish(&b, &k, &len) == -EOVERFLOW && !len &&
		k.iv == UINT64_MAX && !buf[0], "SK: no IV left");
	octets_free(&key);
	octets_free(&salt);
	octets_free(&want);
}

static size_t sk_build(struct ike_sk_key *k, uint8_t *buf, size_t size,
		       size_t vendor)
{
	struct ike_wire_hdr hdr = {
		.spi_i = 1, .spi_r = 2, .exchange = 37, .mid = 3,
	};
	static const uint8_t text[64];
	struct ike_build b;
	size_t len;

	ike_build_begin(&b, buf, size, &hdr);
	ike_sk_begin(&b);
	if (vendor)
		ike_build_vendor(&b, text, vendor);
	ike_sk_finish(&b, k, &len);
	return len;
}

/* error code of decryption, with the outer parse before it */
static int sk_try(const struct ike_sk_key *k, const uint8_t *buf, size_t len,
		  struct ike_wire_err *err)
{
	struct ike_wire_set outer, inner;
	struct ike_wire_hdr hdr;
	uint8_t plain[256];

	if (ike_wire_parse(buf, len, &hdr, &outer, err))
		return -EPROTO;
	return ike_sk_decrypt(k, buf, len, &outer, plain, &inner, err);
}

static void sk_damage(const struct ike_suite *suite)
{
	uint8_t key[36] = { 5 }, buf[256];
	struct ike_wire_err err;
	struct ike_sk_key k;
	size_t len, i;
	bool ok;

	len = ike_crypto_aead_key_len(suite->encr, suite->key_bits);
	ok = !ike_sk_key_set(&k, suite, key, len);
	len = sk_build(&k, buf, sizeof(buf), 10);
	ok = ok && len && !sk_try(&k, buf, len, &err);
	for (i = 0; ok && i < 8 * len; i++) {
		buf[i / 8] ^= (uint8_t)(1 << i % 8);
		ok = sk_try(&k, buf, len, &err) != 0;
		/* the IKE header and SK's own are authentic too */
		if (!ok)
			ktap_note("bit %zu of octet %zu", i % 8, i / 8);
		buf[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	ktap_ok(ok, "SK ENCR %u-%u: no bit can change", suite->encr,
		suite->key_bits);
	for (i = 0; ok && i < sizeof(buf); i++)
		ok = (len = sk_build(&k, buf, i, 10)) ?
			     i >= len : i < 28 + 4 + 8 + 14 + 1 + 16;
	ktap_ok(ok, "SK: buffers of every size");
	len = sk_build(&k, buf, sizeof(buf), 0);
	ktap_ok(len == 28 + IKE_SK_OVERHEAD && !sk_try(&k, buf, len, &err),
		"SK: empty INFORMATIONAL of %zu octets", len);
	ktap_ok(k.iv > 1 && ike_sk_key_set(&k, suite, key, 35) == -EINVAL,
		"SK: key of a wrong length refused");
}

/* padding as a peer may choose it: every pad length, also impossible ones */
static void sk_padding(void)
{
	struct ike_suite suite = { .encr = IKE_ENCR_CHACHA20_POLY1305 };
	uint8_t key[36] = { 5 }, buf[512] = { 0 }, plain[512];
	struct ike_wire_set outer = { 0 }, inner;
	struct ike_wire_err err;
	struct ike_crypto_aead a = { 0 };
	struct ike_sk_key k;
	unsigned int pad, n;
	bool ok = true;

	ike_sk_key_set(&k, &suite, key, 36);
	a = (struct ike_crypto_aead){
		.encr = 28, .key = k.key, .key_len = 32, .aad = buf,
		.aad_len = 32,
	};
	for (n = 1; ok && n <= 300; n++)
		for (pad = 0; ok && pad < 256; pad++) {
			memset(buf + 40, 0, n);
			buf[40 + n - 1] = (uint8_t)pad;
			ike_crypto_seal(&a, buf + 40, n, buf + 40);
			outer.sk = (struct ike_wire_view){ buf + 32, n + 24 };
			outer.sk_first = 0;
			/* nothing inside: only all padding is a message */
			ok = (ike_sk_decrypt(&k, buf, n + 56, &outer, plain,
					     &inner, &err) == 0) ==
			     (pad + 1 == n);
		}
	ktap_ok(ok, "SK: every pad length in 1 to 300 octets");
	ok = ike_sk_decrypt(&k, buf, 20, &outer, plain, &inner, &err) ==
	     -EINVAL;
	ktap_ok(ok, "SK: view outside of the message refused");
}

/* ---- NAT ---- */

static void nat(const struct kat_record *r)
{
	struct octets ip = kat_hex(r, "ipv4");
	struct ike_addr us = { .family = AF_INET, .port = 500 }, peer = us, x;
	uint64_t spi_i = kat_number(r, "spi_i");
	struct ike_wire_hdr hdr = { .spi_i = spi_i, .exchange = 34 };
	uint8_t hash[20], buf[256];
	struct ike_nat_seen seen;
	struct ike_wire_set set;
	struct ike_wire_err err;
	struct ike_build b;
	size_t len;
	bool ok;

	memcpy(us.addr, ip.data, 4);
	peer.addr[0] = 198;
	ktap_ok(!ike_nat_hash(spi_i, 0, &us, hash) &&
		same(r, "hash", hash, 20), "%s", kat_text(r, "name"));
	ike_build_begin(&b, buf, sizeof(buf), &hdr);
	ike_nat_build(&b, spi_i, 0, &peer, &us);
	ok = !ike_build_finish(&b, &len) &&
	     !ike_wire_parse(buf, len, &hdr, &set, &err);
	ok = ok && !ike_nat_check(&hdr, &set, &us, &peer, &seen) &&
	     seen.present && !seen.nat_peer && !seen.nat_us;
	x = peer;
	x.port = 1024;
	ok = ok && !ike_nat_check(&hdr, &set, &us, &x, &seen) &&
	     seen.nat_peer && !seen.nat_us;
	x = us;
	x.addr[3]++;
	ok = ok && !ike_nat_check(&hdr, &set, &x, &peer, &seen) &&
	     !seen.nat_peer && seen.nat_us;
	set.n_notify = 1;
	ok = ok && !ike_nat_check(&hdr, &set, &x, &peer, &seen) &&
	     !seen.present;
	x.family = AF_UNIX;
	ok = ok && ike_nat_hash(1, 2, &x, hash) == -EINVAL;
	ktap_ok(ok, "NAT before either end, none, unknown");
	octets_free(&ip);
}

/* what the key schedule must refuse */
static void refusals(void)
{
	uint8_t nonce[256] = { 1 };
	struct ike_suite suite = {
		.encr = 28, .prf = 5, .ke = IKE_KE_X25519,
	};
	struct ike_keymat_in in = {
		.ni = { nonce, 32 }, .nr = { nonce, 32 }, .g_ir = { nonce, 32 },
	};
	struct ike_child_keys c;
	struct ike_keys k;
	bool ok = !ike_keymat_init(&suite, &in, &k);

	ok = ok && !ike_keymat_child(&k, &suite, &in, &c) && c.len == 36;
	in.g_ir.len = 0;
	ok = ok && ike_keymat_child(&k, &suite, &in, &c) == -EINVAL && !c.len;
	suite.ke = IKE_KE_NONE;
	ok = ok && !ike_keymat_child(&k, &suite, &in, &c);
	in.ni.len = 15;
	ok = ok && ike_keymat_child(&k, &suite, &in, &c) == -EINVAL;
	in.ni.len = 257;
	ok = ok && ike_keymat_child(&k, &suite, &in, &c) == -EINVAL;
	in.ni.len = 16;
	suite.encr = 12;
	ok = ok && ike_keymat_child(&k, &suite, &in, &c) == -EOPNOTSUPP;
	in.g_ir.len = 32;
	ok = ok && ike_keymat_init(&suite, &in, &k) == -EOPNOTSUPP;
	ktap_ok(ok, "key schedule refuses what it cannot key");
}

static void kat_record(const struct kat_record *r)
{
	const char *name = kat_text(r, "name");

	if (strstr(name, "appendix-b-ike-sk"))
		sk_known(r);
	else if (strstr(name, "aes_cbc"))
		schedule_cbc(r);
	else if (strstr(name, "ikev2-schedule"))
		schedule_aead(r);
	else if (strstr(name, "resumption"))
		resumption(r);
	else if (strstr(name, "ike-rekey"))
		rekey(r);
	else if (strstr(name, "rfc8784"))
		ppk(r);
	else if (strstr(name, "psk-auth"))
		psk(r);
	else if (strstr(name, "nat-detection"))
		nat(r);
	else if (strstr(name, "nist-cavp"))
		ktap_skip(name, "PRF_HMAC_SHA1 is not among our suites");
}

int main(void)
{
	struct ike_suite gcm = { .encr = 20, .key_bits = 128 };
	struct ike_suite chacha = { .encr = 28 };
	struct kat_record r = { 0 };
	FILE *f;

	ktap_begin();
	if (ike_crypto_init())
		ktap_bail("no crypto");
	f = vectors_open("esp-ike-kat.txt");
	while (kat_next(f, &r))
		kat_record(&r);
	fclose(f);
	refusals();
	hashes();
	sk_damage(&chacha);
	sk_damage(&gcm);
	gcm.key_bits = 256;
	sk_damage(&gcm);
	sk_padding();
	return ktap_end();
}

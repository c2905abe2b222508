// SPDX-License-Identifier: GPL-2.0-or-later
/* How each kind of value is read from the configuration and written back. */
#include "config-parse.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ike/crypto.h"
#include "ike/proposal.h"
#include "lib/names.h"
#include "lib/parse.h"

#define PARSE_ARGS	struct keyd_parser *p, const struct keyd_key *k, \
			const struct keyd_word *w, unsigned int n, void *field
#define PRINT_ARGS	const struct keyd_key *k, const void *field, FILE *out

/* "key 'x': reason" */
static bool refuse(struct keyd_parser *p, const struct keyd_key *k,
		   const struct vtun_err *err)
{
	keyd_error(p, "key \"%s\": %s", k->name, err->text);
	return false;
}

/* ---- addresses and identities ---- */

static void print_ip(const struct ike_addr *a, FILE *out)
{
	char buf[INET6_ADDRSTRLEN];

	fputs(a->family ? inet_ntop(a->family, a->addr, buf, sizeof(buf)) :
	      "any", out);
}

static bool parse_addr(PARSE_ARGS)
{
	struct ike_addr *to = field;
	struct vtun_err err;
	struct vtun_addr a;

	if (vtun_parse_addr(w->s, &a, &err))
		return refuse(p, k, &err);
	to->family = a.family;
	to->port = 0;
	memcpy(to->addr, a.addr, sizeof(to->addr));
	return true;
}

static bool parse_addr_any(PARSE_ARGS)
{
	if (strcmp(w->s, "any"))
		return parse_addr(p, k, w, n, field);
	memset(field, 0, sizeof(struct ike_addr));
	return true;
}

static void print_addr(PRINT_ARGS)
{
	print_ip(field, out);
}

static bool fqdn_ok(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("-._", s[i]))
			return false;
	return len > 0 && s[0] != '.' && s[0] != '-';
}

static bool parse_key_id(struct keyd_parser *p, const struct keyd_key *k,
			 const char *hex, struct ike_id *id)
{
	struct vtun_err err;
	uint8_t data[255];
	size_t len;

	if (vtun_parse_hex(hex, strlen(hex), data, sizeof(data), &len, &err))
		return refuse(p, k, &err);
	if (!len) {
		keyd_error(p, "key \"%s\": keyid without digits", k->name);
		return false;
	}
	id->type = IKE_ID_KEY_ID;
	id->len = (uint16_t)len;
	memcpy(id->data, data, len);
	return true;
}

static bool parse_id(PARSE_ARGS)
{
	const char *s = w->s, *at = strchr(s, '@');
	struct ike_id *to = field;
	struct ike_id id = { 0 };
	struct vtun_addr a;
	size_t len = strlen(s);

	if (!strncmp(s, "keyid:", 6)) {
		if (!parse_key_id(p, k, s + 6, &id))
			return false;
	} else if (!vtun_parse_addr(s, &a, NULL)) {
		id.type = a.family == AF_INET ? IKE_ID_IPV4 : IKE_ID_IPV6;
		id.len = (uint16_t)vtun_addr_len(a.family);
		memcpy(id.data, a.addr, id.len);
	} else {
		if (len > 255 || !fqdn_ok(at ? at + 1 : s,
					  at ? len - (size_t)(at + 1 - s) :
					  len) || at == s) {
			keyd_error(p,
				   "key \"%s\": \"%s\" is no address, FQDN, user@FQDN or keyid:HEX",
				   k->name, vtun_quote(s));
			return false;
		}
		id.type = at ? IKE_ID_EMAIL : IKE_ID_FQDN;
		id.len = (uint16_t)len;
		memcpy(id.data, s, len);
	}
	*to = id;
	return true;
}

static void print_id(PRINT_ARGS)
{
	const struct ike_id *id = field;
	char buf[INET6_ADDRSTRLEN];
	unsigned int i;

	switch (id->type) {
	case IKE_ID_IPV4:
		fputs(inet_ntop(AF_INET, id->data, buf, sizeof(buf)), out);
		break;
	case IKE_ID_IPV6:
		fputs(inet_ntop(AF_INET6, id->data, buf, sizeof(buf)), out);
		break;
	case IKE_ID_KEY_ID:
		fputs("keyid:", out);
		for (i = 0; i < id->len; i++)
			fprintf(out, "%02x", id->data[i]);
		break;
	default:
		fprintf(out, "%.*s", (int)id->len, (const char *)id->data);
	}
}

const struct keyd_type keyd_type_addr = {
	"address", parse_addr, print_addr, false
};

const struct keyd_type keyd_type_addr_any = {
	"address", parse_addr_any, print_addr, false
};

const struct keyd_type keyd_type_id = { "identity", parse_id, print_id, false };

/* ---- words and numbers ---- */

static bool parse_word(PARSE_ARGS)
{
	char list[128] = "";
	unsigned int i;

	for (i = 0; k->words[i]; i++) {
		if (!strcmp(k->words[i], w->s)) {
			*(int *)field = (int)i;
			return true;
		}
		if (i)
			strcat(list, ", ");
		strcat(list, k->words[i]);
	}
	keyd_error(p, "key \"%s\": \"%s\" is none of %s", k->name,
		   vtun_quote(w->s), list);
	return false;
}

static void print_word(PRINT_ARGS)
{
	fputs(k->words[*(const int *)field], out);
}

static const char *print_range_end(const struct keyd_key *k, uint64_t v,
				   char buf[VTUN_NUM_STRLEN])
{
	bool time = k->type == &keyd_type_time;

	snprintf(buf, VTUN_NUM_STRLEN, "%" PRIu64 "%s",
		 time && !(v % 1000) ? v / 1000 : v,
		 !time ? "" : v % 1000 ? "ms" : "s");
	return buf;
}

static bool check_range(struct keyd_parser *p, const struct keyd_key *k,
			const char *text, uint64_t v)
{
	char a[VTUN_NUM_STRLEN], b[VTUN_NUM_STRLEN];

	if (v >= k->min && v <= k->max)
		return true;
	if (!v && k->flags & KEYD_ZERO_OK)
		return true;
	keyd_error(p, "key \"%s\": \"%s\" is out of range %s..%s%s", k->name,
		   vtun_quote(text), print_range_end(k, k->min, a),
		   print_range_end(k, k->max, b),
		   k->flags & KEYD_ZERO_OK ? " and not 0" : "");
	return false;
}

static bool parse_time(PARSE_ARGS)
{
	struct vtun_err err;
	uint64_t v;

	if (vtun_parse_duration(w->s, &v, &err))
		return refuse(p, k, &err);
	if (!check_range(p, k, w->s, v))
		return false;
	*(uint64_t *)field = v;
	return true;
}

static void print_time(PRINT_ARGS)
{
	uint64_t v = *(const uint64_t *)field;

	if (v % 1000)
		fprintf(out, "%" PRIu64 "ms", v);
	else
		fprintf(out, "%" PRIu64 "s", v / 1000);
}

static bool parse_size(PARSE_ARGS)
{
	struct vtun_err err;
	uint64_t v;

	if (vtun_parse_size(w->s, &v, &err))
		return refuse(p, k, &err);
	if (!check_range(p, k, w->s, v))
		return false;
	*(uint64_t *)field = v;
	return true;
}

static bool parse_count(PARSE_ARGS)
{
	struct vtun_err err;
	uint64_t v;

	if (vtun_parse_u64(w->s, k->flags & KEYD_ZERO_OK ? 0 : k->min, k->max,
			   &v, &err))
		return refuse(p, k, &err);
	if (!check_range(p, k, w->s, v))
		return false;
	*(uint64_t *)field = v;
	return true;
}

static void print_count(PRINT_ARGS)
{
	fprintf(out, "%" PRIu64, *(const uint64_t *)field);
}

const struct keyd_type keyd_type_word = {
	"word", parse_word, print_word, false
};

const struct keyd_type keyd_type_time = {
	"time", parse_time, print_time, false
};

const struct keyd_type keyd_type_size = {
	"size", parse_size, print_count, false
};

const struct keyd_type keyd_type_count = {
	"number", parse_count, print_count, false
};

/* ---- names, files, keys ---- */

static bool parse_ifname(PARSE_ARGS)
{
	size_t i, len = strlen(w->s);

	for (i = 0; i < len; i++)
		if (!isgraph((unsigned char)w->s[i]) || strchr("/:", w->s[i]))
			break;
	if (!len || len >= IFNAMSIZ || i < len || !strcmp(w->s, ".") ||
	    !strcmp(w->s, "..")) {
		keyd_error(p, "key \"%s\": \"%s\" is no name of a network device",
			   k->name, vtun_quote(w->s));
		return false;
	}
	memcpy(field, w->s, len + 1);
	return true;
}

static bool parse_path(PARSE_ARGS)
{
	size_t len = strlen(w->s);

	if (w->s[0] != '/' || len >= KEYD_PATH_MAX) {
		keyd_error(p,
			   "key \"%s\": \"%s\" is no absolute path of at most %d octets",
			   k->name, vtun_quote(w->s), KEYD_PATH_MAX - 1);
		return false;
	}
	memcpy(field, w->s, len + 1);
	return true;
}

static void print_string(PRINT_ARGS)
{
	fputs(field, out);
}

static bool parse_psk(PARSE_ARGS)
{
	struct keyd_psk *psk = field;
	size_t len = strlen(w->s);

	if (!len || len > sizeof(psk->data)) {
		keyd_error(p, "key \"%s\": 1 to %zu octets expected, found %zu",
			   k->name, sizeof(psk->data), len);
		return false;
	}
	memcpy(psk->data, w->s, len);
	psk->len = (unsigned int)len;
	return true;
}

static void print_psk(PRINT_ARGS)
{
	const struct keyd_psk *psk = field;

	fprintf(out, "\"(%u octets, not shown)\"", psk->len);
}

static bool parse_key32(PARSE_ARGS)
{
	struct keyd_key32 *key = field;
	uint8_t data[32];
	const char *end;
	size_t len;

	if (sodium_base642bin(data, sizeof(data), w->s, strlen(w->s), NULL,
			      &len, &end, sodium_base64_VARIANT_ORIGINAL) ||
	    *end || len != sizeof(data)) {
		keyd_error(p,
			   "key \"%s\": 44 characters of base64 (32 octets) expected",
			   k->name);
		return false;
	}
	memcpy(key->data, data, sizeof(data));
	key->set = true;
	return true;
}

static void print_key32(PRINT_ARGS)
{
	const struct keyd_key32 *key = field;
	char buf[64];

	fputs(sodium_bin2base64(buf, sizeof(buf), key->data,
				sizeof(key->data),
				sodium_base64_VARIANT_ORIGINAL), out);
}

const struct keyd_type keyd_type_ifname = {
	"device", parse_ifname, print_string, false
};

const struct keyd_type keyd_type_path = {
	"path", parse_path, print_string, false
};

const struct keyd_type keyd_type_psk = { "text", parse_psk, print_psk, false };
const struct keyd_type keyd_type_key32 = {
	"base64", parse_key32, print_key32, false
};

/* ---- suites ---- */

static const struct {
	const char *name;
	uint16_t id;
} prfs[] = {
	{ "prfsha256", IKE_PRF_HMAC_SHA2_256 },
	{ "prfsha512", IKE_PRF_HMAC_SHA2_512 },
};

static const char *prf_name(uint16_t id)
{
	return id == IKE_PRF_HMAC_SHA2_512 ? "prfsha512" : "prfsha256";
}

/* ENCR-PRF-KE */
static bool parse_ike_suite(const char *text, struct ike_suite *suite)
{
	const struct vtun_suite *encr;
	char buf[64], *prf, *ke;
	unsigned int i;

	if (strlen(text) >= sizeof(buf))
		return false;
	strcpy(buf, text);
	prf = strchr(buf, '-');
	ke = prf ? strchr(prf + 1, '-') : NULL;
	if (!ke)
		return false;
	*prf++ = '\0';
	*ke++ = '\0';
	encr = vtun_suite_by_name(buf);
	if (!encr || !ike_crypto_aead_key_len(encr->encr, encr->key_bits) ||
	    strcmp(ke, "x25519"))
		return false;
	for (i = 0; i < sizeof(prfs) / sizeof(prfs[0]); i++) {
		if (strcmp(prf, prfs[i].name))
			continue;
		suite->encr = encr->encr;
		suite->key_bits = encr->key_bits;
		suite->prf = prfs[i].id;
		suite->ke = IKE_KE_X25519;
		return true;
	}
	return false;
}

static bool parse_esp_suite(const char *text, struct ike_suite *suite)
{
	const struct vtun_suite *encr = vtun_suite_by_name(text);

	/* the module knows more suites than can be negotiated */
	if (!encr || !ike_suite_esp_key_len(encr->encr, encr->key_bits))
		return false;
	suite->encr = encr->encr;
	suite->key_bits = encr->key_bits;
	return true;
}

static bool same_suite(const struct ike_suite *a, const struct ike_suite *b)
{
	return a->encr == b->encr && a->key_bits == b->key_bits &&
	       a->prf == b->prf && a->ke == b->ke;
}

static bool parse_suites(PARSE_ARGS, bool (*one)(const char *text,
						 struct ike_suite *suite),
			 const char *expected)
{
	struct keyd_suites list = { .n = 0 };
	unsigned int i, j;

	for (i = 0; i < n; i++) {
		if (list.n == IKE_SUITES_MAX) {
			keyd_error(p, "key \"%s\": more than %d proposals",
				   k->name, IKE_SUITES_MAX);
			return false;
		}
		if (!one(w[i].s, &list.suite[list.n])) {
			keyd_error(p, "key \"%s\": \"%s\" is no proposal (%s)",
				   k->name, vtun_quote(w[i].s), expected);
			return false;
		}
		for (j = 0; j < list.n; j++)
			if (same_suite(&list.suite[j], &list.suite[list.n]))
				break;
		if (j < list.n) {
			keyd_error(p, "key \"%s\": proposal \"%s\" twice",
				   k->name, w[i].s);
			return false;
		}
		list.n++;
	}
	*(struct keyd_suites *)field = list;
	return true;
}

static bool parse_ike(PARSE_ARGS)
{
	return parse_suites(p, k, w, n, field, parse_ike_suite,
			    "ENCR-PRF-KE: ENCR chacha20poly1305, aes128gcm16 or aes256gcm16, PRF prfsha256 or prfsha512, KE x25519");
}

static bool parse_esp(PARSE_ARGS)
{
	return parse_suites(p, k, w, n, field, parse_esp_suite,
			    "chacha20poly1305, aes128gcm16, aes192gcm16 or aes256gcm16, each also with -iiv");
}

static void print_suites(PRINT_ARGS)
{
	const struct keyd_suites *list = field;
	const struct ike_suite *s;
	unsigned int i;

	for (i = 0; i < list->n; i++) {
		s = &list->suite[i];
		fprintf(out, "%s%s", i ? ", " : "",
			vtun_suite_name(s->encr, s->key_bits / 8, 0));
		if (s->prf)
			fprintf(out, "-%s-x25519", prf_name(s->prf));
	}
}

const struct keyd_type keyd_type_ike = {
	"proposals", parse_ike, print_suites, true
};

const struct keyd_type keyd_type_esp = {
	"proposals", parse_esp, print_suites, true
};

/* ---- traffic selectors ---- */

static void ts_to_ike(const struct vtun_ts *from, struct ike_ts *to)
{
	to->family = from->family;
	to->proto = from->proto;
	to->port_start = from->port_start;
	to->port_end = from->port_end;
	memcpy(to->start, from->start, sizeof(to->start));
	memcpy(to->end, from->end, sizeof(to->end));
}

static bool parse_ts(PARSE_ARGS)
{
	struct keyd_ts_list list = { .n = 0 };
	struct vtun_err err;
	struct vtun_ts ts;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (list.n == IKE_TS_MAX) {
			keyd_error(p, "key \"%s\": more than %d selectors",
				   k->name, IKE_TS_MAX);
			return false;
		}
		if (vtun_parse_ts(w[i].s, &ts, &err))
			return refuse(p, k, &err);
		ts_to_ike(&ts, &list.ts[list.n++]);
	}
	*(struct keyd_ts_list *)field = list;
	return true;
}

static void print_ts(PRINT_ARGS)
{
	const struct keyd_ts_list *list = field;
	char buf[VTUN_TS_STRLEN];
	struct vtun_ts ts;
	unsigned int i;

	for (i = 0; i < list->n; i++) {
		ts.family = list->ts[i].family;
		ts.proto = list->ts[i].proto;
		ts.port_start = list->ts[i].port_start;
		ts.port_end = list->ts[i].port_end;
		memcpy(ts.start, list->ts[i].start, sizeof(ts.start));
		memcpy(ts.end, list->ts[i].end, sizeof(ts.end));
		fprintf(out, "%s%s", i ? ", " : "", vtun_format_ts(&ts, buf));
	}
}

const struct keyd_type keyd_type_ts = {
	"selectors", parse_ts, print_ts, true
};

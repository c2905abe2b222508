// SPDX-License-Identifier: GPL-2.0-or-later
/* Suites as text: configuration, show, and the log line of a mismatch. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "crypto.h"
#include "lib/names.h"
#include "proposal.h"

/* names of transforms a peer may offer; %u is the key length */
static const struct {
	uint8_t type;
	uint16_t id;
	const char *name;
} names[] = {
	{ IKE_WIRE_T_ENCR, 3, "3des" },
	{ IKE_WIRE_T_ENCR, 12, "aescbc" },
	{ IKE_WIRE_T_ENCR, 13, "aesctr" },
	{ IKE_WIRE_T_ENCR, 14, "aesccm8" },
	{ IKE_WIRE_T_ENCR, 15, "aesccm12" },
	{ IKE_WIRE_T_ENCR, 16, "aesccm16" },
	{ IKE_WIRE_T_ENCR, 18, "aesgcm8" },
	{ IKE_WIRE_T_ENCR, 19, "aesgcm12" },
	{ IKE_WIRE_T_ENCR, 20, "aesgcm16" },
	{ IKE_WIRE_T_ENCR, 23, "camelliacbc" },
	{ IKE_WIRE_T_PRF, 2, "prfsha1" },
	{ IKE_WIRE_T_PRF, 4, "prfaesxcbc" },
	{ IKE_WIRE_T_PRF, IKE_PRF_HMAC_SHA2_256, "prfsha256" },
	{ IKE_WIRE_T_PRF, 6, "prfsha384" },
	{ IKE_WIRE_T_PRF, IKE_PRF_HMAC_SHA2_512, "prfsha512" },
	{ IKE_WIRE_T_PRF, 8, "prfaescmac" },
	{ IKE_WIRE_T_INTEG, 0, "nointeg" },
	{ IKE_WIRE_T_INTEG, 2, "sha1" },
	{ IKE_WIRE_T_INTEG, 5, "aesxcbc" },
	{ IKE_WIRE_T_INTEG, 12, "sha256" },
	{ IKE_WIRE_T_INTEG, 13, "sha384" },
	{ IKE_WIRE_T_INTEG, 14, "sha512" },
	{ IKE_WIRE_T_KE, IKE_KE_NONE, "nopfs" },
	{ IKE_WIRE_T_KE, 2, "modp1024" },
	{ IKE_WIRE_T_KE, 5, "modp1536" },
	{ IKE_WIRE_T_KE, 14, "modp2048" },
	{ IKE_WIRE_T_KE, 15, "modp3072" },
	{ IKE_WIRE_T_KE, 16, "modp4096" },
	{ IKE_WIRE_T_KE, 19, "ecp256" },
	{ IKE_WIRE_T_KE, 20, "ecp384" },
	{ IKE_WIRE_T_KE, 21, "ecp521" },
	{ IKE_WIRE_T_KE, IKE_KE_X25519, "x25519" },
	{ IKE_WIRE_T_KE, 32, "x448" },
	{ IKE_WIRE_T_KE, 36, "mlkem768" },
	{ IKE_WIRE_T_ESN, 0, "noesn" },
	{ IKE_WIRE_T_ESN, 1, "esn" },
};

#define N_NAMES	(sizeof(names) / sizeof(names[0]))

static const char *const type_names[] = {
	[IKE_WIRE_T_ENCR] = "encryption", [IKE_WIRE_T_PRF] = "PRF",
	[IKE_WIRE_T_INTEG] = "integrity", [IKE_WIRE_T_KE] = "key exchange",
	[IKE_WIRE_T_ESN] = "ESN",
};

/* a buffer being filled; stops silently at its end, always terminated */
struct text {
	char *buf;
	size_t size, len;
};

static void __attribute__((format(printf, 2, 3)))
add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (t->len >= t->size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	t->len += n > 0 ? (size_t)n : 0;
}

static const char *name_of(uint8_t type, uint16_t id)
{
	size_t i;

	for (i = 0; i < N_NAMES; i++)
		if (names[i].type == type && names[i].id == id)
			return names[i].name;
	return NULL;
}

static void add_transform(struct text *t, uint8_t type, uint16_t id,
			  uint16_t key_bits)
{
	const struct vtun_suite *s = NULL;
	const char *name = name_of(type, id);

	if (type == IKE_WIRE_T_ENCR)
		s = vtun_suite_by_id(id, key_bits / 8, 0);
	if (s && s->key_bits == key_bits)
		add(t, "%s", s->name);
	else if (name && key_bits)
		add(t, "%s:%u", name, key_bits);
	else if (name)
		add(t, "%s", name);
	else
		add(t, "%u:%u", type, id);
}

/* ---- ours ---- */

static void add_suite(struct text *t, enum ike_proposal_kind kind,
		      const struct ike_suite *s)
{
	add_transform(t, IKE_WIRE_T_ENCR, s->encr, s->key_bits);
	if (kind == IKE_PROPOSAL_IKE) {
		add(t, "-");
		add_transform(t, IKE_WIRE_T_PRF, s->prf, 0);
	}
	if (kind != IKE_PROPOSAL_FIRST_CHILD && s->ke != IKE_KE_NONE) {
		add(t, "-");
		add_transform(t, IKE_WIRE_T_KE, s->ke, 0);
	}
	if (kind == IKE_PROPOSAL_IKE)
		return;
	if (s->esn & IKE_ESN_YES)
		add(t, "-esn");
	if (s->esn & IKE_ESN_NO)
		add(t, "-noesn");
}

const char *ike_suite_text(enum ike_proposal_kind kind,
			   const struct ike_suite *suite, char *buf,
			   size_t size)
{
	struct text t = { buf, size, 0 };

	if (!size)
		return "";
	buf[0] = '\0';
	add_suite(&t, kind, suite);
	return buf;
}

size_t ike_suite_esp_key_len(uint16_t encr, uint16_t key_bits)
{
	const struct vtun_suite *s = vtun_suite_by_id(encr, key_bits / 8, 0);

	if (!s || s->key_bits != key_bits || !s->salt_len)
		return 0;
	return vtun_suite_keymat(s);
}

bool ike_suite_valid(enum ike_proposal_kind kind, const struct ike_suite *s)
{
	if (kind == IKE_PROPOSAL_IKE)
		return ike_crypto_aead_key_len(s->encr, s->key_bits) &&
		       ike_crypto_prf_len(s->prf) && s->ke == IKE_KE_X25519;
	if (!ike_suite_esp_key_len(s->encr, s->key_bits))
		return false;
	if (s->ke != IKE_KE_NONE && s->ke != IKE_KE_X25519)
		return false;
	return s->esn && !(s->esn & ~(IKE_ESN_NO | IKE_ESN_YES));
}

/* the suite so far, but as RFC 8750 has it */
static bool use_implicit_iv(struct ike_suite *s)
{
	char name[40];
	const struct vtun_suite *v;

	v = vtun_suite_by_id(s->encr, s->key_bits / 8, 0);
	if (!s->encr || !v)
		return false;
	snprintf(name, sizeof(name), "%s-iiv", v->name);
	v = vtun_suite_by_name(name);
	if (!v)
		return false;
	s->encr = v->encr;
	return true;
}

/* one word of a suite; each kind of transform at most once */
static bool parse_word(const char *word, struct ike_suite *s)
{
	const struct vtun_suite *v = vtun_suite_by_name(word);
	size_t i;

	if (v) {
		if (s->encr)
			return false;
		s->encr = v->encr;
		s->key_bits = v->key_bits;
		return true;
	}
	if (!strcmp(word, "iiv"))
		return use_implicit_iv(s);
	for (i = 0; i < N_NAMES; i++) {
		if (strcmp(names[i].name, word))
			continue;
		if (names[i].type == IKE_WIRE_T_PRF && !s->prf) {
			s->prf = names[i].id;
			return true;
		}
		if (names[i].type == IKE_WIRE_T_KE && !s->ke && names[i].id) {
			s->ke = names[i].id;
			return true;
		}
	}
	return false;
}

int ike_suite_parse(enum ike_proposal_kind kind, const char *text,
		    struct ike_suite *suite)
{
	char copy[64], *next = copy, *word;
	struct ike_suite s = { 0 };

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	while ((word = strsep(&next, "-")))
		if (!parse_word(word, &s))
			return -EINVAL;
	if (kind != IKE_PROPOSAL_IKE) {
		if (s.prf)
			return -EINVAL;
		s.esn = IKE_ESN_NO | IKE_ESN_YES;
	}
	if (!ike_suite_valid(kind, &s))
		return -EINVAL;
	*suite = s;
	return 0;
}

/* ---- theirs ---- */

static void add_proposal(struct text *t, const struct ike_proposal_list *list,
			 const struct ike_proposal *p)
{
	const struct ike_transform *tr = &list->t[p->first];
	uint8_t before = 0;
	unsigned int i;

	if (p->protocol != IKE_WIRE_PROTO_IKE &&
	    p->protocol != IKE_WIRE_PROTO_ESP)
		add(t, "protocol %u ", p->protocol);
	for (i = 0; i < p->n; i++, tr++) {
		if (i)
			add(t, "%s", tr->type == before ? "|" : "-");
		add_transform(t, tr->type, tr->id, tr->key_bits);
		before = tr->type;
	}
}

static bool common(uint8_t type, const struct ike_transform *t,
		   const struct ike_suite *s)
{
	if (t->type != type || t->unusable)
		return false;
	switch (type) {
	case IKE_WIRE_T_ENCR:
		return t->id == s->encr && t->key_bits == s->key_bits;
	case IKE_WIRE_T_PRF:
		return t->id == s->prf;
	case IKE_WIRE_T_KE:
		return t->id == s->ke;
	default:
		return t->id < 2 && s->esn & (1 << t->id);
	}
}

static bool any_common(uint8_t type, const struct ike_proposal_list *theirs,
		       const struct ike_suite *ours, unsigned int n_ours)
{
	unsigned int i, j;

	for (i = 0; i < n_ours; i++)
		for (j = 0; j < theirs->n_t; j++)
			if (common(type, &theirs->t[j], &ours[i]))
				return true;
	return false;
}

/* transform types that rule every suite out on their own */
static bool add_reason(struct text *t, enum ike_proposal_kind kind,
		       const struct ike_proposal_list *theirs,
		       const struct ike_suite *ours, unsigned int n_ours)
{
	static const uint8_t ike[] = {
		IKE_WIRE_T_ENCR, IKE_WIRE_T_PRF, IKE_WIRE_T_KE,
	}, esp[] = { IKE_WIRE_T_ENCR, IKE_WIRE_T_ESN };
	bool is_ike = kind == IKE_PROPOSAL_IKE;
	const uint8_t *types = is_ike ? ike : esp;
	size_t i, n = is_ike ? sizeof(ike) : sizeof(esp);
	bool found = false;

	for (i = 0; i < n; i++) {
		if (any_common(types[i], theirs, ours, n_ours))
			continue;
		add(t, "%s %s", found ? "," : "no common",
		    type_names[types[i]]);
		found = true;
	}
	return found;
}

const char *ike_proposal_explain(enum ike_proposal_kind kind,
				 const struct ike_proposal_list *theirs,
				 const struct ike_suite *ours,
				 unsigned int n_ours, char *buf, size_t size)
{
	struct text t = { buf, size, 0 };
	unsigned int i;

	if (!size)
		return "";
	buf[0] = '\0';
	if (!add_reason(&t, kind, theirs, ours, n_ours))
		add(&t, "no proposal has all we need");
	add(&t, "; ours: ");
	for (i = 0; i < n_ours; i++) {
		add(&t, "%s", i ? ", " : "");
		add_suite(&t, kind, &ours[i]);
	}
	add(&t, "; theirs: ");
	for (i = 0; i < theirs->n; i++) {
		add(&t, "%s", i ? ", " : "");
		add_proposal(&t, theirs, &theirs->p[i]);
	}
	return buf;
}

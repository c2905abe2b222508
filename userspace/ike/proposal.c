// SPDX-License-Identifier: GPL-2.0-or-later
/* SA payloads: syntax, and the octets of offers and answers. */
#include "proposal.h"

#include <errno.h>
#include <string.h>

#include "wire_get.h"

#define PROPOSAL_HDR	8
#define TRANSFORM_HDR	8
#define MORE_PROPOSALS	2	/* RFC 7296 3.3.1 */
#define MORE_TRANSFORMS	3	/* RFC 7296 3.3.2 */
#define ATTR_TV		0x8000	/* value instead of length */

static int bad(struct ike_wire_err *err, size_t off, const char *what)
{
	return ike_wire_fail(err, IKE_WIRE_N_INVALID_SYNTAX, IKE_WIRE_P_SA, off,
			     "SA payload at %zu: %s", off, what);
}

/*
 * Attributes in data[off..end). An attribute that is not Key Length, or a
 * second one, makes the transform unusable, not the message (RFC 7296 3.3.6).
 */
static int parse_attrs(const uint8_t *data, size_t off, size_t end,
		       struct ike_transform *t, struct ike_wire_err *err)
{
	uint16_t type, val;

	while (off < end) {
		if (end - off < 4)
			return bad(err, off, "attribute is cut off");
		type = ike_wire_get16(data + off);
		val = ike_wire_get16(data + off + 2);
		off += 4;
		if (type == (ATTR_TV | IKE_WIRE_ATTR_KEY_LENGTH) && val &&
		    !t->key_bits)
			t->key_bits = val;
		else
			t->unusable = true;
		if (type & ATTR_TV)
			continue;
		if (val > end - off)
			return bad(err, off, "attribute is too long");
		off += val;
	}
	return 0;
}

/* one transform at data[*off..end) */
static int parse_transform(const uint8_t *data, size_t *off, size_t end,
			   bool last, struct ike_proposal_list *list,
			   struct ike_wire_err *err)
{
	const uint8_t *p = data + *off;
	struct ike_transform *t;
	size_t len;
	int ret;

	if (end - *off < TRANSFORM_HDR)
		return bad(err, *off, "transform is cut off");
	if (p[0] != (last ? 0 : MORE_TRANSFORMS))
		return bad(err, *off, "wrong \"last transform\" mark");
	len = ike_wire_get16(p + 2);
	if (len < TRANSFORM_HDR || len > end - *off)
		return bad(err, *off + 2, "transform length");
	if (list->n_t == IKE_PROPOSAL_TRANSFORMS)
		return bad(err, *off, "too many transforms");
	t = &list->t[list->n_t++];
	t->type = p[4];
	t->id = ike_wire_get16(p + 6);
	ret = parse_attrs(data, *off + TRANSFORM_HDR, *off + len, t, err);
	*off += len;
	return ret;
}

static int parse_proposal(const uint8_t *data, size_t off, size_t end,
			  struct ike_proposal_list *list,
			  struct ike_wire_err *err)
{
	const uint8_t *h = data + off;
	struct ike_proposal *p = &list->p[list->n++];
	unsigned int i, n = h[7];
	int ret;

	p->num = h[4];
	p->protocol = h[5];
	p->spi_len = h[6];
	off += PROPOSAL_HDR;
	if (p->spi_len > end - off)
		return bad(err, off - 2, "SPI is longer than the proposal");
	/* a longer SPI belongs to no protocol here; such a one never matches */
	if (p->spi_len <= sizeof(p->spi))
		memcpy(p->spi, data + off, p->spi_len);
	off += p->spi_len;
	if (!n)
		return bad(err, off, "proposal without transforms");
	p->first = list->n_t;
	for (i = 0; i < n; i++) {
		ret = parse_transform(data, &off, end, i + 1 == n, list, err);
		if (ret)
			return ret;
	}
	p->n = list->n_t - p->first;
	if (off != end)
		return bad(err, off, "octets after the last transform");
	return 0;
}

static int parse_all(struct ike_wire_view sa, struct ike_proposal_list *list,
		     struct ike_wire_err *err)
{
	size_t off = 0, len;
	const uint8_t *h;
	int ret;

	do {
		h = sa.data + off;
		if (!sa.data || sa.len - off < PROPOSAL_HDR)
			return bad(err, off, "proposal is cut off");
		len = ike_wire_get16(h + 2);
		if (len < PROPOSAL_HDR || len > sa.len - off)
			return bad(err, off + 2, "proposal length");
		if (h[0] != (len == sa.len - off ? 0 : MORE_PROPOSALS))
			return bad(err, off, "wrong \"last proposal\" mark");
		/* an answer has one proposal, with the number of an offer */
		if (!h[4] || (list->n && h[4] != list->p[list->n - 1].num + 1))
			return bad(err, off + 4, "proposal number");
		if (list->n == IKE_PROPOSAL_MAX)
			return bad(err, off, "too many proposals");
		ret = parse_proposal(sa.data, off, off + len, list, err);
		if (ret)
			return ret;
		off += len;
	} while (off < sa.len);
	if (list->n > 1 && list->p[0].num != 1)
		return bad(err, 4, "first proposal is not number 1");
	return 0;
}

int ike_proposal_parse(struct ike_wire_view sa, struct ike_proposal_list *list,
		       struct ike_wire_err *err)
{
	int ret;

	memset(list, 0, sizeof(*list));
	ret = parse_all(sa, list, err);
	if (ret)
		memset(list, 0, sizeof(*list));
	return ret;
}

/* ---- building ---- */

/* the transforms of one suite in order of type */
struct transforms {
	struct ike_transform t[8];
	unsigned int n;
};

static void want(struct transforms *ts, uint8_t type, uint16_t id,
		 uint16_t key_bits)
{
	struct ike_transform *t = &ts->t[ts->n++];

	t->type = type;
	t->id = id;
	t->key_bits = key_bits;
}

static void suite_transforms(enum ike_proposal_kind kind,
			     const struct ike_suite *s, struct transforms *ts)
{
	memset(ts, 0, sizeof(*ts));
	want(ts, IKE_WIRE_T_ENCR, s->encr, s->key_bits);
	if (kind == IKE_PROPOSAL_IKE)
		want(ts, IKE_WIRE_T_PRF, s->prf, 0);
	if (kind != IKE_PROPOSAL_FIRST_CHILD && s->ke != IKE_KE_NONE)
		want(ts, IKE_WIRE_T_KE, s->ke, 0);
	if (kind == IKE_PROPOSAL_IKE)
		return;
	if (s->esn & IKE_ESN_YES)
		want(ts, IKE_WIRE_T_ESN, 1, 0);
	if (s->esn & IKE_ESN_NO)
		want(ts, IKE_WIRE_T_ESN, 0, 0);
}

static void build_transform(struct ike_build *b, const struct ike_transform *t,
			    bool last)
{
	ike_build_u16(b, last ? 0 : MORE_TRANSFORMS << 8);
	ike_build_u16(b, TRANSFORM_HDR + (t->key_bits ? 4 : 0));
	ike_build_u16(b, (uint16_t)(t->type << 8));
	ike_build_u16(b, t->id);
	if (t->key_bits) {
		ike_build_u16(b, ATTR_TV | IKE_WIRE_ATTR_KEY_LENGTH);
		ike_build_u16(b, t->key_bits);
	}
}

static void build_proposal(struct ike_build *b, enum ike_proposal_kind kind,
			   const struct ike_suite *s, uint8_t num, bool last,
			   uint64_t spi, unsigned int spi_len)
{
	struct transforms ts;
	size_t start = b->len;
	unsigned int i;

	suite_transforms(kind, s, &ts);
	ike_build_u16(b, last ? 0 : MORE_PROPOSALS << 8);
	ike_build_u16(b, 0);
	ike_build_u8(b, num);
	ike_build_u8(b, kind == IKE_PROPOSAL_IKE ? IKE_WIRE_PROTO_IKE :
						   IKE_WIRE_PROTO_ESP);
	ike_build_u8(b, (uint8_t)spi_len);
	ike_build_u8(b, (uint8_t)ts.n);
	if (spi_len == 8)
		ike_build_u64(b, spi);
	else if (spi_len == 4)
		ike_build_u32(b, (uint32_t)spi);
	for (i = 0; i < ts.n; i++)
		build_transform(b, &ts.t[i], i + 1 == ts.n);
	ike_build_patch_u16(b, start + 2, (uint16_t)(b->len - start));
	if (!ike_suite_valid(kind, s) && !b->err)
		b->err = -EINVAL;
}

void ike_proposal_build_offer(struct ike_build *b, enum ike_proposal_kind kind,
			      const struct ike_suite *suites, unsigned int n,
			      uint64_t spi, unsigned int spi_len)
{
	unsigned int i;

	ike_build_open(b, IKE_WIRE_P_SA);
	for (i = 0; i < n; i++)
		build_proposal(b, kind, &suites[i], (uint8_t)(i + 1),
			       i + 1 == n, spi, spi_len);
	ike_build_close(b);
	if ((!n || n > IKE_PROPOSAL_MAX) && !b->err)
		b->err = -EINVAL;
}

void ike_proposal_build_choice(struct ike_build *b, enum ike_proposal_kind kind,
			       const struct ike_choice *choice, uint64_t spi,
			       unsigned int spi_len)
{
	ike_build_open(b, IKE_WIRE_P_SA);
	build_proposal(b, kind, &choice->suite, choice->num, true, spi,
		       spi_len);
	ike_build_close(b);
}

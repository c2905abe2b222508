// SPDX-License-Identifier: GPL-2.0-or-later
/* Choosing a suite, and checking the peer's choice: RFC 7296 2.7, 3.3.6. */
#include <errno.h>
#include <string.h>

#include "proposal.h"
#include "wire_get.h"

#define SPI_RESERVED	255	/* RFC 4303 2.1 */

struct wanted {
	enum ike_proposal_kind kind;
	unsigned int spi_len;
};

static unsigned int count_type(const struct ike_proposal_list *list,
			       const struct ike_proposal *p, uint8_t type)
{
	unsigned int i, n = 0;

	for (i = 0; i < p->n; i++)
		n += list->t[p->first + i].type == type;
	return n;
}

static bool has(const struct ike_proposal_list *list,
		const struct ike_proposal *p, uint8_t type, uint16_t id,
		uint16_t key_bits)
{
	const struct ike_transform *t = &list->t[p->first];
	unsigned int i;

	for (i = 0; i < p->n; i++, t++)
		if (t->type == type && t->id == id && !t->unusable &&
		    t->key_bits == key_bits)
			return true;
	return false;
}

/* no transform of this type, or one that says NONE */
static bool may_be_none(const struct ike_proposal_list *list,
			const struct ike_proposal *p, uint8_t type)
{
	return !count_type(list, p, type) || has(list, p, type, 0, 0);
}

static bool type_known(enum ike_proposal_kind kind, uint8_t type)
{
	switch (type) {
	case IKE_WIRE_T_ENCR:
	case IKE_WIRE_T_INTEG:
	case IKE_WIRE_T_KE:
		return true;
	case IKE_WIRE_T_PRF:
		return kind == IKE_PROPOSAL_IKE;
	case IKE_WIRE_T_ESN:
		return kind != IKE_PROPOSAL_IKE;
	default:
		return false;
	}
}

static uint64_t spi_of(const struct ike_proposal *p)
{
	if (p->spi_len == 8)
		return ike_wire_get64(p->spi);
	return p->spi_len == 4 ? ike_wire_get32(p->spi) : 0;
}

/* could this proposal be chosen at all, whatever the suite? */
static bool usable(const struct wanted *w, const struct ike_proposal_list *list,
		   const struct ike_proposal *p)
{
	bool ike = w->kind == IKE_PROPOSAL_IKE;
	unsigned int i;

	if (p->protocol != (ike ? IKE_WIRE_PROTO_IKE : IKE_WIRE_PROTO_ESP) ||
	    p->spi_len != w->spi_len)
		return false;
	if (p->spi_len && spi_of(p) <= (ike ? 0 : SPI_RESERVED))
		return false;
	for (i = 0; i < p->n; i++)
		if (!type_known(w->kind, list->t[p->first + i].type))
			return false;
	return may_be_none(list, p, IKE_WIRE_T_INTEG);
}

/* does @p contain @s? then *out is the one suite that results */
static bool match(const struct wanted *w, const struct ike_proposal_list *list,
		  const struct ike_proposal *p, const struct ike_suite *s,
		  struct ike_suite *out)
{
	uint8_t esn = 0;

	memset(out, 0, sizeof(*out));
	if (!has(list, p, IKE_WIRE_T_ENCR, s->encr, s->key_bits))
		return false;
	out->encr = s->encr;
	out->key_bits = s->key_bits;

	if (w->kind != IKE_PROPOSAL_FIRST_CHILD)
		out->ke = s->ke;
	if (out->ke == IKE_KE_NONE ?
	    !may_be_none(list, p, IKE_WIRE_T_KE) :
	    !has(list, p, IKE_WIRE_T_KE, out->ke, 0))
		return false;

	if (w->kind == IKE_PROPOSAL_IKE) {
		out->prf = s->prf;
		return has(list, p, IKE_WIRE_T_PRF, s->prf, 0);
	}
	if (has(list, p, IKE_WIRE_T_ESN, 1, 0))
		esn |= IKE_ESN_YES;
	if (has(list, p, IKE_WIRE_T_ESN, 0, 0))
		esn |= IKE_ESN_NO;
	esn &= s->esn;
	out->esn = esn & IKE_ESN_YES ? IKE_ESN_YES : esn;
	return esn;
}

int ike_proposal_select(enum ike_proposal_kind kind,
			const struct ike_proposal_list *theirs,
			const struct ike_suite *ours, unsigned int n_ours,
			unsigned int spi_len, struct ike_choice *choice)
{
	const struct wanted w = { kind, spi_len };
	const struct ike_proposal *p;
	unsigned int i, j;

	memset(choice, 0, sizeof(*choice));
	for (i = 0; i < n_ours; i++) {
		/* never agree to what the key schedule cannot key */
		if (!ike_suite_valid(kind, &ours[i]))
			continue;
		for (j = 0; j < theirs->n; j++) {
			p = &theirs->p[j];
			if (!usable(&w, theirs, p) ||
			    !match(&w, theirs, p, &ours[i], &choice->suite))
				continue;
			choice->index = i;
			choice->num = p->num;
			choice->spi = spi_of(p);
			return 0;
		}
	}
	memset(choice, 0, sizeof(*choice));
	return -ENOENT;
}

static int refuse(struct ike_wire_err *err, const char *what)
{
	return ike_wire_fail(err, IKE_WIRE_N_NO_PROPOSAL_CHOSEN, IKE_WIRE_P_SA,
			     0, "the peer's choice: %s", what);
}

/* one transform of each type offered, and no other */
static bool counts_fit(enum ike_proposal_kind kind,
		       const struct ike_proposal_list *answer,
		       const struct ike_suite *s)
{
	const struct ike_proposal *p = &answer->p[0];
	bool ike = kind == IKE_PROPOSAL_IKE;
	bool ke = kind != IKE_PROPOSAL_FIRST_CHILD && s->ke != IKE_KE_NONE;

	return count_type(answer, p, IKE_WIRE_T_ENCR) == 1 &&
	       count_type(answer, p, IKE_WIRE_T_PRF) == ike &&
	       count_type(answer, p, IKE_WIRE_T_KE) == ke &&
	       count_type(answer, p, IKE_WIRE_T_ESN) == !ike &&
	       p->n == 2U + ke;
}

int ike_proposal_verify(enum ike_proposal_kind kind,
			const struct ike_proposal_list *answer,
			const struct ike_suite *offered, unsigned int n_offered,
			unsigned int spi_len, struct ike_choice *choice,
			struct ike_wire_err *err)
{
	const struct wanted w = { kind, spi_len };
	const struct ike_proposal *p = &answer->p[0];
	const struct ike_suite *s;

	memset(choice, 0, sizeof(*choice));
	if (answer->n != 1)
		return refuse(err, "not exactly one proposal");
	if (!p->num || p->num > n_offered)
		return refuse(err, "a proposal number we did not offer");
	if (!usable(&w, answer, p))
		return refuse(err, "wrong protocol, SPI or transform type");
	s = &offered[p->num - 1];
	if (!counts_fit(kind, answer, s))
		return refuse(err, "not one transform of each type offered");
	if (!match(&w, answer, p, s, &choice->suite)) {
		memset(choice, 0, sizeof(*choice));
		return refuse(err, "a transform we did not offer");
	}
	choice->index = p->num - 1U;
	choice->num = p->num;
	choice->spi = spi_of(p);
	return 0;
}

bool ike_proposal_has_ke(const struct ike_proposal_list *theirs, uint16_t ke)
{
	unsigned int i;

	for (i = 0; i < theirs->n; i++)
		if (has(theirs, &theirs->p[i], IKE_WIRE_T_KE, ke, 0))
			return true;
	return false;
}

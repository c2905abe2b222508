// SPDX-License-Identifier: GPL-2.0-or-later
/* SA payload body: parse, choose, answer, verify our own answer, explain. */
#include <string.h>

#include "fuzz.h"
#include "ike/keymat.h"
#include "ike/proposal.h"

static const struct ike_suite ike[] = {
	{ .encr = 28, .prf = 5, .ke = 31 },
	{ .encr = 20, .key_bits = 256, .prf = 7, .ke = 31 },
}, esp[] = {
	{ .encr = 28, .ke = 31, .esn = IKE_ESN_YES | IKE_ESN_NO },
	{ .encr = 20, .key_bits = 128, .esn = IKE_ESN_NO },
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return ike_crypto_init();
}

static void answer(enum ike_proposal_kind kind, const struct ike_choice *c,
		   const struct ike_suite *ours, unsigned int spi_len)
{
	struct ike_wire_hdr hdr = { .spi_i = 1 };
	struct ike_proposal_list list;
	struct ike_choice back, mine = *c;
	struct ike_wire_set set;
	struct ike_wire_err err;
	struct ike_build b;
	uint8_t d[512];
	size_t len;

	FUZZ_ASSERT(ike_suite_valid(kind, &c->suite));
	/* as if the peer had offered our list in our order */
	mine.num = (uint8_t)(c->index + 1);
	ike_build_begin(&b, d, sizeof(d), &hdr);
	ike_proposal_build_choice(&b, kind, &mine, 0x1000, spi_len);
	FUZZ_ASSERT(!ike_build_finish(&b, &len));
	FUZZ_ASSERT(!ike_wire_parse(d, len, &hdr, &set, &err));
	FUZZ_ASSERT(!ike_proposal_parse(set.sa, &list, &err));
	FUZZ_ASSERT(!ike_proposal_verify(kind, &list, ours, 2, spi_len, &back,
					 &err));
	FUZZ_ASSERT(back.suite.encr == c->suite.encr &&
		    back.suite.esn == c->suite.esn &&
		    back.suite.ke == c->suite.ke);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned int spi_lens[] = { 0, 4, 8 };
	struct ike_wire_view v = { data, size };
	struct ike_proposal_list list;
	struct ike_wire_err err = { 0 };
	char text[IKE_PROPOSAL_TEXT];
	struct ike_choice c;
	unsigned int k, i;
	const char *p;

	if (ike_proposal_parse(v, &list, &err)) {
		FUZZ_ASSERT(err.text[0] && err.notify && !list.n);
		return 0;
	}
	for (k = IKE_PROPOSAL_IKE; k <= IKE_PROPOSAL_CHILD; k++) {
		const struct ike_suite *ours = k ? esp : ike;

		for (i = 0; i < 3; i++) {
			if (!ike_proposal_select(k, &list, ours, 2,
						 spi_lens[i], &c))
				answer(k, &c, ours, spi_lens[i]);
			ike_proposal_verify(k, &list, ours, 2, spi_lens[i], &c,
					    &err);
		}
		p = ike_proposal_explain(k, &list, ours, 2, text,
					 sizeof(text));
		for (; *p; p++)
			FUZZ_ASSERT(*p >= 0x20 && *p < 0x7f);
	}
	return 0;
}

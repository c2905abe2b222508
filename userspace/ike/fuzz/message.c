// SPDX-License-Identifier: GPL-2.0-or-later
/* A whole datagram: header, outer payloads, then all the engine would parse. */
#include <string.h>

#include "fuzz.h"
#include "ike/auth.h"
#include "ike/nat.h"
#include "ike/proposal.h"
#include "ike/ts.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return ike_crypto_init();
}

static void inside(struct ike_wire_view v, const uint8_t *data, size_t size)
{
	if (v.data)
		FUZZ_ASSERT(v.data >= data && v.data + v.len <= data + size);
}

static void views(const struct ike_wire_set *s, const uint8_t *data,
		  size_t size)
{
	unsigned int i;

	inside(s->sa, data, size);
	inside(s->ke, data, size);
	inside(s->idi, data, size);
	inside(s->idr, data, size);
	inside(s->auth, data, size);
	inside(s->nonce, data, size);
	inside(s->tsi, data, size);
	inside(s->tsr, data, size);
	inside(s->sk, data, size);
	for (i = 0; i < s->n_notify; i++) {
		inside(s->notify[i].spi, data, size);
		inside(s->notify[i].data, data, size);
		ike_wire_notify_spi(&s->notify[i]);
		ike_auth_hash_ok(&s->notify[i]);
		ike_wire_notify_name(s->notify[i].type);
	}
	for (i = 0; i < s->n_del; i++)
		if (s->del[i].n)
			ike_wire_delete_spi(&s->del[i], s->del[i].n - 1U);
}

static void identity(struct ike_wire_view body)
{
	struct ike_wire_err err;
	struct ike_id id;
	uint8_t out[300];
	char text[100];
	const char *p;

	if (!body.data || ike_wire_id(body, &id, &err))
		return;
	for (p = ike_wire_id_text(&id, text, sizeof(text)); *p; p++)
		FUZZ_ASSERT(*p > 0x20 && *p < 0x7f);
	FUZZ_ASSERT(ike_build_id_body(&id, out, sizeof(out)) == body.len);
	FUZZ_ASSERT(memcmp(out + 4, body.data + 4, body.len - 4) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ike_addr addr = { .family = AF_INET, .port = 500 };
	struct ike_proposal_list list;
	struct ike_nat_seen seen;
	struct ike_wire_hdr hdr;
	struct ike_wire_set set;
	struct ike_wire_err err = { 0 };
	struct ike_ts_list ts;

	if (ike_wire_parse(data, size, &hdr, &set, &err)) {
		FUZZ_ASSERT(err.text[0] && !set.n && !set.seen);
		return 0;
	}
	FUZZ_ASSERT(hdr.len == size && hdr.spi_i);
	views(&set, data, size);
	identity(set.idi);
	identity(set.idr);
	if (set.sa.data)
		ike_proposal_parse(set.sa, &list, &err);
	if (set.tsi.data)
		ike_ts_parse(set.tsi, &ts, &err);
	if (set.tsr.data)
		ike_ts_parse(set.tsr, &ts, &err);
	ike_nat_check(&hdr, &set, &addr, &addr, &seen);
	return 0;
}

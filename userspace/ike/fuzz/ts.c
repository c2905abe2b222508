// SPDX-License-Identifier: GPL-2.0-or-later
/* TS payload body: parse, narrow to a configuration, build, parse again. */
#include <string.h>

#include "fuzz.h"
#include "ike/ts.h"

static struct ike_ts_list ours;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	ours.n = 3;
	ours.ts[0] = (struct ike_ts){
		.family = AF_INET, .port_end = 65535,
		.start = { 10, 1 }, .end = { 10, 1, 255, 255 },
	};
	ours.ts[1] = (struct ike_ts){
		.family = AF_INET, .proto = 6, .port_start = 80,
		.port_end = 443, .end = { 255, 255, 255, 255 },
	};
	ours.ts[2] = (struct ike_ts){
		.family = AF_INET6, .port_end = 65535,
		.start = { 0xfd }, .end = { 0xfd, 0xff },
	};
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ike_wire_view v = { data, size };
	struct ike_wire_hdr hdr = { .spi_i = 1 };
	struct ike_ts_list list, out, back;
	struct ike_wire_err err = { 0 };
	struct ike_wire_set set;
	struct ike_build b;
	uint8_t d[1024];
	char text[100];
	unsigned int i;
	size_t len;

	if (ike_ts_parse(v, &list, &err)) {
		FUZZ_ASSERT(err.text[0] && err.notify && !list.n);
		return 0;
	}
	for (i = 0; i < list.n; i++)
		FUZZ_ASSERT(ike_ts_valid(&list.ts[i]));
	ike_ts_list_text(&list, text, sizeof(text));
	if (ike_ts_narrow(&list, &ours, &out))
		return 0;
	FUZZ_ASSERT(ike_ts_subset(&out, &ours) && ike_ts_subset(&out, &list));
	ike_build_begin(&b, d, sizeof(d), &hdr);
	ike_ts_build(&b, IKE_WIRE_P_TSI, &out);
	FUZZ_ASSERT(!ike_build_finish(&b, &len));
	FUZZ_ASSERT(!ike_wire_parse(d, len, &hdr, &set, &err));
	FUZZ_ASSERT(!ike_ts_parse(set.tsi, &back, &err));
	FUZZ_ASSERT(ike_ts_list_equal(&back, &out));
	return 0;
}

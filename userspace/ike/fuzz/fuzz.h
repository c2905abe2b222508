/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VTUN_IKE_FUZZ_H
#define VTUN_IKE_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* names given by libFuzzer */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* an invariant that must hold for every input; a miss is a finding */
#define FUZZ_ASSERT(cond) do {						\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: not true: %s\n", __FILE__,	\
			__LINE__, #cond);				\
		abort();						\
	}								\
} while (0)

#endif /* VTUN_IKE_FUZZ_H */

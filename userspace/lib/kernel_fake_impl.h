/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the pretended kernel. */
#ifndef VTUN_KERNEL_FAKE_IMPL_H
#define VTUN_KERNEL_FAKE_IMPL_H

#include <stddef.h>

#include "kernel.h"

/* every call starts here: counts it and fails it if told so */
int vtun_fake_enter(struct vtun_k *k, const char *call);
/* keeps a text for vtun_k_error() and returns @err */
int vtun_fake_error(struct vtun_k *k, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* an allocated copy of a list, NULL when it is empty */
void *vtun_fake_copy(const void *items, size_t size);

/* kernel_fake_spd.c */
void vtun_fake_reset_spd(void);
unsigned int vtun_fake_count_policies(void);
/* how many name that child */
unsigned int vtun_fake_policies_of(uint32_t child_id);

#endif /* VTUN_KERNEL_FAKE_IMPL_H */

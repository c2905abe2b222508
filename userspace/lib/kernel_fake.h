/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One pretended kernel per process behind kernel.h, for host tests: keeps
 * children, SAs and links, checks what the module checks of requests, fails on
 * demand, and hands out events.
 */
#ifndef VTUN_KERNEL_FAKE_H
#define VTUN_KERNEL_FAKE_H

#include "kernel.h"

/* Forgets everything; module loaded, API of this build, no link. */
void vtun_fake_reset(void);
void vtun_fake_set_loaded(bool loaded);
void vtun_fake_set_api(uint32_t api);
/* a network device; @kind "vtun" or another */
uint32_t vtun_fake_add_link(const char *name, const char *kind);

/*
 * The next call of @call ("sa_install", "child_add", …: the name behind
 * vtun_k_) fails with @err and @text and changes nothing.
 */
void vtun_fake_fail(const char *call, int err, const char *text);
/* how often @call was called */
unsigned int vtun_fake_calls(const char *call);

/* objects to look at and to change, NULL = none; valid until the next call */
struct vtun_k_child *vtun_fake_child(uint32_t id);
struct vtun_k_sa *vtun_fake_sa(enum vtun_dir dir, uint32_t child_id,
			       uint32_t spi);
unsigned int vtun_fake_count_sas(void);

/* Queues an event for every subscriber; seq is set here. */
void vtun_fake_emit(const struct vtun_k_event *ev);
/* @n events get lost */
void vtun_fake_lose(unsigned int n);

#endif /* VTUN_KERNEL_FAKE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_PAGES_H
#define VTUN_PAGES_H

#define VTUN_PAGES_PIECE_MAX	4096

/**
 * vtun_pages_get() - memory for the head of a packet
 * @size: octets, a power of two up to VTUN_PAGES_PIECE_MAX
 *
 * Aligned to @size, of any content; for napi_build_skb() or skb_free_frag().
 * BH off.
 *
 * Return: the memory, or NULL.
 */
void *vtun_pages_get(unsigned int size);

void vtun_pages_init(void);
/* nobody calls vtun_pages_get() any more */
void vtun_pages_exit(void);

#endif /* VTUN_PAGES_H */

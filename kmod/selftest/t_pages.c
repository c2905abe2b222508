// SPDX-License-Identifier: GPL-2.0-only
/* Nobody gets a piece that somebody else has; what came back is used again. */
#include "selftest.h"

#include <linux/align.h>
#include <linux/bottom_half.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../pages.h"

#define N	200

struct pieces {
	u8 *at[N];
	unsigned int size[N];
	struct page *pages[N];
	unsigned int n_pages;
};

static bool is_known(const struct pieces *p, const struct page *page)
{
	unsigned int i;

	for (i = 0; i < p->n_pages; i++)
		if (p->pages[i] == page)
			return true;
	return false;
}

static bool take(struct pieces *p, unsigned int i, unsigned int size)
{
	p->at[i] = vtun_pages_get(size);
	p->size[i] = size;
	if (!p->at[i] || !IS_ALIGNED((unsigned long)p->at[i], size))
		return false;
	memset(p->at[i], i, size);
	return true;
}

/* is each piece still as it was left? */
static bool untouched(const struct pieces *p)
{
	unsigned int i;

	for (i = 0; i < N; i++)
		if (p->at[i] && memchr_inv(p->at[i], i, p->size[i]))
			return false;
	return true;
}

static void put(struct pieces *p, unsigned int i)
{
	if (p->at[i])
		skb_free_frag(p->at[i]);
	p->at[i] = NULL;
}

/* all sizes at once, all held */
static bool test_apart(struct pieces *p)
{
	unsigned int i;

	for (i = 0; i < N; i++)
		if (!take(p, i, 512U << i % 4))
			return false;
	if (!untouched(p))
		return false;
	for (i = 0; i < N; i++) {
		struct page *page = virt_to_head_page(p->at[i]);

		if (!is_known(p, page))
			p->pages[p->n_pages++] = page;
	}
	return true;
}

/* one of a page stays held: none of its octets may be given to anybody else */
static bool test_again(struct pieces *p)
{
	unsigned int i, round, fresh = 0;

	for (i = 0; i < N; i++)
		if (i != N / 2)
			put(p, i);
	for (round = 0; round < 4; round++) {
		for (i = 0; i < N; i++) {
			if (i == N / 2)
				continue;
			if (!take(p, i, 2048))
				return false;
			fresh += !is_known(p, virt_to_head_page(p->at[i]));
		}
		if (!untouched(p))
			return false;
		for (i = 0; i < N; i++)
			if (i != N / 2)
				put(p, i);
	}
	/* these pieces take more room than those before, once */
	return fresh < N * 4 / 2;
}

int vtun_selftest_pages(void)
{
	struct pieces *p = kzalloc(sizeof(*p), GFP_KERNEL);
	unsigned int i;
	bool ok;

	if (!p)
		return -ENOMEM;
	local_bh_disable();
	ok = test_apart(p) && test_again(p);
	for (i = 0; i < N; i++)
		put(p, i);
	local_bh_enable();
	kfree(p);
	return ok ? 0 : -EINVAL;
}

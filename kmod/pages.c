// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for packets that we make. Each piece is a part of larger pages and
 * holds a reference to them, as everywhere in the stack. Pages that were cut up
 * wait here in about the order in which that happened; when all pieces of an
 * old one came back, it is cut up again. So a stream of packets runs in the
 * same few pages, which are warm in the cache and need not be cleared, as new
 * ones are.
 *
 * A CPU keeps as many pages as packets were under way at once, up to a limit of
 * the size of what a queue of a network card has. What was not needed during
 * one period goes back to the kernel.
 */
#include "pages.h"

#include <linux/bug.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <linux/smp.h>
#include <linux/timer.h>

#define ORDER		3
#define CHUNK		(PAGE_SIZE << ORDER)
#define KEPT_MAX	128	/* a power of two: 4 MB on one CPU */
#define TRIES		4
#define PERIOD		HZ

/*
 * References that are ours: more than there are pieces, so that handing one out
 * is not an atomic operation. All but what was handed out are given back in the
 * end.
 */
#define BIAS		(CHUNK / 64 + 1)

/**
 * struct kept - a page that was cut up
 * @page: of order ORDER
 * @bias: references that are ours
 */
struct kept {
	struct page *page;
	unsigned int bias;
};

/**
 * struct pages - of one CPU; BH off
 * @now: what is being cut up, page NULL = nothing
 * @at: where the free part of @now begins
 * @end: where it ends; NULL as @at when there is no page
 * @first: oldest in @kept
 * @n: how many there are in @kept
 * @turns: pages that were begun in this period
 * @armed: @timer runs
 * @timer: end of the period; pinned to the CPU
 * @cpu: this one
 * @kept: ring
 */
struct pages {
	struct kept		now;
	u8			*at, *end;
	unsigned int		first, n;
	unsigned int		turns;
	bool			armed;
	struct timer_list	timer;
	int			cpu;
	struct kept		kept[KEPT_MAX];
};

static DEFINE_PER_CPU(struct pages, pages);

static void kept_release(struct kept *kept)
{
	__page_frag_cache_drain(kept->page, kept->bias);
	kept->page = NULL;
}

static void push(struct pages *p, const struct kept *kept)
{
	p->kept[(p->first + p->n++) % KEPT_MAX] = *kept;
}

static struct kept pop(struct pages *p)
{
	struct kept kept = p->kept[p->first];

	p->first = (p->first + 1) % KEPT_MAX;
	p->n--;
	return kept;
}

/* have all pieces come back? Then nobody can take a new reference either. */
static bool is_free(const struct kept *kept)
{
	if (page_ref_count(kept->page) != kept->bias)
		return false;
	/* what others did to the pieces was before they gave them back */
	smp_rmb();
	return true;
}

static bool chunk_alloc(struct kept *kept)
{
	/* what is set aside for emergencies is not for keeping */
	gfp_t gfp = GFP_ATOMIC | __GFP_COMP | __GFP_NOWARN | __GFP_NORETRY |
		    __GFP_NOMEMALLOC;

	kept->page = alloc_pages(gfp, ORDER);
	if (unlikely(!kept->page))
		return false;
	if (unlikely(page_is_pfmemalloc(kept->page))) {
		__free_pages(kept->page, ORDER);
		return false;
	}
	page_ref_add(kept->page, BIAS - 1);
	kept->bias = BIAS;
	return true;
}

static void arm(struct pages *p)
{
	p->armed = true;
	p->timer.expires = jiffies + PERIOD;
	add_timer_on(&p->timer, p->cpu);
}

/* @now goes to those that were used up, or is given back */
static void retire(struct pages *p, bool keep)
{
	if (!keep)
		kept_release(&p->now);
	else
		push(p, &p->now);
	p->now.page = NULL;
	p->at = NULL;
	p->end = NULL;
}

/*
 * The oldest first. One whose packet waits somewhere for long must not stand in
 * the way of the others: it goes to the end.
 */
static bool take_kept(struct pages *p)
{
	unsigned int tries = min_t(unsigned int, p->n, TRIES);
	struct kept old;

	while (tries--) {
		old = pop(p);
		if (is_free(&old)) {
			page_ref_add(old.page, BIAS - old.bias);
			p->now.page = old.page;
			p->now.bias = BIAS;
			return true;
		}
		push(p, &old);
	}
	return false;
}

/* @now is used up, or there is none: take one that is free, or a new one */
static bool turn(struct pages *p)
{
	struct kept next;

	if (p->now.page) {
		if (p->n == KEPT_MAX) {
			next = pop(p);
			kept_release(&next);
		}
		retire(p, true);
	}
	if (!take_kept(p) && !chunk_alloc(&p->now))
		return false;
	p->at = page_address(p->now.page);
	p->end = p->at + CHUNK;
	p->turns++;
	if (unlikely(!p->armed))
		arm(p);
	return true;
}

static noinline void *get_of_next(struct pages *p, unsigned int size)
{
	void *piece;

	if (!turn(p))
		return NULL;
	piece = p->at;
	p->at += size;
	p->now.bias--;
	return piece;
}

void *vtun_pages_get(unsigned int size)
{
	struct pages *p = this_cpu_ptr(&pages);
	u8 *piece = PTR_ALIGN(p->at, size);

	if (unlikely(piece + size > p->end))
		return get_of_next(p, size);
	p->at = piece + size;
	p->now.bias--;
	return piece;
}

/*
 * As many pages as were begun in a period are enough for the next one. A timer
 * that ends elsewhere because its CPU is gone leaves all as it is: the CPU may
 * be about to come back, and then begins another period.
 */
static void period_end(struct timer_list *timer)
{
	struct pages *p = container_of(timer, struct pages, timer);
	struct kept old;

	if (p->cpu != smp_processor_id()) {
		p->armed = false;
		return;
	}
	while (p->n > p->turns) {
		old = pop(p);
		kept_release(&old);
	}
	if (!p->turns && p->now.page)
		retire(p, false);
	p->turns = 0;
	if (p->n || p->now.page)
		arm(p);
	else
		p->armed = false;
}

void vtun_pages_init(void)
{
	struct pages *p;
	int cpu;

	BUILD_BUG_ON(VTUN_PAGES_PIECE_MAX > CHUNK);
	BUILD_BUG_ON(!is_power_of_2(KEPT_MAX));
	for_each_possible_cpu(cpu) {
		p = per_cpu_ptr(&pages, cpu);
		p->cpu = cpu;
		timer_setup(&p->timer, period_end, TIMER_PINNED);
	}
}

void vtun_pages_exit(void)
{
	struct pages *p;
	struct kept old;
	int cpu;

	for_each_possible_cpu(cpu) {
		p = per_cpu_ptr(&pages, cpu);
		timer_delete_sync(&p->timer);
		while (p->n) {
			old = pop(p);
			kept_release(&old);
		}
		if (p->now.page)
			retire(p, false);
	}
}

// SPDX-License-Identifier: GPL-2.0-only
/* Reading a packet out of its pieces, cut at every place. */
#include "selftest.h"

#include <linux/bottom_half.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/checksum.h>

#include "../gather.h"

#define MAX_LEN	600

/* @len octets of a page at @offset as the next fragment */
static bool add_frag(struct sk_buff *skb, const u8 *data, unsigned int len,
		     unsigned int offset)
{
	struct page *page;

	if (!len)
		return true;
	page = alloc_page(GFP_KERNEL);
	if (!page)
		return false;
	memcpy(page_address(page) + offset, data, len);
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, offset, len,
			PAGE_SIZE);
	return true;
}

/* linear up to @a, two fragments up to @b and @c, the rest in a frag list */
static struct sk_buff *scatter(const u8 *data, unsigned int a, unsigned int b,
			       unsigned int c, unsigned int len)
{
	struct sk_buff *skb = alloc_skb(MAX_LEN, GFP_KERNEL);
	struct sk_buff *more;

	if (!skb)
		return NULL;
	skb_put_data(skb, data, a);
	if (!add_frag(skb, data + a, b - a, 7) ||
	    !add_frag(skb, data + b, c - b, 512))
		goto err_free;
	if (c == len)
		return skb;
	more = alloc_skb(MAX_LEN, GFP_KERNEL);
	if (!more)
		goto err_free;
	skb_shinfo(skb)->frag_list = more;
	skb_put_data(more, data + c, (len - c) / 2);
	if (!add_frag(more, data + c + more->len, len - c - more->len, 3))
		goto err_free;
	skb->len += len - c;
	skb->data_len += len - c;
	skb->truesize += more->truesize;
	return skb;

err_free:
	kfree_skb(skb);
	return NULL;
}

/* skips @offset, copies @first octets, sums up the rest, wants one too many */
static bool reads_back(struct sk_buff *skb, const u8 *data, u8 *buf,
		       unsigned int offset, unsigned int first)
{
	unsigned int len = skb->len - offset;
	struct vtun_gather g;
	__wsum sum = 0;
	bool ok;

	memset(buf, 0xee, MAX_LEN + 1);
	vtun_gather_start(&g, skb, offset);
	ok = vtun_gather_copy(&g, buf, first) &&
	     vtun_gather_csum(&g, buf + first, len - first, &sum) &&
	     !vtun_gather_copy(&g, buf + len, 1);
	vtun_gather_end(&g);
	return ok && !memcmp(buf, data + offset, len) && buf[len] == 0xee &&
	       csum_fold(sum) == csum_fold(csum_partial(data + offset + first,
							len - first, 0));
}

static int test_splits(const u8 *data, u8 *buf, unsigned int len)
{
	unsigned int a, b, c, step = 1 + len / 6;

	for (a = 0; a <= len; a++)
		for (b = a; b <= len; b += step)
			for (c = b; c <= len; c += step) {
				struct sk_buff *skb = scatter(data, a, b, c,
							      len);
				unsigned int offset = min(len, b % 3);
				bool ok;

				if (!skb)
					return -ENOMEM;
				ok = reads_back(skb, data, buf, offset,
						(len - offset) / 3 & ~1U);
				kfree_skb(skb);
				if (!ok) {
					pr_err("vtun: gather %u %u %u %u\n", a,
					       b, c, len);
					return -EINVAL;
				}
			}
	return 0;
}

static int test_alloc(void)
{
	static const unsigned int lens[] = { 4, 500, 1400, 2000, 9000, 65000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		struct vtun_gather_room room;
		struct sk_buff *skb;
		bool ok;

		vtun_gather_plan(&room, 100, lens[i], 32);
		local_bh_disable();
		skb = vtun_gather_alloc(&room);
		local_bh_enable();
		if (!skb)
			return -ENOMEM;
		ok = skb_headroom(skb) >= 100 && skb->len == lens[i] &&
		     skb_tailroom(skb) >= 32 && !skb_is_nonlinear(skb);
		/* nobody but us must have seen this memory */
		memset(skb->head, 0x77, skb_end_offset(skb));
		kfree_skb(skb);
		if (!ok) {
			pr_err("vtun: gather: memory of %u octets is wrong\n",
			       lens[i]);
			return -EINVAL;
		}
	}
	return 0;
}

int vtun_selftest_gather(void)
{
	static const unsigned int lens[] = {
		0, 1, 2, 3, 20, 63, 64, 65, 200, MAX_LEN
	};
	u8 *data = kmalloc(2 * MAX_LEN + 1, GFP_KERNEL);
	unsigned int i;
	int err;

	if (!data)
		return -ENOMEM;
	get_random_bytes(data, MAX_LEN);
	err = test_alloc();
	for (i = 0; i < ARRAY_SIZE(lens) && !err; i++)
		err = test_splits(data, data + MAX_LEN, lens[i]);
	kfree(data);
	return err;
}

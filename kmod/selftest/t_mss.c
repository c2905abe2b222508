// SPDX-License-Identifier: GPL-2.0-only
/* Clamped segment sizes, and packets that must not change. */
#include "selftest.h"

#include <linux/errno.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>
#include <net/tcp.h>

#include "../compat.h"
#include "../mss.h"

struct mss_case {
	const char *name, *options;	/* in hexadecimal */
	bool v6, ack_only, fragment, udp;
	unsigned int mtu;
	u16 mss, want;			/* 0 = nothing changes */
};

static const struct mss_case cases[] = {
	{ "from the MTU", "020405b4", .mtu = 1400, .mss = 1, .want = 1360 },
	{ "from the MTU, IPv6", "020405a0", .v6 = true, .mtu = 1400, .mss = 1,
	  .want = 1340 },
	{ "a number", "020405b4", .mss = 1200, .want = 1200 },
	{ "small enough", "020404b0", .mtu = 1400, .mss = 1200 },
	{ "smaller", "020404af", .mtu = 1400, .mss = 1200 },
	{ "MTU unknown", "020405b4", .mtu = 0, .mss = 1 },
	{ "MTU absurd", "020405b4", .mtu = 100, .mss = 1 },
	{ "behind others", "0101080a00000001000000000204ffff", .mss = 536,
	  .want = 536 },
	{ "at an odd place", "010204ffff010101", .mss = 1234, .want = 1234 },
	{ "odd and aligned", "030307020405b400", .mss = 1000, .want = 1000 },
	{ "no SYN", "020405b4", .ack_only = true, .mss = 536 },
	{ "no option", "01010101", .mss = 536 },
	{ "none at all", "", .mss = 536 },
	{ "behind the end", "00000000020405b4", .mss = 536 },
	{ "option of no length", "0200020405b40000", .mss = 536 },
	{ "option too long", "08ff020405b40000", .mss = 536 },
	{ "MSS too long", "02060405b4000000", .mss = 536 },
	{ "cut off", "01010102", .mss = 536 },
	{ "a fragment", "020405b4", .fragment = true, .mss = 536 },
	{ "not TCP", "020405b4", .udp = true, .mss = 536 },
};

static unsigned int put_ip_header(const struct mss_case *c, u8 *buf,
				  unsigned int tcp_len)
{
	u8 proto = c->udp ? IPPROTO_UDP : IPPROTO_TCP;
	struct ipv6hdr *ip6h = (struct ipv6hdr *)buf;
	struct iphdr *iph = (struct iphdr *)buf;

	if (c->v6) {
		ip6h->version = 6;
		ip6h->nexthdr = proto;
		ip6h->payload_len = htons(tcp_len);
		memset(buf + 8, 0x35, 32);	/* addresses */
		return sizeof(*ip6h);
	}
	iph->version = 4;
	iph->ihl = 5;
	iph->protocol = proto;
	iph->tot_len = htons(sizeof(*iph) + tcp_len);
	iph->frag_off = c->fragment ? htons(7) : 0;
	memset(buf + 12, 0x35, 8);
	return sizeof(*iph);
}

static __sum16 tcp_sum(const struct mss_case *c, const u8 *buf,
		       unsigned int ip_len, unsigned int tcp_len)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)buf;
	const struct iphdr *iph = (const struct iphdr *)buf;
	__wsum sum = csum_partial(buf + ip_len, tcp_len, 0);

	if (c->v6)
		return csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, tcp_len,
				       IPPROTO_TCP, sum);
	return csum_tcpudp_magic(iph->saddr, iph->daddr, tcp_len, IPPROTO_TCP,
				 sum);
}

static int test_case(const struct mss_case *c)
{
	u8 buf[128] __aligned(4) = { }, before[128];
	unsigned int n = strlen(c->options) / 2, tcp_len, ip_len, i;
	struct tcphdr *tcp;

	tcp_len = sizeof(*tcp) + n;
	ip_len = put_ip_header(c, buf, tcp_len);
	tcp = (struct tcphdr *)(buf + ip_len);
	tcp->doff = tcp_len / 4;
	tcp->syn = !c->ack_only;
	tcp->ack = 1;
	tcp->seq = htonl(0x12345678);
	if (hex2bin((u8 *)(tcp + 1), c->options, n))
		return -EINVAL;
	tcp->check = tcp_sum(c, buf, ip_len, tcp_len);
	memcpy(before, buf, sizeof(buf));

	vtun_mss_clamp(buf, ip_len + tcp_len, c->mtu, c->mss);
	if (!c->want)
		return memcmp(before, buf, sizeof(buf)) ? -EINVAL : 0;
	if (tcp_sum(c, buf, ip_len, tcp_len))
		return -EINVAL;
	for (i = 0; i + 3 < n; i++) {
		u8 *at = (u8 *)(tcp + 1) + i;

		if (at[0] == TCPOPT_MSS && at[1] == TCPOLEN_MSS &&
		    get_unaligned_be16(at + 2) == c->want)
			return 0;
	}
	return -EINVAL;
}

int vtun_selftest_mss(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (test_case(&cases[i])) {
			pr_err("vtun: segment size: '%s' is wrong\n",
			       cases[i].name);
			return -EINVAL;
		}
	return 0;
}

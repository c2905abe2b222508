/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of nlfuzz to octets, and what the kernel answers. */
#ifndef SELFTESTS_NET_NLFUZZ_MSG_H
#define SELFTESTS_NET_NLFUZZ_MSG_H

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "util.h"
#include "nlfuzz.h"

#define MSG_MAX		8192

struct answer {
	int err;
	bool has_text;
	char text[160];
	uint32_t counts[4];	/* children, SAs, events, policies (INFO_GET) */
	uint32_t spi;			/* SPI_ALLOC */
};

static int sock;
static uint16_t family;
static uint32_t seq;

static size_t put_node(uint8_t *buf, size_t at, const struct node *x)
{
	struct nlattr *attr = (struct nlattr *)(buf + at);

	attr->nla_type = x->type | (x->kind == NEST ? NLA_F_NESTED : 0);
	attr->nla_type ^= x->flip;
	attr->nla_len = NLA_HDRLEN + x->len;
	memcpy(attr + 1, x->data, x->len);
	return at + NLA_HDRLEN + NLA_ALIGN(x->len);
}

/* nests get their true length; a claim replaces it last */
static size_t encode(const struct request *r, uint8_t *buf)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)buf;
	struct genlmsghdr *genl = (struct genlmsghdr *)(nlh + 1);
	size_t start[NODES_MAX], at = NLMSG_HDRLEN + GENL_HDRLEN;
	unsigned int i, j;

	memset(buf, 0, MSG_MAX);
	for (i = 0; i < r->n; i++) {
		start[i] = at;
		at = put_node(buf, at, &r->node[i]);
		for (j = 0; j < i; j++) {
			struct nlattr *up = (struct nlattr *)(buf + start[j]);
			unsigned int k;

			if (r->node[j].depth >= r->node[i].depth)
				continue;
			for (k = j + 1; k < i; k++)
				if (r->node[k].depth <= r->node[j].depth)
					break;
			if (k == i)
				up->nla_len = at - start[j];
		}
	}
	for (i = 0; i < r->n; i++)
		if (r->node[i].claim >= 0)
			((struct nlattr *)(buf + start[i]))->nla_len =
				r->node[i].claim;
	nlh->nlmsg_len = at;
	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | r->flags;
	nlh->nlmsg_seq = ++seq;
	genl->cmd = r->cmd;
	genl->version = VTUN_GENL_VERSION;
	return at;
}

static const struct nlattr *find(const void *from, size_t len, uint16_t type)
{
	const uint8_t *p = from;

	while (len >= NLA_HDRLEN) {
		const struct nlattr *attr = (const struct nlattr *)p;
		size_t step = NLA_ALIGN(attr->nla_len);

		if (attr->nla_len < NLA_HDRLEN || attr->nla_len > len)
			break;
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return attr;
		if (step >= len)
			break;
		p += step;
		len -= step;
	}
	return NULL;
}

static uint32_t find_u32(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *attr;
	uint32_t v = 0;

	attr = nest ? find(nest + 1, nest->nla_len - NLA_HDRLEN, type) : NULL;
	if (attr && attr->nla_len == NLA_HDRLEN + sizeof(v))
		memcpy(&v, attr + 1, sizeof(v));
	return v;
}

static void read_reply(const struct nlmsghdr *nlh, struct answer *a)
{
	const uint8_t *attrs = (const uint8_t *)(nlh + 1) + GENL_HDRLEN;
	size_t len = nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
	const struct nlattr *nest;

	nest = find(attrs, len, VTUN_A_INFO);
	if (nest) {
		a->counts[0] = find_u32(nest, VTUN_A_INFO_CHILDREN);
		a->counts[1] = find_u32(nest, VTUN_A_INFO_SAS);
		a->counts[2] = find_u32(nest, VTUN_A_INFO_EVENT_SEQ);
		a->counts[3] = find_u32(nest, VTUN_A_INFO_POLICIES);
	}
	nest = find(attrs, len, VTUN_A_SA);
	if (nest)
		a->spi = find_u32(nest, VTUN_A_SA_SPI);
}

static void read_ack(const struct nlmsghdr *nlh, struct answer *a)
{
	const struct nlmsgerr *e = (const struct nlmsgerr *)(nlh + 1);
	size_t skip = NLMSG_HDRLEN + sizeof(*e);
	const struct nlattr *text;

	if (nlh->nlmsg_type == NLMSG_DONE)
		skip = NLMSG_HDRLEN + sizeof(int);
	memcpy(&a->err, nlh + 1, sizeof(a->err));
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	text = find((const uint8_t *)nlh + skip, nlh->nlmsg_len - skip,
		    NLMSGERR_ATTR_MSG);
	a->has_text = text;
	if (text)
		snprintf(a->text, sizeof(a->text), "%s",
			 (const char *)(text + 1));
}

/* until the answer to request @want is complete */
static void receive(int fd, uint32_t want, struct answer *a)
{
	static uint8_t buf[65536] __attribute__((aligned(8)));
	struct nlmsghdr *nlh;
	ssize_t n;
	int len;

	memset(a, 0, sizeof(*a));
	for (;;) {
		n = recv(fd, buf, sizeof(buf), 0);
		if (n < 0)
			err(1, "no answer to request %u", want);
		nlh = (struct nlmsghdr *)buf;
		for (len = n; NLMSG_OK(nlh, (unsigned int)len);
		     nlh = NLMSG_NEXT(nlh, len)) {
			if (nlh->nlmsg_seq != want)
				continue;
			if (nlh->nlmsg_type == NLMSG_ERROR ||
			    nlh->nlmsg_type == NLMSG_DONE) {
				read_ack(nlh, a);
				return;
			}
			if (nlh->nlmsg_type == family)
				read_reply(nlh, a);
		}
	}
}

static struct answer ask(const struct request *r)
{
	static uint8_t buf[MSG_MAX] __attribute__((aligned(8)));
	struct answer a;
	size_t len;

	len = encode(r, buf);
	if (send(sock, buf, len, 0) != (ssize_t)len)
		err(1, "send");
	receive(sock, seq, &a);
	return a;
}

#endif /* SELFTESTS_NET_NLFUZZ_MSG_H */

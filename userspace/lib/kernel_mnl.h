/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the libmnl implementation of kernel.h. */
#ifndef VTUN_KERNEL_MNL_H
#define VTUN_KERNEL_MNL_H

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "kernel.h"

#define MNL_REQ_SIZE	8192	/* more than a child with 32 selectors */
#define MNL_RX_SIZE	65536
#define MNL_TIMEOUT_S	10
#define MNL_DUMP_TRIES	16

/**
 * struct vtun_k - handle on the module
 * @nl: requests to the genetlink family
 * @ev: multicast; NULL without VTUN_K_EVENTS
 * @rt: rtnetlink, opened when first needed
 * @family: genetlink family id
 * @group: id of the event group
 * @api: version of the family
 * @seq: of the last request
 * @intr: the dump under way was inconsistent
 * @error: text of the last failure
 * @ev_next: EVENT_SEQ the next event has if none is lost
 * @ev_first: nothing read yet: the first event may be older than @ev_next
 * @ev_lost: the socket overflowed, RESYNC not yet reported
 * @ev_pos: in @ev_buf, next message
 * @ev_len: octets in @ev_buf
 * @req: request being built, wiped behind an installation
 * @rx: replies
 */
struct vtun_k {
	struct mnl_socket *nl, *ev, *rt;
	uint16_t family;
	uint32_t group;
	uint32_t api;
	uint32_t seq;
	bool intr;
	char error[256];

	uint32_t ev_next;
	bool ev_first, ev_lost;
	size_t ev_pos, ev_len;

	char req[MNL_REQ_SIZE] __attribute__((aligned(8)));
	char rx[MNL_RX_SIZE] __attribute__((aligned(8)));
	char ev_buf[MNL_RX_SIZE] __attribute__((aligned(8)));
};

/**
 * struct vtun_mnl_sink - who takes the messages of a reply
 * @take: one message; 0 or -errno, which ends the request
 * @ctx: its own
 */
struct vtun_mnl_sink {
	int (*take)(struct vtun_k *k, const struct nlmsghdr *nlh, void *ctx);
	void *ctx;
};

/* Keeps a text for vtun_k_error() and returns @err (-errno). */
int vtun_mnl_fail(struct vtun_k *k, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* mnl_nlmsg_ok() takes a length above 2^31 for a small one */
static inline bool vtun_mnl_ok(const struct nlmsghdr *nlh, int len)
{
	return len >= (int)sizeof(*nlh) && nlh->nlmsg_len >= sizeof(*nlh) &&
	       nlh->nlmsg_len <= (unsigned int)len;
}

struct mnl_socket *vtun_mnl_socket(struct vtun_k *k, int bus, int *err);
/* starts a request of the family in k->req */
struct nlmsghdr *vtun_mnl_request(struct vtun_k *k, uint8_t cmd,
				  uint16_t flags);
/* sends k->req, hands out replies until acknowledged; @sink may be NULL */
int vtun_mnl_talk(struct vtun_k *k, struct mnl_socket *nl,
		  const struct vtun_mnl_sink *sink);

/*
 * Attributes by type, unknown types left out. The kernel is trusted to mean
 * well, not to be of our version: a value of another length reads as absent.
 */
void vtun_mnl_nest(const struct nlattr *nest, const struct nlattr **tb,
		   unsigned int max);
void vtun_mnl_attrs(const struct nlmsghdr *nlh, const struct nlattr **tb,
		    unsigned int max);
uint64_t vtun_mnl_uint(const struct nlattr *attr);
void vtun_mnl_str(const struct nlattr *attr, char *buf, size_t size);
void vtun_mnl_addr(const struct nlattr *attr, struct vtun_addr *a);
/* one selector; absent and unreadable parts are 0 or their defaults */
void vtun_mnl_ts(const struct nlattr *nest, struct vtun_ts *ts);
void vtun_mnl_put_ts(struct nlmsghdr *nlh, uint16_t type,
		     const struct vtun_ts *ts);
void vtun_mnl_drops(const struct nlattr *nest,
		    uint64_t drops[VTUN_DROP_MAX + 1]);

void vtun_mnl_child(const struct nlattr *nest, struct vtun_k_child *c);
void vtun_mnl_sa(const struct nlattr *nest, struct vtun_k_sa *sa);

/* a growing array of what a dump gives */
struct vtun_mnl_list {
	void *items;
	size_t item_size;
	unsigned int n, room;
};

/* a zeroed item at the end; NULL: out of memory */
void *vtun_mnl_list_more(struct vtun_mnl_list *list);
/* dumps with @cmd until one dump is consistent; @take fills @list */
int vtun_mnl_dump(struct vtun_k *k, uint8_t cmd, struct vtun_mnl_list *list,
		  int (*take)(struct vtun_k *k, const struct nlmsghdr *nlh,
			      void *ctx));

int vtun_mnl_event_open(struct vtun_k *k);

#endif /* VTUN_KERNEL_MNL_H */

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traffic selectors, RFC 7296 2.9 and 3.13.
 *
 * A list stands for the union of its selectors. Protocol 0 covers every
 * protocol; ports are plain ranges (RFC 7296 3.13.1 puts ICMP type and code
 * there likewise).
 */
#ifndef VTUN_IKE_TS_H
#define VTUN_IKE_TS_H

#include "build.h"
#include "wire.h"

#define IKE_TS_TEXT	128	/* a buffer for one selector */

/* one side of a child */
struct ike_ts_list {
	struct ike_ts ts[IKE_TS_MAX];
	unsigned int n;
};

/**
 * ike_ts_parse() - body of a TS payload
 *
 * Selectors of an unknown type, and OPAQUE ports (start 65535, end 0), are
 * skipped: they cannot match what we configure. @list may come out empty.
 * Return: 0, or -EBADMSG with @err filled: INVALID_SYNTAX for lengths, counts,
 * start > end; TS_UNACCEPTABLE for more than IKE_TS_MAX usable selectors
 */
int ike_ts_parse(struct ike_wire_view body, struct ike_ts_list *list,
		 struct ike_wire_err *err);

/* TS payload; @type IKE_WIRE_P_TSI or _TSR; 1..IKE_TS_MAX selectors */
void ike_ts_build(struct ike_build *b, uint8_t type,
		  const struct ike_ts_list *list);

/* from the arrays of struct ike_child_cfg */
void ike_ts_list_set(struct ike_ts_list *list, const struct ike_ts *ts,
		     unsigned int n);

/**
 * ike_ts_narrow() - responder: what both want
 * @out: intersection of every selector of @theirs with every one of @ours, in
 *	the peer's order, without those another one covers. At most IKE_TS_MAX:
 *	the rest is left out, which is a narrower but correct answer.
 * Return: 0, or -ENOENT when nothing is common: answer TS_UNACCEPTABLE
 */
int ike_ts_narrow(const struct ike_ts_list *theirs,
		  const struct ike_ts_list *ours, struct ike_ts_list *out);

/* initiator: is the answer not empty and each selector inside one of @list? */
bool ike_ts_subset(const struct ike_ts_list *answer,
		   const struct ike_ts_list *list);

bool ike_ts_covers(const struct ike_ts *big, const struct ike_ts *small);
bool ike_ts_equal(const struct ike_ts *a, const struct ike_ts *b);
/* same selectors in any order */
bool ike_ts_list_equal(const struct ike_ts_list *a,
		       const struct ike_ts_list *b);
/* start <= end, a known family; as configuration and ike_ts_parse() demand */
bool ike_ts_valid(const struct ike_ts *ts);

/* 10.1.0.0/16[tcp/80], 10.0.0.1-10.0.0.9[17/53-54], ::/0; returns @buf */
const char *ike_ts_text(const struct ike_ts *ts, char *buf, size_t size);
/* comma separated, "..." where @size ends; "none" for an empty list */
const char *ike_ts_list_text(const struct ike_ts_list *list, char *buf,
			     size_t size);

#endif /* VTUN_IKE_TS_H */

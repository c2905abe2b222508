/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the engine and the module. */
#ifndef VTKEYD_KERN_H
#define VTKEYD_KERN_H

#include "keyd.h"

/* carries out an engine's request and fills in what to answer */
void keyd_kern_request(struct keyd *d, const struct ike_kreq *req,
		       struct ike_kresult *res);
/* reads every event that waits and feeds the engine */
void keyd_kern_events(struct keyd *d);
/*
 * Compares the module's state with the engine's and feeds what the engine does
 * not know: acquires, expiries, SAs that somebody deleted. After lost events
 * and at start.
 */
void keyd_kern_resync(struct keyd *d);
/* now and then: the same, and what an earlier daemon left behind goes */
void keyd_kern_audit(struct keyd *d);
/* tells the engine of SA pairs that an earlier daemon installed */
void keyd_kern_adopt(struct keyd *d);

#endif /* VTKEYD_KERN_H */

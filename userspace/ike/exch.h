/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exchanges of RFC 7296, one file each. _start sends a request, _request
 * answers one, _response takes the answer to ours. @set is authenticated
 * except in IKE_SA_INIT. A handler may free the SA.
 */
#ifndef VTUN_IKE_EXCH_H
#define VTUN_IKE_EXCH_H

#include "ikesa.h"
#include "nat.h"

/* what arrived, decoded */
struct ike_in {
	const struct ike_wire_hdr *hdr;
	const struct ike_wire_set *set;
	const uint8_t *data;		/* whole datagram */
	size_t len;
	const struct ike_addr *local, *remote;
};

/* exch.c */
void ike_exch_begin(struct ike_sa *sa, enum ike_exch_kind kind);
void ike_exch_end(struct ike_exch *x);		/* wipes, idle again */
int ike_exch_ephemeral(struct ike_sa *sa, struct ike_exch *x, uint16_t group);
void ike_exch_nonce(struct ike_engine *e, struct ike_nonce *n);
int ike_exch_set_nonce(struct ike_nonce *n, struct ike_wire_view v);
/* first error notify of @set, NULL = none */
const struct ike_wire_notify *ike_exch_error(const struct ike_wire_set *set);
/* answers with one notify and nothing else */
void ike_exch_reply_notify(struct ike_sa *sa, uint8_t exchange, uint16_t type,
			   const void *data, size_t len);
/* dispatch of authenticated messages, after window.c has checked the ID */
void ike_exch_request(struct ike_sa *sa, const struct ike_in *in);
void ike_exch_response(struct ike_sa *sa, const struct ike_in *in);

/* exch_init.c */
int ike_init_start(struct ike_conn *c, const char *why);
void ike_init_request(struct ike_engine *e, const struct ike_in *in);
void ike_init_response(struct ike_sa *sa, const struct ike_in *in);
/* unprotected answers: no such SA, wrong major version */
void ike_init_stray(struct ike_engine *e, const struct ike_in *in);
void ike_init_version(struct ike_engine *e, const struct ike_in *in);

/* cookie.c */
bool ike_cookie_wanted(struct ike_engine *e);
bool ike_cookie_check(struct ike_engine *e, const struct ike_in *in);
size_t ike_cookie_make(struct ike_engine *e, const struct ike_in *in,
		       uint8_t out[64]);

/* exch_auth.c */
void ike_auth_start(struct ike_sa *sa);
void ike_auth_request(struct ike_sa *sa, const struct ike_in *in);
void ike_auth_response(struct ike_sa *sa, const struct ike_in *in);

/* answers the peer's request out of sa->peer */
void ike_auth_respond(struct ike_sa *sa);
void ike_child_respond(struct ike_sa *sa);

/* negotiate.c: SA, TS and KE payloads of a child, both roles */
void ike_negotiate_offer(struct ike_sa *sa, struct ike_exch *x,
			 struct ike_build *b, bool first);
/* fills x->child, ->choice, ->pair and its selectors; 0 or an error notify */
uint16_t ike_negotiate_request(struct ike_sa *sa, struct ike_exch *x,
			       const struct ike_wire_set *set, bool first,
			       char *text, size_t size);
void ike_negotiate_answer(struct ike_exch *x, struct ike_build *b, bool first);
/* initiator: 0, or -1 with the cause in @text */
int ike_negotiate_response(struct ike_sa *sa, struct ike_exch *x,
			   const struct ike_wire_set *set, bool first,
			   char *text, size_t size);
int ike_negotiate_keys(struct ike_sa *sa, struct ike_exch *x,
		       struct ike_child_keys *keys);

/* install.c: from agreement to SAs in the kernel */
void ike_install_report(struct ike_pair *p, struct ike_pair *old,
			uint64_t started);
/* initiator: the answer about the child; @error NULL = agreed */
void ike_install_answered(struct ike_sa *sa, const struct ike_wire_set *set,
			  const struct ike_wire_notify *error, bool first);
/* responder: the kernel's answers; @respond sends ours in any case */
void ike_install_peer_spi(struct ike_pair *p, const struct ike_kresult *res,
			  void (*installed)(struct ike_pair *p,
					    const struct ike_kresult *res),
			  void (*respond)(struct ike_sa *sa));
void ike_install_peer_done(struct ike_pair *p, const struct ike_kresult *res,
			   void (*respond)(struct ike_sa *sa));

/* exch_child.c */
void ike_child_start_new(struct ike_sa *sa, struct ike_child *c);
void ike_child_start_rekey(struct ike_sa *sa, struct ike_pair *old);
void ike_child_request(struct ike_sa *sa, const struct ike_in *in);
void ike_child_response(struct ike_sa *sa, const struct ike_in *in);

/* exch_rekey_ike.c */
void ike_rekey_start(struct ike_sa *sa);
void ike_rekey_request(struct ike_sa *sa, const struct ike_in *in);
void ike_rekey_response(struct ike_sa *sa, const struct ike_in *in);

/* exch_info.c */
void ike_info_start_delete_child(struct ike_sa *sa);
void ike_info_start_delete_ike(struct ike_sa *sa);
void ike_info_start_liveness(struct ike_sa *sa);
void ike_info_request(struct ike_sa *sa, const struct ike_in *in);
void ike_info_response(struct ike_sa *sa, const struct ike_in *in);

#endif /* VTUN_IKE_EXCH_H */

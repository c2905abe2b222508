/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SA payloads (RFC 7296 3.3) and the choice of a suite.
 *
 * Only AEAD suites exist here: a proposal carries no INTEG transform (one of
 * the peer's may name NONE, RFC 7296 3.3.3). Unknown transform IDs and
 * attributes of a peer never match; an unknown transform type makes its whole
 * proposal unusable (3.3.6).
 */
#ifndef VTUN_IKE_PROPOSAL_H
#define VTUN_IKE_PROPOSAL_H

#include "build.h"
#include "wire.h"

#define IKE_PROPOSAL_MAX	32	/* proposals of a peer; more: refused */
#define IKE_PROPOSAL_TRANSFORMS	256	/* transforms of all of them */
#define IKE_PROPOSAL_TEXT	512	/* for ike_proposal_explain() */

/**
 * enum ike_proposal_kind - what is negotiated
 * @IKE_PROPOSAL_IKE: an IKE SA: ENCR, PRF, KE
 * @IKE_PROPOSAL_FIRST_CHILD: ESP inside IKE_AUTH: ENCR, ESN, never KE
 * @IKE_PROPOSAL_CHILD: ESP in CREATE_CHILD_SA: ENCR, ESN, KE where the suite
 *	has one (PFS)
 */
enum ike_proposal_kind {
	IKE_PROPOSAL_IKE,
	IKE_PROPOSAL_FIRST_CHILD,
	IKE_PROPOSAL_CHILD,
};

struct ike_transform {
	uint8_t type;
	bool unusable;		/* attribute we do not know */
	uint16_t id;
	uint16_t key_bits;	/* 0 = no Key Length attribute */
};

struct ike_proposal {
	uint8_t num;
	uint8_t protocol;
	uint8_t spi_len;	/* 0, 4 or 8 */
	uint8_t spi[8];
	unsigned int first, n;	/* its transforms in the list's array */
};

struct ike_proposal_list {
	struct ike_proposal p[IKE_PROPOSAL_MAX];
	unsigned int n;
	struct ike_transform t[IKE_PROPOSAL_TRANSFORMS];
	unsigned int n_t;
};

/**
 * struct ike_choice - the proposal both ends use
 * @suite: one suite; esn has exactly one bit for a child, 0 for an IKE SA
 * @index: place of the suite in our list
 * @num: proposal number for the response
 * @spi: the peer's SPI as a number: 4 octets ESP, 8 octets IKE, 0 = none
 */
struct ike_choice {
	struct ike_suite suite;
	unsigned int index;
	uint8_t num;
	uint64_t spi;
};

/**
 * ike_proposal_parse() - body of an SA payload into a list
 *
 * Proposals of another protocol are kept and never match.
 * Return: 0, or -EBADMSG with @err filled (INVALID_SYNTAX): lengths, numbers
 * not 1, 2, 3 …, wrong "last" markers, limits above
 */
int ike_proposal_parse(struct ike_wire_view sa, struct ike_proposal_list *list,
		       struct ike_wire_err *err);

/**
 * ike_proposal_select() - responder: the first of our suites the peer offers
 * @ours: in our order of preference, which decides (RFC 7296 2.7 leaves the
 *	choice to the responder); of the peer's proposals that contain the suite
 *	the first one is taken. ESN is preferred where both allow both.
 * @spi_len: octets every proposal's SPI must have: 0 in IKE_SA_INIT, 8 in an
 *	IKE SA rekey, 4 for ESP
 * Return: 0, or -ENOENT: answer NO_PROPOSAL_CHOSEN
 */
int ike_proposal_select(enum ike_proposal_kind kind,
			const struct ike_proposal_list *theirs,
			const struct ike_suite *ours, unsigned int n_ours,
			unsigned int spi_len, struct ike_choice *choice);

/**
 * ike_proposal_verify() - initiator: is the answer one of what we offered?
 *
 * @offered is the list given to ike_proposal_build_offer(). The answer must be
 * one proposal with the number of an offer and one transform of each type that
 * offer had, each out of it.
 * Return: 0, or -EBADMSG with @err filled
 */
int ike_proposal_verify(enum ike_proposal_kind kind,
			const struct ike_proposal_list *answer,
			const struct ike_suite *offered, unsigned int n_offered,
			unsigned int spi_len, struct ike_choice *choice,
			struct ike_wire_err *err);

/* SA payload with one proposal per suite, numbered from 1, SPI in each */
void ike_proposal_build_offer(struct ike_build *b, enum ike_proposal_kind kind,
			      const struct ike_suite *suites, unsigned int n,
			      uint64_t spi, unsigned int spi_len);
/* SA payload that answers with @choice; @spi is ours */
void ike_proposal_build_choice(struct ike_build *b, enum ike_proposal_kind kind,
			       const struct ike_choice *choice, uint64_t spi,
			       unsigned int spi_len);

/* does any usable proposal offer this KE group (for INVALID_KE_PAYLOAD)? */
bool ike_proposal_has_ke(const struct ike_proposal_list *theirs, uint16_t ke);

/* "no common PRF; ours: ...; theirs: ..." for the log; returns @buf */
const char *ike_proposal_explain(enum ike_proposal_kind kind,
				 const struct ike_proposal_list *theirs,
				 const struct ike_suite *ours,
				 unsigned int n_ours, char *buf, size_t size);

/* chacha20poly1305-prfsha256-x25519, aes256gcm16-esn; returns @buf */
const char *ike_suite_text(enum ike_proposal_kind kind,
			   const struct ike_suite *suite, char *buf,
			   size_t size);
/**
 * ike_suite_esp_key_len() - octets an ESP suite takes from KEYMAT, one way
 * @encr: IANA transform ID
 * @key_bits: as in struct ike_suite
 *
 * The module's AEADs are all there, IKE itself uses some of them: those with an
 * implicit IV are for ESP alone (RFC 8750 5).
 * Return: octets with the salt, 0 = no AEAD, or none that the module has
 */
size_t ike_suite_esp_key_len(uint16_t encr, uint16_t key_bits);
/* can the library key this suite? names it in configuration checks */
bool ike_suite_valid(enum ike_proposal_kind kind, const struct ike_suite *s);
/* the reverse of ike_suite_text(), without the ESN part; 0 or -EINVAL */
int ike_suite_parse(enum ike_proposal_kind kind, const char *text,
		    struct ike_suite *suite);

#endif /* VTUN_IKE_PROPOSAL_H */

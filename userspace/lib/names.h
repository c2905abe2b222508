/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of what the contract numbers: one table each, shared by tool, daemon,
 * logs and JSON. A number without a name gives "?", never NULL.
 */
#ifndef VTUN_NAMES_H
#define VTUN_NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/vtun.h>

const char *vtun_name_dir(unsigned int dir);
const char *vtun_name_sa_state(unsigned int state);
const char *vtun_name_level(unsigned int level);
const char *vtun_name_cause(unsigned int cause);
const char *vtun_name_switch(unsigned int sw);
const char *vtun_name_mode(unsigned int mode);
const char *vtun_name_encap(unsigned int encap);
const char *vtun_name_df(unsigned int df);
const char *vtun_name_action(unsigned int action);
/* number up to @max that @name calls @word, -1 = none */
int vtun_number_of(const char *(*name)(unsigned int), unsigned int max,
		   const char *word);
const char *vtun_name_drop(unsigned int drop);
/* one line for humans: what the reason means */
const char *vtun_text_drop(unsigned int drop);
const char *vtun_name_event(unsigned int type); /* enum vtun_k_event_type */

/* an ESP suite as the grammar names it */
struct vtun_suite {
	const char *name;
	uint16_t encr;			/* IANA transform ID */
	uint16_t key_bits;		/* Key Length attribute, 0 = has none */
	uint16_t key_len;		/* octets without salt */
	uint16_t salt_len;
	uint16_t integ;			/* IANA transform ID, 0 = AEAD */
	uint16_t integ_len;		/* octets of integrity key */
};

/* octets of key material of one SA */
unsigned int vtun_suite_keymat(const struct vtun_suite *suite);

/* NULL: no such suite */
const struct vtun_suite *vtun_suite_by_name(const char *name);
/* @key_len in octets without salt; 0 matches the first suite with @encr */
const struct vtun_suite *vtun_suite_by_id(uint16_t encr, uint16_t key_len,
					  uint16_t integ);
/* the i-th suite, NULL behind the last */
const struct vtun_suite *vtun_suite_get(unsigned int i);
/* name, or "encr-N" in a static buffer for an unknown transform */
const char *vtun_suite_name(uint16_t encr, uint16_t key_len, uint16_t integ);

/* "tcp" for 6 and so on; NULL where only the number is known */
const char *vtun_name_proto(uint8_t proto);
/* number of a protocol name; false: no such name */
bool vtun_proto_by_name(const char *name, uint8_t *proto);

/* the candidate nearest to @word, NULL when none is near; NULL-terminated */
const char *vtun_nearest(const char *word, const char *const *candidates);

#endif /* VTUN_NAMES_H */

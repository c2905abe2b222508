/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests that debug builds run when the module is loaded; a failure fails it. */
#ifndef VTUN_SELFTEST_H
#define VTUN_SELFTEST_H

#include <linux/types.h>

struct vtun_crypto_op;
struct vtun_suite;

/* a row of table 1: recovery of the high half, RFC 4303 Appendix A2 */
struct esn_case {
	u32 window, high, low, wire;
	bool exists;
	u32 want;
};

/* a packet of table 2; @first starts a fresh SA */
struct replay_step {
	const char *name;
	u32 window;
	bool first;
	u64 seq;
	bool accept;
};

/* one ESP packet, octets in hexadecimal; @key with salt or integrity key */
struct esp_kat {
	const char *name;
	u16 encr, integ;
	bool esn;
	u32 spi;
	u64 seq;
	const char *key, *iv, *plain, *packet;
};

/* vectors.c, made from selftests/vectors by vectors.sh */
extern const struct esn_case vtun_esn_cases[];
extern const unsigned int vtun_n_esn_cases;
extern const struct replay_step vtun_replay_steps[];
extern const unsigned int vtun_n_replay_steps;
extern const struct esp_kat vtun_esp_kats[];
extern const unsigned int vtun_n_esp_kats;

/* slow and simple seconds to disagree with; see reference.c */
void vtun_reference_begin(const struct vtun_suite *suite, const u8 *key,
			  const struct vtun_crypto_op *op, const u8 *iv);
void vtun_reference_encrypt(u8 *text, unsigned int len);
void vtun_reference_icv(const u8 *text, unsigned int len, u8 *icv);

int vtun_selftest_replay(void);
int vtun_selftest_crypto(void);
int vtun_selftest_pages(void);
int vtun_selftest_gather(void);
int vtun_selftest_gso(void);
int vtun_selftest_dsfield(void);
int vtun_selftest_mss(void);
int vtun_selftest_ts(void);
int vtun_selftest_classify(void);
int vtun_selftest_lifetime(void);

/* all of them; after vtun_crypto_module_init(); true = passed */
bool vtun_selftest_run(void);

#endif /* VTUN_SELFTEST_H */

/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VTUN_CRYPTO_H
#define VTUN_CRYPTO_H

#include <linux/types.h>

struct vtun_crypto_ops;

/*
 * Octets around the text that vtun_crypto_seal() and _open() use as scratch
 * memory and leave with any content, the IV and the ICV of a sealed packet
 * excepted: building the authenticated data next to the text saves the ciphers
 * from walking over pieces.
 */
#define VTUN_SEAL_HEAD	64	/* before the text; ends with the IV */
#define VTUN_OPEN_HEAD	24
#define VTUN_CRYPTO_TAIL 32	/* behind the text; begins with the ICV */

/**
 * struct vtun_suite - one cipher suite of the table in crypto.c
 * @encr: IANA IKEv2 transform ID of the cipher
 * @integ: of the integrity algorithm, 0 = the cipher is an AEAD
 * @key_len: octets of cipher key, without salt
 * @salt_len: octets of salt behind the key in KEYMAT
 * @integ_key_len: octets of integrity key behind the key in KEYMAT
 * @iv_len: octets of IV on the wire: 0, 8 or 16
 * @icv_len: octets of ICV: 12, 16, 24 or 32
 * @align: plaintext length is padded to a multiple of it: 4 (RFC 4303 2.4), or
 *	the block of the cipher
 * @name: word used by vtunctl, the logs and the netlink dump
 * @impl: name of the implementation chosen at module load
 * @ops: that implementation; NULL = this kernel cannot do the suite
 */
struct vtun_suite {
	u16 encr;
	u16 integ;
	u16 key_len;
	u8 salt_len, integ_key_len;
	u8 iv_len, icv_len, align;
	const char *name;
	const char *impl;
	const struct vtun_crypto_ops *ops;
};

/**
 * struct vtun_crypto - keyed cipher of one SA; read-only after init
 * @suite: which
 * @salt: RFC 4106 4, RFC 7634 2
 * @priv: of the implementation
 */
struct vtun_crypto {
	const struct vtun_suite *suite;
	u8 salt[4];
	void *priv;
};

/**
 * struct vtun_crypto_op - one packet to seal or open
 * @spi: of the SA; authenticated
 * @esn: authenticate all of @seq, else its low half (RFC 4303 2.2.1)
 * @seq: sequence number; it makes the IV, too
 * @iv: seal: for tests with given IVs, which are suite->iv_len octets; NULL =
 *	the next one of this packet
 * @text: private memory with VTUN_SEAL_HEAD or VTUN_OPEN_HEAD octets in front
 *	and VTUN_CRYPTO_TAIL behind. The IV of the wire is in front of the text:
 *	seal puts it there, open finds it there.
 * @len: octets of text, without ICV
 */
struct vtun_crypto_op {
	__be32 spi;
	bool esn;
	u64 seq;
	const u8 *iv;
	u8 *text;
	unsigned int len;
};

/**
 * struct vtun_crypto_ops - one way to do a cipher
 * @encr: its transform ID, the one with explicit IV if there are two
 * @init: key is suite->key_len octets, salt already in @c; may sleep
 * @destroy: wipes and frees @c->priv; BH
 * @seal: see vtun_crypto_seal(); BH off
 * @open: see vtun_crypto_open(); BH off
 * @describe: writes what the kernel calls the code behind a keyed @c
 */
struct vtun_crypto_ops {
	u16 encr;
	int (*init)(struct vtun_crypto *c, const u8 *key);
	void (*destroy)(struct vtun_crypto *c);
	int (*seal)(const struct vtun_crypto *c,
		    const struct vtun_crypto_op *op);
	int (*open)(const struct vtun_crypto *c,
		    const struct vtun_crypto_op *op);
	void (*describe)(const struct vtun_crypto *c, char *buf, size_t size);
};

int vtun_crypto_module_init(void);	/* chooses implementations by timing */
void vtun_crypto_module_exit(void);

/* @key_len: octets of cipher key alone; @integ: 0 for AEAD; NULL = unknown */
const struct vtun_suite *vtun_suite_find(u16 encr, unsigned int key_len,
					 u16 integ);
/* the i-th suite, NULL past the end */
const struct vtun_suite *vtun_suite_at(unsigned int i);

/* octets of key material of one SA: VTUN_A_SA_KEY, at most VTUN_KEY_MAX */
static inline unsigned int vtun_suite_keymat(const struct vtun_suite *suite)
{
	return suite->key_len + suite->salt_len + suite->integ_key_len;
}

/**
 * vtun_crypto_fingerprint() - what both ends may compare of a key
 * @suite: of the key
 * @key: vtun_suite_keymat() octets
 *
 * Keys are as long as no search finds one by its fingerprint, and there are far
 * more keys than fingerprints.
 *
 * Return: the first 32 bits of SHA-256 over "vtun-key" and the key.
 */
u32 vtun_crypto_fingerprint(const struct vtun_suite *suite, const u8 *key);
/* @key: vtun_suite_keymat() octets. May sleep. 0 or -errno. */
int vtun_crypto_init(struct vtun_crypto *c, const struct vtun_suite *suite,
		     const u8 *key);
/* wipes; fine on a zeroed struct; may be called from an RCU callback or BH */
void vtun_crypto_destroy(struct vtun_crypto *c);

/**
 * vtun_crypto_seal() - encrypt a packet in place, IV in front, ICV behind
 * @c: keyed cipher
 * @op: packet; its memory must belong to the caller alone (rule: never in
 *	place in memory somebody else may see)
 *
 * BH off.
 *
 * Return: 0 or -errno.
 */
static inline int vtun_crypto_seal(const struct vtun_crypto *c,
				   const struct vtun_crypto_op *op)
{
	return c->suite->ops->seal(c, op);
}

/**
 * vtun_crypto_open() - authenticate a packet, then decrypt it in place
 * @c: keyed cipher
 * @op: packet, IV in front, ICV behind; memory as for vtun_crypto_seal()
 *
 * BH off.
 *
 * Return: 0, -EBADMSG when the ICV is wrong (no plaintext is left in the
 * memory), another -errno when the cipher refused.
 */
static inline int vtun_crypto_open(const struct vtun_crypto *c,
				   const struct vtun_crypto_op *op)
{
	return c->suite->ops->open(c, op);
}

#endif /* VTUN_CRYPTO_H */

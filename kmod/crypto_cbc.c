// SPDX-License-Identifier: GPL-2.0-only
/*
 * AES-CBC (RFC 3602) with HMAC over the kernel's crypto API. The template that
 * joins both into one cipher would have to take the asynchronous CBC of x86, or
 * a slower one; we join them ourselves, see crypto_etm.h. The library functions
 * that 7.x has for CBC go block by block: half as many instructions again.
 *
 * The ways to the cipher are those of crypto_gcm.c: internal with a synchronous
 * one for when the vector unit is taken, plain, and synchronous by mask.
 */
#include "crypto_impl.h"

#include <asm/simd.h>
#include <crypto/hash.h>
#include <crypto/internal/simd.h>
#include <crypto/skcipher.h>
#include <linux/crypto.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kmod.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "crypto_etm.h"
#include "crypto_hmac.h"

#define BLOCK	16

enum way {
	WAY_INTERNAL,
	WAY_PLAIN,
	WAY_SYNC,
	N_WAYS
};

/* what stands behind each way was settled at load: SAs ask for it by name */
static char drivers[N_WAYS][CRYPTO_MAX_ALG_NAME];

/**
 * struct cbc_key - priv of a keyed cipher
 * @fast: used unless the vector unit is taken
 * @slow: what to use then; NULL = @fast works everywhere
 * @hmac: integrity
 * @secret: makes IVs unpredictable, see vtun_etm_encrypt()
 */
struct cbc_key {
	struct crypto_skcipher *fast, *slow;
	struct crypto_shash *hmac;
	u8 secret[VTUN_ETM_IV];
};

/**
 * struct cbc_cpu - what an operation needs besides the packet, one per CPU
 * @sg: a piece of text
 * @block: one that lies across the end of a page
 * @req: with room for the context of the greediest algorithm
 *
 * BH is off from filling to using, and nothing sleeps in between.
 */
struct cbc_cpu {
	struct scatterlist sg;
	u8 block[BLOCK] __aligned(BLOCK);
	struct skcipher_request req;
};

static DEFINE_PER_CPU(struct cbc_cpu *, cbc_cpus);
static unsigned int max_reqsize;

static struct crypto_skcipher *alloc(enum way way, const char *name)
{
	switch (way) {
	case WAY_INTERNAL:
		return crypto_alloc_skcipher(name, CRYPTO_ALG_INTERNAL,
					     CRYPTO_ALG_INTERNAL |
					     CRYPTO_ALG_ASYNC | CRYPTO_NOLOAD);
	case WAY_PLAIN:
		return crypto_alloc_skcipher(name, 0, CRYPTO_NOLOAD);
	default:
		return crypto_alloc_skcipher(name, 0,
					     CRYPTO_ALG_ASYNC | CRYPTO_NOLOAD);
	}
}

/* by the name of the driver found at load, so that none of it can change */
static struct crypto_skcipher *alloc_keyed(enum way way, const u8 *key,
					   unsigned int key_len)
{
	struct crypto_skcipher *tfm;
	int err;

	if (!drivers[way][0])
		return ERR_PTR(-ENOENT);
	tfm = alloc(way, drivers[way]);
	if (IS_ERR(tfm))
		return tfm;
	err = crypto_skcipher_setkey(tfm, key, key_len);
	if (!err && crypto_skcipher_reqsize(tfm) > max_reqsize)
		err = -EOPNOTSUPP;
	if (err) {
		crypto_free_skcipher(tfm);
		return ERR_PTR(err);
	}
	return tfm;
}

static void free_key(struct cbc_key *k)
{
	if (!IS_ERR_OR_NULL(k->fast))
		crypto_free_skcipher(k->fast);
	if (!IS_ERR_OR_NULL(k->slow))
		crypto_free_skcipher(k->slow);
	if (!IS_ERR(k->hmac))
		vtun_hmac_free(k->hmac);
	kfree_sensitive(k);
}

static int init_way(struct vtun_crypto *c, const u8 *key, enum way way)
{
	unsigned int key_len = c->suite->key_len;
	struct cbc_key *k = kzalloc(sizeof(*k), GFP_KERNEL);
	int err;

	if (!k)
		return -ENOMEM;
	k->fast = alloc_keyed(way, key, key_len);
	if (way == WAY_INTERNAL)
		k->slow = alloc_keyed(WAY_SYNC, key, key_len);
	k->hmac = vtun_hmac_alloc(c->suite, key + key_len);
	get_random_bytes(k->secret, sizeof(k->secret));
	err = PTR_ERR_OR_ZERO(k->fast) ?: PTR_ERR_OR_ZERO(k->slow) ?:
	      PTR_ERR_OR_ZERO(k->hmac);
	if (err)
		free_key(k);
	else
		c->priv = k;
	return err;
}

static int cbc_init_internal(struct vtun_crypto *c, const u8 *key)
{
	return init_way(c, key, WAY_INTERNAL);
}

static int cbc_init_plain(struct vtun_crypto *c, const u8 *key)
{
	return init_way(c, key, WAY_PLAIN);
}

static int cbc_init_sync(struct vtun_crypto *c, const u8 *key)
{
	return init_way(c, key, WAY_SYNC);
}

static void cbc_destroy(struct vtun_crypto *c)
{
	free_key(c->priv);
	c->priv = NULL;
}

static int crypt_piece(struct cbc_cpu *cpu, u8 *text, unsigned int len, u8 *iv,
		       bool encrypt)
{
	sg_set_buf(&cpu->sg, text, len);
	skcipher_request_set_crypt(&cpu->req, &cpu->sg, &cpu->sg, len, iv);
	return encrypt ? crypto_skcipher_encrypt(&cpu->req) :
			 crypto_skcipher_decrypt(&cpu->req);
}

/* a block across the end of a page: the API would allocate memory for it */
static int crypt_block(struct cbc_cpu *cpu, u8 *text, u8 *iv, bool encrypt)
{
	int err;

	memcpy(cpu->block, text, BLOCK);
	err = crypt_piece(cpu, cpu->block, BLOCK, iv, encrypt);
	memcpy(text, cpu->block, BLOCK);
	return err;
}

/* octets at @text that can be handed over in one piece, 0 = not one block */
static unsigned int piece_len(const u8 *text, unsigned int len)
{
	unsigned int room = PAGE_SIZE - offset_in_page(text);

	if (len <= room || IS_ALIGNED((unsigned long)text, BLOCK))
		return len;
	return round_down(room, BLOCK);
}

/* the API leaves in @iv what the next piece is chained to */
static __always_inline int crypt(const struct cbc_key *k, u8 *text,
				 unsigned int len, u8 *iv, bool encrypt)
{
	struct cbc_cpu *cpu = this_cpu_read(cbc_cpus);
	struct crypto_skcipher *tfm = k->fast;
	unsigned int n;
	int err = 0;

	if (k->slow && unlikely(!crypto_simd_usable()))
		tfm = k->slow;
	skcipher_request_set_tfm(&cpu->req, tfm);
	for (; len && !err; text += n, len -= n) {
		n = piece_len(text, len);
		if (likely(n)) {
			err = crypt_piece(cpu, text, n, iv, encrypt);
		} else {
			n = BLOCK;
			err = crypt_block(cpu, text, iv, encrypt);
		}
	}
	return err;
}

static int cbc_encrypt(void *priv, u8 *text, unsigned int len, u8 *iv)
{
	return crypt(priv, text, len, iv, true);
}

static int cbc_decrypt(void *priv, u8 *text, unsigned int len, u8 *iv)
{
	return crypt(priv, text, len, iv, false);
}

static int cbc_mac(void *priv, const u8 *data, unsigned int len, u8 *digest)
{
	const struct cbc_key *k = priv;

	return vtun_hmac(k->hmac, data, len, digest);
}

static int cbc_seal(const struct vtun_crypto *c,
		    const struct vtun_crypto_op *op)
{
	const struct cbc_key *k = c->priv;

	return vtun_etm_seal(c, op, k->secret, cbc_encrypt, cbc_mac);
}

static int cbc_open(const struct vtun_crypto *c,
		    const struct vtun_crypto_op *op)
{
	return vtun_etm_open(c, op, cbc_decrypt, cbc_mac);
}

static void cbc_describe(const struct vtun_crypto *c, char *buf, size_t size)
{
	const struct cbc_key *k = c->priv;

	snprintf(buf, size, "%s + %s",
		 crypto_tfm_alg_driver_name(crypto_skcipher_tfm(k->fast)),
		 vtun_hmac_name(k->hmac));
}

#define CBC_OPS(_init) {		\
	.encr = VTUN_ENCR_AES_CBC,	\
	.init = _init,			\
	.destroy = cbc_destroy,		\
	.seal = cbc_seal,		\
	.open = cbc_open,		\
	.describe = cbc_describe,	\
}

const struct vtun_crypto_ops vtun_cbc_internal_ops = CBC_OPS(cbc_init_internal);
const struct vtun_crypto_ops vtun_cbc_plain_ops = CBC_OPS(cbc_init_plain);
const struct vtun_crypto_ops vtun_cbc_sync_ops = CBC_OPS(cbc_init_sync);

/* remembers which driver @name leads to, unless it is an asynchronous one */
static void settle(enum way way, const char *name)
{
	struct crypto_skcipher *tfm = alloc(way, name);

	if (IS_ERR(tfm))
		return;
	if (!(crypto_skcipher_alg(tfm)->base.cra_flags & CRYPTO_ALG_ASYNC)) {
		strscpy(drivers[way],
			crypto_tfm_alg_driver_name(crypto_skcipher_tfm(tfm)),
			sizeof(drivers[way]));
		max_reqsize = max(max_reqsize, crypto_skcipher_reqsize(tfm));
	}
	crypto_free_skcipher(tfm);
}

static void free_cpus(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		kfree_sensitive(per_cpu(cbc_cpus, cpu));
		per_cpu(cbc_cpus, cpu) = NULL;
	}
}

/**
 * vtun_cbc_module_init() - see what this kernel has, allocate the requests
 *
 * Return: 0 or -ENOMEM.
 */
int vtun_cbc_module_init(void)
{
	int cpu;

	request_module("crypto-aes");
	request_module("crypto-cbc");
	vtun_hmac_module_init();
	settle(WAY_SYNC, "cbc(aes)");
	settle(WAY_PLAIN, "cbc(aes)");
	settle(WAY_INTERNAL, "__cbc(aes)");

	for_each_possible_cpu(cpu) {
		struct cbc_cpu *p = kzalloc_node(sizeof(*p) + max_reqsize,
						 GFP_KERNEL, cpu_to_node(cpu));

		if (!p) {
			free_cpus();
			return -ENOMEM;
		}
		/* what no packet changes */
		sg_init_table(&p->sg, 1);
		skcipher_request_set_callback(&p->req, 0, NULL, NULL);
		per_cpu(cbc_cpus, cpu) = p;
	}
	return 0;
}

/* vtun_cbc_module_exit() - undo vtun_cbc_module_init() */
void vtun_cbc_module_exit(void)
{
	free_cpus();
}

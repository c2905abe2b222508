// SPDX-License-Identifier: GPL-2.0-only
/*
 * AES-GCM in ESP, RFC 4106, over the AEAD interface of the kernel.
 *
 * Three ways lead to the same cipher, and each is the right one somewhere:
 *
 * internal	Up to 6.15 the vector code of x86 is an internal algorithm
 *		behind a wrapper that goes asynchronous when the vector unit is
 *		taken and even, for a while, when it is not. We call the
 *		internal one when the unit is free, and a slow synchronous one
 *		otherwise: no completion callback, no reordering, no allocation.
 * plain	The algorithm of the highest priority, if it is synchronous.
 * sync		What is left when asynchronous ones are masked out. Ten times
 *		slower on x86 up to 6.15, and the only one elsewhere.
 */
#include "crypto_impl.h"

#include <asm/simd.h>
#include <crypto/aead.h>
#include <crypto/internal/simd.h>
#include <crypto/skcipher.h>
#include <linux/crypto.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kmod.h>
#include <linux/percpu.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"

#define IV_LEN	VTUN_COUNTER_IV
#define ICV_LEN	16

enum way {
	WAY_INTERNAL,
	WAY_PLAIN,
	WAY_SYNC,
	N_WAYS
};

/* what stands behind each way was settled at load: SAs ask for it by name */
static char drivers[N_WAYS][CRYPTO_MAX_ALG_NAME];

/**
 * struct gcm_key - priv of a keyed cipher
 * @fast: used unless the vector unit is taken
 * @slow: what to use then; NULL = @fast works everywhere
 */
struct gcm_key {
	struct crypto_aead *fast, *slow;
};

/**
 * struct gcm_cpu - what an operation needs besides the packet, one per CPU
 * @sg: AAD, IV, text and ICV, which lie in one piece
 * @req: with room for the context of the greediest algorithm
 *
 * BH is off from filling to using, and nothing sleeps in between.
 */
struct gcm_cpu {
	struct scatterlist sg;
	struct aead_request req;
};

static DEFINE_PER_CPU(struct gcm_cpu *, gcm_cpus);
static unsigned int max_reqsize;

static struct crypto_aead *alloc(enum way way, const char *name)
{
	switch (way) {
	case WAY_INTERNAL:
		return crypto_alloc_aead(name, CRYPTO_ALG_INTERNAL,
					 CRYPTO_ALG_INTERNAL |
					 CRYPTO_ALG_ASYNC | CRYPTO_NOLOAD);
	case WAY_PLAIN:
		return crypto_alloc_aead(name, 0, CRYPTO_NOLOAD);
	default:
		return crypto_alloc_aead(name, 0,
					 CRYPTO_ALG_ASYNC | CRYPTO_NOLOAD);
	}
}

/* by the name of the driver found at load, so that none of it can change */
static struct crypto_aead *alloc_keyed(enum way way, const u8 *key,
				       unsigned int key_len)
{
	struct crypto_aead *tfm;
	int err;

	if (!drivers[way][0])
		return ERR_PTR(-ENOENT);
	tfm = alloc(way, drivers[way]);
	if (IS_ERR(tfm))
		return tfm;
	err = crypto_aead_setkey(tfm, key, key_len);
	if (!err)
		err = crypto_aead_setauthsize(tfm, ICV_LEN);
	if (!err && crypto_aead_reqsize(tfm) > max_reqsize)
		err = -EOPNOTSUPP;
	if (err) {
		crypto_free_aead(tfm);
		return ERR_PTR(err);
	}
	return tfm;
}

static int init_way(struct vtun_crypto *c, const u8 *key, enum way way)
{
	/* rfc4106() takes the salt as the end of the key */
	unsigned int key_len = c->suite->key_len + c->suite->salt_len;
	struct gcm_key *k = kzalloc(sizeof(*k), GFP_KERNEL);
	int err;

	if (!k)
		return -ENOMEM;
	k->fast = alloc_keyed(way, key, key_len);
	if (IS_ERR(k->fast)) {
		err = PTR_ERR(k->fast);
		goto err_free;
	}
	if (way == WAY_INTERNAL) {
		k->slow = alloc_keyed(WAY_SYNC, key, key_len);
		if (IS_ERR(k->slow)) {
			err = PTR_ERR(k->slow);
			goto err_free_fast;
		}
	}
	c->priv = k;
	return 0;

err_free_fast:
	crypto_free_aead(k->fast);
err_free:
	kfree(k);
	return err;
}

static int gcm_init_internal(struct vtun_crypto *c, const u8 *key)
{
	return init_way(c, key, WAY_INTERNAL);
}

static int gcm_init_plain(struct vtun_crypto *c, const u8 *key)
{
	return init_way(c, key, WAY_PLAIN);
}

static int gcm_init_sync(struct vtun_crypto *c, const u8 *key)
{
	return init_way(c, key, WAY_SYNC);
}

static void gcm_destroy(struct vtun_crypto *c)
{
	struct gcm_key *k = c->priv;

	crypto_free_aead(k->fast);
	if (k->slow)
		crypto_free_aead(k->slow);
	kfree(k);
	c->priv = NULL;
}

/* AAD comes in front of the IV, IV in front of the text: one piece of memory */
static __always_inline struct aead_request *
prepare(const struct vtun_crypto *c, const struct vtun_crypto_op *op,
	unsigned int crypt_len)
{
	struct gcm_cpu *cpu = this_cpu_read(gcm_cpus);
	const struct gcm_key *k = c->priv;
	struct crypto_aead *tfm = k->fast;
	u8 *iv = op->text - IV_LEN;
	unsigned int aad_len = op->esn ? 12 : 8;

	BUILD_BUG_ON(VTUN_OPEN_HEAD < 12 + IV_LEN);
	BUILD_BUG_ON(VTUN_CRYPTO_TAIL < ICV_LEN);

	if (k->slow && unlikely(!crypto_simd_usable()))
		tfm = k->slow;
	vtun_crypto_aad(op, iv - aad_len);
	sg_set_buf(&cpu->sg, iv - aad_len,
		   aad_len + IV_LEN + op->len + ICV_LEN);
	aead_request_set_tfm(&cpu->req, tfm);
	aead_request_set_crypt(&cpu->req, &cpu->sg, &cpu->sg, crypt_len, iv);
	aead_request_set_ad(&cpu->req, aad_len + IV_LEN);
	return &cpu->req;
}

static int gcm_seal(const struct vtun_crypto *c,
		    const struct vtun_crypto_op *op)
{
	u8 *iv = op->text - IV_LEN;

	if (unlikely(op->iv))
		memcpy(iv, op->iv, IV_LEN);
	else
		vtun_crypto_counter_iv(op, iv);
	return crypto_aead_encrypt(prepare(c, op, op->len));
}

static int gcm_open(const struct vtun_crypto *c,
		    const struct vtun_crypto_op *op)
{
	int err;

	if (!c->suite->iv_len)
		vtun_crypto_counter_iv(op, op->text - IV_LEN);
	err = crypto_aead_decrypt(prepare(c, op, op->len + ICV_LEN));
	/* some drivers decrypt while they authenticate */
	if (unlikely(err))
		memzero_explicit(op->text, op->len);
	return err;
}

static void gcm_describe(const struct vtun_crypto *c, char *buf, size_t size)
{
	const struct gcm_key *k = c->priv;

	strscpy(buf, crypto_tfm_alg_driver_name(crypto_aead_tfm(k->fast)),
		size);
}

#define GCM_OPS(_init) {		\
	.encr = VTUN_ENCR_AES_GCM_16,	\
	.init = _init,			\
	.destroy = gcm_destroy,		\
	.seal = gcm_seal,		\
	.open = gcm_open,		\
	.describe = gcm_describe,	\
}

const struct vtun_crypto_ops vtun_gcm_internal_ops = GCM_OPS(gcm_init_internal);
const struct vtun_crypto_ops vtun_gcm_plain_ops = GCM_OPS(gcm_init_plain);
const struct vtun_crypto_ops vtun_gcm_sync_ops = GCM_OPS(gcm_init_sync);

/* remembers which driver @name leads to, unless it is an asynchronous one */
static void settle(enum way way, const char *name)
{
	struct crypto_aead *tfm = alloc(way, name);

	if (IS_ERR(tfm))
		return;
	if (!(crypto_aead_alg(tfm)->base.cra_flags & CRYPTO_ALG_ASYNC)) {
		strscpy(drivers[way],
			crypto_tfm_alg_driver_name(crypto_aead_tfm(tfm)),
			sizeof(drivers[way]));
		max_reqsize = max(max_reqsize, crypto_aead_reqsize(tfm));
	}
	crypto_free_aead(tfm);
}

/*
 * Loads what the ciphers are made of and puts the synchronous one together from
 * inside to outside. Left to itself, the kernel would run modprobe for a dozen
 * names that no module has.
 */
static void load_parts(void)
{
	static const char *const parts[] = { "aes", "ctr", "ghash", "rfc4106" };
	struct crypto_skcipher *ctr;
	struct crypto_aead *gcm;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		request_module("crypto-%s", parts[i]);
	ctr = crypto_alloc_skcipher("ctr(aes)", 0,
				    CRYPTO_ALG_ASYNC | CRYPTO_NOLOAD);
	if (!IS_ERR(ctr))
		crypto_free_skcipher(ctr);
	gcm = crypto_alloc_aead("gcm(aes)", 0,
				CRYPTO_ALG_ASYNC | CRYPTO_NOLOAD);
	if (!IS_ERR(gcm))
		crypto_free_aead(gcm);
}

static void free_cpus(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		kfree_sensitive(per_cpu(gcm_cpus, cpu));
		per_cpu(gcm_cpus, cpu) = NULL;
	}
}

/**
 * vtun_gcm_module_init() - see what this kernel has, allocate the requests
 *
 * Return: 0 or -ENOMEM.
 */
int vtun_gcm_module_init(void)
{
	int cpu;

	load_parts();
	settle(WAY_SYNC, "rfc4106(gcm(aes))");
	settle(WAY_PLAIN, "rfc4106(gcm(aes))");
	settle(WAY_INTERNAL, "__rfc4106(gcm(aes))");

	for_each_possible_cpu(cpu) {
		struct gcm_cpu *p = kzalloc_node(sizeof(*p) + max_reqsize,
						 GFP_KERNEL, cpu_to_node(cpu));

		if (!p) {
			free_cpus();
			return -ENOMEM;
		}
		/* what no packet changes */
		sg_init_table(&p->sg, 1);
		aead_request_set_callback(&p->req, 0, NULL, NULL);
		per_cpu(gcm_cpus, cpu) = p;
	}
	return 0;
}

/* vtun_gcm_module_exit() - undo vtun_gcm_module_init() */
void vtun_gcm_module_exit(void)
{
	free_cpus();
}

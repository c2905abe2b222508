// SPDX-License-Identifier: GPL-2.0-only
/*
 * What no tunnel can do without: the cipher alone, in place on linear memory,
 * at the length an ESP packet with this inner size has.
 */
#include "vtbench.h"

#include <crypto/aead.h>
#include <crypto/poly1305.h>
#include <linux/scatterlist.h>

#define AAD	8	/* SPI and sequence number */
#define IV	8
#define ICV	16

/*
 * Key of the authenticator and text in one run of the cipher, authenticated
 * data and text in one run of the authenticator: less than one call of
 * chacha20poly1305_encrypt(), which does not know that they lie together.
 */
static void floor_chacha(u8 *buf, unsigned int len, u32 count,
			 struct bench_result *res)
{
	u8 *block = buf + CHACHA_BLOCK_SIZE, iv[CHACHA_IV_SIZE] = { };
	struct poly1305_desc_ctx mac;
	u32 key[CHACHA_KEY_SIZE / 4] = { 1 };
	u64 start;
	u32 i;

	local_bh_disable();
	start = bench_start(BENCH_MARK_FLOOR);
	for (i = 0; i < count; i++) {
		iv[4] = i;
		memset(buf, 0, CHACHA_BLOCK_SIZE);
		bench_chacha20(buf, CHACHA_BLOCK_SIZE + len, key, iv);
		poly1305_init(&mac, buf);
		/* what is authenticated in front and behind: 16 octets each */
		poly1305_update(&mac, block, ALIGN(len, 16) + 32);
		poly1305_final(&mac, block + ALIGN(len, 16));
	}
	res->insns = rdtsc_ordered() - start;
	bench_mark(BENCH_MARK_STOP);
	local_bh_enable();
	res->packets = count;
}

/* the vector code itself where it hides behind a wrapper, up to 6.15 */
static struct crypto_aead *gcm_alloc(void)
{
	struct crypto_aead *tfm;

	tfm = crypto_alloc_aead("__rfc4106(gcm(aes))", CRYPTO_ALG_INTERNAL,
				CRYPTO_ALG_INTERNAL | CRYPTO_ALG_ASYNC);
	return IS_ERR(tfm) ? crypto_alloc_aead("rfc4106(gcm(aes))", 0, 0) : tfm;
}

static int gcm_loop(struct aead_request *req, u8 *buf, unsigned int len,
		    u32 count, struct bench_result *res)
{
	struct scatterlist sg;
	int err = 0;
	u64 start;
	u32 i;

	local_bh_disable();
	start = bench_start(BENCH_MARK_FLOOR);
	for (i = 0; i < count && !err; i++) {
		sg_init_one(&sg, buf, AAD + IV + len + ICV);
		aead_request_set_callback(req, 0, NULL, NULL);
		aead_request_set_crypt(req, &sg, &sg, len, buf + AAD);
		aead_request_set_ad(req, AAD + IV);
		err = crypto_aead_encrypt(req);
	}
	res->insns = rdtsc_ordered() - start;
	bench_mark(BENCH_MARK_STOP);
	local_bh_enable();
	res->packets = count;
	return err;
}

static int floor_gcm(u8 *buf, unsigned int len, u32 count,
		     struct bench_result *res)
{
	struct crypto_aead *tfm = gcm_alloc();
	struct aead_request *req;
	u8 key[36] = { 1 };
	int err;

	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	err = crypto_aead_setkey(tfm, key, sizeof(key)) ?:
	      crypto_aead_setauthsize(tfm, ICV);
	req = aead_request_alloc(tfm, GFP_KERNEL);
	if (!req)
		err = -ENOMEM;
	if (!err)
		err = gcm_loop(req, buf, len, count, res);
	aead_request_free(req);
	crypto_free_aead(tfm);
	return err;
}

/**
 * bench_floor() - encrypt as many octets as a packet of a job has, again and
 * again
 * @job: suite, size, count
 * @res: filled in
 *
 * Return: 0 or -errno.
 */
int bench_floor(const struct bench_job *job, struct bench_result *res)
{
	unsigned int len = ALIGN(job->size + 2, 4);
	int err = -EINVAL;
	u8 *buf;

	buf = kzalloc(CHACHA_BLOCK_SIZE + len + 64, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	if (!strcmp(job->suite, "chacha")) {
		floor_chacha(buf, len, job->count, res);
		err = 0;
	} else if (!strcmp(job->suite, "gcm")) {
		err = floor_gcm(buf, len, job->count, res);
	}
	kfree(buf);
	return err;
}

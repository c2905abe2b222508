// SPDX-License-Identifier: GPL-2.0-or-later
/* mkcorpus DIR: writes the seed inputs of every target into DIR/TARGET. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "../../../selftests/host/ike-samples.h"
#include "ike/wire_get.h"

static void write_seed(const char *dir, const char *target, const char *name,
		       const void *head, size_t head_len, const void *data,
		       size_t len)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, target);
	if (mkdir(path, 0755) && errno != EEXIST)
		goto err;
	snprintf(path, sizeof(path), "%s/%s/%s", dir, target, name);
	f = fopen(path, "wb");
	if (!f)
		goto err;
	if ((head_len && fwrite(head, head_len, 1, f) != 1) ||
	    (len && fwrite(data, len, 1, f) != 1) || fclose(f))
		goto err;
	return;
err:
	perror(path);
	exit(1);
}

static void sample_seeds(const char *dir, const struct sample *s)
{
	struct ike_wire_hdr hdr;
	struct ike_wire_set set;
	struct ike_wire_err err;
	uint8_t plain[SAMPLE_MAX] = { 0 };
	size_t len = s->len - IKE_WIRE_HDR_LEN;

	if (ike_wire_parse(s->data, s->len, &hdr, &set, &err)) {
		fprintf(stderr, "%s: %s\n", s->name, err.text);
		exit(1);
	}
	write_seed(dir, "message", s->name, NULL, 0, s->data, s->len);
	/* the payloads with their padding: a pad length of 0 */
	memcpy(plain, s->data + IKE_WIRE_HDR_LEN, len);
	write_seed(dir, "sealed", s->name, &hdr.next, 1, plain, len + 1);
	if (set.sa.data)
		write_seed(dir, "sa", s->name, NULL, 0, set.sa.data,
			   set.sa.len);
	if (set.tsi.data)
		write_seed(dir, "ts", s->name, NULL, 0, set.tsi.data,
			   set.tsi.len);
}

/* for target engine: state, then one step with what the sample holds */
static void engine_seeds(const char *dir, const struct sample *s)
{
	size_t len = s->len - IKE_WIRE_HDR_LEN;
	/* up, victim 1, sealed, length, exchange, next ID, request, type */
	uint8_t head[8] = { 0x84, 1, 0, 0, 0, 0, 0, s->data[16] };

	if (!s->sealed) {
		/* as a datagram to a responder without state */
		head[0] = 0x80;
		head[1] = 0;
		ike_wire_put16(head + 2, (uint16_t)s->len);
		write_seed(dir, "engine", s->name, head, 4, s->data, s->len);
		return;
	}
	ike_wire_put16(head + 2, (uint16_t)(4 + len));
	head[4] = s->hdr.exchange - IKE_WIRE_X_IKE_AUTH;
	head[6] = s->hdr.flags & IKE_WIRE_F_RESPONSE ? 1 : 0;
	write_seed(dir, "engine", s->name, head, 8,
		   s->data + IKE_WIRE_HDR_LEN, len);
}

int main(int argc, char **argv)
{
	struct sample s;
	unsigned int i;

	if (argc != 2) {
		fprintf(stderr, "usage: mkcorpus DIR\n");
		return 2;
	}
	if (ike_crypto_init())
		return 1;
	for (i = 0; sample_get(i, &s); i++) {
		sample_seeds(argv[1], &s);
		engine_seeds(argv[1], &s);
	}
	return i == SAMPLES ? 0 : 1;
}

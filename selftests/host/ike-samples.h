/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real messages of every exchange, for codec tests and the fuzz corpus. */
#ifndef VTUN_HOST_IKE_SAMPLES_H
#define VTUN_HOST_IKE_SAMPLES_H

#include <arpa/inet.h>
#include <string.h>

#include "ike/auth.h"
#include "ike/build.h"
#include "ike/nat.h"
#include "ike/proposal.h"
#include "ike/sk.h"
#include "ike/ts.h"

#define SAMPLE_MAX	1024

/*
 * @sealed: the payloads belong inside SK. @data always holds them in clear, so
 * that the codec can be tried on what stands inside SK.
 */
struct sample {
	const char *name;
	bool sealed;
	struct ike_wire_hdr hdr;
	size_t len;
	uint8_t data[SAMPLE_MAX];
};

static const struct ike_suite sample_ike[] = {
	{ .encr = 28, .prf = 5, .ke = 31 },
	{ .encr = 20, .key_bits = 256, .prf = 7, .ke = 31 },
	{ .encr = 20, .key_bits = 128, .prf = 5, .ke = 31 },
};

static const struct ike_suite sample_esp[] = {
	{ .encr = 28, .ke = 31, .esn = IKE_ESN_YES | IKE_ESN_NO },
	{ .encr = 20, .key_bits = 256, .ke = 31, .esn = IKE_ESN_NO },
};

static const uint8_t sample_octets[256] = {
	1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
};

static inline struct ike_ts sample_ts(const char *start, const char *end,
				      uint8_t proto, uint16_t port)
{
	struct ike_ts ts = { .proto = proto, .port_start = port };

	ts.family = strchr(start, ':') ? AF_INET6 : AF_INET;
	ts.port_end = port ? port : 65535;
	inet_pton(ts.family, start, ts.start);
	inet_pton(ts.family, end, ts.end);
	return ts;
}

static inline void sample_put_id(struct ike_build *b, uint8_t type,
				 const char *name)
{
	struct ike_id id = { .type = IKE_ID_FQDN };

	id.len = (uint16_t)strlen(name);
	memcpy(id.data, name, id.len);
	ike_build_id(b, type, &id);
}

static inline void sample_put_ts(struct ike_build *b)
{
	struct ike_ts_list l = { .n = 2 };

	l.ts[0] = sample_ts("10.1.0.1", "10.1.0.1", 6, 80);
	l.ts[1] = sample_ts("10.1.0.0", "10.1.255.255", 0, 0);
	ike_ts_build(b, IKE_WIRE_P_TSI, &l);
	l.ts[0] = sample_ts("fd00::", "fd00::ffff", 0, 0);
	ike_ts_build(b, IKE_WIRE_P_TSR, &l);
}

static inline void sample_put_init(struct ike_build *b, bool response)
{
	struct ike_addr a = { .family = AF_INET, .port = 500 };
	struct ike_choice c = { .suite = sample_ike[0], .num = 1 };
	uint8_t hash[2];

	if (!response)
		ike_build_notify(b, IKE_WIRE_N_COOKIE, sample_octets, 24);
	if (response)
		ike_proposal_build_choice(b, IKE_PROPOSAL_IKE, &c, 0, 0);
	else
		ike_proposal_build_offer(b, IKE_PROPOSAL_IKE, sample_ike, 3, 0,
					 0);
	ike_build_ke(b, 31, sample_octets, 32);
	ike_build_nonce(b, sample_octets, 32);
	ike_nat_build(b, 1, response ? 2 : 0, &a, &a);
	ike_build_notify(b, IKE_WIRE_N_SIGNATURE_HASH_ALGORITHMS, hash,
			 ike_auth_hash_data(hash));
	ike_build_vendor(b, "sample", 6);
}

static inline void sample_put_auth(struct ike_build *b, bool response)
{
	struct ike_choice c = { .suite = sample_esp[1], .num = 2 };

	if (!response) {
		sample_put_id(b, IKE_WIRE_P_IDI, "gw-a.example");
		ike_build_notify(b, IKE_WIRE_N_INITIAL_CONTACT, NULL, 0);
	}
	sample_put_id(b, IKE_WIRE_P_IDR, "gw-b.example");
	ike_build_auth(b, IKE_WIRE_AUTH_PSK, sample_octets, 32);
	if (response)
		ike_proposal_build_choice(b, IKE_PROPOSAL_FIRST_CHILD, &c,
					  0xc0ffee01, 4);
	else
		ike_proposal_build_offer(b, IKE_PROPOSAL_FIRST_CHILD,
					 sample_esp, 2, 0xc0ffee01, 4);
	sample_put_ts(b);
}

static inline void sample_put_child(struct ike_build *b, bool response)
{
	struct ike_choice c = { .suite = sample_esp[1], .num = 2 };

	if (response) {
		ike_proposal_build_choice(b, IKE_PROPOSAL_CHILD, &c, 0xc0ffee02,
					  4);
	} else {
		ike_build_notify_esp(b, IKE_WIRE_N_REKEY_SA, 0xc0ffee01);
		ike_proposal_build_offer(b, IKE_PROPOSAL_CHILD, sample_esp, 2,
					 0xc0ffee02, 4);
	}
	ike_build_nonce(b, sample_octets, 32);
	ike_build_ke(b, 31, sample_octets, 32);
	sample_put_ts(b);
}

static inline void sample_put_ike_rekey(struct ike_build *b)
{
	ike_proposal_build_offer(b, IKE_PROPOSAL_IKE, sample_ike, 2,
				 0x1122334455667788, 8);
	ike_build_nonce(b, sample_octets, 32);
	ike_build_ke(b, 31, sample_octets, 32);
}

static inline void sample_put_delete(struct ike_build *b)
{
	static const uint32_t spis[] = { 0xc0ffee01, 0xc0ffee02 };

	ike_build_delete_esp(b, spis, 2);
	ike_build_delete_ike(b);
	ike_build_notify_esp(b, IKE_WIRE_N_CHILD_SA_NOT_FOUND, 0xc0ffee03);
}

#define SAMPLES	9

/* builds the i-th sample; false behind the last, or when it did not fit */
static inline bool sample_get(unsigned int i, struct sample *s)
{
	static const struct {
		const char *name;
		uint8_t exchange;
		bool response;
	} list[SAMPLES] = {
		{ "sa-init-request", IKE_WIRE_X_IKE_SA_INIT, false },
		{ "sa-init-response", IKE_WIRE_X_IKE_SA_INIT, true },
		{ "auth-request", IKE_WIRE_X_IKE_AUTH, false },
		{ "auth-response", IKE_WIRE_X_IKE_AUTH, true },
		{ "child-rekey-request", IKE_WIRE_X_CREATE_CHILD_SA, false },
		{ "child-rekey-response", IKE_WIRE_X_CREATE_CHILD_SA, true },
		{ "ike-rekey-request", IKE_WIRE_X_CREATE_CHILD_SA, false },
		{ "delete", IKE_WIRE_X_INFORMATIONAL, false },
		{ "empty", IKE_WIRE_X_INFORMATIONAL, false },
	};
	struct ike_build b;

	if (i >= SAMPLES)
		return false;
	memset(s, 0, sizeof(*s));
	s->name = list[i].name;
	s->sealed = list[i].exchange != IKE_WIRE_X_IKE_SA_INIT;
	s->hdr.spi_i = 0x0102030405060708;
	s->hdr.spi_r = i ? 0x1112131415161718 : 0;
	s->hdr.exchange = list[i].exchange;
	s->hdr.flags = list[i].response ? IKE_WIRE_F_RESPONSE :
					  IKE_WIRE_F_INITIATOR;
	s->hdr.mid = i;
	ike_build_begin(&b, s->data, sizeof(s->data), &s->hdr);
	switch (i) {
	case 0:
	case 1:
		sample_put_init(&b, i == 1);
		break;
	case 2:
	case 3:
		sample_put_auth(&b, i == 3);
		break;
	case 4:
	case 5:
		sample_put_child(&b, i == 5);
		break;
	case 6:
		sample_put_ike_rekey(&b);
		break;
	case 7:
		sample_put_delete(&b);
		break;
	}
	return ike_build_finish(&b, &s->len) == 0;
}

#endif /* VTUN_HOST_IKE_SAMPLES_H */

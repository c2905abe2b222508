// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stateless cookies, RFC 7296 2.6:
 *
 *   cookie = version | HMAC(secret[version], Ni | IPi | port | SPIi)
 *
 * The secret changes every period; the one before stays good, so a cookie
 * lives for one to two periods. Who answers with it proved its address.
 */
#include "exch.h"

#include <string.h>

#define PERIOD_MS	60000
#define MAC_LEN		32

bool ike_cookie_wanted(struct ike_engine *e)
{
	return e->cfg.force_cookie ||
	       e->half_open >= e->cfg.cookie_threshold;
}

static void rotate(struct ike_engine *e)
{
	uint64_t age = e->now - e->cookie.made;

	if (e->cookie.made && age < PERIOD_MS)
		return;
	e->cookie.version++;
	/* after a long pause the older secret is out of date as well */
	if (!e->cookie.made || age >= 2 * PERIOD_MS)
		ike_engine_random(e, e->cookie.secret, 64);
	else
		ike_engine_random(e, e->cookie.secret[e->cookie.version & 1],
				  32);
	e->cookie.made = e->now ? e->now : 1;
}

static void make(const struct ike_engine *e, const struct ike_in *in,
		 uint8_t version, uint8_t out[MAC_LEN])
{
	struct ike_crypto_seg seg[] = {
		{ in->set->nonce.data, in->set->nonce.len },
		{ in->remote->addr, 16 },
		{ &in->remote->port, sizeof(in->remote->port) },
		{ &in->hdr->spi_i, sizeof(in->hdr->spi_i) },
	};

	if (ike_crypto_prf(IKE_PRF_HMAC_SHA2_256, e->cookie.secret[version & 1],
			   32, seg, 4, out))
		memset(out, 0, MAC_LEN);
}

size_t ike_cookie_make(struct ike_engine *e, const struct ike_in *in,
		       uint8_t out[64])
{
	rotate(e);
	out[0] = e->cookie.version;
	make(e, in, out[0], out + 1);
	return 1 + MAC_LEN;
}

bool ike_cookie_check(struct ike_engine *e, const struct ike_in *in)
{
	const struct ike_wire_notify *n =
		ike_wire_find_notify(in->set, IKE_WIRE_N_COOKIE);
	uint8_t mac[MAC_LEN], version;

	rotate(e);
	if (!n || n->data.len != 1 + MAC_LEN)
		return false;
	version = n->data.data[0];
	if ((uint8_t)(e->cookie.version - version) > 1)
		return false;
	make(e, in, version, mac);
	return ike_crypto_equal(mac, n->data.data + 1, MAC_LEN);
}

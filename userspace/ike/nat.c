// SPDX-License-Identifier: GPL-2.0-or-later
#include "nat.h"

#include <errno.h>
#include <string.h>

#include "build.h"
#include "wire_get.h"

int ike_nat_hash(uint64_t spi_i, uint64_t spi_r, const struct ike_addr *addr,
		 uint8_t out[IKE_CRYPTO_SHA1_LEN])
{
	uint8_t spis[16], port[2];
	const struct ike_crypto_seg seg[] = {
		{ spis, sizeof(spis) },
		{ addr->addr, addr->family == AF_INET6 ? 16 : 4 },
		{ port, sizeof(port) },
	};

	if (addr->family != AF_INET && addr->family != AF_INET6)
		return -EINVAL;
	ike_wire_put64(spis, spi_i);
	ike_wire_put64(spis + 8, spi_r);
	ike_wire_put16(port, addr->port);
	return ike_crypto_sha1(seg, 3, out);
}

/* counts notifies of @type; *match = one of them is @hash */
static unsigned int find(const struct ike_wire_set *set, uint16_t type,
			 const uint8_t *hash, bool *match)
{
	const struct ike_wire_notify *n = set->notify;
	unsigned int i, found = 0;

	*match = false;
	for (i = 0; i < set->n_notify; i++, n++) {
		if (n->type != type)
			continue;
		found++;
		if (n->data.len == IKE_CRYPTO_SHA1_LEN &&
		    memcmp(n->data.data, hash, IKE_CRYPTO_SHA1_LEN) == 0)
			*match = true;
	}
	return found;
}

int ike_nat_check(const struct ike_wire_hdr *hdr,
		  const struct ike_wire_set *set, const struct ike_addr *local,
		  const struct ike_addr *remote, struct ike_nat_seen *seen)
{
	uint8_t src[IKE_CRYPTO_SHA1_LEN], dst[IKE_CRYPTO_SHA1_LEN];
	bool src_ok, dst_ok;
	int ret;

	memset(seen, 0, sizeof(*seen));
	ret = ike_nat_hash(hdr->spi_i, hdr->spi_r, remote, src);
	if (!ret)
		ret = ike_nat_hash(hdr->spi_i, hdr->spi_r, local, dst);
	if (ret)
		return ret;
	if (!find(set, IKE_WIRE_N_NAT_DETECTION_SOURCE_IP, src, &src_ok) ||
	    !find(set, IKE_WIRE_N_NAT_DETECTION_DESTINATION_IP, dst, &dst_ok))
		return 0;
	seen->present = true;
	seen->nat_peer = !src_ok;
	seen->nat_us = !dst_ok;
	return 0;
}

void ike_nat_build(struct ike_build *b, uint64_t spi_i, uint64_t spi_r,
		   const struct ike_addr *local, const struct ike_addr *remote)
{
	uint8_t src[IKE_CRYPTO_SHA1_LEN], dst[IKE_CRYPTO_SHA1_LEN];

	/* without SHA-1 we are a peer that does not know NAT traversal */
	if (ike_nat_hash(spi_i, spi_r, local, src) ||
	    ike_nat_hash(spi_i, spi_r, remote, dst))
		return;
	ike_build_notify(b, IKE_WIRE_N_NAT_DETECTION_SOURCE_IP, src,
			 sizeof(src));
	ike_build_notify(b, IKE_WIRE_N_NAT_DETECTION_DESTINATION_IP, dst,
			 sizeof(dst));
}

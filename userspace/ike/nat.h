/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAT detection, RFC 7296 2.23. */
#ifndef VTUN_IKE_NAT_H
#define VTUN_IKE_NAT_H

#include "crypto.h"
#include "wire.h"

/* SHA-1(SPIi | SPIr | address | port); SPIs as in the header. 0 or -errno */
int ike_nat_hash(uint64_t spi_i, uint64_t spi_r, const struct ike_addr *addr,
		 uint8_t out[IKE_CRYPTO_SHA1_LEN]);

/**
 * struct ike_nat_seen - what the notifies of a message say
 * @present: both kinds were there (a peer without NAT traversal sends none)
 * @nat_peer: no SOURCE hash is that of the address we see: NAT before the peer
 * @nat_us: the DESTINATION hash is not that of our address: NAT before us
 */
struct ike_nat_seen {
	bool present, nat_peer, nat_us;
};

/* evaluates the NAT_DETECTION notifies of @set; addresses as we see them */
int ike_nat_check(const struct ike_wire_hdr *hdr,
		  const struct ike_wire_set *set, const struct ike_addr *local,
		  const struct ike_addr *remote, struct ike_nat_seen *seen);

/* adds both notifies for a message from @local to @remote */
struct ike_build;
void ike_nat_build(struct ike_build *b, uint64_t spi_i, uint64_t spi_r,
		   const struct ike_addr *local, const struct ike_addr *remote);

#endif /* VTUN_IKE_NAT_H */

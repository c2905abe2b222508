// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The engine: the first octet says how far a handshake has come and which side
 * is the victim, then steps follow: an operation, a length, octets.
 *
 *   0 octets as a datagram     1 sealed by the peer: exchange, message ID,
 *   2 deliver what is waiting     response?, type of the first payload, rest
 *   3 time passes              4 a command
 *   5 kernel event
 */
#include "fuzz.h"

#include "../../../selftests/host/ike-duo.h"

static struct duo d;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return ike_crypto_init();
}

static void sealed(unsigned int victim, const uint8_t *data, size_t len)
{
	static const uint8_t exchanges[] = { 35, 36, 37, 34, 38 };
	struct ike_sa *from = duo_sa(&d, !victim), *to = duo_sa(&d, victim);
	static struct duo_inner in;
	uint8_t msg[IKE_MSG_MAX];
	bool response;

	if (len < 4 || len > 2000 || !from || !to || !from->spi_r ||
	    from->spi_i != to->spi_i || !from->tx.key_len)
		return;
	response = data[2] & 1;
	in.first = data[3];
	in.len = len - 4;
	memcpy(in.data, data + 4, in.len);
	len = duo_seal_sa(from, exchanges[data[0] % 5],
			  (response ? to->own_mid : to->peer_mid) +
			  (int8_t)data[1] / 32, response, &in, msg);
	duo_input(&d, victim, msg, len);
}

static void event(unsigned int victim, const uint8_t *data, size_t len)
{
	struct ike_kevent ev = { .kernel_child = 1 };
	struct ike_child *c;
	struct ike_pair *p;

	if (len < 2)
		return;
	ev.type = data[0] % 3;
	ev.hard = data[1] & 1;
	ev.dir = data[1] & 2 ? IKE_DIR_IN : IKE_DIR_OUT;
	ev.cause = data[1] >> 4;
	c = ike_conn_kernel_child(d.s[victim].e, 1);
	ike_list_for_each(p, &c->pairs, node)
		ev.spi = ev.dir == IKE_DIR_IN ? p->spi_in : p->spi_out;
	ike_input_kevent(d.s[victim].e, d.now, &ev);
	duo_collect(&d.s[victim]);
}

static void step(unsigned int victim, unsigned int op, const uint8_t *data,
		 size_t len)
{
	/* nobody carries them: they are lost */
	if (d.n > DUO_QUEUE / 2)
		d.n = 0;
	switch (op % 6) {
	case 0:
		duo_input(&d, victim, data, len);
		break;
	case 1:
		sealed(victim, data, len);
		break;
	case 2:
		duo_run(&d, len ? data[0] % 8 : 1);
		break;
	case 3:
		duo_advance(&d, len ? 100 * data[0] : 500);
		break;
	case 4:
		if (len)
			duo_command(&d, data[0] >> 4 & 1, data[0] % 4,
				    data[0] & 8);
		break;
	case 5:
		event(victim, data, len);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int victim, steps = 0;
	size_t off = 1, len;

	if (!size)
		return 0;
	victim = data[0] >> 7;
	duo_new(&d, data[0] % (DUO_UP + 1));
	while (off + 3 <= size && steps++ < 32) {
		len = ike_wire_get16(data + off + 1);
		if (len > size - off - 3)
			len = size - off - 3;
		step(victim, data[off], data + off + 3, len);
		off += 3 + len;
	}
	/* whatever happened, it ends: at most the retransmissions go on */
	d.mute = true;
	duo_advance(&d, 1000);
	duo_advance(&d, 60000);
	FUZZ_ASSERT(d.s[0].sends < 1000 && d.s[1].sends < 1000);
	FUZZ_ASSERT(duo_sum(&d, 0).sas < 40 && duo_sum(&d, 1).sas < 40);
	duo_end(&d);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ikeabuse: IKE datagrams of a capture, sent again in every state of disrepair
 * with the addresses and ports they had: cut to every length, with and without
 * a corrected length field, every bit turned over, every payload type, as they
 * were.
 *
 *	ikeabuse PCAP DESTINATION [MESSAGES]
 *
 * Takes the first MESSAGES (8) datagrams to DESTINATION from an Ethernet
 * capture of IPv4. Prints how many were sent. 2: usage or no such datagram.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>

#include "util.h"

#define MSG_MAX		2048
#define ETH_LEN		14
#define IKE_LEN_AT	24		/* RFC 7296 3.1 */
#define IKE_NEXT_AT	16
#define IKE_HDR		28

struct abuse {
	int fd;
	struct sockaddr_in to;
	struct iphdr ip;
	struct udphdr udp;
	uint8_t msg[MSG_MAX];
	size_t len;
	size_t marker;			/* 4 behind port 4500 */
	unsigned long sent;
};

static void emit(struct abuse *a, const uint8_t *msg, size_t len)
{
	uint8_t pkt[sizeof(struct iphdr) + sizeof(struct udphdr) + MSG_MAX];
	struct iphdr *ip = (void *)pkt;
	struct udphdr *udp = (void *)(ip + 1);

	*ip = a->ip;
	*udp = a->udp;
	ip->ihl = 5;
	ip->frag_off = 0;
	ip->id = 0;
	ip->check = 0;		/* the kernel fills it in */
	ip->tot_len = htons(sizeof(*ip) + sizeof(*udp) + len);
	udp->len = htons(sizeof(*udp) + len);
	udp->check = 0;		/* none */
	memcpy(udp + 1, msg, len);
	if (sendto(a->fd, pkt, sizeof(*ip) + sizeof(*udp) + len, 0,
		   (void *)&a->to, sizeof(a->to)) < 0)
		err(1, "send");
	/* a daemon that cannot keep up would only drop them unread */
	if (++a->sent % 16 == 0)
		usleep(2000);
}

static void fix_length(uint8_t *msg, size_t len, size_t marker)
{
	uint32_t n = htonl(len - marker);

	if (len >= marker + IKE_HDR)
		memcpy(msg + marker + IKE_LEN_AT, &n, sizeof(n));
}

static void cut(struct abuse *a)
{
	uint8_t msg[MSG_MAX];
	size_t len;

	for (len = 0; len < a->len; len++) {
		memcpy(msg, a->msg, len);
		emit(a, msg, len);
		if (len < a->marker + IKE_HDR)
			continue;
		fix_length(msg, len, a->marker);
		emit(a, msg, len);
	}
}

static void flip(struct abuse *a)
{
	size_t bit, step = a->len > 300 ? 5 : 1;

	for (bit = 0; bit < a->len * 8; bit += bit < 512 ? 1 : step) {
		a->msg[bit / 8] ^= 1 << (bit & 7);
		emit(a, a->msg, a->len);
		a->msg[bit / 8] ^= 1 << (bit & 7);
	}
}

/* another initiator SPI makes it the first message of somebody else */
static void strangers(struct abuse *a)
{
	uint8_t msg[MSG_MAX];
	unsigned int next;
	size_t at = a->marker;

	for (next = 0; next < 256; next++) {
		memcpy(msg, a->msg, a->len);
		msg[at] = 0xee;
		msg[at + 1] = next;
		msg[at + IKE_NEXT_AT] = next;
		emit(a, msg, a->len);
		msg[at + IKE_NEXT_AT] = a->msg[at + IKE_NEXT_AT];
		msg[at + IKE_HDR] = next;	/* of the first payload */
		emit(a, msg, a->len);
		if (a->len < at + IKE_HDR + 4)
			continue;
		msg[at + IKE_HDR] = a->msg[at + IKE_HDR];
		msg[at + IKE_HDR + 2] = 0;	/* its length */
		msg[at + IKE_HDR + 3] = next;
		emit(a, msg, a->len);
	}
}

/* 1: a UDP datagram to the destination is in @a */
static int take(struct abuse *a, const uint8_t *pkt, size_t len)
{
	size_t ihl;

	if (len < ETH_LEN + sizeof(a->ip) || pkt[12] != 8 || pkt[13])
		return 0;
	pkt += ETH_LEN;
	len -= ETH_LEN;
	memcpy(&a->ip, pkt, sizeof(a->ip));
	ihl = a->ip.ihl * 4;
	if (a->ip.protocol != IPPROTO_UDP || len < ihl + sizeof(a->udp) ||
	    a->ip.daddr != a->to.sin_addr.s_addr)
		return 0;
	memcpy(&a->udp, pkt + ihl, sizeof(a->udp));
	a->len = ntohs(a->udp.len) - sizeof(a->udp);
	if (a->len > MSG_MAX || len < ihl + sizeof(a->udp) + a->len)
		return 0;
	memcpy(a->msg, pkt + ihl + sizeof(a->udp), a->len);
	a->marker = ntohs(a->udp.dest) == 4500 ? 4 : 0;
	return a->len >= a->marker + IKE_HDR;
}

int main(int argc, char **argv)
{
	static struct abuse a;
	uint32_t head[6], rec[4];
	unsigned long want, done = 0;
	uint8_t pkt[65536];
	FILE *f;

	if (argc < 3)
		errx(2, "PCAP and DESTINATION, please");
	want = argc > 3 ? parse_num(argv[3], "messages") : 8;
	a.to.sin_family = AF_INET;
	if (inet_pton(AF_INET, argv[2], &a.to.sin_addr) != 1)
		errx(2, "%s", argv[2]);
	f = fopen(argv[1], "r");
	if (!f || fread(head, sizeof(head), 1, f) != 1 ||
	    (head[0] != 0xa1b2c3d4 && head[0] != 0xa1b23c4d))
		errx(2, "%s: no capture", argv[1]);
	a.fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (a.fd < 0)
		err(1, "raw socket");
	while (done < want && fread(rec, sizeof(rec), 1, f) == 1 &&
	       rec[2] <= sizeof(pkt) && fread(pkt, rec[2], 1, f) == 1) {
		if (!take(&a, pkt, rec[2]))
			continue;
		cut(&a);
		flip(&a);
		strangers(&a);
		emit(&a, a.msg, a.len);
		done++;
	}
	fclose(f);
	printf("%lu datagrams made of %lu\n", a.sent, done);
	return done ? 0 : 2;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * forge: ESP packets no honest peer sends, with keys or without.
 *
 *	forge -s SPI -u SUITE -k KEYFILE [-e HIGH] [-b ADDR] [-n PORT [-f FILE]]
 *	      -i SRC -o DST PEER OP…
 *
 * -e: ESN with this high half; -b: outer source; -n: in UDP from this port to
 * 4500 (RFC 3948); -f: each packet is a page of FILE that is never copied, by
 * sendfile(2) and vmsplice(2) in turn, FILE.copy is what they are; -i, -o:
 * addresses of the inner UDP packet, both IPv4 or both IPv6. An OP is
 * NAME:SEQ[-SEQ][:ARG[-ARG]], sent once for every number and every ARG:
 *
 *	valid		as it should be
 *	flip		bit ARG of the ESP packet turned over
 *	cut		only the first ARG octets
 *	grow		ARG octets of zeros behind it
 *	spi		SPI + ARG
 *	next		next header ARG
 *	padlen		pad length ARG, whatever the payload is
 *	padding		octets of padding that do not count 1, 2, 3
 *	dummy		next header 59 with ARG octets of anything
 *	tfc		ARG octets of anything behind the inner packet
 *	short		only the first ARG octets of the inner packet
 *	octet		octet ARG of the inner packet turned over
 *	set		octet ARG / 256 of the inner packet is ARG % 256
 *	raw		ARG / 256 octets and pad length ARG % 256; where there
 *			are that many they count 1, 2, 3; nothing is aligned
 *
 * Exit 0: everything was handed to the kernel. 2: usage.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "util.h"

#define PKT_MAX		4096
#define ESP_HDR		8
#define AEAD_IV		8
#define AEAD_ICV	16
#define BLOCK		16
#define BURST		128	/* no queue on the way holds many more */

/* pages of a file */
struct pages {
	int fd, copy, pipe[2];
	off_t at;
	bool splice;
};

struct forge {
	uint32_t spi, high;
	bool esn;
	const EVP_CIPHER *cipher;
	const EVP_MD *md;		/* NULL: AEAD */
	size_t icv_len, align;
	uint8_t key[96];
	size_t key_len;			/* with salt or integrity key behind */
	struct pages pages;
	unsigned int sent;
	struct sockaddr_storage peer, src, dst;
	socklen_t peer_len;
	int fd;
	uint64_t iv;
};

/* what an operation changes of a packet */
struct twist {
	int flip, cut, grow, next, padlen, shorten, octet, set, dummy, tfc, raw;
	uint32_t spi_add;
	bool padding;
};

struct op {
	char name[16];
	uint32_t seq, seq_end, arg, arg_end;
};

static const struct twist straight = {
	.flip = -1, .cut = -1, .next = -1, .padlen = -1, .shorten = -1,
	.octet = -1, .set = -1, .dummy = -1, .tfc = -1,
	.raw = -1,
};

static void put32(uint8_t *p, uint32_t v)
{
	v = htonl(v);
	memcpy(p, &v, 4);
}

static uint16_t csum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (; len > 1; len -= 2, p += 2)
		sum += p[0] << 8 | p[1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* a UDP packet to the discard port, 16 octets of data */
static size_t inner_packet(const struct forge *f, uint8_t *p)
{
	const struct sockaddr_in6 *s6 = (void *)&f->src, *d6 = (void *)&f->dst;
	const struct sockaddr_in *s4 = (void *)&f->src, *d4 = (void *)&f->dst;
	static const uint8_t udp[24] = { 0, 9, 0, 9, 0, 24 };
	uint16_t sum;

	memset(p, 0, 64);
	if (f->src.ss_family == AF_INET) {
		p[0] = 0x45;
		p[3] = 20 + sizeof(udp);
		p[8] = 64;
		p[9] = IPPROTO_UDP;
		memcpy(p + 12, &s4->sin_addr, 4);
		memcpy(p + 16, &d4->sin_addr, 4);
		sum = csum(p, 20);
		p[10] = sum >> 8;
		p[11] = sum;
		memcpy(p + 20, udp, sizeof(udp));
		return 20 + sizeof(udp);
	}
	p[0] = 0x60;
	p[5] = sizeof(udp);
	p[6] = IPPROTO_UDP;
	p[7] = 64;
	memcpy(p + 8, &s6->sin6_addr, 16);
	memcpy(p + 24, &d6->sin6_addr, 16);
	memcpy(p + 40, udp, sizeof(udp));
	/* a checksum of 0 is not allowed here; nobody looks at it before us */
	p[46] = 1;
	return 40 + sizeof(udp);
}

static size_t raw_text(const struct twist *t, uint8_t next, uint8_t *p)
{
	size_t len = t->raw / 256, pad = t->raw % 256, i;

	memset(p, 0xa5, len);
	if (pad <= len)
		for (i = 0; i < pad; i++)
			p[len - pad + i] = i + 1;
	p[len++] = pad;
	p[len++] = next;
	return len;
}

/* payload, padding, pad length and next header, RFC 4303 2.4 */
static size_t plaintext(const struct forge *f, const struct twist *t,
			uint8_t *p)
{
	size_t len = inner_packet(f, p), pad, i;
	uint8_t next = f->src.ss_family == AF_INET ? 4 : 41;

	if (t->raw >= 0)
		return raw_text(t, next, p);
	if (t->octet >= 0)
		p[t->octet] ^= 0xff;
	if (t->set >= 0)
		p[t->set / 256] = t->set % 256;
	if (t->shorten >= 0)
		len = t->shorten;
	if (t->dummy >= 0) {
		len = t->dummy;
		memset(p, 0xa5, len);
		next = 59;
	}
	if (t->tfc >= 0) {
		memset(p + len, 0xa5, t->tfc);
		len += t->tfc;
	}
	pad = -(len + 2) & (f->align - 1);
	for (i = 0; i < pad; i++)
		p[len++] = t->padding ? 0x77 : i + 1;
	p[len++] = t->padlen >= 0 ? t->padlen : (int)pad;
	p[len++] = t->next >= 0 ? t->next : next;
	return len;
}

static size_t seal_aead(struct forge *f, uint32_t seq, const uint8_t *text,
			size_t len, uint8_t *pkt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t nonce[12], aad[12];
	size_t aad_len = 8;
	int n;

	memcpy(pkt + ESP_HDR, &f->iv, AEAD_IV);
	memcpy(nonce, f->key + f->key_len - 4, 4);
	memcpy(nonce + 4, pkt + ESP_HDR, AEAD_IV);
	put32(aad, f->spi);
	put32(aad + 4, seq);
	if (f->esn) {
		put32(aad + 4, f->high);
		put32(aad + 8, seq);
		aad_len = 12;
	}
	if (!ctx || !EVP_EncryptInit_ex(ctx, f->cipher, NULL, f->key, nonce) ||
	    !EVP_EncryptUpdate(ctx, NULL, &n, aad, aad_len) ||
	    !EVP_EncryptUpdate(ctx, pkt + ESP_HDR + AEAD_IV, &n, text, len) ||
	    !EVP_EncryptFinal_ex(ctx, pkt, &n) ||
	    !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_ICV,
				 pkt + ESP_HDR + AEAD_IV + len))
		errx(1, "cipher");
	EVP_CIPHER_CTX_free(ctx);
	return ESP_HDR + AEAD_IV + len + AEAD_ICV;
}

/* what is no whole block at the end stays as it is */
static size_t seal_cbc(struct forge *f, const uint8_t *text, size_t len,
		       uint8_t *pkt)
{
	size_t key_len = EVP_CIPHER_key_length(f->cipher);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *iv = pkt + ESP_HDR, mac[EVP_MAX_MD_SIZE];
	size_t all = ESP_HDR + BLOCK + len;
	int n;

	memcpy(iv, &f->iv, sizeof(f->iv));
	memcpy(iv + 8, &f->iv, sizeof(f->iv));
	memcpy(iv + BLOCK, text, len);
	if (!ctx || !EVP_EncryptInit_ex(ctx, f->cipher, NULL, f->key, iv) ||
	    !EVP_CIPHER_CTX_set_padding(ctx, 0) ||
	    !EVP_EncryptUpdate(ctx, iv + BLOCK, &n, text, len & -BLOCK))
		errx(1, "cipher");
	EVP_CIPHER_CTX_free(ctx);
	if (f->esn)
		put32(pkt + all, f->high);
	HMAC(f->md, f->key + key_len, f->key_len - key_len, pkt,
	     all + (f->esn ? 4 : 0), mac, NULL);
	memcpy(pkt + all, mac, f->icv_len);
	return all + f->icv_len;
}

static size_t seal(struct forge *f, uint32_t seq, uint32_t spi,
		   const uint8_t *text, size_t len, uint8_t *pkt)
{
	put32(pkt, spi);
	put32(pkt + 4, seq);
	f->iv++;
	return f->md ? seal_cbc(f, text, len, pkt) :
		       seal_aead(f, seq, text, len, pkt);
}

static void open_pages(struct pages *p, const char *path)
{
	char copy[256];

	snprintf(copy, sizeof(copy), "%s.copy", path);
	p->fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	p->copy = open(copy, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (p->fd < 0 || p->copy < 0 || pipe(p->pipe))
		err(1, "%s", path);
}

/* @len octets of the file at @p->at, as they lie in its cache */
static ssize_t push_page(struct forge *f, size_t len)
{
	struct pages *p = &f->pages;
	off_t at = p->at;
	struct iovec iov;
	ssize_t n;

	if (!p->splice)
		return sendfile(f->fd, p->fd, &at, len);
	iov.iov_len = len;
	iov.iov_base = mmap(NULL, PKT_MAX, PROT_READ, MAP_SHARED, p->fd, at);
	if (iov.iov_base == MAP_FAILED)
		err(1, "mmap");
	n = vmsplice(p->pipe[1], &iov, 1, 0);
	if (n == (ssize_t)len)
		n = splice(p->pipe[0], NULL, f->fd, NULL, len, 0);
	munmap(iov.iov_base, PKT_MAX);
	return n;
}

static void emit_page(struct forge *f, const uint8_t *pkt, size_t len)
{
	struct pages *p = &f->pages;

	if (len > PKT_MAX)
		errx(2, "more than a page");
	if (pwrite(p->fd, pkt, len, p->at) != (ssize_t)len ||
	    ftruncate(p->fd, p->at + PKT_MAX) ||
	    pwrite(p->copy, pkt, len, p->at) != (ssize_t)len ||
	    ftruncate(p->copy, p->at + PKT_MAX))
		err(1, "write");
	if (push_page(f, len) != (ssize_t)len)
		err(1, "%zu octets of a file", len);
	p->at += PKT_MAX;
	p->splice = !p->splice;
}

static void emit(struct forge *f, uint32_t seq, const struct twist *t)
{
	uint8_t text[PKT_MAX], pkt[PKT_MAX + 64] = { 0 };
	size_t len;

	len = plaintext(f, t, text);
	len = seal(f, seq, f->spi + t->spi_add, text, len, pkt);
	if (t->flip >= 0)
		pkt[t->flip / 8 % len] ^= 1 << (t->flip & 7);
	if (t->cut >= 0 && (size_t)t->cut < len)
		len = t->cut;
	if (t->grow > 0) {
		memset(pkt + len, 0, t->grow);
		len += t->grow;
	}
	if (f->pages.fd)
		emit_page(f, pkt, len);
	else if (sendto(f->fd, pkt, len, 0, (void *)&f->peer, f->peer_len) < 0)
		warn("%zu octets", len);
	if (++f->sent % BURST == 0)
		usleep(1000);
}

static void run_one(struct forge *f, const struct op *op, uint32_t seq, int arg)
{
	struct twist t = straight;
	const char *n = op->name;

	if (!strcmp(n, "flip"))
		t.flip = arg;
	else if (!strcmp(n, "cut"))
		t.cut = arg;
	else if (!strcmp(n, "grow"))
		t.grow = arg;
	else if (!strcmp(n, "spi"))
		t.spi_add = arg;
	else if (!strcmp(n, "next"))
		t.next = arg;
	else if (!strcmp(n, "padlen"))
		t.padlen = arg;
	else if (!strcmp(n, "padding"))
		t.padding = true;
	else if (!strcmp(n, "dummy"))
		t.dummy = arg;
	else if (!strcmp(n, "tfc"))
		t.tfc = arg;
	else if (!strcmp(n, "short"))
		t.shorten = arg;
	else if (!strcmp(n, "octet"))
		t.octet = arg;
	else if (!strcmp(n, "set"))
		t.set = arg;
	else if (!strcmp(n, "raw"))
		t.raw = arg;
	else if (strcmp(n, "valid"))
		errx(2, "no operation %s", n);
	emit(f, seq, &t);
}

static void parse_range(char *s, const char *what, uint32_t *lo, uint32_t *hi)
{
	char *dash = strchr(s, '-');

	if (dash)
		*dash++ = 0;
	*lo = parse_num(s, what);
	*hi = dash ? parse_num(dash, what) : *lo;
	if (*hi < *lo)
		errx(2, "%s: %u-%u", what, *lo, *hi);
}

/* every ARG gets a number of its own when there are as many of both */
static void run_op(struct forge *f, char *word)
{
	char *save, *name, *seq, *arg;
	uint32_t s, a;
	struct op op = { 0 };

	name = strtok_r(word, ":", &save);
	seq = strtok_r(NULL, ":", &save);
	arg = strtok_r(NULL, ":", &save);
	if (!name || !seq)
		errx(2, "NAME:SEQ, please");
	snprintf(op.name, sizeof(op.name), "%s", name);
	parse_range(seq, "sequence number", &op.seq, &op.seq_end);
	if (arg)
		parse_range(arg, "argument", &op.arg, &op.arg_end);
	if (op.seq_end - op.seq == op.arg_end - op.arg && op.arg_end > op.arg) {
		for (s = op.seq, a = op.arg; s <= op.seq_end; s++, a++)
			run_one(f, &op, s, a);
		return;
	}
	for (a = op.arg; a <= op.arg_end; a++)
		for (s = op.seq; s <= op.seq_end; s++)
			run_one(f, &op, s, a);
}

static void read_key(struct forge *f, const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned int octet;

	if (!file)
		err(1, "%s", path);
	while (f->key_len < sizeof(f->key) &&
	       fscanf(file, "%2x", &octet) == 1)
		f->key[f->key_len++] = octet;
	fclose(file);
}

static void find_suite(struct forge *f, const char *suite)
{
	f->align = 4;
	if (!strcmp(suite, "chacha20poly1305")) {
		f->cipher = EVP_chacha20_poly1305();
	} else if (!strcmp(suite, "aes128gcm16")) {
		f->cipher = EVP_aes_128_gcm();
	} else if (!strcmp(suite, "aes256gcm16")) {
		f->cipher = EVP_aes_256_gcm();
	} else if (!strcmp(suite, "aes128cbc-sha256")) {
		f->cipher = EVP_aes_128_cbc();
		f->md = EVP_sha256();
		f->icv_len = 16;
		f->align = BLOCK;
	} else {
		errx(2, "no suite %s", suite);
	}
}

static void open_outer(struct forge *f, const char *peer, const char *from,
		       const char *port)
{
	bool v6 = strchr(peer, ':');
	struct sockaddr_storage ss;
	socklen_t len;

	/* raw IPv6 sockets insist on a port of zero */
	f->peer_len = parse_addr(peer, port ? "4500" : "", SOCK_DGRAM,
				 &f->peer);
	f->fd = port ? socket(f->peer.ss_family, SOCK_DGRAM, 0) :
		       socket(f->peer.ss_family, SOCK_RAW, IPPROTO_ESP);
	if (f->fd < 0)
		err(1, "socket");
	if (!from && !port)
		return;
	len = parse_addr(from ?: v6 ? "::" : "0.0.0.0", port ?: "", SOCK_DGRAM,
			 &ss);
	if (bind(f->fd, (struct sockaddr *)&ss, len))
		err(1, "bind");
	if (f->pages.fd && connect(f->fd, (void *)&f->peer, f->peer_len))
		err(1, "connect");
}

int main(int argc, char **argv)
{
	static struct forge f;
	const char *key = NULL, *from = NULL, *port = NULL;
	int opt;

	while ((opt = getopt(argc, argv, "s:u:k:e:i:o:b:n:f:")) != -1) {
		if (opt == 's')
			f.spi = parse_num(optarg, "SPI");
		else if (opt == 'u')
			find_suite(&f, optarg);
		else if (opt == 'k')
			key = optarg;
		else if (opt == 'e')
			f.esn = true, f.high = parse_num(optarg, "high half");
		else if (opt == 'i')
			parse_addr(optarg, "", SOCK_DGRAM, &f.src);
		else if (opt == 'o')
			parse_addr(optarg, "", SOCK_DGRAM, &f.dst);
		else if (opt == 'b')
			from = optarg;
		else if (opt == 'n')
			port = optarg;
		else if (opt == 'f')
			open_pages(&f.pages, optarg);
		else
			return 2;
	}
	if (!f.cipher || !key || optind >= argc || !f.src.ss_family ||
	    f.src.ss_family != f.dst.ss_family)
		errx(2, "-s -u -k -i -o and a peer are needed");
	read_key(&f, key);
	open_outer(&f, argv[optind++], from, port);
	f.iv = now_us();
	for (; optind < argc; optind++)
		run_op(&f, argv[optind]);
	return 0;
}

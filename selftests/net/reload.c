// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reload: the module comes and goes, all in use: two gateways are built, and
 * when packets have passed both children at both ends, the module is asked to
 * go while a dump is open, and made to go while somebody listens to events.
 *
 *	reload [-n COUNT] [-r READYFILE] KO NS-A NS-B
 *
 *	10.1.0.1 vt0 [a] ------------- [b] vt0 10.2.0.1	child c, device
 *	10.5.0.1     [a]               [b]     10.6.0.1	child p, policies,
 *							in UDP
 *
 * Traffic is somebody else's: whoever waits for READYFILE, which is written in
 * the first round. The handle that listens and the sockets that were handed
 * over are closed only after the next module has come, every fifth time before
 * the module goes, so that there are orphans. Exit 0: every round was as it
 * should be, and the module is gone.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/syscall.h>

#include "lib/kernel_mnl.h"
#include "util.h"

#define SPI_C		0x2000	/* of a; that of b is one more */
#define SPI_P		0x2010
#define KEY_OCTETS	20	/* AES-128-GCM */
#define PASSED		3	/* packets in by each SA */

struct end {
	const char *name, *outer, *device, *host;
	int ns;
	struct vtun_k *k;
	int socket;
};

static struct end ends[2] = {
	{ "a", "192.0.2.1", "10.1.0.1", "10.5.0.1", -1, NULL, -1 },
	{ "b", "192.0.2.2", "10.2.0.1", "10.6.0.1", -1, NULL, -1 },
};

static uint8_t key[2][KEY_OCTETS];	/* by who sends */
static unsigned int current;

static uint64_t deadline(unsigned int seconds)
{
	return now_us() + seconds * 1000000ULL * slowness();
}

static void open_ns(struct end *e, const char *ns)
{
	char path[128];

	snprintf(path, sizeof(path), "/run/netns/%s", ns);
	e->ns = open(path, O_RDONLY | O_CLOEXEC);
	if (e->ns < 0)
		err(1, "%s", path);
}

static void enter(const struct end *e)
{
	if (setns(e->ns, CLONE_NEWNET))
		err(1, "setns");
}

#define must(e, call)	do {						\
	if (call)							\
		errx(1, "round %u, %s: %s: %s", current, (e)->name,	\
		     #call, vtun_k_error((e)->k));			\
} while (0)

static void load(const char *ko)
{
	int fd = open(ko, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
		err(1, "round %u: %s", current, ko);
	close(fd);
}

static bool unload(void)
{
	return !syscall(SYS_delete_module, "vtun", O_NONBLOCK);
}

/* ---- one end ---- */

static void set_addr(struct vtun_addr *a, const char *text)
{
	a->family = AF_INET;
	inet_pton(AF_INET, text, a->addr);
}

static void set_host(struct vtun_ts *ts, const char *text)
{
	ts->family = AF_INET;
	ts->port_end = 65535;
	inet_pton(AF_INET, text, ts->start);
	memcpy(ts->end, ts->start, 4);
}

static void set_sin(struct sockaddr *sa, const char *text)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)sa;

	sin->sin_family = AF_INET;
	inet_pton(AF_INET, text, &sin->sin_addr);
}

/* its address, and a route to that of the other */
static void give_address(const struct end *e, const struct end *other)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = { .ifr_name = "vt0" };
	struct rtentry route = {
		.rt_dev = r.ifr_name, .rt_flags = RTF_UP | RTF_HOST,
	};

	set_sin(&r.ifr_addr, e->device);
	if (ioctl(fd, SIOCSIFADDR, &r))
		err(1, "round %u: address", current);
	set_sin(&r.ifr_netmask, "255.255.255.0");
	if (ioctl(fd, SIOCSIFNETMASK, &r))
		err(1, "round %u: netmask", current);
	set_sin(&route.rt_dst, other->device);
	if (ioctl(fd, SIOCADDRT, &route))
		err(1, "round %u: route", current);
	close(fd);
}

static void hand_over(struct end *e)
{
	struct sockaddr_in6 any = {
		.sin6_family = AF_INET6, .sin6_port = htons(4500),
	};
	int one = 1;

	e->socket = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (e->socket < 0 ||
	    setsockopt(e->socket, SOL_SOCKET, SO_REUSEADDR, &one,
		       sizeof(one)) ||
	    bind(e->socket, (struct sockaddr *)&any, sizeof(any)))
		err(1, "round %u: port 4500", current);
	must(e, vtun_k_socket_attach(e->k, e->socket));
}

static void install(struct end *e, uint32_t child, uint32_t spi)
{
	struct vtun_k_install ins = {
		.child_id = child, .sw = VTUN_SWITCH_NOW,
	};
	struct vtun_k_sa sa[2] = {};
	int me = e - ends, i;

	for (i = 0; i < 2; i++) {
		sa[i].dir = i ? VTUN_DIR_OUT : VTUN_DIR_IN;
		sa[i].spi = spi + (i ? !me : me);
		sa[i].encr = 20;
		sa[i].key_len = KEY_OCTETS;
		memcpy(sa[i].key, key[i ? me : !me], KEY_OCTETS);
		sa[i].replay_window = VTUN_REPLAY_WINDOW_DEFAULT;
	}
	ins.in = &sa[0];
	ins.out = &sa[1];
	must(e, vtun_k_sa_install(e->k, &ins));
}

static void build(struct end *e, struct end *other)
{
	struct vtun_k_policy protect = { .action = VTUN_ACTION_PROTECT };
	struct vtun_k_child c;
	uint32_t id, device;

	protect.priority = VTUN_POLICY_PRIORITY_DEFAULT;
	enter(e);
	must(e, vtun_k_open(&e->k, VTUN_K_EVENTS));
	hand_over(e);
	must(e, vtun_k_link_add(e->k, "vt0", &device, NULL));
	give_address(e, other);

	vtun_k_child_init(&c);
	strcpy(c.name, "c");
	set_addr(&c.local, e->outer);
	set_addr(&c.remote, other->outer);
	c.ifindex = device;
	must(e, vtun_k_child_add(e->k, &c, &id));
	install(e, id, SPI_C);

	strcpy(c.name, "p");
	c.ifindex = 0;
	c.encap = VTUN_ENCAP_UDP;
	c.given = VTUN_K_BIT(VTUN_A_CHILD_ENCAP);
	must(e, vtun_k_child_add(e->k, &c, &id));
	install(e, id, SPI_P);
	protect.child_id = id;
	set_host(&protect.local, e->host);
	set_host(&protect.remote, other->host);
	must(e, vtun_k_policy_add(e->k, &protect, NULL));
}

/* ---- a round ---- */

static void await_traffic(struct end *e)
{
	uint32_t spi[] = { SPI_C + (e - ends), SPI_P + (e - ends) };
	uint64_t end = deadline(20);
	unsigned int i = 0;
	struct vtun_k_sa sa;

	while (i < 2) {
		must(e, vtun_k_sa_get(e->k, VTUN_DIR_IN, 0, spi[i], &sa));
		if (sa.packets >= PASSED)
			i++;
		else if (now_us() > end)
			errx(1, "round %u: nothing arrives at %s by SPI 0x%x",
			     current, e->name, spi[i]);
		else
			usleep(2000);
	}
}

/* does it stay while a dump of SAs is not read to its end? */
static void held_by_dump(struct end *e)
{
	struct vtun_k *k;
	struct nlmsghdr *h;

	enter(e);
	if (vtun_k_open(&k, 0))
		errx(1, "round %u: %s", current, vtun_k_error(k));
	h = vtun_mnl_request(k, VTUN_CMD_SA_GET, NLM_F_DUMP);
	if (mnl_socket_sendto(k->nl, h, h->nlmsg_len) < 0)
		err(1, "round %u: dump", current);
	if (unload() || errno != EWOULDBLOCK)
		errx(1, "round %u: gone under an open dump", current);
	vtun_k_close(k);
}

/* the last reference of a dump goes in the background */
static void go(void)
{
	uint64_t end = deadline(10);

	while (!unload()) {
		if (errno != EWOULDBLOCK || now_us() > end)
			err(1, "round %u: unloading", current);
		usleep(1000);
	}
}

static void round_of(const char *ko, const char *ready)
{
	struct end before[2];
	int i;

	memcpy(before, ends, sizeof(before));
	load(ko);
	for (i = 0; i < 2; i++) {
		vtun_k_close(before[i].k);
		if (before[i].socket >= 0)
			close(before[i].socket);
		build(&ends[i], &ends[!i]);
	}
	touch_ready(ready);
	for (i = 0; i < 2; i++)
		await_traffic(&ends[i]);
	held_by_dump(&ends[0]);
	for (i = 0; i < 2; i++) {
		if (current % 5 == 0) {
			close(ends[i].socket);
			ends[i].socket = -1;
		}
		must(&ends[i], vtun_k_policy_flush(ends[i].k));
	}
	go();
}

int main(int argc, char **argv)
{
	unsigned int count = 100;
	const char *ready = NULL;
	uint64_t t0 = now_us();
	int opt;

	while ((opt = getopt(argc, argv, "n:r:")) != -1) {
		if (opt == 'n')
			count = parse_num(optarg, "count");
		else if (opt == 'r')
			ready = optarg;
		else
			return 2;
	}
	if (optind + 3 != argc)
		errx(2, "KO NS-A NS-B, please");
	open_ns(&ends[0], argv[optind + 1]);
	open_ns(&ends[1], argv[optind + 2]);
	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		err(1, "getrandom");
	for (current = 1; current <= count; current++) {
		round_of(argv[optind], ready);
		ready = NULL;
	}
	printf("%u times in %lu ms\n", count,
	       (unsigned long)((now_us() - t0) / 1000));
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * ESP in UDP, inbound: RFC 3948. The keying daemon owns the UDP sockets, for
 * its IKE, and hands them over; the module takes what is ESP.
 *
 * A socket that is handed over belongs to vtun alone: an SPI it does not know
 * is not offered to XFRM. Both never share one, as each has a daemon and that
 * its port.
 *
 * The dataplane outlives the daemon. When the owner of a socket goes, a socket
 * of our own takes its place before it leaves the tables of UDP, so that no
 * packet of ESP meets a closed port: the orphan. Of several sockets with equal
 * claim UDP serves the one bound last; a new daemon needs SO_REUSEADDR to bind
 * beside the orphan, which ends when the new socket is handed over. A daemon
 * that does so before it binds, and once more after, loses no packet between.
 * So does who keys by hand: the tool that hands over a socket need not stay.
 *
 * Nothing here refers to the namespace: an orphan does not keep it alive, and
 * the reference to somebody's socket goes when that one is closed.
 */
#include "encap.h"

#include <linux/atomic.h>
#include <linux/ip.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/rcupdate.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/udp.h>
#include <net/udp_tunnel.h>

#include "audit.h"
#include "esp.h"
#include "net.h"
#include "path.h"

#define KEEPALIVE	0xff		/* RFC 3948 2.3 */
#define MARKER_LEN	4		/* RFC 3948 2.2: zeroes, then IKE */
#define REAP_SECONDS	4

/* tasks in encap_destroy() */
static atomic_t destroying = ATOMIC_INIT(0);
/* was there ever a socket whose owner may be on its way to there? */
static bool attached_once;

static void unknown_spi(struct vtun_net *vn, const struct sk_buff *skb,
			__be16 sport, __be16 dport)
{
	struct vtun_path_config seen = { .encap = VTUN_ENCAP_UDP };
	__be32 spi;

	/* encap_rcv() pulled it */
	memcpy(&spi, skb->data, sizeof(spi));
	if (ip_hdr(skb)->version == 4) {
		seen.family = AF_INET;
		seen.remote.s6_addr32[0] = ip_hdr(skb)->saddr;
		seen.local.s6_addr32[0] = ip_hdr(skb)->daddr;
	} else {
		seen.family = AF_INET6;
		seen.remote = ipv6_hdr(skb)->saddr;
		seen.local = ipv6_hdr(skb)->daddr;
	}
	seen.dport = ntohs(sport);
	seen.sport = ntohs(dport);
	vtun_drops_inc(&vn->drops, VTUN_DROP_UNKNOWN_SPI);
	vtun_audit_drop(vn, NULL, VTUN_DROP_UNKNOWN_SPI, spi, &seen);
}

/*
 * A datagram to one of our sockets, data at the UDP header, checksum verified.
 * 1: it is for the socket; 0: consumed. RCU, BH off.
 */
static int encap_rcv(struct sock *sk, struct sk_buff *skb)
{
	unsigned int len = skb->len - sizeof(struct udphdr);
	struct vtun_net *vn = vtun_net(sock_net(sk));
	__be16 sport, dport;
	__be32 marker;

	if (!pskb_may_pull(skb, sizeof(struct udphdr) +
			   min_t(unsigned int, len, MARKER_LEN)))
		goto drop;
	if (unlikely(len < MARKER_LEN)) {
		if (len != 1 ||
		    skb->data[sizeof(struct udphdr)] != KEEPALIVE)
			vtun_drops_inc(&vn->drops, VTUN_DROP_TOO_SHORT);
		goto drop;
	}
	memcpy(&marker, skb->data + sizeof(struct udphdr), sizeof(marker));
	if (!marker) {
		/* nobody reads what an orphan gets */
		if (sk->sk_kern_sock)
			goto drop;
		return 1;
	}
	sport = udp_hdr(skb)->source;
	dport = udp_hdr(skb)->dest;
	__skb_pull(skb, sizeof(struct udphdr));
	skb_reset_transport_header(skb);
	if (likely(vtun_esp_rcv_udp(vn, skb, sport, dport) != -ENOENT))
		return 0;
	unknown_spi(vn, skb, sport, dport);
drop:
	kfree_skb(skb);
	return 0;
}

static int encap_err(struct sock *sk, struct sk_buff *skb)
{
	vtun_esp_udp_err(vtun_net(sock_net(sk)), skb);
	return 0;
}

static void encap_destroy(struct sock *sk);

/* not in use by another; sock lock */
static void hook(struct sock *sk, struct vtun_encap_sock *encap,
		 void (*destroy)(struct sock *sk))
{
	struct udp_sock *up = udp_sk(sk);

	rcu_assign_sk_user_data(sk, encap);
	up->encap_destroy = destroy;
	WRITE_ONCE(up->encap_err_lookup, encap_err);
	WRITE_ONCE(up->encap_rcv, encap_rcv);
	WRITE_ONCE(up->encap_type, UDP_ENCAP_ESPINUDP);
	udp_tunnel_encap_enable(sk);
}

static bool is_hooked(const struct sock *sk)
{
	return READ_ONCE(udp_sk(sk)->encap_rcv) == encap_rcv;
}

bool vtun_encap_owns(const struct sock *sk)
{
	/* a raw socket of that protocol is a smaller one */
	return sk_fullsock(sk) && sk->sk_protocol == IPPROTO_UDP &&
	       sk->sk_type == SOCK_DGRAM && is_hooked(sk);
}

/*
 * Gives the socket back as it came. UDP goes on asking whether it is one with
 * encapsulation, which costs little.
 */
static void unhook(struct sock *sk)
{
	struct udp_sock *up = udp_sk(sk);

	lock_sock(sk);
	if (is_hooked(sk)) {
		WRITE_ONCE(up->encap_type, 0);
		WRITE_ONCE(up->encap_rcv, NULL);
		WRITE_ONCE(up->encap_err_lookup, NULL);
	}
	if (READ_ONCE(up->encap_destroy) == encap_destroy)
		WRITE_ONCE(up->encap_destroy, NULL);
	rcu_assign_sk_user_data(sk, NULL);
	release_sock(sk);
}

/* where the socket is bound now: its owner may do so after ATTACH */
static void note_binding(struct vtun_encap_sock *encap)
{
	const struct sock *sk = encap->sk;

	encap->family = sk->sk_family;
	if (sk->sk_family == AF_INET6)
		encap->addr = sk->sk_v6_rcv_saddr;
	else
		encap->addr.s6_addr32[0] = sk->sk_rcv_saddr;
	encap->port = READ_ONCE(inet_sk(sk)->inet_num);
}

static bool is_bound_to(const struct vtun_encap_sock *encap, u8 family,
			const struct in6_addr *addr, u16 port)
{
	if (encap->family != family || encap->port != port)
		return false;
	if (family == AF_INET)
		return encap->addr.s6_addr32[0] == addr->s6_addr32[0];
	return ipv6_addr_equal(&encap->addr, addr);
}

/* would packets for the one come to the other? */
static bool is_bound_alike(const struct vtun_encap_sock *a,
			   const struct vtun_encap_sock *b)
{
	return is_bound_to(a, b->family, &b->addr, b->port) &&
	       a->sk->sk_bound_dev_if == b->sk->sk_bound_dev_if;
}

/* where packets go has to be found anew */
static void changed(struct vtun_net *vn)
{
	WRITE_ONCE(vn->sockets_gen, vn->sockets_gen + 1);
}

static void orphan_end(struct vtun_encap_sock *encap)
{
	list_del(&encap->node);
	pr_debug("port %u is no longer served for an owner that went\n",
		 encap->port);
	/* packets on their way in are served until a grace period is over */
	sock_release(encap->orphan);
	changed(encap->vn);
	vtun_object_destroyed(VTUN_OBJECT_SOCKET);
	kfree(encap);
}

/* @sk or its owner is no longer ours */
static void user_end(struct vtun_encap_sock *encap)
{
	list_del(&encap->node);
	changed(encap->vn);
	sock_put(encap->sk);
	vtun_object_destroyed(VTUN_OBJECT_SOCKET);
	kfree(encap);
}

static struct vtun_encap_sock *find_sk(struct vtun_net *vn,
				       const struct sock *sk)
{
	struct vtun_encap_sock *encap;

	lockdep_assert_held(&vn->ctl);
	list_for_each_entry(encap, &vn->sockets, node)
		if (encap->sk == sk)
			return encap;
	return NULL;
}

static int orphan_bind(struct socket *sock, const struct vtun_encap_sock *encap)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_addr = encap->addr,
		.sin6_port = htons(encap->port),
		.sin6_scope_id = encap->sk->sk_bound_dev_if,
	};
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = encap->addr.s6_addr32[0],
		.sin_port = htons(encap->port),
	};
	bool v6 = encap->family == AF_INET6;
	void *addr = v6 ? (void *)&sin6 : (void *)&sin;

	return kernel_bind(sock, addr, v6 ? sizeof(sin6) : sizeof(sin));
}

/* a socket beside that of @encap, bound alike; NULL: impossible */
static struct socket *orphan_new(const struct vtun_encap_sock *encap)
{
	struct sock *sk = encap->sk, *own;
	struct socket *sock;
	int err;

	err = sock_create_kern(encap->vn->net, encap->family, SOCK_DGRAM,
			       IPPROTO_UDP, &sock);
	if (err)
		goto err_none;
	own = sock->sk;
	/*
	 * The address may be away for the moment. To coexist both have to be
	 * reusable, but only now: earlier, whoever likes could bind beside the
	 * owner and take its packets.
	 */
	ip_sock_set_freebind(own);
	lock_sock(own);
	own->sk_reuse = SK_CAN_REUSE;
	own->sk_bound_dev_if = sk->sk_bound_dev_if;
	own->sk_ipv6only = sk->sk_ipv6only;
	hook(own, NULL, NULL);
	release_sock(own);
	lock_sock(sk);
	sk->sk_reuse = SK_CAN_REUSE;
	release_sock(sk);
	err = orphan_bind(sock, encap);
	if (!err)
		return sock;
	sock_release(sock);
err_none:
	net_warn_ratelimited("vtun: port %u of ESP in UDP is no longer served, as its owner is gone: error %d\n",
			     encap->port, err);
	return NULL;
}

static bool has_orphan(struct vtun_net *vn, const struct vtun_encap_sock *encap)
{
	struct vtun_encap_sock *other;

	list_for_each_entry(other, &vn->sockets, node)
		if (other->orphan && is_bound_alike(other, encap))
			return true;
	return false;
}

/* ends orphans that @encap makes superfluous */
static void supersede(struct vtun_net *vn, const struct vtun_encap_sock *encap)
{
	struct vtun_encap_sock *other, *tmp;

	list_for_each_entry_safe(other, tmp, &vn->sockets, node)
		if (other != encap && other->orphan &&
		    is_bound_alike(other, encap))
			orphan_end(other);
}

/* its owner closes the socket: it is still served, but not for long */
static void orphan_take(struct vtun_encap_sock *encap)
{
	struct vtun_net *vn = encap->vn;
	struct socket *sock = NULL;

	note_binding(encap);
	if (encap->port && !has_orphan(vn, encap))
		sock = orphan_new(encap);
	if (!sock) {
		user_end(encap);
		return;
	}
	sock_put(encap->sk);
	encap->sk = sock->sk;
	encap->orphan = sock;
	changed(vn);
	pr_debug("port %u is served on without its owner\n", encap->port);
}

/*
 * Called by UDP when the last descriptor of a socket is closed, however that
 * comes. Process context, no lock held; the socket can still be found by
 * packets.
 */
static void encap_destroy(struct sock *sk)
{
	struct vtun_net *vn = vtun_net(sock_net(sk));
	struct vtun_encap_sock *encap;

	atomic_inc(&destroying);
	mutex_lock(&vn->ctl);
	encap = find_sk(vn, sk);
	if (encap) {
		rcu_assign_sk_user_data(sk, NULL);
		orphan_take(encap);
	}
	mutex_unlock(&vn->ctl);
	if (atomic_dec_and_test(&destroying))
		wake_up_var(&destroying);
}

static int check_socket(struct vtun_net *vn, const struct sock *sk,
			struct netlink_ext_ack *extack)
{
	if ((sk->sk_family != AF_INET && sk->sk_family != AF_INET6) ||
	    sk->sk_type != SOCK_DGRAM || sk->sk_protocol != IPPROTO_UDP) {
		NL_SET_ERR_MSG(extack, "descriptor is no UDP socket");
		return -EPROTOTYPE;
	}
	if (!net_eq(sock_net(sk), vn->net)) {
		NL_SET_ERR_MSG(extack, "socket is of another network namespace");
		return -EXDEV;
	}
	return 0;
}

/*
 * An owner may turn off what hook() set and close the socket unheard. Our
 * reference would keep it, and it the namespace, for ever.
 *
 * Return: sockets of owners that remain
 */
static unsigned int reap(struct vtun_net *vn)
{
	struct vtun_encap_sock *encap, *tmp;
	unsigned int n = 0;

	list_for_each_entry_safe(encap, tmp, &vn->sockets, node) {
		if (encap->orphan)
			continue;
		/* encap_destroy() would have been through before */
		if (sock_flag(encap->sk, SOCK_DEAD))
			user_end(encap);
		else
			n++;
	}
	return n;
}

static void reap_later(struct vtun_net *vn)
{
	queue_delayed_work(system_power_efficient_wq, &vn->reaper,
			   REAP_SECONDS * HZ);
}

/* who ends it waits for it with the mutex in its hands */
static void reaper(struct work_struct *work)
{
	struct vtun_net *vn = container_of(to_delayed_work(work),
					   struct vtun_net, reaper);
	unsigned int n = 1;

	if (mutex_trylock(&vn->ctl)) {
		n = reap(vn);
		mutex_unlock(&vn->ctl);
	}
	if (n)
		reap_later(vn);
}

/* a socket that is new to us */
static int attach_sk(struct vtun_net *vn, struct sock *sk,
		     struct netlink_ext_ack *extack)
{
	struct vtun_encap_sock *encap;
	int err = -EBUSY;

	encap = kzalloc(sizeof(*encap), GFP_KERNEL_ACCOUNT);
	if (!encap) {
		NL_SET_ERR_MSG(extack, "no memory for the socket");
		return -ENOMEM;
	}
	encap->vn = vn;
	encap->sk = sk;
	lock_sock(sk);
	if (udp_sk(sk)->encap_type || udp_sk(sk)->encap_rcv ||
	    READ_ONCE(sk->sk_user_data)) {
		NL_SET_ERR_MSG(extack, "socket serves another encapsulation");
		goto err_free_encap;
	}
	sock_hold(sk);
	WRITE_ONCE(attached_once, true);
	hook(sk, encap, encap_destroy);
	release_sock(sk);
	list_add_tail(&encap->node, &vn->sockets);
	changed(vn);
	vtun_object_created(VTUN_OBJECT_SOCKET);
	note_binding(encap);
	supersede(vn, encap);
	reap_later(vn);
	return 0;

err_free_encap:
	release_sock(sk);
	kfree(encap);
	return err;
}

int vtun_encap_attach(struct vtun_net *vn, int fd,
		      struct netlink_ext_ack *extack)
{
	struct vtun_encap_sock *encap;
	struct socket *sock;
	int err;

	lockdep_assert_held(&vn->ctl);
	sock = sockfd_lookup(fd, &err);
	if (!sock) {
		NL_SET_ERR_MSG(extack, "descriptor is no open socket");
		return err;
	}
	err = check_socket(vn, sock->sk, extack);
	if (err)
		goto out_put;
	reap(vn);
	encap = find_sk(vn, sock->sk);
	if (encap) {	/* once more: it is bound by now */
		note_binding(encap);
		supersede(vn, encap);
	} else {
		err = attach_sk(vn, sock->sk, extack);
	}
out_put:
	sockfd_put(sock);
	return err;
}

static void end(struct vtun_encap_sock *encap)
{
	if (encap->orphan) {
		orphan_end(encap);
		return;
	}
	unhook(encap->sk);
	user_end(encap);
}

int vtun_encap_detach(struct vtun_net *vn, u8 family,
		      const struct in6_addr *addr, u16 port,
		      struct netlink_ext_ack *extack)
{
	struct vtun_encap_sock *encap, *tmp;
	bool found = false;

	lockdep_assert_held(&vn->ctl);
	reap(vn);
	list_for_each_entry_safe(encap, tmp, &vn->sockets, node) {
		note_binding(encap);
		if (!is_bound_to(encap, family, addr, port))
			continue;
		end(encap);
		found = true;
	}
	if (found)
		return 0;
	NL_SET_ERR_MSG(extack, "no socket of that address and port");
	return -ENOENT;
}

struct vtun_encap_sock *vtun_encap_nth(struct vtun_net *vn, unsigned int n)
{
	struct vtun_encap_sock *encap;

	lockdep_assert_held(&vn->ctl);
	list_for_each_entry(encap, &vn->sockets, node) {
		if (n--)
			continue;
		note_binding(encap);
		return encap;
	}
	return NULL;
}

void vtun_encap_net_init(struct vtun_net *vn)
{
	INIT_LIST_HEAD(&vn->sockets);
	INIT_DEFERRABLE_WORK(&vn->reaper, reaper);
}

void vtun_encap_net_exit(struct vtun_net *vn)
{
	struct vtun_encap_sock *encap, *tmp;

	lockdep_assert_held(&vn->ctl);
	cancel_delayed_work_sync(&vn->reaper);
	list_for_each_entry_safe(encap, tmp, &vn->sockets, node)
		end(encap);
}

/*
 * Owners keep their sockets, without us. One that closes its socket right now
 * may have read the pointer to encap_destroy() and not have come far: nothing
 * of ours can tell. Until it counts itself it does not sleep, nor after that;
 * so it is over when every task has slept once, none is counted, and every task
 * has slept once more.
 */
void vtun_encap_exit(void)
{
	struct vtun_net *vn;
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net) {
		vn = vtun_net(net);
		mutex_lock(&vn->ctl);
		vtun_encap_net_exit(vn);
		mutex_unlock(&vn->ctl);
	}
	up_read(&net_rwsem);
	if (!attached_once)
		return;
	synchronize_rcu_tasks();
	wait_var_event(&destroying, !atomic_read(&destroying));
	synchronize_rcu_tasks();
}

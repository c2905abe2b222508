// SPDX-License-Identifier: GPL-2.0-or-later
/* Policies and sockets of the pretended kernel. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "kernel_fake.h"
#include "kernel_fake_impl.h"

#define MAX_POLICIES	64
#define MAX_SOCKETS	8

static struct {
	struct vtun_k_policy policies[MAX_POLICIES];
	unsigned int n_policies;
	struct vtun_k_socket sockets[MAX_SOCKETS];
	unsigned int n_sockets;
	uint32_t next_id;
} spd;

void vtun_fake_reset_spd(void)
{
	memset(&spd, 0, sizeof(spd));
	spd.next_id = 1;
}

unsigned int vtun_fake_count_policies(void)
{
	return spd.n_policies;
}

unsigned int vtun_fake_policies_of(uint32_t child_id)
{
	unsigned int i, n = 0;

	for (i = 0; i < spd.n_policies; i++)
		n += spd.policies[i].child_id == child_id;
	return n;
}

/* as the module tells it: that of a child that is gone names none */
static struct vtun_k_policy read_back(const struct vtun_k_policy *p)
{
	struct vtun_k_policy copy = *p;

	if (!vtun_fake_child(p->child_id))
		copy.child_id = 0;
	return copy;
}

static struct vtun_k_policy *policy_find(uint32_t id)
{
	unsigned int i;

	for (i = 0; i < spd.n_policies; i++)
		if (spd.policies[i].id == id)
			return &spd.policies[i];
	return NULL;
}

/* those sides that are given, the module fills in the other */
static int policy_check(struct vtun_k *k, const struct vtun_k_policy *p)
{
	const struct vtun_k_child *child;

	if (p->local.family && p->remote.family &&
	    p->local.family != p->remote.family)
		return vtun_fake_error(k, -EINVAL, "the selectors are of different families");
	if (p->local.family && p->remote.family &&
	    p->local.proto != p->remote.proto)
		return vtun_fake_error(k, -EINVAL, "the selectors are of different protocols");
	if (!p->child_id)
		return 0;
	child = vtun_fake_child(p->child_id);
	if (!child)
		return vtun_fake_error(k, -ENOENT, "no child of that ID");
	if (child->ifindex)
		return vtun_fake_error(k, -EINVAL, "the door of that child is a device");
	return 0;
}

/* ordered by priority alone; the module knows more */
int vtun_k_policy_add(struct vtun_k *k, const struct vtun_k_policy *p,
		      uint32_t *id)
{
	int ret = vtun_fake_enter(k, "policy_add");
	struct vtun_k_policy made = *p;
	unsigned int i;

	if (ret)
		return ret;
	if (p->id && policy_find(p->id))
		return vtun_fake_error(k, -EEXIST, "policy ID is in use");
	ret = policy_check(k, p);
	if (ret)
		return ret;
	if (spd.n_policies == MAX_POLICIES)
		return vtun_fake_error(k, -ENOMEM, "out of memory");
	while (!made.id || policy_find(made.id))
		made.id = spd.next_id++;
	for (i = spd.n_policies++; i; i--) {
		if (spd.policies[i - 1].priority <= made.priority)
			break;
		spd.policies[i] = spd.policies[i - 1];
	}
	spd.policies[i] = made;
	if (id)
		*id = made.id;
	return 0;
}

int vtun_k_policy_del(struct vtun_k *k, uint32_t id)
{
	struct vtun_k_policy *p = policy_find(id);
	int ret = vtun_fake_enter(k, "policy_del");

	if (ret)
		return ret;
	if (!p)
		return vtun_fake_error(k, -ENOENT, "no policy of that ID");
	spd.n_policies--;
	memmove(p, p + 1, (char *)&spd.policies[spd.n_policies] - (char *)p);
	return 0;
}

int vtun_k_policy_get(struct vtun_k *k, uint32_t id, struct vtun_k_policy *p)
{
	struct vtun_k_policy *found = policy_find(id);
	int ret = vtun_fake_enter(k, "policy_get");

	if (ret)
		return ret;
	if (!found)
		return vtun_fake_error(k, -ENOENT, "no policy of that ID");
	*p = read_back(found);
	return 0;
}

int vtun_k_policy_list(struct vtun_k *k, struct vtun_k_policy **list,
		       unsigned int *n)
{
	int ret = vtun_fake_enter(k, "policy_list");
	unsigned int i;

	*list = NULL;
	*n = 0;
	if (ret)
		return ret;
	*n = spd.n_policies;
	*list = vtun_fake_copy(spd.policies, sizeof(**list) * *n);
	for (i = 0; *list && i < *n; i++)
		(*list)[i] = read_back(&spd.policies[i]);
	return 0;
}

int vtun_k_policy_flush(struct vtun_k *k)
{
	int ret = vtun_fake_enter(k, "policy_flush");

	if (!ret)
		spd.n_policies = 0;
	return ret;
}

int vtun_k_socket_attach(struct vtun_k *k, int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} addr;
	struct vtun_k_socket *s = &spd.sockets[spd.n_sockets];
	int ret = vtun_fake_enter(k, "socket_attach");
	socklen_t len = sizeof(addr);

	if (ret)
		return ret;
	memset(&addr, 0, sizeof(addr));
	if (getsockname(fd, &addr.any, &len))
		return vtun_fake_error(k, -ENOTSOCK, "no socket");
	if (spd.n_sockets == MAX_SOCKETS)
		return vtun_fake_error(k, -ENOMEM, "out of memory");
	memset(s, 0, sizeof(*s));
	s->local.family = addr.any.sa_family;
	if (addr.any.sa_family == AF_INET) {
		memcpy(s->local.addr, &addr.in.sin_addr, 4);
		s->port = ntohs(addr.in.sin_port);
	} else {
		memcpy(s->local.addr, &addr.in6.sin6_addr, 16);
		s->port = ntohs(addr.in6.sin6_port);
	}
	spd.n_sockets++;
	return 0;
}

int vtun_k_socket_detach(struct vtun_k *k, const struct vtun_addr *local,
			 uint16_t port)
{
	int ret = vtun_fake_enter(k, "socket_detach");
	unsigned int i;

	if (ret)
		return ret;
	for (i = 0; i < spd.n_sockets; i++) {
		if (spd.sockets[i].port != port ||
		    memcmp(&spd.sockets[i].local, local, sizeof(*local)))
			continue;
		spd.sockets[i] = spd.sockets[--spd.n_sockets];
		return 0;
	}
	return vtun_fake_error(k, -ENOENT, "no such socket");
}

int vtun_k_socket_list(struct vtun_k *k, struct vtun_k_socket **list,
		       unsigned int *n)
{
	int ret = vtun_fake_enter(k, "socket_list");

	*list = NULL;
	*n = 0;
	if (ret)
		return ret;
	*n = spd.n_sockets;
	*list = vtun_fake_copy(spd.sockets, sizeof(**list) * *n);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-or-later
/* vtunctl socket add, socket del, socket list */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vtunctl.h"

static int parse_socket(struct ctl *c, struct vtun_addr *local, uint16_t *port)
{
	struct ctl_opt opts[] = {
		{ "local", ctl_parse_addr, local, true },
		{ "port", ctl_parse_port, port },
		{ NULL }
	};
	int ret;

	*port = VTUN_ENCAP_PORT;
	ret = ctl_opts(c, opts, NULL);
	return ret ? ret : ctl_kernel(c, 0);
}

static int bind_socket(struct ctl *c, const struct vtun_addr *local,
		       uint16_t port)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in sin = { .sin_family = AF_INET };
	bool v4 = local->family == AF_INET;
	char text[VTUN_ADDR_STRLEN];
	int fd, ret, on = 1;

	sin.sin_port = htons(port);
	memcpy(&sin.sin_addr, local->addr, 4);
	sin6.sin6_port = htons(port);
	memcpy(&sin6.sin6_addr, local->addr, 16);
	fd = socket(local->family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP);
	if (fd < 0)
		return fd;
	if (!v4)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	ret = v4 ? bind(fd, (struct sockaddr *)&sin, sizeof(sin)) :
		   bind(fd, (struct sockaddr *)&sin6, sizeof(sin6));
	if (!ret)
		return fd;
	ctl_fail(c, CTL_REFUSED, "port %u of %s: %s", port,
		 vtun_format_addr(local, text), strerror(errno));
	close(fd);
	return -1;
}

/* the module goes on listening when this program and its socket are gone */
int ctl_socket_add(struct ctl *c)
{
	struct vtun_addr local = { 0 };
	uint16_t port;
	int fd, ret;

	ret = parse_socket(c, &local, &port);
	if (ret)
		return ret;
	fd = bind_socket(c, &local, port);
	if (fd < 0)
		return CTL_REFUSED;
	ret = vtun_k_socket_attach(c->k, fd) ? ctl_kernel_fail(c) : CTL_OK;
	close(fd);
	return ret;
}

int ctl_socket_del(struct ctl *c)
{
	struct vtun_addr local = { 0 };
	char text[VTUN_ADDR_STRLEN];
	uint16_t port;
	int ret;

	ret = parse_socket(c, &local, &port);
	if (ret)
		return ret;
	ret = vtun_k_socket_detach(c->k, &local, port);
	if (ret == -ENOENT)
		return ctl_fail(c, CTL_REFUSED, "no socket at port %u of %s",
				port, vtun_format_addr(&local, text));
	return ret ? ctl_kernel_fail(c) : CTL_OK;
}

json_t *ctl_gather_sockets(struct ctl *c)
{
	struct vtun_k_socket *list;
	unsigned int i, n;
	json_t *all;

	if (vtun_k_socket_list(c->k, &list, &n)) {
		ctl_kernel_fail(c);
		return NULL;
	}
	all = json_array();
	for (i = 0; i < n; i++)
		json_array_append_new(all, ctl_model_socket(&list[i]));
	free(list);
	return all;
}

int ctl_socket_list(struct ctl *c)
{
	json_t *all, *one;
	size_t i;
	int ret;

	ret = ctl_end(c);
	if (!ret)
		ret = ctl_kernel(c, 0);
	if (ret)
		return ret;
	all = ctl_gather_sockets(c);
	if (!all)
		return CTL_REFUSED;
	if (c->json)
		return ctl_print_json(json_pack("{s:o}", "sockets", all));
	json_array_foreach(all, i, one)
		ctl_text_socket(one);
	json_decref(all);
	return CTL_OK;
}

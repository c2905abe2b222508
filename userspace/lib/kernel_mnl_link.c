// SPDX-License-Identifier: GPL-2.0-or-later
/* The vtun device, over rtnetlink. */
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "kernel_mnl.h"

struct link {
	uint32_t ifindex;
	unsigned int flags;
	char kind[32];
};

static int take_link(struct vtun_k *k, const struct nlmsghdr *nlh, void *ctx)
{
	const struct nlattr *tb[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	struct link *link = ctx;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return vtun_mnl_fail(k, -EBADMSG, "cut link message");
	memset(tb, 0, sizeof(tb));
	mnl_attr_for_each(attr, nlh, sizeof(*ifi))
		if (mnl_attr_get_type(attr) <= IFLA_MAX)
			tb[mnl_attr_get_type(attr)] = attr;
	vtun_mnl_nest(tb[IFLA_LINKINFO], info, IFLA_INFO_MAX);
	link->ifindex = ifi->ifi_index;
	link->flags = ifi->ifi_flags;
	vtun_mnl_str(info[IFLA_INFO_KIND], link->kind, sizeof(link->kind));
	return 0;
}

static struct nlmsghdr *link_request(struct vtun_k *k, uint16_t type,
				     uint16_t flags, struct ifinfomsg **ifi)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(k->req);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	*ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(**ifi));
	return nlh;
}

static int link_get(struct vtun_k *k, const char *name, struct link *link)
{
	struct vtun_mnl_sink sink = { take_link, link };
	struct ifinfomsg *ifi;
	struct nlmsghdr *nlh;

	memset(link, 0, sizeof(*link));
	nlh = link_request(k, RTM_GETLINK, 0, &ifi);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return vtun_mnl_talk(k, k->rt, &sink);
}

static int link_create(struct vtun_k *k, const char *name)
{
	struct ifinfomsg *ifi;
	struct nlmsghdr *nlh;
	struct nlattr *nest;

	nlh = link_request(k, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi);
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	nest = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_str(nlh, IFLA_INFO_KIND, "vtun");
	mnl_attr_nest_end(nlh, nest);
	return vtun_mnl_talk(k, k->rt, NULL);
}

static int link_up(struct vtun_k *k, const struct link *link)
{
	struct ifinfomsg *ifi;

	link_request(k, RTM_NEWLINK, 0, &ifi);
	ifi->ifi_index = link->ifindex;
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	return vtun_mnl_talk(k, k->rt, NULL);
}

static int link_check(struct vtun_k *k, const char *name)
{
	size_t len = strlen(name);
	int ret = 0;

	if (!len || len >= IFNAMSIZ || strpbrk(name, "/: \t\n") ||
	    !strcmp(name, ".") || !strcmp(name, ".."))
		return vtun_mnl_fail(k, -EINVAL, "\"%.32s\" is no name for a device (1 to %d characters, no blank, \"/\" or \":\")",
				     name, IFNAMSIZ - 1);
	if (!k->rt)
		k->rt = vtun_mnl_socket(k, NETLINK_ROUTE, &ret);
	return ret;
}

int vtun_k_link_add(struct vtun_k *k, const char *name, uint32_t *ifindex,
		    bool *created)
{
	bool made = false;
	struct link link = { 0 };
	int ret;

	ret = link_check(k, name);
	if (ret)
		return ret;
	ret = link_get(k, name, &link);
	if (ret == -ENODEV) {
		ret = link_create(k, name);
		if (ret && ret != -EEXIST)
			return ret;
		made = !ret;
		ret = link_get(k, name, &link);
	}
	if (ret)
		return ret;
	if (strcmp(link.kind, "vtun"))
		return vtun_mnl_fail(k, -EEXIST, "device %s is of kind \"%s\", not \"vtun\"",
				     name, link.kind);
	if (!(link.flags & IFF_UP)) {
		ret = link_up(k, &link);
		if (ret)
			return ret;
	}
	*ifindex = link.ifindex;
	if (created)
		*created = made;
	return 0;
}

int vtun_k_link_index(struct vtun_k *k, const char *name, uint32_t *ifindex)
{
	struct link link = { 0 };
	int ret;

	ret = link_check(k, name);
	if (!ret)
		ret = link_get(k, name, &link);
	if (ret == -ENODEV)
		return vtun_mnl_fail(k, ret, "no device \"%s\"", name);
	if (!ret)
		*ifindex = link.ifindex;
	return ret;
}

int vtun_k_link_name(struct vtun_k *k, uint32_t ifindex,
		     char name[VTUN_K_IFNAME])
{
	if (!if_indextoname(ifindex, name))
		return vtun_mnl_fail(k, -errno, "no device with index %u",
				     ifindex);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vtun device as rtnetlink and ethtool see it: link kind "vtun" with the
 * defaults of its children, statistics by reason, its end with its namespace.
 *
 * Defaults count for children that are created later. Who changes them decides
 * where outer packets go in the namespace the device was born in, so that
 * another namespace it was moved to has no say in it.
 */
#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/in.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <net/ipv6.h>
#include <net/rtnetlink.h>

#include "compat.h"
#include "device.h"
#include "net.h"
#include "netlink_parse.h"

static const struct nla_policy link_policy[IFLA_VTUN_MAX + 1] = {
	[IFLA_VTUN_LOCAL] = { .type = NLA_BINARY, .len = 16 },
	[IFLA_VTUN_REMOTE] = { .type = NLA_BINARY, .len = 16 },
	[IFLA_VTUN_MARK] = { .type = NLA_U32 },
	[IFLA_VTUN_LINK] = { .type = NLA_U32 },
	[IFLA_VTUN_DF] = { .type = NLA_U8 },
	[IFLA_VTUN_DSCP] = { .type = NLA_U8 },
	[IFLA_VTUN_MSS_CLAMP] = { .type = NLA_U16 },
	[IFLA_VTUN_DORMANT] = { .type = NLA_U8 },
};

static bool is_multicast(u8 family, const struct in6_addr *addr)
{
	if (family == AF_INET)
		return ipv4_is_multicast(addr->s6_addr32[0]) ||
		       ipv4_is_lbcast(addr->s6_addr32[0]);
	return ipv6_addr_is_multicast(addr);
}

/* an address of zeros takes the default away */
static int parse_ends(struct vtun_device_defaults *d, struct nlattr *data[],
		      struct netlink_ext_ack *extack)
{
	const struct nlattr *local = data[IFLA_VTUN_LOCAL];
	const struct nlattr *remote = data[IFLA_VTUN_REMOTE];
	u8 local_family = d->family, remote_family = d->family;
	int err = 0;

	if (local)
		err = vtun_parse_addr(local, &local_family, &d->local, extack);
	if (!err && remote)
		err = vtun_parse_addr(remote, &remote_family, &d->remote,
				      extack);
	if (err)
		return err;
	if (is_multicast(local_family, &d->local))
		return vtun_parse_refused(extack, local,
					  "outer source is no unicast address");
	if (is_multicast(remote_family, &d->remote))
		return vtun_parse_refused(extack, remote,
					  "outer destination is no unicast address");
	if (ipv6_addr_any(&d->local))
		d->family = remote_family;
	else if (ipv6_addr_any(&d->remote) || local_family == remote_family)
		d->family = local_family;
	else
		return vtun_parse_refused(extack, remote ?: local,
					  "outer addresses are of different families");
	return 0;
}

static int parse_link(struct vtun_device *vd, struct vtun_device_defaults *d,
		      const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	struct net_device *lower;

	if (!attr)
		return 0;
	d->link = nla_get_u32(attr);
	if (!d->link)
		return 0;
	ASSERT_RTNL();
	lower = d->link > S32_MAX ? NULL :
		__dev_get_by_index(vd->net->net, d->link);
	if (!lower)
		return vtun_parse_refused(extack, attr,
					  "no device of the birth namespace has that index");
	if (lower == vd->dev)
		return vtun_parse_refused(extack, attr,
					  "outer packets cannot leave by the tunnel itself");
	return 0;
}

static int parse_options(struct vtun_device_defaults *d, struct nlattr *data[],
			 struct netlink_ext_ack *extack)
{
	const struct nlattr *attr = data[IFLA_VTUN_DF];

	if (attr) {
		d->df = nla_get_u8(attr);
		if (d->df > VTUN_DF_CLEAR)
			return vtun_parse_refused(extack, attr,
						  "unknown DF setting");
	}
	attr = data[IFLA_VTUN_DSCP];
	if (attr) {
		d->dscp = nla_get_u8(attr);
		if (d->dscp > 63 && d->dscp != VTUN_DSCP_COPY)
			return vtun_parse_refused(extack, attr,
						  "DSCP is neither 0..63 nor copy");
	}
	attr = data[IFLA_VTUN_MSS_CLAMP];
	if (attr) {
		d->mss_clamp = nla_get_u16(attr);
		if (d->mss_clamp > 1 && d->mss_clamp < VTUN_MSS_MIN)
			return vtun_parse_refused(extack, attr,
						  "MSS is too small");
	}
	attr = data[IFLA_VTUN_DORMANT];
	if (attr) {
		if (nla_get_u8(attr) > 1)
			return vtun_parse_refused(extack, attr,
						  "dormant is neither 0 nor 1");
		d->dormant = nla_get_u8(attr);
	}
	if (data[IFLA_VTUN_MARK])
		d->mark = nla_get_u32(data[IFLA_VTUN_MARK]);
	return 0;
}

/* what is absent stays as it is in @d */
static int parse(struct vtun_device *vd, struct vtun_device_defaults *d,
		 struct nlattr *data[], struct netlink_ext_ack *extack)
{
	if (!data)
		return 0;
	return parse_ends(d, data, extack) ?:
	       parse_link(vd, d, data[IFLA_VTUN_LINK], extack) ?:
	       parse_options(d, data, extack);
}

/* vtun_net.ctl, or before anybody knows the device */
static void set_defaults(struct vtun_device *vd,
			 const struct vtun_device_defaults *d)
{
	vd->defaults = *d;
	spin_lock_bh(&vd->net->lock);
	vd->dormant = d->dormant;
	vtun_device_update(vd);
	spin_unlock_bh(&vd->net->lock);
}

static int link_newlink(VTUN_NEWLINK_ARGS)
{
	struct vtun_device_defaults defaults = { .dscp = VTUN_DSCP_COPY };
	struct vtun_device *vd = netdev_priv(dev);
	struct vtun_net *vn = vtun_net(vtun_newlink_net());
	int err;

	vd->dev = dev;
	vd->net = vn;
	INIT_LIST_HEAD(&vd->node);
	INIT_LIST_HEAD(&vd->children);
	err = parse(vd, &defaults, vtun_newlink_data(), extack);
	if (err)
		return err;
	netif_carrier_off(dev);
	err = register_netdevice(dev);
	if (err)
		return err;
	/* only now can children be attached: removal is certain to follow */
	mutex_lock(&vn->ctl);
	set_defaults(vd, &defaults);
	list_add_tail(&vd->node, &vn->devices);
	mutex_unlock(&vn->ctl);
	return 0;
}

static int link_changelink(struct net_device *dev, struct nlattr *tb[],
			   struct nlattr *data[],
			   struct netlink_ext_ack *extack)
{
	struct vtun_device *vd = netdev_priv(dev);
	struct vtun_net *vn = vd->net;
	struct vtun_device_defaults d;
	int err;

	if (!data)
		return 0;
	if (!ns_capable(vn->net->user_ns, CAP_NET_ADMIN)) {
		NL_SET_ERR_MSG(extack, "no right to change outer packets of the birth namespace");
		return -EPERM;
	}
	mutex_lock(&vn->ctl);
	d = vd->defaults;
	err = parse(vd, &d, data, extack);
	if (!err)
		set_defaults(vd, &d);
	mutex_unlock(&vn->ctl);
	return err;
}

static size_t link_get_size(const struct net_device *dev)
{
	return 2 * nla_total_size(16) +		/* LOCAL, REMOTE */
	       2 * nla_total_size(4) +		/* MARK, LINK */
	       3 * nla_total_size(1) +		/* DF, DSCP, DORMANT */
	       nla_total_size(2);		/* MSS_CLAMP */
}

static int put_addr(struct sk_buff *skb, int type, u8 family,
		    const struct in6_addr *addr)
{
	if (ipv6_addr_any(addr))
		return 0;
	return nla_put(skb, type, family == AF_INET ? 4 : 16, addr);
}

/* RTNL, which everybody who changes the defaults holds, too */
static int link_fill_info(struct sk_buff *skb, const struct net_device *dev)
{
	const struct vtun_device *vd = netdev_priv(dev);
	const struct vtun_device_defaults *d = &vd->defaults;

	if (put_addr(skb, IFLA_VTUN_LOCAL, d->family, &d->local) ||
	    put_addr(skb, IFLA_VTUN_REMOTE, d->family, &d->remote) ||
	    nla_put_u32(skb, IFLA_VTUN_MARK, d->mark) ||
	    nla_put_u32(skb, IFLA_VTUN_LINK, d->link) ||
	    nla_put_u8(skb, IFLA_VTUN_DF, d->df) ||
	    nla_put_u8(skb, IFLA_VTUN_DSCP, d->dscp) ||
	    nla_put_u16(skb, IFLA_VTUN_MSS_CLAMP, d->mss_clamp) ||
	    nla_put_u8(skb, IFLA_VTUN_DORMANT, d->dormant))
		return -EMSGSIZE;
	return 0;
}

static struct net *link_net(const struct net_device *dev)
{
	const struct vtun_device *vd = netdev_priv(dev);

	return vd->net->net;
}

static struct rtnl_link_ops link_ops __read_mostly = {
	.kind = KBUILD_MODNAME,
	.maxtype = IFLA_VTUN_MAX,
	.policy = link_policy,
	.priv_size = sizeof(struct vtun_device),
	.setup = vtun_device_setup,
	.newlink = link_newlink,
	.changelink = link_changelink,
	.get_size = link_get_size,
	.fill_info = link_fill_info,
	.get_link_net = link_net,
};

static void ethtool_drvinfo(struct net_device *dev,
			    struct ethtool_drvinfo *info)
{
	strscpy(info->driver, KBUILD_MODNAME, sizeof(info->driver));
	strscpy(info->version, VTUN_VERSION, sizeof(info->version));
}

static int ethtool_count(struct net_device *dev, int set)
{
	return set == ETH_SS_STATS ? VTUN_DROP_MAX : -EOPNOTSUPP;
}

static void ethtool_names(struct net_device *dev, u32 set, u8 *data)
{
	enum vtun_drop why;

	if (set != ETH_SS_STATS)
		return;
	for (why = 1; why <= VTUN_DROP_MAX; why++)
		ethtool_sprintf(&data, "%s", vtun_drop_name(why));
}

static void ethtool_values(struct net_device *dev, struct ethtool_stats *stats,
			   u64 *data)
{
	struct vtun_device *vd = netdev_priv(dev);
	enum vtun_drop why;

	for (why = 1; why <= VTUN_DROP_MAX; why++)
		*data++ = atomic64_read(&vd->drops.n[why]);
}

const struct ethtool_ops vtun_device_ethtool_ops = {
	.get_drvinfo = ethtool_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_sset_count = ethtool_count,
	.get_strings = ethtool_names,
	.get_ethtool_stats = ethtool_values,
};

/*
 * The birth namespace ends: its devices go, wherever they live. A pernet
 * device, so that this comes before namespaces lose their own devices.
 */
static void __net_exit net_exit_batch(struct list_head *nets)
{
	struct vtun_device *vd;
	struct net *net;
	LIST_HEAD(gone);

	rtnl_lock();
	list_for_each_entry(net, nets, exit_list)
		list_for_each_entry(vd, &vtun_net(net)->devices, node)
			unregister_netdevice_queue(vd->dev, &gone);
	unregister_netdevice_many(&gone);
	rtnl_unlock();
}

static struct pernet_operations net_ops = {
	.exit_batch = net_exit_batch,
};

int vtun_device_init(void)
{
	int err;

	err = register_pernet_device(&net_ops);
	if (err)
		return err;
	err = rtnl_link_register(&link_ops);
	if (err)
		unregister_pernet_device(&net_ops);
	return err;
}

void vtun_device_exit(void)
{
	rtnl_link_unregister(&link_ops);
	unregister_pernet_device(&net_ops);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/netlink/rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netconf.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>

#include "common/array.h"
#include "netctl/netlink/netlink.h"

#define BUFFER_SIZE (8 * 1024 * 1024)

struct rtnl {
	struct netlink *netlink;
	uint32_t first_seq; /* of the open batch */
	unsigned char *batch;
	size_t size, used;
	size_t last;
};

struct rtnl *rtnl_new(void)
{
	struct rtnl *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->netlink = netlink_new(NETLINK_ROUTE, BUFFER_SIZE);
	if (!r->netlink) {
		rtnl_free(r);
		return NULL;
	}
	return r;
}

void rtnl_free(struct rtnl *r)
{
	if (!r)
		return;
	netlink_free(r->netlink);
	free(r->batch);
	free(r);
}

struct nl_msg *rtnl_message(int type, int flags, const void *body, size_t len)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);

	if (!msg ||
	    nlmsg_append(msg, (void *)(uintptr_t)body, len, NLMSG_ALIGNTO) < 0)
		fatal("rtnetlink: no memory for a message");
	return msg;
}

/* --- sending and waiting ----------------------------------------------- */

void rtnl_put(struct rtnl *r, struct nl_msg *msg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	size_t len = NLMSG_ALIGN(nlh->nlmsg_len);
	unsigned char *grown;

	if (r->size - r->used < len) {
		size_t size = r->size * 2 + len + 4096;

		grown = realloc(r->batch, size);
		if (!grown)
			fatal("rtnetlink: no memory for a batch");
		r->batch = grown;
		r->size = size;
	}
	nlh->nlmsg_seq = netlink_next(r->netlink);
	if (!r->used)
		r->first_seq = nlh->nlmsg_seq;
	r->last = r->used;
	memset(r->batch + r->used, 0, len);
	memcpy(r->batch + r->used, nlh, nlh->nlmsg_len);
	r->used += len;
	nlmsg_free(msg);
}

int rtnl_commit(struct rtnl *r)
{
	struct nlmsghdr *last = (struct nlmsghdr *)(r->batch + r->last);
	struct netlink_batch batch = { .first = r->first_seq, .good = -EEXIST };
	size_t used = r->used;
	int error = 0;
	int err;

	if (!used)
		return 0;
	r->used = 0;
	last->nlmsg_flags |= NLM_F_ACK;
	batch.last = last->nlmsg_seq;
	err = netlink_send(r->netlink, r->batch, used, &batch, &error);
	return err ? err : error;
}

int rtnl_request(struct rtnl *r, struct nl_msg *msg)
{
	int err = rtnl_commit(r);

	if (err)
		log_debug("rtnetlink: an earlier batch: %s", strerror(-err));
	rtnl_put(r, msg);
	return rtnl_commit(r);
}

int rtnl_dump(struct rtnl *r, struct nl_msg *msg, netlink_fn *on_message,
	      void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	int err;

	nlh->nlmsg_flags |= NLM_F_DUMP;
	err = netlink_ask(r->netlink, nlh, on_message, arg);
	nlmsg_free(msg);
	return err;
}

/* --- neighbours -------------------------------------------------------- */

/* States in which the kernel vouches for the link-layer address. */
#define NEIGHBOUR_KNOWN                                                        \
	(NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT)

static bool parse_neighbour(const struct nlmsghdr *nlh, struct mac *mac,
			    struct addr *a, uint32_t *ifindex)
{
	const struct ndmsg *ndm = nlmsg_data(nlh);
	struct nlattr *tb[NDA_MAX + 1];

	if (nlh->nlmsg_type != RTM_NEWNEIGH ||
	    nlmsg_parse((struct nlmsghdr *)(uintptr_t)nlh, sizeof(*ndm), tb,
			NDA_MAX, NULL) < 0)
		return false;
	memset(a, 0, sizeof(*a));
	a->family = ndm->ndm_family;
	if (!(ndm->ndm_state & NEIGHBOUR_KNOWN) || !addr_len(a) ||
	    !tb[NDA_DST] || !tb[NDA_LLADDR] ||
	    nla_len(tb[NDA_DST]) != (int)addr_len(a) ||
	    nla_len(tb[NDA_LLADDR]) != sizeof(*mac))
		return false;
	memcpy(a->byte, nla_data(tb[NDA_DST]), addr_len(a));
	memcpy(mac, nla_data(tb[NDA_LLADDR]), sizeof(*mac));
	*ifindex = (uint32_t)ndm->ndm_ifindex;
	return true;
}

struct neighbour {
	uint32_t ifindex;
	const struct addr *address;
	struct mac *mac;
	bool is_found;
};

static int on_asked_neighbour(const struct nlmsghdr *nlh, void *arg)
{
	struct neighbour *n = arg;
	struct addr a;
	uint32_t ifindex;

	n->is_found = parse_neighbour(nlh, n->mac, &a, &ifindex) &&
		      ifindex == n->ifindex && addr_equal(&a, n->address);
	return 0;
}

static int ask_neighbour(struct rtnl *r, uint32_t ifindex, const struct addr *a,
			 netlink_fn *fn, void *arg)
{
	struct ndmsg ndm = { .ndm_family = a->family,
			     .ndm_ifindex = (int)ifindex };
	struct nl_msg *msg;
	int err = -EINVAL;

	if (!addr_len(a))
		return err;
	msg = rtnl_message(RTM_GETNEIGH, NLM_F_ACK, &ndm, sizeof(ndm));
	if (nla_put(msg, NDA_DST, (int)addr_len(a), a->byte) == 0)
		err = netlink_ask(r->netlink, nlmsg_hdr(msg), fn, arg);
	nlmsg_free(msg);
	return err;
}

int rtnl_find_neighbour(struct rtnl *r, uint32_t ifindex, const struct addr *a,
			struct mac *mac)
{
	struct neighbour n = { ifindex, a, mac, false };
	int err = ask_neighbour(r, ifindex, a, on_asked_neighbour, &n);

	return err ? err : n.is_found ? 0 : -ENOENT;
}

static int on_state(const struct nlmsghdr *nlh, void *arg)
{
	const struct ndmsg *ndm = nlmsg_data(nlh);

	if (nlh->nlmsg_type == RTM_NEWNEIGH)
		*(uint16_t *)arg = ndm->ndm_state;
	return 0;
}

int rtnl_read_neighbour_state(struct rtnl *r, const struct addr *a,
			      uint16_t *state)
{
	int err;

	*state = 0;
	err = ask_neighbour(r, a->ifindex, a, on_state, state);
	return err == -ENOENT ? 0 : err;
}

struct neighbour_list {
	uint32_t ifindex;
	rtnl_neighbour_fn *on_neighbour;
	void *arg;
};

static int on_neighbour_message(const struct nlmsghdr *nlh, void *arg)
{
	struct neighbour_list *l = arg;
	struct mac mac;
	struct addr a;
	uint32_t ifindex;

	if (parse_neighbour(nlh, &mac, &a, &ifindex) && ifindex == l->ifindex)
		l->on_neighbour(&mac, &a, l->arg);
	return 0;
}

int rtnl_list_neighbours(struct rtnl *r, uint32_t ifindex,
			 rtnl_neighbour_fn *on_neighbour, void *arg)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct neighbour_list l = { ifindex, on_neighbour, arg };

	for (size_t i = 0; i < sizeof(families); i++) {
		struct ndmsg ndm = { .ndm_family = families[i] };
		struct nl_msg *msg =
			rtnl_message(RTM_GETNEIGH, 0, &ndm, sizeof(ndm));
		int err;

		nla_put_u32(msg, NDA_IFINDEX, ifindex);
		err = rtnl_dump(r, msg, on_neighbour_message, &l);
		if (err)
			return err;
	}
	return 0;
}

/* --- devices ----------------------------------------------------------- */

static void copy_text(char *to, size_t size, struct nlattr *from)
{
	if (from)
		nla_strlcpy(to, from, size);
}

static uint32_t index_of(struct nlattr *attr)
{
	return attr && nla_len(attr) == sizeof(uint32_t) ? nla_get_u32(attr)
							 : 0;
}

static void parse_kind(struct rtnl_link *l, struct nlattr *info)
{
	struct nlattr *tb[IFLA_INFO_MAX + 1];

	if (info && nla_parse_nested(tb, IFLA_INFO_MAX, info, NULL) == 0)
		copy_text(l->kind, sizeof(l->kind), tb[IFLA_INFO_KIND]);
}

struct link_list {
	rtnl_link_fn *on_link;
	void *arg;
};

static int on_link_message(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = nlmsg_data(nlh);
	const struct link_list *list = arg;
	struct nlattr *tb[IFLA_MAX + 1];
	struct rtnl_link l = { .ifindex = (uint32_t)ifi->ifi_index };

	if (nlh->nlmsg_type != RTM_NEWLINK ||
	    nlmsg_parse((struct nlmsghdr *)(uintptr_t)nlh, sizeof(*ifi), tb,
			IFLA_MAX, NULL) < 0)
		return 0;
	copy_text(l.name, sizeof(l.name), tb[IFLA_IFNAME]);
	parse_kind(&l, tb[IFLA_LINKINFO]);
	l.master = index_of(tb[IFLA_MASTER]);
	if (!tb[IFLA_LINK_NETNSID])
		l.lower = index_of(tb[IFLA_LINK]);
	list->on_link(&l, list->arg);
	return 0;
}

int rtnl_list_links(struct rtnl *r, rtnl_link_fn *on_link, void *arg)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct link_list list = { on_link, arg };

	return rtnl_dump(r, rtnl_message(RTM_GETLINK, 0, &ifi, sizeof(ifi)),
			 on_link_message, &list);
}

/* --- addresses of this box --------------------------------------------- */

struct address_list {
	rtnl_address_fn *on_address;
	void *arg;
};

/* On a point-to-point device IFA_ADDRESS is the other end (if_addr.h). */
static int on_address_message(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifaddrmsg *ifa = nlmsg_data(nlh);
	const struct address_list *list = arg;
	struct rtnl_address a = { .addr = { .family = ifa->ifa_family,
					    .ifindex = ifa->ifa_index },
				  .prefix = ifa->ifa_prefixlen };
	struct nlattr *tb[IFA_MAX + 1], *own;

	if (nlh->nlmsg_type != RTM_NEWADDR ||
	    nlmsg_parse((struct nlmsghdr *)(uintptr_t)nlh, sizeof(*ifa), tb,
			IFA_MAX, NULL) < 0)
		return 0;
	own = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	if (ifa->ifa_flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED) ||
	    !addr_len(&a.addr) || !own ||
	    nla_len(own) != (int)addr_len(&a.addr))
		return 0;
	memcpy(a.addr.byte, nla_data(own), addr_len(&a.addr));
	list->on_address(&a, list->arg);
	return 0;
}

int rtnl_list_addresses(struct rtnl *r, rtnl_address_fn *on_address, void *arg)
{
	struct ifaddrmsg ifa = { .ifa_family = AF_UNSPEC };
	struct address_list list = { on_address, arg };

	return rtnl_dump(r, rtnl_message(RTM_GETADDR, 0, &ifa, sizeof(ifa)),
			 on_address_message, &list);
}

/* --- routes ------------------------------------------------------------ */

static int on_route(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtmsg *rtm = nlmsg_data(nlh);
	struct nlattr *tb[RTA_MAX + 1];

	struct rtnl_route *found = arg;
	struct addr *gateway = &found->gateway;

	if (nlh->nlmsg_type != RTM_NEWROUTE || rtm->rtm_type != RTN_UNICAST ||
	    nlmsg_parse((struct nlmsghdr *)(uintptr_t)nlh, sizeof(*rtm), tb,
			RTA_MAX, NULL) < 0 ||
	    !tb[RTA_OIF])
		return 0;
	found->oif = nla_get_u32(tb[RTA_OIF]);
	gateway->family = rtm->rtm_family;
	gateway->ifindex = found->oif;
	if (tb[RTA_GATEWAY] &&
	    nla_len(tb[RTA_GATEWAY]) == (int)addr_len(gateway))
		memcpy(gateway->byte, nla_data(tb[RTA_GATEWAY]),
		       addr_len(gateway));
	else
		gateway->family = AF_UNSPEC;
	return 0;
}

int rtnl_find_route(struct rtnl *r, const struct rtnl_route_ask *ask,
		    struct rtnl_route *found)
{
	int len = (int)addr_len(&ask->to);
	struct rtmsg rtm = {
		.rtm_family = ask->to.family,
		.rtm_dst_len = (unsigned char)(len * 8),
		.rtm_src_len = (unsigned char)(len * 8),
	};
	struct nl_msg *msg =
		rtnl_message(RTM_GETROUTE, NLM_F_ACK, &rtm, sizeof(rtm));
	int err;

	if (nla_put(msg, RTA_DST, len, ask->to.byte) < 0 ||
	    nla_put(msg, RTA_SRC, len, ask->from.byte) < 0 ||
	    nla_put_u32(msg, RTA_IIF, ask->iif) < 0)
		fatal("rtnetlink: no memory for a message");
	*found = (struct rtnl_route){ 0 };
	err = netlink_ask(r->netlink, nlmsg_hdr(msg), on_route, found);
	nlmsg_free(msg);
	return err || found->oif ? err : -ENETUNREACH;
}

static int on_listed_route(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtmsg *rtm = nlmsg_data(nlh);
	const struct address_list *list = arg;
	struct rtnl_address net = { .addr = { .family = rtm->rtm_family },
				    .prefix = rtm->rtm_dst_len };
	struct nlattr *tb[RTA_MAX + 1];

	if (nlh->nlmsg_type != RTM_NEWROUTE || rtm->rtm_type != RTN_UNICAST ||
	    rtm->rtm_flags & RTM_F_CLONED || !rtm->rtm_dst_len ||
	    nlmsg_parse((struct nlmsghdr *)(uintptr_t)nlh, sizeof(*rtm), tb,
			RTA_MAX, NULL) < 0 ||
	    tb[RTA_GATEWAY] || tb[RTA_VIA] || !tb[RTA_OIF] || !tb[RTA_DST] ||
	    !addr_len(&net.addr) ||
	    nla_len(tb[RTA_DST]) != (int)addr_len(&net.addr))
		return 0;
	net.addr.ifindex = nla_get_u32(tb[RTA_OIF]);
	memcpy(net.addr.byte, nla_data(tb[RTA_DST]), addr_len(&net.addr));
	list->on_address(&net, list->arg);
	return 0;
}

int rtnl_list_link_nets(struct rtnl *r, rtnl_address_fn *on_net, void *arg)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct address_list list = { on_net, arg };
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(families) && !err; i++) {
		struct rtmsg rtm = { .rtm_family = families[i] };

		err = rtnl_dump(
			r, rtnl_message(RTM_GETROUTE, 0, &rtm, sizeof(rtm)),
			on_listed_route, &list);
	}
	return err;
}

/* --- filters ----------------------------------------------------------- */

/* Each classifier has its actions elsewhere; by its name one is found anyway.
 */
static int on_filter(const struct nlmsghdr *nlh, void *arg)
{
	static const char action[] = "mirred";

	if (nlh->nlmsg_type == RTM_NEWTFILTER &&
	    memmem(nlh, nlh->nlmsg_len, action, sizeof(action)))
		*(bool *)arg = true;
	return 0;
}

int rtnl_find_redirect(struct rtnl *r, uint32_t ifindex, bool *is_found)
{
	const struct tcmsg tcm = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = (int)ifindex,
		.tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
	};

	*is_found = false;
	return rtnl_dump(r, rtnl_message(RTM_GETTFILTER, 0, &tcm, sizeof(tcm)),
			 on_filter, is_found);
}

/* --- forwarding -------------------------------------------------------- */

/* NETCONFA_FORCE_FORWARDING of Linux 6.17, which other headers lack. */
#define FORCE_FORWARDING 9

struct netconf_ask {
	int ifindex; /* or NETCONFA_IFINDEX_ALL */
	int key;
	bool is_off;
};

static int on_netconf(const struct nlmsghdr *nlh, void *arg)
{
	struct netconf_ask *ask = arg;
	struct nlattr *tb[FORCE_FORWARDING + 1];

	if (nlh->nlmsg_type == RTM_NEWNETCONF &&
	    nlmsg_parse((struct nlmsghdr *)(uintptr_t)nlh,
			sizeof(struct netconfmsg), tb, FORCE_FORWARDING,
			NULL) == 0)
		ask->is_off = !tb[ask->key] || !nla_get_u32(tb[ask->key]);
	return 0;
}

static bool is_off(struct rtnl *r, struct netconf_ask ask)
{
	struct netconfmsg ncm = { .ncm_family = AF_INET6 };
	struct nl_msg *msg =
		rtnl_message(RTM_GETNETCONF, NLM_F_ACK, &ncm, sizeof(ncm));
	int err;

	if (nla_put_s32(msg, NETCONFA_IFINDEX, ask.ifindex) < 0)
		fatal("rtnetlink: no memory for a message");
	err = netlink_ask(r->netlink, nlmsg_hdr(msg), on_netconf, &ask);
	nlmsg_free(msg);
	return !err && ask.is_off;
}

bool rtnl_forwards_ipv6(struct rtnl *r, uint32_t iif)
{
	const struct netconf_ask all = { NETCONFA_IFINDEX_ALL,
					 NETCONFA_FORWARDING, false };
	const struct netconf_ask one = { (int)iif, FORCE_FORWARDING, false };

	return !is_off(r, all) || !is_off(r, one);
}

/* --- the watch --------------------------------------------------------- */

#define GROUP(number) (1U << ((number)-1))

static int watch_group(uint32_t groups, const struct sock_fprog *filter)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK,
				  .nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_ROUTE);
	int err;

	if (fd < 0)
		return -errno;
	if ((filter && setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter,
				  sizeof(*filter)) < 0) ||
	    bind(fd, (struct sockaddr *)&nl, sizeof(nl)) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int rtnl_watch_links(void)
{
	return watch_group(RTMGRP_LINK, NULL);
}

int rtnl_watch_addresses(void)
{
	return watch_group(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR, NULL);
}

int rtnl_watch_routes(void)
{
	return watch_group(RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE |
				   GROUP(RTNLGRP_IPV4_RULE) |
				   GROUP(RTNLGRP_IPV6_RULE) |
				   GROUP(RTNLGRP_IPV4_NETCONF) |
				   GROUP(RTNLGRP_IPV6_NETCONF),
			   NULL);
}

/* Thousands of classes change; only what happens at a root wakes us. */
int rtnl_watch_roots(void)
{
	static const uint32_t parent_offset =
		NLMSG_HDRLEN + offsetof(struct tcmsg, tcm_parent);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS,
			 offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELQDISC), 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWQDISC), 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, parent_offset),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TC_H_ROOT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog program = {
		.len = ARRAY_SIZE(code),
		.filter = code,
	};

	return watch_group(RTMGRP_TC, &program);
}

void rtnl_watch_drain(int fd)
{
	char buf[8192];
	ssize_t n;

	do
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	while (n > 0 || (n < 0 && (errno == EINTR || errno == ENOBUFS)));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rtnetlink: requests, batches, dumps and the watch on devices. Owns the
 * request socket; messages are built by its users on libnl's nlmsg and nla.
 */
#ifndef STADTTOR_NETCTL_NETLINK_RTNL_H
#define STADTTOR_NETCTL_NETLINK_RTNL_H

#include <stdbool.h>
#include <net/if.h>
#include <stdint.h>

#include <netlink/msg.h>

#include "common/addr.h"
#include "common/log.h"
#include "netctl/netlink/netlink.h"

struct rtnl;

struct rtnl *rtnl_new(void); /* NULL: no socket */
void rtnl_free(struct rtnl *r);

/* A message with its header and a body; never NULL. */
struct nl_msg *rtnl_message(int type, int flags, const void *body, size_t len);

/* Sends msg, frees it, and waits for the answer: 0 or -errno. */
int rtnl_request(struct rtnl *r, struct nl_msg *msg) MUST_CHECK;

/*
 * Takes msg for the next rtnl_commit(), which sends all of them at once. The
 * kernel goes on after one that fails; the first -errno is returned. What is
 * there already (-EEXIST) counts as made.
 */
void rtnl_put(struct rtnl *r, struct nl_msg *msg);
int rtnl_commit(struct rtnl *r) MUST_CHECK;

/* Sends msg with NLM_F_DUMP, frees it, calls on_message for each answer.
 * As netlink_ask(). */
int rtnl_dump(struct rtnl *r, struct nl_msg *msg, netlink_fn *on_message,
	      void *arg) MUST_CHECK;

/*
 * The device behind an address, as the neighbour table of that network knows
 * it (RTM_GETNEIGH). -ENOENT: nobody of that address has been seen there.
 */
int rtnl_find_neighbour(struct rtnl *r, uint32_t ifindex, const struct addr *a,
			struct mac *mac) MUST_CHECK;

/*
 * NUD_* (linux/neighbour.h) of the address on the device of its ifindex, 0:
 * nobody has asked for it of late. 0 or -errno.
 */
int rtnl_read_neighbour_state(struct rtnl *r, const struct addr *a,
			      uint16_t *state) MUST_CHECK;

/* Calls on_neighbour for every address known on the device. */
typedef void rtnl_neighbour_fn(const struct mac *mac, const struct addr *a,
			       void *arg);
int rtnl_list_neighbours(struct rtnl *r, uint32_t ifindex,
			 rtnl_neighbour_fn *on_neighbour, void *arg) MUST_CHECK;

/* A device and its place among others (RTM_GETLINK, if_link.h). */
struct rtnl_link {
	uint32_t ifindex;
	uint32_t
		master; /* the bridge, bond or VRF that it is a port of, or 0 */
	uint32_t lower; /* what it stands on in this namespace, or 0 */
	char name[IFNAMSIZ];
	char kind[16]; /* "vlan", "macvlan"; empty: hardware */
};

/* Calls on_link for each device. */
typedef void rtnl_link_fn(const struct rtnl_link *l, void *arg);
int rtnl_list_links(struct rtnl *r, rtnl_link_fn *on_link,
		    void *arg) MUST_CHECK;

struct rtnl_address {
	struct addr addr; /* its ifindex is that of the device */
	uint32_t prefix;  /* bits of its network */
};

/* Calls on_address for each address of this box that serves by now. */
typedef void rtnl_address_fn(const struct rtnl_address *a, void *arg);
int rtnl_list_addresses(struct rtnl *r, rtnl_address_fn *on_address,
			void *arg) MUST_CHECK;

/*
 * The same of each network that a route without a gateway leads to, the default
 * route aside (RTM_GETROUTE, all tables): its addr is the network's.
 */
int rtnl_list_link_nets(struct rtnl *r, rtnl_address_fn *on_net,
			void *arg) MUST_CHECK;

/*
 * Whether a filter of tc sends what the device receives to another one, as
 * SQM's redirect to an ifb does (RTM_GETTFILTER; classifiers of BPF are not
 * looked into). -errno, -EOPNOTSUPP without classifiers.
 */
int rtnl_find_redirect(struct rtnl *r, uint32_t ifindex,
		       bool *is_found) MUST_CHECK;

/* A packet that the box would forward. */
struct rtnl_route_ask {
	uint32_t iif;
	struct addr from, to; /* of one family */
};

struct rtnl_route {
	uint32_t oif;
	struct addr gateway; /* on that device; AF_UNSPEC: there is none */
};

/*
 * How the kernel would send it on (RTM_GETROUTE, with the rules of policy
 * routing). 0 or -errno: -ENETUNREACH, -EHOSTUNREACH and so on.
 */
int rtnl_find_route(struct rtnl *r, const struct rtnl_route_ask *ask,
		    struct rtnl_route *found) MUST_CHECK;

/*
 * Whether the kernel forwards IPv6 that comes by the device (RTM_GETNETCONF):
 * rtnl_find_route() says so of IPv4 alone (net/ipv6/ip6_output.c,
 * ip6_forward()). true, too, where it cannot be asked.
 */
bool rtnl_forwards_ipv6(struct rtnl *r, uint32_t iif);

/*
 * Non-blocking sockets that become readable when devices come or go, when an
 * address of this box, a route, a rule of policy routing or what is forwarded
 * changes, or the root qdisc of any device.
 * -errno: none to be had.
 */
int rtnl_watch_links(void) MUST_CHECK;
int rtnl_watch_addresses(void) MUST_CHECK;
int rtnl_watch_routes(void) MUST_CHECK;
int rtnl_watch_roots(void) MUST_CHECK;
void rtnl_watch_drain(int fd);

#endif

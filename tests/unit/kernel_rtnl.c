/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Classes, devices, neighbours and connections, as the kernel has them: the
 * functions of rtnl.h, arrivals.h and conntrack.h.
 */
#include "tests/unit/kernel.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "netctl/rules/ruleset.h"

#define CLASSES	   8192
#define DEVICES	   8
#define NEIGHBOURS 128
#define ADDRESSES  256
#define FDB	   4096

static struct {
	struct kernel_class class[CLASSES];
	size_t classes;
	uint32_t root[DEVICES];		      /* ifindex; 0: none */
	struct kernel_device device[DEVICES]; /* ifindex 0: none */
	struct rtnl_address address[ADDRESSES];
	size_t addresses;
	struct {
		uint32_t ifindex;
		struct mac mac;
		struct addr addr;
	} neighbour[NEIGHBOURS];
	size_t neighbours;
	/* eventfds, lent */
	int told, told_links, told_addresses, told_routes, told_arrivals;
	struct {
		uint32_t bridge;
		struct mac mac;
	} fdb[FDB];
	size_t fdb_entries, fdb_told; /* those up to there */
} k;

void kernel_rtnl_boot(void)
{
	memset(&k, 0, sizeof(k));
	k.told = k.told_links = -1;
	k.told_addresses = k.told_routes = k.told_arrivals = -1;
}

/* --- classes ---------------------------------------------------------- */

static uint32_t *root_of(uint32_t ifindex)
{
	for (size_t i = 0; i < DEVICES; i++)
		if (k.root[i] == ifindex)
			return &k.root[i];
	return NULL;
}

bool kernel_has_root(uint32_t ifindex)
{
	return root_of(ifindex);
}

void kernel_remove_root(uint32_t ifindex)
{
	uint32_t *root = root_of(ifindex);

	kernel_must(root, "no such root");
	*root = 0;
	for (size_t i = 0; i < k.classes;)
		if (k.class[i].ifindex == ifindex)
			k.class[i] = k.class[--k.classes];
		else
			i++;
	kernel_tell(k.told);
}

struct kernel_class *kernel_class(uint32_t ifindex, uint32_t minor)
{
	for (size_t i = 0; i < k.classes; i++)
		if (k.class[i].ifindex == ifindex && k.class[i].minor == minor)
			return &k.class[i];
	return NULL;
}

size_t kernel_class_count(uint32_t ifindex)
{
	size_t n = 0;

	for (size_t i = 0; i < k.classes; i++)
		n += k.class[i].ifindex == ifindex;
	return n;
}

static uint64_t rate_of(struct nlattr *rate64, const struct tc_ratespec *spec)
{
	return (rate64 ? nla_get_u64(rate64) : spec->rate) * 8;
}

static int new_class(const struct tcmsg *tcm, struct nlattr *options)
{
	uint32_t ifindex = (uint32_t)tcm->tcm_ifindex;
	uint32_t minor = TC_H_MIN(tcm->tcm_handle);
	struct kernel_class *c = kernel_class(ifindex, minor);
	struct nlattr *tb[TCA_HTB_MAX + 1];
	struct tc_htb_opt opt;

	if (!root_of(ifindex))
		return -ENOENT;
	kernel_must(nla_parse_nested(tb, TCA_HTB_MAX, options, NULL) == 0 &&
			    tb[TCA_HTB_PARMS],
		    "a class without rates");
	memcpy(&opt, nla_data(tb[TCA_HTB_PARMS]), sizeof(opt));
	if (!c) {
		kernel_must(k.classes < CLASSES, "classes");
		c = &k.class[k.classes++];
		*c = (struct kernel_class){ .ifindex = ifindex,
					    .minor = minor };
	}
	c->parent = TC_H_MIN(tcm->tcm_parent);
	c->rate_bps = rate_of(tb[TCA_HTB_RATE64], &opt.rate);
	c->ceil_bps = rate_of(tb[TCA_HTB_CEIL64], &opt.ceil);
	return 0;
}

static int new_root(uint32_t ifindex)
{
	uint32_t *free_root = root_of(0);

	if (!kernel.has_htb)
		return -ENOENT;
	kernel_must(!root_of(ifindex) && free_root, "roots");
	*free_root = ifindex;
	return 0;
}

static int new_leaf(const struct tcmsg *tcm, const char *kind)
{
	struct kernel_class *c = kernel_class((uint32_t)tcm->tcm_ifindex,
					      TC_H_MIN(tcm->tcm_parent));

	if (!strcmp(kind, "fq_codel") && !kernel.has_fq_codel)
		return -ENOENT;
	if (!c)
		return -ENOENT;
	snprintf(c->leaf, sizeof(c->leaf), "%s", kind);
	return 0;
}

static int apply_tc(struct nlmsghdr *nlh)
{
	const struct tcmsg *tcm = nlmsg_data(nlh);
	struct nlattr *tb[TCA_MAX + 1];

	kernel_must(nlmsg_parse(nlh, sizeof(*tcm), tb, TCA_MAX, NULL) == 0,
		    "tc");
	if (nlh->nlmsg_type == RTM_NEWTCLASS)
		return new_class(tcm, tb[TCA_OPTIONS]);
	if (nlh->nlmsg_type == RTM_DELQDISC) {
		kernel_remove_root((uint32_t)tcm->tcm_ifindex);
		return 0;
	}
	kernel_must(nlh->nlmsg_type == RTM_NEWQDISC, "rtnetlink");
	return tcm->tcm_parent == TC_H_ROOT
		       ? new_root((uint32_t)tcm->tcm_ifindex)
		       : new_leaf(tcm, nla_get_string(tb[TCA_KIND]));
}

/* --- rtnl.h ----------------------------------------------------------- */

struct rtnl {
	unsigned int put; /* in the open batch */
	int err;	  /* the first */
};

struct rtnl *rtnl_new(void)
{
	return calloc(1, sizeof(struct rtnl));
}

void rtnl_free(struct rtnl *r)
{
	free(r);
}

struct nl_msg *rtnl_message(int type, int flags, const void *body, size_t len)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);

	kernel_must(msg && nlmsg_append(msg, (void *)(uintptr_t)body, len,
					NLMSG_ALIGNTO) == 0,
		    "memory");
	return msg;
}

int rtnl_request(struct rtnl *r, struct nl_msg *msg)
{
	int err = kernel_count_call(KERNEL_REQUEST);

	(void)r;
	if (!err)
		err = apply_tc(nlmsg_hdr(msg));
	nlmsg_free(msg);
	return err;
}

void rtnl_put(struct rtnl *r, struct nl_msg *msg)
{
	int err = apply_tc(nlmsg_hdr(msg));

	r->put++;
	if (!r->err)
		r->err = err;
	nlmsg_free(msg);
}

int rtnl_commit(struct rtnl *r)
{
	int err = r->put ? kernel_count_call(KERNEL_BATCH) : 0;

	if (!err)
		err = r->err;
	*r = (struct rtnl){ 0 };
	return err;
}

static int answer_root(uint32_t ifindex, netlink_fn *fn, void *arg)
{
	struct tcmsg tcm = { .tcm_ifindex = (int)ifindex,
			     .tcm_parent = TC_H_ROOT,
			     .tcm_handle = kernel.root_is_foreign
						   ? 0x10000
						   : SHAPER_MAJOR << 16 };
	struct nl_msg *msg = rtnl_message(RTM_NEWQDISC, 0, &tcm, sizeof(tcm));
	int err;

	nla_put_string(msg, TCA_KIND,
		       kernel.root_is_foreign ? "fq_codel" : "htb");
	err = fn(nlmsg_hdr(msg), arg);
	nlmsg_free(msg);
	return err;
}

int rtnl_dump(struct rtnl *r, struct nl_msg *msg, netlink_fn *on_message,
	      void *arg)
{
	int err = kernel_count_call(KERNEL_ROOTS);

	(void)r;
	kernel_must(nlmsg_hdr(msg)->nlmsg_type == RTM_GETQDISC, "dump");
	nlmsg_free(msg);
	for (size_t i = 0; i < DEVICES && !err; i++)
		if (kernel.root_is_foreign ? k.device[i].link.ifindex
					   : k.root[i])
			err = answer_root(kernel.root_is_foreign
						  ? k.device[i].link.ifindex
						  : k.root[i],
					  on_message, arg);
	return err;
}

int rtnl_find_neighbour(struct rtnl *r, uint32_t ifindex, const struct addr *a,
			struct mac *mac)
{
	int err = kernel_count_call(KERNEL_FIND_NEIGHBOUR);

	(void)r;
	if (err)
		return err;
	for (size_t i = 0; i < k.neighbours; i++)
		if (k.neighbour[i].ifindex == ifindex &&
		    addr_equal(&k.neighbour[i].addr, a)) {
			*mac = k.neighbour[i].mac;
			return 0;
		}
	return -ENOENT;
}

int rtnl_list_neighbours(struct rtnl *r, uint32_t ifindex,
			 rtnl_neighbour_fn *on_neighbour, void *arg)
{
	int err = kernel_count_call(KERNEL_LIST_NEIGHBOURS);

	(void)r;
	for (size_t i = 0; i < k.neighbours && !err; i++)
		if (k.neighbour[i].ifindex == ifindex)
			on_neighbour(&k.neighbour[i].mac, &k.neighbour[i].addr,
				     arg);
	return err;
}

int rtnl_list_links(struct rtnl *r, rtnl_link_fn *on_link, void *arg)
{
	int failure = kernel_count_call(KERNEL_LIST_LINKS);

	(void)r;
	for (size_t i = 0; i < DEVICES; i++)
		if (k.device[i].link.ifindex)
			on_link(&k.device[i].link, arg);
	return failure;
}

int rtnl_list_addresses(struct rtnl *r, rtnl_address_fn *on_address, void *arg)
{
	int failure = kernel_count_call(KERNEL_LIST_ADDRESSES);

	(void)r;
	for (size_t i = 0; i < k.addresses; i++)
		on_address(&k.address[i], arg);
	return failure;
}

int rtnl_find_redirect(struct rtnl *r, uint32_t ifindex, bool *is_found)
{
	(void)r;
	(void)ifindex;
	*is_found = false;
	return 0;
}

int rtnl_list_link_nets(struct rtnl *r, rtnl_address_fn *on_net, void *arg)
{
	(void)r;
	(void)on_net;
	(void)arg;
	return 0;
}

int rtnl_find_route(struct rtnl *r, const struct rtnl_route_ask *ask,
		    struct rtnl_route *found)
{
	(void)r;
	kernel.route_ask = *ask;
	*found = (struct rtnl_route){ .oif = kernel.route_oif };
	return found->oif ? 0 : -ENETUNREACH;
}

int rtnl_read_neighbour_state(struct rtnl *r, const struct addr *a,
			      uint16_t *state)
{
	(void)r;
	(void)a;
	*state = 0;
	return 0;
}

bool rtnl_forwards_ipv6(struct rtnl *r, uint32_t iif)
{
	(void)r;
	(void)iif;
	return true;
}

int rtnl_watch_links(void)
{
	return kernel_watch(&k.told_links);
}

int rtnl_watch_addresses(void)
{
	return kernel_watch(&k.told_addresses);
}

int rtnl_watch_routes(void)
{
	return kernel_watch(&k.told_routes);
}

int rtnl_watch_roots(void)
{
	return kernel_watch(&k.told);
}

void rtnl_watch_drain(int fd)
{
	kernel_drain(fd);
}

/* --- arrivals.h -------------------------------------------------------- */

int arrivals_open(void)
{
	return kernel_watch(&k.told_arrivals);
}

int arrivals_filter(int fd, const uint32_t *ifindex, size_t count)
{
	(void)fd;
	(void)ifindex;
	(void)count;
	return 0;
}

int arrivals_read(int fd, arrival_fn *on_arrival, void *arg)
{
	if (!kernel_drain(fd))
		return 0;
	for (; k.fdb_told < k.fdb_entries; k.fdb_told++)
		on_arrival(k.fdb[k.fdb_told].bridge, &k.fdb[k.fdb_told].mac,
			   arg);
	return 0;
}

int arrivals_list_bridge(struct rtnl *r, uint32_t bridge,
			 arrival_fn *on_arrival, void *arg)
{
	int err = kernel_count_call(KERNEL_LIST_BRIDGE);

	(void)r;
	for (size_t i = 0; i < k.fdb_entries && !err; i++)
		if (k.fdb[i].bridge == bridge)
			on_arrival(bridge, &k.fdb[i].mac, arg);
	return err;
}

void kernel_arrive_unseen(uint32_t bridge, const struct mac *mac)
{
	kernel_must(k.fdb_entries < FDB, "forwarding table");
	k.fdb[k.fdb_entries].bridge = bridge;
	k.fdb[k.fdb_entries++].mac = *mac;
	k.fdb_told = k.fdb_entries;
}

void kernel_arrive(uint32_t bridge, const struct mac *mac)
{
	size_t told = k.fdb_told;

	kernel_arrive_unseen(bridge, mac);
	k.fdb_told = told;
	kernel_tell(k.told_arrivals);
}

/* --- devices ---------------------------------------------------------- */

void kernel_add_device(const char *name, uint32_t ifindex)
{
	for (size_t i = 0; i < DEVICES; i++) {
		struct rtnl_link *l = &k.device[i].link;

		if (l->ifindex)
			continue;
		k.device[i] = (struct kernel_device){ .is_up = true };
		snprintf(l->name, sizeof(l->name), "%s", name);
		l->ifindex = ifindex;
		kernel_tell(k.told_links);
		return;
	}
	kernel_must(false, "devices");
}

struct kernel_device *kernel_device(uint32_t ifindex)
{
	for (size_t i = 0; i < DEVICES; i++)
		if (k.device[i].link.ifindex == ifindex)
			return &k.device[i];
	kernel_must(false, "no such device");
	return NULL;
}

void kernel_tell_links(void)
{
	kernel_tell(k.told_links);
}

void kernel_add_address(uint32_t ifindex, const char *text, uint32_t prefix)
{
	struct rtnl_address a = { .prefix = prefix };

	kernel_must(k.addresses < ADDRESSES && addr_parse(&a.addr, text),
		    "address");
	a.addr.ifindex = ifindex;
	k.address[k.addresses++] = a;
	kernel_tell(k.told_addresses);
}

void kernel_forget_addresses(void)
{
	k.addresses = 0;
}

void kernel_tell_routes(void)
{
	kernel_tell(k.told_routes);
}

void kernel_add_neighbour(uint32_t ifindex, const struct mac *mac,
			  const struct addr *a)
{
	kernel_must(k.neighbours < NEIGHBOURS, "neighbours");
	k.neighbour[k.neighbours].ifindex = ifindex;
	k.neighbour[k.neighbours].mac = *mac;
	k.neighbour[k.neighbours++].addr = *a;
}

static const struct kernel_device *find_device(const char *name)
{
	for (size_t i = 0; i < DEVICES; i++)
		if (k.device[i].link.ifindex &&
		    (!strcmp(k.device[i].link.name, name) ||
		     !strcmp(k.device[i].alias, name)))
			return &k.device[i];
	return NULL;
}

unsigned int if_nametoindex(const char *name)
{
	const struct kernel_device *d = find_device(name);

	return d ? d->link.ifindex : 0;
}

char *if_indextoname(unsigned int ifindex, char name[IFNAMSIZ])
{
	for (size_t i = 0; i < DEVICES; i++)
		if (ifindex && k.device[i].link.ifindex == ifindex)
			return memcpy(name, k.device[i].link.name, IFNAMSIZ);
	return NULL;
}

/* The flags of a device; nothing else is asked for. */
int ioctl(int fd, unsigned long request, ...)
{
	const struct kernel_device *d;
	struct ifreq *r;
	va_list ap;

	(void)fd;
	va_start(ap, request);
	r = va_arg(ap, struct ifreq *);
	va_end(ap);
	kernel_must(request == SIOCGIFFLAGS, "ioctl");
	d = find_device(r->ifr_name);
	if (!d) {
		errno = ENODEV;
		return -1;
	}
	r->ifr_flags = d->is_up ? IFF_UP | IFF_RUNNING : IFF_UP;
	return 0;
}

/* --- conntrack.h ------------------------------------------------------ */

struct conntrack {
	char none;
};

struct conntrack *conntrack_new(void)
{
	return calloc(1, sizeof(struct conntrack));
}

void conntrack_free(struct conntrack *ct)
{
	free(ct);
}

void conntrack_ask(struct conntrack *ct,
		   bool (*stays)(const struct conntrack_flow *f, void *arg),
		   void *arg)
{
	(void)ct;
	(void)stays;
	(void)arg;
}

int conntrack_end(struct conntrack *ct, struct conntrack_source *sources,
		  size_t n, uint64_t now_ms)
{
	(void)ct;
	kernel_must(now_ms == kernel.now_ms, "time of connections");
	for (size_t i = 0; i < n; i++) {
		kernel_must(kernel.ended_count < KERNEL_SOURCES, "sources");
		kernel.ended[kernel.ended_count++] = sources[i];
	}
	if (kernel.flows_due_ms && kernel.flows_due_ms <= now_ms)
		kernel.flows_due_ms = 0;
	return kernel_count_call(KERNEL_END_FLOWS);
}

uint64_t conntrack_due_ms(const struct conntrack *ct)
{
	(void)ct;
	return kernel.flows_due_ms;
}

bool conntrack_wants_all(const struct conntrack *ct, uint64_t now_ms)
{
	(void)ct;
	(void)now_ms;
	return kernel.flows_want_all;
}

void conntrack_spare(struct conntrack *ct, uint32_t ifindex,
		     const struct mac *mac)
{
	(void)ct;
	kernel.spared_ifindex = ifindex;
	kernel.spared = *mac;
}

int conntrack_read_fill(struct conntrack *ct, struct conntrack_fill *fill)
{
	(void)ct;
	*fill = kernel.fill;
	return 0;
}

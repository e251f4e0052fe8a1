/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/netlink/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "common/clock.h"
#include "netctl/netlink/netlink.h"

#define BUFFER_SIZE (8 * 1024 * 1024)
#define BATCH_MAX   16384

/*
 * Up to here the kernel filters the dump once an IPv4 address; beyond, one dump
 * of all connections is cheaper.
 */
#define FILTERED_MAX 16

struct conntrack {
	struct netlink *dump; /* read while the other one deletes */
	struct netlink *delete;
	/* The sources being ended: those of the caller, and of the waiting. */
	const struct conntrack_source *sought;
	size_t n_sought, n_late;
	size_t n_waiting;
	bool has_lost; /* there was no place for some */
	bool (*stays)(const struct conntrack_flow *f, void *arg);
	void *stays_arg;
	uint64_t pause_end_ms; /* from then on all IPv6 may be listed again */
	struct conntrack_source waiting[CONNTRACK_WAITING];
	size_t used; /* of batch */
	size_t last; /* offset of the last message in it */
	uint32_t first_seq;
	_Alignas(struct nlmsghdr) uint8_t batch[BATCH_MAX];
};

/* What is needed of one, as it lies in the message. */
struct connection {
	const struct nlattr *tuple, *reply, *id, *zone, *status;
};

static void close_sockets(struct conntrack *ct)
{
	netlink_free(ct->dump);
	netlink_free(ct->delete);
	ct->dump = ct->delete = NULL;
}

static bool reopen_sockets(struct conntrack *ct)
{
	close_sockets(ct);
	ct->dump = netlink_new(NETLINK_NETFILTER, BUFFER_SIZE);
	ct->delete = netlink_new(NETLINK_NETFILTER, BUFFER_SIZE);
	return ct->dump && ct->delete;
}

struct conntrack *conntrack_new(void)
{
	struct conntrack *ct = calloc(1, sizeof(*ct));

	if (!ct)
		return NULL;
	if (!reopen_sockets(ct)) {
		close_sockets(ct);
		free(ct);
		return NULL;
	}
	return ct;
}

void conntrack_ask(struct conntrack *ct,
		   bool (*stays)(const struct conntrack_flow *f, void *arg),
		   void *arg)
{
	ct->stays = stays;
	ct->stays_arg = arg;
}

/* IPv4 before IPv6. */
static int compare_source(const void *a, const void *b)
{
	const struct addr *x = &((const struct conntrack_source *)a)->addr;
	const struct addr *y = &((const struct conntrack_source *)b)->addr;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return memcmp(x->byte, y->byte, sizeof(x->byte));
}

static void sort(struct conntrack_source *sources, size_t n)
{
	if (n)
		qsort(sources, n, sizeof(*sources), compare_source);
}

static const struct conntrack_source *
find(const struct conntrack_source *sources, size_t n,
     const struct conntrack_source *key)
{
	return n ? bsearch(key, sources, n, sizeof(*key), compare_source)
		 : NULL;
}

static struct nlmsghdr *begin_message(void *buf, uint16_t type, uint8_t family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = family;
	nfg->version = NFNETLINK_V0;
	return nlh;
}

/* --- deleting ---------------------------------------------------------- */

/* A connection that has gone by itself is as good. */
static int flush_deletes(struct conntrack *ct)
{
	struct nlmsghdr *last = (struct nlmsghdr *)(ct->batch + ct->last);
	struct netlink_batch batch = { .first = ct->first_seq };
	int err;

	if (!ct->used)
		return 0;
	last->nlmsg_flags |= NLM_F_ACK;
	batch.last = last->nlmsg_seq;
	err = netlink_send(ct->delete, ct->batch, ct->used, &batch, NULL);
	if (!err)
		ct->used = 0;
	return err;
}

static void put_attr(struct nlmsghdr *nlh, uint16_t type,
		     const struct nlattr *from)
{
	if (from)
		mnl_attr_put(nlh, type, mnl_attr_get_payload_len(from),
			     mnl_attr_get_payload(from));
}

static void put_delete(struct conntrack *ct, uint8_t family,
		       const struct connection *c)
{
	struct nlmsghdr *nlh = begin_message(ct->batch + ct->used,
					     IPCTNL_MSG_CT_DELETE, family);

	nlh->nlmsg_seq = netlink_next(ct->delete);
	if (!ct->used)
		ct->first_seq = nlh->nlmsg_seq;
	ct->last = ct->used;
	put_attr(nlh, CTA_TUPLE_ORIG | NLA_F_NESTED, c->tuple);
	put_attr(nlh, CTA_ID, c->id);
	put_attr(nlh, CTA_ZONE, c->zone);
	ct->used += NLMSG_ALIGN(nlh->nlmsg_len);
}

/* --- finding ----------------------------------------------------------- */

/* The payload of an attribute two levels below, of exactly len bytes. */
static const void *find_nested(const struct nlattr *tuple, uint16_t outer,
			       uint16_t inner, size_t len)
{
	const struct nlattr *nest, *attr;

	mnl_attr_for_each_nested (nest, tuple) {
		if (mnl_attr_get_type(nest) != outer)
			continue;
		mnl_attr_for_each_nested (attr, nest) {
			if (mnl_attr_get_type(attr) == inner &&
			    mnl_attr_get_payload_len(attr) == len)
				return mnl_attr_get_payload(attr);
		}
	}
	return NULL;
}

/* The address that began the connection. */
static bool parse_source(const struct nlattr *tuple, uint8_t family,
			 struct conntrack_source *s)
{
	struct addr *a = &s->addr;
	const void *bytes;

	memset(s, 0, sizeof(*s));
	a->family = family;
	bytes = find_nested(tuple, CTA_TUPLE_IP,
			    family == AF_INET ? CTA_IP_V4_SRC : CTA_IP_V6_SRC,
			    addr_len(a));
	if (!bytes)
		return false;
	memcpy(a->byte, bytes, addr_len(a));
	return true;
}

/*
 * The gate translates the port of a destination only to lead to the portal.
 * That connection carries the answer to the very request that ends a session.
 */
static bool leads_to_portal(const struct nlattr *tuple,
			    const struct nlattr *reply)
{
	const void *asked = find_nested(tuple, CTA_TUPLE_PROTO,
					CTA_PROTO_DST_PORT, sizeof(uint16_t));
	const void *served = find_nested(reply, CTA_TUPLE_PROTO,
					 CTA_PROTO_SRC_PORT, sizeof(uint16_t));

	return asked && served && memcmp(asked, served, sizeof(uint16_t));
}

static void parse_connection(const struct nlmsghdr *nlh, struct connection *c)
{
	const struct nlattr *attr;

	mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg)) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type == CTA_TUPLE_ORIG)
			c->tuple = attr;
		else if (type == CTA_TUPLE_REPLY)
			c->reply = attr;
		else if (type == CTA_ID)
			c->id = attr;
		else if (type == CTA_ZONE)
			c->zone = attr;
		else if (type == CTA_STATUS)
			c->status = attr;
	}
}

static bool is_offloaded(const struct connection *c)
{
	return c->status &&
	       mnl_attr_get_payload_len(c->status) == sizeof(uint32_t) &&
	       ntohl(mnl_attr_get_u32(c->status)) &
		       (IPS_OFFLOAD | IPS_HW_OFFLOAD);
}

/* Where answers come from is where the first packet went to, behind NAT. */
static bool is_spared(const struct conntrack *ct, uint8_t family,
		      const struct connection *c,
		      const struct conntrack_source *source)
{
	struct conntrack_flow f = { .source = source };
	struct conntrack_source to;
	const void *protocol, *port;

	if (!ct->stays || is_offloaded(c) ||
	    !parse_source(c->reply, family, &to))
		return false;
	f.to = to.addr;
	protocol = find_nested(c->reply, CTA_TUPLE_PROTO, CTA_PROTO_NUM, 1);
	if (protocol)
		f.protocol = *(const uint8_t *)protocol;
	port = find_nested(c->reply, CTA_TUPLE_PROTO, CTA_PROTO_SRC_PORT,
			   sizeof(f.port));
	if (port)
		memcpy(&f.port, port, sizeof(f.port));
	f.port = ntohs(f.port);
	return ct->stays(&f, ct->stays_arg);
}

static int on_connection(const struct nlmsghdr *nlh, void *arg)
{
	struct conntrack *ct = arg;
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	struct connection c = { 0 };
	struct conntrack_source key;
	const struct conntrack_source *source;

	parse_connection(nlh, &c);
	if (!c.tuple || !c.reply ||
	    !parse_source(c.tuple, nfg->nfgen_family, &key))
		return 0;
	source = find(ct->sought, ct->n_sought, &key);
	if (!source)
		source = find(ct->waiting, ct->n_late, &key);
	if (!source || leads_to_portal(c.tuple, c.reply) ||
	    is_spared(ct, nfg->nfgen_family, &c, source))
		return 0;
	put_delete(ct, nfg->nfgen_family, &c);
	return ct->used > BATCH_MAX - 1024 ? flush_deletes(ct) : 0;
}

/*
 * Lets the kernel compare the source address (CTA_FILTER, since 5.8). Not of
 * IPv6: there it leaves out what was asked for (seen up to 6.18).
 */
static void put_source_filter(struct nlmsghdr *nlh, const struct addr *a)
{
	struct nlattr *tuple, *ip, *filter;

	tuple = mnl_attr_nest_start(nlh, CTA_TUPLE_ORIG);
	ip = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
	mnl_attr_put(nlh, CTA_IP_V4_SRC, addr_len(a), a->byte);
	mnl_attr_nest_end(nlh, ip);
	mnl_attr_nest_end(nlh, tuple);
	filter = mnl_attr_nest_start(nlh, CTA_FILTER);
	mnl_attr_put_u32(nlh, CTA_FILTER_ORIG_FLAGS, 1); /* the source */
	mnl_attr_put_u32(nlh, CTA_FILTER_REPLY_FLAGS, 0);
	mnl_attr_nest_end(nlh, filter);
}

static int dump_connections(struct conntrack *ct, uint8_t family,
			    const struct addr *filter)
{
	union {
		struct nlmsghdr nlh;
		uint8_t bytes[512];
	} question;
	struct nlmsghdr *nlh =
		begin_message(&question, IPCTNL_MSG_CT_GET, family);

	if ((!ct->dump || !ct->delete) && !reopen_sockets(ct))
		return -ENOBUFS;
	nlh->nlmsg_flags |= NLM_F_DUMP;
	if (filter)
		put_source_filter(nlh, filter);
	return netlink_ask(ct->dump, nlh, on_connection, ct);
}

static int end_ipv4(struct conntrack *ct, size_t n)
{
	int err = 0;

	if (n > FILTERED_MAX)
		return dump_connections(ct, AF_INET, NULL);
	for (size_t i = 0; !err && i < n; i++)
		err = dump_connections(ct, AF_INET, &ct->sought[i].addr);
	return err;
}

/* --- waiting ----------------------------------------------------------- */

static void forget_waiting(struct conntrack *ct)
{
	explicit_bzero(ct->waiting, ct->n_waiting * sizeof(*ct->waiting));
	ct->n_waiting = 0;
}

static void wait_for_list(struct conntrack *ct,
			  const struct conntrack_source *sources, size_t n)
{
	size_t room = CONNTRACK_WAITING - ct->n_waiting;
	size_t kept = n < room ? n : room;

	if (kept)
		memcpy(ct->waiting + ct->n_waiting, sources,
		       kept * sizeof(*sources));
	ct->n_waiting += kept;
	ct->has_lost = ct->has_lost || kept < n;
}

/* Those of the sources from first on. A slow list makes no shorter pause. */
static int end_ipv6(struct conntrack *ct, size_t first, uint64_t now_ms)
{
	size_t n = ct->n_sought - first;
	uint64_t start_ms = clock_ms();
	int err;

	if (now_ms < ct->pause_end_ms) {
		wait_for_list(ct, ct->sought + first, n);
		return 0;
	}
	ct->has_lost = false;
	if (!n && !ct->n_waiting)
		return 0;
	sort(ct->waiting, ct->n_waiting);
	ct->n_late = ct->n_waiting;
	err = dump_connections(ct, AF_INET6, NULL);
	ct->n_late = 0;
	forget_waiting(ct);
	ct->pause_end_ms =
		now_ms + (clock_ms() - start_ms) + CONNTRACK_PAUSE_MS;
	return err;
}

uint64_t conntrack_due_ms(const struct conntrack *ct)
{
	return ct->n_waiting || ct->has_lost ? ct->pause_end_ms : 0;
}

bool conntrack_wants_all(const struct conntrack *ct, uint64_t now_ms)
{
	return ct->has_lost && now_ms >= ct->pause_end_ms;
}

void conntrack_spare(struct conntrack *ct, uint32_t ifindex,
		     const struct mac *mac)
{
	size_t kept = 0;

	for (size_t i = 0; i < ct->n_waiting; i++) {
		const struct conntrack_source *s = &ct->waiting[i];

		if (s->addr.ifindex != ifindex ||
		    memcmp(&s->mac, mac, sizeof(*mac)))
			ct->waiting[kept++] = *s;
	}
	explicit_bzero(ct->waiting + kept,
		       (ct->n_waiting - kept) * sizeof(*ct->waiting));
	ct->n_waiting = kept;
}

/* --- ending ------------------------------------------------------------ */

/* Sorts those that matter to the front; of a link's own nothing is forwarded.
 */
static size_t choose(struct conntrack_source *sources, size_t n, size_t *ipv4)
{
	size_t kept = 0;

	*ipv4 = 0;
	for (size_t i = 0; i < n; i++) {
		if (addr_is_link_local(&sources[i].addr))
			continue;
		*ipv4 += sources[i].addr.family == AF_INET;
		sources[kept++] = sources[i];
	}
	sort(sources, kept);
	return kept;
}

static int finish(struct conntrack *ct, int err)
{
	if (!err)
		err = flush_deletes(ct);
	if (err)
		close_sockets(ct); /* answers to this may still come */
	ct->used = 0;
	return err;
}

int conntrack_end(struct conntrack *ct, struct conntrack_source *sources,
		  size_t n, uint64_t now_ms)
{
	size_t ipv4;
	int err, err6;

	n = choose(sources, n, &ipv4);
	if (!n && !conntrack_due_ms(ct))
		return 0;
	ct->sought = sources;
	ct->n_sought = n;
	err = finish(ct, end_ipv4(ct, ipv4));
	err6 = finish(ct, end_ipv6(ct, ipv4, now_ms));
	ct->sought = NULL;
	ct->n_sought = 0;
	explicit_bzero(ct->batch, sizeof(ct->batch));
	return err ? err : err6;
}

void conntrack_free(struct conntrack *ct)
{
	int err;

	if (!ct)
		return;
	err = conntrack_end(ct, NULL, 0, UINT64_MAX);
	if (err)
		log_warn("conntrack: %s", strerror(-err));
	close_sockets(ct);
	free(ct);
}

/* --- how full it is ---------------------------------------------------- */

static int on_fill(const struct nlmsghdr *nlh, void *arg)
{
	struct conntrack_fill *fill = arg;
	const struct nlattr *a;

	mnl_attr_for_each (a, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_validate(a, MNL_TYPE_U32) < 0)
			continue;
		if (mnl_attr_get_type(a) == CTA_STATS_GLOBAL_ENTRIES)
			fill->entries = ntohl(mnl_attr_get_u32(a));
		else if (mnl_attr_get_type(a) == CTA_STATS_GLOBAL_MAX_ENTRIES)
			fill->max = ntohl(mnl_attr_get_u32(a));
	}
	return 0;
}

int conntrack_read_fill(struct conntrack *ct, struct conntrack_fill *fill)
{
	union {
		struct nlmsghdr nlh;
		uint8_t bytes[64];
	} question;
	struct nlmsghdr *nlh =
		begin_message(&question, IPCTNL_MSG_CT_GET_STATS, AF_UNSPEC);

	*fill = (struct conntrack_fill){ 0 };
	if (!ct->dump && !reopen_sockets(ct))
		return -ENOBUFS;
	nlh->nlmsg_flags |= NLM_F_ACK;
	return netlink_ask(ct->dump, nlh, on_fill, fill);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/netlink/rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#define TIMEOUT_S   5
#define BUFFER_SIZE (8 * 1024 * 1024)
#define REPLY_MAX   32768

struct rtnl {
	struct nl_sock *socket;
	int fd;
	uint32_t seq;
	uint32_t first_seq; /* of the open batch */
	unsigned char *batch;
	size_t size, used;
	size_t last;
	_Alignas(struct nlmsghdr) unsigned char reply[REPLY_MAX];
};

struct rtnl *rtnl_new(void)
{
	static const struct timeval timeout = { .tv_sec = TIMEOUT_S };
	struct rtnl *r = calloc(1, sizeof(*r));
	int size = BUFFER_SIZE;
	int on = 1;

	if (!r)
		return NULL;
	r->socket = nl_socket_alloc();
	if (!r->socket || nl_connect(r->socket, NETLINK_ROUTE) < 0) {
		rtnl_free(r);
		return NULL;
	}
	r->fd = nl_socket_get_fd(r->socket);
	setsockopt(r->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	setsockopt(r->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(r->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(r->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(r->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	r->seq = 1;
	return r;
}

void rtnl_free(struct rtnl *r)
{
	if (!r)
		return;
	nl_socket_free(r->socket);
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
	nlh->nlmsg_seq = r->seq++;
	if (!r->used)
		r->first_seq = nlh->nlmsg_seq;
	r->last = r->used;
	memset(r->batch + r->used, 0, len);
	memcpy(r->batch + r->used, nlh, nlh->nlmsg_len);
	r->used += len;
	nlmsg_free(msg);
}

/* The next datagram; its length or -errno. */
static ssize_t receive(struct rtnl *r)
{
	ssize_t n;

	do
		n = recv(r->fd, r->reply, sizeof(r->reply), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return n;
}

/* Reads up to the answer to last_seq, which asked for one. */
static int batch_result(struct rtnl *r, uint32_t last_seq)
{
	int first_error = 0;

	for (;;) {
		struct nlmsghdr *nlh = (struct nlmsghdr *)r->reply;
		int n = (int)receive(r);

		if (n < 0)
			return n;
		for (; nlmsg_ok(nlh, n); nlh = nlmsg_next(nlh, &n)) {
			const struct nlmsgerr *e = nlmsg_data(nlh);

			if (nlh->nlmsg_type != NLMSG_ERROR ||
			    nlh->nlmsg_seq - r->first_seq >
				    last_seq - r->first_seq)
				continue;
			if (e->error && e->error != -EEXIST && !first_error)
				first_error = e->error;
			if (nlh->nlmsg_seq == last_seq)
				return first_error;
		}
	}
}

int rtnl_commit(struct rtnl *r)
{
	struct nlmsghdr *last = (struct nlmsghdr *)(r->batch + r->last);
	size_t used = r->used;

	if (!used)
		return 0;
	r->used = 0;
	last->nlmsg_flags |= NLM_F_ACK;
	if (nl_sendto(r->socket, r->batch, used) < 0)
		return -errno;
	return batch_result(r, last->nlmsg_seq);
}

int rtnl_request(struct rtnl *r, struct nl_msg *msg)
{
	int err = rtnl_commit(r);

	if (err)
		log_debug("rtnetlink: an earlier batch: %s", strerror(-err));
	rtnl_put(r, msg);
	return rtnl_commit(r);
}

struct dump {
	uint32_t seq;
	int err;
	rtnl_message_fn *on_message;
	void *arg;
};

/* false: the dump is over. */
static bool dump_part(struct dump *d, struct nlmsghdr *nlh, int n)
{
	for (; nlmsg_ok(nlh, n); nlh = nlmsg_next(nlh, &n)) {
		if (nlh->nlmsg_seq != d->seq)
			continue;
		if (nlh->nlmsg_type == NLMSG_DONE)
			return false;
		if (nlh->nlmsg_type == NLMSG_ERROR) {
			d->err = ((struct nlmsgerr *)nlmsg_data(nlh))->error;
			return false;
		}
		d->on_message(nlh, d->arg);
	}
	return true;
}

int rtnl_dump(struct rtnl *r, struct nl_msg *msg, rtnl_message_fn *on_message,
	      void *arg)
{
	struct dump d = { .seq = r->seq++,
			  .on_message = on_message,
			  .arg = arg };
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	bool goes_on;
	int n;

	nlh->nlmsg_flags |= NLM_F_DUMP;
	nlh->nlmsg_seq = d.seq;
	if (nl_sendto(r->socket, nlh, nlh->nlmsg_len) < 0)
		d.err = -errno;
	nlmsg_free(msg);
	if (d.err)
		return d.err;
	do {
		n = (int)receive(r);
		if (n < 0)
			return n;
		goes_on = dump_part(&d, (struct nlmsghdr *)r->reply, n);
		explicit_bzero(r->reply, (size_t)n); /* it names devices */
	} while (goes_on);
	return d.err;
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

int rtnl_find_neighbour(struct rtnl *r, uint32_t ifindex, const struct addr *a,
			struct mac *mac)
{
	struct ndmsg ndm = { .ndm_family = a->family,
			     .ndm_ifindex = (int)ifindex };
	struct nl_msg *msg = rtnl_message(RTM_GETNEIGH, 0, &ndm, sizeof(ndm));
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct addr found;
	uint32_t found_ifindex;
	uint32_t seq = r->seq++;
	int n, err = 0;

	if (!addr_len(a) ||
	    nla_put(msg, NDA_DST, (int)addr_len(a), a->byte) < 0) {
		nlmsg_free(msg);
		return -EINVAL;
	}
	nlh->nlmsg_seq = seq;
	if (nl_sendto(r->socket, nlh, nlh->nlmsg_len) < 0)
		err = -errno;
	nlmsg_free(msg);
	if (err)
		return err;
	do {
		n = (int)receive(r);
		if (n < 0)
			return n;
		nlh = (struct nlmsghdr *)r->reply;
	} while (!nlmsg_ok(nlh, n) || nlh->nlmsg_seq != seq);
	if (nlh->nlmsg_type == NLMSG_ERROR)
		err = ((struct nlmsgerr *)nlmsg_data(nlh))->error;
	else if (!parse_neighbour(nlh, mac, &found, &found_ifindex) ||
		 found_ifindex != ifindex || !addr_equal(&found, a))
		err = -ENOENT;
	explicit_bzero(r->reply, (size_t)n);
	return err;
}

struct neighbour_list {
	uint32_t ifindex;
	rtnl_neighbour_fn *on_neighbour;
	void *arg;
};

static void on_neighbour_message(const struct nlmsghdr *nlh, void *arg)
{
	struct neighbour_list *l = arg;
	struct mac mac;
	struct addr a;
	uint32_t ifindex;

	if (parse_neighbour(nlh, &mac, &a, &ifindex) && ifindex == l->ifindex)
		l->on_neighbour(&mac, &a, l->arg);
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

/* --- the watch --------------------------------------------------------- */

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
		.len = sizeof(code) / sizeof(code[0]),
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

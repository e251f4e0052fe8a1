/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/netlink/arrivals.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>

#include "common/array.h"

#define READS_MAX   256
#define MESSAGE_MAX 1024
#define BUFFER_SIZE (256 * 1024)

/* What the kernel learnt, and neither made itself nor failed to find. */
#define LEARNT (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)

/* --- the watch ---------------------------------------------------------- */

static int set_filter(int fd, struct sock_filter *code, size_t len)
{
	const struct sock_fprog program = { .len = (unsigned short)len,
					    .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program)) < 0
		       ? -errno
		       : 0;
}

int arrivals_open(void)
{
	static struct sock_filter nobody[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	const struct sockaddr_nl nl = { .nl_family = AF_NETLINK,
					.nl_groups = RTMGRP_NEIGH };
	const int size = BUFFER_SIZE;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_ROUTE);
	int err;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	err = set_filter(fd, nobody, ARRAY_SIZE(nobody));
	if (!err && bind(fd, (const struct sockaddr *)&nl, sizeof(nl)) < 0)
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

#define AT_TYPE	   offsetof(struct nlmsghdr, nlmsg_type)
#define AT_FAMILY  (NLMSG_HDRLEN + offsetof(struct ndmsg, ndm_family))
#define AT_IFINDEX (NLMSG_HDRLEN + offsetof(struct ndmsg, ndm_ifindex))

/* A load swaps as if what it loads came from the wire. */
int arrivals_filter(int fd, const uint32_t *ifindex, size_t count)
{
	const size_t drop = 5 + count, take = drop + 1;
	struct sock_filter code[7 + ARRIVALS_DEVICES_MAX] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, AT_TYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWNEIGH), 0,
			 (uint8_t)(drop - 2)),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, AT_FAMILY),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_BRIDGE,
			 (uint8_t)(take - 4), 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_IFINDEX),
	};

	if (count > ARRIVALS_DEVICES_MAX)
		return -E2BIG;
	for (size_t i = 0; i < count; i++)
		code[5 + i] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, htonl(ifindex[i]),
			(uint8_t)(take - 6 - i), 0);
	code[drop] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	code[take] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
	return set_filter(fd, code, take + 1);
}

/* --- what it tells ------------------------------------------------------- */

struct reader {
	arrival_fn *on_arrival;
	void *arg;
};

static int on_message(const struct nlmsghdr *nlh, void *arg)
{
	const struct reader *r = arg;
	const struct ndmsg *ndm = nlmsg_data(nlh);
	struct nlattr *tb[NDA_MAX + 1];
	uint32_t on;
	struct mac mac;

	if (nlh->nlmsg_type != RTM_NEWNEIGH ||
	    nlmsg_parse((struct nlmsghdr *)(uintptr_t)nlh, sizeof(*ndm), tb,
			NDA_MAX, NULL) < 0)
		return 0;
	if (!(ndm->ndm_state & LEARNT) || !tb[NDA_LLADDR] ||
	    nla_len(tb[NDA_LLADDR]) != sizeof(mac))
		return 0;
	on = (uint32_t)ndm->ndm_ifindex;
	if (ndm->ndm_family == AF_BRIDGE)
		on = tb[NDA_MASTER] ? nla_get_u32(tb[NDA_MASTER]) : 0;
	memcpy(&mac, nla_data(tb[NDA_LLADDR]), sizeof(mac));
	if (on && mac_is_device(&mac))
		r->on_arrival(on, &mac, r->arg);
	return 0;
}

/* 1: one was read; 0: none waits; or -errno. */
static int read_one(int fd, struct reader *r)
{
	union {
		struct nlmsghdr header;
		unsigned char bytes[MESSAGE_MAX];
	} m;
	ssize_t n = recv(fd, &m, sizeof(m), MSG_DONTWAIT);
	int len = (int)n;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (struct nlmsghdr *nlh = &m.header; nlmsg_ok(nlh, len);
	     nlh = nlmsg_next(nlh, &len))
		on_message(nlh, r);
	return 1;
}

int arrivals_read(int fd, arrival_fn *on_arrival, void *arg)
{
	struct reader r = { on_arrival, arg };
	int err = 1;

	for (int i = 0; i < READS_MAX && err > 0; i++)
		err = read_one(fd, &r);
	return err < 0 ? err : 0;
}

int arrivals_list_bridge(struct rtnl *r, uint32_t bridge,
			 arrival_fn *on_arrival, void *arg)
{
	const struct ndmsg ndm = { .ndm_family = AF_BRIDGE };
	struct nl_msg *msg = rtnl_message(RTM_GETNEIGH, 0, &ndm, sizeof(ndm));
	struct reader reader = { on_arrival, arg };

	nla_put_u32(msg, NDA_MASTER, bridge);
	return rtnl_dump(r, msg, on_message, &reader);
}

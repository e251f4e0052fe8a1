/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A blocking netlink request socket: sends, waits for acknowledgements, reads
 * answers and dumps (netlink(7); net/netlink/af_netlink.c). Waits five seconds
 * at most: -ETIMEDOUT. What arrives is wiped, for it names devices.
 */
#ifndef STADTTOR_NETCTL_NETLINK_NETLINK_H
#define STADTTOR_NETCTL_NETLINK_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

#include "common/log.h"

struct netlink;

/*
 * protocol: NETLINK_ROUTE, NETLINK_NETFILTER. buffer: bytes that may wait in
 * each direction, which takes CAP_NET_ADMIN. NULL: errno says why.
 */
struct netlink *netlink_new(int protocol, int buffer);
void netlink_free(struct netlink *nl);

/* The next sequence number. */
uint32_t netlink_next(struct netlink *nl);

/* The kernel's name of the socket, which its notifications carry. */
uint32_t netlink_portid(const struct netlink *nl);
int netlink_fd(const struct netlink *nl);

/* A batch that was sent: messages first to last, in steps of one. */
struct netlink_batch {
	uint32_t first, last; /* the last one has NLM_F_ACK */
	bool first_is_all;    /* an answer to the first is one to all */
	int good;	      /* this error is none; 0: any is one */
};

/*
 * Sends the bytes and reads up to the answer to the last message. 0 or -errno;
 * *error, if not NULL, becomes the first error that the kernel has answered a
 * message of the batch with.
 */
int netlink_send(struct netlink *nl, const void *bytes, size_t len,
		 const struct netlink_batch *batch, int *error) MUST_CHECK;

/* 0 or -errno, which netlink_ask() returns in the end. */
typedef int netlink_fn(const struct nlmsghdr *nlh, void *arg);

/*
 * Sends a question, which has NLM_F_DUMP or NLM_F_ACK and gets a sequence
 * number, and calls fn for each answer. 0 or -errno; -EINTR: what was dumped
 * has changed meanwhile and may be incomplete (NLM_F_DUMP_INTR).
 */
int netlink_ask(struct netlink *nl, struct nlmsghdr *question, netlink_fn *fn,
		void *arg) MUST_CHECK;

/*
 * Calls read() until it is not interrupted (-EINTR), ten times at most: others
 * may keep changing what is read. It begins by forgetting what it has read.
 */
typedef int netlink_read_fn(void *arg);
int netlink_retry(netlink_read_fn *read, void *arg) MUST_CHECK;

#endif

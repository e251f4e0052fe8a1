/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/netlink/netlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define TIMEOUT_S     5
#define READ_ATTEMPTS 10
#define REPLY_MAX     32768 /* of one datagram (netlink_dump() of the kernel) */

struct netlink {
	struct mnl_socket *socket;
	uint32_t seq;
	_Alignas(struct nlmsghdr) unsigned char reply[REPLY_MAX];
};

/* Lets one batch carry thousands of messages; answers stay short. */
static void prepare_socket(int fd, int protocol, int buffer)
{
	static const struct timeval timeout = { .tv_sec = TIMEOUT_S };
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	if (protocol == NETLINK_ROUTE)
		setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
			   sizeof(on));
}

struct netlink *netlink_new(int protocol, int buffer)
{
	struct netlink *nl = calloc(1, sizeof(*nl));

	if (!nl)
		return NULL;
	nl->seq = 1;
	nl->socket = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!nl->socket ||
	    mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		int err = errno;

		netlink_free(nl);
		errno = err;
		return NULL;
	}
	prepare_socket(netlink_fd(nl), protocol, buffer);
	return nl;
}

void netlink_free(struct netlink *nl)
{
	if (!nl)
		return;
	if (nl->socket)
		mnl_socket_close(nl->socket);
	free(nl);
}

uint32_t netlink_next(struct netlink *nl)
{
	return nl->seq++;
}

uint32_t netlink_portid(const struct netlink *nl)
{
	return mnl_socket_get_portid(nl->socket);
}

int netlink_fd(const struct netlink *nl)
{
	return mnl_socket_get_fd(nl->socket);
}

/* The next datagram; its length or -errno. */
static int receive(struct netlink *nl)
{
	ssize_t n;

	do
		n = mnl_socket_recvfrom(nl->socket, nl->reply,
					sizeof(nl->reply));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return (int)n;
}

/* --- batches ----------------------------------------------------------- */

/* false: the answer to all of them has come. */
static bool take_answers(const struct netlink_batch *b,
			 const struct nlmsghdr *nlh, int len, int *error)
{
	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

		if (nlh->nlmsg_type != NLMSG_ERROR ||
		    nlh->nlmsg_seq - b->first > b->last - b->first)
			continue; /* left over from an older one */
		if (e->error && e->error != b->good && !*error)
			*error = e->error;
		if (nlh->nlmsg_seq == b->last ||
		    (b->first_is_all && nlh->nlmsg_seq == b->first))
			return false;
	}
	return true;
}

int netlink_send(struct netlink *nl, const void *bytes, size_t len,
		 const struct netlink_batch *batch, int *error)
{
	int first_error = 0;
	bool goes_on;

	if (mnl_socket_sendto(nl->socket, bytes, len) < 0)
		return -errno;
	do {
		int n = receive(nl);

		if (n < 0)
			return n;
		goes_on = take_answers(batch, (struct nlmsghdr *)nl->reply, n,
				       &first_error);
		explicit_bzero(nl->reply, (size_t)n);
	} while (goes_on);
	if (error)
		*error = first_error;
	return 0;
}

/* --- questions --------------------------------------------------------- */

struct question {
	uint32_t seq;
	netlink_fn *fn;
	void *arg;
	bool is_interrupted;
	int err;
};

/* false: that was all. */
static bool take_part(struct question *q, const struct nlmsghdr *nlh, int len)
{
	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_seq != q->seq)
			continue; /* an answer to an older question */
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			q->is_interrupted = true;
		if (nlh->nlmsg_type == NLMSG_DONE)
			return false;
		if (nlh->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

			if (!q->err)
				q->err = e->error;
			return false;
		}
		if (!q->err)
			q->err = q->fn(nlh, q->arg);
	}
	return true;
}

int netlink_ask(struct netlink *nl, struct nlmsghdr *question, netlink_fn *fn,
		void *arg)
{
	struct question q = { .seq = netlink_next(nl), .fn = fn, .arg = arg };
	bool goes_on;

	question->nlmsg_seq = q.seq;
	if (mnl_socket_sendto(nl->socket, question, question->nlmsg_len) < 0)
		return -errno;
	do {
		int n = receive(nl);

		if (n < 0)
			return n;
		goes_on = take_part(&q, (struct nlmsghdr *)nl->reply, n);
		explicit_bzero(nl->reply, (size_t)n);
	} while (goes_on);
	if (!q.err && q.is_interrupted)
		return -EINTR;
	return q.err;
}

int netlink_retry(netlink_read_fn *read, void *arg)
{
	int err = -EINTR;

	for (int i = 0; i < READ_ATTEMPTS && err == -EINTR; i++)
		err = read(arg);
	return err;
}

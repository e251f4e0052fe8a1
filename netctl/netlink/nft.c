/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/netlink/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <libnftnl/common.h>
#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#define MESSAGE_MAX 16384
#define SEND_MAX    (64 * 1024 * 1024)
#define REPLY_MAX   65536
#define TIMEOUT_S   5
#define BATCH_KEPT  (4 * MESSAGE_MAX) /* between transactions */

struct nft {
	struct mnl_socket *socket;
	uint32_t portid;
	uint32_t seq;
	uint32_t first_seq; /* of the open transaction: its begin message */
	unsigned char *batch;
	size_t size, used;
	size_t last; /* offset of the last message put */
	bool out_of_memory;
	_Alignas(struct nlmsghdr) unsigned char reply[REPLY_MAX];
};

/* Lets one transaction restore thousands of sessions; answers stay short. */
static void prepare_socket(int fd)
{
	int size = SEND_MAX;
	int on = 1;

	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));

	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
}

struct nft *nft_new(void)
{
	static const struct timeval timeout = { .tv_sec = TIMEOUT_S };
	struct nft *nft = calloc(1, sizeof(*nft));
	int fd;

	if (!nft)
		return NULL;
	nft->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!nft->socket ||
	    mnl_socket_bind(nft->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		nft_free(nft);
		return NULL;
	}
	fd = mnl_socket_get_fd(nft->socket);
	prepare_socket(fd);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	nft->portid = mnl_socket_get_portid(nft->socket);
	nft->seq = 1;
	return nft;
}

void nft_free(struct nft *nft)
{
	if (!nft)
		return;
	if (nft->socket)
		mnl_socket_close(nft->socket);
	free(nft->batch);
	free(nft);
}

uint32_t nft_portid(const struct nft *nft)
{
	return nft->portid;
}

/* --- transactions ------------------------------------------------------ */

static bool batch_reserve(struct nft *nft)
{
	unsigned char *grown;
	size_t size = nft->size ? nft->size : BATCH_KEPT;

	while (size - nft->used < MESSAGE_MAX)
		size *= 2;
	if (size == nft->size)
		return true;
	grown = realloc(nft->batch, size);
	if (!grown) {
		nft->out_of_memory = true;
		return false;
	}
	/* libmnl leaves the padding between attributes as it finds it */
	memset(grown + nft->used, 0, size - nft->used);
	nft->batch = grown;
	nft->size = size;
	return true;
}

void nft_begin(struct nft *nft)
{
	nft->used = 0;
	nft->last = 0;
	nft->out_of_memory = false;
	nft->first_seq = nft->seq;
	if (!batch_reserve(nft))
		return;
	nft->used =
		nftnl_batch_begin((char *)nft->batch, nft->seq++)->nlmsg_len;
	nft->used = MNL_ALIGN(nft->used);
}

/* Where memory ran out, messages go here and the commit fails. */
static struct nlmsghdr *overflow_message(void)
{
	static union {
		struct nlmsghdr nlh;
		unsigned char bytes[MESSAGE_MAX];
	} sink;

	memset(&sink.nlh, 0, sizeof(sink.nlh));
	return &sink.nlh;
}

struct nlmsghdr *nft_put(struct nft *nft, uint16_t type, uint16_t family,
			 uint16_t flags)
{
	if (nft->out_of_memory || !batch_reserve(nft)) {
		struct nlmsghdr *nlh = overflow_message();

		return nftnl_nlmsg_build_hdr((char *)nlh, type, family, flags,
					     0);
	}
	nft->last = nft->used;
	return nftnl_nlmsg_build_hdr((char *)nft->batch + nft->used, type,
				     family, flags, nft->seq++);
}

void nft_put_done(struct nft *nft, struct nlmsghdr *nlh)
{
	if (!nft->out_of_memory)
		nft->used += MNL_ALIGN(nlh->nlmsg_len);
}

static bool is_empty(const struct nft *nft)
{
	return !nft->last && !nft->out_of_memory;
}

/*
 * Every message that fails is answered; the last one, which asked for it, in
 * any case; a commit that fails as a whole answers the begin message.
 */
static int commit_result(struct nft *nft, uint32_t last_seq)
{
	int first_error = 0;

	for (;;) {
		const struct nlmsghdr *nlh = (struct nlmsghdr *)nft->reply;
		ssize_t n = mnl_socket_recvfrom(nft->socket, nft->reply,
						sizeof(nft->reply));
		int len = (int)n;

		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		for (; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

			if (nlh->nlmsg_type != NLMSG_ERROR ||
			    nlh->nlmsg_seq - nft->first_seq >
				    last_seq - nft->first_seq)
				continue; /* left over from an older one */
			if (e->error && !first_error)
				first_error = e->error;
			if (nlh->nlmsg_seq == last_seq ||
			    nlh->nlmsg_seq == nft->first_seq)
				return first_error;
		}
	}
}

static int send_batch(struct nft *nft)
{
	struct nlmsghdr *last = (struct nlmsghdr *)(nft->batch + nft->last);

	last->nlmsg_flags |= NLM_F_ACK;
	nft->used += nftnl_batch_end((char *)nft->batch + nft->used, nft->seq++)
			     ->nlmsg_len;
	if (mnl_socket_sendto(nft->socket, nft->batch, nft->used) < 0)
		return -errno;
	return commit_result(nft, last->nlmsg_seq);
}

/* What thousands of sessions needed at once is given back. */
static void release_batch(struct nft *nft)
{
	if (nft->size <= BATCH_KEPT)
		return;
	free(nft->batch);
	nft->batch = NULL;
	nft->size = 0;
}

int nft_commit(struct nft *nft)
{
	int err = 0;

	if (nft->out_of_memory)
		err = -ENOMEM;
	else if (!is_empty(nft))
		err = send_batch(nft);
	if (nft->batch)
		explicit_bzero(nft->batch, nft->used);
	release_batch(nft);
	return err;
}

/* --- dumps ------------------------------------------------------------- */

struct dump_state {
	const struct nft_dump *d;
	uint32_t seq;
	bool interrupted;
	int err;
};

/* false: the dump is over. */
static bool dump_part(struct dump_state *state, const struct nlmsghdr *nlh,
		      int len)
{
	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_seq != state->seq)
			continue; /* an answer to an older question */
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			state->interrupted = true;
		if (nlh->nlmsg_type == NLMSG_DONE)
			return false;
		if (nlh->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

			state->err = e->error;
			return false;
		}
		if (!state->err)
			state->err = state->d->on_message(nlh, state->d->arg);
	}
	return true;
}

static int ask(struct nft *nft, const struct nft_dump *d, uint16_t flags)
{
	union {
		struct nlmsghdr nlh;
		char bytes[1024];
	} question;
	struct dump_state state = { .d = d, .seq = nft->seq++ };
	struct nlmsghdr *nlh;
	bool goes_on;

	nlh = nftnl_nlmsg_build_hdr(question.bytes, d->type, d->family, flags,
				    state.seq);
	if (d->fill)
		d->fill(nlh, d->arg);
	if (mnl_socket_sendto(nft->socket, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		ssize_t n = mnl_socket_recvfrom(nft->socket, nft->reply,
						sizeof(nft->reply));

		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		goes_on = dump_part(&state, (struct nlmsghdr *)nft->reply,
				    (int)n);
		explicit_bzero(nft->reply, (size_t)n); /* it names devices */
	} while (goes_on);
	if (!state.err && state.interrupted)
		return -EINTR;
	return state.err;
}

int nft_dump(struct nft *nft, const struct nft_dump *d)
{
	return ask(nft, d, NLM_F_DUMP);
}

int nft_get(struct nft *nft, const struct nft_dump *d)
{
	return ask(nft, d, NLM_F_ACK);
}

/* --- watching others --------------------------------------------------- */

/*
 * Each transaction is announced by one NFT_MSG_NEWGEN in a datagram of its
 * own (nf_tables_gen_notify). This filter lets only those through that are
 * not ours, so neither our thousands of element changes nor their gens wake
 * us. BPF loads are big-endian, netlink headers are in host order.
 */
static int attach_filter(int fd, uint32_t ignore_portid)
{
	const uint16_t newgen = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWGEN;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS,
			 offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(newgen), 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct nlmsghdr, nlmsg_pid)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(ignore_portid), 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]),
		.filter = code,
	};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program)) < 0
		       ? -errno
		       : 0;
}

int nft_watch_open(uint32_t ignore_portid)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK };
	int group = NFNLGRP_NFTABLES;
	int err;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_NETFILTER);

	if (fd < 0)
		return -errno;
	err = attach_filter(fd, ignore_portid);
	if (!err && (bind(fd, (struct sockaddr *)&nl, sizeof(nl)) < 0 ||
		     setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
				sizeof(group)) < 0))
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

bool nft_watch_drain(int fd)
{
	char buf[4096];
	bool changed = false;

	for (;;) {
		ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != ENOBUFS)
			return changed;
		changed = true; /* ENOBUFS too: some were lost */
	}
}

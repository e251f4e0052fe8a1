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

#include "common/array.h"
#include "netctl/netlink/netlink.h"

#define MESSAGE_MAX 16384
#define BUFFER_SIZE (64 * 1024 * 1024) /* thousands of sessions at once */
#define BATCH_KEPT  (4 * MESSAGE_MAX)  /* between transactions */

struct nft {
	struct netlink *netlink;
	uint32_t first_seq; /* of the open transaction: its begin message */
	unsigned char *batch;
	size_t size, used;
	size_t last; /* offset of the last message put */
	bool out_of_memory;
};

struct nft *nft_new(void)
{
	struct nft *nft = calloc(1, sizeof(*nft));

	if (!nft)
		return NULL;
	nft->netlink = netlink_new(NETLINK_NETFILTER, BUFFER_SIZE);
	if (!nft->netlink) {
		nft_free(nft);
		return NULL;
	}
	return nft;
}

void nft_free(struct nft *nft)
{
	if (!nft)
		return;
	netlink_free(nft->netlink);
	free(nft->batch);
	free(nft);
}

uint32_t nft_portid(const struct nft *nft)
{
	return netlink_portid(nft->netlink);
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
	nft->first_seq = netlink_next(nft->netlink);
	if (!batch_reserve(nft))
		return;
	nft->used = nftnl_batch_begin((char *)nft->batch, nft->first_seq)
			    ->nlmsg_len;
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
				     family, flags, netlink_next(nft->netlink));
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
 * Every message that fails is answered; the last one, which asks for it, in
 * any case; a commit that fails as a whole answers the begin message.
 */
static int send_batch(struct nft *nft)
{
	struct nlmsghdr *last = (struct nlmsghdr *)(nft->batch + nft->last);
	struct netlink_batch batch = { .first = nft->first_seq,
				       .last = last->nlmsg_seq,
				       .first_is_all = true };
	int error = 0;
	int err;

	last->nlmsg_flags |= NLM_F_ACK;
	nft->used += nftnl_batch_end((char *)nft->batch + nft->used,
				     netlink_next(nft->netlink))
			     ->nlmsg_len;
	err = netlink_send(nft->netlink, nft->batch, nft->used, &batch, &error);
	return err ? err : error;
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

static int ask(struct nft *nft, const struct nft_dump *d, uint16_t flags)
{
	union {
		struct nlmsghdr nlh;
		char bytes[1024];
	} question;
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(question.bytes, d->type,
						     d->family, flags, 0);

	if (d->fill)
		d->fill(nlh, d->arg);
	return netlink_ask(nft->netlink, nlh, d->on_message, d->arg);
}

int nft_dump(struct nft *nft, const struct nft_dump *d)
{
	return ask(nft, d, NLM_F_DUMP);
}

int nft_get(struct nft *nft, const struct nft_dump *d)
{
	return ask(nft, d, NLM_F_ACK);
}

static int on_generation(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr;

	mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == NFTA_GEN_ID)
			*(uint32_t *)arg = ntohl(mnl_attr_get_u32(attr));
	return 0;
}

int nft_generation(struct nft *nft, uint32_t *generation)
{
	const struct nft_dump d = { .type = NFT_MSG_GETGEN,
				    .on_message = on_generation,
				    .arg = generation };

	*generation = 0;
	return nft_get(nft, &d);
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
		.len = ARRAY_SIZE(code),
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

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nf_tables over netlink: transactions and dumps. Owns the request socket;
 * knows nothing of what the tables mean.
 *
 * Failed transactions cost the kernel milliseconds, so an error here is a
 * surprise, never a question.
 */
#ifndef STADTTOR_NETCTL_NETLINK_NFT_H
#define STADTTOR_NETCTL_NETLINK_NFT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"
#include "netctl/netlink/netlink.h"

struct nft;

struct nft *nft_new(void); /* NULL: errno says why */
void nft_free(struct nft *nft);

/* Of the request socket; notifications of our own changes carry it. */
uint32_t nft_portid(const struct nft *nft);

/* --- one transaction: begin, put as often as needed, commit ------------- */

void nft_begin(struct nft *nft);

/*
 * Room for one message of that NFT_MSG_* type and family; the caller appends
 * the attributes (at most 16 KiB) and calls nft_put_done().
 */
struct nlmsghdr *nft_put(struct nft *nft, uint16_t type, uint16_t family,
			 uint16_t flags);
void nft_put_done(struct nft *nft, struct nlmsghdr *nlh);

/* 0, or the -errno of the first message that failed: then nothing changed. */
int nft_commit(struct nft *nft) MUST_CHECK;

/* --- reading ------------------------------------------------------------ */

/*
 * Asks with NLM_F_DUMP and calls on_message for each answer. fill appends the
 * question's attributes and may be NULL. 0 or -errno; -EINTR: somebody changed
 * tables meanwhile, so what was read may be incomplete: ask again.
 */
struct nft_dump {
	uint16_t type; /* NFT_MSG_GET* */
	uint16_t family;
	void (*fill)(struct nlmsghdr *nlh, void *arg);
	netlink_fn *on_message;
	void *arg;
};
int nft_dump(struct nft *nft, const struct nft_dump *d) MUST_CHECK;

/* The same for one thing that fill names, without NLM_F_DUMP. */
int nft_get(struct nft *nft, const struct nft_dump *d) MUST_CHECK;

/*
 * The number of the last transaction in this network namespace, whoever made it
 * (nf_tables_commit() adds one and passes over 0). 0 or -errno.
 */
int nft_generation(struct nft *nft, uint32_t *generation) MUST_CHECK;

/*
 * A non-blocking socket that becomes readable when somebody other than
 * ignore_portid has changed any nf_tables object. -errno: none to be had.
 */
int nft_watch_open(uint32_t ignore_portid) MUST_CHECK;

/* Reads all that waits there; true: something has changed. */
bool nft_watch_drain(int fd);

#endif

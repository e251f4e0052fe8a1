/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rules of others that change the gate's bits of the packet mark: they undo
 * grants, or let somebody send who is not in. What iptables' extensions do is
 * not looked into.
 */
#ifndef STADTTOR_NETCTL_RULES_FOREIGN_MARKS_H
#define STADTTOR_NETCTL_RULES_FOREIGN_MARKS_H

#include <stdbool.h>
#include <stdint.h>

#include "netctl/netlink/nft.h"

#define FOREIGN_NAME_MAX 64 /* longer names are cut */

struct foreign_rule {
	uint16_t nfproto;
	char table[FOREIGN_NAME_MAX];
	char chain[FOREIGN_NAME_MAX];
};

/*
 * One that packets from guests may meet: in a chain of prerouting or forward,
 * or one that others jump to. mask: the gate's bits. 1: found; 0: there is
 * none; or -errno.
 */
int foreign_marks_find(struct nft *nft, uint32_t mask,
		       struct foreign_rule *found) MUST_CHECK;

#endif

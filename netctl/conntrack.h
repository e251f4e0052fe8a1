/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ends the connections of devices that are no longer let in, so that a flow
 * held by a flow table dies with them (ctnetlink).
 */
#ifndef STADTTOR_CONNTRACK_H
#define STADTTOR_CONNTRACK_H

#include <stddef.h>

#include "common/addr.h"
#include "common/log.h"

struct conntrack;

struct conntrack *conntrack_new(void); /* NULL: no socket */
void conntrack_free(struct conntrack *ct);

/*
 * Deletes every connection begun by one of the addresses, which it sorts; not
 * those to the portal. 0 or -errno.
 */
int conntrack_end(struct conntrack *ct, struct addr *addrs,
		  size_t n) MUST_CHECK;

#endif

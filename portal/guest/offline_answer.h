/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The answer to one query of DNS (RFC 1035) where there is no resolver to ask:
 * every name has the box's own address, for a second. Of other types every name
 * has none, without an SOA, so that nobody remembers it (RFC 2308, 5).
 *
 * What is answered: a query of opcode 0 with one question in class IN, its name
 * written out. What follows the question, as EDNS does (RFC 6891), is not read
 * and not echoed.
 */
#ifndef STADTTOR_PORTAL_GUEST_OFFLINE_ANSWER_H
#define STADTTOR_PORTAL_GUEST_OFFLINE_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"

/* Of a query without EDNS (RFC 1035, 4.2.1), and none is nearly as long. */
#define OFFLINE_QUERY_MAX 512

/* A header, the longest question, an AAAA record: within those 512, too. */
#define OFFLINE_ANSWER_MAX (12 + 255 + 4 + 28)

/*
 * address: of the box, AF_INET or AF_INET6. The length in out; 0: no answer,
 * for that is no such query. An answer is at most 28 bytes longer than its
 * query. The shortest query has 17, so the factor is below 2.7, and with the
 * headers of IP and UDP below 1.7.
 */
size_t offline_answer_build(uint8_t out[OFFLINE_ANSWER_MAX],
			    const uint8_t *query, size_t len,
			    const struct addr *address);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One question to one DNS server, and whether it knows the answer. */
#ifndef STADTTOR_CLI_DOCTOR_DNS_QUESTION_H
#define STADTTOR_CLI_DOCTOR_DNS_QUESTION_H

#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/log.h"

#define DNS_QUESTION_WAIT_MS 2000

/* RFC 1035, 4.1.1 */
enum dns_rcode {
	DNS_RCODE_FINE = 0,
	DNS_RCODE_FAILED = 2,
	DNS_RCODE_NO_NAME = 3,
	DNS_RCODE_REFUSED = 5,
};

struct dns_reply {
	unsigned int rcode;   /* mostly of the enum above */
	unsigned int answers; /* records; 0: the name has none */
};

/*
 * Asks for the records of type A or AAAA, by UDP, and waits for
 * DNS_QUESTION_WAIT_MS at most. 0, -ETIMEDOUT, -EINVAL: that is no name, or
 * -errno, -ECONNREFUSED where nobody listens.
 */
int dns_question_ask(const struct addr *server, uint16_t port, const char *name,
		     struct dns_reply *reply) MUST_CHECK;

#endif

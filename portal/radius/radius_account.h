/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An account that a server has let in: what is told of it until its session
 * ends. It names a person, so it is in memory only, and is wiped.
 */
#ifndef STADTTOR_PORTAL_RADIUS_RADIUS_ACCOUNT_H
#define STADTTOR_PORTAL_RADIUS_RADIUS_ACCOUNT_H

#include "portal/radius/radius_packet.h"
#include "portal/radius/radius_reply.h"

#define RADIUS_NETWORK_MAX 64

struct radius_account {
	struct ipc_limits limits; /* 0: the zone's own */
	uint64_t pseudonym;	  /* of its device; 0: none */
	uint64_t interim_s;	  /* 0: the server has not said */
	char network[RADIUS_NETWORK_MAX];
	uint16_t name_len, cui_len, classes_len;
	uint8_t bytes[]; /* these three */
};

/* Who wants to be let in. All is borrowed. */
struct radius_login {
	const char *name;
	const char *password;
	const char *network; /* as people know it */
	uint64_t pseudonym;
};

/* NULL: no memory. */
struct radius_account *radius_account_new(const struct radius_login *l,
					  const struct radius_reply *r);
void radius_account_free(struct radius_account *a); /* or NULL */

/* What every packet says of the place. */
void radius_put_place(struct radius_packet *p, const char *identifier,
		      const char *network, uint64_t pseudonym);

/* What accounting says of the account. */
void radius_account_put(struct radius_packet *p,
			const struct radius_account *a);

#endif

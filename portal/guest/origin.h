/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who we are on the network: which hosts are ours, and the redirect that
 * leads everybody else here, ready to be sent. Where no hostname is set, the
 * gate's own address is the name; its last few redirects are kept.
 */
#ifndef STADTTOR_PORTAL_GUEST_ORIGIN_H
#define STADTTOR_PORTAL_GUEST_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/config/settings.h"

#define ORIGIN_BYTES_MAX 1536
#define ORIGIN_KEPT	 8
#define ORIGIN_VIA	 3 /* how often the address stands in an answer */

struct origin_redirect {
	struct addr local;	   /* AF_UNSPEC: of the hostname, or empty */
	uint64_t valid_ms;	   /* until then; names of devices change */
	size_t len;		   /* of the whole answer */
	size_t head_len;	   /* of its head alone */
	size_t via_at[ORIGIN_VIA]; /* of the letter in ?via=X */
	char bytes[ORIGIN_BYTES_MAX];
};

struct origin {
	char hostname[254]; /* lower case; empty: the gate's address */
	bool is_secure;	    /* the pages live on https */
	size_t next;
	struct origin_redirect named;
	struct origin_redirect kept[ORIGIN_KEPT];
};

void origin_init(struct origin *o, const struct portal_settings *p);

/* Whether the answer depends on the address a connection came to. */
static inline bool origin_needs_address(const struct origin *o)
{
	return !o->hostname[0];
}

/*
 * Whether host, as a request says it, is this portal. local: the address that
 * the connection came to.
 */
bool origin_is_ours(const struct origin *o, const char *host,
		    const struct addr *local);

/* host is the hostname, and not an address. */
bool origin_is_hostname(const struct origin *o, const char *host);

/*
 * local may be NULL unless origin_needs_address(). via: a letter that the
 * portal's page is asked with. Good until the next call.
 */
const struct origin_redirect *
origin_redirect(struct origin *o, const struct addr *local, char via);

#endif

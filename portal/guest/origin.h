/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who we are on the network: which hosts are ours, and the redirect that
 * leads everybody else here, ready to be sent. Where no hostname is set, the
 * gate's own address is the name; its last few redirects are kept. Browsers do
 * not open link-local addresses: in place of one stands another address of the
 * same device, as netctl tells it.
 */
#ifndef STADTTOR_PORTAL_GUEST_ORIGIN_H
#define STADTTOR_PORTAL_GUEST_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/config/settings.h"
#include "common/ipc.h"

#define ORIGIN_BYTES_MAX 1536
#define ORIGIN_KEPT	 8
#define ORIGIN_VIA	 3 /* how often the address stands in an answer */
#define ORIGIN_TOLD	 IPC_ZONES

struct origin_redirect {
	struct addr local;	   /* AF_UNSPEC: of the hostname, or empty */
	size_t len;		   /* of the whole answer */
	size_t head_len;	   /* of its head alone */
	size_t via_at[ORIGIN_VIA]; /* of the letter in ?via=X */
	char bytes[ORIGIN_BYTES_MAX];
};

/* Zeroed before its first use. */
struct origin {
	char hostname[254]; /* lower case; empty: the gate's address */
	bool is_secure;	    /* the pages live on https */
	size_t next;
	struct origin_redirect named;
	struct origin_redirect kept[ORIGIN_KEPT];
	struct addr told[ORIGIN_TOLD]; /* the last ones, in a ring */
	size_t next_told;
};

/* What netctl has told stays. */
void origin_init(struct origin *o, const struct portal_settings *p);

/*
 * What a browser opens on the device with that ifindex; AF_UNSPEC: nothing.
 * All of up to IPC_ZONES devices are told whenever one of them changes.
 */
void origin_tell(struct origin *o, uint32_t ifindex, const struct addr *a);

/*
 * Whether who asked for host is led to an address: there is no hostname, or an
 * address was asked for, perhaps by somebody whose resolver knows no names yet.
 */
bool origin_leads_to_address(const struct origin *o, const char *host);

/*
 * Whether host, as a request says it, is this portal. local: the address that
 * the connection came to.
 */
bool origin_is_ours(const struct origin *o, const char *host,
		    const struct addr *local);

/* host is the hostname, and not an address. */
bool origin_is_hostname(const struct origin *o, const char *host);

/*
 * local: where the connection came to, which is led to; NULL: to the hostname,
 * of which there is one. via: a letter that the portal's page is asked with.
 * Good until the next call.
 */
const struct origin_redirect *
origin_redirect(struct origin *o, const struct addr *local, char via);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What all answers to guests are made of, and what is known of a request
 * beside what HTTP knows.
 */
#ifndef STADTTOR_PORTAL_GUEST_GUEST_H
#define STADTTOR_PORTAL_GUEST_GUEST_H

#include <stdbool.h>

#include "portal/guest/auth_wait.h"
#include "portal/guest/credential.h"
#include "portal/guest/origin.h"
#include "portal/http/conn.h"
#include "portal/guest/radii.h"
#include "portal/netctl_client.h"
#include "portal/pages/page_context.h"
#include "portal/pages/picture.h"

struct oidc;

/* Of the whole portal: conn_arg() of every connection. */
struct site {
	struct page_context_source source;
	const struct picture *picture; /* of each kind */
	struct netctl_client *netctl;
	struct vouchers *vouchers; /* NULL: no zone asks for codes */
	struct oidc *oidc;	   /* NULL: no zone asks for accounts */
	struct auth_waits auth_waits;
	struct radii *radii;
	struct origin origin;
	bool is_in_city; /* which may have let somebody in meanwhile */
};

/* Of one connection: the exchange's user, zeroed when it begins. */
struct guest {
	size_t lang;
	struct netctl_request question;
	struct page_hours hours; /* of the zone, as last told */
	struct credential pass;	 /* of a grant that netctl is asked for */
	enum page_notice notice; /* on what the browser brought back */
	struct auth_wait wait;	 /* for what its method makes of it */
	void (*on_judged)(struct conn *c, enum page_notice notice);
	/* of the handler that asked the question */
	void (*on_session)(struct conn *c, const struct ipc_session *s);
	/* -errno; -ETIMEDOUT: no answer, -ENOTCONN: it was not asked */
	void (*on_refused)(struct conn *c, int error);
};

struct site *guest_site(struct conn *c);
struct guest *guest_of(struct conn *c);

/* For struct conns_config: withdraws the questions. */
void guest_on_close(void *user);

#endif

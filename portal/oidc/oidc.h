/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Accounts by OpenID Connect: the authorization code flow with PKCE. Of a token
 * nothing is kept, logged or counted: what comes of it is that somebody with a
 * valid account is let in, and a random number by which the provider's logout
 * ends that session.
 */
#ifndef STADTTOR_PORTAL_OIDC_OIDC_H
#define STADTTOR_PORTAL_OIDC_OIDC_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>

#include "common/config/settings.h"
#include "portal/oidc/oidc_client.h"
#include "portal/oidc/oidc_state.h"

struct oidc;
struct oidc_login;

/*
 * Takes over what the settings, borrowed, say, and reads secret or key. o: what
 * it returned before; NULL: nothing yet, and nothing is made where no zone asks
 * for accounts. Without a secret or a provider that answers there are none.
 * Logins under way end as unavailable where the provider is another one.
 */
struct oidc *oidc_apply(struct oidc *o, struct event_base *base,
			const struct settings *s);
void oidc_free(struct oidc *o);

/* The address that the browser is sent to. false: the provider is away. */
bool oidc_begin(struct oidc *o, const struct oidc_place *place, uint32_t terms,
		const char *lang, char url[OIDC_URL_MAX]) MUST_CHECK;

enum oidc_result {
	OIDC_FINE,
	OIDC_FAILED,	  /* begin anew */
	OIDC_REFUSED,	  /* the account fits no tariff */
	OIDC_UNAVAILABLE, /* the provider is away */
};

/* What the provider's answer says; texts are borrowed. */
struct oidc_answer {
	const char *code;   /* NULL: it refused */
	const char *state;  /* NULL: none */
	const char *issuer; /* RFC 9207; NULL: none */
};

/*
 * Whether it answers a login that this device began, and comes from whom it was
 * sent to (no mix-up).
 */
bool oidc_is_ours(const struct oidc *o, const struct oidc_answer *a,
		  const struct oidc_place *place, struct oidc_state *s);

struct oidc_grant {
	enum oidc_result result;
	struct ipc_limits limits; /* 0: the zone's */
	uint64_t tag;
};
typedef void (*oidc_done)(const struct oidc_grant *g, void *arg);

/* A code that is to be redeemed. */
struct oidc_order {
	const char *code;
	const struct oidc_state *state;
	const char *zone; /* its name */
	oidc_done done;
	void *arg;
};

/* done is called from the loop, once, unless cancelled. NULL: no memory. */
struct oidc_login *oidc_redeem(struct oidc *o, const struct oidc_order *order);
void oidc_cancel(struct oidc_login *l);

/*
 * The tag of the sessions that a logout token ends (Back-Channel Logout 1.0).
 * false: it is none of this provider's.
 */
bool oidc_take_logout(struct oidc *o, const char *token, uint64_t *tag);

#endif

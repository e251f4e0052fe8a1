/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a token that was signed says, and whether it is for us and in time:
 * ID tokens (OpenID Connect Core 1.0, 3.1.3.7) and logout tokens (Back-Channel
 * Logout 1.0, 2.6).
 */
#ifndef STADTTOR_PORTAL_OIDC_OIDC_CLAIMS_H
#define STADTTOR_PORTAL_OIDC_OIDC_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "common/config/settings.h"

#define OIDC_SKEW_S	  60  /* that clocks may differ by */
#define OIDC_LOGOUT_AGE_S 300 /* of a logout token */

struct oidc_expected {
	const char *issuer;
	const char *client;
	const char *nonce; /* of an ID token */
	int64_t now_s;	   /* since 1970 */
};

/* NULL: fine; else what is wrong, in words that quote nothing. */
const char *oidc_claims_check_id(const json_object *claims,
				 const struct oidc_expected *e);
const char *oidc_claims_check_logout(const json_object *claims,
				     const struct oidc_expected *e);

/* The provider's session; NULL: it tells none. Borrowed. */
const char *oidc_claims_session(const json_object *claims);

/*
 * The limits of the zone's first tariff that the claims fit; 0 in it asks for
 * the zone's own. false: there are tariffs, and none fits.
 */
bool oidc_claims_tariff(const json_object *claims,
			const struct zone_settings *z, struct ipc_limits *out);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signed tokens: JWT (RFC 7519) as JWS in compact form (RFC 7515), signed by
 * RS256 or ES256. Everything else is refused before its signature is looked at:
 * none, HS256, encrypted ones, extensions that must be understood.
 */
#ifndef STADTTOR_PORTAL_OIDC_OIDC_JWT_H
#define STADTTOR_PORTAL_OIDC_OIDC_JWT_H

#include <json-c/json.h>

#include "portal/oidc/oidc_keys.h"

#define OIDC_TOKEN_MAX 16384 /* bytes of a token */

/*
 * The claims of a token that one of the keys has signed, which
 * json_object_put() frees. NULL: verdict says OIDC_KEY_UNKNOWN or OIDC_FORGED.
 */
json_object *oidc_jwt_verify(const char *token, const struct oidc_keys *keys,
			     enum oidc_verdict *verdict);

#endif

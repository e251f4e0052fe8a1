/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the portal proves to a provider who it is, and what it asks it for: the
 * form that a code is redeemed by (RFC 6749, 4.1.3; RFC 7636), with a secret or
 * with an assertion signed by a private key (RFC 7523). Builds, sends nothing.
 */
#ifndef STADTTOR_PORTAL_OIDC_OIDC_CLIENT_H
#define STADTTOR_PORTAL_OIDC_OIDC_CLIENT_H

#include "common/config/settings.h"
#include "portal/fetch/fetch_url.h"
#include "portal/oidc/oidc_provider.h"
#include "portal/oidc/oidc_state.h"
#include "portal/util/strbuf.h"

#define OIDC_CODE_MAX	2048
#define OIDC_FORM_MAX	16384
#define OIDC_URL_MAX	2048
#define OIDC_SECRET_MAX 256

struct oidc_client;

/* Reads secret or key. NULL: error says what is wrong. */
struct oidc_client *oidc_client_new(const struct settings *s, char *error,
				    size_t max) MUST_CHECK;
void oidc_client_free(struct oidc_client *c);
const char *oidc_client_id(const struct oidc_client *c);

/* Where the browser goes. sealed: the state. */
bool oidc_client_build_url(const struct oidc_client *c,
			   const struct oidc_document *d,
			   const struct oidc_state *s, const char *sealed,
			   char out[OIDC_URL_MAX]) MUST_CHECK;

struct oidc_code {
	const char *code;
	const char *verifier;
};

/*
 * What the token end point is asked: the form, and url with what it needs.
 * false: it does not fit.
 */
bool oidc_client_build_request(const struct oidc_client *c,
			       const struct oidc_document *d,
			       const struct oidc_code *code,
			       struct fetch_url *url,
			       char form[OIDC_FORM_MAX]) MUST_CHECK;

#endif

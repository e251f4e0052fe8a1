/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A provider as it describes itself (OpenID Connect Discovery 1.0), and its
 * keys. Both are fetched when the portal starts and every hour, over verified
 * TLS; what guests do causes no request, but for a key that is not known: then
 * the keys are fetched anew, at most twice a minute. The log tells when the
 * provider fails or works again.
 */
#ifndef STADTTOR_PORTAL_OIDC_OIDC_PROVIDER_H
#define STADTTOR_PORTAL_OIDC_OIDC_PROVIDER_H

#include <stdbool.h>

#include <event2/event.h>

#include "portal/fetch/fetch.h"
#include "portal/oidc/oidc_keys.h"

#define OIDC_ISSUER_MAX	  256
#define OIDC_ENDPOINT_MAX 512

/* What discovery says; pure. */
struct oidc_document {
	char authorization[OIDC_ENDPOINT_MAX];
	char token[OIDC_ENDPOINT_MAX];
	char keys[OIDC_ENDPOINT_MAX];
	bool names_issuer; /* in its answers (RFC 9207) */
	bool wants_post;   /* takes the secret in the form alone */
};

/* false: it is another issuer's, or lacks something; why says what. */
bool oidc_document_parse(const char *bytes, size_t len, const char *issuer,
			 struct oidc_document *d, const char **why);

struct oidc_provider;

/* on_keys: the keys that were asked for are there, or will not come. */
struct oidc_provider_config {
	struct event_base *base;
	struct fetcher *fetcher; /* borrowed */
	const char *issuer;
	void (*on_keys)(void *arg);
	void *arg;
};

/* NULL: no memory, or the issuer is no URL. */
struct oidc_provider *oidc_provider_new(const struct oidc_provider_config *c);

/* NULL: it has not answered yet. */
const struct oidc_document *
oidc_provider_document(const struct oidc_provider *p);
const struct oidc_keys *oidc_provider_keys(const struct oidc_provider *p);

/* false: they were fetched just now; else on_keys is called later. */
bool oidc_provider_renew_keys(struct oidc_provider *p);
void oidc_provider_free(struct oidc_provider *p);

#endif

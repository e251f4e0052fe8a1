/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/oidc/oidc_provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event_struct.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/random.h"
#include "portal/oidc/oidc_json.h"
#include "portal/util/retry.h"

#define WELL_KNOWN  "/.well-known/openid-configuration"
#define INTERVAL_S  3600
#define LIMIT_MS    10000
#define KEYS_MIN_MS 30000

enum provider_state { PROVIDER_NEW, PROVIDER_WORKS, PROVIDER_FAILS };

struct oidc_provider {
	struct oidc_provider_config config;
	char issuer[OIDC_ISSUER_MAX];
	struct event timer;
	struct fetch_url url; /* of the fetch that runs */
	struct fetch *fetch;  /* NULL: none runs */
	enum provider_state state;
	unsigned int failures; /* in a row */
	bool is_known;
	bool wants_keys;  /* somebody waits for them */
	uint64_t keys_ms; /* when they were last asked for; 0: never */
	struct oidc_document document, next;
	struct oidc_keys *keys; /* NULL: none yet */
};

/* --- what it says of itself --------------------------------------------- */

static bool take_endpoint(const json_object *o, const char *name,
			  char out[OIDC_ENDPOINT_MAX])
{
	const char *text = oidc_json_text(o, name);
	struct fetch_url url;

	if (!text || strlen(text) >= OIDC_ENDPOINT_MAX ||
	    strpbrk(text, "\"<>\\# \r\n") || !fetch_url_parse(&url, text) ||
	    !url.is_secure)
		return false;
	snprintf(out, OIDC_ENDPOINT_MAX, "%s", text);
	return true;
}

static bool is_true(const json_object *o, const char *name)
{
	json_object *value;

	return json_object_object_get_ex(o, name, &value) &&
	       json_object_is_type(value, json_type_boolean) &&
	       json_object_get_boolean(value);
}

/* Without the list it takes the secret in the header. */
static bool wants_post(const json_object *o)
{
	static const char methods[] = "token_endpoint_auth_methods_supported";

	return json_object_object_get_ex(o, methods, NULL) &&
	       !oidc_json_has(o, methods, "client_secret_basic") &&
	       oidc_json_has(o, methods, "client_secret_post");
}

static const char *read_document(const json_object *o, const char *issuer,
				 struct oidc_document *d)
{
	const char *name = oidc_json_text(o, "issuer");

	if (!name || strcmp(name, issuer) != 0)
		return "its issuer is another one than in the config";
	if (!take_endpoint(o, "authorization_endpoint", d->authorization) ||
	    !take_endpoint(o, "token_endpoint", d->token) ||
	    !take_endpoint(o, "jwks_uri", d->keys))
		return "it lacks an end point, or one is not https";
	d->names_issuer =
		is_true(o, "authorization_response_iss_parameter_supported");
	d->wants_post = wants_post(o);
	return NULL;
}

bool oidc_document_parse(const char *bytes, size_t len, const char *issuer,
			 struct oidc_document *d, const char **why)
{
	json_object *o = oidc_json_parse(bytes, len);

	memset(d, 0, sizeof(*d));
	*why = o ? read_document(o, issuer, d) : "the answer is no JSON";
	json_object_put(o);
	return !*why;
}

/* --- fetching ----------------------------------------------------------- */

static void arm(struct oidc_provider *p, uint64_t wait_ms)
{
	struct timeval tv = clock_timeval(wait_ms);

	evtimer_add(&p->timer, &tv);
}

static void tell_keys(struct oidc_provider *p)
{
	if (!p->wants_keys)
		return;
	p->wants_keys = false;
	p->config.on_keys(p->config.arg);
}

static void provider_enter(struct oidc_provider *p, enum provider_state next,
			   const char *why)
{
	uint16_t chance = 0;

	p->failures = next == PROVIDER_FAILS ? p->failures + 1 : 0;
	if (next != p->state && next == PROVIDER_FAILS)
		log_warn("accounts (%s): %s", p->issuer, why);
	else if (next != p->state)
		log_info("accounts (%s): the provider answers", p->issuer);
	p->state = next;
	if (!random_fill(&chance, sizeof(chance)))
		chance = 0;
	arm(p, retry_wait_ms(INTERVAL_S, p->failures, chance));
	tell_keys(p);
}

static void start(struct oidc_provider *p, fetch_done fetched)
{
	struct fetch_order order = {
		.url = &p->url,
		.turn = p->failures,
		.limit_ms = LIMIT_MS,
		.fetched = fetched,
		.arg = p,
	};

	p->fetch = fetch_start(p->config.fetcher, &order);
	if (!p->fetch)
		provider_enter(p, PROVIDER_FAILS, "out of memory");
}

/* Old keys are good until new ones are there. */
static void on_fetched_keys(const struct fetch_document *d, const char *why,
			    void *arg)
{
	struct oidc_provider *p = arg;
	struct oidc_keys *keys = NULL;

	p->fetch = NULL;
	if (d) {
		keys = oidc_keys_parse(d->bytes, d->len);
		why = "its keys cannot be used";
	}
	if (!keys) {
		provider_enter(p, PROVIDER_FAILS, why);
		return;
	}
	oidc_keys_free(p->keys);
	p->keys = keys;
	p->is_known = true;
	provider_enter(p, PROVIDER_WORKS, NULL);
}

static void fetch_keys(struct oidc_provider *p)
{
	p->keys_ms = clock_ms();
	if (fetch_url_parse(&p->url, p->document.keys))
		start(p, on_fetched_keys);
}

static void on_fetched_document(const struct fetch_document *d, const char *why,
				void *arg)
{
	struct oidc_provider *p = arg;

	p->fetch = NULL;
	if (!d ||
	    !oidc_document_parse(d->bytes, d->len, p->issuer, &p->next, &why)) {
		provider_enter(p, PROVIDER_FAILS, why);
		return;
	}
	p->document = p->next;
	fetch_keys(p);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	struct oidc_provider *p = arg;
	char text[OIDC_ISSUER_MAX + sizeof(WELL_KNOWN)];
	size_t len = strlen(p->issuer);

	(void)fd;
	(void)what;
	if (p->fetch)
		return;
	if (len && p->issuer[len - 1] == '/')
		len--;
	snprintf(text, sizeof(text), "%.*s%s", (int)len, p->issuer, WELL_KNOWN);
	if (fetch_url_parse(&p->url, text))
		start(p, on_fetched_document);
	else
		provider_enter(p, PROVIDER_FAILS, "the issuer is no address");
}

bool oidc_provider_renew_keys(struct oidc_provider *p)
{
	if (!p->is_known)
		return false;
	if (!p->fetch && clock_ms() - p->keys_ms < KEYS_MIN_MS)
		return false;
	p->wants_keys = true;
	if (!p->fetch)
		fetch_keys(p);
	return p->wants_keys;
}

/* --- life --------------------------------------------------------------- */

struct oidc_provider *oidc_provider_new(const struct oidc_provider_config *c)
{
	struct oidc_provider *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->config = *c;
	snprintf(p->issuer, sizeof(p->issuer), "%s", c->issuer);
	evtimer_assign(&p->timer, c->base, on_time, p);
	arm(p, 0);
	return p;
}

const struct oidc_document *
oidc_provider_document(const struct oidc_provider *p)
{
	return p->is_known ? &p->document : NULL;
}

const struct oidc_keys *oidc_provider_keys(const struct oidc_provider *p)
{
	return p->keys;
}

void oidc_provider_free(struct oidc_provider *p)
{
	if (!p)
		return;
	event_del(&p->timer);
	if (p->fetch)
		fetch_cancel(p->fetch);
	oidc_keys_free(p->keys);
	free(p);
}

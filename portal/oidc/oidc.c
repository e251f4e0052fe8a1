/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/oidc/oidc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include <event2/event_struct.h>

#include "common/clock.h"
#include "common/log.h"
#include "portal/fetch/fetch.h"
#include "portal/oidc/oidc_claims.h"
#include "portal/oidc/oidc_json.h"
#include "portal/oidc/oidc_jwt.h"

#define LIMIT_MS   10000
#define LOG_MIN_MS 60000
#define WHY_MAX	   256

struct oidc {
	struct event_base *base;
	struct oidc_state_key *key;
	const struct settings *settings; /* NULL: no zone asks for accounts */
	char issuer[OIDC_ISSUER_MAX];
	struct fetcher *fetcher;
	struct oidc_provider *provider;
	struct oidc_client *client;
	LIST_HEAD(, oidc_login) logins;
	uint64_t said_ms; /* of a refused token; 0: never */
};

/* Ends once, and then goes through `ending`, never within a call. */
struct oidc_login {
	LIST_ENTRY(oidc_login) next;
	struct oidc *oidc;
	struct fetch_url url;
	struct fetch *fetch; /* NULL: none runs */
	struct event ending;
	char *token; /* that waits for keys; NULL: none */
	char nonce[OIDC_PROOF_MAX];
	char zone[IPC_ZONE_NAME_MAX];
	struct oidc_grant grant;
	oidc_done done;
	void *arg;
};

/* --- the end of a login ------------------------------------------------- */

static void drop_token(struct oidc_login *l)
{
	if (l->token)
		explicit_bzero(l->token, strlen(l->token));
	free(l->token);
	l->token = NULL;
}

void oidc_cancel(struct oidc_login *l)
{
	LIST_REMOVE(l, next);
	event_del(&l->ending);
	if (l->fetch)
		fetch_cancel(l->fetch);
	drop_token(l);
	explicit_bzero(l, sizeof(*l));
	free(l);
}

static void on_ending(evutil_socket_t fd, short what, void *arg)
{
	struct oidc_login *l = arg;
	struct oidc_grant g = l->grant;
	oidc_done done = l->done;
	void *whose = l->arg;

	(void)fd;
	(void)what;
	oidc_cancel(l);
	done(&g, whose);
}

static void end(struct oidc_login *l, enum oidc_result result)
{
	drop_token(l);
	l->grant.result = result;
	event_active(&l->ending, EV_TIMEOUT, 0);
}

/* Of the provider, not of whom it was about; once a minute at most. */
static void say(struct oidc *o, const char *what, const char *why)
{
	uint64_t now_ms = clock_ms();

	if (o->said_ms && now_ms - o->said_ms < LOG_MIN_MS)
		return;
	o->said_ms = now_ms;
	log_warn("accounts (%s): %s: %s", o->issuer, what, why);
}

/* --- tokens ------------------------------------------------------------- */

static struct oidc_expected expected(const struct oidc *o, const char *nonce)
{
	return (struct oidc_expected){
		.issuer = o->issuer,
		.client = oidc_client_id(o->client),
		.nonce = nonce,
		.now_s = (int64_t)time(NULL),
	};
}

/* By its name: the settings may be other ones by now. */
static bool fits_zone(struct oidc_login *l, const json_object *claims)
{
	const struct settings *s = l->oidc->settings;

	for (size_t i = 0; i < s->zones; i++)
		if (!strcmp(s->zone[i].name, l->zone))
			return oidc_claims_tariff(claims, &s->zone[i],
						  &l->grant.limits);
	return false;
}

/* Without a session of the provider's the login itself is one. */
static void take_claims(struct oidc_login *l, const json_object *claims)
{
	const char *session = oidc_claims_session(claims);

	l->grant.tag =
		oidc_state_tag(l->oidc->key, session ? session : l->nonce);
	end(l, fits_zone(l, claims) ? OIDC_FINE : OIDC_REFUSED);
}

static void take_token(struct oidc_login *l, bool may_wait)
{
	struct oidc *o = l->oidc;
	struct oidc_expected e = expected(o, l->nonce);
	enum oidc_verdict verdict;
	json_object *claims = oidc_jwt_verify(
		l->token, oidc_provider_keys(o->provider), &verdict);
	const char *why;

	if (verdict == OIDC_KEY_UNKNOWN && may_wait &&
	    oidc_provider_renew_keys(o->provider))
		return; /* until on_keys() */
	if (!claims)
		why = verdict == OIDC_KEY_UNKNOWN
			      ? "it is signed by an unknown key"
			      : "its signature is wrong";
	else
		why = oidc_claims_check_id(claims, &e);
	if (why) {
		say(o, "an ID token is refused", why);
		end(l, OIDC_FAILED);
	} else {
		take_claims(l, claims);
	}
	json_object_put(claims);
}

static void on_keys(void *arg)
{
	struct oidc *o = arg;
	struct oidc_login *l;

	LIST_FOREACH (l, &o->logins, next)
		if (l->token)
			take_token(l, false);
}

/* --- the code ----------------------------------------------------------- */

static char *find_token(const struct fetch_document *d)
{
	json_object *o = oidc_json_parse(d->bytes, d->len);
	const char *token = o ? oidc_json_text(o, "id_token") : NULL;
	char *copy = token ? strdup(token) : NULL;

	json_object_put(o);
	return copy;
}

/* A code that was redeemed before is answered by 400 (RFC 6749, 5.2). */
static void on_answer(const struct fetch_document *d, const char *why,
		      void *arg)
{
	struct oidc_login *l = arg;

	l->fetch = NULL;
	if (!d && !strcmp(why, "the server answers 400")) {
		end(l, OIDC_FAILED);
		return;
	}
	if (!d) {
		say(l->oidc, "the token end point", why);
		end(l, OIDC_UNAVAILABLE);
		return;
	}
	l->token = find_token(d);
	if (l->token) {
		take_token(l, true);
		return;
	}
	say(l->oidc, "the token end point", "no ID token in its answer");
	end(l, OIDC_FAILED);
}

static bool send_code(struct oidc_login *l, const struct oidc_order *order)
{
	static char form[OIDC_FORM_MAX];
	const struct oidc_code code = { order->code, order->state->verifier };
	struct oidc *o = l->oidc;
	struct fetch_order fo = {
		.url = &l->url,
		.post = form,
		.post_type = "application/x-www-form-urlencoded",
		.limit_ms = LIMIT_MS,
		.fetched = on_answer,
		.arg = l,
	};
	const struct oidc_document *d =
		o->provider ? oidc_provider_document(o->provider) : NULL;

	if (d && oidc_client_build_request(o->client, d, &code, &l->url, form))
		l->fetch = fetch_start(o->fetcher, &fo);
	explicit_bzero(form, sizeof(form));
	return l->fetch != NULL;
}

struct oidc_login *oidc_redeem(struct oidc *o, const struct oidc_order *order)
{
	struct oidc_login *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->oidc = o;
	snprintf(l->zone, sizeof(l->zone), "%s", order->zone);
	l->done = order->done;
	l->arg = order->arg;
	memcpy(l->nonce, order->state->nonce, sizeof(l->nonce));
	evtimer_assign(&l->ending, o->base, on_ending, l);
	LIST_INSERT_HEAD(&o->logins, l, next);
	if (!send_code(l, order))
		end(l, OIDC_UNAVAILABLE);
	return l;
}

/* --- there and back ----------------------------------------------------- */

bool oidc_begin(struct oidc *o, const struct oidc_place *place, uint32_t terms,
		const char *lang, char url[OIDC_URL_MAX])
{
	const struct oidc_document *d =
		o->provider ? oidc_provider_document(o->provider) : NULL;
	char sealed[OIDC_STATE_MAX];
	struct oidc_state s;
	bool ok;

	if (!d || !oidc_state_begin(o->key, &s, clock_ms()))
		return false;
	s.terms = terms;
	snprintf(s.lang, sizeof(s.lang), "%s", lang);
	ok = oidc_state_seal(o->key, &s, place, sealed) &&
	     oidc_client_build_url(o->client, d, &s, sealed, url);
	explicit_bzero(&s, sizeof(s));
	return ok;
}

/* Who names itself in its answers does so in each (RFC 9207, 2.4). */
static bool is_from_provider(const struct oidc *o, const char *issuer)
{
	const struct oidc_document *d =
		o->provider ? oidc_provider_document(o->provider) : NULL;

	if (issuer)
		return !strcmp(issuer, o->issuer);
	return d && !d->names_issuer;
}

bool oidc_is_ours(const struct oidc *o, const struct oidc_answer *a,
		  const struct oidc_place *place, struct oidc_state *s)
{
	return a->state &&
	       oidc_state_open(o->key, a->state, place, clock_ms(), s) &&
	       is_from_provider(o, a->issuer);
}

bool oidc_take_logout(struct oidc *o, const char *token, uint64_t *tag)
{
	const struct oidc_keys *keys =
		o->provider ? oidc_provider_keys(o->provider) : NULL;
	enum oidc_verdict verdict;
	struct oidc_expected e;
	json_object *claims;
	bool ok;

	if (!keys)
		return false;
	e = expected(o, NULL);
	claims = oidc_jwt_verify(token, keys, &verdict);
	ok = claims && !oidc_claims_check_logout(claims, &e);
	if (ok)
		*tag = oidc_state_tag(o->key, oidc_claims_session(claims));
	json_object_put(claims);
	return ok;
}

/* --- life --------------------------------------------------------------- */

static void close_provider(struct oidc *o)
{
	struct oidc_login *l;

	LIST_FOREACH (l, &o->logins, next) {
		if (l->fetch)
			fetch_cancel(l->fetch);
		l->fetch = NULL;
		end(l, OIDC_UNAVAILABLE);
	}
	oidc_provider_free(o->provider);
	o->provider = NULL;
}

static void open_provider(struct oidc *o)
{
	struct oidc_provider_config c = {
		.base = o->base,
		.issuer = o->settings->oidc.issuer,
		.on_keys = on_keys,
		.arg = o,
	};

	if (!o->fetcher)
		o->fetcher = fetcher_new(o->base);
	c.fetcher = o->fetcher;
	snprintf(o->issuer, sizeof(o->issuer), "%s", c.issuer);
	if (o->fetcher && fetcher_read_trust(o->fetcher) == 0)
		o->provider = oidc_provider_new(&c);
	if (!o->provider)
		log_error("out of memory; there are no accounts");
}

/* Once there, it stays: what it has sealed is to be opened again. */
static struct oidc *oidc_new(struct event_base *base)
{
	struct oidc *o = calloc(1, sizeof(*o));

	if (o)
		o->key = oidc_state_key_new();
	if (!o || !o->key) {
		log_error("accounts cannot be opened; nobody gets in by one");
		free(o);
		return NULL;
	}
	o->base = base;
	LIST_INIT(&o->logins);
	return o;
}

static void follow(struct oidc *o, const struct settings *s)
{
	bool is_wanted = settings_offer(s, ZONE_AUTH_OIDC);
	char why[WHY_MAX];

	o->settings = s;
	oidc_client_free(o->client);
	o->client = is_wanted ? oidc_client_new(s, why, sizeof(why)) : NULL;
	if (is_wanted && !o->client)
		log_error("%s; there are no accounts", why);
	if (!o->client || strcmp(o->issuer, s->oidc.issuer) != 0)
		close_provider(o);
	if (o->client && !o->provider)
		open_provider(o);
}

struct oidc *oidc_apply(struct oidc *o, struct event_base *base,
			const struct settings *s)
{
	if (!o && settings_offer(s, ZONE_AUTH_OIDC))
		o = oidc_new(base);
	if (o)
		follow(o, s);
	return o;
}

void oidc_free(struct oidc *o)
{
	struct oidc_login *l;

	if (!o)
		return;
	while ((l = LIST_FIRST(&o->logins)))
		oidc_cancel(l);
	oidc_provider_free(o->provider);
	oidc_client_free(o->client);
	fetcher_free(o->fetcher);
	oidc_state_key_free(o->key);
	free(o);
}

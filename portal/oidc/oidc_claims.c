/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/oidc/oidc_claims.h"

#include <string.h>

#include "common/config/tariff.h"
#include "portal/oidc/oidc_json.h"

#define SUBJECT_MAX  255
#define LOGOUT_EVENT "http://schemas.openid.net/event/backchannel-logout"

/* --- what both have ----------------------------------------------------- */

static bool is_text(const json_object *claims, const char *name,
		    const char *wanted)
{
	const char *text = oidc_json_text(claims, name);

	return text && !strcmp(text, wanted);
}

/* More than one audience asks for the authorized party, which is us. */
static bool is_for_us(const json_object *claims, const char *client)
{
	json_object *aud;
	bool has_party = json_object_object_get_ex(claims, "azp", NULL);

	if (!oidc_json_has(claims, "aud", client))
		return false;
	json_object_object_get_ex(claims, "aud", &aud);
	if (has_party || (json_object_is_type(aud, json_type_array) &&
			  json_object_array_length(aud) > 1))
		return is_text(claims, "azp", client);
	return true;
}

/* needs: without a time it is none, too. */
static bool is_before(const json_object *claims, const char *name, int64_t s,
		      bool needs)
{
	int64_t time_s;

	if (!json_object_object_get_ex(claims, name, NULL))
		return !needs;
	return oidc_json_time(claims, name, &time_s) && time_s <= s;
}

static const char *check(const json_object *claims,
			 const struct oidc_expected *e)
{
	int64_t latest_s = e->now_s + OIDC_SKEW_S;

	if (!is_text(claims, "iss", e->issuer))
		return "it is another issuer's";
	if (!is_for_us(claims, e->client))
		return "it is for another client";
	if (!is_before(claims, "iat", latest_s, true) ||
	    !is_before(claims, "nbf", latest_s, false))
		return "it is from the future: do the clocks differ?";
	return NULL;
}

/* --- ID tokens ---------------------------------------------------------- */

static bool is_in_time(const json_object *claims, int64_t now_s)
{
	int64_t end_s;

	return oidc_json_time(claims, "exp", &end_s) &&
	       end_s + OIDC_SKEW_S > now_s;
}

const char *oidc_claims_check_id(const json_object *claims,
				 const struct oidc_expected *e)
{
	const char *subject = oidc_json_text(claims, "sub");
	const char *why = check(claims, e);

	if (why)
		return why;
	if (!is_in_time(claims, e->now_s))
		return "it has expired: do the clocks differ?";
	if (!is_text(claims, "nonce", e->nonce))
		return "it is of another login";
	if (!subject || !*subject || strlen(subject) > SUBJECT_MAX)
		return "it names no account";
	return NULL;
}

bool oidc_claims_tariff(const json_object *claims,
			const struct zone_settings *z, struct ipc_limits *out)
{
	for (size_t i = 0; i < z->tariff.count; i++) {
		struct tariff t;

		if (!tariff_parse(z->tariff.value[i], &t) ||
		    (*t.claim && !oidc_json_has(claims, t.claim, t.value)))
			continue;
		*out = t.limits;
		return true;
	}
	return z->tariff.count == 0;
}

/* --- logout tokens ------------------------------------------------------ */

static bool has_logout_event(const json_object *claims)
{
	json_object *events, *event;

	return json_object_object_get_ex(claims, "events", &events) &&
	       json_object_is_type(events, json_type_object) &&
	       json_object_object_get_ex(events, LOGOUT_EVENT, &event) &&
	       json_object_is_type(event, json_type_object);
}

const char *oidc_claims_check_logout(const json_object *claims,
				     const struct oidc_expected *e)
{
	const char *why = check(claims, e);
	int64_t made_s;

	if (why)
		return why;
	if (!oidc_json_time(claims, "iat", &made_s) ||
	    made_s + OIDC_LOGOUT_AGE_S < e->now_s)
		return "it is too old";
	if (json_object_object_get_ex(claims, "exp", NULL) &&
	    !is_in_time(claims, e->now_s))
		return "it has expired";
	if (!has_logout_event(claims) ||
	    json_object_object_get_ex(claims, "nonce", NULL))
		return "it is no logout token";
	return oidc_claims_session(claims) ? NULL : "it names no session";
}

const char *oidc_claims_session(const json_object *claims)
{
	const char *sid = oidc_json_text(claims, "sid");

	return sid && *sid ? sid : NULL;
}

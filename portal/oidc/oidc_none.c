/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In the place of all others here where a build is without: make OIDC=0. */
#include "portal/oidc/oidc.h"

#include "common/log.h"

struct oidc *oidc_apply(struct oidc *o, struct event_base *base,
			const struct settings *s)
{
	(void)base;
	if (settings_offer(s, ZONE_AUTH_OIDC))
		log_error("this build has no OpenID Connect; nobody gets in "
			  "by an account");
	return o;
}

void oidc_free(struct oidc *o)
{
	(void)o;
}

bool oidc_begin(struct oidc *o, const struct oidc_place *place, uint32_t terms,
		const char *lang, char url[OIDC_URL_MAX])
{
	(void)o;
	(void)place;
	(void)terms;
	(void)lang;
	(void)url;
	return false;
}

bool oidc_is_ours(const struct oidc *o, const struct oidc_answer *a,
		  const struct oidc_place *place, struct oidc_state *s)
{
	(void)o;
	(void)a;
	(void)place;
	(void)s;
	return false;
}

struct oidc_login *oidc_redeem(struct oidc *o, const struct oidc_order *order)
{
	(void)o;
	(void)order;
	return NULL;
}

void oidc_cancel(struct oidc_login *l)
{
	(void)l;
}

bool oidc_take_logout(struct oidc *o, const char *token, uint64_t *tag)
{
	(void)o;
	(void)token;
	(void)tag;
	return false;
}

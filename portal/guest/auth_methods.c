/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/guest/auth_methods.h"

#include <errno.h>
#include <string.h>

#include "common/array.h"
#include "portal/guest/auth_oidc.h"
#include "portal/guest/auth_radius.h"
#include "portal/guest/guest.h"

/* --- one tap: nobody is asked who they are ------------------------------ */

static enum page_notice click_check(struct conn *c, const struct form *f,
				    struct credential *pass)
{
	auth_begin(c, pass);
	return auth_check_terms(c, f);
}

static enum page_notice click_refused(struct conn *c,
				      const struct credential *pass, int error)
{
	(void)c;
	(void)pass;
	(void)error;
	return PAGE_NOTICE_NONE;
}

/* --- a code ------------------------------------------------------------- */

static const enum page_notice voucher_notice[] = {
	[VOUCHER_UNKNOWN] = PAGE_NOTICE_CODE_UNKNOWN,
	[VOUCHER_EXPIRED] = PAGE_NOTICE_CODE_EXPIRED,
	[VOUCHER_USED_UP] = PAGE_NOTICE_CODE_USED_UP,
	[VOUCHER_REVOKED] = PAGE_NOTICE_CODE_REVOKED,
	[VOUCHER_WAIT] = PAGE_NOTICE_CODE_WAIT,
	[VOUCHER_UNAVAILABLE] = PAGE_NOTICE_CODE_UNAVAILABLE,
	[VOUCHER_WRONG_ZONE] = PAGE_NOTICE_CODE_PLACE,
};

static enum page_notice voucher_check(struct conn *c, const struct form *f,
				      struct credential *pass)
{
	const char *code = form_find(f, "code");
	enum page_notice notice = auth_check_terms(c, f);

	auth_begin(c, pass);
	pass->replaces = form_find(f, "replace") != NULL;
	if (notice)
		return notice;
	if (!code || !*code)
		return PAGE_NOTICE_CODE_MISSING;
	return voucher_code_find(code, pass->code) ? PAGE_NOTICE_NONE
						   : PAGE_NOTICE_CODE_TYPO;
}

static enum page_notice redeem(struct conn *c, struct credential *pass)
{
	const struct site *site = guest_site(c);
	const struct exchange *x = conn_exchange(c);
	enum voucher_answer answer = VOUCHER_UNAVAILABLE;

	if (site->vouchers)
		answer = vouchers_redeem(site->vouchers, pass->code,
					 x->client.family, x->zone->name,
					 &pass->voucher);
	if (answer != VOUCHER_FINE)
		return voucher_notice[answer];
	pass->limits.duration_s = pass->voucher.left_s;
	pass->tag = pass->voucher.tag;
	pass->devices = pass->voucher.devices;
	return PAGE_NOTICE_NONE;
}

static void voucher_judge(struct conn *c, struct credential *pass)
{
	auth_answer(c, redeem(c, pass));
}

/*
 * Without an answer (-ETIMEDOUT) the device may be in, and then the minutes
 * run.
 */
static enum page_notice
voucher_refused(struct conn *c, const struct credential *pass, int error)
{
	const struct site *site = guest_site(c);

	if (site->vouchers && error != -ETIMEDOUT)
		vouchers_take_back(site->vouchers, &pass->voucher);
	return error == -EUSERS ? PAGE_NOTICE_CODE_DEVICES : PAGE_NOTICE_NONE;
}

/* --- the table ---------------------------------------------------------- */

static const struct auth_method methods[ZONE_AUTH_MAX] = {
	[ZONE_AUTH_CLICK] = { "click", click_check, NULL, click_refused },
	[ZONE_AUTH_VOUCHER] = { "voucher", voucher_check, voucher_judge,
				voucher_refused },
	[ZONE_AUTH_RADIUS] = { "radius", auth_radius_check, auth_radius_judge,
			       auth_radius_refused },
	/* its form goes to /login, so that none of /accept is its */
	[ZONE_AUTH_OIDC] = { NULL, NULL, auth_oidc_judge, auth_oidc_refused },
};

const struct auth_method *auth_method(enum zone_auth auth)
{
	return &methods[auth];
}

bool auth_is_offered(const struct zone_settings *z, const struct auth_method *m)
{
	return settings_zone_offers(z, (enum zone_auth)(m - methods));
}

const struct auth_method *auth_find(const struct zone_settings *z,
				    const struct form *f)
{
	const char *way = form_find(f, "way");

	if (!way && settings_zone_has_choice(z))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (methods[i].name && auth_is_offered(z, &methods[i]) &&
		    (!way || !strcmp(way, methods[i].name)))
			return &methods[i];
	return NULL;
}

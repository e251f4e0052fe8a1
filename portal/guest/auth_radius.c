/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/guest/auth_radius.h"

#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "portal/guest/guest.h"

/* false: it is empty, or longer than any. */
static bool take_text(char *out, size_t max, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	if (!len || len >= max)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

static bool take_form(struct account_form *t, const struct form *f)
{
	return take_text(t->name, sizeof(t->name), form_find(f, "name")) &&
	       text_is_plain(t->name) &&
	       take_text(t->password, sizeof(t->password),
			 form_find(f, "password"));
}

enum page_notice auth_radius_check(struct conn *c, const struct form *f,
				   struct credential *pass)
{
	enum page_notice notice = auth_check_terms(c, f);

	auth_begin(c, pass);
	if (notice)
		return notice;
	pass->typed = calloc(1, sizeof(*pass->typed));
	if (!pass->typed)
		return PAGE_NOTICE_ACCOUNT_UNAVAILABLE;
	return take_form(pass->typed, f) ? PAGE_NOTICE_NONE
					 : PAGE_NOTICE_ACCOUNT_MISSING;
}

static struct radius *find_radius(struct conn *c)
{
	const struct site *site = guest_site(c);

	return site->radii
		       ? radii_find(site->radii, conn_exchange(c)->zone->index)
		       : NULL;
}

static void on_login(enum radius_verdict verdict,
		     struct radius_account *account, void *arg)
{
	static const enum page_notice notice[] = {
		[RADIUS_ACCEPTED] = PAGE_NOTICE_NONE,
		[RADIUS_REFUSED] = PAGE_NOTICE_ACCOUNT_REFUSED,
		[RADIUS_UNAVAILABLE] = PAGE_NOTICE_ACCOUNT_UNAVAILABLE,
	};
	struct conn *c = arg;
	struct credential *pass = &guest_of(c)->pass;

	pass->attempt = NULL;
	pass->account = account;
	if (account)
		pass->limits = account->limits;
	auth_answer(c, notice[verdict]);
}

static void withdraw(void *arg)
{
	struct credential *pass = arg;

	radius_attempt_cancel(pass->attempt);
	pass->attempt = NULL;
}

void auth_radius_judge(struct conn *c, struct credential *pass)
{
	const struct site *site = guest_site(c);
	struct radius *radius = find_radius(c);
	const struct radius_login l = {
		.name = pass->typed->name,
		.password = pass->typed->password,
		.network = site->source.settings->portal.network,
		.pseudonym = pass->pseudonym,
	};

	if (radius)
		pass->attempt = radius_log_in(radius, &l, on_login, c);
	explicit_bzero(pass->typed->password, sizeof(pass->typed->password));
	if (pass->attempt && auth_wait(c, withdraw, pass))
		return;
	if (pass->attempt)
		withdraw(pass);
	auth_answer(c, PAGE_NOTICE_ACCOUNT_UNAVAILABLE);
}

void auth_radius_begin(struct conn *c, struct credential *pass,
		       const struct ipc_session *s)
{
	struct radius *radius = find_radius(c);

	if (!radius || !pass->account || !s->is_account)
		return;
	radius_begin(radius, pass->account, s);
	pass->account = NULL;
}

enum page_notice auth_radius_refused(struct conn *c,
				     const struct credential *pass, int error)
{
	(void)c;
	(void)pass;
	(void)error;
	return PAGE_NOTICE_NONE;
}

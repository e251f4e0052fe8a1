/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/guest/auth.h"

#include <stdlib.h>
#include <string.h>

#include "portal/guest/guest.h"

static uint64_t terms_in_force(struct conn *c)
{
	const struct site *site = guest_site(c);

	return site->source.settings->portal.terms_version;
}

bool auth_accepts_terms(struct conn *c, const struct form *f)
{
	const char *terms = form_find(f, "terms");

	return terms && strtoull(terms, NULL, 10) == terms_in_force(c);
}

enum page_notice auth_check_terms(struct conn *c, const struct form *f)
{
	if (auth_accepts_terms(c, f))
		return PAGE_NOTICE_NONE;
	return form_find(f, "terms") ? PAGE_NOTICE_TERMS_CHANGED
				     : PAGE_NOTICE_TERMS;
}

/* The settings may be other ones when netctl has answered. */
void auth_begin(struct conn *c, struct credential *pass)
{
	memset(pass, 0, sizeof(*pass));
	pass->terms = (uint32_t)terms_in_force(c);
}

/* --- answers ------------------------------------------------------------ */

bool auth_wait(struct conn *c, void (*withdraw)(void *arg), void *arg)
{
	struct auth_wait *w = &guest_of(c)->wait;

	w->withdraw = withdraw;
	w->arg = arg;
	w->client = conn_exchange(c)->client;
	return auth_wait_start(w, &guest_site(c)->auth_waits, c);
}

void auth_answer(struct conn *c, enum page_notice notice)
{
	struct guest *g = guest_of(c);

	auth_wait_stop(&g->wait);
	g->on_judged(c, notice);
}

void auth_on_late(struct conn *c)
{
	auth_answer(c, PAGE_NOTICE_ACCOUNT_UNAVAILABLE);
}

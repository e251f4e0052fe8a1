/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/guest/auth_oidc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "portal/guest/guest.h"
#include "portal/guest/login.h"

static struct oidc_place place_of(struct conn *c)
{
	const struct exchange *x = conn_exchange(c);

	return (struct oidc_place){ x->zone->name, &x->client };
}

/* --- to the provider ---------------------------------------------------- */

/* The seal keeps the version that was accepted. */
enum page_notice auth_oidc_begin(struct conn *c, const struct form *f,
				 char url[OIDC_URL_MAX])
{
	const struct site *site = guest_site(c);
	struct oidc_place place = place_of(c);
	enum page_notice notice = auth_check_terms(c, f);

	if (notice)
		return notice;
	if (!site->oidc ||
	    !oidc_begin(site->oidc, &place,
			(uint32_t)site->source.settings->portal.terms_version,
			conn_exchange(c)->request.lang, url))
		return PAGE_NOTICE_ACCOUNT_UNAVAILABLE;
	return PAGE_NOTICE_NONE;
}

/* --- and back ----------------------------------------------------------- */

/* The parameters of the query, each once; text: for their values. */
struct returned {
	struct oidc_answer answer;
	char text[OIDC_CODE_MAX + OIDC_STATE_MAX + OIDC_ISSUER_MAX];
	size_t used;
};

/* false: it is there twice, or longer than any. */
static bool take_value(struct returned *r, const char **to, const char *value,
		       size_t len)
{
	int n = request_decode(REQUEST_TEXT_QUERY, value, len,
			       r->text + r->used,
			       sizeof(r->text) - r->used - 1);

	if (n < 0 || *to)
		return false;
	*to = r->text + r->used;
	r->used += (size_t)n;
	r->text[r->used++] = '\0';
	return true;
}

static bool take_pair(struct returned *r, const char *pair, size_t len)
{
	const struct {
		const char *name;
		const char **to;
	} known[] = {
		{ "code=", &r->answer.code },
		{ "state=", &r->answer.state },
		{ "iss=", &r->answer.issuer },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		size_t n = strlen(known[i].name);

		if (len >= n && !memcmp(pair, known[i].name, n))
			return take_value(r, known[i].to, pair + n, len - n);
	}
	return true;
}

static bool read_query(struct returned *r, const char *query, size_t len)
{
	memset(r, 0, sizeof(*r));
	while (len) {
		const char *end = memchr(query, '&', len);
		size_t n = end ? (size_t)(end - query) : len;

		if (!take_pair(r, query, n))
			return false;
		query += end ? n + 1 : n;
		len -= end ? n + 1 : n;
	}
	return true;
}

static void take_language(struct conn *c, const char *code)
{
	struct exchange *x = conn_exchange(c);
	struct guest *g = guest_of(c);
	const struct lang_set *set =
		page_languages(guest_site(c)->source.pages);
	size_t index = lang_index(set, code);

	if (index == set->count)
		return;
	g->lang = index;
	snprintf(x->request.lang, sizeof(x->request.lang), "%s", code);
}

static enum page_notice keep(struct conn *c, const struct oidc_answer *a,
			     const struct oidc_state *state)
{
	struct guest *g = guest_of(c);
	struct login *l;

	auth_begin(c, &g->pass);
	if (state->terms != g->pass.terms)
		return PAGE_NOTICE_TERMS_CHANGED;
	if (!a->code || !*a->code || strlen(a->code) >= OIDC_CODE_MAX)
		return PAGE_NOTICE_ACCOUNT_FAILED;
	l = calloc(1, sizeof(*l));
	if (!l)
		return PAGE_NOTICE_ACCOUNT_UNAVAILABLE;
	l->conn = c;
	l->state = *state;
	memcpy(l->code, a->code, strlen(a->code) + 1);
	g->pass.login = l;
	return PAGE_NOTICE_NONE;
}

enum page_notice auth_oidc_return(struct conn *c)
{
	const struct exchange *x = conn_exchange(c);
	const struct site *site = guest_site(c);
	struct oidc_place place = place_of(c);
	enum page_notice notice = PAGE_NOTICE_ACCOUNT_FAILED;
	struct oidc_state state;
	struct returned r;

	if (site->oidc && read_query(&r, x->query, x->request.query_len) &&
	    oidc_is_ours(site->oidc, &r.answer, &place, &state)) {
		take_language(c, state.lang);
		notice = keep(c, &r.answer, &state);
	}
	explicit_bzero(&r, sizeof(r));
	explicit_bzero(&state, sizeof(state));
	return notice;
}

/* --- what it is worth --------------------------------------------------- */

static void on_done(const struct oidc_grant *grant, void *arg)
{
	static const enum page_notice notices[] = {
		[OIDC_FINE] = PAGE_NOTICE_NONE,
		[OIDC_FAILED] = PAGE_NOTICE_ACCOUNT_FAILED,
		[OIDC_REFUSED] = PAGE_NOTICE_ACCOUNT_OTHER,
		[OIDC_UNAVAILABLE] = PAGE_NOTICE_ACCOUNT_UNAVAILABLE,
	};
	struct login *l = arg;
	struct conn *c = l->conn;
	struct credential *pass = &guest_of(c)->pass;

	l->under_way = NULL;
	pass->limits = grant->limits;
	pass->tag = grant->tag;
	pass->devices = IPC_TAG_DEVICES;
	auth_answer(c, notices[grant->result]);
}

void auth_oidc_judge(struct conn *c, struct credential *pass)
{
	const struct site *site = guest_site(c);
	struct login *l = pass->login;
	struct oidc_order order = {
		.code = l->code,
		.state = &l->state,
		.zone = conn_exchange(c)->zone->name,
		.done = on_done,
		.arg = l,
	};

	if (site->oidc && auth_wait(c, login_withdraw, l))
		l->under_way = oidc_redeem(site->oidc, &order);
	explicit_bzero(l->code, sizeof(l->code));
	if (!l->under_way)
		auth_answer(c, PAGE_NOTICE_ACCOUNT_UNAVAILABLE);
}

enum page_notice auth_oidc_refused(struct conn *c,
				   const struct credential *pass, int error)
{
	(void)c;
	(void)pass;
	(void)error;
	return PAGE_NOTICE_NONE;
}

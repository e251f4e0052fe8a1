/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/guest/routes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/array.h"
#include "portal/guest/auth_methods.h"
#include "portal/guest/auth_oidc.h"
#include "portal/guest/auth_radius.h"
#include "portal/guest/captive.h"
#include "portal/guest/guest.h"
#include "portal/guest/probe.h"
#include "portal/guest/view.h"
#include "portal/pages/theme.h"

#define BIT(method) (1U << (method))
#define READING	    (BIT(REQUEST_GET) | BIT(REQUEST_HEAD))

/* --- asking netctl ----------------------------------------------------- */

/* What netctl refused, as a page. */
static void answer_refusal(struct conn *c, int error)
{
	switch (error) {
	case -ENOENT:
		view_trouble(c, VIEW_DEVICE_UNKNOWN);
		return;
	case -ENOSPC:
		view_trouble(c, VIEW_ZONE_FULL);
		return;
	case -ESHUTDOWN: /* it tells when it opens */
		view_go(c, 303, "/");
		return;
	}
	view_trouble(c, VIEW_BUSY);
}

static void on_answer(const struct ipc_session *s, void *arg)
{
	struct conn *c = arg;

	struct guest *g = guest_of(c);

	if (s && !s->error) {
		g->hours = page_hours_of(s);
		g->on_session(c, s);
		return;
	}
	g->on_refused(c, s ? s->error : -ETIMEDOUT);
}

/* The client is filled in. */
static void ask(struct conn *c, struct netctl_question q,
		void (*on_session)(struct conn *c, const struct ipc_session *s))
{
	struct exchange *x = conn_exchange(c);
	struct guest *g = guest_of(c);
	struct site *site = guest_site(c);

	q.client = &x->client;
	g->on_session = on_session;
	if (!g->on_refused)
		g->on_refused = answer_refusal;
	g->question.on_answer = on_answer;
	g->question.arg = c;
	if (!netctl_client_is_there(site->netctl) || !conn_hold(c) ||
	    netctl_client_ask(site->netctl, &g->question, &q))
		g->on_refused(c, -ENOTCONN);
}

/* --- handlers ---------------------------------------------------------- */

/* With the code of the link, as cards have one. */
static void show_portal(struct conn *c, enum page_notice notice)
{
	char code[VOUCHER_CODE_MAX], text[VOUCHER_CODE_TEXT_MAX] = "";

	if (voucher_code_find(conn_exchange(c)->request.code, code))
		voucher_code_to_text(code, text);
	view_portal(c, "/", notice, &(struct view_typed){ .code = text });
}

/* What the zone's state has to say to those who are out. */
static enum page_notice notice_of(const struct ipc_session *s)
{
	if (s->is_closed)
		return s->is_closed == IPC_CLOSED_ZONE ? PAGE_NOTICE_CLOSED
						       : PAGE_NOTICE_TODAY;
	return s->outlet == IPC_OUTLET_OPEN ? PAGE_NOTICE_NONE
					    : PAGE_NOTICE_OFFLINE;
}

static void on_session_for_home(struct conn *c, const struct ipc_session *s)
{
	if (s->state == SESSION_GRANTED)
		view_status(c, s, PAGE_NOTICE_NONE);
	else
		show_portal(c, notice_of(s));
}

static void show_home(struct conn *c)
{
	struct netctl_question q = {
		.type = IPC_LOOKUP,
		.shown = true,
		.platform = probe_from_letter(conn_exchange(c)->request.via),
	};

	ask(c, q, on_session_for_home);
}

static void look_up(struct conn *c,
		    void (*on_session)(struct conn *c,
				       const struct ipc_session *s))
{
	ask(c, (struct netctl_question){ .type = IPC_LOOKUP }, on_session);
}

/* What only those who are in can see. */
static void show_status_with(struct conn *c, const struct ipc_session *s,
			     enum page_notice notice)
{
	if (s->state == SESSION_GRANTED)
		view_status(c, s, notice);
	else
		view_go(c, 302, "/");
}

static void on_session_for_status(struct conn *c, const struct ipc_session *s)
{
	show_status_with(c, s, PAGE_NOTICE_NONE);
}

static void show_status(struct conn *c)
{
	look_up(c, on_session_for_status);
}

static void on_session_extended(struct conn *c, const struct ipc_session *s)
{
	show_status_with(c, s, PAGE_NOTICE_EXTENDED);
}

static void show_extended(struct conn *c)
{
	look_up(c, on_session_extended);
}

static void refuse_captive(struct conn *c, int error)
{
	(void)error;
	view_captive_trouble(c);
}

/* Phones ask by TLS only, and an answer without it would mean nothing. */
static void show_captive(struct conn *c)
{
	struct exchange *x = conn_exchange(c);
	struct guest *g = guest_of(c);

	if (x->kind != LISTENER_HTTPS) {
		view_error(c, 404, NULL);
		return;
	}
	g->on_refused = refuse_captive;
	look_up(c, view_captive);
}

static void on_session_for_nothing(struct conn *c, const struct ipc_session *s)
{
	if (s->state == SESSION_GRANTED)
		view_error(c, 404, NULL);
	else
		view_trouble(c, VIEW_NOT_IN);
}

/* RFC 6585 section 6: programs that ask here learn that the gate is shut. */
static void show_nothing(struct conn *c)
{
	look_up(c, on_session_for_nothing);
}

/* A real navigation: phones look for the internet again after one. */
static void on_granted(struct conn *c, const struct ipc_session *s)
{
	auth_radius_begin(c, &guest_of(c)->pass, s);
	credential_clear(&guest_of(c)->pass);
	view_go(c, 303, "/status");
}

/* The language travels in the form where the person chose it. */
static void take_language(struct conn *c, const struct form *f)
{
	struct exchange *x = conn_exchange(c);
	struct guest *g = guest_of(c);
	struct site *site = guest_site(c);
	const struct lang_set *set = page_languages(site->source.pages);
	const char *code = form_find(f, "lang");
	size_t index = code ? lang_index(set, code) : set->count;

	if (index == set->count)
		return;
	g->lang = index;
	snprintf(x->request.lang, sizeof(x->request.lang), "%s",
		 set->lang[index].code);
}

/* false: no form; it was answered. */
static bool take_form(struct conn *c, struct form *f)
{
	struct exchange *x = conn_exchange(c);

	if ((x->request.body_len && !x->request.is_form) ||
	    !form_parse(f, x->body, x->request.body_len)) {
		view_error(c, 400, NULL);
		return false;
	}
	take_language(c, f);
	return true;
}

/* Settings may have been reloaded since the last call. */
static const struct zone_settings *zone_of(struct conn *c)
{
	const struct site *site = guest_site(c);

	return &site->source.settings->zone[conn_exchange(c)->zone->index];
}

static struct netctl_question grant_question(struct conn *c)
{
	const struct site *site = guest_site(c);
	const struct lang_set *set = page_languages(site->source.pages);
	struct guest *g = guest_of(c);

	return (struct netctl_question){
		.type = IPC_GRANT,
		.limits = &g->pass.limits,
		.account = g->pass.account != NULL,
		.tag = g->pass.tag,
		.devices = g->pass.devices,
		.replace = g->pass.replaces,
		.terms = g->pass.terms,
		.language = set->lang[g->lang < set->count ? g->lang
							   : set->fallback]
				    .code,
	};
}

/* What was typed is shown again. */
static void answer_notice(struct conn *c, enum page_notice notice)
{
	struct credential *pass = &guest_of(c)->pass;
	char code[VOUCHER_CODE_TEXT_MAX], name[RADIUS_VALUE_MAX + 1] = "";
	const struct view_typed typed = { .code = code, .name = name };

	voucher_code_to_text(pass->code, code);
	if (pass->typed)
		memcpy(name, pass->typed->name, sizeof(name));
	credential_clear(pass);
	view_portal(c, "/", notice, &typed);
	explicit_bzero(code, sizeof(code));
	explicit_bzero(name, sizeof(name));
}

static void refuse_pass(struct conn *c, int error)
{
	const struct credential *pass = &guest_of(c)->pass;
	enum page_notice notice = pass->method->refused(c, pass, error);

	if (notice) {
		answer_notice(c, notice);
		return;
	}
	credential_clear(&guest_of(c)->pass);
	if (error == -EDQUOT) /* it tells that tomorrow is another day */
		view_go(c, 303, "/");
	else
		answer_refusal(c, error);
}

static void enter(struct conn *c)
{
	guest_of(c)->on_refused = refuse_pass;
	ask(c, grant_question(c), on_granted);
}

static void on_judged(struct conn *c, enum page_notice notice)
{
	if (notice)
		answer_notice(c, notice);
	else
		enter(c);
}

static void on_attempt(struct conn *c, const struct ipc_session *s)
{
	struct guest *g = guest_of(c);
	const struct auth_method *m = g->pass.method;

	g->on_judged = on_judged;
	g->pass.pseudonym = s->pseudonym;
	if (s->is_closed == IPC_CLOSED_ZONE)
		answer_notice(c, PAGE_NOTICE_CLOSED);
	else if (auth_is_offered(zone_of(c), m))
		m->judge(c, &g->pass);
	else
		answer_notice(c, PAGE_NOTICE_NONE); /* with other forms */
}

static void refuse_attempt(struct conn *c, int error)
{
	if (error == -EDQUOT)
		answer_notice(c, PAGE_NOTICE_CODE_WAIT);
	else
		answer_refusal(c, error);
}

static void take_accept(struct conn *c)
{
	struct guest *g = guest_of(c);
	const struct auth_method *m;
	enum page_notice notice;
	struct form f;

	if (!take_form(c, &f))
		return;
	m = auth_find(zone_of(c), &f);
	if (!m) {
		view_go(c, 303, "/"); /* the page is an old one */
		return;
	}
	notice = m->check(c, &f, &g->pass);
	g->pass.method = m;
	if (notice) {
		const struct view_typed typed = {
			.code = form_find(&f, "code"),
			.name = form_find(&f, "name"),
		};

		view_portal(c, "/", notice, &typed);
		return;
	}
	if (!m->judge) {
		enter(c);
		return;
	}
	g->on_refused = refuse_attempt;
	ask(c, (struct netctl_question){ .type = IPC_LOOKUP, .attempt = true },
	    on_attempt);
}

/* --- accounts ------------------------------------------------------------ */

static void take_login(struct conn *c)
{
	char url[OIDC_URL_MAX];
	enum page_notice notice;
	struct form f;

	if (!take_form(c, &f))
		return;
	if (!settings_zone_offers(zone_of(c), ZONE_AUTH_OIDC)) {
		view_go(c, 303, "/");
		return;
	}
	notice = auth_oidc_begin(c, &f, url);
	if (notice)
		view_portal(c, "/", notice, NULL);
	else
		view_leave(c, url);
}

/* Who is in already has come back by a page of before. */
static void on_returned(struct conn *c, const struct ipc_session *s)
{
	enum page_notice notice = guest_of(c)->notice;

	if (s->state == SESSION_GRANTED && (notice || s->is_tagged))
		view_go(c, 303, "/status");
	else if (notice)
		view_portal(c, "/", notice, NULL);
	else
		on_attempt(c, s);
}

static void take_return(struct conn *c)
{
	struct guest *g = guest_of(c);

	if (!settings_zone_offers(zone_of(c), ZONE_AUTH_OIDC)) {
		show_nothing(c);
		return;
	}
	if (conn_exchange(c)->request.method == REQUEST_HEAD) {
		view_go(c, 302, "/"); /* what redeems a code is no look */
		return;
	}
	g->notice = auth_oidc_return(c);
	g->pass.method = auth_method(ZONE_AUTH_OIDC);
	g->on_refused = refuse_attempt;
	ask(c,
	    (struct netctl_question){ .type = IPC_LOOKUP,
				      .attempt = !g->notice },
	    on_returned);
}

static void on_extended(struct conn *c, const struct ipc_session *s)
{
	(void)s;
	view_go(c, 303, "/extended");
}

/* Where the way in is a tap, so is the way to stay. */
static void take_extend(struct conn *c)
{
	struct guest *g = guest_of(c);
	struct netctl_question q;
	struct form f;

	if (!take_form(c, &f))
		return;
	if (!settings_zone_offers(zone_of(c), ZONE_AUTH_CLICK) ||
	    !auth_accepts_terms(c, &f)) {
		view_go(c, 303, "/status");
		return;
	}
	auth_begin(c, &g->pass);
	g->pass.method = auth_method(ZONE_AUTH_CLICK);
	q = grant_question(c);
	q.extend = true;
	ask(c, q, on_extended);
}

static void on_logged_out(struct conn *c, const struct ipc_session *s)
{
	(void)s;
	view_go(c, 303, "/goodbye");
}

/* Whom the config lets in stays so. */
static void refuse_logout(struct conn *c, int error)
{
	if (error == -EEXIST)
		view_go(c, 303, "/status");
	else
		answer_refusal(c, error);
}

static void take_logout(struct conn *c)
{
	struct form f;

	guest_of(c)->on_refused = refuse_logout;
	if (take_form(c, &f))
		ask(c, (struct netctl_question){ .type = IPC_LOGOUT },
		    on_logged_out);
}

static void show_goodbye(struct conn *c)
{
	view_portal(c, "/goodbye", PAGE_NOTICE_LOGGED_OUT, NULL);
}

static void show_logo(struct conn *c)
{
	view_picture(c, PICTURE_LOGO);
}

static void show_hero(struct conn *c)
{
	view_picture(c, PICTURE_HERO);
}

/* --- the table --------------------------------------------------------- */

static const struct route {
	const char *path;
	unsigned int methods;
	void (*handle)(struct conn *c);
} routes[] = {
	{ "/", READING, show_home },
	{ "/accept", BIT(REQUEST_POST), take_accept },
	{ "/login", BIT(REQUEST_POST), take_login },
	{ "/oidc", READING, take_return },
	{ "/status", READING, show_status },
	{ "/logout", BIT(REQUEST_POST), take_logout },
	{ "/goodbye", READING, show_goodbye },
	{ "/terms", READING, view_terms },
	{ "/extend", BIT(REQUEST_POST), take_extend },
	{ "/extended", READING, show_extended },
	{ "/accessibility", READING, view_accessibility },
	{ "/legal-notice", READING, view_legal_notice },
	{ "/privacy", READING, view_privacy },
	{ THEME_LOGO, READING, show_logo },
	{ THEME_HERO, READING, show_hero },
	{ CAPTIVE_PATH, READING, show_captive },
};

static const struct route *find(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
		if (!strcmp(routes[i].path, path))
			return &routes[i];
	return NULL;
}

static void answer_method(struct conn *c, const struct route *r)
{
	char fields[64];

	snprintf(fields, sizeof(fields), "Allow: %s\r\n",
		 r->methods == READING ? "GET, HEAD" : "POST");
	view_error(c, 405, fields);
}

static void dispatch(struct conn *c)
{
	const struct request *r = &conn_exchange(c)->request;
	const struct route *route = find(r->path);

	if (r->path_is_bad)
		view_error(c, 400, NULL);
	else if (!route)
		show_nothing(c);
	else if (!(route->methods & BIT(r->method)))
		answer_method(c, route);
	else if (r->is_cross_site && r->method == REQUEST_POST)
		view_error(c, 403, NULL);
	else
		route->handle(c);
}

/* Passwords are typed in there, and a login elsewhere begins. */
static bool needs_tls(struct conn *c)
{
	return conn_exchange(c)->kind != LISTENER_HTTPS &&
	       (settings_zone_offers(zone_of(c), ZONE_AUTH_RADIUS) ||
		settings_zone_offers(zone_of(c), ZONE_AUTH_OIDC));
}

/* Pages are shown under our own names only, and by TLS where there is one. */
static bool is_at_home(struct conn *c)
{
	const struct exchange *x = conn_exchange(c);
	const struct site *site = guest_site(c);
	const char *host = x->request.host;

	if (x->kind == LISTENER_HIJACK)
		return false;
	if (origin_is_hostname(&site->origin, host))
		return x->kind == LISTENER_HTTPS || !site->origin.is_secure;
	return origin_is_ours(&site->origin, host, conn_local(c));
}

static void choose_language(struct conn *c)
{
	struct exchange *x = conn_exchange(c);
	struct guest *g = guest_of(c);
	struct site *site = guest_site(c);
	const struct lang_set *set = page_languages(site->source.pages);

	if (lang_index(set, x->request.lang) == set->count)
		x->request.lang[0] = '\0';
	g->lang = lang_choose(set, x->request.lang, x->request.accept_language);
}

/* An address that can be repeated as it is; longer ones have no path here. */
static bool is_plain(const char *path)
{
	return *path == '/' &&
	       !path[strspn(path, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")];
}

static bool is_probe(struct conn *c)
{
	const struct exchange *x = conn_exchange(c);

	return x->kind == LISTENER_HIJACK && is_plain(x->request.path) &&
	       probe_platform(x->request.host, x->request.path) !=
		       USAGE_PLATFORM_OTHER;
}

static void refuse_probe(struct conn *c, int error)
{
	(void)error;
	view_redirect(c);
}

/* It came a moment before its grant: the next connection is through. */
static void on_session_for_probe(struct conn *c, const struct ipc_session *s)
{
	if (s->state == SESSION_GRANTED && s->outlet == IPC_OUTLET_OPEN)
		view_probe_again(c);
	else
		view_redirect(c);
}

static void answer_elsewhere(struct conn *c)
{
	if (!guest_site(c)->is_in_city || !is_probe(c)) {
		view_redirect(c);
		return;
	}
	guest_of(c)->on_refused = refuse_probe;
	look_up(c, on_session_for_probe);
}

void routes_on_request(struct conn *c, void *arg)
{
	(void)arg;
	if (!is_at_home(c)) {
		answer_elsewhere(c);
		return;
	}
	if (needs_tls(c)) {
		view_redirect_by_name(c);
		return;
	}
	choose_language(c);
	dispatch(c);
}

/* Who was diverted is led here whatever it is: too long, too slow, no HTTP. */
void routes_on_trouble(struct conn *c, unsigned int status, void *arg)
{
	(void)arg;
	if (conn_exchange(c)->kind == LISTENER_HIJACK) {
		view_redirect(c);
		return;
	}
	choose_language(c);
	view_error(c, status, NULL);
}

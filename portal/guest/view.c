/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/guest/view.h"

#include <stdio.h>
#include <string.h>

#include "common/array.h"
#include "common/text.h"
#include "portal/guest/captive.h"
#include "portal/guest/guest.h"
#include "portal/guest/probe.h"
#include "portal/oidc/oidc_client.h"
#include "portal/http/respond.h"
#include "portal/pages/page_preview.h"

#define HEAD_BYTES_MAX 2048
#define RETRY_FIELDS   "Retry-After: 5\r\n"

static struct page_place place_of(struct conn *c)
{
	struct exchange *x = conn_exchange(c);
	struct guest *g = guest_of(c);
	const struct lang_set *set =
		page_languages(guest_site(c)->source.pages);

	/* languages may have gone while the request was waiting */
	if (g->lang >= set->count)
		g->lang = set->fallback;
	return (struct page_place){ .zone = x->zone->index, .lang = g->lang };
}

static bool omits_body(struct conn *c)
{
	return conn_exchange(c)->request.method == REQUEST_HEAD;
}

/* --- pages ------------------------------------------------------------- */

struct view {
	struct conn *conn;
	struct page_context context;
};

static void view_init(struct view *v, struct conn *c, const char *path)
{
	const struct site *site = guest_site(c);

	v->conn = c;
	page_context_init(&v->context, &site->source, place_of(c), path,
			  conn_exchange(c)->request.lang[0] != '\0');
}

static void view_send(struct view *v, enum page_id page, unsigned int status,
		      const char *fields)
{
	static char body[PAGE_LEGAL_BYTES_MAX];
	static char bytes[PAGE_LEGAL_BYTES_MAX + HEAD_BYTES_MAX];
	const struct site *site = guest_site(v->conn);
	struct answer a = {
		.status = status,
		.fields = fields,
		.language = v->context.lang->code,
		.style_source = page_style_source(site->source.pages),
		.has_image = site->source.logo || site->source.hero,
		.script_source = page_script_source(site->source.pages, page,
						    v->context.place.lang),
		.leads_away =
			settings_zone_offers(v->context.zone, ZONE_AUTH_OIDC),
		.body = body,
		.omits_body = omits_body(v->conn),
	};
	struct strbuf o;
	size_t len;

	if (a.script_source)
		a.partner = SETTINGS_WIFI4EU_URL;
	strbuf_init(&o, body, page_bytes_max(page));
	page_context_render(&v->context, page, &o);
	if (o.is_cut)
		log_error("a page is longer than %zu bytes", o.max);
	a.body_len = o.len;
	len = respond_build(bytes, sizeof(bytes), &a);
	conn_answer(v->conn, bytes, len);
	explicit_bzero(body, o.len); /* what was typed may be on it */
	explicit_bzero(bytes, len);
}

/* What is longer would not fit on every page. */
static const char *shown_again(const char *text)
{
	return text && strlen(text) < PAGE_PREVIEW_TYPED_MAX &&
			       text_is_plain(text)
		       ? text
		       : NULL;
}

void view_portal(struct conn *c, const char *path, enum page_notice notice,
		 const struct view_typed *typed)
{
	struct view v;

	view_init(&v, c, path);
	page_context_fill_zone(&v.context, &guest_of(c)->hours);
	if (typed) {
		const char **value = v.context.values.value;

		value[PLACEHOLDER_CODE] = shown_again(typed->code);
		value[PLACEHOLDER_NAME] = shown_again(typed->name);
	}
	page_context_set_notice(&v.context, notice);
	view_send(&v, PAGE_PORTAL, 200, NULL);
}

void view_status(struct conn *c, const struct ipc_session *s,
		 enum page_notice notice)
{
	struct view v;

	view_init(&v, c, "/status");
	page_context_fill_session(&v.context, s);
	page_context_set_notice(&v.context, notice);
	view_send(&v, PAGE_STATUS, 200, NULL);
}

/* One that is the same for everybody. */
static void send_fixed(struct conn *c, enum page_id page, const char *path)
{
	struct view v;

	view_init(&v, c, path);
	view_send(&v, page, 200, NULL);
}

void view_terms(struct conn *c)
{
	send_fixed(c, PAGE_TERMS, "/terms");
}

void view_accessibility(struct conn *c)
{
	send_fixed(c, PAGE_ACCESS, "/accessibility");
}

void view_legal_notice(struct conn *c)
{
	send_fixed(c, PAGE_IMPRINT, "/legal-notice");
}

void view_privacy(struct conn *c)
{
	send_fixed(c, PAGE_PRIVACY, "/privacy");
}

/* --- errors ------------------------------------------------------------ */

/* Of a status; of all others: a request that we do not get. */
static enum page_problem problem_of(unsigned int status)
{
	static const struct {
		unsigned int status;
		enum page_problem problem;
	} problems[] = {
		{ 403, PAGE_PROBLEM_FOREIGN }, { 404, PAGE_PROBLEM_MISSING },
		{ 408, PAGE_PROBLEM_LATE },    { 503, PAGE_PROBLEM_BUSY },
		{ 511, PAGE_PROBLEM_LOGIN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(problems); i++)
		if (problems[i].status == status)
			return problems[i].problem;
	return PAGE_PROBLEM_BAD;
}

static void send_error(struct conn *c, unsigned int status,
		       enum page_problem problem, const char *fields)
{
	struct view v;

	view_init(&v, c, "/");
	page_context_set_problem(&v.context, problem);
	view_send(&v, PAGE_ERROR, status, fields);
}

void view_error(struct conn *c, unsigned int status, const char *fields)
{
	send_error(c, status, problem_of(status),
		   status == 503 ? RETRY_FIELDS : fields);
}

void view_trouble(struct conn *c, enum view_trouble kind)
{
	switch (kind) {
	case VIEW_BUSY:
		view_error(c, 503, NULL);
		return;
	case VIEW_ZONE_FULL:
		send_error(c, 503, PAGE_PROBLEM_FULL, "Retry-After: 60\r\n");
		return;
	case VIEW_DEVICE_UNKNOWN:
		send_error(c, 503, PAGE_PROBLEM_UNKNOWN, RETRY_FIELDS);
		return;
	case VIEW_NOT_IN:
		view_error(c, 511, NULL);
		return;
	}
}

/* --- other answers ----------------------------------------------------- */

void view_picture(struct conn *c, enum picture_kind kind)
{
	char bytes[PICTURE_BYTES_MAX + HEAD_BYTES_MAX];
	const struct picture *picture = &guest_site(c)->picture[kind];
	struct answer a = {
		.status = 200,
		.type = picture->type,
		.max_age_s = 3600,
		.body = picture->bytes,
		.body_len = picture->len,
		.omits_body = omits_body(c),
	};

	if (!picture->bytes) {
		view_error(c, 404, NULL);
		return;
	}
	conn_answer(c, bytes, respond_build(bytes, sizeof(bytes), &a));
}

void view_captive(struct conn *c, const struct ipc_session *s)
{
	const struct settings *all = guest_site(c)->source.settings;
	char bytes[CAPTIVE_BYTES_MAX + HEAD_BYTES_MAX];
	char body[CAPTIVE_BYTES_MAX];
	struct answer a = {
		.status = 200,
		.type = CAPTIVE_TYPE,
		.body = body,
		.omits_body = omits_body(c),
	};

	a.body_len = captive_build(body, &all->portal,
				   &all->zone[place_of(c).zone], s);
	if (!a.body_len)
		view_captive_trouble(c);
	else
		conn_answer(c, bytes, respond_build(bytes, sizeof(bytes), &a));
}

void view_captive_trouble(struct conn *c)
{
	static const char body[] = "{\"status\":503,\"title\":"
				   "\"The gate does not answer\"}\n";
	char bytes[HEAD_BYTES_MAX];
	struct answer a = {
		.status = 503,
		.fields = RETRY_FIELDS,
		.type = "application/problem+json",
		.body = body,
		.body_len = sizeof(body) - 1,
		.omits_body = omits_body(c),
	};

	conn_answer(c, bytes, respond_build(bytes, sizeof(bytes), &a));
}

void view_go(struct conn *c, unsigned int status, const char *path)
{
	char bytes[HEAD_BYTES_MAX];
	char location[128];
	char body[256];
	struct answer a = {
		.status = status,
		.fields = location,
		.body = body,
		.omits_body = omits_body(c),
	};
	struct view v;

	view_init(&v, c, path);
	a.language = v.context.lang->code;
	snprintf(location, sizeof(location), "Location: %s%s\r\n", path,
		 v.context.query);
	snprintf(body, sizeof(body),
		 "<!DOCTYPE html><title>%u</title>"
		 "<p><a href=\"%s%s\">%s</a></p>\n",
		 status, path, v.context.query, path);
	a.body_len = strlen(body);
	conn_answer(c, bytes, respond_build(bytes, sizeof(bytes), &a));
}

void view_leave(struct conn *c, const char *url)
{
	static char bytes[2 * OIDC_URL_MAX + HEAD_BYTES_MAX];
	static char location[OIDC_URL_MAX + 16];
	static const char body[] = "<!DOCTYPE html><title>303</title>\n";
	struct answer a = {
		.status = 303,
		.fields = location,
		.body = body,
		.body_len = sizeof(body) - 1,
	};

	snprintf(location, sizeof(location), "Location: %s\r\n", url);
	conn_answer(c, bytes, respond_build(bytes, sizeof(bytes), &a));
}

/* local: the address that is led to; NULL: the name */
static void lead(struct conn *c, const struct addr *local)
{
	struct site *site = guest_site(c);
	const struct request *request = &conn_exchange(c)->request;
	char via = probe_letter(probe_platform(request->host, request->path));
	const struct origin_redirect *r =
		origin_redirect(&site->origin, local, via);

	conn_answer(c, r->bytes, omits_body(c) ? r->head_len : r->len);
}

void view_redirect(struct conn *c)
{
	const char *host = conn_exchange(c)->request.host;

	lead(c, origin_leads_to_address(&guest_site(c)->origin, host)
			? conn_local(c)
			: NULL);
}

void view_redirect_by_name(struct conn *c)
{
	lead(c, NULL);
}

void view_probe_again(struct conn *c)
{
	const struct exchange *x = conn_exchange(c);
	char bytes[HEAD_BYTES_MAX];
	char location[sizeof(x->request.host) + sizeof(x->request.path) + 32];
	struct answer a = {
		.status = 302,
		.fields = location,
		.body = "",
		.omits_body = omits_body(c),
	};

	snprintf(location, sizeof(location), "Location: http://%s%s\r\n",
		 x->request.host, x->request.path);
	conn_answer(c, bytes, respond_build(bytes, sizeof(bytes), &a));
}

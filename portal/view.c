/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/view.h"

#include <stdio.h>
#include <string.h>

#include "portal/figures.h"
#include "portal/probe.h"
#include "portal/respond.h"

#define RETRY_FIELDS "Retry-After: 5\r\n"
#define RETRY_S	     "5"

struct view {
	struct conn *conn;
	struct exchange *x;
	struct site *site;
	const struct lang *lang;
	struct page_values values;
	char query[LANG_CODE_MAX + 8];
	char figure[8][FIGURES_MAX];
	size_t figures;
};

static char *next_figure(struct view *v)
{
	return v->figure[v->figures++];
}

static void view_init(struct view *v, struct conn *c, const char *path)
{
	const struct portal_settings *p;
	const char **value;

	memset(v, 0, sizeof(*v));
	value = v->values.value;
	v->conn = c;
	v->x = conn_exchange(c);
	v->site = conn_arg(c);
	/* languages may have gone while the request was waiting */
	if (v->x->lang >= page_languages(v->site->pages)->count)
		v->x->lang = page_languages(v->site->pages)->fallback;
	v->lang = &page_languages(v->site->pages)->lang[v->x->lang];
	p = v->site->settings;
	value[HOLE_NETWORK] = p->network;
	value[HOLE_PROVIDER] = p->provider;
	value[HOLE_CONTACT] = p->contact;
	value[HOLE_SUCCESS_URL] = p->success_url;
	value[HOLE_TERMS_URL] = p->terms_url;
	value[HOLE_PATH] = path;
	if (v->x->request.lang[0]) {
		value[HOLE_CHOSEN] = v->lang->code;
		snprintf(v->query, sizeof(v->query), "?lang=%s", v->lang->code);
		value[HOLE_QUERY] = v->query;
	}
}

static void view_send(struct view *v, enum page_id page, unsigned int status,
		      const char *fields)
{
	static char body[PAGE_BYTES_MAX];
	static char bytes[PAGE_BYTES_MAX + 2048];
	struct answer a = {
		.status = status,
		.fields = fields,
		.language = v->lang->code,
		.style_source = page_style_source(v->site->pages),
		.body = body,
		.omits_body = v->x->request.method == REQUEST_HEAD,
	};
	struct out o;

	out_init(&o, body, sizeof(body));
	page_render(v->site->pages, page, v->x->lang, &v->values, &o);
	if (o.is_cut)
		log_error("a page is longer than %d bytes", PAGE_BYTES_MAX);
	a.body_len = o.len;
	conn_answer(v->conn, bytes, respond_build(bytes, sizeof(bytes), &a));
}

/* --- figures ----------------------------------------------------------- */

static bool is_bound(uint64_t limit)
{
	return limit && limit != IPC_UNLIMITED;
}

static void fill_rate(struct view *v, enum page_hole hole, uint64_t bps)
{
	if (is_bound(bps))
		v->values.value[hole] =
			figures_rate(next_figure(v), bps, v->lang);
}

static void fill_limits(struct view *v, const struct ipc_limits *l)
{
	const char **value = v->values.value;

	if (is_bound(l->duration_s))
		value[HOLE_DURATION] = figures_duration(next_figure(v),
							l->duration_s, v->lang);
	if (is_bound(l->quota_bytes))
		value[HOLE_QUOTA] =
			figures_bytes(next_figure(v), l->quota_bytes, v->lang);
	fill_rate(v, HOLE_SPEED, l->down_bps);
	fill_rate(v, HOLE_SPEED_UP, l->up_bps);
}

static void fill_session(struct view *v, const struct ipc_session *s)
{
	const char **value = v->values.value;
	uint64_t used = s->up_bytes + s->down_bytes;
	uint64_t quota = s->limits.quota_bytes;

	if (is_bound(s->left_s))
		value[HOLE_TIME_LEFT] =
			figures_duration(next_figure(v), s->left_s, v->lang);
	value[HOLE_USED] = figures_bytes(next_figure(v), used, v->lang);
	if (is_bound(quota))
		value[HOLE_DATA_LEFT] =
			figures_bytes(next_figure(v),
				      quota > used ? quota - used : 0, v->lang);
	if (s->reduced) {
		value[HOLE_REDUCED] = "1";
		fill_rate(v, HOLE_SPEED, v->x->zone->slow_bps);
		fill_rate(v, HOLE_SPEED_UP, v->x->zone->slow_bps);
	} else {
		fill_rate(v, HOLE_SPEED, s->limits.down_bps);
		fill_rate(v, HOLE_SPEED_UP, s->limits.up_bps);
	}
}

/* --- pages ------------------------------------------------------------- */

void view_portal(struct conn *c, const char *path, const char *notice)
{
	struct view v;

	view_init(&v, c, path);
	fill_limits(&v, &v.x->zone->limits);
	fill_rate(&v, HOLE_SLOW_SPEED, v.x->zone->slow_bps);
	if (notice)
		v.values.value[HOLE_NOTICE] = lang_find(v.lang, notice);
	view_send(&v, PAGE_PORTAL, 200, NULL);
}

void view_status(struct conn *c, const struct ipc_session *s)
{
	struct view v;

	view_init(&v, c, "/status");
	fill_session(&v, s);
	view_send(&v, PAGE_STATUS, 200, NULL);
}

void view_terms(struct conn *c)
{
	struct view v;

	view_init(&v, c, "/terms");
	fill_limits(&v, &v.x->zone->limits);
	view_send(&v, PAGE_TERMS, 200, NULL);
}

static void send_error(struct view *v, unsigned int status, const char *kind,
		       const char *fields)
{
	char key[40];

	snprintf(key, sizeof(key), "error_%s_title", kind);
	v->values.value[HOLE_ERROR_TITLE] = lang_find(v->lang, key);
	snprintf(key, sizeof(key), "error_%s_text", kind);
	v->values.value[HOLE_ERROR_TEXT] = lang_find(v->lang, key);
	view_send(v, PAGE_ERROR, status, fields);
}

void view_error(struct conn *c, unsigned int status, const char *fields)
{
	struct view v;
	char kind[12];

	view_init(&v, c, "/");
	if (status == 503) {
		v.values.value[HOLE_REFRESH] = RETRY_S;
		fields = RETRY_FIELDS;
	}
	snprintf(kind, sizeof(kind), "%u", status);
	send_error(&v, status, kind, fields);
}

void view_trouble(struct conn *c, enum view_trouble kind)
{
	struct view v;

	switch (kind) {
	case VIEW_BY_STATUS:
		view_error(c, 503, NULL);
		return;
	case VIEW_ZONE_FULL:
		view_init(&v, c, "/");
		send_error(&v, 503, "full", "Retry-After: 60\r\n");
		return;
	case VIEW_DEVICE_UNKNOWN:
		view_init(&v, c, "/");
		send_error(&v, 503, "unknown", RETRY_FIELDS);
		return;
	}
}

void view_go(struct conn *c, unsigned int status, const char *path)
{
	char bytes[2048];
	char location[128];
	char body[256];
	struct answer a = {
		.status = status,
		.fields = location,
		.body = body,
		.omits_body = conn_exchange(c)->request.method == REQUEST_HEAD,
	};
	struct view v;

	view_init(&v, c, path);
	a.language = v.lang->code;
	snprintf(location, sizeof(location), "Location: %s%s\r\n", path,
		 v.query);
	snprintf(body, sizeof(body),
		 "<!DOCTYPE html><title>%u</title>"
		 "<p><a href=\"%s%s\">%s</a></p>\n",
		 status, path, v.query, path);
	a.body_len = strlen(body);
	conn_answer(c, bytes, respond_build(bytes, sizeof(bytes), &a));
}

void view_redirect(struct conn *c)
{
	struct site *site = conn_arg(c);
	const struct addr *local = NULL;
	const struct exchange *x = conn_exchange(c);
	const struct origin_redirect *r;
	char via;

	if (origin_needs_address(&site->origin))
		local = conn_local(c);
	via = probe_letter(probe_platform(x->request.host, x->request.path));
	r = origin_redirect(&site->origin, local, via);
	if (x->request.method == REQUEST_HEAD)
		conn_answer(c, r->bytes, r->head_len);
	else
		conn_answer(c, r->bytes, r->len);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/web/web_api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/array.h"
#include "common/clock.h"
#include "hub/web/web_metrics.h"
#include "hub/web/web_json.h"
#include "hub/web/web_now.h"
#include "hub/web/web_parts.h"
#include "hub/web/web_query.h"
#include "hub/web/web_sites.h"
#include "portal/admin/admin_answer.h"

#define CSV_FIELDS                                                             \
	"Content-Disposition: attachment; "                                    \
	"filename=\"stadttor-city.csv\"\r\n"

typedef int write_fn(struct web_site *w, const void *what, FILE *out);

/* a: without its body, which write() writes. */
static void answer_written(struct conn *c, struct admin_answer *a,
			   write_fn *write, const void *what)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, &a->body_len);
	int err = f ? write(conn_arg(c), what, f) : -ENOMEM;

	if (f && fclose(f))
		err = -ENOMEM;
	a->status = 200;
	a->body = text;
	if (err)
		admin_answer_error(c, 503, NULL, "the figures cannot be read");
	else
		admin_answer(c, a);
	free(text);
}

static void answer_json(struct conn *c, struct json_object *o)
{
	struct admin_answer a = { .status = 200, .type = ADMIN_TYPE_JSON };

	if (o)
		a.body = json_object_to_json_string_length(
			o,
			JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
			&a.body_len);
	if (a.body)
		admin_answer(c, &a);
	else
		admin_answer_error(c, 503, NULL, "the figures cannot be read");
	json_object_put(o);
}

/* --- figures ----------------------------------------------------------- */

/* A place without figures has an empty report. */
static int write_usage(struct web_site *w, const void *what, FILE *out)
{
	const struct web_query *q = what;
	struct city_figures f = { .read = w->read };
	struct usage_report_source source = { .read = city_read_usage,
					      .figures = &f };
	int err = city_read_place(w->read, q->kind, q->name, &f.place);

	if (err && err != -ENOENT)
		return err;
	return usage_report_write(&source, &q->query, q->metric_bits,
				  q->report_format, out);
}

static void answer_usage(struct conn *c)
{
	struct web_query q;
	struct admin_answer a = { .type = ADMIN_TYPE_JSON };

	if (!web_query_parse(c, &q))
		return;
	if (q.report_format == USAGE_REPORT_CSV) {
		a.type = ADMIN_TYPE_CSV;
		a.fields = CSV_FIELDS;
	}
	answer_written(c, &a, write_usage, &q);
}

static int write_columns(struct web_site *w, const void *what, FILE *out)
{
	(void)w;
	return web_json_write_csv(*(struct json_object *const *)what, out);
}

typedef struct json_object *build_fn(const struct web_site *w,
				     const struct web_query *q);

/* As JSON by columns, or the same as CSV. */
static void answer_columns(struct conn *c, build_fn *build)
{
	struct admin_answer a = { .type = ADMIN_TYPE_CSV,
				  .fields = CSV_FIELDS };
	struct json_object *o;
	struct web_query q;

	if (!web_query_parse(c, &q))
		return;
	o = build(conn_arg(c), &q);
	if (!o || q.report_format == USAGE_REPORT_JSON) {
		answer_json(c, o);
		return;
	}
	answer_written(c, &a, write_columns, &o);
	json_object_put(o);
}

static void answer_sites(struct conn *c)
{
	answer_columns(c, web_sites_build);
}

static void answer_parts(struct conn *c)
{
	answer_columns(c, web_parts_build);
}

static void answer_now(struct conn *c)
{
	struct web_query q;

	if (web_query_parse(c, &q))
		answer_json(c, web_now_build(conn_arg(c), &q));
}

/* --- metrics ----------------------------------------------------------- */

static int write_metrics(struct web_site *w, const void *what, FILE *out)
{
	return web_metrics_write(w, *(const bool *)what, out);
}

static void answer_metrics(struct conn *c)
{
	bool is_open = conn_exchange(c)->request.extra->wants_openmetrics;
	struct admin_answer a = {
		.type = is_open ? METRICS_TYPE_OPENMETRICS : METRICS_TYPE_TEXT,
	};

	answer_written(c, &a, write_metrics, &is_open);
}

const struct admin_route web_api_routes[] = {
	{ "/api/usage", ADMIN_READING, ADMIN_TOKEN, answer_usage },
	{ "/api/sites", ADMIN_READING, ADMIN_TOKEN, answer_sites },
	{ "/api/parts", ADMIN_READING, ADMIN_TOKEN, answer_parts },
	{ "/api/now", ADMIN_READING, ADMIN_TOKEN, answer_now },
	{ "/metrics", ADMIN_READING, ADMIN_TOKEN, answer_metrics },
};
const size_t web_api_count = ARRAY_SIZE(web_api_routes);

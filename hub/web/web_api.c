/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/web/web_api.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/array.h"
#include "hub/web/web_metrics.h"
#include "portal/admin/admin_answer.h"

static void answer_metrics(struct conn *c)
{
	bool is_open = conn_exchange(c)->request.extra->wants_openmetrics;
	struct admin_answer a = {
		.status = 200,
		.type = is_open ? METRICS_TYPE_OPENMETRICS : METRICS_TYPE_TEXT,
	};
	char *text = NULL;
	FILE *f = open_memstream(&text, &a.body_len);
	int err = f ? web_metrics_write(conn_arg(c), is_open, f) : -1;

	if (f && fclose(f))
		err = -1;
	a.body = text;
	if (err)
		admin_answer_error(c, 503, NULL, "out of memory");
	else
		admin_answer(c, &a);
	free(text);
}

const struct admin_route web_api_routes[] = {
	{ "/metrics", ADMIN_READING, ADMIN_TOKEN, answer_metrics },
};
const size_t web_api_count = ARRAY_SIZE(web_api_routes);

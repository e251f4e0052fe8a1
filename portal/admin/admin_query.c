/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/admin_query.h"

#include <stdio.h>
#include <string.h>

#include "portal/admin/admin_answer.h"

/* text of len characters: name=value */
static bool take_pair(const char *text, size_t len,
		      const struct admin_parameter *parameter, size_t count)
{
	const char *sign = memchr(text, '=', len);
	size_t name_len = sign ? (size_t)(sign - text) : len;
	const char *value = sign ? sign + 1 : text + len;

	for (size_t i = 0; i < count; i++) {
		const struct admin_parameter *p = &parameter[i];
		int n;

		if (strlen(p->name) != name_len ||
		    memcmp(p->name, text, name_len))
			continue;
		n = request_decode(REQUEST_TEXT_QUERY, value,
				   len - (size_t)(value - text), p->value,
				   p->max - 1);
		if (n >= 0)
			p->value[n] = '\0';
		return n >= 0;
	}
	return false;
}

bool admin_query_parse(const char *query,
		       const struct admin_parameter *parameter, size_t count,
		       char wrong[ADMIN_QUERY_NAME_MAX])
{
	while (*query) {
		size_t len = strcspn(query, "&");

		if (len && !take_pair(query, len, parameter, count)) {
			snprintf(wrong, ADMIN_QUERY_NAME_MAX, "%.*s",
				 (int)strcspn(query, "=&"), query);
			return false;
		}
		query += len + (query[len] == '&');
	}
	return true;
}

bool admin_query_refuse(struct conn *c, const char *name, const char *value,
			const char *what)
{
	admin_answer_error(c, 400, NULL, "%s: '%.40s' is %s", name, value,
			   what);
	return false;
}

bool admin_query_take_form(struct conn *c, struct form *f)
{
	struct exchange *x = conn_exchange(c);

	if (x->request.is_form && form_parse(f, x->body, x->request.body_len))
		return true;
	admin_answer_error(c, 400, NULL, "this is no form");
	return false;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parameters of /api/...?name=value&..., and the forms of what changes
 * something. */
#ifndef STADTTOR_PORTAL_ADMIN_ADMIN_QUERY_H
#define STADTTOR_PORTAL_ADMIN_ADMIN_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "portal/http/conn.h"
#include "portal/http/form.h"

#define ADMIN_QUERY_NAME_MAX 24

struct admin_parameter {
	const char *name;
	char *value; /* keeps what it holds where the query lacks it */
	size_t max;
};

/*
 * Fills in values, decoded. false: wrong names the parameter that is unknown,
 * too long or badly coded.
 */
bool admin_query_parse(const char *query,
		       const struct admin_parameter *parameter, size_t count,
		       char wrong[ADMIN_QUERY_NAME_MAX]);

/* Answers 400: what the value of that name is, as "no day". Returns false. */
bool admin_query_refuse(struct conn *c, const char *name, const char *value,
			const char *what);

/* The fields of the request's body. false: it has been answered. */
bool admin_query_take_form(struct conn *c, struct form *f);

#endif

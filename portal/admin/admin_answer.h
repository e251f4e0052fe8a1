/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers of the dashboard's listener, with the fields that all of them carry.
 */
#ifndef STADTTOR_PORTAL_ADMIN_ADMIN_ANSWER_H
#define STADTTOR_PORTAL_ADMIN_ADMIN_ANSWER_H

#include "common/log.h"
#include "portal/http/conn.h"

#define ADMIN_TYPE_JSON "application/json"
#define ADMIN_TYPE_CSV	"text/csv; charset=utf-8"

struct admin_answer {
	unsigned int status;
	const char *type;
	const char *fields; /* further "Name: value\r\n" lines, or NULL */
	const char *body;
	size_t body_len;
	bool may_be_kept; /* by the browser, for some minutes */
};

/* All of these answer the connection, which may be gone when they return. */
void admin_answer(struct conn *c, const struct admin_answer *a);

/* 303 to a path of ours. */
void admin_answer_go(struct conn *c, const char *path, const char *fields);

/* One line of text: as JSON under /api/, else as plain text. */
void admin_answer_error(struct conn *c, unsigned int status, const char *fields,
			const char *fmt, ...) PRINTF_LIKE(4, 5);

/* 429, with what is left of the wait. */
void admin_answer_later(struct conn *c, uint64_t wait_ms);

#endif

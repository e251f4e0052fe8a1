/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statements that are run rarely, of numbers, hashes and bytes; for the files
 * of this folder. */
#ifndef STADTTOR_PORTAL_VOUCHER_VOUCHER_STATEMENT_H
#define STADTTOR_PORTAL_VOUCHER_VOUCHER_STATEMENT_H

#include "portal/util/sqlite.h"
#include "portal/voucher/voucher_db.h"

struct voucher_value { /* a number, or bytes that live as long as it is run */
	int64_t number;
	const void *bytes;
	size_t len;
};
#define VOUCHER_NUMBER(v)                                                      \
	{                                                                      \
		.number = (v)                                                  \
	}
#define VOUCHER_BYTES(at, n)                                                   \
	{                                                                      \
		.bytes = (at), .len = (n)                                      \
	}
#define VOUCHER_HASH_OF(hash) VOUCHER_BYTES((hash)->byte, VOUCHER_HASH_BYTES)

struct voucher_sql {
	const char *text;
	const struct voucher_value *value;
	int values;
};
#define VOUCHER_SQL(text, value)                                               \
	(&(const struct voucher_sql){ text, value,                             \
				      sizeof(value) / sizeof(*(value)) })

/* For sqlite3_finalize(), whatever comes of it. 0 or -errno. */
int voucher_statement_open(struct voucher_db *db, const struct voucher_sql *sql,
			   sqlite3_stmt **out) MUST_CHECK;

/* To its first row at most. */
int voucher_statement_run(struct voucher_db *db,
			  const struct voucher_sql *sql) MUST_CHECK;

/* The number in it; 0 where there is none. */
int voucher_statement_number(struct voucher_db *db,
			     const struct voucher_sql *sql,
			     int64_t *out) MUST_CHECK;

/* Calls on_row for each until it returns otherwise than 0, which it returns. */
int voucher_statement_each(struct voucher_db *db, const struct voucher_sql *sql,
			   int (*on_row)(sqlite3_stmt *s, void *arg),
			   void *arg) MUST_CHECK;

/* Zeroes where the column has none. */
void voucher_statement_hash(sqlite3_stmt *s, int column,
			    struct voucher_hash *out);

#endif

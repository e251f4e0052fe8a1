/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/voucher/voucher_statement.h"

#include <string.h>

int voucher_statement_open(struct voucher_db *db, const struct voucher_sql *sql,
			   sqlite3_stmt **out)
{
	int err;

	*out = NULL;
	err = sqlite_prepare(db->db, sql->text, out);
	for (int i = 0; i < sql->values && !err; i++) {
		const struct voucher_value *v = &sql->value[i];

		if (v->bytes)
			sqlite3_bind_blob(*out, i + 1, v->bytes, (int)v->len,
					  SQLITE_STATIC);
		else
			sqlite3_bind_int64(*out, i + 1, v->number);
	}
	return err;
}

int voucher_statement_each(struct voucher_db *db, const struct voucher_sql *sql,
			   int (*on_row)(sqlite3_stmt *s, void *arg), void *arg)
{
	sqlite3_stmt *s;
	int code = SQLITE_DONE;
	int err = voucher_statement_open(db, sql, &s);

	while (!err && (code = sqlite3_step(s)) == SQLITE_ROW)
		err = on_row(s, arg);
	if (!err)
		err = sqlite_error(db->db, code);
	sqlite3_finalize(s);
	return err;
}

static int take_number(sqlite3_stmt *s, void *arg)
{
	*(int64_t *)arg = sqlite3_column_int64(s, 0);
	return 0;
}

int voucher_statement_number(struct voucher_db *db,
			     const struct voucher_sql *sql, int64_t *out)
{
	*out = 0;
	return voucher_statement_each(db, sql, take_number, out);
}

int voucher_statement_run(struct voucher_db *db, const struct voucher_sql *sql)
{
	sqlite3_stmt *s;
	int err = voucher_statement_open(db, sql, &s);

	if (!err)
		err = sqlite_error(db->db, sqlite3_step(s));
	sqlite3_finalize(s);
	return err;
}

void voucher_statement_hash(sqlite3_stmt *s, int column,
			    struct voucher_hash *out)
{
	memset(out, 0, sizeof(*out));
	if (sqlite3_column_bytes(s, column) == sizeof(*out))
		memcpy(out, sqlite3_column_blob(s, column), sizeof(*out));
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/voucher/voucher_batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "common/text.h"
#include "portal/util/sqlite.h"

#define DAY 86400

bool voucher_label_is_valid(const char *label)
{
	return *label && strlen(label) < VOUCHER_LABEL_MAX &&
	       text_is_plain(label);
}

/* --- making ------------------------------------------------------------ */

static int run_with(struct voucher_db *db, enum voucher_statement which,
		    int64_t v)
{
	sqlite3_bind_int64(db->statement[which], 1, v);
	return voucher_db_run(db, which);
}

static int drop_old(struct voucher_db *db, int64_t now_s)
{
	int64_t before_s = now_s - VOUCHER_KEEP_OVER_S;
	int err = run_with(db, VOUCHER_SETTLE, now_s);

	if (!err)
		err = run_with(db, VOUCHER_COUNT_OLD, before_s / DAY - 1);
	if (!err)
		err = run_with(db, VOUCHER_DROP_OLD, before_s / DAY - 1);
	if (!err)
		err = run_with(db, VOUCHER_DROP_CODES, before_s);
	return err ? err : run_with(db, VOUCHER_DROP_BATCHES, before_s);
}

static int add_batch(struct voucher_db *db, struct voucher_batch *b)
{
	sqlite3_stmt *s = db->statement[VOUCHER_ADD_BATCH];
	int err;

	sqlite3_bind_text(s, 1, b->label, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, b->zone, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 3, b->created_s);
	sqlite3_bind_int64(s, 4, b->valid_until_s);
	sqlite3_bind_int64(s, 5, b->duration_s);
	sqlite3_bind_int64(s, 6, b->devices);
	sqlite3_bind_int64(s, 7, b->count);
	err = voucher_db_run(db, VOUCHER_ADD_BATCH);
	sqlite3_clear_bindings(s);
	b->id = sqlite3_last_insert_rowid(db->db);
	return err;
}

/* 1: added; 0: that code is taken; -errno. */
static int try_code(struct voucher_db *db, const struct voucher_key *key,
		    char code[VOUCHER_CODE_MAX])
{
	sqlite3_stmt *s = db->statement[VOUCHER_ADD_CODE];
	struct voucher_hash hash;
	int err = voucher_code_make(code);

	if (!err)
		err = voucher_key_hash(key, code, &hash);
	if (err)
		return err;
	sqlite3_bind_blob(s, 1, hash.byte, sizeof(hash.byte), SQLITE_STATIC);
	err = voucher_db_run(db, VOUCHER_ADD_CODE);
	sqlite3_clear_bindings(s);
	return err ? err : sqlite3_changes(db->db);
}

/* They get rows when all are made: in the order of hashes, not of cards. */
static int add_codes(struct voucher_db *db, const struct voucher_key *key,
		     const struct voucher_batch *b,
		     char (*codes)[VOUCHER_CODE_MAX])
{
	uint32_t count = 0;
	int err;

	while (count < b->count) {
		int added = try_code(db, key, codes[count]);

		if (added < 0)
			return added;
		count += (uint32_t)added;
	}
	err = run_with(db, VOUCHER_STORE_CODES, b->id);
	return err ? err : voucher_db_run(db, VOUCHER_DROP_FRESH);
}

int voucher_batch_create(struct voucher_db *db, const struct voucher_key *key,
			 struct voucher_batch *b,
			 char (*codes)[VOUCHER_CODE_MAX])
{
	int err = voucher_db_begin(db);

	if (err)
		return err;
	err = drop_old(db, b->created_s);
	if (!err)
		err = add_batch(db, b);
	if (!err)
		err = add_codes(db, key, b, codes);
	return voucher_db_end(db, err);
}

/* --- reading ----------------------------------------------------------- */

static void copy_text(char *to, size_t max, sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	snprintf(to, max, "%s", text ? text : "");
}

/* Another process may have put anything into the file: nothing of it steers
 * a terminal. */
static void copy_label(char to[VOUCHER_LABEL_MAX], sqlite3_stmt *s, int column)
{
	copy_text(to, VOUCHER_LABEL_MAX, s, column);
	if (!voucher_label_is_valid(to))
		snprintf(to, VOUCHER_LABEL_MAX, "?");
}

static void read_batch(sqlite3_stmt *s, struct voucher_batch *b)
{
	*b = (struct voucher_batch){
		.id = sqlite3_column_int64(s, 0),
		.created_s = sqlite3_column_int64(s, 3),
		.valid_until_s = sqlite3_column_int64(s, 4),
		.duration_s = sqlite3_column_int64(s, 5),
		.devices = (uint32_t)sqlite3_column_int64(s, 6),
		.count = (uint32_t)sqlite3_column_int64(s, 7),
		.used = (uint64_t)sqlite3_column_int64(s, 8),
		.revoked = (uint64_t)sqlite3_column_int64(s, 9),
		.active = (uint64_t)sqlite3_column_int64(s, 10),
		.expired = (uint64_t)sqlite3_column_int64(s, 11),
	};
	copy_label(b->label, s, 1);
	copy_text(b->zone, sizeof(b->zone), s, 2);
}

int voucher_batch_list(struct voucher_db *db, int64_t now_s, const char *label,
		       void (*on_batch)(const struct voucher_batch *b,
					void *arg),
		       void *arg)
{
	sqlite3_stmt *s = db->statement[VOUCHER_LIST];
	struct voucher_batch b;
	int code;

	sqlite3_bind_int64(s, 1, now_s);
	sqlite3_bind_text(s, 2, label, -1, SQLITE_STATIC);
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		read_batch(s, &b);
		on_batch(&b, arg);
	}
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return sqlite_error(db->db, code);
}

int voucher_batch_statistics(
	struct voucher_db *db, int64_t now_s,
	void (*on_label)(const struct voucher_statistics *s, void *arg),
	void *arg)
{
	sqlite3_stmt *s = db->statement[VOUCHER_STATISTICS];
	struct voucher_statistics row;
	int code;

	sqlite3_bind_int64(s, 1, now_s);
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		copy_label(row.label, s, 0);
		row.created = (uint64_t)sqlite3_column_int64(s, 1);
		row.used = (uint64_t)sqlite3_column_int64(s, 2);
		row.active = (uint64_t)sqlite3_column_int64(s, 3);
		row.expired = (uint64_t)sqlite3_column_int64(s, 4);
		row.revoked = (uint64_t)sqlite3_column_int64(s, 5);
		on_label(&row, arg);
	}
	sqlite3_reset(s);
	return sqlite_error(db->db, code);
}

/* --- revoking ---------------------------------------------------------- */

static void bind_target(sqlite3_stmt *s, const struct voucher_target *t)
{
	if (t->batch)
		sqlite3_bind_int64(s, 1, t->batch);
	else
		sqlite3_bind_blob(s, 1, t->code.byte, sizeof(t->code.byte),
				  SQLITE_STATIC);
}

static int add_tag(uint64_t **tags, size_t *count, uint64_t tag)
{
	uint64_t *more = realloc(*tags, (*count + 1) * sizeof(**tags));

	if (!more)
		return -ENOMEM;
	more[(*count)++] = tag;
	*tags = more;
	return 0;
}

static int read_tags(struct voucher_db *db, const struct voucher_target *t,
		     int64_t now_s, uint64_t **tags, size_t *count)
{
	sqlite3_stmt *s = db->statement[t->batch ? VOUCHER_TAGS_OF_BATCH
						 : VOUCHER_TAG_OF_CODE];
	int err = 0;
	int code;

	bind_target(s, t);
	sqlite3_bind_int64(s, 2, now_s);
	while (!err && (code = sqlite3_step(s)) == SQLITE_ROW)
		err = add_tag(tags, count,
			      (uint64_t)sqlite3_column_int64(s, 0));
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return err ? err : sqlite_error(db->db, code);
}

static int mark(struct voucher_db *db, const struct voucher_target *t)
{
	enum voucher_statement which =
		t->batch ? VOUCHER_REVOKE_BATCH : VOUCHER_REVOKE_CODE;
	int err;

	bind_target(db->statement[which], t);
	err = voucher_db_run(db, which);
	sqlite3_clear_bindings(db->statement[which]);
	return err ? err : sqlite3_changes(db->db) ? 0 : -ENOENT;
}

int voucher_batch_revoke(struct voucher_db *db,
			 const struct voucher_target *target, int64_t now_s,
			 uint64_t **tags, size_t *count)
{
	int err = voucher_db_begin(db);

	*tags = NULL;
	*count = 0;
	if (err)
		return err;
	err = mark(db, target);
	if (!err)
		err = read_tags(db, target, now_s, tags, count);
	err = voucher_db_end(db, err);
	if (err) {
		free(*tags);
		*tags = NULL;
		*count = 0;
	}
	return err;
}

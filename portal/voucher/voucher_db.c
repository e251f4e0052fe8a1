/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/voucher/voucher_db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "common/array.h"
#include "common/stringify.h"
#include "portal/util/sqlite.h"

#define BUSY_MS	     200 /* longer would keep guests waiting */
#define DAY_S	     86400
#define BUSY_MAKE_MS 5000

#define APPLICATION_ID 1398036035
_Static_assert(APPLICATION_ID == 0x53545643, "STVC in ASCII");

/*
 * A journal, not WAL: uses are rare, it needs no shared memory, which some
 * flash file systems cannot map, and it leaves no old page behind. TRUNCATE
 * syncs the journal's end after the commit; DELETE would leave that to a
 * directory that FULL does not sync. What is deleted is overwritten.
 */
static const char setup[] = "PRAGMA page_size = 1024;"
			    "PRAGMA synchronous = FULL;"
			    "PRAGMA secure_delete = ON;"
			    "PRAGMA cache_size = -256;"
			    "PRAGMA mmap_size = 0;"
			    "PRAGMA temp_store = MEMORY;"
			    "PRAGMA trusted_schema = OFF;"
			    "PRAGMA foreign_keys = ON;"
			    "PRAGMA journal_mode = TRUNCATE;"
			    "CREATE TEMP TABLE fresh (hash BLOB PRIMARY KEY);";

/* Frozen: what is in the field is changed by further elements only. */
static const char *const migrations[] = {
	"PRAGMA application_id = " STRINGIFY(
		APPLICATION_ID) ";"
				"CREATE TABLE meta (one INTEGER PRIMARY KEY "
				"CHECK (one = 1),"
				" key BLOB NOT NULL);"
				"CREATE TABLE batches (id INTEGER PRIMARY KEY "
				"AUTOINCREMENT,"
				" label TEXT NOT NULL, zone TEXT NOT NULL,"
				" created_s INTEGER NOT NULL, valid_until_s "
				"INTEGER NOT NULL,"
				" duration_s INTEGER NOT NULL, devices INTEGER "
				"NOT NULL,"
				" count INTEGER NOT NULL, revoked INTEGER NOT "
				"NULL DEFAULT 0,"
				" gone INTEGER NOT NULL DEFAULT 0);" /* used
									rows
									that
									were
									deleted
								      */
				"CREATE TABLE codes (id INTEGER PRIMARY KEY,"
				" batch INTEGER NOT NULL REFERENCES batches "
				"(id),"
				" hash BLOB NOT NULL UNIQUE, tag INTEGER NOT "
				"NULL,"
				" ends_s INTEGER NOT NULL DEFAULT 0,"
				" revoked INTEGER NOT NULL DEFAULT 0);"
				"CREATE INDEX codes_of_batch ON codes (batch);"
				"CREATE INDEX codes_begun ON codes (ends_s) "
				"WHERE ends_s > 0;",
	/* in the order of the hashes; a tag only while the minutes run */
	"CREATE TABLE sorted (id INTEGER PRIMARY KEY,"
	" batch INTEGER NOT NULL REFERENCES batches (id),"
	" hash BLOB NOT NULL UNIQUE, tag INTEGER NOT NULL DEFAULT 0,"
	" ends_s INTEGER NOT NULL DEFAULT 0,"
	" revoked INTEGER NOT NULL DEFAULT 0);"
	"INSERT INTO sorted (batch, hash, tag, ends_s, revoked)"
	" SELECT batch, hash, iif(ends_s > 0, tag, 0), ends_s, revoked"
	" FROM codes ORDER BY batch, hash;"
	"DROP TABLE codes;"
	"ALTER TABLE sorted RENAME TO codes;"
	"CREATE INDEX codes_of_batch ON codes (batch);"
	"CREATE INDEX codes_begun ON codes (ends_s) WHERE ends_s > 0;",
};
#define VERSION_LATEST ((int)(ARRAY_SIZE(migrations)))

/* A batch as people see it: ?1 now, ?2 label or NULL. */
#define BATCHES                                                                \
	"SELECT b.id, b.label, b.zone, b.created_s, b.valid_until_s,"          \
	" b.duration_s, b.devices, b.count AS created,"                        \
	" b.gone + ifnull(c.used, 0) AS used,"                                 \
	" iif(b.revoked, b.count, ifnull(c.revoked, 0)) AS revoked,"           \
	" iif(b.revoked, 0, ifnull(c.active, 0)) AS active,"                   \
	" iif(b.revoked OR b.valid_until_s > ?1, 0, ifnull(c.unused, 0))"      \
	" AS expired FROM batches b LEFT JOIN (SELECT batch,"                  \
	" sum(ends_s != 0) AS used, sum(revoked) AS revoked,"                  \
	" sum(ends_s > ?1 AND NOT revoked) AS active,"                         \
	" sum(ends_s = 0 AND NOT revoked) AS unused"                           \
	" FROM codes GROUP BY batch) c ON c.batch = b.id"                      \
	" WHERE ?2 IS NULL OR b.label = ?2 ORDER BY b.id"

/* What the cleaning of created batches may forget: ?1 the day it was over. */
#define OLD_CODES "ends_s BETWEEN -?1 AND -1 AND NOT revoked"

static const char *const statements[VOUCHER_STATEMENTS] = {
	[VOUCHER_BEGIN] = "BEGIN IMMEDIATE",
	[VOUCHER_COMMIT] = "COMMIT",
	[VOUCHER_ROLLBACK] = "ROLLBACK",
	[VOUCHER_FIND] =
		"SELECT c.id, c.tag, b.devices, b.duration_s, b.created_s,"
		" b.valid_until_s, c.ends_s, c.revoked OR b.revoked, b.zone"
		" FROM codes c JOIN batches b ON b.id = c.batch"
		" WHERE c.hash = ?1",
	[VOUCHER_USE] = "UPDATE codes SET ends_s = ?2, tag = ?3 WHERE id = ?1",
	[VOUCHER_UNUSE] = "UPDATE codes SET ends_s = 0, tag = 0"
			  " WHERE id = ?1 AND ends_s > 0",
	[VOUCHER_SETTLE] = "UPDATE codes SET ends_s = -(ends_s / " STRINGIFY(
		DAY_S) "), tag = 0"
		       " WHERE ends_s > 0 AND ends_s <= ?1",
	[VOUCHER_UNTAG] = "UPDATE codes SET tag = 0"
			  " WHERE ends_s > 0 AND ends_s <= ?1 AND tag != 0",
	/* 0 is not begun, and below that a day when it was over */
	[VOUCHER_SHIFT] = "UPDATE codes SET ends_s = ends_s + ?1"
			  " WHERE ends_s > 0 AND ends_s + ?1 > 0"
			  " AND ends_s - (SELECT duration_s FROM batches"
			  " WHERE id = codes.batch) <= ?2",
	[VOUCHER_ADD_BATCH] =
		"INSERT INTO batches (label, zone, created_s, valid_until_s,"
		" duration_s, devices, count)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[VOUCHER_ADD_CODE] =
		"INSERT OR IGNORE INTO fresh SELECT ?1"
		" WHERE NOT EXISTS (SELECT 1 FROM codes WHERE hash = ?1)",
	[VOUCHER_STORE_CODES] = "INSERT INTO codes (batch, hash)"
				" SELECT ?1, hash FROM fresh ORDER BY hash",
	[VOUCHER_DROP_FRESH] = "DELETE FROM fresh",
	[VOUCHER_REVOKE_BATCH] = "UPDATE batches SET revoked = 1 WHERE id = ?1",
	[VOUCHER_REVOKE_CODE] = "UPDATE codes SET revoked = 1 WHERE hash = ?1",
	[VOUCHER_TAGS_OF_BATCH] =
		"SELECT tag FROM codes WHERE batch = ?1 AND ends_s > ?2"
		" AND tag != 0",
	[VOUCHER_TAG_OF_CODE] =
		"SELECT tag FROM codes WHERE hash = ?1 AND ends_s > ?2"
		" AND tag != 0",
	[VOUCHER_LIST] = BATCHES,
	[VOUCHER_STATISTICS] =
		"SELECT label, sum(created), sum(used), sum(active),"
		" sum(expired), sum(revoked) FROM (" BATCHES ") GROUP BY label",
	[VOUCHER_COUNT_OLD] =
		"UPDATE batches SET gone = gone + (SELECT count(*) FROM codes"
		" WHERE batch = batches.id AND " OLD_CODES ")",
	[VOUCHER_DROP_OLD] = "DELETE FROM codes WHERE " OLD_CODES,
	[VOUCHER_DROP_CODES] = "DELETE FROM codes WHERE batch IN"
			       " (SELECT id FROM batches"
			       " WHERE valid_until_s <= ?1)",
	[VOUCHER_DROP_BATCHES] = "DELETE FROM batches"
				 " WHERE valid_until_s <= ?1",
};

/* --- opening ----------------------------------------------------------- */

/* Another program's database may well be of version 1, too. */
static int check_application(struct voucher_db *db, bool *is_empty)
{
	int id = 0, version = 0;
	int err = sqlite_read_number(db->db, "PRAGMA application_id", &id);

	if (!err)
		err = sqlite_read_number(db->db, "PRAGMA user_version",
					 &version);
	*is_empty = !id && !version;
	return !err && !*is_empty && id != APPLICATION_ID ? -EMEDIUMTYPE : err;
}

static int check_key(sqlite3 *db, const struct voucher_hash *check)
{
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(db, "SELECT key FROM meta", -1, &s, NULL);
	int err;

	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	err = sqlite_error(db, code);
	if (code == SQLITE_DONE)
		err = -ENOENT; /* as above */
	if (code == SQLITE_ROW &&
	    (sqlite3_column_bytes(s, 0) != sizeof(check->byte) ||
	     memcmp(sqlite3_column_blob(s, 0), check->byte,
		    sizeof(check->byte)) != 0))
		err = -EKEYREJECTED;
	sqlite3_finalize(s);
	return err;
}

/* The first one stays. */
static int put_key(sqlite3 *db, const struct voucher_hash *check)
{
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(
		db, "INSERT OR IGNORE INTO meta VALUES (1, ?1)", -1, &s, NULL);

	if (code == SQLITE_OK) {
		sqlite3_bind_blob(s, 1, check->byte, sizeof(check->byte),
				  SQLITE_STATIC);
		code = sqlite3_step(s);
	}
	sqlite3_finalize(s);
	return sqlite_error(db, code);
}

static int take_key(sqlite3 *db, const struct voucher_key *key,
		    enum voucher_db_mode mode)
{
	struct voucher_hash check;
	int err = voucher_key_check(key, &check);

	if (!err && mode == VOUCHER_DB_MAKE)
		err = put_key(db, &check);
	return err ? err : check_key(db, &check);
}

static int prepare(struct voucher_db *db)
{
	int err = 0;

	for (int i = 0; i < VOUCHER_STATEMENTS && !err; i++)
		err = sqlite_prepare(db->db, statements[i], &db->statement[i]);
	return err;
}

static int set_up(struct voucher_db *db, const struct voucher_key *key,
		  enum voucher_db_mode mode)
{
	bool is_empty = false;
	int err = check_application(db, &is_empty);

	if (!err && is_empty && mode == VOUCHER_DB_USE)
		err = -ENOENT; /* its making was cut short */
	if (!err)
		err = sqlite_run(db->db, setup);
	if (!err && mode == VOUCHER_DB_MAKE)
		err = sqlite_run(db->db,
				 "PRAGMA cache_size = -8192"); /* of a batch */
	if (!err)
		err = sqlite_migrate(db->db, migrations, VERSION_LATEST);
	if (!err && key)
		err = take_key(db->db, key, mode);
	return err ? err : prepare(db);
}

int voucher_db_open(struct voucher_db **out, const char *path,
		    const struct voucher_key *key, enum voucher_db_mode mode)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
		    (mode == VOUCHER_DB_MAKE ? SQLITE_OPEN_CREATE : 0);
	struct voucher_db *db = calloc(1, sizeof(*db));
	int code, err;

	if (!db)
		return -ENOMEM;
	code = sqlite3_open_v2(path, &db->db, flags, NULL);
	err = sqlite_error(db->db, code);
	if (!err) {
		sqlite3_extended_result_codes(db->db, 1);
		sqlite3_busy_timeout(db->db, mode == VOUCHER_DB_MAKE
						     ? BUSY_MAKE_MS
						     : BUSY_MS);
		err = set_up(db, key, mode);
	}
	if (!err) {
		*out = db;
		return 0;
	}
	voucher_db_close(db);
	return err;
}

void voucher_db_close(struct voucher_db *db)
{
	if (!db)
		return;
	for (int i = 0; i < VOUCHER_STATEMENTS; i++)
		sqlite3_finalize(db->statement[i]);
	sqlite3_close(db->db);
	free(db);
}

const char *voucher_db_reason(int err)
{
	switch (err) {
	case -ENOKEY:
		return "the key of the codes in it is missing";
	case -EBADMSG:
		return "the file with the key of the codes in it is damaged";
	case -EKEYREJECTED:
		return "the codes in it were made under another key";
	case -EUCLEAN:
		return "the file is damaged";
	case -EPROTONOSUPPORT:
		return "a later version wrote it";
	case -EMEDIUMTYPE:
		return "this is no database of vouchers";
	case -EBUSY:
		return "another process is using it";
	}
	return strerror(-err);
}

/* --- using ------------------------------------------------------------- */

int voucher_db_run(struct voucher_db *db, enum voucher_statement which)
{
	sqlite3_stmt *s = db->statement[which];
	int err = sqlite_error(db->db, sqlite3_step(s));

	sqlite3_reset(s);
	return err;
}

int voucher_db_begin(struct voucher_db *db)
{
	return voucher_db_run(db, VOUCHER_BEGIN);
}

int voucher_db_end(struct voucher_db *db, int err)
{
	if (!err)
		err = voucher_db_run(db, VOUCHER_COMMIT);
	if (!sqlite3_get_autocommit(db->db) &&
	    voucher_db_run(db, VOUCHER_ROLLBACK) && !err)
		err = -EIO;
	return err;
}

static void read_row(sqlite3_stmt *s, struct voucher_row *out)
{
	const char *zone = (const char *)sqlite3_column_text(s, 8);

	*out = (struct voucher_row){
		.id = sqlite3_column_int64(s, 0),
		.tag = (uint64_t)sqlite3_column_int64(s, 1),
		.devices = (uint32_t)sqlite3_column_int64(s, 2),
		.duration_s = sqlite3_column_int64(s, 3),
		.created_s = sqlite3_column_int64(s, 4),
		.valid_until_s = sqlite3_column_int64(s, 5),
		.ends_s = sqlite3_column_int64(s, 6),
		.is_revoked = sqlite3_column_int(s, 7) != 0,
	};
	snprintf(out->zone, sizeof(out->zone), "%s", zone ? zone : "");
}

int64_t voucher_row_end(const struct voucher_row *row, int64_t first_s)
{
	int64_t ends_s = (first_s + row->duration_s + 59) / 60 * 60;

	return ends_s < row->valid_until_s ? ends_s : row->valid_until_s;
}

int voucher_db_find(struct voucher_db *db, const struct voucher_hash *code,
		    struct voucher_row *out)
{
	sqlite3_stmt *s = db->statement[VOUCHER_FIND];
	int result;

	sqlite3_bind_blob(s, 1, code->byte, sizeof(code->byte), SQLITE_STATIC);
	result = sqlite3_step(s);
	if (result == SQLITE_ROW)
		read_row(s, out);
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return result == SQLITE_ROW ? 1 : sqlite_error(db->db, result);
}

int voucher_db_use(struct voucher_db *db, const struct voucher_row *row,
		   int64_t now_s)
{
	sqlite3_stmt *s = db->statement[VOUCHER_USE];
	int err;

	sqlite3_bind_int64(s, 1, row->id);
	sqlite3_bind_int64(s, 2, row->ends_s);
	sqlite3_bind_int64(s, 3, (sqlite3_int64)row->tag);
	err = voucher_db_run(db, VOUCHER_USE);
	if (err)
		return err;
	/* a clock that is put right within a day takes nothing from anybody */
	sqlite3_bind_int64(db->statement[VOUCHER_SETTLE], 1, now_s - DAY_S);
	return voucher_db_run(db, VOUCHER_SETTLE);
}

int voucher_db_shift(struct voucher_db *db, int64_t step_s, int64_t began_s)
{
	sqlite3_bind_int64(db->statement[VOUCHER_SHIFT], 1, step_s);
	sqlite3_bind_int64(db->statement[VOUCHER_SHIFT], 2, began_s);
	return voucher_db_run(db, VOUCHER_SHIFT);
}

int voucher_db_untag(struct voucher_db *db, int64_t now_s)
{
	sqlite3_bind_int64(db->statement[VOUCHER_UNTAG], 1, now_s);
	return voucher_db_run(db, VOUCHER_UNTAG);
}

int voucher_db_unuse(struct voucher_db *db, int64_t id)
{
	sqlite3_bind_int64(db->statement[VOUCHER_UNUSE], 1, id);
	return voucher_db_run(db, VOUCHER_UNUSE);
}

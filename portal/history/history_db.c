/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/history/history_db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/stringify.h"
#include "common/text.h"
#include "portal/util/sqlite.h"

#define BUSY_MS 500

#define APPLICATION_ID 1398032467
_Static_assert(APPLICATION_ID == 0x53544853, "STHS in ASCII");

enum statement {
	BEGIN,
	COMMIT,
	ROLLBACK,
	GET_SPAN,
	SET_SPAN,
	ADD,
	CHANGE,
	END_ALL,
	LIST,
	TRIM_OLD,
	TRIM_MANY,
	COUNT_NOTES,
	ADD_NOTE,
	REMOVE_NOTE,
	LIST_NOTES,
	STATEMENTS
};

struct history_db {
	sqlite3 *db;
	sqlite3_stmt *statement[STATEMENTS];
};

/* As voucher_db.c has it: a journal needs no shared memory, which some flash
 * file systems cannot map. Changes are rare, so pages are small. */
static const char setup[] = "PRAGMA page_size = 512;"
			    "PRAGMA synchronous = FULL;"
			    "PRAGMA cache_size = -128;"
			    "PRAGMA mmap_size = 0;"
			    "PRAGMA temp_store = MEMORY;"
			    "PRAGMA trusted_schema = OFF;"
			    "PRAGMA journal_mode = TRUNCATE;";

/* Frozen: what is in the field is changed by further elements only. */
static const char *const migrations[] = {
	"PRAGMA application_id = " STRINGIFY(
		APPLICATION_ID) ";"
				"CREATE TABLE span (one INTEGER PRIMARY KEY "
				"CHECK (one = 1),"
				" begun_s INTEGER NOT NULL, alive_s INTEGER "
				"NOT NULL);"
				"INSERT INTO span VALUES (1, 0, 0);"
				"CREATE TABLE events (id INTEGER PRIMARY KEY,"
				" began_s INTEGER NOT NULL, ended_s INTEGER "
				"NOT NULL,"
				" times INTEGER NOT NULL, error INTEGER NOT "
				"NULL,"
				" code TEXT NOT NULL, zone TEXT NOT NULL);"
				"CREATE TABLE notes (id INTEGER PRIMARY KEY "
				"AUTOINCREMENT,"
				" day INTEGER NOT NULL, text TEXT NOT NULL);",
};
#define VERSION_LATEST ((int)(ARRAY_SIZE(migrations)))

static const char *const statements[STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[GET_SPAN] = "SELECT begun_s, alive_s FROM span",
	[SET_SPAN] = "UPDATE span SET begun_s = ?1, alive_s = ?2",
	[ADD] = "INSERT INTO events (began_s, ended_s, times, error, code,"
		" zone) VALUES (?2, ?3, ?4, ?5, ?6, ?7)",
	[CHANGE] = "UPDATE events SET began_s = ?2, ended_s = ?3, times = ?4,"
		   " error = ?5, code = ?6, zone = ?7 WHERE id = ?1",
	[END_ALL] = "UPDATE events SET ended_s = max(began_s, ?1)"
		    " WHERE ended_s = 0",
	[LIST] = "SELECT id, began_s, ended_s, times, error, code, zone"
		 " FROM events WHERE began_s <= ?2"
		 " AND (ended_s = 0 OR ended_s >= ?1) ORDER BY began_s, id",
	[TRIM_OLD] = "DELETE FROM events WHERE ended_s != 0 AND ended_s < ?1",
	[TRIM_MANY] = "DELETE FROM events WHERE id IN (SELECT id FROM events"
		      " ORDER BY began_s DESC, id DESC LIMIT -1"
		      " OFFSET " STRINGIFY(HISTORY_EVENTS_MAX) ")",
	[COUNT_NOTES] = "SELECT count(*) FROM notes",
	[ADD_NOTE] = "INSERT INTO notes (day, text) VALUES (?1, ?2)",
	[REMOVE_NOTE] = "DELETE FROM notes WHERE id = ?1",
	[LIST_NOTES] = "SELECT id, day, text FROM notes WHERE day >= ?1"
		       " AND (?2 = 0 OR day <= ?2) ORDER BY day, id",
};

/* --- opening ----------------------------------------------------------- */

/* Another program's database may well be of version 1, too. */
static int check_application(sqlite3 *db)
{
	int id = 0, version = 0;
	int err = sqlite_read_number(db, "PRAGMA application_id", &id);

	if (!err)
		err = sqlite_read_number(db, "PRAGMA user_version", &version);
	return !err && version && id != APPLICATION_ID ? -EMEDIUMTYPE : err;
}

static int set_up(struct history_db *db)
{
	int err = check_application(db->db);

	if (!err)
		err = sqlite_run(db->db, setup);
	if (!err)
		err = sqlite_migrate(db->db, migrations, VERSION_LATEST);
	for (int i = 0; i < STATEMENTS && !err; i++)
		err = sqlite_prepare(db->db, statements[i], &db->statement[i]);
	return err;
}

int history_db_open(struct history_db **out, const char *path)
{
	struct history_db *db = calloc(1, sizeof(*db));
	int code, err;

	if (!db)
		return -ENOMEM;
	code = sqlite3_open_v2(*path ? path : ":memory:", &db->db,
			       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
				       SQLITE_OPEN_NOMUTEX,
			       NULL);
	err = sqlite_error(db->db, code);
	if (!err) {
		sqlite3_extended_result_codes(db->db, 1);
		sqlite3_busy_timeout(db->db, BUSY_MS);
		err = set_up(db);
	}
	if (!err && sqlite3_db_readonly(db->db, "main") == 1)
		err = -EROFS;
	if (!err) {
		*out = db;
		return 0;
	}
	history_db_close(db);
	return err;
}

void history_db_close(struct history_db *db)
{
	if (!db)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(db->statement[i]);
	sqlite3_close(db->db);
	free(db);
}

void history_db_path(char path[HISTORY_PATH_MAX], const char *usage_file)
{
	const char *slash = strrchr(usage_file, '/');

	*path = '\0';
	if (*usage_file &&
	    snprintf(path, HISTORY_PATH_MAX, "%.*shistory.sqlite",
		     slash ? (int)(slash + 1 - usage_file) : 0,
		     usage_file) >= HISTORY_PATH_MAX - 8)
		*path = '\0';
}

const char *history_db_reason(int err)
{
	switch (err) {
	case -EUCLEAN:
		return "the file is damaged";
	case -EPROTONOSUPPORT:
		return "a later version wrote it";
	case -EMEDIUMTYPE:
		return "this is no history";
	case -EBUSY:
		return "another process is using it";
	}
	return strerror(-err);
}

/* --- statements -------------------------------------------------------- */

static int run(struct history_db *db, enum statement which)
{
	sqlite3_stmt *s = db->statement[which];
	int err = sqlite_error(db->db, sqlite3_step(s));

	sqlite3_reset(s);
	return err;
}

static int run_with(struct history_db *db, enum statement which, int64_t value)
{
	sqlite3_bind_int64(db->statement[which], 1, value);
	return run(db, which);
}

/* Given err, or failing to commit, it takes all back. */
static int end(struct history_db *db, int err)
{
	if (!err)
		err = run(db, COMMIT);
	if (!sqlite3_get_autocommit(db->db) && run(db, ROLLBACK) && !err)
		err = -EIO;
	return err;
}

static void copy_text(char *to, size_t max, sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);

	snprintf(to, max, "%s", text ? text : "");
}

/* --- events ------------------------------------------------------------ */

int history_db_get_span(struct history_db *db, struct history_span *out)
{
	sqlite3_stmt *s = db->statement[GET_SPAN];
	int code = sqlite3_step(s);

	if (code == SQLITE_ROW) {
		out->begun_s = sqlite3_column_int64(s, 0);
		out->alive_s = sqlite3_column_int64(s, 1);
	}
	sqlite3_reset(s);
	return code == SQLITE_DONE ? -EUCLEAN : sqlite_error(db->db, code);
}

static int set_span(struct history_db *db, const struct history_span *span)
{
	sqlite3_bind_int64(db->statement[SET_SPAN], 2, span->alive_s);
	return run_with(db, SET_SPAN, span->begun_s);
}

static int put(struct history_db *db, struct history_event *e)
{
	enum statement which = e->id ? CHANGE : ADD;
	sqlite3_stmt *s = db->statement[which];
	int err;

	if (e->id)
		sqlite3_bind_int64(s, 1, e->id);
	sqlite3_bind_int64(s, 2, e->began_s);
	sqlite3_bind_int64(s, 3, e->ended_s);
	sqlite3_bind_int64(s, 4, e->times);
	sqlite3_bind_int(s, 5, e->is_error);
	sqlite3_bind_text(s, 6, e->code, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 7, e->zone, -1, SQLITE_STATIC);
	err = run(db, which);
	sqlite3_clear_bindings(s);
	if (!err && !e->id)
		e->id = sqlite3_last_insert_rowid(db->db);
	return err;
}

int history_db_write(struct history_db *db, struct history_event *event,
		     size_t count, const struct history_span *span)
{
	int err = run(db, BEGIN);

	if (err)
		return err;
	for (size_t i = 0; i < count && !err; i++)
		err = put(db, &event[i]);
	if (!err)
		err = set_span(db, span);
	if (!err)
		err = run_with(db, TRIM_OLD, span->alive_s - HISTORY_KEEP_S);
	if (!err)
		err = run(db, TRIM_MANY);
	return end(db, err);
}

int history_db_end_all(struct history_db *db, int64_t ended_s)
{
	return run_with(db, END_ALL, ended_s);
}

static void take_event(struct history_event *out, sqlite3_stmt *s)
{
	*out = (struct history_event){
		.id = sqlite3_column_int64(s, 0),
		.began_s = sqlite3_column_int64(s, 1),
		.ended_s = sqlite3_column_int64(s, 2),
		.times = (uint32_t)sqlite3_column_int64(s, 3),
		.is_error = sqlite3_column_int(s, 4) != 0,
	};
	copy_text(out->code, sizeof(out->code), s, 5);
	copy_text(out->zone, sizeof(out->zone), s, 6);
}

int history_db_list(struct history_db *db, int64_t from_s, int64_t to_s,
		    struct history_event *out, size_t *count)
{
	sqlite3_stmt *s = db->statement[LIST];
	size_t room = *count;
	int code = SQLITE_DONE;

	*count = 0;
	sqlite3_bind_int64(s, 1, from_s);
	sqlite3_bind_int64(s, 2, to_s);
	while (*count < room && (code = sqlite3_step(s)) == SQLITE_ROW)
		take_event(&out[(*count)++], s);
	sqlite3_reset(s);
	return sqlite_error(db->db, code);
}

/* --- notes ------------------------------------------------------------- */

bool history_note_is_valid(const char *text)
{
	size_t len = strlen(text);

	return len && len < HISTORY_NOTE_MAX && text_is_plain(text) &&
	       text[strspn(text, " ")] != '\0';
}

static int count_notes(struct history_db *db, int64_t *count)
{
	sqlite3_stmt *s = db->statement[COUNT_NOTES];
	int code = sqlite3_step(s);

	if (code == SQLITE_ROW)
		*count = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return sqlite_error(db->db, code);
}

int history_db_add_note(struct history_db *db, struct history_note *n)
{
	int64_t count = 0;
	int err = run(db, BEGIN);

	if (err)
		return err;
	err = count_notes(db, &count);
	if (!err && count >= HISTORY_NOTES_MAX)
		err = -ENOSPC;
	if (!err) {
		sqlite3_bind_text(db->statement[ADD_NOTE], 2, n->text, -1,
				  SQLITE_STATIC);
		err = run_with(db, ADD_NOTE, n->day);
		sqlite3_clear_bindings(db->statement[ADD_NOTE]);
	}
	if (!err)
		n->id = sqlite3_last_insert_rowid(db->db);
	return end(db, err);
}

int history_db_remove_note(struct history_db *db, int64_t id)
{
	int err = run_with(db, REMOVE_NOTE, id);

	return !err && !sqlite3_changes(db->db) ? -ENOENT : err;
}

int history_db_list_notes(struct history_db *db, uint32_t from, uint32_t to,
			  void (*on_note)(const struct history_note *n,
					  void *arg),
			  void *arg)
{
	sqlite3_stmt *s = db->statement[LIST_NOTES];
	struct history_note n;
	int code;

	sqlite3_bind_int64(s, 1, from);
	sqlite3_bind_int64(s, 2, to);
	while ((code = sqlite3_step(s)) == SQLITE_ROW) {
		n.id = sqlite3_column_int64(s, 0);
		n.day = (uint32_t)sqlite3_column_int64(s, 1);
		copy_text(n.text, sizeof(n.text), s, 2);
		on_note(&n, arg);
	}
	sqlite3_reset(s);
	return sqlite_error(db->db, code);
}

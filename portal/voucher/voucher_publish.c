/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/voucher/voucher_publish.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "portal/voucher/voucher_batch.h"
#include "portal/voucher/voucher_city.h"
#include "portal/voucher/voucher_statement.h"

#define CLOCK_SLACK_S 300

static const char tables[] =
	"CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY,"
	" kind INTEGER NOT NULL, batch INTEGER NOT NULL, code BLOB NOT NULL,"
	" until_s INTEGER NOT NULL, first_s INTEGER NOT NULL,"
	" bytes BLOB NOT NULL, UNIQUE (kind, batch, code));";

int voucher_publish_set_up(struct voucher_db *db)
{
	return sqlite_run(db->db, tables);
}

/* --- adding ------------------------------------------------------------- */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static const struct voucher_hash none; /* of all of a batch */

/* In the place of the one that said the same less well. */
static int add(struct voucher_db *db, const struct voucher_record *r,
	       const uint8_t *bytes, size_t len)
{
	const struct voucher_hash *code = r->codes ? r->code : &none;
	const struct voucher_value v[] = {
		VOUCHER_NUMBER(now_ms()),	  VOUCHER_NUMBER(r->kind),
		VOUCHER_NUMBER(r->number),	  VOUCHER_HASH_OF(code),
		VOUCHER_NUMBER(r->valid_until_s), VOUCHER_NUMBER(r->first_s),
		VOUCHER_BYTES(bytes, len),
	};

	return voucher_statement_run(
		db, VOUCHER_SQL("INSERT OR REPLACE INTO records (id, kind,"
				" batch, code, until_s, first_s, bytes)"
				" VALUES (max(?1, (SELECT ifnull(max(id), 0)"
				" + 1 FROM records)), ?2, ?3, ?4, ?5, ?6, ?7)",
				v));
}

/* --- what is signed ----------------------------------------------------- */

struct signing {
	struct voucher_db *db;
	const uint8_t *seed;
	struct voucher_record record;
};

static int sign(struct signing *s)
{
	uint8_t bytes[VOUCHER_RECORD_MAX];
	size_t len = voucher_record_sign(&s->record, s->seed, bytes);

	return len ? add(s->db, &s->record, bytes, len) : -ENOMEM;
}

/* Of a batch that stands in the first columns: number, created, valid until. */
static void take_head(struct signing *s, sqlite3_stmt *row,
		      enum voucher_record_kind kind)
{
	s->record = (struct voucher_record){
		.kind = kind,
		.number = (uint32_t)sqlite3_column_int64(row, 0),
		.created_s = sqlite3_column_int64(row, 1),
		.valid_until_s = sqlite3_column_int64(row, 2),
	};
}

static int on_code(sqlite3_stmt *row, void *arg)
{
	struct signing *s = arg;
	int err = 0;

	voucher_statement_hash(row, 0, &s->record.code[s->record.codes++]);
	if (s->record.codes < VOUCHER_RECORD_CODES)
		return 0;
	err = sign(s);
	s->record.codes = 0;
	return err;
}

static int on_batch(sqlite3_stmt *row, void *arg)
{
	struct signing *s = arg;
	const char *zone = (const char *)sqlite3_column_text(row, 5);
	const struct voucher_value v[] = { VOUCHER_NUMBER(
		sqlite3_column_int64(row, 0)) };
	int err;

	take_head(s, row, VOUCHER_RECORD_BATCH);
	if (s->record.number > VOUCHER_NUMBER_MAX)
		return -EOVERFLOW;
	s->record.duration_s = sqlite3_column_int64(row, 3);
	s->record.devices = (uint32_t)sqlite3_column_int64(row, 4);
	snprintf(s->record.zone, sizeof(s->record.zone), "%s",
		 zone ? zone : "");
	err = voucher_statement_each(
		s->db,
		VOUCHER_SQL("SELECT hash FROM codes WHERE batch = ?1"
			    " ORDER BY id",
			    v),
		on_code, s);
	return !err && s->record.codes ? sign(s) : err;
}

static int on_revoked(sqlite3_stmt *row, void *arg)
{
	struct signing *s = arg;

	take_head(s, row, VOUCHER_RECORD_REVOKE);
	if (sqlite3_column_count(row) > 3) {
		voucher_statement_hash(row, 3, &s->record.code[0]);
		s->record.codes = 1;
	}
	return sign(s);
}

#define HAS_NONE(kind, code)                                                   \
	" NOT EXISTS (SELECT 1 FROM records r WHERE r.kind = " #kind           \
	" AND r.batch = b.id" code ")"

static const struct {
	const char *sql;
	int (*on_row)(sqlite3_stmt *row, void *arg);
} unsigned_rows[] = {
	{ "SELECT id, created_s, valid_until_s, duration_s, devices, zone"
	  " FROM batches b WHERE" HAS_NONE(1, ""),
	  on_batch },
	{ "SELECT id, created_s, valid_until_s FROM batches b WHERE revoked"
	  " AND" HAS_NONE(2, " AND r.code = zeroblob(16)"),
	  on_revoked },
	{ "SELECT b.id, b.created_s, b.valid_until_s, c.hash FROM codes c"
	  " JOIN batches b ON b.id = c.batch WHERE c.revoked AND" HAS_NONE(
		  2, " AND r.code = c.hash"),
	  on_revoked },
};

int voucher_publish_sign(struct voucher_db *db,
			 const uint8_t seed[CRYPTO_ED25519])
{
	struct signing s = { .db = db, .seed = seed };
	int err = voucher_db_begin(db);

	if (err)
		return err;
	for (size_t i = 0;
	     i < sizeof(unsigned_rows) / sizeof(*unsigned_rows) && !err; i++) {
		const struct voucher_sql sql = { .text = unsigned_rows[i].sql };

		err = voucher_statement_each(db, &sql, unsigned_rows[i].on_row,
					     &s);
	}
	return voucher_db_end(db, err);
}

int voucher_publish_count(struct voucher_db *db, int64_t now_s, int64_t *out)
{
	const struct voucher_value v[] = { VOUCHER_NUMBER(
		now_s - VOUCHER_KEEP_OVER_S) };

	return voucher_statement_number(
		db,
		VOUCHER_SQL("SELECT sum(count) FROM batches"
			    " WHERE valid_until_s > ?1",
			    v),
		out);
}

/* --- first uses --------------------------------------------------------- */

static int find_use(struct voucher_db *db, const struct voucher_hash *code,
		    int64_t *first_s)
{
	const struct voucher_value v[] = {
		VOUCHER_NUMBER(VOUCHER_RECORD_FIRST_USE), VOUCHER_HASH_OF(code)
	};

	return voucher_statement_number(
		db,
		VOUCHER_SQL("SELECT first_s FROM records WHERE kind = ?1"
			    " AND code = ?2",
			    v),
		first_s);
}

/* What a box may claim: no time before the code was made, and none to come. */
static bool is_possible(const struct voucher_row *row, int64_t first_s,
			int64_t now_s)
{
	return row->ends_s >= 0 && first_s >= row->created_s - CLOCK_SLACK_S &&
	       first_s <= now_s + CLOCK_SLACK_S;
}

static int begin_code(struct voucher_db *db, struct voucher_row *row,
		      struct voucher_record *r, const uint8_t *bytes,
		      int64_t over_s)
{
	int err;

	r->valid_until_s = row->valid_until_s;
	r->codes = 1;
	voucher_public_hash(r->public_key, &r->code[0]);
	err = add(db, r, bytes, VOUCHER_RECORD_USE);
	row->ends_s = voucher_row_end(row, r->first_s);
	return err ? err : voucher_db_use(db, row, over_s);
}

static int take_use(struct voucher_db *db, const uint8_t *bytes,
		    const struct voucher_publish_time *time, size_t *changed)
{
	struct voucher_record r;
	struct voucher_hash code;
	struct voucher_row row;
	int64_t known_s;
	int found;

	if (!voucher_record_parse(&r, bytes, VOUCHER_RECORD_USE) ||
	    r.kind != VOUCHER_RECORD_FIRST_USE)
		return -EBADMSG;
	voucher_public_hash(r.public_key, &code);
	found = voucher_db_find(db, &code, &row);
	if (found <= 0 || !is_possible(&row, r.first_s, time->now_s))
		return found < 0 ? found : 0;
	found = find_use(db, &code, &known_s);
	if (found || (known_s && known_s <= r.first_s))
		return found;
	if (!voucher_record_is_genuine(&r, bytes, VOUCHER_RECORD_USE, NULL))
		return -EBADMSG; /* of one that was told by another box */
	++*changed;
	return begin_code(db, &row, &r, bytes, time->over_s);
}

int voucher_publish_uses(struct voucher_db *db, const void *bytes, size_t len,
			 const struct voucher_publish_time *time,
			 size_t *changed)
{
	int err;

	*changed = 0;
	if (!len || len % VOUCHER_RECORD_USE ||
	    len > VOUCHER_CITY_USES * VOUCHER_RECORD_USE)
		return -EBADMSG;
	err = voucher_db_begin(db);
	if (err)
		return err;
	for (size_t i = 0; i < len && !err; i += VOUCHER_RECORD_USE)
		err = take_use(db, (const uint8_t *)bytes + i, time, changed);
	err = voucher_db_end(db, err);
	if (err)
		*changed = 0;
	return err;
}

/* --- handing on --------------------------------------------------------- */

static int take_record(sqlite3_stmt *s, void *arg)
{
	struct voucher_published *p = arg;
	int len = sqlite3_column_bytes(s, 1);

	if (len <= 0 || (size_t)len > sizeof(p->bytes))
		return -EUCLEAN;
	p->id = sqlite3_column_int64(s, 0);
	p->len = (size_t)len;
	memcpy(p->bytes, sqlite3_column_blob(s, 1), p->len);
	return 0;
}

int voucher_publish_next(struct voucher_db *db, int64_t after,
			 struct voucher_published *out)
{
	const struct voucher_value v[] = { VOUCHER_NUMBER(after) };

	out->id = 0;
	return voucher_statement_each(
		db,
		VOUCHER_SQL("SELECT id, bytes FROM records WHERE id > ?1"
			    " ORDER BY id LIMIT 1",
			    v),
		take_record, out);
}

int voucher_publish_last(struct voucher_db *db, struct voucher_published *out)
{
	const struct voucher_sql sql = { .text = "SELECT id, bytes FROM records"
						 " ORDER BY id DESC LIMIT 1" };

	out->id = 0;
	return voucher_statement_each(db, &sql, take_record, out);
}

int voucher_publish_tidy(struct voucher_db *db, int64_t over_s)
{
	const struct voucher_value v[] = { VOUCHER_NUMBER(
		over_s - VOUCHER_KEEP_OVER_S) };

	return voucher_statement_run(
		db, VOUCHER_SQL("DELETE FROM records WHERE until_s <= ?1", v));
}

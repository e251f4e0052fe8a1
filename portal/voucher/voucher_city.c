/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/voucher/voucher_city.h"

#include <errno.h>
#include <string.h>

#include "common/array.h"
#include "common/stringify.h"
#include "portal/voucher/voucher_batch.h"
#include "portal/voucher/voucher_statement.h"

#define TOLD_MAX 3 /* netctl may have begun anew between two */

static const char tables[] =
	"CREATE TABLE IF NOT EXISTS uses (code BLOB PRIMARY KEY,"
	" record BLOB NOT NULL, first_s INTEGER NOT NULL,"
	" sent INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS ends (tag INTEGER PRIMARY KEY,"
	" due_s INTEGER NOT NULL, told INTEGER NOT NULL DEFAULT 0);";

/* --- a code's first use here ------------------------------------------- */

static int set_up(struct voucher_db *db)
{
	return sqlite_run(db->db, tables);
}

static int begin(struct voucher_db *db, const struct voucher_hash *code,
		 const struct voucher_seed *seed, int64_t now_s)
{
	const struct voucher_record r = { .kind = VOUCHER_RECORD_FIRST_USE,
					  .first_s = now_s };
	uint8_t bytes[VOUCHER_RECORD_MAX];
	const struct voucher_value v[] = {
		VOUCHER_HASH_OF(code),
		VOUCHER_BYTES(bytes, VOUCHER_RECORD_USE),
		VOUCHER_NUMBER(now_s),
	};

	if (!voucher_record_sign(&r, seed->byte, bytes))
		return -ENOMEM;
	return voucher_statement_run(
		db, VOUCHER_SQL("INSERT OR REPLACE INTO uses"
				" (code, record, first_s) VALUES (?1, ?2, ?3)",
				v));
}

static int undo(struct voucher_db *db, int64_t id)
{
	const struct voucher_value v[] = { VOUCHER_NUMBER(id) };

	return voucher_statement_run(
		db, VOUCHER_SQL("DELETE FROM uses WHERE NOT sent AND code ="
				" (SELECT hash FROM codes WHERE id = ?1)",
				v));
}

const struct voucher_city_hooks voucher_city_hooks = { set_up, begin, undo };

/* --- ends of sessions --------------------------------------------------- */

static int end_at(struct voucher_db *db, uint64_t tag, int64_t due_s)
{
	const struct voucher_value v[] = { VOUCHER_NUMBER((int64_t)tag),
					   VOUCHER_NUMBER(due_s) };

	return voucher_statement_run(
		db, VOUCHER_SQL("INSERT OR REPLACE INTO ends (tag, due_s)"
				" VALUES (?1, ?2)",
				v));
}

struct tags {
	uint64_t *tag;
	size_t count;
};

static int take_tag(sqlite3_stmt *s, void *arg)
{
	struct tags *t = arg;

	if (t->count < VOUCHER_CITY_TAGS)
		t->tag[t->count++] = (uint64_t)sqlite3_column_int64(s, 0);
	return 0;
}

int voucher_city_over(struct voucher_db *db, int64_t now_s,
		      uint64_t tag[VOUCHER_CITY_TAGS], size_t *count)
{
	const struct voucher_value v[] = { VOUCHER_NUMBER(now_s) };
	struct tags t = { .tag = tag };
	int err = voucher_statement_each(
		db,
		VOUCHER_SQL(
			"SELECT tag FROM ends WHERE due_s <= ?1"
			" ORDER BY told LIMIT " STRINGIFY(VOUCHER_CITY_TAGS),
			v),
		take_tag, &t);

	*count = t.count;
	return err;
}

int voucher_city_told(struct voucher_db *db,
		      const uint64_t tag[VOUCHER_CITY_TAGS], size_t count)
{
	const struct voucher_value enough[] = { VOUCHER_NUMBER(TOLD_MAX) };
	int err = voucher_db_begin(db);

	if (err)
		return err;
	for (size_t i = 0; i < count && !err; i++) {
		const struct voucher_value v[] = { VOUCHER_NUMBER(
			(int64_t)tag[i]) };

		err = voucher_statement_run(
			db, VOUCHER_SQL("UPDATE ends SET told = told + 1"
					" WHERE tag = ?1",
					v));
	}
	if (!err)
		err = voucher_statement_run(
			db, VOUCHER_SQL("DELETE FROM ends WHERE told >= ?1",
					enough));
	return voucher_db_end(db, err);
}

/* What is under way while records are taken. */
struct taking {
	struct voucher_db *db;
	const uint8_t *public_key;
	int64_t now_s;
	struct voucher_city_result *out;
};

/* --- records: codes ----------------------------------------------------- */

/* On a box a batch has the hub's number and when it was made in one: a hub that
 * lost its database begins with 1 again. */
static int64_t id_of(const struct voucher_record *r)
{
	return r->created_s << 20 | r->number;
}

/* Its codes came together, so that one of them tells. */
static int has_codes(struct voucher_db *db, const struct voucher_record *r,
		     bool *out)
{
	const struct voucher_value v[] = { VOUCHER_HASH_OF(&r->code[0]),
					   VOUCHER_NUMBER(id_of(r)) };
	int64_t found;
	int err = voucher_statement_number(
		db,
		VOUCHER_SQL("SELECT 1 FROM codes WHERE hash = ?1"
			    " AND batch = ?2",
			    v),
		&found);

	*out = found != 0;
	return err;
}

static int add_batch(struct voucher_db *db, const struct voucher_record *r)
{
	const struct voucher_value v[] = {
		VOUCHER_NUMBER(id_of(r)),
		VOUCHER_BYTES(r->zone, strlen(r->zone)),
		VOUCHER_NUMBER(r->created_s),
		VOUCHER_NUMBER(r->valid_until_s),
		VOUCHER_NUMBER(r->duration_s),
		VOUCHER_NUMBER(r->devices),
	};

	return voucher_statement_run(
		db, VOUCHER_SQL("INSERT OR IGNORE INTO batches (id, label,"
				" zone, created_s, valid_until_s, duration_s,"
				" devices, count) VALUES (?1, 'city',"
				" CAST(?2 AS TEXT), ?3, ?4, ?5, ?6, 0)",
				v));
}

static int add_codes(struct voucher_db *db, const struct voucher_record *r)
{
	const struct voucher_value count[] = {
		VOUCHER_NUMBER(id_of(r)), VOUCHER_NUMBER((int64_t)r->codes)
	};
	int err = add_batch(db, r);

	for (size_t i = 0; i < r->codes && !err; i++) {
		const struct voucher_value v[] = {
			VOUCHER_NUMBER(id_of(r)), VOUCHER_HASH_OF(&r->code[i])
		};

		err = voucher_statement_run(
			db, VOUCHER_SQL("INSERT OR IGNORE INTO codes"
					" (batch, hash) VALUES (?1, ?2)",
					v));
	}
	return err ? err
		   : voucher_statement_run(
			     db, VOUCHER_SQL("UPDATE batches SET count ="
					     " count + ?2 WHERE id = ?1",
					     count));
}

static int take_batch(const struct taking *t, const struct voucher_record *r)
{
	const struct voucher_sql sum = { .text = "SELECT sum(count)"
						 " FROM batches" };
	int64_t codes;
	int err = voucher_statement_number(t->db, &sum, &codes);

	if (err)
		return err;
	if (codes + (int64_t)r->codes > VOUCHER_CITY_CODES) {
		t->out->beyond += r->codes;
		return 0;
	}
	return add_codes(t->db, r);
}

/* Known, or over for good. */
static int batch_is_idle(const struct taking *t, const struct voucher_record *r,
			 bool *out)
{
	*out = r->valid_until_s + VOUCHER_KEEP_OVER_S <= t->now_s;
	return *out ? 0 : has_codes(t->db, r, out);
}

/* --- records: taken back ------------------------------------------------ */

/* Those who are in by it are ended; once, and written once, for what was
 * revoked is so. */
static const char *const revoke_batch[] = {
	"INSERT OR REPLACE INTO ends (tag, due_s) SELECT tag, 0 FROM codes"
	" WHERE tag != 0 AND batch = ?1"
	" AND NOT (SELECT revoked FROM batches WHERE id = ?1)",
	"UPDATE batches SET revoked = 1 WHERE id = ?1 AND NOT revoked",
};
static const char *const revoke_code[] = {
	"INSERT OR REPLACE INTO ends (tag, due_s) SELECT tag, 0 FROM codes"
	" WHERE tag != 0 AND batch = ?1 AND hash = ?2 AND NOT revoked",
	"UPDATE codes SET revoked = 1 WHERE batch = ?1 AND hash = ?2"
	" AND NOT revoked",
};

static int take_revoke(const struct taking *t, const struct voucher_record *r)
{
	const struct voucher_value v[] = { VOUCHER_NUMBER(id_of(r)),
					   VOUCHER_HASH_OF(&r->code[0]) };
	const char *const *sql = r->codes ? revoke_code : revoke_batch;
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(revoke_code) && !err; i++)
		err = voucher_statement_run(
			t->db, &(const struct voucher_sql){ sql[i], v,
							    r->codes ? 2 : 1 });
	return err;
}

static int revoke_is_idle(const struct taking *t,
			  const struct voucher_record *r, bool *out)
{
	const struct voucher_value v[] = { VOUCHER_NUMBER(id_of(r)),
					   VOUCHER_HASH_OF(&r->code[0]) };
	const struct voucher_sql sql = {
		r->codes ? "SELECT 1 FROM codes WHERE batch = ?1 AND hash = ?2"
			   " AND NOT revoked"
			 : "SELECT 1 FROM batches WHERE id = ?1"
			   " AND NOT revoked",
		v, r->codes ? 2 : 1
	};
	int64_t found;
	int err = voucher_statement_number(t->db, &sql, &found);

	*out = !found;
	return err;
}

/* --- records: first uses ------------------------------------------------ */

/* Sessions here may have been given more than is left now. */
static int move_end(struct voucher_db *db, struct voucher_row *row,
		    int64_t ends_s, int64_t now_s)
{
	int err = 0;

	if (row->tag)
		err = end_at(db, row->tag, ends_s);
	row->ends_s = ends_s;
	return err ? err : voucher_db_use(db, row, now_s);
}

static int confirm(struct voucher_db *db, const struct voucher_hash *code,
		   int64_t first_s)
{
	const struct voucher_value v[] = { VOUCHER_HASH_OF(code),
					   VOUCHER_NUMBER(first_s) };

	return voucher_statement_run(
		db, VOUCHER_SQL("DELETE FROM uses WHERE code = ?1"
				" AND first_s >= ?2",
				v));
}

/* What a first use says of a code. */
struct claim {
	struct voucher_hash code;
	struct voucher_row row;
	int64_t ends_s;
	bool is_news; /* by it the code ends earlier */
};

/* 1, or 0: the code is not known, or over for good; or -errno. */
static int find_claim(const struct taking *t, const struct voucher_record *r,
		      struct claim *out)
{
	int found;

	voucher_public_hash(r->public_key, &out->code);
	found = voucher_db_find(t->db, &out->code, &out->row);
	if (found <= 0 || out->row.ends_s < 0)
		return found < 0 ? found : 0;
	/* One to come is told by a clock that is ahead, which the hub bounds,
	 * or our own is behind: then the code is not taken before that. */
	out->ends_s = voucher_row_end(&out->row, r->first_s);
	out->is_news = !out->row.ends_s || out->ends_s < out->row.ends_s;
	return 1;
}

static int take_use(const struct taking *t, const struct voucher_record *r)
{
	struct claim c;
	int found = find_claim(t, r, &c);
	int err = 0;

	if (found <= 0)
		return found;
	if (c.is_news)
		err = move_end(t->db, &c.row, c.ends_s, t->now_s);
	return err ? err : confirm(t->db, &c.code, r->first_s);
}

/* Unless it says when the code ends, or is what we wait for. */
static int use_is_idle(const struct taking *t, const struct voucher_record *r,
		       bool *out)
{
	struct claim c;
	const struct voucher_value v[] = { VOUCHER_HASH_OF(&c.code),
					   VOUCHER_NUMBER(r->first_s) };
	int found = find_claim(t, r, &c);
	int64_t waits = 0;
	int err = 0;

	if (found > 0 && !c.is_news)
		err = voucher_statement_number(
			t->db,
			VOUCHER_SQL("SELECT 1 FROM uses WHERE code = ?1"
				    " AND first_s >= ?2",
				    v),
			&waits);
	*out = found <= 0 || (!c.is_news && !waits);
	return found < 0 ? found : err;
}

/* --- records ------------------------------------------------------------ */

static int (*const take[])(const struct taking *t,
			   const struct voucher_record *r) = {
	[VOUCHER_RECORD_BATCH] = take_batch,
	[VOUCHER_RECORD_REVOKE] = take_revoke,
	[VOUCHER_RECORD_FIRST_USE] = take_use,
};

/* Those that would change nothing, by kind. Signatures are slow on a small box,
 * and a store that lies may repeat what is true for ever. */
static int (*const is_idle[])(const struct taking *t,
			      const struct voucher_record *r, bool *out) = {
	[VOUCHER_RECORD_BATCH] = batch_is_idle,
	[VOUCHER_RECORD_REVOKE] = revoke_is_idle,
	[VOUCHER_RECORD_FIRST_USE] = use_is_idle,
};

static int take_one(const struct taking *t, const struct voucher_text *text)
{
	struct voucher_record r;
	bool is_known;
	int err;

	if (!voucher_record_parse(&r, text->bytes, text->len)) {
		t->out->malformed++;
		return 0;
	}
	err = is_idle[r.kind](t, &r, &is_known);
	if (err || is_known)
		return err;
	if (voucher_record_is_genuine(&r, text->bytes, text->len,
				      t->public_key))
		return take[r.kind](t, &r);
	t->out->forged++;
	return 0;
}

int voucher_city_take(struct voucher_db *db,
		      const uint8_t public_key[CRYPTO_ED25519],
		      const struct voucher_city_input *in,
		      struct voucher_city_result *out)
{
	const struct taking t = { db, public_key, in->now_s, out };
	int err = voucher_db_begin(db);

	*out = (struct voucher_city_result){ 0 };
	if (err)
		return err;
	for (size_t i = 0; i < in->count && !err; i++)
		err = take_one(&t, &in->text[i]);
	return voucher_db_end(db, err);
}

/* --- what the city is to hear ------------------------------------------- */

static int put_use(sqlite3_stmt *s, void *arg)
{
	struct voucher_city_uses *out = arg;

	if (out->count == VOUCHER_CITY_USES)
		return 0;
	if (sqlite3_column_bytes(s, 1) != VOUCHER_RECORD_USE)
		return -EUCLEAN;
	voucher_statement_hash(s, 0, &out->code[out->count]);
	memcpy(out->bytes + out->count * VOUCHER_RECORD_USE,
	       sqlite3_column_blob(s, 1), VOUCHER_RECORD_USE);
	out->count++;
	return 0;
}

int voucher_city_uses(struct voucher_db *db, int64_t now_s,
		      struct voucher_city_uses *out)
{
	const struct voucher_value v[] = { VOUCHER_NUMBER(now_s) };

	out->count = 0;
	return voucher_statement_each(
		db,
		VOUCHER_SQL(
			"SELECT code, record FROM uses WHERE NOT sent"
			" AND abs(?1 - first_s) > " STRINGIFY(
				VOUCHER_CITY_HOLD) " LIMIT " STRINGIFY(VOUCHER_CITY_USES),
			v),
		put_use, out);
}

int voucher_city_sent(struct voucher_db *db,
		      const struct voucher_city_uses *uses)
{
	int err = voucher_db_begin(db);

	if (err)
		return err;
	for (size_t i = 0; i < uses->count && !err; i++) {
		const struct voucher_value v[] = { VOUCHER_HASH_OF(
			&uses->code[i]) };

		err = voucher_statement_run(
			db,
			VOUCHER_SQL("UPDATE uses SET sent = 1 WHERE code = ?1",
				    v));
	}
	return voucher_db_end(db, err);
}

int voucher_city_again(struct voucher_db *db)
{
	return sqlite_run(db->db, "UPDATE uses SET sent = 0 WHERE sent");
}

int voucher_city_tidy(struct voucher_db *db, int64_t now_s)
{
#define OVER "(SELECT id FROM batches WHERE valid_until_s <= ?1)"
	static const char *const sql[] = {
		("DELETE FROM uses WHERE code IN (SELECT hash FROM codes"
		 " WHERE batch IN " OVER ")"),
		("DELETE FROM codes WHERE batch IN " OVER),
		"DELETE FROM batches WHERE valid_until_s <= ?1",
	};
	const struct voucher_value v[] = { VOUCHER_NUMBER(
		now_s - VOUCHER_KEEP_OVER_S) };
	int err = voucher_db_begin(db);

	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(sql) && !err; i++)
		err = voucher_statement_run(
			db, &(const struct voucher_sql){ sql[i], v, 1 });
	return voucher_db_end(db, err);
}

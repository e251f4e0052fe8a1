/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The SQLite database of vouchers, as portal and command line share it. Codes
 * are in it as keyed hashes only. Knows what a code is good for and whether it
 * has been begun, not who asks; what is written is on the disk on return.
 *
 * Rows lie in the order of the hashes of a batch, which is none of the cards.
 * Of a use it keeps when the code ends, rounded up to the minute, and until
 * then the tag of its sessions. With the first use of a code a day after that
 * only the day is left, so that the row can be deleted.
 *
 * Times are seconds since 1970.
 */
#ifndef STADTTOR_PORTAL_VOUCHER_VOUCHER_DB_H
#define STADTTOR_PORTAL_VOUCHER_VOUCHER_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "common/ipc.h"
#include "portal/voucher/voucher_key.h"

struct sqlite3;
struct sqlite3_stmt;

enum voucher_db_mode {
	VOUCHER_DB_USE,	 /* -ENOENT where there is none */
	VOUCHER_DB_MAKE, /* makes it where there is none, and waits longer */
};

enum voucher_statement {
	VOUCHER_BEGIN,
	VOUCHER_COMMIT,
	VOUCHER_ROLLBACK,
	VOUCHER_FIND,
	VOUCHER_USE,
	VOUCHER_UNUSE,
	VOUCHER_SETTLE,
	VOUCHER_UNTAG,
	VOUCHER_SHIFT,
	VOUCHER_ADD_BATCH,
	VOUCHER_ADD_CODE,
	VOUCHER_STORE_CODES,
	VOUCHER_DROP_FRESH,
	VOUCHER_REVOKE_BATCH,
	VOUCHER_REVOKE_CODE,
	VOUCHER_TAGS_OF_BATCH,
	VOUCHER_TAG_OF_CODE,
	VOUCHER_LIST,
	VOUCHER_STATISTICS,
	VOUCHER_COUNT_OLD,
	VOUCHER_DROP_OLD,
	VOUCHER_DROP_CODES,
	VOUCHER_DROP_BATCHES,
	VOUCHER_STATEMENTS
};

/* For voucher_db.c and voucher_batch.c only. */
struct voucher_db {
	struct sqlite3 *db;
	struct sqlite3_stmt *statement[VOUCHER_STATEMENTS];
};

/*
 * 0 or -errno: -EKEYREJECTED: it was made under another key, -EUCLEAN: it is
 * damaged, -EPROTONOSUPPORT: a later version wrote it, -EMEDIUMTYPE: it is
 * none of ours, -EBUSY: another process has it.
 */
/* key: NULL where nothing is to be looked up by a code. */
int voucher_db_open(struct voucher_db **out, const char *path,
		    const struct voucher_key *key,
		    enum voucher_db_mode mode) MUST_CHECK;
void voucher_db_close(struct voucher_db *db);

/* For people: of the errors above, -ENOKEY: no key, -EBADMSG: a broken one. */
const char *voucher_db_reason(int err);

/* --- one transaction, which no other process writes meanwhile ---------- */

int voucher_db_begin(struct voucher_db *db) MUST_CHECK;
/* Given err, or failing to commit, it takes all back and returns why. */
int voucher_db_end(struct voucher_db *db, int err) MUST_CHECK;

/* --- codes ------------------------------------------------------------- */

struct voucher_row {
	int64_t id;
	uint64_t tag; /* of the sessions of a code whose minutes run, else 0 */
	uint32_t devices;
	int64_t duration_s;
	int64_t created_s, valid_until_s;
	int64_t ends_s; /* 0: not begun; below 0: over */
	bool is_revoked;
	char zone[IPC_ZONE_NAME_MAX]; /* empty: any */
};

/* When it ends if it was used for the first time then. */
int64_t voucher_row_end(const struct voucher_row *row, int64_t first_s);

/* 1: found, 0: there is no such code, or -errno. */
int voucher_db_find(struct voucher_db *db, const struct voucher_hash *code,
		    struct voucher_row *out) MUST_CHECK;

/*
 * Writes end and tag of a code, in a transaction; what is over by now becomes
 * so for good.
 */
int voucher_db_use(struct voucher_db *db, const struct voucher_row *row,
		   int64_t now_s) MUST_CHECK;

/* Of what is over by now the tag goes. */
int voucher_db_untag(struct voucher_db *db, int64_t now_s) MUST_CHECK;

/*
 * The wall clock was set by step_s: the ends of codes that were begun before it
 * showed began_s go with it.
 */
int voucher_db_shift(struct voucher_db *db, int64_t step_s,
		     int64_t began_s) MUST_CHECK;

/* As if it had not been begun, unless it is over already. */
int voucher_db_unuse(struct voucher_db *db, int64_t id) MUST_CHECK;

/* Runs a bound statement to its end. 0 or -errno. */
int voucher_db_run(struct voucher_db *db,
		   enum voucher_statement which) MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The SQLite database of what was not well and when, and of what operators have
 * noted at days; portal and command line share it. It knows no device, no
 * address and no person. Rows are bounded, the oldest go. Times are seconds
 * since 1970; what is written is on the disk on return.
 */
#ifndef STADTTOR_PORTAL_HISTORY_HISTORY_DB_H
#define STADTTOR_PORTAL_HISTORY_HISTORY_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ipc.h"

#define HISTORY_EVENTS_MAX 2000
#define HISTORY_KEEP_S	   (400LL * 86400) /* after its end */
#define HISTORY_NOTES_MAX  400
#define HISTORY_CODE_MAX   32  /* with the closing NUL */
#define HISTORY_NOTE_MAX   121 /* the same: bytes, not characters */
#define HISTORY_PATH_MAX   320

struct history_db;

/* Something that was not well. */
struct history_event {
	int64_t id; /* 0: not written yet */
	int64_t began_s;
	int64_t ended_s; /* 0: it is not over */
	uint32_t times;	 /* it came again within minutes, which is one event */
	bool is_error;	 /* else a warning */
	char code[HISTORY_CODE_MAX];
	char zone[IPC_ZONE_NAME_MAX]; /* empty: not one zone's */
};

/* What somebody has written at a day. */
struct history_note {
	int64_t id;
	uint32_t day; /* see store_day */
	char text[HISTORY_NOTE_MAX];
};

/* The first and the last moment that are known of; 0: none yet. */
struct history_span {
	int64_t begun_s, alive_s;
};

/*
 * path "": in memory. 0 or -errno: -EUCLEAN: it is damaged, -EPROTONOSUPPORT: a
 * later version wrote it, -EMEDIUMTYPE: it is none of ours, -EBUSY: another
 * process has it.
 */
int history_db_open(struct history_db **out, const char *path) MUST_CHECK;
void history_db_close(struct history_db *db);

/* Where it is by custom: beside the usage figures; "" of "". */
void history_db_path(char path[HISTORY_PATH_MAX], const char *usage_file);

/* For people, of the errors above and others. */
const char *history_db_reason(int err);

/* --- events ------------------------------------------------------------ */

int history_db_get_span(struct history_db *db,
			struct history_span *out) MUST_CHECK;

/*
 * In one transaction: writes the events, sets the id of new ones, takes the
 * span, and lets go of what is beyond the bounds. 0 or -errno: nothing is
 * written, whatever the ids say.
 */
int history_db_write(struct history_db *db, struct history_event *event,
		     size_t count, const struct history_span *span) MUST_CHECK;

/* What is not over, of a run before this one, is so from that time on. */
int history_db_end_all(struct history_db *db, int64_t ended_s) MUST_CHECK;

/* Those of any moment from one to the other, both included, by when they began:
 * as many as fit. 0 or -errno. */
int history_db_list(struct history_db *db, int64_t from_s, int64_t to_s,
		    struct history_event *out, size_t *count) MUST_CHECK;

/* --- notes ------------------------------------------------------------- */

/* One line of plain text, see common/text.h, of 1 to 120 bytes. */
bool history_note_is_valid(const char *text);

/* Sets n->id. -ENOSPC: there are as many as may be. */
int history_db_add_note(struct history_db *db,
			struct history_note *n) MUST_CHECK;

/* -ENOENT: there is none. */
int history_db_remove_note(struct history_db *db, int64_t id) MUST_CHECK;

/* By their days; 0: no bound. */
int history_db_list_notes(struct history_db *db, uint32_t from, uint32_t to,
			  void (*on_note)(const struct history_note *n,
					  void *arg),
			  void *arg) MUST_CHECK;

#endif

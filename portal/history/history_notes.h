/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What operators have noted, by days, to stand beside figures: the column note
 * of CSV, in the dashboard's and in that of `stadttor usage`.
 */
#ifndef STADTTOR_PORTAL_HISTORY_HISTORY_NOTES_H
#define STADTTOR_PORTAL_HISTORY_HISTORY_NOTES_H

#include "portal/history/history_db.h"

struct history_notes;

/*
 * Those of the days, both included; 0: no bound. *out is the caller's, also
 * after an error of the database, when there are none. 0 or -errno; -ENOMEM:
 * *out is NULL.
 */
int history_notes_read(struct history_db *db, uint32_t from, uint32_t to,
		       struct history_notes **out) MUST_CHECK;

/* As struct usage_report_source wants it: of one day, joined by "; ", and valid
 * until it is asked again; NULL: none, as of NULL. */
const char *history_notes_of(void *notes, uint32_t day);

void history_notes_free(struct history_notes *notes);

#endif

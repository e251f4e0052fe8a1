/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The city's sites as they are now: what the config says of each, what it may
 * still send, how far it is counted, whether it is switched off. Owns them; a
 * site that stays in the config at a reload stays what it is.
 */
#ifndef STADTTOR_HUB_INTAKE_SITES_H
#define STADTTOR_HUB_INTAKE_SITES_H

#include "hub/config/hub_conf.h"
#include "hub/db/city_db.h"
#include "hub/intake/budget.h"
#include "hub/intake/heartbeat.h"

struct site {
	char name[CITY_SITE_MAX];
	char district[CITY_NAME_MAX];
	int64_t id, district_id; /* places of the database */
	struct budget records, cells, malformed, uses;
	struct budget next_records, next_cells; /* of the poll under way */
	bool has_asked;				/* of it */

	struct city_stream counted; /* stream 0: no figures yet */
	struct city_stream next;    /* in the open transaction */
	bool has_next;
	bool is_told_due; /* c:SITE is to be written */

	char off[CITY_REASON_MAX]; /* "": it is on */
	bool is_off_due;	   /* its inbox is to be emptied */
	bool is_off_new;	   /* the database has still to hear it */
	bool said_untimely;	   /* in the log */
	bool is_full;		   /* there was more of it than was read */
	bool has_old_beats;	   /* they are to be trimmed */
	struct heartbeat beat;
};

struct sites {
	size_t count;
	struct site *site; /* by name */
};

/*
 * Those of the config; NULL before: all are new. 0 or -errno of the database,
 * and then nothing is changed.
 */
int sites_read(struct sites *out, const struct sites *before,
	       const struct city_conf *c, struct city_db *db) MUST_CHECK;

/* NULL: there is none of that name. */
struct site *sites_find(const struct sites *s, const char *name);
/* Most boxes that have told of themselves find the store's clock wrong. */
bool sites_doubt_clock(const struct sites *s);
void sites_clear(struct sites *s);

#endif

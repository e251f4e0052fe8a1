/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of the city's database: how they came to be, and the statements
 * that use them. */
#ifndef STADTTOR_HUB_DB_CITY_SCHEMA_H
#define STADTTOR_HUB_DB_CITY_SCHEMA_H

#include <sqlite3.h>

#define CITY_STREAMS_MAX 8 /* of a site; the one that rested longest goes */

enum city_statement {
	CITY_BEGIN,
	CITY_COMMIT,
	CITY_ROLLBACK,
	CITY_GET_PLACE,
	CITY_ADD_PLACE,
	CITY_GET_ZONE,
	CITY_ADD_ZONE,
	CITY_HAS_SITE_ZONE,
	CITY_COUNT_SITE_ZONES,
	CITY_ADD_SITE_ZONE,
	CITY_ADD_CELL,
	CITY_GET_STREAM,
	CITY_SET_STREAM,
	CITY_TRIM_STREAMS,
	CITY_LAST_STREAM,
	CITY_GET_OFF,
	CITY_SET_OFF,
	CITY_CLEAR_OFF,
	CITY_STATEMENTS
};

/* Version i is made of version i - 1 by element i - 1. */
extern const char *const city_migrations[];
extern const int city_version;

int city_schema_prepare(sqlite3 *db, sqlite3_stmt *statement[CITY_STATEMENTS]);

#endif

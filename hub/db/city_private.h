/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The database as its own files see it. */
#ifndef STADTTOR_HUB_DB_CITY_PRIVATE_H
#define STADTTOR_HUB_DB_CITY_PRIVATE_H

#include "common/usage.h"
#include "hub/db/city_schema.h"

struct city_db {
	sqlite3 *db;
	sqlite3_stmt *statement[CITY_STATEMENTS];
	int64_t metric[USAGE_METRICS]; /* their ids */
};

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The dashboard's files, read into memory as a whole. They are stored
 * compressed only and sent as they are. A request names one of the set; it
 * never becomes a path.
 */
#ifndef STADTTOR_PORTAL_ADMIN_ASSET_H
#define STADTTOR_PORTAL_ADMIN_ASSET_H

#include <stdbool.h>
#include <stddef.h>

#include "common/log.h"

#define ASSET_BYTES_MAX (512 * 1024) /* of all */
#define ASSET_COUNT_MAX 32
#define ASSET_NAME_MAX	40 /* with the closing NUL */
#define ASSET_ERROR_MAX 400

struct asset {
	char name[ASSET_NAME_MAX]; /* without its .gz */
	const char *type;
	bool is_page; /* served by its own address only */
	char *bytes;
	size_t len;
};

struct asset_set;

/*
 * Reads NAME.gz of the folder, NAME of a-z, 0-9, '.' and '-'. A folder that is
 * not there is an empty set. NULL: error says what is wrong.
 */
struct asset_set *asset_set_read(const char *folder,
				 char error[ASSET_ERROR_MAX]) MUST_CHECK;

/* NULL: there is none of that name. */
const struct asset *asset_find(const struct asset_set *set, const char *name);
void asset_set_free(struct asset_set *set);

#endif

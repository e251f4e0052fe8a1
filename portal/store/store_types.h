/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of this folder and those who ask them have in common. */
#ifndef STADTTOR_PORTAL_STORE_STORE_TYPES_H
#define STADTTOR_PORTAL_STORE_STORE_TYPES_H

#include "common/ipc.h"

#define STORE_ERROR_MAX 320

#define STORE_OLD_COLUMNS 20 /* metrics of the days of earlier */

/* A local calendar day, 20261124; 0: no bound. */
typedef uint32_t store_day;

/* Released cells that came together. */
struct usage_batch {
	uint64_t stream, seq; /* of the last of them */
	size_t cells;
	struct ipc_usage_cell cell[IPC_USAGE_CELLS];
};

#endif

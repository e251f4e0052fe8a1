/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of this folder and those who ask them have in common. */
#ifndef STADTTOR_PORTAL_STORE_STORE_TYPES_H
#define STADTTOR_PORTAL_STORE_STORE_TYPES_H

#include "common/ipc.h"

#define STORE_ROWS_MAX	 40
#define STORE_LABELS_MAX 80

#define STORE_ERROR_MAX 320

/* A local calendar day, 20261124; 0: no bound. */
typedef uint32_t store_day;

/* What netctl releases at once. */
struct usage_batch {
	uint64_t stream, seq;
	size_t rows, labels;
	struct ipc_usage_row row[STORE_ROWS_MAX];
	struct ipc_usage_label label[STORE_LABELS_MAX];
};

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An entry of figures as a box sends it, checked. A box may be anybody's: each
 * number has a range, a name a form, and one entry that is not right is
 * refused as a whole.
 *
 *	{"stream":"0123456789abcdef","first":1,"cells":[{"seq":1,"zone":"z",
 *	 "metric":"online","start":1793484000,"hours":1,"value":-3,"n":5,
 *	 "d":1},...]}
 *
 * start: unix seconds of the local hour, or of the local midnight of a day or
 * week, on a quarter of an hour; a day or week may be 20261124 as well. first:
 * the oldest that the box still has; without it, that of its first cell.
 *
 * A cell of later than a day from now, or of more than 400 days ago, is what a
 * box makes whose clock was wrong, or which was cut off for so long: untimely,
 * and none that is refused.
 */
#ifndef STADTTOR_HUB_INTAKE_FIGURES_H
#define STADTTOR_HUB_INTAKE_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ipc.h"
#include "common/log.h"
#include "common/usage.h"

#define FIGURES_BYTES_MAX (16 * 1024)
#define FIGURES_CELLS_MAX 64

struct figure {
	uint64_t seq;		      /* from 1; one after the other */
	char zone[IPC_ZONE_NAME_MAX]; /* empty: of the box */
	enum usage_metric metric;
	int64_t key; /* start of the hour; 20261124 of a day or week */
	uint64_t hours;
	int64_t value;
	struct usage_scale scale;
	bool is_untimely;
};

struct figures {
	uint64_t stream;
	uint64_t first;
	size_t count;	 /* at least 1 */
	size_t untimely; /* of them */
	struct figure cell[FIGURES_CELLS_MAX];
};

/* false: refused. */
bool figures_parse(struct figures *out, const char *text, size_t len,
		   int64_t now_s) MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Form of a record of 16 bytes, without its key: the hub cannot read whom it
 * lets in. It passes what has the form and is of now.
 */
#ifndef STADTTOR_HUB_INTAKE_RECORD_H
#define STADTTOR_HUB_INTAKE_RECORD_H

#include <stdint.h>

#define RECORD_BYTES 16
#define RECORD_BATCH 32 /* of one entry of a stream */

enum record_verdict {
	RECORD_GOOD,
	RECORD_STALE, /* of another day or generation: nobody's fault */
	RECORD_MALFORMED,
};

/* day: since 1970, by the store's clock and the city's shift. */
enum record_verdict record_check(const uint8_t record[RECORD_BYTES],
				 uint8_t generation, int64_t day);

/* Whole day of a good one. */
int64_t record_day(const uint8_t record[RECORD_BYTES], int64_t day);

#endif

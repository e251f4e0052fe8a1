/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/intake/record.h"

#define VERSION_NOW 1
#define KIND_FIRST  1 /* accept, renew, revoke */
#define KIND_LAST   3

/* Days between now and the record's, which has the low 16 bits. */
static int16_t days_off(const uint8_t record[RECORD_BYTES], int64_t day)
{
	uint16_t its = (uint16_t)(record[2] << 8 | record[3]);

	return (int16_t)(uint16_t)(its - (uint16_t)day);
}

enum record_verdict record_check(const uint8_t record[RECORD_BYTES],
				 uint8_t generation, int64_t day)
{
	unsigned int kind = record[0] & 0xf;
	int off = days_off(record, day);

	if (record[0] >> 4 != VERSION_NOW || kind < KIND_FIRST ||
	    kind > KIND_LAST)
		return RECORD_MALFORMED;
	if (record[1] != generation || off < -1 || off > 1)
		return RECORD_STALE;
	return RECORD_GOOD;
}

int64_t record_day(const uint8_t record[RECORD_BYTES], int64_t day)
{
	return day + days_off(record, day);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/util/retry.h"

#define RETRY_S	     15
#define BACK_OFF_MAX 8 /* intervals */
#define HOUR_S	     3600
#define JITTER	     10 /* a tenth */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t retry_wait_ms(uint64_t interval_s, unsigned int failures,
		       uint16_t chance)
{
	uint64_t most_s = least(interval_s * BACK_OFF_MAX, HOUR_S);
	uint64_t wait_s = least(interval_s, RETRY_S);
	uint64_t tenth_ms;

	if (most_s < interval_s)
		most_s = interval_s;
	for (; failures > 1 && wait_s < most_s; failures--)
		wait_s *= 2;
	wait_s = failures ? least(wait_s, most_s) : interval_s;
	tenth_ms = wait_s * 1000 / JITTER;
	return wait_s * 1000 - tenth_ms + 2 * tenth_ms * chance / UINT16_MAX;
}

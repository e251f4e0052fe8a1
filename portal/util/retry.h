/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a server is asked again. */
#ifndef STADTTOR_PORTAL_UTIL_RETRY_H
#define STADTTOR_PORTAL_UTIL_RETRY_H

#include <stdint.h>

/*
 * How long to wait after a fetch: the interval, or after failures in a row a
 * time that doubles up to 8 intervals or an hour. chance, of all its values,
 * makes that 10 % more or less, lest all boxes ask in the same second.
 */
uint64_t retry_wait_ms(uint64_t interval_s, unsigned int failures,
		       uint16_t chance);

#endif

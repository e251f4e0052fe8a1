/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one clock of sessions: it never jumps and goes on during suspend. */
#ifndef STADTTOR_COMMON_CLOCK_H
#define STADTTOR_COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds of CLOCK_BOOTTIME. */
static inline uint64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

#endif

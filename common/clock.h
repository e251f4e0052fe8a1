/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one clock of sessions: it never jumps and goes on during suspend. */
#ifndef STADTTOR_COMMON_CLOCK_H
#define STADTTOR_COMMON_CLOCK_H

#include <stdint.h>
#include <sys/time.h>
#include <time.h>

/* Milliseconds of CLOCK_BOOTTIME. */
static inline uint64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* A span as libevent takes it. */
static inline struct timeval clock_timeval(uint64_t ms)
{
	return (struct timeval){
		.tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000),
	};
}

/* Until then, 0 if it has passed. */
static inline uint64_t clock_until_ms(uint64_t then_ms, uint64_t now_ms)
{
	return then_ms > now_ms ? then_ms - now_ms : 0;
}

#endif

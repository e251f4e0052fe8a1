/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one clock of sessions: it never jumps and goes on during suspend. */
#ifndef STADTTOR_COMMON_CLOCK_H
#define STADTTOR_COMMON_CLOCK_H

#include <stdint.h>
#include <sys/time.h>
#include <time.h>

/* Milliseconds of CLOCK_BOOTTIME. */
uint64_t clock_ms(void);

/* A span as libevent takes it. */
struct timeval clock_timeval(uint64_t ms);

/* Until then, 0 if it has passed. */
static inline uint64_t clock_until_ms(uint64_t then_ms, uint64_t now_ms)
{
	return then_ms > now_ms ? then_ms - now_ms : 0;
}

#endif

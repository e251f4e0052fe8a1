/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One line per event to standard error, where procd and systemd collect it.
 * Nobody may pass a MAC or IP address of a guest to these functions: sessions
 * are named by their handle.
 */
#ifndef STADTTOR_LOG_H
#define STADTTOR_LOG_H

#include <stdbool.h>

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define MUST_CHECK	  __attribute__((warn_unused_result))

void log_open(const char *program, bool debug);
void log_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* For start-up and broken invariants only: logs, then exits with 1. */
void fatal(const char *fmt, ...) PRINTF_LIKE(1, 2) __attribute__((noreturn));

#endif

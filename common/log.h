/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One line per event to standard error, where systemd collects it, or to
 * syslog, for procd takes all that it reads there for errors.
 * Nobody may pass a MAC or IP address of a guest to these functions: sessions
 * are named by their handle.
 */
#ifndef STADTTOR_COMMON_LOG_H
#define STADTTOR_COMMON_LOG_H

#include <stdbool.h>

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define MUST_CHECK	  __attribute__((warn_unused_result))

/* program stays the caller's. */
void log_open(const char *program, bool debug);

/* After log_open(): to /dev/log, if there is one, with priorities. */
void log_open_syslog(void);

void log_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_error(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* For start-up and broken invariants only: logs, then exits with 1. */
void fatal(const char *fmt, ...) PRINTF_LIKE(1, 2) __attribute__((noreturn));

#endif

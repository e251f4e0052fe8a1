/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#define SYSLOG_SOCKET "/dev/log"

static const char *log_program = "stadttor";
static bool log_verbose, log_uses_syslog;

/* What stands for the priority on standard error. */
static const char *const log_word[] = {
	[LOG_CRIT] = "fatal: ",	     [LOG_ERR] = "error: ",
	[LOG_WARNING] = "warning: ", [LOG_INFO] = "",
	[LOG_DEBUG] = "debug: ",
};

void log_open(const char *program, bool debug)
{
	log_program = program;
	log_verbose = debug;
	setvbuf(stderr, NULL, _IOLBF, 1024);
}

/* syslog(3) drops without a word what nobody listens to. */
void log_open_syslog(void)
{
	if (access(SYSLOG_SOCKET, W_OK) < 0) {
		log_warn("nobody listens to " SYSLOG_SOCKET
			 ": the log goes to standard error");
		return;
	}
	openlog(log_program, LOG_NDELAY, LOG_DAEMON);
	log_uses_syslog = true;
}

static void PRINTF_LIKE(2, 0)
	log_line(int priority, const char *fmt, va_list ap)
{
	char text[512];

	if (log_uses_syslog) {
		vsyslog(priority, fmt, ap);
		return;
	}
	vsnprintf(text, sizeof(text), fmt, ap);
	fprintf(stderr, "%s: %s%s\n", log_program, log_word[priority], text);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	if (!log_verbose)
		return;
	va_start(ap, fmt);
	log_line(LOG_DEBUG, fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_INFO, fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_WARNING, fmt, ap);
	va_end(ap);
}

void log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_ERR, fmt, ap);
	va_end(ap);
}

void fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_CRIT, fmt, ap);
	va_end(ap);
	exit(1);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the checks of `stadttor doctor` have in common: what they look at, and
 * the lines that they say. A line is printed at once, or kept for JSON. None
 * may name an address of a guest.
 */
#ifndef STADTTOR_CLI_DOCTOR_DOCTOR_REPORT_H
#define STADTTOR_CLI_DOCTOR_DOCTOR_REPORT_H

#include <time.h>

#include "cli/netctl_status.h"
#include "common/config/settings.h"

#define DOCTOR_TEXT_MAX 640

struct json_object;

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_WARN, /* it works, but not as well or not for long */
	DOCTOR_FAIL, /* guests or operators miss something now */
	DOCTOR_SKIP, /* it could not be looked at */
	DOCTOR_LEVELS
};

/* All is borrowed but the list. */
struct doctor {
	const char *config; /* file name */
	const char *proc;   /* "/proc"; tests have others, as below */
	uint16_t dns_port;  /* 53 */
	time_t now_s;
	struct settings *settings; /* NULL: the config is wrong */
	struct netctl_status status;
	bool has_status; /* netctl has answered */

	/* What the lines are about. */
	const char *code;		  /* of the check, for JSON */
	const struct zone_settings *zone; /* NULL: the box */

	struct json_object *list; /* NULL: lines are printed at once */
	unsigned int lines[DOCTOR_LEVELS];
};

/* One line: what was looked at, or what is wrong with it. */
void doctor_say(struct doctor *d, enum doctor_level level, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* What to do about the last line. */
void doctor_advise(struct doctor *d, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The same: the service of that name is to be started, or restarted. */
void doctor_advise_start(struct doctor *d, const char *program);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file with the last moment at which the portal is known to have run: one
 * short record that is written over, which wears flash as little as can be.
 */
#ifndef STADTTOR_PORTAL_HISTORY_PULSE_H
#define STADTTOR_PORTAL_HISTORY_PULSE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"

struct pulse {
	int64_t time_s;	 /* since 1970; 0: not known */
	bool is_stopped; /* it was told to stop then */
};

/* time_s is 0 of a file that is not there, or not right. */
struct pulse pulse_read(const char *path);

/* On the disk on return. 0 or -errno. */
int pulse_write(const char *path, const struct pulse *p) MUST_CHECK;

#endif

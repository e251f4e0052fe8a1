/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a box last said of itself, checked: its version and what ails it.
 *
 *	{"version":"0.2.0","uptime_s":86400,"generation":0,
 *	 "health":["uplink_missing"]}
 *
 * When it was heard is the hub's to say: a box can give an entry any id.
 */
#ifndef STADTTOR_HUB_INTAKE_HEARTBEAT_H
#define STADTTOR_HUB_INTAKE_HEARTBEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/log.h"

#define HEARTBEAT_BYTES_MAX   2048
#define HEARTBEAT_CODES_MAX   16
#define HEARTBEAT_CODE_MAX    33 /* with the closing NUL */
#define HEARTBEAT_VERSION_MAX 33
#define HEARTBEAT_ID_MAX      44

struct heartbeat {
	int64_t seen_s; /* by the store's clock; 0: never */
	char id[HEARTBEAT_ID_MAX];
	char version[HEARTBEAT_VERSION_MAX];
	uint64_t uptime_s;
	uint64_t generation;
	size_t codes;
	char code[HEARTBEAT_CODES_MAX][HEARTBEAT_CODE_MAX];
};

/* Fills in all but seen_s and id. false: refused, and nothing is changed. */
bool heartbeat_parse(struct heartbeat *out, const char *text,
		     size_t len) MUST_CHECK;
bool heartbeat_has(const struct heartbeat *h, const char *code);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a JSON document to the few letters on a city tile: which value is
 * meant (RFC 6901), which values are shown, how, and for how long. Pure: no
 * network, no clock.
 */
#ifndef STADTTOR_PORTAL_LIVE_LIVE_VALUE_H
#define STADTTOR_PORTAL_LIVE_LIVE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "portal/fetch/fetch.h"

#define LIVE_TEXT_MAX	 32    /* with its end */
#define LIVE_POINTER_MAX 256   /* with its end */
#define LIVE_STALE_AFTER 2     /* intervals */
#define LIVE_KEEP_S	 86400 /* what is older is not shown */

struct live_source {
	const char *url;
	const char *pointer; /* RFC 6901; "": the whole document */
	uint64_t interval_s;
	unsigned int decimals; /* of numbers, 0..6; UINT_MAX: as they come */
};

struct live_value {
	char text[LIVE_TEXT_MAX]; /* UTF-8, not escaped; '.' as decimal sign */
	uint64_t age_s;
	bool is_stale; /* older than LIVE_STALE_AFTER intervals */
};

/* Whether it follows the grammar and is short enough to be used. */
bool live_pointer_is_valid(const char *pointer);

/*
 * Takes strings of 1 to 31 bytes without control, line or bidi characters, and
 * numbers up to 10^15. false: text is untouched, *why says what is wrong, and
 * never quotes the document.
 */
bool live_value_parse(char text[LIVE_TEXT_MAX], const struct fetch_document *d,
		      const struct live_source *s, const char **why);

/* Fills age_s and is_stale; false: too old to be shown. */
bool live_value_set_age(struct live_value *v, uint64_t age_ms,
			uint64_t interval_s);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a zone is open: hours by the day of the week, and by the date in their
 * place. Pure arithmetic on the local clock; what the clock says is the
 * caller's.
 *
 *	mo-fr 07:00-22:00	fr,sa 18:00-02:00	00:00-24:00
 *	12-25 closed		2026-12-24/2027-01-02 10:00-14:00
 *
 * Hours belong to the day they begin on, also those that end the day after. A
 * time that the local clock shows twice is the first of the two, and one that
 * it leaves out is the moment it does so.
 */
#ifndef STADTTOR_COMMON_CONFIG_OPENING_H
#define STADTTOR_COMMON_CONFIG_OPENING_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config/conf.h"

#define OPENING_NEVER INT64_MAX

struct opening {
	bool is_open;
	/* when that changes, in seconds since 1970; OPENING_NEVER: not within
	 * 400 days */
	int64_t change_s;
};

/* For `list open` and `list open_on`. */
bool opening_hours_are_valid(const char *text);
bool opening_date_is_valid(const char *text);

/*
 * At t, in seconds since 1970, with lists of valid texts. Without hours it is
 * always open.
 */
struct opening opening_at(const struct conf_list *hours,
			  const struct conf_list *dates, int64_t t);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Durations, amounts of data and speeds, as people of a language write them. */
#ifndef STADTTOR_PORTAL_PAGES_NUMBER_FORMAT_H
#define STADTTOR_PORTAL_PAGES_NUMBER_FORMAT_H

#include <stdint.h>

#include "portal/pages/lang.h"

#define NUMBER_FORMAT_MAX 128 /* of two nouns in a script of many bytes */

/* "8 hours", "1 hour 30 minutes", "3 days 4 hours"; below a minute: one. */
const char *number_format_duration(char buf[NUMBER_FORMAT_MAX],
				   uint64_t seconds, const struct lang *l);
/* A duration in the place of a phrase's {{age}}: "50 minutes ago". */
const char *number_format_age(char buf[2 * NUMBER_FORMAT_MAX], uint64_t seconds,
			      const char *phrase, const struct lang *l);
/*
 * "Monday, 07:00" by the local clock; with the date as the language writes it
 * where that is ahead_s from now and so far that the day of the week does not
 * say which.
 */
const char *number_format_moment(char buf[NUMBER_FORMAT_MAX], int64_t time_s,
				 uint64_t ahead_s, const struct lang *l);
/* "500 MB", "1.5 GB", decimal units. */
const char *number_format_bytes(char buf[NUMBER_FORMAT_MAX], uint64_t bytes,
				const struct lang *l);
/* "5 Mbit/s" */
const char *number_format_rate(char buf[NUMBER_FORMAT_MAX], uint64_t bps,
			       const struct lang *l);

/* A number in ASCII with '.' ("-3.5") in the language's digits and sign. */
const char *number_format_number(char buf[NUMBER_FORMAT_MAX],
				 const char *number, const struct lang *l);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Local calendar days as numbers such as 20261124, which sort like the days;
 * 0 stands for a time that is not known.
 */
#ifndef STADTTOR_PORTAL_STORE_DAY_H
#define STADTTOR_PORTAL_STORE_DAY_H

#include <stdbool.h>
#include <stdint.h>

#define DAY_TIME_MAX 253370764800 /* of the year 9999 in every time zone */

bool day_is_valid(uint32_t day);

/* The day of that time, 0 <= time_s < DAY_TIME_MAX; 0 of 0. */
uint32_t day_of(int64_t time_s);

/* When it begins. Days have 23 to 25 hours, so the end is the next's start. */
int64_t day_start_s(uint32_t day);

/* Local, with its distance to UTC: "2026-11-03T10:04:12+01:00". */
#define DAY_TIME_TEXT 32
const char *day_time_to_string(char text[DAY_TIME_TEXT], int64_t time_s);

/* That many days later or, below 0, earlier. */
uint32_t day_shift(uint32_t day, int days);

#endif

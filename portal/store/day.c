/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/store/day.h"

#include <string.h>
#include <time.h>

static uint32_t day_of_tm(const struct tm *tm)
{
	return (uint32_t)((tm->tm_year + 1900) * 10000 +
			  (tm->tm_mon + 1) * 100 + tm->tm_mday);
}

/* Noon exists on every day, midnight does not. */
static struct tm tm_of_day(uint32_t day, int hour)
{
	return (struct tm){ .tm_year = (int)(day / 10000) - 1900,
			    .tm_mon = (int)(day / 100 % 100) - 1,
			    .tm_mday = (int)(day % 100),
			    .tm_hour = hour,
			    .tm_isdst = -1 };
}

bool day_is_valid(uint32_t day)
{
	struct tm tm = tm_of_day(day, 12);

	return day >= 19700101 && day <= 99980101 && timegm(&tm) > 0 &&
	       day_of_tm(&tm) == day;
}

uint32_t day_of(int64_t time_s)
{
	time_t t = (time_t)time_s;
	struct tm tm;

	return t && localtime_r(&t, &tm) ? day_of_tm(&tm) : 0;
}

int64_t day_start_s(uint32_t day)
{
	struct tm tm = tm_of_day(day, 0);

	return day ? mktime(&tm) : 0;
}

const char *day_time_to_string(char text[DAY_TIME_TEXT], int64_t time_s)
{
	time_t t = (time_t)time_s;
	struct tm tm = { 0 };
	size_t len;

	localtime_r(&t, &tm);
	len = strftime(text, DAY_TIME_TEXT - 1, "%FT%T%z", &tm);
	if (len < 3) {
		*text = '\0';
		return text;
	}
	memmove(text + len - 1, text + len - 2, 3); /* +0100: +01:00 */
	text[len - 2] = ':';
	return text;
}

uint32_t day_shift(uint32_t day, int days)
{
	struct tm tm = tm_of_day(day, 12);

	tm.tm_mday += days;
	timegm(&tm);
	return day_of_tm(&tm);
}

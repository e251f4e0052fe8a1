/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/usage.h"

#include <string.h>

#include "common/array.h"

static const struct usage_series_info series_info[USAGE_SERIES] = {
	[USAGE_ONLINE] = { "online",
			   "devices online in the hour",
			   USAGE_HOUR,
			   true,
			   USAGE_HOURS_MAX,
			   { 80, 0 } },
	[USAGE_DEVICES] = { "devices",
			    "devices of the day, in the zone of their first "
			    "session, else page",
			    USAGE_DAY,
			    true,
			    1,
			    { 50, 130 } },
	[USAGE_DWELL] = { "dwell",
			  "devices by their time online in the day",
			  USAGE_WEEK,
			  false,
			  1,
			  { 10, 10 } },
	[USAGE_ENDED] = { "ended",
			  "devices by how their last session of the day ended",
			  USAGE_WEEK,
			  false,
			  1,
			  { 5, 5 } },
	[USAGE_LANGUAGE] = { "language",
			     "devices by the language of the page that they "
			     "accepted",
			     USAGE_WEEK,
			     false,
			     1,
			     { 10, 10 } },
	[USAGE_PLATFORM] = { "platform",
			     "devices by their kind of system",
			     USAGE_WEEK,
			     false,
			     1,
			     { 5, 5 } },
	[USAGE_BYTES] = { "bytes",
			  "bytes of layer 3",
			  USAGE_WEEK,
			  true,
			  USAGE_BYTES_DEVICE,
			  { 20, 20 } },
	[USAGE_PEAK] = { "peak",
			 "most devices online at once",
			 USAGE_WEEK,
			 true,
			 1,
			 { 10, 10 } },
	[USAGE_PLACES] = { "places",
			   "places at which devices are told apart, of the day "
			   "and of a minute (not told)",
			   USAGE_DAY,
			   true,
			   2,
			   { 10, 10 } },
};

const char *const usage_profile_words[USAGE_PROFILES + 1] = {
	[USAGE_PROFILE_HOURS] = "hours",
	[USAGE_PROFILE_DAYS] = "days",
};

static const struct usage_metric_info metric_info[USAGE_METRICS] = {
	[USAGE_DEVICES_ONLINE] = { "online", USAGE_ONLINE },
	[USAGE_VISITORS] = { "visitors", USAGE_DEVICES },
	[USAGE_ONLOOKERS] = { "onlookers", USAGE_DEVICES },
	[USAGE_DWELL_5] = { "dwell_5", USAGE_DWELL },
	{ "dwell_15", USAGE_DWELL },
	{ "dwell_30", USAGE_DWELL },
	{ "dwell_60", USAGE_DWELL },
	{ "dwell_120", USAGE_DWELL },
	{ "dwell_240", USAGE_DWELL },
	{ "dwell_480", USAGE_DWELL },
	{ "dwell_more", USAGE_DWELL },
	[USAGE_EXPIRED] = { "ended_expired", USAGE_ENDED },
	[USAGE_IDLE] = { "ended_idle", USAGE_ENDED },
	[USAGE_QUOTA] = { "ended_quota", USAGE_ENDED },
	[USAGE_LOGOUT] = { "ended_logout", USAGE_ENDED },
	[USAGE_OPERATOR] = { "ended_operator", USAGE_ENDED },
	[USAGE_STAYED] = { "ended_not", USAGE_ENDED },
	[USAGE_LANGUAGE_FIRST] = { "language_ar", USAGE_LANGUAGE },
	{ "language_bg", USAGE_LANGUAGE },
	{ "language_de", USAGE_LANGUAGE },
	{ "language_de-simple", USAGE_LANGUAGE },
	{ "language_el", USAGE_LANGUAGE },
	{ "language_en", USAGE_LANGUAGE },
	{ "language_es", USAGE_LANGUAGE },
	{ "language_fa", USAGE_LANGUAGE },
	{ "language_fr", USAGE_LANGUAGE },
	{ "language_it", USAGE_LANGUAGE },
	{ "language_ku", USAGE_LANGUAGE },
	{ "language_pl", USAGE_LANGUAGE },
	{ "language_ro", USAGE_LANGUAGE },
	{ "language_ru", USAGE_LANGUAGE },
	{ "language_tr", USAGE_LANGUAGE },
	{ "language_uk", USAGE_LANGUAGE },
	[USAGE_LANGUAGE_OTHER] = { "language_other", USAGE_LANGUAGE },
	[USAGE_PLATFORM_FIRST] = { "platform_other", USAGE_PLATFORM },
	{ "platform_apple", USAGE_PLATFORM },
	{ "platform_android", USAGE_PLATFORM },
	{ "platform_windows", USAGE_PLATFORM },
	{ "platform_firefox", USAGE_PLATFORM },
	{ "platform_linux", USAGE_PLATFORM },
	{ "platform_kindle", USAGE_PLATFORM },
	[USAGE_BYTES_UP] = { "bytes_up", USAGE_BYTES },
	[USAGE_BYTES_DOWN] = { "bytes_down", USAGE_BYTES },
	[USAGE_MOST] = { "peak", USAGE_PEAK },
};

_Static_assert(USAGE_PLATFORM_LAST - USAGE_PLATFORM_FIRST + 1 ==
		       USAGE_PLATFORMS,
	       "a metric for each platform");

static const char *const period_names[USAGE_PERIODS] = {
	[USAGE_HOUR] = "hour",
	[USAGE_DAY] = "day",
	[USAGE_WEEK] = "week",
};

const struct usage_series_info *usage_series_info(enum usage_series series)
{
	return &series_info[series];
}

const struct usage_metric_info *usage_metric_info(enum usage_metric metric)
{
	return &metric_info[metric];
}

struct usage_scale usage_scale(enum usage_series series,
			       enum usage_profile profile, unsigned int epsilon)
{
	const struct usage_series_info *i = &series_info[series];

	return (struct usage_scale){ i->bound * 200,
				     (uint64_t)i->share[profile] * epsilon };
}

uint8_t usage_least_share(enum usage_series series)
{
	const uint8_t *share = series_info[series].share;
	uint8_t least = UINT8_MAX;

	for (int i = 0; i < USAGE_PROFILES; i++)
		if (share[i] && share[i] < least)
			least = share[i];
	return least;
}

bool usage_metric_parse(const char *name, enum usage_metric *out)
{
	for (int i = 0; i < USAGE_METRICS; i++) {
		if (!strcmp(metric_info[i].name, name)) {
			*out = (enum usage_metric)i;
			return true;
		}
	}
	return false;
}

bool usage_series_parse(const char *name, enum usage_series *out)
{
	for (int i = 0; i < USAGE_PLACES; i++) {
		if (!strcmp(series_info[i].name, name)) {
			*out = (enum usage_series)i;
			return true;
		}
	}
	return false;
}

const char *usage_period_to_string(enum usage_period period)
{
	return (unsigned int)period < USAGE_PERIODS ? period_names[period]
						    : "?";
}

enum usage_metric usage_dwell_metric(uint64_t seconds)
{
	static const unsigned int below_min[] = {
		5, 15, 30, 60, 120, 240, 480
	};
	size_t i = 0;

	while (i < ARRAY_SIZE(below_min) && seconds >= below_min[i] * 60ULL)
		i++;
	return (enum usage_metric)(USAGE_DWELL_5 + i);
}

enum usage_metric usage_language_metric(const char language[USAGE_LABEL_MAX])
{
	const char *prefix = "language_";

	for (int i = USAGE_LANGUAGE_FIRST; i < USAGE_LANGUAGE_OTHER; i++)
		if (!strncmp(metric_info[i].name + strlen(prefix), language,
			     USAGE_LABEL_MAX))
			return (enum usage_metric)i;
	return USAGE_LANGUAGE_OTHER;
}

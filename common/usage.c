/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/usage.h"

#include <string.h>

#include "common/array.h"

static const struct usage_metric_info metrics[USAGE_METRICS] = {
	[USAGE_VISITORS] = { "visitors", "devices that were online in the hour",
			     USAGE_SERIES_VISITORS, false },
	[USAGE_SESSIONS] = { "sessions", "sessions begun",
			     USAGE_SERIES_SESSIONS, false },
	[USAGE_SHOWN] = { "portal_shown",
			  "devices that were shown the portal in the hour",
			  USAGE_SERIES_FUNNEL, false },
	[USAGE_ACCEPTED] = { "accepted", "taps that let a device in",
			     USAGE_SERIES_FUNNEL, false },
	[USAGE_EXPIRED] = { "ended_expired", "sessions whose time was over",
			    USAGE_SERIES_FUNNEL, false },
	[USAGE_IDLE] = { "ended_idle", "sessions that fell silent",
			 USAGE_SERIES_FUNNEL, false },
	[USAGE_QUOTA] = { "ended_quota", "sessions that used their quota up",
			  USAGE_SERIES_FUNNEL, false },
	[USAGE_LOGOUT] = { "ended_logout", "sessions that people ended",
			   USAGE_SERIES_FUNNEL, false },
	[USAGE_OPERATOR] = { "ended_operator",
			     "sessions that the operator ended",
			     USAGE_SERIES_FUNNEL, false },
	[USAGE_DWELL_5] = { "dwell_5", "sessions of less than 5 minutes",
			    USAGE_SERIES_DWELL, false },
	[USAGE_DWELL_15] = { "dwell_15", "sessions of 5 to 15 minutes",
			     USAGE_SERIES_DWELL, false },
	[USAGE_DWELL_30] = { "dwell_30", "sessions of 15 to 30 minutes",
			     USAGE_SERIES_DWELL, false },
	[USAGE_DWELL_60] = { "dwell_60", "sessions of 30 to 60 minutes",
			     USAGE_SERIES_DWELL, false },
	[USAGE_DWELL_120] = { "dwell_120", "sessions of 1 to 2 hours",
			      USAGE_SERIES_DWELL, false },
	[USAGE_DWELL_240] = { "dwell_240", "sessions of 2 to 4 hours",
			      USAGE_SERIES_DWELL, false },
	[USAGE_DWELL_MORE] = { "dwell_more", "sessions of more than 4 hours",
			       USAGE_SERIES_DWELL, false },
	[USAGE_BYTES_UP] = { "bytes_up", "bytes from devices, layer 3",
			     USAGE_SERIES_BYTES, false },
	[USAGE_BYTES_DOWN] = { "bytes_down", "bytes to devices, layer 3",
			       USAGE_SERIES_BYTES, false },
	[USAGE_PEAK] = { "peak",
			 "most devices online at once, rounded down to a "
			 "multiple of five",
			 USAGE_SERIES_PEAK, true },
	[USAGE_DAY_VISITORS] = { "visitors_day",
				 "devices that were online in the day",
				 USAGE_SERIES_VISITORS, false },
};

const char *const usage_series_words[USAGE_SERIES_MAX + 1] = {
	[USAGE_SERIES_VISITORS] = "visitors",
	[USAGE_SERIES_SESSIONS] = "sessions",
	[USAGE_SERIES_FUNNEL] = "funnel",
	[USAGE_SERIES_DWELL] = "dwell",
	[USAGE_SERIES_BYTES] = "bytes",
	[USAGE_SERIES_PEAK] = "peak",
	[USAGE_SERIES_LANGUAGE] = "language",
	[USAGE_SERIES_PLATFORM] = "platform",
};

static const char *const step_names[USAGE_STEPS] = {
	[USAGE_HOUR] = "hour",
	[USAGE_DAY] = "day",
	[USAGE_MONTH] = "month",
};

static const char *const kind_names[USAGE_KINDS] = {
	[USAGE_LANGUAGE] = "language",
	[USAGE_PLATFORM] = "platform",
};

static const char *const platform_names[USAGE_PLATFORMS] = {
	[USAGE_PLATFORM_OTHER] = "other",
	[USAGE_PLATFORM_APPLE] = "apple",
	[USAGE_PLATFORM_ANDROID] = "android",
	[USAGE_PLATFORM_WINDOWS] = "windows",
	[USAGE_PLATFORM_FIREFOX] = "firefox",
	[USAGE_PLATFORM_LINUX] = "linux",
	[USAGE_PLATFORM_KINDLE] = "kindle",
};

const struct usage_metric_info *usage_metric_info(enum usage_metric metric)
{
	return &metrics[metric];
}

bool usage_metric_parse(const char *name, enum usage_metric *out)
{
	for (int i = 0; i < USAGE_METRICS; i++) {
		if (!strcmp(metrics[i].name, name)) {
			*out = (enum usage_metric)i;
			return true;
		}
	}
	return false;
}

const char *usage_kind_to_string(enum usage_kind kind)
{
	return (unsigned int)kind < USAGE_KINDS ? kind_names[kind] : "?";
}

const char *usage_step_to_string(enum usage_step step)
{
	return (unsigned int)step < USAGE_STEPS ? step_names[step] : "?";
}

bool usage_step_parse(const char *name, enum usage_step *out)
{
	for (int i = 0; i < USAGE_STEPS; i++) {
		if (!strcmp(step_names[i], name)) {
			*out = (enum usage_step)i;
			return true;
		}
	}
	return false;
}

const char *usage_platform_to_string(enum usage_platform platform)
{
	return (unsigned int)platform < USAGE_PLATFORMS
		       ? platform_names[platform]
		       : "?";
}

enum usage_metric usage_dwell_metric(uint64_t seconds)
{
	static const unsigned int below_min[] = { 5, 15, 30, 60, 120, 240 };
	size_t i = 0;

	while (i < ARRAY_SIZE(below_min) && seconds >= below_min[i] * 60ULL)
		i++;
	return (enum usage_metric)(USAGE_DWELL_5 + i);
}

bool usage_label_is_valid(const char label[USAGE_LABEL_MAX])
{
	size_t len = strnlen(label, USAGE_LABEL_MAX);

	if (!len || len == USAGE_LABEL_MAX)
		return false;
	for (size_t i = 0; i < USAGE_LABEL_MAX; i++) {
		char c = label[i];

		if (i >= len ? c != 0
			     : !((c >= 'a' && c <= 'z') ||
				 (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return true;
}

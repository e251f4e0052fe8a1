/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The words of the usage figures: what is counted, under which names. One
 * table serves netctl, which counts, the portal, which stores and shows, and
 * the command line. A figure is of a zone and an hour, or of a day.
 *
 * The rules that they follow: docs/privacy.md.
 */
#ifndef STADTTOR_COMMON_USAGE_H
#define STADTTOR_COMMON_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USAGE_K_MIN	3
#define USAGE_LABEL_MAX 16 /* with the closing NUL */
#define USAGE_LABELS	64 /* languages that are told apart in a day */

enum usage_metric {
	USAGE_VISITORS, /* devices that were online in the hour */
	USAGE_SESSIONS, /* sessions begun */
	USAGE_SHOWN,	/* devices that were shown the portal in the hour */
	USAGE_ACCEPTED, /* taps that let a device in */
	USAGE_EXPIRED,	/* sessions ended, by reason */
	USAGE_IDLE,
	USAGE_QUOTA,
	USAGE_LOGOUT,
	USAGE_OPERATOR,
	USAGE_DWELL_5, /* sessions ended after less than so many minutes */
	USAGE_DWELL_15,
	USAGE_DWELL_30,
	USAGE_DWELL_60,
	USAGE_DWELL_120,
	USAGE_DWELL_240,
	USAGE_DWELL_MORE,
	USAGE_BYTES_UP,
	USAGE_BYTES_DOWN,
	USAGE_RELEASED, /* those above are added up until k devices share them
			 */
	USAGE_PEAK =
		USAGE_RELEASED, /* most devices at once, in steps of five */
	USAGE_DAY_VISITORS,	/* devices of a day; in rows of days only */
	USAGE_METRICS
};

enum usage_step { USAGE_HOUR, USAGE_DAY, USAGE_MONTH, USAGE_STEPS };

enum usage_kind { USAGE_LANGUAGE, USAGE_PLATFORM, USAGE_KINDS };

/* What a probe's URL says about the system that sent it. */
enum usage_platform {
	USAGE_PLATFORM_OTHER,
	USAGE_PLATFORM_APPLE,
	USAGE_PLATFORM_ANDROID, /* and ChromeOS: same probes */
	USAGE_PLATFORM_WINDOWS,
	USAGE_PLATFORM_FIREFOX,
	USAGE_PLATFORM_LINUX,
	USAGE_PLATFORM_KINDLE,
	USAGE_PLATFORMS
};

/* What the config may leave uncounted: bit i is word i of usage_series. */
enum usage_series {
	USAGE_SERIES_VISITORS,
	USAGE_SERIES_SESSIONS,
	USAGE_SERIES_FUNNEL,
	USAGE_SERIES_DWELL,
	USAGE_SERIES_BYTES,
	USAGE_SERIES_PEAK,
	USAGE_SERIES_LANGUAGE,
	USAGE_SERIES_PLATFORM,
	USAGE_SERIES_MAX
};
extern const char *const usage_series_words[USAGE_SERIES_MAX + 1];

struct usage_metric_info {
	const char *name; /* of JSON members, CSV columns, database columns */
	const char *help; /* one line, no full stop */
	enum usage_series series;
	bool is_max; /* days take the highest hour, not the sum */
};

/* metric: below USAGE_METRICS */
const struct usage_metric_info *usage_metric_info(enum usage_metric metric);

/* "visitors" -> USAGE_VISITORS; false: no such metric. */
bool usage_metric_parse(const char *name, enum usage_metric *out);

const char *usage_kind_to_string(enum usage_kind kind);
const char *usage_step_to_string(enum usage_step step);
bool usage_step_parse(const char *name, enum usage_step *out);
const char *usage_platform_to_string(enum usage_platform platform);

/* The dwell bucket of a session of that length. */
enum usage_metric usage_dwell_metric(uint64_t seconds);

/* 1 to 15 of a-z, 0-9 and '-', then NULs: what may name a language. */
bool usage_label_is_valid(const char label[USAGE_LABEL_MAX]);

#endif

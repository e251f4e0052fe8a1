/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is counted of use, as one table: netctl counts by it, the portal stores
 * and shows by it, the command line prints it. A series is a query of
 * differential privacy (Dwork, Roth 2014): one device of one day changes all of
 * its cells together by its bound at most, and each cell leaves with discrete
 * Laplace noise of scale t = bound / epsilon. A metric is a series and a label.
 *
 * The reasons: docs/privacy.md.
 */
#ifndef STADTTOR_COMMON_USAGE_H
#define STADTTOR_COMMON_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USAGE_LABEL_MAX	   16 /* with the closing NUL */
#define USAGE_EPSILON_MAX  4  /* of a device and day, at one box */
#define USAGE_HOURS_MAX	   4  /* pairs of zone and hour, of a device and day */
#define USAGE_BYTES_UNIT   1000000
#define USAGE_BYTES_DEVICE (1000ULL * USAGE_BYTES_UNIT) /* a device and day */

enum usage_period { USAGE_HOUR, USAGE_DAY, USAGE_WEEK, USAGE_PERIODS };

/* Of these one budget is spent. USAGE_PLACES is no figure: of how many devices
 * a day's records are told apart, which is noisy as well. */
enum usage_series {
	USAGE_ONLINE,
	USAGE_DEVICES,
	USAGE_DWELL,
	USAGE_ENDED,
	USAGE_LANGUAGE,
	USAGE_PLATFORM,
	USAGE_BYTES,
	USAGE_PEAK,
	USAGE_PLACES,
	USAGE_SERIES
};

/* How the budget is shared out among them. */
enum usage_profile { USAGE_PROFILE_HOURS, USAGE_PROFILE_DAYS, USAGE_PROFILES };
extern const char *const usage_profile_words[USAGE_PROFILES + 1];

enum usage_metric {
	USAGE_DEVICES_ONLINE, /* of an hour */
	USAGE_VISITORS,	      /* of a day: went online */
	USAGE_ONLOOKERS,      /* of a day: only saw the page */
	USAGE_DWELL_5,	      /* time online in the day, to the minute */
	USAGE_DWELL_MORE = USAGE_DWELL_5 + 7,
	USAGE_EXPIRED, /* how the day's last session ended */
	USAGE_IDLE,
	USAGE_QUOTA,
	USAGE_LOGOUT,
	USAGE_OPERATOR,
	USAGE_STAYED, /* it did not */
	USAGE_LANGUAGE_FIRST,
	USAGE_LANGUAGE_OTHER = USAGE_LANGUAGE_FIRST + 16,
	USAGE_PLATFORM_FIRST,
	USAGE_PLATFORM_LAST = USAGE_PLATFORM_FIRST + 6,
	USAGE_BYTES_UP,
	USAGE_BYTES_DOWN,
	USAGE_MOST, /* at once */
	USAGE_METRICS
};

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

struct usage_series_info {
	const char *name; /* word of the config */
	const char *help; /* one line, no full stop */
	enum usage_period period;
	bool has_zones; /* else its cells are the box's */
	uint64_t bound; /* in bytes for USAGE_BYTES, else in devices */
	uint8_t share[USAGE_PROFILES]; /* of the budget, in 1/200; 0: off */
};

struct usage_metric_info {
	const char *name; /* of JSON members, CSV columns, database rows */
	enum usage_series series;
};

/* A positive fraction. */
struct usage_scale {
	uint64_t n, d;
};

const struct usage_series_info *usage_series_info(enum usage_series series);

/* metric: below USAGE_METRICS */
const struct usage_metric_info *usage_metric_info(enum usage_metric metric);

/* t of the series' cells; epsilon 1 to USAGE_EPSILON_MAX. d 0: not counted. */
struct usage_scale usage_scale(enum usage_series series,
			       enum usage_profile profile,
			       unsigned int epsilon);

/* The smallest share that a profile gives the series, where it counts it. */
uint8_t usage_least_share(enum usage_series series);

/* "visitors" -> USAGE_VISITORS; false: no such metric. */
bool usage_metric_parse(const char *name, enum usage_metric *out);

/* "bytes" -> USAGE_BYTES; false: no series that the config may name. */
bool usage_series_parse(const char *name, enum usage_series *out);

const char *usage_period_to_string(enum usage_period period);

/* The metric of so long a time online, and of the page's language. */
enum usage_metric usage_dwell_metric(uint64_t seconds);
enum usage_metric usage_language_metric(const char language[USAGE_LABEL_MAX]);

#endif

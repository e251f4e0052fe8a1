/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The config, the pages that it makes, and the clock. */
#include "cli/doctor/doctor.h"

#include "common/config/settings_read.h"
#include "netctl/usage/wallclock.h"
#include "portal/pages/theme.h"

void doctor_check_config(struct doctor *d)
{
	char error[UCI_ERROR_MAX];

	d->settings = settings_read(d->config, error);
	if (d->settings) {
		doctor_say(d, DOCTOR_OK, "%s is right", d->config);
		return;
	}
	doctor_say(d, DOCTOR_FAIL, "%s", error);
	doctor_advise(d, "Correct it; stadttor check says when it is right. "
			 "What runs keeps the config that it has.");
}

void doctor_check_pages(struct doctor *d)
{
	char error[PAGE_ERROR_MAX];
	struct theme theme;

	if (theme_read(&theme, d->settings, error) &&
	    theme_fit(&theme, d->settings, error)) {
		doctor_say(d, DOCTOR_OK, "the pages in %s are complete",
			   d->settings->portal.pages);
	} else {
		doctor_say(d, DOCTOR_FAIL, "%s", error);
		doctor_advise(d, "Correct that option or file; the portal does "
				 "not start or reload before.");
	}
	theme_clear(&theme);
}

void doctor_check_clock(struct doctor *d)
{
	int64_t now_s = d->now_s; /* beyond what 32 bits of time_t reach */
	char day[32] = "?";
	struct tm tm;

	if (gmtime_r(&d->now_s, &tm))
		strftime(day, sizeof(day), "%Y-%m-%d %H:%M UTC", &tm);
	if (now_s >= WALLCLOCK_EARLIEST_S && now_s < WALLCLOCK_LATEST_S) {
		doctor_say(d, DOCTOR_OK, "the clock says %s", day);
		return;
	}
	doctor_say(d, DOCTOR_FAIL, "the clock says %s, so it is not set", day);
	doctor_advise(d, "Let a time server set it (NTP): figures have no hour "
			 "and certificates are not valid before.");
}

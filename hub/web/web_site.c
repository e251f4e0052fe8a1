/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/web/web_site.h"

enum web_health web_health_of(const struct web_site *w, const struct site *s)
{
	int64_t now_s = poller_state(w->poller)->now_s;

	if (*s->off)
		return WEB_OFF;
	if (!s->beat.seen_s)
		return WEB_UNHEARD;
	if (now_s - s->beat.seen_s > (int64_t)w->conf->silent_s)
		return WEB_SILENT;
	return s->beat.codes ? WEB_ILL : WEB_WELL;
}

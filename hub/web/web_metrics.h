/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * /metrics of the hub: its own state, and by site whether it was heard of,
 * what ails it and its version. Of machines, not of people.
 */
#ifndef STADTTOR_HUB_WEB_WEB_METRICS_H
#define STADTTOR_HUB_WEB_WEB_METRICS_H

#include <stdio.h>

#include "hub/web/web_site.h"

/* In the text format, or in OpenMetrics 1.0. 0 or -errno. */
int web_metrics_write(const struct web_site *w, bool is_open,
		      FILE *out) MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the European Commission asks of a network that it has paid for
 * (WiFi4EU): its banner on the first page, and its script there, which counts
 * visits. The only thing of others that a page can have; without `option
 * wifi4eu` it has none. Both come from the Commission's server, docs/wifi4eu.md
 * says how.
 */
#ifndef STADTTOR_PORTAL_PAGES_WIFI4EU_H
#define STADTTOR_PORTAL_PAGES_WIFI4EU_H

#include "common/config/settings.h"

#define WIFI4EU_SCRIPT_MAX 256
#define WIFI4EU_BANNER_MAX 96
#define WIFI4EU_SOURCE_MAX 128

struct wifi4eu {
	char script[WIFI4EU_SCRIPT_MAX]; /* empty: not asked for */
	char banner[WIFI4EU_BANNER_MAX]; /* its address */
	/* of the script, for Content-Security-Policy: 'sha256-...' */
	char source[WIFI4EU_SOURCE_MAX];
};

/* language: of the page. Banner and script have those of the EU alone. */
void wifi4eu_build(struct wifi4eu *w, const struct portal_settings *p,
		   const char *language);

#endif

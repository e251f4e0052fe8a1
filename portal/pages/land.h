/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * To whom people turn in each Land: who enforces accessibility (Directive (EU)
 * 2016/2102, Article 9), and who supervises data protection of public bodies.
 */
#ifndef STADTTOR_PORTAL_PAGES_LAND_H
#define STADTTOR_PORTAL_PAGES_LAND_H

#include <stdint.h>

struct land {
	const char *accessibility_law;
	const char *enforcement; /* name, address or site */
	const char *privacy;
};

/* By the index of settings_land_words; NULL: "none". */
const struct land *land_find(uint64_t land);

#endif

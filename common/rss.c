/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/rss.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define STEP (512 * 1024) /* a page more would show a session */

static uint64_t read_statm(void)
{
	unsigned long size, pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%lu %lu", &size, &pages) != 2)
		pages = 0;
	fclose(f);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* getrusage(2) counts in KiB. */
static uint64_t read_most(void)
{
	struct rusage u;

	return getrusage(RUSAGE_SELF, &u) ? 0 : (uint64_t)u.ru_maxrss * 1024;
}

uint64_t rss_read(void)
{
	uint64_t bytes = read_statm();

	return (bytes ? bytes : read_most()) / STEP * STEP;
}

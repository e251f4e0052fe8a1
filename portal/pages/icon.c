/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/icon.h"

#include "common/array.h"

/* In the order of settings_icon_words. */
static const char *const paths[] = {
	/* link */
	"M8 4H4v12h12v-4M11 3h6v6M17 3l-8 8",
	/* parking */
	"M3 3h14v14H3zM8 14V6h3a2.5 2.5 0 0 1 0 5H8",
	/* bus */
	"M4 3h12v12H4zM4 10h12M6 15v2M14 15v2M7 12.5h.1M13 12.5h.1",
	/* weather */
	"M6 15a3 3 0 0 1 0-6 4 4 0 0 1 7.7-.8A3.5 3.5 0 0 1 14 15zM10 2v1M4 "
	"4l.8.8M16 4l-.8.8",
	/* people */
	"M7 9a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM2 16a5 5 0 0 1 10 0M13 "
	"4a2.5 2.5 0 0 1 0 5M14.5 11.3A5 5 0 0 1 18 16",
	/* office */
	"M3 17h14M4 17V8l6-4 6 4v9M8 17v-5h4v5",
	/* culture */
	"M3 4h14v7a7 7 0 0 1-14 0zM7 8h.1M13 8h.1M7 12q3 2.5 6 0",
	/* book */
	"M10 5Q6 3 2 4v12q4-1 8 1 4-2 8-1V4q-4-1-8 1zM10 5v12",
	/* map */
	"M10 18s6-5.5 6-10a6 6 0 0 0-12 0c0 4.5 6 10 6 10zM10 10a2 2 0 1 "
	"0 0-4 2 2 0 0 0 0 4z",
	/* alert */
	"M10 3 2 17h16zM10 8v4M10 14.5h.1",
	/* help */
	"M10 18a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM7.5 8a2.5 2.5 0 1 1 3.5 "
	"2.3q-1 .5-1 1.7M10 14.5h.1",
};

const char *icon_path(uint64_t icon)
{
	return icon < ARRAY_SIZE(paths) ? paths[icon] : paths[0];
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ids of entries in a stream of the store: "MILLISECONDS-NUMBER". */
#ifndef STADTTOR_PORTAL_CITY_STREAM_ID_H
#define STADTTOR_PORTAL_CITY_STREAM_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_ID_MAX 42 /* with the closing NUL */

struct stream_id {
	uint64_t ms, seq;
};

/* false: it is none. */
bool stream_id_parse(struct stream_id *out, const char *text, size_t len);
void stream_id_print(const struct stream_id *id, char text[STREAM_ID_MAX]);

/* Below, above or 0. */
int stream_id_compare(const struct stream_id *a, const struct stream_id *b);

#endif

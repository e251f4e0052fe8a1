/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What several answers of the hub are made of. */
#ifndef STADTTOR_HUB_WEB_WEB_JSON_H
#define STADTTOR_HUB_WEB_WEB_JSON_H

#include <stdio.h>

#include <json-c/json.h>

#include "portal/store/store.h"

struct json_object *web_json_text(const char *text); /* null of "" */
struct json_object *web_json_tenths(double v);

/* Sums go into columns side by side: what they are, and their bands. Without a
 * cell both are null. parts: by which the sum is divided. */
void web_json_add_sum(struct json_object *values, struct json_object *bands,
		      const struct store_sum *s, uint64_t parts);

/*
 * An object whose arrays are columns, as CSV (RFC 4180); other members are left
 * out. A column of arrays of numbers becomes as many, NAME_00 and so on; one of
 * arrays of texts has them with blanks between. 0 or -errno.
 */
int web_json_write_csv(struct json_object *o, FILE *out) MUST_CHECK;

#endif

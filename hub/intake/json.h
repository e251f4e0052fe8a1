/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON of boxes, of which nothing is believed. */
#ifndef STADTTOR_HUB_INTAKE_JSON_H
#define STADTTOR_HUB_INTAKE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "common/log.h"

/* An object, no deeper than is needed. NULL: it is none, or no memory. The
 * caller puts it. */
struct json_object *json_read(const char *text, size_t len,
			      size_t max) MUST_CHECK;

/* A whole number from min to max. */
bool json_take_number(struct json_object *o, const char *name, int64_t min,
		      int64_t max, int64_t *out) MUST_CHECK;

/* The same from least on, as an unsigned one. */
bool json_take_count(struct json_object *o, const char *name, int64_t least,
		     int64_t max, uint64_t *out) MUST_CHECK;

/* Lent; NULL: no string, or with a NUL in it. */
const char *json_text(struct json_object *v);
const char *json_text_of(struct json_object *o, const char *name);

/* NULL: it is not there, or no array, or is longer than max. */
struct json_object *json_array_of(struct json_object *o, const char *name,
				  size_t max);

#endif

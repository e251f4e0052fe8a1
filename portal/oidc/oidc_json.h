/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON as providers send it, read with bounds. */
#ifndef STADTTOR_PORTAL_OIDC_OIDC_JSON_H
#define STADTTOR_PORTAL_OIDC_OIDC_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

/* The object that the len bytes are, which json_object_put() frees, or NULL. */
json_object *oidc_json_parse(const char *bytes, size_t len);

/* A text without NUL; NULL: there is none of that name. Borrowed. */
const char *oidc_json_text(const json_object *o, const char *name);

/* A time in seconds, or another whole number that is not negative. */
bool oidc_json_time(const json_object *o, const char *name, int64_t *out);

/* Whether the member is that text, or a list that has it. */
bool oidc_json_has(const json_object *o, const char *name, const char *text);

#endif

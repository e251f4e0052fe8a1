/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/svg.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "common/array.h"

#define BLANKS " \t\r\n"

static const struct {
	const char *text, *fault;
} forbidden[] = {
	{ "<script", "a script" },
	{ "javascript:", "a script" },
	{ "<foreignobject", "another document in it (foreignObject)" },
	{ "<iframe", "another document in it (iframe)" },
	{ "<image", "a picture in it" },
	{ "<feimage", "a picture in it" },
	{ "<animate", "something that moves" },
	{ "<set", "something that moves" },
	{ "@import", "a style of elsewhere" },
	{ "<?xml-stylesheet", "a style of elsewhere" },
	{ "<!doctype", "a DOCTYPE" },
	{ "<!entity", "an entity" },
	{ "&#", "a character as a number" },
	{ "\\", "a backslash" },
	{ "data:", "data: of its own" },
};

/* Each of these leads to a part of the drawing, "#a", or somewhere else. */
static const struct {
	const char *text, *skip;
} references[] = {
	{ "href", BLANKS "=\"'" },
	{ "src", BLANKS "=\"'" },
	{ "url(", BLANKS "\"'" },
};

static bool leads_out(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(references); i++)
		for (const char *at = text;
		     (at = strcasestr(at, references[i].text));) {
			at += strlen(references[i].text);
			if (at[strspn(at, references[i].skip)] != '#')
				return true;
		}
	return false;
}

/* An attribute such as onload. */
static bool has_handler(const char *text)
{
	for (const char *at = text; (at = strcasestr(at, "on")); at++) {
		const char *end = at + 2;

		if (at == text || !strchr(BLANKS "\"'/", at[-1]))
			continue;
		while (isalpha((unsigned char)*end))
			end++;
		if (end > at + 2 && end[strspn(end, BLANKS)] == '=')
			return true;
	}
	return false;
}

const char *svg_find_fault(const char *text)
{
	if (!strcasestr(text, "<svg"))
		return "no drawing in it";
	for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++)
		if (strcasestr(text, forbidden[i].text))
			return forbidden[i].fault;
	if (has_handler(text))
		return "a script (an attribute such as onload)";
	if (leads_out(text))
		return "a reference to something else than its own parts";
	return NULL;
}

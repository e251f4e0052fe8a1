/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/doctor/doctor_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <json-c/json.h>

#include "cli/format.h"

static const char *const level_words[DOCTOR_LEVELS] = {
	[DOCTOR_OK] = "OK",
	[DOCTOR_WARN] = "WARN",
	[DOCTOR_FAIL] = "FAIL",
	[DOCTOR_SKIP] = "SKIP",
};

static const enum format_mood level_moods[DOCTOR_LEVELS] = {
	[DOCTOR_OK] = FORMAT_GOOD,
	[DOCTOR_WARN] = FORMAT_WARNING,
	[DOCTOR_FAIL] = FORMAT_BAD,
	[DOCTOR_SKIP] = FORMAT_GOOD,
};

static const char *const level_keys[DOCTOR_LEVELS] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_WARN] = "warn",
	[DOCTOR_FAIL] = "fail",
	[DOCTOR_SKIP] = "skip",
};

static void put(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

static void keep(struct doctor *d, enum doctor_level level, const char *text)
{
	struct json_object *o = json_object_new_object();

	put(o, "level", level_keys[level]);
	put(o, "code", d->code);
	if (d->zone)
		put(o, "zone", d->zone->name);
	put(o, "text", text);
	json_object_object_add(o, "remedy", NULL);
	json_object_array_add(d->list, o);
}

static void print_line(const struct doctor *d, enum doctor_level level,
		       const char *text)
{
	printf("%s%-4s%s  ", format_mood(level_moods[level]),
	       level_words[level], format_mood(FORMAT_GOOD));
	if (d->zone)
		printf("zone %s: ", d->zone->name);
	puts(text);
}

void doctor_say(struct doctor *d, enum doctor_level level, const char *fmt, ...)
{
	char text[DOCTOR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->lines[level]++;
	if (d->list)
		keep(d, level, text);
	else
		print_line(d, level, text);
	fflush(stdout); /* the next check may take a while */
}

void doctor_advise(struct doctor *d, const char *fmt, ...)
{
	char text[DOCTOR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (d->list)
		put(json_object_array_get_idx(
			    d->list, json_object_array_length(d->list) - 1),
		    "remedy", text);
	else
		printf("      %s\n", text);
}

void doctor_advise_start(struct doctor *d, const char *program)
{
	if (access("/etc/openwrt_release", F_OK) == 0)
		doctor_advise(d, "Run: service stadttor restart. If it ends "
				 "again, logread says why.");
	else
		doctor_advise(d,
			      "Run: systemctl restart %s. If it ends again, "
			      "journalctl -u %s says why.",
			      program, program);
}

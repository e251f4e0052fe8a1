/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files in tests/golden/config: good ones give the text beside them,
 * broken ones the one line beside them. Runs in the project's folder.
 * GOLDEN_WRITE=1 rewrites the texts of the good ones, to be read in the diff.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/settings.h"
#include "common/config/settings_read.h"

#define GOLDEN	 "tests/golden/config/"
#define TEXT_MAX 16384

static const char uplink_and_zone[] = "config uplink wan\noption device eth0\n"
				      "config zone guest\noption device br0\n";

/* The whole file as a string; its length, NUL bytes and all, in *len. */
static char *slurp(const char *path, size_t *len)
{
	char *text = calloc(1, TEXT_MAX + 1);
	FILE *f = fopen(path, "r");

	assert_non_null(text);
	if (!f)
		fail_msg("%s is missing", path);
	*len = fread(text, 1, TEXT_MAX, f);
	fclose(f);
	assert_true(*len < TEXT_MAX);
	return text;
}

static char *print(const struct settings *s)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	settings_print(s, f);
	assert_int_equal(fclose(f), 0);
	return text;
}

/* ".../name.conf" to ".../name.EXT". */
static void beside(char *out, size_t room, const char *conf, const char *ext)
{
	int stem = (int)strlen(conf) - (int)strlen("conf");

	snprintf(out, room, "%.*s%s", stem, conf, ext);
}

static void write_expected(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void check_good(const char *conf)
{
	char path[256], error[UCI_ERROR_MAX];
	char *expected, *once, *twice;
	struct settings *s = settings_read(conf, error);
	size_t len;

	if (!s)
		fail_msg("%s", error);
	once = print(s);
	settings_free(s);
	beside(path, sizeof(path), conf, "out");
	if (getenv("GOLDEN_WRITE"))
		write_expected(path, once);
	expected = slurp(path, &len);
	assert_string_equal(once, expected);

	s = settings_parse("printed", once, strlen(once), error);
	if (!s)
		fail_msg("%s: %s", conf, error);
	twice = print(s);
	settings_free(s);
	assert_string_equal(once, twice);
	free(expected);
	free(once);
	free(twice);
}

static void check_broken(const char *conf)
{
	const char *name = strrchr(conf, '/') + 1;
	char path[256], error[UCI_ERROR_MAX], line[UCI_ERROR_MAX + 1];
	struct settings *s;
	char *text, *expected;
	size_t len;

	text = slurp(conf, &len);
	s = settings_parse(name, text, len, error);
	if (s)
		fail_msg("%s was taken", name);
	free(text);
	beside(path, sizeof(path), conf, "err");
	expected = slurp(path, &len);
	snprintf(line, sizeof(line), "%s\n", error);
	assert_string_equal(line, expected);
	free(expected);
}

static void for_each(const char *pattern, size_t at_least,
		     void (*check)(const char *conf))
{
	glob_t found;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= at_least);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check(found.gl_pathv[i]);
	globfree(&found);
}

static void good_files(void **state)
{
	(void)state;
	for_each(GOLDEN "good/*.conf", 10, check_good);
}

static void broken_files(void **state)
{
	(void)state;
	for_each(GOLDEN "broken/*.conf", 60, check_broken);
}

static void defaults(void **state)
{
	char error[UCI_ERROR_MAX];
	struct settings *s = settings_parse("x", uplink_and_zone,
					    strlen(uplink_and_zone), error);
	const struct zone_settings *z;

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->zones, 1);
	assert_int_equal(s->uplinks, 1);
	z = &s->zone[0];
	assert_string_equal(z->name, "guest");
	assert_string_equal(z->device, "br0");
	assert_int_equal(z->limits.duration_s, 8 * 3600);
	assert_int_equal(z->ceiling.duration_s, 8 * 3600);
	assert_int_equal(z->limits.idle_s, 3600);
	assert_int_equal(z->ceiling.idle_s, 3600);
	assert_int_equal(z->limits.down_bps, 0);
	assert_int_equal(z->slow_bps, 256000);
	assert_int_equal(z->over_quota, OVER_QUOTA_END);
	assert_int_equal(s->uplink[0].masquerade, MASQUERADE_IPV4);
	assert_int_equal(s->gate.on_stop, ON_STOP_KEEP);
	assert_string_equal(s->gate.socket, "/run/stadttor/netctl.sock");
	assert_string_equal(s->portal.certificate, "");
	settings_free(s);
	settings_free(NULL);
}

/* An error names the whole file, however deep it lies. */
static void long_path(void **state)
{
	char path[201], error[UCI_ERROR_MAX], expected[UCI_ERROR_MAX];

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_null(settings_parse(path, "nonsense", 8, error));
	snprintf(expected, sizeof(expected),
		 "%s:1: a line starts with config, option or list, not with "
		 "'nonsense'",
		 path);
	assert_string_equal(error, expected);
}

/*
 * The example is the default config: with every "#option" and "#list" taken
 * in it says the same, the lists aside, and no option is missing.
 */
static void example_shows_the_defaults(void **state)
{
	char error[UCI_ERROR_MAX];
	size_t len, kept = 0;
	char *text = slurp("etc/stadttor.conf", &len);
	struct settings *s = settings_parse("example", text, len, error);
	char *before, *after, *line, *rest;

	(void)state;
	if (!s)
		fail_msg("%s", error);
	before = print(s);
	settings_free(s);
	for (size_t i = 0; i < len; i++)
		if (strncmp(text + i, "#option ", 8))
			text[kept++] = text[i];
	s = settings_parse("example", text, kept, error);
	if (!s)
		fail_msg("%s", error);
	after = print(s);
	settings_free(s);
	assert_string_equal(before, after);

	text[kept] = '\0';
	for (line = strtok_r(after, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		line[strcspn(line, "'")] = '\0';
		line += strspn(line, "\t"); /* a list is a comment */
		if (!strstr(text, line))
			fail_msg("the example lacks '%s'", line);
	}
	free(before);
	free(after);
	free(text);
}

/* What only netctl shall have in its memory. */
static void forgotten_devices(void **state)
{
	static const char text[] =
		"config uplink 'wan'\n\toption device 'eth0'\n"
		"config zone 'guest'\n\toption device 'br0'\n"
		"config device 'a'\n\toption mac '02:00:5e:00:53:01'\n"
		"\tlist zone 'guest'\n";
	static const struct device_settings none;
	char error[UCI_ERROR_MAX];
	struct settings *s = settings_parse("t", text, sizeof(text) - 1, error);

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->devices, 1);
	assert_int_equal(s->device[0].mac.byte[5], 1);
	settings_forget_devices(s);
	assert_int_equal(s->devices, 0);
	assert_memory_equal(&s->device[0], &none, sizeof(none));
	settings_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_files),
		cmocka_unit_test(broken_files),
		cmocka_unit_test(defaults),
		cmocka_unit_test(long_path),
		cmocka_unit_test(example_shows_the_defaults),
		cmocka_unit_test(forgotten_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The history of what was not well, on a disk and by a clock of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "common/array.h"
#include "portal/history/history_report.h"
#include "portal/history/pulse.h"

#define NOON   1767268800 /* 2026-01-01T12:00Z */
#define MINUTE 60
#define HOUR   3600
#define DAY    86400

static struct test {
	char folder[64], usage[128], path[128], alive[160];
	char run[96], socket[128], ram[160];
	struct history_time now;
	struct history *history;
	struct history_event events[HISTORY_LIST_MAX];
	size_t count;
} t;

static struct history_time told_time(void *arg)
{
	(void)arg;
	return t.now;
}

static void pass(int64_t seconds)
{
	t.now.wall_s += seconds;
	t.now.since_ms += (uint64_t)seconds * 1000;
}

static void run_shell(const char *fmt, const char *a, const char *b)
{
	char command[400];

	snprintf(command, sizeof(command), "%s %s %s", fmt, a, b);
	assert_int_equal(system(command), 0);
}

static void start(void)
{
	t.history = history_new();
	assert_non_null(t.history);
	history_use_clock(t.history, told_time, NULL);
	history_open(t.history, t.usage, t.socket);
}

static int set_up(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	setenv("TZ", "UTC", 1);
	tzset();
	snprintf(t.folder, sizeof(t.folder), "/tmp/history.XXXXXX");
	if (!mkdtemp(t.folder))
		return -1;
	snprintf(t.usage, sizeof(t.usage), "%s/usage.sqlite", t.folder);
	snprintf(t.path, sizeof(t.path), "%s/history.sqlite", t.folder);
	snprintf(t.alive, sizeof(t.alive), "%s.alive", t.path);
	snprintf(t.run, sizeof(t.run), "%s/run", t.folder);
	snprintf(t.socket, sizeof(t.socket), "%s/netctl.sock", t.run);
	snprintf(t.ram, sizeof(t.ram), "%s/portal/alive", t.run);
	run_shell("mkdir -p", t.run, "");
	snprintf(t.ram, sizeof(t.ram), "%s/portal", t.run);
	run_shell("mkdir -p", t.ram, "");
	snprintf(t.ram, sizeof(t.ram), "%s/portal/alive", t.run);
	t.now = (struct history_time){ NOON, 5000000 };
	start();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	history_free(t.history);
	run_shell("rm -rf", t.folder, "");
	return 0;
}

static void look(void)
{
	history_look(t.history, true);
}

static void looks(int minutes)
{
	for (int i = 0; i < minutes; i++) {
		pass(MINUTE);
		look();
	}
}

static void tell(const char *code, const char *zone, bool is_over)
{
	struct history_news news = {
		.code = code,
		.zone = zone,
		.is_error = strcmp(code, "netlink_errors") != 0,
		.is_over = is_over,
		.since_ms = t.now.since_ms,
	};

	history_tell(t.history, &news);
}

static void list(void)
{
	assert_int_equal(history_list(t.history, 0, NOON + 4000LL * DAY,
				      t.events, &t.count),
			 0);
}

/* What is on the disk, as another process sees it. */
static size_t on_disk(void)
{
	struct history_db *db;
	size_t count = HISTORY_LIST_MAX;

	assert_int_equal(history_db_open(&db, t.path), 0);
	assert_int_equal(
		history_db_list(db, 0, NOON + 4000LL * DAY, t.events, &count),
		0);
	history_db_close(db);
	return count;
}

static void assert_event(size_t i, const char *code, int64_t began_s,
			 int64_t ended_s)
{
	assert_true(i < t.count);
	assert_string_equal(t.events[i].code, code);
	assert_int_equal(t.events[i].began_s, began_s);
	assert_int_equal(t.events[i].ended_s, ended_s);
}

/* As after a power cut: what is on flash, and what was not told goes. */
static void cut_power(bool keeps_ram)
{
	char copy[80];

	snprintf(copy, sizeof(copy), "%s.copy", t.folder);
	run_shell("cp -a", t.folder, copy);
	history_free(t.history);
	run_shell("rm -rf", t.folder, "");
	run_shell("mv", copy, t.folder);
	if (!keeps_ram)
		unlink(t.ram);
}

/* --- events ------------------------------------------------------------ */

static void test_begin_and_end(void **state)
{
	(void)state;
	look();
	pass(HOUR);
	tell("zone_offline", "guest", false);
	look();
	pass(14 * MINUTE);
	list();
	assert_int_equal(t.count, 1);
	assert_event(0, "zone_offline", NOON + HOUR, 0);
	assert_string_equal(t.events[0].zone, "guest");
	assert_true(t.events[0].is_error);
	assert_int_equal(on_disk(), 1);
	tell("zone_offline", "guest", true);
	look();
	assert_int_equal(on_disk(), 1);
	t.count = 1;
	assert_event(0, "zone_offline", NOON + HOUR, NOON + HOUR + 14 * MINUTE);
}

static void test_zones_and_codes_apart(void **state)
{
	(void)state;
	look();
	tell("netlink_errors", "a", false);
	tell("netlink_errors", "b", false);
	tell("netctl_away", "", false);
	tell("netlink_errors", "b", true);
	look();
	list();
	assert_int_equal(t.count, 3);
	assert_event(0, "netlink_errors", NOON, 0);
	assert_false(t.events[0].is_error);
	assert_event(1, "netlink_errors", NOON, NOON);
	assert_event(2, "netctl_away", NOON, 0);
}

static void test_nothing_of_how_many_are_there(void **state)
{
	(void)state;
	look();
	tell("zone_full", "a", false);
	tell("table_full", "", false);
	tell("city_full", "", false);
	tell("admin_without_tls", "", false);
	looks(11);
	list();
	assert_int_equal(t.count, 0);
	assert_int_equal(on_disk(), 0);
}

static void test_again_within_minutes_is_the_same(void **state)
{
	(void)state;
	look();
	for (int i = 0; i < 5; i++) {
		tell("netctl_away", "", false);
		looks(2);
		tell("netctl_away", "", true);
		looks(9);
	}
	list();
	assert_int_equal(t.count, 1);
	assert_int_equal(t.events[0].times, 5);
	assert_event(0, "netctl_away", NOON, NOON + (4 * 11 + 2) * MINUTE);
	looks(1); /* ten since it ended */
	tell("netctl_away", "", false);
	looks(1);
	list();
	assert_int_equal(t.count, 2);
	assert_int_equal(t.events[1].times, 1);
}

/* Whatever happens, flash is written once in ten minutes. */
static void test_writes_wait(void **state)
{
	(void)state;
	look();
	tell("uplink_missing", "", false);
	look();
	assert_int_equal(on_disk(), 1);
	looks(1);
	tell("rules", "", false);
	looks(8);
	list();
	assert_int_equal(t.count, 2);
	assert_int_equal(on_disk(), 1);
	looks(1);
	assert_int_equal(on_disk(), 2);
}

static void test_the_time_comes_later(void **state)
{
	(void)state;
	t.now.wall_s = 1000; /* as of a box without a clock */
	history_look(t.history, false);
	tell("time_unknown", "", false);
	pass(5 * MINUTE);
	history_look(t.history, false);
	list();
	assert_int_equal(t.count, 0);
	assert_int_not_equal(access(t.path, F_OK), 0);
	t.now.wall_s = NOON;
	tell("time_unknown", "", true);
	look();
	list();
	assert_int_equal(t.count, 1);
	assert_event(0, "time_unknown", NOON - 5 * MINUTE, NOON);
	assert_int_equal(history_span(t.history).begun_s, NOON - 5 * MINUTE);
}

static void test_too_much_at_once(void **state)
{
	char code[16];

	(void)state;
	look();
	for (int i = 0; i < 2 * HISTORY_RECORDS; i++) {
		snprintf(code, sizeof(code), "c%d", i);
		tell(code, "", false);
	}
	look();
	list();
	assert_int_equal(t.count, HISTORY_RECORDS);
	for (int i = 0; i < HISTORY_RECORDS; i++) {
		snprintf(code, sizeof(code), "c%d", i);
		tell(code, "", true);
	}
	looks(21);
	tell("c99", "", false);
	looks(1);
	list();
	assert_int_equal(t.count, HISTORY_RECORDS + 1);
}

/* --- the portal itself ------------------------------------------------- */

static void test_stopped_and_started(void **state)
{
	(void)state;
	look();
	tell("zone_offline", "guest", false);
	looks(3);
	history_free(t.history);
	pass(2 * HOUR);
	start();
	looks(2);
	list();
	assert_int_equal(t.count, 2);
	assert_event(0, "zone_offline", NOON, NOON + 3 * MINUTE);
	assert_event(1, HISTORY_STOPPED, NOON + 3 * MINUTE,
		     NOON + 2 * HOUR + 3 * MINUTE);
	assert_int_equal(history_span(t.history).begun_s, NOON);
}

static void test_an_upgrade_is_no_gap(void **state)
{
	(void)state;
	look();
	history_free(t.history);
	pass(59);
	start();
	look();
	list();
	assert_int_equal(t.count, 0);
	history_free(t.history);
	pass(60);
	start();
	look();
	list();
	assert_int_equal(t.count, 1);
}

/* Nobody stopped it: it was there when it last wrote. */
static void test_power_cut(void **state)
{
	(void)state;
	look();
	looks(70);
	tell("rules", "", false);
	looks(35);
	cut_power(false);
	pass(3 * HOUR);
	start();
	looks(1);
	list();
	assert_int_equal(t.count, 2);
	assert_event(0, "rules", NOON + 70 * MINUTE, NOON + 71 * MINUTE);
	assert_event(1, HISTORY_LOST, NOON + 71 * MINUTE,
		     NOON + 105 * MINUTE + 3 * HOUR);
	cut_power(false); /* a sign of life each hour, without news */
	start();
	looks(1);
	looks(2 * 60 + 30);
	cut_power(false);
	pass(HOUR);
	start();
	looks(1);
	list();
	assert_int_equal(t.events[t.count - 1].ended_s -
				 t.events[t.count - 1].began_s,
			 30 * MINUTE + HOUR);
}

static void test_a_crash_is_known_to_the_minute(void **state)
{
	(void)state;
	look();
	looks(45);
	cut_power(true);
	pass(5 * MINUTE);
	start();
	looks(1);
	list();
	assert_int_equal(t.count, 1);
	assert_event(0, HISTORY_LOST, NOON + 45 * MINUTE, NOON + 50 * MINUTE);
	cut_power(true); /* and back at once */
	pass(MINUTE);
	start();
	looks(1);
	list();
	assert_int_equal(t.count, 1);
}

static void test_a_sign_of_life_an_hour(void **state)
{
	struct pulse p;
	int writes = 0;
	int64_t last_s = 0;

	(void)state;
	for (int i = 0; i < 24 * 60; i++) {
		looks(1);
		p = pulse_read(t.alive);
		writes += p.time_s != last_s;
		last_s = p.time_s;
		assert_int_equal(pulse_read(t.ram).time_s, t.now.wall_s);
	}
	assert_int_equal(writes, 24);
	history_free(t.history);
	p = pulse_read(t.alive);
	assert_true(p.is_stopped);
	assert_int_equal(p.time_s, t.now.wall_s);
	start();
}

static void test_no_sign_of_life(void **state)
{
	static const char *const wrong[] = { "", "x",
					     "99999999999999999999999\n",
					     "-5            running  \n",
					     "1e9           running\0 \n" };

	(void)state;
	assert_int_equal(pulse_read("/nonexistent").time_s, 0);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		FILE *f = fopen(t.alive, "w");

		fputs(wrong[i], f);
		fclose(f);
		assert_int_equal(pulse_read(t.alive).time_s, 0);
	}
}

/* --- the file ---------------------------------------------------------- */

static void test_what_cannot_be_written_waits(void **state)
{
	(void)state;
	look();
	tell("netctl_away", "", false);
	looks(1);
	run_shell("chmod 0", t.path, "");
	run_shell("mv", t.path, t.alive);
	run_shell("mkdir", t.path, "");
	tell("rules", "", false);
	looks(12);
	list();
	assert_int_equal(t.count, 0); /* nothing is known for sure */
	run_shell("rmdir", t.path, "");
	looks(1);
	list();
	assert_int_equal(t.count, 2);
	assert_event(0, "netctl_away", NOON, 0);
	assert_event(1, "rules", NOON + MINUTE, 0);
	assert_int_equal(on_disk(), 2);
}

static void test_a_damaged_file(void **state)
{
	char aside[160];
	FILE *f;

	(void)state;
	look();
	history_free(t.history);
	f = fopen(t.path, "w");
	for (int i = 0; i < 4096; i++)
		fputc('x', f);
	fclose(f);
	start();
	look();
	tell("rules", "", false);
	looks(1);
	snprintf(aside, sizeof(aside), "%s.corrupt", t.path);
	assert_int_equal(access(aside, F_OK), 0);
	list();
	assert_int_equal(t.count, 1);
}

static void test_in_memory(void **state)
{
	(void)state;
	history_open(t.history, "", t.socket);
	look();
	tell("rules", "", false);
	looks(1);
	list();
	assert_int_equal(t.count, 1);
	assert_int_not_equal(access(t.alive, F_OK), 0);
}

static void test_bounds(void **state)
{
	struct history_span span = { NOON, NOON };
	struct history_event e[20];
	struct history_db *db;

	(void)state;
	assert_int_equal(history_db_open(&db, t.path), 0);
	for (int i = 0; i < HISTORY_EVENTS_MAX + 100; i++) {
		size_t at = (size_t)i % ARRAY_SIZE(e);

		e[at] = (struct history_event){ .began_s = NOON + i,
						.ended_s = NOON + i + 1,
						.times = 1,
						.code = "rules" };
		span.alive_s = e[at].ended_s;
		if (at + 1 == ARRAY_SIZE(e))
			assert_int_equal(history_db_write(db, e, at + 1, &span),
					 0);
	}
	t.count = HISTORY_LIST_MAX;
	assert_int_equal(history_db_list(db, 0, INT64_MAX, t.events, &t.count),
			 0);
	assert_int_equal(t.count, HISTORY_EVENTS_MAX);
	assert_int_equal(t.events[0].began_s, NOON + 100);
	span.alive_s = NOON + 200 + HISTORY_KEEP_S;
	assert_int_equal(history_db_write(db, NULL, 0, &span), 0);
	t.count = HISTORY_LIST_MAX;
	assert_int_equal(history_db_list(db, 0, INT64_MAX, t.events, &t.count),
			 0);
	assert_int_equal(t.events[0].ended_s, NOON + 200);
	history_db_close(db);
}

/* --- reports ----------------------------------------------------------- */

static char *report(const struct history_query *q, bool is_csv)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_int_equal(is_csv ? history_report_csv(t.history, q, f)
				: history_report_json(t.history, q, f),
			 0);
	fclose(f);
	return text;
}

static int64_t number(struct json_object *o, const char *name)
{
	struct json_object *v = NULL;

	assert_true(json_object_object_get_ex(o, name, &v));
	return json_object_get_int64(v);
}

static int64_t at(struct json_object *o, const char *name, size_t i)
{
	struct json_object *v = NULL;

	assert_true(json_object_object_get_ex(o, name, &v));
	return json_object_get_int64(json_object_array_get_idx(v, i));
}

/* An outage of an hour, in it one of another zone, and then it ends later. */
static void make_outages(void)
{
	look();
	pass(HOUR);
	tell("zone_offline", "a", false);
	pass(30 * MINUTE);
	tell("zone_offline", "b", false);
	pass(10 * MINUTE);
	tell("netlink_errors", "a", false); /* is none */
	pass(20 * MINUTE);
	tell("zone_offline", "a", true);
	pass(15 * MINUTE);
	tell("zone_offline", "b", true);
	looks(11);
	pass(2 * DAY);
	look();
}

static void test_report(void **state)
{
	struct history_query q = { .from = 20251231, .to = 20260102 };
	struct json_object *o;
	char *text;

	(void)state;
	make_outages();
	text = report(&q, false);
	o = json_tokener_parse(text);
	assert_non_null(o);
	assert_int_equal(number(o, "outages"), 1);
	assert_int_equal(number(o, "down_s"), 75 * MINUTE);
	assert_int_equal(number(o, "longest_s"), 75 * MINUTE);
	assert_int_equal(number(o, "known_s"), 36 * HOUR);
	assert_int_equal(number(o, "at_most"), 0);
	assert_int_equal(at(o, "day_known_s", 0), 0);
	assert_int_equal(at(o, "day_known_s", 1), 12 * HOUR);
	assert_int_equal(at(o, "day_down_s", 1), 75 * MINUTE);
	assert_int_equal(at(o, "day_known_s", 2), DAY);
	assert_int_equal(at(o, "day_down_s", 2), 0);
	json_object_put(o);
	free(text);
	q.zone = "b";
	text = report(&q, false);
	o = json_tokener_parse(text);
	assert_int_equal(number(o, "down_s"), 45 * MINUTE);
	assert_null(strstr(text, "netlink_errors"));
	json_object_put(o);
	free(text);
}

static void test_report_csv(void **state)
{
	struct history_query q = { .from = 20260101, .to = 20260101 };
	char *text;

	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	make_outages();
	text = report(&q, true);
	assert_string_equal(
		text,
		"began,ended,seconds,level,code,zone,times,outage\r\n"
		"2026-01-01T14:00:00+01:00,2026-01-01T15:00:00+01:00,3600,"
		"error,zone_offline,a,1,1\r\n"
		"2026-01-01T14:30:00+01:00,2026-01-01T15:15:00+01:00,2700,"
		"error,zone_offline,b,1,1\r\n"
		"2026-01-01T14:40:00+01:00,,33600,warn,netlink_errors,a,1,"
		"0\r\n");
	free(text);
}

/* A gap of which nobody knows when it began. */
static void test_report_of_a_power_cut(void **state)
{
	struct history_query q = { 0 };
	struct json_object *o;
	char *text;

	(void)state;
	look();
	looks(90);
	cut_power(false);
	pass(HOUR);
	start();
	looks(1);
	text = report(&q, false);
	o = json_tokener_parse(text);
	assert_int_equal(number(o, "at_most"), 1);
	assert_int_equal(number(o, "outages"), 1);
	assert_int_equal(number(o, "down_s"), (90 - 60) * MINUTE + HOUR);
	json_object_put(o);
	free(text);
}

static void test_report_of_nothing(void **state)
{
	struct history_query q = { .from = 20200101, .to = 20200103 };
	char *text;

	(void)state;
	text = report(&q, false); /* the time is not known yet */
	assert_non_null(strstr(text, "\"known_s\":0,\"down_s\":0"));
	free(text);
	look();
	text = report(&q, false);
	assert_non_null(strstr(text, "\"known_s\":0,\"down_s\":0"));
	assert_non_null(strstr(text, "\"events\":[]"));
	free(text);
}

/* --- notes ------------------------------------------------------------- */

static void put_note(const struct history_note *n, void *arg)
{
	char *text = arg;

	snprintf(text + strlen(text), 400 - strlen(text), "%u %s;", n->day,
		 n->text);
}

static void test_notes(void **state)
{
	struct history_note n = { .day = 20260105 };
	struct history_db *db = history_borrow(t.history);
	char text[400] = "";

	(void)state;
	assert_non_null(db);
	snprintf(n.text, sizeof(n.text), "Stadtfest <b>\"Ä\"</b>");
	assert_int_equal(history_db_add_note(db, &n), 0);
	n.day = 20260103;
	snprintf(n.text, sizeof(n.text), "Antenne");
	assert_int_equal(history_db_add_note(db, &n), 0);
	assert_int_equal(history_db_list_notes(db, 0, 0, put_note, text), 0);
	assert_string_equal(text, "20260103 Antenne;"
				  "20260105 Stadtfest <b>\"Ä\"</b>;");
	*text = '\0';
	assert_int_equal(
		history_db_list_notes(db, 20260104, 20260105, put_note, text),
		0);
	assert_string_equal(text, "20260105 Stadtfest <b>\"Ä\"</b>;");
	assert_int_equal(history_db_remove_note(db, n.id), 0);
	assert_int_equal(history_db_remove_note(db, n.id), -ENOENT);
	for (int i = 1; i < HISTORY_NOTES_MAX; i++)
		assert_int_equal(history_db_add_note(db, &n), 0);
	assert_int_equal(history_db_add_note(db, &n), -ENOSPC);
}

static void test_what_a_note_may_be(void **state)
{
	char text[200];

	(void)state;
	assert_true(history_note_is_valid("Stadtfest, 20 °C"));
	assert_false(history_note_is_valid(""));
	assert_false(history_note_is_valid("  "));
	assert_false(history_note_is_valid("a\nb"));
	assert_false(history_note_is_valid("\xff"));
	assert_false(history_note_is_valid("\xe2\x80\xae"
					   "abc"));
	memset(text, 'x', sizeof(text));
	text[HISTORY_NOTE_MAX - 1] = '\0';
	assert_true(history_note_is_valid(text));
	text[HISTORY_NOTE_MAX - 1] = 'x';
	text[HISTORY_NOTE_MAX] = '\0';
	assert_false(history_note_is_valid(text));
}

int main(void)
{
#define UNIT(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		UNIT(test_begin_and_end),
		UNIT(test_zones_and_codes_apart),
		UNIT(test_nothing_of_how_many_are_there),
		UNIT(test_again_within_minutes_is_the_same),
		UNIT(test_writes_wait),
		UNIT(test_the_time_comes_later),
		UNIT(test_too_much_at_once),
		UNIT(test_stopped_and_started),
		UNIT(test_an_upgrade_is_no_gap),
		UNIT(test_power_cut),
		UNIT(test_a_crash_is_known_to_the_minute),
		UNIT(test_a_sign_of_life_an_hour),
		UNIT(test_no_sign_of_life),
		UNIT(test_what_cannot_be_written_waits),
		UNIT(test_a_damaged_file),
		UNIT(test_in_memory),
		UNIT(test_bounds),
		UNIT(test_report),
		UNIT(test_report_csv),
		UNIT(test_report_of_a_power_cut),
		UNIT(test_report_of_nothing),
		UNIT(test_notes),
		UNIT(test_what_a_note_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the hub does with single entries, records and bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "hub/intake/budget.h"
#include "hub/intake/figures.h"
#include "hub/intake/heartbeat.h"
#include "hub/intake/mix.h"

#define NOW_S 1795824000 /* 2026-11-28 */
#define DAY   20784

/* --- records -------------------------------------------------------------- */

static void make_record(uint8_t out[RECORD_BYTES], int64_t day, uint32_t n)
{
	memset(out, 0, RECORD_BYTES);
	out[0] = 1 << 4 | 1;
	out[1] = 7;
	out[2] = (uint8_t)(day >> 8);
	out[3] = (uint8_t)day;
	memcpy(out + 4, &n, sizeof(n));
}

static void test_records(void **state)
{
	static const struct {
		int64_t day, now;
		enum record_verdict verdict;
	} days[] = {
		{ DAY, DAY, RECORD_GOOD },	{ DAY - 1, DAY, RECORD_GOOD },
		{ DAY + 1, DAY, RECORD_GOOD },	{ DAY - 2, DAY, RECORD_STALE },
		{ DAY + 2, DAY, RECORD_STALE }, { 65535, 65536, RECORD_GOOD },
		{ 65536, 65535, RECORD_GOOD },	{ 0, 32768, RECORD_STALE },
		{ 65534, 65536, RECORD_STALE }, { 131072, 131071, RECORD_GOOD },
	};
	uint8_t r[RECORD_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(days); i++) {
		make_record(r, days[i].day, 1);
		assert_int_equal(record_check(r, 7, days[i].now),
				 days[i].verdict);
		if (days[i].verdict == RECORD_GOOD)
			assert_int_equal(record_day(r, days[i].now),
					 days[i].day);
	}
	make_record(r, DAY, 1);
	assert_int_equal(record_check(r, 6, DAY), RECORD_STALE);
	for (unsigned int head = 0; head < 256; head++) {
		r[0] = (uint8_t)head;
		assert_int_equal(record_check(r, 7, DAY),
				 head >= 0x11 && head <= 0x13
					 ? RECORD_GOOD
					 : RECORD_MALFORMED);
	}
}

/* --- mixing --------------------------------------------------------------- */

#define MIXED 1000

static void test_mix_loses_nothing(void **state)
{
	uint8_t batch[RECORD_BATCH * RECORD_BYTES], r[RECORD_BYTES];
	bool seen[MIXED] = { false };
	struct mix m = { 0 };
	size_t at = 0, count, all = 0;
	int64_t day;

	(void)state;
	for (uint32_t i = 0; i < MIXED; i++) {
		make_record(r, DAY + i % 3, i);
		assert_true(mix_add(&m, DAY + i % 3, r));
	}
	assert_true(mix_shuffle(&m));
	while ((count = mix_batch(&m, &at, &day, batch))) {
		assert_in_range(count, 1, RECORD_BATCH);
		for (size_t i = 0; i < count; i++) {
			uint32_t n;

			memcpy(&n, batch + i * RECORD_BYTES + 4, sizeof(n));
			assert_int_equal(DAY + n % 3, day);
			assert_false(seen[n]);
			seen[n] = true;
		}
		all += count;
	}
	assert_int_equal(all, MIXED);
	mix_clear(&m);
	assert_true(mix_shuffle(&m)); /* of nothing */
}

/* Each of 24 orders of four comes as often: chi-square of 23 degrees. */
static void test_mix_prefers_no_order(void **state)
{
	unsigned int orders[256] = { 0 };
	const double expected = 24000.0 / 24;
	double chi = 0;

	(void)state;
	for (int round = 0; round < 24000; round++) {
		struct mix m = { 0 };
		unsigned int order = 0;
		uint8_t r[RECORD_BYTES];

		for (uint32_t i = 0; i < 4; i++) {
			make_record(r, DAY, i);
			assert_true(mix_add(&m, DAY, r));
		}
		assert_true(mix_shuffle(&m));
		for (size_t i = 0; i < 4; i++)
			order = order << 2 | m.record[i].bytes[4];
		orders[order]++;
		mix_clear(&m);
	}
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		if (orders[i])
			chi += (orders[i] - expected) * (orders[i] - expected) /
			       expected;
	assert_true(chi < 100); /* once in 10^11 runs */
}

static void test_mix_is_bounded(void **state)
{
	struct mix m = { 0 };
	uint8_t r[RECORD_BYTES];

	(void)state;
	make_record(r, DAY, 0);
	for (size_t i = 0; i < MIX_MAX; i++)
		assert_true(mix_add(&m, DAY, r));
	assert_false(mix_add(&m, DAY, r));
	mix_clear(&m);
}

/* --- bounds --------------------------------------------------------------- */

static void test_budget(void **state)
{
	static const struct budget_rule rule = { 100, 36 };
	struct budget b = { 0 };

	(void)state;
	assert_true(budget_spend(&b, &rule, 100, NOW_S));
	assert_false(budget_spend(&b, &rule, 1, NOW_S));
	assert_false(budget_spend(&b, &rule, 1, NOW_S + 99));
	assert_true(budget_spend(&b, &rule, 1, NOW_S + 100));
	/* a clock that jumps back gives nothing, one ahead no more than all */
	assert_false(budget_spend(&b, &rule, 1, NOW_S - 1000000));
	assert_true(budget_spend(&b, &rule, 100, INT64_MAX / 2));
	assert_false(budget_spend(&b, &rule, 1, INT64_MAX / 2));
	assert_false(budget_spend(&b, &rule, INT64_MAX / 7200, NOW_S));
}

/* --- figures -------------------------------------------------------------- */

#define CELL                                                                   \
	"{\"seq\":4,\"zone\":\"z\",\"metric\":\"online\","                     \
	"\"start\":1795820400,\"hours\":1,\"value\":-3,\"n\":5,\"d\":1}"
#define ENTRY(cells) "{\"stream\":\"00000000000000ff\",\"cells\":[" cells "]}"

static void test_figures(void **state)
{
	static const char text[] = ENTRY(CELL);
	struct figures f;

	(void)state;
	assert_true(figures_parse(&f, text, strlen(text), NOW_S));
	assert_int_equal(f.stream, 0xff);
	assert_int_equal(f.first, 4);
	assert_int_equal(f.count, 1);
	assert_string_equal(f.cell[0].zone, "z");
	assert_int_equal(f.cell[0].metric, USAGE_DEVICES_ONLINE);
	assert_int_equal(f.cell[0].key, 1795820400);
	assert_int_equal(f.cell[0].value, -3);
	assert_int_equal(f.cell[0].scale.n, 5);
}

enum verdict { REFUSED, TAKEN, UNTIMELY };

/* What a cell may say is bounded by its metric and the time. */
static void test_figures_have_bounds(void **state)
{
	static const struct {
		const char *metric;
		int64_t start_s, value, n, d;
		enum verdict verdict;
	} cases[] = {
		{ "online", NOW_S, 100000, 10, 1, TAKEN },
		{ "online", NOW_S - 900, -100000, 100, 1, TAKEN },
		{ "online", NOW_S - 400 * 86400, 1, 1, 1, TAKEN },
		{ "online", NOW_S + 86400, 1, 1, 1, TAKEN },
		{ "online", NOW_S - 901, 1, 1, 1, REFUSED },
		{ "online", NOW_S - 400 * 86400 - 900, 1, 1, 1, UNTIMELY },
		{ "online", NOW_S + 86400 + 900, 1, 1, 1, UNTIMELY },
		{ "online", 900, 1, 1, 1, UNTIMELY },
		{ "online", 0, 1, 1, 1, REFUSED },
		{ "online", -900, 1, 1, 1, REFUSED },
		{ "online", INT64_MAX, 1, 1, 1, REFUSED },
		{ "online", 20261128, 1, 1, 1, REFUSED },
		{ "online", NOW_S, 100001, 1, 1, REFUSED },
		{ "online", NOW_S, -100001, 1, 1, REFUSED },
		{ "online", NOW_S, 1, 101, 1, REFUSED },
		{ "online", NOW_S, 1, 1000000000000, 1000000000000, REFUSED },
		{ "visitors", 20261128, 1, 200, 50, TAKEN },
		{ "visitors", 20251026, 1, 1, 1, TAKEN },
		{ "visitors", 20251021, 1, 1, 1, UNTIMELY },
		{ "visitors", 20261130, 1, 1, 1, UNTIMELY },
		{ "visitors", 20261131, 1, 1, 1, REFUSED },
		{ "visitors", 1000000800, 1, 1, 1, UNTIMELY },
		{ "visitors", 900, 1, 1, 1, UNTIMELY },
		{ "visitors", 901, 1, 1, 1, REFUSED },
		{ "visitors", NOW_S - 1, 1, 1, 1, REFUSED },
		{ "visitors", 20261128, 1, 41, 1, REFUSED },
		{ "dwell_5", 20261123, 700000, 400, 1, REFUSED },
		{ "dwell_5", 20261123, 700000, 200, 1, TAKEN },
		{ "bytes_up", 20261123, 700000000000000, 200000000000, 20,
		  TAKEN },
		{ "bytes_up", 20261123, 700000001000000, 1, 1, REFUSED },
		{ "bytes_up", 20261123, 1, 100000000001, 1, REFUSED },
	};
	enum verdict verdict;
	struct figures f;
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text),
			 ENTRY("{\"seq\":1,\"zone\":\"\",\"metric\":\"%s\","
			       "\"start\":%" PRId64 ",\"hours\":1,"
			       "\"value\":%" PRId64 ",\"n\":%" PRId64
			       ",\"d\":%" PRId64 "}"),
			 cases[i].metric, cases[i].start_s, cases[i].value,
			 cases[i].n, cases[i].d);
		verdict = REFUSED;
		if (figures_parse(&f, text, strlen(text), NOW_S))
			verdict = f.untimely ? UNTIMELY : TAKEN;
		if (verdict != cases[i].verdict)
			fail_msg("case %zu: %s", i, text);
	}
}

/* All that is made is taken. */
static void test_figures_of_all_profiles(void **state)
{
	struct figures f;
	char text[256];

	(void)state;
	for (int m = 0; m < USAGE_METRICS; m++) {
		const struct usage_metric_info *i =
			usage_metric_info((enum usage_metric)m);

		for (int e = 0; e < USAGE_PROFILES * USAGE_EPSILON_MAX; e++) {
			struct usage_scale t = usage_scale(
				i->series,
				(enum usage_profile)(e % USAGE_PROFILES),
				(unsigned int)(e / USAGE_PROFILES + 1));

			if (!t.d)
				continue;
			snprintf(text, sizeof(text),
				 ENTRY("{\"seq\":1,\"zone\":\"\","
				       "\"metric\":\"%s\",\"start\":%d,"
				       "\"hours\":1,\"value\":1,\"n\":%" PRIu64
				       ",\"d\":%" PRIu64 "}"),
				 i->name, NOW_S, t.n, t.d);
			assert_true(
				figures_parse(&f, text, strlen(text), NOW_S));
		}
	}
}

/* Each prefix, and each byte that is another one: refused, or within range. */
static void test_figures_of_any_bytes(void **state)
{
	static const char text[] = ENTRY(CELL);
	struct figures f;
	char changed[sizeof(text)];

	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++)
		assert_false(figures_parse(&f, text, len, NOW_S));
	for (size_t at = 0; at < sizeof(text) - 1; at++) {
		for (int byte = 0; byte < 256; byte++) {
			memcpy(changed, text, sizeof(text));
			changed[at] = (char)byte;
			if (!figures_parse(&f, changed, sizeof(text) - 1,
					   NOW_S))
				continue;
			assert_int_equal(f.count, 1);
			assert_in_range(f.cell[0].metric, 0, USAGE_METRICS - 1);
			assert_true(f.cell[0].scale.d >= 1);
			assert_true(f.cell[0].is_untimely ||
				    f.cell[0].key <= NOW_S + 86400);
		}
	}
}

/* --- heartbeats ----------------------------------------------------------- */

static void test_heartbeats(void **state)
{
	static const char good[] =
		"{\"version\":\"0.2.0+git-1\",\"uptime_s\":7,"
		"\"generation\":3,"
		"\"health\":[\"zone_full\",\"marks\",\"zone_full\"]}";
	struct heartbeat h = { .seen_s = 5 };

	(void)state;
	assert_true(heartbeat_parse(&h, good, strlen(good)));
	assert_string_equal(h.version, "0.2.0+git-1");
	assert_int_equal(h.uptime_s, 7);
	assert_int_equal(h.generation, 3);
	assert_int_equal(h.codes, 2);
	assert_string_equal(h.code[1], "marks");
	assert_int_equal(h.seen_s, 5);
	/* a bad one changes nothing */
	assert_false(heartbeat_parse(&h, good, strlen(good) - 1));
	assert_string_equal(h.code[0], "zone_full");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_mix_loses_nothing),
		cmocka_unit_test(test_mix_prefers_no_order),
		cmocka_unit_test(test_mix_is_bounded),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_figures_have_bounds),
		cmocka_unit_test(test_figures_of_all_profiles),
		cmocka_unit_test(test_figures_of_any_bytes),
		cmocka_unit_test(test_heartbeats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

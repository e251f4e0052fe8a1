/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/array.h"
#include "portal/admin/admin_query.h"
#include "portal/admin/metrics.h"

static const struct conns_stats operators = { .answers = { 0, 0, 2, 3, 4, 5 },
					      .rejected = 7 };

static struct ipc_health health = {
	.uptime_s = 99,
	.generation = 2,
	.netlink_errors = { 1, 2, 3, 4 },
	.zones = 2,
	.uplinks_present = 1,
	.zone = { { .name = "guest", .is_full = 1, .is_present = 1 },
		  { .name = "a\"b\\c\nd", .outlet = IPC_OUTLET_DROPPED } },
	/* what takes guests' packets to be seen is not told */
	.troubles = IPC_TROUBLE_OFFLOAD | IPC_TROUBLE_TABLE_FULL,
};

static int64_t certificate_end_s[METRICS_CERTIFICATES] = {
	[METRICS_CERTIFICATE_ADMIN] = 1796047585,
};

static struct metrics_source source = {
	.certificate_end_s = certificate_end_s,
	.health = &health,
	.is_connected = true,
	.uptime_s = 5,
	.operators = &operators,
	.health_of_store = STORE_CANNOT_WRITE,
	.is_reload_refused = true,
};

static char *text;

static void write_text(enum metrics_format format)
{
	size_t len;
	FILE *f;

	free(text);
	text = NULL;
	f = open_memstream(&text, &len);
	assert_non_null(f);
	assert_int_equal(metrics_write(&source, format, f), 0);
	assert_int_equal(fclose(f), 0);
}

static bool has(const char *line)
{
	char with_ends[256];

	snprintf(with_ends, sizeof(with_ends), "\n%s\n", line);
	return strstr(text, with_ends) != NULL;
}

static struct store *filled_store(void)
{
	int64_t now_s = (int64_t)time(NULL);
	struct usage_batch b = {
		.stream = 1,
		.seq = 2,
		.cells = 2,
		.cell = { { .stream = 1,
			    .seq = 1,
			    .start_s = now_s,
			    .value = -12,
			    .scale_n = 2,
			    .scale_d = 1,
			    .metric = USAGE_VISITORS,
			    .zone = "guest" },
			  { .stream = 1,
			    .seq = 2,
			    .start_s = now_s,
			    .value = 4000000000000,
			    .scale_n = 2,
			    .scale_d = 1,
			    .metric = USAGE_LANGUAGE_FIRST + 2 } },
	};
	struct store *st = store_open("", 86400);

	assert_non_null(st);
	assert_int_equal(store_apply(st, &b), 0);
	return st;
}

static void test_text(void **state)
{
	static const char *const lines[] = {
		"# TYPE stadttor_build_info gauge",
		"stadttor_up 1",
		"stadttor_uptime_seconds{process=\"portal\"} 5",
		"stadttor_uptime_seconds{process=\"netctl\"} 99",
		"# TYPE stadttor_netlink_errors_total counter",
		"stadttor_netlink_errors_total{kind=\"neighbours\"} 4",
		"stadttor_zone_full{zone=\"guest\"} 1",
		"stadttor_zone_outlet{zone=\"guest\"} 1",
		"stadttor_zone_outlet{zone=\"a\\\"b\\\\cd\"} 0",
		"stadttor_trouble{kind=\"offload\"} 1",
		"stadttor_trouble{kind=\"marks\"} 0",
		"stadttor_certificate_end_seconds{listener=\"admin\"} "
		"1796047585",
		"stadttor_zone_full{zone=\"a\\\"b\\\\cd\"} 0",
		"stadttor_reload_refused 1",
		"stadttor_store_state{state=\"cannot_write\"} 1",
		"stadttor_store_state{state=\"on_disk\"} 0",
		"stadttor_http_answers_total{listener=\"admin\",class=\"5xx\"} "
		"5",
		"stadttor_connections_rejected_total{listener=\"admin\"} 7",
		"stadttor_usage{zone=\"guest\",metric=\"visitors\","
		"period=\"day\"} -12",
		"stadttor_usage_band{zone=\"guest\",metric=\"visitors\","
		"period=\"day\"} 6",
		"stadttor_usage{zone=\"\",metric=\"language_de\","
		"period=\"week\"} 4e+12",
	};

	(void)state;
	source.store = filled_store();
	write_text(METRICS_TEXT);
	store_free(source.store);
	source.store = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (!has(lines[i]))
			fail_msg("lacks %s in:\n%s", lines[i], text);
	assert_null(strstr(text, "# UNIT"));
	assert_null(strstr(text, "table_full"));
	assert_null(strstr(text, "listener=\"portal\""));
	assert_null(strstr(text, "# EOF"));
}

static void test_openmetrics(void **state)
{
	static const char *const lines[] = {
		"# TYPE stadttor_netlink_errors counter",
		"# UNIT stadttor_uptime_seconds seconds",
		"stadttor_netlink_errors_total{kind=\"neighbours\"} 4",
	};

	(void)state;
	write_text(METRICS_OPENMETRICS);
	assert_int_equal(strncmp(text, "# HELP stadttor_build ", 22), 0);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (!has(lines[i]))
			fail_msg("lacks %s in:\n%s", lines[i], text);
	assert_string_equal(text + strlen(text) - 7, "\n# EOF\n");
}

static void test_without_netctl(void **state)
{
	(void)state;
	source.health = NULL;
	write_text(METRICS_TEXT);
	source.health = &health;
	assert_true(has("stadttor_up 0"));
	assert_null(strstr(text, "process=\"netctl\""));
	assert_null(strstr(text, "zone_full"));
}

static void test_query(void **state)
{
	char from[8] = "", zone[4] = "old";
	const struct admin_parameter p[] = {
		{ "from", from, sizeof(from) },
		{ "zone", zone, sizeof(zone) },
	};
	static const struct {
		const char *query;
		const char *wrong; /* NULL: fine */
	} queries[] = {
		{ "", NULL },
		{ "&&", NULL },
		{ "from=2026", NULL },
		{ "from", NULL },
		{ "from=1234567", NULL },
		{ "from=12345678", "from" },
		{ "zone=%4", "zone" },
		{ "zone=%00", "zone" },
		{ "zone=%0a", "zone" },
		{ "from=1&fromm=2", "fromm" },
		{ "fro=1", "fro" },
		{ "=1", "" },
		{ "a-name-that-is-longer-than-any-of-ours=1",
		  "a-name-that-is-longer-t" },
	};
	char wrong[ADMIN_QUERY_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(queries); i++) {
		bool good = admin_query_parse(queries[i].query, p, 2, wrong);

		if (good != !queries[i].wrong ||
		    (!good && strcmp(wrong, queries[i].wrong)))
			fail_msg("%s: %s", queries[i].query, wrong);
	}
	assert_true(admin_query_parse("from=%31+2&from=a%26b", p, 2, wrong));
	assert_string_equal(from, "a&b");
	assert_string_equal(zone, "old");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_openmetrics),
		cmocka_unit_test(test_without_netctl),
		cmocka_unit_test(test_query),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(text);
	return failed;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/array.h"
#include "common/quantity.h"

#define REFUSED UINT64_MAX

struct value_case {
	const char *text;
	uint64_t value; /* REFUSED: is not taken */
};

static void check_values(bool (*parse)(const char *, uint64_t *),
			 const struct value_case *c, size_t count)
{
	for (; count--; c++) {
		uint64_t v = 4711;
		bool good = parse(c->text, &v);

		if (good != (c->value != REFUSED))
			fail_msg("'%s' was %s", c->text,
				 good ? "taken" : "refused");
		if (good && v != c->value)
			fail_msg("'%s' is %" PRIu64, c->text, v);
	}
}

static void numbers(void **state)
{
	static const struct value_case cases[] = {
		{ "0", 0 },
		{ "007", 7 },
		{ "65535", 65535 },
		{ "18446744073709551609", 18446744073709551609ULL },
		{ "18446744073709551616", REFUSED },
		{ "99999999999999999999999999", REFUSED },
		{ "", REFUSED },
		{ "-1", REFUSED },
		{ "+1", REFUSED },
		{ " 1", REFUSED },
		{ "1 ", REFUSED },
		{ "1.0", REFUSED },
		{ "0x10", REFUSED },
		{ "1e3", REFUSED },
		{ "one", REFUSED },
	};

	(void)state;
	check_values(quantity_parse_number, cases, ARRAY_SIZE(cases));
}

static void seconds(void **state)
{
	static const struct value_case cases[] = {
		{ "0", 0 },
		{ "90", 90 },
		{ "90s", 90 },
		{ "15m", 900 },
		{ "8h", 28800 },
		{ "8H", 28800 },
		{ "2d", 172800 },
		{ "1h30m", 5400 },
		{ "1d1h1m1s", 90061 },
		{ "1.5h", 5400 },
		{ "0.5m", 30 },
		{ "", REFUSED },
		{ "h", REFUSED },
		{ "8 h", REFUSED },
		{ "8hours", REFUSED },
		{ "1h30", REFUSED },
		{ "30 1h", REFUSED },
		{ "1.5", REFUSED },
		{ "1.", REFUSED },
		{ ".5h", REFUSED },
		{ "0.5s", REFUSED },
		{ "1.0001h", REFUSED },
		{ "1.5.5h", REFUSED },
		{ "-8h", REFUSED },
		{ "8h\n", REFUSED },
		{ "99999999999999999999d", REFUSED },
		{ "999999999999999999d", REFUSED },
		{ "18446744073709551609", REFUSED },
		{ "9000000000000000000s9000000000000000000s", REFUSED },
	};

	(void)state;
	check_values(quantity_parse_seconds, cases, ARRAY_SIZE(cases));
}

static void rates(void **state)
{
	static const struct value_case cases[] = {
		{ "0", 0 },
		{ "8000", 8000 },
		{ "8000bit", 8000 },
		{ "800kbit", 800000 },
		{ "5mbit", 5000000 },
		{ "5Mbit", 5000000 },
		{ "1gbit", 1000000000 },
		{ "2.5mbit", 2500000 },
		{ "0.125kbit", 125 },
		{ "0.5bit", REFUSED },
		{ "5m", REFUSED },
		{ "5mb", REFUSED },
		{ "5mbits", REFUSED },
		{ "5mbit/s", REFUSED },
		{ "5 mbit", REFUSED },
		{ "mbit", REFUSED },
		{ "", REFUSED },
		{ "-5mbit", REFUSED },
		{ "5mbit5kbit", REFUSED },
		{ "18446744073709gbit", REFUSED },
	};

	(void)state;
	check_values(quantity_parse_rate, cases, ARRAY_SIZE(cases));
}

static void bytes(void **state)
{
	static const struct value_case cases[] = {
		{ "0", 0 },
		{ "512", 512 },
		{ "512B", 512 },
		{ "1kB", 1000 },
		{ "500MB", 500000000 },
		{ "500mb", 500000000 },
		{ "1.5GB", 1500000000 },
		{ "2TB", 2000000000000ULL },
		{ "1KiB", 1024 },
		{ "1MiB", 1 << 20 },
		{ "1GiB", 1 << 30 },
		{ "1TiB", 1ULL << 40 },
		{ "0.5GiB", 1 << 29 },
		{ "0.1KiB", REFUSED },
		{ "5M", REFUSED },
		{ "5 MB", REFUSED },
		{ "MB", REFUSED },
		{ "", REFUSED },
		{ "-1", REFUSED },
		{ "99999999999TiB", REFUSED },
	};

	(void)state;
	check_values(quantity_parse_bytes, cases, ARRAY_SIZE(cases));
}

/* What is written is read back. */
static void printed(void **state)
{
	static const struct {
		void (*print)(uint64_t v, FILE *out);
		bool (*parse)(const char *text, uint64_t *out);
		uint64_t value;
		const char *text;
	} cases[] = {
		{ quantity_print_number, quantity_parse_number, 0, "0" },
		{ quantity_print_number, quantity_parse_number, 3600, "3600" },
		{ quantity_print_seconds, quantity_parse_seconds, 0, "0" },
		{ quantity_print_seconds, quantity_parse_seconds, 59, "59s" },
		{ quantity_print_seconds, quantity_parse_seconds, 90, "90s" },
		{ quantity_print_seconds, quantity_parse_seconds, 5400, "90m" },
		{ quantity_print_seconds, quantity_parse_seconds, 86400, "1d" },
		{ quantity_print_rate, quantity_parse_rate, 1, "1bit" },
		{ quantity_print_rate, quantity_parse_rate, 2500000,
		  "2500kbit" },
		{ quantity_print_rate, quantity_parse_rate, 5000000, "5mbit" },
		{ quantity_print_bytes, quantity_parse_bytes, 1000, "1kB" },
		{ quantity_print_bytes, quantity_parse_bytes, 1024, "1KiB" },
		{ quantity_print_bytes, quantity_parse_bytes, 1024000,
		  "1000KiB" },
		{ quantity_print_bytes, quantity_parse_bytes, 1023, "1023B" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[32] = "";
		uint64_t back = 1;
		FILE *f = fmemopen(text, sizeof(text), "w");

		assert_non_null(f);
		cases[i].print(cases[i].value, f);
		fclose(f);
		assert_string_equal(text, cases[i].text);
		assert_true(cases[i].parse(text, &back));
		assert_true(back == cases[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers), cmocka_unit_test(seconds),
		cmocka_unit_test(rates),   cmocka_unit_test(bytes),
		cmocka_unit_test(printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

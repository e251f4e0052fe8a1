/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/array.h"
#include "common/city/city_login.h"

#define LOGIN                                                                  \
	"config city\n"                                                        \
	"\toption city 'Musterstadt'\n"                                        \
	"\toption site 'rathaus'\n"                                            \
	"\toption district 'Mitte'\n"                                          \
	"\toption user 'box-rathaus'\n"                                        \
	"\toption password 'Kn0bl@uch:'\n"                                     \
	"\tlist server 'store.example:6380'\n"                                 \
	"\tlist server '[2001:db8::1]:6381'\n"                                 \
	"\tlist server '192.0.2.7:1'\n"                                        \
	"\toption shift '4h'\n"                                                \
	"\toption generation '7'\n"

static char path[] = "/tmp/stadttor-login-XXXXXX";

static struct city_login *read_text(const char *text, char error[UCI_ERROR_MAX])
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return city_login_read(path, error);
}

static void test_all_is_read(void **state)
{
	const struct city_server *s;
	char error[UCI_ERROR_MAX];
	struct city_login *l = read_text(LOGIN, error);

	(void)state;
	assert_non_null(l);
	assert_string_equal(city_login_city(l), "Musterstadt");
	assert_string_equal(city_login_site(l), "rathaus");
	assert_string_equal(city_login_district(l), "Mitte");
	assert_string_equal(city_login_user(l), "box-rathaus");
	assert_string_equal(city_login_password(l), "Kn0bl@uch:");
	assert_int_equal(city_login_shift_s(l), 4 * 3600);
	assert_int_equal(city_login_generation(l), 7);
	assert_int_equal(city_login_servers(l, &s), 3);
	assert_string_equal(s[0].host, "store.example");
	assert_int_equal(s[0].port, 6380);
	assert_false(s[0].is_address);
	assert_string_equal(s[1].host, "2001:db8::1");
	assert_int_equal(s[1].port, 6381);
	assert_true(s[1].is_address && s[2].is_address);
	city_login_free(l);
}

static void test_errors_say_where_and_what(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "", ":1: allowed here: one section 'config city'" },
		{ "config zone 'a'\n",
		  ":1: allowed here: one section 'config city'" },
		{ LOGIN "config city\n",
		  ":12: a second section, allowed: one 'config city'" },
		{ "\nconfig city\n",
		  ":2: this city section needs an option 'city'" },
		{ LOGIN "\toption site 'Rathaus'\n",
		  ":12: site is given twice" },
		{ LOGIN "\toption key 'x'\n",
		  ":12: unknown option 'key' in a city section" },
		{ LOGIN "\tlist server 'store.example'\n",
		  ":12: invalid value 'store.example' for server, allowed: "
		  "host:port or [ipv6]:port" },
		{ "config city\n\toption site 'Rathaus'\n",
		  ":2: invalid value 'Rathaus' for site, allowed: 1 to 32 of "
		  "a-z, 0-9 and '-'" },
		{ "config city\n\toption password 'two words'\n",
		  ":2: invalid value '...' for password, allowed: 1 to 128 "
		  "visible characters of ASCII" },
		{ "config city\n\toption generation '256'\n",
		  ":2: invalid value '256' for generation, allowed: a whole "
		  "number, from 0 to 255" },
		{ "config city\n\toption shift '1d'\n",
		  ":2: invalid value '1d' for shift, allowed: a time such as "
		  "90, 15m, 8h or 2d, from 0 to 86399s" },
	};
	char error[UCI_ERROR_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_null(read_text(cases[i].text, error));
		assert_memory_equal(error, path, strlen(path));
		assert_string_equal(error + strlen(path), cases[i].error);
	}
}

static void test_at_most_eight_servers(void **state)
{
	char text[2048] = LOGIN, error[UCI_ERROR_MAX];

	(void)state;
	for (int i = 0; i < 6; i++)
		strcat(text, "\tlist server 'a:1'\n");
	assert_null(read_text(text, error));
	assert_non_null(strstr(error, ":1: more than 8 of server"));
}

static void test_no_file_is_no_error(void **state)
{
	char error[UCI_ERROR_MAX] = "x";

	(void)state;
	assert_null(city_login_read("/nonexistent/login", error));
	assert_string_equal(error, "");
}

static void test_servers(void **state)
{
	static const char *const wrong[] = {
		"",	   ":",	       "a:",	     ":1",	    "a:0",
		"a:65536", "a:-1",     "a: 1",	     "a:1x",	    "a b:1",
		"a/b:1",   "[::1]",    "[a]:1",	     "2001:db8::1", "[::1:1",
		"a@b:1",   "a:000001", "\xc3\xa4:1",
	};
	struct city_server s;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (city_server_parse(&s, wrong[i]))
			fail_msg("'%s' is taken", wrong[i]);
	assert_true(city_server_parse(&s, "a:65535") && s.port == 65535);
}

static int make_file(void **state)
{
	(void)state;
	return mkstemp(path) < 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_is_read),
		cmocka_unit_test(test_errors_say_where_and_what),
		cmocka_unit_test(test_at_most_eight_servers),
		cmocka_unit_test(test_no_file_is_no_error),
		cmocka_unit_test(test_servers),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}

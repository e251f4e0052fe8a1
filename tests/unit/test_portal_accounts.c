/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/array.h"
#include "portal/admin/accounts.h"
#include "portal/admin/admin_session.h"
#include "portal/util/hex.h"

#define SALT  "000102030405060708090a0b0c0d0e0f"
#define HASH  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define USER  "user:anna:scrypt:14:8:1:" SALT ":" HASH "\n"
#define TOKEN "token:prometheus:sha256:" HASH "\n"

static struct accounts *parse(const char *text, char error[ACCOUNTS_ERROR_MAX])
{
	*error = '\0';
	return accounts_parse("accounts", text, strlen(text), error);
}

static void test_good(void **state)
{
	static const struct {
		const char *text;
		size_t count;
	} files[] = {
		{ "", 0 },
		{ "\n\n", 0 },
		{ "# nobody\n  # yet\n\t\n", 0 },
		{ USER, 1 },
		{ USER TOKEN, 2 },
		{ "user:a:scrypt:14:8:1:" SALT ":" HASH ":vouchers\n", 1 },
		{ "token:a:sha256:" HASH ":all", 1 },
		{ "user:anna:scrypt:14:8:1:" SALT ":" HASH, 1 },
		{ "# x\n" TOKEN "\n" USER, 2 },
		{ "token:anna:sha256:" HASH "\n" USER, 2 },
		{ "user:a.b_c-9:scrypt:10:1:1:0001020304050607:" HASH "\n", 1 },
		{ "user:anna:scrypt:17:8:1:" SALT ":" HASH "\n", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char error[ACCOUNTS_ERROR_MAX];
		struct accounts *a = parse(files[i].text, error);

		if (!a)
			fail_msg("%s: %s", files[i].text, error);
		assert_int_equal(a->count, files[i].count);
		accounts_free(a);
	}
}

static void test_roles(void **state)
{
	(void)state;
	for (int r = 0; r < ACCOUNT_ROLES; r++) {
		char line[ACCOUNTS_LINE_MAX] = USER;
		char error[ACCOUNTS_ERROR_MAX];
		struct accounts *a;

		accounts_put_role(line, (enum account_role)r);
		/* as earlier versions know it */
		assert_int_equal(!strcmp(line, USER), r == ACCOUNT_READ);
		a = parse(line, error);
		assert_non_null(a);
		assert_int_equal(a->account[0].role, r);
		accounts_free(a);
	}
}

static void test_bad(void **state)
{
	static const struct {
		const char *text;
		const char *error; /* its start */
	} files[] = {
		{ "x\n", "accounts:1: a line starts" },
		{ "user:a:scrypt:14:8:1:" SALT ":" HASH ":root\n",
		  "accounts:1: a user is" },
		{ "user:a:scrypt:14:8:1:" SALT ":" HASH ":\n",
		  "accounts:1: a user is" },
		{ "token:a:sha256:" HASH ":all:all", "accounts:1: a token is" },
		{ "USER:anna:scrypt\n", "accounts:1: a line starts" },
		{ "\n\nuser\n", "accounts:3: a name" },
		{ "user::scrypt:14:8:1:" SALT ":" HASH "\n",
		  "accounts:1: a name" },
		{ "user:an na:scrypt:14:8:1:" SALT ":" HASH "\n",
		  "accounts:1: a name" },
		{ "user:123456789012345678901234567890123:scrypt:14:8:1:" SALT
		  ":" HASH "\n",
		  "accounts:1: a name" },
		{ USER USER, "accounts:2: a second account" },
		{ TOKEN "#\n" TOKEN, "accounts:3: a second account" },
		{ "user:anna:bcrypt:14:8:1:" SALT ":" HASH "\n",
		  "accounts:1: a user is" },
		{ "user:anna:scrypt:14:8:1:" SALT "\n",
		  "accounts:1: a user is" },
		{ "user:anna:scrypt:14:8:1:" SALT ":" HASH ":x\n",
		  "accounts:1: a user is" },
		{ "user:anna:scrypt:9:8:1:" SALT ":" HASH "\n",
		  "accounts:1: scrypt takes" },
		{ "user:anna:scrypt:18:8:1:" SALT ":" HASH "\n",
		  "accounts:1: scrypt takes" },
		{ "user:anna:scrypt:14:33:1:" SALT ":" HASH "\n",
		  "accounts:1: scrypt takes" },
		{ "user:anna:scrypt:14:8:5:" SALT ":" HASH "\n",
		  "accounts:1: scrypt takes" },
		{ "user:anna:scrypt:14:8:0:" SALT ":" HASH "\n",
		  "accounts:1: scrypt takes" },
		{ "user:anna:scrypt:-4:8:1:" SALT ":" HASH "\n",
		  "accounts:1: scrypt takes" },
		{ "user:anna:scrypt:0000000000014:8:1:" SALT ":" HASH "\n",
		  "accounts:1: scrypt takes" },
		{ "user:anna:scrypt:17:32:1:" SALT ":" HASH "\n",
		  "accounts:1: scrypt would take" },
		{ "user:anna:scrypt:14:8:1:0102:" HASH "\n",
		  "accounts:1: the salt" },
		{ "user:anna:scrypt:14:8:1:" SALT SALT SALT ":" HASH "\n",
		  "accounts:1: the salt" },
		{ "user:anna:scrypt:14:8:1:" SALT ":" HASH "00\n",
		  "accounts:1: the hash" },
		{ "user:anna:scrypt:14:8:1:" SALT ":" HASH "\r\n",
		  "accounts:1: the hash" },
		{ "token:x:sha256:0011\n", "accounts:1: the hash" },
		{ "token:x:md5:" HASH "\n", "accounts:1: a token is" },
		{ "token:x:sha256:g0" HASH "\n", "accounts:1: the hash" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char error[ACCOUNTS_ERROR_MAX];

		assert_null(parse(files[i].text, error));
		if (strncmp(error, files[i].error, strlen(files[i].error)))
			fail_msg("%s: %s", files[i].text, error);
	}
}

static void test_nul(void **state)
{
	static const char text[] = "# a\0b\n";
	char error[ACCOUNTS_ERROR_MAX];

	(void)state;
	assert_null(accounts_parse("f", text, sizeof(text) - 1, error));
	assert_string_equal(error, "f: holds a NUL byte");
}

static void test_too_many(void **state)
{
	static char text[ACCOUNTS_FILE_MAX];
	char error[ACCOUNTS_ERROR_MAX];
	size_t len = 0;
	struct accounts *a;

	(void)state;
	for (int i = 0; i < ACCOUNTS_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"token:t%d:sha256:" HASH "\n", i);
	a = accounts_parse("f", text, len, error);
	assert_non_null(a);
	accounts_free(a);
	snprintf(text + len, sizeof(text) - len, "%s", USER);
	assert_null(parse(text, error));
	assert_non_null(strstr(error, ":65: more than 64"));
}

static void test_files(void **state)
{
	char error[ACCOUNTS_ERROR_MAX];
	struct accounts *a = accounts_read("/nonexistent/accounts", error);

	(void)state;
	assert_non_null(a);
	assert_int_equal(a->count, 0);
	accounts_free(a);
	assert_null(accounts_read("/", error));
	assert_non_null(strstr(error, "/: "));
}

/* What is written is read back, and lets in who it is for. */
static void test_passwords(void **state)
{
	char line[ACCOUNTS_LINE_MAX], other[ACCOUNTS_LINE_MAX];
	char text[2 * ACCOUNTS_LINE_MAX];
	char error[ACCOUNTS_ERROR_MAX];
	struct accounts *a;

	(void)state;
	assert_int_equal(accounts_build_user(line, "anna", "correct horse"), 0);
	assert_int_equal(accounts_build_user(other, "ben", "correct horse"), 0);
	assert_null(strstr(line, "correct"));
	assert_string_not_equal(strrchr(line, ':'), strrchr(other, ':'));
	snprintf(text, sizeof(text), "%s%s", line, other);
	a = parse(text, error);
	assert_non_null(a);
	assert_ptr_equal(accounts_check_password(a, "anna", "correct horse"),
			 &a->account[0]);
	assert_ptr_equal(accounts_check_password(a, "ben", "correct horse"),
			 &a->account[1]);
	assert_null(accounts_check_password(a, "anna", "correct hors"));
	assert_null(accounts_check_password(a, "anna", ""));
	assert_null(accounts_check_password(a, "carl", "correct horse"));
	assert_null(accounts_check_password(a, "", ""));
	accounts_free(a);
}

/* RFC 7914 section 12, third vector: N 16384, r 8, p 1. */
static void test_vector(void **state)
{
	static const char text[] =
		"user:x:scrypt:14:8:1:536f6469756d43686c6f72696465:"
		"7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1"
		"f2\n";
	char error[ACCOUNTS_ERROR_MAX];
	struct accounts *a = parse(text, error);

	(void)state;
	assert_non_null(a);
	assert_non_null(accounts_check_password(a, "x", "pleaseletmein"));
	accounts_free(a);
}

static void test_no_users(void **state)
{
	static const struct accounts nobody;

	(void)state;
	assert_null(accounts_check_password(&nobody, "anna", "x"));
	assert_null(accounts_check_token(&nobody, ""));
}

static void test_tokens(void **state)
{
	char line[ACCOUNTS_LINE_MAX];
	char token[ACCOUNTS_TOKEN_MAX], again[ACCOUNTS_TOKEN_MAX];
	char error[ACCOUNTS_ERROR_MAX];
	struct accounts *a;

	(void)state;
	assert_int_equal(accounts_build_token(line, "prom", again), 0);
	assert_int_equal(accounts_build_token(line, "prom", token), 0);
	assert_string_not_equal(token, again);
	assert_int_equal(strlen(token), 64);
	assert_null(strstr(line, token));
	a = parse(line, error);
	assert_non_null(a);
	assert_ptr_equal(accounts_check_token(a, token), &a->account[0]);
	assert_null(accounts_check_token(a, again));
	assert_null(accounts_check_token(a, ""));
	token[63] ^= 1;
	assert_null(accounts_check_token(a, token));
	accounts_free(a);
}

static void test_complaints(void **state)
{
	char longest[ACCOUNTS_PASSWORD_MAX + 2];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[ACCOUNTS_PASSWORD_MAX] = '\0';
	assert_null(accounts_password_complaint("0123456789"));
	assert_null(accounts_password_complaint("gr\xc3\xbc\xc3\x9f"
						"e aus"));
	assert_null(accounts_password_complaint(longest));
	assert_non_null(accounts_password_complaint("012345678"));
	assert_non_null(accounts_password_complaint("01234\t6789"));
	longest[ACCOUNTS_PASSWORD_MAX] = 'a';
	longest[ACCOUNTS_PASSWORD_MAX + 1] = '\0';
	assert_non_null(accounts_password_complaint(longest));
}

static void test_hex(void **state)
{
	uint8_t bytes[4] = { 0x00, 0x7f, 0x80, 0xff };
	uint8_t back[4];
	char text[9];

	(void)state;
	hex_build(text, bytes, sizeof(bytes));
	assert_string_equal(text, "007f80ff");
	assert_int_equal(hex_parse("007F80ff", back, sizeof(back)), 4);
	assert_memory_equal(bytes, back, sizeof(bytes));
	assert_int_equal(hex_parse("", back, sizeof(back)), 0);
	assert_int_equal(hex_parse("0", back, sizeof(back)), -1);
	assert_int_equal(hex_parse("0x", back, sizeof(back)), -1);
	assert_int_equal(hex_parse("0011223344", back, sizeof(back)), -1);
}

static void test_sessions(void **state)
{
	char key[ADMIN_SESSIONS + 1][ADMIN_SESSION_KEY_LEN + 1];
	struct admin_sessions *s = admin_sessions_new();
	struct accounts a = { .count = 1 };

	(void)state;
	assert_non_null(s);
	memset(a.account[0].hash, 7, ACCOUNTS_HASH);
	assert_false(admin_session_touch(s, ""));
	assert_false(admin_session_touch(s, HASH));
	for (int i = 0; i < ADMIN_SESSIONS; i++) {
		assert_true(admin_session_add(s, &a.account[0], key[i]));
		usleep(2000);
	}
	assert_true(admin_session_touch(s, key[0]));
	/* one more: the one that rested longest goes */
	assert_true(admin_session_add(s, &a.account[0], key[ADMIN_SESSIONS]));
	assert_true(admin_session_touch(s, key[0]));
	assert_false(admin_session_touch(s, key[1]));
	admin_session_remove(s, key[0]);
	assert_false(admin_session_touch(s, key[0]));
	admin_sessions_review(s, &a);
	assert_true(admin_session_touch(s, key[2]));
	a.account[0].hash[0]++; /* another password */
	admin_sessions_review(s, &a);
	assert_false(admin_session_touch(s, key[2]));
	admin_sessions_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_passwords),
		cmocka_unit_test(test_vector),
		cmocka_unit_test(test_no_users),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_complaints),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

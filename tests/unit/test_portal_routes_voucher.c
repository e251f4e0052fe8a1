/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which request gets which answer, where the way in is a code. */
#include "portal/guest/routes.h"
#include "portal/voucher/voucher_batch.h"
#include "tests/unit/guesttest.h"
#include "tests/unit/vouchertime.h"

#define NOW	1800000000 /* on a full minute */
#define DAY	86400
#define MINUTES 60
#define DEVICES 3
#define CODES	4

static struct voucher_settings files;
static char file[96], key_file[96];
static struct vouchers *vouchers;

static int start(void **state)
{
	guesttest_start(state);
	snprintf(file, sizeof(file), "%s/vouchers.sqlite", wire.folder);
	snprintf(key_file, sizeof(key_file), "%s/vouchers.key", wire.folder);
	files = (struct voucher_settings){ .file = file,
					   .key = key_file,
					   .tries_per_minute = 60 };
	now = (struct voucher_time){ .wall_s = NOW, .since_ms = 5000000 };
	vouchers = t.site.vouchers = vouchers_open(&files);
	if (!vouchers)
		return -1;
	vouchers_use_clock(vouchers, told_time, NULL);
	set_up(state);
	t.at = CODE_ZONE;
	return 0;
}

static int stop(void **state)
{
	vouchers_free(vouchers);
	return guesttest_stop(state);
}

static struct voucher_db *database(struct voucher_key *key)
{
	struct voucher_db *db;

	assert_int_equal(voucher_key_make(key, key_file), 0);
	assert_int_equal(voucher_db_open(&db, file, key, VOUCHER_DB_MAKE), 0);
	return db;
}

/* zone: where the codes are good; "": everywhere. The batch's number. */
static int64_t make(const char *zone, char codes[CODES][VOUCHER_CODE_MAX])
{
	struct voucher_key key;
	struct voucher_db *db = database(&key);
	struct voucher_batch batch = {
		.label = "summer",
		.created_s = now.wall_s,
		.valid_until_s = now.wall_s + DAY,
		.duration_s = MINUTES * 60,
		.devices = DEVICES,
		.count = CODES,
	};

	snprintf(batch.zone, sizeof(batch.zone), "%s", zone);
	assert_int_equal(voucher_batch_create(db, &key, &batch, codes), 0);
	voucher_db_close(db);
	return batch.id;
}

static void withdraw(int64_t batch)
{
	const struct voucher_target target = { .batch = batch };
	struct voucher_key key;
	struct voucher_db *db = database(&key);
	uint64_t *tags;
	size_t count;

	assert_int_equal(
		voucher_batch_revoke(db, &target, now.wall_s, &tags, &count),
		0);
	free(tags);
	voucher_db_close(db);
}

/* Whether the code has not been begun; begins it. */
static bool is_fresh(const char *code)
{
	struct voucher_pass p = { 0 };

	pass(15); /* one that was taken back rests for ten seconds */
	assert_int_equal(vouchers_redeem(vouchers, code, AF_INET,
					 t.zone[CODE_ZONE].name, &p),
			 VOUCHER_FINE);
	return p.is_first_use;
}

/* A form with that code, typed so; c says what else happens. */
static void type_code(struct guest_case c, const char *typed, const char *more)
{
	char form[256];

	snprintf(form, sizeof(form), ACCEPT "%s&code=%s", more, typed);
	c.line = "POST /accept";
	c.form = form;
	run_case(&c);
}

/* --- the way in --------------------------------------------------------- */

static void test_fine(void **state)
{
	const struct guest_case in = { .status = 303,
				       .location = "/status",
				       .asks = IPC_GRANT };
	char codes[CODES][VOUCHER_CODE_MAX];
	uint64_t tag;

	(void)state;
	make("", codes);
	type_code(in, codes[0], "");
	assert_int_equal(t.asked, 2);
	assert_int_equal(t.lookup.attempt, 1);
	assert_int_equal(t.lookup.shown, 0);
	tag = t.grant.tag;
	assert_int_not_equal(tag, 0);
	assert_int_equal(t.grant.tag_devices, DEVICES);
	assert_int_equal(t.grant.limits.duration_s, MINUTES * 60);
	assert_int_equal(t.grant.limits.quota_bytes, 0);
	assert_int_equal(t.grant.terms, TERMS);
	assert_int_equal(t.grant.extend + t.grant.replace, 0);
	pass(600);
	type_code(in, codes[0], "&replace=1");
	assert_int_equal(t.grant.replace, 1);
	assert_int_equal(t.grant.tag, tag);
	assert_int_equal(t.grant.limits.duration_s, MINUTES * 60 - 600);
	type_code(in, codes[1], "");
	assert_int_not_equal(t.grant.tag, tag);
}

/* As people type it. */
static void test_typed(void **state)
{
	const struct guest_case in = { .status = 303,
				       .location = "/status?lang=fr",
				       .asks = IPC_GRANT };
	char codes[CODES][VOUCHER_CODE_MAX], typed[64];

	(void)state;
	make("library", codes);
	snprintf(typed, sizeof(typed), "+%.5s+-+%s+", codes[0], codes[0] + 5);
	for (char *c = typed; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	type_code(in, typed, "&lang=fr");
	assert_string_equal(t.grant.language, "fr");
}

/* As it comes with a table's cell, a message, a link or the whole card. */
static void test_pasted(void **state)
{
	static const char *const around[][2] = {
		{ "%09", "%09" },
		{ "%22", "%22" },
		{ "%E2%80%9E", "%E2%80%9C%C2%A0" },
		{ "http%3A%2F%2F" HOST "%2F%3Fcode%3D", "%26lang%3Dde" },
		{ "WLAN%0D%0ARathaus%0D%0A",
		  "%0D%0A8+Stunden+ab+der+ersten+Anmeldung%0D%0Af%C3%BCr+bis+"
		  "zu+3+Ger%C3%A4te+gleichzeitig" },
	};
	const struct guest_case in = { .status = 303,
				       .location = "/status",
				       .asks = IPC_GRANT };
	char codes[CODES][VOUCHER_CODE_MAX], typed[200];

	(void)state;
	make("", codes);
	for (size_t i = 0; i < ARRAY_SIZE(around); i++) {
		snprintf(typed, sizeof(typed), "%s%.5s-%s%s", around[i][0],
			 codes[0], codes[0] + 5, around[i][1]);
		type_code(in, typed, "");
	}
}

/* Nobody is asked about either, and neither is used. */
static void test_two_codes(void **state)
{
	const struct guest_case refused = { .status = 200,
					    .has = { "notice_code_typo" } };
	char codes[CODES][VOUCHER_CODE_MAX], typed[64];

	(void)state;
	make("", codes);
	snprintf(typed, sizeof(typed), "%s+%s", codes[0], codes[1]);
	type_code(refused, typed, "");
	assert_true(is_fresh(codes[0]));
	assert_true(is_fresh(codes[1]));
}

static void test_page(void **state)
{
	static const struct guest_case cases[] = {
		{ .line = "GET /",
		  .status = 200,
		  .has = { "portal_code_intro", "code_label",
			   "name=\"code\" value=\"\"" },
		  .lacks = { "replace_device", "portal_intro",
			     "point_registration" },
		  .asks = IPC_LOOKUP },
		{ .line = "GET /?code=7K3PQ-M4WR9", /* of a printed QR code */
		  .status = 200,
		  .has = { "name=\"code\" value=\"7K3PQ-M4WR9\"" },
		  .asks = IPC_LOOKUP },
		{ .line = "GET /?code=%097k3pq%E2%80%91m4wr9%22.",
		  .status = 200,
		  .has = { "name=\"code\" value=\"7K3PQ-M4WR9\"" },
		  .asks = IPC_LOOKUP },
		{ .line = "GET /?code=call+0900", /* no code: not shown */
		  .status = 200,
		  .has = { "name=\"code\" value=\"\"" },
		  .asks = IPC_LOOKUP },
		/* a code has its minutes, whatever is tapped */
		{ .line = "POST /extend",
		  .form = ACCEPT,
		  .status = 303,
		  .location = "/status" },
	};

	(void)state;
	run_cases(cases, ARRAY_SIZE(cases));
}

/* --- what is wrong with it ---------------------------------------------- */

/* Forms that neither netctl nor the database is asked about. */
static void test_forms(void **state)
{
	static const struct guest_case cases[] = {
		{ .line = "POST /accept",
		  .form = ACCEPT,
		  .status = 200,
		  .has = { "notice_code_missing", "role=\"alert\"" } },
		{ .line = "POST /accept",
		  .form = ACCEPT "&code=",
		  .status = 200,
		  .has = { "notice_code_missing" } },
		{ .line = "POST /accept",
		  .form = ACCEPT "&code=%3Cb%3E",
		  .status = 200,
		  .has = { "notice_code_typo", "value=\"&lt;b&gt;\"" },
		  .lacks = { "<b>" } },
		{ .line = "POST /accept", /* longer than any code */
		  .form = ACCEPT "&code=aaaaaaaaaabbbbbbbbbbccccccccccdddddddd"
				 "ddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhh",
		  .status = 200,
		  .has = { "notice_code_typo", "name=\"code\" value=\"\"" } },
		{ .line = "POST /accept",
		  .form = "code=23456-789CD",
		  .status = 200,
		  .has = { "notice_terms", "value=\"23456-789CD\"" } },
		{ .line = "POST /accept",
		  .form = "terms=2&code=23456-789CD",
		  .status = 200,
		  .has = { "notice_terms_changed", "value=\"23456-789CD\"" } },
	};

	(void)state;
	run_cases(cases, ARRAY_SIZE(cases));
}

/* It is told, with the code in its field again; no grant is asked for. */
static void assert_notice(const char *code, const char *notice)
{
	char text[VOUCHER_CODE_TEXT_MAX], value[64];
	const struct guest_case c = { .status = 200,
				      .has = { notice, value, "code_label" },
				      .lacks = { "replace_device" },
				      .asks = IPC_LOOKUP };

	snprintf(value, sizeof(value), "value=\"%s\"",
		 voucher_code_to_text(code, text));
	type_code(c, code, "");
	assert_int_equal(t.asked, 1);
	assert_int_equal(t.lookup.attempt, 1);
}

static void test_wrong_codes(void **state)
{
	char codes[CODES][VOUCHER_CODE_MAX], other[CODES][VOUCHER_CODE_MAX];
	char never[VOUCHER_CODE_MAX];

	(void)state;
	make("", codes);
	assert_int_equal(voucher_code_make(never), 0);
	assert_notice(never, "notice_code_unknown");
	make("square", other);
	assert_notice(other[0], "notice_code_place");
	withdraw(make("", other));
	assert_notice(other[0], "notice_code_revoked");
	assert_true(is_fresh(codes[0]));
	pass(MINUTES * 60 + 60);
	assert_notice(codes[0], "notice_code_used_up");
	pass(DAY);
	assert_notice(codes[1], "notice_code_expired");
	t.site.vouchers = NULL;
	assert_notice(codes[1], "notice_code_unavailable");
}

/* --- what netctl refuses ------------------------------------------------ */

/* The attempt itself: then no code is looked up, nor begun. */
static void test_refused_attempts(void **state)
{
	static const struct {
		int32_t error;
		unsigned int status;
		const char *text;
	} cases[] = {
		{ -EDQUOT, 200, "notice_code_wait" },
		{ -ENOENT, 503, "error_unknown_title" },
		{ -EAGAIN, 503, "error_busy_title" },
		{ GATE_LEAVES, 503, "error_busy_title" },
		{ 0, 503, "error_busy_title" }, /* away */
	};
	char codes[CODES][VOUCHER_CODE_MAX];

	(void)state;
	make("", codes);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct guest_case c = {
			.error = cases[i].error,
			.is_away = !cases[i].error,
			.status = cases[i].status,
			.has = { cases[i].text },
			.asks = cases[i].error ? IPC_LOOKUP : IPC_NONE,
		};

		type_code(c, codes[0], "");
	}
	assert_true(is_fresh(codes[0]));
}

/* Nor while the zone is closed. */
static void test_closed(void **state)
{
	const struct ipc_session closed = { .is_closed = 1 };
	const struct guest_case c = { .says = &closed,
				      .status = 200,
				      .has = { "notice_closed" },
				      .lacks = { "button_accept" },
				      .asks = IPC_LOOKUP };
	char codes[CODES][VOUCHER_CODE_MAX];

	(void)state;
	make("", codes);
	type_code(c, codes[0], "");
	assert_true(is_fresh(codes[0]));
}

/* The grant: its minutes do not run, unless the device may be in. */
static void test_refused_grants(void **state)
{
	static const struct {
		int32_t error;
		unsigned int status;
		bool is_kept;
		const char *text;
	} cases[] = {
		{ -EUSERS, 200, true, "notice_code_devices" },
		{ -ENOSPC, 503, true, "error_full_title" },
		{ -ENOENT, 503, true, "error_unknown_title" },
		{ -EAGAIN, 503, true, "error_busy_title" },
		{ GATE_LEAVES, 503, false, "error_busy_title" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct guest_case c = { .grant_error = cases[i].error,
					.status = cases[i].status,
					.has = { cases[i].text },
					.asks = IPC_GRANT };
		char codes[CODES][VOUCHER_CODE_MAX];

		make("", codes);
		if (cases[i].error == -EUSERS)
			c.has[1] = "name=\"replace\"";
		else
			c.lacks[0] = "name=\"replace\"";
		type_code(c, codes[0], "");
		assert_int_equal(is_fresh(codes[0]), cases[i].is_kept);
	}
}

/* --- a reload meanwhile ------------------------------------------------- */

static void ask_no_code(void)
{
	if (t.type == IPC_LOOKUP)
		t.settings->zone[CODE_ZONE].ways = 1 << ZONE_AUTH_CLICK;
}

/* Then nobody looks it up, and the page tells what is enough. */
static void test_no_code_any_more(void **state)
{
	const struct guest_case c = { .status = 200,
				      .has = { "value=\"click\"" },
				      .lacks = { "code_label" },
				      .asks = IPC_LOOKUP };
	char codes[CODES][VOUCHER_CODE_MAX];

	(void)state;
	make("", codes);
	t.meanwhile = ask_no_code;
	type_code(c, codes[0], "");
	assert_true(is_fresh(codes[0]));
}

static void grant_without_code(void)
{
	if (t.type == IPC_GRANT)
		t.settings->zone[CODE_ZONE].ways = 1 << ZONE_AUTH_CLICK;
}

/* A code that was begun is taken back, whatever the zone asks for by now. */
static void test_code_began_before(void **state)
{
	const struct guest_case c = { .grant_error = -EUSERS,
				      .status = 200,
				      .has = { "notice_code_devices" },
				      .asks = IPC_GRANT };
	char codes[CODES][VOUCHER_CODE_MAX];

	(void)state;
	make("", codes);
	t.meanwhile = grant_without_code;
	type_code(c, codes[0], "");
	assert_true(is_fresh(codes[0]));
}

/* netctl hears of a language that there is. */
static void test_language_goes(void **state)
{
	const struct guest_case c = { .fields = "Accept-Language: uk\r\n",
				      .status = 303,
				      .location = "/status",
				      .lang = "de",
				      .asks = IPC_GRANT };
	char codes[CODES][VOUCHER_CODE_MAX];

	(void)state;
	make("", codes);
	read_fewer_pages();
	t.meanwhile = change_pages;
	type_code(c, codes[0], "");
	assert_string_equal(t.grant.language, "de");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fine),
		TEST(test_typed),
		TEST(test_pasted),
		TEST(test_two_codes),
		TEST(test_page),
		TEST(test_forms),
		TEST(test_wrong_codes),
		TEST(test_refused_attempts),
		TEST(test_closed),
		TEST(test_refused_grants),
		TEST(test_no_code_any_more),
		TEST(test_code_began_before),
		TEST(test_language_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

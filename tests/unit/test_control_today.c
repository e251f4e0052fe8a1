/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a zone gives a device a day. The day ends at midnight, UTC here. */
#include "tests/unit/controltest.h"

#include "netctl/control/today.h"

#define NOON_S 1796040000 /* 2026-11-30, 12:00 */
#define HOUR   (60 * MINUTE)
#define TIME   CONFIG("\toption idle '0'\n\toption daily_duration '1h'\n")
#define DATA   CONFIG("\toption idle '0'\n\toption daily_quota '1MB'\n")
#define CODE   7

/* By seconds, so that hours pass. */
static void advance(uint64_t ms)
{
	for (; ms; ms -= 1000) {
		assert_true(ms >= 1000);
		kernel.now_ms += 1000;
		event_base_loop(t.base, EVLOOP_NONBLOCK);
	}
	turn();
}

static void begin_at(const char *config, int64_t wall_s)
{
	kernel_boot();
	kernel.wall_s = wall_s - KERNEL_START_MS / 1000;
	kernel_add_device("test-wan", WAN_INDEX);
	kernel_add_device("test-square", SQUARE_INDEX);
	kernel_add_device("test-library", LIBRARY_INDEX);
	assert_int_equal(start_controller(config), 0);
	turn();
	join(1);
}

static int tap_again(unsigned int device)
{
	struct ipc_grant m = grant_of(device);
	int err;

	m.terms = 1;
	err = try_grant(&m, GRANT_ASKER_PORTAL);
	turn();
	return err;
}

static void log_out(unsigned int device)
{
	assert_int_equal(grant_log_out(t.controller, session_of(device)), 0);
	turn();
	assert_null(session_of(device));
}

static uint64_t left_s(unsigned int device)
{
	assert_non_null(session_of(device));
	return session_left_s(session_of(device), clock_ms());
}

static uint32_t told(unsigned int device)
{
	struct mac mac = mac_of(device);
	struct ipc_session m = { .left_s = 0 };

	if (session_of(device))
		describe_session(t.controller, session_of(device), &m);
	today_describe(t.controller, SQUARE, &mac, session_of(device), &m);
	return m.is_closed;
}

static void test_time(void **state)
{
	(void)state;
	begin_at(TIME, NOON_S);
	assert_int_equal(tap_again(1), 0);
	assert_int_equal(left_s(1), 3600);
	advance(40 * MINUTE);
	log_out(1);
	advance(3 * HOUR); /* not online, so not counted */
	assert_int_equal(told(1), IPC_CLOSED_NOT);
	assert_int_equal(tap_again(1), 0);
	assert_int_equal(left_s(1), 20 * 60);
	advance(20 * MINUTE);
	assert_null(session_of(1));
	assert_false(is_in(1));
	assert_int_equal(ended(SESSION_REASON_EXPIRED), 1);
	assert_int_equal(tap_again(1), -EDQUOT);
	assert_int_equal(told(1), IPC_CLOSED_TODAY);
	join(2);
	assert_int_equal(tap_again(2), 0); /* which is nobody else's matter */
	assert_quiet();
}

/* Cycles of seconds add up, too: no rest of any is given away. */
static void test_many_cycles(void **state)
{
	unsigned int cycles = 0;

	(void)state;
	begin_at(TIME, NOON_S);
	while (tap_again(1) == 0 && cycles < 100) {
		advance(59 * 1000);
		if (session_of(1))
			log_out(1);
		cycles++;
	}
	assert_in_range(cycles, 61, 62);
	assert_int_equal(tap_again(1), -EDQUOT);
}

static void test_data(void **state)
{
	(void)state;
	begin_at(DATA, NOON_S);
	assert_int_equal(tap_again(1), 0);
	move(1, 300000, 300000);
	log_out(1); /* with what no poll has seen */
	assert_int_equal(tap_again(1), 0);
	assert_in_range(session_of(1)->limits.quota_bytes, 399000, 401000);
	move(1, 200000, 200000);
	advance(2000);
	assert_null(session_of(1));
	assert_int_equal(ended(SESSION_REASON_QUOTA), 1);
	assert_int_equal(tap_again(1), -EDQUOT);
	assert_int_equal(told(1), IPC_CLOSED_TODAY);
}

/* A quota may slow down; what the day has is an end. */
static void test_slow_is_no_way_out(void **state)
{
	(void)state;
	begin_at(CONFIG("\toption idle '0'\n\toption quota '200kB'\n"
			"\toption over_quota 'slow'\n"
			"\toption daily_quota '1MB'\n"),
		 NOON_S);
	assert_int_equal(tap_again(1), 0);
	move(1, 300000, 0);
	advance(2000);
	assert_true(session_of(1)->reduced);
	move(1, 800000, 0);
	advance(6000);
	assert_null(session_of(1));
	assert_int_equal(tap_again(1), -EDQUOT);
}

static void test_midnight(void **state)
{
	(void)state;
	begin_at(TIME, NOON_S + 10 * 3600);
	assert_int_equal(tap_again(1), 0);
	advance(HOUR);
	assert_int_equal(tap_again(1), -EDQUOT);
	advance(HOUR - 2000);
	assert_int_equal(tap_again(1), -EDQUOT);
	advance(4000);
	assert_int_equal(told(1), IPC_CLOSED_NOT);
	assert_int_equal(tap_again(1), 0);
	assert_int_equal(left_s(1), 3600);
}

/* Of a session over midnight each day has its part. */
static void test_over_midnight(void **state)
{
	(void)state;
	begin_at(TIME, NOON_S + 11 * 3600 + 40 * 60);
	assert_int_equal(tap_again(1), 0);
	advance(30 * MINUTE);
	log_out(1);
	assert_int_equal(tap_again(1), 0);
	assert_in_range(left_s(1), 49 * 60, 51 * 60);
}

static void test_extending(void **state)
{
	struct ipc_grant more = grant_of(1);

	(void)state;
	begin_at(CONFIG("\toption idle '0'\n\toption daily_duration '90m'\n"),
		 NOON_S);
	more.terms = more.extend = 1;
	assert_int_equal(tap_again(1), 0);
	assert_int_equal(told(1), IPC_CLOSED_NOT);
	advance(20 * MINUTE);
	assert_int_equal(try_grant(&more, GRANT_ASKER_PORTAL), 0);
	turn();
	assert_int_equal(left_s(1), 60 * 60);
	advance(20 * MINUTE + 3000); /* no poll has seen the last of it */
	assert_int_equal(try_grant(&more, GRANT_ASKER_PORTAL), 0);
	turn();
	assert_in_range(left_s(1), 50 * 60 - 4, 50 * 60 - 3);
	assert_int_equal(told(1), IPC_CLOSED_TODAY); /* no more of it */
}

static void test_who_has_other_bounds(void **state)
{
	struct ipc_grant code = grant_of(1), operators = grant_of(1);

	(void)state;
	begin_at(TIME, NOON_S);
	code.tag = CODE;
	code.tag_devices = 1;
	code.limits.duration_s = 7200;
	assert_int_equal(tap_again(1), 0);
	advance(HOUR);
	assert_int_equal(tap_again(1), -EDQUOT);
	assert_int_equal(try_grant(&code, GRANT_ASKER_PORTAL), 0);
	turn();
	assert_int_equal(left_s(1), 3600); /* duration is its ceiling */
	advance(10 * MINUTE);
	assert_true(is_in(1));
	log_out(1);
	assert_int_equal(try_grant(&operators, GRANT_ASKER_OPERATOR), 0);
	turn();
	advance(10 * MINUTE);
	assert_true(is_in(1));
	log_out(1);
	assert_int_equal(tap_again(1), -EDQUOT);
}

/* What it had by a code leaves the taps of the day as they are. */
static void test_a_code_counts_for_itself(void **state)
{
	struct ipc_grant code = grant_of(1);

	(void)state;
	begin_at(TIME, NOON_S);
	code.tag = CODE;
	code.tag_devices = code.terms = 1;
	assert_int_equal(try_grant(&code, GRANT_ASKER_PORTAL), 0);
	turn();
	advance(30 * MINUTE);
	log_out(1);
	assert_int_equal(tap_again(1), 0);
	assert_int_equal(left_s(1), 3600);
}

static void test_the_other_zone(void **state)
{
	struct ipc_grant m = grant_of(2);

	(void)state;
	begin_at(TIME, NOON_S);
	join_zone(2, LIBRARY_INDEX);
	m.terms = 1;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
		turn();
		assert_int_equal(
			session_left_s(session_in(LIBRARY, 2), clock_ms()),
			8 * 3600);
		advance(HOUR);
		assert_int_equal(
			grant_log_out(t.controller, session_in(LIBRARY, 2)), 0);
		turn();
	}
}

static void put_file(char config[1024], const char *of)
{
	snprintf(config, 1024, "%.*s'/dev/shm/stadttor-today-%d'\n",
		 (int)(strstr(of, "''") - of), of, (int)getpid());
}

static void test_restart(void **state)
{
	char config[1024], path[64];

	(void)state;
	put_file(config, TIME);
	snprintf(path, sizeof(path), "/dev/shm/stadttor-today-%d",
		 (int)getpid());
	begin_at(config, NOON_S);
	join(2);
	assert_int_equal(tap_again(1), 0);
	assert_int_equal(tap_again(2), 0);
	advance(40 * MINUTE);
	log_out(1);
	restart(config);
	assert_int_equal(tap_again(1), 0);
	assert_in_range(left_s(1), 20 * 60 - 1, 20 * 60);
	log_out(2); /* counted once */
	assert_int_equal(tap_again(2), 0);
	assert_in_range(left_s(2), 20 * 60 - 5, 20 * 60);
	unlink(path);
}

/* The records are gone with the service; who is in has not got its time back.
 */
static void test_restart_without_records(void **state)
{
	(void)state;
	begin_at(TIME, NOON_S);
	assert_int_equal(tap_again(1), 0);
	advance(40 * MINUTE);
	restart(TIME);
	advance(5000);
	log_out(1);
	assert_int_equal(tap_again(1), 0);
	assert_in_range(left_s(1), 20 * 60 - 6, 20 * 60);
}

static void test_reload(void **state)
{
	(void)state;
	begin_at(TIME, NOON_S);
	assert_int_equal(tap_again(1), 0);
	advance(40 * MINUTE);
	controller_reload(t.controller,
			  settings_of(CONFIG("\toption idle '0'\n\toption "
					     "daily_duration '30m'\n")));
	advance(6000);
	assert_null(session_of(1));
	assert_int_equal(tap_again(1), -EDQUOT);
	controller_reload(t.controller, settings_of(CONFIG("")));
	assert_int_equal(tap_again(1), 0);
}

/* What was so far counts once the day is known. */
static void test_clock_is_set_later(void **state)
{
	(void)state;
	begin_at(TIME, 1000);
	assert_int_equal(tap_again(1), 0);
	advance(30 * MINUTE);
	kernel.wall_s += NOON_S;
	advance(2 * MINUTE);
	log_out(1);
	assert_int_equal(tap_again(1), 0);
	assert_in_range(left_s(1), 28 * 60 - 5, 28 * 60);
}

#define TEST(name) cmocka_unit_test_teardown(test_##name, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(time),
		TEST(many_cycles),
		TEST(data),
		TEST(slow_is_no_way_out),
		TEST(midnight),
		TEST(over_midnight),
		TEST(extending),
		TEST(who_has_other_bounds),
		TEST(a_code_counts_for_itself),
		TEST(the_other_zone),
		TEST(restart),
		TEST(restart_without_records),
		TEST(reload),
		TEST(clock_is_set_later),
	};

	setenv("TZ", "UTC0", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

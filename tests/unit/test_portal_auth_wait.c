/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ways in that answer when somebody outside has told them. */
#include "portal/guest/auth.h"
#include "tests/unit/guesttest.h"

#define REQUEST "GET / HTTP/1.1\r\nHost: " HOST "\r\n\r\n"

static struct {
	struct conn *conn; /* that waits; NULL: none could */
	unsigned int withdrawn, judged;
	enum page_notice notice;
} seen;

static void on_withdraw(void *arg)
{
	assert_ptr_equal(arg, &seen);
	seen.withdrawn++;
}

static void on_judged(struct conn *c, enum page_notice notice)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\n\r\nfine";

	seen.judged++;
	seen.notice = notice;
	conn_answer(c, answer, sizeof(answer) - 1);
}

static void on_request(struct conn *c, void *arg)
{
	(void)arg;
	assert_true(conn_hold(c));
	guest_of(c)->on_judged = on_judged;
	if (auth_wait(c, on_withdraw, &seen))
		seen.conn = c;
	else
		auth_answer(c, PAGE_NOTICE_ACCOUNT_UNAVAILABLE);
}

static int start(void **state)
{
	const struct conns_bounds bounds = {
		.max = 8, .max_per_device = 8, .request_s = 60, .answer_s = 60
	};
	struct conns_config config = { .on_request = on_request,
				       .on_close = guest_on_close,
				       .arg = &t.site,
				       .user_size = sizeof(struct guest) };

	(void)state;
	portaltest_open();
	config.base = wire.base;
	wire.conns = conns_new(&config, &bounds);
	return wire.conns ? 0 : -1;
}

static int set_up_waits(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	auth_waits_init(&t.site.auth_waits, wire.base, auth_on_late);
	return 0;
}

static int clear_waits(void **state)
{
	(void)state;
	auth_waits_clear(&t.site.auth_waits);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	return portaltest_close();
}

static void nothing(void)
{
}

static void answer_late(void)
{
	if (seen.conn && !seen.judged)
		auth_answer(seen.conn, PAGE_NOTICE_CODE_UNKNOWN);
}

static void leave_zone(void)
{
	if (seen.conn)
		conns_close_zone(wire.conns, &t.zone[0]);
}

static void send_request(void (*meanwhile)(void))
{
	struct accepted a = { .zone = &t.zone[0], .kind = LISTENER_HTTP };
	size_t others = t.site.auth_waits.queue.count;

	portaltest_exchange(REQUEST, &a, meanwhile);
	assert_int_equal(t.site.auth_waits.queue.count, others);
}

/* And nobody is told that it is not wanted. */
static void test_answered(void **state)
{
	(void)state;
	send_request(answer_late);
	assert_non_null(seen.conn);
	assert_int_equal(seen.judged, 1);
	assert_int_equal(seen.notice, PAGE_NOTICE_CODE_UNKNOWN);
	assert_int_equal(seen.withdrawn, 0);
}

static void test_closed(void **state)
{
	(void)state;
	send_request(leave_zone);
	assert_int_equal(seen.judged, 0);
	assert_int_equal(seen.withdrawn, 1);
}

static void test_late(void **state)
{
	(void)state;
	t.site.auth_waits.queue.span_ms = 0;
	send_request(nothing);
	assert_int_equal(seen.judged, 1);
	assert_int_equal(seen.notice, PAGE_NOTICE_ACCOUNT_UNAVAILABLE);
	assert_int_equal(seen.withdrawn, 1);
}

static void test_too_many(void **state)
{
	static struct auth_wait other[AUTH_WAITS_MAX];

	(void)state;
	for (size_t i = 1; i < ARRAY_SIZE(other); i++)
		deadline_start(&other[i].deadline, &t.site.auth_waits.queue);
	send_request(answer_late);
	assert_non_null(seen.conn);
	memset(&seen, 0, sizeof(seen));
	deadline_start(&other[0].deadline, &t.site.auth_waits.queue);
	send_request(nothing);
	assert_null(seen.conn);
	assert_int_equal(seen.notice, PAGE_NOTICE_ACCOUNT_UNAVAILABLE);
	assert_int_equal(seen.withdrawn, 0);
}

static struct addr client;

static void answer_and_tell_client(void)
{
	if (seen.conn && !seen.judged)
		client = conn_exchange(seen.conn)->client;
	answer_late();
}

/* Two of one device leave the places of others alone. */
static void test_too_many_of_one(void **state)
{
	static struct auth_wait other[AUTH_WAITS_PER_CLIENT];

	(void)state;
	send_request(answer_and_tell_client);
	assert_non_null(seen.conn);
	for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
		other[i].client = client;
		deadline_start(&other[i].deadline, &t.site.auth_waits.queue);
	}
	memset(&seen, 0, sizeof(seen));
	send_request(nothing);
	assert_null(seen.conn);
	assert_int_equal(seen.notice, PAGE_NOTICE_ACCOUNT_UNAVAILABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answered, set_up_waits,
						clear_waits),
		cmocka_unit_test_setup_teardown(test_closed, set_up_waits,
						clear_waits),
		cmocka_unit_test_setup_teardown(test_late, set_up_waits,
						clear_waits),
		cmocka_unit_test_setup_teardown(test_too_many, set_up_waits,
						clear_waits),
		cmocka_unit_test_setup_teardown(test_too_many_of_one,
						set_up_waits, clear_waits),
	};

	return cmocka_run_group_tests_name("auth_wait", tests, start, stop);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Webhooks, against a server of HTTP in the same loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <json-c/json.h>

#include "common/array.h"
#include "portal/netctl_client.h"
#include "portal/notify/notify.h"

#define LETTERS_MAX 64

static struct test {
	struct event_base *base;
	struct evhttp *server;
	struct netctl_client *netctl;
	struct notify *notify;
	struct settings settings;
	char url[64];
	char *urls[SETTINGS_NOTIFY];

	const char *list; /* what is not well, as JSON */
	unsigned int looks;
	int code; /* that the server answers */
	unsigned int requests;
	char letter[LETTERS_MAX][512]; /* that it has taken */
	size_t letters;
} t;

static struct json_object *on_list(const struct ipc_health *h, void *arg)
{
	(void)arg;
	assert_null(h); /* netctl is not there */
	t.looks++;
	return json_tokener_parse(t.list);
}

static void on_request(struct evhttp_request *r, void *arg)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r);
	const char *type = evhttp_find_header(
		evhttp_request_get_input_headers(r), "Content-Type");

	(void)arg;
	t.requests++;
	assert_int_equal(evhttp_request_get_command(r), EVHTTP_REQ_POST);
	assert_string_equal(type, "application/json");
	if (t.code / 100 == 2) {
		assert_true(t.letters < LETTERS_MAX);
		evbuffer_remove(in, t.letter[t.letters],
				sizeof(t.letter[0]) - 1);
		t.letters++;
	}
	evhttp_send_reply(r, t.code, NULL, NULL);
}

static void turn_until_look(unsigned int look)
{
	while (t.looks < look)
		event_base_loop(t.base, EVLOOP_ONCE);
}

/* The list is what so many looks see, and those that follow. */
static void look(const char *list, unsigned int times)
{
	t.list = list;
	turn_until_look(t.looks + times);
}

static void assert_letter(size_t i, const char *member, const char *value)
{
	struct json_object *o = json_tokener_parse(t.letter[i]);
	struct json_object *m = NULL;

	assert_non_null(o);
	json_object_object_get_ex(o, member, &m);
	assert_string_equal(m ? json_object_get_string(m) : "(none)", value);
	json_object_put(o);
}

static void await(size_t letters)
{
	while (t.letters < letters)
		event_base_loop(t.base, EVLOOP_ONCE);
}

/*
 * So many have come and no more: letters come in their order, so the next is
 * of what goes wrong now, and the one after that of its end.
 */
static void assert_letters(size_t count)
{
	const char *before = t.list;
	char list[512];

	snprintf(list, sizeof(list),
		 "[{\"level\":\"warn\",\"code\":\"mark\"}%s%s",
		 before[1] == ']' ? "" : ",", before + 1);
	t.list = list;
	await(count + 1);
	assert_letter(count, "code", "mark");
	t.list = before;
	await(count + 2);
	assert_letter(count + 1, "code", "mark");
	t.letters = count;
}

static int set_up(void **state)
{
	struct netctl_client_config nc = { .socket = "/nonexistent/sock" };
	struct notify_config c = { .list = on_list };
	struct evhttp_bound_socket *bound;
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	(void)state;
	memset(&t, 0, sizeof(t));
	t.code = 204;
	t.list = "[]";
	t.base = nc.base = c.base = event_base_new();
	t.netctl = c.netctl = netctl_client_new(&nc);
	t.notify = notify_new(&c);
	t.server = evhttp_new(t.base);
	assert_non_null(t.notify);
	bound = evhttp_bind_socket_with_handle(t.server, "127.0.0.1", 0);
	assert_non_null(bound);
	getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&sin,
		    &len);
	evhttp_set_gencb(t.server, on_request, NULL);
	snprintf(t.url, sizeof(t.url), "http://127.0.0.1:%u/secret",
		 ntohs(sin.sin_port));
	t.urls[0] = t.url;
	t.settings.portal.network = (char *)(size_t) "Bochum \"frei\"";
	t.settings.admin.notify = (struct conf_list){ t.urls, 1 };
	notify_hurry(t.notify, 1, 1000);
	notify_apply(t.notify, &t.settings);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	notify_free(t.notify);
	netctl_client_free(t.netctl);
	evhttp_free(t.server);
	event_base_free(t.base);
	return 0;
}

#define UPLINK                                                                 \
	"{\"level\":\"error\",\"code\":\"uplink_missing\",\"text\":\"gone\"}"
#define FULL(zone)                                                             \
	"{\"level\":\"warn\",\"code\":\"zone_full\",\"zone\":\"" zone          \
	"\",\"text\":\"full\"}"
#define WELL "[{\"level\":\"ok\",\"code\":\"all_well\",\"text\":\"fine\"}]"

static void test_told_once_and_when_it_is_over(void **state)
{
	(void)state;
	look("[" UPLINK "," FULL("guest") "]", 6);
	assert_letters(2);
	assert_letter(0, "state", "problem");
	assert_letter(0, "code", "uplink_missing");
	assert_letter(0, "level", "error");
	assert_letter(0, "text", "gone");
	assert_letter(0, "network", "Bochum \"frei\"");
	assert_letter(1, "code", "zone_full");
	assert_letter(1, "zone", "guest");
	look("[" UPLINK "]", 6);
	assert_letters(3);
	assert_letter(2, "state", "recovered");
	assert_letter(2, "code", "zone_full");
	look(WELL, 6);
	assert_letters(4);
	assert_letter(3, "state", "recovered");
	assert_letter(3, "code", "uplink_missing");
	look("[" UPLINK "]", 6); /* anew */
	assert_letters(5);
	assert_letter(4, "state", "problem");
}

/* Each list lasts one look, so that nothing is there twice in a row. */
static void test_a_blink_is_no_news(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		look(i % 2 ? "[" UPLINK "]" : WELL, 1);
	look(WELL, 1);
	assert_letters(0);
}

static void test_each_zone_by_itself(void **state)
{
	(void)state;
	look("[" FULL("a") "]", 4);
	look("[" FULL("b") "]", 4);
	assert_letters(3);
	assert_letter(0, "zone", "a");
	assert_letter(1, "zone", "a");
	assert_letter(1, "state", "recovered");
	assert_letter(2, "zone", "b");
}

static void test_what_is_not_delivered_waits(void **state)
{
	(void)state;
	t.code = 500;
	look("[" UPLINK "]", 3);
	look(WELL, 3);
	while (t.requests < 3)
		event_base_loop(t.base, EVLOOP_ONCE);
	assert_int_equal(t.letters, 0);
	t.code = 200;
	assert_letters(2); /* and in their order */
	assert_letter(0, "state", "problem");
	assert_letter(1, "state", "recovered");
}

static void test_the_oldest_goes(void **state)
{
	char list[64];

	(void)state;
	t.code = 503;
	for (int i = 0; i < 20; i++) {
		snprintf(list, sizeof(list),
			 "[{\"level\":\"warn\",\"code\":\"c%d\"}]", i);
		look(list, 4);
	}
	t.code = 200;
	await(16);
	assert_letters(16);
	assert_letter(15, "code", "c19");
	assert_letter(15, "state", "problem");
}

static void on_later(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	*(bool *)arg = true;
}

static void test_a_reload_is_no_news(void **state)
{
	const struct timeval later = { .tv_usec = 20000 }; /* than a look */
	bool is_later = false;
	unsigned int looks;

	(void)state;
	look("[" UPLINK "]", 4);
	notify_apply(t.notify, &t.settings);
	look("[" UPLINK "]", 4);
	assert_letters(1);
	t.settings.admin.notify.count = 0;
	notify_apply(t.notify, &t.settings);
	looks = t.looks;
	event_base_once(t.base, -1, EV_TIMEOUT, on_later, &is_later, &later);
	while (!is_later)
		event_base_loop(t.base, EVLOOP_ONCE);
	assert_int_equal(t.looks, looks);
}

/* Nor does one take away what waits, or the news that are on their way. */
static void test_a_reload_keeps_what_waits(void **state)
{
	char other[] = "http://127.0.0.1:1/nobody";

	(void)state;
	t.code = 500;
	look("[" UPLINK "]", 3);
	while (t.requests < 2)
		event_base_loop(t.base, EVLOOP_ONCE);
	t.urls[0] = other; /* and the address is the second now */
	t.urls[1] = t.url;
	t.settings.admin.notify.count = 2;
	notify_apply(t.notify, &t.settings);
	t.code = 200;
	assert_letters(1);
	assert_letter(0, "code", "uplink_missing");
}

static void test_two_addresses(void **state)
{
	(void)state;
	t.urls[1] = (char *)(size_t) "http://127.0.0.1:1/nobody";
	t.urls[2] = t.url;
	t.settings.admin.notify.count = 3;
	notify_apply(t.notify, &t.settings);
	look("[" UPLINK "]", 1);
	await(2);
	for (int i = 0; i < 2; i++)
		assert_letter(i, "code", "uplink_missing");
}

int main(void)
{
#define UNIT(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		UNIT(test_told_once_and_when_it_is_over),
		UNIT(test_a_blink_is_no_news),
		UNIT(test_each_zone_by_itself),
		UNIT(test_what_is_not_delivered_waits),
		UNIT(test_the_oldest_goes),
		UNIT(test_a_reload_is_no_news),
		UNIT(test_a_reload_keeps_what_waits),
		UNIT(test_two_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The connection engine over socket pairs, with handlers of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "portal/http/conn.h"

#define ANSWER	 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define TROUBLE	 "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
#define REQUEST	 "GET /x HTTP/1.1\r\nHost: portal.test\r\n\r\n"
#define LARGE	 (4 << 20)
#define USER_MAX 48

struct fixture {
	struct event_base *base;
	struct conns *conns;
	struct conn *held; /* the last one that waits */
	unsigned int requests, troubles, closes;
	unsigned int status; /* of the last trouble */
	bool holds;
	bool had_room;
	char path[64];
	char *large; /* what is answered instead, LARGE bytes */
};

static void on_request(struct conn *c, void *arg)
{
	static const char zero[USER_MAX];
	struct fixture *f = arg;
	struct exchange *x = conn_exchange(c);

	f->requests++;
	assert_ptr_equal(conn_arg(c), f);
	assert_memory_equal(x->user, zero, USER_MAX);
	memset(x->user, 0x5a, USER_MAX);
	snprintf(f->path, sizeof(f->path), "%s", x->request.path);
	if (f->holds) {
		f->had_room = conn_hold(c);
		f->held = f->had_room ? c : f->held;
		if (f->had_room)
			return;
	}
	if (f->large)
		conn_answer(c, f->large, LARGE);
	else
		conn_answer(c, ANSWER, strlen(ANSWER));
}

static void on_trouble(struct conn *c, unsigned int status, void *arg)
{
	struct fixture *f = arg;

	f->troubles++;
	f->status = status;
	conn_answer(c, TROUBLE, strlen(TROUBLE));
}

/* Each connection has bytes of its own, as its handler left them. */
static struct fixture *closing;

static void on_close(void *user)
{
	const unsigned char *byte = user;

	closing->closes++;
	for (size_t i = 1; i < USER_MAX; i++)
		assert_int_equal(byte[i], byte[0]);
}

static void start_for(struct fixture *f, bool is_for_operators, size_t max,
		      unsigned int max_per_device)
{
	const struct conns_bounds bounds = { .max = max,
					     .max_per_device = max_per_device,
					     .request_s = 60,
					     .answer_s = 60 };
	struct conns_config config = { .on_request = on_request,
				       .on_trouble = on_trouble,
				       .on_close = on_close,
				       .is_for_operators = is_for_operators,
				       .user_size = USER_MAX };

	memset(f, 0, sizeof(*f));
	closing = f;
	f->base = event_base_new();
	config.base = f->base;
	config.arg = f;
	f->conns = conns_new(&config, &bounds);
	assert_non_null(f->conns);
}

static void start(struct fixture *f, size_t max, unsigned int max_per_device)
{
	start_for(f, false, max, max_per_device);
}

static void stop(struct fixture *f)
{
	conns_free(f->conns);
	event_base_free(f->base);
	free(f->large);
}

static void turn(struct fixture *f)
{
	event_base_loop(f->base, EVLOOP_NONBLOCK);
}

static void send_text(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* The peer's end, with what it has sent before it is accepted. */
static int connect_as(struct fixture *f, const struct sockaddr *peer,
		      struct zone *zone, const char *text)
{
	struct accepted a = { .zone = zone,
			      .kind = LISTENER_HTTP,
			      .peer = peer };
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX,
				    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
				    0, pair),
			 0);
	send_text(pair[1], text);
	a.fd = pair[0];
	conns_accept(f->conns, &a);
	return pair[1];
}

/* device: the last byte of its address. */
static int connect_with(struct fixture *f, uint8_t device, struct zone *zone,
			const char *text)
{
	struct sockaddr_in peer = { .sin_family = AF_INET };
	uint8_t address[] = { 192, 0, 2, device };

	memcpy(&peer.sin_addr, address, sizeof(address));
	return connect_as(f, (struct sockaddr *)&peer, zone, text);
}

static int connect_from(struct fixture *f, uint8_t device, struct zone *zone)
{
	return connect_with(f, device, zone, "");
}

/* Of one /64; device: the last byte of its address. */
static int connect_over_ipv6(struct fixture *f, uint8_t device)
{
	struct sockaddr_in6 peer = { .sin6_family = AF_INET6 };
	uint8_t address[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = device };

	memcpy(&peer.sin6_addr, address, sizeof(address));
	return connect_as(f, (struct sockaddr *)&peer, NULL, "");
}

static bool is_closed(int fd)
{
	char byte;

	return read(fd, &byte, 1) == 0;
}

static void assert_answer(int fd, const char *answer)
{
	char got[256] = "";

	assert_int_equal(read(fd, got, sizeof(got)), strlen(answer));
	assert_string_equal(got, answer);
}

static void in_one_piece(void **state)
{
	struct fixture f;
	int fd;

	(void)state;
	start(&f, 8, 8);
	for (unsigned int i = 1; i <= 2; i++) { /* the second by the pool */
		fd = connect_from(&f, 1, NULL);
		send_text(fd, REQUEST);
		turn(&f);
		assert_answer(fd, ANSWER);
		assert_string_equal(f.path, "/x");
		assert_int_equal(f.requests, i);
		assert_int_equal(f.closes, i);
		assert_int_equal(conns_stats(f.conns)->answers[2], i);
		assert_int_equal(conns_count(f.conns), 0);
		close(fd);
	}
	stop(&f);
}

static void byte_by_byte(void **state)
{
	struct fixture f;
	int fd;

	(void)state;
	start(&f, 8, 8);
	fd = connect_from(&f, 1, NULL);
	for (const char *at = REQUEST; *at; at++) {
		assert_int_equal(f.requests, 0);
		assert_int_equal(write(fd, at, 1), 1);
		turn(&f);
	}
	assert_answer(fd, ANSWER);
	assert_int_equal(f.closes, 1);
	close(fd);
	stop(&f);
}

static void what_is_no_request(void **state)
{
	struct fixture f;
	int fd;

	(void)state;
	start(&f, 8, 8);
	fd = connect_from(&f, 1, NULL);
	send_text(fd, "GET / HTTP/1.1\r\nBad Field\r\n\r\n");
	turn(&f);
	assert_answer(fd, TROUBLE);
	assert_int_equal(f.troubles, 1);
	assert_int_equal(f.status, 400);
	assert_int_equal(f.requests, 0);
	close(fd);
	turn(&f);
	assert_int_equal(f.closes, 1);
	stop(&f);
}

/* Though the house is full: what has come is read, and no reset follows. */
static void more_than_a_request(void **state)
{
	static char request[REQUEST_MAX + 1000];
	struct fixture f;
	char more;
	int fd[2];

	(void)state;
	memset(request, 'x', sizeof(request) - 1);
	memcpy(request, "GET /", strlen("GET /"));
	start(&f, 1, 8);
	f.holds = true;
	fd[0] = connect_with(&f, 1, NULL, REQUEST);
	assert_true(f.had_room);
	fd[1] = connect_with(&f, 2, NULL, request);
	assert_answer(fd[1], TROUBLE);
	assert_int_equal(f.status, 431);
	assert_int_equal(read(fd[1], &more, 1), 0);
	for (size_t i = 0; i < 2; i++)
		close(fd[i]);
	stop(&f);
}

static void held_and_answered(void **state)
{
	struct fixture f;
	int fd;

	(void)state;
	start(&f, 8, 8);
	f.holds = true;
	fd = connect_from(&f, 1, NULL);
	send_text(fd, REQUEST);
	turn(&f);
	assert_true(f.had_room);
	assert_int_equal(f.closes, 0);
	assert_int_equal(conns_count(f.conns), 1);
	conn_answer(f.held, ANSWER, strlen(ANSWER));
	assert_answer(fd, ANSWER);
	assert_int_equal(f.closes, 1);
	assert_int_equal(conns_count(f.conns), 0);
	close(fd);
	stop(&f);
}

/* The oldest that dawdles goes, and whoever waits for a handler stays. */
static void places_of_all(void **state)
{
	struct fixture f;
	int fd[9];

	(void)state;
	start(&f, 4, 16);
	for (size_t i = 0; i < 5; i++)
		fd[i] = connect_from(&f, 1, NULL);
	assert_true(is_closed(fd[0]));
	assert_false(is_closed(fd[1]));
	assert_int_equal(f.troubles, 0);
	assert_int_equal(conns_count(f.conns), 4);
	f.holds = true;
	for (size_t i = 5; i < 9; i++) {
		fd[i] = connect_with(&f, 2, NULL, REQUEST);
		assert_true(f.had_room);
		assert_true(is_closed(fd[i - 4]));
		assert_int_equal(conns_count(f.conns), 4);
	}
	assert_int_equal(conns_stats(f.conns)->rejected, 5);
	/* all of them wait for their handlers: nobody goes */
	close(fd[0]);
	fd[0] = connect_from(&f, 3, NULL);
	assert_int_equal(f.troubles, 1);
	assert_int_equal(f.status, 503);
	assert_int_equal(conns_stats(f.conns)->rejected, 6);
	for (size_t i = 0; i < 9; i++)
		close(fd[i]);
	stop(&f);
	assert_int_equal(f.closes, 10);
}

/* Bytes buy no time: the oldest is the one that came first. */
static void oldest_by_its_arrival(void **state)
{
	struct fixture f;
	int fd[3];

	(void)state;
	start(&f, 2, 8);
	fd[0] = connect_with(&f, 1, NULL, "GET / HT");
	fd[1] = connect_from(&f, 1, NULL);
	send_text(fd[0], "TP/1.1\r\n");
	turn(&f);
	fd[2] = connect_from(&f, 1, NULL);
	assert_true(is_closed(fd[0]));
	send_text(fd[1], REQUEST);
	send_text(fd[2], REQUEST);
	turn(&f);
	assert_answer(fd[1], ANSWER);
	assert_answer(fd[2], ANSWER);
	for (size_t i = 0; i < 3; i++)
		close(fd[i]);
	stop(&f);
}

/* What many do does not cost the place of the few that do something else. */
static void the_largest_group_loses(void **state)
{
	struct fixture f;
	int fd[12], reader;

	(void)state;
	start(&f, 6, 8);
	fd[0] = connect_from(&f, 1, NULL);
	fd[1] = connect_from(&f, 2, NULL);
	f.large = malloc(LARGE);
	assert_non_null(f.large);
	memset(f.large, 'x', LARGE);
	reader = connect_with(&f, 3, NULL, REQUEST); /* takes a part of it */
	for (uint8_t i = 2; i < 12; i++) {
		fd[i] = connect_over_ipv6(&f, i);
		assert_int_equal(conns_count(f.conns), i < 5 ? i + 2 : 6);
	}
	for (size_t i = 2; i < 12; i++)
		assert_int_equal(is_closed(fd[i]), i < 9);
	assert_false(is_closed(fd[0]));
	assert_false(is_closed(fd[1]));
	assert_int_equal(f.closes, 7);
	free(f.large);
	f.large = NULL;
	send_text(fd[0], REQUEST);
	turn(&f);
	assert_answer(fd[0], ANSWER);
	for (size_t i = 0; i < 12; i++)
		close(fd[i]);
	close(reader);
	stop(&f);
}

/* Those that do not read their answers can be told to go, too. */
static void readers_lose_their_places(void **state)
{
	struct fixture f;
	int fd[4];

	(void)state;
	start(&f, 3, 8);
	f.large = malloc(LARGE);
	assert_non_null(f.large);
	memset(f.large, 'x', LARGE);
	for (size_t i = 0; i < 3; i++)
		fd[i] = connect_with(&f, 1, NULL, REQUEST);
	assert_int_equal(conns_count(f.conns), 3);
	fd[3] = connect_from(&f, 2, NULL);
	assert_int_equal(conns_count(f.conns), 3);
	assert_int_equal(f.closes, 1);
	free(f.large);
	f.large = NULL;
	send_text(fd[3], REQUEST);
	turn(&f);
	assert_answer(fd[3], ANSWER);
	for (size_t i = 0; i < 4; i++)
		close(fd[i]);
	stop(&f);
}

/* Reading on after an answer is worth a place that is free, no other. */
static void answers_push_nobody_out(void **state)
{
	struct fixture f;
	int fd[3];

	(void)state;
	start(&f, 2, 8);
	fd[0] = connect_from(&f, 1, NULL);
	fd[1] = connect_from(&f, 1, NULL);
	fd[2] = connect_with(&f, 2, NULL, "no request\r\n");
	assert_answer(fd[2], TROUBLE);
	assert_true(is_closed(fd[2]));
	assert_false(is_closed(fd[0]));
	assert_false(is_closed(fd[1]));
	for (size_t i = 0; i < 3; i++)
		close(fd[i]);
	stop(&f);
}

/* With fewer places than before the next one to come makes room for all. */
static void places_become_fewer(void **state)
{
	const struct conns_bounds fewer = {
		.max = 2, .max_per_device = 8, .request_s = 60, .answer_s = 60
	};
	struct fixture f;
	int fd[5];

	(void)state;
	start(&f, 4, 8);
	for (size_t i = 0; i < 4; i++)
		fd[i] = connect_from(&f, 1, NULL);
	conns_set_bounds(f.conns, &fewer);
	fd[4] = connect_from(&f, 1, NULL);
	assert_int_equal(conns_count(f.conns), 2);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(is_closed(fd[i]), i < 3);
		close(fd[i]);
	}
	stop(&f);
}

/*
 * An operator's connection wipes what it leaves behind, but not what the one
 * has sent that it makes room for.
 */
static void room_keeps_what_came(void **state)
{
	struct fixture f;
	int fd[2];

	(void)state;
	start_for(&f, true, 1, 8);
	fd[0] = connect_with(&f, 1, NULL, "GET /first HTTP/1.1\r\n");
	fd[1] = connect_with(&f, 1, NULL, "GET /sec");
	assert_true(is_closed(fd[0]));
	send_text(fd[1], "ond HTTP/1.1\r\nHost: portal.test\r\n\r\n");
	turn(&f);
	assert_answer(fd[1], ANSWER);
	assert_string_equal(f.path, "/second");
	close(fd[0]);
	close(fd[1]);
	stop(&f);
}

/* Guests of a zone share a /64; an operator has one at least. */
static void places_of_a_network(void **state)
{
	struct fixture f;
	int fd[3];

	(void)state;
	for (int is_for_operators = 0; is_for_operators < 2;
	     is_for_operators++) {
		start_for(&f, is_for_operators, 16, 2);
		for (uint8_t i = 0; i < 3; i++)
			fd[i] = connect_over_ipv6(&f, i);
		assert_int_equal(f.troubles, is_for_operators);
		assert_int_equal(conns_count(f.conns),
				 is_for_operators ? 2 : 3);
		for (size_t i = 0; i < 3; i++)
			close(fd[i]);
		stop(&f);
	}
}

static void places_of_a_device(void **state)
{
	struct fixture f;
	int fd[4];

	(void)state;
	start(&f, 16, 2);
	for (size_t i = 0; i < 3; i++) {
		fd[i] = connect_from(&f, 1, NULL);
		turn(&f);
	}
	assert_int_equal(f.troubles, 1);
	fd[3] = connect_from(&f, 2, NULL);
	turn(&f);
	assert_int_equal(f.troubles, 1);
	assert_int_equal(conns_count(f.conns), 3);
	close(fd[0]); /* its place is free again */
	turn(&f);
	assert_int_equal(conns_count(f.conns), 2);
	for (size_t i = 1; i < 4; i++)
		close(fd[i]);
	stop(&f);
}

static void more_than_the_socket_takes(void **state)
{
	static char buf[65536];
	struct fixture f;
	size_t got = 0;
	ssize_t n;
	int fd;

	(void)state;
	start(&f, 8, 8);
	f.large = malloc(LARGE);
	assert_non_null(f.large);
	memset(f.large, 'x', LARGE);
	memcpy(f.large, ANSWER, strlen(ANSWER));
	fd = connect_from(&f, 1, NULL);
	send_text(fd, REQUEST);
	turn(&f);
	assert_int_equal(f.closes, 0);
	while (!f.closes || (n = read(fd, buf, sizeof(buf))) > 0) {
		n = f.closes ? n : read(fd, buf, sizeof(buf));
		got += n > 0 ? (size_t)n : 0;
		turn(&f);
	}
	assert_int_equal(got, LARGE);
	close(fd);
	stop(&f);
}

static void its_zone_goes(void **state)
{
	struct zone gone = { .name = "gone" }, other = { .name = "other" };
	struct fixture f;
	char byte;
	int fd[2];

	(void)state;
	start(&f, 8, 8);
	fd[0] = connect_from(&f, 1, &gone);
	fd[1] = connect_from(&f, 2, &other);
	turn(&f);
	conns_close_zone(f.conns, &gone);
	assert_int_equal(f.closes, 1);
	assert_int_equal(conns_count(f.conns), 1);
	assert_int_equal(read(fd[0], &byte, 1), 0);
	send_text(fd[1], REQUEST);
	turn(&f);
	assert_answer(fd[1], ANSWER);
	close(fd[0]);
	close(fd[1]);
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_one_piece),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(what_is_no_request),
		cmocka_unit_test(more_than_a_request),
		cmocka_unit_test(held_and_answered),
		cmocka_unit_test(places_of_all),
		cmocka_unit_test(oldest_by_its_arrival),
		cmocka_unit_test(the_largest_group_loses),
		cmocka_unit_test(readers_lose_their_places),
		cmocka_unit_test(answers_push_nobody_out),
		cmocka_unit_test(places_become_fewer),
		cmocka_unit_test(room_keeps_what_came),
		cmocka_unit_test(places_of_a_network),
		cmocka_unit_test(places_of_a_device),
		cmocka_unit_test(more_than_the_socket_takes),
		cmocka_unit_test(its_zone_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

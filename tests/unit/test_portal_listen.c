/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections over loopback, of which each turn of the loop takes some. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "portal/http/listen.h"

#define MANY 8

struct fixture {
	struct event_base *base;
	struct listen_socket socket;
	struct sockaddr_in at;
	int accepted;
};

static void on_accept(int fd, const struct sockaddr *peer, void *arg)
{
	struct fixture *f = arg;

	(void)peer;
	close(fd);
	f->accepted++;
}

static void start(struct fixture *f)
{
	struct addr any = { .family = AF_INET };
	socklen_t len = sizeof(f->at);

	*f = (struct fixture){ .base = event_base_new() };
	f->socket.on_accept = on_accept;
	f->socket.arg = f;
	f->socket.name = "test";
	listen_init(&f->socket, f->base);
	assert_int_equal(listen_open(&f->socket, &any, 0, "lo"), 0);
	assert_int_equal(
		getsockname(f->socket.fd, (struct sockaddr *)&f->at, &len), 0);
	f->at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

static void stop(struct fixture *f)
{
	listen_close(&f->socket);
	event_base_free(f->base);
}

static bool defers(const struct fixture *f)
{
	int seconds;
	socklen_t len = sizeof(seconds);

	assert_int_equal(getsockopt(f->socket.fd, IPPROTO_TCP, TCP_DEFER_ACCEPT,
				    &seconds, &len),
			 0);
	return seconds > 0;
}

/* So many in one turn, with a byte of their request if so. */
static void come(struct fixture *f, int count, bool with_request)
{
	int fd[MANY];

	f->accepted = 0;
	for (int i = 0; i < count; i++) {
		fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(fd[i], (struct sockaddr *)&f->at,
					 sizeof(f->at)),
				 0);
		if (with_request)
			assert_int_equal(send(fd[i], "G", 1, 0), 1);
	}
	event_base_loop(f->base, EVLOOP_NONBLOCK);
	for (int i = 0; i < count; i++)
		close(fd[i]);
}

static void test_lone_ones_are_taken_at_their_handshake(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	assert_true(defers(&f));
	come(&f, 1, true);
	assert_int_equal(f.accepted, 1);
	assert_false(defers(&f));
	come(&f, 1, false);
	assert_int_equal(f.accepted, 1);
	come(&f, 2, true);
	assert_int_equal(f.accepted, 2);
	assert_false(defers(&f));
	stop(&f);
}

static void test_many_are_taken_with_their_request(void **state)
{
	struct fixture f;

	(void)state;
	start(&f);
	come(&f, 1, true);
	come(&f, MANY, true);
	assert_int_equal(f.accepted, MANY);
	assert_true(defers(&f));
	come(&f, 2, true);
	assert_int_equal(f.accepted, 2);
	assert_true(defers(&f));
	come(&f, 1, false);
	assert_int_equal(f.accepted, 0);
	assert_true(defers(&f));
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lone_ones_are_taken_at_their_handshake),
		cmocka_unit_test(test_many_are_taken_with_their_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

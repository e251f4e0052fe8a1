/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/array.h"
#include "common/clock.h"
#include "common/ipc.h"

/* A channel on one end of a socket pair; the test plays the other. */
struct fixture {
	struct event_base *base;
	struct ipc_channel *ch;
	int peer;
	int handled;
	uint32_t last_id;
	bool aligned;
	bool free_in_handler;
	int closed;
	char why[64];
};

static void on_close(struct ipc_channel *ch, const char *why, void *arg)
{
	struct fixture *f = arg;

	f->closed++;
	snprintf(f->why, sizeof(f->why), "%s", why ? why : "end");
	ipc_channel_free(ch);
	f->ch = NULL;
}

static void on_lookup(struct ipc_channel *ch, const void *message, void *arg)
{
	struct fixture *f = arg;
	const struct ipc_lookup *m = message;

	assert_ptr_equal(ipc_channel_arg(ch), f);
	f->handled++;
	f->last_id = m->header.id;
	f->aligned = (uintptr_t)message % _Alignof(struct ipc_session) == 0;
	if (f->free_in_handler) {
		ipc_channel_free(ch);
		f->ch = NULL;
	}
}

static const struct ipc_handler handlers[IPC_TYPE_MAX] = {
	[IPC_LOOKUP] = { on_lookup },
	[IPC_GRANT] = { on_lookup },
};

static void start(struct fixture *f, uint32_t budget)
{
	int fd[2];

	memset(f, 0, sizeof(*f));
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd), 0);
	f->base = event_base_new();
	assert_non_null(f->base);
	f->peer = fd[1];
	f->ch = ipc_channel_new(&(struct ipc_channel_config){
		.base = f->base,
		.fd = fd[0],
		.handlers = handlers,
		.budget_per_s = budget,
		.on_close = on_close,
		.arg = f,
	});
	assert_non_null(f->ch);
}

static void stop(struct fixture *f)
{
	ipc_channel_free(f->ch);
	if (f->peer >= 0)
		close(f->peer);
	event_base_free(f->base);
}

static void turn(struct fixture *f)
{
	event_base_loop(f->base, EVLOOP_NONBLOCK);
}

static void turns(struct fixture *f, uint64_t for_ms)
{
	uint64_t end = clock_ms() + for_ms;

	while (clock_ms() < end) {
		turn(f);
		usleep(1000);
	}
}

static void peer_sends(struct fixture *f, enum ipc_type type, uint32_t id)
{
	struct ipc_lookup m = { .header = { IPC_VERSION, (uint16_t)type, id } };

	assert_int_equal(send(f->peer, &m, sizeof(m), 0), sizeof(m));
}

static void sizes_are_fixed(void **state)
{
	(void)state;
	/* Numbers of the protocol: a change asks for another IPC_VERSION. */
	assert_int_equal(IPC_VERSION, 10);
	assert_int_equal(ipc_message_size(IPC_NONE), 0);
	assert_int_equal(ipc_message_size(IPC_LOOKUP), 48);
	assert_int_equal(ipc_message_size(IPC_GRANT), 120);
	assert_int_equal(ipc_message_size(IPC_LOGOUT), 48);
	assert_int_equal(ipc_message_size(IPC_ADMIT), 120);
	assert_int_equal(ipc_message_size(IPC_STATUS), 8);
	assert_int_equal(ipc_message_size(IPC_LIST), 16);
	assert_int_equal(ipc_message_size(IPC_REVOKE), 56);
	assert_int_equal(ipc_message_size(IPC_SESSION), 160);
	assert_int_equal(ipc_message_size(IPC_ADDRESS), 40);
	assert_int_equal(ipc_message_size(IPC_ZONE), 80);
	assert_int_equal(ipc_message_size(IPC_TOTALS), 128);
	assert_int_equal(ipc_message_size(IPC_DONE), 24);
	assert_int_equal(ipc_message_size(IPC_USAGE_NEXT), 32);
	assert_int_equal(ipc_message_size(IPC_HEALTH_ASK), 8);
	assert_int_equal(ipc_message_size(IPC_HEALTH), 608);
	assert_int_equal(ipc_message_size(IPC_USAGE_CELL), 80);
	assert_int_equal(ipc_message_size(IPC_GARDEN), 296);
	assert_int_equal(ipc_message_size(IPC_LEFT), 16);
	assert_int_equal(ipc_message_size(IPC_GARDEN_NAME), 264);
	assert_int_equal(ipc_message_size(IPC_RADIO), 48);
	assert_int_equal(ipc_message_size(IPC_DEVICE_ASK), 32);
	assert_int_equal(ipc_message_size(IPC_DEVICE), 40);
	assert_int_equal(ipc_message_size(IPC_CITY_FEED), 528);
	assert_int_equal(ipc_message_size(IPC_CITY_CLOCK), 24);
	assert_int_equal(ipc_message_size(IPC_CITY_NEXT), 24);
	assert_int_equal(ipc_message_size(IPC_CITY_KEY), 64);
	assert_int_equal(ipc_message_size(IPC_CITY_ASK), 8);
	assert_int_equal(ipc_message_size(IPC_CITY_RECORD), 40);
	assert_int_equal(ipc_message_size(IPC_CITY), 40);
	assert_int_equal(ipc_message_size(IPC_ACCOUNT_ASK), 24);
	assert_int_equal(ipc_message_size(IPC_ACCOUNT_CHANGE), 64);
	assert_int_equal(ipc_message_size(IPC_ACCOUNT), 80);
	assert_int_equal(ipc_message_size(IPC_TYPE_MAX), 0);
	assert_int_equal(ipc_message_size((enum ipc_type)60000), 0);
	for (int i = 0; i < IPC_TYPE_MAX; i++)
		assert_true(ipc_message_size(i) <= IPC_MESSAGE_MAX);
}

static void checks(void **state)
{
	static const struct {
		struct ipc_header header;
		size_t len;
		const char *wrong;
	} cases[] = {
		{ { IPC_VERSION, IPC_STATUS, 0 }, 8, NULL },
		{ { IPC_VERSION, IPC_STATUS, 0 },
		  0,
		  "message shorter than its header" },
		{ { IPC_VERSION, IPC_STATUS, 0 },
		  7,
		  "message shorter than its header" },
		{ { IPC_VERSION, IPC_STATUS, 0 }, 9, "message of wrong size" },
		{ { IPC_VERSION, IPC_LOOKUP, 0 }, 8, "message of wrong size" },
		{ { 0, IPC_STATUS, 0 }, 8, "message of another version" },
		{ { IPC_VERSION + 1, IPC_STATUS, 0 },
		  8,
		  "message of another version" },
		{ { IPC_VERSION, IPC_NONE, 0 }, 8, "message of unknown type" },
		{ { IPC_VERSION, IPC_TYPE_MAX, 0 },
		  8,
		  "message of unknown type" },
		{ { IPC_VERSION, 0xffff, 0 }, 8, "message of unknown type" },
	};
	unsigned char bytes[64] = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *wrong;

		memcpy(bytes, &cases[i].header, sizeof(cases[i].header));
		wrong = ipc_message_check(bytes, cases[i].len);
		if (!cases[i].wrong)
			assert_null(wrong);
		else
			assert_string_equal(wrong, cases[i].wrong);
	}
}

static void order_is_kept(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 0);
	for (uint32_t id = 1; id <= 5; id++) {
		peer_sends(&f, IPC_LOOKUP, id);
		turn(&f);
		assert_int_equal(f.last_id, id);
	}
	assert_int_equal(f.handled, 5);
	assert_true(f.aligned);
	assert_int_equal(f.closed, 0);
	stop(&f);
}

/* What breaks the rules closes the channel, once, whatever follows. */
static void breaches_close_once(void **state)
{
	static const struct {
		struct ipc_header header;
		size_t len;
		const char *why;
	} cases[] = {
		{ { IPC_VERSION, IPC_LOOKUP, 7 }, 47, "message of wrong size" },
		{ { IPC_VERSION, IPC_LOOKUP, 7 }, 49, "message of wrong size" },
		{ { IPC_VERSION, IPC_LOOKUP, 7 },
		  4000,
		  "message of wrong size" },
		{ { IPC_VERSION, IPC_LOOKUP, 7 },
		  3,
		  "message shorter than its header" },
		{ { IPC_VERSION - 1, IPC_LOOKUP, 7 },
		  48,
		  "message of another version" },
		{ { IPC_VERSION, 999, 7 }, 32, "message of unknown type" },
		{ { IPC_VERSION, IPC_STATUS, 7 },
		  8,
		  "message that this peer may not "
		  "send" },
		{ { IPC_VERSION, IPC_LOGOUT, 7 },
		  48,
		  "message that this peer may not "
		  "send" },
	};
	static unsigned char bytes[4096];
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		start(&f, 0);
		memcpy(bytes, &cases[i].header, sizeof(cases[i].header));
		peer_sends(&f, IPC_LOOKUP, 1);
		assert_int_equal(send(f.peer, bytes, cases[i].len, 0),
				 cases[i].len);
		peer_sends(&f, IPC_LOOKUP, 2);
		turns(&f, 5);
		assert_int_equal(f.closed, 1);
		assert_string_equal(f.why, cases[i].why);
		assert_int_equal(f.handled, 1);
		stop(&f);
	}
}

static void end_closes_once(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 0);
	peer_sends(&f, IPC_LOOKUP, 1);
	close(f.peer);
	f.peer = -1;
	turns(&f, 5);
	assert_int_equal(f.handled, 1);
	assert_int_equal(f.closed, 1);
	assert_string_equal(f.why, "end");
	stop(&f);
}

static void handler_may_free(void **state)
{
	struct fixture f;

	(void)state;
	start(&f, 0);
	f.free_in_handler = true;
	peer_sends(&f, IPC_LOOKUP, 1);
	peer_sends(&f, IPC_LOOKUP, 2);
	turns(&f, 5);
	assert_int_equal(f.handled, 1);
	assert_int_equal(f.closed, 0);
	stop(&f);
}

static void budget_pauses(void **state)
{
	struct fixture f;
	uint64_t began;

	(void)state;
	start(&f, 10);
	for (uint32_t id = 1; id <= 25; id++)
		peer_sends(&f, IPC_LOOKUP, id);
	began = clock_ms();
	turns(&f, 300);
	assert_int_equal(f.handled, 10);
	while (f.handled < 25 && clock_ms() - began < 5000) {
		turn(&f);
		usleep(1000);
	}
	assert_int_equal(f.handled, 25);
	assert_int_equal(f.last_id, 25);
	assert_true(clock_ms() - began >= 1900);
	assert_int_equal(f.closed, 0);
	stop(&f);
}

/* A peer that does not read: bounded, and nothing is lost or reordered. */
static void queue_is_bounded(void **state)
{
	struct ipc_done m = { .error = -1 };
	struct fixture f;
	uint32_t sent = 0, got = 0;
	int err;

	(void)state;
	start(&f, 0);
	for (;;) {
		m.header.id = sent + 1;
		err = ipc_channel_send(f.ch, IPC_DONE, &m);
		if (err)
			break;
		sent++;
		assert_true(sent < 100000);
	}
	assert_int_equal(err, -ENOBUFS);
	assert_true(sent >= 4096);
	while (got < sent) {
		ssize_t n = recv(f.peer, &m, sizeof(m), 0);

		if (n < 0) {
			assert_int_equal(errno, EAGAIN);
			turn(&f);
			continue;
		}
		assert_int_equal(n, sizeof(m));
		assert_null(ipc_message_check(&m, sizeof(m)));
		assert_int_equal(m.header.id, ++got);
	}
	assert_int_equal(recv(f.peer, &m, sizeof(m), 0), -1);
	m.header.id = 4711;
	assert_int_equal(ipc_channel_send(f.ch, IPC_DONE, &m), 0);
	assert_int_equal(recv(f.peer, &m, sizeof(m), 0), sizeof(m));
	assert_int_equal(m.header.id, 4711);
	stop(&f);
}

static void freed_with_a_full_queue(void **state)
{
	struct ipc_done m = { 0 };
	struct fixture f;

	(void)state;
	start(&f, 0);
	while (!ipc_channel_send(f.ch, IPC_DONE, &m))
		;
	stop(&f); /* the leak checker has the last word */
}

static void send_after_the_end(void **state)
{
	struct ipc_done m = { 0 };
	struct fixture f;

	(void)state;
	start(&f, 0);
	close(f.peer);
	f.peer = -1;
	assert_int_equal(ipc_channel_send(f.ch, IPC_DONE, &m), -EPIPE);
	stop(&f);
}

static void connects(void **state)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/stadttor-ipc-XXXXXX";
	char path[200];
	int server, fd;

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(ipc_connect(path), -ENAMETOOLONG);

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	assert_int_equal(ipc_connect(path), -ENOENT);
	server = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%.100s", path);
	assert_int_equal(bind(server, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(ipc_connect(path), -ECONNREFUSED);
	assert_int_equal(listen(server, 1), 0);
	fd = ipc_connect(path);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	close(server);
	unlink(path);
	rmdir(dir);
}

static void names(void **state)
{
	(void)state;
	for (int i = 0; i < SESSION_REASON_MAX; i++)
		assert_string_not_equal(session_reason_to_string(i), "?");
	assert_string_equal(session_reason_to_string(SESSION_REASON_MAX), "?");
	assert_string_equal(session_state_to_string(SESSION_GRANTED),
			    "granted");
	assert_string_equal(session_state_to_string((enum session_state)9),
			    "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_fixed),
		cmocka_unit_test(checks),
		cmocka_unit_test(order_is_kept),
		cmocka_unit_test(breaches_close_once),
		cmocka_unit_test(end_closes_once),
		cmocka_unit_test(handler_may_free),
		cmocka_unit_test(budget_pauses),
		cmocka_unit_test(queue_is_bounded),
		cmocka_unit_test(freed_with_a_full_queue),
		cmocka_unit_test(send_after_the_end),
		cmocka_unit_test(connects),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

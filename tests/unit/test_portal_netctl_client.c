/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "portal/netctl_client.h"

/* netctl's end of the socket, played by the test itself. */
struct fixture {
	struct event_base *base;
	struct netctl_client *netctl;
	char path[64];
	int listener, peer;
	int presence; /* 1, 0, or -1: not heard of */
	uint32_t ifindex;
	unsigned int answers;
	bool was_null;
	int32_t error;
	uint64_t uptime_s; /* of the last health */
	unsigned int cells;
};

static void on_zone(const struct ipc_zone *z, void *arg)
{
	struct fixture *f = arg;

	assert_string_equal(z->zone, "lan");
	f->ifindex = z->ifindex;
}

static void on_presence(bool is_there, void *arg)
{
	struct fixture *f = arg;

	f->presence = is_there;
}

static void on_answer(const struct ipc_session *s, void *arg)
{
	struct fixture *f = arg;

	f->answers++;
	f->was_null = !s;
	f->error = s ? s->error : 0;
}

static void on_health(const struct ipc_health *h, void *arg)
{
	struct fixture *f = arg;

	f->answers++;
	f->was_null = !h;
	f->uptime_s = h ? h->uptime_s : 0;
}

static void on_device(const struct ipc_device *d, void *arg)
{
	struct fixture *f = arg;

	f->answers++;
	f->was_null = !d;
	f->ifindex = d ? d->ifindex : 0;
}

static void on_usage_cell(const struct ipc_usage_cell *cell, void *arg)
{
	struct fixture *f = arg;

	assert_int_equal(cell->seq, 7);
	f->cells++;
}

static void start_listening(struct fixture *f)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", f->path);
	unlink(f->path);
	f->listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	assert_true(f->listener >= 0);
	assert_int_equal(
		bind(f->listener, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(f->listener, 4), 0);
}

static void turn(struct fixture *f)
{
	event_base_loop(f->base, EVLOOP_NONBLOCK);
}

/* Until the condition holds or three seconds are over. */
#define TURN_UNTIL(f, condition)                                               \
	do {                                                                   \
		for (int i_ = 0; i_ < 300 && !(condition); i_++) {             \
			turn(f);                                               \
			usleep(10000);                                         \
		}                                                              \
		assert_true(condition);                                        \
	} while (0)

static void connect_gate(struct fixture *f)
{
	TURN_UNTIL(f, f->presence == 1);
	f->peer = accept(f->listener, NULL, NULL);
	assert_true(f->peer >= 0);
}

static int setup(void **state)
{
	static struct fixture f;
	struct netctl_client_config config = {
		.on_zone = on_zone,
		.on_presence = on_presence,
		.on_usage_cell = on_usage_cell,
		.arg = &f,
	};

	memset(&f, 0, sizeof(f));
	f.presence = -1;
	snprintf(f.path, sizeof(f.path), "/tmp/stadttor-gate-%d", getpid());
	start_listening(&f);
	f.base = event_base_new();
	config.base = f.base;
	config.socket = f.path;
	f.netctl = netctl_client_new(&config);
	assert_non_null(f.netctl);
	connect_gate(&f);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	netctl_client_free(f->netctl);
	event_base_free(f->base);
	close(f->listener);
	close(f->peer);
	unlink(f->path);
	return 0;
}

static int ask(struct fixture *f, struct netctl_request *r, enum ipc_type type)
{
	struct addr a = { .family = AF_INET, .ifindex = 7 };
	struct netctl_question q = { .type = type, .client = &a };

	r->on_answer = on_answer;
	r->arg = f;
	return netctl_client_ask(f->netctl, r, &q);
}

/* The id of the question that arrives. */
static uint32_t receive(struct fixture *f, enum ipc_type type)
{
	union {
		struct ipc_header header;
		struct ipc_lookup lookup;
		char bytes[IPC_MESSAGE_MAX];
	} m;
	ssize_t n = recv(f->peer, &m, sizeof(m), 0);

	assert_int_equal(n, ipc_message_size(type));
	assert_int_equal(m.header.type, type);
	if (type != IPC_HEALTH_ASK)
		assert_int_equal(m.lookup.client.ifindex, 7);
	return m.header.id;
}

static void answer(struct fixture *f, uint32_t id, int32_t error)
{
	struct ipc_session s = {
		.header = { IPC_VERSION, IPC_SESSION, id },
		.error = error,
	};

	assert_int_equal(send(f->peer, &s, sizeof(s), 0), sizeof(s));
}

static void test_questions(void **state)
{
	struct fixture *f = *state;
	struct netctl_request r[3] = { 0 };
	uint32_t id[3];

	assert_int_equal(ask(f, &r[0], IPC_LOOKUP), 0);
	assert_int_equal(ask(f, &r[1], IPC_GRANT), 0);
	assert_int_equal(ask(f, &r[2], IPC_LOGOUT), 0);
	id[0] = receive(f, IPC_LOOKUP);
	id[1] = receive(f, IPC_GRANT);
	id[2] = receive(f, IPC_LOGOUT);
	answer(f, id[1], -ENOSPC); /* in any order */
	TURN_UNTIL(f, f->answers == 1);
	assert_int_equal(f->error, -ENOSPC);
	answer(f, id[1], 0); /* twice, and to nobody */
	answer(f, 12345, 0);
	answer(f, id[0], -ENOENT);
	TURN_UNTIL(f, f->answers == 2);
	assert_int_equal(f->error, -ENOENT);
	netctl_client_cancel(&r[2]);
	netctl_client_cancel(&r[2]);
	answer(f, id[2], 0);
	for (int i = 0; i < 5; i++)
		turn(f);
	assert_int_equal(f->answers, 2);
}

/* What was shown, and in which language, travels with the question. */
static void test_details(void **state)
{
	struct fixture *f = *state;
	struct addr a = { .family = AF_INET, .ifindex = 7 };
	struct ipc_limits limits = { .duration_s = 60 };
	struct netctl_question q = {
		.type = IPC_LOOKUP,
		.client = &a,
		.shown = true,
		.platform = USAGE_PLATFORM_APPLE,
	};
	struct netctl_request r = { .on_answer = on_answer, .arg = f };
	struct ipc_lookup lookup;
	struct ipc_grant grant;

	assert_int_equal(netctl_client_ask(f->netctl, &r, &q), 0);
	assert_int_equal(recv(f->peer, &lookup, sizeof(lookup), 0),
			 sizeof(lookup));
	assert_int_equal(lookup.shown, 1);
	assert_int_equal(lookup.platform, USAGE_PLATFORM_APPLE);
	q.shown = false;
	assert_int_equal(netctl_client_ask(f->netctl, &r, &q), 0);
	assert_int_equal(recv(f->peer, &lookup, sizeof(lookup), 0),
			 sizeof(lookup));
	assert_int_equal(lookup.shown + lookup.platform, 0);
	q = (struct netctl_question){ .type = IPC_GRANT,
				      .client = &a,
				      .limits = &limits,
				      .language = "a-very-long-language" };
	assert_int_equal(netctl_client_ask(f->netctl, &r, &q), 0);
	assert_int_equal(recv(f->peer, &grant, sizeof(grant), 0),
			 sizeof(grant));
	assert_int_equal(grant.limits.duration_s, 60);
	assert_string_equal(grant.language, "a-very-long-lan");
	assert_int_equal(grant.tag_devices + grant.terms + grant.extend, 0);
	assert_true(grant.tag == 0 && grant.replace == 0);
	q.language = NULL;
	assert_int_equal(netctl_client_ask(f->netctl, &r, &q), 0);
	assert_int_equal(recv(f->peer, &grant, sizeof(grant), 0),
			 sizeof(grant));
	assert_string_equal(grant.language, "");
	q.tag = UINT64_MAX - 1;
	q.devices = 5;
	q.terms = 3;
	q.extend = true;
	assert_int_equal(netctl_client_ask(f->netctl, &r, &q), 0);
	assert_int_equal(recv(f->peer, &grant, sizeof(grant), 0),
			 sizeof(grant));
	assert_true(grant.tag == UINT64_MAX - 1);
	assert_int_equal(grant.tag_devices, 5);
	assert_int_equal(grant.terms, 3);
	assert_int_equal(grant.extend, 1);
	netctl_client_cancel(&r);
}

/* An answer of the other kind is nobody's. */
static void test_health(void **state)
{
	struct fixture *f = *state;
	struct netctl_request r = { .on_health = on_health, .arg = f };
	struct netctl_request other = { 0 };
	struct ipc_health h = {
		.header = { IPC_VERSION, IPC_HEALTH, 0 },
		.uptime_s = 42,
	};
	uint32_t id;

	assert_int_equal(netctl_client_ask_health(f->netctl, &r), 0);
	id = receive(f, IPC_HEALTH_ASK);
	answer(f, id, -ENOENT);
	assert_int_equal(ask(f, &other, IPC_LOOKUP), 0);
	h.header.id = receive(f, IPC_LOOKUP);
	assert_int_equal(send(f->peer, &h, sizeof(h), 0), sizeof(h));
	for (int i = 0; i < 5; i++)
		turn(f);
	assert_int_equal(f->answers, 0);
	h.header.id = id;
	assert_int_equal(send(f->peer, &h, sizeof(h), 0), sizeof(h));
	TURN_UNTIL(f, f->answers == 1);
	assert_int_equal(f->uptime_s, 42);
	assert_int_equal(netctl_client_ask_health(f->netctl, &r), 0);
	close(f->peer);
	TURN_UNTIL(f, f->presence == 0);
	assert_int_equal(f->answers, 3); /* both questions */
	assert_int_equal(netctl_client_ask_health(f->netctl, &r), -ENOTCONN);
	connect_gate(f);
}

static void test_device(void **state)
{
	struct fixture *f = *state;
	struct netctl_request r = { .on_device = on_device, .arg = f };
	struct addr a = { .family = AF_INET, .byte = { 192, 0, 2, 1 } };
	struct ipc_device_ask asked;
	struct ipc_device d = {
		.header = { IPC_VERSION, IPC_DEVICE, 0 },
		.ifindex = 9,
	};

	assert_int_equal(netctl_client_ask_device(f->netctl, &r, &a), 0);
	assert_int_equal(recv(f->peer, &asked, sizeof(asked), 0),
			 sizeof(asked));
	assert_int_equal(asked.header.type, IPC_DEVICE_ASK);
	assert_memory_equal(&asked.address, &a, sizeof(a));
	answer(f, asked.header.id, 0); /* of another kind */
	d.header.id = asked.header.id;
	assert_int_equal(send(f->peer, &d, sizeof(d), 0), sizeof(d));
	TURN_UNTIL(f, f->answers == 1);
	assert_int_equal(f->ifindex, 9);
	assert_int_equal(netctl_client_ask_device(f->netctl, &r, &a), 0);
	close(f->peer);
	TURN_UNTIL(f, f->answers == 2);
	assert_true(f->was_null);
	assert_int_equal(netctl_client_ask_device(f->netctl, &r, &a),
			 -ENOTCONN);
	connect_gate(f);
}

static void test_usage(void **state)
{
	struct fixture *f = *state;
	struct ipc_usage_cell cell = {
		.header = { IPC_VERSION, IPC_USAGE_CELL, 0 },
		.seq = 7,
	};
	struct ipc_usage_next next = { .stream = 1, .after = 6 };

	assert_int_equal(netctl_client_send_next(f->netctl, &next), 0);
	memset(&next, 0, sizeof(next));
	assert_int_equal(recv(f->peer, &next, sizeof(next), 0), sizeof(next));
	assert_int_equal(next.header.type, IPC_USAGE_NEXT);
	assert_int_equal(next.after, 6);
	assert_int_equal(send(f->peer, &cell, sizeof(cell), 0), sizeof(cell));
	TURN_UNTIL(f, f->cells == 1);
	close(f->peer);
	TURN_UNTIL(f, f->presence == 0);
	assert_int_equal(netctl_client_send_next(f->netctl, &next), -ENOTCONN);
	connect_gate(f);
}

static void test_asked_again(void **state)
{
	struct fixture *f = *state;
	struct netctl_request r = { 0 };
	uint32_t first;

	assert_int_equal(ask(f, &r, IPC_LOOKUP), 0);
	first = receive(f, IPC_LOOKUP);
	assert_int_equal(ask(f, &r, IPC_LOOKUP), 0);
	answer(f, first, -EBUSY); /* that question is no longer under way */
	answer(f, receive(f, IPC_LOOKUP), 0);
	TURN_UNTIL(f, f->answers == 1);
	assert_int_equal(f->error, 0);
}

static void test_late(void **state)
{
	struct fixture *f = *state;
	struct netctl_request r = { 0 };

	assert_int_equal(ask(f, &r, IPC_LOOKUP), 0);
	TURN_UNTIL(f, f->answers == 1);
	assert_true(f->was_null);
	answer(f, receive(f, IPC_LOOKUP), 0);
	for (int i = 0; i < 5; i++)
		turn(f);
	assert_int_equal(f->answers, 1);
}

static void test_zones(void **state)
{
	struct fixture *f = *state;
	struct ipc_zone z = {
		.header = { IPC_VERSION, IPC_ZONE, 0 },
		.ifindex = 42,
		.zone = "lan",
	};

	assert_int_equal(send(f->peer, &z, sizeof(z), 0), sizeof(z));
	TURN_UNTIL(f, f->ifindex == 42);
}

static void test_absence(void **state)
{
	struct fixture *f = *state;
	struct netctl_request r = { 0 };

	assert_int_equal(ask(f, &r, IPC_LOOKUP), 0);
	close(f->peer);
	TURN_UNTIL(f, f->presence == 0);
	assert_int_equal(f->answers, 1);
	assert_true(f->was_null);
	assert_false(netctl_client_is_there(f->netctl));
	assert_int_equal(ask(f, &r, IPC_LOOKUP), -ENOTCONN);
	connect_gate(f);
	assert_int_equal(ask(f, &r, IPC_LOOKUP), 0);
	answer(f, receive(f, IPC_LOOKUP), 0);
	TURN_UNTIL(f, f->answers == 2);
	assert_false(f->was_null);
}

static void test_breach(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(send(f->peer, "nonsense", 8, 0), 8);
	TURN_UNTIL(f, f->presence == 0);
	close(f->peer);
	connect_gate(f);
}

static void test_other_socket(void **state)
{
	struct fixture *f = *state;

	close(f->peer);
	close(f->listener);
	unlink(f->path);
	snprintf(f->path, sizeof(f->path), "/tmp/stadttor-gate-other-%d",
		 getpid());
	start_listening(f);
	assert_int_equal(netctl_client_set_socket(f->netctl, f->path), 0);
	TURN_UNTIL(f, f->presence == 0);
	connect_gate(f);
}

/* Whoever still waits when the gate goes is told. */
static void test_end(void **state)
{
	struct fixture *f = *state;
	struct netctl_request r = { 0 };

	assert_int_equal(ask(f, &r, IPC_LOOKUP), 0);
	netctl_client_free(f->netctl);
	f->netctl = NULL;
	assert_int_equal(f->answers, 1);
	assert_true(f->was_null);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_questions, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_details, setup, teardown),
		cmocka_unit_test_setup_teardown(test_health, setup, teardown),
		cmocka_unit_test_setup_teardown(test_device, setup, teardown),
		cmocka_unit_test_setup_teardown(test_usage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_asked_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_late, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zones, setup, teardown),
		cmocka_unit_test_setup_teardown(test_absence, setup, teardown),
		cmocka_unit_test_setup_teardown(test_breach, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_socket, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_end, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

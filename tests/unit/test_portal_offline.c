/* SPDX-License-Identifier: GPL-3.0-or-later */
/* On the loopback device, whose addresses are many: which one answers? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/array.h"
#include "common/config/settings_read.h"
#include "portal/guest/offline.h"

#define ANSWER_LEN (19 + 16)
#define PER_TURN   64
#define ADDRESS4   "192.0.2.1"
#define ZONE(name) "config zone '" name "'\noption device lo\n"

struct fixture {
	struct event_base *base;
	struct offline *offline;
	struct settings *settings;
	unsigned int port;
};

static const uint8_t query[] = "\xbe\xef\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1";

/* --- the socket's owner ------------------------------------------------- */

static unsigned int free_port(void)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	socklen_t len = sizeof(sin6);
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin6, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin6, &len), 0);
	close(fd);
	return ntohs(sin6.sin6_port);
}

/* As a reload does it. */
static void apply(struct fixture *f, const char *zones)
{
	struct settings *old = f->settings;
	char text[512], error[UCI_ERROR_MAX];

	snprintf(text, sizeof(text),
		 "config uplink wan\noption device wan0\n%s"
		 "config portal\noption hijack_port %u\n",
		 zones, f->port);
	f->settings = settings_parse("test", text, strlen(text), error);
	if (!f->settings)
		fail_msg("%s", error);
	offline_apply(f->offline, f->settings);
	settings_free(old);
}

static struct ipc_zone zone(const char *name)
{
	struct ipc_zone z = { .ifindex = 1, .outlet = IPC_OUTLET_DOWN };

	snprintf(z.zone, sizeof(z.zone), "%s", name);
	assert_true(addr_parse(&z.address, ADDRESS4));
	return z;
}

static void tell(struct fixture *f, const char *name, enum ipc_outlet outlet)
{
	struct ipc_zone z = zone(name);

	z.outlet = outlet;
	offline_tell(f->offline, &z);
}

static int setup(void **state)
{
	static struct fixture f;

	f = (struct fixture){ .base = event_base_new(), .port = free_port() };
	f.offline = offline_new(f.base);
	assert_non_null(f.offline);
	apply(&f, ZONE("lan"));
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	offline_free(f->offline);
	settings_free(f->settings);
	event_base_free(f->base);
	return 0;
}

/* --- who asks ----------------------------------------------------------- */

/* Hears what comes from that address and no other. */
static int asker(const struct fixture *f, const char *text)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
				     .sin6_port = htons((uint16_t)f->port) };
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = sin6.sin6_port };
	bool is_ipv6 = strchr(text, ':');
	int fd = socket(is_ipv6 ? AF_INET6 : AF_INET,
			SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	if (is_ipv6) {
		assert_int_equal(inet_pton(AF_INET6, text, &sin6.sin6_addr), 1);
		assert_int_equal(
			connect(fd, (struct sockaddr *)&sin6, sizeof(sin6)), 0);
	} else {
		assert_int_equal(inet_pton(AF_INET, text, &sin.sin_addr), 1);
		assert_int_equal(
			connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	}
	return fd;
}

static ssize_t answer(struct fixture *f, int fd)
{
	uint8_t bytes[512];

	event_base_loop(f->base, EVLOOP_NONBLOCK);
	return recv(fd, bytes, sizeof(bytes), 0);
}

/* What comes back in bytes; -1: nothing. */
static ssize_t ask_with(struct fixture *f, const char *address,
			const void *bytes, size_t len)
{
	int fd = asker(f, address);
	ssize_t got;

	send(fd, bytes, len, 0);
	got = answer(f, fd);
	close(fd);
	return got;
}

static bool answers(struct fixture *f)
{
	ssize_t got = ask_with(f, "127.0.0.1", query, sizeof(query) - 1);

	assert_true(got == -1 || got == ANSWER_LEN);
	return got == ANSWER_LEN;
}

/* --- tests -------------------------------------------------------------- */

static void test_states(void **state)
{
	struct fixture *f = *state;
	struct ipc_zone z = zone("lan");

	assert_false(answers(f));
	for (uint32_t outlet = 0; outlet < IPC_OUTLET_MAX; outlet++) {
		z.outlet = outlet;
		offline_tell(f->offline, &z);
		assert_int_equal(answers(f),
				 outlet != IPC_OUTLET_OPEN &&
					 outlet != IPC_OUTLET_DROPPED &&
					 outlet != IPC_OUTLET_SILENT);
	}
	z.outlet = IPC_OUTLET_DOWN;
	z.ifindex = 0;
	offline_tell(f->offline, &z);
	assert_false(answers(f));
	z.ifindex = 1;
	offline_tell(f->offline, &z);
	assert_true(answers(f));
	z.address.family = AF_UNSPEC;
	offline_tell(f->offline, &z);
	assert_false(answers(f));
}

/* An answer from another address would not be heard. */
static void test_the_address_that_was_asked_answers(void **state)
{
	static const char *const own[] = { "127.0.0.1", "127.0.0.2",
					   "127.9.8.7", "::1" };
	struct fixture *f = *state;

	tell(f, "lan", IPC_OUTLET_DOWN);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		assert_int_equal(ask_with(f, own[i], query, sizeof(query) - 1),
				 ANSWER_LEN);
}

/* And the socket is as good as before. */
static void test_other_datagrams(void **state)
{
	uint8_t bytes[2000] = { 0 };
	struct fixture *f = *state;

	tell(f, "lan", IPC_OUTLET_DOWN);
	for (size_t len = 0; len < sizeof(query) - 1; len++)
		assert_int_equal(ask_with(f, "::1", query, len), -1);
	memcpy(bytes, query, sizeof(query) - 1);
	assert_int_equal(ask_with(f, "::1", bytes, 512), ANSWER_LEN);
	assert_int_equal(ask_with(f, "::1", bytes, 513), -1);
	assert_int_equal(ask_with(f, "::1", bytes, sizeof(bytes)), -1);
	assert_true(answers(f));
}

/* The address is the one that was told last. */
static void test_address(void **state)
{
	struct fixture *f = *state;
	struct ipc_zone z = zone("lan");

	offline_tell(f->offline, &z);
	assert_true(answers(f));
	assert_true(addr_parse(&z.address, "2001:db8::1"));
	offline_tell(f->offline, &z);
	assert_int_equal(ask_with(f, "::1", query, sizeof(query) - 1),
			 sizeof(query) - 1); /* no record of type A */
}

static void test_answers_of_a_turn(void **state)
{
	struct fixture *f = *state;
	unsigned int heard = 0;
	uint8_t bytes[512];
	int fd;

	tell(f, "lan", IPC_OUTLET_DOWN);
	fd = asker(f, "127.0.0.1");
	for (unsigned int i = 0; i < PER_TURN + 6; i++)
		assert_true(send(fd, query, sizeof(query) - 1, 0) > 0);
	event_base_loop(f->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	while (recv(fd, bytes, sizeof(bytes), 0) == ANSWER_LEN)
		heard++;
	assert_int_equal(heard, PER_TURN);
	event_base_loop(f->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	while (recv(fd, bytes, sizeof(bytes), 0) == ANSWER_LEN)
		heard++;
	assert_int_equal(heard, PER_TURN + 6);
	close(fd);
}

static void test_reload(void **state)
{
	struct fixture *f = *state;
	unsigned int port = f->port;

	tell(f, "lan", IPC_OUTLET_DOWN);
	apply(f, ZONE("lan"));
	assert_true(answers(f));
	f->port = free_port();
	assert_false(answers(f));
	apply(f, ZONE("lan"));
	assert_true(answers(f));
	f->port = port;
	assert_false(answers(f));
	apply(f, ZONE("other"));
	assert_false(answers(f));
	apply(f, ZONE("lan"));
	assert_true(answers(f));
}

/* netctl has read the new config before, or after. */
static void test_renamed(void **state)
{
	struct fixture *f = *state;

	tell(f, "lan", IPC_OUTLET_DOWN);
	tell(f, "cafe", IPC_OUTLET_DOWN);
	assert_true(answers(f));
	apply(f, ZONE("cafe"));
	assert_true(answers(f));
	tell(f, "lan", IPC_OUTLET_OPEN);
	assert_true(answers(f));
	apply(f, ZONE("park"));
	assert_false(answers(f));
	tell(f, "park", IPC_OUTLET_DOWN);
	assert_true(answers(f));
	tell(f, "park", IPC_OUTLET_OPEN);
	assert_false(answers(f));
}

/* What netctl has told of others since is more than there is room for. */
static void test_forgotten(void **state)
{
	struct fixture *f = *state;
	char name[IPC_ZONE_NAME_MAX];

	tell(f, "lan", IPC_OUTLET_DOWN);
	for (int i = 0; i < 2 * IPC_ZONES; i++) {
		snprintf(name, sizeof(name), "z%d", i % (IPC_ZONES - 1));
		tell(f, name, IPC_OUTLET_DOWN);
	}
	assert_true(answers(f));
	tell(f, "more", IPC_OUTLET_DOWN);
	assert_false(answers(f));
	tell(f, "lan", IPC_OUTLET_DOWN);
	assert_true(answers(f));
}

static void test_taken_port(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6,
				     .sin6_port = htons((uint16_t)f->port) };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)), 0);
	tell(f, "lan", IPC_OUTLET_DOWN);
	assert_false(answers(f));
	close(fd);
	assert_false(answers(f));
	tell(f, "lan", IPC_OUTLET_DOWN);
	assert_true(answers(f));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_states),
		TEST(test_the_address_that_was_asked_answers),
		TEST(test_other_datagrams),
		TEST(test_address),
		TEST(test_answers_of_a_turn),
		TEST(test_reload),
		TEST(test_renamed),
		TEST(test_forgotten),
		TEST(test_taken_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

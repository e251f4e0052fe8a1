/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tests of the portal's listeners share: its connection engine, one
 * request at a time, and netctl's end of the socket, played by the test.
 * Nothing waits: all is within one process, so an answer is there after a few
 * turns of the loop or never.
 */
#ifndef STADTTOR_TESTS_PORTALTEST_H
#define STADTTOR_TESTS_PORTALTEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>

#include "portal/http/conn.h"
#include "portal/netctl_client.h"

#define TURNS 100

struct portaltest {
	struct event_base *base;
	struct conns *conns;
	char folder[64], socket[96];
	int listener, gate; /* netctl's; -1: closed */

	/* what came back */
	unsigned int status;
	char answer[24 * 1024];
	size_t len;
	const char *body;
};

static struct portaltest wire = { .listener = -1, .gate = -1 };

static inline void portaltest_open(void)
{
	snprintf(wire.folder, sizeof(wire.folder), "/tmp/portal.XXXXXX");
	assert_non_null(mkdtemp(wire.folder));
	snprintf(wire.socket, sizeof(wire.socket), "%s/netctl.sock",
		 wire.folder);
	wire.base = event_base_new();
	assert_non_null(wire.base);
}

static inline int portaltest_close(void)
{
	char command[128];

	conns_free(wire.conns);
	event_base_free(wire.base);
	snprintf(command, sizeof(command), "rm -rf %s", wire.folder);
	return system(command);
}

/* --- netctl ------------------------------------------------------------- */

static inline void ignore_presence(bool is_there, void *arg)
{
	(void)is_there;
	(void)arg;
}

static inline void gate_listen(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", wire.socket);
	unlink(wire.socket); /* of a test that failed */
	wire.listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	assert_true(wire.listener >= 0);
	assert_int_equal(
		bind(wire.listener, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(wire.listener, 1), 0);
}

static inline void gate_leave(void)
{
	if (wire.gate >= 0)
		close(wire.gate);
	if (wire.listener >= 0)
		close(wire.listener);
	wire.gate = wire.listener = -1;
	unlink(wire.socket);
}

/* A client, and that gate if it is there. */
static inline struct netctl_client *gate_open(bool is_there)
{
	struct netctl_client_config config = {
		.base = wire.base,
		.socket = wire.socket,
		.on_presence = ignore_presence,
	};
	struct netctl_client *nc;

	if (is_there)
		gate_listen();
	nc = netctl_client_new(&config);
	assert_non_null(nc);
	event_base_loop(wire.base, EVLOOP_NONBLOCK);
	assert_int_equal(netctl_client_is_there(nc), is_there);
	if (is_there)
		wire.gate = accept(wire.listener, NULL, NULL);
	return nc;
}

/* --- a request and its answer ------------------------------------------- */

/* true: it is complete. */
static inline bool take_answer(int fd)
{
	ssize_t n = recv(fd, wire.answer + wire.len,
			 sizeof(wire.answer) - 1 - wire.len, MSG_DONTWAIT);

	if (n > 0)
		wire.len += (size_t)n;
	wire.answer[wire.len] = '\0';
	return n == 0;
}

static inline void portaltest_read_head(const char *request)
{
	const char *end = strstr(wire.answer, "\r\n\r\n");

	if (!end || sscanf(wire.answer, "HTTP/1.1 %u ", &wire.status) != 1)
		fail_msg("%s: no answer: %s", request, wire.answer);
	wire.body = end + 4;
}

/*
 * Sends it from 192.0.2.9 and turns the loop until the connection ends; serve
 * is netctl's turn.
 */
static inline void portaltest_exchange(const char *request, struct accepted *a,
				       void (*serve)(void))
{
	static struct sockaddr_in peer = { .sin_family = AF_INET };
	static const uint8_t device[] = { 192, 0, 2, 9 };
	int pair[2];
	bool is_over = false;

	memcpy(&peer.sin_addr, device, sizeof(device));
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(write(pair[1], request, strlen(request)),
			 strlen(request));
	a->fd = pair[0];
	a->peer = (struct sockaddr *)&peer;
	wire.len = 0;
	conns_accept(wire.conns, a);
	for (int i = 0; i < TURNS && !is_over; i++) {
		serve();
		event_base_loop(wire.base, EVLOOP_NONBLOCK);
		is_over = take_answer(pair[1]);
	}
	close(pair[1]);
	event_base_loop(wire.base, EVLOOP_NONBLOCK);
	assert_true(is_over);
	assert_int_equal(conns_count(wire.conns), 0);
}

/* The value of a header field; NULL: there is none. */
static inline const char *field(const char *name)
{
	static char value[512];
	size_t len = strlen(name);
	const char *at = strstr(wire.answer, "\r\n");

	for (; at && at + 4 < wire.body; at = strstr(at + 2, "\r\n")) {
		if (strncmp(at + 2, name, len) || at[2 + len] != ':')
			continue;
		snprintf(value, sizeof(value), "%.*s",
			 (int)strcspn(at + 4 + len, "\r"), at + 4 + len);
		return value;
	}
	return NULL;
}

#endif

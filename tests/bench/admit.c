/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * admit SOCKET USER FIRST-ADDRESS COUNT
 *
 * Lets COUNT devices in by netctl's own messages, speaking as the portal's
 * user. Prints how many grants were given, how many refused, and the time.
 */
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/ipc.h"
#include "tests/bench/tool.h"

#define WINDOW	128 /* requests without an answer yet */
#define WAIT_MS 10000

struct admit {
	int fd;
	struct sockaddr_in first;
	unsigned int count, sent, granted, refused;
};

static void become(const char *name)
{
	struct passwd *pw = getpwnam(name);

	if (!pw)
		errx(2, "there is no user '%s'", name);
	if (setgroups(0, NULL) < 0 || setgid(pw->pw_gid) < 0 ||
	    setuid(pw->pw_uid) < 0)
		err(1, "user %s", name);
}

static void wait_for(int fd, short what)
{
	struct pollfd p = { .fd = fd, .events = what };

	if (poll(&p, 1, WAIT_MS) <= 0)
		errx(1, "netctl does not answer");
}

static void ask(struct admit *a)
{
	struct sockaddr_in s = nth_source(&a->first, a->sent);
	struct ipc_grant g = {
		.header = { IPC_VERSION, IPC_GRANT, a->sent + 1 },
		.client = { .family = AF_INET },
	};

	memcpy(g.client.byte, &s.sin_addr, sizeof(s.sin_addr));
	while (send(a->fd, &g, sizeof(g), MSG_NOSIGNAL) < 0) {
		if (errno != EAGAIN)
			err(1, "send");
		wait_for(a->fd, POLLOUT);
	}
	a->sent++;
}

static void take_answer(struct admit *a)
{
	struct ipc_session s;
	union {
		struct ipc_header header;
		char bytes[IPC_MESSAGE_MAX];
	} m;
	ssize_t n;

	wait_for(a->fd, POLLIN);
	n = recv(a->fd, &m, sizeof(m), 0);
	if (n <= 0)
		errx(1, "netctl hung up");
	if (m.header.type != IPC_SESSION)
		return; /* news about zones */
	memcpy(&s, &m, sizeof(s));
	if (s.error)
		a->refused++;
	else
		a->granted++;
}

int main(int argc, char **argv)
{
	struct admit a = { 0 };
	uint64_t start;

	if (argc != 5)
		errx(2, "usage: admit SOCKET USER ADDRESS COUNT");
	become(argv[2]);
	a.first = endpoint(argv[3], 0);
	a.count = number(argv[4]);
	a.fd = ipc_connect(argv[1]);
	if (a.fd < 0)
		errx(1, "%s: %s", argv[1], strerror(-a.fd));
	start = now_ns();
	while (a.granted + a.refused < a.count) {
		while (a.sent < a.count &&
		       a.sent - a.granted - a.refused < WINDOW)
			ask(&a);
		take_answer(&a);
	}
	printf("{\"granted\": %u, \"refused\": %u, \"ns\": %llu}\n", a.granted,
	       a.refused, (unsigned long long)(now_ns() - start));
	return 0;
}

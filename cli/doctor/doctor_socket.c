/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/doctor/doctor_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

int doctor_socket_connect(const struct addr *server, uint16_t port, int type)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} to = { .any.sa_family = server->family };
	socklen_t len =
		server->family == AF_INET ? sizeof(to.v4) : sizeof(to.v6);
	int fd = socket(server->family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return -errno;
	if (server->family == AF_INET) {
		to.v4.sin_port = htons(port);
		memcpy(&to.v4.sin_addr, server->byte, 4);
	} else {
		to.v6.sin6_port = htons(port);
		memcpy(&to.v6.sin6_addr, server->byte, 16);
	}
	if (connect(fd, &to.any, len) == 0 || errno == EINPROGRESS)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int doctor_socket_wait(int fd, short events, uint64_t end_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	uint64_t left_ms;

	while ((left_ms = clock_until_ms(end_ms, clock_ms())) > 0)
		if (poll(&p, 1, (int)left_ms) > 0)
			return 0;
	return -ETIMEDOUT;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/doctor/http_question.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/doctor/doctor_socket.h"
#include "common/clock.h"

static const char request[] = "GET / HTTP/1.1\r\nHost: probe.invalid\r\n"
			      "Connection: close\r\n\r\n";

static int send_request(int fd, uint64_t end_ms)
{
	int err = doctor_socket_wait(fd, POLLOUT, end_ms);
	socklen_t len = sizeof(err);

	if (err)
		return err;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0 || err)
		return err ? -err : -errno;
	return send(fd, request, strlen(request), MSG_NOSIGNAL) < 0 ? -errno
								    : 0;
}

/* Up to the end, or as much as there is room for. */
static int receive(int fd, uint64_t end_ms, char answer[HTTP_ANSWER_MAX])
{
	size_t len = 0;

	while (len < HTTP_ANSWER_MAX - 1) {
		int err = doctor_socket_wait(fd, POLLIN, end_ms);
		ssize_t n;

		if (err)
			return err;
		n = recv(fd, answer + len, HTTP_ANSWER_MAX - 1 - len, 0);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	answer[len] = '\0';
	return 0;
}

int http_question_ask(const struct addr *server, uint16_t port,
		      char answer[HTTP_ANSWER_MAX])
{
	uint64_t end_ms = clock_ms() + HTTP_QUESTION_WAIT_MS;
	int fd = doctor_socket_connect(server, port, SOCK_STREAM);
	int err;

	if (fd < 0)
		return fd;
	err = send_request(fd, end_ms);
	if (!err)
		err = receive(fd, end_ms, answer);
	close(fd);
	return err;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/http/transport.h"

#include <errno.h>
#include <sys/socket.h>

static ssize_t plain_read(void *state, int fd, char *buf, size_t len)
{
	ssize_t n = recv(fd, buf, len, 0);

	(void)state;
	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EINTR)
		return TRANSPORT_WANT_READ;
	return TRANSPORT_ERROR;
}

/* MSG_MORE: a close or shutdown follows, so data and FIN share a packet. */
static ssize_t plain_write(void *state, int fd, const char *buf, size_t len)
{
	ssize_t n = send(fd, buf, len, MSG_NOSIGNAL | MSG_MORE);

	(void)state;
	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EINTR)
		return TRANSPORT_WANT_WRITE;
	return TRANSPORT_ERROR;
}

static void plain_nothing(void *state)
{
	(void)state;
}

const struct transport transport_plain = {
	.name = "plain",
	.read = plain_read,
	.write = plain_write,
	.finish = plain_nothing,
	.free = plain_nothing,
};

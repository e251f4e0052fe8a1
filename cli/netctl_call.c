/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/netctl_call.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define TIMEOUT_S 5

static int open_socket(void)
{
	static const struct timeval limit = { .tv_sec = TIMEOUT_S };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* What the kernel calls EAGAIN is a time-out on a blocking socket. */
static int told(int err)
{
	return err == -EAGAIN ? -ETIMEDOUT : err;
}

int netctl_call_open(struct netctl_call *t, const char *path)
{
	int fd = open_socket();
	int err;

	if (fd < 0)
		return fd;
	err = told(ipc_connect_socket(fd, path));
	if (err)
		close(fd);
	else
		*t = (struct netctl_call){ .fd = fd };
	return err;
}

void netctl_call_close(struct netctl_call *t)
{
	close(t->fd);
	t->fd = -1;
}

int netctl_call_ask(struct netctl_call *t, enum ipc_type type, void *question)
{
	struct ipc_header *h = question;
	ssize_t n;

	h->version = IPC_VERSION;
	h->type = (uint16_t)type;
	h->id = ++t->id;
	do {
		n = send(t->fd, question, ipc_message_size(type), MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? told(-errno) : 0;
}

int netctl_call_answer(struct netctl_call *t, union netctl_call_message *m)
{
	ssize_t n;

	do {
		n = recv(t->fd, m, sizeof(*m), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return told(-errno);
		if (!n)
			return -ECONNRESET;
		if (ipc_message_check(m, (size_t)n))
			return -EPROTO;
	} while (n < 0 || m->header.id != t->id);
	return 0;
}

int netctl_call_answer_of(struct netctl_call *t, enum ipc_type type,
			  union netctl_call_message *m)
{
	int err = netctl_call_answer(t, m);

	return !err && m->header.type != type ? -EPROTO : err;
}

int netctl_call_all(struct netctl_call *t, enum ipc_type type, void *question,
		    const struct netctl_call_handler *h, struct ipc_done *done)
{
	union netctl_call_message m;
	int err = netctl_call_ask(t, type, question);

	while (!err) {
		err = netctl_call_answer(t, &m);
		if (err)
			break;
		if (m.header.type == IPC_DONE) {
			*done = m.done;
			return m.done.error;
		}
		err = h->on_answer(&m, h->arg);
	}
	return err;
}

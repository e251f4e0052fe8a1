/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/doctor/dns_question.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/doctor/doctor_socket.h"
#include "common/clock.h"
#include "common/random.h"

#define HEAD	  12
#define QNAME_MAX 255
#define LABEL_MAX 63
#define TYPE_A	  1
#define TYPE_AAAA 28
#define CLASS_IN  1
#define IS_ANSWER 0x80
#define RECURSE	  0x01

struct question {
	uint8_t byte[HEAD + QNAME_MAX + 4];
	size_t len;
};

/* false: no name, see RFC 1035, 2.3.4. */
static bool put_name(struct question *q, const char *name)
{
	while (*name) {
		size_t len = strcspn(name, ".");

		if (!len || len > LABEL_MAX ||
		    q->len + len + 2 > HEAD + QNAME_MAX)
			return false;
		q->byte[q->len++] = (uint8_t)len;
		memcpy(q->byte + q->len, name, len);
		q->len += len;
		name += len;
		if (*name == '.')
			name++;
	}
	q->byte[q->len++] = 0;
	return true;
}

static bool build(struct question *q, const char *name, unsigned int type)
{
	*q = (struct question){ .len = HEAD };
	if (!random_fill(q->byte, 2) || !put_name(q, name))
		return false;
	q->byte[2] = RECURSE;
	q->byte[5] = 1; /* question */
	q->byte[q->len + 1] = (uint8_t)type;
	q->byte[q->len + 3] = CLASS_IN;
	q->len += 4;
	return true;
}

/* false: it is no answer to this question. */
static bool parse(const struct question *q, const uint8_t *byte, size_t len,
		  struct dns_reply *reply)
{
	if (len < HEAD || memcmp(byte, q->byte, 2) != 0 ||
	    !(byte[2] & IS_ANSWER))
		return false;
	reply->rcode = byte[3] & 0x0f;
	reply->answers = (unsigned int)byte[6] << 8 | byte[7];
	return true;
}

static int receive(int fd, const struct question *q, struct dns_reply *reply)
{
	uint64_t end_ms = clock_ms() + DNS_QUESTION_WAIT_MS;
	int err;

	while (!(err = doctor_socket_wait(fd, POLLIN, end_ms))) {
		uint8_t byte[1232]; /* the rest is not looked at */
		ssize_t n = recv(fd, byte, sizeof(byte), 0);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n > 0 && parse(q, byte, (size_t)n, reply))
			return 0;
	}
	return err;
}

int dns_question_ask(const struct addr *server, uint16_t port, const char *name,
		     struct dns_reply *reply)
{
	struct question q;
	int fd, err;

	if (!build(&q, name, server->family == AF_INET ? TYPE_A : TYPE_AAAA))
		return -EINVAL;
	fd = doctor_socket_connect(server, port, SOCK_DGRAM);
	if (fd < 0)
		return fd;
	err = send(fd, q.byte, q.len, MSG_NOSIGNAL) < 0
		      ? -errno
		      : receive(fd, &q, reply);
	close(fd);
	return err;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a connection's bytes travel: as they are, or through TLS. */
#ifndef STADTTOR_PORTAL_HTTP_TRANSPORT_H
#define STADTTOR_PORTAL_HTTP_TRANSPORT_H

#include <stddef.h>
#include <sys/types.h>

/* Answers of read and write that are not lengths. */
#define TRANSPORT_CLOSED     0
#define TRANSPORT_WANT_READ  -1
#define TRANSPORT_WANT_WRITE -2
#define TRANSPORT_ERROR	     -3

struct transport {
	const char *name;
	ssize_t (*read)(void *state, int fd, char *buf, size_t len);
	/* the answer ends here: what is held back may travel with the close */
	ssize_t (*write)(void *state, int fd, const char *buf, size_t len);
	void (*finish)(void *state); /* says goodbye, never waits */
	void (*free)(void *state);
};

extern const struct transport transport_plain;

#endif

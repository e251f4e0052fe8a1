/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way of packets to one server and back, by UDP or by TLS: opened when
 * something is sent, and again after it was lost. What arrives is whatever
 * somebody sent; a packet may be lost at any time.
 */
#ifndef STADTTOR_PORTAL_RADIUS_RADIUS_LINK_H
#define STADTTOR_PORTAL_RADIUS_RADIUS_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/addr.h"

struct event_base;
struct radius_link;

struct radius_link_config {
	struct event_base *base;
	struct addr address;
	uint16_t port;
	/* may free nothing of the link */
	void (*on_packet)(const uint8_t *bytes, size_t len, void *arg);
	void *arg;
};

struct radius_link_kind {
	/* false: it is lost already */
	bool (*send)(struct radius_link *l, const uint8_t *bytes, size_t len);
	void (*close)(struct radius_link *l); /* until something is sent */
	void (*free)(struct radius_link *l);
	bool is_stream; /* what is sent arrives, unless it is lost as a whole */
};

struct radius_link { /* the first member of each kind */
	const struct radius_link_kind *kind;
	unsigned int losses; /* how often the stream was lost */
};

/* Where that server is; the length of it. */
struct sockaddr_storage;
socklen_t radius_link_sockaddr(const struct radius_link_config *c,
			       struct sockaddr_storage *ss);

/* NULL: no memory. */
struct radius_link *radius_udp_new(const struct radius_link_config *config);

#endif

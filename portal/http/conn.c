/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/http/conn.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/wipe.h"
#include "portal/http/source_limit.h"
#include "portal/util/deadline.h"

#define DRAIN_MS      2000
#define DRAIN_MAX     (256 * 1024)
#define DRAIN_AT_ONCE 16

enum conn_state {
	CONN_IDLE, /* in the pool */
	CONN_READ, /* the request, and before it the handshake */
	CONN_HOLD, /* until its handler answers */
	CONN_WRITE,
	CONN_DRAIN, /* answered; reads on so that no reset eats the answer */
};

/* What a connection with a place waits for, if it waits for its peer. */
enum wait {
	WAIT_END,     /* CONN_DRAIN */
	WAIT_REQUEST, /* CONN_READ */
	WAIT_READER,  /* CONN_WRITE */
	WAITS
};

enum family { FAMILY_IPV4, FAMILY_IPV6, FAMILIES };

struct conn {
	struct exchange x;
	TAILQ_ENTRY(conn) next; /* in the pool or among the open */
	struct conns *owner;
	enum conn_state state;
	int fd;
	const struct transport *transport;
	void *transport_state;
	struct event event;
	void (*on_ready)(struct conn *c); /* what the event goes on with */
	bool has_event;
	struct deadline deadline;
	struct source_limit_share share;
	bool has_place; /* counts among the open */
	bool may_have_unread;
	bool has_read; /* at least a byte */
	char *in;
	size_t in_len;
	char *out;
	size_t out_at, out_len;
	size_t drained;
	max_align_t user[]; /* user_size bytes */
};

TAILQ_HEAD(conn_list, conn);

struct conns {
	struct conns_config config;
	struct conns_bounds bounds;
	struct tls_context *tls;
	struct source_limit *limits;
	struct deadline_queue waiting[WAITS][FAMILIES];
	struct conn_list pool;
	struct conn_list open;
	size_t count; /* open with a place: waiting, or held */
	struct event wipe_timer;
	struct conns_stats stats;
	char scratch[REQUEST_MAX];
};

/* --- life -------------------------------------------------------------- */

static void conn_stop_event(struct conn *c)
{
	if (!c->has_event)
		return;
	event_del(&c->event);
	c->has_event = false;
}

static size_t conn_size(const struct conns *cs)
{
	return sizeof(struct conn) + cs->config.user_size;
}

static void conn_forget_secrets(struct conn *c)
{
	struct request_extra *extra = c->x.request.extra;

	if (!extra)
		return;
	explicit_bzero(extra, sizeof(*extra));
	free(extra);
}

static void conn_close(struct conn *c, const char *why)
{
	struct conns *cs = c->owner;

	if (cs->config.is_for_operators) /* a guest's would tell of a visit */
		log_debug("connection closed: %s", why);
	conn_stop_event(c);
	deadline_stop(&c->deadline);
	if (cs->config.on_close)
		cs->config.on_close(c->x.user);
	source_limit_give(cs->limits, &c->share);
	if (c->transport_state)
		c->transport->free(c->transport_state);
	close(c->fd);
	if (c->in)
		explicit_bzero(c->in, c->in_len);
	free(c->in);
	if (c->out)
		explicit_bzero(c->out, c->out_len);
	free(c->out);
	conn_forget_secrets(c);
	if (c->has_place)
		cs->count--;
	TAILQ_REMOVE(&cs->open, c, next);
	explicit_bzero(c, conn_size(cs));
	TAILQ_INSERT_HEAD(&cs->pool, c, next);
}

static struct conn *conn_take(struct conns *cs)
{
	struct conn *c = TAILQ_FIRST(&cs->pool);

	if (c)
		TAILQ_REMOVE(&cs->pool, c, next);
	else
		c = calloc(1, conn_size(cs));
	if (!c)
		return NULL;
	c->owner = cs;
	c->x.user = c->user;
	TAILQ_INSERT_TAIL(&cs->open, c, next);
	return c;
}

/* When a turn is over, not before: others may be closed in it. */
static void wipe_scratch(struct conns *cs)
{
	if (cs->config.is_for_operators)
		explicit_bzero(cs->scratch, sizeof(cs->scratch));
}

/* --- places ------------------------------------------------------------ */

static struct conn *conn_of(struct deadline *d)
{
	return (struct conn *)((char *)d - offsetof(struct conn, deadline));
}

static void conn_wait(struct conn *c, enum wait what)
{
	enum family f =
		c->x.client.family == AF_INET6 ? FAMILY_IPV6 : FAMILY_IPV4;

	deadline_start(&c->deadline, &c->owner->waiting[what][f]);
}

/*
 * The longest queue loses its oldest: whoever fills the places with half
 * requests closes no answer that is still being read, and whoever does it from
 * any number of IPv6 addresses closes nobody's connection over IPv4. false:
 * all places are with handlers.
 */
static bool evict(struct conns *cs)
{
	struct deadline_queue *longest = &cs->waiting[0][0];

	for (int w = 0; w < WAITS; w++)
		for (int f = 0; f < FAMILIES; f++)
			if (cs->waiting[w][f].count > longest->count)
				longest = &cs->waiting[w][f];
	if (!longest->count)
		return false;
	cs->stats.rejected++;
	conn_close(conn_of(TAILQ_FIRST(&longest->items)),
		   "another one needs its place");
	return true;
}

static bool make_room(struct conns *cs)
{
	while (cs->count >= cs->bounds.max)
		if (!evict(cs))
			return false;
	return true;
}

/*
 * A connection that outlives its first turn takes one of the places, of all
 * and of its source. false: none is left.
 */
static bool conn_take_place(struct conn *c)
{
	struct conns *cs = c->owner;

	if (c->has_place)
		return true;
	if (!source_limit_take(cs->limits, &c->x.client, &c->share))
		return false;
	if (!make_room(cs)) {
		source_limit_give(cs->limits, &c->share);
		return false;
	}
	c->has_place = true;
	cs->count++;
	return true;
}

/* --- waiting ----------------------------------------------------------- */

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	struct conns *cs = c->owner;

	(void)fd;
	(void)what;
	c->has_event = false;
	wipe_later(&cs->wipe_timer);
	c->on_ready(c);
	wipe_scratch(cs);
}

static void conn_arm(struct conn *c, short what,
		     void (*on_ready)(struct conn *c))
{
	conn_stop_event(c);
	c->on_ready = on_ready;
	event_assign(&c->event, c->owner->config.base, c->fd, what, on_event,
		     c);
	event_add(&c->event, NULL);
	c->has_event = true;
}

static short wanted_event(ssize_t result)
{
	return result == TRANSPORT_WANT_WRITE ? EV_WRITE : EV_READ;
}

static void count_answer(struct conns *cs, const char *bytes, size_t len)
{
	/* "HTTP/1.1 200 " */
	if (len > 9 && bytes[9] >= '1' && bytes[9] <= '5')
		cs->stats.answers[bytes[9] - '0']++;
}

static void trouble(struct conn *c, unsigned int status)
{
	c->may_have_unread = true;
	c->owner->config.on_trouble(c, status, c->owner->config.arg);
}

static void on_request_late(struct deadline *d)
{
	struct conn *c = conn_of(d);

	if (c->state != CONN_READ || !c->has_read)
		conn_close(c, "it was too slow");
	else
		trouble(c, 408);
}

static void on_answer_late(struct deadline *d)
{
	conn_close(conn_of(d), "it does not take its answer");
}

static void on_end_late(struct deadline *d)
{
	conn_close(conn_of(d), "answered");
}

/* --- after the answer -------------------------------------------------- */

/* Nobody has to go for that. false: no place to wait in. */
static bool conn_wait_for_end(struct conn *c)
{
	if (c->deadline.queue)
		return true;
	if (!c->has_place && c->owner->count >= c->owner->bounds.max)
		return false;
	if (!conn_take_place(c))
		return false;
	conn_wait(c, WAIT_END);
	return true;
}

static void conn_drain(struct conn *c)
{
	char *buf = c->owner->scratch;

	for (int i = 0; i < DRAIN_AT_ONCE; i++) {
		ssize_t n = transport_plain.read(NULL, c->fd, buf,
						 sizeof(c->owner->scratch));

		if (n == TRANSPORT_WANT_READ)
			break;
		if (n > 0)
			c->drained += (size_t)n;
		if (n <= 0 || c->drained > DRAIN_MAX) {
			conn_close(c, "answered");
			return;
		}
	}
	if (conn_wait_for_end(c))
		conn_arm(c, EV_READ, conn_drain);
	else
		conn_close(c, "answered");
}

/* A close with input unread resets the connection and eats the answer. */
static void conn_finish(struct conn *c)
{
	struct conns *cs = c->owner;

	c->transport->finish(c->transport_state);
	if (!c->may_have_unread) {
		conn_close(c, "answered");
		return;
	}
	shutdown(c->fd, SHUT_WR);
	c->state = CONN_DRAIN;
	deadline_stop(&c->deadline);
	conn_drain(c);
	wipe_scratch(cs); /* it may be nobody's turn */
}

/* --- the answer -------------------------------------------------------- */

static void conn_write(struct conn *c)
{
	while (c->out_at < c->out_len) {
		ssize_t n = c->transport->write(c->transport_state, c->fd,
						c->out + c->out_at,
						c->out_len - c->out_at);

		if (n == TRANSPORT_WANT_READ || n == TRANSPORT_WANT_WRITE) {
			conn_arm(c, wanted_event(n), conn_write);
			return;
		}
		if (n <= 0) {
			conn_close(c, "write failed");
			return;
		}
		c->out_at += (size_t)n;
	}
	conn_finish(c);
}

/* What the socket does not take at once is copied and waited for. */
static void conn_write_later(struct conn *c, const char *bytes, size_t len)
{
	if (!conn_take_place(c)) {
		c->owner->stats.rejected++;
		conn_close(c, "no room to wait");
		return;
	}
	c->out = malloc(len);
	if (!c->out) {
		conn_close(c, "out of memory");
		return;
	}
	memcpy(c->out, bytes, len);
	c->out_len = len;
	conn_wait(c, WAIT_READER);
	conn_write(c);
}

void conn_answer(struct conn *c, const char *bytes, size_t len)
{
	ssize_t n;

	conn_stop_event(c);
	deadline_stop(&c->deadline);
	c->state = CONN_WRITE;
	if (c->x.kind == LISTENER_HTTPS && !c->has_read) {
		conn_close(c, "no answer without a handshake");
		return;
	}
	count_answer(c->owner, bytes, len);
	n = c->transport->write(c->transport_state, c->fd, bytes, len);
	if (n >= 0 && (size_t)n == len)
		conn_finish(c);
	else if (n == TRANSPORT_ERROR || n == TRANSPORT_CLOSED)
		conn_close(c, "write failed");
	else
		conn_write_later(c, bytes + (n > 0 ? n : 0),
				 len - (n > 0 ? (size_t)n : 0));
}

bool conn_hold(struct conn *c)
{
	if (!conn_take_place(c)) {
		c->owner->stats.rejected++;
		return false;
	}
	c->state = CONN_HOLD;
	conn_stop_event(c);
	deadline_stop(&c->deadline); /* what it waits for has its own */
	return true;
}

/* --- the request ------------------------------------------------------- */

/* false: it was answered or closed. */
static bool conn_keep_input(struct conn *c)
{
	if (c->in)
		return true;
	c->in = malloc(REQUEST_MAX);
	if (!c->in) {
		trouble(c, 503);
		return false;
	}
	memcpy(c->in, c->owner->scratch, c->in_len);
	return true;
}

/* false: no place; it was answered or closed. */
static bool conn_wait_for_more(struct conn *c)
{
	if (!conn_take_place(c)) {
		c->owner->stats.rejected++;
		trouble(c, 503);
		return false;
	}
	if (c->in_len && !conn_keep_input(c))
		return false;
	if (!c->deadline.queue) /* bytes do not buy time */
		conn_wait(c, WAIT_REQUEST);
	return true;
}

/* false: the connection has gone on, or is gone. */
static bool conn_take_bytes(struct conn *c, const char *buf, size_t n)
{
	struct exchange *x = &c->x;
	struct conns *cs = c->owner;
	size_t end, len;

	c->in_len += n;
	c->has_read = true;
	switch (request_feed(&x->request, buf, c->in_len)) {
	case REQUEST_MORE:
		return true;
	case REQUEST_BAD:
		trouble(c, x->request.status);
		return false;
	case REQUEST_DONE:
		break;
	}
	end = x->request.body_at + x->request.body_len;
	c->may_have_unread = end > c->in_len || x->request.has_coding ||
			     c->in_len == REQUEST_MAX;
	x->query = buf + x->request.query_at;
	x->body = buf + x->request.body_at;
	len = c->in_len;
	cs->config.on_request(c, cs->config.arg);
	if (buf == cs->scratch) /* queries and forms may hold codes */
		explicit_bzero(cs->scratch, len);
	return false;
}

static void conn_read(struct conn *c)
{
	for (;;) {
		char *buf = c->in ? c->in : c->owner->scratch;
		ssize_t n = c->transport->read(c->transport_state, c->fd,
					       buf + c->in_len,
					       REQUEST_MAX - c->in_len);

		if (n == TRANSPORT_WANT_READ || n == TRANSPORT_WANT_WRITE) {
			if (conn_wait_for_more(c))
				conn_arm(c, wanted_event(n), conn_read);
			return;
		}
		if (n <= 0) {
			conn_close(c, n ? "read failed" : "it went away");
			return;
		}
		if (!conn_take_bytes(c, buf, (size_t)n))
			return;
	}
}

/* --- all of them ------------------------------------------------------- */

static void set_spans(struct conns *cs)
{
	for (int f = 0; f < FAMILIES; f++) {
		cs->waiting[WAIT_END][f].span_ms = DRAIN_MS;
		cs->waiting[WAIT_REQUEST][f].span_ms =
			cs->bounds.request_s * 1000;
		cs->waiting[WAIT_READER][f].span_ms =
			cs->bounds.answer_s * 1000;
	}
}

static void queues_init(struct conns *cs)
{
	static void (*const on_late[WAITS])(struct deadline * d) = {
		[WAIT_END] = on_end_late,
		[WAIT_REQUEST] = on_request_late,
		[WAIT_READER] = on_answer_late,
	};

	for (int w = 0; w < WAITS; w++)
		for (int f = 0; f < FAMILIES; f++)
			deadline_queue_init(&cs->waiting[w][f], cs->config.base,
					    0, on_late[w]);
	set_spans(cs);
}

/*
 * The guests of a zone share one /64, so each address counts by itself there.
 * Operators come from afar.
 */
static enum source_kind source_kind_of(const struct conns_config *config)
{
	return config->is_for_operators ? SOURCE_SITE : SOURCE_ADDRESS;
}

struct conns *conns_new(const struct conns_config *config,
			const struct conns_bounds *bounds)
{
	struct conns *cs = calloc(1, sizeof(*cs));

	if (!cs)
		return NULL;
	cs->config = *config;
	cs->bounds = *bounds;
	cs->limits = source_limit_new(source_kind_of(config),
				      bounds->max_per_device);
	if (!cs->limits) {
		free(cs);
		return NULL;
	}
	TAILQ_INIT(&cs->pool);
	TAILQ_INIT(&cs->open);
	wipe_init(&cs->wipe_timer, config->base);
	queues_init(cs);
	return cs;
}

void conns_set_bounds(struct conns *cs, const struct conns_bounds *bounds)
{
	cs->bounds = *bounds;
	source_limit_set_max(cs->limits, bounds->max_per_device);
	set_spans(cs);
}

void conns_set_tls(struct conns *cs, struct tls_context *tls)
{
	cs->tls = tls;
}

static bool conn_start_transport(struct conn *c)
{
	struct conns *cs = c->owner;

	c->transport = &transport_plain;
	if (c->x.kind != LISTENER_HTTPS)
		return true;
	c->transport = &transport_tls;
	/* a handshake is dear: not for those who may not stay anyway */
	if (!cs->tls || !conn_take_place(c)) {
		cs->stats.rejected++;
		return false;
	}
	c->transport_state = tls_accept(cs->tls, c->fd);
	return c->transport_state != NULL;
}

/* false: no memory */
static bool conn_start_request(struct conn *c, enum listener_kind kind)
{
	struct request_extra *extra;

	request_init(&c->x.request, kind == LISTENER_HIJACK);
	if (!c->owner->config.is_for_operators)
		return true;
	extra = malloc(sizeof(*extra));
	if (extra)
		request_want_extra(&c->x.request, extra);
	return extra != NULL;
}

void conns_accept(struct conns *cs, const struct accepted *a)
{
	struct conn *c = conn_take(cs);

	wipe_later(&cs->wipe_timer);
	if (!c) {
		close(a->fd);
		return;
	}
	c->fd = a->fd;
	c->state = CONN_READ;
	c->x.zone = a->zone;
	c->x.kind = a->kind;
	addr_from_sockaddr(&c->x.client, a->peer);
	c->x.client.ifindex = a->zone ? a->zone->ifindex : 0;
	if (!conn_start_request(c, a->kind))
		conn_close(c, "out of memory");
	else if (!conn_start_transport(c))
		conn_close(c, "no room for TLS");
	else
		conn_read(c);
	wipe_scratch(cs);
}

void conns_close_zone(struct conns *cs, const struct zone *z)
{
	struct conn *c = TAILQ_FIRST(&cs->open);

	while (c) {
		struct conn *following = TAILQ_NEXT(c, next);

		if (c->x.zone == z)
			conn_close(c, "its zone is gone");
		c = following;
	}
}

size_t conns_count(const struct conns *cs)
{
	return cs->count;
}

void conns_free(struct conns *cs)
{
	struct conn *c;

	if (!cs)
		return;
	while ((c = TAILQ_FIRST(&cs->open)))
		conn_close(c, "the portal stops");
	while ((c = TAILQ_FIRST(&cs->pool))) {
		TAILQ_REMOVE(&cs->pool, c, next);
		free(c);
	}
	for (int w = 0; w < WAITS; w++)
		for (int f = 0; f < FAMILIES; f++)
			deadline_queue_clear(&cs->waiting[w][f]);
	source_limit_free(cs->limits);
	event_del(&cs->wipe_timer);
	explicit_bzero(cs->scratch, sizeof(cs->scratch));
	free(cs);
}

const struct conns_stats *conns_stats(const struct conns *cs)
{
	return &cs->stats;
}

struct exchange *conn_exchange(struct conn *c)
{
	return &c->x;
}

void *conn_arg(struct conn *c)
{
	return c->owner->config.arg;
}

const struct addr *conn_local(struct conn *c)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (c->x.local.family == AF_UNSPEC &&
	    getsockname(c->fd, (struct sockaddr *)&ss, &len) == 0) {
		addr_from_sockaddr(&c->x.local, (struct sockaddr *)&ss);
		c->x.local.ifindex = c->x.zone ? c->x.zone->ifindex : 0;
	}
	return &c->x.local;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/radius/radius_coa.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/clock.h"
#include "portal/radius/radius_replay.h"
#include "portal/radius/radius_reply.h"
#include "portal/util/bind.h"

#define READS_PER_TURN 64

enum error_cause { /* RFC 5176, 3.5 */
		   CAUSE_NONE = 0,
		   CAUSE_MISSING_ATTRIBUTE = 402,
		   CAUSE_NO_SESSION = 503,
		   CAUSE_RESOURCES = 506,
};

struct waiting {
	struct radius_coa *coa;	    /* NULL: free */
	struct radius_link *stream; /* that it came by; NULL: by UDP */
	unsigned int losses;	    /* of the stream, when it came */
	struct sockaddr_storage from;
	socklen_t from_len;
	uint8_t code, id;
	uint8_t authenticator[RADIUS_AUTHENTICATOR];
};

struct radius_coa {
	struct radius_coa_config config;
	int fd; /* -1: none */
	struct event event;
	bool has_told_of_time; /* the log */
	struct radius_replay replay;
	struct waiting waiting[RADIUS_COA_WAITING];
};

/* --- answers ------------------------------------------------------------- */

static enum radius_code answer_code(uint8_t request, uint32_t cause)
{
	if (request == RADIUS_DISCONNECT_REQUEST)
		return cause ? RADIUS_DISCONNECT_NAK : RADIUS_DISCONNECT_ACK;
	return cause ? RADIUS_COA_NAK : RADIUS_COA_ACK;
}

/* A stream that was lost meanwhile has nobody who waits. */
static void send_answer(const struct waiting *w, const struct radius_packet *p)
{
	const struct radius_coa *c = w->coa;

	if (w->stream && w->stream->losses == w->losses)
		w->stream->kind->send(w->stream, p->byte, p->len);
	else if (!w->stream) /* it is asked again for what is lost */
		sendto(c->fd, p->byte, p->len, MSG_DONTWAIT,
		       (const struct sockaddr *)&w->from, w->from_len);
}

static void answer(struct waiting *w, uint32_t cause)
{
	struct radius_coa *c = w->coa;
	struct radius_request *known =
		radius_replay_find(&c->replay, w->authenticator);
	struct radius_packet p;

	if (known) {
		known->cause = cause;
		known->is_answered = true;
	}
	if (!radius_packet_init(&p, answer_code(w->code, cause)))
		return;
	if (cause)
		radius_put_number(&p, RADIUS_ERROR_CAUSE, cause);
	if (radius_packet_sign_answer(&p, w->id, w->authenticator,
				      c->config.secret))
		send_answer(w, &p);
}

static void on_changed(int error, void *arg)
{
	struct waiting *w = arg;

	answer(w, !error	     ? CAUSE_NONE
		  : error == -ENOENT ? CAUSE_NO_SESSION
				     : CAUSE_RESOURCES);
	w->coa = NULL;
}

/* --- requests ------------------------------------------------------------ */

static bool is_server(const struct radius_coa *c,
		      const struct sockaddr_storage *from)
{
	struct addr a;

	if (!addr_from_sockaddr(&a, (const struct sockaddr *)from))
		return false;
	a.ifindex = 0;
	for (size_t i = 0; i < c->config.servers; i++)
		if (addr_equal(&a, &c->config.server[i]))
			return true;
	return false;
}

/* Sixteen digits, as accounting writes them. 0: none. */
static uint64_t parse_handle(const struct radius_bytes *b)
{
	char text[17] = "", *end;
	uint64_t handle;

	if (b->len != 16)
		return 0;
	memcpy(text, b->byte, 16);
	if (strspn(text, "0123456789abcdef") != 16)
		return 0;
	handle = strtoull(text, &end, 16);
	return handle;
}

static bool is_new(struct radius_coa *c, const struct radius_reply *r)
{
	const struct radius_now now = { (uint32_t)time(NULL),
					(uint32_t)(clock_ms() / 1000) };

	if (radius_replay_is_new(&c->replay, (uint32_t)r->timestamp_s, &now))
		return true;
	if (!c->has_told_of_time)
		log_warn("radius %s: a change of another time was passed over; "
			 "do the clocks agree?",
			 c->config.name);
	c->has_told_of_time = true;
	return false;
}

static uint32_t judge(struct radius_coa *c, const struct radius_reply *r,
		      struct waiting *w)
{
	const struct radius_change change = {
		.handle = parse_handle(&r->handle),
		.limits = radius_reply_limits(r),
		.end = w->code == RADIUS_DISCONNECT_REQUEST,
		.done = on_changed,
		.arg = w,
	};

	if (!r->handle.len)
		return CAUSE_MISSING_ATTRIBUTE;
	if (!change.handle || !c->config.knows(change.handle, c->config.arg))
		return CAUSE_NO_SESSION;
	return c->config.change(&change, c->config.arg) ? CAUSE_NONE
							: CAUSE_RESOURCES;
}

static struct waiting *find_free(struct radius_coa *c)
{
	for (size_t i = 0; i < RADIUS_COA_WAITING; i++)
		if (!c->waiting[i].coa)
			return &c->waiting[i];
	return NULL;
}

static void take_request(struct radius_coa *c, const struct radius_view *v,
			 const struct waiting *from)
{
	struct radius_reply r;
	struct waiting *w = find_free(c);
	uint32_t cause;

	radius_reply_read(&r, v);
	if (!w || (!from->stream && r.timestamp_s && !is_new(c, &r)))
		return; /* it is sent again, or is an old one */
	*w = *from;
	w->coa = c;
	if (from->stream || r.timestamp_s)
		cause = judge(c, &r, w);
	else
		cause = CAUSE_MISSING_ATTRIBUTE;
	if (!from->stream && r.timestamp_s)
		radius_replay_add(&c->replay, w->authenticator,
				  (uint32_t)r.timestamp_s);
	explicit_bzero(&r, sizeof(r));
	if (!cause)
		return; /* on_changed() answers */
	answer(w, cause);
	w->coa = NULL;
}

/* One that has come before, by UDP, has done what it does. */
static void answer_again(struct radius_coa *c, struct waiting *from,
			 const struct radius_request *known)
{
	from->coa = c;
	if (known->is_answered)
		answer(from, known->cause);
}

static void take_view(struct radius_coa *c, const struct radius_view *v,
		      struct waiting *from)
{
	const struct radius_request *known;

	if (!radius_view_is_genuine(v, c->config.secret))
		return;
	from->code = (uint8_t)v->code;
	from->id = v->id;
	memcpy(from->authenticator, radius_view_authenticator(v),
	       RADIUS_AUTHENTICATOR);
	known = from->stream
			? NULL
			: radius_replay_find(&c->replay, from->authenticator);
	if (known)
		answer_again(c, from, known);
	else
		take_request(c, v, from);
}

void radius_coa_take(struct radius_coa *c, const struct radius_view *v,
		     struct radius_link *stream)
{
	struct waiting from = { .stream = stream, .losses = stream->losses };

	take_view(c, v, &from);
}

static void take_packet(struct radius_coa *c, const uint8_t *bytes, size_t len,
			struct waiting *from)
{
	struct radius_view v;

	if (!is_server(c, &from->from) || !radius_view_parse(&v, bytes, len))
		return;
	if (v.code == RADIUS_COA_REQUEST || v.code == RADIUS_DISCONNECT_REQUEST)
		take_view(c, &v, from);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	static uint8_t bytes[RADIUS_PACKET_MAX];
	struct radius_coa *c = arg;

	(void)what;
	for (int i = 0; i < READS_PER_TURN; i++) {
		struct waiting from = { .from_len = sizeof(from.from) };
		ssize_t n =
			recvfrom(fd, bytes, sizeof(bytes), MSG_DONTWAIT,
				 (struct sockaddr *)&from.from, &from.from_len);

		if (n < 0)
			break;
		take_packet(c, bytes, (size_t)n, &from);
	}
	explicit_bzero(bytes, sizeof(bytes));
}

/* --- life ---------------------------------------------------------------- */

static int open_socket(uint8_t family, uint16_t port)
{
	const struct addr any = { .family = family };
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err = fd < 0 ? -errno : bind_to_address(fd, &any, port);

	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return err;
}

static bool listen_to_udp(struct radius_coa *c)
{
	uint16_t port = c->config.port;

	c->fd = open_socket(AF_INET6, port);
	if (c->fd < 0)
		c->fd = open_socket(AF_INET, port);
	if (c->fd < 0) {
		log_error("radius %s: port %u: %s", c->config.name, port,
			  strerror(-c->fd));
		return false;
	}
	event_assign(&c->event, c->config.base, c->fd, EV_READ | EV_PERSIST,
		     on_readable, c);
	event_add(&c->event, NULL);
	return true;
}

struct radius_coa *radius_coa_new(const struct radius_coa_config *config)
{
	struct radius_coa *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->config = *config;
	c->fd = -1;
	radius_replay_init(&c->replay, (uint32_t)(clock_ms() / 1000));
	if (!config->port || listen_to_udp(c))
		return c;
	free(c);
	return NULL;
}

void radius_coa_free(struct radius_coa *c)
{
	if (!c)
		return;
	if (c->fd >= 0) {
		event_del(&c->event);
		close(c->fd);
	}
	free(c);
}

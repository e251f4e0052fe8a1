/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/radius/radius_pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/clock.h"

#define IDS 256

struct server {
	struct radius_pool *pool;
	char *text; /* as in the config */
	struct radius_link *link;
	struct radius_call *call[IDS]; /* by their number */
	unsigned int calls;
	uint8_t last_id;
	uint64_t heard_ms; /* its last genuine answer */
	bool is_dead;
	bool is_doubtful; /* the log has told of an answer that is none */
	struct event probe_timer;
	struct radius_call *probe; /* NULL: none is under way */
};

struct radius_call {
	struct radius_pool *pool;
	struct server *server;
	LIST_ENTRY(radius_call) next;
	uint8_t id;
	unsigned int tries;  /* at this server */
	unsigned int losses; /* of the stream, when it was sent */
	bool is_sent;
	unsigned int asked; /* bits: servers that it was sent to */
	uint64_t since_ms;  /* when the first of these was sent */
	bool is_probe;	    /* of that server and no other */
	struct event timer;
	radius_answer_fn *on_answer;
	void *arg;
	struct radius_packet packet;
};

struct radius_pool {
	struct event_base *base;
	char *name, *secret;
	void (*on_change)(const struct radius_view *v, struct radius_link *l,
			  void *arg);
	void *arg;
	struct server server[RADIUS_SERVERS];
	size_t servers;
	LIST_HEAD(, radius_call) calls;
};

static const uint64_t try_ms[RADIUS_TRIES] = RADIUS_TRY_MS;

/* --- calls -------------------------------------------------------------- */

static void leave_server(struct radius_call *c)
{
	if (!c->server)
		return;
	c->server->call[c->id] = NULL;
	c->server->calls--;
	if (c->is_probe)
		c->server->probe = NULL;
	c->server = NULL;
}

void radius_call_cancel(struct radius_call *c)
{
	leave_server(c);
	event_del(&c->timer);
	LIST_REMOVE(c, next);
	explicit_bzero(&c->packet, sizeof(c->packet));
	free(c);
}

static void finish(struct radius_call *c, const struct radius_view *answer)
{
	radius_answer_fn *on_answer = c->on_answer;
	void *arg = c->arg;

	radius_call_cancel(c);
	on_answer(answer, arg);
}

/* RFC 6613, 2.6.1: nothing twice on one stream. */
static bool may_have_arrived(const struct radius_call *c)
{
	const struct radius_link *link = c->server->link;

	return c->tries && c->is_sent && link->kind->is_stream &&
	       c->losses == link->losses;
}

static void send_once_more(struct radius_call *c)
{
	struct timeval tv = clock_timeval(try_ms[c->tries]);
	struct radius_link *link = c->server->link;

	event_add(&c->timer, &tv);
	if (!may_have_arrived(c)) {
		c->losses = link->losses;
		c->is_sent =
			link->kind->send(link, c->packet.byte, c->packet.len);
	}
	c->tries++;
}

/* false: it has no number free, or the packet cannot be signed. */
static bool send_to(struct radius_call *c, struct server *s)
{
	if (s->calls >= RADIUS_CALLS_MAX)
		return false;
	do
		s->last_id++;
	while (s->call[s->last_id]);
	if (!radius_packet_sign(&c->packet, s->last_id, c->pool->secret))
		return false;
	c->id = s->last_id;
	c->server = s;
	c->asked |= 1U << (s - c->pool->server);
	c->tries = 0;
	c->since_ms = clock_ms();
	s->call[c->id] = c;
	s->calls++;
	send_once_more(c);
	return true;
}

/* The next that it was not sent to, those that answer first. */
static bool send_to_next(struct radius_call *c)
{
	struct radius_pool *p = c->pool;

	for (int dead = 0; dead < 2; dead++)
		for (size_t i = 0; i < p->servers; i++)
			if (p->server[i].is_dead == dead &&
			    !(c->asked >> i & 1) && send_to(c, &p->server[i]))
				return true;
	return false;
}

static struct radius_call *
new_call(struct radius_pool *p, const struct radius_packet *packet,
	 void (*on_timer)(evutil_socket_t, short, void *))
{
	struct radius_call *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->pool = p;
	c->packet = *packet;
	evtimer_assign(&c->timer, p->base, on_timer, c);
	LIST_INSERT_HEAD(&p->calls, c, next);
	return c;
}

/* --- dead servers ------------------------------------------------------- */

static void plan_probe(struct server *s)
{
	struct timeval tv = clock_timeval(RADIUS_PROBE_MS);

	event_add(&s->probe_timer, &tv);
}

static void revive(struct server *s)
{
	s->heard_ms = clock_ms();
	s->is_doubtful = false;
	if (!s->is_dead)
		return;
	log_info("radius %s: server %s answers again", s->pool->name, s->text);
	s->is_dead = false;
	event_del(&s->probe_timer);
	if (s->probe)
		radius_call_cancel(s->probe);
}

static void on_probe_over(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	radius_call_cancel(arg);
}

static void ask_how_it_is(struct server *s)
{
	struct radius_packet packet;
	struct radius_call *c;

	plan_probe(s);
	if (s->probe || !radius_packet_init(&packet, RADIUS_STATUS_SERVER))
		return;
	c = new_call(s->pool, &packet, on_probe_over);
	if (!c)
		return;
	c->is_probe = true;
	s->probe = c;
	if (!send_to(c, s)) {
		s->probe = NULL;
		radius_call_cancel(c);
	}
}

static void on_probe_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	ask_how_it_is(arg);
}

/*
 * Not where it has answered others since: it may not know what to say to this
 * one, and whoever asks for that must not keep others from it.
 */
static void doubt(struct server *s, uint64_t since_ms)
{
	if (s->is_dead || s->heard_ms >= since_ms)
		return;
	log_warn("radius %s: server %s does not answer", s->pool->name,
		 s->text);
	s->is_dead = true;
	if (s->calls == 0)
		s->link->kind->close(s->link);
	ask_how_it_is(s);
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	struct radius_call *c = arg;
	struct server *s = c->server;

	(void)fd;
	(void)what;
	if (c->tries < RADIUS_TRIES) {
		send_once_more(c);
		return;
	}
	leave_server(c);
	doubt(s, c->since_ms);
	if (!send_to_next(c))
		finish(c, NULL);
}

/* --- answers ------------------------------------------------------------ */

/* Whether a packet of that code can answer the request at all. */
static bool fits(enum radius_code request, enum radius_code answer)
{
	switch (request) {
	case RADIUS_ACCESS_REQUEST:
		return answer == RADIUS_ACCESS_ACCEPT ||
		       answer == RADIUS_ACCESS_REJECT ||
		       answer == RADIUS_ACCESS_CHALLENGE;
	case RADIUS_ACCOUNTING_REQUEST:
		return answer == RADIUS_ACCOUNTING_RESPONSE;
	default: /* how it is: whatever it says, it is there */
		return answer == RADIUS_ACCESS_ACCEPT ||
		       answer == RADIUS_ACCESS_REJECT ||
		       answer == RADIUS_ACCOUNTING_RESPONSE;
	}
}

/* By TLS the stream itself is the proof of who answers. */
static bool is_answer(const struct radius_call *c, const struct radius_view *v)
{
	bool is_proved = v->code == RADIUS_ACCOUNTING_RESPONSE ||
			 c->server->link->kind->is_stream;
	struct radius_view request;

	return radius_view_parse(&request, c->packet.byte, c->packet.len) &&
	       fits(request.code, v->code) &&
	       radius_view_answers(v, radius_view_authenticator(&request),
				   c->pool->secret, !is_proved);
}

/* Once, until the server has given a good one. */
static void tell_of_none(struct server *s, const struct radius_view *v)
{
	if (s->is_doubtful)
		return;
	s->is_doubtful = true;
	log_warn("radius %s: server %s: an answer that is not genuine: %s",
		 s->pool->name, s->text,
		 v->message_authenticator
			 ? "is the secret the same on both sides?"
			 : "it has no Message-Authenticator");
}

static bool is_change(const struct radius_view *v)
{
	return v->code == RADIUS_COA_REQUEST ||
	       v->code == RADIUS_DISCONNECT_REQUEST;
}

static void on_packet(const uint8_t *bytes, size_t len, void *arg)
{
	struct server *s = arg;
	struct radius_call *c;
	struct radius_view v;

	if (!radius_view_parse(&v, bytes, len))
		return;
	if (is_change(&v)) {
		if (s->link->kind->is_stream && s->pool->on_change)
			s->pool->on_change(&v, s->link, s->pool->arg);
		return;
	}
	c = s->call[v.id];
	if (!c)
		return;
	if (!is_answer(c, &v)) {
		tell_of_none(s, &v);
		return;
	}
	if (c->is_probe)
		revive(s); /* cancels it */
	else {
		revive(s);
		finish(c, &v);
	}
}

/* --- life --------------------------------------------------------------- */

struct radius_call *radius_pool_ask(struct radius_pool *p,
				    const struct radius_packet *packet,
				    radius_answer_fn *on_answer, void *arg)
{
	struct radius_call *c = new_call(p, packet, on_late);

	if (!c)
		return NULL;
	c->on_answer = on_answer;
	c->arg = arg;
	if (send_to_next(c))
		return c;
	radius_call_cancel(c);
	return NULL;
}

const char *radius_pool_secret(const struct radius_pool *p)
{
	return p->secret;
}

static bool open_server(struct radius_pool *p, size_t i,
			const struct radius_pool_config *config)
{
	struct server *s = &p->server[i];
	const struct radius_link_config lc = {
		.base = p->base,
		.address = config->server[i].address,
		.port = config->server[i].port,
		.on_packet = on_packet,
		.arg = s,
	};

	s->pool = p;
	s->text = strdup(config->server[i].text);
	evtimer_assign(&s->probe_timer, p->base, on_probe_timer, s);
	s->link = config->open(&lc, config->arg);
	p->servers++;
	return s->link && s->text;
}

struct radius_pool *radius_pool_new(const struct radius_pool_config *config)
{
	struct radius_pool *p = calloc(1, sizeof(*p));
	bool is_fine = p != NULL;

	if (!p)
		return NULL;
	LIST_INIT(&p->calls);
	p->base = config->base;
	p->on_change = config->on_change;
	p->arg = config->arg;
	p->name = strdup(config->name);
	p->secret = strdup(config->secret);
	for (size_t i = 0; i < config->servers && is_fine; i++)
		is_fine = open_server(p, i, config);
	if (is_fine && p->name && p->secret)
		return p;
	radius_pool_free(p);
	return NULL;
}

void radius_pool_free(struct radius_pool *p)
{
	struct radius_call *c;

	if (!p)
		return;
	for (size_t i = 0; i < p->servers; i++) {
		event_del(&p->server[i].probe_timer);
		if (p->server[i].probe)
			radius_call_cancel(p->server[i].probe);
	}
	while ((c = LIST_FIRST(&p->calls)))
		finish(c, NULL);
	for (size_t i = 0; i < p->servers; i++) {
		if (p->server[i].link)
			p->server[i].link->kind->free(p->server[i].link);
		free(p->server[i].text);
	}
	free(p->name);
	if (p->secret)
		explicit_bzero(p->secret, strlen(p->secret));
	free(p->secret);
	free(p);
}

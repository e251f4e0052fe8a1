/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/city/connection.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/event_struct.h>
#include <event2/util.h>

#include "common/clock.h"
#include "portal/util/resolver.h"
#include "portal/util/tls_client.h"

#define SPAN_MS	     10000
#define SPAN_MAX_MS  60000
#define DEADLINE_MS  30000
#define FEED_MAX     4096
#define WHY_MAX	     192
#define LONG_UP_MS   60000   /* what is lost sooner has not worked */
#define SAY_AGAIN_MS 600000  /* a loss, behind one that was said */
#define SAY_WHY_MS   3600000 /* another reason of the same loss */

struct awaited {
	STAILQ_ENTRY(awaited) next;
	connection_reply_fn *on_reply;
	void *arg;
};

struct connection {
	struct connection_config config;
	enum connection_state state;
	SSL_CTX *trust;
	struct resolver *own; /* NULL: lent */
	struct resolver_lookup *lookup;
	struct bufferevent *stream;
	struct resp *resp;
	struct event timer;  /* the next attempt, or the deadline */
	struct event ending; /* libevent is not done while it calls back */
	bool is_over;
	bool was_beyond; /* a reply, its bounds: the end of the last one */
	size_t turn;	 /* which server is tried, counted around */
	size_t refused;	 /* servers in a row that did not let us in */
	unsigned int failures;
	uint64_t up_ms; /* since when it is up */
	STAILQ_HEAD(, awaited) awaited;
	size_t in_flight;
	char why[WHY_MAX];
	char said[WHY_MAX]; /* in the log; empty: it was up since */
	uint64_t said_ms;
};

static const struct city_server *server_of(const struct connection *c)
{
	return &c->config.server[c->turn % c->config.servers];
}

/* --- when --------------------------------------------------------------- */

uint64_t connection_wait_ms(unsigned int failures, uint16_t chance)
{
	uint64_t span_ms = SPAN_MS;

	if (failures < 2)
		return span_ms * chance / UINT16_MAX;
	for (; failures > 2 && span_ms < SPAN_MAX_MS; failures--)
		span_ms *= 2;
	if (span_ms > SPAN_MAX_MS)
		span_ms = SPAN_MAX_MS;
	return span_ms - span_ms / 2 * chance / UINT16_MAX;
}

static void arm(struct connection *c, uint64_t wait_ms)
{
	struct timeval wait = clock_timeval(wait_ms);

	evtimer_add(&c->timer, &wait);
}

static void arm_attempt(struct connection *c)
{
	uint16_t chance;

	evutil_secure_rng_get_bytes(&chance, sizeof(chance));
	/* the other servers come first: one of them may be the master */
	if (c->refused % c->config.servers)
		arm(c, 0);
	else
		arm(c, connection_wait_ms(c->failures, chance));
}

/* --- the end ------------------------------------------------------------ */

static void say_lost(struct connection *c)
{
	uint64_t quiet_ms = *c->said ? SAY_WHY_MS : SAY_AGAIN_MS;
	uint64_t now_ms = clock_ms();

	if (!strcmp(c->said, c->why) ||
	    (c->said_ms && now_ms - c->said_ms < quiet_ms))
		return;
	log_warn("%s: %s port %u: %s; %s", c->config.name, server_of(c)->host,
		 server_of(c)->port, c->why, c->config.consequence);
	snprintf(c->said, sizeof(c->said), "%s", c->why);
	c->said_ms = now_ms;
}

static void PRINTF_LIKE(2, 3) end(struct connection *c, const char *fmt, ...)
{
	va_list args;

	if (c->is_over || c->state == CONNECTION_WAITING)
		return;
	c->is_over = true;
	va_start(args, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, args);
	va_end(args);
	event_active(&c->ending, EV_TIMEOUT, 0);
}

void connection_refuse(struct connection *c, const char *why)
{
	end(c, "%s", why);
}

static void close_all(struct connection *c)
{
	event_del(&c->timer);
	event_del(&c->ending);
	if (c->lookup)
		resolver_cancel(c->lookup);
	c->lookup = NULL;
	if (c->stream)
		bufferevent_free(c->stream);
	c->stream = NULL;
	resp_free(c->resp);
	c->resp = NULL;
}

/* told: whether those who wait for replies are told that none will come. */
static void forget_awaited(struct connection *c, bool told)
{
	struct awaited *a;

	while ((a = STAILQ_FIRST(&c->awaited))) {
		STAILQ_REMOVE_HEAD(&c->awaited, next);
		c->in_flight--;
		if (told)
			a->on_reply(NULL, a->arg);
		free(a);
	}
}

/* All servers have to fail before the wait gets longer. */
static void count_failure(struct connection *c, bool was_up)
{
	if (was_up && clock_ms() - c->up_ms >= LONG_UP_MS)
		c->failures = 0;
	c->turn++;
	c->refused = was_up ? 0 : c->refused + 1;
	if (c->refused % c->config.servers == 0)
		c->failures++;
}

static void on_ending(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;
	bool was_up = c->state == CONNECTION_UP;

	(void)fd;
	(void)what;
	close_all(c);
	c->state = CONNECTION_WAITING;
	forget_awaited(c, was_up);
	say_lost(c);
	count_failure(c, was_up);
	arm_attempt(c);
	if (was_up)
		c->config.on_down(c->config.arg);
}

/* --- commands and replies ----------------------------------------------- */

/* Whatever its state: AUTH comes before it is up. */
static int send_command(struct connection *c,
			const struct connection_command *cmd,
			connection_reply_fn *on_reply, void *arg)
{
	struct awaited *a = calloc(1, sizeof(*a));
	char *bytes = NULL;
	int len = a ? redisFormatCommandArgv(&bytes, cmd->args, cmd->arg,
					     cmd->len)
		    : -1;

	if (len < 0 || bufferevent_write(c->stream, bytes, (size_t)len) < 0) {
		redisFreeCommand(bytes);
		free(a);
		return -ENOMEM;
	}
	redisFreeCommand(bytes);
	a->on_reply = on_reply;
	a->arg = arg;
	STAILQ_INSERT_TAIL(&c->awaited, a, next);
	c->in_flight++;
	if (c->in_flight == 1 && c->state == CONNECTION_UP)
		arm(c, DEADLINE_MS);
	return 0;
}

int connection_send(struct connection *c, const struct connection_command *cmd,
		    connection_reply_fn *on_reply, void *arg)
{
	if (c->state != CONNECTION_UP || c->is_over)
		return -ENOTCONN;
	if (c->in_flight >= c->config.in_flight)
		return -ENOBUFS;
	return send_command(c, cmd, on_reply, arg);
}

static void take_reply(struct connection *c, struct redisReply *reply)
{
	struct awaited *a = STAILQ_FIRST(&c->awaited);

	if (!a) {
		end(c, "a reply that nobody asked for");
		return;
	}
	STAILQ_REMOVE_HEAD(&c->awaited, next);
	c->in_flight--;
	if (c->state == CONNECTION_UP && c->in_flight)
		arm(c, DEADLINE_MS);
	else if (c->state == CONNECTION_UP)
		event_del(&c->timer);
	a->on_reply(reply, a->arg);
	free(a);
}

static void end_by(struct connection *c, int err)
{
	c->was_beyond = err == -EMSGSIZE;
	end(c, "%s", resp_why(c->resp));
}

static void take_replies(struct connection *c)
{
	struct redisReply *reply;
	int more = 1;

	while (!c->is_over && more > 0) {
		more = resp_next(c->resp, &reply);
		if (more > 0) {
			take_reply(c, reply);
			freeReplyObject(reply);
		}
	}
	if (more < 0)
		end_by(c, more);
}

static void on_readable(struct bufferevent *stream, void *arg)
{
	struct connection *c = arg;
	char bytes[FEED_MAX];
	size_t len;
	int err;

	while (!c->is_over &&
	       (len = bufferevent_read(stream, bytes, sizeof(bytes))) > 0) {
		err = resp_feed(c->resp, bytes, len);
		if (err)
			end_by(c, err);
		else
			take_replies(c);
	}
}

/* --- the login ---------------------------------------------------------- */

static void enter_up(struct connection *c)
{
	c->state = CONNECTION_UP;
	c->refused = 0;
	event_del(&c->timer);
	if (*c->said || !c->up_ms)
		log_info("%s: connected to %s port %u", c->config.name,
			 server_of(c)->host, server_of(c)->port);
	*c->said = '\0';
	c->up_ms = clock_ms();
	c->config.on_up(c->config.arg);
}

/* "master", or "slave" (also of a replica that is cut off), or "sentinel". */
static void on_role(const struct redisReply *reply, void *arg)
{
	struct connection *c = arg;
	char code[RESP_CODE_MAX];

	if (resp_error(reply, code))
		end(c, "ROLE is answered by %s", code);
	else if (!resp_is(resp_at(reply, 0), "master"))
		end(c, "not the master");
	else
		enter_up(c);
}

static void on_auth(const struct redisReply *reply, void *arg)
{
	struct connection *c = arg;
	char code[RESP_CODE_MAX];

	if (resp_error(reply, code))
		end(c, "login refused (%s)", code);
	else if (!resp_is(reply, "OK"))
		end(c, "a reply that was not asked for");
	else if (c->config.takes_replicas)
		enter_up(c);
}

static int log_in(struct connection *c)
{
	const char *auth[] = { "AUTH", c->config.user, c->config.password };
	const char *role[] = { "ROLE" };
	struct connection_command cmd = { .args = 3, .arg = auth };
	int err = send_command(c, &cmd, on_auth, c);

	cmd = (struct connection_command){ .args = 1, .arg = role };
	if (err || c->config.takes_replicas)
		return err;
	return send_command(c, &cmd, on_role, c);
}

/* --- the way there ------------------------------------------------------ */

static void on_event(struct bufferevent *stream, short what, void *arg)
{
	struct connection *c = arg;
	char why[WHY_MAX];
	int err = EVUTIL_SOCKET_ERROR();

	if (what & BEV_EVENT_CONNECTED) {
		if (log_in(c))
			end(c, "out of memory");
		return;
	}
	if (tls_client_explain(stream, why, sizeof(why)))
		end(c, "%s", why);
	else if (what & BEV_EVENT_EOF)
		end(c, "the connection was closed");
	else
		end(c, "%s", err ? strerror(err) : "the connection failed");
}

static bool open_stream(struct connection *c, const char *address)
{
	const struct city_server *s = server_of(c);
	struct sockaddr_storage to;
	int len = sizeof(to);
	char text[RESOLVER_ADDRESS_MAX + 8];

	snprintf(text, sizeof(text), strchr(address, ':') ? "[%s]:%u" : "%s:%u",
		 address, s->port);
	c->resp = resp_new(&c->config.bounds);
	c->stream = tls_client_open(c->config.base, c->trust, s->host,
				    s->is_address);
	if (!c->resp || !c->stream ||
	    evutil_parse_sockaddr_port(text, (struct sockaddr *)&to, &len))
		return false;
	bufferevent_setcb(c->stream, on_readable, NULL, on_event, c);
	bufferevent_enable(c->stream, EV_READ | EV_WRITE);
	return bufferevent_socket_connect(c->stream, (struct sockaddr *)&to,
					  len) == 0;
}

static void on_address(const char *address, void *arg)
{
	struct connection *c = arg;

	c->lookup = NULL;
	if (!address)
		end(c, "the host has no address");
	else if (!open_stream(c, address))
		end(c, "cannot be opened");
}

static void begin(struct connection *c)
{
	const struct city_server *s = server_of(c);
	struct resolver_lookup *lookup;

	c->state = CONNECTION_CONNECTING;
	c->is_over = false;
	c->was_beyond = false;
	arm(c, DEADLINE_MS);
	if (s->is_address) {
		on_address(s->host, c);
		return;
	}
	lookup = resolver_find(c->config.resolver, s->host,
			       c->turn / c->config.servers, on_address, c);
	c->lookup = lookup;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct connection *c = arg;

	(void)fd;
	(void)what;
	if (c->state == CONNECTION_WAITING)
		begin(c);
	else
		end(c, "no answer in time");
}

/* --- life --------------------------------------------------------------- */

struct connection *connection_new(const struct connection_config *config,
				  char *why, size_t max)
{
	struct connection *c = calloc(1, sizeof(*c));

	snprintf(why, max, "out of memory");
	if (!c)
		return NULL;
	c->config = *config;
	STAILQ_INIT(&c->awaited);
	evtimer_assign(&c->timer, config->base, on_timer, c);
	evtimer_assign(&c->ending, config->base, on_ending, c);
	c->trust = tls_client_trust(config->ca, why, max);
	if (!config->resolver)
		c->config.resolver = c->own = resolver_new(config->base);
	if (!c->trust || !c->config.resolver) {
		connection_free(c);
		return NULL;
	}
	arm_attempt(c);
	return c;
}

enum connection_state connection_state(const struct connection *c)
{
	return c->state;
}

bool connection_was_beyond(const struct connection *c)
{
	return c->was_beyond;
}

void connection_hurry(struct connection *c)
{
	arm(c, 0);
}

void connection_free(struct connection *c)
{
	if (!c)
		return;
	close_all(c);
	forget_awaited(c, false);
	resolver_free(c->own);
	SSL_CTX_free(c->trust);
	free(c);
}

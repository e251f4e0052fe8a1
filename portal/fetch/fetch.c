/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/fetch/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event_struct.h>
#include <event2/http.h>

#include "common/clock.h"
#include "portal/util/resolver.h"
#include "portal/util/tls_client.h"

struct fetcher {
	struct event_base *base;
	struct resolver *resolver;
	SSL_CTX *trust; /* NULL: not read */
};

/*
 * Ends once, by whatever comes first, and then goes through `ending`: libevent
 * is not done with a connection while it calls back.
 */
struct fetch {
	struct fetcher *fetcher;
	struct fetch_order order;
	struct event limit;
	struct event ending;
	bool is_over;
	struct resolver_lookup *lookup;
	struct evhttp_connection *connection;
	struct bufferevent *stream; /* of the connection */
	struct evbuffer *post;	    /* NULL: GET */
	char *body;		    /* NULL: it did not come */
	size_t len;
	char why[FETCH_WHY_MAX];
};

/* --- the end ------------------------------------------------------------ */

static void end(struct fetch *f, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void end(struct fetch *f, const char *fmt, ...)
{
	va_list args;

	if (f->is_over)
		return;
	f->is_over = true;
	va_start(args, fmt);
	vsnprintf(f->why, sizeof(f->why), fmt, args);
	va_end(args);
	event_active(&f->ending, EV_TIMEOUT, 0);
}

void fetch_cancel(struct fetch *f)
{
	event_del(&f->limit);
	event_del(&f->ending);
	if (f->lookup)
		resolver_cancel(f->lookup);
	if (f->connection)
		evhttp_connection_free(f->connection);
	if (f->post)
		evbuffer_free(f->post);
	free(f->body);
	free(f);
}

static void on_ending(evutil_socket_t fd, short what, void *arg)
{
	struct fetch *f = arg;
	struct fetch_document d = { .bytes = f->body, .len = f->len };

	(void)fd;
	(void)what;
	f->order.fetched(f->body ? &d : NULL, f->why, f->order.arg);
	fetch_cancel(f);
}

static void on_limit(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	end(arg, "no answer in time");
}

/* --- TLS ---------------------------------------------------------------- */

int fetcher_read_trust(struct fetcher *f)
{
	char why[FETCH_WHY_MAX];
	SSL_CTX *ctx = tls_client_trust(NULL, why, sizeof(why));

	if (!ctx)
		return -ENOMEM;
	SSL_CTX_free(f->trust);
	f->trust = ctx;
	return 0;
}

static struct bufferevent *open_tls(struct fetch *f)
{
	const struct fetch_url *u = f->order.url;

	if (!f->fetcher->trust && fetcher_read_trust(f->fetcher))
		return NULL;
	return tls_client_open(f->fetcher->base, f->fetcher->trust, u->host,
			       u->is_address);
}

/* Whether it was TLS that failed, and at what. */
static bool has_tls_failed(struct fetch *f)
{
	char why[FETCH_WHY_MAX];

	if (!f->order.url->is_secure ||
	    !tls_client_explain(f->stream, why, sizeof(why)))
		return false;
	end(f, "%s", why);
	return true;
}

/* --- HTTP --------------------------------------------------------------- */

/* With a 0 behind it, for the parser. */
static void take_body(struct fetch *f, struct evbuffer *in)
{
	size_t len = evbuffer_get_length(in);
	char *body = malloc(len + 1);

	if (!body) {
		end(f, "out of memory");
		return;
	}
	evbuffer_remove(in, body, len);
	body[len] = '\0';
	f->body = body;
	f->len = len;
	end(f, "here it is");
}

static void on_answer(struct evhttp_request *request, void *arg)
{
	struct fetch *f = arg;
	int code = request ? evhttp_request_get_response_code(request) : 0;

	if (f->is_over)
		return;
	if (code == 200 || (f->post && code / 100 == 2))
		take_body(f, evhttp_request_get_input_buffer(request));
	else if (code)
		end(f, "the server answers %d", code);
	else if (!has_tls_failed(f))
		end(f, "the connection failed");
}

/* Comes before on_answer, which gets no request then. */
static void on_error(enum evhttp_request_error error, void *arg)
{
	struct fetch *f = arg;

	switch (error) {
	case EVREQ_HTTP_TIMEOUT:
		end(f, "no answer in time");
		break;
	case EVREQ_HTTP_EOF:
	case EVREQ_HTTP_BUFFER_ERROR:
		if (!has_tls_failed(f))
			end(f, "the connection failed");
		break;
	case EVREQ_HTTP_INVALID_HEADER:
		end(f, "the answer's header cannot be used");
		break;
	case EVREQ_HTTP_DATA_TOO_LONG:
		end(f, "the answer is too long");
		break;
	case EVREQ_HTTP_REQUEST_CANCEL:
		break;
	}
}

static bool open_connection(struct fetch *f, const char *address)
{
	struct event_base *base = f->fetcher->base;
	const struct fetch_url *u = f->order.url;

	f->stream = u->is_secure ? open_tls(f)
				 : bufferevent_socket_new(
					   base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (!f->stream)
		return false;
	/* An address needs no resolver. */
	f->connection = evhttp_connection_base_bufferevent_new(
		base, NULL, f->stream, address, u->port);
	if (!f->connection) {
		bufferevent_free(f->stream);
		return false;
	}
	evhttp_connection_set_max_headers_size(f->connection, FETCH_HEADER_MAX);
	evhttp_connection_set_max_body_size(f->connection, FETCH_BODY_MAX);
	return true;
}

/* 0: added, or there is none. */
static int add_post(struct fetch *f, struct evhttp_request *request)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

	if (!f->post)
		return 0;
	if (evhttp_add_header(headers, "Content-Type", f->order.post_type) < 0)
		return -1;
	return evbuffer_add_buffer(evhttp_request_get_output_buffer(request),
				   f->post);
}

static bool send_request(struct fetch *f)
{
	struct evhttp_request *request = evhttp_request_new(on_answer, f);
	const struct fetch_url *u = f->order.url;
	struct evkeyvalq *headers;

	if (!request)
		return false;
	evhttp_request_set_error_cb(request, on_error);
	headers = evhttp_request_get_output_headers(request);
	if (evhttp_add_header(headers, "Host", u->authority) < 0 ||
	    evhttp_add_header(headers, "Accept", "application/json") < 0 ||
	    evhttp_add_header(headers, "User-Agent", "Stadttor/" VERSION) < 0 ||
	    evhttp_add_header(headers, "Connection", "close") < 0 ||
	    (u->authorization[0] && evhttp_add_header(headers, "Authorization",
						      u->authorization) < 0) ||
	    add_post(f, request) < 0) {
		evhttp_request_free(request);
		return false;
	}
	return evhttp_make_request(f->connection, request,
				   f->post ? EVHTTP_REQ_POST : EVHTTP_REQ_GET,
				   u->target) == 0;
}

static void on_address(const char *address, void *arg)
{
	struct fetch *f = arg;

	f->lookup = NULL;
	if (f->is_over)
		return;
	if (!address)
		end(f, "the host has no address");
	else if (!open_connection(f, address) || !send_request(f))
		end(f, "out of memory");
}

/* --- life --------------------------------------------------------------- */

/* NULL: no memory. */
static struct fetch *fetch_new(struct fetcher *fetcher,
			       const struct fetch_order *order)
{
	struct fetch *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->fetcher = fetcher;
	f->order = *order;
	f->post = order->post ? evbuffer_new() : NULL;
	if (order->post &&
	    (!f->post ||
	     evbuffer_add(f->post, order->post, strlen(order->post)) < 0)) {
		if (f->post)
			evbuffer_free(f->post);
		free(f);
		return NULL;
	}
	return f;
}

struct fetch *fetch_start(struct fetcher *fetcher,
			  const struct fetch_order *order)
{
	struct fetch *f = fetch_new(fetcher, order);
	struct timeval limit = clock_timeval(order->limit_ms);

	if (!f)
		return NULL;
	evtimer_assign(&f->limit, fetcher->base, on_limit, f);
	evtimer_assign(&f->ending, fetcher->base, on_ending, f);
	evtimer_add(&f->limit, &limit);
	if (order->url->is_address)
		on_address(order->url->host, f);
	else
		f->lookup = resolver_find(fetcher->resolver, order->url->host,
					  order->turn, on_address, f);
	return f;
}

struct fetcher *fetcher_new(struct event_base *base)
{
	struct fetcher *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->base = base;
	f->resolver = resolver_new(base);
	if (!f->resolver) {
		free(f);
		return NULL;
	}
	return f;
}

void fetcher_free(struct fetcher *f)
{
	if (!f)
		return;
	resolver_free(f->resolver);
	SSL_CTX_free(f->trust);
	free(f);
}

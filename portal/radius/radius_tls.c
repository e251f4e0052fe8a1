/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/radius/radius_tls.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/clock.h"
#include "portal/radius/radius_packet.h"
#include "portal/util/tls_client.h"

#define OUT_MAX	  (64 * 1024) /* bytes that wait; what comes then is lost */
#define REOPEN_MS 500	      /* between two tries to connect */
#define WHY_MAX	  200

struct radius_tls_context {
	SSL_CTX *trust;
	char *section;
	char *server_name; /* empty: the address */
};

struct radius_tls {
	struct radius_link link;
	struct radius_link_config config;
	struct radius_tls_context *context;
	char address[ADDR_TEXT_MAX];
	struct bufferevent *stream; /* NULL: closed */
	uint64_t opened_ms; /* the last try that has come to nothing yet */
	bool has_told;	    /* the log, since it last was open */
};

/* --- the context --------------------------------------------------------- */

static bool use_certificate(SSL_CTX *ctx, const struct radius_settings *s,
			    char *why, size_t max)
{
	const char *wrong = NULL;

	if (SSL_CTX_use_certificate_chain_file(ctx, s->certificate) != 1)
		wrong = s->certificate;
	else if (SSL_CTX_use_PrivateKey_file(ctx, s->key, SSL_FILETYPE_PEM) !=
			 1 ||
		 SSL_CTX_check_private_key(ctx) != 1)
		wrong = s->key;
	ERR_clear_error();
	if (wrong)
		snprintf(why, max, "%s: not usable", wrong);
	return !wrong;
}

struct radius_tls_context *
radius_tls_context_new(const struct radius_settings *s, char *why, size_t max)
{
	struct radius_tls_context *t = calloc(1, sizeof(*t));

	snprintf(why, max, "out of memory");
	if (!t)
		return NULL;
	t->section = strdup(s->name);
	t->server_name = strdup(s->server_name);
	if (t->section && t->server_name)
		t->trust = tls_client_trust(s->ca, why, max);
	if (t->trust && use_certificate(t->trust, s, why, max))
		return t;
	radius_tls_context_free(t);
	return NULL;
}

void radius_tls_context_free(struct radius_tls_context *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->trust);
	free(t->section);
	free(t->server_name);
	free(t);
}

/* --- the stream ----------------------------------------------------------- */

/* What was on the way is lost, and may be sent again. */
static void tls_close(struct radius_link *l)
{
	struct radius_tls *t = (void *)l;

	if (!t->stream)
		return;
	bufferevent_free(t->stream);
	t->stream = NULL;
	l->losses++;
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
	struct radius_tls *t = arg;
	char why[WHY_MAX];

	if (what & BEV_EVENT_CONNECTED) {
		t->has_told = false;
		t->opened_ms = 0;
		return;
	}
	if (!t->has_told && tls_client_explain(stream, why, sizeof(why))) {
		log_warn("radius %s: server %s: %s", t->context->section,
			 t->address, why);
		t->has_told = true;
	}
	tls_close(&t->link);
}

/* false: more has to come, or the stream is no good and was closed. */
static bool take_packet(struct radius_tls *t, struct evbuffer *in)
{
	uint8_t bytes[RADIUS_PACKET_MAX];
	size_t len;

	if (evbuffer_copyout(in, bytes, 4) < 4)
		return false;
	len = (size_t)bytes[2] << 8 | bytes[3];
	if (len < RADIUS_HEADER || len > sizeof(bytes)) {
		tls_close(&t->link);
		return false;
	}
	if (evbuffer_get_length(in) < len)
		return false;
	evbuffer_remove(in, bytes, len);
	t->config.on_packet(bytes, len, t->config.arg);
	explicit_bzero(bytes, len); /* they name people */
	return true;
}

static void on_read(struct bufferevent *stream, void *arg)
{
	struct radius_tls *t = arg;

	while (t->stream == stream &&
	       take_packet(t, bufferevent_get_input(stream)))
		;
}

static void open_stream(struct radius_tls *t)
{
	const char *name = t->context->server_name;
	struct sockaddr_storage ss;
	socklen_t len = radius_link_sockaddr(&t->config, &ss);

	if (t->opened_ms && clock_ms() - t->opened_ms < REOPEN_MS)
		return;
	t->opened_ms = clock_ms();
	t->stream = tls_client_open(t->config.base, t->context->trust,
				    *name ? name : t->address, !*name);
	if (!t->stream)
		return;
	bufferevent_setcb(t->stream, on_read, NULL, on_event, t);
	bufferevent_enable(t->stream, EV_READ | EV_WRITE);
	if (bufferevent_socket_connect(t->stream, (struct sockaddr *)&ss,
				       (int)len) < 0)
		tls_close(&t->link);
}

static bool tls_send(struct radius_link *l, const uint8_t *bytes, size_t len)
{
	struct radius_tls *t = (void *)l;

	if (!t->stream)
		open_stream(t);
	if (!t->stream ||
	    evbuffer_get_length(bufferevent_get_output(t->stream)) > OUT_MAX)
		return false;
	return bufferevent_write(t->stream, bytes, len) == 0;
}

static void tls_free(struct radius_link *l)
{
	tls_close(l);
	free(l);
}

static const struct radius_link_kind tls = { tls_send, tls_close, tls_free,
					     true };

struct radius_link *radius_tls_new(const struct radius_link_config *config,
				   struct radius_tls_context *context)
{
	struct radius_tls *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->link.kind = &tls;
	t->config = *config;
	t->context = context;
	addr_to_string(&config->address, t->address);
	return &t->link;
}

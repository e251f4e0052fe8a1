/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/netctl_client.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/clock.h"

#define BUCKETS	     1024
#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 3000

LIST_HEAD(netctl_bucket, netctl_request);

struct netctl_client {
	struct netctl_client_config config;
	char *socket;
	struct ipc_channel *channel; /* NULL: netctl is away */
	struct event retry;
	unsigned int retry_ms;
	bool was_away; /* said so in the log */
	bool was_late; /* likewise */
	uint32_t last_id;
	struct deadline_queue deadlines;
	struct netctl_bucket bucket[BUCKETS];
};

static struct netctl_request *find(struct netctl_client *g, uint32_t id)
{
	struct netctl_request *r;

	LIST_FOREACH (r, &g->bucket[id % BUCKETS], next)
		if (r->id == id)
			return r;
	return NULL;
}

/* message: of the type that r wants, or NULL */
static void answer(struct netctl_request *r, const void *message)
{
	netctl_client_cancel(r);
	if (r->wants == IPC_HEALTH)
		r->on_health(message, r->arg);
	else
		r->on_answer(message, r->arg);
}

static void on_late(struct deadline *d)
{
	struct netctl_request *r;
	struct netctl_client *g;

	r = (struct netctl_request *)((char *)d -
				      offsetof(struct netctl_request,
					       deadline));
	g = r->netctl;
	if (!g->was_late)
		log_warn("netctl does not answer in time");
	g->was_late = true;
	answer(r, NULL);
}

/* Whose question is it? Else it is late, its asker is gone, or it is odd. */
static void on_any_answer(struct ipc_channel *ch, const void *message,
			  void *arg)
{
	const struct ipc_header *h = message;
	struct netctl_client *g = arg;
	struct netctl_request *r = find(g, h->id);

	(void)ch;
	g->was_late = false;
	if (r && r->wants == h->type)
		answer(r, message);
}

static void on_zone(struct ipc_channel *ch, const void *message, void *arg)
{
	struct ipc_zone z;
	struct netctl_client *g = arg;

	(void)ch;
	memcpy(&z, message, sizeof(z));
	z.zone[IPC_ZONE_NAME_MAX - 1] = '\0';
	g->config.on_zone(&z, g->config.arg);
}

static void on_usage_row(struct ipc_channel *ch, const void *message, void *arg)
{
	struct netctl_client *g = arg;

	(void)ch;
	g->config.on_usage_row(message, g->config.arg);
}

static void on_usage_label(struct ipc_channel *ch, const void *message,
			   void *arg)
{
	struct netctl_client *g = arg;

	(void)ch;
	g->config.on_usage_label(message, g->config.arg);
}

static const struct ipc_handler handlers[IPC_TYPE_MAX] = {
	[IPC_SESSION] = { on_any_answer },
	[IPC_HEALTH] = { on_any_answer },
	[IPC_ZONE] = { on_zone },
	[IPC_USAGE_ROW] = { on_usage_row },
	[IPC_USAGE_LABEL] = { on_usage_label },
};

static void retry_later(struct netctl_client *g)
{
	struct timeval tv = clock_timeval(g->retry_ms);

	event_add(&g->retry, &tv);
	g->retry_ms *= 2;
	if (g->retry_ms > RETRY_MAX_MS)
		g->retry_ms = RETRY_MAX_MS;
}

static void answer_all(struct netctl_client *g)
{
	struct netctl_request *r;

	for (size_t i = 0; i < BUCKETS; i++)
		while ((r = LIST_FIRST(&g->bucket[i])))
			answer(r, NULL);
}

/* The channel is freed from the retry timer: it may be on the stack here. */
static void on_close(struct ipc_channel *ch, const char *why, void *arg)
{
	struct netctl_client *g = arg;

	(void)ch;
	log_warn("netctl is away%s%s; people who are online stay online",
		 why ? ": " : "", why ? why : "");
	g->was_away = true;
	g->retry_ms = RETRY_MIN_MS;
	event_active(&g->retry, EV_TIMEOUT, 0);
}

static void drop_channel(struct netctl_client *g)
{
	if (!g->channel)
		return;
	ipc_channel_free(g->channel);
	g->channel = NULL;
	g->config.on_presence(false, g->config.arg);
	answer_all(g);
}

static void connect_now(struct netctl_client *g)
{
	struct ipc_channel_config c = {
		.base = g->config.base,
		.handlers = handlers,
		.on_close = on_close,
		.arg = g,
	};

	c.fd = ipc_connect(g->socket);
	if (c.fd < 0) {
		if (!g->was_away)
			log_warn("%s: %s; trying again", g->socket,
				 strerror(-c.fd));
		g->was_away = true;
		retry_later(g);
		return;
	}
	g->channel = ipc_channel_new(&c);
	if (!g->channel) {
		retry_later(g);
		return;
	}
	log_info("connected to netctl");
	g->was_away = false;
	g->retry_ms = RETRY_MIN_MS;
	g->config.on_presence(true, g->config.arg);
}

/* After a close there is a channel to drop first, and a pause. */
static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct netctl_client *g = arg;

	(void)fd;
	(void)what;
	if (g->channel) {
		drop_channel(g);
		retry_later(g);
		return;
	}
	connect_now(g);
}

struct netctl_client *
netctl_client_new(const struct netctl_client_config *config)
{
	struct netctl_client *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->config = *config;
	g->config.socket = NULL;
	g->socket = strdup(config->socket);
	if (!g->socket) {
		free(g);
		return NULL;
	}
	g->retry_ms = RETRY_MIN_MS;
	evtimer_assign(&g->retry, config->base, on_retry, g);
	deadline_queue_init(&g->deadlines, config->base,
			    NETCTL_CLIENT_ANSWER_MS, on_late);
	for (size_t i = 0; i < BUCKETS; i++)
		LIST_INIT(&g->bucket[i]);
	event_active(&g->retry, EV_TIMEOUT, 0);
	return g;
}

bool netctl_client_is_there(const struct netctl_client *g)
{
	return g->channel != NULL;
}

int netctl_client_set_socket(struct netctl_client *g, const char *socket)
{
	char *copy;

	if (!strcmp(g->socket, socket))
		return 0;
	copy = strdup(socket);
	if (!copy)
		return -ENOMEM;
	free(g->socket);
	g->socket = copy;
	g->retry_ms = RETRY_MIN_MS;
	event_active(&g->retry, EV_TIMEOUT, 0);
	return 0;
}

static uint32_t next_id(struct netctl_client *g)
{
	do
		g->last_id++;
	while (!g->last_id || find(g, g->last_id));
	return g->last_id;
}

/* header is that of the message. */
static int send_question(struct netctl_client *g, struct netctl_request *r,
			 enum ipc_type type, struct ipc_header *header)
{
	int err;

	if (!g->channel)
		return -ENOTCONN;
	netctl_client_cancel(r);
	header->id = next_id(g);
	err = ipc_channel_send(g->channel, type, header);
	if (err)
		return err;
	r->netctl = g;
	r->id = g->last_id;
	r->wants = type == IPC_HEALTH_ASK ? IPC_HEALTH : IPC_SESSION;
	LIST_INSERT_HEAD(&g->bucket[r->id % BUCKETS], r, next);
	deadline_start(&r->deadline, &g->deadlines);
	return 0;
}

static int ask_grant(struct netctl_client *g, struct netctl_request *r,
		     const struct netctl_question *q)
{
	struct ipc_grant m = {
		.client = *q->client,
		.tag = q->tag,
		.tag_devices = q->devices,
		.terms = q->terms,
		.extend = q->extend,
	};
	int err;

	if (q->limits)
		m.limits = *q->limits;
	if (q->language)
		strncpy(m.language, q->language, sizeof(m.language) - 1);
	err = send_question(g, r, q->type, &m.header);
	explicit_bzero(&m, sizeof(m));
	return err;
}

static int ask_lookup(struct netctl_client *g, struct netctl_request *r,
		      const struct netctl_question *q)
{
	struct ipc_lookup m = {
		.client = *q->client,
		.shown = q->shown,
		.platform = q->shown ? q->platform : 0,
		.attempt = q->attempt,
	};
	int err = send_question(g, r, q->type, &m.header);

	explicit_bzero(&m, sizeof(m));
	return err;
}

int netctl_client_ask(struct netctl_client *g, struct netctl_request *r,
		      const struct netctl_question *q)
{
	return q->type == IPC_GRANT ? ask_grant(g, r, q) : ask_lookup(g, r, q);
}

int netctl_client_ask_health(struct netctl_client *g, struct netctl_request *r)
{
	struct ipc_status m = { .header = { .id = 0 } };

	return send_question(g, r, IPC_HEALTH_ASK, &m.header);
}

int netctl_client_send_next(struct netctl_client *g,
			    const struct ipc_usage_next *next)
{
	struct ipc_usage_next m = *next;

	if (!g->channel)
		return -ENOTCONN;
	m.header.id = 0;
	return ipc_channel_send(g->channel, IPC_USAGE_NEXT, &m);
}

void netctl_client_cancel(struct netctl_request *r)
{
	if (!r->id)
		return;
	LIST_REMOVE(r, next);
	deadline_stop(&r->deadline);
	r->id = 0;
}

void netctl_client_free(struct netctl_client *g)
{
	if (!g)
		return;
	event_del(&g->retry);
	ipc_channel_free(g->channel);
	g->channel = NULL;
	answer_all(g);
	deadline_queue_clear(&g->deadlines);
	free(g->socket);
	free(g);
}

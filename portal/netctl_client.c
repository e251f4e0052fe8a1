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

static struct netctl_request *find(struct netctl_client *nc, uint32_t id)
{
	struct netctl_request *r;

	LIST_FOREACH (r, &nc->bucket[id % BUCKETS], next)
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
	else if (r->wants == IPC_DEVICE)
		r->on_device(message, r->arg);
	else if (r->wants == IPC_DONE)
		r->on_done(message, r->arg);
	else if (r->wants == IPC_ACCOUNT)
		r->on_account(message, r->arg);
	else if (r->wants == IPC_CITY)
		r->on_city(message, r->arg);
	else
		r->on_answer(message, r->arg);
}

static void on_late(struct deadline *d)
{
	struct netctl_request *r;
	struct netctl_client *nc;

	r = (struct netctl_request *)((char *)d -
				      offsetof(struct netctl_request,
					       deadline));
	nc = r->netctl;
	if (!nc->was_late)
		log_warn("netctl does not answer in time");
	nc->was_late = true;
	answer(r, NULL);
}

/* Whose question is it? Else it is late, its asker is gone, or it is odd. */
static void on_any_answer(struct ipc_channel *ch, const void *message,
			  void *arg)
{
	const struct ipc_header *h = message;
	struct netctl_client *nc = arg;
	struct netctl_request *r = find(nc, h->id);

	(void)ch;
	nc->was_late = false;
	if (r && r->wants == h->type)
		answer(r, message);
}

static void on_zone(struct ipc_channel *ch, const void *message, void *arg)
{
	struct ipc_zone z;
	struct netctl_client *nc = arg;

	(void)ch;
	memcpy(&z, message, sizeof(z));
	z.zone[IPC_ZONE_NAME_MAX - 1] = '\0';
	nc->config.on_zone(&z, nc->config.arg);
}

static void on_usage_cell(struct ipc_channel *ch, const void *message,
			  void *arg)
{
	struct netctl_client *nc = arg;

	(void)ch;
	nc->config.on_usage_cell(message, nc->config.arg);
}

static void on_city_record(struct ipc_channel *ch, const void *message,
			   void *arg)
{
	struct netctl_client *nc = arg;

	(void)ch;
	if (nc->config.on_city_record)
		nc->config.on_city_record(message, nc->config.arg);
}

static void on_account(struct ipc_channel *ch, const void *message, void *arg)
{
	const struct ipc_account *m = message;
	struct netctl_client *nc = arg;
	struct netctl_request *r = find(nc, m->header.id);

	(void)ch;
	if (r && r->wants == IPC_ACCOUNT)
		answer(r, m);
	else if (nc->config.on_account)
		nc->config.on_account(m, nc->config.arg);
}

static const struct ipc_handler handlers[IPC_TYPE_MAX] = {
	[IPC_SESSION] = { on_any_answer },
	[IPC_HEALTH] = { on_any_answer },
	[IPC_DEVICE] = { on_any_answer },
	[IPC_DONE] = { on_any_answer },
	[IPC_CITY] = { on_any_answer },
	[IPC_ACCOUNT] = { on_account },
	[IPC_ZONE] = { on_zone },
	[IPC_USAGE_CELL] = { on_usage_cell },
	[IPC_CITY_RECORD] = { on_city_record },
};

static void retry_later(struct netctl_client *nc)
{
	struct timeval tv = clock_timeval(nc->retry_ms);

	event_add(&nc->retry, &tv);
	nc->retry_ms *= 2;
	if (nc->retry_ms > RETRY_MAX_MS)
		nc->retry_ms = RETRY_MAX_MS;
}

static void answer_all(struct netctl_client *nc)
{
	struct netctl_request *r;

	for (size_t i = 0; i < BUCKETS; i++)
		while ((r = LIST_FIRST(&nc->bucket[i])))
			answer(r, NULL);
}

/* The channel is freed from the retry timer: it may be on the stack here. */
static void on_close(struct ipc_channel *ch, const char *why, void *arg)
{
	struct netctl_client *nc = arg;

	(void)ch;
	log_warn("netctl is away%s%s; people who are online stay online",
		 why ? ": " : "", why ? why : "");
	nc->was_away = true;
	nc->retry_ms = RETRY_MIN_MS;
	event_active(&nc->retry, EV_TIMEOUT, 0);
}

static void drop_channel(struct netctl_client *nc)
{
	if (!nc->channel)
		return;
	ipc_channel_free(nc->channel);
	nc->channel = NULL;
	nc->config.on_presence(false, nc->config.arg);
	answer_all(nc);
}

static void connect_now(struct netctl_client *nc)
{
	struct ipc_channel_config c = {
		.base = nc->config.base,
		.handlers = handlers,
		.on_close = on_close,
		.arg = nc,
	};

	c.fd = ipc_connect(nc->socket);
	if (c.fd < 0) {
		if (!nc->was_away)
			log_warn("%s: %s; trying again", nc->socket,
				 strerror(-c.fd));
		nc->was_away = true;
		retry_later(nc);
		return;
	}
	nc->channel = ipc_channel_new(&c);
	if (!nc->channel) {
		retry_later(nc);
		return;
	}
	log_info("connected to netctl");
	nc->was_away = false;
	nc->retry_ms = RETRY_MIN_MS;
	nc->config.on_presence(true, nc->config.arg);
}

/* After a close there is a channel to drop first, and a pause. */
static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct netctl_client *nc = arg;

	(void)fd;
	(void)what;
	if (nc->channel) {
		drop_channel(nc);
		retry_later(nc);
		return;
	}
	connect_now(nc);
}

struct netctl_client *
netctl_client_new(const struct netctl_client_config *config)
{
	struct netctl_client *nc = calloc(1, sizeof(*nc));

	if (!nc)
		return NULL;
	nc->config = *config;
	nc->config.socket = NULL;
	nc->socket = strdup(config->socket);
	if (!nc->socket) {
		free(nc);
		return NULL;
	}
	nc->retry_ms = RETRY_MIN_MS;
	evtimer_assign(&nc->retry, config->base, on_retry, nc);
	deadline_queue_init(&nc->deadlines, config->base,
			    NETCTL_CLIENT_ANSWER_MS, on_late);
	for (size_t i = 0; i < BUCKETS; i++)
		LIST_INIT(&nc->bucket[i]);
	event_active(&nc->retry, EV_TIMEOUT, 0);
	return nc;
}

bool netctl_client_is_there(const struct netctl_client *nc)
{
	return nc->channel != NULL;
}

int netctl_client_set_socket(struct netctl_client *nc, const char *socket)
{
	char *copy;

	if (!strcmp(nc->socket, socket))
		return 0;
	copy = strdup(socket);
	if (!copy)
		return -ENOMEM;
	free(nc->socket);
	nc->socket = copy;
	nc->retry_ms = RETRY_MIN_MS;
	event_active(&nc->retry, EV_TIMEOUT, 0);
	return 0;
}

static uint32_t next_id(struct netctl_client *nc)
{
	do
		nc->last_id++;
	while (!nc->last_id || find(nc, nc->last_id));
	return nc->last_id;
}

static enum ipc_type answer_to(enum ipc_type question)
{
	static const enum ipc_type answers[IPC_TYPE_MAX] = {
		[IPC_LOOKUP] = IPC_SESSION,
		[IPC_GRANT] = IPC_SESSION,
		[IPC_LOGOUT] = IPC_SESSION,
		[IPC_HEALTH_ASK] = IPC_HEALTH,
		[IPC_DEVICE_ASK] = IPC_DEVICE,
		[IPC_CITY_FEED] = IPC_DONE,
		[IPC_CITY_KEY] = IPC_DONE,
		[IPC_CITY_ASK] = IPC_CITY,
		[IPC_ACCOUNT_ASK] = IPC_DONE,
		[IPC_ACCOUNT_CHANGE] = IPC_ACCOUNT,
	};

	return answers[question];
}

/* header is that of the message. */
static int send_question(struct netctl_client *nc, struct netctl_request *r,
			 enum ipc_type type, struct ipc_header *header)
{
	int err;

	if (!nc->channel)
		return -ENOTCONN;
	netctl_client_cancel(r);
	header->id = next_id(nc);
	err = ipc_channel_send(nc->channel, type, header);
	if (err)
		return err;
	r->netctl = nc;
	r->id = nc->last_id;
	r->wants = answer_to(type);
	LIST_INSERT_HEAD(&nc->bucket[r->id % BUCKETS], r, next);
	deadline_start(&r->deadline, &nc->deadlines);
	return 0;
}

static int ask_grant(struct netctl_client *nc, struct netctl_request *r,
		     const struct netctl_question *q)
{
	struct ipc_grant m = {
		.client = *q->client,
		.tag = q->tag,
		.tag_devices = q->devices,
		.terms = q->terms,
		.extend = q->extend,
		.replace = q->replace,
		.account = q->account,
	};
	int err;

	if (q->limits)
		m.limits = *q->limits;
	if (q->language)
		strncpy(m.language, q->language, sizeof(m.language) - 1);
	err = send_question(nc, r, q->type, &m.header);
	explicit_bzero(&m, sizeof(m));
	return err;
}

static int ask_lookup(struct netctl_client *nc, struct netctl_request *r,
		      const struct netctl_question *q)
{
	struct ipc_lookup m = {
		.client = *q->client,
		.shown = q->shown,
		.platform = q->shown ? q->platform : 0,
		.attempt = q->attempt,
	};
	int err = send_question(nc, r, q->type, &m.header);

	explicit_bzero(&m, sizeof(m));
	return err;
}

int netctl_client_ask(struct netctl_client *nc, struct netctl_request *r,
		      const struct netctl_question *q)
{
	return q->type == IPC_GRANT ? ask_grant(nc, r, q)
				    : ask_lookup(nc, r, q);
}

int netctl_client_ask_health(struct netctl_client *nc, struct netctl_request *r)
{
	struct ipc_status m = { .header = { .id = 0 } };

	return send_question(nc, r, IPC_HEALTH_ASK, &m.header);
}

int netctl_client_ask_device(struct netctl_client *nc, struct netctl_request *r,
			     const struct addr *a)
{
	struct ipc_device_ask m = { .address = *a };

	return send_question(nc, r, IPC_DEVICE_ASK, &m.header);
}

int netctl_client_feed(struct netctl_client *nc, struct netctl_request *r,
		       struct ipc_city_feed *m)
{
	return send_question(nc, r, IPC_CITY_FEED, &m->header);
}

int netctl_client_tell_key(struct netctl_client *nc, struct netctl_request *r,
			   struct ipc_city_key *m)
{
	return send_question(nc, r, IPC_CITY_KEY, &m->header);
}

int netctl_client_ask_city(struct netctl_client *nc, struct netctl_request *r)
{
	struct ipc_status m = { .header = { .id = 0 } };

	return send_question(nc, r, IPC_CITY_ASK, &m.header);
}

/* What is no question. header is that of the message. */
static int send_unasked(struct netctl_client *nc, enum ipc_type type,
			struct ipc_header *header)
{
	if (!nc->channel)
		return -ENOTCONN;
	header->id = 0;
	return ipc_channel_send(nc->channel, type, header);
}

/* How many there were is of no use: id 0 is nobody's question. */
int netctl_client_end_tag(struct netctl_client *nc, uint64_t tag)
{
	struct ipc_revoke m = { .tag = tag };

	return nc->channel ? ipc_channel_send(nc->channel, IPC_REVOKE, &m)
			   : -ENOTCONN;
}

int netctl_client_send_next(struct netctl_client *nc,
			    const struct ipc_usage_next *next)
{
	struct ipc_usage_next m = *next;

	return send_unasked(nc, IPC_USAGE_NEXT, &m.header);
}

int netctl_client_ask_records(struct netctl_client *nc, struct ipc_city_next *m)
{
	return send_unasked(nc, IPC_CITY_NEXT, &m->header);
}

int netctl_client_tell_clock(struct netctl_client *nc, struct ipc_city_clock *m)
{
	return send_unasked(nc, IPC_CITY_CLOCK, &m->header);
}

int netctl_client_list_accounts(struct netctl_client *nc,
				struct netctl_request *r, uint32_t cursor)
{
	struct ipc_account_ask m = { .cursor = cursor };

	return send_question(nc, r, IPC_ACCOUNT_ASK, &m.header);
}

int netctl_client_ask_account(struct netctl_client *nc, uint64_t handle)
{
	struct ipc_account_ask m = { .handle = handle };

	if (!nc->channel)
		return -ENOTCONN;
	return ipc_channel_send(nc->channel, IPC_ACCOUNT_ASK, &m);
}

int netctl_client_change_account(struct netctl_client *nc,
				 struct netctl_request *r,
				 struct ipc_account_change *m)
{
	return send_question(nc, r, IPC_ACCOUNT_CHANGE, &m->header);
}

void netctl_client_cancel(struct netctl_request *r)
{
	if (!r->id)
		return;
	LIST_REMOVE(r, next);
	deadline_stop(&r->deadline);
	r->id = 0;
}

void netctl_client_free(struct netctl_client *nc)
{
	if (!nc)
		return;
	event_del(&nc->retry);
	ipc_channel_free(nc->channel);
	nc->channel = NULL;
	answer_all(nc);
	deadline_queue_clear(&nc->deadlines);
	free(nc->socket);
	free(nc);
}

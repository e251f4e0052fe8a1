/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tells operators by webhook and mail what is wrong, once, and when it is over,
 * and the same to whoever keeps its history.
 * Looks each minute at what the dashboard lists under health; what is there, or
 * gone, in two looks in a row is news.
 */
#ifndef STADTTOR_PORTAL_NOTIFY_NOTIFY_H
#define STADTTOR_PORTAL_NOTIFY_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config/settings.h"

struct event_base;
struct ipc_health;
struct json_object;
struct netctl_client;
struct notify;

/* Something that is not well, or that is so no longer; for the call only. */
struct notify_news {
	const char *level, *code, *zone; /* zone "": not one zone's */
	bool is_over;
	uint64_t since_ms; /* of clock_ms(): the first of the two looks */
};

struct notify_config {
	struct event_base *base;
	struct netctl_client *netctl; /* asked for its health; lent */
	/*
	 * An array of {"level","code","text"} and perhaps "zone", for
	 * json_object_put(). h: NULL where netctl does not answer.
	 */
	struct json_object *(*list)(const struct ipc_health *h, void *arg);
	/* Both may be NULL. on_look: behind what is news of that look. */
	void (*on_news)(const struct notify_news *news, void *arg);
	void (*on_look)(const struct ipc_health *h, void *arg);
	void *arg;
};

/* NULL: no memory. Does nothing before notify_apply(). */
struct notify *notify_new(const struct notify_config *config);

/* Takes the addresses over; without one, and on_look, it does not look. Lent
 * until the next. */
void notify_apply(struct notify *n, const struct settings *s);
void notify_free(struct notify *n);

/* For tests: how long from look to look, and a mail at most. */
void notify_hurry(struct notify *n, uint64_t look_ms, uint64_t mail_ms);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/guest/auth_wait.h"

#include <stddef.h>

static struct auth_wait *wait_of(struct deadline *d)
{
	return (struct auth_wait *)((char *)d -
				    offsetof(struct auth_wait, deadline));
}

static void on_due(struct deadline *d)
{
	struct auth_wait *w = wait_of(d);
	struct conn *c = w->conn;

	auth_wait_withdraw(w);
	w->waits->on_late(c);
}

void auth_waits_init(struct auth_waits *ws, struct event_base *base,
		     void (*on_late)(struct conn *c))
{
	deadline_queue_init(&ws->queue, base, AUTH_WAIT_MS, on_due);
	ws->on_late = on_late;
}

void auth_waits_clear(struct auth_waits *ws)
{
	deadline_queue_clear(&ws->queue);
}

static unsigned int count_of(const struct auth_waits *ws,
			     const struct addr *client)
{
	struct deadline *d;
	unsigned int count = 0;

	TAILQ_FOREACH (d, &ws->queue.items, next)
		count += addr_equal(&wait_of(d)->client, client);
	return count;
}

bool auth_wait_start(struct auth_wait *w, struct auth_waits *ws, struct conn *c)
{
	if (ws->queue.count >= AUTH_WAITS_MAX ||
	    count_of(ws, &w->client) >= AUTH_WAITS_PER_CLIENT)
		return false;
	w->conn = c;
	w->waits = ws;
	deadline_start(&w->deadline, &ws->queue);
	return true;
}

void auth_wait_stop(struct auth_wait *w)
{
	deadline_stop(&w->deadline);
	w->conn = NULL;
}

void auth_wait_withdraw(struct auth_wait *w)
{
	if (!w->conn)
		return;
	auth_wait_stop(w);
	w->withdraw(w->arg);
}

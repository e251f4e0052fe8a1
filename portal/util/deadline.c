/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/util/deadline.h"

#include "common/clock.h"

static void queue_arm(struct deadline_queue *q)
{
	struct deadline *first = TAILQ_FIRST(&q->items);
	struct timeval tv;

	if (!first || q->is_armed)
		return;
	tv = clock_timeval(clock_until_ms(first->due_ms, clock_ms()));
	event_add(&q->timer, &tv);
	q->is_armed = true;
}

/*
 * The timer is left running when its item goes early: most items do, and a
 * wake-up a span costs less than two system calls an item.
 */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct deadline_queue *q = arg;
	uint64_t now_ms = clock_ms();
	struct deadline *d;

	(void)fd;
	(void)what;
	q->is_armed = false;
	while ((d = TAILQ_FIRST(&q->items)) && d->due_ms <= now_ms) {
		deadline_stop(d);
		q->on_due(d);
	}
	queue_arm(q);
}

void deadline_queue_init(struct deadline_queue *q, struct event_base *base,
			 uint64_t span_ms, void (*on_due)(struct deadline *d))
{
	TAILQ_INIT(&q->items);
	evtimer_assign(&q->timer, base, on_timer, q);
	q->span_ms = span_ms;
	q->on_due = on_due;
	q->count = 0;
	q->is_armed = false;
}

void deadline_queue_clear(struct deadline_queue *q)
{
	struct deadline *d;

	while ((d = TAILQ_FIRST(&q->items)))
		deadline_stop(d);
	event_del(&q->timer);
	q->is_armed = false;
}

void deadline_start(struct deadline *d, struct deadline_queue *q)
{
	deadline_stop(d);
	d->queue = q;
	d->due_ms = clock_ms() + q->span_ms;
	TAILQ_INSERT_TAIL(&q->items, d, next);
	q->count++;
	queue_arm(q);
}

void deadline_stop(struct deadline *d)
{
	if (!d->queue)
		return;
	TAILQ_REMOVE(&d->queue->items, d, next);
	d->queue->count--;
	d->queue = NULL;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many things with the same span of time, one timer for all: they fall due in
 * the order they came. Owns the timer only; items live in their things.
 */
#ifndef STADTTOR_PORTAL_UTIL_DEADLINE_H
#define STADTTOR_PORTAL_UTIL_DEADLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>

struct deadline {
	TAILQ_ENTRY(deadline) next;
	struct deadline_queue *queue; /* NULL: in none */
	uint64_t due_ms;
};

struct deadline_queue {
	TAILQ_HEAD(, deadline) items; /* the oldest first */
	size_t count;
	struct event timer;
	uint64_t span_ms;
	bool is_armed;
	void (*on_due)(struct deadline *d);
};

void deadline_queue_init(struct deadline_queue *q, struct event_base *base,
			 uint64_t span_ms, void (*on_due)(struct deadline *d));
void deadline_queue_clear(struct deadline_queue *q);

/* Moves d to the end of q, whichever queue it was in. */
void deadline_start(struct deadline *d, struct deadline_queue *q);

/* on_due gets items that are out of their queue already. */
void deadline_stop(struct deadline *d);

#endif

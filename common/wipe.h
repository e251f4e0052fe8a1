/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Letting go of what libraries and calls leave behind in memory: an address
 * that was handled is not found there any more.
 */
#ifndef STADTTOR_COMMON_WIPE_H
#define STADTTOR_COMMON_WIPE_H

/*
 * From now on memory is overwritten before it is freed, whoever frees it, and
 * large blocks go back to the kernel, as with musl: a program that calls this
 * takes the place of free(3) and realloc(3). Not under the address sanitizer,
 * which keeps what is freed to find mistakes.
 */
void wipe_freed_memory(void);

/* Overwrites the part of the stack that earlier calls have used. */
void wipe_stack(void);

/*
 * The same a little later, once for all that happens until then: what is done
 * thousands of times a second need not pay for it each time.
 */
struct event;
struct event_base;
void wipe_init(struct event *timer, struct event_base *base);
void wipe_later(struct event *timer);

#endif

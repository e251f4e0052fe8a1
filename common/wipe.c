/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/wipe.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#define STACK_DEPTH 32768
#define LARGE	    (128 * 1024)

static const struct timeval later = { .tv_usec = 100000 };

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define KEEPS_FREED 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define KEEPS_FREED 1
#endif

#ifdef KEEPS_FREED

void wipe_freed_memory(void)
{
}

#else

#define EXPORTED __attribute__((visibility("default")))

static void (*free_next)(void *);
static bool is_on;

static void forward_free(void *p)
{
	static bool is_looking;

	if (!free_next && !is_looking) {
		is_looking = true;
		free_next = (void (*)(void *))dlsym(RTLD_NEXT, "free");
	}
	if (free_next)
		free_next(p);
}

/* The names that every library calls; a program has them once, to be seen. */
EXPORTED void free(void *p)
{
	if (p && is_on)
		explicit_bzero(p, malloc_usable_size(p));
	forward_free(p);
}

/* Never in place: the old block would go without passing through free(). */
EXPORTED void *realloc(void *p, size_t size)
{
	size_t had = p ? malloc_usable_size(p) : 0;
	void *fresh = malloc(size ? size : 1);

	if (!fresh)
		return NULL;
	if (p)
		memcpy(fresh, p, had < size ? had : size);
	free(p);
	return fresh;
}

/* A login takes 16 MB for a moment, a table of devices is copied to grow: glibc
 * would learn from it to keep such blocks for good. */
void wipe_freed_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, LARGE);
#endif
	is_on = true;
}

#endif

__attribute__((noinline)) void wipe_stack(void)
{
	char deep[STACK_DEPTH];

	explicit_bzero(deep, sizeof(deep));
}

static void on_later(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	wipe_stack();
}

void wipe_init(struct event *timer, struct event_base *base)
{
	evtimer_assign(timer, base, on_later, NULL);
}

void wipe_later(struct event *timer)
{
	if (!evtimer_pending(timer, NULL))
		event_add(timer, &later);
}

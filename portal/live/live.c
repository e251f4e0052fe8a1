/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/live/live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event_struct.h>
#include <event2/util.h>

#include "common/clock.h"
#include "portal/fetch/fetch.h"
#include "portal/fetch/fetch_url.h"
#include "portal/util/retry.h"

#define FIRST_MIN_MS  2000
#define FIRST_SPAN_MS 3000
#define LIMIT_MS      10000

enum source_state { SOURCE_NEW, SOURCE_WORKS, SOURCE_FAILS };

struct source {
	struct live *live;
	size_t number; /* for the log */
	enum source_state state;
	unsigned int failures;	   /* in a row */
	struct live_source wanted; /* its texts are ours */
	struct fetch_url url;
	bool is_usable; /* else it is never asked */
	struct event timer;
	struct fetch *fetch; /* NULL: none runs */
	bool has_value;
	uint64_t taken_ms;
	char text[LIVE_TEXT_MAX];
};

struct live {
	struct event_base *base;
	struct fetcher *fetcher;
	uint64_t first_ms; /* 0: by chance */
	uint64_t limit_ms;
	struct source *source[LIVE_SOURCES_MAX];
};

/* --- when --------------------------------------------------------------- */

static uint16_t draw(void)
{
	uint16_t chance;

	evutil_secure_rng_get_bytes(&chance, sizeof(chance));
	return chance;
}

static void arm(struct source *s, uint64_t wait_ms)
{
	struct timeval wait = clock_timeval(wait_ms);

	evtimer_add(&s->timer, &wait);
}

static void arm_first(struct source *s)
{
	uint64_t wait_ms = s->live->first_ms;

	if (!wait_ms)
		wait_ms = FIRST_MIN_MS + draw() % FIRST_SPAN_MS;
	arm(s, wait_ms);
}

/* --- what comes --------------------------------------------------------- */

static void source_enter(struct source *s, enum source_state next,
			 const char *why)
{
	if (next == SOURCE_FAILS)
		s->failures++;
	else
		s->failures = 0;
	if (next != s->state && next == SOURCE_FAILS)
		log_warn("live value %zu (%s): %s", s->number, s->url.host,
			 why);
	else if (next != s->state)
		log_info("live value %zu (%s): works", s->number, s->url.host);
	s->state = next;
	arm(s, retry_wait_ms(s->wanted.interval_s, s->failures, draw()));
}

static void on_fetched(const struct fetch_document *document, const char *why,
		       void *arg)
{
	struct source *s = arg;

	s->fetch = NULL;
	if (!document ||
	    !live_value_parse(s->text, document, &s->wanted, &why)) {
		source_enter(s, SOURCE_FAILS, why);
		return;
	}
	s->has_value = true;
	s->taken_ms = clock_ms();
	source_enter(s, SOURCE_WORKS, NULL);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	struct source *s = arg;
	struct fetch_order order = {
		.url = &s->url,
		.turn = s->failures,
		.limit_ms = s->live->limit_ms,
		.fetched = on_fetched,
		.arg = s,
	};

	(void)fd;
	(void)what;
	s->fetch = fetch_start(s->live->fetcher, &order);
	if (!s->fetch)
		source_enter(s, SOURCE_FAILS, "out of memory");
}

/* --- one source --------------------------------------------------------- */

static void source_free(struct source *s)
{
	if (!s)
		return;
	if (s->fetch)
		fetch_cancel(s->fetch);
	event_del(&s->timer);
	free((char *)(size_t)s->wanted.url);
	free((char *)(size_t)s->wanted.pointer);
	free(s);
}

static struct source *source_new(struct live *l, const struct live_source *from)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->live = l;
	s->wanted = *from;
	s->wanted.url = strdup(from->url);
	s->wanted.pointer = strdup(from->pointer);
	s->is_usable = fetch_url_parse(&s->url, from->url) &&
		       live_pointer_is_valid(from->pointer);
	evtimer_assign(&s->timer, l->base, on_time, s);
	if (!s->wanted.url || !s->wanted.pointer) {
		source_free(s);
		return NULL;
	}
	return s;
}

/* What shows the same value, though perhaps asked at other times. */
static bool is_same(const struct live_source *a, const struct live_source *b)
{
	return a->decimals == b->decimals && strcmp(a->url, b->url) == 0 &&
	       strcmp(a->pointer, b->pointer) == 0;
}

/* The first fetch comes soon all the same: it may be what was reloaded for. */
static void inherit(struct source *s, const struct source *old)
{
	s->state = old->state;
	s->failures = old->failures;
	s->has_value = old->has_value;
	s->taken_ms = old->taken_ms;
	memcpy(s->text, old->text, sizeof(s->text));
}

/* --- all of them -------------------------------------------------------- */

static void free_sources(struct source *source[LIVE_SOURCES_MAX])
{
	for (size_t i = 0; i < LIVE_SOURCES_MAX; i++) {
		source_free(source[i]);
		source[i] = NULL;
	}
}

/* 0 or -ENOMEM */
static int prepare(struct live *l, struct source *fresh[LIVE_SOURCES_MAX],
		   const struct live_source *wanted, size_t count)
{
	bool needs_trust = false;

	for (size_t i = 0; i < count; i++) {
		fresh[i] = source_new(l, &wanted[i]);
		if (!fresh[i])
			return -ENOMEM;
		fresh[i]->number = i + 1;
		needs_trust |= fresh[i]->is_usable && fresh[i]->url.is_secure;
	}
	return needs_trust ? fetcher_read_trust(l->fetcher) : 0;
}

static void start(struct source *s, struct source *old[LIVE_SOURCES_MAX])
{
	for (size_t i = 0; i < LIVE_SOURCES_MAX; i++) {
		if (old[i] && is_same(&s->wanted, &old[i]->wanted))
			inherit(s, old[i]);
	}
	if (s->is_usable)
		arm_first(s);
	else
		log_warn("live value %zu: invalid live_url or live_pointer",
			 s->number);
}

int live_set_sources(struct live *l, const struct live_source *s, size_t count)
{
	struct source *fresh[LIVE_SOURCES_MAX] = { NULL };
	int err =
		count > LIVE_SOURCES_MAX ? -E2BIG : prepare(l, fresh, s, count);

	if (err) {
		free_sources(fresh);
		return err;
	}
	for (size_t i = 0; i < count; i++)
		start(fresh[i], l->source);
	free_sources(l->source);
	memcpy(l->source, fresh, sizeof(fresh));
	return 0;
}

bool live_get(const struct live *l, size_t index, struct live_value *out)
{
	const struct source *s = NULL;

	if (index < LIVE_SOURCES_MAX)
		s = l->source[index];
	if (!s || !s->has_value)
		return false;
	memcpy(out->text, s->text, sizeof(out->text));
	return live_value_set_age(out, clock_ms() - s->taken_ms,
				  s->wanted.interval_s);
}

void live_hurry(struct live *l, uint64_t first_ms, uint64_t limit_ms)
{
	l->first_ms = first_ms;
	l->limit_ms = limit_ms;
}

struct live *live_new(struct event_base *base)
{
	struct live *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->base = base;
	l->limit_ms = LIMIT_MS;
	l->fetcher = fetcher_new(base);
	if (!l->fetcher) {
		free(l);
		return NULL;
	}
	return l;
}

void live_free(struct live *l)
{
	if (!l)
		return;
	free_sources(l->source);
	fetcher_free(l->fetcher);
	free(l);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/notify/hook.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/log.h"
#include "portal/fetch/fetch.h"

#define WAITING_MAX 16
#define LIMIT_MS    20000

struct letter {
	TAILQ_ENTRY(letter) next;
	char json[];
};

struct hook {
	struct fetcher *fetcher;
	struct fetch_url url;
	char *address; /* the same, as in the config */
	size_t number;
	TAILQ_HEAD(, letter) waiting;
	size_t count;
	struct fetch *fetch; /* of the first; NULL: none is under way */
	size_t failures;     /* in a row */
	bool is_overfull;    /* and the log has it */
};

static void drop_first(struct hook *h)
{
	struct letter *l = TAILQ_FIRST(&h->waiting);

	TAILQ_REMOVE(&h->waiting, l, next);
	h->count--;
	free(l);
}

/* The address may hold a secret, so the log has its host alone. */
static void hook_enter(struct hook *h, bool is_delivered, const char *why)
{
	if (is_delivered && h->failures)
		log_info("notify %zu (%s): works again", h->number,
			 h->url.host);
	else if (!is_delivered && !h->failures)
		log_warn("notify %zu (%s): %s; trying again", h->number,
			 h->url.host, why);
	h->failures = is_delivered ? 0 : h->failures + 1;
	h->is_overfull &= !is_delivered;
}

static void on_answer(const struct fetch_document *document, const char *why,
		      void *arg)
{
	struct hook *h = arg;

	h->fetch = NULL;
	hook_enter(h, document != NULL, why);
	if (!document)
		return;
	drop_first(h);
	hook_send(h);
}

void hook_send(struct hook *h)
{
	const struct letter *first = TAILQ_FIRST(&h->waiting);

	if (!first || h->fetch)
		return;
	h->fetch =
		fetch_start(h->fetcher, &(struct fetch_order){
						.url = &h->url,
						.post = first->json,
						.post_type = "application/json",
						.turn = h->failures,
						.limit_ms = LIMIT_MS,
						.fetched = on_answer,
						.arg = h,
					});
	if (!h->fetch)
		hook_enter(h, false, "out of memory");
}

/* What is under way is the first, and stays until it has its answer. */
static void make_room(struct hook *h)
{
	struct letter *oldest = TAILQ_FIRST(&h->waiting);

	if (h->count < WAITING_MAX)
		return;
	if (h->fetch)
		oldest = TAILQ_NEXT(oldest, next);
	TAILQ_REMOVE(&h->waiting, oldest, next);
	h->count--;
	free(oldest);
	if (!h->is_overfull)
		log_warn("notify %zu (%s): too much waits; the oldest news "
			 "are dropped",
			 h->number, h->url.host);
	h->is_overfull = true;
}

bool hook_add(struct hook *h, const char *json)
{
	size_t size = strlen(json) + 1;
	struct letter *l = malloc(sizeof(*l) + size);

	if (!l)
		return false;
	make_room(h);
	memcpy(l->json, json, size);
	TAILQ_INSERT_TAIL(&h->waiting, l, next);
	h->count++;
	return true;
}

const char *hook_address(const struct hook *h)
{
	return h->address;
}

void hook_set_number(struct hook *h, size_t number)
{
	h->number = number;
}

struct hook *hook_new(struct fetcher *f, const char *url)
{
	struct hook *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	TAILQ_INIT(&h->waiting);
	h->fetcher = f;
	h->address = strdup(url);
	if (h->address && fetch_url_parse(&h->url, url))
		return h;
	hook_free(h);
	return NULL;
}

void hook_free(struct hook *h)
{
	if (!h)
		return;
	if (h->fetch)
		fetch_cancel(h->fetch);
	while (h->count)
		drop_first(h);
	free(h->address);
	free(h);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/notify/hook.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/log.h"
#include "common/config/settings_valid.h"
#include "portal/fetch/fetch.h"
#include "portal/notify/mail.h"

#define WAITING_MAX 16
#define LIMIT_MS    20000
#define RESTS_MAX   64

struct letter {
	TAILQ_ENTRY(letter) next;
	char json[];
};

struct hook {
	struct hook_ways ways;
	struct fetch_url url;
	char *address;	  /* the same, as in the config */
	const char *mail; /* in it; NULL: it is no mail address */
	const struct admin_settings *relay;
	size_t number;
	TAILQ_HEAD(, letter) waiting;
	size_t count;
	struct fetch *fetch; /* of the first, or the next; NULL: neither is */
	struct mail *letter; /* under way */
	size_t failures;     /* in a row */
	size_t rests;	     /* calls until the next try */
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
static const char *host_of(const struct hook *h)
{
	return h->mail ? strchr(h->mail, '@') + 1 : h->url.host;
}

static void hook_enter(struct hook *h, bool is_delivered, const char *why)
{
	if (is_delivered && h->failures)
		log_info("notify %zu (%s): works again", h->number, host_of(h));
	else if (!is_delivered && !h->failures)
		log_warn("notify %zu (%s): %s; trying again", h->number,
			 host_of(h), why);
	h->failures = is_delivered ? 0 : h->failures + 1;
	h->is_overfull &= !is_delivered;
}

static void went(struct hook *h, bool is_delivered, const char *why)
{
	hook_enter(h, is_delivered, why);
	if (is_delivered) {
		drop_first(h);
		hook_send(h);
	}
}

static void on_answer(const struct fetch_document *document, const char *why,
		      void *arg)
{
	struct hook *h = arg;

	h->fetch = NULL;
	went(h, document != NULL, why);
}

static bool post(struct hook *h, const char *json)
{
	h->fetch = fetch_start(h->ways.fetcher,
			       &(struct fetch_order){
				       .url = &h->url,
				       .post = json,
				       .post_type = "application/json",
				       .turn = h->failures,
				       .limit_ms = LIMIT_MS,
				       .fetched = on_answer,
				       .arg = h,
			       });
	return h->fetch;
}

/* Relays take trying again and again for an attack. */
static void on_mailed(const char *why, void *arg)
{
	struct hook *h = arg;
	size_t rests = h->failures < 6 ? 1U << h->failures : RESTS_MAX;

	h->letter = NULL;
	h->rests = why ? rests - 1 : 0;
	went(h, !why, why);
}

static bool mail(struct hook *h, const char *json)
{
	h->letter =
		mail_start(h->ways.mailer, &(struct mail_order){
						   .relay = h->relay,
						   .to = h->mail,
						   .json = json,
						   .turn = h->failures,
						   .limit_ms = h->ways.mail_ms,
						   .done = on_mailed,
						   .arg = h,
					   });
	return h->letter;
}

void hook_send(struct hook *h)
{
	const struct letter *first = TAILQ_FIRST(&h->waiting);

	if (!first || h->fetch || h->letter)
		return;
	if (h->rests)
		h->rests--;
	else if (!(h->mail ? mail : post)(h, first->json))
		hook_enter(h, false, "out of memory");
}

/* What is under way is the first, and stays until it has its answer. */
static void make_room(struct hook *h)
{
	struct letter *oldest = TAILQ_FIRST(&h->waiting);

	if (h->count < WAITING_MAX)
		return;
	if (h->fetch || h->letter)
		oldest = TAILQ_NEXT(oldest, next);
	TAILQ_REMOVE(&h->waiting, oldest, next);
	h->count--;
	free(oldest);
	if (!h->is_overfull)
		log_warn("notify %zu (%s): too much waits; the oldest news "
			 "are dropped",
			 h->number, host_of(h));
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

void hook_set(struct hook *h, size_t number, const struct admin_settings *relay)
{
	h->number = number;
	h->relay = relay;
}

static bool take_address(struct hook *h, const char *url)
{
	h->address = strdup(url);
	if (!h->address || !valid_notify(url))
		return false;
	if (!strncmp(url, VALID_MAILTO, strlen(VALID_MAILTO)))
		h->mail = h->address + strlen(VALID_MAILTO);
	return h->mail || fetch_url_parse(&h->url, url);
}

struct hook *hook_new(const struct hook_ways *ways, const char *url)
{
	struct hook *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	TAILQ_INIT(&h->waiting);
	h->ways = *ways;
	if (take_address(h, url))
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
	if (h->letter)
		mail_cancel(h->letter);
	while (h->count)
		drop_first(h);
	free(h->address);
	free(h);
}

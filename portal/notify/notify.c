/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/notify/notify.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>
#include <json-c/json.h>

#include "common/clock.h"
#include "portal/fetch/fetch.h"
#include "portal/netctl_client.h"
#include "portal/notify/hook.h"
#include "portal/notify/mail.h"

#define LOOK_MS	   60000
#define FIRST_MS   5000	 /* by then netctl is there, if it will be */
#define MAIL_MS	   60000 /* some relays take their time */
#define ISSUES_MAX 64
#define LOOKS	   2 /* in a row, until it is news */

/* Something that is, or was, not well. */
struct issue {
	struct json_object *finding; /* as last listed; NULL: a free place */
	bool is_told;
	bool is_seen;	    /* in this look */
	unsigned int looks; /* in a row that say other than what was told */
	uint64_t since_ms;  /* the first of these */
};

struct notify {
	struct notify_config config;
	struct hook_ways ways;
	struct netctl_request question;
	struct event timer;
	uint64_t look_ms;
	const struct settings *settings;
	struct hook *hook[SETTINGS_NOTIFY];
	struct issue issue[ISSUES_MAX];
};

/* --- one finding --------------------------------------------------------- */

static const char *text_of(struct json_object *finding, const char *member)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(finding, member, &value);
	return value ? json_object_get_string(value) : "";
}

static bool is_same(struct json_object *a, struct json_object *b)
{
	return !strcmp(text_of(a, "code"), text_of(b, "code")) &&
	       !strcmp(text_of(a, "zone"), text_of(b, "zone"));
}

/* With what tells one box of a city from another. */
static struct json_object *letter_of(const struct notify *n,
				     struct json_object *finding, bool is_over)
{
	static const char *const kept[] = { "level", "code", "zone", "text" };
	struct json_object *o = json_object_new_object();
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	json_object_object_add(
		o, "state",
		json_object_new_string(is_over ? "recovered" : "problem"));
	json_object_object_add(o, "box", json_object_new_string(host));
	json_object_object_add(
		o, "network",
		json_object_new_string(n->settings->portal.network));
	json_object_object_add(o, "time", json_object_new_int64(time(NULL)));
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (*text_of(finding, kept[i]))
			json_object_object_add(o, kept[i],
					       json_object_new_string(text_of(
						       finding, kept[i])));
	return o;
}

static void tell_keeper(struct notify *n, const struct issue *i)
{
	struct notify_news news = {
		.level = text_of(i->finding, "level"),
		.code = text_of(i->finding, "code"),
		.zone = text_of(i->finding, "zone"),
		.is_over = i->is_told,
		.since_ms = i->since_ms,
	};

	if (n->config.on_news)
		n->config.on_news(&news, n->config.arg);
}

static void tell(struct notify *n, struct json_object *finding, bool is_over)
{
	struct json_object *letter = letter_of(n, finding, is_over);
	const char *json =
		json_object_to_json_string_ext(letter, JSON_C_TO_STRING_PLAIN);

	for (size_t i = 0; i < SETTINGS_NOTIFY; i++)
		if (n->hook[i] && !hook_add(n->hook[i], json))
			log_error("out of memory; an operator is not told");
	json_object_put(letter);
}

/* --- from look to look --------------------------------------------------- */

static void issue_clear(struct issue *i)
{
	json_object_put(i->finding);
	*i = (struct issue){ .finding = NULL };
}

/* NULL: no place. */
static struct issue *find_issue(struct notify *n, struct json_object *finding)
{
	struct issue *place = NULL;

	for (size_t i = 0; i < ISSUES_MAX; i++) {
		struct issue *it = &n->issue[i];

		if (it->finding && is_same(it->finding, finding))
			return it;
		if (!it->finding && !place)
			place = it;
	}
	return place;
}

static void see(struct notify *n, struct json_object *finding)
{
	struct issue *i;

	if (!strcmp(text_of(finding, "level"), "ok"))
		return;
	i = find_issue(n, finding);
	if (!i)
		return;
	json_object_put(i->finding);
	i->finding = json_object_get(finding);
	i->is_seen = true;
}

/* Whether it is there is one thing, whether that was told another. */
static void issue_follow(struct notify *n, struct issue *i)
{
	bool is_seen = i->is_seen;

	i->is_seen = false;
	i->looks = is_seen == i->is_told ? 0 : i->looks + 1;
	if (i->looks == 1)
		i->since_ms = clock_ms();
	if (!is_seen && !i->is_told) {
		issue_clear(i);
	} else if (i->looks == LOOKS) {
		tell(n, i->finding, i->is_told);
		tell_keeper(n, i);
		i->is_told = !i->is_told;
		i->looks = 0;
		if (!i->is_told)
			issue_clear(i);
	}
}

static void on_health(const struct ipc_health *h, void *arg)
{
	struct notify *n = arg;
	struct json_object *list = n->config.list(h, n->config.arg);

	for (size_t i = 0; i < json_object_array_length(list); i++)
		see(n, json_object_array_get_idx(list, i));
	json_object_put(list);
	for (size_t i = 0; i < ISSUES_MAX; i++)
		if (n->issue[i].finding)
			issue_follow(n, &n->issue[i]);
	if (n->config.on_look)
		n->config.on_look(h, n->config.arg);
	for (size_t i = 0; i < SETTINGS_NOTIFY; i++)
		if (n->hook[i])
			hook_send(n->hook[i]);
}

static void on_time(evutil_socket_t fd, short what, void *arg)
{
	struct notify *n = arg;
	struct timeval next = clock_timeval(n->look_ms);

	(void)fd;
	(void)what;
	event_add(&n->timer, &next);
	netctl_client_cancel(&n->question);
	if (netctl_client_ask_health(n->config.netctl, &n->question) < 0)
		on_health(NULL, n);
}

/* --- life ---------------------------------------------------------------- */

static void free_hooks(struct hook *hook[SETTINGS_NOTIFY])
{
	for (size_t i = 0; i < SETTINGS_NOTIFY; i++) {
		hook_free(hook[i]);
		hook[i] = NULL;
	}
}

/* With what waits for that address; NULL: it is a new one. */
static struct hook *take_hook(struct hook *old[SETTINGS_NOTIFY],
			      const char *url)
{
	for (size_t i = 0; i < SETTINGS_NOTIFY; i++) {
		struct hook *h = old[i];

		if (h && !strcmp(hook_address(h), url)) {
			old[i] = NULL;
			return h;
		}
	}
	return NULL;
}

/* What was told stays told, and what waits stays: a reload is no news. */
void notify_apply(struct notify *n, const struct settings *s)
{
	const struct conf_list *urls = &s->admin.notify;
	struct timeval next = clock_timeval(
		n->settings || n->look_ms < FIRST_MS ? n->look_ms : FIRST_MS);
	struct hook *old[SETTINGS_NOTIFY];

	n->settings = s;
	memcpy(old, n->hook, sizeof(old));
	memset(n->hook, 0, sizeof(n->hook));
	event_del(&n->timer);
	for (size_t i = 0; i < urls->count; i++) {
		n->hook[i] = take_hook(old, urls->value[i]);
		if (!n->hook[i])
			n->hook[i] = hook_new(&n->ways, urls->value[i]);
		if (n->hook[i])
			hook_set(n->hook[i], i + 1, &s->admin);
		else
			log_warn("notify %zu: invalid URL, or no memory",
				 i + 1);
	}
	free_hooks(old);
	if (urls->count || n->config.on_look)
		event_add(&n->timer, &next);
}

struct notify *notify_new(const struct notify_config *config)
{
	struct notify *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->config = *config;
	n->look_ms = LOOK_MS;
	n->question.on_health = on_health;
	n->question.arg = n;
	evtimer_assign(&n->timer, config->base, on_time, n);
	n->ways.fetcher = fetcher_new(config->base);
	n->ways.mail_ms = MAIL_MS;
	n->ways.mailer = mailer_new(config->base);
	if (n->ways.fetcher && n->ways.mailer)
		return n;
	notify_free(n);
	return NULL;
}

void notify_hurry(struct notify *n, uint64_t look_ms, uint64_t mail_ms)
{
	n->ways.mail_ms = mail_ms;
	n->look_ms = look_ms;
}

void notify_free(struct notify *n)
{
	if (!n)
		return;
	netctl_client_cancel(&n->question);
	event_del(&n->timer);
	free_hooks(n->hook);
	fetcher_free(n->ways.fetcher);
	mailer_free(n->ways.mailer);
	for (size_t i = 0; i < ISSUES_MAX; i++)
		if (n->issue[i].finding)
			issue_clear(&n->issue[i]);
	free(n);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * livedriver FIRST_MS LIMIT_MS
 *
 * The live values without the portal around them. Told by lines on standard
 * input, and answers each with one:
 *   source URL POINTER INTERVAL_S DECIMALS   one more ("-": "", as they come)
 *   apply                                    these are the sources now
 *   get INDEX                                its value, age in s, stale or not
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "common/wipe.h"
#include "portal/live/live.h"

#define TEXT_MAX 2048
#define WORDS	 5

struct driver {
	struct event_base *base;
	struct evbuffer *in;
	struct live *live;
	struct live_source source[LIVE_SOURCES_MAX + 1];
	char text[LIVE_SOURCES_MAX + 1][2][TEXT_MAX];
	size_t count;
};

static const char *add_source(struct driver *d, char **word)
{
	char(*text)[TEXT_MAX] = d->text[d->count];

	if (d->count > LIVE_SOURCES_MAX || !word[4])
		return "too many, or too little said";
	snprintf(text[0], TEXT_MAX, "%s", word[1]);
	snprintf(text[1], TEXT_MAX, "%s", strcmp(word[2], "-") ? word[2] : "");
	d->source[d->count++] = (struct live_source){
		.url = text[0],
		.pointer = text[1],
		.interval_s = strtoull(word[3], NULL, 10),
		.decimals = word[4][0] == '-'
				    ? UINT_MAX
				    : (unsigned int)strtoul(word[4], NULL, 10),
	};
	return "ok";
}

static const char *apply(struct driver *d)
{
	int err = live_set_sources(d->live, d->source, d->count);

	d->count = 0;
	return err ? strerror(-err) : "ok";
}

static void get(struct driver *d, const char *index)
{
	struct live_value v;

	if (!live_get(d->live, strtoul(index, NULL, 10), &v))
		printf("none\n");
	else
		printf("%s %llu %s\n", v.text, (unsigned long long)v.age_s,
		       v.is_stale ? "stale" : "fresh");
}

static void obey(struct driver *d, char *line)
{
	char *word[WORDS] = { NULL };
	int n = 0;

	for (char *w = strtok(line, " "); w && n < WORDS; w = strtok(NULL, " "))
		word[n++] = w;
	if (n && !strcmp(word[0], "source"))
		puts(add_source(d, word));
	else if (n && !strcmp(word[0], "apply"))
		puts(apply(d));
	else if (n == 2 && !strcmp(word[0], "get"))
		get(d, word[1]);
	else
		puts("what?");
	fflush(stdout);
}

static void on_input(evutil_socket_t fd, short what, void *arg)
{
	struct driver *d = arg;
	char *line;

	(void)what;
	if (evbuffer_read(d->in, fd, TEXT_MAX) <= 0)
		event_base_loopbreak(d->base);
	while ((line = evbuffer_readln(d->in, NULL, EVBUFFER_EOL_LF))) {
		obey(d, line);
		free(line);
	}
}

int main(int argc, char **argv)
{
	static struct driver d;
	struct event *input;

	if (argc != 3) {
		fprintf(stderr, "usage: livedriver FIRST_MS LIMIT_MS\n");
		return 2;
	}
	log_open("livedriver", false);
	wipe_freed_memory();
	d.base = event_base_new();
	d.in = evbuffer_new();
	d.live = live_new(d.base);
	live_hurry(d.live, strtoull(argv[1], NULL, 10),
		   strtoull(argv[2], NULL, 10));
	input = event_new(d.base, 0, EV_READ | EV_PERSIST, on_input, &d);
	event_add(input, NULL);
	event_base_dispatch(d.base);
	event_free(input);
	evbuffer_free(d.in);
	live_free(d.live);
	event_base_free(d.base);
	return 0;
}

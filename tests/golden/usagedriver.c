/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usagedriver FILE LIVES PROFILE ZONE...
 *
 * netctl's counting, driven by lines of text instead of a kernel, with clocks
 * that the lines set. FILE is the ledger, so a driver that was killed goes on
 * where it was; LIVES may be "". Without NOISE in the environment no noise is
 * drawn, with it the kernel's. Answers each line by one, after it has been
 * taken in:
 *
 *	clock BOOT_MS WALL_MS	periods that are over are closed
 *	shown ZONE MAC PLATFORM
 *	accept ZONE MAC LANGUAGE
 *	begin ZONE MAC
 *	count ZONE MAC UP DOWN
 *	end ZONE MAC UP DOWN REASON
 *	peak
 *	open ZONE MAC UP DOWN	after a start: this session is there
 *	next AFTER COMMITTED	"cell ..." lines first
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/array.h"
#include "common/config/settings_read.h"
#include "netctl/usage/noise.h"
#include "netctl/usage/usage.h"

#define WORDS_MAX 8

struct driver {
	struct usage *usage;
	struct usage_now now;
	struct session_table *sessions;
};

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 10);
}

static struct mac mac_of(const char *text)
{
	uint64_t n = number(text);
	struct mac m = { { 2 } };

	for (int i = 5; i > 1; i--, n >>= 8)
		m.byte[i] = (uint8_t)n;
	return m;
}

static int64_t no_noise(struct usage_scale t)
{
	(void)t;
	return 0;
}

/* Made where it is not there, with its counters as they are told. */
static struct session *session_of(struct driver *d, char **word, size_t words)
{
	uint16_t zone = (uint16_t)number(word[0]);
	struct mac mac = mac_of(word[1]);
	struct session *s = session_find(d->sessions, zone, &mac);

	if (!s)
		s = session_add(d->sessions, zone, &mac, 0);
	if (!s)
		abort();
	if (words > 3) {
		s->up_bytes = number(word[2]);
		s->down_bytes = number(word[3]);
	}
	return s;
}

static void do_clock(struct driver *d, char **word, size_t words)
{
	(void)words;
	d->now.boot_ms = number(word[0]);
	d->now.wall_ms = (int64_t)number(word[1]);
	usage_tick(d->usage, &d->now);
}

static void do_shown(struct driver *d, char **word, size_t words)
{
	struct mac mac = mac_of(word[1]);

	(void)words;
	usage_shown(d->usage, (uint16_t)number(word[0]), &mac,
		    (uint32_t)number(word[2]));
}

static void do_accept(struct driver *d, char **word, size_t words)
{
	struct mac mac = mac_of(word[1]);
	char language[USAGE_LABEL_MAX] = "";

	(void)words;
	memcpy(language, word[2], strnlen(word[2], USAGE_LABEL_MAX - 1));
	usage_accepted(d->usage, (uint16_t)number(word[0]), &mac, language);
}

static void do_begin(struct driver *d, char **word, size_t words)
{
	usage_begin(d->usage, session_of(d, word, words), d->now.boot_ms);
}

static void do_count(struct driver *d, char **word, size_t words)
{
	usage_count(d->usage, session_of(d, word, words), d->now.boot_ms);
}

static void do_end(struct driver *d, char **word, size_t words)
{
	struct session *s = session_of(d, word, words);

	s->reason = (uint8_t)number(word[4]);
	usage_end(d->usage, s, d->now.boot_ms);
	session_remove(d->sessions, s);
}

static void do_peak(struct driver *d, char **word, size_t words)
{
	(void)word;
	(void)words;
	usage_peak(d->usage);
}

static void do_next(struct driver *d, char **word, size_t words)
{
	struct ipc_usage_cell cell[IPC_USAGE_CELLS];
	size_t count;

	(void)words;
	usage_forget(d->usage, number(word[1]));
	count = usage_read(d->usage, number(word[0]), cell, IPC_USAGE_CELLS);
	for (size_t i = 0; i < count; i++) {
		const struct ipc_usage_cell *c = &cell[i];

		printf("cell %" PRIu64 " %u %" PRId64 " %s %s %u %" PRId64
		       " %" PRIu64 " %" PRIu64 "\n",
		       c->seq, c->more, c->start_s,
		       usage_metric_info((enum usage_metric)c->metric)->name,
		       c->zone[0] ? c->zone : "-", c->hours, c->value,
		       c->scale_n, c->scale_d);
	}
}

static const struct {
	const char *name;
	size_t words;
	void (*run)(struct driver *d, char **word, size_t words);
} verbs[] = {
	{ "clock", 2, do_clock },   { "shown", 3, do_shown },
	{ "accept", 3, do_accept }, { "begin", 2, do_begin },
	{ "count", 4, do_count },   { "end", 5, do_end },
	{ "peak", 0, do_peak },	    { "open", 4, do_count },
	{ "next", 2, do_next },
};

static void run(struct driver *d, char *line)
{
	char *word[WORDS_MAX] = { NULL };
	char *verb = strtok(line, " \n");
	size_t n = 0;

	while (n < WORDS_MAX && (word[n] = strtok(NULL, " \n")))
		n++;
	for (size_t i = 0; verb && i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, verb) || n < verbs[i].words)
			continue;
		verbs[i].run(d, word, n);
		puts("ok");
		fflush(stdout);
		return;
	}
	fprintf(stderr, "usagedriver: what is '%s'?\n", verb ? verb : "");
	exit(2);
}

static struct settings *settings_of(int argc, char **argv)
{
	char error[UCI_ERROR_MAX];
	struct settings *s;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fprintf(f,
		"config uplink 'wan'\n option device 'wan0'\n"
		"config usage\n option pending '%s'\n option lives '%s'\n"
		" option profile '%s'\n",
		argv[1], argv[2], argv[3]);
	for (int i = 4; i < argc; i++)
		fprintf(f, "config zone '%s'\n option device 'br%d'\n", argv[i],
			i);
	fclose(f);
	s = settings_parse("driver", text, len, error);
	free(text);
	if (!s) {
		fprintf(stderr, "%s\n", error);
		exit(2);
	}
	return s;
}

int main(int argc, char **argv)
{
	static char line[256];
	struct driver d = { .sessions = session_table_new() };
	struct settings *s;

	if (argc < 5 || !d.sessions) {
		fprintf(stderr,
			"usage: usagedriver FILE LIVES PROFILE ZONE...\n");
		return 2;
	}
	log_open("usagedriver", false);
	s = settings_of(argc, argv);
	d.usage = usage_new(s, geteuid(), getegid(),
			    getenv("NOISE") ? noise_draw : no_noise);
	if (!d.usage)
		return 1;
	while (fgets(line, sizeof(line), stdin))
		run(&d, line);
	usage_free(d.usage);
	settings_free(s);
	session_table_free(d.sessions);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usagedriver FILE K ZONE...
 *
 * netctl's counting, driven by lines of text instead of a kernel, with clocks
 * that the lines set. FILE is the ledger, so a driver that was killed goes on
 * where it was. Answers each line by one, after it has been taken in:
 *
 *	clock BOOT_MS WALL_MS	hours and days that are over are closed
 *	shown ZONE MAC PLATFORM
 *	accept ZONE MAC LANGUAGE
 *	begin ZONE MAC HANDLE GRANTED_MS ENDS_MS
 *	count ZONE MAC HANDLE UP DOWN
 *	end ZONE MAC HANDLE UP DOWN REASON
 *	peak ZONE COUNT
 *	open HANDLE...		after a start: these sessions are there
 *	next AFTER COMMITTED	"row SEQ ..." or "label SEQ ..." lines first
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/array.h"
#include "common/config/settings_read.h"
#include "netctl/usage/usage.h"

#define WORDS_MAX 4096

struct driver {
	struct usage *usage;
	struct usage_now now;
	struct session session; /* of the line */
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

static void take_session(struct driver *d, char **word)
{
	memset(&d->session, 0, sizeof(d->session));
	d->session.state = SESSION_GRANTED;
	d->session.zone = (uint16_t)number(word[0]);
	d->session.mac = mac_of(word[1]);
	d->session.handle = number(word[2]);
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
	(void)words;
	take_session(d, word);
	d->session.granted_ms = number(word[3]);
	d->session.ends_ms = number(word[4]);
	usage_begin(d->usage, &d->session);
}

static void do_count(struct driver *d, char **word, size_t words)
{
	(void)words;
	take_session(d, word);
	d->session.up_bytes = number(word[3]);
	d->session.down_bytes = number(word[4]);
	usage_count(d->usage, &d->session);
}

static void do_end(struct driver *d, char **word, size_t words)
{
	(void)words;
	take_session(d, word);
	d->session.up_bytes = number(word[3]);
	d->session.down_bytes = number(word[4]);
	d->session.reason = (uint8_t)number(word[5]);
	usage_end(d->usage, &d->session, d->now.boot_ms);
}

static void do_peak(struct driver *d, char **word, size_t words)
{
	(void)words;
	usage_peak(d->usage, (uint16_t)number(word[0]),
		   (uint32_t)number(word[1]));
}

static void do_open(struct driver *d, char **word, size_t words)
{
	struct session_table *t = session_table_new();
	struct mac mac;

	for (size_t i = 0; i < words; i++) {
		mac = mac_of(word[i]); /* any that is not taken */
		if (!session_add(t, 0, &mac, number(word[i])))
			abort();
	}
	usage_reconcile(d->usage, t, d->now.boot_ms);
	session_table_free(t);
}

static void print_part(const union ledger_part *p)
{
	const struct ipc_usage_row *r = &p->row;
	bool is_label = r->header.type == IPC_USAGE_LABEL;

	printf("%s %" PRIu64 " %u %u %" PRId64, is_label ? "label" : "row",
	       r->part.seq, r->part.index, r->part.count, r->part.start_s);
	if (is_label) {
		printf(" %s %s %" PRIu64 "\n",
		       usage_kind_to_string((enum usage_kind)p->label.kind),
		       p->label.label, p->label.value);
		return;
	}
	printf(" %s %s", usage_step_to_string((enum usage_step)r->step),
	       r->zone[0] ? r->zone : "-");
	for (int m = 0; m < USAGE_METRICS; m++)
		printf(" %" PRIu64, r->value[m]);
	putchar('\n');
}

static void do_next(struct driver *d, char **word, size_t words)
{
	struct outbox_batch batch;

	(void)words;
	usage_forget(d->usage, number(word[1]));
	if (!usage_find_batch(d->usage, number(word[0]), d->now.boot_ms,
			      &batch))
		return;
	for (size_t i = 0; i < batch.count; i++) {
		union ledger_part part = usage_part(d->usage, batch.first + i);

		print_part(&part);
	}
}

static const struct {
	const char *name;
	size_t words;
	void (*run)(struct driver *d, char **word, size_t words);
} verbs[] = {
	{ "clock", 2, do_clock },   { "shown", 3, do_shown },
	{ "accept", 3, do_accept }, { "begin", 5, do_begin },
	{ "count", 5, do_count },   { "end", 6, do_end },
	{ "peak", 2, do_peak },	    { "open", 0, do_open },
	{ "next", 2, do_next },
};

static void run(struct driver *d, char *line)
{
	static char *word[WORDS_MAX];
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
		"config usage\n option pending '%s'\n option k '%s'\n",
		argv[1], argv[2]);
	for (int i = 3; i < argc; i++)
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
	static char line[WORDS_MAX * 22];
	struct driver d = { 0 };
	struct settings *s;

	if (argc < 4) {
		fprintf(stderr, "usage: usagedriver FILE K ZONE...\n");
		return 2;
	}
	log_open("usagedriver", false);
	s = settings_of(argc, argv);
	d.usage = usage_new(s, geteuid(), getegid());
	if (!d.usage)
		return 1;
	while (fgets(line, sizeof(line), stdin))
		run(&d, line);
	usage_free(d.usage);
	settings_free(s);
	return 0;
}

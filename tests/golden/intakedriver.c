/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * intakedriver FILE
 *
 * The portal's side of the figures, fed with the lines of usagedriver instead
 * of messages. Says "next AFTER COMMITTED" when it starts and behind each
 * batch that it has taken into the database FILE.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portal/store/store_import.h"

#define STREAM 1
#define WORDS  (6 + USAGE_METRICS)

static void on_next(const struct ipc_usage_next *m, void *arg)
{
	(void)arg;
	printf("next %" PRIu64 " %" PRIu64 "\n", m->after, m->committed);
	fflush(stdout);
}

static uint64_t number(const char *text)
{
	return strtoull(text, NULL, 10);
}

static struct ipc_usage_part part_of(char **word)
{
	return (struct ipc_usage_part){
		.stream = STREAM,
		.seq = number(word[0]),
		.index = (uint16_t)number(word[1]),
		.count = (uint16_t)number(word[2]),
		.start_s = (int64_t)number(word[3]),
	};
}

static void take_row(struct store_import *i, char **word)
{
	struct ipc_usage_row m = { .part = part_of(word) };
	enum usage_step step = USAGE_STEPS;

	if (!usage_step_parse(word[4], &step))
		exit(2);
	m.step = step;
	if (strcmp(word[5], "-") != 0)
		snprintf(m.zone, sizeof(m.zone), "%s", word[5]);
	for (int k = 0; k < USAGE_METRICS; k++)
		m.value[k] = number(word[6 + k]);
	store_import_row(i, &m);
}

static void take_label(struct store_import *i, char **word)
{
	struct ipc_usage_label m = { .part = part_of(word),
				     .value = number(word[6]) };

	m.kind = strcmp(word[4], "platform") ? USAGE_LANGUAGE : USAGE_PLATFORM;
	snprintf(m.label, sizeof(m.label), "%s", word[5]);
	store_import_label(i, &m);
}

static void take(struct store_import *i, char *line)
{
	char *word[WORDS] = { NULL };
	char *verb = strtok(line, " \n");
	int n = 0;

	while (n < WORDS && (word[n] = strtok(NULL, " \n")))
		n++;
	if (verb && !strcmp(verb, "row") && n == WORDS)
		take_row(i, word);
	else if (verb && !strcmp(verb, "label") && n == 7)
		take_label(i, word);
	else
		exit(2);
}

int main(int argc, char **argv)
{
	static char line[4096];
	struct store *st;
	struct store_import *i;

	if (argc != 2) {
		fprintf(stderr, "usage: intakedriver FILE\n");
		return 2;
	}
	log_open("intakedriver", false);
	st = store_open(argv[1], 400 * 86400ULL);
	i = st ? store_import_new(st, on_next, NULL) : NULL;
	if (!i)
		return 1;
	store_import_connected(i);
	while (fgets(line, sizeof(line), stdin))
		take(i, line);
	store_import_free(i);
	store_free(st);
	return 0;
}

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
#define WORDS  9

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

/* "cell" SEQ MORE START METRIC ZONE HOURS VALUE N D */
static void take(struct store_import *i, char *line)
{
	char *word[WORDS] = { NULL };
	char *verb = strtok(line, " \n");
	enum usage_metric metric = USAGE_METRICS;
	struct ipc_usage_cell m = { .stream = STREAM };
	int n = 0;

	while (n < WORDS && (word[n] = strtok(NULL, " \n")))
		n++;
	if (!verb || n < WORDS || !usage_metric_parse(word[3], &metric))
		exit(2);
	m.seq = number(word[0]);
	m.more = (uint16_t)number(word[1]);
	m.start_s = (int64_t)number(word[2]);
	m.metric = metric;
	if (strcmp(word[4], "-") != 0)
		snprintf(m.zone, sizeof(m.zone), "%s", word[4]);
	m.hours = (uint16_t)number(word[5]);
	m.value = strtoll(word[6], NULL, 10);
	m.scale_n = number(word[7]);
	m.scale_d = number(word[8]);
	store_import_cell(i, &m);
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

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The noise of the figures, for tests/unit/test_noise.py.
 *
 * noisedriver tape N D COUNT: draws from 64-bit words on standard input, as
 * hexadecimal lines; each with the words that were used so far.
 * noisedriver histogram N D COUNT: draws of the kernel's, "VALUE TIMES" lines.
 * noisedriver day RUNS DEVICES: what a day of so many devices tells as its
 * visitors, likewise.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/config/settings_read.h"
#include "netctl/usage/noise.h"
#include "netctl/usage/usage.h"

#define SPAN 4096 /* of a histogram, both sides */

static uint64_t times[2 * SPAN + 1];

static void note(int64_t value)
{
	if (value < -SPAN)
		value = -SPAN;
	if (value > SPAN)
		value = SPAN;
	times[value + SPAN]++;
}

static void print_histogram(void)
{
	for (int i = 0; i <= 2 * SPAN; i++)
		if (times[i])
			printf("%d %" PRIu64 "\n", i - SPAN, times[i]);
}

static uint64_t tape_word(void *arg)
{
	uint64_t *used = arg, word;

	if (scanf("%" SCNx64, &word) != 1)
		exit(3);
	(*used)++;
	return word;
}

static int64_t day(const struct settings *s, unsigned int devices)
{
	struct usage *u = usage_new(s, geteuid(), getegid(), noise_draw);
	struct usage_now now = { 1000000, 1796000000000 };
	struct ipc_usage_cell cell[IPC_USAGE_CELLS];
	int64_t told = 0;
	size_t n;

	if (!u)
		exit(1);
	usage_tick(u, &now);
	for (unsigned int i = 0; i < devices; i++) {
		struct session session = { .mac = { { 2, 0, 0, 0, 0, 1 } } };

		session.mac.byte[5] = (uint8_t)i;
		usage_begin(u, &session, now.boot_ms);
	}
	now.boot_ms += 25 * 3600000;
	now.wall_ms += 25 * 3600000;
	usage_tick(u, &now);
	n = usage_read(u, 0, cell, IPC_USAGE_CELLS);
	for (size_t i = 0; i < n; i++)
		if (cell[i].metric == USAGE_VISITORS)
			told = cell[i].value;
	usage_free(u);
	return told;
}

static struct settings *settings_of_a_day(void)
{
	static const char text[] =
		"config uplink 'wan'\n option device 'wan0'\n"
		"config usage\n option pending ''\n option lives ''\n"
		" list series 'devices'\n"
		"config zone 'guest'\n option device 'br1'\n";
	char error[UCI_ERROR_MAX];
	struct settings *s = settings_parse("day", text, strlen(text), error);

	if (!s)
		exit(2);
	return s;
}

int main(int argc, char **argv)
{
	const char *what = argc > 3 ? argv[1] : "";
	struct usage_scale t = { 1, 1 };
	uint64_t used = 0, count = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
	struct settings *s;

	if (argc > 4)
		t = (struct usage_scale){ strtoull(argv[2], NULL, 10),
					  strtoull(argv[3], NULL, 10) };
	log_open("noisedriver", false);
	if (!strcmp(what, "tape")) {
		for (; count; count--) {
			int64_t v = noise_draw_from(t, tape_word, &used);

			printf("%" PRId64 " %" PRIu64 "\n", v, used);
		}
		return 0;
	}
	if (!strcmp(what, "histogram")) {
		for (; count; count--)
			note(noise_draw(t));
		print_histogram();
		return 0;
	}
	if (strcmp(what, "day") != 0)
		return 2;
	s = settings_of_a_day();
	for (count = strtoull(argv[2], NULL, 10); count; count--)
		note(day(s, (unsigned int)atoi(argv[3])));
	settings_free(s);
	print_histogram();
	return 0;
}

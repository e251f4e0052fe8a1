/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `stadttor complete -- WORD...`: which words may follow these, one a line. The
 * scripts for the shells ask it at each tab, so that they know what this
 * program knows.
 */
#include "cli/cli.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/config/settings_read.h"

#define NO_COMMAND SIZE_MAX

/* "--zone" or "--zone=x", of whatever command. */
static bool find_option(const char *word, struct cli_option *out)
{
	size_t len = strcspn(word, "=");

	if (!strcmp(word, "-c"))
		word = "--config", len = strlen(word);
	for (size_t i = 0; cli_option_at(i, NO_COMMAND, out); i++)
		if (len > 2 && strlen(out->name) == len - 2 &&
		    !strncmp(word + 2, out->name, len - 2))
			return true;
	return false;
}

static bool waits_for_value(const char *word)
{
	struct cli_option o;

	return *word == '-' && !strchr(word, '=') && find_option(word, &o) &&
	       o.has_value;
}

/* The words without options and their values; returns how many. */
static int keep_words(char **words, int count, const char *kept[2])
{
	int found = 0;

	for (int i = 0; i < count; i++)
		if (waits_for_value(words[i]))
			i++;
		else if (*words[i] != '-' && found < 2)
			kept[found++] = words[i];
	return found;
}

static size_t find_command(const char *const word[2], int words)
{
	const char *name;

	for (size_t i = 0; (name = cli_command_name(i)); i++) {
		size_t first = strcspn(name, " ");
		bool is_first = words && strlen(word[0]) == first && first &&
				!strncmp(word[0], name, first);

		if (is_first &&
		    (!name[first] ||
		     (words > 1 && !strcmp(word[1], name + first + 1))))
			return i;
	}
	return NO_COMMAND;
}

/* First words of commands, or those that follow the one that is there. */
static void print_commands(const char *const word[2], int words)
{
	const char *name, *last = "";

	for (size_t i = 0; (name = cli_command_name(i)); i++) {
		int first = (int)strcspn(name, " ");

		if (!words && strncmp(name, last, (size_t)first + 1))
			printf("%.*s%s", first, name, first ? "\n" : "");
		if (words && !strncmp(name, word[0], (size_t)first) &&
		    name[first] && strlen(word[0]) == (size_t)first)
			puts(name + first + 1);
		if (first)
			last = name;
	}
}

static void print_options(size_t command)
{
	struct cli_option o;

	for (size_t i = 0; cli_option_at(i, command, &o); i++)
		if (o.is_taken)
			printf("--%s\n", o.name);
}

static void print_zones(const struct cli *cli)
{
	char error[UCI_ERROR_MAX];
	struct settings *s = settings_read(cli->config, error);

	for (size_t i = 0; s && i < s->zones; i++)
		puts(s->zone[i].name);
	settings_free(s);
}

enum cli_exit cli_complete(const struct cli *cli)
{
	const char *last = cli->arg_count ? cli->args[cli->arg_count - 1] : "";
	const char *word[2] = { "", "" };
	int words = keep_words(cli->args, cli->arg_count, word);
	size_t command = find_command(word, words);

	if (!strcmp(last, "--zone"))
		print_zones(cli);
	if (waits_for_value(last))
		return CLI_DONE;
	if (command == NO_COMMAND)
		print_commands(word, words);
	print_options(command);
	return CLI_DONE;
}

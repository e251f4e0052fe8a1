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
#define KEPT_MAX   64 /* of words */

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

/* The words without options and their values, a blank behind each; what is
 * longer than any command is cut. */
static void keep_words(char **words, int count, char kept[KEPT_MAX])
{
	size_t len = 0;

	*kept = '\0';
	for (int i = 0; i < count; i++)
		if (waits_for_value(words[i]))
			i++;
		else if (*words[i] != '-' && len < KEPT_MAX)
			len += (size_t)snprintf(kept + len, KEPT_MAX - len,
						"%s ", words[i]);
}

static size_t find_command(const char *kept)
{
	const char *name;

	for (size_t i = 0; (name = cli_command_name(i)); i++) {
		size_t len = strlen(name);

		if (len && !strncmp(kept, name, len) && kept[len] == ' ')
			return i;
	}
	return NO_COMMAND;
}

/* What follows the words that are there: of "city voucher" create, list, ...
 * Commands that begin alike stand together. */
static void print_commands(const char *kept)
{
	size_t len = strlen(kept);
	const char *name, *last = "";

	for (size_t i = 0; (name = cli_command_name(i)); i++) {
		const char *next = name + len;
		size_t word;

		if (!*name || strncmp(name, kept, len) != 0)
			continue;
		word = strcspn(next, " ");
		if (strncmp(next, last, word) != 0 || last[word] > ' ')
			printf("%.*s\n", (int)word, next);
		last = next;
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
	char kept[KEPT_MAX];
	size_t command;

	keep_words(cli->args, cli->arg_count, kept);
	command = find_command(kept);
	if (!strcmp(last, "--zone"))
		print_zones(cli);
	if (waits_for_value(last))
		return CLI_DONE;
	if (command == NO_COMMAND)
		print_commands(kept);
	print_options(command);
	return CLI_DONE;
}

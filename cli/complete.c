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

#include "common/array.h"
#include "common/config/settings_read.h"
#include "portal/pages/lang.h"
#include "portal/pages/page_preview.h"

#define NO_COMMAND SIZE_MAX
#define NAME_WORDS 3 /* of "city voucher create" */

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
static int keep_words(char **words, int count, const char *kept[NAME_WORDS])
{
	int found = 0;

	for (int i = 0; i < count; i++)
		if (waits_for_value(words[i]))
			i++;
		else if (*words[i] != '-' && found < NAME_WORDS)
			kept[found++] = words[i];
	return found;
}

/* What of the name is behind these words; NULL: it begins with others. */
static const char *rest_of(const char *name, const char *const *word, int words)
{
	for (int i = 0; i < words; i++) {
		size_t len = strcspn(name, " ");

		if (!len || strlen(word[i]) != len ||
		    strncmp(name, word[i], len) != 0)
			return NULL;
		name += len + (name[len] == ' ');
	}
	return name;
}

/* The one that is named by the words, or by the first of them. */
static size_t find_command(const char *const *word, int words)
{
	const char *name;

	for (; words; words--)
		for (size_t i = 0; (name = cli_command_name(i)); i++) {
			const char *rest = rest_of(name, word, words);

			if (rest && !*rest)
				return i;
		}
	return NO_COMMAND;
}

/* The words that follow in names of commands, each once. */
static void print_commands(const char *const *word, int words)
{
	const char *name, *last = "";

	for (size_t i = 0; (name = cli_command_name(i)); i++) {
		const char *next = rest_of(name, word, words);
		size_t len = next ? strcspn(next, " ") : 0;

		if (!len || (strlen(last) >= len && !strncmp(next, last, len) &&
			     (!last[len] || last[len] == ' ')))
			continue;
		printf("%.*s\n", (int)len, next);
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

/* --- values of options -------------------------------------------------- */

static void print_zones(const struct settings *s)
{
	for (size_t i = 0; i < s->zones; i++)
		puts(s->zone[i].name);
}

static void print_languages(const struct settings *s)
{
	char error[LANG_ERROR_MAX];
	struct lang_set *set = lang_set_read(s->portal.pages, error);

	for (size_t i = 0; set && i < set->count; i++)
		puts(set->lang[i].code);
	lang_set_free(set);
}

static void print_pages(void)
{
	const struct page_preview *page;

	for (size_t i = 0; (page = page_preview_at(i)); i++)
		puts(page->name);
}

static const struct {
	const char *option;
	const char *words; /* one a line */
	void (*print)(void);
	void (*print_of)(const struct settings *s);
} values[] = {
	{ "--zone", .print_of = print_zones },
	{ "--language", .print_of = print_languages },
	{ "--page", .print = print_pages },
	{ "--server", .words = "dnsmasq\nodhcpd\nradvd" },
	{ "--step", .words = "hour\nday\nweek\nmonth\nyear" },
};

static void print_of_config(const struct cli *cli,
			    void (*print)(const struct settings *s))
{
	char error[UCI_ERROR_MAX];
	struct settings *s = settings_read(cli->config, error);

	if (s)
		print(s);
	settings_free(s);
}

static void print_values(const struct cli *cli, const char *option)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		if (strcmp(values[i].option, option) != 0)
			continue;
		if (values[i].words)
			puts(values[i].words);
		else if (values[i].print)
			values[i].print();
		else
			print_of_config(cli, values[i].print_of);
	}
}

/* ----------------------------------------------------------------------- */

enum cli_exit cli_complete(const struct cli *cli)
{
	const char *last = cli->arg_count ? cli->args[cli->arg_count - 1] : "";
	const char *word[NAME_WORDS];
	int words = keep_words(cli->args, cli->arg_count, word);

	if (waits_for_value(last)) {
		print_values(cli, last);
		return CLI_DONE;
	}
	print_commands(word, words);
	print_options(find_command(word, words));
	return CLI_DONE;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/config/conf.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/addr.h"
#include "common/array.h"
#include "common/quantity.h"
#include "common/similar.h"
#include "common/text.h"

static bool parse_bool(const char *text, bool *out)
{
	static const char *const words[] = { "0",   "1",  "no",	   "yes",
					     "off", "on", "false", "true" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(text, words[i])) {
			*out = i % 2;
			return true;
		}
	}
	return false;
}

static bool parse_word(const struct conf_option *o, const char *text,
		       uint64_t *out)
{
	for (size_t i = 0; o->words[i]; i++) {
		if (!strcmp(text, o->words[i])) {
			*out = i;
			return true;
		}
	}
	return false;
}

/* Beside those that are there. */
static bool add_word(const struct conf_option *o, const char *text,
		     uint64_t *bits)
{
	uint64_t index;

	if (!parse_word(o, text, &index))
		return false;
	*bits |= UINT64_C(1) << index;
	return true;
}

static bool is_plain_text(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

/*
 * What the kernel gives no device: "all" and "default" are folders among
 * its settings, a percent sign stands for a number. Neither what means
 * something to nft, ip(8) or a shell, as etc/guard has it.
 */
static bool is_device_name(const char *s)
{
	static const char *const never[] = { ".", "..", "all", "default" };

	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		if (!strcmp(s, never[i]))
			return false;
	if (!*s || strlen(s) >= IFNAMSIZ)
		return false;
	for (; *s; s++)
		if (*s <= ' ' || *s > '~' || strchr("/:,;#{}*%'\"\\", *s))
			return false;
	return true;
}

/* The forms, as the messages name them; the bound follows where it matters. */
static const char *const type_form[CONF_TYPE_MAX] = {
	[CONF_BOOL] = "0 or 1",
	[CONF_NUMBER] = "a whole number",
	[CONF_SECONDS] = "a time such as 90, 15m, 8h or 2d",
	[CONF_RATE] = "a rate such as 800kbit or 5mbit",
	[CONF_BYTES] = "a size such as 500MB or 2GiB",
	[CONF_WORD] = "one of the words",
	[CONF_WORDS] = "one of the words",
	[CONF_DEVICE] = "a network device of at most 15 characters",
	[CONF_MAC] = "a hardware address such as 02:00:5e:00:53:01",
	[CONF_TEXT] = "text in UTF-8 without control or direction characters",
	[CONF_PATH] = "an absolute file name",
};

static bool parse_scalar(const struct conf_option *o, const char *text,
			 uint64_t *out)
{
	static bool (*const parse[CONF_TYPE_MAX])(const char *, uint64_t *) = {
		[CONF_NUMBER] = quantity_parse_number,
		[CONF_SECONDS] = quantity_parse_seconds,
		[CONF_RATE] = quantity_parse_rate,
		[CONF_BYTES] = quantity_parse_bytes,
	};

	if (o->type == CONF_WORD)
		return parse_word(o, text, out);
	return parse[o->type](text, out) && *out >= o->min && *out <= o->max;
}

static bool text_is_valid(const struct conf_option *o, const char *text)
{
	size_t len = strlen(text);

	if (len < o->min || len > o->max)
		return false;
	if (o->type == CONF_PATH)
		return is_plain_text(text) && (!*text || *text == '/');
	return text_is_plain(text) && (!o->is_valid || o->is_valid(text));
}

static bool parse_mac(const char *text, struct mac *out)
{
	struct mac mac;

	if (!mac_parse_part(&mac, text, strlen(text)) || !mac_is_device(&mac))
		return false;
	*out = mac;
	return true;
}

static bool store_text(char **field, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return false;
	free(*field);
	*field = copy;
	return true;
}

static bool store_list(const struct conf_option *o, struct conf_list *list,
		       const char *text)
{
	char **grown;

	if (!text_is_valid(o, text))
		return false;
	grown = realloc(list->value, (list->count + 1) * sizeof(*grown));
	if (!grown)
		return false;
	list->value = grown;
	list->value[list->count] = strdup(text);
	return list->value[list->count] && ++list->count;
}

static bool store(const struct conf_option *o, void *base, const char *text)
{
	if (o->is_list)
		return store_list(o, CONF_FIELD(struct conf_list, base, o),
				  text);
	switch (o->type) {
	case CONF_BOOL:
		return parse_bool(text, CONF_FIELD(bool, base, o));
	case CONF_NUMBER:
	case CONF_SECONDS:
	case CONF_RATE:
	case CONF_BYTES:
	case CONF_WORD:
		return parse_scalar(o, text, CONF_FIELD(uint64_t, base, o));
	case CONF_WORDS:
		return add_word(o, text, CONF_FIELD(uint64_t, base, o));
	case CONF_DEVICE:
		if (!is_device_name(text))
			return false;
		snprintf(CONF_FIELD(char, base, o), IFNAMSIZ, "%s", text);
		return true;
	case CONF_MAC:
		return parse_mac(text, CONF_FIELD(struct mac, base, o));
	case CONF_TEXT:
	case CONF_PATH:
		return text_is_valid(o, text) &&
		       store_text(CONF_FIELD(char *, base, o), text);
	case CONF_TYPE_MAX:
		break;
	}
	return false;
}

int conf_defaults(const struct conf_table *t, void *base)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->option[i].fallback &&
		    !store(&t->option[i], base, t->option[i].fallback))
			return -ENOMEM;
	return 0;
}

static void print_scalar(const struct conf_option *o, uint64_t v, FILE *out)
{
	static void (*const print[CONF_TYPE_MAX])(uint64_t, FILE *) = {
		[CONF_NUMBER] = quantity_print_number,
		[CONF_SECONDS] = quantity_print_seconds,
		[CONF_RATE] = quantity_print_rate,
		[CONF_BYTES] = quantity_print_bytes,
	};

	print[o->type](v, out);
}

static void print_allowed(const struct conf_option *o, FILE *out)
{
	if (o->allowed) {
		fputs(o->allowed, out);
		return;
	}
	if (o->words) {
		for (size_t i = 0; o->words[i]; i++)
			fprintf(out, "%s%s", i ? ", " : "one of ", o->words[i]);
		return;
	}
	fputs(type_form[o->type], out);
	if (o->type == CONF_TEXT || o->type == CONF_PATH)
		fprintf(out, " (%" PRIu64 " to %" PRIu64 " bytes)", o->min,
			o->max);
	if (o->type < CONF_NUMBER || o->type > CONF_BYTES)
		return;
	fputs(", from ", out);
	print_scalar(o, o->min, out);
	fputs(" to ", out);
	print_scalar(o, o->max, out);
}

static bool wrong_value(const struct conf_option *o,
			const struct uci_option *given, char *error)
{
	char allowed[160] = "", question[SIMILAR_QUESTION_MAX];
	struct similar meant = similar_to(given->value);
	FILE *f = fmemopen(allowed, sizeof(allowed), "w");

	if (f) {
		if (text_is_plain(given->value))
			print_allowed(o, f);
		else
			fputs(type_form[CONF_TEXT], f);
		fclose(f);
		allowed[sizeof(allowed) - 1] = '\0';
	}
	for (size_t i = 0; o->words && o->words[i]; i++)
		similar_offer(&meant, o->words[i]);
	snprintf(error, UCI_ERROR_MAX,
		 "%u: invalid value '%.40s' for %s, allowed: %s%s", given->line,
		 o->type == CONF_MAC || o->is_secret ? "..." : given->value,
		 o->name, allowed, similar_question(&meant, question));
	text_show(error, UCI_ERROR_MAX); /* it quotes a file */
	return false;
}

static const struct conf_option *find_option(const struct conf_table *t,
					     const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (!strcmp(t->option[i].name, name))
			return &t->option[i];
	return NULL;
}

static bool wrong_name(const struct conf_table *t,
		       const struct uci_option *given, char *error)
{
	struct similar meant = similar_to(given->name);
	char question[SIMILAR_QUESTION_MAX];

	for (size_t i = 0; i < t->count; i++)
		similar_offer(&meant, t->option[i].name);
	snprintf(error, UCI_ERROR_MAX,
		 "%u: unknown option '%.40s' in a %s section%s", given->line,
		 given->name, t->section, similar_question(&meant, question));
	return false;
}

static bool apply_one(const struct conf_table *t, void *base,
		      const struct uci_option *given, char *error)
{
	const struct conf_option *o = find_option(t, given->name);

	if (t->ignored && !strcmp(t->ignored, given->name))
		return true;
	if (!o)
		return wrong_name(t, given, error);
	if (given->is_list != o->is_list && o->type != CONF_WORDS) {
		snprintf(error, UCI_ERROR_MAX, "%u: %s must be given as '%s'",
			 given->line, o->name, o->is_list ? "list" : "option");
		return false;
	}
	if (o->is_list &&
	    CONF_FIELD(struct conf_list, base, o)->count == CONF_LIST_MAX) {
		snprintf(error, UCI_ERROR_MAX, "%u: more than %d of %s",
			 given->line, CONF_LIST_MAX, o->name);
		return false;
	}
	return store(o, base, given->value) || wrong_value(o, given, error);
}

static bool was_given(const struct uci_section *s, const char *name,
		      const struct uci_option *before)
{
	const struct uci_option *g;

	TAILQ_FOREACH (g, &s->options, next) {
		if (g == before)
			return false;
		if (!strcmp(g->name, name))
			return true;
	}
	return false;
}

/* Words may be given either way, but not both. */
static bool was_given_as_option(const struct uci_section *s,
				const struct uci_option *before)
{
	const struct uci_option *g = TAILQ_FIRST(&s->options);

	while (g != before && (g->is_list || strcmp(g->name, before->name)))
		g = TAILQ_NEXT(g, next);
	return g != before;
}

/* The first word that is given takes the place of the default. */
static void drop_default(const struct conf_table *t, void *base,
			 const char *name)
{
	const struct conf_option *o = find_option(t, name);

	if (o && o->type == CONF_WORDS)
		*CONF_FIELD(uint64_t, base, o) = 0;
}

bool conf_apply(const struct conf_table *t, void *base,
		const struct uci_section *s, char error[UCI_ERROR_MAX])
{
	const struct uci_option *g;

	TAILQ_FOREACH (g, &s->options, next) {
		if (!was_given(s, g->name, g)) {
			drop_default(t, base, g->name);
		} else if (!g->is_list || was_given_as_option(s, g)) {
			snprintf(error, UCI_ERROR_MAX,
				 "%u: %.40s is given twice", g->line, g->name);
			return false;
		}
		if (!apply_one(t, base, g, error))
			return false;
	}
	for (size_t i = 0; i < t->count; i++) {
		if (t->option[i].required &&
		    !was_given(s, t->option[i].name, NULL)) {
			snprintf(error, UCI_ERROR_MAX,
				 "%u: this %s section needs an option '%s'",
				 s->line, t->section, t->option[i].name);
			return false;
		}
	}
	return true;
}

void conf_clear(const struct conf_table *t, void *base)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct conf_option *o = &t->option[i];

		if (o->is_list) {
			struct conf_list *l =
				CONF_FIELD(struct conf_list, base, o);

			while (l->count)
				free(l->value[--l->count]);
			free(l->value);
			l->value = NULL;
		} else if (o->type == CONF_TEXT || o->type == CONF_PATH) {
			free(*CONF_FIELD(char *, base, o));
			*CONF_FIELD(char *, base, o) = NULL;
		}
	}
}

/* In single quotes, as UCI reads it back. */
static void print_quoted(const char *text, FILE *out)
{
	fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\"'\"'", out);
		else
			fputc(*text, out);
	}
	fputs("'\n", out);
}

static void print_value(const struct conf_option *o, const void *base,
			FILE *out)
{
	char mac[ADDR_TEXT_MAX];
	uint64_t v;

	switch (o->type) {
	case CONF_TEXT:
	case CONF_PATH:
		print_quoted(*CONF_FIELD(char *const, base, o), out);
		return;
	case CONF_DEVICE:
		print_quoted(CONF_FIELD(const char, base, o), out);
		return;
	case CONF_MAC:
		print_quoted(
			mac_to_string(CONF_FIELD(const struct mac, base, o),
				      mac),
			out);
		return;
	case CONF_BOOL:
		fprintf(out, "'%d'\n", *CONF_FIELD(const bool, base, o));
		return;
	case CONF_WORD:
		v = *CONF_FIELD(const uint64_t, base, o);
		fprintf(out, "'%s'\n", o->words[v]);
		return;
	case CONF_WORDS: /* by print_words() */
	case CONF_NUMBER:
	case CONF_SECONDS:
	case CONF_RATE:
	case CONF_BYTES:
		fputc('\'', out);
		print_scalar(o, *CONF_FIELD(const uint64_t, base, o), out);
		fputs("'\n", out);
		return;
	case CONF_TYPE_MAX:
		return;
	}
}

static void print_words(const struct conf_option *o, uint64_t bits, FILE *out)
{
	for (size_t i = 0; o->words[i]; i++)
		if (bits & UINT64_C(1) << i)
			fprintf(out, "\tlist %s '%s'\n", o->name, o->words[i]);
}

void conf_print(const struct conf_table *t, const void *base, const char *name,
		FILE *out)
{
	fprintf(out, "config %s", t->section);
	if (name)
		fprintf(out, " '%s'", name);
	fputc('\n', out);
	for (size_t i = 0; i < t->count; i++) {
		const struct conf_option *o = &t->option[i];
		const struct conf_list *l;

		if (o->type == CONF_WORDS) {
			print_words(o, *CONF_FIELD(const uint64_t, base, o),
				    out);
			continue;
		}
		if (!o->is_list) {
			fprintf(out, "\toption %s ", o->name);
			print_value(o, base, out);
			continue;
		}
		l = CONF_FIELD(const struct conf_list, base, o);
		for (size_t k = 0; k < l->count; k++) {
			fprintf(out, "\tlist %s ", o->name);
			print_quoted(l->value[k], out);
		}
	}
	fputc('\n', out);
}

void conf_document(const struct conf_table *t, FILE *out)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct conf_option *o = &t->option[i];

		fprintf(out, ".It Ic %s Cm %s\n%c%s.\n",
			o->is_list || o->type == CONF_WORDS ? "list" : "option",
			o->name, toupper((unsigned char)*o->help), o->help + 1);
		fputs("Allowed: ", out);
		print_allowed(o, out);
		fputs(".\n", out);
		if (o->required)
			fputs("Required.\n", out);
		else if (o->fallback && *o->fallback)
			fprintf(out, "Default: %s.\n", o->fallback);
	}
}

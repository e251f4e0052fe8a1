/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/city/city_file.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "cli/city/city_put.h"
#include "common/quantity.h"
#include "portal/util/hex.h"

#define DAY_MAX	   UINT16_MAX /* as records count them */
#define DAYS_APART 400	      /* a key that is older was not made for this */

static const char *const part_name[CITY_FILE_PARTS] = {
	[CITY_FILE_DAY] = "day",
	[CITY_FILE_KEY] = "key",
	[CITY_FILE_WRAP] = "wrap",
	[CITY_FILE_CA] = "ca",
};

static bool wrong(unsigned int line, const char *what, char *error)
{
	snprintf(error, UCI_ERROR_MAX, "%u: %s", line, what);
	return false;
}

/* --- its parts --------------------------------------------------------- */

/* Moves them out of the section. */
static void take_parts(struct city_file *f, struct uci_section *s)
{
	struct uci_option *o, *next;

	for (o = TAILQ_FIRST(&s->options); o; o = next) {
		next = TAILQ_NEXT(o, next);
		for (size_t i = 0; i < CITY_FILE_PARTS; i++) {
			if (strcmp(o->name, part_name[i]) != 0 || f->part[i])
				continue;
			TAILQ_REMOVE(&s->options, o, next);
			f->part[i] = o;
			break;
		}
	}
}

static bool has_parts(const struct city_file *f, unsigned int line, char *error)
{
	for (size_t i = 0; i < CITY_FILE_PARTS; i++) {
		if (f->part[i])
			continue;
		snprintf(error, UCI_ERROR_MAX, "%u: option '%s' is missing",
			 line, part_name[i]);
		return false;
	}
	return true;
}

static bool take_key(const struct city_file *f, enum city_file_part part,
		     uint8_t key[CITY_KEY_SIZE], char *error)
{
	const struct uci_option *o = f->part[part];

	if (hex_parse(o->value, key, CITY_KEY_SIZE) == CITY_KEY_SIZE)
		return true;
	snprintf(error, UCI_ERROR_MAX,
		 "%u: option %s: not 64 hexadecimal digits", o->line,
		 part_name[part]);
	return false;
}

/* A box may have been without a clock so far, so its own says nothing of days
 * that are still to come. */
static bool take_day(struct city_file *f, char *error)
{
	const struct uci_option *o = f->part[CITY_FILE_DAY];
	uint32_t today = city_day(time(NULL), f->keys.shift_s);
	uint64_t day;

	if (!quantity_parse_number(o->value, &day) || !day || day > DAY_MAX)
		return wrong(o->line, "option day: not a day", error);
	f->keys.day = (uint32_t)day;
	return day + DAYS_APART >= today ||
	       wrong(o->line,
		     "the file is older than a year; make another one: "
		     "stadttor city add --force",
		     error);
}

static bool check_ca(const struct city_file *f, char *error)
{
	const struct uci_option *o = f->part[CITY_FILE_CA];
	BIO *text = BIO_new_mem_buf(o->value, -1);
	X509 *cert = text ? PEM_read_bio_X509(text, NULL, NULL, NULL) : NULL;
	bool is_good = cert != NULL;

	X509_free(cert);
	BIO_free(text);
	ERR_clear_error();
	return is_good ||
	       wrong(o->line, "option ca: not a certificate in PEM", error);
}

static bool read_parts(struct city_file *f, char *error)
{
	f->keys.generation = city_login_generation(f->login);
	f->keys.shift_s = city_login_shift_s(f->login);
	return take_key(f, CITY_FILE_KEY, f->keys.key, error) &&
	       take_key(f, CITY_FILE_WRAP, f->keys.wrap, error) &&
	       take_day(f, error) && check_ca(f, error);
}

/* --- the whole --------------------------------------------------------- */

bool city_file_parse(struct city_file *f, const char *text, size_t len,
		     char error[UCI_ERROR_MAX])
{
	struct uci_section *s;

	*f = (struct city_file){ .uci = uci_parse(text, len, error) };
	if (!f->uci)
		return false;
	s = TAILQ_FIRST(&f->uci->sections);
	if (!s || strcmp(s->type, "city") != 0 || TAILQ_NEXT(s, next))
		return wrong(s ? s->line : 1,
			     "not a file of stadttor city add: allowed is one "
			     "section 'config city'",
			     error);
	take_parts(f, s);
	f->login = city_login_from(s, error);
	return f->login && has_parts(f, s->line, error) && read_parts(f, error);
}

void city_file_clear(struct city_file *f)
{
	for (size_t i = 0; i < CITY_FILE_PARTS; i++) {
		if (!f->part[i])
			continue;
		explicit_bzero(f->part[i]->value, strlen(f->part[i]->value));
		free(f->part[i]->name);
		free(f->part[i]->value);
		free(f->part[i]);
	}
	city_login_free(f->login);
	uci_free(f->uci);
	explicit_bzero(f, sizeof(*f));
}

const char *city_file_ca(const struct city_file *f)
{
	return f->part[CITY_FILE_CA]->value;
}

void city_file_print_login(const struct city_file *f, FILE *out)
{
	const struct uci_section *s = TAILQ_FIRST(&f->uci->sections);
	const struct uci_option *o;

	fputs("# Written by stadttor city join.\nconfig city\n", out);
	TAILQ_FOREACH (o, &s->options, next)
		city_put(out, o->is_list ? "list" : "option", o->name,
			 o->value);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/city/city_secret.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/city/city_login.h"
#include "common/random.h"
#include "common/sha256.h"
#include "common/text.h"
#include "portal/util/hex.h"

#define FORMAT	   "1"
#define DAYS_MAX   4000 /* that a key is moved on at once */
#define FIELDS_MAX 9	/* of a line */

_Static_assert(CITY_BLOB_BYTES == 3 + CITY_KEY_SIZE + CITY_WRAP_TAG_SIZE,
	       "generation, day, key, tag");

/* --- keys -------------------------------------------------------------- */

/* generation, day, key, tag */
static void wrap_key(const struct city_secret *s, struct city_site *site)
{
	struct city_wrapped_key w = { .generation = s->generation,
				      .day = (uint16_t)s->day };
	uint8_t *at = site->blob;

	city_key_wrap(site->wrap, s->key, &w);
	*at++ = w.generation;
	*at++ = (uint8_t)(w.day >> 8);
	*at++ = (uint8_t)w.day;
	memcpy(at, w.ct, sizeof(w.ct));
	memcpy(at + sizeof(w.ct), w.tag, sizeof(w.tag));
	site->has_blob = true;
	city_key_next(site->wrap);
}

int city_secret_advance(struct city_secret *s, uint32_t today)
{
	if (today < s->day || today > s->day + DAYS_MAX)
		return -ERANGE;
	/* a box believes grants of yesterday, too */
	for (; s->day + 1 < today; s->day++)
		city_key_next(s->key);
	return 0;
}

bool city_secret_renew(struct city_secret *s, uint32_t today)
{
	if (!random_fill(s->key, sizeof(s->key)))
		return false;
	s->day = today;
	s->generation++;
	for (size_t i = 0; i < s->sites; i++)
		wrap_key(s, &s->site[i]);
	return true;
}

bool city_secret_make_codes(struct city_secret *s)
{
	if (!s->has_codes)
		s->has_codes =
			random_fill(s->codes_seed, sizeof(s->codes_seed)) &&
			random_fill(s->codes_key, sizeof(s->codes_key));
	return s->has_codes;
}

void city_password_hash(const char *password, char hash[CITY_HASH_MAX])
{
	uint8_t bytes[SHA256_SIZE];
	struct sha256 digest;

	sha256_init(&digest);
	sha256_add(&digest, password, strlen(password));
	sha256_end(&digest, bytes);
	hex_build(hash, bytes, sizeof(bytes));
}

bool city_password_make(char password[CITY_PASSWORD_MAX],
			char hash[CITY_HASH_MAX])
{
	uint8_t bytes[(CITY_PASSWORD_MAX - 1) / 2];

	if (!random_fill(bytes, sizeof(bytes)))
		return false;
	hex_build(password, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	if (hash)
		city_password_hash(password, hash);
	return true;
}

/* --- sites ------------------------------------------------------------- */

/* Where it is, or would be. */
static size_t place_of(const struct city_secret *s, const char *name)
{
	size_t low = 0, high = s->sites;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(s->site[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct city_site *city_secret_find(const struct city_secret *s,
				   const char *name)
{
	size_t i = place_of(s, name);

	return i < s->sites && !strcmp(s->site[i].name, name) ? &s->site[i]
							      : NULL;
}

struct city_site *city_secret_insert(struct city_secret *s, const char *name)
{
	size_t at = place_of(s, name);
	struct city_site *grown;

	if (s->sites >= CITY_SITES_MAX) {
		errno = ENOSPC;
		return NULL;
	}
	if (s->sites % 64 == 0) {
		grown = realloc(s->site, (s->sites + 64) * sizeof(*grown));
		if (!grown)
			return NULL;
		s->site = grown;
	}
	memmove(&s->site[at + 1], &s->site[at],
		(s->sites - at) * sizeof(*s->site));
	s->sites++;
	s->site[at] = (struct city_site){ 0 };
	snprintf(s->site[at].name, CITY_NAME_MAX, "%s", name);
	return &s->site[at];
}

void city_secret_remove(struct city_secret *s, struct city_site *site)
{
	size_t at = (size_t)(site - s->site);

	explicit_bzero(site, sizeof(*site));
	s->sites--;
	memmove(site, site + 1, (s->sites - at) * sizeof(*site));
}

void city_secret_clear(struct city_secret *s)
{
	if (s->site)
		explicit_bzero(s->site, s->sites * sizeof(*s->site));
	free(s->site);
	explicit_bzero(s, sizeof(*s));
}

/* --- as text ----------------------------------------------------------- */

static const char *const account_names[] = {
	[CITY_ADMIN] = "admin",	      [CITY_HUB] = "hub",
	[CITY_SWITCH] = "switch",     [CITY_REPLICA] = "replica",
	[CITY_SENTINEL] = "sentinel",
};

static void print_hex(const uint8_t *bytes, size_t len, FILE *out)
{
	for (size_t i = 0; i < len; i++)
		fprintf(out, "%02x", bytes[i]);
}

static void print_site(const struct city_site *site, FILE *out)
{
	fprintf(out, "site\t%s\t%s\t", site->name, site->hash);
	print_hex(site->wrap, sizeof(site->wrap), out);
	putc('\t', out);
	print_hex(site->blob, site->has_blob ? sizeof(site->blob) : 0, out);
	fprintf(out, "\t%s\t%s\t%s\t%s\n", site->lat, site->lon, site->district,
		site->title);
}

void city_secret_print(const struct city_secret *s, FILE *out)
{
	fprintf(out,
		"secret\t" FORMAT "\ncity\t%s\nshift\t%" PRIu32
		"\ngeneration\t%u\nday\t%" PRIu32 "\nkey\t",
		s->city, s->shift_s, s->generation, s->day);
	print_hex(s->key, sizeof(s->key), out);
	fprintf(out, "\nmemory\t%" PRIu64 "\nstore\t%s\n", s->memory_bytes,
		s->store);
	if (s->has_codes) {
		fputs("codes\t", out);
		print_hex(s->codes_seed, sizeof(s->codes_seed), out);
		putc('\t', out);
		print_hex(s->codes_key, sizeof(s->codes_key), out);
		putc('\n', out);
	}
	for (size_t i = 0; i < s->nodes; i++)
		fprintf(out, "server\t%s\n", s->node[i]);
	for (size_t i = 0; i < CITY_ACCOUNTS; i++)
		fprintf(out, "login\t%s\t%s\n", account_names[i],
			s->password[i]);
	for (size_t i = 0; i < s->sites; i++)
		print_site(&s->site[i], out);
	fprintf(out, "end\t%zu\n", s->sites);
}

/* A line: its keyword, and what follows, each an empty text if missing. */
struct line {
	const char *field[FIELDS_MAX];
	bool is_whole; /* no more fields than there may be */
	bool is_end;
};

static bool take_text(char *out, size_t max, const char *text)
{
	size_t len = strlen(text);

	if (len >= max || !text_is_plain(text))
		return false;
	memcpy(out, text, len + 1);
	return true;
}

static bool take_number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return !errno && !*end && *out <= max;
}

static bool take_bytes(uint8_t *out, size_t len, const char *text)
{
	return hex_parse(text, out, len) == (int)len;
}

static bool take_format(struct city_secret *s, struct line *l)
{
	(void)s;
	return !strcmp(l->field[1], FORMAT);
}

static bool take_city(struct city_secret *s, struct line *l)
{
	return city_site_is_valid(l->field[1]) &&
	       take_text(s->city, sizeof(s->city), l->field[1]);
}

static bool take_shift(struct city_secret *s, struct line *l)
{
	uint64_t v;

	if (!take_number(l->field[1], CITY_SHIFT_MAX_S, &v))
		return false;
	s->shift_s = (uint32_t)v;
	return true;
}

static bool take_generation(struct city_secret *s, struct line *l)
{
	uint64_t v;

	if (!take_number(l->field[1], UINT8_MAX, &v))
		return false;
	s->generation = (uint8_t)v;
	return true;
}

static bool take_day(struct city_secret *s, struct line *l)
{
	uint64_t v;

	if (!take_number(l->field[1], 1000000, &v))
		return false;
	s->day = (uint32_t)v;
	return true;
}

static bool take_key(struct city_secret *s, struct line *l)
{
	return take_bytes(s->key, sizeof(s->key), l->field[1]);
}

static bool take_codes(struct city_secret *s, struct line *l)
{
	s->has_codes = true;
	return take_bytes(s->codes_seed, sizeof(s->codes_seed), l->field[1]) &&
	       take_bytes(s->codes_key, sizeof(s->codes_key), l->field[2]);
}

static bool take_memory(struct city_secret *s, struct line *l)
{
	return take_number(l->field[1], UINT64_MAX / 2, &s->memory_bytes);
}

static bool take_store(struct city_secret *s, struct line *l)
{
	return take_text(s->store, sizeof(s->store), l->field[1]);
}

static bool take_node(struct city_secret *s, struct line *l)
{
	struct city_server server;

	return s->nodes < CITY_NODES_MAX &&
	       city_server_parse(&server, l->field[1]) &&
	       take_text(s->node[s->nodes++], CITY_NODE_MAX, l->field[1]);
}

static bool take_account(struct city_secret *s, struct line *l)
{
	for (size_t i = 0; i < CITY_ACCOUNTS; i++)
		if (!strcmp(l->field[1], account_names[i]))
			return take_text(s->password[i], CITY_PASSWORD_MAX,
					 l->field[2]);
	return false;
}

static bool take_site(struct city_secret *s, struct line *l)
{
	struct city_site *site;

	if (!city_site_is_valid(l->field[1]) ||
	    city_secret_find(s, l->field[1]))
		return false;
	site = city_secret_insert(s, l->field[1]);
	if (!site)
		return false;
	site->has_blob = *l->field[4];
	return take_text(site->hash, CITY_HASH_MAX, l->field[2]) &&
	       take_bytes(site->wrap, sizeof(site->wrap), l->field[3]) &&
	       take_bytes(site->blob, site->has_blob ? CITY_BLOB_BYTES : 0,
			  l->field[4]) &&
	       take_text(site->lat, CITY_PLACE_MAX, l->field[5]) &&
	       take_text(site->lon, CITY_PLACE_MAX, l->field[6]) &&
	       take_text(site->district, CITY_TEXT_MAX, l->field[7]) &&
	       take_text(site->title, CITY_TEXT_MAX, l->field[8]);
}

static bool take_end(struct city_secret *s, struct line *l)
{
	uint64_t sites;

	l->is_end = true;
	return take_number(l->field[1], CITY_SITES_MAX, &sites) &&
	       sites == s->sites && s->nodes && *s->city;
}

static const struct {
	const char *keyword;
	bool (*take)(struct city_secret *s, struct line *l);
} lines[] = {
	{ "secret", take_format }, { "city", take_city },
	{ "shift", take_shift },   { "generation", take_generation },
	{ "day", take_day },	   { "key", take_key },
	{ "codes", take_codes },   { "memory", take_memory },
	{ "store", take_store },   { "server", take_node },
	{ "login", take_account }, { "site", take_site },
	{ "end", take_end },
};

static void split(char *line, struct line *l)
{
	for (size_t i = 0; i < FIELDS_MAX; i++) {
		char *field = strsep(&line, "	");

		l->field[i] = field ? field : "";
	}
	l->is_whole = !line;
}

static bool take_line(struct city_secret *s, struct line *l)
{
	for (size_t i = 0; l->is_whole && !l->is_end && i < ARRAY_SIZE(lines);
	     i++)
		if (!strcmp(l->field[0], lines[i].keyword))
			return lines[i].take(s, l);
	return false;
}

int city_secret_parse(struct city_secret *s, char *text,
		      char error[CITY_ERROR_MAX])
{
	struct line l = { .is_end = false };
	unsigned int number = 0;
	char *line;

	while ((line = strsep(&text, "\n")) && text) {
		number++;
		split(line, &l);
		if (!take_line(s, &l)) {
			snprintf(error, CITY_ERROR_MAX,
				 "%u: not a line of a city's secret", number);
			return -EBADMSG;
		}
	}
	if (l.is_end)
		return 0;
	snprintf(error, CITY_ERROR_MAX, "%u: the end is missing", number);
	return -EBADMSG;
}

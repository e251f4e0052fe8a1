/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `stadttor voucher print`: reads codes and looks up what they are good for. */
#include "cli/voucher/voucher.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "common/array.h"
#include "common/config/settings_palette.h"
#include "common/config/settings_read.h"
#include "portal/voucher/voucher_qr.h"

#define INPUT_MAX     (8 << 20)
#define HEADER_COLOUR "#0a5a61" /* of the style */
#define LISTED_MAX    20	/* lines that are complained about */

struct print_job {
	struct voucher_session session;
	struct settings *theme; /* of a city; NULL: the session's */
	FILE *in;
	struct voucher_sheet_card *card;
	size_t cards, room;
	char url[VOUCHER_LINK_MAX];
	struct lang_set *languages;
	size_t language; /* of these */
	struct picture logo;
};

/* Whose look it is; of a city's codes, that of any box's config. */
static const struct portal_settings *portal_of(const struct print_job *j)
{
	return j->theme ? &j->theme->portal : &j->session.settings->portal;
}

static enum cli_exit begin(struct print_job *j, const struct cli *cli)
{
	enum cli_exit code = voucher_session_init(&j->session, cli);

	if (code || j->session.settings)
		return code;
	j->theme = cli_settings(cli);
	return j->theme ? CLI_DONE : CLI_USAGE;
}

/* --- where to ---------------------------------------------------------- */

static enum cli_exit build_url(struct print_job *j)
{
	const struct portal_settings *p = portal_of(j);
	const struct cli *cli = j->session.cli;

	if (!cli->voucher.address && !*p->hostname)
		return cli_fail(cli, CLI_USAGE,
				"the config names no hostname of the portal "
				"that the QR codes could carry: set it, or "
				"give --address");
	if (!voucher_link_build(j->url, p, cli->voucher.address))
		return cli_fail(cli, CLI_USAGE,
				"invalid value '%.40s' for --address, allowed: "
				"a host name, or an IPv4 or IPv6 address",
				cli->voucher.address);
	return CLI_DONE;
}

/* --- codes ------------------------------------------------------------- */

static int add_card(struct print_job *j, const char code[VOUCHER_CODE_MAX])
{
	struct voucher_sheet_card *grown =
		array_grow(j->card, &j->room, j->cards + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	j->card = grown;
	j->card[j->cards] = (struct voucher_sheet_card){ 0 };
	memcpy(j->card[j->cards++].code, code, VOUCHER_CODE_MAX);
	return 0;
}

static enum cli_exit take_code(struct print_job *j, const char *text,
			       size_t number)
{
	char code[VOUCHER_CODE_MAX];

	if (!voucher_code_find(text, code))
		return cli_fail(j->session.cli, CLI_FAILED,
				"line %zu: '%.40s' is no code; is there a "
				"typing mistake?",
				number, text);
	if (j->cards == VOUCHER_COUNT_MAX)
		return cli_fail(j->session.cli, CLI_FAILED,
				"line %zu: more than %d codes", number,
				VOUCHER_COUNT_MAX);
	return add_card(j, code) ? voucher_session_fail(&j->session, -ENOMEM)
				 : CLI_DONE;
}

/* A line is a code, or CSV that begins with one. */
static enum cli_exit take_lines(struct print_job *j, char *text)
{
	enum cli_exit code = CLI_DONE;
	size_t number = 0;

	while (*text && !code) {
		char *line = text;
		size_t len = strcspn(text, "\n");

		text += len + (text[len] == '\n');
		line[len] = '\0';
		line[strcspn(line, ",\r")] = '\0';
		number++;
		if (line[strspn(line, " \t")] &&
		    !(number == 1 && !strcmp(line, "code")))
			code = take_code(j, line, number);
	}
	return code;
}

/* What `voucher create --json` has printed. */
static enum cli_exit take_json(struct print_job *j, const char *text)
{
	struct json_object *all = json_tokener_parse(text);
	struct json_object *list = NULL;
	enum cli_exit code = CLI_DONE;

	if (!json_object_object_get_ex(all, "codes", &list) ||
	    !json_object_is_type(list, json_type_array))
		code = cli_fail(j->session.cli, CLI_FAILED,
				"reading codes: no list 'codes' in this JSON");
	for (size_t i = 0; !code && i < json_object_array_length(list); i++) {
		const char *one = json_object_get_string(
			json_object_array_get_idx(list, i));

		code = take_code(j, one ? one : "", i + 1);
	}
	json_object_put(all);
	return code;
}

static enum cli_exit read_codes(struct print_job *j)
{
	char *text = malloc(INPUT_MAX + 1);
	const struct cli *cli = j->session.cli;
	enum cli_exit code = CLI_DONE;
	size_t len;

	if (!text)
		return voucher_session_fail(&j->session, -ENOMEM);
	len = fread(text, 1, INPUT_MAX, j->in);
	text[len] = '\0';
	if (ferror(j->in))
		code = cli_fail(cli, CLI_FAILED, "reading codes: %s",
				strerror(errno));
	else if (len == INPUT_MAX || strlen(text) != len)
		code = cli_fail(cli, CLI_FAILED,
				"reading codes: not a list of codes");
	else if (text[strspn(text, " \t\r\n")] == '{')
		code = take_json(j, text);
	else
		code = take_lines(j, text);
	explicit_bzero(text, len);
	free(text);
	if (!code && !j->cards)
		code = cli_fail(cli, CLI_FAILED, "there are no codes to print");
	return code;
}

/* --- what they are good for -------------------------------------------- */

/* NULL: worth a card. */
static const char *reason_to_omit(const struct voucher_row *row, int64_t now_s)
{
	if (row->is_revoked)
		return "is revoked";
	if (row->valid_until_s <= now_s)
		return "has expired";
	return row->ends_s ? "has been used" : NULL;
}

static int find_row(const struct voucher_session *d,
		    const char code[VOUCHER_CODE_MAX], struct voucher_row *row)
{
	struct voucher_hash hash;
	int err = voucher_key_hash(&d->key, code, &hash);

	return err ? err : voucher_db_find(d->db, &hash, row);
}

/* Leaves the cards of codes that are good. */
static enum cli_exit look_up(struct print_job *j)
{
	const struct voucher_session *d = &j->session;
	size_t kept = 0, listed = 0;

	for (size_t i = 0; i < j->cards; i++) {
		struct voucher_sheet_card *c = &j->card[i];
		char text[VOUCHER_CODE_TEXT_MAX];
		struct voucher_row row;
		int found = find_row(d, c->code, &row);
		const char *why;

		voucher_code_to_text(c->code, text);
		if (found < 0)
			return voucher_session_fail(d, found);
		if (!found)
			return cli_fail(
				d->cli, CLI_NOT_FOUND,
				"code %zu, %s: not found, it was not made "
				"here",
				i + 1, text);
		why = reason_to_omit(&row, d->now_s);
		if (why && listed++ < LISTED_MAX)
			fprintf(stderr, "warning: %s %s and is left out\n",
				text, why);
		if (why)
			continue;
		c->duration_s = row.duration_s;
		c->devices = row.devices;
		c->valid_until_s = row.valid_until_s;
		j->card[kept++] = *c;
	}
	if (listed > LISTED_MAX)
		fprintf(stderr, "warning: %zu more codes are left out\n",
			listed - LISTED_MAX);
	j->cards = kept;
	return kept ? CLI_DONE
		    : cli_fail(d->cli, CLI_FAILED,
			       "no code is left to be printed");
}

/* --- the command ------------------------------------------------------- */

static enum cli_exit write_sheet(const struct print_job *j)
{
	const struct cli *cli = j->session.cli;
	const struct portal_settings *p = portal_of(j);
	const char *colour = settings_palette_colour(p, SETTINGS_HEADER);
	const struct voucher_sheet s = {
		.network = p->network,
		.title = cli->title,
		.ssid = cli->voucher.ssid,
		.url = j->url,
		.lang = &j->languages->lang[j->language],
		.logo = &j->logo,
		.logo_colour = *colour ? colour : HEADER_COLOUR,
		.card = j->card,
		.cards = j->cards,
	};
	int err = voucher_sheet_write(&s, stdout);

	return err ? cli_fail(cli, CLI_FAILED, "making QR codes: %s",
			      strerror(-err))
		   : CLI_DONE;
}

static enum cli_exit check_options(const struct cli *cli)
{
	const char *title = cli->title;
	const char *ssid = cli->voucher.ssid;

	if (ssid && !voucher_ssid_is_valid(ssid))
		return cli_fail(cli, CLI_USAGE,
				"invalid value '%.40s' for --ssid, allowed: "
				"1 to %d bytes without control characters",
				ssid, VOUCHER_SSID_MAX);
	if (title && !voucher_label_is_valid(title))
		return cli_fail(cli, CLI_USAGE,
				"invalid value '%.40s' for --title, allowed: "
				"1 to 64 bytes without control characters",
				title);
	if (cli->json)
		return cli_fail(cli, CLI_USAGE,
				"the sheet is HTML: --json is not possible");
	return CLI_DONE;
}

/* The texts of the pages, and the logo, which only root may read perhaps. */
static enum cli_exit read_theme(struct print_job *j)
{
	const struct portal_settings *p = portal_of(j);
	const struct cli *cli = j->session.cli;
	const char *language = cli->language;
	char why[LANG_ERROR_MAX];

	_Static_assert(PICTURE_ERROR_MAX <= LANG_ERROR_MAX, "it fits");
	j->languages = lang_set_read(p->pages, why);
	if (!j->languages ||
	    !picture_read(&j->logo, PICTURE_LOGO, p->logo, why))
		return cli_fail(cli, CLI_FAILED, "%s", why);
	j->language = language ? lang_index(j->languages, language)
			       : j->languages->fallback;
	if (j->language == j->languages->count)
		return cli_fail(cli, CLI_USAGE,
				"invalid value '%.40s' for --language, "
				"allowed: a language of the pages, such as de",
				language);
	if (!lang_find(&j->languages->lang[j->language], "card_steps"))
		return cli_fail(cli, CLI_FAILED,
				"%.200s/lang/%s.json: missing: card_steps",
				p->pages, j->languages->lang[j->language].code);
	return CLI_DONE;
}

/* As whoever calls: the portal's user could not read their file. */
static enum cli_exit open_input(struct print_job *j)
{
	const struct cli *cli = j->session.cli;
	const char *file = cli->arg_count ? cli->args[0] : "-";

	j->in = strcmp(file, "-") ? fopen(file, "re") : stdin;
	return j->in ? CLI_DONE
		     : cli_fail(cli,
				errno == ENOENT ? CLI_NOT_FOUND : CLI_FAILED,
				"%.200s: %s", file, strerror(errno));
}

enum cli_exit cli_voucher_print(const struct cli *cli)
{
	struct print_job j = { 0 };
	enum cli_exit code = check_options(cli);

	if (code)
		return code;
	code = begin(&j, cli);
	if (!code)
		code = read_theme(&j);
	if (!code)
		code = build_url(&j);
	if (!code)
		code = open_input(&j);
	if (!code)
		code = voucher_session_open(&j.session, VOUCHER_DB_USE);
	if (!code)
		code = read_codes(&j);
	if (!code)
		code = look_up(&j);
	if (!code)
		code = write_sheet(&j);
	if (j.in && j.in != stdin)
		fclose(j.in);
	if (j.card)
		explicit_bzero(j.card, j.room * sizeof(*j.card));
	free(j.card);
	lang_set_free(j.languages);
	picture_clear(&j.logo);
	settings_free(j.theme);
	voucher_session_close(&j.session);
	return code;
}

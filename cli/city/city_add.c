/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `stadttor city add SITE`: a login in the store and one file that a box joins
 * by. The file has all that the box needs, so it is shown once and not kept.
 */
#include "cli/city/city_hub.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/city/city_put.h"
#include "common/city/city_login.h"
#include "common/quantity.h"
#include "common/random.h"
#include "common/text.h"
#include "portal/util/crypto.h"
#include "portal/util/file.h"
#include "portal/util/hex.h"

#define PEM_FILE_MAX (256 * 1024)

struct addition {
	struct city_hub hub;
	struct city_site *site; /* in the hub's secret */
	bool is_new;		/* the store had no such site */
	char password[CITY_PASSWORD_MAX];
	char *ca; /* PEM */
	FILE *out;
	const char *file; /* NULL: standard output */
};

/* --- what is asked for ------------------------------------------------- */

static enum cli_exit refuse(const struct cli *cli, const char *what,
			    const char *value, const char *allowed)
{
	char shown[64];

	snprintf(shown, sizeof(shown), "%s", value);
	text_show(shown, sizeof(shown));
	return cli_fail(cli, CLI_USAGE, "invalid %s '%s', allowed: %s", what,
			shown, allowed);
}

static enum cli_exit take_text(const struct cli *cli, const char *option,
			       const char *text, char out[CITY_TEXT_MAX])
{
	if (!text)
		return CLI_DONE;
	if (strlen(text) >= CITY_TEXT_MAX || !text_is_plain(text))
		return refuse(cli, option, text,
			      "up to 63 bytes without control characters");
	snprintf(out, CITY_TEXT_MAX, "%s", text);
	return CLI_DONE;
}

/* Degrees, a decimal fraction. */
static bool take_degrees(const char *text, size_t len, double max,
			 char out[CITY_PLACE_MAX])
{
	char *end;
	double v;

	if (!len || len >= CITY_PLACE_MAX || strspn(text, "-0123456789.") < len)
		return false;
	snprintf(out, CITY_PLACE_MAX, "%.*s", (int)len, text);
	v = strtod(out, &end);
	return !*end && v >= -max && v <= max;
}

static enum cli_exit take_place(const struct cli *cli, struct city_site *site)
{
	const char *text = cli->city.at;
	size_t len;

	if (!text)
		return CLI_DONE;
	len = strcspn(text, ",");
	if (!take_degrees(text, len, 90, site->lat) || !text[len] ||
	    !take_degrees(text + len + 1, strlen(text + len + 1), 180,
			  site->lon))
		return refuse(cli, "value for --at", text,
			      "LAT,LON in degrees, such as 53.5503,9.9925");
	return CLI_DONE;
}

/* What it is called; what is not given stays as it was. */
static enum cli_exit describe(const struct cli *cli, struct city_site *site)
{
	enum cli_exit code = take_text(cli, "value for --district",
				       cli->city.district, site->district);

	if (!code)
		code = take_text(cli, "value for --title", cli->title,
				 site->title);
	return code ? code : take_place(cli, site);
}

static enum cli_exit take_site(struct addition *a)
{
	const struct cli *cli = a->hub.cli;
	struct city_secret *s = &a->hub.secret;
	const char *name = cli->args[0];

	if (!city_site_is_valid(name))
		return refuse(cli, "name of a site", name,
			      "1 to 32 of a-z, 0-9 and '-'");
	a->site = city_secret_find(s, name);
	a->is_new = !a->site;
	if (a->site && !cli->force)
		return cli_fail(cli, CLI_FAILED,
				"site '%s' is there already; with --force it "
				"gets another file, and the old one ends",
				name);
	if (a->is_new)
		a->site = city_secret_insert(s, name);
	if (!a->site)
		return cli_fail(cli, CLI_FAILED, "no room for another site: %s",
				strerror(errno));
	return describe(cli, a->site);
}

static enum cli_exit make_keys(struct addition *a)
{
	if (!city_password_make(a->password, a->site->hash) ||
	    !city_secret_make_codes(&a->hub.secret) ||
	    !random_fill(a->site->wrap, sizeof(a->site->wrap)))
		return cli_fail(a->hub.cli, CLI_FAILED, "no randomness");
	a->site->has_blob = false;
	return CLI_DONE;
}

/* --- the file ---------------------------------------------------------- */

/* Before anything is done that it would have to tell of. */
static enum cli_exit open_file(struct addition *a)
{
	const struct cli *cli = a->hub.cli;
	int fd;

	a->out = stdout;
	if (!cli->output)
		return CLI_DONE;
	fd = open(cli->output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return cli_fail(cli, CLI_FAILED, "%s: %s", cli->output,
				strerror(errno));
	a->file = cli->output;
	a->out = fdopen(fd, "w");
	if (a->out)
		return CLI_DONE;
	close(fd);
	return cli_fail(cli, CLI_FAILED, "%s: out of memory", cli->output);
}

static enum cli_exit read_ca(struct addition *a)
{
	char path[CITY_FILE_MAX];
	size_t len;

	a->ca = file_read(city_hub_path(&a->hub, "ca.pem", path), PEM_FILE_MAX,
			  &len);
	return a->ca ? CLI_DONE : city_hub_fail(&a->hub, "ca.pem", errno);
}

static void put_key(FILE *out, const char *name,
		    const uint8_t key[CITY_KEY_SIZE])
{
	char hex[2 * CITY_KEY_SIZE + 1];

	hex_build(hex, key, CITY_KEY_SIZE);
	city_put(out, "option", name, hex);
	explicit_bzero(hex, sizeof(hex));
}

/* The public half alone: no box can make codes. */
static void put_codes(const struct city_secret *s, FILE *out)
{
	char hex[CITY_CODES_DIGITS + 1];
	uint8_t public_key[CRYPTO_ED25519];

	if (!s->has_codes || !crypto_ed25519_public(s->codes_seed, public_key))
		return;
	hex_build(hex, public_key, sizeof(public_key));
	hex_build(hex + CITY_CODES_DIGITS / 2, s->codes_key,
		  sizeof(s->codes_key));
	city_put(out, "option", "codes", hex);
	explicit_bzero(hex, sizeof(hex));
}

static void print_file(const struct addition *a)
{
	const struct city_secret *s = &a->hub.secret;
	const struct city_site *site = a->site;
	char user[CITY_USER_MAX];
	FILE *out = a->out;

	fputs("# A box joins the city by: stadttor city join FILE\n"
	      "# Whoever has this file can do what the box may.\n"
	      "config city\n",
	      out);
	city_put(out, "option", "city", s->city);
	city_put(out, "option", "site", site->name);
	if (*site->district)
		city_put(out, "option", "district", site->district);
	city_put(out, "option", "user", city_acl_user(site->name, user));
	city_put(out, "option", "password", a->password);
	put_codes(s, out);
	for (size_t i = 0; i < s->nodes; i++)
		city_put(out, "list", "server", s->node[i]);
	fputs("\toption shift '", out);
	quantity_print_seconds(s->shift_s, out);
	fprintf(out,
		"'\n\toption generation '%u'\n\toption day '%" PRIu32 "'\n",
		s->generation, s->day);
	put_key(out, "key", s->key);
	put_key(out, "wrap", site->wrap);
	city_put(out, "option", "ca", a->ca);
}

static enum cli_exit write_file(struct addition *a)
{
	bool is_written;

	print_file(a);
	is_written = !fflush(a->out) && !ferror(a->out) &&
		     (!a->file || !fsync(fileno(a->out)));
	if (is_written)
		return CLI_DONE;
	return cli_fail(a->hub.cli, CLI_FAILED,
			"the file was not written; make another one by: "
			"stadttor city add --force %s",
			a->site->name);
}

/* --- the whole --------------------------------------------------------- */

static enum cli_exit let_in(struct addition *a)
{
	if (city_hub_let_in(&a->hub, a->site) &&
	    city_hub_forget(&a->hub, a->site->name))
		return CLI_DONE;
	/* nobody has its password, but it is not to lie about */
	if (a->is_new)
		city_hub_shut_out(&a->hub, a->site->name);
	return CLI_FAILED;
}

static enum cli_exit add(struct addition *a)
{
	enum cli_exit code = take_site(a);

	if (!code)
		code = read_ca(a);
	if (!code)
		code = city_hub_connect(&a->hub, true);
	if (!code)
		code = make_keys(a);
	if (!code)
		code = open_file(a);
	if (!code)
		code = let_in(a);
	if (!code)
		code = city_hub_save(&a->hub);
	return code ? code : write_file(a);
}

enum cli_exit cli_city_add(const struct cli *cli)
{
	struct addition a = { .site = NULL };
	enum cli_exit code = city_hub_open(&a.hub, cli, CITY_HUB_CHANGE);

	if (!code)
		code = add(&a);
	if (a.file && a.out)
		fclose(a.out);
	if (a.file && code)
		unlink(a.file);
	if (!code)
		fprintf(stderr,
			"%s: added; for the hub: systemctl reload "
			"stadttor-hub\n",
			cli->args[0]);
	explicit_bzero(a.password, sizeof(a.password));
	free(a.ca);
	city_hub_close(&a.hub);
	return code;
}

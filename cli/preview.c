/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stadttor portal preview: FOLDER/ZONE/LANGUAGE/PAGE.html, and an index; or one
 * page on standard output.
 */
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "common/config/settings_read.h"
#include "portal/pages/page_preview.h"
#include "portal/pages/theme.h"
#include "portal/util/crypto.h"

#define PATH_ROOM  512
#define FOLDER_MAX 256

/* "data:image/svg+xml;base64,..." */
#define INLINE_MAX (CRYPTO_BASE64(PICTURE_BYTES_MAX) + 64)

struct preview {
	const struct cli *cli;
	const char *folder;
	struct settings *settings;
	struct theme theme;
	FILE *index;
	unsigned int files;
	char refusal[PAGE_ERROR_MAX]; /* of the portal; empty: none */
};

static enum cli_exit failed(const struct preview *p, const char *path)
{
	return cli_fail(p->cli, CLI_FAILED, "%s: %s", path, strerror(errno));
}

static enum cli_exit make_folder(const struct preview *p, const char *path)
{
	struct stat st;

	if (mkdir(path, 0755) == 0)
		return CLI_DONE;
	if (errno != EEXIST || lstat(path, &st) < 0)
		return failed(p, path);
	/* root's files do not go where somebody else leads them to */
	if (S_ISDIR(st.st_mode) && st.st_uid == geteuid())
		return CLI_DONE;
	return cli_fail(p->cli, CLI_FAILED,
			"%s: not a folder that belongs to you", path);
}

static enum cli_exit write_file(struct preview *p, const char *path,
				const char *bytes, size_t len)
{
	FILE *f = fopen(path, "we");
	size_t written;

	if (!f)
		return failed(p, path);
	written = fwrite(bytes, 1, len, f);
	if (fclose(f) || written != len)
		return failed(p, path);
	p->files++;
	return CLI_DONE;
}

static enum cli_exit write_page(struct preview *p,
				const struct page_preview *fixture,
				struct page_place at)
{
	const struct page_context_source source = theme_source(
		&p->theme, p->settings, "../.." THEME_LOGO, "../.." THEME_HERO);
	static char text[2 * PAGE_LEGAL_BYTES_MAX];
	char path[PATH_ROOM];
	struct strbuf o;

	snprintf(path, sizeof(path), "%.256s/%s/%s/%s.html", p->folder,
		 p->settings->zone[at.zone].name,
		 page_languages(p->theme.pages)->lang[at.lang].code,
		 fixture->name);
	strbuf_init(&o, text, sizeof(text));
	page_preview_render(fixture, &source, at, &o);
	fprintf(p->index, "<td><a href=\"%s\">%s</a></td>\n",
		path + strlen(p->folder) + 1,
		page_languages(p->theme.pages)->lang[at.lang].code);
	return write_file(p, path, text, o.len);
}

/* One row of the index: the page in every language. */
static enum cli_exit write_fixture(struct preview *p,
				   const struct page_preview *fixture,
				   size_t zone)
{
	struct page_place at = { .zone = zone };
	enum cli_exit code = CLI_DONE;

	fprintf(p->index, "<tr><th scope=\"row\">%s</th>\n", fixture->name);
	for (; !code && at.lang < page_languages(p->theme.pages)->count;
	     at.lang++)
		code = write_page(p, fixture, at);
	fputs("</tr>\n", p->index);
	return code;
}

static enum cli_exit make_folders(struct preview *p, size_t zone)
{
	const struct lang_set *set = page_languages(p->theme.pages);
	char path[PATH_ROOM];
	enum cli_exit code;

	snprintf(path, sizeof(path), "%.256s/%s", p->folder,
		 p->settings->zone[zone].name);
	code = make_folder(p, path);
	for (size_t i = 0; !code && i < set->count; i++) {
		snprintf(path, sizeof(path), "%.256s/%s/%s", p->folder,
			 p->settings->zone[zone].name, set->lang[i].code);
		code = make_folder(p, path);
	}
	return code;
}

static enum cli_exit write_zone(struct preview *p, size_t zone)
{
	const struct zone_settings *z = &p->settings->zone[zone];
	enum cli_exit code = make_folders(p, zone);
	const struct page_preview *fixture;

	fprintf(p->index, "<h2>%s</h2>\n<table>\n", z->name);
	for (size_t i = 0; !code && (fixture = page_preview_at(i)); i++)
		if (!fixture->is_for || fixture->is_for(z))
			code = write_fixture(p, fixture, zone);
	fputs("</table>\n", p->index);
	return code;
}

static enum cli_exit write_picture(struct preview *p, enum picture_kind kind,
				   const char *name)
{
	const struct picture *picture = &p->theme.picture[kind];
	char path[PATH_ROOM];

	if (!picture->bytes)
		return CLI_DONE;
	snprintf(path, sizeof(path), "%.256s%s", p->folder, name);
	return write_file(p, path, picture->bytes, picture->len);
}

static enum cli_exit write_all(struct preview *p)
{
	enum cli_exit code = make_folder(p, p->folder);
	char path[PATH_ROOM];

	if (code)
		return code;
	snprintf(path, sizeof(path), "%.256s/index.html", p->folder);
	p->index = fopen(path, "we");
	if (!p->index)
		return failed(p, path);
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	      "<title>Stadttor: all pages</title>\n<h1>All pages</h1>\n",
	      p->index);
	code = write_picture(p, PICTURE_LOGO, THEME_LOGO);
	if (!code)
		code = write_picture(p, PICTURE_HERO, THEME_HERO);
	for (size_t z = 0; !code && z < p->settings->zones; z++)
		code = write_zone(p, z);
	if (fclose(p->index) && !code)
		code = failed(p, path);
	return code;
}

static enum cli_exit read_all(struct preview *p)
{
	char error[PAGE_ERROR_MAX];

	p->settings = cli_settings(p->cli);
	if (!p->settings)
		return CLI_USAGE;
	if (!theme_read(&p->theme, p->settings, error))
		return cli_fail(p->cli, CLI_USAGE, "%s", error);
	/* what the portal would refuse can be looked at all the same */
	if (theme_fit(&p->theme, p->settings, error))
		return CLI_DONE;
	snprintf(p->refusal, sizeof(p->refusal), "%s", error);
	fprintf(stderr, "the portal would refuse this: %s\n", error);
	return CLI_DONE;
}

/* --- one page ---------------------------------------------------------- */

static enum cli_exit find_zone(struct preview *p, size_t *zone)
{
	const char *name = p->cli->zone;

	for (*zone = 0; name && *zone < p->settings->zones; ++*zone)
		if (!strcmp(p->settings->zone[*zone].name, name))
			return CLI_DONE;
	return name ? cli_fail(p->cli, CLI_NOT_FOUND, "zone '%.40s' not found",
			       name)
		    : CLI_DONE;
}

static enum cli_exit find_language(struct preview *p, size_t *lang)
{
	const struct lang_set *set = page_languages(p->theme.pages);

	*lang = p->cli->language ? lang_index(set, p->cli->language)
				 : set->fallback;
	if (*lang < set->count)
		return CLI_DONE;
	return cli_fail(p->cli, CLI_NOT_FOUND, "language '%.40s' not found",
			p->cli->language);
}

static const struct page_preview *find_fixture(struct preview *p)
{
	const struct page_preview *fixture;

	for (size_t i = 0; (fixture = page_preview_at(i)); i++)
		if (!strcmp(fixture->name, p->cli->page))
			return fixture;
	cli_fail(p->cli, CLI_NOT_FOUND, "page '%.40s' not found", p->cli->page);
	return NULL;
}

/* The picture itself in the place of its address. */
static const char *inline_picture(const struct picture *picture,
				  char out[INLINE_MAX])
{
	int head;

	if (!picture->bytes)
		return NULL;
	head = snprintf(out, INLINE_MAX, "data:%s;base64,", picture->type);
	crypto_base64(out + head, picture->bytes, picture->len);
	return out;
}

static void print_page(const struct preview *p, const char *html)
{
	struct json_object *o;

	if (!p->cli->json) {
		puts(html);
		return;
	}
	o = json_object_new_object();
	json_object_object_add(o, "html", json_object_new_string(html));
	if (*p->refusal)
		json_object_object_add(o, "refused",
				       json_object_new_string(p->refusal));
	cli_print_json(o);
}

static enum cli_exit show_page(struct preview *p)
{
	static char text[2 * PAGE_LEGAL_BYTES_MAX + 2 * INLINE_MAX];
	char logo[INLINE_MAX], hero[INLINE_MAX];
	const struct page_preview *fixture = find_fixture(p);
	const struct page_context_source source = theme_source(
		&p->theme, p->settings,
		inline_picture(&p->theme.picture[PICTURE_LOGO], logo),
		inline_picture(&p->theme.picture[PICTURE_HERO], hero));
	struct page_place at = { 0 };
	enum cli_exit code;
	struct strbuf o;

	if (!fixture)
		return CLI_NOT_FOUND;
	code = find_zone(p, &at.zone);
	if (!code)
		code = find_language(p, &at.lang);
	if (code)
		return code;
	strbuf_init(&o, text, sizeof(text) - 1);
	page_preview_render(fixture, &source, at, &o);
	text[o.len] = '\0';
	print_page(p, text);
	return CLI_DONE;
}

/* ----------------------------------------------------------------------- */

static enum cli_exit write_pages(struct preview *p)
{
	enum cli_exit code = write_all(p);

	if (!code)
		printf("%u files; look at %s/index.html\n", p->files,
		       p->folder);
	return code;
}

enum cli_exit cli_preview(const struct cli *cli)
{
	struct preview p = { .cli = cli, .folder = cli->args[0] };
	enum cli_exit code;

	if (!p.folder == !cli->page)
		return cli_fail(cli, CLI_USAGE,
				"a folder, or --page and no folder");
	if (!cli->page && (cli->zone || cli->language))
		return cli_fail(cli, CLI_USAGE,
				"--zone and --language go with --page");
	if (p.folder && strlen(p.folder) > FOLDER_MAX)
		return cli_fail(
			cli, CLI_USAGE,
			"the name of the folder is longer than %d bytes",
			FOLDER_MAX);
	code = read_all(&p);
	if (!code)
		code = cli->page ? show_page(&p) : write_pages(&p);
	theme_clear(&p.theme);
	settings_free(p.settings);
	return code;
}

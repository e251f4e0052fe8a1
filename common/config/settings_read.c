/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/config/settings_read.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/config/settings_check.h"
#include "common/config/settings_oidc.h"
#include "common/config/settings_options.h"
#include "common/config/settings_radius.h"
#include "common/config/settings_valid.h"
#include "common/similar.h"

/* --- sections ---------------------------------------------------------- */

static bool wrong(const struct uci_section *s, char *error, const char *what)
{
	snprintf(error, UCI_ERROR_MAX, "%u: %s", s->line, what);
	return false;
}

/* Zone names become names of nftables objects. */
static bool take_name(char name[IPC_ZONE_NAME_MAX], const struct uci_section *s,
		      char *error)
{
	if (!s->name)
		return wrong(s, error, "this section needs a name");
	if (!valid_zone_name(s->name))
		return wrong(s, error,
			     "the name of a section is 1 to 15 of a-z, 0-9 "
			     "and '_'");
	snprintf(name, IPC_ZONE_NAME_MAX, "%s", s->name);
	return true;
}

static bool take_single(const struct conf_table *t, void *base,
			const struct uci_section *s, char *error)
{
	return conf_apply(t, base, s, error);
}

static bool take_gate(struct settings *c, const struct uci_section *s,
		      char *error)
{
	return take_single(&settings_gate_table, &c->gate, s, error);
}

static bool take_portal(struct settings *c, const struct uci_section *s,
			char *error)
{
	return take_single(&settings_portal_table, &c->portal, s, error);
}

static bool take_usage(struct settings *c, const struct uci_section *s,
		       char *error)
{
	return take_single(&settings_usage_table, &c->usage, s, error);
}

static bool take_admin(struct settings *c, const struct uci_section *s,
		       char *error)
{
	return take_single(&settings_admin_table, &c->admin, s, error);
}

static bool take_city(struct settings *c, const struct uci_section *s,
		      char *error)
{
	return take_single(&settings_city_table, &c->city, s, error);
}

static bool take_uplink(struct settings *c, const struct uci_section *s,
			char *error)
{
	struct uplink_settings *u = &c->uplink[c->uplinks];

	if (c->uplinks == SETTINGS_UPLINKS)
		return wrong(s, error, "more than 4 uplinks");
	c->uplinks++;
	if (conf_defaults(&settings_uplink_table, u) < 0)
		return wrong(s, error, "out of memory");
	return take_name(u->name, s, error) &&
	       conf_apply(&settings_uplink_table, u, s, error);
}

static bool take_zone(struct settings *c, const struct uci_section *s,
		      char *error)
{
	struct zone_settings *z = &c->zone[c->zones];

	if (c->zones == SETTINGS_ZONES)
		return wrong(s, error, "more than 16 zones");
	c->zones++;
	if (conf_defaults(&settings_zone_table, z) < 0)
		return wrong(s, error, "out of memory");
	return take_name(z->name, s, error) &&
	       conf_apply(&settings_zone_table, z, s, error);
}

static bool take_legal(struct settings *c, const struct uci_section *s,
		       char *error)
{
	return take_single(&settings_legal_table, &c->legal, s, error);
}

static bool take_voucher(struct settings *c, const struct uci_section *s,
			 char *error)
{
	return take_single(&settings_voucher_table, &c->voucher, s, error);
}

static bool take_oidc(struct settings *c, const struct uci_section *s,
		      char *error)
{
	return take_single(&settings_oidc_table, &c->oidc, s, error);
}

static bool take_tile(struct settings *c, const struct uci_section *s,
		      char *error)
{
	struct tile_settings *t = &c->tile[c->tiles];

	if (c->tiles == SETTINGS_TILES)
		return wrong(s, error, "more than 8 tiles");
	c->tiles++;
	if (conf_defaults(&settings_tile_table, t) < 0)
		return wrong(s, error, "out of memory");
	return take_name(t->name, s, error) &&
	       conf_apply(&settings_tile_table, t, s, error);
}

static bool take_text(struct settings *c, const struct uci_section *s,
		      char *error)
{
	struct text_settings *t = &c->text[c->texts];

	if (c->texts == SETTINGS_TEXTS)
		return wrong(s, error, "more than 64 texts");
	c->texts++;
	return conf_apply(&settings_text_table, t, s, error);
}

static bool take_device(struct settings *c, const struct uci_section *s,
			char *error)
{
	struct device_settings *d = &c->device[c->devices];

	if (c->devices == SETTINGS_DEVICES)
		return wrong(s, error, "more than 128 devices");
	c->devices++;
	if (conf_defaults(&settings_device_table, d) < 0)
		return wrong(s, error, "out of memory");
	return take_name(d->name, s, error) &&
	       conf_apply(&settings_device_table, d, s, error);
}

static bool take_radius(struct settings *c, const struct uci_section *s,
			char *error)
{
	struct radius_settings *r = &c->radius[c->radii];

	if (c->radii == SETTINGS_RADII)
		return wrong(s, error, "more than 4 of this type");
	c->radii++;
	if (conf_defaults(&settings_radius_table, r) < 0)
		return wrong(s, error, "out of memory");
	return take_name(r->name, s, error) &&
	       conf_apply(&settings_radius_table, r, s, error);
}

static const struct {
	const char *type;
	bool single;
	bool (*take)(struct settings *c, const struct uci_section *s,
		     char *error);
} sections[] = {
	{ "gate", true, take_gate },	   { "uplink", false, take_uplink },
	{ "zone", false, take_zone },	   { "portal", true, take_portal },
	{ "usage", true, take_usage },	   { "admin", true, take_admin },
	{ "voucher", true, take_voucher }, { "oidc", true, take_oidc },
	{ "tile", false, take_tile },	   { "text", false, take_text },
	{ "legal", true, take_legal },	   { "device", false, take_device },
	{ "city", true, take_city },	   { "radius", false, take_radius },
};

static bool wrong_type(const struct uci_section *s, char *error)
{
	struct similar meant = similar_to(s->type);
	char question[SIMILAR_QUESTION_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		similar_offer(&meant, sections[i].type);
	snprintf(
		error, UCI_ERROR_MAX,
		"%u: unknown section '%.40s', allowed: one of gate, uplink, "
		"zone, portal, legal, usage, admin, voucher, oidc, tile, text, "
		"city, device, radius%s",
		s->line, s->type, similar_question(&meant, question));
	return false;
}

static bool take_section(struct settings *c, const struct uci_file *f,
			 const struct uci_section *s, char *error)
{
	const struct uci_section *o;

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		if (strcmp(s->type, sections[i].type))
			continue;
		TAILQ_FOREACH (o, &f->sections, next) {
			if (o == s)
				break;
			if (sections[i].single && !strcmp(o->type, s->type))
				return wrong(s, error,
					     "a second section of this type");
		}
		return sections[i].take(c, s, error);
	}
	return wrong_type(s, error);
}

/* --- the whole --------------------------------------------------------- */

static bool fill(struct settings *c, const struct uci_file *f, char *error)
{
	const struct uci_section *s;

	if (conf_defaults(&settings_gate_table, &c->gate) < 0 ||
	    conf_defaults(&settings_portal_table, &c->portal) < 0 ||
	    conf_defaults(&settings_legal_table, &c->legal) < 0 ||
	    conf_defaults(&settings_usage_table, &c->usage) < 0 ||
	    conf_defaults(&settings_admin_table, &c->admin) < 0 ||
	    conf_defaults(&settings_city_table, &c->city) < 0 ||
	    conf_defaults(&settings_voucher_table, &c->voucher) < 0 ||
	    conf_defaults(&settings_oidc_table, &c->oidc) < 0) {
		snprintf(error, UCI_ERROR_MAX, "1: out of memory");
		return false;
	}
	TAILQ_FOREACH (s, &f->sections, next)
		if (!take_section(c, f, s, error))
			return false;
	return settings_check(c, f, error);
}

static struct settings *settings_from_tree(const char *path,
					   const struct uci_file *f,
					   char error[UCI_ERROR_MAX])
{
	struct settings *c = calloc(1, sizeof(*c));
	char inner[UCI_ERROR_MAX] = "1: out of memory";

	if (c && fill(c, f, inner))
		return c;
	snprintf(error, UCI_ERROR_MAX, "%.250s:%.250s", path, inner);
	settings_free(c);
	return NULL;
}

struct settings *settings_parse(const char *path, const char *text, size_t len,
				char error[UCI_ERROR_MAX])
{
	char inner[UCI_ERROR_MAX];
	struct uci_file *f = uci_parse(text, len, inner);
	struct settings *c;

	if (!f) {
		snprintf(error, UCI_ERROR_MAX, "%.250s:%.250s", path, inner);
		return NULL;
	}
	c = settings_from_tree(path, f, error);
	uci_free(f);
	return c;
}

struct settings *settings_read(const char *path, char error[UCI_ERROR_MAX])
{
	struct uci_file *f = uci_read(path, error);
	struct settings *c;

	if (!f)
		return NULL;
	c = settings_from_tree(path, f, error);
	uci_free(f);
	return c;
}

void settings_forget_devices(struct settings *s)
{
	for (size_t i = 0; i < s->devices; i++)
		conf_clear(&settings_device_table, &s->device[i]);
	explicit_bzero(s->device, sizeof(s->device));
	s->devices = 0;
}

void settings_free(struct settings *s)
{
	if (!s)
		return;
	conf_clear(&settings_gate_table, &s->gate);
	conf_clear(&settings_portal_table, &s->portal);
	conf_clear(&settings_legal_table, &s->legal);
	conf_clear(&settings_usage_table, &s->usage);
	conf_clear(&settings_admin_table, &s->admin);
	conf_clear(&settings_city_table, &s->city);
	conf_clear(&settings_voucher_table, &s->voucher);
	conf_clear(&settings_oidc_table, &s->oidc);
	for (size_t i = 0; i < s->tiles; i++)
		conf_clear(&settings_tile_table, &s->tile[i]);
	for (size_t i = 0; i < s->texts; i++)
		conf_clear(&settings_text_table, &s->text[i]);
	settings_forget_devices(s);
	for (size_t i = 0; i < s->radii; i++)
		conf_clear(&settings_radius_table, &s->radius[i]);
	for (size_t i = 0; i < s->zones; i++)
		conf_clear(&settings_zone_table, &s->zone[i]);
	for (size_t i = 0; i < s->uplinks; i++)
		conf_clear(&settings_uplink_table, &s->uplink[i]);
	free(s);
}

void settings_print(const struct settings *s, FILE *out)
{
	conf_print(&settings_gate_table, &s->gate, NULL, out);
	for (size_t i = 0; i < s->uplinks; i++)
		conf_print(&settings_uplink_table, &s->uplink[i],
			   s->uplink[i].name, out);
	for (size_t i = 0; i < s->zones; i++)
		conf_print(&settings_zone_table, &s->zone[i], s->zone[i].name,
			   out);
	conf_print(&settings_portal_table, &s->portal, NULL, out);
	conf_print(&settings_legal_table, &s->legal, NULL, out);
	conf_print(&settings_usage_table, &s->usage, NULL, out);
	conf_print(&settings_admin_table, &s->admin, NULL, out);
	conf_print(&settings_city_table, &s->city, NULL, out);
	conf_print(&settings_voucher_table, &s->voucher, NULL, out);
	conf_print(&settings_oidc_table, &s->oidc, NULL, out);
	for (size_t i = 0; i < s->tiles; i++)
		conf_print(&settings_tile_table, &s->tile[i], s->tile[i].name,
			   out);
	for (size_t i = 0; i < s->texts; i++)
		conf_print(&settings_text_table, &s->text[i], NULL, out);
	for (size_t i = 0; i < s->devices; i++)
		conf_print(&settings_device_table, &s->device[i],
			   s->device[i].name, out);
	for (size_t i = 0; i < s->radii; i++)
		conf_print(&settings_radius_table, &s->radius[i],
			   s->radius[i].name, out);
}

static void document(const struct conf_table *t, const char *what, FILE *out)
{
	fprintf(out, ".Ss config %s\n%s\n.Bl -tag -width Ds\n", t->section,
		what);
	conf_document(t, out);
	fputs(".El\n", out);
}

void settings_document(FILE *out)
{
	document(&settings_gate_table, "The controller itself; at most one.",
		 out);
	document(&settings_uplink_table,
		 "A way to the internet, named; at least one.", out);
	document(&settings_zone_table,
		 "A network of guests with its own policy, named; at least "
		 "one.",
		 out);
	document(&settings_portal_table, "The pages; at most one.", out);
	document(&settings_legal_table,
		 "The facts of the legal pages; at most one.", out);
	document(&settings_usage_table, "The usage figures; at most one.", out);
	document(&settings_admin_table,
		 "Dashboard, figures and metrics for operators; at most one.",
		 out);
	document(&settings_city_table,
		 "The city that the box has joined; at most one.", out);
	document(&settings_voucher_table,
		 "The codes of zones with auth voucher; at most one.", out);
	document(&settings_oidc_table,
		 "Where the accounts of zones with auth oidc are; at most one.",
		 out);
	document(&settings_tile_table,
		 "A service of the city on the pages, named; at most eight.",
		 out);
	document(&settings_text_table,
		 "A text of your own in the place of a language's; at most 64.",
		 out);
	document(&settings_device_table,
		 "A device that is let in for good, as a printer without a "
		 "browser, named; at most 128.",
		 out);
	document(&settings_radius_table,
		 "Where the accounts of zones with auth radius are, named; at "
		 "most four.",
		 out);
}

struct settings *settings_for_daemon(const struct daemon *d)
{
	char error[UCI_ERROR_MAX];
	struct settings *s = settings_read(d->config, error);

	if (!s)
		daemon_refuse_config(error);
	if (!d->only_checks)
		return s;
	settings_print(s, stdout);
	settings_free(s);
	daemon_end_check();
}

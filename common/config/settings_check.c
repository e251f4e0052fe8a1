/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/config/settings_check.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/array.h"
#include "common/colour.h"
#include "common/config/settings_oidc.h"
#include "common/config/settings_palette.h"
#include "common/config/settings_radius.h"
#include "common/config/settings_valid.h"
#include "common/stringify.h"

#define DAY_S 86400
#define TOO_SLOW                                                               \
	"a rate below " SETTINGS_RATE_MIN " lets nothing through; 0 is none"

static bool is_too_slow(uint64_t bps)
{
	return bps && bps < SETTINGS_RATE_MIN_BPS;
}

/* A ceiling of 0 is the default itself; a default of 0 has no ceiling. */
static void fill_ceilings(struct zone_settings *z)
{
	struct ipc_limits *ceiling = &z->ceiling;

	if (!ceiling->duration_s)
		ceiling->duration_s = z->limits.duration_s;
	if (!ceiling->down_bps)
		ceiling->down_bps = z->limits.down_bps;
	if (!ceiling->up_bps)
		ceiling->up_bps = z->limits.up_bps;
	if (!ceiling->quota_bytes)
		ceiling->quota_bytes = z->limits.quota_bytes;
	ceiling->idle_s = z->limits.idle_s;
}

static bool is_above(uint64_t value, uint64_t ceiling)
{
	return !value ? ceiling != 0 : ceiling < value;
}

static const char *check_zone(const struct settings *c, size_t zone)
{
	const struct zone_settings *z = &c->zone[zone];

	if (is_above(z->limits.duration_s, z->ceiling.duration_s))
		return "max_duration must not be below duration";
	if (is_above(z->limits.down_bps, z->ceiling.down_bps))
		return "max_rate_down must not be below rate_down";
	if (is_above(z->limits.up_bps, z->ceiling.up_bps))
		return "max_rate_up must not be below rate_up";
	if (is_above(z->limits.quota_bytes, z->ceiling.quota_bytes))
		return "max_quota must not be below quota";
	if (is_too_slow(z->limits.down_bps) || is_too_slow(z->limits.up_bps) ||
	    is_too_slow(z->bandwidth_bps))
		return TOO_SLOW;
	if (z->roam_s && z->roam_s != DAY_S)
		return "roam is 0 or 1d";
	if (z->roam_accept_s % DAY_S)
		return "roam_accept is a number of whole days";
	if (z->open_on.count && !z->open.count)
		return "list open_on needs a list open, such as "
		       "'00:00-24:00'";
	if (z->night_radio.count && !z->open.count)
		return "list night_radio needs a list open: without it the "
		       "zone is never closed";
	return NULL;
}

static const char *check_devices(const struct settings *c, size_t zone)
{
	const struct zone_settings *z = &c->zone[zone];

	for (size_t i = 0; i < c->uplinks; i++)
		if (!strcmp(z->device, c->uplink[i].device))
			return "its device is that of an uplink";
	for (size_t i = 0; i < zone; i++) {
		if (!strcmp(z->device, c->zone[i].device))
			return "its device is that of another zone";
		if (!strcmp(z->name, c->zone[i].name))
			return "a second zone of this name";
	}
	return NULL;
}

/* Every capped device needs one of the 65532 classes that a mark can name. */
static const char *check_sessions(const struct settings *c, size_t zone)
{
	uint64_t sum = 0;

	for (size_t i = 0; i <= zone; i++)
		sum += c->zone[i].max_sessions;
	return sum > SETTINGS_SESSIONS
		       ? "max_sessions of all zones together is above 65000"
		       : NULL;
}

static const char *check_uplink(const struct settings *c, size_t uplink)
{
	const struct uplink_settings *u = &c->uplink[uplink];

	if (is_too_slow(u->bandwidth_bps))
		return TOO_SLOW;
	for (size_t i = 0; i < uplink; i++)
		if (!strcmp(u->device, c->uplink[i].device) ||
		    !strcmp(u->name, c->uplink[i].name))
			return "its name or device is that of another uplink";
	return NULL;
}

static const char *check_portal(const struct settings *c, size_t nth)
{
	const struct portal_settings *p = &c->portal;

	(void)nth;
	if (p->hijack_port == p->http_port || p->hijack_port == p->https_port ||
	    p->http_port == p->https_port)
		return "hijack_port, http_port and https_port must differ";
	if (!*p->certificate != !*p->key)
		return "certificate and key go together";
	if (*p->certificate && !*p->hostname)
		return "a certificate needs the hostname that it is for";
	if (p->max_per_device > p->max_connections)
		return "max_per_device is above max_connections";
	return NULL;
}

static const char *check_mail(const struct admin_settings *a)
{
	bool is_wanted = false;

	for (size_t i = 0; i < a->notify.count; i++)
		is_wanted |= !strncmp(a->notify.value[i], VALID_MAILTO,
				      strlen(VALID_MAILTO));
	if (is_wanted && (!*a->mail_relay || !*a->mail_from))
		return "mailto: in list notify needs mail_relay and mail_from";
	if (!*a->mail_user != !*a->mail_password)
		return "mail_user and mail_password go together";
	return NULL;
}

static const char *check_admin(const struct settings *c, size_t nth)
{
	const struct admin_settings *a = &c->admin;

	(void)nth;
	if (!*a->certificate != !*a->key)
		return "certificate and key go together";
	if (a->port == c->portal.hijack_port ||
	    a->port == c->portal.http_port || a->port == c->portal.https_port)
		return "port is one of the portal's";
	if (a->notify.count > SETTINGS_NOTIFY)
		return "more than " STRINGIFY(
			SETTINGS_NOTIFY) " in list notify";
	return check_mail(a);
}

/* netctl knows its peers by their users. */
static const char *check_users(const struct settings *c, size_t nth)
{
	(void)nth;
	if (!strcmp(c->gate.events_user, c->gate.user) ||
	    !strcmp(c->gate.events_user, c->portal.user))
		return "events_user must be a user of its own";
	return NULL;
}

static bool is_zone(const struct settings *c, const char *name)
{
	for (size_t i = 0; i < c->zones; i++)
		if (!strcmp(c->zone[i].name, name))
			return true;
	return false;
}

static bool are_zones(const struct settings *c, const struct conf_list *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (!is_zone(c, names->value[i]))
			return false;
	return true;
}

static const char *check_tile(const struct settings *c, size_t tile)
{
	const struct tile_settings *t = &c->tile[tile];

	for (size_t i = 0; i < tile; i++)
		if (!strcmp(t->name, c->tile[i].name))
			return "a second tile of this name";
	if (!t->title.count)
		return "a tile needs a title: list title 'de=...'";
	if (!are_zones(c, &t->zone))
		return "its list zone names one that there is not";
	if (!*t->live_url != !t->live_text.count)
		return "live_url and list live_text go together";
	return NULL;
}

static const char *check_text(const struct settings *c, size_t text)
{
	const struct text_settings *t = &c->text[text];

	if (!t->text.count)
		return "it needs a text: list text 'de=...'";
	if (!are_zones(c, &t->zone))
		return "its list zone names one that there is not";
	return NULL;
}

static const char *check_device(const struct settings *c, size_t device)
{
	const struct device_settings *d = &c->device[device];

	if ((d->down_bps && d->down_bps < 8000) ||
	    (d->up_bps && d->up_bps < 8000))
		return "a rate below 8kbit lets nothing through; 0 is none";
	if (!are_zones(c, &d->zone))
		return "its list zone names one that there is not";
	for (size_t i = 0; i < device; i++) {
		if (!strcmp(d->name, c->device[i].name))
			return "a second device of this name";
		if (!memcmp(&d->mac, &c->device[i].mac, sizeof(d->mac)))
			return "its mac is that of another device";
	}
	return NULL;
}

/* --- all of them ------------------------------------------------------- */

static const char *check_there_is_a_zone(const struct settings *c, size_t nth)
{
	(void)nth;
	return c->zones ? NULL : "there must be a zone: config zone 'guest'";
}

static const char *check_there_is_an_uplink(const struct settings *c,
					    size_t nth)
{
	(void)nth;
	return c->uplinks ? NULL
			  : "there must be an uplink: config uplink 'wan'";
}

#define ONE	    SIZE_MAX
#define EACH(count) offsetof(struct settings, count)

static const struct check {
	const char *section;
	size_t count; /* where it stands; ONE: at most one, checked anyway */
	const char *(*what)(const struct settings *c, size_t nth);
} checks[] = {
	{ "portal", ONE, check_portal },
	{ "admin", ONE, check_admin },
	{ "oidc", ONE, settings_oidc_check },
	{ "gate", ONE, check_users },
	{ "zone", EACH(zones), check_zone },
	{ "zone", EACH(zones), check_devices },
	{ "zone", EACH(zones), settings_radius_check_zone },
	{ "zone", EACH(zones), settings_oidc_check_zone },
	{ "zone", EACH(zones), check_sessions },
	{ "uplink", EACH(uplinks), check_uplink },
	{ "tile", EACH(tiles), check_tile },
	{ "text", EACH(texts), check_text },
	{ "device", EACH(devices), check_device },
	{ "radius", EACH(radii), settings_radius_check },
	{ "zone", ONE, check_there_is_a_zone },
	{ "uplink", ONE, check_there_is_an_uplink },
};

static unsigned int section_line(const struct uci_file *f, const char *type,
				 size_t nth)
{
	const struct uci_section *s;

	TAILQ_FOREACH (s, &f->sections, next)
		if (!strcmp(s->type, type) && !nth--)
			return s->line;
	return 1;
}

/* The first section of the kind that is wrong. NULL: none. */
static const char *run(const struct check *check, const struct settings *c,
		       size_t *nth)
{
	size_t count =
		check->count == ONE
			? 1
			: *(const size_t *)((const char *)c + check->count);
	const char *what = NULL;

	for (*nth = 0; *nth < count; (*nth)++) {
		what = check->what(c, *nth);
		if (what)
			break;
	}
	return what;
}

static bool refuse(const struct uci_file *f, const char *section, size_t nth,
		   const char *what, char error[UCI_ERROR_MAX])
{
	snprintf(error, UCI_ERROR_MAX, "%u: %s", section_line(f, section, nth),
		 what);
	return false;
}

bool settings_check(struct settings *c, const struct uci_file *f,
		    char error[UCI_ERROR_MAX])
{
	char why[UCI_ERROR_MAX / 2];

	for (size_t i = 0; i < c->zones; i++)
		fill_ceilings(&c->zone[i]);
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		size_t nth;
		const char *what = run(&checks[i], c, &nth);

		if (what)
			return refuse(f, checks[i].section, nth, what, error);
	}
	if (!settings_palette_check(&c->portal, why, sizeof(why)))
		return refuse(f, "portal", 0, why, error);
	return true;
}

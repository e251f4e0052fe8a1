/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/guest/radii.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/config/settings_radius.h"

/* Of a session, that a server wants. */
struct change {
	struct netctl_request request; /* under way while id is not 0 */
	radius_changed_fn *done;
	void *arg;
};

struct radii {
	struct event_base *base;
	struct netctl_client *netctl;
	const struct settings *settings;       /* NULL: not yet */
	struct radius *radius[SETTINGS_RADII]; /* by section; or NULL */
	struct netctl_request listing;
	struct change change[RADIUS_COA_WAITING];
};

static void ask(uint64_t handle, void *arg)
{
	struct radii *r = arg;

	if (netctl_client_ask_account(r->netctl, handle) < 0)
		log_debug("netctl is away; its counters come later");
}

/* --- changes ------------------------------------------------------------- */

static void on_changed(const struct ipc_account *m, void *arg)
{
	struct change *c = arg;

	c->done(m ? m->error : -ETIMEDOUT, c->arg);
}

static bool change(const struct radius_change *wanted, void *arg)
{
	struct radii *r = arg;
	struct ipc_account_change m = { .handle = wanted->handle,
					.limits = wanted->limits,
					.end = wanted->end };

	for (size_t i = 0; i < ARRAY_SIZE(r->change); i++) {
		struct change *c = &r->change[i];

		if (c->request.id)
			continue;
		c->request.on_account = on_changed;
		c->request.arg = c;
		c->done = wanted->done;
		c->arg = wanted->arg;
		return !netctl_client_change_account(r->netctl, &c->request,
						     &m);
	}
	return false;
}

/* Who waits may be gone soon. */
static void give_up_changes(struct radii *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(r->change); i++) {
		struct change *c = &r->change[i];

		if (!c->request.id)
			continue;
		netctl_client_cancel(&c->request);
		c->done(-ETIMEDOUT, c->arg);
	}
}

/* --- sections ------------------------------------------------------------ */

static bool is_used(const struct settings *s, size_t section)
{
	for (size_t z = 0; z < s->zones; z++)
		if (settings_radius_of(s, &s->zone[z]) == &s->radius[section])
			return true;
	return false;
}

static struct radius *open_section(struct radii *r, size_t section)
{
	const struct radius_settings *s = &r->settings->radius[section];
	const struct radius_host host = { .ask = ask,
					  .change = change,
					  .arg = r };
	char why[RADIUS_ERROR_MAX];
	struct radius *radius;

	if (!is_used(r->settings, section))
		return NULL;
	radius = radius_new(r->base, s, &host, why);
	if (!radius)
		log_error("radius %s: %s; nobody is let in by it", s->name,
			  why);
	return radius;
}

/* What was open of an equal section, which then goes on. */
static struct radius *take_old(struct radius *open[],
			       const struct settings *old,
			       const struct radius_settings *s)
{
	for (size_t i = 0; old && i < old->radii; i++) {
		struct radius *radius = open[i];

		if (!radius || !settings_radius_is_same(&old->radius[i], s))
			continue;
		open[i] = NULL;
		return radius;
	}
	return NULL;
}

static bool has_same_servers(const struct radius_settings *a,
			     const struct radius_settings *b)
{
	if (a->server.count != b->server.count ||
	    strcmp(a->identifier, b->identifier) != 0)
		return false;
	for (size_t i = 0; i < a->server.count; i++)
		if (strcmp(a->server.value[i], b->server.value[i]) != 0)
			return false;
	return true;
}

/* Where its servers stay, they are told of its sessions as before. */
static void close_section(struct radii *r, struct radius *radius,
			  const struct radius_settings *old)
{
	bool stays = false;

	for (size_t i = 0; i < r->settings->radii; i++)
		stays |= is_used(r->settings, i) &&
			 has_same_servers(&r->settings->radius[i], old);
	if (!stays)
		radius_give_up(radius);
	radius_free(radius);
}

void radii_apply(struct radii *r, const struct settings *s,
		 const struct settings *old)
{
	struct radius *open[SETTINGS_RADII];

	give_up_changes(r);
	memcpy(open, r->radius, sizeof(open));
	memset(r->radius, 0, sizeof(r->radius));
	r->settings = s;
	for (size_t i = 0; i < s->radii; i++)
		if (is_used(s, i))
			r->radius[i] = take_old(open, old, &s->radius[i]);
	for (size_t i = 0; old && i < old->radii; i++)
		if (open[i])
			close_section(r, open[i], &old->radius[i]);
	for (size_t i = 0; i < s->radii; i++)
		if (!r->radius[i])
			r->radius[i] = open_section(r, i);
	radii_connected(r);
}

struct radius *radii_find(const struct radii *r, size_t zone)
{
	const struct settings *s = r->settings;
	const struct radius_settings *section =
		s ? settings_radius_of(s, &s->zone[zone]) : NULL;

	return section ? r->radius[section - s->radius] : NULL;
}

/* --- netctl --------------------------------------------------------------- */

static void on_page(const struct ipc_done *d, void *arg)
{
	struct radii *r = arg;

	if (!d) /* again when it is back */
		return;
	if (d->cursor) {
		if (netctl_client_list_accounts(r->netctl, &r->listing,
						d->cursor) < 0)
			log_debug("netctl is away; its sessions come later");
		return;
	}
	for (size_t i = 0; i < SETTINGS_RADII; i++)
		if (r->radius[i])
			radius_list_ends(r->radius[i]);
}

void radii_connected(struct radii *r)
{
	bool is_any = false;

	for (size_t i = 0; i < SETTINGS_RADII; i++) {
		if (!r->radius[i])
			continue;
		radius_list_begins(r->radius[i]);
		is_any = true;
	}
	netctl_client_cancel(&r->listing);
	if (is_any &&
	    netctl_client_list_accounts(r->netctl, &r->listing, 0) < 0)
		log_debug("netctl is away; its sessions come later");
}

void radii_tell(struct radii *r, const struct ipc_account *m)
{
	const struct settings *s = r->settings;

	for (size_t z = 0; s && z < s->zones; z++) {
		struct radius *radius = radii_find(r, z);

		if (radius && (m->error || !strncmp(m->zone, s->zone[z].name,
						    sizeof(m->zone))))
			radius_tell(radius, m);
	}
}

/* --- life ----------------------------------------------------------------- */

struct radii *radii_new(struct event_base *base, struct netctl_client *netctl)
{
	struct radii *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->base = base;
	r->netctl = netctl;
	r->listing.on_done = on_page;
	r->listing.arg = r;
	return r;
}

void radii_free(struct radii *r)
{
	if (!r)
		return;
	netctl_client_cancel(&r->listing);
	give_up_changes(r);
	for (size_t i = 0; i < SETTINGS_RADII; i++)
		radius_free(r->radius[i]);
	free(r);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/intake/sites.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *name, const void *site)
{
	return strcmp(name, ((const struct site *)site)->name);
}

struct site *sites_find(const struct sites *s, const char *name)
{
	if (!s->count)
		return NULL;
	return bsearch(name, s->site, s->count, sizeof(*s->site), compare);
}

/* What the database knows of it. */
static int read_site(struct site *s, struct city_db *db)
{
	int err = city_db_place(db, CITY_SITE, s->name, &s->id);

	s->counted.site = s->id;
	if (!err)
		err = city_db_last_stream(db, &s->counted);
	if (!err || err == -ENOENT)
		err = city_db_get_off(db, s->id, s->off);
	return err;
}

static int take(struct site *s, const struct site_conf *c,
		const struct sites *before, struct city_db *db)
{
	const struct site *old = before ? sites_find(before, c->name) : NULL;
	int err = 0;

	if (old) {
		*s = *old;
	} else {
		snprintf(s->name, sizeof(s->name), "%s", c->name);
		err = read_site(s, db);
	}
	snprintf(s->district, sizeof(s->district), "%s", c->district);
	s->district_id = 0;
	if (!err && *s->district)
		err = city_db_place(db, CITY_DISTRICT, s->district,
				    &s->district_id);
	return err;
}

/* One that has left and comes back does so with a new login. */
static int forget_gone(const struct sites *now, const struct sites *before,
		       struct city_db *db)
{
	int err = 0;

	for (size_t i = 0; before && i < before->count && !err; i++)
		if (*before->site[i].off &&
		    !sites_find(now, before->site[i].name))
			err = city_db_set_off(db, before->site[i].id, NULL);
	return err;
}

static int fill(struct sites *out, const struct sites *before,
		const struct city_conf *c, struct city_db *db)
{
	int err = city_db_begin(db);

	if (err)
		return err;
	for (; out->count < c->sites && !err; out->count++)
		err = take(&out->site[out->count], &c->site[out->count], before,
			   db);
	if (!err)
		err = forget_gone(out, before, db);
	return city_db_end(db, err);
}

int sites_read(struct sites *out, const struct sites *before,
	       const struct city_conf *c, struct city_db *db)
{
	struct sites s = { 0 };
	int err = 0;

	s.site = calloc(c->sites ? c->sites : 1, sizeof(*s.site));
	if (!s.site)
		return -ENOMEM;
	err = fill(&s, before, c, db);
	if (err)
		sites_clear(&s);
	else
		*out = s;
	return err;
}

bool sites_doubt_clock(const struct sites *s)
{
	size_t heard = 0, doubts = 0;

	for (size_t i = 0; i < s->count; i++) {
		heard += *s->site[i].beat.id != '\0';
		doubts += heartbeat_has(&s->site[i].beat, "city_clock_off");
	}
	return doubts * 2 > heard;
}

void sites_clear(struct sites *s)
{
	free(s->site);
	memset(s, 0, sizeof(*s));
}

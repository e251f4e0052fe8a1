/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/config/settings.h"

#include <string.h>

#include "common/array.h"

bool settings_zone_offers(const struct zone_settings *z, enum zone_auth auth)
{
	return z->ways >> auth & 1;
}

bool settings_zone_roams(const struct zone_settings *z)
{
	return z->roam_s && settings_zone_offers(z, ZONE_AUTH_CLICK);
}

bool settings_zone_has_choice(const struct zone_settings *z)
{
	return z->ways & (z->ways - 1);
}

bool settings_offer(const struct settings *s, enum zone_auth auth)
{
	for (size_t i = 0; i < s->zones; i++)
		if (settings_zone_offers(&s->zone[i], auth))
			return true;
	return false;
}

bool settings_zone_may_cap(const struct settings *s, size_t zone)
{
	const struct zone_settings *z = &s->zone[zone];

	if (z->ceiling.down_bps || z->ceiling.up_bps || z->bandwidth_bps ||
	    (z->limits.quota_bytes && z->over_quota == OVER_QUOTA_SLOW))
		return true;
	for (size_t u = 0; u < s->uplinks; u++)
		if (s->uplink[u].bandwidth_bps)
			return true;
	return false;
}

bool settings_opens_names(const struct settings *s, size_t zone)
{
	const struct zone_settings *z = &s->zone[zone];
	const struct portal_settings *p = &s->portal;

	if (settings_zone_offers(z, ZONE_AUTH_OIDC) || z->garden_name.count ||
	    *p->success_url || *p->terms_url || *p->venue_url || *p->wifi4eu)
		return true;
	for (size_t i = 0; i < s->tiles; i++)
		if (settings_is_for_zone(&s->tile[i].zone, z->name))
			return true;
	return false;
}

uint32_t settings_series_of(const char *word)
{
	static const struct {
		const char *word;
		uint32_t series;
	} earlier[] = {
		{ "visitors", 1U << USAGE_ONLINE | 1U << USAGE_DEVICES },
		{ "sessions", 1U << USAGE_DEVICES },
		{ "funnel", 1U << USAGE_DEVICES | 1U << USAGE_ENDED },
	};
	enum usage_series series;

	if (usage_series_parse(word, &series))
		return 1U << series;
	for (size_t i = 0; i < ARRAY_SIZE(earlier); i++)
		if (!strcmp(earlier[i].word, word))
			return earlier[i].series;
	return 0;
}

bool settings_counts(const struct settings *s, enum usage_series series)
{
	const struct conf_list *l = &s->usage.series;

	for (size_t i = 0; i < l->count; i++)
		if (settings_series_of(l->value[i]) >> series & 1)
			return true;
	return l->count == 0;
}

bool settings_is_for_zone(const struct conf_list *zones, const char *zone)
{
	for (size_t i = 0; i < zones->count; i++)
		if (!strcmp(zones->value[i], zone))
			return true;
	return zones->count == 0;
}

const char *settings_text_in(const char *translation, const char *language,
			     size_t len)
{
	if (strncmp(translation, language, len) || translation[len] != '=')
		return NULL;
	return translation + len + 1;
}

/* The "LANGUAGE=TEXT" that fits best; the list is not empty. */
static const char *find_translation(const struct conf_list *texts,
				    const char *language)
{
	const struct {
		const char *language;
		size_t len;
	} wanted[] = {
		{ language, strlen(language) },
		{ language, strcspn(language, "-") },
		{ "en", 2 },
	};

	for (size_t w = 0; w < ARRAY_SIZE(wanted); w++)
		for (size_t i = 0; i < texts->count; i++)
			if (settings_text_in(texts->value[i],
					     wanted[w].language, wanted[w].len))
				return texts->value[i];
	return texts->value[0];
}

const char *settings_translation(const struct conf_list *texts,
				 const char *language,
				 char code[SETTINGS_LANGUAGE_MAX])
{
	const char *found;
	size_t len;

	if (!texts->count)
		return NULL;
	found = find_translation(texts, language);
	len = strcspn(found, "=");
	if (code)
		snprintf(code, SETTINGS_LANGUAGE_MAX, "%.*s", (int)len, found);
	return found + len + 1;
}

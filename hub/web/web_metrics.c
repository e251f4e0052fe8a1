/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/web/web_metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/array.h"

/* --- of the hub -------------------------------------------------------- */

#define STATE(field)                                                           \
	static int64_t state_##field(const struct web_site *w)                 \
	{                                                                      \
		return (int64_t)poller_state(w->poller)->field;                \
	}
STATE(is_up)
STATE(is_full)
STATE(is_older)
STATE(clock_off_s)
STATE(rounds)

#define STAT(field)                                                            \
	static int64_t stat_##field(const struct web_site *w)                  \
	{                                                                      \
		return (int64_t)intake_stats(w->intake)->field;                \
	}
STAT(records)
STAT(stale)
STAT(malformed)
STAT(cells)
STAT(repeated)
STAT(lost)
STAT(untimely)

static const struct {
	const char *name, *type, *help;
	int64_t (*value)(const struct web_site *w);
} own[] = {
	{ "stadttor_hub_store_connected", "gauge",
	  "Whether the city's store is there.", state_is_up },
	{ "stadttor_hub_store_full", "gauge",
	  "Whether it takes no records, for want of room.", state_is_full },
	{ "stadttor_hub_store_clock_offset_seconds", "gauge",
	  "Its clock, less that of the hub.", state_clock_off_s },
	{ "stadttor_hub_database_older", "gauge",
	  "Whether boxes were told of more figures than the database holds.",
	  state_is_older },
	{ "stadttor_hub_rounds", "counter", "Rounds over all inboxes.",
	  state_rounds },
	{ "stadttor_hub_records", "counter", "Records that were mixed.",
	  stat_records },
	{ "stadttor_hub_records_stale", "counter",
	  "Records of another day or generation of keys.", stat_stale },
	{ "stadttor_hub_malformed", "counter", "Entries that were refused.",
	  stat_malformed },
	{ "stadttor_hub_figures", "counter", "Figures that were counted.",
	  stat_cells },
	{ "stadttor_hub_figures_repeated", "counter",
	  "Figures that were counted already.", stat_repeated },
	{ "stadttor_hub_figures_lost", "counter",
	  "Figures that boxes no longer have.", stat_lost },
	{ "stadttor_hub_figures_untimely", "counter",
	  "Figures that are not counted, as they are of a time that cannot be.",
	  stat_untimely },
};

static bool is_counter(const char *type)
{
	return !strcmp(type, "counter");
}

static void write_head(FILE *out, const char *name, const char *suffix,
		       const char *type, const char *help)
{
	fprintf(out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix, help,
		name, suffix, type);
}

static void write_own(const struct web_site *w, bool is_open, FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		const char *suffix = is_counter(own[i].type) ? "_total" : "";

		write_head(out, own[i].name, is_open ? "" : suffix, own[i].type,
			   own[i].help);
		fprintf(out, "%s%s %" PRId64 "\n", own[i].name, suffix,
			own[i].value(w));
	}
}

/* --- by site ----------------------------------------------------------- */

/* A district is the config's text: only these two mean something here. */
static void write_sample(FILE *out, const char *name, const struct site *s)
{
	fprintf(out, "%s{site=\"%s\",district=\"", name, s->name);
	for (const char *c = s->district; *c; c++)
		fprintf(out, "%s%c", strchr("\"\\", *c) ? "\\" : "", *c);
	fputc('"', out);
}

static void write_up(const struct web_site *w, const struct site *s,
		     const char *name, FILE *out)
{
	enum web_health health = web_health_of(w, s);

	write_sample(out, name, s);
	fprintf(out, "} %d\n", health == WEB_WELL || health == WEB_ILL);
}

static void write_heard(const struct web_site *w, const struct site *s,
			const char *name, FILE *out)
{
	(void)w;
	if (!s->beat.seen_s)
		return;
	write_sample(out, name, s);
	fprintf(out, "} %" PRId64 "\n", s->beat.seen_s);
}

static void write_off(const struct web_site *w, const struct site *s,
		      const char *name, FILE *out)
{
	(void)w;
	write_sample(out, name, s);
	fprintf(out, "} %d\n", *s->off != '\0');
}

static void write_codes(const struct web_site *w, const struct site *s,
			const char *name, FILE *out)
{
	(void)w;
	for (size_t i = 0; i < s->beat.codes; i++) {
		write_sample(out, name, s);
		fprintf(out, ",code=\"%s\"} 1\n", s->beat.code[i]);
	}
}

static void write_version(const struct web_site *w, const struct site *s,
			  const char *name, FILE *out)
{
	(void)w;
	if (!*s->beat.version)
		return;
	write_sample(out, name, s);
	fprintf(out, ",version=\"%s\"} 1\n", s->beat.version);
}

static const struct {
	const char *name, *type, *help;
	void (*write)(const struct web_site *w, const struct site *s,
		      const char *name, FILE *out);
} by_site[] = {
	{ "stadttor_site_up", "gauge", "Whether the box was heard of lately.",
	  write_up },
	{ "stadttor_site_heard_timestamp_seconds", "gauge",
	  "When the box was last heard of, by the store's clock.",
	  write_heard },
	{ "stadttor_site_switched_off", "gauge",
	  "Whether the hub has shut the site out of the store.", write_off },
	{ "stadttor_site_ill", "gauge", "1 for each code of what ails the box.",
	  write_codes },
	{ "stadttor_site_version", "gauge",
	  "1 for the version that the box runs.", write_version },
};

int web_metrics_write(const struct web_site *w, bool is_open, FILE *out)
{
	write_own(w, is_open, out);
	for (size_t i = 0; i < ARRAY_SIZE(by_site); i++) {
		write_head(out, by_site[i].name, "", by_site[i].type,
			   by_site[i].help);
		for (size_t k = 0; k < w->sites->count; k++)
			by_site[i].write(w, &w->sites->site[k], by_site[i].name,
					 out);
	}
	if (is_open)
		fputs("# EOF\n", out);
	return ferror(out) ? -EIO : 0;
}

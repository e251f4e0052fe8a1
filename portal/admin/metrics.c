/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/array.h"

#define LABELS_MAX 128

struct writer {
	FILE *out;
	bool is_open; /* OpenMetrics */
	const struct metrics_source *m;
	const struct family *family; /* under way */
	bool is_counter;
	int err;
};

struct family {
	const char *name; /* without _total */
	const char *type;
	const char *unit; /* NULL: none; else the name ends with it */
	const char *help;
	void (*write)(struct writer *w);
};

/* --- samples ----------------------------------------------------------- */

static void sample(struct writer *w, const char *labels, uint64_t value)
{
	fprintf(w->out, "%s%s%s%s%s %" PRIu64 "\n", w->family->name,
		w->is_counter ? "_total" : "", *labels ? "{" : "", labels,
		*labels ? "}" : "", value);
}

/* name="value", with what the formats want to be escaped */
static void label(char out[LABELS_MAX], const char *name, const char *value)
{
	size_t n = (size_t)snprintf(out, LABELS_MAX, "%s=\"", name);

	for (; *value && n < LABELS_MAX - 4; value++) {
		if (*value == '"' || *value == '\\')
			out[n++] = '\\';
		if ((unsigned char)*value >= 0x20)
			out[n++] = *value;
	}
	out[n++] = '"';
	out[n] = '\0';
}

static void labelled(struct writer *w, const char *name, const char *label_is,
		     uint64_t value)
{
	char text[LABELS_MAX];

	label(text, name, label_is);
	sample(w, text, value);
}

/* --- families: the two processes --------------------------------------- */

static void write_up(struct writer *w)
{
	sample(w, "", w->m->health != NULL);
}

static void write_connected(struct writer *w)
{
	sample(w, "", w->m->is_connected);
}

static void write_of_both(struct writer *w, uint64_t portal, uint64_t netctl)
{
	labelled(w, "process", "portal", portal);
	if (w->m->health)
		labelled(w, "process", "netctl", netctl);
}

static void write_uptime(struct writer *w)
{
	write_of_both(w, w->m->uptime_s,
		      w->m->health ? w->m->health->uptime_s : 0);
}

static void write_generation(struct writer *w)
{
	write_of_both(w, w->m->generation,
		      w->m->health ? w->m->health->generation : 0);
}

static void write_answers_of(struct writer *w, const char *listener,
			     const struct conns_stats *s)
{
	for (int first = 2; first < 6; first++) {
		char text[LABELS_MAX];

		snprintf(text, sizeof(text), "listener=\"%s\",class=\"%dxx\"",
			 listener, first);
		sample(w, text, s->answers[first]);
	}
}

static void write_answers(struct writer *w)
{
	write_answers_of(w, "admin", w->m->operators);
}

static void write_rejected(struct writer *w)
{
	labelled(w, "listener", "admin", w->m->operators->rejected);
}

static void write_reload(struct writer *w)
{
	sample(w, "", w->m->is_reload_refused);
}

static void write_certificates(struct writer *w)
{
	static const char *const names[METRICS_CERTIFICATES] = {
		[METRICS_CERTIFICATE_PORTAL] = "portal",
		[METRICS_CERTIFICATE_ADMIN] = "admin",
	};

	for (int i = 0; i < METRICS_CERTIFICATES; i++)
		if (w->m->certificate_end_s[i] > 0)
			labelled(w, "listener", names[i],
				 (uint64_t)w->m->certificate_end_s[i]);
}

/* --- families: the gate ------------------------------------------------ */

static void write_present(struct writer *w)
{
	const struct ipc_health *h = w->m->health;

	for (size_t i = 0; i < h->zones; i++)
		labelled(w, "zone", h->zone[i].name, h->zone[i].is_present);
}

static void write_full(struct writer *w)
{
	const struct ipc_health *h = w->m->health;

	for (size_t i = 0; i < h->zones; i++)
		labelled(w, "zone", h->zone[i].name, h->zone[i].is_full);
}

static void write_outlet(struct writer *w)
{
	const struct ipc_health *h = w->m->health;

	for (size_t i = 0; i < h->zones; i++)
		labelled(w, "zone", h->zone[i].name,
			 h->zone[i].outlet == IPC_OUTLET_OPEN &&
				 !h->zone[i].is_shut);
}

/* Of those that no guest's packets are needed for. */
static void write_troubles(struct writer *w)
{
	static const enum ipc_trouble told[] = {
		IPC_TROUBLE_MARKS,
		IPC_TROUBLE_INGRESS,
		IPC_TROUBLE_OFFLOAD,
		IPC_TROUBLE_RULES,
	};

	for (size_t i = 0; i < ARRAY_SIZE(told); i++)
		labelled(w, "kind", ipc_trouble_to_string(told[i]),
			 (w->m->health->troubles & told[i]) != 0);
}

static void write_uplinks(struct writer *w)
{
	sample(w, "", w->m->health->uplinks_present);
}

static void write_time_known(struct writer *w)
{
	sample(w, "", w->m->health->time_is_known);
}

static void write_netlink_errors(struct writer *w)
{
	static const char *const kinds[IPC_NETLINK_MAX] = {
		[IPC_NETLINK_NFTABLES] = "nftables",
		[IPC_NETLINK_SHAPING] = "shaping",
		[IPC_NETLINK_CONNTRACK] = "conntrack",
		[IPC_NETLINK_NEIGHBOURS] = "neighbours",
	};

	for (int i = 0; i < IPC_NETLINK_MAX; i++)
		labelled(w, "kind", kinds[i], w->m->health->netlink_errors[i]);
}

static void write_reinstalled(struct writer *w)
{
	sample(w, "", w->m->health->reinstalled);
}

/* --- families: how the figures fare ------------------------------------ */

static void write_store(struct writer *w)
{
	static const char *const states[] = {
		[STORE_ON_DISK] = "on_disk",
		[STORE_IN_MEMORY] = "in_memory",
		[STORE_CANNOT_WRITE] = "cannot_write",
	};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		labelled(w, "state", states[i], w->m->health_of_store == i);
}

static void write_lag(struct writer *w)
{
	sample(w, "", w->m->health->usage_lag_s);
}

static void write_waiting(struct writer *w)
{
	sample(w, "", w->m->health->usage_waiting);
}

static void write_kept(struct writer *w)
{
	sample(w, "", w->m->health->usage_is_kept);
}

static void write_counting(struct writer *w)
{
	sample(w, "", w->m->health->is_counting);
}

/* --- families: the city ------------------------------------------------ */

static void write_city(struct writer *w)
{
	static const char *const states[] = {
		[CITY_BROKEN] = "broken",
		[CITY_AWAY] = "away",
		[CITY_REFUSED] = "refused",
		[CITY_UP] = "up",
	};

	for (size_t i = CITY_BROKEN; i < ARRAY_SIZE(states); i++)
		labelled(w, "state", states[i], w->m->city.state == i);
}

static void write_city_waiting(struct writer *w)
{
	sample(w, "", w->m->city.figures);
}

/* --- families: use ----------------------------------------------------- */

static void write_use_sample(struct writer *w, const char *zone,
			     enum usage_metric metric, double value)
{
	const struct usage_metric_info *i = usage_metric_info(metric);
	char text[LABELS_MAX];

	label(text, "zone", zone);
	fprintf(w->out, "%s{%s,metric=\"%s\",period=\"%s\"} %.12g\n",
		w->family->name, text, i->name,
		usage_period_to_string(usage_series_info(i->series)->period),
		value);
}

static void write_value(const char *zone, enum usage_metric metric,
			const struct store_sum *s, void *arg)
{
	write_use_sample(arg, zone, metric, (double)s->value);
}

static void write_band(const char *zone, enum usage_metric metric,
		       const struct store_sum *s, void *arg)
{
	write_use_sample(arg, zone, metric, store_band(s));
}

static void write_values(struct writer *w)
{
	if (w->m->store && store_read_last(w->m->store, write_value, w))
		w->err = -EIO;
}

static void write_bands(struct writer *w)
{
	if (w->m->store && store_read_last(w->m->store, write_band, w))
		w->err = -EIO;
}

/* --- the tables -------------------------------------------------------- */

static const struct family of_portal[] = {
	{ "stadttor_up", "gauge", NULL, "Whether the controller answers.",
	  write_up },
	{ "stadttor_ipc_connected", "gauge", NULL,
	  "Whether the portal has a connection to the controller.",
	  write_connected },
	{ "stadttor_uptime_seconds", "gauge", "seconds",
	  "Time since the start of a process.", write_uptime },
	{ "stadttor_config_generation", "gauge", NULL,
	  "Configs taken over since the start of a process.",
	  write_generation },
	{ "stadttor_http_answers", "counter", NULL,
	  "Answers to operators, by class of status.", write_answers },
	{ "stadttor_connections_rejected", "counter", NULL,
	  "Operators' connections refused for want of a place.",
	  write_rejected },
	{ "stadttor_certificate_end_seconds", "gauge", "seconds",
	  "When the certificate of a listener ends, since 1970.",
	  write_certificates },
	{ "stadttor_reload_refused", "gauge", NULL,
	  "Whether config, pages or certificates could not be read anew.",
	  write_reload },
	{ "stadttor_store_state", "gauge", NULL,
	  "1 for the state that the database of figures is in.", write_store },
};

static const struct family of_netctl[] = {
	{ "stadttor_zone_present", "gauge", NULL,
	  "Whether the device of a zone is there.", write_present },
	{ "stadttor_zone_full", "gauge", NULL,
	  "Whether a zone lets nobody else in, for want of places.",
	  write_full },
	{ "stadttor_zone_outlet", "gauge", NULL,
	  "Whether devices of a zone that are let in reach the internet.",
	  write_outlet },
	{ "stadttor_trouble", "gauge", NULL,
	  "Whether others undo what the gate does, by kind.", write_troubles },
	{ "stadttor_uplinks_present", "gauge", NULL, "Uplinks that are there.",
	  write_uplinks },
	{ "stadttor_time_known", "gauge", NULL,
	  "Whether the time of day is known.", write_time_known },
	{ "stadttor_netlink_errors", "counter", NULL,
	  "Requests that the kernel refused.", write_netlink_errors },
	{ "stadttor_rules_reinstalled", "counter", NULL,
	  "Rules put back after somebody removed them.", write_reinstalled },
	{ "stadttor_usage_lag_seconds", "gauge", "seconds",
	  "Age of the oldest figures that wait to be stored.", write_lag },
	{ "stadttor_usage_figures_waiting", "gauge", NULL,
	  "Figures that wait to be stored.", write_waiting },
	{ "stadttor_usage_counting", "gauge", NULL,
	  "Whether use is counted: not before the time is known, and not in "
	  "the third life of a day.",
	  write_counting },
	{ "stadttor_usage_kept", "gauge", NULL,
	  "Whether figures outlive a restart of the controller.", write_kept },
};

static const struct family of_city[] = {
	{ "stadttor_city_state", "gauge", NULL,
	  "1 for the state of the connection to the city's store.",
	  write_city },
	{ "stadttor_city_figures_waiting", "gauge", NULL,
	  "Figures that the city's hub has not got.", write_city_waiting },
};

static const struct family of_use[] = {
	{ "stadttor_usage", "gauge", NULL,
	  "Figure of the last hour, day or week, with its noise.",
	  write_values },
	{ "stadttor_usage_band", "gauge", NULL,
	  "What was counted lies so near to it in 95 of 100 cases.",
	  write_bands },
};

static void write_family(struct writer *w, const struct family *f)
{
	const char *suffix;

	w->family = f;
	w->is_counter = !strcmp(f->type, "counter");
	suffix = w->is_counter && !w->is_open ? "_total" : "";
	fprintf(w->out, "# HELP %s%s %s\n", f->name, suffix, f->help);
	fprintf(w->out, "# TYPE %s%s %s\n", f->name, suffix, f->type);
	if (w->is_open && f->unit)
		fprintf(w->out, "# UNIT %s %s\n", f->name, f->unit);
	f->write(w);
}

/* The older format has no type for it. */
static void write_build(struct writer *w)
{
	const char *suffix = w->is_open ? "" : "_info";

	fprintf(w->out, "# HELP stadttor_build%s Version of the portal.\n",
		suffix);
	fprintf(w->out, "# TYPE stadttor_build%s %s\n", suffix,
		w->is_open ? "info" : "gauge");
	fprintf(w->out, "stadttor_build_info{version=\"" VERSION "\"} 1\n");
}

int metrics_write(const struct metrics_source *m, enum metrics_format format,
		  FILE *out)
{
	struct writer w = {
		.out = out,
		.is_open = format == METRICS_OPENMETRICS,
		.m = m,
	};

	write_build(&w);
	for (size_t i = 0; i < ARRAY_SIZE(of_portal); i++)
		write_family(&w, &of_portal[i]);
	for (size_t i = 0; m->health && i < ARRAY_SIZE(of_netctl); i++)
		write_family(&w, &of_netctl[i]);
	for (size_t i = 0; m->city.state && i < ARRAY_SIZE(of_city); i++)
		write_family(&w, &of_city[i]);
	for (size_t i = 0; i < ARRAY_SIZE(of_use); i++)
		write_family(&w, &of_use[i]);
	if (w.is_open)
		fputs("# EOF\n", out);
	return ferror(out) ? -EIO : w.err;
}

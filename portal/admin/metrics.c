/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define LABELS_MAX 128
#define ARRAY(a)   (sizeof(a) / sizeof((a)[0]))

struct writer {
	FILE *out;
	bool is_open; /* OpenMetrics */
	const struct metrics_source *m;
	const struct family *family; /* under way */
	bool is_counter;
};

struct family {
	const char *name; /* without _total */
	const char *type;
	const char *unit; /* NULL: none; else the name ends with it */
	const char *help;
	void (*write)(struct writer *w);
	enum usage_metric metric; /* of write_total() */
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

static void labelled_twice(struct writer *w, const char *zone, const char *name,
			   const char *label_is, uint64_t value)
{
	char first[LABELS_MAX], second[LABELS_MAX];
	char both[2 * LABELS_MAX];

	label(first, "zone", zone);
	label(second, name, label_is);
	snprintf(both, sizeof(both), "%s,%s", first, second);
	sample(w, both, value);
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

static void write_memory(struct writer *w)
{
	write_of_both(w, w->m->memory_bytes,
		      w->m->health ? w->m->health->memory_bytes : 0);
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
	write_answers_of(w, "guest", w->m->guests);
	write_answers_of(w, "admin", w->m->operators);
}

static void write_rejected(struct writer *w)
{
	labelled(w, "listener", "guest", w->m->guests->rejected);
	labelled(w, "listener", "admin", w->m->operators->rejected);
}

/* --- families: the gate ------------------------------------------------ */

static void write_online(struct writer *w)
{
	const struct ipc_health *h = w->m->health;

	for (size_t i = 0; i < h->zones; i++)
		labelled(w, "zone", h->zone[i].name, h->zone[i].online);
}

static void write_present(struct writer *w)
{
	const struct ipc_health *h = w->m->health;

	for (size_t i = 0; i < h->zones; i++)
		labelled(w, "zone", h->zone[i].name, h->zone[i].is_present);
}

static void write_fill(struct writer *w)
{
	const struct ipc_health *h = w->m->health;

	for (size_t i = 0; i < h->zones; i++) {
		char text[LABELS_MAX];

		label(text, "zone", h->zone[i].name);
		fprintf(w->out, "%s{%s} %g\n", w->family->name, text,
			h->zone[i].fill_percent / 100.0);
	}
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

static void write_refused(struct writer *w)
{
	sample(w, "", w->m->health->refused);
}

static void write_throughput(struct writer *w)
{
	labelled(w, "direction", "up", w->m->health->up_bps / 8);
	labelled(w, "direction", "down", w->m->health->down_bps / 8);
}

static void write_histogram(struct writer *w, enum ipc_latency which)
{
	static const uint32_t bound_us[IPC_BUCKETS - 1] = IPC_BUCKET_BOUNDS;
	const struct ipc_histogram *h = &w->m->health->latency[which];
	const char *name = w->family->name;
	uint64_t sum = 0;

	for (int i = 0; i < IPC_BUCKETS - 1; i++) {
		sum += h->bucket[i];
		fprintf(w->out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name,
			bound_us[i] / 1e6, sum);
	}
	sum += h->bucket[IPC_BUCKETS - 1];
	fprintf(w->out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, sum);
	fprintf(w->out, "%s_sum %.6f\n", name, (double)h->sum_us / 1e6);
	fprintf(w->out, "%s_count %" PRIu64 "\n", name, sum);
}

static void write_commits(struct writer *w)
{
	write_histogram(w, IPC_LATENCY_COMMIT);
}

static void write_polls(struct writer *w)
{
	write_histogram(w, IPC_LATENCY_POLL);
}

/* --- families: how the figures fare ------------------------------------ */

static void write_store(struct writer *w)
{
	static const char *const states[] = {
		[STORE_ON_DISK] = "on_disk",
		[STORE_IN_MEMORY] = "in_memory",
		[STORE_CANNOT_WRITE] = "cannot_write",
	};

	for (size_t i = 0; i < ARRAY(states); i++)
		labelled(w, "state", states[i], w->m->store == i);
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

/* --- families: use ----------------------------------------------------- */

static void write_total(struct writer *w)
{
	const struct metrics_totals *t = w->m->totals;

	for (size_t i = 0; i < t->count; i++)
		labelled(w, "zone", t->zone[i].name,
			 t->zone[i].value[w->family->metric]);
}

struct part {
	enum usage_metric metric;
	const char *value;
};

static void write_parts(struct writer *w, const char *name,
			const struct part *part, size_t parts)
{
	const struct metrics_totals *t = w->m->totals;

	for (size_t i = 0; i < t->count; i++)
		for (size_t k = 0; k < parts; k++)
			labelled_twice(w, t->zone[i].name, name, part[k].value,
				       t->zone[i].value[part[k].metric]);
}

static void write_ended(struct writer *w)
{
	static const struct part parts[] = {
		{ USAGE_EXPIRED, "expired" },	{ USAGE_IDLE, "idle" },
		{ USAGE_QUOTA, "quota" },	{ USAGE_LOGOUT, "logout" },
		{ USAGE_OPERATOR, "operator" },
	};

	write_parts(w, "reason", parts, ARRAY(parts));
}

static void write_dwell(struct writer *w)
{
	static const struct part parts[] = {
		{ USAGE_DWELL_5, "<5" },       { USAGE_DWELL_15, "5-15" },
		{ USAGE_DWELL_30, "15-30" },   { USAGE_DWELL_60, "30-60" },
		{ USAGE_DWELL_120, "60-120" }, { USAGE_DWELL_240, "120-240" },
		{ USAGE_DWELL_MORE, ">240" },
	};

	write_parts(w, "minutes", parts, ARRAY(parts));
}

static void write_bytes(struct writer *w)
{
	static const struct part parts[] = {
		{ USAGE_BYTES_UP, "up" },
		{ USAGE_BYTES_DOWN, "down" },
	};

	write_parts(w, "direction", parts, ARRAY(parts));
}

/* --- the tables -------------------------------------------------------- */

static const struct family of_portal[] = {
	{ "stadttor_up", "gauge", NULL, "Whether the controller answers.",
	  write_up, 0 },
	{ "stadttor_ipc_connected", "gauge", NULL,
	  "Whether the portal has a connection to the controller.",
	  write_connected, 0 },
	{ "stadttor_uptime_seconds", "gauge", "seconds",
	  "Time since the start of a process.", write_uptime, 0 },
	{ "stadttor_memory_bytes", "gauge", "bytes",
	  "Resident memory of a process; without /proc the most it has had.",
	  write_memory, 0 },
	{ "stadttor_config_generation", "gauge", NULL,
	  "Configs taken over since the start of a process.", write_generation,
	  0 },
	{ "stadttor_http_answers", "counter", NULL,
	  "Answers by class of status.", write_answers, 0 },
	{ "stadttor_connections_rejected", "counter", NULL,
	  "Connections refused or closed for want of a place.", write_rejected,
	  0 },
	{ "stadttor_store_state", "gauge", NULL,
	  "1 for the state that the database of figures is in.", write_store,
	  0 },
};

static const struct family of_netctl[] = {
	{ "stadttor_online_devices", "gauge", NULL,
	  "Devices online, rounded down to a multiple of five.", write_online,
	  0 },
	{ "stadttor_zone_present", "gauge", NULL,
	  "Whether the device of a zone is there.", write_present, 0 },
	{ "stadttor_sessions_fill_ratio", "gauge", "ratio",
	  "Share of a zone's places that is taken, in steps of a tenth.",
	  write_fill, 0 },
	{ "stadttor_uplinks_present", "gauge", NULL, "Uplinks that are there.",
	  write_uplinks, 0 },
	{ "stadttor_time_known", "gauge", NULL,
	  "Whether the time of day is known.", write_time_known, 0 },
	{ "stadttor_throughput_bytes_per_second", "gauge", "bytes_per_second",
	  "Throughput of the last minute; 0 while few devices are online.",
	  write_throughput, 0 },
	{ "stadttor_netlink_errors", "counter", NULL,
	  "Requests that the kernel refused.", write_netlink_errors, 0 },
	{ "stadttor_netlink_commit_seconds", "histogram", "seconds",
	  "Time that a change of the kernel's tables takes.", write_commits,
	  0 },
	{ "stadttor_poll_seconds", "histogram", "seconds",
	  "Time that reading all counters takes.", write_polls, 0 },
	{ "stadttor_rules_reinstalled", "counter", NULL,
	  "Rules put back after somebody removed them.", write_reinstalled, 0 },
	{ "stadttor_requests_refused", "counter", NULL,
	  "Requests that the controller refused.", write_refused, 0 },
	{ "stadttor_usage_lag_seconds", "gauge", "seconds",
	  "Age of the oldest figures that wait to be stored.", write_lag, 0 },
	{ "stadttor_usage_batches_waiting", "gauge", NULL,
	  "Batches of figures that wait to be stored.", write_waiting, 0 },
	{ "stadttor_usage_kept", "gauge", NULL,
	  "Whether figures outlive a restart of the controller.", write_kept,
	  0 },
};

/* The metric also says whether the config wants the family counted. */
static const struct family of_use[] = {
	{ "stadttor_usage_visitors", "counter", NULL,
	  "Devices online in an hour, added up over hours.", write_total,
	  USAGE_VISITORS },
	{ "stadttor_usage_sessions", "counter", NULL, "Sessions begun.",
	  write_total, USAGE_SESSIONS },
	{ "stadttor_usage_portal_shown", "counter", NULL,
	  "Devices shown the portal in an hour, added up over hours.",
	  write_total, USAGE_SHOWN },
	{ "stadttor_usage_accepted", "counter", NULL,
	  "Taps that let a device in.", write_total, USAGE_ACCEPTED },
	{ "stadttor_usage_ended", "counter", NULL, "Sessions ended, by reason.",
	  write_ended, USAGE_EXPIRED },
	{ "stadttor_usage_dwell_sessions", "counter", NULL,
	  "Sessions ended, by how many minutes they lasted.", write_dwell,
	  USAGE_DWELL_5 },
	{ "stadttor_usage_bytes", "counter", "bytes",
	  "Bytes of layer 3 from devices (up) and to them (down).", write_bytes,
	  USAGE_BYTES_UP },
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
	for (size_t i = 0; i < ARRAY(of_portal); i++)
		write_family(&w, &of_portal[i]);
	for (size_t i = 0; m->health && i < ARRAY(of_netctl); i++)
		write_family(&w, &of_netctl[i]);
	for (size_t i = 0; i < ARRAY(of_use); i++)
		if (m->counted & 1U << of_use[i].metric)
			write_family(&w, &of_use[i]);
	if (w.is_open)
		fputs("# EOF\n", out);
	return ferror(out) ? -EIO : 0;
}

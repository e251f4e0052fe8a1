/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/usage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "netctl/usage/device_index.h"
#include "netctl/usage/release.h"
#include "netctl/usage/release_day.h"
#include "netctl/usage/wallclock.h"

#define HOUR_S	    3600
#define DAY_S	    86400
#define LOOK_MS	    60000 /* the wall clock may be set at any time */
#define BACK_S	    7200  /* a clock that goes back further is followed */
#define UNCOUNTED   -1
#define BIT(metric) (1ULL << (metric))

struct usage {
	struct ledger ledger;
	struct device_index *visits;
	struct wallclock clock;
	unsigned int k;	 /* as configured; in force is that of the ledger */
	uint32_t series; /* bit i: enum usage_series i is counted */
	int slot[SETTINGS_ZONES]; /* in the ledger, or UNCOUNTED */
	uint32_t slots;		  /* bit i: place i of the ledger is one */
	bool is_full;		  /* said so in the log today */
};

struct usage_now usage_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (struct usage_now){
		.boot_ms = clock_ms(),
		.wall_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000,
	};
}

/* --- zones ------------------------------------------------------------- */

static bool zone_is_empty(const struct ledger_zone *z)
{
	for (int m = 0; m < USAGE_RELEASED; m++)
		if (z->value[m])
			return false;
	return !z->day_visitors && !z->day_carried;
}

static int find_slot(const struct usage *u, const char *name)
{
	for (int i = 0; i < LEDGER_ZONES; i++)
		if (!strcmp(u->ledger.image->zone[i].name, name))
			return i;
	return UNCOUNTED;
}

static bool is_counted_zone(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->zones; i++)
		if (s->zone[i].counted && !strcmp(s->zone[i].name, name))
			return true;
	return false;
}

static bool has_visits(const struct usage *u, unsigned int slot)
{
	for (size_t i = 0; i < device_index_count(u->visits); i++)
		if (visit_zone(ledger_visit_at(&u->ledger, i)) == slot)
			return true;
	return false;
}

/* Places of zones that are gone, and of which nothing is left to release. */
static void free_slots(struct usage *u, const struct settings *s)
{
	for (unsigned int i = 0; i < LEDGER_ZONES; i++) {
		struct ledger_zone *z = &u->ledger.image->zone[i];

		if (z->name[0] && !is_counted_zone(s, z->name) &&
		    zone_is_empty(z) && !has_visits(u, i))
			memset(z, 0, sizeof(*z));
	}
}

static int take_slot(struct usage *u, const char *name)
{
	int i = find_slot(u, name);

	if (i == UNCOUNTED)
		i = find_slot(u, ""); /* a free one */
	if (i == UNCOUNTED)
		log_warn("usage: zone %s is not counted before tomorrow", name);
	else
		memcpy(u->ledger.image->zone[i].name, name, IPC_ZONE_NAME_MAX);
	return i;
}

static bool is_unwanted(const struct usage *u, int metric)
{
	enum usage_series series =
		usage_metric_info((enum usage_metric)metric)->series;

	return !(u->series & 1U << series);
}

/* What is not to be counted any more is not released either. */
static void drop_unwanted(struct usage *u)
{
	struct ledger_image *image = u->ledger.image;

	for (int m = 0; m < USAGE_RELEASED; m++) {
		for (size_t i = 0; is_unwanted(u, m) && i < LEDGER_ZONES; i++)
			image->zone[i].value[m] =
				image->zone[i].contributors[m] = 0;
	}
	for (size_t i = 0;
	     is_unwanted(u, USAGE_DAY_VISITORS) && i < LEDGER_ZONES; i++)
		image->zone[i].day_visitors = image->zone[i].day_carried = 0;
	if (is_unwanted(u, USAGE_DAY_VISITORS))
		image->box_day_visitors = image->box_day_carried = 0;
}

void usage_apply(struct usage *u, const struct settings *s)
{
	u->k = (unsigned int)s->usage.k;
	if (u->k > u->ledger.image->k)
		u->ledger.image->k = u->k; /* a lower one waits for midnight */
	u->series = 0;
	for (int i = 0; i < USAGE_SERIES_MAX; i++)
		if (settings_counts(s, (enum usage_series)i))
			u->series |= 1U << i;
	drop_unwanted(u);
	free_slots(u, s);
	u->slots = 0;
	for (size_t i = 0; i < SETTINGS_ZONES; i++) {
		u->slot[i] = i < s->zones && s->zone[i].counted
				     ? take_slot(u, s->zone[i].name)
				     : UNCOUNTED;
		if (u->slot[i] != UNCOUNTED)
			u->slots |= 1U << u->slot[i];
	}
}

static struct ledger_zone *zone_at(const struct usage *u, unsigned int slot)
{
	return &u->ledger.image->zone[slot];
}

/* --- adding up --------------------------------------------------------- */

static bool wants(const struct usage *u, const struct ledger_visit *v,
		  enum usage_series series)
{
	return u->slots & 1U << visit_zone(v) && u->series & 1U << series;
}

static void set_bits(struct usage *u, struct ledger_visit *v, uint64_t bits)
{
	ledger_set(&u->ledger, &v->bits,
		   ledger_get(&u->ledger, &v->bits) | bits);
}

static void contribute(struct usage *u, struct ledger_visit *v,
		       enum usage_metric m, uint64_t amount)
{
	struct ledger_zone *z = zone_at(u, visit_zone(v));

	if (!wants(u, v, usage_metric_info(m)->series))
		return;
	ledger_add(&u->ledger, &z->value[m], amount);
	if (ledger_get(&u->ledger, &v->bits) & BIT(m))
		return;
	set_bits(u, v, BIT(m));
	ledger_add(&u->ledger, &z->contributors[m], 1);
}

/* Once an hour and once a day. */
static void count_visitor(struct usage *u, struct ledger_visit *v)
{
	uint64_t bits = ledger_get(&u->ledger, &v->bits);

	if (!(bits & VISIT_IN_HOUR)) {
		contribute(u, v, USAGE_VISITORS, 1);
		set_bits(u, v, VISIT_IN_HOUR);
	}
	if (bits & VISIT_IN_DAY || !wants(u, v, USAGE_SERIES_VISITORS))
		return;
	if (!device_index_any(u->visits, v->id, VISIT_IN_DAY))
		ledger_add(&u->ledger, &u->ledger.image->box_day_visitors, 1);
	ledger_add(&u->ledger, &zone_at(u, visit_zone(v))->day_visitors, 1);
	set_bits(u, v, VISIT_IN_DAY);
}

/* --- devices ----------------------------------------------------------- */

static struct ledger_visit *add_visit(struct usage *u, uint64_t id,
				      unsigned int slot)
{
	struct ledger_visit *v = device_index_add(u->visits, id, slot);

	if (!v && !u->is_full)
		log_warn("usage: too many devices today to tell them apart; "
			 "further ones are not counted");
	u->is_full = !v;
	return v;
}

/* The record of a device in a zone; NULL: it has none today. */
static struct ledger_visit *find_visit(const struct usage *u, uint16_t zone,
				       const struct mac *mac)
{
	if (u->slot[zone] == UNCOUNTED)
		return NULL;
	return device_index_find(u->visits, device_index_id(u->visits, mac),
				 (unsigned int)u->slot[zone]);
}

/* The same, made where there is none. NULL: it cannot be counted. */
static struct ledger_visit *visit_of(struct usage *u, uint16_t zone,
				     const struct mac *mac)
{
	struct ledger_visit *v = find_visit(u, zone, mac);

	if (v || u->slot[zone] == UNCOUNTED)
		return v;
	return add_visit(u, device_index_id(u->visits, mac),
			 (unsigned int)u->slot[zone]);
}

/* Who only looks takes up half of the day's records at most. */
static bool has_room_for_onlookers(const struct usage *u)
{
	return device_index_count(u->visits) < LEDGER_VISITS / 2;
}

/* The record of a session; one from before midnight gets its name again. */
static struct ledger_visit *visit_of_session(struct usage *u,
					     const struct session *s)
{
	struct ledger_visit *v = device_index_find_handle(u->visits, s->handle);

	if (v && !v->id)
		device_index_set_id(u->visits, v,
				    device_index_id(u->visits, &s->mac));
	return v;
}

/* --- what happens ------------------------------------------------------ */

void usage_shown(struct usage *u, uint16_t zone, const struct mac *mac,
		 uint32_t platform)
{
	struct ledger_visit *v = find_visit(u, zone, mac);
	uint64_t bits;

	if (!v && has_room_for_onlookers(u))
		v = visit_of(u, zone, mac);
	if (!v)
		return;
	bits = ledger_get(&u->ledger, &v->bits);
	if (platform && platform < USAGE_PLATFORMS &&
	    !(bits & VISIT_PLATFORM_MASK))
		set_bits(u, v, (uint64_t)platform << VISIT_PLATFORM_SHIFT);
	if (!(bits & VISIT_SHOWN)) {
		contribute(u, v, USAGE_SHOWN, 1);
		set_bits(u, v, VISIT_SHOWN);
	}
	ledger_commit(&u->ledger);
}

/* The last place is for all that somebody may invent. */
static void count_language(struct usage *u, const char *language)
{
	static const char other[USAGE_LABEL_MAX] = "other";
	struct ledger_image *image = u->ledger.image;
	uint64_t i = 0;

	while (i < image->languages &&
	       memcmp(image->language[i].label, language, USAGE_LABEL_MAX))
		i++;
	if (i >= USAGE_LABELS - 1) {
		i = USAGE_LABELS - 1;
		language = other;
	}
	if (i >= image->languages) {
		memcpy(image->language[i].label, language, USAGE_LABEL_MAX);
		image->language[i].value = 0;
		ledger_set(&u->ledger, &image->languages, i + 1);
	}
	ledger_add(&u->ledger, &image->language[i].value, 1);
}

void usage_accepted(struct usage *u, uint16_t zone, const struct mac *mac,
		    const char language[USAGE_LABEL_MAX])
{
	struct ledger_visit *v = visit_of(u, zone, mac);
	uint64_t platform;

	if (!v)
		return;
	contribute(u, v, USAGE_ACCEPTED, 1);
	if (!device_index_any(u->visits, v->id, VISIT_LABELLED)) {
		platform =
			(v->bits & VISIT_PLATFORM_MASK) >> VISIT_PLATFORM_SHIFT;
		if (wants(u, v, USAGE_SERIES_LANGUAGE) &&
		    usage_label_is_valid(language))
			count_language(u, language);
		if (wants(u, v, USAGE_SERIES_PLATFORM))
			ledger_add(&u->ledger,
				   &u->ledger.image->platform[platform], 1);
		set_bits(u, v, VISIT_LABELLED);
	}
	ledger_commit(&u->ledger);
}

/* A device with a session elsewhere in the zone would be one with two MACs. */
static struct ledger_visit *visit_to_begin(struct usage *u,
					   const struct session *s)
{
	struct ledger_visit *v = visit_of(u, s->zone, &s->mac);

	if (v && v->handle) {
		device_index_set_handle(u->visits, v, 0);
		ledger_commit(&u->ledger);
	}
	return v;
}

void usage_begin(struct usage *u, const struct session *s)
{
	struct ledger_visit *v = visit_of_session(u, s);
	bool is_new = !v;

	if (is_new)
		v = visit_to_begin(u, s);
	if (!v)
		return;
	if (is_new) {
		device_index_set_handle(u->visits, v, s->handle);
		ledger_set(&u->ledger, &v->granted_ms, s->granted_ms);
		contribute(u, v, USAGE_SESSIONS, 1);
		count_visitor(u, v);
	}
	/* another grant starts the counters anew */
	if (is_new || s->up_bytes < v->seen_up ||
	    s->down_bytes < v->seen_down) {
		ledger_set(&u->ledger, &v->seen_up, 0);
		ledger_set(&u->ledger, &v->seen_down, 0);
	}
	ledger_set(&u->ledger, &v->ends_ms, s->ends_ms);
	ledger_commit(&u->ledger);
}

/* Nothing is known of before: the session is taken as it is. */
static void adopt_silently(struct usage *u, const struct session *s)
{
	struct ledger_visit *v = visit_to_begin(u, s);

	if (!v)
		return;
	device_index_set_handle(u->visits, v, s->handle);
	ledger_set(&u->ledger, &v->granted_ms, s->granted_ms);
	ledger_set(&u->ledger, &v->ends_ms, s->ends_ms);
	ledger_set(&u->ledger, &v->seen_up, s->up_bytes);
	ledger_set(&u->ledger, &v->seen_down, s->down_bytes);
	ledger_commit(&u->ledger);
}

/* A counter that is lower than before has started anew. */
static uint64_t growth(uint64_t now, uint64_t seen)
{
	return now >= seen ? now - seen : now;
}

static void count_bytes(struct usage *u, struct ledger_visit *v,
			const struct session *s)
{
	struct ledger *l = &u->ledger;
	uint64_t up = growth(s->up_bytes, v->seen_up);
	uint64_t down = growth(s->down_bytes, v->seen_down);

	if (!up && !down)
		return;
	if (wants(u, v, USAGE_SERIES_BYTES)) {
		contribute(u, v, USAGE_BYTES_UP, up);
		ledger_add(l,
			   &zone_at(u, visit_zone(v))->value[USAGE_BYTES_DOWN],
			   down);
		ledger_add(l, &v->batch_up, up);
		ledger_add(l, &v->batch_down, down);
	}
	count_visitor(u, v);
	ledger_set(l, &v->seen_up, s->up_bytes);
	ledger_set(l, &v->seen_down, s->down_bytes);
	ledger_commit(l);
}

void usage_count(struct usage *u, const struct session *s)
{
	struct ledger_visit *v = visit_of_session(u, s);

	if (!v && u->slot[s->zone] != UNCOUNTED) {
		if (u->ledger.is_fresh) {
			adopt_silently(u, s);
			return;
		}
		usage_begin(u, s);
		v = visit_of_session(u, s);
	}
	if (v)
		count_bytes(u, v, s);
}

/* USAGE_METRICS: a reason that no figure counts. */
static enum usage_metric metric_of_reason(uint8_t reason)
{
	static const enum usage_metric metric[SESSION_REASON_MAX] = {
		[SESSION_REASON_NONE] = USAGE_OPERATOR,
		[SESSION_REASON_EXPIRED] = USAGE_EXPIRED,
		[SESSION_REASON_IDLE] = USAGE_IDLE,
		[SESSION_REASON_QUOTA] = USAGE_QUOTA,
		[SESSION_REASON_LOGOUT] = USAGE_LOGOUT,
		[SESSION_REASON_OPERATOR] = USAGE_OPERATOR,
		[SESSION_REASON_KERNEL] = USAGE_METRICS,
	};

	return metric[reason < SESSION_REASON_MAX ? reason : 0];
}

static void end_visit(struct usage *u, struct ledger_visit *v, uint8_t reason,
		      uint64_t end_ms)
{
	uint64_t ms = end_ms > v->granted_ms ? end_ms - v->granted_ms : 0;
	enum usage_metric ended = metric_of_reason(reason);

	if (ended < USAGE_METRICS)
		contribute(u, v, ended, 1);
	contribute(u, v, usage_dwell_metric(ms / 1000), 1);
	device_index_set_handle(u->visits, v, 0);
	ledger_set(&u->ledger, &v->granted_ms, 0);
	ledger_set(&u->ledger, &v->ends_ms, 0);
	ledger_set(&u->ledger, &v->seen_up, 0);
	ledger_set(&u->ledger, &v->seen_down, 0);
	ledger_commit(&u->ledger);
}

void usage_end(struct usage *u, const struct session *s, uint64_t now_ms)
{
	struct ledger_visit *v = visit_of_session(u, s);

	if (!v)
		return;
	count_bytes(u, v, s);
	end_visit(u, v, s->reason, now_ms);
}

void usage_peak(struct usage *u, uint16_t zone, uint32_t online)
{
	struct ledger_zone *z;

	if (u->slot[zone] == UNCOUNTED ||
	    !(u->series & 1U << USAGE_SERIES_PEAK))
		return;
	z = zone_at(u, (unsigned int)u->slot[zone]);
	if (online > z->peak)
		z->peak = online;
}

/*
 * It is gone, and nobody was there to see why. One whose record has no name
 * any more has not been seen today: it is nobody's contribution.
 */
static void end_unseen(struct usage *u, struct ledger_visit *v, uint64_t now_ms)
{
	bool is_over = v->ends_ms <= now_ms;

	if (v->id) {
		end_visit(u, v,
			  is_over ? SESSION_REASON_EXPIRED
				  : SESSION_REASON_OPERATOR,
			  is_over ? v->ends_ms : now_ms);
		return;
	}
	device_index_set_handle(u->visits, v, 0);
	ledger_commit(&u->ledger);
}

void usage_reconcile(struct usage *u, struct session_table *t, uint64_t now_ms)
{
	size_t count = device_index_count(u->visits);

	for (size_t i = 0; i < count; i++) {
		struct ledger_visit *v = ledger_visit_at(&u->ledger, i);

		if (v->handle && !session_find_handle(t, v->handle))
			end_unseen(u, v, now_ms);
	}
	u->ledger.is_fresh = false;
}

/* --- hours and days ---------------------------------------------------- */

static int64_t time_of(const struct usage *u, uint64_t boot_ms)
{
	return u->ledger.image->is_relative ? (int64_t)(boot_ms / 1000)
					    : wallclock_at(&u->clock, boot_ms);
}

static int64_t hour_of(const struct usage *u, int64_t t)
{
	return u->ledger.image->is_relative ? t - t % HOUR_S
					    : wallclock_hour(t);
}

static int64_t day_of(const struct usage *u, int64_t t)
{
	return u->ledger.image->is_relative ? t - t % DAY_S
					    : wallclock_midnight(t);
}

static void set_period(struct usage *u, int64_t hour_s, int64_t day_s)
{
	struct ledger_image *image = u->ledger.image;

	ledger_set(&u->ledger, &image->hour_s, (uint64_t)hour_s);
	ledger_set(&u->ledger, &image->day_s, (uint64_t)day_s);
	ledger_commit(&u->ledger);
}

/* What was counted since the boot gets its place in time. */
static void place(struct usage *u)
{
	struct ledger_image *image = u->ledger.image;
	int64_t boot_wall_s = wallclock_at(&u->clock, 0);
	int64_t hour_s = wallclock_hour(boot_wall_s + (int64_t)image->hour_s);

	outbox_place(&u->ledger, boot_wall_s);
	ledger_set(&u->ledger, &image->is_relative, 0);
	set_period(u, hour_s, wallclock_midnight(hour_s));
	log_info("usage: the time is known; what was counted since the start "
		 "has its place");
}

static void follow_clock(struct usage *u, const struct usage_now *now)
{
	struct ledger_image *image = u->ledger.image;
	int64_t t;

	wallclock_see(&u->clock, now->boot_ms, now->wall_ms);
	if (!image->is_started) {
		image->is_relative = !u->clock.is_known;
		image->is_started = true;
		t = time_of(u, now->boot_ms);
		set_period(u, hour_of(u, t), day_of(u, t));
		if (image->is_relative)
			log_info("usage: the time of day is not known yet; "
				 "hours are counted from the boot");
	} else if (image->is_relative && u->clock.is_known) {
		place(u);
	}
}

/* A clock that went back a little is waited for. */
static bool hour_is_over(const struct usage *u, int64_t next_hour_s)
{
	int64_t hour_s = (int64_t)u->ledger.image->hour_s;

	return next_hour_s > hour_s || hour_s - next_hour_s > BACK_S;
}

bool usage_tick(struct usage *u, const struct usage_now *now)
{
	struct ledger_image *image = u->ledger.image;
	uint64_t seq = image->last_seq;
	int64_t next_hour_s, next_day_s;

	follow_clock(u, now);
	if (!image->is_relative && !u->clock.is_known)
		return false; /* of an earlier netctl; the clock is gone now */
	next_hour_s = hour_of(u, time_of(u, now->boot_ms));
	if (hour_is_over(u, next_hour_s))
		release_hour(&u->ledger, (unsigned int)image->k, next_hour_s);
	/* apart from the hour: a kill may have come between the two */
	next_day_s = day_of(u, (int64_t)image->hour_s);
	if ((uint64_t)next_day_s != image->day_s) {
		release_day(&u->ledger, u->visits, (unsigned int)image->k,
			    next_day_s);
		image->k = u->k;
		u->is_full = false;
	}
	return image->last_seq != seq;
}

uint64_t usage_due_ms(const struct usage *u, const struct usage_now *now)
{
	int64_t t = u->ledger.image->is_relative
			    ? (int64_t)now->boot_ms
			    : (int64_t)now->boot_ms + u->clock.offset_ms;
	int64_t left_ms =
		((int64_t)u->ledger.image->hour_s + HOUR_S) * 1000 - t;

	if (left_ms < 0 || left_ms > LOOK_MS)
		return LOOK_MS;
	return (uint64_t)left_ms + 1;
}

/* --- life -------------------------------------------------------------- */

struct usage *usage_new(const struct settings *s, uid_t uid, gid_t gid)
{
	struct usage *u = calloc(1, sizeof(*u));
	int err = u ? ledger_open(&u->ledger, s->usage.pending, uid, gid)
		    : -ENOMEM;

	if (!err) {
		tzset();
		u->visits = device_index_new(&u->ledger);
	}
	if (err || !u->visits) {
		log_error("usage: %s", strerror(err ? -err : ENOMEM));
		usage_free(u);
		return NULL;
	}
	release_resume(&u->ledger, u->visits);
	usage_apply(u, s);
	return u;
}

void usage_free(struct usage *u)
{
	if (!u)
		return;
	device_index_free(u->visits);
	ledger_close(&u->ledger);
	free(u);
}

uint64_t usage_stream(const struct usage *u)
{
	return u->ledger.image->stream;
}

bool usage_find_batch(const struct usage *u, uint64_t after, uint64_t boot_ms,
		      struct outbox_batch *batch)
{
	return outbox_find(&u->ledger, after, boot_ms / 1000, batch);
}

union ledger_part usage_part(const struct usage *u, uint64_t i)
{
	union ledger_part part = *outbox_part(&u->ledger, i);

	if (part.row.part.start_s < 0)
		part.row.part.start_s = 0; /* never got its place */
	return part;
}

void usage_forget(struct usage *u, uint64_t committed)
{
	outbox_forget(&u->ledger, committed);
}

struct usage_health usage_health(const struct usage *u,
				 const struct usage_now *now)
{
	int64_t oldest_s = outbox_oldest_s(&u->ledger);
	struct usage_health h = {
		.is_kept = u->ledger.is_kept,
		.time_is_known = u->clock.is_known,
		.waiting = outbox_waiting(&u->ledger),
	};

	if (oldest_s > 0 && u->clock.is_known &&
	    wallclock_at(&u->clock, now->boot_ms) > oldest_s)
		h.lag_s = (uint64_t)(wallclock_at(&u->clock, now->boot_ms) -
				     oldest_s);
	return h;
}

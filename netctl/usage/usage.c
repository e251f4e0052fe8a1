/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/usage.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/random.h"
#include "netctl/usage/cells.h"
#include "netctl/usage/device_index.h"
#include "netctl/usage/lives.h"
#include "netctl/usage/outbox.h"
#include "netctl/usage/period.h"
#include "netctl/usage/places.h"
#include "netctl/usage/wallclock.h"

#define HOUR_S	  3600
#define LOOK_MS	  60000 /* the wall clock may be set at any time */
#define UNCOUNTED -1

struct usage {
	struct ledger *ledger;
	struct device_index *devices;
	struct wallclock clock;
	struct cells_plan plan;
	int slot[SETTINGS_ZONES]; /* in the ledger, or UNCOUNTED */
	bool keeps_lives;
	int lives_fd;
	uint32_t online[LEDGER_ZONES]; /* of the devices looked at so far */
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

/* --- the config -------------------------------------------------------- */

static void apply_zones(struct usage *u, const struct settings *s)
{
	u->plan.slots = 0;
	for (size_t i = 0; i < SETTINGS_ZONES; i++) {
		const struct zone_settings *z = &s->zone[i];

		u->slot[i] = UNCOUNTED;
		if (i < s->zones && z->counted)
			u->slot[i] = cells_take_slot(u->ledger, z->name);
		if (u->slot[i] != UNCOUNTED)
			u->plan.slots |= 1U << u->slot[i];
		else if (i < s->zones && z->counted)
			log_warn("usage: zone %s is not counted before "
				 "tomorrow",
				 z->name);
	}
}

void usage_apply(struct usage *u, const struct settings *s)
{
	u->plan.profile = (enum usage_profile)s->usage.profile;
	u->plan.epsilon = (unsigned int)s->usage.epsilon;
	u->plan.series = 0;
	for (int i = 0; i < USAGE_PLACES; i++)
		if (settings_counts(s, (enum usage_series)i))
			u->plan.series |= 1U << i;
	apply_zones(u, s);
}

/* --- the doings of a device -------------------------------------------- */

static union ledger_doings doings_of(const struct usage *u,
				     const struct ledger_device *d)
{
	return (union ledger_doings){ ledger_get(u->ledger, &d->doings) };
}

static void set_doings(struct usage *u, const struct ledger_device *d,
		       union ledger_doings doings)
{
	ledger_set(u->ledger, &d->doings, doings.word);
}

/* It is in the cell of this hour and zone, unless it is in enough of them. */
static void count_hour(struct usage *u, union ledger_doings *now,
		       unsigned int slot)
{
	uint8_t hour =
		(uint8_t)ledger_image(u->ledger)->period[USAGE_HOUR].number;

	if (now->hour != hour) {
		now->hour = hour;
		now->hour_zones = 0;
	}
	if (now->hour_zones >> slot & 1 || now->hours == USAGE_HOURS_MAX ||
	    !cells_is_open(u->ledger, USAGE_DEVICES_ONLINE, slot))
		return;
	now->hour_zones |= 1U << slot;
	now->hours++;
	cells_add(u->ledger, USAGE_DEVICES_ONLINE, slot, 1);
}

static const struct ledger_device *
device_of(struct usage *u, const struct session *s, unsigned int slot)
{
	return device_index_get(u->devices, &s->mac, LEDGER_ONLINE, slot);
}

/* Its first session says which zone's device of the day it is. */
static void go_online(struct usage *u, const struct ledger_device *d,
		      unsigned int slot)
{
	union ledger_doings now = doings_of(u, d);

	if (!now.is_visitor)
		now.zone = slot & 0x3f;
	now.is_visitor = 1;
	now.ended = USAGE_STAYED - USAGE_EXPIRED;
	count_hour(u, &now, slot);
	set_doings(u, d, now);
}

/* A counter that is lower than before has started anew. */
static uint64_t growth(uint64_t now, uint64_t seen)
{
	return now >= seen ? now - seen : now;
}

static uint64_t at_most(uint64_t value, uint64_t max)
{
	return value < max ? value : max;
}

/* Both directions share what the device may still add today. */
static void count_bytes(struct usage *u, const struct ledger_device *d,
			unsigned int slot, const struct session *s)
{
	uint64_t left = USAGE_BYTES_DEVICE - d->bytes;
	uint64_t up = at_most(growth(s->up_bytes, s->counted_up), left);
	uint64_t down =
		at_most(growth(s->down_bytes, s->counted_down), left - up);

	cells_add(u->ledger, USAGE_BYTES_UP, slot, up);
	cells_add(u->ledger, USAGE_BYTES_DOWN, slot, down);
	ledger_add(u->ledger, &d->bytes, up + down);
}

static void take_counters(struct session *s, uint64_t now_ms)
{
	s->counted_up = s->up_bytes;
	s->counted_down = s->down_bytes;
	s->counted_ms = now_ms;
}

/* --- what happens ------------------------------------------------------ */

void usage_shown(struct usage *u, uint16_t zone, const struct mac *mac,
		 uint32_t platform)
{
	const struct ledger_device *d;
	union ledger_doings now;

	if (u->slot[zone] == UNCOUNTED)
		return;
	d = device_index_get(u->devices, mac, LEDGER_LOOKING,
			     (unsigned int)u->slot[zone]);
	if (!d)
		return;
	now = doings_of(u, d);
	if (!now.platform && platform < USAGE_PLATFORMS)
		now.platform = platform & 7;
	set_doings(u, d, now);
	ledger_commit(u->ledger);
}

void usage_accepted(struct usage *u, uint16_t zone, const struct mac *mac,
		    const char language[USAGE_LABEL_MAX])
{
	const struct ledger_device *d;
	union ledger_doings now;

	if (u->slot[zone] == UNCOUNTED)
		return;
	d = device_index_get(u->devices, mac, LEDGER_ONLINE,
			     (unsigned int)u->slot[zone]);
	if (!d)
		return;
	now = doings_of(u, d);
	if (!now.language)
		now.language = (usage_language_metric(language) -
				USAGE_LANGUAGE_FIRST + 1) &
			       0x1f;
	set_doings(u, d, now);
	ledger_commit(u->ledger);
}

void usage_begin(struct usage *u, struct session *s, uint64_t now_ms)
{
	const struct ledger_device *d = NULL;
	int slot = u->slot[s->zone];

	if (!s->counted_ms)
		take_counters(s, now_ms);
	if (slot != UNCOUNTED)
		d = device_of(u, s, (unsigned int)slot);
	if (!d)
		return;
	go_online(u, d, (unsigned int)slot);
	ledger_commit(u->ledger);
}

static bool has_moved(const struct session *s)
{
	return s->up_bytes != s->counted_up || s->down_bytes != s->counted_down;
}

static void count(struct usage *u, const struct session *s, uint64_t now_ms,
		  const struct ledger_device *d, unsigned int slot)
{
	if (has_moved(s)) {
		go_online(u, d, slot);
		count_bytes(u, d, slot, s);
	}
	ledger_add(u->ledger, &d->online_ms, now_ms - s->counted_ms);
}

void usage_count(struct usage *u, struct session *s, uint64_t now_ms)
{
	const struct ledger_device *d = NULL;
	int slot = u->slot[s->zone];

	/* who is silent since midnight has not been seen today */
	if (s->counted_ms && slot != UNCOUNTED)
		d = has_moved(s) ? device_of(u, s, (unsigned int)slot)
				 : device_index_find(u->devices, &s->mac);
	if (d) {
		count(u, s, now_ms, d, (unsigned int)slot);
		ledger_commit(u->ledger);
		/* a zone has one session a device at most */
		if (doings_of(u, d).is_visitor &&
		    doings_of(u, d).zone == (unsigned int)slot)
			u->online[slot]++;
	}
	take_counters(s, now_ms);
}

void usage_peak(struct usage *u)
{
	const struct ledger_image *image = ledger_image(u->ledger);

	for (unsigned int i = 0; i < LEDGER_ZONES; i++) {
		const uint64_t *most = &image->zone[i].most;

		if (u->online[i] > *most &&
		    cells_is_open(u->ledger, USAGE_MOST, i)) {
			cells_add(u->ledger, USAGE_MOST, i,
				  u->online[i] - *most);
			ledger_set(u->ledger, most, u->online[i]);
			ledger_commit(u->ledger);
		}
	}
	memset(u->online, 0, sizeof(u->online));
}

static enum usage_metric metric_of_reason(uint8_t reason)
{
	static const enum usage_metric metric[SESSION_REASON_MAX] = {
		[SESSION_REASON_NONE] = USAGE_STAYED,
		[SESSION_REASON_EXPIRED] = USAGE_EXPIRED,
		[SESSION_REASON_IDLE] = USAGE_IDLE,
		[SESSION_REASON_QUOTA] = USAGE_QUOTA,
		[SESSION_REASON_LOGOUT] = USAGE_LOGOUT,
		[SESSION_REASON_OPERATOR] = USAGE_OPERATOR,
		[SESSION_REASON_KERNEL] =
			USAGE_STAYED, /* the machine's fault */
	};

	return metric[reason < SESSION_REASON_MAX ? reason : 0];
}

void usage_end(struct usage *u, struct session *s, uint64_t now_ms)
{
	const struct ledger_device *d = device_index_find(u->devices, &s->mac);
	union ledger_doings now;
	int slot = u->slot[s->zone];

	if (!d || slot == UNCOUNTED || !s->counted_ms)
		return;
	count(u, s, now_ms, d, (unsigned int)slot);
	take_counters(s, now_ms);
	now = doings_of(u, d);
	now.ended = (metric_of_reason(s->reason) - USAGE_EXPIRED) & 0xf;
	set_doings(u, d, now);
	ledger_commit(u->ledger);
}

/* --- the end of a day -------------------------------------------------- */

/* A device adds to the cells of days and weeks once, at the end. */
static void settle(struct usage *u, const struct ledger_device *d)
{
	union ledger_doings now = doings_of(u, d);

	if (now.is_settled)
		return;
	if (now.is_visitor) {
		cells_add(u->ledger, USAGE_VISITORS, now.zone, 1);
		cells_add(u->ledger, usage_dwell_metric(d->online_ms / 1000), 0,
			  1);
		cells_add(u->ledger,
			  (enum usage_metric)(USAGE_EXPIRED + now.ended), 0, 1);
		cells_add(u->ledger,
			  (enum usage_metric)(USAGE_PLATFORM_FIRST +
					      now.platform),
			  0, 1);
	} else {
		cells_add(u->ledger, USAGE_ONLOOKERS, now.zone, 1);
	}
	if (now.language)
		cells_add(u->ledger,
			  (enum usage_metric)(USAGE_LANGUAGE_FIRST - 1 +
					      now.language),
			  0, 1);
	now.is_settled = 1;
	set_doings(u, d, now);
	ledger_commit(u->ledger);
}

static void close_period(struct usage *u, enum usage_period period,
			 uint64_t boot_ms)
{
	const struct ledger_image *image = ledger_image(u->ledger);
	const struct ledger_period *p = &image->period[period];

	ledger_set(u->ledger, &p->is_closing, 1);
	if (period == USAGE_DAY)
		ledger_set(u->ledger, &image->is_counting, 0);
	ledger_commit(u->ledger);
	for (size_t i = 0; period == USAGE_DAY && i < ledger_devices(u->ledger);
	     i++)
		settle(u, &image->device[i]);
	cells_close(u->ledger, period, boot_ms);
	if (period == USAGE_DAY) {
		ledger_destroy_day(u->ledger);
		device_index_clear(u->devices);
	}
	ledger_set(u->ledger, &p->is_open, 0);
	ledger_set(u->ledger, &p->is_closing, 0);
	ledger_commit(u->ledger);
}

/* --- the beginning of one ---------------------------------------------- */

static bool has_budget(struct usage *u, int64_t start_s)
{
	return !u->keeps_lives ||
	       lives_begin(u->lives_fd, period_day_number(start_s)) <=
		       LIVES_MAX;
}

static void begin_day(struct usage *u, int64_t start_s)
{
	const struct ledger_image *image = ledger_image(u->ledger);
	uint64_t key[2];

	cells_free_slots(u->ledger, u->plan.slots);
	places_begin_day(u->ledger, &u->plan);
	if (!random_fill(key, sizeof(key)))
		fatal("usage: the kernel has no random numbers");
	ledger_set(u->ledger, &image->key[0], key[0]);
	ledger_set(u->ledger, &image->key[1], key[1]);
	ledger_set(u->ledger, &image->is_counting, has_budget(u, start_s));
	explicit_bzero(key, sizeof(key));
}

static void open_period(struct usage *u, enum usage_period period, int64_t t,
			uint64_t boot_ms)
{
	const struct ledger_period *p =
		&ledger_image(u->ledger)->period[period];
	int64_t start_s = period_start(period, t);

	if (p->is_open)
		return;
	if (period == USAGE_DAY)
		begin_day(u, start_s);
	ledger_set(u->ledger, &p->is_open, 1);
	ledger_add(u->ledger, &p->number, 1);
	ledger_set(u->ledger, &p->start_s, (uint64_t)start_s);
	ledger_set(u->ledger, &p->opened_ms, boot_ms);
	ledger_commit(u->ledger);
}

/* Days before weeks, which end with one. */
bool usage_tick(struct usage *u, const struct usage_now *now)
{
	const struct ledger_image *image = ledger_image(u->ledger);
	uint64_t before = image->end_figure;
	int64_t t;

	wallclock_see(&u->clock, now->boot_ms, now->wall_ms);
	t = u->clock.is_known ? wallclock_at(&u->clock, now->boot_ms) : 0;
	for (int i = 0; i < USAGE_PERIODS; i++) {
		enum usage_period p = (enum usage_period)i;

		if (p == USAGE_WEEK && image->period[USAGE_DAY].is_open)
			continue;
		if (period_is_over(p, &image->period[p],
				   t ? period_start(p, t) : 0, now->boot_ms))
			close_period(u, p, now->boot_ms);
	}
	for (int i = 0; t && i < USAGE_PERIODS; i++)
		open_period(u, (enum usage_period)i, t, now->boot_ms);
	places_begin_minute(u->ledger, &u->plan, now->boot_ms);
	cells_fit(u->ledger, &u->plan, now->boot_ms);
	return image->end_figure != before;
}

uint64_t usage_due_ms(const struct usage *u, const struct usage_now *now)
{
	int64_t next_s =
		(int64_t)ledger_image(u->ledger)->period[USAGE_HOUR].start_s +
		HOUR_S;
	int64_t left_ms =
		next_s * 1000 - (int64_t)now->boot_ms - u->clock.offset_ms;

	if (left_ms < 0 || left_ms > LOOK_MS)
		return LOOK_MS;
	return (uint64_t)left_ms + 1;
}

/* --- life -------------------------------------------------------------- */

struct usage *usage_new(const struct settings *s, uid_t uid, gid_t gid,
			int64_t (*draw)(struct usage_scale t))
{
	struct usage *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	tzset();
	u->plan.draw = draw;
	u->keeps_lives = *s->usage.lives != '\0';
	u->lives_fd = lives_open(s->usage.lives, uid, gid);
	u->ledger = ledger_open(s->usage.pending, uid, gid);
	if (u->ledger)
		u->devices = device_index_new(u->ledger);
	if (!u->devices) {
		usage_free(u);
		return NULL;
	}
	usage_apply(u, s);
	return u;
}

void usage_free(struct usage *u)
{
	if (!u)
		return;
	device_index_free(u->devices);
	ledger_close(u->ledger);
	if (u->lives_fd >= 0)
		close(u->lives_fd);
	free(u);
}

struct ledger *usage_ledger(struct usage *u)
{
	return u->ledger;
}

uint64_t usage_stream(const struct usage *u)
{
	return ledger_image(u->ledger)->stream;
}

size_t usage_read(const struct usage *u, uint64_t after,
		  struct ipc_usage_cell *out, size_t max)
{
	return outbox_read(u->ledger, after, out, max);
}

void usage_forget(struct usage *u, uint64_t committed)
{
	outbox_forget(u->ledger, committed);
}

struct usage_health usage_health(const struct usage *u,
				 const struct usage_now *now)
{
	uint64_t oldest_ms = outbox_oldest_ms(u->ledger);

	return (struct usage_health){
		.is_kept = ledger_is_kept(u->ledger),
		.time_is_known = u->clock.is_known,
		.is_counting = ledger_image(u->ledger)->is_counting,
		.waiting = outbox_waiting(u->ledger),
		.lag_s = oldest_ms ? (now->boot_ms - oldest_ms) / 1000 : 0,
	};
}

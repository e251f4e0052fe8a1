/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/roaming.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "netctl/control/pending.h"
#include "netctl/control/schedule.h"
#include "netctl/control/state.h"
#include "netctl/roam/roam.h"

#define DAY_S	       86400
#define LOOK_MS	       30000 /* at clock and keys, and at sessions without */
#define SETTLE_MAX     256   /* sessions at once, */
#define SETTLE_NEXT_MS 50    /* and then the next */
#define STORE_OFF_MS   (300 * 1000)
#define STORE_OLD_MS   (600 * 1000)
#define FEED_PER_S     16000
#define FEED_REVOKE    32 /* what a look at all sessions counts as */
#define TURNS_MAX      8  /* of a device and day: as many records */
#define SAY_MS	       3600000

/* Of this box's memory for the devices of two days: one part in so many. */
#define MEMORY_SHARE 16
#define IDS_MIN	     10000
#define IDS_MAX	     1000000

_Static_assert(ROAMING_ID_SIZE == RECORD_ID_SIZE, "an id is an id");

struct roaming {
	struct roam *roam; /* NULL: the keys cannot be read */
	char path[PATH_MAX];
	struct city_keys file; /* as in there */
	bool is_stale;	       /* cannot be written */
	struct event timer;
	uint32_t next; /* place of the session that is looked at next */
	bool is_complete;
	bool has_doubt; /* some session may live by a renewal that is none */
	int64_t store_offset_ms; /* its clock minus CLOCK_BOOTTIME */
	uint64_t store_told_ms;	 /* when it told; 0: never */
	uint64_t window_ms;	 /* the second that the budget counts in */
	uint32_t window_used;
	uint64_t said_ms;      /* of records that are not genuine; 0: never */
	uint64_t said_full_ms; /* that log-outs are not told; likewise */
	uint64_t refused;
	uint64_t granted;
};

/* --- who roams ----------------------------------------------------------- */

static bool zone_roams(const struct controller *c, uint16_t zone)
{
	return settings_zone_roams(&c->settings->zone[zone]);
}

static bool is_working(const struct controller *c)
{
	return c->roaming && c->roaming->roam && roam_is_on(c->roaming->roam);
}

bool roaming_is_on(const struct controller *c, uint16_t zone)
{
	return is_working(c) && zone_roams(c, zone);
}

/* Who was let in by a code, the operator or the config has no terms. */
static bool roams(const struct controller *c, const struct session *s)
{
	return roaming_is_on(c, s->zone) && s->state == SESSION_GRANTED &&
	       !s->tag && !s->is_account &&
	       s->terms == c->settings->portal.terms_version;
}

static uint32_t accept_days(const struct controller *c, uint16_t zone)
{
	return (uint32_t)(c->settings->zone[zone].roam_accept_s / DAY_S);
}

static uint8_t terms_in_force(const struct controller *c)
{
	return (uint8_t)c->settings->portal.terms_version;
}

static struct roam_device device_of(const struct controller *c,
				    const struct mac *mac)
{
	return (struct roam_device){
		.network = c->settings->portal.network,
		.mac = *mac,
	};
}

static int64_t utc_s(const struct controller *c)
{
	return wallclock_at(&c->clock, clock_ms());
}

static bool lets_in(const struct controller *c, uint16_t zone,
		    const struct roam_known *known, uint64_t *left_s)
{
	const struct roaming *r = c->roaming;
	uint32_t last =
		roam_last_day(known, terms_in_force(c), accept_days(c, zone));

	if (last < roam_today(r->roam))
		return false;
	*left_s = (uint64_t)(city_day_start(last + 1, r->file.shift_s) -
			     utc_s(c));
	return true;
}

uint32_t roaming_today(const struct controller *c)
{
	return roam_today(c->roaming->roam);
}

void roaming_id(const struct controller *c, const struct mac *mac,
		uint8_t id[ROAMING_ID_SIZE])
{
	struct roam_device d = device_of(c, mac);

	roam_id(c->roaming->roam, &d, id);
}

bool roaming_lets_in(const struct controller *c, uint16_t zone,
		     const struct mac *mac, uint64_t *left_s)
{
	struct roam_device d = device_of(c, mac);
	struct roam_known known;

	return roaming_is_on(c, zone) &&
	       roam_find(c->roaming->roam, &d, &known) &&
	       lets_in(c, zone, &known, left_s);
}

bool roaming_lets_in_id(const struct controller *c, uint16_t zone,
			const uint8_t id[ROAMING_ID_SIZE])
{
	struct roam_known known;
	uint64_t left_s;

	return roaming_is_on(c, zone) &&
	       roam_find_today(c->roaming->roam, id, &known) &&
	       lets_in(c, zone, &known, &left_s);
}

/* --- records of sessions ------------------------------------------------- */

/* Of lines of the log that others can cause as often as they like. */
static bool is_due(uint64_t *said_ms)
{
	uint64_t now_ms = clock_ms();

	if (*said_ms && now_ms - *said_ms < SAY_MS)
		return false;
	*said_ms = now_ms;
	return true;
}

/* false: too many wait for the portal; the next look tries again. */
static bool make(struct controller *c, const uint8_t id[ROAMING_ID_SIZE],
		 const struct roam_known *known)
{
	if (roam_make(c->roaming->roam, id, known))
		return false;
	if (c->watcher.on_city)
		c->watcher.on_city(c->watcher.arg);
	return true;
}

/* Those of the device at this box, in whatever zones. */
static void end_sessions(struct controller *c,
			 const uint8_t id[ROAMING_ID_SIZE])
{
	uint32_t today = roam_today(c->roaming->roam);
	struct session *s;

	SESSION_FOREACH (s, c->sessions)
		if (s->city_day == today &&
		    !memcmp(s->city_id, id, sizeof(s->city_id)))
			pending_end(c, s, SESSION_REASON_LOGOUT);
}

/*
 * Days since the tap, as far as this box knows; known: of before, if anything.
 * What is said again under a new key is no accept, which would outweigh a late
 * log-out.
 */
static struct roam_known renewal_of(const struct controller *c,
				    const struct session *s,
				    const struct roam_known *known)
{
	const struct roaming *r = c->roaming;
	int64_t granted_s = wallclock_at(&c->clock, s->granted_ms);
	uint32_t today = roam_today(r->roam);
	uint32_t age = today - city_day(granted_s, r->file.shift_s);

	if (known)
		age = known->age + today - known->day;
	if (known && !age)
		age = 1;
	return (struct roam_known){
		.terms = terms_in_force(c),
		.age = (uint8_t)(age < RECORD_AGE_MAX ? age : RECORD_AGE_MAX),
	};
}

/* Was in before we started: others may have its record, which we have not. */
static bool waits_for_feed(const struct controller *c, const struct session *s)
{
	return !s->moved_ms && !c->roaming->is_complete;
}

static bool is_settled(const struct controller *c, const struct session *s)
{
	return s->city_day == roam_today(c->roaming->roam) || !roams(c, s) ||
	       waits_for_feed(c, s);
}

/* Its next turn shuts the device out. */
static void shut_out_today(struct controller *c,
			   const uint8_t id[ROAMING_ID_SIZE],
			   struct roam_known *known)
{
	known->turn++;
	known->age = 0;
	if (!make(c, id, known) && is_due(&c->roaming->said_full_ms))
		log_warn("city: log-outs are not told: too many records wait");
}

/* By what was known before today's record, if there is one, or by that. */
static void end_shut_out(struct controller *c, struct session *s,
			 const uint8_t id[ROAMING_ID_SIZE])
{
	struct roam_known today;

	if (roam_find_today(c->roaming->roam, id, &today) &&
	    today.turn % 2 == 0)
		shut_out_today(c, id, &today);
	pending_end(c, s, SESSION_REASON_LOGOUT);
}

/* false: too many wait. */
static bool renew(struct controller *c, struct session *s,
		  const struct roam_known *before)
{
	struct roam_known known = renewal_of(c, s, before);

	return known.age > accept_days(c, s->zone) ||
	       make(c, s->city_id, &known);
}

void roaming_settle(struct controller *c, struct session *s)
{
	struct roam_device d = device_of(c, &s->mac);
	struct roam_known known, today;
	bool is_known;

	if (!is_working(c) || is_settled(c, s))
		return;
	roaming_id(c, &s->mac, s->city_id);
	is_known = roam_find(c->roaming->roam, &d, &known);
	if (is_known && known.turn % 2)
		end_shut_out(c, s, s->city_id);
	else if (!roam_find_today(c->roaming->roam, s->city_id, &today) &&
		 !renew(c, s, is_known ? &known : NULL))
		return;
	s->city_day = roam_today(c->roaming->roam);
}

/* What was said of the device today does not let it in: the next turn does. */
static void accept_anew(struct controller *c, struct session *s,
			struct roam_known *known)
{
	s->city_day = roam_today(c->roaming->roam);
	if (known->turn + 2 > TURNS_MAX)
		return; /* in here alone, until tomorrow */
	known->turn = (uint8_t)((known->turn + 2) & ~1);
	known->age = 0;
	known->terms = terms_in_force(c);
	(void)make(c, s->city_id, known); /* else in here alone as well */
}

void roaming_tapped(struct controller *c, struct session *s)
{
	struct roam_known known;
	uint64_t left_s;

	if (!roams(c, s))
		return;
	roaming_id(c, &s->mac, s->city_id);
	if (!roam_find_today(c->roaming->roam, s->city_id, &known)) {
		known = (struct roam_known){ .terms = terms_in_force(c) };
		if (make(c, s->city_id, &known))
			s->city_day = roam_today(c->roaming->roam);
	} else if (!lets_in(c, s->zone, &known, &left_s)) {
		accept_anew(c, s, &known);
	} else {
		s->city_day = roam_today(c->roaming->roam);
	}
}

/* false: nothing lets it in, so that nothing is to be told. */
static bool is_in_by(const struct controller *c, const struct mac *mac,
		     const uint8_t id[ROAMING_ID_SIZE],
		     struct roam_known *known)
{
	struct roam_device d = device_of(c, mac);

	if (roam_find_today(c->roaming->roam, id, known))
		return known->turn % 2 == 0;
	if (!roam_find(c->roaming->roam, &d, known) || known->turn % 2)
		return false;
	known->turn = 0; /* today's turns are not yet begun */
	return true;
}

void roaming_shut_out(struct controller *c, struct session *s)
{
	struct roam_known known;
	uint8_t id[ROAMING_ID_SIZE];

	if (!roaming_is_on(c, s->zone))
		return;
	roaming_id(c, &s->mac, id);
	if (!is_in_by(c, &s->mac, id, &known))
		return;
	shut_out_today(c, id, &known);
	end_sessions(c, id);
}

/* --- clock and keys ------------------------------------------------------ */

static bool store_agrees(const struct controller *c)
{
	int64_t off_ms = c->roaming->store_offset_ms - c->clock.offset_ms;

	return llabs(off_ms) <= STORE_OFF_MS;
}

static bool clock_is_off(const struct controller *c)
{
	return c->roaming->store_told_ms && !store_agrees(c);
}

/* By a clock that is ahead the keys would be those of a later day for good. */
static bool may_write(const struct controller *c)
{
	const struct roaming *r = c->roaming;

	return r->store_told_ms && store_agrees(c) &&
	       clock_ms() - r->store_told_ms <= STORE_OLD_MS;
}

static int write_keys(struct roaming *r)
{
	int err = city_keys_write(r->path, &r->file, NULL);

	if (err && !r->is_stale)
		log_error("city: %s: %s; who steals this box learns of days "
			  "before today",
			  r->path, strerror(-err));
	r->is_stale = err != 0;
	return err;
}

static void keep_keys(struct controller *c)
{
	struct roaming *r = c->roaming;

	if (may_write(c) && (roam_advance(r->roam, &r->file) || r->is_stale) &&
	    write_keys(r))
		log_debug("city: the keys will be written again later");
}

static void see_clock(struct controller *c)
{
	struct roaming *r = c->roaming;
	struct usage_now now = usage_now();

	wallclock_see(&c->clock, now.boot_ms, now.wall_ms);
	if (c->clock.is_known && !clock_is_off(c))
		roam_set_time(r->roam, wallclock_at(&c->clock, now.boot_ms));
	else
		roam_forget_time(r->roam);
}

/* false: not all of them yet. */
static bool settle_some(struct controller *c)
{
	struct session *s;
	unsigned int settled = 0;

	while ((s = session_at(c->sessions, c->roaming->next))) {
		if (!is_settled(c, s) && settled++ == SETTLE_MAX)
			return false;
		c->roaming->next = s->index + 1;
		roaming_settle(c, s);
	}
	c->roaming->next = 0;
	return true;
}

/* Until the next look, or the turn of the day. */
static uint64_t pause_ms(const struct controller *c)
{
	const struct roaming *r = c->roaming;
	int64_t turn_s;

	if (!is_working(c))
		return LOOK_MS;
	turn_s = city_day_start(roam_today(r->roam) + 1, r->file.shift_s) -
		 utc_s(c);
	return turn_s * 1000 < LOOK_MS ? (uint64_t)(turn_s + 1) * 1000
				       : LOOK_MS;
}

static void look(struct controller *c)
{
	bool has_settled = true;

	see_clock(c);
	keep_keys(c);
	if (is_working(c))
		has_settled = settle_some(c);
	schedule_arm(&c->roaming->timer,
		     has_settled ? pause_ms(c) : SETTLE_NEXT_MS);
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	look(arg);
}

/* --- what the portal carries --------------------------------------------- */

static bool take_budget(struct roaming *r, uint32_t records)
{
	uint64_t now_ms = clock_ms();

	if (now_ms - r->window_ms >= 1000) {
		r->window_ms = now_ms;
		r->window_used = 0;
	}
	if (r->window_used >= FEED_PER_S)
		return false;
	r->window_used += records;
	return true;
}

static void say_refused(struct roaming *r)
{
	r->refused++;
	if (is_due(&r->said_ms))
		log_warn("city: the store has records that no box of the city "
			 "made; "
			 "they count for nothing");
}

/* true: it is new. */
static bool believe(struct controller *c,
		    const uint8_t bytes[IPC_CITY_RECORD_SIZE])
{
	struct record record;
	enum roam_taken taken = roam_take(c->roaming->roam, bytes, &record);

	if (taken == ROAM_REFUSED)
		say_refused(c->roaming);
	if (taken == ROAM_NEW_REVOKE) {
		c->roaming->window_used += FEED_REVOKE;
		end_sessions(c, record.id);
	}
	c->roaming->has_doubt |= taken == ROAM_LATE_REVOKE;
	return taken >= ROAM_NEW;
}

/* A log-out of before came late: whose accept is not of today is settled anew.
 */
static void doubt_renewals(struct controller *c)
{
	struct roaming *r = c->roaming;
	struct roam_known known;
	struct session *s;

	r->has_doubt = false;
	r->window_used += FEED_REVOKE;
	r->next = 0;
	SESSION_FOREACH (s, c->sessions)
		if (s->city_day == roam_today(r->roam) &&
		    (!roam_find_today(r->roam, s->city_id, &known) ||
		     roam_is_renewal(&known)))
			s->city_day = 0;
	schedule_arm(&r->timer, 0);
}

int roaming_feed(struct controller *c, const struct ipc_city_feed *m,
		 uint32_t *count)
{
	if (!c->roaming || !c->roaming->roam)
		return -ENXIO;
	if (!m->count || m->count > IPC_CITY_RECORDS)
		return -EINVAL;
	if (!is_working(c) || !take_budget(c->roaming, m->count))
		return -EAGAIN;
	for (uint32_t i = 0; i < m->count; i++)
		*count += believe(c, m->record[i]);
	if (c->roaming->has_doubt)
		doubt_renewals(c);
	return 0;
}

/* What the portal says may be anything. */
static int64_t bounded(int64_t s)
{
	return s < 0 || s > WALLCLOCK_LATEST_S ? 0 : s;
}

void roaming_see_store(struct controller *c, const struct ipc_city_clock *m)
{
	struct roaming *r = c->roaming;
	bool was_told, was_off, was_complete;

	if (!r || !r->roam)
		return;
	was_told = r->store_told_ms != 0;
	was_off = clock_is_off(c);
	was_complete = r->is_complete;
	r->store_told_ms = clock_ms();
	r->store_offset_ms =
		bounded(m->store_s) * 1000 - (int64_t)r->store_told_ms;
	r->is_complete |= m->is_complete == 1 && is_working(c);
	if (!was_off && clock_is_off(c))
		log_warn("city: this box's clock and the store's differ by "
			 "more than five minutes; guests of the city have to "
			 "tap until they agree");
	if (!was_told || was_off != clock_is_off(c) ||
	    was_complete != r->is_complete)
		schedule_arm(&r->timer, 0);
}

int roaming_take_key(struct controller *c, const struct ipc_city_key *m)
{
	struct roaming *r = c->roaming;
	struct city_wrapped_key w = { .generation = m->generation,
				      .day = m->day };
	struct session *s;

	if (!r || !r->roam)
		return -ENXIO;
	memcpy(w.ct, m->ct, sizeof(w.ct));
	memcpy(w.tag, m->tag, sizeof(w.tag));
	if (!roam_unwrap(r->roam, &w))
		return -EBADMSG;
	log_info("city: took the key of generation %u", w.generation);
	SESSION_FOREACH (s, c->sessions)
		s->city_day = 0; /* has another id now */
	roam_advance(r->roam, &r->file);
	look(c);
	return write_keys(r);
}

size_t roaming_read(const struct controller *c, uint64_t after,
		    struct ipc_city_record *out, size_t max)
{
	if (!c->roaming || !c->roaming->roam)
		return 0;
	return unsent_read(roam_unsent(c->roaming->roam), after, out, max);
}

void roaming_forget(struct controller *c, uint64_t committed)
{
	if (c->roaming && c->roaming->roam)
		unsent_forget(roam_unsent(c->roaming->roam), committed);
}

/* --- life ---------------------------------------------------------------- */

static size_t ids_max(void)
{
	uint64_t bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) *
			 (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t ids = bytes / MEMORY_SHARE / 2 / 16;

	return ids < IDS_MIN ? IDS_MIN : ids > IDS_MAX ? IDS_MAX : (size_t)ids;
}

static void join(struct controller *c, const char *path, int err,
		 const struct city_keys *keys)
{
	struct roaming *r = calloc(1, sizeof(*r));

	if (!r)
		fatal("no memory");
	c->roaming = r;
	snprintf(r->path, sizeof(r->path), "%s", path);
	evtimer_assign(&r->timer, c->base, on_look, c);
	if (err) {
		log_error("city: %s: %s; guests of the city have to tap here",
			  path, err == -EBADMSG ? "damaged" : strerror(-err));
		return;
	}
	r->file = *keys;
	r->roam = roam_new(keys, ids_max());
	if (!r->roam)
		fatal("no memory");
	log_info("city: joined, with the keys of generation %u",
		 keys->generation);
}

void roaming_configure(struct controller *c)
{
	const struct city_settings *city = &c->settings->city;
	struct city_keys keys = { 0 };
	char path[PATH_MAX];
	struct session *s;
	int err = -ENOENT;

	snprintf(path, sizeof(path), "%s/" CITY_KEYS_FILE, city->folder);
	if (city->enabled)
		err = city_keys_read(path, &keys);
	if (err || !c->roaming ||
	    !city_keys_are_equal(&c->roaming->file, &keys))
		roaming_free(c);
	if (err != -ENOENT && !c->roaming)
		join(c, path, err, &keys);
	explicit_bzero(&keys, sizeof(keys));
	SESSION_FOREACH (s, c->sessions)
		s->city_day = 0; /* the network may have another name */
	if (c->roaming && c->roaming->roam)
		look(c);
}

void roaming_free(struct controller *c)
{
	struct roaming *r = c->roaming;

	if (!r)
		return;
	event_del(&r->timer);
	roam_free(r->roam);
	explicit_bzero(r, sizeof(*r));
	free(r);
	c->roaming = NULL;
}

void roaming_count_grant(struct controller *c)
{
	c->roaming->granted++;
}

/* --- described ----------------------------------------------------------- */

static uint16_t troubles(const struct controller *c)
{
	const struct roaming *r = c->roaming;
	unsigned int bits = 0;

	if (!c->clock.is_known)
		bits |= IPC_CITY_NO_CLOCK;
	else if (r->roam && clock_is_off(c))
		bits |= IPC_CITY_CLOCK_OFF;
	else if (!is_working(c))
		bits |= IPC_CITY_KEYS_BROKEN;
	if (r->is_stale)
		bits |= IPC_CITY_KEYS_STALE;
	if (r->roam && roam_is_full(r->roam))
		bits |= IPC_CITY_FULL;
	return (uint16_t)bits;
}

void roaming_describe(const struct controller *c, bool is_portal,
		      struct ipc_city *m)
{
	const struct roaming *r = c->roaming;

	if (!r)
		return;
	m->is_joined = 1;
	m->is_complete = r->is_complete;
	m->troubles = troubles(c);
	m->refused = r->refused;
	m->granted = is_portal ? 0 : r->granted;
	if (!r->roam)
		return;
	m->generation = roam_generation(r->roam);
	m->day = (uint16_t)roam_key_day(r->roam);
	m->grants = (uint32_t)roam_count(r->roam);
	m->unsent =
		is_portal ? 0 : (uint32_t)unsent_count(roam_unsent(r->roam));
}

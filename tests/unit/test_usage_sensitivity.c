/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bound that differential privacy stands on: random days are told the real
 * code twice, with one device and without it, the noise switched off. What it
 * did on one day changes the cells of each series by the series' bound at most,
 * and which cells there are not at all. TRACES says how many days.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/array.h"
#include "common/config/settings_read.h"
#include "netctl/usage/ledger.h"
#include "netctl/usage/usage.h"

#define EVENTS	 120
#define DEVICES	 6 /* number 0 is the one */
#define ZONES	 3
#define CELLS	 20000
#define START_MS 1792886400000LL /* 2026-10-25T00:00Z: the clock goes back */

enum event_type {
	PASS, /* time, and now and then the clock jumps */
	SHOW,
	ACCEPT,
	BEGIN,
	MOVE,
	END,
	LOOK, /* a poll of everybody */
	RESTART,
	CUT, /* the power */
	RELOAD,
	EVENT_TYPES
};

struct event {
	enum event_type type;
	uint16_t device, zone;
	uint64_t amount, other;
};

struct trace {
	struct event event[EVENTS];
	uint64_t day; /* closings of a day before the device's own */
	bool is_full;
};

struct run {
	struct settings *settings;
	struct usage *usage;
	struct usage_now now;
	struct session session[DEVICES][ZONES]; /* state: SESSION_GRANTED */
	bool has_device;
	uint64_t days, seq, fed_up;
	size_t cells;
	struct ipc_usage_cell cell[CELLS];
};

/* Places of a kind, as netctl/usage/places.c has them. */
#define A_MINUTE 600
#define OWN	 256
#define SHARED	 22528
#define OF_DAY	 (LEDGER_ZONES + 1) /* draws a kind: each zone's, shared ones */

static char pending[64], lives[80];
static uint64_t seed = 1;
static bool is_full;
static const struct ledger_image *image;     /* of days of a full table */
static unsigned int draws;		     /* of places, so far */
static unsigned int day_drawn, minute_drawn; /* draws before those of each */
static unsigned int taken[2]; /* draws whose places the device has one of */

static uint64_t random_below(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % n;
}

/* How many there would be without noise. */
static int64_t places_of_draw(bool is_day)
{
	unsigned int *first = is_day ? &day_drawn : &minute_drawn;
	unsigned int last = LEDGER_KINDS * (is_day ? OF_DAY : LEDGER_ZONES);

	if (draws - *first > last)
		*first = draws - 1;
	if (!is_day)
		return A_MINUTE;
	return (draws - *first) % OF_DAY ? OWN : SHARED;
}

/*
 * No noise, but for places where the table is to be full: one or two. Without
 * the device there is one less of each of the two that it took, which is as
 * likely within the budget.
 */
static int64_t no_noise(struct usage_scale t)
{
	int64_t places;

	if (t.n != usage_scale(USAGE_PLACES, USAGE_PROFILE_HOURS, 2).n ||
	    !is_full)
		return 0;
	draws++;
	places = places_of_draw(!image->period[USAGE_DAY].is_open);
	return 1 + draws % 2 + (draws != taken[0] && draws != taken[1]) -
	       places;
}

/* --- which places the device has taken ---------------------------------- */

static void look_at_ledger(void)
{
	int fd = open(pending, O_RDONLY);

	image = mmap(NULL, sizeof(*image), PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(image, MAP_FAILED);
	close(fd);
}

static void note_pool(const struct ledger_pool *now,
		      const struct ledger_pool *before, unsigned int draw)
{
	if (now->taken == before->taken)
		return;
	assert_int_equal(taken[1], 0); /* USAGE_PLACES has a bound of two */
	taken[taken[0] != 0] = draw;
}

static struct ledger_places before[LEDGER_KINDS];

static void remember_places(unsigned int device)
{
	if (is_full && !device)
		memcpy(before, image->places, sizeof(before));
}

/* Since then; the run with the device says so for the one without. */
static void note_places(unsigned int device)
{
	if (!is_full || device)
		return;
	for (unsigned int k = 0; k < LEDGER_KINDS; k++) {
		const struct ledger_places *p = &image->places[k];
		unsigned int day = day_drawn + k * OF_DAY + 1;
		unsigned int minute = minute_drawn + k * LEDGER_ZONES + 1;

		for (unsigned int z = 0; z < LEDGER_ZONES; z++) {
			note_pool(&p->own[z], &before[k].own[z], day + z);
			note_pool(&p->minute[z], &before[k].minute[z],
				  minute + z);
		}
		note_pool(&p->shared, &before[k].shared, day + LEDGER_ZONES);
	}
}

/* --- a trace ----------------------------------------------------------- */

static void make_trace(struct trace *t)
{
	static const uint8_t often[EVENT_TYPES] = {
		[PASS] = 30, [SHOW] = 8,   [ACCEPT] = 8, [BEGIN] = 16,
		[MOVE] = 20, [END] = 8,	   [LOOK] = 12,	 [RESTART] = 3,
		[CUT] = 1,   [RELOAD] = 2,
	};

	t->is_full = random_below(4) == 0;
	t->day = t->is_full ? 0 : random_below(3);
	for (size_t i = 0; i < EVENTS; i++) {
		struct event *e = &t->event[i];
		uint64_t n = random_below(108);
		int type = 0;

		while (n >= often[type])
			n -= often[type++];
		e->type = (enum event_type)type;
		e->device =
			random_below(3) ? (uint16_t)random_below(DEVICES) : 0;
		e->zone = (uint16_t)random_below(ZONES);
		e->amount = random_below(4) ? random_below(400000000)
					    : random_below(3000000000);
		e->other = random_below(1000);
		if (t->is_full && (e->type == CUT || e->type == RELOAD))
			e->type = MOVE;
	}
}

/* --- one run ----------------------------------------------------------- */

static void start(struct run *r)
{
	char error[UCI_ERROR_MAX], text[512];

	snprintf(text, sizeof(text),
		 "config uplink 'wan'\n option device 'wan0'\n"
		 "config usage\n option pending '%s'\n option lives '%s'\n"
		 "config zone 'a'\n option device 'br1'\n"
		 "config zone 'b'\n option device 'br2'\n"
		 "config zone 'c'\n option device 'br3'\n",
		 pending, lives);
	r->settings = settings_parse("trace", text, strlen(text), error);
	assert_non_null(r->settings);
	r->usage = usage_new(r->settings, geteuid(), getegid(), no_noise);
	assert_non_null(r->usage);
}

static void stop(struct run *r)
{
	usage_free(r->usage);
	settings_free(r->settings);
	for (size_t d = 0; d < DEVICES; d++)
		for (size_t z = 0; z < ZONES; z++)
			r->session[d][z].counted_ms = 0; /* to be adopted */
}

static void fetch(struct run *r)
{
	bool is_day = false;
	size_t n;

	do {
		n = usage_read(r->usage, r->seq, &r->cell[r->cells],
			       IPC_USAGE_CELLS);
		for (size_t i = r->cells; i < r->cells + n; i++) {
			is_day |= r->cell[i].metric == USAGE_VISITORS;
			r->seq = r->cell[i].seq;
		}
		r->cells += n;
		assert_true(r->cells + IPC_USAGE_CELLS < CELLS);
	} while (n);
	r->days += is_day;
	usage_forget(r->usage, r->seq);
}

static void pass(struct run *r, const struct event *e)
{
	static const uint64_t spans_min[] = { 1, 7, 20, 61, 150, 600, 1560 };
	uint64_t ms = 60000 * spans_min[e->other % ARRAY_SIZE(spans_min)];

	if (is_full && ms > 600000)
		ms = 600000;
	r->now.boot_ms += ms;
	r->now.wall_ms += (int64_t)ms;
	if (e->other < 40 && !is_full) /* the clock is set */
		r->now.wall_ms += (int64_t)(e->amount % 7200000) - 3540000;
	usage_tick(r->usage, &r->now);
	fetch(r);
}

static void look(struct run *r)
{
	for (unsigned int d = 0; d < DEVICES; d++) {
		remember_places(d);
		for (size_t z = 0; z < ZONES; z++)
			if (r->session[d][z].state == SESSION_GRANTED)
				usage_count(r->usage, &r->session[d][z],
					    r->now.boot_ms);
		note_places(d);
	}
	usage_peak(r->usage);
}

static void cut(struct run *r)
{
	stop(r);
	unlink(pending);
	for (size_t d = 0; d < DEVICES; d++)
		for (size_t z = 0; z < ZONES; z++)
			r->session[d][z].state = SESSION_UNKNOWN;
	r->days = UINT64_MAX / 2; /* the device comes no more */
	r->seq = 0;
	start(r);
	usage_tick(r->usage, &r->now);
	fetch(r);
}

static void do_session(struct run *r, const struct event *e)
{
	struct session *s = &r->session[e->device][e->zone];

	if (e->type == BEGIN && s->state != SESSION_GRANTED) {
		memset(s, 0, sizeof(*s));
		s->zone = e->zone;
		s->mac = (struct mac){ { 2, 0, 0, 0, 1, (uint8_t)e->device } };
		s->state = SESSION_GRANTED;
		usage_begin(r->usage, s, r->now.boot_ms);
	}
	if (s->state != SESSION_GRANTED)
		return;
	s->up_bytes += e->amount / 3;
	s->down_bytes += e->amount;
	if (e->type == MOVE)
		usage_count(r->usage, s, r->now.boot_ms);
	if (e->type == MOVE)
		usage_peak(r->usage);
	if (e->type != END)
		return;
	s->reason = (uint8_t)(1 + e->other % 6);
	s->state = SESSION_ENDED;
	usage_end(r->usage, s, r->now.boot_ms);
}

static void do_device(struct run *r, const struct event *e)
{
	static const char *const languages[] = { "de", "en", "xx", "" };
	const struct mac mac = { { 2, 0, 0, 0, 1, (uint8_t)e->device } };
	char language[USAGE_LABEL_MAX] = "";

	if (e->type == SHOW)
		usage_shown(r->usage, e->zone, &mac, (uint32_t)e->other % 9);
	strcpy(language, languages[e->other % 4]);
	if (e->type == ACCEPT)
		usage_accepted(r->usage, e->zone, &mac, language);
	if (e->type != SHOW && e->type != ACCEPT)
		do_session(r, e);
}

/* The one device's day: all that it does comes between two closings. */
static bool is_there(struct run *r, const struct trace *t)
{
	for (size_t z = 0; r->days > t->day && z < ZONES; z++)
		r->session[0][z].state = SESSION_UNKNOWN;
	return r->has_device && r->days == t->day;
}

static void play_event(struct run *r, const struct trace *t,
		       const struct event *e)
{
	switch (e->type) {
	case PASS:
		pass(r, e);
		return;
	case LOOK:
		is_there(r, t);
		look(r);
		return;
	case RESTART:
		stop(r);
		start(r);
		usage_tick(r->usage, &r->now);
		fetch(r);
		return;
	case CUT:
		cut(r);
		return;
	case RELOAD:
		r->settings->zone[e->zone].counted ^= 1;
		r->settings->usage.epsilon = 1 + e->other % 3;
		usage_apply(r->usage, r->settings);
		return;
	case SHOW:
	case ACCEPT:
	case BEGIN:
	case MOVE:
	case END:
	case EVENT_TYPES:
		break;
	}
	if (!e->device && !is_there(r, t))
		return;
	remember_places(e->device);
	do_device(r, e);
	note_places(e->device);
}

static void play(struct run *r, const struct trace *t, bool has_device)
{
	static const struct event day = { .type = PASS, .other = 6 };

	memset(r, 0, sizeof(*r));
	unlink(pending);
	unlink(lives);
	is_full = t->is_full;
	draws = day_drawn = minute_drawn = 0;
	r->has_device = has_device;
	r->now = (struct usage_now){ 1000000, START_MS };
	start(r);
	look_at_ledger();
	usage_tick(r->usage, &r->now);
	if (is_full) /* no place is without noise */
		assert_int_equal(draws, LEDGER_KINDS * (OF_DAY + LEDGER_ZONES));
	for (size_t i = 0; i < EVENTS; i++)
		play_event(r, t, &t->event[i]);
	is_full = false; /* long spans again, until all is told */
	for (int i = 0; i < 9; i++)
		pass(r, &day);
	stop(r);
	munmap((void *)image, sizeof(*image));
}

/* --- the two ----------------------------------------------------------- */

static uint64_t distance(int64_t a, int64_t b)
{
	return a > b ? (uint64_t)(a - b) : (uint64_t)(b - a);
}

/* The series that changes by more than its bound; USAGE_SERIES: none does. */
static enum usage_series compare(const struct run *with,
				 const struct run *without,
				 uint64_t changed[USAGE_SERIES])
{
	uint64_t sum[USAGE_SERIES] = { 0 }, touched = 0;

	assert_int_equal(with->cells, without->cells);
	for (size_t i = 0; i < with->cells; i++) {
		const struct ipc_usage_cell *a = &with->cell[i];
		const struct ipc_usage_cell *b = &without->cell[i];
		enum usage_series s =
			usage_metric_info((enum usage_metric)a->metric)->series;

		assert_true(a->metric == b->metric && a->hours == b->hours &&
			    a->start_s == b->start_s &&
			    !strcmp(a->zone, b->zone));
		sum[s] += distance(a->value, b->value);
		touched += s == USAGE_BYTES && a->value != b->value;
	}
	for (int s = 0; s < USAGE_SERIES; s++) {
		uint64_t bound = usage_series_info((enum usage_series)s)->bound;

		/* bytes are told in units, rounded down */
		if (s == USAGE_BYTES)
			bound += touched * USAGE_BYTES_UNIT;
		changed[s] = sum[s];
		if (sum[s] > bound)
			return (enum usage_series)s;
	}
	return USAGE_SERIES;
}

static void assert_near(const struct trace *t, uint64_t most[USAGE_SERIES])
{
	static struct run with, without;
	uint64_t changed[USAGE_SERIES];
	enum usage_series over;

	taken[0] = taken[1] = 0;
	play(&with, t, true);
	play(&without, t, false);
	over = compare(&with, &without, changed);
	if (over != USAGE_SERIES)
		fail_msg("%s changes by %llu", usage_series_info(over)->name,
			 (unsigned long long)changed[over]);
	for (int s = 0; s < USAGE_SERIES; s++)
		if (changed[s] > most[s])
			most[s] = changed[s];
}

static void test_one_device_changes_no_more_than_the_bound(void **state)
{
	static struct trace t;
	uint64_t most[USAGE_SERIES] = { 0 };
	const char *wanted = getenv("TRACES");
	long traces = wanted ? atol(wanted) : 1000;

	(void)state;
	for (long i = 0; i < traces; i++) {
		make_trace(&t);
		assert_near(&t, most);
	}
	/* and it does come near: the test can fail */
	for (int s = 0; s < USAGE_PLACES && traces >= 1000; s++)
		assert_true(most[s] >=
			    usage_series_info((enum usage_series)s)->bound /
				    10 * 9);
}

static int set_up(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	snprintf(pending, sizeof(pending), "/dev/shm/stadttor-trace-%d",
		 (int)getpid());
	snprintf(lives, sizeof(lives), "%s-lives", pending);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(pending);
	unlink(lives);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_one_device_changes_no_more_than_the_bound),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

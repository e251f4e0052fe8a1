/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/intake/round.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/array.h"
#include "common/clock.h"
#include "common/stringify.h"
#include "hub/intake/entry.h"
#include "hub/intake/standby.h"
#include "hub/intake/weigh.h"

#define PAGE_ENTRIES 8 /* of an inbox: what a box has under way at once */
#define BEATS	     2 /* one, and whether there are more */
#define DAY_S	     86400
#define KEEP_DAYS    4 /* its own, and three */
#define BEATS_MS     30000
#define CLOCK_OFF_S  300
#define EARLIEST_S   1767225600 /* 2026-01-01: older than we are */

/* --- replies, as the phases take them ---------------------------------- */

/* Of a key such as "in:rathaus". */
static struct site *site_of_key(struct round *p, const struct redisReply *r)
{
	char name[CITY_SITE_MAX];
	size_t len;
	const char *key = resp_bytes(r, &len);
	const char *colon = key ? memchr(key, ':', len) : NULL;

	if (!colon || len - (size_t)(colon + 1 - key) >= sizeof(name))
		return NULL;
	len -= (size_t)(colon + 1 - key);
	memcpy(name, colon + 1, len);
	name[len] = '\0';
	return sites_find(p->sites, name);
}

/* Calls on_entry for each entry of what XREAD answers. false: the reply makes
 * no sense, or on_entry says that it is enough. */
typedef bool entry_fn(struct round *p, struct site *s,
		      const struct intake_entry *e);

static bool each_entry(struct round *p, const struct redisReply *r,
		       entry_fn *on_entry)
{
	for (size_t i = 0; i < resp_count(r); i++) {
		const struct redisReply *stream = resp_at(r, i);
		const struct redisReply *entries = resp_at(stream, 1);
		struct site *s = site_of_key(p, resp_at(stream, 0));

		for (size_t k = 0; s && k < resp_count(entries); k++) {
			struct intake_entry e = entry_of(resp_at(entries, k));

			if (!e.id || !on_entry(p, s, &e))
				return false;
		}
	}
	return true;
}

/* XREAD of a page of sites from p->at on. false: there are no more. */
static bool read_page(struct round *p, const char *prefix, const char *count)
{
	struct command *c = command_start(&p->command, "XREAD");
	const struct sites *all = p->sites;

	command_put(c, "COUNT", 5);
	command_put(c, count, strlen(count));
	command_put(c, "STREAMS", 7);
	for (; p->at < all->count && c->texts < p->page; p->at++) {
		if (*all->site[p->at].off)
			continue;
		p->last = &all->site[p->at];
		command_text(c, "%s:%s", prefix, p->last->name);
	}
	for (size_t i = 0; i < c->texts; i++)
		command_put(c, "0", 1);
	p->keys = c->texts;
	return c->texts != 0;
}

bool round_lose_page(struct round *p, bool is_beyond)
{
	if (p->keys > 1)
		p->page = p->keys / 2;
	else if (p->keys && is_beyond)
		intake_refuse_reply(p->intake, p->last);
	is_beyond &= p->keys != 0;
	p->keys = 0;
	return is_beyond;
}

static bool is_page_under_way(const struct round *p)
{
	return p->under_way != 0; /* one at a time bounds memory */
}

/* --- what the boxes were told ------------------------------------------ */

static bool on_promise(struct round *p, struct site *s,
		       const struct intake_entry *e)
{
	struct city_stream told = { .site = s->id }, known;
	char text[48];
	int end = 0;

	if (!e->value || e->value_len >= sizeof(text))
		return true;
	memcpy(text, e->value, e->value_len);
	text[e->value_len] = '\0';
	if (sscanf(text, "%16" SCNx64 " %19" SCNu64 "%n", &told.stream,
		   &told.seq, &end) < 2 ||
	    text[end])
		return true;
	known = told;
	if (city_db_get_stream(p->db, &known) == -ENOENT)
		known.seq = 0;
	p->older += told.seq > known.seq;
	return true;
}

static bool ask_promises(struct round *p)
{
	if (!p->is_new || !p->state.is_leader || is_page_under_way(p))
		return false;
	return read_page(p, "c", "1");
}

static void on_promises(struct round *p, const struct redisReply *r,
			struct site *s)
{
	(void)s;
	each_entry(p, r, on_promise);
}

static void end_promises(struct round *p)
{
	struct sites *all = p->sites;

	if (!p->is_new || !p->state.is_leader)
		return;
	p->state.is_older = p->older != 0;
	if (p->older)
		log_error("the database is older than what %zu boxes were told "
			  "is counted: what they have not kept is missing; "
			  "nothing is counted twice",
			  p->older);
	for (size_t i = 0; i < all->count; i++)
		all->site[i].is_told_due = all->site[i].counted.stream != 0;
}

/* --- heartbeats -------------------------------------------------------- */

static bool ask_beats(struct round *p)
{
	if (p->beats_ms > clock_ms() || is_page_under_way(p))
		return false;
	return read_page(p, "hb", STRINGIFY(BEATS));
}

/* The last one that was read: an older one is to go. */
static void take_beat(struct round *p, struct site *s,
		      const struct redisReply *entries)
{
	size_t count = resp_count(entries);
	struct intake_entry e = entry_of(resp_at(entries, count - 1));

	if (count == BEATS)
		s->has_old_beats = s->is_full = true;
	if (e.id)
		intake_take_beat(p->intake, s, &e);
}

static void on_beats(struct round *p, const struct redisReply *r,
		     struct site *asked)
{
	(void)asked;
	for (size_t i = 0; i < resp_count(r); i++) {
		const struct redisReply *stream = resp_at(r, i);
		struct site *s = site_of_key(p, resp_at(stream, 0));

		if (s)
			take_beat(p, s, resp_at(stream, 1));
	}
}

static void end_beats(struct round *p)
{
	uint64_t now_ms = clock_ms();

	if (p->beats_ms <= now_ms)
		p->beats_ms = now_ms + BEATS_MS;
}

/* --- the store's time -------------------------------------------------- */

static bool ask_time(struct round *p)
{
	if (p->at++)
		return false;
	command_start(&p->command, "TIME");
	return true;
}

/* Boxes know nothing of this machine's clock, and make no records by another
 * one than the store's: theirs says whose is wrong. */
static void say_clock(struct round *p, bool is_doubted)
{
	int64_t off = p->state.clock_off_s;
	bool is_off = off > CLOCK_OFF_S || off < -CLOCK_OFF_S;

	if (is_doubted && !p->said_doubted)
		log_error("most boxes find the store's clock wrong, which is "
			  "%" PRId64 " s off this machine's: until they agree "
			  "nothing is taken for old",
			  off);
	else if (is_off && !p->said_clock && !is_doubted)
		log_warn("the store's clock is %" PRId64 " s off this "
			 "machine's; days are counted by the store's, and "
			 "what only one of them finds old is kept",
			 off);
	p->said_clock = is_off;
	p->said_doubted = is_doubted;
}

/* What follows from the store's clock, this machine's and those of boxes. */
static void judge_clocks(struct round *p, struct intake_time *t)
{
	int64_t here_s = (int64_t)time(NULL);

	p->state.clock_off_s = t->now_s - here_s;
	t->is_doubted = sites_doubt_clock(p->sites);
	t->is_sure = !t->is_doubted && llabs(p->state.clock_off_s) < DAY_S &&
		     t->now_s >= EARLIEST_S;
	if (!t->is_doubted)
		t->over_s = t->now_s < here_s ? t->now_s : here_s;
	say_clock(p, t->is_doubted);
}

static void on_time(struct round *p, const struct redisReply *r, struct site *s)
{
	struct intake_time t = { .generation = p->generation };
	size_t len;
	const char *text = resp_bytes(resp_at(r, 0), &len);

	(void)s;
	t.now_s = text ? strtoll(text, NULL, 10) : 0;
	if (t.now_s <= 0) {
		connection_refuse(p->connection, "its TIME is none");
		return;
	}
	t.day = (t.now_s - p->shift_s) / DAY_S;
	p->state.now_s = t.now_s;
	p->is_cut = false;
	judge_clocks(p, &t);
	intake_begin(p->intake, &t);
}

/* --- inboxes ----------------------------------------------------------- */

static bool ask_entries(struct round *p)
{
	if (!p->state.is_leader || is_page_under_way(p))
		return false;
	return read_page(p, "in", STRINGIFY(PAGE_ENTRIES));
}

static bool on_entry(struct round *p, struct site *s,
		     const struct intake_entry *e)
{
	return intake_take(p->intake, s, e);
}

/* An inbox that had as much as was asked for may have much more. */
static void note_full(struct round *p, const struct redisReply *r)
{
	for (size_t i = 0; i < resp_count(r); i++) {
		const struct redisReply *stream = resp_at(r, i);
		struct site *s = site_of_key(p, resp_at(stream, 0));

		if (s && resp_count(resp_at(stream, 1)) >= PAGE_ENTRIES)
			s->is_full = true;
	}
}

static void on_entries(struct round *p, const struct redisReply *r,
		       struct site *s)
{
	(void)s;
	note_full(p, r);
	if (each_entry(p, r, on_entry))
		return;
	p->is_cut = true;
	p->at = p->sites->count; /* the rest comes again */
}

/* Pages that were too large for a reply grow again. */
static void end_entries(struct round *p)
{
	p->page = p->page * 2 < COMMAND_PAGE ? p->page * 2 : COMMAND_PAGE;
}

/* --- records ----------------------------------------------------------- */

static bool ask_delivery(struct round *p)
{
	static uint8_t batch[RECORD_BATCH * RECORD_BYTES];
	struct command *c;
	int64_t day, today = intake_day(p->intake);
	size_t count;

	if (p->is_failed)
		return false;
	count = intake_batch(p->intake, &day, batch);
	if (!count)
		return false;
	p->days |= (uint8_t)(1 << (day - today + 1));
	c = command_start(&p->command, "XADD");
	command_text(c, "g:%" PRId64, day);
	command_put(c, "*", 1);
	command_put(c, "r", 1);
	command_put(c, (const char *)batch, count * RECORD_BYTES);
	return true;
}

/* It may read, but not write. */
bool round_is_full(const char *code)
{
	static const char *const codes[] = { "OOM", "MISCONF", "NOREPLICAS" };

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (!strcmp(codes[i], code))
			return true;
	return false;
}

static void on_delivery(struct round *p, const struct redisReply *r,
			struct site *s)
{
	char code[RESP_CODE_MAX];

	(void)s;
	if (!resp_error(r, code))
		return;
	p->is_failed = true;
	if (!p->said_full)
		log_error("the store takes no records (%s): whoever is let in "
			  "now is known at one box only; they wait in the "
			  "inboxes",
			  code);
	p->said_full = true;
}

static void end_delivery(struct round *p)
{
	p->state.is_full = p->is_failed;
	if (p->is_failed)
		return;
	if (p->said_full)
		log_info("the store takes records again");
	p->said_full = false;
	intake_delivered(p->intake);
}

static bool ask_expiry(struct round *p)
{
	int64_t day;
	struct command *c;

	while (p->at < 3 && !(p->days >> p->at & 1))
		p->at++;
	if (p->at == 3)
		return false;
	day = intake_day(p->intake) - 1 + (int64_t)p->at++;
	c = command_start(&p->command, "EXPIRE");
	command_text(c, "g:%" PRId64, day);
	command_text(c, "%" PRId64,
		     (day + KEEP_DAYS) * DAY_S + p->shift_s - p->state.now_s);
	return true;
}

/* --- what has been dealt with ------------------------------------------ */

static bool ask_deletion(struct round *p)
{
	struct site *s;
	const char *id[INTAKE_DONE];
	size_t count = intake_done(p->intake, id, &s);
	struct command *c;

	if (!count)
		return false;
	c = command_start(&p->command, "XDEL");
	command_key(c, COMMAND_INBOX, s->name);
	for (size_t i = 0; i < count; i++)
		command_put(c, id[i], strlen(id[i]));
	return true;
}

static bool ask_telling(struct round *p)
{
	struct sites *all = p->sites;
	struct command *c;
	struct site *s;

	while (p->at < all->count && !all->site[p->at].is_told_due)
		p->at++;
	if (p->at == all->count || !p->state.is_leader)
		return false;
	s = &all->site[p->at++];
	p->asked[(p->asked_at + p->under_way) % ROUND_WINDOW] = s;
	c = command_start(&p->command, "XADD");
	command_text(c, "c:%s", s->name);
	command_put(c, "MAXLEN", 6);
	command_put(c, "1", 1);
	command_put(c, "*", 1);
	command_put(c, "c", 1);
	command_text(c, "%016" PRIx64 " %" PRIu64, s->counted.stream,
		     s->counted.seq);
	return true;
}

static void on_told(struct round *p, const struct redisReply *r, struct site *s)
{
	char code[RESP_CODE_MAX];

	(void)p;
	if (!resp_error(r, code))
		s->is_told_due = false;
}

/* --- codes of the city ------------------------------------------------- */

/* The last of them is there, or all are written anew: each by its own id. */
static bool ask_for_codes(struct round *p)
{
	static struct voucher_published last;
	struct command *c;

	if (!p->codes_are_new || p->at)
		return false;
	if (!p->at++) {
		codes_forget(p->codes, intake_over_s(p->intake));
		codes_last(p->codes, &last);
	}
	if (!last.id)
		return false;
	codes_have(p->codes, last.id);
	p->codes_are_gone = true;
	c = command_start(&p->command, "XREAD");
	command_put(c, "COUNT", 5);
	command_put(c, "1", 1);
	command_put(c, "STREAMS", 7);
	command_put(c, "v", 1);
	command_text(c, "%" PRId64 "-0", last.id);
	return true;
}

static void on_codes(struct round *p, const struct redisReply *r,
		     struct site *s)
{
	const struct redisReply *entries = resp_at(resp_at(r, 0), 1);
	char code[RESP_CODE_MAX];

	(void)s;
	p->codes_are_gone = resp_error(r, code) || !resp_count(entries);
}

static void end_codes(struct round *p)
{
	p->codes_are_new = false;
}

static bool ask_publishing(struct round *p)
{
	static struct voucher_published next;
	struct command *c;

	if (p->is_failed || is_page_under_way(p)) /* one after the other */
		return false;
	if (p->codes_are_gone) {
		codes_have(p->codes, 0);
		p->codes_are_gone = false;
		c = command_start(&p->command, "DEL");
		command_put(c, "v", 1);
		return true;
	}
	if (!codes_next(p->codes, &next))
		return false;
	codes_have(p->codes, next.id);
	c = command_start(&p->command, "XADD");
	command_put(c, "v", 1);
	command_text(c, "%" PRId64 "-1", next.id);
	command_put(c, "v", 1);
	command_put(c, (const char *)next.bytes, next.len);
	return true;
}

/* An id that the store finds too small, too: all are written anew. */
static void on_published(struct round *p, const struct redisReply *r,
			 struct site *s)
{
	char code[RESP_CODE_MAX];

	(void)s;
	if (!resp_error(r, code))
		return;
	p->is_failed = true;
	p->codes_are_new = true;
	if (!p->said_codes)
		log_error("the store takes no codes of the city (%s): boxes "
			  "do not hear of new ones, nor of what was revoked",
			  code);
	p->said_codes = true;
}

static void end_publishing(struct round *p)
{
	if (p->is_failed)
		return;
	if (p->said_codes)
		log_info("the store takes codes of the city again");
	p->said_codes = false;
}

static bool ask_emptying(struct round *p)
{
	struct sites *all = p->sites;
	struct command *c;
	struct site *s;

	while (p->at < all->count && !all->site[p->at].is_off_due)
		p->at++;
	if (p->at == all->count)
		return false;
	s = &all->site[p->at++];
	s->is_off_due = false;
	switcher_take(p->switcher, s);
	c = command_start(&p->command, "DEL");
	for (int i = 0; i < COMMAND_KEYS; i++)
		command_key(c, (enum command_key)i, s->name);
	return true;
}

static void end_round(struct round *p)
{
	intake_end(p->intake);
	p->is_new = !p->state.is_leader;
	p->state.rounds++;
	log_debug("round %" PRIu64 " is done", p->state.rounds);
}

/* --- the order --------------------------------------------------------- */

const struct round_step round_steps[PHASES] = {
	[PHASE_LEASE] = { standby_ask_lease, standby_take_lease,
			  standby_end_lease },
	[PHASE_FOLLOW] = { standby_ask_log, standby_take_log, standby_end_log },
	[PHASE_HAND_ON] = { standby_ask_handing_on, standby_take_handed_on,
			    standby_end_handing_on },
	[PHASE_PROMISES] = { ask_promises, on_promises, end_promises },
	[PHASE_WEIGH] = { weigh_ask, weigh_take, weigh_end },
	[PHASE_TRIM] = { weigh_ask_trim, NULL, NULL },
	[PHASE_TIME] = { ask_time, on_time, NULL },
	[PHASE_BEATS] = { ask_beats, on_beats, end_beats },
	[PHASE_READ] = { ask_entries, on_entries, end_entries },
	[PHASE_DELIVER] = { ask_delivery, on_delivery, end_delivery },
	[PHASE_EXPIRE] = { ask_expiry, NULL, NULL },
	[PHASE_DELETE] = { ask_deletion, NULL, NULL },
	[PHASE_TELL] = { ask_telling, on_told, NULL },
	[PHASE_LOOK_CODES] = { ask_for_codes, on_codes, end_codes },
	[PHASE_CODES] = { ask_publishing, on_published, end_publishing },
	[PHASE_EMPTY] = { ask_emptying, NULL, end_round },
};

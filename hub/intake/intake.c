/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/intake/intake.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "hub/intake/figures.h"

/* A day of a festival at one place, and the backlog of a week's cut. */
static const struct budget_rule records_rule = { 20000, 36000 };
/* A year of hours in sixteen zones that waited; then two days' a day. */
static const struct budget_rule cells_rule = { 200000, 400 };
/* A class that types its codes in, and those of a week without the store. */
static const struct budget_rule uses_rule = { 2000, 2000 };
/* A version that is not known yet does not make hundreds at once. */
static const struct budget_rule malformed_rule = { 64, 60 };

struct done {
	uint32_t site;
	bool is_record;
	char id[HEARTBEAT_ID_MAX];
};

struct text {
	uint32_t site;
	uint32_t len;
	char *bytes;
};

struct intake {
	struct city_db *db;
	struct sites *sites;
	struct codes *codes;
	struct intake_time time;
	struct mix mix;
	size_t batch_at, done_at;
	struct done *done;
	size_t dones, room;
	bool hands_on;
	struct text *text;
	size_t texts, text_room, text_at, text_bytes;
	bool is_open; /* the transaction */
	bool is_mixed;
	bool is_delivered; /* its records, to whoever reads them */
	int err;	   /* of it; figures of this poll do not count */
	int said_err;	   /* in the log */
	struct intake_stats stats, before; /* before: the transaction */
	struct figures figures;		   /* too large for the stack */
};

/* --- switching off ----------------------------------------------------- */

static void PRINTF_LIKE(3, 4)
	switch_off(struct intake *in, struct site *s, const char *fmt, ...)
{
	va_list ap;

	if (*s->off)
		return;
	va_start(ap, fmt);
	vsnprintf(s->off, sizeof(s->off), fmt, ap);
	va_end(ap);
	s->is_off_due = true;
	s->is_off_new = true;
	in->stats.switched_off++;
	log_error("site %s is switched off: %s; once it is itself again: "
		  "stadttor city remove, then add",
		  s->name, s->off);
}

void intake_weigh(struct intake *in, struct site *s, int64_t bytes)
{
	if (bytes > INTAKE_KEY_MAX)
		switch_off(in, s, "its inbox or heartbeats hold %" PRId64 " kB",
			   bytes / 1024);
}

void intake_refuse_reply(struct intake *in, struct site *s)
{
	switch_off(in, s, "what it sends is too large to be read");
}

static void refuse(struct intake *in, struct site *s)
{
	in->stats.malformed++;
	if (!budget_spend(&s->malformed, &malformed_rule, 1, in->time.now_s))
		switch_off(in, s, "too much of what it sends is malformed");
}

/* --- records ----------------------------------------------------------- */

static void count_verdicts(struct intake *in, const struct intake_entry *e,
			   size_t count[RECORD_MALFORMED + 1])
{
	const uint8_t *at = (const uint8_t *)e->value;

	for (size_t i = 0; i < e->value_len; i += RECORD_BYTES)
		count[record_check(at + i, in->time.generation,
				   in->time.day)]++;
}

static bool mix_good(struct intake *in, const struct intake_entry *e)
{
	const uint8_t *at = (const uint8_t *)e->value;
	int64_t day = in->time.day;

	for (size_t i = 0; i < e->value_len; i += RECORD_BYTES)
		if (record_check(at + i, in->time.generation, day) ==
			    RECORD_GOOD &&
		    !mix_add(&in->mix, record_day(at + i, day), at + i))
			return false;
	return true;
}

enum verdict {
	TAKEN, /* or refused: it is dealt with */
	LATER, /* it stays where it is */
	FULL,  /* there is no room in this poll */
};

/* By a clock that most boxes contradict none is old. */
static enum verdict take_records(struct intake *in, struct site *s,
				 const struct intake_entry *e)
{
	size_t count[RECORD_MALFORMED + 1] = { 0 };

	if (!e->value_len || e->value_len % RECORD_BYTES ||
	    e->value_len > RECORD_BATCH * RECORD_BYTES) {
		refuse(in, s);
		return TAKEN;
	}
	count_verdicts(in, e, count);
	if (count[RECORD_MALFORMED]) {
		refuse(in, s);
		return TAKEN;
	}
	if (count[RECORD_STALE] && in->time.is_doubted)
		return LATER;
	if (in->mix.count + RECORD_BATCH > MIX_MAX)
		return FULL;
	if (!budget_spend(&s->next_records, &records_rule,
			  (int64_t)count[RECORD_GOOD], in->time.now_s)) {
		switch_off(in, s, "it sends too many records");
		return TAKEN;
	}
	in->stats.records += count[RECORD_GOOD];
	in->stats.stale += count[RECORD_STALE];
	return mix_good(in, e) ? TAKEN : FULL;
}

/* --- figures ----------------------------------------------------------- */

static int open_transaction(struct intake *in)
{
	if (in->is_open || in->err)
		return in->err;
	in->before = in->stats;
	in->err = city_db_begin(in->db);
	in->is_open = !in->err;
	return in->err;
}

/* By site, by district, and of the city as a whole, which have no zones. */
static int add_figure(struct intake *in, const struct site *s,
		      const struct figure *f)
{
	struct city_cell c = {
		.place = s->id,
		.metric = f->metric,
		.key = f->key,
		.scale = f->scale,
		.cells = 1,
		.hours = f->hours,
		.value = f->value,
	};
	int err;

	memcpy(c.zone, f->zone, sizeof(c.zone));
	err = city_db_add(in->db, &c);
	memset(c.zone, 0, sizeof(c.zone));
	c.place = CITY_PLACE_WHOLE;
	if (!err)
		err = city_db_add(in->db, &c);
	c.place = s->district_id;
	if (!err && c.place)
		err = city_db_add(in->db, &c);
	return err;
}

/* How far the stream is counted, in the open transaction. */
static int find_mark(struct intake *in, struct site *s, struct city_stream *m)
{
	const struct figures *f = &in->figures;
	int err;

	*m = (struct city_stream){ .site = s->id, .stream = f->stream };
	err = city_db_get_stream(in->db, m);
	if (err == -ENOENT) {
		m->seq = f->first - 1;
		return 0;
	}
	if (err || f->first <= m->seq + 1)
		return err;
	log_warn("site %s: %" PRIu64 " figures are lost, from number %" PRIu64
		 " of its stream on: it was told that they are counted, so "
		 "this database is an older copy, or it could not keep them",
		 s->name, f->first - 1 - m->seq, m->seq + 1);
	in->stats.lost += f->first - 1 - m->seq;
	m->seq = f->first - 1;
	return 0;
}

static int take_cell(struct intake *in, struct site *s, const struct figure *f)
{
	int err;

	if (f->is_untimely) {
		in->stats.untimely++;
		return 0;
	}
	err = city_db_check_zone(in->db, s->id, f->zone);
	if (!err)
		err = add_figure(in, s, f);
	if (!err)
		in->stats.cells++;
	return err;
}

/* Behind a gap nothing is taken: the box sends again what was lost. */
static int add_cells(struct intake *in, struct site *s, struct city_stream *m)
{
	const struct figures *f = &in->figures;
	int err = 0;

	for (size_t i = 0; i < f->count && !err; i++) {
		if (f->cell[i].seq <= m->seq) {
			in->stats.repeated++;
			continue;
		}
		if (f->cell[i].seq != m->seq + 1)
			break;
		err = take_cell(in, s, &f->cell[i]);
		m->seq = f->cell[i].seq;
	}
	return err;
}

static int count_figures(struct intake *in, struct site *s)
{
	struct city_stream m;
	int err = find_mark(in, s, &m);

	if (!err)
		err = add_cells(in, s, &m);
	if (!err)
		err = city_db_set_stream(in->db, &m);
	if (!err) {
		s->next = m;
		s->has_next = true;
	}
	return err;
}

/* A savepoint would do for one site what this does by looking first. */
static bool has_room_for_zones(struct intake *in, struct site *s)
{
	const struct figures *f = &in->figures;
	int err = 0;

	for (size_t i = 0; i < f->count && !err; i++)
		if (!f->cell[i].is_untimely)
			err = city_db_check_zone(in->db, s->id,
						 f->cell[i].zone);
	if (err && err != -EDQUOT)
		in->err = err;
	return !err;
}

/* --- for another hub --------------------------------------------------- */

void intake_hand_on(struct intake *in, bool is_wanted)
{
	in->hands_on = is_wanted;
}

static int keep_text(struct intake *in, const struct site *s,
		     const struct intake_entry *e)
{
	struct text *grown = array_grow(in->text, &in->text_room, in->texts + 1,
					sizeof(*grown));
	char *bytes = malloc(e->value_len);

	if (grown)
		in->text = grown;
	if (!grown || !bytes) {
		free(bytes);
		return -ENOMEM;
	}
	memcpy(bytes, e->value, e->value_len);
	in->text[in->texts++] = (struct text){
		.site = (uint32_t)(s - in->sites->site),
		.len = (uint32_t)e->value_len,
		.bytes = bytes,
	};
	in->text_bytes += e->value_len;
	return 0;
}

bool intake_next_text(struct intake *in, struct intake_text *out)
{
	const struct text *t = &in->text[in->text_at];

	if (in->text_at == in->texts)
		return false;
	in->text_at++;
	*out = (struct intake_text){ &in->sites->site[t->site], t->bytes,
				     t->len };
	return true;
}

static void forget_texts(struct intake *in)
{
	while (in->texts)
		free(in->text[--in->texts].bytes);
	in->text_at = 0;
	in->text_bytes = 0;
}

void intake_hold_back(struct intake *in)
{
	if (in->is_open)
		in->err = -ECANCELED;
}

bool intake_is_committed(const struct intake *in)
{
	return !in->err;
}

/*
 * Figures of a time that cannot be are counted nowhere, and the box is told
 * that it is rid of them: it would send them for ever. Where it may be the
 * store that has the wrong time, they stay the box's.
 */
static bool keeps_untimely(struct intake *in, struct site *s)
{
	const struct figures *f = &in->figures;

	if (f->untimely && !s->said_untimely)
		log_warn("site %s: figures of a time that cannot be, as of a "
			 "clock that was wrong: %s",
			 s->name,
			 in->time.is_sure ? "they are not counted"
					  : "they wait, for clocks are apart");
	s->said_untimely = f->untimely != 0;
	return f->untimely && !in->time.is_sure;
}

/* --- an entry ---------------------------------------------------------- */

static void take_figures(struct intake *in, struct site *s,
			 const struct intake_entry *e)
{
	if (!figures_parse(&in->figures, e->value, e->value_len,
			   in->time.now_s)) {
		refuse(in, s);
		return;
	}
	if (keeps_untimely(in, s) || open_transaction(in))
		return;
	if (!has_room_for_zones(in, s)) {
		if (!in->err)
			refuse(in, s);
		return;
	}
	if (!budget_spend(&s->next_cells, &cells_rule,
			  (int64_t)in->figures.count, in->time.now_s))
		switch_off(in, s, "it sends too many figures");
	else
		in->err = count_figures(in, s);
	if (!in->err && in->hands_on && !*s->off)
		in->err = keep_text(in, s, e);
}

static enum verdict take_uses(struct intake *in, struct site *s,
			      const struct intake_entry *e)
{
	const struct voucher_publish_time time = { in->time.now_s,
						   in->time.over_s };
	enum codes_verdict verdict;
	size_t changed;

	verdict =
		codes_take(in->codes, e->value, e->value_len, &time, &changed);
	if (verdict == CODES_MALFORMED)
		refuse(in, s);
	if (changed && !budget_spend(&s->uses, &uses_rule, (int64_t)changed,
				     in->time.now_s))
		switch_off(in, s, "it sends too many first uses of codes");
	return verdict == CODES_LATER ? LATER : TAKEN;
}

/* --- a poll ------------------------------------------------------------ */

struct intake *intake_new(struct city_db *db, struct sites *sites,
			  struct codes *codes)
{
	struct intake *in = calloc(1, sizeof(*in));

	if (!in)
		return NULL;
	in->db = db;
	in->sites = sites;
	in->codes = codes;
	return in;
}

void intake_begin(struct intake *in, const struct intake_time *time)
{
	intake_end(in);
	in->time = *time;
}

static bool note_done(struct intake *in, const struct site *s,
		      const struct intake_entry *e, bool is_record)
{
	struct done *grown =
		array_grow(in->done, &in->room, in->dones + 1, sizeof(*grown));
	struct done *d;

	if (!grown)
		return false;
	in->done = grown;
	d = &in->done[in->dones++];
	d->site = (uint32_t)(s - in->sites->site);
	d->is_record = is_record;
	snprintf(d->id, sizeof(d->id), "%.*s", (int)e->id_len, e->id);
	return true;
}

/* What comes again, as nothing was done with it, is not charged twice. */
static void ask_budgets(struct site *s)
{
	if (s->has_asked)
		return;
	s->has_asked = true;
	s->next_records = s->records;
	s->next_cells = s->cells;
}

static bool is_named(const struct intake_entry *e, char name)
{
	return e->name && e->name_len == 1 && *e->name == name;
}

bool intake_take(struct intake *in, struct site *s,
		 const struct intake_entry *e)
{
	bool is_record = is_named(e, 'r');
	enum verdict verdict = TAKEN;

	if (in->dones == INTAKE_POLL_MAX || in->text_bytes > INTAKE_TEXTS_MAX)
		return false;
	if (*s->off || e->id_len >= HEARTBEAT_ID_MAX)
		return true; /* its inbox goes as a whole */
	ask_budgets(s);
	if (e->value_len > INTAKE_ENTRY_MAX)
		switch_off(in, s, "an entry of %zu kB", e->value_len / 1024);
	else if (is_record)
		verdict = take_records(in, s, e);
	else if (is_named(e, 'f'))
		take_figures(in, s, e);
	else if (is_named(e, 'u'))
		verdict = take_uses(in, s, e);
	else
		refuse(in, s);
	return verdict == TAKEN ? note_done(in, s, e, is_record)
				: verdict == LATER;
}

/* What was counted is so for good, or not at all. */
static void settle(struct intake *in, bool is_committed)
{
	for (size_t i = 0; i < in->sites->count; i++) {
		struct site *s = &in->sites->site[i];

		if (s->has_next && is_committed) {
			s->counted = s->next;
			s->cells = s->next_cells;
			s->is_told_due = true;
		}
		s->has_next = false;
	}
	if (is_committed)
		return;
	in->stats.cells = in->before.cells;
	in->stats.repeated = in->before.repeated;
	in->stats.lost = in->before.lost;
	in->stats.untimely = in->before.untimely;
}

static int close_transaction(struct intake *in)
{
	int err = in->err;

	if (in->is_open) {
		err = city_db_end(in->db, err);
		in->is_open = false;
		settle(in, !err);
	}
	in->err = err;
	return err;
}

/* Said when it changes: the next poll tries again. */
static void say(struct intake *in, int err)
{
	if (err && err != in->said_err)
		log_error("database: %s; figures wait in the boxes' inboxes",
			  strerror(-err));
	else if (!err && in->said_err)
		log_info("database: figures are counted again");
	in->said_err = err;
}

static void remember_off(struct intake *in)
{
	for (size_t i = 0; i < in->sites->count; i++) {
		struct site *s = &in->sites->site[i];

		if (s->is_off_new && !city_db_set_off(in->db, s->id, s->off))
			s->is_off_new = false;
	}
}

void intake_commit(struct intake *in)
{
	bool had_figures = in->is_open || in->err;
	int err = close_transaction(in);

	if (had_figures)
		say(in, err);
	remember_off(in);
	in->is_mixed = mix_shuffle(&in->mix);
	if (!in->is_mixed)
		log_error("no randomness; records wait in the inboxes");
}

void intake_delivered(struct intake *in)
{
	if (!in->is_mixed)
		return;
	in->is_delivered = true;
	for (size_t i = 0; i < in->sites->count; i++)
		if (in->sites->site[i].has_asked)
			in->sites->site[i].records =
				in->sites->site[i].next_records;
}

size_t intake_batch(struct intake *in, int64_t *day,
		    uint8_t out[RECORD_BATCH * RECORD_BYTES])
{
	if (!in->is_mixed)
		return 0;
	return mix_batch(&in->mix, &in->batch_at, day, out);
}

static bool may_go(const struct intake *in, const struct done *d)
{
	return d->is_record ? in->is_delivered : !in->err;
}

size_t intake_done(struct intake *in, const char *id[INTAKE_DONE],
		   struct site **site)
{
	size_t count = 0;

	for (; in->done_at < in->dones && count < INTAKE_DONE; in->done_at++) {
		const struct done *d = &in->done[in->done_at];

		if (!may_go(in, d))
			continue;
		if (count && *site != &in->sites->site[d->site])
			break;
		*site = &in->sites->site[d->site];
		id[count++] = d->id;
	}
	return count;
}

void intake_end(struct intake *in)
{
	if (in->is_open)
		in->err = -ECANCELED;
	close_transaction(in);
	mix_clear(&in->mix);
	forget_texts(in);
	in->batch_at = 0;
	in->dones = 0;
	in->done_at = 0;
	in->is_mixed = false;
	in->is_delivered = false;
	in->err = 0;
	for (size_t i = 0; i < in->sites->count; i++)
		in->sites->site[i].has_asked = false;
}

/* --- heartbeats -------------------------------------------------------- */

/* Of a hub that has just started, and of nothing else: an id is of the box's
 * choice, so it is no time that lies ahead. */
static int64_t first_seen(const char *id, int64_t now_s)
{
	int64_t id_s = (int64_t)(strtoull(id, NULL, 10) / 1000);

	return id_s > 0 && id_s < now_s ? id_s : now_s;
}

void intake_take_beat(struct intake *in, struct site *s,
		      const struct intake_entry *e)
{
	struct heartbeat *h = &s->beat;
	char id[HEARTBEAT_ID_MAX];
	bool is_first;

	if (*s->off || e->id_len >= sizeof(id))
		return;
	snprintf(id, sizeof(id), "%.*s", (int)e->id_len, e->id);
	if (!strcmp(id, h->id))
		return;
	is_first = !*h->id;
	memcpy(h->id, id, sizeof(id)); /* what is malformed is so once */
	if (!is_named(e, 'h') || !heartbeat_parse(h, e->value, e->value_len))
		refuse(in, s);
	else
		h->seen_s = is_first ? first_seen(id, in->time.now_s)
				     : in->time.now_s;
}

int64_t intake_day(const struct intake *in)
{
	return in->time.day;
}

int64_t intake_over_s(const struct intake *in)
{
	return in->time.over_s;
}

const struct intake_stats *intake_stats(const struct intake *in)
{
	return &in->stats;
}

void intake_free(struct intake *in)
{
	if (!in)
		return;
	intake_end(in);
	free(in->text);
	free(in->done);
	free(in);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/voucher/voucher.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/random.h"
#include "common/siphash.h"

#define RETRY_MS      1000
#define PENDING	      256 /* first uses that may be taken back */
#define CLOCK_SLACK_S 300 /* so far it may be put back */
#define MINUTE_MS     60000
#define REST_MS	      10000
#define CODES	      256
#define CODE_MS	      1000  /* a try of one code of a city */
#define CODE_BURST_MS 60000 /* as many at once */
#define STEP_S	      10    /* less is drift, and two clocks read one by one */

/*
 * Wrong tries of one family of addresses. Each millisecond tries_per_minute
 * parts flow in, so a token of that size makes half of tries_per_minute.
 */
#define TOKEN (2ULL * MINUTE_MS)

struct bucket {
	uint64_t level;
	uint64_t last_ms;
};

/* A first use whose grant may still fail. */
struct first_use {
	int64_t id;	 /* 0: free */
	uint32_t others; /* passes given out since and not taken back */
	bool has_failed;
};

/* First uses that were undone: each has written twice. */
struct rest {
	int64_t id;
	uint64_t until_ms; /* not to be begun again before */
};

struct vouchers {
	char *file;
	char *key_file; /* NULL: the key is given */
	uint64_t tries_per_minute;
	const struct voucher_city_hooks *hooks; /* NULL: of this box alone */
	struct vouchers *city;

	struct voucher_db *db; /* NULL: not open */
	struct voucher_key key;
	struct stat is_open; /* the file that db is */
	uint64_t retry_ms;   /* not to be opened before */
	int error;	     /* that was logged last; 0: none since */

	struct bucket bucket[2];
	struct first_use pending[PENDING];
	size_t next_pending;
	struct rest rest[PENDING];
	size_t next_rest;

	/* codes by a hash of few bits, and until when each has had its tries */
	uint64_t hash_key[2], tried_ms[CODES];

	struct voucher_time (*now)(void *arg);
	void *now_arg;
	bool (*clock_is_off)(void *arg); /* NULL: nobody else knows the time */
	void *off_arg;
	struct voucher_time seen; /* at the last look */
	int64_t step_s; /* by which the wall clock was set, not in the file */
};

static struct voucher_time machine_time(void *arg)
{
	(void)arg;
	return (struct voucher_time){ .wall_s = time(NULL),
				      .since_ms = clock_ms() };
}

/* --- life -------------------------------------------------------------- */

struct vouchers *vouchers_open(const struct voucher_settings *s)
{
	struct vouchers *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->file = strdup(s->file);
	v->key_file = strdup(s->key);
	v->tries_per_minute = s->tries_per_minute;
	vouchers_use_clock(v, machine_time, NULL);
	if (v->file && v->key_file)
		return v;
	vouchers_free(v);
	return NULL;
}

struct vouchers *vouchers_open_city(const char *file,
				    const struct voucher_key *key,
				    const struct voucher_city_hooks *hooks)
{
	struct vouchers *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->file = strdup(file);
	v->key = *key;
	v->hooks = hooks;
	vouchers_use_clock(v, machine_time, NULL);
	if (v->file && random_fill(v->hash_key, sizeof(v->hash_key)))
		return v;
	vouchers_free(v);
	return NULL;
}

void vouchers_set_city(struct vouchers *v, struct vouchers *city)
{
	v->city = city;
}

void vouchers_doubt_clock(struct vouchers *v, bool (*is_off)(void *arg),
			  void *arg)
{
	v->clock_is_off = is_off;
	v->off_arg = arg;
}

static void forget_file(struct vouchers *v)
{
	voucher_db_close(v->db);
	v->db = NULL;
	if (v->key_file)
		voucher_key_clear(&v->key);
}

void vouchers_free(struct vouchers *v)
{
	if (!v)
		return;
	forget_file(v);
	free(v->key_file);
	free(v->file);
	explicit_bzero(v, sizeof(*v));
	free(v);
}

void vouchers_use_clock(struct vouchers *v,
			struct voucher_time (*now)(void *arg), void *arg)
{
	v->now = now;
	v->now_arg = arg;
	v->seen = now(arg);
}

/* --- the file ---------------------------------------------------------- */

/* Guests can try often; an error is logged once. In a city a box may have no
 * codes of its own. */
static void say(struct vouchers *v, int err)
{
	if (err == v->error || (err == -ENOENT && v->city))
		return;
	if (err)
		log_error("vouchers: %s: %s", v->file, voucher_db_reason(err));
	else
		log_info("vouchers: %s is usable again", v->file);
	v->error = err;
}

/* Another city's codes go: all of this one's come again. */
static int make_citys_file(struct vouchers *v)
{
	char journal[PATH_MAX];

	snprintf(journal, sizeof(journal), "%s-journal", v->file);
	if ((unlink(v->file) < 0 || unlink(journal) < 0) && errno != ENOENT)
		return -errno;
	return voucher_db_open(&v->db, v->file, &v->key, VOUCHER_DB_MAKE);
}

static int open_citys_file(struct vouchers *v)
{
	int err = access(v->file, F_OK) < 0 ? -errno : 0;

	if (!err)
		err = voucher_db_open(&v->db, v->file, &v->key, VOUCHER_DB_USE);
	if (err == -ENOENT || err == -EKEYREJECTED)
		err = make_citys_file(v);
	return err ? err : v->hooks->set_up(v->db);
}

static int open_own_file(struct vouchers *v)
{
	int err = voucher_key_read(&v->key, v->key_file);

	if (err == -ENOENT)
		return -ENOKEY;
	return err ? err
		   : voucher_db_open(&v->db, v->file, &v->key, VOUCHER_DB_USE);
}

static int open_file(struct vouchers *v)
{
	int err = v->hooks ? open_citys_file(v) : open_own_file(v);

	if (!err && stat(v->file, &v->is_open) < 0)
		err = -errno;
	if (err)
		forget_file(v);
	return err;
}

static bool is_replaced(const struct vouchers *v, const struct stat *found)
{
	return found->st_ino != v->is_open.st_ino ||
	       found->st_dev != v->is_open.st_dev;
}

static int ready_file(struct vouchers *v, uint64_t now_ms)
{
	struct stat found;
	int err = stat(v->file, &found) < 0 ? -errno : 0;

	if (v->db && (err || is_replaced(v, &found)))
		forget_file(v); /* another one may be in its place */
	if (!err || (err == -ENOENT && v->hooks)) {
		if (v->db)
			return 0;
		if (now_ms < v->retry_ms)
			return -EAGAIN; /* as a moment ago, and said then */
		v->retry_ms = now_ms + RETRY_MS;
		err = open_file(v);
	}
	say(v, err);
	return err;
}

/* Whoever fails to read or write it tries it anew from the beginning. */
static enum voucher_answer lose_file(struct vouchers *v, int err)
{
	say(v, err);
	if (err != -EBUSY)
		forget_file(v);
	return VOUCHER_UNAVAILABLE;
}

/* --- the clock --------------------------------------------------------- */

static struct voucher_time look_at_clock(struct vouchers *v)
{
	struct voucher_time now = v->now(v->now_arg);
	int64_t passed_s = (int64_t)(now.since_ms / 1000) -
			   (int64_t)(v->seen.since_ms / 1000);
	int64_t step_s = now.wall_s - v->seen.wall_s - passed_s;

	v->seen = now;
	if (step_s <= -STEP_S || step_s >= STEP_S)
		v->step_s += step_s;
	return now;
}

/*
 * Minutes that nobody has had are not gone because the clock was set, as after
 * a start without network. A code that was begun later than the clock showed
 * then has its end from a clock that was right.
 */
static int follow_clock(struct vouchers *v)
{
	int64_t old_s = v->seen.wall_s - v->step_s;
	int err;

	if (v->hooks) /* other boxes' clocks were right */
		v->step_s = 0;
	if (!v->step_s)
		return 0;
	err = voucher_db_shift(v->db, v->step_s, old_s + CLOCK_SLACK_S);
	if (err)
		return err;
	log_info("vouchers: the clock was set by %" PRId64 " s, and the ends "
		 "of codes with it",
		 v->step_s);
	v->step_s = 0;
	return 0;
}

/* --- who guesses ------------------------------------------------------- */

static struct bucket *bucket_of(struct vouchers *v, int family, uint64_t now_ms)
{
	struct bucket *b = &v->bucket[family == AF_INET6];
	uint64_t full = v->tries_per_minute * MINUTE_MS;
	uint64_t passed_ms = now_ms - b->last_ms;

	if (full < TOKEN)
		full = TOKEN;
	if (!b->last_ms || passed_ms > 2 * MINUTE_MS)
		b->level = full;
	else
		b->level += passed_ms * v->tries_per_minute;
	if (b->level > full)
		b->level = full;
	b->last_ms = now_ms;
	return b;
}

/*
 * A code of a city takes a small box a tenth of a second to look up, right or
 * wrong, and who has a right one may have many addresses to try it from.
 */
static bool is_tried_out(struct vouchers *v, const char *code, uint64_t now_ms)
{
	uint64_t *at = &v->tried_ms[siphash(v->hash_key, (const uint8_t *)code,
					    strlen(code)) %
				    CODES];

	if (*at < now_ms)
		*at = now_ms;
	*at += CODE_MS;
	if (*at - now_ms <= CODE_BURST_MS)
		return false;
	*at -= CODE_MS;
	return true;
}

/* --- codes ------------------------------------------------------------- */

static int64_t left_s(const struct voucher_row *row, int64_t now_s)
{
	int64_t ends_s = row->ends_s < row->valid_until_s ? row->ends_s
							  : row->valid_until_s;
	int64_t left = ends_s - now_s;

	return left < row->duration_s ? left : row->duration_s;
}

/* After a start without network the clock is behind; minutes that were used
 * would come back. */
static bool clock_is_wrong(const struct voucher_row *row, int64_t now_s)
{
	if (now_s < row->created_s - CLOCK_SLACK_S)
		return true;
	return row->ends_s > 0 &&
	       now_s < row->ends_s - row->duration_s - CLOCK_SLACK_S;
}

static enum voucher_answer judge(const struct voucher_row *row,
				 const char *zone, int64_t now_s)
{
	if (row->is_revoked)
		return VOUCHER_REVOKED;
	if (row->ends_s < 0)
		return VOUCHER_USED_UP;
	if (clock_is_wrong(row, now_s))
		return VOUCHER_UNAVAILABLE;
	if (now_s >= row->valid_until_s)
		return VOUCHER_EXPIRED;
	if (row->ends_s && now_s >= row->ends_s)
		return VOUCHER_USED_UP;
	if (*row->zone && strcmp(row->zone, zone) != 0)
		return VOUCHER_WRONG_ZONE;
	return VOUCHER_FINE;
}

struct attempt {
	struct voucher_hash code;
	struct voucher_seed seed; /* of a city's */
	const char *zone;
	int64_t now_s;
	uint64_t since_ms;
	struct voucher_row row; /* of the code */
	bool is_first;
};

static int make_tag(uint64_t *tag)
{
	do {
		if (!random_fill(tag, sizeof(*tag)))
			return -EIO;
	} while (!*tag);
	return 0;
}

/* In a transaction: its minutes run from now, or did and have lost the tag. */
static int use_row(struct vouchers *v, struct attempt *a)
{
	int err = make_tag(&a->row.tag);

	if (a->is_first)
		a->row.ends_s = voucher_row_end(&a->row, a->now_s);
	if (!err && a->is_first && v->hooks)
		err = v->hooks->begin(v->db, &a->code, &a->seed, a->now_s);
	return err ? err : voucher_db_use(v->db, &a->row, a->now_s);
}

/* On success the use is on the disk. Another process may have come first. */
static enum voucher_answer begin_use(struct vouchers *v, struct attempt *a)
{
	enum voucher_answer answer = VOUCHER_UNAVAILABLE;
	int err = voucher_db_begin(v->db);
	int found;

	if (err)
		return lose_file(v, err);
	found = voucher_db_find(v->db, &a->code, &a->row);
	if (found == 1)
		answer = judge(&a->row, a->zone, a->now_s);
	if (found < 0)
		err = found;
	a->is_first = !a->row.ends_s;
	if (answer == VOUCHER_FINE && (a->is_first || !a->row.tag))
		err = use_row(v, a);
	err = voucher_db_end(v->db, err);
	return err ? lose_file(v, err) : answer;
}

static struct first_use *find_pending(struct vouchers *v, int64_t id)
{
	for (size_t i = 0; i < PENDING; i++)
		if (v->pending[i].id == id)
			return &v->pending[i];
	return NULL;
}

static void note_use(struct vouchers *v, const struct voucher_pass *p)
{
	struct first_use *f = find_pending(v, p->id);

	if (p->is_first_use) {
		if (!f) /* the one before it there is long granted or not */
			f = &v->pending[v->next_pending++ % PENDING];
		*f = (struct first_use){ .id = p->id };
	} else if (f) {
		f->others++;
	}
}

static bool rests(const struct vouchers *v, const struct attempt *a)
{
	for (size_t i = 0; i < PENDING; i++)
		if (v->rest[i].id == a->row.id &&
		    v->rest[i].until_ms > a->since_ms)
			return true;
	return false;
}

static enum voucher_answer look_up(struct vouchers *v, struct attempt *a)
{
	enum voucher_answer answer;
	int found = follow_clock(v);

	if (!found)
		found = voucher_db_find(v->db, &a->code, &a->row);
	if (found < 0)
		return lose_file(v, found);
	if (!found)
		return VOUCHER_UNKNOWN;
	if (v->clock_is_off && v->clock_is_off(v->off_arg))
		return VOUCHER_UNAVAILABLE;
	answer = judge(&a->row, a->zone, a->now_s);
	if (answer != VOUCHER_FINE || (a->row.ends_s && a->row.tag))
		return answer;
	return rests(v, a) ? VOUCHER_UNAVAILABLE : begin_use(v, a);
}

static int hash_code(const struct vouchers *v,
		     const char code[VOUCHER_CODE_MAX], struct attempt *a)
{
	int err;

	if (!v->hooks)
		return voucher_key_hash(&v->key, code, &a->code);
	err = voucher_key_seed(&v->key, code, &a->seed);
	return err ? err : voucher_seed_hash(&a->seed, &a->code);
}

static enum voucher_answer check_code(struct vouchers *v,
				      const char code[VOUCHER_CODE_MAX],
				      struct attempt *a,
				      struct voucher_pass *out)
{
	enum voucher_answer answer;

	if (hash_code(v, code, a))
		return VOUCHER_UNAVAILABLE;
	answer = look_up(v, a);
	if (answer != VOUCHER_FINE)
		return answer;
	*out = (struct voucher_pass){
		.tag = a->row.tag,
		.devices = a->row.devices,
		.left_s = (uint64_t)left_s(&a->row, a->now_s),
		.id = a->row.id,
		.is_first_use = a->is_first,
		.is_citys = v->hooks != NULL,
	};
	note_use(v, out);
	return VOUCHER_FINE;
}

static enum voucher_answer check_file(struct vouchers *v,
				      const char code[VOUCHER_CODE_MAX],
				      struct attempt *a,
				      struct voucher_pass *out)
{
	return ready_file(v, a->since_ms) ? VOUCHER_UNAVAILABLE
					  : check_code(v, code, a, out);
}

/* own: what this box's own codes have answered. */
static enum voucher_answer check_citys(struct vouchers *v,
				       const char code[VOUCHER_CODE_MAX],
				       struct attempt *a,
				       struct voucher_pass *out,
				       enum voucher_answer own)
{
	enum voucher_answer answer;

	if (own != VOUCHER_UNKNOWN && own != VOUCHER_UNAVAILABLE)
		return own;
	if (is_tried_out(v->city, code, a->since_ms))
		return VOUCHER_WAIT;
	look_at_clock(v->city);
	answer = check_file(v->city, code, a, out);
	return answer == VOUCHER_UNKNOWN && v->error ? own : answer;
}

enum voucher_answer vouchers_redeem(struct vouchers *v,
				    const char code[VOUCHER_CODE_MAX],
				    int family, const char *zone,
				    struct voucher_pass *out)
{
	struct voucher_time now = look_at_clock(v);
	enum voucher_answer answer;
	struct bucket *bucket = bucket_of(v, family, now.since_ms);
	struct attempt a = { .zone = zone,
			     .now_s = now.wall_s,
			     .since_ms = now.since_ms };

	if (bucket->level < TOKEN)
		return VOUCHER_WAIT;
	answer = check_file(v, code, &a, out);
	if (v->city && answer != VOUCHER_FINE)
		answer = check_citys(v, code, &a, out, answer);
	explicit_bzero(&a.seed, sizeof(a.seed));
	if (answer == VOUCHER_UNKNOWN)
		bucket->level -= TOKEN;
	return answer;
}

/* In a transaction. */
static int undo_use(struct vouchers *v, int64_t id)
{
	int err = voucher_db_begin(v->db);

	if (err)
		return err;
	err = voucher_db_unuse(v->db, id);
	if (!err && v->hooks)
		err = v->hooks->undo(v->db, id);
	return voucher_db_end(v->db, err);
}

static void take_back(struct vouchers *v, const struct voucher_pass *p)
{
	struct first_use *f = find_pending(v, p->id);
	uint64_t now_ms;
	int err;

	if (!f)
		return; /* too long ago: its minutes run */
	if (p->is_first_use)
		f->has_failed = true;
	else if (f->others)
		f->others--;
	if (!f->has_failed || f->others)
		return;
	f->id = 0;
	now_ms = v->now(v->now_arg).since_ms;
	v->rest[v->next_rest++ % PENDING] =
		(struct rest){ .id = p->id, .until_ms = now_ms + REST_MS };
	err = ready_file(v, now_ms);
	if (!err)
		err = undo_use(v, p->id);
	if (err)
		lose_file(v, err);
}

void vouchers_take_back(struct vouchers *v, const struct voucher_pass *p)
{
	struct vouchers *of = p->is_citys ? v->city : v;

	if (of)
		take_back(of, p);
}

struct voucher_db *vouchers_borrow(struct vouchers *v)
{
	return ready_file(v, v->now(v->now_arg).since_ms) ? NULL : v->db;
}

const struct voucher_key *vouchers_key(const struct vouchers *v)
{
	return &v->key;
}

void vouchers_return(struct vouchers *v, int err)
{
	if (err)
		lose_file(v, err);
}

void vouchers_tidy(struct vouchers *v)
{
	struct voucher_time now = look_at_clock(v);
	int err;

	if (ready_file(v, now.since_ms))
		return;
	err = follow_clock(v);
	if (!err)
		err = voucher_db_untag(v->db, now.wall_s);
	if (err)
		lose_file(v, err);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/radius/radius_accounting.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/clock.h"

#define BUCKETS	  256
#define CALLS_MAX 100 /* under way at once: all are told within a minute */

enum status { /* RFC 2866, 5.1 */
	      STATUS_START = 1,
	      STATUS_STOP = 2,
	      STATUS_INTERIM = 3,
	      STATUS_ON = 7,
	      STATUS_OFF = 8,
};

enum { AUTHENTIC_RADIUS = 1 }; /* RFC 2866, 5.6 */

/* RFC 2866, 5.10 */
static const uint32_t terminate_cause[SESSION_REASON_MAX] = {
	[SESSION_REASON_NONE] = 3,    /* Lost Service: nobody has seen it end */
	[SESSION_REASON_EXPIRED] = 5, /* Session Timeout */
	[SESSION_REASON_IDLE] = 4,    /* Idle Timeout */
	[SESSION_REASON_QUOTA] = 5,
	[SESSION_REASON_LOGOUT] = 1,   /* User Request */
	[SESSION_REASON_OPERATOR] = 6, /* Admin Reset */
	[SESSION_REASON_KERNEL] = 9,   /* NAS Error */
};

struct counters {
	uint64_t age_s;
	uint64_t up_bytes, down_bytes, up_packets, down_packets;
};

struct entry {
	LIST_ENTRY(entry) bucket;
	TAILQ_ENTRY(entry) next; /* in the order that they came */
	struct radius_accounting *owner;
	struct radius_account *account; /* NULL: the portal was restarted */
	uint64_t handle;
	struct counters base, now; /* when it began; as last told */
	uint64_t event_ms;	   /* of its start or end, for the delay */
	uint64_t due_ms;	   /* of what comes next; UINT64_MAX: nothing */
	struct radius_call *call;  /* NULL: none is under way */
	enum status sent;	   /* by it */
	uint8_t reason;		   /* enum session_reason, once it has ended */
	bool has_started;	   /* the servers know */
	bool has_ended;
	bool is_listed;
	bool wants_counters; /* asked for, to be passed on */
};

struct radius_accounting {
	struct radius_accounting_config config;
	char *identifier;
	struct event tick;
	LIST_HEAD(, entry) bucket[BUCKETS];
	TAILQ_HEAD(entries, entry) entries;
	unsigned int count, calls;
	struct radius_call *on; /* Accounting-On under way */
	uint64_t on_ms;		/* when it is due; 0: it is not owed */
	bool was_listed;	/* at least once */
	bool is_forgetting;	/* the log has said so */
};

static void step(struct entry *e);

/* --- entries ------------------------------------------------------------ */

static struct entry *find(const struct radius_accounting *a, uint64_t handle)
{
	struct entry *e;

	LIST_FOREACH (e, &a->bucket[handle % BUCKETS], bucket)
		if (e->handle == handle)
			return e;
	return NULL;
}

static void arm_tick(struct radius_accounting *a)
{
	static const struct timeval second = { .tv_sec = 1 };

	if (!evtimer_pending(&a->tick, NULL))
		event_add(&a->tick, &second);
}

static void remove_entry(struct entry *e)
{
	struct radius_accounting *a = e->owner;

	if (e->call) {
		radius_call_cancel(e->call);
		a->calls--;
	}
	LIST_REMOVE(e, bucket);
	TAILQ_REMOVE(&a->entries, e, next);
	a->count--;
	radius_account_free(e->account);
	explicit_bzero(e, sizeof(*e));
	free(e);
}

/* The oldest that has ended, so that memory is bounded in an outage. */
static bool forget_one(struct radius_accounting *a)
{
	struct entry *e;

	TAILQ_FOREACH (e, &a->entries, next)
		if (e->has_ended)
			break;
	if (!e)
		return false;
	if (!a->is_forgetting)
		log_warn("radius: accounting of sessions that have ended is "
			 "lost, as no server takes it");
	a->is_forgetting = true;
	remove_entry(e);
	return true;
}

static struct entry *add_entry(struct radius_accounting *a, uint64_t handle)
{
	struct entry *e;

	if (a->count >= RADIUS_SESSIONS_MAX && !forget_one(a))
		return NULL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->owner = a;
	e->handle = handle;
	e->event_ms = clock_ms();
	e->is_listed = true;
	LIST_INSERT_HEAD(&a->bucket[handle % BUCKETS], e, bucket);
	TAILQ_INSERT_TAIL(&a->entries, e, next);
	a->count++;
	arm_tick(a);
	return e;
}

/* --- packets ------------------------------------------------------------ */

static void put_octets(struct radius_packet *p, uint64_t bytes,
		       enum radius_type low, enum radius_type high)
{
	radius_put_number(p, low, (uint32_t)bytes);
	radius_put_number(p, high, (uint32_t)(bytes >> 32));
}

/* Input is what the device has sent. */
static void put_counters(struct radius_packet *p, const struct entry *e)
{
	const struct counters *n = &e->now, *b = &e->base;

	radius_put_number(p, RADIUS_ACCT_SESSION_TIME,
			  (uint32_t)(n->age_s - b->age_s));
	put_octets(p, n->up_bytes - b->up_bytes, RADIUS_ACCT_INPUT_OCTETS,
		   RADIUS_ACCT_INPUT_GIGAWORDS);
	put_octets(p, n->down_bytes - b->down_bytes, RADIUS_ACCT_OUTPUT_OCTETS,
		   RADIUS_ACCT_OUTPUT_GIGAWORDS);
	radius_put_number(p, RADIUS_ACCT_INPUT_PACKETS,
			  (uint32_t)(n->up_packets - b->up_packets));
	radius_put_number(p, RADIUS_ACCT_OUTPUT_PACKETS,
			  (uint32_t)(n->down_packets - b->down_packets));
}

static void put_time(struct radius_packet *p, uint64_t delay_s)
{
	radius_put_number(p, RADIUS_EVENT_TIMESTAMP,
			  (uint32_t)((uint64_t)time(NULL) - delay_s));
	radius_put_number(p, RADIUS_ACCT_DELAY_TIME, (uint32_t)delay_s);
}

static bool begin_packet(struct radius_packet *p, enum status status)
{
	if (!radius_packet_init(p, RADIUS_ACCOUNTING_REQUEST))
		return false;
	radius_put_number(p, RADIUS_ACCT_STATUS_TYPE, status);
	return true;
}

static bool build(struct radius_packet *p, const struct entry *e,
		  enum status status)
{
	const struct radius_account *account = e->account;
	char id[17];
	uint64_t delay_s = status == STATUS_INTERIM
				   ? 0
				   : (clock_ms() - e->event_ms) / 1000;

	if (!begin_packet(p, status))
		return false;
	snprintf(id, sizeof(id), "%016" PRIx64, e->handle);
	radius_put_text(p, RADIUS_ACCT_SESSION_ID, id);
	radius_put_number(p, RADIUS_ACCT_AUTHENTIC, AUTHENTIC_RADIUS);
	if (account)
		radius_account_put(p, account);
	radius_put_place(p, e->owner->identifier,
			 account ? account->network : "",
			 account ? account->pseudonym : 0);
	put_time(p, delay_s);
	if (status != STATUS_START)
		put_counters(p, e);
	if (status == STATUS_STOP)
		radius_put_number(p, RADIUS_ACCT_TERMINATE_CAUSE,
				  terminate_cause[e->reason]);
	return !p->is_cut;
}

/* --- one after the other ------------------------------------------------- */

static uint64_t interim_ms(const struct entry *e)
{
	uint64_t s = e->account && e->account->interim_s
			     ? e->account->interim_s
			     : e->owner->config.interim_s;

	if (!s)
		return UINT64_MAX;
	return (s < RADIUS_INTERIM_MIN_S ? RADIUS_INTERIM_MIN_S : s) * 1000;
}

static void plan(struct entry *e, uint64_t in_ms)
{
	e->due_ms = in_ms == UINT64_MAX ? UINT64_MAX : clock_ms() + in_ms;
}

static void on_answer(const struct radius_view *answer, void *arg)
{
	struct entry *e = arg;

	e->call = NULL;
	e->owner->calls--;
	if (!answer && e->sent != STATUS_INTERIM) {
		plan(e, RADIUS_AGAIN_MS);
		return;
	}
	if (e->sent == STATUS_STOP) {
		remove_entry(e);
		return;
	}
	e->has_started = true;
	plan(e, interim_ms(e));
	if (e->has_ended)
		step(e);
}

/* What cannot be sent now is with a later tick. */
static void send_status(struct entry *e, enum status status)
{
	struct radius_accounting *a = e->owner;
	struct radius_packet p;

	if (e->call)
		return;
	if (a->calls >= CALLS_MAX) {
		plan(e, 0);
		return;
	}
	if (build(&p, e, status))
		e->call = radius_pool_ask(a->config.pool, &p, on_answer, e);
	explicit_bzero(&p, sizeof(p));
	if (!e->call) {
		plan(e, RADIUS_AGAIN_MS);
		return;
	}
	e->sent = status;
	a->calls++;
}

/* What is due by now. */
static void step(struct entry *e)
{
	if (!e->has_started) {
		send_status(e, STATUS_START);
	} else if (e->has_ended) {
		send_status(e, STATUS_STOP);
	} else {
		plan(e, interim_ms(e));
		e->wants_counters = true;
		e->owner->config.ask(e->handle, e->owner->config.arg);
	}
}

/* --- the box itself ------------------------------------------------------ */

static bool build_box(const struct radius_accounting *a,
		      struct radius_packet *p, enum status status)
{
	if (!begin_packet(p, status))
		return false;
	radius_put_text(p, RADIUS_NAS_IDENTIFIER, a->identifier);
	put_time(p, 0);
	return true;
}

static void on_box_answer(const struct radius_view *answer, void *arg)
{
	struct radius_accounting *a = arg;

	a->on = NULL;
	a->on_ms = answer ? 0 : clock_ms() + RADIUS_AGAIN_MS;
}

/* Whatever servers believe of this box has ended. */
static void tell_on(struct radius_accounting *a)
{
	struct radius_packet p;

	a->on_ms = clock_ms() + RADIUS_AGAIN_MS;
	arm_tick(a);
	if (!a->on && build_box(a, &p, STATUS_ON))
		a->on = radius_pool_ask(a->config.pool, &p, on_box_answer, a);
}

/* --- last words ----------------------------------------------------------- */

/* As nobody waits for the answer. */
static void send_once(struct radius_accounting *a,
		      const struct radius_packet *p)
{
	struct radius_call *call =
		radius_pool_ask(a->config.pool, p, on_box_answer, a);

	if (call)
		radius_call_cancel(call);
}

static void tell_off(struct radius_accounting *a)
{
	struct radius_packet p;

	if (build_box(a, &p, STATUS_OFF))
		send_once(a, &p);
}

/* What waited to be sent again. */
static void tell_end(struct entry *e)
{
	struct radius_packet p;

	if (e->has_ended && build(&p, e, STATUS_STOP))
		send_once(e->owner, &p);
	explicit_bzero(&p, sizeof(p));
}

void radius_accounting_give_up(struct radius_accounting *a)
{
	struct entry *e;

	TAILQ_FOREACH (e, &a->entries, next) {
		if (!e->has_ended)
			e->event_ms = clock_ms();
		e->has_ended = true;
	}
}

/* --- in time -------------------------------------------------------------- */

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct radius_accounting *a = arg;
	uint64_t now_ms = clock_ms();
	unsigned int room = CALLS_MAX - a->calls;
	struct entry *e, *next;

	(void)fd;
	(void)what;
	for (e = TAILQ_FIRST(&a->entries); e && room; e = next) {
		next = TAILQ_NEXT(e, next);
		if (e->call || e->due_ms > now_ms)
			continue;
		step(e);
		room--;
	}
	if (a->on_ms && !a->on && a->on_ms <= now_ms)
		tell_on(a);
	if (a->count || a->on_ms)
		arm_tick(a);
}

/* --- what is told -------------------------------------------------------- */

bool radius_accounting_has_room(const struct radius_accounting *a)
{
	const struct entry *e;

	if (a->count < RADIUS_SESSIONS_MAX)
		return true;
	TAILQ_FOREACH (e, &a->entries, next)
		if (e->has_ended)
			return true;
	return false;
}

void radius_accounting_begin(struct radius_accounting *a,
			     struct radius_account *account,
			     const struct ipc_session *now)
{
	struct entry *e = find(a, now->handle);

	if (e && (e->account || e->has_ended)) {
		radius_account_free(account);
		return;
	}
	if (!e)
		e = add_entry(a, now->handle);
	if (!e) {
		radius_account_free(account);
		return;
	}
	e->account = account;
	e->has_started = false;
	e->now = (struct counters){ .age_s = now->age_s,
				    .up_bytes = now->up_bytes,
				    .down_bytes = now->down_bytes };
	e->base = e->now;
	step(e);
}

static void take_counters(struct entry *e, const struct ipc_account *m)
{
	e->now = (struct counters){
		.age_s = m->age_s,
		.up_bytes = m->up_bytes,
		.down_bytes = m->down_bytes,
		.up_packets = m->up_packets,
		.down_packets = m->down_packets,
	};
}

static void end(struct entry *e, uint8_t reason)
{
	if (e->has_ended)
		return;
	e->has_ended = true;
	e->reason = reason;
	e->event_ms = clock_ms();
	plan(e, 0);
	step(e);
}

/* Of one that an earlier portal has begun: its account is not known. */
static struct entry *adopt(struct radius_accounting *a,
			   const struct ipc_account *m)
{
	struct entry *e = add_entry(a, m->handle);

	if (!e)
		return NULL;
	e->has_started = true;
	plan(e, interim_ms(e));
	return e;
}

void radius_accounting_tell(struct radius_accounting *a,
			    const struct ipc_account *m)
{
	struct entry *e = find(a, m->handle);

	if (!e && m->error)
		return;
	if (!e)
		e = adopt(a, m);
	if (!e || e->has_ended)
		return;
	e->is_listed = true;
	if (m->error) { /* it ended, and nobody was told how */
		end(e, SESSION_REASON_NONE);
		return;
	}
	take_counters(e, m);
	if (m->reason)
		end(e, m->reason < SESSION_REASON_MAX ? (uint8_t)m->reason
						      : SESSION_REASON_NONE);
	else if (e->has_started && e->wants_counters)
		send_status(e, STATUS_INTERIM);
	e->wants_counters = false;
}

/* --- all of them --------------------------------------------------------- */

void radius_accounting_list_begins(struct radius_accounting *a)
{
	struct entry *e;

	TAILQ_FOREACH (e, &a->entries, next)
		e->is_listed = false;
}

void radius_accounting_list_ends(struct radius_accounting *a)
{
	struct entry *e, *next;
	bool is_first = !a->was_listed;

	a->was_listed = true;
	if (is_first && !a->count)
		tell_on(a);
	for (e = TAILQ_FIRST(&a->entries); e; e = next) {
		next = TAILQ_NEXT(e, next);
		if (!e->is_listed)
			end(e, SESSION_REASON_NONE);
	}
}

bool radius_accounting_knows(const struct radius_accounting *a, uint64_t handle)
{
	const struct entry *e = find(a, handle);

	return e && !e->has_ended;
}

/* --- life ---------------------------------------------------------------- */

struct radius_accounting *
radius_accounting_new(const struct radius_accounting_config *config)
{
	struct radius_accounting *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->config = *config;
	a->identifier = strdup(config->identifier);
	TAILQ_INIT(&a->entries);
	evtimer_assign(&a->tick, config->base, on_tick, a);
	if (a->identifier)
		return a;
	radius_accounting_free(a);
	return NULL;
}

void radius_accounting_free(struct radius_accounting *a)
{
	struct entry *e;

	if (!a)
		return;
	event_del(&a->tick);
	if (a->on)
		radius_call_cancel(a->on);
	if (a->was_listed && !a->count)
		tell_off(a);
	while ((e = TAILQ_FIRST(&a->entries))) {
		tell_end(e);
		remove_entry(e);
	}
	free(a->identifier);
	free(a);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/city/city.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event_struct.h>
#include <event2/util.h>

#include "common/clock.h"
#include "portal/city/code_book.h"
#include "portal/city/feed.h"
#include "portal/city/figures.h"
#include "portal/city/heartbeat.h"
#include "portal/city/inbox.h"
#include "portal/city/streams.h"
#include "portal/util/resolver.h"

#define DAY_S	     86400
#define MINUTE_MS    60000
#define SAY_AGAIN_MS 600000
#define IN_FLIGHT    8
#define JITTER	     5 /* a fifth of the interval, more or less */
#define TIME_MAX     (1LL << 40)

/* Of the city that the box has joined. */
struct member {
	struct city_login *login;
	char ca[CITY_PATH_MAX];
	struct city_link link;
	struct feed *feed;
	struct inbox *inbox;
	struct figures *figures;
	struct heartbeat *heartbeat;
	struct code_book *codes; /* NULL: no zone asks for any */
	uint64_t poll_ms;
	struct event poll, away;

	int64_t store_s; /* the store's clock, at ... */
	uint64_t store_ms;
	uint64_t minute_ms; /* when it was asked last */

	bool is_refused;
	uint64_t said_ms; /* that it is refused */
	bool has_said;
};

struct city {
	struct city_config config;
	struct store *store;
	struct resolver *resolver; /* NULL: not needed yet */
	struct member *member;	   /* NULL: in no city */
	bool is_broken;
};

/* --- the store's clock -------------------------------------------------- */

static int64_t now_s(const struct member *m)
{
	return m->store_s + (int64_t)((clock_ms() - m->store_ms) / 1000);
}

static void tell_clock(struct member *m)
{
	struct ipc_city_clock clock = {
		.store_s = now_s(m),
		.is_complete = feed_is_complete(m->feed),
	};

	if (netctl_client_is_there(m->link.netctl) &&
	    netctl_client_tell_clock(m->link.netctl, &clock) < 0)
		log_warn("could not tell netctl the time of the city");
}

static void set_day(struct member *m)
{
	int64_t shifted = now_s(m) - city_login_shift_s(m->login);

	if (m->store_s && shifted > 0)
		feed_set_day(m->feed, (uint64_t)shifted / DAY_S);
}

/* ["SECONDS", "MICROSECONDS"] since 1970 */
static bool take_time(struct member *m, const struct redisReply *reply)
{
	size_t len = 0;
	const char *text = resp_bytes(resp_at(reply, 0), &len);
	long long s;

	if (!text || !len || text[strspn(text, "0123456789")])
		return false;
	s = strtoll(text, NULL, 10);
	if (s <= 0 || s >= TIME_MAX)
		return false;
	m->store_s = s;
	m->store_ms = clock_ms();
	if (m->codes)
		code_book_see_store(m->codes, s);
	return true;
}

static void poll_now(struct member *m)
{
	set_day(m);
	feed_poll(m->feed);
	inbox_poll(m->inbox);
	if (m->codes)
		code_book_poll(m->codes);
	if (feed_has_read(m->feed))
		figures_poll(m->figures);
}

static void on_time(const struct redisReply *reply, void *arg)
{
	struct member *m = arg;
	bool is_first = !m->store_s;
	char code[RESP_CODE_MAX];

	if (!reply)
		return;
	if (resp_error(reply, code))
		m->link.on_refused(code, m);
	else if (!take_time(m, reply))
		connection_refuse(m->link.connection,
				  "a time that makes no sense");
	else {
		tell_clock(m);
		if (is_first)
			poll_now(m);
	}
}

static void ask_time(struct member *m)
{
	const char *word[] = { "TIME" };
	struct connection_command cmd = { .args = 1, .arg = word };

	if (connection_send(m->link.connection, &cmd, on_time, m) < 0)
		log_debug("city: the time is not asked for this time");
}

/* --- polls -------------------------------------------------------------- */

static void arm(struct member *m)
{
	uint64_t fifth_ms = m->poll_ms / JITTER;
	struct timeval wait;
	uint16_t chance;

	evutil_secure_rng_get_bytes(&chance, sizeof(chance));
	wait = clock_timeval(m->poll_ms - fifth_ms +
			     2 * fifth_ms * chance / UINT16_MAX);
	evtimer_add(&m->poll, &wait);
}

static void begin_minute(struct member *m)
{
	m->minute_ms = clock_ms();
	ask_time(m);
	heartbeat_beat(m->heartbeat);
}

static void on_poll(evutil_socket_t fd, short what, void *arg)
{
	struct member *m = arg;

	(void)fd;
	(void)what;
	arm(m);
	if (clock_ms() - m->minute_ms >= MINUTE_MS)
		begin_minute(m);
	poll_now(m);
}

static void on_up(void *arg)
{
	struct member *m = arg;

	feed_connected(m->feed);
	if (m->codes)
		code_book_connected(m->codes);
	begin_minute(m);
	poll_now(m);
	arm(m);
}

/* Sessions of codes that are over end in any case. */
static void on_away(evutil_socket_t fd, short what, void *arg)
{
	struct member *m = arg;

	(void)fd;
	(void)what;
	if (m->codes && !city_link_is_up(&m->link))
		code_book_poll(m->codes);
}

static void on_down(void *arg)
{
	struct member *m = arg;

	evtimer_del(&m->poll);
}

/* --- what the parts tell ------------------------------------------------ */

/* A master that is none any more is left for the one that is. */
static void on_refused(const char *code, void *arg)
{
	struct member *m = arg;
	uint64_t now_ms = clock_ms();

	m->is_refused = true;
	if (!strcmp(code, "READONLY"))
		connection_refuse(m->link.connection, "not the master");
	if (m->has_said || (m->said_ms && now_ms - m->said_ms < SAY_AGAIN_MS))
		return;
	log_warn("city: the store refuses what is sent (%s); it is kept until "
		 "the store takes it",
		 *code ? code : "without a reason");
	m->has_said = true;
	m->said_ms = now_ms;
}

static void on_taken(void *arg)
{
	struct member *m = arg;

	m->is_refused = false;
	if (m->has_said)
		log_info("city: the store takes what is sent again");
	m->has_said = false;
}

static void on_commit(uint64_t stream, uint64_t seq, void *arg)
{
	struct member *m = arg;

	figures_commit(m->figures, stream, seq);
}

static bool on_codes(const struct voucher_text *text, size_t count, void *arg)
{
	struct member *m = arg;

	return code_book_take(m->codes, text, count);
}

static void on_complete(void *arg)
{
	tell_clock(arg);
}

/* --- joining ------------------------------------------------------------ */

static void member_free(struct member *m)
{
	if (!m)
		return;
	if (event_initialized(&m->poll)) {
		evtimer_del(&m->poll);
		event_del(&m->away);
	}
	connection_free(m->link.connection);
	heartbeat_free(m->heartbeat);
	code_book_free(m->codes);
	figures_free(m->figures);
	inbox_free(m->inbox);
	feed_free(m->feed);
	city_login_free(m->login);
	free(m);
}

/* Beside the box's own. false: no memory. */
static bool make_codes(struct member *m, const struct settings *s)
{
	const char *digits = city_login_codes(m->login);
	char file[PATH_MAX];

	if (!settings_offer(s, ZONE_AUTH_VOUCHER))
		return true;
	if (!*digits) {
		log_info("city: this box joined before there were codes of "
			 "the city, and takes none; stadttor city add --force "
			 "makes a new file for it");
		return true;
	}
	snprintf(file, sizeof(file), "%s.city", s->voucher.file);
	m->codes = code_book_new(&m->link, digits, file);
	return m->codes != NULL;
}

static bool make_parts(struct member *m, const struct city *c)
{
	struct feed_config fc = {
		.base = c->config.base,
		.link = &m->link,
		.on_commit = on_commit,
		.on_codes = m->codes ? on_codes : NULL,
		.on_complete = on_complete,
		.arg = m,
	};

	m->link.netctl = c->config.netctl;
	m->link.on_refused = on_refused;
	m->link.on_taken = on_taken;
	m->link.arg = m;
	snprintf(m->link.site, sizeof(m->link.site), "%s",
		 city_login_site(m->login));
	m->feed = feed_new(&fc);
	m->inbox = inbox_new(&m->link, c->config.base);
	m->figures = figures_new(&m->link);
	m->heartbeat = heartbeat_new(&m->link, c->config.codes, c->config.arg);
	evtimer_assign(&m->poll, c->config.base, on_poll, m);
	event_assign(&m->away, c->config.base, -1, EV_PERSIST, on_away, m);
	return m->feed && m->inbox && m->figures && m->heartbeat;
}

static bool make_connection(struct member *m, const struct city *c, char *why,
			    size_t max)
{
	struct connection_config cc = {
		.base = c->config.base,
		.resolver = c->resolver,
		.ca = m->ca,
		.user = city_login_user(m->login),
		.password = city_login_password(m->login),
		.name = "city",
		.consequence = "people who are online stay online, and who "
			       "was known gets in",
		.bounds = { STREAMS_BYTES, STREAMS_ELEMENTS },
		.in_flight = IN_FLIGHT,
		.on_up = on_up,
		.on_down = on_down,
		.arg = m,
	};

	cc.servers = city_login_servers(m->login, &cc.server);
	m->link.connection = connection_new(&cc, why, max);
	return m->link.connection != NULL;
}

/* false: why says what is wrong, or nothing where the box is in no city. */
static bool open_member(struct member *m, struct city *c,
			const struct settings *s, char why[UCI_ERROR_MAX])
{
	static const struct timeval away = { .tv_sec = 2 };
	const char *folder = s->city.folder;
	char path[CITY_PATH_MAX];

	m->poll_ms = s->city.poll_s * 1000;
	if (!city_login_path(path, folder) || !city_ca_path(m->ca, folder))
		return false;
	m->login = city_login_read(path, why);
	if (!m->login)
		return false;
	snprintf(why, UCI_ERROR_MAX, "out of memory");
	if (!c->resolver)
		c->resolver = resolver_new(c->config.base);
	return c->resolver && make_codes(m, s) && make_parts(m, c) &&
	       make_connection(m, c, why, UCI_ERROR_MAX) &&
	       (!m->codes || event_add(&m->away, &away) == 0);
}

static struct member *member_new(struct city *c, const struct settings *s,
				 char why[UCI_ERROR_MAX])
{
	struct member *m = calloc(1, sizeof(*m));

	snprintf(why, UCI_ERROR_MAX, "out of memory");
	if (m && open_member(m, c, s, why))
		return m;
	member_free(m);
	return NULL;
}

struct vouchers *city_vouchers(const struct city *c)
{
	return c->member && c->member->codes
		       ? code_book_vouchers(c->member->codes)
		       : NULL;
}

void city_apply(struct city *c, const struct settings *s)
{
	char why[UCI_ERROR_MAX] = "";

	member_free(c->member);
	c->member = s->city.enabled ? member_new(c, s, why) : NULL;
	c->is_broken = *why && !c->member;
	if (c->is_broken)
		log_error("%s; this box is by itself", why);
	city_set_store(c, c->store);
	city_netctl(c);
}

/* --- the rest ----------------------------------------------------------- */

void city_set_store(struct city *c, struct store *store)
{
	c->store = store;
	if (store)
		store_set_outgoing(store, c->member || c->is_broken);
	if (c->member)
		figures_set_store(c->member->figures, store);
}

void city_netctl(struct city *c)
{
	if (!c->member)
		return;
	feed_netctl(c->member->feed);
	if (!netctl_client_is_there(c->config.netctl))
		return;
	inbox_netctl(c->member->inbox);
	if (city_link_is_up(&c->member->link) && c->member->store_s)
		tell_clock(c->member);
}

void city_take(struct city *c, const struct ipc_city_record *r)
{
	if (c->member)
		inbox_take(c->member->inbox, r);
}

static enum city_state state_of(const struct city *c)
{
	const struct member *m = c->member;

	if (!m)
		return c->is_broken ? CITY_BROKEN : CITY_OFF;
	if (!city_link_is_up(&m->link))
		return CITY_AWAY;
	return m->is_refused ? CITY_REFUSED : CITY_UP;
}

struct city_status city_status(const struct city *c)
{
	struct city_status s = { .state = state_of(c) };

	if (c->member)
		s.troubles = heartbeat_troubles(c->member->heartbeat);
	if (c->member && c->store)
		s.figures = store_count_outgoing(c->store);
	return s;
}

struct city *city_new(const struct city_config *config)
{
	struct city *c = calloc(1, sizeof(*c));

	if (c)
		c->config = *config;
	return c;
}

void city_free(struct city *c)
{
	if (!c)
		return;
	member_free(c->member);
	resolver_free(c->resolver);
	free(c);
}

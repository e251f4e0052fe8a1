/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/intake/poller.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/clock.h"

#define REPLY_MAX    (32 * 1024 * 1024)
#define ELEMENTS_MAX 65536
#define READS_A_POLL 4 /* an empty round of 10,000 inboxes takes 10 ms */

struct poller {
	struct poller_config config;
	struct round round;
	struct event timer;
	uint64_t poll_ms;
	bool is_pausing;
};

/* --- the order --------------------------------------------------------- */

/* What has changed meanwhile is looked at without a rest. */
static void pause_now(struct poller *p)
{
	static const struct timeval at_once = { 0 };

	p->is_pausing = false;
	p->config.on_pause(p->config.arg);
	if (p->round.state.is_up)
		event_add(&p->timer, &at_once);
}

static void rest(struct poller *p)
{
	struct timeval pause = clock_timeval(p->round.is_cut ? 0 : p->poll_ms);

	p->round.phase = PHASE_REST;
	if (p->is_pausing)
		pause_now(p);
	else if (p->round.state.is_up)
		event_add(&p->timer, &pause);
}

static void enter(struct poller *p, enum phase next)
{
	p->round.phase = next;
	p->round.at = 0;
	p->round.asked_at = 0;
	p->round.is_failed = false;
}

static void go_on(struct poller *p);

static void on_reply(const struct redisReply *r, void *arg)
{
	struct poller *p = arg;
	struct site *s = p->round.asked[p->round.asked_at];
	char code[RESP_CODE_MAX], why[RESP_CODE_MAX + 16];

	p->round.asked_at = (p->round.asked_at + 1) % ROUND_WINDOW;
	p->round.under_way--;
	if (!r)
		return; /* on_down comes */
	p->round.keys = 0;
	if (resp_error(r, code) && !round_is_full(code)) {
		snprintf(why, sizeof(why), "it answers %s", code);
		p->round.state.is_up = false;
		connection_refuse(p->round.connection, why);
		return;
	}
	if (round_steps[p->round.phase].on_reply)
		round_steps[p->round.phase].on_reply(&p->round, r, s);
	go_on(p);
}

static bool ask_next(struct poller *p)
{
	struct connection_command c;

	if (p->round.under_way == ROUND_WINDOW ||
	    !round_steps[p->round.phase].ask(&p->round))
		return false;
	c = (struct connection_command){
		.args = p->round.command.args,
		.arg = p->round.command.arg,
		.len = p->round.command.len,
	};
	if (connection_send(p->round.connection, &c, on_reply, p)) {
		p->round.state.is_up = false; /* or the phase would seem done */
		connection_refuse(p->round.connection,
				  "a command cannot be sent");
		return false;
	}
	p->round.under_way++;
	return true;
}

static void go_on(struct poller *p)
{
	while (p->round.phase != PHASE_REST) {
		while (ask_next(p))
			;
		if (p->round.under_way || !p->round.state.is_up)
			return;
		if (round_steps[p->round.phase].end)
			round_steps[p->round.phase].end(&p->round);
		if (p->round.phase + 1 == PHASES)
			rest(p);
		else
			enter(p, p->round.phase + 1);
	}
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct poller *p = arg;

	(void)fd;
	(void)what;
	enter(p, PHASE_REST + 1);
	go_on(p);
}

/* --- the connection ---------------------------------------------------- */

static void on_up(void *arg)
{
	struct poller *p = arg;

	p->round.state.is_up = true;
	p->round.is_new = true;
	p->round.codes_are_new = true;
	p->round.older = 0;
	p->round.weigh_ms = 0;
	enter(p, PHASE_REST + 1);
	go_on(p);
}

static void on_down(void *arg)
{
	struct poller *p = arg;

	p->round.state.is_leader = false;
	if (round_lose_page(&p->round,
			    connection_was_beyond(p->round.connection)))
		connection_hurry(p->round.connection);
	p->round.state.is_up = false;
	event_del(&p->timer);
	intake_end(p->config.intake);
	p->round.under_way = 0;
	rest(p);
}

/* --- life -------------------------------------------------------------- */

void poller_apply(struct poller *p, const struct city_conf *city)
{
	p->round.shift_s = (int64_t)city->shift_s;
	p->round.generation = (uint8_t)city->generation;
	p->round.is_new = true; /* sites that came are looked at as all were */
	p->round.older = 0;
	p->round.weigh_ms = 0;
	p->round.beats_ms = 0;
}

/* A hub is a database on a host: one that starts anew is the same. */
static void name_hub(char token[ROUND_TOKEN], const char *database)
{
	char host[HOST_NAME_MAX + 1] = "";

	gethostname(host, sizeof(host) - 1);
	snprintf(token, ROUND_TOKEN, "%s:%s", host, database);
}

struct poller *poller_new(const struct poller_config *config,
			  const struct city_conf *city, char *error, size_t max)
{
	struct poller *p = calloc(1, sizeof(*p));
	struct connection_config cc = {
		.base = config->base,
		.resolver = config->resolver,
		.server = config->conf->servers,
		.servers = config->conf->server.count,
		.ca = config->conf->ca,
		.user = config->conf->user,
		.password = config->conf->password,
		.name = "store",
		.consequence = "boxes keep what they have; trying again",
		.bounds = { REPLY_MAX, ELEMENTS_MAX },
		.in_flight = ROUND_WINDOW,
		.on_up = on_up,
		.on_down = on_down,
	};

	snprintf(error, max, "out of memory");
	if (!p)
		return NULL;
	p->config = *config;
	p->round.db = config->db;
	p->round.sites = config->sites;
	p->round.intake = config->intake;
	p->round.switcher = config->switcher;
	p->round.codes = config->codes;
	p->round.has_standby = config->conf->standby;
	name_hub(p->round.token, config->conf->database);
	p->round.page = COMMAND_PAGE;
	p->poll_ms = config->conf->poll_s * 1000 / READS_A_POLL;
	poller_apply(p, city);
	evtimer_assign(&p->timer, config->base, on_timer, p);
	cc.arg = p;
	p->round.connection = connection_new(&cc, error, max);
	if (!p->round.connection) {
		poller_free(p);
		return NULL;
	}
	connection_hurry(p->round.connection); /* there is only one of us */
	return p;
}

void poller_pause(struct poller *p)
{
	p->is_pausing = true;
	if (p->round.phase == PHASE_REST)
		pause_now(p);
}

const struct round_state *poller_state(const struct poller *p)
{
	return &p->round.state;
}

void poller_free(struct poller *p)
{
	if (!p)
		return;
	if (event_initialized(&p->timer))
		event_del(&p->timer);
	connection_free(p->round.connection);
	free(p);
}

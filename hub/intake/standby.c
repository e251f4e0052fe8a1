/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/intake/standby.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/stringify.h"
#include "hub/intake/entry.h"

#define LEASE_MS      15000
#define LEASE_SAFE_MS 10000 /* no commit behind that */
#define FOLLOW	      64    /* entries of a read */
#define LOG_MAX	      20000 /* entries that a hub may have missed */

/* Taken where nobody has it, and made longer where it is ours. */
bool standby_ask_lease(struct round *p)
{
	struct command *c;

	if (!p->has_standby) {
		p->state.is_leader = true;
		return false;
	}
	if (p->under_way || p->at == 2 || (p->at && !p->state.is_leader))
		return false;
	p->lease_ms = clock_ms();
	c = command_start(&p->command, "SET");
	command_put(c, "hub:lease", 9);
	command_put(c, p->token, strlen(p->token));
	command_put(c, p->at ? "XX" : "NX", 2);
	if (!p->at++)
		command_put(c, "GET", 3);
	command_put(c, "PX", 2);
	command_put(c, STRINGIFY(LEASE_MS), strlen(STRINGIFY(LEASE_MS)));
	return true;
}

void standby_take_lease(struct round *p, const struct redisReply *r,
			struct site *s)
{
	(void)s;
	if (p->at == 1)
		p->state.is_leader =
			r->type == REDIS_REPLY_NIL || resp_is(r, p->token);
}

void standby_end_lease(struct round *p)
{
	bool is_news = !p->said_role || p->said_leader != p->state.is_leader;

	if (p->has_standby && is_news)
		log_info("%s", p->state.is_leader ? "this hub leads"
						  : "another hub leads; this "
						    "one follows");
	p->said_role = true;
	p->said_leader = p->state.is_leader;
	p->is_new |= !p->state.is_leader; /* once it leads, all is looked at */
	p->is_behind = p->has_standby && p->is_new;
	intake_hand_on(p->intake, p->has_standby && p->state.is_leader);
}

bool standby_ask_log(struct round *p)
{
	struct command *c;

	if (!p->is_behind || p->under_way)
		return false;
	if (!p->at++) {
		intake_hand_on(p->intake, false);
		snprintf(p->log_at, sizeof(p->log_at), "%s",
			 *p->log_seen ? p->log_seen : "0");
	}
	c = command_start(&p->command, "XREAD");
	command_put(c, "COUNT", 5);
	command_put(c, STRINGIFY(FOLLOW), strlen(STRINGIFY(FOLLOW)));
	command_put(c, "STREAMS", 7);
	command_put(c, "hub:log", 7);
	command_put(c, p->log_at, strlen(p->log_at));
	return true;
}

/* Its field is the site's name. */
static void follow_entry(struct round *p, const struct redisReply *r)
{
	struct intake_entry e = entry_of(r);
	char name[CITY_SITE_MAX];
	struct site *s;

	if (!e.id || e.id_len >= sizeof(p->log_at))
		return;
	snprintf(p->log_at, sizeof(p->log_at), "%.*s", (int)e.id_len, e.id);
	if (!e.name || e.name_len >= sizeof(name))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)e.name_len, e.name);
	s = sites_find(p->sites, name);
	e.name = "f";
	e.name_len = 1;
	if (s && !intake_take(p->intake, s, &e))
		p->is_behind = false; /* a full poll: the rest comes later */
}

void standby_take_log(struct round *p, const struct redisReply *r,
		      struct site *s)
{
	const struct redisReply *entries = resp_at(resp_at(r, 0), 1);

	(void)s;
	p->is_behind = resp_count(entries) == FOLLOW;
	for (size_t i = 0; i < resp_count(entries); i++)
		follow_entry(p, resp_at(entries, i));
}

/* What was followed counts before anything new does. */
void standby_end_log(struct round *p)
{
	if (!p->at)
		return;
	intake_commit(p->intake);
	if (intake_is_committed(p->intake))
		memcpy(p->log_seen, p->log_at, sizeof(p->log_seen));
	intake_end(p->intake);
	intake_hand_on(p->intake, p->has_standby && p->state.is_leader);
}

bool standby_ask_handing_on(struct round *p)
{
	struct intake_text t;
	struct command *c;

	if (p->is_failed || !intake_next_text(p->intake, &t))
		return false;
	c = command_start(&p->command, "XADD");
	command_put(c, "hub:log", 7);
	command_put(c, "MAXLEN", 6);
	command_put(c, "~", 1);
	command_put(c, STRINGIFY(LOG_MAX), strlen(STRINGIFY(LOG_MAX)));
	command_put(c, "*", 1);
	command_put(c, t.site->name, strlen(t.site->name));
	command_put(c, t.text, t.len);
	return true;
}

void standby_take_handed_on(struct round *p, const struct redisReply *r,
			    struct site *s)
{
	char code[RESP_CODE_MAX];
	size_t len;
	const char *id = resp_bytes(r, &len);

	(void)s;
	if (resp_error(r, code))
		p->is_failed = true;
	else if (id && len < sizeof(p->log_at))
		snprintf(p->log_at, sizeof(p->log_at), "%.*s", (int)len, id);
}

void standby_end_handing_on(struct round *p)
{
	bool is_late =
		p->has_standby && clock_ms() - p->lease_ms > LEASE_SAFE_MS;

	if (p->is_failed || is_late)
		intake_hold_back(p->intake);
	p->days = 0;
	intake_commit(p->intake);
	if (*p->log_at && intake_is_committed(p->intake))
		memcpy(p->log_seen, p->log_at, sizeof(p->log_seen));
}

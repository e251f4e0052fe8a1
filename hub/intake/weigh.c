/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/intake/weigh.h"

#include "common/clock.h"

#define WEIGH_MS 600000

static bool is_to_weigh(const struct round *p, const struct site *s)
{
	return p->state.is_leader && (p->weigh_ms <= clock_ms() || s->is_full);
}

/* All of it: the first nodes of a stream may be small ones. */
static void put_weighing(struct command *c, enum command_key key,
			 const struct site *s)
{
	command_put(c, "USAGE", 5);
	command_key(c, key, s->name);
	command_put(c, "SAMPLES", 7);
	command_put(c, "0", 1);
}

/* One key after the other. */
bool weigh_ask(struct round *p)
{
	const size_t keys = COMMAND_KEYS;
	struct sites *all = p->sites;
	enum command_key key;
	struct command *c;
	struct site *s;

	while (p->at < all->count * keys &&
	       !is_to_weigh(p, &all->site[p->at / keys]))
		p->at += keys;
	if (p->at == all->count * keys)
		return false;
	s = &all->site[p->at / keys];
	key = (enum command_key)(p->at % keys);
	p->asked[(p->asked_at + p->under_way) % ROUND_WINDOW] = s;
	c = command_start(&p->command, *s->off ? "DEL" : "MEMORY");
	if (*s->off)
		command_key(c, key, s->name);
	else
		put_weighing(c, key, s);
	p->at++;
	return true;
}

void weigh_take(struct round *p, const struct redisReply *r, struct site *s)
{
	if (r->type == REDIS_REPLY_INTEGER && !*s->off)
		intake_weigh(p->intake, s, r->integer);
}

void weigh_end(struct round *p)
{
	uint64_t now_ms = clock_ms();

	for (size_t i = 0; p->state.is_leader && i < p->sites->count; i++)
		p->sites->site[i].is_full = false;
	if (p->weigh_ms <= now_ms)
		p->weigh_ms = now_ms + WEIGH_MS;
}

/* A box keeps one heartbeat; behind a weighing, which sees what it wrote. */
bool weigh_ask_trim(struct round *p)
{
	struct sites *all = p->sites;
	struct command *c;
	struct site *s;

	while (p->at < all->count && !all->site[p->at].has_old_beats)
		p->at++;
	if (p->at == all->count || !p->state.is_leader)
		return false;
	s = &all->site[p->at++];
	s->has_old_beats = false;
	c = command_start(&p->command, "XTRIM");
	command_key(c, COMMAND_BEATS, s->name);
	command_put(c, "MAXLEN", 6);
	command_put(c, "1", 1);
	return true;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/pending.h"

#include "netctl/control/schedule.h"

#define RETRY_MS     100
#define RETRY_MAX_MS 5000

/* Between a change of tables by others and our look at ours. */
static const struct timeval check_delay = { .tv_usec = 20000 };

void pending_touch(struct controller *c, struct session *s)
{
	if (s->is_pending)
		return;
	s->is_pending = true;
	TAILQ_INSERT_TAIL(&c->pending, s, pending);
	event_active(&c->push_event, EV_TIMEOUT, 0);
}

void pending_end(struct controller *c, struct session *s,
		 enum session_reason reason)
{
	if (s->state == SESSION_ENDED)
		return;
	session_enter(s, SESSION_ENDED, reason);
	c->totals.ended[reason]++;
	pending_touch(c, s);
}

void pending_check_rules(struct controller *c)
{
	if (!evtimer_pending(&c->check_timer, NULL))
		event_add(&c->check_timer, &check_delay);
}

void pending_retry_rules(struct controller *c)
{
	uint32_t ms = c->rules_retry_ms ? 2 * c->rules_retry_ms : RETRY_MS;

	c->rules_retry_ms = ms > RETRY_MAX_MS ? RETRY_MAX_MS : ms;
	schedule_arm(&c->check_timer, c->rules_retry_ms);
}

void pending_see_changes(struct controller *c)
{
	if (!nft_watch_drain(event_get_fd(&c->nft_event)))
		return;
	garden_doubt(c->garden);
	c->path.tables_changed = true;
	pending_check_rules(c);
}

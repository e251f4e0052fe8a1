/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/schedule.h"

#include "common/clock.h"

#define POLL_MS	      5000
#define POLL_QUICK_MS 1000 /* where a quota or a short idle time must end */
#define POLL_MIN_MS   50

static uint64_t interval_of(const struct session *s, uint64_t now_ms)
{
	uint64_t ms = POLL_MS;

	if (s->limits.quota_bytes != IPC_UNLIMITED && !s->reduced)
		ms = POLL_QUICK_MS;
	if (s->limits.idle_s != IPC_UNLIMITED && s->limits.idle_s < 20)
		ms = POLL_QUICK_MS;
	if (s->ends_ms < now_ms + ms + SCHEDULE_EARLY_MS)
		ms = clock_until_ms(s->ends_ms, now_ms + SCHEDULE_EARLY_MS);
	if (s->leaves_ms && s->leaves_ms < now_ms + ms)
		ms = clock_until_ms(s->leaves_ms, now_ms);
	if (s->refill_ms && s->refill_ms < now_ms + ms)
		ms = clock_until_ms(s->refill_ms, now_ms);
	return ms < POLL_MIN_MS ? POLL_MIN_MS : ms;
}

void schedule_arm(struct event *timer, uint64_t ms)
{
	struct timeval tv = clock_timeval(ms);

	event_add(timer, &tv);
}

void schedule_poll(struct controller *c, const struct session *s,
		   uint64_t now_ms)
{
	uint64_t ms = interval_of(s, now_ms);

	if (c->poll_ms > now_ms && c->poll_ms <= now_ms + ms)
		return;
	c->poll_ms = now_ms + ms;
	schedule_arm(&c->poll_timer, ms);
}

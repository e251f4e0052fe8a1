/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/counters.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "netctl/control/pending.h"
#include "netctl/rules/ruleset.h"

#define READ_SINGLY_MAX 16

struct reading {
	struct controller *c;
	uint16_t zone;
	bool down;
	bool adopting;
	uint64_t now_ms;
	size_t orphans; /* elements of no session, now in the transaction */
};

/* --- one element --------------------------------------------------- */

static void take_counters(struct reading *r, struct session *s,
			  const struct element *e)
{
	s->seen |= r->down ? 2 : 1;
	if (r->down) {
		s->down_packets = e->packets;
		s->down_bytes = e->bytes;
		return;
	}
	if (e->packets != s->up_packets) {
		s->active_ms = r->now_ms;
		s->leaves_ms = 0; /* it has not gone, or is back */
	}
	s->up_packets = e->packets;
	s->up_bytes = e->bytes;
}

static void put_orphan(struct reading *r, const struct element *e)
{
	struct elements_zone z = state_elements_zone(r->c, r->zone);

	elements_put_delete_mac(r->c->nft, &z, &e->mac, r->down);
	r->orphans++;
}

static bool is_slot(const struct controller *c, const struct element *e,
		    uint16_t slot)
{
	return slot >= SLOT_FIRST && slot <= SLOT_UNCAPPED &&
	       e->data == (uint32_t)slot << c->settings->gate.mark_shift;
}

/* false: the element was not made by a netctl like this one. */
static bool adopt(struct reading *r, const struct element *e)
{
	struct controller *c = r->c;
	struct session found = { 0 }, *s;

	if (!elements_parse(e, r->now_ms, &found))
		return false;
	s = session_add(c->sessions, r->zone, &e->mac, found.handle);
	if (!s)
		return false;
	session_enter(s, SESSION_GRANTED, SESSION_REASON_NONE);
	s->installed = true;
	s->seen = 1;
	s->reduced = found.reduced;
	s->terms = found.terms;
	s->is_account = found.is_account;
	session_set_tag(c->sessions, s, found.tag);
	s->granted_ms = found.granted_ms;
	s->limits = found.limits;
	s->ends_ms = found.ends_ms;
	s->active_ms = found.active_ms;
	s->up_packets = found.up_packets;
	s->up_bytes = found.up_bytes;
	s->slot = SLOT_UNCAPPED;
	if (!is_slot(c, e, found.slot))
		pending_touch(c, s);
	else if (found.slot != SLOT_UNCAPPED)
		shaper_adopt(c->shaper, r->zone, s->slot = found.slot);
	c->totals.adopted++;
	return true;
}

static void on_element(const struct element *e, void *arg)
{
	struct reading *r = arg;
	struct session *s = session_find(r->c->sessions, r->zone, &e->mac);

	if (s && s->installed)
		take_counters(r, s, e);
	else if (!s && !(r->adopting && !r->down && adopt(r, e)))
		put_orphan(r, e);
}

/* --- all of them --------------------------------------------------- */

/* Both maps of the zone: the elements of that device, or all. */
static int read_maps(struct reading *r, const struct mac *mac)
{
	struct nft *nft = r->c->nft;
	struct elements_place from = {
		.zone = r->c->settings->zone[r->zone].name,
	};
	int err = 0;

	for (int down = 0; down < 2 && !err; down++) {
		from.down = r->down = down != 0;
		err = mac ? elements_get(nft, &from, mac, on_element, r)
			  : elements_dump(nft, &from, on_element, r);
	}
	return err;
}

/* No other program may let a device in. */
static void remove_orphans(struct reading *r)
{
	int err = nft_commit(r->c->nft);

	if (!r->orphans)
		return;
	log_warn("zone %s: removed %zu orphan elements%s%s",
		 r->c->settings->zone[r->zone].name, r->orphans,
		 err ? ": " : "", err ? strerror(-err) : "");
}

/* Once more does no harm. */
static int read_zone(void *arg)
{
	struct reading *r = arg;
	int err;

	r->now_ms = clock_ms();
	r->orphans = 0;
	nft_begin(r->c->nft);
	err = read_maps(r, NULL);
	if (err == -ENOENT && r->adopting)
		err = 0; /* no such map yet: nothing is in it */
	if (!err)
		remove_orphans(r);
	return err;
}

int counters_read_all(struct controller *c, bool adopting)
{
	int err = 0;

	for (uint16_t z = 0; z < c->settings->zones && !err; z++) {
		struct reading r = { .c = c, .zone = z, .adopting = adopting };

		err = netlink_retry(read_zone, &r);
	}
	return err;
}

int counters_adopt(struct controller *c)
{
	int err = counters_read_all(c, true);

	if (err)
		log_error("nft: reading the sessions in the kernel: %s",
			  strerror(-err));
	return err;
}

/* --- those whose elements are about to be deleted ------------------ */

void counters_read(struct controller *c, struct session *s)
{
	struct reading r = { .c = c, .zone = s->zone, .now_ms = clock_ms() };
	int err = read_maps(&r, &s->mac);

	if (err && err != -ENOENT)
		log_debug("nft: reading last counters: %s", strerror(-err));
}

/*
 * One who goes, or whose element is made anew with the counters that we know:
 * nobody shall save quota by changing often. What cannot be read, because it
 * has just gone, was read a poll ago.
 */
void counters_read_pending(struct controller *c)
{
	struct session *s;
	size_t installed = 0;
	int err = 0;

	TAILQ_FOREACH (s, &c->pending, pending)
		installed += s->installed;
	if (installed > READ_SINGLY_MAX)
		err = counters_read_all(c, false);
	else
		TAILQ_FOREACH (s, &c->pending, pending)
			if (s->installed)
				counters_read(c, s);
	if (err)
		log_debug("nft: reading last counters: %s", strerror(-err));
}

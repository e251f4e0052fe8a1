/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads the boxes' inboxes over the connection to the store, in rounds: the
 * store's time, all inboxes in pages, the commit, the mixed records to where
 * the boxes read them, and only then are entries deleted and the boxes told
 * how far they are counted. After each connect it first hears what the boxes
 * were told before and weighs all that boxes wrote. Nothing is remembered
 * between two rounds but what the database says, so it may be killed anywhere.
 */
#ifndef STADTTOR_HUB_INTAKE_POLLER_H
#define STADTTOR_HUB_INTAKE_POLLER_H

#include "hub/config/hub_conf.h"
#include "hub/intake/round.h"

struct event_base;
struct resolver;
struct poller;

struct poller_config { /* lent, as long as the poller lives */
	struct event_base *base;
	struct resolver *resolver;
	const struct hub_conf *conf;
	struct city_db *db;
	struct sites *sites;
	struct intake *intake;
	struct switcher *switcher;
	struct codes *codes;
	/* Between two rounds, once after poller_pause(): sites may change. */
	void (*on_pause)(void *arg);
	void *arg;
};

/* NULL: error says why. */
struct poller *poller_new(const struct poller_config *config,
			  const struct city_conf *city, char *error,
			  size_t max) MUST_CHECK;

/* on_pause is called as soon as no round is under way, perhaps at once. */
void poller_pause(struct poller *p);

/* What the config says has changed; while it pauses. */
void poller_apply(struct poller *p, const struct city_conf *city);

const struct round_state *poller_state(const struct poller *p);
void poller_free(struct poller *p);

#endif

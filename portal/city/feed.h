/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the city has to say: reads the streams of the store (streams.h) with
 * each poll, and hands records and keys to netctl, one message at a time;
 * nothing more is read before it has taken them.
 */
#ifndef STADTTOR_PORTAL_CITY_FEED_H
#define STADTTOR_PORTAL_CITY_FEED_H

#include "portal/city/city_link.h"
#include "portal/voucher/voucher_city.h"

struct feed;

struct feed_config {
	struct event_base *base;
	struct city_link *link; /* lent */
	/* The hub has all figures up to that number. */
	void (*on_commit)(uint64_t stream, uint64_t seq, void *arg);
	/* Of the city's codes; NULL: this box takes none. false: for a while
	 * no more of them. */
	bool (*on_codes)(const struct voucher_text *text, size_t count,
			 void *arg);
	void (*on_complete)(void *arg); /* once for each netctl */
	void *arg;
};

/* NULL: no memory. */
struct feed *feed_new(const struct feed_config *config);
void feed_free(struct feed *f);

void feed_connected(struct feed *f); /* to the store */
void feed_netctl(struct feed *f);    /* which is there anew, or away */

/* Of the city, days since 1970. */
void feed_set_day(struct feed *f, uint64_t day);

/* Asks for more, unless there is enough to do. */
void feed_poll(struct feed *f);

/* All of both days was handed on since netctl is there. */
bool feed_is_complete(const struct feed *f);

/* What the store had for this site was read since it is connected. */
bool feed_has_read(const struct feed *f);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The hub's listener for operators: the portal's login, accounts and TLS, with
 * what the hub has to say behind them.
 */
#ifndef STADTTOR_HUB_WEB_WEB_H
#define STADTTOR_HUB_WEB_WEB_H

#include "hub/db/city_read.h"
#include "hub/intake/poller.h"

struct event_base;
struct web;

struct web_config { /* lent, as long as the listener lives */
	struct event_base *base;
	const struct hub_conf *conf;
	const struct sites *sites;
	const struct intake *intake;
	const struct poller *poller;
	struct city_read *read;
};

/* NULL: error says why. */
struct web *web_new(const struct web_config *config, char *error,
		    size_t max) MUST_CHECK;

/* Reads accounts and certificate anew, and opens the listener, if there is an
 * account by now. city: lent until the next one. */
void web_apply(struct web *w, const struct city_conf *city);
void web_free(struct web *w);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Takes the logins of sites that are switched off away from every server of
 * the store, by a login of its own that may do nothing else: what a server has
 * of logins is not handed on to its replicas. A server that was away, or has
 * read its file of logins anew, hears it with the next connect.
 */
#ifndef STADTTOR_HUB_INTAKE_SWITCHER_H
#define STADTTOR_HUB_INTAKE_SWITCHER_H

#include "hub/intake/sites.h"

struct event_base;
struct resolver;
struct switcher;

struct switcher_config { /* lent, as long as the switcher lives */
	struct event_base *base;
	struct resolver *resolver;
	const struct hub_conf *conf;
	const struct sites *sites;
};

/* NULL: error says why. */
struct switcher *switcher_new(const struct switcher_config *config, char *error,
			      size_t max) MUST_CHECK;

/* A site was switched off: its login goes now where a server can be reached. */
void switcher_take(struct switcher *sw, const struct site *s);
void switcher_free(struct switcher *sw);

#endif

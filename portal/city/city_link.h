/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of this folder share: who carries, and for which site. */
#ifndef STADTTOR_PORTAL_CITY_CITY_LINK_H
#define STADTTOR_PORTAL_CITY_CITY_LINK_H

#include "portal/city/connection.h"
#include "portal/netctl_client.h"

#define CITY_KEY_MAX 48 /* of a stream's name, with the closing NUL */

struct city_link {
	struct connection *connection; /* NULL: in no city */
	struct netctl_client *netctl;
	char site[CITY_SITE_MAX];
	void (*on_refused)(const char *code, void *arg); /* by the store */
	void (*on_taken)(void *arg);			 /* it took an entry */
	void *arg;
};

bool city_link_is_up(const struct city_link *l);

struct city_entry {
	const char *stream; /* "in", of the site */
	bool is_alone;	    /* takes the place of the last one */
	const char *field;  /* one letter */
	const void *bytes;
	size_t len;
};

/* XADD; 0 or as connection_send(). */
int city_link_add(struct city_link *l, const struct city_entry *e,
		  connection_reply_fn *on_reply, void *arg) MUST_CHECK;

/* Of a reply to that: whether the store has taken it; else it is told. */
bool city_link_has_taken(struct city_link *l, const struct redisReply *reply);

#endif

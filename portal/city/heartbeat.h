/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the city's hub hears of this box each minute, in hb:SITE: version, time
 * since the box was started, what is not well. Nothing of people.
 */
#ifndef STADTTOR_PORTAL_CITY_HEARTBEAT_H
#define STADTTOR_PORTAL_CITY_HEARTBEAT_H

#include "portal/city/city_link.h"
#include "portal/util/strbuf.h"

struct heartbeat;

/*
 * Writes the codes of what is not well, as members of a JSON array. h: NULL
 * where netctl does not answer.
 */
typedef void heartbeat_codes_fn(const struct ipc_health *h, struct strbuf *out,
				void *arg);

/* NULL: no memory. link is lent. */
struct heartbeat *heartbeat_new(struct city_link *link,
				heartbeat_codes_fn *codes, void *arg);
void heartbeat_free(struct heartbeat *h);
void heartbeat_beat(struct heartbeat *h);

/* Of enum ipc_city_trouble, as netctl said with the last beat. */
unsigned int heartbeat_troubles(const struct heartbeat *h);

#endif

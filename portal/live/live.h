/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The live values of city tiles: asks each source every so often, keeps the
 * last good value, and marks it once it is old. Only the box asks; what a
 * phone does never causes a request. A source that fails is asked again soon,
 * then less and less often. The log names a source by its number, from 1, and
 * its host, and tells only when it fails or works again.
 */
#ifndef STADTTOR_PORTAL_LIVE_LIVE_H
#define STADTTOR_PORTAL_LIVE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>

#include "common/log.h"
#include "portal/live/live_value.h"

#define LIVE_SOURCES_MAX 8

struct live;

/* Nothing is opened or asked before it has sources. NULL: no memory. */
struct live *live_new(struct event_base *base);

/*
 * Copies them; index in live_get() is the one here. A source with the url,
 * pointer and decimals of an earlier one keeps its value, and all are asked
 * anew soon. Reads the trust store where one is https, so that a reload renews
 * it. 0; -ENOMEM, -E2BIG: nothing has changed.
 */
int live_set_sources(struct live *l, const struct live_source *s,
		     size_t count) MUST_CHECK;

/* false: there never was a value, or it is too old to be shown. */
bool live_get(const struct live *l, size_t index, struct live_value *out);

/*
 * For tests, before the sources are set: when a source is asked first (by
 * itself after 2 to 5 s), and the limit of a fetch (10 s).
 */
void live_hurry(struct live *l, uint64_t first_ms, uint64_t limit_ms);

/* After the loop has ended. */
void live_free(struct live *l);

#endif

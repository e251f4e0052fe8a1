/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way of this box's figures to the city's hub: appends the cells that the
 * hub has not got to in:SITE, a batch at a time, until it says that it has
 * them. Whatever is sent twice carries the same numbers, so it counts once.
 */
#ifndef STADTTOR_PORTAL_CITY_FIGURES_H
#define STADTTOR_PORTAL_CITY_FIGURES_H

#include "portal/city/city_link.h"
#include "portal/store/store.h"

struct figures;

/* NULL: no memory. link is lent. */
struct figures *figures_new(struct city_link *link);
void figures_free(struct figures *f);

/* Lent; NULL: there is none. */
void figures_set_store(struct figures *f, struct store *store);

/* The hub has all up to that number. */
void figures_commit(struct figures *f, uint64_t stream, uint64_t seq);

/* Sends the next ones, unless the hub owes a word for the last. */
void figures_poll(struct figures *f);

#endif

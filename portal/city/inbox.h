/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way of this box's own records to the city: takes them from netctl, mixes
 * those of a quarter of a second, appends them to in:SITE, and lets netctl
 * forget them once the store has them. What waits while it is cut off waits in
 * netctl.
 */
#ifndef STADTTOR_PORTAL_CITY_INBOX_H
#define STADTTOR_PORTAL_CITY_INBOX_H

#include "portal/city/city_link.h"

struct inbox;

/* NULL: no memory. Both are lent. */
struct event_base;
struct inbox *inbox_new(struct city_link *link, struct event_base *base);
void inbox_free(struct inbox *i);

/* netctl is there anew, and begins to count from 1. */
void inbox_netctl(struct inbox *i);
void inbox_take(struct inbox *i, const struct ipc_city_record *r);

/* Writes what has come, unless it is being written: once more what the store
 * did not take. */
void inbox_poll(struct inbox *i);

#endif

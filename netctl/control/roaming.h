/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The part of a city that this box is: what it tells the other boxes of its
 * sessions, what it believes of theirs, and the file of its keys. Nothing is
 * made or believed while the clock is not known. Records follow from the
 * state: a session whose device has none of today gets one, so that whoever is
 * killed loses none. Sessions by code or account, of residents and by the
 * operator's word are told of nobody.
 */
#ifndef STADTTOR_NETCTL_CONTROL_ROAMING_H
#define STADTTOR_NETCTL_CONTROL_ROAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/ipc.h"
#include "common/log.h"

struct controller;
struct session;

/* At the start and with each config: joins the city, or leaves it. */
void roaming_configure(struct controller *c);
void roaming_free(struct controller *c);

/* Whether guests of the city are let in there: no, without a clock. */
bool roaming_is_on(const struct controller *c, uint16_t zone);

/* Its person has accepted the terms here. */
void roaming_tapped(struct controller *c, struct session *s);

/* It was let in by a record, or has been in for a while. */
void roaming_settle(struct controller *c, struct session *s);

/* Its person has logged out, or was: other boxes shut the device out, too. */
void roaming_shut_out(struct controller *c, struct session *s);

/* The city's day; where roaming_is_on(). */
uint32_t roaming_today(const struct controller *c);

/* The id that tells of the device today; where roaming_is_on(). */
#define ROAMING_ID_SIZE 5
void roaming_id(const struct controller *c, const struct mac *mac,
		uint8_t id[ROAMING_ID_SIZE]);

/* Whether the city has let the device in, and for how long, from now. */
bool roaming_lets_in(const struct controller *c, uint16_t zone,
		     const struct mac *mac, uint64_t *left_s);

/* The same by an id, of today's records alone. */
bool roaming_lets_in_id(const struct controller *c, uint16_t zone,
			const uint8_t id[ROAMING_ID_SIZE]);

/* --- what the portal carries --------------------------------------------- */

/* -ENXIO: in no city; -EINVAL, -EAGAIN: as of struct ipc_city_feed. */
int roaming_feed(struct controller *c, const struct ipc_city_feed *m,
		 uint32_t *count) MUST_CHECK;
void roaming_see_store(struct controller *c, const struct ipc_city_clock *m);

/* 0, -ENXIO, -EBADMSG, or -errno: the file cannot be written. */
int roaming_take_key(struct controller *c,
		     const struct ipc_city_key *m) MUST_CHECK;

/* Records made here, as of unsent.h. */
size_t roaming_read(const struct controller *c, uint64_t after,
		    struct ipc_city_record *out, size_t max);
void roaming_forget(struct controller *c, uint64_t committed);

void roaming_count_grant(struct controller *c);
void roaming_describe(const struct controller *c, bool is_portal,
		      struct ipc_city *m);

#endif

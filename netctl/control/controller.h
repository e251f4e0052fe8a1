/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keeps the kernel as config, devices and sessions say, and adopts what it
 * finds there. Its parts, each using only those before it:
 *
 *	state		what all of them work on; opaque outside this folder
 *	pending		sessions to be pushed, rules to be looked at
 *	schedule	when to read the counters again
 *	classes		a class per device, or none
 *	refill		limits in elements, which are full when they are new
 *	flows		connections of those who are out
 *	counters	reading the maps' elements, adopting them
 *	devices		interfaces as they come and go
 *	addresses	this box's own, and the devices that carry them
 *	outlet		whether what zones send reaches the internet
 *	path		what others do with packets that were let pass
 *	hours		opening hours, and sessions that end by them
 *	today		what a zone gives a device a day
 *	garden_sync	the garden's names: addresses in sets
 *	roaming		records of a city, its keys
 *	grant		who is let in, how, and who no longer is
 *	newcomers	devices that appear, and are let in by their city
 *	push		sessions into the kernel, once a turn
 *	residents	devices that the config lets in for good
 *	poll		the ends that follow from the counters
 *	rules_sync	the rules put in place, and back
 *	describe	all of it as messages
 */
#ifndef STADTTOR_NETCTL_CONTROL_CONTROLLER_H
#define STADTTOR_NETCTL_CONTROL_CONTROLLER_H

#include <stdint.h>

#include "common/config/settings.h"
#include "common/log.h"
#include "netctl/control/watcher.h"

struct controller;
struct event_base;
struct session_table;
struct usage;

/*
 * Opens the sockets, takes the settings over. NULL: said in the log why. Needs
 * CAP_NET_ADMIN, as everything here does.
 */
struct controller *controller_new(struct event_base *base,
				  struct settings *settings);

/* The controller owns it from now on; before controller_start(). */
void controller_set_usage(struct controller *c, struct usage *u);

/* NULL: nobody watches any more. */
void controller_watch(struct controller *c, const struct controller_watcher *w);

/*
 * Adopts the sessions that the kernel holds and puts the rules in place. 0 or
 * -errno, said in the log.
 */
int controller_start(struct controller *c) MUST_CHECK;

/* Takes the new settings over; running sessions go on, or end with a zone. */
void controller_reload(struct controller *c, struct settings *settings);

/* Removes all that is ours from the kernel, if the config says so. */
void controller_stop(struct controller *c);

/*
 * The same without a controller and whatever the config says, for when the
 * program goes; one that runs would put its rules back. Guests whom etc/guard
 * keeps out may be left to it. 0 or -errno, said in the log.
 */
int controller_remove(bool keeps_guard) MUST_CHECK;
void controller_free(struct controller *c);

/* --- what the server looks at ------------------------------------------ */

/* Lent until the next reload. */
const struct settings *controller_settings(const struct controller *c);
struct session_table *controller_sessions(struct controller *c);
struct usage *controller_usage(struct controller *c);

/* One more request was refused. */
void controller_count_refusal(struct controller *c);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which session has an HTB class of its own and with which rates, or limits of
 * elements instead where the zone cannot have classes.
 */
#ifndef STADTTOR_NETCTL_CONTROL_CLASSES_H
#define STADTTOR_NETCTL_CONTROL_CLASSES_H

#include "netctl/control/state.h"

/* The zone's and uplinks' roots, as devices and config are now. */
void classes_configure(struct controller *c);

/* Grows the pools of unused classes, a step now and then. */
void classes_grow(struct controller *c);

/* Takes, keeps or gives back the class that the session needs; the messages
 * wait in the rtnl batch. */
void classes_choose(struct controller *c, struct session *s);
void classes_give(struct controller *c, struct session *s);

/* Puts the caps of all sessions back into the classes of present devices. */
void classes_restore(struct controller *c);

/* Looks whether the root qdiscs are still ours; puts them back in this turn. */
void classes_check_roots(struct controller *c);

#endif

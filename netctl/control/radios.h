/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Radios that the config has switched off at night (list night_radio): each is
 * off while all zones that name it are closed, by opening hours that the box
 * knows: with the clock not set, it is on. Says so, and switches nothing.
 */
#ifndef STADTTOR_NETCTL_CONTROL_RADIOS_H
#define STADTTOR_NETCTL_CONTROL_RADIOS_H

#include <stdint.h>

struct controller;

/*
 * Each radio once, lent for the call; off_s as of struct ipc_radio, with time
 * for the radio to be up, and phones on it, when the zone opens.
 */
void radios_each(const struct controller *c,
		 void (*on_radio)(const char *name, uint32_t off_s, void *arg),
		 void *arg);

#endif

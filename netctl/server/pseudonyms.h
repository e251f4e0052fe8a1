/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What servers of accounts are told in the place of a device's hardware
 * address: a keyed hash, another one for each server, so that two of them
 * cannot compare what they know. The key is of this process alone and ends
 * with the local day, and never lives longer than 26 hours of boot time.
 */
#ifndef STADTTOR_NETCTL_SERVER_PSEUDONYMS_H
#define STADTTOR_NETCTL_SERVER_PSEUDONYMS_H

#include <stdint.h>

#include "common/addr.h"

struct pseudonyms;

/* NULL: no memory. */
struct pseudonyms *pseudonyms_new(void);
void pseudonyms_free(struct pseudonyms *p);

/* Never 0, unless there is no randomness. server: name of its section. */
uint64_t pseudonyms_make(struct pseudonyms *p, const char *server,
			 const struct mac *mac);

#endif

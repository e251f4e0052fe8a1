/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory of this process, too coarse to show a single session. */
#ifndef STADTTOR_COMMON_RSS_H
#define STADTTOR_COMMON_RSS_H

#include <stdint.h>

/*
 * Resident bytes in steps of 512 KiB. Where units and jails hide /proc, as from
 * the portal, the most there have been so far.
 */
uint64_t rss_read(void);

#endif

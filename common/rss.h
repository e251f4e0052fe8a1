/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much memory this process takes, coarse enough to tell of nobody. */
#ifndef STADTTOR_COMMON_RSS_H
#define STADTTOR_COMMON_RSS_H

#include <stdint.h>

/* Resident bytes in steps of 512 KiB; 0: not to be known. */
uint64_t rss_read(void);

#endif

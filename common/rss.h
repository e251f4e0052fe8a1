/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much memory this process takes, coarse enough to tell of nobody. */
#ifndef STADTTOR_MEMORY_H
#define STADTTOR_MEMORY_H

#include <stdint.h>

/* Resident bytes in steps of 512 KiB; 0: not to be known. */
uint64_t memory_resident(void);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random bytes from the kernel (getrandom(2)), fit for keys. */
#ifndef STADTTOR_COMMON_RANDOM_H
#define STADTTOR_COMMON_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

#include "common/log.h"

/* At most 256 bytes. false: the kernel has none. */
bool random_fill(void *bytes, size_t len) MUST_CHECK;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SipHash-2-4 (Aumasson, Bernstein 2012): a hash that nobody without the key
 * can foresee. */
#ifndef STADTTOR_COMMON_SIPHASH_H
#define STADTTOR_COMMON_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash(const uint64_t key[2], const uint8_t *bytes, size_t len);

#endif

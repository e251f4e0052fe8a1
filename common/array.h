/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arrays: how long they are, and how they grow. */
#ifndef STADTTOR_COMMON_ARRAY_H
#define STADTTOR_COMMON_ARRAY_H

#include <stddef.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Room for as many elements of that size as are needed; what is new is not
 * initialised. The array, which may have moved, while *room is the number of
 * elements that it has room for. NULL: no memory, and nothing is changed.
 */
void *array_grow(void *array, size_t *room, size_t needed, size_t size);

#endif

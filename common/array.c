/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/array.h"

#include <stdlib.h>

#define ROOM_MIN 16

void *array_grow(void *array, size_t *room, size_t needed, size_t size)
{
	size_t wanted = *room ? *room : ROOM_MIN;
	void *grown;

	if (array && needed <= *room)
		return array;
	while (wanted < needed)
		wanted *= 2;
	grown = reallocarray(array, wanted, size);
	if (grown)
		*room = wanted;
	return grown;
}
